"""Public records as Markdown: parts with fields, each answered by the run or marked for the force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gpunet.records.facts import Facts
from gpunet.records.markdown import MARK, inline, open_field

__all__ = ["Answer", "Document", "Field", "Part", "ask", "document", "field_of", "say"]

#: What a run says on a field: blocks of Markdown; none where it has nothing to say.
Answer = Callable[[Facts], Iterator[str]]


def ask(hint: str) -> Answer:
    """What only the force can know; the hint says what belongs there."""

    def answer(_: Facts) -> Iterator[str]:
        yield open_field(hint)

    return answer


def say(sentence: str) -> Answer:
    """A sentence of ours, of every run."""

    def answer(_: Facts) -> Iterator[str]:
        yield sentence

    return answer


@dataclass(frozen=True)
class Field:
    """A heading of the standard, and what is said under it."""

    heading: str
    answers: tuple[Answer, ...]


def field_of(heading: str, *answers: Answer) -> Field:
    """A field with what is said under it."""
    return Field(heading, answers)


@dataclass(frozen=True)
class Part:
    """Fields under one heading."""

    heading: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Document:
    """A public record: its title, the standard that it follows, its parts."""

    title: str
    source: str
    parts: tuple[Part, ...]


def document(of: Document, facts: Facts) -> bytes:
    """The record of a run as UTF-8; the same of the same run.

    How many fields are left to the force stands on top.
    """
    body = list(_body(of, facts))
    marks = sum(block.count(MARK) for block in body)
    top = [
        f"# {of.title}",
        f"**To be completed by the force: {marks}.** Each place begins with these words in square brackets.",
        f"Of: {facts.kind.name}" + (f", as of {inline(day)}." if (day := facts.manifest.get("as_of")) else "."),
        f"Filled by gpunet from what the run says of itself. {of.source} Headings are the source's, questions and "
        "answers are in words of our own. Nothing here is legal advice. Numbers of persons under 10, and what would "
        "give them away, are left out.",
    ]
    return ("\n\n".join((*top, *body)) + "\n").encode("utf-8", "backslashreplace")


def _body(of: Document, facts: Facts) -> Iterator[str]:
    for part in of.parts:
        yield f"## {part.heading}"
        for field in part.fields:
            yield f"### {field.heading}"
            said = [block for answer in field.answers for block in answer(facts)]
            yield from dict.fromkeys(said)  # two answers may end with the same sentence
            if not said:
                raise ValueError(f"{field.heading}: nothing is said")
