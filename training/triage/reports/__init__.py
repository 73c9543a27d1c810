"""Reports of triage on a period: promises and calibration."""
