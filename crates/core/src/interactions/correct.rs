//! Corrections of an entry by its author, for a day, and the way back from them.

use super::given::{UpdateInteraction, checked, says_nothing};
use super::store::{refresh_last_contact, store, take_back};
use super::{Interaction, InteractionId, Stored, read};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::time::DAY;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Fields, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, sql};
use schemars::JsonSchema;
use serde::Serialize;

/// How long its author may correct an entry; afterwards it is history.
const CORRECTABLE: i64 = DAY;

/// Whether the caller may still correct an entry or take it back: their own, for a day.
#[must_use]
pub fn is_correctable(ctx: &Ctx, one: &Interaction) -> bool {
    let own = one.staff_id.is_some() && one.staff_id == ctx.actor.user();
    own && one.created_at > ctx.now().plus(-CORRECTABLE) && ctx.actor.can(Perm(Room::Interactions, Act::Change))
}

/// The entry that the caller may correct, it and its party locked.
async fn correctable(tx: &mut Tx, ctx: &Ctx, sight: &Sight, id: Id<Interaction>) -> Result<Stored> {
    let mut query = Sql::select::<Stored>("FROM interactions i JOIN parties p ON p.id = i.party_id WHERE i.id = ");
    query.arg(id);
    sight.parties(&mut query);
    query.push(" AND i.created_at > ").arg(ctx.now().plus(-CORRECTABLE)).push(" AND i.staff_id = ").arg(ctx.actor.user());
    query.push(" {for_update}");
    tx.maybe(query).await?.ok_or(Error::NotFound("interaction"))
}

/// An entry after a correction.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Corrected {
    /// The entry as it is now.
    #[serde(flatten)]
    pub interaction: Interaction,
    /// Takes the correction back: see `undo.run`.
    pub undo: Id<Undo>,
}

/// Corrects an entry. Only its author may, and only within a day; afterwards it is history.
///
/// # Errors
/// [`Error::NotFound`] for an entry of somebody else or one that is too old.
pub async fn update(ctx: &Ctx, change: UpdateInteraction) -> Result<Corrected> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let mut problems = Fields::default();
    let content = checked(ctx, change.given(), &mut problems);
    problems.check()?;
    let mut tx = writer.begin().await?;
    let before = correctable(&mut tx, ctx, &writer.sight, change.id).await?;
    content.check_words(&mut tx).await?;
    let mut after = before.clone();
    after.at = content.at.unwrap_or(before.at);
    after.channel = content.channel.unwrap_or(before.channel);
    after.direction = content.direction.unwrap_or(before.direction);
    after.reason = change.reason.over(content.reason, after.reason);
    after.origin = change.origin.over(content.origin, after.origin);
    after.result = change.result.over(content.result, after.result);
    after.duration_s = change.duration_s.over(content.duration_s, after.duration_s);
    after.text = change.text.over(content.text, after.text);
    if says_nothing(after.channel, after.text.as_deref(), after.reason.as_deref(), after.result.as_deref()) {
        return Err(Error::invalid("text", "input-needed"));
    }
    store(&mut tx, &after).await?;
    refresh_last_contact(&mut tx, before.party_id).await?;
    let data = serde_json::json!({"before": before});
    events::record(&mut tx, ctx, Event::of_party("interaction.changed", before.party_id, data).about(before.id)).await?;
    let interaction = read(&mut tx, before.id).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Interaction { before: Box::new(before), after: Some(Box::new(after)) }).await?;
    tx.commit().await?;
    Ok(Corrected { interaction, undo })
}

/// An entry that was taken back.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct TakenBack {
    /// Whose it was.
    pub party_id: Id<Party>,
    /// Brings it back: see `undo.run`.
    pub undo: Id<Undo>,
}

/// Takes an entry out that was written down by mistake. Only its author may, and only within a day. What was learned
/// or planned along with it stays.
///
/// # Errors
/// As [`update`].
pub async fn withdraw(ctx: &Ctx, input: InteractionId) -> Result<TakenBack> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let mut tx = writer.begin().await?;
    let before = correctable(&mut tx, ctx, &writer.sight, input.id).await?;
    let party_id = before.party_id;
    take_back(&mut tx, ctx, before.id).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Interaction { before: Box::new(before), after: None }).await?;
    tx.commit().await?;
    Ok(TakenBack { party_id, undo })
}

