//! The machine that runs a program over a text: it goes back where it must, and gives up where that takes too long.

use regex_syntax::hir::Look;
use regex_syntax::is_word_character;

use super::class::UNBOUNDED;
use super::program::{Instruction, Program, Run, Start, Way};

/// A slot nothing was put in.
const NONE: u32 = u32::MAX;
/// The longest stack of places to go back to.
const MAX_STACK: usize = 1 << 16;
/// What every text may cost, and what each of its first bytes may.
const LEAST_STEPS: usize = 2000;
const STEPS_A_BYTE: usize = 8;
const MOST_BYTES: usize = 1 << 14;
/// So many bytes run over are a step.
const BYTES_A_STEP: usize = 8;

/// The machine went back so often that somebody else has to decide.
#[derive(Debug, PartialEq, Eq)]
pub struct Exhausted;

/// What a machine works with: kept from one text to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    slots: Vec<u32>,
    stack: Vec<Entry>,
    /// How many more steps there may be.
    left: usize,
}

/// Somewhere to go back to, or something to undo on the way.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Branch { to: u32, at: u32 },
    Slot { slot: u16, was: u32 },
    Greedy { to: u32, least: u32, at: u32 },
    Lazy { to: u32, at: u32, left: u32 },
}

impl Scratch {
    /// The longest text whose places it holds.
    pub const LONGEST: usize = NONE as usize - 1;

    /// The slots for so many groups, all empty.
    pub fn reset(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, NONE);
    }

    /// Puts a group where it was found by somebody else.
    pub fn set(&mut self, group: usize, start: usize, end: usize) {
        self.slots[group * 2] = start as u32;
        self.slots[group * 2 + 1] = end as u32;
    }

    /// Where a group was found.
    pub fn group(&self, group: usize) -> Option<std::ops::Range<usize>> {
        let (start, end) = (self.slots[group * 2], self.slots[group * 2 + 1]);
        (start != NONE && end != NONE).then_some(start as usize..end as usize)
    }

    /// How many steps a text of this length took.
    #[cfg(test)]
    pub(super) fn spent(&self, length: usize) -> usize {
        limit(length) - self.left
    }

    fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(steps).ok_or(Exhausted)?;
        Ok(())
    }
}

/// How many steps a text may take.
fn limit(length: usize) -> usize {
    LEAST_STEPS + length.min(MOST_BYTES) * STEPS_A_BYTE + length / BYTES_A_STEP * 2
}

impl Program {
    /// Whether the expression fits somewhere in the text; its groups are then in `scratch`.
    pub fn search(&self, text: &str, scratch: &mut Scratch) -> Result<bool, Exhausted> {
        let bytes = text.as_bytes();
        if bytes.len() > Scratch::LONGEST {
            return Err(Exhausted);
        }
        scratch.left = limit(bytes.len());
        let mut from = 0;
        loop {
            let at = match &self.start {
                Start::Text => return self.run(text, 0, scratch),
                Start::Literal(finder) => finder.find(&bytes[from..]).map(|found| from + found),
                Start::Literals(searcher) => {
                    searcher.find_in(bytes, (from..bytes.len()).into()).map(|found| found.start())
                }
                Start::First(seeker) | Start::Row(seeker, _) => {
                    let found = seeker.find(bytes, from);
                    (found < bytes.len() || seeker.set.end).then_some(found)
                }
            };
            let Some(at) = at else { return Ok(false) };
            if self.run(text, at, scratch)? {
                return Ok(true);
            }
            if at >= bytes.len() {
                return Ok(false);
            }
            let next = match &self.start {
                Start::Row(_, class) => class.extent(text, at, UNBOUNDED).max(at + 1),
                _ => at + 1,
            };
            scratch.spend(1 + (next - from) / BYTES_A_STEP)?;
            from = next;
        }
    }

