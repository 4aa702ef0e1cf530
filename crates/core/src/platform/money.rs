//! Money and numbers: whole minor units with an ISO 4217 currency, read from what people type and
//! shown in their digits. No floating point anywhere.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::platform::text::{Digits, Lang, digit_value, search_key, to_digits};

/// Rials in a toman. Toman is no currency of its own, only a way to say ten rials.
const RIALS_PER_TOMAN: u32 = 10;

/// The longest text that is read as a number, in bytes.
const MAX_NUMBER_BYTES: usize = 200;

/// Currencies whose subunit exists in the standard but not in shops: shown only when not zero.
const WITHOUT_COINS: &[&str] = &["IRR", "IQD", "LBP", "SYP", "YER"];

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Iranian rial.
    pub const IRR: Currency = Currency(iso_currency::Currency::IRR);

    /// The currency of a three-letter code in any case. Codes of metals, funds and tests, which
    /// have no minor unit, are none.
    pub fn from_code(code: &str) -> Option<Currency> {
        let code = code.trim();
        if code.len() != 3 {
            return None;
        }
        let currency = iso_currency::Currency::from_code(&code.to_ascii_uppercase())?;
        currency.exponent().map(|_| Currency(currency))
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimal places of the minor unit: IRR 2, IQD 3, JPY 0.
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(0))
    }

    /// The name or sign that stands beside an amount in a language; the code where no better one
    /// is known.
    pub fn label(self, lang: Lang) -> &'static str {
        match (self.code(), lang) {
            ("IRR", Lang::Fa) => "ریال",
            ("IRR", Lang::Ar) => "ريال إيراني",
            ("IQD", Lang::Fa) => "دینار عراق",
            ("IQD", Lang::Ar) => "د.ع",
            ("AED", Lang::Fa) => "درهم امارات",
            ("AED", Lang::Ar) => "د.إ",
            ("SAR", Lang::Fa) => "ریال سعودی",
            ("SAR", Lang::Ar) => "ر.س",
            ("EGP", Lang::Fa) => "پوند مصر",
            ("EGP", Lang::Ar) => "ج.م",
            ("USD", Lang::Fa) => "دلار",
            ("USD", Lang::Ar) => "دولار",
            ("EUR", Lang::Fa) => "یورو",
            ("EUR", Lang::Ar) => "يورو",
            ("GBP", Lang::Fa) => "پوند",
            ("GBP", Lang::Ar) => "جنيه إسترليني",
            ("USD", Lang::En) => "$",
            ("EUR", Lang::En) => "€",
            ("GBP", Lang::En) => "£",
            (code, _) => code,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = Cow::<'de, str>::deserialize(deserializer)?;
        Currency::from_code(&code).ok_or_else(|| de::Error::custom("a currency code of ISO 4217, such as IRR, is needed"))
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Currency code of ISO 4217",
            "pattern": "^[A-Z]{3}$",
            "examples": ["IRR"],
        })
    }
}

/// The unit amounts are typed and shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoneyUnit {
    /// The currency's own major unit.
    Currency,
    /// Ten rials. For currencies other than the rial the same as [`MoneyUnit::Currency`].
    Toman,
}

impl MoneyUnit {
    /// The name of the unit of a currency in a language.
    pub fn label(self, currency: Currency, lang: Lang) -> &'static str {
        match (self, lang) {
            (MoneyUnit::Toman, Lang::Fa | Lang::Ar) if currency == Currency::IRR => "تومان",
            (MoneyUnit::Toman, Lang::En) if currency == Currency::IRR => "toman",
            _ => currency.label(lang),
        }
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// The amount in minor units of the currency (cents; hundredths of a rial).
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why a text is not a number or an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberProblem {
    /// Nothing in it reads as a number.
    NotRead,
    /// More than fits.
    TooLarge,
    /// Another currency than the one expected.
    OtherCurrency,
    /// `12.500` rials or tomans: a group separator or a decimal mark?
    Ambiguous,
}

impl NumberProblem {
    /// The message that tells the user what to do.
    pub fn key(self) -> &'static str {
        match self {
            NumberProblem::NotRead => "platform-number-not-read",
            NumberProblem::TooLarge => "platform-number-too-large",
            NumberProblem::OtherCurrency => "platform-number-other-currency",
            NumberProblem::Ambiguous => "platform-number-ambiguous",
        }
    }
}

