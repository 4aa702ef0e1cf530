//! From the cells of a row to what is stored: the same checks as the form, plus what only files need (columns that
//! repeat, several numbers in one cell, words for yes and no, amounts of any precision).

use super::columns::{Field, Kind, currency_in, identifier};
use super::reader::{RawRow, RowProblem, plain};
use crate::parties::check::{Channel, CheckedParty, Checks, Consent, Kind as PartyKind, NewContact, NewParty, Role};
use crate::platform::access::{Unit, User};
use crate::platform::calendar::{Calendar, DateOrder, parse_instant};
use crate::platform::keys::Keys;
use crate::platform::locale::Arg;
use crate::platform::money::{Currency, Money, MoneyUnit, NumberProblem, parse_decimal};
use crate::platform::text::{clean_line, clean_text, fold_digits, search_key};
use crate::sales::write::sign_of;
use crate::{Day, Fields, Instant, Problem};
use jiff::tz::TimeZone;
use peyvand_db::Id;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// Characters of an invoice number, a product code or a customer key.
const KEY_MAX: usize = 120;
/// Characters of the name of a product.
const PRODUCT_NAME_MAX: usize = 200;
/// Characters of a note or of what was said.
const TEXT_MAX: usize = 10_000;
/// Digits from which a cell may hold two telephone numbers.
const TWO_PHONES: usize = 18;
/// A call or visit longer than this is a mistake: one day, in seconds.
const LONGEST: i64 = 86_400;

peyvand_db::words! {
    /// What to do with a row whose customer is there, and with one whose customer is not.
    #[derive(Default)]
    pub enum Mode {
        /// Only add; who is there stays as they are.
        Create = "create",
        /// Only change who is there; a row of nobody known is rejected.
        Update = "update",
        /// Both.
        #[default]
        Upsert = "upsert",
    }
}

/// What one column of a file brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name in the header.
    pub name: String,
    /// What it holds; absent when it is left out.
    pub field: Option<Field>,
    /// For `external_id`: the system that gave the IDs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// For days: their calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// For days: the order of day and month where it is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// For money: ISO 4217, or `IRT` for Toman.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// Everything that reading the rows of a file needs to know.
pub struct Plan {
    /// What the rows are.
    pub kind: Kind,
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
    /// Where local telephone numbers belong.
    pub country: String,
    /// Calendar of days that do not say theirs.
    pub calendar: Calendar,
    /// Today.
    pub today: Day,
    /// Where the clock of the file stands.
    pub zone: TimeZone,
    /// For secret values.
    pub keys: Arc<Keys>,
    /// Currency of amounts that do not say theirs.
    pub currency: Currency,
    /// Their unit.
    pub unit: MoneyUnit,
    /// Users and their units by folded e-mail and name.
    pub users: HashMap<String, (Id<User>, Id<Unit>)>,
}

/// A row that can be stored.
#[derive(Debug)]
pub enum Item {
    /// A party.
    Party(Box<CheckedParty>),
    /// A line of a purchase.
    Purchase(Box<PurchaseItem>),
    /// A contact.
    Interaction(Box<InteractionItem>),
}

/// A line of a purchase, before its customer is looked up.
#[derive(Debug)]
pub struct PurchaseItem {
    /// Any key of the customer.
    pub customer: Option<String>,
    /// Number of the invoice.
    pub invoice: Option<String>,
    /// When.
    pub at: Instant,
    /// The day of it.
    pub day: Day,
    /// Code of the product.
    pub product: Option<String>,
    /// Name of the product.
    pub product_name: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// How many; negative for what comes back.
    pub quantity: f64,
    /// Price of one.
    pub unit_price_minor: i64,
    /// Taken off.
    pub discount_minor: i64,
    /// What it comes to, rounded; negative for a refund.
    pub amount_minor: i64,
    /// Whether it was bought (1), given back (-1) or given away (0): see [`sign_of`].
    pub sign: i64,
    /// In which currency.
    pub currency: Option<Currency>,
    /// Country of the sale.
    pub country: Option<String>,
    /// Where it was sold.
    pub channel: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// The code that was shown, as the file has it.
    pub code: Option<String>,
    /// What the row says, as a number; the code is no part of it, so that one that is put right later finds its purchase.
    pub source_key: i64,
}

