//! The way of customers: where they stand and how they move, who is ready or about to leave, the gates, and the way of one.

pub(crate) mod customer;
mod flows;
mod gates;
mod people;

use crate::State;
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::Router;
use axum::routing::get;
use peyvand_core::insight::keeping::{self, Keeping};
use peyvand_core::lifecycle::customers::{self, Flow, ListPeople, Overview, OverviewOf, PeopleList, Standings, Tool};
use peyvand_core::lifecycle::gates::{Criterion, Gate, Need};
use peyvand_core::lifecycle::times::{self, StageTime, StageTimes};
use peyvand_core::lifecycle::versions::Verdict;
use peyvand_core::lifecycle::{Stage, Standing};
use peyvand_core::operation::Nothing;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::{Act, Room};
use serde::Deserialize;

/// Spans of the page, in days.
const SPANS: [i64; 3] = [30, 90, 365];
/// People beside the flows.
const BESIDE: i64 = 5;

/// The addresses of the room.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/lifecycle", get(index))
        .route("/lifecycle/people", get(people::index))
        .route("/lifecycle/gates", get(gates::index))
        .route("/lifecycle/gates/{gate}", get(gates::edit).post(gates::change))
        .route("/parties/{id}/lifecycle", get(customer::show).post(customer::decide))
        .route("/parties/{id}/lifecycle/end", get(customer::end))
}

/// Tone and icon of where somebody stands.
pub(crate) fn look_of(stage: Stage, standing: Standing) -> (&'static str, &'static str) {
    match (standing, stage) {
        (Standing::Active, Stage::Potential) => ("slate", "circle-dashed"),
        (Standing::Active, Stage::Actual) => ("lapis", "circle-half-2"),
        (Standing::Active, Stage::Loyal) => ("teal", "heart"),
        (Standing::Active, Stage::Advocate) => ("plum", "affiliate"),
        (Standing::Dormant, _) => ("saffron", "zzz"),
        (Standing::AtRisk, _) => ("saffron", "alert-triangle"),
        (Standing::Detractor, _) => ("anar", "mood-sad"),
        (Standing::Lost, _) => ("grey", "door-exit"),
        (Standing::Disqualified, _) => ("grey", "user-off"),
        (Standing::Terminated, _) => ("grey", "lock"),
        (Standing::Archived, _) => ("grey", "archive"),
    }
}

/// Where somebody stands, in words.
pub(crate) fn stand(loc: &Loc, stage: Stage, standing: Standing) -> String {
    let stage = loc.t(&format!("lifecycle-stage-{stage}"));
    match standing {
        Standing::Active => stage,
        Standing::AtRisk | Standing::Detractor | Standing::Lost => standing_words(loc, standing),
        _ => loc.ta("lifecycle-stand", &[("stage", stage.into()), ("standing", standing_words(loc, standing).into())]),
    }
}

/// A word as a part of a key.
fn dashed(word: &str) -> String {
    word.replace('_', "-")
}

fn standing_words(loc: &Loc, standing: Standing) -> String {
    loc.t(&format!("lifecycle-standing-{}", dashed(standing.as_str())))
}

/// A badge: tone, icon, words.
pub(crate) struct Badge {
    pub(crate) tone: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) words: String,
}

impl Badge {
    pub(crate) fn of(loc: &Loc, stage: Stage, standing: Standing) -> Badge {
        let (tone, icon) = look_of(stage, standing);
        Badge { tone, icon, words: stand(loc, stage, standing) }
    }
}

/// A need of a gate as a line of evidence: class, icon, words.
pub(crate) struct NeedLine {
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) words: String,
}

