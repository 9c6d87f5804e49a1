"""A browser's refresh token lies in a cookie that no script can read; every other client has it in the answer's body.

A page asks for it with `X-Refresh-Cookie: 1`. A page of another site can't send that header, so the cookie alone, which
the browser would send by itself, moves nothing. `__Host-` binds it to this host and to TLS; browsers take it from
`http://localhost` and `http://127.0.0.1` too, and from no other address without TLS.
"""

from typing import Annotated, Literal, TypedDict

from fastapi import Depends, Request, Response

from auricle.identity.schemas import SignIn
from auricle.identity.sessions import RefreshRefused, Tokens

COOKIE = "__Host-auricle-refresh"
HEADER = "x-refresh-cookie"


class Attributes(TypedDict):
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["strict"]


ATTRIBUTES: Attributes = {"path": "/", "secure": True, "httponly": True, "samesite": "strict"}


class RefreshCookie:
    """Where the refresh token of this request is, and where that of its answer goes."""

    def __init__(self, request: Request, response: Response) -> None:
        self._request, self._response = request, response
        self.wanted = request.headers.get(HEADER) == "1"

    def given(self, in_body: str | None) -> str:
        """The token that was sent. Raises `RefreshRefused` where there is none."""
        token = self._request.cookies.get(COOKIE) if self.wanted else in_body
        if not token:
            raise RefreshRefused
        return token

    def told(self, tokens: Tokens) -> SignIn:
        if self.wanted:
            self._response.set_cookie(COOKIE, tokens.refresh, max_age=tokens.ends_in_s, **ATTRIBUTES)
        return SignIn(
            access_token=tokens.access,
            refresh_token=None if self.wanted else tokens.refresh,
            expires_in=tokens.expires_in_s,
            organization_id=tokens.claims.organization_id,
            role=tokens.role,
        )

    def forget(self) -> None:
        if self.wanted:
            self._response.delete_cookie(COOKIE, **ATTRIBUTES)


async def refresh_cookie(request: Request, response: Response) -> RefreshCookie:
    return RefreshCookie(request, response)


Cookie = Annotated[RefreshCookie, Depends(refresh_cookie)]
