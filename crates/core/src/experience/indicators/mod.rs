//! The indicators of experience (CEM-1 to CEM-6): how loyal customers come back, for how much and for what, and what respect,
//! discounts and gifts have to do with it. What came after a treatment stands beside what came of it, and the second is said
//! only where chance decided who got it.
//!
//! Members of the stage are read in stripes, and nothing is kept of a customer but a few numbers. Whoever sees all is told
//! what was counted less than an hour ago, as long as no purchase of these days has changed.

mod behind;
pub mod effects;
pub(crate) mod read;
pub mod repeats;

pub use behind::{Behind, Cell, IndicatorCustomer, behind};

use self::effects::{After, Because, Claim, Stratum, Tally, Usual, attribute, because};
use self::read::{Categories, Cause, Causes, Frame, Want};
use self::repeats::{Amounts, KindsBought, Repeats, Sums};
use super::experiments::Range;
use super::legality::TreatmentKind;
use crate::insight::findings;
use crate::insight::guard::{FEW, LEVEL};
use crate::insight::rates::Rates;
use crate::insight::rhythm::{Habit, HabitCount};
use crate::lifecycle::Stage;
use crate::platform::calendar::Calendar;
use crate::platform::money::Currency;
use crate::platform::time::HOUR;
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use jiff::tz::TimeZone;
use peyvand_db::{Id, Tx};
use peyvand_stats::multiple::holm;
use peyvand_stats::which::{Estimate, apart, best};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Days that are looked at unless the caller says which.
const DAYS: i64 = 365;
/// The fewest and the most of them.
const DAYS_MIN: i64 = 28;
const DAYS_MAX: i64 = 1_096;
/// Days in which the effect of a discount shows at the least: what is bought early is not bought later.
const DISCOUNT_DAYS: i64 = 90;
/// How long what was counted is told, in milliseconds.
pub(crate) const FRESH: i64 = HOUR;
/// Of the way from purchases to indicators; another number counts anew.
const VERSION: &str = "cem 2";
/// When so great a share of purchases, in per cent, lies in one hour, files without times are behind it.
const ONE_HOUR: i64 = 90;
/// The kinds of treatments of CEM-4, CEM-5 and CEM-6.
const KINDS: [TreatmentKind; 3] = [TreatmentKind::Respect, TreatmentKind::Discount, TreatmentKind::Gift];

/// Which days.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IndicatorsOf {
    /// The first day; a year before the last one unless given.
    pub from: Option<Day>,
    /// The last day; yesterday unless given, and at the latest.
    pub until: Option<Day>,
    /// Counts anew, also when it was counted less than an hour ago.
    pub anew: bool,
}

/// A treatment and what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// Which treatment, or which protocol of respect.
    pub id: Uuid,
    /// Whether it is a protocol.
    pub is_protocol: bool,
    /// What it is.
    pub kind: TreatmentKind,
    /// Its name in the caller's language.
    pub name: String,
    /// What came after it («پس از»).
    pub after: After,
    /// What came of it («در اثر»).
    pub because: Because,
}

/// Two treatments of a kind, of both of which it can be told what came of them. Each was compared with those who were left
/// without it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// That of which more came.
    pub one: Uuid,
    /// That of which less did.
    pub other: Uuid,
    /// How many events more for each customer; all ranges of a kind hold together with 95 per cent.
    pub added: Range,
    /// How much more it left us for each customer, in minor units; absent as long as nobody has said what part of a price the
    /// goods are.
    pub benefit: Option<Range>,
}

/// The six indicators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cem {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
    /// When it was counted.
    pub made_at: Instant,
    /// The currency of all amounts; purchases in others are left out.
    pub currency: Currency,
    /// Customers who were loyal on the first day.
    pub customers: i64,
    /// Of them, those who left the stage meanwhile: they count until then.
    pub left: i64,
    /// How many customers it takes before a share or a mean is said.
    pub needs: i64,
    /// How often they come back (CEM-1).
    pub repeats: Repeats,
    /// Their habits, as of the last refresh of the scores.
    pub habits: Vec<HabitCount>,
    /// Purchases in each hour of the day; absent where the times of purchases are not known.
    pub hours: Option<[i64; 24]>,
    /// What they spend (CEM-2).
    pub amounts: Amounts,
    /// What they buy (CEM-3).
    pub kinds: KindsBought,
    /// What treatments have to do with it (CEM-4 respect, CEM-5 discounts, CEM-6 gifts).
    pub treatments: Vec<Effect>,
    /// Those of a kind beside each other.
    pub pairs: Vec<Pair>,
}

