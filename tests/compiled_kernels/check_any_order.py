"""The lines for whose accesses no race is looked for; test_compiled_kernels.py runs this.

A comment that says "any order" excuses a line. The list is here so that none slips in: whoever adds one has looked at
whether any order does give the same result, says why in the comment, and adds the line here.
"""

from __future__ import annotations

import ast
from pathlib import Path

from compiled_kernels.sites import Site

ROOT = Path(__file__).parents[2] / "gpunet"

EXCUSED = {
    "kernels/cuda/betweenness_forward.py": [
        "cell[OVER] = 1",
        "if w < n and closed[w] == 0 and cuda.atomic.exch(closed, w, 1) == 0:",
        "row[listing[i // LANES] * LANES + i % LANES] = 0.0",
    ],
    "kernels/cuda/betweenness_search.py": [
        "depth[v * LANES + i % LANES] = -1",
        "closed[v] = 0",
    ],
    "kernels/cuda/closeness_search.py": [
        "if closed[w] == 0 and cuda.atomic.exch(closed, w, 1) == 0:",
    ],
    "kernels/cuda/cores_search.py": [
        "if core[w] == k - 1 and support[w] == 0 and cuda.atomic.exch(support, w, 1) == 0:",
        "if core[w] >= k or support[w] != 0:",
        "support[u] = count",
        "if support[w] != 0 and cuda.atomic.sub(support, w, 1) == k + 1:",
    ],
    "kernels/cuda/neighbourhood.py": [
        "if stamp[w] != mine and cuda.atomic.exch(stamp, w, mine) != mine:",
    ],
    "kernels/cuda/tipping.py": [
        "if rank[w] < 0 and cuda.atomic.add(supporters, w, 1) == k - 1:",
        "rank[w] = now",
    ],
    "kernels/cuda/tipping_search.py": [
        "mark[u] = _ACTIVE",
        "if seed[u] or rank[u] <= rank[x] or mark[u] != CLEAR:",
        "if 0 <= rank[w] < rank[u] and mark[w] == CLEAR:",
        "if rank[w] >= 0 and mark[w] != _SUSPECT:",
    ],
}


def excused(path: Path) -> list[str]:
    """The lines of code in a file that are excused."""
    text = path.read_text(encoding="utf-8")
    if "any order" not in text.lower():
        return []
    tree = ast.parse(text)
    numbers = {node.lineno for node in ast.walk(tree) if hasattr(node, "lineno") and not _is_text(node)}
    sites = [Site(str(path), number) for number in sorted(numbers)]
    return [site.text.split("  #")[0] for site in sites if site.has_any_order()]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr | ast.Constant) and isinstance(getattr(node, "value", None), ast.Constant | str)


def test_the_lines_without_order_are_those_that_have_been_looked_at() -> None:
    found = {str(path.relative_to(ROOT)): excused(path) for path in sorted(ROOT.rglob("*.py"))}
    assert {name: lines for name, lines in found.items() if lines} == EXCUSED
