"""A probe that is added to a simulation as it runs."""

from __future__ import annotations

import itertools
import re
from concurrent.futures import Future
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import NengoException, ValidationError
from nengo.synapses import Synapse

from nengolab.names import Names
from nengolab.runtime.means import MEAN, probe_of

from .filters import ProbeFilter
from .following import Follower

# Signals of more than one axis have no place in a plot over time.
MATRICES = ("weights", "scaled_encoders", "delta", "inv_gamma")
# Signals of learning rules that are one number a neuron, before the connection or behind it.
BEFORE, BEHIND = ("activities", "pre_filtered"), ("post_filtered", "theta")
OUTPUTS = ("output", "spikes", "rates")

_numbers = itertools.count(1)


class LiveProbe:
    """Handle of a probe: what it sees, and whether its data has started.

    Made by `Session.add_probe`.

    Attributes
    ----------
    id : str
        Unique among all probes.
    label : str
        Name of the object and the signal, for a person.
    size : int
        Number of values in a sample.
    kind : {"spikes", "rates", "values"}
        Output of spiking neurons, output of rate neurons, or anything else.
    attached : Future
        Done when data has started to come; holds the error when it cannot.
    """

    def __init__(
        self,
        target: Any,
        attr: str | None,
        synapse: Synapse | float | None,
        network: nengo.Network,
        names: Names,
    ) -> None:
        self.nengo_probe = target if isinstance(target, nengo.Probe) else None
        if self.nengo_probe is not None:
            spec = self.nengo_probe
            _refuse_options(names.get(spec), spec, attr, synapse)
        else:
            spec = _describe(names.get(target), target, attr, synapse)
        self.target, self.attr, self.synapse = spec.target, spec.attr, spec.synapse
        if attr == MEAN:
            self.target, self.attr = target, MEAN
        self.sample_every: float | None = spec.sample_every
        check_member(target, network, names)
        self.id = f"probe-{next(_numbers)}"
        self.label = names.get(spec if self.nengo_probe else target)
        if self.nengo_probe is None:
            self.label += f".{self.attr}"
        base = self._base = base_object(self.target)
        self.owner_name = names.get(base.ensemble if isinstance(base, Neurons) else base)
        self.size = _size_of(spec)
        self.kind = "rates" if attr == MEAN else _kind_of(spec)
        self.attached: Future[LiveProbe] = Future()
        # Not for its holder to cancel: remove_probe does that.
        self.attached.set_running_or_notify_cancel()

    def follow(self, follow: Follower) -> bool:
        """Look at what takes the place of the object; False where that is another thing to see.

        What was seen stays what it was: the same id, as many values, of the same kind.
        """
        target = follow(self.target if self.nengo_probe is None else self.nengo_probe)
        if target is None:
            return False
        own = (None, None) if self.nengo_probe is not None else (self.attr, self.synapse)
        network = follow.after.network
        try:
            other = LiveProbe(target, *own, network, follow.after)
        except NengoException:
            return False
        if (other.size, other.kind) != (self.size, self.kind):
            return False
        self.__dict__.update({**other.__dict__, "id": self.id, "attached": self.attached})
        return True

    @property
    def code(self) -> str:
        """Python that makes a `nengo.Probe` of the same, as far as names of variables go."""
        if self.nengo_probe is not None:
            return f"...  # the probe {self.label!r} of the network"
        attr = f", {self.attr!r}" if self.attr != "output" else ""
        if isinstance(self.synapse, nengo.Lowpass):
            synapse = f", synapse={self.synapse.tau:g}"
        else:
            synapse = "" if self.synapse is None else f", synapse={self.synapse!r}"
        return f"nengo.Probe({self._variable}{attr}{synapse})"

    @property
    def _variable(self) -> str:
        """What a person may call the object: its name, made an identifier."""
        name = re.sub(r"\W+", "_", self.owner_name).strip("_") or "obj"
        base = name if not name[0].isdigit() else f"obj_{name}"
        suffix = ".neurons" if isinstance(self._base, Neurons) else ""
        if isinstance(self.target, ObjView):
            part: slice[Any, Any, Any] | list[int] = self.target.slice
            inside = f"{part.start}:{part.stop}" if isinstance(part, slice) else repr(list(part))
            suffix += f"[{inside.replace('None', '')}]"
        return base + suffix

    @property
    def neuron_type(self) -> str:
        """Name of the neuron type, of a probe of neurons."""
        return type(self._base.ensemble.neuron_type).__name__

    @property
    def is_spiking(self) -> bool:
        """Whether it sees spikes, or the mean of them."""
        mean = self.attr == MEAN and self._base.ensemble.neuron_type.spiking
        return self.kind == "spikes" or mean

    @property
    def spike_height(self) -> float:
        """Output of a neuron times dt on a step with one spike."""
        neuron_type = self._base.ensemble.neuron_type
        return float(getattr(neuron_type, "amplitude", 1.0))

    def __repr__(self) -> str:
        return f"<LiveProbe {self.id} of {self.label!r}, {self.size} {self.kind}>"


