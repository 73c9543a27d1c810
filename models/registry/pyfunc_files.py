"""Files of a version that `mlflow.pyfunc` reads: `MLmodel`, Python code, environment."""

import shutil
import tempfile
import warnings
from importlib.metadata import version as installed
from pathlib import Path

import mlflow
from mlflow.models import ModelSignature
from mlflow.types.schema import AnyType, ColSpec, Schema, TensorSpec

from models.registry.version_files import PyfuncCode

_READ_WITH = ("lightgbm", "mlflow", "numpy", "orjson", "pandas", "pyarrow")


def write_pyfunc(folder: Path, pyfunc: PyfuncCode) -> None:
    """Add to a version's files those that MLflow's loader reads: `MLmodel`, code, environment."""
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(AnyType(), name, required=False) for name in pyfunc.inputs
    ]
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(kind, name) for name, kind in pyfunc.outputs.items()
    ]
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # advice on examples and type hints
        made = Path(scratch) / "model"
        mlflow.pyfunc.save_model(
            made,
            python_model=str(pyfunc.code),
            signature=ModelSignature(Schema(inputs), Schema(outputs)),
            pip_requirements=[f"{name}=={installed(name)}" for name in _READ_WITH],
        )
        summary = made / "MLmodel"
        text = summary.read_text(encoding="utf-8")
        summary.write_text(text.replace(str(pyfunc.code), pyfunc.code.name), encoding="utf-8")
        for path in made.iterdir():
            shutil.copy(path, folder / path.name)
