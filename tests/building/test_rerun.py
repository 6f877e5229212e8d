"""An edited source is run again: what is unchanged goes on, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

import nengolab
from nengolab.building import add, carried, rename, run_source, set_argument, unchanged
from nengolab.exceptions import ValidationError

SOURCE = """\
import nengo
import numpy as np

with nengo.Network(seed=1) as net:
    stimulus = nengo.Node(lambda t: np.sin(9 * t), label="stimulus")
    noise = nengo.Node(nengo.processes.WhiteSignal(1, high=10), label="noise")
    a = nengo.Ensemble(30, 1, label="a", seed=2)
    b = nengo.Ensemble(20, 1, label="b", seed=3)
    nengo.Connection(stimulus, a)
    nengo.Connection(noise, a, synapse=0.03)
    learns = nengo.Connection(a, b, learning_rule_type=nengo.PES(1e-3), seed=4)
    nengo.Connection(b, learns.learning_rule)
    probe = nengo.Probe(b, synapse=0.02)
"""


@pytest.fixture(scope="module")
def ran():
    """A simulator in the middle of a run, its source, and what comes next."""
    made = run_source(SOURCE)
    with nengolab.Simulator(made.network, seed=5, progress_bar=False) as sim:
        sim.run_steps(40)
        state = sim.state
        sim.run_steps(20)
        yield made, state, sim.data[made.network.probes[0]][40:]


def test_a_comment_changes_nothing(ran):
    made, state, comes = ran
    again = run_source(SOURCE + "# one more thought\n").network
    assert len(unchanged(made.network, again)) == len(made.network.all_objects)
    with nengolab.Simulator(again, seed=6, progress_bar=False) as sim:
        sim.state, anew = carried(state, made.network, sim)
        assert not anew
        sim.run_steps(20)
        np.testing.assert_array_equal(sim.data[again.probes[0]], comes)


def test_a_name_changes_nothing(ran):
    made, state, comes = ran
    edit = rename(SOURCE, "b", "out")
    again = run_source(rename(edit.after, "noise", "hiss").after).network
    assert [ens.label for ens in again.all_ensembles] == ["a", "out"]
    assert len(unchanged(made.network, again)) == len(made.network.all_objects)
    with nengolab.Simulator(again, seed=6, progress_bar=False) as sim:
        sim.state, anew = carried(state, made.network, sim)
        assert not anew
        sim.run_steps(20)
        np.testing.assert_array_equal(sim.data[again.probes[0]], comes)


def test_another_one_in_its_place_is_no_renaming_where_it_differs(ran):
    made, *_ = ran
    other = run_source(rename(SOURCE, "b", "out").after.replace("Ensemble(20", "Ensemble(21"))
    assert made.network.ensembles[1] not in unchanged(made.network, other.network)


def test_what_is_unchanged_keeps_its_state(ran):
    made, state, _ = ran
    span = made.origins[made.network.ensembles[1]].span
    changed = run_source(set_argument(SOURCE, span, "radius", "2.0").after)
    edit = add(changed, 'nengo.Ensemble(5, 1, label="c")', "c")
    new = run_source(edit.after)
    with nengolab.Simulator(new.network, seed=6, progress_bar=False) as sim:
        found, anew = carried(state, made.network, sim)
        sim.state = found
        assert sim.n_steps == 40
        for name, array in sim.state.arrays.items():
            if name not in anew:
                np.testing.assert_array_equal(array, state.arrays[name])
        assert {name.split(".")[0].split("#")[0] for name in anew} == {
            "a -> b",
            "b",
            "b -> a -> b",
            "c",
            "probe of b",
        }
        sim.run_steps(2)
    with nengolab.Simulator(new.network, dt=0.002, progress_bar=False) as other:
        with pytest.raises(ValidationError, match="the state has dt = 0.001"):
            carried(state, made.network, other)
