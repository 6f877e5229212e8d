"""The extension of the Jupyter server."""

import asyncio
import importlib
import json
import socket
from pathlib import Path

import nengolab_server
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado import httpserver, testing, web, websocket


def test_connections_of_kernels_send_small_packets_at_once():
    told = {}

    class Handler(websocket.WebSocketHandler):
        async def open(self, name):
            found = self.ws_connection.stream.socket
            told[name] = found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    async def connect(name):
        port_socket, port = testing.bind_unused_port()
        server = httpserver.HTTPServer(web.Application([(r"/(\w+)", Handler)]))
        server.add_socket(port_socket)
        client = await websocket.websocket_connect(f"ws://127.0.0.1:{port}/{name}")
        client.close()
        server.stop()
        await server.close_all_connections()

    asyncio.run(connect("before"))
    nengolab_server.send_at_once(Handler)
    asyncio.run(connect("after"))
    assert told["before"] == 0
    assert told["after"] != 0


def test_the_server_finds_it(monkeypatch):
    """The configuration that is installed names it, and loading it changes the kernels' handler."""
    folder = Path(nengolab_server.__file__).parent
    extensions = json.loads((folder / "nengolab_server.json").read_text())["ServerApp"]
    (name,) = extensions["jpserver_extensions"]
    module = importlib.import_module(name)
    assert module._jupyter_server_extension_points() == [{"module": name}]
    before = KernelWebsocketHandler.open
    monkeypatch.setattr(KernelWebsocketHandler, "open", before)
    module._load_jupyter_server_extension(None)
    after = KernelWebsocketHandler.open
    module._load_jupyter_server_extension(None)
    assert after is not before
    assert KernelWebsocketHandler.open is after  # loaded twice, wrapped once
