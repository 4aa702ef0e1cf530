//! What is bought together: "of the purchases with A and B, so many also held C", for purchases of a time that is not too
//! long to be looked through while somebody waits.

use super::guard::LEVEL;
use crate::operation::page_size;
use crate::platform::time::DAY;
use crate::sales::{Product, Purchase};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use futures_util::StreamExt;
use peyvand_db::{Db, Id, Sql, row, sql};
use peyvand_stats::association::{self, Rule, Search};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Share of the purchases that must hold all products of a rule, unless the caller says it.
const SUPPORT: f64 = 0.001;
/// Share of the purchases with the one side that must hold the other, unless the caller says it.
const CONFIDENCE: f64 = 0.5;
/// Products of a rule, both sides together, unless the caller says it.
const ITEMS: i64 = 4;
/// Most products of a rule.
const ITEMS_MAX: i64 = 8;
/// Sets of products that are looked at; a higher support finds fewer.
const SETS: usize = 200_000;
/// Lines of purchases that are looked through while somebody waits.
const LINES_MAX: i64 = 500_000;

/// Which rules.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListRules {
    /// Share of the purchases that hold all products of a rule, at least; 0.001 unless given.
    pub support: Option<f64>,
    /// Of the purchases with one side, the share that holds the other, at least; 0.5 unless given.
    pub confidence: Option<f64>,
    /// Products of a rule at most, both sides together; 4 unless given, at most 8.
    pub items: Option<i64>,
    /// Purchases of this day or later.
    pub from: Option<Day>,
    /// Purchases of this day or earlier.
    pub until: Option<Day>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// A product of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleProduct {
    /// Its id.
    pub id: Id<Product>,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// Purchases with all of these products also held the other.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BasketRule {
    /// The products that were bought.
    pub antecedent: Vec<RuleProduct>,
    /// The product that was bought with them.
    pub consequent: RuleProduct,
    /// Purchases with all of them.
    pub together: i64,
    /// Purchases with the one side.
    pub with_antecedent: i64,
    /// Purchases with the other.
    pub with_consequent: i64,
    /// Share of all purchases that hold all of them.
    pub support: f64,
    /// Share of those with the one side that hold the other.
    pub confidence: f64,
    /// Lower end of the range in which that share lies with 95 per cent (Wilson).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// That share over the other product's share of all purchases: 1 where they have nothing to do with each other.
    pub lift: f64,
    /// How much more often the rule would be wrong by chance; absent where it never was.
    pub conviction: Option<f64>,
}

/// What is bought together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rules {
    /// Purchases that were looked through.
    pub purchases: i64,
    /// Products in them.
    pub products: i64,
    /// Rules that were found.
    pub found: i64,
    /// The rules, the most certain first: by the lower end of the confidence.
    pub items: Vec<BasketRule>,
    /// Pass as `after` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

row! {
    pub(super) struct Held {
        purchase_id: Id<Purchase> = "l.purchase_id",
        product_id: Id<Product> = "l.product_id",
    }
}

row! {
    pub(super) struct Named {
        id: Id<Product>,
        code: String,
        name: String,
    }
}

/// Purchases as lists of products, which are numbered in the order in which they were met.
#[derive(Default)]
pub(super) struct Baskets {
    pub(super) products: Vec<Id<Product>>,
    numbers: HashMap<Id<Product>, u32>,
    pub(super) baskets: Vec<Vec<u32>>,
    now: Option<Id<Purchase>>,
}

impl Baskets {
    pub(super) fn add(&mut self, held: &Held) {
        if self.now != Some(held.purchase_id) {
            self.now = Some(held.purchase_id);
            self.baskets.push(Vec::new());
        }
        let products = &mut self.products;
        let number = *self.numbers.entry(held.product_id).or_insert_with(|| {
            products.push(held.product_id);
            products.len() as u32 - 1
        });
        // The same product may stand on two lines, one after the other.
        if let Some(basket) = self.baskets.last_mut().filter(|basket| basket.last() != Some(&number)) {
            basket.push(number);
        }
    }
}

/// What to look for, checked.
fn search(input: &ListRules) -> Result<(f64, Search)> {
    let mut problems = Fields::default();
    let mut share = |field: &'static str, given: Option<f64>, usual: f64| {
        let share = given.unwrap_or(usual);
        if !(share > 0.0 && share <= 1.0) {
            problems.add(field, "insight-rules-share");
        }
        share
    };
    let (support, confidence) = (share("support", input.support, SUPPORT), share("confidence", input.confidence, CONFIDENCE));
    let items = input.items.unwrap_or(ITEMS);
    if !(2..=ITEMS_MAX).contains(&items) {
        problems.0.push(Problem::new("items", "input-range").with("min", 2).with("max", ITEMS_MAX));
    }
    problems.check()?;
    Ok((support, Search { together: 1, confidence, items: items as usize, limit: SETS }))
}

