//! Keeps introductions where the facts put them: whenever something happens to a friend, when their time has come each night, and
//! all of them after a file came in.

use super::fraud::{FraudSign, NETWORK_MANY, score};
use super::referrals::{Referral, ReferralClaim};
use super::rewards::{self, Brought};
use super::rules::{
    Bought, Claim, ClaimOutcome, ClaimSource, Facts, ReferralEnd, ReferralForm, ReferralKind, ReferralState, Stand, Windows,
    is_corroborated, resolve, stand,
};
use super::thanks;
use crate::interactions::Channel;
use crate::lifecycle::engine::{History, Occasion};
use crate::lifecycle::history::{self, Whom};
use crate::parties::Party;
use crate::parties::check::{Channel as Way, names_compatible};
use crate::parties::identity::email_match_key;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::platform::text::search_key;
use crate::platform::time::DAY;
use crate::sales::Product;
use crate::{Ctx, Day, Error, Instant, Result};
use peyvand_db::{Id, Sql, Tx, row, sql};
use serde_json::json;
use std::collections::HashMap;
use tokio::sync::watch;
use uuid::Uuid;

/// A network is remembered for so long.
const NETWORK_DAYS: i64 = 7;
/// Introductions, or contact points, of one step.
const STEP: i64 = 500;
/// Whoever brought whom is followed up so many steps.
const CHAIN_MAX: usize = 32;
/// One look at everything waits at a time.
const SINGLE: &str = "look_at_referrals";

row! {
    struct Stored {
        referrer_id: Id<Party>,
        referee_id: Option<Id<Party>>,
        kind: ReferralKind,
        form: ReferralForm,
        channel: Option<Channel>,
        product_id: Option<Id<Product>>,
        is_solicited: bool,
        source: ClaimSource,
        state: ReferralState,
        register_days: i64,
        buy_days: i64,
        confirm_days: i64,
        captured_on: Day,
        occurred_on: Day,
        bought_on: Option<Day>,
        confirmed_on: Option<Day>,
        signs: serde_json::Value,
        accepted_score: Option<i64>,
        is_refused: bool,
        reviewed_on: Option<Day>,
    }
}

row! {
    struct Said {
        id: Id<ReferralClaim>,
        referrer_id: Id<Party>,
        source: ClaimSource,
        outcome: ClaimOutcome,
        kind: ReferralKind,
        form: ReferralForm,
        channel: Option<Channel>,
        product_id: Option<Id<Product>>,
        is_solicited: bool,
        claimed_at: Instant,
        occurred_on: Day,
    }
}

