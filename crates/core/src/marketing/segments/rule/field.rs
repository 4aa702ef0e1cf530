//! The fields of a record and the figures of a customer that a rule may ask for, and how.

use crate::insight::models::BANDS;
use crate::insight::whale::TIERS;

/// A century, in days and in years of age: nothing here looks further.
pub(super) const DAYS_MAX: i64 = 36_525;
/// Hours of a year.
const HOURS_MAX: i64 = 8_784;
/// Times that something may be asked to have happened.
pub(super) const TIMES_MAX: i64 = 1_000_000;

peyvand_db::words! {
    /// What people filter customers by.
    pub enum Field {
        /// Person or organisation.
        Kind = "kind",
        /// What they are to us.
        Role = "role",
        /// Gender.
        Gender = "gender",
        /// How they stand towards us.
        Stance = "stance",
        /// How far they have come: potential, actual, loyal, advocate.
        Stage = "stage",
        /// How they stand in their stage: active, dormant, at risk …
        Standing = "standing",
        /// Education: a word of its list or own words.
        Education = "education",
        /// The job, in its own words.
        Job = "job",
        /// Income: a word of its list or own words.
        Income = "income",
        /// City.
        City = "city",
        /// Province.
        Province = "province",
        /// Where they came from.
        Source = "source",
        /// Who looks after them, by id.
        Owner = "owner",
        /// Their unit, by id.
        Unit = "unit",
        /// The day they were added.
        Created = "created",
        /// Day of birth.
        Birth = "birth",
        /// Age in years.
        Age = "age",
        /// The month of birth in a calendar: `jalali-8`.
        BirthMonth = "birth_month",
        /// The day of each year on which they were born, in the organisation's calendar.
        Birthday = "birthday",
        /// The way by which they want to hear from us.
        PreferredChannel = "preferred_channel",
        /// Whether there is a telephone number.
        Phone = "phone",
        /// Whether there is an e-mail address.
        Email = "email",
        /// Day of the first purchase.
        FirstPurchase = "first_purchase",
        /// Day of the last purchase.
        LastPurchase = "last_purchase",
        /// Number of purchases.
        Purchases = "purchases",
        /// Money spent in all, in the organisation's currency.
        Spent = "spent",
        /// Day of the last contact.
        LastContact = "last_contact",
        /// Day for which something is planned next.
        NextFollowUp = "next_follow_up",
        /// Whether they are silent for longer than is their habit.
        Silent = "silent",
        /// The day from which they are.
        SilentSince = "silent_since",
        /// Band of recency, 5 the most recent. This and what follows is what models worked out.
        Recency = "recency",
        /// Band of frequency, 5 the most frequent.
        Frequency = "frequency",
        /// Band of value, 5 the most valuable.
        Value = "value",
        /// Mean of the bands of frequency and value, rounded up.
        FrequencyValue = "frequency_value",
        /// Probability of still being active, in per cent.
        Active = "active",
        /// Days with a purchase that are expected in the next 90 days.
        ExpectedPurchases = "expected_purchases",
        /// Expected value of the next twelve months, in the organisation's currency.
        ExpectedValue = "expected_value",
        /// What a purchase of theirs is expected to amount to, in the organisation's currency.
        ExpectedAmount = "expected_amount",
        /// How they buy: regularly, slower and slower …
        Habit = "habit",
        /// Their usual gap between two purchases, in days.
        UsualGap = "usual_gap",
        /// The quarter of the solar year in which they buy, 1 for spring.
        Season = "season",
        /// Tier of profit, 1 the best.
        Tier = "tier",
        /// Profit of the year, after all that the customer cost.
        Profit = "profit",
        /// Minutes of our people that went to them in the year.
        Minutes = "minutes",
    }
}

/// What kind of answer a field has, and so how it may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A word, a name or an id.
    Word,
    /// A day.
    Day,
    /// A whole number.
    Number,
    /// A number with decimals.
    Decimal,
    /// An amount.
    Money,
    /// Yes or no.
    Flag,
    /// There is one, or there is none; more is not asked of it.
    Presence,
}

impl Field {
    /// What kind of answer it has.
    #[must_use]
    pub const fn answer(self) -> Answer {
        match self {
            Field::Kind
            | Field::Role
            | Field::Gender
            | Field::Stance
            | Field::Stage
            | Field::Standing
            | Field::Education
            | Field::Job
            | Field::Income
            | Field::City
            | Field::Province
            | Field::Source
            | Field::Owner
            | Field::Unit
            | Field::BirthMonth
            | Field::PreferredChannel
            | Field::Habit
            | Field::Season => Answer::Word,
            Field::Phone | Field::Email => Answer::Presence,
            Field::Created
            | Field::Birth
            | Field::Birthday
            | Field::FirstPurchase
            | Field::LastPurchase
            | Field::LastContact
            | Field::NextFollowUp
            | Field::SilentSince => Answer::Day,
            Field::Age
            | Field::Purchases
            | Field::Recency
            | Field::Frequency
            | Field::Value
            | Field::FrequencyValue
            | Field::Active
            | Field::UsualGap
            | Field::Tier
            | Field::Minutes => Answer::Number,
            Field::ExpectedPurchases => Answer::Decimal,
            Field::Spent | Field::ExpectedValue | Field::ExpectedAmount | Field::Profit => Answer::Money,
            Field::Silent => Answer::Flag,
        }
    }

    /// Whether there may be no answer.
    #[must_use]
    pub const fn may_be_unknown(self) -> bool {
        match self.answer() {
            // Of days of the year it is asked whether the day of birth is known.
            Answer::Word | Answer::Day => {
                !self.is_of_the_way()
                    && !matches!(self, Field::Kind | Field::Role | Field::Created | Field::BirthMonth | Field::Birthday | Field::Habit)
            }
            Answer::Presence => true,
            _ => self.is_figure(),
        }
    }

    /// Whether a model worked it out: not everybody has it, and not everybody may see it.
    #[must_use]
    pub const fn is_figure(self) -> bool {
        matches!(
            self,
            Field::Active
                | Field::ExpectedPurchases
                | Field::ExpectedValue
                | Field::ExpectedAmount
                | Field::Habit
                | Field::UsualGap
                | Field::Season
        ) || self.is_band()
            || self.is_profit()
    }

    /// Whether it is worked out from costs.
    pub(in crate::marketing::segments) const fn is_profit(self) -> bool {
        matches!(self, Field::Tier | Field::Profit | Field::Minutes)
    }

    /// Whether it is of the way from stranger to advocate.
    pub(in crate::marketing::segments) const fn is_of_the_way(self) -> bool {
        matches!(self, Field::Stage | Field::Standing)
    }

    const fn is_band(self) -> bool {
        matches!(self, Field::Recency | Field::Frequency | Field::Value | Field::FrequencyValue)
    }

    /// The bounds of its numbers.
    pub(super) const fn numbers(self) -> (i64, i64) {
        match self {
            Field::Age => (0, DAYS_MAX / 365),
            Field::Active => (0, 100),
            Field::Tier => (1, TIERS),
            Field::UsualGap => (1, DAYS_MAX),
            Field::Minutes => (0, HOURS_MAX * 60),
            _ if self.is_band() => (1, BANDS as i64),
            _ => (0, TIMES_MAX),
        }
    }
}
