//! The voice of customers: from a draft to an answer by a link, at the counter and by telephone, and to the scores.

use crate::{Answer, Browser, id_after, program, somebody};
use axum::http::StatusCode;
use peyvand_core::operation::Nothing;
use peyvand_core::testing;

/// The token of the first link of this form in a page.
fn token(answer: &Answer, after: &str) -> String {
    let found = answer.text.split(after).nth(1).unwrap_or_else(|| panic!("no {after} in: {}", answer.text));
    found.chars().take_while(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_')).collect()
}

/// The names of the questions of a form, in their order.
fn names(answer: &Answer) -> Vec<String> {
    let mut names: Vec<String> = answer.text.split("name=\"q-").skip(1).filter_map(|rest| Some(format!("q-{}", rest.get(..36)?))).collect();
    names.dedup();
    names
}

#[tokio::test]
async fn a_survey_is_written_opened_and_answered_by_who_is_not_signed_in() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "negar").await;
    let customer = testing::party(&ctx, "سارا").await;
    assert_eq!(owner.get("/service").await.all(".void").len(), 1);
    let made = owner
        .post("/service/surveys", &[("kinds", "nps"), ("kinds", "open"), ("name_en", "After a visit"), ("name_fa", "پس از دیدار")])
        .await;
    let page = made.header("location").to_owned();
    assert!(page.starts_with("/service/surveys/"), "{}", made.text);
    let id = page.rsplit('/').next().unwrap().to_owned();
    owner.post(&format!("{page}/questions"), &[("kind", "respect")]).await;
    let draft = owner.get(&page).await;
    assert_eq!(draft.all("main .list details").len(), 5, "{}", draft.text);
    let question = id_after(&draft, "/service/questions/");
    let wrong = owner.post(&format!("/service/questions/{question}"), &[("survey", &id), ("text_fa", ""), ("text_en", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (path, fields) in [
        (format!("/service/questions/{question}"), vec![("survey", id.as_str()), ("text_en", "Would you?"), ("is_needed", "on")]),
        (format!("/service/questions/{question}/move"), vec![("survey", id.as_str()), ("place", "2")]),
        (format!("/service/questions/{question}/move"), vec![("survey", id.as_str()), ("place", "1")]),
        (page.clone(), vec![("name_en", "After your visit")]),
    ] {
        assert_eq!(owner.post(&path, &fields).await.header("location"), page);
    }
    let arabic = owner.get(&format!("{page}/preview?lang=ar")).await;
    assert!(arabic.text.contains("<html lang=\"ar\" dir=\"rtl\"") && arabic.text.contains("صديقًا") && arabic.text.contains("٠"));
    assert_eq!(owner.post(&format!("{page}/publish"), &[]).await.header("location"), page);
    assert_eq!(owner.post(&format!("{page}/publish"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    let party = customer.to_string();
    let invited = owner.post(&format!("{page}/invite"), &[("party", &party)]).await;
    assert!(invited.header("location").starts_with(&page));
    let link = format!("/s/{}", token(&owner.get(&page).await, "http://peyvand.test/s/"));
    let mut visitor = Browser::new(&router).with("accept-language", "en");
    let form = visitor.get(&format!("{link}/9")).await;
    assert_eq!(form.one("h1"), "After your visit");
    assert_eq!(form.all("input[type=radio][checked][value='9']").len(), 1, "the proposed answer is marked: {}", form.text);
    assert!(visitor.get(&link).await.all("input[checked]").is_empty(), "and looking at it stored nothing");
    assert!(visitor.get(&format!("{link}?lang=fa")).await.text.contains("dir=\"rtl\""));
    let names = names(&form);
    assert_eq!(names.len(), 5);
    let refused = visitor.post(&link, &[("lang", "fa"), (&names[0], "9")]).await;
    assert_eq!((refused.status, refused.all(".err").len()), (StatusCode::UNPROCESSABLE_ENTITY, 3), "{}", refused.text);
    assert!(refused.text.contains("dir=\"rtl\"") && refused.all("input[checked]").len() == 1, "what was chosen stays");
    let all = |first: &'static str| -> Vec<(String, &'static str)> {
        names.iter().enumerate().map(|(place, name)| (name.clone(), if place == 0 { first } else { "6" })).collect()
    };
    let fields = all("9");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let thanked = visitor.post(&link, &fields).await;
    assert_eq!(thanked.header("location"), format!("{link}?done=true&lang=en"));
    let thanks = visitor.get(thanked.header("location")).await;
    assert_eq!(thanks.one("h1"), "Thank you");
    let correct = visitor.get(&format!("{link}?correct=true")).await;
    assert_eq!(correct.all("input[checked]").len(), 4, "{}", correct.text);
    let fields = all("10");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(visitor.post(&link, &fields).await.status, StatusCode::SEE_OTHER);
    let mut other = Browser::new(&router).with("accept-language", "en");
    assert_eq!(other.get(&link).await.one("h1"), "This invitation has been answered");
    assert_eq!(other.post(&link, &fields).await.one("h1"), "This invitation has been answered");
    assert_eq!(other.get("/s/nobody-made-it").await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get(&format!("{link}/kiosk")).await.status, StatusCode::NOT_FOUND, "a customer's own link is for no counter");

    let profile = owner.get(&format!("/parties/{party}")).await;
    assert!(profile.one("#voice").contains("NPS") && profile.one("#voice .bd").contains("۱۰"), "{}", profile.one("#voice"));
    let answers = owner.get("/service/answers?kind=nps&score_from=9").await;
    assert_eq!(answers.all("tbody tr").len(), 1);
    assert_eq!(owner.get("/service/answers?kind=nps&score_until=8&last=true").await.all("tbody tr").len(), 0);
    assert_eq!(owner.get(&format!("/service/answers.csv?party={party}")).await.text.lines().count(), 2);
}

#[tokio::test]
async fn a_case_goes_from_the_telephone_to_what_was_learned() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "negar").await;
    let party = testing::party(&ctx, "سارا").await.to_string();
    assert_eq!(owner.get("/service/cases").await.all(".void").len(), 1);
    let form = owner.get(&format!("/service/cases/new?party={party}")).await;
    assert_eq!((form.status, form.all("option[value=late_delivery]").len()), (StatusCode::OK, 1));
    let fields = |text: &'static str| {
        [
            ("party", party.clone()),
            ("settled", "1".into()),
            ("kind", "complaint".into()),
            ("reason", "late_delivery".into()),
            ("severity", "3".into()),
            ("text", text.to_owned()),
        ]
    };
    let wrong = fields("");
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = owner.post("/service/cases", &wrong).await;
    assert_eq!((refused.status, refused.all("#text-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let right = fields("سه روز دیر رسید");
    let right: Vec<(&str, &str)> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = owner.post("/service/cases", &right).await.header("location").to_owned();
    assert!(page.starts_with("/service/cases/"));
    assert!(owner.get(&format!("/parties/{party}")).await.one("#cases").contains("دیر رسیدن"));
    assert_eq!(owner.post(&format!("{page}/take"), &[]).await.header("location"), page);
    let early = owner.post(&format!("{page}/close"), &[("root_cause", "carrier")]).await;
    assert_eq!((early.status, early.all(".errs li").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2), "{}", early.text);
    assert_eq!(owner.post(&page, &[("severity", "1"), ("reason", "promise")]).await.header("location"), page);
    assert_eq!(owner.post(&format!("{page}/answer"), &[("answer", "عذر خواستیم")]).await.header("location"), page);
    let closed = owner.post(&format!("{page}/close"), &[("root_cause", "carrier"), ("action", "پیک را عوض کردیم")]).await;
    assert_eq!(closed.header("location"), page);
    assert!(owner.get(&page).await.text.contains("پیک را عوض کردیم"));
    assert_eq!(owner.get("/service/cases?view=closed").await.all("tbody tr").len(), 1);
    owner.post(&format!("{page}/reopen"), &[("why", "دوباره دیر رسید")]).await;
    assert_eq!(owner.get("/service/cases?kind=complaint&reason=promise").await.all("tbody tr").len(), 1);
    assert!(owner.get("/today").await.all("#h-late-cases").is_empty(), "nothing is late yet");
}

#[tokio::test]
async fn what_is_bad_and_how_long_a_case_may_take_is_chosen_on_a_page() {
    let (app, router) = program().await;
    let (_, mut owner) = somebody(&app, &router, "owner", "negar").await;
    let page = owner.get("/service/cases/settings").await;
    assert_eq!((page.status, page.all("input[name=days][checked]").len()), (StatusCode::OK, 6));
    let fields = |nps: &'static str, until: &'static str| {
        let hours = ["slight", "usual", "severe"].map(|name| [(name, "take", "۲"), (name, "answer", "۴"), (name, "close", "۲۷")]);
        let mut fields: Vec<(String, String)> =
            hours.iter().flatten().map(|(name, stage, hours)| (format!("{name}_{stage}"), (*hours).to_owned())).collect();
        for (name, value) in [
            ("nps", nps),
            ("csat", "۲"),
            ("ces", "2"),
            ("respect", "3"),
            ("cooldown_days", "۴۵"),
            ("from", "9"),
            ("until", until),
            ("days", "6"),
            ("days", "7"),
        ] {
            fields.push((name.to_owned(), value.to_owned()));
        }
        fields.push(("closed_new_text".to_owned(), "۱۴۰۶/۱/۱".to_owned()));
        fields
    };
    let wrong = fields("۱۰", "9");
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let refused = owner.post("/service/cases/settings", &wrong).await;
    assert_eq!((refused.status, refused.all(".errs li").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2), "{}", refused.text);
    let right = fields("۵", "20");
    let right: Vec<(&str, &str)> = right.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(owner.post("/service/cases/settings", &right).await.header("location"), "/service/cases/settings");
    let page = owner.get("/service/cases/settings").await;
    assert_eq!((page.all("input[name=days][checked]").len(), page.all("input[name=closed_on][value='2027-03-21']").len()), (2, 1));
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    assert_eq!(agent.get("/service/cases/settings").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_rule_for_asking_is_made_stopped_and_begun_again() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "negar").await;
    let party = testing::party(&ctx, "سارا").await.to_string();
    assert_eq!(owner.get("/service/asks").await.all(".void").len(), 1);
    let made = owner.post("/service/surveys", &[("name_fa", "پس از خرید"), ("kinds", "csat")]).await;
    let survey = made.header("location").trim_start_matches("/service/surveys/").to_owned();
    let wrong = [("survey_id", survey.as_str()), ("occasion", "purchase"), ("wait_days", "۹۹")];
    let refused = owner.post("/service/asks/rules", &wrong).await;
    assert_eq!((refused.status, refused.all("#wait_days-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1), "{}", refused.text);
    assert_eq!(owner.post("/service/asks/rules", &[("occasion", "visit")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = [("survey_id", survey.as_str()), ("occasion", "purchase"), ("wait_days", "۰")];
    assert_eq!(owner.post("/service/asks/rules", &right).await.header("location"), "/service/asks");
    let page = owner.get("/service/asks").await;
    assert!(page.text.contains("همان روز خرید"), "{}", page.text);
    let rule = ctx.run(peyvand_core::service::ask_rules::list, Nothing {}).await.unwrap().items[0].id;
    let new = peyvand_core::sales::purchases::NewPurchase {
        party_id: party.parse().ok(),
        product_name: Some("قهوه".into()),
        amount: Some("1000".into()),
        ..Default::default()
    };
    ctx.run(peyvand_core::sales::purchases::create, new).await.unwrap();
    peyvand_core::platform::jobs::drain(&app).await.unwrap();
    let page = owner.get("/service/asks").await;
    assert_eq!((page.all("tbody tr").len(), page.all("[data-copy]").len()), (1, 0), "no open survey, so nobody was asked");
    assert_eq!(owner.get("/service/asks?outcome=asked").await.all("tbody tr").len(), 0);
    assert_eq!(owner.get("/service/asks?waiting=true").await.all("tbody tr").len(), 0);
    assert!(owner.get(&format!("/parties/{party}")).await.one("#asked").contains("نظرسنجی باز نیست"));
    let stop = format!("/service/asks/rules/{rule}");
    assert_eq!(owner.post(&stop, &[("is_active", "0")]).await.header("location"), "/service/asks");
    assert!(owner.get("/service/asks").await.text.contains("متوقف"));
    owner.post(&stop, &[("is_active", "1"), ("wait_days", "4")]).await;
    assert!(owner.get("/service/asks").await.text.contains("روز پس از خرید"));
    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    assert_eq!(agent.get("/service/asks").await.all("form[action='/service/asks/rules']").len(), 0);
}

#[tokio::test]
async fn the_counter_and_the_telephone_count_and_few_answers_make_no_number() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "negar").await;
    let customer = testing::party(&ctx, "سارا").await;
    let made = owner.post("/service/surveys", &[("kinds", "csat")]).await;
    let page = made.header("location").to_owned();
    owner.post(&format!("{page}/publish"), &[]).await;
    let open = format!("/s/{}", token(&owner.get(&page).await, "href=\"/s/"));
    let mut tablet = Browser::new(&router).with("accept-language", "en");
    let start = tablet.get(&format!("{open}/kiosk")).await;
    assert!(start.header("refresh").ends_with(&format!("; url={open}/kiosk")));
    let name = names(&start).remove(0);
    for _ in 0..29 {
        let sent = tablet.post(&format!("{open}/kiosk"), &[(&name, "5")]).await;
        assert_eq!(sent.header("location"), format!("{open}/kiosk?done=true&lang=en"));
    }
    let thanks = tablet.get(&format!("{open}/kiosk?done=true")).await;
    assert_eq!((thanks.one("h1"), thanks.header("refresh").starts_with("8;")), ("Thank you".to_owned(), true));
    let few = owner.get("/service").await;
    assert_eq!((few.all(".card .note").len(), few.all("b.num").len()), (1, 0), "29 answers are too few: {}", few.text);

    let taken = format!("{page}/answer?party={customer}");
    assert_eq!(owner.get(&taken).await.all("fieldset.scale").len(), 1);
    let party = customer.to_string();
    let refused = owner.post(&format!("{page}/answer"), &[("party", &party), ("settled", "1")]).await;
    assert_eq!((refused.status, refused.all(".err").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let told = owner.post(&format!("{page}/answer"), &[("party", &party), ("settled", "1"), (&name, "1")]).await;
    assert_eq!(told.header("location"), format!("/parties/{party}"));
    let enough = owner.get("/service").await;
    assert_eq!(enough.all("b.num").len(), 1, "{}", enough.text);
    assert_eq!(owner.get("/service/scores.csv?days=30").await.text.lines().count(), 2);

    let (_, mut agent) = somebody(&app, &router, "agent", "sara").await;
    assert_eq!(agent.get("/service").await.all("b.num").len(), 0, "only of their own customers");
    assert_eq!(agent.get("/service/surveys/new").await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.get("/service/answers.csv").await.status, StatusCode::FORBIDDEN);

    let mut last = None;
    let mut flood = Browser::new(&router).with("accept-language", "en");
    for _ in 0..31 {
        last = Some(flood.post(&open, &[(&name, "5")]).await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.all(".note[role=alert]").len()), (StatusCode::TOO_MANY_REQUESTS, 1));
    owner.post(&format!("{page}/close"), &[]).await;
    assert_eq!(flood.get(&open).await.one("h1"), "This survey has ended");
    let revised = owner.post(&format!("{page}/revise"), &[]).await;
    assert_ne!(revised.header("location"), page);
}

#[tokio::test]
async fn a_talk_is_written_down_and_who_said_it_is_told_what_was_done() {
    let (app, router) = program().await;
    let (ctx, mut owner) = somebody(&app, &router, "owner", "negar").await;
    let customer = testing::party(&ctx, "سارا").await;
    let party = customer.to_string();
    assert_eq!(owner.get("/service/interviews/new").await.header("location"), "/service/interviews", "there is no guide");
    assert_eq!(owner.get("/service/interviews").await.all(".void").len(), 1);
    let guide = owner.post("/service/interviews/guide", &[]).await.header("location").to_owned();
    owner.post(&format!("{guide}/publish"), &[]).await;
    let shown = owner.get(&guide).await;
    assert!(shown.all("#invitations").is_empty() && !shown.text.contains("/kiosk"), "nobody is invited to a guide");
    let survey = guide.rsplit('/').next().unwrap().to_owned();
    let form = owner.get(&format!("/service/interviews/new?party={party}")).await;
    let names = names(&form);
    assert_eq!((names.len(), form.all("textarea[name^=quote_]").len()), (4, 3), "{}", form.text);
    let mut fields = vec![("survey", survey.as_str()), ("party", &party), ("settled", "1"), ("minutes", "۴۰"), ("channel", "visit")];
    let refused = owner.post("/service/interviews", &[fields.as_slice(), &[("held_at_text", "2099-01-01")]].concat()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.all(".errs li").len() == 1 && refused.text.contains("value=\"۴۰\""), "{}", refused.text);
    fields.extend([(names[0].as_str(), "از دوستم شنیدم"), ("quote_1", "پنج‌شنبه‌ها زود می‌بندید"), ("tags_1", "ساعت کار، شعبه")]);
    let page = owner.post("/service/interviews", &fields).await.header("location").to_owned();
    let talk = owner.get(&page).await;
    assert_eq!((talk.all("#quotes blockquote").len(), talk.all("#quotes a.tag").len()), (1, 2), "{}", talk.text);
    let sheet = page.rsplit('/').next().unwrap().to_owned();
    assert_eq!(owner.post(&format!("{page}/quotes"), &[("sheet", &sheet), ("quote", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    owner.post(&format!("{page}/quotes"), &[("sheet", &sheet), ("quote", "قهوه خوب است"), ("tags", "قهوه")]).await;
    let quote = id_after(&owner.get(&page).await, "/service/quotes/");
    let of_quote = |what: &str| format!("/service/quotes/{quote}{what}");
    assert_eq!(owner.post(&of_quote(""), &[("sheet", &sheet), ("tags", "ساعت کار")]).await.header("location"), page);
    assert_eq!(owner.post(&of_quote("/idea"), &[("sheet", &sheet)]).await.header("location"), page);
    assert_eq!(owner.post(&of_quote("/idea"), &[("sheet", &sheet)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(owner.post(&of_quote("/idea"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(owner.post(&of_quote("/case"), &[("kind", "complaint"), ("reason", "reach")]).await.header("location"), "/service/quotes");
    let list = owner.get("/service/quotes?tag=%D8%B3%D8%A7%D8%B9%D8%AA%20%D9%83%D8%A7%D8%B1").await;
    assert_eq!((list.all("blockquote").len(), list.all(".chip").len()), (1, 1), "{}", list.text);
    assert_eq!(owner.get(&format!("/service/interviews?party={party}&tag=x")).await.all(".chip").len(), 2);

    assert_eq!(owner.post(&of_quote("/feedback"), &[("sheet", &sheet)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let piece = owner.post(&of_quote("/feedback"), &[("said", "پنج‌شنبه‌ها زود می‌بندیم")]).await.header("location").to_owned();
    let again = owner.post(&of_quote("/feedback"), &[("piece", piece.rsplit('/').next().unwrap())]).await;
    assert_eq!(again.header("location"), piece);
    assert_eq!(owner.get(&piece).await.all("#voices .li").len(), 1);
    for (step, fields) in [("/take", vec![]), ("/finish", vec![("state", "done"), ("action", "تا ۸ شب"), ("reply", "تا ۸ شب بازیم")])]
    {
        assert_eq!(owner.post(&format!("{piece}{step}"), &fields).await.header("location"), piece);
    }
    let profile = owner.get(&format!("/parties/{party}")).await;
    assert!(profile.one("#said").contains("تا ۸ شب بازیم"), "{}", profile.one("#said"));
    assert_eq!(owner.get("/service/feedback?view=to_tell").await.all("tbody tr").len(), 1);
    assert_eq!(owner.post(&format!("{piece}/tell"), &[("channel", "phone")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    owner.post(&format!("{piece}/tell"), &[("channel", "phone"), ("party_ids", &party)]).await;
    assert!(owner.get("/service/feedback?view=to_tell").await.all("tbody tr").is_empty());
    assert_eq!(owner.get(&piece).await.all("#voices .ok").len(), 1);

    let made = owner.post("/service/feedback", &[("said", "چای هم بیاورید")]).await.header("location").to_owned();
    assert_eq!(owner.post("/service/feedback", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(owner.post(&made, &[("said", "چای هم بیاوریم")]).await.header("location"), made);
    assert_eq!(owner.post(&format!("{made}/voices"), &[("party", &party), ("words", "چای ندارید")]).await.header("location"), made);
    assert_eq!(owner.get("/service/feedback").await.all("tbody tr").len(), 2);
    assert_eq!(owner.get("/service/feedback/new").await.all("#said").len(), 1);

    let told = [("party", party.as_str()), ("kind", "praise"), ("reason", "good_service"), ("text", "چای هم خوب است")];
    let case = owner.post("/service/cases", &told).await.header("location").to_owned();
    let to = [("piece", made.rsplit('/').next().unwrap())];
    assert_eq!(owner.post(&format!("{case}/feedback"), &to).await.header("location"), made);
    assert_eq!(owner.post(&format!("{case}/feedback"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    let (_, mut sara) = somebody(&app, &router, "agent", "sara").await;
    assert_eq!(sara.get(&page).await.status, StatusCode::NOT_FOUND);
    assert!(sara.get(&piece).await.all("#voices .li").is_empty(), "others' customers are out of sight");
    assert_eq!(sara.post(&format!("{piece}/take"), &[]).await.status, StatusCode::FORBIDDEN);
}
