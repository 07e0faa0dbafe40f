"""The forest's file: skops, with everything that varies between equal forests taken out of it.

skops writes memory addresses and the time of day; equal forests are to be equal bytes, so that a run can be compared
with its repetition.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from gpunet.base.errors import ModelError

__all__ = ["dump_forest", "load_forest"]

#: What skops asks its users to review. Its danger, node numbers out of range, is checked in ``trees.flatten``.
_TRUSTED = ["sklearn.tree._tree.Tree"]

_SCHEMA = "schema.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


def dump_forest(forest: Any, metadata: str) -> bytes:
    """A skops file of ``{"gpunet": metadata, "forest": forest}``; equal forests give equal bytes."""
    import skops.io

    buffer = io.BytesIO()
    raw = skops.io.dumps({"gpunet": metadata, "forest": forest})
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(buffer, "w") as target:
        schema = json.loads(source.read(_SCHEMA))
        files: dict[str, str] = {}
        _renumber(schema, files, [0])
        for old, new in files.items():
            _write(target, new, _clean_array(source.read(old)))
        _write(target, _SCHEMA, json.dumps(schema).encode())
    return buffer.getvalue()


def _renumber(node: Any, files: dict[str, str], count: list[int]) -> None:
    """Replace memory addresses in the schema by numbers in the order of the file, in place."""
    if isinstance(node, list):
        for item in node:
            _renumber(item, files, count)
    elif isinstance(node, dict):
        if "__id__" in node:
            count[0] += 1
            node["__id__"] = count[0]
        if isinstance(node.get("file"), str) and node.get("__loader__") == "NdArrayNode":
            node["file"] = files.setdefault(node["file"], f"{len(files)}.npy")
        for value in node.values():
            _renumber(value, files, count)


def _clean_array(data: bytes) -> bytes:
    """The array without whatever lay in memory between the fields of its records (a tree's nodes)."""
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if array.dtype.names is None:
        return data
    clean = np.zeros(array.shape, dtype=array.dtype)
    for name in array.dtype.names:
        clean[name] = array[name]
    buffer = io.BytesIO()
    np.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()


def _write(target: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    target.writestr(info, data)


def load_forest(data: bytes) -> tuple[Any, str]:
    """Read what :func:`dump_forest` wrote: the forest and the metadata.

    Raises
    ------
    ModelError
        If it is no such file, or holds anything but the types of a random forest.
    """
    import skops.io
    from sklearn.ensemble import RandomForestClassifier

    try:
        content = skops.io.loads(data, trusted=_TRUSTED)
    except Exception as error:  # skops lets through whatever a damaged file makes zipfile, JSON or NumPy raise
        raise ModelError(f"skops cannot read it: {str(error).splitlines()[0] if str(error) else error!r}") from error
    if not isinstance(content, dict) or not isinstance(content.get("gpunet"), str):
        raise ModelError("it is a skops file, but was not made by gpunet")
    forest = content.get("forest")
    if not isinstance(forest, RandomForestClassifier) or len(getattr(forest, "estimators_", ())) == 0:
        raise ModelError("it holds no random forest")
    return forest, content["gpunet"]
