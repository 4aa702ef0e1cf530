//! The best policy: what worked, for whom, at what cost; where money would do more; and what was put before the council.

use super::experiments::{HERE as EXPERIMENTS, difference};
use super::treatments::look;
use super::{key_of, money, problems, tone};
use crate::error::PageResult;
use crate::form::Sent;
use crate::page::{Flash, Shell, go, page, percent};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::best::{self, Evidence, Shift, SubgroupTried, Tried};
use peyvand_core::experience::experiments::Range;
use peyvand_core::experience::proposals::{self, DecideProposal, ListProposals, NewProposal, Proposal, ProposalState};
use peyvand_core::operation::Nothing;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::text::Lang;
use peyvand_core::{Act, Error, Id, Room};
use serde::Deserialize;

/// Where it is.
const HERE: &str = "/experience/best";

const fn evidence_tone(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Works => "peste",
        Evidence::Same => "slate",
        Evidence::Unknown => "grey",
        Evidence::DoesNot => "saffron",
        Evidence::Harms => "anar",
    }
}

fn evidence_words(loc: &Loc, evidence: Evidence) -> String {
    loc.t(&key_of("best-evidence-", evidence.as_str()))
}

fn minor(loc: &Loc, currency: Currency, value: f64) -> String {
    loc.amount_whole(value.round() as i64, currency)
}

fn between(loc: &Loc, range: Range, of: impl Fn(f64) -> String) -> String {
    loc.ta("insight-between", &[("low", of(range.low).into()), ("high", of(range.high).into())])
}

