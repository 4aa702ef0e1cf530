//! The shop that is generated: each of its facts is a function of the seed and a number, so that it is the same every
//! time and nothing has to be kept.

use crate::names::{self, Script};
use uuid::Uuid;

/// One day in milliseconds.
pub const DAY: i64 = 86_400_000;
/// How far back the shop's history goes.
pub const SPAN: i64 = 3 * 365 * DAY;
/// People who sign in, beside the owner.
pub const PEOPLE: u64 = 200;
/// Of those the last so many are heads of the units; they see their unit.
pub const HEADS: u64 = 5;
/// Entries in the timeline of customer 1, beyond what everybody has: interactions, purchases, follow-ups, changes.
pub const HOT: [u64; 4] = [2_500, 1_500, 500, 500];

/// How large the shop is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Customers.
    pub parties: u64,
    /// Purchases, without those of customer 1's long history.
    pub purchases: u64,
    /// Interactions, without those.
    pub interactions: u64,
    /// Follow-ups, without those.
    pub follow_ups: u64,
}

/// A sequence of numbers that depends on seed, stream and place only (SplitMix64).
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// The numbers of the `index`-th thing in a stream.
    #[must_use]
    pub fn new(seed: u64, stream: u64, index: u64) -> Draw {
        let mut draw = Draw(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ index.wrapping_mul(0xA076_1D64_78BD_642F));
        draw.number();
        draw
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit`, without it.
    pub fn below(&mut self, limit: u64) -> u64 {
        // The high half of the product is even enough for limits far below 2^64.
        ((u128::from(self.number()) * u128::from(limit.max(1))) >> 64) as u64
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a list, each as often.
    pub fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// One of a list, the first ones far more often than the last.
    pub fn common<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.skewed(list.len() as u64, 2.2) as usize]
    }

    /// From 0 to `limit`, small numbers more often; 1.0 is even.
    pub fn skewed(&mut self, limit: u64, power: f64) -> u64 {
        let even = (self.number() >> 11) as f64 / (1_u64 << 53) as f64;
        ((even.powf(power) * limit as f64) as u64).min(limit - 1)
    }
}

/// Streams of numbers, one for each kind of thing.
pub mod stream {
    #![allow(missing_docs)]
    pub const ID: u64 = 1;
    pub const PARTY: u64 = 2;
    pub const PURCHASE: u64 = 3;
    pub const INTERACTION: u64 = 4;
    pub const FOLLOW_UP: u64 = 5;
    pub const LOAD: u64 = 6;
    pub const FILE: u64 = 7;
}

/// The seeded shop.
#[derive(Clone, Copy, Debug)]
pub struct Shop {
    /// Its size.
    pub size: Size,
    /// Where its numbers come from.
    pub seed: u64,
    /// The moment at which it stands, epoch milliseconds.
    pub now: i64,
}

/// What kind of thing an id is of.
#[derive(Clone, Copy, Debug)]
pub enum Thing {
    /// A customer.
    Party = 1,
    /// A user.
    User,
    /// A unit.
    Unit,
    /// A post.
    Post,
    /// A product.
    Product,
    /// A purchase.
    Purchase,
    /// A line of a purchase.
    Line,
    /// An interaction.
    Interaction,
    /// A follow-up.
    FollowUp,
    /// An event.
    Event,
    /// A contact point.
    Contact,
    /// Anything else.
    Other,
}

/// Name, phone and the rest of a customer.
pub struct Person {
    /// The script of the name.
    pub script: Script,
    /// A company or shop.
    pub is_organisation: bool,
    /// First name; empty for an organisation.
    pub first: &'static str,
    /// Family name; empty for an organisation.
    pub last: String,
    /// Name as it is shown.
    pub name: String,
    /// Mobile number, E.164.
    pub mobile: String,
    /// Iranian national ID.
    pub national_id: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// City.
    pub city: &'static str,
}

impl Shop {
    /// The id of the `index`-th thing of a kind, made at `at`.
    #[must_use]
    pub fn id(&self, thing: Thing, index: u64, at: i64) -> Uuid {
        let mut draw = Draw::new(self.seed, stream::ID + thing as u64 * 16, index);
        let (a, b) = (draw.number(), draw.number());
        let high = (at.max(0) as u64) << 16 | 0x7000 | (a & 0xFFF);
        let low = 0x8000_0000_0000_0000 | (b >> 2);
        Uuid::from_u64_pair(high, low)
    }

    /// The moment of the `index`-th of `count` things that are spread over the shop's history.
    #[must_use]
    pub fn moment(&self, index: u64, count: u64) -> i64 {
        let step = SPAN as f64 / count.max(1) as f64;
        self.now - SPAN + (index as f64 * step) as i64
    }

    /// When a customer was added; they are numbered from 1.
    #[must_use]
    pub fn added_at(&self, no: u64) -> i64 {
        self.moment(no - 1, self.size.parties)
    }

    /// The id of a customer.
    #[must_use]
    pub fn party(&self, no: u64) -> Uuid {
        self.id(Thing::Party, no, self.added_at(no))
    }

    /// The id of a user: 0 the owner, then [`PEOPLE`].
    #[must_use]
    pub fn user(&self, index: u64) -> Uuid {
        self.id(Thing::User, index, self.now - SPAN - DAY)
    }

    /// The unit that a user belongs to, 0 to 4.
    #[must_use]
    pub fn unit_of(&self, user: u64) -> u64 {
        user % HEADS
    }

    /// Who looks after a customer: user 1 has every twentieth, the others share most of the rest.
    #[must_use]
    pub fn owner_of(&self, no: u64) -> Option<u64> {
        if no % 20 == 1 {
            return Some(1);
        }
        let mut draw = Draw::new(self.seed, stream::PARTY + 1000, no);
        (!draw.percent(10)).then(|| 2 + draw.below(PEOPLE - 1))
    }

    /// A customer. Numbers beyond the size of the shop are people that it does not know yet.
    #[must_use]
    pub fn person(&self, no: u64) -> Person {
        let mut draw = Draw::new(self.seed, stream::PARTY, no);
        let script = match draw.below(100) {
            0..70 => Script::Persian,
            70..85 => Script::Arabic,
            _ => Script::Latin,
        };
        let names = names::of(script);
        let is_organisation = draw.percent(6);
        let first = draw.common(names.first);
        let mut last = draw.common(names.last).to_owned();
        if draw.percent(18) {
            last.push_str(draw.one(names.endings));
        }
        let firm = draw.one(names.firms);
        let (first, last, name) = if is_organisation {
            let name = if script == Script::Latin { format!("{last} {firm}") } else { format!("{firm} {last}") };
            ("", String::new(), name)
        } else {
            let name = format!("{first} {last}");
            (first, last, name)
        };
        let mobile = match script {
            Script::Arabic => format!("+9647{:02}{:07}", 50 + no % 40, no % 10_000_000),
            _ => format!("+9891{}{:07}", no % 8, (no * 7919) % 10_000_000),
        };
        let national_id = (script == Script::Persian && !is_organisation && draw.percent(60)).then(|| national_id(no));
        let email = draw.percent(40).then(|| format!("c{no}@{}", draw.one(&["example.ir", "example.com", "mail.example.org"])));
        Person { script, is_organisation, first, last, name, mobile, national_id, email, city: draw.common(names.cities) }
    }

    /// The customer of a sale, a contact or a plan: some are far busier than others.
    pub fn busy_party(&self, draw: &mut Draw) -> u64 {
        let rank = draw.skewed(self.size.parties, 1.6);
        // Spreads the busy ones over all numbers; the factor is prime.
        1 + rank.wrapping_mul(2_654_435_761) % self.size.parties
    }
}

/// A valid Iranian national ID of its own for each number: nine digits and the check digit of the published rule
/// (weights 10 to 2, modulo 11).
#[must_use]
pub fn national_id(no: u64) -> String {
    // The first three digits are a place of issue; 100 million numbers follow one another without meeting.
    let digits = format!("{:09}", 10_000_000 + (no * 3) % 980_000_000);
    let sum: u64 = digits.bytes().zip((2..=10).rev()).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    let check = match sum % 11 {
        rest @ 0..=1 => rest,
        rest => 11 - rest,
    };
    format!("{digits}{check}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: Shop =
        Shop { size: Size { parties: 1_000, purchases: 0, interactions: 0, follow_ups: 0 }, seed: 1, now: 1_795_237_200_000 };

    #[test]
    fn the_same_seed_makes_the_same_shop() {
        assert_eq!(SHOP.person(7).name, SHOP.person(7).name);
        assert_eq!(SHOP.party(7), SHOP.party(7));
        let other = Shop { seed: 2, ..SHOP };
        assert!((1..100).any(|no| SHOP.person(no).name != other.person(no).name));
    }

    #[test]
    fn a_generated_national_id_is_valid() {
        for no in 1..1_000 {
            let id = national_id(no * 977);
            assert!(
                peyvand_core::parties::identity::check(peyvand_core::parties::identity::IdentityKind::IrNationalId, &id, "IR").is_ok(),
                "{id}"
            );
        }
    }

    #[test]
    fn one_of_twenty_customers_is_the_first_users() {
        assert_eq!((1..=1_000).filter(|no| SHOP.owner_of(*no) == Some(1)).count(), 50);
    }

    #[test]
    fn ids_of_later_customers_sort_after_earlier_ones() {
        assert!((2..1_000).all(|no| SHOP.party(no - 1) < SHOP.party(no)));
    }
}
