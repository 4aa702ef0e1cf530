//! Who could have something and who has it, counted by the database.

use super::judge::{Cell, Counted};
use super::{Attribute, Measure};
use crate::experience::legality::{Class, Form, TreatmentKind, verdict};
use crate::insight::guard::FEW;
use crate::lifecycle::{Stage, Standing};
use crate::platform::access::User;
use crate::platform::money::Currency;
use crate::{Ctx, Day, Instant, Result};
use jiff::Span;
use peyvand_db::{Db, FromCell, Id, Sql, sql};
use std::collections::HashMap;

/// Groups that are told apart, the largest; a page and a judgement of more help nobody.
const GROUPS: i64 = 40;
/// The youngest of each age band but the first, in years.
const AGES: [i64; 5] = [25, 35, 45, 55, 65];

/// Over which days, and how money is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub from: Instant,
    /// The first moment after it.
    pub before: Instant,
    /// Its last day.
    pub until_on: Day,
    pub currency: Currency,
}

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// The groups, the largest first, those of whom it is not known last.
    pub groups: Vec<Counted>,
    /// How many are in smaller groups, which are not told apart.
    pub left_out: i64,
}

/// The stages at which something of the kind may be done for a customer.
pub(super) fn stages(kind: TreatmentKind) -> Vec<Stage> {
    let forms = [Class::Moral, Class::Material].into_iter().flat_map(|class| [false, true].map(|special| Form::of(kind, class, special)));
    let forms: Vec<Form> = forms.collect();
    let may = |stage: &&Stage| forms.iter().any(|form| verdict(*form, **stage, Standing::Active).is_allowed());
    Stage::ALL.iter().filter(may).copied().collect()
}

