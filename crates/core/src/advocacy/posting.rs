//! Writing into the books: a journal, once for each thing that happens, and the balances and lots that follow from it.

use super::books::{Account, AccountKind, Lot, Move, Wallet};
use super::ledger::{Journal, JournalKind};
use super::referrals::Referral;
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::money::Currency;
use crate::sales::Purchase;
use crate::{Ctx, Day, Error, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use serde_json::json;
use std::collections::BTreeMap;

/// Something to be written into the books.
pub(super) struct Posting<'a> {
    /// Names what happened, so that it is written once.
    pub(super) key: String,
    pub(super) kind: JournalKind,
    pub(super) party: Id<Party>,
    pub(super) referral: Option<Id<Referral>>,
    pub(super) purchase: Option<Id<Purchase>>,
    pub(super) reverses: Option<Id<Journal>>,
    pub(super) amount_minor: i64,
    pub(super) currency: Currency,
    pub(super) day: Day,
    pub(super) note: Option<&'a str>,
    pub(super) moves: &'a [Move],
    pub(super) lot: Option<NewLot>,
}

/// A lot that begins with a journal.
pub(super) struct NewLot {
    pub(super) id: Id<Lot>,
    pub(super) wallet: Wallet,
    pub(super) minor: i64,
    pub(super) expires_on: Day,
}

pub(super) fn name_of(account: Account, party: Id<Party>) -> String {
    match account {
        Account::Expense(schedule) => format!("expense:{schedule}"),
        Account::Policy(version) => format!("expense:{version}"),
        Account::Pending => format!("pending:{party}"),
        Account::Liability(wallet) => format!("liability:{party}:{wallet}"),
        Account::Receivable => format!("clawback_receivable:{party}"),
        Account::Breakage | Account::Payout | Account::Spent | Account::Repaid | Account::WrittenOff => account.kind().to_string(),
    }
}

const fn is_theirs(kind: AccountKind) -> bool {
    matches!(kind, AccountKind::Pending | AccountKind::Liability | AccountKind::Receivable)
}

/// Opens an account that is not there yet.
pub(super) async fn open_account(tx: &mut Tx, ctx: &Ctx, account: Account, party: Id<Party>, currency: Currency) -> Result<()> {
    tx.run(
        sql("INSERT INTO ledger_accounts (id, name, kind, party_id, wallet, currency, balance_minor, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7) ON CONFLICT (name, currency) DO NOTHING")
        .bind(ctx.id::<()>())
        .bind(name_of(account, party))
        .bind(account.kind())
        .bind(Some(party).filter(|_| is_theirs(account.kind())))
        .bind(match account {
            Account::Liability(wallet) => Some(wallet),
            _ => None,
        })
        .bind(currency)
        .bind(ctx.now()),
    )
    .await?;
    Ok(())
}

/// What somebody has.
pub(super) struct Holder {
    pub(super) owed_minor: i64,
    pub(super) lots: Vec<Lot>,
}

row! {
    struct LotRow {
        id: Id<Lot>,
        wallet: Wallet,
        left_minor: i64,
        expired_minor: i64,
        expires_on: Day,
    }
}

impl From<LotRow> for Lot {
    fn from(row: LotRow) -> Lot {
        let LotRow { id, wallet, left_minor, expired_minor, expires_on } = row;
        Lot { id, wallet, left_minor, expired_minor, expires_on }
    }
}

/// Takes the books of a customer: whoever else wants to post to them waits until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, ctx: &Ctx, party: Id<Party>, currency: Currency) -> Result<Holder> {
    open_account(tx, ctx, Account::Pending, party, currency).await?;
    let query = sql("SELECT id FROM ledger_accounts WHERE name = $1 AND currency = $2 {for_update}");
    tx.one::<(Id<()>,)>(query.bind(name_of(Account::Pending, party)).bind(currency)).await?;
    let query = sql("SELECT balance_minor FROM ledger_accounts WHERE name = $1 AND currency = $2");
    let owed: Option<(i64,)> = tx.maybe(query.bind(name_of(Account::Receivable, party)).bind(currency)).await?;
    let query = "FROM ledger_lots WHERE party_id = $1 AND currency = $2 AND left_minor > 0 ORDER BY expires_on, id";
    let lots: Vec<LotRow> = tx.all(Sql::select::<LotRow>(query).bind(party).bind(currency)).await?;
    Ok(Holder { owed_minor: owed.map_or(0, |(balance,)| -balance), lots: lots.into_iter().map(Lot::from).collect() })
}

/// A lot, whatever is left of it; to be asked while its holder is held.
pub(super) async fn lot(tx: &mut Tx, id: Id<Lot>) -> Result<Lot> {
    Ok(tx.one::<LotRow>(Sql::select::<LotRow>("FROM ledger_lots WHERE id = $1").bind(id)).await?.into())
}

