//! What an introduction brings to who introduced, by the schedule that was in force when it was written down: earned when the
//! friend has bought, theirs when that is final, taken back out of the very lot when the friend gives it back. Advocates alone get
//! it; what somebody has earned stays theirs whatever becomes of them later.

use super::benefits::{self, Schedule};
use super::books::{self, Lot, Move};
use super::ledger::{self, JournalKind};
use super::posting::{self, NewLot, Posting};
use super::referrals::Referral;
use super::rules::{ReferralState, Stand};
use crate::experience::legality::{Form, Verdict, verdict};
use crate::lifecycle::{Stage, Standing};
use crate::parties::Party;
use crate::platform::jobs::{Outcome, QueuedJob};
use crate::{Ctx, Day, Result};
use peyvand_db::{Id, Sql, Tx, row, sql};
use tokio::sync::watch;

/// Introductions of one step of the job.
const STEP: i64 = 500;

peyvand_db::words! {
    /// How what an introduction brings stands.
    pub enum RewardState {
        /// Nothing has come of it yet.
        Open = "open",
        /// It is earned, and not final.
        Pending = "pending",
        /// It waits until it is made good how they were treated.
        Waits = "waits",
        /// It is theirs.
        Matured = "matured",
        /// It brings nothing: who introduced was no advocate on the day it was final, or it came to nothing.
        Nothing = "nothing",
        /// It was theirs and was taken back.
        TakenBack = "taken_back",
    }
}

/// What is in the books of an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booked {
    /// How it stands.
    pub state: RewardState,
    /// How much, in minor units.
    pub minor: i64,
}

/// What should be in the books. `worth` is what the schedule says of what the friend paid, and `may` whether who introduced may
/// have a benefit on the day that counts.
///
/// What is pending follows what the friend pays. What is theirs only ever becomes less, by what the friend gives back later.
/// Somebody who was treated without respect waits for what they have not earned yet.
#[must_use]
pub fn due(is: Booked, state: ReferralState, worth: i64, may: Verdict) -> Booked {
    use RewardState::{Matured, Nothing, Open, Pending, TakenBack, Waits};
    let nothing = |state| Booked { state, minor: 0 };
    match (state, is.state) {
        // A person looks at it: what there is waits with it.
        (ReferralState::PendingReview, _) => is,
        (ReferralState::Captured | ReferralState::Qualified, Open | Pending | Waits) => nothing(Open),
        (ReferralState::Captured | ReferralState::Qualified, _) => is,
        (ReferralState::Converted, Pending) => Booked { state: Pending, minor: worth },
        (ReferralState::Converted, Open | Waits) if may.is_allowed() && worth > 0 => Booked { state: Pending, minor: worth },
        (ReferralState::Converted, _) => is,
        (ReferralState::Confirmed | ReferralState::Rewarded, Matured) => Booked { state: Matured, minor: is.minor.min(worth) },
        (ReferralState::Confirmed | ReferralState::Rewarded, Pending) if worth > 0 => Booked { state: Matured, minor: worth },
        (ReferralState::Confirmed | ReferralState::Rewarded, Open | Waits | TakenBack) if worth > 0 => match may {
            Verdict::Allowed => Booked { state: Matured, minor: worth },
            Verdict::OnHold => nothing(Waits),
            Verdict::NotYet | Verdict::Forbidden | Verdict::Over => nothing(Nothing),
        },
        (ReferralState::Confirmed | ReferralState::Rewarded, Nothing) => is,
        (ReferralState::Confirmed | ReferralState::Rewarded, _) => nothing(Nothing),
        (ReferralState::Rejected | ReferralState::Expired | ReferralState::Reversed, Matured | TakenBack) => nothing(TakenBack),
        (ReferralState::Rejected | ReferralState::Expired | ReferralState::Reversed, _) => nothing(Nothing),
    }
}

/// Remembers which schedule an introduction goes by: the one in force on the day on which it is written down, if there is one.
pub(super) async fn begin(tx: &mut Tx, referral: Id<Referral>, captured_on: Day) -> Result<()> {
    let Some(schedule) = benefits::in_force(tx, captured_on).await? else { return Ok(()) };
    tx.run(
        sql("INSERT INTO rewards (referral_id, schedule_id, state, amount_minor, turn) VALUES ($1, $2, $3, 0, 0)")
            .bind(referral)
            .bind(schedule)
            .bind(RewardState::Open),
    )
    .await?;
    Ok(())
}

/// Forgets what an introduction was to bring that turned out to be another one; nothing had come of it.
pub(super) async fn forget(tx: &mut Tx, referral: Id<Referral>) -> Result<()> {
    tx.run(sql("DELETE FROM rewards WHERE referral_id = $1 AND state = 'open'").bind(referral)).await?;
    Ok(())
}

row! {
    struct Stored {
        schedule_id: Id<Schedule>,
        state: RewardState,
        party_id: Option<Id<Party>>,
        amount_minor: i64,
        lot_id: Option<Id<Lot>>,
        turn: i64,
    }
}

