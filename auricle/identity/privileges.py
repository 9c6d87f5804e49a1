"""Which operation needs which permission, read from the application's own routes: nothing is written down twice."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from auricle.web.deps import Permission, identified


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `needs`: one permission of each of these must be held; empty with `signed_in`: anybody
    who is signed in; without: everybody.
    """

    operation_id: str
    summary: str
    method: str
    path: str
    signed_in: bool
    needs: tuple[tuple[str, ...], ...]

    def open_to(self, permissions: frozenset[str]) -> bool:
        """Whether somebody signed in with these permissions gets through."""
        return all("*" in permissions or not permissions.isdisjoint(any_of) for any_of in self.needs)


def operations(routes: Iterable[BaseRoute]) -> list[Operation]:
    """The operations behind some routes, by path and method."""
    return sorted((one for route in routes for one in operations_of(route)), key=lambda o: (o.path, o.method))


def operations_of(route: BaseRoute) -> Iterator[Operation]:
    included = getattr(route, "original_router", None)  # how FastAPI keeps a router that was included
    if included is not None:
        for inner in included.routes:
            yield from operations_of(inner)
    elif isinstance(route, APIRoute):
        calls = list(called(route.dependant))
        needs = dict.fromkeys(call.permissions for call in calls if isinstance(call, Permission))
        for method in sorted(route.methods or ()):
            yield Operation(
                operation_id=route.operation_id or route.name,
                summary=route.summary or "",
                method=method,
                path=route.path,
                signed_in=identified in calls,
                needs=tuple(needs),
            )


def called(dependant: Dependant) -> Iterator[object]:
    """Every dependency that runs before the operation."""
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from called(dependency)
