//! A first draft of a rule from a query of a hunt: the same condition in Sigma's words, to be finished by a person.

use model::event::LogSource;
use model::hunt::{HuntData, HuntQuestion, condition};
use model::query::{FieldRef, Pattern, Piece, Query, Test};
use model::{HuntId, Timestamp};
use sigma::RuleSet;

use crate::library::{self, own_path};

/// The rule's text. An error says what Sigma has no words for.
pub(crate) fn sigma_of(
    rule: &str,
    title: &str,
    hunt: &HuntId,
    data: &HuntData,
    asked: &HuntQuestion,
    log_source: Option<&LogSource>,
    now: Timestamp,
) -> Result<String, String> {
    let q = match asked {
        HuntQuestion::UseCase { text } => return Ok(with_id(text, rule)),
        HuntQuestion::List { .. } => return Err("a list of indicators alarms by itself: see its purpose".to_owned()),
        HuntQuestion::Search { q } => q,
    };
    let mut draft = Draft::default();
    let told = draft.tell(&condition(q)?)?;
    let mut text = format!("title: {}\nid: {rule}\nstatus: experimental\n", quoted(title));
    text += &format!("description: {}\n", quoted(&format!("From the threat hunt {hunt}: {}", data.title)));
    text += &format!("date: {}\n", now.day());
    if !data.techniques.is_empty() {
        text += "tags:\n";
        for technique in &data.techniques {
            text += &format!("    - attack.{}\n", technique.to_lowercase());
        }
    }
    text += "logsource:\n";
    let parts = log_source.map(|of| [("category", &of.category), ("product", &of.product), ("service", &of.service)]);
    let named: Vec<_> = parts.iter().flatten().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect();
    for (name, value) in &named {
        text += &format!("    {name}: {}\n", quoted(value));
    }
    if named.is_empty() {
        // Refused by the checks until somebody says what the rule is about.
        text += "    category: \"\"\n";
    }
    text += "detection:\n";
    for (place, lines) in draft.sections.iter().enumerate() {
        text += &format!("    s{}:\n{lines}", place + 1);
    }
    text += &format!("    condition: {told}\nlevel: medium\n");
    Ok(text)
}

/// A rule's text under an id of its own: the text hunted with may be a copy of a rule that is in use. Documents of the
/// text that refer to it follow.
fn with_id(text: &str, id: &str) -> String {
    let alone = RuleSet::load([(own_path(id), text.to_owned())]);
    match library::describe(&alone).next() {
        Some(own) if text.contains(&own.id) => text.replace(&own.id, id),
        _ => format!("id: {id}\n{}", text.trim_start_matches("---\n")),
    }
}

#[derive(Default)]
struct Draft {
    sections: Vec<String>,
}

impl Draft {
    fn tell(&mut self, query: &Query) -> Result<String, String> {
        Ok(match query {
            Query::All => return Err("a query for everything makes no rule".to_owned()),
            Query::And(parts) => self.join(parts, " and ")?,
            Query::Or(parts) => self.join(parts, " or ")?,
            Query::Not(part) => format!("not {}", self.tell(part)?),
            Query::Text(pattern) => self.section(format!("        - {}\n", quoted(&wildcards(pattern)))),
            Query::Field(FieldRef::Envelope(_), _) => {
                return Err(
                    "what begins with @ is no field of a rule: take it out, and say the log source instead".to_owned()
                );
            }
            Query::Field(FieldRef::Named(name), test) => {
                let line = match test {
                    Test::Exists => format!("{}|exists: true", plain(name)),
                    Test::Is(value) => format!("{}: {}", plain(name), quoted(&escaped(value))),
                    Test::Like(pattern) => format!("{}: {}", plain(name), quoted(&wildcards(pattern))),
                    Test::Within(range) => format!("{}|cidr: {}", plain(name), quoted(&range.to_string())),
                    Test::Between(range) => {
                        let end = |bound: &Option<model::query::Bound>, open: &str, closed: &str| {
                            let bound = bound.as_ref()?;
                            let how = if bound.inclusive { closed } else { open };
                            Some(format!("        {}|{how}: {}\n", plain(name), bound.value))
                        };
                        let numbers = [&range.low, &range.high].into_iter().flatten();
                        if numbers.into_iter().any(|bound| bound.value.parse::<f64>().is_err()) {
                            return Err(format!("`{name}`: a rule knows ranges of numbers only"));
                        }
                        let ends = [end(&range.low, "gt", "gte"), end(&range.high, "lt", "lte")];
                        return Ok(self.section(ends.into_iter().flatten().collect()));
                    }
                };
                self.section(format!("        {line}\n"))
            }
        })
    }

