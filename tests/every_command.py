"""Tables of persons whose ids cannot be overlooked, and every command on them, one after another."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from updating import more_rows, random_rows, write

from gpunet.cli.app import main

#: In every id of a person, and nowhere else.
SENTINEL = "PERSONID7Q"

#: Small, and with everything that one run can have.
CONFIG = """
[input]
columns.beat = "beat"

[violent_offences]
homicide = ["murder*"]
robbery = ["robbery*"]

[model]
max_rounds = 3
folds = 2
horizon_days = 60

[network]
max_incident_size = 6

[evaluate]
bootstrap = 20
horizon_days = 60

[audit]
folds = 2
min_persons = 5
"""

#: What makes scores and flags sealed, with a log elsewhere.
GOVERNED = """
[governance]
purpose = "Where to offer help"
legal_basis = "DPA 2018 s.35"
controller = "Example Police"
reviewer = "Panel"
person_scores = "reviewed"
log = "../log/n/log.jsonl"
"""


def named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with ids that hold the sentinel."""
    return [{**row, "person_id": f"{SENTINEL}{row['person_id']}"} for row in rows]


def write_tables(folder: Path, config: str = "") -> None:
    """Arrests, more of them, corrections, attributes and a configuration."""
    random = np.random.default_rng(7)
    rows = random_rows(random, 500, 160, beat=True, force=True)
    write(folder / "arrests.csv", named(rows))
    write(folder / "more.csv", named(more_rows(random, rows, 20, 160, beat=True, force=True)))
    ids = sorted({row["person_id"] for row in named(rows)})
    pl.DataFrame({"person_id": [ids[3], f"{SENTINEL}nobody"]}).write_csv(folder / "remove.csv")
    pl.DataFrame({"person_id": [ids[5]], "into": [ids[6]]}).write_csv(folder / "merge.csv")
    pl.DataFrame({"person_id": ids, "sex": ["f" if i % 3 else "m" for i in range(len(ids))]}).write_csv(
        folder / "attributes.csv"
    )
    for force in "ab":  # tables that say who is who
        known = [
            {"person_id": f"{SENTINEL}{force}{i}", "name": f"n{i % 20}", "born": f"19{i % 70 + 10}"} for i in range(60)
        ]
        pl.DataFrame(known).write_csv(folder / f"{force}.csv")
    (folder / "config.toml").write_text(CONFIG + config)
    (folder / "reviewed.toml").write_text(CONFIG + config + GOVERNED)


#: Every command that writes files; in braces the tables' folder and the one for results.
WRITING = (
    "synth --out {out}/synth --persons 100 --with ties,victims",
    "synth --out {out}/dirty --persons 100 --dirty",
    "check {in}/arrests.csv --write-config {out}/proposed.toml",
    "certificates --out {out}/tls",
    "features {in}/arrests.csv --config {in}/config.toml --out {out}/features --keep-state",
    "run {in}/arrests.csv --config {in}/config.toml --out {out}/deep/run --keep-state",
    "update {out}/deep/run --out {out}/update --add {in}/more.csv --remove {in}/remove.csv --merge {in}/merge.csv",
    "report {out}/deep/run --audience public",
    "score --model {out}/deep/run/model.ubj --features {out}/features/features.parquet --out {out}/s/scores.parquet",
    "show {out}/deep/run scores --csv {out}/scores.csv",
    "card {out}/deep/run --person {person} --out {out}/cards/card.html",
    "audit {out}/deep/run --attributes {in}/attributes.csv --by sex --out {out}/audit",
    "flags {out}/deep/run --out {out}/flags",
    "panel {in}/arrests.csv --config {in}/config.toml --out {out}/panel --from 2013-06-01 --to 2013-09-01 --horizon 60",
    "places {in}/arrests.csv --config {in}/config.toml --out {out}/places --from 2013-06-01 --every 1mo --horizon 30",
    "evaluate known {in}/arrests.csv --config {in}/config.toml --out {out}/known --protocol paper --classifier xgboost",
    "cards {out}/deep/run --out {out}/records/n/cards",
    "key new {out}/psn.key",
    "key new {out}/sign.pem --signing",
    "package {out}/features --sign {out}/sign.pem --out {out}/features.zip",
    "pseudonymise {in}/arrests.csv --config {in}/config.toml --key {out}/psn.key --domain d --out {out}/ps/n/tables",
    "link {in}/a.csv {in}/b.csv --on name,born --out {out}/links.parquet",
    "subject {out}/deep/run --person {person} --out {out}/subject.json",
    "run {in}/arrests.csv --config {in}/reviewed.toml --out {out}/gov/reviewed --no-report",
    "flags {out}/gov/reviewed --out {out}/gov/flags",
    "review {out}/gov/flags --by Jane --decision reject --note no",
    "review {out}/gov/reviewed --by Jane --decision approve --note good",
    "cards {out}/gov/reviewed",
    "log summary {out}/log/n --out {out}/demand/n",
    "retain {out}/gov --apply",
    "erase {out}/gov --person {person}",
)


def called(line: str, folder: Path, **more: str) -> tuple[int, str]:
    """Give a command as a user would; its exit code, and all that it prints."""
    words = line.format(**{"in": str(folder / "in"), "out": str(folder / "out"), **more}).split()
    out, error = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        patch.setattr(sys, "argv", ["gpunet", *words])
        with pytest.raises(SystemExit) as end:
            main()
    return int(end.value.code or 0), out.getvalue() + error.getvalue()


def scored_person(run: Path) -> str:
    """The id of somebody whom a run has scored."""
    return str(pl.read_parquet(run / "scores.parquet")["person_id"][0])
