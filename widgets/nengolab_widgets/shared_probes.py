"""The probes of one widget's panels: those that look at the same share one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from nengolab.live import LiveProbe, PanelSpec, Session

from .weakly import weakly

ProbeKey = tuple[Any, str | None, Any]

# Probes of plots that were removed, which go on being read out: an undo brings the plot back with
# what was there meanwhile.
MOST_RESTING = 4


class SharedProbes:
    """Probes of one session, one for all panels that look at the same.

    Parameters
    ----------
    session : Session
    lock : RLock
        Held by who changes something: a probe that fails says so on the session's thread.
    on_failed : callable
        Told, under the lock, of a probe that cannot be attached; the session's error says why.
    """

    def __init__(
        self, session: Session, lock: threading.RLock, on_failed: Callable[[LiveProbe], Any]
    ) -> None:
        self._session, self._lock, self._on_failed = session, lock, on_failed
        self._probes: dict[ProbeKey, LiveProbe] = {}
        # Ids, oldest first.
        self._resting: list[str] = []

    def of(self, obj: Any, attr: str | None, synapse: Any) -> LiveProbe:
        """Give the probe of something, a new one where there is none."""
        key = (obj, attr, synapse)
        if key not in self._probes:
            probe = self._session.add_probe(obj, attr, synapse)
            self._probes[key] = probe
            # The session's thread keeps the probe: it must not keep this.
            attached, probe_id = weakly(self._attached), probe.id
            probe.attached.add_done_callback(lambda done: attached(key, probe_id, done))
        return self._probes[key]

    def rest(self, spec: PanelSpec) -> None:
        """Keep the probes of a panel for a while: it may come back."""
        for probe in spec.probes:
            self._resting = [*(i for i in self._resting if i != probe.id), probe.id]

    def keep(self, specs: Iterable[PanelSpec]) -> None:
        """Remove the probes that none of these needs, but for those that rest."""
        used = {probe.id for spec in specs for probe in spec.probes}
        self._resting = [i for i in self._resting if i not in used][-MOST_RESTING:]
        used.update(self._resting)
        for key, probe in list(self._probes.items()):
            if probe.id not in used:
                del self._probes[key]
                if self._session.state != "closed":
                    self._session.remove_probe(probe)

    def follow(self, follow: Callable[[Any], Any]) -> None:
        """Another network runs: the probes of what is in both go on, the others are gone."""
        live = {probe.id for probe in self._session.probes}
        moved: dict[ProbeKey, LiveProbe] = {}
        for (obj, attr, synapse), probe in self._probes.items():
            if probe.id in live and (other := follow(obj)) is not None:
                moved[other, attr, synapse] = probe
        self._probes = moved

    def remove_all(self) -> None:
        """Remove all probes."""
        self._resting = []
        self.keep(())

    def _attached(self, key: ProbeKey, probe_id: str, done: Future[Any]) -> None:
        with self._lock:
            probe = self._probes.get(key)
            # One that was removed before it was attached fails too, and may have a successor.
            failed = not done.cancelled() and done.exception() is not None
            if failed and probe is not None and probe.id == probe_id:
                del self._probes[key]
                self._on_failed(probe)
