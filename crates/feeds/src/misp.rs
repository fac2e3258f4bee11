//! A MISP feed: a manifest says which events changed, and only those are fetched.

use hyper::header::ACCEPT;
use intel::read::{Format, Options, Reading, manifest};
use model::intel::UnreadLine;

use crate::client::Client;
use crate::error::Error;
use crate::fetch::{Fetched, Gathered, reading};
use crate::place::Place;

/// Events fetched at once; the next fetch goes on.
const EVENTS: usize = 2_000;
/// Indicators taken at once.
const MOST: usize = 1_000_000;

pub(crate) async fn fetch(client: &mut Client<'_>, options: Options, place: Place) -> Result<Fetched, Error> {
    let home = client.home().clone();
    let base = match home.path.strip_suffix("manifest.json") {
        Some(path) => crate::address::Url { path: path.to_owned(), ..home.clone() },
        None => home.clone(),
    };
    let accept = [(ACCEPT, "application/json".to_owned())];
    let listed = client.get(&base.below("manifest.json"), &accept).await?;
    let events = manifest(&listed.body).map_err(|why| Error::Form(home.host.clone(), why))?;
    let changed = |event: &intel::read::ManifestEntry| event.changed.as_micros();
    let mut new: Vec<_> =
        events.iter().filter(|event| place.changed.is_none_or(|last| changed(event) > last)).collect();
    if new.is_empty() {
        return Ok(Fetched::Unchanged(place.text()));
    }
    // Events of one time are fetched together: the next fetch begins behind it.
    if new.len() > EVENTS {
        let last = changed(new[EVENTS - 1]);
        new.retain(|event| changed(event) <= last);
    }
    let (mut gathered, mut reached) = (Gathered::default(), place.changed);
    for (number, event) in new.into_iter().enumerate() {
        match client.get(&base.below(&format!("{}.json", event.uuid)), &accept).await {
            Ok(answer) => gathered.add(reading(answer.body, Format::Misp, options).await),
            // One event that is gone does not stop the others.
            Err(Error::Status(_, status @ (404 | 410))) => {
                let mut none = Reading::default();
                none.list.unread_count = 1;
                let reason = format!("the manifest names it, but it cannot be fetched: status {status}");
                none.list.unread.push(UnreadLine { line: number as i64 + 1, reason, text: event.uuid.clone() });
                gathered.add(none);
            }
            Err(error) => return Err(error),
        }
        reached = Some(changed(event));
        if gathered.len() > MOST {
            break;
        }
    }
    Ok(gathered.done(false, &Place { changed: reached, ..Place::default() }))
}
