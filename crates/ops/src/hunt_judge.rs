//! What people make of what a hunt found: verdicts, incidents, detections, and how long it took.

use model::entity::entities_of;
use model::hunt::{
    DetectionKind, HuntCustomer, HuntDetection, HuntQuery, HuntQuestion, HuntSample, HuntTime, HuntVerdict,
};
use model::incident::{Incident, IncidentChange};
use model::role::Permission;
use model::use_case::{RequestData, RequestKind, RequestState, UseCaseData, UseCaseState};
use model::{Context, CustomerId, EventId, HuntId, HuntTimeId, IncidentId, RequestId, Severity};
use serde_json::json;
use store::Tx;

use crate::error::{Error, Problems, Result};
use crate::hunt::{TEXT, open, whole};
use crate::hunt_sigma::sigma_of;
use crate::incident::{self, NewIncident, TITLE_MOST, entry};
use crate::raise::merge_entities;
use crate::rule_check::hint;
use crate::{Ops, audit, require_all, validate};

/// Minutes that can be logged at once, and characters of the note to them.
const DAY: i64 = 1440;
const NOTE: usize = 500;

/// An incident of one of a hunt's customers: one that is there, or a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntIncident {
    /// Whose.
    pub customer: CustomerId,
    /// One that is there; a new one is opened otherwise.
    pub incident: Option<IncidentId>,
    /// What a new one is called; the hunt's title when absent.
    pub title: Option<String>,
    /// How bad a new one is.
    pub severity: Severity,
    /// Its first comment.
    pub note: Option<String>,
    /// The query and the sample of it that a new one is about.
    pub sample: Option<(String, EventId)>,
}

/// A detection that is to be made of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntDetectionWish {
    /// The query's key.
    pub query: String,
    /// What it becomes.
    pub kind: DetectionKind,
    /// For which customer a request is; for everybody when absent.
    pub customer: Option<CustomerId>,
    /// What it is called; the query's name when absent.
    pub title: Option<String>,
}

