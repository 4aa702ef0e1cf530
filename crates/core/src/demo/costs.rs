//! What the customers of the demo shop cost: rates, and a year of gifts, complaints and work.

use super::chance::Chance;
use super::customers::{Customer, Habit};
use super::trade::opening_hours;
use super::{Kept, Story};
use crate::insight::costs::{self, CostKind, NewCost};
use crate::insight::profit::WINDOW;
use crate::insight::rates::{self, RateItem, SetRate, SetRates};
use crate::platform::access::User;
use crate::{Id, Instant, Result};

/// What the shop reckons with: rials, and per cent.
const RATES: &[(RateItem, &str)] = &[
    (RateItem::Goods, "68"),
    (RateItem::StaffHour, "2400000"),
    (RateItem::Phone, "30000"),
    (RateItem::Sms, "2500"),
    (RateItem::Whatsapp, "5000"),
    (RateItem::Telegram, "5000"),
    (RateItem::Bale, "5000"),
    (RateItem::Eitaa, "5000"),
    (RateItem::Rubika, "5000"),
    (RateItem::Instagram, "8000"),
    (RateItem::Email, "2000"),
    (RateItem::InPerson, "250000"),
    (RateItem::Visit, "6500000"),
    (RateItem::Web, "10000"),
    (RateItem::Letter, "350000"),
    (RateItem::Other, "30000"),
    (RateItem::Time1, "30"),
    (RateItem::Time2, "35"),
    (RateItem::Time3, "25"),
    (RateItem::Time4, "10"),
];

/// A cost: how often a customer has it in a year, on what, rials, minutes, a note.
type Usual = (f64, CostKind, i64, i64, &'static str);

const USUAL: &[Usual] = &[
    (0.16, CostKind::Gift, 1_800_000, 0, "بسته‌ی قهوه برای نوروز"),
    (0.07, CostKind::Complaint, 2_600_000, 0, "تعویض کالا و پیک رفت‌وبرگشت"),
    (0.08, CostKind::Staff, 0, 75, "راه‌اندازی دستگاه در محل"),
    (0.06, CostKind::Channel, 900_000, 0, "پیک رایگان"),
    (0.04, CostKind::Benefit, 1_500_000, 0, "پاداش معرفی دوست"),
    (0.03, CostKind::Discount, 1_200_000, 0, "تخفیف نقدی بیرون از فاکتور"),
];

impl Story {
    /// Sets the rates and enters the costs of the last year.
    pub(super) async fn write_costs(&self, customers: &[Customer], parties: &[Kept], owner: Id<User>) -> Result<()> {
        let mut chance = Chance::new(self.seed, 9);
        let first = self.last.plus(1 - WINDOW);
        let mut entries: Vec<(Instant, NewCost)> = Vec::new();
        for (customer, party) in customers.iter().zip(parties) {
            // Companies cost more of everything.
            let often = match customer.habit {
                Habit::Home | Habit::Giver | Habit::Enthusiast => 1.0,
                Habit::Office | Habit::Hotel | Habit::Cafe => 2.5,
            };
            for (share, kind, rials, minutes, note) in USUAL {
                let day = first.plus(chance.between(0, WINDOW - 1)).min(self.last);
                if !chance.happens(share * often) || day < customer.came || customer.only_asked {
                    continue;
                }
                let amount = rials * chance.between(6, 14) / 10;
                let cost = NewCost {
                    party_id: Some(party.id),
                    kind: Some(*kind),
                    amount: (amount > 0).then(|| amount.to_string()),
                    minutes: (*minutes > 0).then(|| minutes * chance.between(1, 4)),
                    note: Some((*note).to_owned()),
                    ..NewCost::default()
                };
                entries.push((opening_hours(&mut chance, day, &self.zone), cost));
            }
        }
        for month in 0..12 {
            let day = first.plus(month * 30);
            let cost = NewCost {
                kind: Some(CostKind::Other),
                amount: Some("45000000".into()),
                source: Some("instagram".into()),
                note: Some("تبلیغ در شبکه‌های اجتماعی".into()),
                ..NewCost::default()
            };
            entries.push((opening_hours(&mut chance, day, &self.zone), cost));
            let (amount, source, note) = match month {
                1 | 7 => ("180000000", "exhibition", "غرفه‌ی نمایشگاه قهوه"),
                _ => ("22000000", "advertisement", "تابلوی مترو"),
            };
            let (kind, amount, source, note) = (Some(CostKind::Other), Some(amount.into()), Some(source.into()), Some(note.into()));
            let cost = NewCost { kind, amount, source, note, ..NewCost::default() };
            entries.push((opening_hours(&mut chance, day.plus(3), &self.zone), cost));
        }
        entries.sort_by_key(|(at, _)| *at);
        let begin = entries.first().map_or(self.now, |(at, _)| *at);
        let rates = RATES.iter().map(|(item, amount)| SetRate { item: *item, amount: Some((*amount).to_owned()) }).collect();
        rates::set(&self.by(begin, owner, Vec::new()), SetRates { rates }).await?;
        for (at, cost) in entries {
            costs::add(&self.by(at, owner, Vec::new()), cost).await?;
        }
        Ok(())
    }
}
