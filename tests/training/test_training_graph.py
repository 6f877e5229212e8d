"""The graph that training differentiates: what replaces what, and what is left as it was."""

from __future__ import annotations

import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.compiler.graph import Port
from nengolab.compiler.lower import lower
from nengolab.compiler.schedule import STEPPED, schedule
from nengolab.compiler.training_graph import training_graph, undifferentiable
from nengolab.exceptions import BuildError, ValidationError
from nengolab.surrogates import ATan, FastSigmoid, Sigmoid

TYPES = {
    "LIF": nengo.LIF(amplitude=0.3),
    "AdaptiveLIF": nengo.AdaptiveLIF(initial_state={"adaptation": nengo.dists.Uniform(0, 0.4)}),
    "SpikingRectifiedLinear": nengo.SpikingRectifiedLinear(amplitude=2),
    "IntegrateAndFire": nengolab.neurons.IntegrateAndFire(amplitude=0.5),
    "SpikingLeakyReLU": nengolab.SpikingLeakyReLU(0.2),
    "RegularSpiking": nengo.RegularSpiking(nengo.LIFRate(amplitude=0.5), amplitude=0.1),
    "StochasticSpiking": nengo.StochasticSpiking(nengo.Tanh(), amplitude=0.3),
    "PoissonSpiking": nengo.PoissonSpiking(nengolab.SoftLIFRate(0.2)),
    "Izhikevich": nengo.Izhikevich(),
    "LIFRate": nengo.LIFRate(),
    "AdaptiveLIFRate": nengo.AdaptiveLIFRate(),
    "Sigmoid": nengo.Sigmoid(),
}

STEPS = 40  # of all networks with all types, so that they share what is compiled


def network(names, probe="output", size=10):
    """An ensemble of each type, driven by itself."""
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        stimulus = nengo.Node([0.6])
        for name in names:
            ens = nengo.Ensemble(size, 1, neuron_type=TYPES[name], label=name)
            nengo.Connection(stimulus, ens, synapse=None)
            if probe in TYPES[name].probeable:
                nengo.Probe(ens.neurons, probe, label=name)
    return net


@pytest.fixture
def engine_of():
    sims = []

    def make(net):
        sims.append(nengolab.Simulator(net, progress_bar=False))
        return sims[-1]._engine

    yield make
    for sim in sims:
        sim.close()


def by_rates(owner):
    return None


def run(engine, graph, steps=3, force="batched"):
    """``{probe label: (steps, size)}`` of a training program, from its parameters as built."""
    plan = schedule(graph, 1, force)
    program = lower(plan, 1, "float64", graph.probes, engine.host, training=True)
    params = {k: tf.constant(v) for k, v in program.pack(lambda p: p.value).items()}
    state = program.enter_state(program.initial_state(0))
    held = np.concatenate([np.ravel(i.value) for i in program.inputs_held])[None]
    inputs = {
        "held": tf.constant(held),
        "series": tf.zeros((steps, 1, 0), tf.float64),
        "start": tf.constant(0, tf.int64),
    }
    state = {k: tf.constant(v) for k, v in state.items()}
    _, out = program(params, state, inputs, tf.constant(steps))
    return plan, {
        probe.label: np.concatenate(
            [np.zeros((steps, 0))]
            + [
                out["records"][key].numpy()[:, 0][:, index_in(program, key, source)]
                for key, source, _, _ in reading.terms
            ],
            axis=1,
        )
        for probe, reading in program.readings.items()
    }


def index_in(program, key, source):
    """Where elements of an array are in its record."""
    (record,) = [r for r in program.records if r.key == key]
    return source if record.index is None else np.searchsorted(record.index, source)


SPIKING = [n for n, t in TYPES.items() if t.spiking and n != "Izhikevich"]


