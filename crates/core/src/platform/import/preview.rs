//! The first rows of a file as they will be, with what is wrong in its cell.

use super::columns::{Field, identifier};
use super::engine::{Fate, try_out};
use super::plan::{Item, PurchaseItem};
use super::reader::plain;
use super::record::Prepared;
use crate::parties::check::{Channel, CheckedParty};
use crate::platform::locale::Loc;
use crate::platform::money::Money;
use crate::platform::text::fold_digits;
use crate::{Ctx, Problem, Result};

/// Rows shown.
pub const ROWS: usize = 50;
/// Characters of a cell that are shown.
const CELL_CHARS: usize = 200;

/// A row as it will be.
#[derive(Clone, Debug)]
pub struct PreviewRow {
    /// Its number in the file.
    pub number: u64,
    /// `created`, `updated`, `unchanged` or `rejected`.
    pub outcome: &'static str,
    /// The cells of the mapped columns.
    pub cells: Vec<PreviewCell>,
    /// What is wrong with the row as a whole.
    pub problems: Vec<String>,
}

/// A cell as it will be.
#[derive(Clone, Debug)]
pub struct PreviewCell {
    /// As it will be stored, in the reader's signs.
    pub shown: String,
    /// As it stands in the file, where that reads otherwise.
    pub was: Option<String>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// The first rows of a file as they will be. Nothing is stored.
///
/// # Errors
/// As [`super::engine::rehearse`].
pub async fn preview(ctx: &Ctx, prepared: Prepared) -> Result<Vec<PreviewRow>> {
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    let columns = prepared.options.columns.clone();
    let mut rows = Vec::with_capacity(ROWS);
    try_out(ctx, prepared, Some(ROWS), |parsed, fate, notes| {
        let (outcome, mut problems) = match fate {
            Fate::Created => ("created", Vec::new()),
            Fate::Updated => ("updated", Vec::new()),
            Fate::Unchanged => ("unchanged", Vec::new()),
            Fate::Rejected(problems) => ("rejected", problems),
        };
        problems.extend_from_slice(notes);
        let mapped = |problem: &Problem| columns.iter().any(|column| column.field.is_some_and(|field| field.name() == problem.field));
        let cells = (columns.iter().enumerate())
            .filter_map(|(at, column)| {
                let field = column.field?;
                let cell = plain(parsed.row.cell(at));
                let shown = parsed.item.as_ref().ok().and_then(|item| value(item, field, cell, &loc)).unwrap_or_else(|| cell.to_owned());
                let problem = problems.iter().find(|problem| problem.field == field.name()).map(|problem| loc.problem(problem));
                let same = match field {
                    Field::Mobile | Field::Phone => digits(&shown) == digits(cell),
                    _ => shown == cell || shown == identifier(cell),
                };
                let was = (!same && !cell.is_empty()).then(|| cell.to_owned());
                Some(PreviewCell { shown: beginning(shown), was: was.map(beginning), problem })
            })
            .collect();
        let problems = problems.iter().filter(|problem| !mapped(problem)).map(|problem| loc.problem(problem)).collect();
        rows.push(PreviewRow { number: parsed.row.number, outcome, cells, problems });
    })
    .await?;
    Ok(rows)
}

/// The digits of a phone number, however they are grouped.
fn digits(phone: &str) -> String {
    fold_digits(phone).chars().filter(char::is_ascii_digit).collect()
}

/// What a page has room for: a cell may hold a whole book.
fn beginning(text: String) -> String {
    match text.char_indices().nth(CELL_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn value(item: &Item, field: Field, cell: &str, loc: &Loc) -> Option<String> {
    if cell.is_empty() {
        return None;
    }
    match item {
        Item::Party(party) => party_value(party, field, loc),
        Item::Purchase(line) => line_value(line, field, loc),
        Item::Interaction(contact) => (field == Field::Date).then(|| loc.day_short(contact.at.day(&loc.prefs.time_zone))),
    }
}

fn party_value(party: &CheckedParty, field: Field, loc: &Loc) -> Option<String> {
    let word = |list: &str, text: &str| loc.term(list, text);
    Some(match field {
        Field::BirthDate => loc.day_short(party.birth_on.flatten()?),
        Field::Mobile | Field::Phone => loc.phone(party.main(&[if field == Field::Mobile { Channel::Mobile } else { Channel::Phone }])?),
        Field::Email => party.main(&[Channel::Email])?.to_owned(),
        Field::Honorific => word("honorific", party.text("honorific")?),
        Field::Education => word("education", party.text("education")?),
        Field::Source => word("source", party.text("source")?),
        Field::Gender => word("gender", party.text("gender")?),
        Field::Name | Field::FirstName | Field::LastName | Field::FatherName | Field::Job | Field::Province | Field::City => {
            party.text(field.name())?.to_owned()
        }
        _ => return None,
    })
}

fn line_value(line: &PurchaseItem, field: Field, loc: &Loc) -> Option<String> {
    let money = |minor| line.currency.map(|currency| Money { minor, currency }.format(loc.prefs.money_unit, loc.prefs.digits));
    Some(match field {
        Field::Date => loc.day_short(line.day),
        Field::Amount => money(line.amount_minor)?,
        Field::UnitPrice => money(line.unit_price_minor)?,
        Field::Discount => money(line.discount_minor)?,
        _ => return None,
    })
}
