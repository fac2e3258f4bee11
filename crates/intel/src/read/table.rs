//! CSV whose columns somebody has named.

use model::Timestamp;
use model::intel::{CsvMapping, IndicatorDetail};

use super::{Gather, Options, Reading};

pub(super) fn read(content: &[u8], mapping: &CsvMapping, options: Options) -> Reading {
    let mut gather = Gather::new(options);
    let mut reader = csv::ReaderBuilder::new();
    let delimiter = mapping.delimiter.bytes().next().unwrap_or(b',');
    reader.has_headers(false).flexible(true).delimiter(delimiter).trim(csv::Trim::All);
    reader.comment((!mapping.header_is_comment).then_some(b'#'));
    let mut reader = reader.from_reader(content);
    let mut row = csv::ByteRecord::new();
    let mut columns: Option<Columns> = None;
    loop {
        let number = reader.position().line() as usize;
        match reader.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                gather.unread(number, &format!("the table cannot be read on: {error}"), "");
                break;
            }
        }
        let cells: Vec<String> = row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        let Some(columns) = &columns else {
            match Columns::of(mapping, &cells) {
                Some(Ok(found)) => columns = Some(found),
                // Remarks may stand above the names.
                None => {}
                Some(Err(why)) => {
                    gather.unread(number, &why, &cells.join(", "));
                    break;
                }
            }
            continue;
        };
        if cells.first().is_some_and(|cell| cell.starts_with('#')) {
            continue;
        }
        let cell =
            |place: Option<usize>| place.and_then(|place| cells.get(place)).map(String::as_str).unwrap_or_default();
        let value = cell(Some(columns.value));
        if value.is_empty() {
            gather.unread(number, "the column of indicators is empty", &cells.join(", "));
            continue;
        }
        let confidence = cell(columns.confidence).trim_end_matches('%').parse::<f64>().ok();
        let detail = IndicatorDetail {
            confidence: confidence.map(|confidence| confidence.clamp(0.0, 100.0) as u8),
            tlp: None,
            from: time(cell(columns.from)),
            until: time(cell(columns.until)),
            added: None,
        };
        gather.text(number, value, cell(columns.note), &detail);
    }
    if columns.is_none() && gather.done.list.unread_count == 0 {
        gather.unread(1, &format!("no line names a column `{}`", mapping.value), "");
    }
    gather.done
}

struct Columns {
    value: usize,
    note: Option<usize>,
    confidence: Option<usize>,
    from: Option<usize>,
    until: Option<usize>,
}

impl Columns {
    /// By the line that names them; nothing where this line does not name the column of indicators.
    fn of(mapping: &CsvMapping, cells: &[String]) -> Option<Result<Columns, String>> {
        let place = |wanted: &str| {
            let same = |cell: &String| cell.trim_start_matches(['#', ' ']).trim().eq_ignore_ascii_case(wanted.trim());
            cells.iter().position(same)
        };
        let value = place(&mapping.value)?;
        let named = |wanted: &str| match wanted.trim().is_empty() {
            true => Ok(None),
            false => place(wanted).map(Some).ok_or_else(|| format!("no column is named `{wanted}`")),
        };
        let columns = || {
            Ok(Columns {
                value,
                note: named(&mapping.note)?,
                confidence: named(&mapping.confidence)?,
                from: named(&mapping.from)?,
                until: named(&mapping.until)?,
            })
        };
        Some(columns())
    }
}

/// RFC 3339, the same with a blank and without a zone, a day, or seconds since 1970.
fn time(text: &str) -> Option<Timestamp> {
    if text.is_empty() {
        return None;
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000_000).map(Timestamp::from_micros);
    }
    let text = text.trim_end_matches(" UTC").replacen(' ', "T", 1);
    let forms = [text.clone(), format!("{text}Z"), format!("{text}T00:00:00Z")];
    forms.iter().find_map(|form| form.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_the_names_somebody_gave() {
        let mapping = CsvMapping {
            value: "ioc".into(),
            note: "family".into(),
            confidence: "score".into(),
            until: "ends".into(),
            header_is_comment: true,
            ..CsvMapping::default()
        };
        let text = "# a feed\n# first, ioc, family, score, ends\n1,evil[.]example,\"a, b\",90%,2027-01-01\n2,nonsense,,,\n3,,,,\n";
        let read = read(text.as_bytes(), &mapping, Options { refuse: true, age: None });
        let one = &read.list.indicators[0];
        assert_eq!(
            (&*one.value, one.note.as_deref(), one.detail().confidence),
            ("evil.example", Some("a, b"), Some(90))
        );
        assert_eq!(one.detail().until, time("2027-01-01 00:00:00"));
        let told: Vec<i64> = read.list.unread.iter().map(|line| line.line).collect();
        assert_eq!(told, [4, 5]);
    }

    #[test]
    fn a_column_that_is_not_there_is_told() {
        let options = Options { refuse: true, age: None };
        let mapping = CsvMapping { value: "ioc".into(), note: "gone".into(), ..CsvMapping::default() };
        assert_eq!(
            read(b"ioc,x\nevil.example,1\n", &mapping, options).list.unread[0].reason,
            "no column is named `gone`"
        );
        assert_eq!(read(b"a,b\n", &mapping, options).list.unread[0].reason, "no line names a column `ioc`");
    }
}
