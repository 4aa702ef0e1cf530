//! What the numbers say, from a file of purchases to the page.

use crate::imports::{mapped, owner};
use crate::{Browser, somebody};
use axum::http::StatusCode;
use peyvand_core::interactions::{self, LogInteraction};
use peyvand_core::parties::list::{self, ListParties};
use peyvand_core::platform::jobs;
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::platform::users::{self, MeChange};
use peyvand_core::{App, Ctx, Day};

/// Purchases of so many customers in the two years before the day of the test: each with a pace and an end of their own.
pub fn till(customers: u64) -> String {
    let mut state = 7_u64;
    let mut chance = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let start: Day = "2024-11-21".parse().unwrap();
    let mut file = "customer,date,amount\n".to_owned();
    for customer in 0..customers {
        let mut day = chance(400);
        let (pace, end, price) = (10 + chance(80), day + chance(700), 100_000 + chance(900_000));
        while day <= end.min(729) {
            file.push_str(&format!("{},{},{}\n", 1000 + customer, start.plus(day as i64), price + chance(50_000)));
            day += 1 + chance(2 * pace);
        }
    }
    file
}

/// Shows the owner the digits that this test reads.
pub async fn latin(ctx: &Ctx) {
    ctx.run(users::update, MeChange { digits: Some(Digits::Latin), ..MeChange::default() }).await.unwrap();
}

