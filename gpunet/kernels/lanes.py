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
    "DOUBLES",
    "INDEX",
    "LANES",
    "Rows",
    "fill_row",
    "or_row",
    "splat",
    "take_new_bits",
    "weighted_bits",
]

#: Doubles a row: a cache line.
LANES = 8

DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
WORD_ROW = ir.VectorType(ir.IntType(64), LANES)
INDEX = ir.IntType(64)


class Rows:
    """Rows of a flat array, to load and store while LLVM code is built."""

    def __init__(self, context: Any, builder: Any, array_type: Any, array: Any, vector: Any) -> None:
        self._builder, self.vector = builder, vector
        self._data = context.make_array(array_type)(context, builder, array).data
        self._align = 8  # that of an element: rows of an array need not be aligned

    def _at(self, position: Any) -> Any:
        element = self._builder.gep(self._data, [position])
        return self._builder.bitcast(element, self.vector.as_pointer())

    def load(self, position: Any) -> Any:
        """Give the eight elements from `position` on as a vector."""
        return self._builder.load(self._at(position), align=self._align)

    def store(self, position: Any, value: Any) -> None:
        """Put a vector there."""
        self._builder.store(value, self._at(position), align=self._align)


def splat(builder: Any, vector: Any, value: Any) -> Any:
    """A vector with the same value in every lane."""
    out = ir.Constant(vector, ir.Undefined)
    for lane in range(vector.count):
        out = builder.insert_element(out, value, ir.Constant(ir.IntType(32), lane))
    return out


def _fill_row(typingctx: Any, array: Any, at: Any, value: Any) -> Any:
    """``array[at:at + 8] = value``, of doubles or 64-bit words."""
    vector = {types.float64: DOUBLES, types.uint64: WORD_ROW}[array.dtype]

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = Rows(context, builder, signature.args[0], args[0], vector)
        rows.store(args[1], splat(builder, vector, args[2]))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), codegen


def _or_row(typingctx: Any, total: Any, to: Any, row: Any, at: Any) -> Any:
    """``total[to:to + 8] |= row[at:at + 8]``, of 64-bit words."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        totals = Rows(context, builder, signature.args[0], args[0], WORD_ROW)
        rows = Rows(context, builder, signature.args[2], args[2], WORD_ROW)
        totals.store(args[1], builder.or_(totals.load(args[1]), rows.load(args[3])))
        return context.get_dummy_value()

    return types.void(total, types.int64, row, types.int64), codegen


def _take_new_bits(typingctx: Any, at: Any, new: Any, seen: Any, now: Any) -> Any:
    """`now` becomes the bits of `new` that are not in `seen`, which takes them, and `new` 0. Whether there are any."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = args[0]
        news, known, nows = (Rows(context, builder, signature.args[i], args[i], WORD_ROW) for i in (1, 2, 3))
        before = known.load(at)
        bits = builder.and_(news.load(at), builder.not_(before))
        nows.store(at, bits)
        known.store(at, builder.or_(before, bits))
        news.store(at, ir.Constant(WORD_ROW, None))
        return _any_lane(builder, builder.icmp_unsigned("!=", bits, ir.Constant(WORD_ROW, None)))

    return types.boolean(types.int64, new, seen, now), codegen


def _weighted_bits(typingctx: Any, row: Any, at: Any, mask: Any, digit: Any, start: Any, stop: Any) -> Any:
    """Sum over the masks m in ``start..stop-1`` of the number of bits under the mask, times two to ``digit[m]``.

    The bits are those of ``row[at:at + 8]``, mask m is ``mask[8 * m:8 * m + 8]``.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = Rows(context, builder, signature.args[0], args[0], WORD_ROW)
        masks = Rows(context, builder, signature.args[2], args[2], WORD_ROW)
        digits = context.make_array(signature.args[3])(context, builder, args[3]).data
        kind = ir.FunctionType(WORD_ROW, [WORD_ROW])
        count = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{LANES}i64")  # type: ignore[no-untyped-call]
        bits = rows.load(args[1])
        held = cgutils.alloca_once_value(builder, ir.Constant(WORD_ROW, None))  # type: ignore[no-untyped-call]
        with cgutils.for_range_slice(builder, args[4], args[5], ir.Constant(INDEX, 1), INDEX) as (m, _):
            under = builder.and_(bits, masks.load(builder.mul(m, ir.Constant(INDEX, LANES))))
            shift = splat(builder, WORD_ROW, builder.load(builder.gep(digits, [m])))
            builder.store(builder.add(builder.load(held), builder.shl(builder.call(count, [under]), shift)), held)
        total = ir.Constant(INDEX, 0)
        found = builder.load(held)
        for word in range(LANES):
            total = builder.add(total, builder.extract_element(found, ir.Constant(ir.IntType(32), word)))
        return total

    integer = types.int64
    return types.int64(row, integer, mask, digit, integer, integer), codegen


def _any_lane(builder: Any, mask: Any) -> Any:
    """Whether any of eight flags is set."""
    bits = builder.bitcast(mask, ir.IntType(LANES))
    return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))


fill_row = cast(Callable[..., None], intrinsic(_fill_row))
or_row = cast(Callable[..., None], intrinsic(_or_row))
weighted_bits = cast(Callable[..., int], intrinsic(_weighted_bits))
take_new_bits = cast(Callable[..., bool], intrinsic(_take_new_bits))
