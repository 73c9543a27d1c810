"""Traces: one span for each call, sent to an OpenTelemetry collector.

A caller's `traceparent` is the parent of the span. The span is named by its route and not by the
address: addresses hold ids, and links that sign in. Nor does it hold what a fault says.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.domain import BadInputError
from data.settings import Settings
from serving.http.request_id import REQUEST_ID
from serving.telemetry.request_log import NO_ROUTE

if TYPE_CHECKING:  # an optional package: only who asks for traces needs it
    from opentelemetry.sdk.trace import TracerProvider

SERVICE = "expedite"


def check_traces(settings: Settings) -> None:
    """Check that traces can be sent where the settings ask for them.

    Raises:
        BadInputError: The packages that do it are not installed.
    """
    if settings.traces and find_spec("opentelemetry.exporter") is None:
        cure = "Install them: pip install 'expedite[traces]'."
        raise BadInputError("EXPEDITE_TRACES", "needs packages that are not installed", cure)


def open_traces(url: str) -> "TracerProvider":
    """Return what sends spans to a collector, some at a time; it must be shut down in the end.

    A collector that does not answer costs spans, never calls.

    Args:
        url: Where the collector takes OTLP over HTTP.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    traces = TracerProvider(resource=Resource.create({SERVICE_NAME: SERVICE}))
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    return traces


class Traced:
    """Middleware that makes a span of each call."""

    def __init__(self, app: ASGIApp, traces: "TracerProvider") -> None:
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.app = app
        self._tracer = traces.get_tracer(SERVICE)
        self._kind, self._fault = SpanKind.SERVER, StatusCode.ERROR
        self._parent_of = TraceContextTextMapPropagator().extract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call within its span."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        headers = {k.decode("latin-1"): value.decode("latin-1") for k, value in scope["headers"]}
        with self._tracer.start_as_current_span(
            scope["method"],
            context=self._parent_of(headers),
            kind=self._kind,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                await self.app(scope, receive, watching)
            finally:
                route = getattr(scope.get("route"), "path", NO_ROUTE)
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.request.method", scope["method"])
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                span.set_attribute("expedite.request_id", REQUEST_ID.get() or "")
                if status >= 500:
                    span.set_status(self._fault)
