"""What of a network is coloured by its activity, and why not all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import nengo

from .graph import NetworkGraph
from .panel import has_neurons

# Objects that are coloured, members of one that is closed, and probes that all of them take.
MOST_WATCHED, MOST_MEMBERS, MOST_PROBES = 40, 32, 64
MOST_NEURONS = 20_000


class WatchedMessage(TypedDict):
    """Which of the things on the screen are coloured; ``why`` not all of them, or ""."""

    type: Literal["watched"]
    objects: list[int]
    why: str


def coloured(graph: NetworkGraph, watched: Sequence[int]) -> tuple[list[tuple[int, Any]], str]:
    """Give what is probed for the colour of objects, with their numbers, and why not of all.

    Parameters
    ----------
    graph : NetworkGraph
    watched : sequence of int
        What is on the screen.

    Returns
    -------
    wanted : list of (int, object)
        Of a network that is closed, its ensembles.
    why : str
        What a person could do to see more, or "".
    """
    if len(watched) > MOST_WATCHED:
        return [], f"no colour for more than {MOST_WATCHED} things: zoom in"
    wanted, why = [(at, obj) for at in watched for obj in _active(graph.object(at))], ""
    closed = {at for at in watched if isinstance(graph.object(at), nengo.Network)}
    if len(wanted) > MOST_PROBES:
        wanted = [(at, obj) for at, obj in wanted if at not in closed]
        why = "no colour for so many closed networks: open them, or zoom in"
    elif any(len(graph.object(at).all_ensembles) > MOST_MEMBERS for at in closed):
        why = f"no colour for networks of more than {MOST_MEMBERS} ensembles: open them"
    if sum(obj.size_out for _, obj in wanted) > MOST_NEURONS:
        return [], f"no colour for more than {MOST_NEURONS:,} neurons: zoom in"
    return wanted, why


def _active(obj: Any) -> list[Any]:
    """Give what is probed for the activity of an object; of a network, its ensembles."""
    if isinstance(obj, nengo.Network):
        members = [ens.neurons for ens in obj.all_ensembles if has_neurons(ens)]
        return members if len(members) <= MOST_MEMBERS else []
    if isinstance(obj, nengo.Ensemble):
        return [obj.neurons if has_neurons(obj) else obj]
    return [obj] if obj.size_out > 0 else []
