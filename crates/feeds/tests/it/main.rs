//! Feeds fetched from real servers and folders.

mod document;
mod server;
mod taxii;
