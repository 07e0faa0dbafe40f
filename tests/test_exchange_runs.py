"""Runs on pseudonyms: two forces give what raw ids give; tables of other keys, domains or kinds are never joined."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from exchanged import DOMAIN, KEY, OF, made

import gpunet
from gpunet.base.errors import GpunetError, InputError
from gpunet.cli.app import _code_of
from gpunet.config.config import load_config
from gpunet.exchange.keys import Key
from gpunet.exchange.pseudonyms import PERSON
from gpunet.features import compute_all
from gpunet.synthetic import write_tables
from gpunet.tables.parquet import read_parquet_metadata

OTHER = Key(bytes(range(2, 34)))
STATED = {"fingerprint": KEY.fingerprint, "domain": DOMAIN, "dates": "day"}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    write_tables(folder / "made", persons=150, seed=5, further=["ties", "victims"])
    return folder / "made"


@pytest.fixture(scope="module")
def forces(tables):
    """Files of arrests by force."""
    found: dict[str, list[Path]] = {}
    for path in sorted((tables / "arrests").rglob("*.parquet")):
        found.setdefault(path.name.partition("_")[0], []).append(path)
    return found


@pytest.fixture(scope="module")
def shared(tables, forces, tmp_path_factory):
    """What two forces have made, each by itself: one has the ties too, the other the victims."""
    folder = tmp_path_factory.mktemp("shared")
    first, *others = forces.values()
    rest = [path for paths in others for path in paths]
    made(folder / "a", first, tables / "config.toml", ties=[tables / "ties.parquet"])
    made(folder / "b", rest, tables / "config.toml", victims=[tables / "victims.parquet"])
    return folder, [*first, *rest]


def _told(frame, ids):
    """A table of raw persons in terms of pseudonyms."""
    named = pl.col(ids).cast(pl.String).map_elements(lambda text: OF.pseudonym(PERSON, text), return_dtype=pl.String)
    return frame.with_columns(named)


def _ends(frame):
    a, b = pl.col("person_a"), pl.col("person_b")
    return frame.with_columns(pl.min_horizontal(a, b).alias("person_a"), pl.max_horizontal(a, b).alias("person_b"))


@pytest.fixture(scope="module")
def both(tables, shared):
    """Features of all tables, from raw ids and from pseudonyms, in terms of these and sorted."""
    folder, raw = shared
    config, inputs = tables / "config.toml", [folder / "a" / "arrests", folder / "b" / "arrests"]
    arrests = gpunet.read_arrests(raw, config, ties=tables / "ties.parquet", victims=tables / "victims.parquet")
    joint = gpunet.read_arrests(inputs, config, ties=folder / "a/ties", victims=folder / "b/victims")
    expected, found = compute_all(arrests), compute_all(joint)
    ends = ["person_a", "person_b", "kind"]
    expected_ties = _told(_told(expected.ties, "person_a"), "person_b")
    return {
        "features": (_told(expected.features, "person_id").sort("person_id"), found.features.sort("person_id")),
        "ties": (_ends(expected_ties).sort(ends), _ends(found.ties).sort(ends)),
    }


def test_a_joint_run_gives_what_raw_ids_give(both):
    """But for what goes by the order of ids where several answers are as good: which persons are a group."""
    for one, other in both.values():
        _assert_equal(one.select(pl.exclude("^group_.*$")), other.select(pl.exclude("^group_.*$")))


@pytest.mark.xfail(reason="numbers of persons, and with them sums and groups, go by ids", strict=False)
def test_a_joint_run_has_the_same_bits(both):
    for one, other in both.values():
        assert one.equals(other)


def _assert_equal(one, other):
    """Whole numbers, texts and dates to the bit; sums of numbers as far as their order allows."""
    assert one.schema == other.schema
    for name, kind in one.schema.items():
        if kind.is_float():
            left, right = one[name], other[name]
            assert left.is_null().equals(right.is_null()), name
            assert ((left - right).abs() <= 1e-9 * left.abs().clip(1.0)).fill_null(True).all(), name
        else:
            assert one[name].equals(other[name]), name


def test_outputs_say_which_key_and_mixed_tables_are_refused_on_update(shared, tables, forces, tmp_path, capsys):
    folder, raw = shared
    first, second = folder / "a" / "arrests", folder / "b" / "arrests"
    shutil.copytree(first, tmp_path / "first")
    run = ["features", str(tmp_path / "first"), "--out", str(tmp_path / "run"), "--threads", "1", "--keep-state"]
    assert _code_of(run, False) == 0
    assert json.loads((tmp_path / "run/run.json").read_text())["input"]["pseudonyms"] == STATED
    assert read_parquet_metadata(tmp_path / "run/features.parquet")["pseudonyms"] == STATED
    update = ["update", str(tmp_path / "run"), "--out", str(tmp_path / "next"), "--threads", "1", "--add"]
    for again in ([], ["--read-again"]):
        assert _code_of([*update[:2], *again, *update[2:], str(raw[-1])], False) == 2
        assert "holds pseudonyms and" in capsys.readouterr().err
        assert not (tmp_path / "next/run.json").exists()
    assert _code_of([*update, str(second / "0001.parquet")], False) == 0
    assert json.loads((tmp_path / "next/run.json").read_text())["input"]["pseudonyms"] == STATED


def _others(folder, tables, forces):
    """Tables of arrests that cannot be joined with those of ``a``, and what is said of it."""
    path = next(iter(forces.values()))[0]
    made(folder / "key", [path], key=OTHER)
    made(folder / "domain", [path], domain="another")
    return {
        "keys": folder / "key/arrests",
        "domains": folder / "domain/arrests",
        "holds pseudonyms and": path,
        "of victims, not of arrests": folder / "victims",
    }


def test_tables_of_others_are_refused(shared, tables, forces, tmp_path):
    folder, _ = shared
    shutil.copytree(folder / "b/victims", tmp_path / "victims")
    ours = folder / "a/arrests"
    for said, other in _others(tmp_path, tables, forces).items():
        for inputs in ([ours, other], [other, ours]):
            with pytest.raises(InputError, match=said) as raised:
                gpunet.read_arrests(inputs)
            assert "NOMINAL" not in str(raised.value)
    with pytest.raises(InputError, match="ties"):
        gpunet.read_arrests(ours, tables / "config.toml", ties=folder / "b/victims")


@pytest.mark.parametrize("name", ["ties", "victims"])
def test_tables_beside_are_refused_too(name, shared, tables, forces, tmp_path):
    folder, raw = shared
    source = tables / f"{name}.parquet"
    path = next(iter(forces.values()))[0]
    made(tmp_path / "other", [path], tables / "config.toml", key=OTHER, **{name: [source]})
    for said, other in (("keys", tmp_path / "other" / name), ("holds pseudonyms and", source)):
        with pytest.raises(InputError, match=said):
            gpunet.read_arrests(folder / "a/arrests", tables / "config.toml", **{name: other})
    with pytest.raises(InputError, match="holds pseudonyms and"):
        gpunet.read_arrests(raw, tables / "config.toml", **{name: tmp_path / "other" / name})


def test_workers_refuse_them_as_well(shared, tables, forces, tmp_path):
    distributed = pytest.importorskip("distributed")
    from gpunet.cluster.reading import read_distributed

    folder, _ = shared
    shutil.copytree(folder / "b/victims", tmp_path / "victims")
    config = load_config(None)
    alone = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**alone) as cluster, distributed.Client(cluster) as client:
        for said, other in _others(tmp_path, tables, forces).items():
            with pytest.raises(InputError, match=said):
                read_distributed(client, [str(folder / "a/arrests"), str(other)], config, parts=40)
        found = read_distributed(client, [str(folder / "a/arrests")], config, parts=4)
        assert found.report.pseudonyms == STATED


def test_pseudonyms_of_persons_within_their_force_hold_it(tables, forces, tmp_path):
    config = load_config({"input": {"person_scope": "force"}})
    path = next(iter(forces.values()))[0]
    made(tmp_path / "out", [path], config)
    with pytest.raises(InputError, match='person_scope = "national"'):
        gpunet.read_arrests(tmp_path / "out/arrests", config)
    national = replace(config, input=replace(config.input, person_scope="national"))
    raw = gpunet.read_arrests(path, config)
    assert gpunet.read_arrests(tmp_path / "out/arrests", national).n_persons == raw.n_persons


def test_pseudonyms_are_not_made_twice(shared, tmp_path):
    folder, _ = shared
    with pytest.raises(InputError, match="holds pseudonyms already"):
        made(tmp_path / "out", [folder / "a/arrests"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "said", ['{"pseudonyms": 7}', '{"pseudonyms": {"domain": "x"}}', '{"pseudonyms": ', "[" * 9000]
)
def test_damaged_metadata_are_no_way_round(said, shared, tmp_path):
    folder, _ = shared
    table = pq.read_table(folder / "a/arrests/0001.parquet").replace_schema_metadata(
        {b"gpunet": said.encode() if '"pseudonyms"' in said else said.encode() + b'"pseudonyms"'}
    )
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(GpunetError, match=r"pseudonyms is damaged|pseudonyms and|its pseudonyms"):
        gpunet.read_arrests([folder / "a/arrests", tmp_path / "x.parquet"])


def test_arrow_files_tell_it_too(shared, forces, tmp_path):
    folder, raw = shared
    table = pq.read_table(folder / "a/arrests/0001.parquet")
    with pa.ipc.new_file(tmp_path / "x.arrow", table.schema) as file:
        file.write_table(table)
    assert gpunet.read_arrests(tmp_path / "x.arrow").report.pseudonyms == STATED
    with pytest.raises(InputError, match="holds pseudonyms and"):
        gpunet.read_arrests([tmp_path / "x.arrow", raw[0]])