def test_spiking_populations_are_trained_by_nengos_rates(engine_of):
    """All at once in time batches; what they give is what the type's ``rates`` says."""
    net = network(SPIKING)
    engine = engine_of(net)
    graph, unread = training_graph(engine.graph, by_rates)
    plan, found = run(engine, graph)
    assert not unread
    assert STEPPED not in {r.mode for r in plan.regions}
    assert not any(op.state for op in graph.ops)
    model = engine.built.model
    for ens in net.all_ensembles:
        built = model.params[ens]
        x = np.array([[0.6]]) @ built.encoders.T
        if ens.label == "AdaptiveLIF":
            held = model.sig[ens.neurons]["adaptation"].initial_value
            rates = ens.neuron_type.rates(x, built.gain, built.bias - held)
        else:
            rates = ens.neuron_type.rates(x, built.gain, built.bias)
        scale = (
            getattr(ens.neuron_type, "amplitude", 1) if hasattr(ens.neuron_type, "base_type") else 1
        )
        assert np.ptp(rates) > 0
        assert np.allclose(found[ens.label], scale * rates), ens.label


def test_the_graph_that_runs_is_untouched(engine_of):
    engine = engine_of(network(TYPES))
    graph = engine.graph
    before = [
        (op, op.kernel, op.static, list(op.inputs), dict(op.params), dict(op.state), dict(op.ports))
        for op in graph.ops
    ]
    sources, probes = list(graph.sources), dict(graph.probes)
    new, _ = training_graph(graph, lambda owner: ATan(), 0.1)
    for op, *facts in before:
        assert facts == [
            op.kernel,
            op.static,
            op.inputs,
            op.params,
            op.state,
            op.ports,
        ]
        assert all(port.op is op for port in op.ports.values())
    assert graph.sources == sources
    assert graph.probes == probes
    assert not set(new.ops) & set(graph.ops)
    ports = {s for s in new.sources if isinstance(s, Port)}
    assert not ports & {s for s in sources if isinstance(s, Port)}
    assert {p.op for p in ports} <= set(new.ops)
    engine.advance(STEPS)


def test_parameters_are_shared_and_new_ones_named_beside_them(engine_of):
    engine = engine_of(network(TYPES))
    graph, _ = training_graph(engine.graph, by_rates, 0.05)
    shared, new = {}, {}
    for name, param in graph.params.items():
        kept = engine.graph.params.get(name) is param
        (shared if kept else new)[name] = param
    assert set(new) == {
        "LIF.neurons.sigma",
        "AdaptiveLIF.neurons.sigma",
        "AdaptiveLIF.neurons.adaptation",
        "RegularSpiking.neurons.sigma",
        "LIFRate.neurons.sigma",
        "AdaptiveLIFRate.neurons.sigma",
    }
    assert not set(new) & set(engine.graph.params)
    assert {p.role for p in new.values()} == {"sigma", "adaptation"}
    assert all(new[n].owner is not None and new[n].value == 0.05 for n in new if "sigma" in n)
    weights = {n for n, p in engine.graph.params.items() if p.role in ("encoders", "bias")}
    assert weights <= set(shared)


def test_smoothing_makes_lif_rates_soft(engine_of):
    net = network(["LIF", "LIFRate", "RegularSpiking", "AdaptiveLIFRate"])
    engine = engine_of(net)
    graph, _ = training_graph(engine.graph, by_rates, 0.3)
    _, found = run(engine, graph, steps=1)
    for ens in net.all_ensembles:
        neurons = getattr(ens.neuron_type, "base_type", ens.neuron_type)
        soft = nengolab.SoftLIFRate(
            0.3, neurons.tau_rc, neurons.tau_ref, getattr(neurons, "amplitude", 1)
        )
        built = engine.built.model.params[ens]
        rates = soft.rates(np.array([[0.6]]) @ built.encoders.T, built.gain, built.bias)
        scale = 0.1 if ens.label == "RegularSpiking" else 1
        assert np.allclose(found[ens.label], scale * rates), ens.label


@pytest.mark.parametrize("smoothing", [0, -1.0, float("nan"), float("inf")])
def test_no_smoothing(engine_of, smoothing):
    with pytest.raises(ValidationError, match="lif_smoothing.*positive number"):
        training_graph(engine_of(network(["LIF"])).graph, by_rates, smoothing)


