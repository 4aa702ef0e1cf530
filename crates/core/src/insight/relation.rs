//! The relation with one customer: what it is like, in a few words, and how good it is, from 0 to 100, in parts that can be
//! looked into. Read at the moment of asking, from what was bought and what passed between us.

use super::facts::{day_number, season_of};
use super::rhythm::Rhythm;
use crate::interactions::{Channel, Direction};
use crate::parties::Party;
use crate::parties::check::Stance;
use crate::parties::party::{PartyId, seen};
use crate::platform::time::DAY;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Result, Room};
use jiff::tz::TimeZone;
use peyvand_db::{Id, row, sql};
use peyvand_stats::rhythm::Occasion;
use schemars::JsonSchema;
use serde::Serialize;

/// What passed in so many days tells of the quality of a relation.
const WINDOW: i64 = 365;
/// A relation that has lasted for so many days is long.
const LONG: i64 = 365;
/// A relation has to be so old to be called continuous or not: two quarters.
const PERIOD: i64 = 91;
/// Quarters that are looked back upon, three years.
const PERIODS: i64 = 12;
/// Share of the quarters with a purchase or a contact from which on a relation is continuous.
const CONTINUOUS: f64 = 0.75;
/// Purchase days and contacts that are read, the newest.
const READ: i64 = 600;
/// Fewer contacts than this say nothing of who calls whom.
const CONTACTS_NEEDED: i64 = 4;
/// Fewer messages than this say nothing of how fast they are answered.
const MESSAGES_NEEDED: i64 = 3;
/// Parts without which there is no score.
const PARTS_NEEDED: usize = 2;
/// Usual gaps of silence at which nothing is left of the part.
const GAPS_OF_NONE: f64 = 4.0;

peyvand_db::words! {
    /// For how long.
    pub enum Length {
        /// Less than a year.
        Short = "short",
        /// A year or more.
        Long = "long",
    }
}

peyvand_db::words! {
    /// Whether there was something all the time.
    pub enum Continuity {
        /// In three of four quarters or more.
        Continuous = "continuous",
        /// In fewer.
        Intermittent = "intermittent",
        /// It is too young to tell.
        Young = "young",
    }
}

peyvand_db::words! {
    /// Whether they buy again.
    pub enum Repetition {
        /// On two days or more.
        Repeated = "repeated",
        /// Once.
        OneOff = "one_off",
        /// They have not bought yet.
        Never = "never",
    }
}

/// What a relation is like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Description {
    /// Day of the first purchase or contact.
    pub since_on: Day,
    /// Days since then.
    pub days: i64,
    /// Short or long.
    pub length: Length,
    /// Continuous or not.
    pub continuity: Continuity,
    /// Repeated or one-off.
    pub repetition: Repetition,
    /// Days with a purchase.
    pub purchase_days: i64,
    /// Their attitude, as somebody has stated it.
    pub stance: Option<Stance>,
}

peyvand_db::words! {
    /// A part of the quality of a relation.
    pub enum PartOf {
        /// How long they have been silent, against their own rhythm.
        Recency = "recency",
        /// Whether both sides seek each other.
        Reciprocity = "reciprocity",
        /// How fast their messages are answered.
        Response = "response",
        /// Praise beside complaints.
        Feedback = "feedback",
        /// Whether they pay in time.
        Payment = "payment",
    }
}

/// A part of the quality of a relation, with what it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Part {
    /// Which.
    pub part: PartOf,
    /// From 0 to 100; absent where there are no or too few data.
    pub score: Option<i64>,
    /// What counts for it: days of silence, contacts from them, messages answered within a day, praise.
    pub one: i64,
    /// What stands beside it: days of the usual gap, contacts from us, messages, complaints.
    pub other: i64,
}

/// How good a relation is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RelationQuality {
    /// From 0 to 100: the mean of the parts that have a score; absent with fewer than two.
    pub score: Option<i64>,
    /// All parts.
    pub parts: Vec<Part>,
    /// Parts that it takes at least.
    pub needed: i64,
    /// Days that are looked back upon.
    pub window: i64,
}

/// The relation with a customer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Relation {
    /// Whose.
    pub party_id: Id<Party>,
    /// What it is like; absent before the first purchase or contact.
    pub description: Option<Description>,
    /// How good it is.
    pub quality: RelationQuality,
}

