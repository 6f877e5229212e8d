"""Whether two networks are equal in all that Nengo builds of them."""

from __future__ import annotations

import linecache
import warnings

import nengo
import numpy as np
import scipy.sparse

import nengolab


def made_by(code, net, name="<written>"):
    """The network that the code of another one makes, in a namespace of its own."""
    linecache.cache[name] = (len(code.source), None, code.source.splitlines(True), name)
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code.source, name, "exec"), found)
    return found[code.names[net]]


KINDS = (nengo.Network, nengo.Node, nengo.Ensemble, nengo.Connection, nengo.Probe)


def kind(obj):
    return next(kind for kind in KINDS if isinstance(obj, kind))


def objects(net):
    """All objects, network by network, in their order."""
    own = [obj for kind in KINDS[1:] for obj in net.objects[kind]]
    return own + [obj for inner in net.networks for obj in [inner, *objects(inner)]]


def built(net, seed=0):
    """What Nengo builds, and the error of one that it cannot build to its end."""
    np.random.seed(seed)
    model = nengo.builder.Model(dt=0.001)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.build(net)
        except nengo.exceptions.BuildError as error:
            return model, type(error)
    return model, None


def assert_equal(a, b):
    """The same objects, seeds, and built arrays, to the last bit."""
    first, second = objects(a), objects(b)
    assert [kind(o) for o in first] == [kind(o) for o in second]
    assert [o.label for o in (a, *first)] == [o.label for o in (b, *second)]
    differ = nengolab.inspect.diff(a, b)
    assert not differ, str(differ)
    (one, failed), (other, failed_too) = built(a), built(b)
    assert failed == failed_too
    for x, y in zip(first, second, strict=True):
        assert one.seeds.get(x) == other.seeds.get(y), x
        assert_same(one.params.get(x), other.params.get(y))


def assert_same(a, b):
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        np.testing.assert_array_equal(a, b)
    elif scipy.sparse.issparse(a):
        np.testing.assert_array_equal(a.toarray(), b.toarray())
    elif isinstance(a, tuple):
        for p, q in zip(a, b, strict=True):
            assert_same(p, q)
    elif isinstance(a, dict):
        assert_same(tuple(a.values()), tuple(b.values()))
