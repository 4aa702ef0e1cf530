//! Telling what the columns of a file are, from their names and from some rows.

use super::fields::FIELDS;
use super::{Choice, Field, Kind, currency_in};
use crate::parties::identity::{self, IdentityKind};
use crate::platform::calendar::{self, Calendar, DateOrder, Reading, guess_calendar, guess_order};
use crate::platform::import::reader::{RawRow, plain};
use crate::platform::text::{fold_digits, search_key};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// What a column is taken for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Guess {
    /// Index of the column, from 0.
    pub column: usize,
    /// Name of the column.
    pub name: String,
    /// What it holds; nothing when it is to be left out.
    pub field: Option<Field>,
    /// For `external_id`: the system that gave the IDs, if named.
    pub system: Option<String>,
    /// From 0 to 1; 1 when a person said so.
    pub confidence: f32,
    /// For dates: the calendar that the values speak for.
    pub calendar: Option<Calendar>,
    /// For dates: the order of day and month that the values prove.
    pub date_order: Option<DateOrder>,
    /// For money: the currency named in the header, as ISO 4217, or `IRT` for Toman.
    pub currency: Option<String>,
}

/// Confidence of a column whose name is one of the words of a field.
const SAME_NAME: f32 = 0.95;
/// Confidence when only a part of the name is such a word.
const PART_OF_NAME: f32 = 0.6;
/// Confidence when the name says nothing and nearly all values have an unmistakable form.
const BY_CONTENT: f32 = 0.7;
/// Share of values that must have the form of a field for content to count.
const MOST: f32 = 0.8;
/// Share below which the content contradicts the name.
const FEW: f32 = 0.2;

/// Guesses the field of every column from its name and from some rows. Each field is given to one
/// column at most, unless it is repeatable; the result has one entry for each column, in order.
pub fn guess(kind: Kind, headers: &[String], sample_rows: &[RawRow]) -> Vec<Guess> {
    let samples: Vec<Sample> = (0..headers.len()).map(|column| Sample::of(sample_rows, column)).collect();
    let mut candidates = Vec::new();
    for (column, header) in headers.iter().enumerate() {
        let sample = &samples[column];
        for (field, by_name) in fields_by_name(kind, header) {
            let share = sample.share_of(field);
            let fits = match share {
                Some(share) if share < FEW => 0.5,
                Some(share) if share >= MOST => 1.03,
                _ => 1.0,
            };
            candidates.push((by_name * fits, column, field));
        }
        for field in fields_by_content(kind, sample) {
            candidates.push((BY_CONTENT, column, field));
        }
    }
    // Best first; of equals the column further to the front.
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut fields: Vec<Option<(Field, f32)>> = vec![None; headers.len()];
    let mut taken = HashSet::new();
    for (confidence, column, field) in candidates {
        if fields[column].is_none() && (field.is_repeatable() || !taken.contains(&field)) {
            taken.insert(field);
            fields[column] = Some((field, confidence.min(1.0)));
        }
    }
    // «نام» beside «نام خانوادگی» is the first name; alone it is the whole name.
    if taken.contains(&Field::LastName) && !taken.contains(&Field::FirstName) {
        for (field, _) in fields.iter_mut().flatten().filter(|(field, _)| *field == Field::Name) {
            *field = Field::FirstName;
        }
    }
    let describe = |column: usize| describe(column, headers, &samples[column], fields[column], None);
    (0..headers.len()).map(describe).collect()
}

/// The columns as a person mapped them: what is not mentioned is left out.
pub fn mapped(headers: &[String], sample_rows: &[RawRow], choices: &[Choice]) -> Vec<Guess> {
    let describe = |column: usize| {
        let choice = choices.iter().find(|choice| choice.column == column);
        let field = choice.and_then(|choice| choice.field).map(|field| (field, 1.0));
        describe(column, headers, &Sample::of(sample_rows, column), field, choice.and_then(|choice| choice.system.clone()))
    };
    (0..headers.len()).map(describe).collect()
}

fn describe(column: usize, headers: &[String], sample: &Sample, field: Option<(Field, f32)>, system: Option<String>) -> Guess {
    let name = headers[column].clone();
    let is_date = field.is_some_and(|(field, _)| field.is_date());
    let is_money = field.is_some_and(|(field, _)| field.is_money());
    Guess {
        column,
        field: field.map(|(field, _)| field),
        system,
        confidence: field.map_or(0.0, |(_, confidence)| confidence),
        calendar: if is_date { sample.calendar(&name) } else { None },
        date_order: if is_date { guess_order(&sample.texts()) } else { None },
        currency: if is_money { currency_in(&name).map(str::to_string) } else { None },
        name,
    }
}

