"""Any byte of a package that is changed is found; and whatever else zip archives can hold that packages do not."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.packages.container import Entry, Member, is_name, member_of, parts_of, write_container
from gpunet.packages.envelope import enveloped, opened, pre_authentication
from gpunet.packages.statement import SIGNATURE, STATEMENT
from gpunet.packages.verify import verify_package
from gpunet.runs.read_back import Damaged
from tests.package_runs import KEY, OTHER, features_run, packed


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    return packed(features_run(folder), folder / "x.zip").read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("changed") / "x.zip"


def differences(place: Path, data: bytes, key=KEY) -> list[str]:
    place.write_bytes(data)
    return verify_package(place, key.public_key()).differences


def members(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(place: Path, files: dict[str, bytes]) -> bytes:
    """The container of these files, as packages are written."""
    write_container(place, [member_of(name, data) for name, data in files.items()])
    return place.read_bytes()


def test_a_package_verifies_and_zip_programs_can_read_it(package, place):
    assert differences(place, package) == []
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(archive.namelist())
    assert written(place, members(package)) == package


@given(st.data())
def test_any_changed_byte_is_found(package, place, data):
    at = data.draw(st.integers(0, len(package) - 1))
    changed = bytearray(package)
    changed[at] ^= data.draw(st.integers(1, 255))
    found = differences(place, bytes(changed))
    assert found
    assert all(found)


def test_any_changed_byte_beside_the_members_is_found(package, place):
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        infos = archive.infolist()
    entries = [Entry(info.filename, info.file_size, info.CRC) for info in infos]
    for part in parts_of(entries):
        for at in range(part.offset, part.offset + len(part.data), 5):
            assert differences(place, _flipped(package, at, 1 << at % 8)), (at, part.what)


def test_the_changed_file_is_named(package, place):
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        info = archive.getinfo("run/features.parquet")
    at = info.header_offset + 30 + len(info.filename) + 5
    first, *rest = differences(place, _flipped(package, at, 1))
    assert first.startswith("run/features.parquet: its SHA-256 is ")
    assert rest == [f"byte {info.header_offset + 14:,} of the archive, in the header of run/features.parquet, is not "
                    "what packages have there",
                    *rest[1:]]  # fmt: skip


@given(st.data())
def test_what_is_cut_off_or_added_is_found(package, place, data):
    cut = data.draw(st.integers(0, len(package) - 1))
    more = data.draw(st.binary(min_size=1, max_size=40))
    assert differences(place, package[:cut])
    assert differences(place, package + more)
    assert differences(place, more + package)


def test_another_key_and_another_signature_are_found(package, place):
    found = differences(place, package, OTHER)
    assert "another key" in found[0]
    assert "signature" in found[1]
    assert len(found) == 2
    files = members(package)
    payload = opened(files[SIGNATURE]).payload
    assert len(differences(place, written(place, {**files, SIGNATURE: enveloped(payload, OTHER)}))) == 2
    stolen = json.loads(files[SIGNATURE])
    stolen["signatures"][0]["sig"] = base64.b64encode(OTHER.sign(pre_authentication(payload))).decode()
    again = (json.dumps(stolen, indent=2) + "\n").encode()
    assert differences(place, written(place, {**files, SIGNATURE: again})) == [
        "the signature is not that of this key for what the package says of itself"
    ]


@given(st.binary(max_size=300))
def test_the_envelope_is_that_of_dsse(payload):
    """Version 1.0.0 of its protocol: what is signed, and three fields, of which the payload's type is in-toto's."""
    kind, data = b"application/vnd.in-toto+json", json.loads(enveloped(payload, KEY))
    signed = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])
    assert pre_authentication(payload) == signed
    assert data.keys() == {"payload", "payloadType", "signatures"}
    assert data["payloadType"] == kind.decode()
    assert base64.standard_b64decode(data["payload"]) == payload
    (signature,) = data["signatures"]
    assert signature.keys() == {"keyid", "sig"}
    KEY.public_key().verify(base64.standard_b64decode(signature["sig"]), signed)  # raises if it is another


def test_an_envelope_is_written_in_one_way_alone():
    data = enveloped(b'{"a": 1}', KEY)
    assert opened(data).is_signed_by(KEY.public_key())
    for other in (data + b" ", data.replace(b"  ", b" "), data.replace(b'"sig": "', b'"sig": "\\u0041'), b"[]", b"{"):
        with pytest.raises(Damaged):
            opened(other)


def _named(statement, name):
    statement["subject"][0]["name"] = name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda of: _named(of, "../key.pem"), "it names a file that no package can hold"),
        (lambda of: _named(of, SIGNATURE), "it names itself"),
        (lambda of: _named(of, of["subject"][1]["name"]), "it names a file twice"),
        (lambda of: _named(of, "other"), "it does not tell the size of every file"),
        (lambda of: of["predicate"]["bytes"].update({"code.json": -1}), "greater than or equal to 0"),
        (lambda of: of["predicate"]["bytes"].update({"code.json": 1 << 80}), "code.json: it has"),
        (lambda of: of["subject"][0]["digest"].update({"sha256": "0"}), "should match pattern"),
        (lambda of: of.update({"more": 1}), "Extra inputs are not permitted"),
        (lambda of: of["predicate"].update({"contents": "public"}), "it is of another run than the statement says"),
        (lambda of: of["predicate"]["run"].update({"command": "run"}), "it is of another run than the statement says"),
    ],
)
def test_odd_statements_are_differences_though_they_are_signed(package, place, change, said):
    files = members(package)
    statement = json.loads(files[STATEMENT])
    change(statement)
    payload = json.dumps(statement).encode()
    found = differences(place, written(place, {**files, STATEMENT: payload, SIGNATURE: enveloped(payload, KEY)}))
    assert any(said in line for line in found), found


def test_a_signed_text_that_is_no_statement_is_a_difference(package, place):
    for payload in (b"", b"[]", b"[" * 100_000, b"\xff", b'{"_type": 1}'):
        assert differences(place, written(place, {**members(package), SIGNATURE: enveloped(payload, KEY)}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: {**files, "run/more.csv": b""}, "run/more.csv: it is not listed"),
        (lambda files: {n: of for n, of in files.items() if n != "config.json"}, "config.json: it is missing"),
        (lambda files: {n: of for n, of in files.items() if n != SIGNATURE}, f"{SIGNATURE}: it is missing, or"),
        (lambda files: {**files, STATEMENT: b"{}"}, f"{STATEMENT}: it is not the statement that is signed"),
        (lambda files: {**files, "config.json": b"{}"}, "config.json: it has 2 bytes and not"),
    ],
)
def test_files_are_those_of_the_statement(package, place, change, said):
    found = differences(place, written(place, change(members(package))))
    assert any(said in line for line in found), found


def _written_by_zipfile(package, change, **of):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **of) as archive:
        for name, data in members(package).items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
        change(archive)
    return out.getvalue()


def _link(archive):
    info = zipfile.ZipInfo("run/link")
    info.external_attr = 0o120777 << 16
    archive.writestr(info, "/etc/passwd")


def _twice(archive):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("config.json", "{}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda archive: archive.writestr("../key.pem", "x"), "../key.pem: no file of a package has such a name"),
        (lambda archive: archive.writestr("/etc/passwd", "x"), "/etc/passwd: no file of a package has such a name"),
        (lambda archive: archive.writestr("run/a\nb", "x"), "run/a\\nb: no file of a package has such a name"),
        (lambda archive: archive.writestr("run/", ""), "run/: no file of a package has such a name"),
        (lambda archive: archive.writestr("bomb", bytes(1 << 24), zipfile.ZIP_DEFLATED), "bomb: it is compressed"),
        (lambda archive: setattr(archive, "comment", b"hello"), "has a comment"),
        (_link, "run/link: it is a link, a folder or a device"),
        (_twice, "config.json: there are 2 files of that name"),
        (lambda archive: None, "of the archive, in the directory, is not what packages have there"),
    ],
)
def test_what_packages_never_hold_is_found(package, place, change, said):
    found = differences(place, _written_by_zipfile(package, change))
    assert any(said in line for line in found), found


def test_what_is_no_archive_is_a_difference(place):
    for data in (b"", b"PK", b"PK\5\6" + bytes(18), b"hello" * 100):
        assert differences(place, data)


@given(
    st.lists(st.tuples(st.text("abc/._=", min_size=1, max_size=8).filter(is_name), st.binary(max_size=60)), max_size=6)
)
def test_any_container_is_read_by_zipfile_as_it_was_written(tmp_path_factory, files):
    path = tmp_path_factory.getbasetemp() / "any.zip"
    files = dict(files)
    assert members(written(path, files)) == dict(sorted(files.items()))


def test_sizes_and_places_of_more_than_32_bits_are_those_that_zipfile_reads(tmp_path):
    entries = [Entry("a", 5 << 30, 7), Entry("b", 3, 9), Entry("c", 6 << 30, 1)]
    path = tmp_path / "large.zip"
    with path.open("wb") as file:  # a sparse file
        for part in parts_of(entries):
            file.seek(part.offset)
            file.write(part.data)
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        assert [(info.filename, info.file_size, info.CRC) for info in infos] == [
            (e.name, e.size, e.crc) for e in entries
        ]
        assert infos[1].header_offset > 4 << 30
        with pytest.raises(zipfile.BadZipFile, match="CRC"):  # it is found, with other bytes than its checksum's
            archive.read("b")


def test_a_file_that_changes_while_it_is_packed_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    member = member_of("file", path)
    path.write_bytes(b"behind")
    with pytest.raises(Exception, match="was changed while it was packed"):
        write_container(tmp_path / "x.zip", [Member(member.entry, member.sha256, path)])


def _flipped(data: bytes, at: int, bits: int) -> bytes:
    return data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :]
