//! The formats over files and sources as a whole.

mod cn_vendors;
mod elastic;
mod envelopes;
mod evtx_data;
mod files;
mod foreign;
mod golden;
mod hostile;
mod live;
mod log_sources;
mod mutate;
mod recognition;
mod sources;
mod steps;
mod trial;