    /// Whether the expression fits at this place.
    fn run(&self, text: &str, start: usize, scratch: &mut Scratch) -> Result<bool, Exhausted> {
        let bytes = text.as_bytes();
        scratch.reset(self.slots);
        scratch.stack.clear();
        let (mut next, mut at) = (0, start);
        loop {
            scratch.spend(1)?;
            let fits = match self.instructions[next] {
                Instruction::Byte(byte) => {
                    let fits = bytes.get(at) == Some(&byte);
                    at += usize::from(fits);
                    fits
                }
                Instruction::Literal { from, to } => {
                    let literal = &self.text[from as usize..to as usize];
                    let fits = bytes.get(at..).is_some_and(|rest| rest.starts_with(literal));
                    at += literal.len();
                    fits
                }
                Instruction::Class(class) => {
                    let width = self.classes[usize::from(class)].step(text, at);
                    at += width;
                    width > 0
                }
                Instruction::Run(run) => {
                    match self.runs[usize::from(run)].begin(text, at, next as u32 + 1, scratch)? {
                        Some(end) => {
                            at = end;
                            true
                        }
                        None => false,
                    }
                }
                Instruction::Split { first, second, starts } => {
                    let [one, two] = starts.map(|set| self.sets[usize::from(set)].at(bytes, at));
                    if one && two {
                        scratch.stack.push(Entry::Branch { to: second, at: at as u32 });
                    }
                    if one || two {
                        next = if one { first } else { second } as usize;
                        continue;
                    }
                    false
                }
                Instruction::Jump(to) => {
                    next = to as usize;
                    continue;
                }
                Instruction::Save(slot) => {
                    // With nowhere to go back to there is nothing to undo.
                    let place = &mut scratch.slots[usize::from(slot)];
                    if !scratch.stack.is_empty() {
                        scratch.stack.push(Entry::Slot { slot, was: *place });
                    }
                    *place = at as u32;
                    true
                }
                Instruction::Look(look) => holds(look, text, at),
                Instruction::Match => return Ok(true),
            };
            if fits {
                next += 1;
                continue;
            }
            match self.back(text, scratch)? {
                Some(place) => (next, at) = place,
                None => return Ok(false),
            }
        }
    }

    /// Goes back to the last place from which there is another way.
    fn back(&self, text: &str, scratch: &mut Scratch) -> Result<Option<(usize, usize)>, Exhausted> {
        if scratch.stack.len() > MAX_STACK {
            return Err(Exhausted);
        }
        let run = |to: u32| match self.instructions[to as usize - 1] {
            Instruction::Run(run) => self.runs.get(usize::from(run)),
            _ => None,
        };
        while let Some(entry) = scratch.stack.pop() {
            scratch.spend(1)?;
            match entry {
                Entry::Slot { slot, was } => scratch.slots[usize::from(slot)] = was,
                Entry::Branch { to, at } => return Ok(Some((to as usize, at as usize))),
                Entry::Greedy { to, least, at } => {
                    let Some(run) = run(to) else { continue };
                    if let Some(at) = run.shorter(text, least as usize, at as usize, to, scratch)? {
                        return Ok(Some((to as usize, at)));
                    }
                }
                Entry::Lazy { to, at, left } => {
                    let Some(run) = run(to) else { continue };
                    let width = run.class.step(text, at as usize);
                    let left = left - u32::from(left != UNBOUNDED);
                    if width > 0
                        && let Some(at) = run.longer(text, at as usize + width, left, to, scratch)?
                    {
                        return Ok(Some((to as usize, at)));
                    }
                }
            }
        }
        Ok(None)
    }
}

impl Run {
    /// Where the run first ends, if it fits; `to` is the instruction after it.
    fn begin(&self, text: &str, from: usize, to: u32, scratch: &mut Scratch) -> Result<Option<usize>, Exhausted> {
        let mut least = from;
        for _ in 0..self.min {
            match self.class.step(text, least) {
                0 => return Ok(None),
                width => least += width,
            }
        }
        if self.way == Way::Lazy {
            return self.longer(text, least, self.more, to, scratch);
        }
        let end = self.class.extent(text, least, self.more);
        scratch.spend((end - from) / BYTES_A_STEP)?;
        if self.way == Way::Possessive {
            return Ok(Some(end));
        }
        if self.follow.set.at(text.as_bytes(), end) {
            if end > least {
                scratch.stack.push(Entry::Greedy { to, least: least as u32, at: end as u32 });
            }
            return Ok(Some(end));
        }
        self.shorter(text, least, end, to, scratch)
    }

