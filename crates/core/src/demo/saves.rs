//! What the demo shop did so that customers stay; what came of it is in the purchases.

use super::chance::Chance;
use super::customers::{Customer, Habit};
use super::trade::opening_hours;
use super::{Kept, Story};
use crate::Result;
use crate::insight::saves::{self, LOOKED_AT, NewSave, SaveKind};
use crate::insight::spendings::{self, StateSpending};

/// What was done, twice what is done twice as often, with what was noted.
const DONE: &[(SaveKind, &str)] = &[
    (SaveKind::Call, "گفت از جای نزدیک‌تری خرید می‌کند؛ ارسال همان‌روز را پیشنهاد دادم."),
    (SaveKind::Call, "مدتی سفر بوده؛ خودش برمی‌گردد."),
    (SaveKind::Call, "از گرانی دانه‌ی قهوه گفت."),
    (SaveKind::Message, "حالش را پرسیدیم و از برشت تازه گفتیم."),
    (SaveKind::Offer, "ده درصد برای سفارش بعدی."),
    (SaveKind::Offer, "ارسال رایگان تا پایان ماه."),
    (SaveKind::Gift, "نمونه‌ی قهوه‌ی تازه با پیک."),
    (SaveKind::Apology, "برای تأخیر ارسال عذر خواستیم و کالا را عوض کردیم."),
    (SaveKind::Visit, "سر زدیم و آسیاب را تنظیم کردیم."),
];

/// Who of a company says what it spends in a year.
const SAID: &[&str] = &["مدیر خرید", "صاحب کافه", "حسابدارشان"];

impl Story {
    /// Writes down what some companies said that they spend in a year on what the shop sells.
    pub(super) async fn write_spendings(&self, customers: &[Customer], parties: &[Kept]) -> Result<()> {
        let mut chance = Chance::new(self.seed, 12);
        for (customer, party) in customers.iter().zip(parties) {
            let rials = match customer.habit {
                Habit::Hotel => chance.between(9_000, 24_000),
                Habit::Cafe => chance.between(4_000, 12_000),
                Habit::Office => chance.between(900, 3_000),
                Habit::Home | Habit::Giver | Habit::Enthusiast => continue,
            } * 1_000_000;
            if customer.left.is_some() || customer.only_asked || !chance.happens(0.4) {
                continue;
            }
            let day = self.last.plus(-chance.between(3, 200)).max(customer.came);
            let said = StateSpending {
                id: party.id,
                amount: Some(rials.to_string()),
                stated_by: Some((*chance.pick(SAID)).to_owned()),
                date: Some(day.to_string()),
            };
            spendings::state(&self.by(opening_hours(&mut chance, day, &self.zone), party.owner, Vec::new()), said).await?;
        }
        Ok(())
    }

    /// Writes the acts of the last year down: for those who had left, mostly in vain, and for some who were only late.
    pub(super) async fn write_saves(&self, customers: &[Customer], parties: &[Kept]) -> Result<()> {
        let mut chance = Chance::new(self.seed, 11);
        let first = self.last.plus(1 - LOOKED_AT);
        let mut acts = Vec::new();
        for (customer, party) in customers.iter().zip(parties) {
            let day = match customer.left {
                Some(left) if chance.happens(0.45) => left.plus(chance.between(20, 70)),
                None if chance.happens(0.05) => first.plus(chance.between(0, LOOKED_AT - 1)),
                _ => continue,
            };
            if customer.only_asked || day < customer.came.plus(60) || day < first || day > self.last {
                continue;
            }
            let (kind, note) = *chance.pick(DONE);
            let note = chance.happens(0.8).then(|| note.to_owned());
            let save = NewSave { party_id: Some(party.id), kind: Some(kind), note, ..NewSave::default() };
            acts.push((opening_hours(&mut chance, day, &self.zone), party.owner, save));
        }
        acts.sort_by_key(|(at, ..)| *at);
        for (at, by, save) in acts {
            saves::add(&self.by(at, by, Vec::new()), save).await?;
        }
        Ok(())
    }
}
