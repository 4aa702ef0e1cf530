use super::answers::{AnswerSurvey, answer};
use super::fill::{Reply, SheetDoor, field};
use super::invitations::{Invite, ListInvitations, invite};
use super::links::{AnswerByLink, Follow, LinkState, follow};
use super::questions::{AddQuestion, ChangeQuestion, MoveQuestion, Question, QuestionId, QuestionKind};
use super::scores::{GetScores, scores};
use super::sheets::{self, ListSheets};
use super::surveys::{ChangeSurvey, ListSurveys, NewSurvey, SurveyId, SurveySeen, SurveyState, close, create, get, publish, revise};
use super::{invitations, links, questions, surveys};
use crate::parties::Party;
use crate::parties::timeline::{TimelineKind, TimelineOf, timeline};
use crate::platform::text::Lang;
use crate::platform::time::{DAY, HOUR, MINUTE};
use crate::testing::{NOW, as_post, ctx, party};
use crate::{Ctx, Error, Fields, Id, Instant, Result};
use peyvand_db::sql;

fn at(ctx: &Ctx, now: Instant) -> Ctx {
    Ctx { now, ..ctx.clone() }
}

async fn live(ctx: &Ctx, kinds: &[QuestionKind]) -> SurveySeen {
    let made = ctx.run(create, NewSurvey { kinds: Some(kinds.to_vec()), ..NewSurvey::default() }).await.unwrap();
    ctx.run(publish, SurveyId { id: made.survey.id }).await.unwrap()
}

fn said(question: &Question, score: i64) -> Reply {
    Reply { question_id: question.id, score: Some(score), text: None }
}

fn to(survey: &SurveySeen, party: Id<Party>) -> Invite {
    Invite { survey_id: survey.survey.id, party_id: Some(party), customer: None, days: None }
}

fn by_link(token: &str, replies: Vec<Reply>) -> AnswerByLink {
    AnswerByLink { token: token.to_owned(), sitting: None, is_kiosk: false, lang: Lang::Fa, replies, address: "192.0.2.7".into() }
}

