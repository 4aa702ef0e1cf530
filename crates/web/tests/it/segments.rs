//! Segments: the builder, the list, one segment, and what others see of them.

use crate::{Browser, id_after, program, somebody, undo_of};
use axum::http::StatusCode;
use peyvand_core::Ctx;
use peyvand_core::parties::check::NewParty;
use peyvand_core::parties::list::{self, ListParties};
use peyvand_core::parties::party;
use peyvand_core::platform::jobs;

async fn customer(ctx: &Ctx, name: &str, city: &str) {
    let new = NewParty { name: Some(name.into()), city: Some(city.into()), ..NewParty::default() };
    ctx.run(party::create, new).await.unwrap();
}

/// Saves what stands in the builder; the address of the segment.
async fn save(browser: &mut Browser, form: &[(&str, &str)]) -> String {
    let answer = browser.post("/segments/build", form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.header("location").to_owned()
}

const TEHRAN: [(&str, &str); 6] =
    [("do", "save"), ("name", "تهرانی‌ها"), ("0.g", "all"), ("0-0.k", "city"), ("0-0.op", "is"), ("0-0.t", "تهران، ري")];

#[tokio::test]
async fn a_segment_is_built_without_scripts_one_button_after_another() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(browser.get("/segments").await.all(".void a[href='/segments/new']").len(), 1, "the first visit says what to do");
    for (name, city) in [("بهار", "تهران"), ("پرویز", "شیراز"), ("گلناز", "ری")] {
        customer(&ctx, name, city).await;
    }
    let page = browser.get("/segments/new").await;
    assert!(page.one("#preview .figure").contains('۳'), "without a condition it means everybody");

    let added = browser.post("/segments/build", &[("do", "add:0"), ("0.g", "all"), ("0.add", "city"), ("name", "تهرانی‌ها")]).await;
    assert_eq!(added.status, StatusCode::OK);
    assert_eq!(added.all("input[name='0-0.k'][value=city]").len(), 1);
    assert_eq!(added.all("input[name='0-0.t']").len(), 1);
    assert_eq!(added.all("input[name=name][value='تهرانی‌ها']").len(), 1, "what was typed stays");
    let named = browser.post("/segments/build", &[("do", "save"), ("0.g", "all"), ("0.add", "آخرین خريد")]).await;
    assert_eq!(named.all("input[name='0-0.k'][value=last_purchase]").len(), 1, "Enter in the field adds what its words name");
    let unknown = browser.post("/segments/build", &[("do", "add:0"), ("0.g", "all"), ("0.add", "هیچ")]).await;
    assert_eq!((unknown.all(".rule").len(), unknown.all(".rules .err").len()), (0, 1), "it says that there is none");
    let group = browser.post("/segments/build", &[("do", "group:0"), ("0.g", "any"), ("0-0.k", "tag"), ("0-0.t", "الف")]).await;
    assert_eq!(group.all(".grpbox select[name='0-1.g']").len(), 1);
    assert_eq!(group.all("select[name='0.g'] option[selected]"), ["یکی کافی است"]);
    let removed = browser.post("/segments/build", &[("do", "remove:0-0"), ("0.g", "all"), ("0-0.k", "tag"), ("0-0.t", "الف")]).await;
    assert_eq!(removed.all(".rule").len(), 0);

    let wrong =
        browser.post("/segments/build", &[("do", "save"), ("0.g", "all"), ("0-0.k", "city"), ("0-1.k", "age"), ("0-1.n", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.all("#name-e").len(), 1);
    assert_eq!(wrong.all(".rule .err").len(), 2, "each condition says what it lacks");
    let crossed =
        [("do", "save"), ("name", "سن"), ("0.g", "all"), ("0-0.k", "age"), ("0-0.op", "between"), ("0-0.n", "۴۰"), ("0-0.m", "۳۰")];
    let crossed = browser.post("/segments/build", &crossed).await;
    assert!(crossed.one("#c-0-0 .err").contains("آغاز بازه"), "what the rule refuses stands at its condition");

    let path = save(&mut browser, &TEHRAN).await;
    jobs::drain(&app).await.unwrap();
    let shown = browser.get(&path).await;
    assert!(shown.one("p.say").contains("شهرشان"), "{}", shown.one("p.say"));
    assert_eq!(shown.all(".tb .who b"), ["گلناز", "بهار"]);
    assert!(browser.get("/segments").await.one(".li .nowrap").contains('۲'));
    let id = path.trim_start_matches("/segments/");
    assert_eq!(browser.get(&format!("/parties?segment_id={id}")).await.all("#rows .who b"), ["بهار", "گلناز"]);

    let form = browser.get(&format!("{path}/edit")).await;
    assert_eq!(form.all("input[name='0-0.t'][value='تهران، ري']").len(), 1);
    let mut change = TEHRAN.to_vec();
    change[4] = ("0-0.op", "not");
    change.extend([("id", id), ("version", "1")]);
    assert_eq!(save(&mut browser, &change).await, path);
    jobs::drain(&app).await.unwrap();
    assert_eq!(browser.get(&path).await.all(".tb .who b"), ["پرویز"]);
    let stale = browser.post("/segments/build", &change).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY, "somebody else has changed it meanwhile");
    assert_eq!(stale.all(".note.tone-anar").len(), 1);
}

#[tokio::test]
async fn the_count_goes_along_while_the_rule_is_written() {
    let (app, router) = program().await;
    let (ctx, browser) = somebody(&app, &router, "owner", "نگار").await;
    for (name, city) in [("بهار", "تهران"), ("پرویز", "شیراز")] {
        customer(&ctx, name, city).await;
    }
    let mut htmx = browser.with("hx-request", "true");
    let part = htmx.post("/segments/preview", &[("0.g", "all"), ("0-0.k", "city"), ("0-0.t", "شیراز"), ("0-1.k", "age")]).await;
    assert!(!part.text.contains("<html") && !part.text.contains("<form"), "the part alone");
    assert!(part.one(".figure").contains('۱'), "what is not complete is left out: {}", part.one(".figure"));
    assert_eq!(part.all(".who b"), ["پرویز"]);
    let crossed = [("0.g", "all"), ("0-0.k", "age"), ("0-0.op", "between"), ("0-0.n", "40"), ("0-0.m", "30")];
    assert_eq!(htmx.post("/segments/preview", &crossed).await.all(".note").len(), 1);
    let form = htmx.post("/segments/build", &[("do", "add:0"), ("0.g", "all"), ("0.add", "purchase")]).await;
    assert!(form.text.starts_with("<form") || form.text.trim_start().starts_with("<form"), "the form alone");
    let wider = [("do", "again"), ("0.g", "all"), ("0-0.k", "purchase"), ("0-0.op", "between"), ("0-0.w", "last")];
    let form = htmx.post("/segments/build", &wider).await;
    assert_eq!(form.all("input[name='0-0.n'], input[name='0-0.m'], input[name='0-0.d']").len(), 3, "fields follow what is asked");
}

#[tokio::test]
async fn the_filters_of_a_list_become_conditions() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    customer(&ctx, "بهار", "تهران").await;
    let query = "city=%D8%AA%D9%87%D8%B1%D8%A7%D9%86&role=prospect&unowned=1&spent_from=1000&q=x";
    let list = browser.get(&format!("/parties?{query}")).await;
    assert_eq!(list.all("a[href^='/segments/new?']").len(), 1);
    assert_eq!(browser.get("/parties").await.all("a[href^='/segments/new']").len(), 0, "nothing is filtered");
    let form = browser.get(&format!("/segments/new?{query}")).await;
    let kinds: Vec<usize> =
        ["role", "city", "spent", "owner"].iter().map(|kind| form.all(&format!("input[name$='.k'][value={kind}]")).len()).collect();
    assert_eq!(kinds, [1, 1, 1, 1]);
    assert_eq!(form.all(".note.tone-saffron").len(), 1, "it says which filters are no conditions");
}