class Feed:
    """The owner's side of a probe: engine data in, samples with their steps out."""

    def __init__(self, probe: LiveProbe, source: Any, dt: float) -> None:
        self.probe = probe
        self.source = source
        self.dt = dt
        self.is_tap = probe.nengo_probe is None
        # An existing probe's data arrives filtered by the engine.
        wanted = probe.synapse if self.is_tap else None
        self._filter = ProbeFilter(wanted, dt, probe.size) if wanted is not None else None
        self._period = (probe.sample_every or dt) / dt

    def samples(self, data: np.ndarray, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Take the steps and values of one tile.

        Parameters
        ----------
        data : ndarray (batch, samples, size)
            As the engine gave it. The first item of the batch is the one shown.
        first, last : int
            The tile's first and last step, counted from 1.
        """
        steps = np.arange(first, last + 1)
        if self._period > 1:
            # The rule by which Nengo takes samples.
            steps = steps[steps % self._period < 1]
        values = data[0]
        if values.shape != (len(steps), self.probe.size):
            raise ValidationError(
                f"{self.probe.label!r}: expected samples of shape {(len(steps), self.probe.size)}, "
                f"the engine gave {values.shape}",
                "data",
                self.probe.target,
            )
        return steps, self._filter(values) if self._filter is not None else values

    def reset(self) -> None:
        """Back to the state at step 0."""
        if self._filter is not None:
            self._filter.reset()

    def filters(self) -> Any:
        """What its filter remembers, as a value."""
        return None if self._filter is None else self._filter.memory()

    def put_filters(self, filters: Any) -> None:
        """Let its filter remember this, or nothing."""
        if self._filter is not None:
            self._filter.reset()
            if filters is not None:
                self._filter.recall(filters)


def base_object(target: Any) -> Any:
    """Find the Nengo object behind a view (``ens[:2]`` is a view of ``ens``)."""
    return target.obj if isinstance(target, ObjView) else target


def check_member(target: Any, network: nengo.Network, names: Names) -> None:
    """Raise a ValidationError when an object is not in the network."""
    obj = base_object(target)
    if isinstance(obj, Neurons):
        obj = obj.ensemble
    elif isinstance(obj, LearningRule):
        obj = obj.connection
    pool = network.all_probes if isinstance(obj, nengo.Probe) else network.all_objects
    if not any(obj is other for other in pool):
        raise ValidationError(
            f"{names.get(target)!r} is not in the network {network.label or str(network)!r}",
            "target",
            obj,
        )


def _refuse_options(name: str, probe: nengo.Probe, attr: str | None, synapse: Any) -> None:
    if attr is not None or synapse is not None:
        raise ValidationError(
            f"{name!r} is a probe of the network and has its own attr and synapse; "
            "probe its target to choose others",
            "attr" if attr is not None else "synapse",
            probe,
        )


def _describe(name: str, target: Any, attr: str | None, synapse: Any) -> nengo.Probe:
    # Nengo's own Probe checks the arguments and words the errors.
    spec = probe_of(target, attr, synapse)
    if spec.attr in MATRICES:
        raise ValidationError(
            f"{spec.attr!r} of {name!r} is a matrix; a live probe shows vectors", "attr", target
        )
    return spec


def _size_of(spec: nengo.Probe) -> int:
    if isinstance(spec.target, nengo.Connection) and spec.attr == "input":
        return spec.target.size_in
    if isinstance(spec.target, LearningRule):
        return _size_of_rule(spec.target, spec.attr)
    return spec.size_in


def _size_of_rule(rule: Any, attr: str) -> int:
    if attr == "error":
        return rule.size_in
    conn = rule.connection
    end = conn.pre_obj if attr in BEFORE else conn.post_obj if attr in BEHIND else None
    if end is None:
        raise ValidationError(
            f"nothing says how many values {attr!r} of {type(rule.learning_rule_type).__name__} "
            f"has; a live probe shows {', '.join(('error', *BEFORE, *BEHIND))}",
            "attr",
            rule,
        )
    return (end.ensemble if isinstance(end, Neurons) else end).n_neurons


def _kind_of(spec: nengo.Probe) -> str:
    whole = spec.synapse is None and spec.sample_every is None
    base = base_object(spec.target)
    if not (whole and isinstance(base, Neurons) and spec.attr in OUTPUTS):
        return "values"
    return "spikes" if base.ensemble.neuron_type.spiking else "rates"
