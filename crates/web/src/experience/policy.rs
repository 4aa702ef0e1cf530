//! One policy: its versions, what is legal in them and why not, who approved, and the steps from draft to its end.

use super::policies::{spent, state_tone};
use super::treatments::{Line, line};
use super::{key_of, problems, tone};
use crate::error::PageResult;
use crate::page::{Flash, Shell, go, page};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::experience::legality::Verdict;
use peyvand_core::experience::occasions::Occasion;
use peyvand_core::experience::policies::{self, BundleSeen, OccasionSeen, PolicyRow, PolicySeen, PolicyState, StageSeen, Version};
use peyvand_core::experience::{self, ApprovePolicy, PolicyId};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::{Act, Error, Id, Room};
use serde::Deserialize;

/// What the rules say of a treatment at a stage.
struct Cell {
    stage: String,
    stage_tone: &'static str,
    icon: &'static str,
    words: String,
}

/// A treatment of the bundle.
struct Bundled {
    line: Line,
    cells: Vec<Cell>,
    /// Why it is not for some stages.
    why: Option<String>,
}

/// A version as the page shows it.
struct VersionView {
    number: i64,
    title: String,
    state: String,
    tone: &'static str,
    bundle: Vec<Bundled>,
    whom: String,
    /// Each with its name, how long before, and when next.
    occasions: Vec<Vec<String>>,
    spent: Option<String>,
    done: Option<i64>,
    holdout: String,
    note: Option<String>,
    /// Why two people approve it.
    two: Vec<String>,
    approvals: Vec<(String, String)>,
    missing: Option<String>,
    /// When it was written, approved, begun, over.
    days: Vec<String>,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "experience/policy.html")]
struct PolicyPage {
    s: Shell,
    id: Id<PolicyRow>,
    state: String,
    tone: &'static str,
    versions: Vec<VersionView>,
    /// The draft that the reader may approve.
    approve: Option<i64>,
    may_start: bool,
    may_retire: bool,
    may_change: bool,
}

fn cell(loc: &Loc, seen: StageSeen) -> Cell {
    let (icon, word) = match (seen.verdict, seen.is_meant) {
        (Verdict::Allowed, true) => ("circle-check", "given"),
        (Verdict::Allowed, false) => ("circle", "allowed"),
        (Verdict::NotYet, _) => ("hourglass", "not-yet"),
        (Verdict::Forbidden, _) => ("ban", "forbidden"),
        (Verdict::OnHold | Verdict::Over, _) => ("lock", "on-hold"),
    };
    Cell {
        stage: loc.t(&key_of("lifecycle-stage-", seen.stage.as_str())),
        stage_tone: tone(seen.stage),
        icon,
        words: loc.t(&format!("experience-verdict-{word}")),
    }
}

fn bundled(loc: &Loc, currency: Currency, one: BundleSeen) -> Bundled {
    let BundleSeen { treatment, at } = one;
    let is_limited = at.iter().any(|seen| !seen.verdict.is_allowed());
    Bundled {
        why: is_limited.then(|| loc.t(&key_of("experience-refused-", treatment.form.as_str()))),
        cells: at.iter().map(|seen| cell(loc, *seen)).collect(),
        line: line(loc, currency, treatment),
    }
}

fn occasion(loc: &Loc, seen: &OccasionSeen) -> Vec<String> {
    let name = match &seen.plan.name {
        Some(name) if seen.plan.occasion == Occasion::OwnDay => name.clone(),
        _ => loc.t(&key_of("experience-occasion-", seen.plan.occasion.as_str())),
    };
    let before = (seen.plan.days_before > 0).then(|| loc.t1("experience-before", "days", seen.plan.days_before));
    let next = seen.next_on.map(|day| loc.t1("experience-next-on", "day", loc.day(day)));
    [Some(name), before, next].into_iter().flatten().collect()
}

