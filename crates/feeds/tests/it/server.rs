//! Servers on this machine: answers written by hand, and settings that allow feeds from here.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use feeds::Settings;
use model::intel::{FeedData, FeedKind, ListPurpose, Tlp};

pub fn settings(folder: &Path) -> Settings {
    Settings {
        private_addresses: true,
        folder: folder.to_owned(),
        most_bytes: 1 << 20,
        timeout: Duration::from_secs(10),
        ca_file: None,
    }
}

pub fn feed(kind: FeedKind, url: &str) -> FeedData {
    FeedData {
        name: "a feed".into(),
        kind,
        url: url.into(),
        collection: String::new(),
        enabled: true,
        interval_minutes: 60,
        confidence: 50,
        tlp: Tlp::Amber,
        least_confidence: 0,
        expire_days: None,
        purpose: ListPurpose::Alarm,
        hunt_new: false,
        user: String::new(),
        columns: None,
    }
}

/// The head of every request, in order.
pub type Heads = Arc<Mutex<Vec<String>>>;

/// Answers each request as `answer` says, by its path and head.
pub fn serve(answer: impl Fn(&str, &str) -> Vec<u8> + Send + Sync + 'static) -> (SocketAddr, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heads, answer) = (Heads::default(), Arc::new(answer));
    let told = heads.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (told, answer) = (told.clone(), answer.clone());
            std::thread::spawn(move || answer_all(stream, &told, &*answer));
        }
    });
    (address, heads)
}

fn answer_all(stream: TcpStream, told: &Heads, answer: &dyn Fn(&str, &str) -> Vec<u8>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        told.lock().unwrap().push(head.clone());
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        (&stream).write_all(&answer(&path, &head)).ok()?;
    }
}

pub fn ok(headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}
