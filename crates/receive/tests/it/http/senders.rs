//! Clients people really run: Elasticsearch's, OpenTelemetry's, curl.

#[test]
fn what_real_http_clients_send_is_stored_once_and_errors_are_understood() {
    crate::python::run("over_http.py");
}
