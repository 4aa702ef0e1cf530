//! A rule as a condition of a query: closed names, every value bound.

use super::rule::{Did, Field, FieldIs, Knows, Rule, Test, What, World, birthday, figure_bounds};
use crate::platform::access::{Unit, User};
use crate::platform::text::search_key;
use crate::{Day, Instant};
use peyvand_db::{Id, Sql, ToValue, unindexed};

/// Of how many customers a condition is asked, which decides how it looks at what stands in other tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Of all: those who have it are gathered once.
    All,
    /// Of some who are named: each is looked up.
    Some,
}

impl Of {
    /// The beginning of a subquery, of two that mean the same; what it asks for follows.
    fn begin(self, gathered: &'static str, looked_up: &'static str, query: &mut Sql) {
        query.push(match self {
            Of::All => gathered,
            Of::Some => looked_up,
        });
    }
}

/// Adds a rule as a condition on table `parties` with the alias `p`. Its text is true, false or unknown, and unknown
/// counts as false, as in [`matches`](super::rule::matches).
pub fn condition(rule: &Rule, world: &World, of: Of, query: &mut Sql) {
    match rule {
        Rule::All(parts) => {
            // What is asked of figures is asked of one row.
            let is_asked = |part: &&Rule| matches!(part, Rule::Field(asked) if asked.field.is_figure() && !asked.field.is_profit() && asked.is != Test::Known(false));
            let (asked, others): (Vec<&Rule>, Vec<&Rule>) = parts.iter().partition(is_asked);
            if asked.len() < 2 {
                return group(parts.iter(), " AND ", "1 = 1", world, of, query);
            }
            query.push("(");
            group(others.into_iter(), " AND ", "1 = 1", world, of, query);
            query.push(" AND ");
            figures(asked.into_iter().filter_map(|part| if let Rule::Field(asked) = part { Some(asked) } else { None }), world, of, query);
            query.push(")");
        }
        Rule::Any(parts) => group(parts.iter(), " OR ", "1 = 0", world, of, query),
        Rule::Not(part) => {
            query.push("(");
            condition(part, world, of, query);
            query.push(") IS NOT TRUE");
        }
        Rule::Field(FieldIs { field, is: Test::Known(false) }) if field.is_figure() => {
            query.push("NOT ");
            figures(std::iter::once(&FieldIs { field: *field, is: Test::Known(true) }), world, of, query);
        }
        Rule::Field(asked) if asked.field.is_figure() => figures(std::iter::once(asked), world, of, query),
        Rule::Field(FieldIs { field, is }) if field.is_of_the_way() => {
            of.begin(
                "p.id IN (SELECT w.party_id FROM stage_memberships w WHERE w.left_on IS NULL AND ",
                "EXISTS (SELECT 1 FROM stage_memberships w WHERE w.party_id = p.id AND w.left_on IS NULL AND ",
                query,
            );
            test(*field, is, world, query);
            query.push(")");
        }
        Rule::Field(FieldIs { field, is }) => test(*field, is, world, query),
        Rule::Tag(tag) => {
            of.begin(
                "p.id IN (SELECT t.party_id FROM party_tags t WHERE t.tag = ",
                "EXISTS (SELECT 1 FROM party_tags t WHERE t.party_id = p.id AND t.tag = ",
                query,
            );
            query.arg(tag).push(")");
        }
        Rule::Preference(Knows { kind, text }) => {
            of.begin(
                "p.id IN (SELECT r.party_id FROM preferences r WHERE r.kind = ",
                "EXISTS (SELECT 1 FROM preferences r WHERE r.party_id = p.id AND r.kind = ",
                query,
            );
            query.arg(*kind).push(" AND r.ended_at IS NULL");
            if let Some(text) = text {
                query.push(" AND COALESCE(r.term, r.words) = ").arg(text);
            }
            query.push(")");
        }
        Rule::Did(done) => did(done, world, query),
        // What the segment holds, not its rule: it was built before, and its hand-picked members belong to it.
        Rule::In(segment) => {
            of.begin(
                "p.id IN (SELECT m.party_id FROM segment_members m WHERE m.segment_id = ",
                "EXISTS (SELECT 1 FROM segment_members m WHERE m.party_id = p.id AND m.segment_id = ",
                query,
            );
            query.arg(*segment).push(")");
        }
    }
}

fn group<'a>(
    parts: impl ExactSizeIterator<Item = &'a Rule>,
    joint: &'static str,
    empty: &'static str,
    world: &World,
    of: Of,
    query: &mut Sql,
) {
    if parts.len() == 0 {
        query.push(empty);
        return;
    }
    query.push("(");
    for (at, part) in parts.enumerate() {
        query.push(if at == 0 { "" } else { joint });
        condition(part, world, of, query);
    }
    query.push(")");
}

