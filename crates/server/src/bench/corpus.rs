//! What is sent: lines of files, or the samples of every source.

use std::path::PathBuf;

use formats::Sources;

use crate::error::Error;

/// Lines longer than this are left out: they are documents, not records.
const LONGEST: usize = 16 * 1024;

/// The lines of `files`, or of the samples that come with the program.
pub fn lines(files: &[PathBuf]) -> Result<Vec<String>, Error> {
    let mut lines: Vec<String> = Vec::new();
    let mut take = |text: &str| {
        let records = text.lines().map(str::trim).filter(|line| !line.is_empty() && line.len() <= LONGEST);
        lines.extend(records.map(str::to_owned));
    };
    if files.is_empty() {
        Sources::samples().for_each(|(_, text)| take(text));
    }
    for file in files {
        let bytes =
            std::fs::read(file).map_err(|source| Error::File { what: "cannot read", path: file.clone(), source })?;
        take(&String::from_utf8_lossy(&bytes));
    }
    if lines.is_empty() {
        return Err(Error::Told("there is no line to send: the files are empty".to_owned()));
    }
    // Neighbours in a file are of one kind; senders of many devices are mixed.
    fastrand::Rng::with_seed(7).shuffle(&mut lines);
    Ok(lines)
}

/// A line with the last number of each IPv4 address drawn anew, so that no two requests are alike.
pub fn vary(line: &str, rng: &mut fastrand::Rng, out: &mut Vec<u8>) {
    let bytes = line.as_bytes();
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        match address(&bytes[at..]) {
            Some((last, end)) => {
                out.extend_from_slice(&bytes[copied..at + last]);
                out.extend_from_slice(rng.u8(1..=254).to_string().as_bytes());
                copied = at + end;
                at = copied;
            }
            None => {
                // Past the digits: an address does not begin inside a number.
                let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
                at += digits.max(1);
            }
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Where the last number of the address at the start begins and ends.
fn address(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    for part in 0..4 {
        let digits = bytes[at..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=3).contains(&digits) {
            return None;
        }
        if part == 3 {
            let next = bytes.get(at + digits);
            return (next != Some(&b'.')).then_some((at, at + digits));
        }
        at += digits;
        if bytes.get(at) != Some(&b'.') {
            return None;
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_number_of_addresses_changes() {
        let mut out = Vec::new();
        let mut rng = fastrand::Rng::with_seed(1);
        vary("src=192.0.2.10 v=1.2.3.4.5 time=12:00:01 dst=198.51.100.7:443", &mut rng, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with("src=192.0.2.") && text.contains(" v=1.2.3.4.5 time=12:00:01 dst=198.51.100."),
            "{text}"
        );
        assert!(text.ends_with(":443"), "{text}");
    }

    #[test]
    fn the_samples_of_all_sources_are_there_to_send() {
        assert!(lines(&[]).unwrap().len() > 100);
    }
}
