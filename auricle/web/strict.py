"""JSON bodies are taken as they are written: `false` is no number, `5` is no date, `"1"` is no 1.

FastAPI validates parsed JSON with Pydantic's lax rules, which turn one into the other. In Pydantic's strict JSON mode a
UUID or a date may still be a string, as JSON has nothing else for them.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Request, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

Check = Callable[[bytes], object]


async def check_body(request: Request) -> None:
    """Refuse a JSON body that only fits when it is bent. Raises `RequestValidationError`."""
    route = request.scope.get("route")
    check = check_of(route) if isinstance(route, APIRoute) else None
    if check is None or "json" not in request.headers.get("content-type", ""):
        return
    body = await request.body()
    if not body:
        return
    try:
        check(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in wrong]) from None


@lru_cache(maxsize=2048)
def check_of(route: APIRoute) -> Check | None:
    """The strict reading of a route's JSON body, if it has one."""
    field = route.body_field
    if field is None or not is_json(field.field_info):
        return None
    annotation: Any = field.field_info.annotation
    for constraint in field.field_info.metadata:
        annotation = Annotated[annotation, constraint]
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    return lambda body: adapter.validate_json(body, strict=True)


def is_json(info: object) -> bool:
    return isinstance(info, params.Body) and not isinstance(info, params.Form) and "json" in info.media_type
