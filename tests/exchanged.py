"""Tables of pseudonyms for tests: how they are made, and raw arrests told in terms of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.base.days import NO_DAY
from gpunet.config.config import load_config
from gpunet.exchange.keys import Key
from gpunet.exchange.pseudonyms import PERSON, Pseudonymiser
from gpunet.exchange.written import Written, pseudonymise

KEY = Key(bytes(range(1, 33)))
DOMAIN = "study of tests"
OF = Pseudonymiser(KEY, DOMAIN)


def made(
    out: Path,
    inputs: Sequence[Any],
    config: Any = None,
    *,
    key: Key = KEY,
    domain: str = DOMAIN,
    ties: Sequence[Any] = (),
    victims: Sequence[Any] = (),
    **how: Any,
) -> Written:
    """Make pseudonyms of tables."""
    settings = load_config(config)
    beside = {"ties": tuple(map(str, ties)), "victims": tuple(map(str, victims))}
    settings = replace(settings, input=replace(settings.input, **beside))
    return pseudonymise([str(path) for path in inputs], settings, key, domain, out, **how)


def facts(arrests: Arrests, of: Pseudonymiser | None) -> list[tuple[Any, ...]]:
    """Every arrest in words, sorted; raw ids as the pseudonyms that they become. Within a person the order counts."""
    person, incident = arrests.person_ids.to_list(), arrests.incident_ids.to_list()
    if of is not None:
        person = [of.pseudonym(PERSON, str(text)) for text in person]
        incident = [of.pseudonym("incident", str(text)) for text in incident]
    names = {name: getattr(arrests, f"{name}_names").to_list() for name in ("force", "district", "beat", "gang")}
    found: dict[str, list[tuple[Any, ...]]] = {}
    for i, code in enumerate(arrests.person.tolist()):
        details = [texts[getattr(arrests, name)[i]] if getattr(arrests, name)[i] >= 0 else None
                   for name, texts in names.items()]  # fmt: skip
        day = int(arrests.day[i])
        row = (incident[arrests.incident[i]], None if day == NO_DAY else day, int(arrests.offences[i]), *details)
        found.setdefault(person[code], []).append(row)
    return sorted(found.items())
