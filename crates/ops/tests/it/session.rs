//! Signing in, staying signed in, and no longer being so.

use std::time::Duration;

use model::role::Role;
use model::use_case::Language;
use model::*;
use ops::{Error, SignedIn};

use crate::world::*;

async fn sign_in(world: &World, login: &str, seconds: u64) -> ops::Result<SignedIn> {
    world.ops.sign_in(at(seconds), login, PASSWORD, "a browser", "192.0.2.7").await
}

#[tokio::test]
async fn a_session_lasts_twelve_hours_and_knows_its_own_csrf_token_only() {
    let world = World::new().await;
    let user = world.user("li.wei", Role::L1Analyst, &[&world.ours]).await;
    let first = sign_in(&world, " Li.Wei ", 100).await.unwrap();
    let second = sign_in(&world, "li.wei", 101).await.unwrap();
    assert!(first.token.starts_with("vds_"));
    assert_eq!(first.user.last_sign_in, Some(at(100)));

    let found = world.ops.authenticate_session(at(200), &first.token).await.unwrap().expect("signed in");
    assert_eq!(found.ctx.actor(), &Actor::User(user.id.clone()));
    assert_eq!(found.ctx.scope(), &Scope::one(world.ours.clone()));
    assert_eq!(found.ctx.permissions(), &Role::L1Analyst.permissions());
    assert_eq!(found.csrf.as_deref(), Some(first.csrf.as_str()));
    assert!(found.check_csrf(&first.csrf));
    assert!(!found.check_csrf(&second.csrf));
    assert!(!found.check_csrf(""));

    let end = 100 + 12 * 3600;
    assert!(world.ops.authenticate_session(at(end - 1), &first.token).await.unwrap().is_some());
    assert!(world.ops.authenticate_session(at(end), &first.token).await.unwrap().is_none());
    assert!(world.ops.authenticate_session(at(200), &first.session.id.to_string()).await.unwrap().is_none());
    assert!(world.ops.authenticate_session(at(200), "vds_guess").await.unwrap().is_none());
}

#[tokio::test]
async fn a_wrong_password_an_unknown_login_and_an_inactive_user_get_the_same_answer() {
    let world = World::new().await;
    let user = world.user("li.wei", Role::L1Analyst, &[]).await;
    let mut data = world.user("gone", Role::L1Analyst, &[]).await.data;
    let gone = world.ops.list_users(&job(1), &Default::default(), &PageRequest::default()).await.unwrap();
    let gone = gone.items.into_iter().find(|user| user.data.login == "gone").unwrap();
    data.active = false;
    world.ops.update_user(&job(1), &gone.id, gone.version, data).await.unwrap();
    for (login, password) in [("li.wei", "not the password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")] {
        let outcome = world.ops.sign_in(at(10), login, password, "", "192.0.2.7").await;
        assert!(matches!(outcome, Err(Error::BadCredentials)), "{login}: {outcome:?}");
    }
    assert_eq!(world.actions_on(user.id.as_str()).await, ["user.create", "session.refuse"]);
    assert_eq!(world.actions_on("unknown login").await.len(), 2, "what was typed as a login is not on record");
    assert!(sign_in(&world, "li.wei", 11).await.is_ok(), "the rightful user can");
}

#[tokio::test]
async fn after_five_failures_even_the_right_password_waits_its_quarter_of_an_hour() {
    let world = World::new().await;
    world.user("li.wei", Role::L1Analyst, &[]).await;
    world.user("wang", Role::L1Analyst, &[]).await;
    for second in 0..5 {
        let outcome = world.ops.sign_in(at(100 + second), "li.wei", "wrong wrong wrong", "", "").await;
        assert!(matches!(outcome, Err(Error::BadCredentials)), "{outcome:?}");
    }
    let refused = sign_in(&world, "li.wei", 160).await;
    let Err(Error::TooManyAttempts { retry_after }) = refused else { panic!("{refused:?}") };
    assert!((Duration::from_secs(840)..=Duration::from_secs(900)).contains(&retry_after), "{retry_after:?}");
    assert!(sign_in(&world, "wang", 160).await.is_ok(), "others are not concerned");
    assert!(sign_in(&world, "li.wei", 160 + retry_after.as_secs()).await.is_ok());
    for second in 0..4 {
        let _ = world.ops.sign_in(at(2000 + second), "li.wei", "wrong wrong wrong", "", "").await;
    }
    assert!(sign_in(&world, "li.wei", 2010).await.is_ok(), "success forgets failures");
    assert!(sign_in(&world, "li.wei", 2011).await.is_ok());
}

