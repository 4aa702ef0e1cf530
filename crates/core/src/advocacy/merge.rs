//! What becomes of introductions and of what was earned when two customers turn out to be one. Nobody introduces themselves, and nobody
//! is introduced twice; balances and lots go over by a journal, so that the books stay what they were.

use super::books::{Account, AccountKind, Lot, Wallet};
use super::follow::{close, settle};
use super::ledger::JournalKind;
use super::posting::{hold, name_of, open_account};
use super::referrals::Referral;
use super::rules::ReferralEnd;
use crate::parties::Party;
use crate::parties::merge::Merge;
use crate::platform::events::{self, Event};
use crate::platform::money::Currency;
use crate::{Ctx, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use serde_json::json;

row! {
    struct Open {
        id: Id<Referral>,
        referrer_id: Id<Party>,
        referee_id: Option<Id<Party>>,
        /// What is confirmed stays, and goes before what is not.
        is_final: bool = "(confirmed_on IS NOT NULL)",
    }
}

/// Ends introductions that cannot be any more: of one by the other, and of two of the same the one that is not final or came later. Where
/// both are final, both stay, each with whom it was: nobody is asked back what they were given because we wrote a customer down twice.
/// Gives those that were ended.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn end_introductions(tx: &mut Tx, ctx: &Ctx, kept: Id<Party>, other: Id<Party>) -> Result<Vec<Id<Referral>>> {
    let query = Sql::select::<Open>(
        "FROM referrals WHERE referee_id IN ($1, $2)
           AND state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded')
         ORDER BY CASE WHEN confirmed_on IS NULL THEN 1 ELSE 0 END, captured_at, id",
    );
    let open: Vec<Open> = tx.all(query.bind(kept).bind(other)).await?;
    let mut ended = Vec::new();
    let mut of_others = Vec::new();
    for one in open {
        if one.referrer_id == kept || one.referrer_id == other {
            close(tx, ctx, one.id, ReferralEnd::SamePerson).await?;
            ended.push(one.id);
        } else {
            of_others.push(one);
        }
    }
    if let [_, second] = of_others.as_slice()
        && !second.is_final
    {
        close(tx, ctx, second.id, ReferralEnd::SameFriend).await?;
        ended.push(second.id);
    }
    Ok(ended)
}

