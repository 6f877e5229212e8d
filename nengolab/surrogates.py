"""Surrogate gradients: what takes the place of a spike's derivative in training.

A neuron spikes where its voltage passes a threshold, ``s = H(x)`` with ``x`` the distance to the
threshold in units of the distance from rest to threshold. The derivative of ``H`` is 0 nearly
everywhere. Training with a surrogate runs the neurons forward as they are, spikes and all, and
uses a smooth bump ``h(x)`` for ``ds/dx`` on the way back [1]_.

References
----------
.. [1] Neftci, Mostafa and Zenke, "Surrogate gradient learning in spiking neural networks", IEEE
   Signal Processing Magazine 36, 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from nengolab.exceptions import ValidationError

__all__ = [
    "ATan",
    "Custom",
    "FastSigmoid",
    "Sigmoid",
    "SuperSpike",
    "Surrogate",
    "Triangular",
    "surrogate",
]


@dataclass(frozen=True)
class Surrogate:
    """Base of all surrogates.

    Parameters
    ----------
    detach_reset : bool, keyword only
        Whether the gradient leaves out the path through the reset: a spike also ends at 0 a
        voltage that would have gone on. Without that path training is more stable [1]_, so it is
        left out by default, as in snnTorch; SpikingJelly takes the option by the same name.

    References
    ----------
    .. [1] Zenke and Vogels, "The remarkable robustness of surrogate gradient learning for
       instilling complex function in spiking neural networks", Neural Computation 33, 2021.

    Examples
    --------
    >>> with nengo.Network() as net:
    ...     nengolab.configure_settings(surrogate=nengolab.surrogates.ATan(detach_reset=False))
    """

    detach_reset: bool = field(default=True, kw_only=True)

    def __post_init__(self):
        for f in fields(self):
            value = getattr(self, f.name)
            if f.type == "float" and not (
                isinstance(value, (int, float)) and math.isfinite(value) and value > 0
            ):
                raise ValidationError(
                    f"got {value!r}; give a positive number", attr=f.name, obj=self
                )
        if not isinstance(self.detach_reset, bool):
            raise ValidationError(
                f"got {self.detach_reset!r}; give True or False", attr="detach_reset", obj=self
            )

    def derivative(self, x: Any) -> Any:
        """``h(x)``.

        Parameters
        ----------
        x : tf.Tensor
            Distance to the threshold, of any shape; rest is at -1.

        Returns
        -------
        tf.Tensor
            Of the shape and dtype of ``x``.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class ATan(Surrogate):
    """``h(x) = (alpha / 2) / (1 + (pi/2 alpha x)^2)``, the slope of an arc tangent [1]_.

    Its area is 1.

    Parameters
    ----------
    alpha : float
        Steepness; the height is ``alpha / 2``.

    References
    ----------
    .. [1] Fang et al., "Incorporating learnable membrane time constant to enhance learning of
       spiking neural networks", ICCV 2021.

    Examples
    --------
    >>> h = nengolab.surrogates.ATan(alpha=2.0)
    >>> h.derivative(tf.constant([0.0, 1.0])).numpy()
    array([1.        , 0.09199966], dtype=float32)
    """

    alpha: float = 2.0

    def derivative(self, x):
        scaled = (math.pi / 2 * self.alpha) * x
        return (self.alpha / 2) / (1 + scaled * scaled)


@dataclass(frozen=True)
class FastSigmoid(Surrogate):
    """``h(x) = 1 / (1 + slope |x|)^2``, the slope of ``x / (1 + slope |x|)`` [1]_.

    Parameters
    ----------
    slope : float
        Steepness; the height is 1, the area ``2 / slope``. The default is snnTorch's.

    References
    ----------
    .. [1] Neftci, Mostafa and Zenke, "Surrogate gradient learning in spiking neural networks",
       IEEE Signal Processing Magazine 36, 2019.

    Examples
    --------
    >>> h = nengolab.surrogates.FastSigmoid(slope=1.0)
    >>> h.derivative(tf.constant([0.0, 1.0])).numpy()
    array([1.  , 0.25], dtype=float32)
    """

    slope: float = 25.0

    def derivative(self, x):
        return _inverse_square(self.slope, x)


@dataclass(frozen=True)
class SuperSpike(Surrogate):
    """``h(x) = 1 / (1 + beta |x|)^2`` [1]_: `FastSigmoid` under its first name.

    Parameters
    ----------
    beta : float
        Steepness. The paper has 1/mV, in units of the threshold's distance from rest (10 mV
        there) that is 10.

    References
    ----------
    .. [1] Zenke and Ganguli, "SuperSpike: supervised learning in multilayer spiking neural
       networks", Neural Computation 30, 2018.

    Examples
    --------
    >>> h = nengolab.surrogates.SuperSpike(beta=1.0)
    >>> h.derivative(tf.constant([0.0, 1.0])).numpy()
    array([1.  , 0.25], dtype=float32)
    """

    beta: float = 10.0

    def derivative(self, x):
        return _inverse_square(self.beta, x)


