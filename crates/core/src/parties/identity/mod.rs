//! Identity keys: what tells one customer from another. Each kind has one rule that folds every
//! spelling to one normalised form, refuses what cannot be right and says why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::platform::text::{clean_line, fold_digits};

mod code;
mod digits;
mod email;
mod numbers;
mod telephone;

use code::code;
use email::email;
use numbers::{ae_emirates_id, eg_national_id, iq_national_id, ir_card, ir_legal_id, ir_national_id, ir_sheba, sa_national_id};
use telephone::grouped_abroad;

pub use code::code_with_check;
pub use email::email_match_key;
pub use telephone::phone;

/// The longest value of any kind, in characters. The longest rule (an e-mail) ends at 254.
const MAX_VALUE_CHARS: usize = 254;

/// A kind of identity key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// Iranian national ID of a person: 10 digits with a check digit.
    IrNationalId,
    /// Iranian national ID of a legal entity: 11 digits with a check digit.
    IrLegalId,
    /// Saudi national ID or residence number: 10 digits, Luhn.
    SaNationalId,
    /// Emirates ID: 784, year of birth, 7 digits, Luhn digit.
    AeEmiratesId,
    /// Number of the Iraqi national card: 12 digits. No check digit is published.
    IqNationalId,
    /// Egyptian national number: 14 digits with birth date and governorate. How its last digit is
    /// made is not published, so it is not checked.
    EgNationalId,
    /// Telephone number, mobile or land line, normalised to E.164.
    Phone,
    /// E-mail address.
    Email,
    /// Our own customer code with its check character.
    Code,
    /// Iranian IBAN (Sheba).
    IrSheba,
    /// Iranian bank card number: 16 digits, Luhn.
    IrCard,
    /// A key of another system, taken as it is.
    External,
}

impl IdentityKind {
    /// Every kind.
    pub const ALL: [IdentityKind; 12] = [
        IdentityKind::IrNationalId,
        IdentityKind::IrLegalId,
        IdentityKind::SaNationalId,
        IdentityKind::AeEmiratesId,
        IdentityKind::IqNationalId,
        IdentityKind::EgNationalId,
        IdentityKind::Phone,
        IdentityKind::Email,
        IdentityKind::Code,
        IdentityKind::IrSheba,
        IdentityKind::IrCard,
        IdentityKind::External,
    ];

    /// The name as machines write it.
    pub fn name(self) -> &'static str {
        match self {
            IdentityKind::IrNationalId => "ir_national_id",
            IdentityKind::IrLegalId => "ir_legal_id",
            IdentityKind::SaNationalId => "sa_national_id",
            IdentityKind::AeEmiratesId => "ae_emirates_id",
            IdentityKind::IqNationalId => "iq_national_id",
            IdentityKind::EgNationalId => "eg_national_id",
            IdentityKind::Phone => "phone",
            IdentityKind::Email => "email",
            IdentityKind::Code => "code",
            IdentityKind::IrSheba => "ir_sheba",
            IdentityKind::IrCard => "ir_card",
            IdentityKind::External => "external",
        }
    }

    /// The kind of a machine name.
    pub fn from_name(name: &str) -> Option<IdentityKind> {
        IdentityKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the value names a person before the law or opens a bank account: stored encrypted,
    /// shown masked to those without the right. The legal-entity ID is public record.
    pub fn is_secret(self) -> bool {
        matches!(
            self,
            IdentityKind::IrNationalId
                | IdentityKind::SaNationalId
                | IdentityKind::AeEmiratesId
                | IdentityKind::IqNationalId
                | IdentityKind::EgNationalId
                | IdentityKind::IrSheba
                | IdentityKind::IrCard
        )
    }
}

/// A value that its rule accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checked {
    /// The one spelling that is stored and compared.
    pub normalised: String,
    /// The spelling people read, grouped, in Latin digits.
    pub display: String,
    /// What the value itself tells.
    pub detail: Detail,
}

/// What an identity value tells beyond itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Nothing.
    Plain,
    /// A telephone number.
    Phone(PhoneInfo),
    /// A national number that holds facts about the person.
    Person(PersonInfo),
}

/// A telephone number taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PhoneInfo {
    /// The number of the whole world, `+989125550142`.
    pub e164: String,
    /// The number as dialled inside its country, grouped: `0912 555 0142`.
    pub national: String,
    /// Whether a short message can reach it.
    pub mobile: bool,
    /// The country, two letters of ISO 3166, where the number tells it.
    pub country: Option<String>,
    /// The extension behind a switchboard.
    pub extension: Option<String>,
}

/// Facts inside an Egyptian national number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PersonInfo {
    /// Day of birth, Gregorian, `YYYY-MM-DD`.
    pub birth_on: String,
    /// Whether the number is a man's.
    pub male: bool,
}

/// Why an identity value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityProblem {
    /// Nothing was given.
    Empty,
    /// Letters or signs that the kind does not have.
    Characters,
    /// Too few or too many digits.
    Length,
    /// The same digit throughout: a made-up number.
    Repeated,
    /// The check digit does not fit: a digit is wrong or two are swapped.
    CheckDigit,
    /// The number must begin otherwise.
    Beginning,
    /// The birth date inside the number does not exist.
    BirthDate,
    /// The governorate inside the number does not exist.
    Governorate,
    /// No such telephone number can exist.
    Phone,
    /// A land line without area code, or with one that does not exist.
    AreaCode,
    /// Several telephone numbers in one field.
    SeveralPhones,
    /// Not of the form name@domain.
    Email,
}

