//! The HTTP edge over a real store and a real lake, in process.

mod access;
mod attachment;
mod case;
mod catalogue;
mod change;
mod client;
mod document;
mod find;
mod ingest;
mod intel;
mod problem;
mod session;
mod storage;
mod world;
