//! What the indicators are made of, read stripe by stripe: who was in a stage on the first day, for how long, what they bought
//! meanwhile and what reached them.

use super::effects::{Arm, Did, Reached, Span, Stratum};
use super::repeats::Repeat;
use crate::experience::assignment::{self, GLOBAL};
use crate::experience::legality::TreatmentKind;
use crate::experience::policies::Version;
use crate::experience::protocols::Protocol;
use crate::experience::treatments::{self, Treatment};
use crate::insight::rhythm::Habit;
use crate::lifecycle::history::{Refundable, take_back};
use crate::lifecycle::{Stage, Standing};
use crate::parties::Party;
use crate::platform::money::Currency;
use crate::platform::time::{DAY, HOUR};
use crate::{Ctx, Day, Error, Instant, Result, Sight};
use jiff::tz::TimeZone;
use peyvand_db::{Id, Sql, Tx, row, sql};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio::sync::mpsc::{Receiver, channel};
use uuid::Uuid;

/// Customers that are read together.
const STRIPE: i64 = 10_000;
/// How many stripes are read at the same time; each holds a connection for so long.
const READERS: usize = 2;
/// The smallest step in which hours of the day differ between time zones.
pub(super) const HALF_HOUR: i64 = HOUR / 2;
/// The signs that text has for the end of a field, of a line, of a part of a member and of a member: no name of a category holds them.
const FIELD_END: &str = "\u{1f}";
const LINE_END: &str = "\u{1e}";
const PART_END: &str = "\u{1d}";
const MEMBER_END: &str = "\u{1c}";
/// Days after respect in which something counts as having come after it.
const RESPECT_DAYS: i64 = 30;
/// After a gift.
const GIFT_DAYS: i64 = 60;
/// After a benefit; and after everything but respect, where introductions are counted.
const BENEFIT_DAYS: i64 = 90;
/// After the last day of a code.
const CODE_DAYS: i64 = 7;

/// Days after a treatment in which a purchase counts as having come after it. A discount counts from its gift to a week after its
/// last day, which the caller knows.
pub(super) fn days_after(kind: TreatmentKind, left: i64) -> i64 {
    match kind {
        TreatmentKind::Respect => RESPECT_DAYS,
        TreatmentKind::Discount => left.max(0) + CODE_DAYS,
        TreatmentKind::Gift => GIFT_DAYS,
        TreatmentKind::Benefit => BENEFIT_DAYS,
    }
}

/// The same of introductions.
pub(crate) fn days_to_introduce(kind: TreatmentKind) -> i64 {
    if kind == TreatmentKind::Respect { GIFT_DAYS } else { BENEFIT_DAYS }
}

/// What is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub stage: Stage,
    pub span: Span,
    pub currency: Currency,
    pub zone: TimeZone,
    pub sight: Sight,
}

impl Frame {
    /// The moments at which it begins and ends.
    pub(crate) fn moments(&self) -> (Instant, Instant) {
        (Instant::start_of(self.span.from, &self.zone), Instant::start_of(self.span.until, &self.zone))
    }

    /// The same for as many days before.
    pub(super) fn before(&self) -> Frame {
        let days = self.span.days();
        Frame { span: Span { from: self.span.from.plus(-days), until: self.span.from }, ..self.clone() }
    }

    /// The members: who was in the stage on the first day, and neither gone nor against us. Goes behind
    /// `stage_memberships m JOIN parties p … WHERE`.
    pub(super) fn members(&self, query: &mut Sql) {
        self.in_stage(query);
        self.sight.parties(query);
    }

    fn in_stage(&self, query: &mut Sql) {
        query.push(" m.stage = ").arg(self.stage).push(" AND m.standing NOT IN ").list(GONE);
        query.push(" AND m.entered_on <= ").arg(self.span.from).push(" AND (m.left_on IS NULL OR m.left_on > ").arg(self.span.from);
        query.push(")");
    }