impl IdentityProblem {
    /// The message that tells the user what to do.
    pub fn key(self) -> &'static str {
        match self {
            IdentityProblem::Empty => "platform-identity-empty",
            IdentityProblem::Characters => "platform-identity-characters",
            IdentityProblem::Length => "platform-identity-length",
            IdentityProblem::Repeated => "platform-identity-repeated",
            IdentityProblem::CheckDigit => "platform-identity-check-digit",
            IdentityProblem::Beginning => "platform-identity-beginning",
            IdentityProblem::BirthDate => "platform-identity-birth-date",
            IdentityProblem::Governorate => "platform-identity-governorate",
            IdentityProblem::Phone => "platform-identity-phone",
            IdentityProblem::AreaCode => "platform-identity-area-code",
            IdentityProblem::SeveralPhones => "platform-identity-several-phones",
            IdentityProblem::Email => "platform-identity-email",
        }
    }
}

/// Checks a value by the rule of its kind.
///
/// `default_country` (two letters of ISO 3166, `IR`) is where a telephone number without country
/// code belongs; other kinds do not look at it.
///
/// # Errors
/// See [`IdentityProblem`].
pub fn check(kind: IdentityKind, value: &str, default_country: &str) -> Result<Checked, IdentityProblem> {
    match kind {
        IdentityKind::IrNationalId => ir_national_id(value),
        IdentityKind::IrLegalId => ir_legal_id(value),
        IdentityKind::SaNationalId => sa_national_id(value),
        IdentityKind::AeEmiratesId => ae_emirates_id(value),
        IdentityKind::IqNationalId => iq_national_id(value),
        IdentityKind::EgNationalId => eg_national_id(value),
        IdentityKind::Phone => phone(value, default_country).map(|info| Checked {
            normalised: info.e164.clone(),
            display: if info.country.as_deref() == Some("IR") { info.national.clone() } else { grouped_abroad(&info) },
            detail: Detail::Phone(info),
        }),
        IdentityKind::Email => email(value),
        IdentityKind::Code => code(value),
        IdentityKind::IrSheba => ir_sheba(value),
        IdentityKind::IrCard => ir_card(value),
        IdentityKind::External => external(value),
    }
}

/// Every kind that accepts a text: what a search box may have been given. A kind whose rule takes
/// any twelve digits comes last; external keys accept anything and are left out.
pub fn recognise(value: &str, default_country: &str) -> Vec<(IdentityKind, Checked)> {
    let mut found: Vec<(IdentityKind, Checked)> = IdentityKind::ALL
        .into_iter()
        .filter(|kind| *kind != IdentityKind::External)
        .filter_map(|kind| check(kind, value, default_country).ok().map(|found| (kind, found)))
        .collect();
    found.sort_by_key(|(kind, _)| *kind == IdentityKind::IqNationalId);
    found
}

/// A normalised value with its middle hidden, for those without the right to see it. Customer
/// codes, external keys and legal-entity IDs are not hidden.
pub fn mask(kind: IdentityKind, normalised: &str) -> String {
    const HIDDEN: char = '•';
    let hide = |first: usize, last: usize| -> String {
        let count = normalised.chars().count();
        // A value too short to hide anything between its ends is hidden whole.
        let (first, last) = if count > first + last { (first, last) } else { (0, 0) };
        normalised.chars().enumerate().map(|(at, c)| if at < first || at + last >= count { c } else { HIDDEN }).collect()
    };
    match kind {
        IdentityKind::Code | IdentityKind::External | IdentityKind::IrLegalId => normalised.into(),
        IdentityKind::Phone => hide(6, 4),
        IdentityKind::IrSheba => hide(2, 4),
        IdentityKind::IrCard => hide(0, 4),
        IdentityKind::Email => match normalised.split_once('@') {
            Some((local, domain)) => {
                let first = local.chars().next().unwrap_or(HIDDEN);
                format!("{first}{HIDDEN}{HIDDEN}{HIDDEN}@{domain}")
            }
            None => hide(0, 0),
        },
        IdentityKind::IrNationalId
        | IdentityKind::SaNationalId
        | IdentityKind::AeEmiratesId
        | IdentityKind::IqNationalId
        | IdentityKind::EgNationalId => hide(0, 3),
    }
}

/// Cleaned and with Latin digits, otherwise shown as the other system writes it. Compared without case: a clerk who
/// types `k-77` means `K-77`, and no system tells two customers apart by case alone.
fn external(value: &str) -> Result<Checked, IdentityProblem> {
    let cleaned = clean_line(value, MAX_VALUE_CHARS).map_err(|_| IdentityProblem::Length)?;
    if cleaned.is_empty() {
        return Err(IdentityProblem::Empty);
    }
    let key = fold_digits(&cleaned).into_owned();
    // A capital may combine with a mark that its small letter left alone.
    Ok(plain(key.chars().map(upper).nfc().collect(), key))
}

/// The capital letter, where it is one letter; what grows when it is written large (ß) stays, so that a second time
/// changes nothing more.
fn upper(c: char) -> char {
    let mut large = c.to_uppercase();
    match (large.next(), large.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn plain(normalised: String, display: String) -> Checked {
    Checked { normalised, display, detail: Detail::Plain }
}

#[cfg(test)]
mod tests;