/// The ways to read the days of a column where its values leave it open: see [`calendar::readings`].
pub fn readings(sample_rows: &[RawRow], column: usize, of: Calendar, today: Date) -> Vec<Reading> {
    calendar::readings(&Sample::of(sample_rows, column).texts(), of, today)
}

/// Column names folded, with the field each stands for, of every kind.
static WORDS: LazyLock<HashMap<(Kind, String), Field>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for kind in [Kind::Parties, Kind::Purchases, Kind::Interactions] {
        // The names of the fields themselves come first: nothing may take them away.
        for field in kind.fields() {
            words.insert((kind, search_key(field.name())), field);
        }
        for row in FIELDS.iter().filter(|row| row.kinds.contains(&kind)) {
            for word in row.words.split('|') {
                words.entry((kind, search_key(word))).or_insert(row.field);
            }
        }
    }
    words
});

fn fields_by_name(kind: Kind, header: &str) -> Vec<(Field, f32)> {
    let exact = |text: &str| WORDS.get(&(kind, search_key(text))).copied();
    if let Some(field) = exact(header) {
        return vec![(field, SAME_NAME)];
    }
    // «مبلغ (ریال)», "Phone [home]", "phone 2", "Mobile (2)"
    let without_brackets = header.split(['(', '[', '{', '«']).next().unwrap_or_default();
    let folded = fold_digits(without_brackets);
    let without_number = folded.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace() || "_-#.:*".contains(c));
    if let Some(field) = exact(without_number) {
        return vec![(field, SAME_NAME - 0.05)];
    }
    // Runs of words inside the name, the longest first.
    let words = split_words(header);
    for length in (1..words.len()).rev() {
        let mut found: Vec<(Field, f32)> = words
            .windows(length)
            .filter(|run| run.iter().map(|word| word.chars().count()).sum::<usize>() > 2)
            .filter_map(|run| exact(&run.concat()))
            .map(|field| (field, PART_OF_NAME))
            .collect();
        if !found.is_empty() {
            found.dedup();
            return found;
        }
    }
    vec![]
}

