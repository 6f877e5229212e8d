"""Changes while a network runs, against nengo.Simulator built anew with those values.

One network holds a population of each neuron type, synapses and learning rules of each kind. After
each change Nengo builds it again, from arrays, and goes on from the signals of the one before.
"""

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, ValidationError
from nengo.solvers import NoSolver

import nengolab
from nengolab.exceptions import UnknownObject

N = 12
STEPS = 60
LOW = nengo.Lowpass(1.0)
TYPES = {
    "lif": (nengo.LIF, {"tau_rc": 0.02, "tau_ref": 0.002, "amplitude": 1.0, "min_voltage": 0.0}),
    "adaptive": (nengo.AdaptiveLIF, {"tau_n": 0.1, "inc_n": 0.01, "tau_rc": 0.02}),
    "lif_rate": (nengo.LIFRate, {"tau_rc": 0.02, "tau_ref": 0.002}),
    "adaptive_rate": (nengo.AdaptiveLIFRate, {"tau_n": 0.1, "inc_n": 0.01}),
    "relu": (nengo.RectifiedLinear, {"amplitude": 1.0}),
    "spiking_relu": (nengo.SpikingRectifiedLinear, {"amplitude": 1.0}),
    "sigmoid": (nengo.Sigmoid, {"tau_ref": 0.0025}),
    "tanh": (nengo.Tanh, {"tau_ref": 0.0025}),
    "izhikevich": (nengo.Izhikevich, {"tau_recovery": 0.02, "coupling": 0.2}),
    "leaky": (nengolab.LeakyReLU, {"negative_slope": 0.3}),
}
SYNAPSES = {
    "lowpass": nengo.Lowpass(0.005),
    "alpha": nengo.Alpha(0.02),
    "triangle": nengo.Triangle(0.006),
    "direct": nengo.LinearFilter([0.01, 1.0], [0.02, 1.0]),
}


def first_config():
    """What the network is built of, as arrays; one dictionary, from which changes are copied."""
    rng = np.random.RandomState(5)
    config = {f"{name}.{key}": v for name, (_, own) in TYPES.items() for key, v in own.items()}
    for name in TYPES:
        config[f"{name}.gain"] = rng.uniform(1.0, 3.0, N)
        config[f"{name}.bias"] = rng.uniform(0.5, 3.0, N)
        config[f"{name}.encoders"] = np.where(rng.rand(N, 1) < 0.5, -1.0, 1.0)
        config[f"{name}.decoders"] = rng.uniform(-1, 1, (N, 1)) * 1e-3
    config |= {f"{key}.synapse": synapse for key, synapse in SYNAPSES.items()}
    config |= {f"{key}.open": 1.0 for key in SYNAPSES}
    config["weights"] = rng.uniform(-0.01, 0.01, (N, N))
    config |= {"pes": 1e-4, "bcm": 1e-9, "oja": 1e-6, "voja": 1e-2}
    config["pes.pre_synapse"] = nengo.Lowpass(0.005)
    return config


