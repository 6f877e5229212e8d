"""The errors a person gets: Nengo exception types all, so existing handlers work."""

from nengo.exceptions import (
    BuildError,
    NengoException,
    ReadonlyError,
    SimulationError,
    SimulatorClosed,
    ValidationError,
)

__all__ = [
    "BuildError",
    "BuildStopped",
    "NengoException",
    "ReadonlyError",
    "SimulationError",
    "SimulatorBusy",
    "SimulatorClosed",
    "UnknownObject",
    "ValidationError",
    "WrongObject",
]


class _Missing(KeyError):
    """A KeyError that shows its message as it is, not as a key."""

    __str__ = Exception.__str__


class UnknownObject(ValidationError, _Missing):
    """A mapping of simulated objects was asked for one that is not in the network.

    Examples
    --------
    >>> try:
    ...     sim.data["nobody"]
    ... except nengolab.exceptions.UnknownObject as error:
    ...     print("nobody" in str(error))
    True
    """


class WrongObject(ValidationError, TypeError):
    """Something was asked of an object of a kind that has it not.

    Examples
    --------
    >>> try:
    ...     sim.freeze_params(nengo.Node(0.5, add_to_container=False))
    ... except nengolab.exceptions.WrongObject as error:
    ...     print(isinstance(error, TypeError))
    True
    """


class BuildStopped(BuildError):
    """A build was stopped before its end.

    Examples
    --------
    >>> error = nengolab.exceptions.BuildStopped("the build was stopped")
    >>> isinstance(error, nengo.exceptions.BuildError)
    True
    """


class SimulatorBusy(SimulationError):
    """A simulator was used directly while something else (a live session) owns it.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> sim.claim("this thread")
    >>> with ThreadPoolExecutor(1) as pool:
    ...     type(pool.submit(sim.run_steps, 1).exception())
    <class 'nengolab.exceptions.SimulatorBusy'>
    >>> sim.release()
    """
