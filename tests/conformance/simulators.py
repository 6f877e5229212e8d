"""What nengo's test suite is run against, and what it needs that this environment lacks.

The tests ask for ``Simulator`` and get ``nengolab.Simulator`` itself; its precision is the run's.
"""

from __future__ import annotations

import gc
import importlib.metadata
import sys
import types
from typing import Any

import nengo

import nengolab.simulator.base

# Nengo's own option: every operator is tried out when it is added to a model.
nengo.rc.set("nengo.Simulator", "fail_fast", "True")

# nengo 4.1 lists its backends through this module, which setuptools 82 removed.
if "pkg_resources" not in sys.modules:
    _stand_in = types.ModuleType("pkg_resources")
    _stand_in.iter_entry_points = lambda group: importlib.metadata.entry_points(group=group)
    sys.modules["pkg_resources"] = _stand_in


def float64(request: Any) -> type:
    """The simulator in double precision, which nengo's tolerances are made for."""
    return _in_precision("float64")


def float32(request: Any) -> type:
    """The simulator in single precision, its default."""
    return _in_precision("float32")


def _in_precision(dtype: str) -> type:
    asked = nengolab.simulator.base.get_setting

    def setting(network: Any, name: str) -> str:
        return dtype if name == "dtype" else asked(network, name)

    # Models that tests build without a network have no settings; so it is not set on networks.
    nengolab.simulator.base.get_setting = setting
    return nengolab.Simulator


def pytest_addoption(parser: Any) -> None:
    """Declare the option that pytest-allclose reads, and does not declare."""
    parser.addini("allclose_tolerances", "tolerances by test", type="linelist", default=[])


def pytest_collection_modifyitems(config: Any, items: list) -> None:
    """Leave out tests that simulate nothing; nengo's plugin does so for nengo's own only."""
    left_out = [item for item in items if "Simulator" not in item.fixturenames]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if "Simulator" in item.fixturenames]


def pytest_collection_finish(session: Any) -> None:
    """What was imported stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(3000, 10, 10)  # traces make thousands of objects that stay as long as they
