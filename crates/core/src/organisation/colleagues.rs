//! Who works here, as everybody signed in may know it: names and units, to pick an owner from. Accounts, posts and
//! rights are in the room of people.

use crate::operation::Nothing;
use crate::platform::access::{Unit, User};
use crate::{Actor, Ctx, Error, Operations, Result};
use peyvand_db::{Id, Sql, row};
use schemars::JsonSchema;
use serde::Serialize;

/// Most people that are offered to pick from.
const MOST: i64 = 1_000;

row! {
    /// Somebody who works here.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Colleague {
        /// The user.
        pub id: Id<User> = "u.id",
        /// Their name.
        pub name: String = "u.name",
        /// Their unit.
        pub unit_id: Id<Unit> = "u.unit_id",
        /// Its name.
        pub unit: String = "n.name",
    }
}

/// Everybody who works here and has an account, by name.
///
/// # Errors
/// When nobody is signed in.
pub async fn list(ctx: &Ctx, _: Nothing) -> Result<Vec<Colleague>> {
    if matches!(ctx.actor, Actor::Nobody) {
        return Err(Error::SignedOut);
    }
    let mut query =
        Sql::select::<Colleague>("FROM users u JOIN units n ON n.id = u.unit_id WHERE u.is_active ORDER BY u.name, u.id LIMIT ");
    query.arg(MOST);
    Ok(ctx.app.db.all(query).await?)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add("colleagues.list", "GET /colleagues", None, "Who works here: names and units.", list);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn everybody_signed_in_knows_the_names_and_nobody_else_does() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let names: Vec<String> = agent.run(list, Nothing {}).await.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["owner", "sara"]);
        let nobody = owner.app.context(Actor::Nobody, crate::Door::Web, owner.prefs.clone());
        assert!(matches!(nobody.run(list, Nothing {}).await, Err(Error::SignedOut)));
    }
}
