"""Ids that equal another but for zeros in front, case or hyphens: one person, perhaps, that is taken for two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.shapes import example, example_of_id, hint
from gpunet.base.words import Advice, counted
from gpunet.config.config import IdRules, InputConfig
from gpunet.reading.values import by_rules
from gpunet.tables.frames import on_host, series_to_arrow

__all__ = ["alike_among", "alike_ids", "candidates", "canonical", "texts_of"]

#: Rules by which ids become one, and what these leave out of account.
_RULES = {
    ("strip_zeros",): "zeros in front",
    ("casefold",): "case",
    ("strip_hyphens",): "hyphens and blanks",
    ("strip_zeros", "casefold", "strip_hyphens"): "zeros in front, case, hyphens and blanks",
}

_PUNCTUATION = r"[_./,'{}]"

_POINT_ZERO = r"\.0*\z"


def alike_ids(persons: nw.Series[Any], incidents: nw.Series[Any], config: InputConfig) -> list[Advice]:
    """What to tell of ids of persons, and of incidents, that may be one."""
    return [
        *alike_among(candidates(texts_of(persons)), "person_id", config),
        *alike_among(candidates(texts_of(incidents)), "incident_id", config),
    ]


def texts_of(ids: nw.Series[Any]) -> Any:
    """Distinct ids as one PyArrow array of texts; none of whole numbers, which are written in one way."""
    texts = series_to_arrow(on_host(ids))
    return (
        pa.array([], pa.large_string()) if pa.types.is_integer(texts.type) else texts.cast(pa.large_string()).unique()
    )


def canonical(texts: Any) -> Any:
    """Texts without anything that ids may differ by and be one."""
    plain = pc.replace_substring_regex(pc.replace_substring_regex(texts, _POINT_ZERO, ""), _PUNCTUATION, "")
    return by_rules(plain, _rules(list(_RULES)[-1]))


def rules_of(config: InputConfig) -> dict[str, dict[str, Any]]:
    """The rules for ids that the configuration has, by column, without those that are not asked for."""
    plain = asdict(config.id_rules)
    known = {column: {rule: value for rule, value in rules.items() if value} for column, rules in plain.items()}
    return {column: rules for column, rules in known.items() if rules}


def candidates(texts: Any) -> Any:
    """Those of distinct texts that are alike some other."""
    return _several(texts, canonical(texts))


def _several(texts: Any, alike: Any) -> Any:
    """The texts of which several have the same text in `alike`."""
    coded = alike.dictionary_encode()
    codes = np.asarray(coded.indices)
    several = np.bincount(codes, minlength=len(coded.dictionary)) > 1
    return texts.filter(pa.array(several[codes]))


def alike_among(texts: Any, column: str, config: InputConfig) -> list[Advice]:
    """What to tell of distinct ids, each of which is alike some other: for each rule that unites some."""
    given, texts = rules_of(config), texts.sort()
    found = []
    without_point = pc.replace_substring_regex(texts, _POINT_ZERO, "")
    if some := _counted(texts, without_point, column):
        about = f"{some} in {column} equal another but for a point and zeros: have them written as whole numbers"
        found.append(Advice(about))
    for rules, difference in _RULES.items():
        some = _counted(texts, by_rules(texts, _rules(rules)), column)
        if some and not (found and len(rules) > 1):
            about = f"{some} in {column} equal another but for {difference}: if they are one"
            of_column = {**given.get(column, {}), **dict.fromkeys(rules, True)}
            found.append(Advice(about, "id_rules", {**given, column: of_column}))
    if not found and (some := _counted(texts, canonical(texts), column)):
        found.append(Advice(f"{some} in {column} equal another but for punctuation: have them written alike"))
    return found


def _rules(names: Iterable[str]) -> IdRules:
    return IdRules(**dict.fromkeys(names, True))  # type: ignore[arg-type]


def _counted(texts: Any, alike: Any, column: str) -> str:
    """How many of the column's texts equal an earlier one in `alike`, with an example; "" if none does."""
    n = len(texts) - len(pc.unique(alike))
    if not n:
        return ""
    of_first: dict[str, str] = {}
    for text, plain in zip(texts.to_pylist(), alike.to_pylist(), strict=True):
        if of_first.setdefault(plain, text) != text:
            of_persons = column == "person_id"
            shown = [example_of_id(each) if of_persons else example(each) for each in (of_first[plain], text)]
            return f"{counted(n, 'id')} (as {' and '.join(shown)}{'' if of_persons else hint()})"
    return ""
