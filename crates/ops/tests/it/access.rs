//! Every use case, walked through by every role and by somebody of another customer.

mod scene;

use std::future::Future;
use std::pin::Pin;

use model::audit_policy::PolicyAction;
use model::device::{CredentialKind, DeviceKind};
use model::incident::Transition;
use model::intel::{Feed, FeedData, FeedKind, IntelListData, ListPurpose, Tlp};
use model::resource_group::ResourceGroupKind;
use model::role::{Permission, Role};
use model::search::EventQuery;
use model::*;
use ops::*;

use crate::world::*;
use scene::*;

type Outcome<'w> = Pin<Box<dyn Future<Output = ops::Result<usize>> + 'w>>;

/// What a use case is about.
#[derive(Clone, Copy, PartialEq)]
enum About {
    /// Objects of the world's first customer: who does not see it finds nothing.
    Customer,
    /// The platform: it takes somebody who sees every customer.
    EveryCustomer,
    /// The platform: customers do not matter.
    Platform,
}

struct Case {
    name: &'static str,
    needs: Permission,
    about: About,
    /// Sets the scene in the platform's name, then acts as the caller. Gives how many of the first customer's things
    /// the caller got to see or change.
    run: for<'w> fn(&'w World, Context) -> Outcome<'w>,
}

macro_rules! cases {
    ($($about:ident $needs:ident $name:ident |$w:ident, $ctx:ident| $body:expr;)*) => {
        &[$(Case {
            name: stringify!($name),
            needs: Permission::$needs,
            about: About::$about,
            run: |$w, $ctx| Box::pin(async move { $body }),
        },)*]
    };
}

mod attachment;
mod hunt;
mod intel;
mod use_case;

/// Every case.
fn all_cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(attachment::CASES).chain(hunt::CASES).chain(intel::CASES).chain(use_case::CASES)
}

