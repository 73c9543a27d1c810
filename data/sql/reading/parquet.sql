-- One row per row of a Parquet file.
select * exclude (file_row_number), $name as _file, file_row_number + 1 as _row
from read_parquet($file, file_row_number = true)