    /// The members of a stripe, with those out of sight. Goes behind `stage_memberships m … WHERE`: who is asked for what they did
    /// was found before, and others are passed over. `whose` is the column of what they did that is joined to theirs, and is told the
    /// same, so that nothing of others is read.
    pub(crate) fn stripe(&self, query: &mut Sql, whose: &'static str, stripe: (Id<Party>, Id<Party>)) {
        self.in_stage(query);
        for column in ["m.party_id", whose] {
            query.push(" AND ").push(column).push(" > ").arg(stripe.0);
            query.push(" AND ").push(column).push(" <= ").arg(stripe.1);
        }
    }
}

/// Who stands like this is not in their stage any more.
const GONE: [Standing; 5] = [Standing::Lost, Standing::Detractor, Standing::Terminated, Standing::Archived, Standing::Disqualified];

/// What reached a customer: a treatment that a policy gave, or a protocol of respect that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Cause {
    Treatment(Id<Treatment>),
    Protocol(Id<Protocol>),
}

/// The causes that were met, each with a place and its kind.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    places: HashMap<Cause, usize>,
    pub list: Vec<(Cause, TreatmentKind)>,
}

impl Causes {
    fn place(&mut self, cause: Cause, kind: TreatmentKind) -> usize {
        *self.places.entry(cause).or_insert_with(|| {
            self.list.push((cause, kind));
            self.list.len() - 1
        })
    }
}

/// What one member did.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub party: Id<Party>,
    pub span: Span,
    /// Days with a repeat purchase, in order.
    pub repeats: Vec<Repeat>,
    /// What reached them.
    pub reached: Vec<Reached>,
    /// The half hours since 1970 in which they bought, repeat or not; where [`Want::All`] is read.
    pub half_hours: Vec<i64>,
    /// Their habit, as of the last refresh of the scores.
    pub habit: Option<Habit>,
}

impl Member {
    pub(super) fn did(&self) -> Vec<Did> {
        self.repeats.iter().map(|one| Did { on: one.on, minor: one.minor }).collect()
    }
}

/// The members of a stripe as one text, for a row of each costs more than what is in it. Each ends with $12, and each of their parts but
/// the last with $11:
///
/// - who it is;
/// - the day of their first purchase;
/// - the day on which they first were not in the stage any more;
/// - where $2, their habit;
/// - where $1, their purchases in the currency $3 from $4 until before $5, each with day, amount and, where $2, half hour ($6 ms long).
///   The moments from $9 until $10, which hold those days in every time zone, are what the index is in the order of;
/// - where $2, the lines of them: day, amount, whether they had bought the same before, and category, with $7 between these and $8
///   between lines.
const MEMBERS: &str = "SELECT STRING_AGG({id_text}m.party_id{/id_text} || $11 || COALESCE(m.first_purchase_on, '') || $11
  || COALESCE(CASE WHEN m.left_on IS NOT NULL THEN (SELECT MIN(n.entered_on) FROM stage_memberships n
      WHERE n.party_id = m.party_id AND n.place > m.place
        AND (n.stage <> m.stage OR n.standing IN ('lost', 'detractor', 'terminated', 'archived', 'disqualified'))) END, '') || $11
  || COALESCE(CASE WHEN $2 THEN (SELECT s.habit FROM party_scores s WHERE s.party_id = m.party_id) END, '') || $11
  || COALESCE(CASE WHEN $1 THEN (SELECT STRING_AGG(q.day || ' ' || CAST(q.gross_minor AS TEXT)
          || CASE WHEN $2 THEN ' ' || CAST(q.at / $6 AS TEXT) ELSE '' END, ',')
      FROM purchases q WHERE q.party_id = m.party_id AND q.at >= $9 AND q.at < $10
        AND q.gross_minor > 0 AND q.currency = $3 AND q.day >= $4 AND q.day < $5) END, '') || $11
  || COALESCE(CASE WHEN $2 THEN (SELECT STRING_AGG(l.day || $7 || CAST(l.amount_minor AS TEXT) || $7 || CASE WHEN EXISTS (
          SELECT 1 FROM purchase_lines e WHERE e.party_id = l.party_id AND e.product_id = l.product_id AND e.day < l.day AND e.sign > 0)
          THEN '1' ELSE '0' END || $7 || COALESCE(c.category, ''), $8)
      FROM purchase_lines l LEFT JOIN products c ON c.id = l.product_id
      WHERE l.party_id = m.party_id AND l.sign > 0 AND l.currency = $3 AND l.day >= $4 AND l.day < $5) END, ''), $12)
  FROM (SELECT m.party_id, m.stage, m.place, m.left_on, p.first_purchase_on
    FROM stage_memberships m JOIN parties p ON p.id = m.party_id WHERE";

/// A member as [`MEMBERS`] has it.
struct InStage {
    party_id: Id<Party>,
    first_purchase_on: Option<Day>,
    left_on: Option<Day>,
    habit: Option<Habit>,
    bought: String,
    lines: String,
}

impl InStage {
    fn read(text: &str) -> Option<InStage> {
        let mut parts = text.split(PART_END);
        let (party, first, left, habit) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(InStage {
            party_id: party.parse().ok()?,
            first_purchase_on: first.parse().ok(),
            left_on: left.parse().ok(),
            habit: habit.parse().ok(),
            bought: parts.next()?.to_owned(),
            lines: parts.next()?.to_owned(),
        })
    }
}

row! {
    struct Returned {
        party_id: Id<Party> = "l.party_id",
        day: Day = "l.day",
        bought_on: Option<Day> = "o.day",
        minor: i64 = "-l.amount_minor",
    }
}

/// What reached members of a stripe, as one text for the same reason: of each treatment, between $1 and ended by $2, whom it reached,
/// what it was and of which kind, when, the last day of its code, when that was redeemed, and the day of the purchase that it was
/// redeemed with.
const DELIVERED: &str = "SELECT STRING_AGG({id_text}e.party_id{/id_text} || $1 || {id_text}e.treatment_id{/id_text} || $1 || e.kind || $1
  || CAST(e.delivered_at AS TEXT) || $1 || COALESCE(g.valid_to_on, '') || $1 || COALESCE(CAST(g.redeemed_at AS TEXT), '') || $1
  || COALESCE((SELECT b.day FROM purchases b WHERE b.id = g.purchase_id), ''), $2)
  FROM stage_memberships m JOIN exposures e ON e.party_id = m.party_id LEFT JOIN grants g ON g.exposure_id = e.id
  WHERE NOT e.is_ghost AND e.delivered_at >= ";

