//! Profits after all that customers cost, from the rates to the decision.

use crate::imports::owner;
use crate::{somebody, undo_of};
use axum::http::StatusCode;
use peyvand_core::Ctx;
use peyvand_core::insight::costs::{self, CostKind, ListCosts, NewCost};
use peyvand_core::parties::Party;
use peyvand_core::parties::check::NewParty;
use peyvand_core::parties::party;
use peyvand_core::platform::jobs;
use peyvand_core::platform::money::MoneyUnit;
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::platform::users::{self, MeChange};
use peyvand_core::sales::purchases::{self, NewPurchase};
use peyvand_core::{Id, testing};

/// Customers who buy for 100, 200, 300 …; the first is given more than they pay.
async fn customers(ctx: &Ctx, count: i64) -> Vec<Id<Party>> {
    let mut parties = Vec::new();
    for number in 1..=count {
        let party = testing::party(ctx, &format!("Customer {number}")).await;
        let new = NewPurchase { party_id: Some(party), amount: Some((100 * number).to_string()), ..NewPurchase::default() };
        ctx.run(purchases::create, new).await.unwrap();
        parties.push(party);
    }
    ctx.run(costs::add, NewCost { party_id: Some(parties[0]), amount: Some("90".into()), ..NewCost::default() }).await.unwrap();
    parties
}

