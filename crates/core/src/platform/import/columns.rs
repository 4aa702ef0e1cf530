//! What the columns of a file mean: the fields a file can bring, guesses from names and content,
//! and the map given on the command line.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::{RawRow, plain};
use crate::parties::identity::{self, IdentityKind};
pub use crate::platform::calendar::Reading;
use crate::platform::calendar::{self, Calendar, DateOrder, guess_calendar, guess_order};
use crate::platform::locale::Arg;
use crate::platform::text::{fold_digits, search_key};

peyvand_db::words! {
    /// What the rows of a file are. The words are part of the command line and stay.
    pub enum Kind {
        /// People and organisations.
        Parties = "parties",
        /// Purchases, one line per item or per invoice.
        Purchases = "purchases",
        /// Calls, visits and messages.
        Interactions = "interactions",
    }
}

impl Kind {
    /// The fields that a file of this kind can have, in the order in which they are offered.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        FIELDS.iter().filter(move |row| row.kinds.contains(&self)).map(|row| row.field)
    }
}

macro_rules! fields {
    ($($variant:ident $name:literal [$($kind:ident)+] $words:literal;)+) => {
        /// Something a column of a file can hold. Its name is part of the command line and stays.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`")] #[serde(rename = $name)] $variant,)+
        }

        const FIELDS: &[FieldRow] = &[
            $(FieldRow { field: Field::$variant, name: $name, kinds: &[$(Kind::$kind),+], words: $words },)+
        ];
    };
}

struct FieldRow {
    field: Field,
    name: &'static str,
    kinds: &'static [Kind],
    /// What people write above such a column, in Persian, Arabic and English, separated by `|`.
    words: &'static str,
}

