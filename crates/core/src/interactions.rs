//! What passed between us and a party: calls, messages, visits, notes.

use crate::follow_ups::{self, FollowUp, NewFollowUp, NextStep};
use crate::operation::{Page, page_size};
use crate::parties::preferences::{self, PreferenceKind};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::calendar::{parse_instant, parse_moment};
use crate::platform::events::{self, Event, cursor};
use crate::platform::locale::Loc;
use crate::platform::text::{clean_line, clean_text};
use crate::platform::time::{DAY, HOUR, Instant};
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Fields, Operations, Patch, Perm, Problem, Result, Room, Sight};
use jiff::civil::Time;
use peyvand_db::{Db, Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Characters of the text of an interaction.
pub const TEXT_MAX: usize = 10_000;
/// Characters of the title of an opportunity or of an idea.
const LINE_MAX: usize = 300;
/// Seconds of the longest talk that is believed.
const DURATION_MAX: i64 = 24 * 3600;
/// How long its author may correct an entry; afterwards it is history.
const CORRECTABLE: i64 = DAY;
/// An entry may lie this far ahead, for clocks that differ.
const AHEAD: i64 = HOUR;

peyvand_db::words! {
    /// By which way a contact went.
    pub enum Channel {
        /// Telephone.
        Phone = "phone",
        /// Text message.
        Sms = "sms",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// Telegram.
        Telegram = "telegram",
        /// Bale.
        Bale = "bale",
        /// Eitaa.
        Eitaa = "eitaa",
        /// Rubika.
        Rubika = "rubika",
        /// Instagram.
        Instagram = "instagram",
        /// E-mail.
        Email = "email",
        /// Face to face with us.
        InPerson = "in_person",
        /// Face to face with them.
        Visit = "visit",
        /// The web site.
        Web = "web",
        /// A letter.
        Letter = "letter",
        /// Another way.
        Other = "other",
        /// A note of ours; no contact.
        Note = "note",
    }
}

peyvand_db::words! {
    /// Which way a contact went.
    pub enum Direction {
        /// They came to us.
        Inbound = "inbound",
        /// We went to them.
        Outbound = "outbound",
    }
}

row! {
    /// Something that passed between us and a party.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Interaction {
        /// Its id.
        pub id: Id<Interaction> = "i.id",
        /// With whom.
        pub party_id: Id<Party> = "i.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// When.
        pub at: Instant = "i.at",
        /// By which way.
        pub channel: Channel = "i.channel",
        /// Who began.
        pub direction: Direction = "i.direction",
        /// Why, a word of list `reason`.
        pub reason: Option<String> = "i.reason",
        /// What led them to us, a word of list `origin`.
        pub origin: Option<String> = "i.origin",
        /// What came of it, a word of list `result`.
        pub result: Option<String> = "i.result",
        /// How long, in seconds.
        pub duration_s: Option<i64> = "i.duration_s",
        /// In words.
        pub text: Option<String> = "i.text",
        /// Who of us.
        pub staff_id: Option<Id<User>> = "i.staff_id",
        /// Their name.
        pub staff: Option<String> = "u.name",
        /// When it was written down.
        pub created_at: Instant = "i.created_at",
    }
}

