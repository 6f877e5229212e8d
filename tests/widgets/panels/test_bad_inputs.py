"""What a panel cannot show it says in place: of which object, what it is, and what would work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Compare, Diff, Pipeline, Tuning, Weights
from nengolab_widgets.standalone import Standalone

import nengolab
from tests.widgets.browser import until


@dataclass
class Bad:
    """A network, simulators of it that are closed or hold NaN, and networks that cannot be."""

    net: nengo.Network
    sim: nengolab.Simulator
    nan: nengolab.Simulator
    closed: nengolab.Simulator
    closed_theirs: nengo.Simulator
    no_numbers: nengo.Network
    direct: nengo.Network


@pytest.fixture(scope="module")
def bad() -> Iterator[Bad]:
    with nengo.Network(seed=1, label="net") as net:
        node, a = nengo.Node([0.5], label="node"), nengo.Ensemble(10, 1, label="a")
        nengo.Connection(node, a, learning_rule_type=nengo.Voja(), label="in")
        nengo.Connection(a, nengo.Ensemble(1, 1, neuron_type=nengo.Direct(), label="direct"))
    with nengo.Network(seed=1, label="no numbers") as no_numbers:
        nengo.Ensemble(2, 1, gain=[2, np.nan], bias=[0, 0], label="no gain")
    with nengo.Network(seed=1, label="direct") as direct:
        nengo.Ensemble(1, 1, neuron_type=nengo.Direct(), label="direct")
    sim, nan, closed = (nengolab.Simulator(net, progress_bar=False) for _ in range(3))
    values = np.array(nan.parameters["a.neurons.bias"].value)
    values[[2, 7]] = np.nan
    nan._engine.set_values({"a.neurons.bias": values})
    closed.close()
    with nengo.Simulator(net, progress_bar=False) as theirs:
        pass
    with sim, nan:
        yield Bad(net, sim, nan, closed, theirs, no_numbers, direct)


LOOKED: dict[str, tuple[Callable[[Bad], Standalone], str]] = {
    "curves of a closed one that learned": (
        lambda b: Tuning(b.closed_theirs, "a"),
        "encoders that 'a' learned are gone: the nengo.Simulator is closed.*when=\"built\"",
    ),
    "curves of a gain of NaN": (
        lambda b: Tuning(b.no_numbers, "no gain"),
        "^no gain: .*contains NaNs. Give it finite values",
    ),
    "arrays of nengo's": (
        lambda b: Weights(b.closed_theirs),
        "there of a nengolab.Simulator; this is a nengo.Simulator",
    ),
    "an array that is not there": (
        lambda b: Weights(b.sim, array="a.wings"),
        "there is no array 'a.wings' here; there are 'a.neurons.bias'",
    ),
    "differences of a closed one that learned": (
        lambda b: Diff(b.closed_theirs, b.closed_theirs),
        "'a' learned are gone: the nengo.Simulator is closed",
    ),
    "differences to a closed one that learned": (
        lambda b: Diff(b.sim, b.closed_theirs),
        "'a' learned are gone: the nengo.Simulator is closed",
    ),
}


@pytest.mark.parametrize("what", LOOKED)
def test_what_cannot_be_looked_at_is_said_in_place(bad: Bad, what: str) -> None:
    make, words = LOOKED[what]
    panel = make(bad)
    spec: Any = panel.hub._bench._specs[panel._panel]
    source = panel.session.subject
    # It is said again and again for as long as it is so, and no frame is sent for that.
    assert spec.version(source) == spec.version(source)
    found = dict(spec.look(source))
    assert re.search(words, bytes(found["problem"]).decode())
    panel.close()


def test_what_can_be_shown_beside_nan_or_of_a_closed_one_is(bad: Bad) -> None:
    def look(panel: Standalone) -> dict[str, np.ndarray]:
        spec: Any = panel.hub._bench._specs[panel._panel]
        found = dict(spec.look(panel.session.subject))
        panel.close()
        return found

    curves, was = look(Tuning(bad.nan, "a")), look(Tuning(bad.closed, "a"))
    assert curves["bad"].tolist() == [2, 7]
    assert not {2, 7} & set(curves["silent"])
    good = np.delete(np.arange(10), [2, 7])
    np.testing.assert_array_equal(curves["rates"][good], was["rates"][good])
    entries, finite = look(Weights(bad.nan, array="a.neurons.bias"))["figures"][:2]
    assert (entries, finite) == (10, 8)
    told = bytes(look(Diff(bad.closed, bad.nan))["told"]).decode()
    assert "2 of the second are NaN or infinite" in told


# Of what runs live, the error is that of its session, which stands where the panel does.
LIVE: dict[str, tuple[Callable[[Bad], Any], str]] = {
    "a story of a closed one": (lambda b: Pipeline(b.closed, "a"), "simulator is closed; .* open"),
    "twins of a gain of NaN": (lambda b: Compare(b.no_numbers), "no gain: .*Give it finite values"),
    "a story of a gain of NaN": (lambda b: Pipeline(b.no_numbers, "no gain"), "^no gain: .*finite"),
}  # fmt: skip


@pytest.mark.parametrize("what", LIVE)
def test_what_cannot_run_is_said_in_place(bad: Bad, what: str) -> None:
    make, words = LIVE[what]
    panel = make(bad)
    until(lambda: panel.session.state == "error", "the error")
    assert re.search(words, panel.session.error["message"]), panel.session.error["message"]
    panel.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda b: Tuning(b.net, "direct"), "'direct' has no plot 'tuning'"),
        (lambda b: Pipeline(b.sim, "direct"), "'direct' has no plot 'pipeline'"),
        (lambda b: Compare(b.direct), "'rate': there is no such type for 'Direct'. nengo.LIF has"),
        (lambda b: Compare(b.sim), "made of a nengo.Network, got Simulator"),
        (lambda b: Compare(nengo.Network(add_to_container=False)), "no ensembles to compare"),
        *[
            (lambda b, other=other: Diff(b.net, other), f"a second nengo.Network.*; got {got}")
            for other, got in ((3, "int"), ("nobody", "str"))
        ],
        *[
            (lambda b, kind=kind: kind(b.net, "nobody"), "'nobody' is not in the network; it holds")
            for kind in (Tuning, Weights, Pipeline)
        ],
        *[
            (lambda b, kind=kind: kind(None), "needs a nengo.Network, .* got NoneType")
            for kind in (Tuning, Weights, Pipeline)
        ],
    ],
)
def test_what_is_no_such_thing_is_refused(bad: Bad, make: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make(bad)
