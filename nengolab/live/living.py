"""Which session has which simulator: so that a second one is not made of it."""

from __future__ import annotations

import weakref
from typing import Any

_sessions: weakref.WeakKeyDictionary[Any, weakref.ref[Any]] = weakref.WeakKeyDictionary()


def note_session(sim: Any, session: Any) -> None:
    """Note that a session has taken a simulator over; neither is held."""
    _sessions[sim] = weakref.ref(session)


def session_of(sim: Any) -> Any | None:
    """Give the live `Session` of a simulator, None where there is none, or it is being closed."""
    reference = _sessions.get(sim)
    session = reference() if reference is not None else None
    return None if session is None or session.is_closing else session
