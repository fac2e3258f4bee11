//! Numbered migrations, forward only, one text for both databases.
//!
//! A text is written in the few type names both share; [`dialect`] puts in what differs. A step only one database needs
//! is a file of its own beside the shared one.

use model::Timestamp;

use crate::db::{Access, Db, DbTx};
use crate::sql::sql;
use crate::{Error, Result};

/// The advisory lock under which one process at a time migrates.
const MIGRATION_LOCK: i64 = 0x7665_6465_7474_6502;

/// One step.
pub(crate) struct Migration {
    number: i64,
    name: &'static str,
    shared: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// The steps of one set of tables. The catalogue is a family of its own because on SQLite it is a file of its own.
pub(crate) struct Family {
    name: &'static str,
    migrations: &'static [Migration],
}

pub(crate) const STORE: Family = Family {
    name: "store",
    migrations: &[
        Migration {
            number: 1,
            name: "0001_initial",
            shared: include_str!("../migrations/0001_initial.sql"),
            sqlite: include_str!("../migrations/0001_initial.sqlite.sql"),
            postgres: include_str!("../migrations/0001_initial.postgres.sql"),
        },
        Migration {
            number: 2,
            name: "0002_retention",
            shared: include_str!("../migrations/0002_retention.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0002_retention.postgres.sql"),
        },
        Migration {
            number: 3,
            name: "0003_incident_decided",
            shared: include_str!("../migrations/0003_incident_decided.sql"),
            sqlite: "",
            postgres: "",
        },
        Migration {
            number: 4,
            name: "0004_collector",
            shared: include_str!("../migrations/0004_collector.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0004_collector.postgres.sql"),
        },
        Migration {
            number: 5,
            name: "0005_find",
            shared: include_str!("../migrations/0005_find.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0005_find.postgres.sql"),
        },
        Migration {
            number: 6,
            name: "0006_device_health",
            shared: include_str!("../migrations/0006_device_health.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0006_device_health.postgres.sql"),
        },
        Migration {
            number: 7,
            name: "0007_intel",
            shared: include_str!("../migrations/0007_intel.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0007_intel.postgres.sql"),
        },
        Migration {
            number: 8,
            name: "0008_use_case",
            shared: include_str!("../migrations/0008_use_case.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0008_use_case.postgres.sql"),
        },
        Migration {
            number: 9,
            name: "0009_intel_feed",
            shared: include_str!("../migrations/0009_intel_feed.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0009_intel_feed.postgres.sql"),
        },
        Migration {
            number: 10,
            name: "0010_rule_collection",
            shared: include_str!("../migrations/0010_rule_collection.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0010_rule_collection.postgres.sql"),
        },
        Migration {
            number: 11,
            name: "0011_hunt",
            shared: include_str!("../migrations/0011_hunt.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0011_hunt.postgres.sql"),
        },
        Migration {
            number: 12,
            name: "0012_baseline",
            shared: include_str!("../migrations/0012_baseline.sql"),
            sqlite: "",
            postgres: "",
        },
        Migration {
            number: 13,
            name: "0013_funnel",
            shared: include_str!("../migrations/0013_funnel.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0013_funnel.postgres.sql"),
        },
        Migration {
            number: 14,
            name: "0014_attachment",
            shared: include_str!("../migrations/0014_attachment.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/0014_attachment.postgres.sql"),
        },
    ],
};

pub(crate) const CATALOGUE: Family = Family {
    name: "catalogue",
    migrations: &[
        Migration {
            number: 1,
            name: "catalogue/0001_initial",
            shared: include_str!("../migrations/catalogue/0001_initial.sql"),
            sqlite: "",
            postgres: include_str!("../migrations/catalogue/0001_initial.postgres.sql"),
        },
        Migration {
            number: 2,
            name: "catalogue/0002_checks",
            shared: include_str!("../migrations/catalogue/0002_checks.sql"),
            sqlite: "",
            postgres: "",
        },
    ],
};

/// PostgreSQL's code for what the user may not do.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

const OWN_TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (
    family TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    applied BIGINT NOT NULL,
    PRIMARY KEY (family, number)
)";

/// Brings `db` to this version's schema, in one transaction: an update that fails leaves the database as it was.
pub(crate) async fn migrate(db: &Db, family: &Family) -> Result<()> {
    let mut tx = db.begin(Access::Write).await?;
    tx.lock(MIGRATION_LOCK).await?;
    run(&mut tx, "list", OWN_TABLE).await?;
    let newest = sql("SELECT COALESCE(MAX(number), 0) AS newest FROM migration WHERE family = ?").bind(family.name);
    let found: i64 = tx.fetch_one(newest).await?.get("newest")?;
    let known = family.migrations.last().map_or(0, |migration| migration.number);
    if found > known {
        return Err(Error::NewerSchema { found, known });
    }
    for migration in family.migrations.iter().filter(|migration| migration.number > found) {
        run(&mut tx, migration.name, migration.shared).await?;
        let own = if tx.is_postgres() { migration.postgres } else { migration.sqlite };
        run(&mut tx, migration.name, own).await?;
        let applied = Timestamp::from(std::time::SystemTime::now());
        let note = sql("INSERT INTO migration (family, number, name, applied) VALUES (?, ?, ?, ?)");
        tx.execute(note.bind(family.name).bind(migration.number).bind(migration.name).bind(applied)).await?;
        tracing::info!(migration = migration.name, "database migrated");
    }
    tx.commit().await
}

async fn run(tx: &mut DbTx, name: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let text = dialect(text, tx.is_postgres());
    tx.run_script(text).await.map_err(|source| {
        let name = name.to_owned();
        let code = source.as_database_error().and_then(|error| error.code());
        if code.as_deref() == Some(INSUFFICIENT_PRIVILEGE) {
            Error::MayNotMigrate { name, source }
        } else {
            Error::Migration { name, source }
        }
    })
}

/// What differs: text is compared byte by byte on both (SQLite's default, `COLLATE "C"` on PostgreSQL), so that cursors
/// and ranges agree; and each has its own word for bytes and for a number that counts up and is never used twice.
fn dialect(text: &str, postgres: bool) -> String {
    if postgres {
        text.replace(" TEXT", " TEXT COLLATE \"C\"")
            .replace("SEQUENCE PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    } else {
        text.replace(" BYTEA", " BLOB").replace("SEQUENCE PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL")
    }
}
