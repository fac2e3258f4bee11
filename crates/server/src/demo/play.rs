//! What is sent when: ordinary traffic by the hour of the day, and stories that come round again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use chrono::Timelike;
use chrono_tz::Tz;
use model::Timestamp;
use serde::Deserialize;

use super::template::{Lists, Scene, Template};

/// Ordinary traffic of a device.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Background {
    pub device: String,
    per_minute: Vec<f64>,
    #[serde(default)]
    line: Vec<WeightedLine>,
    #[serde(default)]
    window: Vec<Window>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightedLine {
    weight: f64,
    #[serde(default)]
    hours: Option<[u32; 2]>,
    text: Template,
}

/// A habit of the day, such as a nightly backup.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    from: ClockTime,
    to: ClockTime,
    per_minute: f64,
    lines: Vec<Template>,
}

/// Minutes since midnight, written `02:30`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct ClockTime(u32);

/// Something that happens to a customer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    pub slug: String,
    pub customer: String,
    first: u64,
    every: u64,
    /// For people reading the folder.
    #[serde(rename = "title")]
    _title: BTreeMap<String, String>,
    #[serde(default)]
    vars: toml::Table,
    step: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: f64,
    #[serde(default)]
    jitter: f64,
    device: String,
    #[serde(default = "one")]
    count: usize,
    #[serde(default)]
    interval: f64,
    text: Template,
}

fn one() -> usize {
    1
}

impl TryFrom<String> for ClockTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
        match parsed {
            Some((hour @ 0..=24, minute @ 0..=59)) => Ok(ClockTime(hour * 60 + minute)),
            _ => Err(format!("`{text}` is not a time of day such as 02:30")),
        }
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Template::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A device as the play needs it.
pub struct Player {
    pub key: String,
    pub customer: String,
    pub host: String,
    pub address: String,
    /// What it sends with, where its lines carry a token.
    pub token: String,
    pub zone: Tz,
}

/// A line to be sent.
#[derive(Debug)]
pub struct Cue {
    /// When.
    pub time: Timestamp,
    /// By which of the players.
    pub player: usize,
    /// What.
    pub line: String,
}

/// Everything that is played, in order of time, without end.
pub struct Play {
    backgrounds: Vec<Background>,
    stories: Vec<Story>,
    players: Vec<Player>,
    lists: BTreeMap<String, Lists>,
    counters: Vec<u64>,
    rate: f64,
    rng: fastrand::Rng,
    due: BinaryHeap<Reverse<(Timestamp, u64, Due)>>,
    issued: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Background(usize),
    Story(usize),
    Step { story: usize, step: usize, repeat: usize, vars: BTreeMap<String, String> },
}

impl Play {
    /// A play that begins at `start`. `rate` multiplies ordinary traffic and shortens the time between stories.
    pub fn new(
        backgrounds: Vec<Background>,
        stories: Vec<Story>,
        players: Vec<Player>,
        lists: BTreeMap<String, Lists>,
        rate: f64,
        start: Timestamp,
        rng: fastrand::Rng,
    ) -> Result<Play, String> {
        let mut play = Play {
            counters: vec![100_000; players.len()],
            due: BinaryHeap::new(),
            issued: 0,
            backgrounds,
            stories,
            players,
            lists,
            rate,
            rng,
        };
        play.check()?;
        for background in 0..play.backgrounds.len() {
            play.push(start, Due::Background(background));
        }
        for story in 0..play.stories.len() {
            let first = seconds(play.stories[story].first as f64 / play.rate.max(1.0));
            play.push(start.plus(first), Due::Story(story));
        }
        Ok(play)
    }

    /// The next line; time never goes back.
    pub fn next(&mut self) -> Option<Cue> {
        loop {
            let Reverse((time, _, due)) = self.due.pop()?;
            match due {
                Due::Background(index) => {
                    let (cue, wait) = self.background(index, time);
                    self.push(time.plus(wait), Due::Background(index));
                    if cue.is_some() {
                        return cue;
                    }
                }
                Due::Story(index) => self.begin(index, time),
                Due::Step { story, step, repeat, vars } => return Some(self.step(story, step, repeat, &vars, time)),
            }
        }
    }

    /// Chooses a line of ordinary traffic, and how long until the next.
    fn background(&mut self, index: usize, time: Timestamp) -> (Option<Cue>, Duration) {
        let background = &self.backgrounds[index];
        let player = self.player(&background.device);
        let local = time.to_chrono().with_timezone(&self.players[player].zone);
        let (hour, minute) = (local.hour(), local.hour() * 60 + local.minute());
        let ordinary = background.per_minute[hour as usize];
        let open: Vec<&Window> = background.window.iter().filter(|window| window.is_open(minute)).collect();
        let extra: f64 = open.iter().map(|window| window.per_minute).sum();
        let per_minute = (ordinary + extra) * self.rate;
        if per_minute <= 0.0 {
            return (None, Duration::from_secs(60));
        }
        // Arrivals without memory: the time to the next is exponentially distributed.
        let wait = seconds((-(1.0 - self.rng.f64()).ln() * 60.0 / per_minute).min(60.0));
        let text = if self.rng.f64() * (ordinary + extra) < extra {
            let window = open[self.rng.usize(..open.len())];
            window.lines[self.rng.usize(..window.lines.len())].clone()
        } else {
            let lines: Vec<&WeightedLine> = background.line.iter().filter(|line| line.is_open(hour)).collect();
            let mut left = self.rng.f64() * lines.iter().map(|line| line.weight).sum::<f64>();
            let chosen = lines.iter().find(|line| {
                left -= line.weight;
                left < 0.0
            });
            match chosen.or(lines.last()) {
                Some(line) => line.text.clone(),
                None => return (None, wait),
            }
        };
        let line = self.render(&text, player, time, 0, &BTreeMap::new());
        (Some(Cue { time, player, line }), wait)
    }

