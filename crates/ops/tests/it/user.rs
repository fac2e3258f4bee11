//! Users: nobody climbs by making or changing one, and the platform never loses its last administrator.

use model::role::Role;
use model::user::User;
use model::*;
use ops::{CustomerFilter, Error, UserFilter};

use crate::world::*;

/// A user who may write users, but only for one customer.
async fn confined_administrator(world: &World) -> User {
    world.user("branch", Role::Administrator, &[&world.ours]).await
}

#[tokio::test]
async fn an_administrator_of_one_customer_cannot_make_users_for_others() {
    let world = World::new().await;
    let branch = acting(&confined_administrator(&world).await, 10);
    let mut data = user_data("climber", Role::L1Analyst);
    data.all_customers = true;
    let outcome = world.ops.create_user(&branch, data.clone(), PASSWORD).await;
    assert!(matches!(outcome, Err(Error::Escalation)), "{outcome:?}");
    data.all_customers = false;
    data.customers = vec![world.ours.clone(), world.theirs.clone()];
    let outcome = world.ops.create_user(&branch, data.clone(), PASSWORD).await;
    assert!(matches!(outcome, Err(Error::Escalation)), "{outcome:?}");
    data.customers = vec![world.ours.clone()];
    world.ops.create_user(&branch, data, PASSWORD).await.expect("within their own customer they can");
}

#[tokio::test]
async fn nobody_widens_themselves_or_takes_over_somebody_wider() {
    let world = World::new().await;
    let me = confined_administrator(&world).await;
    let branch = acting(&me, 10);
    let mut data = me.data.clone();
    data.all_customers = true;
    let outcome = world.ops.update_user(&branch, &me.id, me.version, data).await;
    assert!(matches!(outcome, Err(Error::Escalation)), "{outcome:?}");

    for wider in [
        world.user("root", Role::Administrator, &[]).await,
        world.user("zhao", Role::L1Analyst, &[&world.theirs]).await,
    ] {
        let update = world.ops.update_user(&branch, &wider.id, wider.version, wider.data.clone()).await;
        assert!(matches!(update, Err(Error::Escalation)), "{update:?}");
        let password = world.ops.set_user_password(&branch, &wider.id, "blue heron over water").await;
        assert!(matches!(password, Err(Error::Escalation)), "{password:?}");
        let sessions = world.ops.end_user_sessions(&branch, &wider.id).await;
        assert!(matches!(sessions, Err(Error::Escalation)), "{sessions:?}");
        assert!(world.ops.sign_in(at(20), &wider.data.login, PASSWORD, "", "").await.is_ok(), "nothing has changed");
    }
    let under = world.user("under", Role::L1Analyst, &[&world.ours]).await;
    world.ops.set_user_password(&branch, &under.id, "blue heron over water").await.expect("their own people they can");
}

#[tokio::test]
async fn nobody_gives_permissions_they_do_not_have() {
    let world = World::new().await;
    let user = world.user("hr", Role::L1Analyst, &[]).await;
    let mut permissions = Role::L1Analyst.permissions();
    permissions.insert(model::role::Permission::UserWrite);
    let hr = Context::authenticated(Actor::User(user.id), Scope::All, permissions, at(10));
    let outcome = world.ops.create_user(&hr, user_data("climber", Role::SocManager), PASSWORD).await;
    assert!(matches!(outcome, Err(Error::Escalation)), "{outcome:?}");
    let created = world.ops.create_user(&hr, user_data("peer", Role::L1Analyst), PASSWORD).await.expect("an equal");
    let mut data = created.data.clone();
    data.roles.push(Role::Administrator);
    let outcome = world.ops.update_user(&hr, &created.id, created.version, data).await;
    assert!(matches!(outcome, Err(Error::Escalation)), "{outcome:?}");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let world = World::new().await;
    let one = world.user("one", Role::Administrator, &[]).await;
    let two = world.user("two", Role::Administrator, &[]).await;
    confined_administrator(&world).await;
    let changed = |user: &User, how: usize| {
        let mut data = user.data.clone();
        match how {
            0 => data.active = false,
            1 => data.roles = vec![Role::Auditor],
            _ => (data.all_customers, data.customers) = (false, vec![world.ours.clone()]),
        }
        data
    };
    let ctx = acting(&one, 10);
    world.ops.update_user(&ctx, &two.id, two.version, changed(&two, 0)).await.expect("one is left");
    for how in 0..3 {
        let outcome = world.ops.update_user(&ctx, &one.id, one.version, changed(&one, how)).await;
        assert!(matches!(outcome, Err(Error::LastAdministrator)), "{how}: {outcome:?}");
    }
    let mut data = one.data.clone();
    data.name = "Number One".into();
    world.ops.update_user(&ctx, &one.id, one.version, data).await.expect("anything else can be changed");
}

