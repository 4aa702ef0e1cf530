//! Codes that a customer can read aloud: twelve digits in three groups, of which the last digit checks the others.

use crate::platform::keys::Keys;
use crate::platform::text::fold_digits;

/// Digits of a code.
const DIGITS: usize = 12;
/// Codes that there are, without the digit that checks.
const COUNT: u128 = 100_000_000_000;

/// The table of Damm: it finds every wrong digit and every two neighbours that were swapped.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

fn damm(digits: &str) -> u8 {
    digits.bytes().fold(0, |state, digit| DAMM[usize::from(state)][usize::from(digit.wrapping_sub(b'0') % 10)])
}

/// The code of something: nobody without the key of this installation can tell one from another. A second attempt gives
/// another one.
#[must_use]
pub fn make(keys: &Keys, id: &str, attempt: u32) -> String {
    let hash = keys.lookup("grant_code", &format!("{id}/{attempt}"));
    let number = u128::from_str_radix(&hash, 16).unwrap_or_default() % COUNT;
    let digits = format!("{number:011}");
    format!("{digits}{}", damm(&digits))
}

/// A code as somebody typed or said it, in any digits, with or without gaps.
///
/// # Errors
/// What is wrong with it, as the key of a message.
pub fn read(text: &str) -> Result<String, &'static str> {
    let digits: String =
        fold_digits(text).chars().filter(|sign| !sign.is_whitespace() && !matches!(sign, '-' | '\u{200c}' | '–' | '.')).collect();
    if digits.len() != DIGITS || !digits.bytes().all(|sign| sign.is_ascii_digit()) {
        return Err("experience-code-form");
    }
    if damm(&digits) == 0 { Ok(digits) } else { Err("experience-code-mistyped") }
}

/// A code as a table has it: programs that take it for a number lose the noughts in front, and the last digit tells whether that is
/// what happened.
///
/// # Errors
/// As [`read`].
pub fn read_cell(text: &str) -> Result<String, &'static str> {
    let digits = fold_digits(text);
    let digits = digits.trim();
    let is_number = !digits.is_empty() && digits.len() < DIGITS && digits.bytes().all(|sign| sign.is_ascii_digit());
    if is_number { read(&format!("{digits:0>DIGITS$}")) } else { read(digits) }
}

/// A code as it is read aloud: in three groups.
#[must_use]
pub fn spoken(code: &str) -> String {
    code.as_bytes().chunks(4).filter_map(|part| std::str::from_utf8(part).ok()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_any_digits_and_a_slip_is_found() {
        let keys = Keys::generate();
        let code = make(&keys, "a", 0);
        assert_eq!(read(&spoken(&code)), Ok(code.clone()));
        let persian: String = code.bytes().map(|digit| char::from_u32(u32::from(digit - b'0') + 0x6F0).unwrap()).collect();
        assert_eq!(read(&format!(" {persian} ")), Ok(code.clone()));
        for place in 0..code.len() {
            let mut wrong = code.clone().into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + 1) % 10;
            assert_eq!(read(std::str::from_utf8(&wrong).unwrap()), Err("experience-code-mistyped"));
            if place > 0 && code.as_bytes()[place] != code.as_bytes()[place - 1] {
                let mut swapped = code.clone().into_bytes();
                swapped.swap(place, place - 1);
                assert_eq!(read(std::str::from_utf8(&swapped).unwrap()), Err("experience-code-mistyped"));
            }
        }
        assert_eq!(read("12345"), Err("experience-code-form"));
        let short = (0..).map(|number| make(&keys, "b", number)).find(|code| code.starts_with('0')).unwrap();
        assert_eq!(read_cell(short.trim_start_matches('0')), Ok(short.clone()));
        assert_eq!((read_cell(&spoken(&short)), read_cell("12345")), (Ok(short), Err("experience-code-mistyped")));
        assert_eq!(read_cell("ABC"), Err("experience-code-form"));
        assert_eq!(read("abcdefghijkl"), Err("experience-code-form"));
    }

    #[test]
    fn codes_of_another_key_or_attempt_are_others() {
        let keys = Keys::generate();
        assert_eq!(make(&keys, "a", 0), make(&keys, "a", 0));
        assert_ne!(make(&keys, "a", 0), make(&keys, "a", 1));
        assert_ne!(make(&keys, "a", 0), make(&Keys::generate(), "a", 0));
    }
}
