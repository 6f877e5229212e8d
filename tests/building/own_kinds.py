"""A model of a person's own classes, as a cell or a file has it: it is run, not imported."""

import abc

import nengo
import numpy as np
from nengo import Lowpass
from nengo.params import NumberParam

STEP = 0.5
KEPT = [1.0]


class Drift(nengo.Process):
    """Goes on, a little at random."""

    rate = NumberParam("rate", low=0)

    def __init__(self, rate=1.0, **more):
        super().__init__(default_size_in=0, default_size_out=1, **more)
        self.rate = rate

    def make_step(self, shape_in, shape_out, dt, rng, state):
        at = np.zeros(shape_out)

        def step(t):
            at[...] += self.rate * STEP * dt + 0.01 * rng.randn(*shape_out)
            return at

        return step


class Twice(Drift):
    def make_step(self, shape_in, shape_out, dt, rng, state):
        step = super().make_step(shape_in, shape_out, dt, rng, state)
        return lambda t: 2 * step(t)


class Half(nengo.LIFRate):
    """Fires half as often."""

    scale: float = 0.5
    negative = False

    def step(self, dt, J, output):
        super().step(dt, J, output)
        output *= self.scale


class Edges(nengo.dists.Distribution):
    def __init__(self, low=-1.0, high=1.0):
        super().__init__()
        self.low, self.high = low, high

    def sample(self, n, d=None, rng=np.random):
        drawn = rng.choice([self.low, self.high], size=n if d is None else (n, d))
        return drawn if isinstance(drawn, np.ndarray) else np.array(drawn)


class Slow(Lowpass):
    def __init__(self, tau):
        Lowpass.__init__(self, 10 * tau)


class Shape(abc.ABC):
    limits = (-1, np.pi)

    @abc.abstractmethod
    def value(self, t): ...

    def __call__(self, t):
        return float(np.clip(self.value(t), *self.limits))


class Line(Shape):
    def __init__(self, slope):
        self.slope, self.seen = slope, False

    def value(self, t):
        return self.slope * t

    def like_me(self, t):
        return isinstance(self, Line) * Line(2).value(t)


class Remembers:
    def __init__(self, held=KEPT):
        self.held = held

    def __call__(self, t):
        return sum(KEPT) + sum(self.held)


with nengo.Network(seed=3) as net:
    drift, twice = nengo.Node(Drift(2.0)), nengo.Node(Twice(seed=5))
    ens = nengo.Ensemble(20, 1, neuron_type=Half(), encoders=Edges(), intercepts=Edges(-0.5, 0))
    nengo.Connection(drift, ens)
    nengo.Connection(twice, ens, synapse=0.1)
    nengo.Node(Line(3), size_out=1)
    nengo.Node(Line(4).like_me, size_out=1)
    nengo.Node(Remembers(), size_out=1)
    nengo.Probe(ens, synapse=0.01)
