"""From Numba's LLVM IR for a GPU to machine code for this processor, with checks or without.

Names of the device are given meanings here: thread and block indices, the barrier, libdevice's functions, atomic
operations on floats, shared memory. Before the program is optimised, every barrier, and in the checked build every
index and access, is told its place in the source, its *site*.
"""

from __future__ import annotations

import base64
import json
import linecache
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from compiled_kernels.state import STATE_SYMBOLS

__all__ = ["ANY_ORDER", "Code", "Site", "translate"]

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
llvm.initialize_native_asmparser()

#: What a line says whose accesses may meet others' without a barrier, since any order will do.
ANY_ORDER = "any order"

_ATOMIC = 1 << 19
_GUARD = 64

_HERE = Path(__file__).parent
_TRIPLE = llvm.get_process_triple()
_BYTES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "half": 2, "float": 4, "double": 8}

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
_OF_C = ("ldexp", "frexp", "sqrt", "exp", "log", "pow", "floor", "ceil", "fabs", "fmod", "fmin", "fmax")

_ATOMICS = "\n".join(
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


@dataclass(frozen=True)
class Site:
    """A place in the source."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"

    @property
    def text(self) -> str:
        """The line."""
        return linecache.getline(self.file, self.line).strip()

    def has_any_order(self) -> bool:
        """Whether the line, or a comment right above it, says that any order will do."""
        said = self.text
        line = self.line - 1
        while (above := linecache.getline(self.file, line).strip()).startswith("#"):
            said += above
            line -= 1
        return ANY_ORDER in said.lower()


@dataclass(frozen=True)
class Code:
    """A kernel for this processor."""

    machine_code: bytes
    sites: tuple[Site, ...]
    #: (first byte, bytes, bytes of an element) of every array in shared memory.
    shared: tuple[tuple[int, int, int], ...]

    def write(self, path: Path) -> None:
        """Keep it in a file, if the folder can be written to."""
        kept = {
            "machine_code": base64.b64encode(self.machine_code).decode(),
            "sites": [(site.file, site.line) for site in self.sites],
            "shared": self.shared,
        }
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(kept), encoding="utf-8")
            part.replace(path)

    @classmethod
    def read(cls, path: Path) -> Code:
        """What :meth:`write` has kept."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        sites = tuple(Site(*site) for site in kept["sites"])
        shared = tuple((begin, size, itemsize) for begin, size, itemsize in kept["shared"])
        return cls(base64.b64decode(kept["machine_code"]), sites, shared)


def translate(modules: list[str], name: str, checked: bool) -> Code:
    """Machine code of a kernel that Numba has lowered (:func:`compiled_kernels.lowering.lower`)."""
    shared = _Shared()
    machine = _target()
    program = llvm.parse_assembly(_header(machine) + _ATOMICS)
    for module in modules:
        program.link_in(llvm.parse_assembly(_for_host(module, shared, machine)))
    types = [str(each.type) for each in program.get_function(name).arguments]
    _tidy(program, machine)
    sites = _Sites()
    text = "\n".join(_with_sites(str(program), sites, checked)) + _start(name, types)
    program = llvm.parse_assembly(text)
    for part in ("runtime.ll", "checks.ll") if checked else ("runtime.ll",):
        program.link_in(llvm.parse_assembly(_header(machine) + _own(part)))
    if not checked:
        program.link_in(llvm.parse_assembly(_header(machine) + "define void @lane_forget_shared() {\n  ret void\n}\n"))
    program.verify()
    _optimise(program, machine)
    missing = {
        each.name for each in program.functions
        if each.is_declaration and not each.name.startswith("llvm.") and each.name not in _KNOWN
    }  # fmt: skip
    if missing:
        raise NotImplementedError(f"kernels here have no {', '.join(sorted(missing))} yet")
    return Code(machine.emit_object(program), tuple(sites.of.values()), tuple(shared.places.values()))


_KNOWN = {"lane_switch", *_OF_C, "memset", "memcpy", "memmove", *STATE_SYMBOLS}


def _target() -> Any:
    return llvm.Target.from_triple(_TRIPLE).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,
        jit=True,
        codemodel="large",
    )


