"""The HTTP application: `create_app(settings)` mounts every file of `serving/routes`."""

import asyncio
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module

from fastapi import FastAPI
from starlette.routing import Match, Route
from starlette.types import Scope

from data.domain import NoChampionError
from data.settings import Settings
from serving import documentation, problems, routes
from serving.champion import Champion, ModelStore, Watch
from serving.desk import Desk
from serving.forecasts import ForecastWatch
from serving.incidents import keep_incidents
from serving.metrics import Measured, registry_of
from serving.recent import Recent
from serving.rescoring import keep_scored
from serving.routes import forecasts, score
from serving.stock_exceptions import keep_raised


def create_app(
    settings: Settings,
    open_store: Callable[[], ModelStore] | None = None,
    clock: Callable[[], int] | None = None,
) -> FastAPI:
    """Build the application; nothing is opened before it starts.

    Args:
        settings: Where things are.
        open_store: Opens where champions come from; the settings' `mlruns` if left out.
        clock: Milliseconds since 1970; None is the clock that the settings tell.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        champion = Champion(open_store or partial(_store_of, settings))
        desk = app.state.desk = Desk(settings, champion, clock)
        app.state.registry = registry_of(desk)
        watch = Watch(champion, Recent(desk.ledger), settings)
        books = ForecastWatch(desk.forecasts, settings)
        await asyncio.to_thread(watch.start)
        await asyncio.to_thread(books.start)
        rescoring = asyncio.create_task(keep_scored(desk))
        raising = asyncio.create_task(keep_raised(desk, lambda: desk.forecasts.book))
        watching = asyncio.create_task(keep_incidents(desk.incidents, settings.poll_seconds))
        yield
        watching.cancel()
        rescoring.cancel()
        raising.cancel()
        await asyncio.to_thread(watch.stop)
        await asyncio.to_thread(books.stop)
        desk.close()

    # FastAPI's pages for /openapi.json load their script from a CDN: they are left out.
    app = FastAPI(
        title="Expedite", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    problems.install(app)
    documentation.install(app)
    app.add_middleware(Measured)
    for module in pkgutil.iter_modules(routes.__path__, f"{routes.__name__}."):
        app.include_router(import_module(module.name).router)
    # The hot paths go straight to their functions. FastAPI's own routes to them document them.
    app.router.routes.insert(0, _Direct("/v1/score", score.score, methods=["POST"]))
    app.router.routes.insert(0, _Direct("/v1/forecasts", forecasts.read, methods=["GET"]))
    return app


class _Direct(Route):
    """A plain route, which names itself as FastAPI's do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as a plain route does."""
        match, found = super().matches(scope)
        return match, {**found, "route": self}


def _store_of(settings: Settings) -> ModelStore:
    if not any(settings.mlruns.glob("*.db")):
        raise NoChampionError("triage", f"no model was ever trained into {settings.mlruns}")
    # MLflow takes seconds to import: only the thread that watches the champion waits for it.
    return import_module("models.store").Store(settings.mlruns)
