"""What ``to_code`` writes as loops makes the same objects in the same order."""

from __future__ import annotations

import itertools

import nengo
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import nengolab
from nengolab.building import run_source
from nengolab.building.folding import becomes, repeated
from tests.building.equal import assert_equal, made_by, objects

FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def body_of(net):
    """The code within the outermost network, after a check that it makes the same one."""
    code = nengolab.to_code(net)
    assert not code.missing
    made = made_by(code, net)
    assert_equal(net, made)
    assert nengolab.to_code(made).source == code.source
    run = run_source(code.source)
    there = dict(zip([net, *objects(net)], [run.network, *objects(run.network)], strict=True))
    for obj, name in code.names.items():
        assert eval(name, run.namespace) is there[obj]
    return "\n".join(line[4:] for line in code.source.partition(" as net:\n")[2].splitlines())


def pairs(net, count, seeds):
    with net:
        into = nengo.Node([0.5], label="in")
        out = nengo.Node(size_in=1, label="out")
        for i in range(count):
            cell = nengo.Ensemble(8, 1, label=f"cell {i}")
            other = nengo.Ensemble(6, 1, label="other", seed=seeds[i])
            nengo.Connection(into, cell)
            nengo.Connection(cell, other, synapse=0.1)
            nengo.Connection(other, out)


PAIRS = """\
in_ = nengo.Node(0.5, label="in")
out = nengo.Node(size_in=1, label="out")
cells, others = [], []
for i in range(3):
    cells.append(nengo.Ensemble(8, 1, label=f"cell {i}"))
    others.append(nengo.Ensemble(6, 1, label="other", seed=2 * i + 4))
    nengo.Connection(in_, cells[i])
    nengo.Connection(cells[i], others[i], synapse=0.1)
    nengo.Connection(others[i], out)"""


def test_several_objects_in_turn():
    with nengo.Network(seed=1) as net:
        pairs(net, 3, [4, 6, 8])
    assert body_of(net) == PAIRS


def test_in_networks_in_it():
    with nengo.Network(seed=1) as net:
        with nengo.Network(label="inner") as inner:
            pairs(inner, 3, [4, 6, 8])
    indented = "\n".join(f"    {line}" for line in PAIRS.splitlines())
    assert body_of(net) == f'with nengo.Network(label="inner"):\n{indented}'


def test_what_differs_irregularly_is_no_loop():
    with nengo.Network(seed=1) as net:
        pairs(net, 3, [4, 6, 9])
    assert "others" not in body_of(net)
    with nengo.Network(seed=1) as net:
        pairs(net, 2, [4, 6])
    assert "for" not in body_of(net)


def columns(net, count, *, odd=None):
    made = []
    with net:
        stimulus = nengo.Node([0.5], label="stimulus")
        for i in range(count):
            with nengo.Network(label=f"column {i}", seed=i + 5) as column:
                column.config[nengo.Connection].synapse = 0.02
                column.input = nengo.Node(lambda t, x: x, size_in=1, size_out=1)
                a = nengo.Ensemble(8 if i != odd else 9, 1, label="a")
                nengo.Connection(column.input, a, function=lambda x: x)
                with nengo.Network():
                    b = nengo.Ensemble(7, 1)
                    nengo.Connection(a, b)
                nengo.Probe(b)
            nengo.Connection(stimulus, column.input)
            made.append((column, b))
        for (_, b), (column, _) in itertools.pairwise(made):
            nengo.Connection(b, column.input)


def test_networks():
    with nengo.Network(seed=1) as net:
        columns(net, 4)
    assert body_of(net) == (
        'stimulus = nengo.Node(0.5, label="stimulus")\n'
        "columns, a, ensembles, probes = [], [], [], []\n"
        "for i in range(4):\n"
        '    with nengo.Network(label=f"column {i}", seed=i + 5) as column:\n'
        "        columns.append(column)\n"
        "        column.config[nengo.Connection].synapse = 0.02\n\n"
        "        column.input = nengo.Node(lambda t, x: x, size_in=1)\n"
        '        a.append(nengo.Ensemble(8, 1, label="a"))\n'
        "        with nengo.Network():\n"
        "            ensembles.append(nengo.Ensemble(7, 1))\n"
        "            nengo.Connection(a[i], ensembles[i])\n"
        "        nengo.Connection(column.input, a[i], function=lambda x: x)\n"
        "        probes.append(nengo.Probe(ensembles[i]))\n"
        "    nengo.Connection(stimulus, columns[i].input)\n"
        "for i in range(3):\n"
        "    nengo.Connection(ensembles[i], columns[i + 1].input)"
    )


