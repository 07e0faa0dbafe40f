"""The persons who are looked for, by their ids: in which forms, and which of these are unmistakable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from gpunet.reading.corrections import Corrections
from gpunet.reading.rejected_persons import pattern_of, unmistakable

__all__ = ["Wanted", "is_id"]


@dataclass(frozen=True)
class Wanted:
    """The persons who are looked for.

    Attributes
    ----------
    persons
        Their ids, as results write them.
    surely
        Whether only those forms of the ids are looked for that are unmistakable.
    """

    persons: frozenset[str]
    surely: bool = False

    @cached_property
    def forms(self) -> frozenset[str]:
        """The ids with and without the force that may stand before them, as tables of the input have them."""
        forms = Corrections(persons=self.persons).forms_of_erased()
        return unmistakable(forms) if self.surely else forms

    @cached_property
    def unmistakable(self) -> Wanted:
        """Those whose ids are of a form that no other number or word of results has; each id is looked at by itself.

        >>> sure = Wanted(frozenset({"12", "met:40213"})).unmistakable
        >>> sure.persons, sure.in_text("case met:40213"), sure.in_text("case 40213")
        (frozenset({'met:40213'}), True, False)
        """
        return Wanted(unmistakable(self.persons), surely=True)

    def in_text(self, text: str) -> bool:
        """Whether one of them stands in a text as a word."""
        if not self.persons:
            return False
        return bool(pc.match_substring_regex(pa.scalar(text, pa.large_string()), pattern_of(self.forms)).as_py())

    def in_bytes(self, data: bytes) -> bool:
        """Whether one of them stands in bytes, of a text or not."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return any(form.encode() in data for form in unmistakable(self.forms))
        return self.in_text(text)

    def masked(self, text: str) -> str:
        """A text without the ids that are unmistakable, which a name of a file may have.

        >>> Wanted(frozenset({"12", "P-00412"})).masked("run-p-00412: 12 files")
        'run-[id]: 12 files'
        """
        return self._mask.sub("[id]", text)

    @cached_property
    def _mask(self) -> re.Pattern[str]:
        forms = sorted(unmistakable(self.forms), key=lambda form: (-len(form), form))
        return re.compile("|".join(map(re.escape, forms)) or r"(?!)", re.IGNORECASE)


def is_id(text: str) -> bool:
    """Whether a text can be an id: it is not empty, nor is what stands behind a force.

    >>> [is_id(text) for text in ("40213", "met:40213", "met:", " ")]
    [True, True, False, False]
    """
    return re.fullmatch(r"([^:]*:)?\s*", text) is None
