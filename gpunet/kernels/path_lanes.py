"""The vector operations of betweenness: eight path counts, or eight dependencies, of a vertex from its neighbours'.

A *row* is eight doubles of one vertex, element ``8 * v`` and on of a flat array, one for each of eight searches. Both
operations sum the neighbours' rows in a register and go on with the sum, so that it never passes through memory. Rows
of vertices that have nothing to give are zero: no branch depends on a neighbour.

Parameters of the operations: `vertex`, `start` and `stop` are numbers, the neighbours ``indices[start:stop]`` (int32);
`row`, `sigma` and `onward` float64[8 (n + 1)], eight lanes a vertex; `source_weight`, `share` and `peak` float64[8];
`lane_of` and `set_of` int64[8]; `seen` and `active` have a bit a lane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from gpunet.kernels.lanes import DOUBLES, INDEX, LANES, Rows, splat

__all__ = ["PADDING", "gain_row", "gain_slots", "prefetch", "prefetch_rows", "settle_row"]

#: Rows of the adjacency come in multiples of so many: most loops over neighbours then have the same short length, which
#: the processor foresees, and the sum of four is two additions deep.
PADDING = 4

_INTEGER, _DOUBLE = types.int64, types.float64
_ORIGIN = ir.Constant(INDEX, 0)
_ZERO = ir.Constant(DOUBLES, None)


def _pointers(context: Any, builder: Any, signature: Any, args: Any, *positions: int) -> list[Any]:
    """Where the elements of the arrays at these argument positions begin."""
    return [context.make_array(signature.args[i])(context, builder, args[i]).data for i in positions]


def _rows(context: Any, builder: Any, signature: Any, args: Any, positions: Iterable[int]) -> list[Rows]:
    return [Rows(context, builder, signature.args[i], args[i], DOUBLES) for i in positions]


def _row_of(builder: Any, vertex: Any) -> Any:
    return builder.mul(vertex, ir.Constant(INDEX, LANES))


def _lanes(builder: Any, bits: Any) -> Any:
    """A vector of flags from the lowest eight bits of an integer."""
    return builder.bitcast(builder.trunc(bits, ir.IntType(LANES)), ir.VectorType(ir.IntType(1), LANES))


def _sum_of_neighbours(builder: Any, indices: Any, start: Any, stop: Any, row: Rows) -> Any:
    """Sum of the rows of ``indices[start:stop]``, whose number is a multiple of ``PADDING``, in a fixed order."""
    held = cgutils.alloca_once_value(builder, _ZERO)  # type: ignore[no-untyped-call]
    with cgutils.for_range_slice(builder, start, stop, ir.Constant(INDEX, PADDING), INDEX) as (edge, _):
        rows = []
        for k in range(PADDING):
            neighbour = builder.load(builder.gep(indices, [builder.add(edge, ir.Constant(INDEX, k))]))
            rows.append(row.load(_row_of(builder, builder.sext(neighbour, INDEX))))
        while len(rows) > 1:
            rows = [builder.fadd(a, b) for a, b in zip(rows[::2], rows[1::2], strict=True)]
        builder.store(builder.fadd(builder.load(held), rows[0]), held)
    return builder.load(held)


def _settle_row(
    typingctx: Any, vertex: Any, seen: Any, copies: Any, indices: Any, start: Any, stop: Any, row: Any,
    sigma: Any, onward: Any, peak: Any,
) -> Any:  # fmt: skip
    """Return the lanes, as bits, that have paths, the sum of the neighbours' rows, and are not among those `seen`.

    `sigma` takes the paths of these lanes. If there are any, the vertex's row of `onward` becomes the paths times
    `copies` in them and 0 in the others, and ``peak[0:8]`` keeps the largest of it.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vertex, seen, copies, _, start, stop = args[:6]
        indices = _pointers(context, builder, signature, args, 3)[0]
        rows, sigmas, onwards, peaks = _rows(context, builder, signature, args, range(6, 10))
        at = _row_of(builder, vertex)
        paths = _sum_of_neighbours(builder, indices, start, stop, rows)
        known = _lanes(builder, seen)
        fresh = builder.and_(builder.fcmp_ordered(">", paths, _ZERO), builder.not_(known))
        bits = builder.bitcast(fresh, ir.IntType(LANES))
        with builder.if_then(builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))):
            sigmas.store(at, builder.select(fresh, paths, sigmas.load(at)))
            passing = builder.select(fresh, builder.fmul(paths, splat(builder, DOUBLES, copies)), _ZERO)
            onwards.store(at, passing)
            highest = peaks.load(_ORIGIN)
            peaks.store(_ORIGIN, builder.select(builder.fcmp_ordered(">", passing, highest), passing, highest))
        return builder.zext(bits, INDEX)

    signature = _INTEGER(
        _INTEGER, _INTEGER, _DOUBLE, indices, _INTEGER, _INTEGER, row, sigma, onward, peak
    )  # fmt: skip
    return signature, codegen


