//! Users, roles, and what they did.

use super::*;

pub const CASES: &[Case] = cases! {
    GET "/users" May(UserRead) => 200, Same("people are the platform's; customers not seen are left out"), |c| {
        to("/users")
    };
    POST "/users" May(UserWrite) => 201, Forbidden, |c| {
        let data = user_data(&format!("new.{}", c.world.fresh()), Role::L1Analyst, &[&c.world.ours]);
        to("/users").json(joined(data, json!({"password": PASSWORD})))
    };
    GET "/users/{id}" May(UserRead) => 200, Same("people are the platform's; customers not seen are left out"), |c| {
        to(format!("/users/{}", colleague(c).await.id))
    };
    PUT "/users/{id}" May(UserWrite) => 200, Forbidden, |c| {
        let colleague = colleague(c).await;
        to(format!("/users/{}", colleague.id)).json(joined(colleague.data, json!({"version": colleague.version})))
    };
    PUT "/users/{id}/password" May(UserWrite) => 204, Forbidden, |c| {
        to(format!("/users/{}/password", colleague(c).await.id)).json(json!({"password": "blue heron over water"}))
    };
    DELETE "/users/{id}/sessions" May(UserWrite) => 204, Forbidden, |c| {
        to(format!("/users/{}/sessions", colleague(c).await.id))
    };
    GET "/roles" May(UserRead) => 200, Same("roles are the platform's"), |c| to("/roles");

    GET "/audit" May(AuditRead) => 200, Unseen(canary), |c| {
        asset(c).await;
        to("/audit")
    };
};
