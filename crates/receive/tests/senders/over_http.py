"""Real HTTP senders against the ingest listener: what each sent is stored, once, and what is refused is told.

usage: over_http.py RECEIVE_EXAMPLE
"""

import gzip, json, os, shutil, subprocess, sys, time, uuid

import common
from common import TOKEN, Missing, finish, folder, sender, start

base = f'http://127.0.0.1:{start()["http"]}'


def expect(mark, count, seconds=20):
    """As `common.expect`, documents read."""
    found = common.expect(mark, count, seconds)
    return [json.loads(raw) if raw.startswith("{") else raw for raw in found]


def curl(*arguments, body=None):
    if not shutil.which("curl"):
        raise Missing("curl is not installed")
    run = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", *arguments], input=body, capture_output=True)
    assert run.returncode == 0, run.stderr
    text, status = run.stdout.decode().rsplit("\n", 1)
    return int(status), json.loads(text) if text else None


@sender
def elasticsearch_client(mark):
    import elasticsearch
    from elasticsearch import Elasticsearch, helpers

    for auth in [{"basic_auth": ("elastic", TOKEN)}, {"api_key": TOKEN}, {"api_key": ("id", TOKEN)}, {"bearer_auth": TOKEN}]:
        client = Elasticsearch(base, http_compress=True, **auth)
        assert int(client.info()["version"]["number"].split(".")[0]) >= elasticsearch.VERSION[0]
    client = Elasticsearch(base, api_key=TOKEN)
    assert client.ping() and client.license.get()["license"]["status"] == "active"
    assert client.cluster.health()["status"] == "green"
    assert client.indices.exists_index_template(name="logs")
    assert client.indices.put_index_template(name="logs", index_patterns=["logs-*"])["acknowledged"]
    assert client.ingest.get_pipeline(id="x") and client.ilm.get_lifecycle(name="x")
    documents = [{"_index": "logs", "_op_type": "create", "message": f"{mark} {number} 中文"} for number in range(5000)]
    done, errors = helpers.bulk(client, documents)
    assert (done, errors) == (5000, [])
    assert client.index(index="logs", document={"message": mark})["result"] == "created"
    found = expect(mark, 5001)
    assert {record["message"] for record in found[:-1]} == {document["message"] for document in documents}
    try:
        Elasticsearch(base, api_key="wrong").info()
        raise AssertionError("a wrong token is let in")
    except elasticsearch.AuthenticationException:
        pass


@sender
def elasticsearch_bulk_answers_item_by_item(mark):
    lines = ['{"create":{}}', json.dumps({"m": mark}), '{"create":{}}', "{broken", '{"delete":{"_id":"1"}}']
    status, answer = curl("-u", f"any:{TOKEN}", "-H", "content-type: application/x-ndjson", "--data-binary", "@-",
                          f"{base}/logs/_bulk", body=("\n".join(lines) + "\n").encode())
    assert status == 200 and answer["errors"]
    assert [list(item.values())[0]["status"] for item in answer["items"]] == [201, 400, 400]
    expect(mark, 1)


def older_client(version):
    """An older official client, from the folder that SENDERS_ELASTICSEARCH_<version> names."""
    place = os.environ.get(f"SENDERS_ELASTICSEARCH_{version}")
    if not place:
        raise Missing(f"SENDERS_ELASTICSEARCH_{version} names no folder with the client")
    script = """
import json, sys
from elasticsearch import Elasticsearch, helpers
base, token, mark = sys.argv[1:]
auth = {"api_key": ("id", token)}
client = Elasticsearch(base, **auth)
assert client.info()["tagline"]
done, errors = helpers.bulk(client, [{"_index": "logs", "message": f"{mark} {n}"} for n in range(1000)])
assert (done, errors) == (1000, []), errors
"""
    return lambda mark: subprocess.run([sys.executable, "-c", script, base, TOKEN, mark], check=True, capture_output=True,
                                       env={**os.environ, "PYTHONPATH": place}, timeout=60)


@sender
def elasticsearch_client_8(mark):
    older_client(8)(mark)
    expect(mark, 1000)


@sender
def elasticsearch_client_7(mark):
    older_client(7)(mark)
    expect(mark, 1000)


