//! Cohorts and next products, from a file of purchases to the pages.

use crate::imports::{mapped, owner};
use crate::somebody;
use axum::http::StatusCode;
use peyvand_core::Day;
use peyvand_core::parties::list::{self, ListParties};
use peyvand_core::platform::calendar::Calendar;
use peyvand_core::platform::jobs;
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::platform::users::{self, MeChange};

/// Of 30 customers of each of 20 products, 20 buy the one that goes with it, and half buy something else after that.
fn till() -> String {
    let start: Day = "2026-01-01".parse().unwrap();
    let mut file = "customer,date,product,product name,amount\n".to_owned();
    for number in 0..600_i64 {
        let (kind, turn) = (number % 20, number / 20);
        let next = if turn % 3 < 2 { 2 * kind + 1 } else { 40 + number % 8 };
        let mut line = |days: i64, item: i64| {
            let day = start.plus(days + number % 50);
            file.push_str(&format!("{},{day},P{item:02},Product {item:02},{}\n", 1000 + number, 1000 * (item + 1)));
        };
        line(0, 2 * kind);
        line(60, next);
        if turn % 2 == 0 {
            line(120, 48 + number % 8);
        }
    }
    file
}

/// Without the marks that keep directions apart.
fn plain(text: &str) -> String {
    text.replace(['\u{2066}', '\u{2068}', '\u{2069}'], "")
}

