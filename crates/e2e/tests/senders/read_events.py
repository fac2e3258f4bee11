"""Reads what the server kept with other people's readers: the lake's files (named on stdin, a line each) with DuckDB, the
store, whose path is the argument, with Python's SQLite.

Prints with tabs between: `event, customer of the folder, customer, device, sender, number, alarm or calm, how often`;
`alert, customer, rule, count` and `device, id, events`. Exits with 77 when DuckDB is not installed.
"""

import sqlite3
import sys

try:
    import duckdb
except ImportError:
    sys.exit(77)


def tell(what, rows):
    for row in rows:
        print(what, *row, sep="\t")


files = [line.strip() for line in sys.stdin if line.strip()]
query = """
select regexp_extract(filename, 'customer=([^/]*)/', 1), customer, device, part[2], part[3], part[1], count(*)
from (select filename, customer, device, regexp_extract_all(raw, '(alarm|calm)-([a-z0-9]+)-([0-9]+) from', 0)[1] as found,
      string_split(replace(found, ' from', ''), '-') as part
      from read_parquet(?, union_by_name = true, hive_partitioning = false, filename = true))
group by all
"""
if files:
    tell("event", duckdb.execute(query, [files]).fetchall())
store = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
tell("alert", store.execute("select customer, rule_id, sum(alert_count) from alert group by customer, rule_id"))
tell("device", store.execute("select id, event_count from device"))
