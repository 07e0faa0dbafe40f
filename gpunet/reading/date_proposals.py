"""x"""

from collections.abc import Sequence
from typing import NamedTuple


class Proposal(NamedTuple):
    sentence: str


def date_proposals(values: Sequence[str], column: str = "date") -> Proposal:
    return Proposal("dates need a format")
