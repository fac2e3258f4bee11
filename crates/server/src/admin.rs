//! Commands of this machine to its running server, over a socket in the data folder that only its owner can open.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use model::user::{User, UserData};
use model::{Context, DeviceId, Scope};
use receive::{Intake, Sender};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::UnixListener;
use tokio::sync::watch;

use crate::error::{Error, whole};
use crate::layout;
use crate::open::Opened;
use crate::time::now;
use crate::{backup, lake, retro_hunt};

/// A new user.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserAdd {
    pub data: UserData,
    pub password: String,
}

/// A backup to a new file on the server's machine.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupTo {
    pub path: PathBuf,
}

/// A file on the server's machine, as events of a device.
#[derive(Debug, Serialize, Deserialize)]
pub struct Import {
    pub device: DeviceId,
    pub path: PathBuf,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Imported {
    /// Records that are durable.
    pub records: u64,
    /// Parts that could not be read, the first of them named.
    pub damaged: u64,
    pub problems: Vec<String>,
}

type Refusal = (StatusCode, String);

#[derive(Clone)]
struct Admin {
    opened: Arc<Opened>,
    intake: Intake,
}

/// Serves the socket until the server drains.
pub async fn serve(opened: Arc<Opened>, intake: Intake, mut draining: watch::Receiver<bool>) -> Result<(), Error> {
    let path = opened.folder.join(layout::ADMIN_SOCKET);
    // Left over from a server that was killed; the folder's lock says that none runs.
    let _ = std::fs::remove_file(&path);
    let failed = |source| Error::File { what: "cannot open the socket", path: path.clone(), source };
    let listener = UnixListener::bind(&path).map_err(failed)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let router = Router::new()
        .route("/user/add", post(add_user))
        .route("/backup", post(write_backup))
        .route("/import", post(import))
        .route("/lake", post(lake_command))
        .route("/hunt", post(hunt_command))
        .with_state(Admin { opened, intake });
    let stop = async move {
        let _ = draining.wait_for(|draining| *draining).await;
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(stop).await.map_err(failed);
    let _ = std::fs::remove_file(&path);
    served
}

/// Asks the server that runs on `folder`; nothing when none does.
pub async fn ask<T: DeserializeOwned>(folder: &Path, command: &str, body: &impl Serialize) -> Option<Result<T, Error>> {
    let socket = folder.join(layout::ADMIN_SOCKET);
    if tokio::net::UnixStream::connect(&socket).await.is_err() {
        return None;
    }
    Some(answer(&socket, command, body).await)
}

async fn answer<T: DeserializeOwned>(socket: &Path, command: &str, body: &impl Serialize) -> Result<T, Error> {
    let failed = |error: reqwest::Error| Error::Told(format!("the running server did not answer: {error}"));
    let client = reqwest::Client::builder().unix_socket(socket).build().map_err(failed)?;
    let response = client.post(format!("http://server/{command}")).json(body).send().await.map_err(failed)?;
    if response.status().is_success() {
        return response.json().await.map_err(failed);
    }
    Err(Error::Told(response.text().await.map_err(failed)?))
}

async fn add_user(State(admin): State<Admin>, Json(add): Json<UserAdd>) -> Result<Json<User>, Refusal> {
    let ctx = Context::job("command-line", Scope::All, now());
    let user = admin.opened.ops.create_user(&ctx, add.data, &add.password).await.map_err(refusal)?;
    Ok(Json(user))
}

async fn write_backup(State(admin): State<Admin>, Json(to): Json<BackupTo>) -> Result<Json<backup::Manifest>, Refusal> {
    let manifest = backup::write(admin.opened.backup_source(), &to.path, now()).await.map_err(refusal)?;
    tracing::info!(path = %to.path.display(), "a backup is written");
    Ok(Json(manifest))
}

async fn lake_command(
    State(admin): State<Admin>,
    Json(request): Json<lake::Request>,
) -> Result<Json<serde_json::Value>, Refusal> {
    Ok(Json(lake::answer(&admin.opened, request).await.map_err(refusal)?))
}

async fn hunt_command(
    State(admin): State<Admin>,
    Json(ask): Json<retro_hunt::Ask>,
) -> Result<Json<retro_hunt::Outcome>, Refusal> {
    Ok(Json(retro_hunt::answer(&admin.opened.ops, ask, false).await.map_err(refusal)?))
}

async fn import(State(admin): State<Admin>, Json(import): Json<Import>) -> Result<Json<Imported>, Refusal> {
    let ctx = Context::job("import", Scope::All, now());
    let device = admin.opened.ops.get_device(&ctx, &import.device).await.map_err(refusal)?;
    let customer = admin.opened.ops.get_customer(&ctx, &device.customer).await.map_err(refusal)?;
    let sender = Sender {
        customer: device.customer,
        device: device.id,
        source: device.data.source.map(Into::into),
        time_zone: device.data.time_zone.unwrap_or(customer.data.time_zone).into(),
        collects: false,
        peer: None,
    };
    let done = receive::import_file(&import.path, &sender, &admin.intake, now()).await.map_err(refusal)?;
    tracing::info!(path = %import.path.display(), device = %sender.device, records = done.records, "a file is imported");
    Ok(Json(Imported { records: done.records, damaged: done.damaged, problems: done.problems }))
}

fn refusal(error: impl std::error::Error) -> Refusal {
    (StatusCode::BAD_REQUEST, whole(&error))
}
