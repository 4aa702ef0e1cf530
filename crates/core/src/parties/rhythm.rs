//! From when on somebody is silent for longer than their rhythm: kept in `parties.silent_from` by a job, so that lists
//! find the silent by an index.

use super::Party;
use super::check::Role;
use crate::marketing::segments::follow;
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::{Ctx, Day, Instant, Result};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use peyvand_db::{Db, Id, Sql, ToValue, Tx, row, sql};
use peyvand_stats::rhythm::rhythm;
use std::collections::HashMap;
use tokio::sync::watch;

/// Parties of one transaction: few, because after a large import very many are due, and whoever writes meanwhile waits for
/// a batch whose days may have to come from the disk.
const BATCH: i64 = 100;
/// Batches after which the job says that it is still at work.
const RENEW_AFTER: usize = 100;
/// The newest days that a rhythm is read from: old habits do not outweigh new ones.
const DAYS: i64 = 24;
/// Without a rhythm of their own: a customer is silent after a quarter without purchase or contact.
const SILENT_CUSTOMER: i64 = 91;
/// Without a rhythm of their own: somebody who may become a customer is silent after a fortnight.
const SILENT_PROSPECT: i64 = 14;

row! {
    struct Claimed {
        id: Id<Party>,
        role: Role,
        archived_at: Option<Instant>,
    }
}

/// The day from which a party is silent; `None` when nothing is known or nobody waits for them.
///
/// Read from purchase days where there are enough of them, else from purchase and contact days together, else a default
/// by role. It counts from the last day of either kind.
#[must_use]
pub fn silent_from(role: Role, purchases: &[Day], contacts: &[Day]) -> Option<Day> {
    let last = purchases.iter().chain(contacts).max().copied()?;
    let number = |day: &Day| day.since(Day(jiff::civil::Date::ZERO));
    let bought: Vec<i64> = purchases.iter().map(number).collect();
    let both: Vec<i64> = purchases.iter().chain(contacts).map(number).collect();
    let usual = match role {
        Role::Customer => SILENT_CUSTOMER,
        Role::Prospect => SILENT_PROSPECT,
        Role::Supplier | Role::Partner | Role::Ended => return None,
    };
    let wait = rhythm(&bought).or_else(|| rhythm(&both)).map_or(usual, |rhythm| rhythm.silent_after());
    Some(last.plus(wait))
}