@dataclass
class Built:
    """The network of a configuration."""

    config: dict
    ens: dict = field(default_factory=dict)
    conn: dict = field(default_factory=dict)

    def __post_init__(self):
        config = self.config
        with nengo.Network(seed=3) as self.net:
            nengolab.configure_settings(dtype="float64")
            self.stim = nengo.Node(lambda t: np.sin(20 * t), label="stim")
            for name, (kind, own) in TYPES.items():
                neurons = kind(**{key: config[f"{name}.{key}"] for key in own})
                tuning = {key: config[f"{name}.{key}"] for key in ("gain", "bias", "encoders")}
                ens = nengo.Ensemble(N, 1, neuron_type=neurons, label=name, **tuning)
                out = nengo.Node(size_in=1, label=f"{name} out")
                nengo.Connection(self.stim, ens, synapse=None)
                self.conn[f"{name} out"] = nengo.Connection(
                    ens, out, solver=self._decoders(name), label=f"{name} decoded"
                )
                self.ens[name] = ens
            self._connect_synapses()
            self._connect_rules()
            self._probe()

    def _decoders(self, name):
        return NoSolver(self.config[f"{name}.decoders"])

    def _connect_synapses(self):
        for key in SYNAPSES:
            end = nengo.Node(size_in=1, label=f"{key} end")
            self.conn[key] = nengo.Connection(
                self.stim,
                end,
                synapse=self.config[f"{key}.synapse"],
                transform=2.0 * self.config[f"{key}.open"],
                label=key,
            )
        self.conn["neurons"] = nengo.Connection(
            self.ens["relu"].neurons,
            self.ens["lif_rate"].neurons,
            transform=self.config["weights"],
            label="neurons",
        )

    def _connect_rules(self):
        config, ens = self.config, self.ens
        rules = {
            "pes": nengo.PES(config["pes"], pre_synapse=config["pes.pre_synapse"]),
            "bcm": nengo.BCM(config["bcm"]),
            "oja": nengo.Oja(config["oja"]),
            "voja": nengo.Voja(config["voja"]),
            "rls": nengo.RLS(1e-3),
        }
        post = nengo.Ensemble(
            N, 1, gain=np.ones(N), bias=np.ones(N), encoders=np.ones((N, 1)), label="voja post"
        )
        for name in ("pes", "rls"):
            end = nengo.Node(size_in=1, label=f"{name} end")
            conn = nengo.Connection(
                ens["lif"],
                end,
                solver=self._decoders("lif"),
                learning_rule_type=rules[name],
                label=f"{name} conn",
            )
            nengo.Connection(end, conn.learning_rule, synapse=0.01)
            nengo.Connection(self.stim, conn.learning_rule, transform=-1)
            self.conn[name] = conn
        for name in ("bcm", "oja"):
            self.conn[name] = nengo.Connection(
                ens["lif"].neurons,
                ens["adaptive"].neurons,
                transform=np.full((N, N), 1e-3),
                learning_rule_type=rules[name],
                label=f"{name} conn",
            )
        self.conn["voja"] = nengo.Connection(
            ens["lif"],
            post,
            solver=self._decoders("lif"),
            learning_rule_type=rules["voja"],
            label="voja conn",
        )
        self.ens["voja post"] = post

    def _probe(self):
        self.probes = {name: nengo.Probe(ens.neurons) for name, ens in self.ens.items()}
        ends = [node for node in self.net.nodes if node.size_in]
        self.probes |= {node.label: nengo.Probe(node) for node in ends}
        for name in ("pes", "bcm", "oja", "rls"):
            self.probes[f"{name} weights"] = nengo.Probe(self.conn[name], "weights")
        self.probes["voja encoders"] = nengo.Probe(
            self.conn["voja"].learning_rule, "scaled_encoders"
        )


class Reference:
    """nengo.Simulator, which is built again for each change and goes on from its signals."""

    def __init__(self, config):
        self.built = Built(config)
        self.sim = self._make()

    def _make(self):
        return nengo.Simulator(self.built.net, seed=0, optimize=False, progress_bar=False)

    def change(self, adapt: Callable | None = None, **values):
        """Build anew with these values, and go on from the signals as they are."""
        before, was = self.sim, self._signals()
        self.built = Built(self.built.config | values)
        self.sim = self._make()
        for new, old in zip(self._signals(), was, strict=True):
            assert new.shape == old.shape, (new, old)
            if not new.readonly and new.name not in ("0", "1"):
                self._write(new, before.signals[old])
        if adapt is not None:
            adapt(self)
        before.close()

    def _signals(self):
        every = [s for op in self.sim.model.operators for s in op.all_signals]
        return list({s.base: None for s in every})

    def _write(self, signal, value):
        self.sim.signals[signal][...] = value

    def state_of(self, obj, key):
        """The array that Nengo keeps for a synapse or a population."""
        ops = [op for op in self.sim.model.operators if hasattr(op, "state")]
        if isinstance(obj, nengo.Ensemble):
            (op,) = [
                op for op in ops if getattr(op, "J", None) is self.sim.model.sig[obj.neurons]["in"]
            ]
        else:
            (op,) = [op for op in ops if getattr(op, "process", None) is obj]
        return self.sim.signals[op.state[key]]


