//! The customers of the demo shop: who they are and when they came.

use super::chance::Chance;
use super::words::{CITIES, FAMILIES, FIRMS, HEARD, HOTELS, JOBS, MEN, PLACES, QUARTERS, STREETS, TAGS, WOMEN};
use crate::Day;
use crate::parties::check::{Channel, Consent, Gender, Kind, NewContact, NewParty, Role, Stance};
use crate::parties::identity::{IdentityKind, check};

/// How a customer lives with the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Buys now and then for the kitchen.
    Home,
    /// Loves coffee.
    Enthusiast,
    /// Buys presents before the feasts.
    Giver,
    /// A café or restaurant.
    Cafe,
    /// A hotel.
    Hotel,
    /// A company that buys for its people.
    Office,
}

impl Habit {
    /// Share among customers.
    pub const ALL: [(Habit, f64); 6] = [
        (Habit::Home, 0.46),
        (Habit::Enthusiast, 0.22),
        (Habit::Giver, 0.12),
        (Habit::Cafe, 0.11),
        (Habit::Hotel, 0.02),
        (Habit::Office, 0.07),
    ];

    /// Purchases in an ordinary month.
    pub const fn rate(self) -> f64 {
        match self {
            Habit::Home => 0.13,
            Habit::Enthusiast => 0.42,
            Habit::Giver => 0.07,
            Habit::Cafe => 0.95,
            Habit::Hotel => 0.7,
            Habit::Office => 0.5,
        }
    }

    /// The letter of words::PRODUCTS.
    pub const fn letter(self) -> char {
        match self {
            Habit::Home | Habit::Enthusiast | Habit::Giver => 'h',
            Habit::Cafe => 'c',
            Habit::Hotel | Habit::Office => 'o',
        }
    }

    const fn is_person(self) -> bool {
        matches!(self, Habit::Home | Habit::Enthusiast | Habit::Giver)
    }
}

/// A customer before it is written.
#[derive(Clone, Debug)]
pub struct Customer {
    /// What is known of them.
    pub facts: NewParty,
    /// How they live with the shop.
    pub habit: Habit,
    /// The day they came.
    pub came: Day,
    /// The day they stopped buying.
    pub left: Option<Day>,
    /// They never bought.
    pub only_asked: bool,
}

/// All customers, in the order in which they came.
#[must_use]
pub fn customers(seed: u64, count: usize, first: Day, last: Day) -> Vec<Customer> {
    let mut chance = Chance::new(seed, 1);
    let days = last.since(first).max(1);
    let mut all: Vec<Customer> = (0..count)
        .map(|number| {
            // The square root lets the shop grow: more come later.
            let came = first.plus((chance.share().sqrt() * days as f64) as i64);
            customer(&mut chance, number, came, last)
        })
        .collect();
    all.sort_by_key(|customer| customer.came);
    all
}

