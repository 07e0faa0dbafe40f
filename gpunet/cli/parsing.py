"""Commands whose usage errors repeat no word that was typed: one may be the id of a person."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

__all__ = ["QuietCommand"]

_EXTRA = "Got unexpected extra argument"


class QuietCommand(TyperCommand):
    """As Typer's commands, but for what it says of a word too many."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words behind the command's name."""
        extra: Any = ctx.allow_extra_args
        ctx.allow_extra_args = True
        try:
            rest = super().parse_args(ctx, args)
        finally:
            ctx.allow_extra_args = extra
        if rest and not extra and not ctx.resilient_parsing:
            several = f"{len(rest)} words" if len(rest) > 1 else "a word"
            ctx.fail(f"{_EXTRA}s: {several} too many (is an option's name missing, such as --person?)")
        return rest
