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
use crate::{Act, Ctx, Error, Fields, Operations, Perm, Problem, Result, Room};
use jiff::civil::Time;
use peyvand_db::{Db, Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// Something to write down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInteraction {
    /// With whom.
    pub party_id: Option<Id<Party>>,
    /// With whom, by any identity key, phone or code.
    pub customer: Option<String>,
    /// When, as a date in the caller's calendar or RFC 3339; now unless given.
    pub at: Option<String>,
    /// By which way; by telephone unless given.
    pub channel: Option<Channel>,
    /// Who began; they unless given.
    pub direction: Option<Direction>,
    /// Why, a word of list `reason`.
    pub reason: Option<String>,
    /// What led them to us, a word of list `origin`.
    pub origin: Option<String>,
    /// What came of it, a word of list `result`.
    pub result: Option<String>,
    /// How long, in seconds.
    pub duration_s: Option<i64>,
    /// In words.
    pub text: Option<String>,
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

/// The content of an entry as it was given.
struct Given<'a> {
    at: Option<&'a str>,
    reason: Option<&'a str>,
    origin: Option<&'a str>,
    result: Option<&'a str>,
    duration_s: Option<i64>,
    text: Option<&'a str>,
}

fn checked(ctx: &Ctx, given: &Given<'_>, problems: &mut Fields) -> Checked {
    let at = word(given.at).and_then(|text| problems.take(moment(ctx, "at", &text, Time::midnight())));
    if at.is_some_and(|at| at > ctx.now().plus(AHEAD)) {
        problems.add("at", "interactions-at-future");
    }
    if given.duration_s.is_some_and(|duration| !(0..=DURATION_MAX).contains(&duration)) {
        problems.0.push(Problem::new("duration_s", "input-range").with("min", 0).with("max", DURATION_MAX));
    }
    let text = given.text.and_then(|text| {
        problems.take(clean_text(text, TEXT_MAX).map_err(|problem| Problem::new("text", problem.key()).with("max", TEXT_MAX)))
    });
    Checked {
        at,
        reason: word(given.reason),
        origin: word(given.origin),
        result: word(given.result),
        duration_s: given.duration_s,
        text: text.filter(|text| !text.is_empty()),
    }
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
pub(crate) async fn insert_interactions(tx: &mut Tx, ctx: &Ctx, entries: Vec<NewInteraction>, import: Option<uuid::Uuid>) -> Result<()> {
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
    let given = Given {
        at: new.at.as_deref(),
        reason: new.reason.as_deref(),
        origin: new.origin.as_deref(),
        result: new.result.as_deref(),
        duration_s: new.duration_s,
        text: new.text.as_deref(),
    };
    let content = checked(ctx, &given, &mut problems);
    let is_flat = new.next.is_none();
    let next = next_step(ctx, new.next, word(new.next_what.as_deref()), word(new.next_due.as_deref()));
    let need = word(new.need.as_deref());
    let opportunity = take_line(new.opportunity.as_deref(), "opportunity", &mut problems);
    let idea = take_line(new.idea.as_deref(), "idea", &mut problems);
    let channel = new.channel.unwrap_or(Channel::Phone);
    let direction = new.direction.unwrap_or(Direction::Inbound);
    let empty = content.text.is_none() && content.reason.is_none() && content.result.is_none();
    if channel == Channel::Note && empty && need.is_none() && opportunity.is_none() && idea.is_none() {
        problems.add("text", "input-needed");
    }
    problems.check()?;
    if opportunity.is_some() {
        ctx.write(Perm(Room::Sales, Act::Create))?;
    }

    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    let lists = [
        ("reason", "reason", content.reason.as_deref()),
        ("origin", "origin", content.origin.as_deref()),
        ("result", "result", content.result.as_deref()),
    ];
    check_terms(&mut tx, &lists).await?;
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

/// A correction; absent fields stay, an empty text clears.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateInteraction {
    /// Which.
    pub id: Id<Interaction>,
    /// When.
    pub at: Option<String>,
    /// By which way.
    pub channel: Option<Channel>,
    /// Who began.
    pub direction: Option<Direction>,
    /// Why.
    pub reason: Option<String>,
    /// What led them to us.
    pub origin: Option<String>,
    /// What came of it.
    pub result: Option<String>,
    /// How long, in seconds.
    pub duration_s: Option<i64>,
    /// In words.
    pub text: Option<String>,
}

/// Corrects an entry. Only its author may, and only within a day; afterwards it is history.
///
/// # Errors
/// [`Error::NotFound`] for an entry of somebody else or one that is too old.
pub async fn update(ctx: &Ctx, change: UpdateInteraction) -> Result<Interaction> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let mut problems = Fields::default();
    let given = Given {
        at: change.at.as_deref(),
        reason: change.reason.as_deref(),
        origin: change.origin.as_deref(),
        result: change.result.as_deref(),
        duration_s: change.duration_s,
        text: change.text.as_deref(),
    };
    let content = checked(ctx, &given, &mut problems);
    problems.check()?;
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<Interaction>(FROM);
    writer.sight.parties(&mut query);
    query.push(" AND i.id = ").arg(change.id).push(" AND i.created_at > ").arg(ctx.now().plus(-CORRECTABLE));
    query.push(" AND i.staff_id = ").arg(ctx.actor.user());
    let old: Interaction = tx.maybe(query).await?.ok_or(Error::NotFound("interaction"))?;
    let lists = [
        ("reason", "reason", content.reason.as_deref()),
        ("origin", "origin", content.origin.as_deref()),
        ("result", "result", content.result.as_deref()),
    ];
    check_terms(&mut tx, &lists).await?;
    let kept = |given: &Option<String>, new: Option<String>, old: &Option<String>| if given.is_some() { new } else { old.clone() };
    tx.run(
        sql("UPDATE interactions SET at = $1, channel = $2, direction = $3, reason = $4, origin = $5, result = $6, duration_s = $7,
               text = $8 WHERE id = $9")
        .bind(content.at.unwrap_or(old.at))
        .bind(change.channel.unwrap_or(old.channel))
        .bind(change.direction.unwrap_or(old.direction))
        .bind(kept(&change.reason, content.reason, &old.reason))
        .bind(kept(&change.origin, content.origin, &old.origin))
        .bind(kept(&change.result, content.result, &old.result))
        .bind(content.duration_s.or(old.duration_s))
        .bind(kept(&change.text, content.text, &old.text))
        .bind(old.id),
    )
    .await?;
    refresh_last_contact(&mut tx, old.party_id).await?;
    let before = serde_json::to_value(&old).map_err(Error::fault)?;
    events::record(&mut tx, ctx, Event::of_party("interaction.changed", old.party_id, serde_json::json!({"before": before})).about(old.id))
        .await?;
    let interaction = read(&mut tx, old.id).await?;
    tx.commit().await?;
    Ok(interaction)
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
    );
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
            id: logged.interaction.id,
            at: None,
            channel: Some(Channel::Visit),
            direction: None,
            reason: None,
            origin: None,
            result: Some(String::new()),
            duration_s: None,
            text: Some("ب".into()),
        };
        let changed = ctx.run(update, change.clone()).await.unwrap();
        assert_eq!((changed.channel, changed.text.as_deref(), changed.result), (Channel::Visit, Some("ب"), None));
        assert!(matches!(other.run(update, change.clone()).await, Err(Error::NotFound(_))));
        let mut late = ctx.clone();
        late.now = ctx.now().plus(CORRECTABLE);
        assert!(matches!(late.run(update, change).await, Err(Error::NotFound(_))));
    }
}
