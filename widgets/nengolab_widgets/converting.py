"""`Report`, `Tune` and `Export` by themselves: of a converter, and of what goes to hardware."""

from __future__ import annotations

from typing import Any

from nengo.exceptions import ValidationError

from .converted.made import is_converter, is_tuned
from .converted.writing import Outcome
from .panels.export import Export as _ExportPanel
from .panels.report import Report as _ReportPanel
from .panels.tune import Tune as _TunePanel
from .standalone import standalone


def _checked(converter: Any) -> Any:
    if not is_converter(converter):
        raise ValidationError(
            f"needs a nengolab.Converter, got {type(converter).__name__}", "converter"
        )
    return converter


class Report(standalone(_ReportPanel)):
    """A panel by itself: the conversion report of a Keras model, as a table.

    Parameters
    ----------
    converter : nengolab.Converter
    data : array or list of array, optional
        Items as the model takes them: they are run, and the report has firing rates.
    n_steps : int
        For how long.

    Examples
    --------
    >>> Report(converter)
    >>> Report(converter, images[:10])
    """

    def __init__(self, converter: Any, data: Any = None, n_steps: int = 50) -> None:
        super().__init__(_checked(converter).net, converter.report(data, n_steps))


class Tune(standalone(_TunePanel)):
    """A panel by itself: firing rates and synapses tried, as a picture from which one is picked.

    Parameters
    ----------
    converter : nengolab.Converter
    found : nengolab.converting.Tuned
        What ``converter.tune(data, labels)`` gave.
    chosen : int, optional
        The setting that is picked, by its number in ``found.tried``. A click picks another, and
        so does a change of the panel's ``chosen``: ``tune.set(chosen=2)``.

    Attributes
    ----------
    chosen : nengolab.converting.Tried or None
        The setting that is picked.

    Examples
    --------
    >>> tune = Tune(converter, converter.tune(images, labels))
    >>> tune  # click a point, then, in another cell:
    >>> best = tune.converted()
    """

    def __init__(self, converter: Any, found: Any, chosen: int | None = None) -> None:
        self._converter = _checked(converter)
        if not is_tuned(found):
            raise ValidationError(
                f"needs what converter.tune(data, labels) gives, got {type(found).__name__}",
                "found",
            )
        super().__init__(converter.net, found, chosen=chosen)

    @property
    def chosen(self) -> Any:
        """The setting that is picked; None while none is."""
        panel = self.hub.panel(self._panel)
        assert isinstance(panel, _TunePanel)
        return panel.chosen

    def converted(self) -> Any:
        """The converter again, with the setting that is picked.

        Raises
        ------
        ValidationError
            Where none is picked.
        """
        if self.chosen is None:
            raise ValidationError(
                "no setting is picked: click one in the picture, or tune.set(chosen=0)", "chosen"
            )
        return self._converter.again(**self.chosen.options)


class Export(standalone(_ExportPanel)):
    """A panel by itself: export for hardware, chosen in a form, written by a button, checked.

    Parameters
    ----------
    target : nengolab.Simulator, nengo.Network, Converter, Lab or another panel
        Its network is written as it is at its start, with its weights as they are now.
    format : str
        ``"npz"``, ``"hdf5"``, ``"json"``, ``"nir"`` or ``"nir approximate"``.
    folder : str
        A new or empty folder.
    bits : int or dict, optional
        Of a weight in whole numbers, for all or by layer.
    steps : int
        Of the check.
    fold : bool
        Whether gains and encoders go into the weights.

    Notes
    -----
    The form's ``format``, ``folder``, ``bits``, ``steps`` and ``fold`` are filled in on the page,
    or by ``export.set(bits=4)``.

    Examples
    --------
    >>> Export(sim, folder="network", bits=8)
    """

    def __init__(self, target: Any, **settings: Any) -> None:
        super().__init__(target.net if is_converter(target) else target, **settings)

    def write(self) -> Outcome:
        """Press the button, and wait for what was written and what the check says.

        Raises
        ------
        ValidationError
            With what the page says of a refusal.
        """
        panel = self.hub.panel(self._panel)
        assert isinstance(panel, _ExportPanel)
        panel.begin()
        said = panel.wait()
        if said["outcome"] is None:
            raise ValidationError(said["words"], "export")
        return said["outcome"]
