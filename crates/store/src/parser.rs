//! Parsers of our own (catalogue I2), and what they were before.

use model::UserId;
use model::change::Noun;
use model::parser::{Parser, ParserSample, ParserVersion};

use crate::history::{History, VERSIONS_KEPT};
use crate::row::Row;
use crate::sql::{json, sql};
use crate::{Error, Result, Tx};

const HISTORY: History = History {
    next: "SELECT COALESCE(MAX(version), 0) + 1 AS next FROM parser_version WHERE name = ?",
    insert: "INSERT INTO parser_version (name, version, changed_by, changed, source) VALUES (?, ?, ?, ?, ?)",
    prune: "DELETE FROM parser_version WHERE name = ? AND version <= ?",
};

impl Tx {
    /// Every parser of our own, by name.
    pub async fn list_parsers(&mut self) -> Result<Vec<Parser>> {
        self.rows(sql("SELECT * FROM parser ORDER BY name"), read).await
    }

    /// One parser of our own, if there is one.
    pub async fn find_parser(&mut self, name: &str) -> Result<Option<Parser>> {
        self.row(sql("SELECT * FROM parser WHERE name = ?").bind(name), read).await
    }

    /// What it was before, the newest first.
    pub async fn parser_versions(&mut self, name: &str) -> Result<Vec<ParserVersion>> {
        let query = sql("SELECT * FROM parser_version WHERE name = ? ORDER BY version DESC LIMIT ?");
        let read = |row: &Row| {
            Ok(ParserVersion {
                version: row.get("version")?,
                by: row.parse_maybe("changed_by")?,
                at: row.time("changed")?,
                text: row.get("source")?,
            })
        };
        self.rows(query.bind(name).bind(VERSIONS_KEPT), read).await
    }

    /// Writes a parser that still has `version`; 0 where there is none yet. Needs every customer in scope: it parses
    /// for all of them.
    pub async fn save_parser(
        &mut self,
        name: &str,
        version: i64,
        text: &str,
        samples: &[ParserSample],
        by: Option<&UserId>,
    ) -> Result<Parser> {
        self.require_all("changing a parser")?;
        let now = self.context().now();
        let next = self.next_version(&HISTORY, name).await?;
        let touched = match version {
            0 => {
                let insert = sql("INSERT INTO parser (name, source, samples, changed_by, created, changed, version) ")
                    .push("VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING")
                    .bind(name)
                    .bind(text)
                    .bind(json(samples))
                    .bind(by)
                    .bind(now)
                    .bind(now)
                    .bind(next);
                self.execute(insert).await?
            }
            version => {
                let update =
                    sql("UPDATE parser SET source = ?, samples = ?, changed_by = ?, changed = ?, version = ? ")
                        .push("WHERE name = ? AND version = ?")
                        .bind(text)
                        .bind(json(samples))
                        .bind(by)
                        .bind(now)
                        .bind(next)
                        .bind(name)
                        .bind(version);
                self.execute(update).await?
            }
        };
        if touched == 0 {
            return Err(Error::Conflict { what: "parser" });
        }
        self.keep_version(&HISTORY, name, next, Some(text.into()), by).await?;
        self.changed(None, Noun::Parser, name);
        self.find_parser(name).await?.ok_or_else(|| Error::not_found("parser", name))
    }

    /// Deletes a parser that still has `version`; what it was stays among its versions.
    pub async fn delete_parser(&mut self, name: &str, version: i64, by: Option<&UserId>) -> Result<()> {
        self.require_all("deleting a parser")?;
        if self.find_parser(name).await?.is_none() {
            return Err(Error::not_found("parser", name));
        }
        let delete = sql("DELETE FROM parser WHERE name = ? AND version = ?").bind(name).bind(version);
        if self.execute(delete).await? == 0 {
            return Err(Error::Conflict { what: "parser" });
        }
        let next = self.next_version(&HISTORY, name).await?;
        self.keep_version(&HISTORY, name, next, None, by).await?;
        self.changed(None, Noun::Parser, name);
        Ok(())
    }
}

fn read(row: &Row) -> Result<Parser> {
    Ok(Parser {
        name: row.get("name")?,
        text: row.get("source")?,
        samples: row.json("samples")?,
        changed_by: row.parse_maybe("changed_by")?,
        created: row.time("created")?,
        changed: row.time("changed")?,
        version: row.get("version")?,
    })
}
