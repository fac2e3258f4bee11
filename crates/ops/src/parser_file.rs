//! A parser as a folder in a tar file, to be shared: `<name>/source.toml` and `<name>/samples/*.log`, laid out as the
//! folders of `sources/` are.

use std::io::Read;

use model::Context;
use model::parser::{MOST_LINE, MOST_SAMPLES, MOST_TEXT, is_name};
use model::role::Permission;
use serde::Serialize;

use crate::Ops;
use crate::error::{Error, Result};

/// Files of an archive looked at, and bytes of each.
const FILES: usize = 100;
const FILE: u64 = 1 << 20;

/// What an archive holds: nothing is saved by reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParserFile {
    /// The folder's name.
    pub name: String,
    /// Its `source.toml`.
    pub text: String,
    /// The lines of its samples.
    pub samples: Vec<String>,
}

impl Ops {
    /// A parser as a tar file.
    pub async fn export_parser(&self, ctx: &Context, name: &str) -> Result<Vec<u8>> {
        let parser = self.get_parser(ctx, name).await?;
        let mut archive = tar::Builder::new(Vec::new());
        let mut put = |path: String, text: &str| {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(ctx.now().as_micros().max(0) as u64 / 1_000_000);
            archive.append_data(&mut header, path, text.as_bytes())
        };
        let mut lines = parser.samples.join("\n");
        lines.push('\n');
        let written = put(format!("{name}/source.toml"), &parser.text).and_then(|()| match parser.samples.is_empty() {
            true => Ok(()),
            false => put(format!("{name}/samples/{name}.log"), &lines),
        });
        let bytes = written.and_then(|()| archive.into_inner());
        bytes.map_err(|_| Error::Unavailable("writing the archive"))
    }

    /// What a tar file holds, for the editor.
    pub async fn read_parser_file(&self, ctx: &Context, bytes: &[u8]) -> Result<ParserFile> {
        ctx.require(Permission::ParserWrite)?;
        let unreadable = |_| Error::invalid("file", "is not a tar file");
        let mut archive = tar::Archive::new(bytes);
        let mut found: Option<(String, String)> = None;
        let mut samples = Vec::new();
        for entry in archive.entries().map_err(unreadable)?.take(FILES) {
            let entry = entry.map_err(unreadable)?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let path = entry.path().map_err(unreadable)?.to_string_lossy().into_owned();
            let parts: Vec<&str> = path.split('/').filter(|part| *part != ".").collect();
            let mut text = String::new();
            let wanted = matches!(parts.as_slice(), [_, "source.toml"]) || path.ends_with(".log");
            if !wanted {
                continue;
            }
            let read = entry.take(FILE).read_to_string(&mut text);
            read.map_err(|_| Error::invalid("file", "holds a text that is not UTF-8"))?;
            match parts.as_slice() {
                [name, "source.toml"] if found.is_none() => found = Some(((*name).to_owned(), text)),
                [_, "source.toml"] => return Err(Error::invalid("file", "holds more than one source.toml")),
                _ => samples.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned)),
            }
        }
        let (name, text) = found.ok_or_else(|| Error::invalid("file", "holds no <vendor>_<product>/source.toml"))?;
        if !is_name(&name) || text.len() > MOST_TEXT {
            return Err(Error::invalid(
                "file",
                "its folder must be called vendor_product, its text be 128 KiB at most",
            ));
        }
        samples.retain(|line| line.len() <= MOST_LINE);
        samples.truncate(MOST_SAMPLES);
        Ok(ParserFile { name, text, samples })
    }
}
