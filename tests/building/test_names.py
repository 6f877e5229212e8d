"""Whatever things are labelled, the code makes an equal network: no name takes another's place."""

from __future__ import annotations

import functools
import linecache
import types

import nengo
import numpy as np
import pytest
import scipy.special
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import nengolab
from nengolab.building.naming import identifier
from tests.building.equal import assert_equal, made_by

FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
FACTOR, i = 1.5, 0.25
NASTY = [
    *("print", "list", "range", "sum", "abs", "input", "NotImplementedError", "__builtins__"),
    *("np", "nengo", "model", "net", "i", "_", "__name__", "functools", "scipy", "special"),
    *("class", "None", "match", "lambda", "FACTOR", "double", "make_function", "ensembles"),
    *("ﬁlter", "K", "Å", "x²", "٣", "৴a", "ꙮ0ꙮ[0]", "ꙮ", "a\n", "\ud800", '"""', "{i}", "a = 1"),
    *("function", "missing_output", "cell", "cells", "cell 1", "cell 2", "local", "clas", "İ"),
]
ATTRIBUTES = [name for name in NASTY if not hasattr(nengo.Network, name)]
LABELS = st.sampled_from(NASTY) | st.none() | st.text(max_size=4)


def double(x):
    return 2 * abs(x) * len([x])


def scaled(x):
    return [sum([FACTOR * double(each)]) for each in list(x)]


def reads_i(x):
    return i * x


FUNCTIONS = [scaled, np.sin, lambda x: [abs(v) for v in x], functools.partial(np.multiply, 2.0)]
VALUES = np.array([0.5, -1.0])


@FEW
@given(
    st.lists(LABELS, min_size=10, max_size=10),
    st.lists(st.sampled_from(FUNCTIONS), min_size=2, max_size=2),
    st.sampled_from(ATTRIBUTES),
)
@example(
    ["print", "sum", "list", "abs", "range", "len", "np", "nengo", "net", "i"], [scaled] * 2, "a"
)
@example(["ꙮ0ꙮ[0]"] * 10, [scaled] * 2, "K")
def test_nasty_labels(labels, functions, attribute):
    with nengo.Network(label=labels[0], seed=1) as net:
        setattr(net, attribute, nengo.Node(lambda t: [abs(t), len("ab")], label=labels[1]))
        cells = [nengo.Ensemble(5, 2, label=f"{labels[2]}{n}") for n in range(3)]
        for n in range(4):
            with nengo.Network(label=labels[3]) as inner:
                nengo.Ensemble(5 + n, 1, label=labels[4])
        conn = nengo.Connection(cells[1], cells[0], label=labels[5], function=functions[0])
        conn.learning_rule_type = nengo.PES()
        nengo.Connection(cells[0], conn.learning_rule, function=functions[1])
        pair = nengo.networks.EnsembleArray(4, 2, label=labels[6])
        nengo.Connection(cells[0], pair.input, function=scaled, label=labels[7])
        nengo.Connection(inner.ensembles[0], pair.input[0], function=np.sin)
        nengo.Probe(conn, "output", label=labels[8])
        nengo.Node(scipy.special.expit, label=labels[9])
        for label in labels:
            nengo.Node(size_in=1, label=label)
    code = nengolab.to_code(net)
    assert not code.missing
    made = made_by(code, net)
    assert_equal(net, made)
    for one, other in zip(net.all_connections, made.all_connections, strict=True):
        if one.function is not None:
            assert np.array_equal(one.function(VALUES), other.function(VALUES))
    assert nengolab.to_code(made).source == code.source


@given(st.text(), st.sampled_from(["node", "Ünit", "my class", "1st"]))
def test_every_label_gives_a_name(label, kind):
    name = identifier(label, kind)
    found = {}
    exec(f"{name} = 1", found)
    assert name in found
    assert not name.startswith("_")


def test_a_name_that_a_function_reads_is_no_loops():
    with nengo.Network() as net:
        cells = [nengo.Ensemble(5, 1, label="cell") for _ in range(4)]
        for one in cells:
            nengo.Connection(one, one, function=reads_i)
    code = nengolab.to_code(net)
    assert not code.missing
    made = made_by(code, net)
    assert [c.function(VALUES).tolist() for c in made.connections] == [[0.125, -0.25]] * 4


def of_a_module(name, lines, **variables):
    """A function of a module that is no file."""
    own, file = types.ModuleType(name), f"<{name} of test_names>"
    linecache.cache[file] = (len(lines), None, lines.splitlines(True), file)
    vars(own).update(variables)
    exec(compile(lines, file, "exec"), vars(own))
    return own.scale


def test_two_things_of_one_name_are_not_confused():
    """One function calls something of its own what another takes from Python."""
    given = of_a_module("given", "def scale(x):\n    return abs * x\n", abs=FACTOR)
    taken = of_a_module("taken", "def scale(x):\n    return abs(x)\n")
    with nengo.Network() as net:
        a = nengo.Ensemble(5, 1)
        nengo.Connection(a, a, function=given)
        nengo.Connection(a, a, function=taken)
    (missing,) = nengolab.to_code(net).missing
    assert missing.reason.endswith("reads abs, and another thing is called 'abs' as well")
    assert missing.value is taken


@pytest.mark.parametrize("label", ["scipy", "special"])
def test_a_part_of_a_package_beside_what_is_called_like_it(label):
    with nengo.Network() as net:
        nengo.Node([0.5], label=label)
        nengo.Node(scipy.special.expit, label="wave")
    made = made_by(nengolab.to_code(net), net)
    assert made.nodes[1].output is scipy.special.expit
