//! Cutting a byte stream into records: syslog over TCP (RFC 6587: octet counting and trailing newline or NUL, told
//! apart for each frame) and lines of an NDJSON body.
//!
//! A decoder holds at most the longest allowed frame and the chunk pushed last. The frames do not depend on how the
//! stream was cut into chunks.

use memchr::{memchr, memchr2};

/// The longest frame kept unless told otherwise: 1 MiB.
pub const DEFAULT_MAX_FRAME: usize = 1 << 20;

/// A count of more digits than this is text, not a count.
const MAX_COUNT_DIGITS: usize = 9;

/// One record cut from the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'d> {
    /// The bytes, without count and terminator.
    pub data: &'d [u8],
    /// True where the record was longer than allowed, or the stream ended inside it.
    pub truncated: bool,
    /// True where its length was given (octet counting), so that nothing that follows can belong to it.
    pub counted: bool,
}

/// Where the decoder stands in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the first byte of a frame, or of the terminators before it.
    Between,
    /// Inside a counted frame that was too long: so many bytes are still to be dropped.
    SkipOctets(usize),
    /// Inside a line that was too long: dropped up to its terminator.
    SkipLine,
}

/// What the bytes at hand say about the next frame.
enum Found {
    /// More bytes are needed.
    Nothing,
    /// A frame of `len` bytes after `header` bytes; `skip` is the state after it.
    Frame { header: usize, len: usize, truncated: bool, after: State },
}

/// An incremental decoder of syslog streams: push chunks, take frames until there is none, and call
/// [`SyslogDecoder::finish`] at the end of the stream.
#[derive(Debug)]
pub struct SyslogDecoder {
    core: Decoder,
}

impl SyslogDecoder {
    /// A decoder that cuts frames longer than `max` bytes.
    pub fn new(max: usize) -> Self {
        SyslogDecoder { core: Decoder::new(max, true) }
    }

    /// Adds bytes from the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.core.push(bytes);
    }

    /// The next whole frame, if the bytes so far hold one.
    #[allow(clippy::should_implement_trait)] // the frame borrows from the decoder
    pub fn next(&mut self) -> Option<Frame<'_>> {
        self.core.next()
    }

    /// Bytes held of frames that are not whole.
    pub fn buffered(&self) -> usize {
        self.core.buffer.len() - self.core.start
    }

    /// What is left at the end of the stream: a line without terminator, or a counted frame cut short (truncated).
    pub fn finish(&mut self) -> Option<Frame<'_>> {
        self.core.finish()
    }
}

impl Default for SyslogDecoder {
    fn default() -> Self {
        SyslogDecoder::new(DEFAULT_MAX_FRAME)
    }
}

/// An incremental decoder of newline-terminated records, for NDJSON bodies and log files.
#[derive(Debug)]
pub struct LineDecoder {
    core: Decoder,
}

impl LineDecoder {
    /// A decoder that cuts lines longer than `max` bytes.
    pub fn new(max: usize) -> Self {
        LineDecoder { core: Decoder::new(max, false) }
    }

    /// Adds bytes from the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.core.push(bytes);
    }

    /// The next whole line that is not empty.
    #[allow(clippy::should_implement_trait)] // the frame borrows from the decoder
    pub fn next(&mut self) -> Option<Frame<'_>> {
        self.core.next()
    }

    /// The last line, if the stream ended without a newline.
    pub fn finish(&mut self) -> Option<Frame<'_>> {
        self.core.finish()
    }

    /// The number, from 1, of the line given last.
    pub fn line_number(&self) -> u64 {
        self.core.line
    }
}

impl Default for LineDecoder {
    fn default() -> Self {
        LineDecoder::new(DEFAULT_MAX_FRAME)
    }
}

#[derive(Debug)]
struct Decoder {
    buffer: Vec<u8>,
    start: usize,
    /// Bytes after `start` already searched for a terminator.
    searched: usize,
    max: usize,
    syslog: bool,
    /// The frame before was counted: digits and a blank now start a count whatever follows.
    counted: bool,
    state: State,
    /// Newlines passed before the frame given last, plus one.
    line: u64,
    newlines: u64,
}

impl Decoder {
    fn new(max: usize, syslog: bool) -> Self {
        Decoder {
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            max: max.max(1),
            syslog,
            counted: false,
            state: State::Between,
            line: 0,
            newlines: 0,
        }
    }

