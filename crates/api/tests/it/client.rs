//! What a browser or a program does with the router: requests, whole answers, and event streams.

use std::time::{Duration, Instant};

use api::PeerAddress;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use model::user::User;
use serde_json::Value;
use tower::ServiceExt;

/// A person who has signed in, with an API token beside.
#[derive(Clone)]
pub struct Person {
    pub user: User,
    pub cookie: String,
    pub csrf: String,
    pub token: String,
}

/// How a request proves who sends it.
#[derive(Clone, Copy)]
pub enum As<'a> {
    Nobody,
    /// The session's cookie with its CSRF token, as the console sends both.
    Session(&'a Person),
    /// The session's cookie and whatever stands for a CSRF token.
    Cookie(&'a Person, Option<&'a str>),
    Token(&'a Person),
}

/// What to send.
#[derive(Clone, Default)]
pub struct Ask {
    pub method: &'static str,
    /// Below `/api/v1`.
    pub path: String,
    pub body: Option<Value>,
    /// Bytes in place of that.
    pub bytes: Option<Vec<u8>>,
    pub headers: Vec<(&'static str, String)>,
}

impl Ask {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Ask { method, path: path.into(), ..Ask::default() }
    }

    pub fn json(self, body: Value) -> Self {
        Ask { body: Some(body), ..self }
    }

    pub fn bytes(self, bytes: Vec<u8>) -> Self {
        Ask { bytes: Some(bytes), ..self }
    }

    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub fn request(&self, sender: As<'_>) -> Request<Body> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(format!("/api/v1{}", self.path))
            .header(header::USER_AGENT, "tests")
            .extension(PeerAddress("198.51.100.20:5000".parse().unwrap()));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request = match sender {
            As::Nobody => request,
            As::Session(person) => request.header(header::COOKIE, &person.cookie).header("x-csrf-token", &person.csrf),
            As::Cookie(person, None) => request.header(header::COOKIE, &person.cookie),
            As::Cookie(person, Some(csrf)) => {
                request.header(header::COOKIE, &person.cookie).header("x-csrf-token", csrf)
            }
            As::Token(person) => request.header(header::AUTHORIZATION, format!("Bearer {}", person.token)),
        };
        match &self.body {
            Some(body) => {
                request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
            }
            None => request.body(self.bytes.clone().map_or_else(Body::empty, Body::from)).unwrap(),
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of a well-formed problem document.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["type"], "about:blank", "{self:?}");
        assert_eq!(problem["status"], self.status.as_u16(), "{self:?}");
        for field in ["title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        }
        problem["code"].as_str().unwrap().to_owned()
    }

    /// Fails unless this is the problem of this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.code().as_str()), (status, code), "{self:?}");
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub fn done(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
}

/// Sends a request and waits for the whole answer.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    Answer::of(router.clone().oneshot(request).await.unwrap()).await
}

/// One server-sent event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sent {
    pub event: String,
    pub id: String,
    pub data: String,
}

/// What a stream did within the time given.
#[derive(Debug, PartialEq)]
pub enum Heard {
    Event(Sent),
    Ended,
    Silence,
}

/// An open event stream.
pub struct EventStream {
    body: Body,
    pending: String,
    pub headers: HeaderMap,
}

impl EventStream {
    pub async fn open(router: &Router, request: Request<Body>) -> Self {
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let (parts, body) = response.into_parts();
        EventStream { body, pending: String::new(), headers: parts.headers }
    }

    /// The next event; comments are passed over.
    pub async fn next(&mut self, within: Duration) -> Heard {
        let end = Instant::now() + within;
        loop {
            while let Some((block, rest)) = self.pending.split_once("\n\n") {
                let mut sent = Sent::default();
                for line in block.lines() {
                    match line.split_once(':').unwrap_or((line, "")) {
                        ("event", value) => sent.event = value.trim().to_owned(),
                        ("id", value) => sent.id = value.trim().to_owned(),
                        ("data", value) => sent.data = value.trim().to_owned(),
                        _ => {}
                    }
                }
                self.pending = rest.to_owned();
                if sent != Sent::default() {
                    return Heard::Event(sent);
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, self.body.frame()).await {
                Err(_) => return Heard::Silence,
                Ok(None) => return Heard::Ended,
                Ok(Some(frame)) => {
                    let bytes = frame.unwrap().into_data().unwrap();
                    self.pending.push_str(std::str::from_utf8(&bytes).unwrap());
                }
            }
        }
    }

    /// The next event, which must come in time.
    pub async fn event(&mut self, within: Duration) -> Sent {
        match self.next(within).await {
            Heard::Event(sent) => sent,
            other => panic!("{other:?} instead of an event within {within:?}"),
        }
    }
}
