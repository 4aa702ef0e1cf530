//! The ledger: journals that are never changed, the balances and lots that follow from them, and what staff do with what
//! somebody has earned. What moves where is said by [`super::books`]; here it is written, once for each thing that happens.

use super::books::{self, Account, AccountKind, Lot, Move, Short, Wallet};
use super::referrals::Referral;
use crate::experience::holds;
use crate::experience::policies::Version;
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::platform::money::{Currency, Money, MoneyUnit};
use crate::platform::text::clean_line;
use crate::sales::Purchase;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use tokio::sync::watch;

/// Characters of a key of the caller's.
const KEY_MAX: usize = 120;
/// Characters of a note.
const NOTE_MAX: usize = 300;
/// Lots of one step of the job, and lots that one answer shows.
const STEP: i64 = 200;
/// Differences that one check names.
const DIFFERENCES: i64 = 20;

peyvand_db::words! {
    /// What happened.
    pub enum JournalKind {
        /// A friend bought: it is theirs when that is final.
        Earned = "earned",
        /// It came to nothing, or to less, before it was final.
        Unearned = "unearned",
        /// It became theirs.
        Matured = "matured",
        /// They bought with it.
        Spent = "spent",
        /// What they bought with it was given back.
        GivenBack = "given_back",
        /// It was paid out.
        PaidOut = "paid_out",
        /// Nobody used it in time.
        Expired = "expired",
        /// A policy gave it.
        Granted = "granted",
        /// What a policy gave was taken back.
        Revoked = "revoked",
        /// What had brought it was given back.
        TakenBack = "taken_back",
        /// They gave back what they owed.
        Repaid = "repaid",
        /// We no longer ask for what they owe.
        WrittenOff = "written_off",
        /// It went from one customer to another who is the same, or back.
        Carried = "carried",
    }
}

impl JournalKind {
    pub(super) const fn event(self) -> &'static str {
        match self {
            JournalKind::Earned => "ledger.earned",
            JournalKind::Unearned => "ledger.unearned",
            JournalKind::Matured => "ledger.matured",
            JournalKind::Spent => "ledger.spent",
            JournalKind::GivenBack => "ledger.given_back",
            JournalKind::PaidOut => "ledger.paid_out",
            JournalKind::Expired => "ledger.expired",
            JournalKind::Granted => "ledger.granted",
            JournalKind::Revoked => "ledger.revoked",
            JournalKind::TakenBack => "ledger.taken_back",
            JournalKind::Repaid => "ledger.repaid",
            JournalKind::WrittenOff => "ledger.written_off",
            JournalKind::Carried => "ledger.carried",
        }
    }
}

row! {
    /// Something that happened to what somebody has earned.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Journal {
        /// Its id.
        pub id: Id<Journal> = "j.id",
        /// What happened.
        pub kind: JournalKind = "j.kind",
        /// To whom.
        pub party_id: Id<Party> = "j.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// By which introduction.
        pub referral_id: Option<Id<Referral>> = "j.referral_id",
        /// At which purchase.
        pub purchase_id: Option<Id<Purchase>> = "j.purchase_id",
        /// What it gives back.
        pub reverses_id: Option<Id<Journal>> = "j.reverses_id",
        /// How much, in minor units.
        pub amount_minor: i64 = "j.amount_minor",
        /// Currency of it.
        pub currency: Currency = "j.currency",
        /// On which day.
        pub day: Day = "j.day",
        /// A note.
        pub note: Option<String> = "j.note",
        /// Who did it; absent for the program itself.
        pub created_by: Option<Id<User>> = "j.created_by",
        /// Their name.
        pub creator: Option<String> = "u.name",
        /// When.
        pub created_at: Instant = "j.created_at",
    }
}

const FROM: &str = "FROM ledger_journals j JOIN parties p ON p.id = j.party_id LEFT JOIN users u ON u.id = j.created_by WHERE 1 = 1";

row! {
    /// What matured at one time.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct LotSeen {
        /// Its id.
        pub id: Id<Lot> = "l.id",
        /// What comes of it.
        pub wallet: Wallet = "l.wallet",
        /// By which introduction.
        pub referral_id: Option<Id<Referral>> = "l.referral_id",
        /// How much it was, in minor units.
        pub amount_minor: i64 = "l.amount_minor",
        /// How much there is still.
        pub left_minor: i64 = "l.left_minor",
        /// How much nobody used in time.
        pub expired_minor: i64 = "l.expired_minor",
        /// Since when it is theirs.
        pub matured_on: Day = "l.matured_on",
        /// Its last day.
        pub expires_on: Day = "l.expires_on",
    }
}

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
    lots: Vec<Lot>,
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

