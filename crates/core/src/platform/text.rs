//! Text as people type it: languages, digits, folding for search, cleaning of input, safe cells.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, is_nfc_quick};

use crate::platform::calendar::Calendar;

/// An interface language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Persian.
    Fa,
    /// Arabic.
    Ar,
    /// English.
    En,
}

impl Lang {
    /// Every language, in the order a chooser shows them.
    pub const ALL: [Lang; 3] = [Lang::Fa, Lang::Ar, Lang::En];

    /// The two-letter code, as in `lang="fa"` and in the folder names of `locales/`.
    pub fn code(self) -> &'static str {
        match self {
            Lang::Fa => "fa",
            Lang::Ar => "ar",
            Lang::En => "en",
        }
    }

    /// The language of a code or of a longer tag such as `fa-IR`.
    pub fn from_tag(tag: &str) -> Option<Lang> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Lang::ALL.into_iter().find(|lang| primary.eq_ignore_ascii_case(lang.code()))
    }

    /// Writing direction, as the HTML attribute `dir` wants it.
    pub fn dir(self) -> &'static str {
        match self {
            Lang::Fa | Lang::Ar => "rtl",
            Lang::En => "ltr",
        }
    }

    /// The digits a new user of this language starts with.
    pub fn default_digits(self) -> Digits {
        match self {
            Lang::Fa => Digits::Persian,
            Lang::Ar => Digits::Arabic,
            Lang::En => Digits::Latin,
        }
    }

    /// The calendar a new user of this language starts with.
    pub fn default_calendar(self) -> Calendar {
        match self {
            Lang::Fa => Calendar::Jalali,
            Lang::Ar => Calendar::Hijri,
            Lang::En => Calendar::Gregorian,
        }
    }
}

/// A set of digits to show numbers in. Input takes all three, whatever is chosen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Digits {
    /// 0123456789
    Latin,
    /// ۰۱۲۳۴۵۶۷۸۹ (U+06F0 …)
    Persian,
    /// ٠١٢٣٤٥٦٧٨٩ (U+0660 …)
    Arabic,
}

impl Digits {
    /// This set's sign for the value of a decimal digit, 0 to 9.
    pub fn sign(self, value: u8) -> char {
        let zero = match self {
            Digits::Latin => '0',
            Digits::Persian => '\u{06F0}',
            Digits::Arabic => '\u{0660}',
        };
        char::from_u32(u32::from(zero) + u32::from(value)).unwrap_or(zero)
    }
}

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextProblem {
    /// More characters than the field holds.
    TooLong {
        /// The most that the field holds.
        max: usize,
    },
}

impl TextProblem {
    /// The message that tells the user what to do; it takes `max`.
    pub fn key(self) -> &'static str {
        match self {
            TextProblem::TooLong { .. } => "platform-text-too-long",
        }
    }
}

/// The value of a decimal digit in any of the three sets, also full-width.
pub fn digit_value(c: char) -> Option<u8> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{06F0}'..='\u{06F9}' => '\u{06F0}',
        '\u{0660}'..='\u{0669}' => '\u{0660}',
        '\u{FF10}'..='\u{FF19}' => '\u{FF10}',
        _ => return None,
    };
    u8::try_from(u32::from(c) - u32::from(zero)).ok()
}

/// The same text with Persian, Arabic and full-width digits as 0 to 9.
pub fn fold_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(to_digits(text, Digits::Latin)) }
}

/// The same text with every decimal digit, of whichever set, in `digits`.
pub fn to_digits(text: &str, digits: Digits) -> String {
    let mut shown = String::with_capacity(text.len() + text.len() / 2);
    shown.extend(text.chars().map(|c| match digit_value(c) {
        Some(value) => digits.sign(value),
        None => c,
    }));
    shown
}

