"""Every file of a run on pseudonyms is that of the run on raw ids, but for what docs/exchange.md lists."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from exchanged import DOMAIN, KEY, OF, made

from gpunet.cli.app import _code_of
from gpunet.exchange.pseudonyms import PERSON
from gpunet.report import dependence
from gpunet.synthetic import write_tables

#: What tells of the files that were read and written, of what was rejected there, and of times and memory.
OF_READING = {"figures/files_read.csv", "figures/rows_of_ties.csv", "figures/rejected_of_ties.csv"}
OF_WORK = {"figures/stages.csv", "figures/files_written.csv"}
REJECTED = {"rejected.parquet", "rejected_ties.parquet", "rejected_victims.parquet"}

IDS = ("person_id", "person_a", "person_b")


def _told(frame: pl.DataFrame) -> pl.DataFrame:
    """Raw persons as the pseudonyms that they become, texts and whole numbers alike."""
    named = {
        name: [OF.pseudonym(PERSON, str(of)) for of in frame[name].to_list()] for name in IDS if name in frame.columns
    }
    return frame.with_columns(**{name: pl.Series(name, of, pl.String) for name, of in named.items()})


def _sorted(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows by id, and of each tie the smaller id first."""
    if "person_a" in frame.columns:
        a, b = pl.col("person_a"), pl.col("person_b")
        frame = frame.with_columns(person_a=pl.min_horizontal(a, b), person_b=pl.max_horizontal(a, b))
    keys = [name for name in (*IDS, "kind") if name in frame.columns]
    return frame.sort(keys) if keys else frame


@pytest.fixture(scope="module")
def runs(tmp_path_factory: Any) -> tuple[Path, Path]:
    """A forecast on raw ids of two forces with ties and victims, and the one on what each of them has given out."""
    folder = tmp_path_factory.mktemp("runs")
    tables = folder / "made"
    write_tables(tables, persons=1500, seed=2, further=["ties", "victims"])
    by_force: dict[str, list[Path]] = {}
    for path in sorted((tables / "arrests").rglob("*.parquet")):
        by_force.setdefault(path.name.partition("_")[0], []).append(path)
    first, *others = by_force.values()
    rest = [path for paths in others for path in paths]
    config = tables / "config.toml"
    made(folder / "a", first, config, ties=[tables / "ties.parquet"])
    made(folder / "b", rest, config, victims=[tables / "victims.parquet"])
    raw = [str(path) for path in (*first, *rest)]
    joint = [str(folder / "a" / "arrests"), str(folder / "b" / "arrests")]
    beside = {
        "raw": ["--ties", str(tables / "ties.parquet"), "--victims", str(tables / "victims.parquet")],
        "joint": ["--ties", str(folder / "a" / "ties"), "--victims", str(folder / "b" / "victims")],
    }
    settings = config.read_text(encoding="utf-8")
    config.write_text(
        f"{settings}\n[model]\nmax_rounds = 20\nfolds = 2\n[evaluate]\nbootstrap = 50\n", encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dependence, "_SAMPLE", 500)  # of some 4,000
        for name, inputs in (("raw", raw), ("joint", joint)):
            words = ["run", *inputs, "--out", str(folder / name), "--config", str(config), "--threads", "1"]
            assert _code_of([*words, *beside[name]], False) == 0
    return folder / "raw", folder / "joint"


def _files(run: Path, suffix: str) -> dict[str, Path]:
    return {path.relative_to(run).as_posix(): path for path in run.rglob(f"*{suffix}")}


def test_both_wrote_the_same_files(runs: tuple[Path, Path]) -> None:
    raw, joint = (set(_files(run, "")) for run in runs)
    assert raw - OF_READING == joint - OF_READING
    assert {"top.csv", "report.html", "figures/largest_component.csv", "model.ubj"} <= raw
    suffixes = {Path(name).suffix for name in raw if (runs[0] / name).is_file()}
    assert suffixes == {".parquet", ".csv", ".json", ".html", ".ubj"}  # all of which are compared below


def test_the_model_finds_something(runs: tuple[Path, Path]) -> None:
    """Or what is equal here would say little."""
    assert pl.read_parquet(runs[0] / "scores.parquet")["probability"].n_unique() > 20


def test_tables_are_equal(runs: tuple[Path, Path]) -> None:
    raw, joint = (_files(run, ".parquet") for run in runs)
    for name in raw.keys() - REJECTED:
        one, other = _sorted(_told(pl.read_parquet(raw[name]))), _sorted(pl.read_parquet(joint[name]))
        assert one.schema == other.schema, name
        assert one.equals(other), name