const CASES: &[Case] = cases! {
    EveryCustomer CustomerWrite create_customer |w, ctx| {
        one(w.ops.create_customer(&ctx, customer_data(&format!("New {}", w.fresh()))).await)
    };
    Customer CustomerRead get_customer |w, ctx| one(w.ops.get_customer(&ctx, &w.ours).await);
    Customer CustomerRead list_customers |w, ctx| {
        let page = w.ops.list_customers(&ctx, &CustomerFilter::default(), &page()).await?;
        Ok(page.items.iter().filter(|customer| customer.id == w.ours).count())
    };
    Customer CustomerWrite update_customer |w, ctx| {
        let before = w.ops.get_customer(&job(0), &w.ours).await?;
        one(w.ops.update_customer(&ctx, &w.ours, before.version, before.data).await)
    };
    Customer DeviceWrite create_device |w, ctx| {
        one(w.ops.create_device(&ctx, &w.ours, device_data(&format!("d{}", w.fresh()))).await)
    };
    Customer DeviceRead get_device |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        one(w.ops.get_device(&ctx, &device.id).await)
    };
    Customer DeviceRead list_devices |w, ctx| {
        w.device(&w.ours, DeviceKind::Host).await;
        all(w.ops.list_devices(&ctx, &DeviceFilter::default(), &page()).await)
    };
    Customer DeviceWrite update_device |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        one(w.ops.update_device(&ctx, &device.id, device.version, device.data).await)
    };
    Customer DeviceWrite delete_device |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        one(w.ops.delete_device(&ctx, &device.id).await)
    };
    Customer DeviceRead device_health |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        one(w.ops.device_health(&ctx, &device.id, Span::Day).await)
    };
    Customer PolicyRead device_fields |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        one(w.ops.device_fields(&ctx, &device.id).await)
    };
    Customer EventRead device_unrecognised |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        one(w.ops.device_unrecognised(&ctx, &device.id).await)
    };
    Customer DeviceRead device_connections |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        one(w.ops.device_connections(&ctx, &device.id).await)
    };
    Platform PolicyRead list_parsers |w, ctx| one(w.ops.list_parsers(&ctx).await);
    Platform PolicyRead get_parser |w, ctx| one(w.ops.get_parser(&ctx, "openssh_sshd").await);
    Platform PolicyRead export_parser |w, ctx| one(w.ops.export_parser(&ctx, "openssh_sshd").await);
    Platform PolicyRead try_parser |w, ctx| {
        let trial = ParserTrial { name: String::new(), text: PARSER.into(), lines: vec!["acme a=1".into()], time_zone: None };
        one(w.ops.try_parser(&ctx, trial).await)
    };
    Platform ParserWrite check_parser |w, ctx| one(w.ops.check_parser(&ctx, "acme_box", parser_draft(0)).await);
    Platform ParserWrite read_parser_file |w, ctx| {
        let file = w.ops.export_parser(&job(0), "openssh_sshd").await?;
        one(w.ops.read_parser_file(&ctx, &file).await)
    };
    EveryCustomer ParserWrite save_parser |w, ctx| {
        one(w.ops.save_parser(&ctx, &format!("acme_box{}", w.fresh()), parser_draft(0)).await)
    };
    EveryCustomer ParserWrite delete_parser |w, ctx| {
        let name = format!("acme_gate{}", w.fresh());
        w.ops.save_parser(&job(0), &name, parser_draft(0)).await?;
        one(w.ops.delete_parser(&ctx, &name, 1).await)
    };
    Platform SystemAdmin list_platform_alarms |w, ctx| one(w.ops.list_platform_alarms(&ctx, &page()).await);
    Platform SystemAdmin standing_platform_alarms |w, ctx| one(w.ops.standing_platform_alarms(&ctx).await);
    Customer DeviceRead list_device_credentials |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        w.ops.issue_device_credential(&job(0), &device.id, CredentialKind::Token, ops::CredentialWish::default()).await?;
        w.ops.list_device_credentials(&ctx, &device.id).await.map(|found| found.len())
    };
    Customer DeviceRead list_collector_peers |w, ctx| {
        let collector = w.device(&w.ours, DeviceKind::Collector).await;
        stranger(w, &collector).await;
        w.ops.list_collector_peers(&ctx, &collector.id).await.map(|found| found.len())
    };
    Customer DeviceWrite issue_device_credential |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        one(w.ops.issue_device_credential(&ctx, &device.id, CredentialKind::Token, ops::CredentialWish::default()).await)
    };
    Customer DeviceWrite revoke_device_credential |w, ctx| {
        let device = w.device(&w.ours, DeviceKind::Host).await;
        let issued = w.ops.issue_device_credential(&job(0), &device.id, CredentialKind::Token, ops::CredentialWish::default()).await?;
        one(w.ops.revoke_device_credential(&ctx, &device.id, &issued.credential.id).await)
    };
    Customer AssetWrite create_asset |w, ctx| one(w.ops.create_asset(&ctx, &w.ours, asset_data()).await);
    Customer AssetRead get_asset |w, ctx| {
        let asset = w.asset(&w.ours).await;
        one(w.ops.get_asset(&ctx, &asset.id).await)
    };
    Customer AssetRead list_assets |w, ctx| {
        w.asset(&w.ours).await;
        all(w.ops.list_assets(&ctx, &AssetFilter::default(), &page()).await)
    };
    Customer AssetWrite update_asset |w, ctx| {
        let asset = w.asset(&w.ours).await;
        one(w.ops.update_asset(&ctx, &asset.id, asset.version, asset.data).await)
    };
    Customer AssetWrite delete_asset |w, ctx| {
        let asset = w.asset(&w.ours).await;
        one(w.ops.delete_asset(&ctx, &asset.id).await)
    };
    Customer AssetWrite create_resource_group |w, ctx| {
        let data = group_data(&format!("g{}", w.fresh()), "10.0.0.0/8");
        one(w.ops.create_resource_group(&ctx, &w.ours, data).await)
    };
    Customer AssetRead get_resource_group |w, ctx| {
        let group = w.group(&w.ours, ResourceGroupKind::Internal, "10.0.0.0/8").await;
        one(w.ops.get_resource_group(&ctx, &group.id).await)
    };
    Customer AssetRead list_resource_groups |w, ctx| {
        w.group(&w.ours, ResourceGroupKind::Internal, "10.0.0.0/8").await;
        all(w.ops.list_resource_groups(&ctx, &ResourceGroupFilter::default(), &page()).await)
    };
    Customer AssetWrite update_resource_group |w, ctx| {
        let group = w.group(&w.ours, ResourceGroupKind::Internal, "10.0.0.0/8").await;
        one(w.ops.update_resource_group(&ctx, &group.id, group.version, group.data).await)
    };
    Customer AssetWrite delete_resource_group |w, ctx| {
        let group = w.group(&w.ours, ResourceGroupKind::Internal, "10.0.0.0/8").await;
        one(w.ops.delete_resource_group(&ctx, &group.id).await)
    };
    Customer AlertRead get_alert |w, ctx| {
        let alert = w.alert(&w.ours, 1, |_| {}).await;
        one(w.ops.get_alert(&ctx, &alert.id).await)
    };
    Customer AlertRead list_alerts |w, ctx| {
        w.alert(&w.ours, 1, |_| {}).await;
        all(w.ops.list_alerts(&ctx, &AlertFilter::default(), &page()).await)
    };
    Customer IncidentWork raise_alert |w, ctx| {
        let alert = w.alert(&w.ours, 1, |_| {}).await;
        one(w.ops.raise_alert(&ctx, &alert.id, None, None).await)
    };
    Customer IncidentWork create_incident |w, ctx| one(w.ops.create_incident(&ctx, new_incident(&w.ours)).await);
    Customer IncidentRead get_incident |w, ctx| {
        let incident = w.incident(&w.ours).await;
        one(w.ops.get_incident(&ctx, &incident.id).await)
    };
    Customer IncidentRead view_incident |w, ctx| {
        let incident = w.incident(&w.ours).await;
        one(w.ops.view_incident(&ctx, &incident.id).await)
    };
    Customer IncidentRead list_incidents |w, ctx| {
        w.incident(&w.ours).await;
        all(w.ops.list_incidents(&ctx, &IncidentFilter::default(), &page()).await)
    };
    Customer IncidentRead list_incident_entries |w, ctx| {
        let incident = w.incident(&w.ours).await;
        all(w.ops.list_incident_entries(&ctx, &incident.id, &page()).await)
    };
    Customer IncidentWork transition_incident |w, ctx| {
        let incident = w.incident(&w.ours).await;
        one(w.ops.transition_incident(&ctx, &incident.id, incident.version, Transition::Start).await)
    };
    Customer IncidentWork assign_incident_to_oneself |w, ctx| {
        let incident = w.incident(&w.ours).await;
        let me = ctx.actor().user().cloned();
        one(w.ops.assign_incident(&ctx, &incident.id, incident.version, me).await)
    };
    Customer IncidentAssign assign_incident_to_another |w, ctx| {
        let incident = w.incident(&w.ours).await;
        let other = w.user(&format!("other{}", w.fresh()), Role::L1Analyst, &[]).await;
        one(w.ops.assign_incident(&ctx, &incident.id, incident.version, Some(other.id)).await)
    };
    Customer IncidentWork set_incident_severity |w, ctx| {
        let incident = w.incident(&w.ours).await;
        one(w.ops.set_incident_severity(&ctx, &incident.id, incident.version, Severity::Critical).await)
    };
    Customer IncidentWork comment_incident |w, ctx| {
        let incident = w.incident(&w.ours).await;
        one(w.ops.comment_incident(&ctx, &incident.id, "seen").await)
    };
    Customer IncidentRead list_assignees |w, ctx| {
        w.ops.list_assignees(&ctx, Some(&w.ours)).await.map(|found| found.len())
    };
    Customer EventRead search_events |w, ctx| {
        w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        all(w.ops.search_events(&ctx, &query()).await)
    };
    Customer EventRead event_histogram |w, ctx| {
        w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        let bars = w.ops.event_histogram(&ctx, &query(), 10).await?;
        Ok(bars.iter().map(|bar| bar.count as usize).sum())
    };
    Customer EventRead top_values |w, ctx| {
        w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        w.ops.top_values(&ctx, &query(), "source_ip", 10).await.map(|found| found.len())
    };
    Customer EventRead field_stats |w, ctx| {
        w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        let stats = w.ops.field_stats(&ctx, &query(), &["source_ip".to_owned()], 10).await?;
        Ok(stats.iter().map(|field| field.total as usize).sum())
    };
    Customer CustomerRead list_storage |w, ctx| {
        let storage = w.ops.list_storage(&ctx, &rules().policy).await?;
        Ok(storage.iter().filter(|one| one.retention.customer == w.ours).count())
    };
    Customer EventRead create_saved_search |w, ctx| {
        one(w.ops.create_saved_search(&ctx, search_of(&w.ours)).await)
    };
    Customer EventRead get_saved_search |w, ctx| {
        one(w.ops.get_saved_search(&ctx, &kept(w, &ctx).await).await)
    };
    Customer EventRead list_saved_searches |w, ctx| {
        kept(w, &ctx).await;
        all(w.ops.list_saved_searches(&ctx, &page()).await)
    };
    Customer EventRead update_saved_search |w, ctx| {
        one(w.ops.update_saved_search(&ctx, &kept(w, &ctx).await, 1, search_of(&w.ours)).await)
    };
    Customer EventRead delete_saved_search |w, ctx| {
        one(w.ops.delete_saved_search(&ctx, &kept(w, &ctx).await).await)
    };
    Customer EventRead tail_events |w, ctx| {
        let mut tail = w.ops.tail_events(&ctx, &query()).await?;
        let before = tail.next(&ctx, 10).await?.events.len();
        w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        Ok(before + tail.next(&ctx, 10).await?.events.len())
    };
    Platform EventRead create_export |w, ctx| one(asked_for(w, &ctx).await);
    Platform EventRead get_export |w, ctx| {
        one(w.ops.get_export(&ctx, &asked_for(w, &ctx).await?).await)
    };
    Platform EventRead list_exports |w, ctx| {
        asked_for(w, &ctx).await?;
        all(w.ops.list_exports(&ctx, &page()).await)
    };
    Platform EventRead cancel_export |w, ctx| {
        one(w.ops.cancel_export(&ctx, &asked_for(w, &ctx).await?).await)
    };
    Platform EventRead delete_export |w, ctx| {
        let id = asked_for(w, &ctx).await?;
        while w.ops.run_next_export(at(5)).await? {}
        one(w.ops.delete_export(&ctx, &id).await)
    };
    Platform EventRead open_export |w, ctx| {
        let id = asked_for(w, &ctx).await?;
        while w.ops.run_next_export(at(5)).await? {}
        one(w.ops.open_export(&ctx, &id).await)
    };
    Customer EventRead stream_events |w, ctx| {
        w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        let mut export = w.ops.stream_events(&ctx, &query(), model::search::ExportFormat::Ndjson, &[], 10).await?;
        let mut lines = 0;
        while let Some(part) = export.next().await {
            lines += part?.iter().filter(|byte| **byte == b'\n').count();
        }
        Ok(lines)
    };
    Customer EventRead sql_events |w, ctx| {
        w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        let found = w.ops.sql_events(&ctx, "SELECT raw FROM events", query().range, &[], 10).await?;
        Ok(found.rows.len())
    };
    Customer EventRead get_event |w, ctx| {
        let id = w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        one(w.ops.get_event(&ctx, &id).await)
    };
    Customer EventRead backtest |w, ctx| {
        w.sign_in(&w.ours, 5, "Failed password for root");
        let TimeRange { from, to } = query().range;
        let asked = ops::Backtest { rule: None, text: Some(FAILED.into()), customers: Vec::new(), from, to };
        w.ops.backtest(&ctx, &asked).await.map(|result| result.fired as usize)
    };
    Customer PolicyWrite create_audit_policy |w, ctx| {
        one(w.ops.create_audit_policy(&ctx, Some(&w.ours), policy_data("p", 1, raise())).await)
    };
    EveryCustomer PolicyWrite create_global_audit_policy |w, ctx| {
        one(w.ops.create_audit_policy(&ctx, None, policy_data("p", 1, raise())).await)
    };
    Customer PolicyRead get_audit_policy |w, ctx| {
        let policy = w.policy(Some(&w.ours), policy_data("p", 1, raise())).await;
        one(w.ops.get_audit_policy(&ctx, &policy.id).await)
    };
    Customer PolicyRead list_audit_policies |w, ctx| {
        let policy = w.policy(Some(&w.ours), policy_data("p", 1, raise())).await;
        let found = w.ops.list_audit_policies(&ctx, &AuditPolicyFilter::default(), &PageRequest::new(1000, None)).await?;
        Ok(found.items.iter().filter(|found| found.id == policy.id).count())
    };
    Customer PolicyWrite update_audit_policy |w, ctx| {
        let policy = w.policy(Some(&w.ours), policy_data("p", 1, raise())).await;
        one(w.ops.update_audit_policy(&ctx, &policy.id, policy.version, policy.data).await)
    };
    EveryCustomer PolicyWrite update_global_audit_policy |w, ctx| {
        let policy = w.policy(None, policy_data("p", 1, raise())).await;
        one(w.ops.update_audit_policy(&ctx, &policy.id, policy.version, policy.data).await)
    };
    Customer PolicyWrite delete_audit_policy |w, ctx| {
        let policy = w.policy(Some(&w.ours), policy_data("p", 1, raise())).await;
        one(w.ops.delete_audit_policy(&ctx, &policy.id).await)
    };
    EveryCustomer PolicyWrite delete_global_audit_policy |w, ctx| {
        let policy = w.policy(None, policy_data("p", 1, raise())).await;
        one(w.ops.delete_audit_policy(&ctx, &policy.id).await)
    };
    Platform UserRead get_user |w, ctx| {
        let user = w.user(&format!("u{}", w.fresh()), Role::L1Analyst, &[&w.ours]).await;
        one(w.ops.get_user(&ctx, &user.id).await)
    };
    Platform UserRead list_users |w, ctx| all(w.ops.list_users(&ctx, &UserFilter::default(), &page()).await);
    Platform UserRead roles |w, ctx| w.ops.roles(&ctx).await.map(|roles| roles.len());
    Platform UserWrite create_user |w, ctx| {
        let mut data = user_data(&format!("u{}", w.fresh()), Role::L1Analyst);
        data.all_customers = false;
        one(w.ops.create_user(&ctx, data, PASSWORD).await)
    };
    Platform UserWrite update_user |w, ctx| {
        let user = w.user(&format!("u{}", w.fresh()), Role::L1Analyst, &[&w.ours]).await;
        one(w.ops.update_user(&ctx, &user.id, user.version, user.data).await)
    };
    Platform UserWrite set_user_password |w, ctx| {
        let user = w.user(&format!("u{}", w.fresh()), Role::L1Analyst, &[&w.ours]).await;
        one(w.ops.set_user_password(&ctx, &user.id, "blue heron over water").await)
    };
    Platform UserWrite end_user_sessions |w, ctx| {
        let user = w.user(&format!("u{}", w.fresh()), Role::L1Analyst, &[&w.ours]).await;
        one(w.ops.end_user_sessions(&ctx, &user.id).await)
    };
    Customer AuditRead list_audit |w, ctx| {
        w.asset(&w.ours).await;
        let filter = AuditFilter { customer: Some(w.ours.clone()), ..AuditFilter::default() };
        all(w.ops.list_audit(&ctx, &filter, &page()).await)
    };
    Customer CustomerRead get_retention |w, ctx| one(w.ops.get_retention(&ctx, &w.ours).await);
    Customer SystemAdmin set_retention |w, ctx| {
        let version = w.ops.get_retention(&job(0), &w.ours).await?.version;
        one(w.ops.set_retention(&ctx, &rules().policy, &w.ours, version, Default::default()).await)
    };
    Customer SystemAdmin expire_events |w, ctx| {
        old_event(w).await;
        w.ops.expire_events(&ctx, &rules()).await.map(|certificates| certificates.len())
    };
    Customer SystemAdmin delete_events |w, ctx| {
        old_event(w).await;
        let ctx = ctx.because("the contract ended");
        w.ops.delete_events(&ctx, &rules(), &w.ours, query().range).await.map(|found| found.into_iter().count())
    };
    Customer SystemAdmin forget_damaged |w, ctx| {
        // Nothing is damaged: whoever may do this is told so.
        match w.ops.forget_damaged(&ctx, &rules(), &w.ours, "lkf_none").await {
            Err(Error::Invalid { .. }) => Ok(1),
            other => one(other),
        }
    };
    EveryCustomer SystemAdmin resume_deletions |w, ctx| one(w.ops.resume_deletions(&ctx).await);
    Customer AuditRead get_deletion |w, ctx| {
        old_event(w).await;
        let job = job(0).because("test");
        let made = w.ops.delete_events(&job, &rules(), &w.ours, query().range).await?;
        one(w.ops.get_deletion(&ctx, &made.expect("there was an event").id).await)
    };
    Customer AuditRead list_deletions |w, ctx| {
        old_event(w).await;
        w.ops.delete_events(&job(0).because("test"), &rules(), &w.ours, query().range).await?;
        all(w.ops.list_deletions(&ctx, None, &page()).await)
    };
    Customer EventRead export_events |w, ctx| {
        w.event(&w.ours, &DeviceId::generate(at(0)), 5, "failed password for root");
        let query = EventQuery { customers: vec![w.ours.clone()], ..query() };
        let folder = tempfile::tempdir().unwrap();
        let ctx = ctx.because("a dispute");
        w.ops.export_events(&ctx, &query, &[], folder.path()).await.map(|done| done.events as usize)
    };
    Customer EventRead note_evidence |w, ctx| {
        one(w.ops.note_evidence(&ctx, &w.ours, "abc", serde_json::json!({})).await)
    };
    Customer SystemAdmin note_damage |w, ctx| one(w.ops.note_damage(&ctx, &w.ours, "path", Some("gone")).await);
    Customer AlertRead overview |w, ctx| {
        w.alert(&w.ours, 1, |_| {}).await;
        let overview = w.ops.overview(&ctx).await?;
        Ok(overview.alerts_by_state.values().sum::<i64>() as usize + overview.devices.never_connected as usize)
    };
    Customer AlertRead funnel |w, ctx| {
        w.alert(&w.ours, 1, |_| {}).await;
        let query = FunnelQuery { from: Some(at(0).day()), to: Some(at(24 * 3600).day()), customer: None };
        let funnels = w.ops.funnel(&ctx, &query).await?;
        Ok(funnels.iter().map(|funnel| funnel.total.alerts as usize).sum())
    };
};

