//! Senders people really run, against all listeners: rsyslog, syslog-ng, logger(1), Fluentd's and GELF's clients.

#[test]
fn what_real_senders_send_is_stored_once_and_without_its_token() {
    crate::python::run("senders.py");
}
