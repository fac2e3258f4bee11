//! Syslog headers, RFC 5424 and RFC 3164 as devices really write them, and our own token in structured data.

mod header;
mod structured_data;
mod token;

pub use header::{Header, parse};
pub use structured_data::{Element, elements};
pub use token::{TOKEN_ELEMENT, redact_token, token};
