//! What is known of customers, read from where it was written: for many who follow each other, or for some.

use super::engine::{Answer, Complaint, Decided, History, Incident, Introduced, Occasion};
use super::gates::{Asked, Gate};
use super::{Decision, DecisionKind};
use crate::parties::Party;
use crate::platform::access::User;
use crate::sales::Purchase;
use crate::{Day, Instant, Result};
use jiff::tz::TimeZone;
use peyvand_db::{Id, Sql, Tx, row, sql};
use std::collections::HashMap;

/// Of whom.
#[derive(Clone, Copy, Debug)]
pub enum Whom<'a> {
    /// Those after one and up to another, in the order of ids.
    Between(Id<Party>, Id<Party>),
    /// These.
    These(&'a [Id<Party>]),
}

impl Whom<'_> {
    /// Puts the condition on a column behind what is asked.
    pub(super) fn of(self, query: &mut Sql, column: &'static str) {
        query.push(column);
        match self {
            Whom::Between(after, last) => query.push(" > ").arg(after).push(" AND ").push(column).push(" <= ").arg(last),
            Whom::These(ids) => query.push(" IN ").list_padded(ids),
        };
    }
}

row! {
    struct Known {
        id: Id<Party>,
        created_at: Instant,
        archived_at: Option<Instant>,
        is_merged: bool = "(merged_into IS NOT NULL)",
    }
}

row! {
    struct Bought {
        party_id: Id<Party>,
        day: Day,
        id: Id<Purchase>,
        gross_minor: i64,
    }
}

row! {
    struct Returned {
        party_id: Id<Party> = "l.party_id",
        day: Day = "l.day",
        bought_on: Option<Day> = "o.day",
        amount_minor: i64 = "l.amount_minor",
    }
}

row! {
    struct Spoke {
        party_id: Id<Party>,
        at: Instant,
        is_complaint: bool = "reason = 'complaint' AND reason IS NOT NULL",
    }
}

row! {
    struct Answered {
        party_id: Id<Party>,
        id: Id<()>,
        kind: Asked,
        score: i64,
        day: Day,
    }
}

row! {
    struct Said {
        party_id: Id<Party>,
        id: Id<super::decisions::StageDecision>,
        decision: DecisionKind,
        gate: Option<Gate>,
        decided_on: Day,
        created_by: Option<Id<User>>,
    }
}

row! {
    struct Complained {
        party_id: Id<Party>,
        opened_on: Day,
        due_at: Instant,
        closed_at: Option<Instant>,
    }
}

row! {
    struct Offended {
        party_id: Id<Party>,
        id: Id<()>,
        severity: i64,
        is_hostile: bool,
        opened_at: Instant,
        closed_at: Option<Instant>,
        /// They told somebody that what was done made it good.
        is_recovered: bool = "(recovery_score IS NOT NULL AND recovery_score >= 4)",
    }
}

row! {
    struct Brought {
        referrer_id: Id<Party>,
        id: Id<()>,
        confirmed_on: Day,
    }
}

