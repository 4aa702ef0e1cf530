//! Rows that go from one customer to another and back.

use super::parts::{Going, How, PARTS};
use super::{Merge, MergedKind, MovedRows};
use crate::parties::Party;
use crate::{Id, Result};
use peyvand_db::{Tx, sql};
use std::collections::BTreeMap;

/// What went over.
pub(super) struct Gone {
    /// By kind, as people count it.
    pub(super) moved: Vec<MovedRows>,
    /// Rows that stayed because there is such a one already.
    pub(super) left: i64,
}

fn goings() -> impl DoubleEndedIterator<Item = (&'static str, &'static Going, Option<MergedKind>)> {
    PARTS.iter().filter_map(|part| match &part.how {
        How::Goes(going) => Some((part.column, going, part.counts)),
        _ => None,
    })
}

fn counted(counts: BTreeMap<MergedKind, i64>) -> Vec<MovedRows> {
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(kind, count)| MovedRows { kind, count }).collect()
}

/// Notes every row of a customer that goes over, and gives it to the other.
pub(super) async fn go_over(tx: &mut Tx, merge: Id<Merge>, from: Id<Party>, to: Id<Party>) -> Result<Gone> {
    let (mut counts, mut left) = (BTreeMap::<MergedKind, i64>::new(), 0);
    for (_, going, kind) in goings() {
        let mut note = sql(going.note).bind(merge).bind(from);
        if going.asks_kept {
            note = note.bind(to);
        }
        let noted = tx.run(note).await? as i64;
        if noted > 0 {
            tx.run(sql(going.go).bind(to).bind(from).bind(merge)).await?;
        }
        if let Some(kind) = kind {
            *counts.entry(kind).or_default() += noted;
            if going.asks_kept {
                left += tx.one::<(i64,)>(sql(going.left).bind(from)).await?.0;
            }
        }
    }
    Ok(Gone { moved: counted(counts), left })
}

/// What of the noted rows went back, and how many of them are no more.
pub(super) struct Returned {
    pub(super) moved: Vec<MovedRows>,
    pub(super) gone: i64,
}

/// Gives noted rows back, as far as they are there.
pub(super) async fn go_back(tx: &mut Tx, merge: Id<Merge>, from: Id<Party>, to: Id<Party>) -> Result<Returned> {
    let query = sql("SELECT part, COUNT(*) FROM party_merge_rows WHERE merge_id = $1 GROUP BY part");
    let noted: BTreeMap<String, i64> = tx.all::<(String, i64)>(query.bind(merge)).await?.into_iter().collect();
    let (mut counts, mut gone) = (BTreeMap::<MergedKind, i64>::new(), 0);
    for (column, going, kind) in goings().rev() {
        let Some(noted) = noted.get(column) else { continue };
        let back = tx.run(sql(going.go).bind(to).bind(from).bind(merge)).await? as i64;
        gone += noted - back;
        if let Some(kind) = kind {
            *counts.entry(kind).or_default() += back;
        }
    }
    Ok(Returned { moved: counted(counts), gone })
}

/// How many lots went over.
pub(super) async fn benefits(tx: &mut Tx, merge: Id<Merge>) -> Result<Option<MovedRows>> {
    let query = sql("SELECT COUNT(*) FROM party_merge_rows WHERE merge_id = $1 AND part = 'ledger_lots.party_id'");
    let (count,): (i64,) = tx.one(query.bind(merge)).await?;
    Ok(Some(MovedRows { kind: MergedKind::Benefits, count }).filter(|moved| moved.count > 0))
}