/// What is asked of the figures of a customer that stand in one row, all of it: false where there are none.
fn figures<'a>(asked: impl Iterator<Item = &'a FieldIs>, world: &World, of: Of, query: &mut Sql) {
    let mut asked = asked.peekable();
    if asked.peek().is_some_and(|first| first.field.is_profit()) {
        of.begin(
            "p.id IN (SELECT d.party_id FROM party_profits d WHERE ",
            "EXISTS (SELECT 1 FROM party_profits d WHERE d.party_id = p.id AND ",
            query,
        );
    } else {
        of.begin(
            "p.id IN (SELECT c.party_id FROM party_scores c WHERE ",
            "EXISTS (SELECT 1 FROM party_scores c WHERE c.party_id = p.id AND ",
            query,
        );
    }
    for (at, FieldIs { field, is }) in asked.enumerate() {
        query.push(if at == 0 { "" } else { " AND " });
        test(*field, is, world, query);
    }
    query.push(")");
}

const fn column(field: Field) -> &'static str {
    match field {
        Field::Kind => "p.kind",
        Field::Role => "p.role",
        Field::Gender => "p.gender",
        Field::Stance => "p.stance",
        Field::Stage => "w.stage",
        Field::Standing => "w.standing",
        Field::Education => "p.education",
        Field::Job => "p.job",
        Field::Income => "p.income_band",
        Field::PreferredChannel => "p.preferred_channel",
        Field::Phone => "p.phone",
        Field::Email => "p.email",
        // Some ten thousand customers of a city, looked up one by one, take longer than a look through an index that holds what
        // else is asked.
        Field::City => unindexed!("p.city_key"),
        Field::Province => "p.province",
        Field::Source => "p.source",
        Field::Owner => "p.owner_id",
        Field::Unit => "p.unit_id",
        Field::Created => "p.created_at",
        Field::Birth | Field::Age | Field::BirthMonth | Field::Birthday => "p.birth_on",
        Field::FirstPurchase => "p.first_purchase_on",
        Field::LastPurchase => "p.last_purchase_on",
        Field::Purchases => "p.purchases",
        Field::Spent => "p.spent_minor",
        Field::LastContact => "p.last_contact_at",
        Field::NextFollowUp => "p.next_follow_up_at",
        Field::Silent | Field::SilentSince => "p.silent_from",
        Field::Recency => "c.recency",
        Field::Frequency => "c.frequency",
        Field::Value => "c.value",
        Field::FrequencyValue => "c.frequency_value",
        Field::Active => "c.p_active",
        Field::ExpectedPurchases => "c.purchases_90d",
        Field::ExpectedValue => "c.value_12m_minor",
        Field::ExpectedAmount => "c.occasion_minor",
        Field::Habit => "c.habit",
        Field::UsualGap => "c.gap_days",
        Field::Season => "c.season",
        Field::Tier => "d.tier",
        Field::Profit => "d.profit_minor",
        Field::Minutes => "d.minutes",
    }
}

/// What a column holds where there is no answer.
const fn is_known(field: Field) -> &'static str {
    match field {
        Field::FirstPurchase | Field::LastPurchase | Field::SilentSince => " > ''",
        Field::LastContact => " > 0",
        Field::NextFollowUp => " < 253402300799000",
        _ => " IS NOT NULL",
    }
}

fn test(field: Field, is: &Test, world: &World, query: &mut Sql) {
    let column = column(field);
    match is {
        Test::OneOf(months) if field == Field::BirthMonth => birthday::of_months(months).condition(column, world.today, query),
        Test::Days(days) if field == Field::Birthday => match birthday::of_window(*days, world) {
            Some(days) => days.condition(column, world.today, query),
            None => {
                query.push("1 = 0");
            }
        },
        Test::OneOf(values) => {
            query.push(column).push(" IN ");
            match field {
                Field::City => query.list(values.iter().map(|city| search_key(city))),
                Field::Season => query.list(values.iter().filter_map(|season| season.parse::<i64>().ok())),
                Field::Owner => query.list(values.iter().filter_map(|id| id.parse::<Id<User>>().ok())),
                Field::Unit => query.list(values.iter().filter_map(|id| id.parse::<Id<Unit>>().ok())),
                _ => query.list(values),
            };
        }
        Test::Known(known) => {
            query.push(if *known { "(" } else { "NOT (" }).push(column).push(is_known(field)).push(")");
        }
        Test::Number(range) if field == Field::Age => {
            let (latest, earliest) = (range.at_least.map(|age| world.born_by(age)), range.at_most.map(|age| world.born_by(age + 1)));
            bounds(column, [(" <= ", latest), (" > ", earliest)], query);
        }
        Test::Decimal(_) => figure(field, is, world, query),
        Test::Number(_) if matches!(field, Field::Active | Field::UsualGap) => figure(field, is, world, query),
        Test::Money(_) if matches!(field, Field::ExpectedValue | Field::ExpectedAmount) => figure(field, is, world, query),
        Test::Number(range) => bounds(column, [(" >= ", range.at_least), (" <= ", range.at_most)], query),
        Test::Money(amounts) => {
            let minor = |text: &Option<String>| text.as_deref().and_then(|text| world.minor(text));
            bounds(column, [(" >= ", minor(&amounts.at_least)), (" <= ", minor(&amounts.at_most))], query);
        }
        Test::Days(days) => {
            let (from, until) = days.window(world.today);
            query.push("(");
            if field.may_be_unknown() {
                query.push(column).push(is_known(field)).push(" AND ");
            }
            match field {
                Field::Birth | Field::FirstPurchase | Field::LastPurchase | Field::SilentSince => {
                    bounds(column, [(" >= ", from), (" <= ", until)], query)
                }
                _ => bounds(column, moments(from, until, world), query),
            }
            query.push(")");
        }
        Test::Yes(yes) => {
            query.push(if *yes { "(" } else { "NOT (" });
            query.push("p.silent_from <> '' AND p.silent_from <= ").arg(world.today).push(")");
        }
    }
}

