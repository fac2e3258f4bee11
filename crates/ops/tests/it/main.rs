//! The use cases over a real store and a real lake.

mod access;
mod attachment;
mod backtest;
mod catalogue;
mod change;
mod device;
mod event;
mod feed;
mod funnel;
mod hunt;
mod hunt_template;
mod incident;
mod overview;
mod parser;
mod policy;
mod retention;
mod session;
mod silence;
mod use_case;
mod user;
mod world;
