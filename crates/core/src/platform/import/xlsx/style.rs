//! How a number is shown: what its style says, and the text that comes of it.

use crate::platform::calendar::from_spreadsheet;
use jiff::civil::Time;

/// How a number with a style is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Number,
    Date,
    Duration,
}

/// The format codes that Excel knows by number alone: dates, times, and durations.
pub(super) fn built_in_style(id: u32) -> Style {
    match id {
        46 => Style::Duration,
        14..=22 | 27..=36 | 45 | 47 | 50..=58 => Style::Date,
        _ => Style::Number,
    }
}

/// What a format code such as `[$-fa-IR]yyyy/mm/dd` shows.
pub(super) fn style_of(code: &str) -> Style {
    let mut rest = code.chars();
    let mut is_date = false;
    while let Some(c) = rest.next() {
        match c {
            '"' => while rest.next().is_some_and(|c| c != '"') {},
            '\\' | '_' | '*' => {
                rest.next();
            }
            '[' => {
                let section: String = rest.by_ref().take_while(|&c| c != ']').collect();
                if !section.is_empty() && section.chars().all(|c| "hHmMsS".contains(c)) {
                    return Style::Duration;
                }
            }
            // The second section is for negative numbers and says nothing more.
            ';' => break,
            'y' | 'Y' | 'd' | 'D' | 'm' | 'M' | 'h' | 'H' | 's' | 'S' => is_date = true,
            'G' | 'g' if rest.as_str().to_ascii_lowercase().starts_with("eneral") => {
                return Style::Number;
            }
            _ => {}
        }
    }
    if is_date { Style::Date } else { Style::Number }
}

/// A number as it is shown: whole numbers digit for digit without exponent or `.0`, others without
/// the noise that binary fractions leave beyond the 15 digits a spreadsheet keeps.
pub(super) fn number_text(written: &str, number: f64) -> String {
    let digits = written.strip_prefix('-').unwrap_or(written);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return written.to_string();
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{rounded}")
}

/// A day number as ISO 8601, a time alone below one day. Days count from 1900 or from 1904.
pub(super) fn date_text(days: f64, is_1904: bool) -> Option<String> {
    /// From the first day of the calendar of 1900 to that of 1904.
    const DAYS_TO_1904: f64 = 1_462.0;
    if (0.0..1.0).contains(&days) && !is_1904 {
        let seconds = (days * 86_400.0).round() as i64;
        return Some(format!("{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60));
    }
    let moment = from_spreadsheet(if is_1904 { days + DAYS_TO_1904 } else { days }).ok()?;
    let (date, time) = (moment.date(), moment.time());
    Some(if time == Time::midnight() { date.to_string() } else { format!("{date} {}", time.strftime("%H:%M:%S")) })
}

pub(super) fn duration_text(days: f64) -> String {
    let seconds = (days * 86_400.0).round() as i64;
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    format!("{sign}{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_become_days() {
        assert_eq!(date_text(45_371.0, false).as_deref(), Some("2024-03-20"));
        assert_eq!(date_text(43_909.0, true).as_deref(), Some("2024-03-20"));
        assert_eq!(date_text(0.5, false).as_deref(), Some("12:00:00"));
        assert_eq!(date_text(-1.0, false), None);
        assert_eq!(duration_text(1.5), "36:00:00");
        assert_eq!(number_text("0.30000000000000004", 0.30000000000000004), "0.3");
        assert_eq!(number_text("12345678901234567890", 12345678901234567890.0), "12345678901234567890");
    }

    #[test]
    fn format_codes_tell_dates_from_numbers() {
        for (code, style) in [
            ("General", Style::Number),
            ("#,##0.00", Style::Number),
            ("#,##0 \"days\"", Style::Number),
            ("[Red]0.00;[Blue]0.00", Style::Number),
            ("yyyy/mm/dd", Style::Date),
            ("[$-fa-IR,96]dd mmmm yyyy", Style::Date),
            ("hh:mm", Style::Date),
            ("[h]:mm:ss", Style::Duration),
            ("0\\d", Style::Number),
        ] {
            assert_eq!(style_of(code), style, "{code}");
        }
    }
}
