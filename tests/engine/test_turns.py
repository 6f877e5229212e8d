"""Tests that take turns: each has its own, often, and a commit always has the same."""

from __future__ import annotations

import pytest

from tests import turns


def test_two_of_three_wait_and_none_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"tests/a/test_b.py::test_{n}" for n in range(200)]
    runs = []
    for commit in range(32):
        monkeypatch.setattr(turns, "TURN", f"commit {commit}")
        runs.append({name for name in names if turns._is_its_turn(name)})
        assert 40 < len(runs[-1]) < 95
    assert set.union(*runs) == set(names)
    # Nor are the same ones always together.
    assert all(55 < len(runs[0] ^ run) < 125 for run in runs[1:])
    assert turns._is_its_turn(None)


def test_the_others_are_deselected_and_none_without_a_turn(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, config = request.node, request.config
    told: list[pytest.Item] = []
    monkeypatch.setattr(config.hook, "pytest_deselected", lambda items: told.extend(items))
    monkeypatch.setattr(config.option, "turns", "test", raising=False)
    for turn in map(str, range(8)):
        monkeypatch.setattr(turns, "TURN", turn)
        items, before = [item], len(told)
        turns.pytest_collection_modifyitems(config, items)
        assert items == ([item] if turns._is_its_turn(item.nodeid) else [])
        assert len(told) - before == 1 - len(items)
    assert 0 < len(told) < 8
    monkeypatch.setattr(turns, "TURN", "")
    items = [item]
    turns.pytest_collection_modifyitems(config, items)
    assert items == [item]


def test_who_takes_a_turn(request: pytest.FixtureRequest) -> None:
    item = request.node
    assert turns._name(item, "marked") is None
    assert turns._name(item, "test") == item.nodeid
    assert turns._name(item, "file") == item.nodeid.partition("::")[0]
    item.add_marker(pytest.mark.in_turn)
    assert turns._name(item, "marked") == item.nodeid
    item.add_marker(pytest.mark.in_turn("together"), append=False)
    assert turns._name(item, "marked") == "together"
