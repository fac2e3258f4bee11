//! TAXII 2.1: from whatever address somebody has, to a collection, to its indicators page by page.

use hyper::header::ACCEPT;
use intel::read::{Format, Options};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::address::Url;
use crate::client::Client;
use crate::error::Error;
use crate::fetch::{Fetched, Gathered, reading};
use crate::place::Place;

const MEDIA: &str = "application/taxii+json;version=2.1";
/// Objects asked for at once, pages read, and indicators taken in one fetch; the next fetch goes on.
const PAGE: &str = "1000";
const PAGES: usize = 2_000;
const MOST: usize = 1_000_000;

/// Any resource: what is in it says what it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resource {
    api_roots: Option<Vec<String>>,
    default: Option<String>,
    collections: Option<Vec<Collection>>,
    id: Option<String>,
    can_read: Option<bool>,
    max_content_length: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Collection {
    id: String,
    #[serde(default)]
    title: String,
    alias: Option<String>,
    #[serde(default)]
    can_read: bool,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    more: bool,
    next: Option<String>,
    #[serde(default)]
    objects: Vec<IgnoredAny>,
}

pub(crate) async fn fetch(
    client: &mut Client<'_>,
    wanted: &str,
    options: Options,
    mut place: Place,
) -> Result<Fetched, Error> {
    let collection = find(client, wanted).await?;
    let mut base = collection.below("objects/").with("limit", PAGE).with("match[type]", "indicator");
    if let Some(after) = &place.added_after {
        base = base.with("added_after", after);
    }
    let (mut gathered, mut url) = (Gathered::default(), base.clone());
    let mut came = false;
    for _ in 0..PAGES {
        let answer = ask(client, &url).await?;
        let host = &url.host;
        let unread =
            |error: serde_json::Error| Error::Form(host.clone(), format!("the answer is no envelope: {error}"));
        let envelope: Envelope = serde_json::from_slice(&answer.body).map_err(unread)?;
        // Of a single object some servers tell only the first time.
        let times = ["x-taxii-date-added-last", "x-taxii-date-added-first"];
        let newest =
            times.iter().find_map(|name| answer.header(name)).filter(|time| time.len() <= 64).map(str::to_owned);
        place.added_after = newest.clone().or(place.added_after);
        if !envelope.objects.is_empty() {
            came = true;
            gathered.add(reading(answer.body, Format::Stix, options).await);
        }
        url = match (envelope.more, envelope.next, newest) {
            (true, Some(next), _) => base.with("next", &next),
            // Without a mark of its own the times are the mark.
            (true, None, Some(newest)) => collection
                .below("objects/")
                .with("limit", PAGE)
                .with("match[type]", "indicator")
                .with("added_after", &newest),
            _ => break,
        };
        if gathered.len() > MOST {
            break;
        }
    }
    match came {
        true => Ok(gathered.done(false, &place)),
        false => Ok(Fetched::Unchanged(place.text())),
    }
}

async fn ask(client: &mut Client<'_>, url: &Url) -> Result<crate::client::Answer, Error> {
    let answer = client.get(url, &[(ACCEPT, MEDIA.to_owned())]).await?;
    let kind = answer.header("content-type").unwrap_or_default();
    if !kind.starts_with("application/taxii+json") {
        let kind: String = kind.chars().take(60).collect();
        return Err(Error::Form(url.host.clone(), format!("it is no TAXII 2.1 server: it answers with `{kind}`")));
    }
    Ok(answer)
}

/// The collection, from its own address, the server's, or an API root's.
async fn find(client: &mut Client<'_>, wanted: &str) -> Result<Url, Error> {
    let home = client.home().clone();
    // Somebody may have copied the address of the objects.
    let path = home.path.split('?').next().unwrap_or("/").trim_end_matches('/');
    let path = path.strip_suffix("/objects").unwrap_or(path);
    let home = Url { path: format!("{path}/"), ..home.clone() };
    let resource = resource(client, &home).await?;
    if resource.id.is_some() && resource.can_read.is_some() {
        return match resource.can_read {
            Some(true) => Ok(home),
            _ => Err(Error::Form(home.host, "the collection may not be read with these credentials".into())),
        };
    }
    if let Some(collections) = resource.collections {
        let root = Url { path: home.path.trim_end_matches('/').trim_end_matches("collections").to_owned(), ..home };
        return choose(&root, collections, wanted);
    }
    let mut roots = Vec::new();
    if let Some(found) = resource.api_roots {
        for root in resource.default.iter().chain(&found) {
            let root = home.join(root)?;
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
    } else if resource.max_content_length.is_some() {
        roots.push(home.clone());
    } else {
        return Err(Error::Form(home.host, "the address leads to no collection, API root or discovery".into()));
    }
    let mut last = Error::Form(home.host.clone(), "the server names no API roots".into());
    for root in roots {
        let listed = self::resource(client, &root.below("collections/")).await;
        let chosen = listed.and_then(|found| choose(&root, found.collections.unwrap_or_default(), wanted));
        match chosen {
            Ok(collection) => return Ok(collection),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn resource(client: &mut Client<'_>, url: &Url) -> Result<Resource, Error> {
    let answer = ask(client, url).await?;
    let unread = |error| Error::Form(url.host.clone(), format!("the answer is not as TAXII has it: {error}"));
    serde_json::from_slice(&answer.body).map_err(unread)
}

/// The one that is named, or the only one there is.
fn choose(root: &Url, collections: Vec<Collection>, wanted: &str) -> Result<Url, Error> {
    let readable: Vec<&Collection> = collections.iter().filter(|collection| collection.can_read).collect();
    let wanted = wanted.trim();
    let found = readable.iter().find(|collection| {
        collection.id == wanted || collection.title == wanted || collection.alias.as_deref() == Some(wanted)
    });
    let only = readable.first().filter(|_| wanted.is_empty() && readable.len() == 1);
    match found.or(only) {
        Some(collection) if !collection.id.contains(['/', '?', '#', ' ']) => {
            Ok(root.below(&format!("collections/{}/", collection.id)))
        }
        _ => {
            let titles: Vec<&str> = readable.iter().map(|collection| collection.title.as_str()).take(20).collect();
            let there = if titles.is_empty() { "none".to_owned() } else { titles.join(", ") };
            Err(Error::Form(root.host.clone(), format!("name the collection; those that may be read: {there}")))
        }
    }
}