/// An introduction, as far as what it brings depends on it.
pub(super) struct Brought {
    pub(super) id: Id<Referral>,
    pub(super) referrer: Id<Party>,
    pub(super) stand: Stand,
    /// What the friend paid at the first purchase that stands, after discounts and what they gave back, in minor units.
    pub(super) paid_minor: i64,
}

/// Brings the books where the facts put them, and says where the introduction stands then: what is confirmed and brought something
/// is rewarded.
pub(super) async fn follow(tx: &mut Tx, ctx: &Ctx, brought: Brought, today: Day) -> Result<ReferralState> {
    let state = brought.stand.state;
    let query = Sql::select::<Stored>("FROM rewards WHERE referral_id = $1 {for_update}").bind(brought.id);
    let Some(mut stored) = tx.maybe::<Stored>(query).await? else { return Ok(state) };
    let terms = benefits::terms(tx, stored.schedule_id).await?;
    // What is pending for one whose word is believed no more becomes nothing, and begins again for the other.
    if let Some(other) = stored.party_id.filter(|party| *party != brought.referrer && stored.state == RewardState::Pending) {
        let nothing = Booked { state: RewardState::Open, minor: 0 };
        post(tx, ctx, &brought, &mut stored, &terms, other, nothing, today).await?;
    }
    let is = Booked { state: stored.state, minor: stored.amount_minor };
    let day = match stored.state {
        RewardState::Waits => today,
        _ => brought.stand.confirmed_on.or(brought.stand.converted_on).unwrap_or(today),
    };
    let may = may_have(tx, brought.referrer, day).await?;
    let next = due(is, state, terms.benefit(brought.paid_minor), may);
    if next != is {
        let party = stored.party_id.unwrap_or(brought.referrer);
        post(tx, ctx, &brought, &mut stored, &terms, party, next, today).await?;
    }
    let is_rewarded = state == ReferralState::Confirmed && next.state == RewardState::Matured && next.minor > 0;
    Ok(if is_rewarded { ReferralState::Rewarded } else { state })
}

/// Whether somebody may have a benefit, as their stage and standing were on a day.
async fn may_have(tx: &mut Tx, party: Id<Party>, day: Day) -> Result<Verdict> {
    let query =
        sql("SELECT stage, standing FROM stage_memberships WHERE party_id = $1 AND entered_on <= $2 AND (left_on IS NULL OR left_on > $2)
                     ORDER BY place DESC LIMIT 1");
    let found: Option<(Stage, Standing)> = tx.maybe(query.bind(party).bind(day)).await?;
    Ok(found.map_or(Verdict::Forbidden, |(stage, standing)| verdict(Form::Benefit, stage, standing)))
}

/// Writes what leads from what is in the books to what should be.
#[expect(clippy::too_many_arguments, reason = "each is read where it is called, and a struct of them would be used once")]
async fn post(
    tx: &mut Tx,
    ctx: &Ctx,
    brought: &Brought,
    stored: &mut Stored,
    terms: &benefits::Terms,
    party: Id<Party>,
    next: Booked,
    today: Day,
) -> Result<()> {
    let schedule = stored.schedule_id;
    let is_pending = stored.state == RewardState::Pending;
    let is_matured = stored.state == RewardState::Matured;
    let change = next.minor - stored.amount_minor;
    let mut books = Books { tx, ctx, brought, terms, party, today, turn: stored.turn };
    if !is_matured && next.minor > 0 || is_pending {
        // Earned first, or made more or less, whether it stays pending or becomes theirs at once.
        let target = if matches!(next.state, RewardState::Pending | RewardState::Matured) { next.minor } else { 0 };
        let change = target - if is_pending { stored.amount_minor } else { 0 };
        posting::hold(books.tx, ctx, party, terms.currency).await?;
        if change >= 0 {
            books.write(JournalKind::Earned, change, &books::earn(schedule, change), None).await?;
        } else {
            books.write(JournalKind::Unearned, -change, &books::unearn(schedule, -change), None).await?;
        }
    }
    if next.state == RewardState::Matured && !is_matured {
        let holder = posting::hold(books.tx, ctx, party, terms.currency).await?;
        let lot: Id<Lot> = ctx.id();
        let moves = books::mature(next.minor, terms.wallet, lot, holder.owed_minor);
        let new = NewLot { id: lot, wallet: terms.wallet, minor: next.minor, expires_on: today.plus(terms.valid_days) };
        books.write(JournalKind::Matured, next.minor, &moves, Some(new)).await?;
        stored.lot_id = Some(lot);
    } else if let Some(lot) = stored.lot_id.filter(|_| is_matured && change < 0) {
        posting::hold(books.tx, ctx, party, terms.currency).await?;
        let lot = posting::lot(books.tx, lot).await?;
        books.write(JournalKind::TakenBack, -change, &books::claw_back(schedule, &lot, -change), None).await?;
    }
    stored.turn = books.turn;
    let is_theirs = matches!(next.state, RewardState::Pending | RewardState::Matured | RewardState::TakenBack);
    (stored.state, stored.amount_minor, stored.party_id) = (next.state, next.minor, Some(party).filter(|_| is_theirs));
    tx.run(
        sql("UPDATE rewards SET state = $1, party_id = $2, amount_minor = $3, lot_id = $4, turn = $5 WHERE referral_id = $6")
            .bind(stored.state)
            .bind(stored.party_id)
            .bind(stored.amount_minor)
            .bind(stored.lot_id)
            .bind(stored.turn)
            .bind(brought.id),
    )
    .await?;
    Ok(())
}

/// The books of who introduced, open for what one introduction brings.
struct Books<'a> {
    tx: &'a mut Tx,
    ctx: &'a Ctx,
    brought: &'a Brought,
    terms: &'a benefits::Terms,
    party: Id<Party>,
    today: Day,
    turn: i64,
}

