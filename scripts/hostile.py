"""Use gpunet in hostile ways, and see that nothing is lost, nothing hangs, and every end is one of the three.

    python scripts/hostile.py                               # all 3,000 cases: a quarter of an hour on two cores
    python scripts/hostile.py --share 0.05                  # one in twenty, drawn by the seed
    python scripts/hostile.py --group models --seed 7       # other random damage
    python scripts/hostile.py --case files/fifo --keep DIR  # cases whose name begins so; their files are kept

Each step of a case is a process, forked from one that has everything loaded, with a time limit and a limit of memory.
A fault is: another exit code than 0, 1 and 2, or 1 where the user is to mend something; a traceback; a process that
hangs, or takes too much memory; anything changed, removed or left behind outside of what the command was told to write;
an output that is half-written; a run that goes on to other results than one that nobody disturbed; a message that
steers the terminal or has the content of a cell. Exit code 1 if there is any.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).parent]

from scripts.hostile.command import main  # noqa: E402

if __name__ == "__main__":
    main(__doc__)
