#![doc = include_str!("../README.md")]

mod alert;
mod asset;
mod audit;
mod audit_policy;
mod auth;
mod change;
mod coverage;
mod credential;
mod customer;
mod device;
mod device_health;
mod event;
mod exception;
mod export;
mod incident;
mod intel;
mod overview;
mod parser;
mod platform_alarm;
mod problem;
mod query;
mod query_text;
mod resource_group;
mod router;
mod saved_search;
mod session;
mod state;
mod storage;
mod tail;
mod use_case;
mod use_case_request;
mod user;

pub use auth::PeerAddress;
pub use problem::Problem;
pub use router::{openapi, router};
pub use state::{About, Api};