/// A contact, before its customer is looked up.
#[derive(Debug)]
pub struct InteractionItem {
    /// Any key of the customer.
    pub customer: String,
    /// When.
    pub at: Instant,
    /// Over which channel, in the file's words.
    pub channel: Option<String>,
    /// Which way it went, in the file's words.
    pub direction: Option<String>,
    /// Why, in the file's words.
    pub reason: Option<String>,
    /// What set it off, in the file's words.
    pub origin: Option<String>,
    /// What came of it, in the file's words.
    pub result: Option<String>,
    /// How long.
    pub duration_s: Option<i64>,
    /// What was said.
    pub text: Option<String>,
    /// Who of us, in the file's words.
    pub staff: Option<String>,
    /// Who of us, where they are known.
    pub staff_id: Option<Id<User>>,
    /// What the row says, as a number.
    pub source_key: i64,
}

impl PurchaseItem {
    fn blank() -> PurchaseItem {
        PurchaseItem {
            customer: None,
            invoice: None,
            at: Instant::NEVER,
            day: Day(jiff::civil::Date::MIN),
            product: None,
            product_name: None,
            category: None,
            quantity: 0.0,
            unit_price_minor: 0,
            discount_minor: 0,
            amount_minor: 0,
            sign: 0,
            currency: None,
            country: None,
            channel: None,
            note: None,
            code: None,
            source_key: 0,
        }
    }
}

impl InteractionItem {
    fn blank() -> InteractionItem {
        InteractionItem {
            customer: String::new(),
            at: Instant::NEVER,
            channel: None,
            direction: None,
            reason: None,
            origin: None,
            result: None,
            duration_s: None,
            text: None,
            staff: None,
            staff_id: None,
            source_key: 0,
        }
    }
}

impl Plan {
    /// Reads a row.
    ///
    /// # Errors
    /// All its problems, each at its field.
    pub fn read(&self, row: &RawRow) -> Result<Item, Vec<Problem>> {
        if let Some(problem) = &row.problem {
            let header: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
            let column = match problem {
                RowProblem::CellTooLong { column, .. } | RowProblem::FormulaError { column, .. } => self.columns.get(*column),
                _ => None,
            };
            let field = column.and_then(|column| column.field).map_or("", Field::name);
            return Err(vec![told(field, problem.key(), &problem.arguments(&header))]);
        }
        match self.kind {
            Kind::Parties => self.party(row).map(|party| Item::Party(Box::new(party))),
            Kind::Purchases => self.purchase(row).map(|line| Item::Purchase(Box::new(line))),
            Kind::Interactions => self.interaction(row).map(|contact| Item::Interaction(Box::new(contact))),
        }
    }

