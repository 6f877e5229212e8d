"""What holds for one call of fit, evaluate or predict, and for it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from nengolab.feeding.filling import Filling
from nengolab.training.forms import Form

if TYPE_CHECKING:
    from nengolab.runtime.engine import Engine


class OngoingCall:
    """A call of fit, evaluate or predict: from where its batches start, and which state counts.

    One that is not ``going`` stands for what is called past the simulator.

    Parameters
    ----------
    engine : Engine
    going : bool
    stateful : bool
        Whether each batch starts where the one before ended, and the engine goes on from the last
        one. Validation inside a fit never counts.
    n_steps : int, optional
        For networks to which no data is fed.
    heed : callable, optional
        Raises where an interrupt came that something swallowed; called before each batch.

    Attributes
    ----------
    fitting : bool
        Whether Keras's fit goes on; what is tested meanwhile is validation.
    """

    def __init__(
        self,
        engine: Engine,
        going: bool = False,
        stateful: bool = False,
        n_steps: int | None = None,
        heed: Callable[[], None] = lambda: None,
    ):
        self._engine, self.heed = engine, heed
        self.going, self.stateful, self.n_steps = going, stateful, n_steps
        self.fitting = False
        self._of_epoch: int | None = None  # batches
        self._done = 0  # of them
        self._filling: Filling | None = None
        self._last: Form | None = None  # the form whose state counts

    # -- fit -----------------------------------------------------------------------------------

    def begin_fit(self, batches_of_epoch: int | None) -> None:
        """Keras's fit begins; it may know how many batches an epoch has."""
        self.fitting, self._done, self._of_epoch = True, 0, batches_of_epoch

    def together(self, wanted: int, training: bool) -> int:
        """How many of the batches that Keras wants done at once are of this epoch."""
        if not (training and self.fitting and self._of_epoch):
            return wanted
        done = min(wanted, self._of_epoch - self._done)
        self._done = (self._done + done) % self._of_epoch
        return done

    # -- state ---------------------------------------------------------------------------------

    def keeps(self, training: bool) -> bool:
        """Whether the state in which a batch ends is that from which the next one starts."""
        return self.stateful and (training or not self.fitting)

    def fill(self, inputs: list[Any], n_steps: int, batch: int) -> np.ndarray:
        """What inputs that are not fed put out; see `Filling.series`."""
        if self._filling is None:
            self._filling = Filling.of(self._engine)
        return self._filling.series(inputs, n_steps, batch)

    def begin(self, form: Form) -> None:
        """Let a form start from the engine's state."""
        form.begin(self._engine.runner.named_state(), self._engine.n_steps, self.fill)

    def begin_anew(self, form: Form) -> None:
        """Start a call past the simulator, from the state that it has now."""
        self._filling = None
        self.begin(form)

    def restart(self, forms: Iterable[Form]) -> None:
        """Let all forms start from the engine's state, now that it is another one."""
        self._filling, self._last = Filling.of(self._engine, self.stateful), None
        for form in forms:
            self.begin(form)

    def before_batch(self, form: Form, keeping: bool, number: Any) -> None:
        """Put the state in place from which a batch starts; ``number`` as for the form."""
        if keeping and self._last not in (None, form):
            # A batch of another size or length: it goes on from where the last one ended.
            self.leave_state()
            self.begin(form)
        form.before_batch(keeping, self.fill, number)

    def counts(self, form: Form) -> None:
        """The state in which a batch ended counts."""
        self._last = form
        assert self._filling is not None  # a call that keeps the state began with `restart`
        self._filling.advance(form.n_steps)

    def leave_state(self) -> None:
        """Let the engine go on from where a stateful call is."""
        if not (self.going and self.stateful and self._last is not None):
            return
        form, engine = self._last, self._engine
        named = engine.runner.named_state()
        for name, value in form.program.leave_state(form.state).items():
            if name in named:
                named[name][: form.batch] = value
        engine.runner.set_named_state(named)
        engine.n_steps = int(form.start.numpy())


def in_batches(one: Callable[[Any], Any], together: Callable[[], int]) -> Callable[[Any], Any]:
    """What Keras calls for batches, of what is done with one of them.

    Parameters
    ----------
    one : callable
    together : callable
        How many batches of an iterator are to be done at once.
    """

    def function(batches: Any) -> Any:
        # Keras hands predictions a list of batches, and the others an iterator.
        if isinstance(batches, list):
            found = [one(data) for data in batches]
            return tf.nest.map_structure(lambda *parts: tf.concat(parts, axis=0), *found)
        data = next(batches)  # raises where there is nothing
        logs = one(data)
        for _ in range(1, together()):
            if (data := next(batches, None)) is None:
                break
            logs = one(data)
        return logs

    return function
