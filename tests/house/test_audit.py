"""The audit of the lock file is no pass where it knows too little."""

from tests.house.audit.audit_lock import NOT_AUDITED, PASSED, VULNERABLE, AuditResult


def report(known: int, unknown: int, *, advisories: int = 0) -> AuditResult:
    """Return the result for so many packages, the first of them with advisories."""
    vulnerabilities = [{"id": f"A-{i}"} for i in range(advisories)]
    read = [{"name": f"k{i}", "version": "1", "vulns": []} for i in range(known)]
    if advisories:
        read[0]["vulns"] = vulnerabilities
    skipped = [{"name": f"u{i}", "skip_reason": "not found"} for i in range(unknown)]
    return AuditResult.of({"dependencies": read + skipped})


def test_nine_tenths_of_the_packages_are_enough_to_pass():
    assert report(9, 1).exit_code == PASSED
    assert report(8, 2).exit_code == NOT_AUDITED


def test_what_is_not_known_is_never_told_as_a_pass():
    result = report(0, 190)

    assert result.exit_code == NOT_AUDITED
    assert "NOT AUDITED" in str(result)
    assert "0 of 190" in str(result)


def test_a_vulnerability_fails_whatever_else_is_known():
    result = report(1, 9, advisories=2)

    assert result.exit_code == VULNERABLE
    assert "k0 1: A-0, A-1" in str(result)
