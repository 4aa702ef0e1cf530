//! What may be given: the list with what lies ready, a new thing, more of one.

use super::treatments::After;
use super::{money, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::gifts::{self, GiftItem, ListGifts, NewGiftItem, RestockGift};
use peyvand_core::platform::text::{Lang, fold_digits};
use peyvand_core::{Act, Error, Id, Perm, Room};

/// Where the list is.
const HERE: &str = "/experience/gifts";

/// A thing as a row shows it.
struct Line {
    id: Id<GiftItem>,
    name: String,
    about: Vec<String>,
    stock: i64,
}

#[derive(Template)]
#[template(path = "experience/gifts.html")]
struct GiftsPage {
    s: Shell,
    tab: &'static str,
    f: FormView,
    lines: Vec<Line>,
    next: Option<String>,
    is_first: bool,
    may_add: bool,
    may_change: bool,
    unit: String,
}

async fn view(req: &Req, after: Option<String>, f: FormView) -> Result<GiftsPage, PageError> {
    let is_first = after.is_none();
    let listed = req.ctx.run(gifts::list, ListGifts { after, limit: None }).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let loc = &req.loc;
    let line = |one: GiftItem| Line {
        id: one.id,
        about: [
            Some(loc.t1("experience-costs-us", "cost", money(loc, currency, one.unit_cost_minor))),
            (one.sent > 0).then(|| loc.ta("experience-sent-liked", &[("sent", one.sent.into()), ("liked", one.liked.into())])),
        ]
        .into_iter()
        .flatten()
        .collect(),
        stock: one.stock,
        name: match loc.prefs.lang {
            Lang::Fa => one.name_fa,
            Lang::Ar => one.name_ar,
            Lang::En => one.name_en,
        },
    };
    Ok(GiftsPage {
        s: req.shell("experience", req.t("experience-gifts")).crumb(req.t("menu-experience"), "/experience"),
        tab: "gifts",
        f,
        lines: listed.items.into_iter().map(line).collect(),
        next: listed.next.map(|next| format!("{HERE}?after={}", percent(&next))),
        is_first,
        may_add: req.can(Room::Experience, Act::Create),
        may_change: req.can(Room::Experience, Act::Change),
        unit: loc.money_unit(currency).to_owned(),
    })
}

/// The list.
pub async fn index(req: Req, Query(After { after }): Query<After>) -> PageResult {
    page(&req, &view(&req, after, FormView::new(Vec::new())).await?)
}

async fn make(req: &Req, sent: &Sent) -> Result<GiftItem, Error> {
    let currency = req.ctx.app.organisation().await?.currency;
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let new = NewGiftItem {
        name_fa: text("name_fa"),
        name_ar: text("name_ar"),
        name_en: text("name_en"),
        unit_cost: sent.amount("unit_cost", currency, req.loc.prefs.money_unit),
        retail: sent.amount("retail", currency, req.loc.prefs.money_unit),
        stock: number(sent, "stock")?,
    };
    req.ctx.run(gifts::create, new).await
}

fn number(sent: &Sent, name: &'static str) -> Result<i64, Error> {
    let text = fold_digits(sent.get(name).unwrap_or("0"));
    text.parse().map_err(|_| Error::invalid(name, "platform-number-not-read"))
}

/// Writes a new thing down.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    req.ctx.actor.check(Perm(Room::Experience, Act::Create))?;
    match make(&req, &sent).await {
        Ok(_) => Ok(go(&req, HERE, Some(Flash { text: req.t("experience-gift-made"), undo: None }))),
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&view(&req, None, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}

/// More of it, or fewer.
pub async fn restock(req: Req, Path(id): Path<Id<GiftItem>>, sent: Sent) -> PageResult {
    let outcome = match number(&sent, "by") {
        Ok(by) => req.ctx.run(gifts::restock, RestockGift { id, by }).await,
        Err(error) => Err(error),
    };
    let text = match outcome {
        Ok(_) => req.t("experience-restocked"),
        Err(error) => problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "),
    };
    Ok(go(&req, HERE, Some(Flash { text, undo: None })))
}
