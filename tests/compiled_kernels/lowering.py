"""Numba's part: kernels to LLVM IR as for a GPU, without a device, a driver or NVVM.

It works with the CUDA that Numba brings and with the package numba-cuda, which takes its place where it is installed.
Every index is followed by a call of ``lane_bounds(index, length)``, which :mod:`compiled_kernels.host_code` fills in or
leaves out, and every instruction has its line in the source.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

from llvmlite import ir
from numba import cuda, types  # noqa: TID251
from numba.core import typing
from numba.cuda import compiler, dispatcher  # noqa: TID251
from numba.cuda.cudadrv import nvvm  # noqa: TID251
from numba.cuda.target import CUDATargetContext  # noqa: TID251

try:
    from numba.cuda import cgutils  # noqa: TID251
except ImportError:
    from numba.core import cgutils

__all__ = ["CAPABILITY", "CUDA_FILE", "jit_device", "lower", "set_up"]

#: The device that kernels are compiled for: H100 and H200.
CAPABILITY = (9, 0)

#: Numba's own CUDA or numba-cuda's.
CUDA_FILE = cuda.__file__

_jit = cuda.jit


def set_up() -> None:
    """Let Numba compile for a device that is not there, and check every index."""
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=CAPABILITY)
    nvvm.NVVM = _Nvvm
    of_target = CUDATargetContext.DIBuilder.fget(None)
    _check_every_index()
    CUDATargetContext.DIBuilder = property(lambda _: _lines_alone(of_target))
    if hasattr(dispatcher.CUDADispatcher, "get_call_template"):
        _pack_variable_arguments()


class _Nvvm:
    """What lowering asks of NVVM, for which the library itself is not needed."""

    data_layout = nvvm._datalayout_i128 if hasattr(nvvm, "_datalayout_i128") else nvvm.NVVM.data_layout

    @staticmethod
    def get_ir_version() -> tuple[int, int, int, int]:
        return 2, 0, 3, 1


@cache
def _lines_alone(of_target: type) -> type:
    """Debug information without variables and types, which would double the time that lowering takes."""

    class Lines(of_target):  # type: ignore[misc]
        def mark_variable(self, *given: Any, **named: Any) -> None:
            pass

        def _di_subroutine_type(self, line: int, function: Any, argmap: Any) -> Any:
            return self.module.add_debug_info("DISubroutineType", {"types": self.module.add_metadata([])})

    return Lines


def _check_every_index() -> None:
    item_pointer = cgutils.get_item_pointer
    on_cpu = cgutils.do_boundscheck

    def checked_pointer(context: Any, *given: Any, **named: Any) -> Any:
        if isinstance(context, CUDATargetContext):  # atomics leave the check out
            named["boundscheck"] = True
        return item_pointer(context, *given, **named)

    def check(context: Any, builder: Any, index: Any, length: Any, axis: Any = None) -> None:
        if not isinstance(context, CUDATargetContext):
            on_cpu(context, builder, index, length, axis)
            return
        word = ir.IntType(64)
        bounds = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [word] * 2), "lane_bounds"
        )
        builder.call(bounds, [index, length])

    cgutils.get_item_pointer = checked_pointer
    cgutils.do_boundscheck = check
    CUDATargetContext.enable_boundscheck = property(lambda _: True)


def _pack_variable_arguments() -> None:
    """Calls of functions with ``*arguments``, as ``min`` is one: Numba's own CUDA forgets to make a tuple of them."""
    of = dispatcher.CUDADispatcher.get_call_template

    def template(self: Any, args: Any, kws: Any) -> Any:
        signature = inspect.signature(self.py_func)
        if any(each.kind == each.VAR_POSITIONAL for each in signature.parameters.values()):
            args = typing.fold_arguments(
                signature, args, kws, lambda _, __, given: given, lambda _, __, given: types.Omitted(given),
                lambda _, __, given: types.StarArgTuple(given),
            )  # fmt: skip
            kws = {}
        return of(self, args, kws)

    dispatcher.CUDADispatcher.get_call_template = template


def jit_device(function: Callable[..., Any]) -> Any:
    """A function that kernels call."""
    return _jit(device=True, lineinfo=True)(function)


def lower(function: Callable[..., None], arguments: tuple[Any, ...]) -> tuple[list[str], str]:
    """Modules of LLVM IR, and the name of the kernel in them."""
    code = function.__code__
    if hasattr(compiler, "_compile_pyfunc_with_fixup"):  # numba-cuda
        library, _ = compiler._compile_pyfunc_with_fixup(
            function, arguments, debug=False, lineinfo=True, device=False, fastmath=False, cc=CAPABILITY, opt=None,
            abi="numba", abi_info=None, forceinline=False, launch_bounds=None, lto=False,
        )  # fmt: skip
        return library.llvm_strs, library._entry_name
    options = {"opt": 3, "fastmath": False}
    made = compiler.compile_cuda(
        function, types.void, arguments, lineinfo=True, fastmath=False, nvvm_options=options, cc=CAPABILITY
    )
    library, _ = made.target_context.prepare_cuda_kernel(
        made.library, made.fndesc, False, True, options, code.co_filename, code.co_firstlineno
    )
    return library.llvm_strs, library._entry_name