/// What a gate asks for, in words: what is there, then what is missing and when time alone brings it.
pub(crate) fn needs(loc: &Loc, criteria: &[Criterion]) -> Vec<NeedLine> {
    let of = |one: &Criterion| {
        let args = [("has", one.has.into()), ("needs", one.needs.into()), ("left", (one.needs - one.has).max(0).into())];
        // Nobody asked, and nobody complained.
        let is_unasked = one.need == Need::Quiet && one.is_met && one.needs == 0;
        if one.is_met {
            let key = if is_unasked { "lifecycle-met-unasked".to_owned() } else { format!("lifecycle-met-{}", dashed(one.need.as_str())) };
            return NeedLine { class: "ok", icon: "check", words: loc.ta(&key, &args) };
        }
        let mut words = loc.ta(&format!("lifecycle-miss-{}", dashed(one.need.as_str())), &args);
        if let Some(day) = one.turns_on {
            words = loc.ta("lifecycle-miss-until", &[("what", words.into()), ("day", loc.day_short(day).into())]);
        }
        let stops = matches!(one.need, Need::NoIncident | Need::NoLateComplaint | Need::Consent | Need::NotLapsed | Need::Kept);
        let (class, icon) = match (one.turns_on.is_some(), stops) {
            (true, _) => ("no", "clock"),
            (false, true) => ("bad", "alert-circle"),
            (false, false) => ("no", "circle"),
        };
        NeedLine { class, icon, words }
    };
    let (met, missing): (Vec<&Criterion>, Vec<&Criterion>) = criteria.iter().partition(|one| one.is_met);
    missing.into_iter().chain(met).map(of).collect()
}

/// The stages of a gate, from and to.
pub(crate) fn stages_of(gate: Gate) -> Option<(Stage, Stage)> {
    match gate {
        Gate::First => Some((Stage::Potential, Stage::Actual)),
        Gate::Loyal => Some((Stage::Actual, Stage::Loyal)),
        Gate::Advocate => Some((Stage::Loyal, Stage::Advocate)),
        Gate::Leaving => None,
    }
}

/// Somebody with what they lack for the next stage.
struct Person {
    id: String,
    name: String,
    from: Badge,
    to: Option<Badge>,
    maturity: i64,
    maturity_words: String,
    needs: Vec<NeedLine>,
    is_ready: bool,
}

fn person(loc: &Loc, seen: customers::PersonSeen) -> Person {
    let verdict = seen.next.unwrap_or(Verdict { gate: None, passes: false, needs_person: false, maturity: 0, criteria: Vec::new() });
    Person {
        id: seen.row.party_id.to_string(),
        name: seen.row.party,
        from: Badge::of(loc, seen.row.stage, seen.row.standing),
        to: verdict.gate.and_then(stages_of).map(|(_, to)| Badge::of(loc, to, Standing::Active)),
        maturity: verdict.maturity,
        maturity_words: loc.t1("lifecycle-maturity", "percent", verdict.maturity),
        needs: needs(loc, &verdict.criteria),
        is_ready: verdict.passes && verdict.needs_person,
    }
}

/// A card of the page.
struct Card {
    badge: Badge,
    href: String,
    customers: String,
    /// Came in these days, and left.
    entered: String,
    left: String,
}

/// A stage with its tool, how long customers stay and what keeping them costs.
struct StageLine {
    badge: Badge,
    tool: String,
    customers: String,
    /// How long half stay; why that is not said, where it is not.
    stay: Option<String>,
    /// The interval and of how many it is.
    about: String,
    cost: Option<String>,
}

