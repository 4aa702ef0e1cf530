//! The rhythm in which customers buy: who is regular, who buys in one season, who slows down, who is silent for longer than
//! their own habit. Worked out for each by the nightly refresh; here are the rule, the counts and those behind them.

use super::counts;
use super::fits::{self, Fit, FitKind};
use crate::operation::{Nothing, Page, page_size};
use crate::parties::Party;
use crate::{Act, Ctx, Day, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, row};
use peyvand_stats::rhythm::{Occasion, Pace, Pattern, Rhythm as Gaps, pattern};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From so many usual gaps without a purchase on, somebody is not only late but silent.
pub const SILENT_GAPS: f64 = 4.0;
/// Who buys in one season is waited for until the next one is over.
pub const SEASON_WAIT: i64 = 365 + 91;

peyvand_db::words! {
    /// How somebody buys. Everybody with a purchase has one, the first that holds from below.
    pub enum Habit {
        /// Gaps are alike.
        Regular = "regular",
        /// Gaps differ much.
        Irregular = "irregular",
        /// Most purchases lie in the same quarter of several years.
        Seasonal = "seasonal",
        /// The last gap was more than twice as long as usual.
        Slowing = "slowing",
        /// More than two usual gaps have passed since the last purchase.
        Lapsing = "lapsing",
        /// More than four.
        Silent = "silent",
        /// Too few purchases to tell.
        Unclear = "unclear",
    }
}

/// The rhythm of one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rhythm {
    /// How they buy.
    pub habit: Habit,
    /// Their usual gap in days; absent with too few purchases.
    pub gap_days: Option<f64>,
    /// How much their gaps differ: deviation over mean.
    pub variation: Option<f64>,
    /// The quarter of the solar year in which they buy, 1 for spring; absent for who has none.
    pub season: Option<u8>,
}

impl Rhythm {
    /// Of too few purchases to tell.
    pub const NONE: Rhythm = Rhythm { habit: Habit::Unclear, gap_days: None, variation: None, season: None };

    /// Of who bought on these days, as of a day.
    #[must_use]
    pub fn of(occasions: &[Occasion], as_of: i64) -> Rhythm {
        match pattern(occasions, as_of) {
            Some(found) => Rhythm {
                habit: habit(&found),
                gap_days: found.rhythm.map(|gaps| gaps.median),
                variation: found.rhythm.map(|gaps| gaps.variation),
                season: found.season,
            },
            None => Rhythm::NONE,
        }
    }

    /// How many usual gaps so many days are.
    #[must_use]
    pub fn gaps(&self, days: i64) -> Option<f64> {
        self.gap_days.map(|gap| days as f64 / gap)
    }
}

/// What somebody with such a pattern is called.
#[must_use]
pub fn habit(found: &Pattern) -> Habit {
    let Some(gaps) = found.rhythm else { return Habit::Unclear };
    let is_late = |gaps: Gaps| found.elapsed >= gaps.silent_after();
    if found.season.is_some() && found.elapsed <= SEASON_WAIT {
        Habit::Seasonal
    } else if is_late(gaps) && found.elapsed as f64 > SILENT_GAPS * gaps.median {
        Habit::Silent
    } else if is_late(gaps) {
        Habit::Lapsing
    } else if found.pace == Some(Pace::Slowing) {
        Habit::Slowing
    } else {
        match found.regular {
            Some(true) => Habit::Regular,
            Some(false) => Habit::Irregular,
            None => Habit::Unclear,
        }
    }
}

row! {
    /// How many customers have a habit.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    pub struct HabitCount {
        /// The habit.
        pub habit: Habit = "s.habit",
        /// How many customers.
        pub customers: i64 = "count(*)",
    }
}

/// How customers buy.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rhythms {
    /// What the refresh was that found it out, with its day; absent before the first.
    pub fit: Option<Fit>,
    /// Customers within sight with a purchase.
    pub customers: i64,
    /// Each habit that somebody has.
    pub habits: Vec<HabitCount>,
}

/// How many of those within sight have which habit, as of the last refresh.
///
/// # Errors
/// Without the right.
pub async fn rhythms(ctx: &Ctx, _: Nothing) -> Result<Rhythms> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let mut habits = match &reader.sight {
        Sight::All => counts::last(reader.db).await?.habits,
        sight => {
            let mut query = Sql::select::<HabitCount>("FROM party_scores s JOIN parties p ON p.id = s.party_id WHERE 1 = 1");
            sight.parties(&mut query);
            query.push(" GROUP BY s.habit");
            reader.db.all(query).await?
        }
    };
    habits.sort_by_key(|one| one.habit);
    let fit = fits::latest(reader.db).await?.into_iter().find(|fit| fit.kind == FitKind::Rfm);
    Ok(Rhythms { fit, customers: habits.iter().map(|one| one.customers).sum(), habits })
}

/// Whose rhythm, from where.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListRhythms {
    /// Of this habit; the silent ones unless given.
    pub habit: Option<Habit>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

