//! Checks that the console was built, and says what to run where it was not. Never runs npm.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../console/dist");
    println!("cargo:rerun-if-changed=../../console/dist/index.html");
    if !Path::new("../../console/dist/index.html").is_file() {
        eprintln!("the console's assets are not built: run `cargo xtask console` (console/dist/index.html is missing)");
        std::process::exit(1);
    }
}
