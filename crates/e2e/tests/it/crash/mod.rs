//! Kills, power cuts and faults of the disk under load from real senders: what was acknowledged is there once, and every
//! alert counts right.
//!
//! The server's files stand on a disk that forgets what was not synced ([`disk`]). A run is a number of lives, each
//! planned from the seed ([`plan`]): ended at a call of a kind or at a moment, with errors, a full disk or changed rules
//! in between, and with everything, nothing or some of the unsynced left afterwards. Then the judge compares.
//!
//! Ten lives in every run of the tests; `CRASH_KILLS=200` for so many, `CRASH_SEED` to begin with what an earlier run
//! printed; `CRASH_SECONDS` begins no life after so long,
//! `CRASH_KEEP` leaves the folder of a run that failed. `cargo xtask crash` sets the first two.

mod chance;
mod disk;
mod judge;
mod ledger;
mod lies;
mod plan;
mod probe;
mod senders;

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::server::{Place, Server};
use chance::Chance;
use disk::{Disk, Loss};
use judge::{RULE, Verdict};
use plan::Life;
use senders::{Account, Senders};

const KILLS: u64 = 10;
/// The last stop may take so many tries.
const STOPS: u32 = 40;

/// A server on the forgetful disk.
struct World {
    disk: Disk,
    place: Place,
    rules: PathBuf,
    http: String,
    tcp: String,
    chance: Chance,
    /// How lives ended and what else went wrong, with how often.
    seen: BTreeMap<String, u32>,
    python: PathBuf,
    folder: tempfile::TempDir,
}

