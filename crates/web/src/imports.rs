//! Bringing files in: the drop zone, what the columns mean, progress, what became of the rows.

use crate::State;
use crate::error::{PageError, PageResult};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Multipart, Path};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use peyvand_core::platform::calendar::{Calendar, DateOrder};
use peyvand_core::platform::import::columns::{self, Field, Kind};
use peyvand_core::platform::import::plan::{Column, Mode};
use peyvand_core::platform::import::preview::{self, PreviewRow};
use peyvand_core::platform::import::record::{
    self, Import, ImportId, ImportRecord, ListImports, ListMaps, ListRejects, NewImport, Options, Prepared, Reject, SavedMap, StartImport,
    State as Stand,
};
use peyvand_core::platform::money::MoneyUnit;
use peyvand_core::{Act, Day, Error, Id, Problem, Room};
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio::io::AsyncWriteExt;

/// Largest file taken from a browser. Beyond that the command line reads it where it lies.
const UPLOAD_MAX: usize = 2 << 30;
/// Sample values shown beside a column.
const SAMPLES: usize = 3;
/// Characters of a sample value.
const SAMPLE_CHARS: usize = 40;
/// Rejected rows on a page.
const REJECTS: i64 = 50;

/// The pages of the room.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/imports", get(index).post(upload).layer(DefaultBodyLimit::max(UPLOAD_MAX)))
        .route("/imports/{id}", get(show))
        .route("/imports/{id}/preview", post(preview))
        .route("/imports/{id}/start", post(start))
        .route("/imports/{id}/resume", post(resume))
        .route("/imports/{id}/stop", post(stop))
        .route("/imports/{id}/undo", post(undo))
        .route("/imports/{id}/discard", post(discard))
        .route("/imports/{id}/progress", get(progress))
        .route("/imports/{id}/rejects.csv", get(rejects_csv))
        .route("/imports/{id}/noted.csv", get(noted_csv))
}

#[derive(Template)]
#[template(path = "imports/index.html", blocks = ["upload"])]
struct IndexPage {
    s: Shell,
    items: Vec<ImportRecord>,
    next: Option<String>,
    can_add: bool,
    problem: Option<String>,
}

impl IndexPage {
    async fn new(req: &Req, after: Option<String>, problem: Option<String>) -> Result<IndexPage, PageError> {
        let list = req.ctx.run(record::list, ListImports { after, ..ListImports::default() }).await?;
        Ok(IndexPage {
            s: req.shell("imports", req.t("menu-imports")),
            items: list.items,
            next: list.next,
            can_add: req.can(Room::Imports, Act::Create),
            problem,
        })
    }

    /// The words for how an import stands, and their tone.
    fn stand(&self, import: &ImportRecord) -> (String, &'static str) {
        (self.s.t(&format!("imports-state-{}", import.state)), tone(import.state))
    }
}

fn tone(state: Stand) -> &'static str {
    match state {
        Stand::Done => "peste",
        Stand::Running | Stand::Ready | Stand::Undoing => "lapis",
        Stand::Failed => "anar",
        Stand::Stopped | Stand::Draft => "saffron",
        Stand::Undone => "grey",
    }
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

async fn index(req: Req, Form(after): Form<After>) -> PageResult {
    page::page(&req, &IndexPage::new(&req, after.after, None).await?)
}