/// The job: works off the parties whose contacts or purchases have changed.
///
/// # Errors
/// When the database is out of reach.
pub async fn refresh(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let mut batches = 0;
    while batch(ctx).await? == BATCH as usize {
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        batches += 1;
        if batches % RENEW_AFTER == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    Ok(Outcome::Done)
}

/// One batch: how many parties it had. The mark is taken off first, in the same transaction: whoever adds a contact
/// meanwhile waits for the row and marks it anew.
async fn batch(ctx: &Ctx) -> Result<usize> {
    let waiting: Option<(i64,)> = ctx.app.db.maybe(sql("SELECT 1 FROM parties WHERE rhythm_due LIMIT 1")).await?;
    if waiting.is_none() {
        return Ok(0);
    }
    let zone = ctx.app.organisation().await?.zone();
    let mut tx = ctx.app.db.begin().await?;
    let parties: Vec<Claimed> = tx
        .all(
            sql("UPDATE parties SET rhythm_due = FALSE WHERE id IN
                   (SELECT id FROM parties WHERE rhythm_due ORDER BY id LIMIT $1 {skip_locked})
                 RETURNING id, role, archived_at")
            .bind(BATCH),
        )
        .await?;
    let ids: Vec<Id<Party>> = parties.iter().map(|party| party.id).collect();
    let pasts = pasts(&mut tx, &ids).await?;
    let silent_on = |party: &Claimed| {
        pasts.get(&party.id).map_or_else(String::new, |past| past.silent_on(party.role, party.archived_at.is_some(), &zone))
    };
    let rows = parties.iter().map(|party| vec![party.id.to_value(), silent_on(party).to_value()]).collect();
    let mut changed = Vec::new();
    for statement in Sql::inserts(
        "WITH v (id, silent_on) AS (VALUES ",
        rows,
        ") UPDATE parties SET silent_from = v.silent_on FROM v WHERE parties.id = v.id AND parties.silent_from <> v.silent_on
           RETURNING parties.id",
    ) {
        changed.extend(tx.all::<(Id<Party>,)>(statement).await?.into_iter().map(|(id,)| id));
    }
    follow::mark(&mut tx, ctx, changed).await?;
    tx.commit().await?;
    Ok(parties.len())
}

/// The newest purchases and contacts of a party, newest first.
#[derive(Default, Debug, PartialEq)]
pub(super) struct Past {
    purchases: Vec<Instant>,
    contacts: Vec<Instant>,
}

impl Past {
    /// The last contact.
    pub(super) fn last_contact(&self) -> Option<Instant> {
        self.contacts.iter().max().copied()
    }

    /// The day from which a party with this past is silent, as it is stored: empty for never.
    pub(super) fn silent_on(&self, role: Role, is_archived: bool, zone: &TimeZone) -> String {
        let days = |moments: &[Instant]| moments.iter().map(|at| at.day(zone)).collect::<Vec<Day>>();
        let day = if is_archived { None } else { silent_from(role, &days(&self.purchases), &days(&self.contacts)) };
        day.map_or_else(String::new, |day| day.to_string())
    }
}

/// The pasts of parties, read where the writes that change them are kept out.
pub(super) async fn pasts(tx: &mut Tx, parties: &[Id<Party>]) -> Result<HashMap<Id<Party>, Past>> {
    let mut pasts: HashMap<Id<Party>, Past> = parties.iter().map(|party| (*party, Past::default())).collect();
    for (party, at) in newest(tx, "purchases", parties).await? {
        pasts.entry(party).or_default().purchases.push(at);
    }
    for (party, at) in newest(tx, "interactions", parties).await? {
        pasts.entry(party).or_default().contacts.push(at);
    }
    Ok(pasts)
}

/// The pasts of the parties after one and up to another, read in the order of an index that holds all that is asked for.
pub(super) async fn pasts_between(db: &Db, after: Id<Party>, last: Id<Party>) -> Result<HashMap<Id<Party>, Past>> {
    let mut pasts: HashMap<Id<Party>, Past> = HashMap::new();
    let purchases = "SELECT party_id, string_agg(CAST(at AS TEXT), ',') FROM purchases
        WHERE party_id > $1 AND party_id <= $2 AND gross_minor > 0 GROUP BY party_id";
    let mut rows = std::pin::pin!(db.each::<(Id<Party>, String)>(sql(purchases).bind(after).bind(last)));
    while let Some(row) = rows.next().await {
        let (party, moments) = row?;
        pasts.entry(party).or_default().purchases = newest_of(&moments);
    }
    let contacts = "SELECT party_id, string_agg(CAST(at AS TEXT), ',') FROM interactions
        WHERE party_id > $1 AND party_id <= $2 AND channel <> 'note' GROUP BY party_id";
    let mut rows = std::pin::pin!(db.each::<(Id<Party>, String)>(sql(contacts).bind(after).bind(last)));
    while let Some(row) = rows.next().await {
        let (party, moments) = row?;
        pasts.entry(party).or_default().contacts = newest_of(&moments);
    }
    Ok(pasts)
}

/// The newest of moments in milliseconds with commas between them, newest first.
fn newest_of(moments: &str) -> Vec<Instant> {
    let mut moments: Vec<Instant> = moments.split(',').filter_map(|at| at.parse().ok()).map(Instant).collect();
    moments.sort_unstable_by(|one, other| other.cmp(one));
    moments.truncate(DAYS as usize);
    moments.shrink_to_fit();
    moments
}

async fn newest(tx: &mut Tx, table: &'static str, parties: &[Id<Party>]) -> Result<Vec<(Id<Party>, Instant)>> {
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    // Two contacts on a day count once, so a few more are read than days are used.
    let mut query = sql(match table {
        "purchases" => {
            "SELECT t.party_id, t.at FROM (SELECT party_id, at, ROW_NUMBER() OVER (PARTITION BY party_id ORDER BY at DESC) AS place
               FROM purchases WHERE gross_minor > 0 AND party_id IN "
        }
        _ => {
            "SELECT t.party_id, t.at FROM (SELECT party_id, at, ROW_NUMBER() OVER (PARTITION BY party_id ORDER BY at DESC) AS place
               FROM interactions WHERE channel <> 'note' AND party_id IN "
        }
    });
    query.list_padded(parties).push(") t WHERE t.place <= ").arg(DAYS);
    Ok(tx.all(query).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interactions::{self, LogInteraction};
    use crate::sales::purchases::{self, NewPurchase};
    use crate::testing;

    fn days(numbers: &[i64]) -> Vec<Day> {
        let first: Day = "2026-01-01".parse().unwrap();
        numbers.iter().map(|number| first.plus(*number)).collect()
    }

    #[test]
    fn who_buys_every_month_is_silent_after_two() {
        let found = silent_from(Role::Customer, &days(&[0, 30, 60, 90]), &[]);
        assert_eq!(found, Some(days(&[151])[0]));
    }

    #[test]
    fn contacts_count_where_purchases_are_too_few_and_silence_is_counted_from_the_last_of_either() {
        assert_eq!(silent_from(Role::Customer, &days(&[0]), &days(&[10, 20, 30])), Some(days(&[51])[0]));
        assert_eq!(silent_from(Role::Customer, &days(&[0, 30, 60, 90]), &days(&[100])), Some(days(&[161])[0]));
    }

    #[test]
    fn without_a_rhythm_the_role_decides() {
        assert_eq!(silent_from(Role::Customer, &days(&[0]), &[]), Some(days(&[SILENT_CUSTOMER])[0]));
        assert_eq!(silent_from(Role::Prospect, &[], &days(&[0])), Some(days(&[SILENT_PROSPECT])[0]));
        assert_eq!(silent_from(Role::Customer, &[], &[]), None);
        assert_eq!(silent_from(Role::Supplier, &[], &days(&[0])), None);
    }

    #[tokio::test]
    async fn one_look_through_everything_finds_the_pasts_that_looking_up_finds() {
        let ctx = testing::ctx().await;
        let mut parties = Vec::new();
        for number in 0..5 {
            let party = testing::party(&ctx, &format!("نام {number}")).await;
            parties.push(party);
            for day in 0..number * 7 {
                let date = Some(ctx.today().plus(-3 * day).to_string());
                let amount = Some(if day == 2 { "-100".into() } else { "100".into() });
                ctx.run(purchases::create, NewPurchase { party_id: Some(party), date, amount, ..Default::default() }).await.unwrap();
            }
            if number > 2 {
                ctx.run(interactions::log, LogInteraction { party_id: Some(party), ..Default::default() }).await.unwrap();
                let note = LogInteraction {
                    party_id: Some(party),
                    channel: Some(interactions::Channel::Note),
                    text: Some("یادداشت".into()),
                    ..Default::default()
                };
                ctx.run(interactions::log, note).await.unwrap();
            }
        }
        let mut tx = ctx.app.db.begin().await.unwrap();
        let mut looked_up = pasts(&mut tx, &parties[1..4]).await.unwrap();
        tx.commit().await.unwrap();
        let found = pasts_between(&ctx.app.db, parties[0], parties[3]).await.unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(found[&parties[3]].purchases.len(), 20);
        for past in looked_up.values_mut() {
            past.purchases.sort_unstable_by(|one, other| other.cmp(one));
        }
        assert_eq!(found, looked_up);
    }

    #[tokio::test]
    async fn a_contact_or_a_purchase_moves_the_day_when_the_job_has_run() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا محمدی").await;
        ctx.run(interactions::log, LogInteraction { party_id: Some(party), ..Default::default() }).await.unwrap();
        let (_keep, stop) = watch::channel(false);
        refresh(&ctx, Id::FIRST, &stop).await.unwrap();
        let read = async || -> String {
            let (day,): (String,) = ctx.app.db.one(sql("SELECT silent_from FROM parties WHERE id = $1").bind(party)).await.unwrap();
            day
        };
        assert_eq!(read().await, ctx.today().plus(SILENT_PROSPECT).to_string());
        let new = NewPurchase { party_id: Some(party), amount: Some("100".into()), ..Default::default() };
        ctx.run(purchases::create, new).await.unwrap();
        refresh(&ctx, Id::FIRST, &stop).await.unwrap();
        assert_eq!(read().await, ctx.today().plus(SILENT_CUSTOMER).to_string());
    }
}
