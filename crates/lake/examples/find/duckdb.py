"""Best of three warm runs of each SQL text over the lake's files, as JSON."""
import json
import sys
import time

import duckdb

folder, texts = sys.argv[1], json.loads(sys.argv[2])
connection = duckdb.connect()
connection.execute("set threads to 2")
connection.execute(
    f"create view e as select * from read_parquet('{folder}/customer=*/day=*/*.parquet', "
    "union_by_name = true, hive_partitioning = false)"
)
times = []
for text in texts:
    best = None
    for _ in range(4):
        start = time.perf_counter()
        connection.execute(text).fetchall()
        took = time.perf_counter() - start
        best = took if best is None else min(best, took)
    times.append(best)
print(json.dumps(times))