#[tokio::test]
async fn attempts_made_at_once_are_counted_one_by_one() {
    let world = World::new().await;
    world.user("li.wei", Role::L1Analyst, &[]).await;
    let tries: Vec<_> = (0..12)
        .map(|_| {
            let ops = world.ops.clone();
            tokio::spawn(async move { ops.sign_in(at(100), "li.wei", "wrong wrong wrong", "", "").await })
        })
        .collect();
    let mut heard = 0;
    for one in tries {
        heard += usize::from(matches!(one.await.unwrap(), Err(Error::BadCredentials)));
    }
    assert_eq!(heard, 5);
}

#[tokio::test]
async fn people_end_their_own_sessions_and_nobody_elses() {
    let world = World::new().await;
    let li = acting(&world.user("li.wei", Role::L1Analyst, &[]).await, 50);
    let wang = acting(&world.user("wang", Role::Administrator, &[]).await, 50);
    let one = sign_in(&world, "li.wei", 10).await.unwrap();
    let two = sign_in(&world, "li.wei", 20).await.unwrap();
    assert_eq!(world.ops.list_sessions(&li).await.unwrap(), [two.session.clone(), one.session.clone()]);
    let outcome = world.ops.end_session(&wang, &one.session.id).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    world.ops.sign_out(&li, &one.session.id).await.unwrap();
    assert!(world.ops.authenticate_session(at(51), &one.token).await.unwrap().is_none());
    assert!(world.ops.authenticate_session(at(51), &two.token).await.unwrap().is_some());
    let again = world.ops.sign_out(&li, &one.session.id).await;
    assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let world = World::new().await;
    let li = acting(&world.user("li.wei", Role::L1Analyst, &[]).await, 50);
    let here = sign_in(&world, "li.wei", 10).await.unwrap();
    let elsewhere = sign_in(&world, "li.wei", 20).await.unwrap();
    let keep = Some(&here.session.id);
    let change = |current: &'static str, new: &'static str| world.ops.change_password(&li, current, new, keep);
    assert!(matches!(change("wrong wrong wrong", "blue heron over water").await, Err(Error::Invalid { .. })));
    assert!(matches!(change(PASSWORD, "short").await, Err(Error::Invalid { .. })));
    assert!(
        world.ops.authenticate_session(at(51), &elsewhere.token).await.unwrap().is_some(),
        "nothing has changed yet"
    );
    change(PASSWORD, "blue heron over water").await.unwrap();
    assert!(world.ops.authenticate_session(at(51), &here.token).await.unwrap().is_some());
    assert!(world.ops.authenticate_session(at(51), &elsewhere.token).await.unwrap().is_none());
    assert!(matches!(sign_in(&world, "li.wei", 60).await, Err(Error::BadCredentials)));
    assert!(world.ops.sign_in(at(61), "li.wei", "blue heron over water", "", "").await.is_ok());
}

