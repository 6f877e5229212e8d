"""``to_code`` of what other people's models have: attributes of functions, vocabularies, ..."""

from __future__ import annotations

import warnings

import nengo
import nengo_spa
import numpy as np
import pytest

import nengolab
from nengolab.building import run_source
from tests.building.equal import assert_equal, made_by

SHOWN = '''\
import nengo

with nengo.Network(seed=1) as net:

    def shown(t, x):
        """A sum.

        Shown in HTML.
        """
        shown.html = """
          <b>now</b>
            """
        return x * shown.factor

    shown.factor, shown.html = 2.0, "<i>first</i>"
    shown.not_to_be_written = object()

    def twice(factor):
        def inner(t):
            return """
          two
        """.count("o") * factor

        inner.unit = "V"
        return inner

    node = nengo.Node(shown, size_in=1, size_out=1)
    nengo.Connection(nengo.Node(twice(3)), node)
'''


def test_attributes_of_functions_and_strings_of_several_lines():
    net = run_source(SHOWN).network
    code = nengolab.to_code(net)
    assert [(m.name, m.reason) for m in code.missing] == [
        (
            "shown.not_to_be_written",
            "shown.not_to_be_written is an object, a object, which has no source",
        )
    ]
    made = made_by(code, net)
    assert_equal(net, made)
    shown, other = made.nodes
    assert (shown.output.factor, shown.output.html) == (2.0, "<i>first</i>")
    assert other.output.unit == "V"
    assert other.output(0.0) == net.nodes[1].output(0.0) == 3
    for node in (net.nodes[0], shown):
        assert node.output(0.0, np.ones(1)) == 2
        assert node.output.html == "\n          <b>now</b>\n            "
        assert node.output.__doc__ == net.nodes[0].output.__doc__


