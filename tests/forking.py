"""Kernels that start at once: forked from a process that has imported what they will.

TensorFlow takes 5 s of processor time to import, in each of some 70 kernels. Here one process
imports it, a kernel is a fork of that one, and what the Jupyter server starts is a small program
that stands for it: signals go on to the kernel, its end comes back, and it ends with that program.

``python forking.py serve SOCKET`` is the one process, ``python forking.py kernel SOCKET FILE``
the small program; FILE is a connection file.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

PATIENCE = 300.0
PASSED_ON = (signal.SIGINT, signal.SIGTERM)
STREAMS = (0, 1, 2)


class Forker:
    """The process that is forked; use it as a context manager.

    Parameters
    ----------
    folder : Path
        For its socket. The path of a socket has some 100 letters at most.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "forking"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Forker:
        # Threads of its own would not be there in a fork.
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        # As in a kernel, should Matplotlib be among what is imported.
        env["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        self._process = subprocess.Popen([*_program("serve"), str(self._socket)], env=env)
        until = time.monotonic() + PATIENCE
        while not self._socket.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the process that kernels are forked from did not come up")
            time.sleep(0.05)
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(PATIENCE)

    @property
    def kernelspec(self) -> dict[str, object]:
        """Of kernels that are forked."""
        return {
            "argv": [*_program("kernel"), str(self._socket), "{connection_file}"],
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "metadata": {"debugger": True},
        }


def _program(what: str) -> list[str]:
    # -P: modules are not to be found beside this file.
    return [sys.executable, "-P", str(Path(__file__).resolve()), what]


# ---- what stands for a kernel -----------------------------------------------------------------


def stand_for_kernel(path: str, connection_file: str) -> int:
    """Have a kernel forked, and end as it does."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        # The kernel is no child of the one whose number the Jupyter server gives.
        env = {k: v for k, v in os.environ.items() if k != "JPY_PARENT_PID"}
        wanted = json.dumps({"file": connection_file, "env": env, "cwd": os.getcwd()}).encode()
        socket.send_fds(server, [len(wanted).to_bytes(8, "big")], list(STREAMS))
        server.sendall(wanted)
        lines = server.makefile()
        kernel = int(lines.readline())
        for number in PASSED_ON:
            signal.signal(number, lambda received, _: _pass_on(kernel, received))
        return int(lines.readline() or 1)


def _pass_on(kernel: int, number: int) -> None:
    try:
        os.kill(kernel, number)
    except ProcessLookupError:
        pass  # it has just ended


# ---- the process that is forked ---------------------------------------------------------------


def serve(path: str) -> None:
    """Import what kernels will, and fork one whenever that is asked for; returns in kernels."""
    import ipykernel.kernelapp  # noqa: F401
    import keras  # noqa: F401
    import nengolab_widgets  # noqa: F401
    import tensorflow  # noqa: F401

    import nengolab  # noqa: F401

    # What was imported stays: a collection in a kernel need not look at it, nor copy its pages.
    gc.collect()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ, 0)
    kernels: dict[int, socket.socket] = {}
    while True:
        for key, _ in selector.select(0.02):
            if key.data == 0:
                asking, _ = listener.accept()
                if (kernel := _fork(asking, [listener, *kernels.values()])) == 0:
                    selector.close()
                    return
                kernels[kernel] = asking
                selector.register(asking, selectors.EVENT_READ, kernel)
            elif not kernels[key.data].recv(1):  # who asked is gone
                selector.unregister(key.fileobj)
                _pass_on(key.data, signal.SIGKILL)
        _tell_ended(kernels, selector)


def _fork(asking: socket.socket, others: list[socket.socket]) -> int:
    """Give 0 in the kernel, and its number in this process."""
    size, streams, _, _ = socket.recv_fds(asking, 8, len(STREAMS))
    size, data = int.from_bytes(size, "big"), b""
    while len(data) < size:
        data += asking.recv(size - len(data))
    kernel = os.fork()
    if kernel:
        for stream in streams:
            os.close(stream)
        asking.sendall(f"{kernel}\n".encode())
        return kernel
    os.setsid()
    for other in (asking, *others):
        other.close()
    wanted = json.loads(data)
    os.environ.clear()
    os.environ.update(wanted["env"])
    os.chdir(wanted["cwd"])
    for number, stream in zip(STREAMS, streams, strict=True):
        os.dup2(stream, number)
        os.close(stream)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.argv = ["ipykernel_launcher.py", "-f", wanted["file"]]
    return 0


def _tell_ended(kernels: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    """Let those that stand for kernels which have ended end, too."""
    while kernels:
        kernel, status = os.waitpid(-1, os.WNOHANG)
        if kernel == 0:
            return
        asking = kernels.pop(kernel)
        try:
            asking.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        except OSError:
            pass  # who asked is gone
        if asking in (key.fileobj for key in selector.get_map().values()):
            selector.unregister(asking)
        asking.close()


def main() -> int:
    what, *rest = sys.argv[1:]
    if what == "kernel":
        return stand_for_kernel(*rest)
    serve(*rest)
    from ipykernel import kernelapp

    # As `python -m ipykernel_launcher` does, a kernel finds modules where it was started.
    sys.path.insert(0, "")
    kernelapp.launch_new_instance()
    _end()
    return 0


def _end() -> None:
    """End as Python does, but for taking all of its modules apart, which takes a second."""
    threading._shutdown()  # waits for threads that are no daemons
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
