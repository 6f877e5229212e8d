"""How errors of twins fall: each point is that of a comparison that is built and run for it."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab
from nengolab import inspect
from nengolab.exceptions import ValidationError


def make(n=40) -> nengo.Network:
    with nengo.Network(seed=3) as net:
        nengolab.configure_settings(dtype="float64")
        node = nengo.Node([0.4], label="node")
        a = nengo.Ensemble(n, 1, neuron_type=nengo.PoissonSpiking(nengo.LIFRate()))
        nengo.Connection(node, a, synapse=None)
        nengo.Probe(a, synapse=0.01, label="value")
    return net


@pytest.mark.in_turn
def test_by_dt_it_is_that_of_a_comparison_with_each():
    found = inspect.error_by_dt(make(), [0.004, 0.001], "regular", seconds=0.2, synapse=0.02)
    for dt, error in zip((0.004, 0.001), found, strict=True):
        single = inspect.compare(make(), round(0.2 / dt), kinds=["rate", "regular"], dt=dt)
        tail = single.error("regular", "value", synapse=0.02)
        assert error == pytest.approx(np.sqrt(np.mean(tail[len(tail) // 2 :] ** 2)))


@pytest.mark.in_turn
def test_by_neurons_noise_falls_as_their_root():
    found = inspect.error_by_neurons(make, [40, 640], "poisson", n_steps=600)
    single = inspect.compare(make(640), 600, kinds=["rate", "poisson"])
    assert found[1] == pytest.approx(single.settled_error("poisson"))
    assert 2.5 < found[0] / found[1] < 6.5, "4 is expected of 16 times the neurons"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: inspect.error_by_dt(make(), [0.2], seconds=0.2), "less than two steps"),
        (lambda: inspect.error_by_dt(make(), [0.0]), "dts"),
        (lambda: inspect.error_by_neurons(make, [0]), "counts"),
        (lambda: inspect.error_by_neurons(lambda n: n, [3]), "a number of neurons; it gave int"),
    ],
)
def test_what_cannot_be_varied_is_named(call, words):
    with pytest.raises(ValidationError, match=words):
        call()