@dataclass(frozen=True)
class Triangular(Surrogate):
    """``h(x) = height max(0, 1 - |x| / width)`` [1]_.

    Parameters
    ----------
    width : float
        Half of the base.
    height : float
        1 in [1]_; 0.3 in [2]_, where long sequences are trained.

    References
    ----------
    .. [1] Esser et al., "Convolutional networks for fast, energy-efficient neuromorphic
       computing", PNAS 113, 2016.
    .. [2] Bellec et al., "Long short-term memory and learning-to-learn in networks of spiking
       neurons", NeurIPS 2018.

    Examples
    --------
    >>> h = nengolab.surrogates.Triangular(width=2.0)
    >>> h.derivative(tf.constant([0.0, 1.0, 3.0])).numpy()
    array([1. , 0.5, 0. ], dtype=float32)
    """

    width: float = 1.0
    height: float = 1.0

    def derivative(self, x):
        import tensorflow as tf

        return tf.maximum(self.height - (self.height / self.width) * tf.abs(x), 0)


@dataclass(frozen=True)
class Sigmoid(Surrogate):
    """``h(x) = slope s(slope x) (1 - s(slope x))`` with the logistic function ``s`` [1]_.

    Its area is 1.

    Parameters
    ----------
    slope : float
        Steepness; the height is ``slope / 4``.

    References
    ----------
    .. [1] Zenke and Vogels, "The remarkable robustness of surrogate gradient learning for
       instilling complex function in spiking neural networks", Neural Computation 33, 2021.

    Examples
    --------
    >>> h = nengolab.surrogates.Sigmoid(slope=4.0)
    >>> h.derivative(tf.constant([0.0])).numpy()
    array([1.], dtype=float32)
    """

    slope: float = 4.0

    def derivative(self, x):
        import tensorflow as tf

        s = tf.sigmoid(self.slope * x)
        return self.slope * s * (1 - s)


@dataclass(frozen=True)
class Custom(Surrogate):
    """A person's own ``h(x)``.

    Parameters
    ----------
    function : callable
        Takes a ``tf.Tensor`` and returns one of its shape and dtype, by TensorFlow operations
        that XLA compiles.

    Examples
    --------
    >>> h = nengolab.surrogates.Custom(lambda x: tf.exp(-x * x))
    >>> h.derivative(tf.constant([0.0])).numpy()
    array([1.], dtype=float32)
    """

    function: Callable[[Any], Any] | None = None

    def __post_init__(self):
        super().__post_init__()
        if not callable(self.function):
            raise ValidationError(
                f"got {self.function!r}; give a function of the distance to the threshold, such "
                "as lambda x: tf.exp(-x * x)",
                attr="function",
                obj=self,
            )

    def derivative(self, x):
        import tensorflow as tf

        name = getattr(self.function, "__qualname__", repr(self.function))
        assert self.function is not None  # looked at when this was made
        h = tf.convert_to_tensor(self.function(x))
        if h.dtype != x.dtype or not h.shape.is_compatible_with(x.shape):
            raise ValidationError(
                f"{name} was given {x.dtype.name} {tuple(x.shape)} and returned {h.dtype.name} "
                f"{tuple(h.shape)}; the derivative has the shape and dtype of what it is given",
                attr="function",
                obj=self,
            )
        return h


def _inverse_square(slope: float, x: Any) -> Any:
    import tensorflow as tf

    root = 1 + slope * tf.abs(x)
    return 1 / (root * root)


_BY_NAME: dict[str, type[Surrogate]] = {
    "atan": ATan,
    "fast_sigmoid": FastSigmoid,
    "sigmoid": Sigmoid,
    "superspike": SuperSpike,
    "triangular": Triangular,
}


def surrogate(value: Any) -> Surrogate | None:
    """The surrogate that a setting means.

    Parameters
    ----------
    value : Surrogate, str, callable or None
        A name (``"atan"``, ``"fast_sigmoid"``, ``"sigmoid"``, ``"superspike"``,
        ``"triangular"``) stands for the surrogate with its defaults, a function for `Custom`.

    Raises
    ------
    ValidationError
        For anything else, with what would work.

    Examples
    --------
    >>> nengolab.surrogates.surrogate("fast_sigmoid")
    FastSigmoid(detach_reset=True, slope=25.0)
    """
    if value is None or isinstance(value, Surrogate):
        return value
    if isinstance(value, str):
        found = _BY_NAME.get(value.lower())
        if found is not None:
            return found()
    elif isinstance(value, type) and issubclass(value, Surrogate) and value is not Surrogate:
        return value()  # Custom has no default, and says so
    elif callable(value) and not isinstance(value, type):
        return Custom(value)
    names = ", ".join(map(repr, _BY_NAME))
    raise ValidationError(
        f"got {value!r}; give one of {names}, a surrogate such as nengolab.surrogates.ATan(), a "
        "function of the distance to the threshold, or None to train by rates",
        attr="surrogate",
    )
