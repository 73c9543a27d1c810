"""Progress of commands that write to no terminal: a job reads it line by line."""

import io

from rich.console import Console

from training.common.step_bar import StepBar, status_lines


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
