"""What has to be said with every forecast of places."""

from __future__ import annotations

from collections.abc import Mapping

from gpunet.base.words import counted

__all__ = ["PATROLS", "no_results", "no_violence", "without_place"]

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


def no_violence(violent: int, unit: str) -> str:
    """The sentence where no place ever had a violent arrest; `violent` are those elsewhere."""
    if violent:
        return (
            f"nothing to forecast: no violent arrest, of {violent:,}, has a {unit}, so every place's forecast is "
            "without meaning; have the places of violent arrests written"
        )
    return (
        "nothing to forecast: no arrest is of an offence in a set of [violent_offences], so every place's forecast is "
        "without meaning; gpunet check lists the offences that there are, docs/offences.md says how to write sets"
    )


def no_results(training_windows: int) -> str:
    """The sentence where no window could be tried."""
    return (
        "nothing could be tried, so place_results.parquet has no row: no window whose days are all known comes after "
        f"{counted(training_windows, 'window')} to learn from; give an earlier --from, or a shorter --every"
    )
