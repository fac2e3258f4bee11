//! The rules' conditions ready to be asked: each distinct item once, however many rules have it, and what several
//! have is answered once an event.

use std::collections::HashMap;
use std::sync::Arc;

use crate::expression::Expression;
use crate::item::Item;
use crate::rule::Rule;

use super::need;
use super::rarity::Rarity;
use super::seen::Seen;

/// A condition over numbered items.
#[derive(Debug)]
pub(crate) enum Step {
    And(Box<[Step]>),
    Or(Box<[Step]>),
    Not(Box<Step>),
    Item(u32),
}

/// The items of a set's rules.
#[derive(Debug, Default)]
pub(crate) struct Program {
    /// Each item, and whether it is asked about in several places.
    items: Vec<(Arc<Item>, bool)>,
    /// By address, which stays an item's own as long as it is held here.
    numbers: HashMap<usize, u32>,
}

/// A condition ordered so that it is answered soon: what it takes on average, and how often it holds.
struct Planned {
    step: Step,
    cost: f32,
    odds: f32,
}

/// Verdicts of this event's items.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// By item: the event's number, doubled, plus the verdict.
    verdicts: Vec<u32>,
    event: u32,
}

impl Memo {
    /// Forgets everything.
    pub(crate) fn next_event(&mut self, items: usize) {
        self.event += 1;
        if self.verdicts.len() != items || self.event > u32::MAX / 2 - 1 {
            self.verdicts.clear();
            self.verdicts.resize(items, 0);
            self.event = 1;
        }
    }
}

impl Program {
    /// The items of these rules.
    pub(crate) fn new(rules: &[Arc<Rule>]) -> Self {
        let mut program = Program::default();
        rules.iter().for_each(|rule| program.collect(&rule.expression));
        program
    }

    fn collect(&mut self, expression: &Expression) {
        match expression {
            Expression::And(parts) | Expression::Or(parts) => parts.iter().for_each(|part| self.collect(part)),
            Expression::Not(inner) => self.collect(inner),
            Expression::Item(item) => {
                let number = *self.numbers.entry(Arc::as_ptr(item).addr()).or_insert(self.items.len() as u32);
                match self.items.get_mut(number as usize) {
                    Some((_, shared)) => *shared = true,
                    None => self.items.push((item.clone(), false)),
                }
            }
        }
    }

    /// A rule's condition, ordered by what is known of the events it will be asked about.
    pub(crate) fn step(&self, expression: &Expression, rarity: &Rarity) -> Step {
        self.plan(expression, rarity).step
    }

    fn plan(&self, expression: &Expression, rarity: &Rarity) -> Planned {
        match expression {
            Expression::And(parts) => {
                let mut parts: Vec<Planned> = parts.iter().map(|part| self.plan(part, rarity)).collect();
                // First what refuses most for its price.
                parts.sort_by(|a, b| (a.cost / (1.001 - a.odds)).total_cmp(&(b.cost / (1.001 - b.odds))));
                let (mut cost, mut odds) = (0.0, 1.0);
                for part in &parts {
                    cost += odds * part.cost;
                    odds *= part.odds;
                }
                Planned { step: Step::And(parts.into_iter().map(|part| part.step).collect()), cost, odds }
            }
            Expression::Or(parts) => {
                let mut parts: Vec<Planned> = parts.iter().map(|part| self.plan(part, rarity)).collect();
                parts.sort_by(|a, b| (a.cost / (a.odds + 0.001)).total_cmp(&(b.cost / (b.odds + 0.001))));
                let (mut cost, mut refused) = (0.0, 1.0);
                for part in &parts {
                    cost += refused * part.cost;
                    refused *= 1.0 - part.odds;
                }
                let step = Step::Or(parts.into_iter().map(|part| part.step).collect());
                Planned { step, cost, odds: 1.0 - refused }
            }
            Expression::Not(inner) => {
                let Planned { step, cost, odds } = self.plan(inner, rarity);
                Planned { step: Step::Not(Box::new(step)), cost, odds: 1.0 - odds }
            }
            Expression::Item(item) => Planned {
                step: Step::Item(self.numbers[&Arc::as_ptr(item).addr()]),
                cost: item.cost() as f32,
                odds: need::odds(item, rarity),
            },
        }
    }

    /// How many items.
    pub(crate) fn items(&self) -> usize {
        self.items.len()
    }

    /// Whether the event satisfies the condition.
    pub(crate) fn ask(&self, step: &Step, seen: &Seen<'_, '_>, memo: &mut Memo) -> bool {
        match step {
            Step::And(parts) => parts.iter().all(|part| self.ask(part, seen, memo)),
            Step::Or(parts) => parts.iter().any(|part| self.ask(part, seen, memo)),
            Step::Not(inner) => !self.ask(inner, seen, memo),
            Step::Item(number) => {
                let (item, shared) = &self.items[*number as usize];
                if !*shared {
                    return seen.satisfies(item);
                }
                let known = memo.verdicts[*number as usize];
                if known / 2 == memo.event {
                    return known % 2 == 1;
                }
                let verdict = seen.satisfies(item);
                memo.verdicts[*number as usize] = memo.event * 2 + u32::from(verdict);
                verdict
            }
        }
    }
}
