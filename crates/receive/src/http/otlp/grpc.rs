//! `opentelemetry.proto.collector.logs.v1.LogsService/Export`: one message in, one out, status in the trailers. So
//! little of gRPC that HTTP/2 and five bytes of framing are all it takes.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http_body_util::{BodyExt, Full};

use super::record::Rejected;
use super::status::{self, Code, Status};
use super::{proto, store};
use crate::http::{Door, work};
use crate::stats::{Protocol, Rejection};

/// The path of the method.
pub(super) const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// Compressed or not (u8), length (u32, big endian).
const FRAME: usize = 5;

pub(in crate::http) fn is_grpc(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    matches!(media.split(';').next().unwrap_or_default().trim(), "application/grpc" | "application/grpc+proto")
}

/// Whatever else is called: traces and metrics, mostly.
pub(in crate::http) fn no_such_method() -> Response {
    failure(&Status::new(Code::Unimplemented, "only logs are taken: LogsService/Export"))
}

pub(super) async fn export(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let door = door.labelled(Protocol::OtlpGrpc);
    if !is_grpc(&parts.headers) {
        door.intake.refused(Rejection::Malformed, 1);
        let mut response = Response::new(Body::from("send application/grpc\n"));
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    match taken(&door, &parts, body).await {
        Ok(rejected) => success(rejected.as_ref()),
        Err(status) => failure(&status),
    }
}

async fn taken(door: &Door, parts: &Parts, body: Body) -> Result<Option<Rejected>, Status> {
    let sender = door.sender(parts)?;
    let mut taken = door.body_as_sent(&sender, body).await?;
    let compressed = match taken.bytes.first_chunk::<FRAME>() {
        Some([flag, length @ ..]) if taken.bytes.len() - FRAME == u32::from_be_bytes(*length) as usize => *flag != 0,
        _ => {
            door.intake.refused(Rejection::Malformed, 1);
            return Err(Status::invalid("the body is not one message of the length it says"));
        }
    };
    taken.bytes.drain(..FRAME);
    if compressed {
        let encoding = parts.headers.get("grpc-encoding").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !matches!(encoding, "gzip" | "deflate" | "zstd" | "identity") {
            door.intake.refused(Rejection::Malformed, 1);
            return Err(Status::new(Code::Unimplemented, "this compression is not known: use gzip"));
        }
        taken = door.decompressed(taken, encoding.to_owned()).await?;
    }
    let (size, max) = (taken.bytes.len(), door.limits.max_body * 2);
    let (logs, taken) = work(size, move || (proto::read(&taken.bytes, max), taken)).await;
    let rejected = store(door, &sender, parts, logs).await;
    drop(taken);
    rejected
}

fn headed(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-accept-encoding", HeaderValue::from_static("gzip, deflate, zstd, identity"));
    response
}

fn success(rejected: Option<&Rejected>) -> Response {
    let message = status::response(rejected);
    let mut frame = vec![0];
    frame.extend_from_slice(&(message.len() as u32).to_be_bytes());
    frame.extend_from_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from(frame)).with_trailers(std::future::ready(Some(Ok(trailers))));
    headed(Body::new(body))
}

/// Without a message the trailers are the headers.
fn failure(status: &Status) -> Response {
    let mut response = headed(Body::empty());
    let headers = response.headers_mut();
    headers.insert("grpc-status", (status.code as u8 as u16).into());
    if let Ok(message) = HeaderValue::from_str(&percent_encoded(&status.message)) {
        headers.insert("grpc-message", message);
    }
    if let Ok(details) = HeaderValue::from_str(&STANDARD_NO_PAD.encode(status.encode())) {
        headers.insert("grpc-status-details-bin", details);
    }
    response
}

fn percent_encoded(message: &str) -> String {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'%';
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    message.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_status_are_plain_ascii() {
        assert_eq!(percent_encoded("100% 中\n"), "100%25 %E4%B8%AD%0A");
    }
}
