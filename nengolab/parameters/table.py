"""The parameter table: what ``sim.parameters`` is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab.checks import table_library
from nengolab.compiler.graph import Op, Param
from nengolab.exceptions import UnknownObject, ValidationError
from nengolab.names import Names, listing
from nengolab.parameters.rules import Trainability, without_array
from nengolab.parameters.shapes import equation, why_shape
from nengolab.parameters.show import as_html, as_text, one_as_text, summary

if TYPE_CHECKING:
    from nengolab.runtime.engine import Engine


@dataclass(eq=False, repr=False)
class Parameter:
    """One array of a network.

    Attributes
    ----------
    name : str
        For example ``"hidden.encoders"``; `Simulator.save_params` saves it under this name.
    owner : object
        The Nengo object it belongs to; for biases and neuron constants the ensemble's ``neurons``.
    owner_name : str
    role : str
        ``"weights"``, ``"encoders"``, ``"bias"``, ``"gain"``, ``"tau_rc"``, ...
    shape : tuple of int
        Without the batch axis that an array has which is learned online.
    why_shape : str
        Where the shape comes from.
    equation, unit : str
        What is computed with it, and its unit or meaning; empty where there is no more to say.
    initial : ndarray
        The value with which the network was built, read-only.
    trainable : bool
        Whether training changes it.
    why : str
        Why, or why not.
    learned : bool
        Whether a learning rule changes it while the network runs.

    Examples
    --------
    >>> bias = sim.parameters["ensemble.neurons.bias"]
    >>> bias.trainable, bias.shape
    (True, (20,))
    >>> bias.value = 1.5
    >>> float(sim.data[ensemble].bias.max())
    1.5
    """

    name: str
    owner: Any
    owner_name: str
    role: str
    shape: tuple[int, ...]
    why_shape: str
    equation: str
    unit: str
    initial: np.ndarray
    trainable: bool
    why: str
    learned: bool = False
    _read: Callable[[], np.ndarray] = field(kw_only=True)
    _write: Callable[[np.ndarray], None] = field(kw_only=True)

    @property
    def size(self) -> int:
        """Count of its numbers."""
        return int(np.prod(self.shape))

    @property
    def held(self) -> np.ndarray:
        """Current value as it is held, without a copy: it must not be changed.

        The same array for as long as nothing sets or trains it; of what is learned online each
        time another one.
        """
        return self._read()

    @property
    def value(self) -> np.ndarray:
        """Current value, read-only.

        What is learned online has the shape ``(batch, *shape)`` where the simulator was given a
        ``minibatch_size``. Assigning takes an array of that shape or of ``shape``, or one number
        for all; the network computes with it from the next step on.
        """
        value = np.array(self._read())
        value.setflags(write=False)
        return value

    @value.setter
    def value(self, value: Any) -> None:
        now = self._read()
        try:
            new = np.array(value, dtype=float if now.dtype.kind == "f" else now.dtype)
        except (TypeError, ValueError) as err:
            raise ValidationError(
                f"{self.name} takes numbers of shape {now.shape}, got {value!r}", attr="value"
            ) from err
        shapes = {now.shape: None, self.shape: None, (): None}
        if new.shape not in shapes:
            raise ValidationError(
                f"{self.name} has the shape {self.why_shape}; got an array of shape {new.shape}. "
                f"It takes {' or '.join(str(s) for s in shapes if s)}"
                f"{', or' if now.shape else ''} one number for all",
                attr="value",
            )
        bad = new.size - np.count_nonzero(np.isfinite(new))
        if bad:
            raise ValidationError(
                f"{self.name} takes finite numbers; {bad} of {new.size} are NaN or infinite",
                attr="value",
            )
        self._write(np.broadcast_to(new, now.shape).copy())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.value, dtype=dtype)

    def __str__(self) -> str:
        return one_as_text(self)

    def __repr__(self) -> str:
        trains = "trainable" if self.trainable else f"not trainable: {self.why}"
        return f"<Parameter {self.name!r} {self.shape}, {trains}>"


@dataclass(frozen=True)
class Absent:
    """An array that a person might look for and that is not there, and why."""

    owner: Any
    owner_name: str
    role: str
    why: str


class Parameters(Mapping[str, Parameter]):
    """The arrays of a network by name, in the order of its objects.

    ``table["hidden.encoders"]`` is a `Parameter`. ``table[obj]``, for a Nengo object or the name of
    one, is the table of that object's arrays (see `of`). ``print(table)`` shows it, as a
    notebook does by itself.

    Attributes
    ----------
    absent : list of Absent
        Arrays that a person might look for and that are not there, and why.

    Examples
    --------
    >>> list(sim.parameters[ensemble].where(trainable=True))
    ['ensemble.encoders', 'ensemble.neurons.bias']
    """

    def __init__(
        self,
        rows: Iterable[Parameter],
        absent: Iterable[Absent],
        names: Names,
        reading: Callable[[], AbstractContextManager[None]],
    ):
        self._rows = {row.name: row for row in rows}
        self.absent, self._names, self._reading = list(absent), names, reading

    @property
    def names(self) -> Names:
        """What the network's objects are called."""
        return self._names

    @classmethod
    def of_engine(cls, engine: Engine, batched: bool, check: Callable[[str], None]) -> Parameters:
        """The table of what an engine computes with.

        Parameters
        ----------
        engine : Engine
        batched : bool
            Whether values that are learned online are shown with their batch axis.
        check : callable
            Called before a value is set; raises where that may not be.
        """
        return cls(*_rows(engine, batched, check), engine.built.names, engine.settled)

    def settled(self) -> AbstractContextManager[None]:
        """Within it, this thread reads all values as they were when it began.

        Training is asked for them once, however many are read.
        """
        return self._reading()

    # -- looking up ----------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key in self._rows:
                return self._rows[key]
            if self._names.find(key) is None:
                raise UnknownObject(self._unknown(key), attr="parameters")
        return self.of(key)

    def _unknown(self, key: str) -> str:
        near = difflib.get_close_matches(key, self._rows, 3, 0.5)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        return (
            f"there is no parameter and no object {key!r}{hint} The parameters are "
            f"{listing(self._rows)}"
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, *objs: Any) -> Parameters:
        """The arrays of these objects only.

        Parameters
        ----------
        *objs : Nengo objects, or their names
            An ensemble's are its encoders and all of its neurons'; a connection's its weights,
            those of its synapse and of its learning rules; a network's those of all in it.

        Raises
        ------
        UnknownObject
            For what is not in the simulated network.
        """
        wanted = {owner for obj in objs for owner in self._owners(self.find(obj))}
        rows = [r for r in self._rows.values() if r.owner in wanted]
        absent = [a for a in self.absent if a.owner in wanted]
        return Parameters(rows, absent, self._names, self._reading)

    def _owners(self, obj: Any) -> list[Any]:
        """The owners of the arrays of an object."""
        if isinstance(obj, nengo.Network):
            inside = (*obj.all_nodes, *obj.all_ensembles, *obj.all_connections, *obj.all_probes)
            return [owner for one in inside for owner in self._owners(one)]
        if isinstance(obj, nengo.Ensemble):
            return [obj, obj.neurons]
        if isinstance(obj, nengo.Probe):  # it makes a connection of its own where it decodes
            own = (r.owner for r in self._rows.values() if isinstance(r.owner, nengo.Connection))
            return [obj, *(conn for conn in own if conn.post_obj is obj)]
        return [obj]

    def find(self, obj: Any) -> Any:
        """The object of a name; the whole of a part; the connection of a learning rule.

        Raises
        ------
        UnknownObject
            For what is not in the simulated network.
        """
        asked, obj = obj, self._names.find(obj) if isinstance(obj, str) else obj
        obj = obj.obj if isinstance(obj, ObjView) else obj
        obj = obj.connection if isinstance(obj, LearningRule) else obj
        base = obj.ensemble if isinstance(obj, Neurons) else obj
        if base is None or not self._names.has(base):
            raise UnknownObject(
                f"{asked if obj is None else self._names.get(obj)!r} is not in the simulated "
                f"network; it holds {listing(self._names.all())}",
                attr="parameters",
            )
        return obj

    def where(self, role: str | None = None, trainable: bool | None = None) -> Parameters:
        """The arrays of this role, or those that are (not) trainable."""
        rows = [
            r
            for r in self._rows.values()
            if role in (None, r.role) and trainable in (None, r.trainable)
        ]
        absent = [a for a in self.absent if trainable is None and role in (None, a.role)]
        return Parameters(rows, absent, self._names, self._reading)

    @property
    def trainable(self) -> Parameters:
        """The arrays that training changes."""
        return self.where(trainable=True)

    @property
    def size(self) -> int:
        """Count of all numbers."""
        return sum(row.size for row in self._rows.values())

    # -- showing -------------------------------------------------------------------------------

    def __str__(self) -> str:
        with self._reading():
            return as_text(list(self._rows.values()), self.absent)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        with self._reading():
            return as_html(list(self._rows.values()), self.absent)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``, one row an array, with figures of initial and current values.

        Raises
        ------
        ImportError
            Where pandas is not installed.
        """
        pandas = table_library("to_pandas", "print(table) shows the table without it")
        plain = ("owner_name", "role", "shape", "size", "trainable", "why", "learned", "why_shape")
        rows = []
        with self._reading():
            for row in self._rows.values():
                found = {"name": row.name} | {key: getattr(row, key) for key in plain}
                found |= {f"initial_{k}": v for k, v in summary(row.initial).items()}
                rows.append(found | summary(row.value))
        figures = list(summary(np.zeros(1)))
        columns = ["name", *plain, *(f"initial_{k}" for k in figures), *figures]
        return pandas.DataFrame(rows, columns=columns).set_index("name")


def _rows(engine: Engine, batched: bool, check: Callable[[str], None]):
    """Rows in the order of the network's objects, and what is absent."""
    names, trainability = engine.built.names, Trainability(engine.network, engine.built.names)
    rows = [
        _of_param(engine, param, names, trainability, check)
        for param in engine.graph.params.values()
    ]
    for op in engine.graph.learned:
        rows += [_of_learned(engine, op, role, batched, trainability, check) for role in op.state]
    order = {id(obj): i for i, obj in enumerate(names.objects())}

    def place(row: Parameter) -> tuple:
        owner = row.owner.ensemble if isinstance(row.owner, Neurons) else row.owner
        # Arrays before the constants of neurons and synapses.
        return order.get(id(owner), len(order)), row.shape == ()

    absent = [
        Absent(obj, names.get(obj), role, why)
        for obj, role, why in without_array(engine.network, engine.built.model)
    ]
    return sorted(rows, key=place), absent


