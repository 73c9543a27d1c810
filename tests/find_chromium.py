"""Finds the Chromium that the browser tests use, and prints its path.

An installed Chromium or Chrome, else Playwright's own. Where there is neither, Playwright's own is
fetched, else Debian's package is installed (as root, where apt-get exists); with `--look` nothing
is. Where none can be had it says so; the tests then skip, or fail where the variable CI is set.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
APT = {"DEBIAN_FRONTEND": "noninteractive"}
PATIENCE_SECONDS = 600


def found() -> str | None:
    """Return the path of a browser that is there."""
    named = (shutil.which(name) for name in INSTALLED)
    return next((path for path in (*named, *_elsewhere()) if path), None)


def _elsewhere() -> Iterator[str]:
    yield from (path for path in ELSEWHERE if Path(path).is_file())
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if Path(path).is_file():
        yield path


def install() -> None:
    """Try to get one; whether it worked is seen by looking again."""
    playwright = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
    if _works(playwright) and found():
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        package = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        if _works(["apt-get", "update"]):
            _works(package)


def _works(command: list[str]) -> bool:
    sys.stderr.write(f"Getting a browser for the tests: {' '.join(command)}\n")
    try:
        done = subprocess.run(
            command,
            check=False,
            env=os.environ | APT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main() -> None:
    """Print the path of a browser."""
    path = found()
    if path is None and "--look" not in sys.argv:
        install()
        path = found()
    if path is None:
        sys.stderr.write("There is no Chromium: install one and have it on the PATH.\n")
    else:
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
