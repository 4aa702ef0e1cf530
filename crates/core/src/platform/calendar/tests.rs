//! Conversion against five libraries; showing, reading and guessing.

use super::*;
use jiff::civil::{date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::HashMap;

const TODAY: Date = date(2026, 11, 21);

fn read(text: &str, calendar: Calendar) -> Result<Date, DateProblem> {
    parse_date(text, calendar, TODAY)
}

fn jalali(text: &str) -> Result<(i32, u8, u8), DateProblem> {
    read(text, Calendar::Jalali).map(|date| ymd(date, Calendar::Jalali))
}

#[test]
fn the_three_calendars_agree_with_the_libraries() {
    let (from, to) = (Calendar::Gregorian, Calendar::Jalali);
    for (file, days, in_hijri) in [("date_triples.csv", 1500, 228), ("nowruz_edges.csv", 808, 116)] {
        let table = format!("{}/testdata/calendar/{file}", env!("CARGO_MANIFEST_DIR"));
        let (mut judged, mut judged_in_hijri) = (0, 0);
        for row in csv::Reader::from_path(table).expect("the table").deserialize::<HashMap<String, String>>() {
            let row = row.expect("a row");
            let (gregorian, in_jalali, hijri) = (&*row["gregorian"], &*row["jalali"], &*row["hijri_icu_java"]);
            assert_eq!(row["jalali_all_agree"], "1", "{gregorian}");
            assert_eq!(convert(gregorian, from, to).as_deref(), Ok(in_jalali));
            assert_eq!(convert(in_jalali, to, from).as_deref(), Ok(gregorian));
            // Outside these years the libraries have different tables.
            if ("1420".."1450").contains(&&hijri[..4]) {
                assert_eq!(row["hijridate"], hijri, "{gregorian}");
                assert_eq!(convert(gregorian, from, Calendar::Hijri).as_deref(), Ok(hijri));
                assert_eq!(convert(hijri, Calendar::Hijri, from).as_deref(), Ok(gregorian));
                judged_in_hijri += 1;
            }
            let day: Date = gregorian.parse().expect("the table holds ISO dates");
            assert_eq!(weekday_name(day.weekday(), Lang::En), &row["weekday"][..3]);
            judged += 1;
        }
        assert_eq!((judged, judged_in_hijri), (days, in_hijri), "{file}");
    }
}

#[test]
fn a_date_is_shown_as_each_language_writes_it() {
    let shown = |calendar, lang: Lang, form| {
        let style = DateStyle { calendar, lang, digits: lang.default_digits(), form };
        format_date(TODAY, &style)
    };
    use Calendar::{Gregorian, Hijri, Jalali};
    assert_eq!(shown(Jalali, Lang::Fa, DateForm::Long), "شنبه ۳۰ آبان ۱۴۰۵");
    assert_eq!(shown(Hijri, Lang::Ar, DateForm::Long), "السبت ١١ جمادى الآخرة ١٤٤٨ هـ");
    assert_eq!(shown(Gregorian, Lang::En, DateForm::Long), "Sat 21 Nov 2026");
    assert_eq!(shown(Jalali, Lang::Fa, DateForm::Short), "۱۴۰۵/۰۸/۳۰");
    assert_eq!(shown(Gregorian, Lang::En, DateForm::Short), "2026-11-21");
    assert_eq!(shown(Jalali, Lang::Fa, DateForm::DayMonth), "۳۰ آبان");
    assert_eq!(shown(Gregorian, Lang::Fa, DateForm::Medium), "۲۱ نوامبر ۲۰۲۶");
    assert_eq!(shown(Gregorian, Lang::Ar, DateForm::Medium), "٢١ نوفمبر ٢٠٢٦");
    assert_eq!(shown(Jalali, Lang::En, DateForm::Medium), "30 Aban 1405");
}

#[test]
fn a_near_date_is_shown_in_words() {
    let near = |days: i64, lang: Lang| {
        let style = DateStyle { calendar: Calendar::Jalali, lang, digits: lang.default_digits(), form: DateForm::Long };
        near_date(add_days(TODAY, days), TODAY, &style)
    };
    assert_eq!(near(0, Lang::Fa), "امروز");
    assert_eq!(near(-1, Lang::Fa), "دیروز");
    assert_eq!(near(-6, Lang::Fa), "۶ روز پیش");
    assert_eq!(near(3, Lang::Fa), "۳ روز دیگر");
    assert_eq!(near(-7, Lang::Fa), "۲۳ آبان");
    assert_eq!(near(-365, Lang::Fa), "۳۰ آبان ۱۴۰۴");
    assert_eq!(near(-1, Lang::Ar), "أمس");
    assert_eq!(near(4, Lang::Ar), "بعد ٤ أيام");
    assert_eq!(near(-2, Lang::En), "2 days ago");
    assert_eq!(near(2, Lang::En), "in 2 days");
}

#[test]
fn a_numeric_date_is_read_in_any_digits_and_order() {
    for text in [
        "1405/8/30",
        "۱۴۰۵/۰۸/۳۰",
        "١٤٠٥-٨-٣٠",
        "1405.08.30",
        " 1405 8 30 ",
        "14050830",
        "30/8/1405",
        "05/08/30",
        "2026-11-21",
        "2026/11/21",
        "21.11.2026",
        "11/21/2026",
        "\u{200E}1405/08/30\u{202C}",
        "شنبه ۱۴۰۵/۸/۳۰",
        "1405-08-30T00:00:00",
    ] {
        assert_eq!(jalali(text), Ok((1405, 8, 30)), "{text}");
    }
    assert_eq!(jalali("98/1/5"), Ok((1398, 1, 5)));
    assert_eq!(jalali("16/1/5"), Ok((1316, 1, 5)));
    assert_eq!(jalali("15/1/5"), Ok((1415, 1, 5)));
    assert_eq!(read("1/2/24", Calendar::Gregorian), Ok(date(2024, 2, 1)));
    assert_eq!(read("1448/6/11", Calendar::Hijri), Ok(TODAY));
    assert_eq!(read("1448/6/11 ق", Calendar::Jalali), Ok(TODAY));
    assert_eq!(read("1405/8/30 ه‍.ش", Calendar::Gregorian), Ok(TODAY));
}

#[test]
fn a_month_name_decides_the_calendar() {
    for text in [
        "۳۰ آبان",
        "۳۰ آبان ماه ۱۴۰۵",
        "شنبه ۳۰ آبان ۱۴۰۵",
        "30 Aban 1405",
        "1405 آبان 30",
        "Sat 21 Nov 2026",
        "Nov 21, 2026",
        "21st November 2026",
        "۲۱ نوامبر ۲۰۲۶",
        "٢١ نوفمبر ٢٠٢٦",
        "21 تشرين الثاني 2026",
        "السبت ١١ جمادى الآخرة ١٤٤٨ هـ",
        "۱۱ جمادی الثانی ۱۴۴۸",
        "11 Jumada al-Akhirah 1448 AH",
        "11 Jumada II 1448",
        "سه شنبه ۳۰ آبان ۰۵",
    ] {
        for calendar in Calendar::ALL {
            assert_eq!(read(text, calendar), Ok(TODAY), "{text}");
        }
    }
}

#[test]
fn every_month_name_that_is_shown_is_read() {
    for calendar in Calendar::ALL {
        for lang in Lang::ALL {
            for month in 1..=12 {
                let year = ymd(TODAY, calendar).0;
                let day = from_ymd(calendar, year, month, 15).expect("every month has a 15th");
                let style = DateStyle { calendar, lang, digits: lang.default_digits(), form: DateForm::Long };
                let shown = format_date(day, &style);
                assert_eq!(read(&shown, Calendar::Gregorian), Ok(day), "{shown}");
            }
        }
    }
}

#[test]
fn words_for_near_days_are_read() {
    let cases = [
        ("امروز", 0),
        ("دیروز", -1),
        ("فردا", 1),
        ("پس فردا", 2),
        ("پس‌فردا", 2),
        ("پریروز", -2),
        ("۳ روز پیش", -3),
        ("سه روز قبل", -3),
        ("۲ هفته دیگر", 14),
        ("هفته‌ی بعد", 7),
        ("هفته گذشته", -7),
        ("today", 0),
        ("Yesterday", -1),
        ("day after tomorrow", 2),
        ("3 days ago", -3),
        ("in 3 days", 3),
        ("next week", 7),
        ("two weeks later", 14),
        ("اليوم", 0),
        ("أمس", -1),
        ("غدًا", 1),
        ("بعد غد", 2),
        ("أول أمس", -2),
        ("قبل ٣ أيام", -3),
        ("بعد يومين", 2),
        ("الأسبوع القادم", 7),
        ("قبل أسبوعين", -14),
        ("next Saturday", 7),
        ("last Saturday", -7),
        ("دوشنبه", 2),
        ("شنبه", 0),
        ("جمعه گذشته", -1),
    ];
    for (text, days) in cases {
        assert_eq!(read(text, Calendar::Jalali), Ok(add_days(TODAY, days)), "{text}");
    }
    assert_eq!(jalali("۲ سال پیش"), Ok((1403, 8, 30)));
    assert_eq!(jalali("۴ ماه دیگر"), Ok((1405, 12, 29)));
    assert_eq!(jalali("الشهر الماضي"), Ok((1405, 7, 30)));
    assert_eq!(read("last year", Calendar::Gregorian), Ok(date(2025, 11, 21)));
}

#[test]
fn what_is_no_date_says_why() {
    use DateProblem::*;
    let cases = [
        ("", NotRead),
        ("سلام", NotRead),
        ("۵ سلام", NotRead),
        ("1405/7/31", NoSuchDay),
        ("1405/13/1", NoSuchDay),
        ("1405/12/30", NoSuchDay),
        ("2026-02-29", NoSuchDay),
        ("1405/08", Incomplete),
        ("1405", Incomplete),
        ("آبان", Incomplete),
        ("آبان ۱۴۰۵", Incomplete),
        ("305/1/1", OutOfRange),
        ("99999/1/1", OutOfRange),
        ("1/2/3/4", NotRead),
        ("99999999999999", NotRead),
        ("1405/8/30 25:00", NoSuchTime),
        ("1405/8/30 8:", NoSuchTime),
        ("۳۰ آبان ۲۰۲۶", OutOfRange),
        ("1405;8;30", NotRead),
        ("2026 آبان آذر", NotRead),
        ("99999999 سال پیش", OutOfRange),
        ("1/1405/1", NotRead),
    ];
    for (text, problem) in cases {
        assert_eq!(jalali(text), Err(problem), "{text}");
    }
    assert_eq!(read("1405/8/30", Calendar::Gregorian), Err(WhichCalendar));
    assert_eq!(jalali(&"1405/8/30 ".repeat(1_000_000)), Err(NotRead));
}

#[test]
fn a_time_of_day_is_read_beside_the_date() {
    let cases = [
        ("2010-12-01 08:26:00", time(8, 26, 0, 0)),
        ("2010-12-01T08:26", time(8, 26, 0, 0)),
        ("1/12/2010 8:26 PM", time(20, 26, 0, 0)),
        ("1/12/2010 12:05 a.m.", time(0, 5, 0, 0)),
        ("۱۳۸۹/۹/۱۰ ساعت ۸:۲۶", time(8, 26, 0, 0)),
        ("۱۰ آذر ۱۳۸۹ ۵:۳۰ بعد از ظهر", time(17, 30, 0, 0)),
        ("۱۷:۳۰ عصر ۱۰ آذر ۱۳۸۹", time(17, 30, 0, 0)),
        ("2010-12-01 08:26:07.250", time(8, 26, 7, 0)),
    ];
    for (text, time) in cases {
        assert_eq!(parse_moment(text, Calendar::Jalali, None, TODAY), Ok((date(2010, 12, 1), Some(time))), "{text}");
    }
}

#[test]
fn an_instant_is_read_in_the_given_zone() {
    let tehran = TimeZone::get("Asia/Tehran").expect("a well-known zone");
    let instant = |text: &str, order| parse_instant(text, Calendar::Gregorian, order, &tehran, TODAY).map(|instant| instant.to_string());
    let at = Ok("2010-12-01T04:56:00Z".to_owned());
    assert_eq!(instant("12/1/2010 8:26", Some(DateOrder::Mdy)), at);
    assert_eq!(instant("2010-12-01 08:26:00", None), at);
    assert_eq!(instant("40513.351388888885", None), at);
    assert_eq!(instant("2010-12-01T04:56:00Z", None), at);
    assert_eq!(instant("2010-12-01T08:26:00+03:30", None), at);
    assert_eq!(instant("40513", None), Ok("2010-11-30T20:30:00Z".into()));
    assert_eq!(instant("25/12/2010", Some(DateOrder::Mdy)), Err(DateProblem::NoSuchDay));
}

#[test]
fn a_spreadsheet_day_number_is_a_moment() {
    assert_eq!(from_spreadsheet(1.0), Ok(date(1900, 1, 1).at(0, 0, 0, 0)));
    assert_eq!(from_spreadsheet(61.0), Ok(date(1900, 3, 1).at(0, 0, 0, 0)));
    assert_eq!(from_spreadsheet(46347.75), Ok(TODAY.at(18, 0, 0, 0)));
    for number in [0.5, -1.0, f64::NAN, f64::INFINITY, 3e9] {
        assert_eq!(from_spreadsheet(number), Err(DateProblem::OutOfRange));
    }
}

#[test]
fn days_that_may_be_read_in_several_ways_are_shown_in_each() {
    let ways = |samples: &[&str], calendar| -> Vec<(DateOrder, String, Option<Date>)> {
        readings(samples, calendar, TODAY).into_iter().map(|way| (way.order, way.sample, way.date)).collect()
    };
    let told = |text: &str, day, month| vec![(DateOrder::Dmy, text.to_owned(), Some(day)), (DateOrder::Mdy, text.to_owned(), Some(month))];
    // The first value says the same both ways.
    let found = ways(&["05/05/2024", "03/04/2024 8:26"], Calendar::Gregorian);
    assert_eq!(found, told("03/04/2024 8:26", date(2024, 4, 3), date(2024, 3, 4)));
    let jalali = |month, day| from_ymd(Calendar::Jalali, 1403, month, day).unwrap();
    assert_eq!(ways(&["5/8/1403"], Calendar::Jalali), told("5/8/1403", jalali(8, 5), jalali(5, 8)));
    let short: Vec<DateOrder> = ways(&["3/2/1"], Calendar::Jalali).into_iter().map(|(order, ..)| order).collect();
    assert_eq!(short, [DateOrder::Ymd, DateOrder::Dmy, DateOrder::Mdy], "a short Jalali date begins with its year");
    for settled in [&["2024/03/04"][..], &["03/04/2024", "13/04/2024"], &["۳ آبان ۱۴۰۳"], &["05/05/2024"], &["", "x"]] {
        assert_eq!(ways(settled, Calendar::Gregorian), vec![], "{settled:?}");
    }
}

#[test]
fn a_column_shows_its_calendar_and_order() {
    let calendar = |samples: &[&str]| guess_calendar(samples);
    assert_eq!(calendar(&["1405/08/30", "", "1399/1/31"]), Some(Calendar::Jalali));
    assert_eq!(calendar(&["1448/6/11", "1447/1/1"]), Some(Calendar::Hijri));
    assert_eq!(calendar(&["12/1/2010 8:26"]), Some(Calendar::Gregorian));
    assert_eq!(calendar(&["۳ آبان", "x"]), Some(Calendar::Jalali));
    assert_eq!(calendar(&["14050831"]), Some(Calendar::Jalali));
    assert_eq!(calendar(&["x", "", "5"]), None);
    let order = |samples: &[&str]| guess_order(samples);
    assert_eq!(order(&["12/1/2010 8:26", "12/13/2010"]), Some(DateOrder::Mdy));
    assert_eq!(order(&["1/12/2010", "13/12/2010"]), Some(DateOrder::Dmy));
    assert_eq!(order(&["1405/1/2"]), Some(DateOrder::Ymd));
    assert_eq!(order(&["1/12/2010"]), None);
    assert_eq!(order(&["13/12/2010", "12/13/2010"]), None);
}

#[test]
fn next_week_is_the_week_after_this_one_and_never_as_good_as_tomorrow() {
    // From Saturday 21 November to Friday 27: days until "next week".
    let table =
        [(Weekday::Saturday, [7, 6, 5, 4, 3, 3, 3]), (Weekday::Sunday, [3, 7, 6, 5, 4, 3, 3]), (Weekday::Monday, [3, 3, 7, 6, 5, 4, 3])];
    for (start, days) in table {
        for (today, after) in (0..).zip(days) {
            let today = add_days(TODAY, today);
            let day = next_week(today, start);
            assert_eq!(days_between(today, day), after, "{today} {start:?}");
            let (this, that) = (today.weekday().since(start), day.weekday().since(start));
            assert!(i32::from(that) == i32::from(this) + after - 7, "{today} {start:?}: in the week after this one");
        }
    }
    assert_eq!([Lang::Fa, Lang::Ar, Lang::En].map(work_week_start), table.map(|(start, _)| start));
}

#[test]
fn weeks_months_and_years_have_their_edges() {
    assert_eq!(week_around(TODAY, Lang::Fa), (TODAY, date(2026, 11, 27)));
    assert_eq!(week_around(TODAY, Lang::En), (date(2026, 11, 16), date(2026, 11, 22)));
    assert_eq!(month_around(TODAY, Calendar::Jalali), (date(2026, 10, 23), TODAY));
    assert_eq!(year_around(TODAY, Calendar::Jalali), (date(2026, 3, 21), date(2027, 3, 20)));
    assert_eq!(days_in_month(Calendar::Jalali, 1403, 12), Ok(30));
    assert_eq!(days_in_month(Calendar::Jalali, 1404, 12), Ok(29));
    assert_eq!(days_in_month(Calendar::Gregorian, 2024, 2), Ok(29));
    assert_eq!(add_months(date(2024, 1, 31), 1, Calendar::Gregorian), Ok(date(2024, 2, 29)));
}

proptest! {
    #[test]
    fn a_day_comes_back_from_every_calendar(days in -60_000i64..120_000) {
        let day = add_days(date(1970, 1, 1), days);
        for calendar in Calendar::ALL {
            let (year, month, of_month) = ymd(day, calendar);
            prop_assert_eq!(from_ymd(calendar, year, month, of_month), Ok(day));
        }
    }

    #[test]
    fn what_is_shown_is_read(days in -40_000i64..60_000, form in 0..3) {
        let day = add_days(date(1970, 1, 1), days);
        let form = [DateForm::Short, DateForm::Medium, DateForm::Long][form as usize];
        for calendar in Calendar::ALL {
            for lang in Lang::ALL {
                let style = DateStyle { calendar, lang, digits: lang.default_digits(), form };
                let shown = format_date(day, &style);
                prop_assert_eq!(parse_date(&shown, calendar, TODAY), Ok(day), "{}", shown);
            }
        }
    }

    #[test]
    fn no_text_breaks_reading(text in any::<String>(), near in "[0-9۰-۹/:. a-zآ-ی]{0,30}") {
        let utc = TimeZone::UTC;
        let _ = parse_instant(&text, Calendar::Jalali, None, &utc, TODAY);
        let _ = parse_instant(&near, Calendar::Jalali, None, &utc, TODAY);
        let _ = guess_calendar(&[&text, &near]);
    }
}