/// The histories of customers, in the order of their ids.
///
/// # Errors
/// When the database is out of reach.
pub async fn read(tx: &mut Tx, whom: Whom<'_>, zone: &TimeZone) -> Result<Vec<(Id<Party>, History)>> {
    let mut query = Sql::select::<Known>("FROM parties WHERE ");
    whom.of(&mut query, "id");
    query.push(" ORDER BY id");
    let known: Vec<Known> = tx.all(query).await?;
    let mut histories: Vec<(Id<Party>, History)> = known
        .into_iter()
        .map(|party| {
            let mut history = History::since(party.created_at.day(zone));
            history.archived_on = party.archived_at.map(|at| at.day(zone));
            history.is_merged = party.is_merged;
            (party.id, history)
        })
        .collect();
    let places: HashMap<Id<Party>, usize> = histories.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
    let mut of = |party: Id<Party>, add: &mut dyn FnMut(&mut History)| {
        if let Some(at) = places.get(&party) {
            add(&mut histories[*at].1);
        }
    };

    let mut query = Sql::select::<Bought>("FROM purchases WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" AND gross_minor > 0 ORDER BY party_id, at, id");
    for bought in tx.all::<Bought>(query).await? {
        of(bought.party_id, &mut |history| match history.occasions.last_mut() {
            Some(last) if last.on == bought.day => last.gross_minor = last.gross_minor.saturating_add(bought.gross_minor),
            _ => history.occasions.push(Occasion {
                on: bought.day,
                purchase: bought.id,
                gross_minor: bought.gross_minor,
                refunded_minor: 0,
                is_discounted: false,
            }),
        });
    }
    let mut query = sql("SELECT DISTINCT party_id, day FROM purchase_lines WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" AND sign > 0 AND discount_minor > 0");
    for (party, day) in tx.all::<(Id<Party>, Day)>(query).await? {
        of(party, &mut |history| history.occasions.iter_mut().filter(|one| one.on == day).for_each(|one| one.is_discounted = true));
    }
    let mut query = Sql::select::<Returned>("FROM purchase_lines l LEFT JOIN purchase_lines o ON o.id = l.refund_of WHERE ");
    whom.of(&mut query, "l.party_id");
    query.push(" AND l.sign < 0 ORDER BY l.party_id, l.day, l.id");
    for returned in tx.all::<Returned>(query).await? {
        of(returned.party_id, &mut |history| {
            take_back(&mut history.occasions, returned.day, returned.bought_on, returned.amount_minor.saturating_neg());
        });
    }

    let mut query = Sql::select::<Spoke>("FROM interactions WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" AND channel <> 'note' ORDER BY party_id, at, id");
    for spoke in tx.all::<Spoke>(query).await? {
        let on = spoke.at.day(zone);
        of(spoke.party_id, &mut |history| {
            if history.contacts.last() != Some(&on) {
                history.contacts.push(on);
            }
            if spoke.is_complaint {
                // Written down as something that passed: how it was settled is not known, so that it cannot be late.
                history.complaints.push(Complaint { on, due_on: on, closed_on: Some(on) });
            }
        });
    }
    let mut query = Sql::select::<Answered>("FROM survey_answers WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" AND kind IN ('csat', 'nps') AND score IS NOT NULL ORDER BY party_id, day, id");
    for answered in tx.all::<Answered>(query).await? {
        let Answered { party_id, id, kind, score, day } = answered;
        of(party_id, &mut |history| history.answers.push(Answer { on: day, asked: kind, score, id: id.0 }));
    }
    let mut query = Sql::select::<Complained>("FROM cases WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" AND kind = 'complaint' ORDER BY party_id, opened_at, id");
    for case in tx.all::<Complained>(query).await? {
        let Complained { party_id, opened_on, due_at, closed_at } = case;
        let (due_on, closed_on) = (due_at.day(zone), closed_at.map(|at| at.day(zone)));
        of(party_id, &mut |history| history.complaints.push(Complaint { on: opened_on, due_on, closed_on }));
    }
    let mut query = Sql::select::<Offended>("FROM respect_incidents WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" ORDER BY party_id, opened_at, id");
    for one in tx.all::<Offended>(query).await? {
        let Offended { party_id, id, severity, is_hostile, opened_at, closed_at, is_recovered } = one;
        let (on, closed_on) = (opened_at.day(zone), closed_at.map(|at| at.day(zone)));
        of(party_id, &mut |history| history.incidents.push(Incident { id: id.0, severity, is_hostile, on, closed_on, is_recovered }));
    }
    let mut query = Sql::select::<Brought>("FROM referrals WHERE ");
    whom.of(&mut query, "referrer_id");
    query.push(" AND state IN ('confirmed', 'rewarded') AND is_corroborated AND NOT is_solicited AND confirmed_on IS NOT NULL ORDER BY referrer_id, confirmed_on, id");
    for Brought { referrer_id, id, confirmed_on } in tx.all::<Brought>(query).await? {
        of(referrer_id, &mut |history| history.introduced.push(Introduced { id: id.0, on: confirmed_on }));
    }
    let mut query = sql("SELECT party_id, assigned_at FROM exposures WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" AND kind IN ('discount', 'gift') AND NOT is_ghost ORDER BY party_id, assigned_at");
    for (party, at) in tx.all::<(Id<Party>, Instant)>(query).await? {
        of(party, &mut |history| history.exposed_on.push(at.day(zone)));
    }
    let mut query = sql("SELECT c.party_id, MAX(c.consent_at) FROM contact_points c WHERE ");
    whom.of(&mut query, "c.party_id");
    query.push(
        " AND c.consent = 'withdrawn' AND NOT EXISTS
            (SELECT 1 FROM contact_points g WHERE g.party_id = c.party_id AND g.consent = 'given') GROUP BY c.party_id",
    );
    for (party, at) in tx.all::<(Id<Party>, Option<Instant>)>(query).await? {
        of(party, &mut |history| history.withdrawn_on = Some(at.map_or(history.known_on, |at| at.day(zone))));
    }
    let mut query = Sql::select::<Said>("FROM stage_decisions WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" ORDER BY party_id, decided_on, id");
    for said in tx.all::<Said>(query).await? {
        let Some(decision) = Decision::of(said.decision, said.gate) else { continue };
        of(said.party_id, &mut |history| {
            history.decided.push(Decided { id: said.id.0, on: said.decided_on, decision, by: said.created_by });
        });
    }
    Ok(histories)
}

/// A day with purchases, from which something may be given back.
pub(crate) trait Refundable {
    /// The day.
    fn on(&self) -> Day;
    /// What was bought, in minor units.
    fn gross(&self) -> i64;
    /// What was given back of it.
    fn refunded(&mut self) -> &mut i64;
}

impl Refundable for Occasion {
    fn on(&self) -> Day {
        self.on
    }
    fn gross(&self) -> i64 {
        self.gross_minor
    }
    fn refunded(&mut self) -> &mut i64 {
        &mut self.refunded_minor
    }
}

/// Takes what was given back from the occasion on which it was bought; where that is not known, from those before, the
/// last one first.
pub(crate) fn take_back<T: Refundable>(occasions: &mut [T], day: Day, bought_on: Option<Day>, mut minor: i64) {
    if let Some(one) = occasions.iter_mut().find(|one| Some(one.on()) == bought_on) {
        *one.refunded() = one.refunded().saturating_add(minor);
        return;
    }
    for one in occasions.iter_mut().rev().filter(|one| one.on() <= day) {
        let gross = one.gross();
        let refunded = one.refunded();
        let part = minor.min(gross.saturating_sub(*refunded)).max(0);
        *refunded += part;
        minor -= part;
        if minor <= 0 {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_taken_from_where_it_was_bought() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let one =
            |on: &str, gross_minor| Occasion { on: day(on), purchase: Id::FIRST, gross_minor, refunded_minor: 0, is_discounted: false };
        let mut occasions = [one("2026-01-01", 100), one("2026-02-01", 50), one("2026-03-01", 70)];
        let refunded = |occasions: &[Occasion]| occasions.iter().map(|one| one.refunded_minor).collect::<Vec<_>>();
        take_back(&mut occasions, day("2026-02-20"), Some(day("2026-01-01")), 30);
        assert_eq!(refunded(&occasions), [30, 0, 0]);
        take_back(&mut occasions, day("2026-02-20"), None, 60);
        assert_eq!(refunded(&occasions), [40, 50, 0], "not from what came later");
        take_back(&mut occasions, day("2026-01-20"), None, 1_000);
        assert_eq!(refunded(&occasions), [100, 50, 0], "more than was bought is nobody's");
    }
}
