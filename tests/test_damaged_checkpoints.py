"""What a run kept may have been changed by anybody: it is not used if it is odd, and never ends the run.

The hash of a changed checkpoint fits here: whoever changes it can make another one.
"""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.cli.run import RunOptions, resume_run, run_forecast
from gpunet.cli.summary import summarise
from gpunet.runs.checkpoint_file import Contents, read_contents, write_contents
from gpunet.runs.checkpoints import Checkpoints
from gpunet.runs.complete import read_manifest
from gpunet.runs.read_back import Damaged
from gpunet.runs.resume import stored_request, with_hash
from gpunet.synthetic import write_tables
from tests.examples import examples
from tests.kept_runs import CONFIG, NAMES, kept_run, odd_contents, odd_values, readers
from tests.run_processes import results

#: Bytes before the first part of a checkpoint; the last 65 of them are its hash and a line break.
HEADER = len(b"gpunet checkpoint 2 ") + 65


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def tables(folder):
    write_tables(folder / "tables", persons=500, seed=5)
    return folder / "tables"


@pytest.fixture(scope="module")
def undisturbed(folder, tables):
    run_forecast([str(tables)], folder / "undisturbed", CONFIG, None, RunOptions(threads=1))
    return folder / "undisturbed"


@pytest.fixture(scope="module")
def stopped(folder, tables):
    kept_run(tables, folder / "stopped")
    return folder / "stopped"


@pytest.fixture(scope="module")
def of_others(folder):
    """What a run of other tables kept."""
    write_tables(folder / "others", persons=500, seed=6)
    return kept_run(folder / "others", folder / "stopped others")


@pytest.fixture(scope="module")
def readings(folder, stopped):
    shutil.copytree(stopped, folder / "read")
    return readers(folder / "read")


@pytest.fixture
def run(stopped, tmp_path):
    shutil.copytree(stopped, tmp_path / "run")
    return tmp_path / "run"


def kept_in(run):
    return run / ".partial" / "checkpoints"


def goes_on(run):
    """What is noticed of a run that goes on."""
    said = []
    resume_run(run, "run", RunOptions(threads=1, notice=said.append))
    return said


def test_all_is_kept(run, undisturbed):
    assert sorted(path.stem for path in kept_in(run).glob("*.checkpoint")) == list(NAMES)
    assert goes_on(run) == []
    assert results(run) == results(undisturbed)


def test_no_kind_is_trusted(run, undisturbed, readings):
    """A few of all in one run: out of its range, not a number, and for each of its texts another one."""
    kept = kept_in(run)

    def change(name, changed):
        label, _ = readings[name]
        write_contents(kept / f"{name}.checkpoint", changed(read_contents(kept / f"{name}.checkpoint", label)), label)

    def changed_array(name, value):
        def changed(contents):
            array = contents.arrays[name].copy()
            array[7] = value
            return replace(contents, arrays={**contents.arrays, name: array})

        return changed

    change("arrests", changed_array("incident", 10**6))
    change("features-T", lambda contents: replace(contents, values={**contents.values, "kind": "cudf"}))
    change("features-T-H", lambda contents: replace(contents, frames={"features": contents.frames["features"][:-1]}))
    change("model-past", changed_array("probability", np.nan))
    change("model-both", changed_array("fold", -1))
    said = goes_on(run)
    assert [text.split(".checkpoint is damaged (")[0].rsplit("/")[-1] for text in said] == [
        "arrests", "features-T", "features-T-H", "model-past", "model-both"
    ]  # fmt: skip
    assert results(run) == results(undisturbed)


def test_those_of_others_are_not_taken(run, undisturbed, of_others):
    """Whole ones: of another part of this run, and of another run."""
    kept = kept_in(run)
    shutil.copy(kept / "features-T-H.checkpoint", kept / "features-T-2H.checkpoint")
    shutil.copy(kept / "model-past.checkpoint", kept / "model-both.checkpoint")
    for name in ("arrests", "features-T", "model-past"):
        shutil.copy(of_others / f"{name}.checkpoint", kept / f"{name}.checkpoint")
    said = goes_on(run)
    assert len(said) == 5
    assert all("it is that of another run, or of another part" in text for text in said)
    assert results(run) == results(undisturbed)


