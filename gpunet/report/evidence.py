"""What a value of a feature rests on: the arrests, ties and places behind it, by their numbers on the card."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from gpunet.base.words import counted
from gpunet.config.layers import ANY
from gpunet.config.registry import PATH_FAMILIES, Feature
from gpunet.report.named import named
from gpunet.report.record import Record
from gpunet.report.subject import Subject
from gpunet.report.two_steps import TwoSteps

__all__ = ["Evidence"]

#: So many numbers or places are named in a sentence.
_MOST_NAMED = 40


#: Of families of features that rest on tables beside the arrests, which a card does not list.
_BESIDE = {
    "layers": "It rests on the run's tables of other ties, which are not listed here: ask to see their rows.",
    "victims": "It rests on the ties listed below and on the run's tables of victims. Who of others became a victim is "
    "not listed here, to protect them.",
    "victim_history": "It rests on what the run's tables of victims have of the person, which is not listed here: ask "
    "to see these rows.",
}


#: Of the union of all layers, of which co-arrest is one.
_OF_ANY = (
    "It rests on who was arrested together and on the run's tables of other ties, all taken as one network. Rows of "
    "these tables are not listed here: ask to see them."
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What there is about a person: the row of each table of the run, the record, the network around."""

    subject: Subject
    record: Record
    around: TwoSteps

    def behind(self, feature: Feature) -> str:
        """What the person's value of that feature rests on, one or two sentences."""
        if feature.family == "layers" and feature.name.endswith(f"__{ANY}"):
            return _OF_ANY
        if feature.family in _BESIDE:
            return _BESIDE[feature.family]
        if feature.family in ("history", "temporal"):
            return self._arrests(feature)
        if feature.family == "geographic":
            return self._places(feature)
        if feature.family == "community":
            return self._community(feature.name)
        if not len(self.around.direct):
            return "The person has no tie to anyone, so this is empty."
        if feature.family in PATH_FAMILIES:
            return (
                f"It depends on the whole network, far beyond what a page can list; the person's own part in it "
                f"{_are(len(self.around.direct), 'direct tie')} listed below."
            )
        return self._ties(feature.name)

    def _arrests(self, feature: Feature) -> str:
        own, name = self.record.own, feature.name
        if name == "violent_groups":
            chosen = own.filter(pl.col("ties") & (pl.col("others_violent") > 0))
        elif (of_set := _set_of(feature)) is not None:
            chosen = own.filter(pl.Series(self.record.has_arrest_for(of_set)))
        else:
            chosen = own
        if not len(chosen):
            return "There is no such arrest in the list below."
        if name.startswith("days_since"):
            last = chosen.drop_nulls("date").tail(1)
            return (
                f"The last one is arrest {last['number'][0]}, of {last['date'][0]}." if len(last) else "None is dated."
            )
        days = chosen["date"].drop_nulls()
        when = f", from {days[0]} to {days[-1]}" if len(days) > 1 else f", of {days[0]}" if len(days) else ""
        return f"It rests on {_numbered('arrest', chosen['number'])}{when}."

    def _places(self, feature: Feature) -> str:
        kind = feature.name.split("_")[0]
        places = self.record.places.filter(pl.col("kind") == kind)
        if not len(places):
            return f"No {kind} is on record for the person's arrests."
        count = "others_violent" if "violent" in feature.name else "anyone"
        each = [f"{named(row['place'])} ({row[count]:,})" for row in places.to_dicts()]
        return f"It adds up over {counted(len(places), kind)}: {_listed(each)}."

    def _community(self, name: str) -> str:
        groups, features = self.subject.groups, self.subject.features
        if name.startswith("community"):
            return (
                f"The person is in community {groups['community']} of the network, of {features['community_size']:,} "
                "persons. Such a community is found by arithmetic from ties alone; nobody has joined it."
            )
        if groups["gang"] is None:
            return "No gang is recorded in any arrest of the person, so this is empty."
        arrests = self.record.own.filter(pl.col("gang") == groups["gang"])["number"]
        return (
            f"The latest gang recorded is {named(groups['gang'])}, in {_numbered('arrest', arrests)}; within it the "
            f"person is in a group of {features['group_size']:,}, found by arithmetic from ties."
        )

    def _ties(self, name: str) -> str:
        of_set = name.split("__")[1]
        direct = self.around.direct["person"].to_list()
        one = [at for at, is_in in enumerate(self.record.arrested_for(of_set, direct), start=1) if is_in]
        first = f"Of {counted(len(direct), 'direct tie')}, {len(one):,} count"
        first += f" (numbers {_listed(one)})" if one else ""
        if name.startswith(("degree", "share_1hop")):
            return f"{first}."
        two = self.around.two
        n = int(self.record.arrested_for(of_set, two).sum()) if two else 0
        second = f"of {counted(len(two), 'person')} two steps away, {n:,} count"
        return f"{second[0].upper()}{second[1:]}." if name.startswith("share_2hop") else f"{first}; {second}."


def _set_of(feature: Feature) -> str | None:
    """The set of offences that a feature of the own record is about."""
    if "__" in feature.name:
        return feature.name.split("__")[1]
    return "violent" if "violent" in feature.name else None


def _numbered(noun: str, numbers: Iterable[int]) -> str:
    found = list(numbers)
    return f"{noun} {found[0]}" if len(found) == 1 else f"{len(found):,} {noun}s ({_listed(found)})"


def _listed(items: Iterable[object]) -> str:
    """The first of them, and how many more."""
    found = list(map(str, items))
    more = f" and {len(found) - _MOST_NAMED:,} more" if len(found) > _MOST_NAMED else ""
    return ", ".join(found[:_MOST_NAMED]) + more


def _are(n: int, noun: str) -> str:
    return f"{'is' if n == 1 else 'are'} the {counted(n, noun)}"
