//! The list of customers, its filters, the forms, and who may do what.

use crate::{id_after, program, somebody, undo_of};
use axum::http::StatusCode;
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::posts::{self, PostChange};
use peyvand_core::parties::check::NewParty;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::access::{Reach, Right};
use peyvand_core::{Ctx, Rights, Room, testing};
use std::collections::BTreeMap;

async fn customer(ctx: &Ctx, name: &str, city: &str, mobile: &str) -> String {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let new = NewParty { name: some(name), city: some(city), mobile: some(mobile), ..NewParty::default() };
    ctx.run(party::create, new).await.unwrap().id.to_string()
}

/// Leaves everybody with the post of an agent these rights only.
async fn agents_may(owner: &Ctx, rights: &[(Room, Right)]) {
    let post = owner.run(posts::list, Nothing {}).await.unwrap().into_iter().find(|post| post.word == "agent").unwrap();
    let rights = Rights(BTreeMap::from_iter(rights.iter().copied()));
    owner.run(posts::update, PostChange { id: post.id, name: None, rights: Some(rights) }).await.unwrap();
}

#[tokio::test]
async fn the_list_is_in_the_order_of_the_alphabet_and_filtered_by_its_address() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(browser.get("/parties").await.all(".void h2").len(), 1, "the first visit says what to do");
    for (name, city, mobile) in [("گلناز", "تهران", "09125550142"), ("پرویز", "شیراز", ""), ("بهار", "تهران", "")]
    {
        customer(&ctx, name, city, mobile).await;
    }
    let names = "#rows .who b";
    assert_eq!(browser.get("/parties").await.all(names), ["بهار", "پرویز", "گلناز"]);
    let page = browser.get("/parties?city=%D8%AA%D9%87%D8%B1%D8%A7%D9%86").await;
    assert_eq!(page.all(names), ["بهار", "گلناز"]);
    assert_eq!(page.all(".chip .v"), ["تهران"]);
    assert_eq!(page.all(".chip a[href='/parties']").len(), 1, "the filter is taken off again");
    for spelling in ["۰۹۱۲ ۵۵۵ ۰۱۴۲", "گلن"] {
        let found = browser.get(&format!("/parties?{}", serde_html_form::to_string([("q", spelling)]).unwrap())).await;
        assert_eq!(found.all(names), ["گلناز"], "{spelling}");
    }
    assert_eq!(browser.get("/parties?sort=name&desc=1").await.all(names), ["گلناز", "پرویز", "بهار"]);
    assert!(browser.get("/parties/count?waiting=1").await.text.contains('۳'));
    assert_eq!(browser.get("/parties?role=supplier").await.all(".void a[href='/parties']").len(), 1);
    let wrong = browser.get("/parties?created_from=nonsense").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut htmx = browser.with("hx-request", "true");
    let part = htmx.get("/parties?q=x").await;
    assert!(!part.text.contains("<html"), "htmx gets the list alone");
    let dialog = htmx.get("/parties/filters?role=customer&waiting=1").await;
    assert_eq!(dialog.all("#role option[selected]").len(), 1);
    assert_eq!(dialog.all("input[name=waiting][checked]").len(), 1);
}

