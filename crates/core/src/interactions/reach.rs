//! The ways of keeping in touch with a customer: which they prefer, by which and when they were really reached, and which of
//! them a contact that is planned takes.

use super::{Channel, Direction};
use crate::experience::experiments::Range;
use crate::insight::guard::LEVEL;
use crate::parties::Party;
use crate::parties::check::Channel as Address;
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Result, Room, Sight};
use jiff::tz::TimeZone;
use peyvand_db::{Id, Sql, Tx, row};
use peyvand_stats::proportion::wilson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Contacts that are looked at, the last ones: how somebody was reached years ago says little.
const CONTACTS: i64 = 300;
/// Tries by one way, or at one time, before anything is said of it.
pub const NEEDED: i64 = 5;
/// So many tries at the rate of all their contacts are added to those of a way, so that two of two are not better than nine of
/// ten (shrinkage towards the customer's own mean).
const PRIOR: f64 = 5.0;
/// What came of a contact that did not reach them.
const UNREACHED: [&str; 2] = ["no_answer", "wrong_number"];

peyvand_db::words! {
    /// A time of the day.
    pub enum Hours {
        /// From 6 to 12.
        Morning = "morning",
        /// From 12 to 15.
        Noon = "noon",
        /// From 15 to 18.
        Afternoon = "afternoon",
        /// From 18 to 22.
        Evening = "evening",
        /// All else.
        Night = "night",
    }
}

impl Hours {
    /// The time of the day that an hour belongs to.
    #[must_use]
    pub const fn of(hour: i8) -> Hours {
        match hour {
            6..=11 => Hours::Morning,
            12..=14 => Hours::Noon,
            15..=17 => Hours::Afternoon,
            18..=21 => Hours::Evening,
            _ => Hours::Night,
        }
    }
}

row! {
    /// A contact, as far as it tells how somebody is reached.
    #[derive(Clone, Debug)]
    struct Contact {
        at: Instant = "i.at",
        channel: Channel = "i.channel",
        result: Option<String> = "i.result",
    }
}

/// How often somebody was reached by one way, or at one time.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Reached<T> {
    /// The way, or the time.
    pub by: T,
    /// How often we tried, of the last 300 contacts that we began and of which it is known what came.
    pub tries: i64,
    /// How often we reached them.
    pub reached: i64,
    /// The share with its 95 % interval (Wilson); absent of fewer than five tries.
    pub share: Option<Range>,
    /// The share once what holds for all ways is taken into account: by this they are compared. Absent of fewer than five tries.
    pub shrunken: Option<f64>,
}

/// The ways of keeping in touch with a customer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reach {
    /// Which they said they prefer, as a kind of address.
    pub preferred_channel: Option<Address>,
    /// When, in their words.
    pub preferred_hours: Option<String>,
    /// The ways that were tried, the best first.
    pub channels: Vec<Reached<Channel>>,
    /// The times of the day at which it was tried, the best first.
    pub hours: Vec<Reached<Hours>>,
    /// By which way they are best reached, where enough was tried.
    pub best_channel: Option<Channel>,
    /// When, where enough was tried.
    pub best_hours: Option<Hours>,
    /// Which way a contact takes that is planned without one: what they said, else what was measured.
    pub channel: Option<Channel>,
}

/// How often somebody was reached, by what their contacts have in common; the best first, then what was tried too seldom.
fn reached<T: Copy + PartialEq>(contacts: &[Contact], by: impl Fn(&Contact) -> T) -> Vec<Reached<T>> {
    let got = |contact: &Contact| contact.result.as_deref().is_some_and(|result| !UNREACHED.contains(&result));
    let all = contacts.iter().filter(|contact| got(contact)).count() as f64 / contacts.len().max(1) as f64;
    let mut found: Vec<Reached<T>> = Vec::new();
    for contact in contacts {
        let of = by(contact);
        let place = found.iter().position(|one| one.by == of).unwrap_or_else(|| {
            found.push(Reached { by: of, tries: 0, reached: 0, share: None, shrunken: None });
            found.len() - 1
        });
        found[place].tries += 1;
        found[place].reached += i64::from(got(contact));
    }
    for one in found.iter_mut().filter(|one| one.tries >= NEEDED) {
        one.share = wilson(one.reached.unsigned_abs(), one.tries.unsigned_abs(), LEVEL).ok().map(Range::from);
        one.shrunken = Some((one.reached as f64 + PRIOR * all) / (one.tries as f64 + PRIOR));
    }
    found.sort_by(|one, other| {
        let of = |one: &Reached<T>| one.shrunken.unwrap_or(-1.0);
        of(other).total_cmp(&of(one)).then(other.tries.cmp(&one.tries))
    });
    found
}