async fn upload(req: Req, form: Multipart) -> PageResult {
    match take(&req, form).await {
        Ok(id) => Ok(page::go(&req, &format!("/imports/{id}"), None)),
        Err(Error::Invalid(problems)) => {
            let told = problems.0.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" ");
            let view = IndexPage::new(&req, None, Some(told)).await?;
            if req.htmx { page::unprocessable(&view.as_upload()) } else { page::unprocessable(&view) }
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes the file to the data folder as it comes, never whole in memory, and looks at it.
async fn take(req: &Req, mut form: Multipart) -> Result<Id<Import>, Error> {
    if !req.can(Room::Imports, Act::Create) {
        req.ctx.write(peyvand_core::Perm(Room::Imports, Act::Create))?;
    }
    let broken = |detail: String| Error::from(Problem::new("file", "imports-upload-broken").with("detail", detail));
    let folder = req.ctx.app.data.join("imports");
    tokio::fs::create_dir_all(&folder).await.map_err(Error::fault)?;
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(error.body_text()))? {
        if field.name() != Some("file") {
            continue;
        }
        let file_name = field.file_name().unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        if file_name.is_empty() {
            continue;
        }
        let path = folder.join(format!("{}.upload", uuid::Uuid::now_v7()));
        let written = async {
            let mut file = tokio::fs::File::create_new(&path).await.map_err(Error::fault)?;
            while let Some(chunk) = field.chunk().await.map_err(|error| broken(error.body_text()))? {
                file.write_all(&chunk).await.map_err(|error| broken(error.to_string()))?;
            }
            file.flush().await.map_err(Error::fault)?;
            let new = NewImport { path: path.clone(), file_name, is_draft: true, ..NewImport::default() };
            let prepared = record::prepare(&req.ctx, &new).await?;
            record::create(&req.ctx, &new, &prepared).await
        }
        .await;
        if written.is_err() {
            // What is no table is not kept.
            let _ = tokio::fs::remove_file(&path).await;
        }
        return written;
    }
    Err(Error::invalid("file", "imports-file-needed"))
}

/// A column on the page that says what it means.
struct MapRow {
    at: usize,
    name: String,
    samples: Vec<String>,
    field: Option<&'static str>,
    is_date: bool,
    calendar: Calendar,
    /// Ways to read its days where its values leave it open: word, what it makes of an example, whether it is chosen.
    orders: Vec<(&'static str, String, bool)>,
}

#[derive(Template)]
#[template(path = "imports/map.html", blocks = ["form", "preview"])]
struct MapPage {
    s: Shell,
    id: Id<Import>,
    file: String,
    kind: Kind,
    mode: Mode,
    currency: String,
    notes: Vec<String>,
    rows: Vec<MapRow>,
    fields: Vec<(&'static str, String)>,
    maps: Vec<SavedMap>,
    has_money: bool,
    save_map: String,
    problem: Option<String>,
    preview: Preview,
}

/// The first rows as they will be.
#[derive(Default)]
struct Preview {
    heads: Vec<String>,
    rows: Vec<PreviewRow>,
    /// Tone, word and number of each outcome.
    badges: Vec<(&'static str, String, String)>,
}

impl MapPage {
    async fn new(
        req: &Req,
        import: &ImportRecord,
        mut prepared: Prepared,
        problem: Option<String>,
        save_map: String,
    ) -> Result<MapPage, PageError> {
        let notes = prepared.look.notes().iter().map(|note| req.loc.ta(note.key(), &note.arguments())).collect();
        let options = &prepared.options;
        let organisation = req.ctx.app.organisation().await?;
        let rows = (options.columns.iter().enumerate())
            .map(|(at, column)| {
                let is_date = column.field.is_some_and(Field::is_date);
                let calendar = column.calendar.or(options.calendar).unwrap_or(organisation.calendar);
                MapRow {
                    at,
                    name: column.name.clone(),
                    samples: samples(&prepared, at),
                    field: column.field.map(Field::name),
                    is_date,
                    calendar,
                    orders: if is_date { orders(req, &prepared, at, calendar) } else { Vec::new() },
                }
            })
            .collect();
        let of_file = options.currency.clone().or_else(|| options.columns.iter().find_map(|column| column.currency.clone()));
        let usual = || {
            if organisation.currency.code() == "IRR" && organisation.money_unit == MoneyUnit::Toman {
                "IRT".to_owned()
            } else {
                organisation.currency.code().to_owned()
            }
        };
        let kind = prepared.kind;
        let mut fields: Vec<(&'static str, String)> = kind.fields().map(|field| (field.name(), field_label(req, kind, field))).collect();
        fields.dedup();
        let maps = req.ctx.run(record::maps, ListMaps { kind: Some(kind) }).await?;
        let mut view = MapPage {
            s: req.shell("imports", import.file_name.clone()).crumb(req.t("menu-imports"), "/imports"),
            id: import.id,
            file: import.file_name.clone(),
            kind,
            mode: options.mode,
            currency: of_file.unwrap_or_else(usual),
            notes,
            has_money: kind == Kind::Purchases,
            rows,
            fields,
            maps,
            save_map,
            problem,
            preview: Preview::default(),
        };
        if view.problem.is_none() {
            match record::check_columns(kind, &prepared.options.columns) {
                Ok(()) => {
                    // As the form is going to say it: amounts are not shown in one unit and brought in in another.
                    prepared.options.currency = Some(view.currency.clone());
                    view.preview = first_rows(req, prepared).await?;
                }
                Err(problem) => view.problem = Some(req.loc.problem(&named(req, kind, problem))),
            }
        }
        Ok(view)
    }

    fn kinds(&self) -> &'static [Kind] {
        Kind::ALL
    }

    fn modes(&self) -> &'static [Mode] {
        Mode::ALL
    }

    fn currencies(&self) -> Vec<(String, String)> {
        let known = ["IRT", "IRR", "SAR", "AED", "IQD", "EGP", "USD", "EUR", "GBP", "TRY"];
        let mut codes: Vec<String> = known.iter().map(|code| (*code).to_owned()).collect();
        if !codes.contains(&self.currency) {
            codes.insert(0, self.currency.clone());
        }
        codes.into_iter().map(|code| (self.currency_name(&code), code)).map(|(name, code)| (code, name)).collect()
    }

    fn currency_name(&self, code: &str) -> String {
        match code {
            "IRT" => self.s.t("imports-toman"),
            "IRR" => self.s.t("imports-rial"),
            code => code.to_owned(),
        }
    }

    fn is_calendar(&self, row: &MapRow, word: &str) -> bool {
        calendar_word(row.calendar) == word
    }
}

fn calendar_word(calendar: Calendar) -> &'static str {
    match calendar {
        Calendar::Jalali => "jalali",
        Calendar::Hijri => "hijri",
        Calendar::Gregorian => "gregorian",
    }
}

/// The ways to read the days of a column, each with what it makes of a value on which they differ.
fn orders(req: &Req, prepared: &Prepared, at: usize, calendar: Calendar) -> Vec<(&'static str, String, bool)> {
    let readings = columns::readings(&prepared.look.sample, at, calendar, req.ctx.today().0);
    let said = prepared.options.columns.get(at).and_then(|column| column.date_order);
    let chosen = readings.iter().position(|reading| Some(reading.order) == said).unwrap_or(0);
    let describe = |(place, reading): (usize, columns::Reading)| {
        let word = order_word(reading.order);
        let way = req.t(&format!("imports-order-{word}"));
        let told = match reading.date {
            Some(date) => req.loc.ta(
                "imports-order-example",
                &[("way", way.into()), ("sample", reading.sample.into()), ("day", req.loc.day(Day(date)).into())],
            ),
            None => req.loc.ta("imports-order-none", &[("way", way.into()), ("sample", reading.sample.into())]),
        };
        (word, told, place == chosen)
    };
    readings.into_iter().enumerate().map(describe).collect()
}

fn order_word(order: DateOrder) -> &'static str {
    match order {
        DateOrder::Ymd => "ymd",
        DateOrder::Dmy => "dmy",
        DateOrder::Mdy => "mdy",
    }
}

/// Some different values of a column.
fn samples(prepared: &Prepared, at: usize) -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    for row in &prepared.look.sample {
        let cell = row.cell(at).trim();
        let short: String = cell.chars().take(SAMPLE_CHARS).collect();
        if !short.is_empty() && !samples.contains(&short) {
            samples.push(short);
        }
        if samples.len() == SAMPLES {
            break;
        }
    }
    samples
}