fields! {
    Invoice "invoice" [Purchases] "فاکتور|شماره فاکتور|شماره صورتحساب|صورتحساب|شماره سفارش|سفارش|شناسه سفارش|کد سفارش|کد فاکتور|ش فاکتور|رقم الفاتورة|الفاتورة|رقم الطلب|الطلب|invoice no|invoice number|invoice id|inv no|order|order id|order no|order number|bill no|receipt|receipt no|transaction id|transaction";
    Date "date" [Purchases Interactions] "تاریخ|تاریخ فاکتور|تاریخ خرید|تاریخ سفارش|تاریخ ثبت|تاریخ فروش|تاریخ تماس|زمان|تاریخ و ساعت|تاریخ تراکنش|تاریخ شمسی|تاریخ میلادی|تاریخ پرداخت|التاريخ|تاريخ الفاتورة|تاريخ الشراء|تاريخ الطلب|تاريخ الاتصال|تاريخ البيع|invoice date|order date|purchase date|transaction date|sale date|call date|created at|created|datetime|date time|timestamp|time|day|when";
    Customer "customer" [Purchases Interactions] "مشتری|کد مشتری|شناسه مشتری|شماره مشتری|نام مشتری|موبایل مشتری|تلفن مشتری|طرف حساب|کد طرف حساب|خریدار|مخاطب|العميل|رقم العميل|كود العميل|اسم العميل|الزبون|رقم الزبون|المشتري|جوال العميل|هاتف العميل|customer id|customer no|customer number|customer code|customer name|customer phone|customer mobile|customer email|client|client id|client name|buyer|account|account id|contact|contact id|cust id|custid|party";
    Product "product" [Purchases] "کد کالا|کد محصول|شناسه کالا|شناسه محصول|بارکد|کالا|محصول|کد جنس|المنتج|رمز المنتج|كود المنتج|رقم المنتج|رقم الصنف|كود الصنف|الباركود|stock code|sku|product code|product id|item|item code|item id|item no|barcode|article|article no";
    ProductName "product_name" [Purchases] "نام کالا|نام محصول|شرح کالا|شرح|شرح محصول|عنوان کالا|عنوان محصول|اسم المنتج|اسم الصنف|وصف المنتج|الصنف|البيان|description|item name|item description|product description|product title|title";
    Quantity "quantity" [Purchases] "تعداد|مقدار|تعداد کالا|الكمية|العدد|كمية|qty|count|units|number of items|number of cds|cds|pieces|pcs";
    UnitPrice "unit_price" [Purchases] "قیمت واحد|فی|قیمت|بهای واحد|مبلغ واحد|نرخ|سعر الوحدة|السعر|سعر|price|unit price|price per unit|rate|unit cost|price each";
    Amount "amount" [Purchases] "مبلغ|مبلغ کل|جمع|جمع کل|قیمت کل|بهای کل|مبلغ فاکتور|مبلغ نهایی|مبلغ خرید|قابل پرداخت|مبلغ قابل پرداخت|المبلغ|الإجمالي|المجموع|إجمالي المبلغ|القيمة|total|total amount|line total|sum|value|dollar value|dollars|grand total|subtotal|net amount|revenue|sales|order total|total price";
    Discount "discount" [Purchases] "تخفیف|مبلغ تخفیف|الخصم|خصم|مبلغ الخصم|التخفيض|discount amount|rebate";
    Currency "currency" [Purchases] "ارز|واحد پول|نوع ارز|العملة|عملة|currency code|curr";
    Country "country" [Purchases] "کشور|الدولة|البلد|nation|country name|country code";
    Channel "channel" [Purchases Interactions] "کانال|روش فروش|کانال فروش|روش ارتباط|راه ارتباط|راه تماس|نحوه تماس|القناة|قناة البيع|قناة الاتصال|وسيلة التواصل|sales channel|medium|contact method|via";
    Direction "direction" [Interactions] "جهت|جهت تماس|نوع تماس|ورودی خروجی|الاتجاه|اتجاه المكالمة|call direction|call type|inbound outbound|in out";
    Reason "reason" [Interactions] "علت|دلیل|موضوع|علت تماس|موضوع تماس|السبب|الموضوع|سبب الاتصال|subject|topic|purpose|call reason";
    Origin "origin" [Interactions] "مبدا|منشا|آغازگر|المصدر|المنشأ|initiator|initiated by|started by";
    Outcome "result" [Interactions] "نتیجه|نتیجه تماس|النتيجة|نتيجة المكالمة|outcome|call result|status|disposition";
    Duration "duration" [Interactions] "مدت|مدت تماس|مدت مکالمه|طول تماس|المدة|مدة المكالمة|call duration|length|minutes|seconds|talk time";
    Text "text" [Interactions] "متن|شرح|شرح تماس|توضیحات|توضیح|یادداشت|خلاصه|النص|الملاحظات|ملاحظات|الوصف|notes|note|comment|comments|description|summary|body|message|details";
    Staff "staff" [Interactions] "کارشناس|کارمند|مسئول|پاسخگو|ثبت کننده|اپراتور|کاربر|الموظف|المسؤول|المستخدم|agent|user|operator|employee|handled by|assigned to|owner|staff email";
    Name "name" [Parties] "نام|نام کامل|نام و نام خانوادگی|نام و فامیل|نام خانوادگی و نام|نام مشتری|نام طرف حساب|عنوان|الاسم|اسم|الاسم الكامل|اسم العميل|الاسم الرباعي|full name|fullname|customer name|client name|contact name|display name|party name|person";
    PartyKind "kind" [Parties] "نوع|نوع مشتری|نوع شخص|حقیقی حقوقی|شخصیت|النوع|نوع العميل|type|customer type|party type|entity type";
    FirstName "first_name" [Parties] "نام کوچک|اسم کوچک|الاسم الأول|الاسم الاول|first|firstname|given name|forename|fname";
    LastName "last_name" [Parties] "نام خانوادگی|فامیل|فامیلی|نام فامیل|شهرت|اسم العائلة|العائلة|اللقب|الاسم الأخير|الكنية|last|lastname|surname|family name|family|lname";
    Honorific "honorific" [Parties] "پیشوند|جناب|خطاب|لقب|آقا خانم|صفة المخاطبة|التحية|title|salutation|prefix";
    FatherName "father_name" [Parties] "نام پدر|اسم الأب|اسم الاب|father|fathers name|father name";
    Organisation "organisation" [Parties] "شرکت|نام شرکت|سازمان|نام سازمان|فروشگاه|نام فروشگاه|الشركة|اسم الشركة|المؤسسة|المنظمة|company|company name|organization|employer|business name|account name";
    NationalId "national_id" [Parties] "کد ملی|کدملی|شماره ملی|شماره شناسایی|رقم الهوية|الهوية|رقم الهوية الوطنية|الرقم القومي|الرقم الوطني|الهوية الوطنية|رقم الإقامة|national code|national number|national id number|nid|ssn|id number|identity number|emirates id|melli code|meli code";
    LegalId "legal_id" [Parties] "شناسه ملی|شناسه ملی شرکت|شناسه حقوقی|شماره ثبت|السجل التجاري|رقم السجل التجاري|الرقم الموحد|legal national id|company id|registration number|company number|cr number|trade licence";
    BirthDate "birth_date" [Parties] "تاریخ تولد|تولد|روز تولد|زادروز|ت تولد|تاريخ الميلاد|تاريخ الولادة|الميلاد|birthday|date of birth|dob|birth|born|birth day";
    Gender "gender" [Parties] "جنسیت|جنس|الجنس|sex";
    Job "job" [Parties] "شغل|سمت|حرفه|پیشه|المهنة|الوظيفة|العمل|occupation|profession|job title|position";
    Education "education" [Parties] "تحصیلات|مدرک|مدرک تحصیلی|التعليم|المؤهل|المؤهل العلمي|degree|education level";
    Mobile "mobile" [Parties] "موبایل|همراه|تلفن همراه|شماره همراه|شماره موبایل|گوشی|شماره تلفن همراه|الجوال|جوال|رقم الجوال|المحمول|الموبايل|رقم المحمول|الهاتف المحمول|النقال|mobile number|mobile phone|mobile no|cell|cell phone|cellphone|cellular|gsm|whatsapp|واتساپ";
    Phone "phone" [Parties] "تلفن|شماره تلفن|شماره تماس|تلفن ثابت|تلفن منزل|تلفن محل کار|تماس|شماره|الهاتف|هاتف|رقم الهاتف|التلفون|الهاتف الثابت|رقم الاتصال|telephone|tel|phone number|phone no|landline|home phone|work phone|office phone|contact number";
    Email "email" [Parties] "ایمیل|پست الکترونیک|پست الکترونیکی|رایانامه|آدرس ایمیل|البريد الإلكتروني|البريد|الإيميل|ايميل|e mail|mail|email address|e mail address";
    Province "province" [Parties] "استان|المحافظة|المنطقة|الإمارة|state|region|governorate|county";
    City "city" [Parties] "شهر|شهرستان|المدينة|مدينة|town";
    Address "address" [Parties] "آدرس|نشانی|محل سکونت|آدرس منزل|نشانی پستی|العنوان|عنوان السكن|street|street address|address line|home address|mailing address";
    PostalCode "postal_code" [Parties] "کد پستی|کدپستی|الرمز البريدي|صندوق البريد|postcode|post code|zip|zip code|zipcode";
    Code "code" [Parties] "کد|کد مشتری|کد اشتراک|شماره مشتری|شماره اشتراک|کد عضویت|شماره عضویت|رمز العميل|كود العميل|رقم العضوية|customer code|client code|membership number|member no|customer no";
    ExternalId "external_id" [Parties] "شناسه|شناسه مشتری|آی دی|ردیف سیستم|رقم العميل|المعرف|معرف العميل|id|customer id|client id|contact id|rec id|record id|external id|user id|uid|uuid|master id|legacy id|crm id";
    Source "source" [Parties] "منبع|نحوه آشنایی|شیوه آشنایی|شیوه‌ی آشنایی|روش آشنایی|معرف|طریقه آشنایی|المصدر|مصدر العميل|كيف عرفنا|كيف عرفتنا|lead source|acquisition source|how did you hear|how did you hear about us|referrer|utm source";
    Owner "owner" [Parties] "مسئول|کارشناس|کارشناس فروش|مسئول مشتری|المسؤول|مندوب المبيعات|الموظف المسؤول|assigned to|account manager|sales rep|salesperson|agent";
    Tags "tags" [Parties] "برچسب|برچسب ها|تگ|دسته|گروه|دسته بندی|الوسوم|الوسم|التصنيف|المجموعة|tag|labels|label|category|group|groups";
    Notes "notes" [Parties] "یادداشت|توضیحات|توضیح|ملاحظات|ملاحظة|الملاحظات|note|comment|comments|remarks|description|memo";
    Role "role" [Parties] "نقش|نسبت با ما|رابطه|وضعیت|الدور|الصفة|صفته عندنا|الحالة|relationship|status|customer status|stage";
    ConsentSms "consent_sms" [Parties] "رضایت پیامک|اجازه پیامک|دریافت پیامک|موافقة الرسائل|الموافقة على الرسائل النصية|sms consent|sms opt in|sms marketing|accepts sms";
    ConsentEmail "consent_email" [Parties] "رضایت ایمیل|اجازه ایمیل|دریافت ایمیل|الموافقة على البريد|email consent|email opt in|newsletter|email marketing|accepts email|subscribed";
    Note "note" [Purchases] "یادداشت|توضیحات|توضیح|ملاحظات|ملاحظة|الملاحظات|notes|comment|comments|remarks|memo";
}

