"""The time machine: what is computed again is what was, to the last bit; branches; stopping."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, ValidationError

import nengolab
from nengolab.live import LinesSpec, RatesSpec, Session, journey, timeline

PATIENCE = 200.0
N = 10
TYPES = [
    nengo.LIF(),
    nengo.AdaptiveLIF(),
    nengo.LIFRate(),
    nengo.AdaptiveLIFRate(),
    nengo.RectifiedLinear(),
    nengo.SpikingRectifiedLinear(),
    nengo.Sigmoid(),
    nengo.Tanh(),
    nengo.Izhikevich(),
    nengo.RegularSpiking(nengo.LIFRate()),
    nengo.StochasticSpiking(nengo.LIFRate()),
    nengo.PoissonSpiking(nengo.LIFRate()),
    nengolab.SoftLIFRate(),
    nengolab.LeakyReLU(),
    nengolab.SpikingLeakyReLU(),
    nengo.Direct(),
]
PROCESSES = [
    nengo.processes.WhiteNoise(nengo.dists.Gaussian(0, 0.1)),
    nengo.processes.FilteredNoise(nengo.Lowpass(0.01)),
    nengo.processes.WhiteSignal(0.4, high=20, rms=0.5),
    nengo.processes.BrownNoise(),
    nengo.processes.Piecewise({0: 0.1, 0.05: -0.4, 0.2: 0.9}),
    nengo.processes.PresentInput([[0.2], [-0.7]], 0.03),
]
SYNAPSES = [
    nengo.Lowpass(0.02),
    nengo.Alpha(0.02),
    nengo.Triangle(0.01),
    nengo.LinearFilter([0.01, 1.0], [0.02, 1.0]),
    0,
]


def everything(types=TYPES, processes=PROCESSES, learning=True):
    """Make one of each: neuron types, processes, synapses, learning rules, noise in neurons."""
    with nengo.Network(seed=2, label="everything") as net:
        net.drive = nengo.Node([0.4], label="drive")
        noise = nengo.Node(processes[0], size_out=1, label="noise")
        for process in processes[1:]:
            node = nengo.Node(process, size_out=1)
            nengo.Connection(node, noise_sum(net), synapse=None)
        nengo.Connection(noise, noise_sum(net), synapse=None)
        net.ens = [nengo.Ensemble(N, 1, neuron_type=kind) for kind in types]
        for i, ens in enumerate(net.ens):
            nengo.Connection(net.drive, ens, synapse=None)
            nengo.Connection(net.sum, ens, synapse=SYNAPSES[i % len(SYNAPSES)])
        net.ens[0].label = "first"
        net.ens[2].noise = nengo.processes.WhiteNoise(nengo.dists.Gaussian(0, 0.05))
        if learning:
            add_rules(net)
        net.conn = nengo.Connection(net.ens[0], net.ens[2], synapse=0.03, label="conn")
        net.spikes = nengo.Probe(net.ens[0].neurons, label="spikes")
        net.value = nengo.Probe(net.ens[0], synapse=0.01, label="value")
    return net


def add_rules(net):
    """Make a connection of each of Nengo's learning rules."""
    rules = [nengo.PES(), nengo.RLS(), nengo.Voja()]
    for rule in rules:
        post = nengo.Ensemble(N, 1) if isinstance(rule, nengo.Voja) else nengo.Node(size_in=1)
        conn = nengo.Connection(net.ens[0], post, learning_rule_type=rule)
        if not isinstance(rule, nengo.Voja):
            nengo.Connection(net.sum, conn.learning_rule)
    for rule in (nengo.BCM(), nengo.Oja()):
        nengo.Connection(
            net.ens[0].neurons,
            net.ens[1].neurons,
            transform=np.full((N, N), 1e-4),
            learning_rule_type=rule,
        )


def noise_sum(net):
    if not hasattr(net, "sum"):
        net.sum = nengo.Node(size_in=1, label="sum")
    return net.sum


def state_of(session):
    """Everything that a run goes on from, as arrays."""
    snapshot = session._owner.post(lambda: session._owner.runner.sim.state).result(PATIENCE)
    arrays = dict(snapshot.arrays)
    for name, items in snapshot.processes.items():
        for i, item in enumerate(items):
            arrays |= {f"{name} {i} {key}": value for key, value in item.arrays.items()}
            arrays[f"{name} {i} generator"] = np.array(item.rng[1])
            arrays[f"{name} {i} position"] = np.array(item.rng[2:])
    return arrays


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