    fn push(&mut self, mut bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        if self.buffer.is_empty() {
            bytes = self.skip(bytes);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Drops from `bytes` what a too long frame left over.
    fn skip<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        match self.state {
            State::Between => bytes,
            State::SkipOctets(left) => {
                let dropped = left.min(bytes.len());
                self.state = if dropped == left { State::Between } else { State::SkipOctets(left - dropped) };
                &bytes[dropped..]
            }
            State::SkipLine => match self.terminator(bytes) {
                Some(end) => {
                    self.state = State::Between;
                    &bytes[end..]
                }
                None => &[],
            },
        }
    }

    fn terminator(&self, bytes: &[u8]) -> Option<usize> {
        if self.syslog { memchr2(b'\n', 0, bytes) } else { memchr(b'\n', bytes) }
    }

    fn next(&mut self) -> Option<Frame<'_>> {
        if self.state != State::Between {
            let buffer = std::mem::take(&mut self.buffer);
            let left = self.skip(&buffer[self.start..]).len();
            self.start = buffer.len() - left;
            self.buffer = buffer;
            if self.state != State::Between {
                return None;
            }
        }
        loop {
            self.skip_separators();
            match self.look() {
                Found::Nothing => return None,
                Found::Frame { header, len, truncated, after } => {
                    let from = self.start + header;
                    self.start = from + len;
                    self.searched = 0;
                    self.state = after;
                    self.line = self.newlines + 1;
                    let mut data = from..from + len;
                    while data.end > data.start && self.buffer[data.end - 1] == b'\r' {
                        data.end -= 1;
                    }
                    if !data.is_empty() {
                        return Some(Frame { data: &self.buffer[data], truncated, counted: header > 0 });
                    }
                }
            }
        }
    }

