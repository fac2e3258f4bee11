//! One embedded file as an answer: its type, how long it may be kept, and whether the browser has it already.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use include_dir::File;
use sha2::{Digest, Sha256};

/// A hashed name never means other content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// The answer for `file`; 304 where the browser's copy is the same.
pub fn serve(file: &'static File<'static>, request: &Request) -> Response {
    let path = file.path().to_str().unwrap_or_default();
    let tag = etag(file.contents());
    let mut response = if is_known(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(file.contents()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        response
    };
    let keep = if path.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response.headers_mut().insert(header::ETAG, HeaderValue::from_str(&tag).expect("hexadecimal in quotes"));
    response
}

/// Whether a path asks for a file rather than for a page: assets, well-known places, and names with an extension that
/// the application's own addresses never have.
pub fn looks_like_file(path: &str) -> bool {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    path.starts_with("assets/")
        || path.starts_with(".well-known/")
        || extension.is_some_and(|it| known_type(it).is_some())
}

fn etag(contents: &[u8]) -> String {
    let digest = Sha256::digest(contents);
    let text: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{text}\"")
}

fn is_known(request: &Request, tag: &str) -> bool {
    let sent = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    sent.is_some_and(|sent| {
        sent.split(',').any(|one| matches!(one.trim(), "*") || one.trim().trim_start_matches("W/") == tag)
    })
}

fn content_type(path: &str) -> &'static str {
    path.rsplit_once('.').and_then(|(_, extension)| known_type(extension)).unwrap_or("application/octet-stream")
}

fn known_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pages_are_not_taken_for_files() {
        assert!(looks_like_file("assets/gone-ABC.js"));
        assert!(looks_like_file("favicon.ico"));
        assert!(!looks_like_file("incidents/inc_01"));
        assert!(!looks_like_file("rules/win.security.logon"));
        assert!(!looks_like_file(""));
    }
}
