//! NATS on the wire: lines of text, payloads counted in bytes. A task reads and answers pings; whoever owns the connection
//! gets the messages.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

use super::{NatsConfig, NatsError, credential};

/// Time for a connection, and for an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The longest line, and the largest message.
const LINE: usize = 64 * 1024;
const MESSAGE: usize = 8 << 20;
/// Messages read ahead; then the connection is not read, and the server waits.
const AHEAD: usize = 1024;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivered {
    pub subject: String,
    pub reply: Option<String>,
    /// The status of a message that only says something about others.
    pub status: Option<u16>,
    pub payload: Vec<u8>,
}

/// What a server says about itself.
#[derive(Debug, Default, Deserialize)]
struct Info {
    #[serde(default)]
    tls_required: bool,
    #[serde(default)]
    nonce: Option<String>,
}

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Message(Delivered),
    Ping,
    Pong,
    Error(String),
    Other,
}

/// A connection to a server.
pub(super) struct Connection {
    outgoing: mpsc::Sender<Vec<u8>>,
    incoming: mpsc::Receiver<Result<Delivered, NatsError>>,
    subscriptions: u64,
    tasks: [AbortHandle; 2],
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Connection {
    /// Connects and shows who we are.
    pub async fn open(config: &NatsConfig) -> Result<Connection, NatsError> {
        tokio::time::timeout(PATIENCE, Self::dial(config)).await.map_err(|_| NatsError::TooSlow)?
    }

    async fn dial(config: &NatsConfig) -> Result<Connection, NatsError> {
        let wrong = || NatsError::Address(config.url.clone());
        let (scheme, authority) = config.url.split_once("://").ok_or_else(wrong)?;
        let authority = authority.trim_end_matches('/');
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse::<u16>().map_err(|_| wrong())?),
            None => (authority, 4222),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut stream = BufReader::new(TcpStream::connect((host.as_str(), port)).await?);
        let info = info(&line(&mut stream).await?)?;
        if !info.tls_required && scheme != "tls" {
            return Self::greet(stream, config, &info).await;
        }
        let tls = config.tls.clone();
        let tls = tls.ok_or_else(|| NatsError::Credential("the NATS server asks for TLS: set its authority".into()))?;
        let name = rustls_pki_types::ServerName::try_from(host).map_err(|_| wrong())?;
        let stream = TlsConnector::from(tls).connect(name, stream.into_inner()).await?;
        Self::greet(BufReader::new(stream), config, &info).await
    }

    async fn greet<S>(mut stream: BufReader<S>, config: &NatsConfig, info: &Info) -> Result<Connection, NatsError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut connect = json!({
            "verbose": false, "pedantic": false, "headers": true, "no_responders": true, "echo": false,
            "lang": "rust", "version": env!("CARGO_PKG_VERSION"), "name": "vedette", "protocol": 1,
        });
        credential::prove(&config.credential, info.nonce.as_deref(), &mut connect)?;
        stream.write_all(format!("CONNECT {connect}\r\nPING\r\n").as_bytes()).await?;
        stream.flush().await?;
        loop {
            match read(&mut stream).await? {
                Said::Pong => break,
                Said::Error(why) => return Err(NatsError::Refused(why)),
                _ => {}
            }
        }
        let (outgoing, mut wanted) = mpsc::channel::<Vec<u8>>(AHEAD);
        let (told, incoming) = mpsc::channel(AHEAD);
        let (reading, mut writing) = tokio::io::split(stream);
        let answers = outgoing.clone();
        let reader = tokio::spawn(async move {
            let mut reading = BufReader::new(reading);
            loop {
                let said = match read(&mut reading).await {
                    Ok(Said::Message(message)) => Ok(message),
                    Ok(Said::Ping) => {
                        // The writer is gone only with the connection.
                        let _ = answers.send(b"PONG\r\n".to_vec()).await;
                        continue;
                    }
                    Ok(Said::Error(why)) => Err(NatsError::Refused(why)),
                    Ok(Said::Pong | Said::Other) => continue,
                    Err(error) => Err(error),
                };
                let ended = said.is_err();
                if told.send(said).await.is_err() || ended {
                    return;
                }
            }
        });
        let writer = tokio::spawn(async move {
            while let Some(bytes) = wanted.recv().await {
                // The reader notices what is broken.
                if writing.write_all(&bytes).await.is_err() || writing.flush().await.is_err() {
                    return;
                }
            }
        });
        let tasks = [reader.abort_handle(), writer.abort_handle()];
        Ok(Connection { outgoing, incoming, subscriptions: 0, tasks })
    }

    async fn send(&self, bytes: Vec<u8>) -> Result<(), NatsError> {
        let gone = |_| NatsError::Io(std::io::ErrorKind::BrokenPipe.into());
        self.outgoing.send(bytes).await.map_err(gone)
    }

    pub async fn subscribe(&mut self, subject: &str, queue: Option<&str>) -> Result<(), NatsError> {
        self.subscriptions += 1;
        let queue = queue.map_or(String::new(), |queue| format!("{queue} "));
        self.send(format!("SUB {subject} {queue}{}\r\n", self.subscriptions).into_bytes()).await
    }

    pub async fn publish(&self, subject: &str, reply: Option<&str>, payload: &[u8]) -> Result<(), NatsError> {
        let reply = reply.map_or(String::new(), |reply| format!("{reply} "));
        let mut bytes = format!("PUB {subject} {reply}{}\r\n", payload.len()).into_bytes();
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(b"\r\n");
        self.send(bytes).await
    }

    /// The next message, however long it takes.
    pub async fn next(&mut self) -> Result<Delivered, NatsError> {
        match self.incoming.recv().await {
            Some(said) => said,
            None => Err(NatsError::Io(std::io::ErrorKind::ConnectionAborted.into())),
        }
    }

    /// One that is there already.
    pub fn ready(&mut self) -> Option<Delivered> {
        self.incoming.try_recv().ok()?.ok()
    }
}