class Both:
    """Our simulator and the reference, step by step beside each other."""

    def __init__(self):
        config = first_config()
        self.reference, self.built = Reference(config), Built(config)
        self.sim = nengolab.Simulator(self.built.net, seed=0, progress_bar=False)

    def run_and_compare(self, but=()):
        start = {name: len(self.sim.data[p]) for name, p in self.built.probes.items()}
        self.sim.run_steps(STEPS)
        begun = self.reference.sim
        begun.clear_probes()
        begun.run_steps(STEPS, progress_bar=False)
        for name, probe in self.built.probes.items():
            if name in but:
                continue
            ours = self.sim.data[probe][start[name] :]
            theirs = begun.data[self.reference.built.probes[name]]
            scale = max(1.0, np.abs(theirs).max())
            np.testing.assert_allclose(ours, theirs, atol=1e-9 * scale, rtol=1e-7, err_msg=name)


@pytest.fixture(scope="module")
def both():
    """Run for a while as built; each test puts back what it changed."""
    pair = Both()
    pair.run_and_compare()
    yield pair
    pair.sim.close()
    pair.reference.sim.close()


NEW = {
    "lif": {"tau_rc": 0.05, "amplitude": 0.5, "min_voltage": -0.5},
    "adaptive": {"tau_n": 0.05, "inc_n": 0.03, "tau_rc": 0.01},
    "lif_rate": {"tau_rc": 0.04, "tau_ref": 0.004},
    "adaptive_rate": {"tau_n": 0.03, "inc_n": 0.02},
    "relu": {"amplitude": 2.0},
    "spiking_relu": {"amplitude": 0.3},
    "sigmoid": {"tau_ref": 0.005},
    "tanh": {"tau_ref": 0.001},
    "izhikevich": {"tau_recovery": 0.03, "coupling": 0.25},
    "leaky": {"negative_slope": 0.1},
}


def test_constants_of_each_neuron_type(both):
    before = both.reference.built.config
    edits = [
        both.sim.set_parameter(both.built.ens[name], role, value)
        for name, own in NEW.items()
        for role, value in own.items()
    ]
    both.reference.change(**{f"{n}.{role}": v for n, own in NEW.items() for role, v in own.items()})
    both.run_and_compare()
    for edit in reversed(edits):
        both.sim.apply(edit.back)
    both.reference.change(**before)
    both.run_and_compare()


def test_a_shorter_refractory_time_holds_for_those_that_rest(both):
    lif = both.built.ens["lif"]
    both.sim.set_parameter(lif, "tau_ref", 0.012)
    both.reference.change(**{"lif.tau_ref": 0.012})
    both.run_and_compare()

    def adapt(reference):
        rest = reference.state_of(reference.built.ens["lif"], "refractory_time")
        assert (rest > 0.002).any()
        rest[...] = np.minimum(rest, 0.002)

    both.sim.set_parameter(lif, "tau_ref")
    both.reference.change(adapt, **{"lif.tau_ref": 0.002})
    both.run_and_compare()


@pytest.mark.parametrize("name", ["lif", "sigmoid", "tanh", "adaptive_rate"])
def test_gains_biases_and_encoders(both, name):
    ens, config = both.built.ens[name], both.reference.built.config
    gain = config[f"{name}.gain"].copy()
    gain[3], bias = 0.5, config[f"{name}.bias"] * 0.5
    encoders = -config[f"{name}.encoders"]
    changed = [
        both.sim.set_parameter(ens, "gain", 0.5, at=3),
        both.sim.set_parameter(name, "bias", scale=0.5),
        both.sim.set_parameter(ens.neurons, "encoders", scale=-1.0),
    ]
    both.reference.change(
        **{f"{name}.gain": gain, f"{name}.bias": bias, f"{name}.encoders": encoders}
    )
    both.run_and_compare()
    for edit in reversed(changed):
        both.sim.apply(edit.back)
    both.reference.change(**{k: config[k] for k in config if k.startswith(f"{name}.")})
    both.run_and_compare()