#[tokio::test]
async fn a_form_says_at_each_field_what_is_wrong_and_keeps_what_was_typed() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let empty = browser.post("/parties", &[("kind", "person")]).await;
    assert_eq!((empty.status, empty.all("#name-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let wrong = browser
        .post("/parties", &[("name", "حامد"), ("mobile", "12"), ("national_id", "1111111112"), ("birth_date_text", "۱۴۰۵/۱۳/۱")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["mobile", "national_id", "birth_date"] {
        assert_eq!(wrong.all(&format!("#{field}-e")).len(), 1, "{field}");
        assert_eq!(wrong.all(&format!(".errs a[href='#{field}']")).len(), 1, "{field}");
    }
    assert!(wrong.text.contains(r#"value="حامد""#));
    let made = browser.post("/parties", &[("name", "حامد"), ("national_id", "0084575948"), ("city", "قم"), ("address", "صفاییه")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    let page = made.header("location").to_owned();
    assert!(browser.get(&page).await.one("#contacts").contains("صفاییه"));
    let twice = browser.post("/parties", &[("name", "دیگری"), ("national_id", "۰۰۸۴۵۷۵۹۴۸")]).await;
    assert_eq!((twice.status, twice.all("#national_id-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));

    let form = browser.get(&format!("{page}/edit")).await;
    assert!(form.text.contains(r#"name="version" value="1""#));
    assert_eq!(form.all("input[name=address]").len(), 0, "addresses have their own place");
    let saved = browser.post(&format!("{page}/edit"), &[("version", "1"), ("name", "حامد یزدانی"), ("job", "نجار")]).await;
    assert_eq!(saved.header("location"), page);
    let stale = browser.post(&format!("{page}/edit"), &[("version", "1"), ("name", "کس دیگر")]).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(stale.one(".errs").contains("تازه کنید"));
    let id = page.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(ctx.run(party::get, PartyId { id }).await.unwrap().name, "حامد یزدانی");
}

#[tokio::test]
async fn an_agent_finds_their_own_customers_only() {
    let (app, router) = program().await;
    let (owner, _) = somebody(&app, &router, "owner", "نگار").await;
    let (agent, mut browser) = somebody(&app, &router, "agent", "سارا").await;
    let theirs = customer(&owner, "پنهان", "تهران", "09125550142").await;
    customer(&agent, "خودی", "تهران", "").await;
    assert_eq!(browser.get("/parties").await.all("#rows .who b"), ["خودی"]);
    assert!(browser.get("/parties/count").await.text.contains('۱'));
    assert_eq!(browser.get("/parties?q=09125550142").await.all("#rows tr").len(), 0);
    for path in [format!("/parties/{theirs}"), format!("/parties/{theirs}/edit"), format!("/parties/{theirs}/contacts/new")] {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let changed = browser.post(&format!("/parties/{theirs}/edit"), &[("version", "1"), ("name", "x")]).await;
    assert_eq!(changed.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/parties/file/export.csv").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_a_post_does_not_open_is_neither_shown_nor_done() {
    let (app, router) = program().await;
    let (owner, _) = somebody(&app, &router, "owner", "نگار").await;
    let (agent, mut browser) = somebody(&app, &router, "agent", "سارا").await;
    let mine = testing::party(&agent, "خودی").await;
    agents_may(&owner, &[(Room::Parties, Right { see: Reach::Own, ..Right::NONE })]).await;
    let list = browser.get("/parties").await;
    assert_eq!((list.all("#rows tr").len(), list.all("a[href='/parties/new']").len(), list.all("[data-row]").len()), (1, 0, 0));
    let page = browser.get(&format!("/parties/{mine}")).await;
    assert_eq!(page.status, StatusCode::OK);
    for act in ["edit", "addresses", "contacts/new", "preferences/new", "relations/new", "archive"] {
        assert!(!page.text.contains(&format!("/parties/{mine}/{act}")), "{act}");
    }
    for path in ["/parties/new".to_owned(), format!("/parties/{mine}/edit"), format!("/parties/{mine}/addresses/new")] {
        assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/parties".to_owned(), format!("/parties/{mine}/addresses/new"), format!("/parties/{mine}/contacts/new")] {
        let answer = browser.post(&path, &[("name", "x"), ("city", "قم"), ("value", "09121234567")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    agents_may(&owner, &[(Room::FollowUps, Right { see: Reach::Own, ..Right::NONE })]).await;
    assert_eq!(browser.get("/parties").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get(&format!("/parties/{mine}")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_list_is_kept_at_hand_with_its_order_and_columns() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let (_, mut theirs) = somebody(&app, &router, "agent", "سارا").await;
    customer(&ctx, "بهار", "تهران", "").await;
    assert_eq!(browser.get("/parties").await.all("a[href^='/parties/views/new']").len(), 0, "this is no list of one's own");
    let list = browser.get("/parties?silent=1&sort=spent&desc=1&cols=phone").await;
    assert_eq!(list.all("a[href^='/parties/views/new?']").len(), 1);
    let form = browser.get("/parties/views/new?silent=1&sort=spent&desc=1&cols=phone").await;
    assert_eq!(form.all("input[type=hidden][name=sort][value=spent], input[type=hidden][name=cols][value=phone]").len(), 2);
    let mut sent = vec![("silent", "1"), ("sort", "spent"), ("desc", "1"), ("cols", "phone"), ("view_shared", "1")];
    let nameless = browser.post("/parties/views", &sent).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(nameless.all("#view_name-e").len(), 1);
    assert_eq!(nameless.all("input[name=silent], #view_shared[checked]").len(), 2, "what was sent stays");
    sent.push(("view_name", "ساکت‌ها"));
    let kept = browser.post("/parties/views", &sent).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text);
    let address = kept.header("location").to_owned();
    let shown = browser.get(&address).await;
    assert_eq!(shown.all(".tabs [aria-current]"), ["ساکت‌ها"]);
    assert_eq!(shown.all("a[href^='/parties/views/new']").len(), 0, "it is kept already");
    assert_eq!(theirs.get(&address).await.all(".tabs [aria-current]"), ["ساکت‌ها"]);
    assert_eq!(theirs.get(&address).await.all("form[action$='/delete']").len(), 0, "it is not theirs");
    let delete = format!("/parties/views/{}/delete", id_after(&shown, "/parties/views/"));
    let gone = browser.post(&delete, &[]).await;
    let list = browser.get(gone.header("location")).await;
    assert!(!list.all(".tabs a").contains(&"ساکت‌ها".to_owned()));
    browser.post(&undo_of(&list), &[]).await;
    assert!(browser.get("/parties").await.all(".tabs a").contains(&"ساکت‌ها".to_owned()));
}
