//! A short list: most groups hold one event, and one event needs no list of its own on the heap.

use std::ops::Range;

/// A list of mostly one.
#[derive(Debug, Clone, Default)]
pub(crate) enum Few<X> {
    #[default]
    None,
    One(X),
    Many(Vec<X>),
}

impl<X> Few<X> {
    pub(crate) fn as_slice(&self) -> &[X] {
        match self {
            Few::None => &[],
            Few::One(one) => std::slice::from_ref(one),
            Few::Many(many) => many,
        }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [X] {
        match self {
            Few::None => &mut [],
            Few::One(one) => std::slice::from_mut(one),
            Few::Many(many) => many,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub(crate) fn insert(&mut self, place: usize, value: X) {
        match self {
            Few::None => *self = Few::One(value),
            Few::Many(many) => many.insert(place, value),
            Few::One(_) => {
                if let Few::One(one) = std::mem::take(self) {
                    *self = Few::Many(if place == 0 { vec![value, one] } else { vec![one, value] });
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        match self {
            Few::Many(many) if range.len() < many.len() => drop(many.drain(range)),
            _ => *self = Few::None,
        }
    }
}

impl<X: PartialEq> PartialEq for Few<X> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_a_list_would() {
        let mut few = Few::default();
        for value in [3, 1, 2] {
            let place = few.as_slice().partition_point(|present| *present < value);
            few.insert(place, value);
        }
        assert_eq!(few.as_slice(), [1, 2, 3]);
        few.remove(0..1);
        few.remove(1..1);
        assert_eq!(few.as_slice(), [2, 3]);
        few.remove(0..2);
        assert_eq!((few.len(), few), (0, Few::None));
    }
}
