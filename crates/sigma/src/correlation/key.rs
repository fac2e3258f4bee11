//! A group's values, or a counted value, as one short run of bytes.
//!
//! Each value stands behind its length, so that `ab, c` and `a, bc` are two groups. Most fit where a longer one would keep
//! its pointer.

use crate::correlation::wire::{self, Reader};

/// Values in memory are cut to this many bytes: a group is told apart by the beginning of its values.
const MAX_VALUE: usize = 1_024;
/// What fits without an allocation.
const SHORT: usize = 22;

/// The bytes.
#[derive(Clone)]
pub(crate) enum Key {
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

impl Key {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT];
        match short.get_mut(..bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                Key::Short(bytes.len() as u8, short)
            }
            None => Key::Long(bytes.into()),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Key::Short(length, bytes) => &bytes[..usize::from(*length)],
            Key::Long(bytes) => bytes,
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap(&self) -> usize {
        match self {
            Key::Short(..) => 0,
            Key::Long(bytes) => bytes.len() + 16,
        }
    }

    /// The values put in with [`push`] and [`push_absent`].
    pub(crate) fn values(&self) -> impl Iterator<Item = Option<&str>> {
        let mut reader = Reader::new(self.as_bytes());
        std::iter::from_fn(move || {
            let length = reader.number()?;
            let Some(length) = length.checked_sub(1) else { return Some(None) };
            Some(std::str::from_utf8(reader.take(length as usize)?).ok())
        })
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

/// Adds a value.
pub(crate) fn push(out: &mut Vec<u8>, value: &str) {
    let value = &value[..value.floor_char_boundary(MAX_VALUE)];
    wire::put_number(out, value.len() as u64 + 1);
    out.extend_from_slice(value.as_bytes());
}

/// Adds that there is none.
pub(crate) fn push_absent(out: &mut Vec<u8>) {
    wire::put_number(out, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went_in_and_are_told_apart() {
        let make = |values: &[Option<&str>]| {
            let mut bytes = Vec::new();
            for value in values {
                match value {
                    Some(value) => push(&mut bytes, value),
                    None => push_absent(&mut bytes),
                }
            }
            Key::new(&bytes)
        };
        let long = "x".repeat(500);
        let values = [Some(""), None, Some("203.0.113.9"), Some(&*long), Some("中文")];
        assert_eq!(make(&values).values().collect::<Vec<_>>(), values);
        assert_ne!(make(&[Some("ab"), Some("c")]), make(&[Some("a"), Some("bc")]));
        assert_ne!(make(&[Some("")]), make(&[None]));
        assert_eq!(make(&[Some(&"é".repeat(2_000))]), make(&[Some(&"é".repeat(3_000))]), "cut at a character");
        assert_eq!(std::mem::size_of::<Key>(), 24);
    }
}
