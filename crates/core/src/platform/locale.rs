//! Words, dates and numbers as one reader wants them: language, calendar, digits, time zone, theme and money unit are
//! separate choices.

use super::calendar::{Calendar, DateForm, DateStyle, format_date, near_date};
use super::money::{Currency, Money, MoneyUnit};
use super::text::{Digits, Lang, to_digits};
use crate::{Day, Instant, Problem};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::tz::TimeZone;
use std::borrow::{Borrow, Cow};
use std::sync::{Arc, LazyLock};

peyvand_db::words! {
    /// Light or dark.
    pub enum Theme {
        /// As the device says.
        Auto = "auto",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
    }
}

/// How a reader wants things shown.
#[derive(Clone, Debug)]
pub struct Prefs {
    /// Language of the words.
    pub lang: Lang,
    /// Calendar of the days.
    pub calendar: Calendar,
    /// Digits of the numbers.
    pub digits: Digits,
    /// Where the clock stands.
    pub time_zone: TimeZone,
    /// Light or dark.
    pub theme: Theme,
    /// Toman or the currency itself.
    pub money_unit: MoneyUnit,
    /// Days by which the lunar date seen here differs from Umm al-Qura: -1, 0 or 1.
    pub hijri_shift: i64,
    /// Whether letter keys are shortcuts.
    pub shortcuts: bool,
}

impl Default for Prefs {
    fn default() -> Self {
        Prefs::of(Lang::Fa)
    }
}

impl Prefs {
    /// What readers of a language are used to.
    #[must_use]
    pub fn of(lang: Lang) -> Prefs {
        let zone = if lang == Lang::Ar { "Asia/Riyadh" } else { "Asia/Tehran" };
        Prefs {
            lang,
            calendar: lang.default_calendar(),
            digits: lang.default_digits(),
            time_zone: time_zone(zone).unwrap_or(TimeZone::UTC),
            theme: Theme::Auto,
            money_unit: MoneyUnit::Toman,
            hijri_shift: 0,
            shortcuts: true,
        }
    }

    /// These, save where somebody has chosen for themselves.
    #[must_use]
    pub fn chosen(self, own: OwnPrefs) -> Prefs {
        Prefs {
            lang: own.lang.unwrap_or(self.lang),
            calendar: own.calendar.unwrap_or(self.calendar),
            digits: own.digits.unwrap_or(self.digits),
            time_zone: own.time_zone.as_deref().and_then(time_zone).unwrap_or(self.time_zone),
            theme: own.theme.unwrap_or(self.theme),
            money_unit: own.money_unit.unwrap_or(self.money_unit),
            hijri_shift: self.hijri_shift,
            shortcuts: own.shortcuts.unwrap_or(self.shortcuts),
        }
    }
}

/// What somebody has chosen for themselves, as far as they have.
#[derive(Clone, Debug, Default)]
pub struct OwnPrefs {
    /// Language of the words.
    pub lang: Option<Lang>,
    /// Calendar of the days.
    pub calendar: Option<Calendar>,
    /// Digits of the numbers.
    pub digits: Option<Digits>,
    /// IANA name of the zone of their clock; one that is not known counts as none.
    pub time_zone: Option<String>,
    /// Light or dark.
    pub theme: Option<Theme>,
    /// Toman or the currency itself.
    pub money_unit: Option<MoneyUnit>,
    /// Whether letter keys are shortcuts.
    pub shortcuts: Option<bool>,
}

/// The time zone of that name, from the rules built into the program.
#[must_use]
pub fn time_zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// Words, dates and numbers for one reader at one moment.
#[derive(Clone, Debug)]
pub struct Loc {
    /// The reader's choices.
    pub prefs: Prefs,
    /// The moment that counts as now.
    pub now: Instant,
}