fn field_label(req: &Req, kind: Kind, field: Field) -> String {
    // A customer is named where a file is about something else; elsewhere the words are the same for every kind.
    let own = format!("imports-field-{}-{}", kind.as_str(), field.name().replace('_', "-"));
    if req.loc.has(&own) { req.t(&own) } else { req.t(&format!("imports-field-{}", field.name().replace('_', "-"))) }
}

/// A problem of the map with the fields in the reader's words.
fn named(req: &Req, kind: Kind, problem: Problem) -> Problem {
    let label = |name: &str| Field::named(kind, name).map_or_else(|| name.to_owned(), |field| field_label(req, kind, field));
    let mut problem = problem;
    for (name, value) in &mut problem.args {
        if *name == "fields" || *name == "field" {
            *value = value.split(", ").map(label).collect::<Vec<_>>().join("، ");
        }
    }
    problem
}

async fn first_rows(req: &Req, prepared: Prepared) -> Result<Preview, PageError> {
    let kind = prepared.kind;
    let heads = prepared.options.columns.iter().filter_map(|column| column.field).map(|field| field_label(req, kind, field)).collect();
    let rows = preview::preview(&req.ctx, prepared).await?;
    let badges = [("peste", "created"), ("lapis", "updated"), ("grey", "unchanged"), ("anar", "rejected")]
        .into_iter()
        .map(|(tone, outcome)| (tone, outcome, rows.iter().filter(|row| row.outcome == outcome).count() as i64))
        .filter(|(.., count)| *count > 0)
        .map(|(tone, outcome, count)| (tone, req.t(&format!("imports-will-{outcome}")), req.loc.number(count)))
        .collect();
    Ok(Preview { heads, rows, badges })
}

