"""``to_code``: the code makes the same built network, seed for seed."""

from __future__ import annotations

import subprocess
import sys

import nengo
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from nengo import networks as made_of_several

import nengolab
from nengolab.exceptions import ValidationError
from tests.building.equal import assert_equal, made_by
from tests.building.networks import networks
from tests.engine import networks as models

# Shrinking a network takes minutes; the code that fails says enough.
FEW = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
WALLED = "method of an object, a Walled, which has no source"
RECURRENT = ("LIF", "Direct")


def alone(make):
    with nengo.Network(seed=1) as net:
        make()
    return net


MODELS = {
    **{name: lambda n=name: models.recurrent(models.NEURONS[n]) for name in RECURRENT},
    "arrays": lambda: models.arrays(8),
    "pair": lambda: models.pair(10),
    "basal ganglia": lambda: alone(lambda: made_of_several.BasalGanglia(3)),
    "thalamus": lambda: alone(lambda: made_of_several.Thalamus(3)),
    "product": lambda: alone(lambda: made_of_several.Product(20, 3)),
    "convolution": lambda: alone(lambda: made_of_several.CircularConvolution(20, 4)),
    "memory": lambda: alone(
        lambda: made_of_several.AssociativeMemory(
            np.eye(4), n_neurons=20
        ).add_threshold_to_outputs()
    ),
    "gated": lambda: alone(lambda: made_of_several.InputGatedMemory(20, 2)),
}


@FEW
@given(networks())
def test_random_networks(net):
    code = nengolab.to_code(net)
    assert not code.missing
    made = made_by(code, net)
    assert_equal(net, made)
    assert nengolab.to_code(made).source == code.source


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_models(make):
    net = make()
    code = nengolab.to_code(net, most=10_000)
    assert not code.missing
    made = made_by(code, net)
    assert_equal(net, made)
    assert nengolab.to_code(made, most=10_000).source == code.source
    assert len(made.all_probes) == len(net.all_probes)


def test_runs_are_the_same():
    nets = [models.recurrent(nengo.AdaptiveLIF())]
    nets.append(made_by(nengolab.to_code(nets[0], most=10_000), nets[0]))
    data = []
    for net in nets:
        with nengo.Simulator(net, progress_bar=False, optimize=False) as sim:
            sim.run_steps(60)
        data.append([sim.data[probe] for probe in net.probes])
    for one, other in zip(*data, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_missing_is_named_and_raises_when_it_is_used(monkeypatch):
    monkeypatch.setattr(models, "Maze", Walled)
    net = models.maze("sense act")
    with net:
        nengo.Ensemble(90, 1, gain=np.linspace(1, 2, 90) ** 2, bias=np.zeros(90))
        nengo.Connection(net.ensembles[0], net.ensembles[1], function=Callable())
    code = nengolab.to_code(net)
    said = {missing.name: missing.reason for missing in code.missing}
    assert said == {
        "missing_sense": f"the output of 'sense' is a {WALLED}",
        "missing_act": f"the output of 'act' is a {WALLED}",
        "missing_gain": "the gain of 'ensemble_1' is an array of 90 numbers, more than 64",
        "missing_function": "the function of 'ensemble -> ensemble_1' is a Callable, whose class "
        "says in __getattr__ how its objects are made or read",
    }
    made = made_by(code, net)
    differing = {(row.a, row.what) for row in nengolab.inspect.diff(net, made).rows}
    assert differing == {
        ("sense", "output"),
        ("act", "output"),
        ("ensemble_1", "gain"),
        ("ensemble -> ensemble_1", "function"),
    }
    for node, arguments in zip(made.nodes, [(0.0,), (0.0, [1.0])], strict=True):
        with pytest.raises(NotImplementedError, match="a Walled, which has no source"):
            node.output(*arguments)
    with pytest.raises(NotImplementedError, match="the gain of 'ensemble_1'"):
        nengo.builder.Model(dt=0.001).build(made)


class Walled(models.Maze):
    pass


class Callable(models.Maze):
    def __call__(self, x):
        return x

    def __getattr__(self, name):
        raise AttributeError(name)


def fall(t):
    fall.asked = t
    return t if t < 1 else fall(t - 1)


def test_functions_that_branch_or_call_themselves():
    with nengo.Network() as net:
        nengo.Node(fall)
        nengo.Node(lambda t: 1 if t < 0.1 else 0)
        nengo.Node(lambda t: (lambda x: x or t)(0) and 2)
    code = nengolab.to_code(net)
    assert not code.missing
    made = made_by(code, net)
    assert not nengolab.inspect.diff(net, made)
    for t in (0.05, 0.5, 2.5):
        assert [n.output(t) for n in net.nodes] == [n.output(t) for n in made.nodes]


def test_a_config_that_has_no_source_is_missing():
    with nengo.Network() as net:
        node = nengo.Node(size_in=1, label="node")
        net.config[nengo.Node].set_param("held", nengo.params.Parameter("held", optional=True))
        net.config[node].held = Callable()
    code = nengolab.to_code(net)
    said = code.missing[-1].reason
    assert said.startswith("net.config[node].held is a Callable, whose class says in __getattr__")
    assert "held =" not in str(code)
    made_by(code, net)


def test_settings_and_layers():
    import keras
    import tensorflow as tf

    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64", trainable=False, keep_history=False)
        pixels = nengo.Node(np.zeros(16), label="pixels")
        decay = keras.regularizers.L2(0.1)
        dense = keras.layers.Dense(6, activation="relu", kernel_regularizer=decay)
        x = nengolab.Layer(dense)(pixels)
        y = nengolab.Layer(nengolab.SoftLIFRate(amplitude=0.01))(x)
        nengolab.Layer(lambda x: tf.reduce_sum(x, 1, keepdims=True))(y, label="sum")
        net.config[x].trainable = True
        probe = nengo.Probe(x)
        net.config[probe].keep_history = True
    code = nengolab.to_code(net)
    assert [m.reason for m in code.missing] == [
        "the 102 numbers in the layer of 'dense' are drawn anew"
    ]
    assert 'activation="relu"' in code.source
    made = made_by(code, net)
    differ = nengolab.inspect.diff(net, made)
    assert not differ, f"{differ}\n{code}"
    assert made.config[nengo.Network].dtype == "float64"
    assert made.config[made.nodes[1]].trainable is True
    assert made.config[made.probes[0]].keep_history is True


def test_what_cannot_be_written_is_refused():
    with nengo.Network() as net:
        a = nengo.Ensemble(10, 1, label="a")
        with nengo.Network() as inner:
            nengo.Connection(a, nengo.Ensemble(10, 1, label="b"))
    with pytest.raises(ValidationError, match="'a', which is not in the network"):
        nengolab.to_code(inner)
    with pytest.raises(ValidationError, match="takes a nengo.Network; got Ensemble"):
        nengolab.to_code(a)
    with net:
        rule = nengo.Connection(a, a, learning_rule_type=nengo.PES())
        nengo.Connection(a, rule.learning_rule)
    net.connections.reverse()
    with pytest.raises(ValidationError, match="comes before what it leads to"):
        nengolab.to_code(net)


def test_tensorflow_is_not_loaded():
    code = (
        "import sys, nengo, nengolab\n"
        "with nengo.Network() as net: nengo.Ensemble(10, 1)\n"
        "print(nengolab.to_code(net), 'tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("False\n")