#[tokio::test]
async fn two_administrators_cannot_remove_each_other_at_once() {
    let world = World::new().await;
    let one = world.user("one", Role::Administrator, &[]).await;
    let two = world.user("two", Role::Administrator, &[]).await;
    let remove = |who: &User, whom: &User| {
        let (ops, ctx, id, version) = (world.ops.clone(), acting(who, 10), whom.id.clone(), whom.version);
        let mut data = whom.data.clone();
        data.active = false;
        tokio::spawn(async move { ops.update_user(&ctx, &id, version, data).await })
    };
    let (left, right) = (remove(&one, &two), remove(&two, &one));
    let outcomes = [left.await.unwrap(), right.await.unwrap()];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(Error::LastAdministrator))), "{outcomes:?}");
}

#[tokio::test]
async fn customers_outside_the_callers_sight_are_not_told_of_users() {
    let world = World::new().await;
    let lead = acting(&world.user("lead", Role::ShiftLead, &[&world.ours]).await, 10);
    let both = world.user("both", Role::L1Analyst, &[&world.ours, &world.theirs]).await;
    assert_eq!(world.ops.get_user(&lead, &both.id).await.unwrap().data.customers, vec![world.ours.clone()]);
    let users = world.ops.list_users(&lead, &UserFilter::default(), &PageRequest::default()).await.unwrap();
    assert!(users.items.len() >= 2);
    assert!(!format!("{users:?}").contains(world.theirs.as_str()));
    assert_eq!(world.ops.get_user(&job(1), &both.id).await.unwrap().data.customers.len(), 2);
    let customers = world.ops.list_customers(&lead, &CustomerFilter::default(), &PageRequest::default()).await.unwrap();
    assert_eq!(customers.items.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_field() {
    let world = World::new().await;
    let refused = |outcome: ops::Result<User>| match outcome {
        Err(Error::Invalid { fields }) => fields.into_iter().map(|problem| problem.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let mut data = user_data("Not A Login", Role::L1Analyst);
    data.roles.clear();
    assert_eq!(refused(world.ops.create_user(&job(1), data, PASSWORD).await), ["login", "roles"]);
    let data = user_data("li.wei", Role::L1Analyst);
    assert_eq!(refused(world.ops.create_user(&job(1), data.clone(), "li.weili.wei").await), ["password"]);
    let mut nowhere = data.clone();
    (nowhere.all_customers, nowhere.customers) = (false, vec![CustomerId::generate(at(3))]);
    assert_eq!(refused(world.ops.create_user(&job(1), nowhere, PASSWORD).await), ["customers"]);
    let user = world.ops.create_user(&job(1), data.clone(), PASSWORD).await.unwrap();
    let again = world.ops.create_user(&job(1), data.clone(), PASSWORD).await;
    assert!(matches!(&again, Err(Error::Taken(field)) if field == "login"), "{again:?}");
    let stale = world.ops.update_user(&job(1), &user.id, user.version - 1, data).await;
    assert!(matches!(stale, Err(Error::Conflict)), "{stale:?}");
}
