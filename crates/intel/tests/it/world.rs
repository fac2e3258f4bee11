//! Events and lists for the tests.

use std::collections::BTreeSet;

use intel::{Index, IndexBuilder, ListScope, Warnings};
use model::event::{Event, Value};
use model::intel::{Indicator, Tlp};
use model::{CustomerId, IntelListId, Timestamp};

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_780_000_000_000_000 + seconds * 1_000_000)
}

pub fn event(fields: &[(&'static str, &str)]) -> Event<'static> {
    let mut event = Event::unparsed("", at(0));
    for (name, value) in fields {
        event.core.push(*name, Value::from((*value).to_owned()));
    }
    event
}

pub fn scope(name: &str) -> ListScope {
    ListScope {
        id: IntelListId::derived(at(0), &[name.as_bytes()]),
        name: name.to_owned(),
        source: "a source".into(),
        customers: None,
        confidence: 50,
        tlp: Tlp::Amber,
        expires: None,
        least_confidence: 0,
        version: 1,
    }
}

pub fn for_customer(name: &str, customer: &CustomerId) -> ListScope {
    ListScope { customers: Some(BTreeSet::from([customer.clone()])), ..scope(name) }
}

pub fn read(texts: &[&str]) -> Vec<Indicator> {
    texts.iter().map(|text| Indicator::parse(text).unwrap()).collect()
}

pub fn index(warnings: Warnings, lists: &[(ListScope, &[Indicator])]) -> Index {
    let mut builder = IndexBuilder::new(warnings, at(0));
    for (scope, indicators) in lists {
        let list = builder.list(scope.clone());
        indicators.iter().for_each(|indicator| {
            builder.add(list, indicator);
        });
    }
    builder.build()
}
