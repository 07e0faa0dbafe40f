"""Operations on eight neighbouring doubles or 64-bit words as one vector, which Numba's own language has no words for.

Numba leaves short loops over lanes scalar (it turns LLVM's superword pass off), so these few operations are given to
LLVM as vector instructions. Each takes flat arrays and the position of a row of eight elements. LLVM makes of them what
the processor has: one 512-bit instruction, two of 256 bits, or four of 128.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "LANES",
    "add_row",
    "fill_row",
    "gain_row",
    "gain_slots",
    "or_row",
    "settle_row",
    "sum_rows",
    "take_new_bits",
]

#: Doubles a row: a cache line.
LANES = 8

_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_INTS = ir.VectorType(ir.IntType(32), LANES)
_WORDS = ir.VectorType(ir.IntType(64), LANES)
_INDEX = ir.IntType(64)


class _Rows:
    """Rows of a flat array, to load and store while LLVM code is built."""

    def __init__(self, context: Any, builder: Any, array_type: Any, array: Any, vector: Any) -> None:
        self._builder, self._vector = builder, vector
        self._data = context.make_array(array_type)(context, builder, array).data
        self._align = 4 if vector is _INTS else 8  # that of an element: rows of an array need not be aligned

    def _at(self, position: Any) -> Any:
        element = self._builder.gep(self._data, [position])
        return self._builder.bitcast(element, self._vector.as_pointer())

    def load(self, position: Any) -> Any:
        return self._builder.load(self._at(position), align=self._align)

    def store(self, position: Any, value: Any) -> None:
        self._builder.store(value, self._at(position), align=self._align)


def _splat(builder: Any, vector: Any, value: Any) -> Any:
    out = ir.Constant(vector, ir.Undefined)
    for lane in range(LANES):
        out = builder.insert_element(out, value, ir.Constant(ir.IntType(32), lane))
    return out


def _add_row(typingctx: Any, total: Any, to: Any, row: Any, at: Any) -> Any:
    """``total[to:to + 8] += row[at:at + 8]``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        totals = _Rows(context, builder, signature.args[0], args[0], _DOUBLES)
        rows = _Rows(context, builder, signature.args[2], args[2], _DOUBLES)
        totals.store(args[1], builder.fadd(totals.load(args[1]), rows.load(args[3])))
        return context.get_dummy_value()

    return types.void(total, types.int64, row, types.int64), codegen


def _fill_row(typingctx: Any, array: Any, at: Any, value: Any) -> Any:
    """``array[at:at + 8] = value``, of doubles, 64-bit words or 32-bit integers."""
    vector = {types.float64: _DOUBLES, types.uint64: _WORDS, types.int32: _INTS}[array.dtype]

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = _Rows(context, builder, signature.args[0], args[0], vector)
        rows.store(args[1], _splat(builder, vector, args[2]))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), codegen


def _sum_rows(typingctx: Any, total: Any, to: Any, row: Any, indices: Any, start: Any, stop: Any, first: Any) -> Any:
    """``total[to:to + 8]`` becomes the sum of the rows of ``indices[start:stop] - first``, in their order."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        totals = _Rows(context, builder, signature.args[0], args[0], _DOUBLES)
        rows = _Rows(context, builder, signature.args[2], args[2], _DOUBLES)
        data = context.make_array(signature.args[3])(context, builder, args[3]).data
        _, to, _, _, start, stop, first = args
        held = cgutils.alloca_once_value(builder, ir.Constant(_DOUBLES, None))  # type: ignore[no-untyped-call]
        with cgutils.for_range_slice(builder, start, stop, ir.Constant(_INDEX, 1), _INDEX) as (edge, _):
            neighbour = builder.sext(builder.load(builder.gep(data, [edge])), _INDEX)
            at = builder.mul(builder.sub(neighbour, first), ir.Constant(_INDEX, LANES))
            builder.store(builder.fadd(builder.load(held), rows.load(at)), held)
        totals.store(to, builder.load(held))
        return context.get_dummy_value()

    integer = types.int64
    return types.void(total, integer, row, indices, integer, integer, integer), codegen


def _settle_row(
    typingctx: Any,
    at: Any,
    level: Any,
    copies: Any,
    total: Any,
    distance: Any,
    sigma: Any,
    inverse: Any,
    row: Any,
    peak: Any,
) -> Any:
    """Lanes that have paths in `total` and no distance yet get `level` and the paths; `total` becomes 0.

    `sigma` and `inverse` (its reciprocal) take the paths of those lanes, `row` is the paths times `copies` there and 0
    elsewhere, and ``peak[0:8]`` keeps the largest paths seen. Returns 1 if there are such lanes, plus 2 if every lane
    has a distance.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at, level, copies = args[:3]
        kinds = [_DOUBLES, _INTS, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES]
        totals, distances, sigmas, inverses, rows, peaks = (
            _Rows(context, builder, array_type, array, kind)
            for array_type, array, kind in zip(signature.args[3:], args[3:], kinds, strict=True)
        )
        zero = ir.Constant(_DOUBLES, None)
        paths, known = totals.load(at), distances.load(at)
        totals.store(at, zero)
        missing = builder.icmp_signed("<", known, ir.Constant(_INTS, None))
        fresh = builder.and_(builder.fcmp_ordered(">", paths, zero), missing)
        any_fresh = _any_lane(builder, fresh)
        with builder.if_then(any_fresh):
            levels = _splat(builder, _INTS, builder.trunc(level, ir.IntType(32)))
            one = _splat(builder, _DOUBLES, ir.Constant(ir.DoubleType(), 1.0))
            distances.store(at, builder.select(fresh, levels, known))
            sigmas.store(at, builder.select(fresh, paths, sigmas.load(at)))
            inverses.store(at, builder.select(fresh, builder.fdiv(one, paths), inverses.load(at)))
            passing = builder.fmul(paths, _splat(builder, _DOUBLES, copies))
            rows.store(at, builder.select(fresh, passing, zero))
            highest = peaks.load(ir.Constant(_INDEX, 0))
            higher = builder.select(builder.fcmp_ordered(">", paths, highest), paths, highest)
            peaks.store(ir.Constant(_INDEX, 0), higher)
        still_missing = _any_lane(builder, builder.and_(missing, builder.not_(fresh)))
        settled = builder.select(still_missing, ir.Constant(_INDEX, 0), ir.Constant(_INDEX, 2))
        return builder.add(builder.zext(any_fresh, _INDEX), settled)

    return types.int64(types.int64, types.int64, types.float64, total, distance, sigma, inverse, row, peak), codegen


