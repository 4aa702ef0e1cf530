//! The indicators of advocacy (CAM-1 to CAM-4): how many introductions advocates make, of which kind and form, and what
//! respect, discounts, gifts and benefits have to do with it. Rates are those of an advocate's year, so that more advocates do
//! not look like an effect. An introduction counts on the day it happened, whenever somebody was rewarded for it.

use super::referrals::Referral;
use super::rules::{ReferralForm, ReferralKind, ReferralState};
use super::value::{Bought, Worths};
use crate::experience::experiments::Range;
use crate::experience::indicators::effects::{Arm, Because, Claim, Did, Reached, Span, Stratum, Tally, Usual, attribute, because};
use crate::experience::indicators::read::{self, Categories, Causes, Frame, Stripe, Want};
use crate::experience::indicators::{Effect, FRESH, IndicatorsOf, Pair, adjust, effect, frame, name_all};
use crate::experience::legality::TreatmentKind;
use crate::experience::policies::Version;
use crate::experience::treatments::Treatment;
use crate::insight::findings;
use crate::insight::guard::{FEW, LEVEL};
use crate::lifecycle::Stage;
use crate::parties::Party;
use crate::platform::money::Currency;
use crate::platform::time::DAY;
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Result, Room};
use data_encoding::HEXLOWER;
use futures_util::future::try_join_all;
use peyvand_db::{Db, Id, Sql, Tx, row, sql};
use peyvand_stats::mean::{Moments, permutation, stratified, welch};
use peyvand_stats::proportion::{Share, newcombe};
use peyvand_stats::ratio::Totals;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Of the way from introductions to indicators; another number counts anew.
const VERSION: &str = "cam 2";
/// What was counted is kept under this name.
const NAME: &str = "cam";
/// Days of a year.
const YEAR: f64 = 365.25;
/// Of fewer introductions in both arms, chance is counted by shuffling instead of by a curve.
const RARE: f64 = 50.0;
/// How often.
const SHUFFLES: u32 = 5_000;

/// How many introductions there were of a kind and form.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KindOfIntroduction {
    /// What was introduced.
    pub kind: ReferralKind,
    /// How.
    pub form: ReferralForm,
    /// How many were written down.
    pub captured: i64,
    /// Of these, how many friends came.
    pub qualified: i64,
    /// Of these, how many bought, and the purchase stands.
    pub confirmed: i64,
}

/// A treatment and what is known of it: its events are introductions, what came of it are confirmed ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdvocateEffect {
    /// The treatment.
    #[serde(flatten)]
    pub effect: Effect,
    /// Of the introductions that came after it, those whose friends came.
    pub qualified: i64,
    /// Those that were confirmed.
    pub confirmed: i64,
    /// Introductions of somebody who, by lot, is on the other side: they are left out of what came of it.
    pub spilled: i64,
    /// How many more of them, as a share, introduced somebody who was confirmed (Newcombe); absent where several policies gave it.
    pub introducers: Option<Range>,
    /// What confirmed introductions of each are worth more, in minor units, less what benefits for them cost; absent as long as
    /// nobody has said which share of friends would not have come anyway, or what part of a price the goods are.
    pub worth: Option<Range>,
}

/// The four indicators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cam {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
    /// When it was counted.
    pub made_at: Instant,
    /// Customers who were advocates on the first day.
    pub customers: i64,
    /// Of them, those who are not any more: they count until then.
    pub left: i64,
    /// How many it takes before a rate is said.
    pub needs: i64,
    /// Years for which they were advocates, all together.
    pub years: f64,
    /// Introductions of one advocate in a year.
    pub per_year: Option<Range>,
    /// Confirmed ones.
    pub confirmed_per_year: Option<Range>,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What confirmed introductions of one advocate in a year are worth, in minor units; absent as `worth` of a treatment is.
    pub worth_per_year: Option<Range>,
    /// What all of them are worth.
    pub worth_minor: Option<i64>,
    /// How many there were of which kind and form.
    pub kinds: Vec<KindOfIntroduction>,
    /// What treatments have to do with it (CAM-1 respect, CAM-2 discounts, CAM-3 gifts, CAM-4 benefits).
    pub treatments: Vec<AdvocateEffect>,
    /// Those of a kind beside each other.
    pub pairs: Vec<Pair>,
}

