//! An experiment from elsewhere: what came of each of its customers, row by row.

use super::dealing::WHOLE;
use super::write::{NAME_MAX, TEXT_MAX, smallest};
use super::{Experiment, ExperimentSeen, Outcome, looks, read};
use crate::experience::legality::TreatmentKind;
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money, MoneyUnit};
use crate::platform::text::{clean_line, clean_text, fold_digits};
use crate::{Act, Ctx, Error, Fields, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, ToValue, sql};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Customers of an experiment from elsewhere.
const ROWS_MAX: usize = 200_000;
/// Arms of it, the control among them.
const ARMS_MAX: usize = 8;
/// What is worth knowing unless somebody says: a point of a share.
const SMALLEST: &str = "1";

/// An experiment from elsewhere.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportExperiment {
    /// Its name.
    pub name: String,
    /// What was to be found out, in own words.
    pub question: Option<String>,
    /// What was tried.
    pub kind: TreatmentKind,
    /// What is measured: `bought`, `occasions` or `spend`.
    pub outcome: Outcome,
    /// Currency of what they spent; the organisation's unless given.
    pub currency: Option<Currency>,
    /// The difference that is worth knowing, as decimal text; 1 per cent point, purchase or major unit unless given.
    pub smallest: Option<String>,
    /// Name of the arm that is the control.
    pub control: String,
    /// The customers as text, a line each: the arm, on how many days they bought, what they spent in major units and, where
    /// several did the same, how many they were. Parts are divided by commas or tabs; a first line of names is left out.
    pub rows: String,
}

/// Customers who did the same.
#[derive(Debug, PartialEq)]
struct Line {
    arm: usize,
    bought: i64,
    spent_minor: i64,
    times: usize,
}

/// Reads the rows: the names of the arms as they come, and what their customers did.
fn lines(text: &str, currency: Currency) -> Result<(Vec<String>, Vec<Line>), Problem> {
    let mut arms: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    let mut all = 0_usize;
    for (number, line) in (1_usize..).zip(text.lines()) {
        let line = fold_digits(line);
        let parts: Vec<&str> = line.split(['\t', ',', ';']).map(str::trim).collect();
        if parts.iter().all(|part| part.is_empty()) || (number == 1 && parts.get(1).is_some_and(|part| part.parse::<i64>().is_err())) {
            continue;
        }
        let wrong = || Problem::new("rows", "experiments-row-not-read").with("row", number);
        let (Some(arm), Some(bought)) = (parts.first().filter(|arm| !arm.is_empty()), parts.get(1)) else { return Err(wrong()) };
        let bought = bought.parse::<i64>().ok().filter(|bought| (0..=10_000).contains(bought)).ok_or_else(wrong)?;
        let spent = parts.get(2).filter(|part| !part.is_empty());
        let spent_minor = match spent {
            Some(spent) => Money::parse(spent, currency, MoneyUnit::Currency).map_err(|_| wrong())?.minor,
            None => 0,
        };
        let times = match parts.get(3).filter(|part| !part.is_empty()) {
            Some(times) => times.parse::<usize>().ok().filter(|times| *times > 0).ok_or_else(wrong)?,
            None => 1,
        };
        all = all.saturating_add(times);
        let arm = match arms.iter().position(|known| known == arm) {
            Some(known) => known,
            None => {
                arms.push((*arm).to_owned());
                arms.len() - 1
            }
        };
        if all > ROWS_MAX || arms.len() > ARMS_MAX {
            return Err(Problem::new("rows", "experiments-rows-many").with("rows", ROWS_MAX).with("arms", ARMS_MAX));
        }
        lines.push(Line { arm, bought, spent_minor, times });
    }
    if arms.len() < 2 { Err(Problem::new("rows", "experiments-rows-arms")) } else { Ok((arms, lines)) }
}

