//! What may be said of a party: one set of checks for the form, the API and the import of a file.

mod inputs;
mod names;
mod words;

pub use self::inputs::{NewAddress, NewContact, NewIdentity, NewParty, PartyChange};
pub use self::names::{full_name, name_key, names_compatible};
pub use self::words::{Channel, Consent, Gender, Kind, Role, Stance, word_of};

use self::words::{gender, term};
use crate::parties::identity::{self, Detail, IdentityKind};
use crate::platform::access::{Unit, User};
use crate::platform::calendar::{Calendar, parse_date};
use crate::platform::keys::Keys;
use crate::platform::text::{clean_line, clean_text, search_key};
use crate::{Ctx, Day, Fields, Problem, Result};
use peyvand_db::Id;
use std::borrow::Cow;

/// Tags of one party; more are no longer read by anybody.
pub const TAGS_MAX: usize = 40;
/// Contact points, addresses or keys of one party.
pub const FACTS_MAX: usize = 40;
/// Characters of a name.
pub const NAME_MAX: usize = 200;
/// Characters of a short line: job, city, label.
pub const LINE_MAX: usize = 120;
/// Characters of a tag.
pub const TAG_MAX: usize = 60;
/// Characters of an address line and of what somebody said in their own words.
pub const SENTENCE_MAX: usize = 500;
/// Characters of a note.
pub const NOTE_MAX: usize = 10_000;
/// Nobody who lives was born earlier than this many years ago.
const AGE_MAX_YEARS: i64 = 130;

/// What the checks need to know of the world.
#[derive(Clone, Debug)]
pub struct Checks<'a> {
    /// Country of local phone numbers.
    pub country: &'a str,
    /// Calendar of dates that do not say theirs.
    pub calendar: Calendar,
    /// Today.
    pub today: Day,
    /// Keys for secret values.
    pub keys: &'a Keys,
}

/// Facts of a party, checked and in the form they are stored in.
#[derive(Clone, Debug, Default)]
pub struct CheckedParty {
    /// What it is; absent when not given.
    pub kind: Option<Kind>,
    /// What it is to us.
    pub role: Option<Role>,
    /// Since when.
    pub role_since: Option<Day>,
    /// Texts by column of table `parties`: a value, or `None` to take the old one away. Columns not given are absent.
    pub texts: Vec<(&'static str, Option<String>)>,
    /// Day of birth; `Some(None)` takes it away.
    pub birth_on: Option<Option<Day>>,
    /// Who looks after them.
    pub owner_id: Option<Id<User>>,
    /// Their unit.
    pub unit_id: Option<Id<Unit>>,
    /// Identity keys.
    pub keys: Vec<CheckedKey>,
    /// Contact points, main ones first.
    pub contacts: Vec<CheckedContact>,
    /// Addresses, main ones first.
    pub addresses: Vec<NewAddress>,
    /// Tags.
    pub tags: Vec<String>,
}

/// An identity key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedKey {
    /// The input field it came from.
    pub field: &'static str,
    /// Kind, with the system for a key of another system: `external:shop`.
    pub kind: Cow<'static, str>,
    /// What is looked up: the normalised value, or its keyed hash for a secret kind.
    pub value: String,
    /// The sealed value of a secret kind.
    pub sealed: Option<Vec<u8>>,
    /// What everybody may see.
    pub masked: String,
}

/// A contact point as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedContact {
    /// The channel.
    pub channel: Channel,
    /// Normalised value.
    pub value: String,
    /// What the party calls it.
    pub label: Option<String>,
    /// Whether it is the one to use first.
    pub is_main: bool,
    /// Whether they allowed it.
    pub consent: Consent,
    /// How they told us.
    pub consent_how: Option<String>,
}

impl CheckedParty {
    /// The value given for a text column.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&str> {
        self.texts.iter().find(|(name, _)| *name == column).and_then(|(_, value)| value.as_deref())
    }

    /// Whether a text column was given, be it to take its value away.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.texts.iter().any(|(name, _)| *name == column)
    }

    /// Sets a text column.
    pub fn set(&mut self, column: &'static str, value: Option<String>) {
        self.texts.retain(|(name, _)| *name != column);
        self.texts.push((column, value));
    }

    /// The main value of a channel.
    #[must_use]
    pub fn main(&self, channels: &[Channel]) -> Option<&str> {
        channels.iter().find_map(|channel| self.contacts.iter().find(|contact| contact.channel == *channel)).map(|contact| &*contact.value)
    }
}