    /// Filled cells of mapped columns.
    fn cells<'a>(&'a self, row: &'a RawRow) -> impl Iterator<Item = (usize, &'a Column, Field, &'a str)> {
        self.columns.iter().enumerate().filter_map(|(at, column)| {
            let field = column.field?;
            let cell = if is_identifier(field) { identifier(row.cell(at)) } else { plain(row.cell(at)) };
            (!cell.is_empty()).then_some((at, column, field, cell))
        })
    }

    fn party(&self, row: &RawRow) -> Result<CheckedParty, Vec<Problem>> {
        let mut problems = Fields::default();
        let mut new = NewParty::default();
        let mut contacts = Vec::new();
        let mut identities = Vec::new();
        let mut tags = Vec::new();
        let mut organisation = None;
        let mut consents = [(Channel::Mobile, None), (Channel::Email, None)];
        for (at, column, field, cell) in self.cells(row) {
            let text = || Some(cell.to_owned());
            match field {
                Field::Name => new.name = text(),
                Field::FirstName => new.first_name = text(),
                Field::LastName => new.last_name = text(),
                Field::Honorific => new.honorific = text(),
                Field::FatherName => new.father_name = text(),
                Field::Organisation => organisation = Some(cell),
                Field::NationalId => new.national_id = text(),
                Field::LegalId => new.legal_id = text(),
                Field::BirthDate => {
                    let day = self.moment(column, row, at, cell).map(|at| at.day(&self.zone).to_string());
                    new.birth_date = problems.take(day.map_err(|key| Problem::new("birth_date", key)));
                }
                Field::Gender => new.gender = text(),
                Field::Job => new.job = text(),
                Field::Education => new.education = text(),
                Field::Mobile | Field::Phone => {
                    let (channel, slot) =
                        if field == Field::Mobile { (Channel::Mobile, &mut new.mobile) } else { (Channel::Phone, &mut new.phone) };
                    for number in phones(cell) {
                        if slot.is_none() { *slot = Some(number) } else { contacts.push(contact(channel, number)) }
                    }
                }
                Field::Email => {
                    for address in emails(cell) {
                        if new.email.is_none() { new.email = Some(address) } else { contacts.push(contact(Channel::Email, address)) }
                    }
                }
                Field::Province => new.province = text(),
                Field::City => new.city = text(),
                Field::Country => new.country = text(),
                Field::Address => new.address = text(),
                Field::PostalCode => new.postal_code = text(),
                Field::Code => new.code = text(),
                Field::ExternalId if new.external_id.is_none() => {
                    new.external_id = text();
                    new.system = column.system.clone();
                }
                Field::ExternalId => identities.push(crate::parties::check::NewIdentity {
                    kind: "external".to_owned(),
                    value: cell.to_owned(),
                    system: Some(column.system.clone().unwrap_or_else(|| column.name.clone())),
                }),
                Field::Source => new.source = text(),
                Field::Notes => new.note = text(),
                Field::Tags => {
                    let separators = [',', ';', '،', '؛', '|', '#', '\n'];
                    tags.extend(cell.split(separators).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned));
                }
                Field::Owner => match self.users.get(&search_key(cell)) {
                    Some((user, unit)) => {
                        new.owner_id = Some(*user);
                        new.unit_id = Some(*unit);
                    }
                    None => problems.0.push(Problem::new("owner", "import-user-unknown").with("name", shortened(cell))),
                },
                Field::PartyKind => match kind_word(cell) {
                    Some(kind) => new.kind = Some(kind),
                    None => problems.0.push(Problem::new("kind", "import-kind-unknown").with("word", shortened(cell))),
                },
                Field::Role => match role_word(cell) {
                    Some(role) => new.role = Some(role),
                    None => problems.0.push(Problem::new("role", "import-role-unknown").with("word", shortened(cell))),
                },
                Field::ConsentSms | Field::ConsentEmail => match yes_or_no(cell) {
                    Some(yes) => consents[usize::from(field == Field::ConsentEmail)].1 = Some(yes),
                    None => problems.0.push(Problem::new(field.name(), "import-yes-no-unknown").with("word", shortened(cell))),
                },
                _ => {}
            }
        }
        if let Some(organisation) = organisation {
            if new.name.is_none() && new.first_name.is_none() && new.last_name.is_none() {
                new.name = Some(organisation.to_owned());
                new.kind = new.kind.or(Some(PartyKind::Organisation));
            } else {
                // The place where somebody works is told in words until the organisation is a party of its own.
                new.note = Some(new.note.map_or_else(|| organisation.to_owned(), |note| format!("{note}\n{organisation}")));
            }
        }
        new.contacts = Some(contacts).filter(|list| !list.is_empty());
        new.identities = Some(identities).filter(|list| !list.is_empty());
        new.tags = Some(tags).filter(|list| !list.is_empty());
        let checks = Checks { country: &self.country, calendar: self.calendar, today: self.today, keys: &self.keys };
        let checked = new.checked(&checks);
        match checked {
            Ok(mut party) if problems.0.is_empty() => {
                for (channel, yes) in consents {
                    let Some(yes) = yes else { continue };
                    for contact in party.contacts.iter_mut().filter(|contact| contact.channel == channel) {
                        contact.consent = if yes { Consent::Given } else { Consent::Withdrawn };
                    }
                }
                Ok(party)
            }
            Ok(_) => Err(problems.0),
            Err(more) => {
                problems.0.extend(more.0);
                Err(problems.0)
            }
        }
    }

    fn purchase(&self, row: &RawRow) -> Result<PurchaseItem, Vec<Problem>> {
        let mut problems = Fields::default();
        let mut line = PurchaseItem::blank();
        let (mut quantity, mut price, mut amount, mut discount) = (None, None, None, None);
        let mut has_date = false;
        let (currency, unit) = self.currency_of(row, &mut problems);
        for (at, column, field, cell) in self.cells(row) {
            let mut short =
                |max| problems.take(clean_line(cell, max).map_err(|problem| Problem::new(field.name(), problem.key()).with("max", max)));
            match field {
                Field::Invoice => line.invoice = short(KEY_MAX).map(|text| fold_digits(&text).into_owned()),
                Field::Customer => line.customer = short(KEY_MAX).map(|text| fold_digits(&text).into_owned()),
                Field::Product => line.product = short(KEY_MAX).map(|text| fold_digits(&text).into_owned()),
                Field::ProductName => line.product_name = short(PRODUCT_NAME_MAX),
                Field::Category => line.category = short(PRODUCT_NAME_MAX),
                Field::Country => line.country = short(KEY_MAX),
                Field::Channel => line.channel = short(KEY_MAX),
                Field::Note => line.note = short(TEXT_MAX),
                // Whatever stands here, the purchase is not lost over it.
                Field::Code => line.code = Some(shortened(cell)),
                Field::Date => {
                    has_date = true;
                    match self.past_moment(column, row, at, cell) {
                        Ok(moment) => line.at = moment,
                        Err(key) => problems.add("date", key),
                    }
                }
                Field::Quantity => quantity = problems.take(parse_decimal(cell).map_err(|problem| Problem::new("quantity", problem.key()))),
                Field::UnitPrice | Field::Amount | Field::Discount => {
                    let unit =
                        column.currency.as_deref().and_then(currency_word).filter(|(of, _)| *of == currency).map_or(unit, |(_, unit)| unit);
                    let money = problems.take(decimal(cell, currency, unit).map_err(|problem| Problem::new(field.name(), problem.key())));
                    match field {
                        Field::UnitPrice => price = money,
                        Field::Amount => amount = money,
                        _ => discount = money,
                    }
                }
                _ => {}
            }
        }
        if !has_date {
            problems.add("date", "input-needed");
        }
        if amount.is_none() && price.is_none() && problems.0.is_empty() {
            problems.add("amount", "import-amount-needed");
        }
        if !problems.0.is_empty() {
            return Err(problems.0);
        }
        let stated_price = price;
        let sums = Sums { quantity, price, amount, discount, is_cancelled: line.invoice.as_deref().is_some_and(is_cancelled) };
        let Some(sums) = sums.settled() else { return Err(vec![Problem::new("amount", NumberProblem::TooLarge.key())]) };
        let minor = |value| Money::from_major(value, currency).map(|money| money.minor);
        let (Ok(amount), Ok(price), Ok(discount)) = (minor(sums.amount), minor(sums.price), minor(sums.discount)) else {
            return Err(vec![Problem::new("amount", NumberProblem::TooLarge.key())]);
        };
        line.day = line.at.day(&self.zone);
        line.quantity = sums.quantity.to_f64().unwrap_or_default();
        line.unit_price_minor = price;
        line.discount_minor = discount;
        line.amount_minor = amount;
        line.sign = sign_of(sums.amount, sums.quantity, stated_price);
        line.currency = Some(currency);
        line.source_key = source_key(
            line.day,
            &[
                line.invoice.as_deref().unwrap_or_default(),
                line.customer.as_deref().unwrap_or_default(),
                line.product.as_deref().unwrap_or_default(),
                line.product_name.as_deref().unwrap_or_default(),
                &sums.quantity.normalize().to_string(),
                &sums.price.normalize().to_string(),
                &discount.to_string(),
                &amount.to_string(),
                currency.code(),
                &line.at.0.to_string(),
            ],
        );
        Ok(line)
    }

    fn interaction(&self, row: &RawRow) -> Result<InteractionItem, Vec<Problem>> {
        let mut problems = Fields::default();
        let mut contact = InteractionItem::blank();
        let mut has_date = false;
        for (at, column, field, cell) in self.cells(row) {
            let mut short =
                |max| problems.take(clean_line(cell, max).map_err(|problem| Problem::new(field.name(), problem.key()).with("max", max)));
            match field {
                Field::Customer => contact.customer = short(KEY_MAX).map(|text| fold_digits(&text).into_owned()).unwrap_or_default(),
                Field::Channel => contact.channel = short(KEY_MAX),
                Field::Direction => contact.direction = short(KEY_MAX),
                Field::Reason => contact.reason = short(KEY_MAX),
                Field::Origin => contact.origin = short(KEY_MAX),
                Field::Outcome => contact.result = short(KEY_MAX),
                Field::Staff => {
                    contact.staff = short(KEY_MAX);
                    contact.staff_id = self.users.get(&search_key(cell)).map(|(user, _)| *user);
                }
                Field::Text => {
                    let text = clean_text(cell, TEXT_MAX).map_err(|problem| Problem::new("text", problem.key()).with("max", TEXT_MAX));
                    contact.text = problems.take(text);
                }
                Field::Duration => match duration(cell, &column.name) {
                    Some(seconds) => contact.duration_s = Some(seconds),
                    None => problems.add("duration", "import-duration-unknown"),
                },
                Field::Date => {
                    has_date = true;
                    match self.past_moment(column, row, at, cell) {
                        Ok(moment) => contact.at = moment,
                        Err(key) => problems.add("date", key),
                    }
                }
                _ => {}
            }
        }
        if !has_date {
            problems.add("date", "input-needed");
        }
        if contact.customer.is_empty() && problems.0.iter().all(|problem| problem.field != "customer") {
            problems.add("customer", "input-needed");
        }
        if !problems.0.is_empty() {
            return Err(problems.0);
        }
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        contact.source_key = source_key(
            contact.at.day(&self.zone),
            &[
                &contact.customer,
                &contact.at.0.to_string(),
                &part(&contact.channel),
                &part(&contact.direction),
                &part(&contact.reason),
                &part(&contact.origin),
                &part(&contact.result),
                &contact.duration_s.unwrap_or_default().to_string(),
                &part(&contact.text),
                &part(&contact.staff),
            ],
        );
        Ok(contact)
    }

    /// The moment in a cell, or the key of the message that says why there is none.
    fn moment(&self, column: &Column, row: &RawRow, at: usize, cell: &str) -> Result<Instant, &'static str> {
        let calendar = if row.is_date(at) { Calendar::Gregorian } else { column.calendar.unwrap_or(self.calendar) };
        let order = if row.is_date(at) { None } else { column.date_order };
        let moment = parse_instant(cell, calendar, order, &self.zone, self.today.0).map_err(|problem| problem.key())?;
        Ok(Instant(moment.as_millisecond()))
    }

    /// As [`Plan::moment`], of something that has happened: not after tomorrow, and not before shops kept books on
    /// computers at all.
    fn past_moment(&self, column: &Column, row: &RawRow, at: usize, cell: &str) -> Result<Instant, &'static str> {
        let moment = self.moment(column, row, at, cell)?;
        let day = moment.day(&self.zone);
        if day > self.today.plus(1) {
            return Err("import-date-future");
        }
        if day.0.year() < 1900 {
            return Err("import-date-too-old");
        }
        Ok(moment)
    }

    /// The currency of a row and the unit that its amounts are in: from its own column, else from the name of a column
    /// of money, else that of the file.
    fn currency_of(&self, row: &RawRow, problems: &mut Fields) -> (Currency, MoneyUnit) {
        if let Some((.., cell)) = self.cells(row).find(|(_, _, field, _)| *field == Field::Currency) {
            match currency_word(cell) {
                Some(found) => return found,
                None => problems.0.push(Problem::new("currency", "import-currency-unknown").with("word", shortened(cell))),
            }
        }
        let named =
            self.columns.iter().filter(|column| column.field.is_some_and(Field::is_money)).find_map(|column| column.currency.as_deref());
        named.and_then(currency_word).unwrap_or((self.currency, self.unit))
    }
}

