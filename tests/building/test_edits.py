"""Edits of a source: what was asked changes, all else stays, and undo gives the first letters."""

from __future__ import annotations

import ast
import difflib

import nengo
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import nengolab
from nengolab.building import (
    Refused,
    add,
    delete,
    depending,
    remove_argument,
    rename,
    run_source,
    set_argument,
)

FEW = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
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
SOURCES = [
    PLAIN,
    PLAIN.replace("\n", "\r\n"),
    PLAIN.replace("    ", "  ").removesuffix("\n# after it\n"),
]
POSITIONS = {"Ensemble": ("n_neurons", "dimensions"), "Connection": ("pre", "post")}
PROPERTIES = {
    "radius": ("1.0", "2.5", "3"),
    "seed": ("None", "5"),
    "neuron_type": ("n.LIF()", "n.LIFRate(tau_rc=0.03)"),
    "n_neurons": ("11", "12"),
}


def changed_lines(before, after):
    """How many lines of the one before are not in the one after, by another library."""
    matcher = difflib.SequenceMatcher(
        None, before.splitlines(True), after.splitlines(True), autojunk=False
    )
    return sum(i2 - i1 for tag, i1, i2, _, _ in matcher.get_opcodes() if tag != "equal")


def by_label(net, label):
    return next(ens for ens in net.all_ensembles if ens.label == label)


@FEW
@given(st.data(), st.sampled_from(SOURCES))
def test_sequences_of_edits(data, first):
    """Each makes of the network what was asked for; undone in turn, the first letters are back."""
    source, edits = first, []
    for step in range(data.draw(st.integers(4, 12))):
        made = run_source(source)
        kind = data.draw(st.sampled_from(["set", "set", "remove", "rename", "add", "delete"]))
        edit, expected = EDITS[kind](data, made, step)
        if edit is None:
            continue
        ast.parse(edit.after)
        assert changed_lines(source, edit.after) <= len(edit.lines) + 1
        found = run_source(edit.after).network
        differ = nengolab.inspect.diff(expected, found)
        assert not differ, f"{kind}: {differ}\n{edit.after}"
        assert sorted(map(str, labels(expected))) == sorted(map(str, labels(found)))
        edits.append(edit)
        source = edit.after
    for edit in reversed(edits):
        assert edit.undo().before == source
        source = edit.undo().after
    assert source == first


def labels(net):
    return [obj.label for obj in (*net.all_nodes, *net.all_ensembles, *net.all_networks)]


def _some_ensemble(data, made):
    found = made.network.all_ensembles
    return data.draw(st.sampled_from(found)) if found else None


def _set(data, made, step):
    ens = _some_ensemble(data, made)
    if ens is None:
        return None, None
    name = data.draw(st.sampled_from(sorted(PROPERTIES)))
    value = data.draw(st.sampled_from(PROPERTIES[name]))
    span = made.origins[ens].span
    edit = set_argument(made.source, span, name, value, POSITIONS["Ensemble"])
    with made.network:
        new = eval(value, {"n": nengo})
    setattr_anew(ens, name, new)
    return edit, made.network


def setattr_anew(ens, name, value):
    """Set what Nengo sets once only."""
    param = getattr(type(ens), name)
    if param.readonly:
        param.data[ens] = value
    else:
        setattr(ens, name, value)


def _remove(data, made, step):
    ens = _some_ensemble(data, made)
    if ens is None:
        return None, None
    span = made.origins[ens].span
    if "radius" not in span.of(made.source):
        with pytest.raises(Refused, match="no argument radius"):
            remove_argument(made.source, span, "radius")
        return None, None
    edit = remove_argument(made.source, span, "radius")
    ens.radius = 1.0
    return edit, made.network


def _rename(data, made, step):
    ens = _some_ensemble(data, made)
    if ens is None:
        return None, None
    old, new = made.names[ens], f"new_{step}"
    if ens.label == old:
        ens.label = new
    return rename(made.source, old, new), made.network


def _add(data, made, step):
    inner = [net for net in made.network.networks]
    into = data.draw(st.sampled_from([made.network, *inner]))
    name = f"added_{step}"
    edit = add(made, f'nengo.Ensemble(7, 1, label="{name}")', name, into)
    with into:
        nengo.Ensemble(7, 1, label=name)
    return edit, made.network


def _delete(data, made, step):
    ens = _some_ensemble(data, made)
    if ens is None:
        return None, None
    going = depending(made, ens)
    edit = delete(made, ens)
    for net in (made.network, *made.network.all_networks):
        for objs in net.objects.values():
            objs[:] = [obj for obj in objs if obj not in going]
    return edit, made.network


EDITS = {"set": _set, "remove": _remove, "rename": _rename, "add": _add, "delete": _delete}


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
    with pytest.raises(Refused, match="line 7 makes 3 other objects as well as"):
        delete(made, net.ensembles[0])
    with pytest.raises(Refused, match="line 9 makes 3 other objects as well as"):
        delete(made, net.connections[0])
    with pytest.raises(Refused, match="line 8 uses ins, which would be deleted"):
        delete(made, *net.ensembles[:4])
    with pytest.raises(Refused, match="a list of arguments"):
        set_argument(LOOP, origins[net.ensembles[6]].span, "n_neurons", "3", ("n_neurons",))
    with pytest.raises(Refused, match="'two' is in use"):
        rename(LOOP, "one", "two")
    with pytest.raises(Refused, match="no name"):
        rename(LOOP, "one", "class")
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
