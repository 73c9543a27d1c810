"""Audit of the lock file: which locked packages have a known vulnerability.

An audit is only worth what it knows. Where it knows fewer than nine tenths of the packages, as
where there is no network, it says so and is no pass: the exit code is 3, or 0 with `--only-say-so`.
A vulnerability gives 1.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Self

MIN_SHARE_KNOWN = 0.9
SECONDS_TO_ANSWER = "5"
PASSED, VULNERABLE, NOT_AUDITED = 0, 1, 3


@dataclass(frozen=True)
class AuditResult:
    """Result over all packages of a lock file.

    Attributes:
        packages: Names of all.
        unknown: Names of those that no advisory database could be asked about.
        vulnerable: Package, version and ids of its advisories.
    """

    packages: tuple[str, ...]
    unknown: tuple[str, ...]
    vulnerable: tuple[str, ...]

    @classmethod
    def of(cls, report: dict[str, Any]) -> Self:
        """Read the JSON report of pip-audit."""
        dependencies = report["dependencies"]
        return cls(
            packages=tuple(d["name"] for d in dependencies),
            unknown=tuple(d["name"] for d in dependencies if "skip_reason" in d),
            vulnerable=tuple(
                f"{d['name']} {d['version']}: {', '.join(v['id'] for v in d['vulns'])}"
                for d in dependencies
                if d.get("vulns")
            ),
        )

    @property
    def exit_code(self) -> int:
        """Return 1 for a vulnerability, 3 where too little is known, else 0."""
        if self.vulnerable:
            return VULNERABLE
        known = len(self.packages) - len(self.unknown)
        return PASSED if known >= MIN_SHARE_KNOWN * max(len(self.packages), 1) else NOT_AUDITED

    def __str__(self) -> str:
        known = len(self.packages) - len(self.unknown)
        lines = [*self.vulnerable, f"Advisories were read for {known} of {len(self.packages)}."]
        if self.exit_code == NOT_AUDITED:
            lines.append("NOT AUDITED: too few packages are known here. Run it with a network.")
        return "\n".join(lines)


def audit(lock: str) -> AuditResult:
    """Ask the advisory database about every package of a lock file.

    Raises:
        RuntimeError: pip-audit gave no report: it could not reach the database at all.
    """
    command = [
        sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", lock,
        "--format", "json", "--progress-spinner", "off", "--timeout", SECONDS_TO_ANSWER,
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return AuditResult.of(json.loads(ended.stdout))
    except ValueError:
        raise RuntimeError(ended.stderr.strip().splitlines()[-1:]) from None


def main() -> int:
    """Audit the lock file; print the result and return the exit code."""
    blind = PASSED if "--only-say-so" in sys.argv[1:] else NOT_AUDITED
    try:
        result = audit("requirements.lock")
    except RuntimeError as error:
        print(f"NOT AUDITED: {error}")
        return blind
    print(result)
    return blind if result.exit_code == NOT_AUDITED else result.exit_code


if __name__ == "__main__":
    sys.exit(main())
