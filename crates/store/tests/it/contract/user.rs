use model::user::{ApiToken, Session};
use model::{ApiTokenId, SessionId, UserId};
use store::{Error, UserFilter};

use crate::builders::*;
use crate::fixture::Fixture;

async fn user(fixture: &Fixture, login: &str) -> UserId {
    let id = UserId::generate(at(0));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_user(&id, &user_data(login)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn session(user: &UserId, ends: u64) -> Session {
    Session {
        id: SessionId::generate(at(0)),
        user: user.clone(),
        created: at(0),
        expires: at(ends),
        user_agent: "Browser".into(),
        address: "192.0.2.9".into(),
    }
}

pub async fn a_user_signs_in_and_out(fixture: Fixture) {
    let id = user(&fixture, "li.lei").await;
    let mut tx = fixture.write(&everyone_at(7)).await;
    let read = tx.get_user(&id).await.unwrap();
    assert_eq!((read.data.login.as_str(), read.last_sign_in, read.version), ("li.lei", None, 1));
    assert_eq!(tx.password_hash(&id).await.unwrap(), None);
    tx.set_password_hash(&id, "$argon2id$x").await.unwrap();
    assert_eq!(tx.password_hash(&id).await.unwrap().as_deref(), Some("$argon2id$x"));
    tx.record_sign_in(&id).await.unwrap();
    let read = tx.find_user_by_login("li.lei").await.unwrap().unwrap();
    assert_eq!((read.last_sign_in, read.version), (Some(at(7)), 2));
    assert_eq!(tx.find_user_by_login("LI.LEI").await.unwrap(), None);
    let found = UserFilter { text: Some("THE analyst".into()), active: Some(true) };
    assert_eq!(tx.list_users(&found, &first_page(5)).await.unwrap().items, [read]);
    let stranger = UserId::generate(at(1));
    assert!(matches!(tx.password_hash(&stranger).await, Err(Error::NotFound { what: "user", .. })));
    assert!(matches!(tx.set_password_hash(&stranger, "x").await, Err(Error::NotFound { what: "user", .. })));

    let (one, two) = (session(&id, 100), session(&id, 200));
    tx.create_session(&one, b"token 1", b"csrf 1").await.unwrap();
    tx.create_session(&two, b"token 2", b"csrf 2").await.unwrap();
    assert_eq!(tx.find_session(b"token 1").await.unwrap(), Some((one.clone(), b"csrf 1".to_vec())));
    assert_eq!(tx.list_sessions(&id).await.unwrap().len(), 2);
    tx.delete_session(&one.id).await.unwrap();
    assert_eq!(tx.find_session(b"token 1").await.unwrap(), None);
    assert!(matches!(tx.delete_session(&one.id).await, Err(Error::NotFound { what: "session", .. })));
    assert_eq!(tx.delete_sessions_of(&id).await.unwrap(), 1);
    assert_eq!(tx.find_session(b"token 2").await.unwrap(), None);
    tx.commit().await.unwrap();

    let mut tx = fixture.write(&everyone()).await;
    let again = tx.create_user(&UserId::generate(at(2)), &user_data("li.lei")).await;
    assert!(matches!(again, Err(Error::Taken { ref field }) if field == "login"), "{again:?}");
}

pub async fn an_ended_session_or_token_is_not_found(fixture: Fixture) {
    let id = user(&fixture, "li.lei").await;
    let token = |ends: Option<u64>| ApiToken {
        id: ApiTokenId::generate(at(0)),
        user: id.clone(),
        name: "export".into(),
        created: at(0),
        expires: ends.map(at),
    };
    let (ending, lasting) = (token(Some(50)), token(None));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_session(&session(&id, 50), b"session", b"csrf").await.unwrap();
    tx.create_api_token(&ending, b"ending").await.unwrap();
    tx.create_api_token(&lasting, b"lasting").await.unwrap();
    tx.commit().await.unwrap();
    for (second, alive) in [(49, true), (50, false)] {
        let mut tx = fixture.read(&everyone_at(second)).await;
        assert_eq!(tx.find_session(b"session").await.unwrap().is_some(), alive);
        assert_eq!(tx.list_sessions(&id).await.unwrap().len(), usize::from(alive));
        assert_eq!(tx.find_api_token(b"ending").await.unwrap().is_some(), alive);
        assert_eq!(tx.find_api_token(b"lasting").await.unwrap(), Some(lasting.clone()));
        assert_eq!(tx.get_api_token(&ending.id).await.unwrap(), ending, "still to be shown and revoked");
    }
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.list_api_tokens(&id).await.unwrap().len(), 2);
    tx.delete_api_token(&lasting.id).await.unwrap();
    assert_eq!(tx.find_api_token(b"lasting").await.unwrap(), None);
    assert!(matches!(tx.delete_api_token(&lasting.id).await, Err(Error::NotFound { .. })));
}

pub async fn failed_attempts_are_counted_and_forgotten_on_success(fixture: Fixture) {
    let id = user(&fixture, "li.lei").await;
    for second in [10, 20, 30] {
        let mut tx = fixture.write(&everyone_at(second)).await;
        tx.record_failed_sign_in("li.lei", "192.0.2.9").await.unwrap();
        tx.record_failed_sign_in("nobody", "192.0.2.9").await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = fixture.write(&everyone_at(40)).await;
    assert_eq!(tx.count_failed_sign_ins("li.lei", at(0)).await.unwrap(), 3);
    assert_eq!(tx.count_failed_sign_ins("li.lei", at(20)).await.unwrap(), 2);
    tx.record_sign_in(&id).await.unwrap();
    assert_eq!(tx.count_failed_sign_ins("li.lei", at(0)).await.unwrap(), 0);
    assert_eq!(tx.count_failed_sign_ins("nobody", at(0)).await.unwrap(), 3);
}
