//! Telephone numbers.

use std::fmt::Write;

use phonenumber::Mode;
use phonenumber::metadata::DATABASE;

use super::digits::{digits_of, grouped, is_separator};
use super::{IdentityProblem, MAX_VALUE_CHARS, PhoneInfo};
use crate::platform::text::digit_value;

/// The most digits a telephone number has with its country code (ITU-T E.164).
const MAX_PHONE_DIGITS: usize = 15;

/// The fewest digits of two Iranian numbers written into one field.
const TWO_PHONES_DIGITS: usize = 20;

/// The most digits of an extension.
const MAX_EXTENSION_DIGITS: usize = 6;

/// Area codes of Iran's provinces, behind the trunk 0.
const IR_AREA_CODES: [&str; 31] = [
    "11", "13", "17", "21", "23", "24", "25", "26", "28", "31", "34", "35", "38", "41", "44", "45", "51", "54", "56", "58", "61", "66",
    "71", "74", "76", "77", "81", "83", "84", "86", "87",
];

/// Words and signs that begin an extension.
const EXTENSION_MARKS: &[&str] = &["داخلی", "داخلي", "تحويلة", "تحویله", "extension", ";ext=", "ext.", "ext", "#", "x"];

/// Reads a telephone number in any local or international spelling.
///
/// Iranian numbers, by far the most in an Iranian file, are read without the general library:
/// `0912…`, `912…`, `98912…`, `+98…`, `0098…`, also with a needless 0 behind the country code,
/// and land lines with area code. Any ten digits that begin with 9 are a mobile number: operators
/// open new prefixes faster than tables follow.
///
/// # Errors
/// See [`IdentityProblem`].
pub fn phone(value: &str, default_country: &str) -> Result<PhoneInfo, IdentityProblem> {
    let (number, extension) = split_extension(value)?;
    // In right-to-left text the area code often ends up behind the number: «۸۸۱۲۳۴۵۶ (۰۲۱)».
    let (number, area) = match number.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        Some((number, area)) if is_area_behind(number, area) => (number, area),
        _ => (number, ""),
    };
    let mut digits = String::with_capacity(MAX_PHONE_DIGITS + 2);
    let mut plus = false;
    for c in area.chars().chain(number.chars()) {
        match (digit_value(c), c) {
            (Some(_), _) if digits.len() >= TWO_PHONES_DIGITS => {
                return Err(IdentityProblem::SeveralPhones);
            }
            (Some(digit), _) => digits.push(char::from(b'0' + digit)),
            (None, '+' | '＋') if digits.is_empty() && !plus => plus = true,
            (None, '+' | '＋' | ',' | '،' | ';' | '؛') if digits.len() >= 8 => {
                return Err(IdentityProblem::SeveralPhones);
            }
            (None, '(' | ')' | '+') => {}
            (None, c) if is_separator(c) => {}
            (None, _) => return Err(IdentityProblem::Characters),
        }
    }
    if digits.is_empty() {
        return Err(IdentityProblem::Empty);
    }
    let international = if plus { Some(digits.as_str()) } else { digits.strip_prefix("00") };
    let home = default_country.eq_ignore_ascii_case("IR");
    let iranian = match international {
        Some(international) => international.strip_prefix("98"),
        None if home => match digits.strip_prefix("98") {
            Some(rest) if digits.len() >= 12 => Some(rest),
            _ => Some(digits.as_str()),
        },
        None => None,
    };
    if let Some(rest) = iranian {
        return ir_phone(rest.strip_prefix('0').unwrap_or(rest), extension);
    }
    phone_abroad(&digits, international, default_country, extension)
}

/// Whether brackets behind a local number hold its area code with the trunk 0.
fn is_area_behind(number: &str, area: &str) -> bool {
    let first = |text: &str| text.chars().find_map(digit_value);
    area.chars().filter_map(digit_value).count() >= 3
        && first(area) == Some(0)
        && first(number).is_some_and(|digit| digit != 0)
        && !number.contains('+')
}

