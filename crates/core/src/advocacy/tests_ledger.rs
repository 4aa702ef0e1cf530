use super::benefits::{self, Basis, ListSchedules, NewSchedule, NewTier, PreviewBenefits, Schedule, ScheduleId, ScheduleState};
use super::books::Wallet;
use super::follow;
use super::ledger::{self, GiveBack, JournalKind, LedgerOf, LedgerSeen, ListJournals, Posted, SettleOwed, Settlement, UseBenefit};
use super::record::{RecordReferral, SaidBy, record};
use super::referrals::{self, ListReferrals, Referral, ReferralId, ReferralView};
use super::review::{ReviewReferral, ReviewVerdict, review};
use super::rewards;
use super::rules::ReferralState;
use super::verify::verify;
use crate::experience::violations::{self, ListViolations};
use crate::lifecycle::{Stage, Standing};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::parties::merge::{self, MergeParties, MergedKind};
use crate::parties::party::PartyId;
use crate::platform::events::{self, ListEvents};
use crate::platform::jobs::Outcome;
use crate::platform::time::DAY;
use crate::sales::purchases::{self, NewPurchase};
use crate::testing::{as_post, at_stage, ctx, other_process, party};
use crate::{Ctx, Error, Fields, Id, Result};
use peyvand_db::sql;
use tokio::sync::watch;

fn later(ctx: &Ctx, days: i64) -> Ctx {
    Ctx { now: ctx.now.plus(days * DAY), ..ctx.clone() }
}

fn key_of<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Invalid(Fields(problems)) | Error::Conflict(Fields(problems))) => format!("{}: {}", problems[0].field, problems[0].key),
        other => panic!("{other:?}"),
    }
}

/// Somebody of that stage and standing since yesterday.
async fn of_stage(ctx: &Ctx, name: &str, stage: Stage, standing: Standing) -> Id<Party> {
    let party = party(ctx, name).await;
    at_stage(ctx, party, stage, standing, ctx.today().plus(-1)).await;
    party
}

async fn recovered(ctx: &Ctx, party: Id<Party>) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE stage_memberships SET standing = 'active' WHERE party_id = $1").bind(party)).await.unwrap();
    tx.commit().await.unwrap();
}

fn tenth(wallet: Wallet) -> NewSchedule {
    NewSchedule {
        tiers: vec![NewTier { percent: Some("10".into()), ..NewTier::default() }],
        wallet: Some(wallet),
        valid_days: Some(60),
        text_fa: Some("ده درصد نخستین خرید دوستی که با معرفی شما می‌آید.".into()),
        ..NewSchedule::default()
    }
}

/// A schedule that two have approved.
async fn approved(ctx: &Ctx, new: NewSchedule) -> Schedule {
    let id = ctx.run(benefits::create, new).await.unwrap().id;
    let other = as_post(&ctx.app, "owner", &format!("other {id}")).await;
    ctx.run(benefits::approve, ScheduleId { id }).await.unwrap();
    Ctx { now: ctx.now, ..other }.run(benefits::approve, ScheduleId { id }).await.unwrap()
}

async fn brought(ctx: &Ctx, by: Id<Party>, friend: Id<Party>) -> Id<Referral> {
    let new =
        RecordReferral { said_by: Some(SaidBy::Referee), referrer_id: Some(by), referee_id: Some(friend), ..RecordReferral::default() };
    ctx.run(record, new).await.unwrap().seen.referral.id
}

