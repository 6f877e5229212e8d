"""Linear maps: dense matrices and elementwise gains."""

from __future__ import annotations

import tensorflow as tf

from nengolab.kernels.base import Kernel, Spec
from nengolab.kernels.events import add_events, each_item

# Up to this many columns (rows), a map is written out as that many fused multiply-adds
# (reductions), which the compiler fuses with the neurons around it.
FEW = 16

# From this size on, adding up the columns of the neurons that fired is faster than the product.
EVENTS_FROM_ELEMENTS = 128 * 128
EVENTS_FROM_SIDE = 64


class Dot(Kernel):
    """``y = W x`` with ``W`` of shape ``(rows, columns)`` for each member.

    ``weights`` makes the port ``out``; further matrices that multiply the same vector are called
    ``weights1``, ``weights2``... and make ``out1``, ``out2``...
    """

    name = "dot"

    def variant(self, group) -> str:
        rows, columns = group.param_shape("weights")
        if columns <= FEW:
            return "columns"
        large = rows * columns >= EVENTS_FROM_ELEMENTS and min(rows, columns) >= EVENTS_FROM_SIDE
        if large and group.stepped and group.reads_spikes and not group.training:
            return "events"
        return "reduce" if group.layout.last else "matmul"

    def permutation(self, param, ndim, spec):
        # from (rows, columns, members)
        if spec.variant == "columns":
            return (1, 0, 2) if spec.layout.last else (1, 2, 0)
        if spec.variant == "events":
            return (2, 1, 0)
        if spec.variant == "reduce":
            return (0, 1, 2)
        return (2, 0, 1)

    def apply(self, params, inputs, spec):
        multiply = getattr(self, f"_{spec.variant}")
        return {
            name.replace("weights", "out"): multiply(weights, inputs[0], spec)
            for name, weights in params.items()
            if name.startswith("weights")
        }

    @staticmethod
    def _columns(weights, x, spec: Spec):
        """Few columns: a sum of scaled columns, ``weights (columns, *layout)``."""
        columns = weights.shape[0]
        terms = [tf.expand_dims(weights[i], 0) * spec.layout.element(x, i) for i in range(columns)]
        return tf.add_n(terms) if len(terms) > 1 else terms[0]

    @staticmethod
    def _reduce(weights, x, spec: Spec):
        """Many members: multiply and sum, vectorised along them, ``weights (rows, columns, G)``."""
        rows = [
            tf.reduce_sum(tf.expand_dims(weights[i], 0) * x, axis=1)
            for i in range(weights.shape[0])
        ]
        if len(rows) <= FEW:
            return tf.stack(rows, axis=1)
        return tf.reduce_sum(tf.expand_dims(weights, 0) * x[:, None], axis=2)

    @staticmethod
    def _events(weights, x, spec: Spec):
        """Spikes: the columns of those that fired are added up, ``weights (G, columns, rows)``."""
        members, columns, rows = weights.shape
        x = tf.transpose(x, (0, 2, 1)) if spec.layout.last else x

        # One row for each member's column: picking a member's matrix first would copy it.
        lines = tf.reshape(weights, (-1, rows))

        def one(item, x):
            first = item % members * columns
            return add_events(
                x,
                lambda y, j: y + tf.gather(lines, first + j) * tf.gather(x, j),
                tf.zeros(rows, x.dtype),
            )

        y = each_item(one, tf.reshape(x, (-1, columns)), rows)
        y = tf.reshape(y, (-1, members, rows))
        return tf.transpose(y, (0, 2, 1)) if spec.layout.last else y

    @staticmethod
    def _matmul(weights, x, spec: Spec):
        """Few members: one matrix product each, ``weights (G, rows, columns)``.

        XLA reads a matrix with the summed axis last 50 times as fast (2,000 x 2,000, batch 1) as
        with it first: 0.5 ms against 28 ms.
        """
        # Views, where there is one: on the way back a slice is an array of zeros that is filled.
        if spec.layout.members == 1:
            return tf.expand_dims(
                tf.matmul(tf.squeeze(x, 1), tf.squeeze(weights, 0), transpose_b=True), 1
            )
        products = [
            tf.matmul(one, matrix, transpose_b=True)
            for one, matrix in zip(tf.unstack(x, axis=1), tf.unstack(weights), strict=True)
        ]
        return tf.stack(products, axis=1)


class Scale(Kernel):
    """``y = w x`` elementwise, ``w`` a scalar or a vector."""

    name = "scale"

    def apply(self, params, inputs, spec):
        return {"out": tf.expand_dims(params["weights"], 0) * inputs[0]}
