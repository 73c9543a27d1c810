"""A setting is one field; `.env.example` names it, as a house test demands."""

FIELD = """
    moon_phase: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5, description="Share of the disc that is lit"
    )
"""
PROGRAM = """
import os
from data.domain import BadInputError
from data.settings import Settings

print(Settings.read().moon_phase)
os.environ["EXPEDITE_MOON_PHASE"] = "0.25"
print(Settings.read().moon_phase)
os.environ["EXPEDITE_MOON_PHASE"] = "full"
try:
    Settings.read()
except BadInputError as error:
    print(error)
"""


def test_a_setting_is_read_from_the_environment_by_one_new_field(product):
    log_level = (
        '    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")\n'
    )
    product.add_entry("data/settings.py", after=log_level, text=FIELD)

    default, environment, error = product.run(PROGRAM).splitlines()

    assert (default, environment) == ("0.5", "0.25")
    assert error.startswith("EXPEDITE_MOON_PHASE")
