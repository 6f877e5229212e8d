"""Errors of the network's own code, of the build and of a closed simulator."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, SimulatorClosed, ValidationError

import nengolab
from nengolab.live import LinesSpec, Session
from nengolab.live.errors import failing_step

PATIENCE = 60.0


class Moody:
    """A node function that does what its mood says from 0.05 s on."""

    def __init__(self):
        self.mood, self.calls = "well", 0

    def __call__(self, t):
        self.calls += 1
        if t > 0.05 and self.mood == "raises":
            raise RuntimeError("the sensor is unplugged")
        if t > 0.05 and self.mood == "nan":
            return np.nan
        return 0.5


@pytest.fixture(scope="module")
def moody():
    """One session whose node can be told to fail; all tests of it share the compile."""
    mood = Moody()
    with nengo.Network(seed=0, label="moody") as net:
        sensor = nengo.Node(mood, size_out=1, label="sensor")
        ens = nengo.Ensemble(10, 1, label="ens")
        nengo.Connection(sensor, ens)
    with Session(net, speed=None) as session:
        yield session, mood


@pytest.mark.parametrize(
    ("kind", "message"), [("raises", "sensor is unplugged"), ("nan", "(?i)nan|inf")]
)
def test_a_node_that_fails_stops_the_run_and_not_the_session(moody, kind, message):
    session, mood = moody
    mood.mood = "well"
    session.reset().result(PATIENCE)
    frames = []
    listener = session.subscribe([], callback=frames.append)
    mood.mood = kind
    run = session.run_for(1.0)
    with pytest.raises(SimulationError, match="sensor"):
        run.result(PATIENCE)
    assert session.state == "error"
    assert session.error["object"] == "sensor"
    assert "sensor" in session.error["message"]
    if kind == "raises":
        assert "the sensor is unplugged" in session.error["traceback"]
    # The state before the failing tile is kept, the step that fails is the 51st.
    assert session.n_steps <= 50
    assert session.time == pytest.approx(session.n_steps * 0.001)
    with pytest.raises(SimulationError, match="sensor"):
        session.wait_time(0.5, PATIENCE)
    listener.ack(frames[-1].seq)
    listener.snapshot()
    session.set_speed(None).result(PATIENCE)
    assert frames[-1].header["state"] == "error"
    assert frames[-1].header["error"]["object"] == "sensor"

    # Again the same, and a refused command does not hide what stopped the run.
    with pytest.raises(SimulationError, match="sensor"):
        session.run_for(1.0).result(PATIENCE)
    with pytest.raises(ValidationError):
        session.set_speed(-1).result(PATIENCE)
    assert session.error["object"] == "sensor"

    mood.mood = "well"
    there = session.time
    assert session.run_for(0.1).result(PATIENCE) == pytest.approx(there + 0.1)
    assert (session.state, session.error) == ("finished", None)
    session.reset().result(PATIENCE)
    assert (session.state, session.time) == ("ready", 0.0)
    listener.close().result(PATIENCE)


class Flaky(nengo.solvers.LstsqL2):
    """A solver that fails until it is told better."""

    broken = True

    def __call__(self, *args, **kwargs):
        if Flaky.broken:
            raise ValueError("no decoders today")
        return super().__call__(*args, **kwargs)


def test_a_build_that_fails_is_told_and_can_be_tried_again():
    Flaky.broken = True
    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(10, 1)
        nengo.Connection(ens, ens, solver=Flaky())
    with Session(net, speed=None) as session:
        with pytest.raises(SimulationError, match="no decoders today"):
            session.wait_until("ready", PATIENCE)
        assert session.state == "error"
        assert "no decoders today" in session.error["traceback"]
        with pytest.raises(SimulationError, match="could not be built.*no decoders today"):
            session.play().result(PATIENCE)
        Flaky.broken = False
        session.reset()
        session.wait_until("ready", PATIENCE)
        assert session.step(4).result(PATIENCE) == pytest.approx(0.004)


def test_a_closed_simulator_is_told():
    with nengo.Network() as net:
        nengo.Node([1.0])
    sim = nengolab.Simulator(net, progress_bar=False)
    sim.close()
    with Session(sim) as session:
        with pytest.raises(SimulationError, match="simulator is closed"):
            session.wait_until("ready", PATIENCE)
        assert session.state == "error"


def test_a_plot_of_what_could_not_be_attached_is_taken():
    with nengo.Network() as net:
        node = nengo.Node([1.0])
    sim = nengolab.Simulator(net, progress_bar=False)
    sim.close()
    with Session(sim) as session:
        probe = session.add_probe(node)
        assert probe.attached.exception(PATIENCE) is not None
        session.subscribe([LinesSpec(probe)], lambda frame: None)


def test_closing_during_the_build_ends_what_waits():
    with nengo.Network(seed=0) as net:
        nengo.Ensemble(10, 1)
    session = Session(net)
    run = session.run_for(1.0)
    session.close()
    assert session.state == "closed"
    with pytest.raises(SimulatorClosed):
        run.result(PATIENCE)


def test_what_came_before_the_step_that_failed_is_there():
    """Also where another error is met on the way, which then is the one that is told."""
    with nengo.Network(seed=0) as net:
        ahead = nengo.Node(lambda t: float("nan") if t > 0.4 else 0.1, label="ahead")

        def fail(t, x):
            if t > 0.3005:
                raise RuntimeError("fell off")

        sensor = nengo.Node(fail, size_in=1, label="sensor")
        nengo.Connection(ahead, sensor, synapse=None)
    with Session(net, speed=None) as session:
        session.play()
        with pytest.raises(SimulationError, match="fell off"):
            session.wait_until("paused", PATIENCE)
        assert session.n_steps == 300
        assert session.error["object"] == "sensor"


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("ens: voltage became NaN at step 1001 (t = 1.001 s); the state", 1001),
        ("node: its function f returned a non-finite value: nan at t = 0.401 s", 401),
        ("node: raised ValueError at t = 1234.57 s", None),
        ("something else", None),
    ],
)
def test_the_step_of_an_error_is_read_from_it(message, step):
    assert failing_step(message, 0.001) == step
