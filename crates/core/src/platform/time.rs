//! Moments and days as they are stored: an instant in epoch milliseconds, a day as ISO text.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use peyvand_db::{Cell, FromCell, Kind, ToValue, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// A moment, in milliseconds since 1970-01-01 UTC. JSON carries it as RFC 3339 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

/// One second, in milliseconds.
pub const SECOND: i64 = 1_000;
/// One minute, in milliseconds.
pub const MINUTE: i64 = 60_000;
/// One hour, in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// Twenty-four hours, in milliseconds.
pub const DAY: i64 = 24 * HOUR;

impl Instant {
    /// In a column that looks back: it never happened.
    pub const NEVER: Instant = Instant(0);
    /// In a column that looks ahead: nothing is planned (the last second of the year 9999).
    pub const NOT_PLANNED: Instant = Instant(253_402_300_799_000);

    /// The calendar day in a time zone.
    #[must_use]
    pub fn day(self, zone: &TimeZone) -> Day {
        Day(self.zoned(zone).date())
    }

    /// The moment on the clock of a time zone.
    #[must_use]
    pub fn zoned(self, zone: &TimeZone) -> jiff::Zoned {
        self.timestamp().to_zoned(zone.clone())
    }

    /// As jiff's type; moments outside of its range become its ends.
    #[must_use]
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX })
    }

    /// Later by so many milliseconds.
    #[must_use]
    pub const fn plus(self, milliseconds: i64) -> Instant {
        Instant(self.0.saturating_add(milliseconds))
    }

    /// The first moment of a day in a time zone.
    #[must_use]
    pub fn start_of(day: Day, zone: &TimeZone) -> Instant {
        day.0.to_zoned(zone.clone()).map_or(Instant::NEVER, |zoned| Instant(zoned.timestamp().as_millisecond()))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let moment: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Instant(moment.as_millisecond()))
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

impl ToValue for Instant {
    const KIND: Kind = Kind::Int;
    fn to_value(&self) -> Value {
        Value::Int(self.0)
    }
}

impl FromCell for Instant {
    fn from_cell(cell: Cell<'_>) -> peyvand_db::Result<Self> {
        i64::from_cell(cell).map(Instant)
    }
}

/// A calendar day. JSON carries it as `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Date);

impl Day {
    /// So many days later (earlier when negative); the last day that can be written beyond that.
    #[must_use]
    pub fn plus(self, days: i64) -> Day {
        use jiff::ToSpan;
        Day(self.0.checked_add(days.days()).unwrap_or(if days < 0 { Date::MIN } else { Date::MAX }))
    }

    /// Whole years from `earlier` to this one: how old somebody is who was born then.
    #[must_use]
    pub fn years_since(self, earlier: Day) -> i64 {
        let is_before = (self.0.month(), self.0.day()) < (earlier.0.month(), earlier.0.day());
        i64::from(self.0.year() - earlier.0.year()) - i64::from(is_before)
    }

    /// Days from `earlier` to this one.
    #[must_use]
    pub fn since(self, earlier: Day) -> i64 {
        i64::from((self.0 - earlier.0).get_days())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Day {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Day)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date"})
    }
}

impl ToValue for Day {
    const KIND: Kind = Kind::Text;
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl FromCell for Day {
    fn from_cell(cell: Cell<'_>) -> peyvand_db::Result<Self> {
        String::from_cell(cell)?.parse().map_err(|error| cell.problem(error))
    }
}
