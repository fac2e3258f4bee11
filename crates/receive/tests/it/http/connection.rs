//! The HTTP listener itself: slow, silent and greedy connections, and the end.

use std::time::{Duration, Instant};

use receive::{Protocol, Rejection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{TOKEN, World};

/// What the server says until it closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut text)).await;
    // A reset is an end as well.
    let _ = read.expect("the server must close the connection");
    String::from_utf8_lossy(&text).into_owned()
}

fn head(length: usize) -> String {
    format!(
        "POST /ingest/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {length}\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_or_never_ends_its_headers_is_closed() {
    let world = World::new().await;
    for begun in ["", "P", "PRI * HTT", "POST / HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let since = Instant::now();
        rest(&mut stream).await;
        assert!(since.elapsed() < Duration::from_secs(5), "{begun:?}");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_cut_off() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(head(0).as_bytes()).await.unwrap();
    let line = format!("x-much: {}\r\n", "x".repeat(1000));
    for _ in 0..10_000 {
        if stream.write_all(line.as_bytes()).await.is_err() {
            break;
        }
    }
    let answer = rest(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_coming_is_given_up_and_counted() {
    let world = World::with(|_, limits| limits.body_idle = Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(format!("{}\r\nline\n", head(100)).as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(world.records().is_empty());
    assert_eq!(world.receiver.stats().rejected_by(Protocol::Http, Rejection::TooSlow), 1);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_one_customer_never_take_all_the_memory() {
    let world = World::with(|_, limits| {
        limits.bodies = 128 * 1024;
        limits.headers = Duration::from_secs(30);
    })
    .await;
    // Bodies that are begun and not ended hold what they have sent so far.
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(format!("{}\r\n{}", head(60_000), "x".repeat(30_000)).as_bytes()).await.unwrap();
        open.push(stream);
    }
    let since = Instant::now();
    while world.receiver.stats().rejected_by(Protocol::Http, Rejection::Full) == 0 {
        assert!(since.elapsed() < Duration::from_secs(5), "too many bodies are held");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let request = head(1).replace(TOKEN, super::world::OTHER_TOKEN) + "connection: close\r\n\r\nx";
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "another customer still gets in: {answer}");
    drop(open);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_what_is_under_way_and_closes_the_rest() {
    let world = World::with(|_, limits| limits.headers = Duration::from_secs(30)).await;
    let mut idle = TcpStream::connect(world.address()).await.unwrap();
    let mut busy = TcpStream::connect(world.address()).await.unwrap();
    busy.write_all(format!("{}\r\nli", head(4)).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (_, answer) = tokio::join!(world.listeners.drain(), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        busy.write_all(b"ne").await.unwrap();
        rest(&mut busy).await
    });
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    rest(&mut idle).await;
    assert_eq!(world.records(), ["line"]);
    world.receiver.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_make_room_for_each_other_and_a_customer_is_held_to_its_connections() {
    let world = World::with(|_, limits| {
        (limits.customer_connections, limits.strange_connections) = (3, 4);
        limits.headers = Duration::from_secs(30);
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(world.address()).await.unwrap());
    }
    let ask = async || {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(format!("{}\r\nline\n", head(5)).as_bytes()).await.unwrap();
        let mut answer = [0; 15];
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut answer)).await.unwrap();
        (stream, read.is_ok() && answer.starts_with(b"HTTP/1.1 200"))
    };
    let (one, two, three, four) = (ask().await, ask().await, ask().await, ask().await);
    assert!(one.1 && two.1 && three.1, "whoever shows a credential gets in beside twenty who do not");
    assert!(!four.1, "the fourth of a customer that may have three");
    drop(one);
    let mut again = ask().await;
    for _ in 0..50 {
        if again.1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        again = ask().await;
    }
    assert!(again.1, "a place that was given back");
    assert!(world.receiver.stats().rejected_for(Rejection::TooManyConnections) >= 16);
    world.close().await;
}
