//! The day, follow-ups, notifications and the stream of open pages.

use crate::{Browser, id_after, program, somebody, undo_of};
use axum::http::{Method, StatusCode};
use peyvand_core::follow_ups::{self, FollowUpId, ListFollowUps, NewFollowUp};
use peyvand_core::interactions::Channel;
use peyvand_core::parties::check::NewParty;
use peyvand_core::platform::sessions;
use peyvand_core::platform::tokens::{self, NewToken};
use peyvand_core::{Ctx, testing};

async fn customer(ctx: &Ctx, name: &str) -> String {
    let new = NewParty { name: Some(name.into()), ..NewParty::default() };
    ctx.run(peyvand_core::parties::party::create, new).await.unwrap().id.to_string()
}

#[tokio::test]
async fn the_buttons_of_an_empty_day_say_what_they_do() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    let day = owner.get("/today").await;
    assert_eq!(day.all(".void a[href='/settings/people/new']"), ["افزودن همکاران"]);
    let (_, mut agent) = somebody(&app, &router, "agent", "سارا").await;
    assert!(agent.get("/today").await.all(".void a[href='/settings/people/new']").is_empty(), "who may not add anybody");
    testing::party(&ctx, "حامد").await;
    let day = owner.get("/today").await;
    assert_eq!(day.all(".void a[href='/today?scope=unit']"), ["کارهای امروز تیم"]);
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
    assert_eq!(htmx.post(&undo_of(&done), &[]).await.status, StatusCode::OK);
    assert_eq!(htmx.get("/today").await.all(".todo .li").len(), 1);
    assert_eq!(htmx.get("/follow-ups?view=overdue").await.all(".todo .li").len(), 0);
    assert_eq!(htmx.get("/follow-ups?view=today").await.all(".todo .li").len(), 1);
    let moments = htmx.get(&format!("/follow-ups/{}/snooze", one.id)).await.all("button[name=until]");
    assert!(moments.iter().any(|moment| moment.starts_with("فردا")));
    assert!(moments.iter().all(|moment| !moment.starts_with("دیرتر")), "18:00 is not put off to an earlier hour of the day");
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
    // Reza does not see the customer: he gets the work, and no link to a page that he cannot open.
    let page = format!("/parties/{party}");
    assert_eq!(theirs.get(&page).await.status, StatusCode::NOT_FOUND);
    let tasks = theirs.get("/follow-ups").await;
    assert_eq!(tasks.all(".todo .why"), ["تماس"]);
    assert!(!tasks.text.contains(&party), "neither to the customer nor to logging about them");
    assert_eq!(theirs.get(&format!("/follow-ups/{}/done", one.id)).await.all("#what").len(), 0, "a next step is the other's to plan");
    let drawer = theirs.get("/notifications").await;
    let opened = theirs.get(&format!("/notifications/{}", id_after(&drawer, "/notifications/"))).await;
    let leads = opened.header("location");
    assert_eq!(leads, format!("/follow-ups?scope=own#f-{}", one.id));
    assert_eq!(theirs.get(leads.split('#').next().unwrap()).await.all(&format!("li[id='f-{}']", one.id)).len(), 1);
    let drawer = theirs.get("/notifications?unread=true").await;
    assert_eq!(drawer.all("#notifications .nt.new").len(), 0);
    let drawer = theirs.get("/notifications").await;
    assert!(drawer.one("#notifications .nt").contains("سارا"));
    let again = htmx.post("/follow-ups", &[("party", &party), ("what", "دوباره"), ("due_text", "فردا")]).await;
    assert_eq!(again.status, StatusCode::OK);
    let one = ctx.run(follow_ups::list, ListFollowUps::default()).await.unwrap().items.remove(0);
    htmx.post(&format!("/follow-ups/{}/hand-over", one.id), &[("owner_id", &to)]).await;
    assert_eq!(theirs.get("/notifications").await.all("#notifications .nt.new").len(), 1);
    theirs.post("/notifications/read", &[]).await;
    assert_eq!(theirs.get("/notifications").await.all("#notifications .nt.new").len(), 0);
}