impl Money {
    /// An amount typed in major units: «۱۲٬۴۵۰٬۰۰۰ تومان», `£12.50`, `(1,234.5)`, `1.234,50 €`,
    /// «۱۲٫۴ میلیون». A unit in the text overrules `unit`. Decimals beyond the minor unit are
    /// rounded half to even.
    ///
    /// # Errors
    /// See [`NumberProblem`].
    pub fn parse(text: &str, currency: Currency, unit: MoneyUnit) -> Result<Money, NumberProblem> {
        let number = Number::split(text)?;
        let rial = currency == Currency::IRR;
        if rial && number.is_ambiguous() {
            return Err(NumberProblem::Ambiguous);
        }
        let before = Affix::read(&number.before, currency)?;
        let after = Affix::read(&number.after, currency)?;
        if before.scale > 1 || (before.unit.is_some() && after.unit.is_some()) {
            return Err(NumberProblem::NotRead);
        }
        let unit = before.unit.or(after.unit).unwrap_or(unit);
        let factor = match unit {
            MoneyUnit::Toman if rial => Decimal::from(RIALS_PER_TOMAN),
            MoneyUnit::Toman | MoneyUnit::Currency => Decimal::ONE,
        };
        let amount = number
            .value()?
            .checked_mul(Decimal::from(after.scale))
            .and_then(|value| value.checked_mul(factor))
            .ok_or(NumberProblem::TooLarge)?;
        Money::from_major(amount, currency)
    }

    /// An amount of major units, rounded half to even to the minor unit.
    ///
    /// # Errors
    /// [`NumberProblem::TooLarge`] when the minor units exceed 64 bits.
    pub fn from_major(amount: Decimal, currency: Currency) -> Result<Money, NumberProblem> {
        let minor = amount
            .checked_mul(Decimal::from(10u64.pow(currency.exponent())))
            .map(|minor| minor.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven))
            .and_then(|minor| i64::try_from(minor).ok())
            .ok_or(NumberProblem::TooLarge)?;
        Ok(Money { minor, currency })
    }

    /// The price of a quantity, rounded half to even to the minor unit.
    ///
    /// # Errors
    /// [`NumberProblem::TooLarge`] when the product exceeds 64 bits of minor units.
    pub fn multiply(unit_price: Decimal, quantity: Decimal, currency: Currency) -> Result<Money, NumberProblem> {
        let amount = unit_price.checked_mul(quantity).ok_or(NumberProblem::TooLarge)?;
        Money::from_major(amount, currency)
    }

    /// The amount in major units.
    pub fn major(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// The amount in major units for machines: all decimals, no grouping, `8911407.90`.
    pub fn decimal_string(self) -> String {
        self.major().to_string()
    }

    /// The amount in a unit: tomans for the rial if so chosen.
    fn in_unit(self, unit: MoneyUnit) -> Decimal {
        if unit == MoneyUnit::Toman && self.currency == Currency::IRR {
            // One more decimal place divides by ten, exactly.
            Decimal::new(self.minor, self.currency.exponent() + 1)
        } else {
            self.major()
        }
    }

    /// The next whole amount of a unit at or below this one.
    #[must_use]
    pub fn whole(self, unit: MoneyUnit) -> Money {
        let tomans = unit == MoneyUnit::Toman && self.currency == Currency::IRR;
        let one = 10_i64.pow(self.currency.exponent()) * if tomans { i64::from(RIALS_PER_TOMAN) } else { 1 };
        Money { minor: self.minor.div_euclid(one).saturating_mul(one), ..self }
    }

    /// The grouped amount without its unit: ۱۲٬۳۴۵٫۶, 1,234.50. Decimals that are zero are left out
    /// for tomans, for currencies without coins, and of nothing at all.
    pub fn format(self, unit: MoneyUnit, digits: Digits) -> String {
        let amount = self.in_unit(unit);
        let is_plain = self.minor == 0 || WITHOUT_COINS.contains(&self.currency.code());
        if is_plain { format_number(amount, digits) } else { group(&amount.to_string(), digits) }
    }

    /// The amount in few signs, without its unit: «۱۲٫۴ میلیون», «١٢٫٤ مليون», 12.4M.
    pub fn format_short(self, unit: MoneyUnit, digits: Digits, lang: Lang) -> String {
        let amount = self.in_unit(unit);
        short(amount, digits, lang).unwrap_or_else(|| self.format(unit, digits))
    }

    /// The grouped amount with its unit: «۱۲٬۴۵۰٬۰۰۰ تومان», £12.50, 12.50 AED.
    pub fn format_with_unit(self, unit: MoneyUnit, digits: Digits, lang: Lang) -> String {
        let amount = self.format(unit, digits);
        let label = unit.label(self.currency, lang);
        match (label, amount.strip_prefix('-')) {
            ("$" | "€" | "£", None) => format!("{label}{amount}"),
            ("$" | "€" | "£", Some(amount)) => format!("-{label}{amount}"),
            _ => format!("{amount} {label}"),
        }
    }
}

