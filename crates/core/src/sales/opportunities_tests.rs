use super::*;
use crate::platform::undo::RunUndo;
use crate::testing;

fn new(party: Id<Party>, title: &str) -> NewOpportunity {
    NewOpportunity { party_id: Some(party), title: title.into(), ..NewOpportunity::default() }
}

fn lost(id: Id<Opportunity>, reason: Option<&str>) -> CloseOpportunity {
    CloseOpportunity { reason: reason.map(Into::into), ..CloseOpportunity::of(id, OpportunityState::Lost) }
}

fn fields<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<String> {
    match outcome {
        Err(Error::Invalid(Fields(problems))) => problems.iter().map(|problem| problem.field.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

async fn kinds(ctx: &Ctx) -> Vec<String> {
    let query = sql("SELECT kind FROM events WHERE kind >= 'opportunity.' AND kind < 'opportunity/' ORDER BY id");
    let kinds: Vec<(String,)> = ctx.app.db.all(query).await.unwrap();
    kinds.into_iter().map(|(kind,)| kind).collect()
}

#[tokio::test]
async fn an_opportunity_is_closed_on_a_day_and_opened_again_without_one() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    let id = ctx.run(create, new(party, "سرویس سالانهٔ دستگاه")).await.unwrap().opportunity.id;
    let won = ctx.run(close, CloseOpportunity::of(id, OpportunityState::Won)).await.unwrap().opportunity;
    assert_eq!((won.state, won.closed_at, won.closed_on), (OpportunityState::Won, Some(ctx.now()), Some(ctx.today())));
    let open = ctx.run(close, CloseOpportunity::of(id, OpportunityState::Open)).await.unwrap().opportunity;
    assert_eq!((open.state, open.closed_at, open.closed_on), (OpportunityState::Open, None, None));
    assert_eq!(kinds(&ctx).await, ["opportunity.created", "opportunity.closed", "opportunity.reopened"]);
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    for outcome in [
        agent.run(close, lost(id, Some("price"))).await.map(|_| ()),
        agent.run(get, OpportunityId { id }).await.map(|_| ()),
        agent
            .run(change, ChangeOpportunity { id, title: None, amount: Patch::Clear, competitor: Patch::Keep, offer: Patch::Keep })
            .await
            .map(|_| ()),
    ] {
        assert!(matches!(outcome, Err(Error::NotFound("opportunity"))), "somebody else's customer");
    }
    let own = testing::party(&agent, "رضا").await;
    let id = agent.run(create, new(own, "آسیاب")).await.unwrap().opportunity.id;
    assert!(agent.run(close, lost(id, Some("price"))).await.is_ok(), "an agent closes what is theirs");
}

#[tokio::test]
async fn what_was_lost_has_a_reason_and_remembers_who_offered_what() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    let first = NewOpportunity { amount: Some("۱۲۰۰".into()), competitor: Some("local_shop".into()), ..new(party, "آسیاب") };
    let id = ctx.run(create, first).await.unwrap().opportunity.id;
    assert_eq!(fields(ctx.run(close, lost(id, None)).await), ["reason"]);
    assert_eq!(fields(ctx.run(close, lost(id, Some("rumour"))).await), ["reason"]);
    let won_for_a_reason = CloseOpportunity { reason: Some("price".into()), ..CloseOpportunity::of(id, OpportunityState::Won) };
    assert_eq!(fields(ctx.run(close, won_for_a_reason).await), ["reason"]);
    let unknown = CloseOpportunity { competitor: Patch::Set("nobody".into()), ..lost(id, Some("price")) };
    assert_eq!(fields(ctx.run(close, unknown).await), ["competitor"]);
    let negative = CloseOpportunity { amount: Patch::Set("-5".into()), offer: Patch::Set("x".repeat(301)), ..lost(id, Some("price")) };
    assert_eq!(fields(ctx.run(close, negative).await), ["offer", "amount"]);

    let offered = CloseOpportunity { offer: Patch::Set(" ۱۰ درصد   ارزان‌تر ".into()), ..lost(id, Some("price")) };
    let done = ctx.run(close, offered).await.unwrap().opportunity;
    assert_eq!((done.lost_reason.as_deref(), done.competitor.as_deref()), (Some("price"), Some("local_shop")));
    assert_eq!((done.amount_minor, done.offer.as_deref()), (Some(120_000), Some("۱۰ درصد ارزان‌تر")));
    let day = done.closed_on;
    let again = CloseOpportunity { amount: Patch::Clear, offer: Patch::Set(String::new()), ..lost(id, Some("delivery")) };
    let done = ctx.run(close, again).await.unwrap().opportunity;
    assert_eq!((done.lost_reason.as_deref(), done.amount_minor, done.offer, done.closed_on), (Some("delivery"), None, None, day));
    assert_eq!(kinds(&ctx).await, ["opportunity.created", "opportunity.closed", "opportunity.changed"]);
    let won = ctx.run(close, CloseOpportunity::of(id, OpportunityState::Won)).await.unwrap().opportunity;
    assert_eq!((won.lost_reason, won.competitor.as_deref()), (None, Some("local_shop")), "who was beaten stays known");
}

#[tokio::test]
async fn an_act_is_taken_back_once_and_only_while_nobody_went_on_from_it() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    let made = ctx.run(create, new(party, "آسیاب")).await.unwrap();
    let id = made.opportunity.id;
    let title = ChangeOpportunity {
        id,
        title: Some("آسیاب صنعتی".into()),
        amount: Patch::Set("70".into()),
        competitor: Patch::Keep,
        offer: Patch::Keep,
    };
    let changed = ctx.run(change, title).await.unwrap();
    assert_eq!((changed.opportunity.title.as_str(), changed.opportunity.amount_minor), ("آسیاب صنعتی", Some(7_000)));
    let closed = ctx.run(close, lost(id, Some("price"))).await.unwrap();
    let early = ctx.run(undo::run, RunUndo { id: changed.undo }).await;
    assert!(matches!(early, Err(Error::Conflict(_))), "{early:?}");
    ctx.run(undo::run, RunUndo { id: closed.undo }).await.unwrap();
    let open = ctx.run(get, OpportunityId { id }).await.unwrap();
    assert_eq!((open.state, open.lost_reason, open.amount_minor), (OpportunityState::Open, None, Some(7_000)));
    ctx.run(undo::run, RunUndo { id: changed.undo }).await.unwrap();
    ctx.run(undo::run, RunUndo { id: made.undo }).await.unwrap();
    assert!(matches!(ctx.run(get, OpportunityId { id }).await, Err(Error::NotFound("opportunity"))));
    assert_eq!(kinds(&ctx).await[3..], ["opportunity.restored", "opportunity.restored", "opportunity.taken_back"]);
}

