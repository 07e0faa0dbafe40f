"""The experiment on a known network: which persons, which labels and folds, and what every classifier says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import in_file_order
from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback, ended, part_of
from gpunet.config.config import Config
from gpunet.engines.protocol import Engine
from gpunet.evaluate.ablation import MODEL, Ablated
from gpunet.evaluate.classifiers import CLASSIFIERS, Classifier
from gpunet.evaluate.classifiers_gpu import gpu_classifiers, left_to_the_cpu
from gpunet.evaluate.families import family_columns
from gpunet.evaluate.fitting import FoldRows, held_out_values, seed_of
from gpunet.evaluate.heuristics import two_hop_heuristic
from gpunet.evaluate.known_ablation import VICTIMS_LEFT_OUT, left_out, without_victims
from gpunet.evaluate.labels import violent_before_the_last, violent_persons
from gpunet.evaluate.predicted import Kept, Predicted
from gpunet.evaluate.protocols import HiddenFeatures, Matrices
from gpunet.evaluate.victim_seeds import Seeds, where_from
from gpunet.model.folds import person_folds
from gpunet.tables.arrays import to_host

__all__ = ["KnownNetwork"]


class KnownNetwork:
    """The experiment on given arrests.

    Attributes
    ----------
    features
        Features with any labels hidden, and the network.
    person
        int64[n], positions of the persons among those of the arrests, as the files first name them.
    label
        bool[n], whether each is violent.
    fold
        int32[n], the fold in which each is held out.
    before
        bool[n_persons], who has a violent arrest before the day of the last one.
    warnings
        Sentences for the user.
    ablated
        The model with every layer and without each, of the protocols that :meth:`predicted` has come to.
    """

    def __init__(self, arrests: Arrests, settings: Config, population: str, engine: Engine) -> None:
        self._settings = settings
        self.features = HiddenFeatures(without_victims(arrests), engine, settings.path)
        everybody = self.features.community >= 0 if population == "network" else np.ones(arrests.n_persons, np.bool_)
        self.person: Int64 = in_file_order(np.flatnonzero(everybody), to_host(arrests.first_rows))
        self.label: Bool = to_host(violent_persons(arrests))[self.person]
        self.before: Bool = to_host(violent_before_the_last(arrests))
        _check_folds(self.label, settings.evaluate.folds, population)
        self.fold: Int32 = person_folds(
            self.label, np.arange(len(self.label)), settings.evaluate.folds, settings.model.seed
        )
        self._on_gpu = engine.name == "gpu"
        self.warnings: list[str] = [] if arrests.victims is None else [VICTIMS_LEFT_OUT]
        self.ablated: list[Ablated] = []

    def populations(self, predicted: Predicted) -> dict[str, Bool]:
        """Who had no violent arrest before the day of the last one, and who had."""
        before = self.before[predicted.person]
        return {"no_violent_before": ~before, "violent_before": before}

    def predicted(self, threads: int, progress: ProgressCallback | None, kept: Kept) -> Iterator[Predicted]:
        """What every classifier says under every protocol from every family of features."""
        tasks = self._tasks()
        for protocol in self._settings.evaluate.protocols:
            told = part_of(progress, protocol)
            # Made when it is first needed: an earlier run may have kept all that is made of it.
            matrices = cache(partial(Matrices, self.features, protocol, self.person, self.fold, kept, told))
            done, work = 0.0, sum(task.seconds for task in tasks)
            complete: Predicted | None = None
            for task in tasks:
                name = ", ".join([protocol, task.name, *(["smote"] if task.smote else []), task.family])
                fit = partial(self._values, task, matrices, threads, _share(told, done, task.seconds, work))
                said = self._said(protocol, task, kept(name, fit, self.person.shape))
                complete = said if (task.name, task.family) == (MODEL, "all") else complete
                yield said
                done += task.seconds
            ended(told, "classifiers")
            if self.features.arrests.layers:
                if complete is None:  # the model is not among the classifiers that were asked for
                    task = self._task(MODEL, "all")
                    fit = partial(self._values, task, matrices, threads, None)
                    complete = self._said(protocol, task, kept(f"{protocol}, {MODEL}, all", fit, self.person.shape))
                self._leave_out(complete, matrices, threads, told, kept)

    def _leave_out(
        self,
        complete: Predicted,
        matrices: Callable[[], Matrices],
        threads: int,
        told: ProgressCallback | None,
        kept: Kept,
    ) -> None:
        """Try the model without each layer; `complete` is what it says with all."""
        task = self._task(MODEL, "all")

        def fit(rows: FoldRows, width: int, progress: ProgressCallback | None) -> Float64:
            return self._fitted(task, rows, np.arange(width), np.zeros(width, np.bool_), threads, progress)

        self.ablated += left_out(self.features, complete, self.fold, matrices, fit, kept, told)

    def two_hop(self, victims: Seeds | None) -> list[Predicted]:
        """Whom the two-hop heuristic names, under each protocol.

        It starts from victims, or from the violent persons whose labels the protocol does not hide from the fold. As
        Algorithm 1 has it, nobody is named who had a violent arrest before.
        """
        self.warnings += [where_from(victims), *(() if victims is None else victims.warnings)]
        seeds = None if victims is None else victims.seeds(len(self.before))
        return [self._by_two_hop(protocol, seeds) for protocol in self._settings.evaluate.protocols]

    def _by_two_hop(self, protocol: str, seeds: Bool | None) -> Predicted:
        named = np.zeros(len(self.person), dtype=np.bool_)
        for fold in range(self._settings.evaluate.folds):
            rows = self.fold == fold
            if seeds is None:
                hidden = np.zeros(len(self.before), dtype=np.bool_)
                hidden[self.person[rows]] = protocol != "paper"
                seen = self.features.hidden(hidden, events=protocol == "same_event")
                start = to_host(violent_persons(seen))
            else:
                start = seeds
            named[rows] = two_hop_heuristic(self.features.network, self.before, start)[self.person[rows]]
        return Predicted(
            experiment="known",
            protocol=protocol,
            classifier="two_hop_heuristic",
            smote=False,
            family="all",
            outcome="violent",
            person=self.person,
            label=self.label,
            value=named.astype(np.float64),
            named=named,
            is_probability=False,
            is_order=False,
        )

    def _tasks(self) -> list[_Task]:
        evaluate, declared = self._settings.evaluate, self.features.declared.values()
        classifiers = CLASSIFIERS
        if self._on_gpu:
            classifiers = gpu_classifiers()
            self.warnings += left_to_the_cpu(evaluate.classifiers)
        return [
            _Task(name, smote, family, columns, classifiers[name])
            for name in evaluate.classifiers
            for smote in ([False, True] if name == "random_forest" and evaluate.smote else [False])
            for family, columns in family_columns(declared).items()
        ]

    def _task(self, name: str, family: str) -> _Task:
        classifiers = gpu_classifiers() if self._on_gpu else CLASSIFIERS
        columns = family_columns(self.features.declared.values())[family]
        return _Task(name, False, family, columns, classifiers[name])

    def _values(
        self, task: _Task, matrices: Callable[[], Matrices], threads: int, progress: ProgressCallback | None
    ) -> Float64:
        flags = np.array([feature.dtype == "bool" for feature in self.features.declared.values()])[task.columns]
        return self._fitted(task, matrices(), task.columns, flags, threads, progress)

    def _fitted(
        self,
        task: _Task,
        rows: FoldRows,
        columns: Int64,
        flags: Bool,
        threads: int,
        progress: ProgressCallback | None,
    ) -> Float64:
        return held_out_values(
            rows,
            self.label,
            task.classifier,
            columns,
            flags,
            seed=seed_of(self._settings.model.seed, task.name, task.family),
            smote=task.smote,
            threads=1 if self._on_gpu else threads,
            progress=progress,
        )

    def _said(self, protocol: str, task: _Task, value: Float64) -> Predicted:
        return Predicted(
            experiment="known",
            protocol=protocol,
            classifier=task.name,
            smote=task.smote,
            family=task.family,
            outcome="violent",
            person=self.person,
            label=self.label,
            value=value,
            named=value >= task.classifier.threshold,
            fold=self.fold.astype(np.int64),
            is_probability=task.classifier.says == "probability",
        )


@dataclass(frozen=True)
class _Task:
    """One classifier on one family of features."""

    name: str
    smote: bool
    family: str
    columns: Int64
    classifier: Classifier

    @property
    def seconds(self) -> float:
        """What a fit takes, roughly: all columns take about twice as long as a family's, and so does oversampling."""
        return self.classifier.seconds * (1 + (self.family == "all")) * (1 + self.smote)


def _share(progress: ProgressCallback | None, before: float, seconds: float, total: float) -> ProgressCallback | None:
    """Tells of a task that takes some seconds, with so many before it, as of its share of the stage ``classifiers``."""
    if progress is None:
        return None
    return lambda _, done, whole: progress("classifiers", before + seconds * done / whole, total)


def _check_folds(label: Bool, folds: int, population: str) -> None:
    positives = int(label.sum())
    of = "persons of the network" if population == "network" else "persons"
    if not len(label):
        raise InputError(f"there are no {of}, so nobody can be told from anybody: give more arrests")
    if positives in (0, len(label)):
        who = "nobody" if not positives else "everybody"
        raise InputError(
            f"{who} of the {len(label)} {of} has an offence of [violent_offences], so nobody can be told from the "
            "others: check [violent_offences], or give more arrests"
        )
    for count, who in ((positives, "are"), (len(label) - positives, "are not")):
        if count < folds:
            raise InputError(
                f"{count} of the {len(label)} {of} {who} violent, which is too few for {folds} folds: set [evaluate] "
                "folds to fewer, or give more arrests"
            )
