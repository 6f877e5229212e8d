"""Keras layers for models that are to spike: the neurons and synapses of Nengo, along time.

They take ``(batch, steps, ...)``, and compute in Keras what `nengolab.Converter` makes of them with
``temporal_model=True``, step for step. Importing this module loads TensorFlow; it is
``nengolab.keras_layers``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nengolab.checks import seconds
from nengolab.exceptions import ValidationError
from nengolab.startup.tensorflow import load_tensorflow

load_tensorflow()  # before Keras does, so that its start-up lines are not shown

import keras  # noqa: E402
from keras import ops  # noqa: E402

__all__ = ["Alpha", "Lowpass", "SpikingActivation"]

PACKAGE = "nengolab"


@keras.saving.register_keras_serializable(PACKAGE)
class SpikingActivation(keras.layers.Layer):
    """An activation as spikes: each unit adds up its activation, and puts out the whole part.

    ``v[t] = v[t-1] + dt f(x[t])``; ``n = trunc(v[t])`` spikes, each ``1/dt`` high, leave ``v``.

    Parameters
    ----------
    activation : str or callable
        ``f``: firing rates (Hz).
    dt : float
        Step (s): that of the simulator in which the model is to run.
    seed : int, optional
        Of the voltages at the start, uniform on (0, 1), one for each unit.
    spiking_aware_training : bool
        Whether training sees the spikes too, with the gradient of ``f``; else it sees ``f``.
    **kwargs
        As for ``keras.layers.Layer``.

    Raises
    ------
    ValidationError
        For a step that is no positive number, and an input without axes for time and units.

    Examples
    --------
    >>> spikes = nengolab.keras_layers.SpikingActivation("relu", dt=0.1, seed=0)
    >>> float(np.sum(spikes(np.full((1, 20, 1), 5.0))) * 0.1)  # 5 Hz for 2 s
    10.0
    """

    def __init__(
        self,
        activation: Any = "relu",
        dt: float = 0.001,
        seed: int | None = None,
        spiking_aware_training: bool = True,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.dt = seconds(dt, "dt", positive=True, obj=self)
        self.seed = seed
        self.spiking_aware_training = spiking_aware_training

    def build(self, input_shape: Any) -> None:
        shape = _unit_shape(self, input_shape)
        self.voltage = self.add_weight(
            name="voltage",
            shape=shape,
            initializer=keras.initializers.RandomUniform(0, 1, seed=self.seed),
            trainable=False,
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        rates = self.activation(inputs)
        if training and not self.spiking_aware_training:
            return rates
        spikes = self._spikes(ops.stop_gradient(rates))
        if training:
            return rates + ops.stop_gradient(spikes - rates)
        return spikes

    def _spikes(self, rates: Any) -> Any:
        def step(state: list[Any], rate: Any) -> tuple[list[Any], Any]:
            voltage = state[0] + self.dt * rate
            n = ops.sign(voltage) * ops.floor(ops.abs(voltage))
            return [voltage - n], n / self.dt

        return _along_time(step, (self.voltage,), rates)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What ``from_config`` makes the same layer of."""
        own = {
            "activation": keras.activations.serialize(self.activation),
            "dt": self.dt,
            "seed": self.seed,
            "spiking_aware_training": self.spiking_aware_training,
        }
        return {**super().get_config(), **own}


