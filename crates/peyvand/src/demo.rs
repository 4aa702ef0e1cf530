//! `peyvand demo`: all of the demo shop, or nothing.

use crate::cli;
use crate::config::Settings;
use crate::start;
use peyvand_core::demo::{self, Plan, Shop};
use peyvand_core::platform::organisation::Organisation;
use peyvand_core::{Error, Result};
use std::path::{Path, PathBuf};

/// Fills an empty place. A SQLite file gets its name when it is whole, so who was stopped in the middle finds nothing
/// half done and starts again. A PostgreSQL database carries a mark until it is whole, which every command looks at.
///
/// # Errors
/// When the place is not empty, or cannot be written.
pub async fn fill(settings: &Settings, arguments: &cli::Demo) -> Result<Shop> {
    let address = settings.database_url();
    let Some(path) = address.strip_prefix("sqlite:").map(|path| PathBuf::from(path.strip_prefix("//").unwrap_or(path))) else {
        return fill_at(settings, arguments).await;
    };
    start::make_folder(&settings.data)?;
    let _lock = start::lock(&settings.data)?;
    if path.exists() {
        let app = start::app(settings).await?;
        let empty = demo::check_empty(&app).await;
        app.db.close().await;
        empty?;
    }
    let filling = beside(&path, ".filling");
    remove(&filling)?;
    let mut aside = settings.clone();
    aside.config.database.url = format!("sqlite:{}", filling.display());
    match fill_at(&aside, arguments).await {
        Ok(shop) => {
            // What was there is empty.
            remove(&path)?;
            std::fs::rename(&filling, &path).map_err(Error::fault)?;
            Ok(shop)
        }
        Err(error) => {
            // The next run removes what cannot be removed now; the reason is what matters.
            let _ = remove(&filling);
            Err(error)
        }
    }
}

async fn fill_at(settings: &Settings, arguments: &cli::Demo) -> Result<Shop> {
    let app = start::app(settings).await?;
    let date = match &arguments.date {
        Some(date) => date.parse().map_err(|_| Error::invalid("date", "cli-demo-date")),
        None => Ok(app.clock.now().day(&Organisation::unnamed().zone())),
    };
    let shop = match date {
        Ok(date) => demo::fill(&app, &Plan { seed: arguments.seed, date, customers: arguments.customers }).await,
        Err(error) => Err(error),
    };
    // Folds what was written into the one file.
    app.db.close().await;
    shop
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Removes a SQLite database with its logs, if it is there.
fn remove(path: &Path) -> Result<()> {
    for ending in ["-wal", "-shm", ""] {
        match std::fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::fault(error)),
            _ => {}
        }
    }
    Ok(())
}
