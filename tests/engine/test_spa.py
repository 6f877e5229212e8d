"""Models of the Semantic Pointer Architecture, old (`nengo.spa`) and new (`nengo_spa`)."""

from __future__ import annotations

import warnings

import nengo
import nengo_spa
import numpy as np
import pytest

from .compare import both, rms


def bound_and_recalled() -> nengo.Network:
    """Bind, unbind, clean up with an associative memory, hold in a memory."""
    vocab = nengo_spa.Vocabulary(16, pointer_gen=np.random.RandomState(1))
    vocab.populate("RED; BLUE; CIRCLE; SQUARE")
    with nengo_spa.Network(seed=1) as net:
        color = nengo_spa.Transcode(lambda t: "RED" if t < 0.1 else "BLUE", output_vocab=vocab)
        shape = nengo_spa.Transcode("CIRCLE", output_vocab=vocab)
        bound = nengo_spa.State(vocab, feedback=0.8)
        cleanup = nengo_spa.ThresholdingAssocMem(
            0.3, input_vocab=vocab, mapping=["RED", "BLUE", "CIRCLE", "SQUARE"]
        )
        color * shape >> bound
        bound * ~nengo_spa.sym.CIRCLE >> cleanup
        nengo.Probe(bound.output, synapse=0.02, label="bound")
        nengo.Probe(cleanup.output, synapse=0.02, label="clean")
    net.vocab = vocab
    return net


def sequence() -> nengo.Network:
    """Basal ganglia and thalamus choose what a state becomes next."""
    vocab = nengo_spa.Vocabulary(16, pointer_gen=np.random.RandomState(2))
    vocab.populate("A; B; C")
    with nengo_spa.Network(seed=2) as net:
        state = nengo_spa.State(vocab)
        start = nengo_spa.Transcode(lambda t: "A" if t < 0.05 else "0", output_vocab=vocab)
        start >> state
        with nengo_spa.ActionSelection() as action:
            nengo_spa.ifmax(nengo_spa.dot(state, nengo_spa.sym.A), nengo_spa.sym.B >> state)
            nengo_spa.ifmax(nengo_spa.dot(state, nengo_spa.sym.B), nengo_spa.sym.C >> state)
            nengo_spa.ifmax(nengo_spa.dot(state, nengo_spa.sym.C), nengo_spa.sym.A >> state)
        nengo.Probe(state.output, synapse=0.03, label="state")
        nengo.Probe(action.thalamus.output, synapse=0.03, label="thalamus")
    net.vocab = vocab
    return net


def old_style() -> nengo.Network:
    """``nengo.spa``, which Nengo still ships."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it is deprecated
        with nengo.spa.SPA(seed=3) as net:
            net.state = nengo.spa.State(16, feedback=0.5)
            net.stimulus = nengo.spa.Input(state=lambda t: "A" if t < 0.05 else "0")
            actions = nengo.spa.Actions(
                "dot(state, A) --> state=B", "dot(state, B) --> state=C", "0.4 --> "
            )
            net.ganglia = nengo.spa.BasalGanglia(actions)
            net.thalamus = nengo.spa.Thalamus(net.ganglia)
            nengo.Probe(net.state.output, synapse=0.03, label="state")
    return net


@pytest.mark.in_turn
@pytest.mark.parametrize("make", [bound_and_recalled, sequence, old_style])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_float64_is_nengo(make):
    for name, (expected, got) in both(make, 250).items():
        assert np.ptp(expected) > 0.1, name
        assert np.abs(expected - got).max() < 1e-9, name


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_float32_recalls_what_was_bound():
    data = both(bound_and_recalled, 250, "float32")
    vocab = bound_and_recalled().vocab
    for at, symbol in ((90, "RED"), (240, "BLUE")):
        similarity = data["clean"][1][at] @ vocab.vectors.T
        assert list(vocab)[int(np.argmax(similarity))] == symbol
    # Spikes differ where a voltage meets the threshold within one rounding.
    assert rms(*data["bound"]) < 0.02
