//! The entries of a ZIP archive, as its central directory lists them: stored or deflated, which is what releases are made
//! of. Nothing an archive says of itself is believed without a look. The crates for it bring encryption and clocks along,
//! which would be more than what is needed here.
//!
//! Source: APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.

use std::io::Read;

const END: [u8; 4] = [b'P', b'K', 5, 6];
const CENTRAL: [u8; 4] = [b'P', b'K', 1, 2];
const LOCAL: [u8; 4] = [b'P', b'K', 3, 4];
/// The end record may have a comment of so many bytes after it.
const LONGEST_COMMENT: usize = 65_535;
const END_LENGTH: usize = 22;

/// An entry.
pub(crate) struct Entry<'z> {
    pub name: String,
    method: u16,
    content: &'z [u8],
}

impl<'z> Entry<'z> {
    /// What it holds; nothing if it is packed in a way releases are not.
    pub(crate) fn reader(&self) -> Option<Box<dyn Read + 'z>> {
        match self.method {
            0 => Some(Box::new(self.content)),
            8 => Some(Box::new(flate2::read::DeflateDecoder::new(self.content))),
            _ => None,
        }
    }
}

/// The entries of an archive in order; an error in words where it is damaged.
pub(crate) fn entries(bytes: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, &'static str>> {
    let mut at = directory(bytes);
    std::iter::from_fn(move || match at {
        Err(error) => {
            at = Ok((0, 0));
            Some(Err(error))
        }
        Ok((_, 0)) => None,
        Ok((place, left)) => {
            let read = entry(bytes, place);
            at = read.as_ref().map_or(Ok((0, 0)), |(_, next)| Ok((*next, left - 1)));
            Some(read.map(|(entry, _)| entry))
        }
    })
}

/// Where the central directory begins and how many entries it has.
fn directory(bytes: &[u8]) -> Result<(usize, usize), &'static str> {
    let last = bytes.len().checked_sub(END_LENGTH).ok_or("it is shorter than an empty archive")?;
    let first = last.saturating_sub(LONGEST_COMMENT);
    let end = (first..=last).rev().find(|place| bytes[*place..].starts_with(&END)).ok_or("it has no directory")?;
    let (many, place) = (short(bytes, end + 10), long(bytes, end + 16));
    let (many, place) = many.zip(place).ok_or("it is cut short")?;
    match place {
        0xffff_ffff => Err("archives of 4 GiB and more are not read"),
        place => Ok((place, many)),
    }
}

fn entry(bytes: &[u8], place: usize) -> Result<(Entry<'_>, usize), &'static str> {
    let cut = "it is cut short";
    if bytes.get(place..place + 4) != Some(&CENTRAL[..]) {
        return Err("its directory is damaged");
    }
    let short = |offset| short(bytes, place + offset).ok_or(cut);
    let (method, length) = (short(10)?, long(bytes, place + 20).ok_or(cut)?);
    let (name, extra, comment) = (short(28)?, short(30)?, short(32)?);
    let local = long(bytes, place + 42).ok_or(cut)?;
    let named = bytes.get(place + 46..place + 46 + name).ok_or(cut)?;
    if bytes.get(local..local.saturating_add(4)) != Some(&LOCAL[..]) {
        return Err("its directory is damaged");
    }
    let skipped = self::short(bytes, local + 26).zip(self::short(bytes, local + 28)).ok_or(cut)?;
    let start = local + 30 + skipped.0 + skipped.1;
    let content = bytes.get(start..start.saturating_add(length)).ok_or(cut)?;
    let name_text = String::from_utf8_lossy(named).into_owned();
    Ok((Entry { name: name_text, method: method as u16, content }, place + 46 + name + extra + comment))
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?).into())
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?) as usize)
}
