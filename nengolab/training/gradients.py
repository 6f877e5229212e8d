"""Checking the gradients of a network against finite differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.exceptions import SimulationError
from nengolab.training.forms import Form

SEED = 0


@dataclass(frozen=True)
class Difference:
    """How one array's gradient compares, along a random direction.

    Attributes
    ----------
    name : str
    analytic, numeric : float
    """

    name: str
    analytic: float
    numeric: float

    def agrees(self, atol: float, rtol: float) -> bool:
        """Whether the two are equal within tolerances."""
        return bool(abs(self.analytic - self.numeric) <= atol + rtol * abs(self.numeric))


def check(
    form: Form,
    data: dict[Any, np.ndarray],
    probes: Sequence[Any],
    names: Iterable[str],
    named: dict[str, np.ndarray],
    atol: float,
    rtol: float,
    called: Mapping[Any, str],
) -> list[Difference]:
    """Compare gradients of what probes see with central differences, in double precision.

    What is differentiated is a sum over the probes' outputs with fixed random weights.

    Parameters
    ----------
    form : Form
        In double precision, for training.
    data : dict
        ``(batch, steps, size)``, by Node.
    probes : list of nengo.Probe
    names : iterable of str
        Parameters to check, beside the data.
    named : dict of str to ndarray
        Values of parameters.
    atol, rtol : float
    called : dict
        Names of the Nodes in ``data``.

    Raises
    ------
    SimulationError
        Naming the arrays whose gradients differ.
    """
    rng = np.random.RandomState(SEED)
    variables: dict[str, Any] = {n: tf.Variable(named[n], dtype="float64") for n in names}
    inputs = {node: tf.Variable(x, dtype="float64") for node, x in data.items()}
    mix = {
        p: tf.constant(rng.standard_normal((form.batch, form.n_steps, p.size_in))) for p in probes
    }

    def value(param: Any) -> Any:
        variable = variables.get(param.name)
        return named[param.name] if variable is None else tf.convert_to_tensor(variable)

    @tf.function(autograph=False)
    def total() -> Any:
        seen, _, _ = form({n: tf.convert_to_tensor(x) for n, x in inputs.items()}, value)
        parts = [tf.reduce_sum(mix[p] * tf.reshape(seen[p], mix[p].shape)) for p in probes]
        return tf.add_n(parts)

    @tf.function(autograph=False)
    def gradients() -> Any:
        watched = [*variables.values(), *inputs.values()]
        with tf.GradientTape() as tape:
            result = total()
        return tape.gradient(result, watched, None, tf.UnconnectedGradients.ZERO)

    arrays = {**variables, **{f"input {called[n]}": x for n, x in inputs.items()}}
    found = [
        _along(name, variable, gradient.numpy(), total, rng)
        for (name, variable), gradient in zip(arrays.items(), gradients(), strict=True)
    ]
    wrong = [d for d in found if not d.agrees(atol, rtol)]
    if wrong:
        shown = "; ".join(f"{d.name}: {d.analytic:g}, expected {d.numeric:g}" for d in wrong[:5])
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise SimulationError(
            f"gradients differ from finite differences (atol {atol:g}, rtol {rtol:g}): "
            f"{shown}{more}"
        )
    return found


def _along(name: str, variable: Any, gradient: np.ndarray, total: Any, rng: Any) -> Difference:
    """Both derivatives along a random direction.

    A kink between the two points (a rectifier's threshold) spoils a difference, and a shorter way
    between them meets fewer: of several lengths, the one counts that agrees best.
    """
    at, direction = variable.numpy(), rng.standard_normal(variable.shape)
    analytic = float((gradient * direction).sum())
    size = max(1e-3, float(np.abs(at).max(initial=0)))
    best = np.inf
    for step in (1e-4, 1e-5, 1e-6, 1e-7):
        values = []
        for sign in (1, -1):
            variable.assign(at + sign * step * size * direction)
            values.append(float(total()))
        numeric = (values[0] - values[1]) / (2 * step * size)
        best = min(best, numeric, key=lambda v: abs(v - analytic))
    variable.assign(at)
    return Difference(name, analytic, best)
