//! Masking 脱敏: hides the values of chosen fields before a record is written to disk.
//!
//! A record is parsed as the centre would; the values of the named fields are looked for in the record as it came, in every
//! way its format may write them, and replaced wherever they stand. Then it is parsed again. Where a value is still
//! there, or was never found (it stood in an encoding of its own), the record is not sent as it came but as the object of
//! its fields, the masked ones replaced. Where parsing finds no such field, what stands behind its name is hidden: in a
//! record that was cut, or of a format nobody knows.

mod place;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use formats::{Hint, Parser, Sources, text};
use model::Timestamp;
use model::event::{Event, Value};
use receive::{Edit, Record, Sender};
use regex::{Captures, Regex};
use ring::hmac;
use serde_json::Map;

use crate::config::{Mask, MaskAction};
use crate::error::Error;
use crate::stats::Counters;

/// A key that hashes must not be guessed from is at least so long.
const SHORTEST_KEY: usize = 16;
/// Hexadecimal digits of a hash: enough to keep a million values apart.
const DIGITS: usize = 16;
/// What stands in the place of what was dropped.
const DROPPED: &str = "***";

/// The rules of masking, ready to use.
pub(crate) struct Masker {
    parser: Option<Parser>,
    rules: Vec<Rule>,
    key: Option<hmac::Key>,
    counters: Arc<Counters>,
}

struct Rule {
    names: Vec<String>,
    /// What stands behind one of the names, whatever the format.
    behind: Option<Regex>,
    pattern: Option<Regex>,
    action: MaskAction,
    keep: usize,
}

impl Masker {
    /// Reads the key and the sources.
    pub fn new(settings: &Mask, counters: Arc<Counters>) -> Result<Masker, Error> {
        let key = settings.key_file.as_deref().map(|path| {
            let bytes = std::fs::read(path).map_err(Error::file("read", path))?;
            let bytes = bytes.trim_ascii();
            if bytes.len() < SHORTEST_KEY {
                let reason = format!("a key has at least {SHORTEST_KEY} bytes");
                return Err(Error::Pem { path: path.to_owned(), reason });
            }
            Ok(hmac::Key::new(hmac::HMAC_SHA256, bytes))
        });
        let by_name = settings.fields.iter().any(|field| !field.names.is_empty());
        let sources = || match &settings.source_folder {
            Some(folder) => Sources::load(folder),
            None => Sources::embedded(),
        };
        let parser = if by_name { Some(Parser::new(Arc::new(sources()?))) } else { None };
        let rules = settings.fields.iter().map(|field| Rule {
            names: field.names.clone(),
            behind: behind(&field.names),
            pattern: field.pattern.as_deref().and_then(|pattern| Regex::new(pattern).ok()),
            action: field.action,
            keep: field.keep,
        });
        Ok(Masker { parser, rules: rules.collect(), key: key.transpose()?, counters })
    }

    /// What a log does to its records; nothing where there are no rules.
    pub fn edit(self: Arc<Self>) -> Option<Edit> {
        let masker = (!self.rules.is_empty()).then_some(self)?;
        Some(Edit(Arc::new(move |sender: &Sender, record: &mut Record| masker.mask(sender, record))))
    }

    fn mask(&self, sender: &Sender, record: &mut Record) {
        let text = text::decode(&record.raw);
        if let Some(masked) = self.masked(&text, sender) {
            record.raw = masked.into_bytes();
        }
    }

    /// The record with what must not leave hidden; nothing where there is nothing to hide.
    fn masked(&self, text: &str, sender: &Sender) -> Option<String> {
        let mut masked = self.by_pattern(text);
        let Some(parser) = &self.parser else { return masked };
        let mut hint = Hint::new(Timestamp::from_micros(0));
        hint.source = sender.source.as_deref().map(str::to_owned);
        let current = masked.as_deref().unwrap_or(text);
        let event = parser.parse(current, &hint);
        let secrets = self.secrets(&event, current);
        if secrets.is_empty() {
            return masked;
        }
        self.counters.masked.fetch_add(secrets.len() as u64, Ordering::Relaxed);
        let replaced = place::replace(current, &secrets);
        // What is behind a name in the text is checked by its being replaced; what is parsed is parsed again.
        let is_hidden = replaced.as_deref().is_some_and(|replaced| {
            let again = parser.parse(replaced, &hint);
            self.values(&again).all(|(_, value)| !secrets.iter().any(|secret| secret.is_in(&value)))
        });
        masked = match replaced.filter(|_| is_hidden) {
            Some(replaced) => Some(replaced),
            None => {
                self.counters.rewritten.fetch_add(1, Ordering::Relaxed);
                Some(as_fields(&event, &secrets))
            }
        };
        masked
    }

