//! The list as a file: CSV or XLSX of the columns and filters that are shown.

use super::list::{ListParties, PartySummary, each_page, tags_of};
use super::party::Party;
use crate::platform::events::{self, Event};
use crate::platform::locale::Loc;
use crate::platform::money::{Currency, Money};
use crate::platform::text::{Digits, csv_safe};
use crate::{Act, Ctx, Error, Id, Perm, Result, Room};
use peyvand_db::{Db, sql};
use serde_json::json;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use tokio::sync::mpsc;

/// Rows of a spreadsheet, without its header (XLSX allows 1,048,576 in all).
const XLSX_ROWS: i64 = 1_048_575;
/// Rows on their way between reading and writing; a bound on memory.
const QUEUE: usize = 512;
/// A spreadsheet shows columns of this width, in characters, well.
const XLSX_WIDTH: f64 = 18.0;

peyvand_db::words! {
    /// A column of the list.
    pub enum Column {
        /// Name.
        Name = "name",
        /// Own customer code.
        Code = "code",
        /// Person or organisation.
        Kind = "kind",
        /// What they are to us.
        Role = "role",
        /// Phone.
        Phone = "phone",
        /// E-mail.
        Email = "email",
        /// Province.
        Province = "province",
        /// City.
        City = "city",
        /// Job.
        Job = "job",
        /// Education.
        Education = "education",
        /// Income.
        Income = "income",
        /// Age in years.
        Age = "age",
        /// Where they came from.
        Source = "source",
        /// How they stand towards us.
        Stance = "stance",
        /// Tags.
        Tags = "tags",
        /// Last contact.
        LastContact = "last_contact",
        /// Last purchase.
        LastPurchase = "last_purchase",
        /// How many purchases.
        Purchases = "purchases",
        /// What they spent.
        Spent = "spent",
        /// What is to be done next.
        NextFollowUp = "next_follow_up",
        /// Bands of recency, frequency and value: `5 4 5`.
        Rfm = "rfm",
        /// Probability of still being active, between 0 and 1.
        Active = "active",
        /// Expected value of the next twelve months.
        Worth = "worth",
        /// How they buy.
        Rhythm = "rhythm",
        /// Tier of profit.
        Tier = "tier",
        /// Profit of the year.
        Profit = "profit",
        /// When they were added.
        Created = "created",
        /// Who looks after them.
        Owner = "owner",
        /// The unit.
        Unit = "unit",
    }
}

impl Column {
    /// The message with the column's name.
    #[must_use]
    pub fn key(self) -> String {
        format!("parties-column-{}", self.as_str().replace('_', "-"))
    }
}

peyvand_db::words! {
    /// Form of the file.
    pub enum Format {
        /// Comma-separated text, UTF-8 with a byte order mark, which spreadsheets need to see Persian.
        Csv = "csv",
        /// Spreadsheet.
        Xlsx = "xlsx",
    }
}

/// What to export.
#[derive(Clone, Debug)]
pub struct ExportParties {
    /// Filters and sort; the page in it does not count.
    pub list: ListParties,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// Form of the file.
    pub format: Format,
}

/// A finished file; it has no name on disk and is gone when it is closed.
#[derive(Debug)]
pub struct Exported {
    /// The file, at its start.
    pub file: File,
    /// Its length in bytes.
    pub bytes: u64,
    /// How many parties are in it.
    pub rows: i64,
    /// A name to save it under.
    pub name: String,
    /// Its media type.
    pub media: &'static str,
}

/// A value of a cell.
enum Cell {
    Text(String),
    Number(f64),
}

/// The customer codes of parties, in one statement.
///
/// # Errors
/// When the database refuses.
pub async fn codes_of(db: &Db, ids: &[Id<Party>]) -> Result<HashMap<Id<Party>, String>> {
    let mut query = sql("SELECT party_id, masked FROM identity_keys WHERE kind = 'code' AND former_by IS NULL AND party_id IN ");
    query.list_padded(ids);
    Ok(db.all::<(Id<Party>, String)>(query).await?.into_iter().collect())
}

