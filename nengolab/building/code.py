"""``to_code``: a network written as Python that makes an equal one."""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import nengo

from nengolab.building.configs import config_lines, configured_objects, instance_lines
from nengolab.building.defaults import Defaults, nothing_around
from nengolab.building.folding import LEAST, becomes, folded, repeated, runs
from nengolab.building.functions import names_read, own_classes
from nengolab.building.imports import Imports
from nengolab.building.naming import identifier
from nengolab.building.objects import Objects
from nengolab.building.ordering import (
    Again,
    Block,
    Order,
    base,
    held_by_name,
    kind_of,
    together_in,
)
from nengolab.building.repeating import (
    Line,
    Loops,
    Marks,
    body_of,
    in_one_line,
    made_in_loop,
    periods,
    plural,
    rows_of_loop,
    rows_without,
    shape,
    turn_of,
    with_names,
)
from nengolab.building.values import Missing, Values
from nengolab.building.whole import Whole, whole
from nengolab.building.wrapping import wrapped
from nengolab.exceptions import ValidationError
from nengolab.layers.tensor_node import TensorNode
from nengolab.names import Names

# Called so in the code whatever they are needed for, and by loops.
_KEPT = ("nengo", "nengolab", "np", "tf", "keras", "i")


@dataclass(frozen=True, eq=False)
class Code:
    """A network as Python.

    Attributes
    ----------
    source : str
        Executed, it makes the network; `print` shows it.
    missing : tuple of Missing
        What could not be written: in its place a stub stands that raises an error when it is used.
    names : mapping of object to str
        How the network's objects are called in it; those without a name are left out.

    Examples
    --------
    >>> code = nengolab.to_code(net)
    >>> code.names[ensemble]
    'ensemble'
    >>> made = {}
    >>> exec(code.source, made)
    >>> print(nengolab.inspect.diff(net, made["net"]))
    no differences; 4 objects matched
    """

    source: str
    missing: tuple[Missing, ...]
    names: Mapping[Any, str] = field(repr=False)

    def __str__(self) -> str:
        return self.source

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a notebook, the source, and after it what is missing."""
        printer.text(self.source)
        for missing in self.missing:
            printer.text(f"\n# missing: {missing.reason}")


def to_code(net: nengo.Network, most: int = 64) -> Code:
    """Write short Python that makes an equal network, seed for seed.

    Objects are called by their labels; what all of a kind share is set in the network's config,
    and lines that differ in counting numbers only become a loop. Functions are written as their
    source says, with what they read and captured, or imported where a library has them; methods of
    an object by the source of its class, and what it holds. What has no source (an object of a
    decorated class, a large array) is named, and becomes a stub.

    Functions that are provably free of ties to other code are called once, with zeros, to see
    whether the size of what they put out has to be written.

    Parameters
    ----------
    net : nengo.Network
    most : int
        Numbers of an array that are written out; arrays of more are missing, unless all their
        numbers follow from a few (zeros, an identity, equal steps).

    Returns
    -------
    Code

    Raises
    ------
    ValidationError
        For what is no network, for one that is joined to something outside of it, and where objects
        stand in an order in which no code makes them.

    Examples
    --------
    >>> print(nengolab.to_code(net))
    import nengo
    <BLANKLINE>
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(0.5, label="stimulus")
        ensemble = nengo.Ensemble(20, 1, label="ensemble")
        nengo.Connection(stimulus, ensemble)
        output = nengo.Probe(ensemble, synapse=0.02, label="output")
    <BLANKLINE>
    """
    if not isinstance(net, nengo.Network):
        raise ValidationError(
            f"takes a nengo.Network; got {type(net).__name__}" + _hint(net), attr="net"
        )
    with nothing_around():
        return _Writer(net, most).write()


def _hint(given: Any) -> str:
    network = getattr(given, "network", None)
    return "; give its network" if isinstance(network, nengo.Network) else ""


class _Writer:
    """Writes one network."""

    def __init__(self, net: nengo.Network, most: int):
        self._net = net
        self._titles = Names(net)
        self._imports = Imports()
        self._imports.names.use(_KEPT)
        self._imports.names.use((*keyword.kwlist, *dir(builtins)))
        self._at: nengo.Network = net
        self._defaults = Defaults(net)
        self._names: dict[Any, str] = {}
        seeds = [n.seed for n in (net, *net.all_networks) if n.seed is not None]
        self._values = Values(self._imports, most, self._default, seeds, self._names.get)
        self._objects = Objects(self._values, self._defaults, self._title, self._refer)
        self._whole: dict[nengo.Network, Whole] = {}
        self._parents = {sub: n for n in (net, *net.all_networks) for sub in n.networks}
        self._lines: list[Line] = []
        self._marks: Marks | None = None
        self._loops = Loops()
        self._folds = True

    def write(self) -> Code:
        self._note_functions()
        order = Order(self._net, self._titles, self._is_whole)
        self._note_names(order)
        self._block(order.block, 0)
        self._instances()
        parts = [*self._imports.lines()]
        if self._values.functions.annotated:
            parts.insert(0, "from __future__ import annotations\n")
        for definition in self._values.functions.definitions:
            apart = definition.startswith(("def ", "class "))
            parts += ["", "", definition, ""] if apart else ["", wrapped(definition, 0)]
        source = "\n".join(
            [*parts, "", *(wrapped(text, 4 * d if text else 0) for d, text in self._lines)]
        )
        return Code(_tidy(source), tuple(self._values.missing), self._names)

    # -- before anything is written ------------------------------------------------------------

    def _default(self, kind: type, attribute: str) -> Any:
        return self._defaults.resolved(self._at, kind, attribute)

    def _title(self, obj: Any) -> str:
        return self._titles.get(obj)

    def _note_functions(self) -> None:
        """Which functions and layers are used in several places; write those first.

        They read variables whose names nothing else may take.
        """
        held = [
            n.tensor_func if isinstance(n, TensorNode) else n.output for n in self._net.all_nodes
        ]
        held += [conn.function for conn in self._net.all_connections]
        held = [f for f in held if callable(f)]
        for fn, count in Counter(map(id, held)).items():
            if count > 1:
                self._values.functions.often(next(f for f in held if id(f) == fn))
        held += own_classes(self._net)
        read = {name for one in held for name in names_read(one)}
        self._imports.names.use(read)
        # A loop would give another value to what a function reads.
        self._folds = "i" not in read
        if self._folds:
            self._imports.give("i", self._loops)

    def _is_whole(self, network: nengo.Network) -> bool:
        around = self._parents[network]
        found = whole(network, around, self._defaults)
        if found is None:
            self._defaults.add(network, around)
            return False
        self._whole[network] = found
        return True

    def _note_names(self, order: Order) -> None:
        """Which networks and connections something is said of later, so that they have names."""
        self._named: set[Any] = {*order.reopened, *order.again, self._net, *self._whole}
        for network in (self._net, *self._net.all_networks):
            self._named.update(configured_objects(network))
            if any(self._defaults_of(network)) or any(held_by_name(network)):
                self._named.add(network)
            if network.config.params and any(configured_objects(network)):
                self._named.add(network)
        for conn in self._net.all_connections:
            self._named.update(b for b in (base(conn.pre), base(conn.post)))
        self._named.update(base(probe.target) for probe in self._net.all_probes)

    def _defaults_of(self, network: nengo.Network) -> Iterator[Any]:
        if network in self._whole or not self._defaults.knows(network):
            return
        yield from self._defaults.own(network)
        for kind, params in network.config.params.items():
            if isinstance(kind, type):
                yield from params.extra_params

    def _refer(self, obj: Any) -> str:
        return self._names[obj]

    # -- blocks --------------------------------------------------------------------------------

    def _block(self, block: Block, depth: int) -> None:
        network = block.network
        self._line(self._header(block), depth)
        start = len(self._lines)
        self._at = network
        if block.opens and network in self._named:
            for line in config_lines(network, self._names[network], self._defaults, self._values):
                self._line(line, depth + 1)
            if len(self._lines) > start:
                self._lines.append((0, ""))
        held = {o: name for name, o in held_by_name(network)}
        for together in together_in(block.items):
            self._at = network
            if kind_of(together[0]) is nengo.Network:
                self._inner(together, network, held, depth + 1)
                continue
            for objs in self._apart(together):
                self._same_kind(objs, network, held, depth + 1)
        if len(self._lines) == start:
            self._line("pass", depth + 1)

    def _inner(
        self, items: list[Any], network: nengo.Network, held: dict[Any, str], depth: int
    ) -> None:
        """The networks in one that follow each other."""
        alone = len(items) < LEAST or self._marks or not self._folds
        shapes = [] if alone else [shape(item) for item in items]
        at = 0
        while at < len(items):
            for period, times in periods(shapes, at) if shapes else ():
                turns = [items[at + n * period : at + (n + 1) * period] for n in range(times)]
                if done := self._repeated(turns, network, held, depth):
                    at += done * period
                    break
            else:
                self._one_inner(items[at], network, held, depth)
                at += 1

    def _one_inner(
        self, item: Any, network: nengo.Network, held: dict[Any, str], depth: int
    ) -> None:
        self._at = network
        if isinstance(item, Block):
            self._block(item, depth)
        elif isinstance(item, Again):
            added = f"{self._imports.module(nengo)}.Network.add({self._names[item.network]})"
            self._line(added, depth)
        else:
            self._whole_network(item, network, held, depth)

    def _repeated(
        self, turns: list[list[Any]], network: nengo.Network, held: dict[Any, str], depth: int
    ) -> int:
        """Write a loop for as many turns as are alike; how many these are, 0 where none."""
        kept, known, missing = self._lines, len(self._names), len(self._values.missing)
        marks = self._marks = Marks()
        written = []
        for turn, items in enumerate(turns):
            marks.begin(turn)
            self._lines = []
            for item in items:
                self._one_inner(item, network, held, depth)
            written.append(self._lines)
        self._marks, self._lines = None, kept
        new = list(self._names.items())[known:]
        count, body = body_of(written)
        shorter = count and rows_of_loop(body) < count * rows_without(written[0])
        called = [self._list_of(obj) for obj in marks.first] if shorter else []
        for obj, name in new:
            if called and (turn_of(name) or 0) < count:
                self._names[obj] = with_names(name, called)
            else:
                del self._names[obj]
        if not shorter:  # all of it is written again
            self._values.missing[missing:] = [m for m in self._values.missing[missing:] if m.name]
            return 0
        if line := in_one_line(body, called, count):
            self._line(line, depth)
            return count
        body = made_in_loop(body, called, lambda n: self._network_name(marks.first[n], True), depth)
        self._loops.add(self._lines, depth, count, nengo.Network, called, body)
        return count

    def _list_of(self, obj: Any) -> str:
        """The name of a list of objects, of which this is the first."""
        return self._imports.new(plural(self._stem(obj)), [obj])

    def _stem(self, obj: Any) -> str:
        kind = "network" if isinstance(obj, nengo.Network) else type(obj).__name__.lower()
        if obj in self._whole:
            kind = type(obj).__name__.lower()
        return identifier(re.sub(r"\d+", "", obj.label or ""), kind)

    def _new(self, wanted: str, obj: Any) -> str:
        """A name for an object; a mark, while it is seen whether something can be a loop."""
        return self._imports.new(wanted, obj) if self._marks is None else self._marks.new(obj)

    def _header(self, block: Block) -> str:
        network = block.network
        if not block.opens:
            return f"with {self._names[network]}:"
        given = []
        if network.label is not None:
            given.append(f"label={self._values.write(network.label)}")
        if network.seed is not None:
            given.append(f"seed={self._values.write(network.seed)}")
        called = f"{self._imports.module(nengo)}.Network({', '.join(given)})"
        if network not in self._named:
            return f"with {called}:"
        name = self._names[network] = self._network_name(network)
        return f"with {called} as {name}:"

    def _network_name(self, network: nengo.Network, one_of_many: bool = False) -> str:
        if one_of_many:
            return self._imports.new(self._stem(network), network)
        plain = "net" if network is self._net else "network"
        return self._new(identifier(network.label, plain), network)

    def _whole_network(
        self, network: Any, around: nengo.Network, held: dict[Any, str], depth: int
    ) -> None:
        made = self._whole[network]
        target = self._target(network, around, held)
        kind = self._values.write(type(network))
        given = dict(made.given)
        texts = [self._values.write(given.pop(name)) for name in ("n_neurons", "n_ensembles")]
        if given["ens_dimensions"] == 1:
            del given["ens_dimensions"]
        texts += [f"{n}={self._values.write(v)}" for n, v in given.items() if v is not None]
        self._line(f"{target} = {kind}({', '.join(texts)})", depth)
        for method, args, more in made.added:
            texts = [*map(self._values.write, args)]
            texts += [f"{name}={self._values.write(value)}" for name, value in more.items()]
            self._line(f"{target}.{method}({', '.join(texts)})", depth)
        for obj, path in made.parts():
            self._names[obj] = target + path

    # -- objects -------------------------------------------------------------------------------

    def _apart(self, objs: list[Any]) -> Iterator[list[Any]]:
        """The objects, but connections that others refer to by themselves."""
        group: list[Any] = []
        for obj in objs:
            if isinstance(obj, nengo.Connection) and obj in self._named:
                yield from ([group] if group else [])
                yield [obj]
                group = []
            else:
                group.append(obj)
        yield from ([group] if group else [])

    def _same_kind(
        self, objs: list[Any], network: nengo.Network, held: dict[Any, str], depth: int
    ) -> None:
        """Objects of one kind, one after the other in their network."""
        made = [(obj, *self._objects.call(obj, network)) for obj in objs]
        alone = [
            obj in held or bool(later) or (isinstance(obj, nengo.Connection) and obj in self._named)
            for obj, _, later in made
        ]
        alone = [single or self._marks is not None or not self._folds for single in alone]
        head = 1 if isinstance(objs[0], nengo.Connection) else 2
        for start, end, period in runs([text for _, text, _ in made], alone, head):
            part = made[start:end]
            texts = [text for _, text, _ in part]
            if len(part) > 1 and self._loop([obj for obj, _, _ in part], texts, period, depth):
                continue
            for obj, text, later in part:
                self._one(obj, text, later, network, held, depth)

    def _one(
        self,
        obj: Any,
        text: str,
        later: list[tuple[str, str]],
        network: nengo.Network,
        held: dict[Any, str],
        depth: int,
    ) -> None:
        named = not isinstance(obj, nengo.Connection) or obj in self._named or bool(later)
        target = self._target(obj, network, held) if named else ""
        self._line(f"{target} = {text}" if named else text, depth)
        for name, value in later:
            self._line(f"{target}.{name} = {value}", depth)

    def _loop(self, objs: list[Any], texts: list[str], period: int, depth: int) -> bool:
        """A loop for objects, of which ``period`` are repeated; whether it is proved the same."""
        line = folded(texts, "i") if period == 1 else None
        kind, count = kind_of(objs[0]), len(texts) // period
        if line is not None and (line.start or kind is not nengo.Connection):
            if not all(becomes(line.text, "i", line.start + n, t) for n, t in enumerate(texts)):
                return False
            head = f"for {line.variable} in {line.numbers}"
            if kind is nengo.Connection:
                self._line(f"{head}:", depth)
                self._line(line.text, depth + 1)
                return True
            names = [self._list_of(objs[0])]
            self._line(f"{names[0]} = [{line.text} {head}]", depth)
        else:
            found = [repeated(texts[n::period], "i") for n in range(period)]
            body = [text for text in found if text is not None]
            if len(body) < period:
                return False
            names = []
            if kind is not nengo.Connection:
                names = [self._list_of(obj) for obj in objs[:period]]
                body = [f"{name}.append({text})" for name, text in zip(names, body, strict=True)]
            lines = [(depth + 1, text) for text in body]
            self._loops.add(self._lines, depth, count, kind, names, lines)
        for n, obj in enumerate(objs if names else ()):
            self._names[obj] = f"{names[n % period]}[{n // period}]"
        return True

    def _target(self, obj: Any, network: nengo.Network, held: dict[Any, str]) -> str:
        if obj in held:
            name = f"{self._names[network]}.{held[obj]}"
        else:
            name = self._new(identifier(obj.label, type(obj).__name__.lower()), obj)
        self._names[obj] = name
        return name

    def _instances(self) -> None:
        for network in dict.fromkeys((self._net, *self._net.all_networks)):
            if network not in self._whole and self._defaults.knows(network):
                called = self._names.get(network, "")
                for line in instance_lines(network, called, self._objects, self._values):
                    self._line(line, 1)

    def _line(self, text: str, depth: int) -> None:
        self._lines.append((depth, text))


def _tidy(source: str) -> str:
    """With two empty lines around definitions at most, and one at the end of the file."""
    return re.sub(r"\n{4,}", "\n\n\n", source).strip("\n") + "\n"
