//! Which layouts of all sources a record may be of, found in one pass over its text however many sources there are.
//!
//! Each layout has one condition that must hold (its key): a program, a start, or a literal. Only layouts whose key
//! holds are asked, in the order of their sources. Of a long record the head is looked at first; sources that take
//! what no other does (order 500 and above) are asked only when the whole record was.

use super::Source;
use super::literals::{Literals, Rarity};
use super::recognise::Key;
use crate::hash::NameMap;

/// So much of a long record is looked at first.
const HEAD: usize = 1024;
/// Sources of this order and above take what no other does.
const LATE: i32 = 500;
/// The most layouts of all sources together.
pub const MAX_LAYOUTS: usize = WORDS * 64;
const WORDS: usize = 32;

/// A set of layouts, each by its place in the order they are asked.
#[derive(Clone, Copy)]
struct Set([u64; WORDS]);

impl Set {
    const EMPTY: Set = Set([0; WORDS]);

    fn add(&mut self, layout: u16) {
        self.0[usize::from(layout) / 64] |= 1 << (layout % 64);
    }

    /// Those of `self` that `other` lacks, in order.
    fn without(self, other: &Set) -> impl Iterator<Item = u16> + use<> {
        let other = *other;
        (0..WORDS).flat_map(move |word| {
            let mut bits = self.0[word] & !other.0[word];
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros())?;
                bits &= bits - 1;
                Some((word * 64) as u16 + bit as u16)
            })
        })
    }
}

/// What a text may start with.
#[derive(Debug)]
struct Start {
    /// Its first bytes, eight at most, and which bits of eight they are.
    head: u64,
    mask: u64,
    text: String,
    layout: u16,
}

impl Start {
    fn new(text: String, layout: u16) -> Self {
        let mask = u64::MAX.checked_shr(64 - 8 * text.len().min(8) as u32).unwrap_or(0);
        Start { head: head(&text), mask, text, layout }
    }

    /// Whether a text with this head starts so.
    fn fits(&self, head: u64, text: &str) -> bool {
        head & self.mask == self.head && text.starts_with(&self.text)
    }
}

/// The first eight bytes of a text as a number, zeros after a shorter one.
fn head(text: &str) -> u64 {
    match text.as_bytes().first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => text.bytes().rev().fold(0, |head, byte| head << 8 | u64::from(byte)),
    }
}

/// The keys of many layouts.
#[derive(Debug, Default)]
struct Keys {
    programs: NameMap<String, Vec<u16>>,
    /// By first byte.
    starts: NameMap<u8, Vec<Start>>,
    /// Layouts of each literal.
    literals: Vec<Vec<u16>>,
    always: Vec<u16>,
}

impl Keys {
    fn add(&mut self, key: Key<'_>, layout: u16, texts: &mut Vec<String>) {
        match key {
            Key::Program(programs) => {
                for program in programs {
                    self.programs.entry(program.clone()).or_default().push(layout);
                }
            }
            Key::Start(starts) => {
                for start in starts {
                    self.starts.entry(start.as_bytes()[0]).or_default().push(Start::new(start.clone(), layout));
                }
            }
            Key::Text(literals) => {
                for literal in literals {
                    let index = texts.iter().position(|text| text == literal).unwrap_or_else(|| {
                        texts.push(literal.clone());
                        texts.len() - 1
                    });
                    self.literals.resize(self.literals.len().max(index + 1), Vec::new());
                    self.literals[index].push(layout);
                }
            }
            Key::First(bytes) => {
                for byte in bytes {
                    let starts = self.starts.entry(*byte).or_default();
                    if !starts.iter().any(|start| start.text.is_empty() && start.layout == layout) {
                        starts.push(Start::new(String::new(), layout));
                    }
                }
            }
            Key::None => self.always.push(layout),
        }
    }

