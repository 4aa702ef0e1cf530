use super::case_steps::{AnswerCase, ChangeCase, CloseCase, ReopenCase, answer, change, close, reopen, take};
use super::cases::{CaseId, CaseKind, CaseStage, CaseView, GetCaseReasons, ListCases, OpenCase, get, list, open, reasons};
use super::clock::ShopHours;
use super::fill::Reply;
use super::invitations::{Invite, ListInvitations, invite};
use super::links::{self, AnswerByLink};
use super::questions::QuestionKind;
use super::surveys::{NewSurvey, SurveyId, SurveySeen, create, publish};
use super::voice_settings::{self, Hours, VoiceSettings};
use super::{Case, invitations};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::platform::text::Lang;
use crate::platform::time::{DAY, HOUR};
use crate::testing::{NOW, as_post, ctx, party};
use crate::{Ctx, Error, Fields, Id, Instant, Result};

fn at(ctx: &Ctx, now: Instant) -> Ctx {
    Ctx { now, ..ctx.clone() }
}

/// A choice by which the clock runs day and night.
fn round_the_clock() -> VoiceSettings {
    VoiceSettings {
        slight: Hours { take: 24, answer: 72, close: 240 },
        usual: Hours { take: 8, answer: 24, close: 120 },
        severe: Hours { take: 2, answer: 8, close: 72 },
        shop: ShopHours { days: (1..=7).collect(), from: 0, until: 24, closed_on: Vec::new() },
        ..VoiceSettings::default()
    }
}

