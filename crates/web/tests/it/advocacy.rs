//! Customers who bring others, through the browser: a word that is written down, one that is reviewed, a code and its link.

use crate::{Browser, id_after, program, somebody};
use axum::http::StatusCode;
use peyvand_core::advocacy::record::{RecordReferral, SaidBy, record};
use peyvand_core::advocacy::referrals::{self, ListReferrals};
use peyvand_core::lifecycle::{Stage, Standing};
use peyvand_core::parties::check::NewParty;
use peyvand_core::parties::party as parties;
use peyvand_core::platform::jobs;
use peyvand_core::sales::purchases::{self, NewPurchase};
use peyvand_core::{Ctx, Id, testing};

async fn with_phone(ctx: &Ctx, name: &str, phone: &str) -> Id<peyvand_core::parties::Party> {
    let new = NewParty { name: Some(name.into()), phone: Some(phone.into()), ..NewParty::default() };
    ctx.run(parties::create, new).await.unwrap().id
}

#[tokio::test]
async fn who_sent_a_new_customer_is_written_down_reviewed_and_seen_on_both_pages() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(browser.get("/advocacy").await.all(".void h2").len(), 1);
    assert_eq!(browser.get("/advocacy/kinds").await.all(".void h2").len(), 1);
    // The same land line: a person looks.
    let sara = with_phone(&ctx, "سارا کاظمی", "02188001122").await;
    let mina = with_phone(&ctx, "مینا راد", "02188001122").await;
    let page = browser.get(&format!("/parties/{mina}")).await;
    assert!(page.one("#referrals").contains("نمی‌دانیم چه کسی"), "{}", page.one("#referrals"));
    let form = browser.get(&format!("/advocacy/new?referee={mina}")).await;
    assert_eq!(form.all("input[name=referee_text][value='مینا راد']").len(), 1);
    let empty = browser.post("/advocacy", &[("said_by", "referee")]).await;
    assert_eq!((empty.status, empty.all(".errs li").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let (sara_id, mina_id) = (sara.to_string(), mina.to_string());
    let told =
        [("said_by", "referee"), ("referrer", sara_id.as_str()), ("referee", mina_id.as_str()), ("form", "visit"), ("note", "با هم آمدند")];
    let done = browser.post("/advocacy", &told).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let here = done.header("location").to_owned();
    let one = browser.get(&here).await;
    assert!(one.one("#h-steps + .bd").contains("منتظر بررسی") && one.text.contains("با هم آمدند"));
    assert!(one.one("section[aria-labelledby=h-fraud]").contains("تلفن ثابت"));
    assert_eq!(browser.get("/advocacy?view=queue").await.all("tbody tr").len(), 1);
    let review = format!("{here}/review");
    let without = browser.post(&review, &[("verdict", "accept"), ("reason", "")]).await;
    assert_eq!((without.status, without.all("#reason-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let refused = browser.post(&review, &[("verdict", "reject"), ("reason", "یک نفرند")]).await;
    assert_eq!(refused.header("location"), here);
    assert!(browser.get(&here).await.one(".body p").contains("درست ندانست"));
    assert_eq!(browser.post(&format!("{here}/appeal"), &[("words", "خواهرند")]).await.status, StatusCode::SEE_OTHER);
    browser.post(&review, &[("verdict", "accept"), ("reason", "تلفن زدیم")]).await;
    assert!(browser.get(&here).await.one("#h-steps + .bd").contains("آمده"));
    let new = NewPurchase { party_id: Some(mina), amount: Some("1000".into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
    jobs::drain(&app).await.unwrap();
    assert!(browser.get(&here).await.one("#h-steps + .bd").contains("خریده"), "within seconds of the purchase");
    assert!(browser.get(&format!("/parties/{mina}")).await.one("#referrals").contains("سارا کاظمی"));
    assert!(browser.get(&format!("/parties/{sara}")).await.one("#referrals").contains("مینا راد"));
    let table = browser.get("/advocacy/kinds").await;
    let link = "/advocacy?view=all&kind=brand&form=visit";
    assert_eq!(table.all(&format!("a[href='{link}']")), ["۱"]);
    assert_eq!(browser.get(link).await.all("tbody tr").len(), 1);
    let (_, mut agent) = somebody(&app, &router, "agent", "رضا").await;
    assert_eq!(agent.get(&here).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_code_is_made_when_asked_for_and_its_link_shows_nothing_of_whose_it_is() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let sara = testing::party(&ctx, "سارا کاظمی").await;
    let here = format!("/advocacy/codes/{sara}");
    assert_eq!(browser.get(&here).await.all(".void h2").len(), 1);
    browser.post(&here, &[]).await;
    let refused = browser.get(&here).await;
    assert!(refused.one("#toasts").contains("پیشنهاد نمی‌کنیم"), "nobody is handed one");
    browser.post(&here, &[("is_asked", "1")]).await;
    let page = browser.get(&here).await;
    assert_eq!(page.all("svg[role=img] path").len(), 1);
    let code = page.one("b > bdi[dir=ltr]");
    assert!(browser.get("/advocacy/codes").await.one(".list .li").contains(&code));
    let mut friend = Browser::new(&router);
    let link = format!("/r/{}", code.to_lowercase());
    let open = friend.get(&link).await;
    assert!(open.text.contains(&code) && !open.text.contains("کاظمی"), "{}", open.text);
    assert_eq!(open.header("x-robots-tag"), "noindex, nofollow");
    friend.get(&link).await;
    assert_eq!(browser.get("/advocacy").await.all(".void h2").len(), 1, "looking changes nothing");
    let wrong = friend.post(&link, &[("friend", "12")]).await;
    assert_eq!((wrong.status, wrong.all("#friend-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let left = friend.post(&link, &[("friend", "09125550142"), ("lang", "en")]).await;
    assert_eq!(left.header("location"), format!("/r/{code}?done=true&lang=en"));
    assert!(friend.get(left.header("location")).await.one("h1").contains("Thank you"));
    let list = browser.get("/advocacy").await;
    assert!(list.one("tbody tr").contains("…۴۲") && !list.text.contains("5550142"), "{}", list.one("tbody tr"));
    let id = id_after(&list, "href=\"/advocacy/");
    assert!(browser.get(&format!("/advocacy/{id}")).await.one("section[aria-labelledby=h-claims]").contains("در پیوند"));
    assert_eq!(friend.get("/r/ZZZZZZZ").await.status, StatusCode::NOT_FOUND);
    browser.post(&format!("{here}/end"), &[]).await;
    assert_eq!(friend.get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_new_customer_is_asked_who_introduced_them_and_somebody_thanks() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let sara = with_phone(&ctx, "سارا کاظمی", "09121110001").await;
    let form = browser.get("/parties/new").await;
    assert_eq!(form.all("#introduced_by").len(), 1, "{}", form.text);
    let wrong = browser.post("/parties", &[("kind", "person"), ("first_name", "مینا"), ("introduced_by_text", "09120000000")]).await;
    assert_eq!((wrong.status, wrong.all("#introduced_by-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1), "{}", wrong.text);
    let id = sara.to_string();
    let told = [("kind", "person"), ("first_name", "مینا"), ("introduced_by_text", "سارا کاظمی"), ("introduced_by", id.as_str())];
    let made = browser.post("/parties", &told).await.header("location").to_owned();
    let page = browser.get(&made).await;
    assert!(page.one("#referrals").contains("سارا کاظمی"), "{}", page.one("#referrals"));
    let referral = ctx.run(referrals::list, ListReferrals::default()).await.unwrap().items[0].id;
    let seen = browser.get(&format!("/advocacy/{referral}")).await;
    assert!(seen.one("#thanks").contains("تشکر"), "{}", seen.one("#thanks"));
    assert!(browser.get(&format!("/parties/{sara}")).await.text.contains("برای معرفی تشکر کنید"));
}

#[tokio::test]
async fn a_schedule_is_written_approved_by_two_and_what_it_brings_is_booked_used_and_checked() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(browser.get("/advocacy/benefits").await.all(".void h2").len(), 1);
    assert_eq!(browser.get("/advocacy/ledger").await.all(".void h2").len(), 1);
    let wrong = browser.post("/advocacy/benefits", &[("percent_1", "5"), ("amount_1", "9"), ("valid_days", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = browser.post("/advocacy/benefits", &[("percent_1", "5"), ("amount_1", "9"), ("text_fa", "متن")]).await;
    assert!(wrong.one("#tiers-e").contains("یا درصد بنویسید"), "{}", wrong.one("#tiers-e"));
    let form = [("percent_1", "۱۰"), ("wallet", "cash"), ("valid_days", "۳۶۵"), ("text_fa", "ده درصد نخستین خرید دوستتان.")];
    let made = browser.post("/advocacy/benefits", &form).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let here = made.header("location").to_owned();
    let page = browser.get(&here).await;
    assert!(page.one(".ph .bd").contains("پیش‌نویس") && page.one("#h-preview").contains("یعنی"), "{}", page.text);
    browser.post(&format!("{here}/approve"), &[]).await;
    assert!(browser.get(&here).await.all(&format!("form[action='{here}/approve']")).is_empty(), "once each");
    let (_, mut other) = somebody(&app, &router, "manager", "سینا").await;
    other.post(&format!("{here}/approve"), &[]).await;
    assert!(browser.get(&here).await.one(".ph .bd").contains("برقرار"));
    assert!(browser.get("/advocacy/benefits").await.one(".list .li").contains("۱۰٪"));

    let (sara, mina) = (testing::party(&ctx, "سارا کاظمی").await, testing::party(&ctx, "مینا راد").await);
    testing::at_stage(&ctx, sara, Stage::Advocate, Standing::Active, ctx.today().plus(-90)).await;
    // Bought ten days before it is written down: final at once.
    let date = Some(ctx.today().plus(-10).to_string());
    let new = NewPurchase { party_id: Some(mina), amount: Some("10000".into()), date: date.clone(), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
    let new = RecordReferral {
        said_by: Some(SaidBy::Referee),
        referrer_id: Some(sara),
        referee_id: Some(mina),
        occurred: date,
        ..RecordReferral::default()
    };
    let id = ctx.run(record, new).await.unwrap().seen.referral.id;
    let one = browser.get(&format!("/advocacy/{id}")).await;
    assert!(one.one("section[aria-labelledby=h-reward]").contains("به حساب معرف آمد"), "{}", one.one("#h-steps + .bd"));
    assert!(browser.get(&format!("/parties/{sara}")).await.one("#ledger").contains("آماده‌ی پرداخت"));
    let books = format!("/advocacy/ledger/{sara}");
    let too_much = browser.post(&books, &[("what", "pay_out"), ("amount", "99999999"), ("key", "a")]).await;
    assert_eq!((too_much.status, too_much.all("#amount-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert_eq!(browser.post(&books, &[("what", "x")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..2 {
        let paid = browser.post(&books, &[("what", "pay_out"), ("amount", "400 ریال"), ("key", "b"), ("note", "۸۸۱۲")]).await;
        assert_eq!(paid.status, StatusCode::SEE_OTHER, "{}", paid.text);
    }
    assert_eq!(browser.post(&books, &[("what", "spend"), ("amount", "100 ریال")]).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&books).await;
    assert_eq!(page.all("tbody tr").len(), 4, "the same key twice is one payment");
    let spent = id_after(&page, "?back=");
    let form = browser.get(&format!("{books}?back={spent}")).await;
    assert_eq!(form.all("option[value=give_back][selected]").len(), 1);
    let back = browser.post(&books, &[("what", "give_back"), ("id", &spent), ("amount", "100 ریال")]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text);
    let all = browser.get("/advocacy/ledger").await;
    assert!(all.one("[role=status].note").contains("درست است"), "{}", all.text);
    assert_eq!(browser.get("/advocacy/ledger?kind=paid_out").await.all("tbody[data-rows] tr").len(), 1);
    // What there is pays for what they buy.
    let till = browser.get(&format!("/purchases/new?party={sara}")).await;
    assert!(till.one("#from_credit-h").contains("اعتبار او"), "{}", till.text);
    let party = sara.to_string();
    let buy = |credit: &'static str| [("party", party.as_str()), ("settled", "1"), ("amount", "1000 ریال"), ("from_credit", credit)];
    let above = browser.post("/purchases", &buy("1001 ریال")).await;
    assert_eq!((above.status, above.all("#from_credit-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert_eq!(browser.post("/purchases", &buy("600 ریال")).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/advocacy/ledger").await.one("[role=status].note").contains("درست است"));
    assert!(browser.get(&format!("/purchases/new?party={sara}")).await.all("#from_credit").is_empty(), "nothing is left");
    let (_, mut agent) = somebody(&app, &router, "agent", "رضا").await;
    assert_eq!(agent.get(&books).await.status, StatusCode::NOT_FOUND);
    assert_eq!(agent.get("/advocacy/benefits/new").await.status, StatusCode::FORBIDDEN);
    assert!(agent.get("/advocacy/ledger").await.all("tbody tr").is_empty());
}

#[tokio::test]
async fn the_picture_of_who_brought_whom_has_a_table_and_what_that_is_worth_waits_for_an_assumption() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(browser.get("/advocacy/network").await.all(".void h2").len(), 1);
    assert_eq!(browser.get("/advocacy/value").await.all(".void h2").len(), 1);
    let (sara, mina) = (testing::party(&ctx, "سارا کاظمی").await, testing::party(&ctx, "مینا راد").await);
    let date = Some(ctx.today().plus(-10).to_string());
    let new = NewPurchase { party_id: Some(mina), amount: Some("10000".into()), date: date.clone(), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
    let new = RecordReferral {
        said_by: Some(SaidBy::Referee),
        referrer_id: Some(sara),
        referee_id: Some(mina),
        occurred: date,
        ..RecordReferral::default()
    };
    ctx.run(record, new).await.unwrap();
    let picture = browser.get("/advocacy/network?months=3").await;
    assert_eq!(picture.all("svg[role=group] a").len(), 1, "{}", picture.text);
    assert!(picture.one("tbody tr").contains("سارا کاظمی") && picture.one("tbody tr").contains("مینا راد"));
    let value = browser.get("/advocacy/value").await;
    assert!(value.one("tbody tr").contains("داده کافی نیست"), "{}", value.one("tbody tr"));
    let wrong = browser.post("/advocacy/value", &[("percent", "x")]).await;
    assert_eq!((wrong.status, wrong.all("#percent-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let done = browser.post("/advocacy/value", &[("percent", "۶۰"), ("words", "پرسیدیم")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(browser.get("/advocacy/value").await.one("section[aria-labelledby=h-assumed] .note").contains("۶۰٪"));
    let file = browser.get("/advocacy/value.csv").await;
    assert!(file.text.contains("سارا کاظمی") && file.header("content-type").starts_with("text/csv"));
    assert_eq!(browser.get("/advocacy/kinds?months=3").await.all("a[href='/advocacy/kinds?months=3'][aria-current=page]").len(), 1);
    let (_, mut agent) = somebody(&app, &router, "agent", "رضا").await;
    assert!(!agent.get("/advocacy/network").await.text.contains("کاظمی"));
    assert_eq!(agent.get("/advocacy/value.csv").await.status, StatusCode::FORBIDDEN);
}
