//! Profits added up by unit and owner, so that who sees a part of the customers need not read them one by one: the job adds
//! up, a view adds a few hundred rows.

use super::profit::Parts;
use super::profit_people::{Gathering, Person};
use super::profit_refresh::Run;
use super::whale::{POINTS, tier_of};
use crate::parties::check::Kind;
use crate::platform::access::{Unit, User};
use crate::platform::jobs::{self, QueuedJob};
use crate::{Ctx, Day, Result, Sight};
use futures_util::TryStreamExt;
use peyvand_db::{Id, Sql, ToValue, Tx, Value, row, sql};
use std::collections::BTreeMap;

/// Rows read after which the job says that it is still at work.
const RENEW_ROWS: usize = 40_000;

row! {
    struct Brought {
        unit_id: Option<Id<Unit>> = "p.unit_id",
        owner_id: Option<Id<User>> = "p.owner_id",
        sales_minor: i64 = "t.sales_minor",
        discount_minor: i64 = "t.discount_minor",
        goods_minor: i64 = "t.goods_minor",
        staff_minor: i64 = "t.staff_minor",
        channels_minor: i64 = "t.channels_minor",
        entered_minor: i64 = "t.entered_minor",
        profit_minor: i64 = "t.profit_minor",
        minutes: i64 = "t.minutes",
        contacts: i64 = "t.contacts",
        kind: String = "p.kind",
        gender: Option<String> = "p.gender",
        birth_on: Option<Day> = "p.birth_on",
        education: Option<String> = "p.education",
        job: Option<String> = "p.job",
        income_band: Option<String> = "p.income_band",
        province: Option<String> = "p.province",
        source: Option<String> = "p.source",
    }
}

impl Brought {
    fn person(&self) -> Person<'_> {
        Person {
            unit_id: self.unit_id,
            owner_id: self.owner_id,
            is_person: self.kind == Kind::Person.as_str(),
            gender: self.gender.as_deref(),
            birth_on: self.birth_on,
            education: self.education.as_deref(),
            job: self.job.as_deref(),
            income: self.income_band.as_deref(),
            residence: self.province.as_deref(),
            source: self.source.as_deref(),
        }
    }
}

row! {
    struct Summed {
        tier: i64 = "g.tier",
        place: i64 = "g.place",
        customers: i64 = "CAST(SUM(g.customers) AS BIGINT)",
        sales_minor: i64 = "CAST(SUM(g.sales_minor) AS BIGINT)",
        discount_minor: i64 = "CAST(SUM(g.discount_minor) AS BIGINT)",
        goods_minor: i64 = "CAST(SUM(g.goods_minor) AS BIGINT)",
        staff_minor: i64 = "CAST(SUM(g.staff_minor) AS BIGINT)",
        channels_minor: i64 = "CAST(SUM(g.channels_minor) AS BIGINT)",
        entered_minor: i64 = "CAST(SUM(g.entered_minor) AS BIGINT)",
        profit_minor: i64 = "CAST(SUM(g.profit_minor) AS BIGINT)",
        minutes: i64 = "CAST(SUM(g.minutes) AS BIGINT)",
        contacts: i64 = "CAST(SUM(g.contacts) AS BIGINT)",
    }
}

/// Customers of one place together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub tier: i64,
    pub customers: i64,
    pub sums: Parts,
}

/// The least profits of the places, falling: each hundredth of the customers, each tier, profit and no loss.
pub(super) fn borders(profits: &[i64], tiers: &[i64]) -> Vec<i64> {
    let mut falling = profits.to_vec();
    falling.sort_unstable_by(|one, other| other.cmp(one));
    let mut borders: Vec<i64> =
        (1..POINTS).filter_map(|step| falling.get((step * falling.len()).div_ceil(POINTS).max(1) - 1).copied()).collect();
    borders.extend_from_slice(tiers);
    borders.extend([1, 0]);
    borders.sort_unstable_by(|one, other| other.cmp(one));
    borders.dedup();
    borders
}

