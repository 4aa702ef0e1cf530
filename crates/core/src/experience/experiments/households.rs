//! Who belongs together: what one of them gets, the others hear of, so that they come into one arm.

use super::{Experiment, Stored};
use crate::Result;
use crate::parties::Party;
use peyvand_db::{Id, Tx, row, sql};
use std::collections::HashMap;

/// A number that more customers than this have in common is a shop's, or was typed in for want of another: it binds nobody.
const SHARED_MAX: i64 = 10;

row! {
    /// Who of a household is in it already.
    struct Enrolled {
        party_id: Id<Party> = "u.party_id",
        household_id: Option<Id<Party>> = "u.household_id",
        arm: i64 = "u.arm",
    }
}

/// A household as far as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Household {
    /// Who of it came first.
    pub head: Id<Party>,
    /// The arm that others of it are in already.
    pub arm: Option<i64>,
}

/// For each of some customers their household: those who share a number or an address on the net, are related, or introduced one
/// another. Who links two households that are in different arms already goes with the one that came first.
///
/// # Errors
/// When the database refuses.
pub(super) async fn households(tx: &mut Tx, stored: &Stored, who: &[Id<Party>]) -> Result<Vec<Household>> {
    let ties = ties(tx, who).await?;
    let kin: Vec<Id<Party>> = ties.iter().map(|(_, other)| *other).filter(|other| !who.contains(other)).collect();
    let enrolled = enrolled(tx, stored.id, kin).await?;
    Ok(group(who, &ties, &enrolled))
}

/// Who is tied to whom: one of `who`, and any other.
async fn ties(tx: &mut Tx, who: &[Id<Party>]) -> Result<Vec<(Id<Party>, Id<Party>)>> {
    let mut query = sql("SELECT a.party_id, b.party_id FROM contact_points a JOIN contact_points b ON b.value = a.value
          AND b.channel = a.channel AND b.party_id <> a.party_id
          AND (SELECT COUNT(*) FROM (SELECT 1 FROM contact_points c WHERE c.value = a.value LIMIT ");
    query.arg(SHARED_MAX + 1).push(") s) <= ").arg(SHARED_MAX).push(" WHERE a.party_id IN ").list_padded(who);
    query.push(" UNION SELECT party_id, other_id FROM relations WHERE party_id IN ").list_padded(who);
    query.push(" UNION SELECT other_id, party_id FROM relations WHERE other_id IN ").list_padded(who);
    for (one, other) in [("referrer_id", "referee_id"), ("referee_id", "referrer_id")] {
        query.push(" UNION SELECT r.").push(one).push(", r.").push(other).push(" FROM referrals r WHERE r.referee_id IS NOT NULL");
        query.push(super::whom::INTRODUCED).push(" AND r.").push(one).push(" IN ").list_padded(who);
    }
    Ok(tx.all(query).await?)
}

/// Of some customers those who are in it already.
async fn enrolled(tx: &mut Tx, id: Id<Experiment>, mut kin: Vec<Id<Party>>) -> Result<Vec<Enrolled>> {
    kin.sort_unstable();
    kin.dedup();
    let mut found = Vec::new();
    for some in kin.chunks(500) {
        let mut query = peyvand_db::Sql::select::<Enrolled>("FROM experiment_units u WHERE u.experiment_id = ");
        query.arg(id).push(" AND u.party_id IN ").list_padded(some).push(" ORDER BY u.id");
        found.extend(tx.all::<Enrolled>(query).await?);
    }
    Ok(found)
}

/// Groups customers by their ties to one another and to those who are in it already, the earliest first.
fn group(who: &[Id<Party>], ties: &[(Id<Party>, Id<Party>)], enrolled: &[Enrolled]) -> Vec<Household> {
    let place: HashMap<Id<Party>, usize> = who.iter().enumerate().map(|(at, party)| (*party, at)).collect();
    let mut above: Vec<usize> = (0..who.len()).collect();
    for (one, other) in ties {
        if let (Some(one), Some(other)) = (place.get(one), place.get(other)) {
            let (one, other) = (top(&mut above, *one), top(&mut above, *other));
            above[one.max(other)] = one.min(other);
        }
    }
    let known: HashMap<Id<Party>, usize> = enrolled.iter().enumerate().map(|(at, one)| (one.party_id, at)).collect();
    let mut joined: HashMap<usize, usize> = HashMap::new();
    for (one, other) in ties {
        if let (Some(one), Some(known)) = (place.get(one), known.get(other)) {
            let first = joined.entry(top(&mut above, *one)).or_insert(*known);
            *first = (*first).min(*known);
        }
    }
    (0..who.len())
        .map(|at| {
            let top = top(&mut above, at);
            let of = |known: &usize| {
                let one = &enrolled[*known];
                Household { head: one.household_id.unwrap_or(one.party_id), arm: Some(one.arm) }
            };
            joined.get(&top).map_or(Household { head: who[top], arm: None }, of)
        })
        .collect()
}

/// Whom somebody is grouped under.
fn top(above: &mut [usize], mut at: usize) -> usize {
    while above[at] != at {
        above[at] = above[above[at]];
        at = above[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_tied_over_others_is_of_one_household_and_goes_where_the_first_of_it_is() {
        let who: Vec<Id<Party>> = (0..6_u128).map(|at| Id::new(uuid::Uuid::from_u128(at + 1))).collect();
        let other = |at: u128| Id::new(uuid::Uuid::from_u128(at));
        let heads = |ties: &[(Id<Party>, Id<Party>)], enrolled: &[Enrolled]| group(&who, ties, enrolled);
        let free = heads(&[(who[3], who[1]), (who[1], who[0]), (who[4], who[5]), (who[2], other(99))], &[]);
        let head = |at: usize| who.iter().position(|one| *one == free[at].head).unwrap();
        assert_eq!((0..6).map(head).collect::<Vec<_>>(), [0, 0, 2, 0, 4, 4]);
        assert!(free.iter().all(|one| one.arm.is_none()));
        let in_it = |party, household, arm| Enrolled { party_id: other(party), household_id: Some(other(household)), arm };
        let found = heads(&[(who[0], who[1]), (who[1], other(99)), (who[0], other(50))], &[in_it(50, 40, 1), in_it(99, 99, 0)]);
        assert_eq!(found[0], Household { head: other(40), arm: Some(1) });
        assert_eq!((&found[1], found[2].arm), (&found[0], None), "with whom came first");
    }
}
