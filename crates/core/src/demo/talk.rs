//! What passed between the demo shop and its customers, what was learned, and what is to be done next.

use super::chance::Chance;
use super::customers::{Customer, Habit};
use super::trade::opening_hours;
use super::words::{DONE, IDEAS, LEARNED, PRODUCTS, TALKS, TASKS};
use super::{Kept, Member, Story};
use crate::external::Clock;
use crate::ideas::{self, CloseIdea, IdeaState};
use crate::interactions::{self, Entry};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::time::{DAY, HOUR, MINUTE};
use crate::{Day, Id, Instant, Problem, Result, follow_ups};
use peyvand_db::{Sql, ToValue, Tx, Value};
use serde_json::json;

/// One customer is talked to all the time, so that a long timeline can be seen.
const CLOSE_FRIEND: usize = 320;
/// What leads people to the shop, of the list `origin`; twice what does so twice as often.
const ORIGINS: &[&str] =
    &["instagram", "instagram", "message", "website", "website", "telegram", "recommendation", "walk_in", "advertisement", "our_call"];

impl Story {
    /// Writes everything beside the purchases.
    pub(super) async fn talk(&self, customers: &[Customer], parties: &[Kept], staff: &[Member]) -> Result<()> {
        let mut chance = Chance::new(self.seed, 4);
        let mut tx = self.app.db.begin().await?;
        self.interactions(&mut tx, &mut chance, customers, parties, staff).await?;
        self.follow_ups(&mut tx, &mut chance, customers, parties).await?;
        self.learned(&mut tx, &mut chance, customers, parties).await?;
        self.relations(&mut tx, &mut chance, customers, parties).await?;
        let ended = self.ideas(&mut tx, &mut chance, customers, parties).await?;
        let all: Vec<Id<Party>> = parties.iter().map(|party| party.id).collect();
        follow_ups::refresh(&mut tx, &all).await?;
        tx.commit().await?;
        for Ended { at, by, close } in ended {
            ideas::close(&self.by(at, by, Vec::new()), close).await?;
        }
        Ok(())
    }

    fn id(&self, at: Instant) -> Value {
        self.clock.id(at).to_value()
    }

    async fn interactions(
        &self,
        tx: &mut Tx,
        chance: &mut Chance,
        customers: &[Customer],
        parties: &[Kept],
        staff: &[Member],
    ) -> Result<()> {
        // Of its own, so that nothing else of the story hangs on it.
        let mut led = Chance::new(self.seed, 10);
        let friend = customers.iter().position(|customer| customer.habit == Habit::Cafe && customer.left.is_none());
        let mut moments: Vec<(Instant, usize)> = Vec::new();
        for (position, customer) in customers.iter().enumerate() {
            let until = customer.left.map_or(self.last, |left| left.plus(30).min(self.last));
            let mean = match customer.habit {
                Habit::Home => 1.6,
                Habit::Giver => 1.2,
                Habit::Enthusiast => 4.0,
                Habit::Office => 7.0,
                Habit::Hotel => 9.0,
                Habit::Cafe => 11.0,
            };
            let often = if Some(position) == friend { CLOSE_FRIEND } else { chance.times(mean).max(usize::from(customer.only_asked)) };
            for _ in 0..often {
                let day = customer.came.plus(chance.between(0, until.since(customer.came).max(0)));
                moments.push((opening_hours(chance, day, &self.zone), position));
            }
        }
        moments.sort_unstable();
        for (at, position) in moments {
            let (customer, party) = (&customers[position], parties[position]);
            let (channel, direction, reason, result, text) = *loop {
                let talk = chance.pick(TALKS);
                let asks = matches!(talk.2, "question" | "price" | "visit") && talk.3 != "bought";
                if !customer.only_asked || asks {
                    break talk;
                }
            };
            let text = text.replace("{p}", product(chance, customer.habit));
            let by = speaker(chance, reason, party.owner, staff);
            let duration = matches!(channel, "phone").then(|| chance.between(1, 14) * 60 + chance.between(0, 59));
            let entry = Entry {
                party: party.id,
                at,
                channel: word(channel)?,
                direction: word(direction)?,
                reason: Some(reason.to_owned()),
                origin: (direction == "inbound" && led.happens(0.6)).then(|| (*led.pick(ORIGINS)).to_owned()),
                result: Some(result.to_owned()),
                duration_s: duration,
                text: Some(text),
            };
            interactions::put(tx, &self.by(at.plus(2 * MINUTE), by, Vec::new()), entry).await?;
        }
        Ok(())
    }

