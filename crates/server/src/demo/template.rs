//! Log lines with places to fill: the placeholder grammar of content/README.md.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use model::Timestamp;

/// A list's entry: one text, or named texts.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(untagged)]
pub enum Entry {
    Text(String),
    Fields(BTreeMap<String, String>),
}

/// A customer's named lists.
pub type Lists = BTreeMap<String, Vec<Entry>>;

/// A line with places to fill.
#[derive(Debug, Clone)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Time(TimeFormat),
    Pick(Vec<String>),
    Int(i64, i64),
    Hex(usize),
    Uuid,
    Counter,
    Any(String, Option<String>),
    Each(String, Option<String>),
    Seq,
    Var(String),
    Host,
    Address,
    Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeFormat {
    Rfc3164,
    Rfc3339,
    Iso,
    Evtx,
    Sysmon,
    Local,
    Date,
    Clock,
    Clf,
    Eve,
    Zone,
    EpochSeconds,
    EpochMillis,
    EpochNanos,
}

/// What a line is filled from.
pub struct Scene<'a> {
    /// When it is sent.
    pub time: Timestamp,
    /// The device's zone.
    pub zone: Tz,
    /// The device's host name.
    pub host: &'a str,
    /// The device's address.
    pub address: &'a str,
    /// The token the device sends with.
    pub token: &'a str,
    /// The device's running number.
    pub counter: &'a mut u64,
    /// The customer's lists.
    pub lists: &'a Lists,
    /// A story's repeat, from 0.
    pub repeat: usize,
    /// A story's variables.
    pub vars: &'a BTreeMap<String, String>,
    /// Chance.
    pub rng: &'a mut fastrand::Rng,
}

impl Template {
    /// Reads a template; says what is wrong with it.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            let inside = &rest[start + 2..];
            let end = inside.find("}}").ok_or_else(|| format!("`{{{{` without `}}}}` in `{text}`"))?;
            parts.push(placeholder(&inside[..end]).ok_or_else(|| format!("unknown placeholder `{}`", &inside[..end]))?);
            rest = &inside[end + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Template(parts))
    }

    /// The lists it draws from.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Any(list, _) | Part::Each(list, _) => Some(list.as_str()),
            _ => None,
        })
    }

    /// The line, filled.
    pub fn render(&self, scene: &mut Scene) -> String {
        let mut line = String::new();
        let mut drawn: BTreeMap<&str, usize> = BTreeMap::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => line.push_str(text),
                Part::Time(format) => line.push_str(&format.print(scene.time, scene.zone)),
                Part::Pick(choices) => line.push_str(&choices[scene.rng.usize(..choices.len())]),
                Part::Int(low, high) => line.push_str(&scene.rng.i64(*low..=*high).to_string()),
                Part::Hex(digits) => line.extend((0..*digits).map(|_| hex_digit(scene.rng))),
                Part::Uuid => line.push_str(&uuid(scene.rng)),
                Part::Counter => {
                    *scene.counter += 1;
                    line.push_str(&scene.counter.to_string());
                }
                Part::Any(list, field) => {
                    let entries = scene.lists.get(list).map_or(&[][..], Vec::as_slice);
                    if !entries.is_empty() {
                        let index = *drawn.entry(list).or_insert_with(|| scene.rng.usize(..entries.len()));
                        line.push_str(entries[index].text(field.as_deref()));
                    }
                }
                Part::Each(list, field) => {
                    let entries = scene.lists.get(list).map_or(&[][..], Vec::as_slice);
                    if !entries.is_empty() {
                        line.push_str(entries[scene.repeat % entries.len()].text(field.as_deref()));
                    }
                }
                Part::Seq => line.push_str(&(scene.repeat + 1).to_string()),
                Part::Var(name) => line.push_str(scene.vars.get(name).map_or("", String::as_str)),
                Part::Host => line.push_str(scene.host),
                Part::Address => line.push_str(scene.address),
                Part::Token => line.push_str(scene.token),
            }
        }
        line
    }
}

impl Entry {
    fn text(&self, field: Option<&str>) -> &str {
        match (self, field) {
            (Entry::Text(text), _) => text,
            (Entry::Fields(fields), Some(field)) => fields.get(field).map_or("", String::as_str),
            (Entry::Fields(fields), None) => fields.values().next().map_or("", String::as_str),
        }
    }
}

impl TimeFormat {
    fn print(self, time: Timestamp, zone: Tz) -> String {
        let utc = time.to_chrono();
        let local = utc.with_timezone(&zone);
        match self {
            TimeFormat::Rfc3164 => local.format("%b %e %H:%M:%S").to_string(),
            TimeFormat::Rfc3339 => local.format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
            TimeFormat::Iso => utc.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            TimeFormat::Evtx => format!("{}0Z", utc.format("%Y-%m-%dT%H:%M:%S%.6f")),
            TimeFormat::Sysmon => utc.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
            TimeFormat::Local => local.format("%Y-%m-%d %H:%M:%S").to_string(),
            TimeFormat::Date => local.format("%Y-%m-%d").to_string(),
            TimeFormat::Clock => local.format("%H:%M:%S").to_string(),
            TimeFormat::Clf => local.format("%d/%b/%Y:%H:%M:%S %z").to_string(),
            TimeFormat::Eve => local.format("%Y-%m-%dT%H:%M:%S%.6f%z").to_string(),
            TimeFormat::Zone => local.format("%z").to_string(),
            TimeFormat::EpochSeconds => utc.timestamp().to_string(),
            TimeFormat::EpochMillis => utc.timestamp_millis().to_string(),
            TimeFormat::EpochNanos => (i128::from(time.as_micros()) * 1000).to_string(),
        }
    }
}

