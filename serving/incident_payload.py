"""What callers may send about claims and incidents."""

from pydantic import BaseModel, ConfigDict, TypeAdapter

from serving.payload import Name

INCIDENT_ID = "^inc_[0-9a-z]{26}$"


class ClaimIn(BaseModel):
    """Who claims or releases."""

    model_config = ConfigDict(extra="ignore")
    by: Name


CLAIM = TypeAdapter(ClaimIn)