/// Whose books.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerOf {
    /// The customer.
    pub party_id: Option<Id<Party>>,
    /// The same by any identity key, phone or code.
    pub customer: Option<String>,
}

/// What somebody has earned, and what became of it. Amounts are minor units of the currency.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LedgerSeen {
    /// Whose.
    pub party_id: Id<Party>,
    /// Their name.
    pub party: String,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Earned and not final yet.
    pub pending_minor: i64,
    /// Credit to buy with.
    pub credit_minor: i64,
    /// Money to be paid out.
    pub cash_minor: i64,
    /// What they owe us.
    pub owed_minor: i64,
    /// All that ever became theirs, less what was taken back.
    pub matured_minor: i64,
    /// What they bought with, less what was given back.
    pub spent_minor: i64,
    /// What was paid out.
    pub paid_minor: i64,
    /// What nobody used in time.
    pub expired_minor: i64,
    /// What there is still, the lots that are over first first; 200 at most.
    pub lots: Vec<LotSeen>,
}

row! {
    struct Balance {
        name: String,
        balance_minor: i64,
    }
}

row! {
    struct KindSum {
        kind: JournalKind = "j.kind",
        minor: i64 = "CAST(SUM(j.amount_minor) AS BIGINT)",
    }
}

row! {
    struct LotSum {
        amount_minor: i64 = "CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT)",
        expired_minor: i64 = "CAST(COALESCE(SUM(expired_minor), 0) AS BIGINT)",
    }
}

/// What somebody has earned: pending, theirs, paid, used, over, owed, with the lots that there are.
///
/// # Errors
/// [`Error::NotFound`] out of sight; at field `customer` for nobody.
pub async fn get(ctx: &Ctx, input: LedgerOf) -> Result<LedgerSeen> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let mut tx = reader.db.snapshot().await?;
    let who = whom::need(&mut tx, ctx, &reader.sight, input.party_id, input.customer.as_deref()).await?;
    let currency = ctx.app.organisation().await?.currency;
    let query = Sql::select::<Balance>("FROM ledger_accounts WHERE party_id = $1 AND currency = $2");
    let balances: Vec<Balance> = tx.all(query.bind(who.id).bind(currency)).await?;
    let query = Sql::select::<KindSum>("FROM ledger_journals j WHERE j.party_id = $1 AND j.currency = $2 GROUP BY j.kind");
    let sums: Vec<KindSum> = tx.all(query.bind(who.id).bind(currency)).await?;
    let query = Sql::select::<LotSum>("FROM ledger_lots WHERE party_id = $1 AND currency = $2");
    let lot_sum: LotSum = tx.one(query.bind(who.id).bind(currency)).await?;
    let query = "FROM ledger_lots l WHERE l.party_id = $1 AND l.currency = $2 AND l.left_minor > 0 ORDER BY l.expires_on, l.id LIMIT $3";
    let lots = tx.all(Sql::select::<LotSeen>(query).bind(who.id).bind(currency).bind(STEP)).await?;
    tx.commit().await?;
    let balance = |account: Account| {
        let name = name_of(account, who.id);
        balances.iter().find(|one| one.name == name).map_or(0, |one| one.balance_minor)
    };
    let sum = |kind: JournalKind| sums.iter().find(|one| one.kind == kind).map_or(0, |one| one.minor);
    Ok(LedgerSeen {
        party_id: who.id,
        party: who.name,
        currency,
        pending_minor: balance(Account::Pending),
        credit_minor: balance(Account::Liability(Wallet::Credit)),
        cash_minor: balance(Account::Liability(Wallet::Cash)),
        owed_minor: -balance(Account::Receivable),
        matured_minor: lot_sum.amount_minor - sum(JournalKind::TakenBack) - sum(JournalKind::Revoked),
        spent_minor: sum(JournalKind::Spent) - sum(JournalKind::GivenBack),
        paid_minor: sum(JournalKind::PaidOut),
        expired_minor: lot_sum.expired_minor,
        lots,
    })
}

/// Which journals.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListJournals {
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Only of this kind.
    pub kind: Option<JournalKind>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The journals of the ledger, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListJournals) -> Result<Page<Journal>> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Journal>(FROM);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND j.party_id = ").arg(party);
    }
    if let Some(kind) = input.kind {
        query.push(" AND j.kind = ").arg(kind);
    }
    if let Some(after) = &input.after {
        let after: Id<Journal> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND j.id < ").arg(after);
    }
    query.push(" ORDER BY j.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Journal> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| last.id.to_string()))
}

