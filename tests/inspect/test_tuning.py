"""Tuning curves and what makes an ensemble what it is, against nengo.utils.ensemble."""

from __future__ import annotations

import nengo
import numpy as np
import pytest
from nengo.utils import ensemble as reference

import nengolab
from nengolab import inspect
from nengolab.exceptions import UnknownObject, ValidationError

TYPES = [
    nengo.LIF(),
    nengo.LIFRate(tau_rc=0.03),
    nengo.AdaptiveLIF(),
    nengo.RectifiedLinear(),
    nengo.Sigmoid(),
    nengo.Tanh(),
    nengo.Izhikevich(),
    nengo.PoissonSpiking(nengo.LIFRate()),
    nengo.RegularSpiking(nengo.RectifiedLinear()),
    nengolab.SoftLIFRate(),
    nengolab.LeakyReLU(),
]


def make() -> nengo.Network:
    with nengo.Network(seed=3, label="net") as net:
        with nengo.Network(label="inner"):
            nengo.Ensemble(30, 1, radius=2, label="line", n_eval_points=40)
            nengo.Ensemble(25, 2, radius=0.5, label="plane", intercepts=nengo.dists.Choice([0.2]))
        nengo.Ensemble(20, 4, label="space")
        nengo.Ensemble(4, 1, neuron_type=nengo.Direct(), label="direct")
        nengo.Node([0.0], label="node")
    return net


@pytest.fixture(scope="module")
def net():
    return make()


@pytest.fixture(scope="module")
def theirs(net):
    with nengo.Simulator(net, progress_bar=False) as sim:
        yield sim


@pytest.mark.parametrize("name", ["inner/line", "inner/plane", "space"])
def test_a_network_gives_what_its_simulators_would(net, theirs, name):
    alone, built = inspect.population(net, name), inspect.population(theirs, name)
    ens = next(e for e in net.all_ensembles if e.label == name.split("/")[-1])
    for field in ("encoders", "gain", "bias", "max_rates", "intercepts", "eval_points"):
        np.testing.assert_array_equal(getattr(alone, field), getattr(theirs.data[ens], field))
        np.testing.assert_array_equal(getattr(built, field), getattr(theirs.data[ens], field))
    assert (alone.n_neurons, alone.dimensions) == (ens.n_neurons, ens.dimensions)


@pytest.mark.parametrize("neuron_type", TYPES, ids=lambda t: type(t).__name__)
def test_curves_are_nengos(neuron_type):
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(12, 2, radius=1.5, neuron_type=neuron_type)
        if isinstance(neuron_type, nengo.Izhikevich):
            ens.gain, ens.bias = np.full(12, 4.0), np.full(12, 6.0)
    points = np.random.RandomState(0).uniform(-1.5, 1.5, (9, 2))
    with nengo.Simulator(net, progress_bar=False) as sim:
        _, expected = reference.tuning_curves(ens, sim, points)
        along, expected_along = reference.response_curves(ens, sim, np.linspace(-1, 1, 9))
    assert expected.any()
    curves = inspect.tuning_curves(net, ens, points)
    np.testing.assert_allclose(curves.rates, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        inspect.response_curves(net, ens, along)[1], expected_along, rtol=1e-9, atol=1e-9
    )


def test_lines_planes_and_directions(net, theirs):
    line = inspect.tuning_curves(net, "inner/line")
    np.testing.assert_array_equal(line.axes[0], np.linspace(-2, 2, 101))
    assert line.rates.shape == (101, 30)
    plane = inspect.tuning_curves(net, "inner/plane", n_points=5)
    assert plane.points.shape == (5, 5, 2)
    np.testing.assert_allclose(plane.points[4, 0], [0.5, -0.5])
    space = inspect.tuning_curves(net, "space", along=2, at=[0, 0.3, 0, 0], n_points=3)
    np.testing.assert_allclose(space.points, [[0, 0.3, v, 0] for v in (-1, 0, 1)])
    tilted = inspect.tuning_curves(net, "space", along=([1, 1, 0, 0], 3), n_points=2)
    np.testing.assert_allclose(tilted.points[1, 0], [2**-0.5, 2**-0.5, 0, -1])
    assert tilted.rates.shape == (2, 2, 20)
    expected = inspect.tuning_curves(theirs, "space", tilted.points).rates
    np.testing.assert_allclose(tilted.rates, expected)


def test_what_training_changes_is_seen_before_and_after(net):
    with nengolab.Simulator(net, progress_bar=False) as sim:
        before = inspect.tuning_curves(sim, "inner/line")
        encoders = np.random.RandomState(0).normal(size=(30, 1))
        sim.parameters["inner/line.encoders"].value = encoders
        sim.parameters["inner/line.neurons.bias"].value = 1.5
        sim.parameters["inner/line.neurons.tau_rc"].value = 0.05
        after = inspect.tuning_curves(sim, "inner/line")
        again = inspect.tuning_curves(sim, "inner/line", when="built")
    expected = nengo.LIF(tau_rc=0.05).rates(
        after.points @ encoders.T + 1.5, np.ones(30), np.zeros(30)
    )
    np.testing.assert_allclose(after.rates, expected, rtol=1e-5)
    np.testing.assert_array_equal(again.rates, before.rates)
    assert np.abs(after.rates - before.rates).max() > 10


