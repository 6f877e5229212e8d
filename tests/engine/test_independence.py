"""Which Python functions are proved independent: a wrong yes would be a wrong result."""

from __future__ import annotations

import functools
import math

import nengo
import numpy as np
import pytest

from nengolab.compiler import independence

SCALE = 3.0
LOG: list = []


def make_counter():
    n = 0

    def count(t):
        nonlocal n
        n += 1
        return n

    def read(t):
        return n

    return count, read


class Thing:
    value = 1.0

    def method(self, t):
        return self.value


def make_closure(value):
    return lambda t: value * t


def uses_global_list(t):
    LOG.append(t)
    return t


def default_list(t, seen=[]):  # noqa: B006
    seen.append(t)
    return len(seen)


def imports(t):
    import random

    return random.random()


def changes_its_copy(t, x):
    x[0] = t
    y = np.zeros(2)
    y += x
    return y


def calls_another(t, x):
    return changes_its_copy(t, x)


def calls_itself(t):
    return calls_itself(t - 1) if t > 0 else 0


def counts_inside(t):
    n = 0

    def more():
        nonlocal n
        n += 1
        return n

    return more()


PURE = [
    counts_inside,
    lambda t: 0.5,
    lambda t: np.sin(2 * np.pi * t),
    lambda t: [np.cos(t), math.exp(-t)],
    lambda t: 1 if t < 0.1 else (2 if t < 0.2 else 0),
    lambda t, x: x**2 + np.dot(x, x),
    lambda t, x: np.clip(x, -1, 1).sum(),
    lambda t: (lambda: t)(),
    lambda t, x: [v**2 for v in x],
    lambda t, x: sum(v * t for v in x),
    changes_its_copy,
    functools.partial(lambda a, t: a * t, 2.0),
    np.sin,
    math.cos,
]
READS = [
    make_closure(2.0),
    lambda t: SCALE * t,
    make_counter()[1],
    make_closure((1, 2.5)),
    calls_another,
]
TIED = [
    make_counter()[0],
    make_closure([1, 2]),
    make_closure(np.ones(3)),
    Thing().method,
    uses_global_list,
    default_list,
    imports,
    calls_itself,
    lambda t: np.random.rand(),
    lambda t: [np.random.rand() for _ in range(2)],
    functools.partial(lambda a, t: a, [1]),
    lambda t: LOG,
    lambda t: open("f"),
    lambda t: print(t),
    lambda t, x: x.sort(),
    lambda t: Thing(),
    print,
    Thing(),
]


@pytest.mark.parametrize("fn", PURE, ids=range(len(PURE)))
def test_pure(fn):
    assert independence.of(fn).level == "pure", independence.of(fn).why


@pytest.mark.parametrize("fn", READS, ids=range(len(READS)))
def test_reads_variables(fn):
    assert independence.of(fn).level == "reads", independence.of(fn).why


@pytest.mark.parametrize("fn", TIED, ids=range(len(TIED)))
def test_tied(fn):
    verdict = independence.of(fn)
    assert verdict.level == "tied"
    assert verdict.why


def test_processes():
    assert independence.of_process(nengo.processes.WhiteNoise()).level == "pure"

    class Mine(nengo.Process):
        pass

    assert independence.of_process(Mine()).level == "tied"
    assert (
        independence.of_process(nengo.processes.Piecewise({0: np.sin, 1: np.cos})).level == "tied"
    )


def test_variable_shared_between_nodes_is_read_in_nengos_order():
    """``read`` looks harmless by itself; the Node that counts makes it order-dependent."""
    import nengolab

    data = []
    for simulator in (nengo.Simulator, nengolab.Simulator):
        count, read = make_counter()
        with nengo.Network(seed=0) as net:
            a = nengo.Node(lambda t, x, count=count: count(t), size_in=1)
            b = nengo.Node(read)
            nengo.Connection(b, a, synapse=0)
            probe = nengo.Probe(b)
        with simulator(net, progress_bar=False) as sim:
            sim.run_steps(30)
            data.append(sim.data[probe])
    np.testing.assert_allclose(*data)
    assert data[0][-1] >= 29
