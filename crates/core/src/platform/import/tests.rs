//! The story of an import, on a database.

use super::columns::Kind;
use super::engine::{self, Ended, Progress};
use super::plan::Mode;
use super::record::{self, ImportId, ImportRecord, ListRejects, NewImport, State};
use super::undo;
use crate::marketing::segments::{self, NewSegment, SegmentId};
use crate::parties::party::{self, PartyId};
use crate::platform::jobs;
use crate::sales::purchases;
use crate::testing::{as_post, ctx};
use crate::{Ctx, Door, Error};
use peyvand_db::{Id, sql};
use std::io::Write;
use std::path::{Path, PathBuf};
use tokio::sync::watch;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/import").join(name)
}

fn written(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn new(kind: Kind, path: &Path) -> NewImport {
    NewImport { path: path.to_owned(), file_name: "file.csv".into(), kind: Some(kind), ..NewImport::default() }
}

async fn prepare(ctx: &Ctx, new: &NewImport) -> Id<record::Import> {
    let prepared = record::prepare(ctx, new).await.unwrap();
    record::create(ctx, new, &prepared).await.unwrap()
}

async fn run(ctx: &Ctx, id: Id<record::Import>) -> ImportRecord {
    let (_keep, stop) = watch::channel(false);
    let ended = engine::run(&ctx.app, Door::Cli, id, &stop, None, |_| {}).await.unwrap();
    assert_eq!(ended, Ended::Done);
    let import = record::get(ctx, ImportId { id }).await.unwrap();
    assert_eq!(import.rows, import.created + import.updated + import.unchanged + import.rejected);
    import
}

async fn bring(ctx: &Ctx, new: &NewImport) -> ImportRecord {
    let id = prepare(ctx, new).await;
    run(ctx, id).await
}

fn counts(import: &ImportRecord) -> [i64; 5] {
    [import.rows, import.created, import.updated, import.unchanged, import.rejected]
}

async fn count(ctx: &Ctx, text: &'static str) -> i64 {
    let (count,): (i64,) = ctx.app.db.one(sql(text)).await.unwrap();
    count
}

async fn reasons(ctx: &Ctx, id: Id<record::Import>) -> Vec<(i64, Vec<String>)> {
    let page = record::rejects(ctx, ListRejects { id, is_taken: Some(false), after: None, limit: None }).await.unwrap();
    page.items.into_iter().map(|reject| (reject.row, reject.problems.into_iter().map(|problem| problem.field).collect())).collect()
}

#[tokio::test]
async fn a_purchase_file_gives_the_totals_of_its_lines() {
    let ctx = ctx().await;
    let mut file = new(Kind::Purchases, &data("online-retail-totals.csv"));
    file.currency = Some("GBP".into());
    let import = bring(&ctx, &file).await;
    assert_eq!(counts(&import), [876, 876, 0, 0, 0]);
    assert_eq!((import.details.lines_without_customer, import.details.customers_created), (73, 43));
    assert_eq!(count(&ctx, "SELECT CAST(SUM(up_minor) AS BIGINT) FROM purchase_days WHERE is_known").await, 2_350_376);
    assert_eq!(
        count(&ctx, "SELECT CAST(SUM(lines_up) AS BIGINT) FROM purchase_days WHERE is_known").await,
        718,
        "a line below a penny was sold all the same"
    );
    assert_eq!(count(&ctx, "SELECT CAST(SUM(down_minor) AS BIGINT) FROM purchase_days WHERE is_known").await, 352_680);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE purchases > 0").await, 39);
    assert!(count(&ctx, "SELECT count(*) FROM purchase_lines WHERE refund_of IS NOT NULL").await > 20, "refunds know what they give back");

    let again = bring(&ctx, &file).await;
    assert_eq!(counts(&again), [876, 0, 0, 876, 0], "the same file twice changes nothing");
    assert_eq!(count(&ctx, "SELECT CAST(SUM(up_minor) AS BIGINT) FROM purchase_days WHERE is_known").await, 2_350_376);
}

#[tokio::test]
async fn a_table_aligned_by_spaces_is_read_as_purchases() {
    let ctx = ctx().await;
    let mut file = new(Kind::Purchases, &data("cdnow-master.txt"));
    file.currency = Some("USD".into());
    let import = bring(&ctx, &file).await;
    assert_eq!((import.rows, import.details.customers_created), (40, 10));
    assert_eq!(count(&ctx, "SELECT CAST(SUM(up_minor) AS BIGINT) FROM purchase_days").await, 136_182);
    assert_eq!(counts(&bring(&ctx, &file).await), [40, 0, 0, 40, 0]);
}

#[tokio::test]
async fn a_line_that_stands_twice_more_than_before_is_new() {
    let ctx = ctx().await;
    let once = written("invoice,date,customer,product,quantity,unit_price\n1,2024-05-01,77,A,1,5\n");
    let twice = written("invoice,date,customer,product,quantity,unit_price\n1,2024-05-01,77,A,1,5\n1,2024-05-01,77,A,1,5\n");
    assert_eq!(counts(&bring(&ctx, &new(Kind::Purchases, once.path())).await), [1, 1, 0, 0, 0]);
    assert_eq!(counts(&bring(&ctx, &new(Kind::Purchases, twice.path())).await), [2, 1, 0, 1, 0]);
    assert_eq!(counts(&bring(&ctx, &new(Kind::Purchases, twice.path())).await), [2, 0, 0, 2, 0]);
}

#[tokio::test]
async fn people_are_found_by_any_key_and_filled_in() {
    let ctx = ctx().await;
    let first = written("name,national_id,mobile,city\nسارا محمدی,0084575948,09125550142,\nرضا کریمی,,09125550199,شیراز\n");
    assert_eq!(counts(&bring(&ctx, &new(Kind::Parties, first.path())).await), [2, 2, 0, 0, 0]);
    let second =
        written("name,national_id,mobile,city\nسارا محمدي,۰۰۸۴۵۷۵۹۴۸,,تهران\nرضا كریمی,,0912 555 0199,\nمینا کریمی,,09125550199,\n");
    let import = bring(&ctx, &new(Kind::Parties, second.path())).await;
    assert_eq!(counts(&import)[1], 1, "a sister on the same phone is somebody else");
    assert_eq!(counts(&import)[0], 3);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties").await, 3);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE city = 'تهران'").await, 1);
    assert_eq!(counts(&bring(&ctx, &new(Kind::Parties, second.path())).await)[3], 3, "the same file twice changes nothing");
}