/// A treatment that reached a member, as [`DELIVERED`] has it.
struct Delivered {
    party_id: Id<Party>,
    treatment_id: Id<Treatment>,
    kind: TreatmentKind,
    delivered_at: Instant,
    valid_to_on: Option<Day>,
    redeemed_at: Option<Instant>,
    bought_on: Option<Day>,
}

impl Delivered {
    fn read(text: &str) -> Option<Delivered> {
        let mut parts = text.split(PART_END);
        Some(Delivered {
            party_id: parts.next()?.parse().ok()?,
            treatment_id: parts.next()?.parse().ok()?,
            kind: parts.next()?.parse().ok()?,
            delivered_at: Instant(parts.next()?.parse().ok()?),
            valid_to_on: parts.next()?.parse().ok(),
            redeemed_at: parts.next()?.parse().ok().map(Instant),
            bought_on: parts.next()?.parse().ok(),
        })
    }
}

/// A day with what was bought, before what came back is taken from it.
struct Occasion {
    on: Day,
    gross: i64,
    refunded: i64,
}

impl Refundable for Occasion {
    fn on(&self) -> Day {
        self.on
    }
    fn gross(&self) -> i64 {
        self.gross
    }
    fn refunded(&mut self) -> &mut i64 {
        &mut self.refunded
    }
}

/// What readers want of members beside their days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// Purchases alone.
    Purchases,
    /// With their categories and what reached them.
    All,
    /// What reached them, counted for introductions; no purchases.
    Reached,
}

/// Categories as numbers.
#[derive(Debug, Default)]
pub(crate) struct Categories {
    places: HashMap<String, u32>,
    names: Vec<String>,
}

impl Categories {
    fn place(&mut self, name: &str) -> Option<u32> {
        if name.is_empty() {
            return None;
        }
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let place = u32::try_from(self.names.len()).ok()?;
        self.places.insert(name.to_owned(), place);
        self.names.push(name.to_owned());
        Some(place)
    }

    pub(crate) fn name(&self, place: u32) -> String {
        self.names.get(place as usize).cloned().unwrap_or_default()
    }
}