fn placeholder(text: &str) -> Option<Part> {
    let (name, arguments) = match text.split_once(':') {
        Some((name, arguments)) => (name, Some(arguments)),
        None => (text, None),
    };
    let listed = |arguments: &str| match arguments.split_once('.') {
        Some((list, field)) => (list.to_owned(), Some(field.to_owned())),
        None => (arguments.to_owned(), None),
    };
    Some(match (name, arguments) {
        ("time", Some(format)) => Part::Time(time_format(format)?),
        ("pick", Some(choices)) => Part::Pick(choices.split('|').map(str::to_owned).collect()),
        ("int", Some(range)) => {
            let (low, high) = range.split_once('-')?;
            let (low, high) = (low.parse().ok()?, high.parse().ok()?);
            if low > high {
                return None;
            }
            Part::Int(low, high)
        }
        ("hex", Some(digits)) => Part::Hex(digits.parse().ok().filter(|digits| *digits <= 1024)?),
        ("uuid", None) => Part::Uuid,
        ("counter", None) => Part::Counter,
        ("any", Some(list)) => {
            let (list, field) = listed(list);
            Part::Any(list, field)
        }
        ("each", Some(list)) => {
            let (list, field) = listed(list);
            Part::Each(list, field)
        }
        ("seq", None) => Part::Seq,
        ("var", Some(name)) => Part::Var(name.to_owned()),
        ("host", None) => Part::Host,
        ("address", None) => Part::Address,
        ("token", None) => Part::Token,
        _ => return None,
    })
}

fn time_format(name: &str) -> Option<TimeFormat> {
    Some(match name {
        "rfc3164" => TimeFormat::Rfc3164,
        "rfc3339" => TimeFormat::Rfc3339,
        "iso" => TimeFormat::Iso,
        "evtx" => TimeFormat::Evtx,
        "sysmon" => TimeFormat::Sysmon,
        "local" => TimeFormat::Local,
        "date" => TimeFormat::Date,
        "clock" => TimeFormat::Clock,
        "clf" => TimeFormat::Clf,
        "eve" => TimeFormat::Eve,
        "zone" => TimeFormat::Zone,
        "epoch_s" => TimeFormat::EpochSeconds,
        "epoch_ms" => TimeFormat::EpochMillis,
        "epoch_ns" => TimeFormat::EpochNanos,
        _ => return None,
    })
}

fn hex_digit(rng: &mut fastrand::Rng) -> char {
    char::from_digit(rng.u32(..16), 16).expect("below 16")
}

fn uuid(rng: &mut fastrand::Rng) -> String {
    let mut group = |digits: usize| (0..digits).map(|_| hex_digit(rng)).collect::<String>();
    format!("{}-{}-4{}-a{}-{}", group(8), group(4), group(3), group(3), group(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str, repeat: usize) -> String {
        let lists = Lists::from([(
            "users".to_owned(),
            vec![Entry::Text("li.na".into()), Entry::Text("wang.wei".into()), Entry::Text("zhou".into())],
        )]);
        let vars = BTreeMap::from([("attacker".to_owned(), "203.0.113.9".to_owned())]);
        let mut counter = 100_000;
        Template::parse(text).unwrap().render(&mut Scene {
            time: "2026-05-02T01:05:01.123456Z".parse().unwrap(),
            zone: chrono_tz::Asia::Shanghai,
            host: "fw01",
            address: "10.1.0.1",
            token: "vdd_x",
            counter: &mut counter,
            lists: &lists,
            repeat,
            vars: &vars,
            rng: &mut fastrand::Rng::with_seed(1),
        })
    }

    #[test]
    fn times_are_printed_in_the_devices_zone() {
        assert_eq!(render("{{time:rfc3164}} {{host}}", 0), "May  2 09:05:01 fw01");
        assert_eq!(render("{{time:evtx}}", 0), "2026-05-02T01:05:01.1234560Z");
        assert_eq!(render("[{{time:clf}}]", 0), "[02/May/2026:09:05:01 +0800]");
    }

    #[test]
    fn repeats_walk_through_a_list_and_variables_stay() {
        assert_eq!(render("{{each:users}} {{seq}} {{var:attacker}}", 4), "wang.wei 5 203.0.113.9");
        assert_eq!(render("{{counter}}-{{counter}}", 0), "100001-100002");
    }

    #[test]
    fn one_draw_serves_a_whole_line() {
        let line = render("{{any:users}}={{any:users}}", 0);
        let (left, right) = line.split_once('=').unwrap();
        assert_eq!(left, right);
    }

    #[test]
    fn an_unknown_placeholder_is_an_error_that_names_it() {
        assert_eq!(Template::parse("a {{tiem:iso}}").unwrap_err(), "unknown placeholder `tiem:iso`");
        assert!(Template::parse("a {{time:iso").is_err());
    }
}
