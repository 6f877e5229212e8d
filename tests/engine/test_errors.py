"""What a person is told: the object's name, what was given, what would work."""

from __future__ import annotations

import traceback

import nengo
import numpy as np
import pytest
from nengo.exceptions import ConfigError, NengoException, NetworkContextError

import nengolab
from nengolab.exceptions import BuildError, SimulationError, SimulatorClosed, ValidationError


def small() -> nengo.Network:
    with nengo.Network(seed=1) as net:
        net.stimulus = nengo.Node(0.5, label="stimulus")
        net.a = nengo.Ensemble(20, 1, label="a", neuron_type=nengo.LIFRate())
        nengo.Connection(net.stimulus, net.a)
        net.probe = nengo.Probe(net.a, synapse=0.02, label="output")
    return net


@pytest.fixture(scope="module")
def sim():
    with nengolab.Simulator(small(), progress_bar=False) as sim:
        sim.run_steps(10)
        yield sim


# -- making a simulator --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dt": 0}, "dt: must be a number of seconds above 0, got 0"),
        ({"dt": -0.001}, "dt: .*got -0.001"),
        ({"dt": np.nan}, "dt: .*got nan"),
        ({"dt": "fast"}, "dt: .*got 'fast'"),
        ({"minibatch_size": 0}, "minibatch_size: must be a whole number from 1 up, got 0"),
        ({"minibatch_size": -1}, "minibatch_size: .*got -1"),
        ({"minibatch_size": 1.5}, "minibatch_size: .*got 1.5"),
        ({"minibatch_size": "a"}, "minibatch_size: .*got 'a'"),
        ({"minibatch_size": True}, "minibatch_size: .*got True"),
        ({"seed": "lucky"}, "seed: must be a whole number from 0 up, got 'lucky'"),
        ({"seed": 0.5}, "seed: .*got 0.5"),
        ({"seed": -3}, "seed: .*got -3"),
        ({"unroll_simulation": 0}, "unroll_simulation: must be a whole number from 1 up"),
        ({"device": "/gpu:77"}, "device: there is no device '/gpu:77'; there are .*CPU:0"),
        ({"device": "toaster"}, "device: there is no device 'toaster'"),
        ({"model": "built"}, "model: must be a nengo Model, got 'built'"),
        ({"network": "net"}, r"network: must be a nengo Network, got 'net' \(str\)"),
        ({"network": None}, "network: needs a nengo.Network, or a built model"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_wrong_arguments(wrong, message):
    arguments = {"network": small(), "progress_bar": False} | wrong
    with pytest.raises(ValidationError, match=message):
        nengolab.Simulator(**arguments)


@pytest.mark.parametrize("device", ["/cpu:0", "cpu:0", "/device:CPU:0", None])
def test_devices_that_exist(device):
    """Both in the thread that compiles and in the one that runs."""
    net = small()
    with nengolab.Simulator(net, device=device, progress_bar=False) as sim:
        sim.run_steps(40)
    assert sim.data[net.probe].shape == (40, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_parameters_that_are_no_numbers_are_named_when_building(bad):
    net = small()
    with net:
        out = nengo.Node(size_in=2, label="out")
        nengo.Connection(net.a, out, transform=[[1.0], [bad]], label="broken", synapse=None)
        nengo.Probe(out)
    with pytest.raises(
        BuildError, match=r"^broken.*weights.*(\d+ values are NaN or inf|contains NaN)"
    ):
        nengolab.Simulator(net, progress_bar=False)


def test_a_bound_may_be_infinite():
    net = small()
    net.a.neuron_type = nengo.LIF(min_voltage=-np.inf)
    with net:
        nengolab.configure_settings(dtype="float64")
        voltage = nengo.Probe(net.a.neurons, "voltage")
    net.stimulus.output = -1.0  # voltages that a bound at 0 would cut
    found = []
    for make in (nengo.Simulator, nengolab.Simulator):
        with make(net, progress_bar=False) as sim:
            sim.run_steps(30)
            found.append(sim.data[voltage].copy())
    assert found[0].min() < -0.1
    np.testing.assert_allclose(found[1], found[0], atol=1e-9)


# -- running -------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1, np.nan, np.inf, "1", None, [1, 2]])
def test_wrong_run_times(sim, wrong):
    before = sim.n_steps
    with pytest.raises(ValidationError, match="time_in_seconds: must be a number of seconds from"):
        sim.run(wrong)
    assert sim.n_steps == before


@pytest.mark.parametrize("wrong", [-1, 1.5, np.nan, np.inf, "3", None, True])
@pytest.mark.parametrize("use", ["run_steps", "advance"])
def test_wrong_numbers_of_steps(sim, use, wrong):
    before = sim.n_steps
    with pytest.raises(ValidationError, match="n_steps: must be a whole number from 0 up, got"):
        getattr(sim, use)(wrong)
    assert sim.n_steps == before


def test_no_steps_are_no_error(sim):
    before = sim.n_steps
    sim.run_steps(0)
    sim.run_steps(np.int64(2), progress_bar=True)
    sim.run_steps(3.0)
    assert sim.n_steps == before + 5


def test_wrong_seed_of_a_reset():
    with nengolab.Simulator(small(), progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="seed: must be a whole number"):
            sim.reset(seed="x")
        sim.reset(seed=3)


def test_after_close():
    net = small()
    sim = nengolab.Simulator(net, progress_bar=False)
    sim.run_steps(10)
    sim.close()
    sim.close()
    for use in (
        lambda: sim.run(0.1),
        lambda: sim.run(0),
        lambda: sim.run_steps(1),
        lambda: sim.advance(1),
        lambda: sim.set_input(net.stimulus, 1),
        lambda: sim.add_tap(net.a),
        lambda: sim.__enter__(),
        sim.step,
        sim.reset,
        sim.prepare,
    ):
        with pytest.raises(SimulatorClosed, match="simulator is closed; make a new one"):
            use()
    assert sim.data[net.probe].shape == (10, 1)
    assert sim.data[net.a].encoders.shape == (20, 1)
    assert sim.n_steps == 10
    assert len(sim.trange()) == 10


# -- names ---------------------------------------------------------------------------------------


def test_unknown_objects_of_data(sim):
    other = small()
    for wrong in (other.probe, "outptu", nengo.Node(0, add_to_container=False), 3):
        with pytest.raises(
            ValidationError, match="is not in the simulated network; its probes are 'output'.*'a'"
        ):
            sim.data[wrong]
    np.testing.assert_array_equal(sim.data["output"], sim.data[sim.network.probe])
    assert sim.data["a"] is sim.data[sim.network.a]


def test_unknown_nodes_of_set_input(sim):
    other = small()
    for wrong in (other.stimulus, "stimulos", sim.network.a, None):
        with pytest.raises(ValidationError, match="no Node without input.*those are 'stimulus'"):
            sim.set_input(wrong, 1.0)
    for wrong in ("x", [1, 2], np.nan, {}):
        with pytest.raises(ValidationError, match="stimulus puts out 1 finite number, got"):
            sim.set_input(sim.network.stimulus, wrong)
    sim.set_input("stimulus", 0.1)
    sim.set_input("stimulus", None)


def test_unknown_objects_of_taps(sim):
    with pytest.raises(ValidationError, match="not in the simulated network; it holds .*'a'"):
        sim.add_tap(small().a)


def test_long_lists_are_cut():
    with nengo.Network() as net:
        for i in range(30):
            nengo.Probe(nengo.Node(0.0, label=f"n{i}"))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="'probe of n19' and 10 more"):
            sim.data["x"]


# -- Python --------------------------------------------------------------------------------------


def raises_late(t, x=0):
    if t > 0.0255:
        raise RuntimeError("unplugged")  # the person's line
    return 0.0


@pytest.mark.parametrize("size_in", [0, 1])
def test_an_error_in_a_node_shows_the_line_it_came_from(size_in):
    with nengo.Network() as net:
        node = nengo.Node(raises_late, size_in=size_in, size_out=1, label="sensor")
        if size_in:
            nengo.Connection(node, node, synapse=0.1)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
        with pytest.raises(SimulationError, match="sensor.*raises_late.*unplugged.*0.026") as err:
            sim.run_steps(20)
        assert isinstance(err.value.__cause__, RuntimeError)
        shown = "".join(traceback.format_exception(err.value))
        assert "# the person's line" in shown
        assert "tensorflow" not in shown
        assert sim.n_steps == 20
        sim.run_steps(5)
        assert sim.n_steps == 25


def test_what_a_failed_tile_drew_is_drawn_once():
    """A process in a network with a failing Node gives the same values as without the failure."""

    def network(fails):
        with nengo.Network(seed=2) as net:
            net.noise = nengo.Probe(nengo.Node(nengo.processes.WhiteNoise(seed=1)))
            nengo.Node(lambda t: 1 / 0 if t > 0.0255 and fails else 0.0, label="flaky")
        return net

    net = network(fails=True)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        for steps in (10, 30, 5, 100, 10):
            try:
                sim.run_steps(steps)
            except SimulationError:
                continue
        assert sim.n_steps == 25
    other = network(fails=False)
    with nengolab.Simulator(other, progress_bar=False) as reference:
        reference.run_steps(25)
    np.testing.assert_array_equal(sim.data[net.noise], reference.data[other.noise])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, r"odd one.*returned None \(NoneType\); expected 2 numbers at t = 0.01"),
        ([1, 2, 3], r"odd one.*returned \[1, 2, 3\] \(list\); expected 2 numbers"),
        ("text", "odd one.*returned 'text'.*expected 2 numbers"),
        (np.nan, "odd one.*returned a non-finite value.*t = 0.01"),
        ([0, np.inf], "odd one.*non-finite"),
    ],
)
@pytest.mark.parametrize("size_in", [0, 1])
def test_wrong_values_of_a_node(value, message, size_in):
    with nengo.Network() as net:
        node = nengo.Node(
            lambda t, *x: [0, 0] if t < 0.0095 else value,
            size_in=size_in,
            size_out=2,
            label="odd one",
        )
        nengo.Probe(node)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(9)
        with pytest.raises(SimulationError, match=message):
            sim.step()
        assert sim.n_steps == 9