#[tokio::test]
async fn an_edit_keeps_what_it_shows_and_takes_away_what_was_emptied() {
    let (app, router) = program().await;
    let (ctx, browser) = somebody(&app, &router, "owner", "نگار").await;
    let mut htmx = browser.with("hx-request", "true");
    let party = testing::party(&ctx, "مشتری").await;
    // A channel and a reminder that the form does not offer by itself.
    let new = NewFollowUp {
        party_id: Some(party),
        what: "تماس".into(),
        due: "1405/9/10 10:30".into(),
        channel: Some(Channel::Letter),
        remind_minutes: Some(45),
        ..NewFollowUp::default()
    };
    let made = ctx.run(follow_ups::create, new).await.unwrap().follow_up;
    let edit = format!("/follow-ups/{}/edit", made.id);
    let form = htmx.get(&edit).await;
    assert_eq!(form.all("#channel option[selected]").len(), 1);
    assert_eq!(form.all("#remind_minutes option[selected][value='45']").len(), 1);
    let owner = ctx.actor.user().unwrap().to_string();
    let sent = |version: &'static str, channel: &'static str, remind: &'static str| {
        let due = [("what", "تماس"), ("due_text", "۱۴۰۵/۹/۱۰"), ("time", "۱۰:۳۰"), ("importance", "normal")];
        [&due[..], &[("version", version), ("channel", channel), ("remind_minutes", remind)]].concat()
    };
    let mut fields = sent("1", "letter", "45");
    fields.push(("owner_id", &owner));
    assert_eq!(htmx.post(&edit, &fields).await.status, StatusCode::OK);
    let one = ctx.run(follow_ups::get, FollowUpId { id: made.id }).await.unwrap();
    assert_eq!((one.channel, one.remind_at, one.due_at), (Some(Channel::Letter), made.remind_at, made.due_at));
    let cleared = htmx.post(&edit, &sent("2", "", "")).await;
    let one = ctx.run(follow_ups::get, FollowUpId { id: made.id }).await.unwrap();
    assert_eq!((one.channel, one.remind_at, one.due_at), (None, None, made.due_at));
    htmx.post(&undo_of(&cleared), &[]).await;
    let one = ctx.run(follow_ups::get, FollowUpId { id: made.id }).await.unwrap();
    assert_eq!((one.channel, one.remind_at), (Some(Channel::Letter), made.remind_at));
}

#[tokio::test]
async fn a_program_takes_a_reminder_away_with_null() {
    let (app, router) = program().await;
    let ctx = testing::as_post(&app, "owner", "owner").await;
    let token = NewToken { name: "shop".into(), scopes: None, days: None };
    let token = tokens::create_token(&app, "owner@example.ir", token).await.unwrap().token;
    let mut api = Browser::new(&router).with("authorization", format!("Bearer {token}"));
    let party = testing::party(&ctx, "مشتری").await;
    let new = serde_json::json!({"party_id": party, "what": "تماس", "due": "فردا", "channel": "phone", "remind_minutes": 30});
    let made = api.json(Method::POST, "/api/v1/follow-ups", &new).await.json();
    let path = format!("/api/v1/follow-ups/{}", made["id"].as_str().unwrap());
    let kept = api.json(Method::PUT, &path, &serde_json::json!({"version": 1, "what": "تماس دوباره"})).await.json();
    assert_eq!((&kept["channel"], &kept["remind_at"]), (&made["channel"], &made["remind_at"]));
    assert!(made["remind_at"].is_string());
    let cleared = api.json(Method::PUT, &path, &serde_json::json!({"version": 2, "channel": null, "remind_minutes": null})).await.json();
    assert_eq!((&cleared["channel"], &cleared["remind_at"]), (&serde_json::Value::Null, &serde_json::Value::Null));
}

#[tokio::test]
async fn the_day_leads_to_lists_of_ones_own_customers() {
    let (app, router) = program().await;
    let (manager, mut browser) = somebody(&app, &router, "manager", "نگار").await;
    let agent = testing::as_post(&app, "agent", "سارا").await;
    for number in 0..9 {
        customer(&manager, &format!("مشتری نگار {number}")).await;
        customer(&agent, &format!("مشتری سارا {number}")).await;
    }
    for (day, count) in [("/today", 9), ("/today?scope=unit", 18)] {
        let page = browser.get(day).await;
        let links: Vec<&str> = page.text.split(r#"href="/parties?"#).skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(links.len(), 2, "one for those with nothing planned, one for the new ones: {links:?}");
        for link in links {
            let list = browser.get(&format!("/parties?{}", link.replace("&#38;", "&").replace("&amp;", "&"))).await;
            assert_eq!(list.all("#rows tr").len(), count, "{day} {link}");
        }
        assert!(page.all("section.card .cnt").iter().all(|shown| *shown == if count == 9 { "۹" } else { "۱۸" }));
    }
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