/// A tool with for how many it is at work: words, what it does, how many, colour.
type ToolLine = (String, String, String, &'static str);

/// A move between two stands.
struct FlowLine {
    from: Option<Badge>,
    to: Badge,
    customers: String,
    /// Of the most frequent one, in percent: the length of the bar.
    share: i64,
}

/// A gate with how many wait at it.
struct GateLine {
    from: Badge,
    to: Badge,
    asks: String,
    tool: String,
    ready: String,
    /// How many passed in these days.
    passed: String,
    href: String,
}

#[derive(Template)]
#[template(path = "lifecycle/index.html", blocks = ["body"])]
struct IndexPage {
    s: Shell,
    is_known: bool,
    spans: Vec<(String, String, bool)>,
    cards: Vec<Card>,
    flows: Vec<FlowLine>,
    picture: Option<flows::Picture>,
    since: String,
    until: String,
    moved: String,
    tools: Vec<ToolLine>,
    stages: Vec<StageLine>,
    /// As of when the times are told, and what winning a customer costs.
    notes: Vec<String>,
    has_costs: bool,
    gates: Vec<GateLine>,
    people: Vec<Person>,
    /// Label, address, whether chosen.
    lists: Vec<(String, String, bool)>,
    leaving: Vec<people::Line>,
    shows_leaving: bool,
    may_decide: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    days: Option<i64>,
    beside: Option<String>,
}

async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let days = asked.days.filter(|days| SPANS.contains(days)).unwrap_or(90);
    let shows_leaving = asked.beside.as_deref() == Some("leaving");
    let loc = &req.loc;
    let ctx = &req.ctx;
    let list = |list, gate, stage| ListPeople { list, stage, standing: None, gate, ready: None, after: None, limit: Some(BESIDE) };
    let overview = async { ctx.run(customers::overview, OverviewOf { days: Some(days) }).await };
    let near = async {
        if shows_leaving {
            return Ok((Vec::new(), Vec::new()));
        }
        let advocates = ctx.run(customers::people, list(PeopleList::Gate, Some(Gate::Advocate), None)).await?;
        let loyal = ctx.run(customers::people, list(PeopleList::Gate, Some(Gate::Loyal), None)).await?;
        Ok::<_, peyvand_core::Error>((advocates.items, loyal.items))
    };
    let leave = async {
        if !shows_leaving {
            return Ok((Vec::new(), Vec::new()));
        }
        let advocates = ctx.run(customers::people, list(PeopleList::Leaving, None, Some(Stage::Advocate))).await?;
        let loyal = ctx.run(customers::people, list(PeopleList::Leaving, None, Some(Stage::Loyal))).await?;
        Ok::<_, peyvand_core::Error>((advocates.items, loyal.items))
    };
    let gates = async { ctx.run(peyvand_core::lifecycle::versions::list, Nothing {}).await };
    let stays = async { ctx.run(times::times, Nothing {}).await };
    let kept = async { if req.can(Room::Insight, Act::See) { ctx.run(keeping::keeping, Nothing {}).await.map(Some) } else { Ok(None) } };
    let (overview, near, leave, set, stays, kept) = tokio::try_join!(overview, near, leave, gates, stays, kept)?;
    let mut nearest: Vec<_> = near.0.into_iter().chain(near.1).collect();
    nearest.sort_by_key(|one| (!one.next.as_ref().is_some_and(|next| next.passes), one.row.missing, -one.row.maturity));
    nearest.truncate(usize::try_from(BESIDE).unwrap_or_default());
    let mut leaving: Vec<_> = leave.0.into_iter().chain(leave.1).collect();
    leaving.sort_by(|one, other| one.row.lapses_on.cmp(&other.row.lapses_on));
    let address = |days: i64, beside: &str| format!("/lifecycle?days={days}{beside}");
    let beside = if shows_leaving { "&beside=leaving" } else { "" };
    let view = IndexPage {
        is_known: overview.is_known,
        spans: SPANS.iter().map(|span| (loc.t(&format!("lifecycle-days-{span}")), address(*span, beside), *span == days)).collect(),
        cards: cards(loc, &overview),
        picture: flows::picture(loc, &overview.flows),
        since: loc.t1("lifecycle-picture-from", "day", loc.day(overview.from_on)),
        until: loc.t1("lifecycle-picture-to", "day", loc.day(overview.until_on)),
        tools: tools(loc, &overview),
        stages: stages(loc, &overview, &stays, kept.as_ref()),
        notes: notes(loc, &stays, kept.as_ref()),
        has_costs: !stays.costs.is_empty(),
        moved: loc.t1(
            "lifecycle-moves",
            "count",
            overview.flows.iter().filter(|flow| !flow.from_stage.is_empty()).map(|flow| flow.customers).sum::<i64>(),
        ),
        flows: moves(loc, &overview.flows),
        gates: set.iter().filter_map(|gate| gate_line(loc, gate, &overview)).collect(),
        people: nearest.into_iter().map(|one| person(loc, one)).collect(),
        lists: vec![
            (loc.t("lifecycle-near"), address(days, ""), !shows_leaving),
            (loc.t("lifecycle-leaving"), address(days, "&beside=leaving"), shows_leaving),
        ],
        leaving: leaving.into_iter().map(|one| people::line(loc, one)).collect(),
        shows_leaving,
        may_decide: req.can(Room::Lifecycle, Act::Create),
        s: req.shell("lifecycle", req.t("lifecycle")),
    };
    if req.htmx { page::page(&req, &view.as_body()) } else { page::page(&req, &view) }
}

