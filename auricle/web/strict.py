"""JSON bodies are taken as they are written: `false` is no number, `5` is no date, `"1"` is no 1.

FastAPI validates parsed JSON with Pydantic's lax rules, which turn one into the other. In Pydantic's strict JSON mode a
UUID or a date may still be a string, as JSON has nothing else for them.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, get_args

from fastapi import Request, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

NUMBER = re.compile(r"\s*[+-]?[0-9._]+(e[+-]?[0-9]+)?\s*", re.IGNORECASE)
Check = Callable[[bytes], object]


async def check_body(request: Request) -> None:
    """Refuse a query or JSON body that only fits when it is bent. Raises `RequestValidationError`."""
    route = request.scope.get("route")
    if isinstance(route, APIRoute):
        check_times(request, route)
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


def check_times(request: Request, route: APIRoute) -> None:
    """A bare number in the query would be read as seconds since 1970."""
    wrong = [name for name in times_of(route) if NUMBER.fullmatch(request.query_params.get(name, ""))]
    if wrong:
        raise RequestValidationError([{"type": "datetime_parsing", "loc": ("query", name)} for name in wrong])


@lru_cache(maxsize=2048)
def times_of(route: APIRoute) -> tuple[str, ...]:
    """The query parameters of a route that are dates or times."""
    return tuple(
        field.alias
        for field in route.dependant.query_params
        if {date, datetime} & {field.field_info.annotation, *get_args(field.field_info.annotation)}
    )


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