    fn finish(&mut self) -> Option<Frame<'_>> {
        if self.state != State::Between {
            self.start = self.buffer.len();
            self.state = State::Between;
            return None;
        }
        self.skip_separators();
        let rest = &self.buffer[self.start..];
        let header = self.count(rest, true).map_or(0, |(header, _)| header);
        let from = self.start + header;
        let mut to = self.buffer.len();
        while to > from && self.buffer[to - 1] == b'\r' {
            to -= 1;
        }
        self.start = self.buffer.len();
        self.searched = 0;
        self.line = self.newlines + 1;
        (to > from).then(|| Frame { data: &self.buffer[from..to], truncated: header > 0, counted: header > 0 })
    }

    fn skip_separators(&mut self) {
        if self.searched > 0 {
            return;
        }
        while let Some(byte) = self.buffer.get(self.start) {
            match byte {
                b'\n' => self.newlines += 1,
                b'\r' => {}
                0 if self.syslog => {}
                _ => return,
            }
            self.start += 1;
        }
    }

    fn look(&mut self) -> Found {
        let rest = &self.buffer[self.start..];
        if rest.is_empty() {
            return Found::Nothing;
        }
        if self.syslog && self.searched == 0 {
            match self.count(rest, false) {
                Some((0, _)) => return Found::Nothing,
                Some((header, count)) => {
                    let len = count.min(self.max);
                    if rest.len() < header + len {
                        return Found::Nothing;
                    }
                    self.counted = true;
                    let after = if count > len { State::SkipOctets(count - len) } else { State::Between };
                    return Found::Frame { header, len, truncated: count > len, after };
                }
                None => {}
            }
        }
        let window = &rest[..rest.len().min(self.max + 1)];
        match self.terminator(&window[self.searched..]) {
            Some(end) => {
                self.counted = false;
                Found::Frame { header: 0, len: self.searched + end, truncated: false, after: State::Between }
            }
            None if window.len() > self.max => {
                self.counted = false;
                Found::Frame { header: 0, len: self.max, truncated: true, after: State::SkipLine }
            }
            None => {
                self.searched = window.len();
                Found::Nothing
            }
        }
    }

    /// A count at the start of `rest`: length of its header and the count; `(0, 0)` where more bytes must come to
    /// tell; nothing where it is a line. A count is digits and one blank before `<`, or before anything after a
    /// counted frame: `10 errors` on a line is not a count.
    fn count(&self, rest: &[u8], ended: bool) -> Option<(usize, usize)> {
        let undecided = if ended { None } else { Some((0, 0)) };
        if !self.syslog || !matches!(rest.first(), Some(b'1'..=b'9')) {
            return None;
        }
        let digits = rest.iter().take(MAX_COUNT_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if digits > MAX_COUNT_DIGITS {
            return None;
        }
        match rest.get(digits) {
            None => return undecided,
            Some(b' ') => {}
            Some(_) => return None,
        }
        match rest.get(digits + 1) {
            None => return undecided,
            Some(b'<') => {}
            Some(_) if self.counted => {}
            Some(_) => return None,
        }
        let count = rest[..digits].iter().fold(0, |count, digit| count * 10 + usize::from(digit - b'0'));
        Some((digits + 1, count))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(chunks: &[&[u8]], max: usize) -> Vec<(Vec<u8>, bool)> {
        let mut decoder = SyslogDecoder::new(max);
        let mut frames = Vec::new();
        for chunk in chunks {
            decoder.push(chunk);
            while let Some(frame) = decoder.next() {
                frames.push((frame.data.to_vec(), frame.truncated));
            }
        }
        frames.extend(decoder.finish().map(|frame| (frame.data.to_vec(), frame.truncated)));
        frames
    }

    fn texts(input: &[u8]) -> Vec<String> {
        all(&[input], 100).into_iter().map(|(data, _)| String::from_utf8(data).unwrap()).collect()
    }

    #[test]
    fn counted_and_terminated_frames_are_told_apart_one_by_one() {
        assert_eq!(
            texts(b"5 <1>ab<2>line\n8 <3>c\nd\ne\n<4>nul\0<5>last"),
            ["<1>ab", "<2>line", "<3>c\nd\ne", "<4>nul", "<5>last"]
        );
    }

    #[test]
    fn a_line_that_starts_with_a_number_is_a_line() {
        assert_eq!(
            texts(b"10 errors\n2026-01-01 x\r\n1234567890123 <x\n"),
            ["10 errors", "2026-01-01 x", "1234567890123 <x"]
        );
    }

    #[test]
    fn a_frame_too_long_is_kept_cut_and_its_rest_is_skipped() {
        assert_eq!(
            all(&[b"<1>0123456789\n<2>a\n12 <3>456789012<4>b\n"], 8),
            [
                (b"<1>01234".to_vec(), true),
                (b"<2>a".to_vec(), false),
                (b"<3>45678".to_vec(), true),
                (b"<4>b".to_vec(), false),
            ]
        );
    }

    #[test]
    fn a_counted_frame_cut_by_the_end_of_the_stream_is_given_as_truncated() {
        assert_eq!(all(&[b"50 <1>abc"], 100), [(b"<1>abc".to_vec(), true)]);
    }

    #[test]
    fn lines_are_numbered_with_the_empty_ones_counted() {
        let mut decoder = LineDecoder::new(100);
        decoder.push(b"a\n\n\nb\r\nc");
        let mut numbers = Vec::new();
        while decoder.next().is_some() {
            numbers.push(decoder.line_number());
        }
        assert!(decoder.finish().is_some());
        numbers.push(decoder.line_number());
        assert_eq!(numbers, [1, 4, 5]);
    }

    #[test]
    fn a_decoder_never_holds_more_than_the_longest_frame_and_one_chunk() {
        let mut decoder = SyslogDecoder::new(1000);
        for _ in 0..1000 {
            decoder.push(&[b'x'; 100]);
            while decoder.next().is_some() {}
            assert!(decoder.core.buffer.len() <= 1100);
        }
    }

    proptest! {
        #[test]
        fn any_split_of_the_stream_gives_the_same_frames(
            input in proptest::collection::vec(prop_oneof![
                Just(b"\n".to_vec()), Just(b"\0".to_vec()), Just(b"<1>abc".to_vec()), Just(b"6 <1>abc".to_vec()),
                Just(b"30 <2>".to_vec()), Just(b"3 ".to_vec()), Just(b"12".to_vec()), proptest::collection::vec(any::<u8>(), 0..6),
            ], 0..20),
            cuts in proptest::collection::vec(1usize..9, 0..60),
        ) {
            let input = input.concat();
            let mut chunks = Vec::new();
            let mut rest = &input[..];
            for cut in cuts {
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            chunks.push(rest);
            prop_assert_eq!(all(&chunks, 10), all(&[&input], 10));
        }
    }
}
