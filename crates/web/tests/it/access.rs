//! From the first visit to people with posts of their own.

use crate::{Browser, program};
use axum::Router;
use axum::http::StatusCode;
use peyvand_core::App;

const PASSWORD: &str = "یک جمله‌ی کوتاه";

async fn fresh() -> (App, Router) {
    let app = peyvand_core::testing::empty_app().await;
    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    (app, router)
}

/// An organisation that was set up in the browser, and its owner's browser.
async fn owner() -> (App, Router, Browser) {
    let (app, router) = fresh().await;
    let mut browser = Browser::new(&router).with("accept-language", "en");
    let answer = browser
        .post(
            "/set-up",
            &[
                ("step", "2"),
                ("go", "on"),
                ("name", "Toranj"),
                ("kind", "retail"),
                ("country", "IR"),
                ("lang", "en"),
                ("calendar", "gregorian"),
                ("digits", "latin"),
                ("time_zone", "Asia/Tehran"),
                ("currency", "IRR"),
                ("money_unit", "toman"),
                ("owner_name", "Maryam"),
                ("email", "maryam@example.ir"),
                ("password", PASSWORD),
            ],
        )
        .await;
    assert_eq!(answer.header("location"), "/set-up/readiness", "{}", answer.text);
    (app, router, browser)
}

