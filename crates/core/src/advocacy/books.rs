//! Double entry as functions on plain values: what each thing that happens moves from which account to which. The rows of the
//! ledger are written from what these functions say and from nothing else.

use super::benefits::Schedule;
use crate::experience::policies::Version;
use crate::{Day, Id};

peyvand_db::words! {
    /// What comes of a benefit.
    pub enum Wallet {
        /// Credit to buy with.
        Credit = "credit",
        /// Money that is paid out.
        Cash = "cash",
    }
}

peyvand_db::words! {
    /// What an account holds.
    pub enum AccountKind {
        /// What benefits cost us; never above zero.
        Expense = "expense",
        /// What somebody earns once a purchase is final.
        Pending = "pending",
        /// What we owe somebody.
        Liability = "liability",
        /// What somebody owes us, because what they had used was taken back; never above zero.
        Receivable = "receivable",
        /// What nobody used in time.
        Breakage = "breakage",
        /// What was paid out.
        Payout = "payout",
        /// What was bought with.
        Spent = "spent",
        /// What somebody gave back of what they owed; never above zero.
        Repaid = "repaid",
        /// What we no longer ask for; never above zero.
        WrittenOff = "written_off",
    }
}

/// An account as an entry names it; those of a customer are those of whom the journal is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What a schedule costs.
    Expense(Id<Schedule>),
    /// What the benefits of a policy cost: a version of it.
    Policy(Id<Version>),
    /// Earned and not final.
    Pending,
    /// Owed to them.
    Liability(Wallet),
    /// Owed by them.
    Receivable,
    /// Not used in time.
    Breakage,
    /// Paid out.
    Payout,
    /// Bought with.
    Spent,
    /// Given back by them.
    Repaid,
    /// No longer asked for.
    WrittenOff,
}

impl Account {
    /// What it holds.
    #[must_use]
    pub const fn kind(self) -> AccountKind {
        match self {
            Account::Expense(_) | Account::Policy(_) => AccountKind::Expense,
            Account::Pending => AccountKind::Pending,
            Account::Liability(_) => AccountKind::Liability,
            Account::Receivable => AccountKind::Receivable,
            Account::Breakage => AccountKind::Breakage,
            Account::Payout => AccountKind::Payout,
            Account::Spent => AccountKind::Spent,
            Account::Repaid => AccountKind::Repaid,
            Account::WrittenOff => AccountKind::WrittenOff,
        }
    }
}

/// One amount that moves: debited here, credited there. It is above zero, so that every journal is in balance by its making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// From which account.
    pub debit: Account,
    /// To which.
    pub credit: Account,
    /// Minor units, above zero.
    pub minor: i64,
    /// The lot that it comes out of or goes into.
    pub lot: Option<Id<Lot>>,
}

impl Move {
    const fn new(debit: Account, credit: Account, minor: i64) -> Move {
        Move { debit, credit, minor, lot: None }
    }

    const fn of(self, lot: Id<Lot>) -> Move {
        Move { lot: Some(lot), ..self }
    }
}

/// What matured at one time, as far as there is something of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Its id.
    pub id: Id<Lot>,
    /// What comes of it.
    pub wallet: Wallet,
    /// What there is still, in minor units.
    pub left_minor: i64,
    /// What went to breakage, in minor units.
    pub expired_minor: i64,
    /// Its last day.
    pub expires_on: Day,
}

/// Why something cannot be posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    /// There is not so much; carries what there is.
    Only(i64),
    /// Not above zero.
    Nothing,
}

fn moves(all: impl IntoIterator<Item = Move>) -> Vec<Move> {
    all.into_iter().filter(|one| one.minor > 0).collect()
}

/// A friend has bought: it becomes theirs when the purchase is final.
#[must_use]
pub fn earn(schedule: Id<Schedule>, minor: i64) -> Vec<Move> {
    moves([Move::new(Account::Expense(schedule), Account::Pending, minor)])
}

