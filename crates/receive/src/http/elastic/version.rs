//! Which version we say we are. Beats refuse a server older than themselves and clients one of another major version,
//! so the answer is as new as whoever asks.

use axum::http::{HeaderMap, header};
use serde_json::{Value, json};

/// What we say to whoever names no version: the last of the major version that most installed shippers are of.
const DEFAULT: (u32, u32, u32) = (8, 19, 0);

/// The answer to `GET /`.
pub(super) fn root(headers: &HeaderMap) -> Value {
    let (major, minor, patch) = version(headers);
    json!({
        "name": "vedette",
        "cluster_name": "vedette",
        "cluster_uuid": "vedette-ingest-0000000",
        "version": {
            "number": format!("{major}.{minor}.{patch}"),
            "build_flavor": "default",
            "build_type": "tar",
            "build_hash": "0000000000000000000000000000000000000000",
            "build_date": "2025-01-01T00:00:00.000000000Z",
            "build_snapshot": false,
            "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0"
        },
        "tagline": "You Know, for Search"
    })
}

fn version(headers: &HeaderMap) -> (u32, u32, u32) {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent = text(header::USER_AGENT);
    // "Elastic-filebeat/9.1.2 (linux; ...)", "elasticsearch-py/9.0.0 (Python/3.13 ...)"
    let named = agent.split_once('/').filter(|(name, _)| name.to_ascii_lowercase().starts_with("elastic"));
    let named = named.and_then(|(_, rest)| number(rest.split([' ', '(', '-', '+']).next()?));
    let compatible = [text(header::ACCEPT), text(header::CONTENT_TYPE)].into_iter().find_map(compatible_with);
    let compatible = compatible.map(|major| (major, 0, 0));
    DEFAULT.max(named.unwrap_or(DEFAULT)).max(compatible.unwrap_or(DEFAULT))
}

/// The major version a media type such as `application/vnd.elasticsearch+json; compatible-with=9` asks for.
pub(super) fn compatible_with(media: &str) -> Option<u32> {
    let (_, rest) = media.split_once("compatible-with=")?;
    rest.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}

fn number(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(agent: &str, accept: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, agent.parse().unwrap());
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        root(&headers)["version"]["number"].as_str().unwrap().to_owned()
    }

    #[test]
    fn nobody_finds_us_older_than_themselves() {
        assert_eq!(told("Fluent-Bit", "*/*"), "8.19.0");
        assert_eq!(told("Elastic-Filebeat/8.12.1 (linux; amd64)", "application/json"), "8.19.0");
        assert_eq!(told("Elastic-Filebeat/9.2.1 (linux; amd64)", "application/json"), "9.2.1");
        assert_eq!(told("Elastic-Winlogbeat/9.3.0-SNAPSHOT (windows)", "application/json"), "9.3.0");
        assert_eq!(told("python", "application/vnd.elasticsearch+json; compatible-with=9"), "9.0.0");
        assert_eq!(told("elasticsearch-py/7.17.9 (Python 3.13)", "application/json"), "8.19.0");
    }
}
