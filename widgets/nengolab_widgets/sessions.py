"""Who holds which session: widgets that look at one thing share one session.

A session that a widget made is closed by the last widget that leaves it; one that a person made
stays theirs. Nothing here holds a session or a widget alive.
"""

from __future__ import annotations

import threading
import uuid
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import nengo
from nengo.exceptions import ValidationError

from nengolab.live import Session
from nengolab.live.living import session_of
from nengolab.names import Names

AS_IT_IS = object()


class Holder(Protocol):
    """A widget on a session."""

    @property
    def is_seen(self) -> bool:
        """Whether a page shows it."""
        ...


_lock = threading.RLock()
_holders: weakref.WeakKeyDictionary[Session, weakref.WeakSet[Holder]] = weakref.WeakKeyDictionary()
_ours: weakref.WeakSet[Session] = weakref.WeakSet()
# Of simulators that are only looked at.
_looking: weakref.WeakKeyDictionary[Any, weakref.ref[Session]] = weakref.WeakKeyDictionary()
_keys: weakref.WeakKeyDictionary[Session, str] = weakref.WeakKeyDictionary()


def session_for(
    target: Any,
    speed: Any = AS_IT_IS,
    joins: bool = False,
    asleep: bool = False,
    looks: bool = False,
    options: Mapping[str, Any] | None = None,
    before: Callable[[Callable[[str], Any]], None] | None = None,
) -> Session:
    """Give the session of something: the one that there is, or a new one.

    Parameters
    ----------
    target : Session, Simulator, Network, or a widget with a ``session``
        Of a simulator there is one session at most.
    speed : float or None
        Real-time factor to ask for; by default that of the session, 1 of a new one.
    joins : bool
        Of a network, give the session in which another widget shows it, where there is one.
    asleep : bool
        A new one is to build nothing until something needs a simulator.
    looks : bool
        A simulator, nengo's too, that no session has is only looked at: it stays the caller's.
    before : callable, optional
        Makes the network of a new one ready to be built, in the background.
    options : mapping, optional
        With which the simulator of a network is built; None is what is usual.

    Raises
    ------
    ValidationError
        When it is nothing of the kind, or is built already and options are given.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    session = _existing(target, joins)
    if session is not None and given:
        raise ValidationError(
            "what is shown is built already; give these to the Simulator or the Session, or give "
            "the network",
            ", ".join(given),
        )
    if session is None and looks and hasattr(target, "model") and hasattr(target, "data"):
        return _looking_at(target)
    if session is None:
        network_of(target)
        speed = 1.0 if speed is AS_IT_IS else speed
        session = Session(target, speed=speed, asleep=asleep, before=before, **given)
        _ours.add(session)
    elif speed is not AS_IT_IS:
        session.set_speed(speed)
    return session


def _looking_at(sim: Any) -> Session:
    """Give the session that looks at a simulator and leaves it to the caller."""
    with _lock:
        reference = _looking.get(sim)
        session = None if reference is None else reference()
        if session is None or session.is_closing:
            session = Session(sim, asleep=True)
            _ours.add(session)
            _looking[sim] = weakref.ref(session)
        return session


def network_of(target: Any) -> nengo.Network:
    """Give the network of what `session_for` takes, a ValidationError of anything else."""
    network = getattr(getattr(target, "session", target), "network", target)
    if not isinstance(network, nengo.Network):
        raise ValidationError(
            "needs a nengo.Network, a nengolab.Simulator or a nengolab.live.Session, "
            f"got {type(target).__name__}",
            "target",
        )
    return network


def names_of(target: Any, network: nengo.Network) -> Names:
    """Give the names of a network's objects: those of its session, where they are still right."""
    session = getattr(target, "session", target)
    fits = isinstance(session, Session) and session.network is network
    return session.names if fits and not session.network_changed else Names(network)


def _existing(target: Any, joins: bool) -> Session | None:
    if isinstance(target, Session):
        return target
    if isinstance(getattr(target, "session", None), Session):
        return target.session
    if hasattr(target, "advance"):
        return session_of(target)
    with _lock:
        same = [s for s in _holders if s.network is target and joins and not s.is_closing]
        return same[-1] if same else None


def hold(session: Session, holder: Holder) -> None:
    """Keep a session open until `leave`."""
    with _lock:
        _holders.setdefault(session, weakref.WeakSet()).add(holder)


def leave(session: Session, holder: Holder) -> bool:
    """Need a session no more; True where that has closed it."""
    with _lock:
        holders = _holders.get(session, weakref.WeakSet())
        holders.discard(holder)
        if len(holders) or session not in _ours:
            return False
    # Not waited for: a build that is going on comes to its end first.
    session.close(timeout=0)
    return True


def is_alone(session: Session, holder: Holder) -> bool:
    """Whether no other widget shows a session, which a widget has made."""
    with _lock:
        return session in _ours and set(_holders.get(session, ())) <= {holder}


def is_ours(session: Session) -> bool:
    """Whether a widget made it, so that it ends with the last one."""
    return session in _ours


def is_seen(session: Session) -> bool:
    """Whether any page shows any widget of a session."""
    with _lock:
        return any(holder.is_seen for holder in _holders.get(session, ()))


def key_of(session: Session) -> str:
    """Give what pages call a session, all widgets of it the same."""
    with _lock:
        return _keys.setdefault(session, uuid.uuid4().hex)