    /// Lays out one play of a story, and when it comes round again.
    fn begin(&mut self, index: usize, time: Timestamp) {
        let story = &self.stories[index];
        let every = seconds(story.every as f64 / self.rate.max(0.01) * (0.85 + 0.3 * self.rng.f64()));
        let customer = story.customer.clone();
        let mut vars = BTreeMap::new();
        let templates: Vec<(String, Template)> = story
            .vars
            .iter()
            .filter_map(|(name, text)| Some((name.clone(), Template::parse(text.as_str()?).ok()?)))
            .collect();
        if let Some(player) = self.players.iter().position(|player| player.customer == customer) {
            for (name, template) in templates {
                let value = self.render(&template, player, time, 0, &vars);
                vars.insert(name, value);
            }
        }
        let mut laid_out = Vec::new();
        for (step, of) in self.stories[index].step.iter().enumerate() {
            for repeat in 0..of.count {
                let after = of.at + of.interval * repeat as f64 + of.jitter * self.rng.f64();
                laid_out.push((time.plus(seconds(after)), step, repeat));
            }
        }
        for (at, step, repeat) in laid_out {
            self.push(at, Due::Step { story: index, step, repeat, vars: vars.clone() });
        }
        self.push(time.plus(every), Due::Story(index));
    }

    fn step(
        &mut self,
        story: usize,
        step: usize,
        repeat: usize,
        vars: &BTreeMap<String, String>,
        time: Timestamp,
    ) -> Cue {
        let step = &self.stories[story].step[step];
        let (player, text) = (self.player(&step.device), step.text.clone());
        let line = self.render(&text, player, time, repeat, vars);
        Cue { time, player, line }
    }

    fn render(
        &mut self,
        text: &Template,
        player: usize,
        time: Timestamp,
        repeat: usize,
        vars: &BTreeMap<String, String>,
    ) -> String {
        let Player { customer, host, address, token, zone, .. } = &self.players[player];
        let none = Lists::new();
        text.render(&mut Scene {
            time,
            zone: *zone,
            host,
            address,
            token,
            counter: &mut self.counters[player],
            lists: self.lists.get(customer).unwrap_or(&none),
            repeat,
            vars,
            rng: &mut self.rng,
        })
    }

    fn player(&self, key: &str) -> usize {
        self.players.iter().position(|player| player.key == key).expect("checked when the play was made")
    }

    fn push(&mut self, time: Timestamp, due: Due) {
        self.issued += 1;
        self.due.push(Reverse((time, self.issued, due)));
    }

    fn check(&self) -> Result<(), String> {
        let known = |key: &str| self.players.iter().find(|player| player.key == key);
        let lists_there = |template: &Template, customer: &str| {
            let lists = self.lists.get(customer);
            template.lists().find(|list| !lists.is_some_and(|lists| lists.contains_key(*list))).map(str::to_owned)
        };
        for background in &self.backgrounds {
            let key = &background.device;
            let player = known(key).ok_or_else(|| format!("background of an unknown device `{key}`"))?;
            if background.per_minute.len() != 24 {
                return Err(format!("background of `{key}`: per_minute must have 24 numbers"));
            }
            let lines = background.line.iter().map(|line| &line.text);
            for template in lines.chain(background.window.iter().flat_map(|window| &window.lines)) {
                if let Some(list) = lists_there(template, &player.customer) {
                    return Err(format!("background of `{key}` draws from an unknown list `{list}`"));
                }
            }
        }
        for story in &self.stories {
            for step in &story.step {
                let unknown = || format!("story `{}`: unknown device `{}`", story.slug, step.device);
                let player = known(&step.device).ok_or_else(unknown)?;
                if let Some(list) = lists_there(&step.text, &player.customer) {
                    return Err(format!("story `{}` draws from an unknown list `{list}`", story.slug));
                }
            }
            for (name, text) in &story.vars {
                let wrong = |message: String| format!("story `{}`: variable `{name}`: {message}", story.slug);
                let text = text.as_str().ok_or_else(|| wrong("must be text".to_owned()))?;
                Template::parse(text).map_err(wrong)?;
            }
        }
        Ok(())
    }
}

impl WeightedLine {
    fn is_open(&self, hour: u32) -> bool {
        match self.hours {
            None => true,
            Some([from, to]) if from <= to => (from..to).contains(&hour),
            Some([from, to]) => hour >= from || hour < to,
        }
    }
}

impl Window {
    fn is_open(&self, minute: u32) -> bool {
        let (from, to) = (self.from.0, self.to.0);
        if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}
