"""All models of triage together: what is promoted, loaded and asked as one."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import orjson

from data.domain import Json
from data.policy.exchange_rates import NO_QUOTES, Quotes
from features.engine.compute import Features
from features.engine.event_log import LogRows
from features.engine.feature_set import Columns, Entity, FeaturePlan
from features.engine.products import NO_PRODUCTS, ProductAttributes
from features.exceptions.features import FEATURES
from models.automation.conformal_sets import SetThresholds
from models.automation.evidence import CalibrationCounts
from models.breach.contract import Contribution
from models.classifiers.classifier import CalibratedClassifier
from models.estimator import SHARED, Batch, Files, files_of
from models.triage.breach_risk import BreachRisk
from models.triage.deciding_words import deciding_words
from models.triage.labels import past_log
from models.triage.predictions import ClassPredictions, Predictions
from models.triage.resolve_time import ConstantResolveTime, ResolveTime
from models.triage.touch_time import TouchTime

_PRODUCTS_FILE, _QUOTES_FILE = "products.json", "exchange_rates.json"
_RESOLVE = {"hazard": ResolveTime, "constant": ConstantResolveTime}


@dataclass
class Triage:
    """The models of triage and the past they read.

    Attributes:
        features: Computes what the models read.
        past: Logs as known at training; `past_log` names those of labelled rows.
        trained_as_of: Tick: nothing known at or after it was seen.
        classes: By label, those that could be trained.
        resolve: Hours to resolve.
        breach_risk: Chance of ending harmed.
        touch: Touch time.
        untrained: For each model that could not be trained, why.
        evidence: By promised label the errors on a held-out window.
        sets: By promised label the sets that a suggestion names.
        products: Attributes of the SKUs as of training, those that are read.
        quotes: Exchange rates of the history as of training.
        version: Name of the registered version; empty before it is registered.
    """

    features: Features
    past: dict[str, LogRows]
    trained_as_of: int
    classes: dict[str, CalibratedClassifier] = field(default_factory=dict)
    resolve: ResolveTime | ConstantResolveTime | None = None
    breach_risk: BreachRisk | None = None
    touch: TouchTime | None = None
    untrained: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, CalibrationCounts] = field(default_factory=dict)
    sets: dict[str, SetThresholds] = field(default_factory=dict)
    products: ProductAttributes = NO_PRODUCTS
    quotes: Quotes = NO_QUOTES
    version: str = ""

    @property
    def kinds(self) -> dict[str, str]:
        """The attributes that are read, each a `word` or a `number`."""
        return self.features.plan.attributes

    @property
    def entities(self) -> list[Entity]:
        """The entities whose past is looked at."""
        plan = self.features.plan.entities
        return [Entity(name, tuple(columns)) for name, columns in plan.items()]

    def rows(self, columns: Columns, as_of: np.ndarray) -> Batch:
        """Compute what the estimators read of n subjects, as known before each one's tick."""
        keys = self.features.keys(columns)
        return Batch(columns, keys, self.features.compute(columns, keys, as_of), as_of)

    def predict(self, columns: Columns, as_of: np.ndarray) -> Predictions:
        """Predict all that can be predicted of n exceptions."""
        return self.predict_rows(self.rows(columns, as_of))

    def predict_rows(self, rows: Batch) -> Predictions:
        """Predict from rows whose features are computed."""
        classes = {
            label: ClassPredictions(model.names, model.probability(rows))
            for label, model in self.classes.items()
        }
        times = self.resolve.chances(rows) if self.resolve else None
        return Predictions(
            classes=classes,
            p_breach=self.breach_risk.predict(rows, times) if self.breach_risk else None,
            curve=self.breach_risk.curve(rows.columns) if self.breach_risk else None,
            late=self.breach_risk.late if self.breach_risk else None,
            touch_minutes=self.touch.predict(rows) if self.touch else None,
            resolve=times,
        )

    def with_recent(self, recent: Mapping[str, LogRows]) -> Self:
        """Return a copy whose past is continued by what became known since training.

        Args:
            recent: Logs as of `exception_logs`, and those of `past_log` with the class codes.
        """
        other = copy(self)
        other.features = self.features.with_recent(recent)
        other.classes = {}
        for label, model in self.classes.items():
            rows, shares = recent.get(past_log(label)), model.shares
            continued = shares.with_recent(rows) if shares and rows else None
            other.classes[label] = model.with_recent(continued)
        return other

    def reasons(
        self, columns: Columns, as_of: np.ndarray, row: int = 0, most: int = 5
    ) -> list[Contribution]:
        """Return the inputs that moved the chance of a breach of one exception, strongest first.

        Slow: for one row on demand.
        """
        if self.breach_risk is None:
            return []
        subject = self.rows(columns, as_of).take(np.array([row]))
        return self.breach_risk.contributions(subject, self.features.meanings)[:most]

    def deciding_words(self, columns: Columns, as_of: np.ndarray, label: str, name: str) -> str:
        """Return the words of one exception's message that decide a label.

        Args:
            columns: The exception.
            as_of: Its tick.
            label: Name of the label.
            name: The class that is shown.

        Returns:
            A part of the message; empty where words do not decide. Slow: for one row on demand.
        """
        model = self.classes.get(label)
        if model is None:
            return ""
        return deciding_words(model, self.rows(columns, as_of), name)

    def to_files(self) -> Files:
        """Return all but the past as files, `triage.json` among them."""
        parts: dict[str, tuple[Json, Files]] = {
            label: model.to_json() for label, model in self.classes.items()
        }
        plain: dict[str, Any] = {
            "trained_as_of": self.trained_as_of,
            "plan": self.features.plan.to_json(),
            "features": self.features.names,
            "untrained": self.untrained,
            "classes": {label: values for label, (values, _) in parts.items()},
            "evidence": [counts.to_json() for counts in self.evidence.values()],
            "sets": [thresholds.to_json() for thresholds in self.sets.values()],
        }
        for name, model in (
            ("resolve", self.resolve),
            ("harm", self.breach_risk),
            ("touch", self.touch),
        ):
            if model:
                parts[name] = model.to_json()
                plain[name] = parts[name][0]
        plain["resolve_kind"] = "hazard" if isinstance(self.resolve, ResolveTime) else "constant"
        files = {
            file if file.startswith(SHARED) else f"{part}.{file}": text
            for part, (_, own) in parts.items()
            for file, text in own.items()
        }
        if self.products:
            files[_PRODUCTS_FILE] = self.products.to_text()
        if self.quotes:
            files[_QUOTES_FILE] = self.quotes.to_text()
        return files | {"triage.json": orjson.dumps(plain).decode()}

    @classmethod
    def from_files(cls, files: Files, past: dict[str, LogRows]) -> Self:
        """Build from what `to_files` gave and the past.

        Raises:
            ValueError: The features are no longer those that it was trained on.
        """
        plain = orjson.loads(files["triage.json"])
        features = Features(FEATURES, FeaturePlan.from_json(plain["plan"]), past)
        if features.names != plain["features"]:
            raise ValueError("it was trained on other features than this code declares: train anew")

        def own(part: str) -> Files:
            shared = {name: text for name, text in files.items() if name.startswith(SHARED)}
            return files_of(files, f"{part}.") | shared

        triage = cls(features, past, plain["trained_as_of"], untrained=plain["untrained"])
        if _PRODUCTS_FILE in files:
            triage.products = ProductAttributes.from_text(files[_PRODUCTS_FILE])
        triage.quotes = Quotes.from_text(files.get(_QUOTES_FILE, "[]"))
        for label, values in plain["classes"].items():
            triage.classes[label] = CalibratedClassifier.from_json(
                values, own(label), past.get(past_log(label))
            )
        evidence = [CalibrationCounts.from_json(values) for values in plain.get("evidence", ())]
        triage.evidence = {counts.label: counts for counts in evidence}
        triage.sets = {
            thresholds.label: thresholds
            for thresholds in map(SetThresholds.from_json, plain.get("sets", ()))
        }
        if "resolve" in plain:
            kind = _RESOLVE[plain["resolve_kind"]]
            triage.resolve = kind.from_json(plain["resolve"], own("resolve"))
        if "harm" in plain:
            triage.breach_risk = BreachRisk.from_json(plain["harm"], own("harm"))
        if "touch" in plain:
            triage.touch = TouchTime.from_json(plain["touch"], own("touch"))
        return triage
