"""Kindness to the stop button: waiting that can be interrupted, and changes that cannot be halved.

Python raises KeyboardInterrupt on the main thread, between two byte codes. So what may take long
inside TensorFlow runs beside the main thread, which waits in a way that an interrupt ends; and what
must happen as a whole holds an interrupt back until it has happened.
"""

from __future__ import annotations

# What importing TensorFlow must find imported, for it cannot be once the interpreter ends.
import concurrent.futures.process  # noqa: F401
import contextvars
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from nengolab.exceptions import SimulatorClosed

# How often a waiting thread looks whether it still has to (s). Where the system does not let a
# signal end a wait, this is also how soon an interrupt is noticed.
POLL = 0.1


def interruptible() -> bool:
    """Whether an interrupt can reach the calling thread."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold an interrupt back until the block has ended."""
    before = signal.getsignal(signal.SIGINT) if interruptible() else None
    if not callable(before):  # no interrupt can come, or it is not Python that handles it
        yield
        return
    held: list[tuple] = []
    signal.signal(signal.SIGINT, lambda *args: held.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            before(*held[-1])


@contextmanager
def insisting() -> Iterator[Callable[[], None]]:
    """Let an interrupt that something swallowed come again.

    Keras catches whatever comes while it makes numbers of logs, and Python drops what comes while
    it frees an object. What goes on after an interrupt has not heard it.

    Yields
    ------
    callable
        Raises where an interrupt came before; to be called where the block can end. The end of the
        block calls it too.
    """
    before = signal.getsignal(signal.SIGINT) if interruptible() else None
    if not callable(before):  # no interrupt can come, or it is not Python that handles it
        yield lambda: None
        return
    unheard: list[tuple] = []

    def handle(*args: Any) -> None:
        unheard.append(args)
        before(*args)  # a handler that only notes it has heard it
        unheard.clear()

    def heed() -> None:
        if unheard:
            handle(*unheard.pop())

    signal.signal(signal.SIGINT, handle)
    try:
        yield heed
        heed()
    finally:
        signal.signal(signal.SIGINT, before)


class Worker:
    """One thread for what an interrupt shall not have to wait for.

    A job that nobody waits for any more goes on; the next one starts after it. The thread is no
    daemon: an interpreter that ends during a compile crashes, so its end waits for the job.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._last: Future | None = None
        self._closed = False

    def submit(self, job: Callable[[], Any]) -> Future:
        """Queue a job; it sees the context variables of the caller."""
        with uninterrupted():
            if self._closed:
                raise _closed()
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="nengolab-aside")
            self._last = self._pool.submit(contextvars.copy_context().run, job)
            return self._last

    def wait(self, job: Future) -> Any:
        """Result of a job of any thread.

        Raises
        ------
        KeyboardInterrupt
            When one comes; the job goes on.
        SimulatorClosed
            When ``close`` is called meanwhile.
        """
        while True:
            try:
                return job.result(POLL)
            except CancelledError:
                raise _closed() from None
            except TimeoutError:
                if job.done():
                    return job.result()
                if self._closed:
                    raise _closed() from None

    def run(self, job: Callable[[], Any]) -> Any:
        """Result of a job, computed here where no interrupt can come."""
        return self.wait(self.submit(job)) if interruptible() else job()

    def settle(self) -> None:
        """Wait until the last job has ended, however it ended."""
        if self._last is not None:
            ended = threading.Event()
            self._last.add_done_callback(lambda _: ended.set())
            while not ended.wait(POLL):
                if self._closed:
                    raise _closed()

    def close(self) -> None:
        """Take no more jobs; one that is going on ends by itself."""
        self._closed = True
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _closed() -> SimulatorClosed:
    return SimulatorClosed("the simulator was closed while it was running; make a new one")
