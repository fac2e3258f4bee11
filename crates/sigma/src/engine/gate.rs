//! What is looked for in one field: whole values, file names at the end of a path, and words.

use std::collections::HashMap;

use crate::fold::{fold, keeps_ascii};

use super::grams::{Grams, Word, width_of};
use super::hash::{Stretch, Table, hash};
use super::need::{Atom, Kind};
use super::rarity::Rarity;

/// The atoms of one column, or of all values where there is no column.
#[derive(Debug)]
pub(crate) struct Gate {
    whole: Table,
    after_backslash: Table,
    after_slash: Table,
    grams: Vec<Grams>,
    /// Whether everything looked for is ASCII.
    ascii: bool,
}

/// Atoms and what each stands for, on their way into a gate.
#[derive(Default)]
pub(crate) struct Draft {
    atoms: HashMap<(Kind, Box<str>), Vec<u32>>,
}

impl Draft {
    /// Adds a rule to an atom.
    pub(crate) fn add(&mut self, atom: Atom, rule: u32) {
        self.atoms.entry((atom.kind, atom.text)).or_default().push(rule);
    }

    /// The gate; `lists` takes the rules.
    pub(crate) fn finish(self, column: Option<usize>, rarity: &Rarity, lists: &mut Vec<u32>) -> Gate {
        let (mut tables, mut words): ([Vec<_>; 3], [Vec<Word>; 3]) = Default::default();
        let ascii = self.atoms.keys().all(|(_, text)| text.is_ascii());
        let mut atoms: Vec<_> = self.atoms.into_iter().collect();
        atoms.sort();
        for ((kind, text), mut rules) in atoms {
            rules.sort_unstable();
            rules.dedup();
            let start = lists.len() as u32;
            lists.extend(rules);
            let rules = Stretch { start, end: lists.len() as u32 };
            let mut table = |number: usize| tables[number].push((hash(text.as_bytes()), rules));
            match kind {
                Kind::Whole => table(0),
                Kind::AfterBackslash => table(1),
                Kind::AfterSlash => table(2),
                Kind::Word | Kind::Begin | Kind::End => {
                    let (begins, ends) = (kind == Kind::Begin, kind == Kind::End);
                    words[width_of(text.len()) - 2].push(Word { text, begins, ends, rules });
                }
            }
        }
        let of_width = |(words, width): (Vec<Word>, usize)| {
            let odds = |gram| rarity.gram(column, gram, width);
            (!words.is_empty()).then(|| Grams::new(&words, width, rarity.length(column), odds))
        };
        let [whole, after_backslash, after_slash] = tables.map(|entries| Table::new(&merged(entries, lists)));
        let grams = words.into_iter().zip(2..).filter_map(of_width).collect();
        Gate { whole, after_backslash, after_slash, grams, ascii }
    }
}

/// Two texts that differ in case-like bits only share a hash: their rules are joined.
fn merged(mut entries: Vec<(u64, Stretch)>, lists: &mut Vec<u32>) -> Vec<(u64, Stretch)> {
    entries.sort_by_key(|(hash, _)| *hash);
    let mut result: Vec<(u64, Stretch)> = Vec::with_capacity(entries.len());
    for (hash, stretch) in entries {
        match result.last_mut() {
            Some((last, present)) if *last == hash => {
                let start = lists.len() as u32;
                let both: Vec<u32> = present.of(lists).iter().chain(stretch.of(lists)).copied().collect();
                lists.extend(both);
                *present = Stretch { start, end: lists.len() as u32 };
            }
            _ => result.push((hash, stretch)),
        }
    }
    result
}

impl Gate {
    /// Gives what stands in a text.
    pub(crate) fn find(&self, text: &str, found: &mut impl FnMut(Stretch)) {
        if text.is_ascii() || self.ascii && keeps_ascii(text) {
            self.find_folded(text.as_bytes(), found);
        } else {
            self.find_folded(fold(text).as_bytes(), found);
        }
    }

    /// Gives what stands in a text that need not be folded any more, save for the case of ASCII letters.
    pub(crate) fn find_folded(&self, text: &[u8], found: &mut impl FnMut(Stretch)) {
        if !self.whole.is_empty() {
            found(self.whole.get(hash(text)));
        }
        let mut after = |table: &Table, separator: u8| {
            if !table.is_empty()
                && let Some(place) = memchr::memrchr(separator, text)
            {
                found(table.get(hash(&text[place + 1..])));
            }
        };
        after(&self.after_backslash, b'\\');
        after(&self.after_slash, b'/');
        self.grams.iter().for_each(|grams| grams.find(text, found));
    }

    /// Bytes it takes.
    pub(crate) fn size(&self) -> usize {
        let tables: usize = [&self.whole, &self.after_backslash, &self.after_slash].map(Table::size).iter().sum();
        tables + self.grams.iter().map(Grams::size).sum::<usize>()
    }
}
