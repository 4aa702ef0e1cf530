//! The list of introductions, and how many there are of which kind and form.

use super::{Line, key_of, line};
use crate::error::PageResult;
use crate::page::{Shell, page, percent};
use crate::request::{Form, Req};
use askama::Template;
use peyvand_core::advocacy::referrals::{self, CountReferrals, ListReferrals, ReferralCount, ReferralView};
use peyvand_core::advocacy::rules::{ReferralForm, ReferralKind};
use peyvand_core::parties::Party;
use peyvand_core::{Act, Id, Room};
use serde::Deserialize;

/// Which part of the list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    view: Option<ReferralView>,
    kind: Option<ReferralKind>,
    form: Option<ReferralForm>,
    referrer: Option<Id<Party>>,
    after: Option<String>,
}

impl Asked {
    fn href(&self, view: ReferralView, after: Option<&str>) -> String {
        let mut href = format!("/advocacy?view={view}");
        for (name, word) in [("kind", self.kind.map(ReferralKind::as_str)), ("form", self.form.map(ReferralForm::as_str))] {
            if let Some(word) = word {
                href.push_str(&format!("&{name}={word}"));
            }
        }
        if let Some(referrer) = self.referrer {
            href.push_str(&format!("&referrer={referrer}"));
        }
        if let Some(after) = after {
            href.push_str(&format!("&after={}", percent(after)));
        }
        href
    }
}

#[derive(Template)]
#[template(path = "advocacy/index.html", blocks = ["body"])]
struct IndexPage {
    s: Shell,
    tab: &'static str,
    views: Vec<(String, String, bool)>,
    /// What the list is narrowed to.
    of: Option<String>,
    lines: Vec<Line>,
    next: Option<String>,
    is_bare: bool,
    may_add: bool,
}

/// The list.
pub(super) async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    let view = asked.view.unwrap_or(ReferralView::All);
    let input = ListReferrals {
        view: Some(view),
        referrer_id: asked.referrer,
        kind: asked.kind,
        form: asked.form,
        after: asked.after.clone(),
        ..ListReferrals::default()
    };
    let listed = req.ctx.run(referrals::list, input).await?;
    let words = [
        asked.kind.map(|kind| req.t(&key_of("referrals-kind-", kind.as_str()))),
        asked.form.map(|form| req.t(&key_of("referrals-form-", form.as_str()))),
        asked.referrer.and_then(|_| listed.items.first().map(|one| one.referrer.clone())),
    ];
    let of: Vec<String> = words.into_iter().flatten().collect();
    let is_narrow = asked.kind.is_some() || asked.form.is_some() || asked.referrer.is_some();
    let shown = IndexPage {
        s: req.shell("advocacy", req.t("referrals-title")).crumb(req.t("menu-advocacy"), "/advocacy"),
        tab: "referrals",
        views: ReferralView::ALL
            .iter()
            .map(|one| (req.t(&key_of("referrals-view-", one.as_str())), asked.href(*one, None), *one == view))
            .collect(),
        of: (!of.is_empty()).then(|| of.join(" · ")),
        is_bare: listed.items.is_empty() && view == ReferralView::All && !is_narrow && asked.after.is_none(),
        next: listed.next.map(|next| asked.href(view, Some(&next))),
        lines: listed.items.into_iter().map(|one| line(&req.loc, one)).collect(),
        may_add: req.can(Room::Advocacy, Act::Create),
    };
    page(&req, &shown)
}

/// A cell of the table: numbers, what they mean, where they lead.
struct Cell {
    numbers: Option<(String, String, String)>,
    words: String,
    href: String,
}

#[derive(Template)]
#[template(path = "advocacy/kinds.html")]
struct KindsPage {
    s: Shell,
    tab: &'static str,
    forms: Vec<String>,
    rows: Vec<(String, Vec<Cell>)>,
    /// Which time is counted.
    months: Vec<(String, String, bool)>,
    is_bare: bool,
    may_add: bool,
}

/// Which time is counted: the last so many months, or all.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Time {
    months: Option<i64>,
}

/// How many of which kind and form.
pub(super) async fn kinds(req: Req, Form(asked): Form<Time>) -> PageResult {
    let months = asked.months.filter(|months| [3, 12].contains(months));
    let from = months.map(|months| req.ctx.today().plus(1 - months * 365 / 12));
    let counts = req.ctx.run(referrals::count, CountReferrals { from, until: None }).await?;
    let cell = |kind: Option<ReferralKind>, form: Option<ReferralForm>| {
        let of = |one: &&ReferralCount| kind.is_none_or(|kind| kind == one.kind) && form.is_none_or(|form| form == one.form);
        let sum = |of_one: fn(&ReferralCount) -> i64| counts.iter().filter(of).map(of_one).sum::<i64>();
        let (captured, qualified, confirmed) = (sum(|one| one.captured), sum(|one| one.qualified), sum(|one| one.confirmed));
        let args = [("captured", captured.into()), ("qualified", qualified.into()), ("confirmed", confirmed.into())];
        let asked = Asked { kind, form, ..Asked::default() };
        Cell {
            numbers: (captured > 0).then(|| (req.loc.number(captured), req.loc.number(qualified), req.loc.number(confirmed))),
            words: req.loc.ta("referrals-table-cell", &args),
            href: asked.href(ReferralView::All, None),
        }
    };
    let kinds = ReferralKind::ALL.iter().copied().map(Some).chain([None]);
    let label = |kind: Option<ReferralKind>| match kind {
        Some(kind) => req.t(&key_of("referrals-kind-", kind.as_str())),
        None => req.t("referrals-table-total"),
    };
    let rows = kinds.map(|kind| {
        let cells = ReferralForm::ALL.iter().copied().map(Some).chain([None]).map(|form| cell(kind, form));
        (label(kind), cells.collect())
    });
    let view = KindsPage {
        s: req.shell("advocacy", req.t("referrals-by-kind")).crumb(req.t("menu-advocacy"), "/advocacy"),
        tab: "kinds",
        forms: ReferralForm::ALL
            .iter()
            .map(|form| req.t(&key_of("referrals-form-", form.as_str())))
            .chain([req.t("referrals-table-total")])
            .collect(),
        rows: rows.collect(),
        months: [Some(3), Some(12), None]
            .into_iter()
            .map(|one| match one {
                Some(number) => {
                    (req.loc.t1("advocacy-months", "months", number), format!("/advocacy/kinds?months={number}"), one == months)
                }
                None => (req.t("referrals-view-all"), "/advocacy/kinds".to_owned(), months.is_none()),
            })
            .collect(),
        is_bare: counts.is_empty() && months.is_none(),
        may_add: req.can(Room::Advocacy, Act::Create),
    };
    page(&req, &view)
}
