"""Configurations and options that are extreme, wrong, contradictory, or no configuration at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator

from scripts.hostile.case import DONE, REFUSED, USER, Case, End, Place, Step, Wrong, command, single

#: Keys by section; each meets every extreme.
_KEYS = {
    "input": (
        "columns", "incident_key", "person_scope", "null_values", "null_dates", "date_format", "id_rules", "separator",
        "skip_lines", "encoding", "sheet",
    ),
    "network": ("max_incident_size",),
    "path": ("betweenness", "epsilon", "delta", "budget", "seed", "whole_network"),
    "model": ("kind", "horizon_days", "seed", "folds", "max_rounds"),
    "cluster": ("workers", "threads", "memory_limit", "tls_ca", "unencrypted", "enable_cudf_spill"),
    "violent_offences": ("robbery", "preset"),
}  # fmt: skip

#: Values as TOML writes them.
_EXTREMES = {
    "zero": "0",
    "minus-one": "-1",
    "int64-max": str(2**63 - 1),
    "beyond-int64": str(2**63),
    "int32": str(2**31),
    "tiny": "5e-324",
    "large": "1e308",
    "infinite": "inf",
    "not-a-number": "nan",
    "empty": '""',
    "blank": '" "',
    "escape": '"\\u001b[2J\\u202e"',
    "null": '"\\u0000"',
    "long": f'"{"x" * 100_000}"',
    "stars": f'"{"*a" * 30}b"',
    "regex": '"(a+)+$["',
    "true": "true",
    "date": "2014-01-01",
    "list": "[]",
    "lists": "[[[[]]]]",
    "mixed": '["a", 1, nan]',
    "many": "[" + '"a", ' * 10_000 + "]",
    "table": "{}",
    "tables": "{a = {b = {c = 1}}}",
    "ours": '{person_id = "person_id", incident_id = "person_id"}',
}


def cases() -> Iterator[Case]:
    for section, keys in _KEYS.items():
        for key in keys:
            for name in _EXTREMES:

                def make(place: Place, section: str = section, key: str = key, name: str = name) -> Step:
                    path = place.write("c.toml", f"[{section}]\n{key} = {_EXTREMES[name]}\n")
                    verb = "features" if section in ("network", "path", "violent_offences") else "check"
                    out = ("--out", place.out) if verb == "features" else ()
                    return command(verb, place.base.table, "--config", path, *out)

                # All would be 775: each key meets every third extreme.
                if (list(_EXTREMES).index(name) + len(key)) % 3 == 0:
                    yield single(f"configurations/{section}.{key}-{name}", make)
    yield from _files()
    yield from _options()
    yield from _costly()
    for day, codes in {"2014-11-30": REFUSED, "2030-01-01": REFUSED, "2014-09-20": DONE}.items():
        yield Case(f"configurations/as-of-{day}", _beyond(day, codes))


def _beyond(day: str, codes: frozenset[int]) -> Callable[[Place], Generator[Step, End, None]]:
    """A day after the last of the data: the window is not full, which is said, or refused."""

    def play(place: Place) -> Generator[Step, End, None]:
        end = yield command(
            "run", place.base.table, "--config", place.base.config, "--as-of", day, "--out", place.out, codes=codes
        )
        if end.code == 0 and not json.loads((place.out / "run.json").read_bytes())["warnings"]:
            raise Wrong("a window that the data do not fill, and no warning")

    return play


def _files() -> Iterator[Case]:
    texts: dict[str, Callable[[], bytes]] = {
        "empty": lambda: b"",
        "noise": lambda: bytes(range(256)) * 4,
        "latin": lambda: b'[input]\nsheet = "caf\xe9"\n',
        "utf-16": lambda: "[input]\n".encode("utf-16"),
        "bom": lambda: b"\xef\xbb\xbf[input]\n",
        "null": lambda: b"[input]\0\n",
        "deep-list": lambda: b"[input]\nnull_values = " + b"[" * 50_000,
        "deep-closed": lambda: b"[input]\nnull_values = " + b"[" * 5_000 + b"]" * 5_000 + b"\n",
        "deep-table": lambda: b"[input]\ncolumns = " + b"{a = " * 5_000 + b"1" + b"}" * 5_000,
        "deep-key": lambda: b".".join([b"a"] * 5_000) + b" = 1\n",
        "deep-header": lambda: b"[" + b".".join([b"a"] * 5_000) + b"]\n",
        "long-digits": lambda: b"[path]\nseed = " + b"9" * 5_000 + b"\n",
        "long-float": lambda: b"[path]\nbudget = " + b"9" * 5_000 + b".0\n",
        "long-hex": lambda: b"[path]\nseed = 0x" + b"f" * 500_000 + b"\n",
        "long-key": lambda: b"x" * 1_000_000 + b" = 1\n",
        "many-keys": lambda: b"".join(b"k%d = 1\n" % k for k in range(50_000)),
        "many-sets": lambda: b"[violent_offences]\n" + b"".join(b's%d = ["x"]\n' % k for k in range(1000)),
        "many-patterns": lambda: (
            b'[violent_offences]\nrobbery = ["' + b'", "'.join(b"*p%d*" % k for k in range(5000)) + b'"]\n'
        ),
        "same-key": lambda: b"[model]\nseed = 1\nseed = 2\n",
        "same-section": lambda: b"[model]\n[model]\n",
        "section-is-value": lambda: b"model = 3\n",
        "section-is-list": lambda: b"[[model]]\nseed = 1\n",
        "odd-key": lambda: b'[model]\n"\\u001b[2J" = 1\n',
        "empty-key": lambda: b'[model]\n"" = 1\n',
        "empty-section": lambda: b'[""]\na = 1\n',
        "bad-escape": lambda: b'[input]\nsheet = "\\ud800"\n',
        "bad-date": lambda: b"[input]\nsheet = 2014-02-30\n",
        "open-text": lambda: b'[input]\nsheet = """' + b"x\n" * 100_000,
        "json": lambda: b'{"input": {}}\n',
        "yaml": lambda: b"input:\n  sheet: a\n",
        "carriage-returns": lambda: b"[input]\rsheet = 1\r",
        "two-columns-one": lambda: b'[input]\ncolumns = {offence = "date", date = "date"}\n',
        "columns-crossed": lambda: b'[input]\ncolumns = {person_id = "incident_id", incident_id = "person_id"}\n',
        "key-of-nothing": lambda: b'[input]\nincident_key = ["nothing"]\n',
        "key-of-person": lambda: b'[input]\nincident_key = ["person_id"]\n',
        "all-null-words": lambda: b'[input]\nnull_values = ["north", "ROBBERY", "1000085"]\n',
        "everything-absent": lambda: b'[input]\ncolumns = {date = "", offence = "", force = ""}\n',
        "set-is-all": lambda: b'[violent_offences]\nall = ["*"]\n',
        "set-is-odd": lambda: b'[violent_offences]\n"../x" = ["*"]\n',
        "set-no-pattern": lambda: b"[violent_offences]\nrobbery = []\n",
        "set-everything": lambda: b'[violent_offences]\nrobbery = ["*"]\n',
    }
    for name, make in texts.items():
        for verb in ("check", "features"):

            def step(place: Place, make: Callable[[], bytes] = make, verb: str = verb) -> Step:
                path = place.write("c.toml", make())
                out = ("--out", place.out) if verb == "features" else ()
                return command(verb, place.base.table, "--config", path, *out)

            yield single(f"configurations/file-{name}-{verb}", step)
    for name, path in {"none": "no.toml", "folder": ".", "empty": "", "null": "a\0b", "zero": "/dev/zero"}.items():
        yield single(
            f"configurations/file-is-{name}",
            lambda place, path=path: command("check", place.base.table, "--config", path, codes=REFUSED),
        )


