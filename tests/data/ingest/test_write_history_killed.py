import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.verify import faults
from data.ingest.write_history import write_history

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
SWITCHED = "after replace 4"  # the fourth file is the manifest
MOMENTS = [
    *(f"step {n}" for n in range(1, 6)),
    *(f"before replace {n}" for n in range(1, 5)),
    SWITCHED,
]
KILL_AT_EVERY_MOMENT = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def run(folder, moment):
    told = {"step": 0, "replace": 0}
    replace = Path.replace

    def watch(step, rows):
        told["step"] += 1
        if moment == f"step {told['step']}":
            die()

    def replaced(self, target):
        told["replace"] += 1
        if moment == f"before replace {told['replace']}":
            die()
        replace(self, target)
        if moment == f"after replace {told['replace']}":
            die()

    Path.replace = replaced
    days = ["2024-05-01", "2024-05-02", "?"]
    orders = pd.DataFrame({"order_id": ["A", "D", "E"], "placed_at": days})
    lines = pd.DataFrame({"order_id": ["D"], "line_id": ["1"], "sku": ["S"], "units": [1]})
    terms = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
    write_history(folder, iter([("orders", orders), ("order_lines", lines)]), terms, watch=watch)

base, moments = Path(sys.argv[1]), sys.argv[2:]
for moment in moments:
    child = os.fork()
    if child == 0:
        run(base / moment, moment)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(moment, os.waitstatus_to_exitcode(status), sep=": ")
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """One history for each moment, killed there in its second import; and how each one ended."""
    base = tmp_path_factory.mktemp("killed")
    orders = pd.DataFrame({"order_id": ["A", "B"], "placed_at": ["2024-03-01", "2024-03-02"]})
    write_history(base / "former", [("orders", orders)], TERMS)
    for moment in [*MOMENTS, "never"]:
        shutil.copytree(base / "former", base / moment)
    command = [sys.executable, "-c", KILL_AT_EVERY_MOMENT, str(base), *MOMENTS, "never"]
    root = Path(__file__).parents[3]
    finished = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    ends = dict(line.rsplit(": ", 1) for line in finished.stdout.splitlines())
    return base, ends


def test_every_moment_of_the_kill_test_is_reached(killed):
    _, ends = killed

    assert ends == dict.fromkeys(MOMENTS, "-9") | {"never": "0"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_import_killed_at_any_moment_leaves_a_whole_history(killed, moment):
    base, _ = killed
    former, new = (History.open(base / name).fingerprint for name in ("former", "never"))
    survivor = History.open(base / moment)

    assert survivor.fingerprint == (new if moment == SWITCHED else former)
    assert list(faults(base / moment, TERMS)) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_import_after_a_kill_sweeps_and_succeeds(killed, moment, tmp_path):
    base, _ = killed
    folder = tmp_path / "h"
    shutil.copytree(base / moment, folder)
    orders = pd.DataFrame({"order_id": ["Z"], "placed_at": ["2024-06-01"]})
    write_history(folder, [("orders", orders)], TERMS)
    write_history(folder, [("orders", orders)], TERMS)

    stored = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}
    named = {".lock", "manifest.json", *History.open(folder).manifest.files()}
    assert stored == named