row! {
    struct Introduced {
        referrer_id: Id<Party> = "r.referrer_id",
        occurred_on: Day = "r.occurred_on",
        kind: ReferralKind = "r.kind",
        form: ReferralForm = "r.form",
        is_qualified: bool = "(r.qualified_on IS NOT NULL)",
        is_confirmed: bool = "(r.confirmed_on IS NOT NULL)",
        id: Id<Referral> = "r.id",
        referee_id: Option<Id<Party>> = "r.referee_id",
        bought_on: Option<Day> = "r.bought_on",
    }
}

impl Introduced {
    fn bought(&self) -> Option<Bought> {
        let friend = self.referee_id.filter(|_| self.is_confirmed)?;
        Some(Bought { id: self.id, referee_id: friend, bought_on: self.bought_on? })
    }
}

/// What came after one treatment beside the introductions themselves.
#[derive(Clone, Copy, Debug, Default)]
struct Came {
    qualified: i64,
    confirmed: i64,
}

/// Sums over advocates.
#[derive(Default)]
struct Sums {
    customers: i64,
    left: i64,
    captured: Totals,
    confirmed: Totals,
    worth: Totals,
    confirmed_counts: (f64, f64),
    kinds: BTreeMap<(ReferralKind, ReferralForm), (i64, i64, i64)>,
    tallies: Vec<Tally>,
    came: Vec<Came>,
}

impl Sums {
    fn add(&mut self, whole: Span, span: Span, introduced: &[Introduced], reached: &[Reached], worths: &HashMap<Id<Referral>, i64>) {
        let made: Vec<&Introduced> = introduced.iter().filter(|one| span.holds(one.occurred_on)).collect();
        let did: Vec<Did> = made.iter().map(|one| Did { on: one.occurred_on, minor: 0 }).collect();
        let owners = attribute(span, &did, reached, &mut self.tallies);
        let confirmed = made.iter().filter(|one| one.is_confirmed).count() as f64;
        for (one, owner) in made.iter().zip(owners) {
            let sums = self.kinds.entry((one.kind, one.form)).or_default();
            sums.0 += 1;
            sums.1 += i64::from(one.is_qualified);
            sums.2 += i64::from(one.is_confirmed);
            if let Some(owner) = owner {
                self.came[owner].qualified += i64::from(one.is_qualified);
                self.came[owner].confirmed += i64::from(one.is_confirmed);
            }
        }
        let years = span.days() as f64 / YEAR;
        self.customers += 1;
        self.left += i64::from(span.until < whole.until);
        self.captured.add(made.len() as f64, years);
        self.confirmed.add(confirmed, years);
        self.worth.add(made.iter().filter_map(|one| worths.get(&one.id)).map(|minor| *minor as f64).sum(), years);
        self.confirmed_counts = (self.confirmed_counts.0 + confirmed, self.confirmed_counts.1 + confirmed * confirmed);
    }

    fn usual(&self) -> Usual {
        let (n, (sum, squares)) = (self.customers as f64, self.confirmed_counts);
        if self.customers < 2 {
            return Usual::default();
        }
        Usual { mean: sum / n, deviation: ((squares - sum * sum / n) / (n - 1.0)).max(0.0).sqrt() }
    }
}