#[tokio::test]
async fn the_first_visit_leads_through_the_set_up_without_scripts() {
    let (_, router) = fresh().await;
    let mut browser = Browser::new(&router).with("accept-language", "fa");
    assert_eq!(browser.get("/").await.header("location"), "/set-up");
    assert_eq!(browser.get("/sign-in").await.header("location"), "/set-up");
    let first = browser.get("/set-up").await;
    assert_eq!(first.one("li[aria-current=step]"), "۱سازمان شما");

    let empty = browser.post("/set-up", &[("step", "0"), ("kind", "clinic"), ("country", "IR")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(empty.all("#name-e").len(), 1);
    let step = |more: &[(&'static str, &'static str)]| {
        let mut fields = vec![("name", "درمانگاه نور"), ("kind", "clinic"), ("country", "SA")];
        fields.extend_from_slice(more);
        fields
    };
    let second = browser.post("/set-up", &step(&[("step", "0"), ("go", "on")])).await;
    assert_eq!(second.status, StatusCode::OK);
    assert!(second.text.contains(r#"value="Asia/Riyadh""#));
    assert!(second.text.contains(r#"<input type="hidden" name="name" value="درمانگاه نور">"#));
    let display = [
        ("lang", "ar"),
        ("calendar", "hijri"),
        ("digits", "arabic"),
        ("time_zone", "Asia/Riyadh"),
        ("currency", "SAR"),
        ("money_unit", "currency"),
    ];
    let third = browser.post("/set-up", &step(&[&[("step", "1"), ("go", "on")], &display[..]].concat())).await;
    assert!(third.text.contains(r#"<html lang="ar" dir="rtl""#), "the chosen language shows at once");
    let owner = [("owner_name", "Noor"), ("email", "noor@example.com")];
    let weak =
        browser.post("/set-up", &step(&[&[("step", "2"), ("go", "on"), ("password", "1234567890")], &display[..], &owner].concat())).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(weak.all("#password-e").len(), 1);
    assert!(!weak.text.contains("1234567890"), "a password never comes back");
    let back = browser.post("/set-up", &step(&[&[("step", "2"), ("go", "back")], &display[..], &owner].concat())).await;
    assert_eq!(back.all("#calendar option[selected]"), ["هجري قمري"]);
    let done =
        browser.post("/set-up", &step(&[&[("step", "2"), ("go", "on"), ("password", PASSWORD)], &display[..], &owner].concat())).await;
    assert_eq!(done.header("location"), "/set-up/readiness");

    let questions = browser.get("/set-up/readiness").await;
    assert_eq!(questions.all("fieldset.ask").len(), 6);
    let answered = browser.post("/set-up/readiness", &[("fear", "0"), ("cost", "4"), ("go", "on")]).await;
    assert_eq!(answered.header("location"), "/settings/readiness?from=set-up");
    let state = browser.get("/settings/readiness?from=set-up").await;
    assert_eq!(state.all("main a.b.pri[href='/today']"), ["الانتقال إلى صفحة اليوم"], "the way on");
    assert!(browser.get("/settings/readiness").await.all("main a.b.pri[href='/today']").is_empty(), "later it is a page of the settings");
    assert_eq!(state.all(".mt").len(), 2);
    assert_eq!(state.all(".note.tone-lapis").len(), 1, "a plan for the high barrier");
    // The set-up is over for everybody.
    assert_eq!(Browser::new(&router).get("/set-up").await.status, StatusCode::SEE_OTHER);
    assert_eq!(Browser::new(&router).get("/").await.header("location"), "/sign-in");
}

#[tokio::test]
async fn signing_in_leads_back_to_where_one_wanted_to_go() {
    let (_, router, _) = owner().await;
    let mut browser = Browser::new(&router).with("accept-language", "en");
    let asked = browser.get("/settings/people").await;
    assert_eq!(asked.header("location"), "/sign-in?next=/settings/people");
    let wrong =
        browser.post("/sign-in", &[("email", "maryam@example.ir"), ("password", "not-it-at-all"), ("next", "/settings/people")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.one("#password-e").contains("more tries"));
    assert!(wrong.text.contains(r#"name="next" value="/settings/people""#));
    let right = browser
        .post("/sign-in", &[("email", "maryam@example.ir"), ("password", PASSWORD), ("next", "/settings/people"), ("remember", "on")])
        .await;
    assert_eq!(right.header("location"), "/settings/people");
    let cookie = right.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age"), "{cookie}");
    assert_eq!(browser.get("/settings/people").await.all("tbody tr").len(), 1);
    assert_eq!(browser.post("/sign-out", &[]).await.header("location"), "/sign-in");
    assert_eq!(browser.get("/settings/people").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn after_too_many_wrong_passwords_one_must_wait() {
    let (_, router, _) = owner().await;
    let mut browser = Browser::new(&router).with("accept-language", "en");
    let mut last = None;
    for _ in 0..6 {
        last = Some(browser.post("/sign-in", &[("email", "maryam@example.ir"), ("password", "not-it-at-all")]).await);
    }
    let last = last.unwrap();
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(last.header("retry-after"), "30");
    assert!(last.one("#password-e").contains("seconds"));
}

#[tokio::test]
async fn display_choices_are_kept_before_anybody_signs_in() {
    let (_, router) = program().await;
    let mut browser = Browser::new(&router).with("accept-language", "fa");
    browser.post("/view", &[("lang", "en"), ("back", "/sign-in")]).await;
    browser.post("/view", &[("calendar", "hijri"), ("digits", "arabic"), ("theme", "dark"), ("back", "/sign-in")]).await;
    let page = browser.get("/nowhere").await;
    for part in [r#"lang="en""#, r#"data-theme="dark""#, r#"data-digits="arab""#, r#"data-calendar="islamic-umalqura""#] {
        assert!(page.text.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_new_password_keeps_this_browser_in_and_puts_the_others_out() {
    let (_, router, mut browser) = owner().await;
    let mut other = Browser::new(&router);
    other.post("/sign-in", &[("email", "maryam@example.ir"), ("password", PASSWORD)]).await;
    assert_eq!(browser.get("/settings/security").await.all(".bd.tone-peste"), ["This one"]);
    let differs = browser.post("/settings/password", &[("old", PASSWORD), ("new", "another short one"), ("repeat", "another")]).await;
    assert_eq!(differs.all("#repeat-e").len(), 1);
    let changed =
        browser.post("/settings/password", &[("old", PASSWORD), ("new", "another short one"), ("repeat", "another short one")]).await;
    assert_eq!(changed.header("location"), "/settings/security", "{}", changed.text);
    assert_eq!(browser.get("/settings/security").await.status, StatusCode::OK);
    assert_eq!(other.get("/settings/security").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let (_, router, mut browser) = owner().await;
    let created =
        browser.post("/settings/tokens", &[("name", "shop"), ("reach", "some"), ("scopes", "organisation.see"), ("days", "30")]).await;
    let token = created.one("code.secret");
    assert!(token.starts_with("pv_"));
    let mut program = Browser::new(&router).with("authorization", format!("Bearer {token}"));
    assert_eq!(program.get("/api/v1/users").await.json()["items"][0]["name"], "Maryam");
    assert_eq!(program.get("/api/v1/audit").await.status, StatusCode::FORBIDDEN);
    let page = browser.get("/settings/security").await;
    assert!(!page.text.contains(&token));
    let action = page.text.split("/settings/tokens/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    browser.post(&format!("/settings/tokens/{action}/revoke"), &[]).await;
    assert_eq!(program.get("/api/v1/users").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_post_made_in_the_matrix_decides_what_its_holder_sees() {
    let (_, router, mut browser) = owner().await;
    let posted = browser
        .post("/settings/posts", &[("name", "Auditor"), ("see.audit", "all"), ("export.audit", "on"), ("see.parties", "nothing")])
        .await;
    assert_eq!(posted.header("location"), "/settings/posts", "{}", posted.text);
    assert!(browser.get("/settings/posts").await.text.contains("Auditor"));
    let unit = browser.get("/settings/people/new").await;
    let unit = unit
        .text
        .split(r#"id="unit_id""#)
        .nth(1)
        .unwrap()
        .split(r#"<option value=""#)
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let taken = browser
        .post("/settings/people", &[("name", "Sara"), ("email", "maryam@example.ir"), ("post", "auditor"), ("unit_id", &unit)])
        .await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(taken.all("#email-e").len(), 1);
    let added = browser
        .post(
            "/settings/people",
            &[("name", "Sara"), ("email", "sara@example.ir"), ("post", "auditor"), ("unit_id", &unit), ("password", "a sentence of hers")],
        )
        .await;
    assert_eq!(added.header("location"), "/settings/people", "{}", added.text);

    let mut sara = Browser::new(&router).with("accept-language", "en");
    sara.post("/sign-in", &[("email", "sara@example.ir"), ("password", "a sentence of hers")]).await;
    let menu = sara.get("/settings").await.all(".sets > nav a");
    assert_eq!(menu, ["Me and display", "Password and access", "History of changes"]);
    assert_eq!(sara.get("/settings/people").await.status, StatusCode::FORBIDDEN);
    assert_eq!(sara.get("/settings/organisation").await.status, StatusCode::FORBIDDEN);
    let history = sara.get("/settings/history?kind=user.").await;
    assert!(history.all("tbody b").contains(&"Account created".to_owned()));

    let people = browser.get("/settings/people").await;
    let id = people
        .text
        .split("/settings/people/")
        .filter_map(|part| part.split('"').next())
        .find(|id| id.len() == 36 && people.text.split(id).nth(1).is_some_and(|rest| rest[..60.min(rest.len())].contains("Sara")))
        .unwrap()
        .to_owned();
    let why = browser.get(&format!("/settings/people/{id}?room=parties&act=see")).await;
    assert!(why.one("#why .note").starts_with("No."));
    assert_eq!(browser.post(&format!("/settings/people/{id}/close"), &[]).await.header("location"), "/settings/people");
    assert_eq!(sara.get("/settings").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn settings_of_the_organisation_and_its_words_are_changed_in_the_browser() {
    let (app, _, mut browser) = owner().await;
    let saved = browser
        .post(
            "/settings/organisation",
            &[
                ("name", "New name"),
                ("kind", "services"),
                ("country", "IR"),
                ("time_zone", "Asia/Tehran"),
                ("lang", "en"),
                ("currency", "IRR"),
                ("money_unit", "toman"),
            ],
        )
        .await;
    assert_eq!(saved.header("location"), "/settings/organisation", "{}", saved.text);
    assert_eq!(app.organisation().await.unwrap().name, "New name");
    let wrong = browser.post("/settings/organisation", &[("name", "x"), ("time_zone", "Mars/Base")]).await;
    assert_eq!(wrong.all("#time_zone-e").len(), 1);

    browser.post("/settings/words", &[("list", "reason"), ("label", "Exchange")]).await;
    let page = browser.get("/settings/words?list=reason").await;
    assert!(page.text.contains(r#"value="Exchange""#));
    browser.post("/settings/words", &[("list", "reason"), ("word", "exchange"), ("position", "100"), ("is_active", "false")]).await;
    let page = browser.get("/settings/words?list=reason").await;
    assert_eq!(page.all(".bd.tone-grey"), ["Retired"]);

    let top = browser.post("/settings/units", &[("name", "North")]).await;
    assert_eq!(top.header("location"), "/settings/units");
    let units = browser.get("/settings/units").await;
    assert_eq!(units.all(".li a"), ["North", "Shop"]);
    let id = units.text.split("/settings/units/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let circle = browser.post(&format!("/settings/units/{id}"), &[("name", "North"), ("parent_id", &id)]).await;
    assert_eq!(circle.all("#parent_id-e").len(), 1);
}

#[tokio::test]
async fn choosing_for_oneself_can_be_given_up_again() {
    let (_, _, mut browser) = owner().await;
    browser
        .post("/settings", &[("name", "Maryam"), ("lang", "fa"), ("digits", "persian"), ("theme", "dark"), ("time_zone", "Asia/Tehran")])
        .await;
    let page = browser.get("/settings").await;
    assert!(page.text.contains(r#"<html lang="fa" dir="rtl" data-theme="dark" data-digits="arabext""#));
    assert!(page.text.contains(r#"data-shortcuts="off""#));
    browser.post("/settings", &[("name", "Maryam"), ("lang", ""), ("digits", ""), ("theme", ""), ("shortcuts", "on")]).await;
    assert!(browser.get("/settings").await.text.contains(r#"<html lang="en" dir="ltr" data-digits="latn""#));
}

#[tokio::test]
async fn closing_an_account_asks_to_whom_its_customers_go() {
    let (app, _, mut browser) = owner().await;
    let sara = peyvand_core::testing::as_post(&app, "agent", "sara").await;
    let page = format!("/settings/people/{}", sara.actor.user().unwrap());
    let close = format!("{page}/close");
    assert_eq!(browser.get(&page).await.all("#hand_over_to").len(), 0, "there is nothing to hand over");
    peyvand_core::testing::party(&sara, "Zahra").await;
    let options = browser.get(&page).await.all("#hand_over_to option");
    assert_eq!(options.len(), 3, "{options:?}");
    assert!(options[1] == "Maryam" && options[2].starts_with("Nobody"), "{options:?}");
    let asked = browser.post(&close, &[("hand_over_to", "")]).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(asked.all("#hand_over_to-e").len(), 1);
    let done = browser.post(&close, &[("hand_over_to", "nobody")]).await;
    assert_eq!(done.header("location"), "/settings/people", "{}", done.text);
    let list = browser.get("/settings/people").await;
    assert!(list.text.contains("action=\"/undo/"), "{}", list.text);
}

#[tokio::test]
async fn reminders_by_mail_are_not_offered_without_a_mail_server() {
    let (_, _, mut browser) = owner().await;
    assert_eq!(browser.get("/settings").await.all("input[name=mail_reminders]").len(), 0);
}

#[tokio::test]
async fn the_palette_understands_what_was_typed_with_the_keyboard_in_the_other_language() {
    let (_, _, mut browser) = owner().await;
    // «امروز» on Latin keys, and `set` of «Settings» on Persian ones.
    assert!(browser.get("/palette?q=hlv,c").await.text.contains("href=\"/today\""));
    assert!(browser.get("/palette?q=%D8%B3%D8%AB%D9%81").await.text.contains("href=\"/settings\""));
}
