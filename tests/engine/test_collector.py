"""The garbage collector waits while many objects are made, and looks at them later."""

from __future__ import annotations

import gc
import subprocess
import sys

from nengolab.runtime.collector import MANY, collector_paused

# In a process of its own: in that of the tests many objects are frozen.
MANY_OBJECTS = """
import gc, time, weakref
from nengolab.runtime import collector

class Knot:
    def __init__(self):
        self.me = self

def is_old(obj):
    return any(each is obj for each in gc.get_objects(generation=2))

collector.COLLECTED_AFTER, collector.STILL = 0.5, 0.2
gc.collect()
for count in (10, 2 * collector.MANY):
    with collector.collector_paused():
        assert not gc.isenabled()
        made = [[] for _ in range(count)]
        knot = weakref.ref(Knot())
        assert knot() is not None
    assert gc.isenabled()
    assert is_old(made[-1]) == (count > collector.MANY), count
    assert gc.get_freeze_count() == 0
with collector.collector_paused(many=100):
    fewer = [[] for _ in range(1000)]
assert is_old(fewer[-1])
end = time.monotonic() + 60
while knot() is not None:
    assert time.monotonic() < end, "nobody collects"
    time.sleep(0.02)
"""


def test_many_new_objects_count_as_old_and_are_looked_at_later() -> None:
    done = subprocess.run([sys.executable, "-c", MANY_OBJECTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# Asked for while somebody waits, it comes when nobody does; where that is never, at last.
WAITED_FOR = """
import gc, time
from nengolab.runtime import collector

found = []
gc.callbacks.append(
    lambda phase, info: found.append(time.monotonic()) if info["generation"] == 2 else None
)

def when(what):
    end = time.monotonic() + 60
    while not found:
        assert time.monotonic() < end, what
        time.sleep(0.01)
    return found[0]

collector.COLLECTED_AFTER, collector.STILL, collector.AT_LAST = 0.1, 0.2, 3600.0
with collector.collection_waits():
    collector.collect_soon()
    time.sleep(1.0)
    assert not found
    done = time.monotonic()
assert when("after it was waited") >= done

end = time.monotonic() + 60
while len(found) < 2:  # its end, too
    assert time.monotonic() < end
collector.AT_LAST = 0.5
found.clear()
with collector.collection_waits():
    asked = time.monotonic()
    collector.collect_soon()
    assert when("at last") >= asked + 0.5

with collector.collector_paused(at_most=0.2):
    end = time.monotonic() + 60
    while not gc.isenabled():
        assert time.monotonic() < end, "code of others is never collected"
        time.sleep(0.01)
"""


def test_it_comes_when_nobody_waits() -> None:
    done = subprocess.run([sys.executable, "-c", WAITED_FOR], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_somebody_has_frozen_stays_so() -> None:
    before = gc.get_freeze_count()
    assert before > 2 * MANY, "the tests freeze what they have imported"
    with collector_paused():
        many = [[] for _ in range(2 * MANY)]
    assert len(many) > MANY
    assert gc.get_freeze_count() >= before - MANY  # some may have gone
    assert gc.isenabled()


def test_one_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
