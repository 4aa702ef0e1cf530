//! Whether the books are in order: balances and lots against the entries that they follow from.

use super::books::{AccountKind, Lot};
use crate::platform::money::Currency;
use crate::{Act, Ctx, Error, Perm, Result, Room, Sight};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::Serialize;

/// Differences that one check names.
const DIFFERENCES: i64 = 20;

row! {
    /// What all accounts of a kind come to.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct AccountSum {
        /// The kind.
        pub kind: AccountKind = "a.kind",
        /// Currency of it.
        pub currency: Currency = "a.currency",
        /// How many accounts.
        pub accounts: i64 = "COUNT(*)",
        /// What was credited less what was debited, in minor units.
        pub balance_minor: i64 = "CAST(SUM(a.balance_minor) AS BIGINT)",
    }
}

/// Something that its entries do not bear out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// The account, or the lot.
    pub name: String,
    /// What is stored, in minor units.
    pub stored_minor: i64,
    /// What its entries, or its lots, come to.
    pub replayed_minor: i64,
}

/// Whether the books are in order.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LedgerVerified {
    /// Whether everything agrees.
    pub is_sound: bool,
    /// How many journals were read.
    pub journals: i64,
    /// How many entries.
    pub entries: i64,
    /// What all accounts come to; nothing when they are in balance.
    pub sum_minor: i64,
    /// What each kind of account holds.
    pub accounts: Vec<AccountSum>,
    /// Accounts and lots that their entries do not bear out, 20 of each at most.
    pub differences: Vec<Difference>,
    /// Journals without an entry.
    pub odd_journals: i64,
}

const ACCOUNTS_OFF: &str = "SELECT a.name, a.balance_minor, CAST(COALESCE(r.minor, 0) AS BIGINT) FROM ledger_accounts a LEFT JOIN
      (SELECT x.account_id, SUM(x.minor) AS minor FROM
         (SELECT credit_id AS account_id, amount_minor AS minor FROM ledger_entries
          UNION ALL SELECT debit_id, -amount_minor FROM ledger_entries) x GROUP BY x.account_id) r ON r.account_id = a.id
    WHERE a.balance_minor <> COALESCE(r.minor, 0) ORDER BY a.name LIMIT $1";

const LOTS_OFF: &str = "SELECT l.id, l.left_minor, CAST(COALESCE(r.minor, 0) AS BIGINT) FROM ledger_lots l LEFT JOIN
      (SELECT e.lot_id, SUM(CASE WHEN c.kind = 'liability' AND d.kind = 'liability' THEN 0 WHEN c.kind = 'liability' THEN e.amount_minor
          WHEN d.kind = 'liability' THEN -e.amount_minor ELSE 0 END) AS minor
       FROM ledger_entries e JOIN ledger_accounts c ON c.id = e.credit_id JOIN ledger_accounts d ON d.id = e.debit_id
       WHERE e.lot_id IS NOT NULL GROUP BY e.lot_id) r ON r.lot_id = l.id
    WHERE l.left_minor <> COALESCE(r.minor, 0) ORDER BY l.id LIMIT $1";

const WALLETS_OFF: &str = "SELECT a.name, a.balance_minor, CAST(COALESCE(r.minor, 0) AS BIGINT) FROM ledger_accounts a LEFT JOIN
      (SELECT party_id, wallet, currency, SUM(left_minor) AS minor FROM ledger_lots GROUP BY party_id, wallet, currency) r
        ON r.party_id = a.party_id AND r.wallet = a.wallet AND r.currency = a.currency
    WHERE a.kind = 'liability' AND a.balance_minor <> COALESCE(r.minor, 0) ORDER BY a.name LIMIT $1";

/// Reads the whole ledger again: balances and lots against their entries, lots against what is owed, and all of it against
/// nothing, which it comes to when it is in balance.
///
/// # Errors
/// [`Error::Forbidden`] for who does not see all customers.
pub async fn verify(ctx: &Ctx, _: crate::operation::Nothing) -> Result<LedgerVerified> {
    let perm = Perm(Room::Advocacy, Act::Change);
    let reader = ctx.read(perm)?;
    if reader.sight != Sight::All {
        return Err(Error::Forbidden(perm));
    }
    let mut tx = reader.db.snapshot().await?;
    let query = Sql::select::<AccountSum>("FROM ledger_accounts a GROUP BY a.kind, a.currency ORDER BY a.kind, a.currency");
    let accounts: Vec<AccountSum> = tx.all(query).await?;
    let mut differences = Vec::new();
    for query in [ACCOUNTS_OFF, WALLETS_OFF] {
        let off: Vec<(String, i64, i64)> = tx.all(sql(query).bind(DIFFERENCES)).await?;
        differences.extend(off.into_iter().map(|(name, stored_minor, replayed_minor)| Difference { name, stored_minor, replayed_minor }));
    }
    let off: Vec<(Id<Lot>, i64, i64)> = tx.all(sql(LOTS_OFF).bind(DIFFERENCES)).await?;
    differences.extend(off.into_iter().map(|(lot, stored_minor, replayed_minor)| Difference {
        name: format!("lot:{lot}"),
        stored_minor,
        replayed_minor,
    }));
    let counts = sql("SELECT (SELECT COUNT(*) FROM ledger_journals), (SELECT COUNT(*) FROM ledger_entries),
                        (SELECT COUNT(*) FROM ledger_journals j WHERE NOT EXISTS (SELECT 1 FROM ledger_entries e WHERE e.journal_id = j.id))");
    let (journals, entries, odd_journals): (i64, i64, i64) = tx.one(counts).await?;
    tx.commit().await?;
    let sum: i128 = accounts.iter().map(|one| i128::from(one.balance_minor)).sum();
    let sum_minor = i64::try_from(sum).map_err(Error::fault)?;
    Ok(LedgerVerified {
        is_sound: sum_minor == 0 && differences.is_empty() && odd_journals == 0,
        journals,
        entries,
        sum_minor,
        accounts,
        differences,
        odd_journals,
    })
}
