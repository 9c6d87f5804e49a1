"""The application and the floors behind one uvicorn in one process, which tells the CPU it has used."""

import gc
import sys
import time
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from auricle.assemble import assembled
from auricle.db.sealed import Keyring, master_key
from auricle.routers import ROUTERS
from auricle.settings import Settings
from auricle.web.app import build_app
from bench.api.raw import Bare, connected, fastapi_route


class Beside:
    """Sends `/raw…` to the floors, everything else to the application."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url is not None
        self.url = settings.database_url.get_secret_value()
        secret = Keyring(master_key(settings.master_key, settings.data_dir)).token_secret
        self.app: ASGIApp = build_app(settings, lambda: assembled(settings), ROUTERS)  # the role `api`
        self.bare, self.fastapi = Bare(secret), fastapi_route(secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path == "/cpu":
            await plain(send, str(time.process_time_ns()).encode())
        elif path.startswith("/raw"):
            if self.bare.pool is None:
                self.bare.pool = self.fastapi.state.pool = await connected(self.url)
            await (self.fastapi if path == "/raw-fastapi" else self.bare)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


async def plain(send: Send, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    settings = Settings.model_validate_json(Path(sys.argv[1]).read_bytes())
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        Beside(settings),
        host="127.0.0.1",
        port=settings.port,
        log_config=None,
        loop="uvloop",
        http="httptools",
        timeout_keep_alive=600,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