def _header(machine: Any) -> str:
    return f'target triple = "{_TRIPLE}"\ntarget datalayout = "{machine.target_data}"\n'


class _Shared:
    """Arrays in shared memory, which lie one after another, apart from each other."""

    def __init__(self) -> None:
        self.places: dict[str, tuple[int, int, int]] = {}
        self._end = _GUARD

    def add(self, name: str, kind: str) -> None:
        lengths, element = re.findall(r"\[(\d+) x", kind), kind.split(" x ")[-1].strip("] ")
        size = _BYTES[element]
        total = size
        for length in lengths:
            total *= int(length)
        if not total:
            raise NotImplementedError("kernels here have no shared memory of a size that is told at the start")
        self.places[name] = (self._end, total, size)
        self._end += -(-total // _GUARD) * _GUARD + _GUARD


def _for_host(text: str, shared: _Shared, machine: Any) -> str:
    """A module of Numba's with this processor's names."""
    for name, kind in re.findall(r"^(@\S+) = (?:external )?addrspace\(3\) global (\[.*?\])(?: undef)?,", text, re.M):
        shared.add(name, kind)
    text = re.sub(r"^@\S+ = (?:external )?addrspace\(3\) global .*$", "", text, flags=re.M)
    text = re.sub(
        r"addrspacecast \S.*? addrspace\(3\)\s?\*? ?(@\S+) to \S+",
        lambda found: f"getelementptr i8, i8* @lane_shared, i64 {shared.places[found[1]][0]} ",
        text,
    )
    text = re.sub(r"addrspacecast (\S.*?) addrspace\(4\)\s?\*? ?(@\S+) to (\S+)", r"bitcast \1* \2 to \3", text)
    text = text.replace("= addrspace(4) ", "= ")
    text = re.sub(r"^.*@\"?llvm\.dbg\.(?:declare|value).*$", "", text, flags=re.M)
    text = re.sub(r"^!nvvm\.annotations .*$", "", text, flags=re.M)
    text = re.sub(r"^target (?:triple|datalayout) .*$", "", text, flags=re.M)
    text = re.sub(r'@"llvm\.nvvm\.read\.ptx\.sreg\.(\w+)\.(\w)"', r"@lane_\1_\2", text)
    text = re.sub(r'@"llvm\.nvvm\.barrier0"', "@lane_barrier", text)
    text = re.sub(r'@"llvm\.nvvm\.barrier\.cta\.sync\.aligned\.all"\(i32 (?:0|%"\.1")\)', "@lane_barrier()", text)
    text = text.replace("declare void @lane_barrier()", "declare void @lane_barrier() convergent nomerge")
    text = re.sub(r'@"llvm\.nvvm\.atomic\.load\.add\.f(\d+)\.p0f\d+"', r"@lane_add_f\1", text)
    text = re.sub(rf'@"?__nv_({"|".join(_OF_C)})"?(?=\()', r"@\1", text)
    text = re.sub(r'@"?__nv_isnan([df])"?', r"@lane_isnan\1", text)
    text = re.sub(r"^(define linkonce_odr .*?)( !dbg !\d+)?$", r"\1 alwaysinline\2", text, flags=re.M)
    return _header(machine) + "@lane_shared = external global i8\n" * ("@lane_shared" in text) + text


def _tidy(program: Any, machine: Any) -> None:
    """One function, whose variables are values, not memory: each copy of a barrier or an access has a site then."""
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.run(program, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(1)))


def _optimise(program: Any, machine: Any) -> None:
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(2))
    builder.getModulePassManager().run(program, builder)


class _Sites:
    """Numbers of places in the source, from 1 on."""

    def __init__(self) -> None:
        self.of: dict[str, Site] = {}
        self._number: dict[str, int] = {}

    def number(self, place: str, site: Site) -> int:
        if place not in self._number:
            self._number[place] = len(self._number) + 1
            self.of[place] = site
        return self._number[place]


