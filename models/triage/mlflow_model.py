"""The models of triage as MLflow loads them: JSON and LightGBM's texts beside this file, no pickle.

Training copies this file into each version ("models from code").
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from models.registry.version_files import SHA_FILE, read_version, sha256_of
from models.triage.frames import predict_frame
from models.triage.triage import Triage


class TriagePyfunc(PythonModel):
    """Triage behind `mlflow.pyfunc.load_model("models:/triage@champion")`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the version that this file is a part of."""
        folder = Path(__file__).parent
        self.triage = Triage.from_files(*read_version(folder, sha256_of(folder / SHA_FILE)))

    def predict(  # pyright: ignore[reportIncompatibleMethodOverride] - MLflow's returns None
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Predict n rows: `models.triage.frames.predict_frame`."""
        return predict_frame(self.triage, model_input)


set_model(TriagePyfunc())
