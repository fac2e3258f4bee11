//! Lists of indicators as they come: plain text, CSV with or without a header, NDJSON. Nothing is dropped in silence: a
//! line that is no indicator is told with its number and the reason.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::indicator::{Indicator, NoIndicator};

/// Lines that tell how a list is written.
const LOOKED_AT: usize = 50;

/// Characters of a line that is told about.
const QUOTED: usize = 120;

/// Longer notes are cut.
const LONGEST_NOTE: usize = 200;

/// Names of columns and members that hold an indicator, in lower case without `_`, `-`, `.` and blanks.
const VALUES: &[&str] = &[
    "indicator",
    "indicators",
    "ioc",
    "iocvalue",
    "indicatorvalue",
    "value",
    "observable",
    "ip",
    "ipaddress",
    "ipaddr",
    "ipv4",
    "ipv6",
    "srcip",
    "dstip",
    "sourceip",
    "destinationip",
    "address",
    "addresses",
    "cidr",
    "network",
    "range",
    "netblock",
    "domain",
    "domainname",
    "host",
    "hostname",
    "fqdn",
    "url",
    "uri",
    "link",
    "md5",
    "md5hash",
    "sha1",
    "sha1hash",
    "sha256",
    "sha256hash",
    "hash",
    "filehash",
    "hashes",
];

/// Names of columns and members that say something about it.
const NOTES: &[&str] = &[
    "description",
    "comment",
    "note",
    "notes",
    "threat",
    "malware",
    "malwareprintable",
    "threatname",
    "family",
    "tags",
    "reason",
    "info",
];

/// A line that gave no indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnreadLine {
    /// Its number, from 1.
    pub line: i64,
    /// Why, for people.
    pub reason: String,
    /// How it begins.
    pub text: String,
}

/// What a list holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListReading {
    /// Its indicators, each once, in order of first appearance.
    pub indicators: Vec<Indicator>,
    /// How many times an indicator was there already.
    pub duplicates: usize,
    /// Lines that gave none, the first ones.
    pub unread: Vec<UnreadLine>,
    /// How many such lines.
    pub unread_count: usize,
}

/// Reads a list. Of lines that are no indicator the first `most_unread` are told, all are counted. What is in everybody's
/// traffic is no indicator.
pub fn read_list(content: &[u8], most_unread: usize) -> ListReading {
    read(content, most_unread, true)
}

/// Reads a list of what shall not alarm: wide ranges and well-known names belong there.
pub fn read_warning_list(content: &[u8], most_unread: usize) -> ListReading {
    read(content, most_unread, false)
}

fn read(content: &[u8], most_unread: usize, refuse: bool) -> ListReading {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut reader = Reader { done: ListReading::default(), known: HashSet::new(), most_unread, refuse };
    let mut rows = Vec::new();
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let number = number + 1;
        match std::str::from_utf8(line) {
            Ok(text) => {
                let text = text.trim();
                if !text.is_empty() && !is_comment(text) {
                    rows.push((number, text));
                }
            }
            Err(_) => reader.unread(number, "it is not UTF-8", &String::from_utf8_lossy(line)),
        }
    }
    match form(&rows) {
        Form::Json => rows.iter().for_each(|(number, text)| reader.json(*number, text)),
        Form::Table(comma) => reader.table(&rows, comma),
        Form::Plain => rows.iter().for_each(|(number, text)| reader.plain(*number, text)),
    }
    reader.done.unread.sort_by_key(|line| line.line);
    reader.done
}

enum Form {
    Json,
    Table(char),
    Plain,
}

/// A table has the same number of cells, two or more, in each of its first lines.
fn form(rows: &[(usize, &str)]) -> Form {
    let first = &rows[..rows.len().min(LOOKED_AT)];
    if first.first().is_some_and(|(_, text)| text.starts_with('{')) {
        return Form::Json;
    }
    for comma in [',', ';', '\t'] {
        let mut cells = first.iter().map(|(_, text)| cells(text, comma).len());
        if let Some(count) = cells.next().filter(|count| *count > 1)
            && cells.all(|other| other == count)
        {
            return Form::Table(comma);
        }
    }
    Form::Plain
}

fn is_comment(text: &str) -> bool {
    text.starts_with('#') || text.starts_with("//") || text.starts_with(';') || text.starts_with('!')
}

