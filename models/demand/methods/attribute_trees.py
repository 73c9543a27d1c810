"""Trees that read the attributes of a SKU and its site too; otherwise those of `blended_trees`."""

from features.demand.attributes import AttributeColumns
from features.demand.panel import Panel
from models.demand import boosted
from models.demand.boosted import BoostedDemand
from models.demand.methods import blended_trees
from models.demand.methods.blended_trees import BlendedDemand, trees_share
from models.demand.methods.moving_average import MovingAverage
from models.estimator import Files

NAME, IS_BASELINE = "attribute_trees", False
WORDS = "one model of all series (boosted trees), which reads what the products are"
SETTINGS = boosted.SETTINGS


def can_learn(panel: Panel) -> bool:
    """Return whether the trees can learn from a panel, and it holds any attribute to read."""
    return BoostedDemand.can_learn(panel) and AttributeColumns.of(panel).say_more_than_site


def fit(panel: Panel, horizon: int, *, seed: int, planned: bool) -> BlendedDemand:
    """Fit both on a panel; for the arguments see `BoostedDemand.fit`."""
    attributes = AttributeColumns.of(panel)
    trees = BoostedDemand.fit(panel, horizon, seed=seed, planned=planned, attributes=attributes)
    return BlendedDemand(trees, MovingAverage.fit(panel, horizon), trees_share(panel))


def from_files(files: Files, horizon: int) -> BlendedDemand:
    """Build it from the texts of `BlendedDemand.to_files`."""
    return blended_trees.from_files(files, horizon)
