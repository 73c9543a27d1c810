"""`make demo`: a shop is simulated, learned from, forecast and served with its pages.

Ctrl-C ends it. Everything lies below `data/files/demo/` and can be deleted. The last days of the
simulated shop are held out from training. Then they are sent to the service as an OMS would do.
Its people work the hours that the history shows, in a time zone in which the day has just begun.

The last days are eventful (`SyntheticShop.eventful_days`), so that each part of the pages has
something to show: most promises are kept, one fails and is withdrawn by the people who check it,
and a burst is found. Nothing of it is written into the ledger but what the OMS sends. The shop is
small and some of its recorded labels are wrong, so the demo promises less than the policy that is
shipped, and has more of its automatic decisions checked.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
from rich.console import Console

from data.contract.exception_tables import Exceptions
from data.history.history import History
from data.policy.policy import DEFAULT_POLICY

ROOT = Path("data/files/demo")
ORDERS, DAYS, SEED = 30_000, 130, 7
HELD_OUT_DAYS, EVENTFUL_DAYS = 21, 16
PROMISES = {"error": 0.18, "audit_share": 0.5}
"""Keys of the policy's section `promises` as the demo has them."""
MAX_WAIT_SECONDS = 120
SHIFTS = re.compile(r"^\[shifts\].*?(?=^\[(?!shifts))", re.MULTILINE | re.DOTALL)
console = Console()


def main() -> int:
    """Run the demo; return the exit code."""
    shutil.rmtree(ROOT, ignore_errors=True)
    history = ROOT / "history"
    environment = os.environ | {  # noqa: TID251 - passed on to the programs it starts
        "EXPEDITE_MLRUNS": str(ROOT / "mlruns"),
        "EXPEDITE_DATABASE_URL": f"sqlite:///{ROOT / 'ledger.sqlite'}",
        "EXPEDITE_PORT": str(_free_port()),
    }
    _run(
        "data", "import", "--source", "synthetic", "--orders", str(ORDERS), "--days", str(DAYS),
        "--seed", str(SEED), "--end", "today", "--eventful-days", str(EVENTFUL_DAYS),
        "--into", str(history), environment=environment,
    )  # fmt: skip
    detected = History.open(history).table("exceptions", columns=[Exceptions.detected_at])
    newest: pd.Timestamp = detected[Exceptions.detected_at].max()
    as_of = (newest - pd.Timedelta(days=HELD_OUT_DAYS)).isoformat()
    oldest = detected[Exceptions.detected_at].min().isoformat()
    environment["EXPEDITE_POLICY"] = str(_policy(history, oldest, as_of, environment))
    for program, moment in (("triage", as_of), ("demand", as_of), ("forecast", newest.isoformat())):
        options = ["--history", str(history), "--as-of", moment]
        if program == "triage":  # every language of the shop has labels of its own
            options.append("--no-languages")
        _run("training", program, *options, environment=environment)
    return _serve(history, environment)


def _policy(history: Path, begin: str, end: str, environment: dict[str, str]) -> Path:
    """Write the policy that is shipped, with the demo's promises and shifts; return where."""
    period = ("--history", str(history), "--from", begin, "--to", end)
    learned = _run("training", "shifts", *period, environment=environment, stdout=subprocess.PIPE)
    shifts = learned.decode().replace('"UTC"', f'"{_morning_time_zone()}"')
    policy = DEFAULT_POLICY.read_text(encoding="utf-8")
    policy = SHIFTS.sub(lambda _: shifts + "\n", policy, count=1)
    for key, value in PROMISES.items():
        policy = re.sub(
            rf"^{key} = [\d.]+", f"{key} = {value}", policy, count=1, flags=re.MULTILINE
        )
    path = ROOT / "policy.toml"
    path.write_text(policy, encoding="utf-8")
    return path


def _morning_time_zone() -> str:
    """Return a time zone in which it is between eight and nine: the shop is always at work."""
    ahead = (8 - pd.Timestamp.now("UTC").hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


def _run(
    door: str, *arguments: str, environment: dict[str, str], stdout: int | None = None
) -> bytes:
    """Run a program; return what it printed, where that is piped."""
    console.rule(f"python -m {door} {' '.join(arguments[:2])}")
    command = [sys.executable, "-m", door, *arguments]
    return subprocess.run(command, env=environment, check=True, stdout=stdout).stdout  # noqa: S603


def _serve(history: Path, environment: dict[str, str]) -> int:
    """Serve until Ctrl-C; send the held-out days when it is ready."""
    address = f"http://127.0.0.1:{environment['EXPEDITE_PORT']}"
    console.rule("python -m serving")
    service = subprocess.Popen([sys.executable, "-m", "serving"], env=environment)
    try:
        _wait_until_ready(address, service)
        _run(
            "data", "replay", "--history", str(history), "--to", address,
            "--last-days", str(HELD_OUT_DAYS), environment=environment,
        )  # fmt: skip
        console.rule()
        console.print(f"[bold green]The ranked page is at {address}/[/]   Ctrl-C ends it.")
        return service.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end(service)


def _end(service: subprocess.Popen[bytes]) -> None:
    if service.poll() is None:
        service.send_signal(signal.SIGINT)
        try:
            service.wait(timeout=10)
        except subprocess.TimeoutExpired:
            service.kill()


def _wait_until_ready(address: str, service: subprocess.Popen[bytes]) -> None:
    for _ in range(MAX_WAIT_SECONDS * 4):
        if service.poll() is not None:
            raise SystemExit(f"the service ended with code {service.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=1):  # noqa: S310 - our own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise SystemExit(f"the service was not ready within {MAX_WAIT_SECONDS} seconds")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
