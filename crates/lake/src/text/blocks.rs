//! Which blocks of a file may hold what is looked for.

use parquet::arrow::arrow_reader::{RowSelection, RowSelector};

use super::BLOCK_ROWS;

/// A set of a file's blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blocks {
    may: Vec<bool>,
}

impl Blocks {
    /// All of them.
    pub fn all(count: usize) -> Blocks {
        Blocks { may: vec![true; count] }
    }

    /// None.
    pub fn none(count: usize) -> Blocks {
        Blocks { may: vec![false; count] }
    }

    /// Those in both.
    pub fn and(mut self, other: &Blocks) -> Blocks {
        self.may.iter_mut().zip(&other.may).for_each(|(may, other)| *may &= other);
        self
    }

    /// Those in either.
    pub fn or(mut self, other: &Blocks) -> Blocks {
        self.may.iter_mut().zip(&other.may).for_each(|(may, other)| *may |= other);
        self
    }

    /// Keeps the blocks of which `still` says so.
    pub fn retain(&mut self, mut still: impl FnMut(usize) -> bool) {
        for (block, may) in self.may.iter_mut().enumerate() {
            *may = *may && still(block);
        }
    }

    /// True when no block is left.
    pub fn is_none(&self) -> bool {
        !self.may.contains(&true)
    }

    /// True when every block is left.
    pub fn is_all(&self) -> bool {
        !self.may.contains(&false)
    }

    /// The rows of a file with so many rows.
    pub fn selection(&self, rows: u64) -> RowSelection {
        let mut left = rows as usize;
        let mut selectors: Vec<RowSelector> = Vec::new();
        for may in &self.may {
            let count = BLOCK_ROWS.min(left);
            left -= count;
            match selectors.last_mut() {
                Some(last) if last.skip != *may => last.row_count += count,
                _ => selectors.push(if *may { RowSelector::select(count) } else { RowSelector::skip(count) }),
            }
        }
        selectors.into()
    }
}
