//! Histories by chance: what the writes keep of customers is, to the last byte, what a look through everything gives.

use super::facts::{differing, kept};
use super::party::{self, PartyId};
use crate::demo::chance::Chance;
use crate::follow_ups::{self, CancelFollowUp, CompleteFollowUp, FollowUp, NewFollowUp, NextStep};
use crate::insight::costs::{self, CostKind, NewCost, RemoveCost};
use crate::interactions::{self, Channel, Interaction, InteractionId, LogInteraction, UpdateInteraction};
use crate::parties::Party;
use crate::platform::calendar::Calendar;
use crate::platform::import::columns::Kind;
use crate::platform::import::record::{self, Import, NewImport};
use crate::platform::import::{engine, undo as take_back};
use crate::platform::jobs::{Outcome, drain};
use crate::platform::undo::{self, RunUndo, Undo};
use crate::sales::purchases::{self, EnterLine, NewPurchase};
use crate::{Ctx, Door, Error, Result, testing};
use peyvand_db::Id;
use std::collections::BTreeMap;
use std::io::Write;
use tokio::sync::watch;

/// Acts of one history, and after how many of them it is looked at.
const ACTS: usize = 400;
const LOOK_AFTER: usize = 80;

struct History {
    ctx: Ctx,
    chance: Chance,
    parties: Vec<Id<Party>>,
    entries: Vec<Id<Interaction>>,
    planned: Vec<Id<FollowUp>>,
    costs: Vec<Id<costs::Cost>>,
    undos: Vec<Id<Undo>>,
    imports: Vec<Id<Import>>,
    /// How often each act came about.
    done: BTreeMap<&'static str, usize>,
}

impl History {
    fn day(&mut self) -> String {
        self.ctx.today().plus(-self.chance.between(0, 400)).to_string()
    }

    /// Some of what there is.
    fn some<T: Copy>(&mut self, of: impl Fn(&History) -> &Vec<T>) -> Option<T> {
        let count = of(self).len() as i64;
        (count > 0).then(|| self.chance.between(0, count - 1)).map(|at| of(self)[at as usize])
    }

    async fn buy(&mut self, back: bool) -> Result<()> {
        let party_id = Some(*self.chance.pick(&self.parties));
        let mut lines = Vec::new();
        for _ in 0..self.chance.between(1, 3) {
            let (quantity, price) = (self.chance.between(1, 4), *self.chance.pick(&[0, 10, 250, 999]));
            lines.push(EnterLine {
                product: Some(format!("P{}", self.chance.between(1, 4))),
                quantity: Some(if back { -quantity } else { quantity }.to_string()),
                unit_price: Some(price.to_string()),
                discount: (price > 200 && self.chance.happens(0.2)).then(|| "5".to_owned()),
                ..EnterLine::default()
            });
        }
        let currency = self.chance.happens(0.15).then(|| "USD".to_owned());
        let new = NewPurchase { party_id, date: Some(self.day()), currency, lines, ..NewPurchase::default() };
        self.ctx.run(purchases::create, new).await.map(drop)
    }

    async fn talk(&mut self) -> Result<()> {
        let channel = *self.chance.pick(&[Channel::Phone, Channel::Visit, Channel::Note]);
        let new = LogInteraction {
            party_id: Some(*self.chance.pick(&self.parties)),
            channel: Some(channel),
            text: Some("گفت‌وگو".into()),
            next_what: self.chance.happens(0.3).then(|| "تماس".to_owned()),
            ..LogInteraction::default()
        };
        let logged = self.ctx.run(interactions::log, new).await?;
        self.entries.push(logged.interaction.id);
        self.planned.extend(logged.follow_up_id);
        Ok(())
    }

    async fn plan(&mut self) -> Result<()> {
        let due = self.ctx.today().plus(self.chance.between(0, 60)).to_string();
        let new =
            NewFollowUp { party_id: Some(*self.chance.pick(&self.parties)), what: "پیگیری".into(), due, ..NewFollowUp::default() };
        let planned = self.ctx.run(follow_ups::create, new).await?;
        self.planned.push(planned.follow_up.id);
        self.undos.push(planned.undo);
        Ok(())
    }

    async fn complete(&mut self) -> Result<()> {
        let Some(id) = self.some(|all| &all.planned) else { return Ok(()) };
        let next = self.chance.happens(0.4).then(|| NextStep {
            what: "بعدی".into(),
            due: "tomorrow".into(),
            owner_id: None,
            importance: None,
            channel: None,
            remind_minutes: None,
        });
        let contact = self.chance.happens(0.5).then_some(Channel::Phone);
        let input = CompleteFollowUp { id, version: None, result: None, text: Some("شد".into()), contact, next };
        let acted = self.ctx.run(follow_ups::complete, input).await?;
        self.planned.extend(acted.next);
        self.undos.push(acted.undo);
        Ok(())
    }

