//! The senders under whose load the server is killed. They come again until they are acknowledged, as shippers do, and
//! write down what they know in their ledgers. The Elasticsearch client and rsyslog are the real ones.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::ledger::{Ledger, line};

const BULK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/senders/bulk.py");
/// An answer that takes longer counts as none.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between tries, and between batches: the load is meant to last, not to be a record.
const PAUSE: Duration = Duration::from_millis(150);
/// A sender that is told to stop still brings its last batch home.
const LAST: Duration = Duration::from_secs(20);

/// Whose events a sender sends.
#[derive(Clone)]
pub struct Account {
    pub customer: String,
    pub device: String,
    pub token: String,
}

/// Everybody who sends.
pub struct Senders {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
    programs: Vec<Child>,
    stop_file: PathBuf,
    /// Real programs that could not take part.
    pub missing: Vec<&'static str>,
}

/// One sender of ours.
#[derive(Clone)]
struct Sender {
    name: String,
    account: Account,
    http: String,
    tcp: String,
    stop: Arc<AtomicBool>,
}

impl Senders {
    /// Starts them; `http` and `tcp` stay where the server listens in all its lives.
    pub fn start(folder: &Path, python: Option<&Path>, http: &str, tcp: &str, accounts: &[Account]) -> Senders {
        let ledgers = folder.join("ledgers");
        fs::create_dir_all(&ledgers).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stop_file = folder.join("stop");
        let (mut tasks, mut programs, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for (place, account) in accounts.iter().enumerate() {
            let sender = |name: &str| Sender {
                name: format!("{name}{place}"),
                account: account.clone(),
                http: http.to_owned(),
                tcp: tcp.to_owned(),
                stop: stop.clone(),
            };
            let book = |sender: &Sender, kind: &str| {
                Ledger::begin(&ledgers, &sender.name, kind, &account.customer, &account.device)
            };
            let (keyed, hec, beats) = (sender("ndjson"), sender("hec"), sender("beats"));
            let (of_keyed, of_hec, of_beats) = (book(&keyed, "keyed"), book(&hec, "acked"), book(&beats, "acked"));
            tasks.push(tokio::spawn(async move { keyed.ndjson(of_keyed).await }));
            tasks.push(tokio::spawn(async move { hec.hec(of_hec).await }));
            tasks.push(tokio::spawn(async move { beats.lumberjack(of_beats).await }));
            match python {
                Some(python) => programs.push(
                    Command::new(python)
                        .arg(BULK)
                        .args([&format!("http://{http}"), &account.token, &format!("bulk{place}")])
                        .args([ledgers.join(format!("bulk{place}")), stop_file.clone()])
                        .args([&account.customer, &account.device])
                        .stdout(Stdio::null())
                        .spawn()
                        .unwrap(),
                ),
                None => missing.push("the Elasticsearch client"),
            }
        }
        let syslog = Sender {
            name: "rsyslog".into(),
            account: accounts[0].clone(),
            http: http.to_owned(),
            tcp: tcp.to_owned(),
            stop: stop.clone(),
        };
        match syslog.rsyslog(folder) {
            Some(program) => {
                let book = Ledger::begin(&ledgers, "rsyslog", "plain", &accounts[0].customer, &accounts[0].device);
                let entry = folder.join("entry.log");
                tasks.push(tokio::spawn(async move { syslog.feed(&entry, book).await }));
                programs.push(program);
            }
            None => missing.push("rsyslog"),
        }
        Senders { stop, tasks, programs, stop_file, missing }
    }

    /// Tells them to stop, and waits until their last batches are acknowledged.
    pub async fn finish(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        fs::write(&self.stop_file, "").unwrap();
        for task in std::mem::take(&mut self.tasks) {
            task.await.unwrap();
        }
        // rsyslog, the last one, stops on its own account.
        for mut program in self.programs.drain(..) {
            let _ = Command::new("kill").args(["-TERM", &program.id().to_string()]).status();
            program.wait().unwrap();
        }
    }
}

impl Drop for Senders {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

impl Sender {
    /// Whether to go on trying with the batch at hand.
    fn goes_on(&self, stopped: &mut Option<Instant>) -> bool {
        if self.stop.load(Ordering::Relaxed) && stopped.is_none() {
            *stopped = Some(Instant::now());
        }
        stopped.is_none_or(|since| since.elapsed() < LAST)
    }

    fn lines(&self, first: u64, count: u64) -> Vec<String> {
        (first..first + count).map(|number| line(&self.name, number)).collect()
    }

