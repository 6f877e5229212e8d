"""Anything that a person may do with a session, in any order, as Hypothesis thinks it out.

What was done is noted as it is done. In the end the session's thread lives, and a simulator to
which the same is done, one after the other, has the same state to the last bit.
"""

import nengo
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from nengo.exceptions import SimulationError

import nengolab
from nengolab.live import LinesSpec, Session, journey
from nengolab.live.inputs import InputEdit

PATIENCE = 200.0
EXAMPLES, ACTIONS = 6, 40


def make_network():
    with nengo.Network(seed=4, label="any order") as net:
        net.drive = nengo.Node([0.2], label="drive")
        noise = nengo.Node(nengo.processes.WhiteNoise(nengo.dists.Gaussian(0, 0.1)), label="noise")
        net.ens = nengo.Ensemble(20, 1, label="ens")
        net.out = nengo.Ensemble(10, 1, neuron_type=nengo.RectifiedLinear(), label="out")
        nengo.Connection(noise, net.ens)
        net.into = nengo.Connection(net.drive, net.ens, synapse=nengo.Alpha(0.01), label="into")
        net.conn = nengo.Connection(
            net.ens, net.out, learning_rule_type=nengo.PES(), synapse=0.01, label="conn"
        )
        nengo.Connection(net.out, net.conn.learning_rule)
        net.seen = nengo.Probe(net.out, label="seen")
    return net


@pytest.fixture(scope="module")
def simulators():
    """Make one for the sessions, and one to which the same is done."""
    net = make_network()
    with (
        nengolab.Simulator(net, seed=3, progress_bar=False) as sim,
        nengolab.Simulator(net, seed=3, progress_bar=False) as plain,
    ):
        yield net, sim, plain


STEPS = st.integers(1, 30)
PLAYED = [
    nengolab.Recording([0.5, -0.5, 0.1], dt=0.003, loop=True),
    nengolab.Recording([-0.2, 0.7], times=[0.0, 0.004]),
]
INPUTS = st.one_of(st.none(), st.floats(-1, 1), st.sampled_from(PLAYED))
SETTINGS = st.one_of(
    st.tuples(st.just("ens"), st.just("tau_rc"), st.sampled_from([None, 0.02, 0.03, 0.05])),
    st.tuples(st.just("ens"), st.just("tau_ref"), st.sampled_from([None, 0.001, 0.004])),
    st.tuples(st.just("ens"), st.just("gain"), st.sampled_from([None, 1.0, 2.5])),
    st.tuples(st.just("ens"), st.just("bias"), st.sampled_from([None, 0.0, 1.5])),
    st.tuples(st.just("into"), st.just("synapse"), st.sampled_from([None, 0.005, 0.1])),
    st.tuples(st.just("conn"), st.just("learning_rate"), st.sampled_from([None, 0.0, 1e-3])),
    st.tuples(st.just("conn"), st.just("weights"), st.sampled_from([None, 0.0])),
)