#[tokio::test]
async fn a_deleted_segment_comes_back_and_one_in_use_stays() {
    let (app, router) = program().await;
    let (_, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let inner = save(&mut browser, &TEHRAN).await;
    let id = inner.trim_start_matches("/segments/").to_owned();
    let outer = save(&mut browser, &[("do", "save"), ("name", "بیرونی"), ("0.g", "none"), ("0-0.k", "in"), ("0-0.v", &id)]).await;
    let refused = browser.post(&format!("{inner}/delete"), &[]).await;
    assert_eq!(refused.header("location"), inner);
    assert!(browser.get(&inner).await.one(".toast").contains("بیرونی"), "it says who uses it");
    browser.post(&format!("{outer}/delete"), &[]).await;
    let list = browser.get("/segments").await;
    assert_eq!(list.all(".list .li").len(), 1);
    assert_eq!(browser.get(&outer).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post(&undo_of(&list), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/segments").await.all(".list .li").len(), 2);
    assert_eq!(browser.post(&format!("{outer}/refresh"), &[]).await.header("location"), outer);
}

#[tokio::test]
async fn a_colleague_sees_what_is_shared_and_changes_nothing() {
    let (app, router) = program().await;
    let (owner, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let (agent, mut theirs) = somebody(&app, &router, "agent", "سارا").await;
    customer(&owner, "پنهان", "تهران").await;
    customer(&agent, "خودی", "تهران").await;
    let private = save(&mut browser, &TEHRAN).await;
    let mut shared = TEHRAN.to_vec();
    shared.push(("is_shared", "1"));
    let shared = save(&mut browser, &shared).await;
    jobs::drain(&app).await.unwrap();
    assert_eq!(theirs.get(&private).await.status, StatusCode::NOT_FOUND);
    let page = theirs.get(&shared).await;
    assert_eq!(page.all(".tb .who b"), ["خودی"]);
    assert!(page.one(".figure").contains('۱'));
    assert_eq!(page.all("a[href$='/edit'], form[action$='/refresh'], form[action$='/delete'], a[download]").len(), 0);
    assert_eq!(page.all(".tb.tight").len(), 0, "the sizes count everybody");
    for path in ["/segments/new".to_owned(), format!("{shared}/edit")] {
        assert_eq!(theirs.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in [format!("{shared}/refresh"), format!("{shared}/delete")] {
        assert_eq!(theirs.post(&path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(theirs.post("/segments/build", &TEHRAN).await.status, StatusCode::FORBIDDEN);
    assert_eq!(theirs.get("/segments").await.all("a[href='/segments/new']").len(), 0);
}

#[tokio::test]
async fn customers_are_put_in_and_kept_out_by_hand() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    for (name, city) in [("بهار", "تهران"), ("پرویز", "شیراز"), ("گلناز", "ری")] {
        customer(&ctx, name, city).await;
    }
    let path = save(&mut browser, &TEHRAN).await;
    jobs::drain(&app).await.unwrap();
    let picks = format!("{path}/picks");
    let unclear = browser.post(&picks, &[("party_text", "کسی"), ("pick", "in")]).await;
    assert_eq!(unclear.header("location"), path);
    assert!(browser.get(&path).await.one(".toast").contains("روشن نیست"));
    // Typed and not chosen, where one alone can be meant.
    browser.post(&picks, &[("party_text", "پرویز"), ("pick", "in")]).await;
    let shown = browser.get(&path).await;
    assert_eq!(shown.all(".tb .who b"), ["گلناز", "پرویز", "بهار"]);
    assert_eq!(shown.all("#by-hand .li .lnk"), ["پرویز"]);
    let undo = undo_of(&shown);
    let id = id_after(&shown, "/parties/");
    browser.post(&picks, &[("party", &id), ("pick", "out")]).await;
    assert_eq!(browser.get(&path).await.all(".tb .who b"), ["پرویز", "بهار"]);
    browser.post(&undo, &[]).await;
    let shown = browser.get(&path).await;
    assert_eq!(shown.all(".tb .who b"), ["بهار"]);
    assert_eq!(shown.all("#by-hand .li .lnk"), ["گلناز"]);
    browser.post(&picks, &[("party", &id), ("pick", "rule")]).await;
    assert_eq!(browser.get(&path).await.all(".tb .who b"), ["گلناز", "بهار"]);

    // From the list of customers, many at once.
    let page = browser.get("/parties").await;
    assert_eq!(page.all("#bulk-segment option"), ["تهرانی‌ها"]);
    let segment = path.trim_start_matches("/segments/").to_owned();
    let everybody = ctx.run(list::list, ListParties::default()).await.unwrap();
    let ids: Vec<String> = everybody.items.iter().map(|one| one.id.to_string()).collect();
    let mut form: Vec<(&str, &str)> = ids.iter().map(|id| ("ids", id.as_str())).collect();
    form.extend([("segment", segment.as_str()), ("pick", "in")]);
    assert_eq!(browser.post("/parties/bulk/segment", &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&path).await.all("#by-hand .li").len(), 3);
}

#[tokio::test]
async fn a_segment_shows_whom_it_shares_and_who_came_and_went() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    customer(&ctx, "بهار", "تهران").await;
    customer(&ctx, "پرویز", "شیراز").await;
    let path = save(&mut browser, &TEHRAN).await;
    let everybody = save(&mut browser, &[("do", "save"), ("name", "همه"), ("0.g", "all")]).await;
    jobs::drain(&app).await.unwrap();
    let page = browser.get(&format!("{everybody}/overlap")).await;
    assert_eq!(page.all(".card li .lnk"), ["تهرانی‌ها"]);
    assert!(page.one(".card li .nowrap").contains("۵۰"), "{}", page.one(".card li .nowrap"));
    let moves = browser.get(&format!("{everybody}/moves")).await;
    assert_eq!(moves.all(".tb .who b"), ["پرویز", "بهار"]);
    assert_eq!(browser.get(&format!("{everybody}/moves?way=left")).await.all(".tb").len(), 0);
    let before = browser.get(&format!("{everybody}/moves?from=2020-01-01&until=2020-01-02")).await;
    assert_eq!((before.status, before.all(".tb").len()), (StatusCode::OK, 0));
    let crossed = browser.get(&format!("{everybody}/moves?from=2020-01-02&until=2020-01-01")).await;
    assert_eq!(crossed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(crossed.all("#until-e").len(), 1);
    let typed = browser.get(&format!("{everybody}/moves?from_text=x")).await;
    assert_eq!(typed.all("#from-e").len(), 1);
    let mut htmx = browser.with("hx-request", "true");
    let part = htmx.get(&format!("{path}/overlap")).await;
    assert!(!part.text.contains("<html"), "the part alone");
    assert_eq!(part.all("li .lnk"), ["همه"]);
}

#[tokio::test]
async fn a_goal_is_set_for_a_segment_and_given_up() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    customer(&ctx, "بهار", "تهران").await;
    assert_eq!(browser.get("/segments/goals").await.all("form.card").len(), 0, "there is no segment to set one for");
    let path = save(&mut browser, &TEHRAN).await;
    let id = path.trim_start_matches("/segments/").to_owned();
    let mut goal = vec![("segment_id", id.as_str()), ("figure", "members"), ("until_on", "2020-01-01"), ("budget", "x")];
    let wrong = browser.post("/segments/goals", &goal).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.all("#target-e, #budget-e").len(), 2);
    assert_eq!(wrong.all("#figure option[selected][value=members]").len(), 1, "what was chosen stays");
    goal.extend([("target", "۲")]);
    goal[2].1 = "2030-01-01";
    goal[3].1 = "۵۰۰۰۰۰";
    let set = browser.post("/segments/goals", &goal).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.text);
    jobs::drain(&app).await.unwrap();
    let page = browser.get("/segments/goals").await;
    assert_eq!(page.all(".tb td .lnk"), ["تهرانی‌ها"]);
    assert!(page.one(".tb td b").contains('۱'), "one of two: {}", page.one(".tb td b"));
    assert!(page.text.contains("۵۰۰٬۰۰۰"), "the budget in the reader's unit");
    let delete = format!("/segments/goals/{}/delete", id_after(&page, "/segments/goals/"));
    browser.post(&delete, &[]).await;
    let gone = browser.get("/segments/goals").await;
    assert_eq!(gone.all(".tb").len(), 0);
    browser.post(&undo_of(&gone), &[]).await;
    assert_eq!(browser.get("/segments/goals").await.all(".tb tbody tr").len(), 1);
}

#[tokio::test]
async fn a_goal_is_changed_on_its_page_and_notes_stand_below_the_portfolio() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    customer(&ctx, "بهار", "تهران").await;
    let path = save(&mut browser, &TEHRAN).await;
    let id = path.trim_start_matches("/segments/").to_owned();
    let goal = [("segment_id", id.as_str()), ("figure", "sales"), ("target", "۱۰۰۰"), ("until_on", "2030-01-01")];
    browser.post("/segments/goals", &goal).await;
    let page = browser.get("/segments/goals").await;
    let href = format!("/segments/goals/{}", id_after(&page, "/segments/goals/"));
    let form = browser.get(&href).await;
    assert_eq!(form.all("input[name=target][value='۱٬۰۰۰']").len(), 1, "the amount in the reader's unit: {}", form.text);
    assert_eq!(form.all(".list .li b"), ["برای یک بخش هدف گذاشته شد"]);
    let wrong = browser.post(&href, &[("version", "1"), ("target", "x"), ("until_on", "2030-01-01")]).await;
    assert_eq!((wrong.status, wrong.all("#target-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let change = [("version", "1"), ("target", "۲۵۰۰"), ("until_on", "2030-02-01"), ("budget", "۷۰۰"), ("note", "تا بهار")];
    let changed = browser.post(&href, &change).await;
    assert_eq!(changed.header("location"), "/segments/goals");
    let page = browser.get("/segments/goals").await;
    assert!(page.text.contains("۲٬۵۰۰") && page.text.contains("تا بهار"), "{}", page.text);
    assert_eq!(browser.post(&href, &change).await.status, StatusCode::UNPROCESSABLE_ENTITY, "the version is an older one");
    let told = browser.get(&href).await;
    assert_eq!(told.all(".list .li b").len(), 2);
    assert!(told.one(".list .li .sm").contains("با بودجه‌ی"), "{}", told.one(".list .li .sm"));
    browser.post(&undo_of(&page), &[]).await;
    assert!(browser.get("/segments/goals").await.text.contains("۱٬۰۰۰"));

    let empty = browser.post("/segments/goal-notes", &[("words", " ")]).await;
    assert_eq!((empty.status, empty.all("#words-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    browser.post("/segments/goal-notes", &[("words", "نیمی از بودجه جابه‌جا شد"), ("goal_id", &href[16..])]).await;
    let noted = browser.get("/segments/goals").await;
    assert!(noted.one("#notes .li").contains("نیمی از بودجه") && noted.one("#notes .li small").contains("نگار"));
    let drop = format!("/segments/goal-notes/{}/delete", id_after(&noted, "/segments/goal-notes/"));
    browser.post(&drop, &[]).await;
    let gone = browser.get("/segments/goals").await;
    assert_eq!(gone.all("#notes .li").len(), 0);
    browser.post(&undo_of(&gone), &[]).await;
    assert_eq!(browser.get("/segments/goals").await.all("#notes .li").len(), 1);
    for number in 0..20 {
        browser.post("/segments/goal-notes", &[("words", format!("یادداشت {number}").as_str())]).await;
    }
    let full = browser.get("/segments/goals").await;
    assert_eq!(full.all("#notes .li").len(), 20);
    let older = full.text.split('"').find(|part| part.starts_with("/segments/goals?notes=")).unwrap().to_owned();
    let rest = browser.get(older.trim_end_matches("#notes")).await;
    assert!(rest.one("#notes .li").contains("نیمی از بودجه"), "the oldest comes last");
}

#[tokio::test]
async fn whom_a_rule_means_is_a_list_before_it_is_a_segment() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    for (name, city) in [("بهار", "تهران"), ("پرویز", "شیراز")] {
        customer(&ctx, name, city).await;
    }
    let part = browser.post("/segments/preview", &[("0.g", "all"), ("0-0.k", "city"), ("0-0.t", "شیراز")]).await;
    let href = part.text.split('"').find(|part| part.starts_with("/parties?rule=")).unwrap().to_owned();
    let list = browser.get(&href).await;
    assert_eq!(list.all("#rows .who b"), ["پرویز"]);
    let chip = list.one(".chip");
    assert!(chip.contains("شهرشان") && chip.contains("شیراز"), "the rule is said in words: {chip}");
    assert!(browser.get(&href.replacen("/parties", "/parties/count", 1)).await.text.contains('۱'));
    let again = browser.get(&href.replacen("/parties", "/segments/new", 1)).await;
    assert_eq!(again.all("input[name$='.t'][value='شیراز']").len(), 1, "and becomes a segment again");
    assert_eq!(browser.get("/parties?rule=%7B%22smell%22%3A1%7D").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_list_shows_and_filters_by_who_customers_are() {
    let (app, router) = program().await;
    let (ctx, mut browser) = somebody(&app, &router, "owner", "نگار").await;
    let new = NewParty {
        name: Some("بهار".into()),
        education: Some("master".into()),
        job: Some("پزشک".into()),
        income_band: Some("high".into()),
        birth_date: Some("1990-05-05".into()),
        ..NewParty::default()
    };
    ctx.run(party::create, new).await.unwrap();
    customer(&ctx, "پرویز", "شیراز").await;
    let query = "education=master&income=high&age_from=%DB%B3%DB%B0&job=%D9%BE%D8%B2%D8%B4%DA%A9";
    let list = browser.get(&format!("/parties?{query}&cols=tier,rfm,rhythm,age,education,job,income&sort=profit&desc=1")).await;
    assert_eq!(list.all("#rows .who b"), ["بهار"]);
    for words in ["کارشناسی ارشد", "پزشک", "زیاد", "۳۶"] {
        assert!(list.one("#rows tr").contains(words), "{words}: {}", list.one("#rows tr"));
    }
    assert_eq!(list.all(".chip").len(), 4);
    let form = browser.get(&format!("/parties/filters?{query}&need=%D8%AE%D9%88%D8%AF%D9%85")).await;
    assert_eq!(form.all("#education option[selected]"), ["کارشناسی ارشد"]);
    assert_eq!(form.all("#need option[selected]"), ["خودم"], "own words stay chosen");
    let file = browser.get(&format!("/parties/file/export.csv?{query}&cols=age,education,tier,rhythm")).await;
    assert!(file.text.contains("کارشناسی ارشد") && file.text.contains("36"), "{}", file.text);
    let segment = browser.get(&format!("/segments/new?{query}")).await;
    assert_eq!(segment.all("input[name$='.k'][value=education], input[name$='.k'][value=age], input[name$='.k'][value=job]").len(), 3);
}