impl Ops {
    /// Judges one of the caller's customers, or takes a judgement back. Nothing is clean that was not looked at.
    pub async fn judge_hunt_customer(
        &self,
        ctx: &Context,
        id: &HuntId,
        customer: &CustomerId,
        version: i64,
        verdict: Option<HuntVerdict>,
        remark: &str,
    ) -> Result<HuntCustomer> {
        ctx.require(Permission::HuntWrite)?;
        let mut problems = Problems::default();
        problems.expect(remark.chars().count() <= TEXT, "remark", "must have at most 8000 characters");
        problems.done()?;
        let mut tx = self.store().write(ctx).await?;
        let hunt = open(tx.get_hunt(id).await?)?;
        let before = customer_of(&mut tx, id, customer).await?;
        if let Some(verdict) = verdict {
            let results = tx.list_hunt_results(id).await?;
            if let Some(objection) = before.objection(verdict, &hunt.data, &results) {
                return Err(Error::invalid("verdict", &objection));
            }
        }
        tx.judge_hunt_customer(id, customer, version, verdict, remark.trim()).await?;
        tx.begin_hunt(id).await?;
        let detail = json!({"from": before.verdict, "to": verdict, "remark": remark.trim()});
        tx.audit(audit(Some(customer), "hunt.judge", id, detail)).await?;
        let after = customer_of(&mut tx, id, customer).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Opens an incident from what was found at one of the caller's customers, or links one that is there.
    pub async fn add_hunt_incident(&self, ctx: &Context, id: &HuntId, wish: HuntIncident) -> Result<Incident> {
        ctx.require(Permission::HuntWrite)?;
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        let hunt = tx.get_hunt(id).await?;
        customer_of(&mut tx, id, &wish.customer).await?;
        let incident = match &wish.incident {
            Some(incident) => {
                let incident = tx.get_incident(incident).await?;
                if incident.customer != wish.customer {
                    return Err(Error::invalid("incident", "must be this customer's"));
                }
                incident
            }
            None => {
                let sample = match &wish.sample {
                    Some((query, event)) => {
                        let found = tx.get_hunt_result(id, query, &wish.customer).await?;
                        let sample = found.samples.into_iter().find(|sample| sample.event == *event);
                        Some(
                            sample
                                .ok_or_else(|| Error::invalid("event", "is none of the samples kept of this query"))?,
                        )
                    }
                    None => None,
                };
                let title = wish.title.as_deref().filter(|title| !title.trim().is_empty());
                let title = validate::text("title", title.unwrap_or(&hunt.data.title), TITLE_MOST)?;
                self.open_from_hunt(&mut tx, &wish, title, sample).await?
            }
        };
        tx.link_hunt_incident(id, &wish.customer, &incident.id).await?;
        let text = format!("threat hunt {}: {}", hunt.id, hunt.data.title);
        entry(&mut tx, &incident, IncidentChange::Commented { text }).await?;
        let detail = json!({"incident": incident.id, "number": incident.number, "new": wish.incident.is_none()});
        tx.audit(audit(Some(&wish.customer), "hunt.link_incident", id, detail)).await?;
        tx.commit().await?;
        Ok(incident)
    }

    /// Makes a request or a draft of a use case of one of the hunt's queries.
    pub async fn make_hunt_detection(
        &self,
        ctx: &Context,
        id: &HuntId,
        wish: HuntDetectionWish,
    ) -> Result<HuntDetection> {
        ctx.require(Permission::HuntWrite)?;
        match (wish.kind, &wish.customer) {
            (DetectionKind::Request, Some(_)) => ctx.require(Permission::IncidentWork)?,
            (DetectionKind::Request, None) => {
                ctx.require(Permission::IncidentWork)?;
                require_all(ctx)?;
            }
            (DetectionKind::UseCase, _) => {
                ctx.require(Permission::PolicyWrite)?;
                require_all(ctx)?;
            }
        }
        let mut tx = self.store().write(ctx).await?;
        let hunt = tx.get_hunt(id).await?;
        let query = hunt.data.query(&wish.query).ok_or(Error::NotFound("query of this hunt"))?;
        let title = validate::text("title", wish.title.as_deref().unwrap_or(&query.name), 200)?;
        let customer = wish.customer.clone().filter(|_| wish.kind == DetectionKind::Request);
        let object = match wish.kind {
            DetectionKind::Request => {
                let request = RequestId::generate(ctx.now());
                let data = request_of(id, &hunt.data.hypothesis, query, title.clone());
                let made = tx.create_request(&request, customer.as_ref(), &data, ctx.actor().user()).await?;
                tx.audit(audit(customer.as_ref(), "use_case_request.create", &request, json!(made.data))).await?;
                request.to_string()
            }
            DetectionKind::UseCase => {
                let results = tx.list_hunt_results(id).await?;
                let mut sources = Vec::new();
                for found in results.iter().filter(|result| result.query == query.key && result.count > 0).take(20) {
                    let samples = tx.get_hunt_result(id, &query.key, &found.customer).await?.samples;
                    sources.extend(samples.into_iter().map(|sample| sample.source));
                }
                let log_source = self.log_source_of(&sources);
                let rule = rule_id(ctx);
                let text = sigma_of(&rule, &title, id, &hunt.data, &query.ask, log_source.as_ref(), ctx.now())
                    .map_err(|problem| Error::invalid("query", &problem))?;
                let data = UseCaseData {
                    state: UseCaseState::Draft,
                    owner: ctx.actor().user().cloned(),
                    text: Some(text),
                    ..UseCaseData::default()
                };
                let saved = tx.save_use_case(&rule, 0, &data, ctx.actor().user()).await?;
                tx.audit(audit(None, "use_case.save", &rule, json!({"state": saved.data.state, "hunt": id}))).await?;
                rule
            }
        };
        let detection = HuntDetection { kind: wish.kind, object, customer, title, created: ctx.now() };
        tx.add_hunt_detection(id, &detection).await?;
        let detail = json!({"kind": detection.kind, "object": detection.object, "query": query.key});
        tx.audit(audit(detection.customer.as_ref(), "hunt.detection", id, detail)).await?;
        tx.commit().await?;
        if detection.kind == DetectionKind::UseCase {
            self.load_use_cases(ctx.now()).await?;
        }
        Ok(detection)
    }

    /// The detections that came of a hunt, of the caller's customers or for everybody.
    pub async fn list_hunt_detections(&self, ctx: &Context, id: &HuntId) -> Result<Vec<HuntDetection>> {
        ctx.require(Permission::HuntRead)?;
        Ok(self.store().read(ctx).await?.list_hunt_detections(id).await?)
    }

    /// Writes down minutes the caller spent on a hunt; fewer than none takes back what was too much.
    pub async fn log_hunt_time(&self, ctx: &Context, id: &HuntId, minutes: i64, note: &str) -> Result<HuntTime> {
        ctx.require(Permission::HuntWrite)?;
        let mut problems = Problems::default();
        let some = minutes != 0 && (-DAY..=DAY).contains(&minutes);
        problems.expect(some, "minutes", "must be 1 to 1440, or as many below 0 to take some back");
        problems.expect(note.chars().count() <= NOTE, "note", "must have at most 500 characters");
        problems.done()?;
        let mut tx = self.store().write(ctx).await?;
        let hunt = tx.get_hunt(id).await?;
        if minutes < 0 && hunt.minutes + minutes < 0 {
            return Err(Error::invalid("minutes", "takes back more than was logged"));
        }
        let (id_of, user) = (HuntTimeId::generate(ctx.now()), ctx.actor().user().cloned());
        let time = HuntTime { id: id_of, user, minutes, note: note.trim().to_owned(), created: ctx.now() };
        tx.add_hunt_time(id, &time).await?;
        if minutes > 0 && hunt.state.is_open() {
            tx.begin_hunt(id).await?;
        }
        // Of all its customers together, so in no single one's log; nor is the note, which may be about any.
        tx.audit(audit(None, "hunt.time", id, json!({"minutes": minutes}))).await?;
        tx.commit().await?;
        Ok(time)
    }

    /// The minutes written down on a hunt, oldest first. Takes sight of all its customers.
    pub async fn list_hunt_times(&self, ctx: &Context, id: &HuntId) -> Result<Vec<HuntTime>> {
        ctx.require(Permission::HuntRead)?;
        let mut tx = self.store().read(ctx).await?;
        whole(tx.get_hunt(id).await?)?;
        Ok(tx.list_hunt_times(id).await?)
    }

    async fn open_from_hunt(
        &self,
        tx: &mut Tx,
        wish: &HuntIncident,
        title: String,
        sample: Option<HuntSample>,
    ) -> Result<Incident> {
        let mut entities = Vec::new();
        if let Some(sample) = &sample {
            let parser = self.parsers().live();
            let event = parser.parse(&sample.raw, &hint(Some(&sample.source), sample.time));
            merge_entities(&mut entities, &entities_of(&event));
        }
        let time = sample.as_ref().map_or(tx.context().now(), |sample| sample.time);
        let note = wish.note.as_deref().map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned);
        let record = sample.map(|sample| format!("{} {}\n{}", sample.event, sample.source, sample.raw));
        let comments = note.into_iter().chain(record).map(|text| text.chars().take(TEXT).collect());
        let new = NewIncident { customer: wish.customer.clone(), title, severity: wish.severity, note: None };
        incident::open(tx, &new, time, entities, comments).await
    }

