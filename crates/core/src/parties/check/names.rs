//! Names: how they are put together, how they sort, and when two may be of one person.

use crate::platform::text::search_key;

/// The name by which parties are sorted and found by their beginning: the folded letters, those of Persian renumbered
/// in the order of the alphabet, because their code points are not in it (پ and گ come after و there).
#[must_use]
pub fn name_key(name: &str) -> String {
    search_key(name).chars().map(|letter| PERSIAN_ORDER.iter().position(|known| *known == letter).map_or(letter, in_order)).collect()
}

/// The folded Persian alphabet in its order.
const PERSIAN_ORDER: [char; 32] = [
    'ا', 'ب', 'پ', 'ت', 'ث', 'ج', 'چ', 'ح', 'خ', 'د', 'ذ', 'ر', 'ز', 'ژ', 'س', 'ش', 'ص', 'ض', 'ط', 'ظ', 'ع', 'غ', 'ف', 'ق', 'ک', 'گ', 'ل',
    'م', 'ن', 'و', 'ه', 'ی',
];

/// The code points from U+0620 on hold Arabic letters too, so a key is as short as its name.
fn in_order(position: usize) -> char {
    u32::try_from(position).ok().and_then(|position| char::from_u32(0x620 + position)).unwrap_or('\u{620}')
}

/// Whether two names may be of the same party: one contains the words of the other, as «سارا محمدی» and «خانم محمدی سارا».
/// Brothers who share a phone have different first names.
#[must_use]
pub fn names_compatible(one: &str, other: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        name.split(|c: char| c.is_whitespace() || matches!(c, '-' | '.' | ',' | '،'))
            .map(search_key)
            .filter(|word| !word.is_empty())
            .collect()
    };
    let (one, other) = (words(one), words(other));
    if one.is_empty() || other.is_empty() {
        return true;
    }
    let (few, many) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    let (joined_few, joined_many) = (few.concat(), many.concat());
    joined_few == joined_many || few.iter().all(|word| many.contains(word))
}

/// First and last name as one.
#[must_use]
pub fn full_name(first: Option<&str>, last: Option<&str>) -> Option<String> {
    match (first, last) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_in_the_order_of_the_persian_alphabet() {
        let mut names = ["یوسف", "گلی", "وحید", "پری", "بهار", "ترانه", "چنگیز", "هما", "ژاله", "كاوه"];
        names.sort_by_key(|name| name_key(name));
        assert_eq!(names, ["بهار", "پری", "ترانه", "چنگیز", "ژاله", "كاوه", "گلی", "وحید", "هما", "یوسف"]);
    }

    #[test]
    fn siblings_on_one_phone_are_not_one_person() {
        assert!(!names_compatible("سارا محمدی", "مینا محمدی"));
        assert!(names_compatible("سارا محمدي", "خانم سارا محمدی"));
        assert!(names_compatible("علی‌رضا کریمی", "علیرضا كريمي"));
        assert!(names_compatible("محمدی سارا", "سارا محمدی"));
        assert!(names_compatible("", "سارا"));
    }
}
