"""configure_settings for training, and which arrays it makes trainable."""

from __future__ import annotations

import pickle

import nengo
import numpy as np
import pytest
from nengo.ensemble import Neurons
from nengo.exceptions import ConfigError, NetworkContextError

import nengolab
from nengolab.exceptions import ValidationError
from nengolab.settings import get_setting, get_surrogate


def _make():
    with nengo.Network(seed=0, label="outer") as net:
        u = nengo.Node([0.5], label="u")
        a = nengo.Ensemble(5, 1, label="a")
        with nengo.Network(label="inner") as inner:
            b = nengo.Ensemble(6, 1, label="b")
            with nengo.Network(label="innermost") as innermost:
                c = nengo.Ensemble(7, 1, label="c")
            bc = nengo.Connection(b, c)
        ua = nengo.Connection(u, a, transform=2.0)
        ab = nengo.Connection(a, b)
        nengo.Probe(c)
    return net, {
        "inner": inner,
        "innermost": innermost,
        "a": a,
        "b": b,
        "c": c,
        "ab": ab,
        "bc": bc,
        "ua": ua,
    }


def _trained(net) -> dict[str, bool]:
    with nengolab.Simulator(net, progress_bar=False) as sim:
        found = {n: p.trainable for n, p in sim.parameters.items()}
        assert all(p.why for p in sim.parameters.values())
    short = {
        "a.encoders": "a",
        "a.neurons.bias": "a.neurons",
        "inner/b.encoders": "b",
        "inner/b.neurons.bias": "b.neurons",
        "inner/innermost/c.encoders": "c",
        "inner/innermost/c.neurons.bias": "c.neurons",
        "u -> a.weights": "ua",
        "a -> inner/b.weights": "ab",
        "inner/b -> inner/innermost/c.weights": "bc",
    }
    shown = {key: found.pop(name) for name, key in short.items()}
    assert not any(found.values())  # constants, gains and what leads to probes
    return shown


EVERYTHING = {"a", "a.neurons", "b", "b.neurons", "c", "c.neurons", "ua", "ab", "bc"}


def _set_of(trained: dict[str, bool]) -> set[str]:
    assert set(trained) == EVERYTHING
    return {key for key, value in trained.items() if value}


def test_by_default():
    net, _ = _make()
    assert _set_of(_trained(net)) == EVERYTHING


def test_nearest_network_and_what_is_in_it():
    net, objs = _make()
    with net, objs["inner"]:
        nengolab.configure_settings(trainable=False)
    assert _set_of(_trained(net)) == {"a", "a.neurons", "ua", "ab"}


@pytest.mark.parametrize("how", ["inside", "from outside"])
def test_inner_networks_win(how):
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=False)
        if how == "inside":
            with objs["inner"], objs["innermost"]:
                nengolab.configure_settings(trainable=True)
        else:
            net.config[objs["innermost"]].trainable = True
    assert _set_of(_trained(net)) == {"c", "c.neurons"}


def test_none_leaves_it_to_the_network_around():
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=False)
        with objs["inner"]:
            nengolab.configure_settings(trainable=None)
    assert _set_of(_trained(net)) == set()


def test_types_and_objects():
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=None)
        net.config[nengo.Ensemble].trainable = False
        net.config[objs["b"]].trainable = True
        net.config[nengo.Connection].trainable = False
        net.config[objs["ab"]].trainable = True
    assert _set_of(_trained(net)) == {"b", "b.neurons", "ab"}


def test_an_ensemble_covers_its_biases_unless_its_neurons_are_set():
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=None)
        net.config[Neurons].trainable = False
        net.config[objs["a"]].trainable = True  # of the object: more than of the type
        net.config[objs["b"]].trainable = False
        net.config[objs["b"].neurons].trainable = True
        net.config[objs["c"].neurons].trainable = False
        net.config[objs["c"]].trainable = True
    assert _set_of(_trained(net)) == EVERYTHING - {"b", "c.neurons"}


def test_settings_of_types_in_inner_networks():
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=None)
        net.config[nengo.Ensemble].trainable = False
        with objs["innermost"]:
            nengolab.configure_settings(trainable=None)
            objs["innermost"].config[nengo.Ensemble].trainable = True
    assert _set_of(_trained(net)) == {"c", "c.neurons", "ua", "ab", "bc"}
    with net:  # of an object, wherever it is said
        net.config[objs["c"]].trainable = False
    assert _set_of(_trained(net)) == {"ua", "ab", "bc"}


def test_why():
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=None)
        net.config[objs["a"]].trainable = False
        net.config[nengo.Connection].trainable = True
        with objs["inner"]:
            nengolab.configure_settings(trainable=False)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        why = {name: p.why for name, p in sim.parameters.items()}
    assert why["a.encoders"] == "set by config['a'].trainable of network 'outer'"
    assert why["a.neurons.bias"] == why["a.encoders"]
    expected = "set by config[nengo.Connection].trainable of network 'outer'"
    assert why["u -> a.weights"] == expected
    expected = "set by configure_settings(trainable=False) of network 'inner'"
    assert why["inner/b.encoders"] == expected
    assert why["inner/innermost/c -> probe of inner/innermost/c.weights"] == "connection to a probe"


