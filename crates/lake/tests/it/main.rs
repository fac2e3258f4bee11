//! The lake from outside: real files in a folder of the test's own, and a small durable catalogue beside them.

mod aggregate;
mod catalogue;
mod compact;
mod delete;
mod durability;
mod evidence;
mod export;
mod forgetful_disk;
mod hunt;
mod isolation;
mod limits;
mod memory;
mod odd;
mod oracle;
mod paging;
mod power;
mod readers;
mod scrub;
mod search;
mod speed;
mod sql;
mod tail;
mod text;
mod world;