fn cards(loc: &Loc, overview: &Overview) -> Vec<Card> {
    // The four stages always, the rest where somebody stands there.
    let always = |one: (Stage, Standing)| one.1 == Standing::Active;
    let all = Stage::ALL.iter().map(|stage| (*stage, Standing::Active)).chain([
        (Stage::Actual, Standing::Dormant),
        (Stage::Loyal, Standing::Dormant),
        (Stage::Advocate, Standing::AtRisk),
    ]);
    let of = |(stage, standing): (Stage, Standing)| {
        let found = overview.standings.iter().find(|one| (one.stage, one.standing) == (stage, standing)).copied();
        let none = Standings { stage, standing, customers: 0, entered: 0, left: 0 };
        found.or(always((stage, standing)).then_some(none)).map(|one| card(loc, one, format!("stage={stage}&standing={standing}")))
    };
    let mut cards: Vec<Card> = all.filter_map(of).collect();
    // Detractors, lost and ended ones of whatever stage stand together: how far they had come is told in their lists.
    for standing in [Standing::Detractor, Standing::Lost, Standing::Terminated, Standing::Disqualified] {
        let parts = overview.standings.iter().filter(|one| one.standing == standing);
        let sum = parts.clone().fold(None::<Standings>, |sum, one| {
            let (customers, entered, left) = sum.map_or((0, 0, 0), |sum| (sum.customers, sum.entered, sum.left));
            Some(Standings { customers: customers + one.customers, entered: entered + one.entered, left: left + one.left, ..*one })
        });
        if let Some(sum) = sum {
            let stage = parts.max_by_key(|one| one.customers).map_or(sum.stage, |one| one.stage);
            let mut card = card(loc, sum, format!("stage={stage}&standing={standing}"));
            card.badge.words = standing_words(loc, standing);
            cards.push(card);
        }
    }
    cards
}

fn card(loc: &Loc, one: Standings, query: String) -> Card {
    Card {
        badge: Badge::of(loc, one.stage, one.standing),
        href: format!("/lifecycle/people?list=stage&{query}"),
        customers: loc.number(one.customers),
        entered: loc.number(one.entered),
        left: loc.number(one.left),
    }
}

fn tools(loc: &Loc, overview: &Overview) -> Vec<ToolLine> {
    let tone = |tool: Tool| match tool {
        Tool::Crm => "lapis",
        Tool::Cem => "teal",
        Tool::Cam => "plum",
    };
    let line = |one: &customers::ToolCount| {
        let about = loc.t(&format!("lifecycle-tool-about-{}", one.tool));
        (loc.t(&format!("lifecycle-tool-{}", one.tool)), about, loc.number(one.customers), tone(one.tool))
    };
    overview.tools.iter().map(line).collect()
}

/// How long half stay, in words, and what is to be known about it.
fn stay(loc: &Loc, one: &StageTime) -> (Option<String>, String) {
    let count = ("count", loc.number(one.stays).into());
    if !one.is_enough {
        return (None, loc.ta("lifecycle-stay-few", &[count]));
    }
    let days = |days: i64| loc.t1("lifecycle-stay-days", "days", days);
    match (one.median_days, one.low_days, one.high_days) {
        (Some(0), _, _) => (Some(loc.t("lifecycle-stay-same-day")), loc.ta("lifecycle-stay-of", &[count])),
        (Some(median), Some(low), Some(high)) => {
            let range = [("low", loc.number(low).into()), ("high", loc.number(high).into()), count];
            (Some(days(median)), loc.ta("lifecycle-stay-range", &range))
        }
        (Some(median), low, _) => {
            let range = [("low", loc.number(low.unwrap_or(median)).into()), count];
            (Some(days(median)), loc.ta("lifecycle-stay-from", &range))
        }
        (None, ..) => (Some(loc.t1("lifecycle-stay-more", "days", one.longest_days)), loc.ta("lifecycle-stay-most", &[count])),
    }
}