struct Reader {
    done: ListReading,
    known: HashSet<(super::IndicatorKind, Box<str>)>,
    most_unread: usize,
    /// Whether what is too common is no indicator.
    refuse: bool,
}

impl Reader {
    fn unread(&mut self, number: usize, reason: &str, text: &str) {
        self.done.unread_count += 1;
        if self.done.unread.len() < self.most_unread {
            let text = text.chars().filter(|character| !character.is_control()).take(QUOTED).collect();
            self.done.unread.push(UnreadLine { line: number as i64, reason: reason.to_owned(), text });
        }
    }

    fn take(&mut self, number: usize, mut indicator: Indicator, note: &str) {
        if let Some(why) = indicator.too_common().filter(|_| self.refuse) {
            return self.unread(number, &why.to_string(), &indicator.value);
        }
        let note: String = note.trim().chars().filter(|character| !character.is_control()).take(LONGEST_NOTE).collect();
        if !self.known.insert((indicator.kind, indicator.value.clone())) {
            self.done.duplicates += 1;
            return;
        }
        indicator.note = (!note.is_empty()).then(|| note.into_boxed_str());
        self.done.indicators.push(indicator);
    }

    /// One indicator a line, perhaps with a note; lines of hosts files and of ad blockers too.
    fn plain(&mut self, number: usize, text: &str) {
        let (word, note) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let note = note.trim_start().trim_start_matches(['#', ';']).trim_start();
        if matches!(word, "0.0.0.0" | "127.0.0.1" | "::" | "::1")
            && let Some(Ok(name)) = note.split_whitespace().next().map(Indicator::parse)
        {
            return self.take(number, name, "");
        }
        let word = word.strip_prefix("||").map_or(word, |name| name.trim_end_matches('^'));
        match Indicator::parse(word.trim_end_matches([',', ';'])) {
            Ok(indicator) => self.take(number, indicator, note),
            Err(why) => self.unread(number, &why.to_string(), text),
        }
    }

    fn table(&mut self, rows: &[(usize, &str)], comma: char) {
        let Some((_, first)) = rows.first() else { return };
        let names: Vec<String> = cells(first, comma).iter().map(|name| plain_name(name)).collect();
        let places = |wanted: &[&str]| -> Vec<usize> {
            (0..names.len()).filter(|place| wanted.contains(&names[*place].as_str())).collect()
        };
        let (values, notes) = (places(VALUES), places(NOTES));
        let headed = !values.is_empty() && !cells(first, comma).iter().any(|cell| Indicator::parse(cell).is_ok());
        for (number, text) in rows.iter().skip(usize::from(headed)) {
            let row = cells(text, comma);
            let cell = |place: &usize| row.get(*place).map(String::as_str).unwrap_or_default();
            if !headed {
                match row.iter().find_map(|cell| Indicator::parse(cell).ok()) {
                    Some(indicator) => self.take(*number, indicator, ""),
                    None => self.unread(*number, "no cell of it is an address, CIDR range, domain, URL or hash", text),
                }
                continue;
            }
            let note = notes.iter().map(cell).find(|note| !note.trim().is_empty()).unwrap_or_default().to_owned();
            let given: Vec<&str> = values.iter().map(cell).filter(|cell| !cell.trim().is_empty()).collect();
            self.several(*number, text, &given, &note);
        }
    }

