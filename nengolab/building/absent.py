"""What stands in written code for what could not be written: it raises an error when it is used.

Each takes the place of an object of Nengo's in the network, so that the network can be made and
looked at; a simulator that builds it raises `NotImplementedError` with the reason.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from nengo.base import Process
from nengo.dists import Distribution
from nengo.learning_rules import LearningRuleType
from nengo.neurons import NeuronType
from nengo.solvers import Solver
from nengo.synapses import Synapse
from nengo.transforms import Transform


class _Absent:
    """What all have: the reason, which is raised."""

    def _raise(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(self.reason)  # type: ignore[attr-defined]

    def __eq__(self, other: Any) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class AbsentArray(_Absent, Distribution):
    """In place of an array; a distribution that cannot be drawn from.

    Parameters
    ----------
    reason : str
        What is absent and why.

    Examples
    --------
    >>> from nengolab.building.absent import AbsentArray
    >>> AbsentArray("put the weights here").sample(3)
    Traceback (most recent call last):
        ...
    NotImplementedError: put the weights here
    """

    def __init__(self, reason: str):
        super().__init__()
        self.reason = reason

    def sample(self, n: int, d: int | None = None, rng: Any = np.random) -> Any:
        self._raise()


class AbsentProcess(_Absent, Process):
    """In place of a process.

    Parameters
    ----------
    reason : str
    size_in, size_out : int
        Of a Node that runs it.
    """

    def __init__(self, reason: str, size_in: int = 0, size_out: int = 1):
        Process.__init__(self, default_size_in=size_in, default_size_out=size_out)
        self.reason = reason

    def make_state(self, *args: Any, **kwargs: Any) -> Any:
        self._raise()

    make_step = make_state


class AbsentSynapse(_Absent, Synapse):
    """In place of a synapse.

    Parameters
    ----------
    reason : str
    """

    def __init__(self, reason: str):
        super().__init__()
        self.reason = reason

    def make_state(self, *args: Any, **kwargs: Any) -> Any:
        self._raise()

    make_step = make_state


class AbsentSolver(_Absent, Solver):
    """In place of a solver.

    Parameters
    ----------
    reason : str
    weights : bool
        Whether it solves for weights rather than decoders.
    """

    def __init__(self, reason: str, weights: bool = False):
        Solver.__init__(self, weights=weights)
        self.reason = reason

    def __call__(self, A: Any, Y: Any, rng: Any = np.random) -> Any:
        self._raise()


class AbsentTransform(_Absent, Transform):
    """In place of a transform.

    Parameters
    ----------
    reason : str
    size_in, size_out : int
    """

    def __init__(self, reason: str, size_in: int, size_out: int):
        super().__init__()
        self.reason = reason
        self._sizes = size_in, size_out

    @property
    def size_in(self) -> int:
        return self._sizes[0]

    @property
    def size_out(self) -> int:
        return self._sizes[1]

    def sample(self, rng: Any = np.random) -> Any:
        self._raise()


class AbsentNeurons(_Absent, NeuronType):
    """In place of a neuron type.

    Parameters
    ----------
    reason : str
    """

    def __init__(self, reason: str):
        super().__init__()
        self.reason = reason

    def gain_bias(self, max_rates: Any, intercepts: Any) -> Any:
        self._raise()

    def step(self, dt: float, J: Any, output: Any) -> Any:
        self._raise()


class AbsentRule(_Absent, LearningRuleType):
    """In place of a learning rule.

    Parameters
    ----------
    reason : str
    modifies : str
    size_in : int or str
        Of what leads to the rule.
    """

    def __init__(self, reason: str, modifies: str = "decoders", size_in: Any = 0):
        self.modifies = modifies
        LearningRuleType.__init__(self, size_in=size_in)
        self.reason = reason


def instead_of(value: Any) -> tuple[type, dict[str, Any]] | None:
    """Which of these can take the place of a value, and with what; None where none can."""
    if isinstance(value, np.ndarray | Distribution):
        return AbsentArray, {}
    if isinstance(value, Synapse):
        return AbsentSynapse, {}
    if isinstance(value, Process):
        sizes = {"size_in": value.default_size_in, "size_out": value.default_size_out}
        return AbsentProcess, sizes
    if isinstance(value, Solver):
        return AbsentSolver, {"weights": value.weights}
    if isinstance(value, Transform):
        return AbsentTransform, {"size_in": value.size_in, "size_out": value.size_out}
    if isinstance(value, NeuronType):
        return AbsentNeurons, {}
    if isinstance(value, LearningRuleType):
        return AbsentRule, {"modifies": value.modifies, "size_in": value.size_in}
    return None