    async fn bring(&mut self) -> Result<()> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "customer,date,product,quantity,unit_price").unwrap();
        for _ in 0..self.chance.between(3, 12) {
            let (code, day) = (self.chance.between(1, 6), self.day());
            let quantity = if self.chance.happens(0.2) { -1 } else { 2 };
            writeln!(file, "K{code},{day},P{},{quantity},{}", self.chance.between(1, 4), self.chance.between(0, 90)).unwrap();
        }
        let new = NewImport {
            path: file.path().to_owned(),
            file_name: "file.csv".into(),
            kind: Some(Kind::Purchases),
            calendar: Some(Calendar::Gregorian),
            ..NewImport::default()
        };
        let prepared = record::prepare(&self.ctx, &new).await?;
        let id = record::create(&self.ctx, &new, &prepared).await?;
        let (_keep, stop) = watch::channel(false);
        engine::run(&self.ctx.app, Door::Cli, id, &stop, None, |_| {}).await?;
        self.imports.push(id);
        Ok(())
    }

    async fn take_import_back(&mut self) -> Result<()> {
        if self.imports.is_empty() {
            return Ok(());
        }
        let id = self.imports.remove(0);
        let (_keep, stop) = watch::channel(false);
        self.ctx.run(record::undo, record::ImportId { id }).await?;
        assert_eq!(take_back::run(&self.ctx.app, Door::Cli, id, &stop, None).await?, Outcome::Done);
        Ok(())
    }

    async fn act(&mut self) -> Result<&'static str> {
        let kinds = [
            ("buy", 0.24),
            ("give back", 0.1),
            ("talk", 0.14),
            ("correct", 0.06),
            ("withdraw", 0.06),
            ("plan", 0.08),
            ("complete", 0.07),
            ("cancel", 0.04),
            ("archive", 0.03),
            ("restore", 0.05),
            ("undo", 0.08),
            ("cost", 0.03),
            ("remove cost", 0.02),
            ("bring", 0.02),
            ("take import back", 0.01),
        ];
        let (kind, _) = *self.chance.weighted(&kinds, |kind| kind.1);
        match kind {
            "buy" => self.buy(false).await?,
            "give back" => self.buy(true).await?,
            "talk" => self.talk().await?,
            "correct" => {
                if let Some(id) = self.some(|all| &all.entries) {
                    let channel = Some(*self.chance.pick(&[Channel::Phone, Channel::Note]));
                    let corrected = self.ctx.run(interactions::update, UpdateInteraction { channel, ..UpdateInteraction::of(id) }).await?;
                    self.undos.push(corrected.undo);
                }
            }
            "withdraw" => {
                if let Some(id) = self.some(|all| &all.entries) {
                    self.undos.push(self.ctx.run(interactions::withdraw, InteractionId { id }).await?.undo);
                }
            }
            "plan" => self.plan().await?,
            "complete" => self.complete().await?,
            "cancel" => {
                if let Some(id) = self.some(|all| &all.planned) {
                    self.undos.push(self.ctx.run(follow_ups::cancel, CancelFollowUp { id, version: None }).await?.undo);
                }
            }
            "archive" | "restore" => {
                let id = PartyId { id: *self.chance.pick(&self.parties) };
                match kind {
                    "archive" => self.ctx.run(party::archive, id).await.map(drop)?,
                    _ => self.ctx.run(party::restore, id).await.map(drop)?,
                }
            }
            "undo" => {
                if let Some(id) = self.undos.pop() {
                    self.ctx.run(undo::run, RunUndo { id }).await?;
                }
            }
            "cost" => {
                let party_id = Some(*self.chance.pick(&self.parties));
                let new = NewCost { party_id, kind: Some(CostKind::Gift), amount: Some("30".into()), ..NewCost::default() };
                let acted = self.ctx.run(costs::add, new).await?;
                self.costs.push(acted.cost.id);
                self.undos.push(acted.undo);
            }
            "remove cost" => {
                if let Some(id) = self.some(|all| &all.costs) {
                    self.undos.push(self.ctx.run(costs::remove, RemoveCost { id }).await?.undo);
                }
            }
            "bring" => self.bring().await?,
            _ => self.take_import_back().await?,
        }
        Ok(kind)
    }
}

#[tokio::test]
async fn facts_kept_through_any_history_are_those_of_a_rebuild() {
    for seed in 1..=3 {
        let ctx = testing::ctx().await;
        let mut parties = Vec::new();
        for number in 0..8 {
            parties.push(testing::party(&ctx, &format!("نام {number}")).await);
        }
        let mut history = History {
            ctx: ctx.clone(),
            chance: Chance::new(seed, 0),
            parties,
            entries: Vec::new(),
            planned: Vec::new(),
            costs: Vec::new(),
            undos: Vec::new(),
            imports: Vec::new(),
            done: BTreeMap::new(),
        };
        for number in 1..=ACTS {
            // Time goes on, so that one thing follows the other.
            history.ctx.now = history.ctx.now.plus(1_000);
            match history.act().await {
                Ok(kind) => *history.done.entry(kind).or_default() += 1,
                Err(Error::Invalid(_) | Error::Conflict(_) | Error::NotFound(_)) => {}
                Err(error) => panic!("seed {seed}, act {number}: {error}"),
            }
            if number % LOOK_AFTER == 0 {
                drain(&ctx.app).await.unwrap();
                let before = kept(&ctx).await;
                assert_eq!(differing(&ctx).await, 0, "seed {seed}, after {number} acts: {:?}", history.done);
                assert!(kept(&ctx).await == before, "seed {seed}, after {number} acts");
            }
        }
        assert!(history.done.len() >= 13, "{:?}", history.done);
        let facts = kept(&ctx).await;
        assert!(facts.iter().filter(|one| one.purchases > 0).count() > 5 && facts.iter().any(|one| one.archived_at.is_some()));
    }
}