def _of_param(
    engine: Engine,
    param: Param,
    names: Names,
    trainability: Trainability,
    check: Callable[[str], None],
) -> Parameter:
    name = param.name
    trainable, why = trainability.of(param)

    def read() -> np.ndarray:
        return engine.value(param)

    def write(value: np.ndarray) -> None:
        check(f"set {name}")
        if param.role == "constants":
            raise ValidationError(f"{name} {why}; change those", attr="value")
        engine.set_values({name: value})

    return Parameter(
        name,
        param.owner,
        "" if param.owner is None else names.get(param.owner),
        param.role,
        tuple(np.shape(param.value)),
        why_shape(param, names),
        *equation(param),
        _fixed(param.value),
        trainable,
        why,
        _read=read,
        _write=write,
    )


def _of_learned(
    engine: Engine,
    op: Op,
    role: str,
    batched: bool,
    trainability: Trainability,
    check: Callable[[str], None],
) -> Parameter:
    name, names = f"{op.name}.{role}", engine.built.names
    like = Param(name, op.state[role], op.owner, role)

    def read() -> np.ndarray:
        now = engine.learned_value(op, role)
        return now if batched else now[0]

    def write(value: np.ndarray) -> None:
        check(f"set {name}")
        named = engine.runner.named_state()
        named[name] = np.broadcast_to(value, named[name].shape)
        engine.runner.set_named_state(named)

    return Parameter(
        name,
        op.owner,
        "" if op.owner is None else names.get(op.owner),
        role,
        tuple(np.shape(like.value)),
        why_shape(like, names),
        *equation(like),
        _fixed(like.value),
        False,
        trainability.of_learned(op.owner, role),
        True,
        _read=read,
        _write=write,
    )


def _fixed(value: Any) -> np.ndarray:
    value = np.array(value)
    value.setflags(write=False)
    return value
