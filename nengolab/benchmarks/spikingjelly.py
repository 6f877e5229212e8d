"""A linear layer and LIF neurons, forward and backward through time, beside SpikingJelly."""

from __future__ import annotations

import os
from collections.abc import Callable

import nengo
import numpy as np
import tensorflow as tf

import nengolab
from nengolab.benchmarks.turns import Compared, in_turn, timed
from nengolab.surrogates import ATan

NEURONS = 512
BATCH = 16
STEPS = 500
BIAS = 0.5
# At most 1.5 times SpikingJelly's time.
GOAL = 1 / 1.5
# Of the gradients, by norm. A spike that rounding moves by a step changes what came before it.
TOLERANCE = 1e-2
NEEDS = "skipped: it needs PyTorch and SpikingJelly (pip install 'nengolab[benchmarks]')"
# Both differentiate through the reset, which is SpikingJelly's default.
SURROGATE = ATan(detach_reset=False)
PER_ROUND = 1


def data() -> tuple[np.ndarray, np.ndarray]:
    """Input ``(batch, steps, neurons)`` and weights ``(neurons, neurons)``, output first."""
    rng = np.random.RandomState(0)
    x = rng.uniform(0, 1, (BATCH, STEPS, NEURONS))
    weights = rng.normal(0, 4.5 / np.sqrt(NEURONS), (NEURONS, NEURONS))
    return x.astype(np.float32), weights.astype(np.float32)


def network(weights: np.ndarray) -> nengo.Network:
    """Make the network; its weights and biases are trained."""
    n = len(weights)
    # Spikes are counted; voltages start at 0, as SpikingJelly's do.
    neurons = nengo.LIF(amplitude=0.001, initial_state={"voltage": nengo.dists.Choice([0])})
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(surrogate=SURROGATE)
        net.input = nengo.Node(np.zeros(n))
        net.ens = nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.full(n, BIAS), neuron_type=neurons)
        # What the encoders would encode is not there.
        nengolab.configure_settings(trainable=None)
        net.config[net.ens].trainable = False
        net.config[net.ens.neurons].trainable = True
        net.conn = nengo.Connection(net.input, net.ens.neurons, transform=weights, synapse=None)
        net.probe = nengo.Probe(net.ens.neurons)
    return net


def ours(sim: nengolab.Simulator, net: nengo.Network, x: np.ndarray) -> Callable[[], tuple]:
    """A function that gives spikes and the gradients of their number.

    In order: by the input, then by each trainable variable.
    """
    model = sim.keras_model
    given, seen = sim.get_name(net.input), sim.get_name(net.probe)
    trained = [v.value for v in model.trainable_variables]

    @tf.function(autograph=False)
    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            spikes = model({given: x}, training=True)[seen]
            total = tf.reduce_sum(spikes)
        return spikes, tape.gradient(total, [x, *trained])

    x = tf.constant(x)
    return lambda: both(x)


def spikingjelly(x: np.ndarray, weights: np.ndarray) -> Callable[[], None]:
    """The same number of gradients by SpikingJelly's multi-step LIF, on all cores."""
    # Of the extra "benchmarks", which the checker's environment need not have.
    import torch  # pyright: ignore[reportMissingImports]
    from spikingjelly.activation_based import (  # pyright: ignore[reportMissingImports]
        functional,
        neuron,
        surrogate,
    )

    torch.set_num_threads(os.cpu_count())
    linear = torch.nn.Linear(*weights.T.shape)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(weights))
        linear.bias.fill_(BIAS)
    lif = neuron.LIFNode(tau=20.0, surrogate_function=surrogate.ATan(), step_mode="m")
    given = torch.tensor(np.ascontiguousarray(x.swapaxes(0, 1)), requires_grad=True)

    def both() -> None:
        functional.reset_net(lif)
        given.grad = linear.weight.grad = linear.bias.grad = None
        lif(linear(given)).sum().backward()

    return both


def restated(x: np.ndarray, weights: np.ndarray, dt: float = 0.001) -> tuple:
    """Spikes, and gradients by input, weights and bias, in plain TensorFlow, step by step.

    Nengo's equations (``nengo.neurons.LIF.step``), the default time constants.
    """
    tau_rc, tau_ref = 0.02, 0.002
    x, weights = tf.constant(x), tf.constant(weights)
    bias = tf.fill([len(weights)], BIAS)

    @tf.custom_gradient
    def spike(over):
        return tf.cast(over > 0, over.dtype), lambda upstream: upstream / (1 + (np.pi * over) ** 2)

    with tf.GradientTape() as tape:
        tape.watch([x, weights, bias])
        currents = tf.unstack(x @ tf.transpose(weights) + bias, axis=1)
        voltage, refractory = tf.zeros_like(currents[0]), tf.zeros_like(currents[0])
        spikes = []
        for current in currents:
            refractory = refractory - dt
            delta = tf.clip_by_value(dt - refractory, 0, dt)
            voltage = voltage - (current - voltage) * tf.math.expm1(-delta / tau_rc)
            fired = voltage > 1
            over = tf.where(fired, (voltage - 1) / (current - 1), tf.zeros_like(voltage))
            since = tau_ref + dt + tau_rc * tf.math.log1p(-over)
            refractory = tf.stop_gradient(tf.where(fired, since, refractory))
            spikes.append(spike(voltage - 1))
            voltage = tf.maximum(voltage, 0) * (1 - spikes[-1])
        spikes = tf.stack(spikes, axis=1)
        total = tf.reduce_sum(spikes)
    return spikes, tape.gradient(total, [x, weights, bias])


def lif_surrogate() -> list[Compared]:
    """Forward and backward passes a second, over SpikingJelly's."""
    row = Compared("lif_surrogate", "passes/s", GOAL)
    x, weights = data()
    try:
        theirs = spikingjelly(x, weights)
    except ImportError as err:
        row.problem = f"{NEEDS}: {err}"
        return [row]
    net = network(weights)
    with nengolab.Simulator(net, minibatch_size=BATCH, progress_bar=False) as sim:
        mine = ours(sim, net, x)
        row.first_s = timed(mine)
        _check(row, mine(), x, weights)
        theirs()
        seconds = in_turn(
            [lambda do=do: [timed(do) for _ in range(PER_ROUND)] for do in (theirs, mine)]
        )
    row.rate = (1 / seconds[0], 1 / seconds[1])
    return [row]


def _check(row: Compared, got: tuple, x: np.ndarray, weights: np.ndarray) -> None:
    """Spikes and gradients are those of a plain restatement; the two pass over as many arrays."""
    spikes, gradients = got
    expected_spikes, expected = restated(x, weights)
    shapes = sorted(tuple(g.shape) for g in gradients)
    if shapes != sorted(tuple(g.shape) for g in expected):
        row.problem = f"wrong: gradients of {shapes}"
        return
    by_shape = {tuple(g.shape): g for g in gradients}
    pairs = [(by_shape[tuple(e.shape)], e) for e in expected]
    row.check(
        "gradients differ", max(float(tf.norm(g - e) / tf.norm(e)) for g, e in pairs), TOLERANCE
    )
    moved = float(tf.reduce_mean(tf.abs(spikes - expected_spikes)) / tf.reduce_mean(spikes))
    if not moved <= TOLERANCE:
        row.problem = f"wrong: of the spikes {moved:.2g} are elsewhere"
