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

import zlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nengolab.exceptions import ValidationError
from nengolab.runtime.forms import Form
from nengolab.runtime.keras_model import NetworkModel, raise_not_finite

# Options of an optimizer that look at the gradient of a whole batch.
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


def check_strategy(strategy: Any, minibatch_size: int | None) -> None:
    """Raise where a simulator cannot train under a strategy.

    Raises
    ------
    ValidationError
        For another kind of strategy, inside a strategy's scope, and for a ``minibatch_size`` that
        the replicas cannot share evenly.
    """
    known = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)
    if not isinstance(strategy, known):
        raise ValidationError(
            "must be a tf.distribute.MirroredStrategy or MultiWorkerMirroredStrategy, got "
            f"{strategy!r} ({type(strategy).__name__})",
            attr="strategy",
        )
    if tf.distribute.has_strategy():
        raise ValidationError(
            "make the Simulator outside of strategy.scope(); given as strategy=..., it enters the "
            "scope where that is needed",
            attr="strategy",
        )
    replicas, batch = strategy.num_replicas_in_sync, minibatch_size or 1
    if batch % replicas:
        raise ValidationError(
            f"{batch} cannot be shared evenly by the {replicas} replicas of the strategy; "
            f"{-(-batch // replicas) * replicas} could",
            attr="minibatch_size",
        )