#[tokio::test]
async fn purchases_of_a_file_become_cohorts_and_next_products() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    ctx.run(users::update, MeChange { calendar: Some(Calendar::Gregorian), digits: Some(Digits::Latin), ..MeChange::default() })
        .await
        .unwrap();
    let bare = browser.get("/insight/cohorts").await;
    assert!(bare.one(".void h2").contains("No purchases"), "{}", bare.text);
    assert!(browser.get("/insight/products").await.one(".void h2").contains("on their way"));
    jobs::drain(&app).await.unwrap();
    assert!(browser.get("/insight/products").await.one(".void h2").contains("No product"));

    let (place, _) = mapped(&mut browser, "till.csv", &till()).await;
    let columns = ["customer", "date", "product", "product_name", "amount"];
    let names: Vec<String> = (0..5).map(|at| format!("map.{at}")).collect();
    let mut form = vec![("kind", "purchases"), ("calendar.1", "gregorian")];
    form.extend(names.iter().map(String::as_str).zip(columns));
    let started = browser.post(&format!("{place}/start"), &form).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
    jobs::drain(&app).await.unwrap();

    // Purchases end on 19 June, so June is not over: January to May, of which January and February have newcomers.
    let page = browser.get("/insight/cohorts").await;
    assert!(
        plain(&page.one(".ph .sub")).starts_with("600 customers who first bought from Jan 2026 to Feb 2026"),
        "{}",
        page.one(".ph .sub")
    );
    assert_eq!(page.all(".heat tbody th"), ["Jan 2026 *", "Feb 2026"]);
    assert_eq!(page.all(".heat tbody tr:first-child td").len(), 6, "customers and five months");
    assert_eq!(page.all(".heat tbody tr:first-child td")[..2], ["372", "100%"]);
    assert_eq!(page.all(".heat tbody tr:last-child td").last().unwrap(), "…");
    assert_eq!(page.all(".heat td[title]")[0], "100%");
    let counts = browser.get("/insight/cohorts?months=6&show=count").await;
    assert_eq!(counts.all(".heat tfoot td")[..2], ["600", "600"]);
    // Each cell leads to as many customers as it counts.
    let cells = counts.all(".heat tbody td a");
    let links: Vec<String> = counts
        .text
        .split("<td style=")
        .skip(1)
        .filter_map(|cell| cell.split("</td>").next()?.split("<a href=\"").nth(1)?.split('"').next())
        .map(|href| href.replace("&#38;", "&"))
        .collect();
    assert!(cells.len() > 5 && links.len() == cells.len(), "{links:?}");
    for (count, href) in cells.iter().zip(&links) {
        let counted = plain(&browser.get(&href.replacen("/parties?", "/parties/count?", 1)).await.text);
        assert!(counted.starts_with(&format!("{count} ")), "{href}: {counted} instead of {count}");
        let list = browser.get(href).await;
        assert_eq!((list.status, list.all(".chip").len() >= 2), (StatusCode::OK, true));
    }
    assert!(page.all("svg.ch").len() == 1 && plain(&page.all("#h-repeat + span")[0]).contains("600 of 600"), "everybody came back");
    let file = browser.get("/insight/cohorts.csv?months=12").await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.text.starts_with("\u{feff}\"First purchase\",\"From\"") && file.text.lines().count() == 3, "{}", file.text);
    assert!(file.text.contains("\"Jan 2026\",\"2026-01-01\",\"2026-01-31\",\"372\",\"372\""), "{}", file.text);
    assert_eq!(browser.get("/insight/cohorts?months=99").await.status, StatusCode::UNPROCESSABLE_ENTITY);

    let page = browser.get("/insight/products").await;
    let verdict = plain(&page.one(".note.tone-peste"));
    assert!(verdict.contains("hid the last purchase of 300 customers") && verdict.contains("For 200 of them"), "{verdict}");
    assert!(page.all("tbody td").contains(&"The most certain pair In use".to_owned()), "{}", page.text);
    let of_one = page.text.split("product=").nth(1).unwrap()[..36].to_owned();
    assert!(page.all("td .xs a").iter().any(|told| plain(told) == "20 of 30"), "{:?}", page.all("td .xs a"));
    let pairs = browser.get(&format!("/insight/products?by=certainty&product={of_one}")).await;
    assert_eq!((pairs.status, pairs.all(".chip").len()), (StatusCode::OK, 1));
    let file = browser.get("/insight/products.csv").await;
    assert!(
        file.text.lines().count() > 40 && file.text.contains("\"P04\",\"Product 04\",\"P05\",\"Product 05\",\"20\",\"30\""),
        "{}",
        file.text
    );

    // Each count of a pair leads to those who bought both.
    let both = page.text.split("href=\"/parties?products=").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    assert!(plain(&browser.get(&format!("/parties/count?products={both}")).await.text).starts_with("20 "));
    let list = browser.get(&format!("/parties?products={both}")).await;
    assert!(list.all("#rows tr").len() == 20 && plain(&list.one(".chip")).contains("Product "), "{}", list.one(".chip"));

    // 56 products, the dearest the best.
    let sales = browser.get("/insight/products/sales?span=all").await;
    let classes: Vec<i64> =
        sales.all(".tw[aria-labelledby=h-classes] td:nth-of-type(1)").iter().map(|count| count.parse().unwrap()).collect();
    assert_eq!((classes.len(), classes.iter().sum::<i64>()), (3, 56));
    assert_eq!((sales.all("svg.ch polyline").len(), sales.all("#h-classes").len()), (2, 1));
    let first = sales.all(".tw[aria-labelledby=h-sales] tbody tr:first-of-type td");
    assert!(plain(&first[1]).starts_with("Product ") && first[2] == "A", "{first:?}");
    let of_c = browser.get("/insight/products/sales?span=all&class=c").await;
    assert_eq!((of_c.all(".tw[aria-labelledby=h-sales] tbody tr").len() as i64, of_c.all(".chip").len()), (classes[2], 1));
    let behind = sales.text.split("href=\"/parties?products=").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let counted = plain(&browser.get(&format!("/parties/count?products={behind}")).await.text);
    assert!(counted.starts_with(&format!("{} ", first[7])), "{counted} {first:?}");
    let file = browser.get("/insight/products/sales.csv?span=all").await;
    assert_eq!(file.text.lines().count(), 57);
    assert!(file.text.starts_with("\u{feff}\"Place\",\"Product code\""), "{}", file.text);

    // Who has the first half of a pair is told of the second.
    let all = ctx.run(list::list, ListParties { limit: Some(200), ..ListParties::default() }).await.unwrap();
    let mut boxes = Vec::new();
    for party in all.items.iter().take(60) {
        boxes.extend(browser.get(&format!("/parties/{}", party.id)).await.all("#may-buy"));
    }
    assert!(boxes.iter().any(|told| plain(told).contains("20 of 30 who bought")), "{boxes:?}");
    assert!(boxes.iter().all(|told| plain(told).contains("of customers at least one of 10 suggestions came true")), "{boxes:?}");

    let page = browser.get("/insight/sources").await;
    assert_eq!(page.all("tbody td b"), ["100%"]);
    assert!(plain(&page.one(".ph .sub")).starts_with("0 of 600"), "{}", page.one(".ph .sub"));
    assert_eq!(browser.get("/insight/sources.csv").await.text.lines().count(), 2);

    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    let own = agent.get("/insight/cohorts").await;
    assert_eq!((own.status, own.all(".heat").len(), own.all(".note.tone-saffron li").len()), (StatusCode::OK, 0, 2));
    for file in
        ["/insight/cohorts.csv", "/insight/products.csv", "/insight/sources.csv", "/insight/products/sales", "/insight/products/sales.csv"]
    {
        assert_eq!(agent.get(file).await.status, StatusCode::FORBIDDEN, "{file}");
    }
    let own = agent.get("/insight/products").await;
    assert_eq!((own.all("a[download]").len(), own.text.contains("/insight/products/sales")), (0, false));
}

