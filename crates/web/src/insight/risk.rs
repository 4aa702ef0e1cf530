//! Who may leave: how many, for what reasons, what is at stake with each, what was done about it, and how well such a promise
//! was kept before.

use super::value::tier_name;
use super::{Figure, Told, csv_file, how, is_fitted, paging, told, tried};
use crate::error::{PageError, PageResult};
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::fits::{self, FitKind};
use peyvand_core::insight::risk::{self, Evidence, ListRisks, Risk, RiskCustomer, RiskReason};
use peyvand_core::insight::saves::{self, BACK_WITHIN, SaveSummary};
use peyvand_core::operation::{Nothing, Page};
use peyvand_core::organisation::colleagues;
use peyvand_core::parties::Party;
use peyvand_core::platform::access::User;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Id, Perm, Room};
use serde::Deserialize;

/// Customers of a page.
const ROWS: i64 = 30;
/// Tiers of profit.
const TIERS: i64 = 4;

/// Which of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    reason: Option<RiskReason>,
    owner: Option<Id<User>>,
    tier: Option<i64>,
    after: Option<String>,
}

impl Asked {
    fn input(&self, after: Option<String>, limit: i64) -> ListRisks {
        ListRisks { reason: self.reason, owner_id: self.owner, tier: self.tier, after, limit: Some(limit) }
    }

    /// The same filters, from another place.
    fn address(&self, path: &str, after: Option<String>) -> String {
        let given = [
            ("reason", self.reason.map(|reason| reason.to_string())),
            ("owner", self.owner.map(|owner| owner.to_string())),
            ("tier", self.tier.map(|tier| tier.to_string())),
            ("after", after),
        ];
        paging::address(path, &given)
    }
}

/// A count with its bar.
struct Bar {
    label: String,
    href: Option<String>,
    count: String,
    /// What is at stake, or their part of the worth.
    sum: String,
    /// Length, 0 to 100.
    length: i64,
}

/// A customer of the list.
struct Row {
    id: Id<Party>,
    name: String,
    /// Who looks after them, and their tier.
    about: Vec<String>,
    why: Vec<String>,
    stake: String,
    active: String,
    silence: String,
    /// What was done last.
    done: Option<String>,
}

/// What may be chosen: value, words, whether it is.
type Choices = Vec<(String, String, bool)>;

#[derive(Template)]
#[template(path = "insight/risk.html", blocks = ["rows"])]
struct RiskPage {
    s: Shell,
    sub: String,
    waiting: bool,
    bare: bool,
    /// What is missing for a model; nobody is listed then.
    activity: Told,
    spending: Told,
    figures: Vec<Figure>,
    reasons: Vec<Bar>,
    bands: Vec<Bar>,
    tried: Vec<String>,
    how: Vec<String>,
    by_reason: Choices,
    by_owner: Choices,
    by_tier: Choices,
    is_filtered: bool,
    rows: Vec<Row>,
    next: Option<String>,
    unit: String,
    export: Option<String>,
    /// Whether there is a list, and the reader sees customers.
    shows_list: bool,
    sees_saves: bool,
    may_import: bool,
    may_save: bool,
    may_plan: bool,
}

/// The page, or the list of it that stands anew.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let found = req.ctx.run(risk::risk, Nothing {}).await?;
    let sees_saves = req.can(Room::Interactions, Act::See);
    let summary = if sees_saves { Some(req.ctx.run(saves::summary, Nothing {}).await?) } else { None };
    let sees_customers = req.can(Room::Parties, Act::See);
    let listed = if sees_customers && found.customers > 0 {
        req.ctx.run(risk::customers, asked.input(asked.after.clone(), ROWS)).await?
    } else {
        Page { items: Vec::new(), next: None }
    };
    let loc = &req.loc;
    let currency = match found.currency {
        Some(currency) => currency,
        None => super::value::currency(&req).await?,
    };
    let is_ready = is_fitted(found.fit.as_ref()) && is_fitted(found.spending.as_ref());
    let trial = req.ctx.run(fits::current, Nothing {}).await?.into_iter().find(|fit| fit.kind == FitKind::Trial);
    let view = RiskPage {
        sub: match (found.as_of, &found.fit) {
            (Some(day), Some(fit)) if is_ready => loc.ta("risk-sub", &[("day", loc.day(day).into()), ("count", fit.customers.into())]),
            _ => loc.t("risk-about"),
        },
        waiting: found.fit.is_none() || (is_ready && found.as_of.is_none()),
        bare: found.fit.as_ref().is_some_and(|fit| fit.customers == 0),
        activity: told(loc, found.fit.as_ref()),
        spending: told(loc, found.spending.as_ref()),
        figures: figures(loc, &found, summary.as_ref(), currency),
        reasons: reasons(loc, &found, currency),
        bands: bands(loc, &found, currency),
        tried: trial.as_ref().and_then(|fit| tried(loc, fit)).map(|tried| tried.sentences).unwrap_or_default(),
        how: how_lines(loc, &found, currency),
        by_reason: RiskReason::ALL
            .iter()
            .filter(|reason| found.reasons.iter().any(|one| one.reason == **reason))
            .map(|reason| (reason.to_string(), reason_name(loc, *reason), asked.reason == Some(*reason)))
            .collect(),
        by_owner: owners(&req, asked.owner).await?,
        by_tier: (1..=TIERS).map(|tier| (tier.to_string(), tier_name(loc, tier), asked.tier == Some(tier))).collect(),
        is_filtered: asked.reason.is_some() || asked.owner.is_some() || asked.tier.is_some(),
        rows: listed.items.into_iter().map(|one| row(loc, one, currency)).collect(),
        next: listed.next.map(|next| asked.address("/insight/risk", Some(next))),
        unit: loc.money_unit(currency).to_owned(),
        export: (req.can(Room::Insight, Act::Export) && sees_customers && found.customers > 0)
            .then(|| asked.address("/insight/risk.csv", None)),
        shows_list: sees_customers && is_ready && found.as_of.is_some(),
        sees_saves,
        may_import: req.can(Room::Imports, Act::Create),
        may_save: req.can(Room::Interactions, Act::Create),
        may_plan: req.can(Room::FollowUps, Act::Create),
        s: req.shell("insight", req.t("risk")).crumb(req.t("menu-insight"), "/insight"),
    };
    if req.htmx { page::page(&req, &view.as_rows()) } else { page::page(&req, &view) }
}

