"""The official Elasticsearch client sending without end: what it knows stands in its ledger.

usage: bulk.py BASE TOKEN NAME LEDGER STOP_FILE CUSTOMER DEVICE. A batch is sent again until every document of it is
acknowledged; ends when STOP_FILE is there, after its last batch.
"""

import logging
import os
import sys
import time

from elasticsearch import Elasticsearch

base, token, name, ledger_path, stop_file, customer, device = sys.argv[1:]
logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
ledger = open(ledger_path, "w", buffering=1)
ledger.write(f"{name} acked {customer} {device}\n")
client = Elasticsearch(base, api_key=token, max_retries=0, retry_on_timeout=False, request_timeout=5)


def line(number):
    what, user = ("Failed", "alarm") if number % 5 == 0 else ("Accepted", "calm")
    long = "x" * 8000 if number % 7 == 0 else ""
    return f"<38>sshd[7]: {what} password for {user}-{name}-{number} from 203.0.113.{number % 4 + 1} port 5022 ssh2{long}"


first, stopped = 0, None
while not os.path.exists(stop_file):
    wanted = list(range(first, first + 15))
    first, what = first + 15, "S"
    while wanted and (stopped is None or time.time() < stopped + 20):
        if stopped is None and os.path.exists(stop_file):
            stopped = time.time()
        for number in wanted:
            ledger.write(f"{what} {number} 1\n")
        what = "R"
        operations = [part for number in wanted for part in ({"create": {}}, {"message": line(number)})]
        try:
            items = client.bulk(index="logs", operations=operations)["items"]
            taken = [number for number, item in zip(wanted, items) if item["create"]["status"] == 201]
            for number in taken:
                ledger.write(f"A {number} 1\n")
            wanted = [number for number in wanted if number not in taken]
        except Exception:
            pass
        time.sleep(0.03)
