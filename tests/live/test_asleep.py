"""A session that builds nothing until it must."""

import nengo
import pytest
from nengo.exceptions import ValidationError

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


def test_what_is_built_does_not_sleep(net):
    with nengolab.Simulator(net) as sim, pytest.raises(ValidationError, match="cannot sleep"):
        Session(sim, asleep=True)
