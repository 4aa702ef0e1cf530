//! Ways of customers through the database.

use super::customers::{self, LifecycleOf, ListPeople, OverviewOf, PeopleList, Tool};
use super::decisions::{self, EndReason, NewDecision};
use super::engine::Kind;
use super::gates::{Gate, Need, Threshold, Thresholds, judge, passes};
use super::versions::{self, GateChange, GateOf};
use super::{DecisionKind, Stage, Standing, ways};
use crate::operation::Nothing;
use crate::parties::party::{self, PartyId};
use crate::parties::{Party, contacts};
use crate::platform::jobs::{Outcome, drain};
use crate::platform::undo::{self, RunUndo};
use crate::sales::purchases::{self, NewPurchase};
use crate::service::answers::{AnswerSurvey, answer};
use crate::service::fill::Reply;
use crate::service::questions::QuestionKind;
use crate::service::surveys::{self, NewSurvey, SurveyId};
use crate::{Ctx, Day, Error, Instant, testing};
use peyvand_db::{Id, sql};
use tokio::sync::watch;

pub(super) async fn buy(ctx: &Ctx, party: Id<Party>, on: Day, amount: &str) {
    let new = NewPurchase { party_id: Some(party), date: Some(on.to_string()), amount: Some(amount.into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
}

/// The context on another day.
pub(super) fn on(ctx: &Ctx, day: Day) -> Ctx {
    let mut ctx = ctx.clone();
    ctx.now = Instant::start_of(day, &jiff::tz::TimeZone::UTC).plus(12 * 60 * 60 * 1000);
    ctx
}

pub(super) async fn way(ctx: &Ctx, party: Id<Party>) -> customers::Lifecycle {
    ctx.run(customers::get, LifecycleOf { party_id: party }).await.unwrap()
}

fn told(way: &customers::Lifecycle) -> Vec<String> {
    way.steps.iter().map(|step| format!("{} {} {} {}", step.on, step.kind, step.stage, step.standing)).collect()
}

/// All ways, as they are stored.
async fn stored(ctx: &Ctx) -> Vec<(Id<Party>, i64, String, String, String, Day, Option<Day>)> {
    let query = "SELECT party_id, place, kind, stage, standing, entered_on, left_on FROM stage_memberships ORDER BY party_id, place";
    ctx.app.db.all(sql(query)).await.unwrap()
}

async fn flows(ctx: &Ctx) -> Vec<(Day, String, String, String, String, i64)> {
    let query = "SELECT happened_on, from_stage, from_standing, to_stage, to_standing, customers FROM stage_flows
                 WHERE customers <> 0 ORDER BY happened_on, from_stage, from_standing, to_stage, to_standing";
    ctx.app.db.all(sql(query)).await.unwrap()
}

/// Forgets all ways and works them out anew.
async fn replay(ctx: &Ctx) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    for statement in ["DELETE FROM stage_memberships", "DELETE FROM stage_outlooks", "DELETE FROM stage_flows"] {
        tx.run(sql(statement)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (_keep, stop) = watch::channel(false);
    assert_eq!(ways::replay(ctx, Id::FIRST, &stop).await.unwrap(), Outcome::Done);
}

#[tokio::test]
async fn what_happens_to_a_customer_moves_them_within_a_step_and_is_put_right_when_it_was_not_so() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "زهرا").await;
    replay(&ctx).await;
    let today = ctx.today();
    buy(&ctx, party, today.plus(-100), "500000").await;
    buy(&ctx, party, today.plus(-60), "300000").await;
    buy(&ctx, party, today.plus(-20), "400000").await;
    drain(&ctx.app).await.unwrap();
    let seen = way(&ctx, party).await;
    assert_eq!(
        told(&seen),
        [
            format!("{} enter potential active", today.plus(-100)),
            format!("{} promote actual active", today.plus(-100)),
            format!("{} promote loyal active", today.plus(-20)),
        ]
    );
    assert_eq!((seen.stage, seen.standing, seen.tool, seen.since_on), (Stage::Loyal, Standing::Active, Some(Tool::Cem), today.plus(-20)));
    assert_eq!((seen.next.gate, seen.next.passes, seen.next.needs_person), (Some(Gate::Advocate), false, true));
    let missing: Vec<Need> = seen.next.criteria.iter().filter(|one| !one.is_met).map(|one| one.need).collect();
    assert_eq!(missing, [Need::Referrals, Need::Tenure, Need::LoyalTime]);
    let loyal = &seen.steps[2];
    assert_eq!((loyal.evidence.len(), loyal.gate, loyal.inputs_hash.as_ref().map(String::len)), (2, Some(Gate::Loyal), Some(64)));
    let rules = versions::timeline(&ctx).await.unwrap();
    assert!(passes(&judge(Gate::Loyal, rules.on(loyal.on), loyal.inputs.as_ref().unwrap())));

    // The last purchase is given back whole: they were not loyal, and it says so.
    buy(&ctx, party, today, "-400000").await;
    drain(&ctx.app).await.unwrap();
    let seen = way(&ctx, party).await;
    assert_eq!((seen.stage, seen.steps.len()), (Stage::Actual, 2));
    let put_right: Vec<_> = seen.put_right.iter().map(|one| (one.kind, one.stage, one.on)).collect();
    assert_eq!(put_right, [(Kind::Promote, Stage::Loyal, today.plus(-20)), (Kind::Enter, Stage::Potential, today)]);
    let (open,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM stage_memberships WHERE left_on IS NULL")).await.unwrap();
    assert_eq!(open, 1);
    // Nothing was taken out of the log.
    let (logged,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM stage_transitions")).await.unwrap();
    assert_eq!(logged, 6, "entered today, put right when we learned of older purchases, three steps, and put right again");
    let kept = (stored(&ctx).await, flows(&ctx).await);
    replay(&ctx).await;
    assert_eq!((stored(&ctx).await, flows(&ctx).await), kept);
}

#[tokio::test]
async fn who_says_that_they_are_not_content_is_not_loyal_until_they_say_otherwise() {
    let ctx = testing::ctx().await;
    let (party, today) = (testing::party(&ctx, "زهرا").await, ctx.today());
    for back in [100, 60] {
        buy(&ctx, party, today.plus(-back), "1000").await;
    }
    let say = async |kind, score| {
        let made = ctx.run(surveys::create, NewSurvey { kinds: Some(vec![kind]), ..NewSurvey::default() }).await.unwrap();
        let survey = ctx.run(surveys::publish, SurveyId { id: made.survey.id }).await.unwrap();
        let reply = Reply { question_id: survey.questions[0].id, score: Some(score), text: None };
        let (survey_id, party_id) = (survey.survey.id, Some(party));
        let told = AnswerSurvey { survey_id, party_id, customer: None, invitation_id: None, lang: None, answers: vec![reply] };
        ctx.run(answer, told).await.unwrap();
        drain(&ctx.app).await.unwrap();
    };
    say(QuestionKind::Csat, 3).await;
    buy(&ctx, party, today, "1000").await;
    drain(&ctx.app).await.unwrap();
    let seen = way(&ctx, party).await;
    assert_eq!(seen.stage, Stage::Actual);
    let missing: Vec<_> = seen.next.criteria.iter().filter(|one| !one.is_met).map(|one| (one.need, one.has, one.needs)).collect();
    assert_eq!(missing, [(Need::Satisfied, 3, 4)]);
    say(QuestionKind::Nps, 9).await;
    let seen = way(&ctx, party).await;
    assert_eq!((seen.stage, seen.since_on), (Stage::Loyal, today));
    assert_eq!(seen.steps.last().unwrap().evidence.len(), 3, "two purchases and the answer");
}

#[tokio::test]
async fn time_alone_moves_customers_in_the_night() {
    let ctx = testing::ctx().await;
    let (one, other) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
    let today = ctx.today();
    for back in [90, 60, 30] {
        buy(&ctx, one, today.plus(-back), "1000").await;
    }
    buy(&ctx, other, today, "1000").await;
    drain(&ctx.app).await.unwrap();
    assert_eq!((way(&ctx, one).await.stage, way(&ctx, other).await.stage), (Stage::Loyal, Stage::Actual));
    assert_eq!(way(&ctx, other).await.provisional_until, Some(today.plus(7)));
    let (_keep, stop) = watch::channel(false);
    // Two gaps of thirty days after the last purchase, and a day.
    for (days, standing) in [(30, Standing::Active), (31, Standing::Dormant)] {
        let later = on(&ctx, today.plus(days));
        assert_eq!(ways::sweep(&later, Id::FIRST, &stop).await.unwrap(), Outcome::Done);
        assert_eq!(way(&later, one).await.standing, standing);
        let query = "SELECT standing FROM stage_memberships WHERE party_id = $1 AND left_on IS NULL";
        let (stored,): (Standing,) = ctx.app.db.one(sql(query).bind(one)).await.unwrap();
        assert_eq!(stored, standing, "stored as well as seen");
    }
}

#[tokio::test]
async fn a_gate_is_changed_as_a_version_that_says_before_what_it_moves() {
    let ctx = testing::ctx().await;
    let today = ctx.today();
    let (few, many) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
    for back in [200, 160, 120, 80, 40, 10] {
        buy(&ctx, many, today.plus(-back), "1000").await;
    }
    for back in [80, 10] {
        buy(&ctx, few, today.plus(-back), "1000").await;
    }
    drain(&ctx.app).await.unwrap();
    assert_eq!((way(&ctx, few).await.stage, way(&ctx, many).await.stage), (Stage::Actual, Stage::Loyal));
    let easier = |note: &str| GateChange {
        gate: Gate::Loyal,
        thresholds: Thresholds([(Threshold::Repeats, 1)].into()),
        note: Some(note.to_owned()).filter(|note| !note.is_empty()),
    };
    let told = ctx.run(versions::preview, easier("")).await.unwrap();
    assert_eq!((told.looked_at, told.customers, told.moves.len()), (2, 2, 1));
    assert_eq!((told.moves[0].from_stage, told.moves[0].to_stage, told.moves[0].customers), (Stage::Actual, Stage::Loyal, 1));
    let problem = |outcome: crate::Result<versions::GateSeen>| match outcome {
        Err(Error::Invalid(fields)) => fields.0.into_iter().map(|problem| problem.key).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(problem(ctx.run(versions::change, easier("")).await), ["gates-note-needed"]);
    let off = GateChange { thresholds: Thresholds([(Threshold::Repeats, 0), (Threshold::Gaps, 2)].into()), ..easier("چرا") };
    assert_eq!(problem(ctx.run(versions::change, off).await), ["gates-out-of-bounds", "gates-not-of-this-gate"]);
    let off = GateChange { thresholds: Thresholds([(Threshold::PlainRepeats, 3)].into()), ..easier("چرا") };
    assert_eq!(problem(ctx.run(versions::change, off).await), ["gates-more-plain-than-all"]);

    let seen = ctx.run(versions::change, easier("یک تکرار بس است")).await.unwrap();
    assert_eq!(seen.versions.iter().map(|one| (one.number, one.thresholds[&Threshold::Repeats])).collect::<Vec<_>>(), [(2, 1), (1, 2)]);
    assert_eq!(problem(ctx.run(versions::change, easier("باز هم")).await), ["gates-nothing-changes"]);
    drain(&ctx.app).await.unwrap();
    let after = way(&ctx, few).await;
    assert_eq!((after.stage, after.steps.last().unwrap().on, after.steps.last().unwrap().version), (Stage::Loyal, today, Some(2)));
    let before = way(&ctx, many).await;
    assert_eq!(before.steps.last().unwrap().on, today.plus(-120), "who passed the old gate passed it");
    let of = GateOf { party_id: few, gate: Some(Gate::Loyal), thresholds: Thresholds([(Threshold::Repeats, 5)].into()) };
    let verdict = ctx.run(versions::evaluate, of).await.unwrap();
    assert_eq!((verdict.passes, verdict.criteria[0].has, verdict.criteria[0].needs), (false, 1, 5));
    assert_eq!(ctx.run(versions::list, Nothing {}).await.unwrap().len(), Gate::ALL.len());
}

#[tokio::test]
async fn people_end_a_relation_with_its_reason_and_may_take_it_back() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "زهرا").await;
    let today = ctx.today();
    buy(&ctx, party, today.plus(-10), "1000").await;
    drain(&ctx.app).await.unwrap();
    let new = |decision, reason, note: Option<&str>| NewDecision {
        party_id: party,
        decision,
        reason,
        note: note.map(str::to_owned),
        until: None,
        back: None,
    };
    let key = |outcome: crate::Result<decisions::Decided>| match outcome {
        Err(Error::Invalid(fields)) => fields.0[0].key.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(key(ctx.run(decisions::decide, new(DecisionKind::End, None, None)).await), "input-needed");
    assert_eq!(key(ctx.run(decisions::decide, new(DecisionKind::End, Some(EndReason::Other), None)).await), "lifecycle-say-what");
    assert_eq!(key(ctx.run(decisions::decide, new(DecisionKind::Confirm, None, None)).await), "lifecycle-nothing-proposed");
    let back = NewDecision { back: Some(today.plus(90).to_string()), ..new(DecisionKind::End, Some(EndReason::Moved), None) };
    let ended = ctx.run(decisions::decide, back).await.unwrap();
    assert_eq!((ended.standing, ended.decision.until_on), (Standing::Terminated, Some(today.plus(730))));
    let (planned,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM follow_ups WHERE state = 'open'")).await.unwrap();
    assert_eq!(planned, 1, "somebody asks whether they come back");
    assert_eq!(way(&ctx, party).await.tool, None);
    ctx.run(undo::run, RunUndo { id: ended.undo }).await.unwrap();
    drain(&ctx.app).await.unwrap();
    let seen = way(&ctx, party).await;
    assert_eq!((seen.standing, seen.put_right.is_empty()), (Standing::Active, false));
    ctx.run(decisions::decide, new(DecisionKind::Hostile, None, Some("در صفحهٔ عمومی نوشت"))).await.unwrap();
    assert_eq!(way(&ctx, party).await.standing, Standing::Detractor);
    ctx.run(party::archive, PartyId { id: party }).await.unwrap();
    drain(&ctx.app).await.unwrap();
    assert_eq!(way(&ctx, party).await.standing, Standing::Archived);
}

#[tokio::test]
async fn lists_and_counts_tell_who_stands_where_and_each_sees_their_own() {
    let ctx = testing::ctx().await;
    let today = ctx.today();
    let mut parties = Vec::new();
    for (number, days) in [&[][..], &[5_i64], &[90, 60, 30], &[90, 60, 20], &[400, 390], &[100, 70, 40, 5]].into_iter().enumerate() {
        let party = testing::party(&ctx, &format!("نام {number}")).await;
        for back in days {
            buy(&ctx, party, today.plus(-*back), "1000").await;
        }
        parties.push(party);
    }
    drain(&ctx.app).await.unwrap();
    replay(&ctx).await;
    let counts = async |ctx: &Ctx| {
        let told = ctx.run(customers::overview, OverviewOf::default()).await.unwrap();
        told.standings.iter().map(|one| (one.stage, one.standing, one.customers, one.entered, one.left)).collect::<Vec<_>>()
    };
    let expected = [
        (Stage::Potential, Standing::Active, 1, 5, 4),
        (Stage::Actual, Standing::Active, 1, 3, 3),
        (Stage::Actual, Standing::Dormant, 1, 0, 0),
        (Stage::Loyal, Standing::Active, 3, 3, 0),
    ];
    let told = counts(&ctx).await;
    assert_eq!(told.iter().map(|one| (one.0, one.1, one.2)).collect::<Vec<_>>(), expected.map(|one| (one.0, one.1, one.2)));
    let unit = testing::as_post(&ctx.app, "manager", "head").await;
    assert_eq!(counts(&unit).await, told, "counted from the ways gives what the days give");
    let stranger = testing::as_post(&ctx.app, "agent", "new").await;
    assert_eq!(counts(&stranger).await, []);

    let list = |list| ListPeople { list, stage: None, standing: None, gate: None, ready: None, after: None, limit: Some(1) };
    let walk = async |ctx: &Ctx, mut input: ListPeople| {
        let mut found = Vec::new();
        loop {
            let page = ctx.run(customers::people, input.clone()).await.unwrap();
            assert!(page.items.len() <= 1);
            found.extend(page.items);
            match page.next {
                Some(next) => input.after = Some(next),
                None => return found,
            }
        }
    };
    let loyal = walk(&ctx, list(PeopleList::Stage)).await;
    assert_eq!(loyal.iter().map(|one| one.row.party_id).collect::<Vec<_>>(), [parties[3], parties[2], parties[5]]);
    let leaving = walk(&ctx, list(PeopleList::Leaving)).await;
    assert_eq!(leaving[0].row.party_id, parties[2]);
    assert!(leaving.windows(2).all(|pair| pair[0].row.lapses_on <= pair[1].row.lapses_on));
    let gate = walk(&ctx, ListPeople { gate: Some(Gate::Advocate), ..list(PeopleList::Gate) }).await;
    assert_eq!(gate.len(), 3);
    assert!(gate.windows(2).all(|pair| pair[0].row.missing <= pair[1].row.missing));
    assert!(gate.iter().all(|one| one.next.as_ref().unwrap().criteria.iter().filter(|one| !one.is_met).count() as i64 == one.row.missing));
    let ready = ListPeople { gate: Some(Gate::Advocate), ready: Some(true), ..list(PeopleList::Gate) };
    assert_eq!(walk(&ctx, ready.clone()).await, []);
    assert_eq!(walk(&stranger, list(PeopleList::Stage)).await, []);
    let wrong = ListPeople { after: Some("x".into()), ..ready };
    assert!(matches!(ctx.run(customers::people, wrong).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_replay_that_is_stopped_and_begun_again_comes_to_the_same_and_withdrawn_consent_stops_loyalty() {
    let ctx = testing::ctx().await;
    let today = ctx.today();
    let party = testing::party(&ctx, "زهرا").await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(
        sql("INSERT INTO contact_points (id, party_id, channel, value, is_main, consent, consent_at, created_at)
             VALUES ($1, $2, 'phone', '+989120000000', TRUE, 'withdrawn', $3, $3)")
        .bind(ctx.id::<contacts::StoredContact>())
        .bind(party)
        .bind(ctx.now().plus(-200 * 86_400_000)),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    for back in [90, 60, 30] {
        buy(&ctx, party, today.plus(-back), "1000").await;
    }
    drain(&ctx.app).await.unwrap();
    let seen = way(&ctx, party).await;
    assert_eq!(seen.stage, Stage::Actual);
    assert_eq!(seen.next.criteria.iter().filter(|one| !one.is_met).map(|one| one.need).collect::<Vec<_>>(), [Need::Consent]);
    let before = stored(&ctx).await;
    let (stopper, stop) = watch::channel(true);
    assert_eq!(ways::replay(&ctx, Id::FIRST, &stop).await.unwrap(), Outcome::GoOn);
    drop(stopper);
    replay(&ctx).await;
    assert_eq!(stored(&ctx).await, before);
}