/// A value in a message.
pub enum Arg<'a> {
    /// A number: shown in the reader's digits and able to choose a plural.
    Number(i64),
    /// A text.
    Text(Cow<'a, str>),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Arg::Number(value)
    }
}
impl From<&i64> for Arg<'_> {
    fn from(value: &i64) -> Self {
        Arg::Number(*value)
    }
}
impl From<usize> for Arg<'_> {
    fn from(value: usize) -> Self {
        Arg::Number(i64::try_from(value).unwrap_or(i64::MAX))
    }
}
impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Arg::Text(Cow::Borrowed(value))
    }
}
impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Arg::Text(Cow::Borrowed(value))
    }
}
impl From<String> for Arg<'_> {
    fn from(value: String) -> Self {
        Arg::Text(Cow::Owned(value))
    }
}

#[derive(rust_embed::RustEmbed)]
#[folder = "../../locales"]
struct Catalogues;

type Bundle = FluentBundle<Arc<FluentResource>>;

/// One bundle for each language and digit set, because a bundle formats its numbers in one way.
static BUNDLES: LazyLock<Vec<(Lang, Digits, Bundle)>> = LazyLock::new(|| {
    let mut bundles = Vec::new();
    for lang in Lang::ALL {
        let mut names: Vec<_> = Catalogues::iter().filter(|name| name.starts_with(lang.code()) && name.ends_with(".ftl")).collect();
        names.sort();
        let resources: Vec<Arc<FluentResource>> = names
            .iter()
            .filter_map(|name| Catalogues::get(name))
            .map(|file| {
                let text = String::from_utf8_lossy(&file.data).into_owned();
                // A broken entry is left out and found by the catalogue test; the rest of the file still serves.
                Arc::new(FluentResource::try_new(text).unwrap_or_else(|(resource, _)| resource))
            })
            .collect();
        for (digits, format) in [
            (Digits::Latin, latin as fn(&FluentValue<'_>, &intl_memoizer::concurrent::IntlLangMemoizer) -> Option<String>),
            (Digits::Persian, persian),
            (Digits::Arabic, arabic),
        ] {
            let id = lang.code().parse().unwrap_or_default();
            let mut bundle = FluentBundle::new_concurrent(vec![id]);
            bundle.set_formatter(Some(format));
            for resource in &resources {
                bundle.add_resource_overriding(resource.clone());
            }
            bundles.push((lang, digits, bundle));
        }
    }
    bundles
});

fn latin(value: &FluentValue<'_>, _: &intl_memoizer::concurrent::IntlLangMemoizer) -> Option<String> {
    in_digits(value, Digits::Latin)
}
fn persian(value: &FluentValue<'_>, _: &intl_memoizer::concurrent::IntlLangMemoizer) -> Option<String> {
    in_digits(value, Digits::Persian)
}
fn arabic(value: &FluentValue<'_>, _: &intl_memoizer::concurrent::IntlLangMemoizer) -> Option<String> {
    in_digits(value, Digits::Arabic)
}

fn in_digits(value: &FluentValue<'_>, digits: Digits) -> Option<String> {
    match value {
        #[expect(clippy::cast_possible_truncation, reason = "only whole numbers are passed in")]
        FluentValue::Number(number) => Some(group(number.value as i64, digits)),
        _ => None,
    }
}

/// A whole number with its thousands apart.
#[must_use]
pub fn group(number: i64, digits: Digits) -> String {
    let plain = number.unsigned_abs().to_string();
    let separator = if digits == Digits::Latin { ',' } else { '٬' };
    let mut out = String::with_capacity(plain.len() * 2);
    if number < 0 {
        out.push('−');
    }
    for (position, digit) in plain.chars().enumerate() {
        if position > 0 && (plain.len() - position).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    to_digits(&out, digits)
}

/// Values are taken or borrowed, because a template hands over what it iterates by reference.
impl Loc {
    /// A locale for a reader.
    #[must_use]
    pub fn new(prefs: Prefs, now: Instant) -> Loc {
        Loc { prefs, now }
    }

    /// `fa`, `ar`, `en`.
    #[must_use]
    pub fn lang(&self) -> &'static str {
        self.prefs.lang.code()
    }

    /// `rtl` or `ltr`.
    #[must_use]
    pub fn dir(&self) -> &'static str {
        self.prefs.lang.dir()
    }

    /// A message without values. A key that no catalogue has is shown as it is; a test finds it before a reader does.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// A message with values.
    #[must_use]
    pub fn ta<'a>(&self, key: &str, args: &[(&str, Arg<'a>)]) -> String {
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            match value {
                Arg::Number(number) => values.set((*name).to_owned(), *number),
                Arg::Text(text) => values.set((*name).to_owned(), text.to_string()),
            }
        }
        self.format(key, Some(&values))
    }

    /// A message with one value.
    #[must_use]
    pub fn t1<'a>(&self, key: &str, name: &str, value: impl Into<Arg<'a>>) -> String {
        self.ta(key, &[(name, value.into())])
    }

    /// Whether some catalogue of this language has the key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.bundle().is_some_and(|bundle| bundle.has_message(key))
    }

    /// A problem of an input in words. Whole numbers among its values are shown in the reader's digits.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> String {
        let args: Vec<(&str, Arg<'_>)> = problem
            .args
            .iter()
            .map(|(name, value)| (&**name, value.parse::<i64>().map_or(Arg::Text(Cow::Borrowed(value)), Arg::Number)))
            .collect();
        self.ta(&problem.key, &args)
    }

    /// The label of a word of a list: the organisation's own, or the ready-made one under `term-LIST-WORD`.
    #[must_use]
    pub fn term(&self, list: &str, word: &str) -> String {
        let key = format!("term-{list}-{}", word.replace('_', "-"));
        if self.has(&key) { self.t(&key) } else { word.to_owned() }
    }

    fn bundle(&self) -> Option<&'static Bundle> {
        BUNDLES.iter().find(|(lang, digits, _)| *lang == self.prefs.lang && *digits == self.prefs.digits).map(|(_, _, bundle)| bundle)
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(bundle) = self.bundle() else { return key.to_owned() };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::warn!(key, lang = self.lang(), "no such message");
            return key.to_owned();
        };
        let mut problems = Vec::new();
        bundle.format_pattern(pattern, args, &mut problems).into_owned()
    }

    fn style(&self, form: DateForm) -> DateStyle {
        DateStyle { calendar: self.prefs.calendar, lang: self.prefs.lang, digits: self.prefs.digits, form }
    }

    /// The day as it is counted here: the lunar calendar seen locally may differ from Umm al-Qura by a day.
    fn local(&self, day: Day) -> jiff::civil::Date {
        if self.prefs.calendar == Calendar::Hijri { day.plus(self.prefs.hijri_shift).0 } else { day.0 }
    }

    /// Today, here.
    #[must_use]
    pub fn today(&self) -> Day {
        self.now.day(&self.prefs.time_zone)
    }

    /// «۳۰ آبان ۱۴۰۵».
    #[must_use]
    pub fn day(&self, day: impl Borrow<Day>) -> String {
        let day = *day.borrow();
        format_date(self.local(day), &self.style(DateForm::Medium))
    }

    /// «شنبه ۳۰ آبان ۱۴۰۵».
    #[must_use]
    pub fn day_long(&self, day: impl Borrow<Day>) -> String {
        let day = *day.borrow();
        format_date(self.local(day), &self.style(DateForm::Long))
    }

    /// «۱۴۰۵/۰۸/۳۰».
    #[must_use]
    pub fn day_short(&self, day: impl Borrow<Day>) -> String {
        let day = *day.borrow();
        format_date(self.local(day), &self.style(DateForm::Short))
    }

    /// «دیروز», «۶ روز پیش», else day and month, with the year when it is another one.
    #[must_use]
    pub fn day_near(&self, day: impl Borrow<Day>) -> String {
        let day = *day.borrow();
        near_date(self.local(day), self.local(self.today()), &self.style(DateForm::DayMonth))
    }

    /// «دیروز ۱۶:۳۰».
    #[must_use]
    pub fn when(&self, at: impl Borrow<Instant>) -> String {
        let at = *at.borrow();
        format!("{} {}", self.day_near(at.day(&self.prefs.time_zone)), self.time(at))
    }

    /// «شنبه ۳۰ آبان ۱۴۰۵، ۱۶:۳۰».
    #[must_use]
    pub fn when_full(&self, at: impl Borrow<Instant>) -> String {
        let at = *at.borrow();
        format!("{} {}", self.day_long(at.day(&self.prefs.time_zone)), self.time(at))
    }

    /// «۱۶:۳۰».
    #[must_use]
    pub fn time(&self, at: impl Borrow<Instant>) -> String {
        let at = *at.borrow();
        let clock = at.zoned(&self.prefs.time_zone);
        to_digits(&format!("{:02}:{:02}", clock.hour(), clock.minute()), self.prefs.digits)
    }

    /// The day in all three calendars, for a tooltip.
    #[must_use]
    pub fn day_everywhere(&self, day: impl Borrow<Day>) -> String {
        let day = *day.borrow();
        Calendar::ALL
            .iter()
            .map(|calendar| format_date(day.0, &DateStyle { calendar: *calendar, ..self.style(DateForm::Medium) }))
            .collect::<Vec<_>>()
            .join(" · ")
    }

    /// «۱۲٬۳۴۵».
    #[must_use]
    pub fn number(&self, number: impl Borrow<i64>) -> String {
        group(*number.borrow(), self.prefs.digits)
    }

    /// A share of one as whole per cent: «۴۲٪».
    #[must_use]
    pub fn percent(&self, share: impl Borrow<f64>) -> String {
        #[expect(clippy::cast_possible_truncation, reason = "a share is small")]
        let percent = (share.borrow() * 100.0).round() as i64;
        format!("{}{}", self.number(percent), self.t("percent-sign"))
    }

    /// A number rounded to so many places: «۲٫۴».
    #[must_use]
    pub fn rounded(&self, number: impl Borrow<f64>, places: u32) -> String {
        let number = rust_decimal::Decimal::from_f64_retain(*number.borrow()).unwrap_or_default();
        super::money::format_number(number.round_dp(places), self.prefs.digits)
    }

    /// Digits of a text, such as a phone number, in the reader's signs.
    #[must_use]
    pub fn digits(&self, text: &str) -> String {
        to_digits(text, self.prefs.digits)
    }

    /// A stored phone number as it is dialled here: «۰۹۱۲ ۵۵۵ ۰۱۴۲»; a foreign one with its country code.
    #[must_use]
    pub fn phone(&self, e164: &str) -> String {
        use crate::parties::identity::{IdentityKind, check};
        let shown = check(IdentityKind::Phone, e164, "IR").map_or_else(|_| e164.to_owned(), |checked| checked.display);
        self.digits(&shown)
    }

    /// An amount in full, without its unit: «۱۲٬۴۵۰٬۰۰۰».
    #[must_use]
    pub fn amount(&self, minor: impl Borrow<i64>, currency: impl Borrow<Currency>) -> String {
        let (minor, currency) = (*minor.borrow(), *currency.borrow());
        Money { minor, currency }.format(self.prefs.money_unit, self.prefs.digits)
    }

    /// An amount for a card, with its unit: «۱۲٫۴ میلیون تومان».
    #[must_use]
    pub fn amount_short(&self, minor: impl Borrow<i64>, currency: impl Borrow<Currency>) -> String {
        let (minor, currency) = (*minor.borrow(), *currency.borrow());
        let short = Money { minor, currency }.format_short(self.prefs.money_unit, self.prefs.digits, self.prefs.lang);
        format!("{short} {}", self.money_unit(currency))
    }

    /// An amount in few signs, where its unit stands beside it already: «۱۲٫۴ میلیون».
    #[must_use]
    pub fn amount_brief(&self, minor: impl Borrow<i64>, currency: impl Borrow<Currency>) -> String {
        let (minor, currency) = (*minor.borrow(), *currency.borrow());
        Money { minor, currency }.format_short(self.prefs.money_unit, self.prefs.digits, self.prefs.lang)
    }

    /// A border as [`Loc::amount_brief`], in whole units: whatever is above it is above what is shown.
    #[must_use]
    pub fn amount_round(&self, minor: impl Borrow<i64>, currency: impl Borrow<Currency>) -> String {
        let (minor, currency) = (*minor.borrow(), *currency.borrow());
        self.amount_brief(Money { minor, currency }.whole(self.prefs.money_unit).minor, currency)
    }

    /// An amount that was worked out, not paid: in full, down to whole units, with its unit: «۲۶٬۵۶۶ تومان».
    #[must_use]
    pub fn amount_whole(&self, minor: impl Borrow<i64>, currency: impl Borrow<Currency>) -> String {
        let (minor, currency) = (*minor.borrow(), *currency.borrow());
        let whole = Money { minor, currency }.whole(self.prefs.money_unit);
        whole.format_with_unit(self.prefs.money_unit, self.prefs.digits, self.prefs.lang)
    }

    /// A number that names something, in the reader's digits; one with Latin letters in it stays as it is printed.
    #[must_use]
    pub fn code(&self, code: &str) -> String {
        if code.contains(|sign: char| sign.is_ascii_alphabetic()) { code.to_owned() } else { self.digits(code) }
    }

    /// A [`Loc::code`] to stand within a sentence, whose direction does not reach into it. Arabic digits around a hyphen
    /// would change places without the override.
    #[must_use]
    pub fn code_apart(&self, code: &str) -> String {
        format!("\u{2066}\u{202d}{}\u{202c}\u{2069}", self.code(code))
    }

    /// The direction in which a value of unknown kind is read: numbers and Latin go from the left, so that the sign of
    /// a phone number stays in front of it.
    #[must_use]
    pub fn dir_of(&self, text: &str) -> &'static str {
        let is_rtl =
            |sign: char| sign.is_alphabetic() && matches!(sign, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
        if text.contains(is_rtl) { "rtl" } else { "ltr" }
    }

    /// The name of the unit in which amounts are shown: «تومان».
    #[must_use]
    pub fn money_unit(&self, currency: impl Borrow<Currency>) -> &'static str {
        self.prefs.money_unit.label(*currency.borrow(), self.prefs.lang)
    }
}