    fn by_pattern(&self, text: &str) -> Option<String> {
        let mut masked: Option<String> = None;
        for rule in &self.rules {
            let Some(pattern) = &rule.pattern else { continue };
            let current = masked.as_deref().unwrap_or(text);
            if !pattern.is_match(current) {
                continue;
            }
            let replaced = pattern.replace_all(current, |found: &Captures<'_>| {
                self.counters.masked.fetch_add(1, Ordering::Relaxed);
                let whole = found.get(0).expect("a match has a whole");
                let hidden = found.get(1).unwrap_or(whole);
                let before = &current[whole.start()..hidden.start()];
                let after = &current[hidden.end()..whole.end()];
                format!("{before}{}{after}", self.hide(rule, hidden.as_str()))
            });
            masked = Some(replaced.into_owned());
        }
        masked
    }

    /// The values to hide, each once, the longest first: one may stand inside another.
    fn secrets(&self, event: &Event<'_>, text: &str) -> Vec<Secret> {
        let mut secrets: Vec<Secret> = Vec::new();
        let mut add = |rule: &Rule, value: String| {
            if !secrets.iter().any(|secret| secret.value == value) {
                secrets.push(Secret { hidden: self.hide(rule, &value), value });
            }
        };
        let mut parsed = vec![false; self.rules.len()];
        for (rule, value) in self.values(event) {
            parsed[self.rules.iter().position(|one| std::ptr::eq(one, rule)).unwrap_or(0)] = true;
            add(rule, value);
        }
        for (rule, _) in self.rules.iter().zip(parsed).filter(|(_, parsed)| !parsed) {
            for found in rule.behind.iter().flat_map(|behind| behind.captures_iter(text)) {
                let value = found.iter().skip(1).flatten().next().map_or("", |value| value.as_str());
                // What was hidden before stays what it is.
                if !value.trim().is_empty() && value != DROPPED && !is_hash(value) {
                    add(rule, value.to_owned());
                }
            }
        }
        secrets.retain(|secret| secret.hidden != secret.value);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
        secrets
    }

    /// The values of the fields that are named, with the rule that names them.
    fn values<'e>(&'e self, event: &'e Event<'_>) -> impl Iterator<Item = (&'e Rule, String)> {
        let named = self.rules.iter().flat_map(move |rule| {
            let name = |name: &'e String| [event.core.get(name), event.fields.get(name)].into_iter().flatten();
            let below = rule.names.iter().flat_map(move |outer| {
                // A name of an object is all that is in it.
                let within =
                    move |name: &str| name.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('.'));
                event.fields.iter().filter(move |(name, _)| within(name)).map(|(_, value)| value)
            });
            rule.names.iter().flat_map(name).chain(below).map(move |value| (rule, value))
        });
        named.flat_map(|(rule, value)| texts(value).into_iter().map(move |text| (rule, text)))
    }

    fn hide(&self, rule: &Rule, value: &str) -> String {
        match (rule.action, &self.key) {
            (MaskAction::Hash, Some(key)) => {
                let tag = hmac::sign(key, value.as_bytes());
                let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                format!("h{}", &hex[..DIGITS])
            }
            (MaskAction::Truncate, _) => match value.parse() {
                Ok(std::net::IpAddr::V4(address)) => {
                    let [a, b, c, _] = address.octets();
                    format!("{a}.{b}.{c}.0")
                }
                Ok(std::net::IpAddr::V6(address)) => {
                    let [a, b, c, ..] = address.segments();
                    std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string()
                }
                // What is no longer than what may stay would stay whole.
                Err(_) if value.chars().count() <= rule.keep => DROPPED.to_owned(),
                Err(_) => value.chars().take(rule.keep).collect(),
            },
            // Without its key nothing can be hashed; the settings are refused then.
            (MaskAction::Drop | MaskAction::Hash, _) => DROPPED.to_owned(),
        }
    }
}

