//! Correlations: rules over several matches in event time.

pub(crate) mod correlator;
pub(crate) mod desk;
pub(crate) mod few;
pub(crate) mod key;
pub(crate) mod partition;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod rule;
pub(crate) mod state;
pub(crate) mod table;
pub(crate) mod window;
pub(crate) mod wire;