const FROM: &str = "FROM interactions i JOIN parties p ON p.id = i.party_id LEFT JOIN users u ON u.id = i.staff_id WHERE 1 = 1";

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
        struct Given {
            $($field: Option<$type>,)*
            $($missing: Option<$missing_type>,)*
        }

        impl LogInteraction {
            fn given(&self) -> Given {
                Given { $($field: self.$field.clone(),)* $($missing: self.$missing.clone(),)* }
            }
        }

        impl UpdateInteraction {
            /// A correction of nothing yet.
            #[must_use]
            pub fn of(id: Id<Interaction>) -> UpdateInteraction {
                UpdateInteraction { id, $($field: None,)* $($missing: Patch::Keep,)* }
            }

            fn given(&self) -> Given {
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

/// What was written down, and what came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Logged {
    /// The entry.
    pub interaction: Interaction,
    /// The follow-up that was planned.
    pub follow_up_id: Option<Id<FollowUp>>,
}

/// The content of an entry, checked.
struct Checked {
    at: Option<Instant>,
    channel: Option<Channel>,
    direction: Option<Direction>,
    reason: Option<String>,
    origin: Option<String>,
    result: Option<String>,
    duration_s: Option<i64>,
    text: Option<String>,
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

fn word(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn checked(ctx: &Ctx, given: Given, problems: &mut Fields) -> Checked {
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
    async fn check_words(&self, tx: &mut Tx) -> Result<()> {
        let words = [
            ("reason", "reason", self.reason.as_deref()),
            ("origin", "origin", self.origin.as_deref()),
            ("result", "result", self.result.as_deref()),
        ];
        check_terms(tx, &words).await
    }
}

/// A note says something: in words, by its reason or by what came of it.
fn says_nothing(channel: Channel, text: Option<&str>, reason: Option<&str>, result: Option<&str>) -> bool {
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

/// An entry to be put in; made by [`log`] and by [`follow_ups::complete`].
pub(crate) struct Entry {
    pub party: Id<Party>,
    pub at: Instant,
    pub channel: Channel,
    pub direction: Direction,
    pub reason: Option<String>,
    pub origin: Option<String>,
    pub result: Option<String>,
    pub duration_s: Option<i64>,
    pub text: Option<String>,
}

/// Writes an entry, moves the party's last contact forward, records the event.
pub(crate) async fn put(tx: &mut Tx, ctx: &Ctx, entry: Entry) -> Result<Id<Interaction>> {
    let id: Id<Interaction> = ctx.id();
    tx.run(
        sql("INSERT INTO interactions (id, party_id, at, channel, direction, reason, origin, result, duration_s, text, staff_id, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
            .bind(id)
            .bind(entry.party)
            .bind(entry.at)
            .bind(entry.channel)
            .bind(entry.direction)
            .bind(&entry.reason)
            .bind(&entry.origin)
            .bind(&entry.result)
            .bind(entry.duration_s)
            .bind(&entry.text)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await?;
    if entry.channel != Channel::Note {
        tx.run(
            sql("UPDATE parties SET last_contact_at = CASE WHEN last_contact_at < $1 THEN $1 ELSE last_contact_at END, rhythm_due = TRUE
                 WHERE id = $2")
            .bind(entry.at)
            .bind(entry.party),
        )
        .await?;
    }
    let data = serde_json::json!({"channel": entry.channel, "direction": entry.direction, "reason": entry.reason, "result": entry.result});
    events::record(tx, ctx, Event::of_party("interaction.logged", entry.party, data).about(id)).await?;
    Ok(id)
}

/// Takes an entry out again: the way back from a follow-up that was completed by mistake.
pub(crate) async fn take_back(tx: &mut Tx, ctx: &Ctx, id: Id<Interaction>) -> Result<()> {
    let gone: Option<(Id<Party>,)> = tx.maybe(sql("DELETE FROM interactions WHERE id = $1 RETURNING party_id").bind(id)).await?;
    let Some((party,)) = gone else { return Ok(()) };
    refresh_last_contact(tx, party).await?;
    events::record(tx, ctx, Event::of_party("interaction.taken_back", party, serde_json::json!({})).about(id)).await
}

async fn refresh_last_contact(tx: &mut Tx, party: Id<Party>) -> Result<()> {
    refresh_last_contacts(tx, &[party]).await
}

/// Finds the last contact of parties anew, after entries were taken out or changed.
pub(crate) async fn refresh_last_contacts(tx: &mut Tx, parties: &[Id<Party>]) -> Result<()> {
    if parties.is_empty() {
        return Ok(());
    }
    let mut update = sql("UPDATE parties SET rhythm_due = TRUE, last_contact_at = COALESCE((SELECT i.at FROM interactions i
           WHERE i.party_id = parties.id AND i.channel <> 'note' ORDER BY i.at DESC, i.id DESC LIMIT 1), 0)
         WHERE id IN ");
    update.list_padded(parties);
    tx.run(update).await?;
    Ok(())
}

/// An entry from a file.
pub(crate) struct NewInteraction {
    pub party: Id<Party>,
    pub at: Instant,
    pub channel: Channel,
    pub direction: Direction,
    pub reason: Option<String>,
    pub origin: Option<String>,
    pub result: Option<String>,
    pub duration_s: Option<i64>,
    pub text: Option<String>,
    pub staff: Option<Id<User>>,
    /// Makes the row known again: a number that its content gives.
    pub source_key: Option<i64>,
}

/// Writes many entries at once and moves the last contacts of their parties forward. The import they came with is their
/// event in the history.
pub(crate) async fn insert_interactions(tx: &mut Tx, ctx: &Ctx, entries: Vec<NewInteraction>, import: Option<Uuid>) -> Result<()> {
    let mut last: BTreeMap<Id<Party>, Instant> = BTreeMap::new();
    let rows = entries
        .into_iter()
        .map(|entry| {
            if entry.channel != Channel::Note {
                let at = last.entry(entry.party).or_insert(entry.at);
                *at = entry.at.max(*at);
            }
            vec![
                ctx.id::<Interaction>().to_value(),
                entry.party.to_value(),
                entry.at.to_value(),
                entry.channel.to_value(),
                entry.direction.to_value(),
                entry.reason.to_value(),
                entry.origin.to_value(),
                entry.result.to_value(),
                entry.duration_s.to_value(),
                entry.text.to_value(),
                entry.staff.to_value(),
                import.to_value(),
                entry.source_key.to_value(),
                ctx.now().to_value(),
            ]
        })
        .collect();
    for statement in Sql::inserts(
        "INSERT INTO interactions (id, party_id, at, channel, direction, reason, origin, result, duration_s, text, staff_id, import_id,
           source_key, created_at) VALUES ",
        rows,
        "",
    ) {
        tx.run(statement).await?;
    }
    let rows = last.into_iter().map(|(party, at)| vec![party.to_value(), at.to_value()]).collect();
    for statement in Sql::inserts(
        "WITH v (id, at) AS (VALUES ",
        rows,
        ") UPDATE parties SET last_contact_at = CASE WHEN v.at > parties.last_contact_at THEN v.at ELSE parties.last_contact_at END,
             rhythm_due = TRUE
           FROM v WHERE parties.id = v.id",
    ) {
        tx.run(statement).await?;
    }
    Ok(())
}

/// Writes down what passed, and in the same breath what was learned and what is to be done next.
///
/// # Errors
/// For an unknown customer, fields that cannot be read, words that are in no list.
pub async fn log(ctx: &Ctx, new: LogInteraction) -> Result<Logged> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let mut problems = Fields::default();
    let content = checked(ctx, new.given(), &mut problems);
    let is_flat = new.next.is_none();
    let next = next_step(ctx, new.next, word(new.next_what.as_deref()), word(new.next_due.as_deref()));
    let need = word(new.need.as_deref());
    let opportunity = take_line(new.opportunity.as_deref(), "opportunity", &mut problems);
    let idea = take_line(new.idea.as_deref(), "idea", &mut problems);
    let channel = content.channel.unwrap_or(Channel::Phone);
    let direction = content.direction.unwrap_or(Direction::Inbound);
    let empty = says_nothing(channel, content.text.as_deref(), content.reason.as_deref(), content.result.as_deref());
    if empty && need.is_none() && opportunity.is_none() && idea.is_none() {
        problems.add("text", "input-needed");
    }
    problems.check()?;
    if opportunity.is_some() {
        ctx.write(Perm(Room::Sales, Act::Create))?;
    }

    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    content.check_words(&mut tx).await?;
    let entry = Entry {
        party: party.id,
        at: content.at.unwrap_or(ctx.now()),
        channel,
        direction,
        reason: content.reason,
        origin: content.origin,
        result: content.result,
        duration_s: content.duration_s,
        text: content.text,
    };
    let id = put(&mut tx, ctx, entry).await?;
    if let Some(need) = &need {
        preferences::learn(&mut tx, ctx, party.id, PreferenceKind::Need, need, Some(id)).await?;
    }
    if let Some(title) = opportunity {
        crate::sales::opportunities::open(&mut tx, ctx, &party, &title, Some(id)).await?;
    }
    if let Some(text) = idea {
        crate::ideas::put(&mut tx, ctx, &text, Some(party.id), Some(id)).await?;
    }
    let mut follow_up_id = None;
    if let Some(next) = next {
        let planned = follow_ups::plan(&mut tx, ctx, NewFollowUp { party_id: Some(party.id), ..next }).await;
        follow_up_id = Some(planned.map_err(|error| at_next(error, is_flat))?);
    }
    let interaction = read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Logged { interaction, follow_up_id })
}

fn next_step(ctx: &Ctx, next: Option<NextStep>, what: Option<String>, due: Option<String>) -> Option<NewFollowUp> {
    if let Some(next) = next {
        return Some(NewFollowUp {
            what: next.what,
            due: next.due,
            owner_id: next.owner_id,
            importance: next.importance,
            channel: next.channel,
            remind_minutes: next.remind_minutes,
            ..NewFollowUp::default()
        });
    }
    if what.is_none() && due.is_none() {
        return None;
    }
    let what = what.unwrap_or_else(|| Loc::new(ctx.prefs.clone(), ctx.now()).t("interactions-next-usual"));
    let due = due.unwrap_or_else(|| ctx.today().plus(1).to_string());
    Some(NewFollowUp { what, due, ..NewFollowUp::default() })
}

/// Puts a problem of the next step at the field that it was given in.
fn at_next(error: Error, is_flat: bool) -> Error {
    match error {
        Error::Invalid(mut fields) => {
            for problem in &mut fields.0 {
                problem.field = format!("next{}{}", if is_flat { "_" } else { "." }, problem.field).into();
            }
            Error::Invalid(fields)
        }
        error => error,
    }
}

fn take_line(text: Option<&str>, field: &'static str, problems: &mut Fields) -> Option<String> {
    let line = clean_line(text?, LINE_MAX);
    let line = line.map_err(|problem| Problem::new(field, problem.key()).with("max", LINE_MAX));
    problems.take(line).filter(|line| !line.is_empty())
}

async fn read(tx: &mut Tx, id: Id<Interaction>) -> Result<Interaction> {
    let mut query = Sql::select::<Interaction>(FROM);
    query.push(" AND i.id = ").arg(id);
    Ok(tx.one(query).await?)
}

row! {
    /// An entry with all of its columns: as it was before an act, so that the act can be taken back.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Stored {
        /// Its id.
        pub id: Id<Interaction> = "i.id",
        /// With whom.
        pub party_id: Id<Party> = "i.party_id",
        /// When.
        pub at: Instant = "i.at",
        /// By which way.
        pub channel: Channel = "i.channel",
        /// Who began.
        pub direction: Direction = "i.direction",
        /// Why.
        pub reason: Option<String> = "i.reason",
        /// What led them to us.
        pub origin: Option<String> = "i.origin",
        /// What came of it.
        pub result: Option<String> = "i.result",
        /// How long, in seconds.
        pub duration_s: Option<i64> = "i.duration_s",
        /// In words.
        pub text: Option<String> = "i.text",
        /// Who of us.
        pub staff_id: Option<Id<User>> = "i.staff_id",
        /// The import that brought it.
        pub import_id: Option<Uuid> = "i.import_id",
        /// What makes its row of a file known again.
        pub source_key: Option<i64> = "i.source_key",
        /// When it was written down.
        pub created_at: Instant = "i.created_at",
    }
}

/// Writes all of an entry, whether it is there or not.
async fn store(tx: &mut Tx, one: &Stored) -> Result<()> {
    tx.run(
        sql(
            "INSERT INTO interactions (id, party_id, at, channel, direction, reason, origin, result, duration_s, text, staff_id, import_id,
               source_key, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (id) DO UPDATE SET at = excluded.at, channel = excluded.channel, direction = excluded.direction,
               reason = excluded.reason, origin = excluded.origin, result = excluded.result, duration_s = excluded.duration_s,
               text = excluded.text",
        )
        .bind(one.id)
        .bind(one.party_id)
        .bind(one.at)
        .bind(one.channel)
        .bind(one.direction)
        .bind(&one.reason)
        .bind(&one.origin)
        .bind(&one.result)
        .bind(one.duration_s)
        .bind(&one.text)
        .bind(one.staff_id)
        .bind(one.import_id)
        .bind(one.source_key)
        .bind(one.created_at),
    )
    .await?;
    Ok(())
}

/// Whether the caller may still correct an entry or take it back: their own, for a day.
#[must_use]
pub fn is_correctable(ctx: &Ctx, one: &Interaction) -> bool {
    let own = one.staff_id.is_some() && one.staff_id == ctx.actor.user();
    own && one.created_at > ctx.now().plus(-CORRECTABLE) && ctx.actor.can(Perm(Room::Interactions, Act::Change))
}

/// The entry that the caller may correct, it and its party locked.
async fn correctable(tx: &mut Tx, ctx: &Ctx, sight: &Sight, id: Id<Interaction>) -> Result<Stored> {
    let mut query = Sql::select::<Stored>("FROM interactions i JOIN parties p ON p.id = i.party_id WHERE i.id = ");
    query.arg(id);
    sight.parties(&mut query);
    query.push(" AND i.created_at > ").arg(ctx.now().plus(-CORRECTABLE)).push(" AND i.staff_id = ").arg(ctx.actor.user());
    query.push(" {for_update}");
    tx.maybe(query).await?.ok_or(Error::NotFound("interaction"))
}

/// An entry after a correction.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Corrected {
    /// The entry as it is now.
    #[serde(flatten)]
    pub interaction: Interaction,
    /// Takes the correction back: see `undo.run`.
    pub undo: Id<Undo>,
}

/// Corrects an entry. Only its author may, and only within a day; afterwards it is history.
///
/// # Errors
/// [`Error::NotFound`] for an entry of somebody else or one that is too old.
pub async fn update(ctx: &Ctx, change: UpdateInteraction) -> Result<Corrected> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let mut problems = Fields::default();
    let content = checked(ctx, change.given(), &mut problems);
    problems.check()?;
    let mut tx = writer.begin().await?;
    let before = correctable(&mut tx, ctx, &writer.sight, change.id).await?;
    content.check_words(&mut tx).await?;
    let mut after = before.clone();
    after.at = content.at.unwrap_or(before.at);
    after.channel = content.channel.unwrap_or(before.channel);
    after.direction = content.direction.unwrap_or(before.direction);
    after.reason = change.reason.over(content.reason, after.reason);
    after.origin = change.origin.over(content.origin, after.origin);
    after.result = change.result.over(content.result, after.result);
    after.duration_s = change.duration_s.over(content.duration_s, after.duration_s);
    after.text = change.text.over(content.text, after.text);
    if says_nothing(after.channel, after.text.as_deref(), after.reason.as_deref(), after.result.as_deref()) {
        return Err(Error::invalid("text", "input-needed"));
    }
    store(&mut tx, &after).await?;
    refresh_last_contact(&mut tx, before.party_id).await?;
    let data = serde_json::json!({"before": before});
    events::record(&mut tx, ctx, Event::of_party("interaction.changed", before.party_id, data).about(before.id)).await?;
    let interaction = read(&mut tx, before.id).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Interaction { before: Box::new(before), after: Some(Box::new(after)) }).await?;
    tx.commit().await?;
    Ok(Corrected { interaction, undo })
}

