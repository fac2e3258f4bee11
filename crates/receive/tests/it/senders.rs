//! Senders people really run, against all listeners: rsyslog, syslog-ng, logger(1), Fluentd's and GELF's clients.

use std::path::PathBuf;
use std::process::Command;

/// Sends with whatever is installed; REQUIRE_SENDERS=1 makes a missing one a failure.
#[test]
fn what_real_senders_send_is_stored_once_and_without_its_token() {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/senders/senders.py");
    // Examples are built beside the tests: target/debug/deps/it-..., target/debug/examples/receive.
    let here = std::env::current_exe().unwrap();
    let receiver = here.parent().unwrap().parent().unwrap().join("examples/receive");
    let Ok(run) = Command::new("python3").arg(&script).arg(&receiver).output() else {
        assert_ne!(std::env::var("REQUIRE_SENDERS").as_deref(), Ok("1"), "python3 is not installed");
        return println!("skipped: python3 is not installed");
    };
    let said = String::from_utf8_lossy(&run.stdout);
    println!("{said}");
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
}
