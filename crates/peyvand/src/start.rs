//! From settings to a running program: folder, keys, database, mail.

use crate::config::{Mail, Security, Settings};
use peyvand_channels::{Security as SmtpSecurity, Smtp, SmtpSettings};
use peyvand_core::demo;
use peyvand_core::external::{MailSender, SystemClock};
use peyvand_core::platform::keys::Keys;
use peyvand_core::platform::live::Live;
use peyvand_core::platform::schema::MIGRATIONS;
use peyvand_core::platform::set_up;
use peyvand_core::{App, AppParts, Error, Problem, Result};
use peyvand_db::{Db, Migrated, Options, migrate, schema_version, sql};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

/// File in the data folder that holds the keys.
pub const KEYS: &str = "keys.toml";
/// File in the data folder that a serving program holds locked.
const LOCK: &str = "serve.lock";

/// Opens everything; on an empty folder and an empty database it makes what is needed.
///
/// # Errors
/// When folder, keys or database cannot be had, each with what to do about it.
pub async fn app(settings: &Settings) -> Result<App> {
    let db = database_for_work(settings, false, "cli-database-in-use").await?;
    assemble(settings, db).await
}

/// As [`app`], for what no other process may disturb: on PostgreSQL it is refused while another one works with the
/// database, and others are refused until it ends. On SQLite the data folder is locked for that.
///
/// # Errors
/// As [`app`]; [`Error::Invalid`] while others are at work.
pub async fn app_alone(settings: &Settings) -> Result<App> {
    let db = database_for_work(settings, true, "cli-database-not-alone").await?;
    assemble(settings, db).await
}

async fn database_for_work(settings: &Settings, alone: bool, refused: &'static str) -> Result<Db> {
    make_folder(&settings.data)?;
    let Some(db) = database(settings).await?.join(alone).await? else {
        let address = crate::config::without_password(&settings.database_url());
        return Err(Problem::new("", refused).with("address", address).into());
    };
    bring_up(&db).await?;
    Ok(db)
}

/// The program on an opened, migrated database, with what every organisation starts with.
///
/// # Errors
/// When the keys cannot be had, the settings of the mail server do not fit, or a demo was not filled to its end.
pub async fn assemble(settings: &Settings, db: Db) -> Result<App> {
    if demo::is_unfinished(&db).await? {
        let address = crate::config::without_password(&settings.database_url());
        return Err(Problem::new("", "demo-unfinished").with("address", address).into());
    }
    let keys = keys(settings, &db).await?;
    let mail = mail(&settings.config.mail)?;
    let app = App::new(AppParts {
        db,
        keys: RwLock::new(Arc::new(keys)),
        clock: Arc::new(SystemClock),
        mail: mail.map(|mail| Arc::new(mail) as Arc<dyn MailSender>),
        data: settings.data.clone(),
        live: Live::default(),
        wake: tokio::sync::watch::Sender::new(()),
        organisation: RwLock::default(),
        sessions: peyvand_core::platform::sessions::Memory::default(),
    });
    let ready: Option<(i64,)> = app.db.maybe(sql("SELECT 1 FROM posts LIMIT 1")).await?;
    if ready.is_none() {
        set_up::ensure_ready(&app).await?;
    }
    app.organisation().await?;
    Ok(app)
}

/// Makes the data folder, readable by its owner only.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Problem::new("", "cli-folder-unusable").with("folder", folder.display()).with("detail", error).into())
}

/// Opens the database.
///
/// # Errors
/// With its address, password masked, and what to do.
pub async fn database(settings: &Settings) -> Result<Db> {
    let url = settings.database_url();
    let database = &settings.config.database;
    let options = Options { connections: database.connections.max(1), named_statements: database.named_statements };
    Db::open(&url, &options).await.map_err(|error| {
        Problem::new("", "cli-database-unreachable").with("address", crate::config::without_password(&url)).with("detail", error).into()
    })
}

/// Migrates when there is something to do.
///
/// # Errors
/// When the database is of a newer program, or refuses.
pub async fn bring_up(db: &Db) -> Result<Migrated> {
    let newest = MIGRATIONS.last().map_or(0, |migration| migration.version);
    let version = schema_version(db).await?;
    if version == newest {
        return Ok(Migrated { from: version, to: version });
    }
    Ok(migrate(db, MIGRATIONS).await?)
}

/// The mail server of the settings, if there is one; nothing is sent yet.
///
/// # Errors
/// For a sender that is no address, or a name that no server can have.
pub fn mail(mail: &Mail) -> Result<Option<Smtp>> {
    if mail.host.is_empty() {
        return Ok(None);
    }
    let security = match mail.security {
        Security::Starttls => SmtpSecurity::Starttls,
        Security::Tls => SmtpSecurity::Tls,
        Security::None => SmtpSecurity::Plain,
    };
    let smtp = Smtp::new(SmtpSettings {
        host: mail.host.clone(),
        port: mail.port,
        security,
        credentials: (!mail.user.is_empty()).then(|| (mail.user.clone(), mail.password.clone())),
        from: mail.from.clone(),
    });
    smtp.map(Some)
        .map_err(|problem| Problem::new("", "cli-config-value").with("key", "mail").with("origin", "mail").with("detail", problem).into())
}

async fn keys(settings: &Settings, db: &Db) -> Result<Keys> {
    let path = settings.data.join(KEYS);
    if !path.exists() {
        let sealed: Option<(i64,)> = db.maybe(sql("SELECT 1 FROM identity_keys WHERE sealed IS NOT NULL LIMIT 1")).await?;
        if sealed.is_some() {
            // Fresh keys would open nothing and find nothing; a clear stop is kinder.
            return Err(Problem::new("", "cli-keys-missing").with("file", path.display()).into());
        }
    }
    Keys::load_or_create(&path)
}

/// The right to serve from a data folder, given up when it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its lock")] std::fs::File);

/// Takes the data folder for this process: two programs on one SQLite file would each believe to be the only writer.
///
/// # Errors
/// [`Error::Invalid`] when another process serves from it.
pub fn lock(folder: &Path) -> Result<Lock> {
    use std::io::{Read, Seek, Write};
    let path: PathBuf = folder.join(LOCK);
    let mut file = std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(Error::fault)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(Error::fault)?;
            file.rewind().map_err(Error::fault)?;
            write!(file, "{}", std::process::id()).map_err(Error::fault)?;
            Ok(Lock(file))
        }
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut process = String::new();
            let _ = file.read_to_string(&mut process);
            Err(Problem::new("", "cli-serve-locked").with("folder", folder.display()).with("process", format!("PID {process}")).into())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(Error::fault(error)),
    }
}