class _Filter(keras.layers.Layer):
    """A synapse: what comes in at one step is seen from the next one on, as in Nengo."""

    def __init__(
        self,
        tau: float = 0.005,
        dt: float = 0.001,
        per_unit: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.tau = seconds(tau, "tau", positive=True, obj=self)
        self.dt = seconds(dt, "dt", positive=True, obj=self)
        self.per_unit = per_unit

    def build(self, input_shape: Any) -> None:
        shape = _unit_shape(self, input_shape)
        # A logarithm: no step of training can make a time constant negative.
        self.log_tau = self.add_weight(
            name="log_tau",
            shape=shape if self.per_unit else (),
            initializer=keras.initializers.Constant(np.log(self.tau)),
        )

    @property
    def taus(self) -> np.ndarray:
        """Time constants (s), as they are now: a scalar, or one for each unit."""
        return np.exp(np.asarray(self.log_tau.value, dtype=float))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What ``from_config`` makes the same layer of."""
        own = {"tau": self.tau, "dt": self.dt, "per_unit": self.per_unit}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(PACKAGE)
class Lowpass(_Filter):
    """Nengo's lowpass synapse, with a time constant that is trained.

    ``y[t] = a y[t-1] + (1 - a) x[t-1]`` with ``a = exp(-dt/tau)``, from ``y[0] = 0`` on.

    Parameters
    ----------
    tau : float
        Time constant (s) at the start.
    dt : float
        Step (s).
    per_unit : bool
        Whether each unit has a time constant of its own; else there is one.
    **kwargs
        As for ``keras.layers.Layer``; ``trainable=False`` keeps the time constant.

    Raises
    ------
    ValidationError
        For what is no positive number of seconds.

    Examples
    --------
    >>> smooth = nengolab.keras_layers.Lowpass(tau=0.01)
    >>> np.asarray(smooth(np.ones((1, 3, 1))), float).ravel().round(3).tolist()
    [0.0, 0.095, 0.181]
    """

    def call(self, inputs: Any) -> Any:
        a = ops.exp(-self.dt / ops.exp(self.log_tau))

        def step(state: list[Any], x: Any) -> tuple[list[Any], Any]:
            return [a * state[0] + (1 - a) * x], state[0]

        return _along_time(step, (ops.zeros(inputs.shape[2:], inputs.dtype),), inputs)


@keras.saving.register_keras_serializable(PACKAGE)
class Alpha(_Filter):
    """Nengo's alpha synapse, two lowpasses after each other, with a time constant that is trained.

    Of ``tau z' = x - z`` and ``tau y' = z - y``, with inputs held for a step [1]_: with
    ``a = exp(-dt/tau)`` and ``r = dt/tau``, ``z[t] = a z[t-1] + (1 - a) x[t-1]`` and
    ``y[t] = a y[t-1] + r a z[t-1] + (1 - a - r a) x[t-1]``.

    Parameters
    ----------
    tau : float
        Time constant (s) at the start.
    dt : float
        Step (s).
    per_unit : bool
        Whether each unit has a time constant of its own; else there is one.
    **kwargs
        As for ``keras.layers.Layer``.

    Raises
    ------
    ValidationError
        For what is no positive number of seconds.

    References
    ----------
    .. [1] G. F. Franklin, J. D. Powell, M. L. Workman, *Digital Control of Dynamic Systems*
       (zero-order hold).

    Examples
    --------
    >>> smooth = nengolab.keras_layers.Alpha(tau=0.01)
    >>> np.asarray(smooth(np.ones((1, 3, 1))), float).ravel().round(4).tolist()
    [0.0, 0.0047, 0.0175]
    """

    def call(self, inputs: Any) -> Any:
        r = self.dt / ops.exp(self.log_tau)
        a = ops.exp(-r)

        def step(state: list[Any], x: Any) -> tuple[list[Any], Any]:
            y, z = state
            new = a * y + r * a * z + (1 - a - r * a) * x
            return [new, a * z + (1 - a) * x], y

        zero = ops.zeros(inputs.shape[2:], inputs.dtype)
        return _along_time(step, (zero, zero), inputs)


def _along_time(step: Any, start: tuple[Any, ...], x: Any) -> Any:
    """The first part of what ``step(state, x[t])`` gives beside the new state, at each step.

    Inputs are ``(batch, steps, ...)``; states, of one or more parts, start alike for all items.
    """
    first = ops.zeros_like(x[:, 0])
    # As one tensor, and put out as one: Keras's scan for TensorFlow takes no other form.
    state = ops.stack([ops.cast(value, x.dtype) + first for value in start])

    def one(state: Any, x: Any) -> tuple[Any, Any]:
        new, y = step([state[i] for i in range(len(start))], x)
        return ops.stack(new), ops.stack([y] * len(start))

    _, y = ops.scan(one, state, ops.moveaxis(x, 1, 0))
    return ops.moveaxis(y[:, 0], 0, 1)


def _unit_shape(layer: Any, shape: Any) -> tuple[int, ...]:
    """Shape of an item at one step."""
    own = tuple(shape[2:])
    if len(shape) < 3 or None in own:
        raise ValidationError(
            f"takes an input (batch, steps, units, ...) of known units, got shape {tuple(shape)}",
            attr="inputs",
            obj=layer,
        )
    return own
