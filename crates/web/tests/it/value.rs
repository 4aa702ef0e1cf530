//! Profits after all that customers cost, from the rates to the decision.

use crate::imports::owner;
use crate::somebody;
use axum::http::StatusCode;
use peyvand_core::Ctx;
use peyvand_core::insight::costs::{self, NewCost};
use peyvand_core::parties::Party;
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
    assert!(browser.get(&party).await.all("#profit").is_empty(), "nothing is guessed");

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