type Fields = BTreeMap<String, String>;

/// What the form of the map says.
fn said(fields: &Fields, import: &ImportRecord) -> (Kind, Options, String) {
    let kind = fields.get("kind").and_then(|word| word.parse().ok()).unwrap_or(import.kind);
    let word = |name: String| fields.get(&name).cloned();
    let columns = (import.options.columns.iter().enumerate())
        .map(|(at, column)| {
            let field = word(format!("map.{at}")).and_then(|name| Field::named(kind, &name));
            Column {
                name: column.name.clone(),
                field,
                system: column.system.clone(),
                calendar: word(format!("calendar.{at}"))
                    .and_then(|word| serde_json::from_value(word.into()).ok())
                    .or(column.calendar.filter(|_| field == column.field)),
                date_order: word(format!("order.{at}")).and_then(|word| serde_json::from_value(word.into()).ok()).or(column.date_order),
                // The choice for the whole file stands on the same page and counts.
                currency: None,
            }
        })
        .collect();
    let options = Options {
        columns,
        mode: fields.get("mode").and_then(|word| word.parse().ok()).unwrap_or(import.options.mode),
        calendar: import.options.calendar,
        currency: fields.get("currency").cloned().or_else(|| import.options.currency.clone()),
        hints: import.options.hints.clone(),
    };
    (kind, options, fields.get("save_map").cloned().unwrap_or_default())
}

#[derive(Deserialize)]
struct ShowQuery {
    kind: Option<String>,
    map: Option<String>,
    after: Option<String>,
    after_noted: Option<String>,
}

