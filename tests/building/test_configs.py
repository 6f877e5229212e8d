"""What is copied or moved stays what it was where another config holds."""

from __future__ import annotations

import nengo
import pytest
from nengo.params import iter_params

from nengolab.building import Refused, copy, group, move, paste, run_source
from nengolab.building.same import same

CONFIGS = """\
import nengo as n

def cell(size):
    return n.Ensemble(size, 1)

with n.Network() as net:
    a = n.Ensemble(9, 1, label="a")
    array = n.networks.EnsembleArray(8, 2)
    product = n.networks.Product(8, 1)
    of_function = cell(7)
    with n.Network(label="sub") as sub:
        sub.config[n.Ensemble].neuron_type = n.RectifiedLinear()
        x = n.Ensemble(
            9,
            1,  # of one dimension
        )
        n.Connection(x, x)
        probe = n.Probe(x)
    net.config[n.Ensemble].radius = 2
    net.config[n.Connection].synapse = n.Alpha(0.1)
    net.config[n.Ensemble].intercepts = n.dists.Uniform(-0.5, 0.5)
    d = n.Ensemble(9, 1)
    said = n.Ensemble(9, 1, radius=3)
    e = n.networks.EnsembleArray(9, 2)
    n.Connection(d, d)
    many = [n.Ensemble(5, 1) for _ in range(3)]
"""


def called(made, name):
    return next(obj for obj, own in made.names.items() if own == name)


def values(obj):
    """All parameters of an object that are not of itself alone."""
    own = ("label", "pre", "post", "target", "learning_rule_type")
    return {name: getattr(obj, name) for name in iter_params(obj) if name not in own}


def inner(obj):
    return obj.all_objects if isinstance(obj, nengo.Network) else [obj]


def assert_the_same(one, other):
    assert len(inner(one)) == len(inner(other))
    for first, second in zip(inner(one), inner(other), strict=True):
        if isinstance(first, nengo.Network):
            continue
        wanted, found = values(first), values(second)
        assert {n for n in wanted if not same(wanted[n], found[n])} == set(), (first, second)


@pytest.mark.parametrize("name", ["a", "array", "of_function", "sub", "d", "said", "e"])
@pytest.mark.parametrize("into", ["net", "sub"])
def test_a_copy_is_equal_where_another_config_holds(name, into):
    if (name, into) == ("sub", "sub"):
        return
    made = run_source(CONFIGS)
    piece = copy(made, called(made, name))
    again = run_source(paste(made, piece, called(made, into)).after)
    assert_the_same(called(again, name), called(again, f"{name}_1"))
    assert_the_same(called(made, name), called(again, name))
    other = run_source("import nengo\nwith nengo.Network() as model:\n    pass\n")
    assert_the_same(called(made, name), called(run_source(paste(other, piece).after), name))


def test_only_what_differs_is_written():
    made = run_source(CONFIGS)
    same_place = paste(made, copy(made, called(made, "d"))).after
    assert same_place.endswith("    d_1 = n.Ensemble(9, 1)\n    n.Connection(d_1, d_1)\n")
    into = paste(made, copy(made, called(made, "said")), called(made, "sub")).after
    assert (
        "said_1 = n.Ensemble(9, 1, radius=3, intercepts=n.dists.Uniform(-0.5, 0.5), "
        "neuron_type=n.LIF())\n"
    ) in into
    # The function is another one for the copy, and is what it was for the rest.
    into = paste(made, copy(made, called(made, "of_function")), called(made, "sub")).after
    own = "        def cell_1(size):\n            return n.Ensemble(size, 1, neuron_type=n.LIF())\n"
    assert own in into
    assert "    of_function = cell(7)\n" in into


def test_what_brings_imports():
    source = (
        "import nengo\nimport numpy\n\nwith nengo.Network() as np:\n"
        "    np.config[nengo.Ensemble].encoders = numpy.eye(9)\n"
        "    a = nengo.Ensemble(9, 9)\n"
    )
    made = run_source(source)
    other = run_source("import nengo as n\nwith n.Network() as net:\n    pass\n")
    after = paste(other, copy(made, called(made, "a"))).after
    assert "import numpy\nwith" in after
    assert "a = n.Ensemble(9, 9, encoders=numpy.eye(9))" in after


def test_what_cannot_be_said_in_the_call_is_refused():
    made = run_source(CONFIGS)
    with pytest.raises(
        Refused,
        match="line 9 makes Product 'product', whose neuron_type is what the config says, and that "
        "is another value there",
    ):
        paste(made, copy(made, called(made, "product")), called(made, "sub"))
    with pytest.raises(Refused, match="line 4 makes Ensemble 'of_function', whose"):
        move(made, called(made, "of_function"), into=called(made, "sub"))
    own = CONFIGS.replace("n.RectifiedLinear()", "Own()").replace(
        "def cell", "class Own(n.LIF):\n    pass\n\ndef cell"
    )
    made = run_source(own)
    with pytest.raises(Refused, match="the neuron_type that a config gives .*: say it in line 16"):
        move(made, called(made, "x"), into=made.network)


