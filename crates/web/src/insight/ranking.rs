//! Which relations matter most, and what customers spend with everybody, as somebody said.

use super::value::{currency, tier_name};
use super::{Figure, csv_file, paging, written};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::response::IntoResponse;
use peyvand_core::insight::ranking::{self, ListRanked, MINUTES_NEEDED, RankBy, RankedRelation, RankingSummary};
use peyvand_core::insight::spendings::{self, StateSpending};
use peyvand_core::operation::{Nothing, Page};
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde::Deserialize;

/// Relations of a page.
const PAGE: i64 = 50;
/// Where the page is.
const HERE: &str = "/insight/value/relations";

/// In which order, from where on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    by: Option<RankBy>,
    least: Option<bool>,
    after: Option<String>,
}

impl Asked {
    fn input(&self, after: Option<String>, limit: i64) -> ListRanked {
        ListRanked { by: self.by, least_first: self.least, after, limit: Some(limit) }
    }

    /// The address of an order.
    fn address(by: RankBy, least: bool, after: Option<String>) -> String {
        paging::address(HERE, &[("by", Some(by.to_string())), ("least", least.then(|| true.to_string())), ("after", after)])
    }
}

/// A relation of the list.
struct Line {
    id: Id<Party>,
    name: String,
    /// Who looks after them, and their tier.
    about: Vec<String>,
    /// What is expected and what serving them cost.
    parts: String,
    worth: String,
    loses: bool,
    hour: Option<String>,
    share: Option<String>,
    /// Who said what they spend, and when.
    said: Option<String>,
}

#[derive(Template)]
#[template(path = "insight/ranking.html", blocks = ["rows"])]
struct RankingPage {
    s: Shell,
    sub: String,
    /// Nobody has said what the goods cost.
    needs_goods: bool,
    waiting: bool,
    /// No model says what is to be expected.
    needs_model: bool,
    figures: Vec<Figure>,
    /// Label, address, whether chosen.
    orders: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    next: Option<String>,
    how: Vec<String>,
    unit: String,
    export: Option<String>,
    may_state: bool,
}

