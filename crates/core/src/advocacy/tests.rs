use super::codes::{self, LeaveNumber, ListCodes, MakeCode, ReferralCodeId};
use super::follow;
use super::fraud::FraudSign;
use super::record::{RecordReferral, RecordedReferral, SaidBy, record};
use super::referrals::{self, CountReferrals, ListReferrals, Referral, ReferralId, ReferralSeen, ReferralView};
use super::review::{AppealReferral, ReviewReferral, ReviewVerdict, appeal, review};
use super::rules::{ClaimOutcome, ClaimSource, ReferralEnd, ReferralForm, ReferralKind, ReferralState};
use crate::experience::violations::{self, ListViolations};
use crate::follow_ups::{self, ListFollowUps};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::parties::check::{Channel, NewAddress, NewParty};
use crate::parties::{contacts, party as parties};
use crate::platform::events::{self, ListEvents};
use crate::platform::jobs::Outcome;
use crate::platform::time::DAY;
use crate::sales::purchases::{self, NewPurchase};
use crate::testing::{as_post, ctx, party};
use crate::{Ctx, Error, Fields, Id, Result};
use peyvand_db::sql;
use tokio::sync::watch;

fn later(ctx: &Ctx, days: i64) -> Ctx {
    Ctx { now: ctx.now.plus(days * DAY), ..ctx.clone() }
}

async fn with_mobile(ctx: &Ctx, name: &str, mobile: &str) -> Id<Party> {
    let new = NewParty { name: Some(name.into()), mobile: Some(mobile.into()), ..NewParty::default() };
    ctx.run(parties::create, new).await.unwrap().id
}

async fn buy(ctx: &Ctx, party: Id<Party>, amount: &str) {
    let new =
        NewPurchase { party_id: Some(party), date: Some(ctx.today().to_string()), amount: Some(amount.into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
    follow::look(ctx, &[party]).await.unwrap();
}

fn said(by: SaidBy, referrer: Id<Party>, referee: Id<Party>) -> RecordReferral {
    RecordReferral { said_by: Some(by), referrer_id: Some(referrer), referee_id: Some(referee), ..RecordReferral::default() }
}

async fn tell(ctx: &Ctx, new: RecordReferral) -> RecordedReferral {
    ctx.run(record, new).await.unwrap()
}

async fn get(ctx: &Ctx, id: Id<Referral>) -> ReferralSeen {
    ctx.run(referrals::get, ReferralId { id }).await.unwrap()
}

async fn state(ctx: &Ctx, id: Id<Referral>) -> (ReferralState, Option<ReferralEnd>) {
    let seen = get(ctx, id).await;
    (seen.referral.state, seen.referral.end_reason)
}

fn key_of<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Invalid(Fields(problems)) | Error::Conflict(Fields(problems))) => format!("{}: {}", problems[0].field, problems[0].key),
        other => panic!("{other:?}"),
    }
}

fn outcomes(seen: &ReferralSeen) -> Vec<ClaimOutcome> {
    seen.claims.iter().map(|claim| claim.outcome).collect()
}

async fn kinds(ctx: &Ctx) -> Vec<String> {
    let page = ctx.run(events::list, ListEvents { kind: Some("referral.".into()), ..ListEvents::default() }).await.unwrap();
    page.items.into_iter().rev().map(|event| event.kind).collect()
}

