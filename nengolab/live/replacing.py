"""A network that takes the place of the one that runs: built beside it, and switched to.

::

    asked -> built beside the run -> switched: the old simulator goes -> compiled -> goes on
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import nengo

from .following import Follower

Carry = Callable[[Any, Any], Any]


@dataclass(eq=False)
class Replacement:
    """One network that is to run instead of another.

    Attributes
    ----------
    network : nengo.Network
    carry : callable
        Of a state and the new simulator, gives the state to go on from.
    kept : mapping
        Nodes of the old network, and those of the new one that go on being driven as they were.
    switched : callable
        Called on the owner thread, with a `Follower`, when the old simulator is gone.
    done : Future
        Done when the new network is ready to run, or goes on; holds the error where it could not
        be built: then the old one goes on.
    is_here : bool
        Whether it has taken the place.
    resumes : bool
        Whether it is to run on.
    """

    network: nengo.Network
    carry: Carry
    kept: Mapping[Any, Any]
    switched: Callable[[Follower], None]
    done: Future[None] = field(default_factory=Future[None])
    is_here: bool = False
    resumes: bool = False