#[tokio::test]
async fn rates_make_profits_and_who_loses_is_decided_about() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    let plain = MeChange { digits: Some(Digits::Latin), money_unit: Some(MoneyUnit::Currency), ..MeChange::default() };
    ctx.run(users::update, plain).await.unwrap();
    let parties = customers(&ctx, 12).await;
    jobs::drain(&app).await.unwrap();
    let page = browser.get("/insight/value").await;
    assert!(page.one(".void").contains("until you say what goods cost"), "{}", page.one(".void"));
    assert_eq!(page.all("nav.tabs [aria-current]"), ["Customer profit"]);
    let party = format!("/parties/{}", parties[0]);
    assert!(browser.get(&party).await.all("#profit dl").is_empty(), "nothing is guessed");

    let wrong = browser.post("/insight/value/rates", &[("goods", "120"), ("phone", "-1")]).await;
    assert_eq!((wrong.status, wrong.all(".err").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let set = browser.post("/insight/value/rates", &[("goods", "60"), ("phone", "5"), ("time_1", "40")]).await;
    assert_eq!((set.status, set.header("location")), (StatusCode::SEE_OTHER, "/insight/value"));
    assert!(browser.get("/insight/value").await.one(".void h2").contains("on their way"));
    jobs::drain(&app).await.unwrap();

    let page = browser.get("/insight/value").await;
    let sub = page.one(".ph .sub");
    assert!(sub.contains("12") && sub.contains("customers with purchases or costs"), "{sub}");
    assert_eq!((page.all(".stats .stat").len(), page.all("svg.whale polyline").len()), (4, 1));
    assert!(page.text.contains("points=\"52.0,"), "the curve begins at nobody");
    assert!(page.all("details table tbody tr").len() > 5, "a table stands behind the curve");
    assert_eq!(page.text.matches("/decide\"").count(), 1, "one customer loses");
    assert!(page.one("#rates").contains("Share of goods in the price") && page.text.contains("name=\"goods\" value=\"60\""));

    let customer = browser.get(&party).await.one("#profit");
    assert!(customer.contains("Costs entered") && customer.contains("-50"), "{customer}");

    let place = format!("/insight/value/{}/decide", parties[0]);
    let form = browser.get(&place).await;
    assert!(form.one("form").contains("Visit and call less"));
    let refused = browser.post(&place, &[("decision", "fewer_visits"), ("expires_on_text", "2026-12-31"), ("reason", "")]).await;
    assert_eq!((refused.status, refused.all(".err").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let sent = [("decision", "fewer_visits"), ("expires_on_text", "2026-12-10"), ("reason", "They order by phone anyway")];
    assert_eq!(browser.post(&place, &sent).await.header("location"), "/insight/value");
    let page = browser.get("/insight/value").await;
    assert!(page.text.contains("They order by phone anyway"), "it ends within a month");
    let list = browser.get("/insight/value/customers?losing=true").await;
    assert_eq!(list.all("tbody tr").len(), 1);
    assert!(list.one("tbody tr").contains("Visit and call less"));
    assert_eq!(browser.get("/insight/value/customers").await.all("tbody tr").len(), 12);

    let file = browser.get("/insight/value.csv").await;
    assert_eq!((file.text.lines().count(), file.header("content-type")), (13, "text/csv; charset=utf-8"));
    assert!(file.text.lines().nth(1).unwrap().contains("Customer 12"), "{}", file.text);

    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    let own = agent.get("/insight/value").await;
    assert_eq!((own.status, own.all("#rates").len(), own.all("svg.whale").len()), (StatusCode::OK, 0, 0), "nobody's are theirs");
    assert_eq!(agent.get("/insight/value.csv").await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.get(&place).await.status, StatusCode::NOT_FOUND);
    assert_eq!(agent.post("/insight/value/rates", &[("goods", "1")]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_cost_is_entered_by_hand_in_the_readers_own_calendar_and_taken_back() {
    let (app, ctx, browser) = owner(Lang::Fa).await;
    let mut browser = browser.with("hx-request", "true");
    let party = testing::party(&ctx, "سارا کریمی").await;
    let of_party = || ListCosts { party_id: Some(party), ..ListCosts::default() };
    let form = browser.get(&format!("/insight/value/costs/new?party={party}")).await;
    assert!(form.one("form select").contains("هدیه") && form.one("form h2").contains("سارا کریمی"), "{}", form.text);
    assert!(form.all("#customer").is_empty(), "whose it is, is settled");

    let id = party.to_string();
    let sent = |amount: &'static str, minutes: &'static str, date: &'static str| {
        [
            ("in_dialog", "1"),
            ("settled", "1"),
            ("kind", "gift"),
            ("amount", amount),
            ("minutes", minutes),
            ("date_text", date),
            ("note", "جعبه‌ی شیرینی"),
        ]
    };
    for (amount, minutes, date, wrong) in
        [("", "", "", "amount"), ("", "ده", "", "minutes"), ("۵", "", "۱۴۰۵/۱۳/۰۱", "date"), ("۵", "", "۱۴۰۶/۰۱/۰۱", "date")]
    {
        let mut form = sent(amount, minutes, date).to_vec();
        form.push(("party", &id));
        let refused = browser.post("/insight/value/costs", &form).await;
        assert_eq!((refused.status, refused.all(&format!("#{wrong}-e")).len()), (StatusCode::UNPROCESSABLE_ENTITY, 1), "{}", refused.text);
        assert!(refused.text.contains("جعبه‌ی شیرینی"), "what was written stays");
    }
    let mut form = sent("۸۵۰٬۰۰۰", "۲۰", "۱۴۰۵/۰۸/۲۹").to_vec();
    form.push(("party", &id));
    let done = browser.post("/insight/value/costs", &form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(done.header("hx-trigger").contains("close-dialog") && done.text.contains("سارا کریمی"));
    let cost = ctx.run(costs::list, of_party()).await.unwrap().items.remove(0);
    assert_eq!(
        (cost.amount_minor, cost.minutes, cost.kind, cost.day.to_string().as_str()),
        (850_000_000, 20, CostKind::Gift, "2026-11-20")
    );

    let ledger = browser.get(&format!("/insight/value/costs?party={party}")).await;
    let row = ledger.one("tbody tr");
    assert!(row.contains("۸۵۰٬۰۰۰") && row.contains("جعبه‌ی شیرینی") && row.contains("دقیقه از وقت ما"), "{row}");
    let gone = browser.post(&format!("/insight/value/costs/{}/remove", cost.id), &[]).await;
    assert!(ctx.run(costs::list, of_party()).await.unwrap().items.is_empty());
    assert_eq!(browser.post(&undo_of(&gone), &[]).await.status, StatusCode::OK);
    assert_eq!(ctx.run(costs::list, of_party()).await.unwrap().items.len(), 1);
    assert_eq!(browser.post(&undo_of(&done), &[]).await.status, StatusCode::OK);
    assert!(ctx.run(costs::list, of_party()).await.unwrap().items.is_empty());

    // Without a script, and of nobody in particular.
    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    let (_, mut plain) = somebody(&app, &router, "owner", "mina").await;
    let sent = plain.post("/insight/value/costs", &[("kind", "other"), ("amount", "900")]).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/insight/value/costs"));
    assert!(plain.get("/insight/value/costs").await.text.contains("/undo/"));
    let (_, mut agent) = somebody(&app, &router, "agent", "reza").await;
    assert_eq!(agent.get("/insight/value/costs/new").await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.post("/insight/value/costs", &[("amount", "1")]).await.status, StatusCode::FORBIDDEN);
    assert!(agent.get("/insight/value/costs").await.all("tbody tr").is_empty(), "the costs of nobody are not theirs");
}

#[tokio::test]
async fn each_move_between_tiers_leads_to_the_customers_behind_it() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    assert!(browser.get("/insight/value/movement").await.one(".void").contains("Nothing to compare yet"));
    for number in 1..=12 {
        let party = testing::party(&ctx, &format!("Customer {number}")).await;
        let amount = Some((100 * number).to_string());
        let new = NewPurchase { party_id: Some(party), amount, date: Some("2026-06-01".into()), ..NewPurchase::default() };
        ctx.run(purchases::create, new).await.unwrap();
    }
    browser.post("/insight/value/rates", &[("goods", "60")]).await;
    jobs::drain(&app).await.unwrap();
    let page = browser.get("/insight/value/movement").await;
    assert_eq!((page.all("tbody tr").len(), page.all("thead th").len()), (5, 6), "four tiers and none, before and after");
    assert_eq!((page.all("#from option").len(), page.all("#from option[selected]").len()), (5, 1), "as far back as there were purchases");
    let cell =
        page.text.split("/insight/value/moved?").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let behind = browser.get(&format!("/insight/value/moved?{cell}")).await;
    assert_eq!((behind.status, behind.all("tbody tr").len()), (StatusCode::OK, 1));
    assert!(behind.one("tbody tr").contains("Customer 12") && behind.one("h1").contains("Tier 1: best"), "{}", behind.one("h1"));
    let file = browser.get(&format!("/insight/value/moved.csv?{cell}")).await;
    assert_eq!((file.text.lines().count(), file.header("content-type")), (2, "text/csv; charset=utf-8"));
    assert_eq!(browser.get("/insight/value/moved?from=2026-01-01&until=2026-02-01&was=9&became=1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn groups_of_customers_are_compared_and_who_is_too_few_is_told_so() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    ctx.run(users::update, MeChange { digits: Some(Digits::Latin), ..MeChange::default() }).await.unwrap();
    assert!(browser.get("/insight/value/people").await.one(".void").contains("No profit to compare yet"));
    for number in 1..=36 {
        let new = NewParty {
            name: Some(format!("Customer {number}")),
            gender: Some(if number <= 32 { "female" } else { "male" }.into()),
            birth_date: Some("1990-01-01".into()),
            ..NewParty::default()
        };
        let party = ctx.run(party::create, new).await.unwrap().id;
        let new = NewPurchase { party_id: Some(party), amount: Some((100 * number).to_string()), ..NewPurchase::default() };
        ctx.run(purchases::create, new).await.unwrap();
    }
    browser.post("/insight/value/rates", &[("goods", "60")]).await;
    jobs::drain(&app).await.unwrap();
    let page = browser.get("/insight/value/people").await;
    let rows = page.all("tbody tr");
    assert_eq!((rows.len(), page.all(".ci").len()), (2, 1));
    assert!(rows[0].contains("Female") && rows[1].contains("of the \u{2068}30\u{2069} needed"), "{rows:?}");
    assert!(page.text.contains("gender=female") && page.one("[aria-current=true]").contains("Gender"));
    let ages = browser.get("/insight/value/people?by=age").await;
    let age = ages.one("tbody tr");
    assert!(age.contains("35") && age.contains("44"), "{age}");
    let file = browser.get("/insight/value/people.csv?by=gender").await;
    assert_eq!((file.text.lines().count(), file.header("content-type")), (3, "text/csv; charset=utf-8"));
    assert_eq!(browser.get("/insight/value/people?by=shoes").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