/// Adds everybody who could have it, a row each: `party_id`, `staff_id`, whether they `got` it, what it is `worth` and of how
/// much (`base`).
fn units(query: &mut Sql, measure: Measure, attribute: Attribute, window: &Window, median: Option<i64>, now: Instant) {
    match measure {
        Measure::Discount => given(query, TreatmentKind::Discount, window),
        Measure::Gift => given(query, TreatmentKind::Gift, window),
        Measure::Benefit => given(query, TreatmentKind::Benefit, window),
        Measure::Respect => {
            query.push(
                "SELECT p.id AS party_id, p.owner_id AS staff_id,
                   CASE WHEN COUNT(CASE WHEN a.done_at > 0 AND a.done_at <= a.due_at THEN 1 END) = COUNT(*) THEN 1 ELSE 0 END AS got,
                   COUNT(CASE WHEN a.done_at > 0 AND a.done_at <= a.due_at THEN 1 END) * 10000 AS worth, COUNT(*) AS base
                 FROM protocol_acts a JOIN parties p ON p.id = a.party_id WHERE p.archived_at IS NULL AND a.due_at >= ",
            );
            query.arg(window.from).push(" AND a.due_at < ").arg(window.before).push(" GROUP BY p.id, p.owner_id");
        }
        Measure::Price => {
            // Who sold is known of what was written down here; a file brings purchases without their sellers.
            query.push("SELECT p.id AS party_id, ");
            query.push(if attribute == Attribute::Staff {
                "COALESCE(CASE WHEN b.import_id IS NULL THEN b.created_by END, p.owner_id)"
            } else {
                "p.owner_id"
            });
            query.push(
                " AS staff_id, MAX(CASE WHEN l.discount_minor > 0 THEN 1 ELSE 0 END) AS got,
                   CAST(SUM(CASE WHEN l.currency = ",
            );
            query.arg(window.currency).push(
                " THEN l.discount_minor ELSE 0 END) AS BIGINT) AS worth, 1 AS base
                 FROM purchases b JOIN purchase_lines l ON l.purchase_id = b.id JOIN parties p ON p.id = b.party_id
                 WHERE l.sign = 1 AND p.archived_at IS NULL AND b.at >= ",
            );
            query.arg(window.from).push(" AND b.at < ").arg(window.before).push(" GROUP BY 1, 2");
        }
        Measure::Wait => {
            let median = median.unwrap_or_default();
            query.push(
                "SELECT p.id AS party_id, COALESCE(c.owner_id, p.owner_id) AS staff_id,
                   CASE WHEN c.answered_at IS NOT NULL AND c.answered_at - c.opened_at <= ",
            );
            query.arg(median).push(
                " THEN 1 ELSE 0 END AS got, 0 AS worth, 1 AS base FROM cases c JOIN parties p ON p.id = c.party_id
                 WHERE c.kind = 'complaint' AND p.archived_at IS NULL AND c.opened_at >= ",
            );
            query.arg(window.from).push(" AND c.opened_at < ").arg(window.before);
            // Of who has waited for less than the median nothing is known yet.
            query.push(" AND (c.answered_at IS NOT NULL OR c.opened_at < ").arg(now.plus(-median)).push(")");
        }
    }
}

fn given(query: &mut Sql, kind: TreatmentKind, window: &Window) {
    query.push(
        "SELECT p.id AS party_id, p.owner_id AS staff_id, CASE WHEN COUNT(g.id) > 0 THEN 1 ELSE 0 END AS got,
           CAST(COALESCE(SUM(t.unit_cost_minor), 0) AS BIGINT) AS worth, 1 AS base
         FROM parties p LEFT JOIN stage_memberships m ON m.party_id = p.id AND m.left_on IS NULL
         LEFT JOIN grants g ON g.party_id = p.id AND g.state <> 'revoked' AND g.kind = ",
    );
    query.arg(kind).push(" AND g.created_at >= ").arg(window.from).push(" AND g.created_at < ").arg(window.before);
    query.push(
        " LEFT JOIN treatments t ON t.id = g.treatment_id WHERE p.archived_at IS NULL AND p.role IN ('prospect', 'customer')
          AND COALESCE(m.standing, 'active') IN ('active', 'dormant') AND COALESCE(m.stage, 'potential') IN ",
    );
    query.list_padded(&stages(kind)).push(" GROUP BY p.id, p.owner_id");
}

/// Adds what a customer has in common with others, for a query in which they are `p` and the row of [`units`] is `u`.
fn value(query: &mut Sql, attribute: Attribute, window: &Window) {
    match attribute {
        Attribute::Gender => query.push("COALESCE(p.gender, '')"),
        Attribute::City => query.push("COALESCE(p.city_key, '')"),
        Attribute::Source => query.push("COALESCE(p.source, '')"),
        Attribute::Staff => query.push("u.staff_id"),
        // The one in which they last answered us: nobody is asked for it.
        Attribute::Language => {
            query.push("COALESCE((SELECT s.lang FROM survey_sheets s WHERE s.party_id = p.id ORDER BY s.at DESC, s.id DESC LIMIT 1), '')")
        }
        Attribute::Age => {
            query.push("CASE WHEN p.birth_on IS NULL THEN '' ");
            for (years, word) in AGES.iter().zip(AGE_BANDS) {
                query.push("WHEN p.birth_on > ").arg(born(window.until_on, *years)).push(" THEN ");
                query.arg(word).push(" ");
            }
            query.push("ELSE 'from_65' END")
        }
    };
}

/// The words of the age bands but the last.
const AGE_BANDS: [&str; 5] = ["under_25", "from_25", "from_35", "from_45", "from_55"];

/// Who was born after this day is younger than so many years.
fn born(today: Day, years: i64) -> Day {
    today.0.checked_sub(Span::new().years(years)).map_or(today, Day)
}

/// What the group is called, for those whose value does not say it.
const fn name(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::City => "MIN(p.city)",
        Attribute::Staff => "MIN(n.name)",
        _ => "MIN(CAST('' AS TEXT))",
    }
}

/// Counts who could have something and who has it, by what customers have in common and, within that, by stage and value tier.
pub(super) async fn count(ctx: &Ctx, measure: Measure, attribute: Attribute, window: &Window) -> Result<Counts> {
    let db = &ctx.app.db;
    let median = if measure == Measure::Wait { median(db, window, ctx.now()).await? } else { None };
    if measure == Measure::Wait && median.is_none() {
        return Ok(Counts::default());
    }
    let mut query = sql("WITH u AS (");
    units(&mut query, measure, attribute, window, median, ctx.now());
    query.push("), x AS (SELECT ");
    value(&mut query, attribute, window);
    query.push(
        " AS value, COALESCE(m.stage, 'potential') AS stage, COALESCE(v.tier, 0) AS tier, COUNT(*) AS customers,
            CAST(SUM(u.got) AS BIGINT) AS given, CAST(SUM(u.worth) AS BIGINT) AS worth, CAST(SUM(u.base) AS BIGINT) AS base, ",
    );
    query.push(name(attribute)).push(
        " AS name FROM u JOIN parties p ON p.id = u.party_id
            LEFT JOIN stage_memberships m ON m.party_id = p.id AND m.left_on IS NULL
            LEFT JOIN party_profits v ON v.party_id = p.id LEFT JOIN users n ON n.id = u.staff_id GROUP BY 1, 2, 3),
          k AS (SELECT x.*, SUM(x.customers) OVER (PARTITION BY x.value) AS total FROM x),
          r AS (SELECT k.*, DENSE_RANK() OVER (ORDER BY k.total DESC, k.value) AS place FROM k)
          SELECT r.value, r.name, r.stage, r.tier, r.customers, r.given, r.worth, r.base, r.place,
            CAST(COALESCE((SELECT SUM(o.customers) FROM r o WHERE o.place > ",
    );
    query.arg(GROUPS).push("), 0) AS BIGINT) FROM r WHERE r.place <= ").arg(GROUPS).push(" ORDER BY r.place, r.stage, r.tier");
    let mut counts = if attribute == Attribute::Staff {
        grouped::<Option<Id<User>>>(db, query, |id| id.map(|id| id.to_string()).unwrap_or_default()).await?
    } else {
        grouped::<String>(db, query, |word| word).await?
    };
    if measure == Measure::Wait {
        let medians = medians(ctx, attribute, window).await?;
        for group in &mut counts.groups {
            group.worth = medians.get(&group.value).copied();
        }
    }
    counts.groups.sort_by_key(|group| group.value.is_empty());
    Ok(counts)
}

type Line<K> = (K, Option<String>, Stage, i64, i64, i64, i64, i64, i64, i64);

async fn grouped<K: FromCell>(db: &Db, query: Sql, key: impl Fn(K) -> String) -> Result<Counts> {
    let lines: Vec<Line<K>> = db.all(query).await?;
    let mut counts = Counts::default();
    let mut last = None;
    let (mut worth, mut base) = (0_i64, 0_i64);
    for (value, name, stage, tier, customers, given, more, of, place, left_out) in lines {
        counts.left_out = left_out;
        if last != Some(place) {
            last = Some(place);
            (worth, base) = (0, 0);
            let name = name.filter(|name| !name.is_empty());
            counts.groups.push(Counted { value: key(value), name, ..Counted::default() });
        }
        worth = worth.saturating_add(more);
        base = base.saturating_add(of);
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        if let Some(group) = counts.groups.last_mut() {
            group.cells.insert(format!("{stage}/{tier}"), Cell { all: count(customers), given: count(given) });
            group.worth = (base > 0).then(|| worth / base);
        }
    }
    Ok(counts)
}

/// How long half of those who complained waited at most; who still waits has waited until now.
async fn median(db: &Db, window: &Window, now: Instant) -> Result<Option<i64>> {
    let query = sql("SELECT x.wait FROM (
           SELECT COALESCE(c.answered_at, $1) - c.opened_at AS wait, COUNT(*) OVER () AS count,
             ROW_NUMBER() OVER (ORDER BY COALESCE(c.answered_at, $1) - c.opened_at, c.id) AS place
           FROM cases c JOIN parties p ON p.id = c.party_id
           WHERE c.kind = 'complaint' AND p.archived_at IS NULL AND c.opened_at >= $2 AND c.opened_at < $3) x
         WHERE x.place = (x.count + 1) / 2");
    let found: Option<(i64,)> = db.maybe(query.bind(now).bind(window.from).bind(window.before)).await?;
    Ok(found.map(|(wait,)| wait))
}

/// The same of each group that is large enough for one to be told.
async fn medians(ctx: &Ctx, attribute: Attribute, window: &Window) -> Result<HashMap<String, i64>> {
    let mut query = sql("WITH u AS (SELECT c.party_id, COALESCE(c.owner_id, o.owner_id) AS staff_id, COALESCE(c.answered_at, ");
    query.arg(ctx.now()).push(
        ") - c.opened_at AS wait FROM cases c JOIN parties o ON o.id = c.party_id
          WHERE c.kind = 'complaint' AND o.archived_at IS NULL AND c.opened_at >= ",
    );
    query.arg(window.from).push(" AND c.opened_at < ").arg(window.before).push("), x AS (SELECT ");
    value(&mut query, attribute, window);
    query.push(
        " AS value, u.wait FROM u JOIN parties p ON p.id = u.party_id),
          y AS (SELECT x.value, x.wait, COUNT(*) OVER (PARTITION BY x.value) AS count,
            ROW_NUMBER() OVER (PARTITION BY x.value ORDER BY x.wait) AS place FROM x)
          SELECT y.value, y.wait FROM y WHERE y.place = (y.count + 1) / 2 AND y.count >= ",
    );
    query.arg(FEW);
    if attribute == Attribute::Staff {
        let rows: Vec<(Option<Id<User>>, i64)> = ctx.app.db.all(query).await?;
        return Ok(rows.into_iter().map(|(id, wait)| (id.map(|id| id.to_string()).unwrap_or_default(), wait)).collect());
    }
    Ok(ctx.app.db.all::<(String, i64)>(query).await?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_could_have_something_is_who_the_rules_would_let_have_it() {
        assert_eq!(stages(TreatmentKind::Discount), Stage::ALL);
        assert_eq!(stages(TreatmentKind::Gift), [Stage::Loyal, Stage::Advocate]);
        assert_eq!(stages(TreatmentKind::Benefit), [Stage::Advocate]);
    }

    #[test]
    fn whoever_turns_25_today_is_25() {
        assert_eq!(born("2026-11-21".parse().unwrap(), 25), "2001-11-21".parse().unwrap());
        assert_eq!(born("2028-02-29".parse().unwrap(), 25), "2003-02-28".parse().unwrap());
    }
}
