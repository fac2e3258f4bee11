//! Runs written, read back, and held against lists, beside a plain search.

mod damage;
mod oracle;
