"""``sim.keras_model``: the network as a Keras model.

Its weights are the network's parameters, its inputs and outputs are dicts by alias of arrays
``(batch, steps, size)``. Called with ``training=True`` it runs the program that is differentiated
(spiking neurons by their rates, or with a surrogate gradient), else the one that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nengolab.exceptions import SimulationError, ValidationError
from nengolab.kernels.gradient import tie_gradients
from nengolab.kernels.tensor import weight_losses
from nengolab.layers.drawing import keras_state
from nengolab.settings import always_as_training
from nengolab.startup.worker import insisting, uninterrupted
from nengolab.training.forms import Form, Ran
from nengolab.training.named_model import NO_DATA, NamedModel
from nengolab.training.notfinite import raise_gradients, raise_not_finite
from nengolab.training.ongoing import OngoingCall, in_batches
from nengolab.training.reach import warn_of_no_gradient
from nengolab.training.variables import Variables


class NetworkModel(NamedModel):
    """A network as a Keras model.

    Parameters
    ----------
    engine : Engine
    inputs, outputs : dict
        Nodes that can be fed, and probes, by alias.
    trainable : callable
        Whether the parameter of a name is trained.
    training_graph : callable
        ``training_graph(graph)`` gives the graph to differentiate in place of one that runs, and
        why some probes are not in it.
    name : str
    """

    def __init__(
        self,
        engine: Any,
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        trainable: Callable[[str], bool],
        training_graph: Callable[[Any], tuple[Any, dict[Any, str]]],
        name: str,
    ):
        super().__init__(name=name, dtype=engine.dtype)
        self._engine = engine
        self._nodes, self._probes = dict(inputs), dict(outputs)
        self._aliases = {probe: alias for alias, probe in outputs.items()}
        self.chunk: Any = None
        # What compile was told, by the names of probes: loss, loss_weights, metrics.
        self.objective: Mapping[str, Any] = MappingProxyType({})
        self._training_graph = training_graph
        with self._scope():
            self._variables = Variables(
                engine.graph.params.values(), trainable, engine.built.names.get, engine.dtype
            )
        self.owners = self._variables.owners  # tracked by Keras
        self._forms: dict[tuple, Form] = {}
        self._graphs: dict[tuple, Any] = {}
        self._unread: dict[Any, str] = {}
        self._fixed: dict[str, np.ndarray] = {}
        self._ongoing = OngoingCall(engine)
        self._differentiated: list[str] = []
        # Whether it runs as in training, whatever a call says.
        self._as_training = always_as_training(engine.network)
        self.pull()
        self.built = True

    def _scope(self) -> AbstractContextManager:
        """Where variables are made."""
        return nullcontext()

    # -- parameters ----------------------------------------------------------------------------

    def value(self, param: Any) -> Any:
        """A parameter's tensor: its variable, or its value where it has none."""
        variable = self._variables.by_name.get(param.name)
        if variable is None:
            return self._engine.runner.value(param)
        return tf.convert_to_tensor(variable.value)

    def variable_of(self, name: str) -> Any:
        """The variable of the parameter of this name, or None."""
        return self._variables.by_name.get(name)

    @property
    def named_variables(self) -> dict[str, Any]:
        """Variables by the names of their parameters."""
        return self._variables.by_name

    def pull(self, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
        """Values that changed since they were last asked for, by the names of their parameters.

        Parameters
        ----------
        names : iterable of str, optional
            Of which parameters. Default: all.
        """
        return self._variables.changed(names)

    def push(self, values: dict[str, np.ndarray]) -> None:
        """Take over values of parameters, by name."""
        self._variables.put(values)

    # -- calls ---------------------------------------------------------------------------------

    def call(self, inputs: Any, training: bool | None = None) -> dict[str, Any]:
        """What every probe sees.

        Parameters
        ----------
        inputs : dict
            ``(batch, steps, size)``, by alias.

        Returns
        -------
        dict
            ``(batch, steps, size)``, by alias.

        Notes
        -----
        It starts from the simulator's state, and leaves it. Inside of a ``tf.function`` that is
        the state, and the output of Nodes that are not fed, at the time when that is traced.
        """
        if not self._ongoing.going and tf.executing_eagerly():
            self._follow_fixed()
            self._ongoing.begin_anew(self.form(inputs, bool(training)))
        return self._run(inputs, bool(training)).seen

    @property
    def probes(self) -> dict[str, Any]:
        """Probes by alias."""
        return dict(self._probes)

    def one_batch(self, what: str, x: Any, y: Any, sample_weight: Any) -> dict[str, Any]:
        """``train_on_batch``, ``test_on_batch`` or ``predict_on_batch``."""
        make = {
            "train_on_batch": self.make_train_function,
            "test_on_batch": self.make_test_function,
            "predict_on_batch": self.make_predict_function,
        }[what]
        given = (x,) if what == "predict_on_batch" else (x, y, sample_weight)
        data = tuple(
            {k: tf.convert_to_tensor(v) for k, v in part.items()}
            for part in given
            if part is not None
        )
        if what != "predict_on_batch":
            self.reset_metrics()
        return make()(iter([data]))

    def _run(self, inputs: Any, training: bool, form: Form | None = None) -> Ran:
        form = form or self.form(inputs, training)
        data = {self._nodes[k]: v for k, v in inputs.items() if k != NO_DATA}
        seen, state, also = form(data, self.value)

        def learn(wanted: Callable[[str], bool] = lambda name: True) -> None:
            for name, value in also["updates"].items():
                if wanted(name):
                    variable = self._variables.by_name[name]
                    variable.assign(tf.cast(value, variable.dtype))

        def draw() -> None:
            learn(lambda name: "seed_generator_state" in self._engine.graph.params[name].role)

        def keep() -> None:
            for key, value in state.items():
                form.state[key].assign(value)
            form.start.assign_add(form.n_steps)

        outputs = {self._aliases[p]: x for p, x in seen.items()}
        return Ran(outputs, keep, learn, draw, [*also["losses"].values(), *self.weight_losses()])

    def form(self, inputs: Any, training: bool) -> Form:
        """The program for inputs of these shapes."""
        batch, n_steps = self._sizes(inputs)
        training = training or self._as_training
        fed = self._fed(inputs)
        with tf.init_scope():
            return self._form(fed, batch, n_steps, training)

    def _form(self, fed: tuple, batch: int, n_steps: int, training: bool, first: int = 0) -> Form:
        """The program for inputs of these shapes, ready for what is fed."""
        stepped = self._engine.graph.stepped_nodes.intersection(fed)
        key = (batch, n_steps, training, first, stepped)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._make_form(*key)
            self._ongoing.begin(form)
        form.ready(fed, self._ongoing.fill)
        return form

    def _fed(self, inputs: Any) -> tuple:
        return tuple(self._nodes[k] for k in inputs if k != NO_DATA)

    def _sizes(self, inputs: Any) -> tuple[int, int]:
        shapes = {k: v.shape for k, v in inputs.items()}
        batch = next(iter(shapes.values()))[0]
        steps = {s[1] for k, s in shapes.items() if k != NO_DATA} - {None}
        n_steps = steps.pop() if steps else self._ongoing.n_steps
        if batch is None or n_steps is None:
            raise ValidationError(
                f"batch and steps must be known when the model is called; got {shapes}",
                attr="inputs",
            )
        return int(batch), int(n_steps)

    def is_trained(self, name: str) -> bool:
        """Whether the parameter of a name is trained."""
        return self._variables.is_trained(name)

    def graph(self, training: bool, stepped: frozenset[Any]) -> Any:
        """The graph that runs, or that is differentiated, with data fed to ``stepped`` Nodes."""
        if (training, stepped) not in self._graphs:
            graph = self._engine.graph_fed(stepped)
            if training:
                graph, self._unread = self._training_graph(graph)
            self._graphs[training, stepped] = graph
        return self._graphs[training, stepped]

    def _make_form(
        self, batch: int, n_steps: int, training: bool, first: int, stepped: frozenset[Any]
    ) -> Form:
        engine = self._engine
        graph = self.graph(training, stepped)
        readings = {p: graph.probes[p] for p in self._probes.values() if p in graph.probes}
        return Form(
            graph,
            readings,
            batch,
            n_steps,
            training,
            engine.force,
            engine.dtype,
            engine,
            self.chunk,
            self._variables.is_trained,
            first,
        )

    # -- state ---------------------------------------------------------------------------------

    @contextmanager
    def calling(self, stateful: bool = False, n_steps: int | None = None) -> Iterator[None]:
        """A call of fit, evaluate or predict: every form starts from the engine's state.

        Parameters
        ----------
        stateful : bool
            Whether each batch starts where the one before ended, and the engine goes on from the
            last one. Validation inside a fit never counts.
        n_steps : int, optional
            For networks to which no data is fed.
        """
        if self._ongoing.going:
            raise SimulationError(
                "fit, evaluate or predict was called while another one of this simulator goes on"
            )
        self._follow_fixed()
        keras_state()  # Keras has one a thread, and what is traced again may not make it
        with insisting() as heed:
            self._ongoing = OngoingCall(self._engine, True, stateful, n_steps, heed)
            self.restarted()
            try:
                yield
            finally:
                self.leave_state()
                self._ongoing = OngoingCall(self._engine)

    def restarted(self) -> None:
        """Start from the engine's state, now that it is another one."""
        if self._ongoing.going:
            self._ongoing.restart(self._forms.values())

    def leave_state(self) -> None:
        """Let the engine go on from where a stateful call is."""
        self._ongoing.leave_state()

    def _follow_fixed(self) -> None:
        """Constants are part of what is traced; where one was changed, all is traced anew.

        Not within a call: what Keras made for it goes on until its end.
        """
        if self._ongoing.going:
            return
        values = self._engine.runner.values
        fixed = {k: v for k, v in values.items() if k not in self._variables.by_name}
        same = fixed.keys() == self._fixed.keys() and all(
            np.array_equal(fixed[k], self._fixed[k]) for k in fixed
        )
        if not same:
            self._fixed = fixed
            self.forget()

    def forget(self) -> None:
        """Trace everything anew when it is called next."""
        self._forms, self._graphs = {}, {}
        self.train_function = self.test_function = self.predict_function = None

    # -- Keras's steps -------------------------------------------------------------------------

    def train_step(self, data: Any, keeping: bool = False) -> dict[str, Any]:
        """One batch: outputs, loss, gradients, and the optimizer's step, if the loss is finite."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            ran = self._run(x, training=True)
            seen = self._asked(ran.seen, y)
            loss = self.compute_loss(x=x, y=y, y_pred=seen, sample_weight=weights, training=True)
            loss = _sum(loss, ran.losses)
            items = tf.shape(next(iter(x.values())))[0]
            self._loss_tracker.update_state(loss, sample_weight=items)
            scaled = self.optimizer.scale_loss(loss) if self.optimizer is not None else loss
        trained = self.trainable_weights
        gradients = tape.gradient(scaled, [v.value for v in trained])
        pairs = [(g, v) for g, v in zip(gradients, trained, strict=True) if g is not None]
        if not pairs:
            warn_of_no_gradient(seen)
        finite = self._finite(loss, pairs)

        def learn() -> Any:
            if pairs:
                self.optimizer.apply_gradients(pairs)
                tie_gradients()
            ran.learn()
            if keeping:
                ran.keep()
            return tf.constant(True)

        # Where it is no number, weights and state stay good.
        tf.cond(tf.reduce_all(finite), learn, lambda: tf.constant(False))
        logs = self.compute_metrics(x, y, seen, sample_weight=weights)
        return logs | {FINITE: finite}

    def _finite(self, loss: Any, pairs: list) -> Any:
        """Whether the loss is finite and, in the order of ``pairs``, each gradient."""
        if isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer):
            pairs = []  # it finds a scale at which they are, and leaves steps out until then
        dense = [tf.reduce_sum(getattr(g, "values", g)) for g, _ in pairs]
        # Names: Keras would take variables in an attribute for weights of the model's own.
        self._differentiated = [self._variables.name_of(v) for _, v in pairs]
        return tf.stack([tf.math.is_finite(tf.cast(v, tf.float32)) for v in [loss, *dense]])

    def test_step(self, data: Any, keeping: bool = False) -> dict[str, Any]:
        """One batch: outputs as the network runs, and their loss."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        ran = self._run(x, training=False)
        seen = self._asked(ran.seen, y)
        loss = self.compute_loss(x=x, y=y, y_pred=seen, sample_weight=weights, training=False)
        loss = _sum(loss, ran.losses)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(next(iter(x.values())))[0])
        ran.draw()
        if keeping:
            ran.keep()
        return self.compute_metrics(x, y, seen, sample_weight=weights)

    def predict_step(self, data: Any, keeping: bool = False) -> dict[str, Any]:
        """One batch: outputs as the network runs."""
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        ran = self._run(x, training=False)
        ran.draw()
        if keeping:
            ran.keep()
        return ran.seen

    def weight_losses(self) -> list[Any]:
        """What the regularizers of weights add: of connections, and each layer's inside once."""
        losses, seen = self._variables.losses(), set()
        for op in self._engine.graph.ops:
            function = op.static[0] if op.kernel == "tensor" else None
            if function is None or function.layer is None or id(function.layer) in seen:
                continue
            seen.add(id(function.layer))
            losses += weight_losses(function, partial(_of_role, self.value, op.params))
        return losses

    def _asked(self, seen: dict[str, Any], y: Any) -> dict[str, Any]:
        """Outputs that have a target."""
        missing = [k for k in y if k not in seen]
        if missing:
            why = {a: self._unread.get(self._probes[a], "") for a in missing}
            raise ValidationError(
                "; ".join(f"{k!r} cannot be trained on: {w}" for k, w in why.items()), attr="y"
            )
        return {k: seen[k] for k in y}

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """As ``keras.Model.fit``; ``Simulator.fit`` takes more forms of data."""
        self._ongoing.begin_fit(kwargs.get("steps_per_epoch"))
        try:
            return super().fit(*args, **kwargs)
        finally:
            self._ongoing.fitting = False

    def make_train_function(self, force: bool = False) -> Callable:
        """A function of an iterator: shapes are looked at before anything is traced."""
        self._follow_fixed()
        if self.train_function is None or force:
            self.optimizer.build(self.trainable_variables)
            self.train_function = self._eager_loop(self.train_step, training=True)
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable:
        self._follow_fixed()
        if self.test_function is None or force:
            self.test_function = self._eager_loop(self.test_step, training=False)
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        self._follow_fixed()
        if self.predict_function is None or force:
            self.predict_function = self._eager_loop(self.predict_step, training=False)
        return self.predict_function

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Everything is built; and without numbers of items and steps nothing can be traced."""

    def _eager_loop(self, step: Callable, training: bool) -> Callable:
        """What Keras calls for each batch: it looks at the shapes, so that nothing is guessed."""
        # Where nothing is fed, the shapes of the data do not show the number of steps.
        traced: dict[tuple[bool, int], Callable] = {}

        def one(data: Any) -> Any:
            x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
            keeping = self._ongoing.keeps(training)
            form = self.form(x, training)
            key = (keeping, form.n_steps)
            held = uninterrupted() if key in traced else nullcontext()  # a trace may take long
            if key not in traced:
                kept = partial(step, keeping=keeping)
                traced[key] = kept if self.run_eagerly else tf.function(kept, autograph=False)
            if not self._ongoing.going:  # called past the simulator
                self._ongoing.begin_anew(form)
            self._build_compiled(form, data)
            with held:  # a batch counts as a whole
                self._before_batch(form, keeping)
                logs = traced[key](data)
                if training and not (finite := logs.pop(FINITE).numpy()).all():
                    self._raise_not_finite(data, finite)
                if keeping:
                    self._ongoing.counts(form)
            return logs

        return in_batches(one, lambda: self._ongoing.together(self.steps_per_execution, training))

    def _build_compiled(self, form: Form, data: Any) -> None:
        """Let losses and metrics make their variables: a function that makes some is traced twice.

        They see zeros once, which they forget again.
        """
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        parts = (self._compile_loss, self._compile_metrics)
        if y is None or all(part is None or part.built for part in parts):
            return
        if tf.distribute.has_strategy():  # data are spread over replicas
            return
        sizes = {self._aliases[p]: r.size for p, r in form.program.readings.items()}
        dtype = self._engine.dtype
        seen = {k: tf.zeros((form.batch, form.n_steps, n), dtype) for k, n in sizes.items()}
        seen = self._asked(seen, y)
        self.compute_loss(x=x, y=y, y_pred=seen, sample_weight=weights)
        self.compute_metrics(x, y, seen, sample_weight=weights)
        self.reset_metrics()

    def _before_batch(self, form: Form, keeping: bool) -> None:
        # Of the optimizer: a fit that is resumed goes on with the numbers that it would have drawn.
        number = 0
        if form.training and form.draws and self.optimizer is not None:
            number = int(self.optimizer.iterations.numpy())
        self._ongoing.heed()
        self._ongoing.before_batch(form, keeping, number)

    def _raise_not_finite(self, data: Any, finite: np.ndarray) -> None:
        """Name the probe and the step; the weights are those before this batch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        if finite[0]:
            found = zip(self._differentiated, finite[1:], strict=True)
            raise_gradients(name for name, ok in found if not ok)
        raise_not_finite(self._asked(self._run(x, training=True).seen, y))


def _of_role(value: Callable[[Any], Any], params: dict[str, Any], role: str) -> Any:
    return value(params[role])


def _sum(loss: Any, more: list[Any]) -> Any:
    return tf.add_n([loss, *(tf.cast(v, loss.dtype) for v in more)])


FINITE = "finite"