/// The indicators of those within sight.
///
/// # Errors
/// Without the right, or for too few or too many days.
pub async fn cam(ctx: &Ctx, input: IndicatorsOf) -> Result<Cam> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let (frame, is_usual) = frame(ctx, reader.sight.clone(), Stage::Advocate, input).await?;
    let hash = if is_usual { Some(fingerprint(reader.db, &frame).await?) } else { None };
    let fresh = match hash.as_ref().filter(|_| !input.anew) {
        Some(hash) => {
            findings::last::<Cam>(reader.db, NAME).await?.filter(|last| last.input_hash == *hash && last.made_at.plus(FRESH) > ctx.now())
        }
        None => None,
    };
    let mut found = match fresh {
        Some(last) => last.found,
        None => {
            let found = count(ctx, &frame).await?;
            if let Some(hash) = hash {
                findings::put(ctx, NAME, &hash, 0, &found).await?;
            }
            found
        }
    };
    let mut tx = reader.db.snapshot().await?;
    name_all(ctx, &mut tx, found.treatments.iter_mut().map(|one| &mut one.effect).collect()).await?;
    Ok(found)
}

/// What the count rests on: the days, and how many introductions there are in which state.
async fn fingerprint(db: &Db, frame: &Frame) -> Result<String> {
    let query = sql("SELECT state, COUNT(*), COUNT(qualified_on), COUNT(confirmed_on) FROM referrals GROUP BY state ORDER BY state");
    let states: Vec<(ReferralState, i64, i64, i64)> = db.all(query).await?;
    Ok(HEXLOWER.encode(&Sha256::digest(format!("{VERSION} {} {} {states:?}", frame.span.from, frame.span.until))))
}

/// Counts everything. Names of treatments are left out.
async fn count(ctx: &Ctx, frame: &Frame) -> Result<Cam> {
    let mut tx = ctx.app.db.snapshot().await?;
    let worths = Worths::read(ctx, frame.currency).await?;
    let (mut sums, mut causes, mut after) = (Sums::default(), Causes::default(), None);
    loop {
        let stripe = Stripe::read(&mut tx, frame, after, None, Want::Reached).await?;
        let Some(last) = stripe.last() else { break };
        let mut introduced = introduced(&mut tx, frame, (after.unwrap_or(Id::FIRST), last)).await?;
        after = Some(last);
        let members = stripe.members(frame, Want::Reached, &mut causes, &mut Categories::default());
        let bought: Vec<Bought> = introduced.values().flatten().filter_map(Introduced::bought).collect();
        let known = match &worths {
            Some(worths) => worths.of(&mut tx, &bought).await?,
            None => HashMap::new(),
        };
        sums.tallies.resize(causes.list.len(), Tally::default());
        sums.came.resize(causes.list.len(), Came::default());
        for member in &members {
            let made = introduced.remove(&member.party).unwrap_or_default();
            sums.add(frame.span, member.span, &made, &member.reached, &known);
        }
    }
    let (mut effects, mut pairs) = (Vec::new(), Vec::new());
    let mut spills: HashMap<uuid::Uuid, i64> = HashMap::new();
    let mut more: HashMap<uuid::Uuid, (Option<Range>, Option<Range>)> = HashMap::new();
    let worths = worths.as_ref();
    let of = |kind| async move { Ok::<_, Error>((kind, strata(ctx, frame, kind, worths).await?)) };
    for (kind, (strata, spilled)) in try_join_all(TreatmentKind::ALL.iter().map(|kind| of(*kind))).await? {
        spills.extend(spilled.into_iter().map(|(id, count)| (id.0, count)));
        more.extend(strata.iter().map(|(id, found)| (id.0, (introducers(found), worth(found)))));
        let days = read::days_to_introduce(kind);
        let mut of_kind: Vec<Effect> = Vec::new();
        for ((cause, of), tally) in causes.list.iter().zip(&sums.tallies) {
            if *of == kind {
                let found = match cause {
                    read::Cause::Treatment(id) => strata.get(id).map(Vec::as_slice).unwrap_or_default(),
                    read::Cause::Protocol(_) => &[],
                };
                of_kind.push(effect(*cause, kind, *tally, judged(found, days, sums.usual())));
            }
        }
        let met = |id: &Id<Treatment>| causes.list.iter().any(|(cause, _)| *cause == read::Cause::Treatment(*id));
        for (id, found) in strata.iter().filter(|(id, _)| !met(id)) {
            of_kind.push(effect(read::Cause::Treatment(*id), kind, Tally::default(), judged(found, days, sums.usual())));
        }
        pairs.extend(adjust(&mut of_kind));
        effects.extend(of_kind);
    }
    let came = |one: &Effect| {
        let is_it = |cause: &read::Cause| match cause {
            read::Cause::Treatment(id) => id.0 == one.id,
            read::Cause::Protocol(id) => id.0 == one.id,
        };
        causes.list.iter().position(|(cause, _)| is_it(cause)).map(|at| sums.came[at]).unwrap_or_default()
    };
    let treatments = effects.into_iter().map(|effect| {
        let Came { qualified, confirmed } = came(&effect);
        let spilled = spills.get(&effect.id).copied().unwrap_or_default();
        // Nothing is said beside what may not be said.
        let (introducers, worth) = more.get(&effect.id).copied().filter(|_| effect.because.added.is_some()).unwrap_or_default();
        AdvocateEffect { qualified, confirmed, spilled, introducers, worth, effect }
    });
    let ratio = |of: &Totals| of.ratio(LEVEL).ok().filter(|_| sums.customers >= FEW).map(Range::from);
    let rate = |of: &Totals| ratio(of).map(|found| Range { low: found.low.max(0.0), ..found });
    Ok(Cam {
        from: frame.span.from,
        until: frame.span.until.plus(-1),
        made_at: ctx.now(),
        customers: sums.customers,
        left: sums.left,
        needs: FEW,
        years: sums.captured.bottom,
        per_year: rate(&sums.captured),
        confirmed_per_year: rate(&sums.confirmed),
        currency: frame.currency,
        worth_per_year: worths.and_then(|_| ratio(&sums.worth)),
        worth_minor: worths.map(|_| sums.worth.top as i64),
        kinds: sums
            .kinds
            .iter()
            .map(|((kind, form), (captured, qualified, confirmed))| KindOfIntroduction {
                kind: *kind,
                form: *form,
                captured: *captured,
                qualified: *qualified,
                confirmed: *confirmed,
            })
            .collect(),
        treatments: treatments.collect(),
        pairs,
    })
}

