"""Messages are read alike in English, Chinese and Portuguese."""

import numpy as np
import pytest

from features.engine.text import BUCKETS, buckets, grams, matrix, normalised


def overlap(text: str, other: str) -> float:
    """Share of the buckets of both that both fall into."""
    return len(np.intersect1d(buckets(text), buckets(other))) / len(
        np.union1d(buckets(text), buckets(other))
    )


def test_english_gives_words_pairs_and_trigrams():
    assert grams("Bad zip") == [
        *("bad", "zip"),
        "bad zip",
        *("<ba", "bad", "ad>"),
        *("<zi", "zip", "ip>"),
    ]


def test_chinese_gives_character_pairs():
    assert grams("地址错误") == ["地址", "址错", "错误", "误>"]


def test_portuguese_accents_make_no_difference():
    assert grams("ENDEREÇO NÃO") == grams("endereco nao")


@pytest.mark.parametrize(
    ("message", "similar", "different"),
    [
        ("Address not found", "The address was not found!", "Card declined by the bank"),
        ("收货地址不完整", "地址不完整,请核对", "付款失败"),
        ("Endereço não encontrado", "endereco nao foi encontrado", "Cartão recusado pelo banco"),
        ("payment declined", "paymnet declined", "carton damaged"),
    ],
)
def test_a_message_is_nearer_to_its_like_than_to_another(message, similar, different):
    assert overlap(message, similar) > 2 * overlap(message, different)


def test_the_value_of_a_number_is_noise():
    assert grams("order 123") == grams("order 98765")


def test_mixed_languages_give_the_grams_of_each():
    assert {"sku", "缺货"} <= set(grams("SKU缺货 sku 缺货"))


def test_full_width_letters_are_the_plain_ones():
    assert normalised("\uff33\uff2b\uff35\uff11") == "sku1"


def test_only_the_beginning_of_a_long_message_is_read():
    assert len(normalised("x" * 10_000)) == 600


def test_buckets_are_the_same_in_every_process():
    assert buckets("地址").tolist() == [85, 549]


@pytest.mark.parametrize("empty", ["", "  ", "!?", None])
def test_a_message_without_words_is_a_row_of_zeros(empty):
    assert not matrix([empty]).csr.toarray().any()


def test_one_message_is_its_row_of_the_matrix():
    messages = ["Bad zip", None, "地址错误", "Endereço"]

    rows = matrix(messages).csr.toarray()

    assert rows.shape == (4, BUCKETS)
    alone = [matrix([message]).csr.toarray()[0] for message in messages]
    np.testing.assert_array_equal(rows, np.stack(alone))
