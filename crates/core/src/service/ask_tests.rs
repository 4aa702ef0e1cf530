use super::ask_rules::{AskAfter, AskRule, ChangeAskRule, NewAskRule, add, change};
use super::asking::step;
use super::asks::{Ask, AskOutcome, GetAskOutcomes, ListAsks, list, outcomes};
use super::case_steps::{AnswerCase, CloseCase, answer, close};
use super::cases::{CaseId, CaseKind, OpenCase, get, open};
use super::fill::Reply;
use super::links::{self, AnswerByLink};
use super::questions::QuestionKind;
use super::surveys::{self, NewSurvey, SurveyId, SurveySeen, create, publish};
use crate::interactions::{Channel, LogInteraction, log};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::platform::jobs;
use crate::platform::text::Lang;
use crate::platform::time::{DAY, HOUR};
use crate::sales::purchases::{self, NewPurchase};
use crate::testing::{NOW, as_post, ctx, party};
use crate::{Ctx, Error, Fields, Id, Instant, Result};
use peyvand_db::sql;

fn at(ctx: &Ctx, now: Instant) -> Ctx {
    Ctx { now, ..ctx.clone() }
}

fn keys<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<String> {
    match outcome {
        Err(Error::Invalid(Fields(problems))) => problems.into_iter().map(|problem| problem.key.into_owned()).collect(),
        other => panic!("{other:?}"),
    }
}

async fn asking(ctx: &Ctx, kinds: &[QuestionKind]) -> SurveySeen {
    let made = ctx.run(create, NewSurvey { kinds: Some(kinds.to_vec()), ..NewSurvey::default() }).await.unwrap();
    ctx.run(publish, SurveyId { id: made.survey.id }).await.unwrap()
}

/// A rule that was made five days ago.
async fn rule(ctx: &Ctx, survey: &SurveySeen, occasion: AskAfter, wait_days: i64) -> AskRule {
    let new = NewAskRule { survey_id: survey.survey.id, occasion, wait_days };
    at(ctx, NOW.plus(-5 * DAY)).run(add, new).await.unwrap()
}

async fn run(ctx: &Ctx, statement: peyvand_db::Sql) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(statement).await.unwrap();
    tx.commit().await.unwrap();
}

