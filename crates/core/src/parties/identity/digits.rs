//! Numbers as people write them, and their check digits.

use super::{IdentityProblem, MAX_VALUE_CHARS};
use crate::platform::text::digit_value;

/// The digits of a value in ASCII, without the separators people put between them and without the
/// ".0" that a spreadsheet leaves behind a number.
pub(super) fn digits_of(value: &str) -> Result<String, IdentityProblem> {
    let value = value.trim();
    let value = value.strip_suffix(".0").unwrap_or(value);
    let mut digits = String::with_capacity(value.len().min(MAX_VALUE_CHARS));
    for c in value.chars() {
        match digit_value(c) {
            Some(digit) => digits.push(char::from(b'0' + digit)),
            None if is_separator(c) => {}
            None => return Err(IdentityProblem::Characters),
        }
        if digits.len() > MAX_VALUE_CHARS {
            return Err(IdentityProblem::Length);
        }
    }
    if digits.is_empty() {
        return Err(IdentityProblem::Empty);
    }
    Ok(digits)
}

/// White space, dashes, slashes, points, and the invisible marks that copying brings along.
pub(super) fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '‐' | '‑' | '–' | '—' | '−' | '_' | '/' | '.' | '\'' | '\u{0640}' | '\u{00AD}'
                | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        )
}

pub(super) fn exactly(digits: &str, length: usize) -> Result<(), IdentityProblem> {
    if digits.len() != length {
        Err(IdentityProblem::Length)
    } else if digits.bytes().all(|digit| digit == digits.as_bytes()[0]) {
        Err(IdentityProblem::Repeated)
    } else {
        Ok(())
    }
}

pub(super) fn values(digits: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    digits.bytes().map(|digit| u32::from(digit - b'0'))
}

/// The Luhn check of ISO/IEC 7812: from the right, every second digit doubled, digit sums added.
pub(super) fn luhn(digits: &str) -> Result<(), IdentityProblem> {
    let sum: u32 = values(digits)
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            1 if digit > 4 => digit * 2 - 9,
            1 => digit * 2,
            _ => digit,
        })
        .sum();
    if sum.is_multiple_of(10) { Ok(()) } else { Err(IdentityProblem::CheckDigit) }
}

pub(super) fn grouped(digits: &str, groups: &[usize], separator: char) -> String {
    let mut shown = String::with_capacity(digits.len() + groups.len());
    let mut rest = digits;
    for &group in groups {
        let (head, tail) = rest.split_at(group.min(rest.len()));
        if !shown.is_empty() {
            shown.push(separator);
        }
        shown.push_str(head);
        rest = tail;
    }
    shown.push_str(rest);
    shown
}
