"""What our routes do beyond FastAPI's: answer a repeated POST once, and take JSON as it is written."""

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from auricle.web.deps import calls_of, identified
from auricle.web.idempotency import Handler, answering_once
from auricle.web.strict import check_body


class Route(APIRoute):
    """A route of ours. Its own attributes are FastAPI's: `adopt` turns one into the other."""

    __hash__ = object.__hash__  # lost by Starlette's `__eq__`; what is worked out for a route is kept by the route

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        if identified not in calls_of(self.dependant):
            handler = checking_body(handler)  # elsewhere the body is looked at after the caller
        return answering_once(handler) if "POST" in (self.methods or ()) else handler


def checking_body(handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        await check_body(request)
        return await handler(request)

    return handle


def adopt(router: APIRouter) -> APIRouter:
    """Make every route of a router ours, before the application includes it. No router can forget to."""
    for route in router.routes:
        if type(route) is APIRoute:
            route.__class__ = Route
    return router
