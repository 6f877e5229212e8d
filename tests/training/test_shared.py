"""What training compiles is shared by networks alike, and by no others."""

from __future__ import annotations

import gc
from collections import OrderedDict

import nengo
import numpy as np
import pytest
from tensorflow.python.framework import ops

import nengolab
from nengolab.kernels import compiled


def network(surrogate="atan", neurons=None, size=12, synapse=0.01, seed=1):
    with nengo.Network(seed=seed) as net:
        nengolab.configure_settings(surrogate=surrogate)
        net.inp = nengo.Node([0.5])
        ens = nengo.Ensemble(size, 1, neuron_type=neurons or nengo.LIF())
        nengo.Connection(net.inp, ens, synapse=synapse)
        nengo.Connection(ens, ens, synapse=0.05)
        net.probe = nengo.Probe(ens, synapse=0.01)
    return net


def trained(net, n_steps=6, minibatch=2) -> dict[str, np.ndarray]:
    """All parameters after two batches."""
    data = np.linspace(-1, 1, 2 * minibatch * n_steps).reshape(-1, n_steps, 1)
    with nengolab.Simulator(net, minibatch_size=minibatch, seed=3, progress_bar=False) as sim:
        sim.compile("sgd", "mse")
        sim.fit({net.inp: data}, {net.probe: data}, verbose=0, shuffle=False)
        return {name: np.array(p.value) for name, p in sim.parameters.items()}


OTHERS = {
    "surrogate": {"surrogate": "triangular"},
    "steepness": {"surrogate": nengolab.surrogates.ATan(7.0)},
    "function": {"surrogate": nengolab.surrogates.Custom(lambda x: 0.1 / (1 + x * x))},
    "constant": {"neurons": nengo.LIF(tau_rc=0.05)},
    "AdaptiveLIF": {"neurons": nengo.AdaptiveLIF()},
    "LIFRate": {"neurons": nengo.LIFRate()},
    "RectifiedLinear": {"neurons": nengo.RectifiedLinear()},
    "Alpha": {"synapse": nengo.Alpha(0.02)},
    "no synapse": {"synapse": None},
    "size": {"size": 13},
    "seed": {"seed": 2},
}


@pytest.fixture(scope="module")
def first():
    """What one network learned, before which nothing was compiled."""
    compiled.forget()
    learned = trained(network())
    assert compiled._known
    return learned


class Watched(OrderedDict):
    """Notes what was there before and is given again."""

    def __init__(self, known):
        super().__init__(known)
        self.before, self.given = set(known), set()

    def pop(self, key, default=None):
        if key in self.before:
            self.given.add(key)
        return super().pop(key, default)


@pytest.mark.in_turn
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_network_learns_the_same_after_one_much_like_it(first, other, monkeypatch):
    """What is compiled for it alone is not of another network; what is given again must do."""
    known = Watched(compiled._known)
    monkeypatch.setattr(compiled, "_known", known)
    after = trained(network(**other))
    monkeypatch.undo()
    compiled._known.update(known)  # the tests after this one come after its network, too
    assert any(not np.array_equal(after[name], first[name]) for name in first.keys() & after)
    if not known.given:
        return  # all that it ran was made for it
    monkeypatch.setattr(compiled, "_known", OrderedDict())
    alone = trained(network(**other))
    assert alone.keys() == after.keys()
    for name, value in alone.items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)


@pytest.mark.in_turn
def test_what_is_shared_has_the_gradients_of_what_is_not(first, monkeypatch):
    for neurons in (nengo.LIFRate(), nengo.RectifiedLinear()):
        net = network(surrogate=None, neurons=neurons)
        with nengolab.Simulator(net, progress_bar=False) as sim:
            checked = sim.check_gradients(n_steps=4)
        assert any(abs(found.analytic) > 1e-6 for found in checked)
    monkeypatch.setattr(compiled, "_known", _Forgetful())
    monkeypatch.setattr(compiled, "_apart", lambda do, *args: do(*args))
    for name, value in trained(network()).items():
        np.testing.assert_array_equal(first[name], value, err_msg=name)


class _Forgetful(OrderedDict):
    def __setitem__(self, key, value):
        pass


def test_the_same_network_compiles_nothing_again(first, monkeypatch):
    made = []
    make = compiled.Compiled
    monkeypatch.setattr(compiled, "Compiled", lambda *a: made.append(a) or make(*a))
    again = trained(network())
    assert not made
    for name, value in first.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)
    trained(network(), n_steps=7)
    assert made


def test_gradients_end_with_the_simulator_that_used_them():
    trained(network())
    gc.collect()
    before = set(ops.gradient_registry._registry)
    trained(network())
    gc.collect()
    assert set(ops.gradient_registry._registry) == before
