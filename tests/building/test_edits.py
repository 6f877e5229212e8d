"""Edits of a source: what was asked changes, in the smallest span; else it is refused."""

from __future__ import annotations

import pytest

import nengolab
from nengolab.building import (
    Refused,
    Together,
    add,
    add_import,
    connect,
    copy,
    delete,
    depending,
    fields_of,
    group,
    move,
    palette,
    paste,
    place,
    rename,
    run_source,
    set_argument,
    set_field,
)

PLAIN = '''\
"""A model."""   # not tidy
import nengo as n ; import numpy as np

SIZE= 20   # of each

with n.Network( label='ä model', seed = 1 ) as model:
    # what comes in
    stimulus = n.Node([0.5], label='stimulus')   # trailing
    a = n.Ensemble(
        SIZE,   1,  # sizes

        radius = 1.5,
        label='a',
    )
    b = n.Ensemble(SIZE, dimensions=1, max_rates=n.dists.Uniform(50,
                   60), label="b"); n.Connection(stimulus, a,
        synapse=None  # none
    )
\t
    with n.Network(label='innen'):
        öl=n.Ensemble( 10,1 ,label='öl' )
        # the end
    n.Connection(a, b, function=lambda x: x**2); n.Probe(b)
    model.config[n.Ensemble].set_param('where', n.params.Parameter('where', default=None))
    model.config[a].where = 'left'
# after it
'''


def by_label(net, label):
    return next(ens for ens in net.all_ensembles if ens.label == label)


def test_the_smallest_span_changes():
    made = run_source(PLAIN)
    a, b = (by_label(made.network, label) for label in "ab")
    edit = set_argument(PLAIN, made.origins[a].span, "radius", "2")
    assert edit.after == PLAIN.replace("radius = 1.5,", "radius = 2,")
    edit = set_argument(PLAIN, made.origins[a].span, "seed", "3")
    assert edit.after == PLAIN.replace("    label='a',\n", "    label='a',\n        seed=3,\n")
    edit = add(made, 'nengo.Probe(a, label="it\'s")', "p")
    assert edit.after == PLAIN.replace("# after", "    p = n.Probe(a, label='it\\'s')\n# after")
    gone = delete(made, b)
    assert [type(o).__name__ for o in depending(made, b)] == ["Ensemble", "Connection", "Probe"]
    assert "    n.Connection(stimulus, a,\n" in gone.after
    assert "lambda" not in gone.after
    assert "where = 'left'" not in delete(made, a).after


LOOP = """\
import nengo

def column(n):
    return nengo.Ensemble(n, 1)

with nengo.Network() as net:
    ins = [nengo.Ensemble(10, 1) for i in range(4)]
    for ens in ins:
        nengo.Connection(ens, ens)
    one, two = column(5), column(6)
    first = ins[0]
    args = (3, 1)
    star = nengo.Ensemble(*args)
"""


def test_what_cannot_be_mapped_is_refused():
    made = run_source(LOOP)
    net, origins = made.network, made.origins
    origin = origins[net.ensembles[1]]
    edit = set_argument(LOOP, origin.span, "radius", "2", count=origin.count)
    assert edit.count == 4
    assert all(ens.radius == 2 for ens in run_source(edit.after).network.ensembles[:4])
    with pytest.raises(
        Together, match="line 7 makes these 4, which go together: .* the loop in line 7$"
    ) as alone:
        delete(made, net.ensembles[0])
    # Another line uses them: all of them would be refused, too, and are not offered.
    assert alone.value.objects == ()
    together = "line 9 makes these 4 connections, .* the loop in line 8, or take all 4 together$"
    with pytest.raises(Together, match=together) as some:
        delete(made, net.connections[0])
    assert set(some.value.objects) == set(net.connections[:4])
    assert "Connection" not in delete(made, *some.value.objects).after
    with pytest.raises(Refused, match="line 8 uses ins, which would be deleted"):
        delete(made, *net.ensembles[:4])
    with pytest.raises(Refused, match="a list of arguments"):
        set_argument(LOOP, origins[net.ensembles[6]].span, "n_neurons", "3", ("n_neurons",))
    with pytest.raises(Refused, match="'two' is in use"):
        rename(LOOP, "one", "two")
    with pytest.raises(Refused, match="a word of Python's own"):
        rename(LOOP, "one", "class")
    with pytest.raises(Refused, match="no name for a variable"):
        rename(LOOP, "one", "1st")
    # The source uses range, and not print; neither is taken from it.
    for own in ("range", "print"):
        with pytest.raises(Refused, match=f"'{own}' is .*(use|Python's own)"):
            rename(LOOP, "one", own)
    with pytest.raises(Refused, match="no variable 'nobody'"):
        rename(LOOP, "nobody", "three")
    with pytest.raises(Refused, match="no expression"):
        set_argument(LOOP, origin.span, "radius", "2)")
    with pytest.raises(Refused, match="there is no call at line 7"):
        set_argument(LOOP.replace("ins =", "inside ="), origin.span, "radius", "2")
    with pytest.raises(Refused, match="does not parse"):
        rename("with x", "x", "y")
    both = delete(made, *net.ensembles[4:6])
    assert "column(5)" not in both.after