/// The key under which search and matching look for a text: two strings that a reader takes for
/// the same have the same key.
///
/// Only letters and digits remain, in lower case, joined without spaces. Letter variants become
/// one (ي ى ئ → ی, ك → ک, ة ۀ → ه, آ أ إ → ا, ؤ → و), ligatures and full-width forms become
/// their letters, accents, tashkeel, tatweel, hamza and joiners fall away, digits become 0 to 9.
/// Folding a key again changes nothing. Punctuation alone gives an empty key.
pub fn search_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' => key.push(c),
            'A'..='Z' => key.push(c.to_ascii_lowercase()),
            '\0'..='\x7f' => {}
            // The plain letters of Persian, by far the most common, need no table.
            'ا' | 'ب'..='غ' | 'ف'..='ق' | 'ل'..='و' | 'ک' | 'گ' | 'ی' | 'پ' | 'چ' | 'ژ' if !matches!(c, 'ة') => {
                key.push(c);
            }
            _ => decompose_compatible(c, |part| fold_into(&mut key, part)),
        }
    }
    key
}

/// Adds one character of a compatibility decomposition to a search key.
fn fold_into(key: &mut String, c: char) {
    if let Some(value) = digit_value(c) {
        key.push(Digits::Latin.sign(value));
        return;
    }
    let folded = match c {
        // Tatweel and the free-standing hamza carry no sound that people search by.
        '\u{0640}' | '\u{0621}' | '\u{0674}' => return,
        'ي' | 'ى' | 'ې' | 'ے' | 'ێ' => 'ی',
        'ك' | 'ڪ' => 'ک',
        'ة' | 'ۃ' | 'ە' | 'ہ' | 'ھ' => 'ه',
        'ٱ' => 'ا',
        'ς' => 'σ',
        other => other,
    };
    // A combining class other than 0 marks accents and tashkeel; the vowel signs of Indian
    // scripts have class 0 and stay, since without them words become others.
    if canonical_combining_class(folded) != 0 || !folded.is_alphanumeric() {
        return;
    }
    for lower in folded.to_lowercase() {
        if canonical_combining_class(lower) == 0 {
            key.push(lower);
        }
    }
}

/// A single line as it is stored: trimmed, runs of white space as one space, without control
/// characters and invisible direction signs, composed (NFC). The joiners that Persian spelling
/// needs stay, once each. Letters and digits are not changed.
///
/// # Errors
/// More than `max_chars` characters remain. A text of any size is refused without being copied.
pub fn clean_line(text: &str, max_chars: usize) -> Result<String, TextProblem> {
    clean(text, max_chars, false)
}

/// Several lines as they are stored: as [`clean_line`], but line breaks (as `\n`) and the spaces
/// inside a line stay.
///
/// # Errors
/// More than `max_chars` characters remain.
pub fn clean_text(text: &str, max_chars: usize) -> Result<String, TextProblem> {
    clean(text, max_chars, true)
}