fn info(line: &str) -> Result<Info, NatsError> {
    let text = line.strip_prefix("INFO ").ok_or_else(|| NatsError::Protocol("it does not begin with INFO".into()))?;
    serde_json::from_str(text).map_err(|error| NatsError::Protocol(error.to_string()))
}

async fn line(from: &mut (impl AsyncBufRead + Unpin)) -> Result<String, NatsError> {
    let mut bytes = Vec::new();
    let count = AsyncReadExt::take(&mut *from, LINE as u64).read_until(b'\n', &mut bytes).await?;
    if count == 0 {
        return Err(NatsError::Io(std::io::ErrorKind::UnexpectedEof.into()));
    }
    if bytes.pop() != Some(b'\n') {
        return Err(NatsError::Protocol("a line that is too long".into()));
    }
    Ok(String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned())
}

async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> Result<Said, NatsError> {
    let line = line(from).await?;
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((&line, ""));
    let parts: Vec<&str> = rest.split_ascii_whitespace().collect();
    let broken = || NatsError::Protocol(format!("`{}`", line.chars().take(100).collect::<String>()));
    let number = |text: &str| text.parse::<usize>().map_err(|_| broken());
    let (subject, reply, headers, total) = match (word.to_ascii_uppercase().as_str(), parts.as_slice()) {
        ("MSG", [subject, _, total]) => (*subject, None, 0, number(total)?),
        ("MSG", [subject, _, reply, total]) => (*subject, Some(*reply), 0, number(total)?),
        ("HMSG", [subject, _, headers, total]) => (*subject, None, number(headers)?, number(total)?),
        ("HMSG", [subject, _, reply, headers, total]) => (*subject, Some(*reply), number(headers)?, number(total)?),
        ("PING", _) => return Ok(Said::Ping),
        ("PONG", _) => return Ok(Said::Pong),
        ("-ERR", _) => return Ok(Said::Error(rest.trim_matches('\'').to_owned())),
        ("INFO" | "+OK", _) => return Ok(Said::Other),
        _ => return Err(broken()),
    };
    if total > MESSAGE || headers > total {
        return Err(NatsError::Protocol(format!("a message of {total} bytes")));
    }
    let mut payload = vec![0; total + 2];
    from.read_exact(&mut payload).await?;
    payload.truncate(total);
    let status = payload.get(..headers).and_then(status);
    payload.drain(..headers);
    let (subject, reply) = (subject.to_owned(), reply.map(str::to_owned));
    Ok(Said::Message(Delivered { subject, reply, status, payload }))
}

/// The status in `NATS/1.0 404 No Messages`.
fn status(headers: &[u8]) -> Option<u16> {
    let first = headers.split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(first).ok()?.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(mut text: &[u8]) -> Vec<Said> {
        let mut said = Vec::new();
        while let Ok(one) = read(&mut text).await {
            said.push(one);
        }
        said
    }

    #[tokio::test]
    async fn what_a_server_says_is_read_whatever_is_in_a_payload() {
        let message = |reply: Option<&str>, status, payload: &[u8]| {
            Said::Message(Delivered {
                subject: "a.b".into(),
                reply: reply.map(str::to_owned),
                status,
                payload: payload.to_vec(),
            })
        };
        let text = b"PING\r\nMSG a.b 1 5\r\nx\r\ny\n\r\nMSG a.b 1 r.s 0\r\n\r\nHMSG a.b 1 26 28\r\nNATS/1.0 404 No Messages\r\nhi\r\n+OK\r\n-ERR 'No'\r\n";
        assert_eq!(
            all(text).await,
            [
                Said::Ping,
                message(None, None, b"x\r\ny\n"),
                message(Some("r.s"), None, b""),
                message(None, Some(404), b"hi"),
                Said::Other,
                Said::Error("No".into()),
            ]
        );
    }

    #[tokio::test]
    async fn what_is_no_nats_or_too_large_ends_the_connection() {
        for text in
            [&b"HTTP/1.1 400\r\n"[..], b"MSG a 1 99999999999\r\n", b"MSG a\r\n", b"HMSG a 1 5 2\r\n", b"MSG a 1 x\r\n"]
        {
            let mut text = text;
            assert!(matches!(read(&mut text).await, Err(NatsError::Protocol(_))));
        }
        let mut long = &vec![b'x'; LINE + 10][..];
        assert!(matches!(read(&mut long).await, Err(NatsError::Protocol(_))));
    }
}