def test_inference_only():
    net, _ = _make()
    with net:
        nengolab.configure_settings(inference_only=True)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert len(sim.parameters.trainable) == 0
        assert "inference_only" in sim.parameters["a.encoders"].why


def test_copies_and_pickles_keep_what_was_set():
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=None, lif_smoothing=0.1, surrogate="atan")
        net.config[objs["a"]].trainable = False
        net.config[objs["b"].neurons].trainable = False
        net.config[objs["c"]].surrogate = None
    for again in (net.copy(), pickle.loads(pickle.dumps(net))):
        assert _set_of(_trained(again)) == EVERYTHING - {"a", "a.neurons", "b.neurons"}
        assert get_setting(again, "lif_smoothing") == 0.1
        a, b, c = again.all_ensembles
        assert [get_surrogate(again, ens) for ens in (a, b, c)] == ["atan", "atan", None]


def test_options_of_the_outermost_network():
    with nengo.Network() as net:
        assert get_setting(net, "inference_only") is False
        assert get_setting(net, "lif_smoothing") is None
        assert get_setting(net, "stateful") is True
        with nengo.Network() as sub:
            nengolab.configure_settings(inference_only=True, lif_smoothing=2, stateful=False)
        assert get_setting(net, "inference_only") is True
        assert get_setting(net, "lif_smoothing") == 2
        assert get_setting(net, "stateful") is False
        assert get_setting(sub, "lif_smoothing") is None
        nengolab.configure_settings(lif_smoothing=None)
        assert get_setting(net, "lif_smoothing") is None
    assert get_setting(None, "stateful") is True


def test_surrogates():
    gradient = object()
    with nengo.Network() as net:
        a, b = (nengo.Ensemble(5, 1) for _ in range(2))
        assert get_surrogate(net, a) is None
        with nengo.Network():
            c = nengo.Ensemble(5, 1)
            nengolab.configure_settings(surrogate=gradient)
        net.config[b].surrogate = "triangular"
        assert get_surrogate(net, a) is gradient
        assert get_surrogate(net, c) is gradient
        assert get_surrogate(net, b) == "triangular"
    assert get_surrogate(None, a) is None


@pytest.mark.parametrize(
    "setting",
    [
        {"trainable": "yes"},
        {"trainable": 1},
        {"inference_only": None},
        {"inference_only": "no"},
        {"lif_smoothing": 0},
        {"lif_smoothing": -1.0},
        {"lif_smoothing": "soft"},
        {"stateful": 1},
        {"surrogate": 2.0},
        {"surrogate": True},
    ],
)
def test_wrong_values(setting):
    with nengo.Network():
        with pytest.raises(ValidationError, match=next(iter(setting))):
            nengolab.configure_settings(**setting)


def test_wrong_values_of_objects():
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=None)
        with pytest.raises(ValidationError, match="got 'no'; valid values are True, False"):
            net.config[objs["a"]].trainable = "no"
        net.config[objs["a"]].trainable = np.bool_(False)
        assert net.config[objs["a"]].trainable is False


def test_outside_a_network():
    for setting in ({"trainable": True}, {"surrogate": None}, {"stateful": False}):
        with pytest.raises(NetworkContextError, match="outside of a network"):
            nengolab.configure_settings(**setting)
    with nengo.Network():
        with pytest.raises(ConfigError, match=r"'trained'.*lif_smoothing.*stateful.*trainable"):
            nengolab.configure_settings(trained=True)


def test_trainable_can_be_read_for_each_object():
    """None: by what holds further out; False for what no setting reaches."""
    net, objs = _make()
    with net:
        nengolab.configure_settings(trainable=None)
        _neurons, fixed = nengolab.Layer(nengo.LIF())(objs["a"], return_conn=True)
    every = [*net.all_objects, *net.all_networks, *(e.neurons for e in net.all_ensembles)]
    for obj in every:
        never = obj is fixed or isinstance(obj, nengo.Probe)
        assert net.config[obj].trainable is (False if never else None), obj
    net.config[objs["a"]].trainable = True
    net.config[objs["ab"]].trainable = False
    assert net.config[objs["a"]].trainable is True
    assert net.config[objs["ab"]].trainable is False
    with pytest.raises(ValidationError, match="probe decodes is not trained"):
        net.config[net.probes[0]].trainable = True
    assert pickle.loads(pickle.dumps(net)).config.params.keys()
    copy = net.copy()
    assert [copy.config[c].trainable for c in copy.connections].count(False) == 2
    # What can be read is what comes out.
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert not sim.parameters["a -> inner/b.weights"].trainable
        assert sim.parameters["a.encoders"].trainable
