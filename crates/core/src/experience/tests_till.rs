//! What customers were promised, used where they buy: at a purchase that is entered, and at those of a file.

use super::grants::{self, Grant, GrantState};
use super::legality::TreatmentKind;
use super::occasions::Occasion;
use super::redeem::{self, RedeemGrant};
use super::tests::{made, plan, policy, problem, treatment, yes};
use super::tests_grants::{all, code_of, later, live, public, redeem_code};
use super::treatments::{self, ListTreatments, NewTreatment};
use super::{PolicyId, Stage, Standing, codes, policies, policy_steps};
use crate::advocacy::ledger::{self, LedgerOf, LedgerSeen};
use crate::advocacy::verify::verify;
use crate::operation::Nothing;
use crate::parties::check::NewParty;
use crate::parties::{Party, party};
use crate::platform::import::columns::Kind;
use crate::platform::import::engine::{self, Ended};
use crate::platform::import::record::{self, ImportId, ImportRecord, ListRejects, NewImport};
use crate::platform::import::undo;
use crate::platform::jobs;
use crate::sales::purchases::{self, GetPurchase, NewPurchase, PurchaseWithLines};
use crate::{Ctx, Door, Error, Id, Result, testing};
use peyvand_db::sql;
use std::collections::HashMap;
use std::io::Write;
use tokio::sync::watch;

const NAMES: [&str; 4] = ["سارا محمدی", "رضا کریمی", "مینا راد", "لیلا ناصری"];

const PHONES: [&str; 4] = ["09125550141", "09125550142", "09125550143", "09125550144"];

/// Four customers with a code each, by name.
async fn promised(ctx: &Ctx, new: NewTreatment) -> HashMap<Id<Party>, Grant> {
    for (name, phone) in NAMES.iter().zip(PHONES) {
        let new = NewParty { name: Some((*name).to_owned()), mobile: Some(phone.to_owned()), ..NewParty::default() };
        ctx.run(party::create, new).await.unwrap();
    }
    live(ctx, new, "0").await;
    jobs::drain(&ctx.app).await.unwrap();
    all(ctx).await.into_iter().map(|grant| (grant.party_id, grant)).collect()
}

async fn who(ctx: &Ctx, name: &str) -> Id<Party> {
    ctx.app.db.one::<(Id<Party>,)>(sql("SELECT id FROM parties WHERE name = $1").bind(name)).await.unwrap().0
}

async fn buy(ctx: &Ctx, party: Option<Id<Party>>, amount: &str, code: &str) -> Result<PurchaseWithLines> {
    let code = Some(code.to_owned()).filter(|code| !code.is_empty());
    ctx.run(purchases::create, NewPurchase { party_id: party, amount: Some(amount.into()), code, ..NewPurchase::default() }).await
}

async fn count(ctx: &Ctx, text: &'static str) -> i64 {
    ctx.app.db.one::<(i64,)>(sql(text)).await.unwrap().0
}

async fn used(ctx: &Ctx) -> i64 {
    ctx.run(treatments::list, ListTreatments::default()).await.unwrap().items[0].used
}

