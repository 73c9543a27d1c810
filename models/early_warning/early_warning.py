"""The early warning: which orders will raise an exception that they have not raised yet."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
import orjson

from data.domain import Stage
from features.engine.feature_set import Columns, FeaturePlan
from models.boosters import Booster, TreeSettings
from models.breach.column_trees import ColumnTrees
from models.breach.estimators import raw_trees
from models.early_warning.delivery_time import DeliveryTime
from models.early_warning.stage_logit import StageLogit, logit
from models.estimator import Files, ModelState

SETTINGS = TreeSettings(
    rounds=150, learning_rate=0.03, leaves=7, smallest_leaf=80, columns_share=0.3, l2=20.0
)
ANY = "any"
SHORTAGE = "delivery time"
PLAIN = "plain LightGBM"
"""Score of trees on the raw columns: the mark that other scores must reach."""
FINAL_STAGES = (str(Stage.DELIVERED), str(Stage.AFTER_SALES))
"""Stages after which nothing can go wrong on the way."""


class OrderRows(NamedTuple):
    """n orders, each at one stage, as the early warning sees them.

    Attributes:
        dense: (n, features).
        columns: Recorded columns, attributes among them; `detected_at` is when each is scored.
        rates: (n, rates): `features.orders.history_features.RATES`.
        stage: n stages.
        hours_left: Hours left to the promise, NaN where there is none.
        pace: How much slower than predicted orders lately were, on the log scale.
        surplus: For `any` and for types by how much more than predicted went wrong lately, on the
            log scale; empty where nothing is followed.
        raised: For each type whether the order has raised it already.
    """

    dense: np.ndarray
    columns: Columns
    rates: np.ndarray
    stage: np.ndarray
    hours_left: np.ndarray
    pace: np.ndarray
    surplus: dict[str, np.ndarray]
    raised: dict[str, np.ndarray]

    def take(self, rows: np.ndarray) -> "OrderRows":
        """Return some of the orders."""
        raised = {name: flag[rows] for name, flag in self.raised.items()}
        return OrderRows(
            dense=self.dense[rows],
            columns={name: column[rows] for name, column in self.columns.items()},
            rates=self.rates[rows],
            stage=self.stage[rows],
            hours_left=self.hours_left[rows],
            pace=self.pace[rows],
            surplus={name: own[rows] for name, own in self.surplus.items()},
            raised=raised,
        )


class Warnings(NamedTuple):
    """Chances of n orders; one by type."""

    p_exception: np.ndarray
    p_type: dict[str, np.ndarray]


@dataclass
class EarlyWarning:
    """The fitted models.

    Attributes:
        plan: What the features learned of the history.
        thinned: Whether that history was a thinned sample.
        trained_as_of: Tick: nothing known at or after it was seen.
        delivery: Time to deliver; None without promises or deliveries.
        trees: Boosters of any exception and of the types of enough cases.
        plain: Trees on the raw columns; None where they were not fitted.
        stage_logits: For `any` and for types: scores to a chance.
        shares: Of exceptions by type, for the types that have no model of their own.
        follows_outcomes: Whether chances follow the outcomes of late; models of before do not.
        after_sales: Types that say nothing of the way: no part of `p_exception`.
        baselines: For each baseline the rate that did best in the rehearsal.
        served_by: Name of what won for `p_exception`, with its figures.
        not_learned: `any` and types of which no model is better than one rate for each stage.
        version: Name of the registered version.
    """

    plan: FeaturePlan
    thinned: bool
    trained_as_of: int
    delivery: DeliveryTime | None
    trees: dict[str, Booster]
    plain: ColumnTrees | None = None
    stage_logits: dict[str, StageLogit] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    follows_outcomes: bool = True
    after_sales: tuple[str, ...] = ()
    baselines: dict[str, int] = field(default_factory=dict)
    served_by: str = ""
    not_learned: tuple[str, ...] = ()
    version: str = ""

    def scores(self, rows: OrderRows) -> dict[str, np.ndarray]:
        """Return all scores: log odds of the trees and rates, and the shortage of time."""
        scores = {
            name: logit(trees.predict_table(rows.dense)[:, 0]) for name, trees in self.trees.items()
        }
        scores |= {f"rate {i}": logit(rate) for i, rate in enumerate(rows.rates.T)}
        if self.plain:
            scores[PLAIN] = logit(self.plain.of_columns(rows.columns))
        if self.delivery:
            short = self.delivery.shortage(rows.dense, rows.hours_left)
            scores[SHORTAGE] = np.where(np.isnan(rows.hours_left), 0.0, short + rows.pace)
        return scores

    def predict(self, rows: OrderRows) -> Warnings:
        """Return the chances; a type that was raised already can't be raised again."""
        scores = self.scores(rows)
        surplus = rows.surplus if self.follows_outcomes else {}
        over = np.isin(rows.stage, FINAL_STAGES)
        p_any = self.stage_logits[ANY].chance(scores, rows.stage, surplus.get(ANY, 0.0))
        p_type, still = {}, np.ones(len(p_any))
        for name, share in self.shares.items():
            model = self.stage_logits.get(name)
            shift = surplus.get(name, 0.0)
            chance = model.chance(scores, rows.stage, shift) if model else share * p_any
            if name not in self.after_sales:
                chance = np.where(over, share * _FINAL_STAGE_CHANCE, np.minimum(chance, p_any))
            chance = np.where(rows.raised.get(name, np.zeros(len(p_any), bool)), 0.0, chance)
            p_type[name] = chance
            if name not in self.after_sales:
                still *= 1 - chance
        # Once one type is raised, only the others are left to come.
        begun = np.zeros(len(p_any), bool)
        for name, flag in rows.raised.items():
            begun |= flag & (name not in self.after_sales)
        return Warnings(np.where(begun | over, 1 - still, p_any), p_type)

    def to_files(self) -> Files:
        """Return all as texts, `warning.json` among them."""
        plain: dict[str, Any] = {
            "plan": self.plan.to_json(),
            "thinned": self.thinned,
            "trained_as_of": self.trained_as_of,
            "joined": {name: model.to_json() for name, model in self.stage_logits.items()},
            "shares": self.shares,
            "follows_outcomes": self.follows_outcomes,
            "after_sales": list(self.after_sales),
            "baselines": self.baselines,
            "served_by": self.served_by,
            "not_learned": list(self.not_learned),
            "trees": list(self.trees),
        }
        files = {f"trees.{i}.txt": trees.to_text() for i, trees in enumerate(self.trees.values())}
        if self.delivery:
            plain["delivery"], own = self.delivery.to_json()
            files |= {f"delivery.{name}": text for name, text in own.items()}
        if self.plain:
            plain["plain"], own = self.plain.to_json()
            files |= {f"plain.{name}": text for name, text in own.items()}
        return files | {"warning.json": orjson.dumps(plain).decode()}

    @classmethod
    def from_files(cls, files: Files) -> Self:
        """Build from what `to_files` gave."""
        plain = orjson.loads(files["warning.json"])
        delivery = None
        if "delivery" in plain:
            own = {"trees.txt": files["delivery.trees.txt"]}
            delivery = DeliveryTime.from_json(plain["delivery"], own)
        raw = None
        if "plain" in plain:
            own = {"trees.txt": files["plain.trees.txt"]}
            raw = raw_trees.load(ModelState(plain["plain"], own))
        return cls(
            plan=FeaturePlan.from_json(plain["plan"]),
            thinned=plain["thinned"],
            trained_as_of=plain["trained_as_of"],
            delivery=delivery,
            trees={
                name: Booster.from_text(files[f"trees.{i}.txt"])
                for i, name in enumerate(plain["trees"])
            },
            plain=raw,
            stage_logits={name: StageLogit.from_json(v) for name, v in plain["joined"].items()},
            shares=plain["shares"],
            follows_outcomes=plain.get("follows_outcomes", False),
            after_sales=tuple(plain["after_sales"]),
            baselines=plain["baselines"],
            served_by=plain["served_by"],
            not_learned=tuple(plain.get("not_learned", ())),
        )


_FINAL_STAGE_CHANCE = 0.001
"""After the delivery something on the way goes wrong for hardly any order."""
