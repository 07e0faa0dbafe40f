"""The vector operations of betweenness: a source's sets stand side by side in a row, one set a lane.

A *row* is as many doubles of one vertex as `set_of` has elements, from ``len(set_of) * vertex`` on in the flat array
`rows`. `set_of` and `source_weight` are tuples of one length, and each length is compiled for itself: where the sets of
the lanes begin in arrays that hold one set after another, and how much the source counts for them, 0 for lanes that
are not needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from gpunet.kernels.lanes import INDEX, Rows, splat

__all__ = ["add_row", "clear_row", "gain_row", "lowest_bit"]

_DOUBLE = ir.DoubleType()
_VERTEX, _NUMBER = types.int64, types.float64


def _row(context: Any, builder: Any, signature: Any, args: Any, vertex: int) -> tuple[Rows, Any]:
    """The rows, which are the first argument, and where that of the vertex at an argument position begins."""
    width = len(signature.args[-1])
    rows = Rows(context, builder, signature.args[0], args[0], ir.VectorType(_DOUBLE, width))
    return rows, builder.mul(args[vertex], ir.Constant(INDEX, width))


def _clear_row(typingctx: Any, rows: Any, vertex: Any, set_of: Any) -> Any:
    """A vertex's row becomes zeros."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row, at = _row(context, builder, signature, args, 1)
        row.store(at, ir.Constant(row.vector, None))
        return context.get_dummy_value()

    return types.void(rows, _VERTEX, set_of), codegen


def _add_row(typingctx: Any, rows: Any, to: Any, vertex: Any, set_of: Any) -> Any:
    """The row of `vertex` is added to that of `to`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row, at = _row(context, builder, signature, args, 1)
        _, other = _row(context, builder, signature, args, 2)
        row.store(at, builder.fadd(row.load(at), row.load(other)))
        return context.get_dummy_value()

    return types.void(rows, _VERTEX, _VERTEX, set_of), codegen


def _gain_row(
    typingctx: Any, rows: Any, vertex: Any, copies: Any, paths: Any, target_weight: Any, out: Any, source_weight: Any,
    set_of: Any,
) -> Any:  # fmt: skip
    """The vertex's row t, the sum of its successors' rows, becomes ``target_weight / paths + copies * t``.

    ``out[set_of + vertex]`` takes ``source_weight * paths * t`` of each lane, whose target weight is
    ``target_weight[set_of + vertex]``.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row, here = _row(context, builder, signature, args, 1)
        vertex, copies, paths = args[1:4]
        targets, sums = (context.make_array(signature.args[i])(context, builder, args[i]).data for i in (4, 5))
        weights, sets = (cgutils.unpack_tuple(builder, args[i]) for i in (6, 7))  # type: ignore[no-untyped-call]
        places = [builder.add(each, vertex) for each in sets]
        total = row.load(here)
        wanted = weight = ir.Constant(row.vector, ir.Undefined)
        for k, place in enumerate(places):
            lane = ir.Constant(ir.IntType(32), k)
            wanted = builder.insert_element(wanted, builder.load(builder.gep(targets, [place])), lane)
            weight = builder.insert_element(weight, weights[k], lane)
        share = builder.fdiv(ir.Constant(_DOUBLE, 1.0), paths)
        reached = builder.fmul(wanted, splat(builder, row.vector, share))
        row.store(here, builder.fadd(reached, builder.fmul(total, splat(builder, row.vector, copies))))
        delta = builder.fmul(weight, builder.fmul(total, splat(builder, row.vector, paths)))
        for k, place in enumerate(places):
            lane = builder.extract_element(delta, ir.Constant(ir.IntType(32), k))
            pointer = builder.gep(sums, [place])
            builder.store(builder.fadd(builder.load(pointer), lane), pointer)
        return context.get_dummy_value()

    return types.void(rows, _VERTEX, _NUMBER, _NUMBER, target_weight, out, source_weight, set_of), codegen


def _lowest_bit(typingctx: Any, bits: Any) -> Any:
    """The position of the lowest bit of a 64-bit word that is not 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), codegen


clear_row = cast(Callable[..., None], intrinsic(_clear_row))
add_row = cast(Callable[..., None], intrinsic(_add_row))
gain_row = cast(Callable[..., None], intrinsic(_gain_row))
lowest_bit = cast(Callable[..., int], intrinsic(_lowest_bit))
