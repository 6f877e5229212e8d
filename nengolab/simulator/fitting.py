"""A simulator that trains: compile, fit, evaluate, predict."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import (
    BuildError,
)
from nengolab.settings import always_as_training
from nengolab.simulator.changing import ChangingSimulator

if TYPE_CHECKING:
    from nengolab.runtime.loop import Tile
    from nengolab.training.trainer import Trainer


class FittingSimulator(ChangingSimulator):
    """A simulator that trains: a line each over a `Trainer`, which is made when it is needed."""

    _trainer: Trainer | None = None

    def __init__(
        self,
        network: nengo.Network | None,
        dt: float = 0.001,
        seed: int | None = None,
        model: nengo.builder.Model | None = None,
        device: str | None = None,
        unroll_simulation: int = 1,
        minibatch_size: int | None = None,
        progress_bar: Any = True,
        probe_store: Any = None,
        optimize: bool = True,
        strategy: Any = None,
    ):
        self.strategy = strategy
        super().__init__(
            network,
            dt,
            seed,
            model,
            device,
            unroll_simulation,
            minibatch_size,
            progress_bar,
            probe_store,
            optimize,
        )
        if strategy is not None:
            self._training  # noqa: B018  # all workers make their variables together, here

    def _check_devices(self, settings: nengo.Network | None) -> None:
        super()._check_devices(settings)
        as_training = always_as_training(settings)
        if self.strategy is not None:
            from nengolab.layers.drawing import ready_for_replicas
            from nengolab.training.replicas import check_strategy

            check_strategy(self.strategy, self.minibatch_size)
            ready_for_replicas()
            if as_training:
                raise BuildError(
                    "the setting learning_phase=True cannot be used with a strategy; leave one out"
                )

    @property
    def _training(self) -> Trainer:
        """What trains, made when it is first asked for."""
        if self._trainer is None:
            from nengolab.training.trainer import Trainer

            parameters = self.parameters
            self._trainer = Trainer(
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

    def _trains(self, what: str) -> Trainer:
        """What trains; ``what`` is about to be done."""
        self._check_usable(what)
        self._check_whole(what)
        return self._training

    def _tiles_as_training(self, n_steps: int, given: dict[Any, np.ndarray]) -> Iterator[Tile]:
        from nengolab.runtime.capacity import TILE_STEPS
        from nengolab.runtime.loop import Tile

        for first in range(0, n_steps, TILE_STEPS):
            done, steps = self.n_steps, min(TILE_STEPS, n_steps - first)
            part = {k: np.moveaxis(v[first : first + steps], 1, 0) for k, v in given.items()}
            yield Tile(None, done, steps, self._training.run(part, steps))

    @property
    def keras_model(self) -> Any:
        """The network as a Keras model: its weights are the network's parameters.

        Examples
        --------
        >>> sim.keras_model.input_names, sim.keras_model.output_names
        (['stimulus'], ['output'])
        """
        return self._trains("keras_model").model

    @property
    def n_batches(self) -> int:
        """Batches that were trained on since it was compiled; 0 before.

        Examples
        --------
        >>> sim.compile("adam", loss="mse")
        >>> x = np.random.RandomState(0).uniform(-1, 1, (8, 5, 1))
        >>> history = sim.fit(x, x**2, epochs=2, verbose=0)
        >>> sim.n_batches == 2 * 8
        True
        """
        optimizer = None if self._trainer is None else self._trainer.model.optimizer
        return 0 if optimizer is None else int(optimizer.iterations.numpy())

    @property
    def best(self) -> Any:
        """The weights of the best epoch of the last `fit`, and the last ones.

        A `nengolab.callbacks.KeepBest`: ``sim.best.restore_best()`` goes back to the best epoch,
        however the fit ended.

        Examples
        --------
        >>> sim.compile("adam", loss="mse")
        >>> x = np.random.RandomState(0).uniform(-1, 1, (8, 5, 1))
        >>> history = sim.fit(x, x**2, epochs=2, verbose=0)
        >>> sim.best.best_epoch in (0, 1)
        True
        >>> sim.best.restore_best()
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

        Examples
        --------
        >>> checked = sim.check_gradients(n_steps=2)
        >>> checked[0].name
        'ensemble.encoders'
        >>> bool(np.isclose(checked[0].analytic, checked[0].numeric, rtol=1e-3))
        True
        """
        steps = whole(n_steps, "n_steps", 1, self)
        return self._trains("check_gradients").check_gradients(inputs, outputs, atol, rtol, steps)

    def get_name(self, obj: Any) -> str:
        """What Keras calls an input Node or a probe: its label, else its type; made unique.

        Examples
        --------
        >>> sim.get_name(stimulus), sim.get_name(probe)
        ('stimulus', 'output')
        """
        return self._feeder.aliases.get(obj)

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        truncate: int | None = None,
        checkpoint_every: int | None = None,
        *,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        auto_scale_loss: bool = True,
        jit_compile: bool | str | None = None,
    ) -> None:
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
        weighted_metrics : list or dict, optional
            Metrics that sample weights count in.
        run_eagerly, steps_per_execution, auto_scale_loss
            As for ``keras.Model.compile``.
        jit_compile : bool or str, optional
            Accepted, and changes nothing: what XLA is good for is compiled by it already.

        Raises
        ------
        UnknownObject
            For a probe that is not in the network.
        SimulationError
            Under the setting ``inference_only``.

        Examples
        --------
        >>> sim.compile("adam", loss={probe: "mse"}, metrics=["mae"])
        """
        self._trains("compile").compile(
            optimizer,
            loss,
            metrics,
            loss_weights,
            truncate,
            checkpoint_every,
            weighted_metrics=weighted_metrics,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            auto_scale_loss=auto_scale_loss,
            jit_compile=jit_compile,
        )

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        *,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str | None = None,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
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
        batch_size : int, optional
            At most, and by default, the simulator's ``minibatch_size``.
        shuffle : bool, optional
            Whether items come in another order each epoch, drawn from the simulator's seed.
            Default: True for what can be shuffled.
        validation_data : object, optional
            ``(x, y)``, ``(x, y, sample_weight)``, or what yields them. It may have another number
            of steps.
        sample_weight : object, optional
            ``(items,)`` or ``(items, steps)`` for all targets, or a list or dict of such.
        epochs, verbose, callbacks, validation_split, class_weight, initial_epoch, steps_per_epoch
            As for ``keras.Model.fit``.
        validation_steps, validation_batch_size, validation_freq
            Likewise.

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

        Examples
        --------
        >>> x = np.random.RandomState(0).uniform(-1, 1, (8, 5, 1))  # (items, steps, size)
        >>> sim.compile("adam", loss="mse")
        >>> history = sim.fit(x, x**2, epochs=2, verbose=0)
        >>> len(history.history["loss"])
        2
        """
        return self._trains("fit").fit(
            x,
            y,
            n_steps=n_steps,
            stateful=self._keeps_state(stateful),
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            sample_weight=sample_weight,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_batch_size=validation_batch_size,
            validation_freq=validation_freq,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        *,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = True,
    ) -> dict[str, float]:
        """Losses and metrics of the network as it runs, spikes included; data as for `fit`.

        Parameters
        ----------
        x, y, n_steps, stateful, sample_weight
            As for `fit`.
        batch_size, verbose, steps, callbacks
            As for ``keras.Model.evaluate``.
        return_dict : bool
            Accepted; what is returned is a dict, always.

        Returns
        -------
        dict
            ``"loss"``, ``"<probe>_loss"``, and metrics.

        Examples
        --------
        >>> x = np.random.RandomState(0).uniform(-1, 1, (8, 5, 1))  # (items, steps, size)
        >>> sim.compile("adam", loss="mse")
        >>> sorted(sim.evaluate(x, x**2, verbose=0))
        ['loss', 'output_loss']
        """
        return self._trains("evaluate").evaluate(
            x,
            y,
            n_steps=n_steps,
            stateful=self._keeps_state(stateful),
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            callbacks=callbacks,
        )

    def predict(
        self,
        x: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        *,
        batch_size: int | None = None,
        verbose: int | str = 0,
        steps: int | None = None,
        callbacks: Any = None,
    ) -> dict[nengo.Probe, np.ndarray]:
        """What the probes see, for data as for `fit`; ``sim.data`` is left as it is.

        Parameters
        ----------
        x, n_steps, stateful
            As for `fit`.
        batch_size, verbose, steps, callbacks
            As for ``keras.Model.predict``.

        Returns
        -------
        dict
            ``(items, steps, size)``, by probe; every step, whatever its ``sample_every``.

        Examples
        --------
        >>> sim.predict({"stimulus": np.ones((8, 5, 1))})[probe].shape
        (8, 5, 1)
        """
        return self._trains("predict").predict(
            x,
            n_steps=n_steps,
            stateful=self._keeps_state(stateful),
            batch_size=batch_size,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
        )

    def train_on_batch(
        self,
        x: Any = None,
        y: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        sample_weight: Any = None,
        class_weight: Any = None,
    ) -> dict[str, float]:
        """One step of the optimizer on one batch; returns losses and metrics.

        Examples
        --------
        >>> x = np.random.RandomState(0).uniform(-1, 1, (1, 5, 1))
        >>> sim.compile("adam", loss="mse")
        >>> sim.train_on_batch(x, x**2)["loss"] > 0
        True
        """
        return self._trains("train_on_batch").on_batch(
            "train_on_batch",
            self._keeps_state(stateful),
            n_steps,
            x,
            y,
            sample_weight,
            class_weight,
        )

    def test_on_batch(
        self,
        x: Any = None,
        y: Any = None,
        n_steps: int | None = None,
        stateful: bool = False,
        sample_weight: Any = None,
    ) -> dict[str, float]:
        """Losses and metrics of one batch.

        Examples
        --------
        >>> x = np.random.RandomState(0).uniform(-1, 1, (1, 5, 1))
        >>> sim.compile("adam", loss="mse")
        >>> sim.test_on_batch(x, x**2)["loss"] > 0
        True
        """
        return self._trains("test_on_batch").on_batch(
            "test_on_batch", self._keeps_state(stateful), n_steps, x, y, sample_weight
        )

    def predict_on_batch(
        self, x: Any = None, n_steps: int | None = None, stateful: bool = False
    ) -> dict[nengo.Probe, np.ndarray]:
        """What the probes see, for one batch.

        Examples
        --------
        >>> sim.predict_on_batch(np.ones((1, 5, 1)))[probe].shape
        (1, 5, 1)
        """
        return self._trains("predict_on_batch").on_batch(
            "predict_on_batch", self._keeps_state(stateful), n_steps, x
        )
