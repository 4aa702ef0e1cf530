//! Fairness, through the browser: an audit, a difference that is explained, why somebody got something; what works,
//! and what is put before the council.

use crate::{Browser, id_after, program, somebody};
use axum::http::StatusCode;
use peyvand_core::experience::experiments::{self, ImportExperiment, Outcome};
use peyvand_core::experience::fairness::{self, Attribute, ListAudits};
use peyvand_core::experience::legality::TreatmentKind;
use peyvand_core::experience::proposals::{self, NewProposal};
use peyvand_core::parties::check::NewParty;
use peyvand_core::parties::party as parties;
use peyvand_core::platform::jobs;
use peyvand_core::sales::purchases::{self, NewPurchase};
use peyvand_core::{Ctx, testing};

/// Customers who bought some days ago, the first of them below the price.
async fn buyers(ctx: &Ctx, gender: &str, count: usize, cheaper: usize) {
    for number in 0..count {
        let new = NewParty { name: Some(format!("مشتری {number}")), gender: Some(gender.into()), ..NewParty::default() };
        let party = ctx.run(parties::create, new).await.unwrap().id;
        let new = NewPurchase {
            party_id: Some(party),
            date: Some("2026-11-10".into()),
            unit_price: Some("1000000".into()),
            discount: (number < cheaper).then(|| "100000".into()),
            ..NewPurchase::default()
        };
        ctx.run(purchases::create, new).await.unwrap();
    }
}