#[tokio::test]
async fn what_is_bought_in_one_purchase_is_told_with_its_customers() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    ctx.run(users::update, MeChange { calendar: Some(Calendar::Gregorian), digits: Some(Digits::Latin), ..MeChange::default() })
        .await
        .unwrap();
    assert!(browser.get("/insight/products/together").await.one(".void h2").contains("on their way"));
    jobs::drain(&app).await.unwrap();
    assert!(browser.get("/insight/products/together").await.one(".void h2").contains("No product"));
    // Of 100 purchases with tea 82 hold sugar, too; as many again hold neither.
    let mut file = "customer,date,invoice,product,product name,amount\n".to_owned();
    for number in 0..200_i64 {
        let mut line = |code: &str, name: &str| {
            file.push_str(&format!("{},2026-05-{:02},F{number},{code},{name},1000\n", 100 + number % 50, 1 + number % 28));
        };
        if number % 2 == 0 {
            line("T", "Tea");
            if number / 2 < 82 {
                line("S", "Sugar");
            } else {
                line("C", "Cup");
            }
        } else {
            line("X", "Soap");
            line(if number % 4 == 1 { "Y" } else { "Z" }, "Brush");
        }
    }
    let (place, _) = mapped(&mut browser, "till.csv", &file).await;
    let columns = ["customer", "date", "invoice", "product", "product_name", "amount"];
    let names: Vec<String> = (0..6).map(|at| format!("map.{at}")).collect();
    let mut form = vec![("kind", "purchases"), ("calendar.1", "gregorian")];
    form.extend(names.iter().map(String::as_str).zip(columns));
    let started = browser.post(&format!("{place}/start"), &form).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
    jobs::drain(&app).await.unwrap();

    let page = browser.get("/insight/products/together?by=certainty").await;
    let rules = page.all(".tw[aria-labelledby=h-rules] tbody tr");
    let of_tea = rules.iter().position(|rule| plain(rule).starts_with("TeaSugar")).unwrap_or_else(|| panic!("{rules:?}"));
    assert!(plain(&rules[of_tea]).contains("82%82 of 100 purchases"), "{rules:?}");
    let links: Vec<&str> = page.text.split("href=\"/parties?at_once=1").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let behind = format!("/parties/count?at_once=1{}", links[of_tea].replace("&#38;", "&").replace("&amp;", "&"));
    let counted = plain(&browser.get(&behind).await.text);
    assert!(counted.starts_with("25 "), "every second of fifty customers: {counted}");
    let list = browser.get(&behind.replacen("/parties/count", "/parties", 1)).await;
    assert_eq!(list.all(".chip").len(), 2, "products, in one purchase");
    let product = page.text.split("together?by=certainty&amp;product=").nth(1).unwrap()[..36].to_owned();
    let of_one = browser.get(&format!("/insight/products/together?by=certainty&product={product}")).await;
    assert_eq!((of_one.status, of_one.all(".chip").len()), (StatusCode::OK, 1));
    let file = browser.get("/insight/products/together.csv").await;
    assert!(file.text.contains("\"T\",\"Tea\",\"S\",\"Sugar\",\"82\",\"100\",\"0.410000\",\"0.8200\""), "{}", file.text);

    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    assert_eq!(agent.get("/insight/products/together").await.status, StatusCode::OK);
    assert_eq!(agent.get("/insight/products/together.csv").await.status, StatusCode::FORBIDDEN);
}
