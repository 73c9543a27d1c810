"""`make demo`: a shop is simulated, learned from, forecast and served with its pages.

Ctrl-C ends it. Everything lies below `data/files/demo/` and can be deleted. The last days of the
simulated shop are kept from training and then sent to the service as an OMS would send them.
"""

import os
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

from data.history import History
from data.tables import Exceptions

ROOT = Path("data/files/demo")
ORDERS, SEED = 20_000, 7
KEPT_DAYS = 5
PATIENCE_SECONDS = 120
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
        "data", "import", "--source", "synthetic", "--orders", str(ORDERS), "--seed", str(SEED),
        "--end", "today", "--into", str(history), environment=environment,
    )  # fmt: skip
    detected = History.open(history).table("exceptions", columns=[Exceptions.detected_at])
    newest: pd.Timestamp = detected[Exceptions.detected_at].max()
    as_of = (newest - pd.Timedelta(days=KEPT_DAYS)).isoformat()
    for program, moment in (("triage", as_of), ("demand", as_of), ("forecast", newest.isoformat())):
        told = ("--history", str(history), "--as-of", moment)
        _run("training", program, *told, environment=environment)
    return _serve(history, environment)


def _run(door: str, *arguments: str, environment: dict[str, str]) -> None:
    console.rule(f"python -m {door} {' '.join(arguments[:2])}")
    subprocess.run([sys.executable, "-m", door, *arguments], env=environment, check=True)  # noqa: S603


def _serve(history: Path, environment: dict[str, str]) -> int:
    """Serve until Ctrl-C; send the kept days once it is ready."""
    address = f"http://127.0.0.1:{environment['EXPEDITE_PORT']}"
    console.rule("python -m serving")
    service = subprocess.Popen([sys.executable, "-m", "serving"], env=environment)
    try:
        _wait_until_ready(address, service)
        _run(
            "data", "replay", "--history", str(history), "--to", address,
            "--last-days", str(KEPT_DAYS), environment=environment,
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
    for _ in range(PATIENCE_SECONDS * 4):
        if service.poll() is not None:
            raise SystemExit(f"the service ended with code {service.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=1):  # noqa: S310 - our own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise SystemExit(f"the service was not ready within {PATIENCE_SECONDS} seconds")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
