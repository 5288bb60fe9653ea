"""The API: routes, errors, and the refusal to start with a route that does not say who may call it."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from service.accounts import people_routes
from service.accounts import routes as accounts
from service.accounts.provider import Provider
from service.accounts.queries import Identities
from service.batches import routes as batches
from service.clock import now
from service.db import Database, open_database
from service.demand import draft_routes
from service.demand import routes as demand
from service.demand.queries import age_in_force
from service.errors import ServiceError
from service.events import routes as events
from service.events.queries import count_deliveries
from service.imports import routes as imports
from service.installation import find_installation, get_today
from service.jobs import routes as jobs
from service.jobs.queries import count_jobs
from service.log import configure_logging, frames_of
from service.model_versions import routes as model_versions
from service.model_versions.queries import find_active_version
from service.monitoring import routes as monitoring
from service.monitoring.queries import figures_of, find_newest
from service.privacy import routes as privacy
from service.recommendations import edition_routes
from service.recommendations import routes as recommendations
from service.recommendations.district_keeper import DistrictKeeper
from service.recommendations.kept import KeptAnswers
from service.recommendations.shelf import Shelf
from service.settings import Settings, get_settings, read_secret_key
from service.sheets import routes as sheets
from service.students import routes as students
from service.tables import ActiveModel, Installation
from service.talks import routes as talks
from service.throttle import Throttle
from service.web import (
    PROBLEMS,
    Frame,
    OpenToAll,
    Permitted,
    Reads,
    answer_database_error,
    answer_http_error,
    answer_service_error,
    answer_validation_error,
)

log = structlog.get_logger()

VERSION = "0.1.0"
# the framework can export traces and messages of exceptions; nothing leaves an installation
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
ROUTERS = (
    recommendations.router,  # first: routes are tried in turn, and lists are asked for most
    sheets.router,
    talks.router,
    accounts.router,
    people_routes.router,
    students.router,
    privacy.router,
    imports.router,
    draft_routes.router,
    demand.router,
    jobs.router,
    model_versions.router,
    monitoring.router,
    edition_routes.router,
    batches.router,
    events.router,
)


JOB_GAUGES = {
    "queued": "Jobs that nobody has begun",
    "running": "Jobs that a worker does",
    "failed": "Jobs that were given up and not done since",
    "stuck": "Jobs whose worker has not been heard of for a whole lease",
    "oldest_waiting_seconds": "How long the oldest job that could be begun has waited",
}
DELIVERY_GAUGES = {
    "orientir_webhooks_failing": ("failing", "Webhooks whose last delivery was given up, or that were disabled"),
    "orientir_deliveries_waiting": ("waiting", "Events that a webhook has not taken yet"),
    "orientir_deliveries_oldest_waiting_seconds": ("oldest_waiting_seconds", "How old the oldest of those events is"),
}


class UndeclaredRouteError(RuntimeError):
    """A route without a declared permission: the application must not start."""


def create_app(settings: Settings | None = None, database: Database | None = None) -> FastAPI:
    """The application, ready for a server or a test."""
    settings = settings or get_settings()
    configure_logging(settings.log_level)
    database = database or open_database(settings)
    app = FastAPI(
        title="Ориентир",
        summary="Рекомендации профильных классов, курсов и проб; совет, не решение",
        version=VERSION,
        docs_url=None,  # the framework's pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would repeat whatever Host header came
        lifespan=_lifespan,
        telemetry=NO_TELEMETRY,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.secret_key = read_secret_key(settings)
    app.state.shelf = Shelf(settings)
    app.state.districts = DistrictKeeper(settings, database)
    app.state.kept_answers = KeptAnswers(database, settings.kept_answers_mb)
    app.state.under_way = set()  # requests under an Idempotency-Key, while they are done
    app.state.throttle = Throttle(settings.requests_a_minute)
    app.state.provider = Provider(settings) if settings.oidc_issuer is not None else None
    app.state.identities = Identities(database, app.state.secret_key)
    app.add_middleware(Frame, body_limit_bytes=settings.body_limit_bytes)
    app.add_exception_handler(ServiceError, answer_service_error)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(sa.exc.SQLAlchemyError, answer_database_error)
    app.add_exception_handler(RequestValidationError, answer_validation_error)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1", responses=PROBLEMS)
    app.include_router(_public_router(app))
    check_every_route_declares_access(app)
    app.state.methods = [
        (context.path, compile_path(context.path or "")[0], frozenset(context.methods or ()))
        for context, _ in declared_routes(app)
    ]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    warming = threading.Thread(target=_warm_up, args=[app], name="warm-up")
    warming.start()  # beside: who comes meanwhile waits for the ranker, nobody else does
    yield
    await run_in_threadpool(warming.join)
    app.state.districts.close()
    app.state.database.close()


def _warm_up(app: FastAPI) -> None:
    """Lay the ranker out; an installation without a model, or with a broken one, starts all the same."""
    try:
        with app.state.database.reading() as session:
            if _has_reference(session):
                app.state.shelf.take(session)
    except Exception as error:  # whoever asks for a list is told what is wrong
        log.error("ranker not laid out", error=type(error).__name__, frames=frames_of(error))


def _public_router(app: FastAPI) -> APIRouter:
    """What needs no credentials and says nothing about anybody."""
    router = APIRouter(tags=["health"], dependencies=[Depends(OpenToAll())])

    @router.get("/healthz")
    def get_health() -> dict[str, str]:
        """Процесс жив."""
        return {"status": "ok", "version": VERSION}

    @router.get("/readyz")
    def get_readiness(session: Reads) -> JSONResponse:
        """База, справочники и модель на месте."""
        checks = {name: check(session) for name, check in READINESS.items()}
        ready = all(checks.values())
        return JSONResponse({"ready": ready, "checks": checks}, status_code=200 if ready else 503)

    @router.get("/metrics", response_class=Response)
    def get_metrics(session: Reads) -> Response:
        """Показатели для мониторинга (Prometheus): ничего ни о ком."""
        registry = CollectorRegistry()
        age = age_in_force(session, app.state.settings, get_today(session, app.state.settings).as_of)
        if age is not None:
            text = "Days since the demand list in force was published; the next one is due after 184"
            Gauge("orientir_demand_list_age_days", text, registry=registry).set(age)
        counts = count_jobs(session)
        for field, text in JOB_GAUGES.items():
            Gauge(f"orientir_jobs_{field}", text, registry=registry).set(getattr(counts, field))
        deliveries = count_deliveries(session)
        for name, (field, text) in DELIVERY_GAUGES.items():
            Gauge(name, text, registry=registry).set(getattr(deliveries, field))
        _add_alarms(registry, session)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/openapi.json", include_in_schema=False)
    def get_description() -> JSONResponse:
        """Описание интерфейса."""
        return JSONResponse(app.openapi())

    return router


def _add_alarms(registry: CollectorRegistry, session: Session) -> None:
    """What the last observation of the version that serves saw; nothing before the first one."""
    version = find_active_version(session)
    newest = find_newest(session, version) if version is not None else None
    if newest is None:
        return
    age = (now() - newest.observed_at).total_seconds()
    Gauge("orientir_observation_age_seconds", "Since the model was last observed", registry=registry).set(age)
    alarm = Gauge("orientir_model_alarm", "1 where a figure is beyond its limit", ["figure"], registry=registry)
    value = Gauge("orientir_model_figure", "The figure as last observed", ["figure"], registry=registry)
    for figure in figures_of(newest):
        alarm.labels(figure.code).set(bool(figure.is_alarm))
        if figure.value is not None:
            value.labels(figure.code).set(figure.value)


def _has_tables(session: Session) -> bool:
    return inspect(session.connection()).has_table(Installation.__tablename__)


def _has_reference(session: Session) -> bool:
    installation = find_installation(session) if _has_tables(session) else None
    return installation is not None and installation.reference_checksum is not None


def _has_model(session: Session) -> bool:
    return _has_tables(session) and session.scalar(select(ActiveModel.version)) is not None


READINESS: dict[str, Callable[[Session], bool]] = {
    "database": _has_tables,
    "reference": _has_reference,
    "model": _has_model,
}


def declared_routes(app: FastAPI) -> Iterator[tuple[RouteContext, tuple[Permitted | OpenToAll, ...]]]:
    """Every route with what it declares about access."""
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        yield context, tuple(_declarations(dependant)) if dependant is not None else ()


def _declarations(dependant: Dependant) -> Iterator[Permitted | OpenToAll]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Permitted | OpenToAll):
            yield inner.call
        yield from _declarations(inner)


def check_every_route_declares_access(app: FastAPI) -> None:
    """Default deny, at start-up: exactly one declaration a route."""
    for context, declarations in declared_routes(app):
        if len(declarations) != 1:
            raise UndeclaredRouteError(f"{context.path} declares {len(declarations)} permissions, needs one")
