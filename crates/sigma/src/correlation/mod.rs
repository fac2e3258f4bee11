//! Correlations: rules over several matches in event time.

pub(crate) mod correlator;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod rule;
pub(crate) mod snapshot;
pub(crate) mod window;