/// The introductions of a stripe of advocates. What was rejected or taken back is none.
async fn introduced(tx: &mut Tx, frame: &Frame, stripe: (Id<Party>, Id<Party>)) -> Result<HashMap<Id<Party>, Vec<Introduced>>> {
    let mut query = Sql::select::<Introduced>(
        "FROM stage_memberships m JOIN referrals r ON r.referrer_id = m.party_id WHERE r.state NOT IN ('rejected', 'reversed') AND r.occurred_on >= ",
    );
    query.arg(frame.span.from).push(" AND r.occurred_on < ").arg(frame.span.until).push(" AND");
    frame.stripe(&mut query, "r.referrer_id", stripe);
    query.push(" ORDER BY r.referrer_id, r.occurred_on, r.id");
    let mut found: HashMap<Id<Party>, Vec<Introduced>> = HashMap::new();
    for one in tx.all::<Introduced>(query).await? {
        found.entry(one.referrer_id).or_default().push(one);
    }
    Ok(found)
}

row! {
    /// An advocate whom chance decided about, with one of their introductions or none.
    struct Unit {
        treatment_id: Id<Treatment> = "w.treatment_id",
        version_id: Id<Version> = "w.policy_version_id",
        is_ghost: bool = "w.is_ghost",
        party_id: Id<Party> = "w.party_id",
        assigned_at: Instant = "w.at",
        delivered: i64 = "CAST(w.delivered AS BIGINT)",
        cost: f64 = "CAST(w.cost AS DOUBLE PRECISION)",
        occurred_on: Option<Day> = "r.occurred_on",
        referral_id: Option<Id<Referral>> = "r.id",
        referee_id: Option<Id<Party>> = "r.referee_id",
        bought_on: Option<Day> = "r.bought_on",
        /// Whether the friend is on the other side.
        is_spilled: bool = "EXISTS (SELECT 1 FROM exposures o WHERE o.party_id = r.referee_id AND o.policy_version_id = w.policy_version_id
            AND o.is_ghost <> w.is_ghost)",
    }
}

