"""One folder for each known source, one SQL query for each table in it; `synthetic` simulates."""
