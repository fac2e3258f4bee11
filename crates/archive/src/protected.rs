//! One file in an archive under a password, written part by part.

use crate::cipher::{HEADER, Keys};

const LOCAL: [u8; 4] = [b'P', b'K', 3, 4];
const CENTRAL: [u8; 4] = [b'P', b'K', 1, 2];
const END: [u8; 4] = [b'P', b'K', 5, 6];
/// Version 2.0 reads encrypted files.
const VERSION: u16 = 20;
/// Encrypted, and the name is UTF-8.
const FLAGS: u16 = 1 | 1 << 11;
/// The first day the format knows, midnight: when a sample was written says its record, not its packing.
const TIME: [u8; 4] = [0, 0, 0x21, 0];

/// An archive of one stored file, under a password. Its parts are, in this order: [`Protected::head`], the file's bytes
/// through [`Protected::part`], [`Protected::tail`].
#[derive(Debug, Clone)]
pub struct Protected {
    name: Vec<u8>,
    size: u32,
    crc: u32,
    keys: Keys,
    mixed: [u8; HEADER],
}

impl Protected {
    /// For a file of `size` bytes with this CRC-32. `random` mixes up the keys. Nothing for a name of more than 65,535
    /// bytes.
    pub fn new(name: &str, size: u32, crc: u32, password: &[u8], random: [u8; 11]) -> Option<Protected> {
        size.checked_add(HEADER as u32)?;
        u16::try_from(name.len()).ok()?;
        let mut keys = Keys::new(password);
        let mut mixed = [0; HEADER];
        mixed[..11].copy_from_slice(&random);
        mixed[11] = (crc >> 24) as u8;
        keys.encrypt(&mut mixed);
        Some(Protected { name: name.as_bytes().to_vec(), size, crc, keys, mixed })
    }

    /// Bytes of the whole archive.
    pub fn length(&self) -> u64 {
        30 + 46 + 22 + 2 * self.name.len() as u64 + HEADER as u64 + u64::from(self.size)
    }

    /// What comes before the file's bytes.
    pub fn head(&self) -> Vec<u8> {
        let mut head = LOCAL.to_vec();
        self.described(&mut head);
        head.extend(&self.name);
        head.extend(self.mixed);
        head
    }

    /// Encrypts the next bytes of the file where they are.
    pub fn part(&mut self, bytes: &mut [u8]) {
        self.keys.encrypt(bytes);
    }

    /// What comes after the file's bytes.
    pub fn tail(&self) -> Vec<u8> {
        let mut tail = CENTRAL.to_vec();
        tail.extend(VERSION.to_le_bytes());
        self.described(&mut tail);
        // No comment, first disk, no attributes, the local header at the beginning.
        tail.extend([0; 14]);
        tail.extend(&self.name);
        let central = tail.len() as u32;
        let begin = 30 + self.name.len() as u32 + HEADER as u32 + self.size;
        tail.extend(END);
        tail.extend([0, 0, 0, 0, 1, 0, 1, 0]);
        tail.extend(central.to_le_bytes());
        tail.extend(begin.to_le_bytes());
        tail.extend([0, 0]);
        tail
    }

    /// What both headers tell of the file.
    fn described(&self, header: &mut Vec<u8>) {
        header.extend(VERSION.to_le_bytes());
        header.extend(FLAGS.to_le_bytes());
        header.extend([0, 0]);
        header.extend(TIME);
        header.extend(self.crc.to_le_bytes());
        header.extend((self.size + HEADER as u32).to_le_bytes());
        header.extend(self.size.to_le_bytes());
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend([0, 0]);
    }
}