/// Takes [`end_introductions`] back, where nobody was introduced anew in the meantime. Gives how many stay ended.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn begin_introductions_again(tx: &mut Tx, ctx: &Ctx, ended: &[Id<Referral>]) -> Result<i64> {
    let mut stay = 0;
    for id in ended {
        let query = sql("UPDATE referrals SET state = 'captured', end_reason = NULL, ended_on = NULL
             WHERE id = $1 AND state = 'rejected' AND end_reason IN ('same_person', 'same_friend')
               AND NOT EXISTS (SELECT 1 FROM referrals o WHERE o.referee_id = referrals.referee_id AND o.id <> referrals.id
                 AND o.state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded'))");
        if tx.run(query.bind(*id)).await? == 0 {
            stay += 1;
        } else {
            settle(tx, ctx, *id).await?;
        }
    }
    Ok(stay)
}

row! {
    struct Held {
        id: Id<Lot>,
        wallet: Wallet,
        left_minor: i64,
    }
}

/// What goes from one customer's accounts to another's, in one currency.
struct Carried {
    pending_minor: i64,
    owed_minor: i64,
    lots: Vec<Held>,
}

const BALANCE: &str = "SELECT CAST(COALESCE(SUM(balance_minor), 0) AS BIGINT) FROM ledger_accounts WHERE name = $1 AND currency = $2";

async fn balance(tx: &mut Tx, account: Account, party: Id<Party>, currency: Currency) -> Result<i64> {
    let (minor,): (i64,) = tx.one(sql(BALANCE).bind(name_of(account, party)).bind(currency)).await?;
    Ok(minor)
}

/// Gives all that one customer has, has coming and owes to another who is the same. Lots keep their days.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn carry_over(tx: &mut Tx, ctx: &Ctx, merge: Id<Merge>, from: Id<Party>, to: Id<Party>) -> Result<()> {
    for currency in currencies(tx, from).await? {
        hold_both(tx, ctx, from, to, currency).await?;
        let carried = Carried {
            pending_minor: balance(tx, Account::Pending, from, currency).await?,
            owed_minor: -balance(tx, Account::Receivable, from, currency).await?,
            lots: tx
                .all(
                    Sql::select::<Held>("FROM ledger_lots WHERE party_id = $1 AND currency = $2 AND left_minor > 0 ORDER BY id")
                        .bind(from)
                        .bind(currency),
                )
                .await?,
        };
        carry(tx, ctx, format!("carried:{merge}:{currency}"), carried, (from, to, to), currency).await?;
    }
    tx.run(
        sql("INSERT INTO party_merge_rows (merge_id, part, row_id, row_word)
             SELECT $1, 'ledger_lots.party_id', t.id, '' FROM ledger_lots t WHERE t.party_id = $2")
        .bind(merge)
        .bind(from),
    )
    .await?;
    tx.run(sql("UPDATE ledger_lots SET party_id = $1 WHERE party_id = $2").bind(to).bind(from)).await?;
    Ok(())
}

/// Gives back to a customer, whose rows are theirs again, what came of theirs: the lots with what is left of them, those that came of
/// their introductions and promises since, what is still coming, and of what they owed as much as is still owed.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn carry_back(tx: &mut Tx, ctx: &Ctx, merge: Id<Merge>, from: Id<Party>, to: Id<Party>) -> Result<()> {
    // What hangs on an introduction or a promise that went back goes with it.
    let query = sql("UPDATE ledger_journals SET party_id = $1 WHERE party_id = $2 AND kind <> 'carried' AND referral_id IN
        (SELECT t.id FROM party_merge_rows r JOIN referrals t ON t.id = r.row_id
         WHERE r.merge_id = $3 AND r.part = 'referrals.referrer_id' AND t.referrer_id = $1)");
    tx.run(query.bind(to).bind(from).bind(merge)).await?;
    let query = sql("UPDATE rewards SET party_id = $1 WHERE party_id = $2 AND referral_id IN
        (SELECT t.id FROM party_merge_rows r JOIN referrals t ON t.id = r.row_id
         WHERE r.merge_id = $3 AND r.part = 'referrals.referrer_id' AND t.referrer_id = $1)");
    tx.run(query.bind(to).bind(from).bind(merge)).await?;
    let query = sql("INSERT INTO party_merge_rows (merge_id, part, row_id, row_word)
        SELECT $1, 'ledger_lots.party_id', t.id, '' FROM ledger_lots t WHERE t.party_id = $2
          AND (t.referral_id IN (SELECT n.id FROM party_merge_rows r JOIN referrals n ON n.id = r.row_id
                                 WHERE r.merge_id = $1 AND r.part = 'referrals.referrer_id' AND n.referrer_id = $3)
            OR t.id IN (SELECT g.lot_id FROM party_merge_rows r JOIN grants g ON g.id = r.row_id
                        WHERE r.merge_id = $1 AND r.part = 'grants.party_id' AND g.party_id = $3))
        ON CONFLICT DO NOTHING");
    tx.run(query.bind(merge).bind(from).bind(to)).await?;
    for currency in currencies(tx, from).await? {
        hold_both(tx, ctx, from, to, currency).await?;
        let query = sql("SELECT CAST(COALESCE(SUM(w.amount_minor), 0) AS BIGINT) FROM party_merge_rows r
               JOIN rewards w ON w.referral_id = r.row_id JOIN benefit_schedules s ON s.id = w.schedule_id
             WHERE r.merge_id = $1 AND r.part = 'referrals.referrer_id' AND w.state = 'pending' AND w.party_id = $2 AND s.currency = $3");
        let (pending_minor,): (i64,) = tx.one(query.bind(merge).bind(to).bind(currency)).await?;
        let query = sql("SELECT CAST(COALESCE(SUM(e.amount_minor), 0) AS BIGINT) FROM ledger_journals j
               JOIN ledger_entries e ON e.journal_id = j.id JOIN ledger_accounts a ON a.id = e.debit_id
             WHERE j.key = $1 AND a.kind = 'receivable'");
        let (owed_minor,): (i64,) = tx.one(query.bind(format!("carried:{merge}:{currency}"))).await?;
        let carried = Carried {
            pending_minor,
            owed_minor: owed_minor.min(-balance(tx, Account::Receivable, from, currency).await?),
            lots: tx
                .all(
                    Sql::select::<Held>(
                        "FROM ledger_lots WHERE party_id = $1 AND currency = $2 AND left_minor > 0 AND id IN
                           (SELECT row_id FROM party_merge_rows WHERE merge_id = $3 AND part = 'ledger_lots.party_id') ORDER BY id",
                    )
                    .bind(from)
                    .bind(currency)
                    .bind(merge),
                )
                .await?,
        };
        carry(tx, ctx, format!("carried_back:{merge}:{currency}"), carried, (from, to, from), currency).await?;
    }
    let query = sql("UPDATE ledger_lots SET party_id = $1 WHERE party_id = $2 AND id IN
        (SELECT row_id FROM party_merge_rows WHERE merge_id = $3 AND part = 'ledger_lots.party_id')");
    tx.run(query.bind(to).bind(from).bind(merge)).await?;
    Ok(())
}

async fn currencies(tx: &mut Tx, party: Id<Party>) -> Result<Vec<Currency>> {
    let query = sql("SELECT DISTINCT currency FROM ledger_accounts WHERE party_id = $1 ORDER BY currency");
    Ok(tx.all::<(Currency,)>(query.bind(party)).await?.into_iter().map(|(currency,)| currency).collect())
}

/// Takes the books of both, always in the same order, so that two who do so do not wait for each other.
async fn hold_both(tx: &mut Tx, ctx: &Ctx, one: Id<Party>, other: Id<Party>, currency: Currency) -> Result<()> {
    hold(tx, ctx, one.min(other), currency).await?;
    hold(tx, ctx, one.max(other), currency).await?;
    Ok(())
}

/// Writes the journal of what goes over, of the one of three customers who is named last; nothing where there is nothing.
async fn carry(
    tx: &mut Tx,
    ctx: &Ctx,
    key: String,
    carried: Carried,
    (from, to, of): (Id<Party>, Id<Party>, Id<Party>),
    currency: Currency,
) -> Result<()> {
    let Carried { pending_minor, owed_minor, lots } = carried;
    // Debit, credit, how much, lot.
    let mut moves: Vec<((Account, Id<Party>), (Account, Id<Party>), i64, Option<Id<Lot>>)> = Vec::new();
    if pending_minor > 0 {
        moves.push(((Account::Pending, from), (Account::Pending, to), pending_minor, None));
    }
    if owed_minor > 0 {
        moves.push(((Account::Receivable, to), (Account::Receivable, from), owed_minor, None));
    }
    for lot in &lots {
        let held = Account::Liability(lot.wallet);
        moves.push(((held, from), (held, to), lot.left_minor, Some(lot.id)));
    }
    if moves.is_empty() {
        return Ok(());
    }
    let id: Id<super::ledger::Journal> = ctx.id();
    let amount: i64 = moves.iter().filter(|(debit, ..)| debit.0.kind() != AccountKind::Receivable).map(|one| one.2).sum();
    let day = ctx.now().day(&ctx.app.organisation().await?.zone());
    tx.run(
        sql("INSERT INTO ledger_journals (id, key, kind, party_id, amount_minor, currency, day, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(id)
        .bind(key)
        .bind(JournalKind::Carried)
        .bind(of)
        .bind(amount)
        .bind(currency)
        .bind(day)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    let mut rows = Vec::new();
    for ((debit, credit, minor, lot), place) in moves.iter().zip(1_i64..) {
        let debited = change(tx, ctx, *debit, -minor, currency).await?;
        let credited = change(tx, ctx, *credit, *minor, currency).await?;
        rows.push(vec![
            id.to_value(),
            place.to_value(),
            debited.to_value(),
            credited.to_value(),
            lot.to_value(),
            minor.to_value(),
            currency.to_value(),
        ]);
    }
    let head = "INSERT INTO ledger_entries (journal_id, place, debit_id, credit_id, lot_id, amount_minor, currency) VALUES ";
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    let data = json!({"amount_minor": amount, "currency": currency});
    events::record(tx, ctx, Event::of_party(JournalKind::Carried.event(), of, data).about(id)).await
}

/// Changes a balance and gives the account.
async fn change(tx: &mut Tx, ctx: &Ctx, (account, party): (Account, Id<Party>), minor: i64, currency: Currency) -> Result<Id<()>> {
    open_account(tx, ctx, account, party, currency).await?;
    let query = sql("UPDATE ledger_accounts SET balance_minor = balance_minor + $1 WHERE name = $2 AND currency = $3 RETURNING id");
    let (id,): (Id<()>,) = tx.one(query.bind(minor).bind(name_of(account, party)).bind(currency)).await?;
    Ok(id)
}