/// It came to nothing, or to less, before it was final.
#[must_use]
pub fn unearn(schedule: Id<Schedule>, minor: i64) -> Vec<Move> {
    moves([Move::new(Account::Pending, Account::Expense(schedule), minor)])
}

/// It is final: a new lot of theirs. What they owe us is taken out of it first.
#[must_use]
pub fn mature(minor: i64, wallet: Wallet, lot: Id<Lot>, owed_minor: i64) -> Vec<Move> {
    become_theirs(Account::Pending, minor, wallet, lot, owed_minor)
}

/// A policy gives it: a new lot of theirs at once. What they owe us is taken out of it first.
#[must_use]
pub fn grant(version: Id<Version>, minor: i64, wallet: Wallet, lot: Id<Lot>, owed_minor: i64) -> Vec<Move> {
    become_theirs(Account::Policy(version), minor, wallet, lot, owed_minor)
}

fn become_theirs(from: Account, minor: i64, wallet: Wallet, lot: Id<Lot>, owed_minor: i64) -> Vec<Move> {
    let held = Account::Liability(wallet);
    let settled = owed_minor.clamp(0, minor.max(0));
    moves([Move::new(from, held, minor).of(lot), Move::new(held, Account::Receivable, settled).of(lot)])
}

/// They use something of it: of the lots that are good on that day, what is over first goes first.
///
/// # Errors
/// When there is not so much.
pub fn take(lots: &[Lot], today: Day, minor: i64, is_meant: impl Fn(Wallet) -> bool, to: Account) -> Result<Vec<Move>, Short> {
    if minor <= 0 {
        return Err(Short::Nothing);
    }
    let mut good: Vec<&Lot> = lots.iter().filter(|lot| lot.left_minor > 0 && lot.expires_on >= today && is_meant(lot.wallet)).collect();
    good.sort_by_key(|lot| (lot.expires_on, lot.id));
    let mut rest = minor;
    let taken = moves(good.into_iter().map(|lot| {
        let part = lot.left_minor.min(rest);
        rest -= part;
        Move::new(Account::Liability(lot.wallet), to, part).of(lot.id)
    }));
    if rest > 0 { Err(Short::Only(minor - rest)) } else { Ok(taken) }
}

/// A lot's days are over.
#[must_use]
pub fn expire(lot: &Lot) -> Vec<Move> {
    moves([Move::new(Account::Liability(lot.wallet), Account::Breakage, lot.left_minor).of(lot.id)])
}

/// What brought a lot was given back: it comes out of that very lot; of what they did not use in time nothing is asked back; what
/// they have used they owe us.
#[must_use]
pub fn claw_back(schedule: Id<Schedule>, lot: &Lot, minor: i64) -> Vec<Move> {
    take_out(Account::Expense(schedule), lot, minor)
}

/// A policy takes back what it gave: out of that very lot, as [`claw_back`] does.
#[must_use]
pub fn revoke(version: Id<Version>, lot: &Lot, minor: i64) -> Vec<Move> {
    take_out(Account::Policy(version), lot, minor)
}

fn take_out(expense: Account, lot: &Lot, minor: i64) -> Vec<Move> {
    let left = lot.left_minor.min(minor).max(0);
    let unused = lot.expired_minor.min(minor - left).max(0);
    moves([
        Move::new(Account::Liability(lot.wallet), expense, left).of(lot.id),
        Move::new(Account::Breakage, expense, unused).of(lot.id),
        Move::new(Account::Receivable, expense, minor - left - unused),
    ])
}

