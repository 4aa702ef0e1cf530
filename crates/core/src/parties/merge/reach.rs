//! How a customer is reached who was written down twice. Whoever said no stays asked for nothing: of two words about the same number
//! the stricter one holds, and who refused a channel refused it for all numbers.

use super::Merge;
use crate::parties::Party;
use crate::parties::check::{Channel, Consent};
use crate::parties::contacts::{StoredContact, settle, store};
use crate::parties::party::Address;
use crate::{Id, Result};
use peyvand_db::{Tx, sql};

/// The word by which a customer refuses a channel altogether: they withdrew it and allow it for no number.
fn refusal(points: &[StoredContact], channel: Channel) -> Option<&StoredContact> {
    let of_channel = || points.iter().filter(move |point| point.channel == channel);
    if of_channel().any(|point| point.consent == Consent::Given) {
        return None;
    }
    of_channel().filter(|point| point.consent == Consent::Withdrawn).max_by_key(|point| point.consent_at)
}

fn says(point: &mut StoredContact, word: &StoredContact) {
    (point.consent, point.consent_at) = (word.consent, word.consent_at);
    point.consent_how.clone_from(&word.consent_how);
}

/// The contact points of both as they are before, and as they are to be: each number once, the main ones of the one who is kept first.
pub(super) fn union(this: &[StoredContact], other: &[StoredContact]) -> (Vec<StoredContact>, Vec<StoredContact>) {
    let same = |one: &StoredContact, two: &StoredContact| (one.channel, &one.value) == (two.channel, &two.value);
    let mut before: Vec<StoredContact> = this.to_vec();
    before.extend(other.iter().filter(|point| !this.iter().any(|own| same(own, point))).cloned());
    let mut after = before.clone();
    for point in &mut after {
        if let Some(twin) = other.iter().find(|twin| twin.id != point.id && same(twin, point)) {
            let is_stricter = match (twin.consent, point.consent) {
                (Consent::Withdrawn, own) => own != Consent::Withdrawn,
                (Consent::Given, own) => own == Consent::Unknown,
                (Consent::Unknown, _) => false,
            };
            if is_stricter {
                says(point, twin);
            }
        }
    }
    for channel in Channel::ALL {
        let Some(word) = refusal(this, *channel).or_else(|| refusal(other, *channel)) else { continue };
        for point in after.iter_mut().filter(|point| point.channel == *channel && point.consent != Consent::Withdrawn) {
            says(point, word);
        }
    }
    settle(&mut after, None);
    (before, after)
}

/// Writes [`union`] of who is kept, to whom the points have gone over already. Gives what changed, before and after.
pub(super) async fn put(
    tx: &mut Tx,
    to: Id<Party>,
    this: Vec<StoredContact>,
    other: Vec<StoredContact>,
) -> Result<Vec<(StoredContact, StoredContact)>> {
    let (before, after) = union(&this, &other);
    store(tx, to, &before, &after).await?;
    Ok(before.into_iter().zip(after).filter(|(before, after)| before != after).collect())
}

/// The first address of the one who is kept stays the first. Gives those that are not it any more.
pub(super) async fn own_address_first(tx: &mut Tx, merge: Id<Merge>, to: Id<Party>) -> Result<Vec<Id<Address>>> {
    let query = sql("UPDATE addresses SET is_main = FALSE WHERE party_id = $1 AND is_main
           AND id IN (SELECT row_id FROM party_merge_rows WHERE merge_id = $2 AND part = 'addresses.party_id')
           AND EXISTS (SELECT 1 FROM addresses k WHERE k.party_id = $1 AND k.is_main
             AND k.id NOT IN (SELECT row_id FROM party_merge_rows WHERE merge_id = $2 AND part = 'addresses.party_id'))
         RETURNING id");
    Ok(tx.all::<(Id<Address>,)>(query.bind(to).bind(merge)).await?.into_iter().map(|(id,)| id).collect())
}