/// What the advocates of one arm did, customer by customer.
#[derive(Clone, Debug, Default)]
struct Counted {
    arm: Arm,
    confirmed: Vec<f64>,
    worth: Vec<f64>,
}

/// One policy that a treatment was given by, with each advocate's introductions.
struct Compared {
    stratum: Stratum,
    treated: Counted,
    control: Counted,
}

/// Who was to get the treatments of a kind and who was left without them, policy by policy, with their confirmed introductions
/// after they were assigned and in as many days before; and how many introductions were left out, by treatment.
async fn strata(
    ctx: &Ctx,
    frame: &Frame,
    kind: TreatmentKind,
    worths: Option<&Worths>,
) -> Result<(HashMap<Id<Treatment>, Vec<Compared>>, HashMap<Id<Treatment>, i64>)> {
    let days = read::days_to_introduce(kind);
    let (from, until) = frame.moments();
    let last = until.plus(-days * DAY);
    if last <= from {
        return Ok(Default::default());
    }
    let mut query = Sql::select::<Unit>(
        "FROM (SELECT e.treatment_id, e.policy_version_id, e.is_ghost, e.party_id, MIN(e.assigned_at) AS at,
            MAX(CASE WHEN e.delivered_at IS NULL THEN 0 ELSE 1 END) AS delivered,
            SUM(CASE WHEN e.delivered_at IS NULL THEN 0 ELSE COALESCE(g.redeemed_minor, t.unit_cost_minor) END) AS cost
          FROM exposures e JOIN parties p ON p.id = e.party_id JOIN treatments t ON t.id = e.treatment_id
            LEFT JOIN grants g ON g.exposure_id = e.id
          WHERE e.stage = ",
    );
    query.arg(frame.stage).push(" AND e.kind = ").arg(kind).push(" AND e.assigned_at >= ").arg(from);
    query.push(" AND e.assigned_at < ").arg(last);
    frame.sight.parties(&mut query);
    query.push(
        " GROUP BY e.treatment_id, e.policy_version_id, e.is_ghost, e.party_id) w
          LEFT JOIN referrals r ON r.referrer_id = w.party_id AND r.confirmed_on IS NOT NULL AND r.state NOT IN ('rejected', 'reversed')
            AND r.occurred_on >= ",
    );
    query.arg(frame.span.from.plus(-days)).push(" AND r.occurred_on < ").arg(frame.span.until);
    query.push(" ORDER BY w.treatment_id, w.policy_version_id, w.is_ghost, w.party_id, r.occurred_on");
    let mut tx = ctx.app.db.snapshot().await?;
    let units: Vec<Unit> = tx.all(query).await?;
    let versions: BTreeSet<Id<Version>> = units.iter().map(|one| one.version_id).collect();
    let shares = read::holdouts(&mut tx, &versions.into_iter().collect::<Vec<_>>()).await?;
    let ids: BTreeSet<Id<Treatment>> = units.iter().map(|one| one.treatment_id).collect();
    let known = read::treatments(&mut tx, &ids.into_iter().collect::<Vec<_>>()).await?;
    let bought =
        units.iter().filter_map(|one| Some(Bought { id: one.referral_id?, referee_id: one.referee_id?, bought_on: one.bought_on? }));
    let worths = match worths {
        Some(worths) => worths.of(&mut tx, &bought.collect::<Vec<_>>()).await?,
        None => HashMap::new(),
    };
    let mut counted: BTreeMap<(Id<Treatment>, Id<Version>), [Counted; 2]> = BTreeMap::new();
    let mut spilled: HashMap<Id<Treatment>, i64> = HashMap::new();
    let key = |one: &Unit| (one.treatment_id, one.version_id, one.is_ghost, one.party_id);
    for rows in units.chunk_by(|one, other| key(one) == key(other)) {
        let first = &rows[0];
        let on = first.assigned_at.day(&frame.zone);
        let (mut before, mut after, mut worth) = (0.0, 0.0, 0.0);
        for one in rows {
            let Some(day) = one.occurred_on else { continue };
            let is_after = day > on && day <= on.plus(days);
            if is_after && one.is_spilled {
                *spilled.entry(first.treatment_id).or_default() += 1;
            } else if is_after {
                after += 1.0;
                worth += one.referral_id.and_then(|id| worths.get(&id)).map_or(0.0, |minor| *minor as f64);
            } else if day <= on && day > on.plus(-days) {
                before += 1.0;
            }
        }
        let [treated, control] = counted.entry((first.treatment_id, first.version_id)).or_default();
        let side = if first.is_ghost { control } else { treated };
        let (arm, cost) = (&mut side.arm, first.cost);
        arm.count += 1;
        arm.delivered += first.delivered;
        arm.events = (arm.events.0 + after, arm.events.1 + after * after);
        let (sum, squares, product) = arm.events_before;
        arm.events_before = (sum + before, squares + before * before, product + before * after);
        let (sum, squares, with_events, with_minor) = arm.cost;
        arm.cost = (sum + cost, squares + cost * cost, with_events + cost * after, with_minor);
        side.confirmed.push(after);
        side.worth.push(worth);
    }
    let mut found: HashMap<Id<Treatment>, Vec<Compared>> = HashMap::new();
    for ((treatment, version), [treated, control]) in counted {
        let Some(of) = known.get(&treatment) else { continue };
        let held_back = read::held_back(of, frame.stage, shares.get(&version).copied().unwrap_or_default());
        let stratum = Stratum { treated: treated.arm, control: control.arm, held_back };
        found.entry(treatment).or_default().push(Compared { stratum, treated, control });
    }
    Ok((found, spilled))
}