class Replicas:
    """The replicas of a strategy, and how a batch is cut for them.

    Parameters
    ----------
    strategy : tf.distribute.Strategy

    Attributes
    ----------
    count : int
        In all workers.
    own : list of int
        Numbers of those in this process.
    several_workers : bool
    """

    def __init__(self, strategy: Any):
        self.strategy, self.count = strategy, strategy.num_replicas_in_sync
        self.several_workers = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        here, order = self._numbers()
        self.own = [int(number) for number in here]
        # Gathering may put several replicas of one worker elsewhere than beside each other.
        self._places = None if (order == np.arange(self.count)).all() else np.argsort(order)

    def _numbers(self) -> tuple[list[Any], np.ndarray]:
        def number() -> tuple[Any, Any]:
            context = tf.distribute.get_replica_context()
            own = tf.convert_to_tensor(context.replica_id_in_sync_group)
            return own, context.all_gather(own[None], axis=0)

        own, order = tf.function(lambda: self.strategy.run(number), autograph=False)()
        return self.local(own), np.asarray(self.local(order)[0])

    def local(self, value: Any) -> list[Any]:
        """What each replica of this process gave."""
        return list(self.strategy.experimental_local_results(value))

    def of_first(self, nested: Any) -> Any:
        """What the first replica of this process gave, for what all have alike."""
        return tf.nest.map_structure(lambda v: self.local(v)[0], nested)

    def agree(self, what: str, given: Iterable[int]) -> None:
        """Raise on every worker, where they differ."""
        if not self.several_workers:
            return
        values = tf.constant([[int(v) for v in given]], tf.int64)

        def gathered() -> Any:
            return tf.distribute.get_replica_context().all_gather(values, axis=0)

        found = self.local(tf.function(lambda: self.strategy.run(gathered), autograph=False)())[
            0
        ].numpy()
        if (found != found[0]).any():
            raise ValidationError(f"differs from worker to worker: {what}", attr="strategy")

    def part(self, batch: int) -> int:
        """Items for each replica."""
        return -(-batch // self.count)

    def cut(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """A batch in parts for the replicas of this process; the last item fills up what lacks."""
        batch = next(iter(data.values())).shape[0]
        size = self.part(batch)
        rows = [np.arange(r * size, (r + 1) * size).clip(max=batch - 1) for r in self.own]
        if size * self.count == batch:
            return [{k: v[r[0] : r[-1] + 1] for k, v in data.items()} for r in rows]
        return [{k: tf.gather(v, r) for k, v in data.items()} for r in rows]

    # -- inside a replica ----------------------------------------------------------------------

    def here(self) -> int:
        """Number of the replica that is being traced."""
        context = tf.distribute.get_replica_context()
        return int(tf.get_static_value(context.replica_id_in_sync_group))

    def gather(self, parts: dict[str, Any], batch: int) -> dict[str, Any]:
        """The first ``batch`` rows of all replicas' parts, in order."""
        parts = tf.nest.map_structure(tf.stop_gradient, parts)
        found = tf.distribute.get_replica_context().all_gather(parts, axis=0)
        return {k: self._in_order(v, parts[k].shape[0])[:batch] for k, v in found.items()}

    def _in_order(self, rows: Any, size: int) -> Any:
        rows = tf.ensure_shape(rows, (size * self.count, *rows.shape[1:]))
        if self._places is None:
            return rows
        return tf.gather(rows, (self._places[:, None] * size + np.arange(size)).ravel())

    def own_rows(self, whole: dict[str, Any], batch: int) -> dict[str, Any]:
        """This replica's rows of what belongs to a whole batch; 0 where it was filled up."""
        size = self.part(batch)
        first, missing = self.here() * size, size * self.count - batch
        rows = {}
        for key, value in whole.items():
            padding = [(0, missing)] + [(0, 0)] * (value.shape.rank - 1)
            rows[key] = tf.pad(value, padding)[first : first + size]
        return rows

    def total(self, value: Any) -> Any:
        """The sum over all replicas."""
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)


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
        names = sorted(f"{n} {np.shape(p.value)}" for n, p in engine.graph.params.items())
        self._replicas.agree(
            "every process must make the same Simulator: the same network, and a seed of the "
            "network and of the Simulator",
            [engine.host.seed, zlib.crc32("\n".join(names).encode())],
        )
        super().__init__(engine, *args)

    def _scope(self) -> AbstractContextManager:
        return self._strategy.scope()

    # -- compile and fit -----------------------------------------------------------------------

    def compile(self, optimizer: Any = "rmsprop", **kwargs: Any) -> None:
        """As ``keras.Model.compile``; an optimizer made outside the strategy's scope is copied."""
        _check_metrics(kwargs.get("metrics"))
        super().compile(optimizer=self._in_scope(optimizer), **kwargs)

    def _in_scope(self, optimizer: Any) -> Any:
        with self._strategy.scope():
            found = keras.optimizers.get(optimizer)
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
        self._check_outside("fit")
        self._check_stateless("fit")
        if kwargs.get("verbose", "auto") == "auto" and self._replicas.own[0] != 0:
            kwargs["verbose"] = 0  # the first worker shows progress
        return super().fit(*args, **kwargs)

    def _check_outside(self, what: str) -> None:
        if tf.distribute.has_strategy():
            raise ValidationError(
                f"call {what} outside of strategy.scope(); it enters the scope where that is "
                "needed",
                attr="strategy",
            )

    def _check_stateless(self, what: str) -> None:
        if self._stateful:
            raise ValidationError(
                f"True cannot be used in {what} under a strategy: each replica would keep the "
                "state of its own part of the batch; train without strategy, or with "
                "stateful=False",
                attr="stateful",
            )

    # -- what Keras calls for each batch -------------------------------------------------------

    def make_train_function(self, force: bool = False) -> Callable:
        """A function of an iterator that trains on one global batch."""
        if self.train_function is None or force:
            with self._strategy.scope():
                self.optimizer.build(self.trainable_variables)
            self.train_function = self._training_function()
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable:
        if self.test_function is None or force:
            self.test_function = self._testing_function()
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        if self.predict_function is None or force:
            self.predict_function = self._predicting_function()
        return self.predict_function

    def _training_function(self) -> Callable:
        apply = tf.function(self._apply_all, autograph=False)
        measure = self._measuring_function(training=True)
        traced: dict[str, Callable] = {}

        def function(iterator: Any) -> Any:
            self._check_outside("training")
            self._check_stateless("train_on_batch")
            x, y, weights = keras.utils.unpack_x_y_sample_weight(next(iterator))
            forms = self._ready(x, training=True)
            self._asked(dict.fromkeys(self._aliases[p] for p in forms[0].program.readings), y)
            key = _shapes(x, y, weights)
            if key not in traced:
                loss = self._loss_function(forms[0], y, weights)
                one = partial(self._differentiate, forms, loss, _items(x))
                traced[key] = tf.function(one, autograph=False)
            gradients, shared = traced[key](self._replicas.cut(x), y, weights)
            shared = self._replicas.of_first(shared)
            if not bool(shared["finite"]):
                raise_not_finite(shared["seen"])
            apply(gradients)
            return measure(y, shared["seen"], weights, shared["also"])

        return function

    def _testing_function(self) -> Callable:
        plain = self._eager_loop(self.test_step, training=False)
        forward = self._forward_function()
        measure = self._measuring_function(training=False)

        def function(iterator: Any) -> Any:
            self._check_outside("evaluate")
            if self._stateful and not self._fitting:
                return plain(iterator)
            x, y, weights = keras.utils.unpack_x_y_sample_weight(next(iterator))
            return measure(y, self._asked(forward(x), y), weights)

        return function

    def _predicting_function(self) -> Callable:
        plain = self._eager_loop(self.predict_step, training=False)
        forward = self._forward_function()

        def function(data: Any) -> Any:
            self._check_outside("predict")
            # Workers predict each for itself, so that one may do so alone.
            if self._stateful or self._replicas.several_workers:
                return plain(data)
            batch = data[0] if isinstance(data, list) else next(data)
            x, _, _ = keras.utils.unpack_x_y_sample_weight(batch)
            return forward(x)

        return function

    def _forward_function(self) -> Callable:
        """A function of a global batch: what every probe sees."""
        traced: dict[str, Callable] = {}

        def function(x: dict[str, Any]) -> dict[str, Any]:
            forms, key = self._ready(x, training=False), _shapes(x)
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
            key = (size, n_steps, training, replica * size)
            form = self._forms.get(key)
            if form is None:
                form = self._forms[key] = self._make_form(*key)
                self._begin_form(form)
            form.ready(fed, self._fill)
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
            raise ValidationError(
                "no trainable parameter has any effect on the loss; sim.parameters shows what is "
                "trainable",
                attr="loss",
            )
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
            self.optimizer.apply_gradients([(g, trained[int(i)]) for i, g in gradients.items()])

        self._strategy.run(replica, args=(gradients,))

    # -- outside the strategy, on the whole batch ----------------------------------------------

    def _loss_function(self, form: Form, y: dict[str, Any], weights: Any) -> Callable:
        """``(y, seen, weights) -> (loss, its gradient by seen)``, traced outside the strategy.

        There Keras divides nothing by the number of replicas. The losses are a copy of those that
        were compiled, for these count what they are called with.
        """
        compiled = self._compile_loss
        losses = type(compiled)(compiled._user_loss, compiled._user_loss_weights)
        losses.build(y, y)

        def function(y: Any, seen: Any, weights: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                tape.watch(seen)
                loss = losses(y, seen, weights)
                scaled = self.optimizer.scale_loss(loss)
            return loss, tape.gradient(scaled, seen, None, tf.UnconnectedGradients.ZERO)

        items, dtype = _items(y), form.program.dtype
        spec = {k: tf.TensorSpec((items, form.n_steps, self._probes[k].size_in), dtype) for k in y}
        return tf.function(function, autograph=False).get_concrete_function(y, spec, weights)

    def _measuring_function(self, training: bool) -> Callable:
        """A function that updates loss and metrics, and returns them."""

        def measure(y: Any, seen: Any, weights: Any, also: Any = 0.0) -> Any:
            loss = self.compute_loss(None, y, seen, weights, training)
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


def _items(data: dict[str, Any]) -> int:
    return int(next(iter(data.values())).shape[0])


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