fn customer(chance: &mut Chance, number: usize, came: Day, last: Day) -> Customer {
    let habit = chance.weighted(&Habit::ALL, |(_, share)| *share).0;
    let only_asked = chance.happens(0.11);
    let leaves = !only_asked && chance.happens(0.38);
    let left = leaves.then(|| came.plus(chance.between(20, 700))).filter(|day| *day < last);
    let (province, city, area, _) = *chance.weighted(CITIES, |(.., share)| f64::from(*share));
    let (source, heard) = *chance.pick(HEARD);
    let mut facts = if habit.is_person() { person(chance, number) } else { organisation(chance, number, habit) };
    facts.role = Some(if only_asked { Role::Prospect } else { Role::Customer });
    facts.role_since = Some(came.to_string());
    facts.country = Some("IR".to_owned());
    facts.province = Some(province.to_owned());
    facts.city = Some(city.to_owned());
    if chance.happens(0.7) {
        let number = chance.between(1, 240);
        facts.address = Some(format!("{}، {}، پلاک {number}", chance.pick(STREETS), chance.pick(QUARTERS)));
        facts.postal_code = Some(postal_code(chance));
    }
    if !habit.is_person() || chance.happens(0.12) {
        // Numbers that begin with 1 are those of services, so these belong to nobody.
        facts.phone = Some(format!("0{area}1{number:07}"));
    }
    facts.source = Some(source.to_owned());
    if chance.happens(0.5) {
        facts.source_words = Some(heard.to_owned());
    }
    let mut tags: Vec<String> = Vec::new();
    for _ in 0..chance.times(0.5) {
        let tag = (*chance.pick(TAGS)).to_owned();
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    facts.tags = Some(tags);
    match chance.between(0, 99) {
        0..=7 => {
            facts.stance = Some(Stance::Friend);
            facts.stance_reason = Some("چند نفر را به ما معرفی کرده است".to_owned());
        }
        8..=10 => {
            facts.stance = Some(Stance::Mixed);
            facts.stance_reason = Some("از کالا راضی است، از ارسال نه".to_owned());
        }
        11 => {
            facts.stance = Some(Stance::Enemy);
            facts.stance_reason = Some("سفارش گم‌شده‌ی سال گذشته را فراموش نکرده".to_owned());
        }
        _ => {}
    }
    Customer { facts, habit, came, left, only_asked }
}

fn person(chance: &mut Chance, number: usize) -> NewParty {
    let woman = chance.happens(0.52);
    let first = *chance.pick(if woman { WOMEN } else { MEN });
    let mut facts = NewParty {
        kind: Some(Kind::Person),
        first_name: Some(first.to_owned()),
        last_name: Some((*chance.pick(FAMILIES)).to_owned()),
        gender: Some(if woman { Gender::Female } else { Gender::Male }.as_str().to_owned()),
        mobile: Some(mobile(number)),
        ..NewParty::default()
    };
    let honorific = match chance.between(0, 19) {
        0 => "dr",
        1 | 2 => "engineer",
        3..=13 => {
            if woman {
                "ms"
            } else {
                "mr"
            }
        }
        _ => "",
    };
    facts.honorific = (!honorific.is_empty()).then(|| honorific.to_owned());
    if chance.happens(0.35) {
        facts.national_id = national_id(number);
    }
    if chance.happens(0.45) {
        let (year, month, day) = (chance.between(1955, 2006), chance.between(1, 12), chance.between(1, 28));
        facts.birth_date = Some(format!("{year:04}-{month:02}-{day:02}"));
    }
    if chance.happens(0.3) {
        facts.job = Some((*chance.pick(JOBS)).to_owned());
    }
    if chance.happens(0.18) {
        facts.education = Some((*chance.pick(&["diploma", "bachelor", "bachelor", "master", "doctor"])).to_owned());
    }
    if chance.happens(0.15) {
        facts.income_band = Some((*chance.pick(&["low", "middle", "middle", "upper_middle", "high"])).to_owned());
    }
    if chance.happens(0.28) {
        facts.email = Some(format!("m{number}@post.example"));
    }
    if chance.happens(0.3) {
        facts.preferred_channel = Some(*chance.pick(&[Channel::Whatsapp, Channel::Mobile, Channel::Telegram, Channel::Instagram]));
        facts.preferred_hours = Some((*chance.pick(&["صبح‌ها", "پس از ساعت ۱۷", "روزهای زوج", "جمعه‌ها نه", "ساعت ۱۰ تا ۱۳"])).to_owned());
    }
    if chance.happens(0.25) {
        facts.contacts = Some(vec![NewContact {
            channel: Channel::Whatsapp,
            value: mobile(number),
            label: None,
            is_main: None,
            consent: Some(if chance.happens(0.85) { Consent::Given } else { Consent::Withdrawn }),
            consent_how: Some("هنگام خرید پرسیدیم".to_owned()),
        }]);
    }
    facts
}

fn organisation(chance: &mut Chance, number: usize, habit: Habit) -> NewParty {
    let name = match habit {
        Habit::Hotel => format!("هتل {}", chance.pick(HOTELS)),
        Habit::Office => format!("{} {}", chance.pick(FIRMS.0), chance.pick(FIRMS.1)),
        _ => format!("{} {}", chance.pick(&["کافه", "کافه", "کافه", "رستوران", "کافه‌کتاب"]), chance.pick(PLACES)),
    };
    let mut facts = NewParty {
        kind: Some(Kind::Organisation),
        name: Some(name),
        mobile: Some(mobile(number)),
        email: Some(format!("info@b{number}.example")),
        ..NewParty::default()
    };
    if chance.happens(0.55) {
        facts.legal_id = legal_id(number);
    }
    facts
}

/// Numbers of a range in which no subscriber is: 0912 000 xxxx and the same of other networks.
fn mobile(number: usize) -> String {
    const NETWORKS: [&str; 4] = ["0912000", "0919000", "0935000", "0921000"];
    format!("{}{:04}", NETWORKS[number / 10_000 % NETWORKS.len()], number % 10_000)
}

fn postal_code(chance: &mut Chance) -> String {
    // Without 0 and 2, as in true ones.
    (0..10).map(|_| *chance.pick(&['1', '3', '4', '5', '6', '7', '8', '9'])).collect()
}

/// No town hands out numbers that begin with 990. Numbers that follow each other look scattered, and none comes twice.
fn national_id(number: usize) -> Option<String> {
    with_check_digit(IdentityKind::IrNationalId, &format!("990{:06}", scattered(number, 1_000_000)))
}

fn legal_id(number: usize) -> Option<String> {
    with_check_digit(IdentityKind::IrLegalId, &format!("199{:07}", scattered(number, 10_000_000)))
}

/// A prime that does not divide the power of ten, so that each number below it is met once.
fn scattered(number: usize, below: usize) -> usize {
    (number + 1) * 733_757 % below
}

/// Tries the ten check digits; the rule itself is written elsewhere.
fn with_check_digit(kind: IdentityKind, body: &str) -> Option<String> {
    (0..10).map(|digit| format!("{body}{digit}")).find(|number| check(kind, number, "IR").is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::identity::phone;

    #[test]
    fn every_customer_has_a_phone_that_can_be_read_and_ids_that_hold() {
        let first: Day = "2023-11-01".parse().unwrap();
        let all = customers(1, 3000, first, first.plus(1095));
        let ids: Vec<_> =
            all.iter().filter_map(|customer| customer.facts.national_id.as_ref().or(customer.facts.legal_id.as_ref())).collect();
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
        assert!(all.is_sorted_by_key(|customer| customer.came));
        assert!(all.iter().any(|customer| customer.facts.national_id.is_some()));
        assert!(all.iter().any(|customer| customer.facts.legal_id.is_some()));
        for customer in &all {
            for number in [&customer.facts.mobile, &customer.facts.phone].into_iter().flatten() {
                assert!(phone(number, "IR").is_ok(), "{number}");
            }
        }
    }
}
