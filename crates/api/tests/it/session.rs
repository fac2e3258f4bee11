//! Signing in and out as a browser sees it, and what ends a session or a token.

use std::time::Duration;

use model::role::Role;
use serde_json::{Value, json};

use crate::client::{Answer, As, Ask, Person};
use crate::world::*;

fn sign_in(login: &str, password: &str) -> Ask {
    Ask::new("POST", "/session").json(json!({"login": login, "password": password}))
}

async fn me(world: &World, sender: As<'_>) -> Answer {
    world.call(sender, Ask::new("GET", "/session")).await
}

/// The attributes of the cookie that is set.
fn cookie(answer: &Answer) -> Vec<&str> {
    answer.header("set-cookie").split("; ").collect()
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_under_tls_of_plain_connections() {
    for secure in [false, true] {
        let world = World::with_cookies(secure).await;
        world.user("li", Role::L1Analyst, &[&world.ours]).await;
        let answer = world.call(As::Nobody, sign_in("li", PASSWORD)).await.done(200);
        let parts = cookie(&answer);
        assert!(parts[0].starts_with("vedette_session=") && parts[0].len() > 40, "{parts:?}");
        for wanted in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
            assert!(parts.contains(&wanted), "{wanted}: {parts:?}");
        }
        assert_eq!(parts.contains(&"Secure"), secure);
        assert!(!parts.iter().any(|part| part.starts_with("Domain")));
        let secret = parts[0].split_once('=').unwrap().1;
        assert!(!answer.text.contains(secret), "the secret stands in the cookie alone");
    }
}

#[tokio::test]
async fn who_signs_in_reads_who_they_are_and_a_reload_gives_the_same_csrf_token() {
    let world = World::new().await;
    let user = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let signed = world.call(As::Nobody, sign_in(" LI ", PASSWORD)).await.done(200);
    let person = world.sign_in(&user).await;
    let first = me(&world, As::Cookie(&person, None)).await.done(200).json();
    assert_eq!(first["csrf_token"], person.csrf.as_str());
    assert_ne!(first["csrf_token"], signed.json()["csrf_token"], "each session has its own");
    assert_eq!(first["user"]["login"], "li");
    let wanted = serde_json::to_value(Role::L1Analyst.permissions()).unwrap();
    assert_eq!((&first["permissions"], &signed.json()["permissions"]), (&wanted, &wanted));
    assert!(!first.to_string().contains("argon2"));
    let again = me(&world, As::Cookie(&person, None)).await.done(200).json();
    assert_eq!(again, first);
    let other = signed.json()["csrf_token"].as_str().unwrap().to_owned();
    let change = Ask::new("PUT", "/session/language").json(json!({"language": "zh"}));
    world.call(As::Cookie(&person, Some(&other)), change.clone()).await.refused(403, "csrf");
    world.call(As::Session(&person), change).await.done(200);
    assert_eq!(me(&world, As::Cookie(&person, None)).await.json()["user"]["language"], "zh");
}