PIECES = '''\
"""Doc."""
import nengo as n
SIZE = 3  # of all

def f(x):
    """Two
lines."""
    return x * SIZE

with n.Network() as net:
    a = n.Ensemble(50, 1, label='a')  # first
    n.Ensemble(10, 2, label="My cells")
    array = n.networks.EnsembleArray(10, 3)
    with n.Network(label="sub") as sub:
        b = n.Ensemble(SIZE, 1)
        n.Connection(a, b, function=f)
    cells = [n.Ensemble(5, 1, seed=i) for i in range(3)]
    n.Connection(cells[0], a)
'''


@pytest.fixture(scope="module")
def pieces():
    return run_source(PIECES)


def added(made, edit):
    """The lines that an edit adds, and no other is touched."""
    before, after = made.source.splitlines(), edit.after.splitlines()
    kept = iter(after)
    assert all(line in kept for line in before)
    return [line for line in after if after.count(line) > before.count(line)]


def test_connections_across_networks(pieces):
    net = pieces.network
    array, sub = net.networks
    edit = connect(pieces, net.ensembles[1], array.input, post_slice=":2")
    assert edit.after.count("my_cells = n.Ensemble(10, 2") == 1
    assert edit.after.endswith("    n.Connection(my_cells, array.input[:2])\n")
    made = run_source(edit.after)
    assert made.network.connections[-1].post_obj is made.network.networks[0].input
    edit = connect(
        pieces, "array.output", sub.ensembles[0].neurons, "0", "[0, 2]", {"transform": "[[1], [2]]"}
    )
    assert added(pieces, edit) == [
        "    n.Connection(array.output[0], b.neurons[[0, 2]], transform=[[1], [2]])"
    ]
    within = connect(pieces, sub.ensembles[0], sub.ensembles[0], name="loop")
    assert added(pieces, within) == ["        loop = n.Connection(b, b)"]
    for given, said in (
        (
            (net.ensembles[0], array.input),
            r"a slice of 'a' \(1 dimensions\) that fits 'array.input'",
        ),
        ((net.ensembles[0], "zz"), "there is no variable 'zz'"),
        ((net.ensembles[0], net.ensembles[0], "3"), "no slice of Ensemble 'a', which has 1"),
        ((net.ensembles[0], net.ensembles[0], "", "", {"synapse": "-1"}), "such as 0.005"),
    ):
        with pytest.raises(Refused, match=said):
            connect(pieces, *given)


def test_a_connection_to_what_is_made_later():
    source = "import nengo\nwith nengo.Network() as net:\n    a = nengo.Ensemble(9, 1)\n"
    made = run_source(
        source + "array = nengo.networks.EnsembleArray(9, 1, add_to_container=False)\n"
        "net.networks.append(array)\n",
        network="net",
    )
    edit = connect(made, made.namespace["a"], made.namespace["array"].input)
    assert edit.after.endswith("with net:\n    nengo.Connection(a, array.input)\n")
    assert len(run_source(edit.after, network="net").network.connections) == 1


