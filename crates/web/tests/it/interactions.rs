//! Correcting what was written down, and taking it back, from the timeline.

use crate::{id_after, program, somebody, undo_of};
use axum::http::StatusCode;
use peyvand_core::interactions::{self, Channel, InteractionId, LogInteraction};
use peyvand_core::testing;

#[tokio::test]
async fn an_entry_is_corrected_from_the_timeline_and_the_correction_taken_back() {
    let (app, router) = program().await;
    let (ctx, browser) = somebody(&app, &router, "agent", "سارا").await;
    let party = testing::party(&ctx, "حامد").await;
    let new = LogInteraction {
        party_id: Some(party),
        at: Some("2026-11-21T04:10:40Z".into()),
        reason: Some("question".into()),
        result: Some("answered".into()),
        duration_s: Some(100),
        text: Some("قیمت را پرسید".into()),
        ..LogInteraction::default()
    };
    let id = ctx.run(interactions::log, new).await.unwrap().interaction.id;
    let stored = async || ctx.run(interactions::get, InteractionId { id }).await.unwrap();
    let before = stored().await;
    let mut htmx = browser.with("hx-request", "true");
    let edit = format!("/interactions/{id}/edit");
    let timeline = htmx.get(&format!("/parties/{party}?part=timeline")).await;
    assert!(timeline.text.contains(&format!(r#"href="{edit}""#)));
    let form = htmx.get(&edit).await;
    assert_eq!(form.all("#need, #next_what, #opportunity, #idea").len(), 0, "a correction plans and learns nothing");
    assert_eq!(form.all("#result option[selected]").len(), 1);
    assert!(form.one("#text").contains("قیمت را پرسید"));
    assert!(form.text.contains(r#"value="۰۷:۴۰""#) && form.text.contains(r#"value="۲""#), "{}", form.text);

    let same = [
        ("in_dialog", "1"),
        ("channel", "phone"),
        ("direction", "inbound"),
        ("reason", "question"),
        ("result", "answered"),
        ("origin", ""),
        ("at_text", "۱۴۰۵/۸/۳۰"),
        ("time", "۰۷:۴۰"),
        ("minutes", "۲"),
        ("text", "قیمت را پرسید"),
    ];
    let with = |changes: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
        same.iter()
            .map(|(name, value)| (*name, changes.iter().find(|change| change.0 == *name).map_or(*value, |change| change.1)))
            .collect()
    };
    let saved = htmx.post(&edit, &same).await;
    assert!(saved.header("hx-trigger").contains("live:timeline"), "{}", saved.text);
    let kept = stored().await;
    assert_eq!((kept.at, kept.duration_s), (before.at, Some(100)), "a form in minutes does not cut seconds off");

    let future = htmx.post(&edit, &with(&[("at_text", "۱۴۰۶/۱/۱")])).await;
    assert_eq!((future.status, future.all("#at-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert!(future.text.contains(&format!(r#"action="{edit}""#)));
    for minutes in ["سه", "9999"] {
        assert_eq!(htmx.post(&edit, &with(&[("minutes", minutes)])).await.all("#minutes-e").len(), 1, "{minutes}");
    }
    let corrected = htmx.post(&edit, &with(&[("channel", "visit"), ("result", ""), ("minutes", ""), ("text", "نمونه را دید")])).await;
    let one = stored().await;
    assert_eq!((one.channel, one.result, one.duration_s, one.text.as_deref()), (Channel::Visit, None, None, Some("نمونه را دید")));
    assert_eq!(one.reason.as_deref(), Some("question"));
    assert_eq!(htmx.post(&undo_of(&corrected), &[]).await.status, StatusCode::OK);
    assert_eq!(serde_json::to_value(stored().await).unwrap(), serde_json::to_value(before).unwrap());
}

#[tokio::test]
async fn an_entry_is_taken_back_and_brought_back() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "agent", "سارا").await;
    let party = testing::party(&ctx, "حامد").await;
    let page = format!("/parties/{party}");
    browser.post("/interactions", &[("party", &party.to_string()), ("channel", "note"), ("text", "برای مشتری دیگری بود")]).await;
    let shown = browser.get(&page).await;
    let gone = browser.post(&format!("/interactions/{}/withdraw", id_after(&shown, "/interactions/")), &[]).await;
    assert_eq!(gone.header("location"), page);
    let after = browser.get(&page).await;
    assert!(!after.one("#timeline").contains("برای مشتری دیگری بود"));
    assert_eq!(browser.post(&undo_of(&after), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&page).await.one("#timeline").contains("برای مشتری دیگری بود"));
}

#[tokio::test]
async fn an_entry_of_somebody_else_is_only_read() {
    let (app, router) = program().await;
    let (agent, _) = somebody(&app, &router, "agent", "سارا").await;
    let (_, mut manager) = somebody(&app, &router, "manager", "نگار").await;
    let party = testing::party(&agent, "حامد").await;
    let new = LogInteraction { party_id: Some(party), text: Some("قیمت را پرسید".into()), ..LogInteraction::default() };
    let id = agent.run(interactions::log, new).await.unwrap().interaction.id;
    let page = manager.get(&format!("/parties/{party}")).await;
    assert!(page.one("#timeline").contains("قیمت را پرسید"));
    assert!(!page.text.contains(&format!("/interactions/{id}")));
    assert_eq!(manager.get(&format!("/interactions/{id}/edit")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(manager.post(&format!("/interactions/{id}/edit"), &[("text", "x")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(manager.post(&format!("/interactions/{id}/withdraw"), &[]).await.status, StatusCode::NOT_FOUND);
}