def _or_row(typingctx: Any, total: Any, to: Any, row: Any, at: Any) -> Any:
    """``total[to:to + 8] |= row[at:at + 8]``, of 64-bit words."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        totals = _Rows(context, builder, signature.args[0], args[0], _WORDS)
        rows = _Rows(context, builder, signature.args[2], args[2], _WORDS)
        totals.store(args[1], builder.or_(totals.load(args[1]), rows.load(args[3])))
        return context.get_dummy_value()

    return types.void(total, types.int64, row, types.int64), codegen


def _take_new_bits(typingctx: Any, at: Any, new: Any, seen: Any, now: Any) -> Any:
    """`now` becomes the bits of `new` that are not in `seen`, which takes them, and `new` 0. Whether there are any."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = args[0]
        news, known, nows = (_Rows(context, builder, signature.args[i], args[i], _WORDS) for i in (1, 2, 3))
        before = known.load(at)
        bits = builder.and_(news.load(at), builder.not_(before))
        nows.store(at, bits)
        known.store(at, builder.or_(before, bits))
        news.store(at, ir.Constant(_WORDS, None))
        return _any_lane(builder, builder.icmp_unsigned("!=", bits, ir.Constant(_WORDS, None)))

    return types.boolean(types.int64, new, seen, now), codegen


def _weighted_bits(typingctx: Any, row: Any, at: Any, mask: Any, digit: Any, start: Any, stop: Any) -> Any:
    """Sum over the masks m in ``start..stop-1`` of the number of bits under the mask, times two to ``digit[m]``.

    The bits are those of ``row[at:at + 8]``, mask m is ``mask[8 * m:8 * m + 8]``.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = _Rows(context, builder, signature.args[0], args[0], _WORDS)
        masks = _Rows(context, builder, signature.args[2], args[2], _WORDS)
        digits = context.make_array(signature.args[3])(context, builder, args[3]).data
        kind = ir.FunctionType(_WORDS, [_WORDS])
        count = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{LANES}i64")  # type: ignore[no-untyped-call]
        bits = rows.load(args[1])
        held = cgutils.alloca_once_value(builder, ir.Constant(_WORDS, None))  # type: ignore[no-untyped-call]
        with cgutils.for_range_slice(builder, args[4], args[5], ir.Constant(_INDEX, 1), _INDEX) as (m, _):
            under = builder.and_(bits, masks.load(builder.mul(m, ir.Constant(_INDEX, LANES))))
            shift = _splat(builder, _WORDS, builder.load(builder.gep(digits, [m])))
            builder.store(builder.add(builder.load(held), builder.shl(builder.call(count, [under]), shift)), held)
        total = ir.Constant(_INDEX, 0)
        found = builder.load(held)
        for word in range(LANES):
            total = builder.add(total, builder.extract_element(found, ir.Constant(ir.IntType(32), word)))
        return total

    integer = types.int64
    return types.int64(row, integer, mask, digit, integer, integer), codegen


def _any_lane(builder: Any, mask: Any) -> Any:
    bits = builder.bitcast(mask, ir.IntType(LANES))
    return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))


def _gain_row(
    typingctx: Any,
    at: Any,
    level: Any,
    weight: Any,
    copies: Any,
    own: Any,
    total: Any,
    distance: Any,
    sigma: Any,
    inverse: Any,
    row: Any,
) -> Any:
    """For lanes at distance `level`, delta is ``sigma * total``, and ``(weight + copies * delta) / sigma`` their row.

    Other lanes' rows become 0. Returns the sum over lanes, in their order, of ``own[lane] * delta``.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at, level, weight, copies = args[:4]
        kinds = [_DOUBLES, _DOUBLES, _INTS, _DOUBLES, _DOUBLES, _DOUBLES]
        owns, totals, distances, sigmas, inverses, rows = (
            _Rows(context, builder, array_type, array, kind)
            for array_type, array, kind in zip(signature.args[4:], args[4:], kinds, strict=True)
        )
        zero = ir.Constant(_DOUBLES, None)
        here = builder.icmp_signed(
            "==", distances.load(at), _splat(builder, _INTS, builder.trunc(level, ir.IntType(32)))
        )
        delta = builder.fmul(sigmas.load(at), totals.load(at))
        onward = builder.fmul(_splat(builder, _DOUBLES, copies), delta)
        gain = builder.fmul(builder.fadd(_splat(builder, _DOUBLES, weight), onward), inverses.load(at))
        rows.store(at, builder.select(here, gain, zero))
        shares = builder.select(here, builder.fmul(owns.load(ir.Constant(_INDEX, 0)), delta), zero)
        out = ir.Constant(ir.DoubleType(), 0.0)
        for lane in range(LANES):
            out = builder.fadd(out, builder.extract_element(shares, ir.Constant(ir.IntType(32), lane)))
        return out

    signature = types.float64(
        types.int64, types.int64, types.float64, types.float64, own, total, distance, sigma, inverse, row
    )  # fmt: skip
    return signature, codegen


