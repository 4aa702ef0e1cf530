//! Customers who bring others: introductions with what was said of them, their review, codes and the link that carries one, what
//! advocates earn and what becomes of it.

mod benefits;
pub(crate) mod beside;
mod codes;
mod indicators;
mod ledger;
mod list;
mod network;
mod one;
mod public;
mod record;
mod value;

use crate::State;
use axum::Router;
use axum::routing::{get, post};
use peyvand_core::advocacy::referrals::Referral;
use peyvand_core::advocacy::rules::{ReferralForm, ReferralKind, ReferralState};
use peyvand_core::parties::Party;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::{Error, Id, Problem};

/// The pages of the room, and of who follows a link.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/advocacy", get(list::index).post(record::create))
        .route("/advocacy/new", get(record::fresh))
        .route("/advocacy/indicators", get(indicators::index))
        .route("/advocacy/kinds", get(list::kinds))
        .route("/advocacy/codes", get(codes::index))
        .route("/advocacy/codes/{party}", get(codes::show).post(codes::make))
        .route("/advocacy/codes/{party}/end", post(codes::end))
        .route("/advocacy/benefits", get(benefits::index).post(benefits::create))
        .route("/advocacy/benefits/new", get(benefits::fresh))
        .route("/advocacy/benefits/{id}", get(benefits::show))
        .route("/advocacy/benefits/{id}/approve", post(benefits::approve))
        .route("/advocacy/benefits/{id}/retire", post(benefits::retire))
        .route("/advocacy/ledger", get(ledger::index))
        .route("/advocacy/ledger/{party}", get(ledger::show).post(ledger::act))
        .route("/advocacy/network", get(network::show))
        .route("/advocacy/value", get(value::show).post(value::assume))
        .route("/advocacy/value.csv", get(value::csv))
        .route("/advocacy/{id}", get(one::show))
        .route("/advocacy/{id}/review", post(one::review))
        .route("/advocacy/{id}/appeal", post(one::appeal))
        .route("/r/{code}", get(public::show).post(public::leave))
}

/// The key of a message that ends in a word.
fn key_of(prefix: &str, word: &str) -> String {
    format!("{prefix}{}", word.replace('_', "-"))
}

/// An amount with its unit.
fn money(loc: &Loc, minor: i64, currency: Currency) -> String {
    Money { minor, currency }.format_with_unit(loc.prefs.money_unit, loc.prefs.digits, loc.prefs.lang)
}

/// The tone of a state.
fn tone(state: ReferralState) -> &'static str {
    match state {
        ReferralState::Captured => "slate",
        ReferralState::PendingReview => "saffron",
        ReferralState::Qualified => "lapis",
        ReferralState::Converted => "teal",
        ReferralState::Confirmed | ReferralState::Rewarded => "peste",
        ReferralState::Expired => "grey",
        ReferralState::Rejected | ReferralState::Reversed => "anar",
    }
}

/// An introduction as a row shows it.
pub(crate) struct Line {
    pub(crate) id: Id<Referral>,
    pub(crate) referrer_id: Id<Party>,
    pub(crate) referrer: String,
    pub(crate) referee_id: Option<Id<Party>>,
    /// Their name, or what is known of who has not come yet.
    pub(crate) referee: String,
    pub(crate) how: String,
    pub(crate) state: String,
    pub(crate) tone: &'static str,
    /// Why it came to nothing, or when something happens next.
    pub(crate) why: Option<String>,
    pub(crate) when: String,
}

fn kind_and_form(loc: &Loc, kind: ReferralKind, form: ReferralForm) -> String {
    format!("{} · {}", loc.t(&key_of("referrals-kind-", kind.as_str())), loc.t(&key_of("referrals-form-", form.as_str())))
}

fn friend(loc: &Loc, one: &Referral) -> String {
    match (&one.referee, &one.friend) {
        (Some(name), _) => name.clone(),
        (None, Some(friend)) => loc.t1("referrals-friend-to-come", "friend", loc.digits(friend)),
        (None, None) => loc.t("referrals-friend-unknown"),
    }
}

/// What happens next, and when.
fn next(loc: &Loc, one: &Referral) -> Option<String> {
    let day = one.due_on?;
    let key = match one.state {
        ReferralState::Converted => "referrals-step-confirms",
        ReferralState::Captured | ReferralState::Qualified => "referrals-step-waits",
        _ => return None,
    };
    Some(loc.t1(key, "day", loc.day_near(day)))
}

pub(crate) fn line(loc: &Loc, one: Referral) -> Line {
    Line {
        referee: friend(loc, &one),
        how: kind_and_form(loc, one.kind, one.form),
        state: loc.t(&key_of("referrals-state-", one.state.as_str())),
        tone: tone(one.state),
        why: one.end_reason.map(|end| loc.t(&key_of("referrals-end-", end.as_str()))).or_else(|| next(loc, &one)),
        when: loc.day_near(one.occurred_on),
        id: one.id,
        referrer_id: one.referrer_id,
        referrer: one.referrer,
        referee_id: one.referee_id,
    }
}

/// What is wrong with an input, where the form is to be shown again.
fn problems(error: Error) -> Result<Vec<Problem>, Error> {
    match error {
        Error::Invalid(fields) | Error::Conflict(fields) => Ok(fields.0),
        error => Err(error),
    }
}
