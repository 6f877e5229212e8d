"""Where numbers are read from: a network that nobody built yet, or a simulator of it."""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any, Literal, get_args

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.builder import Model
from nengo.builder.network import seed_network
from nengo.ensemble import Neurons
from nengo.exceptions import SignalError

from nengolab.exceptions import BuildError, SimulatorClosed, UnknownObject, ValidationError
from nengolab.names import Names, listing
from nengolab.neurons import with_constants

When = Literal["now", "built"]


def check_when(when: str) -> None:
    """Raise for what is no time at which values can be asked for."""
    if when not in get_args(When):
        raise ValidationError(
            f'takes "now" (after training, setting and learning) or "built"; got {when!r}',
            attr="when",
        )


class Source:
    """What a network or a simulator says of its objects.

    Parameters
    ----------
    given : nengo.Network, nengo.Simulator or nengolab.Simulator
    item : int, optional
        The item of the batch whose learned values count.
    """

    def __init__(self, given: Any, item: int | None = None):
        self._simulator: Any = None if isinstance(given, nengo.Network) else given
        self._by_nengo = isinstance(given, nengo.Simulator)
        model = given.model if self._is_simulator() else None
        network = given if model is None else model.toplevel
        if model is None and not isinstance(given, nengo.Network):
            raise ValidationError(
                "takes a nengo.Network, a nengo.Simulator or a nengolab.Simulator; got "
                f"{type(given).__name__}",
                attr="source",
            )
        if network is None:
            raise ValidationError(
                "the simulator was made from a model alone, which says nothing of its objects; "
                "give the nengo.Network",
                attr="source",
            )
        self.network, self._model = network, model
        self.given, self.item = given, item
        self.names = Names(network) if self.parameters is None else self.parameters.names

    def _is_simulator(self) -> bool:
        return hasattr(self._simulator, "model") and hasattr(self._simulator, "data")

    @property
    def is_simulator(self) -> bool:
        """Whether it is a simulator that was given."""
        return self._simulator is not None

    @cached_property
    def parameters(self) -> Any:
        """The table of parameters of a `nengolab.Simulator`; None of anything else."""
        return getattr(self._simulator, "parameters", None)

    def settled(self) -> AbstractContextManager[None]:
        """Within it, several values are of one moment."""
        table = self.parameters
        return nullcontext() if table is None else table.settled()

    # -- objects -------------------------------------------------------------------------------

    def find(self, obj: Any, kind: type, what: str) -> Any:
        """The object that is meant, which is to be of a kind.

        Raises
        ------
        UnknownObject
            For what is not in the network.
        ValidationError
            For what is of another kind.
        """
        asked = obj
        obj = self.names.find(obj) if isinstance(obj, str) else obj
        obj = obj.obj if isinstance(obj, ObjView) else obj
        obj = obj.ensemble if isinstance(obj, Neurons) else obj
        known = obj is not None and self.names.has(obj)
        if known and isinstance(obj, kind):
            return obj
        fitting = [o for o in self.names.objects() if isinstance(o, kind)]
        there = f"its {what}s are {listing(map(self.names.get, fitting))}"
        if not known:
            raise UnknownObject(f"{asked!r} is not in the network; {there}", attr=what)
        name, got = self.names.get(obj), type(obj).__name__
        article = "an" if got[0] in "AEIOU" else "a"
        raise ValidationError(f"{name!r} is no {what} but {article} {got}; {there}", attr=what)

    def seed(self, obj: Any) -> tuple[int | None, str]:
        """The seed that what is random of an object follows, and where it comes from.

        None where a network has none: every build draws it anew.
        """
        if getattr(obj, "seed", None) is not None:
            return obj.seed, "its own"
        model = _seeded(self.network) if self._model is None else self._model
        seed = model.seeds.get(obj)
        if model.seeded.get(obj):
            return seed, "follows from the network's"
        return (seed if self.is_simulator else None), "drawn by the simulator"

    # -- values --------------------------------------------------------------------------------

    def ensemble(self, ens: nengo.Ensemble, when: When = "now") -> Any:
        """What Nengo built for an ensemble, as it is ``when``."""
        check_when(when)
        if self._model is None:
            return self._built_alone(ens)
        if when == "built" or self._simulator is None:
            return self._model.params[ens]
        built = self._simulator.data[ens]
        scaled = self._learned_by_nengo(ens, "encoders")
        if scaled is not None:
            encoders = scaled * (ens.radius / built.gain)[:, None]
            built = built._replace(scaled_encoders=scaled, encoders=encoders)
        return self._unbatched(ens, built, "encoders", "scaled_encoders")

    def neuron_type(self, ens: nengo.Ensemble, when: When = "now") -> Any:
        """The neuron type of an ensemble, with its constants as they are ``when``."""
        own, table = ens.neuron_type, self.parameters
        if when == "built" or table is None:
            return own
        constants = [
            p for p in table.of(ens).values() if p.shape == () and isinstance(p.owner, Neurons)
        ]
        edited = {p.role: p for p in constants if float(p.held) != float(p.initial)}
        if not edited:
            return own
        arguments = inspect.signature(type(own)).parameters
        for role, parameter in edited.items():
            if role not in arguments:
                raise ValidationError(
                    f"{parameter.name} was set, and {type(own).__name__} has no argument {role!r} "
                    'to compute rates with: ask for when="built"',
                    attr="when",
                )
        values = {role: float(p.value) for role, p in edited.items()}
        return with_constants(type(own), own, **values)

    def connection(self, conn: nengo.Connection, when: When = "now") -> Any:
        """What Nengo built for a connection, as it is ``when``."""
        check_when(when)
        if self._model is None:  # all of it, by Nengo itself: our own builder loads TensorFlow
            self._model = Model(label=str(self.network))
            _build(self._model, self.network, self.names)
        if when == "built" or self._simulator is None:
            return self._model.params[conn]
        built = self._simulator.data[conn]
        learned = self._learned_by_nengo(conn, "weights")
        if learned is not None:
            built = built._replace(weights=learned)
        return self._unbatched(conn, built, "weights")

    def gains(self, conn: nengo.Connection, when: When = "now") -> np.ndarray:
        """Gains by which what arrives at neurons is multiplied, one for each it leads to."""
        table = None if when == "built" else self.parameters
        held = {} if table is None else table.of(conn).where(role="gain")
        for parameter in held.values():
            return np.asarray(parameter.value)
        return np.asarray(self.ensemble(conn.post_obj.ensemble, when).gain)[conn.post_slice]

    def _built_alone(self, ens: nengo.Ensemble) -> Any:
        """What Nengo would build for an ensemble, with the seed that the network gives it."""
        model = _seeded(self.network)
        _build(model, ens, self.names)
        return model.params[ens]

    def _learned_by_nengo(self, obj: Any, key: str) -> np.ndarray | None:
        """What a rule changed in a ``nengo.Simulator``, whose ``data`` shows what was built."""
        if not self._by_nengo:
            return None
        signal = self._simulator.model.sig[obj].get(key)
        if signal is None or signal.readonly or signal.sparse:
            return None
        if self._simulator.closed:
            raise SimulatorClosed(
                f"the {key} that {self.names.get(obj)!r} learned are gone: the nengo.Simulator is "
                f'closed. Look before it is; when="built" gives those that it began with'
            )
        return np.array(self._simulator.signals[signal])

    def _unbatched(self, obj: Any, built: Any, *fields: str) -> Any:
        """With one item of what is learned online."""
        assert self._model is not None  # a simulator has one
        first = self._model.params[obj]
        batched = [f for f in fields if np.ndim(getattr(built, f)) > np.ndim(getattr(first, f))]
        if not batched:
            return built
        items = len(getattr(built, batched[0]))
        if self.item is None:
            raise ValidationError(
                f"{self.names.get(obj)!r} is learned online, by each of {items} items for itself: "
                "name one with item=",
                attr="item",
            )
        if not -items <= self.item < items:
            raise ValidationError(f"there are {items} items; got {self.item}", attr="item")
        return built._replace(**{f: getattr(built, f)[self.item] for f in batched})


def _build(model: Model, obj: Any, names: Names) -> None:
    """Have Nengo build an object, or a network; an error says whose numbers are NaN."""
    try:
        model.build(obj)
    except SignalError as err:
        raise BuildError(f"{names.get(obj)}: {err} Give it finite values.") from err


def _seeded(network: nengo.Network) -> Model:
    """A model of a network in which nothing but seeds is there."""
    model = Model(label=str(network))
    model.toplevel = network
    model.seeds[network] = np.random.randint(2**31 - 1) if network.seed is None else network.seed
    model.seeded[network] = network.seed is not None
    seed_network(network, seeds=model.seeds, seeded=model.seeded)
    return model
