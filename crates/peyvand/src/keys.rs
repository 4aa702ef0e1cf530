//! `peyvand keys rotate`: a new key in force, everything sealed anew with it, the old one dropped. Stopped at any
//! point, a second run ends it: until everything is sealed anew, both keys are in the file.

use peyvand_core::parties::identities;
use peyvand_core::platform::keys::Keys;
use peyvand_core::{App, Door, Result};
use std::path::Path;
use std::sync::Arc;

/// Gives the number of values that were sealed anew. No other process may work with the old keys meanwhile: the caller
/// has the data folder or the PostgreSQL database for itself.
///
/// # Errors
/// When a value does not open, the file cannot be written, or the database refuses.
pub async fn rotate(app: &App, file: &Path) -> Result<i64> {
    let keys = app.keys();
    // Two keys are there when a run was stopped: its key is in force already.
    let keys = if keys.is_single() { keys.rotated() } else { (*keys).clone() };
    keys.save(file)?;
    put_in_force(app, keys.clone());
    let sealed = identities::rotate(&app.system(Door::Cli)).await?;
    let only = keys.only_current();
    only.save(file)?;
    put_in_force(app, only);
    Ok(sealed)
}

fn put_in_force(app: &App, keys: Keys) {
    match app.keys.write() {
        Ok(mut place) => *place = Arc::new(keys),
        Err(poisoned) => *poisoned.into_inner() = Arc::new(keys),
    }
}