    /// Adds layouts by program and start.
    fn cheap(&self, program: Option<&str>, text: &str, found: &mut Set) {
        if let Some(layouts) = program.and_then(|program| self.programs.get(program)) {
            layouts.iter().for_each(|layout| found.add(*layout));
        }
        if let Some(starts) = text.as_bytes().first().and_then(|first| self.starts.get(first)) {
            let head = head(text);
            starts.iter().filter(|start| start.fits(head, text)).for_each(|start| found.add(start.layout));
        }
        self.always.iter().for_each(|layout| found.add(*layout));
    }

    /// Adds layouts by a literal.
    fn literal(&self, literal: usize, found: &mut Set) {
        if let Some(layouts) = self.literals.get(literal) {
            layouts.iter().for_each(|layout| found.add(*layout));
        }
    }
}

/// The layouts of all sources by their keys.
#[derive(Debug, Default)]
pub struct Index {
    /// Source and variant by layout.
    layouts: Vec<(u16, u16)>,
    /// From this layout on, sources take what no other does.
    late: u16,
    /// Of layouts that read the message.
    message: Keys,
    /// Of layouts that read the whole record.
    whole: Keys,
    literals: Literals,
}

/// What a record shows of itself before it is taken apart.
#[derive(Clone, Copy)]
pub struct View<'t> {
    pub program: Option<&'t str>,
    /// The end of the whole.
    pub message: &'t str,
    pub whole: &'t str,
}

impl Index {
    /// Of sources in the order they are asked; nothing where they have too many layouts.
    pub fn new(sources: &[Source], rarity: &Rarity) -> Option<Index> {
        let mut index = Index::default();
        let mut literals = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            if source.order < LATE {
                index.late = (index.layouts.len() + source.layouts.len()) as u16;
            }
            for (variant, layout) in source.layouts.iter().enumerate() {
                let id = index.layouts.len() as u16;
                index.layouts.push((number as u16, variant as u16));
                match layout.recogniser.is_whole() {
                    true => index.whole.add(layout.key(rarity), id, &mut literals),
                    false => index.message.add(layout.key(rarity), id, &mut literals),
                }
            }
        }
        index.literals = Literals::new(&literals, rarity);
        (index.layouts.len() <= MAX_LAYOUTS).then_some(index)
    }

    /// The first layout that takes the record: `ask` is given the numbers of source and variant.
    pub fn find<T>(&self, view: View<'_>, mut ask: impl FnMut(usize, usize) -> Option<T>) -> Option<T> {
        let mut ask = |layout: u16| {
            let (source, variant) = self.layouts[usize::from(layout)];
            ask(usize::from(source), usize::from(variant))
        };
        let is_long = view.whole.len() > HEAD;
        let mut found = Set::EMPTY;
        self.message.cheap(view.program, view.message, &mut found);
        self.whole.cheap(None, view.whole, &mut found);
        self.literals(view, HEAD, &mut found);
        let early = found.without(&Set::EMPTY).take_while(|layout| !is_long || *layout < self.late);
        if let Some(taken) = early.into_iter().find_map(&mut ask) {
            return Some(taken);
        }
        if !is_long {
            return None;
        }
        let mut asked = Set::EMPTY;
        found.without(&Set::EMPTY).filter(|layout| *layout < self.late).for_each(|layout| asked.add(layout));
        self.literals(view, view.whole.len(), &mut found);
        found.without(&asked).find_map(&mut ask)
    }

    /// Adds layouts by the literals in the first `most` bytes of the message and in the header before it.
    fn literals(&self, view: View<'_>, most: usize, found: &mut Set) {
        debug_assert!(view.whole.ends_with(view.message), "a header stands before its message");
        let begins = view.whole.len() - view.message.len();
        let end = view.whole.len().min(begins.saturating_add(most));
        self.literals.each(&view.whole.as_bytes()[..end], |literal, at| {
            self.whole.literal(literal, found);
            if at >= begins {
                self.message.literal(literal, found);
            }
        });
    }
}
