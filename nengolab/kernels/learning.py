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

import numpy as np
import tensorflow as tf

from nengolab.kernels.base import GroupLayout, Kernel
from nengolab.kernels.transforms import FEW

# Up to this many products of one matrix with one vector, each is a product of its own.
MANY_PRODUCTS = 8
# LLVM unrolls an inner loop over fewer elements than this into single operations.
SHORT_ROW = 64


class MatrixForm:
    """How the matrices of a group lie in memory, batch and members being two more axes.

    What is outermost does not matter, what is innermost does: XLA writes one loop for each axis,
    and only an innermost one that is long becomes vector operations. (1,000 x 32 encoders: their
    change takes 30 us with the 32 innermost, 6 us with the 1,000.)

    ``last``: ``(rows, columns, G)``, for the decoders of many members.
    ``columns``: ``(G, columns, rows)``, for many rows and few columns.
    ``rows``: ``(G, rows, columns)``, for all others.

    Attributes
    ----------
    name : str
    """

    def __init__(self, shape: tuple[int, int], layout: GroupLayout):
        rows, columns = shape
        self.shape, self.layout = shape, layout
        if layout.last and rows <= FEW:
            self.name = "last"
        else:
            self.name = "columns" if columns <= SHORT_ROW and columns < rows else "rows"

    def _order(self) -> tuple[int, ...]:
        """Axes of the form among those of the layout, batch first."""
        orders = {"last": (0, 1, 2, 3), "rows": (0, 3, 1, 2), "columns": (0, 3, 2, 1)}
        if not self.layout.last:
            orders = {"rows": (0, 1, 2, 3), "columns": (0, 1, 3, 2)}
        return orders[self.name]

    def enter(self, x: np.ndarray) -> np.ndarray:
        """Matrices as the layout has them -> in this form."""
        return np.transpose(x, self._order())

    def leave(self, x: np.ndarray) -> np.ndarray:
        """The inverse of ``enter``."""
        return np.transpose(x, np.argsort(self._order()))

    def from_packed(self, x):
        """A packed vector of all elements -> matrices; XLA cancels it against ``to_packed``."""
        members, last = self.layout.members, self.layout.last
        inner = (*self.shape, members) if last else (members, *self.shape)
        return tf.transpose(tf.reshape(x, (x.shape[0], *inner)), self._order())

    def to_packed(self, x):
        """The inverse of ``from_packed``."""
        x = tf.transpose(x, np.argsort(self._order()))
        return tf.reshape(x, (x.shape[0], *self.layout.shape(self.shape[0] * self.shape[1])))

    def vector(self, x):
        """A packed vector -> with the axes of this form; and back."""
        return tf.transpose(x, (0, 2, 1)) if self.layout.last and self.name != "last" else x

    def along_rows(self, x):
        """A packed vector with one element for each row, to multiply matrices with."""
        x = self.vector(x)
        return x[..., None] if self.name == "rows" else x[:, :, None]

    def along_columns(self, x):
        """A packed vector with one element for each column, to multiply matrices with."""
        x = self.vector(x)
        return {"last": x[:, None], "rows": x[:, :, None], "columns": x[..., None]}[self.name]

    def times(self, matrices, x):
        """The packed products of matrices with packed vectors."""
        return self.vector(getattr(self, f"_times_{self.name}")(matrices, self.vector(x)))

    @staticmethod
    def _times_last(matrices, x):
        rows = [tf.reduce_sum(matrices[:, i] * x, axis=1) for i in range(matrices.shape[1])]
        return tf.stack(rows, axis=1)

    @staticmethod
    def _times_columns(matrices, x):
        return tf.reduce_sum(matrices * x[..., None], axis=2)

    @staticmethod
    def _times_rows(matrices, x):
        batch, members, _, columns = matrices.shape
        if columns == 1:
            return matrices[..., 0] * x
        if batch * members > MANY_PRODUCTS:
            return tf.linalg.matvec(matrices, x)
        products = [
            [tf.matmul(x[b, g][None], matrices[b, g], transpose_b=True)[0] for g in range(members)]
            for b in range(batch)
        ]
        return tf.stack([tf.stack(row) for row in products])


def _change(inputs: list, decays: tuple[bool, ...], weights, form: MatrixForm):
    """The sum of ``outer(rows, columns) - decay W`` over the rules."""
    given, total = iter(inputs), None
    for decay in decays:
        rows, columns = next(given), next(given)
        delta = form.along_rows(rows) * form.along_columns(columns)
        if decay:
            delta = delta - form.along_rows(next(given)) * weights
        total = delta if total is None else total + delta
    return total


