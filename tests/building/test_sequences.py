"""Sequences of edits: each makes what was asked for, all else stays; undone, all is as it was.

``NENGOLAB_EDITS=300`` makes one that long of each source, other ones with another
``NENGOLAB_TEST_SEED``.
"""

from __future__ import annotations

import ast
import collections
import contextlib
import difflib
import os
import re
from random import Random

import nengo
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import nengolab
from nengolab.building import (
    Refused,
    add,
    add_import,
    connect,
    copy,
    delete,
    depending,
    group,
    move,
    palette,
    paste,
    place,
    remove_argument,
    rename,
    run_source,
    set_field,
)
from tests.building.copies import between, copied
from tests.building.test_edits import PLAIN

LONG = int(os.environ.get("NENGOLAB_EDITS", "0"))
SEED = int(os.environ.get("NENGOLAB_TEST_SEED", "0"))
FEW = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
LOOPS = """\
'''Columns.'''
import nengo
from nengo import dists as d

size = 12  # neurons


def column(n, radius=1.0):
    '''A column.'''
    inner = nengo.Ensemble(n, 1, label="cell")
    nengo.Connection(inner, inner, synapse=0.1)
    return inner


with nengo.Network(label="loops") as net:
    cells = [nengo.Ensemble(size, 1, label=f"cell {i}") for i in range(3)]
    text = '''two
lines'''
    one, two = column(5), column(6)
    pair = nengo.networks.EnsembleArray(
        8, 2, intercepts=d.Uniform(-0.5, 0.5)
    )  # two of them

    def square(x):
        return x ** 2

    free = nengo.Ensemble(size, 1, label='free')
    nengo.Connection(free, pair.input[:1], function=square)
    nengo.Probe(free)
"""
SOURCES = [
    PLAIN,
    PLAIN.replace("\n", "\r\n"),
    PLAIN.replace("    ", "  ").removesuffix("\n# after it\n"),
    LOOPS,
]
NAMES = {"n": nengo, "nengo": nengo, "np": np}
PROPERTIES = {
    "radius": ("1.0", "2.5", "np.sqrt(2)"),
    "seed": ("None", "5"),
    "neuron_type": ("nengo.LIF()", "nengo.LIFRate(tau_rc=0.03)"),
    "n_neurons": ("11", "12"),
}
CONFIGS = [
    ("Ensemble", "neuron_type", "nengo.RectifiedLinear()"),
    ("Ensemble", "neuron_type", "nengo.LIF(tau_rc=0.03)"),
    ("Ensemble", "max_rates", "nengo.dists.Uniform(50, 60)"),
    ("Connection", "synapse", "0.03"),
    ("Connection", "synapse", "None"),
]
SETS = re.compile(r"\.config\[\w+\.(Ensemble|Connection)\]\.\w+ =")
ENTRIES = [
    entry
    for entry in palette()
    if entry.group in ("Inputs", "Neurons", "Templates", "Networks") and "Layer" not in entry.source
    if not entry.needs and entry.title != "Attractor"
]
done: collections.Counter[str] = collections.Counter()


def changed_lines(before, after):
    """How many lines of the one before are not in the one after, by another library."""
    matcher = difflib.SequenceMatcher(
        None, before.splitlines(True), after.splitlines(True), autojunk=False
    )
    return sum(i2 - i1 for tag, i1, i2, _, _ in matcher.get_opcodes() if tag != "equal")


@FEW
@given(st.randoms(use_true_random=False))
def test_sequences_of_edits(random):
    """Each makes of the network what was asked for; undone in turn, the first letters are back."""
    edit_and_undo(random, random.choice(SOURCES), random.randint(6, 12))


@pytest.mark.skipif(not LONG, reason="NENGOLAB_EDITS says how long")
@pytest.mark.parametrize("first", SOURCES, ids=("plain", "of Windows", "two spaces", "loops"))
def test_long_sequences_of_edits(first):
    edit_and_undo(Random(f"{SEED} {first}"), first, LONG)


def edit_and_undo(random, first, steps):
    source, edits = first, []
    for step in range(steps):
        made = run_source(source)
        kind = random.choice(sorted(EDITS))
        try:
            edit = EDITS[kind](random, made, step)
        except Refused as refused:
            done[f"{kind}, refused: {str(refused)[:60]}"] += 1
            continue
        if edit is None:
            continue
        done[kind] += 1
        ast.parse(edit.after)
        assert changed_lines(source, edit.after) <= len(edit.lines) + 1
        found = run_source(edit.after).network
        differ = nengolab.inspect.diff(made.network, found)
        assert not differ, f"{kind}: {differ}\n{source}\n-----\n{edit.after}"
        same_places(made.network, found, kind, source, edit)
        assert edit.undo().after == source
        edits.append(edit)
        source = edit.after
    for edit in reversed(edits):
        assert edit.undo().before == source
        source = edit.undo().after
    assert source == first


