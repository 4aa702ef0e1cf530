//! Whether a customer is to be left alone with what is promotional: the one question that every contact asks before it is made.

use super::never::HOLDS_FROM;
use crate::parties::{Party, whom};
use crate::{Act, Ctx, Error, Instant, Perm, Result, Room};
use peyvand_db::{Id, Tx, row, sql};
use schemars::JsonSchema;
use serde::Serialize;

row! {
    /// Why nothing promotional goes to a customer now.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Hold {
        /// How bad the worst incident is.
        pub severity: i64 = "MAX(i.severity)",
        /// Since when.
        pub since: Instant = "MIN(i.opened_at)",
    }
}

/// What holds a customer, if anything does.
///
/// # Errors
/// When the database refuses.
pub async fn of(tx: &mut Tx, party: Id<Party>) -> Result<Option<Hold>> {
    Ok(tx
        .maybe(
            sql("SELECT MAX(i.severity), MIN(i.opened_at) FROM respect_incidents i
                 WHERE i.party_id = $1 AND i.closed_at IS NULL AND i.severity >= $2 HAVING COUNT(*) > 0")
            .bind(party)
            .bind(HOLDS_FROM),
        )
        .await?)
}

/// Whether nothing promotional goes to a customer now.
///
/// # Errors
/// When the database refuses.
pub async fn is_held(tx: &mut Tx, party: Id<Party>) -> Result<bool> {
    Ok(of(tx, party).await?.is_some())
}

/// What holds a customer within sight, for who looks at them.
///
/// # Errors
/// Without the right.
pub async fn seen(ctx: &Ctx, party: Id<Party>) -> Result<Option<Hold>> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let mut tx = reader.db.snapshot().await?;
    let hold = match whom::by_id(&mut tx, &reader.sight, party).await {
        Ok(party) => of(&mut tx, party.id).await?,
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    tx.commit().await?;
    Ok(hold)
}
