"""Traces: a collector gets one span for each call, within the caller's trace."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector():
    """Address of a collector, and the spans that it got."""
    spans = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            sent = ExportTraceServiceRequest.FromString(body)
            spans.extend(s for r in sent.resource_spans for g in r.scope_spans for s in g.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", spans
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def span(running, collector):
    """The span of one call for an exception that is not there."""
    url, spans = collector
    with running(traces=url) as client:
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
        client.get(f"/v1/exceptions/exc_{'0' * 26}", headers=headers)
    return next(each for each in spans if each.name.endswith("{exception_id}"))


def test_a_span_has_the_trace_of_its_caller(span):
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, CALLER)


def test_a_span_names_route_and_status_and_no_id(span):
    values = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
    assert len(values.pop("expedite.request_id")) == 32
    assert values == {
        "http.request.method": "GET",
        "http.route": "/v1/exceptions/{exception_id}",
        "http.response.status_code": 404,
    }


def test_a_collector_that_is_gone_costs_no_call(running):
    with running(traces="http://127.0.0.1:9/v1/traces") as client:
        assert client.get("/livez").status_code == 200
