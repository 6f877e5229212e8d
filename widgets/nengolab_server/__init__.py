"""A Jupyter server extension: what kernels send to pages leaves at once.

TCP keeps a small packet back while the one before it is not acknowledged, and a page that has
just sent something acknowledges up to 40 ms late. So the picture that a slider asks for would wait
for the receipt of the one before. Imported by the server, which has no use for the engine: this
package imports nothing of it.
"""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["send_at_once"]


def send_at_once(handler: type) -> None:
    """Have connections of a class of WebSocket handlers send small packets without waiting."""
    opened = handler.open  # type: ignore[attr-defined]
    if hasattr(opened, "__wrapped__"):
        return

    @functools.wraps(opened)
    def open_at_once(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.set_nodelay(True)
        return opened(self, *args, **kwargs)

    handler.open = open_at_once  # type: ignore[attr-defined]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "nengolab_server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    send_at_once(KernelWebsocketHandler)
