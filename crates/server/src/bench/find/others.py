"""Best of four runs of each SQL text over the lake's files by another engine, as JSON; an empty list where it is not installed."""
import json
import sys
import time

engine, folder, texts = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
files = f"{folder}/customer=*/day=*/*.parquet"
if engine == "duckdb":
    import duckdb

    connection = duckdb.connect()
    connection.execute("set threads to 2")
    # It would be among the answer.
    connection.execute("set enable_progress_bar = false")
    connection.execute(
        f"create view e as select * from read_parquet('{files}', union_by_name = true, hive_partitioning = false)"
    )
    run = lambda text: connection.execute(text).fetchall()
else:
    from chdb import session

    connection = session.Session()
    connection.query("set max_threads = 2")
    connection.query("set schema_inference_mode = 'union'")
    connection.query("set use_hive_partitioning = 0")
    connection.query(f"create view e as select * from file('{files}', Parquet)")
    run = lambda text: connection.query(text, "CSV")

times = []
for text in texts:
    best = None
    for _ in range(4):
        start = time.perf_counter()
        run(text)
        took = time.perf_counter() - start
        best = took if best is None else min(best, took)
    times.append(best)
print(json.dumps(times))
