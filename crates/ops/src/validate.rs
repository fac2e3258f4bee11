//! Checks that the model leaves to the use cases, because they need tables or parsers it does not carry.

use std::net::IpAddr;

use model::asset::AssetData;
use model::audit_policy::AuditPolicyData;
use model::customer::CustomerData;
use model::device::DeviceData;
use model::resource_group::ResourceGroupData;

use crate::error::{Problems, Result};

/// Characters of a note or remark at most.
const NOTE: usize = 10_000;
/// Members of a list (addresses, ranges, names) at most.
const MANY: usize = 1_000;

/// Checks what is kept of a customer.
pub fn customer(data: &CustomerData) -> Result<()> {
    let mut problems = Problems::of(data.problems());
    problems.expect(is_time_zone(&data.time_zone), "time_zone", "must be an IANA time zone such as Asia/Shanghai");
    problems.expect(data.remark.chars().count() <= NOTE, "remark", "must have at most 10000 characters");
    problems.done()
}

/// Checks what is kept of a device, with its texts trimmed.
pub fn device(mut data: DeviceData) -> Result<DeviceData> {
    data.name = data.name.trim().to_owned();
    for text in [&mut data.source, &mut data.address, &mut data.time_zone] {
        *text = text.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    }
    let mut problems = Problems::of(data.problems());
    let zone_known = data.time_zone.as_deref().is_none_or(is_time_zone);
    problems.expect(zone_known, "time_zone", "must be an IANA time zone such as Asia/Shanghai");
    let address_plain = data.address.as_deref().is_none_or(|address| address.len() <= 253 && is_plain(address));
    problems.expect(address_plain, "address", "must be an address or host name");
    let version_short = data.software_version.chars().count() <= 100;
    problems.expect(version_short, "software_version", "must have at most 100 characters");
    let source_plain = data.source.as_deref().is_none_or(|source| source.len() <= 64 && is_plain(source));
    problems.expect(source_plain, "source", "must be the name of a source");
    problems.done().map(|()| data)
}

/// Checks what is kept of an asset; addresses become canonical text and double entries go.
pub fn asset(mut data: AssetData) -> Result<AssetData> {
    let mut problems = Problems::default();
    data.name = data.name.trim().to_owned();
    problems.expect((1..=200).contains(&data.name.chars().count()), "name", "must have 1 to 200 characters");
    let parsed: Option<Vec<IpAddr>> = data.addresses.iter().map(|address| address.trim().parse().ok()).collect();
    match parsed {
        Some(addresses) => data.addresses = distinct(addresses.iter().map(ToString::to_string)),
        None => problems.add("addresses", "must be IP addresses"),
    }
    data.host_names = distinct(data.host_names.iter().map(|name| name.trim().to_owned()));
    let names_plain = data.host_names.iter().all(|name| name.len() <= 253 && is_plain(name));
    problems.expect(names_plain, "host_names", "must be host names of at most 253 characters");
    problems.expect(data.addresses.len() <= MANY, "addresses", "must be at most 1000");
    problems.expect(data.host_names.len() <= MANY, "host_names", "must be at most 1000");
    problems.expect(data.owner.chars().count() <= 200, "owner", "must have at most 200 characters");
    problems.expect(data.business.chars().count() <= 200, "business", "must have at most 200 characters");
    problems.done().map(|()| data)
}

/// Checks what is kept of a resource group; host bits of its ranges are cleared and double entries go.
pub fn resource_group(mut data: ResourceGroupData) -> Result<ResourceGroupData> {
    let mut problems = Problems::default();
    data.name = data.name.trim().to_owned();
    problems.expect((1..=100).contains(&data.name.chars().count()), "name", "must have 1 to 100 characters");
    let mut ranges = Vec::with_capacity(data.ranges.len());
    for range in &data.ranges {
        if !ranges.contains(&range.trunc()) {
            ranges.push(range.trunc());
        }
    }
    data.ranges = ranges;
    problems.expect((1..=MANY).contains(&data.ranges.len()), "ranges", "must be 1 to 1000 CIDR ranges");
    problems.expect(data.note.chars().count() <= NOTE, "note", "must have at most 10000 characters");
    problems.done().map(|()| data)
}

/// Checks what is kept of an audit policy.
pub fn audit_policy(data: &AuditPolicyData) -> Result<()> {
    let mut problems = Problems::default();
    let condition = &data.condition;
    problems.expect((1..=200).contains(&data.name.trim().chars().count()), "name", "must have 1 to 200 characters");
    problems.expect((0..=1_000_000).contains(&data.position), "position", "must be 0 to 1000000");
    let title_filled = condition.title_contains.as_ref().is_none_or(|part| !part.trim().is_empty());
    problems.expect(title_filled, "condition.title_contains", "must not be empty: leave it out instead");
    let severities_meet = match (condition.severity_at_least, condition.severity_at_most) {
        (Some(least), Some(most)) => least <= most,
        _ => true,
    };
    problems.expect(severities_meet, "condition.severity_at_most", "must not be below severity_at_least");
    let lengths = [
        condition.rule_ids.len(),
        condition.source_ranges.len(),
        condition.destination_ranges.len(),
        condition.devices.len(),
    ];
    problems.expect(lengths.iter().all(|length| *length <= MANY), "condition", "must name at most 1000 of a kind");
    problems.expect(
        condition.count_at_least.is_none_or(|least| least >= 1),
        "condition.count_at_least",
        "must be 1 or more",
    );
    problems.done()
}

/// Checks a title, a comment or another text a person wrote: not empty, not longer than `most`. Gives it trimmed.
pub fn text(field: &str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    let mut problems = Problems::default();
    problems.expect(!text.is_empty(), field, "must not be empty");
    problems.expect(text.chars().count() <= most, field, &format!("must have at most {most} characters"));
    problems.done().map(|()| text.to_owned())
}

fn is_time_zone(name: &str) -> bool {
    name.parse::<chrono_tz::Tz>().is_ok()
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|character| character.is_control() || character.is_whitespace())
}

fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for value in values.filter(|value| !value.is_empty()) {
        if !seen.iter().any(|known| known.eq_ignore_ascii_case(&value)) {
            seen.push(value);
        }
    }
    seen
}