row! {
    /// A customer with their rhythm.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct PartyRhythm {
        /// Their id.
        pub party_id: Id<Party> = "s.party_id",
        /// Their number.
        pub no: i64 = "p.no",
        /// Their name.
        pub name: String = "p.name",
        /// Who looks after them.
        pub owner: Option<String> = "u.name",
        /// How they buy.
        pub habit: Habit = "s.habit",
        /// Their usual gap in days; absent with too few purchases.
        pub gap_days: Option<f64> = "s.gap_days",
        /// Days from the last purchase to the as-of day.
        pub recency_days: i64 = "s.recency_days",
        /// The same in usual gaps: 2 for somebody who has missed one purchase, 0 where the gap is not known.
        pub silence: f64 = "s.silence",
        /// The quarter of the solar year in which they buy, 1 for spring.
        pub season: Option<i64> = "s.season",
        /// Days with a purchase.
        pub occasions: i64 = "s.occasions",
        /// Day of the last purchase.
        pub last_purchase_on: Option<Day> = "NULLIF(p.last_purchase_on, '')",
        /// What they spent, in minor units of the organisation's currency.
        pub spent_minor: i64 = "p.spent_minor",
        /// Probability of still being active.
        pub p_active: Option<f64> = "s.p_active",
    }
}

/// A place in the list, as text.
fn cursor_at(last: &PartyRhythm) -> String {
    format!("{}_{}", last.party_id, last.silence)
}

fn cursor(text: &str) -> Result<(f64, Id<Party>)> {
    let read = || {
        let (id, silence) = text.split_once('_')?;
        Some((silence.parse::<f64>().ok()?, id.parse().ok()?))
    };
    read().ok_or_else(|| Problem::new("after", "input-cursor").into())
}

/// Those within sight who have a habit, whose silence is longest against their own rhythm first.
///
/// # Errors
/// Without the right, for a cursor that is none.
pub async fn customers(ctx: &Ctx, input: ListRhythms) -> Result<Page<PartyRhythm>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    // Whoever sees all walks the index of the habit; of few customers the others sort theirs.
    let mut query = match &reader.sight {
        Sight::All => Sql::select::<PartyRhythm>("FROM party_scores s CROSS JOIN parties p"),
        _ => Sql::select::<PartyRhythm>("FROM parties p CROSS JOIN party_scores s"),
    };
    query.push(" LEFT JOIN users u ON u.id = p.owner_id WHERE p.id = s.party_id AND s.habit = ");
    query.arg(input.habit.unwrap_or(Habit::Silent));
    reader.sight.parties(&mut query);
    if let Some(after) = &input.after {
        let (silence, id) = cursor(after)?;
        query.push(" AND (s.silence, s.party_id) < (").arg(silence).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY s.silence DESC, s.party_id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<PartyRhythm> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, cursor_at))
}