/// Which entry.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InteractionId {
    /// Its id.
    pub id: Id<Interaction>,
}

/// One entry.
///
/// # Errors
/// [`Error::NotFound`] for one that does not exist or whose party is out of sight.
pub async fn get(ctx: &Ctx, input: InteractionId) -> Result<Interaction> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let mut query = Sql::select::<Interaction>(FROM);
    query.push(" AND i.id = ").arg(input.id);
    reader.sight.parties(&mut query);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("interaction"))
}

/// An entry that was taken back.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct TakenBack {
    /// Whose it was.
    pub party_id: Id<Party>,
    /// Brings it back: see `undo.run`.
    pub undo: Id<Undo>,
}

/// Takes an entry out that was written down by mistake. Only its author may, and only within a day. What was learned
/// or planned along with it stays.
///
/// # Errors
/// As [`update`].
pub async fn withdraw(ctx: &Ctx, input: InteractionId) -> Result<TakenBack> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let mut tx = writer.begin().await?;
    let before = correctable(&mut tx, ctx, &writer.sight, input.id).await?;
    let party_id = before.party_id;
    take_back(&mut tx, ctx, before.id).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Interaction { before: Box::new(before), after: None }).await?;
    tx.commit().await?;
    Ok(TakenBack { party_id, undo })
}

