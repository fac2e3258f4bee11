//! `kill -9` under load: what was acknowledged is there, and nothing is there twice.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::reader;
use crate::server::Place;

const KILLS: usize = 10;
const SENDERS: usize = 4;
const BATCH: usize = 40;

/// What the senders know: they share nothing with the server but the wire.
#[derive(Default)]
struct Ledger {
    sent: Vec<String>,
    acknowledged: Vec<String>,
}

/// Every fourth record is a device's alarm about one and the same address, so that all of them make one alert.
fn record(number: u64) -> String {
    match number % 4 {
        0 => format!("CEF:0|Example|EDR|1|77|Malware detected|8|src=203.0.113.9 dst=10.0.0.5 externalId=n{number}"),
        _ => format!("{{\"message\":\"record n{number}\",\"source\":{{\"ip\":\"10.0.0.{}\"}}}}", number % 250),
    }
}

async fn send(address: String, token: String, ledger: Arc<Mutex<Ledger>>, first: u64, stop: Arc<AtomicBool>) -> u64 {
    let client = reqwest::Client::new();
    let mut number = first;
    while !stop.load(Ordering::Relaxed) {
        let records: Vec<String> = (0..BATCH as u64).map(|offset| record(number + offset)).collect();
        number += BATCH as u64;
        ledger.lock().unwrap().sent.extend(records.iter().cloned());
        let url = format!("http://{address}/ingest/v1/events");
        let answer = client.post(url).bearer_auth(&token).body(records.join("\n")).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => ledger.lock().unwrap().acknowledged.extend(records),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_under_load_lose_nothing_acknowledged_and_double_nothing() {
    let place = Place::new();
    place.add_user();
    let mut server = place.start();
    let (customer, _, token) = server.sign_in().await.device().await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut next: Vec<u64> = (0..SENDERS as u64).map(|sender| sender * 1_000_000_000).collect();
    for _ in 0..KILLS {
        // The directory of senders follows the store.
        tokio::time::sleep(Duration::from_millis(600)).await;
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = next
            .iter()
            .map(|first| tokio::spawn(send(server.ingest.clone(), token.clone(), ledger.clone(), *first, stop.clone())))
            .collect();
        tokio::time::sleep(Duration::from_millis(fastrand::u64(200..1500))).await;
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for (sender, place) in senders.into_iter().zip(&mut next) {
            *place = sender.await.unwrap();
        }
        server = place.start();
    }
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    let client = server.sign_in().await;
    // Everything the log holds is judged before the counts are compared.
    let mut before = -1;
    let alert = loop {
        let alerts = client.get(&format!("/alerts?customer={customer}")).await;
        let count = alerts["items"][0]["count"].as_i64().unwrap_or(0);
        if count == before {
            break alerts["items"].clone();
        }
        before = count;
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    assert!(server.stop(), "the drain at the end must succeed");
    let found = reader::records(&place.data());
    let doubled = found.values().filter(|count| **count > 1).count();
    let lost: Vec<_> = ledger.acknowledged.iter().filter(|record| !found.contains_key(*record)).collect();
    let alarms = found.keys().filter(|record| record.starts_with("CEF:")).count();
    println!(
        "{KILLS} kills: {} sent, {} acknowledged, {} found, {doubled} doubled, {} lost, {alarms} alarms",
        ledger.sent.len(),
        ledger.acknowledged.len(),
        found.len(),
        lost.len()
    );
    assert!(ledger.acknowledged.len() > 1000, "the load was too light to prove anything");
    assert!(lost.is_empty(), "acknowledged and lost: {:?}", &lost[..lost.len().min(5)]);
    assert_eq!(doubled, 0);
    assert_eq!(alert.as_array().unwrap().len(), 1, "all alarms are one alert: {alert}");
    assert_eq!(alert[0]["count"].as_u64().unwrap() as usize, alarms, "the alert counts each alarm once");
}