def test_what_is_no_file_is_not_used_and_stays(tmp_path):
    said = []
    (tmp_path / "features-T.checkpoint").mkdir()
    assert Checkpoints(tmp_path, notice=said.append).load("features-T", lambda contents: contents) is None
    assert len(said) == 1
    assert "features-T.checkpoint is damaged (it is no file)" in said[0]
    assert (tmp_path / "features-T.checkpoint").is_dir()


def is_refused(read, contents):
    try:
        read(contents)
    except Damaged:
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_what_no_run_writes_is_damaged(name, stopped, readings):
    label, read = readings[name]
    contents = read_contents(kept_in(stopped) / f"{name}.checkpoint", label)
    assert not is_refused(read, contents)
    found = {what: is_refused(read, odd) for what, odd in odd_contents(contents, seed=3)}
    assert len(found) > 10
    assert [what for what, refused in found.items() if not refused] == []
    # Of values some are as good as those that were there, such as the text of a warning.
    refused = [is_refused(read, replace(contents, values=values)) for values in odd_values(contents.values)]
    assert sum(refused) >= 4  # of a training without warnings


def test_damage_by_bytes(stopped, readings, tmp_path):
    """Anywhere in the file, found by its hash; and in the index, with another hash."""
    rng = np.random.default_rng(1)
    said = []
    for name in NAMES:
        label, read = readings[name]
        data = (kept_in(stopped) / f"{name}.checkpoint").read_bytes()
        store = Checkpoints(tmp_path, notice=said.append)
        store.bind(label.split()[0])
        for _ in range(8):
            odd = bytearray(data)
            odd[int(rng.integers(len(data)))] ^= int(rng.integers(1, 256))
            (tmp_path / f"{name}.checkpoint").write_bytes(odd if rng.random() < 0.7 else odd[: rng.integers(len(data))])
            assert store.load(name, read) is None
    assert len(said) == 8 * len(NAMES)


def test_a_checkpoint_whose_index_lies(tmp_path):
    """Parts beyond the file, of absurd sizes or no sizes at all, and no index."""
    path = tmp_path / "c"
    write_contents(path, Contents({"n": 1}, {"a": np.arange(6), "flags": np.array([True, False])}), "l")
    data = path.read_bytes()
    begin = int(data[-20:])
    index = json.loads(data[begin:-20])
    assert read_contents(path, "l").values == {"n": 1}

    def is_damaged(text, body=data[:begin]):
        tail = body[HEADER:] + text + b"%020d" % begin
        path.write_bytes(body[: HEADER - 65] + hashlib.sha256(tail).hexdigest().encode() + b"\n" + tail)
        try:
            read_contents(path, "l")
        except Damaged:
            return True
        return False

    assert not is_damaged(json.dumps(index).encode())
    for of, odd in (
        ({"shape": [10**15]}, {}), ({"shape": [2**62, 0]}, {}), ({"shape": [-1]}, {}), ({"shape": [6.0]}, {}),
        ({"dtype": "O"}, {}), ({"begin": begin - 8}, {}), ({"begin": 0}, {}), ({"begin": 10**30}, {}),
        ({"more": 1}, {}),
        ({}, {"label": "m"}), ({}, {"values": []}), ({}, {"frames": {"t": {"begin": 90, "end": 100}}}),
        ({}, {"frames": {"t": {"begin": 90, "end": 10**9}}}), ({}, {"arrays": 5}),
    ):  # fmt: skip
        changed = {**index, "arrays": {**index["arrays"], "a": {**index["arrays"]["a"], **of}}, **odd}
        assert is_damaged(json.dumps(changed).encode()), (of, odd)
    for text in (b"", b"[]", b"{", b"[" * 100_000, b'{"label": 1e999}', b'{"label": NaN}', b"\xff", b"1" * 5000):
        assert is_damaged(text)
    flags = index["arrays"]["flags"]["begin"]
    assert is_damaged(json.dumps(index).encode(), data[:flags] + b"\x02" + data[flags + 1 : begin])


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_a_table_of_any_bytes_is_a_table_or_damaged(tmp_path_factory, data):
    """Bytes of an Arrow stream changed in a few places, behind a hash that fits."""
    path = tmp_path_factory.mktemp("arrow") / "c"
    table = pa.table({"id": pa.array(["a", None, "ccc"], pa.large_string()), "x": [1.5, None, 2.0]})
    write_contents(path, Contents(frames={"t": table}))
    whole = bytearray(path.read_bytes())
    begin = int(whole[-20:])
    for at, value in data.draw(st.lists(st.tuples(st.integers(HEADER, begin - 1), st.integers(0, 255)), max_size=4)):
        whole[at] = value
    digest = hashlib.sha256(whole[HEADER:]).hexdigest().encode()
    whole[HEADER - 65 : HEADER - 1] = digest
    path.write_bytes(whole)
    try:
        found = read_contents(path).frames["t"]
    except Damaged:
        return
    found.to_pylist()


