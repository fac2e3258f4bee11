//! `vedette hunt`: a file of indicators held against everything kept, by the running server or, when none runs, here.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use model::intel::{Hit, IntelListData, ListPurpose, RetroHunt, RetroHuntState, Tlp, UnreadLine};
use model::{Context, CustomerId, IntelListId, PageRequest, Scope, TimeRange, Timestamp};
use ops::{HitFilter, Ops};
use serde::{Deserialize, Serialize};

use crate::admin;
use crate::cli::ConfigArgs;
use crate::config::Config;
use crate::error::Error;
use crate::open;
use crate::time::now;

/// How often a hunt of the running server is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Lines told of what is no indicator, without `--json`.
const TOLD: usize = 20;

#[derive(Debug, Args)]
pub struct HuntArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// File of indicators: plain text, CSV or NDJSON; it is kept as an intelligence list
    #[arg(long, value_name = "FILE", required_unless_present = "again")]
    pub list: Option<PathBuf>,
    /// Hunt for a list that is there already
    #[arg(long, value_name = "ID", conflicts_with = "list")]
    pub again: Option<IntelListId>,
    /// The new list's name; its file's name when absent
    #[arg(long)]
    pub name: Option<String>,
    /// Only among this customer's events; may be repeated
    #[arg(long = "customer", value_name = "ID")]
    pub customers: Vec<CustomerId>,
    /// Only events from here on
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Only events before
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
}

/// A hunt asked for at the command line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ask {
    list: Option<PathBuf>,
    again: Option<IntelListId>,
    name: String,
    customers: Vec<CustomerId>,
    range: Option<TimeRange>,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Outcome {
    hunt: RetroHunt,
    unread: Vec<UnreadLine>,
    unread_count: i64,
    hits: Vec<Hit>,
}

/// Runs the command; fails when the hunt did not come to its end.
pub async fn run(config: &Config, arguments: &HuntArgs) -> Result<(), Error> {
    let unusable = |path: &PathBuf| {
        let path = path.clone();
        move |source| Error::File { what: "cannot use", path, source }
    };
    let list = arguments.list.as_ref().map(|path| std::path::absolute(path).map_err(unusable(path))).transpose()?;
    let file = list.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let range = (arguments.from.is_some() || arguments.to.is_some()).then(|| TimeRange {
        from: arguments.from.unwrap_or(Timestamp::from_micros(0)),
        to: arguments.to.unwrap_or(now()),
    });
    let ask = Ask {
        list,
        again: arguments.again.clone(),
        name: arguments.name.clone().or(file).unwrap_or_default(),
        customers: arguments.customers.clone(),
        range,
    };
    let outcome: Outcome = match admin::ask(&config.data.folder, "hunt", &ask).await {
        Some(answer) => answer?,
        None => {
            let opened = open::open(config, now()).await?;
            let outcome = answer(&opened.ops, ask, true).await;
            opened.catalogue.close().await;
            opened.store.close().await;
            outcome?
        }
    };
    match arguments.json {
        true => println!("{}", serde_json::to_string_pretty(&outcome).expect("an outcome is plain data")),
        false => print!("{outcome}"),
    }
    match outcome.hunt.state {
        RetroHuntState::Done => Ok(()),
        state => Err(Error::Told(format!("the hunt is {}", state.as_str()))),
    }
}

/// Does it: keeps the list, hunts, and waits for the end. `here` when no worker runs that would.
pub async fn answer(ops: &Ops, ask: Ask, here: bool) -> Result<Outcome, Error> {
    let ctx = || Context::job("command-line", Scope::All, now());
    let (mut unread, mut unread_count) = (Vec::new(), 0);
    let hunt = match (ask.list, ask.again) {
        (Some(path), _) => {
            let content = tokio::fs::read(&path).await;
            let content = content.map_err(|source| Error::File { what: "cannot read", path, source })?;
            let data = IntelListData {
                name: ask.name,
                source: String::new(),
                description: String::new(),
                confidence: 50,
                tlp: Tlp::Amber,
                expires: None,
                purpose: ListPurpose::Hunt,
                least_confidence: 0,
                hunt_new: true,
            };
            let added = ops.add_intel_list(&ctx(), data, &ask.customers, content).await?;
            (unread, unread_count) = (added.unread, added.list.unread);
            match ask.range {
                Some(range) => ops.ask_retro_hunt(&ctx(), &added.list.id, &ask.customers, Some(range)).await?,
                None => added.hunt.ok_or_else(|| Error::Told("the list is not hunted".to_owned()))?,
            }
        }
        (None, Some(list)) => ops.ask_retro_hunt(&ctx(), &list, &ask.customers, ask.range).await?,
        (None, None) => return Err(Error::Told("name a file of indicators or a list".to_owned())),
    };
    if here {
        ops.run_waiting_retro_hunts().await?;
    }
    let hunt = loop {
        let hunt = ops.get_retro_hunt(&ctx(), &hunt.id).await?;
        if hunt.state.is_over() {
            break hunt;
        }
        tokio::time::sleep(LOOK).await;
    };
    let mut hits = Vec::new();
    let mut page = PageRequest::new(PageRequest::MOST, None);
    loop {
        let mut found = ops.list_hits(&ctx(), &hunt.id, &HitFilter::default(), &page).await?;
        hits.append(&mut found.items);
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(Outcome { hunt, unread, unread_count, hits }),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in self.unread.iter().take(TOLD) {
            writeln!(f, "line {}: {}: {}", line.line, line.reason, line.text)?;
        }
        if self.unread_count > TOLD as i64 {
            writeln!(f, "{} lines in all are no indicators", self.unread_count)?;
        }
        for hit in &self.hits {
            let Hit { customer, indicator, first, last, count, .. } = hit;
            let times = if *count == 1 { "once" } else { "times" };
            write!(f, "{customer} {} {}: ", indicator.kind.as_str(), indicator.value)?;
            match count {
                1 => write!(f, "{times}, {first}")?,
                _ => write!(f, "{count} {times}, {first} to {last}")?,
            }
            let samples: Vec<String> = hit.samples.iter().map(|sample| sample.id.to_string()).collect();
            writeln!(f, "  {}", samples.join(" "))?;
        }
        let RetroHunt { id, list, indicators, state, started, finished, .. } = &self.hunt;
        let taken = started.zip(*finished).map(|(from, to)| to.since(from)).unwrap_or_default();
        writeln!(
            f,
            "{id} for {list}: {}, {indicators} indicators, {} hits, {taken:.2?}",
            state.as_str(),
            self.hits.len()
        )?;
        if let Some(error) = &self.hunt.error {
            writeln!(f, "{error}")?;
        }
        if self.hunt.more {
            writeln!(f, "more was found than is kept")?;
        }
        Ok(())
    }
}
