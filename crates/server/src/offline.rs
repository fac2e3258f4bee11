//! Commands on a data folder: through the server that runs on it, or on the folder itself when none does.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use model::user::{User, UserData};
use model::{Context, Scope};

use crate::admin::{self, BackupTo, Import, Imported, UserAdd};
use crate::backup::{self, Manifest};
use crate::cli::{BackupArgs, ImportArgs, RestoreArgs, UserAddArgs};
use crate::config::Config;
use crate::error::Error;
use crate::open;
use crate::time::now;

/// Adds a user whose password is the first line of standard input.
pub async fn add_user(config: &Config, arguments: &UserAddArgs) -> Result<(), Error> {
    let data = UserData {
        login: arguments.login.clone(),
        name: arguments.name.clone().unwrap_or_else(|| arguments.login.clone()),
        roles: arguments.roles.clone(),
        all_customers: true,
        customers: Vec::new(),
        active: true,
        language: arguments.language,
    };
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        eprintln!("password (12 characters or more):");
    }
    let mut password = String::new();
    let unreadable = |error| Error::Told(format!("the password cannot be read from standard input: {error}"));
    std::io::stdin().lock().read_line(&mut password).map_err(unreadable)?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    let add = UserAdd { data, password };
    let user: User = match admin::ask(&config.data.folder, "user/add", &add).await {
        Some(answer) => answer?,
        None => {
            let opened = open::open(config, now()).await?;
            let ctx = Context::job("command-line", Scope::All, now());
            opened.ops.create_user(&ctx, add.data, &add.password).await?
        }
    };
    println!("{} is added as {}", user.data.login, user.id);
    Ok(())
}

/// Writes a backup.
pub async fn backup(config: &Config, arguments: &BackupArgs) -> Result<(), Error> {
    let path = absolute(&arguments.to)?;
    if path.exists() {
        return Err(Error::Told(format!("{} exists: name a new file", path.display())));
    }
    let to = BackupTo { path };
    let manifest: Manifest = match admin::ask(&config.data.folder, "backup", &to).await {
        Some(answer) => answer?,
        None => {
            let opened = open::open(config, now()).await?;
            backup::write(opened.backup_source(), &to.path, now()).await?
        }
    };
    println!("{} holds everything as of {}", to.path.display(), manifest.created);
    if !manifest.store_included {
        println!("the store is PostgreSQL and is not inside: back it up with pg_dump, after this");
    }
    Ok(())
}

/// Fills an empty data folder from a backup.
pub fn restore(config: &Config, arguments: &RestoreArgs) -> Result<(), Error> {
    let manifest = backup::restore(&arguments.from, &config.data.folder)?;
    println!("{} holds everything as of {}", config.data.folder.display(), manifest.created);
    Ok(())
}

/// Reads files into the running server.
pub async fn import(config: &Config, arguments: &ImportArgs) -> Result<(), Error> {
    let device = arguments.device.parse().map_err(|error| Error::Told(format!("--device: {error}")))?;
    let mut damaged = 0;
    for file in &arguments.files {
        let import = Import { device: model::DeviceId::clone(&device), path: absolute(file)? };
        let answer = admin::ask(&config.data.folder, "import", &import).await;
        let done: Imported = answer.ok_or_else(|| {
            let folder = config.data.folder.display();
            Error::Told(format!("no server runs on {folder}: start `vedette serve`, which takes the events in"))
        })??;
        println!("{}: {} records", file.display(), done.records);
        for problem in &done.problems {
            eprintln!("vedette: {problem}");
        }
        damaged += done.damaged;
    }
    if damaged == 0 { Ok(()) } else { Err(Error::Told(format!("{damaged} parts could not be read"))) }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|source| Error::File { what: "cannot use", path: path.to_owned(), source })
}
