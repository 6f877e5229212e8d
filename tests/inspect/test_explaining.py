"""What is said of objects: with the numbers that Nengo and the simulator have of them."""

from __future__ import annotations

import re

import nengo
import numpy as np
import pytest

import nengolab
from nengolab import inspect
from nengolab.exceptions import UnknownObject


def product(x):
    return x[0] * x[1]


@pytest.fixture(scope="module")
def net():
    with nengo.Network(seed=1, label="net") as net:
        nengolab.configure_settings(dtype="float64")
        stimulus = nengo.Node([0.5], label="stimulus")
        noise = nengo.Node(nengo.processes.WhiteSignal(1, 5, seed=7), label="noise")
        square = nengo.Node(lambda t, x: x**2, size_in=2, label="square")
        error = nengo.Node(size_in=1, label="error")
        a = nengo.Ensemble(50, 2, radius=1.5, label="a", seed=11)
        b = nengo.Ensemble(20, 1, label="b", neuron_type=nengo.AdaptiveLIF(tau_n=0.3))
        direct = nengo.Ensemble(3, 1, neuron_type=nengo.Direct(), label="direct")
        nengo.Connection(stimulus, a[0])
        learned = nengo.Connection(
            a, b, function=product, transform=2.0, learning_rule_type=nengo.PES(3e-4), label="ab"
        )
        nengo.Connection(error, learned.learning_rule)
        nengo.Connection(
            a.neurons,
            square,
            transform=np.full((2, 50), 0.25),
            synapse=nengo.Alpha(0.1),
            label="as",
        )
        drawn = nengo.Dense((20, 1), init=nengo.dists.Gaussian(0, 1))
        nengo.Connection(a[1], b.neurons, transform=drawn, synapse=None, label="drawn")
        nengo.Connection(noise, direct, label="nd")
        nengo.Probe(a, synapse=0.03, label="probe", sample_every=0.01)
    return net


@pytest.fixture(scope="module")
def theirs(net):
    with nengo.Simulator(net, progress_bar=False) as sim:
        yield sim


@pytest.fixture(scope="module")
def sim(net):
    with nengolab.Simulator(net, progress_bar=False) as sim:
        yield sim


def test_of_an_ensemble(net, theirs, sim):
    a = net.ensembles[0]
    built, said = theirs.data[a], str(inspect.explain(net, a))
    assert said.startswith("'a' is an ensemble of 50 LIF neurons: they represent a vector x of 2")
    for values in (built.gain, built.bias, built.intercepts, built.max_rates):
        assert f"{values.min():.4g} to {values.max():.4g}" in said
    rates = nengo.LIF().rates(
        built.eval_points @ built.scaled_encoders.T, np.ones(50), np.asarray(built.bias)
    )
    assert f"1,000 evaluation points a neuron fires at {rates.mean():.4g} Hz" in said
    assert "tau_rc = 0.02, tau_ref = 0.002" in said
    assert "follows the seed 11 (its own)" in said
    assert "of a length up to 1.5" in said
    assert "Training" not in said, "which a network does not decide"
    assert "Training changes its encoders (encoders are trained by default)" in str(
        inspect.explain(sim, "a")
    )


def test_of_a_neuron_and_all_neurons(net, theirs):
    built = theirs.data[net.ensembles[0]]
    said = str(inspect.explain(theirs, net.ensembles[0].neurons[7]))
    x0, x1 = (f"{w:.4g}" for w in built.scaled_encoders[7])
    assert f"J = {x0} · x[0] + {x1} · x[1]".replace("+ -", "− ") in said
    sign, bias = ("−" if built.bias[7] < 0 else "+"), f"{abs(built.bias[7]):.4g}"
    assert f"{sign} {bias}, with a gain of {built.gain[7]:.4g}" in said
    assert f"begins to fire at {built.intercepts[7]:.4g} radii" in said
    assert f"fires at {built.max_rates[7]:.4g} Hz at the radius" in said
    everybody = inspect.explain(theirs, "b.neurons")
    assert everybody.name == "b.neurons"
    assert "the 20 AdaptiveLIF neurons of 'b'" in everybody.text
    assert "tau_n = 0.3" in everybody.text


