"""What ``[ties.KIND]`` and ``[victims]`` say: which ties of other kinds than arrests count, and what exposure is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StrictBool, StrictInt
from pydantic.dataclasses import dataclass

from gpunet.base.errors import ConfigError
from gpunet.config.layers import ANY, CO_ARREST, VICTIM
from gpunet.config.validation import AS_GIVEN, CHECKED, names_keys

__all__ = ["SOCIAL_MEDIA", "KindConfig", "Kinds", "VictimsConfig", "check_authority", "is_kind_name", "kind_in_table"]

#: A kind of this name is one of social media, whether it says so or not.
SOCIAL_MEDIA = "social_media"

_TAKEN = (CO_ARREST, VICTIM, ANY, "all", "violent")


def _kind_name(name: str) -> str:
    if name in _TAKEN:
        raise ValueError("this name is reserved; choose another")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or "__" in name:
        raise ValueError("a kind is up to 40 lower-case letters, digits and single '_'")
    return name


@names_keys("ties")
@dataclass(frozen=True, config=CHECKED)
class KindConfig:
    """Ties of one kind, such as ``[ties.intelligence]``; docs/associations.md has more."""

    use: StrictBool = False
    """Whether ties of this kind count. A kind that is named and not used is read, counted and left out."""
    min_source: Annotated[StrictInt, Field(ge=1, le=3)] = 1
    """The least reliable source that counts: 1 reliable, 2 untested, 3 not reliable. With 3, rows without a grade
    count too."""
    min_information: Literal["A", "B", "C", "D", "E"] = "B"
    """The weakest information that counts: A known directly, B indirectly but corroborated, C indirectly, D not known,
    E suspected to be false. With E, rows without a grade count too."""
    half_life_days: Annotated[float, Field(strict=True, gt=0, le=36_525), AS_GIVEN] = 365
    """Days after which a tie's strength is half of what it was."""
    limit_days: Annotated[StrictInt, Field(ge=1, le=36_525)] = 1_825
    """Ties dated more than so many days before the as-of day do not count."""
    social_media: StrictBool = False
    """Whether ties come from watching social media: then `task_ref`, `authority` and `expires` are needed to use them.
    A kind that is called ``social_media`` always is."""
    task_ref: str = ""
    """The task for which they were gathered."""
    authority: str = ""
    """Who authorised that, and under which law."""
    expires: date | None = None
    """The last day on which they may be used."""


def is_kind_name(name: str) -> bool:
    """Whether ``[ties.NAME]`` may be written."""
    try:
        _kind_name(name)
    except ValueError:
        return False
    return True


def kind_in_table(text: str) -> str:
    """A kind as the configuration writes it: in small letters, with single underscores for blanks and hyphens.

    Examples
    --------
    >>> kind_in_table("Social  Media"), kind_in_table("social-media")
    ('social_media', 'social_media')
    """
    return re.sub(r"[\s_-]+", "_", text.strip().casefold()).strip("_")


Kinds: TypeAlias = Mapping[Annotated[str, AfterValidator(_kind_name)], KindConfig]


@names_keys("victims")
@dataclass(frozen=True, config=CHECKED)
class VictimsConfig:
    """Who may become a victim."""

    recent_days: Annotated[StrictInt, Field(ge=1, le=36_525)] = 365
    """Somebody is a recent victim for so many days: ``victim_distance__{C}`` is the way to the nearest of them."""


def check_authority(kinds: Mapping[str, KindConfig], today: date) -> None:
    """Refuse kinds of social media that are in use without a task, an authority and a day that has not passed.

    Raises
    ------
    ConfigError
        If there is one; it says what to write.
    """
    for name, kind in kinds.items():
        if not kind.use or not (kind.social_media or name == SOCIAL_MEDIA):
            continue
        told = {"task_ref": kind.task_ref.strip(), "authority": kind.authority.strip(), "expires": kind.expires}
        missing = [key for key, value in told.items() if not value]
        if missing:
            raise ConfigError(
                f"[ties.{name}] is of social media and needs {', '.join(missing)}: what people lawfully do is not "
                "watched without a task, an authority and a day on which that ends; or write use = false"
            )
        if kind.expires is not None and kind.expires < today:
            raise ConfigError(
                f"[ties.{name}] expires: the authority ended on {kind.expires}: have it renewed, or write use = false"
            )