/// What is done, and to how much.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UseBenefit {
    /// Whose.
    pub party_id: Option<Id<Party>>,
    /// The same by any identity key, phone or code.
    pub customer: Option<String>,
    /// How much, as decimal text in major units of the organisation's currency.
    pub amount: String,
    /// At which purchase.
    pub purchase_id: Option<Id<Purchase>>,
    /// The caller's own name for it; sent again with it, it is done once and answered the same.
    pub key: Option<String>,
    /// A note, such as the number of the transfer.
    pub note: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Posted {
    /// What was written.
    #[serde(flatten)]
    pub journal: Journal,
    /// Whether this key had done it before.
    pub is_repeat: bool,
}

fn refused(field: &'static str, key: &'static str) -> Error {
    Error::Conflict(Fields(vec![Problem::new(field, key)]))
}

/// The refusal of what is more than there is, with how much there is.
fn short(ctx: &Ctx, short: Short, key: &'static str, currency: Currency) -> Error {
    match short {
        Short::Nothing => Error::invalid("amount", "ledger-above-zero"),
        Short::Only(minor) => {
            let there = Money { minor, currency }.format_with_unit(ctx.prefs.money_unit, ctx.prefs.digits, ctx.prefs.lang);
            Error::Conflict(Fields(vec![Problem::new("amount", key).with("there", there)]))
        }
    }
}

fn amount(text: &str, currency: Currency) -> Result<i64, Problem> {
    let minor = match Money::parse(text, currency, MoneyUnit::Currency) {
        Ok(money) => money.minor,
        Err(problem) => return Err(Problem::new("amount", problem.key())),
    };
    if minor > 0 { Ok(minor) } else { Err(Problem::new("amount", "ledger-above-zero")) }
}

/// What an input says, once read.
struct Said {
    minor: i64,
    key: Option<String>,
    note: Option<String>,
}

fn said(text: &str, key: Option<&str>, note: Option<&str>, currency: Currency) -> Result<Said> {
    let mut fields = Fields::default();
    let minor = fields.take(amount(text, currency));
    let mut line = |field: &'static str, text: Option<&str>, max: usize| {
        let read = clean_line(text.unwrap_or_default(), max);
        fields.take(read.map_err(|problem| Problem::new(field, problem.key()).with("max", max))).filter(|text| !text.is_empty())
    };
    let (key, note) = (line("key", key, KEY_MAX), line("note", note, NOTE_MAX));
    fields.check()?;
    Ok(Said { minor: minor.unwrap_or_default(), key, note })
}

/// What a key had done before: the same again, or something else.
async fn done_before(tx: &mut Tx, sight: &Sight, key: &str, party: Id<Party>, kind: JournalKind, minor: i64) -> Result<Option<Posted>> {
    let found: Option<(Id<Journal>, Id<Party>, JournalKind, i64)> =
        tx.maybe(sql("SELECT id, party_id, kind, amount_minor FROM ledger_journals WHERE key = $1").bind(key)).await?;
    match found {
        None => Ok(None),
        Some((id, whose, what, much)) if (whose, what, much) == (party, kind, minor) => {
            Ok(Some(Posted { journal: read(tx, sight, id).await?, is_repeat: true }))
        }
        Some(_) => Err(refused("key", "experience-key-used")),
    }
}

async fn read(tx: &mut Tx, sight: &Sight, id: Id<Journal>) -> Result<Journal> {
    let mut query = Sql::select::<Journal>(FROM);
    sight.parties(&mut query);
    query.push(" AND j.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("journal"))
}

/// Something that staff do with what somebody has.
struct Deed {
    perm: Perm,
    kind: JournalKind,
    to: Account,
    is_meant: fn(Wallet) -> bool,
    short: &'static str,
}

const SPEND: Deed = Deed {
    perm: Perm(Room::Sales, Act::Create),
    kind: JournalKind::Spent,
    to: Account::Spent,
    is_meant: |_| true,
    short: "ledger-only-so-much",
};

const PAY_OUT: Deed = Deed {
    perm: Perm(Room::Advocacy, Act::Change),
    kind: JournalKind::PaidOut,
    to: Account::Payout,
    is_meant: |wallet| matches!(wallet, Wallet::Cash),
    short: "ledger-only-so-much-cash",
};

/// What is used of what somebody has.
pub(crate) struct Using<'a> {
    /// Whose.
    pub(crate) party: Id<Party>,
    /// How much, in minor units of the organisation's currency.
    pub(crate) minor: i64,
    /// At which purchase of theirs.
    pub(crate) purchase: Option<Id<Purchase>>,
    /// Names it, so that it is done once.
    pub(crate) key: Option<&'a str>,
    /// A note.
    pub(crate) note: Option<&'a str>,
}

