"""Runs on pseudonyms: two forces give what raw ids give; tables of other keys, domains or kinds are never joined."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from exchanged import DOMAIN, KEY, OF, facts, made

import gpunet
from gpunet.base.errors import GpunetError, InputError
from gpunet.cli.app import _code_of
from gpunet.cli.audits import run_audit
from gpunet.cli.flags import run_flags
from gpunet.cli.run import run_features, run_forecast
from gpunet.cli.updates import run_update
from gpunet.config.config import load_config
from gpunet.evaluate.side_tables import read_victims
from gpunet.exchange.keys import Key
from gpunet.exchange.pseudonyms import PERSON
from gpunet.features import compute_all
from gpunet.governance.retention import retained_under
from gpunet.runs.run_options import RunOptions
from gpunet.synthetic import write_tables
from gpunet.tables.parquet import read_parquet_metadata, write_parquet

OTHER = Key(bytes(range(2, 34)))
GIVEN = {"purpose": "p", "legal_basis": "l", "controller": "c"}
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
        "groups": (_told(expected.groups, "person_id").sort("person_id"), found.groups.sort("person_id")),
    }


@pytest.mark.parametrize("name", ["features", "ties", "groups"])
def test_a_joint_run_gives_what_raw_ids_give(name, both):
    """To the bit, but for the ids."""
    one, other = both[name]
    assert one.schema == other.schema
    for column in one.columns:
        assert one[column].equals(other[column]), column


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


def test_notes_beside_tables_go_without_a_word(forces, tmp_path):
    """And the tables say of which key they are, as ever."""
    paths = [path for of_force in forces.values() for path in of_force]
    for name, of in (("a", paths[:2]), ("b", paths[2:4])):
        made(tmp_path / name, of, {"governance": GIVEN})
    arrests = gpunet.read_arrests([tmp_path / "a", tmp_path / "b"])
    assert arrests.report.warnings == ()
    assert arrests.report.pseudonyms == STATED
    assert gpunet.read_arrests(tmp_path).report.warnings == ()  # where the log is, too
    (tmp_path / "a" / "arrests.json").write_text("[]")
    assert "left out: arrests.json" in gpunet.read_arrests(tmp_path).report.warnings[0]


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
    alone = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}
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


def test_tables_of_an_evaluation_are_refused_too(shared, tables):
    folder, _ = shared
    arrests = gpunet.read_arrests(folder / "a/arrests")
    known = read_victims(folder / "b/victims", arrests)
    assert len(known.person)
    for source in (tables / "victims.parquet", folder / "b/victims/0001.parquet"):
        raw = gpunet.read_arrests(tables / "arrests")
        with pytest.raises(InputError, match="holds pseudonyms and"):
            read_victims(source, arrests if source.parent == tables else raw)


def test_frames_cannot_tell_and_are_taken(shared, tables):
    """As panels hand them over, which cut tables that were read."""
    folder, _ = shared
    frames = [pl.read_parquet(path) for path in sorted((folder / "a/arrests").iterdir())]
    assert gpunet.read_arrests(frames, victims=folder / "b/victims").victims is not None


def test_the_same_configuration_reads_raw_tables_and_those_of_pseudonyms(tmp_path):
    config = {"input": {"columns": {"person_id": "nominal", "incident_id": "case", "date": "day"}, "id_rules":
              ["strip_zeros", "casefold", "strip_hyphens"], "date_format": "dayfirst"}}  # fmt: skip
    rows = {"nominal": ["007", "A-7", "a7"], "case": ["1", "1", "1"], "day": ["01/02/2013"] * 3, "offence": ["x"] * 3}
    pl.DataFrame(rows).write_csv(tmp_path / "a.csv")
    made(tmp_path / "out", [tmp_path / "a.csv"], config)
    raw, found = (gpunet.read_arrests(path, config) for path in (tmp_path / "a.csv", tmp_path / "out/arrests"))
    assert raw.n_persons == found.n_persons == 2
    assert facts(raw, OF) == facts(found, None)


def test_other_columns_of_the_incident_key_are_pseudonyms_of_their_own(tmp_path):
    config = {"input": {"incident_key": ["incident_id", "Custody No"]}}
    rows = {"person_id": ["1", "2", "3"], "incident_id": ["1", "1", "1"], "Custody No": ["1", "2", "1"],
            "date": ["2013-02-01"] * 3, "offence": ["x"] * 3}  # fmt: skip
    pl.DataFrame(rows).write_csv(tmp_path / "a.csv")
    made(tmp_path / "out", [tmp_path / "a.csv"], config)
    found = pl.read_parquet(tmp_path / "out/arrests/0001.parquet")
    assert found["Custody No"].to_list() == [OF.pseudonym("incident custodyno", text) for text in ("1", "2", "1")]
    assert set(found["Custody No"]).isdisjoint(found["incident_id"])
    assert gpunet.read_arrests(tmp_path / "out/arrests", config).n_incidents == 2
    with pytest.raises(InputError, match="Custody No"):
        made(tmp_path / "none", [tmp_path / "a.csv"], config, victims=[tmp_path / "a.csv"])


def _of_pseudonyms(path, frame, stated=STATED):
    """A list of persons that says which pseudonyms its ids are."""
    write_parquet(path, frame, {"pseudonyms": stated})
    return path


@pytest.fixture(scope="module")
def runs(shared, tables, forces, tmp_path_factory):
    """Forecasts of one key, of another, of another domain, and of plain ids, each as of another day."""
    folder, given = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("given")
    paths = [path for of_force in forces.values() for path in of_force]
    made(given / "again", paths)
    made(given / "month", paths, dates="month")
    made(given / "key", paths, key=OTHER)
    made(given / "domain", paths, domain="another")
    model = {"model": {"max_rounds": 3, "folds": 2}, "evaluate": {"bootstrap": 20}, "audit": {"folds": 2}}
    inputs = {name: [str(given / name / "arrests")] for name in ("again", "month", "key", "domain")}
    inputs["plain"] = [str(path) for path in paths]
    for day, (name, read) in enumerate(inputs.items(), 1):
        as_of = date(2014, 3, day)
        if name == "again":
            run_forecast(read, folder / name, {**model, "governance": GIVEN}, as_of, RunOptions(threads=1))
        else:
            run_features(read, folder / name, None, as_of, RunOptions(threads=1))
    return folder


def test_every_table_says_which_pseudonyms_its_ids_are(runs):
    found = {path.name: read_parquet_metadata(path)["pseudonyms"] for path in (runs / "again").glob("*.parquet")}
    assert found.keys() >= {"features.parquet", "ties.parquet", "groups.parquet", "scores.parquet"}
    assert all(stated == STATED for stated in found.values())
    assert not any("pseudonyms" in read_parquet_metadata(path) for path in (runs / "plain").glob("*.parquet"))


@pytest.mark.parametrize(
    ("other", "said"),
    [("key", "different keys"), ("domain", "different domains"), ("plain", "holds pseudonyms and")],
)
def test_flags_of_runs_of_other_pseudonyms_are_refused(other, said, runs, tmp_path, capsys):
    log = (runs / "log.jsonl").read_bytes()
    for pair in ((runs / "again", runs / other), (runs / other, runs / "again")):
        assert _code_of(["flags", *map(str, pair), "--out", str(tmp_path / "flags"), "--threads", "1"], False) == 2
        assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "flags").exists()
    assert (runs / "log.jsonl").read_bytes() == log


def test_flags_say_of_which_pseudonyms_they_are(runs, tmp_path):
    told = run_flags([runs / "again", runs / "month"], tmp_path / "flags", options=RunOptions(threads=1))
    assert told["pseudonyms"] == {**STATED, "dates": "month"}  # the coarser of both
    assert any("cut in different ways" in warning for warning in told["warnings"])
    for name in ("flags", "flag_worth"):
        assert read_parquet_metadata(tmp_path / "flags" / f"{name}.parquet")["pseudonyms"] == told["pseudonyms"]
    assert "pseudonyms" not in run_flags([runs / "plain"], tmp_path / "plain", options=RunOptions(threads=1))


def test_attributes_of_other_pseudonyms_are_refused(runs, tmp_path):
    ids = pl.read_parquet(runs / "again" / "predictions.parquet")["person_id"]
    table = pl.DataFrame({"person_id": ids, "sex": [("f", "m")[i % 2] for i in range(len(ids))]})
    for at, (stated, said) in enumerate(
        (({**STATED, "fingerprint": "07ab"}, "different keys"), ({**STATED, "domain": "x"}, "different domains"))
    ):
        path = _of_pseudonyms(tmp_path / f"{at}.parquet", table, stated)
        with pytest.raises(InputError, match=said):
            run_audit(runs / "again", path, ["sex"], tmp_path / "audit")
    told = run_audit(runs / "again", _of_pseudonyms(tmp_path / "a.parquet", table), ["sex"], tmp_path / "audit")
    assert told["pseudonyms"] == STATED
    assert read_parquet_metadata(tmp_path / "audit" / "fairness.parquet")["pseudonyms"] == STATED
    table.write_csv(tmp_path / "a.csv")  # which has no place to say it
    run_audit(runs / "again", tmp_path / "a.csv", ["sex"], tmp_path / "audit")


def test_corrections_of_other_pseudonyms_are_refused(runs, tmp_path):
    person = pl.read_parquet(runs / "key" / "features.parquet", columns=["person_id"])[:1]
    theirs, ours = {**STATED, "fingerprint": OTHER.fingerprint}, STATED
    lists = [_of_pseudonyms(tmp_path / f"{i}.parquet", person, of) for i, of in enumerate((ours, theirs))]
    for run, path, said in (("key", lists[0], "different keys"), ("plain", lists[0], "holds pseudonyms and")):
        with pytest.raises(InputError, match=said):
            run_update(runs / run, tmp_path / "next", options=RunOptions(threads=1), remove=[path])
    told = run_update(runs / "key", tmp_path / "next", options=RunOptions(threads=1), remove=[lists[1]])
    assert told["corrections"]["unknown"] == 0
    assert read_parquet_metadata(tmp_path / "next" / "changes.parquet")["pseudonyms"]["domain"] == DOMAIN


def test_scores_say_which_pseudonyms_their_ids_are(runs, tmp_path):
    asked = {"--model": "model.ubj", "--features": "features.parquet"}
    words = [word for name, file in asked.items() for word in (name, str(runs / "again" / file))]
    assert _code_of(["score", *words, "--out", str(tmp_path / "s.parquet"), "--threads", "1"], False) == 0
    assert read_parquet_metadata(tmp_path / "s.parquet")["pseudonyms"] == STATED


def test_reviews_of_plain_ids_are_told_not_to_fit(runs):
    day = date(2020, 1, 1)
    of = pl.read_parquet(runs / "again" / "features.parquet", columns=["person_id"])["person_id"][0]
    found = {each.held.path.name: each for each in retained_under(runs, day, {"raw 1": day})}
    assert {name for name, each in found.items() if "its ids are pseudonyms" in each.why} == {
        "again", "month", "key", "domain",
    }  # fmt: skip
    assert not any(each.is_due for each in found.values())
    again = {each.held.path.name: each for each in retained_under(runs, day, {of: day})}
    assert again["again"].why == "review due of 1 person"


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
