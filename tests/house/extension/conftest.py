"""A copy of the product in which one file more, or one entry, is tried."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("data", "features", "models", "training", "serving")


@dataclass(frozen=True)
class ProductCopy:
    """The five folders in a folder of their own.

    Attributes:
        root: That folder.
    """

    root: Path

    def add_file(self, path: str, text: str) -> None:
        """Write one new file."""
        file = self.root / path
        assert not file.exists(), f"{path} is there already"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def add_entry(self, path: str, *, after: str, text: str) -> None:
        """Insert one entry behind a text that stands once in a file."""
        file = self.root / path
        content = file.read_text(encoding="utf-8")
        assert content.count(after) == 1, f"{after!r} stands {content.count(after)} times in {path}"
        file.write_text(content.replace(after, after + text), encoding="utf-8")

    def add_round_trip(self) -> None:
        """Add the module `round_trip` to those that a program can import."""
        shutil.copy(Path(__file__).with_name("round_trip.py"), self.root)

    def run(self, program: str, *arguments: str) -> str:
        """Run a Python program in the copy; return what it prints."""
        command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
        ended = subprocess.run(
            command,
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr[-4_000:]
        return ended.stdout


@pytest.fixture
def product(tmp_path: Path) -> ProductCopy:
    """Copy the product, without the files that its programs write."""
    ignored = shutil.ignore_patterns("__pycache__", "files")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / "product" / package, ignore=ignored)
    return ProductCopy(tmp_path / "product")