/// The days that are asked for, and whether they are the usual ones.
pub(crate) async fn frame(ctx: &Ctx, sight: Sight, stage: Stage, input: IndicatorsOf) -> Result<(Frame, bool)> {
    let organisation = ctx.app.organisation().await?;
    let zone = organisation.zone();
    let yesterday = ctx.now().day(&zone).plus(-1);
    let last = input.until.unwrap_or(yesterday).min(yesterday);
    let from = input.from.unwrap_or_else(|| last.plus(1 - DAYS));
    let span = effects::Span { from, until: last.plus(1) };
    if !(DAYS_MIN..=DAYS_MAX).contains(&span.days()) {
        return Err(Problem::new("from", "indicators-days-range").with("min", DAYS_MIN).with("max", DAYS_MAX).into());
    }
    let is_usual = sight == Sight::All && last == yesterday && span.days() == DAYS;
    Ok((Frame { stage, span, currency: organisation.currency, zone, sight }, is_usual))
}

/// The indicators of those within sight.
///
/// # Errors
/// Without the right, or for too few or too many days.
pub async fn cem(ctx: &Ctx, input: IndicatorsOf) -> Result<Cem> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let (frame, is_usual) = frame(ctx, reader.sight.clone(), Stage::Loyal, input).await?;
    let (calendar, hijri_shift) = (ctx.prefs.calendar, ctx.prefs.hijri_shift);
    let name = match calendar {
        Calendar::Jalali => "cem_jalali",
        Calendar::Hijri => "cem_hijri",
        Calendar::Gregorian => "cem_gregorian",
    };
    let way = format!("{VERSION} {} {} {} {hijri_shift}", frame.span.from, frame.span.until, frame.currency.code());
    let hash = if is_usual { Some(findings::fingerprint(reader.db, &way, frame.span.until.plus(-1)).await?) } else { None };
    if let Some(hash) = hash.as_ref().filter(|_| !input.anew)
        && let Some(last) = findings::last::<Cem>(reader.db, name).await?
        && last.input_hash == *hash
        && last.made_at.plus(FRESH) > ctx.now()
    {
        let mut found = last.found;
        let mut tx = reader.db.snapshot().await?;
        name_all(ctx, &mut tx, found.treatments.iter_mut().collect()).await?;
        return Ok(found);
    }
    let mut found = count(ctx, &frame, calendar, hijri_shift).await?;
    if let Some(hash) = hash {
        findings::put(ctx, name, &hash, 0, &found).await?;
    }
    let mut tx = reader.db.snapshot().await?;
    name_all(ctx, &mut tx, found.treatments.iter_mut().collect()).await?;
    Ok(found)
}

/// What all members did.
#[derive(Default)]
struct Counted {
    sums: Sums,
    causes: Causes,
    categories: Categories,
    tallies: Vec<Tally>,
    habits: HashMap<Habit, i64>,
    half_hours: HashMap<i64, i64>,
}

impl Counted {
    async fn read(ctx: &Ctx, frame: &Frame) -> Result<Counted> {
        let mut all = Counted::default();
        let mut stripes = read::stripes(ctx, frame, Want::All).await?;
        while let Some(stripe) = stripes.recv().await {
            let members = stripe?.members(frame, Want::All, &mut all.causes, &mut all.categories);
            all.tallies.resize(all.causes.list.len(), Tally::default());
            for member in &members {
                attribute(member.span, &member.did(), &member.reached, &mut all.tallies);
                all.sums.add(member.span, frame.span, &member.repeats);
                if let Some(habit) = member.habit {
                    *all.habits.entry(habit).or_default() += 1;
                }
                for half_hour in &member.half_hours {
                    *all.half_hours.entry(*half_hour).or_default() += 1;
                }
            }
        }
        Ok(all)
    }
}

