"""For all tests."""

import gc
import os
import random
import resource
import signal
import sys

import nengo
import numpy as np
import pytest

# A shell that starts the tests in the background lets them ignore Ctrl-C, and with them every
# process that they start, those too in which it is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What has no seed of its own in a test is the same each time; a test that is right is so with any.
SEED = int(os.environ.get("NENGOLAB_TEST_SEED", "0"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Seed everything before the fixtures of a test, of whatever scope."""
    random.seed(SEED)
    np.random.seed(SEED)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(SEED)


@pytest.fixture(scope="session", autouse=True)
def decoders_of_this_process(tmp_path_factory):
    """With one cache of decoders, processes wait for each other in each build (0.1 s and more)."""
    cache = nengo.rc["decoder_cache"]
    before = cache["path"]
    cache["path"] = str(tmp_path_factory.mktemp("decoders"))
    yield
    cache["path"] = before


def pytest_collection_finish(session):
    """What was imported stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(3000, 10, 10)  # traces make thousands of objects that stay as long as they


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Note how much memory this process took, where it is one of several."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["peak_mb"] = _peak_mb()


class _Memory:
    """Tells at the end how much memory each of the processes took."""

    def __init__(self):
        self.peaks = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        self.peaks[node.gateway.id] = getattr(node, "workeroutput", {}).get("peak_mb")

    def pytest_terminal_summary(self, terminalreporter):
        peaks = self.peaks or {"this process": _peak_mb()}
        told = ", ".join(
            f"{name} {'ended early' if mb is None else f'{mb:,} MB'}" for name, mb in peaks.items()
        )
        terminalreporter.write_line(f"most memory at a time: {told}")


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Memory(), "memory")
