"""So many probes of one population that what they read comes from as many outputs."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

from .compare import both


def many() -> nengo.Network:
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(np.sin)
        ens = nengo.Ensemble(12, 1)
        nengo.Connection(stimulus, ens)
        for i, reg in enumerate(np.linspace(0.01, 0.3, 20)):
            for synapse in (0.0, 0.01):
                solver = nengo.solvers.LstsqL2(reg=reg)
                nengo.Probe(ens, solver=solver, synapse=synapse, label=f"{i} {synapse}")
    return net


@pytest.mark.parametrize("schedule", ["auto", "stepped"])
def test_many_probes_of_one_population(schedule):
    for probe, (expected, got) in both(many, 100, schedule=schedule).items():
        assert np.abs(expected).max() > 0.01
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9, err_msg=probe)
