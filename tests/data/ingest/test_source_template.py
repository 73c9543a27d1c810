import pandas as pd
import pytest

from data.contract.tables import TABLES
from data.domain import BadInputError
from data.ingest.row_checks import required_columns
from data.ingest.run_source import Source
from data.ingest.source_template import write_skeleton


def test_a_skeleton_has_a_query_for_every_table(tmp_path):
    write_skeleton(tmp_path / "mine")

    assert set(Source.read(tmp_path / "mine").queries) == set(TABLES)


def test_a_skeleton_is_never_written_over_a_source(tmp_path):
    write_skeleton(tmp_path / "mine")

    with pytest.raises(BadInputError, match="exists already"):
        write_skeleton(tmp_path / "mine")


@pytest.mark.parametrize("table", ["orders", "exceptions", "products"])
def test_a_skeleton_runs_as_it_is_over_files_that_have_the_names_of_the_contract(
    tmp_path, read_files, table
):
    write_skeleton(tmp_path / "mine")
    for file in (tmp_path / "mine").iterdir():
        if file.stem != table:
            file.unlink()
    (tmp_path / "mine" / "inputs.toml").write_text(f'my_{table} = ["*{table}*"]')
    needed = required_columns(table)
    pd.DataFrame({name: ["2024-01-01"] for name in needed}).to_csv(
        tmp_path / f"{table}.csv", index=False
    )

    report = read_files(tmp_path / f"{table}.csv", folder=tmp_path / "mine")
    assert report.counts[table].accepted == 1
