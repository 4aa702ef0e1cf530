//! What was done so that customers stay, and what came of it. Nobody types the outcome: it is read from the purchases.

use super::findings;
use super::guard::LEVEL;
use crate::follow_ups::{self, FollowUp, NewFollowUp};
use crate::interactions::moment;
use crate::operation::{Nothing, Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use jiff::civil::time;
use peyvand_db::{Db, Id, Sql, Tx, row, sql};
use peyvand_stats::proportion::wilson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Who buys within so many days after it has come back.
pub const BACK_WITHIN: i64 = 90;
/// The share of those who came back is of the acts of so many days.
pub const LOOKED_AT: i64 = 365;
/// Characters of a note.
const NOTE_MAX: usize = 500;
/// Acts that are counted when somebody looks; of more the job counts those of everybody.
const LIVE: i64 = 5_000;
/// Name of the finding.
const NAME: &str = "saves";

peyvand_db::words! {
    /// What was done so that a customer stays.
    pub enum SaveKind {
        /// Called them.
        Call = "call",
        /// Visited them.
        Visit = "visit",
        /// Wrote to them.
        Message = "message",
        /// Made them an offer.
        Offer = "offer",
        /// Gave them something.
        Gift = "gift",
        /// Apologised, and made good for what went wrong.
        Apology = "apology",
        /// Something else; the note says what.
        Other = "other",
    }
}

peyvand_db::words! {
    /// What came of it, as far as the purchases tell.
    pub enum SaveOutcome {
        /// They bought within the days.
        Back = "back",
        /// They have not bought yet, and the days are not over.
        Waiting = "waiting",
        /// The days are over without a purchase.
        NotBack = "not_back",
    }
}

row! {
    /// Something that was done so that a customer stays.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Save {
        /// Its id.
        pub id: Id<Save> = "s.id",
        /// For whom.
        pub party_id: Id<Party> = "s.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// What.
        pub kind: SaveKind = "s.kind",
        /// When.
        pub day: Day = "s.day",
        /// The last day on which a purchase counts as coming back.
        pub until_on: Day = "s.until_on",
        /// A note.
        pub note: Option<String> = "s.note",
        /// Who did it.
        pub done_by: Id<User> = "s.done_by",
        /// Their name.
        pub doer: String = "u.name",
        /// What was planned along with it.
        pub follow_up_id: Option<Id<FollowUp>> = "s.follow_up_id",
        /// Who wrote it down.
        pub created_by: Option<Id<User>> = "s.created_by",
        /// The day of the first purchase after it, up to that last day.
        pub back_on: Option<Day> = "(SELECT MIN(b.day) FROM purchases b
            WHERE b.party_id = s.party_id AND b.gross_minor > 0 AND b.day > s.day AND b.day <= s.until_on)",
    }
}

const FROM: &str = "FROM saves s CROSS JOIN parties p CROSS JOIN users u WHERE p.id = s.party_id AND u.id = s.done_by";

/// Something that was done, with what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SaveSeen {
    /// What was done.
    #[serde(flatten)]
    pub save: Save,
    /// What came of it.
    pub outcome: SaveOutcome,
}

impl Save {
    fn seen(self, today: Day) -> SaveSeen {
        let outcome = match self.back_on {
            Some(_) => SaveOutcome::Back,
            None if today <= self.until_on => SaveOutcome::Waiting,
            None => SaveOutcome::NotBack,
        };
        SaveSeen { save: self, outcome }
    }
}

row! {
    /// What was done, as it is stored, to be put back.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct StoredSave {
        /// Its id.
        pub id: Id<Save>,
        /// For whom.
        pub party_id: Id<Party>,
        /// What.
        pub kind: SaveKind,
        /// When.
        pub day: Day,
        /// The last day of coming back.
        pub until_on: Day,
        /// A note.
        pub note: Option<String>,
        /// Who did it.
        pub done_by: Id<User>,
        /// What was planned along with it.
        pub follow_up_id: Option<Id<FollowUp>>,
        /// Who wrote it down.
        pub created_by: Option<Id<User>>,
        /// When they did.
        pub created_at: Instant,
    }
}