def test_copies_take_what_they_need_with_them(pieces):
    net = pieces.network
    piece = copy(pieces, net.ensembles[0], net.networks[1])
    again = paste(pieces, piece)
    assert [line.strip() for line in added(pieces, again)] == [
        "a_1 = n.Ensemble(50, 1, label='a_1')  # first",
        'with n.Network(label="sub_1") as sub_1:',
        "b_1 = n.Ensemble(SIZE, 1)",
        "n.Connection(a_1, b_1, function=f)",
    ]
    other = run_source(
        "import numpy\nimport nengo\na = 5\nwith nengo.Network() as net:\n    pass\n"
    )
    moved = run_source(paste(other, piece).after)
    assert moved.network.networks[0].connections[0].function(2.0) == 6.0
    assert moved.namespace["f"].__doc__ == "Two\nlines."
    assert moved.network.ensembles[0].label == "a_1"
    assert moved.namespace["a"] == 5
    array = paste(other, "import numpy as np\nx = nengo.Node(np.zeros(2))")
    assert array.after.splitlines()[-1] == "    x = nengo.Node(numpy.zeros(2))"
    with pytest.raises(Refused, match="line 17 makes these 3"):
        copy(pieces, pieces.namespace["cells"][0])
    with pytest.raises(Refused, match="uses nobody, which the source has not"):
        paste(other, "nengo.Probe(nobody)")
    # What is set of it later belongs to it.
    text = "import nengo\nwith nengo.Network() as net:\n    a = nengo.Ensemble(1, 1)\n"
    later = run_source(text + "    a.encoders = [[1]]\n    if a:\n        a.seed = 1\n")
    with pytest.raises(Refused, match="line 6 changes a in a block of its own"):
        copy(later, later.network.ensembles[0])
    later = run_source(text + "    a.encoders = [[-1]]\n")
    found = run_source(paste(later, copy(later, later.network.ensembles[0])).after)
    assert found.network.ensembles[1].encoders == [[-1]]
    line = run_source("import nengo\nwith nengo.Network(): pass\n")
    with pytest.raises(Refused, match="stands on one line"):
        paste(line, piece)


def test_entries_of_the_palette_are_one_edit():
    made = run_source("import numpy as n\nimport nengo as np\nwith np.Network() as m:\n  pass\n")
    by_title = {entry.title: entry for entry in palette()}
    edit = place(made, by_title["Function of time"])
    assert (
        edit.after.splitlines()[-1]
        == '  wave = np.Node(lambda t: n.sin(2 * n.pi * t), label="wave")'
    )
    edit = place(made, by_title["Attractor"])
    assert edit.undo().after == made.source
    made = run_source(edit.after)
    twice = run_source(place(made, by_title["Attractor"]).after)
    assert [e.label for e in twice.network.ensembles] == ["attractor", "attractor_1"]
    assert twice.source.count("def lorenz") == 1  # word for word the same
    filled = by_title["Connection"].filled(pre="attractor", post="attractor")
    assert place(made, filled).after.splitlines()[-1] == "  np.Connection(attractor, attractor)"
    with pytest.raises(Refused, match="Probe needs target: fill it in"):
        place(made, by_title["Probe"])


def test_moves_keep_what_is_needed_before_what_needs_it(pieces):
    net = pieces.network
    sub, b = net.networks[1], net.networks[1].ensembles[0]
    grouped = run_source(group(pieces, net.ensembles[0], name="column").after)
    assert grouped.network.networks[0].label == "column"
    assert grouped.network.networks[0].ensembles[0].label == "a"
    out = move(pieces, b, into=net)
    lines = [line.strip() for line in out.after.splitlines()]
    assert lines.index("b = n.Ensemble(SIZE, 1)") < lines.index(
        'with n.Network(label="sub") as sub:'
    )
    assert sorted(lines) == sorted(line.strip() for line in PIECES.splitlines())
    with pytest.raises(Refused, match="line 18 uses cells|stands in|makes these 3"):
        move(pieces, net.ensembles[2], into=sub)
    with pytest.raises(Refused, match="into itself"):
        move(pieces, sub, into=sub)
    source = PIECES.replace("    with n.Network(label", "    n.Probe(a)\n    with n.Network(label")
    made = run_source(source)
    with pytest.raises(Refused, match="line 14 uses a, which line 11 makes: move or change"):
        move(made, made.namespace["a"], into=made.namespace["sub"])
    function = run_source(
        "import nengo\ndef make():\n    return nengo.Ensemble(5, 1)\n"
        "with nengo.Network() as net:\n    a = make()\n"
        "    with nengo.Network() as sub:\n        pass\n"
    )
    moved = move(function, function.namespace["a"], into=function.namespace["sub"])
    assert moved.after.endswith("as sub:\n        a = make()\n")


