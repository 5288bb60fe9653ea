"""Sections of the API: the routes of a noun are built when the first request for one of its addresses comes.

What answers lists is built at start. Of the rest a process has only what it was asked for: building all of it took a
third of the start and a tenth of the memory. A section stands among the routes in its noun's place, so their order is
always the same; what is loaded is looked at first: a route that does not say who may call it is never served.
"""

import re
import threading
from collections.abc import Iterable, Iterator
from importlib import import_module

import structlog
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send

from service.log import frames_of
from service.web import PROBLEMS, OpenToAll, Permitted

log = structlog.get_logger()

PREFIX = "/v1"
# module of a noun's routes, and where they begin; an asterisk stands for a code, a number or a pseudonym
SECTIONS: dict[str, tuple[str, ...]] = {
    "service.sheets.routes": ("/students/*/sheet", "/classes/*/workbook"),
    "service.talks.routes": ("/talks", "/students/*/notes"),
    "service.accounts.routes": ("/sessions", "/sign-in", "/me"),
    "service.accounts.people_routes": ("/people", "/keys", "/broken-glass", "/audit"),
    "service.privacy.routes": (
        *(f"/students/*/{each}" for each in ("consents", "readings", "export", "erasure")),
        "/erasures",
        "/retention",
    ),
    "service.imports.routes": (
        "/intakes",
        "/imports",
        "/marked-copies",
        "/column-meanings",
        "/classes/*/survey-kit",
    ),
    "service.surveys.routes": ("/classes/*/survey-rounds", "/survey-rounds", "/survey-sheets"),
    "service.recommendations.edition_routes": (
        "/policy",
        "/balance",
        "/demand-drafts/*/impact",
        "/demand-editions/*/impact",
        "/classes/*/edition-change",
        "/classes/*/picture",
        "/students/*/showings",
    ),
    "service.recommendations.card_routes": ("/students/*", "/pathways"),
    "service.students.routes": ("/classes", "/students", "/school-students"),
    "service.demand.draft_routes": ("/demand-drafts", "/demand-meanings"),
    "service.demand.routes": ("/demand-editions",),
    "service.jobs.routes": ("/jobs",),
    "service.model_versions.routes": ("/model-versions",),
    "service.monitoring.routes": ("/observations",),
    "service.batches.routes": ("/batches",),
    "service.events.routes": ("/events", "/webhooks"),
}

_turn = threading.Lock()  # one section is loaded at a time


class UndeclaredRouteError(RuntimeError):
    """A route without a declared permission, or outside its section: it must not be served."""


class Section(BaseRoute):
    """Stands for the routes of a noun until one of their addresses is asked for."""

    def __init__(self, app: FastAPI, module: str, addresses: Iterable[str]) -> None:
        self._app = app
        self._module = module
        begins = "|".join(re.escape(address).replace(r"\*", "[^/]+") for address in addresses)
        self._own = re.compile(f"{PREFIX}(?:{begins})(?:/|$)")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether an address is of this section; by which method is for its routes to say."""
        is_own = scope["type"] == "http" and self._own.match(scope["path"]) is not None
        return (Match.FULL if is_own else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Load it beside the other requests, then let the request find its route."""
        await run_in_threadpool(self.load)
        await self._app.router(scope, receive, send)

    def load(self) -> None:
        """Put the noun's routes in the section's place; whoever comes meanwhile waits."""
        with _turn:
            routes = self._app.router.routes
            if self not in routes:  # somebody was first
                return
            try:
                router = import_module(self._module).router
                check_declared(iter_route_contexts(router.routes))
                self._check_own(iter_route_contexts(router.routes))
            except Exception as error:
                log.error("section not loaded", section=self._module, error=str(error), frames=frames_of(error))
                raise
            self._app.include_router(router, prefix=PREFIX, responses=PROBLEMS)
            tell_methods(self._app, iter_route_contexts(routes[-1:]))
            routes[routes.index(self)] = routes.pop()

    def _check_own(self, contexts: Iterable[RouteContext]) -> None:
        for context in contexts:
            if self._own.match(f"{PREFIX}{context.path}") is None:
                raise UndeclaredRouteError(f"{context.path} is not under the addresses of {self._module}")


def add_sections(app: FastAPI) -> None:
    """Every section, unloaded, after the routes that are there."""
    app.router.routes.extend(Section(app, module, addresses) for module, addresses in SECTIONS.items())


def load_sections(app: FastAPI) -> None:
    """Load what is not loaded: for whoever looks at all routes."""
    for section in [route for route in app.router.routes if isinstance(route, Section)]:
        section.load()


def loaded_routes(app: FastAPI) -> list[RouteContext]:
    """Every route that could answer just now."""
    return [each for each in iter_route_contexts(app.routes) if not isinstance(each.route, Section)]


def tell_methods(app: FastAPI, contexts: Iterable[RouteContext]) -> None:
    """Keep which methods these routes have: an address that is called by another is told them."""
    added = [(each.path, compile_path(each.path or "")[0], frozenset(each.methods or ())) for each in contexts]
    app.state.methods = [*getattr(app.state, "methods", ()), *added]


def declared_routes(app: FastAPI) -> Iterator[tuple[RouteContext, tuple[Permitted | OpenToAll, ...]]]:
    """Every route, loaded or not until now, with what it declares about access."""
    load_sections(app)
    for context in loaded_routes(app):
        yield context, _declared_by(context)


def check_declared(contexts: Iterable[RouteContext]) -> None:
    """Default deny: exactly one declaration a route."""
    for context in contexts:
        declarations = _declared_by(context)
        if len(declarations) != 1:
            raise UndeclaredRouteError(f"{context.path} declares {len(declarations)} permissions, needs one")


def _declared_by(context: RouteContext) -> tuple[Permitted | OpenToAll, ...]:
    dependant = getattr(context, "dependant", None)
    return tuple(_declarations(dependant)) if dependant is not None else ()


def _declarations(dependant: Dependant) -> Iterator[Permitted | OpenToAll]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Permitted | OpenToAll):
            yield inner.call
        yield from _declarations(inner)