    fn json(&mut self, number: usize, text: &str) {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => return self.unread(number, &format!("it is not JSON: {error}"), text),
        };
        let Value::Object(members) = &value else { return self.unread(number, "it is not a JSON object", text) };
        let of = |wanted: &[&str]| -> Vec<&str> {
            let named = members.iter().filter(|(name, _)| wanted.contains(&plain_name(name).as_str()));
            named.flat_map(|(_, value)| texts(value)).filter(|text| !text.trim().is_empty()).collect()
        };
        let note = of(NOTES).first().copied().unwrap_or_default().to_owned();
        self.several(number, text, &of(VALUES), &note);
    }

    /// All indicators a line names; each that is none is told.
    fn several(&mut self, number: usize, text: &str, given: &[&str], note: &str) {
        if given.is_empty() {
            return self.unread(number, "it names no indicator", text);
        }
        for one in given {
            match Indicator::parse(one) {
                Ok(indicator) => self.take(number, indicator, note),
                Err(why) if given.len() == 1 => self.unread(number, &why.to_string(), text),
                Err(NoIndicator::Nothing) => self.unread(number, &format!("{} `{one}`", NoIndicator::Nothing), text),
                Err(why) => self.unread(number, &format!("`{one}`: {why}"), text),
            }
        }
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn plain_name(name: &str) -> String {
    let kept = name.chars().filter(|character| character.is_ascii_alphanumeric());
    kept.map(|character| character.to_ascii_lowercase()).collect()
}

/// The cells of a line; quotes as RFC 4180 has them.
fn cells(text: &str, comma: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let (mut quoted, mut characters) = (false, text.chars().peekable());
    while let Some(character) = characters.next() {
        let cell = cells.last_mut().expect("there is always one");
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => quoted = true,
            _ if character == comma && !quoted => cells.push(String::new()),
            _ => cell.push(character),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        read_list(text.as_bytes(), 10).indicators.iter().map(|one| one.value.to_string()).collect()
    }

    #[test]
    fn a_plain_list_with_everything_people_put_into_one_is_read() {
        let text = "\u{feff}# feed of today\r\n\
            203.0.113.7\t9\r\n\
            hxxp://evil[.]example/a,b  # dropper\r\n\
            0.0.0.0 ads.example\r\n\
            ||track.example^\r\n\
            \r\n\
            EVIL.example\r\n\
            evil.example.\r\n\
            not an indicator\r\n\
            d41d8cd98f00b204e9800998ecf8427f\r\n";
        let read = read_list(text.as_bytes(), 10);
        let found: Vec<&str> = read.indicators.iter().map(|one| &*one.value).collect();
        let expected = [
            "203.0.113.7",
            "evil.example/a,b",
            "ads.example",
            "track.example",
            "evil.example",
            "d41d8cd98f00b204e9800998ecf8427f",
        ];
        assert_eq!(found, expected);
        assert_eq!(read.indicators[1].note.as_deref(), Some("dropper"));
        assert_eq!((read.duplicates, read.unread_count), (1, 1));
        assert_eq!((read.unread[0].line, read.unread[0].text.as_str()), (9, "not an indicator"));
    }

    #[test]
    fn a_table_is_read_by_its_header_or_without_one() {
        let headed =
            "ioc_type,ioc_value,comment\nip,\"203.0.113.7\",\"a, \"\"b\"\"\"\nip,x,\ndomain,evil[.]example,c2\n";
        let read = read_list(headed.as_bytes(), 10);
        assert_eq!(values(headed), ["203.0.113.7", "evil.example"]);
        assert_eq!(read.indicators[0].note.as_deref(), Some("a, \"b\""));
        assert_eq!(read.unread[0].line, 3);
        let bare =
            "\"2026-11-20 10:00:00\",\"http://evil.example/x\",\"online\"\n\"2026-11-20\",\"203.0.113.9\",\"off\"\n";
        assert_eq!(values(bare), ["evil.example/x", "203.0.113.9"]);
        let hashes =
            "name;md5;sha1\nx;d41d8cd98f00b204e9800998ecf8427f;da39a3ee5e6b4b0d3255bfef95601890afd80708\ny;;\n";
        assert_eq!(values(hashes).len(), 2);
        assert_eq!(read_list(hashes.as_bytes(), 10).unread[0].reason, "it names no indicator");
    }

    #[test]
    fn json_lines_are_read_and_what_is_none_is_told() {
        let text = "{\"indicator\":\"evil.example\",\"type\":\"domain\",\"description\":\"c2\"}\n\
            {\"sha256\":\"x\",\"url\":\"http://evil.example/\"}\n{broken\n{\"type\":\"ip\"}\n";
        let read = read_list(text.as_bytes(), 10);
        assert_eq!(values(text), ["evil.example", "evil.example/"]);
        assert_eq!(read.unread.iter().map(|line| line.line).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(read_list(b"\xff\xfe\n1.2.3.4\n", 10).unread[0].reason, "it is not UTF-8");
        assert_eq!(read_list(b"", 10), ListReading::default());
    }

    #[test]
    fn what_everybodys_traffic_holds_is_told_except_in_a_list_of_what_shall_not_alarm() {
        let text = b"10.0.0.0/8\nco.uk\nevil.example\nd41d8cd98f00b204e9800998ecf8427e\n";
        let read = read_list(text, 10);
        assert_eq!((read.indicators.len(), read.unread_count), (1, 3));
        assert_eq!(read.unread[1].reason, "everybody's domains are below this name");
        assert_eq!(read_warning_list(text, 10).indicators.len(), 4);
    }
}