/// The best of what was tried often enough, where they were reached at all.
fn best<T: Copy>(found: &[Reached<T>]) -> Option<T> {
    found.first().filter(|one| one.shrunken.is_some() && one.reached > 0).map(|one| one.by)
}

/// The way of contact that a kind of address stands for.
const fn way(address: Address) -> Option<Channel> {
    match address {
        Address::Mobile | Address::Phone => Some(Channel::Phone),
        Address::Email => Some(Channel::Email),
        Address::Whatsapp => Some(Channel::Whatsapp),
        Address::Telegram => Some(Channel::Telegram),
        Address::Instagram => Some(Channel::Instagram),
        Address::Eitaa => Some(Channel::Eitaa),
        Address::Bale => Some(Channel::Bale),
        Address::Rubika => Some(Channel::Rubika),
        Address::Website | Address::Fax => None,
    }
}

/// Whether we can plan to reach somebody that way.
const fn can_be_planned(channel: Channel) -> bool {
    !matches!(channel, Channel::InPerson | Channel::Web | Channel::Other | Channel::Note)
}

async fn read(tx: &mut Tx, sight: &Sight, party: Id<Party>, zone: &TimeZone) -> Result<Reach> {
    let mut query = peyvand_db::sql("SELECT p.preferred_channel, p.preferred_hours FROM parties p WHERE p.id = ");
    query.arg(party);
    sight.parties(&mut query);
    let stated: Option<(Option<Address>, Option<String>)> = tx.maybe(query).await?;
    let (preferred_channel, preferred_hours) = stated.ok_or(Error::NotFound("party"))?;
    let mut query = Sql::select::<Contact>("FROM interactions i WHERE i.party_id = ");
    query.arg(party).push(" AND i.result IS NOT NULL AND i.direction = ").arg(Direction::Outbound);
    query.push(" ORDER BY i.at DESC, i.id DESC LIMIT ").arg(CONTACTS);
    let mut contacts: Vec<Contact> = tx.all(query).await?;
    contacts.retain(|contact| can_be_planned(contact.channel));
    let channels = reached(&contacts, |contact| contact.channel);
    let hours = reached(&contacts, |contact| Hours::of(contact.at.zoned(zone).hour()));
    let best_channel = best(&channels);
    Ok(Reach {
        best_hours: best(&hours),
        best_channel,
        channel: preferred_channel.and_then(way).or(best_channel),
        preferred_channel,
        preferred_hours,
        channels,
        hours,
    })
}

/// Whose.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetReach {
    /// The customer.
    pub party_id: Id<Party>,
}

/// The ways of keeping in touch with a customer.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn get(ctx: &Ctx, input: GetReach) -> Result<Reach> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let zone = ctx.app.organisation().await?.zone();
    let mut tx = reader.db.snapshot().await?;
    let found = read(&mut tx, &reader.sight, input.party_id, &zone).await?;
    tx.commit().await?;
    Ok(found)
}