/// Something that passed between us, other than a note of ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contact {
    /// When.
    pub at: Instant,
    /// Who began.
    pub direction: Direction,
    /// Whether it was a message, which waits for an answer, and not a talk.
    pub is_message: bool,
    /// Whether its own entry says what came of it.
    pub is_answered: bool,
    /// Whether it was about a complaint.
    pub is_complaint: bool,
    /// Whether it was praise.
    pub is_praise: bool,
}

/// What a relation is judged by. Days ascend, contacts too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    /// Days with a purchase.
    pub purchases: Vec<Day>,
    /// What passed between us.
    pub contacts: Vec<Contact>,
}

fn contact_days(signals: &Signals, zone: &TimeZone) -> Vec<Day> {
    let mut days: Vec<Day> = signals.contacts.iter().map(|contact| contact.at.day(zone)).collect();
    days.dedup();
    days
}

/// What the relation is like.
#[must_use]
pub fn describe(signals: &Signals, stance: Option<Stance>, today: Day, zone: &TimeZone) -> Option<Description> {
    let mut days = [signals.purchases.clone(), contact_days(signals, zone)].concat();
    days.sort_unstable();
    let since_on = *days.first()?;
    let age = today.since(since_on);
    // Whole quarters back from today, the newest first; the rest at the beginning is none.
    let periods = (age / PERIOD).min(PERIODS);
    let is_active = |period: &i64| days.iter().any(|day| today.since(*day) / PERIOD == *period);
    let continuity = match periods {
        0 | 1 => Continuity::Young,
        _ if (0..periods).filter(is_active).count() as f64 >= CONTINUOUS * periods as f64 => Continuity::Continuous,
        _ => Continuity::Intermittent,
    };
    Some(Description {
        since_on,
        days: age,
        length: if age >= LONG { Length::Long } else { Length::Short },
        continuity,
        repetition: match signals.purchases.len() {
            0 => Repetition::Never,
            1 => Repetition::OneOff,
            _ => Repetition::Repeated,
        },
        purchase_days: signals.purchases.len() as i64,
        stance,
    })
}

fn hundredth(share: f64) -> i64 {
    (100.0 * share.clamp(0.0, 1.0)).round() as i64
}

fn recency(signals: &Signals, today: Day, zone: &TimeZone) -> Part {
    let occasions = |days: &[Day]| {
        let occasion = |day: &Day| {
            let (year, season) = season_of(*day);
            Occasion { day: day_number(*day).into(), year, season }
        };
        days.iter().map(occasion).collect::<Vec<_>>()
    };
    let mut both = [signals.purchases.clone(), contact_days(signals, zone)].concat();
    both.sort_unstable();
    // From purchases where there are enough of them, as lists have it; else from contacts, too.
    let found = [signals.purchases.as_slice(), &both].into_iter().find_map(|days| {
        let gap = Rhythm::of(&occasions(days), day_number(today).into()).gap_days?;
        Some((gap, today.since(*days.last()?)))
    });
    let Some((gap, silence)) = found else { return Part { part: PartOf::Recency, score: None, one: 0, other: 0 } };
    let gaps = silence as f64 / gap;
    let score = hundredth((GAPS_OF_NONE - gaps) / (GAPS_OF_NONE - 1.0));
    Part { part: PartOf::Recency, score: Some(score), one: silence, other: gap.round() as i64 }
}

/// Answered within a day, and how many messages there were whose day is over.
fn answered(contacts: &[Contact], now: Instant) -> (i64, i64) {
    let (mut answered, mut messages) = (0, 0);
    for (at, message) in contacts.iter().enumerate() {
        if message.direction != Direction::Inbound || !message.is_message {
            continue;
        }
        let until = message.at.plus(DAY);
        let is_answered = message.is_answered
            || contacts[at + 1..]
                .iter()
                .take_while(|next| next.at <= until)
                .any(|next| next.direction == Direction::Outbound || !next.is_message);
        if is_answered || until <= now {
            messages += 1;
            answered += i64::from(is_answered);
        }
    }
    (answered, messages)
}