#[tokio::test]
async fn two_files_of_people_who_partly_are_the_same_are_counted_whole() {
    let ctx = ctx().await;
    let a = bring(&ctx, &new(Kind::Parties, &data("people-a.csv"))).await;
    assert_eq!(a.rows, a.created + a.rejected);
    let b = bring(&ctx, &new(Kind::Parties, &data("people-b.csv"))).await;
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties").await, a.created + b.created);
    let again = bring(&ctx, &new(Kind::Parties, &data("people-b.csv"))).await;
    assert_eq!((again.created, again.updated, again.rejected), (0, 0, b.rejected));
}

#[tokio::test]
async fn people_that_are_hard_to_tell_apart_stay_as_they_are_when_they_come_again() {
    let ctx = ctx().await;
    bring(&ctx, &new(Kind::Parties, &data("people-known.csv"))).await;
    // Two on one phone, a father's e-mail, swapped names, variants of letters, IDs with a wrong digit, rows given twice.
    let first = bring(&ctx, &new(Kind::Parties, &data("people-again.csv"))).await;
    assert!(first.created > 10 && first.updated > 10 && first.rejected > 0, "{:?}", counts(&first));
    let before = traces(&ctx).await;
    for _ in 0..2 {
        let again = bring(&ctx, &new(Kind::Parties, &data("people-again.csv"))).await;
        assert_eq!(counts(&again), [first.rows, 0, 0, first.rows - first.rejected, first.rejected]);
        assert_eq!(traces(&ctx).await, before);
    }
}

/// What any change to a party would leave behind.
async fn traces(ctx: &Ctx) -> [i64; 7] {
    [
        count(ctx, "SELECT count(*) FROM parties").await,
        count(ctx, "SELECT CAST(SUM(version) AS BIGINT) FROM parties").await,
        count(ctx, "SELECT count(*) FROM identity_keys").await,
        count(ctx, "SELECT count(*) FROM contact_points").await,
        count(ctx, "SELECT count(*) FROM addresses").await,
        count(ctx, "SELECT count(*) FROM party_roles").await,
        count(ctx, "SELECT count(*) FROM import_changes").await,
    ]
}