def _options() -> Iterator[Case]:
    numbers = (
        "0",
        "-1",
        str(2**31),
        str(2**63),
        str(10**30),
        "1.5",
        "nan",
        "inf",
        "-inf",
        "",
        "x",
        "1_0",
        "\u0661",
        "0x1",
        "9" * 5000,
    )
    days = (
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "2014-02-30",
        "2014-13-01",
        "today",
        "",
        "2014-06-01 ",
        "20140601",
        "-1",
    )
    clusters = (
        "",
        "x",
        "tcp://127.0.0.1:1",
        "tls://",
        "tls://\u202e:1",
        "local:1",
        "http://127.0.0.1:1",
        "tls://127.0.0.1:99999",
        "\0",
    )
    for option, values in {
        "--threads": numbers,
        "--epsilon": numbers,
        "--delta": numbers,
        "--budget": numbers,
        "--checkpoint-seconds": numbers,
        "--as-of": days,
        "--cluster": clusters,
        "--engine": ("", "gpu", "GPU", "cuda"),
        "--betweenness": ("", "approx", "auto", "EXACT"),
    }.items():
        for k, value in enumerate(values):
            yield single(
                f"configurations/features{option}-{k}",
                lambda place, option=option, value=value: command(
                    "features", place.base.table, option, value, "--out", place.out, codes=USER
                ),
            )
    for option in ("--seed", "--horizon"):
        for k, value in enumerate(numbers):
            yield single(
                f"configurations/run{option}-{k}",
                lambda place, option=option, value=value: command(
                    "run", place.base.table, "--config", place.base.config, option, value, "--out", place.out
                ),
            )
    for k, value in enumerate(numbers):
        yield single(
            f"configurations/show--top-{k}", lambda place, value=value: command("show", place.base.run, "--top", value)
        )
        for option in ("--seed", "--persons"):
            if option == "--persons" and value == str(2**31):
                continue  # would be made, in a day
            yield single(
                f"configurations/synth{option}-{k}",
                lambda place, option=option, value=value: command(
                    "synth", "--persons", 100, option, value, "--out", place.out, codes=USER, resident=2048
                ),
            )
    clashes: dict[str, Callable[[Place], tuple[object, ...]]] = {
        "nothing": lambda place: (),
        "unknown": lambda place: ("explode",),
        "unknown-option": lambda place: ("features", place.base.table, "--out", place.out, "--no-such", "1"),
        "no-out": lambda place: ("features", place.base.table),
        "no-input": lambda place: ("features", "--out", place.out),
        "empty-out": lambda place: ("features", place.base.table, "--out", ""),
        "empty-input": lambda place: ("features", "", "--out", place.out),
        "empty-among": lambda place: ("features", place.base.table, "", "--out", place.out),
        "null-out": lambda place: ("features", place.base.table, "--out", "a\0b"),
        "here": lambda place: ("features", place.base.table, "--out", "."),
        "root": lambda place: ("features", place.base.table, "--out", "/"),
        "resume-and-out": lambda place: ("features", "--resume", place.out, "--out", place.out),
        "resume-and-input": lambda place: ("features", place.base.table, "--resume", place.out),
        "resume-nothing": lambda place: ("run", "--resume", place.out),
        "resume-empty": lambda place: ("run", "--resume", ""),
        "resume-file": lambda place: ("run", "--resume", place.base.table),
        "resume-start-over": lambda place: ("run", "--resume", place.out, "--start-over"),
        "json-and-write": lambda place: ("check", place.base.table, "--json", "--write-config", place.root / "c.toml"),
        "write-config-empty": lambda place: ("check", place.base.table, "--write-config", ""),
        "many-inputs": lambda place: ("check", *["nothing.csv"] * 20_000),
        "score-nothing": lambda place: ("score",),
        "score-empty": lambda place: ("score", "--model", "", "--features", "", "--out", ""),
        "score-crossed": lambda place: (
            "score", "--features", place.base.model(), "--model", place.base.features / "features.parquet",
            "--out", place.root / "s.parquet",
        ),
        "long-option": lambda place: ("features", f"--{'x' * 100_000}"),
        "odd-option": lambda place: ("features", "--\x1b[2J\u202e"),
        "surrogate": lambda place: ("features", "\udcff\udcfe", "--out", place.out),
    }  # fmt: skip
    for name, make in clashes.items():
        good = name in ("json-and-write",)
        yield single(
            f"configurations/clash-{name}",
            lambda place, make=make, good=good: _given(make(place), USER if good else REFUSED),
        )