fn is_identifier(field: Field) -> bool {
    matches!(
        field,
        Field::Mobile
            | Field::Phone
            | Field::NationalId
            | Field::LegalId
            | Field::PostalCode
            | Field::Code
            | Field::ExternalId
            | Field::Customer
            | Field::Invoice
            | Field::Product
    )
}

fn contact(channel: Channel, value: String) -> NewContact {
    NewContact { channel, value, label: None, is_main: None, consent: None, consent_how: None }
}

/// The numbers in a cell.
fn phones(cell: &str) -> Vec<String> {
    let digits = fold_digits(cell).bytes().filter(u8::is_ascii_digit).count();
    let list: &[char] = if digits >= TWO_PHONES { &[',', ';', '،', '؛', '|', '\n', '/', '\\', 'و'] } else { &[';', '؛', '|', '\n'] };
    cell.split(list).map(str::trim).filter(|number| !number.is_empty()).map(str::to_owned).collect()
}

fn emails(cell: &str) -> Vec<String> {
    if cell.matches('@').count() < 2 {
        return vec![cell.to_owned()];
    }
    let parts = cell.split(|c: char| c.is_whitespace() || [',', ';', '،', '؛', '|', '/'].contains(&c));
    parts.filter(|address| !address.is_empty()).map(str::to_owned).collect()
}

