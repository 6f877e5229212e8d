"""Data fed to Nodes in a run: outputs are those of ``nengo.Simulator`` whose Nodes give them."""

import pickle

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.exceptions import SimulationError, UnknownObject, ValidationError

STEPS = 1300  # more than two tiles


class Remembers:
    """A function with a memory, which is called back and counts its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, t):
        self.calls += 1
        return 0.001 * self.calls


def network(sources):
    """Five kinds of source into one ensemble: those of ``sources``, and one that is never fed."""
    with nengo.Network(seed=3) as net:
        nengolab.configure_settings(dtype="float64")
        net.nodes_in = [nengo.Node(source, size_out=1, label=n) for n, source in sources.items()]
        clock = nengo.Node(lambda t: 0.3 * np.sin(20 * t), label="clock")
        ens = nengo.Ensemble(30, 1)
        for node in (*net.nodes_in, clock):
            nengo.Connection(node, ens, synapse=None)
        # What reads the network is called back in step, and then so is all that is tied.
        net.reader = nengo.Node(Reader(), size_in=1, size_out=1)
        nengo.Connection(ens, net.reader)
        net.p = nengo.Probe(ens, synapse=0.01)
        net.q = nengo.Probe(net.reader)
        net.spikes = nengo.Probe(ens.neurons)
        net.rare = nengo.Probe(ens, synapse=0.01, sample_every=0.005)
    return net


class Reader:
    def __init__(self):
        self.seen = []

    def __call__(self, t, x):
        self.seen.append(t)
        return x * 2


SOURCES = {
    "constant": [0.25],
    "zero": [0],
    "function": lambda t: np.cos(t),
    "process": nengo.processes.WhiteSignal(2.0, high=10, seed=5),
    "remembers": Remembers(),
}


def signals(batch, steps, n=5):
    rng = np.random.RandomState(1)
    return 0.4 * rng.uniform(-1, 1, (n, batch, steps, 1))


def nengo_network(values):
    """The same network whose Nodes give ``values`` ``(steps, 1)`` at each step, by label."""
    return network(
        {
            name: (lambda t, v=values[name]: v[round(t / 0.001) - 1]) if name in values else source
            for name, source in SOURCES.items()
        }
    )


def simulator(net, minibatch_size=None):
    return nengolab.Simulator(net, minibatch_size=minibatch_size, progress_bar=False, seed=0)


def run_nengo(net, steps):
    with nengo.Simulator(net, progress_bar=False, seed=0) as ref:
        ref.run_steps(steps)
        return {k: np.array(ref.data[getattr(net, k)]) for k in ("p", "q", "spikes", "rare")}


def same(sim, net, expected, item=None):
    for key, value in expected.items():
        seen = sim.data[getattr(net, key)]
        np.testing.assert_allclose(seen if item is None else seen[item], value, atol=1e-9)


def test_every_kind_of_source_over_several_tiles():
    given = dict(zip(SOURCES, signals(1, STEPS), strict=True))
    expected = run_nengo(nengo_network({k: v[0] for k, v in given.items()}), STEPS)
    net = network(SOURCES)
    data = {node if i % 2 else node.label: given[node.label] for i, node in enumerate(net.nodes_in)}
    with simulator(net) as sim:
        before = SOURCES["remembers"].calls
        sim.run(0.001 * STEPS, data=data)
        same(sim, net, expected)
        assert sim.n_steps == STEPS
        assert SOURCES["remembers"].calls == before  # what is fed is not called
        np.testing.assert_allclose(sim.trange(0.005), np.arange(5, STEPS + 1, 5) * 0.001)


def test_each_batch_item_has_its_own_data():
    given = signals(3, 40)
    net = network(SOURCES)
    with simulator(net, 3) as sim:
        sim.run_steps(40, data=list(given))
        for item in range(3):
            values = dict(zip(SOURCES, given[:, item], strict=True))
            same(sim, net, run_nengo(nengo_network(values), 40), item)


def test_after_the_run_nodes_are_themselves_again():
    """Own outputs, then data for some, then own outputs: as with values by time in nengo."""
    given = signals(1, 20)[0]
    with_process_at_rest = SOURCES | {"process": [0], "remembers": [0.1]}
    net = network(with_process_at_rest)
    before, after = (0.001 * np.arange(*ends)[:, None] for ends in ((1, 11), (31, 41)))
    own = {
        "constant": np.concatenate([np.full((10, 1), 0.25), given[0], np.full((10, 1), 0.25)]),
        "function": np.concatenate([np.cos(before), given[0], np.cos(after)]),
    }
    ref = network(
        with_process_at_rest | {k: (lambda t, v=v: v[round(t / 0.001) - 1]) for k, v in own.items()}
    )
    with simulator(net) as sim:
        sim.run_steps(10)
        sim.run_steps(20, data=dict.fromkeys(own, given))
        sim.run_steps(10)
        same(sim, net, run_nengo(ref, 40))


def test_a_process_rests_while_it_is_fed():
    process = nengo.processes.WhiteNoise(seed=2)
    with nengo.Network(seed=0) as net:
        node = nengo.Node(process, label="noise")
        p = nengo.Probe(node)
    with simulator(net) as sim, nengo.Simulator(net, progress_bar=False) as ref:
        ref.run_steps(20)
        sim.run_steps(10)
        sim.run_steps(5, data=np.ones((1, 5, 1)))
        sim.run_steps(10)
        expected = np.concatenate([ref.data[p][:10], np.ones((5, 1)), ref.data[p][10:]])
        np.testing.assert_allclose(sim.data[p], expected, rtol=1e-6)


@pytest.fixture(scope="module")
def small():
    with nengo.Network(seed=0) as net:
        net.a = nengo.Node([0.5, -0.5], label="pixels")
        net.b = nengo.Node(lambda t: t, label="clock")
        net.p = nengo.Probe(net.a)
        net.q = nengo.Probe(net.b)
        net.last = nengo.Probe(net.a, synapse=0.01)
        nengolab.configure_settings(keep_history=True)
        net.config[net.last].keep_history = False
    with simulator(net, 2) as sim:
        yield sim, net


def test_steps_and_forms(small):
    sim, net = small
    sim.reset()
    x = np.random.RandomState(0).rand(2, 3, 2)
    sim.run_steps(3, data=x)
    sim.run_steps(3, data=[x, np.full((2, 3, 1), 9)])
    for i in range(3):
        sim.step(data={"pixels": x[:, i : i + 1].tolist()})
    sim.run_steps(3, data={})
    assert sim.n_steps == 12
    np.testing.assert_allclose(sim.data[net.p][:, :9], np.tile(x, (1, 3, 1)), rtol=1e-6)
    np.testing.assert_allclose(sim.data[net.p][:, 9:], np.broadcast_to([0.5, -0.5], (2, 3, 2)))
    t = 0.001 * np.arange(1, 13)
    t[3:6] = 9
    np.testing.assert_allclose(sim.data[net.q], np.broadcast_to(t[:, None], (2, 12, 1)), rtol=1e-6)
    filtered, decay = np.zeros((2, 2)), np.exp(-0.1)
    for i in range(11):  # Nengo updates a filter at the end of a step
        filtered = decay * filtered + (1 - decay) * sim.data[net.p][:, i]
    np.testing.assert_allclose(sim.data[net.last][:, 0], filtered, rtol=1e-5)
    np.testing.assert_allclose(sim.data[net.p][:, :3], sim.predict(x)[net.p], rtol=1e-6)


def test_without_state(small):
    sim, net = small
    sim.reset()
    x = np.random.RandomState(0).rand(2, 3, 2)
    before = sim.state
    sim.run_steps(3, data=x, stateful=False)
    sim.run_steps(3, data=x)
    assert sim.n_steps == 3
    np.testing.assert_array_equal(sim.data[net.p][:, :3], sim.data[net.p][:, 3:])
    sim.state = before
    np.testing.assert_array_equal(sim.predict(x)[net.last], sim.predict(x)[net.last])


def test_what_was_set_by_hand_holds_where_nothing_is_fed(small):
    sim, net = small
    sim.reset()
    sim.set_input(net.a, [3, 4])
    sim.run_steps(2)
    sim.run_steps(2, data={net.a: np.ones((2, 2, 2))})
    sim.run_steps(2)
    sim.set_input(net.a, None)
    sim.step()
    first = [[3, 4]] * 2 + [[1, 1]] * 2 + [[3, 4]] * 2 + [[0.5, -0.5]]
    np.testing.assert_allclose(sim.data[net.p][0], first)


def test_taps_see_what_is_fed(small):
    """Also one whose form was being compiled for constants when the data came."""
    sim, net = small
    sim.reset()
    tap = sim.add_tap(net.a)
    x = np.random.RandomState(0).rand(2, 3, 2)
    sim.run_steps(3, data=x)
    sim.prepare()
    np.testing.assert_allclose(sim.data[net.p], x, rtol=1e-6)
    sim.run_steps(3, data=x)
    np.testing.assert_allclose(sim.data[net.p][:, 3:], x, rtol=1e-6)
    np.testing.assert_allclose(sim.advance(1)[tap][:, 0], [[0.5, -0.5]] * 2)
    sim.remove_tap(tap)


def test_no_more_compiles_than_without(small):
    sim, _ = small
    sim.reset()
    x = np.random.RandomState(0).rand(2, 40, 2)
    sim.run_steps(40, data=x)
    program = sim._engine.runner.program
    before = program.traces
    for n in (1, 7, 40):
        sim.run_steps(n, data=x[:, :n])
        sim.run_steps(n)
    assert sim._engine.runner.program is program
    assert program.traces == before


@pytest.mark.parametrize(
    ("data", "kind", "match"),
    [
        ({"pixel": np.ones((2, 3, 2))}, UnknownObject, "'pixel'.*'pixels', 'clock'"),
        (np.ones((2, 3, 5)), ValidationError, "input 'pixels'.*one step of it holds 2, not 5"),
        (np.ones((3, 2)), ValidationError, "batch axis is missing"),
        (np.ones((2, 4, 2)), ValidationError, "says 3 steps, the data have 4; give data"),
        (np.ones((1, 3, 2)), ValidationError, "1 batch items.*np.repeat"),
        (np.ones((5, 3, 2)), ValidationError, "5 batch items.*minibatch_size=5"),
        (np.full((2, 3, 2), np.nan), ValidationError, "nan in batch item 0, step 0"),
        ((x for x in []), ValidationError, "takes arrays .*got a generator"),
        ("pixels", ValidationError, "expected real numbers"),
    ],
)
def test_data_that_do_not_fit_change_nothing(small, data, kind, match):
    sim, net = small
    sim.reset()
    with pytest.raises(kind, match=match) as caught:
        sim.run_steps(3, data=data)
    assert isinstance(caught.value, ValueError)
    assert "x." not in str(caught.value).split("np.")[0]
    assert sim.n_steps == 0
    assert sim.data[net.p].shape[1] == 0


def test_after_an_error_nothing_is_fed():
    def breaks(t):
        if t > 0.0035:
            raise RuntimeError("unplugged")
        return t

    with nengo.Network() as net:
        node = nengo.Node([0.5])
        nengo.Probe(nengo.Node(breaks, size_out=1, label="camera"))
        p = nengo.Probe(node)
    with simulator(net) as sim:
        with pytest.raises(SimulationError, match="camera"):
            sim.run_steps(100, data={node: np.ones((1, 100, 1))})
        done = sim.n_steps
        sim.run_steps(3 - done)
        np.testing.assert_allclose(sim.data[p][done:], 0.5)


def test_a_pickled_simulator_is_fed_too():
    with nengo.Network() as net:
        node = nengo.Node([0.5])
        net.p = nengo.Probe(node, label="p")
    x = np.random.RandomState(0).rand(1, 4, 1)
    with simulator(net) as sim:
        sim.run_steps(4, data=x)
        again = pickle.loads(pickle.dumps(sim))
    with again:
        again.run_steps(4, data=x)
        again.step()
        expected = [*x[0], *x[0], [0.5]]
        np.testing.assert_allclose(again.data["p"], expected, rtol=1e-6)