/// Counts everything. Names of treatments are left out. Parts that do not need each other are read at the same time, each as
/// of one moment.
async fn count(ctx: &Ctx, frame: &Frame, calendar: Calendar, hijri_shift: i64) -> Result<Cem> {
    let earlier = frame.before();
    let (counted, before) = tokio::try_join!(Counted::read(ctx, frame), before(ctx, &earlier))?;
    let Counted { sums, causes, categories, tallies, habits, half_hours } = counted;
    let repeats = sums.repeats(calendar, hijri_shift);
    let gap = repeats.next.and_then(|next| next.median_days).map_or(0, |days| (days * 2.0) as i64);
    let mut tx = ctx.app.db.snapshot().await?;
    let goods = Rates::read(&mut tx).await?.goods().ok();
    drop(tx);
    let strata = async |kind| {
        let days = effect_days(kind, gap);
        Ok::<_, Error>((kind, days, read::strata(ctx, frame, kind, days).await?))
    };
    let [one, two, three] = KINDS;
    let (one, two, three) = tokio::try_join!(strata(one), strata(two), strata(three))?;
    let (mut treatments, mut pairs) = (Vec::new(), Vec::new());
    for (kind, days, strata) in [one, two, three] {
        let (effects, beside) = effects_of(kind, days, &causes, &tallies, &strata, goods, sums.usual());
        treatments.extend(effects);
        pairs.extend(beside);
    }
    let mut habits: Vec<HabitCount> = habits.into_iter().map(|(habit, customers)| HabitCount { habit, customers }).collect();
    habits.sort_unstable_by_key(|one| std::cmp::Reverse((one.customers, one.habit)));
    let hours = hours(&half_hours, &frame.zone);
    // Resampling a great many amounts takes a moment that belongs to no thread that answers.
    let (amounts, sums) = tokio::task::spawn_blocking(move || (sums.amounts(before.as_ref()), sums)).await.map_err(Error::fault)?;
    Ok(Cem {
        from: frame.span.from,
        until: frame.span.until.plus(-1),
        made_at: ctx.now(),
        currency: frame.currency,
        customers: sums.customers(),
        left: sums.left(),
        needs: FEW,
        repeats,
        habits,
        hours,
        amounts,
        kinds: sums.kinds(|place| categories.name(place)),
        treatments,
        pairs,
    })
}

/// Days after the assignment in which an effect shows.
pub(super) fn effect_days(kind: TreatmentKind, two_gaps: i64) -> i64 {
    match kind {
        TreatmentKind::Discount => two_gaps.clamp(DISCOUNT_DAYS, DAYS),
        kind => read::days_after(kind, 0),
    }
}

/// The sums of who was in the stage as many days before.
async fn before(ctx: &Ctx, frame: &Frame) -> Result<Option<Sums>> {
    let mut sums = Sums::default();
    let mut stripes = read::stripes(ctx, frame, Want::Purchases).await?;
    while let Some(stripe) = stripes.recv().await {
        let members = stripe?.members(frame, Want::Purchases, &mut Causes::default(), &mut Categories::default());
        members.iter().for_each(|member| sums.add(member.span, frame.span, &member.repeats));
    }
    Ok((sums.customers() > 0).then_some(sums))
}

/// Puts what came after treatments of a kind beside what came of them, those with the most claim first.
fn effects_of(
    kind: TreatmentKind,
    days: i64,
    causes: &Causes,
    tallies: &[Tally],
    strata: &HashMap<Id<super::treatments::Treatment>, Vec<Stratum>>,
    goods: Option<i64>,
    usual: Usual,
) -> (Vec<Effect>, Vec<Pair>) {
    let kept = goods.map(|goods| (10_000 - goods) as f64 / 10_000.0);
    let mut found: Vec<Effect> = Vec::new();
    for ((cause, of), tally) in causes.list.iter().zip(tallies) {
        if *of != kind {
            continue;
        }
        let strata = match cause {
            Cause::Treatment(id) => strata.get(id).map(Vec::as_slice).unwrap_or_default(),
            Cause::Protocol(_) => &[],
        };
        found.push(effect(*cause, kind, *tally, because(strata, days, kept, usual)));
    }
    // Also those that reached nobody, or not these.
    let met = |id: &Id<super::treatments::Treatment>| causes.list.iter().any(|(cause, _)| *cause == Cause::Treatment(*id));
    for (id, strata) in strata.iter().filter(|(id, _)| !met(id)) {
        found.push(effect(Cause::Treatment(*id), kind, Tally::default(), because(strata, days, kept, usual)));
    }
    let pairs = adjust(&mut found);
    (found, pairs)
}

/// One row.
pub(crate) fn effect(cause: Cause, kind: TreatmentKind, tally: Tally, because: Because) -> Effect {
    let (id, is_protocol) = match cause {
        Cause::Treatment(id) => (id.0, false),
        Cause::Protocol(id) => (id.0, true),
    };
    Effect { id, is_protocol, kind, name: String::new(), after: After::from(tally), because }
}

