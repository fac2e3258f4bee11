//! Opening the parts of a data folder and joining them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use formats::Parser;
use lake::{Lake, LakeConfig};
use model::retention::RetentionPolicy;
use model::{Context, Scope, Timestamp};
use ops::{ExportRoom, Ops, OpsParts, Parsers, PublicAddresses};
use store::secret::Sealer;
use store::{Catalogue, DataFolder, Store, StoreConfig};

use crate::catalogue::StoredCatalogue;
use crate::config::{self, Config};
use crate::content;
use crate::error::Error;
use crate::layout;

/// Bytes of a customer's waiting events at which they are written to a file whatever their number.
const FLUSH_BYTES: usize = 160 << 20;

/// The parts of a data folder, held by this process.
pub struct Opened {
    /// Given up last.
    pub folder: DataFolder,
    pub store: Store,
    pub catalogue: Catalogue,
    /// Whether the store is a file in the folder.
    pub embedded: bool,
    pub lake: Lake,
    /// What the settings say of keeping events.
    pub retention: RetentionPolicy,
    pub ops: Ops,
    pub parser: Parser,
}

/// Opens everything the settings name. Fails when another process holds the folder.
pub async fn open(config: &Config, now: Timestamp) -> Result<Opened, Error> {
    let library = Arc::new(content::load(&config.detection)?);
    let parsers = Arc::new(Parsers::new(config.detection.source_folder.as_deref())?);
    let folder = DataFolder::open(&config.data.folder)?;
    let embedded = config.store.url.is_empty();
    let url =
        if embedded { format!("sqlite:{}", folder.join(layout::STORE).display()) } else { config.store.url.clone() };
    let store = Store::open(&StoreConfig { url, max_connections: config.store.max_connections }).await?;
    let catalogue = match Catalogue::of_store(&store) {
        Some(catalogue) => catalogue,
        None => Catalogue::open(&folder.join(layout::CATALOGUE)).await?,
    };
    let sealer = Sealer::open_or_create(&folder.join(layout::MASTER_KEY))?;
    let lake =
        Lake::open(lake_config(&config.lake, folder.join(layout::LAKE)), Arc::new(StoredCatalogue(catalogue.clone())))
            .await?;
    let ops = Ops::new(OpsParts {
        store: store.clone(),
        lake: lake.clone(),
        library,
        parsers: parsers.clone(),
        sealer,
        ports: config.ingest.device_ports.clone(),
        public: public_addresses(&config.ingest),
        exports: ExportRoom::new(folder.join(layout::EXPORTS)),
    });
    ops.ensure_defaults(now).await?;
    ops.resume_deletions(&Context::job("retention", Scope::All, now)).await?;
    ops.load_parsers(now).await?;
    ops.load_use_cases(now).await?;
    let parser = parsers.live();
    let retention = crate::lake::policy(&config.lake);
    Ok(Opened { folder, store, catalogue, embedded, lake, retention, ops, parser })
}

fn lake_config(settings: &config::Lake, dir: PathBuf) -> LakeConfig {
    LakeConfig {
        flush_rows: settings.flush_rows,
        flush_age: Duration::from_secs(settings.flush_seconds),
        flush_bytes: FLUSH_BYTES,
        query_memory: settings.query_memory_mib << 20,
        concurrent_queries: settings.concurrent_queries,
        file_bytes: settings.file_mib << 20,
        upkeep_share: settings.upkeep_share,
        ..LakeConfig::new(dir)
    }
}

/// Where devices are told to send.
fn public_addresses(ingest: &config::Ingest) -> PublicAddresses {
    let public = |listen: Option<std::net::SocketAddr>| {
        listen.map(|listen| match ingest.public_host.as_str() {
            "" => listen.to_string(),
            host => format!("{host}:{}", listen.port()),
        })
    };
    let scheme = if ingest.http_certificate().is_some() { "https" } else { "http" };
    PublicAddresses {
        ingest_http: public(ingest.http_listen).map_or(String::new(), |address| format!("{scheme}://{address}")),
        syslog_udp: public(ingest.syslog_udp_listen),
        syslog_tcp: public(ingest.syslog_tcp_listen),
        syslog_tls: public(ingest.syslog_tls_listen),
    }
}

impl Opened {
    /// What a backup is made of.
    pub fn backup_source(&self) -> crate::backup::Source<'_> {
        crate::backup::Source {
            folder: self.folder.path(),
            store: &self.store,
            catalogue: &self.catalogue,
            embedded: self.embedded,
            _hold: self.lake.hold(),
        }
    }
}
