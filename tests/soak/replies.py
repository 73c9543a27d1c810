"""Checks of an answer: its status, its shape, and as many answers as items were sent."""

from typing import Any

import orjson

from tests.soak.campaign import Campaign
from tests.soak.in_process import Call, Reply


def check_reply(campaign: Campaign, call: Call, value: Any, reply: Reply) -> None:
    """Note what is wrong with an answer."""
    campaign.endings[f"status {reply.status}"] += 1
    shown = f"{call}\n-> {reply.status} {reply.body[:500]!r}"
    if reply.status == 0 or reply.status >= 500:
        campaign.problem(f"status {reply.status} of {call.method} {_kind(call.path)}", shown)
    elif "json" in reply.media_type and "ndjson" not in reply.media_type and call.method != "HEAD":
        try:
            answer = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            campaign.problem("an answer that is no JSON", shown)
            return
        check_counts(campaign, call, value, reply.status, answer, shown)
    elif "ndjson" in reply.media_type:
        for line in reply.body.splitlines():
            orjson.loads(line)
    else:
        if reply.media_type.startswith("text/"):
            reply.body.decode("utf-8")
        if b"Traceback" in reply.body:
            campaign.problem("a traceback in an answer", shown)


def check_counts(
    campaign: Campaign, call: Call, value: Any, status: int, answer: Any, shown: str
) -> None:
    """Note an answer that has other counts than what was sent."""
    if status >= 400:
        if answer.get("status") != status or not answer.get("detail"):
            campaign.problem("a problem of another shape", shown)
        return
    if not isinstance(value, dict):
        return
    if "exceptions" in value and call.path in ("/v1/score", "/v1/exceptions"):
        results = answer["results"]
        refused = [item for item in results if item["result"] == "refused"]
        taken = answer.get("scored", answer.get("accepted"))
        counts = (len(results), taken + answer["refused"], len(refused))
        if counts != (len(value["exceptions"]), len(results), answer["refused"]):
            campaign.problem("other counts than were sent", shown)
    for name in {"forecasts", "replenishments"} & answer.keys():
        series = value.get("series")
        answered = len(answer[name]) + len(answer["refused"])
        if isinstance(series, list) and answered < len(series):
            campaign.problem("fewer answers than series", shown)


def _kind(path: str) -> str:
    return "/".join(
        "{id}" if part.startswith(("exc_", "inc_")) else part for part in path.split("/")
    )
