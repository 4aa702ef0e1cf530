//! Who belongs to a segment, and whom a rule would mean.

use super::compile::{Of, condition};
use super::describe::sentence;
use super::rule::{Rule, World};
use super::write::known_parts;
use super::{Segment, SegmentId, find, names, sight_of_parties, world};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::Sight;
use crate::platform::locale::Loc;
use crate::{Act, Ctx, Day, Error, Instant, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Customers that a preview shows unless asked otherwise.
const SAMPLE: i64 = 10;
/// Days of a segment's history that are told: a year and the day before it.
pub(super) const HISTORY: i64 = 366;

/// A rule to try.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewSegment {
    /// Whom it means.
    #[schemars(with = "Rule")]
    pub rule: serde_json::Value,
    /// How many of them to show, 10 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Whom a rule means.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Preview {
    /// How many of the customers whom the caller sees.
    pub count: i64,
    /// How many the caller sees in all.
    pub of: i64,
    /// The rule in one sentence, in the caller's language.
    pub sentence: String,
    /// The newest of them.
    pub items: Vec<Meant>,
}

row! {
    /// A customer whom a rule means.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Meant {
        /// The customer.
        pub id: Id<Party> = "p.id",
        /// Their name.
        pub name: String = "p.name",
        /// The phone to use first, E.164.
        pub phone: Option<String> = "p.phone",
        /// City.
        pub city: Option<String> = "p.city",
        /// Day of the last purchase.
        pub last_purchase_on: Option<Day> = "NULLIF(p.last_purchase_on, '')",
        /// What they spent, in minor units of the organisation's currency.
        pub spent_minor: i64 = "p.spent_minor",
    }
}

/// A rule that was given for a question: read, checked, and allowed to its asker.
#[derive(Clone, Debug)]
pub struct Asked {
    rule: Rule,
    world: World,
    /// Whose figures the asker sees, where the rule asks for any.
    figures: Option<Sight>,
}

impl Asked {
    /// Reads a rule for the caller.
    ///
    /// # Errors
    /// For a rule that cannot be read, asks for what the caller may not see, or names a segment out of sight.
    pub async fn read(ctx: &Ctx, rule: &serde_json::Value) -> Result<Asked> {
        let world = world(ctx).await?;
        let rule = Rule::read(rule, world.currency).map_err(Error::Invalid)?;
        let figures = rule.asks_figures().then(|| ctx.actor.check(Perm(Room::Insight, Act::See))).transpose()?;
        let parts = rule.segments();
        if !parts.is_empty() {
            let segments = ctx.read(Perm(Room::Marketing, Act::See))?;
            let known: Vec<(Id<Segment>,)> = segments.db.all(known_parts(&segments.sight, &parts)).await?;
            if known.len() < parts.len() {
                return Err(Problem::new("rule", "segments-part-unknown").into());
            }
        }
        Ok(Asked { rule, world, figures })
    }

    /// Adds it as a condition on table `parties` with the alias `p`. Whoever sees the figures of fewer customers is told
    /// of those.
    pub fn condition(&self, of: Of, query: &mut Sql) {
        query.push("(");
        condition(&self.rule, &self.world, of, query);
        query.push(")");
        if let Some(figures) = &self.figures {
            figures.parties(query);
        }
    }

    /// The rule as it is stored.
    ///
    /// # Errors
    /// Never in practice.
    pub(crate) fn stored(&self) -> Result<serde_json::Value> {
        serde_json::to_value(&self.rule).map_err(Error::fault)
    }

    async fn sentence(&self, ctx: &Ctx) -> Result<String> {
        let names = names::names(&ctx.app.db, std::slice::from_ref(&self.rule)).await?;
        Ok(sentence(&self.rule, &names, &self.world, &Loc::new(ctx.prefs.clone(), ctx.now())))
    }
}

/// A rule to put into words.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeRule {
    /// The rule.
    #[schemars(with = "Rule")]
    pub rule: serde_json::Value,
}

/// A rule in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Described {
    /// One sentence, in the caller's language.
    pub sentence: String,
}

/// Says whom a rule means.
///
/// # Errors
/// Without the right, for a rule that cannot be read or names a segment out of sight.
pub async fn describe_rule(ctx: &Ctx, input: DescribeRule) -> Result<Described> {
    ctx.read(Perm(Room::Parties, Act::See))?;
    let asked = Asked::read(ctx, &input.rule).await?;
    Ok(Described { sentence: asked.sentence(ctx).await? })
}

