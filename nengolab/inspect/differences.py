"""What differs between two networks, or two simulators, object by object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import nengo
import numpy as np
import scipy.sparse
from nengo.base import ObjView
from nengo.transforms import SparseMatrix

from nengolab.checks import table_library
from nengolab.inspect.matching import Joined, kind, match
from nengolab.inspect.source import Source
from nengolab.inspect.texts import same_value, shown
from nengolab.parameters.show import figures
from nengolab.settings import TrainableSettings

NOWHERE = "not there"


@dataclass(frozen=True)
class Differing:
    """One thing in which two networks differ.

    Attributes
    ----------
    a, b : str
        Names of the object in each; empty where it is in one of them only.
    what : str
        For example ``"synapse"``.
    in_a, in_b : str
        What it is in each.
    meaning : str
        What follows from it, where there is something to say.
    values : tuple of ndarray
        The two arrays, where it is arrays that differ.

    Examples
    --------
    >>> other = net.copy()
    >>> other.ensembles[0].radius = 2.0
    >>> nengolab.inspect.diff(net, other).rows[0].what
    'radius'
    """

    a: str
    b: str
    what: str
    in_a: str
    in_b: str
    meaning: str = ""
    values: tuple[np.ndarray, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class Differences:
    """What differs between two networks; as text, as HTML in a notebook, as a table.

    Attributes
    ----------
    rows : list of Differing
        In the order of the first network's objects; at the end what only one has.
    matched : list of tuple of str
        Which object of the first was taken for which of the second.

    Examples
    --------
    >>> print(nengolab.inspect.diff(net, net.copy()))
    no differences; 4 objects matched
    """

    rows: list[Differing]
    matched: list[tuple[str, str]] = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.rows)

    def __str__(self) -> str:
        count = f"{len(self.matched)} object{'s' * (len(self.matched) != 1)} matched"
        if not self.rows:
            return f"no differences; {count}"
        lines = [f"{len(self.rows)} difference{'s' * (len(self.rows) != 1)}; {count}"]
        for pair, rows in self._by_object():
            lines.append(_title(*pair))
            for row in rows:
                lines.append(f"  {row.what}: {row.in_a} | {row.in_b}")
                lines += [f"    {row.meaning}"] if row.meaning else []
        return "\n".join(lines)

    def to_html(self) -> str:
        """The same as a table; names and values are escaped.

        Examples
        --------
        >>> nengolab.inspect.diff(net, net.copy()).to_html()
        '<p>no differences; 4 objects matched</p>'
        """
        body = ""
        for pair, rows in self._by_object():
            title = escape(_title(*pair))
            body += f'<tr><th colspan="3" style="text-align: left">{title}</th></tr>'
            for row in rows:
                said = f"<br><small>{escape(row.meaning)}</small>" if row.meaning else ""
                cells = (escape(row.what) + said, escape(row.in_a), escape(row.in_b))
                style = ' style="text-align: left; vertical-align: top"'
                body += f"<tr>{''.join(f'<td{style}>{cell}</td>' for cell in cells)}</tr>"
        head = "".join(f'<th scope="col">{h}</th>' for h in ("", "first", "second"))
        title = escape(str(self).split("\n", 1)[0])
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<p>{title}</p>{table if self.rows else ''}"

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``, one row a difference.

        Raises
        ------
        ImportError
            Where pandas is not installed.
        """
        pandas = table_library("to_pandas", "print(found) shows the table without it")
        columns = ["a", "b", "what", "in_a", "in_b", "meaning"]
        rows = [[getattr(row, column) for column in columns] for row in self.rows]
        return pandas.DataFrame(rows, columns=columns)

    def _by_object(self) -> Iterator[tuple[tuple[str, str], list[Differing]]]:
        pairs = dict.fromkeys((r.a, r.b) for r in self.rows)
        for pair in pairs:
            yield pair, [r for r in self.rows if (r.a, r.b) == pair]


def _title(a: str, b: str) -> str:
    if not a or not b:
        return f"{a or b} (only in the {'first' if a else 'second'})"
    return a if a == b else f"{a} | {b}"


