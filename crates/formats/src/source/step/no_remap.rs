//! What stands for programs in a build without the language: a refusal that says how to get it.

use crate::builder::Builder;

/// A compiled program, of which there are none.
#[derive(Debug)]
pub enum Remap {}

impl Remap {
    /// Refuses any program.
    pub fn compile(_: &str) -> Result<Remap, String> {
        Err("this build cannot run VRL: build it with `--features vrl`, as in `cargo build --package server --features \
             vrl`, or say it with other steps"
            .to_owned())
    }

    /// Runs one, which nobody has.
    pub fn run(&self, _: &str, _: &mut Builder<'_>) -> Result<(), String> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::source::Sources;

    #[test]
    fn a_build_without_vrl_refuses_such_a_step_and_says_how_to_get_it() {
        let text = "vendor = \"v\"\nproduct = \"p\"\n[[variant]]\nrecognise.contains = [\"x\"]\n\
                    [[variant.step]]\ntype = \"vrl\"\nprogram = '''.a = 1'''\n";
        let error = Sources::from_texts(BTreeMap::from([("v_p".to_owned(), text.to_owned())])).unwrap_err().to_string();
        assert!(error.starts_with("sources/v_p/source.toml:5:1: `variant.step.program`: "), "{error}");
        assert!(error.contains("cargo build --package server --features vrl"), "{error}");
    }
}