/// Members that are read together, as they come out of the database.
#[derive(Default)]
pub(crate) struct Stripe {
    found: Vec<InStage>,
    returned: Vec<Returned>,
    delivered: Vec<Delivered>,
    kept: Vec<(Id<Party>, Id<Protocol>, Instant)>,
}

impl Stripe {
    /// The members after one by id, up to another: to the end of a stripe unless it is said.
    pub(crate) async fn read(tx: &mut Tx, frame: &Frame, after: Option<Id<Party>>, last: Option<Id<Party>>, want: Want) -> Result<Stripe> {
        let (from, until) = frame.moments();
        let mut query = sql(MEMBERS)
            .bind(want != Want::Reached)
            .bind(want == Want::All)
            .bind(frame.currency)
            .bind(frame.span.from)
            .bind(frame.span.until)
            .bind(HALF_HOUR)
            .bind(FIELD_END)
            .bind(LINE_END)
            .bind(from.plus(-2 * DAY))
            .bind(until.plus(2 * DAY))
            .bind(PART_END)
            .bind(MEMBER_END);
        frame.members(&mut query);
        if let Some(after) = after {
            query.push(" AND m.party_id > ").arg(after).push(" AND p.id > ").arg(after);
        }
        match last {
            // Said of both, so that no more customers are read for a stripe than there are in it.
            Some(last) => drop(query.push(" AND m.party_id <= ").arg(last).push(" AND p.id <= ").arg(last)),
            None => drop(query.push(" ORDER BY m.party_id LIMIT ").arg(STRIPE)),
        }
        query.push(") m");
        let (text,): (Option<String>,) = tx.one(query).await?;
        let members = text.iter().flat_map(|text| text.split(MEMBER_END)).map(InStage::read);
        let mut found: Vec<InStage> = members.collect::<Option<_>>().ok_or_else(|| Error::fault("a member that cannot be read"))?;
        found.sort_unstable_by_key(|one| one.party_id);
        let mut stripe = Stripe { found, ..Stripe::default() };
        let Some(last) = stripe.last() else { return Ok(stripe) };
        let bounds = (after.unwrap_or(Id::FIRST), last);
        if want != Want::Reached {
            stripe.returned = returned(tx, frame, bounds).await?;
        }
        if want != Want::Purchases {
            stripe.delivered = delivered(tx, frame, bounds).await?;
            stripe.kept = kept(tx, frame, bounds).await?;
        }
        Ok(stripe)
    }

    /// The last member; nothing when there are none.
    pub(crate) fn last(&self) -> Option<Id<Party>> {
        self.found.last().map(|one| one.party_id)
    }

    /// What each of them did.
    pub(crate) fn members(&self, frame: &Frame, want: Want, causes: &mut Causes, categories: &mut Categories) -> Vec<Member> {
        let places: HashMap<Id<Party>, usize> = self.found.iter().enumerate().map(|(at, one)| (one.party_id, at)).collect();
        let mut members: Vec<Member> = self
            .found
            .iter()
            .map(|one| {
                let until = one.left_on.map_or(frame.span.until, |left| left.clamp(frame.span.from, frame.span.until));
                Member {
                    party: one.party_id,
                    span: Span { from: frame.span.from, until },
                    repeats: Vec::new(),
                    reached: Vec::new(),
                    half_hours: Vec::new(),
                    habit: one.habit,
                }
            })
            .collect();
        self.repeats(frame, &mut members, &places);
        for (member, one) in members.iter_mut().zip(&self.found) {
            kinds(member, &one.lines, categories);
        }
        self.reached(frame, want, &mut members, &places, causes);
        members
    }

