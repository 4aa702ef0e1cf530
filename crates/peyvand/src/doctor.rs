//! `peyvand doctor`: what is well, what is not, and what to do about it.

use crate::config::{Settings, without_password};
use crate::say::Words;
use crate::start;
use peyvand_core::demo;
use peyvand_core::external::{Clock, SystemClock};
use peyvand_core::platform::keys::Keys;
use peyvand_core::platform::locale::Arg;
use peyvand_core::platform::schema::MIGRATIONS;
use peyvand_core::platform::time::{DAY, HOUR};
use peyvand_core::{Instant, Result};
use peyvand_db::{Db, schema_version, sql};
use serde::Serialize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The newest event may be this much ahead of our clock before we doubt the clock: machines differ a little.
const CLOCK_AHEAD: i64 = HOUR;
/// No released program is older than this: 2026-01-01.
const CLOCK_FLOOR: Instant = Instant(1_767_225_600_000);
/// A lease that ended this long ago and was not taken up: no worker runs.
const JOBS_LATE: i64 = DAY;

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Well.
    Ok,
    /// Works, but look at it.
    Warn,
    /// Does not work.
    Fail,
}

/// One line of the report.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do; empty when nothing.
    #[serde(rename = "do", skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

struct Report<'a> {
    words: &'a Words,
    findings: Vec<Finding>,
}

impl Report<'_> {
    /// `what` is a word of the catalogue below `cli-doctor-`, `found` and `advice` whole keys.
    fn add(&mut self, what: &str, state: State, found: String, advice: Option<(&str, &[(&str, Arg<'_>)])>) {
        let advice = advice.map_or(String::new(), |(key, args)| self.words.ta(key, args));
        self.findings.push(Finding { what: self.words.t(&format!("cli-doctor-{what}")), state, found, advice });
    }
}

/// Looks at everything.
///
/// # Errors
/// Never in practice: what goes wrong is a finding.
pub async fn examine(settings: &Settings, words: &Words) -> Result<Vec<Finding>> {
    let mut report = Report { words, findings: Vec::new() };
    configuration(&mut report, settings);
    mail(&mut report, settings).await;
    folder(&mut report, settings);
    keys(&mut report, settings);
    match start::database(settings).await {
        Ok(db) => {
            database(&mut report, settings, &db).await;
            db.close().await;
        }
        Err(error) => {
            let problem = words.error(&error);
            report.add("database", State::Fail, problem, Some(("cli-doctor-database-unreachable", &[])));
        }
    }
    Ok(report.findings)
}

fn configuration(report: &mut Report<'_>, settings: &Settings) {
    let file = settings.data.join("peyvand.toml");
    let found = if file.exists() { file.display().to_string() } else { report.words.t("cli-doctor-configuration-defaults") };
    report.add("configuration", State::Ok, found, None);
}

/// Connects and signs in: settings that only look right would be noticed by the reminders that do not come.
async fn mail(report: &mut Report<'_>, settings: &Settings) {
    let mail = &settings.config.mail;
    let server = format!("{}:{}", mail.host, mail.port);
    match start::mail(mail) {
        Ok(None) => {
            let found = report.words.t("cli-doctor-mail-off");
            report.add("mail", State::Ok, found, None);
        }
        Ok(Some(smtp)) => match smtp.test().await {
            Ok(()) => report.add("mail", State::Ok, server, None),
            Err(problem) => report.add("mail", State::Fail, format!("{server}: {problem}"), Some(("cli-doctor-mail-unreachable", &[]))),
        },
        Err(error) => {
            let problem = report.words.error(&error);
            report.add("mail", State::Fail, format!("{server}: {problem}"), Some(("cli-doctor-mail-from", &[])));
        }
    }
}

fn folder(report: &mut Report<'_>, settings: &Settings) {
    let data = &settings.data;
    let shown = data.display().to_string();
    let probe = data.join(".doctor");
    let written = start::make_folder(data).is_ok() && std::fs::write(&probe, b"").is_ok();
    let _ = std::fs::remove_file(&probe);
    let mode = std::fs::metadata(data).map_or(0, |about| about.permissions().mode() & 0o777);
    if !written {
        report.add("folder", State::Fail, shown, Some(("cli-doctor-folder-unwritable", &[])));
        return;
    }
    if mode & 0o077 != 0 {
        let command = format!("chmod 700 {shown}");
        report.add("folder", State::Warn, format!("{shown} ({mode:o})"), Some(("cli-doctor-folder-open", &[("command", command.into())])));
    } else {
        report.add("folder", State::Ok, shown, None);
    }
    if let Ok(disk) = rustix::fs::statvfs(data) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024);
        let found = report.words.ta("cli-doctor-disk-free", &[("megabytes", i64::try_from(free).unwrap_or(i64::MAX).into())]);
        if free < settings.config.limits.free_disk_mb {
            report.add("disk", State::Fail, found, Some(("cli-doctor-disk-low", &[])));
        } else {
            report.add("disk", State::Ok, found, None);
        }
    }
}

