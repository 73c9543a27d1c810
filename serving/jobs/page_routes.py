"""`/jobs`: the page of jobs, with forms to start and to cancel one."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.http.html import html
from serving.http.requests import caller_of, form_fields
from serving.jobs.actions import cancel_job, start_job
from serving.jobs.kinds import JOB_KINDS
from serving.jobs.payload import JOB
from serving.jobs.routes import JobId
from serving.jobs.view import details_out, has_worker, queue_of
from serving.service import service_of
from serving.wire.check import checked

router = APIRouter(include_in_schema=False)
JOBS_A_PAGE = 20
LINES_SHOWN = 12


@router.get("/jobs")
async def page(request: Request) -> Response:
    """Show the newest jobs; a script draws the list again every few seconds."""
    return await asyncio.to_thread(_drawn, request, "jobs/jobs.html")


@router.get("/jobs/list")
async def page_list(request: Request) -> Response:
    """Show the list alone."""
    return await asyncio.to_thread(_drawn, request, "jobs/jobs_list.html")


@router.post("/jobs")
async def start(request: Request) -> Response:
    """Start a job with the usual parameters of its kind."""
    fields = await form_fields(request, service_of(request).settings)
    payload = checked(JOB, {"kind": fields.get("kind")})
    await start_job(request, payload, caller=caller_of(request))
    return RedirectResponse("/jobs", 303)


@router.post("/jobs/{job_id}/cancel")
async def cancel(request: Request, job_id: JobId) -> Response:
    """Cancel a job."""
    await cancel_job(request, job_id)
    return RedirectResponse("/jobs", 303)


def _drawn(request: Request, template: str) -> Response:
    queue, service = queue_of(request), service_of(request)
    jobs = [details_out(queue, record) for record in queue.jobs(JOBS_A_PAGE)]
    return html(
        template,
        jobs=[job | {"log": job["log"][-LINES_SHOWN:]} for job in jobs],
        has_worker=has_worker(service.ledger),
        has_history=service.settings.history is not None,
        kinds=[(name, kind.summary) for name, kind in JOB_KINDS.items()],
    )