/// Puts an entry back as it was before an act that left it as `after`.
///
/// # Errors
/// [`Error::Conflict`] at `version` when it has changed since, [`Error::NotFound`] when its party is gone or out of
/// sight; without the right.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, before: &Stored, after: Option<&Stored>) -> Result<()> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let mut query = sql("SELECT p.id FROM parties p WHERE p.id = ");
    query.arg(before.party_id);
    writer.sight.parties(&mut query);
    query.push(" {for_update}");
    tx.maybe::<(Id<Party>,)>(query).await?.ok_or(Error::NotFound("party"))?;
    let mut query = Sql::select::<Stored>("FROM interactions i WHERE i.id = ");
    query.arg(before.id);
    let now: Option<Stored> = tx.maybe(query).await?;
    if now.as_ref() != after {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "interactions-changed-meanwhile")])));
    }
    store(tx, before).await?;
    refresh_last_contact(tx, before.party_id).await?;
    events::record(tx, ctx, Event::of_party("interaction.restored", before.party_id, serde_json::json!({})).about(before.id)).await
}

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListInteractions {
    /// Only with this party.
    pub party_id: Option<Id<Party>>,
    /// Only by this user.
    pub staff_id: Option<Id<User>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Entries, newest first: of one party, or of one of us (the caller unless said otherwise).
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListInteractions) -> Result<Page<Interaction>> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Interaction>(FROM);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND i.party_id = ").arg(party);
    }
    // Always by an index: all entries of a large shop in order of time are the audit log's to show.
    if let Some(staff) = input.staff_id.or(if input.party_id.is_none() { ctx.actor.user() } else { None }) {
        query.push(" AND i.staff_id = ").arg(staff);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Interaction>(after)?;
        query.push(" AND (i.at, i.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY i.at DESC, i.id DESC LIMIT ").arg(limit + 1);
    let mut items: Vec<Interaction> = reader.db.all(query).await?;
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|last| format!("{}_{}", last.at.0, last.id));
    Ok(Page { items, next })
}

