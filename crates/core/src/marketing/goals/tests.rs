//! What goals come to, how they change, and what is noted beside them.

use super::notes::{self, DropNote, ListNotes, NewNote};
use super::*;
use crate::Door;
use crate::marketing::segments::NewSegment;
use crate::marketing::segments::build::build_due;
use crate::platform::undo::RunUndo;
use crate::sales::purchases::{self, NewPurchase};
use crate::testing;
use tokio::sync::watch;

async fn build(ctx: &Ctx, days: i64) {
    let (_keep, stop) = watch::channel(false);
    let mut job = ctx.app.system(Door::Job);
    job.now = ctx.now().plus(days * crate::platform::time::DAY);
    build_due(&job, Id::FIRST, &stop).await.unwrap();
}

fn goal(segment_id: Id<Segment>, figure: Figure, target: &str, until_on: Day) -> NewGoal {
    NewGoal { segment_id, figure, target: target.into(), from_on: None, until_on, budget: None, note: None }
}

async fn told(ctx: &Ctx) -> Vec<(Figure, Option<i64>, Standing)> {
    let page = ctx.run(list, ListGoals::default()).await.unwrap();
    page.items.into_iter().map(|goal| (goal.figure, goal.result, goal.standing)).collect()
}

#[tokio::test]
async fn what_a_goal_has_come_to_is_worked_out_from_facts() {
    let ctx = testing::ctx().await;
    let (one, _two) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
    let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
    let segment = ctx.run(segments::create, all).await.unwrap().id;
    let until = ctx.today().plus(9);
    for (figure, target) in [(Figure::Members, "2"), (Figure::Buyers, "10"), (Figure::Sales, "100"), (Figure::Active, "80")] {
        let set = ctx.run(create, goal(segment, figure, target, until)).await.unwrap();
        assert_eq!((set.result, set.standing), (None, Standing::Unknown), "nothing is worked out yet");
    }
    let new = NewPurchase { party_id: Some(one), amount: Some("60".into()), product_name: Some("چای".into()), ..Default::default() };
    ctx.run(purchases::create, new).await.unwrap();
    build(&ctx, 0).await;
    let minor = ctx.app.db.one::<(i64,)>(sql("SELECT gross_minor FROM purchases")).await.unwrap().0;
    assert_eq!(
        told(&ctx).await,
        [
            (Figure::Active, None, Standing::Unknown),
            (Figure::Sales, Some(minor), Standing::OnCourse),
            (Figure::Buyers, Some(1), Standing::OnCourse),
            (Figure::Members, Some(2), Standing::Reached),
        ]
    );
    let later = |days: i64| {
        let mut later = ctx.clone();
        later.now = ctx.now().plus(days * crate::platform::time::DAY);
        later
    };
    assert_eq!(told(&later(4)).await[2], (Figure::Buyers, Some(1), Standing::Behind));
    assert_eq!(told(&later(10)).await[2], (Figure::Buyers, Some(1), Standing::Missed));
    let whole = ctx.run(list, ListGoals { segment_id: Some(segment), limit: Some(1), after: None }).await.unwrap();
    assert_eq!((whole.items[0].elapsed, whole.next.is_some()), (0.1, true));
    let next = ctx.run(list, ListGoals { after: whole.next, ..ListGoals::default() }).await.unwrap();
    assert_eq!(next.items.len(), 3);

    // Whoever sees a part of the customers does not see what is counted of all.
    let agent = testing::as_post(&ctx.app, "agent", "sara").await;
    assert!(told(&agent).await.iter().all(|(_, result, _)| result.is_none()));
    assert!(matches!(agent.run(create, goal(segment, Figure::Members, "1", until)).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn a_goal_that_was_given_up_comes_back_by_its_undo() {
    let ctx = testing::ctx().await;
    let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
    let segment = ctx.run(segments::create, all).await.unwrap().id;
    let set = ctx.run(create, goal(segment, Figure::Members, "5", ctx.today())).await.unwrap();
    let gone = ctx.run(delete, GoalId { id: set.id }).await.unwrap();
    assert!(told(&ctx).await.is_empty());
    ctx.run(undo::run, RunUndo { id: gone.undo }).await.unwrap();
    assert_eq!(told(&ctx).await.len(), 1);
    assert!(matches!(ctx.run(delete, GoalId { id: ctx.id() }).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_goal_without_sense_is_refused() {
    let ctx = testing::ctx().await;
    let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
    let segment = ctx.run(segments::create, all).await.unwrap().id;
    let field = async |new: NewGoal| match ctx.run(create, new).await {
        Err(Error::Invalid(Fields(problems))) => problems[0].field.to_string(),
        other => panic!("{other:?}"),
    };
    let today = ctx.today();
    assert_eq!(field(goal(segment, Figure::Active, "101", today)).await, "target");
    assert_eq!(field(goal(segment, Figure::Buyers, "0", today)).await, "target");
    assert_eq!(field(goal(segment, Figure::Members, "x", today)).await, "target");
    assert_eq!(field(goal(segment, Figure::Members, "1", today.plus(-1))).await, "until_on");
    assert_eq!(field(NewGoal { budget: Some("-1".into()), ..goal(segment, Figure::Members, "1", today) }).await, "budget");
    assert!(matches!(ctx.run(create, goal(ctx.id(), Figure::Members, "1", today)).await, Err(Error::NotFound(_))));
}

#[test]
fn a_segment_may_be_meant_to_shrink() {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let stored = |base: i64, result: i64| Stored {
        id: Id::FIRST,
        segment_id: Id::FIRST,
        segment: String::new(),
        figure: Figure::Members,
        target: 100,
        from_on: day("2026-11-01"),
        until_on: day("2026-11-10"),
        budget_minor: None,
        note: None,
        base: Some(base),
        result: Some(result),
        n: None,
        low: None,
        high: None,
        counted_at: None,
        version: 1,
    };
    let middle = stored(200, 150).goal(day("2026-11-05"));
    assert_eq!((middle.done, middle.elapsed, middle.standing), (Some(0.5), 0.5, Standing::OnCourse));
    assert_eq!(stored(200, 90).goal(day("2026-11-05")).standing, Standing::Reached);
    assert_eq!(stored(200, 230).goal(day("2026-11-05")).done, Some(0.0), "it went the other way");
    assert_eq!(stored(100, 100).goal(day("2026-11-05")).standing, Standing::Reached);
    assert_eq!(stored(100, 99).goal(day("2026-11-05")).standing, Standing::Behind);
}

#[tokio::test]
async fn a_goal_is_changed_with_its_history_and_the_change_is_taken_back() {
    let ctx = testing::ctx().await;
    let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
    let segment = ctx.run(segments::create, all).await.unwrap().id;
    let until = ctx.today().plus(9);
    let set = ctx.run(create, NewGoal { budget: Some("50".into()), ..goal(segment, Figure::Members, "5", until) }).await.unwrap();
    let change = |version: i64, target: &str| GoalChange {
        id: set.id,
        version,
        target: Some(target.into()),
        until_on: Some(until.plus(5)),
        budget: Some(String::new()),
        note: Some("تا نوروز".into()),
    };
    let changed = ctx.run(update, change(1, "8")).await.unwrap();
    let after = &changed.goal;
    assert_eq!((after.target, after.until_on, after.budget_minor, after.note.as_deref()), (8, until.plus(5), None, Some("تا نوروز")));
    assert!(matches!(ctx.run(update, change(1, "9")).await, Err(Error::Conflict(_))), "somebody else was faster");
    assert!(matches!(ctx.run(update, change(2, "x")).await, Err(Error::Invalid(_))));

    let told: Vec<(String, Option<i64>)> = ctx
        .run(history, GoalId { id: set.id })
        .await
        .unwrap()
        .into_iter()
        .map(|one| (one.kind, one.terms.map(|terms| terms.target)))
        .collect();
    assert_eq!(told, [("goal.changed".to_owned(), Some(8)), ("goal.created".to_owned(), Some(5))]);

    let other = ctx.run(create, goal(segment, Figure::Buyers, "3", until)).await.unwrap();
    assert_eq!(ctx.run(history, GoalId { id: other.id }).await.unwrap().len(), 1, "another goal has its own history");
    ctx.run(undo::run, RunUndo { id: changed.undo }).await.unwrap();
    let back = ctx.run(get, GoalId { id: set.id }).await.unwrap();
    assert_eq!((back.target, back.until_on, back.note, back.version), (5, until, None, 3));
    assert!(back.budget_minor.is_some());
    let again = ctx.run(update, change(3, "6")).await.unwrap();
    ctx.run(update, change(4, "7")).await.unwrap();
    assert!(matches!(ctx.run(undo::run, RunUndo { id: again.undo }).await, Err(Error::Conflict(_))), "somebody went on from it");

    let agent = testing::as_post(&ctx.app, "agent", "sara").await;
    assert!(matches!(agent.run(update, change(5, "8")).await, Err(Error::Forbidden(_))));
    assert!(matches!(agent.run(history, GoalId { id: ctx.id() }).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_result_says_of_how_many_it_is_and_how_sure() {
    let ctx = testing::ctx().await;
    let mut people = Vec::new();
    for number in 0..30 {
        people.push(testing::party(&ctx, &format!("نام {number}")).await);
    }
    let mut tx = ctx.app.db.begin().await.unwrap();
    for party in &people {
        let scores = sql("INSERT INTO party_scores (party_id, recency_days, age_days, occasions, net_minor, repeat_mean_minor, p_active,
                            habit, silence, rfm_fit_id, activity_fit_id, spending_fit_id)
                          VALUES ($1, 1, 1, 1, 0, 0, 0.5, 'regular', 0, $2, $3, $4)");
        let scores = scores.bind(*party).bind(ctx.id::<()>()).bind(ctx.id::<()>()).bind(ctx.id::<()>());
        tx.run(scores).await.unwrap();
    }
    tx.commit().await.unwrap();
    let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
    let segment = ctx.run(segments::create, all).await.unwrap().id;
    for (figure, target) in [(Figure::Members, "40"), (Figure::Buyers, "10"), (Figure::Sales, "100"), (Figure::Active, "80")] {
        ctx.run(create, goal(segment, figure, target, ctx.today().plus(9))).await.unwrap();
    }
    for party in &people[..3] {
        let new =
            NewPurchase { party_id: Some(*party), amount: Some("60".into()), product_name: Some("چای".into()), ..Default::default() };
        ctx.run(purchases::create, new).await.unwrap();
    }
    build(&ctx, 0).await;
    let page = ctx.run(list, ListGoals::default()).await.unwrap();
    let of = |figure: Figure| page.items.iter().find(|goal| goal.figure == figure).unwrap();
    assert_eq!((of(Figure::Members).n, of(Figure::Members).low), (Some(30), None));
    let buyers = of(Figure::Buyers);
    assert_eq!((buyers.result, buyers.n), (Some(3), Some(30)));
    // Wilson's interval of 3 of 30.
    assert!((buyers.low.unwrap() - 0.0346).abs() < 5e-4 && (buyers.high.unwrap() - 0.2562).abs() < 5e-4, "{buyers:?}");
    assert_eq!(of(Figure::Sales).n, Some(3));
    let active = of(Figure::Active);
    // 1.96 · √(30 · 0.25) / 30 on either side of a half.
    assert!((active.low.unwrap() - 0.3211).abs() < 5e-4 && (active.high.unwrap() - 0.6789).abs() < 5e-4, "{active:?}");
    assert_eq!(active.n, Some(30));
}

#[tokio::test]
async fn notes_stand_with_author_and_day_until_they_are_taken_away() {
    let ctx = testing::ctx().await;
    let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: false };
    let segment = ctx.run(segments::create, all).await.unwrap().id;
    let set = ctx.run(create, goal(segment, Figure::Members, "5", ctx.today())).await.unwrap();
    let note = |words: &str, goal_id| NewNote { goal_id, words: words.into() };
    ctx.run(notes::add, note("بودجه‌ی وفادارها نصف شد", None)).await.unwrap();
    let of_goal = ctx.run(notes::add, note("از تازه‌ها به این‌ها", Some(set.id))).await.unwrap();
    assert_eq!((of_goal.goal_id, of_goal.segment.as_deref(), of_goal.by.is_some()), (Some(set.id), Some("همه"), true));
    let words = async |ctx: &Ctx, goal_id| -> Vec<String> {
        let page = ctx.run(notes::list, ListNotes { goal_id, ..ListNotes::default() }).await.unwrap();
        page.items.into_iter().map(|note| note.words).collect()
    };
    assert_eq!(words(&ctx, None).await, ["از تازه‌ها به این‌ها", "بودجه‌ی وفادارها نصف شد"]);
    assert_eq!(words(&ctx, Some(set.id)).await, ["از تازه‌ها به این‌ها"]);
    let first = ctx.run(notes::list, ListNotes { limit: Some(1), ..ListNotes::default() }).await.unwrap();
    let rest = ctx.run(notes::list, ListNotes { after: first.next, ..ListNotes::default() }).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len()), (1, 1));

    let agent = testing::as_post(&ctx.app, "agent", "sara").await;
    assert_eq!(words(&agent, None).await, ["بودجه‌ی وفادارها نصف شد"], "the segment of the other one is not shared");
    assert!(matches!(agent.run(notes::add, note("x", None)).await, Err(Error::Forbidden(_))));

    let gone = ctx.run(notes::remove, DropNote { id: of_goal.id }).await.unwrap();
    assert_eq!(words(&ctx, None).await.len(), 1);
    ctx.run(undo::run, RunUndo { id: gone.undo }).await.unwrap();
    assert_eq!(words(&ctx, None).await.len(), 2);
    assert!(matches!(ctx.run(notes::add, note("  ", None)).await, Err(Error::Invalid(_))));
    assert!(matches!(ctx.run(notes::add, note("x", Some(ctx.id()))).await, Err(Error::NotFound(_))));
    assert!(matches!(ctx.run(notes::remove, DropNote { id: ctx.id() }).await, Err(Error::NotFound(_))));
}
