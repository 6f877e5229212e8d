"""No two objects have one name, whatever their labels; where nothing clashes, labels are names."""

import itertools

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.feeding.aliases import Aliases
from nengolab.names import Names, Taken


def test_numbers_are_left_out_that_are_somebodys_name():
    taken = Taken()
    taken.keep(["a", "a", "a_1", "a_3"])
    assert [taken.give(n) for n in ("a", "a", "a_1", "a", "a_3", "a")] == [
        *("a", "a_2", "a_1", "a_4", "a_3", "a_5")
    ]
    taken = Taken("#")  # nothing is known beforehand
    assert [taken.give(n) for n in ("a", "a#1", "a", "a#1")] == ["a", "a#1", "a#2", "a#1#1"]


def test_without_a_clash_names_are_labels_types_and_numbers():
    with nengo.Network() as net:
        objs = [nengo.Node(0), nengo.Node(0), nengo.Node(0, label="in")]
        objs += [nengo.Ensemble(2, 1), nengo.Ensemble(2, 1)]
        with nengo.Network(label="sub") as sub:
            objs.append(nengo.Ensemble(2, 1))
        objs += [nengo.Connection(objs[3], objs[4]), nengo.Connection(objs[3], objs[4])]
        objs += [nengo.Probe(objs[3]), sub]
    assert [Names(net).get(o) for o in objs] == [
        *("node", "node_1", "in", "ensemble", "ensemble_1", "sub/ensemble"),
        *("ensemble -> ensemble_1", "ensemble -> ensemble_1_1", "probe of ensemble", "sub"),
    ]


def clashing(seed=0):
    """Labels that others would get as names, in every place where names are made."""
    with nengo.Network(seed=seed) as net:
        labels = ["same", "same", "same_1", None, None, "ensemble_1", "same_1", "x.neurons", "x"]
        ensembles = [nengo.Ensemble(3, 1, label=label) for label in labels]
        for label in ("n", "n", "n_1", "node_1", None, None, "sub/n", "ensemble -> ensemble_2"):
            nengo.Node([0.5], label=label)
        for label in ("sub", "sub", "sub_1"):
            with nengo.Network(label=label):
                nengo.Node([1.0], label="n")
                nengo.Node([1.0], label="n")
                nengo.Probe(nengo.Ensemble(3, 1, label="n_1"), label="same_1")
        for a, b in itertools.pairwise(ensembles):
            nengo.Connection(a, b)
            nengo.Connection(a, b, label="same_1")
        rules = [nengo.PES(1e-4), nengo.PES(1e-3), nengo.Voja()]
        learned = nengo.Connection(ensembles[0], ensembles[1], learning_rule_type=rules)
        learned.learning_rule  # noqa: B018
        for ensemble in ensembles:
            nengo.Probe(ensemble, label="same")
            nengo.Probe(ensemble.neurons)
    return net, learned


def test_all_names_differ_and_lead_back():
    net, learned = clashing()
    names = Names(net)
    objects = names.objects()
    assert len(set(names.all())) == len(objects)
    for obj in objects:
        assert names.find(names.get(obj)) is obj
    derived = [names.get(e.neurons) for e in net.all_ensembles]
    derived += [names.get(rule) for rule in learned.learning_rule]
    assert len({*names.all(), *derived}) == len(objects) + len(derived)
    # What is labelled so keeps it.
    for label in ("same", "same_1", "ensemble_1", "n", "n_1", "node_1", "sub", "sub_1", "x"):
        assert names.find(label).label == label
    assert names.find("x.neurons") is None or names.find("x.neurons").label != "x"


def test_all_that_is_named_after_them_differs_too(tmp_path):
    net, _ = clashing()
    aliases = Aliases(net)
    given = [*aliases.inputs, *aliases.probes]
    assert len(set(given)) == len(given) == 8 + 6 + len(net.all_probes)
    for alias, obj in (*aliases.inputs.items(), *aliases.probes.items()):
        assert aliases.get(obj) == alias
    for label in ("n", "n_1", "node_1"):
        assert aliases.inputs[label].label == label
    with nengolab.Simulator(net, progress_bar=False) as sim:
        paths = [v.path for v in sim.keras_model.weights]
        assert len(set(paths)) == len(paths)
        learned = [key for op in sim._engine.graph.learned for key in op.state]
        assert len(set(sim.parameters)) == len(sim._engine.graph.params) + len(learned)
        ops = [f"{op.name}.{key}" for op in sim._engine.graph.ops for key in op.state]
        assert len(set(ops)) == len(ops)
        before = {name: np.array(sim.parameters[name]) for name in sim.parameters}
        sim.save_params(tmp_path / "saved.npz", include_state=True)
    other, _ = clashing(seed=1)
    with nengolab.Simulator(other, progress_bar=False) as sim:
        assert any(not np.array_equal(sim.parameters[n], v) for n, v in before.items())
        sim.load_params(tmp_path / "saved.npz", include_state=True)
        # Numbers that say how a rule works are not among what is trained, or saved as state.
        for name, value in ((n, v) for n, v in before.items() if not n.endswith(".scale")):
            np.testing.assert_allclose(sim.parameters[name], value, rtol=1e-6, err_msg=name)


def test_data_go_to_the_one_that_is_called_so():
    with nengo.Network() as net:
        nodes = [nengo.Node([0.0], label=label) for label in ("n", "n", "n_1")]
        probes = [nengo.Probe(node) for node in nodes]
    x = {"n_1": np.full((1, 2, 1), 5.0)}
    with nengolab.Simulator(net, progress_bar=False) as sim:
        found = sim.predict(x)
        sim.set_input("n_1", 3.0)
        sim.step()
        assert [sim.get_name(n) for n in nodes] == ["n", "n_2", "n_1"]
        assert [sim.name_of(n) for n in nodes] == ["n", "n_2", "n_1"]
        assert [found[p][0, 0, 0] for p in probes] == pytest.approx([0, 0, 5])
        assert [sim.data[p][0, 0] for p in probes] == pytest.approx([0, 0, 3])
