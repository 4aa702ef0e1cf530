//! The day, follow-ups, notifications and the stream of open pages.

use crate::{Browser, program};
use axum::http::StatusCode;
use peyvand_core::follow_ups::{self, ListFollowUps};
use peyvand_core::parties::check::NewParty;
use peyvand_core::platform::sessions;
use peyvand_core::{App, Ctx, testing};

/// Somebody of a post, signed in with a browser.
async fn somebody(app: &App, router: &axum::Router, post: &str, name: &str) -> (Ctx, Browser) {
    let ctx = testing::as_post(app, post, name).await;
    let signed_in = sessions::open(app, ctx.actor.user().unwrap(), "", "test").await.unwrap();
    let browser = Browser::new(router).with("cookie", format!("peyvand_session={}", signed_in.token));
    (ctx, browser)
}

async fn customer(ctx: &Ctx, name: &str) -> String {
    let new = NewParty { name: Some(name.into()), ..NewParty::default() };
    ctx.run(peyvand_core::parties::party::create, new).await.unwrap().id.to_string()
}

#[tokio::test]
async fn a_follow_up_is_planned_done_and_taken_back_in_the_browser() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let party = customer(&ctx, "حامد یزدانی").await;
    assert_eq!(browser.get("/").await.header("location"), "/today");
    let form = browser.get(&format!("/follow-ups/new?party={party}")).await;
    assert!(form.one("h2").contains("حامد یزدانی"));
    let wrong = browser.post("/follow-ups", &[("party", &party), ("settled", "1"), ("what", "تماس"), ("due_text", "۱۴۰۵/۸/۱")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.one("#due-e").contains("گذشته"));
    let made =
        browser.post("/follow-ups", &[("party", &party), ("what", "تماس برای نتیجه"), ("due_text", "امروز"), ("time", "۱۸:۰۰")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    let day = browser.get("/today").await;
    assert_eq!(day.all(".todo .li .why"), ["تماس برای نتیجه"]);
    assert_eq!(day.all(".todo .li time"), ["۱۸:۰۰"]);
    let one = ctx.run(follow_ups::list, ListFollowUps::default()).await.unwrap().items.remove(0);
    let dialog = browser.get(&format!("/follow-ups/{}/done", one.id)).await;
    assert!(dialog.all("button[name=result]").len() > 5);
    let mut htmx = browser.with("hx-request", "true");
    let done = htmx.post(&format!("/follow-ups/{}/done", one.id), &[("version", "1"), ("result", "answered"), ("contact", "phone")]).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.header("hx-trigger").ends_with("close-dialog"));
    assert!(done.text.contains("/undo/"));
    assert_eq!(htmx.get("/today").await.all(".todo .li").len(), 0);
    let undo = done.text.split("/undo/").nth(1).unwrap()[..36].to_owned();
    assert_eq!(htmx.post(&format!("/undo/{undo}"), &[]).await.status, StatusCode::OK);
    assert_eq!(htmx.get("/today").await.all(".todo .li").len(), 1);
    assert_eq!(htmx.get("/follow-ups?view=overdue").await.all(".todo .li").len(), 0);
    assert_eq!(htmx.get("/follow-ups?view=today").await.all(".todo .li").len(), 1);
    let moments = htmx.get(&format!("/follow-ups/{}/snooze", one.id)).await.all("button[name=until]");
    assert!(moments.iter().any(|moment| moment.starts_with("فردا")));
    let later = htmx.post(&format!("/follow-ups/{}/snooze", one.id), &[("due_text", "فردا"), ("time", "9:00")]).await;
    assert_eq!(later.status, StatusCode::OK);
    assert_eq!(htmx.get("/follow-ups?view=later").await.all(".todo .li").len(), 1);
}

#[tokio::test]
async fn a_colleague_hears_of_what_is_handed_over() {
    let (app, router) = program().await;
    let (ctx, browser) = somebody(&app, &router, "agent", "سارا").await;
    let (other, mut theirs) = somebody(&app, &router, "agent", "رضا").await;
    let party = customer(&ctx, "مشتری").await;
    let mut htmx = browser.with("hx-request", "true");
    htmx.post("/follow-ups", &[("party", &party), ("what", "تماس"), ("due_text", "فردا")]).await;
    let one = ctx.run(follow_ups::list, ListFollowUps::default()).await.unwrap().items.remove(0);
    assert_eq!(theirs.get(&format!("/follow-ups/{}/done", one.id)).await.status, StatusCode::NOT_FOUND);
    let to = other.actor.user().unwrap().to_string();
    assert_eq!(htmx.post(&format!("/follow-ups/{}/hand-over", one.id), &[("owner_id", &to)]).await.status, StatusCode::OK);
    let drawer = theirs.get("/notifications").await;
    assert_eq!(drawer.all("#notifications .nt.new").len(), 1);
    assert!(drawer.one("#notifications .nt").contains("سارا"));
    theirs.post("/notifications/read", &[]).await;
    assert_eq!(theirs.get("/notifications").await.all("#notifications .nt.new").len(), 0);
}

#[tokio::test]
async fn an_open_page_is_told_counts_and_news() {
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    let (app, router) = program().await;
    let ctx = testing::as_post(&app, "owner", "owner").await;
    let user = ctx.actor.user().unwrap();
    let signed_in = sessions::open(&app, user, "", "test").await.unwrap();
    let request = axum::http::Request::get("/live")
        .header("host", "peyvand.test")
        .header("cookie", format!("peyvand_session={}", signed_in.token))
        .body(axum::body::Body::empty())
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let mut text = String::new();
    let mut read = async |until: &str| {
        while !text.contains(until) {
            let frame = tokio::time::timeout(std::time::Duration::from_secs(4), body.frame()).await.expect("news in time");
            text.push_str(&String::from_utf8_lossy(&frame.expect("an open stream").unwrap().into_data().unwrap()));
        }
    };
    read("event: counts").await;
    use peyvand_core::platform::notifications::{self, Kind, News};
    let mut tx = app.db.begin().await.unwrap();
    let news = News { user, kind: Kind::Reminder, party: None, subject: None, data: serde_json::json!({"what": "تماس با حامد"}) };
    notifications::notify(&mut tx, &ctx, vec![news]).await.unwrap();
    tx.commit().await.unwrap();
    notifications::tell(&ctx, user);
    read("تماس با حامد").await;
    read("\"notifications\":\"۱\"").await;
    // Signing out ends the stream.
    let session = sessions::session(&app, &signed_in.token).await.unwrap().unwrap();
    sessions::sign_out(&app, &session).await.unwrap();
    notifications::tell(&ctx, user);
    let end = tokio::time::timeout(std::time::Duration::from_secs(4), async { while body.frame().await.is_some() {} }).await;
    assert!(end.is_ok());
}

#[tokio::test]
async fn visitors_are_led_to_the_door() {
    let (_, router) = program().await;
    for path in ["/today", "/follow-ups", "/notifications"] {
        let answer = Browser::new(&router).get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header("location").starts_with("/sign-in"), "{path}");
    }
    let stream = Browser::new(&router).get("/live").await;
    assert_eq!(stream.status, StatusCode::NO_CONTENT, "a stream that nobody may hear is not asked for again");
}