/// A number as people type it: any of three digit sets, group separators (`,` ٬ ' ، space),
/// decimal marks (`.` ٫, and a comma that cannot separate groups), a sign in front or behind or
/// parentheses for a negative number, and a spreadsheet's `1.5E+07`.
///
/// # Errors
/// See [`NumberProblem`].
pub fn parse_decimal(text: &str) -> Result<Decimal, NumberProblem> {
    let number = Number::split(text)?;
    if !(number.before.is_empty() && number.after.is_empty()) {
        if let Some(exponent) = number.after.strip_prefix('e') {
            return number.scientific(exponent, text);
        }
        return Err(NumberProblem::NotRead);
    }
    number.value()
}

/// A number with its digits grouped and no trailing zeros after the mark: ۱۲٬۳۴۵٫۶, 12,345.6.
pub fn format_number(value: impl Into<Decimal>, digits: Digits) -> String {
    group(&value.into().normalize().to_string(), digits)
}

/// A number in few signs: «۱۲٫۴ میلیون», 12.4M; a smaller one as [`format_number`] shows it.
pub fn format_short(value: impl Into<Decimal>, digits: Digits, lang: Lang) -> String {
    let value = value.into();
    short(value, digits, lang).unwrap_or_else(|| format_number(value, digits))
}

/// The scales a language shortens to: (size, word), ascending.
fn scales(lang: Lang) -> &'static [(i64, &'static str)] {
    match lang {
        Lang::Fa => &[(1_000_000, " میلیون"), (1_000_000_000, " میلیارد"), (1_000_000_000_000, " هزار میلیارد")],
        Lang::Ar => &[(1_000_000, " مليون"), (1_000_000_000, " مليار"), (1_000_000_000_000, " تريليون")],
        Lang::En => &[(1_000_000, "M"), (1_000_000_000, "B"), (1_000_000_000_000, "T")],
    }
}

fn short(value: Decimal, digits: Digits, lang: Lang) -> Option<String> {
    let scaled = |size: i64| (value / Decimal::from(size)).round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven);
    let scales = scales(lang);
    let reached = scales.iter().rposition(|(size, _)| value.abs() >= Decimal::from(*size))?;
    // 999,950,000 rounds to 1,000.0 million, which is a billion.
    let next = scales.get(reached + 1);
    let full = scaled(scales[reached].0).abs() >= Decimal::ONE_THOUSAND;
    let (size, word) = next.filter(|_| full).unwrap_or(&scales[reached]);
    Some(format!("{}{word}", format_number(scaled(*size), digits)))
}

/// Groups a plain ASCII number and shows it in a set of digits with that set's separators.
fn group(plain: &str, digits: Digits) -> String {
    let (separator, mark) = match digits {
        Digits::Latin => (',', '.'),
        Digits::Persian | Digits::Arabic => ('٬', '٫'),
    };
    let (sign, plain) = match plain.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", plain),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let mut grouped = String::with_capacity(plain.len() * 3);
    grouped.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push(mark);
        grouped.push_str(fraction);
    }
    to_digits(&grouped, digits)
}

/// A text taken apart: sign, the words on both sides as keys, and the number in between with its
/// separators, in Latin digits.
struct Number {
    negative: bool,
    before: String,
    core: String,
    after: String,
}