#[tokio::test]
async fn a_friend_says_who_sent_them_buys_and_it_is_confirmed_until_the_purchase_is_given_back() {
    let ctx = ctx().await;
    let (sara, mina) = (party(&ctx, "سارا").await, party(&ctx, "مینا").await);
    let new = RecordReferral { note: Some(" در مهمانی ".into()), ..said(SaidBy::Referee, sara, mina) };
    let told = tell(&ctx, new).await;
    let id = told.seen.referral.id;
    assert!(!told.is_further && told.seen.referral.is_corroborated);
    assert_eq!((told.seen.referral.state, told.seen.claims[0].note.as_deref()), (ReferralState::Qualified, Some("در مهمانی")));
    buy(&later(&ctx, 3), mina, "1000").await;
    let converted = get(&ctx, id).await;
    assert_eq!((converted.referral.state, converted.bought_on), (ReferralState::Converted, Some(later(&ctx, 3).today())));
    assert_eq!(converted.referral.due_on, Some(later(&ctx, 11).today()));
    let (_keep, stop) = watch::channel(false);
    follow::sweep(&later(&ctx, 10), Id::FIRST, &stop).await.unwrap();
    assert_eq!(state(&ctx, id).await.0, ReferralState::Converted);
    assert_eq!(follow::sweep(&later(&ctx, 20), Id::FIRST, &stop).await.unwrap(), Outcome::Done);
    assert_eq!(get(&ctx, id).await.referral.confirmed_on, Some(later(&ctx, 11).today()), "on its own day, whenever somebody looked");
    // Another who says the same later changes nothing any more.
    let reza = party(&ctx, "رضا").await;
    let late = tell(&later(&ctx, 21), RecordReferral { said_by: Some(SaidBy::Referee), ..said(SaidBy::Referee, reza, mina) }).await;
    assert_eq!((late.is_further, late.seen.referral.referrer_id), (true, sara));
    assert_eq!(outcomes(&late.seen), [ClaimOutcome::Won, ClaimOutcome::Later]);
    buy(&later(&ctx, 30), mina, "-1000").await;
    assert_eq!(state(&ctx, id).await, (ReferralState::Reversed, Some(ReferralEnd::Refunded)));
    let happened = ["referral.recorded", "referral.qualified", "referral.converted", "referral.confirmed"];
    assert_eq!(kinds(&ctx).await, happened.into_iter().chain(["referral.claimed", "referral.reversed"]).collect::<Vec<_>>());
}

#[tokio::test]
async fn of_several_who_claim_a_friend_the_most_certain_word_counts_and_the_others_stay_with_why_not() {
    let ctx = ctx().await;
    let (sara, reza, mina) = (party(&ctx, "سارا").await, party(&ctx, "رضا").await, with_mobile(&ctx, "مینا", "09121234567").await);
    let first = tell(&ctx, said(SaidBy::Staff, sara, mina)).await;
    assert!(!first.seen.referral.is_corroborated, "we say so, the friend does not");
    let code = ctx.run(codes::make, MakeCode { party_id: Some(reza), is_asked: true, ..MakeCode::default() }).await.unwrap().code;
    let shown = RecordReferral { code: Some(code.to_lowercase()), referee: Some("09121234567".into()), ..RecordReferral::default() };
    let second = tell(&later(&ctx, 1), shown).await;
    assert_eq!((second.seen.referral.id, second.seen.referral.referrer_id), (first.seen.referral.id, reza));
    assert_eq!((second.seen.referral.source, second.seen.referral.form), (ClaimSource::Code, ReferralForm::Link));
    assert_eq!(outcomes(&second.seen), [ClaimOutcome::Weaker, ClaimOutcome::Won]);
    let third = tell(&later(&ctx, 2), said(SaidBy::Staff, reza, mina)).await;
    assert_eq!(outcomes(&third.seen), [ClaimOutcome::Weaker, ClaimOutcome::Won, ClaimOutcome::Agrees]);
}