async fn show(req: Req, Path(id): Path<Id<Import>>, Form(query): Form<ShowQuery>) -> PageResult {
    let import = req.ctx.run(record::get, ImportId { id }).await?;
    if import.state != Stand::Draft || !req.can(Room::Imports, Act::Create) {
        return page::page(&req, &ShowPage::new(&req, import, query.after, query.after_noted).await?);
    }
    let kind: Option<Kind> = query.kind.and_then(|word| word.parse().ok());
    let prepared = match &query.map {
        Some(map) => record::reopen_like(&req.ctx, id, kind.unwrap_or(import.kind), map).await?,
        None => record::reopen(&req.ctx, id, kind, None).await?,
    };
    let view = MapPage::new(&req, &import, prepared, None, query.map.unwrap_or_default()).await?;
    if req.htmx { page::page(&req, &view.as_form()) } else { page::page(&req, &view) }
}

async fn preview(req: Req, Path(id): Path<Id<Import>>, Form(fields): Form<Fields>) -> PageResult {
    let import = req.ctx.run(record::get, ImportId { id }).await?;
    let (kind, options, save_map) = said(&fields, &import);
    let prepared = record::reopen(&req.ctx, id, Some(kind), Some(options)).await?;
    let view = MapPage::new(&req, &import, prepared, None, save_map).await?;
    if req.htmx { page::page(&req, &view.as_form()) } else { page::page(&req, &view) }
}

async fn start(req: Req, Path(id): Path<Id<Import>>, Form(fields): Form<Fields>) -> PageResult {
    let import = req.ctx.run(record::get, ImportId { id }).await?;
    let (kind, options, save_map) = said(&fields, &import);
    let input = StartImport {
        id,
        kind: Some(kind),
        options: Some(options.clone()),
        save_map: Some(save_map.clone()).filter(|name| !name.is_empty()),
    };
    match req.ctx.run(record::start, input).await {
        Ok(_) => Ok(page::go(&req, &format!("/imports/{id}"), None)),
        Err(Error::Invalid(problems)) => {
            let told = problems.0.into_iter().map(|problem| req.loc.problem(&named(&req, kind, problem))).collect::<Vec<_>>().join(" ");
            let prepared = record::reopen(&req.ctx, id, Some(kind), Some(options)).await?;
            let view = MapPage::new(&req, &import, prepared, Some(told), save_map).await?;
            if req.htmx { page::unprocessable(&view.as_form()) } else { page::unprocessable(&view) }
        }
        Err(error) => Err(error.into()),
    }
}

async fn resume(req: Req, Path(id): Path<Id<Import>>) -> PageResult {
    req.ctx.run(record::start, StartImport { id, kind: None, options: None, save_map: None }).await?;
    Ok(page::go(&req, &format!("/imports/{id}"), None))
}

async fn stop(req: Req, Path(id): Path<Id<Import>>) -> PageResult {
    req.ctx.run(record::stop, ImportId { id }).await?;
    Ok(page::go(&req, &format!("/imports/{id}"), None))
}

async fn undo(req: Req, Path(id): Path<Id<Import>>) -> PageResult {
    req.ctx.run(record::undo, ImportId { id }).await?;
    Ok(page::go(&req, &format!("/imports/{id}"), Some(Flash { text: req.t("imports-undo-begun"), undo: None })))
}

async fn discard(req: Req, Path(id): Path<Id<Import>>) -> PageResult {
    req.ctx.run(record::discard, ImportId { id }).await?;
    Ok(page::go(&req, "/imports", Some(Flash { text: req.t("imports-discarded"), undo: None })))
}

#[derive(Template)]
#[template(path = "imports/show.html", blocks = ["job"])]
struct ShowPage {
    s: Shell,
    import: ImportRecord,
    rejects: Vec<Reject>,
    next: Option<String>,
    /// Rows that came in though something is wrong with them.
    noted: Vec<Reject>,
    next_noted: Option<String>,
    can_change: bool,
    can_undo: bool,
}

/// Rows of the file with what is wrong with them.
struct Table<'a> {
    word: &'static str,
    count: i64,
    rows: &'a [Reject],
    more: Option<String>,
}

