"""`/v1/jobs`: long work that is started, watched and cancelled over HTTP."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from serving.http.openapi import answers
from serving.http.requests import Key, body_of, caller_of, json_answer, parsed
from serving.jobs.actions import cancel_job, start_job
from serving.jobs.payload import JOB, job_body
from serving.jobs.view import JobDetailsOut, JobsOut, details_out, jobs_out, queue_of
from serving.service import service_of
from serving.wire.check import checked

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
JOB_ID = "^job_[0-9a-z]{26}$"
PROBLEMS = (400, 404, 409, 413, 422, 503)
JobId = Annotated[str, Path(pattern=JOB_ID)]
StatusName = Literal["waiting", "running", "succeeded", "failed", "cancelled"]


@router.get("", responses=answers(JobsOut, (422, 503)))
async def read_list(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    status: StatusName | None = None,
) -> Response:
    """The newest jobs, the newest first; of those of one status the ones among the last 200."""
    ledger = service_of(request).ledger
    return json_answer(
        await asyncio.to_thread(lambda: jobs_out(queue_of(request), ledger, limit, status))
    )


@router.post(
    "", status_code=202, openapi_extra=job_body(), responses=answers(JobDetailsOut, PROBLEMS, 202)
)
async def start(request: Request, key: Key = None) -> Response:
    """Start a job. One of a kind waits or runs at a time, over all servers; a second is refused."""
    service = service_of(request)
    payload = checked(JOB, parsed(await body_of(request, service.settings)))
    caller = caller_of(request)
    job = await start_job(request, payload, caller=caller, key=key)
    return json_answer(job, 202)


@router.get("/{job_id}", responses=answers(JobDetailsOut, (404, 422, 503)))
async def read(request: Request, job_id: JobId) -> Response:
    """One job with its progress, the last lines of its log, and its result."""

    def details() -> JobDetailsOut:
        queue = queue_of(request)
        return details_out(queue, queue.job(job_id))

    return json_answer(await asyncio.to_thread(details))


@router.post("/{job_id}/cancel", responses=answers(JobDetailsOut, (403, 404, 409, 415, 422, 503)))
async def cancel(request: Request, job_id: JobId) -> Response:
    """Cancel a job that waits or runs; its command is ended within seconds.

    The body is empty, or an empty JSON object.
    """
    return json_answer(await cancel_job(request, job_id))
