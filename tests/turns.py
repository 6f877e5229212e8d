"""Tests that take turns, so that all of them are run often and none of them each time.

Some take long and guard what changes seldom. With ``NENGOLAB_TURN``, any text, about a third of
them is run; which, it says. `tests/run-tests` gives it the commit, so a commit has the same third
wherever it is tested, and the next one another. Without it all tests are run.

``@pytest.mark.in_turn`` is for a test, or a module as ``pytestmark``; each set of parameters has a
turn of its own. ``in_turn("name")`` gives one turn to all that have this name, such as those that
share what takes long. With the option ``--turns test`` every test function takes its turn, with
``--turns file`` every file: for tests that have no marks.
"""

from __future__ import annotations

import hashlib
import os

import pytest

TURN = os.environ.get("NENGOLAB_TURN", "")


def pytest_addoption(parser: pytest.Parser) -> None:
    choices = ["marked", "test", "file"]
    parser.addoption("--turns", choices=choices, default="marked", help="what takes turns")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not TURN:
        return
    waiting = [item for item in items if not _is_its_turn(_name(item, config.getoption("turns")))]
    if waiting:
        config.hook.pytest_deselected(items=waiting)
        gone = set(waiting)
        items[:] = [item for item in items if item not in gone]


def _is_its_turn(name: str | None) -> bool:
    # A checksum such as CRC would have the same names together each time.
    return name is None or int(hashlib.sha256(f"{TURN} {name}".encode()).hexdigest(), 16) % 3 == 0


def _name(item: pytest.Item, turns: str) -> str | None:
    """What takes a turn as one; None has none to take."""
    if turns == "file":
        return item.nodeid.partition("::")[0]
    if turns == "test":
        return item.nodeid.partition("[")[0]
    mark = item.get_closest_marker("in_turn")
    return None if mark is None else mark.args[0] if mark.args else item.nodeid
