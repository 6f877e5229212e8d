"""Neuron types beside Nengo's own. They run in ``nengo.Simulator`` too."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import nengo
import numpy as np
from nengo.dists import Uniform
from nengo.params import NumberParam

from nengolab.exceptions import ValidationError

__all__ = ["IntegrateAndFire", "LeakyReLU", "SoftLIFRate", "SpikingLeakyReLU"]


# Below this, log(1 + 1/j) and -log j differ by less than a rounding of double precision.
_FAR = -40.0


def with_constants(made: type, like: Any, **changes: Any) -> Any:
    """A neuron type with the constants that another one has too, but for ``changes``.

    Of the same type with how it starts, else with what is usual for its own state.
    """
    if type(like) is made and not changes:
        return like
    names = set(inspect.signature(made).parameters)
    if type(like) is not made:
        names.discard("initial_state")
    return made(**{n: getattr(like, n) for n in names if hasattr(like, n)} | changes)


class SoftLIFRate(nengo.LIFRate):
    """A LIF rate whose threshold is smooth: its slope is finite everywhere.

    ``r = amplitude / (tau_ref + tau_rc log(1 + 1/j))`` with
    ``j = sigma log(1 + exp((J - 1)/sigma))`` where ``nengo.LIFRate`` has ``max(J - 1, 0)`` [1]_.

    Parameters
    ----------
    sigma : float
        Width of the smooth threshold, as a current. Towards 0 it becomes ``nengo.LIFRate``.
    tau_rc, tau_ref : float
        Time constant of the membrane and refractory time (s).
    amplitude : float
        Scale of the output; ``max_rates`` are meant without it.
    initial_state : dict, optional
        As in Nengo; there is no state.

    Notes
    -----
    An intercept is where the current is 1, as for ``nengo.LIFRate``; the rate there is not 0.

    References
    ----------
    .. [1] Hunsberger and Eliasmith, "Spiking deep networks with LIF neurons", arXiv:1510.08829,
       2015.

    Examples
    --------
    >>> soft = nengolab.SoftLIFRate(sigma=0.1)
    >>> soft.rates([0.5, 1.0, 2.0], gain=[1.0], bias=[0.0]).ravel().round(1)
    array([ 6.8, 17.6, 63. ])
    """

    sigma = NumberParam("sigma", low=0, low_open=True)

    def __init__(
        self,
        sigma: float = 1.0,
        tau_rc: float = 0.02,
        tau_ref: float = 0.002,
        amplitude: float = 1,
        initial_state: dict[str, Any] | None = None,
    ):
        super().__init__(tau_rc, tau_ref, amplitude, initial_state)
        self.sigma = sigma

    def gain_bias(self, max_rates, intercepts):
        """Gains and biases for rates at ``x = 1`` and places where the current is 1.

        The response is inverted: ``j = 1/expm1((1/r - tau_ref)/tau_rc)`` and
        ``J = 1 + sigma log(exp(j/sigma) - 1)``. Raises ``ValidationError`` for a rate from
        ``1/tau_ref`` up, and for one that is not above the rate at ``J = 1``.
        """
        max_rates = np.asarray(np.atleast_1d(max_rates), dtype=float)
        intercepts = np.asarray(np.atleast_1d(intercepts), dtype=float)
        highest = 1 / self.tau_ref if self.tau_ref > 0 else np.inf
        lowest = self._rate(np.ones(1))[0]
        if not np.all((max_rates > lowest) & (max_rates < highest)):
            raise ValidationError(
                f"Max rates must be above {lowest:.3f} Hz, the rate at the threshold with "
                f"sigma={self.sigma:g}, and below 1/tau_ref, {highest:.3f} Hz; got "
                f"{max_rates.min():.3f} to {max_rates.max():.3f}",
                attr="max_rates",
                obj=self,
            )
        j = 1 / np.expm1((1 / max_rates - self.tau_ref) / self.tau_rc)
        above = j + self.sigma * np.log(-np.expm1(-j / self.sigma))
        gain = above / (1 - intercepts)
        return gain, 1 - gain * intercepts

    def max_rates_intercepts(self, gain, bias):
        """The inverse of ``gain_bias``."""
        return self._rate(np.asarray(gain + bias, dtype=float)), (1 - bias) / gain

    def rates(self, x, gain, bias):
        """Rates (Hz) for inputs ``x``."""
        J = self.current(x, gain, bias)
        return self.amplitude * self._rate(J)

    def step(self, dt, J, output):
        """Set ``output`` to the rates for the currents ``J``."""
        output[...] = self.amplitude * self._rate(np.asarray(J, dtype=float))

    def _rate(self, J: np.ndarray) -> np.ndarray:
        """Rate without the amplitude; far below the threshold from ``log j``, as j underflows."""
        x = (J - 1) / self.sigma
        far = x < _FAR
        j = self.sigma * np.logaddexp(0, np.where(far, 0, x))
        log_term = np.where(far, -np.log(self.sigma) - x, np.log1p(1 / j))
        return 1 / (self.tau_ref + self.tau_rc * log_term)


class LeakyReLU(nengo.RectifiedLinear):
    """A rectified line with a slope below its threshold too.

    Parameters
    ----------
    negative_slope : float
        Slope for negative currents, relative to that for positive ones.
    amplitude : float
        Scale of the output; ``max_rates`` are meant without it.
    initial_state : dict, optional
        As in Nengo; there is no state.

    Examples
    --------
    >>> nengolab.LeakyReLU(negative_slope=0.1).rates([-1.0, 1.0], gain=[1.0], bias=[0.0]).ravel()
    array([-0.1,  1. ])
    """

    negative = True

    negative_slope = NumberParam("negative_slope", low=0)

    def __init__(
        self,
        negative_slope: float = 0.3,
        amplitude: float = 1,
        initial_state: dict[str, Any] | None = None,
    ):
        super().__init__(amplitude, initial_state)
        self.negative_slope = negative_slope

    def rates(self, x, gain, bias):
        """Rates (Hz) for inputs ``x``."""
        return self.amplitude * self._leaky(self.current(x, gain, bias))

    def step(self, dt, J, output):
        """Set ``output`` to the rates for the currents ``J``."""
        output[...] = self.amplitude * self._leaky(J)

    def _leaky(self, J: np.ndarray) -> np.ndarray:
        return np.where(J > 0, J, self.negative_slope * J)


class SpikingLeakyReLU(LeakyReLU):
    """``LeakyReLU`` with spikes: negative ones below its threshold.

    The voltage adds up ``LeakyReLU``'s line; its whole part, towards 0, is put out as spikes of
    either sign and leaves it.

    Parameters
    ----------
    negative_slope : float
        Slope for negative currents, relative to that for positive ones.
    amplitude : float
        Scale of the spikes; ``max_rates`` are meant without it.
    initial_state : dict, optional
        ``{"voltage": distribution or array}``; default uniform on (0, 1).

    Examples
    --------
    >>> with nengo.Network() as net:
    ...     ensemble = nengo.Ensemble(20, 1, neuron_type=nengolab.SpikingLeakyReLU())
    ...     probe = nengo.Probe(ensemble.neurons)
    >>> with nengolab.Simulator(net) as sim:
    ...     sim.run_steps(50)
    >>> bool(sim.data[probe].min() < 0 < sim.data[probe].max())
    True
    """

    state: ClassVar[dict[str, Any]] = {"voltage": Uniform(low=0, high=1)}
    spiking = True

    def step(self, dt, J, output, voltage):
        """Add up the currents ``J`` and set ``output`` to the spikes."""
        voltage += self._leaky(J) * dt
        n_spikes = np.trunc(voltage)
        output[...] = (self.amplitude / dt) * n_spikes
        voltage -= n_spikes


class IntegrateAndFire(nengo.neurons.NeuronType):
    """Neurons that add up their input and start from 0 after a spike.

    ``dV/dt = J``; above 1 there is a spike, and ``V`` is 0 at the end of that step. What lay above
    1 is lost, where ``nengo.SpikingRectifiedLinear`` keeps it, and there is one spike in a step at
    most. Negative input lowers ``V`` without bound. This is the IF neuron of NIR.

    Parameters
    ----------
    amplitude : float
        Scale of the spikes.
    initial_state : dict, optional
        ``{"voltage": distribution or array}``; default 0.

    Examples
    --------
    >>> with nengo.Network() as net:
    ...     neurons = nengo.Ensemble(
    ...         1, 1, neuron_type=nengolab.neurons.IntegrateAndFire(), gain=[1], bias=[400]
    ...     ).neurons
    ...     probe = nengo.Probe(neurons)
    >>> with nengolab.Simulator(net) as sim:
    ...     sim.run_steps(6)
    >>> (sim.data[probe].ravel() > 0).astype(int)
    array([0, 0, 1, 0, 0, 1])
    """

    negative = False
    spiking = True
    state: ClassVar[dict[str, Any]] = {"voltage": nengo.dists.Choice([0])}

    amplitude = NumberParam("amplitude", low=0, low_open=True)

    def __init__(self, amplitude: float = 1, initial_state: dict[str, Any] | None = None):
        super().__init__(initial_state)
        self.amplitude = amplitude

    def gain_bias(self, max_rates, intercepts):
        """Gains and biases as of a rectified line."""
        return nengo.RectifiedLinear.gain_bias(self, max_rates, intercepts)  # type: ignore[arg-type]

    def max_rates_intercepts(self, gain, bias):
        """The inverse of ``gain_bias``."""
        return nengo.RectifiedLinear.max_rates_intercepts(self, gain, bias)  # type: ignore[arg-type]

    def rates(self, x, gain, bias):
        """Rates (Hz) for inputs ``x``, without what is lost at spikes."""
        return self.amplitude * np.maximum(self.current(x, gain, bias), 0)

    def step(self, dt, J, output, voltage):
        """Add up the currents ``J`` and set ``output`` to the spikes."""
        voltage += J * dt
        spiked = voltage > 1
        output[...] = np.where(spiked, self.amplitude / dt, 0.0)
        voltage[...] = np.where(spiked, 0.0, voltage)
