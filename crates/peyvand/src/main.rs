//! The `peyvand` command: the server, and everything that is done beside it.

mod cli;
mod config;
mod demo;
mod doctor;
mod import;
mod keys;
mod op;
mod people;
mod say;
mod serve;
mod start;

use clap::Parser;
use cli::{Cli, Command};
use config::{Given, Settings};
use indicatif::ProgressBar;
use peyvand_core::external::{Clock, SystemClock};
use peyvand_core::platform::tokens::{self, NewToken};
use peyvand_core::platform::{backup, set_up};
use peyvand_core::{Error, Result};
use say::Words;
use std::io::Write;
use std::process::ExitCode;

/// Gives back what a job over all customers had taken: the system's own kept a gigabyte.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let words = Words::new(cli.global.lang.as_deref(), |name| std::env::var(name).ok());
    let as_json = matches!(cli.command, Command::Op(_));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&words, as_json, &Error::fault(error)),
    };
    let outcome = runtime.block_on(run(cli, &words));
    // A stream that outlived its time must not hold the process.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| failed(&words, as_json, &error))
}

fn failed(words: &Words, as_json: bool, error: &Error) -> ExitCode {
    if as_json {
        eprintln!("{}", words.error_json(error));
    } else {
        eprintln!("peyvand: {}", words.error(error));
    }
    ExitCode::from(say::exit_code(error))
}