#[tokio::test]
async fn a_friend_of_whom_somebody_spoke_before_is_known_when_they_come_and_only_a_hash_is_kept_until_then() {
    let ctx = ctx().await;
    let (sara, reza) = (with_mobile(&ctx, "سارا", "09121110000").await, party(&ctx, "رضا").await);
    let of = |referrer, friend: &str| RecordReferral {
        said_by: Some(SaidBy::Referrer),
        referrer_id: Some(referrer),
        friend: Some(friend.into()),
        ..RecordReferral::default()
    };
    let told = tell(&ctx, of(sara, "۰۹۱۲ ۵۵۵ ۰۱۴۲")).await.seen.referral;
    assert_eq!((told.state, told.friend.as_deref(), told.referee_id), (ReferralState::Captured, Some("…42"), None));
    let same = tell(&later(&ctx, 1), of(reza, "+98 912 5550142")).await;
    assert_eq!((same.seen.referral.id, same.is_further), (told.id, true));
    let stored: (Option<String>,) = ctx.app.db.one(sql("SELECT hint FROM referrals WHERE id = $1").bind(told.id)).await.unwrap();
    assert!(stored.0.is_some_and(|hint| hint.len() == 32 && !hint.contains("5550142")));
    let mail = tell(&ctx, of(sara, "Mina.K+shop@gmail.com")).await.seen.referral;
    assert_eq!(mail.friend.as_deref(), Some("m…@gmail.com"));

    let mina = with_mobile(&later(&ctx, 5), "مینا", "09125550142").await;
    follow::look(&later(&ctx, 5), &[mina]).await.unwrap();
    let come = get(&ctx, told.id).await;
    assert_eq!(
        (come.referral.state, come.referral.referee_id, come.referral.friend.as_deref()),
        (ReferralState::Qualified, Some(mina), None)
    );
    // What is told of an address of the same friend is told of the same introduction.
    let contact = contacts::AddContact {
        id: mina,
        channel: Channel::Email,
        value: "minak@gmail.com".into(),
        label: None,
        is_main: None,
        consent: None,
        consent_how: None,
        consent_at: None,
    };
    later(&ctx, 6).run(contacts::add_contact, contact).await.unwrap();
    let (_keep, stop) = watch::channel(false);
    follow::look_at_all(&later(&ctx, 6), Id::FIRST, &stop).await.unwrap();
    assert_eq!(get(&ctx, told.id).await.claims.len(), 3);
    assert!(matches!(ctx.run(referrals::get, ReferralId { id: mail.id }).await, Err(Error::NotFound("referral"))));
    // A number of one's own is nobody else's.
    let own = tell(&ctx, of(sara, "09121110000")).await.seen.referral;
    assert_eq!((own.state, own.end_reason), (ReferralState::Rejected, Some(ReferralEnd::SamePerson)));
    assert_eq!(key_of(ctx.run(record, of(sara, "12")).await).split(':').next(), Some("friend"));
    // Who does not come is forgotten.
    let gone = tell(&ctx, of(sara, "09129999999")).await.seen.referral.id;
    follow::sweep(&later(&ctx, 31), Id::FIRST, &stop).await.unwrap();
    assert_eq!(state(&ctx, gone).await, (ReferralState::Expired, Some(ReferralEnd::NotRegistered)));
    let stored: (Option<String>,) = ctx.app.db.one(sql("SELECT hint FROM referrals WHERE id = $1").bind(gone)).await.unwrap();
    assert_eq!(stored.0.as_deref(), Some(""));
}