impl ShowPage {
    async fn new(req: &Req, import: ImportRecord, after: Option<String>, after_noted: Option<String>) -> Result<ShowPage, PageError> {
        let id = import.id;
        let listed = async |is_taken, after| {
            req.ctx.run(record::rejects, ListRejects { id, is_taken: Some(is_taken), after, limit: Some(REJECTS) }).await
        };
        let (page, noted) = (listed(false, after).await?, listed(true, after_noted).await?);
        Ok(ShowPage {
            s: req.shell("imports", import.file_name.clone()).crumb(req.t("menu-imports"), "/imports"),
            rejects: page.items,
            next: page.next,
            noted: noted.items,
            next_noted: noted.next,
            can_change: req.can(Room::Imports, Act::Change),
            can_undo: req.can(Room::Imports, Act::Delete),
            import,
        })
    }

    fn is_busy(&self) -> bool {
        matches!(self.import.state, Stand::Ready | Stand::Running | Stand::Undoing)
    }

    fn is(&self, word: &str) -> bool {
        self.import.state.as_str() == word
    }

    fn is_undoable(&self) -> bool {
        self.can_undo && matches!(self.import.state, Stand::Done | Stand::Stopped | Stand::Failed)
    }

    fn tone(&self) -> &'static str {
        tone(self.import.state)
    }

    /// How long the rest takes, in words.
    fn left(&self) -> String {
        let seconds = self.import.details.seconds_left;
        if seconds >= 90 {
            self.s.t1("imports-minutes-left", "minutes", (seconds + 30) / 60)
        } else {
            self.s.t1("imports-seconds-left", "seconds", seconds)
        }
    }

    /// The rows that could not be taken, and those that came in though something is wrong with them.
    fn tables(&self) -> Vec<Table<'_>> {
        let more = |name: &str, next: &Option<String>| next.as_ref().map(|next| format!("/imports/{}?{name}={next}", self.import.id));
        let tables = [
            Table { word: "rejects", count: self.import.rejected, rows: &self.rejects, more: more("after", &self.next) },
            Table {
                word: "noted",
                count: self.import.details.codes_refused,
                rows: &self.noted,
                more: more("after_noted", &self.next_noted),
            },
        ];
        tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
    }

    fn has_more_to_tell(&self) -> bool {
        let details = &self.import.details;
        [details.customers_created, details.lines_without_customer, details.refunds, details.codes_redeemed, details.codes_refused]
            .into_iter()
            .any(|count| count > 0)
            || self.is("undone")
    }

    fn cells(&self, reject: &Reject) -> Vec<(String, String)> {
        let names = self.import.options.columns.iter().map(|column| column.name.clone());
        names.zip(reject.cells.iter().cloned()).filter(|(_, cell)| !cell.trim().is_empty()).collect()
    }
}

async fn progress(req: Req, Path(id): Path<Id<Import>>) -> PageResult {
    let import = req.ctx.run(record::get, ImportId { id }).await?;
    let view = ShowPage::new(&req, import, None, None).await?;
    if !req.htmx {
        return Ok(page::go(&req, &format!("/imports/{id}"), None));
    }
    if !view.is_busy() {
        // The whole page has more to say now than a bar.
        return Ok(page::go(&req, &format!("/imports/{id}"), None));
    }
    page::page(&req, &view.as_job())
}

async fn rejects_csv(req: Req, Path(id): Path<Id<Import>>) -> PageResult {
    csv(&req, id, false).await
}

async fn noted_csv(req: Req, Path(id): Path<Id<Import>>) -> PageResult {
    csv(&req, id, true).await
}

async fn csv(req: &Req, id: Id<Import>, is_taken: bool) -> PageResult {
    let (name, lines) = record::rejects_csv(&req.ctx, id, is_taken).await?;
    let lines = lines.map(|line| line.map_err(|error| std::io::Error::other(error.to_string())));
    let disposition = format!("attachment; filename=\"rows.csv\"; filename*=UTF-8''{}", page::percent(&name).replace('/', "%2F"));
    let mut response: Response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(value) = header::HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