impl Field {
    /// The name on the command line and in saved maps.
    pub fn name(self) -> &'static str {
        FIELDS.iter().find(|row| row.field == self).map_or("", |row| row.name)
    }

    /// The field of this name in a file of this kind.
    pub fn named(kind: Kind, name: &str) -> Option<Field> {
        let name = name.trim();
        kind.fields().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// Whether several columns may bring it: two mobiles, three tags.
    pub fn is_repeatable(self) -> bool {
        matches!(self, Field::Phone | Field::Mobile | Field::Email | Field::Tags | Field::ExternalId)
    }

    /// Whether its values are days and need a calendar.
    pub fn is_date(self) -> bool {
        matches!(self, Field::Date | Field::BirthDate)
    }

    /// Whether its values are amounts of money.
    pub fn is_money(self) -> bool {
        matches!(self, Field::UnitPrice | Field::Amount | Field::Discount)
    }
}

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

/// An identifier as its owner wrote it: programs that take IDs for numbers export `17850.0`.
pub fn identifier(cell: &str) -> &str {
    match plain(cell).strip_suffix(".0") {
        Some(whole) if !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        _ => plain(cell),
    }
}

/// One entry of a map: a column and what it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Index of the column, from 0.
    pub column: usize,
    /// What it holds; nothing leaves it out.
    pub field: Option<Field>,
    /// For `external_id`: the system that gave the IDs.
    pub system: Option<String>,
}

