//! What the index finds is what the plain comparison finds, and what the history hunt finds.

mod agreement;
mod index;
mod samples;
mod world;