async fn use_some(ctx: &Ctx, input: UseBenefit, deed: &Deed) -> Result<Posted> {
    let writer = ctx.write(deed.perm)?;
    let currency = ctx.app.organisation().await?.currency;
    let Said { minor, key, note } = said(&input.amount, input.key.as_deref(), input.note.as_deref(), currency)?;
    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?.id;
    if let Some(purchase) = input.purchase_id {
        let query = sql("SELECT 1 FROM purchases WHERE id = $1 AND party_id = $2");
        let found: Option<(i64,)> = tx.maybe(query.bind(purchase).bind(party)).await?;
        found.ok_or_else(|| Error::invalid("purchase_id", "experience-purchase-of-other"))?;
    }
    let using = Using { party, minor, purchase: input.purchase_id, key: key.as_deref(), note: note.as_deref() };
    let posted = use_in_tx(&mut tx, ctx, &writer.sight, using, deed).await?;
    if !posted.is_repeat {
        tx.commit().await?;
    }
    Ok(posted)
}

async fn use_in_tx(tx: &mut Tx, ctx: &Ctx, sight: &Sight, using: Using<'_>, deed: &Deed) -> Result<Posted> {
    let Using { party, minor, purchase, key, note } = using;
    let organisation = ctx.app.organisation().await?;
    let (currency, today) = (organisation.currency, ctx.now().day(&organisation.zone()));
    let holder = hold(tx, ctx, party, currency).await?;
    let key = match key {
        Some(key) => format!("{}:{key}", deed.kind),
        None => format!("{}:{}", deed.kind, ctx.id::<Journal>()),
    };
    if let Some(before) = done_before(tx, sight, &key, party, deed.kind, minor).await? {
        return Ok(before);
    }
    let taken = books::take(&holder.lots, today, minor, deed.is_meant, deed.to);
    let moves = taken.map_err(|problem| short(ctx, problem, deed.short, currency))?;
    let posting = Posting {
        key,
        kind: deed.kind,
        party,
        referral: None,
        purchase,
        reverses: None,
        amount_minor: minor,
        currency,
        day: today,
        note,
        moves: &moves,
        lot: None,
    };
    let id = post(tx, ctx, posting).await?.ok_or(Error::Unavailable)?;
    Ok(Posted { journal: read(tx, sight, id).await?, is_repeat: false })
}

/// They buy with what they have: credit or money, what is over first first. What was earned is theirs whatever happened since.
///
/// # Errors
/// [`Error::Conflict`] when there is not so much; for an amount that cannot be read, or a purchase of somebody else.
pub async fn spend(ctx: &Ctx, input: UseBenefit) -> Result<Posted> {
    use_some(ctx, input, &SPEND).await
}

/// The same in the transaction of the purchase, which is theirs.
pub(crate) async fn spend_in_tx(tx: &mut Tx, ctx: &Ctx, sight: &Sight, using: Using<'_>) -> Result<Posted> {
    use_in_tx(tx, ctx, sight, using, &SPEND).await
}

/// A benefit that a policy gives.
pub(crate) struct Granting {
    /// To whom.
    pub(crate) party: Id<Party>,
    /// At whose cost.
    pub(crate) version: Id<Version>,
    /// How much, in minor units of the organisation's currency.
    pub(crate) minor: i64,
    /// At which purchase.
    pub(crate) purchase: Option<Id<Purchase>>,
    /// How many days it is good for, after today.
    pub(crate) valid_days: i64,
}

