//! Who else offers what we offer: in how many opportunities, how often we win against them, what they offer, and what was lost
//! to them.

use super::conversion::{ConversionOf, Ended, Window};
use super::guard::{ShortOf, Shortage};
use crate::parties::Party;
use crate::platform::money::Currency;
use crate::sales::Opportunity;
use crate::sales::opportunities::OpportunityState;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Result, Room};
use peyvand_db::{Id, Sql, row};
use schemars::JsonSchema;
use serde::Serialize;

/// With so many opportunities that ended and a known competitor, shares begin to mean something.
const NAMED_MIN: i64 = 10;
/// Competitors that are told apart.
const TOLD: i64 = 100;
/// Offers of each that are told, the last ones.
const OFFERS: i64 = 3;

row! {
    struct Counted {
        competitor: String = "t.competitor",
        label: Option<String> = "c.label",
        customers: i64 = "count(DISTINCT t.party_id)",
        open: i64 = "count(*) FILTER (WHERE t.state = 'open')",
        won: i64 = "count(*) FILTER (WHERE t.state = 'won')",
        lost: i64 = "count(*) FILTER (WHERE t.state = 'lost')",
        won_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'won'), 0) AS BIGINT)",
        lost_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'lost'), 0) AS BIGINT)",
        priced: i64 = "count(t.amount_minor) FILTER (WHERE t.state = 'lost')",
    }
}

row! {
    struct All {
        won: i64 = "count(*) FILTER (WHERE t.state = 'won' AND t.competitor IS NULL)",
        lost: i64 = "count(*) FILTER (WHERE t.state = 'lost' AND t.competitor IS NULL)",
        named: i64 = "count(t.competitor)",
        won_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'won' AND t.competitor IS NULL), 0) AS BIGINT)",
        lost_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'lost' AND t.competitor IS NULL), 0) AS BIGINT)",
    }
}

row! {
    struct Said {
        competitor: String = "s.competitor",
        id: Id<Opportunity> = "s.id",
        party_id: Id<Party> = "s.party_id",
        party: String = "s.party",
        title: String = "s.title",
        state: OpportunityState = "s.state",
        offer: String = "s.offer",
        at: Instant = "s.at",
    }
}

/// What a competitor offered.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Offered {
    /// In which opportunity.
    pub id: Id<Opportunity>,
    /// To whom.
    pub party_id: Id<Party>,
    /// Their name.
    pub party: String,
    /// What we offered.
    pub title: String,
    /// Where it stands.
    pub state: OpportunityState,
    /// What they offered.
    pub offer: String,
    /// When it ended, or was written down where it has not.
    pub at: Instant,
}

/// One who offers what we offer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Competitor {
    /// The word of the list `competitor`.
    pub competitor: String,
    /// The organisation's own label of it.
    pub label: Option<String>,
    /// How many customers they offered something to.
    pub customers: i64,
    /// Opportunities that are still open.
    pub open: i64,
    /// What ended in the window.
    #[serde(flatten)]
    pub ended: Ended,
    /// Of how many that were lost it was written down what they would have brought.
    pub lost_priced: i64,
    /// What they offered, the last first.
    pub offers: Vec<Offered>,
}

/// Who else offers what we offer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Competitors {
    /// Currency of the amounts.
    pub currency: Currency,
    /// First day of the window in which what ended counts.
    pub from_on: Day,
    /// Last day of the window: today.
    pub until_on: Day,
    /// Opportunities that ended and of which a competitor is known.
    pub named: i64,
    /// The others that ended, to compare with.
    pub unnamed: Ended,
    /// The competitors, who was in most first.
    pub items: Vec<Competitor>,
    /// What there is too little of; shares are told when it is enough.
    pub missing: Vec<Shortage>,
}

/// Who else offers what we offer to those within sight: what ended in the newest months, and what is open.
///
/// # Errors
/// Without the right, or for more months than are shown.
pub async fn competitors(ctx: &Ctx, input: ConversionOf) -> Result<Competitors> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let window = Window::of(ctx, input).await?;
    let currency = ctx.app.organisation().await?.currency;

    let mut query = Sql::select::<All>("FROM opportunities t JOIN parties p ON p.id = t.party_id");
    window.ended(&reader, &mut query);
    let all: All = reader.db.one(query).await?;

    let mut query = Sql::select::<Counted>(
        "FROM opportunities t JOIN parties p ON p.id = t.party_id
         LEFT JOIN terms c ON c.list = 'competitor' AND c.word = t.competitor WHERE t.competitor IS NOT NULL",
    );
    in_it(&window, &reader, &mut query);
    query.push(" GROUP BY t.competitor, c.label ORDER BY count(*) DESC, t.competitor LIMIT ").arg(TOLD);
    let counted: Vec<Counted> = reader.db.all(query).await?;

    let mut query = Sql::select::<Said>(
        "FROM (SELECT t.competitor, t.id, t.party_id, p.name AS party, t.title, t.state, t.offer, COALESCE(t.closed_at, t.created_at) AS at,
                 row_number() OVER (PARTITION BY t.competitor ORDER BY COALESCE(t.closed_at, t.created_at) DESC, t.id DESC) AS place
               FROM opportunities t JOIN parties p ON p.id = t.party_id WHERE t.competitor IS NOT NULL AND t.offer IS NOT NULL",
    );
    in_it(&window, &reader, &mut query);
    query.push(") s WHERE s.place <= ").arg(OFFERS).push(" ORDER BY s.competitor, s.place");
    let mut said: Vec<Said> = reader.db.all(query).await?;

    let items = counted.into_iter().map(|of| {
        let offers = said.extract_if(.., |said| said.competitor == of.competitor);
        let offers = offers.map(|Said { id, party_id, party, title, state, offer, at, .. }| Offered {
            id,
            party_id,
            party,
            title,
            state,
            offer,
            at,
        });
        Ok(Competitor {
            offers: offers.collect(),
            competitor: of.competitor,
            label: of.label,
            customers: of.customers,
            open: of.open,
            ended: Ended::new(of.won, of.lost, of.won_minor, of.lost_minor)?,
            lost_priced: of.priced,
        })
    });
    Ok(Competitors {
        currency,
        from_on: window.from,
        until_on: window.until,
        named: all.named,
        unnamed: Ended::new(all.won, all.lost, all.won_minor, all.lost_minor)?,
        items: items.collect::<Result<_>>()?,
        missing: Shortage::unless(ShortOf::Named, all.named, NAMED_MIN).into_iter().collect(),
    })
}

/// What ended in the window or is open, of those within sight.
fn in_it(window: &Window, reader: &crate::Reader<'_>, query: &mut Sql) {
    query.push(" AND (t.state = 'open' OR t.closed_on >= ").arg(window.from).push(" AND t.closed_on <= ").arg(window.until).push(")");
    reader.sight.parties(query);
}

/// The operations of competitors.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.competitors",
        "GET /insight/competitors",
        see,
        "Who else offers what we offer: how often we win against them, what they offer, what was lost to them.",
        competitors,
    )
    .example(|| serde_json::json!({"months": 12}));
}
