"""Parameter sweeps: one function, many settings, several processes or a Dask cluster.

`sweep` waits until all is done, `start` returns at once. Dask is an optional part:
``pip install nengolab[sweep]``.
"""

from nengolab.sweep.results import Failure, Sweep
from nengolab.sweep.running import sweep
from nengolab.sweep.settings import Range, draw, grid
from nengolab.sweep.started import start

__all__ = ["Failure", "Range", "Sweep", "draw", "grid", "start", "sweep"]