impl StoredSave {
    async fn insert(&self, tx: &mut Tx) -> Result<()> {
        tx.run(
            sql("INSERT INTO saves (id, party_id, kind, day, until_on, note, done_by, follow_up_id, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
            .bind(self.id)
            .bind(self.party_id)
            .bind(self.kind)
            .bind(self.day)
            .bind(self.until_on)
            .bind(&self.note)
            .bind(self.done_by)
            .bind(self.follow_up_id)
            .bind(self.created_by)
            .bind(self.created_at),
        )
        .await?;
        Ok(())
    }

    async fn delete(&self, tx: &mut Tx) -> Result<u64> {
        Ok(tx.run(sql("DELETE FROM saves WHERE id = $1").bind(self.id)).await?)
    }

    /// What the history says of it.
    fn event(&self, kind: &'static str) -> Event {
        let data = json!({"kind": self.kind, "day": self.day, "done_by": self.done_by, "note": self.note});
        Event::of_party(kind, self.party_id, data).about(self.id)
    }
}

/// What came of writing it down or taking it out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SaveActed {
    /// What was done, as it is or was written down.
    #[serde(flatten)]
    pub save: SaveSeen,
    /// Takes this back; for a day, by the one who did it.
    pub undo: Id<Undo>,
}

/// Something that was done so that a customer stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewSave {
    /// For whom.
    pub party_id: Option<Id<Party>>,
    /// For whom, by any identity key, phone or code.
    pub customer: Option<String>,
    /// What.
    pub kind: Option<SaveKind>,
    /// When, as a date in the caller's calendar or RFC 3339; today unless given.
    pub date: Option<String>,
    /// Who did it; the caller unless given.
    pub done_by: Option<Id<User>>,
    /// A note.
    pub note: Option<String>,
    /// Plans a follow-up for the caller until this day, to see what came of it.
    pub follow_up: Option<String>,
    /// What is to be done then, in a line.
    pub follow_up_what: Option<String>,
}

/// Writes down what was done so that a customer stays.
///
/// # Errors
/// For fields that cannot be read, a customer out of sight, a colleague who does not work here, a day to come.
pub async fn add(ctx: &Ctx, new: NewSave) -> Result<SaveActed> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut problems = Fields::default();
    let note = clean_line(new.note.as_deref().unwrap_or_default(), NOTE_MAX)
        .map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX));
    let note = problems.take(note).filter(|note| !note.is_empty());
    // At noon it is the same day wherever the caller is.
    let at = given(&new.date).map_or(Ok(ctx.now()), |text| moment(ctx, "date", &text, time(12, 0, 0, 0)));
    let day = problems.take(at).map(|at| at.day(&zone));
    if day.is_some_and(|day| day > today) {
        problems.add("date", "interactions-at-future");
    }
    if new.kind.is_none() {
        problems.add("kind", "input-needed");
    } else if new.kind == Some(SaveKind::Other) && note.is_none() {
        problems.add("note", "saves-other-needs-note");
    }
    let mut tx = writer.begin().await?;
    let doer = new.done_by.or(ctx.actor.user());
    let works_here: Option<(Id<User>,)> = tx.maybe(sql("SELECT id FROM users WHERE id = $1 AND is_active").bind(doer)).await?;
    if works_here.is_none() {
        problems.add("done_by", "input-choice");
    }
    problems.check()?;
    let party = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    let follow_up = match given(&new.follow_up) {
        Some(due) => {
            let what = given(&new.follow_up_what).unwrap_or_default();
            let next = NewFollowUp { party_id: Some(party.id), what, due, ..NewFollowUp::default() };
            Some(follow_ups::plan(&mut tx, ctx, next).await.map_err(of_this_form)?)
        }
        None => None,
    };
    let day = day.unwrap_or(today);
    let (Some(kind), Some((done_by,))) = (new.kind, works_here) else { return Err(Error::invalid("kind", "input-needed")) };
    let stored = StoredSave {
        id: ctx.id(),
        party_id: party.id,
        kind,
        day,
        until_on: day.plus(BACK_WITHIN),
        note,
        done_by,
        follow_up_id: follow_up,
        created_by: ctx.actor.user(),
        created_at: ctx.now(),
    };
    stored.insert(&mut tx).await?;
    events::record(&mut tx, ctx, stored.event("save.added")).await?;
    let save = one(&mut tx, stored.id).await?.seen(today);
    let undo = undo::remember(&mut tx, ctx, &Inverse::Save { save: Box::new(stored), was_added: true }).await?;
    tx.commit().await?;
    Ok(SaveActed { save, undo })
}

/// What is wrong with the follow-up, at the fields that it was read from.
fn of_this_form(error: Error) -> Error {
    let Error::Invalid(Fields(mut problems)) = error else { return error };
    for problem in &mut problems {
        problem.field = match &*problem.field {
            "what" => "follow_up_what".into(),
            _ => "follow_up".into(),
        };
    }
    Error::Invalid(Fields(problems))
}

