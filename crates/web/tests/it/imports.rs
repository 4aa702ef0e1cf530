//! Files through the browser's door.

use crate::{Answer, Browser, program};
use axum::http::{Method, StatusCode};
use peyvand_core::platform::text::Lang;
use peyvand_core::platform::tokens::{self, NewToken};
use peyvand_core::platform::users::{self, MeChange};
use peyvand_core::platform::{jobs, sessions};
use peyvand_core::sales::purchases::{self, ListPurchases};
use peyvand_core::{App, Ctx, testing};

/// The owner, who reads in a language, and their browser.
pub async fn owner(lang: Lang) -> (App, Ctx, Browser) {
    let (app, router) = program().await;
    let ctx = testing::as_post(&app, "owner", "نگار").await;
    ctx.run(users::update, MeChange { lang: Some(lang), ..MeChange::default() }).await.unwrap();
    let signed_in = sessions::open(&app, ctx.actor.user().unwrap(), "", "test").await.unwrap();
    let browser = Browser::new(&router).with("cookie", format!("peyvand_session={}", signed_in.token));
    (app, ctx, browser)
}

/// The page that says what the columns of a file mean, and where it is.
pub async fn mapped(browser: &mut Browser, name: &str, content: &str) -> (String, Answer) {
    let sent = browser.upload("/imports", name, content.as_bytes()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let place = sent.header("location").to_owned();
    let page = browser.get(&place).await;
    (place, page)
}

/// The options of a selector on the page, the chosen one first.
fn options(page: &Answer, name: &str) -> Vec<String> {
    let mut all = page.all(&format!("select[name='{name}'] option[selected]"));
    all.extend(page.all(&format!("select[name='{name}'] option:not([selected])")));
    all
}

#[tokio::test]
async fn what_is_no_table_is_refused_in_the_readers_words_and_leaves_nothing() {
    let bomb = {
        // A hundred and sixty million times the same letter.
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..2500 {
            std::io::Write::write_all(&mut gzip, &[b'A'; 1 << 16]).unwrap();
        }
        gzip.finish().unwrap()
    };
    let cases: [(&str, &[u8], [&str; 3]); 4] = [
        ("empty.csv", b"", ["هیچ ردیفی", "أي صف", "not one row"]),
        ("photo.xlsx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0", ["جدول نیست", "ليس جدولًا", "not a table"]),
        ("page.xls", b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>", ["صفحه", "صفحة", "web page"]),
        ("bomb.csv.gz", &bomb, ["خیلی بزرگ‌تر", "أكبر بكثير", "far larger"]),
    ];
    for (position, lang) in [Lang::Fa, Lang::Ar, Lang::En].into_iter().enumerate() {
        let (_, _, mut browser) = owner(lang).await;
        for (name, content, words) in &cases {
            let answer = browser.upload("/imports", name, content).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
            assert!(answer.one("[role=alert]").contains(words[position]), "{lang:?} {name}: {}", answer.one("[role=alert]"));
        }
        assert!(browser.get("/imports").await.all("tbody tr").is_empty());
    }
}

#[tokio::test]
async fn days_that_may_be_read_in_two_ways_are_asked_about_and_stored_as_chosen() {
    let (app, ctx, mut browser) = owner(Lang::En).await;
    let file = "customer,date,amount\n77,03/04/2024,5000\n78,05/06/2024,900\n";
    let (place, page) = mapped(&mut browser, "till.csv", file).await;
    let ways = options(&page, "order.1");
    assert_eq!(ways.len(), 2, "{ways:?}");
    assert!(ways[0].contains("Day, month, year") && ways[0].contains("03/04/2024"), "{ways:?}");
    let form = [("kind", "purchases"), ("map.0", "customer"), ("map.1", "date"), ("map.2", "amount"), ("calendar.1", "gregorian")];
    let chosen = [&form[..], &[("order.1", "mdy")]].concat();
    let page = browser.post(&format!("{place}/preview"), &chosen).await;
    assert!(options(&page, "order.1")[0].contains("Month, day, year"), "{:?}", options(&page, "order.1"));
    browser.post(&format!("{place}/start"), &chosen).await;
    jobs::drain(&app).await.unwrap();
    let bought = ctx.run(purchases::list, ListPurchases::default()).await.unwrap();
    let days: Vec<String> = bought.items.iter().map(|purchase| purchase.day.to_string()).collect();
    assert_eq!(days, ["2024-05-06", "2024-03-04"]);

    let (_, settled) = mapped(&mut browser, "till.csv", "customer,date,amount\n77,13/04/2024,5000\n").await;
    assert!(options(&settled, "order.1").is_empty(), "the value itself says which is the day");
}

#[tokio::test]
async fn amounts_are_shown_in_the_unit_that_is_chosen_before_they_come_in() {
    let (app, ctx, mut browser) = owner(Lang::Fa).await;
    let (place, page) = mapped(&mut browser, "till.csv", "customer,date,amount\n77,2024-04-13,255000\n").await;
    assert_eq!(options(&page, "currency")[0], "تومان");
    assert!(page.text.contains("۲۵۵٬۰۰۰") && !page.text.contains("۲۵٬۵۰۰"), "{}", page.text);
    let form = [("kind", "purchases"), ("map.0", "customer"), ("map.1", "date"), ("map.2", "amount"), ("currency", "IRT")];
    browser.post(&format!("{place}/start"), &form).await;
    jobs::drain(&app).await.unwrap();
    let bought = ctx.run(purchases::list, ListPurchases::default()).await.unwrap();
    assert_eq!(bought.items[0].gross_minor, 255_000_000, "in hundredths of a rial");
}

#[tokio::test]
async fn a_file_without_a_known_column_is_told_so_and_can_be_mapped_by_hand() {
    let (_, _, mut browser) = owner(Lang::Fa).await;
    let (place, page) = mapped(&mut browser, "x.csv", "foo,bar\nسارا,1\n").await;
    assert!(page.one("[role=alert]").contains("foo"), "{}", page.one("[role=alert]"));
    let preview = browser.post(&format!("{place}/preview"), &[("kind", "parties"), ("map.0", "name"), ("map.1", "-")]).await;
    assert!(preview.all("[role=alert]").is_empty() && preview.one(".preview").contains("سارا"), "{}", preview.text);
}

#[tokio::test]
async fn while_a_file_comes_in_its_page_is_told_how_far_it_is_and_then_shown_anew() {
    let (app, _, mut browser) = owner(Lang::En).await;
    let (place, _) = mapped(&mut browser, "customers.csv", "First name\nZahra\n").await;
    browser.post(&format!("{place}/start"), &[("kind", "parties"), ("map.0", "first_name")]).await;
    let mut htmx = browser.with("hx-request", "true");
    let progress = htmx.get(&format!("{place}/progress")).await;
    assert_eq!((progress.header("hx-redirect"), progress.all("progress").len()), ("", 1), "{}", progress.text);
    assert_eq!(progress.all(&format!("[hx-get='{place}/progress']")).len(), 1, "it asks again: {}", progress.text);
    jobs::drain(&app).await.unwrap();
    assert_eq!(htmx.get(&format!("{place}/progress")).await.header("hx-redirect"), place);
}

#[tokio::test]
async fn bad_cells_are_told_in_their_row_and_nothing_of_the_rest_is_lost() {
    let (app, ctx, mut browser) = owner(Lang::Fa).await;
    let long = "آ".repeat(200_000);
    let file = format!(
        "name,name,mobile,birth_date\n{long},,09125550141,\n\u{202E}سارا\u{202C} محم\u{202D}دی,,09125550142,\nرضا,,09125550143,1403/12/31\n=HYPERLINK(\"http://x\"),,09125550144,1403/1/1\n"
    );
    let (place, page) = mapped(&mut browser, "bad.csv", &file).await;
    assert!(page.one(".note.tone-saffron").contains("name (2)"), "a header given twice is told");
    assert!(page.text.len() < 100_000, "the page shows the beginning of a long text");
    browser.post(&format!("{place}/start"), &[("map.0", "name"), ("map.1", "-"), ("map.2", "mobile"), ("map.3", "birth_date")]).await;
    jobs::drain(&app).await.unwrap();
    let shown = browser.get(&place).await;
    let told = shown.all("tbody tr").join("\n");
    assert_eq!(shown.all("tbody tr").len(), 2, "{told}");
    assert!(told.contains("بلند") && told.contains("روز"), "{told}");
    let known = ctx.run(peyvand_core::parties::list::list, Default::default()).await.unwrap();
    let mut names: Vec<&str> = known.items.iter().map(|party| party.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["=HYPERLINK(\"http://x\")", "سارا محمدی"]);
    let csv = browser.get(&format!("{place}/rejects.csv")).await.text;
    assert!(csv.contains(&long) && csv.contains("1403/12/31"), "what was refused can be corrected and brought in again");
    let exported = browser.get("/parties/file/export.csv").await.text;
    assert!(exported.contains("'=HYPERLINK") && !exported.contains(",=HYPERLINK"), "{exported}");
}

#[tokio::test]
async fn a_purchase_whose_code_is_refused_comes_in_and_its_row_is_listed() {
    for (lang, words) in [(Lang::Fa, "کدش به کار نرفت"), (Lang::Ar, "لم يُستعمل الرمز"), (Lang::En, "the code was not used")]
    {
        let (app, ctx, mut browser) = owner(lang).await;
        let file = "invoice,date,customer,amount,coupon code\n1,2024-05-01,77,5,12345\n2,2024-05-01,78,5,\n";
        let (place, page) = mapped(&mut browser, "till.csv", file).await;
        assert_eq!(page.all("select[name='map.4'] option[value=code][selected]").len(), 1, "{}", page.text);
        assert_eq!(page.all("td.bad").len(), 1, "the cell says what is wrong with the code");
        browser
            .post(
                &format!("{place}/start"),
                &[
                    ("kind", "purchases"),
                    ("map.0", "invoice"),
                    ("map.1", "date"),
                    ("map.2", "customer"),
                    ("map.3", "amount"),
                    ("map.4", "code"),
                ],
            )
            .await;
        jobs::drain(&app).await.unwrap();
        let page = browser.get(&place).await;
        assert!(page.one("#noted h2").contains(words), "{}", page.text);
        assert_eq!((page.all("#noted tbody tr").len(), page.all("#rejects").len()), (1, 0));
        let csv = browser.get(&format!("{place}/noted.csv")).await;
        assert_eq!(csv.text.lines().count(), 2);
        assert_eq!(ctx.run(purchases::list, ListPurchases::default()).await.unwrap().items.len(), 2);
    }
}

#[tokio::test]
async fn a_program_is_told_the_same_of_the_same_values() {
    let (app, router) = program().await;
    let ctx = testing::as_post(&app, "owner", "نگار").await;
    let new = NewToken { name: "shop".into(), scopes: None, days: None };
    let token = tokens::create_token(&app, "نگار@example.ir", new).await.unwrap().token;
    let mut program = Browser::new(&router).with("authorization", format!("Bearer {token}")).with("accept-language", "fa");
    let long = "آ".repeat(1 << 19);
    let cases = [
        (serde_json::json!({"name": long}), "name"),
        (serde_json::json!({"name": "رضا", "birth_date": "1403/12/31"}), "birth_date"),
        (serde_json::json!({"name": "رضا", "mobile": "0912"}), "mobile"),
    ];
    for (body, field) in cases {
        let answer = program.json(Method::POST, "/api/v1/parties", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        let problem = &answer.json()["problems"][0];
        assert_eq!(problem["field"], field, "{}", answer.text);
        assert!(problem["message"].as_str().unwrap().chars().any(|c| ('آ'..='ی').contains(&c)), "in the caller's language: {problem}");
        assert!(answer.text.len() < 10_000, "what was sent is not sent back");
    }
    let turned = serde_json::json!({"name": "\u{202E}سارا\u{202C} محم\u{202D}دی"});
    assert_eq!(program.json(Method::POST, "/api/v1/parties", &turned).await.json()["name"], "سارا محمدی");
    let negative = serde_json::json!({"product": "A", "amount": "-99999999999999999999999"});
    let answer = program.json(Method::POST, "/api/v1/purchases", &negative).await;
    assert_eq!((answer.status, &answer.json()["problems"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &serde_json::json!("amount")));
    let known = ctx.run(peyvand_core::parties::list::list, Default::default()).await.unwrap();
    assert_eq!(known.items.len(), 1, "nothing of what was refused is stored");
}