/// Puts an introduction where the facts put it today.
///
/// # Errors
/// When the database refuses.
pub(super) async fn settle(tx: &mut Tx, ctx: &Ctx, id: Id<Referral>) -> Result<()> {
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let query = Sql::select::<Stored>("FROM referrals WHERE id = $1 {for_update}").bind(id);
    let Some(mut is) = tx.maybe::<Stored>(query).await? else { return Ok(()) };
    let (before, introduced_by) = (is.state, is.referrer_id);
    let history = match is.referee_id {
        Some(referee) => history::read(tx, Whom::These(&[referee]), &zone).await?.into_iter().next().map(|(_, history)| history),
        None => None,
    };
    // Whoever turned out to be somebody else has their introductions there; what stayed here was final and stays so.
    if history.as_ref().is_some_and(|history| history.is_merged) {
        return Ok(());
    }
    let all: &[Occasion] = history.as_ref().map_or(&[], |history| &history.occasions);
    let occasions = &all[..all.partition_point(|one| one.on <= today)];
    let bought: Vec<Bought> = occasions.iter().map(|one| Bought { on: one.on, stands: one.gross_minor > one.refunded_minor }).collect();
    let first = bought.iter().find(|one| one.stands).map(|one| one.on);
    let known_on = history.as_ref().map(|history: &History| history.known_on);
    let windows = Windows { register_days: is.register_days, buy_days: is.buy_days, confirm_days: is.confirm_days };
    let confirmed = is.confirmed_on.zip(is.bought_on);
    let mut signs: Vec<FraudSign> = serde_json::from_value(is.signs.clone()).map_err(Error::fault)?;
    let mut breaks = None;
    let mut corroborated = true;
    // What is confirmed stays with whom it was confirmed for.
    if confirmed.is_none() {
        let came_on = known_on.map(|known| first.map_or(known, |first| first.min(known)));
        corroborated = believe(tx, id, &mut is, came_on, &zone).await?;
        let circle = match is.referee_id {
            Some(referee) => is_circle(tx, is.referrer_id, referee).await?,
            None => false,
        };
        breaks = circle.then_some(ReferralEnd::Circle);
        signs = signs_of(tx, ctx, id, &is, occasions, first, signs.contains(&FraudSign::Network)).await?;
    }
    let score = score(&signs);
    let facts = Facts {
        captured_on: is.captured_on,
        occurred_on: is.occurred_on,
        windows,
        known_on,
        bought,
        breaks,
        score,
        accepted: is.accepted_score.zip(is.reviewed_on),
        refused_on: is.reviewed_on.filter(|_| is.is_refused),
        confirmed,
    };
    let stands = stand(&facts, today);
    let paid = stands.bought_on.and_then(|on| occasions.iter().find(|one| one.on == on));
    let paid_minor = paid.map_or(0, |one| one.gross_minor - one.refunded_minor);
    let state = rewards::follow(tx, ctx, Brought { id, referrer: is.referrer_id, stand: stands, paid_minor }, today).await?;
    tx.run(
        sql("UPDATE referrals SET referrer_id = $1, kind = $2, form = $3, channel = $4, product_id = $5, is_solicited = $6, source = $7,
               occurred_on = $8, is_corroborated = $9, state = $10, end_reason = $11, qualified_on = $12, converted_on = $13,
               bought_on = $14, confirmed_on = $15, ended_on = $16, due_on = $17, fraud_score = $18, signs = $19,
               hint = CASE WHEN $20 AND hint IS NOT NULL THEN '' ELSE hint END
             WHERE id = $21")
        .bind(is.referrer_id)
        .bind(is.kind)
        .bind(is.form)
        .bind(is.channel)
        .bind(is.product_id)
        .bind(is.is_solicited)
        .bind(is.source)
        .bind(is.occurred_on)
        .bind(corroborated)
        .bind(state)
        .bind(stands.end)
        .bind(stands.qualified_on)
        .bind(stands.converted_on)
        .bind(stands.bought_on)
        .bind(stands.confirmed_on)
        .bind(stands.ended_on)
        .bind(stands.due_on)
        .bind(score)
        .bind(serde_json::to_value(&signs).map_err(Error::fault)?)
        .bind(!state.is_open())
        .bind(id),
    )
    .await?;
    let kinds: &[&'static str] = match (state, before) {
        (state, before) if state == before => &[],
        (ReferralState::Captured, _) => &[],
        (ReferralState::PendingReview, _) => &["referral.held"],
        (ReferralState::Qualified, _) => &["referral.qualified"],
        (ReferralState::Converted, _) => &["referral.converted"],
        (ReferralState::Confirmed, ReferralState::Rewarded) => &[],
        (ReferralState::Confirmed, _) => &["referral.confirmed"],
        (ReferralState::Rewarded, ReferralState::Confirmed) => &["referral.rewarded"],
        (ReferralState::Rewarded, _) => &["referral.confirmed", "referral.rewarded"],
        (ReferralState::Rejected, _) => &["referral.rejected"],
        (ReferralState::Expired, _) => &["referral.expired"],
        (ReferralState::Reversed, _) => &["referral.reversed"],
    };
    let event = |kind: &&'static str| {
        let data = json!({"referee": is.referee_id, "reason": stands.end, "score": score});
        Event::of_party(kind, is.referrer_id, data).about(id)
    };
    events::record_all(tx, ctx, kinds.iter().map(event).collect()).await?;
    let is_refused = kinds.contains(&"referral.rejected");
    let is_others = is.referrer_id != introduced_by;
    let was_planned = (is_refused || is_others) && thanks::cancel(tx, ctx, id).await?;
    if kinds.contains(&"referral.confirmed") || is_others && was_planned {
        thanks::plan(tx, ctx, id).await?;
    }
    Ok(())
}