def diff(a: Any, b: Any, item: int | None = None) -> Differences:
    """Find what differs between two networks, or two simulators, object by object.

    Objects are matched by what they are and what they are joined to, not by name. Of networks
    what was written is compared: sizes, neuron types, synapses, functions, seeds, what is set to
    train. Of two simulators also what was built of it and what it is now: encoders, gains, biases
    and weights, and for nengolab's what trains, and why.

    Parameters
    ----------
    a, b : nengo.Network, nengo.Simulator or nengolab.Simulator
    item : int, optional
        Of the batch, where something is learned online.

    Returns
    -------
    Differences
        False where there are none.

    Raises
    ------
    ValidationError
        For what is neither a network nor a simulator.

    Examples
    --------
    >>> other = net.copy()
    >>> other.connections[0].synapse = None
    >>> print(nengolab.inspect.diff(net, other))
    1 difference; 4 objects matched
    stimulus -> ensemble
      synapse: Lowpass(tau=0.005) | None
        a synapse adds its delay; what is trained on one step hardly sees past it
    """
    first, second = Source(a, item), Source(b, item)
    joined = [Joined(source.network, source.names) for source in (first, second)]
    pairs, only_a, only_b = match(*joined)
    sides = [Written(source) for source in (first, second)]
    rows = [row for x, y in pairs for row in _compared(sides, x, y)]
    rows += [Differing(first.names.get(o), "", "object", kind(o), NOWHERE) for o in only_a]
    rows += [Differing("", second.names.get(o), "object", NOWHERE, kind(o)) for o in only_b]
    matched = [(first.names.get(x), second.names.get(y)) for x, y in pairs]
    return Differences(rows, matched)


@dataclass
class Written:
    """What was written, and built, of the objects of one network."""

    source: Source

    def __post_init__(self) -> None:
        self.settings = TrainableSettings(self.source.network, self.source.names.get)

    def what(self, obj: Any) -> dict[str, Any]:
        """What was written of an object."""
        if isinstance(obj, nengo.Ensemble):
            return self._ensemble(obj)
        if isinstance(obj, nengo.Connection):
            return self._connection(obj)
        if isinstance(obj, nengo.Probe):
            return {k: getattr(obj, k) for k in ("attr", "synapse", "sample_every", "solver")}
        return {"size_in": obj.size_in, "size_out": obj.size_out} | self._node(obj)

    def _ensemble(self, ens: nengo.Ensemble) -> dict[str, Any]:
        plain = ("n_neurons", "dimensions", "radius", "neuron_type", "encoders", "intercepts")
        more = ("max_rates", "gain", "bias", "eval_points", "normalize_encoders", "noise", "seed")
        found = {name: getattr(ens, name) for name in (*plain, *more)}
        return found | {
            "encoders train": self._trains(ens),
            "biases train": self._trains(ens.neurons, ens),
        }

    def _connection(self, conn: nengo.Connection) -> dict[str, Any]:
        plain = ("synapse", "function", "transform", "solver", "learning_rule_type", "eval_points")
        found = {name: getattr(conn, name) for name in (*plain, "scale_eval_points", "seed")}
        ends = {"from": conn.pre, "to": conn.post}
        found |= {
            f"{which} part": end.slice if isinstance(end, ObjView) else slice(None)
            for which, end in ends.items()
        }
        return found | {"weights train": self._trains(conn)}

    def _node(self, node: nengo.Node) -> dict[str, Any]:
        function = getattr(node, "tensor_func", None)
        output = node.output if function is None else function
        return {"output": output, "seed": node.seed, "trains": self._trains(node)}

    def _trains(self, *objs: Any) -> Any:
        value, where = self.settings.of(*objs)
        return "by the rules" if value is None else f"{value} ({where})"

    # -- simulators ------------------------------------------------------------------------------

    def built(self, obj: Any, when: Any) -> dict[str, np.ndarray]:
        """Arrays of an object ``when``, of a simulator."""
        if isinstance(obj, nengo.Ensemble) and not isinstance(obj.neuron_type, nengo.Direct):
            found = self.source.ensemble(obj, when)
            return {name: np.asarray(getattr(found, name)) for name in ("encoders", "gain", "bias")}
        if isinstance(obj, nengo.Connection):
            held = _stored(self.source.connection(obj, when).weights)
            return {} if held is None else {"weights": np.asarray(held, float)}
        return {}

    def trained(self, obj: Any) -> dict[str, str]:
        """What trains of an object and why, by role, where the simulator says so."""
        table = self.source.parameters
        if table is None:
            return {}
        return {
            f"{p.role} trains": f"{'yes' if p.trainable else 'no'}: {p.why}"
            for p in table.of(obj).values()
        }


