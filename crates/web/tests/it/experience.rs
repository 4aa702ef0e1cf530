//! How customers are treated: treatments, policies and their approval, as pages.

use crate::{id_after, program, somebody};
use axum::http::StatusCode;
use peyvand_core::platform::jobs;
use peyvand_core::sales::purchases::{self, NewPurchase};
use peyvand_core::testing;

#[tokio::test]
async fn a_costly_policy_goes_from_its_form_to_its_end_and_needs_two() {
    let (app, router) = program().await;
    let (_, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    let (_, mut manager) = somebody(&app, &router, "manager", "سینا").await;
    assert_eq!(owner.get("/experience").await.all(".void").len(), 1);

    let wrong = [("kind", "gift"), ("class", "material"), ("name_fa", "ست قهوه"), ("stages", "loyal"), ("stages", "advocate")];
    let wrong = owner.post("/experience/treatments", &wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.one("#stages-e").contains("بازاریاب"), "{}", wrong.text);
    assert_eq!(wrong.all("input[name=stages][value=loyal][checked]").len(), 1, "what was typed stays");
    assert!(owner.get("/experience/violations").await.one(".list .li").contains("ست قهوه"));

    let right = [("kind", "benefit"), ("name_fa", "پنج درصد"), ("percent", "۵"), ("unit_cost", "90000"), ("stages", "advocate")];
    assert_eq!(owner.post("/experience/treatments", &right).await.status, StatusCode::SEE_OTHER);
    let form = owner.get("/experience/new").await;
    let treatment = id_after(&form, "name=\"treatment_ids\" value=\"");
    let empty = owner.post("/experience", &[("name", "سپاس")]).await;
    assert_eq!((empty.status, empty.all(".errs li").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let policy = [
        ("name", "سپاس"),
        ("treatment_ids", treatment.as_str()),
        ("occasions", "birthday"),
        ("own_name", "روز قهوه"),
        ("own_on", "2026-10-01"),
        ("days_before", "۳"),
        ("budget", "1000000"),
        ("holdout", "10"),
    ];
    let made = owner.post("/experience", &policy).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let path = made.header("location").to_owned();
    let page = owner.get(&path).await;
    assert!(page.one(".kv").contains("روز قهوه"), "{}", page.text);
    assert_eq!(page.all(".note").len(), 1, "it says that two have to approve");
    assert_eq!(page.all("details dd").len(), 4, "one word for each stage");

    let approve = format!("{path}/approve");
    owner.post(&approve, &[("number", "1")]).await;
    assert_eq!(owner.get(&path).await.all("form[action$='/approve']").len(), 0, "nobody approves twice");
    assert_eq!(manager.get(&path).await.all("form[action$='/approve']").len(), 1);
    owner.post(&approve, &[("number", "1")]).await;
    assert!(owner.get(&path).await.one("#toasts").contains("کس دیگری"));
    manager.post(&approve, &[("number", "1")]).await;
    manager.post(&format!("{path}/start"), &[]).await;
    assert!(owner.get("/experience").await.one(".bd").contains("در حال اجرا"));

    let edit = owner.get(&format!("{path}/edit")).await;
    assert_eq!(edit.all("input[name=treatment_ids][checked]").len(), 1);
    assert_eq!(edit.all("input[name=own_name][value='روز قهوه']").len(), 1);
    assert_eq!(edit.all("input[name=days_before][value='۳']").len(), 1);
    assert_eq!(owner.post(&format!("{path}/edit"), &policy[1..]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(owner.get(&path).await.all("section.card").len(), 2);
    owner.post(&format!("{path}/retire"), &[]).await;
    assert!(owner.get("/experience").await.one(".bd").contains("پایان"));
    owner.post(&format!("/experience/treatments/{treatment}/archive"), &[]).await;
    assert_eq!(owner.get("/experience/treatments").await.all(".void").len(), 1);

    let (_, mut agent) = somebody(&app, &router, "agent", "سارا").await;
    assert_eq!(agent.get(&path).await.status, StatusCode::OK);
    assert_eq!(agent.get("/experience/new").await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.post(&format!("{path}/start"), &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_offer_is_seen_told_redeemed_and_taken_back() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    let (_, mut manager) = somebody(&app, &router, "manager", "سینا").await;
    let parties = [testing::party(&ctx, "بهار").await, testing::party(&ctx, "پرویز").await];
    assert_eq!(owner.get("/experience/grants").await.all(".void").len(), 1);
    let discount = [
        ("kind", "discount"),
        ("name_fa", "ده درصد"),
        ("percent", "10"),
        ("stages", "potential"),
        ("stages", "actual"),
        ("valid_days", "30"),
    ];
    assert_eq!(owner.post("/experience/treatments", &discount).await.status, StatusCode::SEE_OTHER);
    let treatment = id_after(&owner.get("/experience/new").await, "name=\"treatment_ids\" value=\"");
    let policy = [("name", "خوش آمدید"), ("treatment_ids", treatment.as_str()), ("occasions", "once")];
    let path = owner.post("/experience", &policy).await.header("location").to_owned();
    manager.post(&format!("{path}/approve"), &[("number", "1")]).await;
    manager.post(&format!("{path}/start"), &[]).await;
    jobs::drain(&app).await.unwrap();

    let listed = owner.get("/experience/grants").await;
    assert_eq!(listed.all(".list .li").len(), 2, "{}", listed.text);
    assert!(owner.get(&format!("/parties/{}", parties[0])).await.text.contains(&format!("/experience/of/{}", parties[0])));
    let beside = owner.get(&format!("/experience/of/{}", parties[0])).await;
    assert_eq!(beside.all(".li").len(), 1);
    let code = beside.one(".tag");

    let slip = owner.post("/experience/redeem", &[("code", "۱۲۳۴۵۶۷۸۹۰۱۲"), ("key", "a")]).await;
    assert_eq!((slip.status, slip.all("#code-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let done = owner.post("/experience/redeem", &[("code", code.as_str()), ("total", "۲٬۰۰۰"), ("key", "till-1")]).await;
    assert!(done.one(".note").contains("۲۰۰"), "{}", done.one(".note"));
    let again = owner.post("/experience/redeem", &[("code", code.as_str()), ("total", "2000"), ("key", "till-2")]).await;
    assert!(again.one("#code-e").contains("استفاده شده"), "it says why");
    assert_eq!(owner.get("/experience/grants?state=redeemed").await.all(".list .li").len(), 1);

    let other = id_after(&owner.get("/experience/grants?state=offered").await, "/experience/grants/");
    owner.post(&format!("/experience/grants/{other}/accept"), &[]).await;
    assert_eq!(owner.get("/experience/grants?state=accepted").await.all(".list .li").len(), 1);
    owner.post(&format!("/experience/grants/{other}/revoke"), &[("reason", "اشتباه")]).await;
    assert_eq!(owner.get("/experience/grants?state=revoked").await.all(".list .li").len(), 1);

    let wrong = owner.post("/experience/gifts", &[("stock", "-1")]).await;
    assert_eq!((wrong.status, wrong.all(".errs li").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let gift = [("name_fa", "ست قهوه"), ("unit_cost", "1800000"), ("stock", "۲")];
    assert_eq!(owner.post("/experience/gifts", &gift).await.status, StatusCode::SEE_OTHER);
    let item = id_after(&owner.get("/experience/gifts").await, "/experience/gifts/");
    owner.post(&format!("/experience/gifts/{item}/restock"), &[("by", "-3")]).await;
    assert!(owner.get("/experience/gifts").await.one(".li .bd").contains('۲'), "never below nothing");
    owner.post(&format!("/experience/gifts/{item}/restock"), &[("by", "۳")]).await;
    assert!(owner.get("/experience/gifts").await.one(".li .bd").contains('۵'));
    assert_eq!(owner.get("/experience/treatments/new").await.all("select[name=gift_item_id] option").len(), 2);
}

#[tokio::test]
async fn disrespect_is_written_down_seen_on_the_customers_page_and_made_good() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    let party = testing::party(&ctx, "بهار").await;
    let customer = format!("/parties/{party}");
    assert_eq!(owner.get("/experience/incidents").await.all(".void").len(), 1);
    assert!(owner.get(&customer).await.text.contains(&format!("/experience/respect-of/{party}")));
    let form = owner.get(&format!("/experience/incidents/new?party={party}")).await;
    assert_eq!(form.all("input[name=party_id]").len(), 1);
    let id = party.to_string();
    let empty = owner.post("/experience/incidents", &[("party_id", id.as_str()), ("severity", "3")]).await;
    assert_eq!((empty.status, empty.all("#words-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert_eq!(empty.all("option[value='3'][selected]").len(), 1, "what was chosen stays");
    let given = [("party_id", id.as_str()), ("severity", "2"), ("source", "complaint"), ("words", "یک ساعت در صف ماند")];
    let made = owner.post("/experience/incidents", &given).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let path = made.header("location").to_owned();
    assert_eq!(owner.get(&path).await.all(".note").len(), 1, "it says what waits");
    assert!(owner.get(&customer).await.one(".prot").contains("دلخور"), "the strip says so");
    let beside = owner.get(&format!("/experience/respect-of/{party}")).await;
    assert_eq!((beside.all(".mini > div").len(), beside.all(".li").len()), (2, 1));
    let half = owner.post(&format!("{path}/resolve"), &[("root_cause", "کمبود نیرو")]).await;
    assert_eq!((half.status, half.all("#action-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let good = [("root_cause", "کمبود نیرو"), ("action", "عذرخواهی"), ("recovery_score", "5")];
    assert_eq!(owner.post(&format!("{path}/resolve"), &good).await.status, StatusCode::SEE_OTHER);
    assert!(owner.get(&path).await.one(".kv").contains("عذرخواهی"));
    assert_eq!(owner.get("/experience/incidents").await.all(".list .li").len(), 0);
    assert_eq!(owner.get("/experience/incidents?all=1").await.all(".list .li").len(), 1);
    assert!(!owner.get(&customer).await.text.contains("دلخور است"));
    owner.post(&format!("{path}/confirm"), &[]).await;
    assert!(owner.get(&path).await.one("#toasts").contains("بسته شده"), "it says why not");
    let (_, mut agent) = somebody(&app, &router, "agent", "سارا").await;
    assert_eq!(agent.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_protocol_is_written_begun_and_its_acts_are_ticked_off() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    let party = testing::party(&ctx, "بهار").await;
    assert_eq!(owner.get("/experience/protocols").await.all(".void").len(), 1);
    let wrong = [("name", "خرید"), ("stages", "potential"), ("act1", "own"), ("hours1", "۹")];
    let wrong = owner.post("/experience/protocols", &wrong).await;
    assert_eq!((wrong.status, wrong.all("#steps-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert_eq!(wrong.all("input[name=hours1][value='۹']").len(), 1, "what was typed stays");
    let right = [
        ("name", "خوشامد"),
        ("begins", "by_hand"),
        ("stages", "potential"),
        ("act1", "card"),
        ("hours1", "۴"),
        ("act3", "own"),
        ("hours3", "18"),
        ("words3", "چای ایرانی"),
    ];
    assert_eq!(owner.post("/experience/protocols", &right).await.status, StatusCode::SEE_OTHER);
    let listed = owner.get("/experience/protocols").await;
    assert_eq!(listed.all(".list ol li").len(), 2, "{}", listed.text);
    let protocol = id_after(&listed, "/experience/protocols/");
    let begin = format!("/experience/respect-of/{party}/begin");
    assert_eq!(owner.post(&begin, &[]).await.status, StatusCode::NOT_FOUND);
    owner.post(&begin, &[("protocol", protocol.as_str())]).await;
    assert!(owner.get(&format!("/parties/{party}")).await.one(".prot").contains("چای ایرانی"), "how to treat them");
    let due = owner.get("/experience/respect").await;
    assert_eq!(due.all(".list .li").len(), 2, "{}", due.text);
    assert_eq!(owner.get("/today").await.all("[aria-labelledby=h-acts] .li").len(), 1, "the card is due today, the tea is not");
    let first = id_after(&due, "/experience/acts/");
    owner.post(&format!("/experience/acts/{first}/done"), &[("proof", "فرستادم")]).await;
    let beside = owner.get(&format!("/experience/respect-of/{party}")).await;
    assert_eq!(beside.all(".li").len(), 1);
    let second = id_after(&beside, "/experience/acts/");
    owner.post(&format!("/experience/acts/{second}/skip"), &[("reason", " ")]).await;
    assert_eq!(owner.get("/experience/respect").await.all(".list .li").len(), 1, "not without a reason");
    owner.post(&format!("/experience/acts/{second}/skip"), &[("reason", "نخواست")]).await;
    assert_eq!(owner.get("/experience/respect").await.all(".void").len(), 1);
    owner.post(&format!("/experience/protocols/{protocol}/archive"), &[]).await;
    assert_eq!(owner.get("/experience/protocols").await.all(".void").len(), 1);
}

#[tokio::test]
async fn an_experiment_is_planned_written_down_and_begun_and_says_that_it_cannot_tell_yet() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(owner.get("/experience/experiments").await.all(".void").len(), 1);
    for number in 0..30 {
        let party = testing::party(&ctx, &format!("مشتری {number}")).await;
        for back in [100, 60, if number % 3 == 0 { 20 } else { 40 }] {
            let date = Some(ctx.today().plus(-back).to_string());
            let bought = NewPurchase { party_id: Some(party), date, amount: Some("1000".into()), ..NewPurchase::default() };
            ctx.run(purchases::create, bought).await.unwrap();
        }
    }
    jobs::drain(&app).await.unwrap();
    let call = [("kind", "respect"), ("is_special", "1"), ("name_fa", "تماس"), ("unit_cost", "1000"), ("stages", "loyal")];
    assert_eq!(owner.post("/experience/treatments", &call).await.status, StatusCode::SEE_OTHER);
    let form = owner.get("/experience/experiments/new").await;
    let treatment = id_after(&form, "name=\"treatment_ids\" value=\"");
    let mut asked = vec![("treatment_ids", treatment.as_str()), ("outcome", "bought"), ("horizon_days", "۳۰"), ("smallest", "۵")];
    asked.push(("plan", "1"));
    let told = owner.post("/experience/experiments", &asked).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert!(told.one("#plan").contains("دیر"), "{}", told.one("#plan"));
    assert_eq!(told.all("input[name=treatment_ids][checked]").len(), 1, "what was typed stays");
    asked.pop();
    let wrong = owner.post("/experience/experiments", &asked).await;
    assert_eq!((wrong.status, wrong.all("#name-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    asked.push(("name", "تماس پس از خرید"));
    let made = owner.post("/experience/experiments", &asked).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let path = made.header("location").to_owned();
    assert_eq!(owner.post(&format!("{path}/start"), &[]).await.status, StatusCode::SEE_OTHER);
    jobs::drain(&app).await.unwrap();
    let page = owner.get(&path).await;
    assert!(page.one("#says").contains("دادهٔ کافی"), "{}", page.one("#says"));
    assert_eq!(page.all(".mt").len(), 3, "how far it is");
    assert_eq!(page.all("tbody tr").len(), 2);
    let people = owner.get(&format!("{path}/people?waiting=1")).await;
    let party = id_after(&people, "name=\"party_ids\" value=\"");
    owner.post(&format!("{path}/deliver"), &[("party_ids", party.as_str())]).await;
    assert!(owner.get(&format!("{path}/people?arm=1")).await.text.contains("گرفت"));
    owner.post(&format!("{path}/pause"), &[]).await;
    owner.post(&format!("{path}/decide"), &[("decision", "open"), ("arm", "1")]).await;
    assert!(owner.get(&path).await.one("#toasts").contains("بنویسید چرا"));
    owner.post(&format!("{path}/decide"), &[("decision", "open"), ("arm", "1"), ("reason", "کم بودیم")]).await;
    assert!(owner.get(&path).await.text.contains("کم بودیم"));

    // A test of prices says beforehand that it will be made good, and what that costs at most.
    let discount =
        [("kind", "discount"), ("is_special", "1"), ("name_fa", "ده درصد"), ("percent", "10"), ("unit_cost", "100"), ("stages", "loyal")];
    assert_eq!(owner.post("/experience/treatments", &discount).await.status, StatusCode::SEE_OTHER);
    let form = owner.get("/experience/experiments/new").await;
    let discount = id_after(&form, "name=\"treatment_ids\" value=\"");
    let mut priced = vec![("treatment_ids", discount.as_str()), ("outcome", "bought"), ("horizon_days", "30"), ("smallest", "30")];
    priced.extend([("name", "تخفیف"), ("plan", "1")]);
    let told = owner.post("/experience/experiments", &priced).await;
    assert!(told.text.contains("این آزمایش قیمت است"), "{}", told.text);
    priced.pop();
    let made = owner.post("/experience/experiments", &priced).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let page = owner.get(made.header("location")).await;
    assert!(page.text.contains("جبران پس از آزمایش") && page.text.contains("ده درصد"), "{}", page.text);

    let rows = "none,0,,90\nnone,1,,10\nmail,0,,60\nmail,1,,40";
    let elsewhere = [("name", "ایمیل"), ("kind", "discount"), ("outcome", "bought"), ("control", "none"), ("rows", rows)];
    let brought = owner.post("/experience/experiments/import", &elsewhere).await;
    assert_eq!(brought.status, StatusCode::SEE_OTHER, "{}", brought.text);
    let page = owner.get(brought.header("location")).await;
    assert!(page.text.contains("۳۰"), "thirty points: {}", page.text);
    let wrong =
        owner.post("/experience/experiments/import", &[elsewhere[0], elsewhere[1], elsewhere[2], elsewhere[3], ("rows", "a,x\nb,y")]).await;
    assert_eq!(wrong.all("#rows-e").len(), 1);
}

#[tokio::test]
async fn indicators_are_shown_with_who_is_behind_them_and_say_when_there_is_too_little() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    for path in ["/experience/indicators", "/advocacy/indicators"] {
        assert_eq!(owner.get(path).await.all(".void").len(), 1, "{path}: nobody is in the stage");
    }
    for number in 0..5 {
        let party = testing::party(&ctx, &format!("مشتری {number}")).await;
        for back in [500, 470, 440, 100, 60] {
            let date = Some(ctx.today().plus(-back).to_string());
            let bought = NewPurchase { party_id: Some(party), date, amount: Some("1000".into()), ..NewPurchase::default() };
            ctx.run(purchases::create, bought).await.unwrap();
        }
    }
    jobs::drain(&app).await.unwrap();
    for (view, stats) in [("effects", 3), ("repeats", 3), ("amounts", 3), ("kinds", 3)] {
        let page = owner.get(&format!("/experience/indicators?view={view}&anew=1")).await;
        assert_eq!((page.status, page.all(".stat").len()), (StatusCode::OK, stats), "{view}: {}", page.text);
    }
    let page = owner.get("/experience/indicators?view=repeats").await;
    assert!(page.one(".stats").contains("دادهٔ کافی نیست"), "five are too few for a share: {}", page.one(".stats"));
    let people = owner.get("/experience/indicators/customers?cell=repeated").await;
    assert_eq!(people.all("tbody tr").len(), 5, "{}", people.text);
    assert_eq!(owner.get("/experience/indicators/customers?cell=missing").await.all(".void").len(), 1);
    let file = owner.get("/experience/indicators.csv").await;
    assert!(file.text.contains("دوباره خریدند"), "{}", file.text);
    let (_, mut agent) = somebody(&app, &router, "agent", "رضا").await;
    assert_eq!(agent.get("/experience/indicators").await.all(".void").len(), 1, "none of them is theirs");
}
