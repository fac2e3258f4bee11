//! When silence is an alarm (catalogue P3): a device's weekly rhythm, learned from whether it was heard in each slot of
//! five minutes, and the evidence that piles up while it is not.
//!
//! Only presence is learned, never volume, so that a burst teaches nothing wrong. The chance of hearing nothing in a
//! slot is what the same hour of other weeks says; the chances of a gap's slots multiply, and their negative logarithms
//! add up to its evidence. A gap that ended by itself shows how much evidence is ordinary for this device. Slots in
//! which the platform itself could not hear are left out by the caller: nothing is learned from them and they add
//! nothing.

use serde::{Deserialize, Serialize};

use crate::role::words;

/// Hours of a week.
pub const HOURS: usize = 168;
/// Slots of an hour.
pub const SLOTS_AN_HOUR: u16 = 12;
/// A week of slots: before that much was seen nothing is decided.
pub const LEARNING_SLOTS: u32 = HOURS as u32 * SLOTS_AN_HOUR as u32;
/// The evidence a silence must have: hearing nothing had a chance of one in a million.
const IMPROBABLE: f64 = 13.8;
/// A gap that ended by itself must be exceeded by this factor,
const OVER_WORST: f64 = 1.5;
/// but an outage of days must not make the device's silence ordinary for ever.
const WORST_AT_MOST: f64 = 25.0;
/// What was ordinary is forgotten so much with each slot: half in four weeks.
const FORGET: f64 = 0.999_914;
/// Weeks of an hour that count; then older ones weigh half.
const WEEKS: u16 = 6;
const LAYOUT: u8 = 1;

words! {
    /// How a device's silence is judged.
    #[derive(Default)]
    SilenceAlarm {
        /// By what was learned of it.
        #[default]
        Learned = "learned",
        /// By its limit in minutes.
        Fixed = "fixed",
        /// Not at all.
        Off = "off",
    }
}

/// What was learned of a device, about 700 bytes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rhythm {
    /// By hour of the week: slots seen, and slots in which it was heard.
    hours: Vec<(u16, u16)>,
    /// Slots seen in all.
    seen: u32,
    /// Slots since it was heard, of those seen.
    silent: u32,
    /// The evidence of the present gap.
    evidence: f64,
    /// The most evidence of a gap that ended by itself.
    worst: f64,
}

/// What is to be said of a device after a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Silence {
    /// Too little was seen of it.
    Learning,
    /// It is heard, or its silence is nothing unusual.
    Usual,
    /// It should have been heard.
    Improbable {
        /// Slots since it was heard.
        slots: u32,
        /// In so many of 100 such slots it was heard before.
        usual_percent: u8,
    },
}

impl Default for Rhythm {
    fn default() -> Self {
        Rhythm { hours: vec![(0, 0); HOURS], seen: 0, silent: 0, evidence: 0.0, worst: 0.0 }
    }
}

impl Rhythm {
    /// Takes in one slot of an hour of the week (0 is the first of Monday) and says what to make of it. While an alarm
    /// stands, silence is no new rhythm: it teaches nothing.
    pub fn observe(&mut self, hour: usize, heard: bool, alarmed: bool) -> Silence {
        let hour = hour % HOURS;
        self.worst *= FORGET;
        if heard {
            self.worst = self.worst.max(self.evidence.min(WORST_AT_MOST));
            (self.evidence, self.silent) = (0.0, 0);
        } else {
            self.evidence -= (1.0 - self.chance(hour)).ln();
            self.silent = self.silent.saturating_add(1);
        }
        if heard || !alarmed {
            self.learn(hour, heard);
        }
        self.verdict()
    }

    /// What there is to say now.
    pub fn verdict(&self) -> Silence {
        if self.seen < LEARNING_SLOTS {
            return Silence::Learning;
        }
        if self.evidence < IMPROBABLE.max(self.worst * OVER_WORST) {
            return Silence::Usual;
        }
        let usual = 1.0 - (-self.evidence / f64::from(self.silent.max(1))).exp();
        Silence::Improbable { slots: self.silent, usual_percent: (usual * 100.0).round() as u8 }
    }