fn key_of<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Invalid(Fields(problems)) | Error::Conflict(Fields(problems))) => problems[0].key.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_draft_is_written_and_an_open_survey_stays_as_it_is() {
    let ctx = ctx().await;
    let twice = NewSurvey { kinds: Some(vec![QuestionKind::Nps, QuestionKind::Nps]), ..NewSurvey::default() };
    assert_eq!(key_of(ctx.run(create, twice).await), "surveys-kind-twice");
    let new = NewSurvey { name_en: Some(" After a visit ".into()), ..NewSurvey::default() };
    let made = ctx.run(create, new).await.unwrap();
    let id = made.survey.id;
    assert_eq!((made.survey.name_en.as_str(), made.survey.state, made.questions.len()), ("After a visit", SurveyState::Draft, 2));
    assert!(made.questions.iter().all(|one| one.text_fa != one.text_ar && one.text_ar != one.text_en && !one.text_fa.contains("surveys-")));
    let more = ctx.run(questions::add, AddQuestion { id, kind: QuestionKind::Respect }).await.unwrap();
    assert_eq!(more.questions.iter().map(|one| &*one.item).collect::<Vec<_>>(), ["", "", "dignity", "listened", "promises"]);
    assert_eq!(key_of(ctx.run(questions::add, AddQuestion { id, kind: QuestionKind::Nps }).await), "surveys-asked-already");
    let (first, last) = (more.questions[0].id, more.questions[4].id);
    let moved = ctx.run(questions::relocate, MoveQuestion { id: last, place: 1 }).await.unwrap();
    assert_eq!((moved.questions[0].id, moved.questions[1].id), (last, first));
    let less = ctx.run(questions::remove, QuestionId { id: last }).await.unwrap();
    assert_eq!(less.questions.len(), 4);
    let words = ChangeQuestion { id: first, text_fa: None, text_ar: None, text_en: Some("Would you?".into()), is_needed: Some(false) };
    let reworded = ctx.run(questions::change, words.clone()).await.unwrap();
    assert_eq!((reworded.questions[0].text_en.as_str(), reworded.questions[0].is_needed), ("Would you?", false));
    assert_eq!(key_of(ctx.run(questions::change, ChangeQuestion { text_fa: Some(" ".into()), ..words.clone() }).await), "input-needed");
    let named = ChangeSurvey { id, name_fa: Some("پس از دیدار".into()), name_ar: None, name_en: None };
    assert_eq!(ctx.run(surveys::change, named.clone()).await.unwrap().survey.name_fa, "پس از دیدار");

    assert_eq!(key_of(ctx.run(close, SurveyId { id }).await), "surveys-not-live");
    assert_eq!(key_of(ctx.run(revise, SurveyId { id }).await), "surveys-still-draft");
    ctx.run(publish, SurveyId { id }).await.unwrap();
    for refused in [
        ctx.run(questions::add, AddQuestion { id, kind: QuestionKind::Csat }).await,
        ctx.run(questions::change, words).await,
        ctx.run(questions::remove, QuestionId { id: first }).await,
        ctx.run(questions::relocate, MoveQuestion { id: first, place: 2 }).await,
        ctx.run(surveys::change, named).await,
        ctx.run(publish, SurveyId { id }).await,
    ] {
        assert_eq!(key_of(refused), "surveys-not-draft");
    }

    let next = ctx.run(revise, SurveyId { id }).await.unwrap();
    assert_eq!((next.survey.version, next.survey.family_id, next.questions.len()), (2, id, 4));
    assert_eq!(next.survey.open_token, made.survey.open_token, "what is printed goes on to work");
    assert_eq!(ctx.run(revise, SurveyId { id }).await.unwrap().survey.id, next.survey.id, "one draft at a time");
    ctx.run(publish, SurveyId { id: next.survey.id }).await.unwrap();
    assert_eq!(ctx.run(get, SurveyId { id }).await.unwrap().survey.state, SurveyState::Closed);
    let of_family = ListSurveys { family_id: Some(id), limit: Some(1), ..ListSurveys::default() };
    let page = ctx.run(surveys::list, of_family.clone()).await.unwrap();
    assert_eq!(page.items[0].id, next.survey.id);
    let rest = ctx.run(surveys::list, ListSurveys { after: page.next, ..of_family }).await.unwrap();
    assert_eq!((rest.items[0].id, rest.next), (id, None));
    let open = ctx.run(surveys::list, ListSurveys { state: Some(SurveyState::Live), ..ListSurveys::default() }).await.unwrap();
    assert_eq!(open.items.len(), 1);

    let bare = ctx.run(create, NewSurvey { kinds: Some(Vec::new()), ..NewSurvey::default() }).await.unwrap();
    assert_eq!(key_of(ctx.run(publish, SurveyId { id: bare.survey.id }).await), "surveys-without-question");
    let agent = as_post(&ctx.app, "agent", "sara").await;
    assert!(matches!(agent.run(create, NewSurvey::default()).await, Err(Error::Forbidden(_))), "surveys concern all customers");
}