/// Colleagues to choose from; who sees their own customers only has nobody to choose.
async fn owners(req: &Req, chosen: Option<Id<User>>) -> Result<Choices, PageError> {
    if matches!(req.ctx.actor.check(Perm(Room::Insight, Act::See))?, peyvand_core::Sight::Own(_)) {
        return Ok(Vec::new());
    }
    let people = req.ctx.run(colleagues::list, Nothing {}).await?;
    Ok(people.into_iter().map(|one| (one.id.to_string(), one.name, chosen == Some(one.id))).collect())
}

fn reason_name(loc: &Loc, reason: RiskReason) -> String {
    loc.t(&format!("risk-reason-{reason}"))
}

fn figures(loc: &Loc, found: &Risk, summary: Option<&SaveSummary>, currency: Currency) -> Vec<Figure> {
    if found.as_of.is_none() {
        return Vec::new();
    }
    let unit = loc.money_unit(currency).to_owned();
    let mean = loc.amount_brief(found.mean_minor, currency);
    let mut figures = vec![
        Figure {
            label: loc.t("risk-customers"),
            value: loc.number(found.customers),
            unit: loc.t("risk-customers-unit"),
            about: loc.ta("risk-customers-about", &[("mean", mean.into()), ("unit", unit.clone().into())]),
        },
        Figure { label: loc.t("risk-stake"), value: loc.amount_brief(found.stake_minor, currency), unit, about: loc.t("risk-stake-about") },
    ];
    if let Some(all) = summary.map(|summary| summary.all) {
        figures.push(Figure {
            label: loc.t("risk-back"),
            value: all.share.map_or_else(|| "–".to_owned(), |share| loc.percent(share)),
            unit: loc.ta("risk-back-of", &[("back", all.back.into()), ("judged", all.judged.into())]),
            about: all.low.zip(all.high).map_or_else(
                || loc.t1("risk-back-none", "days", BACK_WITHIN),
                |(low, high)| loc.ta("insight-range", &[("low", loc.percent(low).into()), ("high", loc.percent(high).into())]),
            ),
        });
    }
    figures
}

fn reasons(loc: &Loc, found: &Risk, currency: Currency) -> Vec<Bar> {
    let most = found.reasons.iter().map(|one| one.customers).max().unwrap_or(1).max(1);
    let bar = |one: &risk::ReasonFigures| Bar {
        label: reason_name(loc, one.reason),
        href: Some(format!("/insight/risk?reason={}", one.reason)),
        count: loc.number(one.customers),
        sum: loc.amount_brief(one.stake_minor, currency),
        length: one.customers * 100 / most,
    };
    found.reasons.iter().map(bar).collect()
}

fn bands(loc: &Loc, found: &Risk, currency: Currency) -> Vec<Bar> {
    let most = found.bands.iter().map(|band| band.customers).max().unwrap_or(1).max(1);
    let all: i64 = found.bands.iter().map(|band| band.value_minor).sum();
    let amount = |minor: i64| loc.amount_round(minor, currency);
    let bar = |band: &risk::ValueBand| Bar {
        label: match band.until_minor {
            Some(until) if band.from_minor == 0 => loc.t1("risk-band-below", "until", amount(until)),
            Some(until) => loc.ta("insight-between", &[("low", amount(band.from_minor).into()), ("high", amount(until).into())]),
            None => loc.t1("risk-band-above", "from", amount(band.from_minor)),
        },
        href: None,
        count: loc.number(band.customers),
        sum: loc.percent(if all > 0 { band.value_minor as f64 / all as f64 } else { 0.0 }),
        length: band.customers * 100 / most,
    };
    found.bands.iter().rev().map(bar).collect()
}

