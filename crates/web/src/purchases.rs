//! Entering a purchase: what was bought, the code that is shown, and what is paid with the customer's credit.

use crate::State;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::routing::{get, post};
use peyvand_core::advocacy::ledger::{self, LedgerOf};
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::money::Money;
use peyvand_core::sales::purchases::{self as core, NewPurchase, Purchase, PurchaseWithLines};
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde::Deserialize;

/// The addresses of the room.
pub fn routes() -> axum::Router<State> {
    axum::Router::new().route("/purchases/new", get(fresh)).route("/purchases", post(create))
}

#[derive(Template)]
#[template(path = "purchases/form.html", blocks = ["form"])]
struct FormPage {
    s: Shell,
    f: FormView,
    /// Whose, when that is settled.
    party: Option<(Id<Party>, String)>,
    /// What they can buy with, in words; absent when there is nothing.
    there: Option<String>,
    unit: String,
    in_dialog: bool,
}

async fn show(req: &Req, f: FormView, party: Option<Id<Party>>, in_dialog: bool) -> PageResult {
    let (mut named, mut there) = (None, None);
    if let Some(id) = party {
        named = Some((id, req.ctx.run(party::get, PartyId { id }).await?.row.name));
        let available = req.ctx.run(ledger::available, LedgerOf { party_id: Some(id), customer: None }).await?;
        there = available.until.filter(|_| available.there_minor > 0).map(|until| {
            let amount = money(req, available.there_minor, available.currency);
            req.loc.ta("purchases-credit-there", &[("amount", amount.into()), ("day", req.loc.day(until).into())])
        });
    }
    let currency = req.ctx.app.organisation().await?.currency;
    let view = FormPage {
        s: req.shell("parties", req.t("purchases-new")).crumb(req.t("menu-parties"), "/parties"),
        f,
        party: named,
        there,
        unit: req.loc.money_unit(currency).to_owned(),
        in_dialog,
    };
    page::form(req, &view.f, in_dialog, &view, &view.as_form())
}

fn money(req: &Req, minor: i64, currency: peyvand_core::platform::money::Currency) -> String {
    let prefs = &req.loc.prefs;
    Money { minor, currency }.format_with_unit(prefs.money_unit, prefs.digits, prefs.lang)
}

/// Whose purchase a form begins with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct For {
    party: Option<Id<Party>>,
}

async fn fresh(req: Req, Form(given): Form<For>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Sales, Act::Create))?;
    // Its key makes a form that is sent twice enter one purchase.
    let mut values = vec![("key".to_owned(), req.ctx.id::<Purchase>().to_string())];
    values.extend(FormView::today("date", &req.loc));
    show(&req, FormView::new(values), given.party, req.dialog).await
}

async fn try_create(req: &Req, sent: &Sent) -> Result<PurchaseWithLines, Error> {
    let currency = req.ctx.app.organisation().await?.currency;
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let amount = |name: &str| sent.amount(name, currency, req.loc.prefs.money_unit);
    let party: Option<Id<Party>> = sent.get("party").and_then(|id| id.parse().ok());
    let input = NewPurchase {
        party_id: party,
        customer: text("party_text").filter(|_| party.is_none()),
        product_name: text("product_name"),
        amount: amount("amount"),
        // A purchase of today is one of this moment.
        date: sent.date("date").filter(|day| *day != req.loc.today().to_string()).map(str::to_owned),
        invoice: text("invoice"),
        code: text("code"),
        from_credit: amount("from_credit"),
        key: text("key"),
        ..NewPurchase::default()
    };
    req.ctx.run(core::create, input).await
}

async fn create(req: Req, sent: Sent) -> PageResult {
    match try_create(&req, &sent).await {
        Ok(done) => {
            let to_pay = done.to_pay_minor();
            let key = match to_pay {
                to_pay if to_pay < 0 => "purchases-entered-back",
                _ if done.code_minor == 0 && done.credit_minor == 0 => "purchases-entered",
                0 => "purchases-entered-paid",
                _ => "purchases-entered-pay",
            };
            let text = req.loc.t1(key, "amount", money(&req, to_pay.abs(), done.purchase.currency));
            let place = done.purchase.party_id.map_or_else(|| "/parties".to_owned(), |id| format!("/parties/{id}"));
            Ok(page::go(&req, &place, Some(Flash { text, undo: None })))
        }
        Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
            let party = sent.get("party").filter(|_| sent.has("settled")).and_then(|id| id.parse().ok());
            let in_dialog = sent.has("in_dialog");
            show(&req, FormView::again(sent, &problems.0, &req.loc), party, in_dialog).await
        }
        Err(error) => Err(PageError::from(error)),
    }
}