def _given(argv: tuple[object, ...], codes: frozenset[int]) -> Step:
    return Step(argv=argv, codes=codes)


def _costly() -> Iterator[Case]:
    """What is allowed and would take more than there is: said before it is begun, or done in bounds."""

    def crowd(persons: int, cap: int, memory: int) -> Callable[[Place], Step]:
        def make(place: Place) -> Step:
            lines = "".join(f"{k},1,2014-01-01,ROBBERY\n" for k in range(persons))
            table = place.write("a.csv", f"person_id,incident_id,date,offence\n{lines}")
            config = place.write("c.toml", f"[network]\nmax_incident_size = {cap}\n")
            return command("features", table, "--config", config, "--out", place.out, memory=memory)

        return make

    yield single("configurations/crowd-60000", crowd(60_000, 10**6, 1500))
    yield single("configurations/crowd-20000", crowd(20_000, 10**6, 1500))
    yield single("configurations/crowd-under-cap", crowd(60_000, 50, 1500))
    for key, value in {"max_rounds": 1_000_000, "folds": 1000, "horizon_days": 36_525}.items():

        def make(place: Place, key: str = key, value: int = value) -> Step:
            config = place.write("c.toml", f"[model]\n{key} = {value}\n")
            return command("run", place.base.table, "--config", config, "--out", place.out)

        yield single(f"configurations/run-{key}", make)
