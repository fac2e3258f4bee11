//! The lake from outside: real files in a folder of the test's own, and a small durable catalogue beside them.

mod aggregate;
mod catalogue;
mod durability;
mod isolation;
mod odd;
mod oracle;
mod paging;
mod search;
mod speed;
mod text;
mod world;
