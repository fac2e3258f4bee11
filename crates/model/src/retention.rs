//! How long a customer's events are kept, and the proof that they are gone (catalogue I5, A4).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::role::words;
use crate::{CustomerId, DeletionId, TimeRange, Timestamp};

words! {
    /// Why events were deleted.
    DeletionCause {
        /// Their time was over.
        Expired = "expired",
        /// Somebody asked for it.
        Requested = "requested",
        /// Their file was damaged beyond repair and somebody gave it up.
        Damaged = "damaged",
    }
}

/// What is set for a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetentionData {
    /// Days events are kept; the platform's default when absent.
    pub days: Option<i64>,
    /// Why nothing may be deleted at the moment (legal hold); absent when it may.
    pub hold: Option<String>,
}

/// How long a customer's events are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Retention {
    /// Whose.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// What is set.
    #[serde(flatten)]
    pub data: RetentionData,
    /// Goes up with every change, 0 while nothing was ever set; a change names the version it was made on.
    pub version: i64,
}

/// What the platform's settings say of retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Days events are kept where a customer has no setting of its own; absent: for ever.
    pub default_days: Option<i64>,
    /// Days below which nobody may set it, and within which nothing is deleted on request without overriding.
    pub floor_days: i64,
}

/// The longest retention that can be set.
pub const MOST_RETENTION_DAYS: i64 = 36_500;

impl RetentionPolicy {
    /// Before which instant a customer's events are over; nothing while they are kept.
    pub fn cutoff(&self, data: &RetentionData, now: Timestamp) -> Option<Timestamp> {
        if data.hold.is_some() {
            return None;
        }
        let days = data.days.or(self.default_days)?.max(self.floor_days);
        Some(Timestamp::from_micros(now.as_micros().saturating_sub(days.saturating_mul(86_400_000_000))))
    }

    /// What is wrong with a setting, by field.
    pub fn problems(&self, data: &RetentionData) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if data.days.is_some_and(|days| days < self.floor_days || !(1..=MOST_RETENTION_DAYS).contains(&days)) {
            let least = self.floor_days.max(1);
            problems.push(("days", format!("must be {least} to {MOST_RETENTION_DAYS}")));
        }
        if data.hold.as_ref().is_some_and(|hold| hold.trim().is_empty() || hold.chars().count() > 1000) {
            problems.push(("hold", "must say why in 1 to 1000 characters".to_owned()));
        }
        problems
    }
}

/// A file that went with a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeletedFile {
    /// The lake's id of it.
    pub id: String,
    /// Where it stood, relative to the lake's folder.
    pub path: String,
    /// SHA-256 of its content, hexadecimal.
    pub checksum: String,
    /// Its size.
    pub bytes: u64,
    /// Events that were in it.
    pub events: u64,
    /// Events of it that were deleted; the others were written to a new file first.
    pub deleted: u64,
    /// Earliest event time.
    pub min_time: Timestamp,
    /// Latest event time.
    pub max_time: Timestamp,
}

/// The record of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeletionCertificate {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: DeletionId,
    /// Whose events.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// Why.
    pub cause: DeletionCause,
    /// Which event times were to go.
    pub range: TimeRange,
    /// How many events went.
    pub events: u64,
    /// How many files of incidents lost their content: those attached within the range, where somebody asked for the
    /// deletion.
    #[serde(default, skip_serializing_if = "none")]
    pub attachments: u64,
    /// The files they were in.
    pub files: Vec<DeletedFile>,
    /// Who asked for it, as [`crate::Actor`] prints.
    pub asked_by: String,
    /// The reason they gave.
    pub reason: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// When the last file was gone from the disk for good.
    pub finished: Option<Timestamp>,
    /// What still holds some of these events, and until when.
    pub remains: Vec<String>,
    /// SHA-256 over all of the above as JSON, hexadecimal; absent until it is finished. The audit log has it too.
    pub hash: Option<String>,
}

