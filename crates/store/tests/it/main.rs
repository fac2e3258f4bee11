//! The contract of the store, held to both databases, and the tests of what is beside them.

mod builders;
mod contract;
mod coverage;
mod crash;
mod data_folder;
mod fixture;
mod postgres;
mod schema;
mod second_wall;
mod secret;
