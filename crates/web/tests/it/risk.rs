//! Who may leave, from a file of purchases to what was done about it.

use crate::imports::owner;
use crate::insight::{brought, latin, plain, till};
use crate::{id_after, somebody, undo_of};
use axum::http::StatusCode;
use peyvand_core::insight::rates::{self, RateItem, SetRate, SetRates};
use peyvand_core::platform::jobs;
use peyvand_core::platform::text::Lang;
use peyvand_core::sales::purchases::{self, NewPurchase};

#[tokio::test]
async fn who_may_leave_is_listed_with_reasons_and_what_was_done_shows_who_came_back() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    latin(&ctx).await;
    assert!(browser.get("/insight/risk").await.one(".void h2").contains("on their way"));
    brought(&app, &mut browser, &till(600)).await;

    let page = browser.get("/insight/risk").await;
    assert!(plain(&page.one(".ph .sub")).contains("learned from 600 customers"), "{}", page.text);
    let customers: usize = page.one(".stats .stat .v bdi").parse().unwrap();
    assert!(customers > 30 && customers < 500, "{customers}");
    assert_eq!(page.all("#risk-rows tbody tr").len(), 30);
    let bands: usize =
        page.all(".tw[aria-labelledby=h-bands] tbody td:nth-of-type(2)").iter().map(|count| count.parse::<usize>().unwrap()).sum();
    assert_eq!(bands, 600);
    assert!(page.all(".stack .body p").iter().any(|line| plain(line).starts_with("Told only what was known on ")));
    let next = page.text.split("href=\"/insight/risk?after=").nth(1).unwrap().split('"').next().unwrap();
    let second = browser.get(&format!("/insight/risk?after={next}")).await;
    assert_ne!(second.all("#risk-rows tbody b")[0], page.all("#risk-rows tbody b")[0]);
    let file = browser.get("/insight/risk.csv").await;
    assert_eq!(file.text.lines().count(), customers + 1);

    let names = page.all(".tw[aria-labelledby=h-reasons] tbody th a");
    let counts = page.all(".tw[aria-labelledby=h-reasons] tbody td b");
    let late = names.iter().position(|name| name == "Late against their own rhythm").unwrap();
    let late_page = browser.get("/insight/risk?reason=overdue").await;
    let why = late_page.all("#risk-rows tbody td:nth-of-type(2)");
    assert_eq!(why.len(), counts[late].parse::<usize>().unwrap().min(30));
    assert!(why.iter().all(|why| plain(why).contains("No purchase for ")), "{why:?}");
    assert_eq!(late_page.all("select[name=reason] option[selected]"), ["Late against their own rhythm"]);

    let party = id_after(&page, "saves/new?party=");
    let form = browser.get(&format!("/insight/risk/saves/new?party={party}")).await;
    assert_eq!((form.status, form.all("option[value=apology]").len()), (StatusCode::OK, 1));
    let user = ctx.actor.user().unwrap().to_string();
    let fields = |kind: &'static str| {
        vec![
            ("party", party.clone()),
            ("settled", "1".into()),
            ("kind", kind.into()),
            ("date", "2026-11-20".into()),
            ("done_by", user.clone()),
        ]
    };
    let wrong = fields("other");
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = browser.post("/insight/risk/saves", &wrong).await;
    assert_eq!((refused.status, refused.all("#note-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let right = fields("call");
    let right: Vec<(&str, &str)> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = browser.post("/insight/risk/saves", &right).await;
    assert_eq!(done.header("location"), "/insight/risk/saves");
    let list = browser.get("/insight/risk/saves").await;
    assert!(plain(&list.one("#saves tbody td .bd")).starts_with("not yet"), "{}", list.text);
    assert!(plain(&browser.get("/insight/risk").await.text).contains("Call, "));
    let new = NewPurchase { party_id: Some(party.parse().unwrap()), amount: Some("10".into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
    let list = browser.get("/insight/risk/saves").await;
    assert_eq!(plain(&list.one("#saves tbody td .bd")), "came back after a day");
    let id = id_after(&list, "action=\"/insight/risk/saves/");
    browser.post(&format!("/insight/risk/saves/{id}/remove"), &[]).await;
    let gone = browser.get("/insight/risk/saves").await;
    assert_eq!(gone.all("#saves .void").len(), 1);
    browser.post(&undo_of(&gone), &[]).await;
    assert_eq!(browser.get("/insight/risk/saves").await.all("#saves tbody td .bd").len(), 1);

    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    let own = agent.get("/insight/risk").await;
    assert_eq!((own.status, own.all("#risk-rows tbody tr").len(), own.all("select[name=owner]").len()), (StatusCode::OK, 0, 0));
    assert_eq!(agent.get("/insight/risk.csv").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_small_shop_is_told_why_nobody_is_listed() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    latin(&ctx).await;
    brought(&app, &mut browser, &till(20)).await;
    let page = browser.get("/insight/risk").await;
    assert_eq!((page.all("#risk-rows").len(), page.all(".note").len()), (0, 1));
    assert!(plain(&page.one(".note ul")).contains("it takes"), "{}", page.text);
}

#[tokio::test]
async fn relations_are_ranked_and_months_stand_beside_the_year_before() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    latin(&ctx).await;
    assert!(browser.get("/insight/value/relations").await.one(".void p").contains("goods"));
    brought(&app, &mut browser, &till(600)).await;
    let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
    ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
    jobs::drain(&app).await.unwrap();

    let page = browser.get("/insight/value/relations").await;
    assert_eq!(page.all("#ranking-rows tbody tr").len(), 50, "{}", page.text);
    let worth = |file: &crate::Answer| -> Vec<f64> {
        file.text.lines().skip(1).map(|line| line.split("\",\"").nth(4).unwrap().parse().unwrap()).collect()
    };
    let file = browser.get("/insight/value/relations.csv?by=worth").await;
    assert!(worth(&file).len() > 300 && worth(&file).is_sorted_by(|one, other| one >= other));
    assert!(worth(&browser.get("/insight/value/relations.csv?by=worth&least=true").await).is_sorted());
    assert_eq!((page.one(".stats .v bdi"), page.all("nav a[aria-current=true]").len()), ("not known".to_owned(), 1));
    assert!(browser.get("/insight/value/relations?by=hour").await.text.contains("Nobody is in this order yet"), "no minute was noted");
    let party = id_after(&page, "/insight/value/relations/");
    let path = format!("/insight/value/relations/{party}/spending");
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    let refused = browser.post(&path, &[("amount", "5000")]).await;
    assert_eq!((refused.status, refused.all("#stated_by-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let stated = browser.post(&path, &[("amount", "9000000000"), ("stated_by", "their buyer")]).await;
    assert_eq!(stated.header("location"), "/insight/value/relations");
    let page = browser.get("/insight/value/relations").await;
    assert!(page.one(".stats .v bdi").ends_with('%'));
    assert!(plain(&page.one("#ranking-rows tbody tr")).contains("said by their buyer"), "{}", page.one("#ranking-rows tbody tr"));
    assert!(browser.get("/insight/value/relations.csv?by=worth").await.text.contains("their buyer"));

    let page = browser.get("/insight/trend").await;
    let months = page.all(".tw[aria-labelledby=h-months] tbody tr");
    assert_eq!((months.len(), page.all("svg.ch polyline").len()), (12, 2));
    assert!(plain(&months[0]).contains("a year before"), "{}", months[0]);
    assert!((24..=25).contains(&browser.get("/insight/trend.csv").await.text.lines().count()));
    let page = browser.get("/insight/sources/keeping").await;
    assert!(!page.all(".tw[aria-labelledby=h-keeping] tbody tr").is_empty(), "{}", page.text);
    assert_eq!(page.one(".stats .v bdi"), "–", "nothing was spent on a source");
    assert!(browser.get("/insight/sources/keeping.csv").await.text.lines().count() > 10);

    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    for path in ["/insight/trend", "/insight/sources/keeping"] {
        let own = agent.get(path).await;
        assert_eq!((own.status, own.all("tbody tr").len()), (StatusCode::OK, 0), "{path}");
    }
}