_POINTER = r"ptr ((?:%|@)[^\s,]+|getelementptr [^(]*\(.*?\))"
_ACCESSES = (
    (re.compile(rf"^\s+%\S+ = load (?!atomic)\S.*?, {_POINTER}(?:,|$)"), "read", 0),
    (re.compile(rf"^\s+store .*, {_POINTER}(?:, align|, !|$)"), "write", 0),
    (re.compile(rf"^\s+%\S+ = atomicrmw (?:volatile )?\w+ {_POINTER},"), "change", _ATOMIC),
    (re.compile(rf"^\s+%\S+ = cmpxchg (?:weak )?{_POINTER},"), "change", _ATOMIC),
)


def _with_sites(text: str, sites: _Sites, checked: bool) -> Iterator[str]:
    """The program's lines with a site at every barrier, and in the checked build at every index and access."""
    places = _places(text)
    barriers = 0
    for line in text.splitlines():
        if line.startswith(("!llvm.dbg.cu", "!nvvm", "declare void @lane_bounds", "declare void @lane_barrier")):
            continue
        found = re.search(r", !dbg !(\d+)", line)
        place = found[1] if found else ""
        bare = re.sub(r",? !dbg !\d+", "", line)
        if "call void @lane_barrier()" in bare:
            barriers += 1
            site = sites.number(f"barrier {barriers}", places.get(place, Site("", 0)))
            yield f"  call void @lane_wait(i64 {site})"
        elif "call void @lane_bounds(" in bare:
            if checked:
                site = sites.number(place, places.get(place, Site("", 0)))
                yield re.sub(r"@lane_bounds\((.*)\).*", rf"@lane_index(\1, i64 {site})", bare)
        else:
            if checked:
                for pattern, what, flag in _ACCESSES:
                    if access := pattern.match(bare):
                        site = sites.number(place, places.get(place, Site("", 0)))
                        if place in places and places[place].has_any_order():
                            flag |= _ATOMIC
                        yield f"  call void @lane_{what}(ptr {access[1]}, i64 {site | flag})"
            yield bare
    yield "declare void @lane_wait(i64)"
    if checked:
        yield "declare void @lane_index(i64, i64, i64)"
        for what in ("read", "write", "change"):
            yield f"declare void @lane_{what}(ptr, i64)"


def _places(text: str) -> dict[str, Site]:
    """The places in the source that numbers of debug information stand for."""
    files = dict[str, str]()
    scopes = dict[str, str]()
    for number, body in re.findall(r"^!(\d+) = (?:distinct )?(!DI(?:File|Subprogram|LexicalBlock)\(.*\))$", text, re.M):
        if body.startswith("!DIFile"):
            name, folder = (re.search(rf'{key}: "([^"]*)"', body) for key in ("filename", "directory"))
            files[number] = str(Path(folder[1] if folder else "") / (name[1] if name else ""))
        elif found := re.search(r"\bfile: !(\d+)", body):
            scopes[number] = found[1]
    return {
        number: Site(files.get(scopes.get(scope, ""), ""), int(line))
        for number, line, scope in re.findall(
            r"^!(\d+) = (?:distinct )?!DILocation\(line: (\d+).*?scope: !(\d+)", text, re.M
        )
    }


def _start(name: str, types: list[str]) -> str:
    """How a kernel is begun with arguments that lie in memory one after another, a word each."""
    loads = "".join(
        f"  %p{i} = getelementptr i64, ptr %arguments, i64 {i}\n  %v{i} = load {kind}, ptr %p{i}\n"
        for i, kind in enumerate(types)
    )
    given = ", ".join(f"{kind} %v{i}" for i, kind in enumerate(types))
    return f'\ndefine void @lane_kernel(ptr %arguments) {{\n{loads}  call void @"{name}"({given})\n  ret void\n}}\n'


def _own(part: str) -> str:
    text = (_HERE / part).read_text(encoding="utf-8")
    if part == "checks.ll":
        text = text.replace("define internal ", "define ")
        state = re.search(r"^%state = .*$", (_HERE / "runtime.ll").read_text(encoding="utf-8"), re.M)
        assert state is not None
        return f"{state[0]}\n@lane_state = external global %state\ndeclare void @lane_fault(i64, i64, i64, i64)\n{text}"
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
