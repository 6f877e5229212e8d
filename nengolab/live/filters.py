"""Filters whose state is carried from one chunk of samples to the next."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from nengo.synapses import LinearFilter, Synapse
from scipy.signal import lfilter, ss2tf

BLOCK = 32
# Up to this order a filter is a recursion, compiled in SciPy; beyond it the coefficients of the
# recursion lose too many digits, and blocks of the state-space form are used.
RECURSIVE = 3
# Samples that the answer of a filter without a state of its own is taken to depend on.
REMEMBERED = 1000


class Recursion:
    r"""A linear filter of low order over chunks of any length.

    .. math:: y_n = \sum_k b_k u_{n-k} - \sum_{k>0} a_k y_{n-k}

    One call of SciPy a chunk, whatever its length: 20 us for 400 samples, where blocks take 260.

    Parameters
    ----------
    a, b, c, d : ndarray
        The discretised system, as for `StateSpace`.
    size : int
        Number of signals filtered side by side.
    """

    def __init__(
        self, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, size: int
    ) -> None:
        if len(a):
            numerator, self._a = ss2tf(a, b, c, d)
            self._b = numerator[0]
        else:
            self._b, self._a = d.ravel(), np.ones(1)
        self.state = np.zeros((len(self._a) - 1, size))

    def __call__(self, chunk: np.ndarray) -> np.ndarray:
        """Filter ``chunk`` (steps, size) and keep the state for the next one."""
        if len(chunk) == 0:
            return np.zeros(chunk.shape)
        out, self.state = lfilter(self._b, self._a, chunk, axis=0, zi=self.state)
        return out

    def reset(self) -> None:
        """Back to rest."""
        self.state = np.zeros_like(self.state)

    def memory(self) -> np.ndarray:
        """What it remembers, as a value."""
        return self.state.copy()

    def recall(self, memory: np.ndarray) -> None:
        """Remember this."""
        self.state = memory.copy()


class StateSpace:
    r"""A linear filter over chunks of any length.

    With :math:`x_{n+1} = A x_n + B u_n` and :math:`y_n = C x_n + D u_n`, a block of
    L samples is one product instead of L steps:

    .. math:: y = H u + O x_0, \qquad x_L = A^L x_0 + \sum_j A^{L-1-j} B u_j

    where H is the lower triangular Toeplitz matrix of the impulse response
    :math:`D, CB, CAB, \dots` and the rows of O are :math:`C A^i`.

    Parameters
    ----------
    a, b, c, d : ndarray
        The discretised system, shapes (m, m), (m, 1), (1, m), (1, 1).
    size : int
        Number of signals filtered side by side.
    """

    def __init__(
        self, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, size: int
    ) -> None:
        order = len(a)
        powers = [np.eye(order)]
        for _ in range(BLOCK):
            powers.append(a @ powers[-1])
        self._powers = np.array(powers)
        self._observe = np.array([(c @ p).ravel() for p in powers[:BLOCK]])
        # Row i is A^i B, the answer of the state to a unit pulse i steps ago.
        self._pulse = np.array([(p @ b).ravel() for p in powers[:BLOCK]])
        impulse = np.concatenate([d.ravel(), (self._pulse @ c.ravel())[:-1]])
        lag = np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))
        self._toeplitz = np.where(lag >= 0, impulse[np.maximum(lag, 0)], 0.0)
        self.state = np.zeros((order, size))

    def __call__(self, chunk: np.ndarray) -> np.ndarray:
        """Filter ``chunk`` (steps, size) and keep the state for the next one."""
        out = np.empty(chunk.shape)
        for start in range(0, len(chunk), BLOCK):
            u = chunk[start : start + BLOCK]
            n = len(u)
            out[start : start + n] = self._toeplitz[:n, :n] @ u + self._observe[:n] @ self.state
            self.state = self._powers[n] @ self.state + self._pulse[:n][::-1].T @ u
        return out

    def reset(self) -> None:
        """Back to rest."""
        self.state[:] = 0.0

    def memory(self) -> np.ndarray:
        """What it remembers, as a value."""
        return self.state.copy()

    def recall(self, memory: np.ndarray) -> None:
        """Remember this."""
        self.state = memory.copy()


class Stepped:
    """Any other Nengo synapse, through its own step function."""

    def __init__(self, synapse: Synapse, dt: float, size: int) -> None:
        self._synapse, self._dt, self._size = synapse, dt, size
        self.reset()

    def __call__(self, chunk: np.ndarray) -> np.ndarray:
        """Filter ``chunk`` (steps, size) sample by sample."""
        out = np.empty(chunk.shape)
        for i, sample in enumerate(chunk):
            self._seen.append(np.array(sample, dtype=float))
            out[i] = self._step(0.0, self._seen[-1])
        return out

    def reset(self) -> None:
        """Back to rest."""
        shape = (self._size,)
        state = self._synapse.make_state(shape, shape, self._dt, dtype=np.float64)
        self._step = self._synapse.make_step(shape, shape, self._dt, rng=None, state=state)
        self._seen: deque[np.ndarray] = deque(maxlen=REMEMBERED)

    def memory(self) -> list[np.ndarray]:
        """What it saw last: nobody can copy what a step function of somebody's remembers."""
        return list(self._seen)

    def recall(self, memory: list[np.ndarray]) -> None:
        """Be as after this."""
        self.reset()
        for sample in memory:
            self(sample[None])


