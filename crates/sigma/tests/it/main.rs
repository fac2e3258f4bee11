//! The crate from outside: the public rule tree, its regression events, and whole rules on hand-made events.

mod agreement;
mod baseline_model;
mod baselines;
mod check;
mod correlation_model;
mod correlations;
mod data;
mod events;
mod explain;
mod measures;
mod modifiers;
mod mutate;
mod oracle;
mod oracle_causes;
mod processing;
mod processing_over_rules;
mod records;
mod regression;
mod rules;
mod tree;
mod windows;
