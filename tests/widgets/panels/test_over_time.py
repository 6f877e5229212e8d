"""How an array changed while it learned or was trained: what is kept is what it held then."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Weights
from nengolab_widgets.inspecting.moments import FIGURES, MOST, Moments, Stamp

import nengolab
from tests.widgets.panels.test_parameters import look, words


def handle(panel: Weights, **content: Any) -> None:
    panel.hub._bench.find(panel._panel).handle(content)


def test_figures_of_moments_are_those_of_numpy() -> None:
    rng = np.random.RandomState(1)
    built = rng.normal(size=(40, 30))
    moments = Moments(built)
    later = [built + i * rng.normal(size=built.shape) for i in (1, 2)]
    for i, values in enumerate(later):
        moments.add(values, Stamp(time=0.5 * (i + 1)))
    moments.add(later[-1], Stamp(time=9.0))  # nothing new
    assert len(moments) == 3
    for column, values in enumerate([built, *later]):
        found = dict(zip(FIGURES, moments.figures[:, column], strict=True))
        expected = {
            "norm": np.linalg.norm(values),
            "norm of the change": np.linalg.norm(values - built),
            "mean": values.mean(),
            "deviation": values.std(),
            "5 %": np.percentile(values, 5),
            "50 %": np.median(values),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-6, atol=1e-6)
    assert moments.axis[0] == "simulated time (s)"
    np.testing.assert_allclose(moments.axis[1], [0, 0.5, 1.0])
    np.testing.assert_array_equal(
        moments.trace((3, 4))[0], np.float32([v[3, 4] for v in (built, *later)])
    )
    rows = np.array([v[3] for v in (built, *later)])
    np.testing.assert_allclose(moments.trace((3,))[1], np.linalg.norm(rows, axis=1), rtol=1e-6)
    # The run went back.
    moments.add(later[0] + 1, Stamp(time=0.75))
    np.testing.assert_allclose(moments.axis[1], [0, 0.5, 0.75])


def test_memory_is_bounded_and_moments_thin_out() -> None:
    built = np.zeros(100)
    moments = Moments(built)
    for i in range(1, 2 * MOST):
        moments.add(built + i, Stamp(batches=i), room=100 * 400)
    assert len(moments) <= MOST
    assert moments.nbytes <= 100 * 400
    name, at = moments.axis
    assert name == "batches of training"
    assert (np.diff(at) > 0).all()
    assert (at[0], at[-1]) == (0, 2 * MOST - 1)
    last = moments.find(int(moments.numbers[-1]))
    np.testing.assert_array_equal(last.values, built + 2 * MOST - 1)
    middle = moments.find(int(moments.numbers[len(moments) // 2]))
    assert middle.values is not None
    assert middle.values[0] == middle.stamp.batches
    assert np.isnan(moments.trace((0,))[0]).sum() == len(moments) - len(moments.with_values)
    # Compiled anew, an optimizer counts from 0.
    moments.add(built - 1, Stamp(batches=5))
    assert moments.axis[1][-1] == 2 * MOST - 1 + 5
    # No room at all: what it was built with is there anyway.
    moments.add(built - 2, Stamp(batches=6), room=0)
    assert moments.with_values.tolist() == [0]


@pytest.fixture(scope="module")
def net() -> nengo.Network:
    with nengo.Network(seed=2, label="changing") as net:
        net.stimulus = nengo.Node([0.5], label="stimulus")
        net.pre = nengo.Ensemble(30, 1, label="pre")
        net.post = nengo.Ensemble(20, 1, label="post")
        nengo.Connection(net.stimulus, net.pre, synapse=None)
        net.conn = nengo.Connection(
            net.pre, net.post, label="learns", learning_rule_type=nengo.PES()
        )
        nengo.Connection(net.stimulus, net.conn.learning_rule)
        net.out = nengo.Connection(net.pre, nengo.Node(size_in=1), label="out", synapse=None)
        net.probe = nengo.Probe(net.out, synapse=None)
    return net


def test_training_is_kept_by_batches(net: nengo.Network) -> None:
    with nengolab.Simulator(net, progress_bar=False) as sim:
        panel = Weights(sim, array="out.weights", beside="entries over time")
        assert look(panel, sim)["time"].tolist() == [0]
        seen = [sim.parameters["out.weights"].value]
        assert sim.n_batches == 0
        look(panel, sim)
        sim.compile("adam", loss="mse")
        x = np.random.RandomState(0).uniform(-1, 1, (4, 3, 1))
        for _ in range(3):
            sim.fit(x, x, verbose=0)
            seen.append(sim.parameters["out.weights"].value)
            found = look(panel, sim)
        assert sim.n_batches == 12
        assert words(found, "axis") == "batches of training"
        assert found["time"].tolist() == [0, 4, 8, 12]
        assert "4 moments are kept, 4 of them with all entries: 0.0 MB of at most 64" in words(
            found, "kept"
        )
        np.testing.assert_allclose(
            found["history"][0], [np.linalg.norm(v) for v in seen], rtol=1e-6
        )
        # An entry over time, and the array at a moment.
        handle(panel, type="trace", at=[0, 7])
        found = look(panel, sim)
        np.testing.assert_allclose(found["trace"][0], [v[0, 7] for v in seen], rtol=1e-6)
        handle(panel, type="moment", number=2)
        found = look(panel, sim)
        assert found["moment"] == [2]
        np.testing.assert_array_equal(found["low"], np.float32(seen[2]))
        panel.set(when="difference")
        np.testing.assert_allclose(look(panel, sim)["low"], seen[2] - seen[0], atol=1e-8)
        handle(panel, type="moment", number=None)
        np.testing.assert_allclose(look(panel, sim)["low"], seen[3] - seen[0], atol=1e-8)
        # It is kept while something else is beside it.
        panel.set(beside="histogram")
        assert "history" not in look(panel, sim)
        panel.set(beside="norm over time")
        assert look(panel, sim)["time"].tolist() == [0, 4, 8, 12]
        # What is not the shown array has moments of its own; both are there again.
        panel.set(array="pre.encoders")
        assert look(panel, sim)["time"].tolist() == [0, 12]
        panel.set(array="out.weights")
        assert look(panel, sim)["time"].tolist() == [0, 4, 8, 12]
        for wrong, why in (
            ({"type": "moment", "number": -1}, "that of a moment"),
            ({"type": "trace", "at": [0, 30]}, r"an entry or a row of \(1, 30\)"),
            ({"type": "trace", "at": 3}, "an entry or a row"),
        ):
            with pytest.raises(ValidationError, match=why):
                handle(panel, **wrong)
        panel.close()


def test_learning_is_kept_by_simulated_time(net: nengo.Network) -> None:
    with nengolab.Simulator(net, progress_bar=False) as sim:
        panel = Weights(sim, array="learns.weights", beside="norm over time")
        look(panel, sim)
        seen = [sim.parameters["learns.weights"].initial]
        for _ in range(2):
            sim.run_steps(50)
            found = look(panel, sim)
            seen.append(sim.parameters["learns.weights"].value)
        assert words(found, "axis") == "simulated time (s)"
        np.testing.assert_allclose(found["time"], [0, 0.05, 0.1])
        changes = [np.linalg.norm(v - seen[0]) for v in seen]
        assert changes[2] > changes[1] > 0
        np.testing.assert_allclose(found["history"][1], changes, rtol=1e-5)
        panel.close()
