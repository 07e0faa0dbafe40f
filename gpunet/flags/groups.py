"""Triggers of groups and new ties: who was first arrested with whom, and whose group grows more violent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gpunet.base.array_types import Bool, Int64
from gpunet.config.flags_config import GangTie, GroupViolenceRising, ViolentFirstArrest, ViolentGroupTie
from gpunet.flags.found import LISTED, Found, found_of, nobody
from gpunet.flags.known import Known, rows_of
from gpunet.tables.arrays import distinct, running_sum

__all__ = ["gang_tie", "group_violence_rising", "violent_first_arrest", "violent_group_tie"]


def violent_group_tie(known: Known, flag: ViolentGroupTie) -> Found:
    """Who has a new tie to a member of a violent group; the pieces are the arrests with such members.

    Groups are as they were before the recent days, so that a tie does not make the group that it leads to.
    """
    arrests = known.arrests
    group = known.group_before(flag.group, flag.days)
    violent = arrests.person[known.recent(flag.days) & (arrests.offences != 0)]
    count = _by_group(group[violent], group)
    person, row = known.new_pairs(flag.days)
    to = group[arrests.person[row]]
    kept = (to >= 0) & (group[person] != to) & (count[to] >= flag.min_violent)
    found = found_of(known.records, person[kept], row[kept], np.ones(int(kept.sum()), np.int64))
    most = np.zeros(known.n, np.int64)
    np.maximum.at(most, person[kept], count[to[kept]])
    return replace(found, numbers={"group_violent_arrests": most[found.person]})


def gang_tie(known: Known, flag: GangTie) -> Found:
    """Who was first arrested together with somebody of another gang, where no earlier tie joins the two gangs.

    Gangs are everybody's most recent ones as of the day, for earlier ties too.
    """
    ties, gang = known.network.ties, known.group("gang")
    assert ties is not None
    old = ~known.new_ties(flag.days)
    joined = _gang_pair(gang[known.person[ties.a[old]]], gang[known.person[ties.b[old]]])
    person, row = known.new_pairs(flag.days)
    own, others = gang[person], gang[known.arrests.person[row]]
    new = (own >= 0) & (others >= 0) & (own != others) & ~np.isin(_gang_pair(own, others), distinct(joined))
    return found_of(known.records, person[new], row[new], np.ones(int(new.sum()), np.int64))


def _gang_pair(a: Int64, b: Int64) -> Int64:
    """A number of each pair of gangs, the same both ways."""
    pair: Int64 = (np.minimum(a, b) + 1) * (1 << 32) + np.maximum(a, b)
    return pair


def violent_first_arrest(known: Known, flag: ViolentFirstArrest) -> Found:
    """Whose first arrest is recent, with so many violent co-arrestees; the pieces are those ones' arrests in it.

    Of several incidents on the first day each counts alone.
    """
    members, first = known.members, known.first_arrest
    own = (members.day == first[members.person]) & (members.day >= known.day - flag.days)
    one, other = members.others(np.flatnonzero(own))
    violent = known.violent[members.person[other]]
    one, other = one[violent], other[violent]
    enough = np.bincount(one, minlength=len(members.person))[one] >= flag.min_violent
    one, other = one[enough], other[enough]
    return found_of(known.records, members.person[one], members.row[other], np.ones(len(one), np.int64))


def group_violence_rising(known: Known, flag: GroupViolenceRising) -> Found:
    """Whose group has more violent arrests of others than before; the pieces are the latest of those arrests."""
    arrests, group = known.arrests, known.group(flag.group)
    violent = (arrests.offences != 0) & (group[arrests.person] >= 0)
    now, start = violent & known.recent(flag.days), known.day - flag.days
    before = violent & (arrests.day >= start - flag.days) & (arrests.day < start)
    of_now, of_before = (_of_others(known, group, rows) for rows in (now, before))
    rising = (group >= 0) & (of_now >= flag.min_violent) & (of_now > flag.factor * of_before)
    person = np.flatnonzero(rising)
    if not len(person):
        return nobody()
    about, row, persons = _latest_in_groups(known, group, np.flatnonzero(now), person)
    found = found_of(known.records, about, row, np.zeros(len(row), np.int64))
    size = _by_group(group[group >= 0], group)[group[person]]
    return replace(
        found,
        arrests=of_now[person],
        others=persons,
        numbers={"violent_arrests_before": of_before[person], "group_persons": size},
    )


def _of_others(known: Known, group: Int64, rows: Bool) -> Int64:
    """int64[n], how many of these arrests are of the other members of a person's group."""
    person = known.arrests.person[rows]
    found: Int64 = _by_group(group[person], group)[group] - np.bincount(person, minlength=known.n)
    return np.where(group >= 0, found, 0)


def _by_group(codes: Int64, group: Int64) -> Int64:
    """How often each group occurs among the codes, 0 for the last element: what -1 finds."""
    size = int(group.max(initial=-1)) + 1
    return np.append(np.bincount(codes[codes >= 0], minlength=size), 0)


def _latest_in_groups(known: Known, group: Int64, rows: Int64, person: Int64) -> tuple[Int64, Int64, Int64]:
    """The latest of some arrests in the group of each person, none of the own, as many as can be listed.

    Returns whom each piece is about and its arrest; and of how many others in the group such arrests are.
    """
    arrests = known.arrests
    in_group = group[arrests.person[rows]]
    row = rows[np.lexsort((rows, arrests.incident[rows], -arrests.day[rows].astype(np.int64), in_group))]
    in_group = group[arrests.person[row]]
    count = _by_group(in_group, group)[:-1]
    own = np.bincount(arrests.person[row], minlength=known.n)
    most = np.zeros(len(count), np.int64)  # so that even who has the most of them has enough of others
    np.maximum.at(most, in_group, own[arrests.person[row]])
    rank = np.arange(len(row)) - running_sum(count)[in_group]
    row = row[rank < LISTED + most[in_group]]
    kept = running_sum(_by_group(group[arrests.person[row]], group)[:-1])
    of, place = rows_of(kept, group[person])
    others = arrests.person[row[place]] != person[of]
    persons = _by_group(group[np.flatnonzero(own)], group)[group[person]] - (own[person] > 0)
    return person[of[others]], row[place[others]], persons