    /// Their repeat purchases.
    fn repeats(&self, frame: &Frame, members: &mut [Member], places: &HashMap<Id<Party>, usize>) {
        let mut occasions: Vec<Vec<Occasion>> = Vec::with_capacity(members.len());
        for (member, one) in members.iter_mut().zip(&self.found) {
            let half_hours = &mut member.half_hours;
            let parts = one.bought.split(',');
            let mut days: Vec<Occasion> = parts
                .filter_map(|part| {
                    let mut parts = part.split(' ');
                    let (day, gross) = (parts.next()?, parts.next()?);
                    half_hours.extend(parts.next().and_then(|half_hour| half_hour.parse::<i64>().ok()));
                    Some(Occasion { on: day.parse().ok()?, gross: gross.parse().ok()?, refunded: 0 })
                })
                .collect();
            days.sort_unstable_by_key(|one| one.on);
            days.dedup_by(|next, kept| {
                let is_same = next.on == kept.on;
                if is_same {
                    kept.gross = kept.gross.saturating_add(next.gross);
                }
                is_same
            });
            occasions.push(days);
        }
        for one in &self.returned {
            let Some(at) = places.get(&one.party_id) else { continue };
            // What was bought before these days is none of theirs.
            if one.bought_on.is_none_or(|day| day >= frame.span.from) {
                take_back(&mut occasions[*at], one.day, one.bought_on, one.minor);
            }
        }
        for ((member, occasions), known) in members.iter_mut().zip(occasions).zip(&self.found) {
            let span = member.span;
            let is_repeat = |one: &Occasion| span.holds(one.on) && known.first_purchase_on.is_none_or(|first| first < one.on);
            // What was given back whole was no purchase.
            let stands = |one: &Occasion| one.refunded < one.gross;
            member.repeats = occasions
                .into_iter()
                .filter(|one| is_repeat(one) && stands(one))
                .map(|one| Repeat { on: one.on, minor: one.gross.saturating_sub(one.refunded), kinds: Vec::new(), is_same: false })
                .collect();
        }
    }

    /// What reached them meanwhile.
    fn reached(&self, frame: &Frame, want: Want, members: &mut [Member], places: &HashMap<Id<Party>, usize>, causes: &mut Causes) {
        let days = |kind, left| if want == Want::Reached { days_to_introduce(kind) } else { days_after(kind, left) };
        for one in &self.delivered {
            let Some(at) = places.get(&one.party_id) else { continue };
            let on = one.delivered_at.day(&frame.zone);
            let left = one.valid_to_on.map_or(0, |last| last.since(on));
            let used_on = one.bought_on.or_else(|| one.redeemed_at.map(|at| at.day(&frame.zone)));
            let cause = causes.place(Cause::Treatment(one.treatment_id), one.kind);
            members[*at].reached.push(Reached { cause, on, days: days(one.kind, left), used_on });
        }
        for (party, protocol, done) in &self.kept {
            let Some(at) = places.get(party) else { continue };
            let cause = causes.place(Cause::Protocol(*protocol), TreatmentKind::Respect);
            let on = done.day(&frame.zone);
            members[*at].reached.push(Reached { cause, on, days: days(TreatmentKind::Respect, 0), used_on: None });
        }
    }
}

/// What members of a stripe brought back.
async fn returned(tx: &mut Tx, frame: &Frame, bounds: (Id<Party>, Id<Party>)) -> Result<Vec<Returned>> {
    let mut query = Sql::select::<Returned>(
        "FROM stage_memberships m JOIN purchase_lines l ON l.party_id = m.party_id LEFT JOIN purchase_lines o ON o.id = l.refund_of WHERE l.sign < 0 AND l.currency = ",
    );
    query.arg(frame.currency).push(" AND l.day >= ").arg(frame.span.from).push(" AND");
    frame.stripe(&mut query, "l.party_id", bounds);
    query.push(" ORDER BY l.party_id, l.day, l.id");
    Ok(tx.all(query).await?)
}

/// The treatments that reached members of a stripe.
async fn delivered(tx: &mut Tx, frame: &Frame, bounds: (Id<Party>, Id<Party>)) -> Result<Vec<Delivered>> {
    let (from, until) = frame.moments();
    let mut query = sql(DELIVERED).bind(PART_END).bind(MEMBER_END);
    query.arg(from).push(" AND e.delivered_at < ").arg(until).push(" AND");
    frame.stripe(&mut query, "e.party_id", bounds);
    let (text,): (Option<String>,) = tx.one(query).await?;
    let each = text.iter().flat_map(|text| text.split(MEMBER_END)).map(Delivered::read);
    let mut found: Vec<Delivered> = each.collect::<Option<_>>().ok_or_else(|| Error::fault("a treatment that cannot be read"))?;
    found.sort_unstable_by_key(|one| (one.party_id, one.delivered_at, one.treatment_id));
    Ok(found)
}