    async fn follow_ups(&self, tx: &mut Tx, chance: &mut Chance, customers: &[Customer], parties: &[Kept]) -> Result<()> {
        let mut rows = Vec::new();
        let mut events = Vec::new();
        let today = self.last.plus(1);
        for (customer, party) in customers.iter().zip(parties) {
            let here = customer.left.is_none();
            let often = match customer.habit {
                Habit::Hotel if here => 0.7,
                _ if here => 0.24,
                _ => 0.05,
            };
            if !chance.happens(often) {
                continue;
            }
            let (channel, what) = *chance.pick(TASKS);
            let what = what.replace("{p}", product(chance, customer.habit));
            // Seven of twelve are done, the others are due today, later, or overdue.
            let fate = if here { chance.between(0, 11) } else { 0 };
            let due_day = match fate {
                0..=6 => customer.came.plus(chance.between(0, self.last.since(customer.came).max(0))),
                7 => today,
                8..=10 => today.plus(chance.between(1, 16)),
                _ => today.plus(-chance.between(1, 9)).max(customer.came),
            };
            let due = opening_hours(chance, due_day, &self.zone);
            let planned = Instant(due.0 - chance.between(1, 9) * DAY).max(Instant::start_of(customer.came, &self.zone).plus(HOUR));
            let planned = planned.min(self.now.plus(-HOUR));
            let done =
                (fate <= 6).then(|| Instant(due.0 + chance.between(-5, 30) * HOUR).max(planned.plus(HOUR)).min(self.now.plus(-HOUR)));
            let outcome = done.map(|_| *chance.pick(DONE));
            let id = self.clock.id(planned);
            let importance = *chance.pick(&["normal", "normal", "normal", "high", "low"]);
            let none: Option<Instant> = None;
            let remind = (done.is_none() && due > self.now && chance.happens(0.4)).then(|| due.plus(-HOUR));
            rows.push(vec![
                id.to_value(),
                party.id.to_value(),
                party.owner.to_value(),
                what.to_value(),
                channel.to_value(),
                importance.to_value(),
                due.to_value(),
                due.to_value(),
                remind.to_value(),
                none.to_value(),
                if done.is_some() { "done" } else { "open" }.to_value(),
                done.to_value(),
                done.map(|_| party.owner).to_value(),
                outcome.map(|(result, _)| result).to_value(),
                outcome.map(|(_, text)| text).to_value(),
                0_i64.to_value(),
                if done.is_some() { 2_i64 } else { 1 }.to_value(),
                party.owner.to_value(),
                planned.to_value(),
            ]);
            let data = json!({"what": what, "due_at": due, "owner_id": party.owner});
            events.push(self.event(planned, "follow_up.planned", party.owner, party.id, Some(id), data));
            if let Some(done) = done {
                let data = json!({"what": what, "result": outcome.map(|(result, _)| result), "due_at": due});
                events.push(self.event(done, "follow_up.done", party.owner, party.id, Some(id), data));
            }
        }
        let head =
            "INSERT INTO follow_ups (id, party_id, owner_id, what, channel, importance, planned_at, due_at, remind_at, reminded_at, state,
                      done_at, done_by, result, result_text, escalation, version, created_by, created_at) VALUES ";
        write(tx, head, rows).await?;
        self.happened(tx, events).await
    }

    async fn learned(&self, tx: &mut Tx, chance: &mut Chance, customers: &[Customer], parties: &[Kept]) -> Result<()> {
        let mut rows = Vec::new();
        let mut events = Vec::new();
        for (customer, party) in customers.iter().zip(parties) {
            let mut known: Vec<&str> = Vec::new();
            for _ in 0..chance.times(0.42) {
                let (kind, term, words) = *chance.pick(LEARNED);
                if known.contains(&term) {
                    continue;
                }
                known.push(term);
                let day = customer.came.plus(chance.between(0, self.last.since(customer.came).max(0)));
                let at = opening_hours(chance, day, &self.zone);
                let id = self.clock.id(at);
                let source = *chance.pick(&["از گفت‌وگوی تلفنی", "در فروشگاه دیدیم", "خودش گفت", "از خریدهایش"]);
                let none: Option<Id<Party>> = None;
                rows.push(vec![
                    id.to_value(),
                    party.id.to_value(),
                    kind.to_value(),
                    term.to_value(),
                    (!words.is_empty()).then_some(words).to_value(),
                    source.to_value(),
                    chance.pick(&["low", "medium", "medium", "high"]).to_value(),
                    day.to_value(),
                    none.to_value(),
                    party.owner.to_value(),
                    at.to_value(),
                ]);
                events.push(self.event(
                    at,
                    "preference.learned",
                    party.owner,
                    party.id,
                    Some(id),
                    json!({"kind": kind, "term": term, "words": words}),
                ));
            }
        }
        let head = "INSERT INTO preferences (id, party_id, kind, term, words, source, confidence, observed_on, interaction_id, created_by, created_at) VALUES ";
        write(tx, head, rows).await?;
        self.happened(tx, events).await
    }

    /// Who works where, who is married to whom, who brought whom.
    async fn relations(&self, tx: &mut Tx, chance: &mut Chance, customers: &[Customer], parties: &[Kept]) -> Result<()> {
        let is_person = |position: &usize| customers[*position].facts.first_name.is_some();
        let persons: Vec<usize> = (0..customers.len()).filter(is_person).collect();
        if persons.len() < 2 {
            return Ok(());
        }
        let mut found: Vec<(usize, usize, &str)> = Vec::new();
        for (position, customer) in customers.iter().enumerate() {
            if customer.facts.first_name.is_none() {
                for _ in 0..chance.times(0.7) {
                    let kind = *chance.pick(&["buyer_for", "buyer_for", "manager_of", "employee_of"]);
                    found.push((*chance.pick(&persons), position, kind));
                }
            } else if chance.happens(0.05) {
                found.push((position, *chance.pick(&persons), if chance.happens(0.4) { "spouse" } else { "friend" }));
            } else if position > 0 && chance.happens(0.07) {
                let earlier = chance.between(0, position as i64 - 1).unsigned_abs() as usize;
                found.push((position, earlier, "introduced_by"));
            }
        }
        found.sort_unstable();
        found.dedup();
        let mut rows = Vec::new();
        for (one, other, kind) in found.into_iter().filter(|(one, other, _)| one != other) {
            let since: Day = customers[one].came.max(customers[other].came);
            let at = opening_hours(chance, since, &self.zone);
            let none: Option<Day> = None;
            rows.push(vec![
                self.id(at),
                parties[one].id.to_value(),
                parties[other].id.to_value(),
                kind.to_value(),
                since.to_value(),
                none.to_value(),
                parties[one].owner.to_value(),
                at.to_value(),
            ]);
        }
        write(tx, "INSERT INTO relations (id, party_id, other_id, kind, since_on, until_on, created_by, created_at) VALUES ", rows).await
    }

    /// What came to mind; gives what became of some of it later.
    async fn ideas(&self, tx: &mut Tx, chance: &mut Chance, customers: &[Customer], parties: &[Kept]) -> Result<Vec<Ended>> {
        let mut ended = Vec::new();
        for (customer, party) in customers.iter().zip(parties) {
            let day = customer.came.plus(chance.between(0, self.last.since(customer.came).max(0)));
            let at = opening_hours(chance, day, &self.zone);
            let by = party.owner;
            if chance.happens(0.008) {
                let state = *chance.pick(&["open", "open", "done", "dropped"]);
                let state = word(state)?;
                let text = *chance.pick(IDEAS);
                let id = ideas::put(tx, &self.by(at, by, Vec::new()), text, Some(party.id), None).await?;
                if state != IdeaState::Open {
                    let at = at.plus(chance.between(1, 40) * DAY).min(self.now.plus(-HOUR));
                    ended.push(Ended { at, by, close: CloseIdea { id, state } });
                }
            }
        }
        Ok(ended)
    }

    fn event(
        &self,
        at: Instant,
        kind: &str,
        by: Id<User>,
        party: Id<Party>,
        subject: Option<uuid::Uuid>,
        data: serde_json::Value,
    ) -> Vec<Value> {
        vec![
            self.id(at),
            at.to_value(),
            kind.to_value(),
            by.to_value(),
            "web".to_value(),
            party.to_value(),
            subject.to_value(),
            data.to_value(),
        ]
    }

    async fn happened(&self, tx: &mut Tx, events: Vec<Vec<Value>>) -> Result<()> {
        write(tx, "INSERT INTO events (id, at, kind, actor_id, door, party_id, subject_id, data) VALUES ", events).await
    }
}

