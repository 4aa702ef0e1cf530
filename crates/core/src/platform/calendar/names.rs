//! The names of months and weekdays.

use jiff::civil::Weekday;

use super::Calendar;
use crate::platform::text::Lang;

const JALALI_FA: [&str; 12] = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"];
const JALALI_AR: [&str; 12] = ["فروردين", "أرديبهشت", "خرداد", "تير", "مرداد", "شهريور", "مهر", "آبان", "آذر", "دي", "بهمن", "إسفند"];
const JALALI_EN: [&str; 12] =
    ["Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar", "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand"];
const HIJRI_FA: [&str; 12] =
    ["محرم", "صفر", "ربیع‌الاول", "ربیع‌الثانی", "جمادی‌الاول", "جمادی‌الثانی", "رجب", "شعبان", "رمضان", "شوال", "ذی‌القعده", "ذی‌الحجه"];
const HIJRI_AR: [&str; 12] =
    ["محرم", "صفر", "ربيع الأول", "ربيع الآخر", "جمادى الأولى", "جمادى الآخرة", "رجب", "شعبان", "رمضان", "شوال", "ذو القعدة", "ذو الحجة"];
const HIJRI_EN: [&str; 12] = [
    "Muharram", "Safar", "Rabi I", "Rabi II", "Jumada I", "Jumada II", "Rajab", "Shaban", "Ramadan", "Shawwal", "Dhu al-Qadah",
    "Dhu al-Hijjah",
];
const GREGORIAN_FA: [&str; 12] = ["ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"];
const GREGORIAN_AR: [&str; 12] =
    ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"];
const GREGORIAN_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Spellings that people type besides the names above: (name, calendar, month).
pub(super) const OTHER_MONTHS: &[(&str, Calendar, u8)] = &[
    ("january", Calendar::Gregorian, 1),
    ("february", Calendar::Gregorian, 2),
    ("march", Calendar::Gregorian, 3),
    ("april", Calendar::Gregorian, 4),
    ("june", Calendar::Gregorian, 6),
    ("july", Calendar::Gregorian, 7),
    ("august", Calendar::Gregorian, 8),
    ("sept", Calendar::Gregorian, 9),
    ("september", Calendar::Gregorian, 9),
    ("october", Calendar::Gregorian, 10),
    ("november", Calendar::Gregorian, 11),
    ("december", Calendar::Gregorian, 12),
    ("آپریل", Calendar::Gregorian, 4),
    ("می", Calendar::Gregorian, 5),
    ("جون", Calendar::Gregorian, 6),
    ("جولای", Calendar::Gregorian, 7),
    ("آگوست", Calendar::Gregorian, 8),
    ("إبريل", Calendar::Gregorian, 4),
    ("كانون الثاني", Calendar::Gregorian, 1),
    ("شباط", Calendar::Gregorian, 2),
    ("آذار", Calendar::Gregorian, 3),
    ("نيسان", Calendar::Gregorian, 4),
    ("أيار", Calendar::Gregorian, 5),
    ("حزيران", Calendar::Gregorian, 6),
    ("تموز", Calendar::Gregorian, 7),
    ("آب", Calendar::Gregorian, 8),
    ("أيلول", Calendar::Gregorian, 9),
    ("تشرين الأول", Calendar::Gregorian, 10),
    ("تشرين الثاني", Calendar::Gregorian, 11),
    ("كانون الأول", Calendar::Gregorian, 12),
    ("امرداد", Calendar::Jalali, 5),
    ("ربیع الاخر", Calendar::Hijri, 4),
    ("ربیع‌الثانیه", Calendar::Hijri, 4),
    ("جمادی‌الاولی", Calendar::Hijri, 5),
    ("جمادی‌الاخری", Calendar::Hijri, 6),
    ("جمادی‌الثانیه", Calendar::Hijri, 6),
    ("ذیقعده", Calendar::Hijri, 11),
    ("ذوالقعده", Calendar::Hijri, 11),
    ("ذی قعده", Calendar::Hijri, 11),
    ("ذیحجه", Calendar::Hijri, 12),
    ("ذی حجه", Calendar::Hijri, 12),
    ("rabi al-awwal", Calendar::Hijri, 3),
    ("rabi al-thani", Calendar::Hijri, 4),
    ("rabi al-akhir", Calendar::Hijri, 4),
    ("jumada al-awwal", Calendar::Hijri, 5),
    ("jumada al-ula", Calendar::Hijri, 5),
    ("jumada al-thani", Calendar::Hijri, 6),
    ("jumada al-akhirah", Calendar::Hijri, 6),
    ("dhul qadah", Calendar::Hijri, 11),
    ("dhul hijjah", Calendar::Hijri, 12),
];

/// The name of a month (1 to 12) in a language; English Gregorian names in their three letters.
pub fn month_name(calendar: Calendar, month: u8, lang: Lang) -> &'static str {
    let names = match (calendar, lang) {
        (Calendar::Jalali, Lang::Fa) => &JALALI_FA,
        (Calendar::Jalali, Lang::Ar) => &JALALI_AR,
        (Calendar::Jalali, Lang::En) => &JALALI_EN,
        (Calendar::Hijri, Lang::Fa) => &HIJRI_FA,
        (Calendar::Hijri, Lang::Ar) => &HIJRI_AR,
        (Calendar::Hijri, Lang::En) => &HIJRI_EN,
        (Calendar::Gregorian, Lang::Fa) => &GREGORIAN_FA,
        (Calendar::Gregorian, Lang::Ar) => &GREGORIAN_AR,
        (Calendar::Gregorian, Lang::En) => &GREGORIAN_EN,
    };
    names.get(usize::from(month).saturating_sub(1)).copied().unwrap_or("")
}

/// The name of a weekday in a language; in English its three letters.
pub fn weekday_name(weekday: Weekday, lang: Lang) -> &'static str {
    match (weekday, lang) {
        (Weekday::Saturday, Lang::Fa) => "شنبه",
        (Weekday::Sunday, Lang::Fa) => "یکشنبه",
        (Weekday::Monday, Lang::Fa) => "دوشنبه",
        (Weekday::Tuesday, Lang::Fa) => "سه‌شنبه",
        (Weekday::Wednesday, Lang::Fa) => "چهارشنبه",
        (Weekday::Thursday, Lang::Fa) => "پنجشنبه",
        (Weekday::Friday, Lang::Fa) => "جمعه",
        (Weekday::Saturday, Lang::Ar) => "السبت",
        (Weekday::Sunday, Lang::Ar) => "الأحد",
        (Weekday::Monday, Lang::Ar) => "الاثنين",
        (Weekday::Tuesday, Lang::Ar) => "الثلاثاء",
        (Weekday::Wednesday, Lang::Ar) => "الأربعاء",
        (Weekday::Thursday, Lang::Ar) => "الخميس",
        (Weekday::Friday, Lang::Ar) => "الجمعة",
        (Weekday::Saturday, Lang::En) => "Sat",
        (Weekday::Sunday, Lang::En) => "Sun",
        (Weekday::Monday, Lang::En) => "Mon",
        (Weekday::Tuesday, Lang::En) => "Tue",
        (Weekday::Wednesday, Lang::En) => "Wed",
        (Weekday::Thursday, Lang::En) => "Thu",
        (Weekday::Friday, Lang::En) => "Fri",
    }
}

/// Spellings that people type besides the names above.
pub(super) const OTHER_WEEKDAYS: &[(&str, Weekday)] = &[
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("آدینه", Weekday::Friday),
    ("الإثنين", Weekday::Monday),
];
