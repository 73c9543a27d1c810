"""Payloads of callers become the columns that a history gives."""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest

from data.contract.exception_tables import Exceptions
from data.contract.order_tables import OrderLines, Orders
from data.contract.reference_tables import Products
from features.engine.attributes import attribute_kinds
from features.engine.products import ProductAttributes
from features.exceptions.columns import COLUMNS
from features.exceptions.tables import exception_columns, joined_attributes
from serving.exceptions.payload import EXCEPTION_EXAMPLE
from serving.scoring.columns import columns_of
from serving.wire.errors import BadPayloadError
from serving.wire.exception_in import exception, resolution

KINDS = {
    "attributes.carrier": "word",
    "attributes.risk": "number",
    "attributes.order.incoterm": "word",
    "attributes.line.vendor": "word",
    "attributes.line.lead_days": "number",
    "attributes.product.brand": "word",
    "attributes.product.dose_mg": "number",
}


@pytest.fixture
def posted_exception():
    lines = [
        {"external_id": "li_2", "sku": "B-1", "quantity": 1, "site": "ROT",
         "attributes": {"vendor": "v-8"}, "unit_price": {"amount": "90.00", "currency": "EUR"}},
        {"external_id": "li_1", "sku": "A-1", "quantity": 2, "site": "BER",
         "attributes": {"vendor": "v-7", "lead_days": 90},
         "unit_price": {"amount": "79.95", "currency": "EUR"}},
    ]  # fmt: skip
    order = EXCEPTION_EXAMPLE["order"] | {"line_items": lines, "payment_method": "card"}
    order["attributes"] = {"incoterm": "FOB"}
    address = order["shipping_address"] | {"region": "BE"}
    attributes = {"carrier": "dhl", "risk": 0.25}
    return EXCEPTION_EXAMPLE | {
        "order": order | {"shipping_address": address},
        "attributes": attributes,
    }


@pytest.fixture
def history():
    """The same exception as tables."""
    exceptions = pd.DataFrame(
        {
            Exceptions.exception_id: ["x"],
            Exceptions.order_id: ["o"],
            Exceptions.source: ["shopify:acme"],
            Exceptions.type: ["incorrect_address"],
            Exceptions.reason_code: ["INCORRECT_ADDRESS"],
            Exceptions.message: ["Postcode does not match city"],
            Exceptions.severity: ["high"],
            Exceptions.detected_at: pd.to_datetime(["2026-03-01T09:13:02Z"]),
            Exceptions.due_at: pd.to_datetime(["2026-03-02T12:00:00Z"]),
            Exceptions.attributes: ['{"carrier": "dhl", "risk": 0.25}'],
        }
    )
    known_at = pd.to_datetime(["2026-03-01T09:12:44Z"])
    orders = pd.DataFrame(
        {
            Orders.order_id: ["o"],
            Orders.known_at: known_at,
            Orders.placed_at: known_at,
            Orders.channel: ["web"],
            Orders.customer_id: ["c_9"],
            Orders.customer_segment: ["returning"],
            Orders.currency: ["EUR"],
            Orders.total: [184.90],
            Orders.country: ["DE"],
            Orders.region: ["BE"],
            Orders.postcode: ["10115"],
            Orders.payment_method: ["card"],
            Orders.attributes: ['{"incoterm": "FOB"}'],
            Orders.promised_at: pd.to_datetime(["2026-03-04T18:00:00Z"]),
            Orders.ship_by_at: pd.to_datetime(["2026-03-02T15:00:00Z"]),
        }
    )
    lines = pd.DataFrame(
        {
            OrderLines.order_id: ["o", "o"],
            OrderLines.line_id: ["li_1", "li_2"],
            OrderLines.sku: ["A-1", "B-1"],
            OrderLines.units: [2.0, 1.0],
            OrderLines.site: ["BER", "ROT"],
            OrderLines.attributes: ['{"vendor": "v-7", "lead_days": 90}', '{"vendor": "v-8"}'],
            OrderLines.unit_price: [79.95, 90.0],
            OrderLines.known_at: known_at.repeat(2),
        }
    )
    return exceptions, orders, lines