    fn join(&mut self, parts: &[Query], word: &str) -> Result<String, String> {
        let told = parts.iter().map(|part| self.tell(part)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({})", told.join(word)))
    }

    fn section(&mut self, lines: String) -> String {
        self.sections.push(lines);
        format!("s{}", self.sections.len())
    }
}

/// A value as Sigma writes it: its own wildcards taken literally.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?")
}

fn wildcards(pattern: &Pattern) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => escaped(text),
        Piece::Any => "*".to_owned(),
        Piece::One => "?".to_owned(),
    };
    pattern.pieces().iter().map(piece).collect()
}

/// A YAML text between single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace(['\n', '\r'], " ").replace('\'', "''"))
}

fn plain(name: &str) -> String {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_becomes_a_rule_that_compiles_and_means_the_same() {
        let data = HuntData {
            title: "It's a hunt".into(),
            hypothesis: String::new(),
            techniques: vec!["T1059.001".into()],
            needs: String::new(),
            look_for: String::new(),
            false_positives: String::new(),
            queries: Vec::new(),
            owner: None,
            due: None,
        };
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let q = r#"process_command_line:(*downloadstring* OR *\\temp\\*) AND source_ip:10.0.0.0/8 destination_port:[1 TO 1024] NOT user_name:"it's" mimikatz"#;
        let ask = HuntQuestion::Search { q: q.into() };
        let windows = LogSource { category: None, product: Some("windows".into()), service: None };
        let hunt = HuntId::generate(now);
        let text = sigma_of("11111111-1111-4111-8111-111111111111", "Cradle", &hunt, &data, &ask, Some(&windows), now);
        let text = text.unwrap();
        let rules = crate::rule_check::load(&text);
        assert_eq!(crate::rule_check::mistakes(&rules), Vec::<String>::new(), "{text}");
        assert!(
            text.contains(r"'*\\temp\\*'") && text.contains("|cidr: '10.0.0.0/8'") && text.contains("|lte: 1024"),
            "{text}"
        );
        assert!(text.contains("and not s") && text.contains("attack.t1059.001"), "{text}");
        let envelope = HuntQuestion::Search { q: "@source:openssh_sshd".into() };
        assert!(sigma_of("r", "t", &hunt, &data, &envelope, None, now).unwrap_err().contains('@'));
    }

    #[test]
    fn a_rule_that_was_hunted_with_gets_an_id_of_its_own_and_stays_whole() {
        let rule = "title: One\nid: 1f9b1f2e-0000-4000-8000-000000000001\nlogsource: {product: linux}\ndetection: {s: {a: 1}, condition: s}\n";
        let together = format!(
            "{rule}---\ntitle: Two\nid: two\ncorrelation: {{type: event_count, rules: [1f9b1f2e-0000-4000-8000-000000000001], \
             group-by: [a], timespan: 5m, condition: {{gte: 2}}}}\n"
        );
        for (text, id) in [
            (rule.to_owned(), "n1"),
            (rule.replace("id: 1f9b1f2e-0000-4000-8000-000000000001\n", ""), "n2"),
            (together, "n3"),
        ] {
            let text = with_id(&text, id);
            let set = RuleSet::load([("x.yml".to_owned(), text.clone())]);
            assert!(set.errors().is_empty(), "{text}: {:?}", set.errors());
            assert_eq!(library::describe(&set).map(|info| info.id).collect::<Vec<_>>(), [id], "{text}");
        }
    }
}