/// Finds what stands behind one of these names: `name=value`, `"name": "value"`, `Name='name'>value<`.
fn behind(names: &[String]) -> Option<Regex> {
    if names.is_empty() {
        return None;
    }
    // In JSON the name of a nested member stands as its last part.
    let last = |name: &String| regex::escape(name.rsplit('.').next().unwrap_or(name));
    let (whole, last): (Vec<String>, Vec<String>) = names.iter().map(|name| (regex::escape(name), last(name))).unzip();
    let (whole, last) = (whole.join("|"), last.join("|"));
    let value = r#"(?:"((?:[^"\\]|\\.)*)"?|'([^']*)'?|([^\s"'<>,;&|\]}]+))"#;
    let element = format!(r#"(?:^|[^\w])(?:{whole})["']?\s*>([^<]+)"#);
    let name = format!(r#"(?:(?:^|[^\w])(?:{whole})["']?\s*[=:]\s*|"(?:{last})"\s*:\s*)"#);
    let text = format!("(?i)(?:{element}|{name}{value})");
    // Names are escaped, so this is an expression; one too large is as good as none.
    Regex::new(&text).ok()
}

/// Whether a text is one of our hashes.
fn is_hash(text: &str) -> bool {
    text.len() == DIGITS + 1 && text.starts_with('h') && text[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A value and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    pub value: String,
    pub hidden: String,
}

impl Secret {
    /// Whether a text still tells it.
    fn is_in(&self, text: &str) -> bool {
        place::stands_in(text, &self.value)
    }
}

/// Every text of a value. What says nothing about anybody is left: truth, nothing, the empty text.
fn texts(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::List(values) => values.iter().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
        other => {
            other.text().map(|text| text.into_owned()).filter(|text| !text.trim().is_empty()).into_iter().collect()
        }
    }
}

/// The record as the object of its fields. Every text in which a secret stands is hidden as a whole.
fn as_fields(event: &Event<'_>, secrets: &[Secret]) -> String {
    let mut object = Map::new();
    object.insert("masked".into(), true.into());
    object.insert("@timestamp".into(), event.time.to_string().into());
    let core = event.core.iter().map(|(name, value)| (name.to_owned(), value));
    let own = event.fields.iter().map(|(name, value)| (name.to_owned(), value));
    for (name, value) in core.chain(own) {
        object.entry(name).or_insert_with(|| hidden(value, secrets));
    }
    if event.time.as_micros() == 0 {
        // The record had no time of its own.
        object.remove("@timestamp");
    }
    serde_json::Value::Object(object).to_string()
}

fn hidden(value: &Value<'_>, secrets: &[Secret]) -> serde_json::Value {
    match value {
        Value::List(values) => values.iter().map(|value| hidden(value, secrets)).collect(),
        other => {
            let Some(text) = other.text() else { return other.to_json() };
            let mut masked = text.to_string();
            for secret in secrets {
                if masked == secret.value {
                    return secret.hidden.clone().into();
                }
                if place::stands_in(&masked, &secret.value) {
                    masked = place::replace_plain(&masked, &secret.value, &secret.hidden);
                }
            }
            // What decoding could still bring out of a text is not known: it goes.
            if secrets.iter().any(|secret| place::is_encoded_in(&masked, &secret.value)) {
                return DROPPED.into();
            }
            if masked == *text { other.to_json() } else { masked.into() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary.user";

    fn masker(action: &str, names: &str) -> Masker {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, "a key of the customer\n").unwrap();
        let text = format!(
            "key_file = {key:?}\n[[field]]\naction = \"{action}\"\nkeep = 2\nnames = [{names}]\n\
             [[field]]\naction = \"hash\"\npattern = \"ID card (\\\\d+)\"\n"
        );
        Masker::new(&toml::from_str(&text).unwrap(), Arc::default()).unwrap()
    }

    fn sender() -> Sender {
        Sender {
            customer: model::CustomerId::generate(Timestamp::from_micros(0)),
            device: model::DeviceId::generate(Timestamp::from_micros(0)),
            source: None,
            time_zone: Arc::from(""),
            collects: true,
            peer: None,
        }
    }

    /// One record of each way a device may write a user's name.
    fn records(user: &str) -> Vec<Vec<u8>> {
        let (gbk, _, _) = encoding_rs::GB18030.encode("<13>Jan  1 00:00:00 fw 用户登录 user=张三 动作=允许 备注=");
        vec![
            format!("{{\"user\":{{\"name\":\"{user}\"}},\"message\":\"login of {user} ok\",\"n\":5}}").into_bytes(),
            format!("{{\"user.name\":\"{user}\",\"list\":[\"{user}\",\"x\"]}}").into_bytes(),
            format!("<134>CEF:0|Example|EDR|1|77|Login by {user}|5|suser={user} src=10.0.0.5 msg=hello {user}").into_bytes(),
            format!("date=2026-01-01 time=00:00:00 devname=\"fw\" type=\"event\" user=\"{user}\" action=\"login\"").into_bytes(),
            format!("<86>Jan  1 00:00:00 host sshd[1]: Accepted password for {user} from 192.0.2.1 port 22 ssh2").into_bytes(),
            format!("<13>1 2026-01-01T00:00:00Z h app - - [x@1 user=\"{user}\"] text {user}").into_bytes(),
            [gbk.into_owned(), format!(" user={user}").into_bytes()].concat(),
            format!("LEEF:1.0|V|P|1|E|usrName={user}\tsrc=10.0.0.5").into_bytes(),
            format!("{{\"message\":\"<86>Jan  1 00:00:00 h sshd[1]: Accepted password for {user} from 192.0.2.1 port 22 ssh2\"}}").into_bytes(),
            format!("<Event><System><Computer>c</Computer></System><EventData><Data Name='TargetUserName'>{user}</Data></EventData></Event>").into_bytes(),
        ]
    }

    const NAMES: &str =
        "\"user_name\", \"user\", \"suser\", \"usrName\", \"user.name\", \"TargetUserName\", \"x@1.user\"";

    #[test]
    fn no_canary_leaves_in_any_format_whatever_is_done_to_it() {
        let mut cases = 0;
        for action in ["hash", "truncate", "drop"] {
            let masker = masker(action, NAMES);
            for user in [CANARY, "o'neil", "李雷", "Canary=A"] {
                for raw in records(user) {
                    let mut record = Record::from(raw.clone());
                    masker.mask(&sender(), &mut record);
                    let masked = String::from_utf8(record.raw).unwrap();
                    assert!(
                        !masked.contains(user),
                        "{action} {user}: {} became {masked}",
                        String::from_utf8_lossy(&raw)
                    );
                    cases += 1;
                }
            }
        }
        println!("{cases} cases");
        assert!(cases >= 100);
    }

    #[test]
    fn equal_values_stay_equal_and_what_is_json_stays_json() {
        let masker = masker("hash", "\"user.name\", \"uid\"");
        let mask = |text: &str| masker.masked(text, &sender()).unwrap();
        let (one, two) =
            (mask(r#"{"user":{"name":"li"},"uid":1001,"n":10010}"#), mask(r#"{"uid":"1001","user.name":"li"}"#));
        let (one, two): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(&one).unwrap(), serde_json::from_str(&two).unwrap());
        assert_eq!(one["user"]["name"], two["user.name"]);
        assert_eq!(one["uid"], two["uid"], "a number becomes a text");
        assert_eq!(one["n"], 10010, "a longer number is another value");
        assert!(masker.masked("{\"other\":1}", &sender()).is_none());
    }

    #[test]
    fn addresses_keep_their_network_and_patterns_need_no_parser() {
        let masker = masker("truncate", "\"source_ip\"");
        let masked = masker.masked("CEF:0|E|D|1|7|Login|5|src=10.1.2.34 dst=10.1.2.35", &sender()).unwrap();
        assert!(masked.contains("src=10.1.2.0 ") && masked.contains("dst=10.1.2.35"), "{masked}");
        let masked = masker.masked("free text, ID card 110101199001011234, end", &sender()).unwrap();
        assert!(masked.starts_with("free text, ID card h") && masked.ends_with(", end") && !masked.contains("1101"));
    }

    #[test]
    fn a_value_that_stands_in_an_encoding_of_its_own_makes_the_record_its_fields() {
        let masker = masker("drop", "\"source_domain\", \"user\", \"eventName\"");
        // The record is inside base64; its fields are what is sent.
        let inner = "{\"eventName\":\"ConsoleLogin\"}";
        let encoded = {
            const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            inner
                .as_bytes()
                .chunks(3)
                .map(|chunk| {
                    let bits =
                        chunk.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
                    (0..4)
                        .map(|at| {
                            if at <= chunk.len() { DIGITS[(bits >> (18 - 6 * at) & 63) as usize] as char } else { '=' }
                        })
                        .collect::<String>()
                })
                .collect::<String>()
        };
        let masked =
            masker.masked(&format!("{{\"user\":\"ConsoleLogin\",\"data\":\"{encoded}\"}}"), &sender()).unwrap();
        assert!(!masked.contains("ConsoleLogin"), "{masked}");
    }
}