@pytest.fixture
def a_products(history):
    """Attributes of both SKUs, known since some seconds before the detection."""
    detected_at = history[0][Exceptions.detected_at].iloc[0]

    def build(seconds=1.0):
        rows = {
            Products.sku: ["A-1", "B-1"],
            Products.attributes: ['{"brand": "acme", "dose_mg": 50}', '{"brand": "bolt"}'],
            Products.known_at: [detected_at - pd.Timedelta(seconds=seconds)] * 2,
        }
        return ProductAttributes.of_table(pd.DataFrame(rows))

    return build


def assert_same(called, offline):
    assert called.keys() == offline.keys()
    for name, column in offline.items():
        np.testing.assert_array_equal(called[name], column, err_msg=name)


@pytest.mark.parametrize("seconds", [1, 0.001, 0, -1])
def test_a_call_gives_the_very_columns_that_a_history_gives(
    posted_exception, history, a_products, seconds
):
    products = a_products(seconds)
    champion = ProductAttributes.from_text(products.keeping(KINDS).to_text())

    offline = exception_columns(*history, KINDS, products=products)
    assert_same(columns_of([exception(posted_exception)], KINDS, champion), offline)
    brand = "acme" if seconds > 0 else ""
    assert offline["attributes.product.brand"].tolist() == [brand]


def test_an_exception_that_names_its_own_sku_is_about_that_product(
    posted_exception, history, a_products
):
    exceptions, orders, lines = history
    own = exceptions.assign(attributes='{"sku": "B-1"}')
    called = columns_of(
        [exception(posted_exception | {"attributes": {"sku": "B-1"}})], KINDS, a_products()
    )

    assert_same(called, exception_columns(own, orders, lines, KINDS, products=a_products()))
    assert called["attributes.product.brand"].tolist() == ["bolt"]


def test_a_call_may_say_what_a_champion_does_not_know_of_a_product(posted_exception, a_products):
    first = posted_exception["order"]["line_items"][1]
    first["product"] = {"attributes": {"brand": "new"}}

    called = columns_of([exception(posted_exception)], KINDS, a_products())
    assert called["attributes.product.brand"].tolist() == ["new"]
    assert called["attributes.product.dose_mg"].tolist() == [50.0]


def test_the_attributes_of_an_order_known_too_late_are_not_read(history):
    exceptions, orders, lines = history
    late = orders.assign(known_at=exceptions[Exceptions.detected_at])

    columns = exception_columns(exceptions, late, lines, KINDS)
    assert columns["attributes.order.incoterm"].tolist() == [""]


def test_tables_without_attributes_are_read_as_before(history):
    exceptions, orders, lines = history
    bare = (exceptions, orders.drop(columns="attributes"), lines.drop(columns="attributes"))

    columns = exception_columns(*bare, KINDS)
    assert columns["attributes.line.vendor"].tolist() == [""]


def test_attributes_of_orders_lines_and_products_are_common_or_not_like_those_of_exceptions(
    history, a_products
):
    kinds = attribute_kinds(joined_attributes(*history, products=a_products()))

    assert kinds == KINDS


def test_what_is_not_told_is_missing_and_not_a_guess():
    bare = {"source": "s", "external_id": "e", "detected_at": "2026-03-01T09:13:02Z"}
    columns = columns_of([exception(bare)], KINDS)

    read = {name for name in (column.name for column in COLUMNS)
            if columns[name][0] is not None and columns[name][0] == columns[name][0]
            and columns[name][0] != np.iinfo(np.int64).min}  # fmt: skip
    assert read == {"source", "detected_at"}