#[tokio::test]
async fn a_code_is_redeemed_with_the_purchase_or_neither_is_written() {
    let ctx = testing::ctx().await;
    let promised = promised(&ctx, public()).await;
    let (sara, reza) = (who(&ctx, NAMES[0]).await, who(&ctx, NAMES[1]).await);
    let (of_sara, of_reza) = (code_of(&promised[&sara]), code_of(&promised[&reza]));
    assert_eq!(problem(buy(&ctx, Some(sara), "1000", "123456789012").await), ("code".into(), "experience-code-mistyped".into()));
    assert_eq!(problem(buy(&ctx, Some(sara), "1000", &of_reza).await), ("code".into(), "experience-code-of-other".into()));
    assert_eq!(problem(buy(&ctx, Some(sara), "-1000", &of_sara).await), ("code".into(), "experience-code-nothing".into()));
    let pounds = NewPurchase { currency: Some("GBP".into()), code: Some(of_sara.clone()), ..NewPurchase::default() };
    let pounds = NewPurchase { party_id: Some(sara), amount: Some("5".into()), ..pounds };
    assert_eq!(problem(ctx.run(purchases::create, pounds).await), ("code".into(), "experience-code-currency".into()));
    assert_eq!(count(&ctx, "SELECT COUNT(*) FROM purchases").await, 0, "what is refused is refused whole");

    let bought = buy(&ctx, Some(sara), "1000", &codes::spoken(&of_sara)).await.unwrap();
    assert_eq!((bought.net.as_str(), bought.code_minor, bought.to_pay.as_str()), ("1000.00", 10_000, "900.00"));
    let grant = all(&ctx).await.into_iter().find(|grant| grant.party_id == sara).unwrap();
    assert_eq!((grant.state, grant.purchase_id), (GrantState::Redeemed, Some(bought.purchase.id)));
    assert_eq!(problem(buy(&ctx, Some(sara), "1000", &of_sara).await).1, "experience-grant-used");

    let told = buy(&ctx, None, "500", &of_reza).await.unwrap();
    assert_eq!(told.purchase.party_id, Some(reza), "a code says whose purchase it is");
    let seen = ctx.run(purchases::get, GetPurchase { id: told.purchase.id }).await.unwrap();
    assert_eq!((seen.code_minor, seen.credit_minor, seen.to_pay.as_str()), (5_000, 0, "450.00"));
    let listed = purchases::by_ids(&ctx.app.db, &[told.purchase.id]).await.unwrap();
    assert_eq!(listed[0].to_pay, "450.00");
    assert_eq!((used(&ctx).await, count(&ctx, "SELECT COUNT(*) FROM purchases").await), (2, 2));
}

