"""The bar of a command counts its steps; without a terminal each step is a line."""

import io

import pytest
from rich.console import Console

from training.common.step_bar import StepBar, status_lines


@pytest.fixture
def drawn():
    """Draw a bar of three steps on a text, up to a step; return what stands there at the end."""

    def draw(steps: int, error: Exception | None = None) -> str:
        text = io.StringIO()
        console = Console(file=text, width=100, force_terminal=True)
        try:
            with StepBar(3, console) as bar:
                for number in range(steps):
                    bar.step(f"step {number}")
                if error:
                    raise error
        except RuntimeError:
            pass
        return text.getvalue()

    return draw


def test_all_steps_are_counted_when_it_ends(drawn):
    text = drawn(3)

    assert "3/3" in text
    assert "Done" in text


def test_a_step_that_fails_is_not_counted_as_done(drawn):
    text = drawn(2, RuntimeError("no"))

    assert "1/3" in text
    assert "step 1" in text
    assert "Done" not in text


def test_steps_are_lines_where_there_is_no_terminal(capsys):
    with status_lines(Console(file=io.StringIO())) as show:
        show("Reading [7]")
        early = capsys.readouterr().err
    with StepBar(2, Console(file=io.StringIO())) as bar:
        bar.step("Comparing")

    assert early == "Reading [7]\n"
    assert capsys.readouterr().err == "Comparing\n"


def test_steps_change_in_place_on_a_terminal(capsys):
    screen = io.StringIO()
    with status_lines(Console(file=screen, force_terminal=True)) as show:
        show("Reading")

    assert capsys.readouterr().err == ""
