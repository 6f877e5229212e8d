"""Methods of a person's own objects, and objects that can be called, as code."""

from __future__ import annotations

import dataclasses
import math

import nengo
import numpy as np
import pytest

import nengolab
from nengolab import building
from nengolab.building import run_source
from tests.building.equal import made_by

SCALE = 2.0
SHARED = [1.0]


class Counter:
    """Counts how often it was asked."""

    step = 0.5

    def __init__(self, start, by=1):
        self.start = start
        self.by = by
        self.seen = 0

    def __call__(self, t) -> float:
        self.seen += 1
        return self.start + self.by * self.step * SCALE * math.sin(t)

    def twice(self, t: float):
        return 2 * abs(self(t))

    @property
    def most(self):
        return max(self.start, 0)

    @staticmethod
    def plain(t):
        return t

    def kept(self, t):
        return self.plain(t) + self.most


class Room:
    def __init__(self, walls):
        self.walls = walls
        self.place = np.zeros(2)

    def move(self, t, x):
        self.place += x
        return self.place

    def look(self, t):
        return [*self.place, *self.walls]


def test_what_objects_hold_is_what_they_are_made_with():
    first, second = Counter(1, by=3), Counter(-2.5)
    room, other = Room(SHARED), Room(SHARED)
    with nengo.Network() as net:
        nengo.Node(first)
        nengo.Node(first.twice)
        nengo.Node(second.kept, label="counter")
        nengo.Node(room.move, size_in=2)
        nengo.Node(other.look)
        nengo.Node(room.look, label="Counter")
    seen = first.seen, second.seen
    code = nengolab.to_code(net)
    assert (first.seen, second.seen) == seen  # nothing was called
    assert not code.missing
    made = made_by(code, net)
    assert nengolab.to_code(made).source == code.source
    call, twice, kept, move, look, look_first = (node.output for node in made.nodes)
    assert twice.__self__ is call
    assert vars(call) == vars(first)
    assert call(0.5) == first(0.5)
    assert twice(0.5) == first.twice(0.5)
    assert kept(0.5) == second.kept(0.5)
    move(0.0, [1.0, 2.0])
    assert look_first(0.0) == [1.0, 2.0, 1.0]
    assert look(0.0) == [0.0, 0.0, 1.0]
    assert move.__self__.walls is look.__self__.walls


def test_what_is_made_as_its_class_makes_it_says_so():
    made = run_source(
        "import nengo\n\n\nclass Wave:\n    def __init__(self, rate, phase=0):\n"
        "        self.rate = rate\n        self.phase = phase\n        self.on = True\n\n"
        "    def __call__(self, t):\n        return self.rate * t\n\n\n"
        "with nengo.Network() as net:\n    a = nengo.Node(Wave(3))\n"
    )
    code = nengolab.to_code(made.network)
    assert "\nwave = Wave(rate=3, phase=0)\n" in code.source
    assert not code.missing
    made.network.nodes[0].output.on = False
    assert "wave.on = False\n" in nengolab.to_code(made.network).source


class Decorated:
    @np.vectorize
    def read(self, t):
        return t

    def __call__(self, t):
        return t


class Changed:
    def __call__(self, t):
        return t


Changed.added = 3


@dataclasses.dataclass
class Point:
    x: float

    def __call__(self, t):
        return self.x


class Itself:
    def __init__(self):
        self.own = self

    def __call__(self, t):
        return t


class Drawing:
    def __init__(self):
        self.rng = np.random.RandomState(1)

    def __call__(self, t):
        return self.rng.uniform()


class Slotted:
    __slots__ = ("value",)

    def __call__(self, t):
        return t


def of_a_function(by):
    class Local:
        def __call__(self, t):
            return by * t

    return Local


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Decorated, "is a Decorated, whose class has a decorated method"),
        (Changed, "is a Changed, whose class was changed since it was made"),
        (lambda: Point(1.0), "is a Point, whose class is decorated"),
        (Itself, "is a Itself, which holds itself"),
        (Drawing, "is an object, a RandomState, which has no source"),
        (Slotted, "is an object, a Slotted, which has no source"),
        (of_a_function(2), "is a Local, whose class reads variables of the function"),
    ],
)
def test_what_cannot_be_made_again_is_named(kind, why):
    with nengo.Network() as net:
        nengo.Node(kind(), size_out=1, label="a")
    (missing,) = nengolab.to_code(net).missing
    assert why in missing.reason
    made = made_by(nengolab.to_code(net), net)
    with pytest.raises(NotImplementedError):
        made.nodes[0].output(0.0)


def test_what_holds_an_object_of_the_network_is_named():
    with nengo.Network() as net:
        a = nengo.Ensemble(5, 1)
        nengo.Node(Room([a]).look, size_out=3)
    (missing,) = nengolab.to_code(net).missing
    assert "is a method of an object that" in missing.reason


class Hidden:
    def __init__(self):
        self.__value = 2

    def __call__(self, t):
        return self.__value * t


def test_hidden_names_go_by_the_name_of_the_class():
    with nengo.Network() as net:
        nengo.Node(Hidden(), size_out=1)
    code = nengolab.to_code(net)
    assert not code.missing
    assert made_by(code, net).nodes[0].output(3) == 6
    with net:
        nengo.Node(math.sin, label="Hidden")
    assert made_by(nengolab.to_code(net), net).nodes[0].output(3) == 6
    with nengo.Network() as net:
        nengo.Node(Hidden(), size_out=1)
        nengo.Node(of_a_module(Hidden)(), size_out=1)
    (missing,) = nengolab.to_code(net).missing
    assert "whose class hides names" in missing.reason


def of_a_module(kind):
    """Another class that is called as one is."""
    source = run_source(
        "import nengo\nclass Hidden:\n    def __init__(self):\n        self.__value = 3\n\n"
        "    def __call__(self, t):\n        return self.__value * t\nnet = nengo.Network()\n"
    )
    return source.namespace[kind.__name__]


class Hiding:
    def __init__(self, gain, start=(0.5, (1, None))):
        self.__gain = gain
        self.start = start

    def __scaled(self, t):
        return self.__gain * t + self.start[0]

    def __call__(self, t):
        return self.__scaled(t)


def test_hidden_methods_and_defaults_of_several_values_are_written():
    with nengo.Network() as net:
        nengo.Node(Hiding(2.0))
    code = nengolab.to_code(net)
    assert not code.missing
    made = building.run_source(str(code)).network
    assert made.nodes[0].output(3.0) == 6.5
