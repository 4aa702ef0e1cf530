//! One customer: the page, writing down what passed, noting what is known.

use crate::{Browser, program};
use axum::http::StatusCode;
use peyvand_core::parties::check::NewParty;
use peyvand_core::platform::sessions;
use peyvand_core::sales::purchases::{self, NewPurchase};
use peyvand_core::{App, Ctx, testing};

async fn somebody(app: &App, router: &axum::Router, post: &str, name: &str) -> (Ctx, Browser) {
    let ctx = testing::as_post(app, post, name).await;
    let signed_in = sessions::open(app, ctx.actor.user().unwrap(), "", "test").await.unwrap();
    (ctx, Browser::new(router).with("cookie", format!("peyvand_session={}", signed_in.token)))
}

async fn customer(ctx: &Ctx, name: &str) -> String {
    let new = NewParty {
        name: Some(name.into()),
        mobile: Some("09125550142".into()),
        national_id: Some("0084575948".into()),
        ..NewParty::default()
    };
    ctx.run(peyvand_core::parties::party::create, new).await.unwrap().id.to_string()
}

#[tokio::test]
async fn what_passed_is_written_down_and_stands_in_the_story() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let party = customer(&ctx, "حامد یزدانی").await;
    let page = browser.get(&format!("/parties/{party}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.one("h1").contains("حامد یزدانی"));
    assert!(page.one("#contacts").contains("۰۹۱۲"));
    assert!(!page.text.contains("0084575948"));
    let sent =
        [("party", party.as_str()), ("channel", "phone"), ("text", "قیمت تازه را پرسید"), ("need", "training"), ("next_what", "پیش‌فاکتور")];
    assert_eq!(browser.post("/interactions", &sent).await.header("location"), format!("/parties/{party}"));
    let page = browser.get(&format!("/parties/{party}")).await;
    assert!(page.one("#timeline").contains("قیمت تازه را پرسید"));
    assert!(page.one("#known").contains("آموزش"));
    assert!(page.one("#next").contains("پیش‌فاکتور"));
    let only = browser.get(&format!("/parties/{party}?kind=purchase")).await;
    assert!(!only.one("#timeline").contains("قیمت تازه را پرسید"));

    let mut htmx = browser.with("hx-request", "true");
    let empty = htmx.post("/interactions", &[("party", &party), ("compose", "1"), ("channel", "note")]).await;
    assert_eq!((empty.status, empty.all(".err").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let logged = htmx.post("/interactions", &[("party", &party), ("compose", "1"), ("channel", "note"), ("text", "یادداشت")]).await;
    assert!(logged.header("hx-trigger").contains("live:timeline"));
    assert!(htmx.get(&format!("/parties/{party}?part=timeline")).await.text.contains("یادداشت"));
}

#[tokio::test]
async fn a_ready_made_word_is_known_by_its_label_and_a_relation_by_both_sides() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let (party, other) = (customer(&ctx, "سارا").await, testing::party(&ctx, "کلینیک لبخند").await.to_string());
    let known = [("kind", "trait"), ("text", "كيفيت مهم‌تر از قيمت"), ("confidence", "high")];
    browser.post(&format!("/parties/{party}/preferences/new"), &known).await;
    assert!(browser.get(&format!("/parties/{party}")).await.one(".prot").contains("کیفیت مهم‌تر از قیمت"));
    let related = [("other", other.as_str()), ("kind", "employee_of~")];
    assert_eq!(browser.post(&format!("/parties/{party}/relations/new"), &related).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&format!("/parties/{party}")).await.one("#relations").contains("کارفرمای"));
    assert!(browser.get(&format!("/parties/{other}")).await.one("#relations").contains("کارمندِ"));
    assert!(browser.get("/parties/options?party_text=سارا").await.one("li[role=option]").contains("سارا"));
}

#[tokio::test]
async fn a_colleagues_customer_and_hidden_rooms_are_not_shown() {
    let (app, router) = program().await;
    let (owner, _) = somebody(&app, &router, "owner", "نگار").await;
    let (agent, mut browser) = somebody(&app, &router, "agent", "سارا").await;
    let theirs = customer(&owner, "حامد").await;
    assert_eq!(browser.get(&format!("/parties/{theirs}")).await.status, StatusCode::NOT_FOUND);
    let mine = testing::party(&agent, "مریم").await;
    let buy = NewPurchase { party_id: Some(mine), invoice: Some("F-1".into()), amount: Some("1000".into()), ..NewPurchase::default() };
    agent.run(purchases::create, buy).await.unwrap();
    let page = browser.get(&format!("/parties/{mine}")).await;
    assert!(page.one("#timeline").contains("F-1"));
    assert_eq!(page.all("form[action$=archive]").len(), 0);
}
