//! Parties by their ids, in the order asked for: what somebody opened lately, what a selection holds.

use super::check::{Kind, Role};
use super::party::Party;
use crate::{Act, Ctx, Error, Id, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most ids of one question.
const IDS_MAX: usize = 200;

row! {
    /// A party by its name.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct NamedParty {
        /// Its id.
        pub id: Id<Party> = "p.id",
        /// Person or organisation.
        pub kind: Kind = "p.kind",
        /// What it is to us.
        pub role: Role = "p.role",
        /// Its name.
        pub name: String = "p.name",
        /// The phone to use first, E.164.
        pub phone: Option<String> = "p.phone",
        /// City.
        pub city: Option<String> = "p.city",
    }
}

/// Which parties.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByIds {
    /// Their ids, at most 200.
    pub ids: Vec<Id<Party>>,
}

/// The parties of those ids that are within sight; the others are left out.
///
/// # Errors
/// Without the right, for too many ids.
pub async fn by_ids(ctx: &Ctx, input: ByIds) -> Result<Vec<NamedParty>> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    if input.ids.len() > IDS_MAX {
        return Err(Error::from(Problem::new("ids", "input-range").with("min", 1).with("max", IDS_MAX)));
    }
    let mut query = Sql::select::<NamedParty>("FROM parties p WHERE p.id IN ");
    query.list(input.ids.iter().copied());
    reader.sight.parties(&mut query);
    let mut found: Vec<NamedParty> = reader.db.all(query).await?;
    found.sort_by_key(|party| input.ids.iter().position(|id| *id == party.id));
    Ok(found)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add("parties.by_ids", "GET /parties/by_ids", Some(Perm(Room::Parties, Act::See)), "Parties by their ids.", by_ids);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::parties::party::create;
    use crate::testing;

    #[tokio::test]
    async fn parties_come_in_the_order_asked_for_and_only_those_within_sight() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let new = |name: &str| NewParty { name: Some(name.to_owned()), ..NewParty::default() };
        let mine = agent.run(create, new("مریم")).await.unwrap();
        let other = owner.run(create, new("پروین")).await.unwrap();
        let ids = ByIds { ids: vec![other.id, mine.id] };
        let names = |found: Vec<NamedParty>| found.into_iter().map(|party| party.name).collect::<Vec<_>>();
        assert_eq!(names(owner.run(by_ids, ids.clone()).await.unwrap()), ["پروین", "مریم"]);
        assert_eq!(names(agent.run(by_ids, ids).await.unwrap()), ["مریم"]);
    }
}
