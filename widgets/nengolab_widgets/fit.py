"""`Fit` by itself: training of a simulator or network, launched and watched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nengo.exceptions import ValidationError

from nengolab.runs import Catalogue, Run
from nengolab.runs import open as open_runs
from nengolab.runs.sweeping import SweepOfRuns

from .fitting.desk import FitDesk
from .fitting.given import Given
from .panels.fit import Fit as _FitPanel
from .plots import notebook_variables
from .standalone import standalone


class Fit(standalone(_FitPanel)):
    """A panel by itself, of training: it is chosen, started, watched, steered, compared.

    The run is a `nengolab.runs.Run`: in the background, so that other cells stay free, and kept in
    a folder, so that it goes on after a crash. A page that is loaded again shows it as it is.

    Parameters
    ----------
    target : nengolab.Simulator, nengo.Network, Lab or another panel
        What is trained. Of a network, a simulator is made when the run starts; its weights can be
        given to the one that is shown live.
    x, y : object, optional
        Data and targets, as for ``sim.fit``. By default they are chosen on the page, among the
        notebook's variables that fit.
    folder : str or Path
        Where runs are kept.
    **fit
        Other arguments of `nengolab.runs.start`, such as ``epochs``, ``batch_size``,
        ``validation_data``, ``callbacks``.

    Attributes
    ----------
    run : nengolab.runs.Run or None
        The run that goes on, or did so last.
    runs : nengolab.runs.Catalogue
        All of the folder.
    sim : nengolab.Simulator or None
        What is trained.
    sweep : nengolab.runs.sweeping.SweepOfRuns or None
        The sweep that was started here last.

    Examples
    --------
    >>> Fit(sim)
    >>> Fit(sim, train_x, train_y, epochs=5)
    """

    def __init__(
        self, target: Any, x: Any = None, y: Any = None, folder: str | Path = "runs", **fit: Any
    ) -> None:
        given = Given(x, y, fit, str(folder), notebook_variables)
        super().__init__(target, given)

    @property
    def _desk(self) -> FitDesk:
        panel = self.hub.panel(self._panel)
        assert isinstance(panel, _FitPanel)
        return panel.desk

    @property
    def run(self) -> Run | None:
        """The run that goes on, or did so last."""
        return self._desk.run

    @property
    def runs(self) -> Catalogue:
        """All runs of the folder."""
        return open_runs(self._desk.folder)

    @property
    def sweep(self) -> SweepOfRuns | None:
        """The sweep that was started here last."""
        return self._desk.sweeps.sweep

    @property
    def sim(self) -> Any:
        """What is trained; None where it is not made yet."""
        return self._desk.sim

    def set(self, **fields: Any) -> None:
        """Fill in fields of the form: ``x``, ``loss``, ``learning_rate``, ``epochs``, ``name``, ...

        Raises
        ------
        ValidationError
            For a field that there is not, or what does not fit; it stands in the form all the same.
        """
        desk = self._desk
        form = desk.opened()
        for name, value in fields.items():
            form.check_known(name)
            desk.act({"type": "set", "field": name, "value": str(value)})
        for name in fields:
            if form.errors.get(name):
                raise ValidationError(form.errors[name], name)

    def start(self) -> Run:
        """Press Start, and wait until the run has begun.

        Raises
        ------
        ValidationError, SimulationError
            Where it cannot begin, with what the page says of it.
        """
        return self._desk.started()