@pytest.mark.parametrize(
    ("name", "into"), [("a", "sub"), ("d", "sub"), ("e", "sub"), ("x", "net"), ("array", "sub")]
)
def test_what_is_moved_stays_what_it_was(name, into):
    made = run_source(CONFIGS)
    again = run_source(move(made, called(made, name), into=called(made, into)).after)
    for one in set(made.names.values()):
        if one not in ("net", "sub"):
            assert_the_same(called(made, one), called(again, one))
    assert called(again, name) in called(again, into).all_objects


def test_before_the_config_of_a_block_nothing_is_written():
    source = (
        "import nengo\n\nwith nengo.Network() as net:\n    a = nengo.Ensemble(9, 1)\n"
        "    with nengo.Network() as sub:\n"
        "        b = nengo.Connection(a, a)\n"
        "        sub.config[nengo.Ensemble].radius = 2\n"
        "        c = nengo.Ensemble(9, 1)\n"
    )
    made = run_source(source)
    after = move(made, called(made, "a"), into=called(made, "sub")).after
    assert "sub:\n        a = nengo.Ensemble(9, 1)\n        b =" in after
    # Within one block nothing needs to be said.
    after = group(made, called(made, "c")).after
    assert "c = nengo.Ensemble(9, 1)\n" in after
    assert called(run_source(after), "c").radius == 2


def test_a_group_that_goes_across_a_config():
    source = (
        "import nengo\n\nwith nengo.Network() as net:\n    a = nengo.Ensemble(9, 1)\n"
        "    net.config[nengo.Ensemble].radius = 2\n"
        "    b = nengo.Ensemble(9, 1)\n    nengo.Probe(a)\n    nengo.Connection(a, b)\n"
    )
    made = run_source(source)
    again = run_source(group(made, called(made, "a"), called(made, "b")).after)
    for name in "ab":
        assert_the_same(called(made, name), called(again, name))
    # Where nothing is between, nothing is said.
    lines = source.replace(
        "    nengo.Probe", "    net.config[nengo.Ensemble].radius = 3\n    nengo.Probe"
    )
    made = run_source(lines)
    assert "        b = nengo.Ensemble(9, 1)\n" in group(made, called(made, "b")).after


def test_what_the_call_cannot_say_is_put_where_the_same_config_holds():
    solver = "    net.config[n.Connection].solver = n.solvers.LstsqL2(reg=0.2)\n    d ="
    made = run_source(CONFIGS.replace("    d =", solver))
    after = paste(made, copy(made, called(made, "array"))).after
    line = "    array = n.networks.EnsembleArray(8, 2)\n"
    assert line + line.replace("array =", "array_1 =") in after
    assert_the_same(called(made, "array"), called(run_source(after), "array_1"))
    # Elsewhere, and in another source, there is no such place.
    elsewhere = run_source(made.source.replace("RectifiedLinear()", "LIFRate()"))
    for there, into in ((made, called(made, "sub")), (elsewhere, None)):
        with pytest.raises(Refused, match="line 9 makes Product 'product', whose"):
            paste(there, copy(made, called(made, "product")), into)


def test_networks_that_a_config_speaks_of():
    pytest.importorskip("nengo_spa")
    made = run_source(
        "import nengo_spa as spa\nwith spa.Network(seed=0) as net:\n"
        "    net.config[spa.State].neurons_per_dimension = 10\n    a = spa.State(16)\n"
        "    with spa.Network() as sub:\n"
        "        sub.config[spa.State].neurons_per_dimension = 20\n        b = spa.State(16)\n"
    )
    after = paste(made, copy(made, called(made, "a")), called(made, "sub")).after
    assert "a_1 = spa.State(16, neurons_per_dimension=10)\n" in after
    assert_the_same(called(made, "a"), called(run_source(after), "a_1"))
    after = move(made, called(made, "b"), into=made.network).after
    assert "    b = spa.State(16, neurons_per_dimension=20)\n" in after
    # Its vocabularies are those of where it comes.
    other = run_source("import nengo_spa as spa\nwith spa.Network(seed=1) as net:\n    pass\n")
    after = paste(other, copy(made, called(made, "a"))).after
    assert "    a = spa.State(16, neurons_per_dimension=10)\n" in after
    assert called(run_source(after), "a").vocabs is not called(made, "a").vocabs