fn figure(field: Field, is: &Test, world: &World, query: &mut Sql) {
    let (least, most) = figure_bounds(field, is, world);
    bounds(column(field), [(" >= ", least), (" <= ", most)], query);
}

/// The moments between which the days lie.
fn moments(from: Option<Day>, until: Option<Day>, world: &World) -> [(&'static str, Option<Instant>); 2] {
    let start = |day| Instant::start_of(day, &world.zone);
    [(" >= ", from.map(start)), (" < ", until.map(|day| start(day.plus(1))))]
}

fn bounds<T: ToValue>(column: &'static str, bounds: [(&'static str, Option<T>); 2], query: &mut Sql) {
    query.push("(1 = 1");
    for (sign, bound) in bounds {
        if let Some(bound) = bound {
            query.push(" AND ").push(column).push(sign).arg(bound);
        }
    }
    query.push(")");
}

fn did(did: &Did, world: &World, query: &mut Sql) {
    let (least, most) = did.times();
    let (from, until) = did.days.map_or((None, None), |days| days.window(world.today));
    query.push("(");
    // Facts kept with the party answer for most without a look at what they did.
    let is_contact = did.what == What::Interaction && did.channel != Some(crate::interactions::Channel::Note);
    if least > 0 {
        match did.what {
            What::Purchase => {
                query.push("p.purchases >= ").arg(least).push(" AND ");
                if let Some(from) = from {
                    query.push("p.last_purchase_on >= ").arg(from).push(" AND ");
                }
                if let Some(until) = until {
                    query.push("p.first_purchase_on <= ").arg(until).push(" AND ");
                }
            }
            What::Interaction if is_contact => {
                let from = from.map_or(Instant(1), |from| Instant::start_of(from, &world.zone));
                query.push("p.last_contact_at >= ").arg(from).push(" AND ");
            }
            What::Interaction | What::FollowUpDone => {}
        }
    }
    let count = match did.what {
        What::Purchase => "(SELECT count(DISTINCT l.purchase_id)",
        What::Interaction | What::FollowUpDone => "(SELECT count(*)",
    };
    match (least, most) {
        // One look is enough.
        (1, None) => query.push("EXISTS (SELECT 1"),
        (0, Some(0)) => query.push("NOT EXISTS (SELECT 1"),
        _ => query.push(count),
    };
    rows(did, from, until, world, query);
    query.push(")");
    match (least, most) {
        (1, None) | (0, Some(0)) => query.push(")"),
        (least, None) => query.push(" >= ").arg(least).push(")"),
        (least, Some(most)) => query.push(" BETWEEN ").arg(least).push(" AND ").arg(most).push(")"),
    };
}

/// What a party did, from FROM on.
fn rows(did: &Did, from: Option<Day>, until: Option<Day>, world: &World, query: &mut Sql) {
    match did.what {
        What::Purchase => {
            query.push(" FROM purchase_lines l");
            if did.category.is_some() {
                query.push(" JOIN products g ON g.id = l.product_id");
            }
            query.push(" WHERE l.party_id = p.id AND l.sign > 0");
            if let Some(product) = did.product_id {
                query.push(" AND l.product_id = ").arg(product);
            }
            if let Some(category) = &did.category {
                query.push(" AND g.category = ").arg(category);
            }
            if from.is_some() || until.is_some() {
                query.push(" AND ");
                bounds("l.day", [(" >= ", from), (" <= ", until)], query);
            }
        }
        What::Interaction => {
            query.push(" FROM interactions i WHERE i.party_id = p.id");
            match did.channel {
                Some(channel) => query.push(" AND i.channel = ").arg(channel),
                None => query.push(" AND i.channel <> 'note'"),
            };
            if let Some(direction) = did.direction {
                query.push(" AND i.direction = ").arg(direction);
            }
            for (column, word) in [(" AND i.reason = ", &did.reason), (" AND i.origin = ", &did.origin), (" AND i.result = ", &did.result)]
            {
                if let Some(word) = word {
                    query.push(column).arg(word);
                }
            }
            if from.is_some() || until.is_some() {
                query.push(" AND ");
                bounds("i.at", moments(from, until, world), query);
            }
        }
        What::FollowUpDone => {
            query.push(" FROM follow_ups f WHERE f.party_id = p.id AND f.state = 'done'");
            if from.is_some() || until.is_some() {
                query.push(" AND ");
                bounds("f.done_at", moments(from, until, world), query);
            }
        }
    }
}