/// Why a map cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapProblem {
    /// An entry without `=`.
    NoField {
        /// The entry.
        entry: String,
    },
    /// A quotation mark in the map does not close.
    UnclosedQuote,
    /// The file has no such column.
    UnknownColumn {
        /// The name in the map.
        name: String,
        /// The column that resembles it most.
        nearest: Option<String>,
        /// All columns of the file.
        columns: Vec<String>,
    },
    /// Files of this kind have no such field.
    UnknownField {
        /// The name in the map.
        name: String,
        /// The field that resembles it most.
        nearest: Option<&'static str>,
        /// All fields of this kind.
        fields: Vec<&'static str>,
    },
    /// A column is named twice.
    ColumnTwice {
        /// Its name.
        name: String,
    },
    /// Two columns are to be one field that holds one value.
    FieldTwice {
        /// The field.
        field: &'static str,
    },
    /// Not one column of the file is known.
    NoKnownColumn {
        /// All columns of the file.
        columns: Vec<String>,
        /// All fields of this kind.
        fields: Vec<&'static str>,
    },
}

impl MapProblem {
    /// Key of the message.
    pub fn key(&self) -> &'static str {
        match self {
            MapProblem::NoField { .. } => "import-map-no-field",
            MapProblem::UnclosedQuote => "import-map-unclosed-quote",
            MapProblem::UnknownColumn { nearest: None, .. } => "import-map-unknown-column",
            MapProblem::UnknownColumn { .. } => "import-map-unknown-column-nearest",
            MapProblem::UnknownField { nearest: None, .. } => "import-map-unknown-field",
            MapProblem::UnknownField { .. } => "import-map-unknown-field-nearest",
            MapProblem::ColumnTwice { .. } => "import-map-column-twice",
            MapProblem::FieldTwice { .. } => "import-map-field-twice",
            MapProblem::NoKnownColumn { .. } => "import-map-no-known-column",
        }
    }

    /// What the message is filled with.
    pub fn arguments(&self) -> Vec<(&'static str, Arg<'_>)> {
        match self {
            MapProblem::NoField { entry } => vec![("entry", Arg::from(entry))],
            MapProblem::UnclosedQuote => vec![],
            MapProblem::UnknownColumn { name, nearest, columns } => vec![
                ("name", Arg::from(name)),
                ("nearest", Arg::from(nearest.as_deref().unwrap_or_default())),
                ("columns", Arg::from(columns.join(" | "))),
            ],
            MapProblem::UnknownField { name, nearest, fields } => vec![
                ("name", Arg::from(name)),
                ("nearest", Arg::from(nearest.unwrap_or_default())),
                ("fields", Arg::from(fields.join(", "))),
            ],
            MapProblem::ColumnTwice { name } => vec![("name", Arg::from(name))],
            MapProblem::FieldTwice { field } => vec![("field", Arg::from(*field))],
            MapProblem::NoKnownColumn { columns, fields } => {
                vec![("columns", Arg::from(columns.join(" | "))), ("fields", Arg::from(fields.join(", ")))]
            }
        }
    }
}