#[tokio::test]
async fn an_id_is_found_without_case_and_without_its_system_unless_two_have_it() {
    let ctx = ctx().await;
    let people = |text: &str, system: &str| {
        let file = written(text);
        let new = NewImport { system: Some(system.to_owned()), ..new(Kind::Parties, file.path()) };
        (file, new)
    };
    let (_kept, sepidar) = people("id,name\nAb-1,Sara Ahmadi\nAB-2,Reza Karimi\n", "sepidar");
    assert_eq!(counts(&bring(&ctx, &sepidar).await), [2, 2, 0, 0, 0]);
    let (_kept, again) = people("id,name\nab-1,Sara Ahmadi\n", "Sepidar");
    assert_eq!(counts(&bring(&ctx, &again).await), [1, 0, 0, 1, 0]);
    let (_kept, other) = people("id,name\nab-2,Mina Rad\n", "holoo");
    assert_eq!(counts(&bring(&ctx, &other).await), [1, 1, 0, 0, 0]);

    let lines = written("Invoice,Date,Customer,Product,Quantity,Price\n1,2025-01-15,aB-1,P1,1,100\n2,2025-01-15,ab-2,P1,1,100\n");
    let mut purchases = new(Kind::Purchases, lines.path());
    purchases.currency = Some("USD".into());
    let import = bring(&ctx, &purchases).await;
    assert_eq!((counts(&import), import.details.customers_created), ([2, 1, 0, 0, 1], 0));
    assert_eq!(reasons(&ctx, import.id).await, [(3, vec!["customer".to_owned()])]);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE name = 'Sara Ahmadi' AND purchases = 1").await, 1);
}

#[tokio::test]
async fn two_rows_of_one_customer_do_not_take_turns() {
    let ctx = ctx().await;
    let file = written("name,code,job,city\nسارا محمدی,1001,پزشک,\nسارا محمودی,1001,معلم,تهران\n");
    assert_eq!(counts(&bring(&ctx, &new(Kind::Parties, file.path())).await), [2, 1, 1, 0, 0]);
    assert_eq!(
        count(&ctx, "SELECT count(*) FROM parties WHERE job = 'پزشک' AND city = 'تهران'").await,
        1,
        "the first row counts, the second fills gaps"
    );
    assert_eq!(counts(&bring(&ctx, &new(Kind::Parties, file.path())).await), [2, 0, 0, 2, 0]);
}

#[tokio::test]
async fn modes_only_add_or_only_change() {
    let ctx = ctx().await;
    let one = written("name,code,job\nسارا,1001,پزشک\n");
    bring(&ctx, &new(Kind::Parties, one.path())).await;
    let both = written("name,code,job\nسارا,1001,معلم\nرضا,1002,راننده\n");
    let create = NewImport { mode: Some(Mode::Create), ..new(Kind::Parties, both.path()) };
    assert_eq!(counts(&bring(&ctx, &create).await), [2, 1, 0, 1, 0]);
    let more = written("name,code,job\nسارا,1001,معلم\nمینا,1003,راننده\n");
    let update = NewImport { mode: Some(Mode::Update), ..new(Kind::Parties, more.path()) };
    assert_eq!(counts(&bring(&ctx, &update).await), [2, 0, 1, 0, 1]);
}

#[tokio::test]
async fn rejected_rows_say_why_and_come_in_again_when_fixed() {
    let ctx = ctx().await;
    let file = written(
        "name,mobile,birth_date,source\nسارا,0912,1365/2/31,اینستاگرام\n,,,\nرضا,09125550142,1365/1/31,اینستاگرام\n=1+1,09125550143,,\n",
    );
    let import = bring(&ctx, &new(Kind::Parties, file.path())).await;
    assert_eq!((import.created, import.rejected), (import.rows - 1, 1));
    let reasons = reasons(&ctx, import.id).await;
    assert_eq!(reasons[0].0, 2);
    assert!(reasons[0].1.contains(&"mobile".to_owned()), "{reasons:?}");
}

#[tokio::test]
async fn an_invoice_belongs_to_one_customer() {
    let ctx = ctx().await;
    let file = written(
        "invoice,date,customer,amount\n1,1403/1/5,77,5000\n1,1403/1/5,78,5000\n2,1403/13/5,78,5000\n3,1403/1/6,,1000\n4,1450/1/6,77,1000\n",
    );
    let import = bring(&ctx, &new(Kind::Purchases, file.path())).await;
    assert_eq!(counts(&import), [5, 2, 0, 0, 3]);
    let reasons = reasons(&ctx, import.id).await;
    assert_eq!(
        reasons.iter().map(|(row, fields)| (*row, fields[0].as_str())).collect::<Vec<_>>(),
        [(3, "customer"), (4, "date"), (6, "date")]
    );
}