/// Brings in what came of an experiment elsewhere, and looks at it.
///
/// # Errors
/// For fields or rows that cannot be read, or a control that is none of the arms.
pub async fn import(ctx: &Ctx, input: ImportExperiment) -> Result<ExperimentSeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Create))?;
    let currency = match input.currency {
        Some(currency) => currency,
        None => ctx.app.organisation().await?.currency,
    };
    let mut fields = Fields::default();
    let name = clean_line(&input.name, NAME_MAX).map_err(|problem| Problem::new("name", problem.key()).with("max", NAME_MAX));
    let name = fields.take(name).unwrap_or_default();
    if name.is_empty() && fields.0.is_empty() {
        fields.add("name", "input-needed");
    }
    let question = clean_text(input.question.as_deref().unwrap_or_default(), TEXT_MAX)
        .map_err(|problem| Problem::new("question", problem.key()).with("max", TEXT_MAX));
    let question = fields.take(question).filter(|question| !question.is_empty());
    if matches!(input.outcome, Outcome::Benefit | Outcome::Introduced) {
        fields.add("outcome", "experiments-benefit-elsewhere");
    }
    let smallest = fields.take(smallest(input.smallest.as_deref().unwrap_or(SMALLEST), input.outcome, currency)).unwrap_or_default();
    let (mut names, lines) = fields.take(lines(&input.rows, currency)).unwrap_or_default();
    let control = names.iter().position(|name| name == input.control.trim());
    if control.is_none() && !names.is_empty() {
        fields.add("control", "experiments-control-unknown");
    }
    fields.check()?;
    let control = control.unwrap_or_default();
    // The control comes first.
    names.swap(0, control);
    let place = |arm: usize| {
        if arm == control {
            0
        } else if arm == 0 {
            control
        } else {
            arm
        }
    };
    let planned: usize = lines.iter().map(|line| line.times).sum();
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let id: Id<Experiment> = ctx.id();
    let mut tx = writer.begin().await?;
    tx.run(
        sql("INSERT INTO experiments (id, name, question, kind, outcome, state, is_imported, stages, horizon_days, min_days, smallest,
               planned, goods, currency, salt, assigned, complete, created_by, created_at, started_at, ended_at)
             VALUES ($1, $2, $3, $4, $5, 'ended', $6, $7, 0, 0, $8, $9, 0, $10, '', $9, $9, $11, $12, $12, $12)")
        .bind(id)
        .bind(&name)
        .bind(question)
        .bind(input.kind)
        .bind(input.outcome)
        .bind(true)
        .bind(json!([]))
        .bind(smallest)
        .bind(i64::try_from(planned).unwrap_or_default())
        .bind(currency)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    let parts = i64::try_from(names.len()).unwrap_or(2);
    let each = WHOLE / parts;
    let rows = (0_i64..).zip(&names).map(|(place, name)| {
        let share = if place == 0 { WHOLE - each * (parts - 1) } else { each };
        vec![id.to_value(), place.to_value(), name.to_value(), share.to_value(), 0_i64.to_value()]
    });
    let head = "INSERT INTO experiment_arms (experiment_id, place, name, share, unit_cost_minor) VALUES ";
    for statement in Sql::inserts(head, rows.collect(), "") {
        tx.run(statement).await?;
    }
    let before = today.plus(-1);
    let mut rows = Vec::with_capacity(planned);
    for line in &lines {
        for _ in 0..line.times {
            let unit: Id<super::ExperimentUnit> = ctx.id();
            rows.push(vec![
                unit.to_value(),
                id.to_value(),
                None::<Id<Party>>.to_value(),
                i64::try_from(place(line.arm)).unwrap_or_default().to_value(),
                0_i64.to_value(),
                ctx.now().to_value(),
                before.to_value(),
                before.to_value(),
                0_i64.to_value(),
                0_i64.to_value(),
                line.bought.to_value(),
                line.spent_minor.to_value(),
            ]);
        }
    }
    for statement in Sql::inserts(
        "INSERT INTO experiment_units (id, experiment_id, party_id, arm, stratum, assigned_at, assigned_on, until_on, before_occasions,
           before_minor, bought, spent_minor) VALUES ",
        rows,
        "",
    ) {
        tx.run(statement).await?;
    }
    events::record(&mut tx, ctx, Event::of("experiment.imported", id, json!({"name": name, "customers": planned}))).await?;
    tx.commit().await?;
    looks::take_look(ctx, id).await.map_err(|error| if matches!(error, Error::Invalid(_)) { Error::fault("no look") } else { error })?;
    read(ctx, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_come_from_a_sheet() {
        let text = "arm\tbought\tspent\ttimes\nnone\t0\t\t۱۰\nmail\t1\t12.50\n\nmail,2,3";
        let (arms, found) = lines(text, Currency::from_code("USD").unwrap()).unwrap();
        assert_eq!(arms, ["none", "mail"]);
        let line = |arm, bought, spent_minor, times| Line { arm, bought, spent_minor, times };
        assert_eq!(found, [line(0, 0, 0, 10), line(1, 1, 1_250, 1), line(1, 2, 300, 1)]);
        let problem = |text: &str| lines(text, Currency::IRR).unwrap_err().key.to_string();
        assert_eq!(problem("a,1\nb,x"), "experiments-row-not-read");
        assert_eq!(problem("a,1\na,0"), "experiments-rows-arms");
        assert_eq!(problem("a,1,,200001\nb,1"), "experiments-rows-many");
        assert_eq!(problem("a,1\nb,1,,0"), "experiments-row-not-read");
    }
}