/// What is bought together in the purchases within sight.
///
/// # Errors
/// Without the right; for shares that are none; when there is more to look through than somebody waits for.
pub async fn rules(ctx: &Ctx, input: ListRules) -> Result<Rules> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let (support, mut search) = search(&input)?;
    let after: usize = match &input.after {
        Some(after) => after.parse().map_err(|_| Problem::new("after", "input-cursor"))?,
        None => 0,
    };
    few_lines(reader.db, &input).await?;
    let mut gathered = Baskets::default();
    {
        let mut rows = std::pin::pin!(reader.db.each::<Held>(lines(&input, &reader.sight)));
        while let Some(held) = rows.next().await {
            gathered.add(&held?);
        }
    }
    let Baskets { products, baskets, .. } = gathered;
    let mut out = Rules { purchases: baskets.len() as i64, products: products.len() as i64, found: 0, items: Vec::new(), next: None };
    if baskets.is_empty() {
        return Ok(out);
    }
    search.together = Search::support(support, baskets.len());
    let found = tokio::task::spawn_blocking(move || {
        let found = association::rules(&baskets, &search)?;
        association::ranked(found, LEVEL, |_| 1.0)
    });
    let found = match found.await.map_err(Error::fault)? {
        Ok(found) => found,
        Err(peyvand_stats::Error::TooMany { .. }) => return Err(Problem::new("support", "insight-rules-too-many").into()),
        Err(error) => return Err(Error::fault(error)),
    };
    out.found = found.len() as i64;
    let page: Vec<&Rule> = found.iter().skip(after).take(usize::try_from(limit).unwrap_or_default()).map(|(rule, _)| rule).collect();
    let end = after + page.len();
    out.next = (end < found.len()).then(|| end.to_string());
    let mut ids: Vec<Id<Product>> = page
        .iter()
        .flat_map(|rule| rule.antecedent.iter().chain([&rule.consequent]))
        .filter_map(|number| products.get(*number as usize).copied())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let named = names(reader.db, &ids).await?;
    out.items = page.into_iter().map(|rule| shown(rule, &products, &named)).collect::<Result<_>>()?;
    Ok(out)
}

/// Refuses what would keep the caller waiting; the sums of days tell it beforehand.
async fn few_lines(db: &Db, input: &ListRules) -> Result<()> {
    let mut query = sql("SELECT CAST(COALESCE(SUM(lines_up), 0) AS BIGINT) FROM purchase_days WHERE 1 = 1");
    if let Some(from) = input.from {
        query.push(" AND day >= ").arg(from);
    }
    if let Some(until) = input.until {
        query.push(" AND day <= ").arg(until);
    }
    let (lines,): (i64,) = db.one(query).await?;
    if lines > LINES_MAX {
        return Err(Problem::new("from", "insight-rules-too-long").with("lines", lines).with("most", LINES_MAX).into());
    }
    Ok(())
}

/// Lines of what was bought, a purchase after the other.
pub(super) fn lines(input: &ListRules, sight: &Sight) -> Sql {
    let mut query = match sight {
        Sight::All => Sql::select::<Held>("FROM purchases q JOIN purchase_lines l ON l.purchase_id = q.id WHERE 1 = 1"),
        Sight::Units { .. } | Sight::Own(_) => {
            let mut query = Sql::select::<Held>(
                "FROM parties p JOIN purchases q ON q.party_id = p.id JOIN purchase_lines l ON l.purchase_id = q.id WHERE 1 = 1",
            );
            sight.parties(&mut query);
            query
        }
    };
    query.push(" AND l.product_id IS NOT NULL AND l.sign > 0");
    // A day of any time zone lies within these moments, which have an index.
    let around = |day: Day, days: i64| Instant::start_of(day, &jiff::tz::TimeZone::UTC).plus(days * DAY);
    if let Some(from) = input.from {
        query.push(" AND q.at >= ").arg(around(from, -1)).push(" AND q.day >= ").arg(from);
    }
    if let Some(until) = input.until {
        query.push(" AND q.at < ").arg(around(until, 2)).push(" AND q.day <= ").arg(until);
    }
    query.push(" ORDER BY l.purchase_id, l.product_id");
    query
}

/// Products by id.
pub(super) async fn names(db: &Db, ids: &[Id<Product>]) -> Result<HashMap<Id<Product>, Named>> {
    let mut query = Sql::select::<Named>("FROM products WHERE id IN ");
    query.list_padded(ids);
    let named: Vec<Named> = db.all(query).await?;
    Ok(named.into_iter().map(|one| (one.id, one)).collect())
}