#[tokio::test]
async fn contacts_come_with_words_of_three_languages() {
    let ctx = ctx().await;
    let people = written("name,mobile\nسارا محمدی,09125550142\n");
    bring(&ctx, &new(Kind::Parties, people.path())).await;
    let file = written(
        "date,customer,channel,direction,reason,result,text,duration\n1403/2/1 10:30,09125550142,تلفن,خروجی,سؤال,no answer,سلام,1:30\n1403/2/2,سارا محمدی,whatsapp,in,تعویض رنگ,,متن,\n1403/2/3,,sms,,,,,\n",
    );
    let import = bring(&ctx, &new(Kind::Interactions, file.path())).await;
    assert_eq!(counts(&import), [3, 2, 0, 0, 1]);
    assert_eq!(count(&ctx, "SELECT count(*) FROM interactions WHERE channel = 'phone' AND direction = 'outbound' AND duration_s = 90 AND result = 'no_answer'").await, 1);
    assert_eq!(
        count(&ctx, "SELECT count(*) FROM terms WHERE list = 'reason' AND label = 'تعویض رنگ'").await,
        1,
        "a reason of their own is kept as a word"
    );
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE last_contact_at > 0").await, 1);
    assert_eq!(counts(&bring(&ctx, &new(Kind::Interactions, file.path())).await), [3, 0, 0, 2, 1]);
}

#[tokio::test]
async fn a_stopped_import_goes_on_without_a_duplicate_or_a_loss() {
    let ctx = ctx().await;
    let mut text = String::from("invoice,date,customer,product,quantity,unit_price\n");
    for row in 0..3500 {
        // Every line twice, far apart.
        let line = row % 1750;
        text.push_str(&format!("{},2024-05-{:02},{},P{},1,{}\n", line / 3, line % 28 + 1, line / 3 % 40, line % 11, line % 7 + 1));
    }
    let file = written(&text);
    let whole = bring(&ctx, &new(Kind::Purchases, file.path())).await;
    assert_eq!(counts(&whole)[1], 3500);
    let gross = count(&ctx, "SELECT CAST(SUM(up_minor) AS BIGINT) FROM purchase_days").await;

    // The second time it is stopped after each batch.
    let id = prepare(&ctx, &new(Kind::Purchases, file.path())).await;
    let mut runs = 0;
    loop {
        let (halt, stop) = watch::channel(false);
        let tick = |_: &Progress| {
            let _ = halt.send(true);
        };
        runs += 1;
        if engine::run(&ctx.app, Door::Cli, id, &stop, None, tick).await.unwrap() == Ended::Done {
            break;
        }
    }
    assert!(runs > 2);
    let import = record::get(&ctx, ImportId { id }).await.unwrap();
    assert_eq!(counts(&import), [3500, 0, 0, 3500, 0]);
    assert_eq!(count(&ctx, "SELECT CAST(SUM(up_minor) AS BIGINT) FROM purchase_days").await, gross);
}

async fn undone(ctx: &Ctx, id: Id<record::Import>) -> ImportRecord {
    ctx.run(record::undo, ImportId { id }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    record::get(ctx, ImportId { id }).await.unwrap()
}

#[tokio::test]
async fn undo_takes_back_what_nobody_touched_since() {
    let ctx = ctx().await;
    let before = written("name,code,mobile,job\nسارا محمدی,1001,09125550142,پزشک\n");
    bring(&ctx, &new(Kind::Parties, before.path())).await;
    let file = written("name,code,mobile,job,tags\nسارا محمدی,1001,09125550143,معلم,وفادار\nرضا,1002,,,\nمینا,1003,,,\n");
    let import = bring(&ctx, &new(Kind::Parties, file.path())).await;
    assert_eq!(counts(&import), [3, 2, 1, 0, 0]);
    let (touched,): (Id<party::Party>,) = ctx.app.db.one(sql("SELECT id FROM parties WHERE name = 'مینا'")).await.unwrap();
    let mina = ctx.run(party::get, PartyId { id: touched }).await.unwrap();
    let change = serde_json::from_value(serde_json::json!({"id": mina.id, "version": mina.version, "job": "نقاش"})).unwrap();
    ctx.run(party::update, change).await.unwrap();

    let everybody = NewSegment { name: "همه".into(), rule: serde_json::json!({"all": []}), is_shared: false };
    let segment = ctx.run(segments::create, everybody).await.unwrap().id;
    jobs::drain(&ctx.app).await.unwrap();
    assert_eq!(count(&ctx, "SELECT count(*) FROM segment_members").await, 3);

    let undone = undone(&ctx, import.id).await;
    assert_eq!(undone.state, State::Undone);
    assert_eq!((undone.details.removed, undone.details.reverted, undone.details.kept), (1, 1, 1));
    assert_eq!(count(&ctx, "SELECT count(*) FROM segment_members").await, 2);
    assert!(ctx.run(segments::get, SegmentId { id: segment }).await.unwrap().is_due, "its size is counted anew");
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties").await, 2);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE job = 'پزشک'").await, 1);
    assert_eq!(count(&ctx, "SELECT count(*) FROM contact_points").await, 1);
    assert_eq!(count(&ctx, "SELECT count(*) FROM party_tags").await, 0);
    assert!(matches!(ctx.run(record::undo, ImportId { id: import.id }).await, Err(Error::Conflict(_))), "only once");
}

