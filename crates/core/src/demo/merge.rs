//! Customers of the demo shop who were written down twice: one pair that somebody found and merged, and one that nobody has found yet.

use super::chance::Chance;
use super::customers::{Customer, Habit};
use super::trade::opening_hours;
use super::{Kept, Story};
use crate::Result;
use crate::interactions::{self, Channel, Direction, LogInteraction};
use crate::parties::check::NewParty;
use crate::parties::merge::{self, MergeParties};
use crate::parties::party;
use crate::platform::access::User;
use crate::sales::purchases::{self, NewPurchase};
use peyvand_db::Id;
use std::collections::BTreeMap;

/// Days before the last one on which each was written down a second time, and whether somebody has found it out since.
const DOUBLES: [(i64, bool); 2] = [(40, true), (12, false)];

impl Story {
    /// Writes two customers down a second time, as a colleague does who does not look first; the owner merges the one. How many
    /// it wrote: a shop of a handful may have fewer that fit.
    pub(super) async fn write_doubles(&self, customers: &[Customer], parties: &[Kept], owner: Id<User>) -> Result<i64> {
        let mut chance = Chance::new(self.seed, 28);
        let is_known = |customer: &&Customer| {
            matches!(customer.habit, Habit::Enthusiast | Habit::Home) && !customer.only_asked && customer.left.is_none()
        };
        let known = customers.iter().zip(parties).filter(|(customer, _)| is_known(customer) && customer.facts.mobile.is_some());
        let mut written = 0;
        for ((customer, kept), (days, is_found)) in known.zip(DOUBLES) {
            let day = self.last.plus(-days).max(customer.came);
            let ctx = self.by(opening_hours(&mut chance, day, &self.zone), kept.owner, Vec::new());
            // The same person with another number; of the pair that nobody has found also the same one.
            let mobile = format!("0935{:07}", chance.between(1_000_000, 9_999_999));
            let facts = &customer.facts;
            let again = NewParty {
                first_name: facts.first_name.clone(),
                last_name: facts.last_name.clone(),
                mobile: Some(if is_found { mobile } else { facts.mobile.clone().unwrap_or(mobile) }),
                city: facts.city.clone(),
                ..NewParty::default()
            };
            let double = party::create(&ctx, again).await?.row.id;
            let asked = LogInteraction {
                party_id: Some(double),
                channel: Some(Channel::Phone),
                direction: Some(Direction::Inbound),
                text: Some("پرسید سفارشش کی می‌رسد.".to_owned()),
                ..LogInteraction::default()
            };
            interactions::log(&ctx, asked).await?;
            let bought = NewPurchase { party_id: Some(double), amount: Some("3200000".to_owned()), ..NewPurchase::default() };
            purchases::create(&ctx, bought).await?;
            written += 1;
            if is_found {
                let one = MergeParties {
                    id: kept.id,
                    other_id: double,
                    keep: BTreeMap::new(),
                    dry_run: false,
                    version: None,
                    other_version: None,
                };
                let found_on = day.plus(days / 2);
                merge::merge(&self.by(opening_hours(&mut chance, found_on, &self.zone), owner, Vec::new()), one).await?;
            }
        }
        Ok(written)
    }
}
