//! Every route of the OpenAPI document, walked through by every role, by nobody, by people of another customer, and
//! without what protects a session. The table of cases is in `case.rs`.

use std::collections::BTreeSet;
use std::time::Duration;

use model::role::{Permission, Role};

use crate::case::{Case, Cast, Needs, Outside, all_cases};
use crate::client::{Answer, As, Ask, EventStream, Heard, Person};
use crate::world::*;

/// How long a stream is listened to for what must not come.
const LISTEN: Duration = Duration::from_millis(300);

#[derive(Debug, Default)]
struct Counts {
    served: usize,
    nobody: usize,
    wrong_role: usize,
    outside: usize,
    csrf: usize,
    token: usize,
}

/// One role's people.
struct Crew {
    role: Role,
    ours: Person,
    theirs: Person,
    all: Person,
}

fn routes() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        routes.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.to_owned())));
    }
    routes
}

#[test]
fn every_route_of_the_document_has_a_case_and_every_case_a_route() {
    let mut routes = routes();
    // The document does not list the route it is served at.
    routes.insert(("GET".into(), "/openapi.json".into()));
    let cases: BTreeSet<_> = all_cases().map(|case| (case.method.to_owned(), case.path.to_owned())).collect();
    let missing: Vec<_> = routes.difference(&cases).collect();
    let stale: Vec<_> = cases.difference(&routes).collect();
    assert!(missing.is_empty(), "routes without a case: {missing:?}");
    assert!(stale.is_empty(), "cases without a route: {stale:?}");
    println!("{} routes, {} cases", routes.len(), all_cases().count());
    assert!(routes.len() >= 69, "only {} routes", routes.len());
}

