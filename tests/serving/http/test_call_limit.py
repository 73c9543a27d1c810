"""The limit on waiting calls follows the delay of the event loop."""

from serving.http.call_limit import MAX_LOOP_DELAY_SECONDS, MIN_WAITING_CALLS, CallLimit

LATE, SOON = 2 * MAX_LOOP_DELAY_SECONDS, MAX_LOOP_DELAY_SECONDS / 2


def allowed(limit):
    """Number of calls that may wait."""
    limit.waiting = 0
    while not limit.is_reached:
        limit.waiting += 1
    return limit.waiting


def test_a_burst_on_an_idle_process_is_let_in_up_to_the_setting():
    assert allowed(CallLimit(32)) == 32


def test_late_turns_lower_the_limit_to_a_floor_and_prompt_ones_raise_it_again():
    limit = CallLimit(32)
    limit.note_delay(LATE)
    assert allowed(limit) == 25
    for _ in range(100):
        limit.note_delay(LATE)
    assert allowed(limit) == MIN_WAITING_CALLS
    for _ in range(32):
        limit.note_delay(SOON)
    assert MIN_WAITING_CALLS < allowed(limit) < 32
    for _ in range(1_000):
        limit.note_delay(SOON)
    assert allowed(limit) == 32


def test_a_setting_below_the_floor_counts():
    limit = CallLimit(1)
    limit.note_delay(LATE)
    assert allowed(limit) == 1
