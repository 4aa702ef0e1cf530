//! The way of customers through the browser: where they stand, what is missing, a gate that is changed, a relation that ends.

use crate::{program, somebody};
use axum::http::StatusCode;
use peyvand_core::parties::Party;
use peyvand_core::platform::jobs;
use peyvand_core::sales::purchases::{self, NewPurchase};
use peyvand_core::{Ctx, Id, testing};

async fn buyer(ctx: &Ctx, name: &str, days: &[i64]) -> Id<Party> {
    let party = testing::party(ctx, name).await;
    for back in days {
        let date = Some(ctx.today().plus(-back).to_string());
        let new = NewPurchase { party_id: Some(party), date, amount: Some("1000".into()), ..NewPurchase::default() };
        ctx.run(purchases::create, new).await.unwrap();
    }
    jobs::drain(&ctx.app).await.unwrap();
    party
}

#[tokio::test]
async fn a_customer_is_seen_with_what_is_missing_and_a_gate_says_whom_it_moves() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(browser.get("/lifecycle").await.all(".void h2").len(), 1, "the first visit says what comes");
    let party = buyer(&ctx, "زهرا", &[80, 40]).await;
    let page = browser.get("/lifecycle").await;
    assert!(page.one(".card .ev").contains("تکرار خرید دیگر"), "{}", page.one(".card .ev"));
    assert_eq!(page.all(".stages .stage").len(), 4);
    let drawn = (page.all("svg.ch .flow").len(), page.all("svg.ch .node").len(), page.all("#lifecycle details .tb tbody tr").len());
    assert!(drawn.0 > 0 && drawn.1 > drawn.0 && drawn.2 > 0, "the picture and its table: {drawn:?}");
    assert_eq!(page.all("#stages tbody tr").len(), 4);
    assert!(page.one("#stages").contains("داده کافی نیست"), "of so few nothing is told: {}", page.one("#stages"));
    let own = browser.get(&format!("/parties/{party}")).await;
    assert!(own.one("#way").contains("واقعی") && own.one(".hero .bd").contains("واقعی"));
    let list = browser.get("/lifecycle/people?list=gate&gate=g12").await;
    assert_eq!(list.all("tbody tr").len(), 1);

    let all = |repeats: &'static str| {
        vec![
            ("repeats", repeats),
            ("plain_repeats", "۱"),
            ("exposure_days", "30"),
            ("csat_min", "4"),
            ("nps_min", "7"),
            ("quiet_days", "180"),
            ("dwell_days", "30"),
            ("refunded_percent", "50"),
        ]
    };
    let with = |repeats, more: &[(&'static str, &'static str)]| all(repeats).into_iter().chain(more.iter().copied()).collect::<Vec<_>>();
    let told = browser.post("/lifecycle/gates/g12", &with("۱", &[("preview", "1")])).await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.one(".note").contains("وفادار") && told.one("#repeats").is_empty());
    let refused = browser.post("/lifecycle/gates/g12", &with("۱۳", &[("note", "چرا")])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.all("#repeats-e").len(), 1);
    let without = browser.post("/lifecycle/gates/g12", &with("1", &[])).await;
    assert_eq!(without.all("#note-e").len(), 1, "it asks why");
    let done = browser.post("/lifecycle/gates/g12", &with("1", &[("note", "در کار ما یک بار بس است")])).await;
    assert_eq!(done.header("location"), "/lifecycle/gates");
    assert!(browser.get("/lifecycle/gates").await.text.contains("در کار ما یک بار بس است"));
    jobs::drain(&app).await.unwrap();
    let way = browser.get(&format!("/parties/{party}/lifecycle")).await;
    assert!(way.one(".ph .bd").contains("وفادار"), "{}", way.one(".ph .bd"));
}

#[tokio::test]
async fn a_relation_is_ended_with_its_reason_taken_back_and_hidden_from_who_may_not_see_it() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let party = buyer(&ctx, "زهرا", &[10]).await;
    let here = format!("/parties/{party}/lifecycle");
    let refused = browser.post(&here, &[("decision", "end")]).await;
    assert_eq!((refused.status, refused.all("#reason-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let ended = browser.post(&here, &[("decision", "end"), ("reason", "moved")]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    let page = browser.get(&here).await;
    assert!(page.one(".ph .bd").contains("پایان‌یافته"), "{}", page.one(".ph .bd"));
    assert_eq!(page.all("input[name=decision][value=resume]").len(), 1);
    let resumed = browser.post(&here, &[("decision", "resume")]).await;
    assert_eq!(resumed.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&here).await.one(".ph .bd").contains("واقعی"));
    assert_eq!(browser.post(&here, &[("decision", "dance")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, mut agent) = somebody(&app, &router, "agent", "سارا").await;
    assert_eq!(agent.get(&here).await.status, StatusCode::NOT_FOUND);
    assert_eq!(agent.get("/lifecycle/gates/g12").await.status, StatusCode::FORBIDDEN);
}
