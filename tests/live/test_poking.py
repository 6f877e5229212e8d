"""Changes through a session: while it runs, undone, listed, and given back."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, ValidationError

import nengolab
from nengolab.live import Session

PATIENCE = 60.0


def make_network(dtype="float64"):
    with nengo.Network(seed=7, label="poked") as net:
        nengolab.configure_settings(dtype=dtype)
        net.drive = nengo.Node([0.3], label="drive")
        net.ens = nengo.Ensemble(30, 1, label="ens")
        net.out = nengo.Node(size_in=1, label="out")
        net.into = nengo.Connection(net.drive, net.ens, label="into")
        net.conn = nengo.Connection(
            net.ens, net.out, synapse=0.01, learning_rule_type=nengo.PES(), label="conn"
        )
        nengo.Connection(net.out, net.conn.learning_rule, synapse=0.01)
        net.spikes = nengo.Probe(net.ens.neurons, label="spikes")
        net.seen = nengo.Probe(net.out, label="seen")
    return net


@pytest.fixture(scope="module")
def simulator():
    with nengolab.Simulator(make_network(), seed=11, progress_bar=False) as sim:
        yield sim


def in_order(session, steps):
    """What a plain simulator has in its state after the same, from time 0."""
    net = session.network
    with nengolab.Simulator(net, seed=11, progress_bar=False) as sim:
        for act in steps:
            act(sim)
        return sim.state.arrays


def assert_same_state(arrays, others):
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], err_msg=name)


def test_changes_count_from_the_step_after_them(session):
    net = session.network
    session.step(50)
    session.set_parameter(net.ens, "tau_rc", 0.05)
    session.set_parameter("into", "synapse", scale=4.0)
    session.step(50)
    session.lesion(net.ens, 0.4)
    session.set_learning(net.conn, False)
    session.step(50)
    session.heal("ens")
    session.cut("into").result(PATIENCE)
    session.step(20).result(PATIENCE)
    expected = in_order(
        session,
        [
            lambda s: s.run_steps(50),
            lambda s: s.set_parameter(net.ens, "tau_rc", 0.05),
            lambda s: s.set_parameter("into", "synapse", 0.02),
            lambda s: s.run_steps(50),
            lambda s: s.lesion(net.ens, 0.4),
            lambda s: s.set_learning("conn", False),
            lambda s: s.run_steps(50),
            lambda s: s.heal(net.ens),
            lambda s: s.cut("into"),
            lambda s: s.run_steps(20),
        ],
    )
    session.pause().result(PATIENCE)
    state = session._owner.post(lambda: session._owner.runner.sim.state).result(PATIENCE)
    assert_same_state(state.arrays, expected)


def test_the_list_says_what_differs_from_what_was_built(session):
    net = session.network
    session.set_parameter(net.ens, "bias", 0.0, at=2)
    session.set_parameter(net.into, "synapse", 0.1)
    session.lesion(net.ens, [4, 1]).result(PATIENCE)
    listed = {(c.name, c.role): c for c in session.changes}
    assert set(listed) == {("ens", "bias"), ("into", "synapse"), ("ens", "lesion")}
    assert listed["ens", "lesion"].after == [1, 4]
    assert listed["into", "synapse"].before == nengo.Lowpass(0.005)
    assert str(listed["into", "synapse"]) == "into: synapse Lowpass(tau=0.005) -> Lowpass(tau=0.1)"
    words = f"{listed['ens', 'bias']!r}"
    assert words.startswith("<Change ens: bias array (")  # a notebook shows it in a line
    assert len(words) < 100
    session.heal(net.ens)
    session.set_parameter(net.into, "synapse", 0.005)
    session.set_parameter(net.ens, "bias").result(PATIENCE)
    assert session.changes == []


def test_undo_and_redo(session):
    net, sim = session.network, session._owner.runner.sim
    before = np.array(sim._engine.runner.values.get("ens.encoders", 0.0))
    session.set_parameter(net.ens, "gain", scale=3.0)
    for tau in (0.01, 0.02, 0.04):
        session.set_parameter(net.into, "synapse", tau, gesture="drag")
    session.lesion(net.ens, 0.5).result(PATIENCE)
    assert len(session.changes) == 3
    session.undo().result(PATIENCE)
    session.undo().result(PATIENCE)  # all of the drag
    assert [c.role for c in session.changes] == ["gain"]
    session.redo().result(PATIENCE)
    assert {c.role: c.after for c in session.changes}["synapse"] == nengo.Lowpass(0.04)
    session.undo()
    session.undo().result(PATIENCE)
    assert session.changes == []
    with pytest.raises(SimulationError, match="no change to undo"):
        session.undo().result(PATIENCE)
    session.redo().result(PATIENCE)
    session.set_parameter(net.ens, "bias", 1.0).result(PATIENCE)
    with pytest.raises(SimulationError, match="could be made again"):
        session.redo().result(PATIENCE)
    session.drop_changes().result(PATIENCE)
    assert session.changes == []
    if before.ndim:
        np.testing.assert_array_equal(sim._engine.runner.values["ens.encoders"], before)


def test_a_refused_change_is_shown_and_changes_nothing(session):
    with pytest.raises(ValidationError, match="ens has no 'colour'"):
        session.set_parameter("ens", "colour", 1).result(PATIENCE)
    assert "colour" in session.error["message"]
    assert session.changes == []
    session.step().result(PATIENCE)
    assert session.error is None


def test_the_simulator_is_given_back_as_it_was(simulator):
    simulator.reset()
    before = simulator.standing
    with Session(simulator, speed=None) as live:
        live.set_parameter("ens", "bias", 3.0)
        live.lesion("ens", 0.5)
        live.step(5).result(PATIENCE)
    after = simulator.standing
    assert after.laid == {}
    for name, value in after.values.items():
        np.testing.assert_array_equal(
            value, before.values.get(name, simulator.parameters[name].initial), err_msg=name
        )


def test_changes_stay_over_a_reset(session):
    net = session.network
    session.set_parameter(net.ens, "tau_rc", 0.05)
    session.lesion(net.ens, 0.4).result(PATIENCE)
    session.step(10).result(PATIENCE)
    session.reset().result(PATIENCE)
    session.step(30).result(PATIENCE)
    assert len(session.changes) == 2
    expected = in_order(
        session,
        [
            lambda s: s.set_parameter(net.ens, "tau_rc", 0.05),
            lambda s: s.lesion(net.ens, 0.4),
            lambda s: s.run_steps(30),
        ],
    )
    state = session._owner.post(lambda: session._owner.runner.sim.state).result(PATIENCE)
    assert_same_state(state.arrays, expected)


def test_what_takes_a_compile_counts_when_it_is_there_and_no_step_is_lost():
    net = make_network("float32")
    with Session(net, speed=None, seed=11) as session:
        session.step(20).result(PATIENCE)
        session.play()
        edit = session.set_parameter(net.ens, "tau_rc", 0.001)
        edit.result(PATIENCE)
        (change,) = session.changes
        at = change.step
        session.wait_time(session.time + 0.05, PATIENCE)
        session.pause().result(PATIENCE)
        state = session._owner.post(lambda: session._owner.runner.sim.state).result(PATIENCE)
        assert any(v == "exact" for _, v in session._owner.runner.sim.formulas)
    with nengolab.Simulator(net, seed=11, progress_bar=False) as sim:
        sim.run_steps(at)
        sim.set_parameter(net.ens, "tau_rc", 0.001)
        sim.run_steps(state.n_steps - at)
        assert_same_state(state.arrays, sim.state.arrays)


def test_what_is_kept_is_what_nengo_builds():
    with nengo.Network(seed=3) as net:
        nengolab.configure_settings(dtype="float64")
        drive = nengo.Node(lambda t: np.sin(30 * t), label="drive")
        ens = nengo.Ensemble(30, 1, label="ens")
        out = nengo.Ensemble(20, 1, neuron_type=nengo.RectifiedLinear(), label="out")
        into = nengo.Connection(drive, ens, label="into")
        nengo.Connection(ens, out, function=np.square, label="square")
        gone = nengo.Connection(drive, out, transform=0.5, label="gone")
        nengo.Connection(ens, out, synapse=0.02, label="faint")
        seen = nengo.Probe(out, synapse=0.01)
        learns = nengo.Connection(ens, out, learning_rule_type=nengo.Voja(), label="learns")
    with Session(net, speed=None, seed=0) as session:
        session.set_parameter(ens, "tau_rc", 0.05)
        session.set_parameter(ens, "gain", scale=1.2)
        session.set_parameter(into, "synapse", 0.03)
        session.set_parameter("faint", "weights", scale=0.5)
        session.lesion(ens, 0.3)
        session.cut(gone).result(PATIENCE)
        session.set_parameter(learns, "learning_rate", 0.1).result(PATIENCE)
        with pytest.raises(ValidationError, match="learns: its learning_rate belongs to"):
            session.keep_changes().result(PATIENCE)
        assert ens.neuron_type.tau_rc == 0.02  # nothing was written
        session.set_parameter(learns, "learning_rate").result(PATIENCE)
        session.keep_changes().result(PATIENCE)
        assert session.changes == []
        session.set_parameter(into, "synapse", 0.1).result(PATIENCE)
        assert [c.before for c in session.changes] == [nengo.Lowpass(0.03)]
        session.undo().result(PATIENCE)
        sim = session._owner.runner.sim
        steps = session._owner.post(lambda: sim.run_steps(200) or sim.data[seen])
        ours = np.array(steps.result(PATIENCE))
    assert into.synapse == nengo.Lowpass(0.03)
    with nengo.Simulator(net, seed=0, progress_bar=False) as plain:
        plain.run_steps(200, progress_bar=False)
        np.testing.assert_allclose(ours, plain.data[seen], atol=1e-9)
    assert np.abs(ours).max() > 0.1