def same_places(expected, found, kind, source, edit):
    wanted, there = (collections.Counter(placed(net)) for net in (expected, found))
    other = f"{wanted - there} expected, {there - wanted} found"
    assert wanted == there, f"{kind}: {other}\n{source}\n-----\n{edit.after}"


def placed(net, path=""):
    """What is in each network, by labels; numbers that tell copies apart left out."""
    own = [f"{path}{type(o).__name__} {bare(o.label)}" for o in (*net.nodes, *net.ensembles)]
    own += [f"{path}{len(net.connections)} connections, {len(net.probes)} probes"]
    own += [row for sub in net.networks for row in placed(sub, f"{path}{bare(sub.label)}.")]
    return sorted(own)


def bare(label):
    return re.sub(r"(_\d+)+$", "", str(label))


# -- what each edit does, and what it is to do to the network --------------------------------------


def drawn(random, objects):
    objects = list(objects)
    return random.choice(objects) if objects else None


def direct(made, objects):
    """Objects whose own call is in the source."""
    for obj in objects:
        text = made.origins[obj].span.of(made.source)
        if re.match(rf"[\w.]*\b{type(obj).__name__}\(", text):
            yield obj


def any_ensemble(random, made):
    """Mostly one that has a call of its own, for what a template makes stays together."""
    own = list(direct(made, made.network.all_ensembles))
    return drawn(random, own if own and random.random() < 0.8 else made.network.all_ensembles)


def networks(made):
    """Networks with a block of their own."""
    found = (made.network, *made.network.all_networks)
    return [net for net in found if type(net) is nengo.Network]


def plain(made):
    """Those of them in which all holds that the configs around them say in the end."""
    lines = made.source.splitlines()
    last = max((n for n, line in enumerate(lines, 1) if SETS.search(line)), default=0)
    own = {net: made.origins[net].span.line for net in networks(made)}
    return [net for net in own if net is made.network or own[net] > last]


def setattr_anew(obj, name, value):
    """Set what Nengo sets once only."""
    param = getattr(type(obj), name)
    if param.readonly:
        param.data[obj] = value
    else:
        setattr(obj, name, value)


def _set(random, made, step):
    ens = drawn(random, direct(made, made.network.all_ensembles))
    if ens is None:
        return None
    name = drawn(random, sorted(PROPERTIES))
    value = drawn(random, PROPERTIES[name])
    edit = set_field(made, ens, name, value)
    alike = [
        o for o in made.network.all_ensembles if made.origins[o].span == made.origins[ens].span
    ]
    assert edit.count >= len(alike)
    for obj in alike:
        setattr_anew(obj, name, eval(value, dict(NAMES)))
    return edit


def _set_connection(random, made, step):
    conn = drawn(random, direct(made, made.network.all_connections))
    if conn is None:
        return None
    value = drawn(random, ("None", "0.02", "nengo.Alpha(0.03)"))
    edit = set_field(made, conn, "synapse", value)
    for obj in made.network.all_connections:
        if made.origins[obj].span == made.origins[conn].span:
            obj.synapse = eval(value, dict(NAMES))
    return edit


def _remove(random, made, step):
    ens = drawn(random, direct(made, made.network.all_ensembles))
    if ens is None:
        return None
    span = made.origins[ens].span
    if "radius" not in span.of(made.source):
        with pytest.raises(Refused, match="no argument radius|of arguments \\("):
            remove_argument(made.source, span, "radius")
        return None
    edit = remove_argument(made.source, span, "radius")
    for obj in made.network.all_ensembles:
        if made.origins[obj].span == span:
            obj.radius = 1.0
    return edit


def _rename(random, made, step):
    ens = drawn(
        random, (o for o in made.network.all_ensembles if made.names.get(o, ".").isidentifier())
    )
    if ens is None:
        return None
    old, new = made.names[ens], f"new_{step}"
    edit = rename(made.source, old, new)
    if ens.label == old:
        ens.label = new
    return edit


def _add(random, made, step):
    into = drawn(random, plain(made))
    name = f"added_{step}"
    edit = add(made, f'nengo.Ensemble(7, 1, label="{name}")', name, into)
    with inside(made, into):
        nengo.Ensemble(7, 1, label=name)
    return edit


def _place(random, made, step):
    into = drawn(random, plain(made))
    entry = drawn(random, ENTRIES)
    edit = place(made, entry, into)
    with inside(made, into):
        exec(entry.source, dict(NAMES))
    return edit


