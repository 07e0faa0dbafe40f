"""Flags of ``gpunet flags`` as of the days of two runs: about whom each is raised."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network, build_network
from gpunet.base.errors import ConfigError
from gpunet.config.config import Config
from gpunet.config.flags_config import Flag, flags_of
from gpunet.config.sides import OFFENDER
from gpunet.flags.known import Known
from gpunet.flags.triggers import check_sets, find
from gpunet.runs.stored_tables import array_of
from gpunet.tables.gather import gather

__all__ = ["flags_compared", "raised"]


def flags_compared(config: Config, side: str | None) -> dict[str, Flag]:
    """The flags of a configuration by the columns that tell of them; those of one `side` alone if it is given.

    ``flag:NAME`` of offenders, ``victim_flag:NAME`` of victims. None where there are no offences, or a flag names a set
    of offences that there is not: ``gpunet flags`` says so.
    """
    flags = flags_of(config.flags, victims=bool(config.input.victims))
    try:
        check_sets(flags, config)
    except ConfigError:
        return {}
    if config.input.is_absent("offence"):
        return {}
    prefixes = {name: "" if flag.side == OFFENDER else f"{flag.side}_" for name, flag in flags.items()}
    return {f"{prefixes[name]}flag:{name}": flag for name, flag in flags.items() if side in (None, flag.side)}


def raised(arrests: Arrests, flags: dict[str, Flag], network: Network | None = None) -> dict[str, Any]:
    """The ids of the persons about whom each flag is raised as of the arrests' day, Arrow arrays by the flag's column.

    `arrests` were cut at a day and lie on the host; so does their `network`, which is built if it is not given.
    """
    if not len(arrests):
        return dict.fromkeys(flags, pa.array([], pa.large_string()))
    known = Known(arrests, network or build_network(arrests))
    return {
        column: array_of(gather(arrests.person_ids, find(known, flag).person, "person_id"))
        for column, flag in flags.items()
    }
