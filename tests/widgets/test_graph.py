"""What a network is described as, without a simulator."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from types import SimpleNamespace

import keras
import nengo
import numpy as np
import pytest
from nengolab_widgets.graph import KINDS, describe
from nengolab_widgets.graph.card import card_of_connection, card_of_object
from nengolab_widgets.graph.connections import (
    FROM_NEURONS,
    FUNCTION,
    LEARNS,
    SYNAPSE,
    TO_NEURONS,
    TO_RULE,
    TRANSFORM,
    sign_of,
)
from nengolab_widgets.graph.made import made_at

import nengolab


@pytest.fixture(scope="module")
def net() -> SimpleNamespace:
    with nengo.Network(label="all of it", seed=1) as network:
        drive = nengo.Node([0.5], label="drive")
        noise = nengo.Node(nengo.processes.WhiteSignal(1.0, 5), label="noise")
        with nengo.Network(label="area") as area:
            entry = nengo.Ensemble(20, 1, label="entry")
            hidden = nengo.Ensemble(30, 2, neuron_type=nengo.LIFRate(), label="hidden", seed=7)
            inner = nengo.Connection(entry, hidden[0], function=np.square, transform=2)
            loop = nengo.Connection(hidden, hidden, synapse=0.1)
        array = nengo.networks.EnsembleArray(10, 5, label="array")
        error = nengo.Node(size_in=2, label="error")
        sink = nengo.Node(lambda t, x: None, size_in=2, label="sink")
        learned = nengo.Connection(
            hidden, error, learning_rule_type=nengo.PES(1e-3), synapse=None, label="learned"
        )
        to_rule = nengo.Connection(error, learned.learning_rule)
        stop = nengo.Connection(drive, entry.neurons, transform=-np.ones((20, 1)))
        go = nengo.Connection(entry.neurons, hidden.neurons, transform=np.full((30, 20), 0.1))
        tensor = nengolab.TensorNode(keras.layers.Dense(3), shape_in=(2,), label="dense")
        nengo.Connection(hidden, tensor)
        layer = nengolab.Layer(nengo.RectifiedLinear())(tensor)
        nengo.Probe(hidden)
        nengo.Probe(hidden.neurons)
        nengo.Probe(learned, "weights")
    names = {k: v for k, v in locals().items() if k != "network"}
    return SimpleNamespace(network=network, **names)


@pytest.fixture(scope="module")
def graph(net):
    return describe(net.network)


def entry_of(graph, obj):
    at = graph.index(obj)
    assert at >= 0
    return {name: column[at] for name, column in graph.objects.items()}


def wire_of(graph, conn):
    at = graph.index(conn)
    assert at >= 0
    return {name: column[at] for name, column in graph.connections.items()}


def test_objects_are_what_they_are(net, graph):
    kinds = {
        net.network: "network",
        net.drive: "input",
        net.noise: "input",
        net.area: "network",
        net.entry: "ensemble",
        net.array: "array",
        net.array.input: "passthrough",
        net.error: "passthrough",
        net.sink: "node",
        net.tensor: "tensornode",
        net.layer.ensemble: "ensemble",
    }
    assert {obj: KINDS[entry_of(graph, obj)["kind"]] for obj in kinds} == kinds
    assert entry_of(graph, net.hidden)["note"] == "30 LIFRate, 2-d"
    assert entry_of(graph, net.array)["note"] == "5 × 10 LIF, 1-d"
    assert entry_of(graph, net.noise)["note"] == "WhiteSignal, 1-d"
    assert [entry_of(graph, obj)["keras"] for obj in (net.tensor, net.layer, net.entry)] == [
        1,
        1,
        0,
    ]
    assert [entry_of(graph, obj)["probes"] for obj in (net.hidden, net.entry)] == [2, 0]
    assert entry_of(graph, net.area)["size"] == 50
    # Everything of the network is there, once, and nothing else.
    parts = [*net.network.all_nodes, *net.network.all_ensembles, *net.network.all_networks]
    assert sorted(map(graph.index, parts)) == list(range(1, len(graph)))
    assert sorted(map(graph.index, net.network.all_connections)) == list(
        range(len(net.network.all_connections))
    )


def test_labels_make_the_names(net, graph):
    from nengolab.names import Names

    names, columns = Names(net.network), graph.objects
    for at in range(1, len(graph)):
        path, up = [columns["label"][at]], columns["parent"][at]
        assert up < at
        while up > 0:
            path.insert(0, columns["label"][up])
            up = columns["parent"][up]
        assert "/".join(path) == names.get(graph.object(at))


def test_connections_carry_their_marks(net, graph):
    inner = wire_of(graph, net.inner)
    assert inner["marks"] == FUNCTION | SYNAPSE | TRANSFORM
    assert inner["home"] == graph.index(net.area)
    loop = wire_of(graph, net.loop)
    assert loop["pre"] == loop["post"] == graph.index(net.hidden)
    assert (loop["marks"], loop["size"]) == (SYNAPSE, 2)
    assert wire_of(graph, net.learned)["marks"] == LEARNS
    rule = wire_of(graph, net.to_rule)
    assert rule["marks"] == TO_RULE | SYNAPSE
    assert rule["onto"] == graph.index(net.learned)
    assert rule["post"] == graph.index(net.error)
    assert wire_of(graph, net.stop)["marks"] == TO_NEURONS | TRANSFORM | SYNAPSE
    assert wire_of(graph, net.go)["marks"] == FROM_NEURONS | TO_NEURONS | TRANSFORM | SYNAPSE
    signs = [wire_of(graph, conn)["sign"] for conn in (net.stop, net.go, net.inner, net.loop)]
    assert signs == [-1, 1, 0, 0]


@pytest.mark.parametrize(
    ("transform", "sign"),
    [
        (np.full((4, 4), -1.0), -1),
        (np.eye(4), 1),
        (np.eye(4) - 0.5, 0),
        (np.zeros((4, 4)), 0),
        (nengo.dists.Uniform(0.1, 0.2), 1),
        (nengo.dists.Uniform(-0.1, 0.2), 0),
        (nengo.dists.Gaussian(0, 1), 0),
        (nengo.Sparse((4, 4), indices=[[0, 0], [1, 2]], init=[-1, -2]), -1),
        (nengo.Sparse((4, 4), indices=[[0, 0], [1, 2]], init=[1, -2]), 0),
    ],
)
def test_the_sign_of_weights(transform, sign):
    with nengo.Network():
        a, b = nengo.Ensemble(4, 1), nengo.Ensemble(4, 1)
        conn = nengo.Connection(a.neurons, b.neurons, transform=transform)
        decoded = nengo.Connection(a, b, transform=-1)
    assert sign_of(conn.pre_obj, conn.post_obj, conn.transform, learns=False) == sign
    assert sign_of(conn.pre_obj, conn.post_obj, conn.transform, learns=True) == 0
    # What a decoded value does depends on the value.
    assert sign_of(decoded.pre_obj, decoded.post_obj, decoded.transform, learns=False) == 0


def test_arrays_of_unequal_members_are_networks():
    with nengo.Network() as net:
        array = nengo.networks.EnsembleArray(10, 3)
        array.ea_ensembles[1].neuron_type = nengo.LIFRate()
    assert KINDS[describe(net).objects["kind"][1]] == "network"


def test_a_network_that_stands_twice_in_another_is_shown_once():
    with nengo.Network(label="outer") as outer:
        with nengo.Network(label="inner") as inner:
            a = nengo.Ensemble(10, 1, label="a")
            nengo.Connection(a, a)
            nengo.Probe(a)
        nengo.Network.add(inner)
    graph = describe(outer)
    assert graph.objects["label"] == ["outer", "inner", "a"]
    assert graph.objects["probes"] == [0, 0, 1]
    assert len(graph.connections["pre"]) == 1
    assert graph.probes_of(2) == [0]
    said = facts(card_of_object(graph, 1))
    assert (said["ensembles"], said["connections"]) == ("1", "1")


def test_a_part_of_a_network_by_itself(net):
    graph = describe(net.area)
    assert graph.objects["label"] == ["area", "entry", "hidden"]
    # What leads out of it is not there.
    assert [graph.connection(i) for i in range(2)] == [net.inner, net.loop]
    assert graph.index(net.learned) == -1
    with pytest.raises(IndexError, match="there are 2, no number 2"):
        graph.connection(2)


def test_what_is_open_at_first(net, graph):
    opened = graph.open_at_first()
    # An array is one stack that opens.
    assert opened == [graph.index(net.area)]
    assert graph.open_at_first(most=5) == []
    seen = graph.visible(set(opened))
    assert graph.index(net.entry) in seen
    assert graph.index(net.area) not in seen
    assert graph.index(net.array.input) not in seen


def facts(card):
    return {row["label"]: row["value"] for row in card["rows"]}


def test_cards_say_what_matters(net, graph):
    card = card_of_object(graph, graph.index(net.hidden))
    assert (card["title"], card["kind"]) == ("area/hidden", "Ensemble")
    said = facts(card)
    assert said["neurons"] == "30 LIFRate"
    assert said["tau_rc"] == "20 ms"
    assert said["max rates"] == "200 to 400 Hz"
    assert (said["seed"], len(card["probes"])) == ("7", 2)
    incoming = {link["label"]: link["note"] for link in card["incoming"]}
    assert set(incoming) == {"area/entry", "area/hidden"}
    assert incoming["area/hidden"] == "Lowpass, 100 ms, recurrent"
    area = card_of_object(graph, graph.index(net.area))
    # Of a network, what crosses its border.
    assert [link["label"] for link in area["incoming"]] == ["drive"]
    assert facts(area)["neurons"] == "50"
    assert facts(card_of_object(graph, graph.index(net.drive)))["output"] == "0.5"
    assert facts(card_of_object(graph, graph.index(net.tensor)))["computes"] == "Dense"
    conn = facts(card_of_connection(graph, graph.index(net.inner)))
    assert conn["to"] == "area/hidden[0:1]"
    assert (conn["transform"], conn["function"], conn["synapse"]) == (
        "× 2",
        "square",
        "Lowpass, 5 ms",
    )
    assert "PES" in facts(card_of_connection(graph, graph.index(net.learned)))["learning rule"]
    for at in range(len(graph)):
        card_of_object(graph, at)
    for at in range(len(net.network.all_connections)):
        card_of_connection(graph, at)


def large(areas: int, each: int) -> nengo.Network:
    rng = np.random.default_rng(1)
    with nengo.Network(seed=1) as net:
        for area in range(areas):
            with nengo.Network(label=f"area {area}"):
                parts = [nengo.Ensemble(5, 1, add_to_container=True) for _ in range(each)]
                for a, b in pairwise(parts):
                    nengo.Connection(a, b)
                for a, b in rng.integers(0, each, (each, 2)):
                    nengo.Connection(parts[a], parts[b])
    return net


def test_three_thousand_objects_take_no_time():
    net = large(30, 100)
    start = time.process_time()
    graph = describe(net)
    text = json.dumps([graph.objects, graph.connections])
    took = time.process_time() - start
    assert len(graph) == 3031
    assert len(text) < 1e6
    # Measured 0.12 s, names and JSON among it.
    assert took < 0.5


def test_the_line_that_made_an_object():
    cells = [
        "",
        "with nengo.Network() as net:\n    ens = nengo.Ensemble(10, 1)\n    net.other = ens",
        "%%html\nnot Python",
        "with net:\n    many = [nengo.Node() for _ in range(2)]\n"
        "    net.late = nengo.Ensemble(\n        10, 1)\n"
        "    conn = nengo.Connection(ens, net.late)",
        "ens.label = 'ens'",
    ]
    variables = {}
    for cell in (1, 3, 4):
        exec(cells[cell], {"nengo": nengo, **variables}, variables)
    net = variables["net"]
    said = {
        net: "line 1 of cell [1]",
        variables["ens"]: "line 2 of cell [1]",
        net.late: "line 3 of cell [3]",
        variables["conn"]: "line 5 of cell [3]",
        variables["many"][0]: "",
    }
    assert {obj: made_at(obj, variables, cells) for obj in said} == said
    # Run again, it was made by the newer cell, and what it was before by none.
    older = variables["ens"]
    exec(cells[1], {"nengo": nengo}, variables)
    assert made_at(variables["ens"], variables, [*cells, cells[1]]) == "line 2 of cell [5]"
    assert made_at(older, variables, [*cells, cells[1]]) == ""