def test_fields_are_set_for_all_that_a_call_makes(pieces):
    cells = pieces.namespace["cells"]
    edit = set_field(pieces, cells[1], "radius", "np.pi")
    assert edit.count == 3
    assert [line for line in edit.after.splitlines() if "numpy" in line] == ["import numpy as np"]
    made = run_source(edit.after)
    assert {round(cell.radius, 3) for cell in made.namespace["cells"]} == {3.142}
    inner = pieces.network.networks[0].ensembles[0]
    edit = set_field(pieces, inner, "neuron_type", "nengo.LIFRate()")
    assert "n.networks.EnsembleArray(10, 3, neuron_type=n.LIFRate())" in edit.after
    with pytest.raises(Refused, match="radius: -1 is not allowed"):
        set_field(pieces, cells[1], "radius", "-1")
    with pytest.raises(Refused, match="more than one line"):
        set_field(pieces, cells[1], "radius", "(1 +\n 2)")
    made = run_source(edit.after)
    form = fields_of(made, made.network.networks[0].ensembles[0])
    assert form["neuron_type"].source == "n.LIFRate()"


def test_imports_go_where_they_belong():
    for source, after in (
        ("x = 1\n", "import numpy as np\n\nx = 1\n"),
        ("#!/usr/bin/env python\nx = 1\n", "#!/usr/bin/env python\nimport numpy as np\n\nx = 1\n"),
        (
            '"""Doc."""\nfrom __future__ import annotations\nx = 1',
            '"""Doc."""\nfrom __future__ import annotations\nimport numpy as np\nx = 1',
        ),
        ("import a; import b", "import a; import b\nimport numpy as np"),
        ("import numpy as np\r\n", "import numpy as np\r\n"),
        ("import a\r\nx = 1\r\n", "import a\r\nimport numpy as np\r\nx = 1\r\n"),
    ):
        edit = add_import(source, "import numpy as np")
        assert edit.after == after
        assert edit.undo().after == source
    with pytest.raises(Refused, match="uses 'np' for something else"):
        add_import("np = 3\n", "import numpy as np")
    with pytest.raises(Refused, match="is no import"):
        add_import("", "numpy")


OTHER = """\
import nengo


def build():
    with nengo.Network(add_to_container=False) as net:
        nengo.Ensemble(9, 1)
    return net


with nengo.Network() as net:
    net.a = nengo.Ensemble(5, 1, label="a")
    nengo.Connection(net.a, net.a)
    with nengo.presets.ThresholdingEnsembles(0.0):
        high = nengo.Ensemble(5, 1)
    sub = nengo.Network()


def elsewhere():
    net = nengo.Network()
    with net:
        nengo.Ensemble(9, 1)
"""


def test_blocks_in_functions_are_not_added_to():
    made = run_source(OTHER)
    edit = add(made, "nengo.Ensemble(7, 1)", "b")
    assert edit.lines == [16]
    assert len(run_source(edit.after).network.ensembles) == 3


def test_a_copy_takes_no_attribute_of_the_network_from_what_has_it():
    made = run_source(OTHER)
    edit = paste(made, copy(made, made.network.ensembles[0]))
    assert 'net.a_1 = nengo.Ensemble(5, 1, label="a_1")' in edit.after
    again = run_source(edit.after).network
    assert (again.a, again.a_1) == (again.ensembles[0], again.ensembles[2])
    assert again.connections[1].pre is again.a_1


