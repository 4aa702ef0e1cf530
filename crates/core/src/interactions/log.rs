//! Writing down what passed, with what was learned and what is to be done next.

use super::given::{LogInteraction, says_nothing, word};
use super::store::{Entry, put};
use super::{Channel, Direction, Interaction, given, read};
use crate::follow_ups::{self, FollowUp, NewFollowUp, NextStep};
use crate::parties::preferences::{self, PreferenceKind};
use crate::parties::whom;
use crate::platform::locale::Loc;
use crate::platform::text::clean_line;
use crate::sales::opportunities;
use crate::{Act, Ctx, Error, Fields, Perm, Problem, Result, Room};
use peyvand_db::Id;
use schemars::JsonSchema;
use serde::Serialize;

/// Characters of the title of an opportunity or of an idea.
const LINE_MAX: usize = 300;

/// What was written down, and what came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Logged {
    /// The entry.
    pub interaction: Interaction,
    /// The follow-up that was planned.
    pub follow_up_id: Option<Id<FollowUp>>,
}

/// Writes down what passed, and in the same breath what was learned and what is to be done next.
///
/// # Errors
/// For an unknown customer, fields that cannot be read, words that are in no list.
pub async fn log(ctx: &Ctx, new: LogInteraction) -> Result<Logged> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let mut problems = Fields::default();
    let content = given::checked(ctx, new.given(), &mut problems);
    let is_flat = new.next.is_none();
    let next = next_step(ctx, new.next, word(new.next_what.as_deref()), word(new.next_due.as_deref()));
    let need = word(new.need.as_deref());
    let opportunity = take_line(new.opportunity.as_deref(), "opportunity", &mut problems);
    let idea = take_line(new.idea.as_deref(), "idea", &mut problems);
    let channel = content.channel.unwrap_or(Channel::Phone);
    let direction = content.direction.unwrap_or(Direction::Inbound);
    let empty = says_nothing(channel, content.text.as_deref(), content.reason.as_deref(), content.result.as_deref());
    if empty && need.is_none() && opportunity.is_none() && idea.is_none() {
        problems.add("text", "input-needed");
    }
    problems.check()?;
    if opportunity.is_some() {
        ctx.write(Perm(Room::Sales, Act::Create))?;
    }

    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    content.check_words(&mut tx).await?;
    let entry = Entry {
        party: party.id,
        at: content.at.unwrap_or(ctx.now()),
        channel,
        direction,
        reason: content.reason,
        origin: content.origin,
        result: content.result,
        duration_s: content.duration_s,
        text: content.text,
    };
    let id = put(&mut tx, ctx, entry).await?;
    if let Some(need) = &need {
        preferences::learn(&mut tx, ctx, party.id, PreferenceKind::Need, need, Some(id)).await?;
    }
    if let Some(title) = opportunity {
        let fresh = opportunities::Fresh { title: &title, interaction: Some(id), ..opportunities::Fresh::default() };
        opportunities::open(&mut tx, ctx, &party, fresh).await?;
    }
    if let Some(text) = idea {
        crate::ideas::put(&mut tx, ctx, &text, Some(party.id), Some(id)).await?;
    }
    let mut follow_up_id = None;
    if let Some(next) = next {
        let planned = follow_ups::plan(&mut tx, ctx, NewFollowUp { party_id: Some(party.id), ..next }).await;
        follow_up_id = Some(planned.map_err(|error| at_next(error, is_flat))?);
    }
    let interaction = read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Logged { interaction, follow_up_id })
}

fn next_step(ctx: &Ctx, next: Option<NextStep>, what: Option<String>, due: Option<String>) -> Option<NewFollowUp> {
    if let Some(next) = next {
        return Some(NewFollowUp {
            what: next.what,
            due: next.due,
            owner_id: next.owner_id,
            importance: next.importance,
            channel: next.channel,
            remind_minutes: next.remind_minutes,
            ..NewFollowUp::default()
        });
    }
    if what.is_none() && due.is_none() {
        return None;
    }
    let what = what.unwrap_or_else(|| Loc::new(ctx.prefs.clone(), ctx.now()).t("interactions-next-usual"));
    let due = due.unwrap_or_else(|| ctx.today().plus(1).to_string());
    Some(NewFollowUp { what, due, ..NewFollowUp::default() })
}

