"""What has to be said with every forecast of places."""

from __future__ import annotations

from collections.abc import Mapping

from gpunet.base.words import counted

__all__ = ["PATROLS", "no_results", "without_place"]

#: Patrols make arrests, and a model of arrests sends patrols.
PATROLS = (
    "patrols make arrests: a forecast of places that is trained on arrests follows patrols, and whoever patrols where "
    "it points makes the arrests that confirm it (Lum and Isaac 2016; Ensign et al. 2018); compare with records that "
    "no patrol makes, such as calls for help or injuries treated, before anybody acts on it"
)


def without_place(number: int, arrests: int, unit: str, reasons: Mapping[str, int]) -> str:
    """The sentence on arrests that count in no place."""
    why = f" ({', '.join(f'{count:,} {reason}' for reason, count in reasons.items())})" if reasons else ""
    what = "coordinates that can be used" if unit == "cell" else unit
    verb = "has" if number == 1 else "have"
    return (
        f"{number:,} of {counted(arrests, 'arrest')} {verb} no {what}{why}: they count for their persons, in no place"
    )


def no_results(training_windows: int) -> str:
    """The sentence where no window could be tried."""
    return (
        "nothing could be tried, so place_results.parquet has no row: no window whose days are all known comes after "
        f"{counted(training_windows, 'window')} to learn from; give an earlier --from, or a shorter --every"
    )
