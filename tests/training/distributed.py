"""What the tests of distribution run in processes of their own: devices are set up once in each.

``python -m tests.training.distributed FOLDER PORT PORT`` is forked when TensorFlow is imported:
``mirrored`` compares two logical devices with one, ``0`` and ``1`` are workers. Each leaves what
it found in FOLDER/NAME.json, and what it said in FOLDER/NAME.txt.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import tempfile
import traceback
from pathlib import Path

import cloudpickle
import keras
import nengo
import numpy as np
import tensorflow as tf

import nengolab
from nengolab.exceptions import SimulationError, ValidationError

ITEMS, BATCH = 21, 8  # the last batch has 5, an odd number


def strategy_here():
    """To be called before anything is computed."""
    if "TF_CONFIG" in os.environ:
        return tf.distribute.MultiWorkerMirroredStrategy()
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])


def data(n_steps):
    x = np.random.RandomState(0).uniform(-1, 1, (ITEMS, n_steps, 2)).astype(np.float32)
    return x, (x[..., :1] * x[..., 1:]).astype(np.float32)


def simulator(net, strategy, seed=1):
    return nengolab.Simulator(
        net, minibatch_size=BATCH, seed=seed, progress_bar=False, strategy=strategy
    )


def results(sim, history, x, probe):
    rows = (sim.parameters[name] for name in sim.parameters)
    return {
        "history": history.history,
        "weights": {row.name: row.value.tolist() for row in rows if row.trainable},
        "predicted": sim.predict(x)[probe].tolist(),
    }


def rates_network(seed=3):
    with nengo.Network(seed=seed) as net:
        fed = nengo.Node(np.zeros(2), label="fed")
        # Nobody feeds it: every item of the batch has noise of its own.
        noise = nengo.Node(nengo.processes.WhiteSignal(1, 5), size_out=1)
        ens = nengo.Ensemble(
            20,
            2,
            # Trained by its rates; run, every item draws spikes of its own.
            neuron_type=nengo.StochasticSpiking(nengo.RectifiedLinear()),
            max_rates=nengo.dists.Uniform(200, 400),
        )
        nengo.Connection(fed, ens, synapse=None)
        nengo.Connection(noise, ens[0], synapse=None, transform=0.3)
        out = nengo.Node(size_in=1)
        nengo.Connection(ens, out, function=lambda x: x[0] * x[1], synapse=None)
        probe = nengo.Probe(out, label="out")
    return net, fed, probe


def rates(strategy):
    """Rates in one step; targets that are missing, clipping, and a ragged batch."""
    net, fed, probe = rates_network()
    x, y = data(1)
    y[:4] = np.nan  # the replicas' shares do not count alike
    with simulator(net, strategy) as sim:
        optimizer = keras.optimizers.Adam(3e-5, clipnorm=0.05)
        sim.compile(optimizer, loss=nengolab.losses.nan_mse, metrics=["mae"])
        history = sim.fit(
            {fed: x},
            {probe: y},
            epochs=3,
            verbose=0,
            validation_data=({fed: x[BATCH:]}, {probe: y[BATCH:]}),
            callbacks=[keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=10.0)],
        )
        found = results(sim, history, {fed: x}, probe)
        sim.run_steps(2)
        found["run"] = np.array(sim.data[probe]).tolist()
        return found


def spikes(strategy):
    """Spikes through time; two probes, weights of losses and samples, regularised layers."""
    keras.utils.set_random_seed(0)
    with nengo.Network(seed=4) as net:
        nengolab.configure_settings(surrogate="atan")
        fed = nengo.Node(np.zeros(2), label="fed")
        ens = nengo.Ensemble(15, 2, neuron_type=nengo.LIF())
        out = nengo.Node(size_in=1)
        nengo.Connection(fed, ens, synapse=None)
        nengo.Connection(ens, out, synapse=0.005, function=lambda x: x[0])
        nengo.Connection(out, ens, synapse=0.01, transform=[[0.2], [0.1]])
        dense = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1))
        layer = nengolab.TensorNode(dense, shape_in=(2,), pass_time=False)
        nengo.Connection(fed, layer, synapse=None)
        probe, other = nengo.Probe(out, label="out"), nengo.Probe(layer, label="other")
    # Whole batches: each other size is one more form to compile, and rates have one.
    x, y = (array[: 2 * BATCH] for array in data(10))
    with simulator(net, strategy) as sim:
        sim.compile(
            keras.optimizers.Adam(1e-4),
            loss={probe: "mse", other: "mse"},
            loss_weights={probe: 1.0, other: 0.5},
        )
        history = sim.fit(
            {fed: x},
            {probe: y, other: y},
            epochs=3,
            verbose=0,
            sample_weight={probe: np.linspace(0, 1, len(x)), other: np.ones(len(x))},
        )
        return results(sim, history, {fed: x[:BATCH]}, probe)


def keeping(strategy):
    """Parameters after training: set, saved, loaded, in snapshots and pickles."""
    net, fed, probe = rates_network()
    x, y = data(1)
    with simulator(net, strategy) as sim:
        sim.compile("adam", loss="mse")
        losses = [sim.train_on_batch({fed: x[:n]}, {probe: y[:n]})["loss"] for n in (8, 1, 3)]
        trained = sim.parameters["ensemble.encoders"].value
        state = pickle.loads(pickle.dumps(sim.state))

        def loss(one=sim):
            return one.evaluate(x, y, verbose=0)["loss"]

        found = {"batches": losses, "trained": loss()}
        with tempfile.TemporaryDirectory() as folder:
            sim.save_params(f"{folder}/params")
            sim.parameters["ensemble.encoders"].value = 0 * trained
            found["zero"] = loss()
            sim.load_params(f"{folder}/params")
        found["loaded"] = loss()
        sim.state = state
        found["restored"] = loss()
        with cloudpickle.loads(cloudpickle.dumps(sim)) as copied:
            copied.compile("adam", loss="mse")
            found["copied"] = loss(copied)
        found["stateful"] = np.sum(sim.predict({fed: x}, stateful=True)[probe]).item()
        found["steps"] = sim.n_steps
        sim.reset()
        found["reset"] = loss()
        return found


def drawing(strategy):
    """A function that draws: what it gives to each item, and the losses of a fit that stays."""
    with nengo.Network(seed=0) as net:
        fed = nengo.Node(np.zeros(3), label="fed")
        node = nengolab.TensorNode(lambda x: x + tf.random.normal(tf.shape(x)), 3, pass_time=False)
        nengo.Connection(fed, node, transform=np.eye(3), synapse=None)
        probe = nengo.Probe(node, label="out")
    x = np.zeros((2 * BATCH, 1, 3))
    with simulator(net, strategy) as sim:
        sim.compile(keras.optimizers.SGD(0.0), loss="mse")
        losses = sim.fit({fed: x}, {probe: x}, epochs=2, verbose=0).history["loss"]
        return {"out": sim.predict({fed: x[:BATCH]})[probe].tolist(), "losses": losses}


def error(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except (SimulationError, ValidationError) as err:
        return f"{type(err).__name__}: {err}"
    return "no error"


def errors(strategy):
    net, fed, probe = rates_network()
    x, y = data(1)
    found = {
        "batch": error(nengolab.Simulator, net, minibatch_size=5, strategy=strategy),
        "none": error(nengolab.Simulator, net, strategy=strategy),
        "kind": error(nengolab.Simulator, net, strategy="mirrored"),
    }
    with strategy.scope():
        found["scope"] = error(simulator, net, strategy)
        metric = keras.metrics.MeanAbsoluteError()
    with simulator(net, strategy) as sim:
        accumulating = keras.optimizers.Adam(gradient_accumulation_steps=2)
        found["accumulate"] = error(sim.compile, accumulating, loss="mse")
        found["metric"] = error(sim.compile, "adam", loss="mse", metrics=[metric])
        sim.compile(keras.optimizers.SGD(1e30), loss="mse")
        fit = {"x": {fed: x}, "y": {probe: y}, "verbose": 0}
        found["stateful"] = error(sim.fit, stateful=True, **fit)
        kept = []
        keep = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: kept.append(sim.keras_model.get_weights())
        )
        found["nan"] = error(sim.fit, callbacks=keep, **fit)
        found["batches"] = [len(kept), int(sim.keras_model.optimizer.iterations.numpy())]
        pairs = zip(kept[-1], sim.keras_model.get_weights(), strict=True)
        found["kept"] = all(bool((a == b).all()) for a, b in pairs)
    return found


def workers(strategy):
    """What only several workers can get wrong, and files that one of them writes."""
    own = strategy.cluster_resolver.task_id
    net, fed, probe = rates_network()
    x, y = data(1)
    found = {
        "seed": error(simulator, net, strategy, seed=own),
        "network": error(simulator, rates_network(seed=own)[0], strategy),
    }
    with tempfile.TemporaryDirectory() as folder, simulator(net, strategy) as sim:
        sim.compile("adam", loss="mse")
        found["data"] = error(sim.fit, {fed: x + own}, {probe: y}, verbose=0)
        path = f"{folder}/best.weights.h5"
        saving = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
        stopping = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=10.0)
        history = sim.fit(
            {fed: x},
            {probe: y},
            epochs=6,
            verbose=2,
            callbacks=[stopping, saving] if own == 0 else [stopping],
        )
        found["epochs"] = len(history.history["loss"])
        found["files"] = os.listdir(folder)
    return found


def found_here():
    strategy = strategy_here()
    if "TF_CONFIG" in os.environ:
        return {s.__name__: s(strategy) for s in (rates, spikes, workers)}
    found = {s.__name__: [s(None), s(strategy)] for s in (rates, spikes, keeping)}
    return found | {"drawing": [drawing(strategy), drawing(strategy)], "errors": errors(strategy)}


def forked(folder, name, cluster):
    """A process of this name; gives its number."""
    if number := os.fork():
        return number
    said = os.open(folder / f"{name}.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 1
    try:
        if name != "mirrored":
            task = {"type": "worker", "index": int(name)}
            os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
        (folder / f"{name}.json").write_text(json.dumps(found_here()))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def main(folder, *ports):
    """Give 1 as soon as one process fails: a worker would wait for the other one for ever."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    numbers = [forked(Path(folder), name, cluster) for name in ("mirrored", "0", "1")]
    return int(any(os.wait()[1] for _ in numbers))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