def test_an_exit_in_a_node_is_an_exit():
    def leave(t, x):
        if t > 0.0105:
            raise SystemExit(3)
        return x

    with nengo.Network() as net:
        node = nengo.Node(leave, size_in=1)
        nengo.Connection(node, node, synapse=0.1)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(SystemExit):
            sim.run_steps(30)
        sim.run_steps(5)


# -- NaN and infinity ----------------------------------------------------------------------------


@pytest.mark.parametrize("with_python", [False, True])
def test_the_exact_step_at_which_a_state_became_infinite(with_python):
    """With Python in the loop too, without calling it again."""
    called = []
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(10, 1, neuron_type=nengo.RectifiedLinear(), label="runaway")
        nengo.Connection(nengo.Node(1.0), a)
        nengo.Connection(a, a, transform=1e6, synapse=0.001, label="loop")
        if with_python:
            watch = nengo.Node(lambda t, x: called.append(t) or 0.0, size_in=1, size_out=1)
            nengo.Connection(a, watch, function=lambda x: 0.0)
            nengo.Connection(watch, a)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(2)
        before = len(called)
        with pytest.raises(
            SimulationError, match=r"^loop.* became NaN or infinite at step (\d+) .*is kept"
        ) as err:
            sim.run_steps(100)
        step = int(str(err.value).split("at step ")[1].split()[0])
        if with_python:
            once = called[before:]
            assert len(once) == len(set(once)) >= step - 2
        assert f"the state of step {sim.n_steps} is kept" in str(err.value)
        sim.run_steps(step - 1 - sim.n_steps)
        with pytest.raises(SimulationError, match=f"at step {step} "):
            sim.step()


