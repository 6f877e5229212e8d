"""A simulator that is changed as it runs: parameters, synapses, lesions, cuts, learning."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import nengo

from nengolab.exceptions import SimulationError
from nengolab.simulator.running import RunningSimulator

if TYPE_CHECKING:
    from nengolab.parameters.changing import Changer, Edit, Standing


class ChangingSimulator(RunningSimulator):
    """A simulator whose network can be changed without being built again."""

    # -- for whoever runs it -------------------------------------------------------------------

    def set_parameter(
        self, obj: Any, role: str, value: Any = None, *, at: Any = None, scale: Any = None
    ) -> Edit:
        """Compute with another value of something from the next step on.

        Parameters
        ----------
        obj : Nengo object or str
            An ensemble (its neurons too), connection or probe of the network, or its name.
        role : str
            ``"weights"`` (or ``"decoders"``), ``"encoders"`` (scaled), ``"bias"``, ``"gain"``;
            a constant of neurons (``"tau_rc"``, ``"tau_ref"``, ``"amplitude"``...); a
            ``"learning_rate"``; ``"synapse"``, and ``"pre_synapse"`` and so on of a learning rule.
        value : array_like, Synapse or None
            The new value; a time constant (s) or a synapse for synapses. None: as built.
        at : index, optional
            Set only these elements, in NumPy's ways: ``3``, ``(0, 5)``, ``np.s_[:, :10]``.
        scale : array_like, optional
            Multiply by this, instead of a value.

        Returns
        -------
        Edit
            What was changed; ``sim.apply(edit.back)`` takes it back.

        Raises
        ------
        UnknownObject, ValidationError
            Naming the object, with what would work; nothing is changed then.

        Examples
        --------
        >>> edit = sim.set_parameter(ensemble, "tau_rc", 0.05)
        >>> edit = sim.set_parameter("ensemble", "bias", 0.0, at=[0, 1])
        >>> edit = sim.set_parameter(connection, "synapse", 0.1)
        >>> edit = sim.set_parameter("ensemble", "bias")  # as built
        """
        return self._changed(self.edit("set", obj, role, value, at, scale))

    def lesion(self, ens: nengo.Ensemble | str, which: Any) -> Edit:
        """Silence some neurons of an ensemble, and only those.

        Parameters
        ----------
        ens : nengo.Ensemble or str
        which : float, or array_like of int
            A share of the neurons, from 0.0 to 1.0 (the same ones each time; a larger share takes
            those of a smaller one), or their indices.

        Examples
        --------
        >>> edit = sim.lesion(ensemble, 0.3)
        >>> len(edit.after)
        6
        >>> edit = sim.heal(ensemble)
        """
        return self._changed(self.edit("lesion", ens, which))

    def heal(self, ens: nengo.Ensemble | str) -> Edit:
        """Let all neurons of an ensemble work again.

        Examples
        --------
        >>> edit = sim.lesion("ensemble", [0, 1])
        >>> sim.heal("ensemble").before
        [0, 1]
        """
        return self._changed(self.edit("lesion", ens, []))

    def cut(self, conn: nengo.Connection | str) -> Edit:
        """Let nothing more through a connection; what is in its synapse dies away.

        Examples
        --------
        >>> edit = sim.cut(connection)
        >>> edit = sim.mend(connection)
        """
        return self._changed(self.edit("cut", conn, True))

    def mend(self, conn: nengo.Connection | str) -> Edit:
        """Let a connection that was cut pass on again what it passed on before.

        Examples
        --------
        >>> edit = sim.cut("stimulus -> ensemble")
        >>> sim.mend("stimulus -> ensemble").after
        False
        """
        return self._changed(self.edit("cut", conn, False))

    def set_learning(self, conn: nengo.Connection | str, on: bool) -> Edit:
        """Let the learning rules of a connection change it, or leave it as it is now.

        Examples
        --------
        >>> with nengo.Network() as net:
        ...     ensemble, end = nengo.Ensemble(20, 1), nengo.Node(size_in=1)
        ...     learns = nengo.Connection(ensemble, end, learning_rule_type=nengo.PES())
        >>> with nengolab.Simulator(net) as other:
        ...     edit = other.set_learning(learns, False)
        """
        return self._changed(self.edit("learn", conn, bool(on)))

    # -- for whoever shows it ------------------------------------------------------------------

    @property
    def _changer(self) -> Changer:
        from nengolab.parameters.changing import Changer

        return Changer(self._engine, self.parameters)

    def edit(self, what: str, *arguments: Any) -> Edit:
        """Work out a change, checked, and change nothing yet.

        ``what`` is the name of a method of `nengolab.parameters.changing.Changer`.

        Examples
        --------
        >>> edit = sim.edit("lesion", ensemble, [3])
        >>> edit.name, edit.role, edit.before, edit.after
        ('ensemble', 'lesion', [], [3])
        """
        self._check_usable(what)
        return getattr(self._changer, what)(*arguments)

    def apply(self, edit: Edit) -> Future[int]:
        """Apply a change that was worked out, or taken back.

        Returns
        -------
        Future of int
            Done when it counts: the step after which. That is at once, but for what needs another
            form of the network: this is compiled beside the run, whose next tile then takes it up,
            and so does `prepare`.

        Examples
        --------
        >>> edit = sim.set_parameter(ensemble, "bias", 0.0)
        >>> sim.apply(edit.back).result()  # after which step
        0
        """
        self._check_usable("apply a change")
        return self._changer.apply(edit)

    @property
    def standing(self) -> Standing:
        """All that was changed and stands, as a value; setting it puts it back to the last bit.

        It is no state: what is learned online belongs to `state`, and so does all that adapts to
        a change.
        """
        self._check_usable("take its changes")
        return self._changer.standing()

    @standing.setter
    def standing(self, standing: Standing) -> None:
        self._check_usable("put its changes back")
        self._changer.put(standing)

    @property
    def formulas(self) -> frozenset[tuple[str, str]]:
        """By which formulas neurons are computed that could be computed by others.

        In single precision they are chosen by time constants and by what is read out; two runs
        are the same to the last bit where these are.
        """
        return self._engine.runner.program.formulas

    @property
    def not_restorable(self) -> list[str]:
        """Python functions and processes that may remember something nobody can put back."""
        return sorted(self._engine.host.out_of_reach())

    def keep(self, changed: Iterable[tuple[Any, str]]) -> None:
        """Write what was changed to the network's objects, or nothing where that cannot be.

        Parameters
        ----------
        changed : iterable of (object, str)
            Objects and roles.

        Examples
        --------
        >>> edit = sim.set_parameter(connection, "synapse", 0.03)
        >>> sim.keep([(connection, "synapse")])
        >>> connection.synapse
        Lowpass(tau=0.03)
        """
        from nengolab.parameters.keeping import Keeper

        self._check_usable("keep changes")
        Keeper(self, changed).keep()

    def take_up(self) -> None:
        """Swap in what was compiled beside the run, without running anything.

        Examples
        --------
        >>> sim.take_up()
        """
        self._engine.background.swap()

    def _changed(self, edit: Edit) -> Edit:
        if not self.apply(edit).done():
            self._engine.background.finish()
        return edit

    def _check_whole(self, what: str) -> None:
        """Refuse what would see the network without its lesions and cuts."""
        said = {"lesion": "a lesion of", "cut": "a cut of", "still": "no learning in"}
        laid = [f"{said[kind]} {self.name_of(obj)!r}" for kind, obj in self._engine.effects.laid]
        if laid:
            raise SimulationError(
                f"{what} sees the network without what is laid over it: {', '.join(laid)}; heal, "
                "mend or let learn again first"
            )