/// Adjusts what chance would do to how many were asked at once (Holm), puts the clearest first, and compares them with each
/// other.
pub(crate) fn adjust(found: &mut [Effect]) -> Vec<Pair> {
    let asked: Vec<usize> = (0..found.len()).filter(|at| found[*at].because.p.is_some()).collect();
    let p: Vec<f64> = asked.iter().filter_map(|at| found[*at].because.p).collect();
    if let Ok(adjusted) = holm(&p) {
        for (at, p) in asked.into_iter().zip(adjusted) {
            found[at].because.p_adjusted = Some(p);
        }
    }
    let rank = |claim: Claim| match claim {
        Claim::More => 0,
        Claim::Less => 1,
        Claim::Unknown => 2,
        Claim::TooFew | Claim::Broken => 3,
        Claim::NoControl => 4,
    };
    let value = |one: &Effect| one.because.added.map_or(f64::NEG_INFINITY, |added| added.value);
    found.sort_by(|one, other| {
        let by_rank = rank(one.because.claim).cmp(&rank(other.because.claim));
        by_rank.then(value(other).total_cmp(&value(one))).then(other.after.events.cmp(&one.after.events)).then(one.id.cmp(&other.id))
    });
    which(found)
}

/// Says of treatments of a kind which adds the most, as far as that can be told, and by how much it differs between them.
fn which(found: &mut [Effect]) -> Vec<Pair> {
    let estimate = |range: Option<Range>| range.and_then(|range| Estimate::of(&range.into(), LEVEL).ok());
    let mut told: Vec<(usize, Estimate)> =
        found.iter().enumerate().filter_map(|(at, one)| Some((at, estimate(one.because.added)?))).collect();
    if told.len() < 2 {
        return Vec::new();
    }
    let estimates: Vec<Estimate> = told.iter().map(|(_, one)| *one).collect();
    if let Ok(best) = best(&estimates) {
        for ((at, _), best) in told.iter().zip(best) {
            found[*at].because.best = Some(best);
        }
    }
    told.sort_by(|(_, one), (_, other)| other.value.total_cmp(&one.value));
    let count = told.len() * (told.len() - 1) / 2;
    let mut pairs = Vec::with_capacity(count);
    for (place, (one, added)) in told.iter().enumerate() {
        for (other, less) in &told[place + 1..] {
            let Ok(difference) = apart(*added, *less, LEVEL, count) else { continue };
            let (one, other) = (&found[*one], &found[*other]);
            let benefits = estimate(one.because.benefit).zip(estimate(other.because.benefit));
            let benefit = benefits.and_then(|(one, other)| apart(one, other, LEVEL, count).ok());
            pairs.push(Pair { one: one.id, other: other.id, added: difference.into(), benefit: benefit.map(Range::from) });
        }
    }
    pairs
}

/// Puts the names in.
pub(crate) async fn name_all(ctx: &Ctx, tx: &mut Tx, found: Vec<&mut Effect>) -> Result<()> {
    let ids = |is_protocol| found.iter().filter(move |one| one.is_protocol == is_protocol).map(|one| one.id);
    let treatments = read::treatments(tx, &ids(false).map(Id::new).collect::<Vec<_>>()).await?;
    let protocols = read::protocols(tx, &ids(true).map(Id::new).collect::<Vec<_>>()).await?;
    for one in found {
        one.name = if one.is_protocol {
            protocols.get(&Id::new(one.id)).cloned().unwrap_or_default()
        } else {
            treatments.get(&Id::new(one.id)).map(|found| found.name(ctx.prefs.lang).to_owned()).unwrap_or_default()
        };
    }
    Ok(())
}

/// The hours of the day at which they bought; nothing where the times of purchases are not known.
fn hours(half_hours: &HashMap<i64, i64>, zone: &TimeZone) -> Option<[i64; 24]> {
    let mut hours = [0; 24];
    for (half_hour, count) in half_hours {
        let hour = Instant(half_hour * read::HALF_HOUR).zoned(zone).hour();
        hours[usize::from(hour.unsigned_abs()) % 24] += count;
    }
    let (most, all) = (hours.iter().max().copied().unwrap_or_default(), hours.iter().sum::<i64>());
    (all >= FEW && most * 100 < all * ONE_HOUR).then_some(hours)
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Experience, Act::See));
    ops.add(
        "indicators.cem",
        "GET /indicators/cem",
        see,
        "How loyal customers come back, for how much and for what, and what respect, discounts and gifts have to do with it: what came after each treatment beside what came of it.",
        cem,
    )
    .example(|| json!({"from": "2025-11-21", "until": "2026-11-20"}));
    ops.add("indicators.behind", "GET /indicators/cem/customers", see, "The customers behind a number of these indicators.", behind)
        .example(|| json!({"cell": "repeated", "limit": 50}));
}

#[cfg(test)]
mod tests;