impl Number {
    fn split(text: &str) -> Result<Number, NumberProblem> {
        if text.len() > MAX_NUMBER_BYTES {
            return Err(NumberProblem::NotRead);
        }
        let is_digit = |c: char| digit_value(c).is_some();
        let mut start = text.find(is_digit).ok_or(NumberProblem::NotRead)?;
        let last = text.rfind(is_digit).ok_or(NumberProblem::NotRead)?;
        let end = last + text[last..].chars().next().map_or(1, char::len_utf8);
        // ".5" begins with its mark; in "Rs.500" the point belongs to the word.
        let mut back = text[..start].chars().rev();
        if let Some(mark @ ('.' | '٫')) = back.next()
            && back.next().is_none_or(|c| !c.is_alphabetic())
        {
            start -= mark.len_utf8();
        }
        let mut signs = Signs::default();
        let before = signs.take(&text[..start])?;
        let mut core = String::with_capacity(end - start);
        let mut tail = None;
        for (at, c) in text[start..end].char_indices() {
            match c {
                c if is_digit(c) => {
                    core.push(Digits::Latin.sign(digit_value(c).unwrap_or_default()));
                }
                '.' | '٫' | ',' | '٬' => core.push(c),
                '،' => core.push(','),
                '\'' | '’' | '_' => core.push('٬'),
                c if c.is_whitespace() || is_mark(c) => {}
                // A second number may only be the exponent of a spreadsheet's "1.5E+07".
                'e' | 'E' => {
                    tail = Some(start + at);
                    break;
                }
                _ => return Err(NumberProblem::NotRead),
            }
        }
        let after = match tail {
            Some(at) => text[at..].trim_end().to_ascii_lowercase(),
            None => signs.take(&text[end..])?,
        };
        Ok(Number { negative: signs.negative()?, before, core, after })
    }

    /// A single point before exactly three digits, as in `12.500`.
    fn is_ambiguous(&self) -> bool {
        match self.core.split_once('.') {
            Some((whole, fraction)) => {
                (1..=3).contains(&whole.len())
                    && !whole.starts_with('0')
                    && fraction.len() == 3
                    && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
            }
            None => false,
        }
    }

    fn value(&self) -> Result<Decimal, NumberProblem> {
        let mark = self.decimal_mark()?;
        let mut plain = String::with_capacity(self.core.len() + 1);
        if self.negative {
            plain.push('-');
        }
        let (whole, fraction) = match mark {
            Some(at) => {
                let width = self.core[at..].chars().next().map_or(1, char::len_utf8);
                (&self.core[..at], &self.core[at + width..])
            }
            None => (self.core.as_str(), ""),
        };
        if !fraction.bytes().all(|b| b.is_ascii_digit()) || !grouped_rightly(whole) {
            return Err(NumberProblem::NotRead);
        }
        plain.extend(whole.chars().filter(char::is_ascii_digit));
        if plain.is_empty() || plain == "-" {
            plain.push('0');
        }
        if !fraction.is_empty() {
            plain.push('.');
            plain.push_str(fraction);
        }
        // Digits beyond 28 decimals are rounded away; too many before the mark are an error.
        Decimal::from_str(&plain).map_err(|_| NumberProblem::TooLarge)
    }

    /// Where the decimal mark stands in the number, if it has one.
    fn decimal_mark(&self) -> Result<Option<usize>, NumberProblem> {
        let core = &self.core;
        let count = |mark: char| core.matches(mark).count();
        let (points, commas, marks) = (count('.'), count(','), count('٫'));
        match (points, commas, marks) {
            (_, _, 2..) => Err(NumberProblem::NotRead),
            (_, _, 1) => Ok(core.find('٫')),
            (0, 0, 0) => Ok(None),
            (1, 0, 0) => Ok(core.find('.')),
            // "1.250.000": points that separate groups.
            (2.., 0, 0) => Ok(None),
            (0, 1, 0) => {
                let at = core.find(',').unwrap_or_default();
                let groups = core.len() - at - 1 == 3 && !matches!(&core[..at], "" | "0");
                Ok((!groups || core.contains('٬')).then_some(at))
            }
            (0, 2.., 0) => Ok(None),
            // Both: the last one is the mark, and it stands once.
            _ => {
                let (point, comma) = (core.rfind('.'), core.rfind(','));
                let (at, times) = if point > comma { (point, points) } else { (comma, commas) };
                if times == 1 { Ok(at) } else { Err(NumberProblem::NotRead) }
            }
        }
    }

    /// `1.5E+07`, where `exponent` is what follows the E.
    fn scientific(&self, exponent: &str, text: &str) -> Result<Decimal, NumberProblem> {
        let exponent: i32 = exponent.parse().map_err(|_| NumberProblem::NotRead)?;
        let plain = text.trim();
        if !(-28..=28).contains(&exponent) {
            return Err(NumberProblem::TooLarge);
        }
        if !self.before.is_empty() || !plain.is_ascii() {
            return Err(NumberProblem::NotRead);
        }
        Decimal::from_scientific(plain.trim_start_matches('+')).map_err(|_| NumberProblem::NotRead)
    }
}