/// Puts a problem of the next step at the field that it was given in.
fn at_next(error: Error, is_flat: bool) -> Error {
    match error {
        Error::Invalid(mut fields) => {
            for problem in &mut fields.0 {
                problem.field = format!("next{}{}", if is_flat { "_" } else { "." }, problem.field).into();
            }
            Error::Invalid(fields)
        }
        error => error,
    }
}

fn take_line(text: Option<&str>, field: &'static str, problems: &mut Fields) -> Option<String> {
    let line = clean_line(text?, LINE_MAX);
    let line = line.map_err(|problem| Problem::new(field, problem.key()).with("max", LINE_MAX));
    problems.take(line).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_ups::ListFollowUps;
    use crate::interactions::tests::{last_contact, talk};
    use crate::parties::preferences::{ListPreferences, list as preferences_of};
    use crate::testing;
    use peyvand_db::sql;

    #[tokio::test]
    async fn one_entry_brings_the_need_the_opportunity_the_idea_and_the_next_step() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new = LogInteraction {
            reason: Some("question".into()),
            text: Some("قیمت تازه را پرسید.".into()),
            need: Some("training".into()),
            opportunity: Some("سرویس سالانه".into()),
            idea: Some("بستهٔ عید".into()),
            next_what: Some("فرستادن فاکتور".into()),
            ..talk(party)
        };
        let logged = ctx.run(log, new).await.unwrap();
        assert_eq!((logged.interaction.channel, logged.interaction.direction), (Channel::Phone, Direction::Inbound));
        let known = ctx.run(preferences_of, ListPreferences { id: party }).await.unwrap();
        assert_eq!((known[0].term.as_deref(), known[0].interaction_id), (Some("training"), Some(logged.interaction.id)));
        let planned = ctx.run(follow_ups::list, ListFollowUps { party_id: Some(party), ..Default::default() }).await.unwrap();
        assert_eq!(planned.items[0].what, "فرستادن فاکتور");
        assert_eq!(planned.items[0].due_at.day(&ctx.prefs.time_zone), ctx.today().plus(1));
        let counts: (i64, i64) =
            ctx.app.db.one(sql("SELECT (SELECT count(*) FROM opportunities), (SELECT count(*) FROM ideas)")).await.unwrap();
        assert_eq!(counts, (1, 1));
        assert_eq!(last_contact(&ctx, party).await, ctx.now());
    }

    #[tokio::test]
    async fn an_older_contact_and_a_note_leave_the_last_contact_alone() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        ctx.run(log, LogInteraction { at: Some("۱۴۰۵/۸/۲۰".into()), ..talk(party) }).await.unwrap();
        let first = last_contact(&ctx, party).await;
        assert_eq!(first.day(&ctx.prefs.time_zone).to_string(), "2026-11-11");
        ctx.run(log, LogInteraction { at: Some("1405/8/1".into()), ..talk(party) }).await.unwrap();
        ctx.run(log, LogInteraction { channel: Some(Channel::Note), text: Some("x".into()), ..talk(party) }).await.unwrap();
        assert_eq!(last_contact(&ctx, party).await, first);
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused_at_its_field() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let field = async |new: LogInteraction| match ctx.run(log, new).await {
            Err(Error::Invalid(fields)) => fields.0[0].field.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(field(LogInteraction { at: Some("1410/1/1".into()), ..talk(party) }).await, "at");
        assert_eq!(field(LogInteraction { reason: Some("nonsense".into()), ..talk(party) }).await, "reason");
        assert_eq!(field(LogInteraction { customer: Some("09120000000".into()), ..Default::default() }).await, "customer");
        assert_eq!(field(LogInteraction::default()).await, "customer");
        assert_eq!(field(LogInteraction { next_due: Some("1390/1/1".into()), ..talk(party) }).await, "next_due");
        let count: (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM interactions")).await.unwrap();
        assert_eq!(count, (0,));
    }

    #[tokio::test]
    async fn a_customer_is_found_by_any_spelling_of_their_phone() {
        let ctx = testing::ctx().await;
        let new =
            crate::parties::check::NewParty {
                name: Some("سارا محمدی".into()), mobile: Some("09125550142".into()), ..Default::default()
            };
        let party = ctx.run(crate::parties::party::create, new).await.unwrap();
        for customer in ["۰۹۱۲ ۵۵۵ ۰۱۴۲", "+98 912 555 0142", party.code.as_deref().unwrap()] {
            let logged = ctx.run(log, LogInteraction { customer: Some(customer.into()), ..Default::default() }).await.unwrap();
            assert_eq!(logged.interaction.party_id, party.id, "{customer}");
        }
    }
}
