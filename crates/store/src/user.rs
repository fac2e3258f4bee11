//! Users (catalogue A1): they belong to no customer; who may see or change them is a permission.

use model::change::Noun;
use model::user::{User, UserData};
use model::{Page, PageRequest, UserId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which users are wanted; an absent part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Part of the login or name, without case.
    pub text: Option<String>,
    /// Who may sign in, or may not.
    pub active: Option<bool>,
}

impl Tx {
    /// Creates a user without a password. The login must be new.
    pub async fn create_user(&mut self, id: &UserId, data: &UserData) -> Result<User> {
        let now = self.context().now();
        let insert =
            sql("INSERT INTO user_account (id, login, name, roles, all_customers, customers, active, language, ")
                .push("search, created, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
                .bind(id)
                .bind(&data.login)
                .bind(&data.name)
                .bind(json(&data.roles))
                .bind(data.all_customers)
                .bind(json(&data.customers))
                .bind(data.active)
                .bind(data.language)
                .bind(search(data))
                .bind(now);
        self.execute(insert).await?;
        self.changed(None, Noun::User, id.as_str());
        Ok(User { id: id.clone(), data: data.clone(), created: now, last_sign_in: None, version: 1 })
    }

    /// One user.
    pub async fn get_user(&mut self, id: &UserId) -> Result<User> {
        let query = sql("SELECT * FROM user_account WHERE id = ?").bind(id);
        self.row(query, read).await?.ok_or_else(|| Error::not_found("user", id))
    }

    /// The user who signs in with `login`, if there is one.
    pub async fn find_user_by_login(&mut self, login: &str) -> Result<Option<User>> {
        self.row(sql("SELECT * FROM user_account WHERE login = ?").bind(login), read).await
    }

    /// Users by login.
    pub async fn list_users(&mut self, filter: &UserFilter, page: &PageRequest) -> Result<Page<User>> {
        let query = sql("SELECT * FROM user_account WHERE TRUE")
            .push_if(" AND active = ?", filter.active)
            .and_contains("search", filter.text.as_deref().unwrap_or_default());
        self.page(query, Order::Up(&[Key::Text("login")]), page, read).await
    }

    /// Changes a user that still has `version`.
    pub async fn update_user(&mut self, id: &UserId, version: i64, data: &UserData) -> Result<User> {
        let update = sql("UPDATE user_account SET login = ?, name = ?, roles = ?, all_customers = ?, customers = ?, ")
            .push("active = ?, language = ?, search = ?, version = version + 1 WHERE id = ? AND version = ?")
            .bind(&data.login)
            .bind(&data.name)
            .bind(json(&data.roles))
            .bind(data.all_customers)
            .bind(json(&data.customers))
            .bind(data.active)
            .bind(data.language)
            .bind(search(data))
            .bind(id)
            .bind(version);
        let touched = self.execute(update).await?;
        let user = self.get_user(id).await?;
        if touched == 0 {
            return Err(Error::Conflict { what: "user" });
        }
        self.changed(None, Noun::User, id.as_str());
        Ok(user)
    }

    /// Sets the password's hash, in PHC format.
    pub async fn set_password_hash(&mut self, id: &UserId, hash: &str) -> Result<()> {
        let update = sql("UPDATE user_account SET password_hash = ?, version = version + 1 WHERE id = ?");
        self.touch_user(id, update.bind(hash).bind(id)).await?;
        self.changed(None, Noun::User, id.as_str());
        Ok(())
    }

    /// The password's hash; absent while none was set.
    pub async fn password_hash(&mut self, id: &UserId) -> Result<Option<String>> {
        let query = sql("SELECT password_hash FROM user_account WHERE id = ?").bind(id);
        let found = self.row(query, |row| row.get("password_hash")).await?;
        found.ok_or_else(|| Error::not_found("user", id))
    }

    /// Notes that a user has just signed in, and forgets their failed attempts. The version stays.
    pub async fn record_sign_in(&mut self, id: &UserId) -> Result<()> {
        let now = self.context().now();
        self.touch_user(id, sql("UPDATE user_account SET last_sign_in = ? WHERE id = ?").bind(now).bind(id)).await?;
        let forget = sql("DELETE FROM failed_sign_in WHERE login = (SELECT login FROM user_account WHERE id = ?)");
        self.execute(forget.bind(id)).await.map(drop)
    }

    async fn touch_user(&mut self, id: &UserId, update: crate::sql::Sql) -> Result<()> {
        if self.execute(update).await? == 0 { Err(Error::not_found("user", id)) } else { Ok(()) }
    }
}

fn search(data: &UserData) -> Arg {
    Arg::from(searchable([data.login.as_str(), &data.name]))
}

fn read(row: &Row) -> Result<User> {
    Ok(User {
        id: row.parse("id")?,
        data: UserData {
            login: row.get("login")?,
            name: row.get("name")?,
            roles: row.json("roles")?,
            all_customers: row.get("all_customers")?,
            customers: row.json("customers")?,
            active: row.get("active")?,
            language: row.parse("language")?,
        },
        created: row.time("created")?,
        last_sign_in: row.time_maybe("last_sign_in")?,
        version: row.get("version")?,
    })
}
