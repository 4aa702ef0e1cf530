//! Customers who are in an experiment twice, because two of them turned out to be one. The first time they came in counts, as it would
//! had nobody written them down twice; the other time is left out, whatever its arm: whoever merges knows what came of both, so that
//! nothing may depend on a choice. Until it came out, each counted, and looks that were kept stay as they are.

use super::Experiment;
use super::given::ExperimentUnit;
use crate::parties::Party;
use crate::parties::merge::Merge;
use crate::{Instant, Result};
use peyvand_db::{Id, Tx, row, sql};
use serde::{Deserialize, Serialize};

type UnitId = Id<ExperimentUnit>;

/// What a merge did to places in experiments, so that it can be taken back.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Places {
    /// Places that went over.
    went: Vec<UnitId>,
    /// Places that were exchanged: that of who is kept, which came later, and that of the other.
    exchanged: Vec<(UnitId, UnitId)>,
    /// Places of others of the household, and by whom the household was known.
    households: Vec<(UnitId, Id<Party>)>,
}

row! {
    struct Place {
        id: UnitId = "u.id",
        experiment_id: Id<Experiment> = "u.experiment_id",
        assigned_at: Instant = "u.assigned_at",
        kept_unit: Option<UnitId> = "k.id",
        kept_at: Option<Instant> = "k.assigned_at",
        kept_household: Option<Id<Party>> = "k.household_id",
    }
}

/// Gives the places of one customer to another who is the same; where both have one, to the earlier.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn give(tx: &mut Tx, merge: Id<Merge>, from: Id<Party>, to: Id<Party>) -> Result<Places> {
    let query = peyvand_db::Sql::select::<Place>(
        "FROM experiment_units u LEFT JOIN experiment_units k ON k.experiment_id = u.experiment_id AND k.party_id = $1
         WHERE u.party_id = $2 AND u.twice_by IS NULL ORDER BY u.id",
    );
    let mut places = Places::default();
    for place in tx.all::<Place>(query.bind(to).bind(from)).await? {
        match (place.kept_unit, place.kept_at) {
            (Some(kept), Some(at)) if (place.assigned_at, place.id) < (at, kept) => {
                of(tx, kept, None).await?;
                of(tx, place.id, Some(to)).await?;
                of(tx, kept, Some(from)).await?;
                twice(tx, kept, merge).await?;
                places.exchanged.push((kept, place.id));
            }
            (Some(_), _) => twice(tx, place.id, merge).await?,
            (None, _) => {
                of(tx, place.id, Some(to)).await?;
                places.went.push(place.id);
            }
        }
        // Whoever came with the one is of the household of the other.
        let head = place.kept_household.unwrap_or(to);
        let query = sql("UPDATE experiment_units SET household_id = $1 WHERE experiment_id = $2 AND household_id = $3 RETURNING id");
        let moved: Vec<(UnitId,)> = tx.all(query.bind(head).bind(place.experiment_id).bind(from)).await?;
        places.households.extend(moved.into_iter().map(|(id,)| (id, from)));
    }
    Ok(places)
}

/// Takes [`give`] back.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn take_back(tx: &mut Tx, merge: Id<Merge>, places: &Places, kept: Id<Party>, other: Id<Party>) -> Result<()> {
    for place in &places.went {
        of(tx, *place, Some(other)).await?;
    }
    for (own, others) in &places.exchanged {
        of(tx, *own, None).await?;
        of(tx, *others, Some(other)).await?;
        of(tx, *own, Some(kept)).await?;
    }
    let query = sql("UPDATE experiment_units SET twice_by = NULL WHERE party_id IN ($1, $2) AND twice_by = $3");
    tx.run(query.bind(kept).bind(other).bind(merge)).await?;
    for (place, head) in &places.households {
        tx.run(sql("UPDATE experiment_units SET household_id = $1 WHERE id = $2").bind(*head).bind(*place)).await?;
    }
    Ok(())
}

async fn of(tx: &mut Tx, unit: UnitId, party: Option<Id<Party>>) -> Result<()> {
    tx.run(sql("UPDATE experiment_units SET party_id = $1 WHERE id = $2").bind(party).bind(unit)).await?;
    Ok(())
}

async fn twice(tx: &mut Tx, unit: UnitId, merge: Id<Merge>) -> Result<()> {
    tx.run(sql("UPDATE experiment_units SET twice_by = $1 WHERE id = $2").bind(merge).bind(unit)).await?;
    Ok(())
}
