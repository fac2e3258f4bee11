"""Real senders against all listeners: what each sent is stored, once, under the device it proved to be.

usage: senders.py RECEIVE_EXAMPLE. Prints a line a sender: passed, failed or skipped (with the reason); the exit status
is that of the worst. REQUIRE_SENDERS=1 makes a missing sender a failure.
"""

import json, os, queue, shutil, socket, subprocess, sys, tempfile, threading, time, uuid

TOKEN = "device-token"
SD = f'[vedette@32473 token="{TOKEN}"]'
folder = tempfile.mkdtemp()
results = []


def path(name):
    return os.path.join(folder, name)


def certificate(name):
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    run = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", path(f"{name}.key"),
           "-out", path(f"{name}.pem")]
    subprocess.run(run + subject, check=True, capture_output=True)
    shown = subprocess.run(["openssl", "x509", "-in", path(f"{name}.pem"), "-noout", "-fingerprint", "-sha256"],
                           check=True, capture_output=True, text=True).stdout
    return shown.split("=")[1].strip().replace(":", "").lower()


class Missing(Exception):
    pass


def need(program):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not found:
        raise Missing(f"{program} is not installed")
    return found


certificate("server")
fingerprint = certificate("client")
receiver = subprocess.Popen([sys.argv[1], path("log"), path("server.pem"), path("server.key"), fingerprint],
                            stdout=subprocess.PIPE, text=True)
ports = json.loads(receiver.stdout.readline())
stored, lines = [], queue.Queue()
threading.Thread(target=lambda: [lines.put(json.loads(line)["raw"]) for line in receiver.stdout], daemon=True).start()


def expect(mark, count, seconds=20):
    """Every record with this mark that is stored: `count` of them, within the time, and no more."""
    until, extra = time.time() + seconds, None
    while time.time() < until and (extra is None or time.time() < extra):
        try:
            stored.append(lines.get(timeout=0.1))
        except queue.Empty:
            pass
        found = [raw for raw in stored if mark in raw]
        if len(found) >= count and extra is None:
            extra = time.time() + 0.5
    found = [raw for raw in stored if mark in raw]
    assert len(found) == count, f"{len(found)} of {count} are stored: {found[:3]}"
    assert not any(TOKEN in raw for raw in found), "a token was stored"
    return found


def sender(test):
    mark = uuid.uuid4().hex
    try:
        test(mark)
        results.append(0)
        print(f"passed   {test.__name__}")
    except (Missing, ImportError) as reason:
        required = os.environ.get("REQUIRE_SENDERS") == "1"
        results.append(1 if required else 0)
        print(f"{'failed' if required else 'skipped'}  {test.__name__}: {reason}")
    except Exception as error:
        results.append(1)
        print(f"failed   {test.__name__}: {type(error).__name__}: {error}")


def rsyslog(mark, action):
    program, config = need("rsyslogd"), path("rsyslog.conf")
    entry, work = path("entry.log"), tempfile.mkdtemp(dir=folder)
    with open(entry, "w") as out:
        out.writelines(f"{mark} number {number} with 中文\n" for number in range(500))
    with open(config, "w") as out:
        out.write(f'''global(workDirectory="{work}" maxMessageSize="64k" defaultNetstreamDriverCAFile="{path("server.pem")}"
  defaultNetstreamDriverCertFile="{path("client.pem")}" defaultNetstreamDriverKeyFile="{path("client.key")}")
module(load="imfile")
input(type="imfile" File="{entry}" Tag="app" Severity="info" Facility="local0" reopenOnTruncate="on")
template(name="token" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% - - {SD.replace('"', chr(92) + '"')} %msg%")
{action}
''')
    process = subprocess.Popen([program, "-n", "-f", config, "-i", path("rsyslog.pid")], stderr=subprocess.PIPE, text=True)
    try:
        found = expect(mark, 500)
        assert any("中文" in raw for raw in found)
    finally:
        process.terminate()
        process.wait(10)


@sender
def rsyslog_tcp_octet_counted(mark):
    rsyslog(mark, f'action(type="omfwd" target="127.0.0.1" port="{ports["tcp"]}" protocol="tcp" '
                  'TCP_Framing="octet-counted" template="token")')


