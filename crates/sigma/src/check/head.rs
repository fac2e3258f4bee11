//! What stands around a rule's detection: id, title, dates, tags, log source.

use model::attack::TACTICS;
use model::event::LogSource;

use super::located::Located;
use super::{Findings, Gravity, Known, ProblemKind};
use crate::router::covers;

/// The specification's bound.
const MAX_TITLE: usize = 256;

/// Tactics that ATT&CK has beside those of the matrix in its later version.
const LATER_TACTICS: [&str; 2] = ["defense-impairment", "stealth"];

const STATUSES: [&str; 5] = ["stable", "test", "experimental", "deprecated", "unsupported"];

/// Checks a document's head; filters need neither level nor date.
pub(super) fn check(document: &Located, is_rule: bool, known: &Known<'_>, found: &mut Findings) {
    let wanted: &[(&str, Gravity)] = match is_rule {
        true => &[("id", Gravity::Warning), ("level", Gravity::Warning), ("date", Gravity::Hint)],
        false => &[("id", Gravity::Hint)],
    };
    for (key, severity) in wanted {
        if document.get(key).and_then(Located::text).is_none() {
            found.add_at(document.place, *severity, ProblemKind::KeyMissing, key, &[("name", key)]);
        }
    }
    let mut judge = |key: &str, kind: ProblemKind, is_good: &dyn Fn(&str) -> bool| {
        if let Some(value) = document.get(key)
            && let Some(text) = value.text().filter(|text| !is_good(text))
        {
            found.add_at(value.place, Gravity::Warning, kind, key, &[("value", &text)]);
        }
    };
    judge("id", ProblemKind::BadId, &is_uuid);
    judge("date", ProblemKind::BadDate, &is_date);
    judge("modified", ProblemKind::BadDate, &is_date);
    judge("status", ProblemKind::BadStatus, &|text| STATUSES.contains(&text));
    if let Some(title) = document.get("title")
        && title.text().is_some_and(|text| text.chars().count() > MAX_TITLE)
    {
        let value = MAX_TITLE.to_string();
        found.add_at(title.place, Gravity::Warning, ProblemKind::TitleTooLong, "title", &[("value", &value)]);
    }
    tags(document, found);
    log_source(document, known, found);
}

fn tags(document: &Located, found: &mut Findings) {
    let Some(tags) = document.get("tags") else { return };
    let mut seen = Vec::new();
    for tag in tags.each() {
        let Some(text) = tag.text() else { continue };
        let problem = match text.to_lowercase() {
            lower if seen.contains(&lower) => Some(ProblemKind::DuplicateValue),
            lower => {
                let is_good = is_tag(&lower);
                seen.push(lower);
                (!is_good).then_some(ProblemKind::BadTag)
            }
        };
        if let Some(kind) = problem {
            found.add_at(tag.place, Gravity::Warning, kind, "tags", &[("value", &text)]);
        }
    }
}

fn log_source(document: &Located, known: &Known<'_>, found: &mut Findings) {
    let (Some(section), Some(sources)) = (document.get("logsource"), known.log_sources) else { return };
    let part = |key: &str| section.get(key).and_then(Located::text).map(|text| text.to_lowercase());
    let stated = LogSource { category: part("category"), product: part("product"), service: part("service") };
    if stated != LogSource::default() && !sources.iter().any(|source| covers(&stated, source)) {
        let parts = [&stated.category, &stated.product, &stated.service];
        let value = parts.into_iter().flatten().cloned().collect::<Vec<_>>().join("/");
        let place = document.entry("logsource").and_then(|entry| entry.place);
        found.add_at(place, Gravity::Warning, ProblemKind::UnknownLogSource, "logsource", &[("value", &value)]);
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn is_tag(tag: &str) -> bool {
    let Some((namespace, name)) = tag.split_once('.') else { return false };
    if namespace.is_empty() || name.is_empty() {
        return false;
    }
    if namespace != "attack" {
        return true;
    }
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    match name.split_at_checked(1) {
        Some(("t", number)) if number.starts_with(|c: char| c.is_ascii_digit()) => match number.split_once('.') {
            None => digits(number, 4),
            Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        },
        Some(("g" | "s" | "c", number)) if number.starts_with(|c: char| c.is_ascii_digit()) => digits(number, 4),
        Some(("d", _)) if name.starts_with("ds") => digits(&name[2..], 4),
        _ => {
            let name = name.replace('_', "-");
            TACTICS.iter().chain(&LATER_TACTICS).any(|tactic| *tactic == name)
        }
    }
}
