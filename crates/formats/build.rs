//! Builds again when a source changes: the folder is embedded, and embedding alone does not notice.

fn main() {
    println!("cargo::rerun-if-changed=../../sources");
}