/// Writes a journal and what follows from it; `None` when it was written before, and nothing else changes. The holder must be
/// held.
pub(super) async fn post(tx: &mut Tx, ctx: &Ctx, posting: Posting<'_>) -> Result<Option<Id<Journal>>> {
    let Posting { party, currency, day, .. } = posting;
    let id: Id<Journal> = ctx.id();
    let written = tx
        .run(
            sql("INSERT INTO ledger_journals (id, key, kind, party_id, referral_id, purchase_id, reverses_id, amount_minor, currency, day, note,
                   created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (key) DO NOTHING")
            .bind(id)
            .bind(posting.key)
            .bind(posting.kind)
            .bind(party)
            .bind(posting.referral)
            .bind(posting.purchase)
            .bind(posting.reverses)
            .bind(posting.amount_minor)
            .bind(currency)
            .bind(day)
            .bind(posting.note.map(str::to_owned))
            .bind(ctx.actor.user())
            .bind(ctx.now()),
        )
        .await?;
    if written == 0 {
        return Ok(None);
    }
    if let Some(lot) = posting.lot {
        tx.run(
            sql(
                "INSERT INTO ledger_lots (id, party_id, wallet, referral_id, currency, amount_minor, left_minor, expired_minor, matured_on,
                   expires_on)
                 VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8)",
            )
            .bind(lot.id)
            .bind(party)
            .bind(lot.wallet)
            .bind(posting.referral)
            .bind(currency)
            .bind(lot.minor)
            .bind(day)
            .bind(lot.expires_on),
        )
        .await?;
    }
    move_lots(tx, posting.moves).await?;
    let holders = holders(tx, posting.moves, party).await?;
    let accounts = move_accounts(tx, ctx, posting.moves, &holders, currency).await?;
    let rows = posting.moves.iter().zip(&holders).zip(1_i64..).map(|((one, holder), place)| {
        let Move { debit, credit, minor, lot } = *one;
        let account = |account: Account| accounts.get(&name_of(account, holder.of(account))).copied().to_value();
        vec![id.to_value(), place.to_value(), account(debit), account(credit), lot.to_value(), minor.to_value(), currency.to_value()]
    });
    let head = "INSERT INTO ledger_entries (journal_id, place, debit_id, credit_id, lot_id, amount_minor, currency) VALUES ";
    for statement in Sql::inserts(head, rows.collect(), "") {
        tx.run(statement).await?;
    }
    let data = json!({"amount_minor": posting.amount_minor, "currency": currency, "referral": posting.referral, "note": posting.note});
    events::record(tx, ctx, Event::of_party(posting.kind.event(), party, data).about(id)).await?;
    Ok(Some(id))
}

/// Every lot changes by an update that carries its own condition; who comes too late is told to try again.
async fn move_lots(tx: &mut Tx, moves: &[Move]) -> Result<()> {
    for one in moves {
        let Some(lot) = one.lot else { continue };
        let (left, expired) = match (one.debit, one.credit) {
            (Account::Liability(_), Account::Breakage) => (-one.minor, one.minor),
            (Account::Liability(_), _) => (-one.minor, 0),
            (Account::Breakage, _) => (0, -one.minor),
            _ => (one.minor, 0),
        };
        let changed = tx
            .run(
                sql("UPDATE ledger_lots SET left_minor = left_minor + $1, expired_minor = expired_minor + $2
                     WHERE id = $3 AND left_minor + $1 >= 0 AND expired_minor + $2 >= 0
                       AND left_minor + $1 + expired_minor + $2 <= amount_minor")
                .bind(left)
                .bind(expired)
                .bind(lot),
            )
            .await?;
        if changed != 1 {
            return Err(Error::Unavailable);
        }
    }
    Ok(())
}

/// Whose accounts a move is between: that of the wallet is of who has the lot.
struct Holds {
    party: Id<Party>,
    lot: Id<Party>,
}

impl Holds {
    fn of(&self, account: Account) -> Id<Party> {
        if matches!(account, Account::Liability(_)) { self.lot } else { self.party }
    }
}

/// Whose accounts each move is between. A lot may be somebody else's by now, who was taken for this one when it was used.
async fn holders(tx: &mut Tx, moves: &[Move], party: Id<Party>) -> Result<Vec<Holds>> {
    let lots: Vec<Id<Lot>> = moves.iter().filter_map(|one| one.lot).collect();
    let mut owners: BTreeMap<Id<Lot>, Id<Party>> = BTreeMap::new();
    if !lots.is_empty() {
        let mut query = sql("SELECT id, party_id FROM ledger_lots WHERE id IN ");
        query.list_padded(&lots);
        owners.extend(tx.all::<(Id<Lot>, Id<Party>)>(query).await?);
    }
    let of_lot = |one: &Move| one.lot.and_then(|lot| owners.get(&lot)).copied().unwrap_or(party);
    Ok(moves.iter().map(|one| Holds { party, lot: of_lot(one) }).collect())
}

/// Changes the balances, in the order of the names so that no two wait for each other, and gives the accounts' ids.
async fn move_accounts(tx: &mut Tx, ctx: &Ctx, moves: &[Move], holders: &[Holds], currency: Currency) -> Result<BTreeMap<String, Id<()>>> {
    let mut changes: BTreeMap<String, (Account, Id<Party>, i64)> = BTreeMap::new();
    for (one, holder) in moves.iter().zip(holders) {
        let (debtor, creditor) = (holder.of(one.debit), holder.of(one.credit));
        changes.entry(name_of(one.debit, debtor)).or_insert((one.debit, debtor, 0)).2 -= one.minor;
        changes.entry(name_of(one.credit, creditor)).or_insert((one.credit, creditor, 0)).2 += one.minor;
    }
    let mut ids = BTreeMap::new();
    for (name, (account, party, change)) in changes {
        open_account(tx, ctx, account, party, currency).await?;
        let query = sql("UPDATE ledger_accounts SET balance_minor = balance_minor + $1 WHERE name = $2 AND currency = $3 RETURNING id");
        let (id,): (Id<()>,) = tx.one(query.bind(change).bind(&name).bind(currency)).await?;
        ids.insert(name, id);
    }
    Ok(ids)
}
