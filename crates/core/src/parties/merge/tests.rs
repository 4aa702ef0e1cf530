use super::parts::{How, PARTS};
use super::*;
use crate::advocacy::ledger::{self, LedgerOf};
use crate::advocacy::verify::verify;
use crate::demo::chance::Chance;
use crate::demo::{self, Plan};
use crate::interactions::{self, LogInteraction};
use crate::lifecycle::customers::{self, LifecycleOf};
use crate::operation::Nothing;
use crate::parties::bulk;
use crate::parties::check::{Consent, NewParty};
use crate::parties::contacts::{ChangeContact, change_contact};
use crate::parties::party::{create, get, restore};
use crate::parties::timeline::{TimelineOf, timeline};
use crate::platform::undo::RunUndo;
use crate::platform::{jobs, schema};
use crate::sales::purchases::{self, NewPurchase};
use crate::testing;
use crate::{App, Rights};
use peyvand_db::{Kind as ValueKind, Value};
use std::collections::BTreeSet;

fn of(id: Id<Party>, other_id: Id<Party>) -> MergeParties {
    MergeParties { id, other_id, keep: BTreeMap::new(), dry_run: false, version: None, other_version: None }
}

fn key_of<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Invalid(Fields(problems)) | Error::Conflict(Fields(problems))) => format!("{}: {}", problems[0].field, problems[0].key),
        other => panic!("{other:?}"),
    }
}

async fn with(ctx: &Ctx, new: NewParty) -> Party {
    ctx.run(create, new).await.unwrap()
}

fn sara() -> NewParty {
    NewParty {
        first_name: Some("سارا".into()),
        last_name: Some("محمدی".into()),
        mobile: Some("09125550142".into()),
        city: Some("تهران".into()),
        tags: Some(vec!["قهوه".into()]),
        ..NewParty::default()
    }
}

