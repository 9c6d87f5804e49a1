"""The server of the role `ai`. Told to stop, it takes nothing new, finishes what it has, and ends."""

import gc
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from auricle.ai_service.app import build
from auricle.settings import Settings


class Server(uvicorn.Server):
    """uvicorn, which says that it is stopping before it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app = self.config.app
        assert isinstance(app, FastAPI)
        app.state.engine.is_draining = True
        self.should_exit, self.force_exit = True, self.should_exit  # a second signal waits for nothing


def serve(settings: Settings) -> None:
    """Run until told to stop. Raises `Misconfigured`."""
    config = uvicorn.Config(
        build(settings),
        host=settings.host,
        port=settings.ai.port,
        http="httptools",
        ws="none",
        access_log=False,
        proxy_headers=False,
        log_config=None,
        timeout_graceful_shutdown=int(settings.ai.drain_s),
        timeout_keep_alive=60,  # longer than our own clients keep a connection that they do not use
        server_header=False,
    )
    Server(config).run()