/// Words of a header, also of `camelCase` and `snake_case`.
fn split_words(header: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous_lower = false;
    for c in header.chars() {
        let breaks = !c.is_alphanumeric() && c != '\u{200C}';
        if (breaks || (c.is_uppercase() && previous_lower)) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if !breaks && let Some(word) = words.last_mut() {
            word.push(c);
        }
        previous_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Values of one column, without wrapping, digits folded.
struct Sample<'a> {
    values: Vec<Cow<'a, str>>,
    /// How many of the filled cells were dates of a workbook; they are not among `values`.
    dates: usize,
}

impl<'a> Sample<'a> {
    fn of(rows: &'a [RawRow], column: usize) -> Sample<'a> {
        let good = || rows.iter().filter(|row| row.problem.is_none());
        Sample {
            values: good()
                .filter(|row| !row.is_date(column))
                .map(|row| fold_digits(plain(row.cell(column))))
                .filter(|value| !value.is_empty())
                .collect(),
            dates: good().filter(|row| row.is_date(column)).count(),
        }
    }

    fn texts(&self) -> Vec<&str> {
        self.values.iter().map(Cow::as_ref).collect()
    }

    fn share(&self, is_it: impl Fn(&str) -> bool) -> f32 {
        let fitting = self.values.iter().filter(|value| is_it(value)).count();
        fitting as f32 / (self.values.len() + self.dates).max(1) as f32
    }

    /// The share of values that have the form of a field; nothing when the field has no form or the
    /// column no values.
    fn share_of(&self, field: Field) -> Option<f32> {
        if self.values.is_empty() && self.dates == 0 {
            return None;
        }
        Some(match field {
            Field::Email => self.share(is_email),
            Field::Mobile | Field::Phone => self.share(is_phone),
            Field::NationalId => self.share(|value| digits_only(value).is_some_and(|n| (8..=15).contains(&n))),
            Field::LegalId => self.share(|value| digits_only(value) == Some(11)),
            Field::Date | Field::BirthDate => self.share_of_dates(),
            Field::Quantity | Field::UnitPrice | Field::Amount | Field::Discount => self.share(is_number),
            _ => return None,
        })
    }

    fn share_of_dates(&self) -> f32 {
        let all = (self.values.len() + self.dates).max(1);
        (self.values.iter().filter(|value| is_date(value)).count() + self.dates) as f32 / all as f32
    }

    fn calendar(&self, header: &str) -> Option<Calendar> {
        const NAMES: [(&str, Calendar); 8] = [
            ("شمسی", Calendar::Jalali),
            ("jalali", Calendar::Jalali),
            ("shamsi", Calendar::Jalali),
            ("میلادی", Calendar::Gregorian),
            ("gregorian", Calendar::Gregorian),
            ("قمری", Calendar::Hijri),
            ("هجری", Calendar::Hijri),
            ("hijri", Calendar::Hijri),
        ];
        let key = search_key(header);
        guess_calendar(&self.texts())
            .filter(|_| !self.values.is_empty())
            .or_else(|| NAMES.iter().find(|(name, _)| key.contains(&search_key(name))).map(|&(_, calendar)| calendar))
            .or((self.dates > 0).then_some(Calendar::Gregorian))
    }
}

/// Fields that nearly all values of a column have the unmistakable form of.
fn fields_by_content(kind: Kind, sample: &Sample) -> Vec<Field> {
    if sample.values.is_empty() && sample.dates == 0 {
        return vec![];
    }
    let mut fields = Vec::new();
    match kind {
        Kind::Parties => {
            if sample.share(is_email) >= MOST {
                fields.push(Field::Email);
            }
            if sample.share(is_iranian_national_id) >= MOST {
                fields.push(Field::NationalId);
            } else if sample.share(is_mobile) >= MOST {
                fields.push(Field::Mobile);
            }
        }
        Kind::Purchases | Kind::Interactions => {
            let is_identity = |value: &str| is_email(value) || is_mobile(value) || is_iranian_national_id(value);
            if sample.share(is_identity) >= MOST {
                fields.push(Field::Customer);
            }
            if sample.share_of_dates() >= MOST {
                fields.push(Field::Date);
            }
        }
    }
    fields
}

fn is_email(value: &str) -> bool {
    value
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@') && !value.contains(char::is_whitespace))
}

/// How many digits a value has if there is nothing but digits and the signs between them.
fn digits_only(value: &str) -> Option<usize> {
    let is_sign = |c: char| c.is_whitespace() || "+-()./".contains(c) || ('\u{200B}'..='\u{206F}').contains(&c);
    value.chars().all(|c| c.is_ascii_digit() || is_sign(c)).then(|| value.chars().filter(char::is_ascii_digit).count())
}

fn is_phone(value: &str) -> bool {
    digits_only(value).is_some_and(|digits| (5..=15).contains(&digits))
}

/// A mobile of Iran, Saudi Arabia, the Emirates, Iraq or Egypt in a usual spelling, or any number
/// with a country code in front.
fn is_mobile(value: &str) -> bool {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let has_code = value.trim_start().starts_with('+') || digits.starts_with("00");
    is_phone(value)
        && (has_code && digits.len() >= 10
            || digits.len() == 11 && (digits.starts_with("09") || digits.starts_with("07") || digits.starts_with("01"))
            || digits.len() == 10 && digits.starts_with("05")
            || digits.len() == 12 && digits.starts_with("989"))
}

fn is_iranian_national_id(value: &str) -> bool {
    // The check itself puts back the zeros that spreadsheets drop; a column of short numbers is no
    // proof of anything.
    value.len() == 10 && identity::check(IdentityKind::IrNationalId, value, "IR").is_ok()
}

fn is_number(value: &str) -> bool {
    value.chars().any(|c| c.is_ascii_digit()) && value.chars().filter(|c| c.is_alphabetic()).count() <= 5
}

fn is_date(value: &str) -> bool {
    guess_calendar(&[value]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::import::reader::{ReadLimits, Source};

    fn file(name: &str) -> (Vec<String>, Vec<RawRow>) {
        let path = format!("{}/testdata/import/{name}", env!("CARGO_MANIFEST_DIR"));
        let source = Source::open(path, &ReadLimits::default()).expect("the file is a table");
        let rows = source.rows().expect("the file opens").collect::<Result<_, _>>().expect("the rows are whole");
        (source.header, rows)
    }

    fn named(kind: Kind, headers: &[&str]) -> Vec<Option<Field>> {
        let headers: Vec<String> = headers.iter().map(|header| header.to_string()).collect();
        guess(kind, &headers, &[]).into_iter().map(|guess| guess.field).collect()
    }

    #[test]
    fn both_files_of_invented_people_map_field_by_field() {
        for name in ["people-a.csv", "people-b.csv"] {
            let (header, rows) = file(name);
            let guesses = guess(Kind::Parties, &header, &rows);
            for guess in &guesses[1..] {
                assert_eq!(guess.field.map(Field::name), Some(guess.name.as_str()), "{name}");
            }
            assert_eq!(guesses[0].field, Some(Field::ExternalId));
            assert_eq!(guesses[6].calendar, Some(Calendar::Jalali));
        }
    }

    #[test]
    fn online_retail_and_cdnow_map_as_purchases() {
        let (header, rows) = file("online-retail.csv");
        let guesses = guess(Kind::Purchases, &header, &rows);
        use Field::*;
        let fields: Vec<_> = guesses.iter().filter_map(|guess| guess.field).collect();
        assert_eq!(fields, [Invoice, Product, ProductName, Quantity, Date, UnitPrice, Customer, Country]);
        assert_eq!((guesses[4].calendar, guesses[4].date_order), (Some(Calendar::Gregorian), Some(DateOrder::Ymd)));

        let (header, rows) = file("cdnow-master.txt");
        let guesses = guess(Kind::Purchases, &header, &rows);
        let fields: Vec<_> = guesses.iter().filter_map(|guess| guess.field).collect();
        assert_eq!(fields, [Customer, Date, Quantity, Amount]);
        assert_eq!(guesses[1].calendar, Some(Calendar::Gregorian));
        assert_eq!(guesses[3].currency.as_deref(), Some("USD"));
    }

    #[test]
    fn names_in_three_languages_are_known() {
        use Field::*;
        assert_eq!(
            named(Kind::Parties, &["نام", "نام خانوادگی", "تلفن همراه", "كد ملي", "استان", "تاریخ‌تولد"]),
            [Some(FirstName), Some(LastName), Some(Mobile), Some(NationalId), Some(Province), Some(BirthDate)]
        );
        assert_eq!(
            named(Kind::Parties, &["الاسم", "رقم الهوية", "الجوال", "المدينة", "البريد الإلكتروني"]),
            [Some(Name), Some(NationalId), Some(Mobile), Some(City), Some(Email)]
        );
        assert_eq!(
            named(Kind::Purchases, &["شماره فاکتور", "تاریخ", "مشتری", "مبلغ (تومان)"]),
            [Some(Invoice), Some(Date), Some(Customer), Some(Amount)]
        );
        assert_eq!(
            named(Kind::Interactions, &["تاریخ تماس", "موبایل مشتری", "نتیجه", "شرح"]),
            [Some(Date), Some(Customer), Some(Outcome), Some(Text)]
        );
    }

    #[test]
    fn every_field_knows_its_own_name_and_no_word_is_lost_to_folding() {
        for kind in [Kind::Parties, Kind::Purchases, Kind::Interactions] {
            for field in kind.fields() {
                assert_eq!(Field::named(kind, field.name()), Some(field));
                assert_eq!(named(kind, &[field.name()]), [Some(field)], "{kind:?} {}", field.name());
            }
        }
        for row in FIELDS {
            assert!(row.words.split('|').all(|word| !search_key(word).is_empty()), "{}", row.name);
        }
    }

    #[test]
    fn a_name_alone_is_the_whole_name() {
        assert_eq!(named(Kind::Parties, &["نام", "شهر"]), [Some(Field::Name), Some(Field::City)]);
    }

    #[test]
    fn a_field_goes_to_one_column_but_phones_to_many() {
        use Field::*;
        assert_eq!(named(Kind::Parties, &["تلفن ۱", "تلفن ۲", "شهر", "شهرستان"]), [Some(Phone), Some(Phone), Some(City), None]);
    }

    #[test]
    fn columns_without_a_name_are_known_by_their_content() {
        let mut text = String::new();
        for (national_id, mobile, email) in
            [("0013137387", "0912 111 2233", "a@b.ir"), ("4329125072", "+989039988749", "r_1960@mailfa.com")]
        {
            text.push_str(&format!("{national_id},{mobile},{email}\n"));
        }
        let path = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(path.path(), text).expect("written");
        let source = Source::open(path.path(), &ReadLimits::default()).expect("a table");
        let rows: Vec<RawRow> = source.rows().expect("opens").map(|row| row.expect("whole")).collect();
        assert_eq!(rows.len(), 2);
        let fields: Vec<_> = guess(Kind::Parties, &source.header, &rows).into_iter().map(|guess| guess.field).collect();
        assert_eq!(fields, [Some(Field::NationalId), Some(Field::Mobile), Some(Field::Email)]);
    }

    #[test]
    fn a_column_whose_content_contradicts_its_name_is_less_certain() {
        let row = |text: &str| {
            let path = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(path.path(), text).expect("written");
            let source = Source::open(path.path(), &ReadLimits::default()).expect("a table");
            let rows: Vec<RawRow> = source.rows().expect("opens").map(|row| row.expect("whole")).collect();
            guess(Kind::Parties, &source.header, &rows)[0].confidence
        };
        assert!(row("email,x\nnot at all,1\n") < row("email,x\na@b.ir,1\n"));
    }
}
