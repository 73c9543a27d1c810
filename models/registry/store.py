"""Runs, registered versions and the champion. Only this folder imports MLflow.

Everything lies below one folder: `mlflow.db` (runs, versions, aliases) and `artifacts/`. A version
is a folder as `models.registry.version_files` writes it; the registry keeps its sha256, so that a
file that was changed on disk is refused. No pickle is written or read. The folder may be moved or
copied: `models.registry.locations`.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # noqa: TID251 - read on import
os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")  # noqa: TID251 - as above

import numpy as np
import orjson
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from data.domain import NoChampionError, UnknownChoiceError
from features.engine.event_log import LogRows
from models.estimator import Files, StoredVersion
from models.registry.locations import (
    ARTIFACTS,
    database_uri,
    folder_of_uri,
    relocate,
    version_folder,
)
from models.registry.pyfunc_files import write_pyfunc
from models.registry.version_files import PyfuncCode, read_version, write_version

CHAMPION = "champion"
_MAX_DIGEST_CHARACTERS = 36  # MLflow's limit
_SHA_TAG = "sha256"
_WHY, _SINCE, _BEFORE = "promoted_because", "promoted_at", "champion_before"


@dataclass(frozen=True)
class TrainedModel:
    """Artefacts of one training run.

    Attributes:
        model: triage, warning, ...
        files: The model's texts.
        past: Its logs.
        params: How it was trained.
        metrics: Figures by name.
        tags: Data fingerprint, git commit, as_of.
        write_report: Writes plots and reports into a folder.
        description: Sentence on data, period and the gate's decision.
        pyfunc: For `mlflow.pyfunc.load_model`; None for a model that frames are not given to.
    """

    model: str
    files: Files
    past: Mapping[str, LogRows]
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    write_report: Callable[[Path], None] = field(default=lambda _folder: None)
    description: str = ""
    pyfunc: PyfuncCode | None = None


@dataclass(frozen=True)
class Version:
    """A registered version, as `models` lists it."""

    model: str
    version: str
    created_at: float
    champion: bool
    since: str
    why: str
    tags: Mapping[str, str]


class ModelRegistry:
    """The registry below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        relocate(self.root)
        uri = database_uri(self.root)
        self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def record(self, trained: TrainedModel, *, now_ms: int) -> str:
        """Log a run and register its version; return the version's number.

        Args:
            trained: The run's results.
            now_ms: Tick under which its metrics are logged.
        """
        relocate(self.root)  # another process may call the same folder by another name
        run = self._client.create_run(self._experiment(trained.model), run_name=_run_name(trained))
        run_id = run.info.run_id
        finite = {name: value for name, value in trained.metrics.items() if np.isfinite(value)}
        self._client.log_batch(
            run_id,
            metrics=[Metric(name, float(value), now_ms, 0) for name, value in finite.items()],
            params=[Param(name, str(value)[:500]) for name, value in trained.params.items()],
            tags=[RunTag(name, value) for name, value in trained.tags.items()],
        )
        self._client.log_inputs(run_id, datasets=_datasets(trained))
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            digest = write_version(folder / "model", trained.files, trained.past)
            if trained.pyfunc:
                write_pyfunc(folder / "model", trained.pyfunc)
            (folder / "report").mkdir()
            trained.write_report(folder / "report")
            self._client.log_artifacts(run_id, str(folder))
        self._client.set_terminated(run_id)
        return self._register(trained, run_id, digest)

    def add_report(self, model: str, version: str, folder: Path, name: str) -> None:
        """Keep a folder of reports with the run of a version."""
        relocate(self.root)
        run_id = self._version(model, version).run_id
        self._client.log_artifacts(str(run_id), str(folder), name)

    def _experiment(self, model: str) -> str:
        experiment = self._client.get_experiment_by_name(model)
        if experiment:
            return experiment.experiment_id
        location = (self.root / ARTIFACTS).as_uri()
        return self._client.create_experiment(model, artifact_location=location)

    def _register(self, trained: TrainedModel, run_id: str, digest: str) -> str:
        if not self._registered(trained.model):
            self._client.create_registered_model(trained.model)
        source = f"{self._client.get_run(run_id).info.artifact_uri}/model"
        tags = {**trained.tags, _SHA_TAG: digest}
        made = self._client.create_model_version(
            trained.model, source, run_id, tags=tags, description=trained.description or None
        )
        return str(made.version)

    def _registered(self, model: str) -> bool:
        return any(m.name == model for m in self._client.search_registered_models())

    def versions(self, model: str) -> list[Version]:
        """List the versions of a model, the newest first."""
        champion = self.champion_version(model)
        registered = self._client.search_model_versions(f"name = '{model}'")
        return [
            Version(
                model=model,
                version=str(v.version),
                created_at=v.creation_timestamp / 1000,
                champion=str(v.version) == champion,
                since=v.tags.get(_SINCE, ""),
                why=v.tags.get(_WHY, ""),
                tags=v.tags,
            )
            for v in sorted(registered, key=lambda v: -int(v.version))
        ]

    def champion_version(self, model: str) -> str | None:
        """Return the champion's version number; cheap, made to be polled."""
        try:
            return str(self._client.get_model_version_by_alias(model, CHAMPION).version)
        except MlflowException:
            return None

    def promote(self, model: str, version: str, *, why: str, now: str) -> None:
        """Make a version the champion, and remember which one it follows."""
        self._version(model, version)
        before = self.champion_version(model)
        tags = {_WHY: why, _SINCE: now}
        if before and before != version:
            tags[_BEFORE] = before
        for name, value in tags.items():
            self._client.set_model_version_tag(model, version, name, value)
        self._client.set_registered_model_alias(model, CHAMPION, version)

    def rollback(self, model: str, *, now: str) -> str:
        """Make the champion's predecessor the champion again; return its version.

        Raises:
            NoChampionError: There is no champion, or it is the first.
        """
        champion = self.champion_version(model)
        if champion is None:
            raise NoChampionError(model, "nothing is promoted")
        before = self._version(model, champion).tags.get(_BEFORE)
        if before is None:
            raise NoChampionError(model, f"version {champion} has no predecessor to go back to")
        tags = {_WHY: f"rolled back from version {champion}", _SINCE: now}
        for name, value in tags.items():
            self._client.set_model_version_tag(model, before, name, value)
        self._client.set_registered_model_alias(model, CHAMPION, before)
        return before

    def _version(self, model: str, version: str) -> ModelVersion:
        versions = {
            str(v.version): v for v in self._client.search_model_versions(f"name = '{model}'")
        }
        if version not in versions:
            raise UnknownChoiceError(f"version of '{model}'", version, versions)
        return versions[version]

    def read(self, model: str, version: str | None = None) -> StoredVersion:
        """Read a version's files, each checked against its sha256.

        Args:
            model: triage, warning, ...
            version: None for the champion.

        Raises:
            NoChampionError: None is promoted, or a file is missing or was changed.
        """
        version = version or self.champion_version(model)
        if version is None:
            raise NoChampionError(model, "nothing is promoted")
        registered = self._version(model, version)
        run_id = registered.run_id
        folder = (
            version_folder(self.root, run_id) if run_id else folder_of_uri(str(registered.source))
        )
        try:
            return StoredVersion(version, *read_version(folder, registered.tags.get(_SHA_TAG, "")))
        except (OSError, ValueError) as error:
            raise NoChampionError(model, f"version {version}: {error}") from error


def _run_name(trained: TrainedModel) -> str:
    """Return the model and the date as of which it was trained: `triage 2026-03-01`."""
    return f"{trained.model} {trained.tags.get('as_of', '')[:10]}".rstrip()


def _datasets(trained: TrainedModel) -> list[DatasetInput]:
    """Return the history that a run learned from, as MLflow shows it beside the run."""
    fingerprint = trained.tags.get("data_fingerprint")
    if not fingerprint:
        return []
    source = orjson.dumps({"fingerprint": fingerprint}).decode()
    digest = fingerprint[:_MAX_DIGEST_CHARACTERS]
    history = Dataset(name="history", digest=digest, source_type="history", source=source)
    return [DatasetInput(history, [InputTag("mlflow.data.context", "training")])]


class DryRunRegistry(ModelRegistry):
    """The registry of a dry run: it reads as usual, and neither records nor promotes."""

    def record(self, trained: TrainedModel, *, now_ms: int) -> str:
        """Record nothing; return no version."""
        return ""

    def promote(self, model: str, version: str, *, why: str, now: str) -> None:
        """Promote nothing."""
