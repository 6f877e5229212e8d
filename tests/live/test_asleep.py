"""A session that builds nothing until it must."""

import nengo
import pytest
from nengo.exceptions import SimulationError, ValidationError

import nengolab
from nengolab.live import LinesSpec, Session


@pytest.fixture
def net():
    with nengo.Network(seed=1) as network:
        network.drive = nengo.Node([0.5], label="drive")
    return network


def test_it_sleeps_through_what_needs_no_simulator(net):
    with Session(net, asleep=True) as session:
        session.subscribe([])
        session.set_speed(None)
        paused = session.pause()
        assert session.state == "asleep"
        assert not paused.done()
    assert session.state == "closed"


def test_a_run_wakes_it(net):
    with Session(net, speed=None, asleep=True) as session:
        end = session.run_for(0.05)
        assert session.state != "asleep"
        assert end.result(60) == pytest.approx(0.05)


def test_a_probe_wakes_it_and_is_there_from_the_first_step(net):
    with Session(net, speed=None, asleep=True) as session:
        probe = session.add_probe(net.drive)
        spec = LinesSpec(probe, window=0.1)
        listener = session.subscribe([spec])
        session.run_for(0.01)
        session.wait_until("finished", 60)
        times = set()
        while len(times) < 10:
            frame = listener.get(timeout=10)
            for panel in frame.header["panels"]:
                times |= {round(t, 3) for t in frame.arrays(panel["id"])["t"]}
        assert min(times) == 0.001


def test_waiting_wakes_it(net):
    with Session(net, asleep=True) as session:
        session.wait_until("ready", 60)


def test_a_simulator_is_looked_at_and_stays_whose_it_is(net):
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with Session(sim, asleep=True) as session:
            for act in (session.play, session.wake, session.reset):
                with pytest.raises(SimulationError, match="is yours, and runs where you run it"):
                    act()
            assert session.state == "asleep"
            sim.run_steps(2)  # nobody has claimed it
        assert sim.n_steps == 2
    with nengo.Simulator(net, progress_bar=False) as sim, Session(sim, asleep=True) as session:
        assert session.network is net
    with pytest.raises(ValidationError, match=r"needs a nengo.Network or a nengolab.Simulator"):
        Session(3, asleep=True)