/// Entries by id, for those who have found the ids within their sight.
pub(crate) async fn by_ids(db: &Db, ids: &[Id<Interaction>]) -> Result<Vec<Interaction>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Sql::select::<Interaction>(FROM);
    query.push(" AND i.id IN ").list_padded(ids);
    Ok(db.all(query).await?)
}

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    ops.add(
        "interactions.log",
        "POST /interactions",
        Some(Perm(Room::Interactions, Act::Create)),
        "Writes down what passed between us and a customer, with needs learned and the next step.",
        log,
    )
    .example(|| serde_json::json!({"customer": "09121234567", "channel": "phone", "reason": "question", "text": "قیمت تازه را پرسید."}));
    ops.add("interactions.list", "GET /interactions", Some(Perm(Room::Interactions, Act::See)), "Entries, newest first.", list)
        .example(|| serde_json::json!({"limit": 20}));
    ops.add(
        "interactions.update",
        "PUT /interactions/{id}",
        Some(Perm(Room::Interactions, Act::Change)),
        "Corrects an entry of one's own within a day.",
        update,
    )
    .example(|| serde_json::json!({"id": SOME, "channel": "visit", "result": null}));
    ops.add("interactions.get", "GET /interactions/{id}", Some(Perm(Room::Interactions, Act::See)), "One entry.", get)
        .example(|| serde_json::json!({"id": SOME}));
    ops.add(
        "interactions.withdraw",
        "DELETE /interactions/{id}",
        Some(Perm(Room::Interactions, Act::Change)),
        "Takes out an entry of one's own within a day.",
        withdraw,
    )
    .example(|| serde_json::json!({"id": SOME}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_ups::ListFollowUps;
    use crate::parties::preferences::{ListPreferences, list as preferences_of};
    use crate::testing;

    fn talk(party: Id<Party>) -> LogInteraction {
        LogInteraction { party_id: Some(party), ..Default::default() }
    }

    async fn last_contact(ctx: &Ctx, party: Id<Party>) -> Instant {
        let (at,): (Instant,) = ctx.app.db.one(sql("SELECT last_contact_at FROM parties WHERE id = $1").bind(party)).await.unwrap();
        at
    }

    #[tokio::test]
    async fn one_entry_brings_the_need_the_opportunity_the_idea_and_the_next_step() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new = LogInteraction {
            reason: Some("question".into()),
            text: Some("قیمت تازه را پرسید.".into()),
            need: Some("training".into()),
            opportunity: Some("سرویس سالانه".into()),
            idea: Some("بستهٔ عید".into()),
            next_what: Some("فرستادن فاکتور".into()),
            ..talk(party)
        };
        let logged = ctx.run(log, new).await.unwrap();
        assert_eq!((logged.interaction.channel, logged.interaction.direction), (Channel::Phone, Direction::Inbound));
        let known = ctx.run(preferences_of, ListPreferences { id: party }).await.unwrap();
        assert_eq!((known[0].term.as_deref(), known[0].interaction_id), (Some("training"), Some(logged.interaction.id)));
        let planned = ctx.run(follow_ups::list, ListFollowUps { party_id: Some(party), ..Default::default() }).await.unwrap();
        assert_eq!(planned.items[0].what, "فرستادن فاکتور");
        assert_eq!(planned.items[0].due_at.day(&ctx.prefs.time_zone), ctx.today().plus(1));
        let counts: (i64, i64) =
            ctx.app.db.one(sql("SELECT (SELECT count(*) FROM opportunities), (SELECT count(*) FROM ideas)")).await.unwrap();
        assert_eq!(counts, (1, 1));
        assert_eq!(last_contact(&ctx, party).await, ctx.now());
    }

    #[tokio::test]
    async fn an_older_contact_and_a_note_leave_the_last_contact_alone() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        ctx.run(log, LogInteraction { at: Some("۱۴۰۵/۸/۲۰".into()), ..talk(party) }).await.unwrap();
        let first = last_contact(&ctx, party).await;
        assert_eq!(first.day(&ctx.prefs.time_zone).to_string(), "2026-11-11");
        ctx.run(log, LogInteraction { at: Some("1405/8/1".into()), ..talk(party) }).await.unwrap();
        ctx.run(log, LogInteraction { channel: Some(Channel::Note), text: Some("x".into()), ..talk(party) }).await.unwrap();
        assert_eq!(last_contact(&ctx, party).await, first);
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused_at_its_field() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let field = async |new: LogInteraction| match ctx.run(log, new).await {
            Err(Error::Invalid(fields)) => fields.0[0].field.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(field(LogInteraction { at: Some("1410/1/1".into()), ..talk(party) }).await, "at");
        assert_eq!(field(LogInteraction { reason: Some("nonsense".into()), ..talk(party) }).await, "reason");
        assert_eq!(field(LogInteraction { customer: Some("09120000000".into()), ..Default::default() }).await, "customer");
        assert_eq!(field(LogInteraction::default()).await, "customer");
        assert_eq!(field(LogInteraction { next_due: Some("1390/1/1".into()), ..talk(party) }).await, "next_due");
        let count: (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM interactions")).await.unwrap();
        assert_eq!(count, (0,));
    }

    #[tokio::test]
    async fn a_customer_is_found_by_any_spelling_of_their_phone() {
        let ctx = testing::ctx().await;
        let new =
            crate::parties::check::NewParty {
                name: Some("سارا محمدی".into()), mobile: Some("09125550142".into()), ..Default::default()
            };
        let party = ctx.run(crate::parties::party::create, new).await.unwrap();
        for customer in ["۰۹۱۲ ۵۵۵ ۰۱۴۲", "+98 912 555 0142", party.code.as_deref().unwrap()] {
            let logged = ctx.run(log, LogInteraction { customer: Some(customer.into()), ..Default::default() }).await.unwrap();
            assert_eq!(logged.interaction.party_id, party.id, "{customer}");
        }
    }

    #[tokio::test]
    async fn an_agent_logs_and_sees_only_what_is_theirs() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let (mine, theirs) = (testing::party(&agent, "mine").await, testing::party(&owner, "theirs").await);
        assert!(matches!(agent.run(log, talk(theirs)).await, Err(Error::NotFound("party"))));
        owner.run(log, talk(theirs)).await.unwrap();
        agent.run(log, talk(mine)).await.unwrap();
        let of = |party| ListInteractions { party_id: Some(party), ..Default::default() };
        assert_eq!(agent.run(list, of(theirs)).await.unwrap().items.len(), 0);
        assert_eq!(agent.run(list, of(mine)).await.unwrap().items.len(), 1);
    }

    #[tokio::test]
    async fn an_entry_is_corrected_by_its_author_within_a_day() {
        let ctx = testing::ctx().await;
        let other = testing::as_post(&ctx.app, "owner", "other").await;
        let party = testing::party(&ctx, "سارا").await;
        let logged = ctx.run(log, LogInteraction { text: Some("ا".into()), result: Some("answered".into()), ..talk(party) }).await.unwrap();
        let change = UpdateInteraction {
            channel: Some(Channel::Visit),
            result: Patch::Set(String::new()),
            text: Patch::Set("ب".into()),
            ..UpdateInteraction::of(logged.interaction.id)
        };
        let changed = ctx.run(update, change.clone()).await.unwrap().interaction;
        assert_eq!((changed.channel, changed.text.as_deref(), changed.result), (Channel::Visit, Some("ب"), None));
        assert!(matches!(other.run(update, change.clone()).await, Err(Error::NotFound(_))));
        let mut late = ctx.clone();
        late.now = ctx.now().plus(CORRECTABLE);
        assert!(matches!(late.run(update, change).await, Err(Error::NotFound(_))));
    }

    async fn entries(ctx: &Ctx, party: Id<Party>) -> Vec<Interaction> {
        ctx.run(list, ListInteractions { party_id: Some(party), ..Default::default() }).await.unwrap().items
    }

    #[tokio::test]
    async fn a_correction_keeps_what_it_does_not_name_and_is_taken_back() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new = LogInteraction { duration_s: Some(90), reason: Some("question".into()), ..talk(party) };
        let id = ctx.run(log, new).await.unwrap().interaction.id;
        let change = UpdateInteraction {
            at: Some("1405/8/20 10:15".into()),
            duration_s: Patch::Clear,
            text: Patch::Set("تازه".into()),
            ..UpdateInteraction::of(id)
        };
        let corrected = ctx.run(update, change).await.unwrap();
        let one = ctx.run(get, InteractionId { id }).await.unwrap();
        assert_eq!((one.duration_s, one.reason.as_deref(), one.text.as_deref()), (None, Some("question"), Some("تازه")));
        assert_eq!(last_contact(&ctx, party).await, one.at);
        ctx.run(undo::run, undo::RunUndo { id: corrected.undo }).await.unwrap();
        let one = ctx.run(get, InteractionId { id }).await.unwrap();
        assert_eq!((one.duration_s, one.text.as_deref(), one.at), (Some(90), None, ctx.now()));
        assert_eq!(last_contact(&ctx, party).await, ctx.now());
        let note = UpdateInteraction { channel: Some(Channel::Note), reason: Patch::Clear, ..UpdateInteraction::of(id) };
        let Err(Error::Invalid(fields)) = ctx.run(update, note).await else { panic!("a note that says nothing") };
        assert_eq!(fields.0[0].field, "text");
    }

    #[tokio::test]
    async fn an_entry_is_withdrawn_by_its_author_within_a_day_and_brought_back() {
        let ctx = testing::ctx().await;
        let other = testing::as_post(&ctx.app, "owner", "other").await;
        let party = testing::party(&ctx, "سارا").await;
        let first = ctx.run(log, LogInteraction { at: Some("1405/8/20".into()), ..talk(party) }).await.unwrap().interaction;
        let next = LogInteraction { text: Some("اشتباه".into()), next_what: Some("فاکتور".into()), ..talk(party) };
        let id = ctx.run(log, next).await.unwrap().interaction.id;
        assert!(matches!(other.run(withdraw, InteractionId { id }).await, Err(Error::NotFound("interaction"))));
        let late = Ctx { now: ctx.now().plus(CORRECTABLE), ..ctx.clone() };
        assert!(matches!(late.run(withdraw, InteractionId { id }).await, Err(Error::NotFound("interaction"))));
        let before = entries(&ctx, party).await;
        assert!(is_correctable(&ctx, &before[0]) && !is_correctable(&other, &before[0]) && !is_correctable(&late, &before[0]));
        let gone = ctx.run(withdraw, InteractionId { id }).await.unwrap();
        assert_eq!(entries(&ctx, party).await.iter().map(|one| one.id).collect::<Vec<_>>(), [first.id]);
        assert_eq!(last_contact(&ctx, party).await, first.at);
        let planned = ctx.run(follow_ups::list, ListFollowUps { party_id: Some(party), ..Default::default() }).await.unwrap();
        assert_eq!(planned.items.len(), 1, "what was planned along with it stays");
        ctx.run(undo::run, undo::RunUndo { id: gone.undo }).await.unwrap();
        let after = entries(&ctx, party).await;
        assert_eq!(serde_json::to_value(after).unwrap(), serde_json::to_value(before).unwrap());
        assert_eq!(last_contact(&ctx, party).await, ctx.now());
    }

    #[tokio::test]
    async fn a_correction_that_was_corrected_again_is_not_taken_back() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let id = ctx.run(log, talk(party)).await.unwrap().interaction.id;
        let text = |text: &str| UpdateInteraction { text: Patch::Set(text.into()), ..UpdateInteraction::of(id) };
        let first = ctx.run(update, text("یک")).await.unwrap();
        let second = ctx.run(update, text("دو")).await.unwrap();
        assert_eq!(ctx.run(undo::run, undo::RunUndo { id: first.undo }).await.unwrap_err().code(), "conflict");
        ctx.run(undo::run, undo::RunUndo { id: second.undo }).await.unwrap();
        ctx.run(undo::run, undo::RunUndo { id: first.undo }).await.unwrap();
        assert_eq!(entries(&ctx, party).await[0].text, None);
    }
}
