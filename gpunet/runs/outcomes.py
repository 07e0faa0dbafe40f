"""Offences that are never an outcome: what people lawfully do together is not forecast."""

from __future__ import annotations

from gpunet.arrests.read_report import ReadReport
from gpunet.base.errors import InputError
from gpunet.base.words import counted, quoted
from gpunet.config.config import Config
from gpunet.config.governance_config import ALLOWED_BY, is_never_outcome

__all__ = ["refuse_outcomes"]

_NAMED = 3


def refuse_outcomes(report: ReadReport | None, config: Config) -> None:
    """Refuse tables in which offences of protest or public order fall into a set of violent offences.

    Only where ``[governance]`` says anything, and has no `authority` for it; sets that speak of such offences
    themselves are refused in any case.

    Raises
    ------
    InputError
        If there is such an offence; it names a few.
    """
    rules = config.governance
    if not rules.is_given or rules.authority or report is None or report.offences is None:
        return
    table = report.offences
    texts, sets = table["text"].to_list(), table["sets"].to_list()
    never = rules.refused_outcomes
    found = [text for text, of in zip(texts, sets, strict=True) if len(of) and text and is_never_outcome(text, never)]
    if found:
        more = ", ..." if len(found) > _NAMED else ""
        raise InputError(
            f"{counted(len(found), 'offence')} of protest or public order in sets of [violent_offences]: "
            f"{quoted(found[:_NAMED])}{more}. These are no outcome: leave them out with a pattern that begins with "
            f'"!", or {ALLOWED_BY}'
        )
