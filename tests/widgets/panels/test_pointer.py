"""Similarities to semantic pointers, as nengo.spa and nengo_spa work them out."""

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import nengo
import nengo.spa
import nengo_spa
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.choice import Menu, default_choices, offered_of
from nengolab_widgets.vocabularies import note_modules, pointed, pointers_of, read_pointer

import nengolab
from nengolab.live import Session
from nengolab.live.similarity import MOST_WORDS, WORDS_A_SECOND
from nengolab.names import Names
from tests.widgets.panels.showing import DT, SECONDS, show_panel


@dataclass
class Told:
    """A network of semantic pointers, and what nengo.Simulator has of its memory."""

    net: nengo.Network
    memory: Any
    vocabulary: Any
    reference: np.ndarray


def _legacy() -> Told:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with nengo.spa.SPA(label="legacy", seed=1) as net:
            nengolab.configure_settings(dtype="float64")
            vocabulary = nengo.spa.Vocabulary(16, rng=np.random.RandomState(2))
            for key in ("DOG", "CAT", "FISH"):
                vocabulary[key]
            net.memory = nengo.spa.State(16, vocab=vocabulary, neurons_per_dimension=10)
            net.input = nengo.spa.Input(memory=lambda t: "DOG" if t < 0.15 else "0.8*CAT")
    return _told(net, net.memory, vocabulary)


def _newer() -> Told:
    with nengo_spa.Network(label="newer", seed=1) as net:
        nengolab.configure_settings(dtype="float64")
        vocabulary = nengo_spa.Vocabulary(16, pointer_gen=np.random.RandomState(2))
        vocabulary.populate("DOG; CAT; FISH")
        net.memory = nengo_spa.State(
            vocabulary, neurons_per_dimension=10, label="memory", represent_cc_identity=False
        )
        said = nengo_spa.Transcode(
            lambda t: "DOG" if t < 0.15 else "0.8*CAT", output_vocab=vocabulary, label="said"
        )
        said >> net.memory
    return _told(net, net.memory, vocabulary)


def _told(net: nengo.Network, memory: Any, vocabulary: Any) -> Told:
    output, _ = pointed(memory)
    with net:
        probe = nengo.Probe(output, synapse=0.03)
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run(SECONDS, progress_bar=False)
        return Told(net, memory, vocabulary, np.array(sim.data[probe]))


@pytest.fixture(scope="module", params=["nengo.spa", "nengo_spa"])
def told(request) -> Told:
    return _legacy() if request.param == "nengo.spa" else _newer()


@pytest.fixture(scope="module")
def session(told: Told) -> Iterator[Session]:
    with Session(told.net, speed=None) as session:
        session.wait_until("ready", 120)
        yield session


@pytest.fixture
def show(session: Session):
    with show_panel(session) as show:
        yield show


def test_lines_are_what_the_libraries_call_similarity(show, told) -> None:
    shown = show(told.memory, "pointer")
    note_modules(told.net)
    node = show(told.memory.output, "pointer")
    np.testing.assert_array_equal(node["y"], shown["y"])
    expected = told.reference @ np.array(told.vocabulary.vectors).T
    np.testing.assert_allclose(shown["y"], expected, rtol=1e-5, atol=1e-6)
    assert shown.data["lines"] == ["DOG", "CAT", "FISH"]
    assert expected[140, 0] > 0.6
    assert expected[-1, 1] > 0.4
    assert shown.layout["what"] == "similarity, 30 ms filter"


def test_cosines(show, told) -> None:
    shown = show(told.memory, "pointer", cosine=True)
    reference, vectors = told.reference[50:], np.array(told.vocabulary.vectors)
    lengths = np.linalg.norm(reference, axis=1, keepdims=True) * np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(shown["y"][50:], reference @ vectors.T / lengths, atol=1e-6)
    # What has no length yet is like nothing.
    assert shown["y"][0].tolist() == [0, 0, 0]


def test_pairs_and_pointers_that_are_made_of_others(show, told) -> None:
    shown = show(told.memory, "pointer", pairs=True, keys="CAT, DOG*CAT, DOG*~FISH")
    parsed = [told.vocabulary.parse(key).v for key in ("CAT", "DOG*CAT", "DOG*~FISH")]
    np.testing.assert_allclose(shown["y"], told.reference @ np.array(parsed).T, atol=1e-6)
    names = ["DOG", "CAT", "FISH", "DOG*CAT", "DOG*FISH", "CAT*FISH", "DOG*~FISH"]
    assert shown.data["names"] == names
    assert shown.data["of"] == [1, 3, 6]
    # The vocabulary is as it was.
    assert len(told.vocabulary.vectors) == 3
    assert not getattr(told.vocabulary, "include_pairs", False)


