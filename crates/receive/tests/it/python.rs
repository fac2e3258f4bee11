//! Runs a script of real clients against the receiver; both scripts are run in the same way.

use std::path::PathBuf;
use std::process::Command;

/// Runs `tests/senders/<script>` with the clients `cargo xtask test` installs, or with whatever is there.
/// REQUIRE_SENDERS=1 makes a missing one a failure.
pub fn run(script: &str) {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/senders").join(script);
    // Tests and examples are built side by side: target/debug/deps/it-..., target/debug/examples/receive.
    let here = std::env::current_exe().unwrap();
    let receiver = here.ancestors().nth(2).unwrap().join("examples/receive");
    let clients = here.ancestors().nth(3).unwrap().join("senders");
    let python = clients.join("bin/python3");
    let python = if python.exists() { python } else { PathBuf::from("python3") };
    let mut command = Command::new(python);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    for version in ["7", "8"] {
        let folder = clients.join(format!("elasticsearch-{version}"));
        if folder.exists() {
            command.env(format!("SENDERS_ELASTICSEARCH_{version}"), folder);
        }
    }
    let Ok(run) = command.arg(&script).arg(&receiver).output() else {
        assert_ne!(std::env::var("REQUIRE_SENDERS").as_deref(), Ok("1"), "python3 is not installed");
        return println!("skipped: python3 is not installed");
    };
    let said = String::from_utf8_lossy(&run.stdout);
    println!("{said}");
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
}
