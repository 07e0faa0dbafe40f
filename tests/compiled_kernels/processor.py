"""What kernels find on this processor: its registers and functions in place of a device's, stacks, and the checks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from compiled_kernels.state import LOCAL_BYTES, STATE_SYMBOLS

__all__ = ["ATOMICS", "KNOWN", "OF_C", "header", "own_part", "target_machine"]

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
llvm.initialize_native_asmparser()

_HERE = Path(__file__).parent
_TRIPLE = llvm.get_process_triple()

# How a stack is left for another: the instructions, the bytes that a new stack begins with, and where in them the
# address lies at which it begins.
_SWITCHES = {
    "x86_64": (
        "pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15; movq %rsp, (%rdi); movq %rsi, %rsp; "
        "popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp; retq",
        64,
        48,
    ),
    "aarch64": (
        "sub sp, sp, #160; stp x19, x20, [sp]; stp x21, x22, [sp, #16]; stp x23, x24, [sp, #32]; "
        "stp x25, x26, [sp, #48]; stp x27, x28, [sp, #64]; stp x29, x30, [sp, #80]; stp d8, d9, [sp, #96]; "
        "stp d10, d11, [sp, #112]; stp d12, d13, [sp, #128]; stp d14, d15, [sp, #144]; mov x9, sp; str x9, [x0]; "
        "mov sp, x1; ldp x19, x20, [sp]; ldp x21, x22, [sp, #16]; ldp x23, x24, [sp, #32]; ldp x25, x26, [sp, #48]; "
        "ldp x27, x28, [sp, #64]; ldp x29, x30, [sp, #80]; ldp d8, d9, [sp, #96]; ldp d10, d11, [sp, #112]; "
        "ldp d12, d13, [sp, #128]; ldp d14, d15, [sp, #144]; add sp, sp, #160; ret",
        160,
        88,
    ),
}

# Special registers: (field of the state, or None; what it is then).
_REGISTERS = {
    **{f"tid_{d}": (0, 0) if d == "x" else (None, 0) for d in "xyz"},
    **{f"ntid_{d}": (1, 0) if d == "x" else (None, 1) for d in "xyz"},
    **{f"ctaid_{d}": (2, 0) if d == "x" else (None, 0) for d in "xyz"},
    **{f"nctaid_{d}": (3, 0) if d == "x" else (None, 1) for d in "xyz"},
}

# Functions of libdevice that the C library has under this name.
OF_C = ("ldexp", "frexp", "sqrt", "exp", "log", "pow", "floor", "ceil", "fabs", "fmod", "fmin", "fmax")

ATOMICS = "\n".join(
    f"define linkonce_odr {kind} @{name}(ptr %place, {kind} %value) alwaysinline {{\n"
    f"  %old = atomicrmw {operation} ptr %place, {kind} %value monotonic\n  ret {kind} %old\n}}"
    for size, kind, word in ((32, "float", "float"), (64, "double", "double"))
    for name, operation in (
        (f"lane_add_f{size}", "fadd"),
        (f"___numba_atomic_{word}_sub", "fsub"),
        (f"___numba_atomic_{word}_max", "fmax"),
        (f"___numba_atomic_{word}_min", "fmin"),
    )
)

#: Names that need no definition in a kernel's program.
KNOWN = {"lane_switch", *OF_C, "memset", "memcpy", "memmove", *STATE_SYMBOLS}


def target_machine() -> Any:
    """What LLVM compiles for."""
    return llvm.Target.from_triple(_TRIPLE).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,
        jit=True,
        codemodel="large",
    )


def header(machine: Any) -> str:
    """How a module of LLVM IR for this processor begins."""
    return f'target triple = "{_TRIPLE}"\ntarget datalayout = "{machine.target_data}"\n'


def own_part(part: str) -> str:
    """LLVM IR of runtime.ll or checks.ll, for this processor."""
    text = (_HERE / part).read_text(encoding="utf-8")
    if part == "checks.ll":
        text = text.replace("define internal ", "define ")
        state = re.search(r"^%state = .*$", (_HERE / "runtime.ll").read_text(encoding="utf-8"), re.M)
        assert state is not None
        outside = "@lane_state = external global %state\n@lane_locals = external global i8\n"
        fault = "declare void @lane_fault(i64, i64, i64, i64)\n"
        return f"{state[0]}\n{outside}{fault}{text.replace('LOCAL_BYTES', str(LOCAL_BYTES))}"
    kind = _TRIPLE.split("-")[0]
    if kind not in _SWITCHES:
        raise NotImplementedError(f"kernels run on {' and '.join(_SWITCHES)}, not on {kind}")
    switch, frame, back = _SWITCHES[kind]
    instructions = f".text; .globl lane_switch; lane_switch:; {switch}".replace("; ", r"\0A")
    text = text.replace("SWITCH", instructions)
    text = text.replace("FRAME", str(frame)).replace("RETURN", str(back))
    return text + _registers() + _IS_NAN


def _registers() -> str:
    return "".join(
        f"define i32 @lane_{name}() alwaysinline {{\n"
        + (
            f"  ret i32 {value}\n"
            if field is None
            else f"  %at = getelementptr %state, ptr @lane_state, i32 0, i32 {field}\n  %held = load i64, ptr %at\n"
            "  %word = trunc i64 %held to i32\n  ret i32 %word\n"
        )
        + "}\n"
        for name, (field, value) in _REGISTERS.items()
    )


_IS_NAN = "".join(
    f"define i32 @lane_isnan{letter}({kind} %x) alwaysinline {{\n  %nan = fcmp uno {kind} %x, %x\n"
    "  %word = zext i1 %nan to i32\n  ret i32 %word\n}\n"
    for letter, kind in (("f", "float"), ("d", "double"))
)
