"""Links between ids of persons in a run: what was decided counts, and what hangs on links that nobody has decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gpunet.arrests.read_report import ReadReport
from gpunet.base.errors import InputError
from gpunet.base.paths import path_named
from gpunet.base.words import counted
from gpunet.config.config import Config
from gpunet.config.input_config import BESIDE
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.links_table import LinkFile
from gpunet.reading.person_links import PersonLinks, person_links
from gpunet.reading.pseudonymised import check_beside
from gpunet.tables.files import sha256_of

__all__ = ["LINK_EFFECTS", "Linked", "read_alike", "refuse_changed_links", "told_of_effects"]

#: The table of what hangs on uncertain links.
LINK_EFFECTS = "link_effects.parquet"


class Linked:
    """The links of one run, and what they did to its tables: with the persons whom `corrections` erase, if any.

    Raises
    ------
    InputError
        If a table of links cannot be read, or decisions contradict each other.
    """

    def __init__(self, config: Config, corrections: Corrections | None = None) -> None:
        erased = frozenset[str]() if corrections is None else corrections.persons
        self.links: PersonLinks = person_links(config, erased) or PersonLinks()
        self.given, self._least = bool(config.input.person_links), config.links.min_probability
        self.effect = Effect()
        self.effects = {name: Effect() for name in BESIDE if getattr(config.input, name)}

    def check(self, hashes: Mapping[str, str | None]) -> None:
        """InputError if the files that were read are not those whose `hashes` these are."""
        for file in self.links.files:
            if hashes.get(file.name, file.sha256) != file.sha256:
                raise _changed(file, "while the run was at work: give the same command again")

    def check_pseudonyms(self, report: ReadReport | None) -> None:
        """InputError if links are of pseudonyms and the tables of plain ids, or of another key, or the other way."""
        check_beside(report, self.links.files)

    def of_arrests(self) -> dict[str, Any]:
        """What reading of arrests is told."""
        return {"corrections": self.links.corrections, "effect": self.effect} if self.given else {}

    def of_beside(self) -> dict[str, Any]:
        """What reading of ties and victims is told."""
        return {"corrections": self.links.corrections, "effects": self.effects} if self.given else {}

    def unknown(self) -> int:
        """How many of the ids that are merged into another one no accepted row has."""
        missing = self.effect.with_tables(self.effects.values(), self.links.corrections).missing
        return sum(kind == "merged" for kind, _ in missing)

    def of_erased(self, effect: Effect) -> Effect:
        """What an effect says of persons who are erased, and not of ids that links merge."""
        if not self.given:
            return effect
        unknown = sum(kind == "erased" for kind, _ in effect.missing)
        return replace(effect, merged_persons=0, merged_rows=0, unknown=unknown)

    def section(self) -> dict[str, Any]:
        """What ``run.json`` says of links, beside what hangs on them."""
        files = [{"name": file.name, "sha256": file.sha256} for file in self.links.files]
        return {"files": files, **self.links.counts(), "ids_merged": len(self.links.decided), "unknown": self.unknown()}

    def uncertain(self) -> str:
        """How many links that nobody has decided are likely enough to be tried, in words, and how many are not."""
        rest = self.links.undecided - self.links.uncertain - self.links.contradicted
        left = f" ({rest:,} below {'is' if rest == 1 else 'are'} left out)" if rest else ""
        return f"{counted(self.links.uncertain, 'link')} of {self._least:g} or more that nobody has decided{left}"

    def warnings(self, tried: bool) -> list[str]:
        """What users are told; `tried` is whether features are also computed with uncertain links."""
        found = []
        if unknown := self.unknown():
            found.append(
                f"no accepted row has {counted(unknown, 'id')} of links with yes: are ids written in the links as in "
                "the tables? See docs/linking.md"
            )
        if self.links.uncertain and not tried:
            found.append(
                f"{self.uncertain()} do not count here; gpunet features and gpunet run tell what hangs on them"
            )
        if self.links.contradicted:
            found.append(
                f"{counted(self.links.contradicted, 'undecided link')} would make one person of two of whom somebody "
                "said no, and are left out"
            )
        return found


def told_of_effects(uncertain: str, persons: int, columns: int) -> str:
    """The warning that features hang on links, of which :meth:`Linked.uncertain` tells."""
    return (
        f"{uncertain}: {counted(columns, 'feature')} of "
        f"{counted(persons, 'person')} would differ with them; {LINK_EFFECTS} lists them, and gpunet link-review "
        "decides"
    )


def refuse_changed_links(manifest: Mapping[str, Any]) -> None:
    """InputError if a table of links that a run was made with is gone or has changed: it would be read again."""
    for file in manifest.get("links", {}).get("files", ()):
        found = LinkFile(file["name"], file["sha256"])
        try:
            same = sha256_of(Path(path_named(found.name))) == found.sha256
        except OSError:
            same = False
        if not same:
            raise _changed(found, "since the run was made with it, or is gone: make the run again")


def _changed(file: LinkFile, since: str) -> InputError:
    return InputError(f"the table of links {file.name} was changed {since}")


def read_alike(now: ReadReport | None, before: ReadReport | None) -> None:
    """InputError if tables that are read a second time are not those that they were."""

    def files(report: ReadReport | None) -> Sequence[tuple[str, str | None]]:
        return [] if report is None else [(file.name, file.sha256) for file in report.files]

    if files(now) != files(before):
        raise InputError("an input was changed while the run was at work: give the same command again")