fn clean(text: &str, max_chars: usize, keep_lines: bool) -> Result<String, TextProblem> {
    let mut cleaned = String::with_capacity(text.len().min(max_chars.saturating_mul(4)));
    let mut count = 0usize;
    let mut last = None;
    let mut gap: Vec<char> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let white = match c {
            '\r' if keep_lines => {
                if chars.peek() == Some(&'\n') {
                    continue;
                }
                Some('\n')
            }
            '\u{0085}' | '\u{2028}' | '\u{2029}' if keep_lines => Some('\n'),
            '\n' if keep_lines => Some('\n'),
            c if c.is_whitespace() => Some(' '),
            _ => None,
        };
        match white {
            Some(white) if keep_lines => {
                // White space at the end of a line and at the start of the text is never kept.
                if white == '\n' {
                    gap.retain(|&kept| kept == '\n');
                }
                if gap.len() < max_chars {
                    gap.push(white);
                }
            }
            Some(white) => {
                if gap.is_empty() {
                    gap.push(white);
                }
            }
            None if is_hidden(c) => {}
            // A joiner joins two letters; before a space, at the start or doubled it does nothing.
            None if is_joiner(c) && (last.is_none_or(is_joiner) || !gap.is_empty()) => {}
            None => {
                if !gap.is_empty() {
                    if last.is_some_and(is_joiner) {
                        cleaned.pop();
                        count -= 1;
                    }
                    if last.is_some() {
                        count += gap.len();
                        cleaned.extend(gap.iter());
                    }
                    gap.clear();
                }
                cleaned.push(c);
                count += 1;
                if count > max_chars {
                    return Err(TextProblem::TooLong { max: max_chars });
                }
                last = Some(c);
            }
        }
    }
    if last.is_some_and(is_joiner) {
        cleaned.pop();
    }
    if is_nfc_quick(cleaned.chars()) == IsNormalized::Yes { Ok(cleaned) } else { Ok(cleaned.nfc().collect()) }
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Characters that show nothing and can hide or reorder what is shown: controls, direction marks,
/// embeddings, overrides and isolates, zero-width spaces, soft hyphen, tags.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}'
                | '\u{061C}'
                | '\u{180E}'
                | '\u{200B}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// A CSV cell that no spreadsheet runs as a formula.
///
/// A cell beginning with `=`, `+`, `-`, `@` (also full-width), tab or line break gets an
/// apostrophe in front, the spreadsheet's own sign for "text". Left as they are: a sign followed
/// only by digits, group separators, spaces and at most one decimal mark, so that `-12.5` stays a
/// number and `+98 912 555 0142` a phone. With another operator inside (`+98-912-…`) a
/// spreadsheet would calculate, so that cell is marked. [`csv_plain`] takes the mark off again.
pub fn csv_safe(cell: &str) -> Cow<'_, str> {
    if is_live(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell that [`csv_safe`] was given: brought in again, an exported file changes nothing.
pub fn csv_plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_live(rest) => rest,
        _ => cell,
    }
}

fn is_live(cell: &str) -> bool {
    // Apostrophes that the text had of its own are marked as well, so that exactly one comes off.
    let mut chars = cell.trim_start_matches('\'').chars();
    match chars.next() {
        Some('=' | '@' | '\t' | '\r' | '\n' | '＝' | '＠' | '＋' | '－') => true,
        Some('+' | '-') => !is_plain_number(chars.as_str()),
        _ => false,
    }
}

