//! The ledger: journals that are never changed, and what staff do with what somebody has earned. What moves where is said by
//! [`super::books`] and written by [`super::posting`]; [`super::verify`] reads all of it again.

use super::books::{self, Account, AccountKind, Lot, Move, Short, Wallet};
use super::posting::{NewLot, Posting, hold, lot, name_of, post};
use super::referrals::Referral;
use super::verify::verify;
use crate::experience::holds;
use crate::experience::policies::Version;
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::platform::money::{Currency, Money, MoneyUnit};
use crate::platform::text::clean_line;
use crate::sales::Purchase;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

/// Characters of a key of the caller's.
const KEY_MAX: usize = 120;
/// Characters of a note.
const NOTE_MAX: usize = 300;
/// Lots of one step of the job, and lots that one answer shows.
const STEP: i64 = 200;

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
