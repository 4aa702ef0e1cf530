//! One introduction: who said what and why others are not believed, its steps, what speaks for fraud, review and objection.

use super::{Line, key_of, line, money, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::Path;
use peyvand_core::advocacy::benefits::Schedule;
use peyvand_core::advocacy::referrals::{self, Referral, ReferralId, ReferralSeen, Reward};
use peyvand_core::advocacy::review::{self as core, AppealReferral, ReviewReferral, ReviewVerdict};
use peyvand_core::advocacy::rules::{ClaimOutcome, ReferralState};
use peyvand_core::advocacy::thanks::ReferralThanks;
use peyvand_core::follow_ups::State;
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Act, Error, Id, Room};

/// A step that was taken or is to come.
struct Step {
    words: String,
    day: Option<String>,
    is_done: bool,
}

/// What somebody said.
struct Said {
    referrer: String,
    source: String,
    outcome: String,
    tone: &'static str,
    how: String,
    when: String,
    note: Option<String>,
}

#[derive(Template)]
#[template(path = "advocacy/show.html", blocks = ["body"])]
struct ShowPage {
    s: Shell,
    f: FormView,
    one: Line,
    source: String,
    solicited: String,
    corroborated: String,
    windows: String,
    steps: Vec<Step>,
    /// Who thanks until when, or thanked when.
    thanks: Option<String>,
    claims: Vec<Said>,
    score: String,
    signs: Vec<(String, String)>,
    review_note: Option<String>,
    reviewed: Option<String>,
    appeal: Option<String>,
    /// What it brings, and by which schedule.
    reward: Option<(String, String)>,
    schedule: Option<Id<Schedule>>,
    may_review: bool,
    may_appeal: bool,
}

/// What an introduction brings, and by which schedule.
fn reward(loc: &Loc, one: &Reward) -> (String, String) {
    let amount = money(loc, one.amount_minor, one.currency);
    let state = loc.t1(&key_of("benefits-reward-", one.state.as_str()), "amount", amount);
    (state, loc.t1("benefits-by-schedule", "number", one.number))
}

fn view(req: &Req, seen: ReferralSeen, f: FormView) -> ShowPage {
    let loc = &req.loc;
    let one = &seen.referral;
    let step =
        |key: &str, day: Option<peyvand_core::Day>| Step { words: loc.t(key), day: day.map(|day| loc.day(day)), is_done: day.is_some() };
    let steps = vec![
        step("referrals-step-captured", Some(one.captured_at.day(&loc.prefs.time_zone))),
        step("referrals-step-qualified", one.qualified_on),
        step("referrals-step-converted", seen.bought_on),
        step("referrals-step-confirmed", one.confirmed_on),
    ];
    let claims = seen.claims.iter().map(|claim| {
        let who = claim.creator.clone().unwrap_or_else(|| loc.t("referrals-by-link"));
        Said {
            referrer: claim.referrer.clone(),
            source: loc.t(&key_of("referrals-source-", claim.source.as_str())),
            outcome: loc.t(&key_of("referrals-outcome-", claim.outcome.as_str())),
            tone: match claim.outcome {
                ClaimOutcome::Won => "peste",
                ClaimOutcome::Agrees => "teal",
                _ => "grey",
            },
            how: super::kind_and_form(loc, claim.kind, claim.form),
            when: loc.ta("referrals-claimed", &[("day", loc.when(claim.claimed_at).into()), ("who", who.as_str().into())]),
            note: claim.note.clone(),
        }
    });
    let waits = one.state == ReferralState::PendingReview
        || (one.state == ReferralState::Rejected && one.appealed_at.is_some() && !seen.is_refused);
    let can_appeal =
        one.state == ReferralState::Rejected && one.appealed_at.is_none() && one.end_reason.is_some_and(|end| end.can_be_appealed());
    let windows = [("register", seen.register_days.into()), ("buy", seen.buy_days.into()), ("confirm", seen.confirm_days.into())];
    let reviewed = seen.reviewed_on.map(|day| {
        let name = seen.reviewer.clone().unwrap_or_default();
        loc.ta("referrals-reviewed", &[("name", name.as_str().into()), ("day", loc.day(day).into())])
    });
    let title = loc.ta("referrals-brought", &[("referrer", one.referrer.as_str().into()), ("referee", super::friend(loc, one).into())]);
    ShowPage {
        s: req.shell("advocacy", title).crumb(req.t("menu-advocacy"), "/advocacy").crumb(req.t("referrals-title"), "/advocacy"),
        f,
        source: loc.t(&key_of("referrals-source-", one.source.as_str())),
        solicited: loc.t(if one.is_solicited { "referrals-solicited" } else { "referrals-unsolicited" }),
        corroborated: loc.t(if one.is_corroborated { "referrals-corroborated" } else { "referrals-uncorroborated" }),
        windows: loc.ta("referrals-windows", &windows),
        steps,
        thanks: seen.thanks.as_ref().map(|one| thanked(loc, one)),
        claims: claims.collect(),
        score: loc.t1("referrals-fraud-score", "score", one.fraud_score),
        signs: seen.signs.iter().map(|part| (loc.t(&key_of("referrals-sign-", part.sign.as_str())), loc.number(part.weight))).collect(),
        review_note: seen.review_note.clone(),
        reviewed,
        appeal: seen.appeal.clone(),
        reward: seen.reward.as_ref().map(|one| reward(loc, one)),
        schedule: seen.reward.as_ref().map(|one| one.schedule_id),
        may_review: waits && req.can(Room::Advocacy, Act::Change),
        may_appeal: can_appeal && req.can(Room::Advocacy, Act::Create),
        one: line(loc, seen.referral),
    }
}