/// A rule with the names of its products.
pub(super) fn shown(rule: &Rule, products: &[Id<Product>], named: &HashMap<Id<Product>, Named>) -> Result<BasketRule> {
    let product = |number: &u32| {
        let one = products.get(*number as usize).and_then(|id| named.get(id)).ok_or(Error::NotFound("product"))?;
        Ok(RuleProduct { id: one.id, code: one.code.clone(), name: one.name.clone() })
    };
    let range = rule.interval(LEVEL).map_err(Error::fault)?;
    Ok(BasketRule {
        antecedent: rule.antecedent.iter().map(product).collect::<Result<_>>()?,
        consequent: product(&rule.consequent)?,
        together: rule.together as i64,
        with_antecedent: rule.with_antecedent as i64,
        with_consequent: rule.with_consequent as i64,
        support: rule.support(),
        confidence: rule.confidence(),
        low: range.low,
        high: range.high,
        lift: rule.lift(),
        conviction: Some(rule.conviction()).filter(|conviction| conviction.is_finite()),
    })
}

/// The operations of rules.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.rules",
        "GET /insight/rules",
        see,
        "What is bought together in one purchase: rules with support, confidence, lift and conviction, the most certain first.",
        rules,
    )
    .example(|| serde_json::json!({"support": 0.01, "confidence": 0.3, "items": 3, "limit": 20}));
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::insight::shop::{Sale, shop};
    use crate::testing;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Groceries: each basket a purchase, five hundred of them those of one customer, one a day.
    pub(in crate::insight) fn groceries() -> Vec<Vec<Sale>> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../stats/testdata/groceries.txt");
        let text = std::fs::read_to_string(file).unwrap();
        let baskets: Vec<Vec<u32>> =
            text.lines().skip(1).map(|line| line.split(' ').map(|number| number.parse().unwrap()).collect()).collect();
        let sales = |baskets: &[Vec<u32>]| {
            let sale = |(number, basket): (usize, &Vec<u32>)| Sale::of(day("2024-01-01").plus(number as i64), basket);
            baskets.iter().enumerate().map(sale).collect()
        };
        baskets.chunks(500).map(sales).collect()
    }

    #[tokio::test]
    async fn groceries_from_the_database_have_the_known_rules() {
        let ctx = shop(&groceries(), day("2026-01-01")).await;
        let all = ListRules { support: Some(0.001), confidence: Some(0.8), items: Some(6), limit: Some(200), ..ListRules::default() };
        let mut input = all.clone();
        let mut found: Vec<BasketRule> = Vec::new();
        loop {
            let page = ctx.run(rules, input.clone()).await.unwrap();
            assert_eq!((page.purchases, page.products, page.found), (9_835, 169, 410));
            found.extend(page.items);
            input.after = page.next;
            if input.after.is_none() {
                break;
            }
        }
        let of_length = |length: usize| found.iter().filter(|rule| rule.antecedent.len() + 1 == length).count();
        assert_eq!([3, 4, 5, 6].map(of_length), [29, 229, 140, 12]);
        assert!(found.is_sorted_by(|one, other| one.low >= other.low));
        let best = found.iter().max_by(|one, other| one.lift.total_cmp(&other.lift)).unwrap();
        assert!((best.lift - 11.235).abs() < 5e-4 && best.together == 19, "{best:?}");
        assert_eq!(best.consequent.name, "کالا 12", "bottled beer");

        let pairs = ListRules { support: Some(0.07), confidence: Some(0.35), items: Some(2), ..ListRules::default() };
        let found = ctx.run(rules, pairs.clone()).await.unwrap();
        let vegetables = found.items.iter().find(|rule| rule.together == 736).unwrap();
        let near = |got: f64, known: f64| assert!((got - known).abs() < 1e-6, "{got} instead of {known}");
        near(vegetables.support, 0.074835);
        near(vegetables.confidence, 0.386758);
        near(vegetables.lift, 1.513634);
        near(vegetables.conviction.unwrap(), (1.0 - 2513.0 / 9835.0) / (1.0 - 736.0 / 1903.0));

        // The first hundred days of each of the twenty customers.
        let begin = ListRules { until: Some(day("2024-04-09")), from: Some(day("2024-01-01")), ..pairs.clone() };
        assert_eq!(ctx.run(rules, begin).await.unwrap().purchases, 2_000);
        for wrong in [
            ListRules { support: Some(0.0), ..all.clone() },
            ListRules { confidence: Some(1.5), ..all.clone() },
            ListRules { items: Some(1), ..all },
        ] {
            assert!(matches!(ctx.run(rules, wrong).await, Err(Error::Invalid(_))));
        }
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert_eq!(agent.run(rules, pairs.clone()).await.unwrap().purchases, 0, "they have no customers");
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE parties SET owner_id = $1 WHERE no <= 2").bind(agent.actor.user())).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(agent.run(rules, pairs.clone()).await.unwrap().purchases, 1_000);
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE purchase_days SET lines_up = 600000 WHERE day = '2024-01-01'")).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(ctx.run(rules, pairs).await, Err(Error::Invalid(fields)) if fields.0[0].field == "from"));
    }
}
