//! System packages: installed on Debian as root, named otherwise.

use std::path::Path;
use std::process::Command;

use crate::run::{Failure, run, target_folder};

/// A Debian package and what shows that it, or its like, is there already.
pub struct Package {
    name: &'static str,
    present: fn() -> bool,
}

/// What the tests start for real.
pub const FOR_TESTS: &[Package] = &[
    Package { name: "postgresql", present: || first_in("/usr/lib/postgresql", "bin/initdb") },
    Package { name: "curl", present: || Path::new("/usr/bin/curl").exists() },
    Package { name: "gcc", present: || Path::new("/usr/bin/cc").exists() },
    Package { name: "python3-venv", present: has_venv },
    Package { name: "chromium", present: || Path::new("/usr/bin/chromium").exists() },
    Package { name: "rsyslog", present: || is_program("rsyslogd") },
    Package { name: "rsyslog-openssl", present: || first_in("/usr/lib", "rsyslog/lmnsd_ossl.so") },
    Package { name: "nats-server", present: || is_program("nats-server") },
    Package { name: "fonts-noto-cjk", present: || Path::new("/usr/share/fonts/opentype/noto").is_dir() },
];

/// Installs what is missing.
pub fn install(packages: &[Package]) -> Result<(), Failure> {
    let missing: Vec<&str> =
        packages.iter().filter(|package| !(package.present)()).map(|package| package.name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(Failure(format!("the tests need these Debian packages or their like: {list}")));
    }
    // The lists may be stale or absent; a failed update shows itself in the install.
    let _ = run(Command::new("apt-get").args(["update", "-qq"]));
    let install = ["install", "-y", "-qq", "--no-install-recommends"];
    run(Command::new("apt-get").args(install).args(&missing).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Clients of our listeners, and a TAXII server that feeds are fetched from, from PyPI.
const CLIENTS: &[&str] = &[
    "elasticsearch>=9,<10",
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp",
    "fluent-logger",
    "pygelf",
    "graypy",
    "duckdb",
    "medallion>=3,<4",
];
/// Older ones of which only one version can be installed beside each other.
const OLDER: &[(&str, &str)] =
    &[("elasticsearch-7", "elasticsearch>=7,<8"), ("elasticsearch-8", "elasticsearch>=8,<9")];

/// Puts the clients into target/senders, once; whether they are there. Where they are not their tests say that they are
/// skipped.
pub fn install_clients() -> Result<bool, Failure> {
    let folder = target_folder()?.join("senders");
    let done = folder.join("installed");
    let wanted = format!("{CLIENTS:?} {OLDER:?}");
    if std::fs::read_to_string(&done).is_ok_and(|found| found == wanted) {
        return Ok(true);
    }
    let pip = || {
        let mut pip = Command::new(folder.join("bin/python3"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip
    };
    let install = || {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(pip().args(CLIENTS))?;
        for (name, package) in OLDER {
            run(pip().arg("--target").arg(folder.join(name)).arg(package))?;
        }
        std::fs::write(&done, &wanted).map_err(|error| Failure(format!("cannot write {}: {error}", done.display())))
    };
    if let Err(Failure(why)) = install() {
        eprintln!("clients from PyPI are not installed: {why}");
        return Ok(false);
    }
    Ok(true)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Services stand where only root looks.
fn is_program(name: &str) -> bool {
    ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]
        .iter()
        .any(|folder| Path::new(folder).join(name).exists())
}

fn has_venv() -> bool {
    Command::new("python3").args(["-c", "import ensurepip"]).output().is_ok_and(|output| output.status.success())
}

fn first_in(folder: &str, file: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().join(file).exists())
}
