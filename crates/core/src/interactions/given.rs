//! What callers say of an entry, a new one or a correction, and how it is checked.

use super::{Channel, Direction, Interaction};
use crate::follow_ups::NextStep;
use crate::parties::Party;
use crate::platform::calendar::{parse_instant, parse_moment};
use crate::platform::text::clean_text;
use crate::platform::time::{HOUR, Instant};
use crate::{Ctx, Fields, Patch, Problem, Result};
use jiff::civil::Time;
use peyvand_db::{Id, Tx, sql};
use schemars::JsonSchema;
use serde::Deserialize;

/// Characters of the text of an interaction.
pub const TEXT_MAX: usize = 10_000;
/// Seconds of the longest talk that is believed.
const DURATION_MAX: i64 = 24 * 3600;
/// An entry may lie this far ahead, for clocks that differ.
const AHEAD: i64 = HOUR;

/// Declares the two inputs that say what passed, a new entry and a correction, and what they have in common: what
/// every entry has, then what it may do without.
macro_rules! inputs {
    (
        always { $($(#[$doc:meta])* $field:ident: $type:ty,)* }
        perhaps { $($(#[$missing_doc:meta])* $missing:ident: $missing_type:ty,)* }
    ) => {
        /// Something to write down.
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct LogInteraction {
            /// With whom.
            pub party_id: Option<Id<Party>>,
            /// With whom, by any identity key, phone or code.
            pub customer: Option<String>,
            $($(#[$doc])* pub $field: Option<$type>,)*
            $($(#[$missing_doc])* pub $missing: Option<$missing_type>,)*
            /// A need that was learned: a word of list `need` or their own words.
            pub need: Option<String>,
            /// An opportunity that came up.
            pub opportunity: Option<String>,
            /// An idea that came up.
            pub idea: Option<String>,
            /// What is to be done next.
            pub next: Option<NextStep>,
            /// Of a plain next step: what is to be done; "follow up" unless given.
            pub next_what: Option<String>,
            /// Of a plain next step: until when, as in `follow_ups.create`; tomorrow unless given.
            pub next_due: Option<String>,
        }

        /// A correction; what is absent stays, `null` or an empty text takes away what an entry may do without.
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct UpdateInteraction {
            /// Which.
            pub id: Id<Interaction>,
            $($(#[$doc])* pub $field: Option<$type>,)*
            $($(#[$missing_doc])* #[serde(default)] pub $missing: Patch<$missing_type>,)*
        }

        /// What both say of an entry, as it was given.
        pub(super) struct Given {
            $($field: Option<$type>,)*
            $($missing: Option<$missing_type>,)*
        }

        impl LogInteraction {
            pub(super) fn given(&self) -> Given {
                Given { $($field: self.$field.clone(),)* $($missing: self.$missing.clone(),)* }
            }
        }

        impl UpdateInteraction {
            /// A correction of nothing yet.
            #[must_use]
            pub fn of(id: Id<Interaction>) -> UpdateInteraction {
                UpdateInteraction { id, $($field: None,)* $($missing: Patch::Keep,)* }
            }

            pub(super) fn given(&self) -> Given {
                Given { $($field: self.$field.clone(),)* $($missing: self.$missing.new_value().cloned(),)* }
            }
        }
    };
}

inputs! {
    always {
        /// When, as a date in the caller's calendar or RFC 3339; now for a new entry unless given.
        at: String,
        /// By which way; a new entry by telephone unless given.
        channel: Channel,
        /// Who began; of a new entry they unless given.
        direction: Direction,
    }
    perhaps {
        /// Why, a word of list `reason`.
        reason: String,
        /// What led them to us, a word of list `origin`.
        origin: String,
        /// What came of it, a word of list `result`.
        result: String,
        /// How long, in seconds.
        duration_s: i64,
        /// In words.
        text: String,
    }
}

/// The content of an entry, checked.
pub(super) struct Checked {
    pub(super) at: Option<Instant>,
    pub(super) channel: Option<Channel>,
    pub(super) direction: Option<Direction>,
    pub(super) reason: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) result: Option<String>,
    pub(super) duration_s: Option<i64>,
    pub(super) text: Option<String>,
}

/// Reads a moment: a date with or without a time in the caller's calendar, or RFC 3339. A date alone means `time`.
///
/// # Errors
/// A problem at `field`.
pub fn moment(ctx: &Ctx, field: &'static str, text: &str, time: Time) -> Result<Instant, Problem> {
    let zone = &ctx.prefs.time_zone;
    let today = ctx.today().0;
    let problem = |problem: crate::platform::calendar::DateProblem| Problem::new(field, problem.key());
    let instant = parse_instant(text, ctx.prefs.calendar, None, zone, today).map_err(problem)?;
    if let Ok((date, None)) = parse_moment(text, ctx.prefs.calendar, None, today)
        && let Ok(zoned) = date.to_datetime(time).to_zoned(zone.clone())
    {
        return Ok(Instant(zoned.timestamp().as_millisecond()));
    }
    Ok(Instant(instant.as_millisecond()))
}

pub(super) fn word(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn checked(ctx: &Ctx, given: Given, problems: &mut Fields) -> Checked {
    let at = word(given.at.as_deref()).and_then(|text| problems.take(moment(ctx, "at", &text, Time::midnight())));
    if at.is_some_and(|at| at > ctx.now().plus(AHEAD)) {
        problems.add("at", "interactions-at-future");
    }
    if given.duration_s.is_some_and(|duration| !(0..=DURATION_MAX).contains(&duration)) {
        problems.0.push(Problem::new("duration_s", "input-range").with("min", 0).with("max", DURATION_MAX));
    }
    let text = given.text.and_then(|text| {
        problems.take(clean_text(&text, TEXT_MAX).map_err(|problem| Problem::new("text", problem.key()).with("max", TEXT_MAX)))
    });
    Checked {
        at,
        channel: given.channel,
        direction: given.direction,
        reason: word(given.reason.as_deref()),
        origin: word(given.origin.as_deref()),
        result: word(given.result.as_deref()),
        duration_s: given.duration_s,
        text: text.filter(|text| !text.is_empty()),
    }
}

impl Checked {
    /// # Errors
    /// A problem at the field of each word that is in no list.
    pub(super) async fn check_words(&self, tx: &mut Tx) -> Result<()> {
        let words = [
            ("reason", "reason", self.reason.as_deref()),
            ("origin", "origin", self.origin.as_deref()),
            ("result", "result", self.result.as_deref()),
        ];
        check_terms(tx, &words).await
    }
}

/// A note says something: in words, by its reason or by what came of it.
pub(super) fn says_nothing(channel: Channel, text: Option<&str>, reason: Option<&str>, result: Option<&str>) -> bool {
    channel == Channel::Note && text.is_none() && reason.is_none() && result.is_none()
}

/// Checks that words belong to their lists.
///
/// # Errors
/// A problem at the field of each word that does not.
pub(crate) async fn check_terms(tx: &mut Tx, words: &[(&'static str, &'static str, Option<&str>)]) -> Result<()> {
    let given: Vec<_> = words.iter().filter_map(|(field, list, word)| Some((*field, *list, (*word)?))).collect();
    if given.is_empty() {
        return Ok(());
    }
    let mut query = sql("SELECT list, word FROM terms WHERE 1 = 0");
    for (_, list, word) in &given {
        query.push(" OR (list = ").arg(*list).push(" AND word = ").arg(*word).push(")");
    }
    let known: Vec<(String, String)> = tx.all(query).await?;
    let mut problems = Fields::default();
    for (field, list, word) in given {
        if !known.iter().any(|(known_list, known_word)| known_list == list && known_word == word) {
            problems.add(field, "input-choice");
        }
    }
    problems.check()
}