def _delete(random, made, step):
    ens = any_ensemble(random, made)
    if ens is None or (not made.network.all_ensembles[6:] and step % 3):
        return None
    going = depending(made, ens)
    edit = delete(made, ens)
    take_out(made.network, going)
    return edit


def _delete_other(random, made, step):
    net = made.network
    kind = random.choice((net.all_nodes, net.all_connections, net.all_probes))
    obj = drawn(random, direct(made, kind))
    if obj is None:
        return None
    going = depending(made, obj)
    edit = delete(made, obj)
    take_out(net, going)
    return edit


def _label(random, made, step):
    net = made.network
    kind = random.choice((net.all_nodes, net.all_ensembles, net.all_connections, net.all_probes))
    obj = drawn(random, direct(made, kind))
    if obj is None:
        return None
    edit = set_field(made, obj, "label", f'"said_{step}"')
    for other in kind:
        if made.origins[other].span == made.origins[obj].span:
            other.label = f"said_{step}"
    return edit


def take_out(net, going):
    for inner in (net, *net.all_networks):
        for objs in inner.objects.values():
            objs[:] = [obj for obj in objs if obj not in going]


def _connect(random, made, step):
    pre, post = (drawn(random, made.network.all_ensembles) for _ in range(2))
    if pre is None:
        return None
    across = random.random() < 0.5
    edit = (
        connect(
            made,
            pre,
            post.neurons if across else post,
            pre_slice="0" if pre.dimensions > 1 or across else "",
            post_slice="" if not across else "0",
            arguments={"synapse": "0.07"},
        )
        if across or pre.dimensions == post.dimensions
        else None
    )
    home = around(made.network, pre, post)
    if edit is None or home not in plain(made):
        return None
    with inside(made, home):
        start = pre[0] if pre.dimensions > 1 or across else pre
        nengo.Connection(start, post.neurons[0] if across else post, synapse=0.07)
    return edit


def around(network, *objects):
    """The smallest network that holds objects, of those with a block."""
    for inner in network.networks:
        if type(inner) is nengo.Network and all(o in inner.all_objects for o in objects):
            return around(inner, *objects)
    return network


def _paste(random, made, step):
    into = drawn(random, networks(made))
    chosen = [any_ensemble(random, made) for _ in range(2)]
    if chosen[0] is None:
        return None
    piece = copy(made, *chosen)
    edit = paste(made, piece, into)
    copied(made.network, {obj for obj in chosen}, into)
    return edit


def _move(random, made, step):
    ens, into = any_ensemble(random, made), drawn(random, networks(made))
    if ens is None or ens in into.ensembles:
        return None
    edit = move(made, ens, into=into)
    shift(made.network, ens, into)
    return edit


def _group(random, made, step):
    chosen = [any_ensemble(random, made) for _ in range(2)]
    if chosen[0] is None:
        return None
    edit = group(made, *chosen, name=f"group_{step}")
    home = next(n for n in networks(made) if chosen[0] in n.ensembles)
    with home:
        into = nengo.Network(label=f"group_{step}")
    for obj in chosen:
        shift(made.network, obj, into, chosen)
    return edit


def inside(made, network):
    """Within a network and those around it, whose configs count, too."""
    stack = contextlib.ExitStack()
    path = [network]
    while path[-1] is not made.network:
        path.append(next(n for n in networks(made) if path[-1] in n.networks))
    for net in reversed(path):
        stack.enter_context(net)
    return stack


def shift(net, obj, into, with_others=()):
    """Put an object, and the connections between those that are moved, into another network."""
    moved = {obj, *with_others}
    own = between(net, moved)
    for one in (obj, *own):
        take_out(net, [one])
        into.objects[nengo.Ensemble if one is obj else nengo.Connection].append(one)


def _config(random, made, step):
    """What is made from there on has other defaults; what there is stays as it was."""
    into = drawn(random, [net for net in networks(made) if made.names.get(net)])
    kind, name, value = drawn(random, CONFIGS)
    line = f"{made.names[into]}.config[nengo.{kind}].{name} = {value}"
    edit = paste(made, line, into)
    setattr(into.config[getattr(nengo, kind)], name, eval(value, dict(NAMES)))
    return edit


def _import(random, made, step):
    return add_import(made.source, drawn(random, ("import math", "from nengo import utils as u")))


EDITS = {
    "add": _add,
    "config": _config,
    "connect": _connect,
    "delete": _delete,
    "delete another": _delete_other,
    "group": _group,
    "import": _import,
    "label": _label,
    "move": _move,
    "paste": _paste,
    "place": _place,
    "remove": _remove,
    "rename": _rename,
    "set": _set,
    "set of a connection": _set_connection,
}


def teardown_module():
    if LONG:
        print("\n", *(f"{count} {what}" for what, count in done.most_common()), sep="\n")
