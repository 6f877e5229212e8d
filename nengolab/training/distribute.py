"""Training under a ``tf.distribute`` strategy: replicas of a network that learn as one.

A batch, the *global batch*, is cut into as many equal parts as there are replicas. Each replica
runs its part; what the probes see is gathered, so that every replica has the outputs of the whole
batch, and takes the gradient of the very loss that one device would compute. It hands its own rows
of that gradient back through its part of the network, and the optimizer sums what the replicas
found. So the loss is that of one device whatever the loss function does with the batch: masks,
missing targets, weights, reductions. (Averaging each part for itself, as Keras does, gives another
number as soon as the parts do not count alike.)

Data come whole to every worker, in the same order; each computes its own rows. Keras's own loop
does the rest (epochs, callbacks, History, validation), as on one device: all that differs is what
it calls for each batch. Metrics are computed on the whole batch, outside the strategy.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nengolab.exceptions import ValidationError
from nengolab.kernels.gradient import tie_gradients
from nengolab.training.forms import Form
from nengolab.training.keras_model import NetworkModel
from nengolab.training.notfinite import raise_not_finite
from nengolab.training.reach import warn_of_no_gradient
from nengolab.training.replicas import Replicas

# Options of an optimizer that look at the gradient of a whole batch.
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


class DistributedModel(NetworkModel):
    """A network as a Keras model that trains under a strategy.

    Parameters
    ----------
    strategy : tf.distribute.Strategy
    engine, inputs, outputs, trainable, training_graph, name
        As for `NetworkModel`.
    """

    def __init__(self, strategy: Any, engine: Any, *args: Any):
        self._strategy, self._replicas = strategy, Replicas(strategy)
        self._check_same(engine)
        # Whether the next batch is the first one of a call, and how many that call is to have.
        self._first, self._planned = False, ""
        super().__init__(engine, *args)

    def _check_same(self, engine: Any) -> None:
        """Raise where workers made different simulators."""
        params = [p for _, p in sorted(engine.graph.params.items())]
        names = "\n".join(f"{p.name} {np.shape(p.value)}" for p in params)
        self._replicas.agree(
            "every one must make the same Simulator: of the same network, with the same seed",
            [engine.host.seed, zlib.crc32(names.encode())],
        )
        values = np.concatenate([np.ravel(p.value).astype(float) for p in params] or [np.zeros(0)])
        waves = values @ np.cos(np.arange(1, len(values) + 1))
        self._replicas.agree(
            "the parameters of the network are not the same in all; give the network a seed",
            [float(waves / (np.linalg.norm(values) or 1.0))],
            tolerance=1e-4,  # solvers round differently from machine to machine
        )

    def _scope(self) -> AbstractContextManager:
        return self._strategy.scope()

    # -- compile and fit -----------------------------------------------------------------------

    def compile(self, optimizer: Any = "rmsprop", **kwargs: Any) -> None:
        """As ``keras.Model.compile``; an optimizer made outside the strategy's scope is copied."""
        self._check_outside("compile")
        if kwargs.get("run_eagerly"):
            warnings.warn(
                "run_eagerly changes nothing under a strategy: replicas run what was traced",
                stacklevel=4,
            )
        _check_metrics(kwargs.get("metrics"))
        super().compile(optimizer=self._in_scope(optimizer), **kwargs)

    def _in_scope(self, optimizer: Any) -> Any:
        with self._strategy.scope():
            found = keras.optimizers.get(optimizer)
            if getattr(found, "gradient_accumulation_steps", None):
                raise ValidationError(
                    f"gradient_accumulation_steps={found.gradient_accumulation_steps} cannot be "
                    "used under a strategy (Keras cannot sum gradients now and then); use a larger "
                    "minibatch_size",
                    attr="optimizer",
                )
            if getattr(found, "_distribution_strategy", None) is self._strategy:
                return found
            if found.built:
                raise ValidationError(
                    "has been in use outside of this strategy; give one that is new",
                    attr="optimizer",
                )
            try:
                return type(found).from_config(found.get_config())
            except Exception as err:
                raise ValidationError(
                    f"{type(found).__name__} was made outside of strategy.scope() and cannot be "
                    f"copied ({type(err).__name__}: {err}); make it inside",
                    attr="optimizer",
                ) from err

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """As ``keras.Model.fit``; every worker calls it, with the same data."""
        self._check_stateless("fit")
        return super().fit(*args, **self._begun("fit", kwargs))

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """As ``keras.Model.evaluate``; every worker calls it, with the same data."""
        return super().evaluate(*args, **self._begun("evaluate", kwargs))

    def _begun(self, what: str, kwargs: dict[str, Any]) -> dict[str, Any]:
        self._check_outside(what)
        self._first = True
        counts = ("initial_epoch", "epochs", "steps_per_epoch", "steps", "validation_steps")
        self._planned = f"{what} {[kwargs.get(k) for k in counts]} {_length(kwargs.get('x'))}"
        if self._replicas.own[0] != 0:  # the first worker shows progress
            kwargs = {**kwargs, "verbose": 0}
        return kwargs

    def _check_same_batch(self, data: Any) -> None:
        """Raise where workers were given different data, or order them differently."""
        if self._first:
            found = zlib.crc32((self._planned + _shapes(data)).encode())
            for value in tf.nest.flatten(data):
                if value is not None:
                    found = zlib.crc32(np.ascontiguousarray(value).data, found)
            self._replicas.agree(
                "their first batches, or the numbers of batches, are not the same; give all of "
                "them the same data, in the same order (each computes its own share)",
                [found],
            )
            self._first = False

    def _check_outside(self, what: str) -> None:
        if tf.distribute.has_strategy():
            raise ValidationError(
                f"call {what} outside of strategy.scope(); it enters the scope where that is "
                "needed",
                attr="strategy",
            )

    def _check_stateless(self, what: str) -> None:
        if self._ongoing.stateful:
            raise ValidationError(
                f"True cannot be used in {what} under a strategy: each replica would keep the "
                "state of its own part of the batch; train without strategy, or with "
                "stateful=False",
                attr="stateful",
            )

    # -- what Keras calls for each batch -------------------------------------------------------

    def make_train_function(self, force: bool = False) -> Callable:
        """A function of an iterator that trains on one global batch."""
        self._follow_fixed()
        if self.train_function is None or force:
            with self._strategy.scope():
                self.optimizer.build(self.trainable_variables)
            self.train_function = self._training_function()
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable:
        self._follow_fixed()
        if self.test_function is None or force:
            self.test_function = self._testing_function()
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        self._follow_fixed()
        if self.predict_function is None or force:
            self.predict_function = self._predicting_function()
        return self.predict_function

    def _training_function(self) -> Callable:
        apply = tf.function(self._apply_all, autograph=False)
        measure = self._measuring_function(training=True)
        traced: dict[str, Callable] = {}
        silent: set[str] = set()

        def function(iterator: Any) -> Any:
            self._check_outside("training")
            self._check_stateless("train_on_batch")
            x, y, weights = keras.utils.unpack_x_y_sample_weight(next(iterator))
            self._check_same_batch((x, y, weights))
            forms = self._ready(x, training=True)
            self._asked(dict.fromkeys(self._aliases[p] for p in forms[0].program.readings), y)
            key = f"{_shapes(x, y, weights)} {forms[0].n_steps}"
            if key not in traced:
                loss = BatchLoss(self, y, weights, self._seen_of(forms[0], y))
                one = partial(self._differentiate, forms, loss, _items(x))
                traced[key] = tf.function(one, autograph=False)
            gradients, shared = traced[key](self._replicas.cut(x), y, weights)
            shared = self._replicas.of_first(shared)
            if not bool(shared["finite"]):
                raise_not_finite(shared["seen"])
            if gradients:
                apply(gradients)
            elif key not in silent:
                silent.add(key)
                warn_of_no_gradient(y)
            return measure(y, shared["seen"], weights, shared["also"])

        return function

    def _testing_function(self) -> Callable:
        plain = self._eager_loop(self.test_step, training=False)
        forward = self._forward_function()
        measure = self._measuring_function(training=False)

        def function(iterator: Any) -> Any:
            self._check_outside("evaluate")
            if self._ongoing.stateful and not self._ongoing.fitting:
                return plain(iterator)
            x, y, weights = keras.utils.unpack_x_y_sample_weight(next(iterator))
            self._check_same_batch((x, y, weights))
            return measure(y, self._asked(forward(x), y), weights)

        return function

    def _predicting_function(self) -> Callable:
        plain = self._eager_loop(self.predict_step, training=False)
        forward = self._forward_function()

        def function(data: Any) -> Any:
            self._check_outside("predict")
            # Workers predict each for itself, so that one may do so alone.
            if self._ongoing.stateful or self._replicas.several_workers:
                return plain(data)
            batch = data[0] if isinstance(data, list) else next(data)
            x, _, _ = keras.utils.unpack_x_y_sample_weight(batch)
            return forward(x)

        return function

    def _forward_function(self) -> Callable:
        """A function of a global batch: what every probe sees."""
        traced: dict[str, Callable] = {}

        def function(x: dict[str, Any]) -> dict[str, Any]:
            forms = self._ready(x, training=False)
            key = f"{_shapes(x)} {forms[0].n_steps}"
            if key not in traced:
                one = partial(self._forward, forms, _items(x))
                traced[key] = tf.function(one, autograph=False)
            return self._replicas.of_first(traced[key](self._replicas.cut(x)))

        return function

    def _ready(self, x: dict[str, Any], training: bool) -> list[Form]:
        """A form for each replica of this process, which holds the state of its own items."""
        batch, n_steps = self._sizes(x)
        size, fed = self._replicas.part(batch), self._fed(x)
        forms = []
        for replica in self._replicas.own:
            form = self._form(fed, size, n_steps, training, replica * size)
            if not self._ongoing.going:  # called past the simulator
                self._ongoing.begin_anew(form)
            self._before_batch(form, keeping=False)
            forms.append(form)
        return forms

    # -- inside the strategy -------------------------------------------------------------------

    def _forward(self, forms: list[Form], batch: int, parts: list[dict]) -> Any:
        """What every probe sees, of the whole batch."""

        def replica() -> Any:
            own = self._replicas.own.index(self._replicas.here())
            ran = self._run(parts[own], False, forms[own])
            return self._replicas.gather(ran.seen, batch)

        return self._strategy.run(replica)

    def _differentiate(
        self,
        forms: list[Form],
        loss_of: Callable,
        batch: int,
        parts: list[dict],
        y: Any,
        weights: Any,
    ) -> tuple[dict, dict]:
        """Gradients, by number of the variable; and what all replicas have alike."""

        def replica() -> tuple[dict, dict]:
            number = self._replicas.here()
            own = self._replicas.own.index(number)
            with tf.GradientTape() as tape:
                ran = self._run(parts[own], True, forms[own])
                asked = {k: ran.seen[k] for k in y}
            ran.learn()
            seen = self._replicas.gather(asked, batch)
            loss, of_seen = loss_of(y, seen, weights)
            # What layers add is an average over their own items, or does not look at them.
            items = min(max(batch - number * forms[own].batch, 0), forms[own].batch)
            share = tf.constant(items / batch, loss.dtype)
            also = [tf.cast(v, loss.dtype) * share for v in ran.losses]
            also = self._replicas.total(tf.add_n(also)) if also else tf.zeros((), loss.dtype)
            given = self._replicas.own_rows(of_seen, batch)
            scale = self.optimizer.scale_loss(share)
            gradients = self._gradients(
                tape,
                [*(asked[k] for k in y), *ran.losses],
                [*(given[k] for k in y), *(tf.cast(scale, v.dtype) for v in ran.losses)],
            )
            bad = tf.cast(~tf.math.is_finite(loss + also), tf.float32)
            finite = self._replicas.total(bad) == 0
            return gradients, {"seen": seen, "also": also, "finite": finite}

        return self._strategy.run(replica)

    def _gradients(self, tape: Any, targets: list, given: list) -> dict[str, Any]:
        trained = [v.value for v in self.trainable_variables]
        found = tape.gradient(targets, trained, given)
        kept = {str(i): tf.convert_to_tensor(g) for i, g in enumerate(found) if g is not None}
        if not kept:
            return {}
        inner = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        if any(getattr(inner, option, None) is not None for option in CLIPPING):
            # Keras clips before it sums: let the first replica bring the sum, the others nothing.
            total = self._replicas.total(kept)
            first = self._replicas.here() == 0
            kept = total if first else {k: tf.zeros_like(g) for k, g in total.items()}
        return kept

    def _apply_all(self, gradients: dict[str, Any]) -> None:
        """A step of the optimizer, which sums the gradients of all replicas."""

        def replica(gradients: dict[str, Any]) -> None:
            trained = self.trainable_variables
            # An argument is on no device, and sums are made where the values are: hence identity.
            pairs = [(tf.identity(g), trained[int(i)]) for i, g in gradients.items()]
            self.optimizer.apply_gradients(pairs)
            tie_gradients()

        self._strategy.run(replica, args=(gradients,))

    # -- outside the strategy, on the whole batch ----------------------------------------------

    def _seen_of(self, form: Form, y: dict[str, Any]) -> dict[str, tf.TensorSpec]:
        """What outputs of a whole batch look like."""
        items, dtype = _items(y), form.program.dtype
        sizes = {k: self._probes[k].size_in for k in y}
        return {k: tf.TensorSpec((items, form.n_steps, n), dtype) for k, n in sizes.items()}

    def _measuring_function(self, training: bool) -> Callable:
        """A function that updates loss and metrics, and returns them."""

        def measure(y: Any, seen: Any, weights: Any, also: Any = 0.0) -> Any:
            loss = self.compute_loss(None, y, seen, weights, training)
            if not training:
                also = tf.add_n([tf.cast(v, loss.dtype) for v in [also, *self.weight_losses()]])
            self._loss_tracker.update_state(
                loss + tf.cast(also, loss.dtype), sample_weight=_items(y)
            )
            return self.compute_metrics(None, y, seen, sample_weight=weights)

        traced: dict[str, Callable] = {}

        def function(*data: Any) -> Any:
            key = _shapes(*data[:3])
            if key not in traced:
                traced[key] = tf.function(partial(measure), autograph=False)
            return traced[key](*data)

        return function