    /// What the commonest of these sources is to Sigma, where it is one thing before all others.
    fn log_source_of(&self, sources: &[String]) -> Option<model::event::LogSource> {
        let parser = self.parsers().live();
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for source in sources {
            match counts.iter_mut().find(|(name, _)| name == source) {
                Some((_, count)) => *count += 1,
                None => counts.push((source, 1)),
            }
        }
        let (name, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        let source = parser.sources().iter().find(|source| *source.name == *name)?;
        let parts = |of: &model::event::LogSource| of.category.is_some() as u8 + of.product.is_some() as u8;
        source.log_sources().into_iter().max_by_key(parts)
    }
}

async fn customer_of(tx: &mut Tx, hunt: &HuntId, customer: &CustomerId) -> Result<HuntCustomer> {
    let found = tx.list_hunt_customers(hunt).await?.into_iter().find(|one| one.customer == *customer);
    found.ok_or(Error::NotFound("customer of this hunt"))
}

fn request_of(hunt: &HuntId, hypothesis: &str, query: &HuntQuery, title: String) -> RequestData {
    let asked = match &query.ask {
        HuntQuestion::Search { q } => q.clone(),
        HuntQuestion::UseCase { text } => text.clone(),
        HuntQuestion::List { list } => list.to_string(),
    };
    let description = format!("{hypothesis}\n\n{}\n\n```\n{asked}\n```\n\n{hunt}", query.note);
    RequestData {
        kind: RequestKind::New,
        title,
        description: description.trim().chars().take(TEXT).collect(),
        rule_id: None,
        assignee: None,
        state: RequestState::Open,
        answer: String::new(),
    }
}

/// A random id in the form rules have.
fn rule_id(ctx: &Context) -> String {
    use sha2::{Digest, Sha256};
    // The randomness is that of an id of ours.
    let drawn = Sha256::digest(HuntTimeId::generate(ctx.now()).as_str());
    let hex: String = drawn.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