#[tokio::test]
async fn the_list_is_paged_by_key_and_filtered() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    let other = testing::party(&ctx, "رضا").await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE parties SET source = 'instagram' WHERE id = $1").bind(other)).await.unwrap();
    tx.commit().await.unwrap();
    let mut ids = Vec::new();
    for number in 0..7 {
        let whom = if number == 6 { other } else { party };
        ids.push(ctx.run(create, new(whom, &format!("فرصت {number}"))).await.unwrap().opportunity.id);
    }
    for (id, day, state, reason) in [
        (ids[1], "2026-10-01", OpportunityState::Lost, Some("price")),
        (ids[2], "2026-11-02", OpportunityState::Won, None),
        (ids[3], "2026-11-02", OpportunityState::Lost, Some("delivery")),
    ] {
        let end = CloseOpportunity {
            reason: reason.map(Into::into),
            competitor: Patch::Set("unknown".into()),
            ..CloseOpportunity::of(id, state)
        };
        ctx.run(close, end).await.unwrap();
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE opportunities SET closed_on = $1 WHERE id = $2").bind(day).bind(id)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let page_of = async |input: ListOpportunities| {
        let mut input = ListOpportunities { limit: Some(2), ..input };
        let mut found = Vec::new();
        loop {
            let page = ctx.run(list, input.clone()).await.unwrap();
            found.extend(page.items.into_iter().map(|one| ids.iter().position(|id| *id == one.id).unwrap()));
            input.after = page.next;
            if input.after.is_none() {
                return found;
            }
        }
    };
    let of = |state| ListOpportunities { state: Some(state), ..ListOpportunities::default() };
    assert_eq!(page_of(ListOpportunities::default()).await, [6, 5, 4, 0]);
    assert_eq!(page_of(of(OpportunityView::All)).await, [6, 5, 4, 0, 3, 2, 1], "what is open, then the last closed");
    assert_eq!(page_of(of(OpportunityView::Closed)).await, [3, 2, 1]);
    assert_eq!(page_of(of(OpportunityView::Won)).await, [2]);
    assert_eq!(page_of(ListOpportunities { lost_reason: Some("price".into()), ..of(OpportunityView::Lost) }).await, [1]);
    assert_eq!(page_of(ListOpportunities { closed_from: Some("2026-11-01".parse().unwrap()), ..of(OpportunityView::All) }).await, [3, 2]);
    assert_eq!(page_of(ListOpportunities { closed_until: Some("2026-10-31".parse().unwrap()), ..of(OpportunityView::Lost) }).await, [1]);
    assert_eq!(page_of(ListOpportunities { competitor: Some("unknown".into()), ..of(OpportunityView::Closed) }).await, [3, 2, 1]);
    assert_eq!(page_of(ListOpportunities { source: Some("instagram".into()), ..of(OpportunityView::All) }).await, [6]);
    assert_eq!(page_of(ListOpportunities { unsourced: Some(true), ..of(OpportunityView::Won) }).await, [2]);
    assert_eq!(
        page_of(ListOpportunities { owner_id: ctx.actor.user(), party_id: Some(party), ..of(OpportunityView::Open) }).await,
        [5, 4, 0]
    );
    assert!(page_of(ListOpportunities { unowned: Some(true), ..of(OpportunityView::All) }).await.is_empty());
    let none = ListOpportunities { after: Some("x".into()), ..ListOpportunities::default() };
    assert_eq!(fields(ctx.run(list, none).await), ["after"]);
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    assert!(agent.run(list, of(OpportunityView::All)).await.unwrap().items.is_empty());
}
