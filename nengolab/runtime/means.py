"""What a tap reads: a signal, or the mean of neurons' outputs, worked out inside the network."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.exceptions import ValidationError
from nengo.solvers import NoSolver

# A thousand spikes that leave the loop in each step take longer than the step; one mean does not.
MEAN = "mean"


def probe_of(obj: Any, attr: str | None, synapse: Any = None) -> nengo.Probe:
    """Make a probe that belongs to no network; of attribute "mean" of neurons it has one value.

    Raises
    ------
    ValidationError
        When Nengo cannot probe it so; or for the mean of anything else than neurons.
    """
    if attr != MEAN:
        return nengo.Probe(obj, attr=attr, synapse=synapse, add_to_container=False)
    if not isinstance(obj, Neurons) or isinstance(obj.ensemble.neuron_type, nengo.Direct):
        raise ValidationError(
            f"{MEAN!r} is that of the neurons of an ensemble, got {obj!r}", attr="attr"
        )
    count = obj.ensemble.n_neurons
    # Decoders that average.
    solver = NoSolver(np.full((count, 1), 1 / count))
    return nengo.Probe(
        obj.ensemble[:1], "decoded_output", synapse=synapse, solver=solver, add_to_container=False
    )
