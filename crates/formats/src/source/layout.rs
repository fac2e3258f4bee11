//! One layout of a source: how to know it and the steps that take it apart.

use super::literals::Rarity;
use super::recognise::{Key, Recogniser};
use super::step::Step;
use crate::builder::Builder;

/// A compiled `[[variant]]`.
#[derive(Debug)]
pub struct Layout {
    pub recogniser: Recogniser,
    pub steps: Vec<Step>,
    /// Fields that are not kept when the steps are done.
    pub scratch: Vec<String>,
    /// The bytes a message must begin with for the steps to fit, where they say.
    pub first: Option<Vec<u8>>,
}

/// Why a layout does not take a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit<'s> {
    /// This step, counted from 0, does not fit.
    Step(usize),
    /// This field is not there after the steps.
    Field(&'s str),
}

impl Layout {
    /// The condition to know candidates by: what `recognise` says, or else what the steps need.
    pub fn key(&self, rarity: &Rarity) -> Key<'_> {
        match (self.recogniser.key(rarity), &self.first) {
            (Key::None, Some(first)) => Key::First(first),
            (key, _) => key,
        }
    }

    /// Takes a message apart into `builder`, which holds what the header said.
    pub fn take_apart<'a>(&'a self, message: &'a str, builder: &mut Builder<'a>) -> Result<(), Misfit<'a>> {
        self.watched(message, builder, &mut |_, _| {})
    }

    /// The same, showing what there is after each step.
    pub fn watched<'a>(
        &'a self,
        message: &'a str,
        builder: &mut Builder<'a>,
        watch: &mut dyn FnMut(usize, &Builder<'a>),
    ) -> Result<(), Misfit<'a>> {
        for (number, step) in self.steps.iter().enumerate() {
            if !step.apply(message, builder) {
                return Err(Misfit::Step(number));
            }
            watch(number, builder);
        }
        match self.recogniser.fields().iter().find(|name| builder.get(name).is_none()) {
            Some(missing) => Err(Misfit::Field(missing)),
            None => {
                self.scratch.iter().for_each(|name| drop(builder.remove(name)));
                Ok(())
            }
        }
    }
}
