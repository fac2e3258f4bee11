//! Files of incidents, and the rules they are held against.

use model::attachment::Attachment;
use model::yara::{YaraSet, YaraSetData};

use super::*;

/// A file of an incident of our customer.
async fn file(w: &World) -> ops::Result<Attachment> {
    let incident = w.incident(&w.ours).await;
    let mut upload = w.ops.begin_attachment(&job(1), &incident.id, "shell.jsp", None).await?;
    upload.write(b"<% %>", at(1)).await?;
    Ok(upload.finish(at(1)).await?.view.attachment)
}

fn wish(w: &World) -> YaraSetWish {
    YaraSetWish {
        data: YaraSetData { name: "ours".into(), note: String::new(), enabled: true },
        customers: Some(vec![w.ours.clone()]),
        text: "rule a { condition: true }".into(),
        leave_out: false,
    }
}

async fn set(w: &World) -> ops::Result<YaraSet> {
    Ok(w.ops.create_yara_set(&job(1), wish(w)).await?.set)
}

pub(super) const CASES: &[Case] = cases! {
    Customer IncidentWork begin_attachment |w, ctx| {
        let incident = w.incident(&w.ours).await;
        one(w.ops.begin_attachment(&ctx, &incident.id, "a", None).await)
    };
    Customer IncidentRead list_attachments |w, ctx| {
        let incident = file(w).await?.incident;
        all(w.ops.list_attachments(&ctx, &incident, &page()).await)
    };
    Customer IncidentRead get_attachment |w, ctx| {
        let file = file(w).await?;
        one(w.ops.get_attachment(&ctx, &file.incident, &file.id).await)
    };
    Customer IncidentWork open_attachment |w, ctx| {
        let file = file(w).await?;
        one(w.ops.open_attachment(&ctx, &file.incident, &file.id, AttachmentForm::Plain).await)
    };
    Customer IncidentWork remove_attachment |w, ctx| {
        let file = file(w).await?;
        one(w.ops.remove_attachment(&ctx, &file.incident, &file.id, "not needed").await)
    };
    Platform PolicyRead built_in_yara |w, ctx| one(w.ops.built_in_yara(&ctx).await);
    Platform PolicyWrite check_yara |w, ctx| one(w.ops.check_yara(&ctx, "rule a { condition: true }".into()).await);
    Customer PolicyWrite create_yara_set |w, ctx| one(w.ops.create_yara_set(&ctx, wish(w)).await);
    EveryCustomer PolicyWrite create_yara_set_for_everybody |w, ctx| {
        one(w.ops.create_yara_set(&ctx, YaraSetWish { customers: None, ..wish(w) }).await)
    };
    Customer PolicyRead get_yara_set |w, ctx| one(w.ops.get_yara_set(&ctx, &set(w).await?.id).await);
    Customer PolicyRead list_yara_sets |w, ctx| {
        let id = set(w).await?.id;
        let found = w.ops.list_yara_sets(&ctx, &PageRequest::new(1000, None)).await?;
        let seen = found.items.iter().filter(|found| found.id == id).count();
        w.ops.delete_yara_set(&job(2), &id, 1).await?;
        Ok(seen)
    };
    Customer PolicyWrite update_yara_set |w, ctx| {
        let set = set(w).await?;
        let done = one(w.ops.update_yara_set(&ctx, &set.id, set.version, wish(w)).await);
        w.ops.delete_yara_set(&job(2), &set.id, if done.is_ok() { 2 } else { 1 }).await?;
        done
    };
    Customer PolicyWrite delete_yara_set |w, ctx| {
        let set = set(w).await?;
        one(w.ops.delete_yara_set(&ctx, &set.id, set.version).await)
    };
};