class Learn(Kernel):
    """Weights that learn; static is ``(shape, decays)``: for each rule, whether it has a decay.

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
        shape, decays = spec.static
        n = sum(3 if decay else 2 for decay in decays)
        rules, products = list(inputs[:n]), inputs[n:]
        for product in products:
            rules[0] = rules[0] + 0 * product
        return {key: weights + _change(rules, decays, weights, MatrixForm(shape, spec.layout))}, {}

    def delayed(self, state, spec):
        ((_, weights),) = state.items()
        return {"out": MatrixForm(spec.static[0], spec.layout).to_packed(weights)}

    def enter(self, state, spec):
        form = MatrixForm(spec.static[0], spec.layout)
        return {key: form.enter(weights) for key, weights in state.items()}

    def leave(self, state, spec):
        form = MatrixForm(spec.static[0], spec.layout)
        return {key: form.leave(np.asarray(weights)) for key, weights in state.items()}


class Accumulate(Kernel):
    """``v[t] = v[t-1] + u[t]``, of any shape: what keeps all that is added to it."""

    name = "accumulate"
    stateful = True
    near = True

    def step(self, params, state, inputs, spec):
        ((key, value),) = state.items()
        value = value + tf.reshape(inputs[0], value.shape)
        return {key: value}, {"out": tf.reshape(value, inputs[0].shape)}


class Delta(Kernel):
    """One rule's change by itself, for whoever reads it; static is ``(shape, decay)``."""

    name = "delta"

    def apply(self, params, inputs, spec):
        shape, decay = spec.static
        form = MatrixForm(shape, spec.layout)
        weights = form.from_packed(inputs[3]) if decay else None
        return {"out": form.to_packed(_change(inputs[:3], (decay,), weights, form))}


class DotSignal(Kernel):
    """``y = A x`` where ``A`` is computed by the network; static is ``A``'s shape."""

    name = "dot_signal"

    def apply(self, params, inputs, spec):
        form = MatrixForm(spec.static, spec.layout)
        return {"out": form.times(form.from_packed(inputs[0]), inputs[1])}


class Multiply(Kernel):
    """``y = a x`` elementwise, both computed by the network."""

    name = "multiply"

    def apply(self, params, inputs, spec):
        return {"out": inputs[0] * inputs[1]}


class Pes(Kernel):
    """``rows = -kappa dt/n e``; static is ``(n,)``."""

    name = "pes"

    def apply(self, params, inputs, spec):
        rate = tf.expand_dims(params["learning_rate"], 0) * (-spec.dt / spec.static[0])
        return {"rows": rate * inputs[0]}


class Bcm(Kernel):
    """``rows = kappa dt b (b - theta)`` of the inputs ``b``, ``theta``."""

    name = "bcm"

    def apply(self, params, inputs, spec):
        post, theta = inputs
        return {
            "rows": (tf.expand_dims(params["learning_rate"], 0) * spec.dt) * post * (post - theta)
        }


class Oja(Kernel):
    """``rows = kappa dt b``, ``decay = beta kappa dt b^2``."""

    name = "oja"

    def apply(self, params, inputs, spec):
        post = inputs[0]
        rows = (tf.expand_dims(params["learning_rate"], 0) * spec.dt) * post
        return {"rows": rows, "decay": tf.expand_dims(params["beta"], 0) * (rows * post)}


class Voja(Kernel):
    """``rows = scale decay``, ``decay = kappa dt s b`` of the inputs ``b``, ``s``."""

    name = "voja"

    def apply(self, params, inputs, spec):
        post, signal = inputs
        decay = (tf.expand_dims(params["learning_rate"], 0) * spec.dt) * signal * post
        return {"rows": tf.expand_dims(params["scale"], 0) * decay, "decay": decay}


class Rls(Kernel):
    """Recursive least squares: ``P <- P - g g' / (1 + a g)``, ``g = P a``; ``P`` is ``inv_gamma``.

    Static is the shape of ``P``; ``slowness`` is 1, or infinite for neither to change.

    As ``P' a = g / (1 + a g)``, the weights change by ``-outer(e, g / (1 + a g))``.
    """

    name = "rls"
    stateful = True
    near = True

    def step(self, params, state, inputs, spec):
        a, p, form = inputs[0], state["inv_gamma"], MatrixForm(spec.static, spec.layout)
        g = form.times(p, a)
        axis = 1 if spec.layout.last else 2
        gain = 1 + tf.reduce_sum(a * g, axis=axis, keepdims=True)
        columns = -g / (tf.expand_dims(params["slowness"], 0) * gain)
        p = p + form.along_rows(g) * form.along_columns(columns)
        return {"inv_gamma": p}, {"columns": columns, "inv_gamma": form.to_packed(p)}

    def delayed(self, state, spec):
        return {"inv_gamma": MatrixForm(spec.static, spec.layout).to_packed(state["inv_gamma"])}

    def enter(self, state, spec):
        return {"inv_gamma": MatrixForm(spec.static, spec.layout).enter(state["inv_gamma"])}

    def leave(self, state, spec):
        p = np.asarray(state["inv_gamma"])
        return {"inv_gamma": MatrixForm(spec.static, spec.layout).leave(p)}


LEARNING_KERNELS = (
    Learn(),
    Accumulate(),
    Delta(),
    DotSignal(),
    Multiply(),
    Pes(),
    Bcm(),
    Oja(),
    Voja(),
    Rls(),
)