def test_decoders_and_weights(both):
    config = both.reference.built.config
    decoders, weights = config["lif.decoders"].copy(), config["weights"].copy()
    decoders[4], weights[:, :5] = 0.01, 0.0
    out = both.built.conn["tanh out"]
    both.sim.set_parameter("neurons", "weights", 0.0, at=np.s_[:, :5])
    both.sim.set_parameter(out, "decoders", 0.01, at=(0, 4))
    tanh = config["tanh.decoders"].copy()
    tanh[4] = 0.01
    both.reference.change(weights=weights, **{"tanh.decoders": tanh})
    both.run_and_compare()
    both.sim.set_parameter("neurons", "weights")
    both.sim.set_parameter(out, "weights", scale=0.0)
    both.reference.change(weights=config["weights"], **{"tanh.decoders": 0 * tanh})
    both.run_and_compare()
    both.sim.set_parameter(out, "weights", None)
    both.reference.change(**config)
    both.run_and_compare()


def test_synapses_of_each_kind(both):
    config = both.reference.built.config
    other = {
        "lowpass": nengo.Lowpass(0.05),
        "alpha": nengo.Alpha(0.05),
        "direct": nengo.LinearFilter([0.02, 0.5], [0.03, 1.0]),
        "pes.pre_synapse": nengo.Lowpass(0.02),
    }

    def adapt(reference):
        x = reference.state_of(reference.built.conn["alpha"].synapse, "X")
        x[0] *= 0.05 / 0.02  # the output goes on from where it is
        x[1] *= (0.05 / 0.02) ** 2

    both.sim.set_parameter(both.built.conn["lowpass"], "synapse", 0.05)
    both.sim.set_parameter("alpha", "synapse", scale=2.5)
    both.sim.set_parameter("direct", "synapse", other["direct"])
    both.sim.set_parameter("pes conn", "pre_synapse", 0.02)
    both.reference.change(adapt, **{k if "." in k else f"{k}.synapse": v for k, v in other.items()})
    both.run_and_compare()

    def adapt_back(reference):
        x = reference.state_of(reference.built.conn["alpha"].synapse, "X")
        x[0] *= 0.02 / 0.05
        x[1] *= (0.02 / 0.05) ** 2

    for name, role in [(n, "synapse") for n in ("lowpass", "alpha", "direct")]:
        both.sim.set_parameter(name, role)
    both.sim.set_parameter("pes conn", "pre_synapse")
    both.reference.change(adapt_back, **config)
    both.run_and_compare()


def test_learning_rates_and_learning_off(both):
    config = both.reference.built.config
    other = {"pes": 1e-3, "bcm": 1e-8, "oja": 1e-5, "voja": 1e-1}
    for name, rate in other.items():
        both.sim.set_parameter(both.built.conn[name], "learning_rate", rate)
    both.reference.change(**other)
    both.run_and_compare()
    for name in other:
        both.sim.set_learning(both.built.conn[name], False)
    both.reference.change(**dict.fromkeys(other, 0.0))
    both.run_and_compare()
    for name in other:
        both.sim.set_learning(both.built.conn[name], True)
        both.sim.set_parameter(both.built.conn[name], "learning_rate")
    both.reference.change(**config)
    both.run_and_compare()


def test_connections_of_each_kind_cut_and_mended(both):
    config = both.reference.built.config
    for name in SYNAPSES:
        both.sim.cut(both.built.conn[name])
    both.reference.change(**{f"{name}.open": 0.0 for name in SYNAPSES})
    both.run_and_compare()
    for name in SYNAPSES:
        both.sim.mend(name)
    both.reference.change(**config)
    both.run_and_compare()


