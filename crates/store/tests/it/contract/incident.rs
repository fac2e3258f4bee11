use std::time::Duration;

use model::incident::{Incident, IncidentChange, IncidentState, Verdict};
use model::{PageRequest, Severity, UserId};
use store::IncidentFilter;

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn numbers_count_up_without_a_gap(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let bolt = customer(&fixture, "Bolt").await;
    let mut lost = fixture.write(&everyone()).await;
    lost.create_incident(&incident(&acme, "lost")).await.unwrap();
    drop(lost);
    let raising: Vec<_> = (0..12)
        .map(|n| {
            let (store, customer) = (fixture.store.clone(), if n % 2 == 0 { acme.clone() } else { bolt.clone() });
            tokio::spawn(async move {
                let mut tx = store.write(&only(&customer)).await.unwrap();
                let number = tx.create_incident(&incident(&customer, "WEB01")).await.unwrap().number;
                tx.commit().await.unwrap();
                number
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for one in raising {
        numbers.push(one.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
}

pub async fn the_timeline_keeps_the_order_of_arrival(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let mut tx = fixture.write(&everyone()).await;
    let incident = tx.create_incident(&incident(&acme, "WEB01")).await.unwrap();
    for n in 0..7 {
        // Clocks that run backwards must not change the order.
        tx.add_incident_entry(&acme, &incident.id, &comment(&n.to_string(), 100 - n)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = fixture.read(&everyone()).await;
    let mut texts = Vec::new();
    let mut request = first_page(3);
    loop {
        let page = tx.list_incident_entries(&incident.id, &request).await.unwrap();
        for entry in page.items {
            let IncidentChange::Commented { text } = entry.what else { panic!("{entry:?}") };
            texts.push(text);
        }
        let Some(next) = page.next else { break };
        request = PageRequest::new(3, Some(next));
    }
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "6"]);
    let after = tx.get_incident(&incident.id).await.unwrap();
    assert_eq!((after.updated, after.version), (at(100), 1), "a comment moves the time, not the version");
}

pub async fn an_incident_reads_back_as_written_and_is_found_while_open(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let analyst = UserId::generate(at(0));
    let mut tx = fixture.write(&everyone()).await;
    let raised = tx.create_incident(&incident(&acme, "WEB01")).await.unwrap();
    assert_eq!((raised.number, raised.version), (1, 1));
    assert_eq!(tx.get_incident(&raised.id).await.unwrap(), raised);
    let found = tx.find_open_incident_by_key(&acme, "host=WEB01").await.unwrap();
    assert_eq!(found.as_ref(), Some(&raised));
    assert_eq!(tx.find_open_incident_by_key(&acme, "host=WEB02").await.unwrap(), None);

    let open = IncidentFilter { open_only: true, ..Default::default() };
    let unassigned = IncidentFilter { unassigned: true, ..Default::default() };
    let hers = IncidentFilter { assignee: Some(analyst.clone()), ..Default::default() };
    let worst = IncidentFilter { severity_at_least: Some(Severity::Critical), ..Default::default() };
    let named = IncidentFilter { text: Some("#1".into()), ..Default::default() };
    let resolved = IncidentFilter { states: vec![IncidentState::Resolved], ..Default::default() };
    let recent = IncidentFilter { raised_from: Some(raised.created), ..Default::default() };
    let later = IncidentFilter { raised_from: Some(raised.created.plus(Duration::from_secs(1))), ..Default::default() };
    for (filter, count) in [(&recent, 1), (&later, 0)] {
        assert_eq!(tx.count_incidents(filter).await.unwrap(), count, "{filter:?}");
    }
    for (filter, count) in [(&open, 1), (&unassigned, 1), (&hers, 0), (&worst, 0), (&named, 1), (&resolved, 0)] {
        assert_eq!(tx.count_incidents(filter).await.unwrap(), count, "{filter:?}");
    }
    let closed = Incident {
        state: IncidentState::Resolved,
        verdict: Some(Verdict::BenignPositive),
        severity: Severity::Critical,
        assignee: Some(analyst),
        suspended_until: Some(at(99)),
        alert_count: 4,
        updated: at(50),
        decided: 2,
        ..raised.clone()
    };
    let written = tx.update_incident(&closed, 1).await.unwrap();
    assert_eq!(written, Incident { version: 2, ..closed });
    for (filter, count) in [(&open, 0), (&unassigned, 0), (&hers, 1), (&worst, 1), (&named, 1), (&resolved, 1)] {
        assert_eq!(tx.list_incidents(filter, &first_page(5)).await.unwrap().items.len(), count, "{filter:?}");
    }
    assert_eq!(tx.find_open_incident_by_key(&acme, "host=WEB01").await.unwrap(), None, "closed ones take no alerts");
}
