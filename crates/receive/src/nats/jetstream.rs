//! Pulling messages of a stream by a durable consumer, and acknowledging them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::NatsError;
use super::wire::{Connection, Delivered, PATIENCE};

/// Messages pulled at once, and those that may be unacknowledged: far fewer than the keys that are remembered.
const PULL: usize = 500;
const PENDING: usize = 1000;
/// The server answers a pull after so long at the latest.
const EXPIRES: Duration = Duration::from_secs(5);
/// What is not acknowledged for so long is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// The name of the consumer of a subject: names have no dots and no wildcards.
pub(super) fn consumer_name(prefix: &str, subject: &str) -> String {
    let tell = |char: char| match char {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => char.to_string(),
        '*' => "any".to_owned(),
        '>' => "all".to_owned(),
        _ => "_".to_owned(),
    };
    format!("{prefix}_{}", subject.chars().map(tell).collect::<String>())
}

/// A consumer being pulled from.
pub(super) struct Puller {
    connection: Connection,
    inbox: String,
    next: String,
    /// Stream and when it was made: sequences begin anew with a new one.
    stream: String,
    requests: u64,
    /// Where the answers to the open pull go, and how many messages it may still bring.
    pulled: String,
    open: usize,
}

impl Puller {
    /// Makes sure that there is the consumer.
    pub async fn open(
        mut connection: Connection,
        stream: &str,
        consumer: &str,
        subject: &str,
    ) -> Result<Puller, NatsError> {
        let mut random = [0; 12];
        getrandom::fill(&mut random).map_err(|error| NatsError::Credential(format!("no random numbers: {error}")))?;
        let inbox: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let inbox = format!("_INBOX.{inbox}");
        connection.subscribe(&format!("{inbox}.*"), None).await?;
        let next = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}");
        let mut puller =
            Puller { connection, inbox, next, stream: stream.to_owned(), requests: 0, pulled: String::new(), open: 0 };
        let info = puller.ask(&format!("$JS.API.STREAM.INFO.{stream}"), &Value::Null).await?;
        puller.stream = format!("{stream} {}", info["created"].as_str().unwrap_or_default());
        let known = puller.ask(&format!("$JS.API.CONSUMER.INFO.{stream}.{consumer}"), &Value::Null).await;
        if known.is_err() {
            let config = json!({
                "durable_name": consumer, "filter_subject": subject, "deliver_policy": "all", "ack_policy": "explicit",
                "ack_wait": ACK_WAIT.as_nanos() as u64, "max_ack_pending": PENDING, "replay_policy": "instant",
            });
            let create = json!({"stream_name": stream, "config": config});
            puller.ask(&format!("$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{consumer}"), &create).await?;
        }
        Ok(puller)
    }

    fn reply(&mut self) -> String {
        self.requests += 1;
        format!("{}.{}", self.inbox, self.requests)
    }

    /// Asks the server and waits for its answer.
    async fn ask(&mut self, subject: &str, body: &Value) -> Result<Value, NatsError> {
        let reply = self.reply();
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.connection.publish(subject, Some(&reply), &body).await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let next = tokio::time::timeout_at(deadline, self.connection.next());
            let message = next.await.map_err(|_| NatsError::TooSlow)??;
            if message.subject != reply {
                continue;
            }
            if message.status == Some(503) {
                return Err(NatsError::Refused("JetStream is not enabled".into()));
            }
            let answer: Value =
                serde_json::from_slice(&message.payload).map_err(|error| NatsError::Protocol(error.to_string()))?;
            return match answer["error"]["description"].as_str() {
                Some(why) => Err(NatsError::Refused(format!("{why} ({subject})"))),
                None => Ok(answer),
            };
        }
    }

    /// The next messages: those that are there, none after a while. One pull is open at a time.
    pub async fn pull(&mut self) -> Result<Vec<Delivered>, NatsError> {
        if self.open == 0 {
            self.pulled = self.reply();
            let wanted = json!({"batch": PULL, "expires": EXPIRES.as_nanos() as u64}).to_string();
            self.connection.publish(&self.next, Some(&self.pulled), wanted.as_bytes()).await?;
            self.open = PULL;
        }
        let deadline = Instant::now() + EXPIRES + PATIENCE;
        let mut messages = Vec::new();
        loop {
            let more = if messages.is_empty() {
                let next = tokio::time::timeout_at(deadline, self.connection.next());
                Some(next.await.map_err(|_| NatsError::TooSlow)??)
            } else {
                self.connection.ready()
            };
            let Some(message) = more else { return Ok(messages) };
            match message.status {
                None if message.reply.as_deref().is_some_and(|reply| reply.starts_with("$JS.ACK.")) => {
                    self.open = self.open.saturating_sub(1);
                    messages.push(message);
                    if self.open == 0 {
                        return Ok(messages);
                    }
                }
                // The end of the pull: nothing there, nothing more in time, or as many as may be unacknowledged.
                Some(404 | 408 | 409) if message.subject == self.pulled => {
                    self.open = 0;
                    return Ok(messages);
                }
                Some(503) => return Err(NatsError::Refused("JetStream does not answer".into())),
                // A heartbeat, or the end of a pull that has ended.
                _ => {}
            }
        }
    }

    /// The key of a message: its place in the stream.
    pub fn key(&self, message: &Delivered) -> Option<String> {
        Some(format!("nats {} {}", self.stream, sequence(message.reply.as_deref()?)?))
    }

    /// Says that a message need not be delivered again.
    pub async fn acknowledge(&self, message: &Delivered) -> Result<(), NatsError> {
        match &message.reply {
            Some(reply) => self.connection.publish(reply, None, b"+ACK").await,
            None => Ok(()),
        }
    }
}

/// The stream sequence in `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>`, which
/// newer servers begin with domain and account.
fn sequence(reply: &str) -> Option<u64> {
    let parts: Vec<&str> = reply.strip_prefix("$JS.ACK.")?.split('.').collect();
    parts.get(if parts.len() >= 9 { 5 } else { 3 })?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_in_the_stream_is_read_from_either_form() {
        assert_eq!(sequence("$JS.ACK.LOGS.c.1.42.7.1700000000000000000.0"), Some(42));
        assert_eq!(sequence("$JS.ACK._.ACCT.LOGS.c.1.42.7.1700000000000000000.0.tok"), Some(42));
        assert_eq!(sequence("x"), None);
        assert_eq!(consumer_name("vedette", "logs.*.fw.>"), "vedette_logs_any_fw_all");
    }
}