/// Makes a benefit of a policy theirs, in the transaction of its redemption: a lot of its own, as credit to buy with. Gives the lot.
pub(crate) async fn grant_in_tx(tx: &mut Tx, ctx: &Ctx, granting: Granting) -> Result<Id<Lot>> {
    let Granting { party, version, minor, purchase, valid_days } = granting;
    let organisation = ctx.app.organisation().await?;
    let (currency, today) = (organisation.currency, ctx.now().day(&organisation.zone()));
    let holder = hold(tx, ctx, party, currency).await?;
    let (lot, wallet): (Id<Lot>, Wallet) = (ctx.id(), Wallet::Credit);
    let moves = books::grant(version, minor, wallet, lot, holder.owed_minor);
    let posting = Posting {
        key: format!("granted:{lot}"),
        kind: JournalKind::Granted,
        party,
        referral: None,
        purchase,
        reverses: None,
        amount_minor: minor,
        currency,
        day: today,
        note: None,
        moves: &moves,
        lot: Some(NewLot { id: lot, wallet, minor, expires_on: today.plus(valid_days) }),
    };
    post(tx, ctx, posting).await?.ok_or(Error::Unavailable)?;
    Ok(lot)
}

/// Takes a benefit of a policy back, out of its very lot; what they have used of it they owe us.
pub(crate) async fn revoke_in_tx(
    tx: &mut Tx,
    ctx: &Ctx,
    party: Id<Party>,
    version: Id<Version>,
    lot_id: Id<Lot>,
    note: Option<&str>,
) -> Result<()> {
    let organisation = ctx.app.organisation().await?;
    let (currency, today) = (organisation.currency, ctx.now().day(&organisation.zone()));
    hold(tx, ctx, party, currency).await?;
    let granted: Option<(Id<Journal>, i64)> =
        tx.maybe(sql("SELECT id, amount_minor FROM ledger_journals WHERE key = $1").bind(format!("granted:{lot_id}"))).await?;
    let Some((journal, minor)) = granted else { return Ok(()) };
    let moves = books::revoke(version, &lot(tx, lot_id).await?, minor);
    let posting = Posting {
        key: format!("revoked:{lot_id}"),
        kind: JournalKind::Revoked,
        party,
        referral: None,
        purchase: None,
        reverses: Some(journal),
        amount_minor: minor,
        currency,
        day: today,
        note,
        moves: &moves,
        lot: None,
    };
    post(tx, ctx, posting).await?;
    Ok(())
}

/// Writes down that money was paid out.
///
/// # Errors
/// [`Error::Conflict`] when there is not so much money; for an amount that cannot be read.
pub async fn pay_out(ctx: &Ctx, input: UseBenefit) -> Result<Posted> {
    use_some(ctx, input, &PAY_OUT).await
}

/// What somebody can buy with today. The amount is minor units of the currency.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Available {
    /// Whose.
    pub party_id: Id<Party>,
    /// Their name.
    pub party: String,
    /// Currency of the amount.
    pub currency: Currency,
    /// How much there is, of credit and money.
    pub there_minor: i64,
    /// The last day of what is over first.
    pub until: Option<Day>,
}

