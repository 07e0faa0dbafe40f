"""One run under way, behind its features: the model, scores, and what ``run.json`` says of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from gpunet.arrests.as_of import rows_in_file_order, victim_between, violent_between
from gpunet.config.registry import columns
from gpunet.config.sides import OFFENDER, VICTIM
from gpunet.reading.state import ReadState
from gpunet.runs import kept_trainings
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.described import coarsest, windows
from gpunet.runs.feature_run import FeatureRun
from gpunet.runs.kept_state import STATE, write_state
from gpunet.runs.left_out import left_out, tables_read, with_left_out
from gpunet.runs.manifest import input_report, versions
from gpunet.runs.read_back import require
from gpunet.runs.top import noting_best, write_top

if TYPE_CHECKING:
    from gpunet.model import CrossFit, Forecast

__all__ = ["Run"]


class Run(FeatureRun):
    """See :class:`gpunet.runs.feature_run.FeatureRun`: model, scores and the manifest, too."""

    def finish(self, kind: str, arrests: Any, sections: Mapping[str, Any]) -> dict[str, Any]:
        """Complete the folder; return the manifest."""
        if self._states:
            with self.stage("write state"):
                self._write_state(self._states[-1])
        device = self.engine.describe()
        read = {
            **input_report(arrests.report),
            **{name: input_report(report) for name, report in self._beside.items()},
        }
        sections = {**sections, **self._corrected_section(read)}
        return self.folder.finish(
            {
                "gpunet": kind,
                **(self._said_side or {} if kind == "run" else {}),
                "versions": versions(),
                "config": self.config.as_dict(),
                "as_of": None if arrests.as_of is None else arrests.as_of.isoformat(),
                "seed": self.config.model.seed,
                "engine": self.engine.name,
                "input": read,
                **sections,
                **self._links_section(),
                "warnings": self.warnings,
                "execution": {
                    "threads": self.engine.threads,
                    **({"gpu" if self.engine.name == "gpu" else "cluster": dict(device)} if device else {}),
                    **self.clock.times(),
                    **self._told(),
                },
            },
            {"forces": _forces(arrests)},
        )

    def _corrected_section(self, read: Mapping[str, Any]) -> dict[str, Any]:
        """What the manifest says of corrections of what was `read`, if there were any."""
        if self._corrections is None:
            return {}
        of_erased = self.linked.of_erased
        rows = {name: of_erased(effect).rows() for name, effect in self._effects.items()}
        counts = {**of_erased(self._effect).as_dict(), **rows}
        return {"corrections": with_left_out(counts, self._left_out_of(read))}

    def _left_out_of(self, read: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Where tables first name whom corrections erase."""
        persons = frozenset[str]() if self._corrections is None else self._corrections.persons
        return left_out(persons, tables_read(read), self.config)

    def _links_section(self) -> dict[str, Any]:
        """What the manifest says of links between ids, where tables of these were given."""
        if not self.linked.given:
            return {}
        effects = self._link_effects
        self.warnings += self.linked.warnings(tried=effects is not None)
        settings = {} if effects is None else vars(self.config.links)
        return {"links": {**self.linked.section(), **settings, **(effects or {})}}

    def _write_state(self, state: ReadState) -> None:
        today = (self._reading_day or date.today()).isoformat()
        self.folder.write_file(STATE, lambda path: write_state(path, state, self.config, today))

    def _told(self) -> dict[str, Any]:
        """What else the manifest says of the execution, and not of the results."""
        return {}

    def model(self, arrests: Any, days: Mapping[str, date], found: Mapping[str, Any]) -> dict[str, Any]:
        """Train, try, score; write model and scores; return the manifest's section on them."""
        from gpunet.model.origin import Origin

        result = self._train(arrests, days, found)
        with self.stage("write scores"):
            self._write_scores(result.scores)
            self.folder.write_table("predictions.parquet", self._parts_of(result.tested), self._said_side)
            purpose = self.config.governance.stated()["purpose"]
            origin = Origin(days["T"], self.config.model.horizon_days, self.config.feature_settings(), purpose=purpose)
            model = replace(result.model, origin=origin)
            self.folder.write_file(f"model{model.suffix}", lambda path: path.write_bytes(model.to_bytes()))
        self.warnings += result.warnings
        return {
            "horizon_days": self.config.model.horizon_days,
            "days": {name: day.isoformat() for name, day in days.items()},
            **result.evaluation,
        }

    @property
    def _said_side(self) -> dict[str, str] | None:
        """What ``run.json`` and the Parquet files of a forecast of victims say of it; of one of offenders nothing."""
        side = self.config.model.side
        return None if side == OFFENDER else {"side": side}

    def _write_scores(self, scores: Any) -> None:
        best: list[Any] = []
        self.folder.write_table("scores.parquet", noting_best(self._parts_of(scores), best), self._said_side)
        self.folder.write_file("top.csv", lambda path: write_top(path, best))

    def _parts_of(self, table: Any) -> Iterable[Any]:
        """The frames that a table of a row a person comes in."""
        return [table]

    def _kept_fit(self, name: str, fit: Callable[[], CrossFit], fits: Callable[[CrossFit], bool]) -> CrossFit:
        """What `fit` gives, or gave in an earlier run; what was kept of that has to be what `fits`."""

        def restored(contents: Contents) -> CrossFit:
            found = kept_trainings.fit_of(contents)
            require(fits(found), "it was trained on other data, or otherwise")
            return found

        return self._checkpoints.kept(f"model-{name}", fit, kept_trainings.of_fit, restored)

    def _train(self, arrests: Any, days: Mapping[str, date], found: Mapping[str, Any]) -> Forecast:
        """What :func:`gpunet.model.forecast` makes of the features as of each of the `days`, T-2H, T-H and T."""
        from gpunet.model import forecast
        from gpunet.model.matrix import bytes_needed

        labelled = victim_between if self.config.model.side == VICTIM else violent_between
        declared = columns(self.config.sets, layers=self.config.layers)
        size = bytes_needed(arrests.n_persons, len(declared), self.config.model.folds)
        with self.stage("model"):
            self.engine.expect("model", size)
            return forecast(
                found["T-2H"].features,
                found["T-H"].features,
                found["T"].features,
                labelled(arrests, days["T-2H"], days["T-H"], known_before=days["T-H"]),
                labelled(arrests, days["T-H"], days["T"], known_before=days["T"]),
                config=self.config.model,
                taxonomy=self.config.violent_offences,
                betweenness=coarsest(found),
                windows=windows(days),
                threads=self.engine.threads,
                device="gpu" if self.engine.name == "gpu" else "cpu",
                progress=self.progress,
                kept=self._kept_fit,
                orders=(
                    rows_in_file_order(arrests, days["T-2H"]),
                    rows_in_file_order(arrests, days["T-H"]),
                    rows_in_file_order(arrests, days["T"]),
                ),
            )


def _forces(arrests: Any) -> int:
    """Of how many forces there are arrests, as far as they say so."""
    names = arrests.force_names  # of a cluster's a tuple
    return len(set(filter(None, names if isinstance(names, tuple) else names.to_list())))
