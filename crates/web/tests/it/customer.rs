//! One customer: the page, writing down what passed, noting what is known.

use crate::{program, somebody, undo_of};
use axum::http::StatusCode;
use peyvand_core::parties::check::{Channel, NewParty};
use peyvand_core::parties::duplicates::Reason;
use peyvand_core::parties::party::{PartyId, get as get_party};
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::text::Lang;
use peyvand_core::sales::purchases::{self, NewPurchase};
use peyvand_core::{Ctx, Instant, testing};

async fn customer(ctx: &Ctx, name: &str) -> String {
    let new = NewParty {
        name: Some(name.into()),
        mobile: Some("09125550142".into()),
        national_id: Some("0084575948".into()),
        ..NewParty::default()
    };
    ctx.run(peyvand_core::parties::party::create, new).await.unwrap().id.to_string()
}

#[tokio::test]
async fn what_passed_is_written_down_and_stands_in_the_story() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let party = customer(&ctx, "حامد یزدانی").await;
    let page = browser.get(&format!("/parties/{party}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.one("h1").contains("حامد یزدانی"));
    assert!(page.one("#contacts").contains("۰۹۱۲"));
    assert!(!page.text.contains("0084575948"));
    let sent =
        [("party", party.as_str()), ("channel", "phone"), ("text", "قیمت تازه را پرسید"), ("need", "training"), ("next_what", "پیش‌فاکتور")];
    assert_eq!(browser.post("/interactions", &sent).await.header("location"), format!("/parties/{party}"));
    let page = browser.get(&format!("/parties/{party}")).await;
    assert!(page.one("#timeline").contains("قیمت تازه را پرسید"));
    assert!(page.one("#known").contains("آموزش"));
    assert!(page.one("#next").contains("پیش‌فاکتور"));
    let only = browser.get(&format!("/parties/{party}?kind=purchase")).await;
    assert!(!only.one("#timeline").contains("قیمت تازه را پرسید"));

    let mut htmx = browser.with("hx-request", "true");
    let empty = htmx.post("/interactions", &[("party", &party), ("compose", "1"), ("channel", "note")]).await;
    assert_eq!((empty.status, empty.all(".err").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let logged = htmx.post("/interactions", &[("party", &party), ("compose", "1"), ("channel", "note"), ("text", "یادداشت")]).await;
    assert!(logged.header("hx-trigger").contains("live:timeline"));
    assert!(htmx.get(&format!("/parties/{party}?part=timeline")).await.text.contains("یادداشت"));
    assert!(
        htmx.get(&format!("/parties/{party}?part=next")).await.text.contains("پیش‌فاکتور"),
        "the next step is there when its part is fetched anew"
    );
}

#[tokio::test]
async fn earlier_entries_of_a_timeline_are_fetched_below_it() {
    let (app, router) = program().await;
    let (ctx, browser) = somebody(&app, &router, "owner", "نگار").await;
    let party = customer(&ctx, "حامد یزدانی").await;
    let mut htmx = browser.with("hx-request", "true");
    for number in 0..32 {
        let text = format!("یادداشت شماره‌ی {number}.");
        htmx.post("/interactions", &[("party", &party), ("compose", "1"), ("channel", "note"), ("text", &text)]).await;
    }
    let page = htmx.get(&format!("/parties/{party}?part=timeline")).await;
    assert!(!page.text.contains("شماره‌ی 0."));
    let (_, rest) = page.text.split_once("part=older").unwrap();
    let older = rest.split('"').next().unwrap().replace("&amp;", "&");
    let older = htmx.get(&format!("/parties/{party}?part=older{older}")).await;
    assert!(older.text.contains("شماره‌ی 0.") && !older.text.contains("شماره‌ی 31."), "{}", older.text);
}

#[tokio::test]
async fn a_ready_made_word_is_known_by_its_label_and_a_relation_by_both_sides() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let (party, other) = (customer(&ctx, "سارا").await, testing::party(&ctx, "کلینیک لبخند").await.to_string());
    let known = [("kind", "trait"), ("text", "كيفيت مهم‌تر از قيمت"), ("confidence", "high")];
    browser.post(&format!("/parties/{party}/preferences/new"), &known).await;
    assert!(browser.get(&format!("/parties/{party}")).await.one(".prot").contains("کیفیت مهم‌تر از قیمت"));
    let related = [("other", other.as_str()), ("kind", "employee_of~")];
    assert_eq!(browser.post(&format!("/parties/{party}/relations/new"), &related).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&format!("/parties/{party}")).await.one("#relations").contains("کارفرمای"));
    assert!(browser.get(&format!("/parties/{other}")).await.one("#relations").contains("کارمندِ"));
    assert!(browser.get("/parties/options?party_text=سارا").await.one("li[role=option]").contains("سارا"));
}

#[tokio::test]
async fn a_colleagues_customer_and_hidden_rooms_are_not_shown() {
    let (app, router) = program().await;
    let (owner, _) = somebody(&app, &router, "owner", "نگار").await;
    let (agent, mut browser) = somebody(&app, &router, "agent", "سارا").await;
    let theirs = customer(&owner, "حامد").await;
    assert_eq!(browser.get(&format!("/parties/{theirs}")).await.status, StatusCode::NOT_FOUND);
    let mine = testing::party(&agent, "مریم").await;
    let buy = NewPurchase { party_id: Some(mine), invoice: Some("F-1".into()), amount: Some("1000".into()), ..NewPurchase::default() };
    agent.run(purchases::create, buy).await.unwrap();
    let page = browser.get(&format!("/parties/{mine}")).await;
    assert!(page.one("#timeline").contains("F-1"));
    assert_eq!(page.all("form[action$=archive]").len(), 0);
}

#[tokio::test]
async fn addresses_are_added_changed_taken_away_and_brought_back() {
    let (app, router) = program().await;
    let (ctx, browser) = somebody(&app, &router, "agent", "سارا").await;
    let party = customer(&ctx, "حامد یزدانی").await;
    let page = format!("/parties/{party}");
    let mut htmx = browser.with("hx-request", "true");
    let form = htmx.get(&format!("{page}/addresses/new")).await;
    assert_eq!((form.all("input[name=line]").len(), form.all("input[name=is_main]").len()), (1, 1));
    let empty = htmx.post(&format!("{page}/addresses/new"), &[("in_dialog", "1"), ("line", " "), ("label", "خانه")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.one("#line-e").contains("شهر"));
    assert!(empty.text.contains(r#"value="خانه""#), "what was typed stays");
    let home = [("line", "خیابان زند، پلاک ۱۴"), ("city", "شیراز"), ("province", "فارس"), ("label", "خانه"), ("postal_code", "۷۱۳۵۶۴۸۷۹۱")];
    let added = htmx.post(&format!("{page}/addresses/new"), &home).await;
    assert!(added.header("hx-trigger").ends_with("close-dialog") && added.header("hx-trigger").contains("live:parties"));
    let contacts = htmx.get(&format!("{page}?part=contacts")).await;
    assert!(contacts.text.contains("فارس، شیراز، خیابان زند، پلاک ۱۴") && contacts.text.contains("۷۱۳۵۶۴۸۷۹۱"), "{}", contacts.text);
    htmx.post(&format!("{page}/addresses/new"), &[("city", "تهران"), ("is_main", "1")]).await;
    let stored = ctx.run(get_party, PartyId { id: party.parse().unwrap() }).await.unwrap();
    assert_eq!(stored.city.as_deref(), Some("تهران"));
    let home = stored.addresses.iter().find(|one| one.city.as_deref() == Some("شیراز")).unwrap().id;
    let form = htmx.get(&format!("{page}/addresses/{home}/edit")).await;
    assert!(form.text.contains(&format!(r#"action="{page}/addresses/{home}/edit""#)) && form.text.contains("خیابان زند"));
    assert_eq!(form.all("input[name=is_main][checked]").len(), 0);
    let first = stored.addresses.iter().find(|one| one.is_main).unwrap().id;
    let form = htmx.get(&format!("{page}/addresses/{first}/edit")).await;
    assert_eq!(form.all("input[name=is_main][checked][disabled]").len(), 1, "only another one takes its place");
    assert!(form.one("#is-main-h").contains("نشانی دیگری را اصلی کنید"));
    let wrong = htmx.post(&format!("{page}/addresses/{first}/edit"), &[("in_dialog", "1"), ("city", "")]).await;
    assert_eq!(wrong.all("input[name=is_main][checked][disabled]").len(), 1);
    htmx.post(&format!("{page}/addresses/{first}/edit"), &[("city", "تهران"), ("line", "میدان ونک")]).await;
    let kept = ctx.run(get_party, PartyId { id: party.parse().unwrap() }).await.unwrap();
    assert_eq!(kept.addresses.iter().find(|one| one.is_main).unwrap().id, first);
    let wrong = htmx.post(&format!("{page}/addresses/{home}/edit"), &[("in_dialog", "1"), ("city", "")]).await;
    assert!(wrong.text.contains(&format!(r#"action="{page}/addresses/{home}/edit""#)), "the form still changes the same address");
    let changed = htmx.post(&format!("{page}/addresses/{home}/edit"), &[("city", "یزد")]).await;
    assert!(htmx.get(&format!("{page}?part=contacts")).await.text.contains("یزد"));
    htmx.post(&undo_of(&changed), &[]).await;
    assert!(htmx.get(&format!("{page}?part=contacts")).await.text.contains("خیابان زند"));
    let removed = htmx.post(&format!("{page}/addresses/{home}/remove"), &[]).await;
    assert!(!htmx.get(&format!("{page}?part=contacts")).await.text.contains("خیابان زند"));
    assert_eq!(htmx.post(&undo_of(&removed), &[]).await.status, StatusCode::OK);
    assert!(htmx.get(&format!("{page}?part=contacts")).await.text.contains("خیابان زند"));
    let told = htmx.get(&format!("{page}?part=timeline&kind=record")).await;
    assert!(told.text.contains("نشانی برداشته شد") && told.text.contains("نشانی به حال پیش برگشت"));
    let (_, mut other) = somebody(&app, &router, "agent", "رضا").await;
    for path in ["new".to_owned(), format!("{home}/edit"), format!("{home}/remove")] {
        let answer = other.post(&format!("{page}/addresses/{path}"), &[("city", "قم")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn contact_points_are_added_changed_taken_away_and_brought_back() {
    let (app, router) = program().await;
    let (ctx, browser) = somebody(&app, &router, "agent", "سارا").await;
    let party = customer(&ctx, "حامد یزدانی").await;
    let page = format!("/parties/{party}");
    let mut htmx = browser.with("hx-request", "true");
    let new = [("kind", "mobile"), ("value", "۰۹۳۵ ۱۲۳ ۴۵۶۷"), ("label", "همسر"), ("consent", "given"), ("consent_how", "پای تلفن")];
    let added = htmx.post(&format!("{page}/contacts/new"), &[&new[..], &[("consent_at_text", "دیروز")]].concat()).await;
    assert!(added.header("hx-trigger").contains("live:parties"), "{}", added.text);
    let contacts = htmx.get(&format!("{page}?part=contacts")).await;
    assert!(contacts.text.contains("۰۹۳۵") && contacts.text.contains("رضایت داده · دیروز · پای تلفن"), "{}", contacts.text);
    let stored = ctx.run(get_party, PartyId { id: party.parse().unwrap() }).await.unwrap();
    let id = stored.contacts.iter().find(|one| one.label.is_some()).unwrap().id;
    let edit = format!("{page}/contacts/{id}/edit");
    let form = htmx.get(&edit).await;
    assert!(form.text.contains(&format!(r#"action="{edit}""#)) && form.text.contains("۰۹۳۵"), "{}", form.text);
    assert!(form.text.contains("پای تلفن") && form.one("option[selected]").contains("رضایت داده"));
    assert_eq!((form.all("select[name=kind]").len(), form.all("input[name=is_main]").len()), (0, 1));
    assert_eq!(form.all("input[name=is_main][disabled]").len(), 0);
    let first = stored.contacts.iter().find(|one| one.channel == Channel::Mobile && one.is_main).unwrap().id;
    let of_first = htmx.get(&format!("{page}/contacts/{first}/edit")).await;
    assert_eq!(of_first.all("input[name=is_main][checked][disabled]").len(), 1, "only another one takes its place");
    assert!(of_first.one("#is-main-h").contains("راه دیگری را اصلی کنید"));
    let kept = [("in_dialog", "1"), ("label", "همسر"), ("consent", "given"), ("consent_how", ""), ("consent_at_text", "")];
    let wrong = htmx.post(&edit, &[&kept[..], &[("value", "۱۲۳")]].concat()).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains(&format!(r#"action="{edit}""#)) && !wrong.one("#value-e").is_empty());
    let changed = htmx.post(&edit, &[&kept[..], &[("value", "09361112233"), ("is_main", "1")]].concat()).await;
    let contacts = htmx.get(&format!("{page}?part=contacts")).await.text;
    assert!(contacts.contains("۰۹۳۶") && contacts.contains("دیروز · پای تلفن"), "what they said stays: {contacts}");
    let told = htmx.get(&format!("{page}?part=timeline&kind=record")).await.text;
    assert!(told.contains("راه تماس تغییر کرد") && told.contains("پیش‌تر: "), "{told}");
    htmx.post(&undo_of(&changed), &[]).await;
    assert!(htmx.get(&format!("{page}?part=contacts")).await.text.contains("۰۹۳۵"));
    let withdrawn = htmx.post(&format!("{page}/contacts/{id}/consent"), &[("consent", "withdrawn")]).await;
    assert!(htmx.get(&format!("{page}?part=contacts")).await.text.contains("رضایت را پس گرفته · امروز"));
    htmx.post(&undo_of(&withdrawn), &[]).await;
    let removed = htmx.post(&format!("{page}/contacts/{id}/remove"), &[]).await;
    assert!(!htmx.get(&format!("{page}?part=contacts")).await.text.contains("۰۹۳۵"));
    assert_eq!(htmx.post(&undo_of(&removed), &[]).await.status, StatusCode::OK);
    assert!(htmx.get(&format!("{page}?part=contacts")).await.text.contains("دیروز · پای تلفن"));
    let told = htmx.get(&format!("{page}?part=timeline&kind=record")).await.text;
    assert!(told.contains("راه تماس به حال پیش برگشت"), "{told}");
    let (_, mut other) = somebody(&app, &router, "agent", "رضا").await;
    for path in ["new".to_owned(), format!("{id}/edit"), format!("{id}/consent"), format!("{id}/remove")] {
        let answer = other.post(&format!("{page}/contacts/{path}"), &[("value", "09361112233"), ("consent", "given")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_address_is_added_without_scripts_too() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "agent", "سارا").await;
    let party = customer(&ctx, "حامد").await;
    assert!(browser.get(&format!("/parties/{party}")).await.text.contains(&format!("/parties/{party}/addresses/new")));
    let added = browser.post(&format!("/parties/{party}/addresses/new"), &[("city", "قم")]).await;
    assert_eq!((added.status, added.header("location")), (StatusCode::SEE_OTHER, format!("/parties/{party}").as_str()));
    let page = browser.get(&format!("/parties/{party}")).await;
    assert!(page.one("#contacts").contains("قم"));
    assert!(page.one("#toasts").contains("نشانی ثبت شد"));
}

#[tokio::test]
async fn a_tag_taken_out_of_the_form_goes_and_one_written_into_it_comes() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let new =
        NewParty { name: Some("حامد".into()), tags: Some(vec!["سفارشی".into(), "قدیمی".into()]), ..NewParty::default() };
    let party = ctx.run(peyvand_core::parties::party::create, new).await.unwrap();
    let form = browser.get(&format!("/parties/{}/edit", party.id)).await;
    assert!(form.text.contains(r#"name="tags" value="سفارشی، قدیمی""#), "{}", form.text);
    let version = party.version.to_string();
    let sent = [("kind", "person"), ("name", "حامد"), ("version", &version), ("tags", "سفارشی، ویژه"), ("tags_before", "سفارشی، قدیمی")];
    assert_eq!(browser.post(&format!("/parties/{}/edit", party.id), &sent).await.status, StatusCode::SEE_OTHER);
    let party = ctx.run(peyvand_core::parties::party::get, peyvand_core::parties::party::PartyId { id: party.id }).await.unwrap();
    let mut tags = party.tags.clone();
    tags.sort();
    assert_eq!(tags, ["سفارشی", "ویژه"]);
}

#[tokio::test]
async fn amounts_are_filtered_in_the_unit_in_which_they_are_shown() {
    let (app, router) = program().await;
    let (_, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let filters = browser.get("/parties/filters").await;
    assert!(filters.text.contains("تومان") && !filters.text.contains("ریال"));
    let page = browser.get("/parties?spent_from_text=%DB%B1%DB%B2%D9%AC%DB%B0%DB%B0%DB%B0").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.one(".chip").contains("۱۲٬۰۰۰ تومان"), "{}", page.one(".chip"));
    assert!(page.text.contains("spent_from=120000"), "links keep the amount as it is stored");
    let wrong = browser.get("/parties?spent_from_text=x").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn while_a_customer_is_typed_who_is_there_already_is_shown_with_the_reason() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    customer(&ctx, "حامد یزدانی").await;
    let found = browser.get("/parties/duplicates?mobile=0912+555+0142&first_name=").await;
    assert!(found.one("li").contains("حامد یزدانی"), "{}", found.text);
    assert!(found.one("li small").contains("همان تلفن"), "{}", found.text);
    for lang in [Lang::Fa, Lang::Ar, Lang::En] {
        let loc = Loc::new(Prefs::of(lang), Instant(0));
        for reason in Reason::ALL {
            assert!(loc.has(&format!("parties-duplicate-{}", reason.as_str().replace('_', "-"))), "{lang:?} {reason}");
        }
    }
}
