"""What a statement makes together goes together: an edit of a part may do with all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

from nengolab.building.texts import Refused

T = TypeVar("T")


class Together(Refused):
    """A statement makes other objects as well, which were to stay.

    Attributes
    ----------
    objects : tuple
        Of an edit that was refused: those with which it would be done; none where it would not.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     cells = [nengo.Ensemble(20, 1) for _ in range(3)]
    ... ''')
    >>> try:
    ...     nengolab.building.delete(made, made.network.ensembles[0])
    ... except nengolab.building.Together as error:
    ...     len(error.objects)
    3
    """

    def __init__(self, message: str, objects: Iterable[Any]):
        super().__init__(message, attr="objects")
        self.said, self.objects = message, tuple(objects)


def offers_all(edit: Callable[..., T]) -> Callable[..., T]:
    """Have an edit of objects that is refused say whether it would be done with all of them.

    Parameters
    ----------
    edit : callable
        Of what was made, and objects.
    """

    @wraps(edit)
    def done(made: Any, *objects: Any, **how: Any) -> T:
        try:
            return edit(made, *objects, **how)
        except Together as error:
            every = tuple(dict.fromkeys([*objects, *error.objects]))
            try:
                edit(made, *every, **how)
            except Refused:
                raise Together(error.said, ()) from None
            many = f"{error.said}, or take all {len(error.objects)} together"
            raise Together(many, every) from None

    return done
