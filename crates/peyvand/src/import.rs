//! `peyvand import`: brings a file in from the command line, in this process, with a progress bar. Killed, it goes on
//! where it was when it is called again with the same file and map.

use crate::say::Words;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use peyvand_core::platform::calendar::Calendar;
use peyvand_core::platform::import::columns::Kind;
use peyvand_core::platform::import::engine::{self, Ended, Progress};
use peyvand_core::platform::import::plan::Mode;
use peyvand_core::platform::import::reader::{Delimiter, Hints};
use peyvand_core::platform::import::record::{self, Import, ImportId, NewImport, Prepared};
use peyvand_core::{App, Ctx, Door, Error, Id, Problem, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use tokio::sync::watch;

/// Steps of the bar: a file of any size moves it smoothly.
const STEPS: u64 = 10_000;

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the rows are: parties, purchases or interactions
    #[arg(value_name = "KIND", required_unless_present = "resume")]
    pub kind: Option<String>,
    /// CSV or XLSX; CSV may be gzipped
    #[arg(required_unless_present = "resume")]
    pub file: Option<PathBuf>,
    /// What the columns are: 'Column=field,Other column=field'. Guessed when absent
    #[arg(long, value_name = "MAP", conflicts_with = "use_map")]
    pub map: Option<String>,
    /// Keep the map under this name
    #[arg(long, value_name = "NAME")]
    pub save_map: Option<String>,
    /// Use a map that was kept
    #[arg(long, value_name = "NAME")]
    pub use_map: Option<String>,
    /// When the customer is there or not: create, update or upsert (both) [default: upsert]
    #[arg(long)]
    pub mode: Option<String>,
    /// Calendar of the dates: jalali, hijri or gregorian [default: as the dates say]
    #[arg(long)]
    pub calendar: Option<String>,
    /// Currency of the amounts, such as IRR, USD, or IRT for Toman [default: the organisation's]
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// The system that gave the external IDs
    #[arg(long, value_name = "NAME")]
    pub system: Option<String>,
    /// Sheet of a workbook [default: the first that holds anything]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Encoding of a CSV file, such as windows-1256 [default: recognised]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// What separates the cells of a CSV file: comma, semicolon, tab, pipe or spaces [default: recognised]
    #[arg(long, value_name = "NAME")]
    pub delimiter: Option<String>,
    /// The first row holds data, not names of columns
    #[arg(long)]
    pub no_header: bool,
    /// Only check and show; store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on with an import that was interrupted
    #[arg(long, value_name = "IMPORT")]
    pub resume: Option<String>,
}

/// Runs the command. Gives the last line of standard output.
///
/// # Errors
/// For arguments that are none, a file that cannot be read, or when the database refuses.
pub async fn run(app: &App, words: &Words, arguments: &Arguments) -> Result<serde_json::Value> {
    let ctx = app.system(Door::Cli);
    if let Some(id) = &arguments.resume {
        let id = id.parse().map_err(|_| Error::NotFound("import"))?;
        return bring_in(app, words, &ctx, id).await;
    }
    let new = new_import(arguments)?;
    let prepared = record::prepare(&ctx, &new).await?;
    for note in prepared.look.notes() {
        eprintln!("{}", words.ta(note.key(), &note.arguments()));
    }
    explain(&prepared);
    if arguments.dry_run {
        let counts = engine::rehearse(&ctx, prepared).await?;
        for (row, problems) in &counts.rejects {
            for problem in problems {
                eprintln!("{}", words.ta("cli-import-row", &[("row", row.to_string().into()), ("problem", words.problem(problem).into())]));
            }
        }
        return Ok(json!({
            "rows": counts.rows, "created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged,
            "rejected": counts.rejected, "noted": counts.noted, "dry_run": true,
        }));
    }
    let id = match record::unfinished(&ctx, &prepared).await? {
        Some(id) => {
            eprintln!("{}", words.ta("cli-import-goes-on", &[("id", id.to_string().into())]));
            id
        }
        None => record::create(&ctx, &new, &prepared).await?,
    };
    bring_in(app, words, &ctx, id).await
}

