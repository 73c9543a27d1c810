-- One row per line of a CSV file that has its columns; all others go to the table `rejected`.
select *, $name as _file, row_number() over () as _row
from read_csv(
    $file, columns = $columns, delim = $delimiter, encoding = 'utf-8', auto_detect = false,
    header = false, skip = $above, quote = '"', escape = '"', store_rejects = true,
    rejects_limit = 0, rejects_table = 'rejected', rejects_scan = 'rejected_scans'
)