/// An address that is free now and stays so: senders go on with it from life to life.
fn address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl World {
    fn new(python: PathBuf, seed: u64) -> World {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        let (rules, http, tcp) = (folder.path().join("rules"), address(), address());
        fs::create_dir(&rules).unwrap();
        let rule = |id: &str, user: &str| {
            format!(
                "title: Crash {user}\nid: {id}\nlevel: low\nlogsource: {{product: linux, service: sshd}}\ndetection:\n  \
                 selection: {{event_action: logon-failed, user_name|startswith: {user}}}\n  condition: selection\n"
            )
        };
        fs::write(rules.join("alarm.yml"), rule(RULE, "alarm")).unwrap();
        let settings = format!(
            "[data]\nfolder = {:?}\ndisk_reserve_mib = 1\n[console]\nlisten = \"127.0.0.1:0\"\n[ingest]\n\
             http_listen = {http:?}\nsyslog_udp_listen = \"\"\nsyslog_tcp_listen = {tcp:?}\ndevice_ports = \"\"\n\
             log_file_mib = 16\n[metrics]\nlisten = \"\"\n[detection]\nembedded_rules = false\nrule_folders = [{:?}]\n\
             [lake]\nflush_rows = 400\nflush_seconds = 1\nupkeep_seconds = 1\nupkeep_share = 1.0\n",
            disk.root().join("data"),
            rules,
        );
        let place = Place::of(disk.root(), &settings, disk.environment());
        let mut world =
            World { disk, place, rules, http, tcp, chance: Chance::new(seed), seen: BTreeMap::new(), python, folder };
        world.cut(Loss::Nothing);
        world
    }

    /// An administrator, a power cut, two customers with a device each, and another one.
    async fn set_up(&mut self) -> Vec<Account> {
        self.place.add_user();
        self.cut(Loss::All);
        let server = self.place.start();
        let client = server.sign_in().await;
        let mut accounts = Vec::new();
        for name in ["Alpha Works", "Beta Works"] {
            let (customer, device, token) = client.device_of(name).await;
            accounts.push(Account { customer, device, token });
        }
        server.kill();
        self.cut(Loss::All);
        accounts
    }

    fn cut(&mut self, loss: Loss) {
        self.disk.cut(loss, &mut self.chance);
    }

    fn senders(&self, accounts: &[Account]) -> Senders {
        Senders::start(self.folder.path(), Some(&self.python), &self.http, &self.tcp, accounts)
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.seen.entry(what.into()).or_default() += 1;
    }

    async fn live(&mut self, life: Life, number: u64) {
        self.disk.faults(&life.faults);
        let started = tokio::task::block_in_place(|| self.place.try_start());
        match started {
            Ok(server) => self.run(server, &life, number).await,
            // Ended while it read its log, or told an error of the disk.
            Err(said) => {
                let fired = self.tell_fired();
                assert!(fired > 0, "life {number}: the server did not start:\n{said}");
                self.count("ended while starting");
            }
        }
        self.disk.faults("");
        self.count(format!("left of what was not synced: {:?}", life.loss));
        self.cut(life.loss);
    }

    async fn run(&mut self, mut server: Server, life: &Life, number: u64) {
        let begun = Instant::now();
        let (mut trouble, mut reload) = (life.trouble.clone(), life.reload);
        while begun.elapsed() < life.lasts && !server.has_ended() {
            if let Some((name, lines, lasts)) = trouble.take_if(|_| begun.elapsed() > life.lasts / 4) {
                self.count(name);
                self.disk.faults(&lines);
                tokio::time::sleep(lasts).await;
                self.disk.faults("");
            }
            if reload && begun.elapsed() > life.lasts / 8 {
                reload = false;
                self.count("rules changed and read again");
                let more = self.rules.join("more.yml");
                let text = fs::read_to_string(self.rules.join("alarm.yml")).unwrap();
                let other = text.replace(RULE, "88888888-1111-4111-8111-111111111111").replace("alarm", "nobody");
                match more.exists() {
                    true => fs::remove_file(more).unwrap(),
                    false => fs::write(more, other).unwrap(),
                }
                if !server.has_ended() {
                    server.signal("HUP");
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (by_itself, complaints) = (server.has_ended(), server.complaints.clone());
        server.kill();
        let fired = self.tell_fired();
        let said = || complaints.lock().unwrap().join("\n");
        assert!(!by_itself || fired > 0, "life {number}: the server ended by itself:\n{}", said());
        if !by_itself {
            self.count("killed from outside");
        }
    }

    /// Counts what the disk did; gives how much that was.
    fn tell_fired(&mut self) -> usize {
        let fired = self.disk.fired();
        let mut places: Vec<String> = fired.iter().map(|line| plan::place(line)).collect();
        places.dedup();
        places.iter().for_each(|place| self.count(place.clone()));
        fired.len()
    }

    /// A last life without faults: senders bring their last batches home, everything is written, the judge compares.
    async fn end(self, senders: Senders) -> Result<Verdict, String> {
        self.disk.faults("");
        let mut senders = Some(senders);
        for tries in 1.. {
            let server = tokio::task::block_in_place(|| self.place.try_start())
                .map_err(|said| format!("the server did not start again:\n{said}"))?;
            if let Some(senders) = senders.take() {
                senders.finish().await;
                // What rsyslog sent last is still on its way through the listener.
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            let complaints = server.complaints.clone();
            if tokio::task::block_in_place(|| server.stop()) {
                break;
            }
            // On a busy machine a stop may be broken off; the next start goes on with what is left.
            if tries == STOPS {
                return Err(format!("the drain at the end failed: {}", complaints.lock().unwrap().join("\n")));
            }
        }
        let files = self.place.vedette(&["lake", "files"], "");
        if !files.status.success() {
            return Err(format!("no list of files: {}", String::from_utf8_lossy(&files.stderr)));
        }
        let verified = self.place.vedette(&["lake", "verify"], "");
        let store = self.place.data().join("vedette.db");
        let mut verdict = judge::judge(&self.python, &files.stdout, &store, &self.folder.path().join("ledgers"))?;
        if !verified.status.success() {
            let told = String::from_utf8_lossy(&verified.stdout).into_owned();
            verdict.faults.entry("the lake's own check").or_default().push(told);
        }
        if !verdict.faults.is_empty() && std::env::var_os("CRASH_KEEP").is_some() {
            println!("everything of this run stays in {}", self.folder.keep().display());
        }
        Ok(verdict)
    }
}

/// A Python with what the judge needs; nothing where it is not installed.
fn python() -> Option<PathBuf> {
    let python = judge::python();
    if python.is_none() {
        assert_ne!(std::env::var("REQUIRE_SENDERS").as_deref(), Ok("1"), "no Python with duckdb and elasticsearch");
        println!("skipped: there is no Python with duckdb and elasticsearch");
    }
    python
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn kills_power_cuts_and_faults_under_real_senders_lose_nothing_acknowledged_and_double_nothing() {
    let Some(python) = python() else { return };
    let (asked, seed) = (setting("CRASH_KILLS"), setting("CRASH_SEED").unwrap_or(1));
    // The everyday run is short.
    let (kills, longest) = asked.map_or((KILLS, Duration::from_secs(2)), |asked| (asked, Duration::from_secs(5)));
    let (begun, most) = (Instant::now(), setting("CRASH_SECONDS"));
    println!("CRASH_KILLS={kills} CRASH_SEED={seed}");
    let mut world = World::new(python, seed);
    let accounts = world.set_up().await;
    let senders = world.senders(&accounts);
    let missing = senders.missing.clone();
    let mut lives = 0;
    for number in 1..=kills {
        if most.is_some_and(|most| begun.elapsed().as_secs() > most) {
            break;
        }
        lives = number;
        let mut chance = Chance::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let life = Life::new(&mut chance, longest);
        world.live(life, number).await;
        if number.is_multiple_of(10) {
            println!("{number} lives, {} s", begun.elapsed().as_secs());
        }
    }
    let seen = world.seen.clone();
    let verdict = world.end(senders).await.unwrap_or_else(|why| panic!("{why}"));
    println!("{lives} kills from seed {seed} in {} s:", begun.elapsed().as_secs());
    seen.iter().for_each(|(what, count)| println!("  {count:4} {what}"));
    missing.iter().for_each(|what| println!("  without {what}: not installed"));
    println!("{}", verdict.told());
    assert!(verdict.acknowledged as u64 > 100 * lives, "the load was too light to prove anything");
    assert!(verdict.faults.is_empty(), "{}", verdict.told());
}