/// The place of a profit.
pub(super) fn place_of(profit: i64, borders: &[i64]) -> usize {
    borders.partition_point(|border| profit < *border)
}

/// Adds up for a run that looks at a day. Rows of a run that is not whole are not shown yet.
pub(super) async fn add_up(ctx: &Ctx, job: Id<QueuedJob>, run: Id<Run>, as_of: Day, places: &[i64], tiers: &[i64]) -> Result<()> {
    let mut groups: BTreeMap<(Option<Id<Unit>>, Option<Id<User>>, usize), Place> = BTreeMap::new();
    let mut people = Gathering::default();
    let query = Sql::select::<Brought>("FROM party_profits t JOIN parties p ON p.id = t.party_id ORDER BY t.party_id");
    let mut rows = std::pin::pin!(ctx.app.db.each::<Brought>(query));
    let mut read = 0;
    while let Some(row) = rows.try_next().await? {
        let tier = tier_of(row.profit_minor, tiers);
        people.add(&row.person(), as_of, row.profit_minor, tier);
        let Brought { sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, .. } = row;
        let Brought { profit_minor, minutes, contacts, .. } = row;
        let group = groups.entry((row.unit_id, row.owner_id, place_of(profit_minor, places))).or_default();
        group.tier = tier;
        group.customers += 1;
        group.sums +=
            Parts { sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, profit_minor, minutes, contacts };
        read += 1;
        if read % RENEW_ROWS == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    let rows = groups.into_iter().map(|((unit, owner, place), group)| {
        let mut row: Vec<Value> = vec![ctx.id::<Place>().to_value(), run.to_value(), unit.to_value(), owner.to_value()];
        let sums = group.sums;
        let numbers = [
            place as i64, group.tier, group.customers, sums.sales_minor, sums.discount_minor, sums.goods_minor, sums.staff_minor,
            sums.channels_minor, sums.entered_minor, sums.profit_minor, sums.minutes, sums.contacts,
        ];
        row.extend(numbers.map(|number| number.to_value()));
        row
    });
    let mut tx = ctx.app.db.begin().await?;
    tx.run(sql("DELETE FROM profit_groups WHERE run_id = $1").bind(run)).await?;
    for statement in Sql::inserts(
        "INSERT INTO profit_groups (id, run_id, unit_id, owner_id, place, tier, customers, sales_minor, discount_minor, goods_minor,
           staff_minor, channels_minor, entered_minor, profit_minor, minutes, contacts) VALUES ",
        rows.collect(),
        "",
    ) {
        tx.run(statement).await?;
    }
    people.write(&mut tx, ctx, run).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes away what was added up for other runs.
pub(super) async fn forget_others(tx: &mut Tx, run: Id<Run>) -> Result<()> {
    tx.run(sql("DELETE FROM profit_groups WHERE run_id <> $1").bind(run)).await?;
    tx.run(sql("DELETE FROM profit_traits WHERE run_id <> $1").bind(run)).await?;
    Ok(())
}

/// The places of a run within sight, best first; those of nobody in sight are left out.
pub(super) async fn within(tx: &mut Tx, run: Id<Run>, sight: &Sight) -> Result<Vec<Place>> {
    let mut query = Sql::select::<Summed>("FROM profit_groups g WHERE g.run_id = $1").bind(run);
    match sight {
        Sight::All => {}
        Sight::Units { units, user } => {
            query.push(" AND (g.unit_id IN ").list(units.iter().copied()).push(" OR g.owner_id = ").arg(*user).push(")");
        }
        Sight::Own(user) => {
            query.push(" AND g.owner_id = ").arg(*user);
        }
    }
    query.push(" GROUP BY g.place, g.tier ORDER BY g.place");
    let rows: Vec<Summed> = tx.all(query).await?;
    let place = |row: Summed| {
        let Summed { tier, customers, sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, .. } = row;
        let Summed { profit_minor, minutes, contacts, .. } = row;
        let sums =
            Parts { sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, profit_minor, minutes, contacts };
        Place { tier, customers, sums }
    };
    Ok(rows.into_iter().map(place).collect())
}
