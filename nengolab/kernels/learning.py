"""Online learning: weights that are state, and the rules that change them.

Every rule of Nengo changes weights by the same form, with vectors that are cheap to compute::

    delta = outer(rows, columns) - decay[:, None] * W           W <- W + sum of the rules' deltas

    PES   rows = -kappa dt/n e                 columns = a
    BCM   rows = kappa dt b (b - theta)        columns = a
    Oja   rows = kappa dt b                    columns = a           decay = beta kappa dt b^2
    Voja  rows = kappa dt s b scale            columns = x           decay = kappa dt s b
    RLS   rows = e                             columns = -P a / (1 + a P a)

with presynaptic activities ``a`` (``n`` of them), postsynaptic ones ``b``, the error ``e``, the
decoded input ``x``, the learning signal ``s``. So no delta is ever stored: ``Learn`` reads and
writes the weights once a step, whatever the rules, and the rules' own kernels compute vectors.

Sources of the rules: PES, MacNeil and Eliasmith 2011; BCM, Bienenstock, Cooper and Munro 1982; Oja,
Oja 1982; Voja, Voelker, Crawford and Eliasmith 2014; RLS, Sussillo and Abbott 2009. The scaling by
``dt`` and ``n`` is Nengo's.
"""

from __future__ import annotations

import tensorflow as tf

from nengolab.kernels.base import Kernel, Layout
from nengolab.kernels.transforms import FEW

# Up to this many products of one matrix with one vector, each is a product of its own.
MANY_PRODUCTS = 8


def as_matrices(x, shape: tuple[int, int], layout: Layout):
    """A packed vector as matrices: ``(batch, *shape, G)`` or ``(batch, G, *shape)``."""
    inner = (*shape, layout.members) if layout.last else (layout.members, *shape)
    return tf.reshape(x, (x.shape[0], *inner))


def as_vector(matrices, layout: Layout):
    """The inverse of ``as_matrices``."""
    size = int(matrices.shape[1] * matrices.shape[2]) if layout.last else -1
    return tf.reshape(matrices, (matrices.shape[0], *layout.shape(size)))


def along_rows(x, layout: Layout):
    """A packed vector with one element for each row, to multiply matrices with."""
    return x[:, :, None] if layout.last else x[..., None]


def along_columns(x, layout: Layout):
    """A packed vector with one element for each column, to multiply matrices with."""
    return x[:, None] if layout.last else x[:, :, None]


def times(matrices, x, layout: Layout):
    """The products of matrices that may differ between batch items with packed vectors."""
    if layout.last:
        rows = matrices.shape[1]
        if rows <= FEW:
            return tf.stack(
                [tf.reduce_sum(matrices[:, i] * x, axis=1) for i in range(rows)], axis=1
            )
        return tf.reduce_sum(matrices * x[:, None], axis=2)
    batch, members, _, columns = matrices.shape
    if columns <= FEW:
        terms = [matrices[..., i] * x[:, :, i : i + 1] for i in range(columns)]
        return tf.add_n(terms) if len(terms) > 1 else terms[0]
    if batch * members <= MANY_PRODUCTS:
        products = [
            [tf.matmul(x[b, g][None], matrices[b, g], transpose_b=True)[0] for g in range(members)]
            for b in range(batch)
        ]
        return tf.stack([tf.stack(row) for row in products])
    return tf.linalg.matvec(matrices, x)


def _change(inputs: list, decays: tuple[bool, ...], weights, layout: Layout):
    """The sum of ``outer(rows, columns) - decay W`` over the rules."""
    inputs, total = iter(inputs), None
    for decay in decays:
        rows, columns = next(inputs), next(inputs)
        delta = along_rows(rows, layout) * along_columns(columns, layout)
        if decay:
            delta = delta - along_rows(next(inputs), layout) * weights
        total = delta if total is None else total + delta
    return total