#[tokio::test]
async fn undo_of_purchases_leaves_no_trace_in_sums() {
    let ctx = ctx().await;
    let import = bring(&ctx, &new(Kind::Purchases, &data("online-retail-totals.csv"))).await;
    let undone = undone(&ctx, import.id).await;
    assert_eq!(undone.state, State::Undone);
    assert_eq!(crate::parties::facts::differing(&ctx).await, 0);
    for table in [
        "SELECT count(*) FROM purchase_lines",
        "SELECT count(*) FROM purchases",
        "SELECT count(*) FROM parties",
        "SELECT count(*) FROM identity_keys",
    ] {
        assert_eq!(count(&ctx, table).await, 0, "{table}");
    }
    assert_eq!(
        count(&ctx, "SELECT CAST(SUM(lines_up + lines_down + lines_zero + up_minor + down_minor) AS BIGINT) FROM purchase_days").await,
        0
    );
    let (_keep, stop) = watch::channel(false);
    assert_eq!(undo::run(&ctx.app, Door::Cli, import.id, &stop, None).await.unwrap(), jobs::Outcome::Done);
}

#[tokio::test]
async fn who_bought_for_nothing_is_counted_and_who_got_a_gift_is_not() {
    let ctx = ctx().await;
    // Amounts alone, as a till gives them: an invoice of zero was paid with something else than money.
    let stated = written("customer,date,quantity,amount\n00001,19970101,1,1177\n00004,19970101,2,0.00\n");
    bring(&ctx, &new(Kind::Purchases, stated.path())).await;
    let totals_of = async || ctx.run(purchases::totals, purchases::TotalsOf::default()).await.unwrap();
    let totals = totals_of().await;
    assert_eq!((totals.customers, totals.lines, totals.zero_lines), (2, 2, 0));
    // Prices: what is priced at nothing was given away, what a discount took away was bought.
    let priced = written(
        "invoice,date,customer,product,quantity,unit_price,discount\n1,2011-11-25,13256,84826,12540,0.0,\n2,2011-11-25,12346,A,1,5,\n3,2011-11-25,12347,A,2,5,10\nC4444,2011-11-26,12348,A,-1,0,\n",
    );
    bring(&ctx, &new(Kind::Purchases, priced.path())).await;
    let totals = totals_of().await;
    assert_eq!((totals.customers, totals.lines, totals.zero_lines, totals.all_lines), (4, 4, 2, 6));
    let of_day = purchases::TotalsOf { from: Some("2011-11-25".into()), ..purchases::TotalsOf::default() };
    assert_eq!(ctx.run(purchases::totals, of_day).await.unwrap().customers, 2);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE purchases = 1").await, 4);
}