async fn run(cli: Cli, words: &Words) -> Result<ExitCode> {
    let mut given = Given { data: cli.global.data, file: cli.global.config, database: cli.global.database, listen: None };
    if let Command::Serve { listen } = &cli.command {
        given.listen.clone_from(listen);
    }
    let settings = || Settings::load(&given, std::env::vars());
    match cli.command {
        Command::Serve { .. } => serve::serve(&settings()?, words).await?,
        Command::Migrate => {
            let settings = settings()?;
            start::make_folder(&settings.data)?;
            let db = start::database(&settings).await?;
            let migrated = start::bring_up(&db).await?;
            db.close().await;
            say(&words.ta("cli-migrated", &[("from", migrated.from.to_string().into()), ("to", migrated.to.to_string().into())]))?;
        }
        Command::Op(op) if op.list => print(op::list().as_bytes())?,
        Command::Op(op) => {
            let settings = settings()?;
            quiet(&settings)?;
            let app = start::app(&settings).await?;
            let mut json = op::run(&app, op.name.as_deref().unwrap_or_default(), &op.input).await?;
            app.db.close().await;
            json.push(b'\n');
            print(&json)?;
        }
        Command::Import(arguments) => {
            let settings = settings()?;
            quiet(&settings)?;
            let app = start::app(&settings).await?;
            let line = import::run(&app, words, &arguments).await?;
            app.db.close().await;
            say(&line.to_string())?;
            if line.get("state").is_some() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Doctor { json } => {
            let settings = settings()?;
            let findings = doctor::examine(&settings, words).await?;
            if json {
                say(&serde_json::to_string(&findings).map_err(Error::fault)?)?;
            } else {
                print(doctor::text(&findings, words).as_bytes())?;
            }
            if findings.iter().any(|finding| finding.state == doctor::State::Fail) {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Config(cli::Config::Show { json }) => show(&settings()?, json)?,
        Command::Config(cli::Config::Example) => print(config::example()?.as_bytes())?,
        Command::Openapi => {
            say(&serde_json::to_string_pretty(&peyvand_web::api::openapi(&peyvand_core::operations())).map_err(Error::fault)?)?
        }
        Command::User(cli::User::Add { email, name, post, unit, password_stdin }) => {
            if !password_stdin {
                return Err(Error::invalid("", "cli-password-needed"));
            }
            let settings = settings()?;
            quiet(&settings)?;
            let password = people::password(std::io::stdin().lock())?;
            let app = start::app(&settings).await?;
            set_up::add_user(&app, &email, &name, &post, unit.as_deref(), Some(&password)).await?;
            app.db.close().await;
            say(&words.ta("cli-user-added", &[("name", name.into()), ("email", email.into())]))?;
        }
        Command::Token(cli::Token::Create { user, name, scopes, days }) => {
            let settings = settings()?;
            quiet(&settings)?;
            let app = start::app(&settings).await?;
            let scopes = (!scopes.is_empty()).then_some(scopes);
            let created = tokens::create_token(&app, &user, NewToken { name, scopes, days }).await?;
            app.db.close().await;
            say(&created.token)?;
        }
        Command::Backup { file, without_keys } => {
            let settings = settings()?;
            quiet(&settings)?;
            let app = start::app(&settings).await?;
            let progress = Progress::new();
            let report = backup::backup(&app.db, &app.keys(), !without_keys, app.clock.now(), &file, |rows| progress.rows(rows)).await?;
            app.db.close().await;
            drop(progress);
            eprintln!("{}", words.t(if without_keys { "cli-backup-without-keys" } else { "cli-backup-with-keys" }));
            say(&words.ta("cli-backup-done", &[("file", file.display().to_string().into()), ("rows", total(&report).into())]))?;
        }
        Command::Restore { file } => {
            let settings = settings()?;
            quiet(&settings)?;
            start::make_folder(&settings.data)?;
            let db = start::database(&settings).await?;
            let _lock = if db.is_embedded() { Some(start::lock(&settings.data)?) } else { None };
            let progress = Progress::new();
            let report = backup::restore(&db, &settings.data, &file, SystemClock.now(), |rows| progress.rows(rows)).await?;
            db.close().await;
            drop(progress);
            if let Some(kept) = &report.keys_kept {
                eprintln!("{}", words.ta("cli-restore-keys-kept", &[("file", kept.display().to_string().into())]));
            }
            if report.imports_left > 0 {
                let count = i64::try_from(report.imports_left).unwrap_or(i64::MAX);
                eprintln!("{}", words.ta("cli-restore-imports-left", &[("count", count.into())]));
            }
            say(&words.ta("cli-restore-done", &[("file", file.display().to_string().into()), ("rows", total(&report).into())]))?;
        }
        Command::Keys(cli::Keys::Rotate) => {
            let settings = settings()?;
            quiet(&settings)?;
            let app = start::app_alone(&settings).await?;
            let _lock = if app.db.is_embedded() { Some(start::lock(&settings.data)?) } else { None };
            let sealed = keys::rotate(&app, &settings.data.join(start::KEYS)).await?;
            app.db.close().await;
            say(&words.ta("cli-keys-rotated", &[("values", sealed.into())]))?;
        }
        Command::Demo(arguments) => {
            let settings = settings()?;
            quiet(&settings)?;
            let shop = demo::fill(&settings, &arguments).await?;
            say(&words.ta(
                "cli-demo-done",
                &[
                    ("customers", shop.customers.into()),
                    ("doubles", shop.doubles.into()),
                    ("purchases", shop.purchases.into()),
                    ("interactions", shop.interactions.into()),
                    ("follow_ups", shop.follow_ups.into()),
                ],
            ))?;
            for person in &shop.sign_in {
                say(&format!("  {:8} {}  {}  {}", person.post, person.email, peyvand_core::demo::PASSWORD, person.name))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn total(report: &backup::Report) -> i64 {
    report.rows.values().map(|rows| i64::try_from(*rows).unwrap_or(i64::MAX)).sum()
}

/// Rows so far, on a terminal only.
struct Progress(ProgressBar);

impl Progress {
    fn new() -> Progress {
        // Without a terminal nothing is drawn.
        Progress(ProgressBar::new_spinner())
    }

    fn rows(&self, rows: u64) {
        self.0.set_position(rows);
        self.0.set_message(rows.to_string());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// For commands whose output is data: only what went wrong is logged, unless the environment asks for more.
fn quiet(settings: &Settings) -> Result<()> {
    let mut settings = settings.clone();
    if !settings.is_from_environment("log.filter") {
        settings.config.log.filter = "error".to_owned();
    }
    serve::log(&settings)
}

fn show(settings: &Settings, json: bool) -> Result<()> {
    let lines = settings.show()?;
    if json {
        let lines: serde_json::Map<_, _> =
            lines.into_iter().map(|(key, value, origin)| (key, serde_json::json!({"value": value, "origin": origin}))).collect();
        return say(&serde_json::Value::Object(lines).to_string());
    }
    say(&format!("# data = {}", settings.data.display()))?;
    for (key, value, origin) in lines {
        say(&format!("{key} = {value}  # {origin}"))?;
    }
    Ok(())
}

fn say(line: &str) -> Result<()> {
    print(format!("{line}\n").as_bytes())
}

/// Writes to standard output; a reader that went away (`| head`) is no error.
fn print(bytes: &[u8]) -> Result<()> {
    match std::io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::fault(error)),
        _ => Ok(()),
    }
}
