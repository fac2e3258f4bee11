//! Reading the `baseline` section: what each kind takes, with defaults that suit an office network.

use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::baseline::rule::{BaselineKind, BaselineRule};
use crate::correlation::rule::duration;
use crate::error::Error;
use crate::head::Head;
use crate::reading::{Document, scalar};

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);
/// Values of one group, and intervals of one beacon: more would not be looked through for each event.
const MOST_VALUES: f64 = 1_000.0;
const MOST_INTERVALS: f64 = 64.0;
/// A value more groups have than this is not rare.
const MOST_HOLDERS: f64 = 20.0;

const COMMON: [&str; 7] = ["type", "rules", "group-by", "learning", "observations", "forget", "generate"];

impl BaselineRule {
    /// Reads a document. `rules` still holds the references as written; see [`super::resolve`].
    pub(crate) fn read(mut document: Document, path: &str) -> Result<Self, Error> {
        let head = Head::take(&mut document, path)?;
        let mut section = Section::new(document.required_map("baseline")?);
        let rules = section.document.texts("rules")?;
        if rules.is_empty() {
            return Err(Error::invalid("baseline.rules", "is empty: list the ids or names of rules"));
        }
        if rules.iter().enumerate().any(|(index, rule)| rules[..index].contains(rule)) {
            return Err(Error::invalid("baseline.rules", "lists a rule twice: list each once"));
        }
        let group_by = section.document.texts("group-by")?;
        let fields = section.document.texts("field")?;
        let kind = kind(&mut section)?;
        let (learning, observations, forget) = match kind {
            BaselineKind::FirstSeen { .. } => (14, 5.0, 90),
            BaselineKind::Rare { .. } => (14, 1.0, 30),
            BaselineKind::OffHours { .. } => (21, 20.0, 90),
            BaselineKind::Volume { .. } => (14, 24.0, 90),
            BaselineKind::Beacon { .. } => (3, 1.0, 30),
        };
        let learning = section.duration("learning", DAY * learning)?;
        let forget = section.duration("forget", DAY * forget)?;
        let observations = section.number("observations", observations, 0.0..=1e6)? as u64;
        let needs_field = !matches!(kind, BaselineKind::OffHours { .. } | BaselineKind::Volume { .. });
        if needs_field && fields.is_empty() {
            return Err(Error::invalid("baseline.field", "is missing: name the field whose values are learned"));
        }
        match kind {
            BaselineKind::OffHours { .. } if !fields.is_empty() => {
                return Err(Error::invalid("baseline.field", "means nothing with off_hours: remove it"));
            }
            BaselineKind::Volume { .. } if fields.len() > 1 => {
                return Err(Error::invalid("baseline.field", "lists several fields: name the one that is summed"));
            }
            BaselineKind::Rare { .. } | BaselineKind::Beacon { .. } if group_by.is_empty() => {
                let problem = "is empty: name the field that says who has a value, such as host_name";
                return Err(Error::invalid("baseline.group-by", problem));
            }
            _ => {}
        }
        if forget <= learning && !matches!(kind, BaselineKind::Beacon { .. }) {
            let problem = "is not longer than `learning`: what is learned would be forgotten before it counts";
            return Err(Error::invalid("baseline.forget", problem));
        }
        let generate = [section.document.take("generate"), document.take("generate")].contains(&Some(Json::Bool(true)));
        section.end(kind)?;
        Ok(BaselineRule {
            kind,
            rules,
            group_by,
            fields,
            learning,
            observations,
            forget,
            generate,
            head: Head { custom: document.rest(), ..head },
        })
    }
}

fn kind(section: &mut Section) -> Result<BaselineKind, Error> {
    Ok(match section.document.required_text("type")?.as_str() {
        "first_seen" => BaselineKind::FirstSeen {
            nobody_else: match section.document.text("also-new-to")?.as_deref() {
                None => false,
                Some("customer") => true,
                Some(other) => {
                    let problem = format!("is `{other}`: write customer, or leave it out");
                    return Err(Error::invalid("baseline.also-new-to", problem));
                }
            },
            values: section.number("values", 64.0, 1.0..=MOST_VALUES)? as usize,
        },
        "rare" => BaselineKind::Rare {
            groups: section.number("groups", 2.0, 1.0..=MOST_HOLDERS)? as usize,
            population: section.number("population", 20.0, 1.0..=1e6)? as u64,
        },
        "off_hours" => BaselineKind::OffHours {
            share: section.number("share", 2.0, 0.0..=50.0)? as u64,
            tolerance: section.number("tolerance", 1.0, 0.0..=6.0)? as u8,
        },
        "volume" => BaselineKind::Volume {
            timespan: {
                let span = section.duration("timespan", HOUR)?;
                if span < Duration::from_secs(300) || span > DAY {
                    return Err(Error::invalid("baseline.timespan", "must be from 5m to 1d"));
                }
                span
            },
            at_least: section.number("at-least", 20.0, 1.0..=1e18)?,
            factor: section.number("factor", 3.0, 1.0..=1e6)?,
            deviations: section.number("deviations", 4.0, 1.0..=100.0)?,
        },
        "beacon" => BaselineKind::Beacon {
            count: section.number("count", 16.0, 6.0..=MOST_INTERVALS)? as usize,
            span: section.duration("span", HOUR)?,
            interval: section.duration("interval", Duration::from_secs(5))?,
            jitter: section.number("jitter", 20.0, 0.0..=40.0)? as u64,
            groups: section.number("groups", 3.0, 1.0..=MOST_HOLDERS)? as usize,
            population: section.number("population", 5.0, 1.0..=1e6)? as u64,
        },
        other => {
            let problem = format!("is `{other}`: write first_seen, rare, off_hours, volume or beacon");
            return Err(Error::invalid("baseline.type", problem));
        }
    })
}

/// The section's keys, taken one by one.
struct Section {
    document: Document,
}

impl Section {
    fn new(map: Map<String, Json>) -> Self {
        Section { document: Document::new(map) }
    }

    fn duration(&mut self, key: &str, usual: Duration) -> Result<Duration, Error> {
        let text = self.document.text(key)?;
        text.map_or(Ok(usual), |text| duration(&text, &format!("baseline.{key}")))
    }

    fn number(&mut self, key: &str, usual: f64, allowed: std::ops::RangeInclusive<f64>) -> Result<f64, Error> {
        let Some(value) = self.document.take(key) else { return Ok(usual) };
        let number = scalar(&value).and_then(|text| text.trim().parse::<f64>().ok());
        number.filter(|number| allowed.contains(number)).ok_or_else(|| {
            let problem = format!("must be a number from {} to {}", allowed.start(), allowed.end());
            Error::invalid(format!("baseline.{key}"), problem)
        })
    }

    /// What is left belongs to no kind, or to another.
    fn end(self, kind: BaselineKind) -> Result<(), Error> {
        let own: &[&str] = match kind {
            BaselineKind::FirstSeen { .. } => &["field", "also-new-to", "values"],
            BaselineKind::Rare { .. } => &["field", "groups", "population"],
            BaselineKind::OffHours { .. } => &["share", "tolerance"],
            BaselineKind::Volume { .. } => &["field", "timespan", "at-least", "factor", "deviations"],
            BaselineKind::Beacon { .. } => &["field", "count", "span", "interval", "jitter", "groups", "population"],
        };
        match self.document.rest().keys().next() {
            None => Ok(()),
            Some(key) => {
                let known = COMMON.iter().chain(own).copied().collect::<Vec<_>>().join(", ");
                Err(Error::invalid(format!("baseline.{key}"), format!("means nothing here: known are {known}")))
            }
        }
    }
}