#[tokio::test]
async fn every_use_case_serves_whom_it_should_and_nobody_else() {
    let world = World::new().await;
    let (mut served, mut denied, mut hidden) = (0, 0, 0);
    let mut roles = Vec::new();
    for role in Role::ALL {
        let ours = world.user(&format!("ours.{}", role.as_str()), *role, &[&world.ours]).await;
        let theirs = world.user(&format!("theirs.{}", role.as_str()), *role, &[&world.theirs]).await;
        let all = world.user(&format!("all.{}", role.as_str()), *role, &[]).await;
        roles.push((*role, acting(&ours, 10), acting(&theirs, 10), acting(&all, 10)));
    }
    for case in all_cases() {
        for (role, ours, theirs, all) in &roles {
            let rightful = if case.about == About::EveryCustomer { all } else { ours };
            let outcome = (case.run)(&world, rightful.clone()).await;
            let who = format!("{} as {}", case.name, role.as_str());
            if !role.permissions().contains(&case.needs) {
                assert!(matches!(outcome, Err(Error::Denied(needs)) if needs == case.needs), "{who}: {outcome:?}");
                denied += 1;
                continue;
            }
            assert!(matches!(outcome, Ok(1..)), "{who}: {outcome:?}");
            served += 1;
            let outcome = match case.about {
                About::Customer => (case.run)(&world, theirs.clone()).await,
                About::EveryCustomer => (case.run)(&world, ours.clone()).await,
                About::Platform => continue,
            };
            let kept_out = match case.about {
                About::Customer => matches!(outcome, Ok(0) | Err(Error::NotFound(_))),
                _ => matches!(outcome, Err(Error::NeedsEveryCustomer)),
            };
            assert!(kept_out, "{who} from outside: {outcome:?}");
            hidden += 1;
        }
    }
    println!("{} use cases: {served} served, {denied} denied, {hidden} from outside", all_cases().count());
    assert!(all_cases().count() >= 60 && served >= 350 && denied >= 140 && hidden >= 300);
}

/// Use cases any signed-in person has for what is their own; `session.rs` and `change.rs` prove that it is.
const OWN: &[&str] = &[
    "change_password",
    "changes_after",
    "create_api_token",
    "delete_api_token",
    "end_session",
    "last_change",
    "list_api_tokens",
    "list_sessions",
    "set_language",
    "sign_out",
];

#[test]
fn no_use_case_is_left_out_of_the_walk() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut found = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for declared in text.split("pub async fn ").skip(1) {
            let (name, rest) = declared.split_once('(').unwrap();
            let takes_context =
                rest.trim_start().trim_start_matches("&self,").trim_start().starts_with("ctx: &Context");
            if takes_context && !OWN.contains(&name) {
                found += 1;
                assert!(all_cases().any(|case| case.name.starts_with(name)), "{name} is not walked through");
            }
        }
    }
    assert!(found >= 55, "only {found} use cases were found");
}