/// Writes the parties that fit into a file and notes who took them out.
///
/// # Errors
/// Without the right, for a filter that is none, for more rows than a spreadsheet holds.
pub async fn export(ctx: &Ctx, input: ExportParties) -> Result<Exported> {
    let writer = ctx.write(Perm(Room::Parties, Act::Export))?;
    let currency = ctx.app.organisation().await?.currency;
    // Files are read by programs: digits that all of them know.
    let loc = Loc::new(crate::platform::locale::Prefs { digits: Digits::Latin, ..ctx.prefs.clone() }, ctx.now());
    let titles: Vec<String> = input
        .columns
        .iter()
        .map(|column| {
            let title = loc.t(&column.key());
            if matches!(column, Column::Spent | Column::Worth | Column::Profit) {
                format!("{title} ({})", loc.money_unit(currency))
            } else {
                title
            }
        })
        .collect();
    let (sender, receiver) = mpsc::channel::<Vec<Cell>>(QUEUE);
    let format = input.format;
    let writing = tokio::task::spawn_blocking(move || match format {
        Format::Csv => write_csv(&titles, receiver),
        Format::Xlsx => write_xlsx(&titles, receiver),
    });
    let mut rows: i64 = 0;
    let mut list = input.list.clone();
    (list.after, list.before) = (None, None);
    let mut pages = each_page(ctx, &writer.sight, list).await?;
    'pages: while let Some(page) = pages.next(writer.db).await? {
        let ids: Vec<Id<Party>> = page.iter().map(|item| item.id).collect();
        let tags = if input.columns.contains(&Column::Tags) { tags_of(writer.db, &ids).await? } else { HashMap::new() };
        let codes = if input.columns.contains(&Column::Code) { codes_of(writer.db, &ids).await? } else { HashMap::new() };
        for item in &page {
            rows += 1;
            if format == Format::Xlsx && rows > XLSX_ROWS {
                return Err(Error::invalid("format", "parties-export-xlsx-rows"));
            }
            let none = Vec::new();
            let (tags, code) = (tags.get(&item.id).unwrap_or(&none), codes.get(&item.id));
            let cells = input.columns.iter().map(|column| cell(*column, item, tags, code, &loc, currency)).collect();
            if sender.send(cells).await.is_err() {
                // The writer ended early; its outcome says why.
                break 'pages;
            }
        }
    }
    drop(sender);
    let mut file = writing.await.map_err(Error::fault)??;
    file.rewind().map_err(Error::fault)?;
    let bytes = file.metadata().map_err(Error::fault)?.len();
    let mut tx = writer.begin().await?;
    let data = json!({"rows": rows, "format": format, "filters": input.list.filters(), "columns": input.columns});
    events::record(&mut tx, ctx, Event { kind: "parties.exported", party: None, subject: None, data }).await?;
    tx.commit().await?;
    Ok(Exported {
        file,
        bytes,
        rows,
        name: format!("customers-{}.{format}", ctx.today()),
        media: match format {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        },
    })
}

fn cell(column: Column, item: &PartySummary, tags: &[String], code: Option<&String>, loc: &Loc, currency: Currency) -> Cell {
    let day = |at: Option<crate::Instant>| at.map(|at| loc.day_short(at.day(&loc.prefs.time_zone)));
    let text = match column {
        Column::Name => Some(item.name.clone()),
        Column::Code => code.cloned(),
        Column::Kind => Some(loc.t(&format!("parties-kind-{}", item.kind))),
        Column::Role => Some(loc.term("role", item.role.as_str())),
        Column::Phone => item.phone.clone(),
        Column::Email => item.email.clone(),
        Column::Province => item.province.clone(),
        Column::City => item.city.clone(),
        Column::Job => item.job.clone(),
        Column::Education => item.education.as_deref().map(|word| loc.term("education", word)),
        Column::Income => item.income_band.as_deref().map(|word| loc.term("income_band", word)),
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet has doubles only")]
        Column::Age => match item.birth_on {
            Some(born) => return Cell::Number(loc.today().years_since(born) as f64),
            None => None,
        },
        Column::Rhythm => item.habit.map(|habit| loc.t(&format!("insight-habit-{habit}"))),
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet has doubles only")]
        Column::Tier => match item.tier {
            Some(tier) => return Cell::Number(tier as f64),
            None => None,
        },
        Column::Profit => match item.profit_minor {
            Some(minor) => return amount(minor, loc, currency),
            None => None,
        },
        Column::Source => item.source.as_deref().map(|word| loc.term("source", word)),
        Column::Stance => item.stance.map(|stance| loc.term("stance", stance.as_str())),
        Column::Tags => Some(tags.join("، ")),
        Column::LastContact => day(item.last_contact_at),
        Column::LastPurchase => item.last_purchase_on.map(|day| loc.day_short(day)),
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet has doubles only")]
        Column::Purchases => return Cell::Number(item.purchases as f64),
        Column::Spent => return amount(item.spent_minor, loc, currency),
        Column::Rfm => {
            item.recency.zip(item.frequency).zip(item.value).map(|((recency, frequency), value)| format!("{recency} {frequency} {value}"))
        }
        Column::Active => match item.p_active {
            Some(probability) => return Cell::Number((probability * 1e4).round() / 1e4),
            None => None,
        },
        #[expect(clippy::cast_possible_truncation, reason = "minor units of what a customer is worth")]
        Column::Worth => match item.value_12m_minor {
            Some(value) => return amount(value.round() as i64, loc, currency),
            None => None,
        },
        Column::NextFollowUp => {
            item.next_follow_up_at.map(|at| format!("{} {}", loc.day_short(at.day(&loc.prefs.time_zone)), loc.time(at)))
        }
        Column::Created => day(Some(item.created_at)),
        Column::Owner => item.owner.clone(),
        Column::Unit => item.unit.clone(),
    };
    Cell::Text(text.unwrap_or_default())
}

