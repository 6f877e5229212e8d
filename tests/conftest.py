"""For all tests."""

import os
import random
import signal
import sys

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