    /// How likely it is heard in a slot of this hour of the week. Never certain, and nothing where it never was heard.
    pub fn chance(&self, hour: usize) -> f64 {
        let (seen, heard) = self.hours[hour % HOURS];
        f64::from(heard) / f64::from(seen + 1)
    }

    /// How much of the learning period has passed, in per cent.
    pub fn learned_percent(&self) -> u8 {
        (u64::from(self.seen.min(LEARNING_SLOTS)) * 100 / u64::from(LEARNING_SLOTS)) as u8
    }

    /// Slots since it was heard.
    pub fn silent_slots(&self) -> u32 {
        self.silent
    }

    fn learn(&mut self, hour: usize, heard: bool) {
        self.seen = self.seen.saturating_add(1);
        let known = &mut self.hours[hour];
        if known.0 >= SLOTS_AN_HOUR * WEEKS {
            *known = (known.0 / 2, known.1 / 2);
        }
        known.0 += 1;
        known.1 += u16::from(heard);
    }

    /// As the store keeps it.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![LAYOUT];
        for (seen, heard) in &self.hours {
            bytes.extend(seen.to_le_bytes());
            bytes.extend(heard.to_le_bytes());
        }
        bytes.extend(self.seen.to_le_bytes());
        bytes.extend(self.silent.to_le_bytes());
        bytes.extend(self.evidence.to_le_bytes());
        bytes.extend(self.worst.to_le_bytes());
        bytes
    }

    /// From what the store kept; nothing if it is of another layout.
    pub fn decode(bytes: &[u8]) -> Option<Rhythm> {
        let (layout, rest) = bytes.split_first()?;
        if *layout != LAYOUT || rest.len() != HOURS * 4 + 24 {
            return None;
        }
        let (hours, rest) = rest.split_at(HOURS * 4);
        let pair = |at: &[u8]| (u16::from_le_bytes([at[0], at[1]]), u16::from_le_bytes([at[2], at[3]]));
        let number = |at: usize| rest.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let float = |at: usize| rest.get(at..at + 8)?.try_into().ok().map(f64::from_le_bytes);
        Some(Rhythm {
            hours: hours.chunks_exact(4).map(pair).collect(),
            seen: number(0)?,
            silent: number(4)?,
            evidence: float(8)?,
            worst: float(16)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device: whether it is heard in a slot, by slots since a Monday and a number that looks random.
    type Device = fn(u32, u32) -> bool;

    fn hour(slot: u32) -> usize {
        (slot / 12) as usize % HOURS
    }

    fn noise(slot: u32) -> u32 {
        slot.wrapping_mul(2_654_435_761).rotate_left(13).wrapping_mul(0x9E37_79B9) >> 16
    }

    const WEEK: u32 = LEARNING_SLOTS;
    const STEADY_FIREWALL: Device = |_, _| true;
    const CHATTY_PROXY: Device =
        |slot, noise| !(8..20).contains(&(slot / 12 % 24)) && noise % 10 < 3 || (8..20).contains(&(slot / 12 % 24));
    const WEEKLY_SCANNER: Device = |slot, _| (slot % WEEK) / 12 >= 146 && (slot % WEEK) / 12 < 149;
    const WEEKEND_OFFICE: Device =
        |slot, noise| slot % WEEK < 5 * 288 && (9..18).contains(&(slot / 12 % 24)) && noise % 100 < 95;
    const SELDOM: Device = |_, noise| noise % 100 < 4;

    /// How many alarms it has in so many weeks of its ordinary life.
    fn alarms(device: Device, weeks: u32) -> u32 {
        let (mut rhythm, mut alarmed, mut count) = (Rhythm::default(), false, 0);
        for slot in 0..weeks * WEEK {
            match rhythm.observe(hour(slot), device(slot, noise(slot)), alarmed) {
                Silence::Improbable { .. } if !alarmed => (alarmed, count) = (true, count + 1),
                Silence::Improbable { .. } => {}
                _ => alarmed = false,
            }
        }
        count
    }

    /// After how many slots of silence that begins at `from` slots into week `weeks` an alarm comes.
    fn noticed(device: Device, weeks: u32, from: u32) -> Option<u32> {
        let mut rhythm = Rhythm::default();
        let start = weeks * WEEK + from;
        for slot in 0..start {
            rhythm.observe(hour(slot), device(slot, noise(slot)), false);
        }
        (start..start + 2 * WEEK)
            .find(|slot| matches!(rhythm.observe(hour(*slot), false, false), Silence::Improbable { .. }))
            .map(|slot| slot - start + 1)
    }

    #[test]
    fn ordinary_life_raises_no_alarm() {
        for (name, device) in [
            ("steady firewall", STEADY_FIREWALL),
            ("chatty proxy", CHATTY_PROXY),
            ("weekly scanner", WEEKLY_SCANNER),
            ("weekend office", WEEKEND_OFFICE),
            ("seldom heard", SELDOM),
        ] {
            assert_eq!(alarms(device, 8), 0, "{name}");
        }
    }

    #[test]
    fn a_silence_that_is_improbable_for_this_device_is_noticed_soon_enough() {
        let monday_ten = 10 * 12;
        let (friday_evening, sunday) = (4 * 288 + 19 * 12, 145 * 12);
        for (name, device, from, least, most) in [
            ("steady firewall", STEADY_FIREWALL, monday_ten, 2, 12),
            ("chatty proxy by day", CHATTY_PROXY, monday_ten, 2, 14),
            ("weekly scanner missing its Sunday", WEEKLY_SCANNER, sunday, 13, 24),
            ("office on a Monday morning", WEEKEND_OFFICE, monday_ten, 2, 14),
            ("office after work on Friday: only on Monday", WEEKEND_OFFICE, friday_evening, 700, 760),
        ] {
            let after = noticed(device, 4, from).unwrap_or_else(|| panic!("{name}: never"));
            assert!((least..=most).contains(&after), "{name}: after {after} slots");
        }
    }

    #[test]
    fn nothing_is_decided_in_the_first_week_and_unheard_of_devices_stay_quiet() {
        let first = noticed(STEADY_FIREWALL, 0, 288);
        assert!(first.is_some_and(|after| after >= WEEK - 288), "not before a week was seen: {first:?}");
        let mut silent = Rhythm::default();
        for slot in 0..4 * WEEK {
            assert!(!matches!(silent.observe(hour(slot), false, false), Silence::Improbable { .. }));
        }
        assert_eq!(silent.learned_percent(), 100);
    }

    #[test]
    fn an_outage_does_not_become_the_rhythm() {
        let mut rhythm = Rhythm::default();
        for slot in 0..3 * WEEK {
            rhythm.observe(hour(slot), true, false);
        }
        let before = rhythm.chance(30);
        let mut alarmed = false;
        for slot in 0..2 * WEEK {
            alarmed = matches!(rhythm.observe(hour(slot), false, alarmed), Silence::Improbable { .. });
        }
        assert!(alarmed && rhythm.chance(30) == before);
        assert_eq!(rhythm.observe(0, true, true), Silence::Usual, "one event ends it");
        let again =
            (12..200).find(|slot| matches!(rhythm.observe(hour(*slot), false, false), Silence::Improbable { .. }));
        assert!(again.is_some_and(|slots| slots < 30), "the next outage is noticed, after {again:?} slots");
    }

    #[test]
    fn a_rhythm_reads_back_as_kept() {
        let mut rhythm = Rhythm::default();
        for slot in 0..500 {
            rhythm.observe(hour(slot), noise(slot).is_multiple_of(3), false);
        }
        assert_eq!(Rhythm::decode(&rhythm.encode()), Some(rhythm));
        assert_eq!(Rhythm::decode(&[1, 2, 3]), None);
    }
}