class ProbeFilter:
    """A probe's synapse as ``nengo.Simulator`` applies it: one step late.

    Nengo's filtered probe reads the filter's output before this step's update, so
    sample n of the probe is the filter's answer to samples 1 .. n-1 and the first
    sample is zero.
    """

    def __init__(self, synapse: Synapse, dt: float, size: int) -> None:
        self._filter = synapse_filter(synapse, dt, size)
        self._late = np.zeros((1, size))

    def __call__(self, chunk: np.ndarray) -> np.ndarray:
        """Filter ``chunk`` (steps, size)."""
        out = np.concatenate([self._late, self._filter(chunk)])
        self._late = out[-1:].copy()
        return out[:-1]

    def reset(self) -> None:
        """Back to rest."""
        self._filter.reset()
        self._late = np.zeros_like(self._late)

    def memory(self) -> tuple[Any, np.ndarray]:
        """What it remembers, as a value."""
        return self._filter.memory(), self._late.copy()

    def recall(self, memory: tuple[Any, np.ndarray]) -> None:
        """Remember this."""
        inner, late = memory
        self._filter.recall(inner)
        self._late = late.copy()


def synapse_filter(synapse: Synapse, dt: float, size: int) -> Recursion | StateSpace | Stepped:
    """Make a filter over chunks of a Nengo synapse, without the probe's delay."""
    if not isinstance(synapse, LinearFilter):
        return Stepped(synapse, dt, size)
    # Nengo offers no public way to the discretised system of a LinearFilter; its
    # own step object is where the discretisation ends up.
    shape = (size,)
    state = synapse.make_state(shape, shape, dt, dtype=np.float64)
    step = synapse.make_step(shape, shape, dt, rng=None, state=state)
    order = len(step.A)
    a, c = np.reshape(step.A, (order, order)), np.reshape(step.C, (1, order))
    b, d = np.reshape(step.B, (order, 1)), np.reshape(step.D, (1, 1))
    if order and not d.any():
        # Without a direct path Nengo reads y_n = C x_{n+1}.
        c, d = c @ a, c @ b
    return (Recursion if order <= RECURSIVE else StateSpace)(a, b, c, d, size)


def rate_filter(tau: float, dt: float, size: int) -> Recursion:
    r"""Make an exponential window over spike counts.

    .. math:: r_n = e^{-dt/\tau} r_{n-1} + (1 - e^{-dt/\tau})\, s_n

    with :math:`s_n` the spikes of step n divided by dt, so r is in Hz and its mean
    over time is the mean firing rate.
    """
    decay = np.exp(-dt / tau)
    a, gain = np.array([[decay]]), np.array([[1.0 - decay]])
    return Recursion(a, gain, a, gain, size)
