//! How often each text of many occurs. Where they come as numbers of a dictionary, the numbers are counted, and each text
//! of the dictionary is looked at once.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int32Type;
use hashbrown::{DefaultHashBuilder, HashTable};
use model::search::ValueCount;

/// Tables of a tally: two tallies are put together table by table, by several threads.
const TABLES: usize = 16;

/// So many texts are worth a second thread.
const MANY: usize = 10_000;

/// Counts of texts; empty and missing ones do not count.
#[derive(Default)]
pub(crate) struct Tally {
    tables: [Table; TABLES],
    hasher: DefaultHashBuilder,
    /// Which of how many parts of all texts count here, where it is not all.
    only: Option<(u64, u64)>,
    /// The dictionary at hand, and how often each of its numbers came.
    open: Option<(ArrayRef, Vec<u64>)>,
}

/// Texts whose hashes begin alike.
#[derive(Default)]
struct Table {
    entries: HashTable<Entry>,
    /// All texts, one after another.
    texts: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    start: usize,
    len: u32,
    count: u64,
}

impl Tally {
    /// An empty one whose counts can be merged with this one's.
    pub fn beside(&self) -> Tally {
        Tally { hasher: self.hasher.clone(), only: self.only, ..Tally::default() }
    }

    /// An empty one for a part of all texts: each text belongs to one of the `parts`.
    pub fn only(&self, part: u64, parts: u64) -> Tally {
        Tally { only: (parts > 1).then_some((part, parts)), ..self.beside() }
    }

    /// Counts a column of texts, or of numbers of a dictionary of texts.
    pub fn add_all(&mut self, column: &ArrayRef) {
        let Some(coded) = column.as_dictionary_opt::<Int32Type>() else {
            let Some(texts) = column.as_string_opt::<i32>() else { return };
            return texts.iter().flatten().for_each(|text| self.add(text, 1));
        };
        if self.open.as_ref().is_none_or(|(values, _)| !Arc::ptr_eq(values, coded.values())) {
            self.settle();
            self.open = Some((coded.values().clone(), vec![0; coded.values().len()]));
        }
        let Some((_, counts)) = &mut self.open else { return };
        let keys = coded.keys();
        if keys.null_count() == 0 {
            keys.values().iter().for_each(|key| counts[*key as usize] += 1);
        } else {
            keys.iter().flatten().for_each(|key| counts[key as usize] += 1);
        }
    }

    /// Looks up what was counted by number.
    pub fn settle(&mut self) {
        let Some((values, counts)) = self.open.take() else { return };
        let Some(texts) = values.as_string_opt::<i32>() else { return };
        let text = |place: usize| texts.is_valid(place).then(|| StringArray::value(texts, place));
        for (place, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            text(place).into_iter().for_each(|text| self.add(text, count));
        }
    }

    fn add(&mut self, text: &str, count: u64) {
        if !text.is_empty() {
            let hash = self.hasher.hash_one(text.as_bytes());
            if self.only.is_some_and(|(part, parts)| (hash >> 40) % parts != part) {
                return;
            }
            // Places within a table come from the lower bits.
            self.tables[(hash >> 32) as usize % TABLES].add(text.as_bytes(), hash, count);
        }
    }

    /// Adds the counts of one that was made beside this one.
    pub fn merge(&mut self, mut other: Tally) {
        other.settle();
        let pairs = self.tables.iter_mut().zip(&other.tables);
        if other.distinct() < MANY {
            return pairs.for_each(|(own, others)| own.merge(others));
        }
        let next = Mutex::new(pairs);
        let lane = || {
            loop {
                let pair = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((own, others)) = pair else { break };
                own.merge(others);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(lane);
            lane();
        });
    }

    /// How many texts there are.
    pub fn distinct(&self) -> usize {
        self.tables.iter().map(|table| table.entries.len()).sum()
    }

    /// Bytes, about.
    pub fn memory(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |(values, counts)| values.get_array_memory_size() + 8 * counts.len());
        self.tables.iter().map(Table::memory).sum::<usize>() + open
    }

    /// The commonest, by count and then by text.
    pub fn top(&self, most: usize) -> Vec<ValueCount> {
        let order = |a: &(u64, &[u8]), b: &(u64, &[u8])| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1));
        let mut all = Vec::new();
        for table in &self.tables {
            let mut entries: Vec<_> =
                table.entries.iter().map(|entry| (entry.count, entry.text(&table.texts))).collect();
            if entries.len() > most {
                entries.select_nth_unstable_by(most, order);
                entries.truncate(most);
            }
            all.extend(entries);
        }
        all.sort_unstable_by(order);
        all.truncate(most);
        let value = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        all.into_iter().map(|(count, text)| ValueCount { value: value(text), count: count as i64 }).collect()
    }
}

impl Table {
    fn add(&mut self, text: &[u8], hash: u64, count: u64) {
        let texts = &self.texts;
        let same = |entry: &Entry| entry.hash == hash && entry.text(texts) == text;
        match self.entries.find_mut(hash, same) {
            Some(entry) => entry.count += count,
            None => {
                let (start, len) = (self.texts.len(), text.len() as u32);
                self.texts.extend_from_slice(text);
                self.entries.insert_unique(hash, Entry { hash, start, len, count }, |entry| entry.hash);
            }
        }
    }

    fn merge(&mut self, other: &Table) {
        for entry in &other.entries {
            self.add(entry.text(&other.texts), entry.hash, entry.count);
        }
    }

    fn memory(&self) -> usize {
        self.entries.capacity() * (size_of::<Entry>() + 1) + self.texts.capacity()
    }
}

impl Entry {
    fn text(self, texts: &[u8]) -> &[u8] {
        &texts[self.start..self.start + self.len as usize]
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::DictionaryArray;

    use super::*;

    #[test]
    fn texts_and_numbers_of_dictionaries_count_alike() {
        let rows = ["li", "", "wang", "li", "zhao", "li", "wang"];
        let texts: ArrayRef = Arc::new(StringArray::from_iter(rows.iter().map(|row| Some(*row)).chain([None])));
        let coded: DictionaryArray<Int32Type> = rows.iter().map(|row| Some(*row)).chain([None]).collect();
        let coded: ArrayRef = Arc::new(coded);
        let mut all = Tally::default();
        for column in [&texts, &coded, &coded.slice(2, 3), &texts] {
            let mut tally = all.beside();
            tally.add_all(column);
            all.merge(tally);
        }
        let top: Vec<_> = all.top(9).into_iter().map(|top| (top.value, top.count)).collect();
        assert_eq!(top, [("li".into(), 10), ("wang".into(), 7), ("zhao".into(), 4)]);
        assert_eq!((all.distinct(), all.top(1).len()), (3, 1));
        assert_eq!(all.top(2)[1].value, "wang");
    }
}
