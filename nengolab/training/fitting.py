"""What `Simulator` does with parameters: it shows them, trains them and gives them to Nengo."""

from __future__ import annotations

import warnings
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np

from nengolab.checks import whole
from nengolab.settings import get_setting

if TYPE_CHECKING:
    from nengolab.parameters import Parameters


class Fitting:
    """The part of a `Simulator` that is about parameters and training."""

    _engine: Any
    _trainer: Any
    _parameters: Any

    @property
    def parameters(self) -> Parameters:
        """Every array of the network: its name, owner, role, shape, value, and whether it trains.

        ``print(sim.parameters)`` shows the table; ``sim.parameters["hidden.encoders"].value`` is
        one's current value, and assigning to that changes it.
        """
        from nengolab.parameters import Parameters

        self._engine.follow()
        graph = self._engine.graph  # a new one where the network was compiled anew
        if self._parameters is None or self._parameters[0] is not graph:
            batched = self.minibatch_size is not None
            table = Parameters.of_engine(self._engine, batched, self._check_usable)
            self._parameters = (graph, table)
        return self._parameters[1]

    # -- training ------------------------------------------------------------------------------

    @cached_property
    def _feeder(self) -> Any:
        """Checks data, and knows the names under which they are given."""
        from nengolab.feeding.aliases import Aliases
        from nengolab.feeding.feeder import Feeder

        engine = self._engine
        aliases = Aliases(engine.network, engine.built.names)
        return Feeder.of(aliases, engine.built.model, engine.batch)

    def _keeps_state(self, asked: bool | None) -> bool:
        """Whether a call is to keep the state; with the setting ``stateful=False`` none does."""
        setting = get_setting(self._engine.network, "stateful")
        if asked and not setting:
            warnings.warn(
                "the setting stateful is False, so this call keeps no state, though it says "
                "stateful=True; leave stateful out of configure_settings to say it call by call",
                stacklevel=3,
            )
        return setting if asked is None else bool(asked) and setting

    @property
    def _training(self) -> Any:
        """The training side, made when it is first asked for."""
        if self._trainer is None:
            from nengolab.training.trainer import Training

            parameters = self.parameters
            self._trainer = Training(
                self._engine,
                self._engine.network,
                self._feeder,
                lambda name: parameters[name].trainable,
                self.strategy,
            )
            self._engine.follower = self._trainer.model
            # Values that were loaded or set before there were variables.
            self._trainer.model.push(self._engine.runner.values)
            self._trainer.model.simulator = weakref.ref(self)
        return self._trainer

    @property
    def keras_model(self) -> Any:
        """The network as a Keras model: its weights are the network's parameters."""
        self._check_usable("keras_model")
        return self._training.model

    @property
    def best(self) -> Any:
        """The weights of the best epoch of the last `fit`, and the last ones.

        A `nengolab.callbacks.KeepBest`: ``sim.best.restore_best()`` goes back to the best epoch,
        however the fit ended.
        """
        return self._training.best

    def check_gradients(
        self,
        inputs: Any = None,
        outputs: Any = None,
        atol: float = 1e-5,
        rtol: float = 1e-3,
        n_steps: int = 5,
    ) -> list[Any]:
        """Compare the gradients that training uses with finite differences, in double precision.

        Parameters
        ----------
        inputs : list of Node or str, optional
            Which inputs are fed random data, and checked. Default: all.
        outputs : list of Probe or str, optional
            Which outputs are differentiated. Default: all.
        atol, rtol : float
        n_steps : int

        Returns
        -------
        list
            For each trainable parameter and input: ``name``, ``analytic`` and ``numeric``
            derivative along a random direction.

        Raises
        ------
        SimulationError
            Naming the arrays whose gradients differ.
        ValidationError
            For surrogate gradients, which are no derivatives.
        """
        self._check_usable("check_gradients")
        steps = whole(n_steps, "n_steps", 1, self)
        return self._training.check_gradients(inputs, outputs, atol, rtol, steps)

    def get_name(self, obj: Any) -> str:
        """What Keras calls an input Node or a probe: its label, else its type; made unique."""
        return self._feeder.aliases.get(obj)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Choose optimizer, losses and metrics for training.

        Parameters
        ----------
        optimizer : str or keras.optimizers.Optimizer
        loss : str, callable, keras.losses.Loss, list or dict
            One for all probes; or a list in their order, or a dict by probe or name.
        metrics : list or dict, optional
            Likewise; a list is for all probes.
        loss_weights : list or dict, optional
        truncate : int, optional
            Truncated back-propagation through time: gradients end every so many steps. Memory for
            what happens inside the network does not grow with the sequence.
        checkpoint_every : int, optional
            The exact gradient in that memory: a chunk of so many steps is run a second time when
            its gradient is taken.
        **kwargs
            As for ``keras.Model.compile``.

        Raises
        ------
        UnknownObject
            For a probe that is not in the network.
        SimulationError
            Under the setting ``inference_only``.
        """
        self._check_usable("compile")
        self._training.compile(*args, **kwargs)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Train, as ``keras.Model.fit`` does.

        Parameters
        ----------
        x : object, optional
            Data of Nodes without input, ``(items, steps, size)``: an array for the first; a list
            in the order of ``network.all_nodes``; a dict by Node or name; or a generator,
            ``tf.data.Dataset`` or ``keras.utils.PyDataset`` that yields ``(x, y)``. Nodes that are
            not fed put out what they put out in a run.
        y : object, optional
            Targets ``(items, steps, size)``: an array for the first probe, a list, or a dict.
        n_steps : int, optional
            Needed where no data show it.
        stateful : bool
            Whether each batch starts from the state in which the one before ended, and the state
            is kept. Else every batch starts from the state as it is now, which is there again
            after the call; so it is always with the setting ``stateful=False``.
        **kwargs
            ``epochs``, ``validation_data``, ``validation_split``, ``sample_weight``,
            ``class_weight``, ``callbacks``... as for ``keras.Model.fit``.

        Returns
        -------
        keras.callbacks.History

        Raises
        ------
        ValidationError
            For data that do not fit, before anything runs.
        SimulationError
            When the loss becomes NaN, naming the probe and the step; the weights are those before
            that batch.
        """
        self._check_usable("fit")
        stateful = self._keeps_state(stateful)
        return self._training.fit(x, y, n_steps=n_steps, stateful=stateful, **kwargs)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        **kwargs: Any,
    ) -> dict[str, float]:
        """Losses and metrics of the network as it runs, spikes included; data as for `fit`.

        Returns
        -------
        dict
            ``"loss"``, ``"<probe>_loss"``, and metrics.
        """
        self._check_usable("evaluate")
        stateful = self._keeps_state(stateful)
        return self._training.evaluate(x, y, n_steps=n_steps, stateful=stateful, **kwargs)

    def predict(
        self, x: Any = None, n_steps: int | None = None, stateful: bool = False, **kwargs: Any
    ) -> dict[nengo.Probe, np.ndarray]:
        """What the probes see, for data as for `fit`; ``sim.data`` is left as it is.

        Returns
        -------
        dict
            ``(items, steps, size)``, by probe; every step, whatever its ``sample_every``.
        """
        self._check_usable("predict")
        stateful = self._keeps_state(stateful)
        return self._training.predict(x, n_steps=n_steps, stateful=stateful, **kwargs)

    def train_on_batch(
        self,
        x: Any = None,
        y: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        sample_weight: Any = None,
        class_weight: Any = None,
    ) -> dict[str, float]:
        """One step of the optimizer on one batch; returns losses and metrics."""
        self._check_usable("train_on_batch")
        data = (x, y, sample_weight, class_weight)
        return self._training.on_batch(
            "train_on_batch", self._keeps_state(stateful), n_steps, *data
        )

    def test_on_batch(
        self,
        x: Any = None,
        y: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        sample_weight: Any = None,
    ) -> dict[str, float]:
        """Losses and metrics of one batch."""
        self._check_usable("test_on_batch")
        return self._training.on_batch(
            "test_on_batch", self._keeps_state(stateful), n_steps, x, y, sample_weight
        )

    def predict_on_batch(
        self, x: Any = None, n_steps: int | None = None, stateful: bool = False
    ) -> dict[nengo.Probe, np.ndarray]:
        """What the probes see, for one batch."""
        self._check_usable("predict_on_batch")
        return self._training.on_batch("predict_on_batch", self._keeps_state(stateful), n_steps, x)

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
        """
        from nengolab.parameters.transfer import freeze_params

        freeze_params(self, objs, item)
