//! What must stand in a text that has a match of an expression: lists of words, of each list one.
//!
//! Worked out from the parsed expression as code search engines do it: a part that can only be a few texts joins its
//! neighbours to longer ones, any other part ends them. Everything is in folded form; since folding goes letter by
//! letter, a word in a text is still there once both are folded.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::fold::fold;

/// More texts than this are no list worth looking for.
const MOST: usize = 48;
/// Letters of a class that are written out.
const MOST_LETTERS: usize = 24;
/// Lists of so many are short.
const FEW: usize = 3;
/// Longer words are cut: they are rare enough.
const LONGEST: usize = 64;

/// What is known of a part of an expression.
struct Part {
    /// All texts it matches, if they are few.
    exact: Option<Vec<String>>,
    /// Lists of which each has a member in every text it matches.
    needed: Vec<Vec<String>>,
}

/// The lists of an expression.
pub(crate) fn words_of(expression: &Hir) -> Vec<Vec<Box<str>>> {
    let part = part(expression);
    let lists = part.needed.into_iter().chain(part.exact.filter(|list| useful(list)));
    lists.map(|list| shortest(list).into_iter().map(String::into_boxed_str).collect()).collect()
}

/// The list without words that contain another one: that one is then there as well.
fn shortest(mut list: Vec<String>) -> Vec<String> {
    list.sort_by_key(String::len);
    let mut kept: Vec<String> = Vec::new();
    for word in list {
        if !kept.iter().any(|shorter| word.contains(shorter.as_str())) {
            kept.push(word);
        }
    }
    kept
}

fn useful(list: &[String]) -> bool {
    !list.is_empty() && list.iter().all(|word| !word.is_empty())
}

fn part(hir: &Hir) -> Part {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Part { exact: Some(vec![String::new()]), needed: Vec::new() },
        HirKind::Literal(literal) => Part {
            exact: std::str::from_utf8(&literal.0).ok().map(|text| vec![fold(text).into_owned()]),
            needed: Vec::new(),
        },
        HirKind::Class(class) => Part { exact: letters(class), needed: Vec::new() },
        HirKind::Capture(capture) => part(&capture.sub),
        HirKind::Repetition(repetition) => {
            let Part { exact, mut needed } = part(&repetition.sub);
            match (repetition.min, repetition.max) {
                (0, Some(1)) => Part {
                    exact: exact.map(|list| joined(list, vec![String::new()])).filter(|list| list.len() <= MOST),
                    needed: Vec::new(),
                },
                (0, _) => Part { exact: None, needed: Vec::new() },
                (1, Some(1)) => Part { exact, needed },
                _ => {
                    needed.extend(exact.filter(|list| useful(list)));
                    Part { exact: None, needed }
                }
            }
        }
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => {
            let parts: Vec<Part> = parts.iter().map(part).collect();
            if parts.iter().all(|part| part.exact.is_some()) {
                let all = parts.into_iter().filter_map(|part| part.exact).reduce(joined).unwrap_or_default();
                return match all.len() {
                    0..=MOST => Part { exact: Some(all), needed: Vec::new() },
                    _ => Part { exact: None, needed: vec![all].into_iter().filter(|list| useful(list)).collect() },
                };
            }
            // Of each alternative its list with the longest shortest word.
            let best = |part: Part| {
                let lists = part.needed.into_iter().chain(part.exact.filter(|list| useful(list)));
                lists.max_by_key(|list| list.iter().map(String::len).min())
            };
            let all = parts.into_iter().map(best).collect::<Option<Vec<_>>>();
            let needed = all.and_then(|lists| lists.into_iter().reduce(joined));
            Part { exact: None, needed: needed.into_iter().collect() }
        }
    }
}

fn concat(parts: &[Hir]) -> Part {
    let mut needed = Vec::new();
    let mut run = vec![String::new()];
    let mut whole = true;
    for hir in parts {
        let found = part(hir);
        let product = found.exact.as_ref().map(|list| crossed(&run, list)).filter(|list| list.len() <= MOST);
        match product {
            Some(list) if list.iter().all(|word| word.len() <= LONGEST) => {
                // A short list is sooner looked for than the long one it grows into.
                if run.len() <= FEW && list.len() > FEW {
                    needed.extend(Some(run.clone()).filter(|list| useful(list)));
                }
                run = list;
            }
            _ => {
                whole = false;
                needed.extend(Some(std::mem::replace(&mut run, vec![String::new()])).filter(|list| useful(list)));
                match found.exact {
                    // Too many or too long together with what stands before: it begins a run of its own.
                    Some(list) if list.len() <= MOST => run = list,
                    _ => {}
                }
            }
        }
        needed.extend(found.needed);
    }
    if whole {
        return Part { exact: Some(run), needed };
    }
    needed.extend(Some(run).filter(|list| useful(list)));
    Part { exact: None, needed }
}

fn crossed(left: &[String], right: &[String]) -> Vec<String> {
    if left.len() * right.len() > MOST {
        return vec![String::new(); MOST + 1];
    }
    let all = left.iter().flat_map(|start| right.iter().map(move |end| format!("{start}{end}")));
    distinct(all.collect())
}

fn joined(mut left: Vec<String>, right: Vec<String>) -> Vec<String> {
    left.extend(right);
    distinct(left)
}

fn distinct(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list.dedup();
    list
}

/// The folded letters of a small class.
fn letters(class: &Class) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut add = |first: u32, last: u32| {
        (first..=last).take(MOST_LETTERS + 1).filter_map(char::from_u32).for_each(|letter| {
            found.push(fold(letter.encode_utf8(&mut [0; 4])).into_owned());
        });
    };
    match class {
        Class::Unicode(class) => {
            class.ranges().iter().take(MOST_LETTERS + 1).for_each(|range| add(range.start().into(), range.end().into()))
        }
        Class::Bytes(class) => {
            class.ranges().iter().take(MOST_LETTERS + 1).for_each(|range| add(range.start().into(), range.end().into()))
        }
    }
    (!found.is_empty() && found.len() <= MOST_LETTERS).then(|| distinct(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str, ignore_case: bool) -> Vec<Vec<String>> {
        let parsed = regex_syntax::ParserBuilder::new().case_insensitive(ignore_case).build().parse(source).unwrap();
        words_of(&parsed).into_iter().map(|list| list.iter().map(|word| word.to_string()).collect()).collect()
    }

    #[test]
    fn what_an_expression_needs_is_found_within_it() {
        assert_eq!(words(r"\bnet1?\s+user", true), [vec!["net"], vec!["user"]]);
        assert_eq!(words("(alpha|beta).*gamma+", false), [vec!["beta", "alpha"], vec!["gamm"], vec!["a"]]);
        assert_eq!(words("[Kk]ill", false), [vec!["kill"]]);
        assert_eq!(words("(?:ab|c.*de)f", false), [vec!["ab", "de"], vec!["f"]]);
        assert_eq!(words(r"\$\{`?e`?n`?v", true)[0], ["${e", "${`e"]);
        assert!(words(".*|abc", false).is_empty());
        assert!(words("[a-z]{5}", false).is_empty());
        assert!(words("(abc)?", false).is_empty());
    }
}
