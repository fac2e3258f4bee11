//! XML records flattened to dotted names, as [`crate::json`] has them of the same record rendered as JSON: an element's
//! text under its path, an attribute under `path.#attributes.name`. A document type and entities other than the five
//! of XML itself are refused: they are how XML is turned against its reader.

use std::borrow::Cow;

use memchr::{memchr, memmem};
use model::event::Value;

use crate::builder::Builder;
use crate::json::Shape;

/// Elements nested deeper than this are refused.
const MAX_DEPTH: usize = 64;

/// Reads a document into `builder`; false where `text` is not one well-formed element. `named` is a tag and the
/// attribute that names such an element in its place.
pub fn parse_into<'a>(
    text: &'a str,
    shape: Option<&'a Shape>,
    named: Option<(&str, &str)>,
    builder: &mut Builder<'a>,
) -> bool {
    Reader { rest: text.trim_start_matches('\u{feff}').trim(), named, builder }.document(shape).is_some()
}

struct Reader<'r, 'a, 'b> {
    rest: &'a str,
    named: Option<(&'r str, &'r str)>,
    builder: &'b mut Builder<'a>,
}

/// An element whose end is still to come.
struct Open<'a> {
    tag: &'a str,
    name: Cow<'a, str>,
    shape: Option<&'a Shape>,
    text: Option<Cow<'a, str>>,
}

impl<'a> Reader<'_, 'a, '_> {
    fn document(&mut self, shape: Option<&'a Shape>) -> Option<()> {
        let mut open: Vec<Open<'a>> = Vec::new();
        loop {
            if self.rest.is_empty() {
                return None;
            }
            if let Some(after) = self.rest.strip_prefix("<!--") {
                self.rest = &after[memmem::find(after.as_bytes(), b"-->")? + 3..];
            } else if let Some(after) = self.rest.strip_prefix("<?") {
                self.rest = &after[memmem::find(after.as_bytes(), b"?>")? + 2..];
            } else if let Some(after) = self.rest.strip_prefix("<![CDATA[") {
                let end = memmem::find(after.as_bytes(), b"]]>")?;
                add(&mut open.last_mut()?.text, Cow::Borrowed(&after[..end]));
                self.rest = &after[end + 3..];
            } else if let Some(after) = self.rest.strip_prefix("</") {
                let (tag, after) = after.split_once('>')?;
                let element = open.pop().filter(|element| element.tag == tag.trim_end())?;
                self.rest = after;
                if let Some(text) = element.text {
                    self.builder.push(element.name, Value::Str(text));
                }
            } else if self.rest.starts_with("<!") {
                return None;
            } else if let Some(after) = self.rest.strip_prefix('<') {
                self.rest = after;
                let parent = open.last().map(|parent| (parent.name.clone(), parent.shape));
                let (element, is_empty) = self.element(parent, shape)?;
                if !is_empty {
                    open.push(element);
                }
                if open.len() > MAX_DEPTH {
                    return None;
                }
            } else {
                let end = memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
                let (text, after) = self.rest.split_at(end);
                self.rest = after;
                let text = text.trim();
                if !text.is_empty() {
                    add(&mut open.last_mut()?.text, plain(text)?);
                }
            }
            if open.is_empty() && self.rest.trim().trim_matches('\0').is_empty() {
                return (!self.builder.is_empty()).then_some(());
            }
            if open.is_empty() && !self.rest.trim_start().starts_with('<') {
                return None;
            }
            if open.is_empty() {
                self.rest = self.rest.trim_start();
            }
        }
    }

