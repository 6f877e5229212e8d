"""``to_code``: a network written as Python that makes an equal one."""

from __future__ import annotations

import functools
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import nengo

from nengolab.building.configs import config_lines, configured_objects, instance_lines
from nengolab.building.defaults import Defaults, nothing_around
from nengolab.building.folding import folded, runs
from nengolab.building.imports import Imports
from nengolab.building.objects import Objects
from nengolab.building.ordering import Again, Block, Order, base
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
    source says, with what they read and captured, or imported where a library has them. What has
    no source (a method of an object, a large array) is named, and becomes a stub.

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
        self._imports.names.use(keyword.kwlist)
        self._at: nengo.Network = net
        self._defaults = Defaults(net)
        seeds = [n.seed for n in (net, *net.all_networks) if n.seed is not None]
        self._values = Values(self._imports, most, self._default, seeds)
        self._objects = Objects(self._values, self._defaults, self._title, self._refer)
        self._names: dict[Any, str] = {}
        self._whole: dict[nengo.Network, Whole] = {}
        self._parents = {sub: n for n in (net, *net.all_networks) for sub in n.networks}
        self._lines: list[str] = []

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
            apart = definition.startswith("def ")
            parts += ["", "", definition, ""] if apart else ["", wrapped(definition, 0)]
        source = "\n".join([*parts, "", *self._lines])
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
        for fn in held:
            self._imports.names.use(_read(fn))

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
            if any(self._defaults_of(network)) or any(_held(network)):
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
                self._lines.append("")
        held = {o: name for name, o in _held(network)}
        for together in _together(block.items):
            first = together[0]
            self._at = network
            if isinstance(first, Block):
                self._block(first, depth + 1)
            elif isinstance(first, Again):
                added = f"{self._imports.module(nengo)}.Network.add({self._names[first.network]})"
                self._line(added, depth + 1)
            elif isinstance(first, nengo.Network):
                self._whole_network(first, network, held, depth + 1)
            else:
                for objs in self._apart(together):
                    self._same_kind(objs, network, held, depth + 1)
        if len(self._lines) == start:
            self._line("pass", depth + 1)

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

    def _network_name(self, network: nengo.Network) -> str:
        plain = "net" if network is self._net else "network"
        return self._imports.new(identifier(network.label, plain), network)

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
        for start, end in runs([text for _, text, _ in made], alone):
            part = made[start:end]
            if len(part) > 1:
                self._loop([obj for obj, _, _ in part], [text for _, text, _ in part], depth)
                continue
            obj, text, later = part[0]
            named = not isinstance(obj, nengo.Connection) or obj in self._named or bool(later)
            target = self._target(obj, network, held) if named else ""
            self._line(f"{target} = {text}" if named else text, depth)
            for name, value in later:
                self._line(f"{target}.{name} = {value}", depth)

    def _loop(self, objs: list[Any], texts: list[str], depth: int) -> None:
        line = folded(texts, "i")
        if isinstance(objs[0], nengo.Connection):
            self._line(f"for {line.variable} in {line.numbers}:", depth)
            self._line(line.text, depth + 1)
            return
        label = re.sub(r"\d+", "", objs[0].label or "")
        stem = identifier(label, type(objs[0]).__name__.lower())
        name = self._imports.new(stem if stem.endswith("s") else f"{stem}s", objs)
        self._line(f"{name} = [{line.text} for {line.variable} in {line.numbers}]", depth)
        for n, obj in enumerate(objs):
            self._names[obj] = f"{name}[{n}]"

    def _target(self, obj: Any, network: nengo.Network, held: dict[Any, str]) -> str:
        if obj in held:
            name = f"{self._names[network]}.{held[obj]}"
        else:
            wanted = identifier(obj.label, type(obj).__name__.lower())
            name = self._imports.new(wanted, obj)
        self._names[obj] = name
        return name

    def _instances(self) -> None:
        for network in dict.fromkeys((self._net, *self._net.all_networks)):
            if network not in self._whole and self._defaults.knows(network):
                called = self._names.get(network, "")
                for line in instance_lines(network, called, self._objects, self._values):
                    self._line(line, 1)

    def _line(self, text: str, depth: int) -> None:
        self._lines.append(wrapped(text, 4 * depth))


def identifier(label: str | None, kind: str) -> str:
    """A variable's name made of a label, or of what an object is where that gives none."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", label or "")).strip("_")
    if name[:1].isdigit():
        name = f"{kind}_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name or kind


def _held(network: nengo.Network) -> Iterator[tuple[str, Any]]:
    """Attributes of a network under which it holds an object of its own, and what they hold."""
    own = {o for objs in network.objects.values() for o in objs if not isinstance(o, nengo.Network)}
    found = set()
    for name, held in vars(network).items():
        if (
            not name.startswith("_")
            and name.isidentifier()
            and isinstance(held, nengo.base.NengoObject)
        ):
            if held in own and held not in found and not hasattr(type(network), name):
                found.add(held)
                yield name, held


def _together(items: list[Any]) -> Iterator[list[Any]]:
    """Objects of one kind that follow each other; blocks and networks by themselves."""
    group: list[Any] = []
    for item in items:
        single = isinstance(item, Block | Again | nengo.Network)
        if group and (single or _kind(item) is not _kind(group[0])):
            yield group
            group = []
        if single:
            yield [item]
        else:
            group.append(item)
    if group:
        yield group


def _kind(obj: Any) -> type:
    kinds = (nengo.Node, nengo.Ensemble, nengo.Connection, nengo.Probe)
    return next(kind for kind in kinds if isinstance(obj, kind))


def _read(fn: Any) -> list[str]:
    """Names that a function reads of its module, and that of itself."""
    fn = fn.func if isinstance(fn, functools.partial) else fn
    code = getattr(fn, "__code__", None)
    found = [] if code is None else list(code.co_names)
    return found


def _tidy(source: str) -> str:
    """With two empty lines around definitions at most, and one at the end of the file."""
    return re.sub(r"\n{4,}", "\n\n\n", source).strip("\n") + "\n"
