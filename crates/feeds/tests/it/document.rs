//! Documents at a URL, MISP feeds, folders; and what a hostile host may try.

use feeds::{Brought, Error, Fetched, Fetcher};
use model::intel::{CsvMapping, FeedKind};

use crate::server::{feed, ok, serve, settings};

fn brought(fetched: Fetched) -> Brought {
    match fetched {
        Fetched::Brought(brought) => *brought,
        Fetched::Unchanged(place) => panic!("nothing came: {place}"),
    }
}

fn values(brought: &Brought) -> Vec<&str> {
    brought.reading.indicators.iter().map(|indicator| &*indicator.value).collect()
}

fn fetcher() -> (tempfile::TempDir, Fetcher) {
    let folder = tempfile::tempdir().unwrap();
    let fetcher = Fetcher::new(settings(folder.path()));
    (folder, fetcher)
}

#[tokio::test]
async fn a_list_is_asked_for_again_only_if_it_changed() {
    let (address, heads) = serve(|_, head| match head.to_lowercase().contains("if-none-match: \"one\"") {
        true => b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec(),
        false => {
            ok("etag: \"one\"\r\nlast-modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n", "evil.example\n9.1.2.3 # c2\nx\n")
        }
    });
    let (_folder, fetcher) = fetcher();
    let feed = feed(FeedKind::List, &format!("http://{address}/list.txt"));
    let first = brought(fetcher.fetch(&feed, None, "").await.unwrap());
    assert_eq!(values(&first), ["evil.example", "9.1.2.3"]);
    assert!(first.whole && first.reading.unread_count == 1);
    let second = fetcher.fetch(&feed, None, &first.place).await.unwrap();
    assert!(matches!(second, Fetched::Unchanged(place) if place == first.place));
    let last = heads.lock().unwrap().last().unwrap().to_lowercase();
    assert!(last.contains("if-modified-since: sun, 22 nov 2026 10:00:00 gmt"), "{last}");
}

#[tokio::test]
async fn tables_and_packed_documents_are_read_and_an_error_page_is_not_taken_for_an_empty_list() {
    let (address, heads) = serve(|path, _| match path {
        "/table" => ok("", "ioc,why\nevil.example,c2\n"),
        "/packed" => {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            std::io::Write::write_all(&mut packed, b"evil.example\n").unwrap();
            let body = packed.finish().unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            [head.into_bytes(), body].concat()
        }
        _ => ok("", "<html>maintenance</html>"),
    });
    let (_folder, fetcher) = fetcher();
    let mut table = feed(FeedKind::Csv, &format!("http://{address}/table"));
    table.columns = Some(CsvMapping { value: "ioc".into(), note: "why".into(), ..CsvMapping::default() });
    table.user = "me".into();
    let read = brought(fetcher.fetch(&table, Some("secret"), "").await.unwrap());
    assert_eq!(read.reading.indicators[0].note.as_deref(), Some("c2"));
    assert!(heads.lock().unwrap()[0].contains("authorization: Basic bWU6c2VjcmV0"));
    let packed = feed(FeedKind::List, &format!("http://{address}/packed"));
    assert_eq!(values(&brought(fetcher.fetch(&packed, None, "").await.unwrap())), ["evil.example"]);
    let error = fetcher.fetch(&feed(FeedKind::List, &format!("http://{address}/other")), None, "").await.unwrap_err();
    assert!(error.to_string().contains("holds no indicator"), "{error}");
}