/// Whole digits with separators: groups of three, or of two as in India, and three at the end.
fn grouped_rightly(whole: &str) -> bool {
    let mut groups = whole.split(['.', ',', '٬', '٫']);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let Some((last, middle)) = rest.split_last() else {
        return true;
    };
    (1..=3).contains(&first.len()) && last.len() == 3 && middle.iter().all(|group| matches!(group.len(), 2 | 3))
}

/// Direction marks and joiners, which copying leaves in numbers.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'..='\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}'
    )
}

#[derive(Default)]
struct Signs {
    minus: usize,
    plus: usize,
    opened: usize,
    closed: usize,
}

impl Signs {
    /// Counts the signs of one side and gives its words and currency signs as one key.
    fn take(&mut self, side: &str) -> Result<String, NumberProblem> {
        let mut key = String::new();
        let mut letters = String::new();
        for c in side.chars() {
            match c {
                '-' | '−' | '–' | '－' => self.minus += 1,
                '+' | '＋' => self.plus += 1,
                '(' => self.opened += 1,
                ')' => self.closed += 1,
                '$' | '£' | '€' | '¥' | '₺' | '₽' | '₹' => key.push(c),
                '.' | '/' | ':' => {}
                c if c.is_whitespace() || is_mark(c) => {}
                c if c.is_alphabetic() || c == '﷼' || c == '\u{0640}' => letters.push(c),
                c if unicode_normalization::char::canonical_combining_class(c) != 0 => {}
                _ => return Err(NumberProblem::NotRead),
            }
        }
        key.push_str(&search_key(&letters));
        Ok(key)
    }

    fn negative(&self) -> Result<bool, NumberProblem> {
        match (self.minus, self.plus, self.opened, self.closed) {
            (0, 0 | 1, 0, 0) => Ok(false),
            (1, 0, 0, 0) | (0, 0, 1, 1) => Ok(true),
            _ => Err(NumberProblem::NotRead),
        }
    }
}

/// What the words on one side of an amount say.
struct Affix {
    scale: i64,
    unit: Option<MoneyUnit>,
}

/// Words for large numbers, as search keys.
const SCALE_WORDS: &[(&str, i64)] = &[
    ("هزارمیلیارد", 1_000_000_000_000),
    ("هزار", 1_000),
    ("میلیون", 1_000_000),
    ("ملیون", 1_000_000),
    ("میلیارد", 1_000_000_000),
    ("ملیار", 1_000_000_000),
    ("تریلیون", 1_000_000_000_000),
    ("الف", 1_000),
    ("thousand", 1_000),
    ("million", 1_000_000),
    ("billion", 1_000_000_000),
    ("bn", 1_000_000_000),
    ("k", 1_000),
    ("m", 1_000_000),
    ("b", 1_000_000_000),
    ("t", 1_000_000_000_000),
];

/// Words and signs of currencies, as search keys, with the codes they may mean.
const CURRENCY_WORDS: &[(&str, &[&str])] = &[
    ("ریال", &["IRR", "SAR", "OMR", "YER", "QAR"]),
    ("rial", &["IRR", "OMR", "YER"]),
    ("rials", &["IRR", "OMR", "YER"]),
    ("ریالایرانی", &["IRR"]),
    ("ریالسعودی", &["SAR"]),
    ("رس", &["SAR"]),
    ("riyal", &["SAR", "QAR"]),
    ("درهم", &["AED", "MAD"]),
    ("درهمامارات", &["AED"]),
    ("دا", &["AED"]),
    ("dirham", &["AED", "MAD"]),
    ("دینار", &["IQD", "KWD", "BHD", "JOD", "TND", "DZD", "LYD"]),
    ("دینارعراق", &["IQD"]),
    ("دع", &["IQD"]),
    ("دک", &["KWD"]),
    ("جم", &["EGP"]),
    ("جنیه", &["EGP", "GBP", "SDG"]),
    ("جنیهاسترلینی", &["GBP"]),
    ("پوند", &["GBP"]),
    ("پوندمصر", &["EGP"]),
    ("دلار", &["USD", "CAD", "AUD"]),
    ("دولار", &["USD", "CAD", "AUD"]),
    ("یورو", &["EUR"]),
    ("لیر", &["TRY"]),
    ("$", &["USD", "CAD", "AUD", "NZD", "SGD", "HKD"]),
    ("£", &["GBP", "EGP", "LBP", "SYP"]),
    ("€", &["EUR"]),
    ("¥", &["JPY", "CNY"]),
    ("₺", &["TRY"]),
    ("₽", &["RUB"]),
    ("₹", &["INR"]),
];

