"""Messages of pages over the kernel's control channel, which never waits for a cell.

A kernel reads comm messages between two cells. Its control channel is read by a thread of its
own, in ipykernel 6 and 7 alike, and JupyterLab lets a page send there. What comes so is given to
the same method as what comes by comm; that method only puts things on queues.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any

MESSAGE_TYPE = "nengolab_message"

SWITCH_INTERVAL = 0.001

Receiver = Callable[[dict[str, Any]], None]
_receivers: dict[str, weakref.WeakMethod[Receiver]] = {}


def receive_for(key: str, receiver: Receiver) -> None:
    """Pass on what comes for a widget, as long as it lives, to one of its methods."""

    def forget(_: Any) -> None:
        _receivers.pop(key, None)

    _receivers[key] = weakref.WeakMethod(receiver, forget)


def listen() -> bool:
    """Have the kernel of this process read our messages; False where there is no such kernel."""
    kernel = _kernel()
    handlers = getattr(kernel, "control_handlers", None)
    if handlers is None:
        return False
    handlers[MESSAGE_TYPE] = _handle
    # A slider's way to a plot crosses four threads of the kernel, and each may have to wait this
    # long for the one that works: 5 ms by default.
    sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL))
    return True


def _kernel() -> Any:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None)


def _handle(_stream: Any, _idents: Any, message: dict[str, Any]) -> None:
    content = message["content"]
    reference = _receivers.get(content.get("key"))
    receiver = reference() if reference is not None else None
    if receiver is not None:
        receiver(content["message"])