/// Left out, so that a certificate from before there were files says what it always said.
fn none(count: &u64) -> bool {
    *count == 0
}

impl DeletionCertificate {
    /// The hash of what it says.
    pub fn digest(&self) -> String {
        let said = DeletionCertificate { hash: None, ..self.clone() };
        let text = serde_json::to_string(&said).expect("a certificate is plain data");
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether it is finished and says what it said then.
    pub fn holds(&self) -> bool {
        self.hash.as_ref().is_some_and(|hash| *hash == self.digest())
    }
}

impl std::fmt::Display for DeletionCertificate {
    /// The certificate for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "Deletion certificate {}", self.id)?;
        writeln!(f, "  customer   {}", self.customer)?;
        writeln!(f, "  cause      {}", self.cause.as_str())?;
        writeln!(f, "  events     {} with times from {} to {}", self.events, self.range.from, self.range.to)?;
        if self.attachments > 0 {
            writeln!(f, "  files of incidents {}", self.attachments)?;
        }
        writeln!(f, "  asked by   {}", self.asked_by)?;
        writeln!(f, "  reason     {}", self.reason.as_deref().unwrap_or("-"))?;
        writeln!(f, "  began      {}", self.began)?;
        match self.finished {
            Some(finished) => writeln!(f, "  finished   {finished}")?,
            None => writeln!(f, "  finished   not yet")?,
        }
        for remains in &self.remains {
            writeln!(f, "  remains    {remains}")?;
        }
        writeln!(f, "  hash       {}", self.hash.as_deref().unwrap_or("-"))?;
        writeln!(f, "  files      {}", self.files.len())?;
        for file in &self.files {
            writeln!(
                f,
                "    {} of {} events, {} bytes, sha256 {}",
                file.deleted, file.events, file.bytes, file.checksum
            )?;
            writeln!(f, "      {}, {} to {}", file.path, file.min_time, file.max_time)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn a_hold_keeps_everything_and_the_floor_is_never_gone_below() {
        let now = Timestamp::from_micros(1000 * DAY);
        let policy = RetentionPolicy { default_days: Some(365), floor_days: 180 };
        let data = |days, hold: Option<&str>| RetentionData { days, hold: hold.map(str::to_owned) };
        let cutoff = |data: &RetentionData| policy.cutoff(data, now).map(|cutoff| cutoff.as_micros() / DAY);
        assert_eq!(cutoff(&data(None, None)), Some(635));
        assert_eq!(cutoff(&data(Some(200), None)), Some(800));
        assert_eq!(cutoff(&data(Some(7), None)), Some(820), "set before the floor was raised");
        assert_eq!(cutoff(&data(Some(200), Some("court order"))), None);
        let forever = RetentionPolicy { default_days: None, floor_days: 0 };
        assert_eq!(forever.cutoff(&data(None, None), now), None);
        assert!(policy.problems(&data(Some(180), Some("x"))).is_empty());
        for wrong in [data(Some(179), None), data(Some(99_999), None), data(None, Some(" "))] {
            assert_eq!(policy.problems(&wrong).len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn a_certificate_shows_when_it_was_changed() {
        let at = Timestamp::from_micros;
        let mut certificate = DeletionCertificate {
            id: DeletionId::derived(at(0), &[b"1"]),
            customer: CustomerId::derived(at(0), &[b"acme"]),
            cause: DeletionCause::Requested,
            range: TimeRange { from: at(-5), to: at(5) },
            events: 7,
            attachments: 0,
            files: Vec::new(),
            asked_by: "job:test".into(),
            reason: None,
            began: at(1),
            finished: Some(at(2)),
            remains: Vec::new(),
            hash: None,
        };
        assert!(!certificate.holds());
        certificate.hash = Some(certificate.digest());
        assert!(certificate.holds());
        let read: DeletionCertificate = serde_json::from_str(&serde_json::to_string(&certificate).unwrap()).unwrap();
        assert!(read.holds());
        certificate.events = 8;
        assert!(!certificate.holds());
    }
}