impl Affix {
    fn read(key: &str, currency: Currency) -> Result<Affix, NumberProblem> {
        if key.is_empty() {
            return Ok(Affix { scale: 1, unit: None });
        }
        if let Some(unit) = Affix::unit(key, currency)? {
            return Ok(Affix { scale: 1, unit: Some(unit) });
        }
        for &(word, scale) in SCALE_WORDS {
            let Some(rest) = key.strip_prefix(word) else {
                continue;
            };
            if rest.is_empty() {
                return Ok(Affix { scale, unit: None });
            }
            if let Some(unit) = Affix::unit(rest, currency)? {
                return Ok(Affix { scale, unit: Some(unit) });
            }
        }
        Err(NumberProblem::NotRead)
    }

    /// The unit a word names, if it is one of this currency.
    fn unit(word: &str, currency: Currency) -> Result<Option<MoneyUnit>, NumberProblem> {
        if matches!(word, "تومان" | "تومن" | "ت" | "toman" | "tomans" | "irt") {
            return if currency == Currency::IRR { Ok(Some(MoneyUnit::Toman)) } else { Err(NumberProblem::OtherCurrency) };
        }
        let codes = CURRENCY_WORDS.iter().find(|(known, _)| *known == word);
        let matches = match (Currency::from_code(word), codes) {
            (Some(named), _) => named == currency,
            (None, Some((_, codes))) => codes.contains(&currency.code()),
            (None, None) => return Ok(None),
        };
        if matches { Ok(Some(MoneyUnit::Currency)) } else { Err(NumberProblem::OtherCurrency) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).expect("a known code")
    }

    fn minor(text: &str, code: &str) -> Result<i64, NumberProblem> {
        Money::parse(text, currency(code), MoneyUnit::Currency).map(|money| money.minor)
    }

    fn number(text: &str) -> Result<String, NumberProblem> {
        parse_decimal(text).map(|value| value.to_string())
    }

    #[test]
    fn the_minor_unit_is_the_standards() {
        for (code, exponent) in [("IRR", 2), ("IQD", 3), ("AED", 2), ("GBP", 2), ("JPY", 0)] {
            assert_eq!(currency(code).exponent(), exponent, "{code}");
        }
        assert_eq!(Currency::from_code("XAU"), None);
        assert_eq!(Currency::from_code("IRT"), None);
        assert_eq!(Currency::from_code(" irr "), Some(Currency::IRR));
        assert_eq!(serde_json::to_string(&Currency::IRR).ok(), Some("\"IRR\"".into()));
        assert_eq!(serde_json::from_str::<Currency>("\"gbp\"").ok(), Some(currency("GBP")));
        assert!(serde_json::from_str::<Currency>("\"ABC\"").is_err());
    }