/// Digits with group separators and at most one decimal mark: nothing to calculate.
fn is_plain_number(text: &str) -> bool {
    let mut marks = 0;
    let mut digits = 0;
    for c in text.chars() {
        match c {
            '.' | '٫' => marks += 1,
            ',' | '٬' | ' ' | '\u{00A0}' | '\u{202F}' => {}
            c if digit_value(c).is_some() => digits += 1,
            _ => return false,
        }
    }
    digits > 0 && marks <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Case {
        input: String,
        search_key: String,
    }

    #[test]
    fn every_reference_string_has_its_search_key() {
        let text = include_str!("../../testdata/fa_text/search_keys.json");
        let cases: Vec<Case> = serde_json::from_str(text).expect("the reference file is JSON");
        assert_eq!(cases.len(), 435);
        for case in cases {
            assert_eq!(search_key(&case.input), case.search_key, "{:?}", case.input);
        }
    }

    #[test]
    fn latin_names_fold_case_accents_and_width() {
        assert_eq!(search_key("José ＭÜLLER"), "josemuller");
        assert_eq!(search_key("ΟΔΟΣ οδός"), "οδοσοδοσ");
        assert_eq!(search_key("İstanbul"), "istanbul");
    }

    #[test]
    fn kurdish_and_urdu_forms_of_a_letter_meet_the_persian_one() {
        assert_eq!(search_key("مھدی"), search_key("مهدي"));
        assert_eq!(search_key("ٱلله"), search_key("الله"));
        assert_eq!(search_key("خانۀ ما"), search_key("خانهٔ ما"));
    }

    #[test]
    fn a_line_loses_what_nobody_sees_and_keeps_its_joiners() {
        assert_eq!(clean_line("  \u{202E}علی\u{200C}\u{200C}رضا \t  رضایی\u{200C}\u{0} ", 50), Ok("علی\u{200C}رضا رضایی".into()));
        assert_eq!(clean_line("\u{200C}\u{2067}\u{FEFF} ", 50), Ok(String::new()));
        assert_eq!(clean_line("a\u{200C} b", 50), Ok("a b".into()));
        assert_eq!(clean_line("e\u{301}", 50), Ok("é".into()));
        assert_eq!(clean_line("a\r\nb", 50), Ok("a b".into()));
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        assert_eq!(clean_line("  abc  ", 3), Ok("abc".into()));
        assert_eq!(clean_line("abcd", 3), Err(TextProblem::TooLong { max: 3 }));
        assert_eq!(clean_line(&"آ".repeat(1_000_000), 200), Err(TextProblem::TooLong { max: 200 }));
        assert_eq!(clean_text("a\n\n\nb", 4), Err(TextProblem::TooLong { max: 4 }));
    }

    #[test]
    fn lines_stay_lines_in_longer_text() {
        assert_eq!(clean_text("\r\n one  two \r\n\r\n  three\u{202E}\u{7}  \n", 100), Ok("one  two\n\n  three".into()));
    }

    #[test]
    fn digits_of_every_set_fold_and_show() {
        assert_eq!(fold_digits("۱۲٣٤５x"), "12345x");
        assert_eq!(to_digits("1۲٣", Digits::Persian), "۱۲۳");
        assert_eq!(to_digits("1۲٣", Digits::Arabic), "١٢٣");
    }

    #[test]
    fn a_live_formula_is_marked_and_a_number_is_not() {
        for live in
            ["=1+1", "@SUM(A1)", "+1+1", "-1-1", "-2+cmd|' /C calc'!A0", "\t=1", "\r=1", "-", "+98-912-555-0142", "-x", "＝1", "'=1"]
        {
            assert_eq!(csv_safe(live), format!("'{live}"));
            assert_eq!(csv_plain(&csv_safe(live)), live);
        }
        for plain in ["", "12", "-12.5", "+98 912 555 0142", "+989125550142", "-۱۲٬۳۴۵٫۶", "a=b", "'quoted'", "علی"] {
            assert_eq!(csv_safe(plain), plain);
            assert_eq!(csv_plain(plain), plain);
        }
    }

    #[test]
    fn a_language_is_found_by_tag() {
        assert_eq!(Lang::from_tag("fa-IR"), Some(Lang::Fa));
        assert_eq!(Lang::from_tag("AR"), Some(Lang::Ar));
        assert_eq!(Lang::from_tag("de"), None);
        assert_eq!(serde_json::to_string(&Lang::Fa).ok(), Some("\"fa\"".into()));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let key = search_key(&text);
            prop_assert_eq!(search_key(&key), key);
        }

        #[test]
        fn cleaning_twice_is_cleaning_once(text in any::<String>()) {
            let line = clean_line(&text, 10_000).expect("short enough");
            prop_assert_eq!(clean_line(&line, 10_000), Ok(line.clone()));
            prop_assert_eq!(search_key(&line), search_key(&text));
            let lines = clean_text(&text, 10_000).expect("short enough");
            prop_assert_eq!(clean_text(&lines, 10_000), Ok(lines));
        }

        #[test]
        fn no_cell_starts_as_a_formula(text in "[=+@\t-]?[0-9a-z(. +-]{0,8}") {
            let cell = csv_safe(&text);
            prop_assert!(!cell.starts_with(['=', '@', '\t']));
            prop_assert_eq!(csv_plain(&cell), text.as_str());
        }
    }
}
