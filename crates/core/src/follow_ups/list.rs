//! Reading follow-ups.

use super::{FOLLOW_UP_FROM, FollowUp, State};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events;
use crate::{Act, Ctx, Error, Instant, Perm, Result, Room};
use peyvand_db::{Id, Sql};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which follow-up.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpId {
    /// Its id.
    pub id: Id<FollowUp>,
}

/// One follow-up.
///
/// # Errors
/// [`Error::NotFound`] for one that does not exist or is out of sight.
pub async fn get(ctx: &Ctx, input: FollowUpId) -> Result<FollowUp> {
    let reader = ctx.read(Perm(Room::FollowUps, Act::See))?;
    let mut query = Sql::select::<FollowUp>(FOLLOW_UP_FROM);
    query.push(" AND f.id = ").arg(input.id);
    reader.sight.follow_ups(&mut query);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("follow_up"))
}

peyvand_db::words! {
    /// When an open follow-up is due.
    pub enum Due {
        /// Before now.
        Overdue = "overdue",
        /// Later today.
        Today = "today",
        /// After today.
        Later = "later",
    }
}

/// Which follow-ups.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFollowUps {
    /// Where they stand; open ones unless given.
    pub state: Option<State>,
    /// Only those due then.
    pub due: Option<Due>,
    /// Only this person's.
    pub owner_id: Option<Id<User>>,
    /// Only the caller's own.
    #[serde(default)]
    pub mine: bool,
    /// Only those of this party.
    pub party_id: Option<Id<Party>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Follow-ups within sight: open ones by their due time, others with the latest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListFollowUps) -> Result<Page<FollowUp>> {
    let reader = ctx.read(Perm(Room::FollowUps, Act::See))?;
    let limit = page_size(input.limit)?;
    let state = input.state.unwrap_or(State::Open);
    let mut query = Sql::select::<FollowUp>(FOLLOW_UP_FROM);
    query.push(" AND f.state = ").arg(state);
    reader.sight.follow_ups(&mut query);
    let owner = if input.mine { ctx.actor.user() } else { input.owner_id };
    if let Some(owner) = owner {
        query.push(" AND f.owner_id = ").arg(owner);
    }
    if let Some(party) = input.party_id {
        query.push(" AND f.party_id = ").arg(party);
    }
    if let Some(due) = input.due {
        due_range(ctx, due, &mut query);
    }
    let newest_first = state != State::Open;
    if let Some(after) = &input.after {
        let (at, id) = events::cursor::<FollowUp>(after)?;
        query.push(if newest_first { " AND (f.due_at, f.id) < (" } else { " AND (f.due_at, f.id) > (" });
        query.arg(at).push(", ").arg(id).push(")");
    }
    query.push(if newest_first { " ORDER BY f.due_at DESC, f.id DESC LIMIT " } else { " ORDER BY f.due_at, f.id LIMIT " });
    query.arg(limit + 1);
    let items: Vec<FollowUp> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| events::cursor_at(last.due_at, last.id)))
}

/// Adds the condition on the due time, for a query in which table `follow_ups` has the alias `f`.
pub fn due_range(ctx: &Ctx, due: Due, query: &mut Sql) {
    let tomorrow = Instant::start_of(ctx.today().plus(1), &ctx.prefs.time_zone);
    match due {
        Due::Overdue => query.push(" AND f.due_at < ").arg(ctx.now()),
        Due::Today => query.push(" AND f.due_at >= ").arg(ctx.now()).push(" AND f.due_at < ").arg(tomorrow),
        Due::Later => query.push(" AND f.due_at >= ").arg(tomorrow),
    };
}

#[cfg(test)]
mod tests {
    use super::super::testing::{complete_input, party, step};
    use super::super::{HandOverFollowUp, NewFollowUp, complete, create, hand_over};
    use super::*;
    use crate::Sight;
    use crate::platform::access::Rights;
    use crate::testing::{as_post, ctx, with_rights};

    #[tokio::test]
    async fn an_agent_sees_their_own_and_a_manager_those_of_the_unit() {
        let ctx = ctx().await;
        let sara = as_post(&ctx.app, "agent", "sara").await;
        let reza = as_post(&ctx.app, "agent", "reza").await;
        let manager = as_post(&ctx.app, "manager", "manager").await;
        let customer = party(&sara, "مشتری").await;
        let made = sara.run(create, step(customer, "تماس", "فردا")).await.unwrap().follow_up;
        assert_eq!(reza.run(list, ListFollowUps::default()).await.unwrap().items.len(), 0);
        assert_eq!(reza.run(get, FollowUpId { id: made.id }).await.unwrap_err().code(), "not_found");
        assert_eq!(reza.run(complete, complete_input(made.id)).await.unwrap_err().code(), "not_found");
        assert_eq!(reza.run(create, step(customer, "تماس", "فردا")).await.unwrap_err().code(), "not_found");
        assert_eq!(manager.run(list, ListFollowUps::default()).await.unwrap().items[0].id, made.id);
        assert_eq!(manager.run(list, ListFollowUps { mine: true, ..Default::default() }).await.unwrap().items.len(), 0);
        // Whoever sees only their own plans for themselves, and hands over to a colleague.
        let reza_id = reza.actor.user();
        let for_reza = NewFollowUp { owner_id: reza_id, ..step(customer, "تماس", "فردا") };
        assert_eq!(sara.run(create, for_reza).await.unwrap_err().code(), "invalid");
        let input = HandOverFollowUp { id: made.id, version: Some(made.version), owner_id: reza_id.unwrap() };
        sara.run(hand_over, input).await.unwrap();
        assert_eq!(reza.run(list, ListFollowUps::default()).await.unwrap().items.len(), 1);
        assert_eq!(sara.run(list, ListFollowUps::default()).await.unwrap().items.len(), 0);
        let nobody = with_rights(&ctx.app, reza_id.unwrap(), "reza", Rights::default(), vec![]);
        assert_eq!(nobody.run(list, ListFollowUps::default()).await.unwrap_err().code(), "forbidden");
    }

    #[tokio::test]
    async fn a_list_goes_on_where_the_page_before_ended() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        for number in 0..5 {
            ctx.run(create, step(sara, &format!("کار {number}"), "1405/9/5 10:00")).await.unwrap();
        }
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = ctx.run(list, ListFollowUps { after, limit: Some(2), ..Default::default() }).await.unwrap();
            seen.extend(page.items.into_iter().map(|one| one.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 5);
        assert!(seen.is_sorted());
    }

    #[tokio::test]
    async fn lists_and_reminders_read_index_ranges() {
        let ctx = ctx().await;
        let sight = Sight::Own(ctx.actor.user().unwrap());
        let mut query = Sql::select::<FollowUp>(FOLLOW_UP_FROM);
        query.push(" AND f.state = ").arg(State::Open);
        sight.follow_ups(&mut query);
        due_range(&ctx, Due::Overdue, &mut query);
        query.push(" ORDER BY f.due_at, f.id LIMIT ").arg(21_i64);
        if ctx.app.db.engine() == peyvand_db::Engine::Sqlite {
            let plan: Vec<(i64, i64, i64, String)> = ctx.app.db.all(query.explain(peyvand_db::Engine::Sqlite)).await.unwrap();
            let plan: Vec<String> = plan.into_iter().map(|row| row.3).collect();
            assert!(plan.iter().any(|line| line.contains("follow_ups_owner_id_state_due_at_id")), "{plan:?}");
            assert!(!plan.iter().any(|line| line.contains("SCAN") || line.contains("TEMP B-TREE")), "{plan:?}");
        }
    }
}