    #[test]
    fn a_number_is_read_however_it_is_written() {
        let cases = [
            ("12345.6", "12345.6"),
            ("۱۲٬۳۴۵٫۶", "12345.6"),
            ("١٢٬٣٤٥٫٦", "12345.6"),
            ("12,345.6", "12345.6"),
            ("12.345,6", "12345.6"),
            ("12 345,6", "12345.6"),
            ("12'345.6", "12345.6"),
            ("12\u{A0}345.6", "12345.6"),
            ("1,234", "1234"),
            ("1,23", "1.23"),
            ("0,125", "0.125"),
            ("1.250.000", "1250000"),
            ("1,250,000", "1250000"),
            ("12,34,567", "1234567"),
            ("-12", "-12"),
            ("12-", "-12"),
            ("(12)", "-12"),
            ("−۱۲", "-12"),
            ("+12", "12"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("5.", "5"),
            ("007", "7"),
            ("\u{200E}12\u{202C}", "12"),
            ("1.5E+07", "15000000"),
            ("-2e-3", "-0.002"),
            ("۱۲،۳۴۵", "12345"),
        ];
        for (text, value) in cases {
            assert_eq!(number(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        use NumberProblem::*;
        for text in [
            "", "-", "abc", "1x2", "1,2,3", "1..2", "1.2.3", "--1", "(1", "-(1)", "1/2", "5 kg", "1٫2٫3", "1,234.5,6", "=1", "1e5e5",
            "1eX", "12:30",
        ] {
            assert_eq!(number(text), Err(NotRead), "{text}");
        }
        assert_eq!(number(&"9".repeat(40)), Err(TooLarge));
        assert_eq!(number("1e99"), Err(TooLarge));
        assert_eq!(number(&"9".repeat(1_000_000)), Err(NotRead));
    }

    #[test]
    fn an_amount_is_read_with_its_unit() {
        let cases = [
            ("12.50", "GBP", 1250),
            ("£12.50", "GBP", 1250),
            ("-£1,234.5", "GBP", -123_450),
            ("GBP 12", "GBP", 1200),
            ("12 EUR", "EUR", 1200),
            ("1.234,50 €", "EUR", 123_450),
            ("$ (12)", "USD", -1200),
            ("د.إ 15", "AED", 1500),
            ("۲۵٬۰۰۰ د.ع", "IQD", 25_000_000),
            ("۱۲۰۰۰ ریال", "IRR", 1_200_000),
            ("۱۲۰۰ تومان", "IRR", 1_200_000),
            ("1200 ﷼", "IRR", 120_000),
            ("۱۲٫۴ میلیون تومان", "IRR", 12_400_000_000),
            ("12.4M", "USD", 1_240_000_000),
            ("۲ هزار میلیارد", "IRR", 200_000_000_000_000),
            ("3.455", "GBP", 346),
            ("3.445", "GBP", 344),
            ("100 MAD", "MAD", 10_000),
            ("12.300000000000001", "GBP", 1230),
        ];
        for (text, code, value) in cases {
            assert_eq!(minor(text, code), Ok(value), "{text}");
        }
        let toman = |text| Money::parse(text, Currency::IRR, MoneyUnit::Toman).map(|m| m.minor);
        assert_eq!(toman("۱۲۵۰"), Ok(1_250_000));
        assert_eq!(toman("۱۲۵۰ ریال"), Ok(125_000));
        assert_eq!(toman("12.5"), Ok(12_500));
    }

    #[test]
    fn an_amount_that_may_mean_two_things_is_refused() {
        use NumberProblem::*;
        assert_eq!(minor("£12", "IRR"), Err(OtherCurrency));
        assert_eq!(minor("12 تومان", "GBP"), Err(OtherCurrency));
        assert_eq!(minor("12.500", "IRR"), Err(Ambiguous));
        assert_eq!(minor("12.500", "GBP"), Ok(1250));
        assert_eq!(minor("12 سیب", "IRR"), Err(NotRead));
        assert_eq!(minor("million 12", "USD"), Err(NotRead));
        assert_eq!(minor("99999999999999999999", "USD"), Err(TooLarge));
        assert_eq!(minor("92233720368547758.08", "USD"), Err(TooLarge));
        assert_eq!(minor("92233720368547758.07", "USD"), Ok(i64::MAX));
    }

    #[test]
    fn a_line_total_rounds_half_to_even() {
        let total = |price: &str, quantity: &str| {
            let (price, quantity) = (parse_decimal(price)?, parse_decimal(quantity)?);
            Money::multiply(price, quantity, currency("GBP")).map(|money| money.minor)
        };
        assert_eq!(total("2.55", "6"), Ok(1530));
        assert_eq!(total("0.005", "1"), Ok(0));
        assert_eq!(total("0.015", "1"), Ok(2));
        assert_eq!(total("2.55", "-6"), Ok(-1530));
        assert_eq!(total("1e20", "1e9"), Err(NumberProblem::TooLarge));
    }

    #[test]
    fn an_amount_is_shown_in_its_digits_and_unit() {
        let irr = Money { minor: 12_450_000_000, currency: Currency::IRR };
        assert_eq!(irr.format(MoneyUnit::Currency, Digits::Persian), "۱۲۴٬۵۰۰٬۰۰۰");
        assert_eq!(irr.format_with_unit(MoneyUnit::Toman, Digits::Persian, Lang::Fa), "۱۲٬۴۵۰٬۰۰۰ تومان");
        let fa = |unit| irr.format_short(unit, Digits::Persian, Lang::Fa);
        assert_eq!(fa(MoneyUnit::Toman), "۱۲٫۴ میلیون");
        assert_eq!(fa(MoneyUnit::Currency), "۱۲۴٫۵ میلیون");
        let odd = Money { minor: 12_550, currency: Currency::IRR };
        assert_eq!(odd.format(MoneyUnit::Toman, Digits::Persian), "۱۲٫۵۵");
        assert_eq!(odd.format(MoneyUnit::Currency, Digits::Latin), "125.5");
        let gbp = Money { minor: -891_140_790, currency: currency("GBP") };
        assert_eq!(gbp.decimal_string(), "-8911407.90");
        assert_eq!(gbp.format_with_unit(MoneyUnit::Toman, Digits::Latin, Lang::En), "-£8,911,407.90");
        assert_eq!(gbp.format_short(MoneyUnit::Currency, Digits::Latin, Lang::En), "-8.9M");
        assert_eq!(gbp.format_short(MoneyUnit::Currency, Digits::Arabic, Lang::Ar), "-٨٫٩ مليون");
        assert_eq!(Money { minor: 5, currency: currency("GBP") }.decimal_string(), "0.05");
        assert_eq!(Money { minor: 5, currency: currency("JPY") }.decimal_string(), "5");
    }

    #[test]
    fn a_whole_amount_has_no_part_of_a_unit() {
        let whole = |minor, currency, unit| Money { minor, currency }.whole(unit).minor;
        assert_eq!(whole(833_560_001, Currency::IRR, MoneyUnit::Toman), 833_560_000);
        assert_eq!(whole(833_560_150, Currency::IRR, MoneyUnit::Currency), 833_560_100);
        let dollar = Currency::from_code("USD").unwrap();
        assert_eq!([whole(1_250, dollar, MoneyUnit::Toman), whole(-1, dollar, MoneyUnit::Currency)], [1_200, -100]);
    }

    #[test]
    fn nothing_is_shown_without_decimals() {
        for code in ["IRR", "SAR", "OMR", "KWD", "GBP", "JPY"] {
            let none = Money { minor: 0, currency: currency(code) };
            assert_eq!(none.format(MoneyUnit::Currency, Digits::Arabic), "٠", "{code}");
            assert_eq!(none.format(MoneyUnit::Toman, Digits::Persian), "۰", "{code}");
            assert_eq!(none.format_short(MoneyUnit::Currency, Digits::Latin, Lang::En), "0", "{code}");
        }
        let some = Money { minor: 1_000, currency: currency("SAR") };
        assert_eq!(some.format(MoneyUnit::Currency, Digits::Arabic), "١٠٫٠٠");
    }

    #[test]
    fn a_short_number_moves_to_the_next_word_when_it_rounds_up() {
        let en = |value: i64| format_short(value, Digits::Latin, Lang::En);
        assert_eq!(en(999_999), "999,999");
        assert_eq!(en(1_000_000), "1M");
        assert_eq!(en(999_940_000), "999.9M");
        assert_eq!(en(999_960_000), "1B");
        assert_eq!(en(-1_250_000_000_000), "-1.2T");
        assert_eq!(format_number(1234, Digits::Persian), "۱٬۲۳۴");
        assert_eq!(format_number(Decimal::new(-12_345_600, 3), Digits::Arabic), "-١٢٬٣٤٥٫٦");
    }

    proptest! {
        #[test]
        fn an_amount_that_is_shown_is_read_back(minor in -10_i64.pow(15)..10_i64.pow(15)) {
            for code in ["IRR", "IQD", "GBP", "JPY"] {
                let money = Money { minor, currency: currency(code) };
                for digits in [Digits::Latin, Digits::Persian, Digits::Arabic] {
                    for unit in [MoneyUnit::Currency, MoneyUnit::Toman] {
                        for lang in Lang::ALL {
                            let shown = money.format_with_unit(unit, digits, lang);
                            let read = Money::parse(&shown, money.currency, MoneyUnit::Currency);
                            // A lone point before three decimals is refused for the rial alone.
                            if read != Err(NumberProblem::Ambiguous) {
                                prop_assert_eq!(read, Ok(money), "{}", shown);
                            }
                        }
                    }
                }
                let plain = Money::parse(&money.decimal_string(), money.currency, MoneyUnit::Currency);
                prop_assert_eq!(plain, Ok(money));
            }
        }

        #[test]
        fn no_text_breaks_reading(text in any::<String>(), near in "[-+(]?[0-9۰-۹.,٬٫ e]{0,40}[)m]?") {
            let _ = (parse_decimal(&text), parse_decimal(&near));
            let _ = Money::parse(&near, Currency::IRR, MoneyUnit::Toman);
        }
    }
}