/// An Iranian number without country code and trunk 0.
fn ir_phone(rest: &str, extension: Option<String>) -> Result<PhoneInfo, IdentityProblem> {
    let mobile = rest.starts_with('9');
    let groups: &[usize] = match rest.len() {
        10 if mobile => &[4, 3, 4],
        10 => {
            if !IR_AREA_CODES.contains(&&rest[..2]) {
                return Err(IdentityProblem::AreaCode);
            }
            // Inside an area no number begins with the trunk digit.
            if rest[2..].starts_with('0') {
                return Err(IdentityProblem::Phone);
            }
            &[3, 4, 4]
        }
        7 | 8 if !mobile => return Err(IdentityProblem::AreaCode),
        _ => return Err(IdentityProblem::Length),
    };
    Ok(PhoneInfo {
        e164: format!("+98{rest}"),
        national: grouped(&format!("0{rest}"), groups, ' '),
        mobile,
        country: Some("IR".into()),
        extension,
    })
}

fn phone_abroad(
    digits: &str,
    international: Option<&str>,
    default_country: &str,
    extension: Option<String>,
) -> Result<PhoneInfo, IdentityProblem> {
    if digits.len() > MAX_PHONE_DIGITS + 2 || digits.len() < 5 {
        return Err(IdentityProblem::Length);
    }
    let country = default_country.to_ascii_uppercase().parse().ok();
    let number = match international {
        Some(international) => phonenumber::parse(None, format!("+{international}")),
        None => phonenumber::parse(country, digits),
    }
    .map_err(|_| IdentityProblem::Phone)?;
    if !phonenumber::is_valid(&number) {
        return Err(IdentityProblem::Phone);
    }
    let mobile = matches!(number.number_type(&DATABASE), phonenumber::Type::Mobile | phonenumber::Type::FixedLineOrMobile);
    Ok(PhoneInfo {
        e164: number.format().mode(Mode::E164).to_string(),
        national: number.format().mode(Mode::National).to_string(),
        mobile,
        country: number.country().id().map(|id| id.as_ref().to_owned()),
        extension,
    })
}

/// A foreign number as read abroad: country code, then the number in its national groups without
/// the trunk digit.
pub(super) fn grouped_abroad(info: &PhoneInfo) -> String {
    match phonenumber::parse(None, &info.e164) {
        Ok(number) => number.format().mode(Mode::International).to_string(),
        Err(_) => info.e164.clone(),
    }
}

/// Cuts «داخلی 12», "ext. 12", "x12", "#12" off a number.
fn split_extension(value: &str) -> Result<(&str, Option<String>), IdentityProblem> {
    let value = value.trim();
    let value = value.strip_suffix(".0").unwrap_or(value);
    let value = value.strip_prefix("tel:").unwrap_or(value);
    if value.len() > MAX_VALUE_CHARS {
        return Err(IdentityProblem::Length);
    }
    // A number without any letter or sign of an extension needs no search.
    if !value.chars().any(|c| c.is_alphabetic() || c == '#') {
        return Ok((value, None));
    }
    let lower = value.to_ascii_lowercase();
    let found = EXTENSION_MARKS
        .iter()
        .filter_map(|mark| lower.find(mark).map(|at| (at, at + mark.len())))
        .min_by_key(|&(at, end)| (at, usize::MAX - end));
    let Some((at, end)) = found else {
        return Ok((value, None));
    };
    let extension = digits_of(value[end..].trim_start_matches([':', '.', ' ']))?;
    if extension.len() > MAX_EXTENSION_DIGITS {
        return Err(IdentityProblem::Length);
    }
    Ok((value[..at].trim_end(), Some(extension)))
}

impl std::fmt::Display for PhoneInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.national)?;
        if let Some(extension) = &self.extension {
            f.write_char('#')?;
            f.write_str(extension)?;
        }
        Ok(())
    }
}