#[tokio::test]
async fn fraud_is_caught_with_what_speaks_for_it_and_a_person_may_find_otherwise() {
    let ctx = ctx().await;
    let sara = with_mobile(&ctx, "سارا محمدی", "09121110000").await;
    let same = with_mobile(&ctx, "مریم کاظمی", "09121110000").await;
    let caught = tell(&ctx, said(SaidBy::Referee, sara, same)).await.seen;
    assert_eq!(caught.signs.iter().map(|part| (part.sign, part.weight)).collect::<Vec<_>>(), [(FraudSign::SamePerson, 100)]);
    assert_eq!((caught.referral.state, caught.referral.end_reason), (ReferralState::Rejected, Some(ReferralEnd::Fraud)));
    let id = caught.referral.id;
    let judge = |verdict, reason: &str| ReviewReferral { id, verdict, reason: reason.into() };
    assert_eq!(key_of(ctx.run(review, judge(ReviewVerdict::Accept, "x")).await), "verdict: referrals-waits-not");
    assert_eq!(key_of(ctx.run(appeal, AppealReferral { id, words: " ".into() }).await), "words: referrals-say-why");
    let object = AppealReferral { id, words: "گوشی مادر و دختر یکی است".into() };
    ctx.run(appeal, object.clone()).await.unwrap();
    assert_eq!(key_of(ctx.run(appeal, object).await), "words: referrals-appealed-before");
    let queue = ctx.run(referrals::list, ListReferrals { view: Some(ReferralView::Queue), ..ListReferrals::default() }).await.unwrap();
    assert_eq!(queue.items.iter().map(|one| one.id).collect::<Vec<_>>(), [id]);
    let accepted = ctx.run(review, judge(ReviewVerdict::Accept, "هر دو را می‌شناسیم")).await.unwrap();
    assert_eq!((accepted.referral.state, accepted.accepted_score), (ReferralState::Qualified, Some(100)));
    assert_eq!(accepted.reviewer.as_deref(), Some("owner"));

    let place = NewAddress { city: Some("تهران".into()), line: Some("خیابان بهار، ۱۲".into()), ..NewAddress::default() };
    let home = |name: &str, email: &str, line: &str| NewParty {
        name: Some(name.into()),
        email: Some(email.into()),
        phone: Some("02188001122".into()),
        addresses: Some(vec![NewAddress { line: Some(line.into()), ..place.clone() }]),
        ..NewParty::default()
    };
    let one = ctx.run(parties::create, home("رضا راد", "rad@one.ir", "خیابان بهار، ۱۲")).await.unwrap().id;
    let two = ctx.run(parties::create, home("رضا راد", "rad@two.ir", "خيابان بهار، 12")).await.unwrap().id;
    let odd = tell(&ctx, said(SaidBy::Staff, one, two)).await.seen;
    assert_eq!((odd.referral.fraud_score, odd.referral.state), (50, ReferralState::PendingReview), "{:?}", odd.signs);
    let refused = ctx.run(review, ReviewReferral { id: odd.referral.id, verdict: ReviewVerdict::Reject, reason: "یک نفرند".into() }).await;
    assert_eq!(refused.unwrap().referral.end_reason, Some(ReferralEnd::Person));
    ctx.run(appeal, AppealReferral { id: odd.referral.id, words: "نه".into() }).await.unwrap();
    let again = ReviewReferral { id: odd.referral.id, verdict: ReviewVerdict::Reject, reason: "باز هم".into() };
    ctx.run(review, again.clone()).await.unwrap();
    let held = ctx.run(referrals::list, ListReferrals { view: Some(ReferralView::Queue), ..ListReferrals::default() }).await.unwrap();
    assert!(held.items.is_empty(), "what was looked at twice is over");

    // One of ours, by their e-mail.
    let ours = NewParty { name: Some("همکار".into()), email: Some("owner@example.ir".into()), ..NewParty::default() };
    let ours = ctx.run(parties::create, ours).await.unwrap().id;
    let new = party(&ctx, "کسی").await;
    let staff = tell(&ctx, said(SaidBy::Referee, ours, new)).await.seen;
    assert_eq!(staff.signs[0].sign, FraudSign::Staff);
    // A burst and something given back.
    let quick = party(&ctx, "شتاب").await;
    let mut ids = Vec::new();
    for name in ["الف", "ب"] {
        let friend = party(&ctx, name).await;
        ids.push((tell(&ctx, said(SaidBy::Referee, quick, friend)).await.seen.referral.id, friend));
        buy(&ctx, friend, "1000").await;
    }
    assert_eq!(get(&ctx, ids[1].0).await.signs.iter().map(|part| part.sign).collect::<Vec<_>>(), [FraudSign::Burst]);
    buy(&later(&ctx, 1), ids[1].1, "-400").await;
    let held = get(&ctx, ids[1].0).await;
    assert_eq!((held.referral.fraud_score, held.referral.state), (55, ReferralState::PendingReview));
    let weights = ctx.run(referrals::weights, Nothing {}).await.unwrap();
    assert_eq!(weights.len(), FraudSign::ALL.len());
}