async fn one(tx: &mut Tx, id: Id<Save>) -> Result<Save> {
    let mut query = Sql::select::<Save>(FROM);
    query.push(" AND s.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// Takes out what was written down, with the follow-up that was planned along with it, or writes it down again.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, save: &StoredSave, was_added: bool) -> Result<()> {
    let writer = ctx.write(Perm(Room::Interactions, if was_added { Act::Create } else { Act::Change }))?;
    whom::by_id(tx, &writer.sight, save.party_id).await?;
    if was_added {
        if save.delete(tx).await? == 0 {
            return Err(Error::NotFound("save"));
        }
        if let Some(follow_up) = save.follow_up_id {
            follow_ups::drop_made(tx, ctx, &[follow_up]).await?;
        }
    } else {
        save.insert(tx).await?;
    }
    events::record(tx, ctx, save.event(if was_added { "save.removed" } else { "save.restored" })).await
}

/// What is to be taken out.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveSave {
    /// Which.
    pub id: Id<Save>,
}

/// Takes out what was written down by mistake; the history keeps it. What a colleague wrote down only who sees all
/// customers takes out.
///
/// # Errors
/// [`Error::NotFound`] outside of that.
pub async fn remove(ctx: &Ctx, input: RemoveSave) -> Result<SaveActed> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<Save>(FROM);
    writer.sight.parties(&mut query);
    query.push(" AND s.id = ").arg(input.id);
    let save: Option<Save> = tx.maybe(query).await?;
    let may = |save: &Save| writer.sight == Sight::All || save.created_by == ctx.actor.user();
    let save = save.filter(may).ok_or(Error::NotFound("save"))?;
    let stored: StoredSave = tx.one(Sql::select::<StoredSave>("FROM saves WHERE id = $1").bind(save.id)).await?;
    stored.delete(&mut tx).await?;
    events::record(&mut tx, ctx, stored.event("save.removed")).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Save { save: Box::new(stored), was_added: false }).await?;
    tx.commit().await?;
    Ok(SaveActed { save: save.seen(today), undo })
}

/// Which of what was done.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListSaves {
    /// Only for this customer.
    pub party_id: Option<Id<Party>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// What was done so that customers stay, newest first, with what came of it by now.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListSaves) -> Result<Page<SaveSeen>> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let limit = page_size(input.limit)?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut query = Sql::select::<Save>(FROM);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND s.party_id = ").arg(party);
    }
    if let Some(after) = &input.after {
        let place = after.split_once('_').and_then(|(day, id)| Some((day.parse::<Day>().ok()?, id.parse::<Id<Save>>().ok()?)));
        let (day, id) = place.ok_or_else(|| Problem::new("after", "input-cursor"))?;
        query.push(" AND (s.day, s.id) < (").arg(day).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY s.day DESC, s.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Save> = reader.db.all(query).await?;
    let page = Page::cut(rows, limit, |last| format!("{}_{}", last.day, last.id));
    Ok(Page { items: page.items.into_iter().map(|save| save.seen(today)).collect(), next: page.next })
}

row! {
    struct Counted {
        kind: SaveKind = "s.kind",
        acts: i64 = "COUNT(*)",
        waiting: i64 = "COUNT(*) FILTER (WHERE NOT s.is_over)",
        again: i64 = "COUNT(*) FILTER (WHERE s.is_over AND NOT s.is_first)",
        judged: i64 = "COUNT(*) FILTER (WHERE s.is_over AND s.is_first)",
        back: i64 = "COUNT(*) FILTER (WHERE s.is_over AND s.is_first AND s.is_back)",
    }
}

/// How many of those for whom something was done came back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaveFigures {
    /// Acts.
    pub acts: i64,
    /// Those whose days are not over, so that nothing is said of them yet.
    pub waiting: i64,
    /// Those that fell in the days after an earlier one for the same customer, so that one return is not counted twice.
    pub again: i64,
    /// Those that are judged.
    pub judged: i64,
    /// Those of them whose customer came back.
    pub back: i64,
    /// The share of these; absent where none is judged.
    pub share: Option<f64>,
    /// Lower end of the range in which it lies with 95 per cent (Wilson).
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl SaveFigures {
    fn of(acts: i64, waiting: i64, again: i64, judged: i64, back: i64) -> SaveFigures {
        let share = wilson(back.unsigned_abs(), judged.unsigned_abs(), LEVEL).ok();
        SaveFigures {
            acts,
            waiting,
            again,
            judged,
            back,
            share: share.map(|share| share.value),
            low: share.map(|share| share.low),
            high: share.map(|share| share.high),
        }
    }
}