/// The protocols of respect that were kept for members of a stripe: each of their acts was done in time.
async fn kept(tx: &mut Tx, frame: &Frame, bounds: (Id<Party>, Id<Party>)) -> Result<Vec<(Id<Party>, Id<Protocol>, Instant)>> {
    let (from, until) = frame.moments();
    let mut query = sql("SELECT a.party_id, s.protocol_id, MAX(a.done_at)
        FROM stage_memberships m JOIN protocol_acts a ON a.party_id = m.party_id
        JOIN protocol_steps s ON s.id = a.step_id WHERE a.due_at >= ");
    query.arg(from).push(" AND a.started_at >= ").arg(from).push(" AND a.started_at < ").arg(until).push(" AND");
    frame.stripe(&mut query, "a.party_id", bounds);
    query.push(
        " GROUP BY a.party_id, s.protocol_id, a.occasion HAVING COUNT(*) = COUNT(CASE WHEN a.done_at > 0 AND a.done_at <= a.due_at THEN 1 END)",
    );
    Ok(tx.all(query).await?)
}

/// Reads all members, stripe by stripe, with readers that go on while who takes the stripes is busy. The stripes come in no
/// order: a reader that waits for a connection holds up no other. Ids grow as numbers do, so that every so manieth number cuts
/// customers into stripes about as long; they hold everybody even where that is not so.
///
/// # Errors
/// Come with the stripes.
pub(crate) async fn stripes(ctx: &Ctx, frame: &Frame, want: Want) -> Result<Receiver<Result<Stripe>>> {
    let query = sql("SELECT p.id FROM parties p WHERE p.no % $1 = 0 ORDER BY p.id").bind(STRIPE);
    let ends: Vec<(Id<Party>,)> = ctx.app.db.all(query).await?;
    let ends: Vec<Id<Party>> = ends.into_iter().map(|(end,)| end).chain([Id::new(Uuid::max())]).collect();
    let (sender, receiver) = channel(READERS);
    for reader in 0..READERS.min(ends.len()) {
        let bounds = (0..ends.len()).skip(reader).step_by(READERS);
        let bounds: Vec<_> = bounds.map(|at| (at.checked_sub(1).map(|at| ends[at]), ends[at])).collect();
        let (sender, db, frame) = (sender.clone(), ctx.app.db.clone(), frame.clone());
        tokio::spawn(async move {
            let mut tx = match db.snapshot().await {
                Ok(tx) => tx,
                Err(error) => return drop(sender.send(Err(error.into())).await),
            };
            for (after, last) in bounds {
                let read = Stripe::read(&mut tx, &frame, after, Some(last), want).await;
                let is_over = read.is_err();
                // Nobody takes what was read for a question that was given up.
                if sender.send(read).await.is_err() || is_over {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}

/// What a member bought on these days, by category.
fn kinds(member: &mut Member, lines: &str, categories: &mut Categories) {
    for line in lines.split(LINE_END) {
        let mut parts = line.splitn(4, FIELD_END);
        let (Some(day), Some(minor), Some(same), Some(category)) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (Ok(day), Ok(minor)) = (day.parse::<Day>(), minor.parse::<i64>()) else { continue };
        let Ok(place) = member.repeats.binary_search_by_key(&day, |one| one.on) else { continue };
        let kind = categories.place(category);
        let one = &mut member.repeats[place];
        one.is_same |= same == "1";
        match one.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum = sum.saturating_add(minor),
            None => one.kinds.push((kind, minor)),
        }
    }
}

row! {
    /// One arm of a treatment under one policy, in sums.
    struct ArmSums {
        treatment_id: Id<Treatment> = "d.treatment_id",
        version_id: Id<Version> = "d.policy_version_id",
        is_ghost: bool = "d.is_ghost",
        count: i64 = "COUNT(*)",
        delivered: i64 = "CAST(SUM(d.delivered) AS BIGINT)",
        x: f64 = "SUM(d.x)",
        xx: f64 = "SUM(d.x * d.x)",
        y: f64 = "SUM(d.y)",
        yy: f64 = "SUM(d.y * d.y)",
        u: f64 = "SUM(d.u)",
        uu: f64 = "SUM(d.u * d.u)",
        ux: f64 = "SUM(d.u * d.x)",
        v: f64 = "SUM(d.v)",
        vv: f64 = "SUM(d.v * d.v)",
        vy: f64 = "SUM(d.v * d.y)",
        c: f64 = "SUM(d.c)",
        cc: f64 = "SUM(d.c * d.c)",
        cx: f64 = "SUM(d.c * d.x)",
        cy: f64 = "SUM(d.c * d.y)",
    }
}

impl ArmSums {
    fn arm(&self) -> Arm {
        Arm {
            count: self.count,
            delivered: self.delivered,
            events: (self.x, self.xx),
            minor: (self.y, self.yy),
            events_before: (self.u, self.uu, self.ux),
            minor_before: (self.v, self.vv, self.vy),
            cost: (self.c, self.cc, self.cx, self.cy),
        }
    }
}

row! {
    /// What decides who is left without a treatment.
    pub(crate) struct Given {
        pub version_id: Id<Version> = "v.id",
        pub holdout: i64 = "v.holdout",
    }
}

/// The share of a stage who are left without a treatment by a policy, or by the holdout of all.
pub(crate) fn held_back(treatment: &treatments::Stored, stage: Stage, holdout: i64) -> f64 {
    let of = |in_global, in_holdout| assignment::arm(treatment.form(), stage, in_global, in_holdout) != assignment::Arm::Treated;
    let share = |is_left: bool, share: i64| if is_left { share as f64 / 10_000.0 } else { 0.0 };
    1.0 - (1.0 - share(of(true, false), GLOBAL)) * (1.0 - share(of(false, true), holdout))
}

/// The treatments with these ids.
pub(crate) async fn treatments(tx: &mut Tx, ids: &[Id<Treatment>]) -> Result<HashMap<Id<Treatment>, treatments::Stored>> {
    let mut query = Sql::select::<treatments::Stored>("FROM treatments t WHERE t.id IN ");
    query.list_padded(ids);
    Ok(tx.all::<treatments::Stored>(query).await?.into_iter().map(|one| (one.id, one)).collect())
}

/// The share that policies leave out, of versions with these ids.
pub(crate) async fn holdouts(tx: &mut Tx, ids: &[Id<Version>]) -> Result<HashMap<Id<Version>, i64>> {
    let mut query = Sql::select::<Given>("FROM policy_versions v WHERE v.id IN ");
    query.list_padded(ids);
    Ok(tx.all::<Given>(query).await?.into_iter().map(|one| (one.version_id, one.holdout)).collect())
}

/// The names of protocols with these ids.
pub(crate) async fn protocols(tx: &mut Tx, ids: &[Id<Protocol>]) -> Result<HashMap<Id<Protocol>, String>> {
    let mut query = sql("SELECT id, name FROM protocols WHERE id IN ");
    query.list_padded(ids);
    Ok(tx.all::<(Id<Protocol>, String)>(query).await?.into_iter().collect())
}

/// Who was to get the treatments of a kind and who was left without them, policy by policy: what they bought in `days` after
/// they were assigned, beside what they bought in as many before.
pub(super) async fn strata(ctx: &Ctx, frame: &Frame, kind: TreatmentKind, days: i64) -> Result<HashMap<Id<Treatment>, Vec<Stratum>>> {
    // The earlier and the later half of all customers are read at the same time; their sums add up.
    let query = sql("SELECT p.id FROM parties p WHERE p.no >= (SELECT MAX(no) / 2 FROM parties) ORDER BY p.no LIMIT 1");
    let Some((middle,)) = ctx.app.db.maybe::<(Id<Party>,)>(query).await? else { return Ok(HashMap::new()) };
    let (earlier, later) =
        tokio::try_join!(arms(ctx, frame, kind, days, (Id::FIRST, middle)), arms(ctx, frame, kind, days, (middle, Id::new(Uuid::max()))))?;
    let arms = || earlier.iter().chain(&later);
    let mut tx = ctx.app.db.snapshot().await?;
    let versions: BTreeSet<Id<Version>> = arms().map(|one| one.version_id).collect();
    let shares = holdouts(&mut tx, &versions.into_iter().collect::<Vec<_>>()).await?;
    let ids: BTreeSet<Id<Treatment>> = arms().map(|one| one.treatment_id).collect();
    let known = treatments(&mut tx, &ids.into_iter().collect::<Vec<_>>()).await?;
    let mut found: HashMap<Id<Treatment>, BTreeMap<Id<Version>, Stratum>> = HashMap::new();
    for one in arms() {
        let Some(treatment) = known.get(&one.treatment_id) else { continue };
        let holdout = shares.get(&one.version_id).copied().unwrap_or_default();
        let stratum = found.entry(one.treatment_id).or_default().entry(one.version_id).or_insert_with(|| Stratum {
            treated: Arm::default(),
            control: Arm::default(),
            held_back: held_back(treatment, frame.stage, holdout),
        });
        *(if one.is_ghost { &mut stratum.control } else { &mut stratum.treated }) += one.arm();
    }
    Ok(found.into_iter().map(|(treatment, strata)| (treatment, strata.into_values().collect())).collect())
}

/// The arms of every policy, of customers after one by id, up to another.
async fn arms(ctx: &Ctx, frame: &Frame, kind: TreatmentKind, days: i64, bounds: (Id<Party>, Id<Party>)) -> Result<Vec<ArmSums>> {
    let (from, until) = frame.moments();
    let last = until.plus(-days * DAY);
    if last <= from {
        return Ok(Vec::new());
    }
    let mut query = Sql::select::<ArmSums>(
        "FROM (SELECT w.treatment_id, w.policy_version_id, w.is_ghost, MAX(w.delivered) AS delivered,
            CAST(MAX(w.cost) AS DOUBLE PRECISION) AS c,
            CAST(COUNT(DISTINCT CASE WHEN q.at > w.at AND q.gross_minor > 0 THEN q.day END) AS DOUBLE PRECISION) AS x,
            CAST(COALESCE(SUM(CASE WHEN q.at > w.at THEN q.gross_minor - q.refund_minor END), 0) AS DOUBLE PRECISION) AS y,
            CAST(COUNT(DISTINCT CASE WHEN q.at <= w.at AND q.gross_minor > 0 THEN q.day END) AS DOUBLE PRECISION) AS u,
            CAST(COALESCE(SUM(CASE WHEN q.at <= w.at THEN q.gross_minor - q.refund_minor END), 0) AS DOUBLE PRECISION) AS v
          FROM (SELECT e.treatment_id, e.policy_version_id, e.is_ghost, e.party_id, MIN(e.assigned_at) AS at,
              MAX(CASE WHEN e.delivered_at IS NULL THEN 0 ELSE 1 END) AS delivered,
              SUM(CASE WHEN e.delivered_at IS NULL THEN 0 ELSE COALESCE(g.redeemed_minor, t.unit_cost_minor) END) AS cost
            FROM exposures e JOIN parties p ON p.id = e.party_id JOIN treatments t ON t.id = e.treatment_id
              LEFT JOIN grants g ON g.exposure_id = e.id
            WHERE e.stage = ",
    );
    query.arg(frame.stage).push(" AND e.kind = ").arg(kind).push(" AND e.assigned_at >= ").arg(from);
    query.push(" AND e.assigned_at < ").arg(last);
    query.push(" AND e.party_id > ").arg(bounds.0).push(" AND e.party_id <= ").arg(bounds.1);
    frame.sight.parties(&mut query);
    query.push(
        " GROUP BY e.party_id, e.treatment_id, e.policy_version_id, e.is_ghost) w
          LEFT JOIN purchases q ON q.party_id = w.party_id AND q.at > w.at - ",
    );
    query.arg(days * DAY).push(" AND q.at <= w.at + ").arg(days * DAY).push(" AND q.currency = ").arg(frame.currency);
    query.push(
        " GROUP BY w.party_id, w.treatment_id, w.policy_version_id, w.is_ghost) d
         GROUP BY d.treatment_id, d.policy_version_id, d.is_ghost",
    );
    Ok(ctx.app.db.all(query).await?)
}
