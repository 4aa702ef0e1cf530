//! What passed between us and a party: calls, messages, visits, notes.

use crate::operation::{Page, page_size};
use crate::parties::preferences::{self, PreferenceKind};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::calendar::{parse_instant, parse_moment};
use crate::platform::events::{self, Event, cursor};
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
}

/// What was written down, and what came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Logged {
    /// The entry.
    pub interaction: Interaction,
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

fn checked(
    ctx: &Ctx,
    at: Option<&str>,
    reason: Option<&str>,
    origin: Option<&str>,
    result: Option<&str>,
    duration_s: Option<i64>,
    text: Option<&str>,
    problems: &mut Fields,
) -> Checked {
    let at = word(at).and_then(|text| problems.take(moment(ctx, "at", &text, Time::midnight())));
    if at.is_some_and(|at| at > ctx.now().plus(AHEAD)) {
        problems.add("at", "interactions-at-future");
    }
    if duration_s.is_some_and(|duration| !(0..=DURATION_MAX).contains(&duration)) {
        problems.0.push(Problem::new("duration_s", "input-range").with("min", 0).with("max", DURATION_MAX));
    }
    let text = text.and_then(|text| {
        problems.take(clean_text(text, TEXT_MAX).map_err(|problem| Problem::new("text", problem.key()).with("max", TEXT_MAX)))
    });
    Checked {
        at,
        reason: word(reason),
        origin: word(origin),
        result: word(result),
        duration_s,
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
    let mut update = sql(
        "UPDATE parties SET rhythm_due = TRUE, last_contact_at = COALESCE((SELECT i.at FROM interactions i
           WHERE i.party_id = parties.id AND i.channel <> 'note' ORDER BY i.at DESC, i.id DESC LIMIT 1), 0)
         WHERE id IN ",
    );
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
    let content = checked(
        ctx,
        new.at.as_deref(),
        new.reason.as_deref(),
        new.origin.as_deref(),
        new.result.as_deref(),
        new.duration_s,
        new.text.as_deref(),
        &mut problems,
    );
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
    let interaction = read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Logged { interaction })
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
    let content = checked(
        ctx,
        change.at.as_deref(),
        change.reason.as_deref(),
        change.origin.as_deref(),
        change.result.as_deref(),
        change.duration_s,
        change.text.as_deref(),
        &mut problems,
    );
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
