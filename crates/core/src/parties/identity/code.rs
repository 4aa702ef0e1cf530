//! The shop's own customer codes.

use super::digits::{grouped, is_separator};
use super::{Checked, IdentityProblem, plain};
use crate::platform::text::digit_value;

/// Characters of a customer code before its check character; longer codes come by themselves.
const CODE_LENGTH: usize = 5;

/// The alphabet of Douglas Crockford's base 32: no I, L, O (taken for 1 and 0) and no U.
pub(super) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The customer code of a running number: the number in Crockford's base 32, at least five
/// characters, and one check character of the same alphabet.
///
/// The check is the hybrid system of ISO/IEC 7064 (known as MOD 11,10 and MOD 37,36) with the 32
/// characters of the alphabet: MOD 33,32. It finds every single wrong character and nearly every
/// swap of neighbours.
pub fn code_with_check(number: u64) -> String {
    let mut rest = number;
    let mut places = Vec::with_capacity(14);
    while rest > 0 || places.len() < CODE_LENGTH {
        // Below 32 by the remainder.
        places.push((rest % 32) as u8);
        rest /= 32;
    }
    places.reverse();
    let check = (33 - hybrid(&places)) % 32;
    places.push(check as u8);
    places.into_iter().map(|place| char::from(ALPHABET[usize::from(place)])).collect()
}

/// The running product of ISO/IEC 7064's hybrid system over 32 characters.
fn hybrid(places: &[u8]) -> u32 {
    places.iter().fold(32, |product, &place| {
        let sum = (product + u32::from(place)) % 32;
        (if sum == 0 { 32 } else { sum }) * 2 % 33
    })
}

/// Upper or lower case, I and L for 1, O for 0, any separators.
pub(super) fn code(value: &str) -> Result<Checked, IdentityProblem> {
    let mut places = Vec::with_capacity(14);
    for c in value.chars() {
        if is_separator(c) {
            continue;
        }
        let c = match digit_value(c) {
            Some(digit) => char::from(b'0' + digit),
            None => c.to_ascii_uppercase(),
        };
        let c = match c {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        };
        let place = ALPHABET.iter().position(|&known| char::from(known) == c);
        // Below 32, the length of the alphabet.
        places.push(place.ok_or(IdentityProblem::Characters)? as u8);
        // 64 bits take thirteen characters and the check.
        if places.len() > 14 {
            return Err(IdentityProblem::Length);
        }
    }
    let Some((&check, body)) = places.split_last() else {
        return Err(IdentityProblem::Empty);
    };
    if body.len() < CODE_LENGTH {
        return Err(IdentityProblem::Length);
    }
    if (hybrid(body) + u32::from(check)) % 32 != 1 {
        return Err(IdentityProblem::CheckDigit);
    }
    let normalised: String = places.iter().map(|&place| char::from(ALPHABET[usize::from(place)])).collect();
    let display = if normalised.len() == CODE_LENGTH + 1 { grouped(&normalised, &[3, 3], '-') } else { normalised.clone() };
    Ok(plain(normalised, display))
}
