//! What lies where in a data folder.

/// The relational store, when it is SQLite.
pub const STORE: &str = "vedette.db";
/// The lake's catalogue, when the store is SQLite.
pub const CATALOGUE: &str = "catalogue.db";
/// The write-ahead log.
pub const WAL: &str = "wal";
/// The events.
pub const LAKE: &str = "lake";
/// The key that seals secrets.
pub const MASTER_KEY: &str = "master.key";
/// The format stamp.
pub const FORMAT: &str = "format";
/// The socket on which a running server takes commands from this machine.
pub const ADMIN_SOCKET: &str = "admin.sock";
/// Where evidence is put together.
pub const EVIDENCE_WORK: &str = "evidence-work";
/// Where a backup is put together.
pub const BACKUP_WORK: &str = "backup-work";
/// Files of events that people asked for.
pub const EXPORTS: &str = "exports";
/// Folders of files that are read as feeds of indicators.
pub const FEEDS: &str = "feeds";
