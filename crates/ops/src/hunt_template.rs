//! Hunts of our own to begin from: what to suppose, what to ask, what to look at.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::Context;
use model::hunt::{HuntData, HuntQuery, HuntQuestion};
use model::role::Permission;
use model::use_case::Language;
use serde::{Deserialize, Serialize};

use crate::Ops;
use crate::error::Result;

macro_rules! templates {
    ($($slug:literal),+ $(,)?) => {
        &[$(($slug, include_str!(concat!("../../../content/hunts/", $slug, ".toml")))),+]
    };
}

const TEXTS: &[(&str, &str)] = templates![
    "powershell_download_cradles",
    "system_tools_that_download",
    "new_services_and_tasks",
    "web_server_spawns_shell",
    "password_spraying_that_worked",
    "lateral_movement_by_admin_tools",
    "linux_persistence",
    "rare_outbound_channels",
    "data_leaving_by_archive",
    "remote_access_tools",
];

/// A hunt to begin from, in every language there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntTemplate {
    /// Its name in `content/hunts`.
    pub slug: String,
    /// What a hunt begins with, by language.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: BTreeMap<Language, HuntData>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    techniques: Vec<String>,
    needs: String,
    en: Words,
    zh: Words,
    query: Vec<Asked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    title: String,
    hypothesis: String,
    look_for: String,
    false_positives: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    key: String,
    days: i64,
    en: String,
    zh: String,
    #[serde(default)]
    note_en: String,
    #[serde(default)]
    note_zh: String,
    q: String,
}

impl Ops {
    /// The hunts of our own.
    pub fn hunt_templates(&self, ctx: &Context) -> Result<&'static [HuntTemplate]> {
        ctx.require(Permission::HuntRead)?;
        Ok(hunt_templates())
    }
}

/// The hunts of our own.
pub fn hunt_templates() -> &'static [HuntTemplate] {
    static ALL: LazyLock<Vec<HuntTemplate>> = LazyLock::new(|| {
        let read = |(slug, text): &(&str, &str)| {
            let file = toml::from_str(text).expect("a test reads every one of them");
            template(slug, file)
        };
        TEXTS.iter().map(read).collect()
    });
    &ALL
}

fn template(slug: &str, file: File) -> HuntTemplate {
    let of = |language: Language, words: &Words| {
        let queries = file.query.iter().map(|asked| {
            let (name, note) = match language {
                Language::En => (&asked.en, &asked.note_en),
                Language::Zh => (&asked.zh, &asked.note_zh),
            };
            HuntQuery {
                key: asked.key.clone(),
                name: name.clone(),
                note: note.clone(),
                ask: HuntQuestion::Search { q: asked.q.clone() },
                seconds: Some(asked.days * 86_400),
                from: None,
                to: None,
            }
        });
        HuntData {
            title: words.title.clone(),
            hypothesis: words.hypothesis.trim().to_owned(),
            techniques: file.techniques.clone(),
            needs: file.needs.clone(),
            look_for: words.look_for.trim().to_owned(),
            false_positives: words.false_positives.trim().to_owned(),
            queries: queries.collect(),
            owner: None,
            due: None,
        }
    };
    let data = [(Language::En, of(Language::En, &file.en)), (Language::Zh, of(Language::Zh, &file.zh))];
    HuntTemplate { slug: slug.to_owned(), data: data.into() }
}

#[cfg(test)]
mod tests {
    use model::core_field::core_type;
    use model::hunt::condition;
    use model::query::{FieldRef, Query};

    use super::*;

    #[test]
    fn every_template_is_whole_in_both_languages_and_names_fields_there_are() {
        let all = hunt_templates();
        assert!(all.len() >= 8, "{}", all.len());
        for template in all {
            for (language, data) in &template.data {
                let slug = format!("{} {}", template.slug, language.as_str());
                assert_eq!(data.problems(), [], "{slug}");
                assert!(!data.needs.is_empty() && data.queries.len() >= 2 && !data.techniques.is_empty(), "{slug}");
                for text in [&data.hypothesis, &data.look_for, &data.false_positives] {
                    assert!(text.chars().count() >= 30, "{slug}: {text}");
                }
                for q in data.queries.iter().filter_map(searched).chain([&data.needs]) {
                    condition(q).unwrap().visit(&mut |part| {
                        if let Query::Field(FieldRef::Named(name), _) = part {
                            assert!(core_type(name).is_some(), "{slug}: {name} is no core field");
                        }
                    });
                }
            }
        }
    }

    fn searched(query: &HuntQuery) -> Option<&String> {
        match &query.ask {
            HuntQuestion::Search { q } => Some(q),
            _ => None,
        }
    }
}