def _sum_lanes(builder: Any, row: Any) -> Any:
    """The sum of eight lanes, always in the same order: halves are added to halves."""
    width = LANES
    while width > 1:
        width //= 2
        nothing = ir.Constant(row.type, ir.Undefined)
        low, high = (
            builder.shuffle_vector(
                row, nothing, ir.Constant(ir.VectorType(ir.IntType(32), width), [begin + i for i in range(width)])
            )
            for begin in (0, width)
        )
        row = builder.fadd(low, high)
    return builder.extract_element(row, ir.Constant(ir.IntType(32), 0))


def _gain_row(
    typingctx: Any, vertex: Any, active: Any, target_weight: Any, copies: Any, source_weight: Any, indices: Any,
    start: Any, stop: Any, row: Any, sigma: Any, onward: Any,
) -> Any:  # fmt: skip
    """In the lanes of the bits `active`, with t the sum of the neighbours' rows, delta is ``sigma * t``.

    The vertex's row of `onward` becomes ``(target_weight + copies * delta) / sigma`` there and 0 in the other lanes.
    Returns the sum over these lanes of ``source_weight[lane] * delta``.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vertex, active, target_weight, copies, _, _, start, stop = args[:8]
        indices = _pointers(context, builder, signature, args, 5)[0]
        source_weights, rows, sigmas, onwards = _rows(context, builder, signature, args, (4, 8, 9, 10))
        at = _row_of(builder, vertex)
        total = _sum_of_neighbours(builder, indices, start, stop, rows)
        here = _lanes(builder, active)
        paths = sigmas.load(at)
        reached = builder.fdiv(splat(builder, DOUBLES, target_weight), paths)
        beyond = builder.fmul(splat(builder, DOUBLES, copies), total)
        onwards.store(at, builder.select(here, builder.fadd(reached, beyond), _ZERO))
        delta = builder.fmul(paths, total)
        return _sum_lanes(builder, builder.select(here, builder.fmul(source_weights.load(_ORIGIN), delta), _ZERO))

    signature = _DOUBLE(
        _INTEGER, _INTEGER, _DOUBLE, _DOUBLE, source_weight, indices, _INTEGER, _INTEGER, row, sigma, onward
    )  # fmt: skip
    return signature, codegen


def _gain_slots(
    typingctx: Any, vertex: Any, active: Any, targets_at: Any, copies: Any, target_weight: Any, lane_of: Any,
    set_of: Any, source_weight: Any, indices: Any, start: Any, stop: Any, row: Any, sigma: Any, onward: Any,
    share: Any,
) -> Any:  # fmt: skip
    """As :func:`gain_row`, for eight pairs of a lane and a set, the slots: ``lane_of[k]`` and ``set_of[k]``.

    The bits `active` are of slots, the target weight of slot k is ``target_weight[targets_at + set_of[k]]``, and
    ``share[k]`` becomes ``source_weight[k] * delta``.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vertex, active, targets_at, copies = args[:4]
        start, stop = args[9:11]
        target_weight, lanes, sets, indices, sigmas = _pointers(context, builder, signature, args, 4, 5, 6, 8, 12)
        source_weights, rows, onwards, shares = _rows(context, builder, signature, args, (7, 11, 13, 14))
        at = _row_of(builder, vertex)
        paths = wanted = ir.Constant(DOUBLES, ir.Undefined)
        for slot in range(LANES):
            k = ir.Constant(INDEX, slot)
            position = builder.add(at, builder.load(builder.gep(lanes, [k])))
            chosen = builder.add(targets_at, builder.load(builder.gep(sets, [k])))
            paths = builder.insert_element(paths, builder.load(builder.gep(sigmas, [position])), k)
            wanted = builder.insert_element(wanted, builder.load(builder.gep(target_weight, [chosen])), k)
        total = _sum_of_neighbours(builder, indices, start, stop, rows)
        here = _lanes(builder, active)
        beyond = builder.fmul(splat(builder, DOUBLES, copies), total)
        onwards.store(at, builder.select(here, builder.fadd(builder.fdiv(wanted, paths), beyond), _ZERO))
        delta = builder.fmul(paths, total)
        shares.store(_ORIGIN, builder.select(here, builder.fmul(source_weights.load(_ORIGIN), delta), _ZERO))
        return context.get_dummy_value()

    signature = types.void(
        _INTEGER, _INTEGER, _INTEGER, _DOUBLE, target_weight, lane_of, set_of, source_weight, indices, _INTEGER,
        _INTEGER, row, sigma, onward, share,
    )  # fmt: skip
    return signature, codegen