_MEANINGS: dict[str, Callable[[Any, Any], str]] = {
    "synapse": lambda x, y: (
        "a synapse adds its delay; what is trained on one step hardly sees past it"
        if (x is None) != (y is None)
        else ""
    ),
    "seed": lambda x, y: "what is drawn at random differs with it",
    "weights train": lambda x, y: "training changes them in one of the two only",
}


def _compared(sides: list[Written], x: Any, y: Any) -> Iterator[Differing]:
    first, second = sides
    names = (first.source.names.get(x), second.source.names.get(y))
    left, right = sides[0].what(x), sides[1].what(y)
    if kind(x) != kind(y):
        yield Differing(*names, "kind", kind(x), kind(y))
    for what in dict.fromkeys([*left, *right]):
        one, other = left.get(what, NOWHERE), right.get(what, NOWHERE)
        if not same_value(one, other):
            meaning = _MEANINGS.get(what, lambda x, y: "")(one, other)
            values = tuple(v for v in map(_array, (one, other)) if v is not None)
            values = values if len(values) == 2 else ()
            left_text, right_text = shown(one), shown(other)
            if left_text == right_text and values:
                left_text, right_text = (f"{left_text}: {figures(v)}" for v in values)
            yield Differing(*names, what, left_text, right_text, meaning, values)
    if all(side.source.is_simulator for side in sides):
        yield from _arrays(sides, names, x, y)
    if all(side.source.parameters is not None for side in sides):
        one, other = sides[0].trained(x), sides[1].trained(y)
        for what in dict.fromkeys([*one, *other]):
            # What is not there does not train.
            if one.get(what, "no").split(":")[0] != other.get(what, "no").split(":")[0]:
                yield Differing(*names, what, one.get(what, NOWHERE), other.get(what, NOWHERE))


def _apart(p: np.ndarray, q: np.ndarray) -> str:
    """How far two arrays of one shape are from each other."""
    finite = np.isfinite(p) & np.isfinite(q)
    said = []
    if finite.any():
        said.append(f"they differ by up to {np.abs(p[finite] - q[finite]).max():.3g}")
    for which, values in (("first", p), ("second", q)):
        bad = np.count_nonzero(~np.isfinite(values))
        said += [f"{bad} of the {which} are NaN or infinite"] if bad else []
    return ", ".join(said)


def _stored(held: Any) -> Any:
    """Of a sparse matrix what is stored; it may be too large to be dense."""
    held = held.allocate() if isinstance(held, SparseMatrix) else held
    return scipy.sparse.csr_array(held).data if scipy.sparse.issparse(held) else held


def _array(value: Any) -> np.ndarray | None:
    """The numbers of an attribute: an array, or what a transform was given."""
    held = _stored(getattr(value, "init", value))
    numbers = isinstance(held, np.ndarray) and held.dtype.kind in "fiub"
    return held if numbers else None


def _arrays(sides: list[Written], names: tuple[str, str], x: Any, y: Any) -> Iterator[Differing]:
    for when, said in (("built", "as built"), ("now", "now")):
        one, other = sides[0].built(x, when), sides[1].built(y, when)
        for role in dict.fromkeys([*one, *other]):
            p, q = one.get(role), other.get(role)
            if p is None or q is None or p.shape != q.shape:
                texts = [NOWHERE if v is None else f"shape {v.shape}" for v in (p, q)]
                yield Differing(*names, f"{role} {said}", texts[0], texts[1])
            elif not np.allclose(p, q, rtol=1e-5, atol=1e-8, equal_nan=True):
                far = _apart(p, q)
                yield Differing(*names, f"{role} {said}", figures(p), figures(q), far, (p, q))
