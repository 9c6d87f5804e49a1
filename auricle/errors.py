"""The family of expected failures.

Status and code live on the type; a failure is declared beside the function that raises it. `web/problems.py` turns
them into RFC 9457 answers, the WebSocket shell into `error` messages. Messages hold no clinical text, names or keys.
"""

from typing import Any, ClassVar


class AuricleError(Exception):
    """A failure we expect and can explain to whoever called."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str | None = None, **context: Any) -> None:
        self.message = message or (type(self).__doc__ or self.title).strip().splitlines()[0]
        self.context = context
        super().__init__(self.message)


class Invalid(AuricleError):
    """The request is not valid."""

    status, code, title = 422, "validation.invalid", "Invalid request"


class UnstorableText(Invalid):
    """Text with a NUL character can't be kept; nothing was changed."""

    code = "validation.unstorable_text"


class Unauthenticated(AuricleError):
    """Sign in first."""

    status, code, title = 401, "authentication.required", "Not signed in"


class Forbidden(AuricleError):
    """You may not do this."""

    status, code, title = 403, "authorization.forbidden", "Forbidden"


class NotFound(AuricleError):
    """There is no such thing, or it is not yours to see."""

    status, code, title = 404, "not_found", "Not found"


class Conflict(AuricleError):
    """This does not fit the present state."""

    status, code, title = 409, "conflict", "Conflict"


class TooLarge(AuricleError):
    """This is larger than allowed."""

    status, code, title = 413, "request.too_large", "Too large"


class Unsupported(AuricleError):
    """This kind of content is not supported."""

    status, code, title = 415, "request.unsupported", "Unsupported content"


class RateLimited(AuricleError):
    """Too many requests; try again later."""

    status, code, title = 429, "rate_limit.exceeded", "Too many requests"


class Unavailable(AuricleError):
    """A part of the system is not available now; try again."""

    status, code, title = 503, "unavailable", "Unavailable"


class DatabaseUnavailable(Unavailable):
    """The database can't be reached now; nothing was changed."""

    code = "database.unavailable"


class IntegrityBroken(Conflict):
    """The change contradicts other data; nothing was changed."""

    code = "database.integrity"


class Misconfigured(AuricleError):
    """The installation's settings do not fit together."""

    status, code, title = 500, "configuration.invalid", "Misconfigured"
