"""Every column of the tables that an experiment gives of layers beside co-arrest; there are none without layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gpunet.base._version import __version__
from gpunet.evaluate.schemas import ResultColumn, dictionary_of, frame_of_rows
from gpunet.model.metrics import TOP

__all__ = ["LAYER_TABLES", "RANKING", "layer_frame", "layer_metadata"]

#: The measures of how well values order persons, of which the worth of a layer is told.
RANKING = ("auc", "average_precision", *(f"precision_top_{k}" for k in TOP))

_NOT_TOLD = "the measure is not defined, as `worth` says"
_NO_INTERVAL = "no interval can be had, as `worth` says"

_LAYERS = (
    ResultColumn("experiment", "text", "name", "known or emerging."),
    ResultColumn("protocol", "text", "name", "Whose labels features could know.", "of emerging"),
    ResultColumn("layer", "text", "name", "The layer that was left out: a kind of ties, or victim."),
    ResultColumn("outcome", "text", "name", "What was to be predicted, as in results."),
    ResultColumn("measure", "text", "name", f"{', '.join(RANKING)}: as in results, of XGBoost and everybody."),
    ResultColumn("with", "float64", "share", "The measure with every layer; of emerging the mean of its months.",
                 _NOT_TOLD),
    ResultColumn("without", "float64", "share",
                 "The same of the model without this layer, trained and tried on the same persons.", _NOT_TOLD),
    ResultColumn("difference", "float64", "share", "with - without: above 0 the layer helps.", _NOT_TOLD),
    ResultColumn("low", "float64", "share",
                 "Lower end of the approximate 95 % interval of difference: percentiles of its values in draws of the "
                 "network's communities, of emerging of the months too; the same draws with and without.",
                 _NO_INTERVAL),
    ResultColumn("high", "float64", "share", "Upper end.", _NO_INTERVAL),
    ResultColumn("months", "int64", "months", "Months in which the measure is defined.", "of known"),
    ResultColumn("persons", "int64", "persons", "Persons that were predicted; once in each month that counts."),
    ResultColumn("positives", "int64", "persons", "Those of them whose label is true."),
    ResultColumn("worth", "text", "text",
                 "helps, no better than without, makes it worse, or cannot be told; and why."),
)  # fmt: skip

_WATCHING = (
    ResultColumn("layer", "text", "name", "A kind of ties, or victim."),
    ResultColumn("force", "text", "name", "The force of the latest dated arrest of the persons.",
                 "of persons of whom no force is known, such as those without an arrest"),
    ResultColumn("persons", "int64", "persons", "Persons of the tables who belong there."),
    ResultColumn("persons_with_ties", "int64", "persons", "Those of them with a tie in the layer."),
    ResultColumn("records", "int64", "records",
                 "Records of ties with such a person at either end; of victim, incidents."),
    ResultColumn("ties_a_person", "float64", "persons", "Mean number of persons to whom one of them is tied."),
    ResultColumn("ratio", "float64", "ratio", "ties_a_person over that of all persons of the tables.",
                 "nobody has a tie in the layer"),
)  # fmt: skip

#: The tables, and the columns of each in its order.
LAYER_TABLES: Mapping[str, tuple[ResultColumn, ...]] = {"layers": _LAYERS, "watching": _WATCHING}


def layer_frame(table: str, rows: Sequence[Mapping[str, Any]], backend: str = "polars") -> Any:
    """A frame of a table's rows.

    >>> layer_frame("watching", []).columns[:3]
    ['layer', 'force', 'persons']
    """
    return frame_of_rows(LAYER_TABLES[table], rows, backend)


def layer_metadata(table: str) -> dict[str, Any]:
    """What a table's Parquet file says of itself."""
    return {"version": __version__, "table": table, "columns": dictionary_of(LAYER_TABLES[table])}