/// What ended, when and by whom.
struct Ended {
    at: Instant,
    by: Id<User>,
    close: CloseIdea,
}

/// A word of the story as the room knows it.
fn word<T: std::str::FromStr>(word: &str) -> Result<T> {
    word.parse().map_err(|_| Problem::new("", "input-choice").into())
}

async fn write(tx: &mut Tx, head: &'static str, rows: Vec<Vec<Value>>) -> Result<()> {
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    Ok(())
}

/// Something that customers of this habit buy.
pub(super) fn product(chance: &mut Chance, habit: Habit) -> &'static str {
    chance.weighted(PRODUCTS, |(.., weight, letters)| if letters.contains(habit.letter()) { f64::from(*weight) } else { 0.0 }).1
}

/// Who of the shop speaks: mostly who looks after them, service for what is broken, finance for what is paid.
fn speaker(chance: &mut Chance, reason: &str, owner: Id<User>, staff: &[Member]) -> Id<User> {
    let unit = match reason {
        "support" | "complaint" if chance.happens(0.7) => 1,
        "payment" if chance.happens(0.6) => 3,
        "courtesy" if chance.happens(0.4) => 2,
        _ => return owner,
    };
    let members: Vec<&Member> = staff.iter().filter(|member| member.place == unit).collect();
    if members.is_empty() { owner } else { chance.pick(&members).id }
}
