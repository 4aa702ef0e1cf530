//! What the shop promised its customers, what it did of it, and where it went wrong.

use super::chance::Chance;
use super::trade::opening_hours;
use super::{Member, Story};
use crate::experience::acts::{self, ActDone, ListActs, SkipAct};
use crate::experience::incidents::{self, IncidentSource, OpenIncident, ResolveIncident};
use crate::experience::keep;
use crate::experience::protocols::{self, ActKind, Begins, NewProtocol, NewStep};
use crate::lifecycle::Stage;
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::time::HOUR;
use crate::{Id, Instant, Result};
use tokio::sync::watch;

/// Days for which protocols have begun by the time the story ends.
const DAYS: usize = 39;

/// What went wrong: days ago, severity, how it became known, what happened, and where it was made good, why, what was done
/// and what the customer says of it.
type Wrong = (i64, i64, IncidentSource, &'static str, Option<(&'static str, &'static str, i64)>);

const WRONG: &[Wrong] = &[
    (
        21,
        2,
        IncidentSource::Complaint,
        "سفارش دو روز دیر رسید و کسی خبر نداد.",
        Some(("پیک عوض شده بود و کسی مسئول خبر دادن نبود", "عذرخواهی با تماس و ارسال رایگان سفارش بعدی", 5)),
    ),
    (
        9,
        1,
        IncidentSource::Survey,
        "نوشته بود فروشنده سرش در گوشی بود.",
        Some(("شیفت عصر یک نفر کم بود", "با فروشنده صحبت شد؛ خود او زنگ زد", 4)),
    ),
    (1, 2, IncidentSource::StaffReport, "نامش را اشتباه گفتیم و جلوی دیگران به او تندی شد.", None),
    (0, 1, IncidentSource::RepeatedFailure, "بار سوم است که قهوه‌ی دلخواهش تمام شده و زودتر نگفتیم.", None),
];

impl Story {
    /// Protocols, the acts of the last weeks, and incidents.
    pub(super) async fn respect(&self, owner: Id<User>, staff: &[Member]) -> Result<()> {
        let mut chance = Chance::new(self.seed, 31);
        let ctx = self.by(opening_hours(&mut chance, self.last.plus(-100), &self.zone), owner, Vec::new());
        let step = |act, due_hours| NewStep { act, words: None, due_hours };
        let after = NewProtocol {
            name: "پس از خرید وفاداران".to_owned(),
            stages: vec![Stage::Loyal, Stage::Advocate],
            steps: vec![step(ActKind::ByName, 1), step(ActKind::FollowUpCall, 27)],
            ..NewProtocol::default()
        };
        protocols::create(&ctx, after).await?;
        let sorry = NewProtocol {
            name: "وقتی چیزی دیر می‌رسد".to_owned(),
            begins: Some(Begins::ByHand),
            stages: Stage::ALL.to_vec(),
            steps: vec![step(ActKind::DelayNotice, 2), step(ActKind::Apology, 9)],
            ..NewProtocol::default()
        };
        protocols::create(&ctx, sorry).await?;
        let (_keep, stop) = watch::channel(false);
        for days in (1..=DAYS).rev().step_by(3) {
            let days = i64::try_from(days).unwrap_or_default();
            let night = Instant::start_of(self.last.plus(1 - days), &self.zone).plus(2 * HOUR);
            keep::run(&self.at(night, None), None, &stop).await?;
        }
        let whom = self.acts(&mut chance, owner).await?;
        for (wrong, party) in WRONG.iter().zip(whom) {
            let (days, severity, source, words, good) = *wrong;
            let by = staff.iter().find(|member| member.place == 2);
            let at = opening_hours(&mut chance, self.last.plus(-days), &self.zone).min(self.now.plus(-HOUR));
            let new = OpenIncident {
                party_id: Some(party),
                severity: Some(severity),
                source: Some(source),
                words: words.to_owned(),
                ..OpenIncident::default()
            };
            let opened = incidents::open(&self.at(at, by), new).await?;
            if let Some((root_cause, action, score)) = good {
                let good = ResolveIncident {
                    id: opened.id,
                    root_cause: root_cause.to_owned(),
                    action: action.to_owned(),
                    recovery_score: Some(score),
                };
                incidents::resolve(&self.by(opened.due_at.plus(-HOUR).min(self.now), owner, Vec::new()), good).await?;
            }
        }
        Ok(())
    }

    /// Most acts are done in time, some late, some left out, some forgotten. Gives some of the customers.
    async fn acts(&self, chance: &mut Chance, owner: Id<User>) -> Result<Vec<Id<Party>>> {
        let mut whom: Vec<Id<Party>> = Vec::new();
        let mut after = None;
        loop {
            let ctx = self.by(self.now, owner, Vec::new());
            let page = acts::list(&ctx, ListActs { after, limit: Some(200), ..ListActs::default() }).await?;
            for act in page.items {
                if whom.len() < WRONG.len() && !whom.contains(&act.party_id) {
                    whom.push(act.party_id);
                }
                let fate = chance.between(0, 99);
                let at = if fate < 84 { act.due_at.plus(-chance.between(1, 50) * HOUR / 60) } else { act.due_at.plus(20 * HOUR) };
                if at > self.now || fate >= 95 {
                    continue;
                }
                let ctx = self.by(at.max(act.started_at), owner, Vec::new());
                if fate < 91 {
                    acts::done(&ctx, ActDone { id: act.id, proof: None }).await?;
                } else {
                    acts::skip(&ctx, SkipAct { id: act.id, reason: "خودشان گفتند تماس نگیریم".to_owned() }).await?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(whom);
            }
        }
    }
}