#[tokio::test]
async fn undo_makes_prospects_again_of_those_whom_its_purchases_made_customers() {
    let ctx = ctx().await;
    let people = written("name,code\nسارا,1001\nرضا,1002\nمینا,1003\nلیلا,1004\n");
    bring(&ctx, &new(Kind::Parties, people.path())).await;
    let promoted = |name: &'static str| {
        let query = sql("SELECT role FROM parties WHERE name = $1").bind(name);
        let db = ctx.app.db.clone();
        async move { db.one::<(String,)>(query).await.unwrap().0 }
    };
    // One of them is a customer because somebody said so.
    let (leila,): (Id<party::Party>,) = ctx.app.db.one(sql("SELECT id FROM parties WHERE name = 'لیلا'")).await.unwrap();
    let leila = ctx.run(party::get, PartyId { id: leila }).await.unwrap();
    let change = serde_json::json!({"id": leila.id, "version": leila.version, "role": "customer"});
    ctx.run(party::update, serde_json::from_value(change).unwrap()).await.unwrap();

    let all = written("date,customer,amount\n1403/1/5,1001,5000\n1403/1/5,1002,5000\n1403/1/5,1003,5000\n1403/1/5,1004,5000\n");
    let all = bring(&ctx, &new(Kind::Purchases, all.path())).await;
    let more = written("date,customer,amount\n1403/1/9,1002,70\n");
    let more = bring(&ctx, &new(Kind::Purchases, more.path())).await;
    let new = serde_json::json!({"customer": "1003", "amount": "10"});
    ctx.run(purchases::create, serde_json::from_value(new).unwrap()).await.unwrap();
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE role = 'customer'").await, 4);

    undone(&ctx, all.id).await;
    assert_eq!(promoted("سارا").await, "prospect", "nothing else made her a customer");
    assert_eq!(promoted("رضا").await, "customer", "another file has purchases of his");
    assert_eq!(promoted("مینا").await, "customer", "she bought in the shop");
    assert_eq!(promoted("لیلا").await, "customer", "somebody gave her that role");
    undone(&ctx, more.id).await;
    assert_eq!(promoted("رضا").await, "prospect");
    assert_eq!(crate::parties::facts::differing(&ctx).await, 0);
    assert_eq!(
        count(&ctx, "SELECT count(*) FROM party_roles r JOIN parties p ON p.id = r.party_id WHERE r.until_on IS NULL AND r.role = p.role")
            .await,
        4,
        "the role that lasts is the one that is shown"
    );
    assert_eq!(count(&ctx, "SELECT count(*) FROM party_roles").await, 6);
}

