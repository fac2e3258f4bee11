//! Which of the candidate rules are worth evaluating: a rule that cannot hold unless one of certain words stands in
//! certain fields is looked at only when one does. One pass over each such field finds the words of all rules.
//!
//! A gate is only ever too wide: it says "perhaps" or "no", and the expression decides. `RuleSet::matches_plainly`
//! asks every rule, and tests hold the two against each other.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::expression::Expression;
use crate::fold::fold;
use crate::item::Item;
use crate::rule::Rule;
use crate::test::Test;
use crate::view::View;

/// Shorter words stand in almost every event.
const MIN_WORD: usize = 3;

/// The candidates of one set of log sources.
#[derive(Debug)]
pub(crate) struct Gates {
    /// Positions of all candidates, ascending.
    pub candidates: Vec<u32>,
    /// By index into `candidates`: those that have no gate.
    open: Vec<bool>,
    columns: Vec<Gate>,
}

/// The words looked for in one column.
#[derive(Debug)]
struct Gate {
    column: usize,
    words: AhoCorasick,
    /// By word: indexes into `candidates`.
    rules: Vec<Vec<usize>>,
}

/// Words of which one must stand in its column, in folded form.
struct Needed(Vec<(usize, String)>);

impl Gates {
    /// Builds the gates of these rules.
    pub(crate) fn new(candidates: Vec<u32>, rules: &[Arc<Rule>]) -> Self {
        let mut open = vec![true; candidates.len()];
        let mut words: BTreeMap<usize, HashMap<String, Vec<usize>>> = BTreeMap::new();
        for (index, &position) in candidates.iter().enumerate() {
            let Some(Needed(needed)) = rules[position as usize].expression.needed() else { continue };
            open[index] = false;
            for (column, word) in needed {
                words.entry(column).or_default().entry(word).or_default().push(index);
            }
        }
        let mut columns = Vec::with_capacity(words.len());
        for (column, words) in words {
            let (words, rules): (Vec<String>, Vec<Vec<usize>>) = words.into_iter().unzip();
            let automaton = AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .match_kind(MatchKind::Standard)
                .build(&words);
            match automaton {
                Ok(words) => columns.push(Gate { column, words, rules }),
                // Too many words for one automaton: these rules are then always evaluated.
                Err(_) => rules.iter().flatten().for_each(|&index| open[index] = true),
            }
        }
        Gates { candidates, open, columns }
    }

    /// Positions of the rules that may hold for the event, ascending.
    pub(crate) fn passed<'g>(&'g self, view: &View<'_>) -> impl Iterator<Item = u32> + use<'g> {
        let mut passed = self.open.clone();
        for gate in &self.columns {
            for cell in view.column(gate.column).cells.iter().filter(|cell| !cell.is_null()) {
                for found in gate.words.find_overlapping_iter(cell.folded()) {
                    gate.rules[found.pattern().as_usize()].iter().for_each(|&index| passed[index] = true);
                }
            }
        }
        self.candidates.iter().zip(passed).filter(|(_, passed)| *passed).map(|(position, _)| *position)
    }
}

impl Needed {
    /// The shortest word decides how wide the gate is, then how many there are.
    fn narrowness(&self) -> (usize, std::cmp::Reverse<usize>) {
        let shortest = self.0.iter().map(|(_, word)| word.len()).min().unwrap_or_default();
        (shortest, std::cmp::Reverse(self.0.len()))
    }

    fn useful(self) -> Option<Self> {
        (self.narrowness().0 >= MIN_WORD).then_some(self)
    }
}

impl Expression {
    /// What must be there for it to hold, if that can be said in words.
    fn needed(&self) -> Option<Needed> {
        match self {
            Expression::And(parts) => parts.iter().filter_map(Expression::needed).max_by_key(Needed::narrowness),
            Expression::Or(parts) => {
                let all = parts.iter().map(Expression::needed).collect::<Option<Vec<_>>>()?;
                Needed(all.into_iter().flat_map(|needed| needed.0).collect()).useful()
            }
            Expression::Not(_) => None,
            Expression::Item(item) => item.needed(),
        }
    }
}

impl Item {
    fn needed(&self) -> Option<Needed> {
        let column = self.column.filter(|_| !self.negated)?;
        let of = |test: &Test| {
            let mut words = Vec::new();
            test.words(&mut words).then(|| Needed(words.into_iter().map(|word| (column, word)).collect()).useful())?
        };
        if self.all {
            return self.tests.iter().filter_map(|value| of(&value.test)).max_by_key(Needed::narrowness);
        }
        let each = self.tests.iter().map(|value| of(&value.test)).collect::<Option<Vec<_>>>()?;
        Needed(each.into_iter().flat_map(|needed| needed.0).collect()).useful()
    }
}

impl Test {
    /// Adds words of which one stands in every folded value that passes; false if there are none to give.
    fn words(&self, words: &mut Vec<String>) -> bool {
        match self {
            Test::Text { pattern, .. } => {
                words.push(fold(pattern.longest_literal()).into_owned());
                true
            }
            Test::OneOf(texts) => {
                words.extend(texts.iter().map(|text| text.to_string()));
                true
            }
            Test::Any(tests) => tests.iter().all(|test| test.words(words)),
            _ => false,
        }
    }
}