def test_what_is_no_state_but_probed():
    with nengo.Network(seed=0) as net:
        node = nengo.Node(lambda t: 1.0 if t < 0.0295 else 1e30)
        a = nengo.Node(size_in=1, label="huge")
        nengo.Connection(node, a, transform=1e30, synapse=None)
        nengo.Probe(a)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(SimulationError, match="huge: output became NaN or infinite at step 30"):
            sim.run_steps(60)
        assert sim.n_steps == 0


# -- settings ------------------------------------------------------------------------------------


def test_settings_that_do_not_exist():
    with pytest.raises(NetworkContextError, match="outside of a network.*with network"):
        nengolab.configure_settings(dtype="float64")
    with nengo.Network():
        with pytest.raises(ConfigError, match="no setting 'speed'; the settings are .*dtype"):
            nengolab.configure_settings(speed="high")
        with pytest.raises(ValidationError, match="dtype: got 'float16'; valid.*'float32'"):
            nengolab.configure_settings(dtype="float16")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("planner", None),
        ("sorter", lambda *_: None),
        ("simplifications", []),
        ("use_loop", True),
    ],
)
def test_settings_that_leave_nothing_to_choose(name, value):
    net = small()
    with net, pytest.warns(UserWarning, match=f"{name}.*accepted and changes nothing: "):
        nengolab.configure_settings(**{name: value, "dtype": "float64"})
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(2)
    assert sim.data[net.probe].dtype == np.float64


def test_all_errors_are_nengo_errors():
    for error in (BuildError, ConfigError, NetworkContextError, SimulationError, SimulatorClosed):
        assert issubclass(error, NengoException)
