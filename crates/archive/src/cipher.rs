//! The old cipher of ZIP. It keeps programs from opening something by accident, and nothing else.
//!
//! Source: APPNOTE.TXT 6.3.10, section 6.1.

use std::io::{self, Read};

/// Bytes before the content that mix up the keys; the last of them says whether the password fits.
pub(crate) const HEADER: usize = 12;

const TABLE: [u32; 256] = table();

/// The three keys.
#[derive(Debug, Clone)]
pub(crate) struct Keys(u32, u32, u32);

impl Keys {
    pub(crate) fn new(password: &[u8]) -> Self {
        let mut keys = Keys(0x1234_5678, 0x2345_6789, 0x3456_7890);
        password.iter().for_each(|byte| keys.update(*byte));
        keys
    }

    pub(crate) fn encrypt(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            let plain = *byte;
            *byte ^= self.next();
            self.update(plain);
        }
    }

    pub(crate) fn decrypt(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte ^= self.next();
            self.update(*byte);
        }
    }

    fn next(&self) -> u8 {
        let mixed = (self.2 | 2) as u16;
        (mixed.wrapping_mul(mixed ^ 1) >> 8) as u8
    }

    fn update(&mut self, plain: u8) {
        self.0 = crc(self.0, plain);
        self.1 = self.1.wrapping_add(self.0 & 0xff).wrapping_mul(134_775_813).wrapping_add(1);
        self.2 = crc(self.2, (self.1 >> 24) as u8);
    }
}

/// Reads what was encrypted.
pub(crate) struct Decrypt<'z> {
    pub(crate) keys: Keys,
    pub(crate) from: &'z [u8],
}

impl Read for Decrypt<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.keys.decrypt(&mut into[..read]);
        Ok(read)
    }
}

fn crc(before: u32, byte: u8) -> u32 {
    (before >> 8) ^ TABLE[((before ^ u32::from(byte)) & 0xff) as usize]
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut number = 0;
    while number < 256 {
        let mut value = number as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[number] = value;
        number += 1;
    }
    table
}
