//! Intelligence lists, feeds and hunts.

use super::*;

pub(super) const CASES: &[Case] = cases! {
    Customer IntelWrite add_intel_list |w, ctx| {
        let ours = std::slice::from_ref(&w.ours);
        one(w.ops.add_intel_list(&ctx, intel_data(), ours, b"evil.example".to_vec()).await)
    };
    Customer IntelRead get_intel_list |w, ctx| one(w.ops.get_intel_list(&ctx, &intel(w).await?.list.id).await);
    Customer IntelRead intel_list_unread |w, ctx| {
        w.ops.intel_list_unread(&ctx, &intel(w).await?.list.id).await.map(|lines| lines.len())
    };
    Customer IntelRead intel_list_suppressed |w, ctx| {
        one(w.ops.intel_list_suppressed(&ctx, &intel(w).await?.list.id).await)
    };
    Customer IntelRead intel_list_hits |w, ctx| {
        one(w.ops.intel_list_hits(&ctx, &intel(w).await?.list.id).await)
    };
    Customer IntelWrite add_feed |w, ctx| {
        one(w.ops.add_feed(&ctx, feed_data(), std::slice::from_ref(&w.ours), None).await)
    };
    Customer IntelRead get_feed |w, ctx| one(w.ops.get_feed(&ctx, &feed(w).await?.id).await);
    Customer IntelRead list_feeds |w, ctx| {
        feed(w).await?;
        all(w.ops.list_feeds(&ctx, None, &page()).await)
    };
    Customer IntelWrite update_feed |w, ctx| {
        let feed = feed(w).await?;
        one(w.ops.update_feed(&ctx, &feed.id, feed.version, feed.data, None).await)
    };
    Customer IntelWrite fetch_feed |w, ctx| one(w.ops.fetch_feed(&ctx, &feed(w).await?.id).await);
    Customer IntelWrite delete_feed |w, ctx| one(w.ops.delete_feed(&ctx, &feed(w).await?.id).await);
    Customer IntelRead intel_list_part |w, ctx| {
        w.ops.intel_list_part(&ctx, &intel(w).await?.list.id, 0).await.map(|found| found.len())
    };
    Customer IntelRead list_intel_lists |w, ctx| {
        intel(w).await?;
        all(w.ops.list_intel_lists(&ctx, None, &page()).await)
    };
    Customer IntelWrite update_intel_list |w, ctx| {
        let list = intel(w).await?.list;
        one(w.ops.update_intel_list(&ctx, &list.id, list.version, list.data).await)
    };
    Customer IntelWrite delete_intel_list |w, ctx| {
        one(w.ops.delete_intel_list(&ctx, &intel(w).await?.list.id).await)
    };
    Customer IntelWrite ask_retro_hunt |w, ctx| one(w.ops.ask_retro_hunt(&ctx, &intel(w).await?.list.id, &[], None).await);
    Customer IntelRead get_retro_hunt |w, ctx| one(w.ops.get_retro_hunt(&ctx, &intel(w).await?.hunt.unwrap().id).await);
    Customer IntelRead list_retro_hunts |w, ctx| {
        intel(w).await?;
        all(w.ops.list_retro_hunts(&ctx, None, &page()).await)
    };
    Customer IntelWrite cancel_retro_hunt |w, ctx| one(w.ops.cancel_retro_hunt(&ctx, &intel(w).await?.hunt.unwrap().id).await);
    Customer IntelRead list_hits |w, ctx| {
        let hunt = intel(w).await?.hunt.unwrap();
        one(w.ops.list_hits(&ctx, &hunt.id, &HitFilter::default(), &page()).await)
    };
};