/// What may be said. Where introductions are rare, chance is counted by shuffling: then more is claimed only where the
/// shuffles leave it, too.
fn judged(found: &[Compared], days: i64, usual: Usual) -> Because {
    let strata: Vec<Stratum> = found.iter().map(|one| one.stratum).collect();
    let said = because(&strata, days, None, usual);
    let all: f64 = found.iter().flat_map(|one| one.treated.confirmed.iter().chain(&one.control.confirmed)).sum();
    let [only] = found else { return said };
    if said.added.is_none() || all >= RARE {
        return said;
    }
    let Ok(p) = permutation(&only.treated.confirmed, &only.control.confirmed, SHUFFLES, 1) else { return said };
    let claim = if p < 1.0 - LEVEL { said.claim } else { Claim::Unknown };
    Because { p: Some(p), claim, ..said }
}

/// How many more of those who were to get a treatment introduced somebody: of one policy, for shares of several are none of any.
fn introducers(found: &[Compared]) -> Option<Range> {
    let [only] = found else { return None };
    let share =
        |of: &Counted| Share { yes: of.confirmed.iter().filter(|count| **count > 0.0).count() as u64, all: of.confirmed.len() as u64 };
    newcombe(share(&only.treated), share(&only.control), LEVEL).ok().map(Range::from)
}

/// What confirmed introductions of each who was to get a treatment are worth more, policy by policy.
fn worth(found: &[Compared]) -> Option<Range> {
    let asked = || found.iter().filter(|one| one.treated.worth.len() > 1 && one.control.worth.len() > 1);
    let all = asked().map(|one| one.treated.worth.len() as f64).sum::<f64>();
    let part = |one: &Compared| {
        let (here, there) = (Moments::of(&one.treated.worth).ok()?, Moments::of(&one.control.worth).ok()?);
        Some((one.treated.worth.len() as f64 / all, welch(&here, &there, LEVEL).ok()?))
    };
    let parts: Option<Vec<_>> = asked().map(part).collect();
    stratified(&parts?, LEVEL).ok().map(|found| found.interval.into())
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "indicators.cam",
        "GET /indicators/cam",
        Some(Perm(Room::Advocacy, Act::See)),
        "How many introductions advocates make, of which kind and form, and what respect, discounts, gifts and benefits have to do with it.",
        cam,
    )
    .example(|| json!({"from": "2025-11-21", "until": "2026-11-20"}));
}