class AnyOrder(RuleBasedStateMachine):
    """A session, and beside it what led to where each branch stands."""

    net = sim = plain = None

    def __init__(self):
        super().__init__()
        self.session = Session(self.sim, speed=None)
        self.session.reset().result(PATIENCE)
        self.listener = self.session.subscribe([])
        self.plots = []
        # By branch: what was done, each with the step after which it was.
        self.done = {"main": []}
        self.branch, self.step = "main", 0
        self.ends = {"main": 0}
        # How many changes can be undone, and done again.
        self.can_undo = self.can_redo = 0

    def note(self, what):
        self.done[self.branch].append((self.step, what))

    def changed(self, edit):
        self.note(("edit", edit))
        self.can_undo, self.can_redo = self.can_undo + 1, 0

    def note_again(self, edit):
        input_again = isinstance(edit, InputEdit)
        value = self.session.inputs.get(self.net.drive)
        self.note(("input", value) if input_again else ("edit", edit))

    # ---- what is done ----------------------------------------------------

    @rule(n=STEPS)
    def run(self, n):
        self.session.step(n).result(PATIENCE)
        self.step += n

    @rule(value=INPUTS)
    def move(self, value):
        self.session.set_input(self.net.drive, value).result(PATIENCE)
        self.note(("input", self.session.inputs.get(self.net.drive)))
        self.can_undo, self.can_redo = self.can_undo + 1, 0

    @rule(setting=SETTINGS)
    def change(self, setting):
        self.changed(self.session.set_parameter(*setting).result(PATIENCE))

    @rule(name=st.sampled_from(["ens", "out"]), share=st.sampled_from([0.0, 0.2, 0.5]))
    def lesion(self, name, share):
        self.changed(self.session.lesion(name, share).result(PATIENCE))

    @rule(name=st.sampled_from(["into", "conn"]), cut=st.booleans())
    def cut(self, name, cut):
        done = self.session.cut(name) if cut else self.session.mend(name)
        self.changed(done.result(PATIENCE))

    @rule(on=st.booleans())
    def learn(self, on):
        self.changed(self.session.set_learning("conn", on).result(PATIENCE))

    @rule()
    def undo(self):
        if not self.can_undo:
            with pytest.raises(SimulationError):
                self.session.undo().result(PATIENCE)
            return
        self.note_again(self.session.undo().result(PATIENCE))
        self.can_undo, self.can_redo = self.can_undo - 1, self.can_redo + 1

    @precondition(lambda self: self.can_redo)
    @rule()
    def redo(self):
        self.note_again(self.session.redo().result(PATIENCE))
        self.can_undo, self.can_redo = self.can_undo + 1, self.can_redo - 1

    @rule(part=st.floats(0, 1))
    def go_back(self, part):
        step = round(part * self.step)
        self.ends[self.branch] = self.step
        back = self.session.history.go_on_from(step * 0.001).result(PATIENCE)
        assert back.exact, back.why
        if back.branch != self.branch:
            self.done[back.branch] = [(at, act) for at, act in self.done[self.branch] if at <= step]
        self.branch, self.step = back.branch, step
        self.can_undo = self.can_redo = 0

    @precondition(lambda self: len(self.done) > 1)
    @rule(data=st.data())
    def switch(self, data):
        self.ends[self.branch] = self.step
        name = data.draw(st.sampled_from(sorted(self.done)))
        back = self.session.history.switch(name).result(PATIENCE)
        assert (back.branch, back.step) == (name, self.ends[name])
        self.branch, self.step = name, back.step
        self.can_undo = self.can_redo = 0

    @rule()
    def look(self):
        """A probe of the network: it takes no compile, so many of these can be tried."""
        probe = self.session.add_probe(self.net.seen)
        self.plots.append(LinesSpec(probe, window=0.1))
        self.listener.set_plots(self.plots).result(PATIENCE)

    @precondition(lambda self: self.plots)
    @rule()
    def look_away(self):
        (probe,) = self.plots.pop(0).probes
        self.session.remove_probe(probe).result(PATIENCE)

    @rule()
    def forget_states(self):
        """All but the first: what is gone back to is computed again from there."""
        for branch in self.session._owner.timeline.branches.values():
            branch.moments[1:-1] = []

    # ---- what holds ------------------------------------------------------

    def teardown(self):
        session = self.session
        try:
            assert session.state in ("ready", "paused")
            assert session.n_steps == self.step
            state = session._owner.post(lambda: self.sim.state).result(PATIENCE)
            self.replay()
            for name, array in self.plain.state.arrays.items():
                np.testing.assert_array_equal(array, state.arrays[name], err_msg=name)
            values = session._owner.post(lambda: self.sim.standing).result(PATIENCE).values
            for name, value in self.plain.standing.values.items():
                now = values.get(name, self.sim.parameters[name].initial)
                np.testing.assert_array_equal(value, now, err_msg=name)
        finally:
            session.close()

    def replay(self):
        """Do to a plain simulator what was done on the branch that runs."""
        plain = self.plain
        plain.set_input(self.net.drive, None)
        plain.reset()
        for step, (kind, what) in self.done[self.branch]:
            plain.run_steps(step - plain.n_steps)
            if kind == "input":
                plain.set_input(self.net.drive, what)
            else:
                plain.apply(what)
        plain.run_steps(self.step - plain.n_steps)


def test_whatever_is_done_in_whatever_order(simulators, monkeypatch):
    # Ways back are in as many pieces as can be.
    monkeypatch.setattr(journey, "PIECE", 0.0)
    AnyOrder.net, AnyOrder.sim, AnyOrder.plain = simulators
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=ACTIONS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
