//! What is new in a batch of rows that are no customers: those that can be read and that no earlier file has brought.

use super::engine::{Fate, Gained, Parsed, Run, known_before};
use super::plan::Item;
use crate::Result;
use peyvand_db::Tx;

/// The rows of a batch that are to be stored, and what became of the others.
pub(super) struct Fresh<'a, T> {
    /// Of each row of the batch; created where it is still to be stored.
    pub fates: Vec<Fate>,
    /// The rows to be stored, with their places in the batch.
    pub items: Vec<(usize, &'a T)>,
    /// The rows that an earlier file has brought.
    pub known: Vec<(usize, &'a T)>,
}

/// Finds the rows that are to be stored. `item_of` gives the row as its kind and what it says, as a number.
pub(super) async fn fresh<'a, T: 'a>(
    tx: &mut Tx,
    run: &Run,
    rows: &'a [Parsed],
    gained: &mut Gained,
    item_of: impl Fn(&'a Item) -> Option<(&'a T, i64)>,
) -> Result<Fresh<'a, T>> {
    let mut fates: Vec<Fate> = Vec::with_capacity(rows.len());
    let mut items: Vec<(usize, &T)> = Vec::with_capacity(rows.len());
    let mut keys: Vec<i64> = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        fates.push(match row.item.as_ref().map(&item_of) {
            Ok(Some((item, key))) => {
                items.push((at, item));
                keys.push(key);
                Fate::Created
            }
            Ok(None) => Fate::Unchanged,
            Err(problems) => Fate::Rejected(problems.clone()),
        });
    }
    let known = known_before(tx, run, &keys, gained).await?;
    let mut new = Vec::with_capacity(items.len());
    let mut there = Vec::new();
    for (item, known) in items.into_iter().zip(known) {
        if known {
            fates[item.0] = Fate::Unchanged;
            there.push(item);
        } else {
            new.push(item);
        }
    }
    Ok(Fresh { fates, items: new, known: there })
}