#[tokio::test]
async fn an_invitation_is_answered_once_and_corrected_in_the_same_sitting() {
    let ctx = ctx().await;
    let survey = live(&ctx, &[QuestionKind::Nps, QuestionKind::Open]).await;
    let [nps, open] = &survey.questions[..] else { panic!() };
    let sara = party(&ctx, "سارا").await;
    let invited = ctx.run(invite, to(&survey, sara)).await.unwrap();
    assert_eq!(ctx.run(invite, to(&survey, sara)).await.unwrap().token, invited.token, "one link stands at a time");
    let visitor = ctx.app.context(crate::Actor::Nobody, crate::Door::Web, ctx.prefs.clone());
    let look = Follow { token: invited.token.clone(), sitting: None };
    for _ in 0..2 {
        let link = visitor.run(follow, look.clone()).await.unwrap();
        assert_eq!((link.state, link.questions.len(), link.is_own), (LinkState::Open, 2, true), "looking changes nothing");
    }
    assert_eq!(key_of(visitor.run(links::answer, by_link(&invited.token, vec![said(nps, 12)])).await), "input-range");
    let sitting = visitor.run(links::answer, by_link(&invited.token, vec![said(nps, 9)])).await.unwrap();
    assert!(sitting.is_some());
    assert_eq!(visitor.run(follow, look.clone()).await.unwrap().state, LinkState::Answered);
    assert_eq!(key_of(visitor.run(links::answer, by_link(&invited.token, vec![said(nps, 0)])).await), "surveys-answered-already");

    let own = Follow { sitting: sitting.clone(), ..look.clone() };
    let link = visitor.run(follow, own.clone()).await.unwrap();
    assert_eq!((link.state, link.replies[0].score), (LinkState::Correctable, Some(9)));
    let words = Reply { question_id: open.id, score: None, text: Some("دیر رسید".into()) };
    let again = AnswerByLink { sitting: sitting.clone(), ..by_link(&invited.token, vec![said(nps, 7), words]) };
    assert_eq!(visitor.run(links::answer, again.clone()).await.unwrap(), sitting);
    let late = at(&visitor, NOW.plus(31 * MINUTE));
    assert_eq!(late.run(follow, own).await.unwrap().state, LinkState::Answered);
    assert_eq!(key_of(late.run(links::answer, again).await), "surveys-answered-already");

    let of_sara = ListSheets { party_id: Some(sara), ..ListSheets::default() };
    let sheets = ctx.run(sheets::list, of_sara).await.unwrap().items;
    assert_eq!(
        (sheets.len(), sheets[0].nps, sheets[0].words.as_deref(), sheets[0].door),
        (1, Some(7), Some("دیر رسید"), SheetDoor::Invitation)
    );
    let rows: Vec<(String, Option<i64>)> = ctx
        .app
        .db
        .all(sql("SELECT kind, score FROM survey_answers WHERE party_id = $1 AND day = $2 ORDER BY kind").bind(sara).bind(sheets[0].day))
        .await
        .unwrap();
    assert_eq!(rows, [("nps".to_owned(), Some(7)), ("open".to_owned(), None)]);
    let record = TimelineOf { id: sara, kinds: Some(vec![TimelineKind::Record]), after: None, limit: None };
    let told = serde_json::to_value(ctx.run(timeline, record).await.unwrap().items).unwrap();
    let events: Vec<&str> = told.as_array().unwrap().iter().map(|entry| entry["detail"]["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["survey.answer_changed", "survey.answered", "survey.invited"]);
    assert_eq!(told[0]["detail"]["data"]["nps"], 7);
    let waiting = ctx.run(invitations::list, ListInvitations { waiting: Some(true), ..ListInvitations::default() }).await.unwrap();
    assert!(waiting.items.is_empty());
    assert!(matches!(visitor.run(follow, Follow { token: "nobody-made-it".into(), sitting: None }).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn of_two_answers_at_the_same_time_one_counts() {
    let ctx = ctx().await;
    let survey = live(&ctx, &[QuestionKind::Csat]).await;
    let token = ctx.run(invite, to(&survey, party(&ctx, "سارا").await)).await.unwrap().token;
    let tries = (1..=4).map(|score| {
        let (ctx, input) = (ctx.clone(), by_link(&token, vec![said(&survey.questions[0], score)]));
        async move { ctx.run(links::answer, input).await }
    });
    let done: Vec<_> = futures_util::future::join_all(tries).await;
    assert_eq!(done.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{done:?}");
    assert_eq!(ctx.run(sheets::list, ListSheets::default()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn an_invitation_ends_and_outlives_a_new_version_but_not_the_survey() {
    let ctx = ctx().await;
    let survey = live(&ctx, &[QuestionKind::Ces]).await;
    let sara = party(&ctx, "سارا").await;
    let link = ctx.run(invite, Invite { days: Some(2), ..to(&survey, sara) }).await.unwrap();
    let look = Follow { token: link.token.clone(), sitting: None };
    let late = at(&ctx, NOW.plus(2 * DAY));
    assert_eq!(late.run(follow, look.clone()).await.unwrap().state, LinkState::Over);
    assert_eq!(key_of(late.run(links::answer, by_link(&link.token, Vec::new())).await), "surveys-over");
    assert_eq!(key_of(ctx.run(invite, Invite { days: Some(500), ..to(&survey, sara) }).await), "input-range");

    let next = ctx.run(revise, SurveyId { id: survey.survey.id }).await.unwrap();
    ctx.run(publish, SurveyId { id: next.survey.id }).await.unwrap();
    assert_eq!(ctx.run(follow, look.clone()).await.unwrap().state, LinkState::Open);
    assert_eq!(key_of(ctx.run(invite, Invite { days: Some(1), ..to(&survey, party(&ctx, "رضا").await) }).await), "surveys-not-live");
    ctx.run(close, SurveyId { id: next.survey.id }).await.unwrap();
    assert_eq!(ctx.run(follow, look).await.unwrap().state, LinkState::Over);
    let open = Follow { token: survey.survey.open_token.clone(), sitting: None };
    assert_eq!(ctx.run(follow, open).await.unwrap().state, LinkState::Over);
}

#[tokio::test]
async fn a_link_that_is_open_to_all_takes_no_flood_and_forgets_where_answers_came_from() {
    let ctx = ctx().await;
    let survey = live(&ctx, &[QuestionKind::Nps]).await;
    let one = |score| by_link(&survey.survey.open_token, vec![said(&survey.questions[0], score)]);
    for _ in 0..30 {
        assert_eq!(ctx.run(links::answer, one(9)).await.unwrap(), None, "who is not known corrects nothing");
    }
    assert!(matches!(ctx.run(links::answer, one(9)).await, Err(Error::Limited(_))));
    let other = AnswerByLink { address: "198.51.100.1".into(), ..one(9) };
    ctx.run(links::answer, other).await.unwrap();
    ctx.run(links::answer, AnswerByLink { is_kiosk: true, ..one(9) }).await.unwrap();
    at(&ctx, NOW.plus(2 * HOUR)).run(links::answer, one(9)).await.unwrap();
    let kept = async || -> i64 {
        ctx.app.db.one::<(i64,)>(sql("SELECT COUNT(*) FROM survey_sheets WHERE address_key IS NOT NULL")).await.unwrap().0
    };
    assert_eq!(kept().await, 33);
    let mut tx = ctx.app.db.begin().await.unwrap();
    links::forget_addresses(&mut tx, NOW.plus(HOUR)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(kept().await, 1);
}

#[tokio::test]
async fn what_is_told_by_telephone_counts_as_the_customers_own() {
    let owner = ctx().await;
    let survey = live(&owner, &[QuestionKind::Csat]).await;
    let agent = as_post(&owner.app, "agent", "sara").await;
    let (own, other) = (party(&agent, "زهرا").await, party(&owner, "رضا").await);
    let told = |party, score| AnswerSurvey {
        survey_id: survey.survey.id,
        party_id: Some(party),
        customer: None,
        invitation_id: None,
        lang: None,
        answers: vec![said(&survey.questions[0], score)],
    };
    let sheet = agent.run(answer, told(own, 5)).await.unwrap();
    assert_eq!((sheet.csat, sheet.door, sheet.taken_by.as_deref()), (Some(5), SheetDoor::Staff, Some("sara")));
    assert!(matches!(agent.run(answer, told(other, 5)).await, Err(Error::NotFound(_))));
    assert_eq!(key_of(agent.run(answer, told(own, 6)).await), "input-range");
    let bad = AnswerSurvey { answers: vec![Reply { question_id: Id::FIRST, score: Some(1), text: None }], ..told(own, 5) };
    assert_eq!(key_of(agent.run(answer, bad).await), "surveys-question-unknown");

    let invited = owner.run(invite, to(&survey, own)).await.unwrap();
    let by_invitation = AnswerSurvey { invitation_id: Some(invited.id), ..told(own, 4) };
    agent.run(answer, by_invitation.clone()).await.unwrap();
    assert_eq!(key_of(agent.run(answer, by_invitation).await), "surveys-answered-already");
    let not_theirs = owner.run(invite, to(&survey, other)).await.unwrap();
    assert!(matches!(
        agent.run(answer, AnswerSurvey { invitation_id: Some(not_theirs.id), ..told(own, 4) }).await,
        Err(Error::NotFound(_))
    ));
    assert!(field(survey.questions[0].id).starts_with("q-"));

    owner.run(answer, told(other, 1)).await.unwrap();
    assert_eq!(agent.run(sheets::list, ListSheets::default()).await.unwrap().items.len(), 2, "only of their own customers");
    assert_eq!(owner.run(sheets::list, ListSheets::default()).await.unwrap().items.len(), 3);
    owner.run(close, SurveyId { id: survey.survey.id }).await.unwrap();
    assert_eq!(key_of(owner.run(answer, told(other, 1)).await), "surveys-not-live");
}

#[tokio::test]
async fn scores_count_the_last_answer_of_each_customer_and_lead_to_those_behind_them() {
    let ctx = ctx().await;
    let survey = live(&ctx, &[QuestionKind::Nps, QuestionKind::Respect]).await;
    let told = |party, nps: i64, respect: i64| AnswerSurvey {
        survey_id: survey.survey.id,
        party_id: Some(party),
        customer: None,
        invitation_id: None,
        lang: None,
        answers: survey.questions.iter().map(|one| said(one, if one.kind == QuestionKind::Nps { nps } else { respect })).collect(),
    };
    let before = at(&ctx, NOW.plus(-100 * DAY));
    let mut parties = Vec::new();
    for number in 0..30 {
        let one = party(&ctx, &format!("مشتری {number}")).await;
        parties.push(one);
        before.run(answer, told(one, 10, 6)).await.unwrap();
        at(&ctx, NOW.plus(-DAY)).run(answer, told(one, if number < 6 { 3 } else { 9 }, 7)).await.unwrap();
    }
    ctx.run(answer, told(parties[0], 9, 2)).await.unwrap();
    let open = by_link(&survey.survey.open_token, survey.questions.iter().map(|one| said(one, 7)).collect());
    ctx.run(links::answer, open).await.unwrap();

    let seen = ctx.run(scores, GetScores::default()).await.unwrap();
    let nps = &seen.scores[0];
    // 25 promoters, 5 detractors, one passive whom nobody knows; before them 30 promoters.
    assert_eq!((nps.kind, nps.answers, nps.known), (QuestionKind::Nps, 31, 30));
    assert!((nps.value.unwrap() - 20.0 / 31.0).abs() < 1e-9 && nps.low.unwrap() < nps.value.unwrap());
    assert_eq!(nps.before, Some(1.0));
    let respect = &seen.scores[1];
    assert!((respect.value.unwrap() - (29.0 * 7.0 + 2.0 + 7.0) / 31.0).abs() < 1e-9, "{respect:?}");
    assert!(ctx.run(scores, GetScores { days: Some(0), ..GetScores::default() }).await.is_err());
    let of_other = ctx.run(create, NewSurvey::default()).await.unwrap().survey.family_id;
    let none = GetScores { family_id: Some(of_other), ..GetScores::default() };
    assert!(ctx.run(scores, none).await.unwrap().scores.is_empty());

    let bad = ListSheets { kind: Some(QuestionKind::Nps), score_until: Some(6), until: Some(seen.until), ..ListSheets::default() };
    assert_eq!(ctx.run(sheets::list, bad.clone()).await.unwrap().items.len(), 6);
    let last = ListSheets { last: Some(true), from: Some(seen.from), family_id: Some(survey.survey.family_id), limit: Some(2), ..bad };
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.run(sheets::list, ListSheets { after, ..last.clone() }).await.unwrap();
        names.extend(page.items.into_iter().map(|sheet| sheet.party.unwrap()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names.len(), 5, "the one who came round is not among them: {names:?}");
    let respected = ListSheets { kind: Some(QuestionKind::Respect), score_from: Some(1), score_until: Some(3), ..ListSheets::default() };
    let items = ctx.run(sheets::list, respected).await.unwrap().items;
    assert_eq!((items.len(), items[0].party_id, items[0].respect()), (1, Some(parties[0]), Some(2.0)));
    for kind in [QuestionKind::Csat, QuestionKind::Ces, QuestionKind::Fairness, QuestionKind::Open, QuestionKind::Respect] {
        let page = ListSheets { kind: Some(kind), score_from: Some(1), last: Some(true), ..ListSheets::default() };
        ctx.run(sheets::list, page).await.unwrap();
    }
    assert_eq!(key_of(ctx.run(sheets::list, ListSheets { score_from: Some(1), ..ListSheets::default() }).await), "input-needed");

    let agent = as_post(&ctx.app, "agent", "sara").await;
    let own = agent.run(scores, GetScores::default()).await.unwrap();
    assert!(own.scores.is_empty() && !own.with_unknown);
}