/// A customer who has allowed messages.
async fn willing(ctx: &Ctx, name: &str) -> Id<Party> {
    let id = party(ctx, name).await;
    let number = format!("+98912{:07}", id.0.as_u128() % 10_000_000);
    let point = sql("INSERT INTO contact_points (id, party_id, channel, value, is_main, consent, consent_at, created_at)
                     VALUES ($1, $2, 'phone', $3, TRUE, 'given', $4, $4)");
    run(ctx, point.bind(ctx.id::<Party>()).bind(id).bind(number).bind(ctx.now())).await;
    id
}

async fn buys(ctx: &Ctx, party: Id<Party>, when: Instant) {
    let new = NewPurchase {
        party_id: Some(party),
        date: Some(when.to_string()),
        product_name: Some("قهوه".into()),
        amount: Some("1000".into()),
        ..NewPurchase::default()
    };
    ctx.run(purchases::create, new).await.unwrap();
}

async fn meets(ctx: &Ctx, party: Id<Party>, channel: Channel) {
    let new = LogInteraction { party_id: Some(party), channel: Some(channel), text: Some("آمد".into()), ..LogInteraction::default() };
    ctx.run(log, new).await.unwrap();
}

async fn asks(ctx: &Ctx, of: ListAsks) -> Vec<Ask> {
    ctx.run(list, of).await.unwrap().items
}

async fn outcome_of(ctx: &Ctx, party: Id<Party>) -> Vec<AskOutcome> {
    asks(ctx, ListAsks { party_id: Some(party), ..ListAsks::default() }).await.into_iter().map(|one| one.outcome).collect()
}

#[tokio::test]
async fn a_rule_asks_once_and_says_why_it_did_not_ask() {
    let ctx = ctx().await;
    let survey = asking(&ctx, &[QuestionKind::Csat]).await;
    let made = rule(&ctx, &survey, AskAfter::Purchase, 2).await;
    let sara = willing(&ctx, "سارا").await;
    let reza = party(&ctx, "رضا").await;
    let (zahra, omid, leila) = (willing(&ctx, "زهرا").await, willing(&ctx, "امید").await, willing(&ctx, "لیلا").await);
    let early = willing(&ctx, "مینا").await;
    for who in [sara, reza, zahra, omid, leila] {
        buys(&ctx, who, NOW.plus(-3 * DAY)).await;
    }
    buys(&ctx, sara, NOW.plus(-2 * DAY - HOUR)).await;
    buys(&ctx, sara, NOW.plus(-DAY)).await;
    buys(&ctx, early, NOW.plus(-6 * DAY)).await;
    let complaint = OpenCase {
        party_id: Some(zahra),
        customer: None,
        kind: CaseKind::Complaint,
        reason: "quality".into(),
        severity: None,
        channel: None,
        text: "کهنه بود".into(),
        owner_id: None,
    };
    ctx.run(open, complaint).await.unwrap();
    let incident = sql("INSERT INTO respect_incidents (id, party_id, severity, source, is_hostile, words, stage, opened_at, due_at)
                        VALUES ($1, $2, 2, 'complaint', FALSE, '', 'opened', $3, $3)");
    run(&ctx, incident.bind(ctx.id::<Party>()).bind(omid).bind(ctx.now())).await;
    run(&ctx, sql("UPDATE parties SET archived_at = $1 WHERE id = $2").bind(ctx.now()).bind(leila)).await;

    // Two at the same time, as when one is thought to be dead and is not.
    let (one, other) = tokio::join!(step(&ctx), step(&ctx));
    assert!(!one.unwrap() && !other.unwrap(), "nothing is left");
    assert_eq!(outcome_of(&ctx, sara).await, [AskOutcome::AskedLately, AskOutcome::Asked], "once, and not about yesterday yet");
    assert_eq!(outcome_of(&ctx, reza).await, [AskOutcome::NoConsent]);
    assert_eq!(outcome_of(&ctx, zahra).await, [AskOutcome::OpenComplaint]);
    assert_eq!(outcome_of(&ctx, omid).await, [AskOutcome::OpenIncident]);
    assert_eq!(outcome_of(&ctx, leila).await, [AskOutcome::Archived]);
    assert!(outcome_of(&ctx, early).await.is_empty(), "what was before the rule is not asked about");
    jobs::drain(&ctx.app).await.unwrap();
    assert_eq!(asks(&ctx, ListAsks::default()).await.len(), 6, "the job finds nothing new");

    let waiting = asks(&ctx, ListAsks { waiting: Some(true), rule_id: Some(made.id), ..ListAsks::default() }).await;
    assert_eq!((waiting.len(), waiting[0].party_id, waiting[0].occasion), (1, sara, AskAfter::Purchase));
    let replies = vec![Reply { question_id: survey.questions[0].id, score: Some(5), text: None }];
    let token = waiting[0].token.clone().unwrap();
    let said = AnswerByLink { token, sitting: None, is_kiosk: false, lang: Lang::Fa, replies, address: String::new() };
    ctx.run(links::answer, said).await.unwrap();
    assert!(asks(&ctx, ListAsks { waiting: Some(true), ..ListAsks::default() }).await.is_empty());

    // A month later she may be asked again, but the survey is closed by then.
    let later = at(&ctx, NOW.plus(40 * DAY));
    buys(&later, sara, NOW.plus(37 * DAY)).await;
    ctx.run(surveys::close, SurveyId { id: survey.survey.id }).await.unwrap();
    step(&later).await.unwrap();
    assert_eq!(outcome_of(&ctx, sara).await[0], AskOutcome::NoSurvey);

    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = ctx.run(list, ListAsks { after, limit: Some(2), ..ListAsks::default() }).await.unwrap();
        pages.extend(page.items.into_iter().map(|one| one.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    pages.sort_unstable();
    pages.dedup();
    assert_eq!(pages.len(), 7);
    let counted = ctx.run(outcomes, GetAskOutcomes { days: Some(60) }).await.unwrap().items;
    assert_eq!(counted.iter().map(|one| one.occasions).sum::<i64>(), 7);
    assert_eq!(asks(&ctx, ListAsks { outcome: Some(AskOutcome::NoConsent), ..ListAsks::default() }).await.len(), 1);
    assert!(ctx.run(outcomes, GetAskOutcomes { days: Some(0) }).await.is_err());
    assert!(ctx.run(list, ListAsks { after: Some("x".into()), ..ListAsks::default() }).await.is_err());
    let agent = as_post(&ctx.app, "agent", "sara").await;
    assert!(agent.run(list, ListAsks::default()).await.unwrap().items.is_empty(), "of customers of others");
    assert!(agent.run(outcomes, GetAskOutcomes::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn respect_is_asked_after_one_of_five_visits() {
    let ctx = ctx().await;
    let survey = asking(&ctx, &[QuestionKind::Respect]).await;
    let made = rule(&ctx, &survey, AskAfter::Visit, 0).await;
    for number in 0..7 {
        let who = willing(&ctx, &format!("مشتری {number}")).await;
        let when = at(&ctx, NOW.plus(-DAY + number * HOUR));
        meets(&when, who, if number % 2 == 0 { Channel::Visit } else { Channel::InPerson }).await;
        meets(&when, who, Channel::Phone).await;
    }
    step(&ctx).await.unwrap();
    let mut found = asks(&ctx, ListAsks::default()).await;
    found.sort_by_key(|one| one.occasion_at);
    let asked: Vec<bool> = found.iter().map(|one| one.outcome == AskOutcome::Asked).collect();
    assert_eq!(asked, [false, false, false, false, true, false, false], "telephone calls are no visits");
    assert!(found.iter().all(|one| matches!(one.outcome, AskOutcome::Asked | AskOutcome::OneOfFive)));
    let now = ctx.run(super::ask_rules::list, Nothing {}).await.unwrap().items;
    assert_eq!((now.len(), now[0].id, now[0].seen, now[0].asked), (1, made.id, 7, 1));
}

#[tokio::test]
async fn after_a_case_the_rule_asks_how_satisfied_they_are_with_what_was_done() {
    let ctx = ctx().await;
    let survey = asking(&ctx, &[QuestionKind::Csat]).await;
    rule(&ctx, &survey, AskAfter::Case, 1).await;
    let sara = willing(&ctx, "سارا").await;
    let question = OpenCase {
        party_id: Some(sara),
        customer: None,
        kind: CaseKind::Question,
        reason: "information".into(),
        severity: None,
        channel: None,
        text: "پرسید".into(),
        owner_id: None,
    };
    let id = ctx.run(open, question).await.unwrap().id;
    ctx.run(answer, AnswerCase { id, answer: "گفتیم".into() }).await.unwrap();
    let closed = ctx.run(close, CloseCase { id, root_cause: None, action: None }).await.unwrap();
    assert_eq!(closed.invitation_id, None, "it is left to the rule");
    step(&at(&ctx, NOW.plus(DAY - HOUR))).await.unwrap();
    assert!(asks(&ctx, ListAsks::default()).await.is_empty());
    let later = at(&ctx, NOW.plus(DAY));
    step(&later).await.unwrap();
    let token = asks(&ctx, ListAsks::default()).await[0].token.clone().unwrap();
    let replies = vec![Reply { question_id: survey.questions[0].id, score: Some(4), text: None }];
    let said = AnswerByLink { token, sitting: None, is_kiosk: false, lang: Lang::Fa, replies, address: String::new() };
    later.run(links::answer, said).await.unwrap();
    assert_eq!(ctx.run(get, CaseId { id }).await.unwrap().recovery_score, Some(4));
}

#[tokio::test]
async fn a_rule_is_made_once_and_stopped_and_does_not_ask_about_what_was_meanwhile() {
    let ctx = ctx().await;
    let survey = asking(&ctx, &[QuestionKind::Csat]).await;
    let made = rule(&ctx, &survey, AskAfter::Purchase, 1).await;
    let again = NewAskRule { survey_id: survey.survey.id, occasion: AskAfter::Purchase, wait_days: 1 };
    assert_eq!(keys(ctx.run(add, again.clone()).await), ["asks-rule-twice"]);
    assert_eq!(keys(ctx.run(add, NewAskRule { wait_days: 61, ..again.clone() }).await), ["input-range"]);
    assert!(matches!(ctx.run(add, NewAskRule { survey_id: Id::FIRST, ..again.clone() }).await, Err(Error::NotFound(_))));
    let agent = as_post(&ctx.app, "agent", "sara").await;
    assert!(matches!(agent.run(add, again).await, Err(Error::Forbidden(_))));
    let stop = ChangeAskRule { id: made.id, wait_days: None, is_active: Some(false) };
    assert!(matches!(agent.run(change, stop.clone()).await, Err(Error::Forbidden(_))));
    assert!(!ctx.run(change, stop.clone()).await.unwrap().is_active);
    let sara = willing(&ctx, "سارا").await;
    buys(&ctx, sara, NOW.plus(-2 * DAY)).await;
    step(&ctx).await.unwrap();
    assert!(asks(&ctx, ListAsks::default()).await.is_empty());
    let begin = ChangeAskRule { wait_days: Some(0), is_active: Some(true), ..stop.clone() };
    let begun = ctx.run(change, begin).await.unwrap();
    assert_eq!((begun.is_active, begun.wait_days, begun.active_since), (true, 0, NOW));
    step(&ctx).await.unwrap();
    assert!(asks(&ctx, ListAsks::default()).await.is_empty());
    assert_eq!(keys(ctx.run(change, ChangeAskRule { wait_days: Some(-1), ..stop.clone() }).await), ["input-range"]);
    assert!(matches!(ctx.run(change, ChangeAskRule { id: Id::FIRST, ..stop }).await, Err(Error::NotFound(_))));
}
