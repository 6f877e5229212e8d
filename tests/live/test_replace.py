"""Another network takes the place of the one that runs: what is unchanged goes on."""

import threading

import nengo
import numpy as np
import pytest

from nengolab import building
from nengolab.exceptions import BuildStopped
from nengolab.live import LinesSpec, Session
from nengolab.runtime.loop import TileRunner

from .test_session import PATIENCE, Tape, attached, wait_for

FIRST = """
import nengo
import nengolab
with nengo.Network(seed=1) as net:
    noise = nengo.Node(nengo.processes.WhiteSignal(1, high=5, seed=2), label="noise")
    a = nengo.Ensemble(40, 1, seed=3, label="a")
    nengo.Connection(noise, a, seed=4)
    nengolab.configure_settings(dtype="float64")
"""
MORE = """    b = nengo.Ensemble(20, 1, seed=5, label="b")
    nengo.Connection(a, b, seed=6)
"""


def replace(session: Session, source: str, switched=lambda follow: None) -> nengo.Network:
    before, made = session.network, building.run_source(source)
    session.replace(
        made.network,
        lambda state, sim: building.carried(state, before, sim)[0],
        building.unchanged(before, made.network),
        switched,
    ).result(PATIENCE)
    return made.network


def test_the_run_goes_on_in_another_network():
    first = building.run_source(FIRST).network
    with first:
        reference = nengo.Probe(first.ensembles[0], synapse=0.02)
    with nengo.Simulator(first, progress_bar=False, seed=1) as sim:
        sim.run_steps(200)
        expected = sim.data[reference]
    first.probes.remove(reference)
    with Session(first, speed=None, seed=1) as session:
        session.wait_until("ready", PATIENCE)
        a, moved = first.ensembles[0], []
        probe = attached(session, a, synapse=0.02)
        tape = Tape(session, a=LinesSpec(probe, window=5.0))
        session.step(100).result(PATIENCE)
        second = replace(session, FIRST + MORE, lambda follow: moved.append(follow(a)))
        assert moved == [second.ensembles[0]]
        assert session.network is second
        assert session.names.get(second.ensembles[1]) == "b"
        assert session.probes == [probe]
        assert probe.target is second.ensembles[0]
        assert session.n_steps == 100
        session.step(100).result(PATIENCE)
        wait_for(lambda: tape.frames[-1].header["n_steps"] == 200)
        found = tape.joined("a", "y")
        assert found.shape == expected.shape
        # The plot's own filter goes on with what runs.
        np.testing.assert_allclose(found, expected, atol=1e-6)

        # What cannot be built is refused, and the run goes on as it was; it runs on in the next.
        session.play().result(PATIENCE)
        with pytest.raises(nengo.exceptions.NengoException, match="intercepts"):
            replace(session, FIRST + "    nengo.Ensemble(5, 1, intercepts=[1.0] * 5)\n")
        assert session.network is second
        assert session.state == "running"
        third = replace(session, FIRST)
        assert session.network is third
        assert session.state == "running"
        assert session.error is None


def test_what_is_looked_at_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many signals are looked at, in the first network and in the next."""
    compiled: list[int] = []
    compiles = TileRunner._compile_here
    monkeypatch.setattr(
        TileRunner,
        "_compile_here",
        lambda self, *how: (compiled.append(len(self.program.readings)), compiles(self, *how))[1],
    )
    first = building.run_source(FIRST).network
    with Session(first, speed=None, seed=1) as session:
        ens = first.ensembles[0]
        probes = [session.add_probe(ens.neurons[: i + 1]) for i in range(5)]
        session.wait_until("ready", PATIENCE)
        assert compiled == [len(probes)]
        replace(session, FIRST + MORE)
        assert compiled == [len(probes)] * 2
        assert all(probe.attached.done() for probe in session.probes)


def test_a_replacement_is_stopped_while_it_is_built_or_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = building.run_source(FIRST).network
    second = building.run_source(FIRST + MORE).network
    waits, reached, going = set(), threading.Event(), threading.Event()

    def waiting(name, real):
        def act(*args, **how):
            if name in waits:
                waits.discard(name)
                reached.set()
                assert going.wait(PATIENCE)
            return real(*args, **how)

        return act

    points = nengo.builder.ensemble.gen_eval_points
    monkeypatch.setattr(nengo.builder.ensemble, "gen_eval_points", waiting("build", points))
    compiles = TileRunner._compile_here
    monkeypatch.setattr(TileRunner, "_compile_here", waiting("compile", compiles))

    def stopped(session: Session, stage: str) -> None:
        reached.clear()
        going.clear()
        waits.add(stage)
        before = session.network
        done = session.replace(
            second,
            lambda state, sim: building.carried(state, before, sim)[0],
            building.unchanged(before, second),
            lambda follow: None,
        )
        assert reached.wait(PATIENCE)
        assert session.stop_building().result(PATIENCE)
        with pytest.raises(BuildStopped):
            done.result(PATIENCE)
        going.set()

    with Session(first, speed=None, seed=1) as session:
        session.wait_until("ready", PATIENCE)
        session.step(50).result(PATIENCE)
        session.play().result(PATIENCE)
        # Before it is built, what runs goes on.
        stopped(session, "build")
        assert (session.network, session.state, session.error) == (first, "running", None)
        steps = session.n_steps
        wait_for(lambda: session.n_steps > steps)
        # Nor does what nobody wants any more by then take the place.
        for answers in ([False], [True, False]):
            asked = iter(answers)
            done = session.replace(second, lambda state, sim: state, is_wanted=asked.__next__)
            with pytest.raises(BuildStopped):
                done.result(PATIENCE)
            assert list(asked) == []
            assert (session.network, session.state, session.error) == (first, "running", None)
        session.pause().result(PATIENCE)
        steps = session.n_steps
        # After that it has taken the place: it sleeps, and goes on from there when it is woken.
        stopped(session, "compile")
        assert (session.network, session.state, session.error) == (second, "asleep", None)
        assert session.status.note == "the build was stopped"
        session.step(10).result(PATIENCE)
        assert session.n_steps == steps + 10
