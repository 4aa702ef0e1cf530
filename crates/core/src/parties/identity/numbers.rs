//! Numbers that a state or a bank gives.

use jiff::civil::Date;

use super::digits::{digits_of, exactly, grouped, is_separator, luhn, values};
use super::{Checked, Detail, IdentityProblem, PersonInfo, plain};
use crate::platform::calendar::{Calendar, from_ymd};

/// Nine digits weighted 10 to 2, modulo 11; a remainder below 2 is the check digit, else 11 less
/// the remainder. Remainders 1 and 10 both give 1, so behind a 1 some wrong digits stay unseen.
/// Leading zeros that a spreadsheet dropped are put back.
pub(super) fn ir_national_id(value: &str) -> Result<Checked, IdentityProblem> {
    let mut digits = digits_of(value)?;
    if matches!(digits.len(), 8 | 9) {
        digits.insert_str(0, &"00"[..10 - digits.len()]);
    }
    exactly(&digits, 10)?;
    let remainder = values(&digits[..9]).zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum::<u32>() % 11;
    let expected = if remainder < 2 { remainder } else { 11 - remainder };
    if values(&digits[9..]).next() != Some(expected) {
        return Err(IdentityProblem::CheckDigit);
    }
    let display = grouped(&digits, &[3, 6, 1], '-');
    Ok(plain(digits, display))
}

/// Ten digits, each raised by the tenth plus 2, weighted 29 27 23 19 17 twice, modulo 11 and 10.
pub(super) fn ir_legal_id(value: &str) -> Result<Checked, IdentityProblem> {
    const WEIGHTS: [u32; 5] = [29, 27, 23, 19, 17];
    let digits = digits_of(value)?;
    exactly(&digits, 11)?;
    let raise = values(&digits[9..10]).sum::<u32>() + 2;
    let sum: u32 = values(&digits[..10]).zip(WEIGHTS.into_iter().cycle()).map(|(digit, weight)| (digit + raise) * weight).sum();
    if values(&digits[10..]).next() != Some(sum % 11 % 10) {
        return Err(IdentityProblem::CheckDigit);
    }
    Ok(plain(digits.clone(), digits))
}

/// Citizens begin with 1, residents with 2.
pub(super) fn sa_national_id(value: &str) -> Result<Checked, IdentityProblem> {
    let digits = digits_of(value)?;
    exactly(&digits, 10)?;
    if !digits.starts_with(['1', '2']) {
        return Err(IdentityProblem::Beginning);
    }
    luhn(&digits)?;
    Ok(plain(digits.clone(), digits))
}

pub(super) fn ae_emirates_id(value: &str) -> Result<Checked, IdentityProblem> {
    let digits = digits_of(value)?;
    exactly(&digits, 15)?;
    if !digits.starts_with("784") {
        return Err(IdentityProblem::Beginning);
    }
    luhn(&digits)?;
    let display = grouped(&digits, &[3, 4, 7, 1], '-');
    Ok(plain(digits, display))
}

pub(super) fn iq_national_id(value: &str) -> Result<Checked, IdentityProblem> {
    let digits = digits_of(value)?;
    exactly(&digits, 12)?;
    let display = grouped(&digits, &[4, 4, 4], ' ');
    Ok(plain(digits, display))
}

/// Century (2 or 3), birth date, governorate, serial whose last digit is odd for men, last digit.
pub(super) fn eg_national_id(value: &str) -> Result<Checked, IdentityProblem> {
    let digits = digits_of(value)?;
    exactly(&digits, 14)?;
    let number = |from: usize, to: usize| values(&digits[from..to]).fold(0, |n, d| n * 10 + d);
    let century = match number(0, 1) {
        2 => 1900,
        3 => 2000,
        _ => return Err(IdentityProblem::Beginning),
    };
    let birth_on = egyptian_birth(century + number(1, 3), number(3, 5), number(5, 7)).ok_or(IdentityProblem::BirthDate)?;
    // The 27 governorates in their four groups, and 88 for births abroad.
    if !matches!(number(7, 9), 1..=4 | 11..=19 | 21..=29 | 31..=35 | 88) {
        return Err(IdentityProblem::Governorate);
    }
    let male = number(12, 13) % 2 == 1;
    Ok(Checked {
        display: grouped(&digits, &[1, 6, 2, 5], ' '),
        normalised: digits,
        detail: Detail::Person(PersonInfo { birth_on: birth_on.to_string(), male }),
    })
}

fn egyptian_birth(year: u32, month: u32, day: u32) -> Option<Date> {
    let year = i32::try_from(year).ok()?;
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    from_ymd(Calendar::Gregorian, year, month, day).ok()
}

// Bank

/// ISO 13616: country and check digits moved behind, letters as 10 to 35, modulo 97 is 1.
pub(super) fn ir_sheba(value: &str) -> Result<Checked, IdentityProblem> {
    let value = value.trim_matches(|c: char| is_separator(c));
    let number = match value.get(..2) {
        Some(country) if country.eq_ignore_ascii_case("IR") => &value[2..],
        _ => value,
    };
    let digits = digits_of(number)?;
    exactly(&digits, 24)?;
    // "IR" is 1827.
    let remainder =
        values(&digits[2..]).chain([1, 8, 2, 7]).chain(values(&digits[..2])).fold(0, |remainder, digit| (remainder * 10 + digit) % 97);
    if remainder != 1 {
        return Err(IdentityProblem::CheckDigit);
    }
    let normalised = format!("IR{digits}");
    let display = grouped(&normalised, &[4, 4, 4, 4, 4, 4, 2], ' ');
    Ok(plain(normalised, display))
}

pub(super) fn ir_card(value: &str) -> Result<Checked, IdentityProblem> {
    let digits = digits_of(value)?;
    exactly(&digits, 16)?;
    luhn(&digits)?;
    let display = grouped(&digits, &[4, 4, 4, 4], ' ');
    Ok(plain(digits, display))
}
