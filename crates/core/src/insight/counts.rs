//! How many customers are in which cell of the grid, in which band of activity, of which habit: counted by the refresh, for
//! whoever sees all of them would otherwise have a million rows counted with each look.

use super::findings;
use super::models::{self, Scored};
use super::rhythm::{Habit, HabitCount};
use super::scores::{RfmCell, activity_band};
use crate::{Ctx, Result};
use peyvand_db::Db;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The row of `findings`.
const NAME: &str = "counts";
/// Bands of the probability of being active.
pub(super) const ACTIVITY_BANDS: usize = 10;

/// What the last refresh counted.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// Cells with somebody in them.
    pub cells: Vec<RfmCell>,
    /// Customers of each band of activity.
    pub bands: [i64; ACTIVITY_BANDS],
    /// Habits that somebody has.
    pub habits: Vec<HabitCount>,
}

/// Counts those who were scored.
pub(super) fn count(scored: &[Scored]) -> Counts {
    let (mut cells, mut habits) = (BTreeMap::<(i64, i64), i64>::new(), BTreeMap::<Habit, i64>::new());
    let mut bands = [0; ACTIVITY_BANDS];
    for one in scored {
        if let Some(score) = &one.score {
            *cells.entry((score.recency.into(), models::frequency_value(score))).or_default() += 1;
        }
        if let Some(p_active) = one.p_active {
            bands[activity_band(p_active)] += 1;
        }
        *habits.entry(one.facts.rhythm.habit).or_default() += 1;
    }
    let cell = |((recency, frequency_value), customers)| RfmCell { recency, frequency_value, customers };
    let habit = |(habit, customers)| HabitCount { habit, customers };
    Counts { cells: cells.into_iter().map(cell).collect(), bands, habits: habits.into_iter().map(habit).collect() }
}

/// Keeps what was counted from these facts.
///
/// # Errors
/// When the database refuses.
pub(super) async fn put(ctx: &Ctx, input_hash: &str, counts: &Counts) -> Result<()> {
    findings::put(ctx, NAME, input_hash, 0, counts).await
}

/// What the last refresh counted; nobody before the first.
///
/// # Errors
/// When the database is out of reach.
pub(super) async fn last(db: &Db) -> Result<Counts> {
    Ok(findings::last(db, NAME).await?.map_or_else(Counts::default, |last| last.found))
}