#[cfg(test)]
mod value_tests {
    use super::{Loc, Prefs};
    use crate::Instant;
    use crate::platform::money::{Currency, MoneyUnit};
    use crate::platform::text::Lang;

    #[test]
    fn shares_and_fractions_are_in_the_signs_of_the_reader() {
        let (fa, en) = (Loc::new(Prefs::of(Lang::Fa), Instant(0)), Loc::new(Prefs::of(Lang::En), Instant(0)));
        assert_eq!((fa.percent(0.416), en.percent(1.0)), ("۴۲٪".into(), "100%".into()));
        assert_eq!((fa.rounded(1234.56, 1), en.rounded(0.25, 2), en.rounded(3.0, 1)), ("۱٬۲۳۴٫۶".into(), "0.25".into(), "3".into()));
    }

    #[test]
    fn what_was_worked_out_is_told_in_whole_units() {
        let fa = Loc::new(Prefs { money_unit: MoneyUnit::Toman, ..Prefs::of(Lang::Fa) }, Instant(0));
        assert_eq!(fa.amount_whole(26_566_265, Currency::IRR), "۲۶٬۵۶۶ تومان");
        assert_eq!(fa.amount_whole(999, Currency::IRR), "۰ تومان");
    }

    #[test]
    fn a_value_is_read_in_its_own_direction() {
        let loc = Loc::new(Prefs::of(Lang::Fa), Instant(0));
        for left in ["+98 936 222 3344", "۰۹۱۲۳۴۵۶۷۸۹", "۱۳۶۴/۰۷/۱۲", "zahra@example.ir", ""] {
            assert_eq!(loc.dir_of(left), "ltr", "{left}");
        }
        for right in ["زهرا", "پلاک 12", "Cafe کافه", "ﻼ"] {
            assert_eq!(loc.dir_of(right), "rtl", "{right}");
        }
    }

    #[test]
    fn a_code_takes_the_readers_digits_unless_it_has_letters() {
        let loc = Loc::new(Prefs::of(Lang::Fa), Instant(0));
        assert_eq!(loc.code("1405-09736"), "۱۴۰۵-۰۹۷۳۶");
        assert_eq!(loc.code("000-4Q1"), "000-4Q1");
        assert_eq!(loc.code_apart("7"), "\u{2066}\u{202d}۷\u{202c}\u{2069}");
    }
}