/// A treatment that was tried.
struct Row {
    name: String,
    href: String,
    experiment: String,
    tone: &'static str,
    evidence: String,
    /// For whom: a sentence, or the stages.
    whom: Option<String>,
    stages: Vec<(String, &'static str)>,
    customers: String,
    /// A number and its interval.
    added: Option<(String, String)>,
    cost: Option<String>,
    per_added: Option<(String, String)>,
    /// The same of who introduced somebody, where that is more than none.
    friends: Option<(String, Option<String>)>,
    /// For whom it does something else.
    subgroups: Vec<String>,
    net: Option<(String, String)>,
}

fn row(loc: &Loc, currency: Currency, one: Tried) -> Row {
    let points = |value: f64| loc.rounded(value * 100.0, 1);
    let amount = |value: f64| minor(loc, currency, value);
    Row {
        href: format!("{EXPERIMENTS}/{}", one.experiment_id),
        tone: evidence_tone(one.evidence),
        evidence: evidence_words(loc, one.evidence),
        whom: one.sentence,
        stages: one.stages.iter().map(|stage| (loc.t(&key_of("lifecycle-stage-", stage.as_str())), tone(*stage))).collect(),
        customers: loc.ta("best-customers", &[("with", one.customers.0.into()), ("without", one.customers.1.into())]),
        added: one.added.map(|range| (loc.t1("experiments-points", "points", points(range.value)), between(loc, range, points))),
        cost: one.cost.map(amount),
        per_added: one.per_added.map(|range| (amount(range.value), between(loc, range, amount))),
        friends: one.added_introducers.filter(|range| range.low > 0.0).map(|range| {
            let added = loc.t1("experiments-points", "points", points(range.value));
            (
                loc.t1("best-friends", "added", added),
                one.per_added_introducer.map(|cost| loc.t1("best-friends-each", "cost", amount(cost.value))),
            )
        }),
        subgroups: one.subgroups.iter().map(|of| apart(loc, currency, of)).collect(),
        net: one.net.map(|range| (amount(range.value), between(loc, range, amount))),
        name: one.treatment,
        experiment: one.experiment,
    }
}

/// For whom a treatment does something else, in words.
fn apart(loc: &Loc, currency: Currency, of: &SubgroupTried) -> String {
    let told = |value: f64| difference(loc, of.outcome, currency, value);
    let words = [("name", of.name.as_str().into()), ("inside", told(of.inside.value).into()), ("outside", told(of.outside.value).into())];
    loc.ta("best-subgroup", &words)
}

/// The treatments of one kind.
struct Kind {
    word: &'static str,
    name: String,
    icon: &'static str,
    tone: &'static str,
    rows: Vec<Row>,
}

/// Where money would do more, as a row shows it.
struct ShiftRow {
    from_id: String,
    to_id: String,
    words: String,
    about: String,
    tone: &'static str,
    evidence: String,
    is_proposed: bool,
}

fn shift(loc: &Loc, currency: Currency, one: &Shift, open: &[Proposal]) -> ShiftRow {
    let amount = |value: f64| minor(loc, currency, value);
    let words = loc.ta(
        "best-shift",
        &[
            ("amount", money(loc, currency, one.amount_minor).into()),
            ("from", one.from_policy.as_str().into()),
            ("to", one.to_treatment.as_str().into()),
        ],
    );
    let about = loc.ta(
        "best-shift-about",
        &[("customers", one.customers.into()), ("gain", amount(one.gain.value).into()), ("range", between(loc, one.gain, amount).into())],
    );
    ShiftRow {
        from_id: one.from_policy_id.to_string(),
        to_id: one.to_treatment_id.to_string(),
        words,
        about,
        tone: evidence_tone(one.evidence),
        evidence: loc.t(&key_of("best-from-", one.evidence.as_str())),
        is_proposed: open.iter().any(|other| other.from_policy_id == one.from_policy_id && other.to_treatment_id == one.to_treatment_id),
    }
}

/// A proposal as a row shows it.
struct ProposalRow {
    id: Id<Proposal>,
    words: String,
    said: Option<String>,
    about: Vec<String>,
    tone: &'static str,
    state: String,
    /// Why it was decided so, and by whom.
    decided: Option<String>,
    may_accept: bool,
    may_decline: bool,
}

fn proposal(req: &Req, one: Proposal) -> ProposalRow {
    let loc = &req.loc;
    let name = match loc.prefs.lang {
        Lang::Fa => &one.name_fa,
        Lang::Ar => &one.name_ar,
        Lang::En => &one.name_en,
    };
    let words = loc.ta(
        "best-shift",
        &[
            ("amount", money(loc, one.currency, one.amount_minor).into()),
            ("from", one.from_policy.as_str().into()),
            ("to", name.as_str().into()),
        ],
    );
    let amount = |minor: i64| loc.amount_short(minor, one.currency);
    let gain =
        one.customers.zip(one.gain_minor.zip(one.gain_low_minor.zip(one.gain_high_minor))).map(|(customers, (gain, (low, high)))| {
            let range = loc.ta("insight-between", &[("low", amount(low).into()), ("high", amount(high).into())]);
            loc.ta("best-shift-about", &[("customers", customers.into()), ("gain", amount(gain).into()), ("range", range.into())])
        });
    let is_open = one.state == ProposalState::Open;
    let may = is_open && req.can(Room::Experience, Act::Change);
    let is_own = req.ctx.actor.user() == Some(one.created_by);
    ProposalRow {
        id: one.id,
        words,
        about: [gain, Some(one.creator), Some(loc.when(one.created_at))].into_iter().flatten().collect(),
        said: one.words,
        tone: match one.state {
            ProposalState::Open => "saffron",
            ProposalState::Accepted => "peste",
            ProposalState::Declined => "grey",
        },
        state: loc.t(&key_of("best-state-", one.state.as_str())),
        decided: (!is_open).then(|| {
            [one.reason, one.decider, one.decided_at.map(|at| loc.when(at))].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }),
        may_accept: may && !is_own,
        may_decline: may,
    }
}

#[derive(Template)]
#[template(path = "experience/best.html")]
struct BestPage {
    s: Shell,
    tab: &'static str,
    kinds: Vec<Kind>,
    shifts: Vec<ShiftRow>,
    proposals: Vec<ProposalRow>,
    next: Option<String>,
    is_empty: bool,
    may_propose: bool,
}

/// Where the proposals go on.
#[derive(Deserialize)]
pub struct Asked {
    after: Option<String>,
}

/// The page.
pub async fn index(req: Req, Query(Asked { after }): Query<Asked>) -> PageResult {
    let found = req.ctx.run(best::best, Nothing {}).await?;
    let listed = req.ctx.run(proposals::list, ListProposals { after, limit: Some(20), state: None }).await?;
    let waiting = ListProposals { state: Some(ProposalState::Open), limit: Some(200), after: None };
    let waiting = req.ctx.run(proposals::list, waiting).await?.items;
    let loc = &req.loc;
    let currency = found.currency;
    let kinds: Vec<Kind> = found
        .kinds
        .into_iter()
        .filter(|kind| !kind.tried.is_empty())
        .map(|kind| {
            let (icon, tone) = look(kind.kind);
            Kind {
                word: kind.kind.as_str(),
                name: loc.t(&key_of("experience-kind-", kind.kind.as_str())),
                icon,
                tone,
                rows: kind.tried.into_iter().map(|one| row(loc, currency, one)).collect(),
            }
        })
        .collect();
    let view = BestPage {
        s: req.shell("experience", req.t("best")).crumb(req.t("menu-experience"), "/experience"),
        tab: "best",
        is_empty: kinds.is_empty(),
        kinds,
        shifts: found.shifts.iter().map(|one| shift(loc, currency, one, &waiting)).collect(),
        next: listed.next.map(|next| format!("{HERE}?after={}", percent(&next))),
        proposals: listed.items.into_iter().map(|one| proposal(&req, one)).collect(),
        may_propose: req.can(Room::Experience, Act::Create),
    };
    page(&req, &view)
}

fn told(req: &Req, done: Result<&'static str, Error>) -> PageResult {
    let text = match done {
        Ok(key) => req.t(key),
        Err(error) => problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "),
    };
    Ok(go(req, HERE, Some(Flash { text, undo: None })))
}

/// Puts a suggestion before the council.
pub async fn propose(req: Req, sent: Sent) -> PageResult {
    let (from, to) =
        (sent.get("from_policy_id").and_then(|id| id.parse().ok()), sent.get("to_treatment_id").and_then(|id| id.parse().ok()));
    let (Some(from_policy_id), Some(to_treatment_id)) = (from, to) else {
        return told(&req, Err(Error::invalid("from_policy_id", "input-choice")));
    };
    let new = NewProposal { from_policy_id, to_treatment_id, amount: None, words: sent.get("words").map(str::to_owned) };
    let done = req.ctx.run(proposals::propose, new).await.map(|_| "best-proposed");
    told(&req, done)
}

/// Decides about one.
pub async fn decide(req: Req, Path(id): Path<Id<Proposal>>, sent: Sent) -> PageResult {
    let Some(state) = sent.get("state").and_then(|word| word.parse().ok()) else {
        return told(&req, Err(Error::invalid("state", "input-choice")));
    };
    let input = DecideProposal { id, state, reason: sent.get("reason").map(str::to_owned) };
    let done = req.ctx.run(proposals::decide, input).await.map(|_| "best-decided");
    told(&req, done)
}
