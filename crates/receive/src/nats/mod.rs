//! Records from NATS: subjects of a JetStream stream, or plain ones.
//!
//! A stream is read by a durable pull consumer for each subject. A message is acknowledged when its records are durable, and
//! kept under a key of stream and sequence, so that one delivered again is stored once. A plain subject has no such
//! guarantee: what is published while nobody listens, or while intake is full, is lost.
//!
//! The client is our own: the few lines of protocol that are needed here cost less than the crates that speak all of it.

mod credential;
mod jetstream;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use model::DeviceId;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hand_in;
use crate::http::now;
use crate::intake::{Intake, IntakeError, OnceError};
use crate::senders::{Sender, SenderDirectory};
use crate::stats::{Protocol, Rejection};
use jetstream::Puller;
use wire::{Connection, Delivered};

/// Waits between two attempts.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// Messages of a plain subject put together.
const BATCH: usize = 500;

/// Where to read from.
#[derive(Debug, Clone)]
pub struct NatsConfig {
    /// `nats://host:port`, or `tls://host:port`.
    pub url: String,
    /// How to show who we are.
    pub credential: NatsCredential,
    /// TLS, for `tls://` and servers that ask for it. See [`client_tls`].
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// The stream; absent: plain subjects.
    pub stream: Option<String>,
    /// What the durable consumers' names begin with; the queue group of plain subjects.
    pub consumer: String,
    /// Subjects (`*` and `>` are wildcards) and the device each is of.
    pub subjects: Vec<(String, DeviceId)>,
}

/// How to show who we are.
#[derive(Clone, Default)]
pub enum NatsCredential {
    /// Not at all.
    #[default]
    None,
    /// A token.
    Token(String),
    /// User and password.
    Password(String, String),
    /// The text of a `.creds` file: a JWT and the seed that proves it.
    Credentials(String),
}

impl std::fmt::Debug for NatsCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            NatsCredential::None => "None",
            NatsCredential::Token(_) => "Token",
            NatsCredential::Password(..) => "Password",
            NatsCredential::Credentials(_) => "Credentials",
        })
    }
}

/// What goes wrong with a server.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The address is none.
    #[error("`{0}` is not of the form nats://host:port or tls://host:port")]
    Address(String),
    /// The connection.
    #[error("the NATS server is not reached: {0}")]
    Io(#[from] std::io::Error),
    /// What the server says is no NATS, or more than is read at once.
    #[error("what the NATS server says does not read: {0}")]
    Protocol(String),
    /// The server refuses.
    #[error("the NATS server refuses: {0}")]
    Refused(String),
    /// A certificate, key or credentials file.
    #[error("{0}")]
    Credential(String),
    /// Nothing came when something had to.
    #[error("the NATS server does not answer in time")]
    TooSlow,
}

/// TLS for a NATS server: the authorities its certificate is checked against, and our own certificate and key.
pub fn client_tls(ca: &[u8], own: Option<(&[u8], &[u8])>) -> Result<Arc<rustls::ClientConfig>, NatsError> {
    let wrong = |what: &str| {
        let what = what.to_owned();
        move |error: &dyn std::fmt::Display| {
            NatsError::Credential(format!("the {what} for NATS cannot be used: {error}"))
        }
    };
    let read = |pem| CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(read(ca).map_err(|error| wrong("authority")(&error))?);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("TLS settings")(&error))?
        .with_root_certificates(roots);
    Ok(Arc::new(match own {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong("key")(&error))?;
            let chain = read(certificate).map_err(|error| wrong("certificate")(&error))?;
            config.with_client_auth_cert(chain, key).map_err(|error| wrong("certificate")(&error))?
        }
    }))
}

/// Reads from NATS until stopped.
pub struct Nats {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Nats {
    /// Begins; a server that is not there is tried again and again.
    pub fn start(config: NatsConfig, intake: &Intake, senders: &SenderDirectory) -> Nats {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        for (subject, device) in &config.subjects {
            let reader = Reader {
                config: config.clone(),
                subject: subject.clone(),
                device: device.clone(),
                intake: intake.labelled(Protocol::Nats),
                senders: senders.clone(),
            };
            let stop = stop.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = reader.run() => {}
                    () = stop.cancelled() => {}
                }
            });
        }
        Nats { stop, tasks }
    }

    /// Stops. What was not acknowledged is delivered again.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Reads one subject.