@pytest.mark.parametrize("simulator", [nengo.Simulator, nengolab.Simulator])
def test_encoders_that_were_learned_are_those_of_now(simulator):
    with nengo.Network(seed=0) as net:
        node, ens = nengo.Node([0.6, -0.3]), nengo.Ensemble(30, 2)
        nengo.Connection(node, ens, learning_rule_type=nengo.Voja(learning_rate=0.1))
    with simulator(net, progress_bar=False) as sim:
        sim.run_steps(200)
        now, built = (inspect.population(sim, ens, when) for when in ("now", "built"))
    closer = now.encoders @ [0.6, -0.3] - built.encoders @ [0.6, -0.3]
    assert closer.max() > 0.1
    np.testing.assert_allclose(now.scaled_encoders, now.encoders * now.gain[:, None])


def test_an_item_is_named_where_each_learned_for_itself():
    with nengo.Network(seed=0) as net:
        node, ens = nengo.Node([0.6, -0.3]), nengo.Ensemble(30, 2)
        nengo.Connection(node, ens, learning_rule_type=nengo.Voja(learning_rate=0.1))
    data = {node: np.random.RandomState(0).uniform(-1, 1, (2, 50, 2))}
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        sim.run_steps(50, data=data)
        with pytest.raises(ValidationError, match="by each of 2 items.*item="):
            inspect.tuning_curves(sim, ens)
        with pytest.raises(ValidationError, match="there are 2 items; got 2"):
            inspect.tuning_curves(sim, ens, item=2)
        first, second = (inspect.population(sim, ens, item=i).encoders for i in (0, 1))
        assert np.abs(first - second).max() > 1e-3
        np.testing.assert_array_equal(first, sim.data[ens].encoders[0])


def test_neurons_that_tell_nothing_are_named():
    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(
            3, 1, encoders=[[1.0]] * 3, gain=[1, 0.0, 0.0], bias=[1, 0.5, 50], label="odd"
        )
    curves = inspect.tuning_curves(net, ens)
    assert (curves.silent.tolist(), curves.saturated.tolist()) == ([1], [2])


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (("nothing",), UnknownObject, "'nothing' is not in the network; its ensembles are"),
        (("node",), ValidationError, "'node' is no ensemble but a Node; its ensembles are"),
        (("direct",), ValidationError, "Direct mode.*nengo.LIF"),
        (("space", [[1, 2]]), ValidationError, r"4 dimensions.*\(\.\.\., 4\); got \(1, 2\)"),
    ],
)
def test_what_cannot_be_asked_is_named(net, asked, error, words):
    with pytest.raises(error, match=words):
        inspect.tuning_curves(net, *asked)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"along": 4}, "the axes 0 to 3; got 4"),
        ({"along": (0, [2.0, 0, 0, 0])}, "one direction twice"),
        ({"along": [0.0] * 4}, "not zero everywhere"),
        ({"at": [1, 2]}, "4 dimensions: takes as many finite numbers; got"),
        ({"n_points": 1}, "n_points: must be a whole number from 2 up, got 1"),
        ({"points": [[0, 0, 0, 0]], "along": 1}, "takes points, or along"),
        ({"when": "later"}, "got 'later'"),
    ],
)
def test_lines_that_cannot_be_are_named(net, how, words):
    with pytest.raises(ValidationError, match=words):
        inspect.tuning_curves(net, "space", **how)


def test_other_things_than_networks_are_named():
    with pytest.raises(ValidationError, match="a nengolab.Simulator; got int"):
        inspect.population(3, "a")


def test_a_sphere_is_seen_from_two_sides(net: nengo.Network) -> None:
    points = inspect.on_sphere(4, (3, 0, 1), radius=2.0, n_points=21)
    assert points.shape == (2, 21, 21, 4)
    inside = np.isfinite(points).all(axis=-1)
    np.testing.assert_allclose(np.linalg.norm(points[inside], axis=-1), 2.0)
    assert (points[inside][:, 2] == 0).all()
    line = np.linspace(-2, 2, 21)
    for side, sign in zip(points, (1, -1), strict=True):
        np.testing.assert_array_equal(side[15, 8, [3, 0]], line[[15, 8]])
        assert side[10, 10, 1] == sign * 2
        # Its poles lie on the edge, its corners beyond.
        assert np.isfinite(side[0, 10]).all()
        assert np.isnan(side[0, 0]).all()
    assert inside.mean() == pytest.approx(np.pi / 4, abs=0.08)
    for axes in ((0, 1), (0, 1, 1), (0, 1, 4)):
        with pytest.raises(ValidationError, match="three axes of 0 to 3"):
            inspect.on_sphere(4, axes)
