//! One fetch of a feed, whatever its kind.

use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{ACCEPT, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use intel::read::{Format, Options, Reading, read};
use model::intel::{FeedData, FeedKind, Indicator, IndicatorKind, ListPurpose, ListReading};
use sha2::{Digest, Sha256};

use crate::client::Client;
use crate::error::Error;
use crate::place::Place;
use crate::{folder, misp, taxii};

/// What the platform allows feeds.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether feeds may be at addresses that are not public.
    pub private_addresses: bool,
    /// Where folders of feeds are.
    pub folder: PathBuf,
    /// Bytes of an answer or a file.
    pub most_bytes: usize,
    /// Time for an answer.
    pub timeout: Duration,
    /// The authorities trusted; this machine's when absent.
    pub ca_file: Option<PathBuf>,
}

/// What a fetch brought.
#[derive(Debug, Clone, Default)]
pub struct Brought {
    /// Indicators, each once, and what gave none.
    pub reading: ListReading,
    /// What the source takes back.
    pub withdrawn: Vec<Indicator>,
    /// Whether it is all there is.
    pub whole: bool,
    /// Where the next fetch goes on.
    pub place: String,
}

/// How a fetch went.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// Nothing has changed since the place; the next fetch goes on at this one.
    Unchanged(String),
    /// Something came.
    Brought(Box<Brought>),
}

/// Fetches feeds.
#[derive(Debug, Clone)]
pub struct Fetcher {
    settings: Settings,
}

impl Fetcher {
    /// With these settings.
    pub fn new(settings: Settings) -> Fetcher {
        Fetcher { settings }
    }

    /// Fetches what is new since `place`, which an earlier fetch of the same feed gave.
    pub async fn fetch(&self, feed: &FeedData, secret: Option<&str>, place: &str) -> Result<Fetched, Error> {
        let place = Place::read(place);
        let options = options(feed);
        let format = match feed.kind {
            FeedKind::Folder => return folder::fetch(&self.settings, &feed.url, options, place).await,
            FeedKind::Taxii | FeedKind::Misp => Format::Any,
            FeedKind::Stix => Format::Stix,
            FeedKind::Csv => Format::Table(feed.columns.clone().unwrap_or_default()),
            FeedKind::List => Format::Any,
        };
        let mut client = Client::new(&self.settings, &feed.url, &feed.user, secret)?;
        match feed.kind {
            FeedKind::Taxii => taxii::fetch(&mut client, &feed.collection, options, place).await,
            FeedKind::Misp => misp::fetch(&mut client, options, place).await,
            _ => document(&mut client, format, options, place, self.settings.most_bytes).await,
        }
    }
}

fn options(feed: &FeedData) -> Options {
    let day = Duration::from_secs(24 * 3600);
    Options {
        refuse: feed.purpose != ListPurpose::Warning,
        age: feed.expire_days.map(|days| day * u32::try_from(days).unwrap_or(u32::MAX).min(36_500)),
    }
}

/// A document at a URL, which is all there is.
async fn document(
    client: &mut Client<'_>,
    format: Format,
    options: Options,
    place: Place,
    most: usize,
) -> Result<Fetched, Error> {
    let mut wanted = vec![(ACCEPT, "*/*".to_owned())];
    wanted.extend(place.etag.clone().map(|etag| (IF_NONE_MATCH, etag)));
    wanted.extend(place.modified.clone().map(|modified| (IF_MODIFIED_SINCE, modified)));
    let url = client.home().clone();
    let answer = client.get(&url, &wanted).await?;
    if answer.status == StatusCode::NOT_MODIFIED {
        return Ok(Fetched::Unchanged(place.text()));
    }
    let header = |name: &str| answer.header(name).filter(|value| value.len() <= 300).map(str::to_owned);
    let digest = digest(&answer.body);
    let unchanged = place.digest.as_ref() == Some(&digest);
    let next =
        Place { etag: header("etag"), modified: header("last-modified"), digest: Some(digest), ..Place::default() };
    if unchanged && options.age.is_none() {
        return Ok(Fetched::Unchanged(next.text()));
    }
    let content = unpack(&url.host, answer.body, most)?;
    let reading = reading(content, format, options).await;
    let mut gathered = Gathered::default();
    gathered.add(reading);
    // An error page is no feed: what was known must not be thrown away for it.
    if gathered.brought.reading.indicators.is_empty() {
        let first = gathered.brought.reading.unread.first();
        let why = first.map_or("it is empty".to_owned(), |line| format!("line {}: {}", line.line, line.reason));
        return Err(Error::Form(url.host, format!("the answer holds no indicator; {why}")));
    }
    Ok(gathered.done(true, &next))
}

/// Reads a document beside the threads that wait for others.
pub(crate) async fn reading(content: Vec<u8>, format: Format, options: Options) -> Reading {
    let read = tokio::task::spawn_blocking(move || read(&content, &format, options));
    read.await.unwrap_or_default()
}

/// What several documents hold, each indicator once.
#[derive(Default)]
pub(crate) struct Gathered {
    brought: Brought,
    known: HashMap<(IndicatorKind, Box<str>), usize>,
}

impl Gathered {
    pub fn add(&mut self, reading: Reading) {
        let into = &mut self.brought.reading;
        for indicator in reading.list.indicators {
            let key = (indicator.kind, indicator.value.clone());
            match self.known.get(&key) {
                Some(place) => {
                    into.duplicates += 1;
                    into.indicators[*place] = indicator;
                }
                None => {
                    self.known.insert(key, into.indicators.len());
                    into.indicators.push(indicator);
                }
            }
        }
        into.duplicates += reading.list.duplicates;
        into.unread_count += reading.list.unread_count;
        let room = intel::read::MOST_UNREAD.saturating_sub(into.unread.len());
        into.unread.extend(reading.list.unread.into_iter().take(room));
        self.brought.withdrawn.extend(reading.withdrawn);
    }

    pub fn len(&self) -> usize {
        self.brought.reading.indicators.len()
    }

    pub fn done(mut self, whole: bool, place: &Place) -> Fetched {
        (self.brought.whole, self.brought.place) = (whole, place.text());
        Fetched::Brought(Box::new(self.brought))
    }
}

/// A compressed document unpacked, no larger than allowed.
pub(crate) fn unpack(host: &str, content: Vec<u8>, most: usize) -> Result<Vec<u8>, Error> {
    if content.starts_with(b"PK\x03\x04") {
        return Err(Error::Form(host.to_owned(), "it is a zip file: only gzip is unpacked".into()));
    }
    if !content.starts_with(&[0x1f, 0x8b]) {
        return Ok(content);
    }
    let mut plain = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(&content[..]).take(most as u64 + 1);
    let unread = |error: std::io::Error| Error::Form(host.to_owned(), format!("the gzip file is damaged: {error}"));
    reader.read_to_end(&mut plain).map_err(unread)?;
    if plain.len() > most {
        return Err(Error::TooLarge(host.to_owned(), most));
    }
    Ok(plain)
}

pub(crate) fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
