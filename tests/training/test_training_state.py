"""What state and parameters do around training: kept, put back, followed, saved, frozen."""

from __future__ import annotations

import pickle

import keras
import nengo
import numpy as np

import nengolab
from tests.training.networks import X, Y, dense, recurrent, simulator

r = np.random.RandomState(3)
LONG, TARGET = r.randn(4, 12, 2), r.randn(4, 12, 2)
# The same as a stateful call sees it: the second batch is what follows the first.
CUT = np.concatenate([LONG[:, :6], LONG[:, 6:]])
TARGETS = np.concatenate([TARGET[:, :6], TARGET[:, 6:]])


def same(a, b):
    return a.n_steps == b.n_steps and all(
        np.array_equal(a.arrays[name], b.arrays[name]) for name in a.arrays
    )


def test_every_batch_starts_from_the_state_at_the_call_or_from_the_one_before():
    net = recurrent(learning=True)
    with simulator(net, 4) as sim:
        sim.compile(keras.optimizers.SGD(0.0), "mse")
        sim.run_steps(3)
        before, recorded = sim.state, sim.data[net.p].copy()
        sim.fit(CUT, TARGETS, verbose=0)
        sim.evaluate(CUT, TARGETS, verbose=0)
        first = sim.predict(CUT)[net.p]
        np.testing.assert_array_equal(first, sim.predict(CUT)[net.p])
        assert same(sim.state, before)
        assert sim.n_steps == 3
        np.testing.assert_array_equal(sim.data[net.p], recorded)

        going_on = sim.predict(CUT, stateful=True)[net.p]
        assert sim.n_steps == 3 + 12
        np.testing.assert_array_equal(going_on[:4], first[:4])
        assert not np.allclose(going_on[4:], first[4:])
        sim.state = before
        whole = sim.predict(LONG)[net.p]
        np.testing.assert_allclose(going_on[4:], whole[:, 6:], atol=1e-5)

        sim.fit(CUT, TARGETS, verbose=0, stateful=True, validation_data=(CUT, TARGETS))
        assert sim.n_steps == 3 + 12  # validation does not count
        sim.state = before
        isolate = nengolab.callbacks.IsolateState(sim)
        sim.fit(CUT, TARGETS, verbose=0, stateful=True, epochs=2, callbacks=[isolate])
        assert same(sim.state, before)


def test_runs_that_put_the_state_back():
    with recurrent() as net:
        nengolab.configure_settings(stateful=False)
    with simulator(net, None) as sim:
        sim.run_steps(5)
        assert sim.n_steps == 0
        sim.run(0.005)
        np.testing.assert_array_equal(sim.data[net.p][:5], sim.data[net.p][5:])
        np.testing.assert_allclose(sim.trange(), np.tile(np.arange(1, 6) * 0.001, 2))
        sim.step()
        assert sim.n_steps == 0
        np.testing.assert_array_equal(sim.data[net.p][-1], sim.data[net.p][0])


def test_the_engine_follows_the_model_and_the_model_the_engine(tmp_path):
    net = dense()
    with simulator(net, None) as sim:
        sim.compile(keras.optimizers.SGD(0.05), {net.p: "mse"})
        model, built = sim.keras_model, sim.keras_model.get_weights()
        model.set_weights([1.5 * w for w in built])
        np.testing.assert_allclose(sim.data[net.hidden].bias, 1.5 * net.hidden.bias, rtol=1e-6)
        sim.run_steps(3)
        seen = np.array(sim.data[net.p])
        model.save_weights(tmp_path / "some.weights.h5")
        sim.fit(X[:4], Y[:4], verbose=0)
        trained = model.get_weights()
        sim.reset(include_trainable=False)
        for a, b in zip(trained, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        model.load_weights(tmp_path / "some.weights.h5")
        sim.run_steps(3)
        np.testing.assert_array_equal(sim.data[net.p], seen)

        sim.reset()
        for a, b in zip(built, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        sim.save_params(tmp_path / "params.npz")
        start = sim.evaluate(X, Y, verbose=0)["loss"]
        sim.fit(X, Y, verbose=0, epochs=2)
        sim.load_params(tmp_path / "params.npz")
        assert sim.evaluate(X, Y, verbose=0)["loss"] == start
        sim.parameters["hidden.neurons.bias"].value = np.full(8, 0.25)
        sim.fit(X[:1], Y[:1], verbose=0)
        assert abs(sim.parameters["hidden.neurons.bias"].value - 0.25).max() < 0.2

        copy = pickle.loads(pickle.dumps(sim))
        bias = sim.data[net.hidden].bias.copy()
        np.testing.assert_array_equal(copy.data[copy.network.ensembles[0]].bias, bias)
        copy.close()
    np.testing.assert_array_equal(sim.data[net.hidden].bias, bias)


def test_a_frozen_network_is_what_was_trained():
    net = recurrent(dtype="float64")
    with simulator(net, None) as sim:
        sim.compile(keras.optimizers.Adam(0.01), "mse")
        before = sim.data[net.decoded].weights.copy()
        sim.fit(LONG[:1], TARGET[:1], epochs=2, verbose=0)
        assert abs(sim.data[net.decoded].weights - before).max() > 0
        sim.run_steps(40)
        sim.freeze_params(net)
    with nengo.Simulator(net, progress_bar=False) as reference:
        reference.run_steps(40)
    np.testing.assert_allclose(sim.data[net.p], reference.data[net.p], atol=1e-10)
