"""Small runs, keys and packages for tests of these; persons, incidents and gangs have names that are nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gpunet.cli.packages import described
from gpunet.cli.run import RunOptions, run_features
from gpunet.packages.package import package_run

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))

GOVERNED = {
    "purpose": "where help is offered first",
    "legal_basis": "a statute",
    "controller": "Anyshire Police",
    "owner": "ZQOWNER",
    "requested_by": "ZQTEAM",
    "reviewer": "ZQREVIEWER",
    "task_ref": "ZQTASK",
}


def arrests() -> pl.DataFrame:
    """A dozen arrests."""
    persons = "abacbdceadef"
    return pl.DataFrame(
        {
            "person_id": [f"ZQP{one}" for one in persons],
            "incident_id": [f"ZQI{i // 2}" for i in range(len(persons))],
            "date": [f"2012-0{1 + i // 2}-01" for i in range(len(persons))],
            "offence": ["robbery", "theft"] * (len(persons) // 2),
            "gang": ["ZQG", None, None] * (len(persons) // 3),
        }
    )


def features_run(folder: Path, config: dict[str, Any] | None = None, name: str = "run") -> Path:
    """A complete run of ``gpunet features`` on them."""
    tables = folder / "arrests.parquet"
    if not tables.exists():
        arrests().write_parquet(tables)
    run_features([str(tables)], folder / name, config or {}, None, RunOptions(threads=1))
    return folder / name


def packed(run: Path, out: Path, *, public: bool = False, key: Ed25519PrivateKey = KEY) -> Path:
    """The run's package."""
    package_run(run, key, out, described, public=public)
    return out


def private_pem(key: Any = KEY, passphrase: bytes = b"") -> bytes:
    """A private key as OpenSSL writes it."""
    encryption: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    found: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return found


def public_pem(key: Any = KEY) -> bytes:
    """The public key to it."""
    found: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found
