"""Every public class and function shows in its docstring how it is used, and that runs.

An example finds what `Simulator`'s has made: ``net`` with ``stimulus``, ``ensemble``,
``connection`` and ``probe``; ``sim``, a simulator of it, where it uses one and makes none; and
``folder``, an empty one.
"""

import doctest
import inspect
import re
import warnings
from importlib import import_module

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.exceptions import NengoException

MODULES = (
    "",
    "building",
    "callbacks",
    "converting",
    "dists",
    "exceptions",
    "exporting",
    "inspect",
    "keras_layers",
    "losses",
    "neurons",
    "nir_graphs",
    "runs",
    "surrogates",
    "sweep",
)
# What a person holds without having made it.
HELD = (
    "parameters.table.Parameter",
    "parameters.table.Parameters",
    "runtime.data.SimulationData",
    "runtime.snapshot.Snapshot",
)
# Methods of the objects that a person works with the most.
SHOWN = (nengolab.Simulator,)


def _public():
    """Names and objects of the public interface that are nengolab's own."""
    for module in MODULES:
        home = import_module(".".join(filter(None, ("nengolab", module))))
        for name in home.__all__:
            yield f"{module}.{name}".lstrip("."), getattr(home, name)
    for name in HELD:
        home, _, own = name.rpartition(".")
        yield own, getattr(import_module(f"nengolab.{home}"), own)
    for cls in SHOWN:
        for name, member in inspect.getmembers(cls, inspect.isfunction):
            if not name.startswith("_"):
                yield f"{cls.__name__}.{name}", member


def _with_docstring():
    found = {}
    for name, obj in _public():
        own = getattr(obj, "__module__", "").startswith("nengolab")
        if own and (inspect.isclass(obj) or inspect.isfunction(obj)):
            found.setdefault(obj, name)
    return [pytest.param(obj, id=name) for obj, name in found.items()]


@pytest.fixture
def given(tmp_path, monkeypatch):
    """What an example finds."""
    import keras
    import tensorflow as tf

    monkeypatch.setitem(nengo.rc["progress"], "progress_bar", "False")
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node([0.5], label="stimulus")
        ensemble = nengo.Ensemble(20, 1, label="ensemble")
        connection = nengo.Connection(stimulus, ensemble)
        probe = nengo.Probe(ensemble, synapse=0.02, label="output")
    found = {"net": net, "stimulus": stimulus, "ensemble": ensemble, "connection": connection}
    found |= {"probe": probe, "folder": tmp_path}
    return found | {"nengo": nengo, "nengolab": nengolab, "np": np, "tf": tf, "keras": keras}


@pytest.mark.parametrize("obj", _with_docstring())
def test_example(obj, given):
    text = inspect.getdoc(obj)
    assert ">>>" in text, "its docstring has no example"
    makes_none = not re.search(r"\bas sim\b|\bsim = ", text)
    if makes_none and re.search(r"\bsim\b", "".join(re.findall(r"(?m)^(?:>>>|\.\.\.).*$", text))):
        given["sim"] = nengolab.Simulator(given["net"])
    example = doctest.DocTestParser().get_doctest(text, dict(given), obj.__name__, None, 0)
    said = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        failed, tried = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    if "sim" in given:
        given["sim"].close()
    assert tried
    assert not failed, "".join(said)


def test_errors_are_of_nengos_family():
    """So one ``except`` holds them all; `test_example` shows those that are nengolab's own."""
    for name in nengolab.exceptions.__all__:
        assert issubclass(getattr(nengolab.exceptions, name), NengoException)