    /// An element from after its `<`, and whether it ends at once.
    fn element(
        &mut self,
        parent: Option<(Cow<'a, str>, Option<&'a Shape>)>,
        root: Option<&'a Shape>,
    ) -> Option<(Open<'a>, bool)> {
        let end = self.rest.find([' ', '\t', '\r', '\n', '/', '>'])?;
        let (tag, rest) = self.rest.split_at(end);
        if tag.is_empty() {
            return None;
        }
        self.rest = rest;
        let mut attributes: Vec<(&'a str, Cow<'a, str>)> = Vec::new();
        let is_empty = loop {
            self.rest = self.rest.trim_start();
            if let Some(after) = self.rest.strip_prefix("/>") {
                self.rest = after;
                break true;
            }
            if let Some(after) = self.rest.strip_prefix('>') {
                self.rest = after;
                break false;
            }
            let (name, after) = self.rest.split_once('=')?;
            let after = after.trim_start();
            let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let (value, after) = after[1..].split_once(quote)?;
            self.rest = after;
            let name = name.trim();
            if name.is_empty() || name.contains(['<', '>', ' ']) || attributes.len() > 256 {
                return None;
            }
            if !name.starts_with("xmlns") {
                attributes.push((name, plain(value)?));
            }
        };
        let by_attribute = self
            .named
            .filter(|(named_tag, _)| *named_tag == tag)
            .and_then(|(_, named)| attributes.iter().position(|(name, _)| *name == named));
        let own: Cow<'a, str> = match by_attribute {
            Some(index) => attributes.remove(index).1,
            None => Cow::Borrowed(tag),
        };
        let (parent_name, parent_shape) = parent.unwrap_or((Cow::Borrowed(""), root));
        let shape = parent_shape.and_then(|shape| shape.member(&own));
        let lifted = parent_name.is_empty() || parent_shape.is_some_and(Shape::lifts);
        let name = match shape.and_then(Shape::renames) {
            Some(name) => Cow::Borrowed(name),
            None if lifted => own,
            None => Cow::Owned(format!("{parent_name}.{own}")),
        };
        let attribute_shape = shape.and_then(|shape| shape.member("#attributes"));
        for (attribute, value) in attributes {
            let renamed = attribute_shape.and_then(|shape| shape.member(attribute)).and_then(Shape::renames);
            let name = match renamed {
                Some(name) => Cow::Borrowed(name),
                None if attribute_shape.is_some_and(Shape::lifts) => Cow::Borrowed(attribute),
                None => Cow::Owned(format!("{name}.#attributes.{attribute}")),
            };
            self.builder.push(name, Value::Str(value));
        }
        Some((Open { tag, name, shape, text: None }, is_empty))
    }
}

fn add<'a>(text: &mut Option<Cow<'a, str>>, more: Cow<'a, str>) {
    match text {
        None => *text = Some(more),
        Some(text) => text.to_mut().push_str(&more),
    }
}

/// Text with its entities resolved; nothing where it has one that is not XML's own.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    if memchr(b'&', text.as_bytes()).is_none() {
        return Some(Cow::Borrowed(text));
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let Some((entity, following)) = after.split_once(';').filter(|(entity, _)| entity.len() <= 10) else {
            // An ampersand nobody escaped.
            plain.push('&');
            rest = after;
            continue;
        };
        rest = following;
        match entity {
            "amp" => plain.push('&'),
            "lt" => plain.push('<'),
            "gt" => plain.push('>'),
            "quot" => plain.push('"'),
            "apos" => plain.push('\''),
            _ => {
                let number = match entity.strip_prefix("#x").or_else(|| entity.strip_prefix("#X")) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => entity.strip_prefix('#').and_then(|number| number.parse().ok()),
                };
                plain.push(char::from_u32(number?)?);
            }
        }
    }
    plain.push_str(rest);
    Some(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, shape: Option<&Shape>, named: Option<(&str, &str)>) -> String {
        let mut builder = Builder::new();
        if !parse_into(text, shape, named, &mut builder) {
            return "none".into();
        }
        builder.iter().map(|(name, value)| format!("{name}={} ", value.to_json())).collect()
    }

    #[test]
    fn elements_and_attributes_become_dotted_names() {
        let text =
            "<?xml version=\"1.0\"?><!-- c --><a x='1'><b>t &amp; &#x41;</b><b/><c><![CDATA[<raw>]]></c> own </a>";
        assert_eq!(show(text, None, None), r#"a.#attributes.x="1" a.b="t & A" a.c="<raw>" a="own" "#);
    }

    #[test]
    fn a_windows_event_reads_like_its_json_rendering() {
        let text = "<Event xmlns='http://x'><System><Provider Name='P'/><EventID Qualifiers='0'>4624</EventID></System>\
                    <EventData><Data Name='TargetUserName'>li</Data><Data>one</Data><Data>two</Data></EventData></Event>";
        let mut shape = Shape::default();
        shape.lift("Event");
        shape.lift("Event.EventData");
        shape.rename("Event.System.Provider.#attributes.Name", "Provider_Name");
        shape.rename("Event.System.EventID", "EventID");
        assert_eq!(
            show(text, Some(&shape), Some(("Data", "Name"))),
            r#"Provider_Name="P" EventID.#attributes.Qualifiers="0" EventID="4624" TargetUserName="li" Data=["one","two"] "#
        );
        assert_eq!(
            show(text, Some(&shape), None),
            r#"Provider_Name="P" EventID.#attributes.Qualifiers="0" EventID="4624" Data.#attributes.Name="TargetUserName" Data=["li","one","two"] "#
        );
    }

    #[test]
    fn what_is_not_one_harmless_element_is_refused() {
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a>1</a>x",
            "<a b=1>x</a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&unknown;</a>",
            "<a>&#xD800;</a>",
            "<>x</>",
        ] {
            assert_eq!(show(text, None, None), "none", "{text}");
        }
        let deep = "<a>".repeat(1000) + "x" + &"</a>".repeat(1000);
        assert_eq!(show(&deep, None, None), "none");
    }
}