impl CheckedParty {
    /// Makes the name from its parts where it was not given.
    ///
    /// # Errors
    /// A problem at field `name` when there is nothing to make it from.
    pub fn named(mut self) -> Result<CheckedParty, Fields> {
        if self.text("name").is_none() {
            match full_name(self.text("first_name"), self.text("last_name")) {
                Some(name) => self.set("name", Some(name)),
                None => return Err(Fields(vec![Problem::new("name", "parties-name-needed")])),
            }
        }
        Ok(self)
    }
}

impl NewParty {
    /// Checks every field and gives the facts as they are stored. Does not ask for a name, so that it serves a change
    /// as well; see [`CheckedParty::named`].
    ///
    /// # Errors
    /// All problems, each at its field.
    pub fn checked(self, checks: &Checks<'_>) -> Result<CheckedParty, Fields> {
        let mut fields = Fields::default();
        let mut party =
            CheckedParty { kind: self.kind, role: self.role, owner_id: self.owner_id, unit_id: self.unit_id, ..CheckedParty::default() };

        for (column, value, max) in [
            ("name", &self.name, NAME_MAX),
            ("first_name", &self.first_name, LINE_MAX),
            ("last_name", &self.last_name, LINE_MAX),
            ("father_name", &self.father_name, LINE_MAX),
            ("job", &self.job, LINE_MAX),
            ("province", &self.province, LINE_MAX),
            ("city", &self.city, LINE_MAX),
            ("source_words", &self.source_words, SENTENCE_MAX),
            ("stance_reason", &self.stance_reason, SENTENCE_MAX),
            ("preferred_hours", &self.preferred_hours, LINE_MAX),
        ] {
            line(&mut fields, &mut party, column, value.as_deref(), max, |text| text);
        }
        line(&mut fields, &mut party, "honorific", self.honorific.as_deref(), LINE_MAX, |text| term("honorific", text));
        line(&mut fields, &mut party, "education", self.education.as_deref(), LINE_MAX, |text| term("education", text));
        line(&mut fields, &mut party, "income_band", self.income_band.as_deref(), LINE_MAX, |text| term("income_band", text));
        line(&mut fields, &mut party, "source", self.source.as_deref(), LINE_MAX, |text| term("source", text));
        if let Some(note) = &self.note {
            match clean_text(note, NOTE_MAX) {
                Ok(note) => party.set("note", Some(note).filter(|note| !note.is_empty())),
                Err(problem) => fields.0.push(Problem::new("note", problem.key()).with("max", NOTE_MAX)),
            }
        }
        if let Some(text) = &self.gender {
            match gender(text) {
                Some(gender) => party.set("gender", Some(gender.as_str().to_owned())),
                None if text.trim().is_empty() => party.set("gender", None),
                None => fields.add("gender", "parties-gender-unknown"),
            }
        }
        if let Some(text) = &self.birth_date {
            party.birth_on = fields.take(birth_day(text, checks));
        }
        if let Some(text) = self.role_since.as_deref().filter(|text| !text.trim().is_empty()) {
            party.role_since = fields.take(day("role_since", text, checks));
        }
        if let Some(stance) = self.stance {
            party.set("stance", Some(stance.as_str().to_owned()));
            if stance != Stance::Neutral
                && party.text("stance_reason").is_none()
                && fields.0.iter().all(|problem| problem.field != "stance_reason")
            {
                fields.add("stance_reason", "parties-stance-reason-needed");
            }
        }
        if let Some(channel) = self.preferred_channel {
            party.set("preferred_channel", Some(channel.as_str().to_owned()));
        }
        if let Some(text) = &self.country {
            party.set("country", fields.take(country("country", text)).flatten());
        }

        // Keys.
        for (field, kind, value) in [
            ("national_id", IdentityKind::IrNationalId, &self.national_id),
            ("legal_id", IdentityKind::IrLegalId, &self.legal_id),
            ("code", IdentityKind::Code, &self.code),
        ] {
            if let Some(value) = filled(value.as_deref()) {
                party.keys.extend(fields.take(identity_key(field, kind, value, None, checks)));
            }
        }
        if let Some(value) = filled(self.external_id.as_deref()) {
            party.keys.extend(fields.take(identity_key("external_id", IdentityKind::External, value, self.system.as_deref(), checks)));
        }
        for identity in self.identities.iter().flatten() {
            match IdentityKind::from_name(&identity.kind) {
                Some(kind) if !matches!(kind, IdentityKind::Phone | IdentityKind::Email) => {
                    party.keys.extend(fields.take(identity_key("identities", kind, &identity.value, identity.system.as_deref(), checks)));
                }
                _ => fields.add("identities", "parties-identity-kind-unknown"),
            }
        }
        party.keys.dedup_by(|one, other| one.kind == other.kind && one.value == other.value);
        if party.kind.is_none() && party.keys.iter().any(|key| key.kind == IdentityKind::IrLegalId.name()) {
            party.kind = Some(Kind::Organisation);
        }

        // Ways to reach them.
        let plain = |channel, value: &str| NewContact {
            channel,
            value: value.to_owned(),
            label: None,
            is_main: Some(true),
            consent: None,
            consent_how: None,
        };
        let mut contacts: Vec<(&'static str, NewContact)> = Vec::new();
        for (field, channel, value) in
            [("mobile", Channel::Mobile, &self.mobile), ("phone", Channel::Phone, &self.phone), ("email", Channel::Email, &self.email)]
        {
            contacts.extend(filled(value.as_deref()).map(|value| (field, plain(channel, value))));
        }
        contacts.extend(self.contacts.into_iter().flatten().map(|contact| ("contacts", contact)));
        for (field, contact) in contacts {
            if let Some(contact) = fields.take(contact.checked(field, checks))
                && !party.contacts.iter().any(|known| known.channel == contact.channel && known.value == contact.value)
            {
                party.contacts.push(contact);
            }
        }

        // Addresses.
        let first = NewAddress {
            label: None,
            country: self.country,
            province: self.province,
            city: self.city,
            line: self.address,
            postal_code: self.postal_code,
            is_main: Some(true),
        };
        if filled(first.line.as_deref()).is_some() || filled(first.postal_code.as_deref()).is_some() {
            party.addresses.extend(first.checked(&mut fields, "address"));
        }
        for address in self.addresses.into_iter().flatten() {
            party.addresses.extend(address.checked(&mut fields, "addresses"));
        }

        for tag in self.tags.into_iter().flatten() {
            match clean_line(tag.trim_start_matches('#'), TAG_MAX) {
                Ok(tag) if tag.is_empty() || party.tags.contains(&tag) => {}
                Ok(tag) => party.tags.push(tag),
                Err(problem) => fields.0.push(Problem::new("tags", problem.key()).with("max", TAG_MAX)),
            }
        }
        for (field, count, max) in [
            ("tags", party.tags.len(), TAGS_MAX),
            ("contacts", party.contacts.len(), FACTS_MAX),
            ("addresses", party.addresses.len(), FACTS_MAX),
            ("identities", party.keys.len(), FACTS_MAX),
        ] {
            if count > max {
                fields.0.push(Problem::new(field, "parties-too-many").with("max", max));
            }
        }
        if fields.0.is_empty() { Ok(party) } else { Err(fields) }
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

fn line(
    fields: &mut Fields,
    party: &mut CheckedParty,
    column: &'static str,
    value: Option<&str>,
    max: usize,
    word: impl Fn(String) -> String,
) {
    let Some(value) = value else { return };
    match clean_line(value, max) {
        Ok(text) => party.texts.push((column, Some(text).filter(|text| !text.is_empty()).map(word))),
        Err(problem) => fields.0.push(Problem::new(column, problem.key()).with("max", max)),
    }
}

fn day(field: &'static str, text: &str, checks: &Checks<'_>) -> Result<Day, Problem> {
    parse_date(text, checks.calendar, checks.today.0).map(Day).map_err(|problem| Problem::new(field, problem.key()))
}

fn birth_day(text: &str, checks: &Checks<'_>) -> Result<Option<Day>, Problem> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let born = day("birth_date", text, checks)?;
    if born > checks.today {
        return Err(Problem::new("birth_date", "parties-birth-future"));
    }
    if checks.today.since(born) > AGE_MAX_YEARS * 366 {
        return Err(Problem::new("birth_date", "parties-birth-too-old"));
    }
    Ok(Some(born))
}

fn country(field: &'static str, text: &str) -> Result<Option<String>, Problem> {
    let code = text.trim().to_ascii_uppercase();
    if code.is_empty() {
        return Ok(None);
    }
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(Some(code));
    }
    // A file names countries in words; they are kept as they are.
    match clean_line(text, LINE_MAX) {
        Ok(name) => Ok(Some(name)),
        Err(problem) => Err(Problem::new(field, problem.key()).with("max", LINE_MAX)),
    }
}

/// The stored kind of a key of another system.
#[must_use]
pub fn external_kind(system: Option<&str>) -> Cow<'static, str> {
    let system = system.map(search_key).unwrap_or_default();
    if system.is_empty() { Cow::Borrowed("external") } else { Cow::Owned(format!("external:{system}")) }
}

/// A key as it is stored and looked up.
///
/// # Errors
/// A problem at `field` for a value that cannot be right.
pub fn identity_key(
    field: &'static str,
    kind: IdentityKind,
    value: &str,
    system: Option<&str>,
    checks: &Checks<'_>,
) -> Result<CheckedKey, Problem> {
    let checked = match identity::check(kind, value, checks.country) {
        // Shops bring codes of their own, which have no check character.
        Err(_) if kind == IdentityKind::Code => identity::check(IdentityKind::External, value, checks.country),
        outcome => outcome,
    }
    .map_err(|problem| Problem::new(field, problem.key()))?;
    let secret = kind.is_secret();
    let sealed = if secret {
        let sealed = checks.keys.seal(kind.name(), &checked.normalised).map_err(|_| Problem::new(field, "parties-not-sealed"))?;
        Some(sealed)
    } else {
        None
    };
    Ok(CheckedKey {
        field,
        kind: if kind == IdentityKind::External { external_kind(system) } else { Cow::Borrowed(kind.name()) },
        value: if secret { checks.keys.lookup(kind.name(), &checked.normalised) } else { checked.normalised.clone() },
        sealed,
        masked: if secret { identity::mask(kind, &checked.normalised) } else { checked.display },
    })
}

impl NewContact {
    /// The contact point as it is stored. A mobile number in the field of a land line becomes a mobile one.
    ///
    /// # Errors
    /// A problem at `field`.
    pub fn checked(self, field: &'static str, checks: &Checks<'_>) -> Result<CheckedContact, Problem> {
        let short = |text: Option<String>| match text.map(|text| clean_line(&text, LINE_MAX)).transpose() {
            Ok(text) => Ok(text.filter(|text| !text.is_empty())),
            Err(problem) => Err(Problem::new(field, problem.key()).with("max", LINE_MAX)),
        };
        let mut label = short(self.label)?;
        let consent_how = short(self.consent_how)?;
        let (channel, value) = match self.channel {
            Channel::Mobile | Channel::Phone | Channel::Fax | Channel::Whatsapp => {
                let checked = identity::check(IdentityKind::Phone, &self.value, checks.country)
                    .map_err(|problem| Problem::new(field, problem.key()))?;
                let Detail::Phone(info) = checked.detail else { return Err(Problem::new(field, "platform-identity-phone")) };
                if let (None, Some(extension)) = (&label, info.extension) {
                    label = Some(format!("#{extension}"));
                }
                let channel = match self.channel {
                    Channel::Phone if info.mobile => Channel::Mobile,
                    Channel::Mobile if !info.mobile => Channel::Phone,
                    other => other,
                };
                (channel, info.e164)
            }
            Channel::Email => {
                let checked = identity::check(IdentityKind::Email, &self.value, checks.country)
                    .map_err(|problem| Problem::new(field, problem.key()))?;
                (Channel::Email, checked.normalised)
            }
            channel => match clean_line(&self.value, LINE_MAX) {
                Ok(value) if !value.is_empty() => (channel, value.to_lowercase()),
                Ok(_) => return Err(Problem::new(field, "input-needed")),
                Err(problem) => return Err(Problem::new(field, problem.key()).with("max", LINE_MAX)),
            },
        };
        Ok(CheckedContact {
            channel,
            value,
            label,
            is_main: self.is_main.unwrap_or(false),
            consent: self.consent.unwrap_or(Consent::Unknown),
            consent_how,
        })
    }
}

impl NewAddress {
    /// The address as it is stored; nothing when all of it is empty.
    pub(super) fn checked(self, fields: &mut Fields, field: &'static str) -> Option<NewAddress> {
        let mut take = |text: Option<String>, max: usize| match text.map(|text| clean_line(&text, max)).transpose() {
            Ok(text) => text.filter(|text| !text.is_empty()),
            Err(problem) => {
                fields.0.push(Problem::new(field, problem.key()).with("max", max));
                None
            }
        };
        let address = NewAddress {
            label: take(self.label, LINE_MAX),
            country: take(self.country, LINE_MAX),
            province: take(self.province, LINE_MAX),
            city: take(self.city, LINE_MAX),
            line: take(self.line, SENTENCE_MAX),
            postal_code: take(self.postal_code, LINE_MAX).map(|code| crate::platform::text::fold_digits(&code).into_owned()),
            is_main: self.is_main,
        };
        let empty =
            [&address.country, &address.province, &address.city, &address.line, &address.postal_code].iter().all(|part| part.is_none());
        (!empty).then_some(address)
    }
}

/// What the checks need to know, of one caller.
///
/// # Errors
/// When the organisation cannot be read.
pub async fn with_checks<T>(ctx: &Ctx, use_them: impl FnOnce(&Checks<'_>) -> T) -> Result<T> {
    let organisation = ctx.app.organisation().await?;
    let keys = ctx.app.keys();
    Ok(use_them(&Checks { country: &organisation.country, calendar: ctx.prefs.calendar, today: ctx.today(), keys: &keys }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(new: NewParty) -> Result<CheckedParty, Fields> {
        let keys = Keys::generate();
        let today = "2026-11-21".parse().unwrap();
        new.checked(&Checks { country: "IR", calendar: Calendar::Jalali, today, keys: &keys })
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_problem_is_named_at_its_field() {
        let problems = check(NewParty {
            name: Some("x".repeat(1_000_000)),
            national_id: some("1111111111"),
            mobile: some("12"),
            email: some("nobody"),
            birth_date: some("۱۴۰۵/۱۳/۴۰"),
            gender: some("stone"),
            stance: Some(Stance::Enemy),
            ..NewParty::default()
        })
        .unwrap_err();
        let mut fields: Vec<&str> = problems.0.iter().map(|problem| &*problem.field).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["birth_date", "email", "gender", "mobile", "name", "national_id", "stance_reason"]);
    }

    #[test]
    fn words_of_any_language_become_the_stored_ones() {
        let party = check(NewParty {
            first_name: some("سارا"),
            gender: some("خانم"),
            birth_date: some("۱۳۶۵/۲/۱۰"),
            mobile: some("۰۹۱۲ ۵۵۵ ۰۱۴۲"),
            phone: some("09125550142"),
            legal_id: some("14007650912").filter(|_| false),
            source: some("از زبان همسایه"),
            ..NewParty::default()
        })
        .unwrap()
        .named()
        .unwrap();
        assert_eq!(party.text("name"), Some("سارا"));
        assert_eq!(party.text("gender"), Some("female"));
        assert_eq!(party.birth_on, Some(Some("1986-04-30".parse().unwrap())));
        assert_eq!(party.contacts.len(), 1, "the same mobile in both fields is one contact point");
        assert_eq!(party.contacts[0].value, "+989125550142");
        assert_eq!(party.text("source"), Some("از زبان همسایه"));
    }

    #[test]
    fn a_secret_number_is_stored_only_sealed() {
        let party = check(NewParty { national_id: some("0084575948"), ..NewParty::default() }).unwrap();
        let key = &party.keys[0];
        assert!(key.sealed.is_some());
        assert!(!key.value.contains("0084575948") && !key.masked.contains("0084575948"));
    }

    #[test]
    fn nobody_is_born_tomorrow() {
        assert_eq!(check(NewParty { birth_date: some("فردا"), ..NewParty::default() }).unwrap_err().0[0].key, "parties-birth-future");
    }
}
