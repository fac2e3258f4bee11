//! "Copy device info": what a field engineer pastes to make a device send to us (catalogue P3).

use std::fmt::Write;

use formats::syslog::TOKEN_ELEMENT;
use model::device::{CredentialKind, Device, DeviceCredential};

/// The template of rsyslog's own whose times carry their offset: its default writes local time that only guessing places.
const WITH_OFFSET: &str = "RSYSLOG_SyslogProtocol23Format";

/// What rsyslog needs for TLS at all.
const AUTHORITY: &str = "# TLS needs the package rsyslog-gnutls, and the authority behind the server's certificate:
# global(DefaultNetstreamDriverCAFile=\"/etc/ssl/certs/ca-certificates.crt\")";

/// What rsyslog shows to be known by.
const CLIENT_CERTIFICATE: &str = "# and this device's certificate and key, in the same global():
# DefaultNetstreamDriverCertFile=\"/path/device.pem\" DefaultNetstreamDriverKeyFile=\"/path/device.key\"";

/// The addresses devices send to, as the customer's network reaches them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicAddresses {
    /// Base URL of the ingest listener, such as `https://logs.example.com:8443`.
    pub ingest_http: String,
    /// `host:port` of syslog over UDP.
    pub syslog_udp: Option<String>,
    /// `host:port` of syslog over TCP.
    pub syslog_tcp: Option<String>,
    /// `host:port` of syslog over TLS.
    pub syslog_tls: Option<String>,
}

impl PublicAddresses {
    /// The host part, for ports that are given to single devices.
    fn host(&self) -> &str {
        let syslog = self.syslog_tcp.as_deref().or(self.syslog_udp.as_deref()).or(self.syslog_tls.as_deref());
        let address = syslog.unwrap_or_else(|| {
            let rest = self.ingest_http.split_once("://").map_or(self.ingest_http.as_str(), |(_, rest)| rest);
            rest.split('/').next().unwrap_or(rest)
        });
        match address.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => address,
        }
    }
}

/// The text for a credential just issued. `token` is its secret, where it has one.
pub fn text(public: &PublicAddresses, device: &Device, credential: &DeviceCredential, token: Option<&str>) -> String {
    let mut text = format!("device: {} ({})\ncredential: {}\n", device.data.name, device.id, credential.id);
    match (credential.kind, token) {
        (CredentialKind::Token, Some(token)) => with_token(&mut text, public, token),
        (CredentialKind::Token, None) => {}
        (CredentialKind::Certificate, _) => with_certificate(&mut text, public, &credential.label),
        (CredentialKind::Address, _) => {
            let address = &credential.label;
            let collector = credential.collector.as_ref().map_or("", |collector| collector.as_str());
            line(
                &mut text,
                format_args!("protocol: to the customer's collector ({collector}), by any of its listeners"),
            );
            line(&mut text, format_args!("known by its address there: {address}"));
            line(
                &mut text,
                format_args!("\n# rsyslog; COLLECTOR is the collector's address\n*.* @@COLLECTOR:514;{WITH_OFFSET}"),
            );
        }
        (CredentialKind::Port, _) => {
            let host = public.host();
            let port = &credential.label;
            line(&mut text, format_args!("protocol: syslog over UDP or TCP, this device only"));
            line(&mut text, format_args!("address: {host}\nport: {port}"));
            line(
                &mut text,
                format_args!("\n# rsyslog (use @ instead of @@ for UDP)\n*.* @@{host}:{port};{WITH_OFFSET}"),
            );
        }
    }
    text
}

fn with_token(text: &mut String, public: &PublicAddresses, token: &str) {
    line(text, format_args!("token: {token}"));
    let url = public.ingest_http.trim_end_matches('/');
    if !url.is_empty() {
        line(text, format_args!("\n# HTTP, one record a line"));
        line(text, format_args!("curl -X POST {url}/ingest/v1/events \\"));
        line(text, format_args!("  -H 'Authorization: Bearer {token}' --data-binary @records.ndjson"));
    }
    let listeners =
        [("UDP", "udp", &public.syslog_udp), ("TCP", "tcp", &public.syslog_tcp), ("TLS", "tcp", &public.syslog_tls)];
    let offered: Vec<_> = listeners
        .into_iter()
        .filter_map(|(name, protocol, address)| Some((name, protocol, address.as_deref()?)))
        .collect();
    if offered.is_empty() {
        return;
    }
    line(text, format_args!("\n# syslog (RFC 5424), token in the structured data"));
    for (name, _, address) in &offered {
        line(text, format_args!("syslog over {name}: {address}"));
    }
    line(text, format_args!("structured data: [{TOKEN_ELEMENT} token=\"{token}\"]"));
    line(text, format_args!("\n# rsyslog"));
    if offered.last().is_some_and(|(name, ..)| *name == "TLS") {
        line(text, format_args!("{AUTHORITY}"));
    }
    line(text, format_args!("template(name=\"vedette\" type=\"string\""));
    line(
        text,
        format_args!(
            "  string=\"<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% \
             [{TOKEN_ELEMENT} token=\\\"{token}\\\"]%msg:::sp-if-no-1st-sp%%msg:::drop-last-lf%\\n\")"
        ),
    );
    // The list is in order of preference, best last.
    if let Some((name, protocol, address)) = offered.last() {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "514"));
        let tls = if *name == "TLS" {
            " StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\""
        } else {
            ""
        };
        line(
            text,
            format_args!(
                "*.* action(type=\"omfwd\" target=\"{host}\" port=\"{port}\" protocol=\"{protocol}\"{tls} template=\"vedette\")"
            ),
        );
    }
}

fn with_certificate(text: &mut String, public: &PublicAddresses, fingerprint: &str) {
    line(text, format_args!("certificate SHA-256: {fingerprint}"));
    match &public.syslog_tls {
        Some(address) => {
            let (host, port) = address.rsplit_once(':').unwrap_or((address, "6514"));
            line(text, format_args!("protocol: syslog over TLS with this client certificate"));
            line(text, format_args!("address: {host}\nport: {port}"));
            line(text, format_args!("\n# rsyslog\n{AUTHORITY}\n{CLIENT_CERTIFICATE}"));
            line(
                text,
                format_args!(
                    "*.* action(type=\"omfwd\" target=\"{host}\" port=\"{port}\" protocol=\"tcp\" \
                     StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" template=\"{WITH_OFFSET}\")"
                ),
            );
        }
        None => line(text, format_args!("syslog over TLS is not configured on this server")),
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a string does not fail");
}
