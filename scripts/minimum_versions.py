"""Print the lowest versions that pyproject.toml admits for run-time dependencies, as constraints for pip."""

from __future__ import annotations

import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def main() -> None:
    for requirement in tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]:
        name, _, version = requirement.partition(">=")
        print(f"{name}=={version}" if version.count(".") else f"{name}=={version}.*")


if __name__ == "__main__":
    main()