def _ask_for(builder: Any, data: Any, at: Any) -> None:
    """Have the processor fetch an element into its nearest cache; any position will do."""
    place = builder.bitcast(builder.gep(data, [at]), ir.IntType(8).as_pointer())
    flag = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [place.type, flag, flag, flag])
    function = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
    to_read, keep, as_data = ir.Constant(flag, 0), ir.Constant(flag, 3), ir.Constant(flag, 1)
    builder.call(function, [place, to_read, keep, as_data])


def _prefetch(typingctx: Any, array: Any, at: Any) -> Any:
    """Ask for the memory of ``array[at]``, which will be needed soon. Changes nothing."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _ask_for(builder, _pointers(context, builder, signature, args, 0)[0], args[1])
        return context.get_dummy_value()

    return types.void(array, _INTEGER), codegen


def _prefetch_rows(typingctx: Any, vertex: Any, indices: Any, start: Any, row: Any, sigma: Any, onward: Any) -> Any:
    """Ask for the rows of a vertex in `sigma` and `onward`, and of its first neighbours in `row`. Changes nothing.

    There are at least ``PADDING`` elements of `indices` from `start` on.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        indices, rows, sigmas, onwards = _pointers(context, builder, signature, args, 1, 3, 4, 5)
        at = _row_of(builder, args[0])
        _ask_for(builder, sigmas, at)
        _ask_for(builder, onwards, at)
        for k in range(PADDING):
            neighbour = builder.load(builder.gep(indices, [builder.add(args[2], ir.Constant(INDEX, k))]))
            _ask_for(builder, rows, _row_of(builder, builder.sext(neighbour, INDEX)))
        return context.get_dummy_value()

    return types.void(_INTEGER, indices, _INTEGER, row, sigma, onward), codegen


prefetch = cast(Callable[..., None], intrinsic(_prefetch))
prefetch_rows = cast(Callable[..., None], intrinsic(_prefetch_rows))
settle_row = cast(Callable[..., int], intrinsic(_settle_row))
gain_row = cast(Callable[..., float], intrinsic(_gain_row))
gain_slots = cast(Callable[..., None], intrinsic(_gain_slots))