/// How good the relation is, from what passed in the last year.
#[must_use]
pub fn quality(signals: &Signals, now: Instant, zone: &TimeZone) -> RelationQuality {
    let from = now.plus(-WINDOW * DAY);
    let begin = signals.contacts.partition_point(|contact| contact.at < from);
    let recent = &signals.contacts[begin..];
    let count = |fits: &dyn Fn(&Contact) -> bool| recent.iter().filter(|contact| fits(contact)).count() as i64;
    let (theirs, ours) = (count(&|one| one.direction == Direction::Inbound), count(&|one| one.direction == Direction::Outbound));
    let (praise, complaints) = (count(&|one| one.is_praise), count(&|one| one.is_complaint));
    let (answered, messages) = answered(recent, now);
    let share = |one: i64, other: i64| one as f64 / other as f64;
    let part = |part, is_enough: bool, of: f64, one, other| Part { part, score: is_enough.then(|| hundredth(of)), one, other };
    let parts = vec![
        recency(signals, now.day(zone), zone),
        part(PartOf::Reciprocity, theirs + ours >= CONTACTS_NEEDED, share(2 * theirs.min(ours), theirs + ours), theirs, ours),
        part(PartOf::Response, messages >= MESSAGES_NEEDED, share(answered, messages), answered, messages),
        // One word alone is not all of the truth.
        part(PartOf::Feedback, praise + complaints > 0, share(praise + 1, praise + complaints + 2), praise, complaints),
        // Nobody writes down yet when a bill is due and when it was paid.
        part(PartOf::Payment, false, 0.0, 0, 0),
    ];
    let scores: Vec<i64> = parts.iter().filter_map(|part| part.score).collect();
    let mean = || (scores.iter().sum::<i64>() as f64 / scores.len() as f64).round() as i64;
    RelationQuality { score: (scores.len() >= PARTS_NEEDED).then(mean), parts, needed: PARTS_NEEDED as i64, window: WINDOW }
}

row! {
    struct Passed {
        at: Instant,
        direction: Direction,
        channel: Channel,
        reason: Option<String>,
        result: Option<String>,
    }
}

/// Results that leave a message without its answer.
const OPEN: [&str; 3] = ["no_answer", "needs_follow_up", "complaint_open"];

/// Whether what came this way waits for an answer.
fn is_message(channel: Channel) -> bool {
    !matches!(channel, Channel::Phone | Channel::InPerson | Channel::Visit | Channel::Other | Channel::Note)
}

/// The relation with a customer. What comes from a room that the actor does not see is left out.
///
/// # Errors
/// For a customer who does not exist or is out of sight.
pub async fn relation(ctx: &Ctx, input: PartyId) -> Result<Relation> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    seen(reader.db, &reader.sight, input.id).await?;
    let sees = |room| ctx.actor.can(Perm(room, Act::See));
    let (stance,): (Option<Stance>,) = reader.db.one(sql("SELECT stance FROM parties WHERE id = $1").bind(input.id)).await?;
    let mut signals = Signals::default();
    if sees(Room::Sales) {
        let query = sql("SELECT day FROM purchases WHERE party_id = $1 AND gross_minor > 0 GROUP BY day ORDER BY day DESC LIMIT $2");
        let days: Vec<(Day,)> = reader.db.all(query.bind(input.id).bind(READ)).await?;
        signals.purchases = days.into_iter().rev().map(|(day,)| day).collect();
    }
    if sees(Room::Interactions) {
        let query = peyvand_db::Sql::select::<Passed>(
            "FROM interactions WHERE party_id = $1 AND channel <> 'note' AND at <= $2 ORDER BY at DESC, id DESC LIMIT $3",
        );
        let passed: Vec<Passed> = reader.db.all(query.bind(input.id).bind(ctx.now()).bind(READ)).await?;
        signals.contacts = passed
            .into_iter()
            .rev()
            .map(|one| Contact {
                at: one.at,
                direction: one.direction,
                is_message: is_message(one.channel),
                is_answered: one.result.as_deref().is_some_and(|result| !OPEN.contains(&result)),
                is_complaint: one.reason.as_deref() == Some("complaint"),
                is_praise: one.reason.as_deref() == Some("praise"),
            })
            .collect();
    }
    let zone = ctx.app.organisation().await?.zone();
    let description = describe(&signals, stance, ctx.now().day(&zone), &zone);
    Ok(Relation { party_id: input.id, description, quality: quality(&signals, ctx.now(), &zone) })
}