def test_surrogates_by_owner_keep_the_step(engine_of):
    """Some populations by their own step, each with its surrogate, others by rates."""
    net = network(TYPES)
    engine = engine_of(net)
    chosen = {"LIF": ATan(), "AdaptiveLIF": FastSigmoid(3.0), "RegularSpiking": Sigmoid(3.0)}

    def surrogate_of(owner):
        ens = getattr(owner, "ensemble", owner)
        return chosen.get(ens.label)

    graph, _ = training_graph(engine.graph, surrogate_of)
    kernels = {op.kernel: op for op in graph.ops}
    assert kernels["surrogate_lif"].static[1] == ATan()
    assert kernels["surrogate_adaptive_lif"].static[1] == FastSigmoid(3.0)
    assert kernels["surrogate_regular_spiking"].static[1] == Sigmoid(3.0)
    # They have no rate equation.
    assert kernels["surrogate_izhikevich"].static[1] == ATan()
    assert not {"lif", "regular_spiking", "spiking_rectified_linear"} & set(kernels)
    _, found = run(engine, graph, STEPS)
    ran = engine.advance(STEPS)
    for probe in engine.probes:
        if probe.label in (*chosen, "Izhikevich"):
            assert np.any(ran[probe])
            assert np.allclose(found[probe.label], ran[probe][:, 0]), probe.label


def test_populations_with_different_surrogates_are_not_merged(engine_of):
    """Not even where the surrogates have the same fields."""
    with nengo.Network(seed=0) as net:
        for label in "ab":
            nengo.Ensemble(10, 1, label=label)
            nengo.Probe(net.ensembles[-1].neurons)
    engine = engine_of(net)
    choice = {"a": FastSigmoid(3.0), "b": Sigmoid(3.0)}
    graph, _ = training_graph(
        engine.graph, lambda owner: choice[getattr(owner, "ensemble", owner).label]
    )
    groups = [g for g in schedule(graph, 1, "batched").groups if g.op.kernel == "surrogate_lif"]
    assert [len(g.ops) for g in groups] == [1, 1]


def test_probes_of_what_rates_do_not_have(engine_of):
    net = network(["LIF", "SpikingRectifiedLinear", "RegularSpiking"], "voltage")
    engine = engine_of(net)
    graph, unread = training_graph(engine.graph, by_rates)
    assert set(unread) == set(engine.graph.probes) == set(net.all_probes)
    assert not graph.probes
    for probe, reason in unread.items():
        assert probe.label in reason
        assert "'voltage'" in reason
        assert "surrogate" in reason
    _, unread = training_graph(engine.graph, lambda owner: ATan())
    assert not unread


def test_what_only_exists_in_spikes_cannot_be_an_input(engine_of):
    net = network(["LIF"], "voltage")
    engine = engine_of(net)
    (probe,) = net.all_probes
    reader = engine.graph.ops[-1]
    reader.inputs.append(engine.graph.probes[probe])
    with pytest.raises(BuildError, match="reads 'voltage' of LIF"):
        training_graph(engine.graph, by_rates)


class Own(nengo.neurons.NeuronType):
    """Neurons of a person's own."""

    probeable = ("output",)

    def gain_bias(self, max_rates, intercepts):
        return np.ones(len(max_rates)), np.zeros(len(max_rates))

    def step(self, dt, J, output):
        output[...] = J**2


def test_what_has_no_gradient_is_listed_with_its_reason(engine_of):
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(python_functions="callback")
        source = nengo.Node(lambda t: np.sin(t), label="source")
        ens = nengo.Ensemble(10, 1, label="ens")
        own = nengo.Ensemble(10, 1, neuron_type=Own(), label="own", seed=1)
        own.eval_points = np.zeros((2, 1))
        node = nengo.Node(lambda t, x: x + 1, size_in=1, label="node")
        nengo.Connection(source, ens)
        nengo.Connection(ens, node)
        nengo.Connection(ens, own)
        nengo.Probe(own.neurons)
        nengo.Probe(node)
    found = dict(undifferentiable(engine_of(net).graph))
    assert {name.removesuffix("()") for name in found} == {"node", "own"}
    assert any("Own" in reason and "NumPy" in reason for reason in found.values())
    assert any("called back" in reason for reason in found.values())


def test_nothing_is_listed_for_what_is_traced(engine_of):
    with nengo.Network(seed=0) as net:
        a, b = nengo.Ensemble(10, 1), nengo.Ensemble(10, 1)
        node = nengo.Node(lambda t, x: x + 1, size_in=1)
        nengo.Connection(a, node)
        nengo.Connection(node, b)
        nengo.Probe(b)
    assert not undifferentiable(engine_of(net).graph)
