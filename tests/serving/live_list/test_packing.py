"""Texts of rows are packed without loss."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.live_list.packing import packed, unpacked


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=2_000))
def test_any_text_is_unpacked_as_it_was(text):
    assert unpacked(packed(text)) == text


def test_an_exception_takes_half_of_its_size(an_exception):
    text = orjson.dumps(an_exception()).decode()

    assert len(packed(text)) < len(text) / 2