/// Confirms that at least one column brings something.
///
/// # Errors
/// [`MapProblem::NoKnownColumn`] otherwise.
pub fn require_known(kind: Kind, guesses: &[Guess]) -> Result<(), MapProblem> {
    if guesses.iter().any(|guess| guess.field.is_some()) {
        return Ok(());
    }
    Err(MapProblem::NoKnownColumn {
        columns: guesses.iter().map(|guess| guess.name.clone()).collect(),
        fields: kind.fields().map(Field::name).collect(),
    })
}

/// Reads `Column=field,…`. A column name with a comma stands in double quotes (a quotation mark in
/// it is doubled) or has a backslash before the comma; `Column=` and `Column=-` leave a column out;
/// `Column=external_id:SYSTEM` says whose IDs they are. Names of columns match without regard to
/// case, spacing and variants of letters where that is unambiguous.
///
/// # Errors
/// The first entry that cannot be used, or a map that uses no column.
pub fn parse_map(kind: Kind, map: &str, headers: &[String]) -> Result<Vec<Choice>, MapProblem> {
    let fields = || -> Vec<&'static str> { kind.fields().map(Field::name).collect() };
    let mut choices: Vec<Choice> = Vec::new();
    for entry in split_entries(map)? {
        let Some((name, target)) = entry else {
            continue;
        };
        let Some(target) = target else {
            return Err(MapProblem::NoField { entry: name });
        };
        let column = find_column(&name, headers).ok_or_else(|| MapProblem::UnknownColumn {
            nearest: nearest(&name, headers.iter().map(String::as_str)).map(str::to_string),
            name: name.clone(),
            columns: headers.to_vec(),
        })?;
        if choices.iter().any(|choice| choice.column == column) {
            return Err(MapProblem::ColumnTwice { name });
        }
        let (field, system) = match target.split_once(':') {
            Some((field, system)) => (field.trim(), Some(system.trim().to_string()).filter(|system| !system.is_empty())),
            None => (target.trim(), None),
        };
        if field.is_empty() || field == "-" {
            choices.push(Choice { column, field: None, system: None });
            continue;
        }
        let known = Field::named(kind, field).filter(|field| system.is_none() || *field == Field::ExternalId);
        let field = known.ok_or_else(|| MapProblem::UnknownField {
            name: target.trim().to_string(),
            nearest: nearest(field, fields().into_iter()),
            fields: fields(),
        })?;
        if !field.is_repeatable() && choices.iter().any(|choice| choice.field == Some(field)) {
            return Err(MapProblem::FieldTwice { field: field.name() });
        }
        choices.push(Choice { column, field: Some(field), system });
    }
    if choices.iter().all(|choice| choice.field.is_none()) {
        return Err(MapProblem::NoKnownColumn { columns: headers.to_vec(), fields: fields() });
    }
    Ok(choices)
}

fn find_column(name: &str, headers: &[String]) -> Option<usize> {
    if let Some(column) = headers.iter().position(|header| header == name) {
        return Some(column);
    }
    let key = search_key(name);
    let mut alike = headers.iter().enumerate().filter(|(_, header)| !key.is_empty() && search_key(header) == key);
    match (alike.next(), alike.next()) {
        (Some((column, _)), None) => Some(column),
        _ => None,
    }
}

type Entry = Option<(String, Option<String>)>;

/// Entries of a map as name and target; a blank entry is nothing.
fn split_entries(map: &str) -> Result<Vec<Entry>, MapProblem> {
    let mut entries = Vec::new();
    let mut text = String::new();
    // Where the last `=` of the entry stands that is neither quoted nor escaped.
    let mut equals = None;
    let mut chars = map.chars().peekable();
    let mut finish = |text: &mut String, equals: &mut Option<usize>| {
        let entry = std::mem::take(text);
        entries.push(match equals.take() {
            _ if entry.trim().is_empty() => None,
            Some(at) => Some((entry[..at].trim().to_string(), Some(entry[at + 1..].trim().to_string()))),
            None => Some((entry.trim().to_string(), None)),
        });
    };
    while let Some(c) = chars.next() {
        match c {
            '"' if text.trim().is_empty() => loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => {
                        chars.next();
                        text.push('"');
                    }
                    Some('"') => break,
                    Some(c) => text.push(c),
                    None => return Err(MapProblem::UnclosedQuote),
                }
            },
            '\\' if chars.peek().is_some_and(|next| [',', '=', '\\', '"'].contains(next)) => text.extend(chars.next()),
            ',' => finish(&mut text, &mut equals),
            '=' => {
                equals = Some(text.len());
                text.push('=');
            }
            c => text.push(c),
        }
    }
    finish(&mut text, &mut equals);
    Ok(entries)
}