def legacy(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nengo import spa

        with spa.SPA(seed=seed) as model:
            model.state = spa.State(16, neurons_per_dimension=5)
            model.bg = spa.BasalGanglia(
                spa.Actions("dot(state, A) --> state=B", "dot(state, B) --> state=A")
            )
            model.thalamus = spa.Thalamus(model.bg)
            model.input = spa.Input(state=lambda t: "A" if t < 0.1 else "0")
    return model


@pytest.mark.parametrize("seed", [None, 3])
def test_vocabularies_of_nengo_spa(seed):
    np.random.seed(7)
    net = legacy(seed)
    code = nengolab.to_code(net, most=10_000)
    assert not code.missing
    drawn = "rng = np.random.RandomState(3)" in code.source
    assert drawn == (seed is not None)
    assert ('.extend(["A", "B"])' in code.source) == drawn
    assert code.source.count("nengo.Network.add(bg)") == 1  # it stands there twice
    made = made_by(code, net)
    assert_equal(net, made)
    held = [next(v for o in n.all_nodes if (v := n.config[o].vocab)) for n in (net, made)]
    assert held[0].keys == held[1].keys
    np.testing.assert_array_equal(held[0].vectors, held[1].vectors)
    nodes = [next(o for o in n.all_nodes if o.label == "input_state") for n in (net, made)]
    for t in (0.0, 0.2):
        np.testing.assert_array_equal(*(node.output(t) for node in nodes))


def newer(seed, pointers="A; B.unitary(); C = A * B; D"):
    with nengo_spa.Network(seed=seed) as model:
        vocab = model.vocabs.get_or_create(16)
        vocab.populate(pointers)
        said = nengo_spa.Transcode(lambda t: "A" if t < 0.1 else "B * ~C", output_vocab=vocab)
        state = nengo_spa.State(vocab, neurons_per_dimension=5)
        nengo.Connection(said.output, state.input)
    return model


@pytest.mark.parametrize("seed", [None, 3])
def test_vocabularies_of_newer_networks(seed):
    net = newer(seed)
    code = nengolab.to_code(net, most=10_000)
    assert not code.missing
    assert ('vocabulary.populate("A; B.unitary()")' in code.source) == (seed is not None)
    assert code.source.count("vocabulary.add(") == (4 if seed is None else 1)
    made = made_by(code, net)
    assert_equal(net, made)
    for t in (0.0, 0.2):
        np.testing.assert_array_equal(net.all_nodes[0].output(t), made.all_nodes[0].output(t))


def test_a_vocabulary_of_too_many_numbers_is_missing():
    with nengo.Network() as net:
        vocabulary = nengo_spa.Vocabulary(80, pointer_gen=np.random.RandomState(12345))
        vocabulary.populate("LONG")
        nengo.Node(lambda t: vocabulary["LONG"].v, size_out=80, label="said")
    (missing,) = nengolab.to_code(net).missing
    said = "pointers come from no seed that was tried, and LONG is an array of 80 numbers"
    assert said in missing.reason


def test_a_config_of_a_class_that_cannot_be_imported():
    class Own(nengo.Network):
        size = nengo.params.IntParam("size", default=1)

    with nengo.Network() as net:
        nengo.Ensemble(10, 1)
        net.config.configures(Own)
        net.config[Own].size = 2
    code = nengolab.to_code(net)
    (missing,) = code.missing
    assert missing.name == "net.config[Own]"
    assert_equal(net, made_by(code, net))


def test_functions_that_are_given_objects_of_the_network():
    def zeros(obj):
        return lambda x: np.zeros(obj.dimensions)

    def named(x):
        return np.zeros(b.dimensions)

    with nengo.Network(seed=0) as net:
        a, b = nengo.Ensemble(10, 2, label="a"), nengo.Ensemble(10, 3, label="b")
        nengo.Connection(a, b, function=zeros(b))
        nengo.Connection(a, b, function=lambda x, obj=b: np.ones(obj.dimensions))
        nengo.Connection(a, b, function=named)
    code = nengolab.to_code(net)
    assert not code.missing
    assert "make_function(b)" in code.source
    assert "lambda x, obj=b: np.ones(obj.dimensions)" in code.source
    assert "make_named(b)" in code.source
    made = made_by(code, net)
    assert_equal(net, made)
    assert made.connections[1].function.__defaults__[0] is made.ensembles[1]


def test_functions_that_are_used_twice_are_given_no_objects():
    with nengo.Network(seed=0) as net:
        a, b = nengo.Ensemble(10, 2, label="a"), nengo.Ensemble(10, 3, label="b")

        def twice(x, obj=b):
            return np.ones(obj.dimensions)

        nengo.Connection(a, b, function=twice)
        nengo.Connection(a, b, function=twice)
    (missing,) = nengolab.to_code(net).missing
    assert "is defined above the network, and is given an object of it" in missing.reason


SYMBOLS = """
import nengo_spa as spa
import numpy as np

vocab = spa.Vocabulary(16, pointer_gen=np.random.RandomState(1))
vocab.populate("A; B")
sum_of = spa.sym.A * spa.sym("B + C")
plain, both = spa.sym.D, spa.sym.A + spa.sym.B
typed = spa.ast.symbolic.PointerSymbol("A", spa.types.TVocabulary(vocab))
with spa.Network(seed=0) as net:
    spa.Transcode(lambda t: sum_of if t < 1 else plain, output_vocab=16)
    spa.Transcode(lambda t: both * plain, output_vocab=16)
    spa.Transcode(lambda t: typed, output_vocab=vocab)
"""


def test_symbols_of_pointers():
    pytest.importorskip("nengo_spa")
    net = run_source(SYMBOLS).network
    code = nengolab.to_code(net)
    assert not code.missing
    made = made_by(code, net)
    assert nengolab.to_code(made).source == code.source
    for one, other in zip(net.all_nodes, made.all_nodes, strict=True):
        for t in (0.5, 1.5):
            if callable(one.output):
                # What is drawn when it is first asked for is the same, too.
                np.testing.assert_array_equal(one.output(t), other.output(t))