def test_lesioned_neurons_are_silent_and_the_others_go_on(both):
    """What follows is what Nengo computes without their decoders; the neurons recover after."""
    config = both.reference.built.config
    hit = ["lif_rate", "sigmoid", "tanh", "leaky"]  # no state: whole again in the next step
    values = {}
    for name in hit:
        both.sim.lesion(both.built.ens[name], [0, 5])
        values[f"{name}.decoders"] = config[f"{name}.decoders"].copy()
        values[f"{name}.decoders"][[0, 5]] = 0
    both.reference.change(**values)
    start = both.sim.n_steps
    both.run_and_compare(but=hit)
    for name in hit:
        ours = both.sim.data[both.built.probes[name]][start:]
        theirs = both.reference.sim.data[both.reference.built.probes[name]].copy()
        theirs[:, [0, 5]] = 0
        np.testing.assert_allclose(ours, theirs, atol=1e-6, err_msg=name)
        both.sim.heal(name)
    both.reference.change(**config)
    both.run_and_compare()


def test_a_share_that_grows_takes_those_of_a_smaller_one(both):
    ens = both.built.ens["lif"]
    before = both.sim.standing
    some = both.sim.lesion(ens, 0.25)
    more = both.sim.lesion(ens, 0.5)
    assert [len(some.after), len(more.after)] == [3, 6]
    assert set(some.after) < set(more.after)
    assert more.before == some.after
    both.sim.standing = before
    assert both.sim.lesion(ens, 0.0).before == []


def test_rls_is_switched_off_and_on(both):
    state = both.sim.state
    conn = both.built.conn["rls"]
    both.sim.set_learning(conn, False)
    both.sim.run_steps(20)
    still = [n for n in state.arrays if n.startswith("rls conn")]
    still = [n for n in still if n.endswith((".weights", ".inv_gamma"))]
    assert len(still) == 2
    for key in still:
        np.testing.assert_array_equal(both.sim.state.arrays[key], state.arrays[key])
    both.sim.set_learning(conn, True)
    both.sim.state = state
    both.run_and_compare()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda s, b: s.set_parameter("nowhere", "bias", 1), UnknownObject, "'nowhere'"),
        (
            lambda s, b: s.set_parameter("lif", "tau", 1),
            ValidationError,
            "lif has no 'tau'.*tau_rc",
        ),
        (lambda s, b: s.set_parameter("lif", "tau_rc", -1.0), ValidationError, "lif.*tau_rc.*-1"),
        (lambda s, b: s.set_parameter("lif", "bias", [1, 2]), ValidationError, r"bias.*\(12,\)"),
        (lambda s, b: s.set_parameter("lif", "bias", np.nan), ValidationError, "12 of 12"),
        (lambda s, b: s.set_parameter("lif", "bias", 1.0, at=12), ValidationError, "bias.*12"),
        (
            lambda s, b: s.set_parameter("alpha", "synapse", LOW),
            ValidationError,
            "Alpha",
        ),
        (
            lambda s, b: s.set_parameter("alpha", "synapse", "slow"),
            ValidationError,
            "alpha.*'slow'",
        ),
        (lambda s, b: s.set_parameter("pes conn", "learning_rate", -1), ValidationError, "pes.*-1"),
        (lambda s, b: s.lesion("lif", 3), ValidationError, "lif has 12 neurons"),
        (lambda s, b: s.lesion("lif", [12]), ValidationError, "0 to 11"),
        (lambda s, b: s.lesion("lif", 1.5), ValidationError, "0.0 to 1.0"),
        (lambda s, b: s.lesion("izhikevich", 0.5), ValidationError, "izhikevich.*Izhikevich"),
        (lambda s, b: s.lesion("stim", 0.5), ValidationError, "stim.*Node"),
        (
            lambda s, b: s.set_learning("alpha", False),
            ValidationError,
            "no learning rule",
        ),
        (lambda s, b: s.cut("lif"), ValidationError, "lif is an Ensemble"),
    ],
)
def test_what_does_not_work_is_said(both, change, error, said):
    before = both.sim.standing
    with pytest.raises(error, match=said):
        change(both.sim, both.built)
    after = both.sim.standing
    assert before.laid == after.laid
    assert before.values.keys() == after.values.keys()


