"""``Simulator``: the last layer, which saves, and gives what was learned back to Nengo."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nengolab.saving.saver import Saver
from nengolab.simulator.fitting import FittingSimulator

if TYPE_CHECKING:
    from nengolab.runtime.snapshot import Snapshot


class Simulator(FittingSimulator):
    """Compile a Nengo network with TensorFlow and run it.

    Parameters
    ----------
    network : nengo.Network or None
        None when ``model`` is given already built.
    dt : float
        Length of a step (s).
    seed : int, optional
        Of the processes. Default: the network's seed + 1, else random.
    model : nengo.builder.Model, optional
        A model to build into.
    device : str, optional
        TensorFlow device, for example ``"/cpu:0"``.
    unroll_simulation : int
        Accepted for compatibility; run lengths are never rounded. ``sim.unroll`` shows it.
    minibatch_size : int, optional
        Run this many copies at once. None acts as 1 and leaves the batch axis out of ``sim.data``.
    progress_bar : bool or nengo.utils.progress.ProgressBar
        Show progress of building and running.
    probe_store : str, Path or nengolab.ProbeStore, optional
        A new folder in which probe data is kept (as Zarr) instead of in memory, so that a run may
        be as long as the disk is large; ``data[probe]`` then reads what it is indexed with.
    strategy : tf.distribute.Strategy, optional
        Train on several devices (``MirroredStrategy``) or machines
        (``MultiWorkerMirroredStrategy``): every batch, of up to ``minibatch_size`` items, is shared
        by its replicas, with the loss and the gradient that one device would compute. With several
        machines each makes the same Simulator, of a network with a seed, and makes the same calls
        with the same data. Runs use one device.
    optimize : bool
        Accepted for compatibility with ``nengo.Simulator``; like operators are always merged.

    Attributes
    ----------
    data : Mapping
        ``data[probe]`` is ``(samples, size)``, or ``(batch, samples, size)`` with a
        ``minibatch_size``; ``data[ensemble]`` and ``data[connection]`` are what Nengo built.

    Raises
    ------
    BuildError
        For an operator that has no kernel, naming the object.

    Examples
    --------
    >>> with nengo.Network(seed=0) as net:
    ...     stimulus = nengo.Node([0.5], label="stimulus")
    ...     ensemble = nengo.Ensemble(20, 1, label="ensemble")
    ...     connection = nengo.Connection(stimulus, ensemble)
    ...     probe = nengo.Probe(ensemble, synapse=0.02, label="output")
    >>> with nengolab.Simulator(net) as sim:
    ...     sim.run(0.1)
    >>> sim.data[probe].shape
    (100, 1)
    """

    # -- to Nengo ------------------------------------------------------------------------------

    def get_nengo_params(self, objs: Any, as_dict: bool = False, item: int | None = None) -> Any:
        """Keyword arguments that rebuild objects in plain Nengo as they are now, after training.

        Parameters
        ----------
        objs : Ensemble, Connection or Probe, or list of them
        as_dict : bool
            Return ``{label: arguments}`` (the name where there is no label).
        item : int, optional
            Which item of the batch counts for what is learned online.

        Returns
        -------
        dict, list of dict, or dict of dict
            For an ensemble all but ``n_neurons`` and ``dimensions``, for a connection all but
            ``pre``, ``post`` and ``synapse``: ``nengo.Ensemble(10, 1, **arguments)``,
            ``nengo.Connection(a, b, synapse=0.01, **arguments)``. Decoded connections get a
            ``nengo.solvers.NoSolver``.

        Raises
        ------
        ValidationError
            For objects that are no ensemble, connection or probe of the network, where a value
            was set that no argument of Nengo's can hold, and for labels that occur twice. It is a
            ValueError.

        Examples
        --------
        >>> arguments = sim.get_nengo_params(ensemble)
        >>> with nengo.Network() as plain:
        ...     same = nengo.Ensemble(20, 1, **arguments)
        """
        from nengolab.parameters.transfer import get_nengo_params

        return get_nengo_params(self, objs, as_dict, item)

    def freeze_params(self, objs: Any, item: int | None = None) -> None:
        """Write the current values into Nengo objects, in place.

        Parameters
        ----------
        objs : Network, Ensemble, Connection or Probe, or list of them
            A network stands for all in it; with an ensemble go the probes on it.
        item : int, optional
            Which item of the batch counts for what is learned online.

        Raises
        ------
        TypeError
            For what cannot be frozen, such as a Node (also a ``ValidationError``).
        ValidationError
            For an object that is not in the network, and where a value was set that Nengo has no
            argument for. Nothing was written then.

        Notes
        -----
        A network that is frozen as a whole gives the same output in ``nengo.Simulator`` (with
        ``dtype="float64"`` to rounding) and can be pickled. In one that is frozen in part, Nengo
        finds the decoders of the other connections for the ensembles as they are then.

        Examples
        --------
        >>> sim.freeze_params(net)
        >>> type(probe.solver).__name__  # it holds the decoders
        'NoSolver'
        """
        from nengolab.parameters.transfer import freeze_params

        freeze_params(self, objs, item)

    # -- saving --------------------------------------------------------------------------------

    def _saver(self, what: str) -> Saver:
        """What saves and loads; ``what`` is about to be done."""
        self._check_usable(what)

        def restore(snapshot: Snapshot) -> None:
            self.state = snapshot

        return Saver(self._engine, restore, lambda: self._training.model)

    def save_params(self, path: str | Path, include_state: bool = False) -> None:
        """Write the parameters, and the state where asked for, to an ``.npz`` file.

        Saved are weights, encoders, biases, gains and the variables of Keras layers, in the
        precision in which they are held. Time constants and other numbers that say how a network
        works are noted in the manifest; loading compares them.

        Parameters
        ----------
        path : str or Path
            ``.npz`` is added where it is missing. What was there is replaced once the new file is
            whole.
        include_state : bool
            Also save the state, which is where everything lies that online learning changed.

        Raises
        ------
        ValidationError
            For NaN or infinity in a parameter, by name; for a path that cannot be.

        Examples
        --------
        >>> sim.save_params(folder / "trained")
        >>> with np.load(folder / "trained.npz") as file:
        ...     print("ensemble.encoders" in file)
        True
        """
        self._saver("save_params").save_params(path, include_state)

    def load_params(
        self,
        path: str | Path,
        include_state: bool = False,
        item: int | None = None,
        objects: Iterable[Any] | None = None,
    ) -> None:
        """Take up the parameters of a file, and the state where asked for; all of it or nothing.

        How many items a batch has, and what the compiler merged, does not matter. Names, owners,
        roles, ends of connections and shapes must be those of the network; parameters of probes
        are loaded where the probe is on both sides.

        Parameters
        ----------
        path : str or Path
            With or without ``.npz``.
        include_state : bool
            Also take up the state that the file holds.
        item : int, optional
            Start every batch item from this one of the saved state. Needed where the saved state
            and the simulator have different numbers of items.
        objects : iterable of NengoObject or str, optional
            Load only what belongs to these, whatever else is in the file or in the network:
            ensembles (encoders, biases, gains), connections, Nodes, probes, whole networks, or
            names.

        Raises
        ------
        ValidationError
            Saying what does not fit: missing, unknown, of another shape or kind; for NaN, for what
            is no such file, for a file of a newer format.

        Warns
        -----
        UserWarning
            Where time constants and the like differ from those in the file: they stay as they are.

        Examples
        --------
        >>> sim.save_params(folder / "trained")
        >>> with nengolab.Simulator(net) as other:
        ...     other.load_params(folder / "trained")
        """
        self._saver("load_params").load_params(path, include_state, item, objects)

    def save_checkpoint(
        self,
        path: str | Path,
        epoch: int = 0,
        callbacks: Any = (),
        earlier: str | Path | None = None,
    ) -> None:
        """Write parameters, state and all that training goes on from to an ``.npz`` file.

        That is the optimizer's variables, the number of the epoch, random generators, and what
        callbacks remember. `load_params` reads such a file too. While ``fit`` goes on,
        ``nengolab.callbacks.Checkpoint`` calls this.

        Parameters
        ----------
        path : str or Path
            ``.npz`` is added where it is missing.
        epoch : int
            Epochs done.
        callbacks : iterable of keras.callbacks.Callback
            Those whose memory is to be kept.
        earlier : str or Path, optional
            A checkpoint that this simulator wrote, or was loaded from, in the same folder. Where
            the state is the same still, its arrays are not written again but read from there.

        Raises
        ------
        ValidationError
            Before ``compile``; for NaN in a parameter.

        Examples
        --------
        >>> sim.compile("adam", loss="mse")
        >>> sim.save_checkpoint(folder / "digits", epoch=3)
        """
        self._saver("save_checkpoint").packed_checkpoint(path, epoch, callbacks, earlier)()

    def packed_checkpoint(
        self,
        path: str | Path,
        epoch: int = 0,
        callbacks: Any = (),
        earlier: str | Path | None = None,
    ) -> Callable[[], None]:
        """Take all that `save_checkpoint` would write as it is now; a function writes it later.

        It may be called on another thread, while training goes on.

        Parameters
        ----------
        path, epoch, callbacks, earlier
            As for `save_checkpoint`.

        Returns
        -------
        callable
            Writes the file.

        Examples
        --------
        >>> sim.compile("adam", loss="mse")
        >>> write = sim.packed_checkpoint(folder / "now")
        >>> write()
        >>> sim.load_checkpoint(folder / "now")
        0
        """
        return self._saver("save_checkpoint").packed_checkpoint(path, epoch, callbacks, earlier)

    def load_checkpoint(self, path: str | Path, item: int | None = None) -> int:
        """Go back to a checkpoint: parameters, state, optimizer, random generators; or nothing.

        The random generators of Python and NumPy are put back too, for data that is drawn from
        them. A ``fit`` that goes on from here computes what the interrupted one would have::

            sim.compile(optimizer, loss)
            epoch = sim.load_checkpoint("digits")
            sim.fit(x, y, epochs=20, initial_epoch=epoch)

        Parameters
        ----------
        path : str or Path
            With or without ``.npz``.
        item : int, optional
            As in `load_params`.

        Returns
        -------
        int
            Epochs done.

        Raises
        ------
        ValidationError
            Before ``compile``, or with an optimizer of another type; saying what does not fit.

        Examples
        --------
        >>> sim.compile("adam", loss="mse")
        >>> sim.save_checkpoint(folder / "digits", epoch=3)
        >>> sim.load_checkpoint(folder / "digits")
        3
        """
        return self._saver("load_checkpoint").load_checkpoint(path, item)
