//! Undo instead of confirm: a reversible act stores its inverse, which its doer may run for a day.

use crate::operation::{DONE, Done};
use crate::organisation::closing;
use crate::parties::{Party, addresses, bulk, contacts};
use crate::platform::access::User;
use crate::{Ctx, Error, Operations, Result};
use peyvand_db::{Id, Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stored inverse.
#[derive(Debug)]
pub enum Undo {}

/// How an act is taken back. The stored form is JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
pub enum Inverse {
    /// Puts follow-ups back as they were.
    FollowUps {
        /// As they were.
        before: Vec<crate::follow_ups::Snapshot>,
        /// Next steps that were planned along with the act.
        #[serde(default)]
        made: Vec<Id<crate::follow_ups::FollowUp>>,
        /// The contact that was written down along with it.
        #[serde(default)]
        logged: Option<Id<crate::interactions::Interaction>>,
    },
    /// Removes follow-ups that were made.
    DropFollowUps {
        /// The follow-ups.
        ids: Vec<Id<crate::follow_ups::FollowUp>>,
    },
    /// Puts an entry of what passed back as it was.
    Interaction {
        /// As it was.
        before: Box<crate::interactions::Stored>,
        /// As the act left it; absent when it took the entry out.
        #[serde(default)]
        after: Option<Box<crate::interactions::Stored>>,
    },
    /// Puts the addresses of a party back as they were.
    Addresses {
        /// The party.
        party: Id<Party>,
        /// As they were.
        before: Box<crate::parties::addresses::Places>,
        /// As the act left them.
        after: Box<crate::parties::addresses::Places>,
    },
    /// Puts the contact points of a party back as they were.
    Contacts {
        /// The party.
        party: Id<Party>,
        /// As they were.
        before: Vec<contacts::StoredContact>,
        /// As the act left them.
        after: Vec<contacts::StoredContact>,
    },
    /// Takes a tag off, or puts it back on.
    Tag {
        /// The tag.
        tag: String,
        /// The parties it was put on or taken off.
        parties: Vec<Id<Party>>,
        /// Whether it was put on.
        was_added: bool,
    },
    /// Gives parties back to who had them.
    Assign {
        /// Party, owner and unit before.
        before: Vec<bulk::Owned>,
        /// Whom they were given to.
        given_to: Id<User>,
    },
    /// Opens an account again and gives back what its person held.
    CloseAccount {
        /// What closing it did.
        was: closing::WasClosed,
    },
    /// Brings archived parties back.
    Archive {
        /// The parties.
        parties: Vec<Id<Party>>,
    },
    /// Makes two customers again of those who were merged.
    Merge {
        /// The one who turned out to be the same as another.
        other: Id<Party>,
    },
    /// Takes out a cost that was entered, or enters one again that was taken out.
    Cost {
        /// The cost.
        cost: Box<crate::insight::costs::StoredCost>,
        /// Whether it was entered.
        was_added: bool,
    },
    /// Takes out what was done so that a customer stays, or writes it down again.
    Save {
        /// What was done.
        save: Box<crate::insight::saves::StoredSave>,
        /// Whether it was written down.
        was_added: bool,
    },
    /// Puts back what somebody said that a customer spends in a year.
    Spending {
        /// The customer.
        party: Id<Party>,
        /// As it was.
        before: Option<Box<crate::insight::spendings::Spending>>,
        /// As the act left it.
        after: Option<Box<crate::insight::spendings::Spending>>,
    },
    /// Puts an opportunity back as it was, or takes it out again.
    Opportunity {
        /// As it was; absent when the act wrote it down.
        before: Option<Box<crate::sales::opportunities::StoredOpportunity>>,
        /// As the act left it.
        after: Box<crate::sales::opportunities::StoredOpportunity>,
    },
    /// Says of customers and a segment again what was said before.
    PickMembers {
        /// The segment.
        segment: Id<crate::marketing::segments::Segment>,
        /// Customers, and what was said of each.
        before: Vec<crate::marketing::segments::WasPicked>,
    },
    /// Brings back a list that was kept at hand.
    ArchiveView {
        /// The view.
        view: Id<crate::parties::views::View>,
    },
    /// Sets a goal again that was given up.
    ArchiveGoal {
        /// The goal.
        goal: Id<crate::marketing::goals::Goal>,
    },
    /// Puts back what a goal asked for.
    ChangeGoal {
        /// The goal.
        goal: Id<crate::marketing::goals::Goal>,
        /// What it asked for.
        before: crate::marketing::goals::GoalTerms,
        /// Its version after the change.
        version: i64,
    },
    /// Brings back a note on goals that was taken away.
    RemoveGoalNote {
        /// The note.
        note: Id<crate::marketing::goals::notes::GoalNote>,
    },
    /// Takes a decision about the way of a customer back.
    StageDecision {
        /// The decision.
        decision: Id<crate::lifecycle::decisions::StageDecision>,
    },
    /// Brings an archived segment back.
    ArchiveSegment {
        /// The segment.
        segment: Id<crate::marketing::segments::Segment>,
    },
}

/// Stores an inverse and gives the name to run it by.
///
/// # Errors
/// When the database refuses.
pub async fn remember(tx: &mut Tx, ctx: &Ctx, inverse: &Inverse) -> Result<Id<Undo>> {
    let id = ctx.id();
    tx.run(
        sql("INSERT INTO undos (id, user_id, at, inverse) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(doer(ctx))
            .bind(ctx.now())
            .bind(serde_json::to_value(inverse).map_err(Error::fault)?),
    )
    .await?;
    Ok(id)
}

/// Whose acts these are; the program itself, which is the command line here, is nil.
fn doer(ctx: &Ctx) -> uuid::Uuid {
    ctx.actor.user().map_or(uuid::Uuid::nil(), |user| user.0)
}

/// Which act.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunUndo {
    /// The name that the act answered with, as `undo`.
    pub id: Id<Undo>,
}

/// Takes an act back. Only its doer may, and only once.
///
/// # Errors
/// [`Error::NotFound`] for an act of somebody else, one already taken back, or one too long ago; [`Error::Conflict`]
/// when somebody has gone on from it meanwhile.
pub async fn run(ctx: &Ctx, input: RunUndo) -> Result<Done> {
    if matches!(ctx.actor, crate::Actor::Nobody) {
        return Err(Error::SignedOut);
    }
    let mut tx = ctx.app.db.begin().await?;
    let found: Option<(serde_json::Value,)> = tx
        .maybe(
            sql("UPDATE undos SET used_at = $1 WHERE id = $2 AND user_id = $3 AND used_at IS NULL RETURNING inverse")
                .bind(ctx.now())
                .bind(input.id)
                .bind(doer(ctx)),
        )
        .await?;
    let Some((inverse,)) = found else { return Err(Error::NotFound("undo")) };
    match serde_json::from_value(inverse).map_err(Error::fault)? {
        Inverse::FollowUps { before, made, logged } => {
            crate::follow_ups::restore(&mut tx, ctx, before).await?;
            if !made.is_empty() {
                crate::follow_ups::drop_made(&mut tx, ctx, &made).await?;
            }
            if let Some(logged) = logged {
                crate::interactions::take_back(&mut tx, ctx, logged).await?;
            }
        }
        Inverse::DropFollowUps { ids } => crate::follow_ups::drop_made(&mut tx, ctx, &ids).await?,
        Inverse::Interaction { before, after } => crate::interactions::restore(&mut tx, ctx, &before, after.as_deref()).await?,
        Inverse::Addresses { party, before, after } => addresses::restore(&mut tx, ctx, party, &before, &after).await?,
        Inverse::Contacts { party, before, after } => contacts::restore(&mut tx, ctx, party, &before, &after).await?,
        Inverse::Tag { tag, parties, was_added } => bulk::undo_tag(&mut tx, ctx, &tag, &parties, was_added).await?,
        Inverse::Assign { before, given_to } => bulk::undo_assign(&mut tx, ctx, &before, given_to).await?,
        Inverse::CloseAccount { was } => closing::reopen(&mut tx, ctx, &was).await?,
        Inverse::Archive { parties } => bulk::undo_archive(&mut tx, ctx, &parties).await?,
        Inverse::Merge { other } => crate::parties::merge::take_back(&mut tx, ctx, other).await.map(|_| ())?,
        Inverse::Cost { cost, was_added } => crate::insight::costs::restore(&mut tx, ctx, &cost, was_added).await?,
        Inverse::Save { save, was_added } => crate::insight::saves::restore(&mut tx, ctx, &save, was_added).await?,
        Inverse::Spending { party, before, after } => {
            crate::insight::spendings::restore(&mut tx, ctx, party, before.as_deref(), after.as_deref()).await?;
        }
        Inverse::Opportunity { before, after } => {
            crate::sales::opportunities::restore(&mut tx, ctx, before.as_deref(), &after).await?;
        }
        Inverse::PickMembers { segment, before } => crate::marketing::segments::unpick(&mut tx, ctx, segment, &before).await?,
        Inverse::ArchiveGoal { goal } => crate::marketing::goals::restore(&mut tx, ctx, goal).await?,
        Inverse::ChangeGoal { goal, before, version } => {
            crate::marketing::goals::restore_terms(&mut tx, ctx, goal, &before, version).await?;
        }
        Inverse::RemoveGoalNote { note } => crate::marketing::goals::notes::restore(&mut tx, ctx, note).await?,
        Inverse::ArchiveView { view } => crate::parties::views::restore(&mut tx, ctx, view).await?,
        Inverse::StageDecision { decision } => crate::lifecycle::decisions::take_back(&mut tx, ctx, decision).await?,
        Inverse::ArchiveSegment { segment } => crate::marketing::segments::restore(&mut tx, ctx, segment).await?,
    }
    tx.commit().await?;
    // An account may be open again.
    ctx.app.forget_sessions();
    if let Some(user) = ctx.actor.user() {
        super::notifications::tell(ctx, user);
    }
    Ok(DONE)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add("undo.run", "POST /undo/{id}", None, "Takes back an act that answered with an undo name.", run)
        .example(|| serde_json::json!({"id": "0193a1b2-0000-7000-8000-000000000000"}));
}
