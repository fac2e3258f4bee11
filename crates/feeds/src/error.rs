//! What goes wrong with a feed, in words for whoever looks after it.

/// Why a feed was not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address that is none.
    #[error("`{0}` is no address of a feed: it must be https://host/... or http://host/..., without a user in it")]
    Address(String),
    /// A name that leads nowhere.
    #[error("the name {host} does not resolve: {source}")]
    Name {
        /// The name.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// An address inside.
    #[error("{host} is at {address}, which is not public: set [intel] private_feeds to allow feeds from inside")]
    NotPublic {
        /// The name.
        host: String,
        /// Where it is.
        address: std::net::IpAddr,
    },
    /// Nobody answers.
    #[error("{host}:{port} does not answer: {source}")]
    Connect {
        /// The host.
        host: String,
        /// Its port.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// TLS fails.
    #[error("TLS with {host} fails: {source}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// The authorities this machine trusts cannot be read.
    #[error("no certificate authorities are known: set [intel] ca_file to a file of them ({0})")]
    Authorities(String),
    /// Cut off.
    #[error("the connection to {0} broke off: {1}")]
    Broken(String, String),
    /// Too slow.
    #[error("{0} did not answer in time")]
    TooSlow(String),
    /// Too large.
    #[error("the answer of {0} is larger than {1} bytes: set [intel] max_feed_mib higher or name a smaller feed")]
    TooLarge(String, usize),
    /// Not let in.
    #[error("{0} refuses the credentials ({1}): check user and secret")]
    Refused(String, u16),
    /// Another answer than wanted.
    #[error("{0} answers with status {1}")]
    Status(String, u16),
    /// Round in circles, or out of TLS.
    #[error("{0} redirects {1}")]
    Redirect(String, &'static str),
    /// Not what it is said to be.
    #[error("{0}: {1}")]
    Form(String, String),
    /// A folder or file that cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