/// Ends an introduction whatever the facts are, and takes back what it brought.
pub(super) async fn close(tx: &mut Tx, ctx: &Ctx, id: Id<Referral>, end: ReferralEnd) -> Result<()> {
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let query = sql("SELECT referrer_id, referee_id FROM referrals WHERE id = $1 {for_update}");
    let (referrer, referee): (Id<Party>, Option<Id<Party>>) = tx.one(query.bind(id)).await?;
    let stand = Stand {
        state: ReferralState::Rejected,
        end: Some(end),
        qualified_on: None,
        converted_on: None,
        bought_on: None,
        confirmed_on: None,
        ended_on: Some(today),
        due_on: None,
    };
    rewards::follow(tx, ctx, Brought { id, referrer, stand, paid_minor: 0 }, today).await?;
    let query = sql("UPDATE referrals SET state = 'rejected', end_reason = $1, ended_on = $2, due_on = NULL,
           hint = CASE WHEN hint IS NOT NULL THEN '' ELSE hint END WHERE id = $3");
    tx.run(query.bind(end).bind(today).bind(id)).await?;
    let data = json!({"referee": referee, "reason": end});
    events::record(tx, ctx, Event::of_party("referral.rejected", referrer, data).about(id)).await?;
    thanks::cancel(tx, ctx, id).await.map(|_| ())
}

/// Finds the claim that is believed and takes over what it says; whether the friend says so too.
async fn believe(tx: &mut Tx, id: Id<Referral>, is: &mut Stored, came_on: Option<Day>, zone: &jiff::tz::TimeZone) -> Result<bool> {
    let query = Sql::select::<Said>("FROM referral_claims WHERE referral_id = $1 ORDER BY claimed_at, id").bind(id);
    let mut said: Vec<Said> = tx.all(query).await?;
    // Who is said to have brought themselves was taken for somebody else when it was said.
    said.retain(|one| Some(one.referrer_id) != is.referee_id);
    let claim = |one: &Said| Claim { referrer: one.referrer_id, source: one.source, at: one.claimed_at, on: one.claimed_at.day(zone) };
    let claims: Vec<Claim> = said.iter().map(claim).collect();
    let (won, outcomes) = resolve(&claims, is.referee_id.zip(came_on), is.register_days);
    for (one, outcome) in said.iter().zip(outcomes).filter(|(one, outcome)| one.outcome != *outcome) {
        tx.run(sql("UPDATE referral_claims SET outcome = $1 WHERE id = $2").bind(outcome).bind(one.id)).await?;
    }
    if let Some(won) = won.and_then(|won| said.get(won)) {
        is.referrer_id = won.referrer_id;
        (is.kind, is.form, is.channel) = (won.kind, won.form, won.channel);
        (is.product_id, is.is_solicited) = (won.product_id, won.is_solicited);
        (is.source, is.occurred_on) = (won.source, won.occurred_on);
    }
    Ok(is_corroborated(&claims, is.referrer_id))
}

/// Whether who is introduced brought, directly or over others, who introduces.
async fn is_circle(tx: &mut Tx, referrer: Id<Party>, referee: Id<Party>) -> Result<bool> {
    let mut above = referrer;
    for _ in 0..CHAIN_MAX {
        let query = sql("SELECT referrer_id FROM referrals WHERE referee_id = $1
                         AND state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded')");
        let Some((next,)) = tx.maybe::<(Id<Party>,)>(query.bind(above)).await? else { return Ok(false) };
        if next == referee {
            return Ok(true);
        }
        above = next;
    }
    Ok(true)
}

row! {
    struct Reached {
        party_id: Id<Party>,
        channel: Way,
        value: String,
    }
}

row! {
    struct Lives {
        party_id: Id<Party>,
        city: Option<String>,
        line: Option<String>,
        postal_code: Option<String>,
    }
}

/// What speaks for fraud.
async fn signs_of(
    tx: &mut Tx,
    ctx: &Ctx,
    id: Id<Referral>,
    is: &Stored,
    occasions: &[Occasion],
    first: Option<Day>,
    had_network: bool,
) -> Result<Vec<FraudSign>> {
    let mut signs = Vec::new();
    if is_of_ours(tx, is.referrer_id).await? {
        signs.push(FraudSign::Staff);
    }
    if had_network || is_busy_network(tx, ctx, id).await? {
        signs.push(FraudSign::Network);
    }
    let Some(referee) = is.referee_id else { return Ok(signs) };
    let both = [is.referrer_id, referee];
    let mut query = Sql::select::<Reached>("FROM contact_points WHERE party_id IN ");
    query.list_padded(&both).push(" AND channel IN ('mobile', 'phone', 'email') ORDER BY id");
    let reached: Vec<Reached> = tx.all(query).await?;
    let (own, other): (Vec<&Reached>, Vec<&Reached>) = reached.iter().partition(|one| one.party_id == referee);
    let mut shares = |sign, is_shared: &dyn Fn(&Reached, &Reached) -> bool| {
        if own.iter().any(|one| other.iter().any(|two| is_shared(one, two))) && !signs.contains(&sign) {
            signs.push(sign);
        }
    };
    let address = |one: &Reached| email_match_key(&one.value);
    shares(FraudSign::SamePerson, &|one, two| match (one.channel, two.channel) {
        (Way::Email, Way::Email) => address(one) == address(two),
        (Way::Mobile, Way::Mobile | Way::Phone) | (Way::Phone, Way::Mobile) => one.value == two.value,
        _ => false,
    });
    shares(FraudSign::Household, &|one, two| (one.channel, two.channel) == (Way::Phone, Way::Phone) && one.value == two.value);
    let mailbox = |one: &Reached| address(one).split_once('@').map(|(mailbox, _)| mailbox.to_owned());
    shares(FraudSign::SimilarName, &|one, two| {
        (one.channel, two.channel) == (Way::Email, Way::Email) && address(one) != address(two) && mailbox(one) == mailbox(two)
    });
    let mut query = Sql::select::<Lives>("FROM addresses WHERE party_id IN ");
    query.list_padded(&both).push(" ORDER BY id");
    let lives: Vec<Lives> = tx.all(query).await?;
    let place = |one: &Lives| match (&one.postal_code, &one.city, &one.line) {
        (Some(code), _, _) => Some(code.clone()),
        (None, Some(city), Some(line)) => Some(format!("{} {}", search_key(city), search_key(line))),
        _ => None,
    };
    let of = |party| lives.iter().filter(move |one| one.party_id == party).filter_map(place);
    if !signs.contains(&FraudSign::Household) && of(referee).any(|own| of(is.referrer_id).any(|other| own == other)) {
        signs.push(FraudSign::Household);
    }
    let mut query = sql("SELECT name FROM parties WHERE id IN ");
    query.list_padded(&both);
    let names: Vec<(String,)> = tx.all(query).await?;
    if let [(one,), (two,)] = names.as_slice()
        && names_compatible(one, two)
        && !signs.contains(&FraudSign::SimilarName)
    {
        signs.push(FraudSign::SimilarName);
    }
    if occasions.iter().any(|one| one.refunded_minor > 0 && first.is_none_or(|first| one.on <= first)) {
        signs.push(FraudSign::Refund);
    }
    if let Some(bought_on) = first {
        let query = sql("SELECT COUNT(*) FROM referrals WHERE referrer_id = $1 AND id <> $2 AND bought_on >= $3 AND bought_on <= $4");
        let (others,): (i64,) = tx.one(query.bind(is.referrer_id).bind(id).bind(bought_on.plus(-1)).bind(bought_on.plus(1))).await?;
        if others > 0 {
            signs.push(FraudSign::Burst);
        }
    }
    Ok(signs)
}

/// Whether a customer works for us or sells on.
async fn is_of_ours(tx: &mut Tx, party: Id<Party>) -> Result<bool> {
    let query = sql("SELECT 1 FROM parties p WHERE p.id = $1 AND (
            EXISTS (SELECT 1 FROM contact_points c JOIN users u ON u.email = c.value WHERE c.party_id = p.id AND c.channel = 'email')
            OR EXISTS (SELECT 1 FROM party_roles r WHERE r.party_id = p.id AND r.role = 'partner' AND r.until_on IS NULL))");
    Ok(tx.maybe::<(i64,)>(query.bind(party)).await?.is_some())
}

async fn is_busy_network(tx: &mut Tx, ctx: &Ctx, id: Id<Referral>) -> Result<bool> {
    let query = sql("SELECT COUNT(*) FROM referral_claims WHERE claimed_at > $1
                     AND network IN (SELECT network FROM referral_claims WHERE referral_id = $2 AND network IS NOT NULL)");
    let (many,): (i64,) = tx.one(query.bind(ctx.now().plus(-NETWORK_DAYS * DAY)).bind(id)).await?;
    Ok(many >= NETWORK_MANY)
}

/// Forgets from which networks numbers were left long ago.
pub(crate) async fn forget_networks(tx: &mut Tx, now: Instant) -> Result<()> {
    let query = sql("UPDATE referral_claims SET network = NULL WHERE network IS NOT NULL AND claimed_at < $1");
    tx.run(query.bind(now.plus(-(NETWORK_DAYS + 1) * DAY))).await?;
    Ok(())
}

/// The keyed hash by which a friend who has not come yet is known again: of a phone number or an e-mail.
pub(super) fn hint(ctx: &Ctx, value: &str) -> String {
    let value = if value.contains('@') { email_match_key(value) } else { value.to_owned() };
    ctx.app.keys().lookup("referral_hint", &value)
}

/// Looks at introductions of customers to whom something happened.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn look(ctx: &Ctx, parties: &[Id<Party>]) -> Result<()> {
    recognise(ctx, parties).await?;
    let mut query = sql("SELECT id FROM referrals WHERE referee_id IN ");
    query.list_padded(parties);
    query.push(" AND state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded') ORDER BY id");
    let found: Vec<(Id<Referral>,)> = ctx.app.db.all(query).await?;
    settle_all(ctx, found).await
}

pub(super) async fn settle_all(ctx: &Ctx, found: Vec<(Id<Referral>,)>) -> Result<()> {
    for (id,) in found {
        let mut tx = ctx.app.db.begin().await?;
        settle(&mut tx, ctx, id).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Finds out whether customers are friends of whom somebody spoke before they came.
async fn recognise(ctx: &Ctx, parties: &[Id<Party>]) -> Result<()> {
    let query = "SELECT 1 FROM referrals WHERE referee_id IS NULL AND state IN ('captured', 'pending_review') LIMIT 1";
    if ctx.app.db.maybe::<(i64,)>(sql(query)).await?.is_none() {
        return Ok(());
    }
    let mut query = Sql::select::<Reached>("FROM contact_points WHERE party_id IN ");
    query.list_padded(parties).push(" AND channel IN ('mobile', 'phone', 'email') ORDER BY id");
    let reached: Vec<Reached> = ctx.app.db.all(query).await?;
    let friends: HashMap<String, Id<Party>> = reached.iter().map(|one| (hint(ctx, &one.value), one.party_id)).collect();
    if friends.is_empty() {
        return Ok(());
    }
    let hints: Vec<&String> = friends.keys().collect();
    let mut query = sql("SELECT id, hint FROM referrals WHERE referee_id IS NULL AND state IN ('captured', 'pending_review') AND hint IN ");
    query.list_padded(&hints).push(" ORDER BY id");
    let waiting: Vec<(Id<Referral>, String)> = ctx.app.db.all(query).await?;
    for (id, hint) in waiting {
        let Some(friend) = friends.get(&hint) else { continue };
        let mut tx = ctx.app.db.begin().await?;
        welcome(&mut tx, ctx, id, *friend).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The friend of an introduction has come.
pub(super) async fn welcome(tx: &mut Tx, ctx: &Ctx, id: Id<Referral>, friend: Id<Party>) -> Result<()> {
    tx.one::<(Id<Party>,)>(sql("SELECT id FROM parties WHERE id = $1 {for_update}").bind(friend)).await?;
    let query = sql("SELECT referrer_id FROM referrals WHERE id = $1 AND referee_id IS NULL {for_update}");
    let Some((referrer,)) = tx.maybe::<(Id<Party>,)>(query.bind(id)).await? else { return Ok(()) };
    if referrer == friend {
        return close(tx, ctx, id, ReferralEnd::SamePerson).await;
    }
    let Some(other) = open_of(tx, friend).await? else {
        let query = sql("UPDATE referrals SET referee_id = $1, hint = NULL, hint_masked = NULL WHERE id = $2");
        tx.run(query.bind(friend).bind(id)).await?;
        return settle(tx, ctx, id).await;
    };
    // Somebody spoke of them in the meantime: what was said is said of one introduction.
    tx.run(sql("UPDATE referral_claims SET referral_id = $1 WHERE referral_id = $2").bind(other).bind(id)).await?;
    rewards::forget(tx, id).await?;
    tx.run(sql("DELETE FROM referrals WHERE id = $1").bind(id)).await?;
    settle(tx, ctx, other).await
}

/// The introduction of a customer that is open or confirmed.
pub(super) async fn open_of(tx: &mut Tx, friend: Id<Party>) -> Result<Option<Id<Referral>>> {
    let query = sql("SELECT id FROM referrals WHERE referee_id = $1
                     AND state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded') {for_update}");
    Ok(tx.maybe::<(Id<Referral>,)>(query.bind(friend)).await?.map(|(id,)| id))
}

/// Has all open introductions looked at soon: a file may have brought friends or their purchases.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::LookAtReferrals, SINGLE).await
}

/// The job: looks at all open introductions. An interrupted one begins again; what it wrote then differs no more.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn look_at_all(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let query = "SELECT MIN(captured_at) FROM referrals WHERE referee_id IS NULL AND state IN ('captured', 'pending_review')";
    let (since,): (Option<Instant>,) = ctx.app.db.one(sql(query)).await?;
    // Ids begin with the moment of their making: only what came since anybody waits is looked through.
    let mut after = since
        .map(|since| Id::<()>::new(uuid::Builder::from_unix_timestamp_millis(u64::try_from(since.0).unwrap_or(0), &[0; 10]).into_uuid()));
    while let Some(from) = after {
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        let query = sql("SELECT id, party_id FROM contact_points WHERE id > $1 ORDER BY id LIMIT $2");
        let step: Vec<(Id<()>, Id<Party>)> = ctx.app.db.all(query.bind(from).bind(STEP)).await?;
        after = step.last().map(|(last, _)| *last);
        let mut parties: Vec<Id<Party>> = step.into_iter().map(|(_, party)| party).collect();
        parties.sort_unstable();
        parties.dedup();
        if !parties.is_empty() {
            recognise(ctx, &parties).await?;
        }
        jobs::renew(&ctx.app, job).await?;
    }
    let mut after = Id::<Referral>::new(Uuid::nil());
    loop {
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        let query = sql("SELECT id FROM referrals WHERE id > $1
                         AND state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded') ORDER BY id LIMIT $2");
        let found: Vec<(Id<Referral>,)> = ctx.app.db.all(query.bind(after).bind(STEP)).await?;
        let Some((last,)) = found.last() else { return Ok(Outcome::Done) };
        after = *last;
        settle_all(ctx, found).await?;
        jobs::renew(&ctx.app, job).await?;
    }
}

/// The nightly job: introductions of which time alone changes something.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn sweep(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    loop {
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        let query = sql("SELECT id FROM referrals WHERE due_on <= $1 ORDER BY due_on, id LIMIT $2");
        let found: Vec<(Id<Referral>,)> = ctx.app.db.all(query.bind(today).bind(STEP)).await?;
        if found.is_empty() {
            return Ok(Outcome::Done);
        }
        // What is due is due no more once it is settled.
        settle_all(ctx, found).await?;
        jobs::renew(&ctx.app, job).await?;
    }
}