class BatchLoss:
    """``(y, seen, weights) -> (loss, its gradient by seen)``, traced outside the strategy.

    There Keras divides nothing by the number of replicas. The losses are a copy of those that were
    compiled, for these count what they are called with.

    Parameters
    ----------
    model : DistributedModel
    y, weights : dict of tensors
    seen : dict of TensorSpec
    """

    def __init__(self, model: DistributedModel, y: Any, weights: Any, seen: Any):
        compiled = model._compile_loss
        # Kept here, for traced functions do not keep the variables that they use.
        self._losses = type(compiled)(compiled._user_loss, compiled._user_loss_weights)
        self._losses.build(y, y)
        self._optimizer = model.optimizer
        traced = tf.function(self._differentiated, autograph=False)
        self._traced = traced.get_concrete_function(y, seen, weights)

    def __call__(self, y: Any, seen: Any, weights: Any) -> tuple[Any, Any]:
        return self._traced(y, seen, weights)

    def _differentiated(self, y: Any, seen: Any, weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(seen)
            loss = self._losses(y, seen, weights)
            scaled = self._optimizer.scale_loss(loss)
        return loss, tape.gradient(scaled, seen, None, tf.UnconnectedGradients.ZERO)


def _items(data: dict[str, Any]) -> int:
    return int(next(iter(data.values())).shape[0])


def _length(data: Any) -> int | None:
    return int(data.cardinality()) if isinstance(data, tf.data.Dataset) else None


def _shapes(*data: Any) -> str:
    return str(tf.nest.map_structure(lambda v: None if v is None else (v.shape, v.dtype), data))


def _check_metrics(metrics: Any) -> None:
    for metric in tf.nest.flatten(metrics):
        for variable in getattr(metric, "variables", ()):
            if isinstance(variable.value, tf.distribute.DistributedValues):
                raise ValidationError(
                    f"{metric.name!r} was made inside of strategy.scope(); make it outside: "
                    "metrics are computed on the whole batch",
                    attr="metrics",
                )