fn complaint(party: Id<Party>) -> OpenCase {
    OpenCase {
        party_id: Some(party),
        customer: None,
        kind: CaseKind::Complaint,
        reason: "late_delivery".into(),
        severity: None,
        channel: None,
        text: "سه روز دیر رسید".into(),
        owner_id: None,
    }
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

fn by_link(token: &str, survey: &SurveySeen, score: i64) -> AnswerByLink {
    let replies = survey.questions.iter().map(|one| Reply { question_id: one.id, score: Some(score), text: None }).collect();
    AnswerByLink { token: token.to_owned(), sitting: None, is_kiosk: false, lang: Lang::Fa, replies, address: String::new() }
}

async fn cases(ctx: &Ctx, view: CaseView) -> Vec<Case> {
    ctx.run(list, ListCases { view: Some(view), ..ListCases::default() }).await.unwrap().items
}

#[tokio::test]
async fn a_complaint_is_taken_up_answered_and_closed_with_what_was_learned() {
    let ctx = ctx().await;
    ctx.run(voice_settings::put, round_the_clock()).await.unwrap();
    let sara = party(&ctx, "سارا").await;
    assert_eq!(
        keys(ctx.run(open, OpenCase { text: " ".into(), severity: Some(4), ..complaint(sara) }).await),
        ["input-needed", "input-range"]
    );
    assert!(ctx.run(open, OpenCase { reason: "no-such".into(), ..complaint(sara) }).await.is_err());
    assert_eq!(keys(ctx.run(open, OpenCase { owner_id: Some(Id::FIRST), ..complaint(sara) }).await), ["input-choice"]);
    let case = ctx.run(open, complaint(sara)).await.unwrap();
    assert_eq!((case.stage, case.due_at, case.owner_id), (CaseStage::Received, Some(NOW.plus(8 * HOUR)), ctx.actor.user()));
    let id = case.id;
    let end = CloseCase { id, root_cause: None, action: None };
    assert_eq!(keys(ctx.run(close, end.clone()).await), ["cases-answer-first", "cases-cause-needed", "cases-action-needed"]);

    let later = at(&ctx, NOW.plus(HOUR));
    let taken = later.run(take, CaseId { id }).await.unwrap();
    assert_eq!((taken.stage, taken.due_at), (CaseStage::InWork, Some(NOW.plus(24 * HOUR))), "the clock runs from when it came");
    assert_eq!(keys(later.run(take, CaseId { id }).await), ["cases-taken-already"]);
    let severe = ChangeCase { id, reason: Some("promise".into()), severity: Some(3), owner_id: None };
    assert_eq!(later.run(change, severe.clone()).await.unwrap().due_at, Some(NOW.plus(8 * HOUR)));
    assert!(at(&ctx, NOW.plus(9 * HOUR)).run(get, CaseId { id }).await.unwrap().is_late(NOW.plus(9 * HOUR)));
    let words = AnswerCase { id, answer: "عذر خواستیم".into() };
    let answered = later.run(answer, words.clone()).await.unwrap();
    assert_eq!((answered.stage, answered.answered_at), (CaseStage::Answered, Some(NOW.plus(HOUR))));
    let more = later.run(answer, AnswerCase { answer: "و کالا را عوض کردیم".into(), ..words.clone() }).await.unwrap();
    assert_eq!(more.answer.as_deref(), Some("و کالا را عوض کردیم"));

    let end = CloseCase { root_cause: Some("carrier".into()), action: Some("پیک دیگری گرفتیم".into()), ..end };
    assert!(later.run(close, CloseCase { root_cause: Some("no-such".into()), ..end.clone() }).await.is_err());
    let closed = later.run(close, end.clone()).await.unwrap();
    assert_eq!((closed.case.stage, closed.case.due_at, closed.invitation_id), (CaseStage::Closed, None, None), "no survey asks");
    assert_eq!(keys(later.run(close, end).await), ["cases-closed"]);
    assert_eq!(keys(later.run(answer, words).await), ["cases-closed"]);
    assert_eq!(keys(later.run(change, severe).await), ["cases-closed"]);

    let day_after = at(&ctx, NOW.plus(DAY));
    let again = ReopenCase { id, why: "دوباره دیر رسید".into() };
    let reopened = day_after.run(reopen, again.clone()).await.unwrap();
    assert_eq!((reopened.stage, reopened.reopened, reopened.due_at), (CaseStage::InWork, 1, Some(NOW.plus(DAY + 8 * HOUR))));
    assert_eq!(keys(day_after.run(reopen, again).await), ["cases-open-already"]);

    let praise = OpenCase { kind: CaseKind::Praise, reason: "good_service".into(), ..complaint(sara) };
    let praise = ctx.run(open, praise).await.unwrap().id;
    ctx.run(close, CloseCase { id: praise, root_cause: None, action: None }).await.unwrap();
    let agent = as_post(&ctx.app, "agent", "sara").await;
    assert!(matches!(agent.run(get, CaseId { id }).await, Err(Error::NotFound(_))));
    assert!(matches!(agent.run(take, CaseId { id }).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_bad_answer_opens_a_case_once_and_its_end_asks_how_satisfied_they_are() {
    let ctx = ctx().await;
    let survey = asking(&ctx, &[QuestionKind::Csat]).await;
    let sara = party(&ctx, "سارا").await;
    let to = |party| Invite { survey_id: survey.survey.id, party_id: Some(party), customer: None, days: None };
    let token = ctx.run(invite, to(sara)).await.unwrap().token;
    let sitting = ctx.run(links::answer, by_link(&token, &survey, 1)).await.unwrap();
    let opened = cases(&ctx, CaseView::Open).await;
    assert_eq!((opened.len(), opened[0].severity, opened[0].reason.as_str(), opened[0].owner_id), (1, 3, "bad_answer", ctx.actor.user()));
    assert!(opened[0].text.contains('۱') && opened[0].sheet_id.is_some(), "{}", opened[0].text);
    let again = AnswerByLink { sitting, ..by_link(&token, &survey, 2) };
    ctx.run(links::answer, again).await.unwrap();
    ctx.run(links::answer, by_link(&survey.survey.open_token, &survey, 1)).await.unwrap();
    assert_eq!(cases(&ctx, CaseView::All).await.len(), 1, "once for a sheet, and none where nobody could be answered");
    let good = ctx.run(invite, to(party(&ctx, "رضا").await)).await.unwrap().token;
    ctx.run(links::answer, by_link(&good, &survey, 3)).await.unwrap();
    assert_eq!(cases(&ctx, CaseView::All).await.len(), 1);

    let id = opened[0].id;
    ctx.run(answer, AnswerCase { id, answer: "عذر خواستیم".into() }).await.unwrap();
    let end = CloseCase { id, root_cause: Some("process".into()), action: Some("روش را عوض کردیم".into()) };
    let asked = ctx.run(close, end).await.unwrap().invitation_id.unwrap();
    let of_case = ListInvitations { case_id: Some(id), ..ListInvitations::default() };
    let invitation = ctx.run(invitations::list, of_case).await.unwrap().items.remove(0);
    assert_eq!((invitation.id, invitation.case_id), (asked, Some(id)));
    assert_ne!(ctx.run(invite, to(sara)).await.unwrap().id, asked, "an ordinary invitation is another");
    ctx.run(links::answer, by_link(&invitation.token, &survey, 5)).await.unwrap();
    assert_eq!(ctx.run(get, CaseId { id }).await.unwrap().recovery_score, Some(5));
}

#[tokio::test]
async fn cases_are_listed_by_what_is_due_and_counted_by_what_they_are_about() {
    let ctx = ctx().await;
    let (sara, reza) = (party(&ctx, "سارا").await, party(&ctx, "رضا").await);
    ctx.run(voice_settings::put, round_the_clock()).await.unwrap();
    let old = at(&ctx, NOW.plus(-3 * DAY));
    for (number, severity) in [(0, 1), (1, 2), (2, 3), (3, 2), (4, 2)] {
        let whose = if number == 4 { reza } else { sara };
        let when = at(&ctx, NOW.plus(-number * HOUR));
        when.run(open, OpenCase { severity: Some(severity), ..complaint(whose) }).await.unwrap();
    }
    old.run(open, OpenCase { kind: CaseKind::Question, reason: "information".into(), ..complaint(reza) }).await.unwrap();
    let (mut due, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.run(list, ListCases { after, limit: Some(2), ..ListCases::default() }).await.unwrap();
        due.extend(page.items.iter().map(|one| one.due_at.unwrap()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(due.len() == 6 && due.is_sorted(), "{due:?}");
    assert_eq!(cases(&ctx, CaseView::Late).await.len(), 1);
    for (view, count) in
        [(CaseView::Received, 6), (CaseView::InWork, 0), (CaseView::Answered, 0), (CaseView::Closed, 0), (CaseView::All, 6)]
    {
        assert_eq!(cases(&ctx, view).await.len(), count, "{view}");
    }
    let of = ListCases {
        view: Some(CaseView::All),
        kind: Some(CaseKind::Complaint),
        reason: Some("late_delivery".into()),
        party_id: Some(sara),
        owner_id: ctx.actor.user(),
        from: Some(ctx.today().plus(-1)),
        until: Some(ctx.today()),
        limit: Some(3),
        ..ListCases::default()
    };
    let page = ctx.run(list, of.clone()).await.unwrap();
    assert!(page.items.iter().map(|one| one.opened_at).rev().is_sorted() && page.items.len() == 3);
    assert_eq!(ctx.run(list, ListCases { after: page.next, ..of }).await.unwrap().items.len(), 1);
    assert!(ctx.run(list, ListCases { after: Some("x".into()), ..ListCases::default() }).await.is_err());
    let about = ctx.run(reasons, GetCaseReasons::default()).await.unwrap().items;
    assert_eq!((about[0].reason.as_str(), about[0].cases, about[0].customers), ("late_delivery", 5, 2));
    assert_eq!((about[1].kind, about[1].closed), (CaseKind::Question, 0));
    assert!(ctx.run(reasons, GetCaseReasons { days: Some(0) }).await.is_err());
}

#[tokio::test]
async fn borders_and_hours_are_the_organisations_own() {
    let ctx = ctx().await;
    let usual = ctx.run(voice_settings::get, Nothing {}).await.unwrap();
    assert_eq!((usual.nps, usual.usual.take), (6, 4));
    let sara = party(&ctx, "سارا").await;
    let case = ctx.run(open, complaint(sara)).await.unwrap();
    assert_eq!(case.due_at, Some(NOW.plus(4 * HOUR + HOUR / 2)), "it is half past eight, and the shop opens at nine");
    let shop = ShopHours { days: vec![8], from: 9, until: 9, closed_on: vec![ctx.today(); 201] };
    let wrong = VoiceSettings { csat: 4, slight: Hours { take: 5, answer: 4, close: 9 }, shop, ..usual.clone() };
    let why = ["input-range", "cases-hours-order", "cases-days-needed", "cases-open-order", "cases-closed-days-many"];
    assert_eq!(keys(ctx.run(voice_settings::put, wrong).await), why);
    let own = VoiceSettings { csat: 1, usual: Hours { take: 1, answer: 2, close: 3 }, ..round_the_clock() };
    ctx.run(voice_settings::put, own.clone()).await.unwrap();
    assert_eq!(ctx.run(voice_settings::put, own.clone()).await.unwrap(), own);
    assert_eq!(ctx.run(voice_settings::get, Nothing {}).await.unwrap(), own);
    let survey = asking(&ctx, &[QuestionKind::Csat]).await;
    let asked = Invite { survey_id: survey.survey.id, party_id: Some(sara), customer: None, days: None };
    let token = ctx.run(invite, asked).await.unwrap().token;
    ctx.run(links::answer, by_link(&token, &survey, 2)).await.unwrap();
    assert!(cases(&ctx, CaseView::All).await.len() == 1, "two is no longer bad");
    assert_eq!(ctx.run(open, complaint(sara)).await.unwrap().due_at, Some(NOW.plus(HOUR)));
    let manager = as_post(&ctx.app, "manager", "sina").await;
    assert!(matches!(manager.run(voice_settings::put, own).await, Err(Error::Forbidden(_))));
}