def test_training_does_not_see_a_lesioned_network(both):
    edit = both.sim.lesion("lif", 0.5)
    with pytest.raises(SimulationError, match="lesion of 'lif'"):
        both.sim.predict(n_steps=5)
    both.sim.apply(edit.back)


def test_single_precision_takes_another_formula_where_it_must():
    """A time constant for which the series in use has too few terms; a floor below 0."""
    data = {}
    for dtype in ("float32", "float64"):
        with nengo.Network(seed=1) as net:
            nengolab.configure_settings(dtype=dtype)
            ens = nengo.Ensemble(50, 1, label="ens")
            seen = nengo.Probe(ens.neurons, "voltage")
        with nengolab.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(20)
            sim.set_parameter(ens, "tau_rc", 0.0015)
            sim.set_parameter(ens, "bias", -0.7, at=np.s_[::2])
            sim.set_parameter(ens, "min_voltage", -0.3)
            sim.run_steps(10)
            data[dtype] = sim.data[seen]
    assert data["float64"].min() == -0.3
    np.testing.assert_allclose(data["float32"], data["float64"], atol=2e-5)


def ready(sim, obj):
    """Ask for a tap and wait until its form is compiled; the next tile takes it up."""
    tap = sim.add_tap(obj)
    until = time.monotonic() + 60
    while not tap.ready:
        assert tap.error is None
        assert time.monotonic() < until
        time.sleep(0.001)
    return tap


def test_what_is_laid_or_taken_off_while_a_form_is_compiled_counts():
    with nengo.Network(seed=1) as net:
        ens, other = (nengo.Ensemble(20, 1, label=label) for label in ("ens", "other"))
        nengo.Connection(nengo.Node([0.5]), ens)
    state = {}
    for tapped in (False, True):
        with nengolab.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(20)
            for looked_at, then in [(other, 0.4), (ens, 0.8), (ens.neurons, 0.0)]:
                if tapped:
                    ready(sim, looked_at)
                sim.lesion(ens, then)
                sim.run_steps(30)
            state[tapped] = sim.state.arrays
    for name, array in state[False].items():
        np.testing.assert_array_equal(array, state[True][name], err_msg=name)


def test_a_form_that_does_not_compute_right_with_what_was_set_meanwhile_is_not_taken_up():
    """One for a long time constant has too few terms for a short one, which is set by then."""
    data = {}
    for dtype in ("float32", "float64"):
        with nengo.Network(seed=1) as net:
            nengolab.configure_settings(dtype=dtype)
            ens = nengo.Ensemble(50, 1, label="ens")
            seen = nengo.Probe(ens.neurons, "voltage")
        with nengolab.Simulator(net, progress_bar=False) as sim:
            sim.set_parameter(ens, "tau_rc", 0.0015)
            sim.set_parameter(ens, "tau_rc", 0.02)
            sim.run_steps(20)
            tap = ready(sim, ens)
            sim.set_parameter(ens, "tau_rc", 0.0015)
            sim.prepare()
            sim.run_steps(10)
            assert tap in sim.advance(1)
            data[dtype] = sim.data[seen]
    np.testing.assert_allclose(data["float32"], data["float64"], atol=2e-5)


def test_a_pickle_keeps_what_was_changed():
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(20, 1, label="ens")
        conn = nengo.Connection(nengo.Node([0.5]), ens, label="conn")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.lesion(ens, 0.4)
        sim.set_parameter(conn, "synapse", 0.02)
        sim.run_steps(10)
        again = pickle.loads(pickle.dumps(sim))
        for one in (sim, again):
            one.run_steps(30)
        for name, array in sim.state.arrays.items():
            np.testing.assert_array_equal(array, again.state.arrays[name], err_msg=name)
        assert len(again.heal("ens").before) == 8
        assert again.set_parameter("conn", "synapse").before == nengo.Lowpass(0.02)
        again.close()
