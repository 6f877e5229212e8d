"""What a Lab does with a Keras model that is dropped on it: it shows the converted network."""

from __future__ import annotations

import base64
import binascii
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nengo.exceptions import ValidationError

from nengolab import building
from nengolab.live import Session
from nengolab.live.following import Follower
from nengolab.names import Names

from . import sessions
from .arrangement import Size
from .bench import Bench
from .choice import Menu, default_choices
from .converted.exhibit import Exhibit
from .converted.opening import SUFFIX, file_of_server, open_model
from .driving import Driving
from .panel import Choice
from .weakly import weakly

# States in which there is a simulator, whose parameters and state can be kept.
RUNS = ("ready", "running", "paused", "finished", "error")


def _pass_on(done: Future[None], run: Future[None]) -> None:
    if (error := run.exception()) is not None:
        done.set_exception(error)
    else:
        done.set_result(None)


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

    def _notice(self, text: str, details: Sequence[str] = ()) -> None:
        raise NotImplementedError

    def _panels_changed(self) -> None:
        raise NotImplementedError

    def _say_all(self) -> None:
        raise NotImplementedError

    def open_model(self, path: str | Path) -> Future[None]:
        """Show the network of a ``.keras`` file instead of the one that is shown.

        `undo` brings back what was shown, as it was left: plots, weights, state, inputs.

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
        self._check_taken()
        return self._show_model(open_model(path), Path(path).name)

    def _begin_models(self) -> None:
        """What is shown first is the network of the Lab."""
        self.converter = None
        self._bench.source = Exhibit(self.session.network, self._title, self._target)
        self._bench.on_source = weakly(self._travel_model)

    def _check_taken(self) -> None:
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

    def _show_model(self, converter: Any, name: str) -> Future[None]:
        self._check_taken()
        title = self._title if self._title_given else converter.net.label or "Keras model"
        new = Exhibit(converter.net, title, converter.net, converter)
        return self._switch(new, f"opening {name}")

    def _travel_model(self, wanted: Exhibit) -> None:
        """Undo and redo: another network that was shown is to be shown again."""
        try:
            self._check_taken()
        except ValidationError as error:
            self._not_travelled(error)
            return

        def tell(done: Future[None]) -> None:
            if (error := done.exception()) is not None:
                weakly(self._not_travelled)(error)

        self._switch(wanted).add_done_callback(tell)

    def _not_travelled(self, error: BaseException) -> None:
        with self._lock:
            self._bench.history.begin(self._bench.arrangement)
            self._notice(f"{self._title} stays. {error}")
            self._panels_changed()

    def _switch(self, new: Exhibit, deed: str = "") -> Future[None]:
        """Run another network; ``deed`` is "" where what was arranged for it comes back."""
        old, session = self._bench.source, self.session
        assert isinstance(old, Exhibit)

        def carry(state: Any, sim: Any) -> Any:
            back = new.come_back(sim, state.n_steps)
            return building.carried(state, old.network, sim)[0] if back is None else back

        def leave(sim: Any) -> None:
            old.leave(sim, session.inputs)

        switched = partial(weakly(self._switched_to_model), new, deed)
        done: Future[None] = Future()

        def go_on(left: Future[None] | None) -> None:
            if left is not None and (error := left.exception()) is not None:
                self._notice(
                    f"What {old.title} has learned is not kept, should it come back. {error}"
                )
            try:
                run = session.replace(new.network, carry, {}, switched)
            except Exception as error:
                done.set_exception(error)
                return
            run.add_done_callback(partial(_pass_on, done))

        if session.state in RUNS:
            session.look_up(leave).add_done_callback(go_on)
        else:
            go_on(None)
        return done

    def _switched_to_model(self, new: Exhibit, deed: str, follow: Follower) -> None:
        """On the session's thread: the other network is there, and its report is shown."""
        with self._lock:
            self.converter, self._target, self._title = new.converter, new.target, new.title
            self._bench.source = new
            self._bench.follow(follow)
            self._menu = Menu(self.session.network, self._names)
            self._driving.rebuilt(self.session.network, self.session.inputs)
            remarks = self._arrange_model(new, deed)
            if (aside := self._bench.aside) is not None:
                # Made anew: where a person had zoomed to is nowhere in this network.
                self._bench.changed(aside)
            self._panels_changed()
            self._say_all()
            if not deed:
                missing = ", but for some of it" if remarks else ""
                self._notice(f"{new.title} is shown again, as it was left{missing}.", remarks)
        for node, values in new.inputs.items():
            self.session.set_input(node, values)

    def _arrange_model(self, new: Exhibit, deed: str) -> list[str]:
        if not deed:
            return self._bench.arrange(self._bench.history.present)
        wanted, keep = self._bench.arrangement, set(self._bench.ids)
        choices = [Choice(new.converter, "report"), *default_choices(self.session.network)]
        more = [self._bench.would_show(choice, Size(), keep) for choice in choices]
        more = [shown for shown in more if shown.id not in keep]
        return self._bench.arrange(replace(wanted, shown=(*wanted.shown, *more)), deed)

    # ---- a file that was dropped ---------------------------------------------

    def _open_dropped(self, message: Any) -> None:
        """Open what a page sends of a file, or where it is; what is wrong is said on the page."""
        name = message["name"]
        if not name.endswith(SUFFIX):
            raise ValidationError(f"{name!r} is no {SUFFIX} file", "file")
        self._check_taken()
        data: bytes | Path
        if "path" in message:
            data = file_of_server(message["path"])
        else:
            try:
                data = base64.b64decode(message.get("data", ""), validate=True)
            except binascii.Error:
                raise ValidationError(
                    f"{name!r} did not arrive whole; drop it again", "file"
                ) from None
        self._notice(f"Opening {name} …")
        work = partial(_open_beside, data, name, weakly(self._show_model), weakly(self._notice))
        threading.Thread(target=work, name="nengolab model", daemon=True).start()


def _open_beside(
    data: bytes | Path,
    name: str,
    show: Callable[[Any, str], Future[None] | None],
    notice: Callable[[str], None],
) -> None:
    """Read and convert what was dropped, on a thread of its own."""
    try:
        if isinstance(data, Path):
            converter = open_model(data, name)
        else:
            with tempfile.TemporaryDirectory() as place:
                file = Path(place) / f"dropped{SUFFIX}"
                file.write_bytes(data)
                converter = open_model(file, name)
        done = show(converter, name)
        if done is not None:
            done.result()
    except Exception as error:  # whatever it is, a person is told
        notice(f"{name} was not opened. {str(error).removeprefix('file: ')}")
    else:
        notice(f"{name} is open: lab.converter made its network. Undo brings back what was there.")