def test_of_a_decoded_connection(net, theirs, sim):
    conn = next(c for c in net.connections if c.label == "ab")
    built = theirs.data[conn]
    points = built.eval_points
    rates = nengo.LIF().rates(
        points @ theirs.data[net.ensembles[0]].scaled_encoders.T,
        np.ones(50),
        np.asarray(theirs.data[net.ensembles[0]].bias),
    )
    error = np.sqrt(np.mean((rates @ built.weights.T - 2 * points[:, :1] * points[:, 1:]) ** 2))
    # Nengo's solver says it of the function alone.
    assert error == pytest.approx(2 * built.solver_info["rmses"][0], rel=1e-6)
    said = str(inspect.explain(net, conn))
    assert "brings f(x), a number, to 'b', where x is the value of 'a' and f is product" in said
    assert "multiplied by 2." in said
    assert f"off by {error:.4g} (root mean square)" in said
    assert "LstsqL2" in said
    assert "Lowpass, h(t) = exp(−t/τ)/τ with τ = 5 ms" in said
    assert "learning rate κ = 0.0003" in said
    assert "changed online by PES of 'ab'" in str(inspect.explain(sim, "ab"))


def test_of_what_learning_and_training_changed(net, theirs):
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.parameters["ab.weights"].value = 0.0
        sim.parameters["b.neurons.bias"].value = (
            np.nan_to_num(theirs.data[net.ensembles[1]].bias) + 1
        )
        said = str(inspect.explain(sim, "ab"))
        wanted = 2 * np.prod(theirs.data[net.connections[1]].eval_points, axis=1)
        assert f"off by {np.sqrt(np.mean(wanted**2)):.4g} (root mean square)" in said
        assert "Its weights are not as built" in said
        assert "Its biases are not as built" not in said
        assert "a difference of up to 1." in str(inspect.explain(sim, "b"))


def test_of_other_connections(net, theirs):
    said = str(inspect.explain(net, "as"))
    assert "the output of the neurons of 'a' to 'square'" in said
    assert "Its 100 weights: all 0.25" in said
    assert "Alpha" in said
    assert "200 ms late" in said
    drawn = str(inspect.explain(net, "drawn"))
    rms = theirs.data[net.connections[4]].solver_info["rmses"]
    assert f"{np.sqrt(np.mean(np.square(rms))):.4g} (root mean square)" in drawn
    assert "drawn from Gaussian" in drawn
    assert "part 1:2 of the value of 'a' to the neurons of 'b'" in drawn
    assert "There is no synapse" in drawn
    first = str(inspect.explain(net, net.connections[0]))
    assert "to part 0:1 of 'a'. It has no weights: it passes each value on." in first


def test_of_nodes_probes_rules_networks_and_direct_mode(net, sim):
    words = {
        "stimulus": "puts out 0.5 in each step",
        "noise": "WhiteSignal.*random by the seed 7 \\(its own\\)",
        "square": "calls <lambda> .* with the time and the 2 numbers .* puts out 2 numbers",
        "error": "passes on the number that it is given",
        "direct": "in Direct mode",
        "probe": "records decoded output of 'a', 2 numbers, every 0.01 s.*τ = 30 ms",
        "ab.pes": "PES of 'ab': it changes decoders.*κ = 0.0003.*'error -> ab.pes' brings",
    }
    for name, said in words.items():
        found = inspect.explain(sim, name)
        assert re.search(said, found.text), found
        assert found.name == name
    whole = str(inspect.explain(sim, net))
    assert "3 ensembles, 4 Nodes, 6 connections, a probe" in whole
    assert f"Of its {sim.parameters.size:,} numbers" in whole
    assert f"training changes {sim.parameters.trainable.size:,}" in whole


def test_nothing_of_a_label_is_html():
    with nengo.Network() as net:
        node = nengo.Node([0.0], label="<script>x</script>")
    html = inspect.explain(net, node)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "no seed" in str(inspect.explain(net, net))


def test_what_is_nothing_of_the_network_is_named(net, sim):
    for asked in ("nobody", nengo.Node(add_to_container=False), "nobody.neurons"):
        with pytest.raises(UnknownObject, match="not in the network; it holds 'stimulus'"):
            inspect.explain(net, asked)


def test_numbers_that_are_none_are_said(net):
    """As training that went wrong leaves them."""
    with nengolab.Simulator(net, progress_bar=False) as sim:
        values = np.array(sim.parameters["as.weights"].value)
        values[0, 3] = np.nan
        bias = np.full(20, np.inf)
        sim._engine.set_values({"as.weights": values, "b.neurons.bias": bias})
        assert "1 of them are NaN or infinite" in str(inspect.explain(sim, "as"))
        assert "it computes nothing" in str(inspect.explain(sim, "b"))