/// An amount as a number, in the unit that the reader chose.
fn amount(minor: i64, loc: &Loc, currency: Currency) -> Cell {
    let plain = Money { minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
    plain.replace('−', "-").parse().map_or(Cell::Text(plain), Cell::Number)
}

fn write_csv(titles: &[String], mut rows: mpsc::Receiver<Vec<Cell>>) -> Result<File> {
    let mut file = BufWriter::new(tempfile::tempfile().map_err(Error::fault)?);
    file.write_all("\u{feff}".as_bytes()).map_err(Error::fault)?;
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    csv.write_record(titles.iter().map(|title| csv_safe(title).into_owned())).map_err(Error::fault)?;
    while let Some(row) = rows.blocking_recv() {
        let cells = row.into_iter().map(|cell| match cell {
            Cell::Text(text) => csv_safe(&text).into_owned(),
            Cell::Number(number) => number.to_string(),
        });
        csv.write_record(cells).map_err(Error::fault)?;
    }
    let file = csv.into_inner().map_err(|error| Error::fault(error.to_string()))?;
    file.into_inner().map_err(|error| Error::fault(error.to_string()))
}

fn write_xlsx(titles: &[String], mut rows: mpsc::Receiver<Vec<Cell>>) -> Result<File> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().map_err(Error::fault)?;
    let bold = rust_xlsxwriter::Format::new().set_bold();
    for (column, title) in (0_u16..).zip(titles) {
        sheet.set_column_width(column, XLSX_WIDTH).map_err(Error::fault)?;
        sheet.write_string_with_format(0, column, title, &bold).map_err(Error::fault)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(Error::fault)?;
    let mut line = 1_u32;
    while let Some(row) = rows.blocking_recv() {
        for (column, cell) in (0_u16..).zip(row) {
            // Written as strings, cells are never read as formulas.
            match cell {
                Cell::Text(text) if text.is_empty() => {}
                Cell::Text(text) => {
                    sheet.write_string(line, column, text).map_err(Error::fault)?;
                }
                Cell::Number(number) => {
                    sheet.write_number(line, column, number).map_err(Error::fault)?;
                }
            }
        }
        line += 1;
    }
    let mut file = tempfile::tempfile().map_err(Error::fault)?;
    book.save_to_writer(&mut file).map_err(Error::fault)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::parties::party::create;
    use crate::testing;
    use std::io::Read;

    fn all(format: Format) -> ExportParties {
        ExportParties { list: ListParties::default(), columns: Column::ALL.to_vec(), format }
    }

    async fn shop() -> Ctx {
        let ctx = testing::ctx().await;
        for name in ["=1+1", "سارا, \"محمدی\"", "علی"] {
            let new = NewParty {
                name: Some(name.into()),
                mobile: Some("09125550142".into()),
                tags: Some(vec!["الف".into()]),
                ..NewParty::default()
            };
            ctx.run(create, new).await.unwrap();
        }
        ctx
    }

    #[tokio::test]
    async fn a_csv_file_holds_what_is_shown_and_no_live_formula() {
        let ctx = shop().await;
        let mut exported = ctx.run(export, all(Format::Csv)).await.unwrap();
        let mut text = String::new();
        exported.file.read_to_string(&mut text).unwrap();
        assert!(text.starts_with('\u{feff}'));
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((rows.len(), exported.rows), (3, 3));
        let names: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
        assert!(names.contains(&"'=1+1") && names.contains(&"سارا, \"محمدی\""), "{names:?}");
        assert!(rows.iter().all(|row| &row[4] == "+989125550142"));
        let (noted,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM events WHERE kind = 'parties.exported'")).await.unwrap();
        assert_eq!(noted, 1);
    }

    #[tokio::test]
    async fn a_spreadsheet_opens_with_all_rows() {
        let ctx = shop().await;
        let mut exported = ctx.run(export, all(Format::Xlsx)).await.unwrap();
        let mut bytes = Vec::new();
        exported.file.read_to_end(&mut bytes).unwrap();
        assert_eq!((&bytes[..2], exported.rows), (b"PK".as_slice(), 3));
        assert_eq!(exported.bytes, bytes.len() as u64);
    }

    #[tokio::test]
    async fn exporting_asks_for_its_own_right() {
        let ctx = shop().await;
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(matches!(agent.run(export, all(Format::Csv)).await, Err(Error::Forbidden(Perm(Room::Parties, Act::Export)))));
    }
}
