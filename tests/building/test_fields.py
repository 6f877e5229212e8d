"""What can be drawn, the fields of each object, and whether a value is allowed in one."""

from __future__ import annotations

import ast
import inspect
import textwrap
import warnings

import nengo
import nengo.spa
import nengo_spa
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from nengo.params import Parameter, iter_params

import nengolab
from nengolab.building import (
    Refused,
    arguments_of_choice,
    check_field,
    choices,
    curve,
    fields_of,
    palette,
    parts_of,
    run_source,
    set_part,
)
from tests.building.networks import DISTRIBUTIONS

FAMILIES = {
    "synapse": nengo.synapses.Synapse,
    "neuron type": nengo.neurons.NeuronType,
    "distribution": nengo.dists.Distribution,
    "solver": nengo.solvers.Solver,
    "learning rule": nengo.learning_rules.LearningRuleType,
    "process": nengo.base.Process,
    "transform": nengo.transforms.Transform,
}
GIVEN_NAMES = {"nengo": nengo, "nengolab": nengolab, "np": np}
SOURCE = """\
import nengo
import numpy as np

class Own(nengo.LIFRate):
    '''Of my own.'''

with nengo.Network() as net:
    net.config[nengo.Ensemble].radius = 2
    wave = nengo.Node(np.sin)
    a = nengo.Ensemble(50, 1, max_rates=nengo.dists.Uniform(100, 200))
    into = nengo.Connection(wave, a)
    some = nengo.Connection(a.neurons[:3], a.neurons[3:6])
    array = nengo.networks.EnsembleArray(20, 3, radius=1.5)
    probe = nengo.Probe(a)
    cells = [nengo.Ensemble(10, 1, seed=i) for i in range(3)]
    bg = nengo.networks.BasalGanglia(2, seed=1)
    star = nengo.Ensemble(*(10, 1))
"""


@pytest.fixture(scope="module")
def made():
    return run_source(SOURCE)


def held(made, name):
    return made.namespace[name]


# -- the palette -----------------------------------------------------------------------------------

GIVEN = {
    "pre": "a",
    "post": "a",
    "target": "a",
    "input": "pixels",
    "actions": "nengo.spa.Actions('0.5 --> a = 1')",
    "bg": "nengo.spa.BasalGanglia(nengo.spa.Actions('0.5 --> a = 1'))",
    "selection_net": "nengo_spa.networks.selection.IA",
}
AROUND = """\
{imports}
with {network} as net:
    a = nengo.Ensemble(5, 1)
    pixels = nengo.Node([0.0] * 784)
{source}
"""


def test_all_that_can_be_drawn_makes_what_it_says():
    entries = palette()
    assert len({entry.key for entry in entries}) == len(entries)
    for module in (nengo.networks, nengo.spa, nengo_spa):
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, nengo.Network) and cls is not nengo.Network:
                assert any(e.source.count(f"{module.__name__}.{name}(") for e in entries), name
    for entry in entries:
        filled = entry.filled(**{need: GIVEN[need] for need in entry.needs})
        assert not filled.needs
        assert entry.text
        if entry.call and entry.name:
            assert entry.source == f"{entry.name} = {entry.call}" or "\n" in entry.source
        if "actions" in entry.needs or "bg" in entry.needs:
            continue  # they take objects of a model that is there
        source = AROUND.format(
            imports="\n".join({"import nengo": None} | dict.fromkeys(entry.imports)),
            network="nengo.Network()",
            source=textwrap.indent(filled.source, "    "),
        )
        made = run_source(source)
        before = made.origins[made.namespace["pixels"]].span.line
        own = [o for o in made.network.all_objects if made.origins[o].span.line > before]
        assert own or entry.title in ("SPA", "Subnetwork", "Network"), entry
        if entry.name:
            assert entry.name in made.namespace


def test_templates_do_what_they_say():
    """The integrator holds what it was given, the oscillator turns."""
    for title, name, told in (
        ("Integrator", "integrated", lambda y: (y[900:1000].mean(), 0.8)),
        ("Oscillator", "oscillation", lambda y: (np.abs(y[500:]).max(axis=0).min(), 1.0)),
    ):
        entry = next(e for e in palette() if e.title == title)
        body = textwrap.indent(entry.source, "    ")
        made = run_source(f"import nengo\nwith nengo.Network(seed=1) as net:\n{body}\n")
        with nengo.Simulator(made.network, progress_bar=False) as sim:
            sim.run(1.5)
        value, wanted = told(sim.data[made.namespace[name]])
        assert abs(value - wanted) < 0.35


