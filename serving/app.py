"""The HTTP application: `create_app(settings)` mounts the router of every module of routes.

Such a module is called `routes` or `*_routes`, stands in any package of `serving`, and holds a
`router`.
"""

import asyncio
import pkgutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import Match, Route
from starlette.types import Scope

import serving
from data.settings import Settings
from serving.access.access import Access
from serving.access.retention import SECONDS_BETWEEN_RETENTIONS, RetentionWatch
from serving.access.route_guard import GuardedApp, check_caller
from serving.access.route_scopes import scope_of
from serving.clock import Clock
from serving.demand import routes as demand_routes
from serving.exceptions import score_routes
from serving.exceptions.rescore import RescoringWatch
from serving.http import openapi, problems
from serving.http.compression import CompressedPages
from serving.http.draining import Draining, DrainState
from serving.http.parameters import NonBlankParameters
from serving.http.request_guard import RequestGuard, allowed_hosts
from serving.inventory.stock_watch import StockExceptionWatch
from serving.jobs.view import LazyJobQueue, job_counts
from serving.ledger_follower import SECONDS_BETWEEN_LOOKS
from serving.metrics.call_counts import Measured
from serving.metrics.registry import registry_of
from serving.metrics.service_state import ServiceState
from serving.pollers import Background, PollingTask, PollingThread
from serving.scoring.champion import ChampionWatch, ModelStore, open_model_store
from serving.scoring.recent_logs import RecentLogs
from serving.service import Service
from serving.telemetry.request_log import RequestLog
from serving.telemetry.traces import Traced, open_traces
from serving.watch_lease import RENEW_SECONDS

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


def create_app(
    settings: Settings,
    open_store: Callable[[], ModelStore] | None = None,
    clock: Clock | None = None,
    counts_folder: str | None = None,
) -> FastAPI:
    """Build the application; nothing is opened before it starts.

    Args:
        settings: Where things are.
        open_store: Opens where champions come from; the settings' `mlruns` if left out.
        clock: Milliseconds since 1970; None is the clock that the settings tell.
        counts_folder: Folder in which all workers of one port count; None for a single process.
    """
    traces = open_traces(settings.traces) if settings.traces else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service = app.state.service = Service.open(
            settings, open_store or partial(open_model_store, settings.mlruns), clock
        )
        app.state.access = Access.of(service)
        app.state.jobs = LazyJobQueue(settings.database_url)
        background = app.state.background = _background(service)
        jobs = partial(job_counts, app.state.jobs, service.ledger, settings)
        app.state.registry = registry_of(ServiceState(service, background, jobs), counts_folder)
        await asyncio.to_thread(background.start_threads)
        await asyncio.to_thread(service.scorer.champion.note_absence)
        await asyncio.to_thread(service.lease.step)
        background.start_tasks()
        yield
        await background.stop()
        app.state.jobs.close()
        service.close()
        if traces is not None:
            await asyncio.to_thread(traces.shutdown)

    # FastAPI's pages for /openapi.json load their script from a CDN: they are left out.
    app = FastAPI(
        title="Expedite", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    problems.install(app)
    openapi.install(app, scope_of)
    _add_middleware(app, settings, traces)
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    """Add all routes, each guarded by the scope that it needs."""
    for router in _routers():
        app.include_router(router, dependencies=[Depends(check_caller)])
    # The hot paths go straight to their functions. FastAPI's own routes to them document them.
    app.router.routes.insert(0, _Direct("/v1/score", score_routes.score, methods=["POST"]))
    app.router.routes.insert(0, _Direct("/v1/forecasts", demand_routes.read, methods=["GET"]))
    for route in app.router.routes:
        if isinstance(route, Route):
            route.app = GuardedApp(route.app, route.path)


def _add_middleware(app: FastAPI, settings: Settings, traces: "TracerProvider | None") -> None:
    """Add what every call passes; the last one added is the first that it meets."""
    app.state.drain = DrainState()
    app.add_middleware(Draining, state=app.state.drain)
    app.add_middleware(CompressedPages)
    app.add_middleware(NonBlankParameters)
    app.add_middleware(RequestGuard, hosts=allowed_hosts(settings))
    app.add_middleware(Measured)
    if traces is not None:
        app.add_middleware(Traced, traces=traces)
    app.add_middleware(
        RequestLog, is_degraded=lambda: app.state.service.scorer.champion.version is None
    )


def _background(service: Service) -> Background:
    """Return what runs beside the calls."""
    return Background(
        _threads(service),
        _tasks(service),
        writer=service.writes,
        seconds_between=service.settings.poll_seconds,
    )


def _threads(service: Service) -> list[PollingThread]:
    """Return the threads that look for another champion and another forecast book."""
    settings, champion = service.settings, service.scorer.champion
    recent = RecentLogs(service.ledger, service.policy)
    return [
        PollingThread(
            "champion",
            ChampionWatch(champion, recent, settings.recent_seconds).look,
            settings,
            warning="The champion is still being loaded: answers are degraded until it is",
        ),
        PollingThread(
            "forecasts",
            service.forecast_book.poll,
            settings,
            warning="The forecast book is still being read: there are no forecasts until it is",
        ),
    ]


def _tasks(service: Service) -> list[PollingTask]:
    """Return what keeps the work list true: other processes, rescoring, stock, incidents."""
    leased, clock = service.leased_writer, service.clock
    rescoring = RescoringWatch(service.scorer, service.worklist, leased, clock)
    stock = StockExceptionWatch(
        service.forecast_book, service.worklist, leased, policy=service.policy, clock=clock
    )
    retention = RetentionWatch(service.ledger, service.settings, leased, clock)
    seconds = service.settings.poll_seconds
    return [
        PollingTask("retention", retention.look, seconds_between=SECONDS_BETWEEN_RETENTIONS),
        PollingTask("follower", service.follower.follow_on, seconds_between=SECONDS_BETWEEN_LOOKS),
        PollingTask("lease", service.lease.look, seconds_between=RENEW_SECONDS, max_doublings=0),
        PollingTask("rescoring", rescoring.look, seconds_between=seconds),
        PollingTask("stock_exceptions", stock.look, seconds_between=seconds),
        PollingTask("incidents", service.incidents.look, seconds_between=seconds),
    ]


def _routers() -> Iterator[APIRouter]:
    for module in pkgutil.walk_packages(serving.__path__, f"{serving.__name__}."):
        name = module.name.rpartition(".")[2]
        if name == "routes" or name.endswith("_routes"):
            yield import_module(module.name).router


class _Direct(Route):
    """A plain route, which names itself as FastAPI's do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as a plain route does."""
        match, matched = super().matches(scope)
        return match, {**matched, "route": self}
