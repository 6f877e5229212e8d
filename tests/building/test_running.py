"""Running a source: what it made, from which expression, and what went wrong where."""

from __future__ import annotations

import threading

import nengo
import pytest

from nengolab.building import SourceError, Stop, run_source, running

SOURCE = '''\
import nengo, nengolab
import numpy as np  # ähm

def column(size):
    """A column."""
    inner = nengo.Ensemble(size, 1)
    nengo.Connection(inner,
                     inner)
    return inner

with nengo.Network(label="ö") as model:
    ö, stimulus = 1, nengo.Node(np.sin)
    cells = [nengo.Ensemble(10, 1, label=f"{i}") for i in range(3)]
    for cell in cells:
        nengo.Connection(stimulus, cell)
    first, second = column(20), column(30)
    model.array = nengo.networks.EnsembleArray(5, 4)
    probe = nengo.Probe(second)
'''


def test_each_object_knows_the_expression_that_made_it():
    made = run_source(SOURCE)
    net, origins = made.network, made.origins
    assert set(origins) == {net, *net.all_objects}

    def told(obj):
        origin = origins[obj]
        text = origin.span.of(SOURCE).split("(")[0]
        return text, str(origin), origin.loop, origin.function

    assert told(net) == ("nengo.Network", "line 11 makes this", None, None)
    assert origins[net.nodes[0]].span.of(SOURCE) == "nengo.Node(np.sin)"
    for cell in net.ensembles[:3]:
        assert told(cell) == ("nengo.Ensemble", "line 13 makes these 3", 13, None)
    assert told(net.connections[0])[1:] == ("line 15 makes these 3", 14, None)
    first, second = net.ensembles[3:5]
    for ensemble in (first, second):
        said = "line 6 (in column) makes these 2"
        assert told(ensemble) == ("nengo.Ensemble", said, None, "column")
    assert [o.calls[0].of(SOURCE) for o in (origins[first], origins[second])] == [
        "column(20)",
        "column(30)",
    ]
    for obj in (net.networks[0], *net.networks[0].ensembles):
        assert told(obj)[:2] == ("nengo.networks.EnsembleArray", "line 17 makes this")
    assert made.names[net.ensembles[1]] == "cells[1]"
    assert made.names[second] == "second"
    assert made.names[net.networks[0]] == "model.array"
    assert not hasattr(nengo.Network.add, "__wrapped__")


LOOPS = """\
import nengo
with nengo.Network() as model:
    many = []
    for n in range(3):
        m = nengo.Ensemble(10, 1)
        many.append(m)
    for n in range(2):
        lost = nengo.Ensemble(10, 1)
    own = nengo.Node(0)
    for n in [own]:
        if n:
            only = nengo.Ensemble(10, 1)
    while not model.probes:
        seen = nengo.Probe(own)
"""


def test_a_variable_of_a_loop_names_none_of_many():
    made = run_source(LOOPS)
    net = made.network
    names = [made.names.get(obj, "") for obj in (*net.ensembles, *net.nodes, *net.probes)]
    assert names == [*(f"many[{n}]" for n in range(3)), "", "", "only", "own", "seen"]


@pytest.mark.parametrize(
    ("source", "kind", "said", "expression"),
    [
        ("import nengo\nwith nengo.Network(", "syntax", "line 2: '(' was never closed", ""),
        ("x = 1\nx.y\n", "raised", "line 2: AttributeError: 'int' object has no", "x.y"),
        (
            "import nengo\nwith nengo.Network():\n    é = nengo.Ensemble(0, 1)\n",
            "raised",
            "line 3: ValidationError: Ensemble.n_neurons",
            "nengo.Ensemble(0, 1)",
        ),
        ("import nothing_like_it", "raised", "line 1: ModuleNotFoundError", None),
        ("x = 1", "no network", "it makes no network", ""),
        ("import sys\nsys.exit(3)", "raised", "line 2: SystemExit: 3", "sys.exit(3)"),
        (
            "import nengo\na = nengo.Network()\nwith nengo.Network() as b: nengo.Network()",
            "several networks",
            "line 3: it makes 2 networks, in lines 2, 3",
            "",
        ),
    ],
)
def test_what_went_wrong_and_where(source, kind, said, expression):
    with pytest.raises(SourceError) as caught:
        run_source(source)
    assert caught.value.kind == kind
    assert str(caught.value).startswith(said)
    assert expression is None or caught.value.expression == expression


def test_one_of_several_networks():
    source = "import nengo\na = nengo.Network()\nb = nengo.Network(label='b')"
    assert run_source(source, network="b").network.label == "b"
    with pytest.raises(SourceError, match="c holds no network; a, b does"):
        run_source(source, network="c")
    given = nengo.Network()
    with pytest.raises(SourceError, match="makes no network; mine was made before it"):
        run_source("mine.label = 'x'", {"mine": given})


@pytest.mark.parametrize(
    "loop",
    ["pass", "try: x = 1\n  except BaseException: pass", "nengo.Ensemble(5, 1)"],
)
def test_an_endless_loop_is_stopped(loop):
    stop, began = Stop(), threading.Event()
    source = f"import nengo\nwith nengo.Network():\n began.set()\n while True:\n  {loop}\n"

    def stops():
        began.wait()
        stop.stop()

    threading.Thread(target=stops).start()
    with pytest.raises(SourceError, match=r"stopped") as caught:
        run_source(source, {"began": began}, stop=stop)
    assert caught.value.kind == "stopped"
    assert not nengo.Network.context


def test_that_a_stop_is_in_vain_is_told(monkeypatch):
    monkeypatch.setattr(running, "_IN_VAIN", 3)
    lock, lines = threading.Lock(), []
    lock.acquire()
    stop = Stop(lambda line: (lines.append(line), lock.release()))
    source = "def wait():\n    lock.acquire()\nstop.stop()\nwait()\nwait()\n"
    with pytest.raises(SourceError, match="stopped"):
        run_source(source, {"lock": lock, "stop": stop}, stop=stop)
    assert lines == [2]