/// What they bought with it was given back: it returns to the very lots it came from, those that are good longest first; what they
/// owe us is taken out of it. `taken` is what was taken, `before` what of it was given back before, as moves of the same lots.
///
/// # Errors
/// When so much was not taken.
pub fn give_back(taken: &[Move], before: &[Move], minor: i64, owed_minor: i64) -> Result<Vec<Move>, Short> {
    if minor <= 0 {
        return Err(Short::Nothing);
    }
    let (mut rest, mut owed) = (minor, owed_minor);
    let back = moves(taken.iter().rev().flat_map(|one| {
        let is_return = |back: &&Move| back.lot == one.lot && back.credit == one.debit;
        let returned: i64 = before.iter().filter(is_return).map(|back| back.minor).sum();
        let part = (one.minor - returned).min(rest).max(0);
        rest -= part;
        let settled = owed.clamp(0, part);
        owed -= settled;
        let into = Move { debit: one.credit, credit: one.debit, minor: part, lot: one.lot };
        [into, Move { debit: one.debit, credit: Account::Receivable, minor: settled, lot: one.lot }]
    }));
    if rest > 0 { Err(Short::Only(minor - rest)) } else { Ok(back) }
}

/// How much of what was spent at a purchase is due back: its share of what came back of the purchase by now, rounded down, less what
/// was given back before. Nothing for a purchase of nothing.
#[must_use]
pub fn returned(before: &[Move], spent_minor: i64, returned_minor: i64, gross_minor: i64) -> i64 {
    let gave: i64 = before.iter().filter(|one| one.credit != Account::Receivable).map(|one| one.minor).sum();
    if gross_minor <= 0 {
        return 0;
    }
    let share = i128::from(spent_minor) * i128::from(returned_minor.clamp(0, gross_minor)) / i128::from(gross_minor);
    i64::try_from(share).map_or(0, |share| (share - gave).max(0))
}

