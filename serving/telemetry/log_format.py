"""Format of the log: text for people, or JSON, one object a line, for programs."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from data.settings import Settings
from serving.http.request_id import REQUEST_ID

REQUESTS = "expedite.requests"
"""Logger of requests; in the format of text it writes at the level debug only."""
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """Formatter that writes a record as one line of JSON.

    A record's `extra={"fields": {...}}` becomes fields of the line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": REQUEST_ID.get(),
            **fields,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def start_log(settings: Settings) -> None:
    """Write the log to standard error, as the settings ask.

    At the level debug the service's own lines are written; libraries stay at info, since they
    write thousands of lines below it.
    """
    level, is_json = settings.log_level.upper(), settings.log_format == "json"
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if is_json else logging.Formatter(TEXT))
    logging.basicConfig(level="INFO" if level == "DEBUG" else level, handlers=[handler])
    logging.captureWarnings(is_json)
    logging.getLogger("expedite").setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if not is_json and level != "DEBUG":
        logging.getLogger(REQUESTS).setLevel(logging.WARNING)
