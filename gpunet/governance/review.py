"""The review of a run's sealed scores, or of flags: somebody decides whether they may be opened, which is written down.

The log has its line before anything else. Then the report goes, which tells of the run as it was, and ``run.json`` is
replaced: it lists the opened results and, under ``sealed``, what they were before. Only then are they written, so that
whoever is killed on the way leaves no open file of a sealed run, every file is listed, and the same command goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from gpunet.base.errors import InputError
from gpunet.governance.json_parts import json_in, parts_of
from gpunet.runs.complete import read_manifest, require_complete
from gpunet.runs.file_lists import REPORT, stored_list
from gpunet.runs.folder import MANIFEST, RunFolder, remove_results
from gpunet.runs.hidden_folder import HIDDEN
from gpunet.runs.result_names import ResultNames
from gpunet.runs.sealed import SEALED, read_sealed, sealable_words
from gpunet.runs.writing import cannot_write_into
from gpunet.tables.files import sha256_of

__all__ = ["Decision", "ReviewFolder", "is_of_approved"]

Decision = Literal["approve", "reject"]

_LONGEST = 2_000

#: The key of a review with the audience of the report that it removed.
_AUDIENCE = "report_audience"


class ReviewFolder(RunFolder):
    """As :class:`RunFolder`, of a complete run whose scores are reviewed: :meth:`decide` enters a decision.

    Attributes
    ----------
    manifest
        The run's, as it is now.
    audience
        For whom the report was that a decision has removed, be it one that was killed; None if there was none.

    Raises
    ------
    InputError
        If there is no complete run, its scores are not reviewed, or a file is not what ``run.json`` lists.
    """

    manifest: dict[str, Any]
    audience: str | None = None

    def __enter__(self) -> ReviewFolder:
        require_complete(self.path)  # or a folder would be made
        begun = _audience_of(json_in(self._staged / MANIFEST))  # of a decision that was killed before it was in place
        super().__enter__()
        try:
            self.manifest = self._reviewed()  # now that no other review changes it
            killed = _audience_of(self.manifest) if self.is_open else begun
            self.audience = self._audience_of_report() or killed
        except BaseException:
            self._leave(keep_checkpoints=True)
            raise
        return self

    def _reviewed(self) -> dict[str, Any]:
        manifest = read_manifest(self.path)
        scores = manifest.get("governance", {}).get("person_scores", "allow")
        sealed = any(name.endswith(SEALED) for name in (*manifest["outputs"], *manifest.get("sealed", {})))
        if scores != "reviewed" or not sealed:
            what = sealable_words(manifest)
            why = "refuses them" if scores == "refuse" else f"asks for no review, or there are no {what}"
            raise InputError(f'{self.path} has no {what} to review: [governance] person_scores = "{scores}" {why}')
        return manifest

    @property
    def is_open(self) -> bool:
        """Whether the scores have been opened."""
        return "sealed" in self.manifest

    @property
    def reviewer(self) -> str:
        """Who decides by the configuration."""
        return str(self.manifest["governance"].get("reviewer", ""))

    def decide(
        self, by: str, decision: Decision, note: str, enter: Callable[[], object] = lambda: None
    ) -> dict[str, Any]:
        """Enter a decision into ``run.json`` under ``review``, and open what is sealed if it is ``"approve"``.

        Beside who has decided stands whom the configuration names.

        Parameters
        ----------
        by
            Who has decided.
        decision
            ``"approve"`` or ``"reject"``, after which the scores stay sealed and may be reviewed again.
        note
            Why.
        enter
            Enters the decision in the log: called before anything changes, and not if nothing is decided.

        Returns
        -------
        dict
            The manifest as it is now.

        Raises
        ------
        InputError
            If a text is empty or of several lines, or the scores have been opened already.
        StorageError
            If it cannot be written; the same command goes on.
        """
        by, note = _line("--by", by), _line("--note", note)
        if self.is_open:
            self._refuse_again(decision)
            self._finish()
            return self.manifest
        entry = {
            "by": by,
            "reviewer": self.reviewer,
            "decision": decision,
            "note": note,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "run_json_sha256": sha256_of(self.path / MANIFEST),
            **({_AUDIENCE: self.audience} if self.audience else {}),
        }
        manifest = {**self.manifest, "review": [*self.manifest.get("review", []), entry]}
        if decision == "approve":
            manifest = self._opened(manifest)
        outputs = manifest.pop("outputs")
        enter()
        self.write_json(MANIFEST, {**manifest, "outputs": outputs})  # which is last, as runs write it
        self._remove_report()
        self.manifest = {**manifest, "outputs": outputs}
        self._put([MANIFEST])
        if decision == "approve":
            self._finish()
        return self.manifest

    @property
    def lacks_report(self) -> bool:
        """Whether a review has removed the report, and none was made since."""
        removed = any(_AUDIENCE in review for review in parts_of(self.manifest, "review"))
        return removed and not (self.path / REPORT.name).exists()

    def _audience_of_report(self) -> str | None:
        place = self.path / REPORT.name
        return str(stored_list(place, REPORT).get("audience")) if place.is_file() else None

    def _remove_report(self) -> None:
        found = ResultNames(REPORT.names).find(self.path, but=HIDDEN)
        try:
            if REPORT.name in found.files:
                remove_results(found)
        except OSError as error:
            raise cannot_write_into(self.path / REPORT.name, error) from error

    def _refuse_again(self, decision: Decision) -> None:
        """InputError if scores are open, but for an approval that was killed before all of them were."""
        what = sealable_words(self.manifest)
        if decision == "reject":
            raise InputError(f"the {what} in {self.path} are open, and what was seen cannot be sealed again")
        if not self._left_sealed():
            last = self.manifest["review"][-1]
            raise InputError(
                f"the {what} in {self.path} are open already, by {last['by']} on {last['time'][:10]}: there is nothing "
                f"to decide (gpunet report {self.path} makes the report again)"
            )

    def _left_sealed(self) -> list[str]:
        """The sealed results that were opened, and that a kill has left there."""
        return [name for name in self.manifest["sealed"] if (self.path / name).is_file()]

    def _opened(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """The manifest that lists every sealed result opened, of which nothing is written yet."""
        sealed = {name: of for name, of in manifest["outputs"].items() if name.endswith(SEALED)}
        outputs = {name: of for name, of in manifest["outputs"].items() if name not in sealed}
        for name in sealed:
            data = read_sealed(self.path / name)
            outputs[name.removesuffix(SEALED)] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return {**manifest, "outputs": dict(sorted(outputs.items())), "sealed": sealed}

    def _finish(self) -> None:
        """Write the opened results, put them in place and remove the sealed ones."""
        for name in self._left_sealed():
            plain = name.removesuffix(SEALED)
            if not (self.path / plain).is_file():
                data = read_sealed(self.path / name)
                self.write_file(plain, partial(_write, data=data))
                self._put([plain])
            with suppress(FileNotFoundError):
                (self.path / name).unlink()

    def _put(self, names: list[str]) -> None:
        try:
            for name in names:
                self.put_in_place(name)
        except OSError as error:
            raise cannot_write_into(Path(self.path / names[-1]), error) from error


def is_of_approved(result: Path) -> bool:
    """Whether a file is a result of the run in its folder, as that run made it, and a review has approved the run."""
    try:
        manifest = read_manifest(result.parent)
        reviews = manifest.get("review", [])
        if not any(entry["decision"] == "approve" for entry in reviews):
            return False
        listed = manifest["outputs"].get(result.name, {}).get("sha256")
        return bool(listed) and sha256_of(result) == listed
    except (InputError, OSError, AttributeError, KeyError, TypeError):
        return False  # there is no such run, or what is there says nothing of the kind


def _audience_of(manifest: Mapping[str, Any]) -> str | None:
    """For whom the report was that the last review of a manifest removed; None if it removed none."""
    *_, last = [{}, *parts_of(manifest, "review")]
    return str(last[_AUDIENCE]) if _AUDIENCE in last else None


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _line(option: str, text: str) -> str:
    """A text of one line; InputError if it says nothing."""
    found = " ".join(text.split())
    if not found:
        raise InputError(f"{option}: it is empty: say who decides, and why")
    if len(found) > _LONGEST or not found.isprintable():
        raise InputError(f"{option}: one line of up to {_LONGEST:,} printable characters is wanted")
    return found
