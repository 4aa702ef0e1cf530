//! Two customers who are one, through the browser and the JSON API.

use crate::{Answer, Browser, program, somebody, undo_of};
use axum::http::{Method, StatusCode};
use peyvand_core::parties::Party;
use peyvand_core::parties::check::NewParty;
use peyvand_core::parties::party;
use peyvand_core::platform::tokens::{self, NewToken};
use peyvand_core::{Ctx, Id, testing};
use serde_json::json;

async fn customer(ctx: &Ctx, name: &str, mobile: &str, national_id: Option<&str>) -> Id<Party> {
    let new = NewParty {
        name: Some(name.to_owned()),
        mobile: Some(mobile.to_owned()),
        national_id: national_id.map(str::to_owned),
        city: Some("تهران".to_owned()),
        ..NewParty::default()
    };
    ctx.run(party::create, new).await.unwrap().id
}

#[tokio::test]
async fn two_are_compared_side_by_side_merged_and_taken_apart_again() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let one = customer(&ctx, "سارا محمدی", "09125550142", None).await;
    let two = customer(&ctx, "سارا محمدی نژاد", "09125550142", None).await;
    let here = format!("/parties/{one}");
    assert_eq!(browser.get(&here).await.all(&format!("#customer-more a[href='{here}/merge']")).len(), 1);
    let asked = browser.get(&format!("{here}/merge")).await;
    assert_eq!(asked.all(&format!("a[href='{here}/merge?other={two}']")).len(), 1, "who shares the number is likely the same");
    let nobody = browser.get(&format!("{here}/merge?other_text=zzqqx")).await;
    assert_eq!((nobody.status, nobody.all("#other-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let oneself = browser.get(&format!("{here}/merge?other={one}")).await;
    assert_eq!((oneself.status, oneself.all("#other-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let page = browser.get(&format!("{here}/merge?other={two}")).await;
    assert_eq!((page.status, page.all("input[name='keep.name']").len()), (StatusCode::OK, 2));
    assert_eq!(page.all("input[name='keep.name'][value=this][checked]").len(), 1);
    assert_eq!(page.all(&format!("a[href='/parties/{two}/merge?other={one}']")).len(), 1, "the other one may be kept instead");

    let version = |page: &Answer, name: &str| {
        let field = page.text.split(&format!(r#"name="{name}" value=""#)).nth(1).unwrap();
        field.split('"').next().unwrap().to_owned()
    };
    let (own, others) = (version(&page, "version"), version(&page, "other_version"));
    let other = two.to_string();
    let stale = [("other", &*other), ("version", "77"), ("other_version", &*others), ("keep.name", "other")];
    let refused = browser.post(&format!("{here}/merge"), &stale).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((refused.all(".errs").len(), refused.all("input[name='keep.name'][value=other][checked]").len()), (1, 1));
    let form = [("other", &*other), ("version", &*own), ("other_version", &*others), ("keep.name", "other")];
    let done = browser.post(&format!("{here}/merge"), &form).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, &*here));
    let shown = browser.get(&here).await;
    assert_eq!(shown.one("h1"), "سارا محمدی نژاد");
    assert_eq!(shown.all(&format!("form[action='/parties/{two}/unmerge']")).len(), 1);
    let gone = browser.get(&format!("/parties/{two}")).await;
    assert_eq!((gone.status, gone.header("location")), (StatusCode::SEE_OTHER, &*here), "the other leads to the one who is kept");
    assert_eq!(browser.get("/parties").await.all("#rows .who b").len(), 1);

    let back = browser.post(&format!("/parties/{two}/unmerge"), &[]).await;
    assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, &*format!("/parties/{two}")));
    assert_eq!(browser.get(&here).await.one("h1"), "سارا محمدی");
    assert_eq!(browser.get("/parties").await.all("#rows .who b").len(), 2);

    // The undo of the message takes it back as well.
    let page = browser.get(&format!("{here}/merge?other={two}")).await;
    let (own, others) = (version(&page, "version"), version(&page, "other_version"));
    browser.post(&format!("{here}/merge"), &[("other", &*other), ("version", &*own), ("other_version", &*others)]).await;
    let told = browser.get(&here).await;
    browser.post(&undo_of(&told), &[]).await;
    assert_eq!(browser.get("/parties").await.all("#rows .who b").len(), 2);
}

#[tokio::test]
async fn machines_try_it_first_and_are_told_why_not() {
    let (app, router) = program().await;
    let ctx = testing::as_post(&app, "owner", "owner").await;
    let token = NewToken { name: "shop".into(), scopes: None, days: None };
    let token = tokens::create_token(&app, "owner@example.ir", token).await.unwrap().token;
    let mut browser = Browser::new(&router).with("authorization", format!("Bearer {token}"));
    let one = customer(&ctx, "سارا محمدی", "09125550142", Some("0084575948")).await;
    let two = customer(&ctx, "سارا محمدی", "09351112233", None).await;
    let three = customer(&ctx, "سارا محمدی", "09361112233", Some("0499370899")).await;
    let path = format!("/api/v1/parties/{one}/merge");
    let tried = browser.json(Method::POST, &path, &json!({"other_id": two, "dry_run": true})).await;
    assert_eq!(tried.status, StatusCode::OK);
    let tried = tried.json();
    assert_eq!((&tried["merge_id"], &tried["moved"][0]["kind"]), (&json!(null), &json!("contact_points")));
    let refused = browser.json(Method::POST, &path, &json!({"other_id": three})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("other_id"), "{}", refused.text);
    assert_eq!(browser.json(Method::POST, &path, &json!({"other_id": two})).await.status, StatusCode::OK);
    let seen = browser.get(&format!("/api/v1/parties/{two}")).await.json();
    assert_eq!(seen["merged_into"], json!(one));
    let listed = browser.get(&format!("/api/v1/parties/{one}/merges")).await.json();
    assert_eq!(listed[0]["other_id"], json!(two));
    let back = browser.json(Method::POST, &format!("/api/v1/parties/{two}/unmerge"), &json!({})).await;
    assert_eq!((back.status, &back.json()["kept_id"]), (StatusCode::OK, &json!(one)));
    let again = browser.json(Method::POST, &format!("/api/v1/parties/{two}/unmerge"), &json!({})).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn likely_doubles_are_looked_through_and_merged_or_kept_apart() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(browser.get("/parties/pairs").await.all(".void").len(), 1);
    for mobile in ["09125550142", "09135550142"] {
        for name in ["سارا محمدی", "سارا محمدي"] {
            customer(&ctx, name, mobile, None).await;
        }
    }
    assert_eq!(browser.get("/parties").await.all("a[href='/parties/pairs']").len(), 1);
    let list = browser.get("/parties/pairs").await;
    let pairs: Vec<String> =
        list.text.split(r#"name="pair" value=""#).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    assert!(pairs.len() >= 2, "{pairs:?}");
    let (one, other) = pairs[0].split_once('_').unwrap();
    assert_eq!(list.all(&format!("a[href='/parties/{one}/merge?other={other}']")).len(), 1);
    assert_eq!(browser.post("/parties/pairs", &[]).await.status, StatusCode::SEE_OTHER);
    let apart = browser.post(&format!("/parties/{one}/keep-apart/{other}"), &[]).await;
    assert_eq!(apart.header("location"), "/parties/pairs");
    let left = browser.get("/parties/pairs").await;
    assert_eq!(left.all("input[name=pair]").len(), pairs.len() - 1);
    browser.post("/parties/pairs", &[("pair", &pairs[1])]).await;
    assert_eq!(browser.get("/parties").await.all("#rows .who b").len(), 3);
    let (_, mut agent) = somebody(&app, &router, "agent", "رضا").await;
    assert_eq!(agent.get("/parties/pairs").await.all("input[name=pair]").len(), 0);
}