    /// The next shorter end of a greedy run.
    fn shorter(
        &self,
        text: &str,
        least: usize,
        end: usize,
        to: u32,
        scratch: &mut Scratch,
    ) -> Result<Option<usize>, Exhausted> {
        let found = self.follow.find_last(text.as_bytes(), least, end);
        scratch.spend((end - found.unwrap_or(least)) / BYTES_A_STEP)?;
        if let Some(at) = found
            && at > least
        {
            scratch.stack.push(Entry::Greedy { to, least: least as u32, at: at as u32 });
        }
        Ok(found)
    }

    /// The first end of a lazy run from this place on.
    fn longer(
        &self,
        text: &str,
        from: usize,
        mut left: u32,
        to: u32,
        scratch: &mut Scratch,
    ) -> Result<Option<usize>, Exhausted> {
        let bytes = text.as_bytes();
        let mut at = from;
        match &self.stop {
            Some(stop) => at = stop.find(bytes, from),
            None => {
                while !self.follow.set.at(bytes, at) && left > 0 {
                    match self.class.step(text, at) {
                        0 => break,
                        width => at += width,
                    }
                    left -= u32::from(left != UNBOUNDED);
                }
            }
        }
        scratch.spend((at - from) / BYTES_A_STEP)?;
        if !self.follow.set.at(bytes, at) {
            return Ok(None);
        }
        if left > 0 && at < bytes.len() {
            scratch.stack.push(Entry::Lazy { to, at: at as u32, left });
        }
        Ok(Some(at))
    }
}

/// Whether an assertion holds at a place.
#[inline]
fn holds(look: Look, text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let ascii = || {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        (
            at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(is_word),
            bytes.get(at).is_some_and(is_word),
        )
    };
    let unicode = || {
        let around = (at.checked_sub(1).and_then(|before| bytes.get(before)), bytes.get(at));
        if around.0.is_none_or(u8::is_ascii) && around.1.is_none_or(u8::is_ascii) {
            return ascii();
        }
        let is_word = |char: char| match char.is_ascii() {
            true => char.is_ascii_alphanumeric() || char == '_',
            false => is_word_character(char),
        };
        (text[..at].chars().next_back().is_some_and(is_word), text[at..].chars().next().is_some_and(is_word))
    };
    let (before, after) = match look {
        Look::Start => return at == 0,
        Look::End => return at == bytes.len(),
        Look::StartLF => return at == 0 || bytes[at - 1] == b'\n',
        Look::EndLF => return at == bytes.len() || bytes[at] == b'\n',
        // The compiler refuses these.
        Look::StartCRLF | Look::EndCRLF => return false,
        Look::WordAscii
        | Look::WordAsciiNegate
        | Look::WordStartAscii
        | Look::WordEndAscii
        | Look::WordStartHalfAscii
        | Look::WordEndHalfAscii => ascii(),
        Look::WordUnicode
        | Look::WordUnicodeNegate
        | Look::WordStartUnicode
        | Look::WordEndUnicode
        | Look::WordStartHalfUnicode
        | Look::WordEndHalfUnicode => unicode(),
    };
    match look {
        Look::WordAscii | Look::WordUnicode => before != after,
        Look::WordAsciiNegate | Look::WordUnicodeNegate => before == after,
        Look::WordStartAscii | Look::WordStartUnicode => !before && after,
        Look::WordEndAscii | Look::WordEndUnicode => before && !after,
        Look::WordStartHalfAscii | Look::WordStartHalfUnicode => !before,
        _ => !after,
    }
}
