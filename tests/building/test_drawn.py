"""What is drawn anew once something is deleted, said before."""

from __future__ import annotations

import nengo
import pytest

from nengolab.building import delete, drawn_anew, run_source
from tests.building.equal import built


def called(made, name):
    return next(obj for obj, own in made.names.items() if own == name)


POINTERS = """\
import nengo
import nengo_spa as spa
import numpy as np

with spa.Network(seed=0) as net:
    target = spa.State(16, seed=3, label="target")
    x = spa.sym.X
    x >> target
    spa.sym.Y >> target
"""


def test_pointers_that_are_added_in_turn():
    pytest.importorskip("nengo_spa")
    made = run_source(POINTERS)
    first = next(node for node in made.network.nodes if node.label == "X")
    said = drawn_anew(made, first)
    assert said[-1] == (
        "The random numbers of the code come in turn: the pointer Y and Y are drawn anew."
    )
    again = run_source(delete(made, first).after).network
    vectors = [net.vocabs[16]["Y"].v for net in (made.network, again)]
    assert (vectors[0] != vectors[1]).any()
    last = next(node for node in made.network.nodes if node.label == "Y")
    assert not any("in turn" in line for line in drawn_anew(made, last))


GENERATORS = """\
import nengo
import numpy as np

rng = np.random.RandomState(1)
with nengo.Network() as net:
    a = nengo.Node(rng.uniform(size=2))
    b = nengo.Node(rng.uniform(size=2))
    c = nengo.Ensemble(10, 1, encoders=rng.choice([-1.0, 1.0], size=(10, 1)))
    d = nengo.Node(np.random.uniform(size=2))
"""


def test_a_generator_that_the_source_shares():
    made = run_source(GENERATORS)
    # What is drawn without a seed is other numbers each time anyway.
    assert drawn_anew(made, called(made, "a")) == [
        "The random numbers of the code come in turn: c and b are drawn anew."
    ]
    assert drawn_anew(made, called(made, "b")) == [
        "The random numbers of the code come in turn: c is drawn anew."
    ]
    assert drawn_anew(made, called(made, "c")) == []
    slow = run_source(GENERATORS + "import time\ntime.sleep(0.5)\n")
    assert drawn_anew(slow, called(slow, "a"), seconds=0.1) == [
        "The code runs for more than 0.1 s: what else is drawn anew is not known."
    ]


SEEDS = """\
import nengo

with nengo.Network(seed=1) as net:
    a = nengo.Ensemble(5, 1)
    b = nengo.Ensemble(5, 1)
    c = nengo.Ensemble(5, 1, seed=4)
    d = nengo.Ensemble(5, 1, neuron_type=nengo.Direct())
    with nengo.Network() as inner:
        e = nengo.Ensemble(5, 1)
        f = nengo.Connection(e, e, transform=nengo.Dense((1, 1), nengo.dists.Uniform(0, 1)))
    with nengo.Network(seed=5) as own:
        g = nengo.Ensemble(5, 1)
    h = nengo.Connection(a, b)
    i = nengo.Probe(b)
"""


@pytest.mark.parametrize("name", ["a", "b", "c", "d", "e", "f", "g", "h", "i", "inner", "own"])
def test_seeds_that_go_by_the_order_are_those_of_nengo(name):
    made = run_source(SEEDS)
    said = " ".join(drawn_anew(made, called(made, name)))
    again = run_source(delete(made, called(made, name)).after)
    (before, _), (after, _) = built(made.network), built(again.network)
    anew = {
        own
        for obj, own in made.names.items()
        if own in again.names.values()
        and not isinstance(obj, nengo.Network)
        and (own in "abeg" or own == "f")
        and before.seeds[obj] != after.seeds[called(again, own)]
    }
    listed = said.removeprefix("Nengo's seeds go by the order in a network: ")
    listed = listed.removesuffix(" drawn anew.").removesuffix(" is").removesuffix(" are")
    assert set(listed.replace(" and ", ", ").split(", ")) - {""} == anew


def test_without_a_seed_nothing_is_said():
    made = run_source(SEEDS.replace("seed=1", ""))
    assert drawn_anew(made, called(made, "a")) == []


PROCESSES = """\
import nengo

with nengo.Network(seed=1) as net:
    n = nengo.Node(nengo.processes.WhiteSignal(1.0, 5), label="n")
    own = nengo.Node(nengo.processes.WhiteSignal(1.0, 5, seed=3), label="own")
    with nengo.Network(label="inner") as inner:
        m = nengo.Node(nengo.processes.WhiteSignal(1.0, 5), label="m")
    plain = nengo.Node(0.5)
    nengo.Probe(own)
    nengo.Probe(m)
"""


def test_processes_draw_in_turn():
    made = run_source(PROCESSES)
    assert drawn_anew(made, called(made, "n")) == [
        "Processes without a seed of their own draw in turn: that of m may give another signal."
    ]
    for name in ("own", "plain"):
        assert drawn_anew(made, called(made, name)) == []
    unseeded = run_source(PROCESSES.replace("seed=1", ""))
    assert drawn_anew(unseeded, called(unseeded, "n")) == []

    signals = []
    for source in (PROCESSES, delete(made, called(made, "n")).after):
        net = run_source(source).network
        with nengo.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(5)
            signals.append([sim.data[probe] for probe in net.probes])
    assert (signals[0][0] == signals[1][0]).all()
    assert (signals[0][1] != signals[1][1]).any()