/// What came of one kind of act.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SavesOfKind {
    /// The kind.
    pub kind: SaveKind,
    /// Its figures.
    #[serde(flatten)]
    pub figures: SaveFigures,
}

/// What came of all that was done. Without customers for whom nothing was done it does not say what would have come of
/// doing nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaveSummary {
    /// Acts of so many days.
    pub days: i64,
    /// Who buys within so many days after it has come back.
    pub back_within: i64,
    /// All kinds together.
    pub all: SaveFigures,
    /// Each kind, the most frequent first.
    pub kinds: Vec<SavesOfKind>,
    /// When it was counted.
    pub made_at: Instant,
}

/// What came of what was done so that customers stay, within sight.
///
/// # Errors
/// Without the right.
pub async fn summary(ctx: &Ctx, _: Nothing) -> Result<SaveSummary> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    if reader.sight == Sight::All {
        let (some,): (i64,) = reader.db.one(sql("SELECT count(*) FROM (SELECT 1 FROM saves LIMIT $1) few").bind(LIVE + 1)).await?;
        if some > LIVE
            && let Some(last) = findings::last::<SaveSummary>(reader.db, NAME).await?
        {
            return Ok(last.found);
        }
    }
    count(ctx, reader.db, &reader.sight).await
}

/// Part of the job.
pub(super) async fn find_out(ctx: &Ctx) -> Result<()> {
    let found = count(ctx, &ctx.app.db, &Sight::All).await?;
    findings::put(ctx, NAME, "", 0, &found).await
}

async fn count(ctx: &Ctx, db: &Db, sight: &Sight) -> Result<SaveSummary> {
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut query = Sql::select::<Counted>(
        "FROM (SELECT s.kind, s.until_on < $1 AS is_over,
             NOT EXISTS (SELECT 1 FROM saves e WHERE e.party_id = s.party_id AND e.until_on >= s.day AND (e.day, e.id) < (s.day, s.id)) AS is_first,
             EXISTS (SELECT 1 FROM purchases b
               WHERE b.party_id = s.party_id AND b.gross_minor > 0 AND b.day > s.day AND b.day <= s.until_on) AS is_back
           FROM saves s JOIN parties p ON p.id = s.party_id WHERE s.day > $2",
    )
    .bind(today)
    .bind(today.plus(-LOOKED_AT));
    sight.parties(&mut query);
    query.push(") s GROUP BY s.kind");
    let counted: Vec<Counted> = db.all(query).await?;
    let sum = |figure: fn(&Counted) -> i64| counted.iter().map(figure).sum::<i64>();
    let all =
        SaveFigures::of(sum(|one| one.acts), sum(|one| one.waiting), sum(|one| one.again), sum(|one| one.judged), sum(|one| one.back));
    let of_kind =
        |one: &Counted| SavesOfKind { kind: one.kind, figures: SaveFigures::of(one.acts, one.waiting, one.again, one.judged, one.back) };
    let mut kinds: Vec<SavesOfKind> = counted.iter().map(of_kind).collect();
    kinds.sort_by_key(|one| (-one.figures.acts, one.kind));
    Ok(SaveSummary { days: LOOKED_AT, back_within: BACK_WITHIN, all, kinds, made_at: ctx.now() })
}

/// The operations of what is done so that customers stay.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Interactions, Act::See));
    ops.add(
        "saves.add",
        "POST /saves",
        Some(Perm(Room::Interactions, Act::Create)),
        "Writes down what was done so that a customer stays.",
        add,
    )
    .example(|| json!({"customer": "09121234567", "kind": "call", "date": "2026-11-20", "note": "از تأخیر ارسال گله داشت"}));
    ops.add("saves.list", "GET /saves", see, "What was done so that customers stay, newest first, with what came of it.", list)
        .example(|| json!({"limit": 20}));
    ops.add(
        "saves.summary",
        "GET /saves/summary",
        see,
        "How many of those for whom something was done came back, by what was done.",
        summary,
    );
    ops.add(
        "saves.remove",
        "DELETE /saves/{id}",
        Some(Perm(Room::Interactions, Act::Change)),
        "Takes out what was written down by mistake.",
        remove,
    );
}
