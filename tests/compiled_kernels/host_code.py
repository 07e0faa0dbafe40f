"""From Numba's LLVM IR for a GPU to machine code for this processor, with checks or without.

Names of the device are given meanings here: thread and block indices, the barrier, libdevice's functions, atomic
operations on floats, shared memory and, in the checked build, local arrays. Before the program is optimised, every
barrier, and in the checked build every index and access, is told its place in the source, its *site*.
"""

from __future__ import annotations

import math
import re
from typing import Any

import llvmlite.binding as llvm

from compiled_kernels.kept import Code
from compiled_kernels.processor import ATOMICS, KNOWN, OF_C, header, own_part, target_machine
from compiled_kernels.sites import Sites, with_sites
from compiled_kernels.state import LOCAL_BYTES, SHARED_BYTES

__all__ = ["translate"]

_GUARD = 64
_BYTES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "half": 2, "float": 4, "double": 8}


def translate(modules: list[str], name: str, checked: bool) -> Code:
    """Machine code of a kernel that Numba has lowered (:func:`compiled_kernels.lowering.lower`)."""
    shared, local = _Arrays("shared", SHARED_BYTES), _Arrays("local", LOCAL_BYTES)
    machine = target_machine()
    program = llvm.parse_assembly(header(machine) + ATOMICS)
    for module in modules:
        text = _with_local_arrays(_for_host(module, shared), local, checked)
        program.link_in(llvm.parse_assembly(header(machine) + text))
    types = [str(each.type) for each in program.get_function(name).arguments]
    _tidy(program, machine)
    sites = Sites()
    text = "\n".join(with_sites(str(program), sites, checked)) + _start(name, types)
    program = llvm.parse_assembly(text)
    for part in ("runtime.ll", "checks.ll") if checked else ("runtime.ll",):
        program.link_in(llvm.parse_assembly(header(machine) + own_part(part)))
    if not checked:
        program.link_in(llvm.parse_assembly(header(machine) + "define void @lane_forget_shared() {\n  ret void\n}\n"))
    program.verify()
    _optimise(program, machine)
    missing = {
        each.name for each in program.functions
        if each.is_declaration and not each.name.startswith("llvm.") and each.name not in KNOWN
    }  # fmt: skip
    if missing:
        raise NotImplementedError(f"kernels here have no {', '.join(sorted(missing))} yet")
    return Code(machine.emit_object(program), tuple(sites.of.values()), tuple(shared.places.values()))


class _Arrays:
    """Arrays of a block or of a thread, which lie one after another, apart from each other."""

    def __init__(self, kind: str, limit: int) -> None:
        #: (first byte, bytes, bytes of an element) of each.
        self.places: dict[str, tuple[int, int, int]] = {}
        self._kind, self._limit = kind, limit
        self._end = _GUARD

    def add(self, name: str, kind: str) -> tuple[int, int, int]:
        """Find a place for an array of an LLVM type."""
        lengths, element = re.findall(r"\[(\d+) x", kind), kind.split(" x ")[-1].strip("] ")
        itemsize = _BYTES[element]
        size = itemsize * math.prod(map(int, lengths))
        if not size:
            raise NotImplementedError(f"kernels here have no {self._kind} memory of a size that is told at the start")
        if self._end + size > self._limit:
            raise NotImplementedError(f"kernels here have no more than {self._limit:,} bytes of {self._kind} arrays")
        self.places[name] = self._end, size, itemsize
        self._end += -(-size // _GUARD) * _GUARD + _GUARD
        return self.places[name]


def _for_host(text: str, shared: _Arrays) -> str:
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
    text = re.sub(rf'@"?__nv_({"|".join(OF_C)})"?(?=\()', r"@\1", text)
    text = re.sub(r'@"?__nv_isnan([df])"?', r"@lane_isnan\1", text)
    text = re.sub(r"^(define linkonce_odr .*?)( !dbg !\d+)?$", r"\1 alwaysinline\2", text, flags=re.M)
    return "@lane_shared = external global i8\n" * ("@lane_shared" in text) + text


def _with_local_arrays(text: str, local: _Arrays, checked: bool) -> str:
    """In the checked build arrays of a thread lie where every place has its shadow, and are not zeros at first."""

    def place(found: re.Match[str]) -> str:
        begin, size, itemsize = local.add(str(len(local.places)), found[2])
        if not checked:
            return found[0]
        return f"{found[1]} = call i8* @lane_local(i64 {begin}, i64 {size}, i64 {itemsize})"

    with_places = re.sub(r'(%"?_cudapy_lmem\S*) = alloca (\[[^,\n]*\])', place, text)
    if with_places == text:
        return text
    with_places = re.sub(r"^  store \S.* zeroinitializer, .*_cudapy_lmem.*$", "", with_places, flags=re.M)
    return with_places + "\ndeclare i8* @lane_local(i64, i64, i64)\n"


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


def _start(name: str, types: list[str]) -> str:
    """How a kernel is begun with arguments that lie in memory one after another, a word each."""
    loads = "".join(
        f"  %p{i} = getelementptr i64, ptr %arguments, i64 {i}\n  %v{i} = load {kind}, ptr %p{i}\n"
        for i, kind in enumerate(types)
    )
    given = ", ".join(f"{kind} %v{i}" for i, kind in enumerate(types))
    return f'\ndefine void @lane_kernel(ptr %arguments) {{\n{loads}  call void @"{name}"({given})\n  ret void\n}}\n'
