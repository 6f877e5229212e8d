"""Neurons that are silenced: what is laid over an ensemble's parameters so that they put out 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.neurons import RatesToSpikesNeuronType

from nengolab import neurons as types
from nengolab.exceptions import ValidationError
from nengolab.runtime.effects import Cover

if TYPE_CHECKING:
    from nengolab.runtime.engine import Engine

# A current that no input makes up for; in single precision, too, its products are finite.
SILENCE = -1e9
# Types that put out 0 for a low current, and types that do for none.
LOW = (
    nengo.LIFRate,
    nengo.RectifiedLinear,
    nengo.Sigmoid,
    types.SoftLIFRate,
)
NONE = (nengo.Tanh, types.LeakyReLU)


def lesioned(name: str, n_neurons: int, which: Any, seed: int) -> np.ndarray:
    """Which neurons are meant: a share of them, or indices, as a mask.

    A share takes the same neurons each time, and a larger share takes those of a smaller one.
    """
    mask = np.zeros(n_neurons, bool)
    if isinstance(which, (float, np.floating)):
        if not 0 <= which <= 1:
            raise ValidationError(
                f"{name}: a share is from 0.0 to 1.0, got {which}; indices come as a list",
                attr="which",
            )
        order = np.random.RandomState(seed % 2**32).permutation(n_neurons)
        mask[order[: round(float(which) * n_neurons)]] = True
        return mask
    try:
        indices = np.asarray(which)
        if indices.dtype == bool and indices.shape == mask.shape:
            return indices.copy()
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            raise IndexError
        mask[indices.astype(int)] = True
    except (IndexError, ValueError, TypeError):
        raise ValidationError(
            f"{name} has {n_neurons} neurons; say which as a share (0.3) or as indices from 0 to "
            f"{n_neurons - 1} ([0, 5]), got {which!r}",
            attr="which",
        ) from None
    return mask


def _base(kind: nengo.neurons.NeuronType) -> nengo.neurons.NeuronType:
    """The type whose rates are turned into spikes, where they are."""
    return kind.base_type if isinstance(kind, RatesToSpikesNeuronType) else kind


def falls_silent_when_low(kind: nengo.neurons.NeuronType) -> bool:
    """Whether a low bias silences neurons of this type."""
    base = _base(kind)
    return isinstance(base, LOW) and not isinstance(base, NONE)


def silencing(engine: Engine, ens: nengo.Ensemble, name: str, mask: np.ndarray) -> dict[str, Cover]:
    """What to lay over the parameters of an ensemble; raises where that would not silence it."""
    kind = ens.neuron_type
    base = _base(kind)
    own = engine.graph.params_of.get(ens.neurons, {})
    if "bias" not in own or not isinstance(base, LOW + NONE):
        raise ValidationError(
            f"{name}: nothing is known that silences {type(kind).__name__} neurons; cut its "
            "connections instead",
            attr="ens",
        )
    if falls_silent_when_low(kind):
        return {own["bias"].name: Cover(SILENCE, mask)}
    # Without any current: from encoders, bias, and what connects to the neurons.
    if ens.noise is not None or "encoders" in engine.learned(ens):
        raise ValidationError(
            f"{name}: {type(kind).__name__} neurons are silent without any current, and noise or "
            "learned encoders bring some; cut its connections instead",
            attr="ens",
        )
    covers = {own["bias"].name: Cover(0.0, mask)}
    encoders = engine.graph.params_of.get(ens, {}).get("encoders")
    if encoders is not None:
        covers[encoders.name] = Cover(0.0, mask)
    for param in engine.graph.params.values():
        conn = param.owner
        if not isinstance(conn, nengo.Connection):
            continue
        if param.role == "gain" and conn.post_obj is ens.neurons:
            covers[param.name] = Cover(0.0, mask[conn.post_slice])
        elif conn.post_obj is ens and conn.solver.weights and param.role == "weights":
            covers[param.name] = Cover(0.0, mask)
    return covers