#[tokio::test]
async fn nobody_is_brought_who_bought_before_nor_by_themselves_nor_in_a_circle() {
    let ctx = ctx().await;
    let (sara, mina, old) = (party(&ctx, "سارا").await, party(&ctx, "مینا").await, party(&ctx, "قدیمی").await);
    assert_eq!(key_of(ctx.run(record, said(SaidBy::Staff, sara, sara)).await), "referee: referrals-themselves");
    assert_eq!(key_of(ctx.run(record, RecordReferral::default()).await), "referrer: input-needed");
    let nobody = RecordReferral { referrer: Some("09120000000".into()), ..said(SaidBy::Staff, sara, mina) };
    assert_eq!(key_of(ctx.run(record, RecordReferral { referrer_id: None, ..nobody }).await), "referrer: interactions-customer-unknown");
    let to_come = RecordReferral { occurred: Some(later(&ctx, 1).today().to_string()), ..said(SaidBy::Staff, sara, mina) };
    assert_eq!(key_of(ctx.run(record, to_come).await), "occurred: referrals-day-to-come");
    let no_code = RecordReferral { code: Some("ZZZ".into()), ..said(SaidBy::Staff, sara, mina) };
    assert_eq!(key_of(ctx.run(record, no_code).await), "code: referrals-code-unknown");
    let no_product = RecordReferral { product: Some("?".into()), ..said(SaidBy::Staff, sara, mina) };
    assert_eq!(key_of(ctx.run(record, no_product).await), "product: referrals-product-unknown");

    buy(&later(&ctx, -60), old, "1000").await;
    let known = tell(&ctx, said(SaidBy::Referee, sara, old)).await.seen.referral;
    assert_eq!((known.state, known.end_reason), (ReferralState::Rejected, Some(ReferralEnd::NotNew)));
    assert_eq!(key_of(ctx.run(appeal, AppealReferral { id: known.id, words: "نه".into() }).await), "words: referrals-no-appeal");
    // Who says it some days after they bought came by that.
    let recent = party(&ctx, "تازه").await;
    buy(&later(&ctx, -20), recent, "1000").await;
    let told = tell(&ctx, said(SaidBy::Referee, sara, recent)).await.seen;
    assert_eq!((told.referral.state, told.referral.occurred_on), (ReferralState::Confirmed, later(&ctx, -20).today()));

    let first = tell(&ctx, said(SaidBy::Referee, sara, mina)).await;
    assert_eq!(first.seen.referral.state, ReferralState::Qualified);
    let third = party(&ctx, "سومی").await;
    assert_eq!(tell(&ctx, said(SaidBy::Referee, mina, third)).await.seen.referral.state, ReferralState::Qualified, "a chain is none");
    let circle = tell(&ctx, said(SaidBy::Referee, third, sara)).await.seen.referral;
    assert_eq!((circle.state, circle.end_reason), (ReferralState::Rejected, Some(ReferralEnd::Circle)));
    let mut tx = ctx.app.db.begin().await.unwrap();
    let twice = tx.run(sql("UPDATE referrals SET referee_id = $1, state = 'confirmed' WHERE id = $2").bind(mina).bind(circle.id)).await;
    assert!(twice.is_err(), "one customer was brought by one other at most");
}

