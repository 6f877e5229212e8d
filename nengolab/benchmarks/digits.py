"""The digit network of the public spiking-MNIST tutorial, in nengolab and directly in Keras.

Three layers of 3x3 convolutions (32; 64 and 128 with stride 2) and a dense readout. The pictures
are made up: what they show changes no speed.
"""

from __future__ import annotations

import tempfile
import time

import keras
import nengo
import numpy as np

import nengolab
from nengolab import runs
from nengolab.benchmarks.measure import TOLERANCE
from nengolab.benchmarks.turns import Clock, Compared, in_turn, timed

SHAPE = (28, 28, 1)
LAYERS = ((32, 1), (64, 2), (128, 2))
CLASSES = 10
BATCH = 200
BATCHES = 6
STEPS = 30
MAX_RATE = 100
LEARNING_RATE = 1e-3
# Outputs in single precision, two ways, relative to the largest (RMS). The LIF rate is steep just
# above its threshold, and multiplies a rounding there.
AGREEMENT = 1e-3
# Of the first epoch's loss, by the last epoch.
LOSS_FALLS_TO = 0.8

GOALS = {"relu": 0.9, "lif": 0.55, "spiking": 1.0, "run": 0.99}
# With gain 100 and amplitude 1/100 the rectified linear neurons are Keras's ReLU.
NEURONS = {
    "relu": nengo.RectifiedLinear(amplitude=1 / MAX_RATE),
    "lif": nengo.LIF(amplitude=1 / MAX_RATE),
}