/// Puts an entry back as it was before an act that left it as `after`.
///
/// # Errors
/// [`Error::Conflict`] at `version` when it has changed since, [`Error::NotFound`] when its party is gone or out of
/// sight; without the right.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, before: &Stored, after: Option<&Stored>) -> Result<()> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let mut query = sql("SELECT p.id FROM parties p WHERE p.id = ");
    query.arg(before.party_id);
    writer.sight.parties(&mut query);
    query.push(" {for_update}");
    tx.maybe::<(Id<Party>,)>(query).await?.ok_or(Error::NotFound("party"))?;
    let mut query = Sql::select::<Stored>("FROM interactions i WHERE i.id = ");
    query.arg(before.id);
    let now: Option<Stored> = tx.maybe(query).await?;
    if now.as_ref() != after {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "interactions-changed-meanwhile")])));
    }
    store(tx, before).await?;
    refresh_last_contact(tx, before.party_id).await?;
    events::record(tx, ctx, Event::of_party("interaction.restored", before.party_id, serde_json::json!({})).about(before.id)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Patch;
    use crate::follow_ups::{self, ListFollowUps};
    use crate::interactions::tests::{last_contact, talk};
    use crate::interactions::{Channel, ListInteractions, LogInteraction, get, list, log};
    use crate::testing;

    #[tokio::test]
    async fn an_entry_is_corrected_by_its_author_within_a_day() {
        let ctx = testing::ctx().await;
        let other = testing::as_post(&ctx.app, "owner", "other").await;
        let party = testing::party(&ctx, "سارا").await;
        let logged = ctx.run(log, LogInteraction { text: Some("ا".into()), result: Some("answered".into()), ..talk(party) }).await.unwrap();
        let change = UpdateInteraction {
            channel: Some(Channel::Visit),
            result: Patch::Set(String::new()),
            text: Patch::Set("ب".into()),
            ..UpdateInteraction::of(logged.interaction.id)
        };
        let changed = ctx.run(update, change.clone()).await.unwrap().interaction;
        assert_eq!((changed.channel, changed.text.as_deref(), changed.result), (Channel::Visit, Some("ب"), None));
        assert!(matches!(other.run(update, change.clone()).await, Err(Error::NotFound(_))));
        let mut late = ctx.clone();
        late.now = ctx.now().plus(CORRECTABLE);
        assert!(matches!(late.run(update, change).await, Err(Error::NotFound(_))));
    }

    async fn entries(ctx: &Ctx, party: Id<Party>) -> Vec<Interaction> {
        ctx.run(list, ListInteractions { party_id: Some(party), ..Default::default() }).await.unwrap().items
    }

    #[tokio::test]
    async fn a_correction_keeps_what_it_does_not_name_and_is_taken_back() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new = LogInteraction { duration_s: Some(90), reason: Some("question".into()), ..talk(party) };
        let id = ctx.run(log, new).await.unwrap().interaction.id;
        let change = UpdateInteraction {
            at: Some("1405/8/20 10:15".into()),
            duration_s: Patch::Clear,
            text: Patch::Set("تازه".into()),
            ..UpdateInteraction::of(id)
        };
        let corrected = ctx.run(update, change).await.unwrap();
        let one = ctx.run(get, InteractionId { id }).await.unwrap();
        assert_eq!((one.duration_s, one.reason.as_deref(), one.text.as_deref()), (None, Some("question"), Some("تازه")));
        assert_eq!(last_contact(&ctx, party).await, one.at);
        ctx.run(undo::run, undo::RunUndo { id: corrected.undo }).await.unwrap();
        let one = ctx.run(get, InteractionId { id }).await.unwrap();
        assert_eq!((one.duration_s, one.text.as_deref(), one.at), (Some(90), None, ctx.now()));
        assert_eq!(last_contact(&ctx, party).await, ctx.now());
        let note = UpdateInteraction { channel: Some(Channel::Note), reason: Patch::Clear, ..UpdateInteraction::of(id) };
        let Err(Error::Invalid(fields)) = ctx.run(update, note).await else { panic!("a note that says nothing") };
        assert_eq!(fields.0[0].field, "text");
    }

    #[tokio::test]
    async fn an_entry_is_withdrawn_by_its_author_within_a_day_and_brought_back() {
        let ctx = testing::ctx().await;
        let other = testing::as_post(&ctx.app, "owner", "other").await;
        let party = testing::party(&ctx, "سارا").await;
        let first = ctx.run(log, LogInteraction { at: Some("1405/8/20".into()), ..talk(party) }).await.unwrap().interaction;
        let next = LogInteraction { text: Some("اشتباه".into()), next_what: Some("فاکتور".into()), ..talk(party) };
        let id = ctx.run(log, next).await.unwrap().interaction.id;
        assert!(matches!(other.run(withdraw, InteractionId { id }).await, Err(Error::NotFound("interaction"))));
        let late = Ctx { now: ctx.now().plus(CORRECTABLE), ..ctx.clone() };
        assert!(matches!(late.run(withdraw, InteractionId { id }).await, Err(Error::NotFound("interaction"))));
        let before = entries(&ctx, party).await;
        assert!(is_correctable(&ctx, &before[0]) && !is_correctable(&other, &before[0]) && !is_correctable(&late, &before[0]));
        let gone = ctx.run(withdraw, InteractionId { id }).await.unwrap();
        assert_eq!(entries(&ctx, party).await.iter().map(|one| one.id).collect::<Vec<_>>(), [first.id]);
        assert_eq!(last_contact(&ctx, party).await, first.at);
        let planned = ctx.run(follow_ups::list, ListFollowUps { party_id: Some(party), ..Default::default() }).await.unwrap();
        assert_eq!(planned.items.len(), 1, "what was planned along with it stays");
        ctx.run(undo::run, undo::RunUndo { id: gone.undo }).await.unwrap();
        let after = entries(&ctx, party).await;
        assert_eq!(serde_json::to_value(after).unwrap(), serde_json::to_value(before).unwrap());
        assert_eq!(last_contact(&ctx, party).await, ctx.now());
    }

    #[tokio::test]
    async fn a_correction_that_was_corrected_again_is_not_taken_back() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let id = ctx.run(log, talk(party)).await.unwrap().interaction.id;
        let text = |text: &str| UpdateInteraction { text: Patch::Set(text.into()), ..UpdateInteraction::of(id) };
        let first = ctx.run(update, text("یک")).await.unwrap();
        let second = ctx.run(update, text("دو")).await.unwrap();
        assert_eq!(ctx.run(undo::run, undo::RunUndo { id: first.undo }).await.unwrap_err().code(), "conflict");
        ctx.run(undo::run, undo::RunUndo { id: second.undo }).await.unwrap();
        ctx.run(undo::run, undo::RunUndo { id: first.undo }).await.unwrap();
        assert_eq!(entries(&ctx, party).await[0].text, None);
    }
}
