//! The way of one customer: each step with what it rests on, what is missing for the next, and what a person decides.

use super::{Badge, NeedLine, needs, stages_of};
use crate::error::PageResult;
use crate::follow_ups::acted;
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::Req;
use askama::Template;
use axum::extract::Path;
use peyvand_core::lifecycle::customers::{self, Lifecycle, LifecycleOf, StepSeen};
use peyvand_core::lifecycle::decisions::{self, EndReason, NewDecision};
use peyvand_core::lifecycle::engine::{Kind, Proof};
use peyvand_core::lifecycle::{DecisionKind, Stage, Standing};
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Act, Error, Id, Perm, Room};

/// What a customer's page shows of their way.
pub(crate) struct WayBox {
    pub(crate) badge: Badge,
    /// Which of the three tools is at work.
    pub(crate) tool: Option<String>,
    pub(crate) since: String,
    pub(crate) provisional: Option<String>,
    pub(crate) lapses: Option<String>,
    /// The stages, each with whether it was reached: the strip.
    pub(crate) strip: Vec<(Badge, bool, bool)>,
    /// The next stage.
    pub(crate) to: Option<Badge>,
    pub(crate) maturity: i64,
    pub(crate) maturity_words: String,
    pub(crate) needs: Vec<NeedLine>,
    /// Whether a person's word is all that is missing.
    pub(crate) waits: bool,
    pub(crate) may_decide: bool,
}

pub(crate) fn way_box(loc: &Loc, way: &Lifecycle, may_decide: bool) -> WayBox {
    let strip = Stage::ALL.iter().map(|stage| (Badge::of(loc, *stage, Standing::Active), *stage <= way.stage, *stage == way.stage));
    WayBox {
        badge: Badge::of(loc, way.stage, way.standing),
        tool: way.tool.map(|tool| loc.t(&format!("lifecycle-tool-{tool}"))),
        since: loc.t1("lifecycle-since", "day", loc.day(way.since_on)),
        provisional: way.provisional_until.map(|day| loc.t1("lifecycle-provisional", "day", loc.day_short(day))),
        lapses: way.lapses_on.filter(|day| *day >= loc.today()).map(|day| {
            loc.t1(if way.stage == Stage::Advocate { "lifecycle-quiet-on" } else { "lifecycle-lapses-on" }, "day", loc.day_near(day))
        }),
        strip: strip.collect(),
        to: way.next.gate.and_then(stages_of).map(|(_, to)| Badge::of(loc, to, Standing::Active)),
        maturity: way.next.maturity,
        maturity_words: loc.t1("lifecycle-maturity", "percent", way.next.maturity),
        needs: needs(loc, &way.next.criteria),
        waits: way.next.passes && way.next.needs_person,
        may_decide,
    }
}

/// A step of the way.
struct Line {
    badge: Badge,
    kind: String,
    day: String,
    until: Option<String>,
    /// What it rests on.
    evidence: Vec<String>,
    /// Gate, version, who, hash.
    about: Vec<String>,
    hash: Option<String>,
}

fn step(loc: &Loc, step: StepSeen) -> Line {
    let evidence = step.evidence.iter().map(|one| {
        let key = match one.proof {
            Proof::Purchase => "lifecycle-proof-purchase",
            Proof::Answer => "lifecycle-proof-answer",
            Proof::Referral => "lifecycle-proof-referral",
            Proof::Incident => "lifecycle-proof-incident",
            Proof::Decision => "lifecycle-proof-decision",
        };
        loc.t1(key, "day", loc.day(one.on))
    });
    let gate = step.gate.map(|gate| loc.t(&format!("lifecycle-gate-{gate}")));
    let version = step.version.map(|number| loc.t1("lifecycle-version", "number", number));
    let by = step.decided_by.as_ref().map(|name| loc.t1("lifecycle-decided-by", "name", name.as_str()));
    let kind = match (step.kind, step.standing) {
        (Kind::Recover, Standing::Active) if step.stage == Stage::Actual => "lifecycle-kind-recover".to_owned(),
        (kind, _) => format!("lifecycle-kind-{kind}"),
    };
    Line {
        badge: Badge::of(loc, step.stage, step.standing),
        kind: loc.t(&kind),
        day: loc.day(step.on),
        until: step.left_on.map(|day| loc.day(day)),
        evidence: evidence.collect(),
        about: [gate, version, by].into_iter().flatten().collect(),
        hash: step.inputs_hash.map(|hash| hash.chars().take(12).collect()),
    }
}