impl Books<'_> {
    async fn write(&mut self, kind: JournalKind, minor: i64, moves: &[Move], lot: Option<NewLot>) -> Result<()> {
        if moves.is_empty() {
            return Ok(());
        }
        self.turn += 1;
        let posting = Posting {
            key: format!("reward:{}:{}", self.brought.id, self.turn),
            kind,
            party: self.party,
            referral: Some(self.brought.id),
            purchase: None,
            reverses: None,
            amount_minor: minor,
            currency: self.terms.currency,
            day: self.today,
            note: None,
            moves,
            lot,
        };
        posting::post(self.tx, self.ctx, posting).await?;
        Ok(())
    }
}

/// The nightly job: lets lots go whose days are over, and looks again at what waits until it is made good how somebody was treated.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn keep(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    if ledger::expire(ctx, job, stop).await? == Outcome::GoOn {
        return Ok(Outcome::GoOn);
    }
    let mut after = Id::<Referral>::FIRST;
    loop {
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        let query = sql("SELECT referral_id FROM rewards WHERE state = 'waits' AND referral_id > $1 ORDER BY referral_id LIMIT $2");
        let found: Vec<(Id<Referral>,)> = ctx.app.db.all(query.bind(after).bind(STEP)).await?;
        let Some((last,)) = found.last() else { return Ok(Outcome::Done) };
        after = *last;
        super::follow::settle_all(ctx, found).await?;
        crate::platform::jobs::renew(&ctx.app, job).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RewardState::{Matured, Nothing, Open, Pending, TakenBack, Waits};

    fn booked(state: RewardState, minor: i64) -> Booked {
        Booked { state, minor }
    }

    #[test]
    fn what_is_earned_becomes_theirs_when_it_is_final_and_an_advocate_alone_earns() {
        use ReferralState::{Captured, Confirmed, Converted, Qualified, Reversed};
        let open = booked(Open, 0);
        assert_eq!(due(open, Captured, 50, Verdict::Allowed), open);
        assert_eq!(due(open, Converted, 50, Verdict::Forbidden), open, "it may be allowed by the day it is final");
        let pending = due(open, Converted, 50, Verdict::Allowed);
        assert_eq!(pending, booked(Pending, 50));
        assert_eq!(due(pending, Converted, 30, Verdict::Over), booked(Pending, 30), "it follows what is paid");
        assert_eq!(due(pending, Qualified, 0, Verdict::Allowed), open, "the purchase was given back at once");
        let theirs = due(pending, Confirmed, 40, Verdict::OnHold);
        assert_eq!(theirs, booked(Matured, 40), "what was earned is theirs whatever happens to them");
        assert_eq!(due(open, Confirmed, 40, Verdict::Forbidden), booked(Nothing, 0));
        assert_eq!(due(booked(Nothing, 0), Confirmed, 40, Verdict::Allowed), booked(Nothing, 0), "decided on its day");
        assert_eq!(due(theirs, Confirmed, 90, Verdict::Allowed), theirs, "never more");
        assert_eq!(due(theirs, Confirmed, 10, Verdict::Allowed), booked(Matured, 10), "but less");
        assert_eq!(due(theirs, Reversed, 0, Verdict::Allowed), booked(TakenBack, 0));
        assert_eq!(due(pending, Reversed, 0, Verdict::Allowed), booked(Nothing, 0));
    }

    #[test]
    fn who_was_treated_without_respect_waits_for_what_they_had_not_earned_yet() {
        let waits = due(booked(Open, 0), ReferralState::Confirmed, 40, Verdict::OnHold);
        assert_eq!(waits, booked(Waits, 0));
        assert_eq!(due(waits, ReferralState::Confirmed, 40, Verdict::OnHold), waits);
        assert_eq!(due(waits, ReferralState::Confirmed, 40, Verdict::Allowed), booked(Matured, 40));
        assert_eq!(due(waits, ReferralState::Confirmed, 40, Verdict::Over), booked(Nothing, 0));
    }
}