#[tokio::test]
async fn a_difference_is_found_explained_and_asked_no_more() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    assert_eq!(owner.get("/experience/fairness").await.all(".void").len(), 1);
    assert_eq!(owner.get("/experience/fairness/audits").await.all(".void").len(), 1);
    buyers(&ctx, "male", 32, 26).await;
    buyers(&ctx, "female", 32, 4).await;
    let done = owner.post("/experience/fairness/audits", &[("days", "۹۰")]).await;
    assert_eq!(done.header("location"), "/experience/fairness");
    let page = owner.get("/experience/fairness").await;
    assert!(page.one("#toasts").contains("گروه کمتر"), "{}", page.one("#toasts"));
    let open = page.all("section[aria-labelledby=h-open] .li");
    assert_eq!(open.len(), 1);
    assert!(["تخفیف پای صندوق", "زن", "نابرابر"].iter().all(|word| open[0].contains(word)), "{}", open[0]);
    assert!(page.all(".tw[aria-labelledby=h-last] tbody tr").len() >= 2);
    let answer = page.text.split("href=\"").find(|rest| rest.contains("/answer/") && rest.starts_with("/experience")).unwrap();
    let answer = answer.split('"').next().unwrap().to_owned();
    let audit = answer.split("/answer/").next().unwrap().to_owned();
    let seen = owner.get(&audit).await;
    assert_eq!(seen.all("tbody tr").len(), 2, "{}", seen.text);
    assert!(seen.all("tbody .tag").iter().any(|words| words.contains("بهترین")));
    assert_eq!(seen.all(".ci.neg").len(), 1);

    let form = owner.get(&answer).await;
    assert_eq!(form.all("select[name=cause] option").len(), 3);
    let empty = owner.post(&answer, &[("cause", "rule"), ("until_text", "دیروز")]).await;
    assert_eq!((empty.status, empty.all("#words-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let past = owner.post(&answer, &[("cause", "rule"), ("words", "روز مرد"), ("until", "2026-01-01")]).await;
    assert_eq!((past.status, past.all("#until-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let said = owner.post(&answer, &[("cause", "rule"), ("words", "روز مرد بود"), ("until", "2027-01-01")]).await;
    assert_eq!(said.header("location"), audit);
    assert!(owner.get(&audit).await.text.contains("روز مرد بود"));
    assert_eq!(owner.get("/experience/fairness").await.all("section[aria-labelledby=h-open] .li").len(), 0);
    assert!(owner.get("/experience/fairness/audits").await.all(".li").len() >= 2);

    // What is said of colleagues, and the right to answer, are not everybody's.
    let staff = ListAudits { attribute: Some(Attribute::Staff), ..ListAudits::default() };
    let staff = ctx.run(fairness::list, staff).await.unwrap().items[0].id;
    let (_, mut agent) = somebody(&app, &router, "agent", "سارا").await;
    assert_eq!(agent.get(&audit).await.status, StatusCode::OK);
    assert_eq!(agent.get(&audit).await.all("a[href*='/answer/']").len(), 0);
    assert_eq!(agent.get(&answer).await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.get(&format!("/experience/fairness/{staff}")).await.status, StatusCode::NOT_FOUND);
    let made = agent.post("/experience/fairness/audits", &[("days", "90")]).await;
    assert_eq!(made.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_holds_a_code_reads_why_they_got_it() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    let (_, mut manager) = somebody(&app, &router, "manager", "سینا").await;
    let party = testing::party(&ctx, "بهار").await;
    let discount = [("kind", "discount"), ("name_fa", "ده درصد"), ("percent", "10"), ("stages", "potential"), ("stages", "actual")];
    assert_eq!(owner.post("/experience/treatments", &discount).await.status, StatusCode::SEE_OTHER);
    let treatment = id_after(&owner.get("/experience/new").await, "name=\"treatment_ids\" value=\"");
    let policy = [("name", "خوش آمدید"), ("treatment_ids", treatment.as_str()), ("occasions", "once")];
    let path = owner.post("/experience", &policy).await.header("location").to_owned();
    manager.post(&format!("{path}/approve"), &[("number", "1")]).await;
    manager.post(&format!("{path}/start"), &[]).await;
    jobs::drain(&app).await.unwrap();
    let beside = owner.get(&format!("/experience/of/{party}")).await;
    let why = format!("/experience/grants/{}/why", id_after(&beside, "/experience/grants/"));
    assert_eq!(beside.all(&format!("a[href='{why}']")), ["چرا؟"]);
    let page = owner.get(&why).await;
    let reasons = page.all(".ev li");
    assert!(reasons.len() >= 3 && reasons.iter().any(|one| one.contains("احتمالی یا واقعی")), "{reasons:?}");
    let link = page.all("bdi[dir=ltr]").into_iter().find(|text| text.contains("/g/")).unwrap();
    let link = link.split("peyvand.test").nth(1).unwrap().to_owned();
    let mut nobody = Browser::new(&router);
    let open = nobody.get(&format!("{link}?lang=en")).await;
    assert_eq!(open.status, StatusCode::OK);
    assert!(open.one("h1").contains("Why did I get this") && open.all(".ev li").len() == reasons.len(), "{}", open.text);
    assert!(!open.text.contains("بهار"), "it says nothing of whose it is");
    assert_eq!(nobody.get("/g/123412341234").await.status, StatusCode::NOT_FOUND);
    assert_eq!(nobody.get(&why).await.status, StatusCode::SEE_OTHER, "the other page is for colleagues");
}

#[tokio::test]
async fn what_works_is_shown_and_a_proposal_is_decided_by_somebody_else() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "نگار").await;
    let (_, mut manager) = somebody(&app, &router, "manager", "سینا").await;
    assert_eq!(owner.get("/experience/best").await.all(".void").len(), 1);
    let rows = "arm,bought,spent,times\nnone,0,0,19044\nnone,1,0,2262\nmail,0,0,17413\nmail,1,0,3894";
    let mail = ImportExperiment {
        name: "ایمیل بهاره".into(),
        question: None,
        kind: TreatmentKind::Discount,
        outcome: Outcome::Bought,
        currency: None,
        smallest: None,
        control: "none".into(),
        rows: rows.into(),
    };
    ctx.run(experiments::import, mail).await.unwrap();
    let page = owner.get("/experience/best").await;
    let row = page.all("tbody tr");
    assert_eq!(row.len(), 1);
    assert!(row[0].contains("اثر دارد") && row[0].contains("ایمیل بهاره") && row[0].contains("نمی‌شود گفت"), "{}", row[0]);

    let discount = [("kind", "discount"), ("name_fa", "ده درصد"), ("percent", "10"), ("stages", "loyal")];
    owner.post("/experience/treatments", &discount).await;
    let treatment = id_after(&owner.get("/experience/new").await, "name=\"treatment_ids\" value=\"");
    let policy = [("name", "یلدا"), ("treatment_ids", treatment.as_str()), ("occasions", "yalda"), ("budget", "1000000")];
    let path = owner.post("/experience", &policy).await.header("location").to_owned();
    let policy = path.rsplit('/').next().unwrap();
    let proposal = [("from_policy_id", policy), ("to_treatment_id", treatment.as_str()), ("words", "بهتر است")];
    owner.post("/experience/best/proposals", &proposal).await;
    assert!(owner.get("/experience/best").await.one("#toasts").contains("پر کنید"), "nothing is suggested, so it takes an amount");
    let proposal = NewProposal {
        from_policy_id: policy.parse().unwrap(),
        to_treatment_id: treatment.parse().unwrap(),
        amount: Some("5000".into()),
        words: Some("بهتر است".into()),
    };
    let made = ctx.run(proposals::propose, proposal).await.unwrap();
    let decide = format!("/experience/best/proposals/{}", made.id);
    let own = owner.get("/experience/best").await;
    assert_eq!((own.all("button[value=accepted]").len(), own.all("button[value=declined]").len()), (0, 1));
    assert_eq!(manager.get("/experience/best").await.all("button[value=accepted]").len(), 1);
    owner.post(&decide, &[("state", "accepted")]).await;
    assert!(owner.get("/experience/best").await.one("#toasts").contains("کس دیگری"));
    manager.post(&decide, &[("state", "accepted"), ("reason", "موافقیم")]).await;
    let done = owner.get("/experience/best").await;
    let said = done.one("section[aria-labelledby=h-proposals] .li");
    assert!(said.contains("پذیرفته شد") && said.contains("موافقیم") && said.contains("سینا"), "{said}");
    let (_, mut agent) = somebody(&app, &router, "agent", "سارا").await;
    assert_eq!(agent.get("/experience/best").await.status, StatusCode::OK);
    assert_eq!(agent.get("/experience/best").await.all("form").len(), 0);
    assert_eq!(agent.post(&decide, &[("state", "declined"), ("reason", "نه")]).await.status, StatusCode::FORBIDDEN);
}