#[tokio::test]
async fn wrong_passwords_unknown_logins_and_deactivated_users_get_one_answer() {
    let world = World::new().await;
    let gone = world.user("gone", Role::L1Analyst, &[&world.ours]).await;
    world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let mut data = gone.data.clone();
    data.active = false;
    world.ops.update_user(&job(), &gone.id, gone.version, data).await.unwrap();
    let mut answers = Vec::new();
    for (login, password) in [("li", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")] {
        let answer = world.call(As::Nobody, sign_in(login, password)).await;
        answer.refused(401, "bad_credentials");
        assert_eq!(answer.header("set-cookie"), "");
        answers.push(answer.text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

#[tokio::test]
async fn too_many_wrong_passwords_are_throttled_with_the_time_to_wait_even_for_the_right_one() {
    let world = World::new().await;
    let user = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let person = world.sign_in(&user).await;
    for _ in 0..5 {
        world.call(As::Nobody, sign_in("li", "wrong")).await.refused(401, "bad_credentials");
    }
    let answer = world.call(As::Nobody, sign_in("li", PASSWORD)).await;
    answer.refused(429, "too_many_attempts");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    me(&world, As::Session(&person)).await.done(200);
    world.user("wang", Role::L1Analyst, &[&world.ours]).await;
    world.call(As::Nobody, sign_in("wang", PASSWORD)).await.done(200);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_away() {
    let world = World::new().await;
    let user = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let (here, there) = (world.sign_in(&user).await, world.sign_in(&user).await);
    let answer = world.call(As::Session(&here), Ask::new("DELETE", "/session")).await.done(204);
    assert!(cookie(&answer).contains(&"vedette_session=") && cookie(&answer).contains(&"Max-Age=0"), "{answer:?}");
    me(&world, As::Session(&here)).await.refused(401, "unauthenticated");
    me(&world, As::Session(&there)).await.done(200);
}

#[tokio::test]
async fn a_revoked_session_is_nobody_and_only_its_owner_revokes_it() {
    let world = World::new().await;
    let user = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let (here, there) = (world.sign_in(&user).await, world.sign_in(&user).await);
    let other = world.person("wang", Role::L1Analyst, &[&world.ours]).await;
    let list = world.call(As::Session(&here), Ask::new("GET", "/sessions")).await.done(200).json();
    let sessions = list["items"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    assert!(sessions.iter().all(|session| session["user"] == user.id.as_str()), "{list}");
    assert!(sessions.iter().all(|session| session["address"] == "198.51.100.20" && session["user_agent"] == "tests"));
    for secret in [&here.cookie, &here.csrf] {
        assert!(!list.to_string().contains(secret.as_str()));
    }
    let newest = format!("/sessions/{}", sessions[0]["id"].as_str().unwrap());
    world.call(As::Session(&other), Ask::new("DELETE", newest.clone())).await.refused(404, "not_found");
    me(&world, As::Session(&there)).await.done(200);
    world.call(As::Session(&here), Ask::new("DELETE", newest)).await.done(204);
    me(&world, As::Session(&there)).await.refused(401, "unauthenticated");
    me(&world, As::Session(&here)).await.done(200);
}

#[tokio::test]
async fn a_deactivated_user_is_nobody_by_session_and_by_token() {
    let world = World::new().await;
    let admin = world.person("root", Role::Administrator, &[]).await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let path = format!("/users/{}", li.user.id);
    let mut data = world.call(As::Session(&admin), Ask::new("GET", path.clone())).await.done(200).json();
    data["active"] = json!(false);
    let body = pick(&data, &["version", "login", "name", "roles", "all_customers", "customers", "active", "language"]);
    world.call(As::Session(&admin), Ask::new("PUT", path).json(body)).await.done(200);
    me(&world, As::Session(&li)).await.refused(401, "unauthenticated");
    me(&world, As::Token(&li)).await.refused(401, "unauthenticated");
}

fn pick(from: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| ((*field).to_owned(), from[field].clone())).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_needs_the_old_one() {
    let world = World::new().await;
    let user = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let (here, there) = (world.sign_in(&user).await, world.sign_in(&user).await);
    let new = "blue heron over water";
    let change =
        |current: &str, new: &str| Ask::new("PUT", "/session/password").json(json!({"current": current, "new": new}));
    let wrong = world.call(As::Session(&here), change("wrong", new)).await;
    wrong.refused(400, "invalid");
    assert_eq!(wrong.json()["fields"][0]["field"], "current");
    let weak = world.call(As::Session(&here), change(PASSWORD, "short")).await;
    weak.refused(400, "invalid");
    assert_eq!(weak.json()["fields"][0]["field"], "new");
    me(&world, As::Session(&there)).await.done(200);
    world.call(As::Session(&here), change(PASSWORD, new)).await.done(204);
    me(&world, As::Session(&here)).await.done(200);
    me(&world, As::Session(&there)).await.refused(401, "unauthenticated");
    world.call(As::Nobody, sign_in("li", PASSWORD)).await.refused(401, "bad_credentials");
    world.call(As::Nobody, sign_in("li", new)).await.done(200);
}

#[tokio::test]
async fn an_api_token_is_shown_once_acts_without_csrf_and_dies_when_it_ends_or_is_deleted() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let make = |expires: Value| Ask::new("POST", "/api-tokens").json(json!({"name": "report", "expires": expires}));
    world.call(As::Session(&li), make(json!(now().minus(Duration::from_secs(1))))).await.refused(400, "invalid");
    let soon = now().plus(Duration::from_millis(1500));
    let made = world.call(As::Session(&li), make(json!(soon))).await.done(201).json();
    let short = Person { token: made["secret"].as_str().unwrap().to_owned(), ..li.clone() };
    let info = me(&world, As::Token(&short)).await.done(200).json();
    assert_eq!((&info["csrf_token"], &info["expires"]), (&Value::Null, &Value::Null));
    let list = world.call(As::Session(&li), Ask::new("GET", "/api-tokens")).await.done(200);
    assert!(!list.text.contains(&short.token) && !list.text.contains(&li.token), "{list:?}");
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2);

    let incident = world.incident().await.id;
    let comment = Ask::new("POST", format!("/incidents/{incident}/comments")).json(json!({"text": "by a program"}));
    let entry = world.call(As::Token(&li), comment).await.done(201).json();
    assert_eq!(entry["user_name"], "LI");
    // A token cannot make more tokens or take the account over.
    world.call(As::Token(&li), make(Value::Null)).await.refused(403, "forbidden");

    tokio::time::sleep(Duration::from_millis(1600)).await;
    me(&world, As::Token(&short)).await.refused(401, "unauthenticated");
    for token in list.json()["items"].as_array().unwrap() {
        let path = format!("/api-tokens/{}", token["id"].as_str().unwrap());
        world.call(As::Session(&li), Ask::new("DELETE", path)).await.done(204);
    }
    me(&world, As::Token(&li)).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_changed_role_counts_at_once_for_tokens_and_ends_sessions() {
    let world = World::new().await;
    let li = world.person("li", Role::SocManager, &[&world.ours]).await;
    let audit = Ask::new("GET", "/audit");
    world.call(As::Token(&li), audit.clone()).await.done(200);
    let mut data = li.user.data.clone();
    data.roles = vec![Role::L1Analyst];
    let version = world.ops.get_user(&job(), &li.user.id).await.unwrap().version;
    world.ops.update_user(&job(), &li.user.id, version, data).await.unwrap();
    world.call(As::Token(&li), audit).await.refused(403, "forbidden");
    me(&world, As::Session(&li)).await.refused(401, "unauthenticated");
}
