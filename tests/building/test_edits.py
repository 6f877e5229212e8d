"""Edits of a source: what was asked changes, in the smallest span; else it is refused."""

from __future__ import annotations

import pytest

from nengolab.building import (
    Refused,
    add,
    delete,
    depending,
    rename,
    run_source,
    set_argument,
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