fn how_lines(loc: &Loc, found: &Risk, currency: Currency) -> Vec<String> {
    let args = [("mean", loc.amount_brief(found.mean_minor, currency).into()), ("unit", loc.money_unit(currency).into())];
    let mut lines = vec![loc.ta("risk-how-who", &args), loc.t("risk-how-stake"), loc.t("risk-how-reasons")];
    if found.without_reason > 0 {
        lines.push(loc.t1("risk-how-without", "count", found.without_reason));
    }
    lines.extend([&found.fit, &found.spending].into_iter().flatten().flat_map(|fit| how(loc, fit)));
    lines
}

/// What speaks for it, in words.
fn why(loc: &Loc, evidence: &Evidence, currency: Currency) -> String {
    let (one, other) = (evidence.one.unwrap_or_default(), evidence.other.unwrap_or_default());
    let amount = |minor: i64| loc.amount_brief(minor, currency);
    match evidence.reason {
        RiskReason::Overdue => loc.ta("risk-why-overdue", &[("days", one.into()), ("gap", other.into())]),
        RiskReason::Slowing => loc.t1("risk-why-slowing", "gap", other),
        RiskReason::Less => {
            let args = [("now", amount(one).into()), ("before", amount(other).into()), ("unit", loc.money_unit(currency).into())];
            loc.ta("risk-why-less", &args)
        }
        RiskReason::Complained => loc.ta("risk-why-complained", &[("count", one.into()), ("days", other.into())]),
        RiskReason::Unspoken if evidence.one.is_none() => loc.t("risk-why-unspoken-never"),
        RiskReason::Unspoken => loc.t1("risk-why-unspoken", "days", one),
        RiskReason::Returned => {
            let args = [("amount", amount(one).into()), ("unit", loc.money_unit(currency).into()), ("days", other.into())];
            loc.ta("risk-why-returned", &args)
        }
    }
}

fn row(loc: &Loc, one: RiskCustomer, currency: Currency) -> Row {
    let RiskCustomer { row, reasons, last_save } = one;
    let mut why: Vec<String> = reasons.iter().map(|evidence| why(loc, evidence, currency)).collect();
    if why.is_empty() {
        why.push(loc.t("risk-why-none"));
    }
    Row {
        id: row.party_id,
        about: row.owner.into_iter().chain(row.tier.map(|tier| tier_name(loc, tier))).collect(),
        why,
        stake: loc.amount_brief(row.stake_minor, currency),
        active: row.p_active.map(|p| loc.percent(p)).unwrap_or_default(),
        silence: row.recency_days.map(|days| loc.t1("risk-silent-days", "days", days)).unwrap_or_default(),
        done: last_save.map(|last| {
            let kind = loc.t(&format!("saves-kind-{}", last.kind));
            loc.ta("risk-last-save", &[("kind", kind.into()), ("when", loc.day_near(last.day).into())])
        }),
        name: row.party,
    }
}

/// The list as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    req.ctx.actor.check(Perm(Room::Parties, Act::See))?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let currency = super::value::currency(&req).await?;
    let columns = ["no", "name", "owner", "tier", "stake", "worth", "active", "days", "gap", "last", "reasons", "done"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("risk-column-{column}"))).to_vec()];
    let plain = |minor: i64| Money { minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
    let read = |after| req.ctx.run(risk::customers, asked.input(after, paging::AT_A_TIME));
    let put = |lines: &mut Vec<Vec<String>>, found: Page<RiskCustomer>| {
        for one in found.items {
            let reasons: Vec<String> = one.reasons.iter().map(|evidence| why(&loc, evidence, currency)).collect();
            let row = one.row;
            lines.push(vec![
                row.no.to_string(),
                row.party,
                row.owner.unwrap_or_default(),
                row.tier.map(|tier| tier.to_string()).unwrap_or_default(),
                plain(row.stake_minor),
                row.value_12m_minor.map(|value| plain(value.round() as i64)).unwrap_or_default(),
                row.p_active.map(|p| format!("{p:.4}")).unwrap_or_default(),
                row.recency_days.map(|days| days.to_string()).unwrap_or_default(),
                row.gap_days.map(|gap| gap.to_string()).unwrap_or_default(),
                row.last_purchase_on.map(|day| loc.day_short(day)).unwrap_or_default(),
                reasons.join(" · "),
                one.last_save
                    .map(|last| format!("{} {}", loc.t(&format!("saves-kind-{}", last.kind)), loc.day_short(last.day)))
                    .unwrap_or_default(),
            ]);
        }
        found.next
    };
    paging::all(&mut lines, read, put).await?;
    Ok(csv_file("risk.csv", &lines).into_response())
}