/// A currency as people write it, and the unit that amounts in it are in.
#[must_use]
pub fn currency_word(word: &str) -> Option<(Currency, MoneyUnit)> {
    let code = if word.trim().len() == 3 { word.trim().to_ascii_uppercase() } else { currency_in(word)?.to_owned() };
    match code.as_str() {
        "IRT" => Some((Currency::IRR, MoneyUnit::Toman)),
        code => {
            Currency::from_code(code).or_else(|| Currency::from_code(currency_in(word)?)).map(|currency| (currency, MoneyUnit::Currency))
        }
    }
}

/// An amount in major units, with all its decimals.
fn decimal(cell: &str, currency: Currency, unit: MoneyUnit) -> Result<Decimal, NumberProblem> {
    if currency != Currency::IRR
        && let Ok(value) = parse_decimal(cell)
    {
        return Ok(value);
    }
    match Money::parse(cell, currency, unit) {
        Ok(money) => Ok(money.major()),
        Err(NumberProblem::NotRead) => {
            let value = parse_decimal(cell)?;
            let factor = if currency == Currency::IRR && unit == MoneyUnit::Toman { Decimal::TEN } else { Decimal::ONE };
            value.checked_mul(factor).ok_or(NumberProblem::TooLarge)
        }
        Err(problem) => Err(problem),
    }
}