#[tokio::test]
async fn a_misp_feed_fetches_only_what_changed() {
    const ONE: &str = "5ac337df-e078-4e99-8b17-02550a00020f";
    const TWO: &str = "5ac337df-e078-4e99-8b17-02550a00020e";
    let event = |value: &str| {
        format!(r#"{{"Event":{{"info":"i","Attribute":[{{"type":"domain","to_ids":true,"value":"{value}"}}]}}}}"#)
    };
    let (address, heads) = serve(move |path, _| match path {
        "/feed/manifest.json" => ok("", &format!(r#"{{"{ONE}":{{"timestamp":"10"}},"{TWO}":{{"timestamp":"20"}}}}"#)),
        path if path.contains(ONE) => ok("", &event("one.example")),
        _ => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
    });
    let (_folder, fetcher) = fetcher();
    let feed = feed(FeedKind::Misp, &format!("http://{address}/feed/"));
    let first = brought(fetcher.fetch(&feed, None, "").await.unwrap());
    assert_eq!(values(&first), ["one.example"]);
    assert!(!first.whole && first.reading.unread[0].text == TWO);
    assert!(matches!(fetcher.fetch(&feed, None, &first.place).await.unwrap(), Fetched::Unchanged(_)));
    assert_eq!(heads.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_folder_of_files_of_any_form_is_read_and_nothing_outside_it() {
    let (folder, fetcher) = fetcher();
    let inside = folder.path().join("cert");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("list.txt"), "evil.example\n").unwrap();
    let bundle =
        r#"{"type":"bundle","objects":[{"type":"indicator","id":"i","pattern":"[ipv4-addr:value='9.1.2.3']"}]}"#;
    std::fs::write(inside.join("bundle.json"), bundle).unwrap();
    std::os::unix::fs::symlink("/etc/hosts", inside.join("link.txt")).unwrap();
    let first = brought(fetcher.fetch(&feed(FeedKind::Folder, "cert"), None, "").await.unwrap());
    assert_eq!(values(&first), ["9.1.2.3", "evil.example"]);
    let again = fetcher.fetch(&feed(FeedKind::Folder, "cert"), None, &first.place).await.unwrap();
    assert!(matches!(again, Fetched::Unchanged(_)));
    for outside in ["..", "../cert", "/etc", ""] {
        assert!(fetcher.fetch(&feed(FeedKind::Folder, outside), None, "").await.is_err(), "{outside}");
    }
    assert!(matches!(fetcher.fetch(&feed(FeedKind::Folder, "none"), None, "").await, Err(Error::File { .. })));
}

#[tokio::test]
async fn nothing_inside_is_asked_unless_the_settings_allow_it_not_by_a_redirect_either() {
    let (inside, heads) = serve(|_, _| ok("", "evil.example\n"));
    let folder = tempfile::tempdir().unwrap();
    let mut strict = settings(folder.path());
    strict.private_addresses = false;
    let strict = Fetcher::new(strict);
    for host in ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let feed = feed(FeedKind::List, &format!("http://{host}:{}/", inside.port()));
        let error = strict.fetch(&feed, None, "").await.unwrap_err();
        assert!(matches!(error, Error::NotPublic { .. }), "{host}: {error}");
    }
    assert!(heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn redirects_end_and_take_no_credentials_elsewhere() {
    let (other, heads) = serve(|_, _| ok("", "evil.example\n"));
    let (address, _) = serve(move |path, _| {
        let place = match path {
            "/away" => format!("http://{other}/there"),
            _ => "/round".to_owned(),
        };
        format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n").into_bytes()
    });
    let (_folder, fetcher) = fetcher();
    let away = feed(FeedKind::List, &format!("http://{address}/away"));
    assert_eq!(values(&brought(fetcher.fetch(&away, Some("token"), "").await.unwrap())), ["evil.example"]);
    assert!(!heads.lock().unwrap()[0].to_lowercase().contains("authorization"));
    let round = feed(FeedKind::List, &format!("http://{address}/round"));
    assert!(matches!(fetcher.fetch(&round, None, "").await, Err(Error::Redirect(..))));
}

#[tokio::test]
async fn too_much_too_slow_and_refused_are_told_in_words() {
    let (address, _) = serve(|path, _| match path {
        "/large" => ok("", &"evil.example\n".repeat(200_000)),
        "/slow" => {
            std::thread::sleep(std::time::Duration::from_secs(3));
            Vec::new()
        }
        _ => b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_vec(),
    });
    let folder = tempfile::tempdir().unwrap();
    let mut hasty = settings(folder.path());
    hasty.timeout = std::time::Duration::from_secs(1);
    let fetcher = Fetcher::new(hasty);
    for (path, words) in [("large", "is larger than"), ("slow", "in time"), ("closed", "refuses the credentials")] {
        let feed = feed(FeedKind::List, &format!("http://{address}/{path}"));
        let error = fetcher.fetch(&feed, None, "").await.unwrap_err().to_string();
        assert!(error.contains(words), "{path}: {error}");
    }
    let nobody = feed(FeedKind::List, "http://127.0.0.1:1/");
    assert!(matches!(fetcher.fetch(&nobody, None, "").await, Err(Error::Connect { .. })));
}