@pytest.fixture(scope="module")
def simulator():
    with nengolab.Simulator(everything(), seed=5, progress_bar=False) as sim:
        yield sim


@pytest.fixture(scope="module")
def small_simulator():
    with nengolab.Simulator(
        everything(TYPES[:3], PROCESSES[:1], learning=False), seed=5, progress_bar=False
    ) as sim:
        yield sim


@pytest.fixture
def small(small_simulator):
    with Session(small_simulator, speed=None) as live:
        live.reset().result(PATIENCE)
        yield live


def played(session, states):
    """Run with inputs and changes in between; the state after each stretch goes to ``states``."""
    net = session.network
    acts = [
        lambda: None,
        lambda: session.set_input(net.drive, -0.3),
        lambda: session.set_parameter(net.conn, "synapse", 0.1),
        lambda: session.lesion("first", 0.3),
        lambda: session.set_parameter("first", "gain", scale=1.5),
        lambda: session.set_input(net.drive, None),
        lambda: session.cut(net.conn),
        lambda: session.heal("first"),
    ]
    for act in acts:
        act()
        session.step(40).result(PATIENCE)
        states.append(state_of(session))


@pytest.mark.in_turn
def test_what_is_computed_again_is_what_was(session):
    states = []
    played(session, states)
    assert session.history.not_restorable == []
    known = session._owner.timeline
    for step in (320, 37, 160, 280, 120, 40):
        # Only what was kept at the start: all else is computed again, changes and all.
        known.branches["main"].moments[1:] = []
        back = session.history.go_on_from(step * 0.001, branch="main").result(PATIENCE)
        assert (back.step, back.exact, back.why) == (step, True, "")
        assert session.state == "paused"
        assert session.n_steps == step
        rest = 40 - step % 40
        if rest < 40:
            session.step(rest).result(PATIENCE)
        assert_same(state_of(session), states[(step + 39) // 40 - 1])


def test_a_branch_goes_its_own_way_and_the_other_is_still_there(session):
    net, history = session.network, session.history
    states = []
    played(session, states)
    history.go_on_from(0.12, "other").result(PATIENCE)
    assert [c.role for c in session.changes] == ["synapse", "lesion"]
    session.set_input(net.drive, 1.0)
    session.step(80).result(PATIENCE)
    other = state_of(session)
    listed = {b.name: b for b in history.branches}
    assert listed["main"].end == pytest.approx(0.32)
    assert not listed["main"].running
    assert listed["other"].parent == "main"
    assert listed["other"].start == pytest.approx(0.12)
    assert listed["other"].end == pytest.approx(0.2)
    assert history.branch == "other"
    history.switch("main").result(PATIENCE)
    assert_same(state_of(session), states[-1])
    assert session.inputs == {}
    assert session.n_steps == 320
    assert {c.role for c in session.changes} == {"synapse", "gain", "cut"}
    history.switch("other").result(PATIENCE)
    assert_same(state_of(session), other)
    assert session.inputs[net.drive] == 1.0
    # Gone back within it, across where it began.
    history.go_on_from(0.1).result(PATIENCE)
    session.step(20).result(PATIENCE)
    assert_same(state_of(session), states[2])


def test_events_tell_what_was_done(small):
    played(small, [])
    events = [(e.kind, e.name, e.role, round(e.time, 3)) for e in small.history.events]
    assert events == [
        ("input", "drive", "output", 0.04),
        ("change", "conn", "synapse", 0.08),
        ("change", "first", "lesion", 0.12),
        ("change", "first", "gain", 0.16),
        ("input", "drive", "output", 0.2),
        ("change", "conn", "cut", 0.24),
        ("change", "first", "lesion", 0.28),
    ]


def test_plots_go_back_with_it(small):
    """Lines and filtered rates: the same values, whether drawn on the way or computed again."""
    net = small.network
    value, spikes = small.add_probe(net.value), small.add_probe(net.spikes)
    filtered = small.add_probe(net.ens[1], synapse=0.02)
    for probe in (value, spikes, filtered):
        probe.attached.result(PATIENCE)
    plots = [
        LinesSpec(value, window=1.0),
        RatesSpec(spikes, window=1.0),
        LinesSpec(filtered, window=1.0),
    ]
    listener = small.subscribe(plots, width=10_000)
    small.step(200).result(PATIENCE)

    def shown():
        while True:
            listener.snapshot()
            frame = listener.get(PATIENCE)
            whole = frame.header["clear"] and len(frame.header["panels"]) == 3
            if whole and frame.header["n_steps"] == small.n_steps:
                return [frame.arrays(plot.id)["y"] for plot in plots]

    whole = shown()
    small._owner.timeline.branches["main"].moments[1:] = []
    small.history.go_on_from(0.1).result(PATIENCE)
    for one, other in zip(shown(), whole, strict=True):
        np.testing.assert_array_equal(one, other[:100])
    small.step(100).result(PATIENCE)
    for one, other in zip(shown(), whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_commands_are_answered_on_the_way_back(small, monkeypatch):
    monkeypatch.setattr(journey, "PIECE", 0.0)
    shares, answers = [], []

    def look(frame):
        shares.append(frame.header["returning"])
        if frame.header["returning"] is not None and not answers:
            # The thread is between two pieces: this is done before the next.
            answers.append(small.set_speed(2.0))
            answers.append(small.history.stay())
        listener.ack(frame.seq)

    listener = small.subscribe([], look)
    small.step(3000).result(PATIENCE)
    small._owner.timeline.branches["main"].moments[1:] = []
    before = state_of(small)
    with pytest.raises(SimulationError, match="given up"):
        small.history.go_on_from(2.9).result(PATIENCE)
    for answer in answers:
        answer.result(PATIENCE)
    assert (small.n_steps, small.history.branch, small.error) == (3000, "main", None)
    assert_same(state_of(small), before)
    # What needs the simulator waits until it has arrived.
    small._owner.timeline.branches["main"].moments[1:] = []
    back = small.history.go_on_from(2.9)
    small.step(10)
    small.wait_until("paused", PATIENCE)
    assert back.done()
    assert small.n_steps == 2910
    assert max(share for share in shares if share is not None) > 0.1
    assert small.status.returning is None


def test_a_plot_that_was_added_later_gets_what_a_branch_would_have_given(small, monkeypatch):
    monkeypatch.setattr(journey, "PIECE", 0.0)
    net, history = small.network, small.history
    first = LinesSpec(small.add_probe(net.value), window=0.1)
    rates = RatesSpec(small.add_probe(net.spikes), window=0.1, tau=0.002)
    listener = small.subscribe([first, rates])
    small.step(200).result(PATIENCE)
    small.set_input(net.drive, [-0.6])
    small.step(300).result(PATIENCE)
    history.go_on_from(0.2).result(PATIENCE)
    small.set_input(net.drive, [0.9])
    small.step(50).result(PATIENCE)

    later = LinesSpec(small.add_probe(net.value), window=0.1)
    later_rates = RatesSpec(small.add_probe(net.spikes), window=0.1, tau=0.002)
    every = [first, later, rates, later_rates]
    listener.set_plots(every).result(PATIENCE)
    before = state_of(small)
    done = history.recall("main", every)
    small.step(1).result(PATIENCE)  # it gives way
    assert done.result(PATIENCE) is True
    assert history.recall("main", every).result(PATIENCE) is False
    assert small.n_steps == 251
    rows = small._owner.delivery.recorder.left.rows("main")
    for spec, other in ((first, later), (rates, later_rates)):
        (at, values), (steps, known) = rows[other.key], rows[spec.key]
        known = known[np.isin(steps, at)]
        assert at[-1] == 500
        assert at[0] <= 201
        # Filters begin at rest with the state before; an engine's own probe has its state in it.
        begun = 0 if spec is first else 100
        np.testing.assert_allclose(values[begun:], known[begun:], atol=1e-4 * bool(begun))
    # The run has not noticed: undo is there, and the state.
    small.history.go_on_from(0.25).result(PATIENCE)
    assert_same(state_of(small), before)
    panels, _ = history.beside("main", every, 500).result(PATIENCE)
    assert [panel["id"] for panel in panels] == [spec.id for spec in every]


def test_the_budget_holds(small, monkeypatch):
    monkeypatch.setattr(timeline, "SHARE", 1e9)  # a run this fast has no time for many
    history = small.history
    small.run_for(3.0).result(PATIENCE)
    assert len(history.kept) >= 3
    one = history.nbytes / len(history.kept)
    history.budget = int(3.5 * one)
    small.run_for(4.0).result(PATIENCE)
    assert history.nbytes <= history.budget
    assert 2 <= len(history.kept) <= 3
    assert history.kept[0] == 0.0
    with pytest.raises(ValidationError, match="positive number of bytes"):
        history.budget = -1
    history.budget = 2**28


def test_what_is_not_there_is_said(small):
    history = small.history
    small.step(10).result(PATIENCE)
    for time, said in [(0.02, "from step 0 to 10"), (-1.0, "from 0 on"), (np.nan, "from 0 on")]:
        with pytest.raises(ValidationError, match=said):
            history.go_on_from(time).result(PATIENCE)
    with pytest.raises(ValidationError, match="no branch 'x'; there is 'main'"):
        history.switch("x").result(PATIENCE)
    with pytest.raises(ValidationError, match="there is a branch 'main' already"):
        history.go_on_from(0.005, "main").result(PATIENCE)
    assert small.n_steps == 10
    with pytest.raises(ValidationError, match="is the one that runs"):
        history.drop("main").result(PATIENCE)
    history.go_on_from(0.005, "b").result(PATIENCE)
    with pytest.raises(ValidationError, match="'b' begin on the branch 'main'"):
        history.drop("main").result(PATIENCE)
    history.switch("main").result(PATIENCE)
    history.drop("b").result(PATIENCE)
    assert [b.name for b in history.branches] == ["main"]
    assert history.step_back(3).result(PATIENCE).step == 7


# ---- until when ----------------------------------------------------------


def test_a_condition_stops_at_the_very_step(small):
    net = small.network
    small.run_until("first.value(0.01)[0] > 0.3 and t > 0.02").result(PATIENCE)
    at, state = small.n_steps, state_of(small)
    assert small.state == "finished"
    assert not small.probes
    small.reset().result(PATIENCE)
    small.step(300).result(PATIENCE)
    seen = small._owner.runner.sim
    with nengolab.Simulator(net, seed=5, progress_bar=False) as sim:
        sim.run_steps(300)
        hits = (sim.data[net.value][:, 0] > 0.3) & (sim.trange() > 0.0205)
        assert at == int(np.flatnonzero(hits)[0]) + 1
    assert seen.n_steps == 300
    small.history.go_on_from(at * 0.001).result(PATIENCE)
    assert_same(state_of(small), state)


def test_a_function_is_asked_no_further_than_it_has_to_be(small):
    asked = []

    def stop(t, x):
        asked.append((round(t, 4), x.shape))
        return t > 0.0305

    reached = small.run_until(stop, small.network.ens[2]).result(PATIENCE)
    assert reached == pytest.approx(0.031)
    assert small.n_steps == 31
    assert asked[-1] == (0.031, (1,))
    assert len(asked) == 31
    assert small.run_until(0.05).result(PATIENCE) == pytest.approx(0.05)
    with pytest.raises(ValidationError, match="not ahead"):
        small.run_until(0.05).result(PATIENCE)
    with pytest.raises(ValidationError, match="a condition or a function"):
        small.run_until(None)

    def fails(t):
        raise ZeroDivisionError("no condition")

    with pytest.raises(ZeroDivisionError):
        small.run_until(fails).result(PATIENCE)
    assert small.state == "error"
    assert small.n_steps == 50


def test_python_that_remembers_is_named_beforehand():
    seen = []
    with nengo.Network(seed=1) as net:
        node = nengo.Node(lambda t: seen.append(t) or len(seen) % 7, label="counter")
        ens = nengo.Ensemble(N, 1, label="ens")
        nengo.Connection(node, ens)
    with Session(net, speed=None) as small:
        small.step(20).result(PATIENCE)
        assert small.history.not_restorable == ["counter"]
        back = small.history.go_on_from(0.01).result(PATIENCE)
        assert not back.exact
        assert "counter" in back.why
        small.run_until("t > 0.0145").result(PATIENCE)
        assert small.n_steps == 15


def test_a_step_that_fails_again_leaves_the_run_where_it_was():
    broken = []

    def drive(t):
        if broken and t > 0.005:
            raise SimulationError("broken")
        return 0.5

    with nengo.Network(seed=1) as net:
        node = nengo.Node(drive, label="drive")
        nengo.Connection(node, nengo.Ensemble(N, 1, label="ens"))
    with Session(net, speed=None) as small:
        small.step(20).result(PATIENCE)
        before = state_of(small)
        broken.append(1)
        with pytest.raises(SimulationError, match="drive"):
            small.history.go_on_from(0.01).result(PATIENCE)
        assert small.n_steps == 20
        assert small.history.branch == "main"
        assert_same(state_of(small), before)


def test_a_hundredth_of_real_time(small_simulator):
    with Session(small_simulator, speed=0.01) as small:
        small.reset().result(PATIENCE)
        small.play()
        small.wait_time(0.003, PATIENCE)
        small.set_speed(None)
        small.wait_time(0.5, PATIENCE)