#[test]
fn the_table_is_honest_about_permissions_every_role_has() {
    let everywhere = |needed: Permission| Role::ALL.iter().all(|role| role.permissions().contains(&needed));
    for case in all_cases() {
        match case.needs {
            Needs::May(needed) => assert!(!everywhere(needed), "{} {}: every role may", case.method, case.path),
            Needs::EveryRoleMay(needed) => assert!(everywhere(needed), "{} {}: not all may", case.method, case.path),
            Needs::Nothing | Needs::SignIn => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_serves_whom_it_should_and_nobody_else() {
    let world = World::new().await;
    let mut crews = Vec::new();
    for role in Role::ALL {
        let name = role.as_str();
        crews.push(Crew {
            role: *role,
            ours: world.person(&format!("ours.{name}"), *role, &[&world.ours]).await,
            theirs: world.person(&format!("theirs.{name}"), *role, &[&world.theirs]).await,
            all: world.person(&format!("all.{name}"), *role, &[]).await,
        });
    }
    let roleless = roleless(&world).await;
    let mut counts = Counts::default();
    for case in all_cases() {
        let walk = Walk { world: &world, case };
        let mut rightful = None;
        for crew in &crews {
            let owner = if case.needs_all() { &crew.all } else { &crew.ours };
            if !case.needs.met_by(crew.role) {
                walk.denied(owner, crew.role.as_str()).await;
                counts.wrong_role += 1;
                continue;
            }
            walk.served(owner, crew.role).await;
            counts.served += 1;
            let outsider = if case.needs_all() { &crew.ours } else { &crew.theirs };
            counts.outside += walk.by_outsider(owner, outsider, crew.role).await;
            rightful = Some((owner, crew));
        }
        let (owner, _) = rightful.expect("some role may do it");
        if let Needs::May(_) | Needs::EveryRoleMay(_) = case.needs {
            walk.denied(&roleless, "no role at all").await;
            counts.wrong_role += 1;
        }
        counts.nobody += walk.by_nobody(owner).await;
        counts.csrf += walk.without_csrf(owner).await;
        counts.token += walk.by_token(owner).await;
    }
    println!("{} cases on {} routes: {counts:?}", all_cases().count(), routes().len() + 1);
    assert!(counts.served >= 540 && counts.wrong_role >= 210 && counts.outside >= 510, "{counts:?}");
    assert!(counts.nobody >= 74 && counts.csrf >= 40 && counts.token >= 74, "{counts:?}");
}

/// Somebody of our customer who may do nothing. No use case makes such a user, so the store is told.
async fn roleless(world: &World) -> Person {
    let person = world.person("roleless", Role::Auditor, &[&world.ours]).await;
    let mut tx = world.store.write(&job()).await.unwrap();
    let mut user = tx.get_user(&person.user.id).await.unwrap();
    user.data.roles.clear();
    tx.update_user(&user.id, user.version, &user.data).await.unwrap();
    tx.commit().await.unwrap();
    person
}

struct Walk<'w> {
    world: &'w World,
    case: &'static Case,
}

impl Walk<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.case.method, self.case.path)
    }

    /// Sets the scene in the platform's name and gives what the sender would ask.
    async fn ask(&self, owner: &Person, sender: &Person) -> Ask {
        let ask = (self.case.ask)(Cast { world: self.world, owner, sender }).await;
        let ask = Ask { method: self.case.method, ..ask };
        let path = ask.path.split('?').next().unwrap();
        let fits = path.split('/').count() == self.case.path.split('/').count()
            && path
                .split('/')
                .zip(self.case.path.split('/'))
                .all(|(is, wanted)| wanted.starts_with('{') || is == wanted);
        assert!(fits, "{}: asks for {path}", self.name());
        ask
    }

    /// A session that may end, so that the sender's own lives on.
    async fn spare(&self, person: &Person) -> Person {
        match self.case.path {
            "/session" if self.case.method == "DELETE" => self.world.sign_in(&person.user).await,
            _ => person.clone(),
        }
    }

    /// Sends it; of a stream everything that comes within a short time, or until it says what it should.
    async fn send(&self, sender: As<'_>, ask: Ask) -> Answer {
        let streams = ["/changes", "/events/tail"].contains(&self.case.path);
        if !streams || matches!(sender, As::Nobody) {
            return self.world.call(sender, ask).await;
        }
        let mut stream = EventStream::open(&self.world.router, ask.request(sender)).await;
        let mut answer =
            Answer { status: axum::http::StatusCode::OK, headers: stream.headers.clone(), text: String::new() };
        // What is watched live comes when it comes.
        let listen = if self.case.path == "/changes" { LISTEN } else { 5 * LISTEN };
        while let Heard::Event(sent) = stream.next(listen).await {
            answer.text += &sent.data;
            if answer.text.contains(self.world.ours.as_str()) {
                break;
            }
        }
        answer
    }

    /// Sends what must be refused, and sees that nothing changed.
    async fn refused(&self, sender: As<'_>, ask: Ask, status: u16, code: &str, who: &str) {
        let before = self.world.last_change().await;
        let answer = self.world.call(sender, ask).await;
        assert_eq!(answer.status.as_u16(), status, "{} by {who}: {}", self.name(), answer.text);
        assert_eq!(answer.code(), code, "{} by {who}: {}", self.name(), answer.text);
        assert_eq!(self.world.last_change().await, before, "{} by {who} changed something", self.name());
        self.keeps_quiet(&answer, who);
    }

    /// Nothing of ours is in the answer.
    fn keeps_quiet(&self, answer: &Answer, who: &str) {
        let headers = format!("{:?}", answer.headers);
        for secret in [CANARY, self.world.ours.as_str()] {
            let told = answer.text.contains(secret) || headers.contains(secret);
            assert!(!told, "{} tells {who} of {secret}: {}", self.name(), answer.text);
        }
    }

    async fn served(&self, owner: &Person, role: Role) {
        let sender = self.spare(owner).await;
        let ask = self.ask(owner, &sender).await;
        let sender = if self.case.needs == Needs::Nothing { As::Nobody } else { As::Session(&sender) };
        let answer = self.send(sender, ask).await;
        let who = role.as_str();
        assert_eq!(answer.status.as_u16(), self.case.status, "{} by {who}: {}", self.name(), answer.text);
        if let Outside::Gone(marked) | Outside::Unseen(marked) = self.case.outside {
            let reads = self.case.method == "GET" || self.case.path.starts_with("/events/");
            assert!(!reads || marked(self.world, &answer.text), "{} by {who}: {}", self.name(), answer.text);
        }
    }

    async fn denied(&self, sender: &Person, who: &str) {
        let ask = self.ask(sender, sender).await;
        self.refused(As::Session(sender), ask, 403, "forbidden", who).await;
    }

    async fn by_outsider(&self, owner: &Person, outsider: &Person, role: Role) -> usize {
        let who = format!("{} of elsewhere", role.as_str());
        let outsider = self.spare(outsider).await;
        let ask = self.ask(owner, &outsider).await;
        let sender = As::Session(&outsider);
        match self.case.outside {
            Outside::Open => return 0,
            Outside::Gone(_) => self.refused(sender, ask, 404, "not_found", &who).await,
            Outside::NeedsAll | Outside::Forbidden => self.refused(sender, ask, 403, "forbidden", &who).await,
            Outside::Unseen(_) | Outside::Same(_) => {
                let who = if let Outside::Same(why) = self.case.outside { format!("{who} ({why})") } else { who };
                let answer = self.send(sender, ask).await;
                assert_eq!(answer.status.as_u16(), self.case.status, "{} by {who}: {}", self.name(), answer.text);
                self.keeps_quiet(&answer, &who);
                if let Outside::Unseen(marked) = self.case.outside {
                    assert!(!marked(self.world, &answer.text), "{} by {who}: {}", self.name(), answer.text);
                }
            }
        }
        1
    }

    async fn by_nobody(&self, owner: &Person) -> usize {
        if self.case.needs == Needs::Nothing {
            return 0;
        }
        let ask = self.ask(owner, owner).await;
        self.refused(As::Nobody, ask.clone(), 401, "unauthenticated", "nobody").await;
        for wrong in ["Bearer vdt_nobodyhasthis", "Bearer", "Basic dXNlcjpwYXNz"] {
            let ask = ask.clone().header("authorization", wrong);
            self.refused(As::Nobody, ask, 401, "unauthenticated", wrong).await;
        }
        1
    }

    async fn without_csrf(&self, owner: &Person) -> usize {
        if self.case.needs == Needs::Nothing || self.case.method == "GET" {
            return 0;
        }
        let ask = self.ask(owner, owner).await;
        for wrong in [None, Some(""), Some("not the token")] {
            self.refused(As::Cookie(owner, wrong), ask.clone(), 403, "csrf", "a forged request").await;
        }
        1
    }

    async fn by_token(&self, owner: &Person) -> usize {
        if self.case.needs == Needs::Nothing {
            return 0;
        }
        let ask = self.ask(owner, owner).await;
        if self.case.person_only() {
            self.refused(As::Token(owner), ask, 403, "forbidden", "a token").await;
        } else {
            let answer = self.send(As::Token(owner), ask).await;
            assert_eq!(answer.status.as_u16(), self.case.status, "{} by a token: {}", self.name(), answer.text);
        }
        1
    }
}
