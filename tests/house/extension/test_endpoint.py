"""An endpoint with its answer is one file."""

import json

ROUTES = '''"""The moon, for a test."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

router = APIRouter()


class MoonOut(TypedDict):
    """The moon as it stands."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    lit_share: Annotated[float, Field(description="Share of the disc that is lit, 0 to 1")]


@router.get("/v1/moon", responses={200: {"model": MoonOut}})
async def moon() -> Response:
    """Return the moon."""
    answer: MoonOut = {"lit_share": 0.5}
    return Response(json.dumps(answer), media_type="application/json")
'''.replace("from typing import", "import json\nfrom typing import")

PROGRAM = """
import json
from fastapi.testclient import TestClient
from data.settings import Settings
from serving.app import create_app

app = create_app(Settings(database_url="sqlite:///ledger.sqlite", startup_wait_seconds=0))
with TestClient(app, base_url="http://localhost") as client:
    print(json.dumps({
        "moon": client.get("/v1/moon").json(),
        "openapi": client.get("/openapi.json").json(),
    }))
"""


def test_an_endpoint_is_served_and_documented_from_one_new_file(product):
    product.add_file("serving/worklist/moon_routes.py", ROUTES)

    printed = json.loads(product.run(PROGRAM).splitlines()[-1])

    assert printed["moon"] == {"lit_share": 0.5}
    assert "get" in printed["openapi"]["paths"]["/v1/moon"]
    documented = printed["openapi"]["components"]["schemas"]["MoonOut"]["properties"]["lit_share"]
    assert documented["description"] == "Share of the disc that is lit, 0 to 1"