#[tokio::test]
async fn a_token_acts_for_its_user_until_it_ends_and_can_make_no_more_of_them() {
    let world = World::new().await;
    let user = world.user("li.wei", Role::L1Analyst, &[&world.ours]).await;
    let other = acting(&world.user("wang", Role::Administrator, &[]).await, 50);
    let li = acting(&user, 50);
    let (token, secret) = world.ops.create_api_token(&li, "export", Some(at(1000))).await.unwrap();
    let found = world.ops.authenticate_token(at(60), &secret).await.unwrap().expect("a token");
    assert_eq!(found.ctx.actor(), &Actor::Token(token.id.clone(), user.id.clone()));
    assert_eq!(found.ctx.scope(), &Scope::one(world.ours.clone()));
    assert!(!found.check_csrf(""));
    assert!(world.ops.authenticate_token(at(1000), &secret).await.unwrap().is_none(), "it has ended");
    assert!(world.ops.authenticate_session(at(60), &secret).await.unwrap().is_none(), "it is no session");

    let ctx = &found.ctx;
    assert!(matches!(world.ops.create_api_token(ctx, "more", None).await, Err(Error::PersonOnly)));
    assert!(matches!(world.ops.list_sessions(ctx).await, Err(Error::PersonOnly)));
    let change = world.ops.change_password(ctx, PASSWORD, "blue heron over water", None).await;
    assert!(matches!(change, Err(Error::PersonOnly)));

    assert_eq!(world.ops.list_api_tokens(&li).await.unwrap(), vec![token.clone()]);
    assert!(world.ops.list_api_tokens(&other).await.unwrap().is_empty());
    let outcome = world.ops.delete_api_token(&other, &token.id).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    world.ops.delete_api_token(&li, &token.id).await.unwrap();
    assert!(world.ops.authenticate_token(at(60), &secret).await.unwrap().is_none());
    let past = world.ops.create_api_token(&li, "late", Some(at(50))).await;
    assert!(matches!(past, Err(Error::Invalid { .. })), "{past:?}");
}

#[tokio::test]
async fn who_loses_rights_loses_sessions_and_tokens_at_once() {
    let world = World::new().await;
    let user = world.user("li.wei", Role::SocManager, &[]).await;
    let (_, token) = world.ops.create_api_token(&acting(&user, 5), "export", None).await.unwrap();
    let session = sign_in(&world, "li.wei", 10).await.unwrap();

    let mut data = user.data.clone();
    data.name = "Li Wei".into();
    let user = world.ops.update_user(&job(20), &user.id, session.user.version, data).await.unwrap();
    let kept = world.ops.authenticate_session(at(21), &session.token).await.unwrap();
    assert!(kept.is_some(), "a new name ends nothing");

    let mut data = user.data.clone();
    data.roles = vec![Role::L1Analyst];
    let user = world.ops.update_user(&job(30), &user.id, user.version, data).await.unwrap();
    assert!(world.ops.authenticate_session(at(31), &session.token).await.unwrap().is_none());
    let found = world.ops.authenticate_token(at(31), &token).await.unwrap().expect("still a token");
    assert_eq!(found.ctx.permissions(), &Role::L1Analyst.permissions(), "with what the role allows now");

    let session = sign_in(&world, "li.wei", 40).await.unwrap();
    world.ops.set_user_password(&job(41), &user.id, "blue heron over water").await.unwrap();
    assert!(world.ops.authenticate_session(at(42), &session.token).await.unwrap().is_none());

    let mut data = user.data.clone();
    data.active = false;
    let version = world.ops.get_user(&job(43), &user.id).await.unwrap().version;
    world.ops.update_user(&job(43), &user.id, version, data).await.unwrap();
    assert!(world.ops.authenticate_token(at(44), &token).await.unwrap().is_none());
}

#[tokio::test]
async fn no_secret_is_ever_in_the_audit_log() {
    let world = World::new().await;
    let li = acting(&world.user("li.wei", Role::L1Analyst, &[]).await, 50);
    let session = sign_in(&world, "li.wei", 10).await.unwrap();
    let (_, token) = world.ops.create_api_token(&li, "export", None).await.unwrap();
    world.ops.change_password(&li, PASSWORD, "blue heron over water", None).await.unwrap();
    let user = world.ops.set_language(&li, Language::Zh).await.unwrap();
    assert_eq!(user.data.language, Language::Zh);
    let log = world.audit_text().await;
    assert!(
        log.contains("user.change_password") && log.contains("api_token.create") && log.contains("user.set_language")
    );
    for secret in [PASSWORD, "blue heron", "$argon2", &session.token[4..], &session.csrf, &token[4..]] {
        assert!(!log.contains(secret), "{secret} is in the audit log");
    }
}