def test_what_a_block_of_settings_makes_stays_in_it():
    made = run_source(OTHER)
    high = made.network.ensembles[1]
    for edit in (
        lambda: copy(made, high),
        lambda: group(made, high),
        lambda: move(made, high, into=made.network),
    ):
        with pytest.raises(Refused, match="line 14 stands in the block of line 13, which says how"):
            edit()
    assert not run_source(delete(made, high).after).network.ensembles[1:]


COLUMNS = """\
import nengo


def column(n):
    inner = nengo.Ensemble(n, 1)
    return inner


with nengo.Network() as net:
    one = column(5)
    two, three = column(6), column(7)
    for _ in range(2):
        nengo.Ensemble(8, 1)
    with nengo.Network() as sub:
        pass
    for _ in range(2):
        with nengo.Network():
            nengo.Ensemble(9, 1)
"""


def test_a_copy_is_as_many_as_are_copied():
    made = run_source(COLUMNS)
    ensembles = made.network.ensembles
    edit = paste(made, copy(made, ensembles[0]))
    assert "one_1 = column(5)" in edit.after
    edit = paste(made, copy(made, *ensembles[1:3]))
    assert [e.n_neurons for e in run_source(edit.after).network.ensembles] == [5, 6, 7, 8, 8, 6, 7]
    with pytest.raises(Refused, match="line 13 stands in a loop or a function"):
        copy(made, *ensembles[3:])
    with pytest.raises(Refused, match="line 18 stands in another loop or function than"):
        move(made, *made.network.all_ensembles[5:], into=made.network.networks[0])


LATER = """\
import nengo

with nengo.Network() as net:
    a = nengo.Ensemble(9, 1)
    b = nengo.Ensemble(9, 1)
    c = nengo.Connection(a, b)
    c.learning_rule_type = nengo.PES()
    nengo.Connection(b, c.learning_rule)
    with nengo.Network() as sub:
        pass
    net.config[nengo.Ensemble].radius = 2
    d = nengo.Ensemble(9, 1)
"""


def test_what_is_set_later_is_moved_too_and_nothing_moves_across():
    made = run_source(LATER)
    a, b, d = made.network.ensembles
    edit = group(made, a, b, name="column")
    assert not nengolab.inspect.diff(made.network, run_source(edit.after).network)
    assert (
        '    with nengo.Network(label="column") as column:\n        a = nengo.Ensemble(9, 1)\n'
        "        b = nengo.Ensemble(9, 1)\n        c = nengo.Connection(a, b)\n"
        "        c.learning_rule_type = nengo.PES()\n"
        "        nengo.Connection(b, c.learning_rule)\n    with"
    ) in edit.after
    edit = move(made, d, into=made.network.networks[0])
    assert "as sub:\n        d = nengo.Ensemble(9, 1, radius=2)\n" in edit.after
    source = LATER.replace("config[nengo.Ensemble].radius = 2", "config[a].where = 2")
    source = source.replace(
        "    a =", "    net.config[nengo.Ensemble].set_param(\n        'where', "
        "nengo.params.Parameter('where', optional=True)\n    )\n    a ="
    )  # fmt: skip
    made = run_source(source)
    with pytest.raises(Refused, match="line 14 changes net, which line 15 needs"):
        move(made, made.network.ensembles[2], into=made.network.networks[0])


def test_an_attribute_that_is_used_elsewhere_is_not_deleted():
    source = (
        "import nengo\nwith nengo.Network() as net:\n    net.a = nengo.Ensemble(5, 1)\n"
        "    nengo.Probe(net.a)\n    size = net.a.n_neurons\n"
    )
    made = run_source(source)
    with pytest.raises(Refused, match="line 5 uses net.a, which would be deleted"):
        delete(made, made.network.ensembles[0])
    made = run_source(source.replace("    size = net.a.n_neurons\n", ""))
    edit = delete(made, made.network.ensembles[0])
    assert edit.after == "import nengo\nwith nengo.Network() as net:\n    pass\n"
