//! The formats over files and sources as a whole.

mod evtx_data;
mod golden;
