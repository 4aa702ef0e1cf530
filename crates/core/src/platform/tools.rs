//! Small answers that other programs ask for: is this identity value right, what is the folded key of a text, what day is
//! this in another calendar.

use super::calendar::{Calendar, convert};
use super::locale::Loc;
use super::text::search_key;
use crate::parties::identity::{self, IdentityKind};
use crate::{Actor, Ctx, Error, Operations, Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of a value; nothing that these answers are about is longer.
const VALUE_MAX: usize = 10_000;

fn signed_in(ctx: &Ctx) -> Result<()> {
    if matches!(ctx.actor, Actor::Nobody) { Err(Error::SignedOut) } else { Ok(()) }
}

fn short(value: &str) -> Result<()> {
    if value.len() > VALUE_MAX { Err(Problem::new("value", "platform-text-too-long").with("max", VALUE_MAX).into()) } else { Ok(()) }
}

/// A value to check.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIdentity {
    /// `ir_national_id`, `ir_legal_id`, `sa_national_id`, `ae_emirates_id`, `iq_national_id`, `eg_national_id`, `phone`, `email`,
    /// `code`, `ir_sheba`, `ir_card`, `external`.
    pub kind: String,
    /// The value in any spelling.
    pub value: String,
}

/// What the rule of the kind says of a value.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckedIdentity {
    /// Whether it can be right.
    pub valid: bool,
    /// The one spelling that is stored and compared.
    pub normalised: Option<String>,
    /// The spelling people read.
    pub display: Option<String>,
    /// What the value itself tells.
    pub detail: Option<identity::Detail>,
    /// Why it cannot be right, in the caller's language.
    pub reason: Option<String>,
    /// The same for machines.
    pub reason_key: Option<identity::IdentityProblem>,
}

/// Checks an identity value by the published rule of its kind.
///
/// # Errors
/// When nobody is signed in, for an unknown kind.
pub async fn check_identity(ctx: &Ctx, input: CheckIdentity) -> Result<CheckedIdentity> {
    signed_in(ctx)?;
    short(&input.value)?;
    let Some(kind) = IdentityKind::from_name(&input.kind) else { return Err(Error::invalid("kind", "parties-identity-kind-unknown")) };
    let organisation = ctx.app.organisation().await?;
    Ok(match identity::check(kind, &input.value, &organisation.country) {
        Ok(checked) => CheckedIdentity {
            valid: true,
            normalised: Some(checked.normalised),
            display: Some(checked.display),
            detail: Some(checked.detail),
            reason: None,
            reason_key: None,
        },
        Err(problem) => CheckedIdentity {
            valid: false,
            normalised: None,
            display: None,
            detail: None,
            reason: Some(Loc::new(ctx.prefs.clone(), ctx.now()).t(problem.key())),
            reason_key: Some(problem),
        },
    })
}

/// A text to fold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoldText {
    /// The text.
    pub value: String,
}

/// A folded text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FoldedText {
    /// The key that texts of the same letters share.
    pub key: String,
}

/// The folded key of a text: letter variants, digits and spacing made one.
///
/// # Errors
/// When nobody is signed in.
pub async fn fold_text(ctx: &Ctx, input: FoldText) -> Result<FoldedText> {
    signed_in(ctx)?;
    short(&input.value)?;
    Ok(FoldedText { key: search_key(&input.value) })
}

/// A day to write in another calendar.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvertDay {
    /// The day, as `1405-08-30` or in another spelling.
    pub value: String,
    /// The calendar it is written in.
    pub from: Calendar,
    /// The calendar to write it in.
    pub to: Calendar,
}

/// A day in another calendar.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConvertedDay {
    /// Year, month and day in that calendar: `2026-11-21`.
    pub value: String,
}

/// A day in another calendar.
///
/// # Errors
/// When nobody is signed in, for a day that does not exist.
pub async fn convert_day(ctx: &Ctx, input: ConvertDay) -> Result<ConvertedDay> {
    signed_in(ctx)?;
    short(&input.value)?;
    let value = convert(&input.value, input.from, input.to).map_err(|problem| Problem::new("value", problem.key()))?;
    Ok(ConvertedDay { value })
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    ops.add("identity.check", "GET /identity/check", None, "Checks a national ID, phone, e-mail, code or bank number.", check_identity)
        .example(|| serde_json::json!({"kind": "ir_national_id", "value": "۰۰۸۴۵۷۵۹۴۸"}));
    ops.add("text.search_key", "GET /text/search_key", None, "The folded key by which texts are searched and compared.", fold_text)
        .example(|| serde_json::json!({"value": "علي‌رضا كريمي"}));
    ops.add("calendar.convert", "GET /calendar/convert", None, "Writes a day of one calendar in another.", convert_day)
        .example(|| serde_json::json!({"value": "1405-08-30", "from": "jalali", "to": "gregorian"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_wrong_number_is_told_why_in_the_callers_language() {
        let ctx = testing::ctx().await;
        let ask = |value: &str| CheckIdentity { kind: "ir_national_id".into(), value: value.into() };
        let right = ctx.run(check_identity, ask("۰۰۸۴۵۷۵۹۴۸")).await.unwrap();
        assert_eq!((right.valid, right.normalised.as_deref()), (true, Some("0084575948")));
        let wrong = ctx.run(check_identity, ask("0084575949")).await.unwrap();
        assert!(!wrong.valid && wrong.reason.is_some_and(|reason| reason.contains(' ')));
        assert_eq!(wrong.reason_key, Some(identity::IdentityProblem::CheckDigit));
        assert!(ctx.run(check_identity, CheckIdentity { kind: "x".into(), value: "1".into() }).await.is_err());
    }

    #[tokio::test]
    async fn a_day_is_written_in_another_calendar() {
        let ctx = testing::ctx().await;
        let input = ConvertDay { value: "۱۴۰۵-۰۸-۳۰".into(), from: Calendar::Jalali, to: Calendar::Gregorian };
        assert_eq!(ctx.run(convert_day, input).await.unwrap().value, "2026-11-21");
    }

    #[tokio::test]
    async fn nobody_is_answered_without_signing_in() {
        let app = testing::app().await;
        let ctx = app.context(Actor::Nobody, crate::Door::Api, app.default_prefs());
        assert!(matches!(ctx.run(fold_text, FoldText { value: "x".into() }).await, Err(Error::SignedOut)));
    }
}
