"""Distributions from which the weights of networks that are trained usually start.

They are Nengo distributions, for transforms, encoders, gains, biases... in any simulator. In
``nengo.Connection(a, b, transform=Glorot())`` Nengo asks for ``sample(size_out, size_in)``:
rows are what a weight leads to (fan-out), columns what it comes from (fan-in).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from nengo.dists import Distribution
from nengo.params import EnumParam, NumberParam
from scipy.special import erf, erfinv

__all__ = ["Glorot", "He", "TruncatedNormal", "VarianceScaling"]


class TruncatedNormal(Distribution):
    """A normal distribution of which only what lies near its mean is drawn.

    Parameters
    ----------
    mean : float
        Mean, before and after the cut.
    stddev : float
        Standard deviation of the normal distribution that is cut; what is drawn is narrower (0.88
        of it for the default ``limit``).
    limit : float, optional
        Largest distance from ``mean``. Default: ``2 * stddev``.

    Raises
    ------
    ValidationError
        For a ``stddev`` or ``limit`` that is not positive.

    Examples
    --------
    >>> drawn = nengolab.dists.TruncatedNormal(stddev=0.5).sample(1000)
    >>> bool(np.abs(drawn).max() <= 1)
    True
    """

    mean = NumberParam("mean")
    stddev = NumberParam("stddev", low=0, low_open=True)
    limit = NumberParam("limit", low=0, low_open=True, optional=True)

    def __init__(self, mean: float = 0, stddev: float = 1, limit: float | None = None):
        super().__init__()
        self.mean = mean
        self.stddev = stddev
        self.limit = limit

    def sample(self, n: int, d: int | None = None, rng: Any = np.random) -> np.ndarray:
        """Draw ``(n,)`` or ``(n, d)`` values, independent of each other.

        The distribution function is inverted, so every call draws ``n * d`` numbers from ``rng``.
        """
        limit = 2 * self.stddev if self.limit is None else self.limit
        inside = erf(limit / (self.stddev * np.sqrt(2)))
        # -1 itself would be an infinite value where the limit is far out.
        drawn = rng.uniform(np.nextafter(-1, 0), 1, size=self._sample_shape(n, d))
        distance = self.stddev * np.sqrt(2) * erfinv(inside * drawn)
        return self.mean + np.clip(distance, -limit, limit)


class VarianceScaling(Distribution):
    """Weights whose spread follows from how many of them meet: variance ``scale / fan``.

    ``sample(n, d)`` takes ``n`` as the fan-out and ``d`` as the fan-in: the shape of a connection's
    transform, ``(size_out, size_in)``. Without ``d`` the fan-in is 1 (one gain or bias for each of
    ``n`` neurons). For a ``nengo.Convolution`` Nengo draws each place of the kernel by itself,
    with ``n`` the input channels (of a group) and ``d`` the filters: the fans are those numbers
    of channels, the other way round, and the kernel's size does not count.

    Parameters
    ----------
    scale : float
        Factor on the variance, as in ``keras.initializers.VarianceScaling``.
    mode : {"fan_avg", "fan_in", "fan_out"}
        Which fan; ``"fan_avg"`` is the mean of the two.
    distribution : {"uniform", "normal"}
        Uniform within ``sqrt(3 scale / fan)``, or normal with a standard deviation of
        ``sqrt(scale / fan)``, cut at twice that. The cut leaves 0.77 of the variance; Keras's
        ``"truncated_normal"`` is widened before it, by 1 / 0.88, so that it makes up for that.

    Raises
    ------
    ValidationError
        For a ``scale`` that is not positive, and for another ``mode`` or ``distribution``.

    References
    ----------
    .. [1] Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
       networks", AISTATS 2010.
    .. [2] He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852.

    Examples
    --------
    >>> weights = nengolab.dists.VarianceScaling(mode="fan_in")
    >>> float(weights.stddev(10, 100))  # of a transform from 100 to 10
    0.1
    """

    scale = NumberParam("scale", low=0, low_open=True)
    mode = EnumParam("mode", values=("fan_in", "fan_out", "fan_avg"))
    distribution = EnumParam("distribution", values=("uniform", "normal"))

    def __init__(self, scale: float = 1, mode: str = "fan_avg", distribution: str = "uniform"):
        super().__init__()
        self.scale = scale
        self.mode = mode
        self.distribution = distribution

    def stddev(self, n: int, d: int | None = None) -> float:
        """``sqrt(scale / fan)`` of ``sample(n, d)``: its standard deviation, before a cut."""
        fan_out, fan_in = n, 1 if d is None else d
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        return np.sqrt(self.scale / max(fan, 1))

    def sample(self, n: int, d: int | None = None, rng: Any = np.random) -> np.ndarray:
        """Draw ``(n,)`` or ``(n, d)`` values; ``n`` is the fan-out and ``d`` the fan-in."""
        stddev = self.stddev(n, d)
        if self.distribution == "uniform":
            limit = np.sqrt(3) * stddev
            return rng.uniform(-limit, limit, size=self._sample_shape(n, d))
        return TruncatedNormal(0, stddev).sample(n, d, rng)


class Glorot(VarianceScaling):
    """Weights after Glorot and Bengio [1]_: variance ``2 scale / (fan_in + fan_out)``.

    What passes through a layer, forwards or as a gradient, keeps its variance on average. With
    ``"uniform"``, the default, values lie within ``sqrt(6 scale / (fan_in + fan_out))``.

    Parameters
    ----------
    scale : float
        Factor on the variance; 2 suits rectified neurons.
    distribution : {"uniform", "normal"}
        As in `VarianceScaling`, which also says what the fans are.

    References
    ----------
    .. [1] Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
       networks", AISTATS 2010, equation 16.

    Examples
    --------
    >>> with nengo.Network():
    ...     a, b = nengo.Node(np.zeros(50)), nengo.Ensemble(50, 1)
    ...     connection = nengo.Connection(a, b.neurons, transform=nengolab.dists.Glorot())
    """

    def __init__(self, scale: float = 1, distribution: str = "uniform"):
        super().__init__(scale, "fan_avg", distribution)


class He(VarianceScaling):
    """Weights whose variance follows from the fan-in alone: ``scale / fan_in``.

    With ``scale=2`` it is what He et al. [1]_ give for rectified neurons (and Keras calls
    ``he_uniform``): half of such neurons are silent, and the factor makes up for them. The default
    of 1 suits neurons that are not rectified.

    Parameters
    ----------
    scale : float
        Factor on the variance.
    distribution : {"normal", "uniform"}
        As in `VarianceScaling`, which also says what the fans are.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852,
       equation 10.

    Examples
    --------
    >>> nengolab.dists.He(scale=2**0.5).sample(10, 100, rng=np.random.RandomState(0)).shape
    (10, 100)
    """

    def __init__(self, scale: float = 1, distribution: str = "normal"):
        super().__init__(scale, "fan_in", distribution)