#[tokio::test]
async fn codes_are_for_who_asks_and_a_link_remembers_who_left_a_number_and_changes_nothing_when_looked_at() {
    let ctx = ctx().await;
    let sara = with_mobile(&ctx, "سارا", "09121110000").await;
    let unasked = MakeCode { party_id: Some(sara), ..MakeCode::default() };
    assert_eq!(key_of(ctx.run(codes::make, unasked.clone()).await), "is_asked: referrals-code-only-asked");
    let tried = ctx.run(violations::list, ListViolations::default()).await.unwrap();
    assert_eq!(tried.items.iter().map(|one| one.party_id).collect::<Vec<_>>(), [Some(sara)]);
    let made = ctx.run(codes::make, MakeCode { is_asked: true, ..unasked.clone() }).await.unwrap();
    let again = ctx.run(codes::make, MakeCode { is_asked: true, ..unasked.clone() }).await.unwrap();
    assert_eq!((made.code.len(), &again.code), (7, &made.code));
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(
        sql("INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, transition_id)
             VALUES ($1, 0, 'enter', 'advocate', 'active', '2026-01-01', $2)")
        .bind(sara)
        .bind(ctx.id::<()>()),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ctx.run(codes::make, unasked).await.unwrap().code, made.code, "an advocate has theirs");

    let public = Ctx { actor: crate::Actor::Nobody, ..ctx.clone() };
    assert_eq!(codes::follow(&public, made.code.to_lowercase()).await.unwrap(), made.code);
    assert!(matches!(codes::follow(&public, "ZZZZZZZ".into()).await, Err(Error::NotFound("page"))));
    let leave = |friend: &str| LeaveNumber { code: made.code.clone(), friend: friend.into(), address: "192.0.2.7".into() };
    assert_eq!(key_of(codes::leave(&public, leave(" ")).await), "friend: input-needed");
    for last in 0..20 {
        codes::leave(&public, leave(&format!("091255500{last:02}"))).await.unwrap();
    }
    assert!(matches!(codes::leave(&public, leave("09125550099")).await, Err(Error::Limited(_))));
    let of = ListCodes { party_id: Some(sara), ..ListCodes::default() };
    assert_eq!(ctx.run(codes::list, of.clone()).await.unwrap().items[0].clicks, 20);
    let left = ctx.run(referrals::list, ListReferrals { referrer_id: Some(sara), ..ListReferrals::default() }).await.unwrap();
    assert_eq!((left.items.len(), left.items[0].fraud_score, left.items[0].state), (20, 20, ReferralState::Captured), "not held up");
    assert_eq!(left.items[19].fraud_score, 0);
    let mut tx = ctx.app.db.begin().await.unwrap();
    follow::forget_networks(&mut tx, later(&ctx, 9).now).await.unwrap();
    tx.commit().await.unwrap();
    let (known,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM referral_claims WHERE network IS NOT NULL")).await.unwrap();
    assert_eq!(known, 0);
    ctx.run(codes::end, ReferralCodeId { id: made.id }).await.unwrap();
    assert!(codes::follow(&public, made.code.clone()).await.is_err());
    let listed = ListCodes { after: Some(events::cursor_at(later(&ctx, 1).now, made.id)), ..of };
    assert!(ctx.run(codes::list, listed).await.unwrap().items.is_empty());
    assert!(matches!(ctx.run(codes::end, ReferralCodeId { id: made.id }).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn lists_are_paged_and_filtered_and_hold_what_their_reader_may_see() {
    let ctx = ctx().await;
    let sara = party(&ctx, "سارا").await;
    let agent = as_post(&ctx.app, "agent", "reza").await;
    let of_agent = party(&agent, "مشتری رضا").await;
    let mut ids = Vec::new();
    for (place, form) in ReferralForm::ALL.iter().enumerate() {
        let friend = if place == 2 { of_agent } else { party(&ctx, &format!("دوست {place}")).await };
        let kind = if place % 2 == 0 { ReferralKind::Brand } else { ReferralKind::Event };
        let new = RecordReferral { form: Some(*form), kind: Some(kind), ..said(SaidBy::Referee, sara, friend) };
        let told = tell(&later(&ctx, place as i64 - 20), new).await;
        ids.push(told.seen.referral.id);
        if place == 0 {
            buy(&later(&ctx, -19), friend, "1000").await;
            follow::look(&ctx, &[friend]).await.unwrap();
        }
    }
    let page_of = async |who: &Ctx, input: ListReferrals| {
        let mut input = ListReferrals { limit: Some(2), ..input };
        let mut found = Vec::new();
        loop {
            let page = who.run(referrals::list, input.clone()).await.unwrap();
            found.extend(page.items.into_iter().map(|one| ids.iter().position(|id| *id == one.id).unwrap()));
            input.after = page.next;
            if input.after.is_none() {
                return found;
            }
        }
    };
    let view = |view| ListReferrals { view: Some(view), ..ListReferrals::default() };
    assert_eq!(page_of(&ctx, ListReferrals::default()).await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(page_of(&ctx, view(ReferralView::Open)).await, [5, 4, 3, 2, 1]);
    assert_eq!(page_of(&ctx, view(ReferralView::Confirmed)).await, [0]);
    assert!(page_of(&ctx, view(ReferralView::Ended)).await.is_empty());
    assert_eq!(page_of(&ctx, ListReferrals { kind: Some(ReferralKind::Event), ..ListReferrals::default() }).await, [5, 3, 1]);
    assert_eq!(page_of(&ctx, ListReferrals { form: Some(ReferralForm::Gift), ..ListReferrals::default() }).await, [5]);
    assert_eq!(page_of(&ctx, ListReferrals { referee_id: Some(of_agent), ..ListReferrals::default() }).await, [2]);
    assert_eq!(page_of(&agent, ListReferrals::default()).await, [2], "of a customer of their own");
    assert!(matches!(agent.run(referrals::get, ReferralId { id: ids[1] }).await, Err(Error::NotFound("referral"))));
    assert!(agent.run(review, ReviewReferral { id: ids[2], verdict: ReviewVerdict::Accept, reason: "x".into() }).await.is_err());
    let none = ListReferrals { after: Some("x".into()), ..ListReferrals::default() };
    assert_eq!(key_of(ctx.run(referrals::list, none).await), "after: input-cursor");

    let all = ctx.run(referrals::count, CountReferrals::default()).await.unwrap();
    let sums = all.iter().fold((0, 0, 0), |sum, one| (sum.0 + one.captured, sum.1 + one.qualified, sum.2 + one.confirmed));
    assert_eq!((all.len(), sums), (6, (6, 6, 1)));
    let day = later(&ctx, -19).today();
    let some = ctx.run(referrals::count, CountReferrals { from: Some(day), until: Some(day) }).await.unwrap();
    assert_eq!(some.iter().map(|one| one.form).collect::<Vec<_>>(), [ReferralForm::Visit]);
    assert_eq!(agent.run(referrals::count, CountReferrals::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_introduced_is_to_be_thanked_once_and_asked_for_nothing() {
    let ctx = ctx().await;
    let (sara, mina) = (with_mobile(&ctx, "سارا کاظمی", "09121110001").await, with_mobile(&ctx, "مینا راد", "09121110002").await);
    let told = tell(&ctx, said(SaidBy::Referee, sara, mina)).await.seen;
    let thanks = told.thanks.unwrap();
    assert_eq!((thanks.state, thanks.done_at), (follow_ups::State::Open, None));
    let planned = ctx.run(follow_ups::list, ListFollowUps { party_id: Some(sara), ..ListFollowUps::default() }).await.unwrap().items;
    assert_eq!((planned.len(), planned[0].id), (1, thanks.follow_up_id));
    assert!(planned[0].what.contains("سارا کاظمی"), "{}", planned[0].what);
    buy(&ctx, mina, "1000").await;
    let confirmed = later(&ctx, 9);
    follow::look(&confirmed, &[mina]).await.unwrap();
    assert_eq!(state(&confirmed, told.referral.id).await.0, ReferralState::Confirmed);
    assert_eq!(get(&confirmed, told.referral.id).await.thanks.unwrap(), thanks, "what is planned already is not planned again");
    let again = tell(&ctx, said(SaidBy::Staff, sara, mina)).await.seen;
    assert_eq!(again.thanks, Some(thanks));
}

#[tokio::test]
async fn thanks_are_not_said_for_what_is_refused_and_go_to_whom_is_believed() {
    let ctx = ctx().await;
    let (sara, reza) = (with_mobile(&ctx, "سارا کاظمی", "09121110001").await, with_mobile(&ctx, "رضا راد", "09121110003").await);
    let mina = with_mobile(&ctx, "مینا راد", "09121110002").await;
    let open_of = async |ctx: &Ctx, party| {
        let open = ListFollowUps { party_id: Some(party), ..ListFollowUps::default() };
        ctx.run(follow_ups::list, open).await.unwrap().items.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    let first = tell(&ctx, said(SaidBy::Staff, sara, mina)).await.seen;
    assert_eq!(open_of(&ctx, sara).await, [first.thanks.unwrap().follow_up_id]);
    // The friend says that it was somebody else.
    let told = tell(&later(&ctx, 1), said(SaidBy::Referee, reza, mina)).await.seen;
    let thanks = told.thanks.unwrap();
    assert_eq!((told.referral.referrer_id, thanks.state), (reza, follow_ups::State::Open));
    assert_eq!((open_of(&ctx, sara).await, open_of(&ctx, reza).await), (vec![], vec![thanks.follow_up_id]));
    // Their numbers turn out to be one.
    let same = contacts::AddContact {
        id: reza,
        channel: Channel::Mobile,
        value: "09121110002".into(),
        is_main: None,
        label: None,
        consent: None,
        consent_how: None,
        consent_at: None,
    };
    let found_out = later(&ctx, 2);
    found_out.run(contacts::add_contact, same).await.unwrap();
    follow::look(&found_out, &[mina]).await.unwrap();
    let refused = get(&found_out, told.referral.id).await;
    assert_eq!((refused.referral.state, refused.thanks.unwrap().state), (ReferralState::Rejected, follow_ups::State::Cancelled));
    assert!(open_of(&ctx, reza).await.is_empty());
    // A person finds that it was in order, and they are to be thanked after all.
    let id = told.referral.id;
    found_out.run(appeal, AppealReferral { id, words: "مادر و دخترند".into() }).await.unwrap();
    let accept = ReviewReferral { id, verdict: ReviewVerdict::Accept, reason: "می‌شناسیمشان".into() };
    let accepted = found_out.run(review, accept).await.unwrap();
    assert_eq!(accepted.thanks.as_ref().map(|one| one.state), Some(follow_ups::State::Open));
    assert_eq!(open_of(&ctx, reza).await, [accepted.thanks.unwrap().follow_up_id]);
}

#[tokio::test]
async fn a_new_customer_says_who_introduced_them_where_they_are_added() {
    let ctx = ctx().await;
    let sara = with_mobile(&ctx, "سارا کاظمی", "09121110001").await;
    let code = ctx.run(codes::make, MakeCode { party_id: Some(sara), customer: None, is_asked: true }).await.unwrap().code;
    let new = |name: &str, by: &str| NewParty { name: Some(name.into()), introduced_by: Some(by.into()), ..NewParty::default() };
    assert_eq!(key_of(ctx.run(parties::create, new("مینا", "09129998877")).await), "introduced_by: interactions-customer-unknown");
    assert_eq!(ctx.run(referrals::list, ListReferrals::default()).await.unwrap().items.len(), 0, "and nobody was added");
    for (name, by, source) in [("مینا", "0912 111 0001", ClaimSource::Referee), ("رضا", code.as_str(), ClaimSource::Code)] {
        let added = ctx.run(parties::create, new(name, by)).await.unwrap().id;
        let found = ctx.run(referrals::list, ListReferrals { referee_id: Some(added), ..ListReferrals::default() }).await.unwrap().items;
        assert_eq!((found[0].referrer_id, found[0].source, found[0].is_solicited), (sara, source, false));
    }
    assert!(ctx.run(parties::create, new("نادر", " ")).await.is_ok(), "an empty answer is none");
}
