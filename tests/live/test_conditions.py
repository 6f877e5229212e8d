"""Conditions that a person writes: what they mean, and what is refused."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengolab.live.conditions import Condition, ObservedSignal
from nengolab.names import Names


@pytest.fixture(scope="module")
def net():
    with nengo.Network() as net:
        net.ens = nengo.Ensemble(10, 2, label="ens")
        net.drive = nengo.Node([0.0], label="drive")
        with nengo.Network(label="cortex"):
            net.odd = nengo.Ensemble(5, 1, label="my ens")
    return net


def held(net, text, steps=4, **values):
    """Whether a condition holds in each step, of values by signal in the order they are read."""
    condition = Condition(text, net, Names(net))
    samples = {
        s: np.asarray(v, float) for s, v in zip(condition.signals, values.values(), strict=True)
    }
    return condition.hits(0.001 * np.arange(1, steps + 1), samples).tolist()


ENS = [[0.0, 1.0], [0.9, 1.0], [-0.9, 0.0], [0.2, 0.2]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ens.value[0] > 0.8", [False, True, False, False]),
        ("ens.value[-1] >= 1", [True, True, False, False]),
        ("abs(ens.value[0]) > 0.8", [False, True, True, False]),
        ("not ens.value[0] < 0.2", [False, True, False, True]),
        ("0.1 < ens.value[0] < 0.5", [False, False, False, True]),
        ("ens.value > 0.1", [False, True, False, True]),  # both of them
        ("mean(ens.value) == 0.5", [True, False, False, False]),
        ("norm(ens.value) < 1", [False, False, True, True]),
        ("max(ens.value) - min(ens.value) > 0.5", [True, False, True, False]),
        ("sum(ens.value) / 2 + 0.05 * 2 <= 0.31", [False, False, True, True]),
        ("ens.value[0] > 0.8 or t > 0.0035", [False, True, False, True]),
        ("ens.value[0] > 0.8 and t > 0.0035", [False, False, False, False]),
    ],
)
def test_what_is_written_is_what_is_computed(net, text, expected):
    assert held(net, text, ens=ENS) == expected


def test_time_alone(net):
    assert held(net, "t >= 0.003") == [False, False, True, True]


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("ens.spikes[3] > 0", lambda net: ObservedSignal(net.ens.neurons, "output", None)),
        ("ens.voltage[3] > 0", lambda net: ObservedSignal(net.ens.neurons, "voltage", None)),
        ("ens.value(0.02)[1] > 0", lambda net: ObservedSignal(net.ens, None, 0.02)),
        ("drive.value > 0", lambda net: ObservedSignal(net.drive, None, None)),
        ('obj["cortex/my ens"].value > 0', lambda net: ObservedSignal(net.odd, None, None)),
    ],
)
def test_signals(net, text, signal):
    assert Condition(text, net, Names(net)).signals == [signal(net)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ens.value[0]", "compare it with something"),
        ("ens.value[0] > (1 > 0)", "true or false"),
        ("ens.value[2] > 0", "has 2 values"),
        ("ens.value[0.5] > 0", "whole number"),
        ("nobody.value > 0", "nobody is no object; the network holds .*'ens'"),
        ("ens.colour > 0", "no 'colour'; it has .*'voltage'"),
        ("ens.value(-1) > 0", "time constant"),
        ("exp(ens.value) > 0", "there is abs, mean"),
        ("ens.value[0] in (1, 2)", "compares with something else"),
        ("ens.value[0] >", "not understood"),
        ("__import__('os').system('true') == 0", "not understood"),
        ("().__class__ == 0", "not understood"),
        ("[x for x in ()] == 0", "not understood"),
        ("(lambda: 0)() == 0", "not understood"),
        ("2 ** 9 > t", "not understood"),
        ("ens.__class__ > 0", "no '__class__'"),
        ("True > t", "not understood"),
        ("", "an expression"),
        (3, "an expression"),
        ("t" * 501, "characters"),
    ],
)
def test_what_else_is_refused(net, text, said):
    with pytest.raises(ValidationError, match=said):
        Condition(text, net, Names(net))