fn version(loc: &Loc, currency: Currency, is_open: bool, one: Version) -> VersionView {
    let (words, done) = spent(loc, currency, one.spent_minor, one.budget_minor);
    let days = [
        ("experience-written", Some(one.created_at)),
        ("experience-approved-on", one.approved_at),
        ("experience-begun", one.started_at),
        ("experience-ended", one.retired_at),
    ];
    #[expect(clippy::cast_precision_loss, reason = "a share in ten-thousandths is small")]
    let holdout = loc.percent(one.holdout as f64 / 10_000.0);
    VersionView {
        number: one.number,
        title: loc.t1("experience-version", "number", one.number),
        state: loc.t(&format!("experience-state-{}", one.state)),
        tone: state_tone(one.state),
        whom: one.sentence.unwrap_or_else(|| loc.t("experience-everybody")),
        occasions: one.occasions.iter().map(|seen| occasion(loc, seen)).collect(),
        spent: words,
        done,
        holdout: if one.holdout == 0 { loc.t("experience-no-holdout") } else { loc.t1("experience-holdout-of", "share", holdout) },
        note: one.note,
        two: one.two_because.iter().map(|why| loc.t(&key_of("experience-two-", why.as_str()))).collect(),
        approvals: one.approvals.into_iter().map(|yes| (yes.name, loc.when(yes.at))).collect(),
        missing: (one.state == PolicyState::Draft && one.missing > 0).then(|| loc.t1("experience-missing", "count", one.missing)),
        days: days.iter().filter_map(|(key, at)| at.map(|at| loc.t1(key, "day", loc.when(at)))).collect(),
        bundle: one.bundle.into_iter().map(|one| bundled(loc, currency, one)).collect(),
        is_open,
    }
}

/// The page.
pub async fn show(req: Req, Path(id): Path<Id<PolicyRow>>) -> PageResult {
    let PolicySeen { policy, items } = req.ctx.run(policies::get, PolicyId { id }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let loc = &req.loc;
    let may_change = req.can(Room::Experience, Act::Change);
    let user = req.ctx.actor.user();
    let draft = items.iter().find(|one| one.state == PolicyState::Draft);
    let said = |one: &&Version| one.approvals.iter().any(|yes| Some(yes.user_id) == user);
    let view = PolicyPage {
        id,
        state: loc.t(&format!("experience-state-{}", policy.state)),
        tone: state_tone(policy.state),
        approve: draft.filter(|one| may_change && !said(one)).map(|one| one.number),
        may_start: may_change && items.iter().any(|one| one.state == PolicyState::Approved),
        may_retire: may_change && items.iter().any(|one| one.state != PolicyState::Retired),
        may_change,
        versions: items
            .into_iter()
            .enumerate()
            .map(|(place, one)| version(loc, currency, place == 0 || one.number == policy.number, one))
            .collect(),
        s: req.shell("experience", policy.name).crumb(req.t("menu-experience"), "/experience"),
    };
    page(&req, &view)
}

/// The answer to a step: the page, with what happened or why it did not.
fn stepped(req: &Req, id: Id<PolicyRow>, key: &str, outcome: Result<PolicySeen, Error>) -> PageResult {
    let text = match outcome {
        Ok(_) => req.t(key),
        Err(error) => problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "),
    };
    Ok(go(req, &format!("/experience/{id}"), Some(Flash { text, undo: None })))
}

/// Which version was read.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    number: i64,
}

/// Says yes.
pub async fn approve(req: Req, Path(id): Path<Id<PolicyRow>>, Form(seen): Form<Seen>) -> PageResult {
    let outcome = req.ctx.run(experience::approve, ApprovePolicy { id, number: seen.number }).await;
    stepped(&req, id, "experience-approved", outcome)
}

/// Has it begin.
pub async fn start(req: Req, Path(id): Path<Id<PolicyRow>>) -> PageResult {
    let outcome = req.ctx.run(experience::start, PolicyId { id }).await;
    stepped(&req, id, "experience-started", outcome)
}

/// Ends it.
pub async fn retire(req: Req, Path(id): Path<Id<PolicyRow>>) -> PageResult {
    let outcome = req.ctx.run(experience::retire, PolicyId { id }).await;
    stepped(&req, id, "experience-retired", outcome)
}
