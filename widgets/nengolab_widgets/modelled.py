"""What a Lab does with a Keras model that is dropped on it: it shows the converted network."""

from __future__ import annotations

import base64
import binascii
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from nengo.exceptions import ValidationError

from nengolab import building
from nengolab.live import Session
from nengolab.live.following import Follower
from nengolab.names import Names

from . import sessions
from .bench import Bench
from .choice import Menu, default_choices
from .converted.opening import SUFFIX, open_model
from .driving import Driving
from .panel import Choice
from .weakly import weakly


class Modelled:
    """The part of a Lab that is about a Keras model; most have none.

    Attributes
    ----------
    converter : nengolab.Converter or None
        Of the model that was opened last, whose network is shown.
    """

    session: Session
    converter: Any
    _bench: Bench
    _driving: Driving
    _drawing: Any
    _lock: threading.RLock
    _menu: Menu
    _names: Names
    _target: Any
    _title: str
    _title_given: bool

    @property
    def is_seen(self) -> bool:
        """See `sessions.Holder`."""
        raise NotImplementedError

    def _notice(self, text: str) -> None:
        raise NotImplementedError

    def _panels_changed(self) -> None:
        raise NotImplementedError

    def _say_all(self) -> None:
        raise NotImplementedError

    def open_model(self, path: str | Path) -> Future[None]:
        """Show the network of a ``.keras`` file instead of the one that is shown.

        Parameters
        ----------
        path : str or Path
            It is read in Keras's safe mode: nothing in it is run.

        Returns
        -------
        Future
            Done when the network is ready to run; ``converter`` is what made it.

        Raises
        ------
        ValidationError
            For a file that cannot be read or converted, and a Lab of code.
        """
        return self._show_model(open_model(path))

    def _show_model(self, converter: Any) -> Future[None]:
        if self._drawing is not None:
            raise ValidationError(
                "this Lab shows the network of its code; Lab(nengolab.Converter(model).net) shows "
                "that of a model",
                "file",
            )
        if not sessions.is_alone(self.session, self):
            raise ValidationError(
                "its session was made elsewhere, or other widgets show it too; "
                "Lab(nengolab.Converter(model).net) shows the model beside it",
                "file",
            )
        old, new = self.session.network, converter.net

        def carry(state: Any, sim: Any) -> Any:
            return building.carried(state, old, sim)[0]

        switched = partial(weakly(self._switched_to_model), converter)
        return self.session.replace(new, carry, {}, switched)

    def _switched_to_model(self, converter: Any, follow: Follower) -> None:
        """On the session's thread: the other network is there, and its report is shown."""
        with self._lock:
            self.converter, self._target = converter, converter.net
            self._bench.follow(follow)
            self._menu = Menu(self.session.network, self._names)
            self._driving.rebuilt(self.session.network, self.session.inputs)
            for choice in [Choice(converter, "report"), *default_choices(self.session.network)]:
                self._bench.open(choice)
            if (aside := self._bench.aside) is not None:
                # Made anew: where a person had zoomed to is nowhere in this network.
                self._bench.changed(aside)
            if not self._title_given:
                self._title = converter.net.label or "Keras model"
            self._bench.history.begin(self._bench.arrangement)
            self._panels_changed()
            self._say_all()

    # ---- a file that was dropped ---------------------------------------------

    def _open_dropped(self, message: Any) -> None:
        """Open what a page sends of a file; what is wrong with it is said on the page."""
        name = message["name"]
        if not name.endswith(SUFFIX):
            raise ValidationError(f"{name!r} is no {SUFFIX} file", "file")
        try:
            data = base64.b64decode(message["data"], validate=True)
        except binascii.Error:
            raise ValidationError(f"{name!r} did not arrive whole; drop it again", "file") from None
        self._notice(f"Opening {name} …")
        work = partial(_open_beside, data, name, weakly(self._show_model), weakly(self._notice))
        threading.Thread(target=work, name="nengolab model", daemon=True).start()


def _open_beside(
    data: bytes,
    name: str,
    show: Callable[[Any], Future[None] | None],
    notice: Callable[[str], None],
) -> None:
    """Read and convert what was dropped, on a thread of its own."""
    try:
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / f"dropped{SUFFIX}"
            file.write_bytes(data)
            converter = open_model(file, name)
        done = show(converter)
        if done is not None:
            done.result()
    except Exception as error:  # whatever it is, a person is told
        notice(f"{name} was not opened. {error}")
    else:
        notice(f"{name} is open: lab.converter made its network.")
