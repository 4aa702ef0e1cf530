//! Files through the browser's door.

use crate::{Answer, Browser, program};
use axum::http::{Method, StatusCode};
use peyvand_core::platform::tokens::{self, NewToken};
use peyvand_core::platform::{jobs, sessions};
use peyvand_core::{App, Ctx, testing};

async fn owner() -> (App, Ctx, Browser) {
    let (app, router) = program().await;
    let ctx = testing::as_post(&app, "owner", "نگار").await;
    let signed_in = sessions::open(&app, ctx.actor.user().unwrap(), "", "test").await.unwrap();
    let browser = Browser::new(&router).with("cookie", format!("peyvand_session={}", signed_in.token));
    (app, ctx, browser)
}

/// The page that says what the columns of a file mean, and where it is.
async fn mapped(browser: &mut Browser, name: &str, content: &str) -> (String, Answer) {
    let sent = browser.upload("/imports", name, content.as_bytes()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let place = sent.header("location").to_owned();
    let page = browser.get(&place).await;
    (place, page)
}

#[tokio::test]
async fn a_file_without_a_known_column_is_told_so_and_can_be_mapped_by_hand() {
    let (_, _, browser) = owner().await;
    let mut browser = browser.with("accept-language", "fa");
    let (place, page) = mapped(&mut browser, "x.csv", "foo,bar\nسارا,1\n").await;
    assert!(page.one("[role=alert]").contains("foo"), "{}", page.one("[role=alert]"));
    let preview = browser.post(&format!("{place}/preview"), &[("kind", "parties"), ("map.0", "name"), ("map.1", "-")]).await;
    assert!(preview.all("[role=alert]").is_empty() && preview.one(".preview").contains("سارا"), "{}", preview.text);
}

#[tokio::test]
async fn bad_cells_are_told_in_their_row_and_nothing_of_the_rest_is_lost() {
    let (app, ctx, browser) = owner().await;
    let mut browser = browser.with("accept-language", "fa");
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