#[tokio::test]
async fn a_code_that_was_good_on_the_day_of_a_purchase_is_good_when_it_is_written_down_later() {
    let ctx = testing::ctx().await;
    let promised = promised(&ctx, public()).await;
    let sara = who(&ctx, NAMES[0]).await;
    let after = later(&ctx, 40);
    let today = after.now().day(&ctx.app.organisation().await.unwrap().zone());
    grants::expire(&after, today).await.unwrap();
    assert_eq!(problem(buy(&after, Some(sara), "1000", &code_of(&promised[&sara])).await).1, "experience-grant-expired");
    let new = NewPurchase {
        party_id: Some(sara),
        amount: Some("1000".into()),
        date: Some(promised[&sara].valid_to_on.to_string()),
        code: promised[&sara].code.clone(),
        ..NewPurchase::default()
    };
    assert_eq!(after.run(purchases::create, new).await.unwrap().code_minor, 10_000);
    let grant = all(&ctx).await.into_iter().find(|grant| grant.party_id == sara).unwrap();
    assert_eq!((grant.state, grant.ended_at), (GrantState::Redeemed, None));
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

async fn noted(ctx: &Ctx, file: &tempfile::NamedTempFile) -> Id<record::Import> {
    let new = NewImport { path: file.path().to_owned(), file_name: "till.csv".into(), kind: Some(Kind::Purchases), ..NewImport::default() };
    let prepared = record::prepare(ctx, &new).await.unwrap();
    record::create(ctx, &new, &prepared).await.unwrap()
}

async fn bring(ctx: &Ctx, file: &tempfile::NamedTempFile) -> ImportRecord {
    let id = noted(ctx, file).await;
    let (_keep, stop) = watch::channel(false);
    assert_eq!(engine::run(&ctx.app, Door::Cli, id, &stop, None, |_| {}).await.unwrap(), Ended::Done);
    record::get(ctx, ImportId { id }).await.unwrap()
}

/// Rows, new, known, rejected, codes redeemed, codes refused.
fn counts(import: &ImportRecord) -> [i64; 6] {
    let details = &import.details;
    [import.rows, import.created, import.unchanged, import.rejected, details.codes_redeemed, details.codes_refused]
}

/// Number and message of each row of an import that came in all the same.
async fn told(ctx: &Ctx, id: Id<record::Import>) -> Vec<(i64, String)> {
    let page = record::rejects(ctx, ListRejects { id, is_taken: Some(true), after: None, limit: None }).await.unwrap();
    assert!(page.items.iter().all(|row| row.is_taken && row.problems.iter().all(|problem| problem.column.as_deref() == Some("کد تخفیف"))));
    page.items.into_iter().map(|row| (row.row, row.problems[0].message.clone())).collect()
}

#[tokio::test]
async fn codes_of_a_file_are_redeemed_with_its_purchases_and_no_purchase_is_lost_over_one() {
    let ctx = testing::ctx().await;
    let promised = promised(&ctx, public()).await;
    let code = async |name: &str| codes::spoken(&code_of(&promised[&who(&ctx, name).await]));
    let [sara, reza, mina, leila] = [code(NAMES[0]).await, code(NAMES[1]).await, code(NAMES[2]).await, code(NAMES[3]).await];
    redeem_code(&ctx, &leila, Some("by hand")).await.unwrap();
    let unknown = codes::make(&ctx.app.keys(), "nobody", 0);
    let today = ctx.now().day(&ctx.app.organisation().await.unwrap().zone());
    let head = "شماره فاکتور,تاریخ میلادی,مشتری,کد کالا,مبلغ,کد تخفیف\n";
    let with = |mina: &str| {
        file(&format!(
            "{head}1,{today},09125550141,A,400,{sara}\n1,{today},09125550141,B,600,{sara}\n2,{today},09125550143,A,500,{mina}\n\
             3,{today},09125550143,A,500,{reza}\n4,{today},,A,500,{reza}\n5,{today},09125550144,A,500,{leila}\n\
             6,{today},09125550142,A,500,نوروز\n7,{today},09125550142,A,500,\n"
        ))
    };
    let wrong = with(&unknown);
    let import = bring(&ctx, &wrong).await;
    assert_eq!(counts(&import), [8, 8, 0, 0, 1, 5]);
    let words = |key: &str| crate::platform::locale::Loc::new(ctx.prefs.clone(), ctx.now()).t(key);
    let expected = [
        (4, "experience-code-unknown"),
        (5, "experience-code-of-other"),
        (6, "import-code-no-customer"),
        (7, "experience-grant-used"),
        (8, "experience-code-form"),
    ];
    assert_eq!(told(&ctx, import.id).await, expected.map(|(row, key)| (row, words(key))));
    let of_sara =
        all(&ctx).await.into_iter().find(|grant| code_of(grant) == code_of(&promised[&grant.party_id]) && grant.party == NAMES[0]).unwrap();
    assert_eq!(of_sara.redeemed_minor, Some(10_000), "of the whole invoice, once");
    assert_eq!(count(&ctx, "SELECT COUNT(*) FROM purchases").await, 7);

    let again = bring(&ctx, &wrong).await;
    assert_eq!(counts(&again), [8, 0, 8, 0, 0, 5], "nothing is redeemed twice");
    let right = with(&mina);
    assert_eq!(counts(&bring(&ctx, &right).await), [8, 0, 8, 0, 1, 4], "a code that was put right finds its purchase");
    assert_eq!(used(&ctx).await, 3);
    let (_, lines) = record::rejects_csv(&ctx, import.id, true).await.unwrap();
    let lines: Vec<_> = futures_util::StreamExt::collect(lines).await;
    assert_eq!(lines.len(), 6, "a header and five rows");

    ctx.run(record::undo, ImportId { id: import.id }).await.unwrap();
    let (_keep, stop) = watch::channel(false);
    undo::run(&ctx.app, Door::Cli, import.id, &stop, None).await.unwrap();
    let undone = record::get(&ctx, ImportId { id: import.id }).await.unwrap();
    assert_eq!((undone.details.removed, undone.details.codes_freed), (8, 2));
    assert_eq!(count(&ctx, "SELECT COUNT(*) FROM purchases").await, 0);
    assert_eq!((used(&ctx).await, count(&ctx, "SELECT COUNT(*) FROM grants WHERE state = 'redeemed'").await), (1, 1));
    assert_eq!(count(&ctx, "SELECT COUNT(*) FROM exposures WHERE delivered_at IS NOT NULL").await, 1);
    let whose = RedeemGrant { code: sara, total: Some("100".into()), ..RedeemGrant::default() };
    assert_eq!(ctx.run(redeem::redeem, whose).await.unwrap().off_minor, Some(1_000), "what was freed is good again");
}

#[tokio::test]
async fn a_file_that_is_gone_on_with_redeems_each_code_once_and_a_rehearsal_none() {
    let ctx = testing::ctx().await;
    let promised = promised(&ctx, NewTreatment { total_cap: Some(1), ..public() }).await;
    let (sara, reza) = (code_of(&promised[&who(&ctx, NAMES[0]).await]), code_of(&promised[&who(&ctx, NAMES[1]).await]));
    let today = ctx.now().day(&ctx.app.organisation().await.unwrap().zone());
    let mut text = format!("invoice,date,customer,amount,coupon code\n1,{today},09125550141,1000,{sara}\n");
    for number in 2..=2_100 {
        text.push_str(&format!("{number},{today},09125550141,10,\n"));
    }
    text.push_str(&format!("1,{today},09125550141,77,{sara}\n9000,{today},09125550142,1000,{reza}\n"));
    let file = file(&text);
    let new = NewImport { path: file.path().to_owned(), file_name: "till.csv".into(), kind: Some(Kind::Purchases), ..NewImport::default() };
    let rehearsed = engine::rehearse(&ctx, record::prepare(&ctx, &new).await.unwrap()).await.unwrap();
    assert_eq!((rehearsed.rows, rehearsed.created, used(&ctx).await), (2_102, 2_102, 0));
    let id = noted(&ctx, &file).await;
    let (_keep, stop) = watch::channel(true);
    assert_eq!(engine::run(&ctx.app, Door::Cli, id, &stop, None, |_| {}).await.unwrap(), Ended::Stopped);
    assert_eq!(used(&ctx).await, 1);
    let (_keep, stop) = watch::channel(false);
    assert_eq!(engine::run(&ctx.app, Door::Cli, id, &stop, None, |_| {}).await.unwrap(), Ended::Done);
    let import = record::get(&ctx, ImportId { id }).await.unwrap();
    assert_eq!(counts(&import), [2_102, 2_102, 0, 0, 1, 1], "the cap is kept, and its second is told of");
    assert_eq!(used(&ctx).await, 1);
    let refused = record::rejects(&ctx, ListRejects { id, is_taken: None, after: None, limit: None }).await.unwrap();
    assert_eq!((refused.items.len(), refused.items[0].row, refused.items[0].is_taken), (1, 2_103, true));
}

#[tokio::test]
async fn a_budget_that_does_not_suffice_leaves_the_count_of_a_file_as_it_was() {
    let ctx = testing::ctx().await;
    let promised = promised(&ctx, public()).await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE policy_versions SET budget_minor = 10000")).await.unwrap();
    tx.commit().await.unwrap();
    let code = async |name: &str| code_of(&promised[&who(&ctx, name).await]);
    let today = ctx.now().day(&ctx.app.organisation().await.unwrap().zone());
    let (sara, reza) = (code(NAMES[0]).await, code(NAMES[1]).await);
    let rows = format!("1,{today},09125550141,1000,{sara}\n2,{today},09125550142,1000,{reza}\n");
    let import = bring(&ctx, &file(&format!("invoice,date,customer,amount,code\n{rows}"))).await;
    assert_eq!(counts(&import), [2, 2, 0, 0, 1, 1]);
    assert_eq!((used(&ctx).await, count(&ctx, "SELECT spent_minor FROM policy_versions").await), (1, 10_000));
    assert!(matches!(redeem_code(&ctx, &reza, None).await, Err(Error::Conflict(_))));
}

/// What is on the account of a customer, when the books are in order.
async fn account(ctx: &Ctx, party: Id<Party>) -> LedgerSeen {
    let verified = ctx.run(verify, Nothing {}).await.unwrap();
    assert!(verified.is_sound, "{verified:?}");
    ctx.run(ledger::get, LedgerOf { party_id: Some(party), customer: None }).await.unwrap()
}

#[tokio::test]
async fn a_benefit_goes_to_the_account_once_and_out_of_its_very_lot_when_it_is_taken_back() {
    let ctx = testing::ctx().await;
    for (name, phone) in NAMES.iter().zip(PHONES).take(2) {
        let new = NewParty { name: Some((*name).to_owned()), mobile: Some(phone.to_owned()), ..NewParty::default() };
        ctx.run(party::create, new).await.unwrap();
        testing::at_stage(&ctx, who(&ctx, name).await, Stage::Advocate, Standing::Active, ctx.today().plus(-1)).await;
    }
    let (sara, reza) = (who(&ctx, NAMES[0]).await, who(&ctx, NAMES[1]).await);
    let benefit = treatment(TreatmentKind::Benefit, "پاداش", &[Stage::Advocate]);
    let benefit = NewTreatment { amount: Some("500".into()), unit_cost: Some("0".into()), valid_days: Some(30), ..benefit };
    let terms = policies::NewPolicy {
        occasions: vec![plan(Occasion::Once)],
        holdout: None,
        budget: Some("1000".into()),
        ..policy(&[made(&ctx, benefit).await])
    };
    let seen = ctx.run(policies::create, terms).await.unwrap();
    let other = testing::as_post(&ctx.app, "owner", "other").await;
    yes(&ctx, &seen).await.unwrap();
    yes(&other, &seen).await.unwrap();
    ctx.run(policy_steps::start, PolicyId { id: seen.policy.id }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    let promised: HashMap<Id<Party>, Grant> = all(&ctx).await.into_iter().map(|grant| (grant.party_id, grant)).collect();
    assert_eq!(promised.len(), 2);
    assert_eq!(account(&ctx, sara).await.credit_minor, 0, "what is promised is not theirs yet");

    // A purchase of less than the benefit: it is theirs whole, and pays for the purchase at once.
    let new = NewPurchase {
        party_id: Some(sara),
        amount: Some("300".into()),
        code: promised[&sara].code.clone(),
        from_credit: Some("200".into()),
        ..NewPurchase::default()
    };
    let done = ctx.run(purchases::create, new).await.unwrap();
    assert_eq!((done.code_minor, done.credit_minor, done.to_pay.as_str()), (0, 20_000, "100.00"));
    let theirs = account(&ctx, sara).await;
    assert_eq!((theirs.credit_minor, theirs.matured_minor, theirs.spent_minor), (30_000, 50_000, 20_000));
    assert_eq!(theirs.lots[0].expires_on, ctx.today().plus(30));
    assert_eq!(problem(redeem_code(&ctx, &code_of(&promised[&sara]), Some("again")).await).1, "experience-grant-used");
    assert_eq!(account(&ctx, sara).await.credit_minor, 30_000);

    let back = |reason: &str| grants::RevokeGrant { id: promised[&sara].id, reason: reason.into() };
    let revoked = ctx.run(grants::revoke, back("اشتباه")).await.unwrap();
    assert_eq!((revoked.state, revoked.redeemed_minor), (GrantState::Revoked, Some(0)));
    let theirs = account(&ctx, sara).await;
    assert_eq!((theirs.credit_minor, theirs.owed_minor, theirs.matured_minor), (0, 20_000, 0), "what they have used they owe");
    assert_eq!(problem(ctx.run(grants::revoke, back("باز")).await).1, "experience-grant-revoked");
    assert_eq!((used(&ctx).await, count(&ctx, "SELECT spent_minor FROM policy_versions").await), (0, 0));

    let today = ctx.today();
    let row = format!("invoice,date,customer,amount,code\n1,{today},{},700,{}\n", PHONES[1], code_of(&promised[&reza]));
    let import = bring(&ctx, &file(&row)).await;
    assert_eq!((import.details.codes_redeemed, account(&ctx, reza).await.credit_minor), (1, 50_000));
    assert_eq!(bring(&ctx, &file(&row)).await.details.codes_redeemed, 0);
    assert_eq!(account(&ctx, reza).await.credit_minor, 50_000, "once, however often the file comes");
    ctx.run(record::undo, ImportId { id: import.id }).await.unwrap();
    let (_keep, stop) = watch::channel(false);
    undo::run(&ctx.app, Door::Cli, import.id, &stop, None).await.unwrap();
    assert_eq!(account(&ctx, reza).await.credit_minor, 0);
    let again = RedeemGrant { code: code_of(&promised[&reza]), key: Some("till".into()), ..RedeemGrant::default() };
    for is_repeat in [false, true] {
        let done = ctx.run(redeem::redeem, again.clone()).await.unwrap();
        assert_eq!((done.off_minor, done.is_repeat), (Some(50_000), is_repeat));
        assert_eq!(account(&ctx, reza).await.credit_minor, 50_000);
    }
}