def pictures(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures of ten made-up shapes, and which is which: ``(n, *SHAPE)`` and ``(n,)``."""
    rng = np.random.RandomState(seed)
    shapes = np.kron(rng.rand(CLASSES, 7, 7) > 0.6, np.ones((4, 4)))
    labels = rng.randint(CLASSES, size=n)
    x = np.clip(shapes[labels] + rng.normal(0, 0.3, (n, 28, 28)), 0, 1)
    return x.astype(np.float32)[..., None], labels


def network(neurons: nengo.neurons.NeuronType) -> nengo.Network:
    """Make the network; ``net.layers`` are its Keras layers, ``net.probe`` is what is trained."""
    with nengo.Network(seed=0) as net:
        net.config[nengo.Ensemble].max_rates = nengo.dists.Choice([MAX_RATE])
        net.config[nengo.Ensemble].intercepts = nengo.dists.Choice([0])
        net.config[nengo.Connection].synapse = None
        nengolab.configure_settings(stateful=False)
        last = net.input = nengo.Node(np.zeros(np.prod(SHAPE)), label="pictures")
        shape, net.layers = SHAPE, []
        for seed, (filters, stride) in enumerate(LAYERS):
            start = keras.initializers.GlorotUniform(seed=seed)
            conv = keras.layers.Conv2D(filters, 3, strides=stride, kernel_initializer=start)
            node = nengolab.Layer(conv)(last, shape_in=shape)
            last, shape = nengolab.Layer(neurons)(node), node.shape_out
            net.layers.append(conv)
        start = keras.initializers.GlorotUniform(seed=len(LAYERS))
        dense = keras.layers.Dense(CLASSES, kernel_initializer=start)
        net.layers.append(dense)
        out = nengolab.Layer(dense)(last)
        net.probe = nengo.Probe(out, label="out")
        net.filtered = nengo.Probe(out, synapse=0.1, label="filtered")
    return net


def directly(layers: list) -> keras.Model:
    """The same in Keras, with ReLU, starting from the same weights."""
    given = x = keras.Input(SHAPE)
    own = [type(layer).from_config(layer.get_config()) for layer in layers]
    for conv in own[:-1]:
        conv.activation = keras.activations.relu
        x = conv(x)
    model = keras.Model(given, own[-1](keras.layers.Flatten()(x)))
    for mine, theirs in zip(own, layers, strict=True):
        mine.set_weights(theirs.get_weights())
    model.compile(optimizer=_optimizer(), loss=_loss())
    return model


def by_rates(layers: list, neurons: nengo.neurons.NeuronType, x: np.ndarray) -> np.ndarray:
    """Outputs by Keras's convolutions and Nengo's own rates, ``(items, CLASSES)``."""
    for conv in layers[:-1]:
        x = np.asarray(conv(x))
        n = x[0].size
        gain, bias = neurons.gain_bias(np.full(n, MAX_RATE), np.zeros(n))
        x = neurons.rates(x.reshape(-1, n), gain, bias).reshape(x.shape)
    return np.asarray(layers[-1](x.reshape(len(x), -1)))


def _optimizer() -> keras.optimizers.Optimizer:
    return keras.optimizers.RMSprop(LEARNING_RATE)


def _loss() -> keras.losses.Loss:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Trained:
    """A model that is trained again and again; ``fit(x, y, ...)`` is Keras's or ours."""

    def __init__(self, fit, x: np.ndarray, y: np.ndarray):
        self._fit, self.x, self.y = fit, x, y
        self.losses: list[float] = []
        started = time.perf_counter()
        clock = self._epoch(2 * BATCH)
        self.first_s = clock.ended[0] - started

    def __call__(self) -> list[float]:
        """One epoch; seconds of each batch but the first."""
        return self._epoch(len(self.x)).between()

    def _epoch(self, n: int) -> Clock:
        clock = Clock()
        history = self._fit(
            self.x[:n], self.y[:n], batch_size=BATCH, verbose=0, shuffle=False, callbacks=[clock]
        )
        self.losses += history.history["loss"]
        return clock


def digits_train() -> list[Compared]:
    """Training images a second, as rates, over those of Keras with ReLU."""
    x, y = pictures(BATCHES * BATCH)
    rows, sims = [], []
    for kind, neurons in NEURONS.items():
        net = network(neurons)
        sims.append(nengolab.Simulator(net, minibatch_size=BATCH, progress_bar=False))
        rows.append(Compared(f"digits_train {kind}", "images/s", GOALS[kind]))
        _check_rates(rows[-1], sims[-1], net, neurons, x[:BATCH])
    sides = [Trained(directly(net.layers).fit, x, y)]
    for sim, row in zip(sims, rows, strict=True):
        sides.append(_ours(sim, x, y))
        row.first_s = sides[-1].first_s
    seconds = in_turn(sides)
    for row, mine, side in zip(rows, seconds[1:], sides[1:], strict=True):
        row.rate = (BATCH / seconds[0], BATCH / mine)
        if not side.losses[-1] <= LOSS_FALLS_TO * side.losses[0]:
            row.problem = f"wrong: loss from {side.losses[0]:.2g} to {side.losses[-1]:.2g}"
    for sim in sims:
        sim.close()
    return rows


def digits_run() -> list[Compared]:
    """Training images a second of a run that is kept on disk, over those of ``sim.fit``."""
    x, y = pictures(BATCHES * BATCH)
    row = Compared("digits_run", "images/s", GOALS["run"])
    with (
        tempfile.TemporaryDirectory() as folder,
        nengolab.Simulator(
            network(NEURONS["lif"]), minibatch_size=BATCH, progress_bar=False
        ) as sim,
    ):
        plain = _ours(sim, x, y)

        def fit(x, y, **kwargs):
            run = runs.start(sim, x, {"out": y}, folder=folder, **kwargs)
            run.wait()
            return keras_history(run.history)

        kept = Trained(fit, plain.x, plain.y)
        row.first_s = kept.first_s
        seconds = in_turn([plain, kept])
    row.rate = (BATCH / seconds[0], BATCH / seconds[1])
    return [row]


def keras_history(history: dict[str, list[float]]) -> keras.callbacks.History:
    """A History that holds this."""
    made = keras.callbacks.History()
    made.history = history
    return made


def _ours(sim: nengolab.Simulator, x: np.ndarray, y: np.ndarray) -> Trained:
    sim.compile(optimizer=_optimizer(), loss={"out": _loss()})

    def fit(x, y, **kwargs):
        return sim.fit(x, {"out": y}, **kwargs)

    return Trained(fit, x.reshape(len(x), 1, -1), y[:, None, None])


def _check_rates(row: Compared, sim, net: nengo.Network, neurons, x: np.ndarray) -> None:
    """What is trained puts out what Keras's layers and Nengo's rates do."""
    given = {sim.get_name(net.input): x.reshape(len(x), 1, -1)}
    got = np.asarray(sim.keras_model(given, training=True)[sim.get_name(net.probe)])[:, 0]
    row.check("outputs differ", _difference(got, by_rates(net.layers, neurons, x)), AGREEMENT)


def _difference(got: np.ndarray, expected: np.ndarray) -> float:
    """RMS difference, relative to the largest value where that is above 1."""
    return float(np.sqrt(np.mean((got - expected) ** 2)) / max(1.0, np.abs(expected).max()))


def digits_spiking() -> list[Compared]:
    """Image-steps a second as spikes, over training images a second of Keras with ReLU."""
    x, y = pictures(BATCHES * BATCH)
    net = network(NEURONS["lif"])
    row = Compared("digits_spiking", "image-steps/s", GOALS["spiking"])
    theirs = Trained(directly(net.layers).fit, x, y)
    shown = np.repeat(x[:BATCH].reshape(BATCH, 1, -1), STEPS, axis=1)
    with nengolab.Simulator(net, minibatch_size=BATCH, progress_bar=False) as sim:
        got: dict = {}
        row.first_s = timed(lambda: got.update(sim.predict(shown, verbose=0)))
        expected = _in_nengo(net, shown[0])
        row.check("spiking outputs differ", _difference(got[net.filtered][0], expected), TOLERANCE)
        seconds = in_turn([theirs, lambda: [timed(lambda: sim.predict(shown, verbose=0))]])
    row.rate = (BATCH / seconds[0], BATCH * STEPS / seconds[1])
    return [row]


def _in_nengo(net: nengo.Network, shown: np.ndarray) -> np.ndarray:
    """What nengo.Simulator's probe sees of one item, ``(steps, CLASSES)``."""
    output = net.input.output
    net.input.output = shown[0]
    try:
        with nengo.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(len(shown), progress_bar=False)
            return sim.data[net.filtered]
    finally:
        net.input.output = output
