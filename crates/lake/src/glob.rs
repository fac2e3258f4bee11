//! Patterns that a whole value must fit: `*` for any characters, `?` for one.

use model::query::{Pattern, Piece};

use crate::matcher::has_other_case;

/// A pattern, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    /// What stands between the `*`: texts and single characters in a row.
    runs: Vec<Vec<Piece>>,
    /// Values are compared in full lower case, as the pattern is.
    lower: bool,
}

impl Glob {
    pub fn of(pattern: &Pattern) -> Glob {
        let lower = pattern.pieces().iter().any(|piece| matches!(piece, Piece::Text(text) if has_other_case(text)));
        let mut runs = vec![Vec::new()];
        for piece in pattern.pieces() {
            match piece {
                Piece::Any => runs.push(Vec::new()),
                Piece::Text(text) if lower => add(&mut runs, Piece::Text(text.to_lowercase())),
                piece => add(&mut runs, piece.clone()),
            }
        }
        Glob { runs, lower }
    }

    /// The text every fitting value begins with, in some case.
    pub fn start(&self) -> &str {
        match self.runs.first().and_then(|run| run.first()) {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    pub fn matches(&self, text: &str) -> bool {
        if self.lower { self.fits(&text.to_lowercase()) } else { self.fits(text) }
    }

    /// The first run stands at the start, the last at the end, those between as early as they can.
    fn fits(&self, text: &str) -> bool {
        let [first, rest @ ..] = self.runs.as_slice() else { return text.is_empty() };
        let Some(mut at) = run_at(first, text, 0) else { return false };
        let [between @ .., last] = rest else { return at == text.len() };
        for run in between {
            match starts(text, at).find_map(|start| run_at(run, text, start)) {
                Some(end) => at = end,
                None => return false,
            }
        }
        starts(text, at).any(|start| run_at(last, text, start) == Some(text.len()))
    }
}

fn add(runs: &mut [Vec<Piece>], piece: Piece) {
    if let Some(run) = runs.last_mut() {
        run.push(piece);
    }
}

/// The characters' places from `at` on, the end included.
fn starts(text: &str, at: usize) -> impl Iterator<Item = usize> {
    (at..=text.len()).filter(move |place| text.is_char_boundary(*place))
}

/// Where a run ends that begins here.
fn run_at(run: &[Piece], text: &str, mut at: usize) -> Option<usize> {
    for piece in run {
        at += match piece {
            Piece::Text(wanted) => {
                let part = text.as_bytes().get(at..at + wanted.len())?;
                part.eq_ignore_ascii_case(wanted.as_bytes()).then_some(wanted.len())?
            }
            Piece::One => text[at..].chars().next()?.len_utf8(),
            Piece::Any => 0,
        };
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by trying everything.
    fn plain(pattern: &[Piece], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [Piece::Any, rest @ ..] => (0..=text.len()).any(|skip| plain(rest, &text[skip..])),
            [Piece::One, rest @ ..] => !text.is_empty() && plain(rest, &text[1..]),
            [Piece::Text(wanted), rest @ ..] => {
                let wanted: Vec<char> = wanted.to_lowercase().chars().collect();
                text.starts_with(&wanted) && plain(rest, &text[wanted.len()..])
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn patterns_fit_what_trying_everything_fits(pattern in "[ab登*?]{0,7}", text in "[abAB登é]{0,8}") {
            let pattern = Pattern::of_word(&pattern);
            let letters: Vec<char> = text.to_lowercase().chars().collect();
            proptest::prop_assert_eq!(Glob::of(&pattern).matches(&text), plain(pattern.pieces(), &letters));
        }
    }
}