/// What somebody can buy with today, for who sells to them.
///
/// # Errors
/// [`Error::NotFound`] out of sight; at field `customer` for nobody.
pub async fn available(ctx: &Ctx, input: LedgerOf) -> Result<Available> {
    let writer = ctx.write(SPEND.perm)?;
    let organisation = ctx.app.organisation().await?;
    let mut tx = ctx.app.db.snapshot().await?;
    let who = whom::need(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?;
    let query = sql("SELECT CAST(COALESCE(SUM(left_minor), 0) AS BIGINT), MIN(expires_on) FROM ledger_lots
                     WHERE party_id = $1 AND currency = $2 AND left_minor > 0 AND expires_on >= $3");
    let query = query.bind(who.id).bind(organisation.currency).bind(ctx.now().day(&organisation.zone()));
    let (there_minor, until): (i64, Option<Day>) = tx.one(query).await?;
    tx.commit().await?;
    Ok(Available { party_id: who.id, party: who.name, currency: organisation.currency, there_minor, until })
}

/// What is given back of something that was bought with a benefit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveBack {
    /// What was spent: the journal of that.
    pub id: Id<Journal>,
    /// How much of it, as decimal text in major units.
    pub amount: String,
    /// The caller's own name for it; sent again with it, it is done once.
    pub key: Option<String>,
    /// A note.
    pub note: Option<String>,
}

row! {
    struct Entry {
        debit: AccountKind = "d.kind",
        wallet: Option<Wallet> = "l.wallet",
        credit: AccountKind = "c.kind",
        lot_id: Option<Id<Lot>> = "e.lot_id",
        amount_minor: i64 = "e.amount_minor",
    }
}

impl Entry {
    /// The move of something that was spent or given back; others there are not in such a journal.
    fn read(self) -> Option<Move> {
        let side = |kind| match (kind, self.wallet) {
            (AccountKind::Liability, Some(wallet)) => Some(Account::Liability(wallet)),
            (AccountKind::Spent, _) => Some(Account::Spent),
            (AccountKind::Receivable, _) => Some(Account::Receivable),
            _ => None,
        };
        Some(Move { debit: side(self.debit)?, credit: side(self.credit)?, minor: self.amount_minor, lot: self.lot_id })
    }
}

const ENTRIES: &str = "FROM ledger_entries e JOIN ledger_journals j ON j.id = e.journal_id JOIN ledger_accounts d ON d.id = e.debit_id
    JOIN ledger_accounts c ON c.id = e.credit_id LEFT JOIN ledger_lots l ON l.id = e.lot_id WHERE ";

/// What was taken out of which lots when something was spent, and what of it was given back before. To be asked while the holder is
/// held.
async fn taken_and_returned(tx: &mut Tx, spent: Id<Journal>) -> Result<(Vec<Move>, Vec<Move>)> {
    let mut query = Sql::select::<Entry>(ENTRIES);
    query.push("e.journal_id = ").arg(spent).push(" ORDER BY e.place");
    let taken = tx.all::<Entry>(query).await?.into_iter().filter_map(Entry::read).collect();
    let mut query = Sql::select::<Entry>(ENTRIES);
    query.push("j.reverses_id = ").arg(spent).push(" ORDER BY e.journal_id, e.place");
    let before = tx.all::<Entry>(query).await?.into_iter().filter_map(Entry::read).collect();
    Ok((taken, before))
}

row! {
    /// What was spent at a purchase of which something came back.
    struct Returning {
        purchase_id: Id<Purchase> = "o.purchase_id",
        back_id: Id<Purchase> = "l.purchase_id",
        party_id: Id<Party> = "b.party_id",
        gross_minor: i64 = "b.gross_minor",
    }
}

/// What was bought with credit and came back with these purchases returns to the credit, to the very lots: of what was spent at a
/// purchase the share that came back of it by now, less what was given back before, never more than was spent. Of a purchase that
/// was paid in part with credit the rest is the till's to pay out.
pub(crate) async fn return_in_tx(tx: &mut Tx, ctx: &Ctx, with: &[Id<Purchase>]) -> Result<()> {
    if with.is_empty() {
        return Ok(());
    }
    let organisation = ctx.app.organisation().await?;
    let (currency, today) = (organisation.currency, ctx.now().day(&organisation.zone()));
    let mut query = Sql::select::<Returning>(
        "FROM purchase_lines l JOIN purchase_lines o ON o.id = l.refund_of JOIN purchases b ON b.id = o.purchase_id
         WHERE l.amount_minor < 0 AND b.party_id IS NOT NULL
           AND EXISTS (SELECT 1 FROM ledger_journals j WHERE j.purchase_id = o.purchase_id AND j.kind = 'spent') AND l.currency = ",
    );
    query.arg(currency).push(" AND l.purchase_id IN ").list_padded(with);
    query.push(" GROUP BY o.purchase_id, l.purchase_id, b.party_id, b.gross_minor ORDER BY b.party_id, o.purchase_id, l.purchase_id");
    for Returning { purchase_id, back_id, party_id, gross_minor } in tx.all::<Returning>(query).await? {
        let mut holder = hold(tx, ctx, party_id, currency).await?;
        let query = sql("SELECT CAST(COALESCE(SUM(-l.amount_minor), 0) AS BIGINT) FROM purchase_lines l
                           JOIN purchase_lines o ON o.id = l.refund_of WHERE o.purchase_id = $1 AND l.amount_minor < 0");
        let (returned,): (i64,) = tx.one(query.bind(purchase_id)).await?;
        let query = sql(
            "SELECT id, amount_minor FROM ledger_journals WHERE purchase_id = $1 AND kind = 'spent' AND party_id = $2 ORDER BY id DESC",
        );
        let spent: Vec<(Id<Journal>, i64)> = tx.all(query.bind(purchase_id).bind(party_id)).await?;
        for (journal, minor) in spent {
            let (taken, before) = taken_and_returned(tx, journal).await?;
            let due = books::returned(&before, minor, returned, gross_minor);
            let Ok(moves) = books::give_back(&taken, &before, due, holder.owed_minor) else { continue };
            let settled: i64 = moves.iter().filter(|one| one.credit == Account::Receivable).map(|one| one.minor).sum();
            holder.owed_minor -= settled;
            let posting = Posting {
                key: format!("given_back:{journal}:{back_id}"),
                kind: JournalKind::GivenBack,
                party: party_id,
                referral: None,
                purchase: Some(back_id),
                reverses: Some(journal),
                amount_minor: due,
                currency,
                day: today,
                note: None,
                moves: &moves,
                lot: None,
            };
            post(tx, ctx, posting).await?;
        }
    }
    Ok(())
}

/// Something that was bought with a benefit was given back: it returns to the very lots it came from, with the days they had.
///
/// # Errors
/// [`Error::NotFound`] for what was not spent or is out of sight; [`Error::Conflict`] when so much is not left to be given back.
pub async fn give_back(ctx: &Ctx, input: GiveBack) -> Result<Posted> {
    let writer = ctx.write(Perm(Room::Sales, Act::Change))?;
    let organisation = ctx.app.organisation().await?;
    let today = ctx.now().day(&organisation.zone());
    let mut tx = writer.begin().await?;
    let spent = read(&mut tx, &writer.sight, input.id).await?;
    if spent.kind != JournalKind::Spent {
        return Err(Error::NotFound("journal"));
    }
    let Said { minor, key, note } = said(&input.amount, input.key.as_deref(), input.note.as_deref(), spent.currency)?;
    let holder = hold(&mut tx, ctx, spent.party_id, spent.currency).await?;
    let key = format!("given_back:{}", key.unwrap_or_else(|| ctx.id::<Journal>().to_string()));
    if let Some(before) = done_before(&mut tx, &writer.sight, &key, spent.party_id, JournalKind::GivenBack, minor).await? {
        return Ok(before);
    }
    let (taken, before) = taken_and_returned(&mut tx, spent.id).await?;
    let back = books::give_back(&taken, &before, minor, holder.owed_minor);
    let moves = back.map_err(|problem| short(ctx, problem, "ledger-only-so-much-back", spent.currency))?;
    let posting = Posting {
        key,
        kind: JournalKind::GivenBack,
        party: spent.party_id,
        referral: None,
        purchase: spent.purchase_id,
        reverses: Some(spent.id),
        amount_minor: minor,
        currency: spent.currency,
        day: today,
        note: note.as_deref(),
        moves: &moves,
        lot: None,
    };
    let id = post(&mut tx, ctx, posting).await?.ok_or(Error::Unavailable)?;
    let journal = read(&mut tx, &writer.sight, id).await?;
    tx.commit().await?;
    Ok(Posted { journal, is_repeat: false })
}

peyvand_db::words! {
    /// How what somebody owes is settled.
    pub enum Settlement {
        /// They gave it back.
        Repaid = "repaid",
        /// We no longer ask for it.
        WrittenOff = "written_off",
    }
}

/// What somebody owes, to be settled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleOwed {
    /// Whose.
    pub party_id: Option<Id<Party>>,
    /// The same by any identity key, phone or code.
    pub customer: Option<String>,
    /// How.
    pub how: Settlement,
    /// How much, as decimal text in major units.
    pub amount: String,
    /// Why, or by which way.
    pub note: String,
    /// The caller's own name for it; sent again with it, it is done once.
    pub key: Option<String>,
}

/// Settles what somebody owes because what they had used was taken back. What they earn later settles it as well.
///
/// # Errors
/// [`Error::Conflict`] when they do not owe so much; without a note.
pub async fn settle_owed(ctx: &Ctx, input: SettleOwed) -> Result<Posted> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Change))?;
    let organisation = ctx.app.organisation().await?;
    let (currency, today) = (organisation.currency, ctx.now().day(&organisation.zone()));
    let Said { minor, key, note } = said(&input.amount, input.key.as_deref(), Some(&input.note), currency)?;
    let note = note.ok_or_else(|| Error::invalid("note", "input-needed"))?;
    let (kind, from) = match input.how {
        Settlement::Repaid => (JournalKind::Repaid, Account::Repaid),
        Settlement::WrittenOff => (JournalKind::WrittenOff, Account::WrittenOff),
    };
    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?.id;
    let holder = hold(&mut tx, ctx, party, currency).await?;
    let key = format!("{kind}:{}", key.unwrap_or_else(|| ctx.id::<Journal>().to_string()));
    if let Some(before) = done_before(&mut tx, &writer.sight, &key, party, kind, minor).await? {
        return Ok(before);
    }
    let settled = books::settle_owed(holder.owed_minor, minor, from);
    let moves = settled.map_err(|problem| short(ctx, problem, "ledger-owes-only", currency))?;
    let posting = Posting {
        key,
        kind,
        party,
        referral: None,
        purchase: None,
        reverses: None,
        amount_minor: minor,
        currency,
        day: today,
        note: Some(&note),
        moves: &moves,
        lot: None,
    };
    let id = post(&mut tx, ctx, posting).await?.ok_or(Error::Unavailable)?;
    let journal = read(&mut tx, &writer.sight, id).await?;
    tx.commit().await?;
    Ok(Posted { journal, is_repeat: false })
}