/// The way that a contact takes which is planned without one, for a customer whom the caller has found within sight.
pub(crate) async fn default_channel(tx: &mut Tx, ctx: &Ctx, party: Id<Party>) -> Result<Option<Channel>> {
    let zone = ctx.app.organisation().await?.zone();
    Ok(read(tx, &Sight::All, party, &zone).await?.channel)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "interactions.reach",
        "GET /parties/{party_id}/reach",
        Some(Perm(Room::Interactions, Act::See)),
        "The ways of keeping in touch with a customer: preferred, and as they were really reached.",
        get,
    )
    .example(|| json!({"party_id": "0193a1b2-0000-7000-8000-000000000000"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_ups::{self, NewFollowUp};
    use crate::interactions::{LogInteraction, log};
    use crate::platform::time::{DAY, HOUR};
    use crate::testing;
    use peyvand_db::sql;

    fn contact(channel: Channel, result: &str) -> Contact {
        Contact { at: Instant(0), channel, result: Some(result.to_owned()) }
    }

    fn many(channel: Channel, tries: usize, reached: usize) -> Vec<Contact> {
        (0..tries).map(|one| contact(channel, if one < reached { "answered" } else { "no_answer" })).collect()
    }

    #[test]
    fn few_tries_are_no_best_way_and_many_good_ones_beat_few_perfect_ones() {
        let contacts =
            [many(Channel::Phone, 40, 36), many(Channel::Whatsapp, 5, 5), many(Channel::Sms, 20, 2), many(Channel::Email, 2, 2)].concat();
        let found = reached(&contacts, |one| one.channel);
        // 45 of 67 in all; with five tries at that rate: WhatsApp 8.358/10, the telephone 39.358/45.
        let told: Vec<_> =
            found.iter().map(|one| (one.by, one.tries, one.reached, one.shrunken.map(|share| (share * 1e4).round()))).collect();
        assert_eq!(
            told,
            [
                (Channel::Phone, 40, 36, Some(8_746.0)),
                (Channel::Whatsapp, 5, 5, Some(8_358.0)),
                (Channel::Sms, 20, 2, Some(2_143.0)),
                (Channel::Email, 2, 2, None)
            ]
        );
        assert_eq!((best(&found), found[3].share), (Some(Channel::Phone), None));
        assert_eq!(best(&reached(&many(Channel::Phone, 4, 4), |one| one.channel)), None);
        assert_eq!(best(&reached(&many(Channel::Phone, 9, 0), |one| one.channel)), None, "nobody is best reached where they never were");
    }

    #[test]
    fn a_day_has_its_times() {
        let told: Vec<Hours> = [5, 6, 12, 15, 18, 22].into_iter().map(Hours::of).collect();
        assert_eq!(told, [Hours::Night, Hours::Morning, Hours::Noon, Hours::Afternoon, Hours::Evening, Hours::Night]);
    }

    #[tokio::test]
    async fn a_follow_up_takes_the_way_they_prefer_or_by_which_they_were_reached() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let plan = async || {
            let new = NewFollowUp {
                party_id: Some(party), what: "احوال‌پرسی".into(), due: "فردا".into(), ..NewFollowUp::default()
            };
            ctx.run(follow_ups::create, new).await.unwrap().follow_up.channel
        };
        assert_eq!(plan().await, None);
        let nothing = ctx.run(get, GetReach { party_id: party }).await.unwrap();
        assert_eq!((nothing.channels.len(), nothing.best_channel, nothing.channel), (0, None, None));
        for day in 1..=6 {
            // In Tehran half past eight, less the days.
            let at = ctx.now().plus(-day * DAY + if day == 6 { 8 * HOUR } else { 0 });
            let new = |channel, result: &str| LogInteraction {
                party_id: Some(party),
                channel: Some(channel),
                direction: Some(Direction::Outbound),
                at: Some(at.to_string()),
                result: Some(result.to_owned()),
                ..LogInteraction::default()
            };
            ctx.run(log, new(Channel::Whatsapp, "answered")).await.unwrap();
            ctx.run(log, new(Channel::Phone, "no_answer")).await.unwrap();
        }
        let found = ctx.run(get, GetReach { party_id: party }).await.unwrap();
        assert_eq!((found.best_channel, found.best_hours), (Some(Channel::Whatsapp), Some(Hours::Morning)));
        assert_eq!(found.hours.iter().map(|one| (one.by, one.tries)).collect::<Vec<_>>(), [(Hours::Morning, 10), (Hours::Afternoon, 2)]);
        assert_eq!(plan().await, Some(Channel::Whatsapp));
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE parties SET preferred_channel = 'telegram' WHERE id = $1").bind(party)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(plan().await, Some(Channel::Telegram), "what they said comes first");
        let agent = testing::as_post(&ctx.app, "agent", "agent").await;
        assert!(matches!(agent.run(get, GetReach { party_id: party }).await, Err(Error::NotFound("party"))));
    }
}
