"""A network and its twins of other neuron types in one network, which runs them side by side.

`nengolab.inspect.compare` runs twins after each other on one input. Here they share their input
Nodes, so that whoever moves one of these moves it for all: in a live session, too.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import nengo

from nengolab.exceptions import ValidationError
from nengolab.inspect.twins import (
    changed_types,
    check_network,
    checked_kinds,
    checked_voltage,
    copied,
    frozen,
    why_none,
)
from nengolab.layers.keras_weights import Ones
from nengolab.layers.tensor_node import TensorNode
from nengolab.settings import configure_settings, get_setting

# Of the network: by which it runs.
KEPT_SETTINGS = ("dtype", "schedule", "python_functions")
# In which order arguments are given to objects, and which are not those of the one that was built.
FIRST = ("eval_points", "n_eval_points", "function", "transform")
OF_TWINS = ("neuron_type", "label", "pre", "post", "n_neurons", "dimensions")
# Through which what twins put out goes before it is compared (s).
SYNAPSE = 0.03


def side_by_side(
    net: nengo.Network,
    kinds: Sequence[str] = ("rate", "spiking"),
    of: Any = None,
    voltage: float | None = None,
    synapse: float | nengo.synapses.Synapse | None = SYNAPSE,
    progress_bar: Any = False,
) -> nengo.Network:
    """Make one network of a network and its twins of other neuron types.

    All have the encoders, gains, biases and decoders that the network is built with, and what Nodes
    without input put out is the same for all of them.

    Parameters
    ----------
    net : nengo.Network
        It stays as it is. It must be one that can be copied.
    kinds : sequence of str
        Of "rate", "spiking", "soft", "regular", "poisson", "stochastic"; see `twin_type`.
    of : nengo.Ensemble, nengo.Node or sequence of them, optional
        Whose values are compared; default: those that ``net`` probes, or else the first ensemble.
    voltage : float, optional
        With which all neurons that spike start, from 0 to 1 (a spike). Default: as Nengo draws it.
    synapse : float or nengo.synapses.Synapse, optional
        Through which what twins put out goes before it is compared; seconds make a Lowpass.
    progress_bar : bool or nengo.utils.progress.ProgressBar
        Whether to show how far the build is, in which decoders are solved for, as of a Simulator.

    Returns
    -------
    nengo.Network
        With the attributes ``twins``, by kind the network that is this twin; ``inputs``, by the
        Node of ``net`` the one that stands for it; ``parts``, by kind and by the ensemble or Node
        of ``net`` the one of the twin; and ``errors``, by kind and by what is compared the Node
        that holds how far this twin is from the first one.

    Raises
    ------
    ValidationError
        For a network without ensembles, for a kind of which no ensemble has a twin, and inside of a
        ``with network:`` block.

    Examples
    --------
    >>> both = nengolab.inspect.side_by_side(net)
    >>> [twin.label for twin in both.networks]
    ['rate', 'spiking']
    """
    both, sharing = unsolved(net, kinds, of, voltage, synapse)
    sharing.solve(progress_bar)
    return both


def unsolved(
    net: nengo.Network,
    kinds: Sequence[str] = ("rate", "spiking"),
    of: Any = None,
    voltage: float | None = None,
    synapse: float | nengo.synapses.Synapse | None = SYNAPSE,
) -> tuple[nengo.Network, Sharing]:
    """Make what `side_by_side` gives, but for what takes long: ``solve()`` of the second does that.

    Until then it is to be neither built nor changed.
    """
    kinds, voltage = checked_kinds(kinds), checked_voltage(voltage)
    if len(nengo.Network.context):  # settings would be those of the outermost network
        raise ValidationError(
            "twins are made of a whole network: call it outside of any 'with network:' block",
            attr="net",
        )
    check_network(net)
    compared = _compared(net, of)
    label = f"{net.label or 'network'} and its twins"
    with nengo.Network(label=label, seed=net.seed, add_to_container=False) as both:
        configure_settings(**{name: get_setting(net, name) for name in KEPT_SETTINGS})
        both.twins, both.parts, both.errors = {}, {}, {}
        both.inputs = {node: _standing_for(node) for node in net.all_nodes if _is_input(node)}
        types = {kind: _types(net, kind, voltage) for kind in kinds}
        for kind in kinds:
            twin = both.twins[kind] = _twin(net, types[kind], both)
            twin.label = kind
            both.parts[kind] = dict(zip(_objects(net), _objects(twin), strict=True))
        first, *others = kinds
        for kind in others:
            said, pairs = f"{kind} − {first}", [(o, both.parts[kind][o]) for o in compared]
            both.errors[kind] = {
                obj: _error(own, both.parts[first][obj], said, synapse) for obj, own in pairs
            }
    return both, Sharing(net, both)


class Sharing:
    """Builds a network once, and gives its twins what it is built with.

    Parameters
    ----------
    net : nengo.Network
    both : nengo.Network
        As `unsolved` gives it.
    """

    def __init__(self, net: nengo.Network, both: Any) -> None:
        self._net, self._both, self._done = net, both, False

    def solve(self, progress_bar: Any = False) -> None:
        """Do it, once; ``progress_bar`` as of a Simulator."""
        if self._done:
            return
        kept = frozen(self._net, progress_bar=progress_bar)
        for twin in self._both.twins.values():
            origin = copied(kept)  # layers of its own, too
            for own, given in zip(_all(twin), _all(origin), strict=True):
                _take_over(own, given)
        self._done = True


def _all(net: nengo.Network) -> list[Any]:
    layers = [node for node in net.all_nodes if isinstance(node, TensorNode)]
    return [*net.all_ensembles, *net.all_connections, *net.all_probes, *layers]


def _take_over(own: Any, given: Any) -> None:
    """Let an object of a twin have the parameters of the same one that was frozen."""
    if isinstance(own, TensorNode):
        own.output = given.output
        return
    if isinstance(own, nengo.Probe):
        own.solver, own.seed = given.solver, given.seed
        return
    # Each value is checked against those set before it.
    names = [*(n for n in FIRST if n in own.params), *(n for n in own.params if n not in FIRST)]
    for name in names:
        if name not in OF_TWINS and getattr(own, name) is not getattr(given, name):
            setattr(own, name, getattr(given, name))


def _objects(net: nengo.Network) -> list[Any]:
    return [*net.all_ensembles, *net.all_nodes]


def _compared(net: nengo.Network, of: Any) -> list[Any]:
    """Ensembles and Nodes whose values are compared."""
    if of is None:
        seen = [p.obj for p in net.all_probes if p.attr in ("decoded_output", "output")]
        seen = [o for o in seen if isinstance(o, nengo.Ensemble | nengo.Node) and o.size_out]
        return list(dict.fromkeys(seen)) or net.all_ensembles[:1]
    given = list(of) if isinstance(of, list | tuple) else [of]
    for obj in given:
        if obj not in _objects(net):
            raise ValidationError(
                f"values of ensembles and Nodes of the network are compared, got {obj!r}", attr="of"
            )
    return given


def _is_input(node: nengo.Node) -> bool:
    # A TensorNode is computed in each twin, and ones are ones: nothing that a person moves.
    return node.size_in == 0 and node.size_out > 0 and not isinstance(node, (TensorNode, Ones))


def _standing_for(node: nengo.Node) -> nengo.Node:
    return nengo.Node(node.output, size_out=node.size_out, label=node.label, seed=node.seed)


def _types(net: nengo.Network, kind: str, voltage: float | None) -> list[Any]:
    changed = changed_types(net, kind, voltage)
    if not any(changed):
        raise ValidationError(f"{kind!r}: {why_none(net)}. nengo.LIF has all kinds", attr="kinds")
    return changed


def _twin(net: nengo.Network, changed: list[Any], both: Any) -> nengo.Network:
    twin = copied(net, add_to_container=True)
    for ens, new in zip(twin.all_ensembles, changed, strict=True):
        if new is not None:
            ens.neuron_type = new
    with warnings.catch_warnings():  # Nengo warns of what becomes a passthrough Node
        warnings.filterwarnings("ignore", "'Node.size_out' is being overwritten")
        for node, own in zip(net.all_nodes, twin.all_nodes, strict=True):
            if node in both.inputs:
                own.size_in, own.output = own.size_out, None
                nengo.Connection(both.inputs[node], own, synapse=None)
    return twin


def _error(own: Any, first: Any, said: str, synapse: Any) -> nengo.Node:
    """A Node that holds how far a twin is from the first one."""
    node = nengo.Node(size_in=own.size_out, label=f"{own.label or 'value'}: {said}")
    nengo.Connection(own, node, synapse=synapse)
    nengo.Connection(first, node, synapse=synapse, transform=-1)
    return node
