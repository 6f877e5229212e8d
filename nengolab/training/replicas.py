"""The replicas of a ``tf.distribute`` strategy, and what they give each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.exceptions import ValidationError


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

        own, order = self._once(number)
        return self.local(own), np.asarray(self.local(order)[0])

    def _once(self, function: Callable) -> Any:
        return tf.function(partial(self.strategy.run, function), autograph=False)()

    def local(self, value: Any) -> list[Any]:
        """What each replica of this process gave."""
        return list(self.strategy.experimental_local_results(value))

    def of_first(self, nested: Any) -> Any:
        """What the first replica of this process gave, for what all have alike."""
        return tf.nest.map_structure(lambda v: self.local(v)[0], nested)

    def agree(self, what: str, given: Iterable[float], tolerance: float = 0.0) -> None:
        """Raise on every worker, where their numbers differ."""
        if not self.several_workers:
            return
        values = tf.constant([[float(v) for v in given]], tf.float64)

        def gathered() -> Any:
            return tf.distribute.get_replica_context().all_gather(values, axis=0)

        found = self.local(self._once(gathered))[0].numpy()
        if not np.allclose(found, found[0], rtol=0, atol=tolerance):
            raise ValidationError(f"the workers differ: {what}", attr="strategy")

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
