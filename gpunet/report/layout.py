"""Where persons of a network, or its communities, stand in a picture: ForceAtlas2."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Float64, Int64

__all__ = ["laid_out"]

#: Of the drawn starting places.
_SEED = 1


def laid_out(n: int, first: Int64, second: Int64) -> Float64:
    """Lay out a network: ties pull together, everybody pushes everybody else away, and all are held to the middle.

    The algorithm is ForceAtlas2 (Jacomy, Venturini, Heymann, Bastian, PLoS ONE 9, 2014) with Barnes and Hut's
    approximation, in one thread: the same places each time. A network of 10,000 takes about ten seconds.

    Parameters
    ----------
    n
        Number of vertices.
    first, second
        int64[ties], the vertices of each tie, from 0 to n-1.

    Returns
    -------
    float64[n, 2]
        Places between 0 and 1; the longer side of the picture is 1, and it begins at 0 on both.

    Examples
    --------
    >>> places = laid_out(3, np.array([0, 1]), np.array([1, 2]))  # a path
    >>> ends = places[2] - places[0]
    >>> bool(np.linalg.norm(places[1] - places[0] - ends / 2) < 0.1 * np.linalg.norm(ends))
    True
    """
    import crategraph_forceatlas2

    # An inner loop for small networks too: theirs move about longer until they are in order.
    places = crategraph_forceatlas2.layout(
        n, np.stack([first, second], axis=1), seed=_SEED, threads=1, iterations=200 if n > 2000 else 600,
        barnesHutOptimize=n > 2000, barnesHutTheta=1.0, scalingRatio=10.0, strongGravityMode=True, gravity=0.05,
        slowDown=1.0,
    )  # fmt: skip
    low = places.min(axis=0, initial=np.inf)
    extent = np.ptp(places, axis=0).max() if n > 1 else 0.0
    return (places - low) / extent if extent else np.full((n, 2), 0.5)