/// The name that takes the fewest changes to reach, if that is less than half of its letters.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let key: Vec<char> = search_key(name).chars().collect();
    names
        .map(|other| (distance(&key, &search_key(other).chars().collect::<Vec<_>>()), other))
        .min()
        .filter(|(distance, other)| *distance * 2 < other.chars().count().max(key.len()))
        .map(|(_, other)| other)
}

/// Levenshtein's distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::import::reader::{ReadLimits, Source};
    use proptest::prelude::*;

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

    type Chosen = (usize, Option<Field>, Option<String>);

    fn choices(map: &str, headers: &[&str]) -> Result<Vec<Chosen>, MapProblem> {
        let headers: Vec<String> = headers.iter().map(|header| header.to_string()).collect();
        Ok(parse_map(Kind::Parties, map, &headers)?.into_iter().map(|c| (c.column, c.field, c.system)).collect())
    }

    #[test]
    fn a_map_takes_spaces_commas_and_systems() {
        assert_eq!(
            choices(
                r#"Full Name=name, "Phone, home"=phone,Phone\, work=phone,Ref=external_id:shopify,Junk=,Other=-"#,
                &["Full Name", "Phone, home", "Phone, work", "Ref", "Junk", "Other"]
            ),
            Ok(vec![
                (0, Some(Field::Name), None),
                (1, Some(Field::Phone), None),
                (2, Some(Field::Phone), None),
                (3, Some(Field::ExternalId), Some("shopify".into())),
                (4, None, None),
                (5, None, None),
            ])
        );
        assert_eq!(choices("كد ملي=national_id", &["کد ملی"]), Ok(vec![(0, Some(Field::NationalId), None)]));
    }

    #[test]
    fn a_wrong_map_says_what_there_is() {
        let wrong = |map: &str| choices(map, &["Name", "Mobile", "Tel"]).expect_err("the map is wrong");
        assert!(
            matches!(wrong("Nam=name"), MapProblem::UnknownColumn { nearest: Some(n), columns, .. } if n == "Name" && columns.len() == 3)
        );
        assert!(matches!(wrong("Name=nme"), MapProblem::UnknownField { nearest: Some("name"), .. }));
        assert!(matches!(wrong("Name=quantity"), MapProblem::UnknownField { .. }));
        assert!(matches!(wrong("Name"), MapProblem::NoField { .. }));
        assert!(matches!(wrong("\"Name=name"), MapProblem::UnclosedQuote));
        assert!(matches!(wrong("Name=name,Name=code"), MapProblem::ColumnTwice { .. }));
        assert!(matches!(wrong("Name=name,Tel=name"), MapProblem::FieldTwice { field: "name" }));
        assert!(matches!(wrong("Name="), MapProblem::NoKnownColumn { .. }));
        assert!(matches!(wrong("Name=name:shop"), MapProblem::UnknownField { .. }));
    }

    #[test]
    fn a_file_with_no_known_column_is_named_as_such() {
        let headers = vec!["foo".to_string(), "bar".to_string()];
        let guesses = guess(Kind::Parties, &headers, &[]);
        assert!(matches!(require_known(Kind::Parties, &guesses), Err(MapProblem::NoKnownColumn { columns, .. }) if columns == headers));
    }

    #[test]
    fn an_identifier_that_became_a_number_is_whole_again() {
        assert_eq!(identifier("17850.0"), "17850");
        assert_eq!(identifier(" A.0 "), "A.0");
        assert_eq!(identifier("=\"00123\""), "00123");
    }

    proptest! {
        #[test]
        fn any_header_and_any_map_are_answered(headers in proptest::collection::vec(".{0,12}", 0..6), map in ".{0,40}") {
            let guesses = guess(Kind::Parties, &headers, &[]);
            prop_assert_eq!(guesses.len(), headers.len());
            let _ = parse_map(Kind::Purchases, &map, &headers);
        }
    }
}