@pytest.mark.parametrize("name", ["request.json", "run.json"])
def test_no_request_and_no_manifest_is_trusted(name, run, undisturbed, tmp_path):
    """Whatever is in the place of one of its values: the values are as good, or one sentence says what to do."""
    if name == "run.json":
        folder = tmp_path / "complete"
        shutil.copytree(undisturbed, folder)
        path, read = folder / name, lambda: summarise(read_manifest(folder), folder)
    else:
        path, read = kept_in(run) / name, lambda: stored_request(run)
    values, refused = json.loads(path.read_text()), 0
    read()
    odd = (
        with_hash(one) if name == "request.json" and isinstance(one, dict) else one for one in odd_values(values, 150)
    )
    for text in (*map(json.dumps, odd), "", "[]", "{", "[" * 100_000, '{"input": NaN}', "1" * 5000):
        path.write_text(text)
        try:
            read()
        except InputError as error:
            said = str(error)
            assert f"{path} is damaged (" in said
            assert said.endswith("or with another folder")
            assert "\n" not in said
            refused += 1
    assert refused > 50


def test_a_damaged_request_ends_the_run_and_starting_over_does_not_need_it(run, tables, undisturbed):
    path = kept_in(run) / "request.json"
    path.write_text(path.read_text().replace('"cpu"', '"abacus"'))
    before = {path: path.read_bytes() for path in kept_in(run).iterdir()}
    again = ([str(tables)], run, CONFIG, None)
    for job in (lambda: goes_on(run), lambda: run_forecast(*again, RunOptions(threads=1))):
        with pytest.raises(InputError, match=r"request\.json is damaged .*--start-over"):
            job()
        assert {path: path.read_bytes() for path in kept_in(run).iterdir()} == before
    run_forecast(*again, RunOptions(threads=1, start_over=True))
    assert results(run) == results(undisturbed)


@pytest.mark.parametrize("text", [None, "{}", '{"read": {"a": "0"}, "left_out": {}}'])
def test_a_damaged_list_of_inputs_costs_what_was_kept(text, run, undisturbed):
    path = kept_in(run) / "inputs.json"
    path.unlink() if text is None else path.write_text(text)
    said = goes_on(run)
    assert len(said) == 1
    assert f"{path} is damaged (" in said[0]
    assert results(run) == results(undisturbed)


def test_another_request_is_done_and_takes_nothing_of_this_one(run, tables, tmp_path):
    """A request with a hash that fits is as good as one that was given: what was kept is not of it."""
    path = kept_in(run) / "request.json"
    request = json.loads(path.read_text())
    request["config"]["network"]["max_incident_size"] = 3
    path.write_text(json.dumps(request))
    with pytest.raises(InputError, match=r"request\.json is damaged \(its SHA-256"):
        goes_on(run)
    path.write_text(json.dumps(with_hash(request)))
    said = goes_on(run)
    assert len(said) == 6
    config = {**CONFIG, "network": {"max_incident_size": 3}}
    run_forecast([str(tables)], tmp_path / "asked", config, None, RunOptions(threads=1))
    assert results(run) == results(tmp_path / "asked")
