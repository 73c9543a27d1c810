"""Texts that repeat in a column: each lies in memory once, and rows share it."""

import numpy as np
import pyarrow as pa


def joined_texts(parts: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return the parts of a dictionary-encoded column as one array with one dictionary."""
    return pa.concat_arrays(parts.unify_dictionaries().chunks)


def shared_texts(column: pa.DictionaryArray) -> np.ndarray:
    """Return texts as objects, None where missing; rows of one text share it."""
    texts = np.array([*column.dictionary.to_pylist(), None], object)
    return texts[column.indices.fill_null(-1).to_numpy()]
