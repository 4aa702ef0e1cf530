//! What the columns of a file mean: the fields a file can bring, guesses from names and content,
//! and the map given on the command line.

mod fields;
mod guess;
mod map;

pub use self::fields::{Field, Kind};
pub use self::guess::{Guess, guess, mapped, readings};
pub use self::map::{Choice, MapProblem, parse_map};
pub use crate::platform::calendar::Reading;

use super::reader::plain;
use crate::platform::text::search_key;

/// The currency that a column name mentions.
pub(super) fn currency_in(header: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 14] = [
        ("تومان", "IRT"),
        ("تومن", "IRT"),
        ("toman", "IRT"),
        ("ریال سعودی", "SAR"),
        ("ریال", "IRR"),
        ("rial", "IRR"),
        ("irr", "IRR"),
        ("دلار", "USD"),
        ("dollar", "USD"),
        ("usd", "USD"),
        ("یورو", "EUR"),
        ("eur", "EUR"),
        ("درهم", "AED"),
        ("aed", "AED"),
    ];
    let key = search_key(header);
    NAMES.iter().find(|(name, _)| key.contains(&search_key(name))).map(|&(_, code)| code)
}

/// An identifier as its owner wrote it: programs that take IDs for numbers export `17850.0`.
pub fn identifier(cell: &str) -> &str {
    match plain(cell).strip_suffix(".0") {
        Some(whole) if !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        _ => plain(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_that_became_a_number_is_whole_again() {
        assert_eq!(identifier("17850.0"), "17850");
        assert_eq!(identifier(" A.0 "), "A.0");
        assert_eq!(identifier("=\"00123\""), "00123");
    }
}