/// What a row says of quantity and money.
struct Sums {
    quantity: Option<Decimal>,
    price: Option<Decimal>,
    amount: Option<Decimal>,
    discount: Option<Decimal>,
    is_cancelled: bool,
}

struct Settled {
    quantity: Decimal,
    price: Decimal,
    amount: Decimal,
    discount: Decimal,
}

impl Sums {
    /// Fills in what is not said. A stated amount is what was paid; else it is price times quantity less the discount. A
    /// cancelled invoice and a negative quantity give back, whatever the sign of the amount.
    fn settled(self) -> Option<Settled> {
        let mut quantity = self.quantity.unwrap_or(Decimal::ONE);
        let discount = self.discount.unwrap_or_default().abs();
        if self.is_cancelled && quantity.is_sign_positive() {
            quantity = -quantity;
        }
        let amount = match (self.amount, self.price) {
            (Some(amount), _) => amount,
            (None, Some(price)) => {
                let full = price.checked_mul(quantity)?;
                // The discount of what is given back is given back less.
                if quantity.is_sign_negative() { full.checked_add(discount)? } else { full.checked_sub(discount)? }
            }
            (None, None) => return None,
        };
        let amount = if self.amount.is_some() && quantity.is_sign_negative() { -amount.abs() } else { amount };
        let price = match self.price {
            Some(price) => price,
            None if quantity.is_zero() => Decimal::ZERO,
            None => amount.checked_div(quantity)?,
        };
        if self.quantity.is_none() && amount.is_sign_negative() && !amount.is_zero() {
            return Some(Settled { quantity: -quantity.abs(), price: price.abs(), amount, discount });
        }
        Some(Settled { quantity, price, amount, discount })
    }
}