@pytest.mark.parametrize(
    "moment",
    ["2026-03-01T09:13:02Z", "2026-03-01T10:13:02+01:00", "2026-03-01t04:13:02.000-05:00",
     "2026-03-01 09:13:02z", "2026-03-01T09:13:02+0000", "2026-03-01T09:13:02+00",
     "2026-03-01 14:43:02 +0530", "2026-03-01T09:13:02,0004Z", " 2026-03-01T09:13:02 UTC",
     "2026-03-01T09:13:02", "2026-03-01T04:13:02\u221205"],
)  # fmt: skip
def test_any_offset_names_the_same_moment(moment):
    payload = exception({"source": "s", "external_id": "e", "detected_at": moment})

    assert payload.detected_at == 1_772_356_382_000


@pytest.mark.parametrize(
    ("kind", "own", "word"),
    [
        ("fraud_risk", None, "fraud_risk"),
        ("Fraud_Risk", None, "fraud_risk"),
        ("Gremlins", None, "Gremlins"),
        ("other", "Gremlins", "Gremlins"),
        ("other", None, "other"),
        (None, None, None),
    ],
)
def test_features_read_our_word_for_a_type_else_the_sources_own(kind, own, word):
    payload = EXCEPTION_EXAMPLE | {"type": kind, "source_value": own}

    assert exception(payload).type_word == word


def test_a_currency_in_lower_case_is_accepted():
    total = {"amount": "1", "currency": "eur"}

    assert exception(EXCEPTION_EXAMPLE | {"order": {"total": total}}).order.total.currency == "EUR"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (12.5, "12.5"),
        (12, "12"),
        (1.5e4, "15000.0"),
        ("1.5E4", "15000"),
        (" 1 ", "1"),
        ("+7.", "7"),
        (123456789.012345, "123456789.012345"),
    ],
)
def test_an_amount_is_read_in_any_exact_spelling(sent, text):
    total = {"amount": sent, "currency": "KWD"}

    assert exception(MINIMAL | {"order": {"total": total}}).order.total.amount == text


@pytest.mark.parametrize(
    "amount",
    ["-1", "NaN", "1,5", "", None, "1" * 16, 0.1 + 0.2, 1e15, True, [1], "1e999", "1e-7", "0x1"],
)
def test_an_amount_that_is_not_exact_is_not_known(amount):
    payload = exception(MINIMAL | {"order": {"total": {"amount": amount, "currency": "EUR"}}})

    assert payload.order.total is None
    assert [flaw.pointer for flaw in payload.unread] == ["/order/total/amount"]
    assert "decimal text" in payload.unread[0].detail


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "a\nb", "x" * 256, True, 1e23, None])
def test_a_name_is_a_line_of_text(name):
    with pytest.raises(BadPayloadError):
        exception(EXCEPTION_EXAMPLE | {"external_id": name})


def test_every_flaw_is_pointed_at():
    with pytest.raises(BadPayloadError) as caught:
        exception(
            {"source": True, "detected_at": "now", "order": {"line_items": [{"quantity": -1}]}}
        )

    assert {flaw.pointer for flaw in caught.value.flaws} == {
        "/source",
        "/external_id",
        "/detected_at",
        "/order/line_items/0/quantity",
    }


def test_a_label_origin_is_one_of_three():
    with pytest.raises(BadPayloadError, match="label_origin"):
        resolution({"label_origin": "guessed"})


MINIMAL = {"external_id": "E1", "source": "shop", "detected_at": "2026-03-01T09:13:02Z"}


@pytest.mark.parametrize("blank", ["", "   ", "\u3000", None])
def test_blank_text_in_an_optional_field_is_no_value(blank):
    line = {"sku": "A", "site": blank, "quantity": blank, "unit_price": blank, "attributes": blank}
    order = {"channel": blank, "placed_at": blank, "line_items": [line], "attributes": blank}
    order["shipping_address"] = {"country_code": blank, "postal_code": blank}
    optional = dict.fromkeys(
        ("type", "reason_code", "severity", "status", "due_at", "version", "attributes"), blank
    )
    sent = MINIMAL | optional | {"order": order}
    bare = MINIMAL | {"order": {"line_items": [{"sku": "A"}], "shipping_address": {}}}

    assert exception(sent) == exception(bare)


