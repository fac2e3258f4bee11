//! What shippers ask and arrange before they write. We have no indices, templates, policies or pipelines to manage:
//! everything a shipper would install is said to be there, so that it goes on to writing, and what it installs all the
//! same is taken note of and nothing more.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{Asked, no_sender};
use super::version;
use crate::http::Door;

/// The answer to a request of the management API; nothing where it is none. The path decides, and for names of indices
/// that the client is one of Elasticsearch's.
pub(in crate::http) async fn manage(door: &Door, request: Request) -> Option<Response> {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path().trim_matches('/').to_owned();
    let segments: Vec<&str> = path.split('/').collect();
    let known = known(&parts.method, &segments, || version::root(&parts.headers));
    let asked = Asked::new(&parts);
    let answer = known?;
    Some(match door.sender(&parts) {
        Ok(_) => asked.answer(StatusCode::OK, answer),
        Err(why) => no_sender(&asked, why),
    })
}

fn known(method: &Method, path: &[&str], root: impl FnOnce() -> Value) -> Option<Value> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let name = path.get(1).or(path.get(2)).copied().unwrap_or_default();
    let acknowledged = json!({"acknowledged": true});
    Some(match (path, reads) {
        (["_license"] | ["_xpack", "license"], true) => json!({"license": {
            "status": "active", "uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "mode": "basic",
            "issue_date": "2020-01-01T00:00:00.000Z", "issue_date_in_millis": 1_577_836_800_000_u64,
            "max_nodes": 1000, "issued_to": "vedette", "issuer": "vedette", "start_date_in_millis": -1
        }}),
        (["_xpack", ..], true) => json!({
            "build": {"hash": "0", "date": "2025-01-01T00:00:00.000Z"},
            "license": {"status": "active", "type": "basic", "mode": "basic"},
            "features": {
                "ilm": {"available": false, "enabled": false}, "security": {"available": true, "enabled": true}
            },
            "tagline": "You know, for X"
        }),
        (["_cluster", "health", ..], true) => json!({
            "cluster_name": "vedette", "status": "green", "timed_out": false, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0,
            "initializing_shards": 0, "unassigned_shards": 0, "active_shards_percent_as_number": 100.0
        }),
        (["_cluster", "settings"], true) => json!({"persistent": {}, "transient": {}}),
        // No address: a client that sniffs stays with the one it was given.
        (["_nodes", ..], true) => {
            let version = root()["version"]["number"].clone();
            json!({"_nodes": {"total": 1, "successful": 1, "failed": 0}, "cluster_name": "vedette",
                "nodes": {"vedette": {"name": "vedette", "version": version, "roles": ["ingest"]}}})
        }
        (["_cat", ..], true) => json!([]),
        (["_index_template", ..], true) => json!({"index_templates": [
            {"name": name, "index_template": {"index_patterns": [format!("{name}*")], "composed_of": []}}
        ]}),
        (["_component_template", ..], true) => {
            json!({"component_templates": [{"name": name, "component_template": {"template": {}}}]})
        }
        (["_template", ..], true) => json!({name: {"order": 0, "index_patterns": [format!("{name}*")]}}),
        (["_ilm", "policy", name], true) => json!({*name: {"version": 1, "policy": {"phases": {}}}}),
        (["_ilm", ..], true) => json!({"operation_mode": "RUNNING"}),
        (["_ingest", "pipeline", name], true) => json!({*name: {"processors": []}}),
        (["_ingest", ..], true) => json!({}),
        (["_data_stream", ..], true) => json!({"data_streams": [{
            "name": name, "timestamp_field": {"name": "@timestamp"}, "generation": 1, "status": "GREEN"
        }]}),
        (["_alias", name] | [_, "_alias", name], true) => json!({*name: {"aliases": {*name: {}}}}),
        (["_security", "_authenticate"], true) => json!({"username": "device", "roles": ["ingest"], "enabled": true}),
        (["_security", "user", "_has_privileges"], _) => json!({"username": "device", "has_all_requested": true}),
        (["_refresh" | "_flush"] | [_, "_refresh" | "_flush"], _) => {
            json!({"_shards": {"total": 1, "successful": 1, "failed": 0}})
        }
        (
            [
                "_index_template"
                | "_component_template"
                | "_template"
                | "_ilm"
                | "_ingest"
                | "_data_stream"
                | "_alias"
                | "_aliases",
                ..,
            ]
            | [_, "_alias" | "_settings" | "_mapping", ..],
            false,
        ) => acknowledged,
        // An index: there is one of every name.
        ([index], true) if *method == Method::HEAD && is_index(index) => json!({}),
        ([index], false) if *method == Method::PUT && is_index(index) => {
            json!({"acknowledged": true, "shards_acknowledged": true, "index": index})
        }
        _ => return None,
    })
}

fn is_index(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('_')
}
