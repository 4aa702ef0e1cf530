//! `peyvand user add`: the first person, and people added by scripts.

use peyvand_core::{App, Door, Error, Result};
use serde_json::json;
use std::io::BufRead;

/// The first line of standard input, without its end.
///
/// # Errors
/// When there is none.
pub fn password(mut input: impl BufRead) -> Result<String> {
    let mut line = String::new();
    input.read_line(&mut line).map_err(Error::fault)?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(Error::invalid("password", "cli-password-empty"));
    }
    Ok(password.to_owned())
}

/// Adds a user to the first unit.
///
/// # Errors
/// For an address, name, post or password that is not accepted.
pub async fn add_user(app: &App, email: &str, name: &str, post: &str, password: &str) -> Result<()> {
    let operations = peyvand_core::operations();
    let create = operations.get("users.create").ok_or(Error::NotFound("operation"))?;
    let input = json!({"email": email, "name": name, "post": post, "password": password});
    create.run(&app.system(Door::Cli), input.as_object().cloned().unwrap_or_default()).await?;
    Ok(())
}