fn thanked(loc: &Loc, one: &ReferralThanks) -> String {
    let (key, when) = match (one.state, one.done_at) {
        (State::Done, Some(at)) => ("referrals-thanked", loc.when(at)),
        (State::Cancelled, _) => ("referrals-thanks-cancelled", String::new()),
        _ => ("referrals-thanks-due", loc.when(one.due_at)),
    };
    loc.ta(key, &[("name", one.owner.as_str().into()), ("when", when.into())])
}

/// The page.
pub(super) async fn show(req: Req, Path(id): Path<Id<Referral>>) -> PageResult {
    let seen = req.ctx.run(referrals::get, ReferralId { id }).await?;
    page(&req, &view(&req, seen, FormView::new(Vec::new())))
}

async fn again(req: &Req, id: Id<Referral>, sent: Sent, error: Error) -> PageResult {
    let problems = problems(error)?;
    let seen = req.ctx.run(referrals::get, ReferralId { id }).await?;
    unprocessable(&view(req, seen, FormView::again(sent, &problems, &req.loc)))
}

/// Decides about it.
pub(super) async fn review(req: Req, Path(id): Path<Id<Referral>>, sent: Sent) -> PageResult {
    let verdict = sent.get("verdict").and_then(|word| word.parse().ok());
    let verdict: ReviewVerdict = verdict.ok_or_else(|| PageError(Error::invalid("verdict", "input-needed")))?;
    let reason = sent.get("reason").unwrap_or_default().to_owned();
    match req.ctx.run(core::review, ReviewReferral { id, verdict, reason }).await {
        Ok(_) => {
            let text = req.t(if verdict == ReviewVerdict::Accept { "referrals-accepted" } else { "referrals-refused" });
            Ok(go(&req, &format!("/advocacy/{id}"), Some(Flash { text, undo: None })))
        }
        Err(error) => again(&req, id, sent, error).await,
    }
}

/// Objects to a rejection.
pub(super) async fn appeal(req: Req, Path(id): Path<Id<Referral>>, sent: Sent) -> PageResult {
    let words = sent.get("words").unwrap_or_default().to_owned();
    match req.ctx.run(core::appeal, AppealReferral { id, words }).await {
        Ok(_) => {
            let flash = Flash { text: req.t("referrals-appealed"), undo: None };
            Ok(go(&req, &format!("/advocacy/{id}"), Some(flash)))
        }
        Err(error) => again(&req, id, sent, error).await,
    }
}
