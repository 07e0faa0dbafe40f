"""Layers of the network beside co-arrest: one for each kind of tie in use, victims and offenders, and their union."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANY", "CO_ARREST", "NO_LAYERS", "VICTIM", "Layers"]

#: The layer of arrests, whose columns have no suffix.
CO_ARREST = "co_arrest"

#: The layer that ties the victims of an incident to those who were arrested for it.
VICTIM = "victim"

#: The union of all layers, co-arrest among them.
ANY = "any"


@dataclass(frozen=True)
class Layers:
    """Which layers there are: the `kinds` of ties in use, in the order of the configuration, and whether of `victims`.

    >>> Layers(("intelligence",), victims=True).names
    ('intelligence', 'victim', 'any')
    """

    kinds: tuple[str, ...] = ()
    victims: bool = False

    def __bool__(self) -> bool:
        return bool(self.kinds) or self.victims

    @property
    def single(self) -> tuple[str, ...]:
        """Every layer but co-arrest and the union."""
        return (*self.kinds, *((VICTIM,) if self.victims else ()))

    @property
    def names(self) -> tuple[str, ...]:
        """The suffixes of columns: every layer but co-arrest, and the union last; none if there is co-arrest alone."""
        return (*self.single, ANY) if self else ()


#: Co-arrest alone.
NO_LAYERS = Layers()
