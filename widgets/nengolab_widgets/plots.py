"""What a person does with the plots of a Lab: add, change, arrange, keep, undo."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .arrangement import Size
from .bench import Bench
from .choice import read_choice
from .layouts import NO_MORE, NOT_ALL, arrangement_from, layout_of, read_layout
from .panel import Choice
from .recipes import layout_code
from .variables import notebook_variables


class Plots:
    """The part of a Lab that is about its plots.

    The class it is mixed into has what is named below.
    """

    _bench: Bench
    _lock: threading.RLock
    _names: Any
    _target: Any
    _options: dict[str, Any]

    def _notice(self, text: str, details: Sequence[str] = ()) -> None:
        raise NotImplementedError

    def _panels_changed(self) -> None:
        raise NotImplementedError

    def add_plot(self, obj: Any, kind: str | None = None, **settings: Any) -> str:
        """Look at something more, running or not, without a reset.

        Parameters
        ----------
        obj : Nengo object
            What to look at; for some kinds several in a tuple, or None.
        kind : str, optional
            How: ``"value"``, ``"raster"``, ``"rates"``, ...; by default the likeliest.
        **settings
            Of the panel, such as ``synapse=0.1``.

        Returns
        -------
        plot : str
            What `remove_plot` takes; of what is shown already so, that plot.
        """
        choice = read_choice(obj if kind is None else (obj, kind), self._names)
        with self._lock:
            return self._add(Choice(choice.obj, choice.kind, settings))

    def _add(self, choice: Choice) -> str:
        before = len(self._bench)
        panel_id = self._bench.open(choice)
        if len(self._bench) > before:
            self._panels_changed()
        return panel_id

    def remove_plot(self, plot: str) -> None:
        """Take a plot away; what it showed is probed no more if nothing else needs it.

        Raises
        ------
        ValidationError
            When there is no such plot.
        """
        with self._lock:
            self._bench.remove(plot)

    def set_plot(self, plot: str, **settings: Any) -> None:
        """Change settings of a plot while it runs.

        Raises
        ------
        ValidationError
            When there is no such plot or setting, or a value does not fit.
        """
        with self._lock:
            self._bench.set(plot, settings)

    def move_plot(self, plot: str, to: int) -> None:
        """Put a plot in another place in the order, counted from 0.

        Raises
        ------
        ValidationError
            When there is no such plot or place.
        """
        with self._lock:
            self._bench.move(plot, to)

    def resize_plot(self, plot: str, columns: int = 1, height: int | None = None) -> None:
        """Make a plot larger or smaller.

        Parameters
        ----------
        plot : str
            Which.
        columns : int
            Columns of the grid that it takes, as far as there are so many.
        height : int, optional
            Pixels of the drawing; by default as high as those beside it.

        Raises
        ------
        ValidationError
            When there is no such plot, or a size does not fit.
        """
        with self._lock:
            self._bench.resize(plot, Size.read(columns, height))

    @property
    def plots(self) -> list[str]:
        """Ids of the plots on the screen."""
        return self._bench.ids

    @property
    def window(self) -> float:
        """Seconds of simulated time that the plots show."""
        return self._bench.window

    @window.setter
    def window(self, seconds: float) -> None:
        with self._lock:
            self._bench.window = seconds

    # ---- keeping ---------------------------------------------------------

    def save_layout(self, path: str | Path | None = None) -> dict[str, Any]:
        """Describe which plots are open: objects by their names, settings, order and sizes.

        Parameters
        ----------
        path : str or Path, optional
            A file to write it to, as JSON.

        Returns
        -------
        layout : dict
            What `load_layout` takes.
        """
        with self._lock:
            layout = layout_of(self._bench)
        if path is not None:
            Path(path).write_text(json.dumps(layout, indent=2) + "\n", encoding="utf-8")
        return layout

    def load_layout(self, layout: str | Path | Mapping[str, Any]) -> None:
        """Show the plots that a layout names, instead of those that are open.

        What the network does not have, or no longer, is named in a warning and on the page; the
        rest is shown. Plots that are open already stay as they are, with their data.

        Parameters
        ----------
        layout : str, Path or dict
            A file that `save_layout` wrote, or what it returned.

        Raises
        ------
        ValidationError
            When it is no layout, or made by a newer nengolab. Nothing changes.
        """
        read = read_layout(layout)
        with self._lock:
            wanted, remarks = arrangement_from(read, self._bench)
            remarks += self._bench.arrange(wanted, "loading a layout")
            if remarks:
                self._notice(NOT_ALL, remarks)
        if remarks:
            warnings.warn(f"{NOT_ALL} {'; '.join(remarks)}", stacklevel=2)

    def layout_code(self, variables: Mapping[str, Any] | None = None) -> str:
        """Write the Python that makes a Lab with these plots.

        Parameters
        ----------
        variables : mapping of str to object, optional
            What your objects are called, such as ``globals()``; in a notebook it is known. Other
            objects are reached from the network.

        Returns
        -------
        code : str
            To be run where the network is.
        """
        known = notebook_variables() if variables is None else variables
        with self._lock:
            return layout_code(self._bench, known, self._target, self._options)

    def undo(self) -> bool:
        """Take back the last change of the plots: which, where, how large, their settings.

        What the network has computed, and what drives it, is left alone.

        Returns
        -------
        undone : bool
            False where there was nothing to undo.
        """
        with self._lock:
            return self._travelled(self._bench.undo())

    def redo(self) -> bool:
        """Do again what was undone last; False where there is nothing."""
        with self._lock:
            return self._travelled(self._bench.redo())

    def _travelled(self, remarks: list[str] | None) -> bool:
        if remarks:
            self._notice(NO_MORE, remarks)
        return remarks is not None
