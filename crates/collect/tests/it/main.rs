//! The crate from outside.

mod centre;
mod collector;
mod files;
