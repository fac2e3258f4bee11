//! The entries of a ZIP archive, as its central directory lists them: stored or deflated, plain or under the old cipher.
//!
//! Source: APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.

use std::io::Read;

use crate::cipher::{Decrypt, HEADER, Keys};

const END: [u8; 4] = [b'P', b'K', 5, 6];
const CENTRAL: [u8; 4] = [b'P', b'K', 1, 2];
const LOCAL: [u8; 4] = [b'P', b'K', 3, 4];
/// The end record may have a comment of so many bytes after it.
const LONGEST_COMMENT: usize = 65_535;
const END_LENGTH: usize = 22;

/// An entry.
pub struct Entry<'z> {
    /// Its name as written, with folders; nothing that a path is made from.
    pub name: String,
    method: u16,
    flags: u16,
    /// What the last byte before an encrypted content must be.
    check: u8,
    content: &'z [u8],
}

impl<'z> Entry<'z> {
    /// What it holds; nothing if it is encrypted or packed in a way that is not read.
    pub fn reader(&self) -> Option<Box<dyn Read + 'z>> {
        if self.is_encrypted() { None } else { self.unpack(self.content) }
    }

    /// What it holds under a password; nothing if that does not fit, or if it is packed in a way that is not read.
    pub fn unlocked(&self, password: &[u8]) -> Option<Box<dyn Read + 'z>> {
        let (mixed, content) = self.content.split_at_checked(HEADER)?;
        let (mut keys, mut mixed) = (Keys::new(password), mixed.to_vec());
        keys.decrypt(&mut mixed);
        if mixed.last() != Some(&self.check) {
            return None;
        }
        self.unpack(Decrypt { keys, from: content })
    }

    /// Whether it takes a password.
    pub fn is_encrypted(&self) -> bool {
        self.flags & 1 == 1
    }

    /// Whether it is packed in a way that is read, with a password where it takes one.
    pub fn is_supported(&self) -> bool {
        matches!(self.method, 0 | 8)
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }

    /// Bytes it takes in the archive.
    pub fn packed(&self) -> u64 {
        self.content.len() as u64
    }

    fn unpack(&self, from: impl Read + 'z) -> Option<Box<dyn Read + 'z>> {
        match self.method {
            0 => Some(Box::new(from)),
            8 => Some(Box::new(flate2::read::DeflateDecoder::new(from))),
            _ => None,
        }
    }
}

/// The entries of an archive in order; an error in words where it is damaged.
pub fn entries(bytes: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, &'static str>> {
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
    let (flags, method, length) = (short(8)?, short(10)?, long(bytes, place + 20).ok_or(cut)?);
    // With sizes behind the content, the time takes the place of the checksum.
    let check = if flags & 8 == 0 { bytes.get(place + 19) } else { bytes.get(place + 13) };
    let check = *check.ok_or(cut)?;
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
    Ok((
        Entry { name: name_text, method: method as u16, flags: flags as u16, check, content },
        place + 46 + name + extra + comment,
    ))
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?).into())
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?) as usize)
}
