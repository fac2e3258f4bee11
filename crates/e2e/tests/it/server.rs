//! A server of its own for a test: started, spoken to, stopped or killed.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What the test's administrator signs in with.
const LOGIN: &str = "tester";
const PASSWORD: &str = "correct-horse-battery";

/// The binary, built beside the tests.
pub fn binary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.ancestors().nth(2).unwrap();
    let binary = folder.join("vedette");
    assert!(binary.exists(), "{} is missing: build the whole workspace", binary.display());
    binary
}

/// A data folder with its settings.
pub struct Place {
    folder: PathBuf,
    /// What the binary is started with beside its own environment.
    environment: Vec<(String, String)>,
    _temporary: Option<tempfile::TempDir>,
}

impl Place {
    pub fn new() -> Place {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().to_owned();
        let settings = format!(
            "[data]\nfolder = {:?}\ndisk_reserve_mib = 1\n[console]\nlisten = \"127.0.0.1:0\"\n[ingest]\n\
             http_listen = \"127.0.0.1:0\"\nsyslog_udp_listen = \"\"\nsyslog_tcp_listen = \"127.0.0.1:0\"\n\
             device_ports = \"\"\n[metrics]\nlisten = \"\"\n[lake]\nflush_rows = 2000\nflush_seconds = 1\n",
            folder.join("data")
        );
        Place { _temporary: Some(temporary), ..Place::of(folder, &settings, Vec::new()) }
    }

    /// With settings and an environment of its own, in a folder somebody else tidies up.
    pub fn of(folder: PathBuf, settings: &str, environment: Vec<(String, String)>) -> Place {
        fs::write(folder.join("vedette.toml"), settings).unwrap();
        Place { folder, environment, _temporary: None }
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Runs a subcommand with this place's settings.
    pub fn vedette(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(binary())
            .args(arguments)
            .args(["--config", "vedette.toml"])
            .envs(self.environment.iter().cloned())
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    pub fn add_user(&self) {
        let output = self.vedette(&["user", "add", "--login", LOGIN], &format!("{PASSWORD}\n"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn start(&self) -> Server {
        self.try_start().unwrap_or_else(|said| panic!("the server did not start:\n{said}"))
    }

    /// The running server, or what it said before it ended.
    pub fn try_start(&self) -> Result<Server, String> {
        let mut child = Command::new(binary())
            .args(["serve", "--config", "vedette.toml"])
            .env("VEDETTE_LOG_FORMAT", "json")
            .envs(self.environment.iter().cloned())
            .current_dir(self.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let started = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            said.push(line);
            (entry["fields"]["message"] == "vedette serves").then(|| entry["fields"].clone())
        });
        let Some(fields) = started else {
            child.wait().unwrap();
            return Err(said.join("\n"));
        };
        // Nobody may be held up by a full pipe.
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let kept = complaints.clone();
        std::thread::spawn(move || {
            let complains = |line: &String| !line.contains("\"level\":\"INFO\"");
            lines.map_while(Result::ok).filter(complains).for_each(|line| kept.lock().unwrap().push(line));
        });
        let address = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        Ok(Server { child, console: address("console"), ingest: address("ingest"), tcp: address("tcp"), complaints })
    }
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub console: String,
    pub ingest: String,
    pub tcp: String,
    /// Warnings and errors since it serves.
    pub complaints: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it has ended of itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "the server is gone");
    }

    /// SIGTERM, and whether it ended well.
    pub fn stop(mut self) -> bool {
        self.signal("TERM");
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(Instant::now() < deadline, "the server did not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub async fn sign_in(&self) -> Client {
        let client = reqwest::Client::builder().cookie_store(true).build().unwrap();
        let url = format!("http://{}/api/v1", self.console);
        let body = json!({"login": LOGIN, "password": PASSWORD});
        let answer = client.post(format!("{url}/session")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let me: Value = answer.json().await.unwrap();
        Client { client, url, csrf: me["csrf_token"].as_str().unwrap().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone after `kill` or `stop`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A signed-in client that states what it expects.
pub struct Client {
    client: reqwest::Client,
    url: String,
    csrf: String,
}

impl Client {
    pub async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None, StatusCode::OK).await
    }

    pub async fn post(&self, path: &str, body: Value, expected: StatusCode) -> Value {
        self.call(Method::POST, path, Some(body), expected).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>, expected: StatusCode) -> Value {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).header("x-csrf-token", &self.csrf);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, expected, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Asks until the answer is as wanted, at most a while.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = self.get(path).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{path} never became as wanted: {answer}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A customer with one device; gives the customer's id, the device's id and a token.
    pub async fn device(&self) -> (String, String, String) {
        self.device_of("Example Works").await
    }

    /// The same for a customer of this name.
    pub async fn device_of(&self, name: &str) -> (String, String, String) {
        let customer = json!({"name": name, "short_name": name.split(' ').next(), "color": 1, "services": ["mss"],
            "state": "live", "time_zone": "Asia/Shanghai"});
        let customer = self.post("/customers", customer, StatusCode::CREATED).await["id"].as_str().unwrap().to_owned();
        let device = json!({"customer": customer, "name": "edr", "kind": "edr", "silence_minutes": 10});
        let device = self.post("/devices", device, StatusCode::CREATED).await["id"].as_str().unwrap().to_owned();
        let path = format!("/devices/{device}/credentials");
        let issued = self.post(&path, json!({"kind": "token"}), StatusCode::CREATED).await;
        (customer, device, issued["secret"].as_str().unwrap().to_owned())
    }
}
