"""The benchmarks measure what they say: both sides run, and a wrong result counts as 0x."""

from __future__ import annotations

import nengo
from nengo.builder.learning_rules import SimPES

from nengolab.benchmarks import measure as measuring
from nengolab.benchmarks.__main__ import main
from nengolab.benchmarks.networks import ensemble_array
from nengolab.compiler.operators import TRANSLATORS


def test_small_network_is_measured(monkeypatch):
    monkeypatch.setattr(measuring, "SLICE_SECONDS", 0.05)
    result = measuring.measure("small", lambda: ensemble_array(4, 20))
    assert result.problem == ""
    assert result.error < 1e-2
    assert min(*result.rate, *result.build_s, *result.first_s) > 0
    assert result.ratio == result.rate[1] / result.rate[0]


def test_wrong_result_counts_as_nothing(monkeypatch):
    monkeypatch.setattr(measuring, "SLICE_SECONDS", 0.05)

    def make():
        net = ensemble_array(4, 20)
        ens = net.networks[0].ensembles[0]
        # On our side alone, what the Node puts out is something else.
        with net:
            values = iter([0.0] * 3 + [0.0] * measuring.CHECK_STEPS + [9.0] * 10_000_000)
            nengo.Connection(nengo.Node(lambda t: next(values)), ens, synapse=None)
        return net

    result = measuring.measure("wrong", make)
    assert "wrong: RMS error" in result.problem
    assert result.ratio == 0


def test_network_that_does_not_run_is_named(capsys, monkeypatch):
    monkeypatch.delitem(TRANSLATORS, SimPES)
    main(["pes"])
    out = capsys.readouterr().out
    assert "does not run" in out
    assert "no kernel" in out
