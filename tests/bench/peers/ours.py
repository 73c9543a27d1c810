"""Fit and forecast simulated series with our model, in a process of its own."""

import resource
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from scale import HORIZON, drawn_panel

from models.demand.forecaster import DemandForecaster


def run(series: int, out: Annotated[Path, typer.Option()]) -> None:
    """Write the seconds of processor time and the peak of memory."""
    panel = drawn_panel(series)
    began = time.process_time()
    DemandForecaster.fit(panel, HORIZON).forecast(panel)
    seconds = time.process_time() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    np.savez(out, seconds=seconds, peak_mb=peak_mb)


if __name__ == "__main__":
    typer.run(run)