def test_figures_and_lists_are_equal_row_by_row(runs: tuple[Path, Path]) -> None:
    raw, joint = (_files(run, ".csv") for run in runs)
    for name in raw.keys() - OF_READING - OF_WORK:
        one, other = (pl.read_csv(files[name], infer_schema=False) for files in (raw, joint))
        assert _told(one).equals(other), name
    read = [pl.read_csv(files["figures/files_read.csv"]).drop("file", "sha256") for files in (raw, joint)]
    assert read[0].equals(read[1])


def test_models_and_names_of_features_have_the_same_bytes(runs: tuple[Path, Path]) -> None:
    for name in ("model.ubj", "features.json"):
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name


def test_run_json_is_equal(runs: tuple[Path, Path]) -> None:
    raw, joint = (json.loads((run / "run.json").read_text(encoding="utf-8")) for run in runs)
    assert joint["input"].pop("pseudonyms") == {"fingerprint": KEY.fingerprint, "domain": DOMAIN, "dates": "day"}
    assert raw["outputs"].keys() == joint["outputs"].keys()
    for name in ("ties", "victims"):
        assert joint["input"][name].pop("pseudonyms")["domain"] == DOMAIN
    for found in (raw, joint):
        del found["execution"], found["outputs"]
        for name in ("ties", "victims"):  # where they lie, and of ties what is not used and so not given out
            del found["config"]["input"][name]
            read = found["input"][name]
            del read["rejected_by_reason"]
            for rows in (read["rows"], *(file["rows"] for file in read["files"])):
                assert rows.pop("read") - rows.pop("rejected") == rows["accepted"] + rows["duplicate"] > 1000
        for read in (found["input"], found["input"]["ties"], found["input"]["victims"]):
            for file in read["files"]:
                del file["name"], file["sha256"], file["bytes"]
    assert raw == joint


#: What a report tells of the files that were read and written, of what was rejected there, and of times and memory:
#: figures, and single lines. The names of files are replaced.
FIGURES = r'<figure id="figure-(?:rejected_of_ties|stages|files_written)">.*?</figure>'
LINES = r"It took [^<]*|.*rejected: cannot be used, or not to be.*"
NAMES = r"<bdi>[^<]*/arrests/[\w-]+\.parquet</bdi>"


def _sections(page: str) -> dict[str, list[str]]:
    """Each section of a page as it reads, and "" for what is around them, with pictures.

    Without what can be saved, which are the CSV files, and what tells of the above.
    """
    text = re.sub(r'"data:text/csv[^"]*"', '""', page)
    text = re.sub(NAMES, "<bdi>FILE</bdi>", re.sub(LINES, "", re.sub(FIGURES, "", text, flags=re.DOTALL)))
    section = re.compile(r'<section id="(\w+)"[^>]*>(.*?)</section>', re.DOTALL)
    bodies = {"": section.sub("", text), **dict(section.findall(text))}
    return {name: [line for line in body.splitlines() if line] for name, body in bodies.items()}


def test_the_report_is_equal(runs: tuple[Path, Path]) -> None:
    """Every picture to the bit; what is saved from it are the files that were compared."""
    raw, joint = ((run / "report.html").read_text(encoding="utf-8") for run in runs)
    one, other = _sections(raw), _sections(joint)
    told = {"", "asked", "network", "layers", "forecast", "drivers", "certainty", "computed"}
    assert one.keys() == other.keys() >= told
    for name in one:
        assert one[name] == other[name], name
    svg = [re.findall(r"<svg.*?</svg>", page, re.DOTALL) for page in (raw, joint)]
    assert len(svg[0]) > 5
    assert svg[0] == svg[1]
    for run, page in zip(runs, (raw, joint), strict=True):
        saved = dict(re.findall(r'download="(\w+\.csv)" href="data:text/csv;charset=utf-8;base64,([^"]*)"', page))
        assert len(saved) > 10
        for name, data in saved.items():
            assert base64.b64decode(data) == (run / "figures" / name).read_bytes()


def test_report_json_is_equal(runs: tuple[Path, Path]) -> None:
    raw, joint = (json.loads((run / "report.json").read_text(encoding="utf-8")) for run in runs)
    outputs = [found["outputs"] for found in (raw, joint)]
    differ = {name for name in {**outputs[0], **outputs[1]} if outputs[0].get(name) != outputs[1].get(name)}
    assert differ <= {"report.html", "figures/largest_component.csv"} | OF_READING | OF_WORK
    for found in (raw, joint):
        del found["outputs"], found["run_sha256"]
    assert raw == joint