/// The operations of relations.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.relation",
        "GET /parties/{id}/relation",
        see,
        "What the relation with a customer is like, and how good it is in which parts.",
        relation,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interactions::{self, LogInteraction};
    use crate::parties::check::NewParty;
    use crate::parties::party::create;
    use crate::sales::purchases::{self, NewPurchase};
    use crate::testing;

    fn today() -> Day {
        "2026-06-30".parse().unwrap()
    }

    fn noon(days_ago: i64) -> Instant {
        Instant::start_of(today().plus(-days_ago), &TimeZone::UTC).plus(DAY / 2)
    }

    fn bought(days_ago: &[i64]) -> Signals {
        Signals { purchases: days_ago.iter().map(|days| today().plus(-days)).collect(), contacts: Vec::new() }
    }

    fn contact(days_ago: i64, direction: Direction) -> Contact {
        Contact { at: noon(days_ago), direction, is_message: false, is_answered: false, is_complaint: false, is_praise: false }
    }

    fn said(signals: &Signals) -> Option<(Length, Continuity, Repetition)> {
        describe(signals, None, today(), &TimeZone::UTC).map(|found| (found.length, found.continuity, found.repetition))
    }

    fn score(signals: &Signals, of: PartOf) -> Option<i64> {
        quality(signals, noon(0), &TimeZone::UTC).parts.iter().find(|part| part.part == of).unwrap().score
    }

    #[test]
    fn a_relation_is_long_continuous_and_repeated_or_not() {
        use super::{Continuity::*, Length::*, Repetition::*};
        assert_eq!(said(&bought(&[])), None);
        assert_eq!(said(&bought(&[10])), Some((Short, Young, OneOff)));
        assert_eq!(said(&bought(&[181, 10])), Some((Short, Young, Repeated)));
        assert_eq!(said(&bought(&[364, 270, 180, 90])), Some((Short, Continuous, Repeated)));
        assert_eq!(said(&bought(&[365, 270, 180, 90])), Some((Long, Continuous, Repeated)));
        assert_eq!(said(&bought(&[900, 890, 5])), Some((Long, Intermittent, Repeated)));
        assert_eq!(said(&bought(&[700])), Some((Long, Intermittent, OneOff)));
        let contacts = Signals { contacts: vec![contact(200, Direction::Inbound), contact(80, Direction::Inbound)], ..Signals::default() };
        assert_eq!(said(&contacts), Some((Short, Intermittent, Never)));
        // Talks fill the quarters between two purchases.
        let filled = Signals { contacts: [300, 200, 100].map(|days| contact(days, Direction::Outbound)).to_vec(), ..bought(&[400, 10]) };
        assert_eq!(said(&filled), Some((Long, Continuous, Repeated)));
    }

    #[test]
    fn silence_is_measured_by_their_own_gap() {
        let silent_for = |days: i64| score(&bought(&[90 + days, 60 + days, 30 + days, days]), PartOf::Recency);
        assert_eq!([silent_for(0), silent_for(30), silent_for(75), silent_for(120), silent_for(400)], [100, 100, 50, 0, 0].map(Some));
        assert_eq!(score(&bought(&[60, 30, 0]), PartOf::Recency), None, "two gaps are no rhythm");
        let with_talks = Signals { contacts: vec![contact(90, Direction::Inbound)], ..bought(&[60, 30, 0]) };
        assert_eq!(score(&with_talks, PartOf::Recency), Some(100));
    }

    #[test]
    fn both_sides_should_seek_each_other() {
        let of = |theirs: usize, ours: usize| {
            let mut contacts = vec![contact(9, Direction::Inbound); theirs];
            contacts.extend(vec![contact(8, Direction::Outbound); ours]);
            score(&Signals { contacts, ..Signals::default() }, PartOf::Reciprocity)
        };
        assert_eq!([of(2, 2), of(1, 3), of(0, 4), of(6, 2)], [100, 50, 0, 50].map(Some));
        assert_eq!(of(1, 2), None);
        let old = Signals { contacts: vec![contact(366, Direction::Inbound); 9], ..Signals::default() };
        assert_eq!(score(&old, PartOf::Reciprocity), None, "what was more than a year ago does not count");
    }

    #[test]
    fn messages_are_to_be_answered_within_a_day() {
        let message = |days| Contact { is_message: true, ..contact(days, Direction::Inbound) };
        let answer = |days| contact(days, Direction::Outbound);
        let of = |contacts: &[Contact]| score(&Signals { contacts: contacts.to_vec(), ..Signals::default() }, PartOf::Response);
        assert_eq!(of(&[message(20), answer(19), message(15), answer(13), message(9), message(9), answer(9)]), Some(75));
        let told = Contact { is_answered: true, ..message(9) };
        assert_eq!(of(&[message(20), message(15), told]), Some(33), "an entry that says what came of it");
        assert_eq!(of(&[message(20), message(15)]), None);
        assert_eq!(of(&[message(20), message(15), message(0)]), None, "today's still has time");
        assert_eq!(of(&[contact(20, Direction::Inbound), contact(15, Direction::Inbound), contact(9, Direction::Inbound)]), None);
    }

    #[test]
    fn praise_and_complaints_weigh_against_each_other() {
        let of = |praise: usize, complaints: usize| {
            let mut contacts = vec![Contact { is_praise: true, ..contact(9, Direction::Inbound) }; praise];
            contacts.extend(vec![Contact { is_complaint: true, ..contact(8, Direction::Inbound) }; complaints]);
            score(&Signals { contacts, ..Signals::default() }, PartOf::Feedback)
        };
        assert_eq!([of(0, 0), of(1, 0), of(0, 1), of(2, 2), of(0, 8)], [None, Some(67), Some(33), Some(50), Some(10)]);
    }

    #[test]
    fn one_part_alone_is_no_score() {
        let alone = quality(&bought(&[90, 60, 30, 0]), noon(0), &TimeZone::UTC);
        assert_eq!((alone.score, alone.parts.len(), alone.parts.iter().filter(|part| part.score.is_some()).count()), (None, 5, 1));
        let praise = Contact { is_praise: true, ..contact(9, Direction::Inbound) };
        let two = quality(&Signals { contacts: vec![praise], ..bought(&[90, 60, 30, 0]) }, noon(0), &TimeZone::UTC);
        assert_eq!(two.score, Some(84), "the mean of 100 and 67");
        assert_eq!(two.parts.last().map(|part| (part.part, part.score)), Some((PartOf::Payment, None)));
    }

    #[tokio::test]
    async fn what_was_bought_and_said_makes_the_relation() {
        let ctx = testing::ctx().await;
        let new = NewParty {
            name: Some("سارا محمدی".into()),
            stance: Some(Stance::Friend),
            stance_reason: Some("ما را به دوستانش معرفی کرد".into()),
            ..NewParty::default()
        };
        let customer = ctx.run(create, new).await.unwrap().id;
        let of = async |ctx: &Ctx| ctx.run(relation, PartyId { id: customer }).await;
        assert_eq!(of(&ctx).await.unwrap().description, None);
        for days in [90, 60, 30] {
            let date = Some(format!("{}T12:00:00Z", ctx.today().plus(-days)));
            let new = NewPurchase { party_id: Some(customer), amount: Some("100".into()), date, ..Default::default() };
            ctx.run(purchases::create, new).await.unwrap();
        }
        for (reason, direction) in [("praise", Direction::Inbound), ("complaint", Direction::Inbound), ("courtesy", Direction::Outbound)] {
            let (party_id, reason, direction) = (Some(customer), Some(reason.into()), Some(direction));
            let talk = LogInteraction { party_id, reason, direction, ..Default::default() };
            ctx.run(interactions::log, talk).await.unwrap();
        }
        let found = of(&ctx).await.unwrap();
        let said = found.description.unwrap();
        assert_eq!((said.days, said.purchase_days, said.repetition, said.stance), (90, 3, Repetition::Repeated, Some(Stance::Friend)));
        let scores: Vec<Option<i64>> = found.quality.parts.iter().map(|part| part.score).collect();
        // Purchases and today's talks are days 30 apart; three contacts are too few to say who calls whom.
        assert_eq!(scores, [Some(100), None, None, Some(50), None]);
        assert_eq!(found.quality.score, Some(75));

        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(matches!(of(&agent).await, Err(crate::Error::NotFound(_))), "nobody is told of a relation with those out of sight");
        let mut rights = crate::Rights::full();
        rights.0.remove(&Room::Interactions);
        let some = testing::with_rights(&ctx.app, ctx.actor.user().unwrap(), "some", rights, vec![ctx.actor.unit().unwrap()]);
        let less = of(&some).await.unwrap();
        assert_eq!((less.quality.score, less.quality.parts[3].score), (None, None), "what they said is not for those who may not read it");
    }
}
