"""The console's files, at every path that no route has. `make console` builds them; the wheel carries them.

What has a hash in its name is kept for a year; `index.html` is asked for each time. A page's own path (`/patients/…`)
gets `index.html`, and the page finds its place; so does nothing under the API's paths, where a typo must stay a 404.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from auricle.errors import NotFound
from auricle.settings import Settings
from auricle.web.edges import SECURITY

FOLDER = Path(__file__).parent.parent / "console"
OURS = ("api/", "v1/", "ws/", "webhooks/", "docs", "openapi.json", "metrics", "health", "ready")
ABSENT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Auricle</title>
<p>The API of Auricle is here. Its console was not built: <code>make console</code> does it.</p></html>"""


def policy(settings: Settings) -> str:
    """Own files only; no inline script or style; sound from blobs; sockets to here and to where calls are held."""
    calls = {settings.socket_url, settings.socket_url.replace("ws", "http", 1)}
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "worker-src 'self'",
            "manifest-src 'self'",
            "connect-src " + " ".join(["'self'", *sorted(calls)]),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


class Console:
    """The ASGI application that answers what no route does."""

    def __init__(self, settings: Settings, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.headers = {
            "Content-Security-Policy": policy(settings),
            "Permissions-Policy": SECURITY["Permissions-Policy"] + ", microphone=(self)",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await WebSocketClose(1008)(scope, receive, send)
            return
        request = Request(scope)
        path = request.url.path.lstrip("/")
        if request.method not in ("GET", "HEAD") or path.startswith(OURS):
            raise NotFound
        await self.answer(path, "text/html" in request.headers.get("accept", ""))(scope, receive, send)

    def answer(self, path: str, page_wanted: bool) -> Response:
        file = file_of(self.folder, path)
        if file is not None:
            kept = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
            return FileResponse(file, headers={**self.headers, "Cache-Control": kept})
        if path.startswith("assets/") or not page_wanted:
            raise NotFound
        index = self.folder / "index.html"
        if not index.is_file():
            return HTMLResponse(ABSENT, headers=self.headers)
        return FileResponse(index, headers={**self.headers, "Cache-Control": "no-cache"})


def file_of(folder: Path, path: str) -> Path | None:
    """The built file of this path. None for what is none, and for what lies outside the folder."""
    if not path or "\0" in path:
        return None
    file = (folder / path).resolve()
    return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
