//! What an event must have for a rule to hold: atoms of which one is there, chosen so that they rarely are.

use crate::expression::Expression;
use crate::fold::fold;
use crate::item::Item;
use crate::pattern::Pattern;
use crate::test::{Number, Test};

use super::rarity::Rarity;

/// How an atom is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The value is the text.
    Whole,
    /// What follows the last backslash is the text.
    AfterBackslash,
    /// What follows the last slash is the text.
    AfterSlash,
    /// The value begins with the text.
    Begin,
    /// The value ends with the text.
    End,
    /// The text stands somewhere in the value.
    Word,
}

/// Something that is there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Atom {
    /// The column it is looked for in; all values where there is none.
    pub column: Option<usize>,
    pub kind: Kind,
    /// Folded.
    pub text: Box<str>,
}

/// Atoms of which one is there whenever the rule holds.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub atoms: Vec<Atom>,
    /// How often one is, roughly; above 1 where several are.
    pub odds: f32,
}

/// What an atom costs that is never there.
const UPKEEP: f32 = 0.000_02;
/// Whole numbers up to here have one text each.
const EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

impl Need {
    fn one(column: Option<usize>, kind: Kind, text: &str, rarity: &Rarity) -> Option<Self> {
        let text = fold(text).into_owned().into_boxed_str();
        let is_word = matches!(kind, Kind::Word | Kind::Begin | Kind::End);
        if is_word && text.len() < 2 || column.is_none() && !is_word {
            return None;
        }
        let atom = Atom { column, kind, text };
        let odds = rarity.odds(&atom) + UPKEEP;
        Some(Need { atoms: vec![atom], odds })
    }

    fn any(needs: impl Iterator<Item = Option<Need>>) -> Option<Self> {
        let mut all = Need { atoms: Vec::new(), odds: 0.0 };
        for need in needs {
            let need = need?;
            all.atoms.extend(need.atoms);
            all.odds += need.odds;
        }
        Some(all)
    }

    fn best(needs: impl Iterator<Item = Option<Need>>) -> Option<Self> {
        needs.flatten().min_by(|a, b| a.odds.total_cmp(&b.odds))
    }
}

/// What the expression needs, if that can be said.
pub(crate) fn of_expression(expression: &Expression, rarity: &Rarity) -> Option<Need> {
    match expression {
        Expression::And(parts) => Need::best(parts.iter().map(|part| of_expression(part, rarity))),
        Expression::Or(parts) => Need::any(parts.iter().map(|part| of_expression(part, rarity))),
        Expression::Not(_) => None,
        Expression::Item(item) => of_item(item, rarity),
    }
}

/// How often the item holds, roughly.
pub(crate) fn odds(item: &Item, rarity: &Rarity) -> f32 {
    let of_test = |test: &Test| match test {
        Test::Null | Test::Exists(false) => 0.05,
        Test::Exists(true) => 0.95,
        test => of_test(test, item.column, rarity).map_or(0.4, |need| need.odds.min(1.0)),
    };
    let odds = item.tests.iter().map(|value| of_test(&value.test));
    let odds = match item.all {
        true => odds.product::<f32>(),
        false => 1.0 - odds.map(|odds| 1.0 - odds).product::<f32>(),
    };
    if item.negated { 1.0 - odds } else { odds }
}

fn of_item(item: &Item, rarity: &Rarity) -> Option<Need> {
    if item.negated {
        return None;
    }
    let needs = item.tests.iter().map(|value| of_test(&value.test, item.column, rarity));
    if item.all { Need::best(needs) } else { Need::any(needs) }
}

fn of_test(test: &Test, column: Option<usize>, rarity: &Rarity) -> Option<Need> {
    match test {
        Test::Text { pattern, .. } => of_pattern(pattern, column, rarity),
        Test::OneOf(texts) => {
            // In order, so that the same rules always have the same atoms.
            let mut texts: Vec<_> = texts.iter().collect();
            texts.sort();
            Need::any(texts.into_iter().map(|text| Need::one(column, Kind::Whole, text, rarity)))
        }
        Test::Number(number) => {
            let texts = number_texts(*number)?;
            Need::any(texts.into_iter().map(|text| Need::one(column, Kind::Whole, &text, rarity)))
        }
        Test::Regex(searched) => Need::best(searched.words.iter().map(|words| of_words(words, column, rarity))),
        Test::Any(tests) => Need::any(tests.iter().map(|test| of_test(test, column, rarity))),
        _ => None,
    }
}

fn of_words(words: &[impl AsRef<str>], column: Option<usize>, rarity: &Rarity) -> Option<Need> {
    Need::any(words.iter().map(|word| Need::one(column, Kind::Word, word.as_ref(), rarity)))
}

fn of_pattern(pattern: &Pattern, column: Option<usize>, rarity: &Rarity) -> Option<Need> {
    match pattern {
        Pattern::Exact(text) => Need::one(column, Kind::Whole, text, rarity),
        Pattern::Prefix(text) => Need::one(column, Kind::Begin, text, rarity),
        Pattern::Suffix(text) => {
            let separator = text.rfind(['\\', '/']).filter(|place| place + 1 < text.len());
            let name = separator.and_then(|place| {
                let kind = if text.as_bytes()[place] == b'/' { Kind::AfterSlash } else { Kind::AfterBackslash };
                Need::one(column, kind, &text[place + 1..], rarity)
            });
            // A name costs one look-up whatever the length of the value, so it comes first where it is as rare.
            Need::best([name, Need::one(column, Kind::End, text, rarity)].into_iter())
        }
        Pattern::Contains(needle) => Need::one(column, Kind::Word, needle.word(), rarity),
        Pattern::Anything => None,
        Pattern::Segments(segments) => Need::best(segments.words().iter().map(|words| of_words(words, column, rarity))),
    }
}

/// Every text a value that equals the number can have; none where a number can be written in several ways.
fn number_texts(number: Number) -> Option<Vec<String>> {
    let float = match number {
        Number::Int(number) => number as f64,
        Number::Float(number) => number,
    };
    if float == 0.0 {
        return Some(vec!["0".into(), "-0".into()]);
    }
    (float.abs() < EXACT_FLOAT).then(|| vec![number.to_string()])
}
