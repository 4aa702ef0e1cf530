//! The organisation whose database this is: its name and how it shows days, numbers and money.

use super::calendar::Calendar;
use super::locale::{Prefs, Theme, time_zone};
use super::money::{Currency, MoneyUnit};
use super::text::{Digits, Lang};
use crate::platform::events::{self, Event};
use crate::{Act, App, Ctx, Instant, Operations, Perm, Result, Room};
use jiff::tz::TimeZone;
use peyvand_db::{FromCell, Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long a process may work with settings that another process has changed.
const FRESH: i64 = 5_000;

peyvand_db::words! {
    /// What kind of organisation it is; decides the first unit's name and which words the lists start with.
    pub enum Kind {
        /// A shop or several.
        Retail = "retail",
        /// Sells to shops and companies.
        Distribution = "distribution",
        /// Looks after people's health.
        Clinic = "clinic",
        /// Trains, repairs, advises.
        Services = "services",
        /// None of these.
        Other = "other",
    }
}

row! {
    /// The organisation.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Organisation {
        /// Its name.
        pub name: String,
        /// What kind it is.
        pub kind: Kind,
        /// ISO 3166 code of the country that local phone numbers and IDs belong to.
        pub country: String,
        /// Language of who has not chosen.
        pub lang: Lang,
        /// Calendar of who has not chosen.
        pub calendar: Calendar,
        /// Digits of who has not chosen.
        pub digits: Digits,
        /// IANA name of the time zone in which its days begin.
        pub time_zone: String,
        /// ISO 4217 code of the currency of its books.
        pub currency: Currency,
        /// Toman or the currency itself.
        pub money_unit: MoneyUnit,
        /// Days by which the lunar date seen here differs from Umm al-Qura.
        pub hijri_shift: i64,
        /// When the set-up was finished; absent before.
        pub set_up_at: Option<Instant>,
    }
}

impl Organisation {
    /// Before the set-up: a shop in Iran.
    #[must_use]
    pub fn unnamed() -> Organisation {
        Organisation {
            name: String::new(),
            kind: Kind::Other,
            country: "IR".to_owned(),
            lang: Lang::Fa,
            calendar: Calendar::Jalali,
            digits: Digits::Persian,
            time_zone: "Asia/Tehran".to_owned(),
            currency: Currency::IRR,
            money_unit: MoneyUnit::Toman,
            hijri_shift: 0,
            set_up_at: None,
        }
    }

    /// The time zone in which its days begin.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        time_zone(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// How things are shown to who has not chosen.
    #[must_use]
    pub fn prefs(&self) -> Prefs {
        Prefs {
            lang: self.lang,
            calendar: self.calendar,
            digits: self.digits,
            time_zone: self.zone(),
            theme: Theme::Auto,
            money_unit: self.money_unit,
            hijri_shift: self.hijri_shift,
            shortcuts: true,
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn save(&self, tx: &mut Tx) -> Result<()> {
        let mut insert = self.insert();
        insert.push(
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, country = excluded.country,
                lang = excluded.lang, calendar = excluded.calendar, digits = excluded.digits, time_zone = excluded.time_zone,
                currency = excluded.currency, money_unit = excluded.money_unit, hijri_shift = excluded.hijri_shift,
                set_up_at = excluded.set_up_at",
        );
        tx.run(insert).await?;
        Ok(())
    }

    /// Writes it unless there is one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn save_if_absent(&self, tx: &mut Tx) -> Result<()> {
        let mut insert = self.insert();
        insert.push(" ON CONFLICT (id) DO NOTHING");
        tx.run(insert).await?;
        Ok(())
    }

    fn insert(&self) -> Sql {
        sql("INSERT INTO organisation (id, name, kind, country, lang, calendar, digits, time_zone, currency, money_unit, hijri_shift, set_up_at)
             VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(&self.name)
        .bind(self.kind)
        .bind(&self.country)
        .bind(self.lang)
        .bind(self.calendar)
        .bind(self.digits)
        .bind(&self.time_zone)
        .bind(self.currency)
        .bind(self.money_unit)
        .bind(self.hijri_shift)
        .bind(self.set_up_at)
    }
}

impl App {
    /// The organisation, at most [`FRESH`] milliseconds old.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn organisation(&self) -> Result<Arc<Organisation>> {
        let now = self.clock.now();
        if let Ok(cached) = self.organisation.read()
            && let Some((at, organisation)) = &*cached
            && now.0 - at.0 < FRESH
        {
            return Ok(organisation.clone());
        }
        let stored: Option<Organisation> = self.db.maybe(Sql::select::<Organisation>("FROM organisation WHERE id = 1")).await?;
        let organisation = Arc::new(stored.unwrap_or_else(Organisation::unnamed));
        if let Ok(mut cached) = self.organisation.write() {
            *cached = Some((now, organisation.clone()));
        }
        Ok(organisation)
    }

    /// Forgets the cached organisation after a change.
    pub fn forget_organisation(&self) {
        if let Ok(mut cached) = self.organisation.write() {
            *cached = None;
        }
    }
}

/// What may be changed; absent fields stay.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationChange {
    /// Its name.
    pub name: Option<String>,
    /// What kind it is.
    pub kind: Option<Kind>,
    /// ISO 3166 code.
    pub country: Option<String>,
    /// Language.
    pub lang: Option<Lang>,
    /// Calendar.
    pub calendar: Option<Calendar>,
    /// Digits.
    pub digits: Option<Digits>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// ISO 4217 code.
    pub currency: Option<Currency>,
    /// Toman or the currency itself.
    pub money_unit: Option<MoneyUnit>,
    /// -1, 0 or 1.
    pub hijri_shift: Option<i64>,
}

