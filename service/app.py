"""The API: routes, errors, and the refusal to start with a route that does not say who may call it."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.telemetry import TelemetryConfig
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from service.accounts.identities import Identities
from service.accounts.provider import Provider
from service.db import Database, open_database
from service.errors import ServiceError
from service.installation import find_installation
from service.log import configure_logging, frames_of
from service.recommendations import routes as recommendations
from service.recommendations.district_keeper import DistrictKeeper
from service.recommendations.kept import KeptAnswers
from service.recommendations.shelf import Shelf
from service.sections import PREFIX, add_sections, check_declared, load_sections, loaded_routes, tell_methods
from service.settings import Settings, get_settings, read_secret_key
from service.surveys.sheets import GUESSES_A_MINUTE
from service.tables import ActiveModel, Installation
from service.throttle import Throttle
from service.web import (
    PROBLEMS,
    Frame,
    OpenToAll,
    Reads,
    answer_database_error,
    answer_http_error,
    answer_service_error,
    answer_validation_error,
)

log = structlog.get_logger()

VERSION = "0.1.0"
DOOR_SECONDS = 0.05  # within which a server that has started takes its first request
# the framework can export traces and messages of exceptions; nothing leaves an installation
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class Api(FastAPI):
    """The application: what it says of itself is said of all sections."""

    def openapi(self) -> dict[str, Any]:
        """Description of every route."""
        load_sections(self)
        return super().openapi()


def create_app(settings: Settings | None = None, database: Database | None = None) -> FastAPI:
    """The application, ready for a server or a test."""
    settings = settings or get_settings()
    configure_logging(settings.log_level)
    database = database or open_database(settings)
    app = Api(
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
    app.state.sheet_guesses = Throttle(GUESSES_A_MINUTE)
    app.state.provider = Provider(settings) if settings.oidc_issuer is not None else None
    app.state.identities = Identities(database, app.state.secret_key, timedelta(minutes=settings.idle_minutes))
    app.add_middleware(Frame, body_limit_bytes=settings.body_limit_bytes)
    app.add_exception_handler(ServiceError, answer_service_error)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(sa.exc.SQLAlchemyError, answer_database_error)
    app.add_exception_handler(RequestValidationError, answer_validation_error)
    app.include_router(recommendations.router, prefix=PREFIX, responses=PROBLEMS)  # first: lists are asked for most
    add_sections(app)
    app.include_router(_public_router(app))
    check_declared(loaded_routes(app))
    tell_methods(app, loaded_routes(app))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    warming = threading.Thread(target=_warm_up, args=[app], name="warm-up")
    # once the door is open: beside the start it makes both later. Who wants a list sooner lays the ranker out
    begun = asyncio.get_running_loop().call_later(DOOR_SECONDS, warming.start)
    yield
    begun.cancel()
    if warming.ident is not None:
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
    finally:
        if not gc.isenabled():  # `orientir serve` has held it: what stands now is not looked through between requests
            gc.freeze()
            gc.enable()


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
        from service.monitoring.gauges import CONTENT_TYPE, written_gauges

        return Response(written_gauges(session, app.state.settings), media_type=CONTENT_TYPE)

    @router.get("/openapi.json", include_in_schema=False)
    def get_description() -> JSONResponse:
        """Описание интерфейса."""
        return JSONResponse(app.openapi())

    return router


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