/// What they owe us is given back, or we no longer ask for it.
///
/// # Errors
/// When they do not owe so much.
pub fn settle_owed(owed_minor: i64, minor: i64, from: Account) -> Result<Vec<Move>, Short> {
    if minor <= 0 {
        return Err(Short::Nothing);
    }
    if minor > owed_minor { Err(Short::Only(owed_minor)) } else { Ok(moves([Move::new(from, Account::Receivable, minor)])) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn id<T>(number: u128) -> Id<T> {
        Id::new(uuid::Uuid::from_u128(number))
    }

    fn day(number: i64) -> Day {
        Day(jiff::civil::date(2026, 1, 1)).plus(number)
    }

    fn lot(number: u128, left: i64, expires: i64) -> Lot {
        Lot { id: id(number), wallet: Wallet::Credit, left_minor: left, expired_minor: 0, expires_on: day(expires) }
    }

    fn amounts(moves: &[Move]) -> Vec<(AccountKind, AccountKind, i64)> {
        moves.iter().map(|one| (one.debit.kind(), one.credit.kind(), one.minor)).collect()
    }

    #[test]
    fn what_is_over_first_goes_first_and_nobody_spends_more_than_there_is() {
        let lots = [lot(1, 50, 90), lot(2, 30, 10), lot(3, 20, 10), lot(4, 40, -1)];
        let any = |_| true;
        let taken = take(&lots, day(0), 60, any, Account::Spent).unwrap();
        assert_eq!(
            taken.iter().map(|one| (one.lot, one.minor)).collect::<Vec<_>>(),
            [(Some(id(2)), 30), (Some(id(3)), 20), (Some(id(1)), 10)]
        );
        assert_eq!(take(&lots, day(0), 101, any, Account::Spent), Err(Short::Only(100)), "what is over is not spent");
        assert_eq!(take(&lots, day(0), 0, any, Account::Spent), Err(Short::Nothing));
        assert_eq!(take(&lots, day(0), 10, |wallet| wallet == Wallet::Cash, Account::Payout), Err(Short::Only(0)));
        assert_eq!((returned(&[], 60, 50, 100), returned(&[], 60, 33, 100), returned(&[], 60, 500, 100)), (30, 19, 60));
        assert_eq!((returned(&[], 60, 50, 0), returned(&[], i64::MAX, 1, 1)), (0, i64::MAX));
        let given = grant(id(7), 50, Wallet::Credit, id(1), 20);
        assert_eq!(
            amounts(&given),
            [(AccountKind::Expense, AccountKind::Liability, 50), (AccountKind::Liability, AccountKind::Receivable, 20)]
        );
        let back = revoke(id(7), &lot(1, 30, 90), 50);
        assert_eq!(
            amounts(&back),
            [(AccountKind::Liability, AccountKind::Expense, 30), (AccountKind::Receivable, AccountKind::Expense, 20)],
            "what they have used they owe"
        );
        let back = give_back(&taken, &[], 25, 0).unwrap();
        assert_eq!((returned(&back, 60, 50, 100), returned(&back, 60, 10, 100)), (5, 0), "what was given back before counts");
        assert_eq!(back.iter().map(|one| (one.lot, one.minor)).collect::<Vec<_>>(), [(Some(id(1)), 10), (Some(id(3)), 15)]);
        let more = give_back(&taken, &back, 35, 0).unwrap();
        assert_eq!(more.iter().map(|one| (one.lot, one.minor)).collect::<Vec<_>>(), [(Some(id(3)), 5), (Some(id(2)), 30)]);
        assert_eq!(give_back(&taken, &back, 36, 0), Err(Short::Only(35)));
    }

    #[test]
    fn what_is_taken_back_comes_out_of_the_very_lot_and_what_was_used_is_owed() {
        use AccountKind::{Breakage, Expense, Liability, Pending, Receivable};
        let whole = claw_back(id(9), &lot(1, 80, 90), 100);
        assert_eq!(amounts(&whole), [(Liability, Expense, 80), (Receivable, Expense, 20)]);
        let part = claw_back(id(9), &lot(1, 80, 90), 30);
        assert_eq!(amounts(&part), [(Liability, Expense, 30)]);
        let unused = Lot { left_minor: 0, expired_minor: 70, ..lot(1, 0, 0) };
        assert_eq!(amounts(&claw_back(id(9), &unused, 100)), [(Breakage, Expense, 70), (Receivable, Expense, 30)]);
        assert_eq!(amounts(&mature(50, Wallet::Cash, id(2), 20)), [(Pending, Liability, 50), (Liability, Receivable, 20)]);
        assert_eq!(amounts(&mature(50, Wallet::Cash, id(2), 90)), [(Pending, Liability, 50), (Liability, Receivable, 50)]);
        let taken = [Move::new(Account::Liability(Wallet::Credit), Account::Spent, 60).of(id(1))];
        assert_eq!(amounts(&give_back(&taken, &[], 60, 20).unwrap()), [(AccountKind::Spent, Liability, 60), (Liability, Receivable, 20)]);
        assert_eq!(settle_owed(20, 21, Account::Repaid), Err(Short::Only(20)));
    }

    /// The books of one customer, as the rows would have them.
    #[derive(Default)]
    struct Books {
        balances: BTreeMap<Account, i64>,
        lots: Vec<Lot>,
        journal: Vec<Move>,
        rewards: Vec<(Id<Lot>, i64)>,
        spent: Vec<(Vec<Move>, Vec<Move>)>,
    }

    impl Books {
        fn post(&mut self, moves: &[Move]) {
            for one in moves {
                assert!(one.minor > 0 && one.debit != one.credit);
                *self.balances.entry(one.debit).or_default() -= one.minor;
                *self.balances.entry(one.credit).or_default() += one.minor;
                if let Some(lot) = self.lots.iter_mut().find(|lot| Some(lot.id) == one.lot) {
                    match (one.debit, one.credit) {
                        (Account::Liability(_), Account::Breakage) => {
                            lot.left_minor -= one.minor;
                            lot.expired_minor += one.minor;
                        }
                        (Account::Liability(_), _) => lot.left_minor -= one.minor,
                        (_, Account::Liability(_)) => lot.left_minor += one.minor,
                        (Account::Breakage, _) => lot.expired_minor -= one.minor,
                        _ => {}
                    }
                }
                self.journal.push(*one);
            }
        }

        fn balance(&self, account: Account) -> i64 {
            self.balances.get(&account).copied().unwrap_or_default()
        }

        fn check(&self) {
            assert_eq!(self.balances.values().map(|minor| i128::from(*minor)).sum::<i128>(), 0);
            for (account, minor) in &self.balances {
                let is_ours = matches!(
                    account.kind(),
                    AccountKind::Expense | AccountKind::Receivable | AccountKind::Repaid | AccountKind::WrittenOff
                );
                assert!(if is_ours { *minor <= 0 } else { *minor >= 0 }, "{account:?}: {minor}");
            }
            for wallet in Wallet::ALL {
                let left: i64 = self.lots.iter().filter(|lot| lot.wallet == *wallet).map(|lot| lot.left_minor).sum();
                assert_eq!(left, self.balance(Account::Liability(*wallet)));
            }
            assert!(self.lots.iter().all(|lot| lot.left_minor >= 0 && lot.expired_minor >= 0));
            let mut replayed: BTreeMap<Account, i64> = BTreeMap::new();
            for one in &self.journal {
                *replayed.entry(one.debit).or_default() -= one.minor;
                *replayed.entry(one.credit).or_default() += one.minor;
            }
            assert_eq!(replayed, self.balances);
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_the_books_are_in_balance_and_nothing_hides_below_zero(
            steps in proptest::collection::vec((0_u8..9, 1_i64..1_000, 0_usize..6, 0_i64..40), 1..80),
        ) {
            let schedule = id(1_000_000);
            let mut books = Books::default();
            let mut today = day(0);
            for (number, (what, minor, which, days)) in steps.into_iter().enumerate() {
                today = today.plus(days);
                match what {
                    0 => books.post(&earn(schedule, minor)),
                    1 => {
                        let pending = books.balance(Account::Pending);
                        books.post(&unearn(schedule, minor.min(pending)));
                    }
                    2 => {
                        let (ripe, owed) = (books.balance(Account::Pending).min(minor), -books.balance(Account::Receivable));
                        if ripe > 0 {
                            let wallet = Wallet::ALL[which % 2];
                            let lot = Lot { id: id(number as u128 + 1), wallet, left_minor: 0, expired_minor: 0, expires_on: today.plus(60) };
                            books.lots.push(lot);
                            books.rewards.push((lot.id, ripe));
                            books.post(&mature(ripe, wallet, lot.id, owed));
                        }
                    }
                    3 | 4 => {
                        let to = if what == 3 { Account::Spent } else { Account::Payout };
                        let is_meant = |wallet| what == 3 || wallet == Wallet::Cash;
                        if let Ok(taken) = take(&books.lots, today, minor, is_meant, to) {
                            prop_assert_eq!(taken.iter().map(|one| one.minor).sum::<i64>(), minor);
                            books.post(&taken);
                            if what == 3 {
                                books.spent.push((taken, Vec::new()));
                            }
                        }
                    }
                    5 => {
                        let over: Vec<Lot> = books.lots.iter().filter(|lot| lot.expires_on < today).copied().collect();
                        for lot in over {
                            books.post(&expire(&lot));
                        }
                        let again: usize = books.lots.iter().filter(|lot| lot.expires_on < today).map(|lot| expire(lot).len()).sum();
                        prop_assert_eq!(again, 0, "twice expires nothing twice");
                    }
                    6 => {
                        if let Some((lot, left)) = books.rewards.get_mut(which) {
                            let part = minor.min(*left);
                            *left -= part;
                            let lot = *books.lots.iter().find(|one| one.id == *lot).unwrap();
                            books.post(&claw_back(schedule, &lot, part));
                        }
                    }
                    7 => {
                        let owed = -books.balance(Account::Receivable);
                        let found = books.spent.get(which).and_then(|(taken, before)| give_back(taken, before, minor, owed).ok());
                        if let Some(back) = found {
                            books.post(&back);
                            books.spent[which].1.extend(back);
                        }
                    }
                    _ => {
                        let owed = -books.balance(Account::Receivable);
                        let from = if which % 2 == 0 { Account::Repaid } else { Account::WrittenOff };
                        if let Ok(settled) = settle_owed(owed, minor, from) {
                            books.post(&settled);
                        }
                    }
                }
                books.check();
            }
        }
    }
}
