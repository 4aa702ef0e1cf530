//! What introductions are worth, and how many friends an advocate brings in a year.

use super::{money, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::insight::csv_file;
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use axum::response::{IntoResponse, Response};
use peyvand_core::advocacy::value::{
    self as core, ADVOCATES_MIN, Assume, ListValues, ReferralValues, ReferrerValue, Reproduction, ReproductionOf,
};
use peyvand_core::parties::Party;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::{Act, Id, Perm, Room};
use serde::Deserialize;

/// One who introduced, as a row shows it.
struct Line {
    party: Id<Party>,
    name: String,
    friends: String,
    complete: String,
    margin: Option<String>,
    cost: String,
    worth: Option<String>,
    range: Option<String>,
}

/// The rate of friends, as the page shows it.
struct Rate {
    told: Option<(String, String)>,
    about: String,
}

#[derive(Template)]
#[template(path = "advocacy/value.html")]
struct ValuePage {
    s: Shell,
    f: FormView,
    tab: &'static str,
    rate: Rate,
    assumption: Option<(String, String, String)>,
    saved: String,
    goods: Option<String>,
    lines: Vec<Line>,
    next: Option<String>,
    is_bare: bool,
    export: Option<&'static str>,
    may_assume: bool,
}

fn line(loc: &Loc, currency: Currency, one: ReferrerValue) -> Line {
    let amount = |minor: i64| loc.amount_whole(minor, currency);
    Line {
        party: one.party_id,
        name: one.party,
        friends: loc.number(one.friends),
        complete: loc.t1("advocacy-value-complete", "count", one.complete),
        margin: one.margin_minor.map(amount),
        cost: money(loc, one.cost_minor, currency),
        worth: one.worth_minor.map(amount),
        range: one
            .least_minor
            .zip(one.most_minor)
            .map(|(least, most)| loc.ta("advocacy-value-range", &[("least", amount(least).into()), ("most", amount(most).into())])),
    }
}

fn rate(loc: &Loc, seen: Reproduction) -> Rate {
    let range =
        |low: f64, high: f64| loc.ta("advocacy-rate-range", &[("low", loc.rounded(low, 2).into()), ("high", loc.rounded(high, 2).into())]);
    let counts = [("friends", seen.friends.into()), ("advocates", seen.advocates.into()), ("years", loc.rounded(seen.years, 1).into())];
    let about = loc.ta("advocacy-rate-about", &counts);
    let told = seen.rate.zip(seen.low.zip(seen.high)).map(|(rate, (low, high))| (loc.rounded(rate, 2), range(low, high)));
    Rate {
        about: match told {
            Some(_) => about,
            None => format!("{about} {}", loc.t1("advocacy-rate-few", "least", ADVOCATES_MIN as i64)),
        },
        told,
    }
}

/// Where the list begins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct From {
    after: Option<String>,
}

async fn view(req: &Req, after: Option<String>, f: FormView) -> Result<ValuePage, PageError> {
    let is_first = after.is_none();
    let listed = req.ctx.run(core::value, ListValues { after, ..ListValues::default() }).await?;
    let reproduction = req.ctx.run(core::reproduction, ReproductionOf::default()).await?;
    let loc = &req.loc;
    let ReferralValues { currency, assumption, saved_minor, saved_won, has_goods, items, next, .. } = listed;
    Ok(ValuePage {
        s: req.shell("advocacy", req.t("advocacy-value")).crumb(req.t("menu-advocacy"), "/advocacy"),
        f,
        tab: "value",
        rate: rate(loc, reproduction),
        assumption: assumption.map(|one| {
            #[expect(clippy::cast_precision_loss, reason = "a share in ten-thousandths is small")]
            let share = loc.percent(one.share as f64 / 10_000.0);
            let name = one.creator.unwrap_or_default();
            let by = loc.ta("referrals-claimed", &[("day", loc.when(one.created_at).into()), ("who", name.as_str().into())]);
            (share, one.words, by)
        }),
        saved: match saved_minor {
            Some(minor) => {
                loc.ta("advocacy-value-saved", &[("amount", loc.amount_whole(minor, currency).into()), ("won", saved_won.into())])
            }
            None => loc.t("advocacy-value-saved-unknown"),
        },
        goods: (!has_goods).then(|| loc.t("profits-needs-goods")),
        is_bare: items.is_empty() && is_first,
        lines: items.into_iter().map(|one| line(loc, currency, one)).collect(),
        next: next.map(|next| format!("/advocacy/value?after={}", percent(&next))),
        export: req.can(Room::Advocacy, Act::Export).then_some("/advocacy/value.csv"),
        may_assume: req.can(Room::Advocacy, Act::Change),
    })
}

/// The page.
pub(super) async fn show(req: Req, Form(from): Form<From>) -> PageResult {
    page(&req, &view(&req, from.after, FormView::new(Vec::new())).await?)
}

/// Writes an assumption down.
pub(super) async fn assume(req: Req, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    match req.ctx.run(core::assume, Assume { percent: text("percent"), words: text("words") }).await {
        Ok(_) => Ok(go(&req, "/advocacy/value", Some(Flash { text: req.t("advocacy-assumed"), undo: None }))),
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&view(&req, None, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}

/// Rows of one file.
const FILE_ROWS: usize = 10_000;

/// The same as a file.
pub(super) async fn csv(req: Req) -> Result<Response, PageError> {
    req.ctx.actor.check(Perm(Room::Advocacy, Act::Export))?;
    let keys = [
        "referrals-who", "advocacy-value-friends", "advocacy-value-year", "advocacy-value-margin", "benefits-title", "advocacy-value-worth",
    ];
    let mut lines = vec![keys.iter().map(|key| req.t(key)).collect::<Vec<_>>()];
    let mut after = None;
    while lines.len() < FILE_ROWS {
        let listed = req.ctx.run(core::value, ListValues { after, limit: Some(200), ..ListValues::default() }).await?;
        let text = |minor: i64| Money { minor, currency: listed.currency }.decimal_string();
        lines.extend(listed.items.into_iter().map(|one| {
            vec![
                one.party,
                one.friends.to_string(),
                one.complete.to_string(),
                one.margin_minor.map(text).unwrap_or_default(),
                text(one.cost_minor),
                one.worth_minor.map(text).unwrap_or_default(),
            ]
        }));
        after = listed.next;
        if after.is_none() {
            break;
        }
    }
    Ok(csv_file("referrals.csv", &lines).into_response())
}