async fn bring_in(app: &App, words: &Words, ctx: &Ctx, id: Id<Import>) -> Result<serde_json::Value> {
    let (stop, stopped) = watch::channel(false);
    let signals = tokio::spawn(async move {
        if crate::serve::told_to_stop().await.is_ok() {
            // The run may be over by then.
            let _ = stop.send(true);
        }
        stop.closed().await;
    });
    let bar = bar();
    let ended = engine::run(app, Door::Cli, id, &stopped, None, |progress| show(&bar, words, progress)).await;
    bar.finish_and_clear();
    signals.abort();
    let ended = ended?;
    let import = record::get(ctx, ImportId { id }).await?;
    if let Some(problem) = &import.problem {
        eprintln!("{problem}");
    }
    if ended == Ended::Stopped {
        eprintln!("{}", words.ta("cli-import-stopped", &[("id", id.to_string().into())]));
    }
    if import.rejected > 0 {
        eprintln!("{}", words.ta("cli-import-rejected", &[("count", import.rejected.into()), ("id", id.to_string().into())]));
    }
    if import.details.codes_refused > 0 {
        let values = [("count", import.details.codes_refused.into()), ("id", id.to_string().into())];
        eprintln!("{}", words.ta("cli-import-codes-refused", &values));
    }
    let mut line = json!({
        "rows": import.rows, "created": import.created, "updated": import.updated, "unchanged": import.unchanged,
        "rejected": import.rejected, "import": id,
    });
    if import.details.customers_created > 0 {
        line["customers_created"] = import.details.customers_created.into();
    }
    if import.details.lines_without_customer > 0 {
        line["lines_without_customer"] = import.details.lines_without_customer.into();
    }
    if import.details.codes_redeemed > 0 || import.details.codes_refused > 0 {
        line["codes_redeemed"] = import.details.codes_redeemed.into();
        line["codes_refused"] = import.details.codes_refused.into();
    }
    if ended != Ended::Done {
        line["state"] = json!(import.state);
    }
    Ok(line)
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(STEPS);
    // A template of ours is always one; without a terminal nothing is drawn.
    if let Ok(style) = ProgressStyle::with_template("[{bar:32}] {percent:>3}%  {msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn show(bar: &ProgressBar, words: &Words, progress: &Progress) {
    bar.set_position((progress.done * STEPS as f64) as u64);
    let left = progress.details.seconds_left;
    bar.set_message(words.ta(
        "cli-import-progress",
        &[
            ("rows", progress.rows.into()),
            ("rate", progress.details.rows_per_second.into()),
            ("left", format!("{}:{:02}", left / 60, left % 60).into()),
        ],
    ));
}

/// Tells how the columns are understood, so that a wrong guess is seen before it is stored.
fn explain(prepared: &Prepared) {
    for column in &prepared.options.columns {
        let field = column.field.map_or_else(|| "-".to_owned(), |field| field.name().to_owned());
        let mut more = String::new();
        if let Some(calendar) = column.calendar {
            more =
                format!(" ({})", serde_json::to_value(calendar).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default());
        }
        if let Some(currency) = &column.currency {
            more = format!(" ({currency})");
        }
        eprintln!("  {} = {field}{more}", column.name);
    }
}

fn new_import(arguments: &Arguments) -> Result<NewImport> {
    let word = |field: &'static str, text: &str| Error::from(Problem::new(field, "cli-import-word").with("word", text));
    let path = arguments.file.clone().unwrap_or_default();
    let path = std::path::absolute(&path).unwrap_or(path);
    let kind = arguments.kind.as_deref().map(|text| text.parse::<Kind>().map_err(|()| word("kind", text))).transpose()?;
    let mode = arguments.mode.as_deref().map(|text| text.parse::<Mode>().map_err(|()| word("mode", text))).transpose()?;
    let calendar = arguments.calendar.as_deref().map(|text| from_word::<Calendar>("calendar", text)).transpose()?;
    let delimiter = arguments.delimiter.as_deref().map(|text| from_word::<Delimiter>("delimiter", text)).transpose()?;
    let name = |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(NewImport {
        file_name: name(&path),
        path,
        kind,
        map: arguments.map.clone(),
        use_map: arguments.use_map.clone(),
        save_map: arguments.save_map.clone(),
        mode,
        calendar,
        currency: arguments.currency.clone(),
        system: arguments.system.clone(),
        hints: Hints {
            sheet: arguments.sheet.clone(),
            has_header: arguments.no_header.then_some(false),
            delimiter,
            encoding: arguments.encoding.clone(),
        },
        is_draft: false,
    })
}

/// A value whose JSON form is a word.
fn from_word<T: serde::de::DeserializeOwned>(field: &'static str, text: &str) -> Result<T> {
    serde_json::from_value(json!(text)).map_err(|_| Problem::new(field, "cli-import-word").with("word", text).into())
}