fn stages(loc: &Loc, overview: &Overview, stays: &StageTimes, kept: Option<&Keeping>) -> Vec<StageLine> {
    let line = |stage: &Stage| {
        let here = overview
            .standings
            .iter()
            .filter(|one| one.stage == *stage && matches!(one.standing, Standing::Active | Standing::Dormant | Standing::AtRisk));
        let (stay, about) = match stays.times.iter().find(|one| one.stage == *stage) {
            Some(one) => stay(loc, one),
            None => (None, loc.t("lifecycle-stay-night")),
        };
        let each = stays.costs.iter().find(|one| one.stage == *stage).and_then(|one| one.keep_each_minor);
        let currency = kept.and_then(|kept| kept.currency);
        StageLine {
            badge: Badge::of(loc, *stage, Standing::Active),
            tool: Tool::of(*stage, Standing::Active).map(|tool| loc.t(&format!("lifecycle-tool-short-{tool}"))).unwrap_or_default(),
            customers: loc.number(here.map(|one| one.customers).sum::<i64>()),
            stay,
            about,
            cost: each.zip(currency).map(|(minor, currency)| amount(loc, minor, currency)),
        }
    };
    Stage::ALL.iter().map(line).collect()
}

/// An amount in whole units.
fn amount(loc: &Loc, minor: i64, currency: Currency) -> String {
    format!("{} {}", loc.amount_round(minor, currency), loc.money_unit(currency))
}

fn notes(loc: &Loc, stays: &StageTimes, kept: Option<&Keeping>) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(stays.as_of.map(|day| loc.t1("lifecycle-stay-as-of", "day", loc.day(day))));
    let win = kept.and_then(|kept| kept.win_each_minor.zip(kept.currency));
    notes.extend(win.map(|(minor, currency)| loc.t1("lifecycle-win-each", "amount", amount(loc, minor, currency))));
    notes
}

fn moves(loc: &Loc, flows: &[Flow]) -> Vec<FlowLine> {
    let most = flows.iter().map(|flow| flow.customers).max().unwrap_or(1).max(1);
    let badge = |flow: &Flow| {
        let stand = flow.from_stage.parse().ok().zip(flow.from_standing.parse().ok());
        stand.map(|(stage, standing)| Badge::of(loc, stage, standing))
    };
    let line = |flow: &Flow| FlowLine {
        from: badge(flow),
        to: Badge::of(loc, flow.to_stage, flow.to_standing),
        customers: loc.number(flow.customers),
        share: flow.customers * 100 / most,
    };
    flows.iter().map(line).collect()
}

fn gate_line(loc: &Loc, gate: &peyvand_core::lifecycle::versions::GateSeen, overview: &Overview) -> Option<GateLine> {
    let (from, to) = stages_of(gate.gate)?;
    let ready = overview.ready.iter().find(|(one, _)| *one == gate.gate).map_or(0, |(_, count)| *count);
    let is_pass = |flow: &&Flow| {
        (flow.from_stage.as_str(), flow.to_stage, flow.to_standing) == (from.as_str(), to, Standing::Active)
            && flow.from_standing == "active"
    };
    let passed = overview.flows.iter().filter(is_pass).map(|flow| flow.customers).sum::<i64>();
    let args: Vec<(String, i64)> = gate.bounds.iter().map(|bound| (dashed(bound.threshold.as_str()), bound.value)).collect();
    let args: Vec<_> = args.iter().map(|(name, value)| (name.as_str(), (*value).into())).collect();
    Some(GateLine {
        from: Badge::of(loc, from, Standing::Active),
        to: Badge::of(loc, to, Standing::Active),
        asks: loc.ta(&format!("lifecycle-asks-{}", gate.gate), &args),
        tool: loc.t(&format!("lifecycle-phase-{from}")),
        ready: loc.number(ready),
        passed: loc.number(passed),
        href: format!("/lifecycle/people?list=gate&gate={}", gate.gate),
    })
}
