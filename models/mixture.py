"""Weights of a mixture: which shares of several predictors explain what came best.

Expectation maximisation for the shares of fixed components (Dempster, Laird, Rubin 1977), drawn
towards equal shares by imaginary rows.
"""

import numpy as np

_STEPS = 100


def mixture_weights(
    likelihood: np.ndarray, prior_rows: float, row_weight: np.ndarray | None = None
) -> np.ndarray:
    """Return the weights of the members; each is above 0, their sum is 1.

    Args:
        likelihood: (members, n) chances that each member gave to what came, above 0.
        prior_rows: Imaginary rows that all members explain alike.
        row_weight: n weights with a mean of 1; all 1 if None.
    """
    members, n = likelihood.shape
    rows = np.ones(n) if row_weight is None else row_weight
    weight = np.full(members, 1 / members)
    for _ in range(_STEPS):
        share = weight[:, None] * likelihood
        weight = ((share / share.sum(axis=0)) @ rows + prior_rows / members) / (n + prior_rows)
    return weight
