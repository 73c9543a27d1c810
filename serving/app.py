"""The HTTP application: `create_app(settings)` mounts every file of `serving/routes`."""

import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import FastAPI

from data.settings import Settings
from serving import problems, routes
from serving.champion import Champion, ModelStore, Watch
from serving.desk import Desk, wall_clock_ms
from serving.metrics import Measured, registry_of


def create_app(
    settings: Settings, store: ModelStore, clock: Callable[[], int] = wall_clock_ms
) -> FastAPI:
    """Build the application; nothing is opened before it starts.

    Args:
        settings: Where things are.
        store: Where champions come from.
        clock: Milliseconds since 1970.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        champion = Champion(store)
        watch = Watch(champion, settings.poll_seconds)
        app.state.desk = Desk(settings, champion, clock)
        app.state.registry = registry_of(app.state.desk)
        watch.start(settings.startup_wait_seconds)
        yield
        watch.stop()
        app.state.desk.close()

    app = FastAPI(title="Expedite", version="0.1.0", lifespan=lifespan)
    problems.install(app)
    app.add_middleware(Measured)
    for module in pkgutil.iter_modules(routes.__path__, f"{routes.__name__}."):
        app.include_router(import_module(module.name).router)
    return app
