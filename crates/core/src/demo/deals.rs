//! What the demo shop tried to sell beyond the counter in the last year, who else offered it, and how it ended.

use super::chance::Chance;
use super::customers::{Customer, Habit};
use super::trade::opening_hours;
use super::{Kept, Story, talk};
use crate::platform::access::User;
use crate::platform::terms::{self, PutTerm};
use crate::platform::time::{DAY, HOUR};
use crate::sales::opportunities::{self, CloseOpportunity, NewOpportunity, OpportunityState};
use crate::{Id, Patch, Result};

/// One opportunity for so many customers.
const ONE_OF: usize = 18;
/// Days back from the end in which they came up.
const DAYS: i64 = 380;
/// How often one is won, where nobody else offers it.
const WON: f64 = 0.55;
/// Somebody else is in every second of them.
const RIVALS: f64 = 0.55;

/// Somebody else: word, name, how much less often we win against them, why we lose, what they offer.
type Rival = (&'static str, &'static str, f64, &'static [&'static str], &'static [&'static str]);

const KNOWN: &[Rival] = &[
    (
        "digi_fenjan",
        "دیجی‌فنجان",
        -0.3,
        &["price", "price", "price", "competitor"],
        &["۱۲ درصد ارزان‌تر", "ارزان‌تر با ارسال رایگان", "تخفیف ۱۵ درصدی برای خرید اول", "قسطی در چهار ماه، بی‌بهره"],
    ),
    (
        "arman",
        "پخش آرمان",
        0.2,
        &["delivery", "product_missing", "price"],
        &["دستگاه مشابه با تحویل دوماهه", "همین قیمت، نصب با مشتری", "ضمانت شش‌ماهه"],
    ),
    (
        "baran",
        "بازرگانی باران",
        -0.05,
        &["product_missing", "delivery", "competitor"],
        &["دستگاه ایتالیایی آماده‌ی تحویل", "سرویس رایگان سالانه", "آموزش باریستا همراه دستگاه"],
    ),
    ("local_shop", "", 0.1, &["price", "delivery"], &["تحویل همان روز", "خرید اعتباری تا آخر ماه"]),
];

/// Why we lose where nobody else is known to be in it.
const ALONE: &[&str] = &["no_answer", "postponed", "postponed", "price", "product_missing", "other"];

/// How much more often those win who came so.
fn by_source(source: Option<&str>) -> f64 {
    match source {
        Some("recommendation") => 0.18,
        Some("exhibition") => 0.08,
        Some("instagram" | "advertisement") => -0.14,
        _ => 0.0,
    }
}

impl Story {
    /// Writes down what might be sold and closes most of it.
    pub(super) async fn deals(&self, customers: &[Customer], parties: &[Kept], owner: Id<User>) -> Result<()> {
        let begin = opening_hours(&mut Chance::new(self.seed, 11), self.last.plus(-DAYS), &self.zone);
        for (position, (word, name, ..)) in KNOWN.iter().filter(|(_, name, ..)| !name.is_empty()).enumerate() {
            let (list, word, label) = ("competitor".to_owned(), Some((*word).to_owned()), Some((*name).to_owned()));
            let rival = PutTerm { list, word, label, position: Some(10 + position as i64), is_active: None };
            terms::put(&self.by(begin, owner, Vec::new()), rival).await?;
        }
        let mut chance = Chance::new(self.seed, 12);
        for _ in 0..customers.len() / ONE_OF {
            self.deal(&mut chance, customers, parties).await?;
        }
        Ok(())
    }

    async fn deal(&self, chance: &mut Chance, customers: &[Customer], parties: &[Kept]) -> Result<()> {
        let day = self.last.plus(-chance.between(1, DAYS));
        let known = customers.partition_point(|customer| customer.came <= day);
        let weigh = |position: &usize| match customers[*position].habit {
            Habit::Home | Habit::Giver => 1.0,
            Habit::Enthusiast => 2.0,
            Habit::Office | Habit::Cafe | Habit::Hotel => 9.0,
        };
        let places: Vec<usize> = (0..known).filter(|position| customers[*position].left.is_none_or(|left| left > day)).collect();
        if places.is_empty() {
            return Ok(());
        }
        let position = *chance.weighted(&places, weigh);
        let (customer, party) = (&customers[position], parties[position]);
        let at = opening_hours(chance, day, &self.zone);
        let millions = match customer.habit {
            Habit::Home | Habit::Giver => chance.between(8, 60),
            Habit::Enthusiast => chance.between(20, 180),
            Habit::Office => chance.between(60, 700),
            Habit::Cafe => chance.between(120, 1_600),
            Habit::Hotel => chance.between(900, 6_000),
        };
        let amount = chance.happens(0.85).then(|| (millions * 1_000_000).to_string());
        let title = format!("{} {}", chance.pick(&["فروش", "سفارش", "پیشنهاد قیمت", "تجهیز با"]), talk::product(chance, customer.habit));
        let new = NewOpportunity { party_id: Some(party.id), title, amount, ..NewOpportunity::default() };
        let id = opportunities::create(&self.by(at, party.owner, Vec::new()), new).await?.opportunity.id;
        let rival = chance.happens(RIVALS).then(|| chance.pick(KNOWN));
        // Some sell better than others.
        let hand = (party.owner.0.as_u128() % 5) as f64 * 0.05 - 0.1;
        let won = WON + by_source(customer.facts.source.as_deref()) + hand + rival.map_or(0.0, |rival| rival.2);
        let is_won = chance.happens(won);
        let reason = rival.map_or(ALONE, |rival| rival.3);
        let reason = (!is_won).then(|| (*chance.pick(reason)).to_owned());
        let offer = rival.filter(|_| chance.happens(0.8)).map(|rival| (*chance.pick(rival.4)).to_owned());
        let end = at.plus(chance.between(2, 45) * DAY);
        if end > self.now.plus(-HOUR) {
            return Ok(());
        }
        let state = if is_won { OpportunityState::Won } else { OpportunityState::Lost };
        let close = CloseOpportunity {
            reason,
            competitor: rival.map_or(Patch::Keep, |rival| Patch::Set(rival.0.to_owned())),
            offer: offer.map_or(Patch::Keep, Patch::Set),
            ..CloseOpportunity::of(id, state)
        };
        opportunities::close(&self.by(end, party.owner, Vec::new()), close).await?;
        Ok(())
    }
}
