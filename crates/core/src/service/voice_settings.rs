//! What counts as a bad answer, and how long each stage of a case may take: the organisation's choice within bounds.

use super::clock::ShopHours;
use crate::operation::Nothing;
use crate::platform::events::{self, Event};
use crate::{Act, Ctx, Error, Fields, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest that a stage may take, in open hours.
const HOURS_MAX: i64 = 24 * 60;
/// Days on which the shop is closed, at most.
const CLOSED_MAX: usize = 200;

/// How many open hours of the shop after a case came (or was opened again) each stage has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Until somebody takes it up.
    pub take: i64,
    /// Until the customer is answered.
    pub answer: i64,
    /// Until it is closed.
    pub close: i64,
}

/// The choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceSettings {
    /// An NPS answer of this step or less opens a case.
    pub nps: i64,
    /// A CSAT answer of this step or less opens a case.
    pub csat: i64,
    /// A CES answer of this step or less opens a case.
    pub ces: i64,
    /// Perceived respect of this mean or less opens a case.
    pub respect: i64,
    /// Hours of the stages of a slight case.
    pub slight: Hours,
    /// Hours of the stages of a usual case.
    pub usual: Hours,
    /// Hours of the stages of a severe case.
    pub severe: Hours,
    /// When the shop is open.
    #[serde(default)]
    pub shop: ShopHours,
    /// Days between two questions to the same customer, by whichever way; nobody is asked sooner by rule.
    #[serde(default = "usual_cooldown")]
    pub cooldown_days: i64,
}

const fn usual_cooldown() -> i64 {
    30
}

impl Default for VoiceSettings {
    fn default() -> Self {
        VoiceSettings {
            nps: 6,
            csat: 2,
            ces: 2,
            respect: 3,
            slight: Hours { take: 9, answer: 27, close: 90 },
            usual: Hours { take: 4, answer: 9, close: 45 },
            severe: Hours { take: 2, answer: 4, close: 27 },
            shop: ShopHours::default(),
            cooldown_days: usual_cooldown(),
        }
    }
}

impl VoiceSettings {
    /// The hours of a severity.
    #[must_use]
    pub fn hours(&self, severity: i64) -> &Hours {
        match severity {
            ..2 => &self.slight,
            2 => &self.usual,
            _ => &self.severe,
        }
    }

    fn check(&self) -> Result<()> {
        let mut problems = Fields::default();
        for (field, border, first, last) in [
            ("nps", self.nps, 0, 8),
            ("csat", self.csat, 1, 3),
            ("ces", self.ces, 1, 4),
            ("respect", self.respect, 1, 4),
            ("cooldown_days", self.cooldown_days, 1, 365),
        ] {
            if !(first..=last).contains(&border) {
                problems.0.push(Problem::new(field, "input-range").with("min", first).with("max", last));
            }
        }
        for (field, hours) in [("slight", self.slight), ("usual", self.usual), ("severe", self.severe)] {
            if hours.take < 1 || hours.answer < hours.take || hours.close < hours.answer || hours.close > HOURS_MAX {
                problems.0.push(Problem::new(field, "cases-hours-order").with("max", HOURS_MAX));
            }
        }
        let ShopHours { days, from, until, closed_on } = &self.shop;
        if days.is_empty() || days.iter().any(|day| !(1..=7).contains(day)) {
            problems.add("days", "cases-days-needed");
        }
        if !(0..24).contains(from) || !(1..=24).contains(until) || until <= from {
            problems.add("until", "cases-open-order");
        }
        if closed_on.len() > CLOSED_MAX {
            problems.0.push(Problem::new("closed_on", "cases-closed-days-many").with("max", CLOSED_MAX));
        }
        problems.check()
    }
}

pub(crate) async fn read(tx: &mut Tx) -> Result<VoiceSettings> {
    let stored: Option<(Value,)> = tx.maybe(sql("SELECT settings FROM voice_settings WHERE id = 1")).await?;
    stored.map_or(Ok(VoiceSettings::default()), |(settings,)| serde_json::from_value(settings).map_err(Error::fault))
}

/// The choice as it stands.
///
/// # Errors
/// Without the right.
pub async fn get(ctx: &Ctx, _: Nothing) -> Result<VoiceSettings> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let stored: Option<(Value,)> = reader.db.maybe(sql("SELECT settings FROM voice_settings WHERE id = 1")).await?;
    stored.map_or(Ok(VoiceSettings::default()), |(settings,)| serde_json::from_value(settings).map_err(Error::fault))
}

/// Changes the choice. Cases that are open keep the times they were given until their next stage.
///
/// # Errors
/// For who does not see all customers, for borders off their scales, for hours out of order.
pub async fn put(ctx: &Ctx, input: VoiceSettings) -> Result<VoiceSettings> {
    let perm = Perm(Room::Service, Act::Change);
    let writer = ctx.write(perm)?;
    if writer.sight != Sight::All {
        return Err(Error::Forbidden(perm));
    }
    input.check()?;
    let mut tx = writer.begin().await?;
    let settings = serde_json::to_value(&input).map_err(Error::fault)?;
    tx.run(
        sql("INSERT INTO voice_settings (id, settings) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET settings = excluded.settings")
            .bind(settings.clone()),
    )
    .await?;
    events::record(&mut tx, ctx, Event { kind: "voice_settings.changed", party: None, subject: None, data: settings }).await?;
    tx.commit().await?;
    Ok(input)
}

/// The operations of the choice.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "cases.settings",
        "GET /cases/settings",
        Some(Perm(Room::Service, Act::See)),
        "What counts as a bad answer, and how long each stage of a case may take.",
        get,
    );
    ops.add(
        "cases.set_settings",
        "PUT /cases/settings",
        Some(Perm(Room::Service, Act::Change)),
        "Changes what counts as a bad answer, and how long each stage of a case may take.",
        put,
    )
    .example(|| {
        let hours = |take: i64| json!({"take": take, "answer": take * 4, "close": take * 16});
        let shop = json!({"days": [1, 2, 3, 4, 6, 7], "from": 9, "until": 18, "closed_on": ["2027-03-21"]});
        json!({"nps": 6, "csat": 2, "ces": 2, "respect": 3, "slight": hours(9), "usual": hours(4), "severe": hours(2), "shop": shop, "cooldown_days": 30})
    });
}
