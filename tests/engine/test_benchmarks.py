"""The benchmarks measure what they say: both sides run, and a wrong result counts as 0x."""

from __future__ import annotations

import numpy as np
import pytest

import nengolab
from nengolab.benchmarks import measure as measuring
from nengolab.benchmarks.__main__ import line
from nengolab.benchmarks.networks import ensemble_array
from nengolab.benchmarks.size import in_own_process


def test_small_network_is_measured(monkeypatch):
    monkeypatch.setattr(measuring, "SLICE_SECONDS", 0.05)
    for items in (1, 3):
        result = measuring.measure("small", lambda: ensemble_array(4, 20), items)
        assert result.problem == ""
        assert result.error < 1e-2
        assert min(*result.rate, *result.ready_s) > 0
        assert result.ratio == items * result.rate[1] / result.rate[0]


def test_wrong_result_counts_as_nothing(monkeypatch):
    monkeypatch.setattr(measuring, "SLICE_SECONDS", 0.05)
    right = nengolab.Simulator

    def wrong(net, **options):
        (stimulus,) = net.nodes
        output, stimulus.output = stimulus.output, np.full(4, 0.9)
        simulator = right(net, **options)
        stimulus.output = output
        return simulator

    monkeypatch.setattr(nengolab, "Simulator", wrong)
    result = measuring.measure("wrong", lambda: ensemble_array(4, 20))
    assert "wrong: RMS error" in result.problem
    assert result.ratio == 0


def test_network_that_does_not_run_is_named(monkeypatch, capsys):
    def refuse(net, **options):
        raise nengolab.exceptions.BuildError("ensemble: no kernel for it")

    monkeypatch.setattr(nengolab, "Simulator", refuse)
    result = measuring.measure("refused", lambda: ensemble_array(4, 20))
    assert "no kernel" in result.problem
    assert "does not run" in line(result)


@pytest.mark.in_turn
def test_size_is_measured_in_a_process_of_its_own():
    row = in_own_process("nengolab", 10)
    assert row["neurons"] == 1000
    assert min(row["build_s"], row["ready_s"], row["rate"], row["bytes"]) > 0
