//! A private PostgreSQL server, shared by all test processes that run at the same time and stopped when none is left.
//!
//! Each test gets a database of its own, owned by a role that is no superuser: what a superuser may do proves nothing
//! about row-level security.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Who owns the test databases.
const OWNER: &str = "vedette_owner";

/// A database of one test.
pub struct Database {
    pub url: String,
    pub superuser_url: String,
}

/// Makes an empty database, starting the server if need be.
pub async fn database() -> Database {
    static SERVER: OnceLock<(PathBuf, File)> = OnceLock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = SERVER.get_or_init(server).0.display().to_string();
    let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let url = |user: &str, name: &str| format!("postgres://{user}@localhost/{name}?host={folder}");
    let mut admin = PgConnection::connect(&url("postgres", "postgres")).await.expect("the private server answers");
    for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name} OWNER {OWNER}")] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut admin).await.expect("a database can be made");
    }
    Database { url: url(OWNER, &name), superuser_url: url("postgres", &name) }
}

/// The URL of a new database for a user who may do nothing in it, and nothing on the server.
pub async fn database_of_a_stranger() -> String {
    let database = database().await;
    let mut admin = PgConnection::connect(&database.superuser_url).await.expect("the private server answers");
    let stranger = format!("stranger_{}", std::process::id());
    for statement in [format!("DROP ROLE IF EXISTS {stranger}"), format!("CREATE ROLE {stranger} LOGIN")] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut admin).await.expect("a role can be made");
    }
    database.url.replacen(OWNER, &stranger, 1)
}

/// The server's folder, and a shared lock that keeps it running while this process lives.
fn server() -> (PathBuf, File) {
    let programs = programs();
    let me = std::fs::metadata("/proc/self").expect("/proc is there").uid();
    let user = if me == 0 { service_user() } else { None };
    let owner = user.as_ref().map_or(me, |(_, id)| *id);
    let folder = std::env::temp_dir().join(format!("vedette-store-tests-{owner}"));
    std::fs::create_dir_all(&folder).expect("a folder for the server");
    if let Some((_, id)) = user {
        std::os::unix::fs::chown(&folder, Some(id), None).expect("root may give a folder away");
    }
    let open = |name: &str| {
        File::options().create(true).append(true).open(folder.join(name)).expect("a lock file can be made")
    };
    let using = open("users.lock");
    using.lock_shared().expect("a shared lock");
    let starting = open("start.lock");
    starting.lock().expect("an exclusive lock");
    if UnixStream::connect(folder.join(".s.PGSQL.5432")).is_err() {
        start(&programs, &folder, user.as_ref().map(|(name, _)| name.as_str()));
    }
    (folder, using)
}

fn start(programs: &Path, folder: &Path, user: Option<&str>) {
    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data).expect("a stopped server's data can be removed");
    }
    let program = |name: &str| match user {
        None => Command::new(programs.join(name)),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", user, "--init-groups", "--"]).arg(programs.join(name));
            command
        }
    };
    run(program("initdb").arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]));
    let options = format!(
        "-c listen_addresses='' -c unix_socket_directories={} -c fsync=off -c synchronous_commit=off \
         -c full_page_writes=off -c max_connections=200 -c shared_buffers=32MB",
        folder.display()
    );
    run(program("pg_ctl")
        .arg("-D")
        .arg(&data)
        .arg("-l")
        .arg(folder.join("server.log"))
        .args(["-w", "-o", &options, "start"]));
    run(program("psql")
        .arg("-h")
        .arg(folder)
        .args(["-U", "postgres", "-qc"])
        .arg(format!("CREATE ROLE {OWNER} LOGIN CREATEROLE")));
    let watch = format!(
        "cd / && while sleep 5; do flock -x -n '{folder}/users.lock' '{stop}' -D '{data}' -m immediate stop && exit; done",
        folder = folder.display(),
        stop = programs.join("pg_ctl").display(),
        data = data.display()
    );
    let mut watcher = Command::new("setsid");
    watcher.arg("--fork");
    if let Some(user) = user {
        watcher.args(["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"]);
    }
    run(watcher.args(["sh", "-c", &watch]));
}

fn run(command: &mut Command) {
    let done = command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(done.as_ref().is_ok_and(|status| status.success()), "{command:?}: {done:?}");
}

/// Where the newest installed server's programs are.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).collect();
    found.sort_by_key(|bin| bin.parent().and_then(Path::file_name)?.to_str()?.parse::<u32>().ok());
    found.pop().expect("these tests need a PostgreSQL server: install the package `postgresql`")
}

/// PostgreSQL refuses to run as root: the user its package made, and its number.
fn service_user() -> Option<(String, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd is there");
    ["postgres", "nobody"].into_iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        Some((name.to_owned(), line.split(':').nth(2)?.parse().ok()?))
    })
}
