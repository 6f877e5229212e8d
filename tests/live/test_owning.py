"""Who owns a simulator: claims, giving back, closing, building anew."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, SimulatorClosed, ValidationError

import nengolab
from nengolab.exceptions import SimulatorBusy
from nengolab.live import LinesSpec, RasterSpec, Session

from .conftest import make_network
from .test_session import PATIENCE, Tape, attached, wait_for


def test_direct_calls_raise_while_a_session_owns(simulator):
    with Session(simulator) as session:
        session.wait_until("ready", PATIENCE)
        with pytest.raises(SimulatorBusy, match="live session of small"):
            simulator.run_steps(1)
        with Session(simulator) as second:
            wait_for(lambda: second.state == "error")
            assert "live session of small" in second.error["message"]
        assert session.step().result(PATIENCE) > 0
    there = simulator.n_steps
    simulator.run_steps(1)
    assert simulator.n_steps == there + 1


def test_a_session_gives_back_what_it_was_given(simulator):
    with Session(simulator) as session:
        session.set_input(session.network.drive, 0.9)
        attached(session, session.network.ens)
        session.reset().result(PATIENCE)
    assert not simulator.closed
    simulator.run_steps(300)
    # The node's own 0.3 again, through the ensemble and its probe.
    assert np.mean(simulator.data[simulator.network.probe][150:]) == pytest.approx(0.3, abs=0.1)
    simulator.reset()


def test_close_ends_the_thread_and_may_be_called_again(simulator):
    session = Session(simulator, speed=None)
    tape = Tape(session)
    session.play()
    session.wait_time(session.time + 0.01, PATIENCE)
    session.close()
    session.close()
    assert session.state == "closed"
    assert not session._owner._thread.is_alive()
    assert tape.frames[-1].header["state"] == "closed"
    with pytest.raises(SimulatorClosed, match="session is closed"):
        session.play()
    with pytest.raises(SimulatorClosed):
        session.wait_until("running", PATIENCE)
    tape.listener.close().result(PATIENCE)


def test_a_forgotten_session_ends(simulator):
    session = Session(simulator, speed=None)
    session.wait_until("ready", PATIENCE)
    thread = session._owner._thread
    session.play().result(PATIENCE)
    del session
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_waits_give_up_in_time(session):
    with pytest.raises(TimeoutError, match="no time 5.0 s within 0.05 s: ready at 0.0 s"):
        session.wait_time(5.0, timeout=0.05)
    with pytest.raises(ValidationError, match="'flying'"):
        session.wait_until("flying")


def test_what_is_no_network_is_refused():
    with pytest.raises(ValidationError, match=r"nengo\.Network.*int"):
        Session(3)


def test_options_belong_to_a_build(simulator):
    with pytest.raises(ValidationError, match="seed: a simulator is built already"):
        Session(simulator, seed=1)


def test_probes_asked_for_during_the_build_see_the_first_step(reference):
    """They are attached when the session is ready; a run started at once has all of their data."""
    net = make_network()
    with net:
        nengolab.configure_settings(dtype="float64")
    with Session(net, speed=None, seed=11) as live:
        value, spikes = live.add_probe(net.ens), live.add_probe(net.ens.neurons)
        plots = [LinesSpec(value, window=1.0), RasterSpec(spikes, window=1.0)]
        listener = live.subscribe(plots, width=2000)
        live.wait_until("ready", PATIENCE)
        assert value.attached.done()
        assert spikes.attached.done()
        live.run_for(0.1).result(PATIENCE)
        listener.snapshot()
        frame = listener.get(timeout=10)
        while frame.header["n_steps"] < 100 or not frame.header["clear"]:
            listener.ack(frame.seq)
            frame = listener.get(timeout=10)
        arrays = frame.arrays(plots[0].id)
        np.testing.assert_allclose(arrays["t"], np.arange(1, 101) * 0.001, atol=1e-9)
        np.testing.assert_allclose(arrays["y"], reference["value"][:100], atol=1e-6)
        assert len(frame.arrays(plots[1].id)["t"]) == np.sum(reference["spikes"][:100] > 0)


def test_a_network_that_changed_since_it_was_built_is_noticed(simulator):
    net = simulator.network
    with Session(simulator) as session:
        assert not session.network_changed
        with net:
            late = nengo.Ensemble(10, 1, label="late")
        try:
            assert session.network_changed
            for target in (late, late.neurons, late[0]):
                with pytest.raises(ValidationError, match="'late' was added.*after it was built"):
                    session.add_probe(target)
        finally:
            net.ensembles.remove(late)
        assert not session.network_changed


def test_a_rebuild_takes_in_what_is_new_and_goes_on_from_the_state():
    def network():
        with nengo.Network(seed=3) as net:
            net.drive = nengo.Node([0.4], label="drive")
            net.ens = nengo.Ensemble(30, 1, seed=5, label="ens")
            nengo.Connection(net.drive, net.ens)
            net.seen = nengo.Probe(net.ens)
            nengolab.configure_settings(dtype="float64")
        return net

    reference = network()
    with nengolab.Simulator(reference, seed=1, progress_bar=False) as sim:
        sim.run_steps(200)
        expected = np.array(sim.data[reference.seen])

    net = network()
    with Session(net, speed=None, seed=1) as session:
        plots = {"ens": LinesSpec(attached(session, net.seen), window=5.0)}
        tape = Tape(session, **plots)
        session.step(100).result(PATIENCE)
        with net:
            net.late = nengo.Ensemble(10, 1, seed=6, label="late")
            nengo.Connection(net.ens, net.late)
        session.rebuild().result(PATIENCE)
        session.wait_until("ready", PATIENCE)
        assert not session.network_changed
        assert session.n_steps == 100
        late = attached(session, net.late)
        assert late.label == "late.decoded_output"
        session.step(100).result(PATIENCE)
        wait_for(lambda: tape.frames[-1].header["n_steps"] == 200)
        np.testing.assert_allclose(tape.joined("ens", "y"), expected, atol=1e-6)
        session.rebuild(keep_state=False).result(PATIENCE)
        session.wait_until("ready", PATIENCE)
        assert session.n_steps == 0


def test_a_session_does_not_rebuild_what_it_was_given(session):
    with pytest.raises(SimulationError, match="given a simulator.*cannot build"):
        session.rebuild().result(PATIENCE)