fn keys(report: &mut Report<'_>, settings: &Settings) {
    let path = settings.data.join(start::KEYS);
    let shown = path.display().to_string();
    let Ok(about) = std::fs::metadata(&path) else {
        let found = report.words.t("cli-doctor-keys-none");
        report.add("keys", State::Warn, found, Some(("cli-doctor-keys-first", &[])));
        return;
    };
    let mode = about.permissions().mode() & 0o777;
    match std::fs::read_to_string(&path).map_err(peyvand_core::Error::fault).and_then(|text| Keys::parse(&text)) {
        Err(error) => {
            let problem = report.words.error(&error);
            report.add("keys", State::Fail, problem, Some(("cli-doctor-keys-broken", &[])));
        }
        Ok(_) if mode & 0o077 != 0 => {
            let command = format!("chmod 600 {shown}");
            report.add("keys", State::Fail, format!("{shown} ({mode:o})"), Some(("cli-doctor-keys-open", &[("command", command.into())])));
        }
        Ok(keys) => report.add("keys", State::Ok, format!("{shown} ({})", keys.fingerprint()), None),
    }
}

async fn database(report: &mut Report<'_>, settings: &Settings, db: &Db) {
    let address = without_password(&settings.database_url());
    let newest = MIGRATIONS.last().map_or(0, |migration| migration.version);
    let version = match schema_version(db).await {
        Ok(version) => version,
        Err(error) => {
            report.add("database", State::Fail, format!("{address}: {error}"), Some(("cli-doctor-database-unreachable", &[])));
            return;
        }
    };
    let size = db.size().await.unwrap_or(0) / (1024 * 1024);
    let found = report.words.ta(
        "cli-doctor-database-found",
        &[("address", address.as_str().into()), ("version", version.to_string().into()), ("megabytes", size.into())],
    );
    if version > newest {
        report.add("database", State::Fail, found, Some(("cli-doctor-database-newer", &[])));
        return;
    }
    if version < newest {
        report.add("database", State::Warn, found, Some(("cli-doctor-database-older", &[])));
        return;
    }
    if demo::is_unfinished(db).await.unwrap_or(false) {
        report.add("database", State::Fail, found, Some(("demo-unfinished", &[("address", address.into())])));
        return;
    }
    report.add("database", State::Ok, found, None);
    clock(report, db).await;
    opens(report, &settings.data, db).await;
    jobs(report, db).await;
}

/// An event from the future means that this clock is late, or was ahead when it was written.
async fn clock(report: &mut Report<'_>, db: &Db) {
    let now = SystemClock.now();
    let newest: Option<(Instant,)> = db.maybe(sql("SELECT at FROM events ORDER BY at DESC, id DESC LIMIT 1")).await.ok().flatten();
    let ahead = newest.is_some_and(|(at,)| at.0 - now.0 > CLOCK_AHEAD);
    if ahead || now < CLOCK_FLOOR {
        report.add("clock", State::Fail, now.to_string(), Some(("cli-doctor-clock-wrong", &[])));
    } else {
        report.add("clock", State::Ok, now.to_string(), None);
    }
}

/// Keys that open nothing are noticed here and not when somebody asks for a national ID.
async fn opens(report: &mut Report<'_>, data: &Path, db: &Db) {
    let sample: Option<(String, Vec<u8>)> =
        db.maybe(sql("SELECT kind, sealed FROM identity_keys WHERE sealed IS NOT NULL LIMIT 1")).await.ok().flatten();
    let Some((kind, sealed)) = sample else { return };
    let keys = std::fs::read_to_string(data.join(start::KEYS)).ok().and_then(|text| Keys::parse(&text).ok());
    let number = Keys::sealed_with(&sealed);
    if keys.is_some_and(|keys| keys.open(&kind, &sealed).is_ok()) {
        report.add("sealed", State::Ok, report.words.t("cli-doctor-sealed-opens"), None);
    } else {
        let found = report.words.ta("cli-doctor-sealed-shut", &[("number", number.map_or(-1, i64::from).into())]);
        report.add("sealed", State::Fail, found, Some(("cli-doctor-sealed-do", &[])));
    }
}

async fn jobs(report: &mut Report<'_>, db: &Db) {
    let now = SystemClock.now();
    let counts: peyvand_db::Result<(i64, i64)> = db
        .one(
            sql("SELECT count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'ready' AND due_at < $1) FROM jobs")
                .bind(now.plus(-JOBS_LATE)),
        )
        .await;
    let Ok((failed, late)) = counts else { return };
    let found = report.words.ta("cli-doctor-jobs-found", &[("failed", failed.into()), ("late", late.into())]);
    let advice = match (failed, late) {
        (0, 0) => None,
        (0, _) => Some(("cli-doctor-jobs-late", &[][..])),
        _ => Some(("cli-doctor-jobs-failed", &[][..])),
    };
    report.add("jobs", if advice.is_some() { State::Warn } else { State::Ok }, found, advice);
}

/// The report as lines of text.
#[must_use]
pub fn text(findings: &[Finding], words: &Words) -> String {
    let mut out = String::new();
    for finding in findings {
        let state = match finding.state {
            State::Ok => words.t("cli-doctor-ok"),
            State::Warn => words.t("cli-doctor-warn"),
            State::Fail => words.t("cli-doctor-fail"),
        };
        out.push_str(&format!("{state}  {}: {}\n", finding.what, finding.found));
        if !finding.advice.is_empty() {
            out.push_str(&format!("    → {}\n", finding.advice));
        }
    }
    out
}