def _gain_slots(
    typingctx: Any,
    at: Any,
    level: Any,
    weights_at: Any,
    weight: Any,
    copies: Any,
    lane_of: Any,
    set_of: Any,
    own: Any,
    total: Any,
    distance: Any,
    sigma: Any,
    inverse: Any,
    row: Any,
    share: Any,
) -> Any:
    """As :func:`gain_row`, for eight pairs of a lane and a set: ``lane_of[k]`` and ``set_of[k]``.

    The weight of slot k is ``weight[weights_at + set_of[k]]``; ``share[k]`` becomes ``own[k] * delta``.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at, level, weights_at = args[:3]
        weights, lanes, sets, distances, sigmas, inverses = (
            context.make_array(signature.args[i])(context, builder, args[i]).data for i in (3, 5, 6, 9, 10, 11)
        )
        owns, totals, rows, shares = (
            _Rows(context, builder, signature.args[i], args[i], _DOUBLES) for i in (7, 8, 12, 13)
        )
        known, paths, reciprocal, goal = (ir.Constant(kind, ir.Undefined) for kind in (_INTS, *[_DOUBLES] * 3))
        for slot in range(LANES):
            k = ir.Constant(_INDEX, slot)
            position = builder.add(at, builder.load(builder.gep(lanes, [k])))
            chosen = builder.add(weights_at, builder.load(builder.gep(sets, [k])))
            known = builder.insert_element(known, builder.load(builder.gep(distances, [position])), k)
            paths = builder.insert_element(paths, builder.load(builder.gep(sigmas, [position])), k)
            reciprocal = builder.insert_element(reciprocal, builder.load(builder.gep(inverses, [position])), k)
            goal = builder.insert_element(goal, builder.load(builder.gep(weights, [chosen])), k)
        zero = ir.Constant(_DOUBLES, None)
        here = builder.icmp_signed("==", known, _splat(builder, _INTS, builder.trunc(level, ir.IntType(32))))
        delta = builder.fmul(paths, totals.load(at))
        onward = builder.fmul(_splat(builder, _DOUBLES, args[4]), delta)
        gain = builder.fmul(builder.fadd(goal, onward), reciprocal)
        rows.store(at, builder.select(here, gain, zero))
        begin = ir.Constant(_INDEX, 0)
        shares.store(begin, builder.select(here, builder.fmul(owns.load(begin), delta), zero))
        return context.get_dummy_value()

    integer = types.int64
    signature = types.void(
        integer,
        integer,
        integer,
        weight,
        types.float64,
        lane_of,
        set_of,
        own,
        total,
        distance,
        sigma,
        inverse,
        row,
        share,
    )
    return signature, codegen


add_row = cast(Callable[..., None], intrinsic(_add_row))
fill_row = cast(Callable[..., None], intrinsic(_fill_row))
sum_rows = cast(Callable[..., None], intrinsic(_sum_rows))
or_row = cast(Callable[..., None], intrinsic(_or_row))
weighted_bits = cast(Callable[..., int], intrinsic(_weighted_bits))
take_new_bits = cast(Callable[..., bool], intrinsic(_take_new_bits))
settle_row = cast(Callable[..., int], intrinsic(_settle_row))
gain_row = cast(Callable[..., float], intrinsic(_gain_row))
gain_slots = cast(Callable[..., None], intrinsic(_gain_slots))
