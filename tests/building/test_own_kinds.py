"""A person's own classes of processes, neurons, distributions and objects, as code."""

from __future__ import annotations

from pathlib import Path

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.building import run_source
from nengolab.building.rerun import unchanged
from tests.building.equal import assert_equal, made_by

OWN = (Path(__file__).parent / "own_kinds.py").read_text()


@pytest.fixture(scope="module")
def own():
    return run_source(OWN)


def data_of(net):
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(30)
        return sim.data[net.probes[0]]


def test_a_network_of_own_classes_is_written_whole(own):
    net = own.network
    code = nengolab.to_code(net)
    assert not code.missing, [m.reason for m in code.missing]
    made = made_by(code, net)
    assert_equal(net, made)
    assert np.array_equal(data_of(net), data_of(made))
    for before, after in zip(net.nodes[2:], made.nodes[2:], strict=True):
        assert before.output(0.7) == after.output(0.7)
    assert nengolab.to_code(made).source == code.source
    # What classes are made of stands above them.
    text = code.source
    assert text.index("class Drift(nengo.Process):") < text.index("class Twice(Drift):")
    assert text.index("class Shape(abc.ABC):") < text.index("class Line(Shape):")
    assert "limits = (-1, 3.141592653589793)" in text
    assert '    """Goes on, a little at random."""\n' in text
    assert "line = Line(slope=3)" in text


def test_what_a_class_and_a_method_share_stays_one_thing(own):
    remembers = own.namespace["Remembers"]
    with nengo.Network() as net:
        nengo.Node(remembers(), size_out=1)
        nengo.Node(remembers(), size_out=1)
    made = made_by(nengolab.to_code(net), net)
    first, second = (node.output for node in made.nodes)
    first.held.append(3.0)
    assert first(0) == second(0) == 8.0


def test_a_name_that_a_class_reads_is_left_to_it(own):
    with nengo.Network() as net:
        nengo.Node(own.namespace["Drift"](), label="STEP")
        nengo.Ensemble(5, 1, neuron_type=own.namespace["Half"](), label="Half")
        nengo.Node(own.namespace["Line"](1), size_out=1, label="Line")
    code = nengolab.to_code(net)
    assert not code.missing
    assert_equal(net, made_by(code, net))


class Numbers(dict):
    def __call__(self, t):
        return self["a"] * t


class Made(type):
    pass


class OfAnother(metaclass=Made):
    def __call__(self, t):
        return t


class Given(nengo.Process):
    def __init__(self, parts):
        super().__init__(default_size_in=0, default_size_out=1)
        self.kept = len(parts)

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: self.kept


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (lambda: Numbers(a=1), "is a Numbers, and more than that: a dict"),
        (OfAnother, "is a OfAnother, whose class is made in another way than by other classes"),
        (lambda: Given([1, 2]), "is a Given, which does not keep its argument parts"),
    ],
)
def test_what_is_more_than_its_source_is_named(kind, why):
    with nengo.Network() as net:
        nengo.Node(kind(), size_out=1, label="a")
    (missing,) = nengolab.to_code(net).missing
    assert why in missing.reason


SOURCE = (
    "import nengo\n\n\nclass Half(nengo.LIFRate):\n    def step(self, dt, J, output):\n"
    "        super().step(dt, J, output)\n        output *= 0.5\n\n\n"
    "class Held:\n    def __init__(self, by):\n        self.by = by\n\n"
    "    def times(self, t):\n        return self.by * t\n\n\n"
    "with nengo.Network(seed=0) as net:\n"
    "    ens = nengo.Ensemble(10, 1, neuron_type=Half())\n"
    "    a = nengo.Node(Held(2).times)\n"
    "    nengo.Connection(a, ens)\n"
)


def test_what_runs_again_is_the_same_and_what_says_more_is_not():
    net, again = run_source(SOURCE).network, run_source(SOURCE).network
    assert not nengolab.inspect.diff(net, again)
    assert again.ensembles[0] in unchanged(net, again).values()
    for edit in (("0.5", "0.6"), ("super()", "nengo.LIFRate"), ("Held(2)", "Held(3)")):
        other = run_source(SOURCE.replace(*edit)).network
        assert nengolab.inspect.diff(net, other), edit
    other = run_source(SOURCE.replace("0.5", "0.6")).network
    assert other.ensembles[0] not in unchanged(net, other).values()


class Chain:
    def __init__(self, held):
        self.held, self.own = held, self

    def __call__(self, t):
        return t


def test_objects_that_hold_themselves_much_or_the_network_are_compared():
    def made(of):
        with nengo.Network(seed=0) as net:
            ens = nengo.Ensemble(5, 1, label="ens")
            nengo.Node(Chain(of(ens, net)), size_out=1)
        return net

    def deep(ens, net):
        held = Chain(1)
        for _ in range(2000):
            held = Chain(held)
        return held

    assert not nengolab.inspect.diff(
        made(lambda ens, net: [1, "a"]), made(lambda ens, net: [1, "a"])
    )
    assert nengolab.inspect.diff(made(lambda ens, net: [1, "a"]), made(lambda ens, net: [2, "a"]))
    # Whether these say the same is not looked for.
    assert nengolab.inspect.diff(made(deep), made(deep))
    assert nengolab.inspect.diff(made(lambda ens, net: net), made(lambda ens, net: net))
    assert not nengolab.inspect.diff(made(lambda ens, net: ens), made(lambda ens, net: ens))


def test_numbers_that_are_read_of_the_module_count():
    source = "import nengo\nSCALE = 2.0\n" + SOURCE.removeprefix("import nengo\n").replace(
        "output *= 0.5", "output *= SCALE"
    ).replace("a = nengo.Node(Held(2).times)", "a = nengo.Node(lambda t: SCALE * t)")
    first, again, other = (
        run_source(text).network for text in (source, source, source.replace("= 2.0", "= 3.0"))
    )
    assert not nengolab.inspect.diff(first, again)
    assert {row.what for row in nengolab.inspect.diff(first, other).rows} == {
        "neuron_type",
        "output",
    }