#[tokio::test]
async fn a_started_import_runs_as_a_job_in_the_name_of_who_brought_it() {
    let owner = ctx().await;
    let manager = as_post(&owner.app, "manager", "manager").await;
    let file = written("name,mobile\nسارا محمدی,09125550142\n");
    let draft = NewImport { is_draft: true, kind: None, ..new(Kind::Parties, file.path()) };
    let prepared = record::prepare(&manager, &draft).await.unwrap();
    assert_eq!(prepared.kind, Kind::Parties);
    let id = record::create(&manager, &draft, &prepared).await.unwrap();
    let start = record::StartImport { id, kind: None, options: None, save_map: Some("ماهانه".into()) };
    manager.run(record::start, start.clone()).await.unwrap();
    assert!(matches!(manager.run(record::start, start).await, Err(Error::Conflict(_))));
    jobs::drain(&owner.app).await.unwrap();
    assert_eq!(record::get(&manager, ImportId { id }).await.unwrap().state, State::Done);
    let found = manager.run(record::maps, record::ListMaps::default()).await.unwrap();
    assert_eq!(found[0].name, "ماهانه");
    assert_eq!(
        count(&owner, "SELECT count(*) FROM parties WHERE unit_id IS NOT NULL").await,
        1,
        "it belongs to the unit of who brought it"
    );
    let agent = as_post(&owner.app, "agent", "agent").await;
    assert!(matches!(agent.run(record::get, ImportId { id }).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn a_file_without_a_known_column_is_refused_with_the_names_of_both_sides() {
    let ctx = ctx().await;
    let file = written("foo,bar\n1,2\n");
    let Err(Error::Invalid(problems)) = record::prepare(&ctx, &new(Kind::Parties, file.path())).await else { panic!("taken") };
    assert_eq!(problems.0[0].key, "import-map-no-known-column");
    let file = written("customer,product\n1,2\n");
    let Err(Error::Invalid(problems)) = record::prepare(&ctx, &new(Kind::Purchases, file.path())).await else { panic!("taken") };
    assert_eq!(problems.0[0].key, "import-map-field-missing");
}

#[tokio::test]
async fn a_changed_file_is_not_gone_on_with() {
    let ctx = ctx().await;
    let mut file = written("name\nسارا\n");
    let id = prepare(&ctx, &new(Kind::Parties, file.path())).await;
    file.write_all("رضا\n".as_bytes()).unwrap();
    let (_keep, stop) = watch::channel(false);
    assert_eq!(engine::run(&ctx.app, Door::Cli, id, &stop, None, |_| {}).await.unwrap(), Ended::Failed);
    let import = record::get(&ctx, ImportId { id }).await.unwrap();
    assert_eq!((import.state, import.problem.is_some()), (State::Failed, true));
}

#[tokio::test]
async fn a_rehearsal_stores_nothing() {
    let ctx = ctx().await;
    let prepared = record::prepare(&ctx, &new(Kind::Purchases, &data("online-retail-totals.csv"))).await.unwrap();
    let told = engine::rehearse(&ctx, prepared).await.unwrap();
    assert_eq!((told.rows, told.created), (876, 876));
    let totals = ctx.run(purchases::totals, serde_json::from_value(serde_json::json!({})).unwrap()).await;
    assert!(totals.is_ok());
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties").await + count(&ctx, "SELECT count(*) FROM imports").await, 0);
}

#[tokio::test]
async fn a_row_without_any_number_is_the_same_the_second_time() {
    let ctx = ctx().await;
    let file = written("name,city,tags\nسارا محمدی,تهران,وفادار\nرضا,,\n");
    assert_eq!(counts(&bring(&ctx, &new(Kind::Parties, file.path())).await), [2, 2, 0, 0, 0]);
    assert_eq!(counts(&bring(&ctx, &new(Kind::Parties, file.path())).await), [2, 0, 0, 2, 0]);
    let elsewhere = written("name,city\nسارا محمدی,شیراز\n");
    assert_eq!(counts(&bring(&ctx, &new(Kind::Parties, elsewhere.path())).await), [1, 1, 0, 0, 0], "a namesake of another city");
}

#[tokio::test]
async fn undo_puts_back_role_keys_address_and_consent() {
    let ctx = ctx().await;
    let before = written("name,code,mobile,national_id,consent_sms\nسارا محمدی,1001,09125550142,0084575948,no\nرضا,1002,09125550143,,\n");
    bring(&ctx, &new(Kind::Parties, before.path())).await;
    let file = written(
        "name,code,mobile,national_id,consent_sms,role,address,external_id\nسارا محمدی,1001,09125550142,0499370899,yes,supplier,خیابان زند ۱۴,77\nرضا,1002,09125550143,,yes,,,\n",
    );
    let before = traces(&ctx).await;
    let import = bring(&ctx, &new(Kind::Parties, file.path())).await;
    assert_eq!(counts(&import), [2, 0, 2, 0, 0]);
    assert_eq!(count(&ctx, "SELECT count(*) FROM contact_points WHERE consent = 'given'").await, 2);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE role = 'supplier' AND version = 2").await, 1);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties WHERE name = 'رضا' AND version = 2").await, 1, "a consent is a change");

    let undone = undone(&ctx, import.id).await;
    assert_eq!((undone.details.reverted, undone.details.kept), (2, 0));
    let after = traces(&ctx).await;
    assert_eq!((after[0], &after[2..]), (before[0], &before[2..]));
    assert_eq!(count(&ctx, "SELECT count(*) FROM contact_points WHERE consent = 'withdrawn'").await, 1);
    assert_eq!(count(&ctx, "SELECT count(*) FROM contact_points WHERE consent = 'unknown'").await, 1);
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties p JOIN party_roles r ON r.party_id = p.id WHERE r.until_on IS NULL AND p.role = 'prospect' AND r.role = 'prospect'").await, 2);
    let (sara,): (Id<party::Party>,) = ctx.app.db.one(sql("SELECT id FROM parties WHERE name = 'سارا محمدی'")).await.unwrap();
    let of = crate::parties::identities::IdentityOf { id: sara, kind: "ir_national_id".into() };
    assert_eq!(ctx.run(crate::parties::identities::reveal, of).await.unwrap().value, "0084575948", "the old number opens again");
}

#[tokio::test]
async fn undo_removes_whom_the_file_names_twice() {
    let ctx = ctx().await;
    let file = written("name,code,job,city\nسارا محمدی,1001,پزشک,\nسارا محمدی,1001,,تهران\n");
    let import = bring(&ctx, &new(Kind::Parties, file.path())).await;
    assert_eq!(counts(&import), [2, 1, 1, 0, 0]);
    let undone = undone(&ctx, import.id).await;
    assert_eq!((undone.details.removed, undone.details.kept), (1, 0));
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties").await, 0);
}

#[tokio::test]
async fn a_file_is_understood_as_one_before_it_and_found_again_when_it_was_left() {
    let ctx = ctx().await;
    let first = written("Kunde,Handy\nسارا محمدی,09125550142\n");
    let mut new_file = new(Kind::Parties, first.path());
    new_file.map = Some("Kunde=name,Handy=mobile".into());
    new_file.save_map = Some("ماهانه".into());
    bring(&ctx, &new_file).await;
    let second = written("Kunde,Handy\nرضا کریمی,09125550143\n");
    let like = NewImport { use_map: Some("ماهانه".into()), ..new(Kind::Parties, second.path()) };
    let prepared = record::prepare(&ctx, &like).await.unwrap();
    assert_eq!(prepared.options.columns[1].field.map(super::columns::Field::name), Some("mobile"));
    assert_eq!(record::unfinished(&ctx, &prepared).await.unwrap(), None);
    let id = record::create(&ctx, &like, &prepared).await.unwrap();
    assert_eq!(record::unfinished(&ctx, &prepared).await.unwrap(), Some(id));

    // Stopped before its turn came, it waits for a person.
    assert_eq!(ctx.run(record::stop, ImportId { id }).await.unwrap().state, State::Stopped);
    jobs::drain(&ctx.app).await.unwrap();
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties").await, 1);
    assert_eq!(record::unfinished(&ctx, &prepared).await.unwrap(), Some(id));
    ctx.run(record::start, record::StartImport { id, kind: None, options: None, save_map: None }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    assert_eq!(record::get(&ctx, ImportId { id }).await.unwrap().state, State::Done);
    assert!(matches!(ctx.run(record::stop, ImportId { id }).await, Err(Error::Conflict(_))));
    let unknown = NewImport { use_map: Some("هفتگی".into()), ..new(Kind::Parties, second.path()) };
    let Err(Error::Invalid(problems)) = record::prepare(&ctx, &unknown).await else { panic!("taken") };
    assert_eq!(problems.0[0].key, "import-map-unknown");
}

#[tokio::test]
async fn a_draft_is_thrown_away_and_a_started_import_is_not() {
    let ctx = ctx().await;
    let file = written("name\nسارا\n");
    let draft = NewImport { is_draft: true, ..new(Kind::Parties, file.path()) };
    let prepared = record::prepare(&ctx, &draft).await.unwrap();
    let id = record::create(&ctx, &draft, &prepared).await.unwrap();
    ctx.run(record::discard, ImportId { id }).await.unwrap();
    assert!(matches!(ctx.run(record::get, ImportId { id }).await, Err(Error::NotFound(_))));
    let done = bring(&ctx, &new(Kind::Parties, file.path())).await;
    assert!(matches!(ctx.run(record::discard, ImportId { id: done.id }).await, Err(Error::Conflict(_))));
    let (_keep, stop) = watch::channel(false);
    assert_eq!(engine::run(&ctx.app, Door::Cli, done.id, &stop, None, |_| {}).await.unwrap(), Ended::Done, "there is nothing left to do");
    assert_eq!(count(&ctx, "SELECT count(*) FROM parties").await, 1);
}

#[tokio::test]
async fn what_a_cell_cannot_be_is_told_at_its_column_and_the_rest_comes_in() {
    let ctx = ctx().await;
    let (long, longer) = ("آ".repeat(100_001), "آ".repeat(1 << 19));
    let file = written(&format!(
        "name,mobile,birth_date\n{long},09125550141,\n\u{202E}سارا\u{202C} محم\u{202D}دی,\u{200E}09125550142\u{200F},\nرضا,09125550143,1403/12/31\nمینا,09125550144,2023-02-30\nلیلا,09125550145,9999999999\nزهرا,09125550146,1380/1/1\n{longer},09125550147,\n"
    ));
    let import = bring(&ctx, &new(Kind::Parties, file.path())).await;
    assert_eq!(counts(&import), [7, 2, 0, 0, 5]);
    let told: Vec<_> = reasons(&ctx, import.id).await.into_iter().map(|(row, fields)| (row, fields.join(" "))).collect();
    let expected = [(2, "name"), (4, "birth_date"), (5, "birth_date"), (6, "birth_date"), (8, "")];
    assert_eq!(told, expected.map(|(row, field)| (row, field.to_owned())));
    let names: Vec<(String,)> = ctx.app.db.all(sql("SELECT name FROM parties ORDER BY no")).await.unwrap();
    assert_eq!(names[0].0, "سارا محمدی", "signs that turn the writing around are not kept");

    let money = written(
        "invoice,date,customer,amount\n1,2024-01-01,77,-500\n2,2024-01-02,77,1e400\n3,2024-01-02,77,99999999999999999999999\n4,2024-01-02,77,12.3.4\n5,2024-02-30,77,1\n6,2024-01-03,77,900\n",
    );
    let import = bring(&ctx, &new(Kind::Purchases, money.path())).await;
    assert_eq!(counts(&import), [6, 2, 0, 0, 4]);
    assert_eq!(import.details.refunds, 1, "a negative amount gives something back");
    let told: Vec<_> = reasons(&ctx, import.id).await.into_iter().map(|(row, fields)| (row, fields.join(" "))).collect();
    assert_eq!(told, [(3, "amount"), (4, "amount"), (5, "amount"), (6, "date")].map(|(row, field)| (row, field.to_owned())));
}
