//! E-mail addresses.

use super::{Checked, IdentityProblem, MAX_VALUE_CHARS, plain};
use crate::platform::text::clean_line;

/// Trimmed; the domain in lower case for showing, the whole in lower case for comparing, as no
/// mail provider of today tells upper from lower. International domains stay as they are.
pub(super) fn email(value: &str) -> Result<Checked, IdentityProblem> {
    if value.len() > MAX_VALUE_CHARS * 4 {
        return Err(IdentityProblem::Length);
    }
    let cleaned = clean_line(value, MAX_VALUE_CHARS).map_err(|_| IdentityProblem::Length)?;
    let address = match cleaned.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &cleaned[7..],
        _ => &cleaned,
    };
    if address.is_empty() {
        return Err(IdentityProblem::Empty);
    }
    let (local, domain) = address.rsplit_once('@').ok_or(IdentityProblem::Email)?;
    // The limits of RFC 5321; the quoted local parts of RFC 5322 are not taken.
    let local_fits = (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    let labels_fit = domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '-' | '\u{200C}') || unicode_normalization::char::is_combining_mark(c))
        });
    // No top-level domain has a digit first; "a@1.2.3.4" is an address of no mailbox.
    let top_fits = domain.rsplit('.').next().and_then(|top| top.chars().next()).is_some_and(char::is_alphabetic);
    if !(local_fits && labels_fit && top_fits) {
        return Err(IdentityProblem::Email);
    }
    let domain = domain.to_lowercase();
    Ok(plain(format!("{}@{domain}", local.to_lowercase()), format!("{local}@{domain}")))
}

/// The mailbox an address most likely ends in, for finding duplicates and never for telling people
/// apart: without what follows a plus, and for Gmail without points.
pub fn email_match_key(normalised: &str) -> String {
    let Some((local, domain)) = normalised.rsplit_once('@') else {
        return normalised.to_lowercase();
    };
    let local = match local.split_once('+') {
        Some((mailbox, _)) if !mailbox.is_empty() => mailbox,
        _ => local,
    };
    match domain {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", local.replace('.', "")),
        _ => format!("{local}@{domain}"),
    }
    .to_lowercase()
}