@sender
def rsyslog_tcp_newline(mark):
    rsyslog(mark, f'action(type="omfwd" target="127.0.0.1" port="{ports["tcp"]}" protocol="tcp" template="token")')


@sender
def rsyslog_tls_with_client_certificate(mark):
    rsyslog(mark, f'action(type="omfwd" target="localhost" port="{ports["tls"]}" protocol="tcp" StreamDriver="ossl" '
                  'StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid" TCP_Framing="octet-counted")')


@sender
def rsyslog_tls_with_token(mark):
    rsyslog(mark, f'action(type="omfwd" target="localhost" port="{ports["tls"]}" protocol="tcp" StreamDriver="ossl" '
                  'StreamDriverMode="1" StreamDriverAuthMode="anon" template="token")')


@sender
def syslog_ng_tls(mark):
    program, config = need("syslog-ng"), path("syslog-ng.conf")
    entry = path("ng.log")
    with open(entry, "w") as out:
        out.writelines(f"{mark} number {number}\n" for number in range(500))
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split("Config version: ")[1].split()[0]
    with open(config, "w") as out:
        out.write(f'''@version: {version}
source s {{ file("{entry}" flags(no-parse) follow-freq(1)); }};
destination d {{ network("localhost" port({ports["tls"]}) transport("tls") flags(syslog-protocol)
  tls(ca-file("{path("server.pem")}") cert-file("{path("client.pem")}") key-file("{path("client.key")}") peer-verify(yes))); }};
log {{ source(s); destination(d); }};
''')
    process = subprocess.Popen([program, "-F", "-f", config, "-R", path("ng.persist"), "-p", path("ng.pid"),
                                "--control", path("ng.ctl")], stderr=subprocess.DEVNULL)
    try:
        expect(mark, 500)
    finally:
        process.terminate()
        process.wait(10)


@sender
def logger_udp_and_tcp(mark):
    program = need("logger")
    sd = ["--sd-id", "vedette@32473", "--sd-param", f'token="{TOKEN}"']
    for number in range(5):
        for option, port in (("-d", ports["udp"]), ("-T", ports["tcp"])):
            subprocess.run([program, "-n", "127.0.0.1", option, "-P", str(port), "--rfc5424", *sd, f"{mark} {number}"], check=True)
    subprocess.run([program, "-n", "127.0.0.1", "-d", "-P", str(ports["device"]), "--rfc3164", f"{mark} own port"], check=True)
    subprocess.run([program, "-n", "127.0.0.1", "-T", "-P", str(ports["device"]), "--octet-count", f"{mark} own port"], check=True)
    expect(mark, 12)


@sender
def fluent_logger(mark):
    from fluent import sender as fluent
    for options in ({}, {"nanosecond_precision": True}):
        logger = fluent.FluentSender("app", host="127.0.0.1", port=ports["device"], **options)
        for number in range(100):
            assert logger.emit("follow", {"message": f"{mark} {number}", "中文": "值"}), logger.last_error
        logger.close()
    found = expect(mark, 200)
    assert all(json.loads(raw)["fluent_tag"] == "app.follow" for raw in found)


@sender
def pygelf_tcp_udp_and_compressed_chunks(mark):
    import logging
    from pygelf import GelfTcpHandler, GelfUdpHandler
    handlers = [GelfTcpHandler(host="127.0.0.1", port=ports["tcp"], _vedette_token=TOKEN, include_extra_fields=True),
                GelfUdpHandler(host="127.0.0.1", port=ports["udp"], compress=True, _vedette_token=TOKEN),
                GelfUdpHandler(host="127.0.0.1", port=ports["device"], compress=False, chunk_size=100)]
    for handler in handlers:
        log = logging.Logger(mark)
        log.addHandler(handler)
        for number in range(20):
            log.warning("%s %d %s", mark, number, os.urandom(200).hex())
            time.sleep(0.002)
        handler.close()
    expect(mark, 60)


@sender
def graypy_udp(mark):
    import logging
    import graypy
    log = logging.Logger(mark)
    log.addHandler(graypy.GELFUDPHandler("127.0.0.1", ports["device"]))
    for number in range(20):
        log.error("%s %d", mark, number)
    expect(mark, 20)


receiver.terminate()
shutil.rmtree(folder, ignore_errors=True)
print(f"{results.count(0)} of {len(results)} passed or were skipped")
sys.exit(max(results))