/// Shops mark the number of a cancelled invoice with a C.
fn is_cancelled(invoice: &str) -> bool {
    invoice.strip_prefix(['C', 'c']).is_some_and(|rest| rest.len() >= 4 && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A length of time in seconds: `5:30`, `1:05:30`, `330`, «۵ دقیقه». A bare number is in seconds unless the column's
/// name speaks of minutes or hours.
fn duration(cell: &str, column: &str) -> Option<i64> {
    let text = fold_digits(cell);
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let seconds = if parts.len() > 1 {
        let numbers: Option<Vec<i64>> = parts.iter().map(|part| part.parse().ok().filter(|number| (0..1000).contains(number))).collect();
        match numbers?.as_slice() {
            [minutes, seconds] => minutes * 60 + seconds,
            [hours, minutes, seconds] => hours * 3600 + minutes * 60 + seconds,
            _ => return None,
        }
    } else {
        let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.' || *c == '٫').collect();
        let number = parse_decimal(&digits).ok()?;
        let words = format!("{} {}", search_key(&text), search_key(column));
        let says = |names: &[&str]| names.iter().any(|name| words.contains(name));
        let unit = if says(&["دقیقه", "minute", "دقایق", "min"]) {
            60
        } else if says(&["ساعت", "hour", "ساعه"]) {
            3600
        } else {
            1
        };
        number.checked_mul(Decimal::from(unit))?.round().to_i64()?
    };
    (0..=LONGEST).contains(&seconds).then_some(seconds)
}

fn yes_or_no(cell: &str) -> Option<bool> {
    match &*search_key(cell) {
        "1" | "yes" | "y" | "true" | "on" | "ok" | "given" | "subscribed" | "optin" | "بله" | "بلی" | "دارد" | "اری" | "موافق" | "نعم"
        | "موافقه" => Some(true),
        "0" | "no" | "n" | "false" | "off" | "withdrawn" | "unsubscribed" | "optout" | "خیر" | "نه" | "ندارد" | "مخالف" | "لا" | "کلا" => {
            Some(false)
        }
        _ => None,
    }
}

fn kind_word(cell: &str) -> Option<PartyKind> {
    match &*search_key(cell) {
        "person" | "individual" | "p" | "حقیقی" | "شخص" | "فرد" | "شخصحقیقی" | "مشتریحقیقی" | "طبیعی" | "شخصطبیعی" => {
            Some(PartyKind::Person)
        }
        "organisation"
        | "organization"
        | "company"
        | "business"
        | "legal"
        | "o"
        | "حقوقی"
        | "شرکت"
        | "سازمان"
        | "شخصحقوقی"
        | "مشتریحقوقی"
        | "شرکه"
        | "موسسه"
        | "اعتباری"
        | "منظمه" => Some(PartyKind::Organisation),
        _ => None,
    }
}

fn role_word(cell: &str) -> Option<Role> {
    match &*search_key(cell) {
        "prospect" | "lead" | "potential" | "احتمالی" | "سرنخ" | "بالقوه" | "مشتریبالقوه" | "محتمل" | "عمیلمحتمل" => {
            Some(Role::Prospect)
        }
        "customer" | "client" | "active" | "مشتری" | "فعال" | "خریدار" | "عمیل" | "زبون" | "نشط" => {
            Some(Role::Customer)
        }
        "supplier" | "vendor" | "تامینکننده" | "فروشنده" | "مورد" => Some(Role::Supplier),
        "partner" | "همکار" | "شریک" | "نماینده" => Some(Role::Partner),
        "ended" | "former" | "inactive" | "پایانیافته" | "غیرفعال" | "سابق" | "منتهی" | "غیرنشط" => {
            Some(Role::Ended)
        }
        _ => None,
    }
}

/// The beginning of a cell, for a message.
fn shortened(cell: &str) -> String {
    const SHOWN: usize = 40;
    if cell.chars().count() <= SHOWN { cell.to_owned() } else { cell.chars().take(SHOWN).chain(['…']).collect() }
}

/// A problem from a key and the values of its message.
#[must_use]
pub fn told(field: &'static str, key: &'static str, arguments: &[(&'static str, Arg<'_>)]) -> Problem {
    arguments.iter().fold(Problem::new(field, key), |problem, (name, value)| match value {
        Arg::Number(number) => problem.with(*name, number),
        Arg::Text(text) => problem.with(*name, text),
    })
}

/// What a row says, as a number: the day in front, so that the keys of one time lie together in the index, then 48 bits
/// of a hash of all that it says.
fn source_key(day: Day, parts: &[&str]) -> i64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0x1f]);
    }
    let hash = hash.finalize();
    let days = day.since(Day(jiff::civil::Date::constant(1900, 1, 1))).clamp(0, i64::from(u16::MAX));
    let low = hash.iter().take(6).fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
    days << 48 | low
}