/// Lets lots go whose days are over. Nobody loses what they earned while we owe them an answer for how they were treated: theirs
/// goes once that is closed. Whoever runs it twice lets nothing go twice.
pub(super) async fn expire(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut after = (Day(jiff::civil::date(1, 1, 1)), Id::<Lot>::FIRST);
    loop {
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        let query = sql("SELECT id, party_id, currency, expires_on FROM ledger_lots
                         WHERE left_minor > 0 AND expires_on < $1 AND (expires_on, id) > ($2, $3) ORDER BY expires_on, id LIMIT $4");
        let over: Vec<(Id<Lot>, Id<Party>, Currency, Day)> =
            ctx.app.db.all(query.bind(today).bind(after.0).bind(after.1).bind(STEP)).await?;
        let Some((last, .., on)) = over.last() else { return Ok(Outcome::Done) };
        after = (*on, *last);
        for (id, party_id, currency, _) in over {
            expire_one(ctx, id, party_id, currency, today).await?;
        }
        jobs::renew(&ctx.app, job).await?;
    }
}

async fn expire_one(ctx: &Ctx, id: Id<Lot>, party_id: Id<Party>, currency: Currency, today: Day) -> Result<()> {
    let mut tx = ctx.app.db.begin().await?;
    if holds::is_held(&mut tx, party_id).await? {
        return Ok(());
    }
    hold(&mut tx, ctx, party_id, currency).await?;
    let lot = lot(&mut tx, id).await?;
    if lot.expires_on >= today || lot.left_minor == 0 {
        return Ok(());
    }
    let moves = books::expire(&lot);
    let posting = Posting {
        // What returned to a lot after it was over goes again on a day of its own.
        key: format!("expired:{id}:{today}"),
        kind: JournalKind::Expired,
        party: party_id,
        referral: None,
        purchase: None,
        reverses: None,
        amount_minor: lot.left_minor,
        currency,
        day: today,
        note: None,
        moves: &moves,
        lot: None,
    };
    post(&mut tx, ctx, posting).await?;
    Ok(tx.commit().await?)
}

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

/// The operations of the ledger.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Advocacy, act));
    ops.add("ledger.get", "GET /ledger/customer", perm(Act::See), "What a customer has earned, and what became of it.", get)
        .example(|| json!({"customer": "09121234567"}));
    ops.add(
        "ledger.available",
        "GET /ledger/available",
        Some(SPEND.perm),
        "What a customer can buy with today, for who sells to them.",
        available,
    )
    .example(|| json!({"customer": "09121234567"}));
    ops.add("ledger.list", "GET /ledger", perm(Act::See), "The journals of the ledger, newest first.", list)
        .example(|| json!({"kind": "paid_out", "limit": 20}));
    ops.add(
        "ledger.spend",
        "POST /ledger/spend",
        Some(Perm(Room::Sales, Act::Create)),
        "Buys with what a customer has earned, what is over first first; with a key it may be sent again.",
        spend,
    )
    .example(|| json!({"customer": "09121234567", "amount": "500000", "key": "till-3-000184"}));
    ops.add(
        "ledger.give_back",
        "POST /ledger/{id}/give-back",
        Some(Perm(Room::Sales, Act::Change)),
        "Returns to the very lots what something that was bought with them cost.",
        give_back,
    )
    .example(|| json!({"id": SOME, "amount": "200000"}));
    ops.add("ledger.pay_out", "POST /ledger/pay-out", perm(Act::Change), "Writes down that money was paid out.", pay_out)
        .example(|| json!({"customer": "09121234567", "amount": "500000", "note": "کارت‌به‌کارت ۸۸۱۲۰۴"}));
    ops.add("ledger.settle_owed", "POST /ledger/settle-owed", perm(Act::Change), "Settles what a customer owes.", settle_owed)
        .example(|| json!({"customer": "09121234567", "how": "written_off", "amount": "120000", "note": "مشتری قدیمی"}));
    ops.add(
        "ledger.verify",
        "GET /ledger/verify",
        perm(Act::Change),
        "Reads the whole ledger again and says whether it is in order.",
        verify,
    );
}
