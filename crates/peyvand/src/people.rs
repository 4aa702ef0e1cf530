//! `peyvand user add`: the password on its way in.

use peyvand_core::{Error, Result};
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
