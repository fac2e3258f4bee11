"""Real senders against all listeners: what each sent is stored, once, under the device it proved to be.

usage: senders.py RECEIVE_EXAMPLE
"""

import json, os, shutil, subprocess, tempfile, time

from common import TOKEN, Missing, Optional, expect, finish, folder, path, sender, start

SD = f'[vedette@32473 token="{TOKEN}"]'


def certificate(name):
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    run = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", path(f"{name}.key"),
           "-out", path(f"{name}.pem")]
    subprocess.run(run + subject, check=True, capture_output=True)
    shown = subprocess.run(["openssl", "x509", "-in", path(f"{name}.pem"), "-noout", "-fingerprint", "-sha256"],
                           check=True, capture_output=True, text=True).stdout
    return shown.split("=")[1].strip().replace(":", "").lower()


def need(program, missing=Missing):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not found:
        raise missing(f"{program} is not installed")
    return found


certificate("server")
fingerprint = certificate("client")
ports = start(path("server.pem"), path("server.key"), fingerprint)


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
    # Debian has either rsyslog or syslog-ng.
    program, config = need("syslog-ng", Optional), path("syslog-ng.conf")
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


finish()