/// Tries a rule: how many customers it means, exactly, and some of them.
///
/// # Errors
/// For a rule that cannot be read or names a segment out of sight.
pub async fn preview(ctx: &Ctx, input: PreviewSegment) -> Result<Preview> {
    ctx.read(Perm(Room::Marketing, Act::See))?;
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = page_size(Some(input.limit.unwrap_or(SAMPLE)))?;
    let asked = Asked::read(ctx, &input.rule).await?;
    let mut count = sql("SELECT count(*) FROM parties p WHERE p.archived_at IS NULL");
    reader.sight.parties(&mut count);
    let all = count.clone();
    count.push(" AND ");
    asked.condition(Of::All, &mut count);
    let mut some = Sql::select::<Meant>("FROM parties p WHERE p.archived_at IS NULL");
    reader.sight.parties(&mut some);
    some.push(" AND ");
    asked.condition(Of::All, &mut some);
    some.push(" ORDER BY p.id DESC LIMIT ").arg(limit);
    // Both look at everybody, one beside the other.
    let count = async { Ok(reader.db.one::<(i64,)>(count).await?) };
    let of = async { Ok(reader.db.one::<(i64,)>(all).await?) };
    let ((count,), (of,), sentence) = tokio::try_join!(count, of, asked.sentence(ctx))?;
    let items = if count == 0 { Vec::new() } else { reader.db.all(some).await? };
    Ok(Preview { count, of, sentence, items })
}

row! {
    /// A customer who belongs to a segment.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Member {
        /// The customer.
        pub party_id: Id<Party> = "p.id",
        /// Their name.
        pub name: String = "p.name",
        /// The phone to use first, E.164.
        pub phone: Option<String> = "p.phone",
        /// City.
        pub city: Option<String> = "p.city",
        /// Name of who looks after them.
        pub owner: Option<String> = "u.name",
        /// Day of the last purchase.
        pub last_purchase_on: Option<Day> = "NULLIF(p.last_purchase_on, '')",
        /// What they spent, in minor units of the organisation's currency.
        pub spent_minor: i64 = "p.spent_minor",
        /// Since which build they belong to it.
        pub since: Instant = "m.since",
        /// Whether somebody put them in by hand.
        pub is_picked: bool = "EXISTS (SELECT 1 FROM segment_picks k WHERE k.segment_id = m.segment_id AND k.party_id = p.id AND k.is_in)",
    }
}

/// Which members.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMembers {
    /// The segment.
    pub id: Id<Segment>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The members of a segment whom the caller sees, those first who came to us last.
///
/// # Errors
/// [`Error::NotFound`] for a segment out of sight.
pub async fn members(ctx: &Ctx, input: ListMembers) -> Result<Page<Member>> {
    let segments = ctx.read(Perm(Room::Marketing, Act::See))?;
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = page_size(input.limit)?;
    find(ctx, &segments.sight, input.id).await?;
    let mut query = Sql::select::<Member>(
        "FROM segment_members m JOIN parties p ON p.id = m.party_id LEFT JOIN users u ON u.id = p.owner_id WHERE p.archived_at IS NULL",
    );
    reader.sight.parties(&mut query);
    query.push(" AND m.segment_id = ").arg(input.id);
    if let Some(after) = &input.after {
        let after: Id<Party> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND m.party_id < ").arg(after);
    }
    query.push(" ORDER BY m.party_id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Member> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.party_id.to_string()))
}

row! {
    /// A day of a segment's history.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct SegmentSize {
        /// The day.
        pub day: Day = "z.day",
        /// How many belonged to it at its end.
        pub size: i64 = "z.size",
        /// How many entered during it.
        pub entered: i64 = "z.entered",
        /// How many left during it.
        pub departed: i64 = "z.departed",
    }
}

/// The days on which a segment was built, the oldest first, a year back. Its sizes count everybody, so for whoever sees
/// only a part of the customers there are none.
///
/// # Errors
/// [`Error::NotFound`] for a segment out of sight.
pub async fn sizes(ctx: &Ctx, input: SegmentId) -> Result<Vec<SegmentSize>> {
    let reader = ctx.read(Perm(Room::Marketing, Act::See))?;
    find(ctx, &reader.sight, input.id).await?;
    if sight_of_parties(ctx) != Some(Sight::All) {
        return Ok(Vec::new());
    }
    let since = world(ctx).await?.today.plus(-HISTORY);
    let mut query = Sql::select::<SegmentSize>("FROM segment_sizes z WHERE z.segment_id = $1 AND z.day >= $2 ORDER BY z.day");
    query = query.bind(input.id).bind(since);
    Ok(reader.db.all(query).await?)
}
