//! The rules' conditions ready to be asked: each distinct item once, however many rules have it, and what several
//! have is answered once an event.

use std::collections::HashMap;
use std::sync::Arc;

use crate::expression::Expression;
use crate::item::Item;
use crate::rule::Rule;

use super::seen::Seen;

/// A condition over numbered items.
#[derive(Debug)]
enum Step {
    And(Box<[Step]>),
    Or(Box<[Step]>),
    Not(Box<Step>),
    Item(u32),
}

/// All rules of a set.
#[derive(Debug, Default)]
pub(crate) struct Program {
    /// By position of the rule.
    rules: Vec<Step>,
    items: Vec<(Arc<Item>, bool)>,
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
    /// Compiles the rules.
    pub(crate) fn new(rules: &[Arc<Rule>]) -> Self {
        let mut program = Program::default();
        let mut numbers = HashMap::new();
        program.rules = rules.iter().map(|rule| program.step(&rule.expression, &mut numbers)).collect();
        program
    }

    fn step(&mut self, expression: &Expression, numbers: &mut HashMap<*const Item, u32>) -> Step {
        let mut all = |parts: &[Expression]| parts.iter().map(|part| self.step(part, numbers)).collect();
        match expression {
            Expression::And(parts) => Step::And(all(parts)),
            Expression::Or(parts) => Step::Or(all(parts)),
            Expression::Not(inner) => Step::Not(Box::new(self.step(inner, numbers))),
            Expression::Item(item) => {
                let number = *numbers.entry(Arc::as_ptr(item)).or_insert(self.items.len() as u32);
                match self.items.get_mut(number as usize) {
                    Some((_, shared)) => *shared = true,
                    None => self.items.push((item.clone(), false)),
                }
                Step::Item(number)
            }
        }
    }

    /// How many items.
    pub(crate) fn items(&self) -> usize {
        self.items.len()
    }

    /// Whether the event satisfies the rule at this position.
    pub(crate) fn holds(&self, position: u32, seen: &Seen<'_, '_>, memo: &mut Memo) -> bool {
        self.ask(&self.rules[position as usize], seen, memo)
    }

    fn ask(&self, step: &Step, seen: &Seen<'_, '_>, memo: &mut Memo) -> bool {
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
