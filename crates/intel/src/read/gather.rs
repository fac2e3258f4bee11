//! What the readers have in common: each indicator once, each thing that gave none with its reason.

use std::collections::HashMap;

use model::intel::{Indicator, IndicatorDetail, IndicatorKind, UnreadLine};

use super::{MOST_UNREAD, Options, Reading};

/// Characters of what is told, of a note, and of a reason.
const QUOTED: usize = 120;
const LONGEST_NOTE: usize = 200;
const LONGEST_REASON: usize = 300;

pub(super) struct Gather {
    pub done: Reading,
    known: HashMap<(IndicatorKind, Box<str>), usize>,
    pub options: Options,
}

impl Gather {
    pub fn new(options: Options) -> Gather {
        Gather { done: Reading::default(), known: HashMap::new(), options }
    }

    /// Something, counted from 1, that gave none.
    pub fn unread(&mut self, number: usize, reason: &str, text: &str) {
        let list = &mut self.done.list;
        list.unread_count += 1;
        if list.unread.len() < MOST_UNREAD {
            list.unread.push(UnreadLine {
                line: number as i64,
                reason: plain(reason, LONGEST_REASON),
                text: plain(text, QUOTED),
            });
        }
    }

    /// An indicator as its source writes it.
    pub fn text(&mut self, number: usize, text: &str, note: &str, detail: &IndicatorDetail) {
        match Indicator::parse(text) {
            Ok(indicator) => self.take(number, indicator, note, detail),
            Err(why) => self.unread(number, &why.to_string(), text),
        }
    }

    /// The same where the source says of which kinds it may be: a number of a port is no address.
    pub fn of_kinds(
        &mut self,
        number: usize,
        text: &str,
        kinds: &[IndicatorKind],
        note: &str,
        detail: &IndicatorDetail,
    ) {
        match Indicator::parse(text) {
            Ok(indicator) if kinds.contains(&indicator.kind) => self.take(number, indicator, note, detail),
            Ok(indicator) => {
                let named = indicator.kind.as_str();
                self.unread(number, &format!("it is written as something else but is of kind {named}"), text);
            }
            Err(why) => self.unread(number, &why.to_string(), text),
        }
    }

    pub fn take(&mut self, number: usize, mut indicator: Indicator, note: &str, detail: &IndicatorDetail) {
        if let Some(why) = indicator.too_common().filter(|_| self.options.refuse) {
            return self.unread(number, &why.to_string(), &indicator.value);
        }
        if let (Some(from), Some(until)) = (detail.from, detail.until)
            && from >= until
        {
            return self.unread(number, "it ends before it begins to hold", &indicator.value);
        }
        let key = (indicator.kind, indicator.value.clone());
        if let Some(place) = self.known.get(&key) {
            // The one that holds longest counts.
            self.done.list.duplicates += 1;
            let before = &mut self.done.list.indicators[*place];
            let longer = match (before.detail().until, detail.until) {
                (Some(_), None) => true,
                (Some(one), Some(other)) => other > one,
                (None, _) => false,
            };
            if longer {
                before.set_detail(detail.clone());
            }
            return;
        }
        self.known.insert(key, self.done.list.indicators.len());
        let note = plain(note.trim(), LONGEST_NOTE);
        indicator.note = (!note.is_empty()).then(|| note.into_boxed_str());
        indicator.set_detail(detail.clone());
        self.done.list.indicators.push(indicator);
    }

    /// The source takes it back.
    pub fn withdraw(&mut self, text: &str) {
        self.done.withdrawn.extend(Indicator::parse(text));
    }
}

/// Without control characters, and not too long.
fn plain(text: &str, most: usize) -> String {
    text.chars().filter(|character| !character.is_control()).take(most).collect()
}