/// The organisation's settings; everybody signed in may know them.
///
/// # Errors
/// When nobody is signed in.
pub async fn get(ctx: &Ctx, _: crate::operation::Nothing) -> Result<Organisation> {
    if matches!(ctx.actor, crate::Actor::Nobody) {
        return Err(crate::Error::SignedOut);
    }
    Ok((*ctx.app.organisation().await?).clone())
}

/// Changes the settings.
///
/// # Errors
/// Without the right, or for a name, zone or country that is none.
pub async fn update(ctx: &Ctx, change: OrganisationChange) -> Result<Organisation> {
    let writer = ctx.write(Perm(Room::Settings, Act::Change))?;
    let mut organisation = (*ctx.app.organisation().await?).clone();
    change.apply(&mut organisation)?;
    // Whoever came in by the command line finishes the set-up by saving these settings.
    organisation.set_up_at = organisation.set_up_at.or(Some(ctx.now()));
    let mut tx = writer.begin().await?;
    organisation.save(&mut tx).await?;
    let data = serde_json::to_value(&organisation).map_err(crate::Error::fault)?;
    events::record(&mut tx, ctx, Event { kind: "organisation.changed", party: None, subject: None, data }).await?;
    tx.commit().await?;
    ctx.app.forget_organisation();
    Ok(organisation)
}

impl OrganisationChange {
    /// Puts the change on an organisation.
    ///
    /// # Errors
    /// For a name, zone or country that is none.
    pub fn apply(self, organisation: &mut Organisation) -> Result<()> {
        let mut problems = crate::Fields::default();
        if let Some(name) = self.name {
            match super::text::clean_line(&name, 120) {
                Ok(name) if !name.is_empty() => organisation.name = name,
                Ok(_) => problems.add("name", "input-needed"),
                Err(problem) => problems.add("name", problem.key()),
            }
        }
        if let Some(zone) = self.time_zone {
            if time_zone(&zone).is_some() {
                organisation.time_zone = zone;
            } else {
                problems.add("time_zone", "organisation-zone-unknown");
            }
        }
        if let Some(country) = self.country {
            let country = country.trim().to_ascii_uppercase();
            if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                organisation.country = country;
            } else {
                problems.add("country", "organisation-country-unknown");
            }
        }
        if let Some(shift) = self.hijri_shift {
            if (-1..=1).contains(&shift) {
                organisation.hijri_shift = shift;
            } else {
                problems.add("hijri_shift", "organisation-hijri-shift");
            }
        }
        organisation.kind = self.kind.unwrap_or(organisation.kind);
        organisation.lang = self.lang.unwrap_or(organisation.lang);
        organisation.calendar = self.calendar.unwrap_or(organisation.calendar);
        organisation.digits = self.digits.unwrap_or(organisation.digits);
        organisation.currency = self.currency.unwrap_or(organisation.currency);
        organisation.money_unit = self.money_unit.unwrap_or(organisation.money_unit);
        problems.check()
    }
}

/// Lets a type whose JSON form is a word be stored as that word.
macro_rules! stored_word {
    ($($type:ty),*) => {$(
        impl ToValue for $type {
            const KIND: peyvand_db::Kind = peyvand_db::Kind::Text;
            fn to_value(&self) -> peyvand_db::Value {
                match serde_json::to_value(self) {
                    Ok(serde_json::Value::String(word)) => peyvand_db::Value::Text(word),
                    _ => peyvand_db::Value::Null(peyvand_db::Kind::Text),
                }
            }
        }
        impl FromCell for $type {
            fn from_cell(cell: peyvand_db::Cell<'_>) -> peyvand_db::Result<Self> {
                let word = String::from_cell(cell)?;
                serde_json::from_value(serde_json::Value::String(word)).map_err(|error| cell.problem(error))
            }
        }
    )*};
}
stored_word!(Lang, Calendar, Digits, Currency, MoneyUnit);

/// The one row that the organisation is: for events about it.
#[derive(Debug)]
pub enum OrganisationRow {}

/// The id under which events of the organisation are found.
pub const ORGANISATION: Id<OrganisationRow> = Id::FIRST;

/// The operations of the organisation's settings.
pub fn operations(ops: &mut Operations) {
    ops.add("organisation.get", "GET /organisation", None, "The organisation's settings.", get);
    ops.add(
        "organisation.update",
        "PUT /organisation",
        Some(Perm(Room::Settings, Act::Change)),
        "Changes the organisation's settings; absent fields stay.",
        update,
    )
    .example(|| serde_json::json!({"name": "فروشگاه ترنج", "money_unit": "toman"}));
}
