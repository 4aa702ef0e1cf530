//! What the shop tried: an experiment with a clear answer, one that was too small to have any, and one that is under way.

use super::chance::Chance;
use super::trade::opening_hours;
use super::{Member, Story};
use crate::experience::best;
use crate::experience::experiments::{
    self, DecideExperiment, Decision, Deliver, Design, Experiment, ExperimentId, ListUnits, NewExperiment, Outcome, Subgroup, decide,
    deliver, start, units,
};
use crate::experience::legality::TreatmentKind;
use crate::experience::proposals::{self, NewProposal};
use crate::experience::treatments::{self, ListTreatments};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::time::{HOUR, MINUTE};
use crate::sales::purchases::{self, NewPurchase};
use crate::{Ctx, Error, Id, Instant, Result};
use serde_json::json;
use tokio::sync::watch;

/// An experiment of the shop: name, question, kind of its treatment, what is measured, days that each customer is watched, the
/// difference that is worth knowing, how many days ago it began.
type Tried = (&'static str, &'static str, TreatmentKind, Outcome, i64, &'static str, i64);

const CLEAR: Tried =
    ("تماس احوال‌پرسی پس از خرید", "آیا تماس، وفاداران را زودتر برمی‌گرداند؟", TreatmentKind::Respect, Outcome::Bought, 30, "16", 75);
const SMALL: Tried =
    ("تخفیف سالگرد آشنایی", "آیا تخفیف سالگرد، سود بیشتری می‌گذارد؟", TreatmentKind::Discount, Outcome::Spend, 60, "20000000", 100);
const NOW: Tried = ("کارت دست‌نویس برای وفاداران", "آیا هدیهٔ کوچک، خرید دوباره می‌آورد؟", TreatmentKind::Gift, Outcome::Bought, 60, "8", 9);

/// Of whom the shop asks apart what a treatment does for them.
fn subgroups() -> Vec<Subgroup> {
    let of = |name: &str, field: &str, value: &str| Subgroup {
        name: name.to_owned(),
        rule: json!({"field": {"field": field, "is": {"one_of": [value]}}}),
    };
    vec![of("خانم‌ها", "gender", "female"), of("تهرانی‌ها", "city", "تهران")]
}

impl Story {
    /// What was tried, told by what customers did.
    pub(super) async fn try_out(&self, owner: Id<User>, staff: &[Member]) -> Result<()> {
        let mut chance = Chance::new(self.seed, 17);
        if let Some(id) = self.begin(&CLEAR, owner, staff).await? {
            let treated = self.given(&CLEAR, id, owner, 1.0, &mut chance).await?;
            for party in treated.into_iter().filter(|_| chance.happens(0.75)).collect::<Vec<_>>() {
                let day = self.last.plus(-CLEAR.6 + chance.between(2, 28));
                let ctx = self.by(opening_hours(&mut chance, day, &self.zone), owner, Vec::new());
                let amount = (chance.between(20, 180) * 100_000).to_string();
                purchases::create(&ctx, NewPurchase { party_id: Some(party), amount: Some(amount), ..NewPurchase::default() }).await?;
            }
            self.nights(&CLEAR, 35).await?;
            let ctx = self.by(opening_hours(&mut chance, self.last.plus(-CLEAR.6 + 36), &self.zone), owner, Vec::new());
            self.decide(&ctx, id, Decision::Adopt, "در هر دو شعبه انجام می‌شود").await?;
        }
        if let Some(id) = self.begin(&SMALL, owner, staff).await? {
            self.given(&SMALL, id, owner, 1.0, &mut chance).await?;
            self.nights(&SMALL, 70).await?;
            let ctx = self.by(opening_hours(&mut chance, self.last.plus(-SMALL.6 + 71), &self.zone), owner, Vec::new());
            self.decide(&ctx, id, Decision::Open, "با این تعداد مشتری معلوم نمی‌شود؛ سال بعد با هدیه می‌آزماییم").await?;
        }
        if let Some(id) = self.begin(&NOW, owner, staff).await? {
            self.given(&NOW, id, owner, 0.7, &mut chance).await?;
            self.nights(&NOW, 8).await?;
        }
        Ok(())
    }

    /// Writes it down and begins it, where the shop is large enough to have anybody in it.
    async fn begin(&self, tried: &Tried, owner: Id<User>, staff: &[Member]) -> Result<Option<Id<Experiment>>> {
        let (name, question, kind, outcome, horizon_days, smallest, ago) = *tried;
        let night = self.night(ago);
        let ctx = self.by(night, owner, Vec::new());
        let made = treatments::list(&ctx, ListTreatments { limit: Some(50), ..ListTreatments::default() }).await?.items;
        let Some(treatment) = made.into_iter().rev().find(|one| one.kind == kind && one.is_special) else { return Ok(None) };
        let new = NewExperiment {
            name: name.to_owned(),
            question: Some(question.to_owned()),
            treatment_ids: vec![treatment.id],
            rule: None,
            outcome,
            horizon_days,
            smallest: smallest.to_owned(),
            design: Design::Parallel,
            unit: None,
            subgroups: subgroups(),
        };
        let id = match experiments::create(&ctx, new).await {
            Ok(made) => made.experiment.id,
            Err(Error::Invalid(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let ctx = match staff.first() {
            Some(other) => self.at(night, Some(other)),
            None => ctx,
        };
        start(&ctx, ExperimentId { id }).await?;
        self.nights(tried, 0).await?;
        Ok(Some(id))
    }

    fn night(&self, ago: i64) -> Instant {
        Instant::start_of(self.last.plus(-ago), &self.zone).plus(2 * HOUR)
    }

    /// What the job did in some nights, from the last one looked at on.
    async fn nights(&self, tried: &Tried, until: i64) -> Result<()> {
        let (_keep, stop) = watch::channel(false);
        for day in (0..=until).filter(|day| *day == until || day % 7 == 5) {
            let ctx = self.at(self.night(tried.6 - day), None);
            experiments::run(&ctx, None, &stop).await?;
        }
        Ok(())
    }

    /// Those of the treated arm; some of them got it the day after.
    async fn given(&self, tried: &Tried, id: Id<Experiment>, owner: Id<User>, share: f64, chance: &mut Chance) -> Result<Vec<Id<Party>>> {
        let ctx = self.by(self.night(tried.6 - 1).plus(9 * HOUR), owner, Vec::new());
        let (mut treated, mut after) = (Vec::new(), None);
        loop {
            let page = units(&ctx, ListUnits { id, arm: Some(1), waiting: false, after, limit: Some(200) }).await?;
            treated.extend(page.items.into_iter().map(|one| one.party_id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let got: Vec<Id<Party>> = treated.iter().copied().filter(|_| chance.happens(share)).collect();
        for some in got.chunks(500) {
            deliver(&ctx, Deliver { id, party_ids: some.to_vec() }).await?;
        }
        Ok(treated)
    }

    /// What somebody puts before the council after that, as long as there is something to put forward.
    pub(super) async fn propose(&self, owner: Id<User>, staff: &[Member]) -> Result<()> {
        let ctx = self.by(self.now.plus(2 * MINUTE), owner, Vec::new());
        let shifts = best::best(&ctx, Nothing {}).await?.shifts;
        let Some((one, by)) = shifts.first().zip(staff.first()) else { return Ok(()) };
        let new = NewProposal {
            from_policy_id: one.from_policy_id,
            to_treatment_id: one.to_treatment_id,
            amount: None,
            words: Some("آزمایش نشان داد این کار وفاداران را برمی‌گرداند؛ آن یکی را هیچ‌وقت نیازموده‌ایم.".to_owned()),
        };
        proposals::propose(&self.at(self.now.plus(2 * MINUTE), Some(by)), new).await?;
        Ok(())
    }

    async fn decide(&self, ctx: &Ctx, id: Id<Experiment>, decision: Decision, reason: &str) -> Result<()> {
        decide(ctx, DecideExperiment { id, decision, arm: Some(1), reason: Some(reason.to_owned()) }).await?;
        Ok(())
    }
}
