"""Reads the lake's files with somebody else's engine: `read_files.py <engine> <folder>`.

Prints one line of JSON: events, the sum of an own field, the different values of a core field, the earliest and latest
time in microseconds, and the bytes of raw records. Exits with 77 when the engine is not installed.
"""

import glob
import json
import sys

engine, folder = sys.argv[1:]
pattern = folder + "/customer=*/day=*/*.parquet"

try:
    module = __import__(engine)
except ImportError:
    sys.exit(77)

if engine == "duckdb":
    row = module.sql(
        f"""select count(*), sum(try_cast(f_n as bigint)), count(distinct source_ip), epoch_us(min(time)),
        epoch_us(max(time)), sum(strlen(raw)), count(distinct day)
        from read_parquet('{pattern}', union_by_name = true, hive_partitioning = true)"""
    ).fetchall()[0]
elif engine == "chdb":
    text = module.query(
        f"""select count(), sum(toInt64OrZero(f_n)), uniqExact(source_ip), toUnixTimestamp64Micro(min(time)),
        toUnixTimestamp64Micro(max(time)), sum(length(raw)), uniqExact(replaceRegexpOne(_path, '.*day=([^/]*)/.*', '\\\\1'))
        from file('{pattern}', 'Parquet') settings schema_inference_mode = 'union'""",
        "JSONCompact",
    )
    row = [int(value) for value in json.loads(str(text))["data"][0]]
elif engine == "polars":
    frames = [module.scan_parquet(path, hive_partitioning=True) for path in glob.glob(pattern)]
    rows = module.concat(frames, how="diagonal_relaxed")
    row = (
        rows.select(
            module.len().alias("events"),
            module.col("f_n").cast(module.Int64).sum(),
            module.col("source_ip").drop_nulls().n_unique(),
            module.col("time").min().dt.timestamp("us").alias("first"),
            module.col("time").max().dt.timestamp("us").alias("last"),
            module.col("raw").str.len_bytes().cast(module.Int64).sum(),
            module.col("day").n_unique(),
        )
        .collect()
        .row(0)
    )
else:
    sys.exit(f"unknown engine {engine}")

print(json.dumps([int(value) for value in row]))