def opentelemetry(mark, exporter):
    import logging
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource

    provider = LoggerProvider(resource=Resource.create({"service.name": "shop", "mark": mark}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = logging.getLogger(mark)
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=provider))
    for number in range(500):
        logger.error("failed login %d of 李", number, extra={"client.address": "203.0.113.9", "count": number})
    provider.shutdown()
    found = expect(mark, 500)
    one = next(record for record in found if record["attributes"]["count"] == 7)
    assert one["body"] == "failed login 7 of 李" and one["severity_text"] in ("ERROR", "error"), one
    assert one["attributes"]["client.address"] == "203.0.113.9"
    assert one["resource"]["service.name"] == "shop" and one["time"].endswith("Z")


@sender
def opentelemetry_over_http(mark):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    headers = {"authorization": f"Bearer {TOKEN}"}
    opentelemetry(mark, OTLPLogExporter(f"{base}/v1/logs", headers=headers, compression=Compression.Gzip))


@sender
def opentelemetry_over_grpc(mark):
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter

    opentelemetry(mark, OTLPLogExporter(base, insecure=True, headers=(("authorization", f"Bearer {TOKEN}"),)))


@sender
def opentelemetry_over_grpc_with_gzip(mark):
    import grpc
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter

    headers = (("authorization", f"Bearer {TOKEN}"),)
    opentelemetry(mark, OTLPLogExporter(base, insecure=True, headers=headers, compression=grpc.Compression.Gzip))


@sender
def grpc_errors_have_their_status(mark):
    import grpc
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc

    channel = grpc.insecure_channel(base.removeprefix("http://"))
    stub = logs_service_pb2_grpc.LogsServiceStub(channel)
    metadata = (("authorization", f"Bearer {TOKEN}"),)
    stub.Export(logs_service_pb2.ExportLogsServiceRequest(), metadata=metadata, timeout=10)
    for request, how, code in [
        (b"", {}, grpc.StatusCode.UNAUTHENTICATED),
        (b"\xff\xff", {"metadata": metadata}, grpc.StatusCode.INVALID_ARGUMENT),
    ]:
        call = channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
        try:
            call(request, timeout=10, **how)
            raise AssertionError("it was taken")
        except grpc.RpcError as error:
            assert error.code() == code and error.details(), error
    try:
        channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")(b"", timeout=10)
        raise AssertionError("traces are not taken")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED


@sender
def hec_by_curl_with_gzip_and_acknowledgement(mark):
    channel = str(uuid.uuid4())
    token = ("-H", f"Authorization: Splunk {TOKEN}", "-H", f"X-Splunk-Request-Channel: {channel}")
    events = "".join(json.dumps({"time": time.time(), "host": "fw", "event": f"{mark} {n}"}) for n in range(1000))
    status, answer = curl(*token, "-H", "Content-Encoding: gzip", "--data-binary", "@-", f"{base}/services/collector/event",
                          body=gzip.compress(events.encode()))
    assert (status, answer["code"]) == (200, 0), answer
    asked = json.dumps({"acks": [answer["ackId"], 1 << 60]})
    status, acks = curl(*token, "-d", asked, f"{base}/services/collector/ack")
    assert acks == {"acks": {str(answer["ackId"]): True, str(1 << 60): False}}, acks
    raw = f"<13>Jan  1 00:00:00 fw {mark} raw one\n<13>Jan  1 00:00:00 fw {mark} raw two\n"
    status, answer = curl("-u", f"x:{TOKEN}", "--data-binary", "@-", f"{base}/services/collector/raw", body=raw.encode())
    assert answer == {"text": "Success", "code": 0}
    found = expect(mark, 1002)
    assert sum(1 for record in found if isinstance(record, dict) and record["host"] == "fw") == 1000


@sender
def ndjson_by_curl_with_an_idempotency_key(mark):
    how = ("-H", f"Authorization: Bearer {TOKEN}", "-H", f"Idempotency-Key: {mark}", "--data-binary", "@-")
    for _ in range(3):
        answer = curl(*how, f"{base}/ingest/v1/events", body=f"{mark} one\n{mark} two\n".encode())
        assert answer == (200, {"accepted": 2}), answer
    expect(mark, 2)


finish()
