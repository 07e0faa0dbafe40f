"""Patterns of offences and the presets: what they match, what the lists say, and that docs/offences.md has them all."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from offence_wordings import WORDINGS, wordings

from gpunet.config.config import load_config
from gpunet.config.offences import PRESETS, compile_taxonomy, offence_mask
from gpunet.config.presets import spelt_out

DOCS = (Path(__file__).parent.parent / "docs" / "offences.md").read_text(encoding="utf-8")
COMPILED = {preset: compile_taxonomy(sets) for preset, sets in PRESETS.items()}


def sets_of(text: str, preset: str) -> list[str]:
    mask = offence_mask(text, COMPILED[preset])
    return [name for i, name in enumerate(PRESETS[preset]) if mask >> i & 1]


def taken(patterns: list[str], *texts: str) -> list[str]:
    """Those of `texts` that a set of these patterns takes."""
    compiled = compile_taxonomy({"set": tuple(patterns)})
    return [text for text in texts if offence_mask(text, compiled)]


def documented(preset: str, name: str) -> list[str]:
    """The patterns that the page gives for a set, as they are written there."""
    of_preset = DOCS.split(f"\n## `{preset}`\n")[1].split("\n## ")[0]
    common, *rest = of_preset.split("\n### ")
    (of_set,) = (part for part in rest if part.startswith(f"`{name}`"))
    rows = [row for row in (common + of_set).splitlines() if row.startswith("| `")]
    return [pattern for row in rows for pattern in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


SETS = [(preset, name) for preset, sets in PRESETS.items() for name in sets]


@pytest.mark.parametrize("preset", PRESETS)
def test_wordings_are_in_the_set_that_the_lists_say(preset: str) -> None:
    expected = {text: [name] if name else [] for text, name in wordings(preset).items()}
    assert {text: sets_of(text, preset) for text in expected} == expected
    assert set(WORDINGS[preset]) == {*PRESETS[preset], ""}


@pytest.mark.parametrize("preset", PRESETS)
@given(data=st.data())
def test_case_blanks_and_punctuation_do_not_count_in_presets(preset: str, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(sorted(wordings(preset))))
    gap = st.text(" \t\u00a0-/.,:;()&_'\"", min_size=1, max_size=3)
    pieces = re.split(r"([\W_]+)", text)
    written = "".join(data.draw(gap) if i % 2 and piece else piece for i, piece in enumerate(pieces))
    assert sets_of(data.draw(st.sampled_from([written, written.upper(), written.lower()])), preset) == sets_of(
        text, preset
    )


@pytest.mark.parametrize(("preset", "name"), SETS)
def test_the_page_has_every_pattern(preset: str, name: str) -> None:
    written = [pattern for form in documented(preset, name) for pattern in spelt_out(form)]
    assert sorted(written) == sorted(PRESETS[preset][name])


@pytest.mark.parametrize(("preset", "name"), SETS)
def test_every_pattern_takes_a_wording_of_its_set(preset: str, name: str) -> None:
    texts = [text for text, found in wordings(preset).items() if found == name]
    forms = [form for form in documented(preset, name) if not form.startswith("!")]
    assert [form for form in forms if not taken(spelt_out(form), *texts)] == []


@pytest.mark.parametrize("preset", PRESETS)
def test_every_exception_leaves_a_wording_that_would_be_taken(preset: str) -> None:
    needed = set()
    for name in PRESETS[preset]:
        texts = [text for text, found in wordings(preset).items() if found != name]
        forms = documented(preset, name)
        for form in (form for form in forms if form.startswith("!")):
            others = [pattern for other in forms if other != form for pattern in spelt_out(other)]
            if taken(others, *texts):
                needed.add(form)
    assert {form for name in PRESETS[preset] for form in documented(preset, name) if form.startswith("!")} == needed


@given(st.text("ab -.*?[]!", max_size=6), st.text("ab -.", max_size=6))
def test_a_pattern_of_ones_own_is_a_glob_over_the_text(pattern: str, text: str) -> None:
    form = text.strip().casefold()
    leaves = pattern.strip().startswith("!")
    globbed = fnmatch.fnmatchcase(form, pattern.strip().removeprefix("!"))
    assert bool(taken(["*", pattern] if leaves else [pattern], text)) == (globbed != leaves)


@pytest.mark.parametrize(
    ("patterns", "text", "expected"),
    [
        (["robbery"], " ROBBERY ", True),
        (["robbery"], "Robbery - armed", False),
        (["strong armed robbery"], "Strong Armed  Robbery", False),
        (["robbery / no*"], "Robbery / No Weapon", True),
        (["robbery / no*"], "Robbery, No Weapon", False),
        (["*robbery*", "!*false report*"], "FALSE REPORT: ROBBERY", False),
        (["!*false report*", "*robbery*"], "ARMED ROBBERY", True),
        (["*robbery*", " !*FALSE*"], "False robbery", False),
        (["[!a]*"], "b", True),
    ],
)
def test_patterns_of_ones_own(patterns: list[str], text: str, expected: bool) -> None:
    assert bool(taken(patterns, text)) is expected


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_named_in_the_configuration(preset: str) -> None:
    assert load_config({"violent_offences": {"preset": preset}}).violent_offences == PRESETS[preset]
