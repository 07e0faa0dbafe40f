"""Everything that there is to find out on a GPU machine that one has for a quarter of an hour, call by call.

    PYTHONPATH=. python scripts/measure_gpu.py --rehearse            # here, without a GPU: is the script right?
    PYTHONPATH=. python scripts/measure_gpu.py --divide bring        # what the machine is brought, divided among calls
    PYTHONPATH=. python scripts/measure_gpu.py --list                # the plan: each call's command, steps and seconds
    PYTHONPATH=. python scripts/measure_gpu.py a --out results       # there: our kernels
    PYTHONPATH=. python scripts/measure_gpu.py b --out results       # there, with RAPIDS: the GPU engine
    PYTHONPATH=. python scripts/measure_gpu.py c rest --out results  # there: beside cuGraph, a million persons,
    PYTHONPATH=. python scripts/measure_gpu.py ladder --again        # some steps once more

A step is commands with a time limit. It is begun only if what it takes is left of the budget and what it needs can be
imported, and one that fails or is stopped does not stop the next. In OUT stand, for each call, gpu-CALL.json with what
came of every step so far, the device, its driver, versions and date, and gpu-CALL.log; while a step is at work,
gpu-CALL.now.json with what it has found. The same command again, with the files of an earlier one in OUT, goes on with
what is not done. Networks that `scripts/gpu_kernels.py make` has made elsewhere are taken from WORK/edges, tables from
WORK/tables-100000 and the like. Exit code 0 if every step is done or has nothing to install, 1 if not.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.on_gpu.command import main

if __name__ == "__main__":
    sys.exit(main(__doc__))
