//! What somebody meant who typed with the keyboard in the other language: «سشقش» is `sara`, `vqh` is «رضا». Keys are those of the Persian standard keyboard (ISIRI 9147) and of US QWERTY.

/// Keys without Shift: what they give in Latin and in Persian. Two places differ on keyboards in use: پ sits on M by the
/// standard and on the backslash on older Windows, whose M gives ئ.
const KEYS: &[(char, char)] = &[
    ('q', 'ض'),
    ('w', 'ص'),
    ('e', 'ث'),
    ('r', 'ق'),
    ('t', 'ف'),
    ('y', 'غ'),
    ('u', 'ع'),
    ('i', 'ه'),
    ('o', 'خ'),
    ('p', 'ح'),
    ('[', 'ج'),
    (']', 'چ'),
    ('a', 'ش'),
    ('s', 'س'),
    ('d', 'ی'),
    ('f', 'ب'),
    ('g', 'ل'),
    ('h', 'ا'),
    ('j', 'ت'),
    ('k', 'ن'),
    ('l', 'م'),
    (';', 'ک'),
    ('\'', 'گ'),
    ('z', 'ظ'),
    ('x', 'ط'),
    ('c', 'ز'),
    ('v', 'ر'),
    ('b', 'ذ'),
    ('n', 'د'),
    ('m', 'پ'),
    (',', 'و'),
    ('m', 'ئ'),
    ('\\', 'پ'),
    ('d', 'ي'),
    (';', 'ك'),
];

/// Keys with Shift that names and addresses need; the others give vowel signs.
const SHIFTED: &[(char, char)] = &[('H', 'آ'), ('C', 'ژ'), ('A', 'ؤ'), ('S', 'ئ'), ('J', 'ة'), ('@', '\u{66C}'), ('_', 'ـ')];

/// The same keys with the keyboard in the other language; `None` for a text without letters and for one with letters of
/// both, whose writer knew where the keyboard stood.
#[must_use]
pub fn in_other_layout(text: &str) -> Option<String> {
    let latin = text.chars().any(|c| c.is_ascii_alphabetic());
    let persian = text.chars().any(|c| c != '\u{66C}' && c != 'ـ' && KEYS.iter().chain(SHIFTED).any(|(_, there)| *there == c));
    match (latin, persian) {
        (true, false) => Some(text.chars().map(to_persian).collect()),
        (false, true) => Some(text.chars().map(to_latin).collect()),
        _ => None,
    }
}

fn to_persian(c: char) -> char {
    let shifted = SHIFTED.iter().find(|(key, there)| *key == c && there.is_alphabetic());
    let plain = || KEYS.iter().find(|(key, _)| *key == c.to_ascii_lowercase());
    shifted.or_else(plain).map_or(c, |(_, there)| *there)
}

fn to_latin(c: char) -> char {
    KEYS.iter().chain(SHIFTED).find(|(_, there)| *there == c).map_or(c, |(key, _)| *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_tell_what_was_meant() {
        for (typed, meant) in [
            ("سشقش", "sara"),
            ("سشقش٬ثطشپحمث.هق", "sara@example.ir"),
            ("l]l,", "مچمو"),
            ("sahvd", "سشاری"),
            ("hplnd", "احمدی"),
            ("vqh ;vdld", "رضا کریمی"),
            ("Hvla", "آرمش"),
            ("m\\", "پپ"),
        ] {
            assert_eq!(in_other_layout(typed).as_deref(), Some(meant), "{typed}");
        }
        for text in ["", "0912 ۳۴۵", "؟!", "سارا ahmadi", "٬", "-"] {
            assert_eq!(in_other_layout(text), None, "{text}");
        }
    }

    #[test]
    fn there_and_back_is_what_was_typed() {
        for text in ["sara ahmadi", "kimia", "o'neil"] {
            let there = in_other_layout(text).unwrap();
            assert_eq!(in_other_layout(&there).as_deref(), Some(text));
        }
    }
}
