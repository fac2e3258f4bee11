//! The console as a browser asks for it.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

async fn ask(method: &str, path: &str, known: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(tag) = known {
        request = request.header(header::IF_NONE_MATCH, tag);
    }
    let response = console::router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get(path: &str) -> Answer {
    ask("GET", path, None).await
}

/// The script named in the page.
async fn script() -> String {
    let page = get("/").await.body;
    let (_, rest) = page.split_once("src=\"").expect("the page names its script");
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn every_address_of_the_application_gets_its_page() {
    for path in ["/", "/incidents/inc_01", "/rules/win.security.logon", "/events?q=a.js"] {
        let answer = get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
        assert!(answer.body.contains("<div id=\"app\">"), "{path}");
    }
}

#[tokio::test]
async fn hashed_files_may_be_kept_for_ever_and_are_not_sent_twice() {
    let path = script().await;
    let first = get(&path).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    assert_eq!(first.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    let tag = first.headers[header::ETAG].to_str().unwrap();
    let second = ask("GET", &path, Some(tag)).await;
    assert_eq!((second.status, second.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn a_missing_file_is_not_answered_with_the_page() {
    for path in [
        "/assets/gone-00000000.js",
        "/favicon.ico",
        "/.well-known/security.txt",
        "/../Cargo.toml",
        "/assets/../../x.css",
    ] {
        let answer = get(path).await;
        assert!(answer.status == StatusCode::NOT_FOUND || answer.body.contains("<div id=\"app\">"), "{path}");
        assert!(!answer.body.contains("[package]"), "{path}");
    }
    assert_eq!(get("/assets/gone-00000000.js").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_inline_and_nothing_foreign_may_run() {
    let answer = get("/").await;
    let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(answer.headers[header::X_FRAME_OPTIONS], "DENY");
    let inline = answer.body.matches("<script").count() - answer.body.matches("src=\"/assets/").count();
    assert_eq!(inline, 0, "every script of the page is a file");
    assert!(!answer.body.contains("<style") && !answer.body.contains("style="));
}

#[tokio::test]
async fn only_reading_is_allowed() {
    assert_eq!(ask("POST", "/", None).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(ask("HEAD", "/", None).await.status, StatusCode::OK);
}
