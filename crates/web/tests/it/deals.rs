//! Opportunities from the first word to why they were lost, and what the numbers say of them.

use crate::imports::owner;
use crate::{Browser, id_after, program, somebody, undo_of};
use axum::http::StatusCode;
use peyvand_core::platform::money::MoneyUnit;
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::platform::users::{self, MeChange};
use peyvand_core::testing;

/// A text without the marks that keep what is filled into a sentence in its own direction.
fn plain(text: &str) -> String {
    text.replace(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'], "")
}

async fn written(browser: &mut Browser, party: &str, title: &str, amount: &str) -> String {
    let sent = [("party", party), ("settled", "1"), ("title", title), ("amount", amount)];
    let made = browser.post("/opportunities", &sent).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, format!("/parties/{party}").as_str()));
    id_after(&browser.get(&format!("/opportunities?party={party}")).await, "id=\"o-")
}

#[tokio::test]
async fn an_opportunity_is_written_down_lost_for_a_reason_and_opened_again() {
    let (_, ctx, mut browser) = owner(Lang::En).await;
    let shown = MeChange { digits: Some(Digits::Latin), money_unit: Some(MoneyUnit::Currency), ..MeChange::default() };
    ctx.run(users::update, shown).await.unwrap();
    let party = testing::party(&ctx, "Sara").await.to_string();
    assert!(browser.get("/opportunities").await.one(".void h2").contains("No open opportunity"));
    let form = browser.get(&format!("/opportunities/new?party={party}")).await;
    assert!(form.one(".dlg-h h2").contains("Sara") && form.all("select[name=competitor] option").len() == 5);
    let wrong = browser.post("/opportunities", &[("party", &party), ("settled", "1"), ("title", ""), ("amount", "abc")]).await;
    assert_eq!((wrong.status, wrong.all(".err").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let id = written(&mut browser, &party, "Grinder", "1,200").await;
    let list = browser.get("/opportunities").await;
    assert_eq!(list.all("tbody tr td.num"), ["1,200"]);
    let customer = browser.get(&format!("/parties/{party}")).await;
    assert!(customer.one("#deals li").contains("Grinder") && customer.one("#timeline").contains("Grinder"));

    let close = format!("/opportunities/{id}/close/lost");
    let form = browser.get(&close).await;
    assert!(form.text.contains("name=\"amount\" value=\"1200\"") && form.one("select[name=reason]").contains("Price"));
    let wrong = browser.post(&close, &[("amount", "1200")]).await;
    assert_eq!((wrong.status, wrong.one(".err")), (StatusCode::UNPROCESSABLE_ENTITY, "Say why it was not sold.".into()));
    let mut htmx = browser.with("hx-request", "true");
    let sent = [("reason", "price"), ("amount", "1300"), ("competitor", "online_shop"), ("offer", "10 % less")];
    let lost = htmx.post(&close, &sent).await;
    assert_eq!(lost.status, StatusCode::OK);
    assert!(lost.header("hx-trigger").contains("live:parties") && plain(&lost.text).contains("“Grinder” lost"));
    let row = plain(&htmx.get("/opportunities?view=lost&reason=price").await.one("tbody tr"));
    assert!(row.contains("1,300") && row.contains("Price") && row.contains("Online shop: “10 % less”"), "{row}");
    let told = plain(&htmx.get(&format!("/parties/{party}?part=timeline")).await.text);
    assert!(told.contains("Not sold") && told.contains("Reason: Price") && told.contains("1,300"), "{told}");
    assert_eq!(htmx.get("/opportunities").await.all("tbody tr").len(), 0);
    assert_eq!(htmx.post(&undo_of(&lost), &[]).await.status, StatusCode::OK);
    assert_eq!(htmx.get("/opportunities").await.all("tbody tr td.num"), ["1,200"], "as it was");

    htmx.post(&format!("/opportunities/{id}/close/won"), &[("amount", "1200")]).await;
    assert_eq!(htmx.get("/opportunities?view=won").await.all("tbody tr").len(), 1);
    assert_eq!(htmx.get(&format!("/opportunities/{id}/close/open")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(htmx.post(&format!("/opportunities/{id}/close/open"), &[]).await.status, StatusCode::OK);
    let edit = format!("/opportunities/{id}/edit");
    assert!(htmx.get(&edit).await.text.contains("value=\"Grinder\""));
    let changed = htmx.post(&edit, &[("title", "Two grinders"), ("amount", "")]).await;
    assert_eq!(changed.status, StatusCode::OK);
    let row = htmx.get("/opportunities?view=all").await.one("tbody tr");
    assert!(row.contains("Two grinders") && row.contains('–') && row.contains("Open"), "{row}");
    assert_eq!(htmx.post(&edit, &[("title", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_ended_leads_from_its_figure_to_its_opportunities() {
    let (_, ctx, mut browser) = owner(Lang::En).await;
    ctx.run(users::update, MeChange { digits: Some(Digits::Latin), ..MeChange::default() }).await.unwrap();
    for page in ["/insight/conversion", "/insight/competitors"] {
        assert_eq!(browser.get(page).await.all(".void h2").len(), 1, "{page}");
    }
    let party = testing::party(&ctx, "Sara").await.to_string();
    for number in 0..18 {
        let id = written(&mut browser, &party, &format!("Grinder {number}"), "100").await;
        let (end, sent) = match number % 3 {
            0 => ("won", vec![("amount", "100"), ("competitor", "local_shop")]),
            1 => ("lost", vec![("amount", "100"), ("reason", "price"), ("competitor", "local_shop"), ("offer", "Free delivery")]),
            _ => ("lost", vec![("reason", "postponed")]),
        };
        assert_eq!(browser.post(&format!("/opportunities/{id}/close/{end}"), &sent).await.status, StatusCode::SEE_OTHER);
        if number == 3 {
            let early = browser.get("/insight/conversion").await;
            let lacks = plain(&early.one(".note"));
            assert!(lacks.contains("4 opportunities were closed; it takes 10"), "{lacks}");
            assert!(early.all("tbody b").is_empty(), "no share of four");
        }
    }
    let page = browser.get("/insight/conversion").await;
    assert_eq!(page.all("nav.tabs [aria-current]"), ["Conversion"]);
    let sentence = plain(&page.one(".note.tone-teal"));
    assert!(sentence.contains("Of 18 opportunities that ended 6 were won") && sentence.contains("33"), "{sentence}");
    assert_eq!(page.all("section.card h2").len(), 5);
    let behind = |text: &str, start: &str| {
        let at = text.find(start).unwrap_or_else(|| panic!("no {start}"));
        text[at..].split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
    };
    let href = behind(&page.text, "/opportunities?view=lost&#38;reason=price");
    assert_eq!(browser.get(&href).await.all("tbody tr").len(), 6, "{href}");
    let file = browser.get("/insight/conversion.csv").await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(file.text.lines().count(), 1 + 12 + 1 + 1 + 2 + 1, "{}", file.text);
    assert!(file.text.contains("\"Owner\",\"نگار\",\"6\",\"12\",\"0.3333\""), "{}", file.text);

    let page = browser.get("/insight/competitors").await;
    let row = plain(&page.one("tbody tr"));
    assert!(row.contains("Local shop") && row.contains("50") && row.contains("6 of 12") && row.contains("Free delivery"), "{row}");
    assert_eq!(page.all(".note").len(), 1, "{:?}", page.all(".note"));
    let href = behind(&page.text, "/opportunities?view=closed&#38;competitor=local_shop");
    assert_eq!(browser.get(&href).await.all("tbody tr").len(), 12, "{href}");
    assert!(browser.get(&href).await.one(".chip").contains("Local shop"));
    let file = browser.get("/insight/competitors.csv?months=6").await;
    assert!(file.text.lines().nth(1).unwrap().starts_with("\"Local shop\",\"1\",\"0\",\"6\",\"6\",\"0.5000\""), "{}", file.text);
}

#[tokio::test]
async fn an_agent_closes_their_own_and_sees_figures_of_these_alone() {
    let (app, router) = program().await;
    let (ctx, mut manager) = somebody(&app, &router, "owner", "نگار").await;
    let (own, mut agent) = somebody(&app, &router, "agent", "سارا").await;
    let theirs = testing::party(&ctx, "دیگری").await.to_string();
    let party = testing::party(&own, "مشتری").await.to_string();
    let other = written(&mut manager, &theirs, "آسیاب", "").await;
    manager.post(&format!("/opportunities/{other}/close/won"), &[]).await;
    let id = written(&mut agent, &party, "دستگاه", "").await;
    assert_eq!(agent.get(&format!("/opportunities/{other}/edit")).await.status, StatusCode::NOT_FOUND);
    let lost = agent.post(&format!("/opportunities/{id}/close/lost"), &[("reason", "price")]).await;
    assert_eq!(lost.status, StatusCode::SEE_OTHER);
    assert!(plain(&agent.get("/insight/conversion").await.one(".ph .sub")).starts_with("۱ فرصت"));
    assert!(plain(&manager.get("/insight/conversion").await.one(".ph .sub")).starts_with("۲ فرصت"));
    assert_eq!(agent.get("/insight/conversion.csv").await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.get("/opportunities?view=all").await.all("tbody tr").len(), 1);
    assert!(agent.get("/opportunities").await.all(".seg a").is_empty());
}
