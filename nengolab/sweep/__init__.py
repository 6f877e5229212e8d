"""Parameter sweeps: one function, many settings, several processes or a Dask cluster.

Dask is an optional part: ``pip install nengolab[sweep]``.
"""

from nengolab.sweep.results import Failure, Sweep
from nengolab.sweep.running import sweep

__all__ = ["Failure", "Sweep", "sweep"]