class Learn(Kernel):
    """Weights that learn; static is, for each rule, whether it has a decay.

    The state is the weights that the next step computes with, ``(rows, columns)``; the port
    ``out`` shows them. The inputs are ``rows, columns[, decay]`` of each rule, and then the
    products of these weights with vectors. The latter count for nothing: times 0 they are added,
    so that XLA sees that the weights have been read when they change, and changes them in
    place. Otherwise it copies them in every step (500 x 500: 100 us, in place 55 us).
    """

    name = "learn"
    stateful = True
    near = True

    def step(self, params, state, inputs, spec):
        ((key, weights),) = state.items()
        n = sum(3 if decay else 2 for decay in spec.static)
        rules, products = list(inputs[:n]), inputs[n:]
        for product in products:
            rules[0] = rules[0] + 0 * product
        return {key: weights + _change(rules, spec.static, weights, spec.layout)}, {}

    def delayed(self, state, spec):
        ((_, weights),) = state.items()
        return {"out": as_vector(weights, spec.layout)}


class Delta(Kernel):
    """One rule's change by itself, for whoever reads it; static is ``(decay, shape)``."""

    name = "delta"

    def apply(self, params, inputs, spec):
        decay, shape = spec.static
        weights = as_matrices(inputs[3], shape, spec.layout) if decay else None
        return {"out": as_vector(_change(inputs[:3], (decay,), weights, spec.layout), spec.layout)}


class DotSignal(Kernel):
    """``y = A x`` where ``A`` is computed by the network; static is ``A``'s shape."""

    name = "dot_signal"

    def apply(self, params, inputs, spec):
        matrices = as_matrices(inputs[0], spec.static, spec.layout)
        return {"out": times(matrices, inputs[1], spec.layout)}


class Multiply(Kernel):
    """``y = a x`` elementwise, both computed by the network."""

    name = "multiply"

    def apply(self, params, inputs, spec):
        return {"out": inputs[0] * inputs[1]}


class Pes(Kernel):
    """``rows = -kappa dt/n e``; static is ``(n,)``."""

    name = "pes"

    def apply(self, params, inputs, spec):
        rate = params["learning_rate"][None] * (-spec.dt / spec.static[0])
        return {"rows": rate * inputs[0]}


class Bcm(Kernel):
    """``rows = kappa dt b (b - theta)`` of the inputs ``b``, ``theta``."""

    name = "bcm"

    def apply(self, params, inputs, spec):
        post, theta = inputs
        return {"rows": (params["learning_rate"][None] * spec.dt) * post * (post - theta)}


class Oja(Kernel):
    """``rows = kappa dt b``, ``decay = beta kappa dt b^2``."""

    name = "oja"

    def apply(self, params, inputs, spec):
        post = inputs[0]
        rows = (params["learning_rate"][None] * spec.dt) * post
        return {"rows": rows, "decay": params["beta"][None] * (rows * post)}


class Voja(Kernel):
    """``rows = scale decay``, ``decay = kappa dt s b`` of the inputs ``b``, ``s``."""

    name = "voja"

    def apply(self, params, inputs, spec):
        post, signal = inputs
        decay = (params["learning_rate"][None] * spec.dt) * signal * post
        return {"rows": params["scale"][None] * decay, "decay": decay}


class Rls(Kernel):
    """Recursive least squares: ``P <- P - g g' / (1 + a g)``, ``g = P a``; ``P`` is ``inv_gamma``.

    As ``P' a = g / (1 + a g)``, the weights change by ``-outer(e, g / (1 + a g))``.
    """

    name = "rls"
    stateful = True
    near = True

    def step(self, params, state, inputs, spec):
        a, p, layout = inputs[0], state["inv_gamma"], spec.layout
        g = times(p, a, layout)
        axis = 1 if layout.last else 2
        columns = -g / (1 + tf.reduce_sum(a * g, axis=axis, keepdims=True))
        p = p + along_rows(g, layout) * along_columns(columns, layout)
        return {"inv_gamma": p}, {"columns": columns, "inv_gamma": as_vector(p, layout)}

    def delayed(self, state, spec):
        return {"inv_gamma": as_vector(state["inv_gamma"], spec.layout)}


LEARNING_KERNELS = (
    Learn(),
    Delta(),
    DotSignal(),
    Multiply(),
    Pes(),
    Bcm(),
    Oja(),
    Voja(),
    Rls(),
)