/// The page, or the list of it that stands anew.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let currency = currency(&req).await?;
    let summary = match req.ctx.run(ranking::summary, Nothing {}).await {
        Ok(summary) => Some(summary),
        Err(Error::Invalid(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let is_ready = summary.as_ref().is_some_and(|summary| summary.has_model);
    let listed = if is_ready {
        req.ctx.run(ranking::list, asked.input(asked.after.clone(), PAGE)).await?
    } else {
        Page { items: Vec::new(), next: None }
    };
    let loc = &req.loc;
    let (by, least) = (asked.by.unwrap_or(RankBy::Worth), asked.least.unwrap_or(false));
    let order = |key: &str, other: RankBy, other_least: bool| {
        (loc.t(key), Asked::address(other, other_least, None), (by, least) == (other, other_least))
    };
    let view = RankingPage {
        sub: match summary.as_ref().and_then(|summary| summary.from_on.zip(summary.as_of)) {
            Some((from, until)) => loc.ta("ranking-sub", &[("from", loc.day(from).into()), ("until", loc.day(until).into())]),
            None => loc.t("ranking-about"),
        },
        needs_goods: summary.is_none(),
        waiting: summary.as_ref().is_some_and(|summary| summary.as_of.is_none()),
        needs_model: summary.as_ref().is_some_and(|summary| summary.as_of.is_some() && !summary.has_model),
        figures: summary.as_ref().filter(|_| is_ready).map(|summary| figures(loc, summary)).unwrap_or_default(),
        orders: vec![
            order("ranking-by-worth", RankBy::Worth, false),
            order("ranking-by-hour", RankBy::Hour, false),
            order("ranking-least", RankBy::Worth, true),
        ],
        lines: listed.items.into_iter().map(|one| line(loc, one, currency)).collect(),
        next: listed.next.map(|next| Asked::address(by, least, Some(next))),
        how: summary.as_ref().map(|summary| how(loc, summary)).unwrap_or_default(),
        unit: loc.money_unit(currency).to_owned(),
        export: (req.can(Room::Insight, Act::Export) && is_ready)
            .then(|| Asked::address(by, least, None).replacen(HERE, "/insight/value/relations.csv", 1)),
        may_state: req.can(Room::Parties, Act::Change),
        s: req.shell("insight", req.t("ranking")).crumb(req.t("menu-insight"), "/insight").crumb(req.t("insight-value"), "/insight/value"),
    };
    if req.htmx { page::page(&req, &view.as_rows()) } else { page::page(&req, &view) }
}

fn figures(loc: &Loc, summary: &RankingSummary) -> Vec<Figure> {
    let brief = |minor: i64| loc.amount_brief(minor, summary.currency);
    let unit = loc.money_unit(summary.currency);
    vec![Figure {
        label: loc.t("ranking-wallet"),
        value: summary.wallet_share.map_or_else(|| loc.t("ranking-unknown"), |share| loc.percent(share)),
        unit: String::new(),
        about: if summary.stated > 0 {
            let args = [
                ("count", summary.stated.into()),
                ("ours", brief(summary.sales_minor).into()),
                ("yearly", brief(summary.yearly_minor).into()),
                ("unit", unit.into()),
            ];
            loc.ta("ranking-wallet-of", &args)
        } else {
            loc.t("ranking-wallet-nobody")
        },
    }]
}

fn how(loc: &Loc, summary: &RankingSummary) -> Vec<String> {
    vec![
        loc.t1("ranking-how-worth", "share", loc.percent(summary.goods_share as f64 / 10_000.0)),
        loc.t1("ranking-how-hour", "minutes", MINUTES_NEEDED),
        loc.t("ranking-how-wallet"),
    ]
}

fn line(loc: &Loc, one: RankedRelation, currency: Currency) -> Line {
    let RankedRelation { row, wallet_share } = one;
    let brief = |minor: i64| loc.amount_brief(minor, currency);
    let expected = row.value_12m_minor.unwrap_or_default().round() as i64;
    let worth = row.next_minor.unwrap_or_default();
    let said = row.yearly_minor.zip(row.stated_by).zip(row.stated_on).map(|((yearly, who), day)| {
        let args = [
            ("yearly", brief(yearly).into()),
            ("unit", loc.money_unit(currency).into()),
            ("who", who.into()),
            ("day", loc.day(day).into()),
        ];
        loc.ta("ranking-said", &args)
    });
    Line {
        id: row.party_id,
        about: row.owner.into_iter().chain(row.tier.map(|tier| tier_name(loc, tier))).collect(),
        parts: loc.ta("ranking-parts", &[("expected", brief(expected).into()), ("served", brief(row.served_minor).into())]),
        worth: loc.amount_brief(worth, currency),
        loses: worth < 0,
        hour: row.hour_minor.map(|hour| loc.amount_round(hour, currency)),
        share: wallet_share.map(|share| loc.percent(share)),
        said,
        name: row.party,
    }
}

/// The list as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let currency = currency(&req).await?;
    let columns =
        ["no", "name", "owner", "tier", "worth", "hour", "expected", "served", "minutes", "sales", "yearly", "share", "who", "day"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("ranking-column-{column}"))).to_vec()];
    let plain = |minor: i64| Money { minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
    let read = |after| req.ctx.run(ranking::list, asked.input(after, paging::AT_A_TIME));
    let put = |lines: &mut Vec<Vec<String>>, found: Page<RankedRelation>| {
        for RankedRelation { row, wallet_share } in found.items {
            lines.push(vec![
                row.no.to_string(),
                row.party,
                row.owner.unwrap_or_default(),
                row.tier.map(|tier| tier.to_string()).unwrap_or_default(),
                row.next_minor.map(plain).unwrap_or_default(),
                row.hour_minor.map(plain).unwrap_or_default(),
                row.value_12m_minor.map(|value| plain(value.round() as i64)).unwrap_or_default(),
                plain(row.served_minor),
                row.minutes.to_string(),
                plain(row.sales_minor),
                row.yearly_minor.map(plain).unwrap_or_default(),
                wallet_share.map(|share| format!("{share:.4}")).unwrap_or_default(),
                row.stated_by.unwrap_or_default(),
                row.stated_on.map(|day| loc.day_short(day)).unwrap_or_default(),
            ]);
        }
        found.next
    };
    paging::all(&mut lines, read, put).await?;
    Ok(csv_file("relations.csv", &lines).into_response())
}

#[derive(Template)]
#[template(path = "insight/spending.html", blocks = ["form"])]
struct SpendingPage {
    s: Shell,
    f: FormView,
    id: Id<Party>,
    name: String,
    unit: String,
    in_dialog: bool,
}

async fn spending_page(req: &Req, id: Id<Party>, f: FormView, in_dialog: bool) -> Result<SpendingPage, PageError> {
    req.ctx.actor.check(Perm(Room::Parties, Act::Change))?;
    Ok(SpendingPage {
        s: req
            .shell("insight", req.t("spendings-state"))
            .crumb(req.t("menu-insight"), "/insight")
            .crumb(req.t("insight-value"), "/insight/value")
            .crumb(req.t("ranking"), HERE),
        f,
        id,
        name: req.ctx.run(party::get, PartyId { id }).await?.row.name,
        unit: req.loc.money_unit(currency(req).await?).to_owned(),
        in_dialog,
    })
}

/// The form.
pub async fn stating(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let f = FormView::new(FormView::today("date", &req.loc).into());
    let view = spending_page(&req, id, f, req.dialog).await?;
    page::form(&req, &view.f, view.in_dialog, &view, &view.as_form())
}

/// Writes down what was said.
pub async fn state(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let currency = currency(&req).await?;
    let input = StateSpending {
        id,
        amount: sent.amount("amount", currency, req.loc.prefs.money_unit),
        stated_by: sent.get("stated_by").map(str::to_owned),
        date: sent.date("date").map(str::to_owned),
    };
    match req.ctx.run(spendings::state, input).await {
        Ok(done) => written(&req, req.t("spendings-stated"), done.undo, HERE),
        Err(Error::Invalid(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let view = spending_page(&req, id, FormView::again(sent, &problems.0, &req.loc), in_dialog).await?;
            page::form(&req, &view.f, in_dialog, &view, &view.as_form())
        }
        Err(error) => Err(error.into()),
    }
}