def test_networks_of_which_one_is_another():
    with nengo.Network(seed=1) as net:
        columns(net, 4, odd=3)
    text = body_of(net)
    assert "for i in range(3):" in text
    assert "column_3" in text
    with nengo.Network(seed=1) as net:
        columns(net, 4, odd=1)
    assert "columns" not in body_of(net)


def test_arrays_and_networks_that_are_alike():
    with nengo.Network(seed=1) as net:
        for i in range(3):
            nengo.networks.EnsembleArray(5, 2, label=f"x{i + 1}")
    text = 'x = [nengo.networks.EnsembleArray(5, 2, label=f"x{i + 1}") for i in range(3)]'
    assert body_of(net).splitlines()[-1] == text
    with nengo.Network(seed=1) as net:
        for i in range(3):
            nengo.networks.EnsembleArray(5, 2)
            array = nengo.networks.EnsembleArray(6, 3 + i)
            array.add_output("square", np.square)
    assert "for i in range(3):" in body_of(net)


def test_a_loop_that_takes_what_another_makes_later_is_its_own():
    with nengo.Network(seed=1) as net:
        cells = []
        for _ in range(4):
            cells += [nengo.Ensemble(8, 1), nengo.Ensemble(9, 1)]
        for i in range(4):
            nengo.Connection(cells[2 * i], cells[7 - 2 * i])
            nengo.Connection(cells[2 * i + 1], cells[2 * i])
    assert body_of(net).count("for i in range(4):") == 1
    assert body_of(net).count("for _ in range(4):") == 1


def test_functions_keep_their_own_values():
    with nengo.Network(seed=1) as net:
        cells = [nengo.Ensemble(8, 1) for _ in range(3)]
        for n, cell in enumerate(cells):
            nengo.Connection(cell, cells[0], function=[lambda x: x + 0, lambda x: x + 1, abs][n])
    assert "x + i" not in body_of(net)
    with nengo.Network(seed=1) as net:
        cells = [nengo.Ensemble(8, 1) for _ in range(3)]
        for cell in cells:
            nengo.Connection(cell, cells[0], function=lambda i: i * 2)
    assert body_of(net).count("lambda i: i * 2") == 3


def test_the_proof():
    assert repeated(["a[0]", "a[1]", "a[2]"], "i") == "a[i]"
    assert repeated(["a[0]", "a[1]", "a[3]"], "i") is None
    assert repeated(["f(lambda: 0)", "f(lambda: 1)", "f(lambda: 2)"], "i") is None
    assert becomes(
        'with a(f"{i} {{}}", 3 * (i - 1)) as b[i]:', "i", 2, 'with a("2 {}", 3) as b[2]:'
    )
    assert not becomes("a(i + 1)", "i", 2, "a(2)")


@FEW
@given(st.lists(st.sampled_from("abcABC"), min_size=3, max_size=12), st.integers(3, 4))
def test_any_pattern(kinds, times):
    """Objects, connections, probes and networks in any pattern, repeated."""
    with nengo.Network(seed=3) as net:
        for i in range(times):
            last = nengo.Ensemble(5, 1)
            for kind in kinds:
                if kind == "a":
                    last = nengo.Ensemble(5 + i, 1, label=f"{kind} {2 * i}")
                elif kind == "b":
                    nengo.Connection(last, last.neurons[: i + 1], transform=[[1.0]] * (i + 1))
                elif kind == "c":
                    nengo.Probe(last, label="said")
                elif kind == "A":
                    with nengo.Network():
                        inner = nengo.Ensemble(6, 1, label="inner")
                    nengo.Connection(last, inner)
                elif kind == "B":
                    nengo.Connection(last, nengo.networks.EnsembleArray(5, 1).input)
                else:
                    with nengo.Network(label=f"{i}") as sub:
                        sub.own = nengo.Node(size_in=1)
                        nengo.Connection(sub.own, last)
    code = nengolab.to_code(net)
    made = made_by(code, net)
    assert_equal(net, made)
    assert nengolab.to_code(made).source == code.source
