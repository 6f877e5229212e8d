"""The digit network converted from Keras, beside the same made by hand with Layers."""

from __future__ import annotations

import keras
import nengo
import numpy as np

import nengolab
from nengolab.benchmarks import digits
from nengolab.benchmarks.turns import Compared, in_turn, timed

GOAL = 0.9
_ROUNDING = 1e-4


def converted(net: nengo.Network, neurons: nengo.neurons.NeuronType) -> nengolab.Converter:
    """The network of these Layers, by way of Keras."""
    layers = digits.directly(net.layers).layers
    model = keras.Sequential([keras.Input(digits.SHAPE), *layers[1:]])
    return nengolab.Converter(
        model, swap_activations={"relu": neurons}, scale_firing_rates=digits.MAX_RATE
    )


def digits_converted() -> list[Compared]:
    """Training images a second as rates, and image-steps a second as spikes, over those by hand."""
    return [_trained(), _run()]


def _trained() -> Compared:
    row = Compared("digits_converted train", "images/s", GOAL)
    x, y = digits.pictures(digits.BATCHES * digits.BATCH)
    net = digits.network(digits.NEURONS["relu"])
    converter = converted(net, nengo.RectifiedLinear())
    first = x[: digits.BATCH]
    with (
        nengolab.Simulator(net, minibatch_size=digits.BATCH, progress_bar=False) as by_hand,
        nengolab.Simulator(converter.net, minibatch_size=digits.BATCH, progress_bar=False) as sim,
    ):
        shown = first.reshape(len(first), 1, -1)
        (ours,) = sim.predict(shown, verbose=0).values()
        theirs = by_hand.predict(shown, verbose=0)[net.probe]
        row.check("outputs differ", _difference(ours, theirs), _ROUNDING)
        sides = []
        for one in (by_hand, sim):
            probe = net.probe if one is by_hand else converter.net.all_probes[0]
            one.compile(optimizer=_optimizer(), loss={probe: _loss()})
            sides.append(
                digits.Trained(_fit(one, probe), x.reshape(len(x), 1, -1), y[:, None, None])
            )
        row.first_s = sides[1].first_s
        seconds = in_turn(sides)
    row.rate = (digits.BATCH / seconds[0], digits.BATCH / seconds[1])
    return row


def _run() -> Compared:
    row = Compared("digits_converted spiking", "image-steps/s", GOAL)
    neurons = digits.NEURONS["lif"]
    net = digits.network(neurons)
    x, _ = digits.pictures(digits.BATCH)
    shown = np.repeat(x.reshape(len(x), 1, -1), digits.STEPS, axis=1)
    converter = converted(net, nengo.LIF())
    with (
        nengolab.Simulator(net, minibatch_size=digits.BATCH, progress_bar=False) as by_hand,
        nengolab.Simulator(converter.net, minibatch_size=digits.BATCH, progress_bar=False) as sim,
    ):
        timed(lambda: by_hand.predict(shown, verbose=0))
        row.first_s = timed(lambda: sim.predict(shown, verbose=0))
        seconds = in_turn(
            [
                lambda: [timed(lambda: by_hand.predict(shown, verbose=0))],
                lambda: [timed(lambda: sim.predict(shown, verbose=0))],
            ]
        )
    items = digits.BATCH * digits.STEPS
    row.rate = (items / seconds[0], items / seconds[1])
    return row


def _fit(sim: nengolab.Simulator, probe: nengo.Probe):
    def fit(x, y, **kwargs):
        return sim.fit(x, {probe: y}, **kwargs)

    return fit


def _optimizer() -> keras.optimizers.Optimizer:
    return keras.optimizers.RMSprop(digits.LEARNING_RATE)


def _loss() -> keras.losses.Loss:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))
