"""Packing of the JSON texts of a row in memory: a quarter of their size.

Texts of one kind share their field names. A dictionary holds these once, so that the compression
refers to them from the first byte on. Packed texts never leave the process.
"""

import zlib

_LEVEL, _WINDOW_BITS, _MEMORY_LEVEL = 1, -12, 5
_DICTIONARY = (
    b'{"attributes":{"carrier":"","gateway":"","line_count":1,"payment_attempts":1,"risk_score":0,'
    b'"site":"","sku":""},"detected_at":"2026-01-01T00:00:00.000Z","due_at":"2026-01-01T00:00:00.'
    b'000Z","external_id":"","message":"","order":{"attributes":{},"channel":"marketplace",'
    b'"customer":{"external_id":"","segment":"business"},"external_id":"","fulfillment_status":'
    b'"unfulfilled","line_items":[{"attributes":{},"external_id":"1","product":{"attributes":{}},'
    b'"quantity":1.0,"site":"","sku":"","unit_price":{"amount":"","currency":"EUR"}},{"attributes"'
    b':{},"external_id":"2"}],"order_number":"","payment_method":"","payment_status":"pending",'
    b'"placed_at":"2025-01-01T00:00:00.000Z","promised_delivery_at":"2025-01-01T00:00:00.000Z",'
    b'"ship_by_at":"2025-01-01T00:00:00.000Z","shipping_address":{"city":"","country_code":"DE",'
    b'"postal_code":"","region":""},"status":"open","total":{"amount":"","currency":"EUR"}},'
    b'"reason_code":"","severity":"low","source":"","status":"open","type":"incorrect_address",'
    b'"updated_at":"2026-01-01T00:00:00Z","version":1}'
    b'{"model_version":"triage-1","policy_version":"default-1+","scored_at_ms":1795,"degraded":'
    b'false,"category":{"label":"","probability":0.9,"prediction_set":[""],"decision":"suggest",'
    b'"promise":null},"routing":{"label":"","probability":0.8,"prediction_set":[""],"decision":'
    b'"abstain","promise":{"error":0.02,"confidence":0.95,"threshold":0.9,"model_version":""}},'
    b'"p_breach":0.1,"terms":{"detected_at":176,"due_at":176,"loss":1,"curve":[0.00,0.00,0.998,'
    b'0.998,0.998],"curve_scale":0.2,"touch_p50_minutes":2,"touch_p90_minutes":3,'
    b'"waiting_cost_per_hour":0.05,"lost":false,"always_first":false},"grounds":"","withheld":null,'
    b'"touch_learned":true,"breach_learned":true,"order_value":null,"value_basis":"as_sent",'
    b'"value_note":""}'
)


def packed(text: str) -> bytes:
    """Return a text as few bytes."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zdict=_DICTIONARY)
    return packer.compress(text.encode()) + packer.flush()


def unpacked(content: bytes) -> str:
    """Return the text that was packed."""
    return zlib.decompressobj(_WINDOW_BITS, zdict=_DICTIONARY).decompress(content).decode()