    async fn ndjson(self, mut ledger: Ledger) {
        let (client, url) = (reqwest::Client::new(), format!("http://{}/ingest/v1/events", self.http));
        let (mut first, count, mut stopped) = (0, 20, None);
        while !self.stop.load(Ordering::Relaxed) {
            let (body, key) = (self.lines(first, count).join("\n"), format!("{}-{first}", self.name));
            let mut what = 'S';
            while self.goes_on(&mut stopped) {
                ledger.note(what, first, count);
                what = 'R';
                let request = client.post(&url).bearer_auth(&self.account.token).header("idempotency-key", &key);
                if answer(request.body(body.clone())).await.is_some() {
                    ledger.note('A', first, count);
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            first += count;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn hec(self, mut ledger: Ledger) {
        let (client, url) = (reqwest::Client::new(), format!("http://{}/services/collector", self.http));
        let channel = "11111111-2222-4333-8444-555555555555";
        let to = |path: &str| {
            let request = client.post(format!("{url}/{path}")).header("x-splunk-request-channel", channel);
            request.header("authorization", format!("Splunk {}", self.account.token))
        };
        let (mut first, count, mut stopped) = (0, 10, None);
        while !self.stop.load(Ordering::Relaxed) {
            let events =
                self.lines(first, count).into_iter().map(|line| json!({"host": "h", "event": line}).to_string());
            let (body, mut what) = (events.collect::<String>(), 'S');
            while self.goes_on(&mut stopped) {
                ledger.note(what, first, count);
                what = 'R';
                let taken = answer(to("event").body(body.clone())).await;
                if let Some(id) = taken.and_then(|answer| answer["ackId"].as_u64()) {
                    // Asked until it is answered; the server may have been killed in between.
                    let mut asked = None;
                    while asked.is_none() && self.goes_on(&mut stopped) {
                        asked = answer(to("ack").body(json!({"acks": [id]}).to_string())).await;
                        tokio::time::sleep(PAUSE).await;
                    }
                    if asked.is_some_and(|acks| acks["acks"][id.to_string()] == true) {
                        ledger.note('A', first, count);
                        break;
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
            first += count;
        }
    }

    async fn lumberjack(self, mut ledger: Ledger) {
        let (mut first, count, mut stopped, mut stream) = (0, 15, None, None);
        while !self.stop.load(Ordering::Relaxed) {
            let mut window = [b"2W", &(count as u32).to_be_bytes()[..]].concat();
            for (number, line) in (1_u32..).zip(self.lines(first, count)) {
                let record = json!({"message": line, "fields": {"vedette_token": self.account.token}}).to_string();
                window.extend([b"2J", &number.to_be_bytes()[..], &(record.len() as u32).to_be_bytes()].concat());
                window.extend(record.as_bytes());
            }
            let mut what = 'S';
            while self.goes_on(&mut stopped) {
                if stream.is_none() {
                    stream = TcpStream::connect(&self.tcp).await.ok();
                }
                if let Some(open) = &mut stream {
                    ledger.note(what, first, count);
                    what = 'R';
                    match tokio::time::timeout(PATIENCE, window_taken(open, &window, count as u32)).await {
                        Ok(Ok(())) => {
                            ledger.note('A', first, count);
                            break;
                        }
                        _ => stream = None,
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
            first += count;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The real rsyslog, reading a file and sending it on over TCP.
    fn rsyslog(&self, folder: &Path) -> Option<Child> {
        let program = ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"].into_iter().find(|path| Path::new(path).exists())?;
        let (config, work, entry) = (folder.join("rsyslog.conf"), folder.join("rsyslog"), folder.join("entry.log"));
        fs::create_dir_all(&work).unwrap();
        File::create(&entry).unwrap();
        let (_, port) = self.tcp.rsplit_once(':').unwrap();
        let text = format!(
            "global(workDirectory=\"{work}\" maxMessageSize=\"64k\")\nmodule(load=\"imfile\")\n\
             input(type=\"imfile\" File=\"{entry}\" Tag=\"sshd\" Severity=\"info\" Facility=\"auth\")\n\
             template(name=\"token\" type=\"string\" string=\"<%PRI%>1 %TIMESTAMP:::date-rfc3339% h sshd - - \
             [vedette@32473 token=\\\"{token}\\\"] %msg%\")\n\
             action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" template=\"token\" \
             TCP_Framing=\"octet-counted\" action.resumeInterval=\"1\" action.resumeRetryCount=\"-1\" \
             queue.type=\"LinkedList\")\n",
            work = work.display(),
            entry = entry.display(),
            token = self.account.token,
        );
        fs::write(&config, text).unwrap();
        let mut command = Command::new(program);
        command.arg("-n").arg("-f").arg(&config).arg("-i").arg(folder.join("rsyslog.pid"));
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
    }

    /// Writes what rsyslog reads; nobody acknowledges it.
    async fn feed(self, entry: &Path, mut ledger: Ledger) {
        let mut file = File::options().append(true).open(entry).unwrap();
        let (mut first, count) = (0, 5);
        while !self.stop.load(Ordering::Relaxed) {
            ledger.note('S', first, count);
            for line in self.lines(first, count) {
                let (_, message) = line.split_once(": ").unwrap();
                writeln!(file, "{message}").unwrap();
            }
            first += count;
            tokio::time::sleep(PAUSE * 4).await;
        }
    }
}

/// The answer to a request that succeeded.
async fn answer(request: RequestBuilder) -> Option<Value> {
    let answer = request.timeout(PATIENCE).send().await.ok()?.error_for_status().ok()?;
    answer.json().await.ok()
}

async fn window_taken(stream: &mut TcpStream, window: &[u8], count: u32) -> std::io::Result<()> {
    stream.write_all(window).await?;
    loop {
        let mut answer = [0; 6];
        stream.read_exact(&mut answer).await?;
        let number = u32::from_be_bytes(answer[2..].try_into().unwrap());
        if &answer[..2] == b"2A" && number == count {
            return Ok(());
        }
    }
}