def test_words_are_the_likest_now_and_then_and_at_the_end(show, told) -> None:
    shown = show(told.memory, "pointer", pairs=True)
    steps = np.rint(shown["at"] / DT).astype(int)
    assert steps[-1] == 300
    assert np.diff(steps).min() >= 1
    stride = round(1 / (WORDS_A_SECOND * DT))
    assert set(range(stride, 301, stride)) <= set(steps.tolist())
    vectors = np.stack(list(pointers_of(told.vocabulary, True).values()))
    alike = told.reference[steps - 1] @ vectors.T
    n = min(MOST_WORDS, 6)
    best = shown["words"][:, :n].astype(int)
    np.testing.assert_allclose(shown["words"][:, n:], -np.sort(-alike, axis=1)[:, :n], atol=1e-6)
    np.testing.assert_array_equal(best[-1], np.argsort(-alike[-1])[:n])
    assert shown.data["names"][best[-1, 0]] == "CAT"


def test_what_there_is_not_is_named(show, told) -> None:
    with pytest.raises(ValidationError, match="no pointer 'BIRD'; there are DOG, CAT, FISH"):
        show(told.memory, "pointer", keys="BIRD")
    with pytest.raises(ValidationError, match="'DOG \\+' is no semantic pointer"):
        show(told.memory, "pointer", keys="DOG +")
    with pytest.raises(ValidationError, match="is no semantic pointer"):
        show(told.memory, "pointer", keys="__import__('os')")
    assert len(told.vocabulary.vectors) == 3


def test_the_menu_offers_it_first_and_a_lab_starts_with_it(told) -> None:
    offers = Menu(told.net, Names(told.net)).layout()
    kinds = {offer["label"]: [kind["name"] for kind in offer["kinds"]] for offer in offers}
    assert kinds["memory"] == ["pointer", "network"]
    # Its output Node, too, is offered so, with what any Node is offered as after it.
    output = Names(told.net).get(told.memory.output)
    assert kinds[output][:2] == ["pointer", "value"]
    assert {choice.kind for choice in default_choices(told.net)} == {"pointer"}
    # A network inside that puts out the same is not offered again.
    assert sum(names == ["pointer", "network"] for names in kinds.values()) == len(
        default_choices(told.net)
    )
    assert [kind.name for kind in offered_of(nengo.Network(add_to_container=False))] == ["network"]


@pytest.mark.parametrize("of_node", [False, True])
def test_python_to_copy_draws_the_same(told, session, of_node: bool) -> None:
    plt.switch_backend("Agg")
    note_modules(told.net)
    settings = {"keys": "CAT, DOG*CAT", "cosine": True}
    shown = told.memory.output if of_node else told.memory
    lab = Lab(session, plots=[(shown, "pointer", settings)], window=SECONDS)
    [layout] = lab._bench.layouts()
    lab.close()
    before, after = layout["python"].split("# After a run:")
    output, _ = pointed(told.memory)
    variable = before.rpartition("nengo.Probe(")[2].partition(",")[0]
    space = {"nengo": nengo, "net": told.net, "memory": told.memory, variable: output}
    probes = list(told.net.probes)
    try:
        exec(before, space)
        with nengo.Simulator(told.net, progress_bar=False) as sim:
            sim.run(SECONDS, progress_bar=False)
            exec(after, {**space, "sim": sim})
    finally:
        told.net.probes[:] = probes
    y = plt.gca().lines[1].get_ydata()
    pair = told.vocabulary.parse("DOG*CAT").v
    lengths = np.linalg.norm(told.reference[50:], axis=1) * np.linalg.norm(pair)
    np.testing.assert_allclose(y[50:], told.reference[50:] @ pair / lengths, atol=1e-9)
    plt.close("all")


def test_pairs_of_an_algebra_in_which_the_order_counts() -> None:
    vocabulary = nengo_spa.Vocabulary(16, algebra=nengo_spa.algebras.VtbAlgebra())
    vocabulary.populate("A; B")
    found = pointers_of(vocabulary, True)
    assert list(found) == ["A", "B", "A*B", "B*A"]
    np.testing.assert_allclose(found["B*A"], vocabulary.parse("B*A").v)
    np.testing.assert_allclose(read_pointer(vocabulary, "0.5*A - B"), vocabulary.parse("0.5*A-B").v)


def test_too_many_pairs_are_refused_and_an_empty_vocabulary() -> None:
    vocabulary = nengo_spa.Vocabulary(16, max_similarity=1.0)
    with pytest.raises(ValidationError, match="no pointers yet"):
        pointers_of(vocabulary, False)
    vocabulary.populate(";".join(f"K{i}" for i in range(100)))
    assert len(pointers_of(vocabulary, False)) == 100
    with pytest.raises(ValidationError, match="100 pointers and their pairs are 5050"):
        pointers_of(vocabulary, True)


def test_without_nengo_spa_its_outputs_are_nothing_special(told, monkeypatch) -> None:
    legacy = isinstance(told.net, nengo.spa.SPA)
    monkeypatch.delitem(sys.modules, "nengo_spa")
    assert (pointed(told.memory) is not None) == legacy
    assert "nengo_spa" not in sys.modules