# -- fields ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FAMILIES)
def test_families_hold_all_that_nengo_has(kind):
    """Each choice makes one, and so do its arguments, written as they are by default."""
    found = choices(kind)
    module = inspect.getmodule(FAMILIES[kind])
    made = {type(eval(choice.code, GIVEN_NAMES)) for choice in found}
    for name, cls in inspect.getmembers(module, inspect.isclass):
        known = issubclass(cls, FAMILIES[kind]) and cls is not FAMILIES[kind]
        if known and not name.startswith("_") and cls is not nengo.neurons.RatesToSpikesNeuronType:
            assert cls in made or issubclass(cls, nengo.synapses.Synapse)
    for choice in found:
        fields = {field.name: field for field in arguments_of_choice(choice)}
        call = ast.parse(choice.code, mode="eval").body
        said = {*list(fields)[: len(call.args)], *(keyword.arg for keyword in call.keywords)}
        more = [f"{n}={f.default}" for n, f in fields.items() if f.default and n not in said]
        eval(f"{choice.code[:-1]}{', ' * bool(said and more)}{', '.join(more)})", GIVEN_NAMES)


def test_every_parameter_of_nengos_is_a_field(made):
    for name in ("net", "wave", "a", "into", "probe"):
        obj = held(made, name)
        form = fields_of(made, obj)
        names = {field.name for field in form.fields}
        attributes = {getattr(type(obj), p).name for p in iter_params(obj)}
        assert attributes <= names
        assert all(field.text for field in form.fields)
        for field in form.fields:
            if field.now and not isinstance(obj, nengo.Network) and field.kind != "object":
                value = eval(field.now, made.namespace | {"nengo": nengo, "np": np})
                param = getattr(type(obj), field.name, None)
                if isinstance(param, Parameter) and not param.readonly:
                    assert nengo.utils.numpy.is_array_like(value) or (
                        repr(param.coerce(obj, value)) == repr(getattr(obj, field.name))
                    )


def test_fields_say_what_there_is(made):
    form = fields_of(made, held(made, "a"))
    assert (form["n_neurons"].source, form["n_neurons"].required) == ("50", True)
    assert form["radius"].default == "2"  # of the config
    assert form["radius"].configured
    assert form["max_rates"].span.of(SOURCE) == "nengo.dists.Uniform(100, 200)"
    assert (form["max_rates"].unit, form["seed"].high) == ("Hz", 2**32 - 1)
    assert "Own" in [choice.title for choice in form["neuron_type"].choices]
    assert form.positions[:2] == ("n_neurons", "dimensions")
    rules = {
        c.title: c.refused
        for c in fields_of(made, held(made, "into"))["learning_rule_type"].choices
    }
    assert not rules["Voja"]
    assert "must be of type 'Ensemble' or 'Neurons'" in rules["PES"]
    inner = held(made, "array").ensembles[1]
    form = fields_of(made, inner)
    assert (form.title, form["radius"].source) == ("EnsembleArray 'array'", "1.5")
    assert fields_of(made, held(made, "bg"))["seed"].source == "1"
    attr = fields_of(made, held(made, "probe"))["attr"]
    assert [c.title for c in attr.choices] == list(held(made, "a").probeable)
    form = fields_of(made, held(made, "cells")[1])
    assert (form.origin.count, form["seed"].source) == (3, "i")
    assert "list of arguments" in fields_of(made, held(made, "star")).unclear
    with pytest.raises(Refused, match="was not made by this source"):
        fields_of(made, nengo.Network(add_to_container=False))


def test_fields_of_a_layer():
    made = run_source(
        "import nengo, nengolab, keras\n"
        "with nengo.Network() as net:\n"
        "    a = nengo.Node([0.0] * 4)\n"
        "    x = nengolab.Layer(keras.layers.Dense(3))(a, synapse=0.1)\n"
    )
    form = fields_of(made, made.namespace["x"])
    assert form["layer"].source == "keras.layers.Dense(3)"
    assert (form["synapse"].source, form["input"].kind) == ("0.1", "object")
    assert {"Dense", "Conv2D", "LIF"} <= {choice.title for choice in form["layer"].choices}
    assert not check_field(made, made.namespace["x"], "layer", "nengo.LIF()").unknown
    with pytest.raises(Refused, match="give it an instance, Dense"):
        check_field(made, made.namespace["x"], "layer", "keras.layers.Dense")
    # The connection to it comes with it, and is not counted.
    assert str(form.origin) == "line 4 makes this"


