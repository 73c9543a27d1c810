"""Opening stock of a replay: names of columns and series, and what is refused."""

import numpy as np
import pytest

from data.domain import BadInputError
from training.stock_replay.opening_stock import assumed_opening, read_opening

SERIES = [("126", "0"), ("182", "0"), ("126", "1")]
PLAIN = "sku,site,on_hand,inbound_1,inbound_2\n"


@pytest.fixture
def file(tmp_path):
    """Write a file, and return its path."""

    def write(text):
        path = tmp_path / "stock.csv"
        path.write_text(text)
        return path

    return write


def test_stock_is_put_to_its_series_whatever_the_order_of_the_rows(file):
    read = read_opening(file(PLAIN + "126,1,7,1,2\n126,0,3,0,4\n182,0,0,0,0\n"), SERIES, 3)

    assert read.opening.on_hand.tolist() == [3, 0, 7]
    assert read.opening.inbound.tolist() == [[0, 4], [0, 0], [1, 2]]


def test_a_series_that_is_not_named_starts_with_nothing_and_is_counted(file):
    read = read_opening(file(PLAIN + "126,1,7,1,2\n"), SERIES, 3)

    assert (read.opening.on_hand.tolist(), read.missing) == ([0, 0, 7], 2)


def test_the_state_file_of_vn2_is_taken_as_it_is(file):
    head = "Store,Product,Start Inventory,Sales,End Inventory,In Transit W+1,In Transit W+2,Cost"
    read = read_opening(file(f"{head}\n0,126,0,0,3,1,4,0\n"), SERIES, 3)

    assert read.opening.on_hand.tolist() == [3, 0, 0]
    assert read.opening.inbound[0].tolist() == [1, 4]


def test_names_of_columns_may_be_in_any_case(file):
    read = read_opening(file("PRODUCT,Site,On_Hand\n126,0,3\n"), SERIES, 1)

    assert read.opening.on_hand.tolist() == [3, 0, 0]


def test_a_lead_of_one_needs_no_inbound(file):
    read = read_opening(file("sku,site,on_hand\n126,0,3\n"), SERIES, 1)

    assert read.opening.inbound.shape == (3, 0)


def test_a_missing_column_is_named_with_those_that_are_needed(file):
    with pytest.raises(BadInputError, match=r"no column inbound_2.*lead of 3.*sku, site, on_hand"):
        read_opening(file("sku,site,on_hand,inbound_1\n126,0,3,0\n"), SERIES, 3)


@pytest.mark.parametrize("value", ["", "many", "-1", "nan", "inf"])
def test_a_value_that_is_no_stock_names_its_row_and_column(file, value):
    with pytest.raises(BadInputError, match=r"line 3, column 'inbound_1'"):
        read_opening(file(PLAIN + f"126,0,1,0,0\n182,0,1,{value},0\n"), SERIES, 3)


def test_a_series_without_a_name_is_refused(file):
    with pytest.raises(BadInputError, match=r"line 2, column 'site'"):
        read_opening(file(PLAIN + "126,,1,0,0\n"), SERIES, 3)


def test_series_that_the_history_does_not_know_are_refused_and_named(file):
    with pytest.raises(BadInputError, match=r"2 series are not known.*sku 9 at site 0"):
        read_opening(file(PLAIN + "9,0,1,0,0\n126,0,1,0,0\n9,1,1,0,0\n"), SERIES, 3)


def test_a_series_that_is_named_twice_is_refused(file):
    with pytest.raises(BadInputError, match=r"line 3: sku 126 at site 0 is named twice"):
        read_opening(file(PLAIN + "126,0,1,0,0\n126,0,1,0,0\n"), SERIES, 3)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="can't be read"):
        read_opening(tmp_path / "none.csv", SERIES, 3)


def test_assumed_stock_is_a_period_on_hand_and_one_that_comes_last():
    assumed = assumed_opening(np.array([[3.0, np.nan, 5.0], [np.nan, np.nan, np.nan]]), 3)

    assert assumed.opening.on_hand.tolist() == [5, 0]
    assert assumed.opening.inbound.tolist() == [[0, 4], [0, 0]]