/// The operations of rhythms.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add("insight.rhythm", "GET /insight/rhythm", see, "How many customers buy regularly, in a season, slower, or are silent.", rhythms);
    ops.add(
        "insight.rhythm_customers",
        "GET /insight/rhythm/customers",
        see,
        "Customers of a habit, whose silence is longest against their own rhythm first.",
        customers,
    )
    .example(|| serde_json::json!({"habit": "lapsing", "limit": 20}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::facts::{day_number, season_of};
    use crate::insight::refresh::refresh;
    use crate::insight::scores;
    use crate::insight::shop::{Sale, party, shop};
    use crate::parties::list::{self, PartyFilters};
    use crate::parties::party::PartyId;
    use crate::platform::jobs::Outcome;
    use crate::{Error, testing};
    use peyvand_db::sql;
    use tokio::sync::watch;

    fn today() -> Day {
        "2024-06-30".parse().unwrap()
    }

    /// Purchases so many days before today.
    fn ago(days: &[i64]) -> Vec<Sale> {
        days.iter().map(|days| Sale::on(today().plus(-days))).collect()
    }

    fn habit_of(days: &[i64]) -> Habit {
        let occasion = |days: &i64| {
            let day = today().plus(-days);
            let (year, season) = season_of(day);
            Occasion { day: day_number(day).into(), year, season }
        };
        Rhythm::of(&days.iter().map(occasion).collect::<Vec<_>>(), day_number(today()).into()).habit
    }

    #[test]
    fn everybody_is_in_the_first_group_that_holds() {
        assert_eq!(habit_of(&[130, 100, 70, 40, 10]), Habit::Regular);
        assert_eq!(habit_of(&[300, 299, 150, 145, 10]), Habit::Irregular);
        assert_eq!(habit_of(&[190, 160, 130, 100, 10]), Habit::Slowing, "the last gap was three times as long");
        assert_eq!(habit_of(&[181, 151, 121, 91, 61]), Habit::Lapsing);
        assert_eq!(habit_of(&[180, 150, 120, 90, 60]), Habit::Regular, "twice the gap is not yet more than twice");
        assert_eq!(habit_of(&[241, 211, 181, 151, 121]), Habit::Silent);
        assert_eq!(habit_of(&[240, 210, 180, 150, 120]), Habit::Lapsing);
        assert_eq!(habit_of(&[9, 8, 7, 6, 5]), Habit::Regular, "nobody is late after a long weekend");
        assert_eq!(habit_of(&[90, 60, 30]), Habit::Unclear);
        assert_eq!(habit_of(&[900]), Habit::Unclear);
        assert_eq!(habit_of(&[]), Habit::Unclear);
        // In the springs of two years, and once in winter.
        let spring = [460, 455, 440, 120, 100, 90];
        assert_eq!(habit_of(&spring), Habit::Seasonal, "who comes in spring is not silent in summer");
        let long_ago: Vec<i64> = spring.iter().map(|days| days + 730).collect();
        assert_eq!(habit_of(&long_ago), Habit::Silent, "but is when a spring has passed without them");
    }

    async fn refreshed(customers: &[Vec<Sale>]) -> Ctx {
        let ctx = shop(customers, today()).await;
        let (_keep, stop) = watch::channel(false);
        assert_eq!(refresh(&ctx, Id::FIRST, &stop).await.unwrap(), Outcome::Done);
        ctx
    }

    #[tokio::test]
    async fn counts_lead_to_those_whose_silence_is_longest_against_their_own_rhythm() {
        let mut customers = vec![
            ago(&[130, 100, 70, 40, 10]),
            ago(&[500, 490, 480, 470, 460]),
            ago(&[800, 600, 400, 200]),
            ago(&[181, 151, 121, 91, 61]),
            ago(&[5]),
            Vec::new(),
        ];
        customers.extend((0..5).map(|more| ago(&[300 + more, 290 + more, 280 + more, 270 + more])));
        let ctx = refreshed(&customers).await;
        let found = ctx.run(rhythms, Nothing {}).await.unwrap();
        let count = |habit: Habit| found.habits.iter().find(|one| one.habit == habit).map_or(0, |one| one.customers);
        assert_eq!((found.customers, found.fit.as_ref().unwrap().as_of), (10, today()));
        let counts = [count(Habit::Regular), count(Habit::Silent), count(Habit::Lapsing), count(Habit::Unclear), count(Habit::Slowing)];
        assert_eq!(counts, [1, 6, 1, 2, 0]);
        for one in &found.habits {
            let filters = PartyFilters { habit: Some(one.habit), ..PartyFilters::default() };
            assert_eq!(ctx.run(list::count, filters).await.unwrap().count, one.customers, "{one:?}");
        }

        // 46 gaps of ten days, then 27.4 down to 27, a page at a time.
        let mut pages = Vec::new();
        let mut input = ListRhythms { limit: Some(4), ..ListRhythms::default() };
        loop {
            let page = ctx.run(super::customers, input.clone()).await.unwrap();
            pages.push(page.items);
            input.after = page.next;
            if input.after.is_none() {
                break;
            }
        }
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2]);
        let all: Vec<PartyRhythm> = pages.concat();
        assert_eq!(all.iter().map(|one| one.silence).collect::<Vec<_>>(), [46.0, 27.4, 27.3, 27.2, 27.1, 27.0]);
        let first = &all[0];
        assert_eq!((first.party_id, first.gap_days, first.recency_days, first.occasions), (party(1), Some(10.0), 460, 5));
        assert_eq!((first.habit, first.last_purchase_on.is_none()), (Habit::Silent, true), "the shop of the test keeps no facts");
        let wrong = ListRhythms { after: Some("x".into()), ..ListRhythms::default() };
        assert!(matches!(ctx.run(super::customers, wrong).await, Err(Error::Invalid(_))));

        let told = ctx.run(scores::of_party, PartyId { id: party(3) }).await.unwrap().scores.unwrap();
        assert_eq!((told.habit, told.gap_days, told.gap_variation, told.season), (Habit::Lapsing, Some(30.0), Some(0.0), None));
    }

    #[tokio::test]
    async fn everybody_counts_and_lists_their_own() {
        let ctx = refreshed(&vec![ago(&[300, 290, 280, 270]); 3]).await;
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert_eq!(agent.run(rhythms, Nothing {}).await.unwrap().customers, 0);
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE parties SET owner_id = $1 WHERE no <= 2").bind(agent.actor.user())).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(agent.run(rhythms, Nothing {}).await.unwrap().customers, 2);
        let own = agent.run(super::customers, ListRhythms::default()).await.unwrap();
        assert_eq!(own.items.len(), 2);
        assert!(own.items.iter().all(|one| one.owner.is_some()));
        let manager = testing::as_post(&ctx.app, "manager", "mina").await;
        assert_eq!(manager.run(super::customers, ListRhythms::default()).await.unwrap().items.len(), 3, "all are of the manager's unit");
    }
}