def test_arguments_of_an_argument_are_fields():
    made = run_source(
        "import nengo as n\n"
        "with n.Network() as net:\n"
        "    a = n.Ensemble(9, 1, neuron_type=n.LIF(  # slow\n"
        "        tau_rc=0.1, amplitude=2))\n"
        "    b = n.Ensemble(9, 1, radius=2)\n"
    )
    a, b = made.network.ensembles
    parts = {p.name: p for p in parts_of(made, fields_of(made, a)["neuron_type"])}
    assert (parts["tau_rc"].source, parts["tau_rc"].default, parts["tau_rc"].unit) == (
        "0.1",
        "0.02",
        "s",
    )
    assert parts["tau_ref"].source is None
    assert parts_of(made, fields_of(made, b)["radius"]) == ()
    edit = set_part(made, a, "neuron_type", "tau_ref", "np.pi / 1000")
    assert edit.after == made.source.replace(
        "nengo as n\n", "nengo as n\nimport numpy as np\n"
    ).replace("amplitude=2)", "amplitude=2, tau_ref=np.pi / 1000)")
    assert run_source(edit.after).network.ensembles[0].neuron_type.tau_ref == np.pi / 1000
    edit = set_part(made, a, "neuron_type", "tau_rc", None)
    assert edit.after == made.source.replace("tau_rc=0.1, ", "")
    with pytest.raises(Refused, match="LIF.tau_rc: Value must be greater than 0"):
        set_part(made, a, "neuron_type", "tau_rc", "-1")
    with pytest.raises(Refused, match="has no argument 'tau'.* it has tau_rc, tau_ref"):
        set_part(made, a, "neuron_type", "tau", "1")


# -- checks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "argument", "expression", "said"),
    [
        ("a", "radius", "-1", r"Ensemble 'a', radius: -1 is not allowed: .*of at least 1e-10"),
        ("a", "radius", "2 +", "'2 [+]' is no expression of Python"),
        ("a", "radius", "other", "there is no variable 'other' in the source; it has "),
        ("a", "encoders", "[[1]]", r"shape\[0\] should be 50"),
        ("a", "neuron_type", "nengo.LIF", "What would work: a neuron type, such as nengo.LIF()"),
        ("a", "neuron_type", "nengo.LIF(tau_rc=-1)", "raises ValidationError: LIF.tau_rc"),
        ("into", "transform", "[[1], [2]]", "does not match expected shape"),
        ("into", "learning_rule_type", "nengo.PES()", "such as nengo.Voja()"),
        ("some", "learning_rule_type", "nengo.BCM()", "does not have weights.*None alone"),
        ("wave", "output", "lambda t, x: x", "a function of t"),
        ("wave", "size_in", "2", "is expected to accept exactly 2 arguments"),
        ("array", "radius", "-3", "EnsembleArray 'array', radius: -3 is not allowed"),
        ("probe", "attr", "'spikes'", "one of 'decoded_output', 'input', 'scaled_encoders'"),
        ("a", "size", "3", "has no argument 'size'; it has n_neurons"),
    ],
)
def test_what_is_not_allowed_and_what_would_work(made, name, argument, expression, said):
    with pytest.raises(Refused, match=said):
        check_field(made, held(made, name), argument, expression)


def test_what_is_allowed(made):
    before = [len(objs) for objs in made.network.objects.values()]
    a = held(made, "a")
    assert check_field(made, a, "radius", "2").value == 2
    assert check_field(made, a, "neuron_type", "Own()").value == held(made, "Own")()
    checked = check_field(made, a, "gain", "tf.ones(50).numpy()")
    assert checked.imports == ("import tensorflow as tf",)
    assert not check_field(made, held(made, "array"), "n_ensembles", "5").unknown
    assert (
        "only while its block runs"
        in check_field(made, held(made, "cells")[0], "seed", "i + 1").unknown
    )
    assert [len(objs) for objs in made.network.objects.values()] == before
    assert a.radius == 2
    assert not nengo.Network.context


# -- curves ----------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(dist=DISTRIBUTIONS)
@example(dist=nengo.dists.Exponential(0.0156, shift=1.0, high=0.5))
def test_curves_of_distributions_are_what_is_drawn(dist):
    """The share of drawn values up to each point is the curve's integral, by Kolmogorov."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = np.sort(dist.sample(4000, rng=np.random.RandomState(1)).ravel())
        found = curve(dist)
    points = np.concatenate([found.x, found.at])
    share = [_below(found, at) for at in points]
    actual = np.searchsorted(drawn, points, side="right") / len(drawn)
    assert np.abs(np.array(share) - actual).max() < 0.05


def _below(found, at):
    """The probability of values up to ``at``."""
    inside = found.x <= at
    area = np.trapezoid(found.density[inside], found.x[inside]) if inside.any() else 0.0
    return area + found.mass[found.at <= at + 1e-9].sum()


def test_curves_of_spheres_and_arrays():
    for surface in (False, True):
        dist = nengo.dists.UniformHypersphere(surface=surface)
        found, drawn = curve(dist, 3), dist.sample(20000, 3, rng=np.random.RandomState(1))[:, 0]
        heights, edges = np.histogram(drawn, bins=20, density=True)
        middle = (edges[:-1] + edges[1:]) / 2
        np.testing.assert_allclose(np.interp(middle, found.x, found.density), heights, atol=0.06)
    assert list(curve([[1, 2], [3, 2]], component=1).mass) == [1.0]
    with pytest.raises(nengolab.exceptions.NengoException, match="only a distribution or an array"):
        curve("x")