async fn buy(ctx: &Ctx, party: Id<Party>, amount: &str) {
    let new =
        NewPurchase { party_id: Some(party), date: Some(ctx.today().to_string()), amount: Some(amount.into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
    follow::look(ctx, &[party]).await.unwrap();
}

async fn night(ctx: &Ctx) {
    let (_keep, stop) = watch::channel(false);
    follow::sweep(ctx, Id::FIRST, &stop).await.unwrap();
    assert_eq!(rewards::keep(ctx, Id::FIRST, &stop).await.unwrap(), Outcome::Done);
}

async fn state(ctx: &Ctx, id: Id<Referral>) -> ReferralState {
    ctx.run(referrals::get, ReferralId { id }).await.unwrap().referral.state
}

async fn books(ctx: &Ctx, party: Id<Party>) -> LedgerSeen {
    ctx.run(ledger::get, LedgerOf { party_id: Some(party), customer: None }).await.unwrap()
}

/// Pending, credit, money, owed.
async fn holds(ctx: &Ctx, party: Id<Party>) -> [i64; 4] {
    let seen = books(ctx, party).await;
    [seen.pending_minor, seen.credit_minor, seen.cash_minor, seen.owed_minor]
}

async fn sound(ctx: &Ctx) {
    let verified = ctx.run(verify, Nothing {}).await.unwrap();
    assert!(verified.is_sound, "{verified:?}");
}

fn some(party: Id<Party>, amount: &str, key: Option<&str>) -> UseBenefit {
    UseBenefit { party_id: Some(party), amount: amount.into(), key: key.map(str::to_owned), ..UseBenefit::default() }
}

/// An advocate who has brought somebody that paid 1000, so that a hundred is theirs.
async fn with_hundred(ctx: &Ctx, wallet: Wallet) -> (Id<Party>, Id<Party>, Id<Referral>) {
    approved(ctx, tenth(wallet)).await;
    let (sara, mina) = (of_stage(ctx, "سارا", Stage::Advocate, Standing::Active).await, party(ctx, "مینا").await);
    let id = brought(ctx, sara, mina).await;
    buy(ctx, mina, "1000").await;
    night(&later(ctx, 9)).await;
    assert_eq!(state(ctx, id).await, ReferralState::Rewarded);
    (sara, mina, id)
}

#[tokio::test]
async fn a_schedule_is_approved_by_two_and_an_introduction_goes_by_the_one_of_its_day() {
    let ctx = ctx().await;
    let draft = ctx.run(benefits::create, tenth(Wallet::Credit)).await.unwrap();
    assert_eq!((draft.number, draft.state, draft.missing, draft.in_force_on), (1, ScheduleState::Draft, 2, None));
    assert_eq!(draft.text_en, draft.text_fa, "what is given stands for the others");
    let id = ScheduleId { id: draft.id };
    assert_eq!(ctx.run(benefits::approve, id).await.unwrap().missing, 1);
    assert_eq!(key_of(ctx.run(benefits::approve, id).await), "id: experience-approved-already");
    let manager = as_post(&ctx.app, "manager", "manager").await;
    let second = later(&manager, 2).run(benefits::approve, id).await.unwrap();
    assert_eq!((second.state, second.in_force_on, second.approvals.len()), (ScheduleState::Approved, Some(later(&ctx, 2).today()), 2));
    assert!(second.is_in_force, "from the day of the second yes");
    assert_eq!(key_of(ctx.run(benefits::approve, id).await), "id: benefits-not-a-draft");
    let agent = as_post(&ctx.app, "agent", "agent").await;
    assert!(matches!(agent.run(benefits::approve, id).await, Err(Error::Forbidden(_))));

    let (sara, mina, nima) =
        (of_stage(&ctx, "سارا", Stage::Advocate, Standing::Active).await, party(&ctx, "مینا").await, party(&ctx, "نیما").await);
    let before = brought(&later(&ctx, 1), sara, mina).await;
    let first = brought(&later(&ctx, 3), sara, nima).await;
    let half = NewSchedule {
        tiers: vec![NewTier { percent: Some("50".into()), ..NewTier::default() }],
        effective: Some(later(&ctx, 5).today().to_string()),
        ..tenth(Wallet::Credit)
    };
    let next = approved(&later(&ctx, 3), half).await;
    assert!(!next.is_in_force);
    for (friend, day) in [(mina, 6), (nima, 6)] {
        buy(&later(&ctx, day), friend, "1000").await;
    }
    assert_eq!(holds(&ctx, sara).await, [10_000, 0, 0, 0], "the first was written down before any schedule held");
    night(&later(&ctx, 20)).await;
    assert_eq!((state(&ctx, before).await, state(&ctx, first).await), (ReferralState::Confirmed, ReferralState::Rewarded));
    let list = later(&ctx, 6).run(benefits::list, ListSchedules { limit: Some(1), after: None }).await.unwrap();
    assert!(list.items[0].is_in_force && list.items[0].number == 2);
    let rest = ctx.run(benefits::list, ListSchedules { after: list.next, limit: None }).await.unwrap();
    assert_eq!(rest.items.len(), 1);
    let ended = later(&ctx, 7).run(benefits::retire, ScheduleId { id: next.id }).await.unwrap();
    assert_eq!((ended.state, ended.ended_on), (ScheduleState::Retired, Some(later(&ctx, 7).today())));
    assert!(later(&ctx, 7).run(benefits::get, id).await.unwrap().is_in_force, "the one before holds again");
    assert_eq!(key_of(ctx.run(benefits::retire, ScheduleId { id: next.id }).await), "id: benefits-over-already");
    sound(&ctx).await;
}

#[tokio::test]
async fn a_schedule_that_is_unclear_or_makes_a_job_of_it_is_refused() {
    let ctx = ctx().await;
    let create = async |new| key_of(ctx.run(benefits::create, new).await);
    let step = |from: &str, percent: &str| NewTier { from: Some(from.into()), percent: Some(percent.into()), ..NewTier::default() };
    let two = NewSchedule { tiers: vec![step("0", "5"), step("1000", "8")], ..tenth(Wallet::Cash) };
    assert_eq!(create(two.clone()).await, "basis: benefits-basis-needed");
    assert_eq!(create(NewSchedule { valid_days: Some(5), ..tenth(Wallet::Cash) }).await, "valid_days: input-range");
    assert_eq!(create(NewSchedule { text_fa: None, ..tenth(Wallet::Cash) }).await, "text_fa: input-needed");
    let past = NewSchedule { effective: Some(ctx.today().plus(-1).to_string()), ..tenth(Wallet::Cash) };
    assert_eq!(create(past).await, "effective: benefits-day-past");
    let job = NewSchedule { text_en: Some("Your referral target is five.".into()), ..tenth(Wallet::Cash) };
    assert_eq!(create(job).await, "text_en: experience-never-no-job");
    assert_eq!(ctx.run(violations::list, ListViolations::default()).await.unwrap().items.len(), 1, "and it is written down");

    let marginal = NewSchedule { basis: Some(Basis::Marginal), cap: Some("200".into()), ..two };
    let id = ctx.run(benefits::create, marginal).await.unwrap().id;
    let preview = async |paid: &[&str]| {
        let paid = paid.iter().map(|paid| (*paid).to_owned()).collect();
        let seen = ctx.run(benefits::preview, PreviewBenefits { id, paid }).await.unwrap();
        seen.iter().map(|one| one.benefit_minor).collect::<Vec<_>>()
    };
    assert_eq!(preview(&["1000", "2000", "9000"]).await, [5_000, 13_000, 20_000]);
    assert_eq!(preview(&[]).await, [2_500, 5_000, 13_000]);
    let wrong = PreviewBenefits { id, paid: vec!["x".into()] };
    assert_eq!(key_of(ctx.run(benefits::preview, wrong).await).split(':').next(), Some("paid"));
    let unknown = ScheduleId { id: ctx.id() };
    assert!(matches!(ctx.run(benefits::get, unknown).await, Err(Error::NotFound(_))));
    assert!(matches!(ctx.run(benefits::approve, unknown).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn what_an_advocate_earns_is_pending_then_theirs_and_goes_back_with_the_purchase_that_brought_it() {
    let ctx = ctx().await;
    approved(&ctx, tenth(Wallet::Credit)).await;
    let (sara, mina, nima) =
        (of_stage(&ctx, "سارا", Stage::Advocate, Standing::Active).await, party(&ctx, "مینا").await, party(&ctx, "نیما").await);
    let id = brought(&ctx, sara, mina).await;
    assert_eq!(holds(&ctx, sara).await, [0; 4]);
    buy(&later(&ctx, 1), mina, "1000").await;
    assert_eq!(holds(&ctx, sara).await, [10_000, 0, 0, 0]);
    buy(&later(&ctx, 1), mina, "500").await;
    assert_eq!(holds(&ctx, sara).await, [15_000, 0, 0, 0], "the same day is the same purchase");
    buy(&later(&ctx, 2), mina, "-500").await;
    assert_eq!(
        (state(&ctx, id).await, holds(&ctx, sara).await[0]),
        (ReferralState::PendingReview, 15_000),
        "it waits with what is looked at"
    );
    let sound_one = ReviewReferral { id, verdict: ReviewVerdict::Accept, reason: "یکی را عوض کرد".into() };
    later(&ctx, 2).run(review, sound_one).await.unwrap();
    assert_eq!(holds(&ctx, sara).await, [10_000, 0, 0, 0], "earned from what stays bought alone");
    night(&later(&ctx, 9)).await;
    assert_eq!(holds(&ctx, sara).await, [0, 10_000, 0, 0]);
    night(&later(&ctx, 9)).await;
    follow::look(&later(&ctx, 10), &[mina]).await.unwrap();
    assert_eq!(holds(&ctx, sara).await, [0, 10_000, 0, 0], "once");
    let seen = books(&ctx, sara).await;
    assert_eq!((seen.lots.len(), seen.lots[0].expires_on), (1, later(&ctx, 69).today()));
    sound(&ctx).await;

    // Something of it is given back late, when most was used: out of the very lot, and the rest is owed.
    let spent = later(&ctx, 12).run(ledger::spend, some(sara, "70", None)).await.unwrap();
    buy(&later(&ctx, 13), mina, "-200").await;
    assert_eq!(holds(&ctx, sara).await, [0, 1_000, 0, 0], "20 of the 30 that were left");
    buy(&later(&ctx, 14), mina, "-800").await;
    assert_eq!(state(&ctx, id).await, ReferralState::Reversed);
    assert_eq!(holds(&ctx, sara).await, [0, 0, 0, 7_000], "what was used is owed, for everybody to see");
    sound(&ctx).await;

    // What they bought with it goes back as well: then they owe nothing.
    let back = GiveBack { id: spent.journal.id, amount: "40".into(), key: None, note: None };
    ctx.run(ledger::give_back, back.clone()).await.unwrap();
    assert_eq!(holds(&ctx, sara).await, [0, 0, 0, 3_000]);
    assert_eq!(key_of(ctx.run(ledger::give_back, back).await), "amount: ledger-only-so-much-back");

    // What they earn next settles what they owe.
    brought(&later(&ctx, 20), sara, nima).await;
    buy(&later(&ctx, 21), nima, "1000").await;
    night(&later(&ctx, 30)).await;
    assert_eq!(holds(&ctx, sara).await, [0, 7_000, 0, 0]);
    let seen = books(&ctx, sara).await;
    assert_eq!((seen.matured_minor, seen.spent_minor, seen.paid_minor), (10_000, 3_000, 0));
    sound(&ctx).await;
    let page = ctx.run(events::list, ListEvents { kind: Some("ledger.".into()), ..ListEvents::default() }).await.unwrap();
    assert_eq!(page.items.iter().filter(|event| event.kind == "ledger.taken_back").count(), 2);
    let kinds = ctx.run(ledger::list, ListJournals { kind: Some(JournalKind::TakenBack), limit: Some(1), ..ListJournals::default() });
    let first = kinds.await.unwrap();
    let rest = ListJournals { kind: Some(JournalKind::TakenBack), after: first.next, party_id: Some(sara), limit: None };
    assert_eq!((first.items[0].amount_minor, ctx.run(ledger::list, rest).await.unwrap().items[0].amount_minor), (8_000, 2_000));
    let confirmed = ListReferrals { view: Some(ReferralView::Confirmed), ..ListReferrals::default() };
    assert_eq!(ctx.run(referrals::list, confirmed).await.unwrap().items.len(), 1, "what is rewarded is confirmed");
}

#[tokio::test]
async fn who_is_no_advocate_gets_no_benefit_and_nobody_loses_what_they_had_earned() {
    let ctx = ctx().await;
    approved(&ctx, tenth(Wallet::Cash)).await;
    let loyal = of_stage(&ctx, "رضا", Stage::Loyal, Standing::Active).await;
    let risky = of_stage(&ctx, "سارا", Stage::Advocate, Standing::AtRisk).await;
    let hurt = of_stage(&ctx, "لیلا", Stage::Advocate, Standing::Active).await;
    let mut ids = Vec::new();
    for (by, name) in [(loyal, "الف"), (risky, "ب"), (hurt, "ج")] {
        let friend = party(&ctx, name).await;
        ids.push(brought(&ctx, by, friend).await);
        buy(&ctx, friend, "1000").await;
    }
    assert_eq!((holds(&ctx, loyal).await[0], holds(&ctx, risky).await[0], holds(&ctx, hurt).await[0]), (0, 0, 10_000));
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE stage_memberships SET standing = 'at_risk' WHERE party_id = $1").bind(hurt)).await.unwrap();
    tx.commit().await.unwrap();
    night(&later(&ctx, 9)).await;
    assert_eq!(holds(&ctx, loyal).await, [0; 4]);
    assert_eq!(holds(&ctx, hurt).await, [0, 0, 10_000, 0], "what was earned before is theirs");
    assert_eq!((holds(&ctx, risky).await, state(&ctx, ids[1]).await), ([0; 4], ReferralState::Confirmed));
    recovered(&ctx, risky).await;
    night(&later(&ctx, 12)).await;
    assert_eq!((holds(&ctx, risky).await, state(&ctx, ids[1]).await), ([0, 0, 10_000, 0], ReferralState::Rewarded));
    assert_eq!(state(&ctx, ids[0]).await, ReferralState::Confirmed);
    let paid =
        later(&ctx, 13).run(ledger::pay_out, UseBenefit { note: Some(" ۸۸۱۲ ".into()), ..some(hurt, "60", Some("a")) }).await.unwrap();
    assert_eq!((paid.journal.note.as_deref(), holds(&ctx, hurt).await), (Some("۸۸۱۲"), [0, 0, 4_000, 0]));
    sound(&ctx).await;
}

#[tokio::test]
async fn the_word_of_another_that_is_believed_instead_moves_what_was_pending() {
    let ctx = ctx().await;
    approved(&ctx, tenth(Wallet::Credit)).await;
    let (sara, reza) =
        (of_stage(&ctx, "سارا", Stage::Advocate, Standing::Active).await, of_stage(&ctx, "رضا", Stage::Advocate, Standing::Active).await);
    let mina = party(&ctx, "مینا").await;
    let staff = RecordReferral { referrer_id: Some(sara), referee_id: Some(mina), ..RecordReferral::default() };
    ctx.run(record, staff).await.unwrap();
    buy(&ctx, mina, "1000").await;
    assert_eq!((holds(&ctx, sara).await[0], holds(&ctx, reza).await[0]), (10_000, 0));
    brought(&later(&ctx, 1), reza, mina).await;
    assert_eq!((holds(&ctx, sara).await[0], holds(&ctx, reza).await[0]), (0, 10_000));
    sound(&ctx).await;
}

#[tokio::test]
async fn the_same_key_does_a_thing_once_and_nobody_uses_more_than_there_is() {
    let ctx = ctx().await;
    let (sara, mina, _) = with_hundred(&ctx, Wallet::Credit).await;
    let spend = async |amount: &str, key: Option<&str>| -> Result<Posted> { ctx.run(ledger::spend, some(sara, amount, key)).await };
    assert_eq!(key_of(spend("100.01", None).await), "amount: ledger-only-so-much");
    assert_eq!(key_of(spend("0", None).await), "amount: ledger-above-zero");
    assert_eq!(key_of(ctx.run(ledger::pay_out, some(sara, "1", None)).await), "amount: ledger-only-so-much-cash");
    let first = spend("30", Some("till-1")).await.unwrap();
    let again = spend("30", Some("till-1")).await.unwrap();
    assert_eq!((first.is_repeat, again.is_repeat, again.journal.id), (false, true, first.journal.id));
    assert_eq!(key_of(spend("31", Some("till-1")).await), "key: experience-key-used");
    assert_eq!(holds(&ctx, sara).await, [0, 7_000, 0, 0]);
    let of_other = UseBenefit { purchase_id: Some(ctx.id()), ..some(sara, "1", None) };
    assert_eq!(key_of(ctx.run(ledger::spend, of_other).await), "purchase_id: experience-purchase-of-other");
    let returned = GiveBack { id: first.journal.id, amount: "30".into(), key: Some("till-1".into()), note: None };
    assert!(!ctx.run(ledger::give_back, returned.clone()).await.unwrap().is_repeat);
    assert!(ctx.run(ledger::give_back, returned).await.unwrap().is_repeat);
    let no_spending = ctx.run(ledger::list, ListJournals { kind: Some(JournalKind::Matured), ..ListJournals::default() }).await.unwrap();
    let wrong = GiveBack { id: no_spending.items[0].id, amount: "1".into(), key: None, note: None };
    assert!(matches!(ctx.run(ledger::give_back, wrong).await, Err(Error::NotFound(_))));

    spend("100", None).await.unwrap();
    buy(&later(&ctx, 20), mina, "-1000").await;
    assert_eq!(holds(&ctx, sara).await, [0, 0, 0, 10_000]);
    let settle = |how, amount: &str, note: &str| SettleOwed {
        party_id: Some(sara),
        customer: None,
        how,
        amount: amount.into(),
        note: note.into(),
        key: Some(format!("{how}")),
    };
    assert_eq!(key_of(ctx.run(ledger::settle_owed, settle(Settlement::Repaid, "101", "x")).await), "amount: ledger-owes-only");
    assert_eq!(key_of(ctx.run(ledger::settle_owed, settle(Settlement::Repaid, "1", " ")).await), "note: input-needed");
    ctx.run(ledger::settle_owed, settle(Settlement::Repaid, "60", "نقد")).await.unwrap();
    assert!(ctx.run(ledger::settle_owed, settle(Settlement::Repaid, "60", "نقد")).await.unwrap().is_repeat);
    ctx.run(ledger::settle_owed, settle(Settlement::WrittenOff, "40", "مشتری قدیمی")).await.unwrap();
    assert_eq!(holds(&ctx, sara).await, [0; 4]);
    sound(&ctx).await;

    let agent = as_post(&ctx.app, "agent", "agent").await;
    assert!(agent.run(ledger::list, ListJournals::default()).await.unwrap().items.is_empty());
    assert!(matches!(agent.run(ledger::get, LedgerOf { party_id: Some(sara), customer: None }).await, Err(Error::NotFound(_))));
    let manager = as_post(&ctx.app, "manager", "manager").await;
    assert!(matches!(manager.run(verify, Nothing {}).await, Err(Error::Forbidden(_))), "who does not see all customers");
}

#[tokio::test]
async fn of_sixty_four_who_spend_what_is_there_once_at_the_same_time_by_two_processes_one_does() {
    let ctx = ctx().await;
    let (sara, ..) = with_hundred(&ctx, Wallet::Credit).await;
    let other = other_process(&ctx).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let ctx = if number % 2 == 0 { ctx.clone() } else { other.clone() };
        tasks.spawn(async move { ctx.run(ledger::spend, some(sara, "60", Some(&format!("till-{number}")))).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        match outcome {
            Err(Error::Unavailable) => {}
            other => assert_eq!(key_of(other), "amount: ledger-only-so-much"),
        }
    }
    assert_eq!(holds(&ctx, sara).await, [0, 4_000, 0, 0]);
    sound(&ctx).await;
}

#[tokio::test]
async fn what_nobody_uses_in_time_goes_once_and_what_is_tampered_with_is_found() {
    let ctx = ctx().await;
    let (sara, mina, _) = with_hundred(&ctx, Wallet::Cash).await;
    let spent = later(&ctx, 10).run(ledger::spend, some(sara, "30", None)).await.unwrap();
    night(&later(&ctx, 69)).await;
    assert_eq!(holds(&ctx, sara).await, [0, 0, 7_000, 0], "its last day is a good one");
    for _ in 0..2 {
        night(&later(&ctx, 70)).await;
    }
    let seen = books(&ctx, sara).await;
    assert_eq!((seen.cash_minor, seen.expired_minor, seen.lots.len()), (0, 7_000, 0));
    assert_eq!(key_of(later(&ctx, 70).run(ledger::spend, some(sara, "1", None)).await), "amount: ledger-only-so-much");
    sound(&ctx).await;
    // What returns to a lot that is over goes the next night.
    let back = GiveBack { id: spent.journal.id, amount: "10".into(), key: None, note: Some("پس داد".into()) };
    later(&ctx, 71).run(ledger::give_back, back).await.unwrap();
    assert_eq!(holds(&ctx, sara).await, [0, 0, 1_000, 0]);
    night(&later(&ctx, 72)).await;
    assert_eq!(books(&ctx, sara).await.expired_minor, 8_000);
    // What brought it is given back: what was not used is not asked for.
    buy(&later(&ctx, 80), mina, "-1000").await;
    assert_eq!(holds(&ctx, sara).await, [0, 0, 0, 2_000]);
    sound(&ctx).await;

    let tamper = async |statement: &'static str| {
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql(statement)).await.unwrap();
        tx.commit().await.unwrap();
        ctx.run(verify, Nothing {}).await.unwrap()
    };
    let wrong = tamper("UPDATE ledger_accounts SET balance_minor = balance_minor + 1 WHERE kind = 'spent'").await;
    assert!(!wrong.is_sound);
    assert_eq!((wrong.sum_minor, wrong.differences[0].name.as_str()), (1, "spent"));
    let wrong = tamper("UPDATE ledger_lots SET left_minor = 1, expired_minor = 0").await;
    assert_eq!(wrong.differences.len(), 3, "{:?}", wrong.differences);
    let mut tx = ctx.app.db.begin().await.unwrap();
    let below = tx.run(sql("UPDATE ledger_accounts SET balance_minor = -1 WHERE kind = 'liability'")).await;
    assert!(below.is_err(), "the database itself refuses what is below zero");
}

fn bought(party: Id<Party>, amount: &str, credit: &str) -> NewPurchase {
    NewPurchase { party_id: Some(party), amount: Some(amount.into()), from_credit: Some(credit.into()), ..NewPurchase::default() }
}

#[tokio::test]
async fn credit_pays_for_a_purchase_at_most_what_there_is_and_what_is_to_be_paid_and_comes_back_by_its_share() {
    let ctx = ctx().await;
    let (sara, mina, _) = with_hundred(&ctx, Wallet::Credit).await;
    let refused = async |new: NewPurchase| key_of(ctx.run(purchases::create, new).await);
    assert_eq!(refused(bought(sara, "50", "60")).await, "from_credit: purchases-credit-above");
    assert_eq!(refused(bought(sara, "-50", "10")).await, "from_credit: purchases-credit-above");
    assert_eq!(refused(bought(sara, "500", "101")).await, "from_credit: ledger-only-so-much");
    assert_eq!(refused(bought(mina, "500", "1")).await, "from_credit: ledger-only-so-much");
    assert_eq!(refused(bought(sara, "500", "-1")).await, "from_credit: ledger-above-zero");
    assert_eq!(refused(NewPurchase { party_id: None, ..bought(sara, "500", "1") }).await, "from_credit: purchases-credit-whose");
    let pounds = NewPurchase { currency: Some("GBP".into()), ..bought(sara, "500", "1") };
    assert_eq!(refused(pounds).await, "from_credit: purchases-credit-currency");
    let (count,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM purchases WHERE party_id = $1").bind(sara)).await.unwrap();
    assert_eq!((count, holds(&ctx, sara).await), (0, [0, 10_000, 0, 0]), "what is refused is refused whole");

    let of = |party| LedgerOf { party_id: Some(party), customer: None };
    assert_eq!(ctx.run(ledger::available, of(sara)).await.unwrap().there_minor, 10_000);
    let done = ctx.run(purchases::create, bought(sara, "200", "80")).await.unwrap();
    assert_eq!((done.credit_minor, done.to_pay.as_str(), holds(&ctx, sara).await), (8_000, "120.00", [0, 2_000, 0, 0]));
    let there = ctx.run(ledger::available, of(sara)).await.unwrap();
    assert_eq!((there.there_minor, there.until.is_some()), (2_000, true));
    let nothing = ctx.run(ledger::available, of(mina)).await.unwrap();
    assert_eq!((nothing.there_minor, nothing.until), (0, None));
    let agent = as_post(&ctx.app, "agent", "agent").await;
    assert!(matches!(agent.run(ledger::available, of(sara)).await, Err(Error::NotFound(_))));

    let back = async |amount: &str| {
        let new = NewPurchase { refund_of: Some(done.items[0].id), from_credit: None, ..bought(sara, amount, "") };
        let back = ctx.run(purchases::create, new).await.unwrap();
        (back.credit_minor, back.to_pay, holds(&ctx, sara).await[1])
    };
    assert_eq!(back("-100").await, (-4_000, "-60.00".into(), 6_000), "half of it came back, and half of the credit");
    let spent =
        ctx.run(ledger::list, ListJournals { kind: Some(JournalKind::Spent), ..ListJournals::default() }).await.unwrap().items.remove(0);
    assert_eq!(spent.purchase_id, Some(done.purchase.id));
    ctx.run(ledger::give_back, GiveBack { id: spent.id, amount: "10".into(), key: None, note: None }).await.unwrap();
    assert_eq!(back("-50").await, (-1_000, "-40.00".into(), 8_000), "what was given back before counts");
    assert_eq!(back("-50").await, (-2_000, "-30.00".into(), 10_000));
    assert_eq!(back("-50").await, (0, "-50.00".into(), 10_000), "never more than was spent");
    sound(&ctx).await;
}

#[tokio::test]
async fn of_sixty_four_who_pay_with_the_same_credit_at_once_one_does() {
    let ctx = ctx().await;
    let (sara, ..) = with_hundred(&ctx, Wallet::Credit).await;
    let other = other_process(&ctx).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let ctx = if number % 2 == 0 { ctx.clone() } else { other.clone() };
        tasks.spawn(async move { ctx.run(purchases::create, bought(sara, "100", "60")).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        match outcome {
            Err(Error::Unavailable) => {}
            other => assert_eq!(key_of(other), "from_credit: ledger-only-so-much"),
        }
    }
    let (count,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM purchases WHERE party_id = $1").bind(sara)).await.unwrap();
    assert_eq!((count, holds(&ctx, sara).await), (1, [0, 4_000, 0, 0]));
    sound(&ctx).await;
}

fn as_one(kept: Id<Party>, other: Id<Party>) -> MergeParties {
    serde_json::from_value(serde_json::json!({"id": kept, "other_id": other})).unwrap()
}

#[tokio::test]
async fn what_two_records_of_one_customer_have_adds_up_and_goes_back_with_what_is_left_of_it() {
    let ctx = ctx().await;
    let (sara, mina, _) = with_hundred(&ctx, Wallet::Credit).await;
    let other = of_stage(&ctx, "سارا م.", Stage::Advocate, Standing::Active).await;
    let (nima, roya) = (party(&ctx, "نیما").await, party(&ctx, "رویا").await);
    let own = brought(&ctx, other, nima).await;
    buy(&ctx, nima, "500").await;
    night(&later(&ctx, 9)).await;
    let waits = brought(&ctx, other, roya).await;
    buy(&ctx, roya, "300").await;
    assert_eq!((holds(&ctx, sara).await, holds(&ctx, other).await), ([0, 10_000, 0, 0], [3_000, 5_000, 0, 0]));

    let merged = ctx.run(merge::merge, as_one(sara, other)).await.unwrap();
    assert!(merged.moved.iter().any(|moved| (moved.kind, moved.count) == (MergedKind::Referrals, 2)));
    assert!(merged.moved.iter().any(|moved| (moved.kind, moved.count) == (MergedKind::Benefits, 1)));
    assert_eq!(holds(&ctx, sara).await, [3_000, 15_000, 0, 0]);
    sound(&ctx).await;
    // The one buys with what was the other's, and what waited becomes theirs.
    let spent = ctx.run(ledger::spend, some(sara, "120", Some("till"))).await.unwrap();
    night(&later(&ctx, 12)).await;
    assert_eq!(holds(&ctx, sara).await, [0, 6_000, 0, 0]);
    sound(&ctx).await;

    // Each has what is left of their own; what had waited goes with the introduction that brought it.
    let back = ctx.run(merge::unmerge, PartyId { id: other }).await.unwrap();
    assert_eq!((back.gone, back.ended), (0, 0));
    let (first, second) = (holds(&ctx, sara).await, holds(&ctx, other).await);
    assert_eq!(first[1] + second[1], 6_000);
    assert!(second[1] >= 3_000, "{second:?}");
    assert_eq!((state(&ctx, own).await, state(&ctx, waits).await), (ReferralState::Rewarded, ReferralState::Rewarded));
    sound(&ctx).await;
    // What is given back returns to the very lots, whoever has them by now.
    let give = GiveBack { id: spent.journal.id, amount: "120".into(), key: None, note: None };
    ctx.run(ledger::give_back, give).await.unwrap();
    assert_eq!((holds(&ctx, sara).await[1], holds(&ctx, other).await[1]), (10_000, 8_000));
    sound(&ctx).await;
    assert_eq!(holds(&ctx, mina).await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn nobody_has_introduced_themselves_and_nobody_was_introduced_twice() {
    let ctx = ctx().await;
    let (sara, mina, id) = with_hundred(&ctx, Wallet::Credit).await;
    // Who was introduced turns out to be who introduced.
    let merged = ctx.run(merge::merge, as_one(sara, mina)).await.unwrap();
    assert_eq!((merged.ended, state(&ctx, id).await, holds(&ctx, sara).await), (1, ReferralState::Rejected, [0, 0, 0, 0]));
    sound(&ctx).await;
    let back = ctx.run(merge::unmerge, PartyId { id: mina }).await.unwrap();
    assert_eq!((back.ended, state(&ctx, id).await, holds(&ctx, sara).await), (0, ReferralState::Rewarded, [0, 10_000, 0, 0]));
    sound(&ctx).await;

    // Two introduced one friend, who was written down twice: what is final goes before what is not.
    let (zahra, other) = (of_stage(&ctx, "زهرا", Stage::Advocate, Standing::Active).await, party(&ctx, "مینا م.").await);
    let second = brought(&ctx, zahra, other).await;
    let merged = ctx.run(merge::merge, as_one(other, mina)).await.unwrap();
    assert_eq!((merged.ended, state(&ctx, second).await, state(&ctx, id).await), (1, ReferralState::Rejected, ReferralState::Rewarded));
    let seen = ctx.run(referrals::get, ReferralId { id }).await.unwrap().referral;
    assert_eq!(seen.referee_id, Some(other));
    follow::look(&ctx, &[other, mina]).await.unwrap();
    assert_eq!((state(&ctx, id).await, holds(&ctx, sara).await), (ReferralState::Rewarded, [0, 10_000, 0, 0]));
    sound(&ctx).await;
    let back = ctx.run(merge::unmerge, PartyId { id: mina }).await.unwrap();
    assert_eq!((back.ended, state(&ctx, second).await), (0, ReferralState::Qualified));
}
