"""The wheel, built and tried: `make wheel`.

The wheel is installed into an empty environment, which borrows the locked libraries of this one.
Every tracked file of the five packages must be in it, and its programs must run elsewhere.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("data", "features", "models", "training", "serving")
MAX_ATTEMPTS = 60
LISTENS = "Expedite listens on "
WHERE = "import data, models, serving; print(*(m.__file__ for m in (data, models, serving)))"


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed; return what it prints."""
    ended = subprocess.run(
        command, cwd=cwd, env=environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    return ended.stdout


def environment() -> dict[str, str]:
    """The environment without a path to the checkout; the service takes a free port."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return inherited | {"EXPEDITE_PORT": "0", "EXPEDITE_STARTUP_WAIT_SECONDS": "0"}


def build(folder: Path) -> Path:
    """Build the wheel of this checkout into a folder."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_files(wheel: Path) -> None:
    """Compare the files of the wheel with those that git tracks."""
    tracked = set(run("git", "ls-files", *PACKAGES, cwd=ROOT).splitlines())
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    if packed != tracked:
        sys.exit(f"The wheel and git differ in these files: {sorted(packed ^ tracked)[:20]}")


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel into a new environment; return its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    python = Path(paths["scripts"]) / "python"
    run(*installer(python), "--no-deps", "--no-index", wheel, cwd=folder)
    libraries = sysconfig.get_paths()["purelib"]
    (Path(paths["purelib"]) / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")
    return python


def installer(python: Path) -> list[str]:
    """The command that installs into the environment of a Python: of pip or, without it, of uv."""
    has_pip = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    )
    if has_pip.returncode == 0:
        return [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    return ["uv", "pip", "install", "--quiet", "--python", str(python)]


def check_programs(python: Path, folder: Path) -> None:
    """Run the programs in an empty folder: import and check a history, make a source, serve."""
    outside = [path for path in run(python, "-c", WHERE, cwd=folder).split() if str(ROOT) in path]
    if outside:
        sys.exit(f"These are not of the wheel: {outside}")
    for program in ("data", "training"):
        run(python, "-m", program, "--help", cwd=folder)
    synthetic = ("--source", "synthetic", "--orders", "1000", "--into", "history")
    run(python, "-m", "data", "import", *synthetic, cwd=folder)
    run(python, "-m", "data", "describe", "history", cwd=folder)
    run(python, "-m", "data", "new-source", "./source", cwd=folder)
    check_service(python, folder)


def check_service(python: Path, folder: Path) -> None:
    """Start the service, get its page and the description of its API, and end it."""
    with subprocess.Popen(
        [python, "-W", "ignore", "-u", "-m", "serving"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as service:
        lines = service.stdout or ()
        address = next((line for line in lines if line.startswith(LISTENS)), "")
        try:
            for path in ("/", "/openapi.json"):
                get(address.removeprefix(LISTENS).strip() + path)
        finally:
            service.terminate()


def get(url: str) -> None:
    """Get an answer; a service that has just begun refuses connections for a moment."""
    for _ in range(MAX_ATTEMPTS):
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.5)
        else:
            return
    sys.exit(f"{url} does not answer.")


def main() -> None:
    """Build, install and try the wheel in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(Path(folder) / "dist")
        check_files(wheel)
        python = install(wheel, Path(folder) / "environment")
        elsewhere = Path(folder) / "elsewhere"
        elsewhere.mkdir()
        check_programs(python, elsewhere)
        sys.stdout.write(f"{wheel.name} runs outside the checkout.\n")


if __name__ == "__main__":
    main()