async fn buy(ctx: &Ctx, party: Id<Party>, days_ago: i64, amount: &str) {
    let date = Some(ctx.today().plus(-days_ago).to_string());
    let new = NewPurchase { party_id: Some(party), date, amount: Some(amount.into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
}

async fn seen_of(ctx: &Ctx, id: Id<Party>) -> Party {
    ctx.run(get, PartyId { id }).await.unwrap()
}

#[test]
fn every_column_that_names_a_customer_is_on_the_list() {
    let listed: BTreeSet<String> = PARTS.iter().map(|part| part.column.to_owned()).collect();
    assert_eq!(listed.len(), PARTS.len(), "each once");
    let mut found = BTreeSet::new();
    for table in peyvand_db::tables(schema::MIGRATIONS) {
        for column in &table.columns {
            let is_named = matches!(column.name, "party_id" | "referrer_id" | "referee_id" | "household_id" | "merged_into")
                || column.name.ends_with("_party_id");
            if column.refers_to == Some("parties") || is_named && column.kind == ValueKind::Id {
                found.insert(format!("{}.{}", table.name, column.name));
            }
        }
    }
    assert_eq!(found.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "say in parts.rs what a merge does with these");
    assert_eq!(listed.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new(), "these are no more");
}

#[tokio::test]
async fn a_merged_party_keeps_both_timelines() {
    let ctx = testing::ctx().await;
    let one = with(&ctx, sara()).await.id;
    let two = with(&ctx, NewParty { first_name: Some("ساره".into()), mobile: Some("09351112233".into()), ..sara() }).await.id;
    for (party, days) in [(one, 40), (two, 30), (one, 20), (two, 10)] {
        buy(&ctx, party, days, "1000").await;
        ctx.run(interactions::log, LogInteraction { party_id: Some(party), ..Default::default() }).await.unwrap();
    }
    let told = async |id| ctx.run(timeline, TimelineOf { id, kinds: None, after: None, limit: Some(100) }).await.unwrap().items.len();
    let (before, others) = (told(one).await, told(two).await);
    let merged = ctx.run(merge, of(one, two)).await.unwrap();
    assert_eq!(told(one).await, before + others + 1, "both, and that they were merged");
    assert_eq!((merged.party.purchases, merged.party.spent_minor), (4, 400_000));
    assert!(merged.moved.contains(&MovedRows { kind: MergedKind::Purchases, count: 2 }));
    assert!(merged.moved.contains(&MovedRows { kind: MergedKind::ContactPoints, count: 1 }));
    assert_eq!(merged.left, 1, "the tag that both have");
    let other = seen_of(&ctx, two).await;
    assert_eq!((other.merged_into, other.purchases, other.contacts.len()), (Some(one), 0, 0));
    assert!(other.archived_at.is_some());
    assert_eq!(ctx.run(kept, PartyId { id: two }).await.unwrap(), one);
    assert_eq!(ctx.run(kept, PartyId { id: one }).await.unwrap(), one);
    // Whoever is asked for by the old code, or by the old id, is the one who is kept.
    let code = other.identities.iter().chain(&merged.party.identities).find(|key| key.is_former).unwrap().value.clone();
    assert_ne!(merged.party.code.as_deref(), Some(&*code));
    let new = NewPurchase { customer: Some(code), amount: Some("500".into()), ..NewPurchase::default() };
    assert_eq!(ctx.run(purchases::create, new).await.unwrap().purchase.party_id, Some(one));
    buy(&ctx, two, 0, "700").await;
    assert_eq!(seen_of(&ctx, one).await.purchases, 6);
    assert_eq!(crate::parties::facts::differing(&ctx).await, 0);
    let listed = ctx.run(merges, PartyId { id: one }).await.unwrap();
    assert_eq!((listed.len(), listed[0].other_id, listed[0].undo_until), (1, two, ctx.now().plus(UNDO_DAYS * DAY)));

    // What was theirs goes back; what came since stays.
    let back = ctx.run(unmerge, PartyId { id: two }).await.unwrap();
    assert_eq!((back.party.purchases, back.gone, back.changed.len()), (2, 0, 0));
    assert_eq!(seen_of(&ctx, one).await.purchases, 4);
    assert!(back.party.merged_into.is_none() && back.party.archived_at.is_none() && back.party.code == other_code(&back.party));
    assert_eq!(told(two).await, others + 1);
    assert_eq!(crate::parties::facts::differing(&ctx).await, 0);
    assert!(ctx.run(merges, PartyId { id: one }).await.unwrap().is_empty());
    assert_eq!(key_of(ctx.run(unmerge, PartyId { id: two }).await), "id: merge-not-merged");
}

fn other_code(party: &Party) -> Option<String> {
    party.identities.iter().find(|key| key.kind == "code" && !key.is_former).map(|key| key.value.clone())
}

#[tokio::test]
async fn those_who_are_not_one_are_not_merged() {
    let ctx = testing::ctx().await;
    let one = with(&ctx, NewParty { national_id: Some("0084575948".into()), ..sara() }).await;
    let two = with(&ctx, NewParty { national_id: Some("0499370899".into()), mobile: None, ..sara() }).await;
    let shop =
        with(&ctx, NewParty { name: Some("کافه".into()), kind: Some(crate::parties::check::Kind::Organisation), ..NewParty::default() });
    let shop = shop.await;
    assert_eq!(key_of(ctx.run(merge, of(one.id, one.id)).await), "other_id: merge-oneself");
    assert_eq!(key_of(ctx.run(merge, of(one.id, two.id)).await), "other_id: merge-two-people");
    assert_eq!(key_of(ctx.run(merge, of(one.id, shop.id)).await), "other_id: merge-kinds");
    assert!(matches!(ctx.run(merge, of(one.id, ctx.id())).await, Err(Error::NotFound("party"))));
    let three = with(&ctx, NewParty { mobile: None, ..sara() }).await;
    let unknown = MergeParties { keep: BTreeMap::from([("weight".to_owned(), Side::Other)]), ..of(one.id, three.id) };
    assert_eq!(key_of(ctx.run(merge, unknown).await), "keep: merge-field-unknown");
    let looked_at = MergeParties { other_version: Some(three.version + 1), ..of(one.id, three.id) };
    assert_eq!(key_of(ctx.run(merge, looked_at).await), "other_version: parties-changed-meanwhile");
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    assert!(matches!(agent.run(merge, of(one.id, three.id)).await, Err(Error::Forbidden(_))));
    let mut rights = Rights::full();
    for right in rights.0.values_mut() {
        right.see = crate::platform::access::Reach::Own;
    }
    let own = testing::with_rights(&ctx.app, agent.actor.user().unwrap(), "reza", rights, vec![]);
    let mine = with(&own, NewParty { name: Some("رضا".into()), ..NewParty::default() }).await.id;
    for (this, other) in [(mine, one.id), (one.id, mine)] {
        assert!(matches!(own.run(merge, of(this, other)).await, Err(Error::NotFound("party"))), "both are to be within sight");
    }
    ctx.run(merge, of(one.id, three.id)).await.unwrap();
    assert_eq!(key_of(ctx.run(merge, of(two.id, three.id)).await), "other_id: merge-was-merged");
    assert_eq!(key_of(ctx.run(merge, of(three.id, two.id)).await), "id: merge-was-merged");
    assert_eq!(key_of(ctx.run(restore, PartyId { id: three.id }).await), "id: merge-was-merged");
    let done = ctx.run(bulk::archive, bulk::BulkArchive { ids: Some(vec![two.id]), filter: None }).await.unwrap();
    assert_eq!(done.changed, 1);
    assert_eq!(key_of(ctx.run(merge, of(one.id, two.id)).await), "other_id: merge-archived");
}

#[tokio::test]
async fn whose_facts_are_taken_is_a_choice_and_a_merge_can_be_tried_first() {
    let ctx = testing::ctx().await;
    let one = with(&ctx, NewParty { job: Some("معلم".into()), ..sara() }).await;
    let new = NewParty {
        last_name: Some("محمدی‌نژاد".into()),
        job: Some("پزشک".into()),
        birth_date: Some("1990-05-01".into()),
        city: Some("شیراز".into()),
        mobile: Some("09351112233".into()),
        tags: Some(vec!["چای".into()]),
        ..sara()
    };
    let two = with(&ctx, new).await;
    let before = dump(&ctx.app).await;
    let keep = BTreeMap::from([("name".to_owned(), Side::Other), ("city".to_owned(), Side::Other)]);
    let tried = ctx.run(merge, MergeParties { keep: keep.clone(), dry_run: true, ..of(one.id, two.id) }).await.unwrap();
    assert_eq!(dump(&ctx.app).await, before, "a trial writes nothing");
    assert!(tried.merge_id.is_none() && tried.undo.is_none());
    let takes: BTreeMap<&str, Side> = tried.fields.iter().map(|field| (field.field, field.takes)).collect();
    let wanted = [("name", Side::Other), ("birth_on", Side::Other), ("job", Side::This), ("city", Side::Other)];
    assert_eq!(takes, BTreeMap::from(wanted));
    let done = ctx.run(merge, MergeParties { keep, ..of(one.id, two.id) }).await.unwrap();
    let (tried, done_party) = (&tried.party, &done.party);
    for party in [tried, done_party] {
        assert_eq!((&*party.name, party.job.as_deref(), party.city.as_deref()), ("سارا محمدی‌نژاد", Some("معلم"), Some("شیراز")));
        assert_eq!(party.birth_on.map(|day| day.to_string()).as_deref(), Some("1990-05-01"));
        assert_eq!((party.phone.as_deref(), party.tags.len()), (Some("+989125550142"), 2));
        assert_eq!(party.contacts.iter().filter(|point| point.is_main).count(), 1, "one to use first");
    }
    let found = ctx.run(crate::parties::search::search, serde_json::from_value(json!({"q": "محمدی‌نژاد"})).unwrap()).await.unwrap();
    assert_eq!(found.items.iter().map(|hit| hit.id).collect::<Vec<_>>(), [one.id], "the other is in no search");
    // Somebody changes a fact that the merge brought: it stays, the others go back.
    let change = serde_json::from_value(json!({"id": one.id, "version": done.party.version, "city": "یزد"})).unwrap();
    ctx.run(crate::parties::party::update, change).await.unwrap();
    let back = ctx.run(unmerge, PartyId { id: two.id }).await.unwrap();
    assert_eq!(back.changed, ["city"]);
    let one = seen_of(&ctx, one.id).await;
    assert_eq!((&*one.name, one.city.as_deref(), one.birth_on), ("سارا محمدی", Some("یزد"), None));
    assert_eq!((&*back.party.name, back.party.phone.as_deref()), ("سارا محمدی‌نژاد", Some("+989351112233")));
}

#[tokio::test]
async fn who_said_no_stays_asked_for_nothing() {
    let ctx = testing::ctx().await;
    let one = with(&ctx, sara()).await;
    let new =
        NewParty { first_name: Some("ساره".into()), mobile: Some("09351112233".into()), email: Some("s@example.ir".into()), ..sara() };
    let two = with(&ctx, new).await;
    let say = async |party: &Party, channel: &str, consent| {
        let point = party.contacts.iter().find(|point| point.channel.as_str() == channel).unwrap().id;
        let said = ChangeContact { consent: Some(consent), ..ChangeContact::of(party.id, point) };
        ctx.run(change_contact, said).await.unwrap();
    };
    say(&one, "mobile", Consent::Given).await;
    say(&two, "mobile", Consent::Withdrawn).await;
    say(&two, "email", Consent::Given).await;
    let merged = ctx.run(merge, of(one.id, two.id)).await.unwrap().party;
    let said: Vec<_> = merged.contacts.iter().map(|point| (point.channel.as_str(), point.consent, point.is_main)).collect();
    assert_eq!(
        said,
        [("mobile", Consent::Withdrawn, true), ("email", Consent::Given, true), ("mobile", Consent::Withdrawn, false)],
        "no to text messages is no to them on every number"
    );
    ctx.run(unmerge, PartyId { id: two.id }).await.unwrap();
    let own = seen_of(&ctx, one.id).await;
    assert_eq!(own.contacts.iter().map(|point| point.consent).collect::<Vec<_>>(), [Consent::Given]);
    let own = seen_of(&ctx, two.id).await;
    assert!(own.contacts.iter().all(|point| point.is_main));
}

#[tokio::test]
async fn of_two_who_merge_the_same_customer_one_is_told_that_it_was_done() {
    let ctx = testing::ctx().await;
    let (one, two) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
    let three = testing::party(&ctx, "پ").await;
    let other = testing::other_process(&ctx).await;
    let (first, second) = tokio::join!(ctx.run(merge, of(one, three)), other.run(merge, of(two, three)));
    let (done, refused) = if first.is_ok() { (first, second) } else { (second, first) };
    assert!(done.is_ok());
    assert_eq!(key_of(refused), "other_id: merge-was-merged");
}

#[tokio::test]
async fn of_many_pairs_one_that_cannot_be_merged_does_not_hold_the_others_up() {
    let ctx = testing::ctx().await;
    let (one, two) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
    let (three, four) = (testing::party(&ctx, "پ").await, testing::party(&ctx, "ت").await);
    let pair = |id, other_id| PairToMerge { id, other_id };
    let pairs = vec![pair(one, two), pair(two, three), pair(three, ctx.id()), pair(three, four)];
    let done = ctx.run(bulk_merge, BulkMerge { pairs: pairs.clone() }).await.unwrap();
    assert_eq!((done.merged, done.refused.len()), (2, 2));
    assert!(done.refused[0].reason.contains('ب') && done.refused[0].id == two);
    let again = ctx.run(bulk_merge, BulkMerge { pairs: pairs[..1].to_vec() }).await.unwrap();
    assert_eq!((again.merged, again.refused.len()), (1, 0), "what is done is done");
    assert!(ctx.run(bulk_merge, BulkMerge { pairs: Vec::new() }).await.is_err());
    ctx.run(unmerge, PartyId { id: two }).await.unwrap();
    assert_eq!(seen_of(&ctx, four).await.merged_into, Some(three));
}

#[tokio::test]
async fn merges_are_taken_back_in_turn_and_only_for_thirty_days() {
    let ctx = testing::ctx().await;
    let (one, two, three) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await, testing::party(&ctx, "پ").await);
    for party in [one, two, three] {
        buy(&ctx, party, 5, "100").await;
    }
    ctx.run(merge, of(two, three)).await.unwrap();
    let done = ctx.run(merge, of(one, two)).await.unwrap();
    assert_eq!(done.party.purchases, 3);
    assert_eq!(seen_of(&ctx, three).await.merged_into, Some(one), "always the one who is nobody else");
    assert_eq!(key_of(ctx.run(unmerge, PartyId { id: three }).await), "id: merge-undo-later-first");
    ctx.run(undo::run, RunUndo { id: done.undo.unwrap() }).await.unwrap();
    assert_eq!((seen_of(&ctx, three).await.merged_into, seen_of(&ctx, two).await.purchases), (Some(two), 2));
    let later = Ctx { now: ctx.now.plus((UNDO_DAYS + 2) * DAY), ..ctx.clone() };
    let mut tx = ctx.app.db.begin().await.unwrap();
    forget(&mut tx, later.now()).await.unwrap();
    let (noted,): (i64,) = tx.one(sql("SELECT COUNT(*) FROM party_merge_rows")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(noted, 0);
    assert_eq!(key_of(later.run(unmerge, PartyId { id: three }).await), "id: merge-too-late");
}

#[tokio::test]
async fn the_way_of_both_is_gone_anew_and_ends_no_lower() {
    let ctx = testing::ctx().await;
    let (one, two) = (with(&ctx, sara()).await.id, with(&ctx, NewParty { mobile: None, ..sara() }).await.id);
    // Each alone has bought once or twice; both together are loyal.
    for (party, days) in [(one, 150), (two, 120), (one, 90), (two, 30)] {
        buy(&ctx, party, days, "1000").await;
    }
    jobs::drain(&ctx.app).await.unwrap();
    let stage = async |party_id| ctx.run(customers::get, LifecycleOf { party_id }).await.unwrap().stage;
    assert_eq!((stage(one).await, stage(two).await), (Stage::Actual, Stage::Actual));
    let merged = ctx.run(merge, of(one, two)).await.unwrap().stage.unwrap();
    assert_eq!((merged.this, merged.other, merged.after), (Stage::Actual, Stage::Actual, Stage::Loyal));
    jobs::drain(&ctx.app).await.unwrap();
    assert_eq!(stage(one).await, Stage::Loyal);
    let rows = async || -> Vec<(Id<Party>,)> {
        ctx.app.db.all(sql("SELECT party_id FROM stage_memberships WHERE left_on IS NULL ORDER BY party_id")).await.unwrap()
    };
    assert_eq!(rows().await, [(one,)], "who is somebody else is in no stage");
    let (outlooks,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM stage_outlooks")).await.unwrap();
    assert_eq!(outlooks, 1);
    ctx.run(unmerge, PartyId { id: two }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    assert_eq!((stage(one).await, stage(two).await, rows().await.len()), (Stage::Actual, Stage::Actual, 2));
    let (out_of_step,): (i64,) = ctx
        .app
        .db
        .one(sql("SELECT CAST(COALESCE(SUM(customers), 0) AS BIGINT) FROM stage_flows WHERE from_stage = '' AND to_stage = 'potential'"))
        .await
        .unwrap();
    assert_eq!(out_of_step, 2, "flows count each once");
}

type Rows = BTreeMap<String, String>;
type Dump = BTreeMap<&'static str, Rows>;

/// Tables that a merge adds to for good, or that only wait to be worked off.
const APART: &[&str] = &["party_merges", "party_merge_rows", "segment_marks", "undos", "jobs", "schedules", "counters", "party_search"];

/// Every row of every table but those, without what counts changes.
async fn dump(app: &App) -> Dump {
    let mut all = Dump::new();
    for table in peyvand_db::tables(schema::MIGRATIONS) {
        if APART.contains(&table.name) {
            continue;
        }
        let kinds: Vec<ValueKind> = table.columns.iter().map(|column| column.kind).collect();
        let mut query = sql("SELECT ");
        for (position, column) in table.columns.iter().enumerate() {
            query.push(if position == 0 { "" } else { ", " }).push(column.name);
        }
        query.push(" FROM ").push(table.name);
        let mut tx = app.db.begin().await.unwrap();
        let mut rows = Rows::new();
        for row in tx.values(query, &kinds).await.unwrap() {
            let is_key = |name: &str| table.key.contains(&name);
            let cells = || table.columns.iter().zip(&row).map(|(column, value)| (column.name, value));
            let key: Vec<&Value> = cells().filter(|(name, _)| is_key(name)).map(|(_, value)| value).collect();
            let rest: Vec<_> = cells().filter(|(name, _)| !matches!(*name, "version" | "updated_at" | "rhythm_due")).collect();
            rows.insert(format!("{key:?}"), format!("{rest:?}"));
        }
        all.insert(table.name, rows);
    }
    all
}

/// What differs, apart from what was added where nothing is ever taken out.
fn differing(before: &Dump, after: &Dump) -> Vec<String> {
    let grows = ["events", "ledger_journals", "ledger_entries", "ledger_accounts"];
    let mut found = Vec::new();
    for (table, rows) in before {
        let now = &after[table];
        for (key, row) in rows {
            if now.get(key) != Some(row) {
                found.push(format!("{table} {key}: {row} became {:?}", now.get(key)));
            }
        }
        if !grows.contains(table) {
            found.extend(now.keys().filter(|key| !rows.contains_key(*key)).map(|key| format!("{table} {key} is new: {}", now[key])));
        }
    }
    found
}

/// A small demo shop and its owner.
async fn shop(customers: usize, seed: u64) -> Ctx {
    let app = testing::empty_app().await;
    demo::fill(&app, &Plan { seed, date: "2026-11-21".parse().unwrap(), customers }).await.unwrap();
    let (owner,): (Id<User>,) = app.db.one(sql("SELECT id FROM users WHERE email = 'negar@toranj.example'")).await.unwrap();
    let ctx = testing::with_rights(&app, owner, "negar", Rights::full(), vec![]);
    jobs::drain(&ctx.app).await.unwrap();
    ctx
}

#[tokio::test]
async fn whoever_is_merged_and_taken_apart_again_has_the_rows_they_had_and_nothing_is_lost_meanwhile() {
    let ctx = shop(60, 11).await;
    let parties: Vec<(Id<Party>, String)> =
        ctx.app.db.all(sql("SELECT id, kind FROM parties WHERE archived_at IS NULL AND merged_into IS NULL ORDER BY id")).await.unwrap();
    let mut chance = Chance::new(7, 28);
    let totals = async || -> (i64, i64, i64, i64, i64, i64) {
        ctx.app
            .db
            .one(sql("SELECT (SELECT COUNT(*) FROM purchases), (SELECT COUNT(*) FROM interactions), (SELECT COUNT(*) FROM follow_ups),
                   (SELECT CAST(SUM(spent_minor) AS BIGINT) FROM parties), (SELECT CAST(SUM(purchases) AS BIGINT) FROM parties),
                   (SELECT CAST(COALESCE(SUM(balance_minor), 0) AS BIGINT) FROM ledger_accounts WHERE kind IN ('pending', 'liability'))"))
            .await
            .unwrap()
    };
    let (mut tried, mut before) = (0, dump(&ctx.app).await);
    while tried < 14 {
        let ((one, kind), (two, other_kind)) = (chance.pick(&parties).clone(), chance.pick(&parties).clone());
        if one == two || kind != other_kind {
            continue;
        }
        let sums = totals().await;
        let merged = match ctx.run(merge, of(one, two)).await {
            Err(Error::Conflict(_)) => continue,
            outcome => outcome.unwrap(),
        };
        let now = totals().await;
        assert_eq!((now.0, now.1, now.2, now.3, now.4), (sums.0, sums.1, sums.2, sums.3, sums.4), "nothing is lost or made");
        let verified = ctx.run(verify, Nothing {}).await.unwrap();
        assert!(verified.is_sound, "{verified:?}");
        for part in PARTS {
            if let How::Goes(going) = &part.how
                && !going.asks_kept
            {
                let (left,): (i64,) = ctx.app.db.one(sql(going.left).bind(two)).await.unwrap();
                let roles = if part.column == "party_roles.party_id" { 1 } else { 0 };
                assert!(left <= roles, "{} of {left} rows stayed", part.column);
            }
        }
        ctx.run(unmerge, PartyId { id: two }).await.unwrap();
        let verified = ctx.run(verify, Nothing {}).await.unwrap();
        assert!(verified.is_sound, "{verified:?}");
        let after = dump(&ctx.app).await;
        if merged.ended == 0 {
            assert_eq!(now.5, sums.5, "what customers have is what they had");
            let found = differing(&before, &after);
            assert!(found.is_empty(), "{one} and {two}: {found:#?}");
            tried += 1;
        }
        before = after;
    }
    let books = ctx.run(ledger::get, LedgerOf { party_id: Some(parties[0].0), customer: None }).await;
    assert!(books.is_ok());
    assert_eq!(crate::parties::facts::differing(&ctx).await, 0);
}
