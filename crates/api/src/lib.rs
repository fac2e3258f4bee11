#![doc = include_str!("../README.md")]

mod alert;
mod asset;
mod audit;
mod audit_policy;
mod auth;
mod change;
mod customer;
mod device;
mod event;
mod incident;
mod overview;
mod problem;
mod query;
mod resource_group;
mod router;
mod session;
mod state;
mod use_case;
mod user;

pub use auth::PeerAddress;
pub use problem::Problem;
pub use router::{openapi, router};
pub use state::{About, Api};
