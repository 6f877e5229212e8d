"""How active objects are: one number each."""

import time

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengolab.live import LinesSpec, Session
from nengolab.live.activity import TAU, Activity
from nengolab.live.tracks import Look


@pytest.fixture(scope="module")
def net():
    with nengo.Network(seed=1) as network:
        network.drive = nengo.Node(lambda t: [3 * np.sin(40 * t), 4 * np.sin(40 * t)], label="d")
        network.a = nengo.Ensemble(30, 1, neuron_type=nengo.LIF(amplitude=0.1), label="a")
        network.b = nengo.Ensemble(20, 1, neuron_type=nengo.LIFRate(), label="b")
        network.direct = nengo.Ensemble(1, 2, neuron_type=nengo.Direct(), label="direct")
        nengo.Connection(network.drive, network.direct, synapse=None)
        network.looks = [
            nengo.Probe(obj)
            for obj in (network.a.neurons, network.b.neurons, network.drive, network.direct)
        ]
    return network


@pytest.fixture(scope="module")
def session(net):
    with Session(net, speed=None) as session:
        yield session


def windowed(values, dt=0.001):
    """The newest value through an exponential window, written as Nengo's Lowpass is not."""
    decay, now = np.exp(-dt / TAU), 0.0
    for value in values:
        now = decay * now + (1 - decay) * value
    return now


def test_activity_is_what_nengo_computes(net, session):
    probe = {obj: session.add_probe(obj) for obj in (net.a.neurons, net.b.neurons, net.drive)}
    direct = session.add_probe(net.direct)
    watched = (
        (7, probe[net.a.neurons]),
        (3, probe[net.b.neurons]),
        (5, probe[net.drive]),
        (5, direct),
        (9, probe[net.a.neurons]),
        (9, probe[net.b.neurons]),
        (11, session.add_probe(net.a.neurons, "mean")),
        (12, session.add_probe(net.b.neurons, "mean")),
    )
    spec = Activity(watched)
    listener = session.subscribe([spec])
    session.run_for(0.25).result(60)
    listener.snapshot()
    while True:
        frame = listener.get(timeout=10)
        if frame.header["n_steps"] == 250 and frame.header["panels"]:
            break
    seen = frame.arrays(spec.id)
    assert seen["of"].tolist() == [3, 5, 7, 9, 11, 12]
    assert seen["rate"].tolist() == [1, 0, 1, 1, 1, 1]

    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run(0.25)
    spikes, rates, value, same = (sim.data[each] for each in net.looks)
    a, b = windowed(spikes.mean(axis=1) / 0.1), windowed(rates.mean(axis=1))
    sizes = [windowed(np.linalg.norm(each, axis=1)) for each in (value, same)]
    expected = [b, np.mean(sizes), a, (a + b) / 2, a, b]
    assert np.all(np.array(expected) > 0.5)
    np.testing.assert_allclose(seen["y"], expected, rtol=2e-3)


def test_tiles_of_any_length_give_the_same(session, net):
    spec = Activity(((1, session.add_probe(net.drive)),))
    [probe] = spec.probes
    whole, parts = spec.make_track(0.001), spec.make_track(0.001)
    values = np.random.default_rng(1).normal(size=(100, 2))
    whole.record(probe.id, np.arange(1, 101), values)
    for start, end in ((0, 1), (1, 40), (40, 40), (40, 93), (93, 100)):
        parts.record(probe.id, np.arange(start + 1, end + 1), values[start:end])
    look = Look(0, 100, 1, 1)
    for (name, one), (_, other) in zip(whole.read(look), parts.read(look), strict=True):
        np.testing.assert_allclose(one, other, err_msg=name)
    # Gone back in time, it goes on from what it was then.
    before = spec.make_track(0.001)
    before.record(probe.id, np.arange(1, 61), values[:60])
    kept = before.filters()
    whole.cut(60)
    whole.put_filters(kept)
    for (name, one), (_, other) in zip(whole.read(look), before.read(look), strict=True):
        np.testing.assert_allclose(one, other, err_msg=name)
    whole.record(probe.id, np.arange(61, 101), values[60:])
    for (name, one), (_, other) in zip(whole.read(look), parts.read(look), strict=True):
        np.testing.assert_allclose(one, other, err_msg=name)
    whole.clear()
    assert whole.read(look) == []


def test_what_lies_long_ago_needs_no_look(session, net):
    spec = Activity(((1, session.add_probe(net.drive)),))
    [probe] = spec.probes
    whole = spec.make_track(0.001)
    values = np.random.default_rng(2).normal(size=(3000, 2))
    whole.record(probe.id, np.arange(1, 3001), values)
    [seen] = dict(whole.read(Look(0, 3000, 1, 1)))["y"]
    assert seen == pytest.approx(windowed(np.linalg.norm(values, axis=1)), rel=1e-3)


def test_colours_come_ten_times_a_second_and_with_the_last_step(session, net):
    probe = session.add_probe(net.drive)
    spec, lines = Activity(((1, probe),)), LinesSpec(probe, window=0.5)
    probe.attached.result(60)
    frames = []

    def take(frame):
        frames.append(frame)
        listener.ack(frame.seq)

    session.set_speed(1.0).result()
    started = time.perf_counter()
    listener = session.subscribe([spec, lines], callback=take)
    session.run_for(0.5).result(60)
    took = time.perf_counter() - started
    while frames[-1].header["state"] != "finished":
        assert time.perf_counter() < started + 30
        time.sleep(0.01)
    session.set_speed(None).result()
    listener.close().result()
    coloured = [frame for frame in frames if frame.has(spec.id)]
    drawn = [frame for frame in frames if frame.has(lines.id)]
    assert drawn[-1] is coloured[-1], "what stands at the end is shown"
    assert len(coloured) <= took / spec.period + 2
    assert len(drawn) > len(coloured)


def test_the_mean_is_that_of_neurons(session, net):
    with pytest.raises(ValidationError, match="neurons of an ensemble"):
        session.add_probe(net.drive, "mean")


def test_nothing_to_watch_is_refused():
    with pytest.raises(ValidationError, match="at least one probe"):
        Activity(())
