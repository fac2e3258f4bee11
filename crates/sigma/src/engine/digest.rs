//! Which pairs of characters a text has, as a small set that says "perhaps" or "no": most words asked for in a text
//! have a pair it lacks, and need not be searched.

/// Bits of a digest.
const BITS: usize = 1024;

/// Longer texts have most pairs.
const LONGEST: usize = 1024;

/// The pairs of a text.
#[derive(Debug, Clone)]
pub(crate) struct Digest([u64; BITS / 64]);

/// Some pairs of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pairs {
    bits: [u16; 4],
    count: u8,
}

fn bit(first: u8, second: u8) -> usize {
    let both = usize::from(first) | usize::from(second) << 8;
    ((both * 0x9e37) >> 6) % BITS
}

impl Digest {
    /// The pairs of a text; of a long one all there are.
    pub(crate) fn of(text: &str) -> Self {
        if text.len() > LONGEST {
            return Digest([u64::MAX; BITS / 64]);
        }
        let mut words = [0_u64; BITS / 64];
        for pair in text.as_bytes().array_windows::<2>() {
            let bit = bit(pair[0], pair[1]);
            words[bit / 64] |= 1 << (bit % 64);
        }
        Digest(words)
    }

    /// Whether the text may contain the word these pairs are of.
    pub(crate) fn may_contain(&self, pairs: &Pairs) -> bool {
        let bits = &pairs.bits[..usize::from(pairs.count)];
        bits.iter().all(|bit| self.0[usize::from(*bit) / 64 % (BITS / 64)] >> (bit % 64) & 1 != 0)
    }
}

impl Pairs {
    /// Pairs spread over a word.
    pub(crate) fn of(word: &[u8]) -> Self {
        let mut pairs = Pairs::default();
        let all = word.len().saturating_sub(1);
        let count = all.min(4);
        for number in 0..count {
            // First, last, and between them.
            let place = number * (all - 1) / (count - 1).max(1);
            pairs.bits[number] = bit(word[place], word[place + 1]) as u16;
        }
        pairs.count = count as u8;
        pairs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_may_contain_every_word_it_contains(before in ".{0,40}", word in ".{0,12}", after in ".{0,40}") {
            let text = format!("{before}{word}{after}");
            prop_assert!(Digest::of(&text).may_contain(&Pairs::of(word.as_bytes())));
        }
    }

    #[test]
    fn most_words_a_text_lacks_are_refused() {
        let digest = Digest::of(r"c:\windows\system32\svchost.exe -k netsvcs -p -s schedule");
        let lacking = ["sekurlsa::", "invoke-", "-encodedcommand", "downloadstring(", "vssadmin", "mimikatz"];
        assert!(lacking.iter().all(|word| !digest.may_contain(&Pairs::of(word.as_bytes()))));
    }
}