/// Without the marks that keep parts of a sentence apart.
pub fn plain(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

pub async fn brought(app: &App, browser: &mut Browser, file: &str) {
    let (place, _) = mapped(browser, "till.csv", file).await;
    let form = [("kind", "purchases"), ("map.0", "customer"), ("map.1", "date"), ("map.2", "amount"), ("calendar.1", "gregorian")];
    let started = browser.post(&format!("{place}/start"), &form).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
    jobs::drain(app).await.unwrap();
}

/// What a link of the page leads to.
fn href(text: &str, label: &str) -> String {
    let before = text.split(&format!("aria-label=\"{label}")).next().unwrap();
    before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn purchases_of_a_file_become_numbers_that_lead_to_their_customers() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    latin(&ctx).await;
    assert!(browser.get("/insight").await.one(".void h2").contains("on their way"));
    jobs::drain(&app).await.unwrap();
    assert!(browser.get("/insight").await.one(".void h2").contains("No purchases"));

    brought(&app, &mut browser, &till(600)).await;
    let page = browser.get("/insight").await;
    assert!(plain(&page.one(".ph .sub")).starts_with("600 customers"), "{}", page.one(".ph .sub"));
    let cells: Vec<i64> = page.all(".rfmg td a b").iter().map(|count| count.parse().unwrap()).collect();
    assert_eq!((cells.len(), cells.iter().sum::<i64>()), (25, 600));
    assert_eq!((page.all(".dist tbody tr").len(), page.all(".stats .stat").len(), page.all(".rfmg thead th").len()), (10, 4, 5));
    let bars: i64 = page.all(".dist td b").iter().map(|count| count.parse::<i64>().unwrap()).sum();
    assert_eq!(bars, 600);
    assert!(page.all(".how li").iter().any(|line| plain(line).contains("Learned from 600 customers")), "{:?}", page.all(".how li"));

    assert_eq!(page.all("svg.ch polyline").len(), 2);
    let classes = page.all(".tw[aria-labelledby=h-shared] .tb th a");
    assert_eq!(classes, ["A", "B", "C"]);
    let of_class = |class: usize| {
        let links = page.text.split("aria-labelledby=\"h-shared\"").nth(1).unwrap();
        let link = links.split("class=\"lnk\" href=\"").nth(class).unwrap().split('"').next().unwrap();
        link.replace("&#38;", "&").replacen("/parties", "/parties/count", 1)
    };
    let counts = page.all(".tw[aria-labelledby=h-shared] .tb tbody td:nth-of-type(1)");
    for class in 1..=3 {
        let counted = plain(&browser.get(&of_class(class)).await.text);
        assert!(counted.starts_with(&format!("{} ", counts[class - 1])), "{counted} {counts:?}");
    }
    // What the model foresaw of the last quarter stands beside what came.
    let groups: Vec<i64> =
        page.all(".tw[aria-labelledby=h-trial] tbody td:nth-of-type(1)").iter().map(|count| count.parse().unwrap()).collect();
    let said = plain(&page.one("section:has(#h-trial) .body p"));
    assert!(groups.len() == 10 && said.starts_with("Told only what was known on "), "{groups:?} {said}");
    assert!(said.contains(&format!("of {} customers", groups.iter().sum::<i64>())), "{said}");

    // The cell at the top, at the start of the line: recent, frequent, valuable.
    let best = href(&plain(&page.text), &format!("{} Champions", cells[0]));
    assert!(best.contains("recency=5") && best.contains("frequency_value=5"), "{best}");
    let list = browser.get(&best).await;
    assert_eq!((list.status, list.all(".chip").len()), (StatusCode::OK, 2), "{}", list.text);
    assert_eq!(list.all("#rows tr").len() as i64, cells[0].min(50));
    assert!(!list.all("#rows .rfm").is_empty());
    assert!(browser.get(&best.replacen("/parties", "/parties/count", 1)).await.text.contains(&cells[0].to_string()));
    assert_eq!(browser.get("/parties/filters?recency=5").await.all("#recency option[selected]"), ["5"]);

    let customer = page.text.split("href=\"/parties/").find_map(|rest| rest.get(..36).filter(|id| id.matches('-').count() == 4));
    let customer = browser.get(&format!("/parties/{}", customer.unwrap())).await;
    let scores = plain(&customer.one("#scores"));
    assert!(scores.contains("Probability of being active") && scores.contains('%') && scores.contains("600 customers"), "{scores}");

    let asked = browser.post("/insight/refresh", &[]).await;
    assert_eq!(asked.header("location"), "/insight");
    let file = browser.get("/parties/file/export.csv?active_from=0&sort=worth&desc=1&cols=rfm,active,worth").await;
    assert_eq!(file.text.lines().count(), 601);
    assert!(file.text.lines().next().unwrap().contains("Probability of being active"));
}

#[tokio::test]
async fn rhythms_lead_to_their_customers_and_their_file() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    latin(&ctx).await;
    assert!(browser.get("/insight/rhythm").await.one(".void h2").contains("on their way"));
    brought(&app, &mut browser, &till(200)).await;
    let page = browser.get("/insight/rhythm").await;
    let counts: Vec<i64> = page.all(".tw[aria-labelledby=h-habits] tbody b").iter().map(|count| count.parse().unwrap()).collect();
    assert_eq!(counts.iter().sum::<i64>(), 200);
    let names = page.all(".tw[aria-labelledby=h-habits] tbody th a");
    let silent = counts[names.iter().position(|name| name == "Silent").unwrap()];
    assert!(page.text.contains("href=\"/parties?habit=silent&"), "{}", page.text);
    let counted = plain(&browser.get("/parties/count?habit=silent").await.text);
    assert!(counted.starts_with(&format!("{silent} ")), "{counted}");
    let list = browser.get("/parties?habit=silent").await;
    assert_eq!((list.status, plain(&list.one(".chip")).contains("Silent")), (StatusCode::OK, true));
    assert_eq!(browser.get("/parties/filters?habit=silent").await.all("#habit option[selected]"), ["Silent"]);

    let rows = page.all(".tw[aria-labelledby=h-silence] tbody tr").len() as i64;
    assert_eq!(rows, silent.min(30));
    let silences = |page: &crate::Answer| -> Vec<f64> {
        let cells = page.all(".tw[aria-labelledby=h-silence] tbody td:nth-of-type(4)");
        cells.iter().map(|cell| plain(cell).split(' ').next().unwrap().parse().unwrap()).collect()
    };
    let first = silences(&page);
    assert!(first.is_sorted_by(|one, other| one >= other) && first.iter().all(|gaps| *gaps >= 4.0), "{first:?}");
    let file = browser.get("/insight/rhythm.csv?habit=silent").await;
    assert_eq!(file.text.lines().count() as i64, silent + 1);
    let late = browser.get("/insight/rhythm?habit=lapsing").await;
    assert!(silences(&late).iter().all(|gaps| (2.0..=4.0).contains(gaps)));

    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    let own = agent.get("/insight/rhythm").await;
    assert_eq!((own.status, own.all(".void").len()), (StatusCode::OK, 1));
    assert_eq!(agent.get("/insight/rhythm.csv").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_page_of_a_customer_says_what_the_relation_is_like() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    latin(&ctx).await;
    brought(&app, &mut browser, "customer,date,amount\n7,2025-01-10,100\n7,2025-06-10,100\n7,2025-12-10,100\n7,2026-06-10,100\n").await;
    let found = ctx.run(list::list, ListParties::default()).await.unwrap().items[0].id;
    let talk = |reason: &str| LogInteraction { party_id: Some(found), reason: Some(reason.into()), ..LogInteraction::default() };
    let page = browser.get(&format!("/parties/{found}")).await;
    let told = plain(&page.one("#relation"));
    assert!(told.contains("A long (one year) relation") && told.contains("4 purchase days"), "{told}");
    assert!(told.contains("Not enough data for a score") && told.contains("payments are not recorded"), "{told}");
    assert!(plain(&page.one("#scores")).contains("Too early to tell"), "three gaps");
    ctx.run(interactions::log, talk("praise")).await.unwrap();
    let page = browser.get(&format!("/parties/{found}")).await;
    let told = plain(&page.one("#relation"));
    assert!(told.contains(" of 100") && told.contains("Praise: 1, complaints: 0"), "{told}");
    assert!(page.text.contains(&format!("/parties/{found}?kind=interaction#timeline")));
}

#[tokio::test]
async fn needs_lead_to_those_who_have_them() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    latin(&ctx).await;
    assert!(browser.get("/insight/needs").await.one(".void h2").contains("No needs"));
    brought(&app, &mut browser, "customer,date,amount\n7,2025-01-10,100\n8,2025-06-10,100\n").await;
    for party in ctx.run(list::list, ListParties::default()).await.unwrap().items {
        let talk = LogInteraction { party_id: Some(party.id), need: Some("repair".into()), ..LogInteraction::default() };
        ctx.run(interactions::log, talk).await.unwrap();
    }
    let page = browser.get("/insight/needs").await;
    assert_eq!(page.all("tbody td:nth-of-type(2)"), ["2"]);
    assert!(plain(&page.one("tbody td:nth-of-type(5)")).contains("2 of 2"), "nobody has bought since");
    assert_eq!(plain(&browser.get("/parties/count?need=repair").await.text).chars().next(), Some('2'));
    assert!(plain(&browser.get("/parties?need=repair").await.one(".chip")).contains("Repair"));
    assert!(page.text.contains("href=\"/parties?need=repair&"));
    assert_eq!(browser.get("/insight/needs.csv").await.text.lines().count(), 2);
}

#[tokio::test]
async fn a_small_shop_is_told_what_is_missing_and_an_agent_sees_their_own() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    latin(&ctx).await;
    brought(&app, &mut browser, &till(120)).await;
    let page = browser.get("/insight").await;
    assert!(page.all(".rfmg").is_empty());
    let lacks = plain(&page.one(".note ul"));
    assert!(lacks.contains("There are 120 customers with purchases; it takes 500.") && lacks.contains("will be enough on"), "{lacks}");
    assert_eq!(page.all(".dist tbody tr").len(), 10, "the model of purchases is content with a hundred");

    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    let own = agent.get("/insight").await;
    assert_eq!((own.status, own.all(".dist").len(), own.all("form[action='/insight/refresh']").len()), (StatusCode::OK, 0, 0));
    assert_eq!(agent.post("/insight/refresh", &[]).await.status, StatusCode::FORBIDDEN);
}