#[derive(Template)]
#[template(path = "lifecycle/customer.html", blocks = ["body"])]
struct CustomerPage {
    s: Shell,
    id: Id<Party>,
    name: String,
    way: WayBox,
    lines: Vec<Line>,
    put_right: Vec<String>,
    is_archived: bool,
    may_resume: bool,
    may_give_up: bool,
    is_detractor: bool,
}

pub(super) async fn show(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let name = req.ctx.run(party::get, PartyId { id }).await?.name.clone();
    let told = req.ctx.run(customers::get, LifecycleOf { party_id: id }).await?;
    let loc = &req.loc;
    let right = told.put_right.iter().map(|one| {
        let args = [
            ("stand", super::stand(loc, one.stage, one.standing).into()),
            ("day", loc.day(one.on).into()),
            ("at", loc.day(one.at.day(&loc.prefs.time_zone)).into()),
        ];
        loc.ta("lifecycle-put-right", &args)
    });
    let view = CustomerPage {
        id,
        way: way_box(loc, &told, req.can(Room::Lifecycle, Act::Create)),
        put_right: right.collect(),
        is_archived: told.standing == Standing::Archived,
        may_resume: matches!(told.standing, Standing::Terminated | Standing::Disqualified),
        may_give_up: (told.stage, told.standing) == (Stage::Potential, Standing::Active),
        is_detractor: told.standing == Standing::Detractor,
        lines: told.steps.into_iter().rev().map(|one| step(loc, one)).collect(),
        s: req
            .shell("parties", req.t("lifecycle-way"))
            .crumb(req.t("menu-parties"), "/parties")
            .crumb(name.clone(), format!("/parties/{id}"))
            .logs_about(id),
        name,
    };
    if req.htmx { page::page(&req, &view.as_body()) } else { page::page(&req, &view) }
}

#[derive(Template)]
#[template(path = "lifecycle/end.html", blocks = ["form"])]
struct EndPage {
    s: Shell,
    id: Id<Party>,
    name: String,
    f: FormView,
    reasons: Vec<(String, String)>,
    in_dialog: bool,
}

async fn end_page(req: &Req, id: Id<Party>, f: FormView, in_dialog: bool) -> Result<EndPage, crate::error::PageError> {
    let name = req.ctx.run(party::get, PartyId { id }).await?.name.clone();
    let reason = |reason: &EndReason| (reason.to_string(), req.t(&format!("lifecycle-end-{}", super::dashed(reason.as_str()))));
    Ok(EndPage {
        s: req
            .shell("parties", req.t("lifecycle-end"))
            .crumb(req.t("menu-parties"), "/parties")
            .crumb(name.clone(), format!("/parties/{id}")),
        id,
        name,
        f,
        reasons: EndReason::ALL.iter().map(reason).collect(),
        in_dialog,
    })
}

/// The form that ends a relation.
pub(super) async fn end(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    crate::layers::signed_in(&req)?;
    req.ctx.actor.check(Perm(Room::Lifecycle, Act::Create))?;
    let view = end_page(&req, id, FormView::new(Vec::new()), req.dialog).await?;
    if view.in_dialog { page::page(&req, &view.as_form()) } else { page::page(&req, &view) }
}

/// Decides what the form says.
pub(super) async fn decide(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let Some(decision) = sent.get("decision").and_then(|word| word.parse::<DecisionKind>().ok()) else {
        return Err(Error::invalid("decision", "input-choice").into());
    };
    let input = NewDecision {
        party_id: id,
        decision,
        reason: sent.get("reason").and_then(|reason| reason.parse().ok()),
        note: text("note"),
        until: sent.date("until").map(str::to_owned),
        back: sent.date("back").map(str::to_owned),
    };
    match req.ctx.run(decisions::decide, input).await {
        Ok(done) => {
            let text = req.loc.t1("lifecycle-decided", "stand", super::stand(&req.loc, done.stage, done.standing));
            let flash = Flash { text, undo: Some(done.undo.to_string()) };
            if req.htmx { acted(&req, &flash) } else { Ok(page::go(&req, &format!("/parties/{id}/lifecycle"), Some(flash))) }
        }
        Err(Error::Invalid(problems)) if decision == DecisionKind::End => {
            let in_dialog = sent.get("in_dialog").is_some();
            let view = end_page(&req, id, FormView::again(sent, &problems.0, &req.loc), in_dialog).await?;
            if in_dialog { page::unprocessable(&view.as_form()) } else { page::unprocessable(&view) }
        }
        Err(error) => Err(error.into()),
    }
}