@pytest.mark.parametrize("blank", ["", None])
def test_nothing_is_an_empty_list(blank):
    assert exception(MINIMAL | {"order": {"line_items": blank}}).order.line_items == []


@pytest.mark.parametrize(("sent", "text"), [(20931, "20931"), (20931.0, "20931"), (1.5, "1.5")])
def test_an_id_that_is_a_number_is_text(sent, text):
    order = {"external_id": sent, "line_items": [{"sku": sent}]}
    payload = exception(MINIMAL | {"external_id": sent, "order": order})

    ids = {payload.external_id, payload.order.external_id, payload.order.line_items[0].sku}
    assert ids == {text}


def test_a_day_or_a_minute_is_its_first_moment():
    payload = exception(MINIMAL | {"detected_at": "2026-03-01", "due_at": "2026-03-01T00:05Z"})

    assert payload.due_at - payload.detected_at == 5 * 60 * 1000


@pytest.mark.parametrize("blank", ["", " ", None])
def test_a_blank_field_that_must_be_given_is_pointed_at(blank):
    with pytest.raises(BadPayloadError) as caught:
        exception(MINIMAL | {"detected_at": blank, "order": {"channel": ""}})

    assert [flaw.pointer for flaw in caught.value.flaws] == ["/detected_at"]


def test_a_mended_payload_is_stored_in_the_contracts_spelling():
    value = {**MINIMAL, "external_id": 7, "detected_at": "2026-03-01 10:13:02,5+0100", "type": ""}
    exception(value)

    assert value == MINIMAL | {"external_id": "7", "detected_at": "2026-03-01T10:13:02.5+01:00"}


@pytest.mark.parametrize("text", ["tomorrow", "2026-03-01T25:00Z", "2026-02-30", "1900-01-01"])
def test_what_is_no_moment_is_refused_only_where_it_must_be_given(text):
    with pytest.raises(BadPayloadError, match="/detected_at"):
        exception(MINIMAL | {"detected_at": text})
    payload = exception(MINIMAL | {"due_at": text})

    assert payload.due_at is None
    assert [flaw.pointer for flaw in payload.unread] == ["/due_at"]


UNREAD = {
    "severity": {"level": 3},
    "message": "x" * 20_001,
    "attributes": ["a"],
    "order": {
        "channel": "a\nb",
        "shipping_address": {"country_code": "Germany", "city": "Berlin"},
        "line_items": [
            {"sku": "A", "quantity": -1},
            "B",
            {"sku": "C", "unit_price": {"amount": "9", "currency": "euros"}},
            None,
        ],
    },
}


def test_an_optional_value_that_cannot_be_read_costs_itself_alone():
    value = deepcopy(MINIMAL | UNREAD)
    payload = exception(value)

    order = {
        "shipping_address": {"city": "Berlin"},
        "line_items": [{"sku": "A"}, {"sku": "C"}],
    }
    assert value == MINIMAL | {"order": order}
    assert {flaw.pointer for flaw in payload.unread} == {
        "/severity",
        "/message",
        "/attributes",
        "/order/channel",
        "/order/shipping_address/country_code",
        "/order/line_items/0/quantity",
        "/order/line_items/1",
        "/order/line_items/2/unit_price/currency",
        "/order/line_items/3",
    }
    assert exception(value).unread == []


@pytest.mark.parametrize("order", ["no order", 7, [1]])
def test_an_order_that_is_none_is_no_order(order):
    payload = exception(MINIMAL | {"order": order})

    assert payload.order is None
    assert [flaw.pointer for flaw in payload.unread] == ["/order"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("version", "new"), ("version", -1), ("updated_at", "now"), ("status", ["open"])],
)
def test_what_orders_messages_must_be_right(name, value):
    with pytest.raises(BadPayloadError, match=f"/{name}"):
        exception(MINIMAL | {name: value})
