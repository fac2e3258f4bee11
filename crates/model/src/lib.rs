#![doc = include_str!("../README.md")]

pub mod alert;
pub mod asset;
pub mod audit;
pub mod audit_policy;
pub mod change;
pub mod context;
pub mod core_field;
pub mod customer;
pub mod device;
pub mod device_health;
pub mod entity;
pub mod event;
pub mod export;
pub mod id;
pub mod incident;
pub mod incident_type;
pub mod intel;
pub mod page;
pub mod parser;
pub mod platform_alarm;
pub mod query;
pub mod resource_group;
pub mod retention;
pub mod role;
pub mod saved_search;
pub mod search;
pub mod severity;
pub mod silence;
pub mod time;
pub mod use_case;
pub mod user;

pub use context::{Actor, Context, Denied, Scope};
pub use id::*;
pub use page::{Cursor, Page, PageRequest};
pub use severity::Severity;
pub use time::{TimeRange, Timestamp};
