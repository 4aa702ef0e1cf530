//! The clock of cases: the hours of a stage run while the shop is open, so that nothing becomes late overnight.

use super::cases::CaseStage;
use super::voice_settings::{self, VoiceSettings};
use crate::platform::time::HOUR;
use crate::{Ctx, Day, Instant, Result};
use jiff::tz::TimeZone;
use peyvand_db::Tx;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// However seldom a shop opens, its hours end within so many days.
const DAYS_AHEAD: i64 = 12_000;

/// When the shop is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopHours {
    /// The days of the week on which it is open, 1 for Monday to 7 for Sunday.
    pub days: Vec<i64>,
    /// The hour at which it opens, 0 to 23.
    pub from: i64,
    /// The hour at which it closes, 1 to 24.
    pub until: i64,
    /// Days on which it is closed all the same.
    pub closed_on: Vec<Day>,
}

impl Default for ShopHours {
    /// Saturday to Thursday, nine to six.
    fn default() -> Self {
        ShopHours { days: vec![1, 2, 3, 4, 6, 7], from: 9, until: 18, closed_on: Vec::new() }
    }
}

impl ShopHours {
    fn is_open(&self, day: Day) -> bool {
        self.days.contains(&i64::from(day.0.weekday().to_monday_one_offset())) && !self.closed_on.contains(&day)
    }

    /// When an hour of a day is; the hour 24 is the first moment of the next day.
    fn moment(day: Day, hour: i64, zone: &TimeZone) -> Instant {
        let civil = i8::try_from(hour).ok().filter(|hour| *hour < 24).map(|hour| day.0.at(hour, 0, 0, 0));
        match civil.and_then(|civil| civil.to_zoned(zone.clone()).ok()) {
            Some(zoned) => Instant(zoned.timestamp().as_millisecond()),
            None => Instant::start_of(day.plus(1), zone),
        }
    }

    /// When so many open hours after a moment have passed.
    #[must_use]
    pub fn after(&self, from: Instant, hours: i64, zone: &TimeZone) -> Instant {
        let mut left = hours * HOUR;
        let mut day = from.day(zone);
        for _ in 0..DAYS_AHEAD {
            if self.is_open(day) {
                let begins = Self::moment(day, self.from, zone).max(from);
                let open = Self::moment(day, self.until, zone).0 - begins.0;
                if open >= left {
                    return begins.plus(left);
                }
                left -= open.max(0);
            }
            day = day.plus(1);
        }
        from.plus(hours * HOUR)
    }
}

/// The clock by which the stages of cases are due.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// What the organisation chose.
    pub settings: VoiceSettings,
    zone: TimeZone,
}

impl Clock {
    pub(super) async fn read(tx: &mut Tx, ctx: &Ctx) -> Result<Clock> {
        Ok(Clock { settings: voice_settings::read(tx).await?, zone: ctx.app.organisation().await?.zone() })
    }

    /// When a stage of a case has to end: so many open hours after its clock began.
    pub(super) fn due(&self, stage: CaseStage, from: Instant, severity: i64) -> Instant {
        let hours = self.settings.hours(severity);
        let hours = match stage {
            CaseStage::Received => hours.take,
            CaseStage::InWork => hours.answer,
            CaseStage::Answered => hours.close,
            CaseStage::Closed => return Instant::NOT_PLANNED,
        };
        self.settings.shop.after(from, hours, &self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::time::MINUTE;
    use crate::testing::NOW;

    /// The moment so many hours after Saturday's first, in Tehran.
    fn hour(hour: i64) -> Instant {
        let zone = TimeZone::get("Asia/Tehran").unwrap();
        Instant::start_of(NOW.day(&zone), &zone).plus(hour * HOUR)
    }

    #[test]
    fn hours_run_while_the_shop_is_open() {
        let zone = TimeZone::get("Asia/Tehran").unwrap();
        let shop = ShopHours::default();
        assert_eq!(shop.after(NOW, 4, &zone), hour(13), "before it opens, from nine on");
        assert_eq!(shop.after(hour(10), 8, &zone), hour(18), "until the last minute");
        assert_eq!(shop.after(hour(10).plus(MINUTE), 8, &zone), hour(24 + 9).plus(MINUTE), "and on in the morning");
        assert_eq!(shop.after(hour(22), 1, &zone), hour(24 + 10));
        // Thursday evening: Friday is free.
        assert_eq!(shop.after(hour(5 * 24 + 17), 2, &zone), hour(7 * 24 + 10));
        let holiday = ShopHours { closed_on: vec![hour(24).day(&zone)], ..shop.clone() };
        assert_eq!(holiday.after(hour(17), 2, &zone), hour(48 + 10));
        let always = ShopHours { days: (1..=7).collect(), from: 0, until: 24, closed_on: Vec::new() };
        assert_eq!(always.after(NOW, 120, &zone), NOW.plus(120 * HOUR));
        let never = ShopHours { days: Vec::new(), ..shop };
        assert_eq!(never.after(NOW, 3, &zone), NOW.plus(3 * HOUR));
    }
}