struct Reader {
    config: NatsConfig,
    subject: String,
    device: DeviceId,
    intake: Intake,
    senders: SenderDirectory,
}

impl Reader {
    async fn run(&self) {
        let (mut wait, mut told) = (FIRST_WAIT, None);
        loop {
            let ended = match self.sender() {
                Some(_) => self.read(&mut wait, &mut told).await,
                None => Err(NatsError::Credential(format!("there is no device {}", self.device))),
            };
            let Err(error) = ended else { continue };
            let why = error.to_string();
            if told.as_ref() != Some(&why) {
                tracing::warn!(subject = self.subject, why, "a NATS subject is not read; it is tried again");
                told = Some(why);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn sender(&self) -> Option<Arc<Sender>> {
        self.senders.by_device(&self.device)
    }

    async fn read(&self, wait: &mut Duration, told: &mut Option<String>) -> Result<(), NatsError> {
        let mut connection = Connection::open(&self.config).await?;
        let Some(stream) = &self.config.stream else {
            connection.subscribe(&self.subject, Some(&self.config.consumer)).await?;
            tracing::info!(subject = self.subject, "a plain NATS subject is read: what comes while it is not is lost");
            (*wait, *told) = (FIRST_WAIT, None);
            return self.listen(connection).await;
        };
        let consumer = jetstream::consumer_name(&self.config.consumer, &self.subject);
        let mut puller = Puller::open(connection, stream, &consumer, &self.subject).await?;
        tracing::info!(stream, consumer, subject = self.subject, "a NATS stream is read");
        (*wait, *told) = (FIRST_WAIT, None);
        loop {
            let Some(sender) = self.sender() else {
                return Err(NatsError::Credential(format!("there is no device {}", self.device)));
            };
            let batch = puller.pull().await?;
            // Each is begun in the order it came, and they become durable together.
            let kept = join_all(batch.iter().map(|message| self.keep(&sender, &puller, message))).await;
            for (message, kept) in batch.iter().zip(kept) {
                if kept {
                    puller.acknowledge(message).await?;
                }
            }
        }
    }

    /// Whether a message is durable, so that it can be acknowledged; waits while there is no room.
    async fn keep(&self, sender: &Sender, puller: &Puller, message: &Delivered) -> bool {
        let Some(key) = puller.key(message) else { return false };
        loop {
            let records = hand_in::records(&message.payload);
            let records = records.into_iter().filter(|record| !record.raw.trim_ascii().is_empty()).collect();
            let wait = match self.intake.accept_once(sender, &key, records, now()).await {
                Ok(_) => return true,
                Err(OnceError::InProgress) => Duration::from_millis(100),
                Err(OnceError::OtherRequest) => {
                    tracing::error!(key, "a NATS message was kept before with another content; it is passed over");
                    return true;
                }
                Err(OnceError::Intake(IntakeError::TooLarge { .. })) => {
                    tracing::error!(key, "a NATS message is larger than can be kept; it is passed over");
                    return true;
                }
                Err(OnceError::Intake(IntakeError::Closed | IntakeError::Poisoned(_))) => return false,
                Err(OnceError::Intake(_)) => Duration::from_millis(200),
            };
            // What is not acknowledged in time is delivered again, and found to be under way or kept.
            tokio::time::sleep(wait).await;
        }
    }

    async fn listen(&self, mut connection: Connection) -> Result<(), NatsError> {
        loop {
            let Some(sender) = self.sender() else {
                return Err(NatsError::Credential(format!("there is no device {}", self.device)));
            };
            let first = connection.next().await?;
            let mut messages = vec![first];
            while messages.len() < BATCH
                && let Some(more) = connection.ready()
            {
                messages.push(more);
            }
            let records = messages.iter().flat_map(|message| hand_in::records(&message.payload));
            let records: Vec<_> = records.filter(|record| !record.raw.trim_ascii().is_empty()).collect();
            // Nobody would deliver it again; a full intake holds the connection up until the server drops it.
            let count = records.len();
            if let Err(error) = self.intake.accept_when_room(&sender, records, now()).await {
                self.intake.refused(Rejection::Stopped, count);
                return Err(NatsError::Refused(error.to_string()));
            }
        }
    }
}
