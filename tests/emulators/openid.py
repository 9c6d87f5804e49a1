"""An OpenID provider on a port of its own: discovery, keys, code flow with PKCE. With a knob for what can be forged."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "auricle-tests", "a secret of the tests"


def new_key(kid: str) -> tuple[str, rsa.RSAPrivateKey]:
    return kid, rsa.generate_private_key(65537, 2048)


@dataclass
class OpenId:
    """The provider, and who signs in there next."""

    url: str = ""
    subject: str = "subject-1"
    email: str = "meera@example.org"
    email_verified: bool = True
    key: tuple[str, rsa.RSAPrivateKey] = field(default_factory=lambda: new_key("first"))
    forge: Callable[["OpenId", dict[str, Any]], str] | None = None  # makes the id_token in our place
    metadata: dict[str, Any] = field(default_factory=dict)  # replaces what discovery says
    broken: int = 0  # a status every endpoint answers with
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def signed(self, claims: dict[str, Any]) -> str:
        kid, key = self.key
        return jwt.encode(claims, key, "RS256", headers={"kid": kid})

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/keys", self._keys),
        ]

    async def _discovery(self, _: Request) -> Response:
        self.asked.append("discovery")
        if self.broken:
            return Response(status_code=self.broken)
        found = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            **self.metadata,
        }
        return JSONResponse(found)

    async def _authorize(self, request: Request) -> Response:
        """The person agrees at once."""
        query = dict(request.query_params)
        if (
            query["client_id"] != CLIENT_ID
            or query["response_type"] != "code"
            or "openid" not in query["scope"].split()
        ):
            return JSONResponse({"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")

    async def _token(self, request: Request) -> Response:
        self.asked.append("token")
        if self.broken:
            return Response(status_code=self.broken)
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
        begun = self._codes.pop(form.get("code", ""), None)  # once
        if begun is None or form.get("client_secret") != CLIENT_SECRET or form["redirect_uri"] != begun["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != begun["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "email": self.email,
            "email_verified": self.email_verified,
            "nonce": begun["nonce"],
            "iat": now,
            "exp": now + 300,
        }
        token = self.forge(self, claims) if self.forge else self.signed(claims)
        return JSONResponse({"access_token": "unused", "token_type": "Bearer", "id_token": token})

    async def _keys(self, _: Request) -> Response:
        self.asked.append("keys")
        kid, key = self.key
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return JSONResponse({"keys": [{**public, "kid": kid, "use": "sig", "alg": "RS256"}]})

    @asynccontextmanager
    async def running(self, port: int) -> AsyncIterator["OpenId"]:
        self.url = f"http://127.0.0.1:{port}"
        config = uvicorn.Config(
            Starlette(routes=self.routes()), host="127.0.0.1", port=port, log_config=None, ws="none"
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield self
        finally:
            server.should_exit = True
            await task


def came_back(location: str) -> tuple[str, str]:
    """The code and the state of the URL a browser is sent back to."""
    query = parse_qs(urlsplit(location).query)
    return query["code"][0], query["state"][0]
