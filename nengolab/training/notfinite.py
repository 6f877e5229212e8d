"""What a person is told when training meets NaN or infinity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nengolab.exceptions import SimulationError
from nengolab.names import listing

_AS_BEFORE = "the weights are those before this batch"
_MAY_HELP = "A smaller learning rate, or a bound on the gradients (clipnorm), may help"


def raise_not_finite(seen: dict[str, Any]) -> None:
    """Name the probe and the step of outputs for which the loss is no number."""
    arrays = {alias: values.numpy() for alias, values in seen.items()}
    for alias, values in arrays.items():
        bad = ~np.isfinite(values).all(axis=(0, 2))
        if bad.any():
            raise SimulationError(
                f"the loss became NaN or infinite: probe {alias!r} has values that are not "
                f"finite from step {int(bad.argmax()) + 1} on; {_AS_BEFORE}. {_MAY_HELP}"
            )
    for alias, values in arrays.items():
        large = np.abs(values).max(axis=(0, 2), initial=0)
        if large.max() > np.sqrt(np.finfo(values.dtype).max / values.size):
            step = int(large.argmax())
            raise SimulationError(
                f"the loss became NaN or infinite: probe {alias!r} has values up to "
                f"{large[step]:.3g}, at step {step + 1}; {_AS_BEFORE}. {_MAY_HELP}"
            )
    raise SimulationError(
        f"the loss became NaN or infinite although the outputs of {listing(seen)} are finite: "
        f"see the loss function, the targets and the sample weights; {_AS_BEFORE}"
    )


def raise_gradients(names: Iterable[str]) -> None:
    """Name the parameters whose gradients are no numbers although the loss is one."""
    raise SimulationError(
        f"the gradients of {listing(names)} became NaN or infinite although the loss is finite; "
        f"{_AS_BEFORE}. A slope may be infinite somewhere (a square root at 0)"
    )
