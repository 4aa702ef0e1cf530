//! Who is meant by the customer of a purchase or a contact: any identity key, an ID of another system, a phone, an
//! e-mail, or a name that only one party has. Who is not there is added.

use super::engine::{Gained, Run};
use super::plan::Mode;
use crate::parties::Party;
use crate::parties::check::{Checks, Kind, NewParty, Role, name_key};
use crate::parties::identity::{self, IdentityKind};
use crate::parties::write::{Known, Lookup, find_by_keys, insert_parties};
use crate::{Ctx, Problem, Result};
use peyvand_db::{Id, Tx, sql};
use std::collections::HashMap;
use std::sync::PoisonError;

/// Customers held in memory; a file with more starts over, which costs a look-up each.
const HELD: usize = 200_000;
/// Digits from which a number may be a telephone number.
const PHONE_DIGITS: usize = 10;

/// What the customer of a row came to.
#[derive(Clone, Debug)]
pub(super) enum Customer {
    /// This party.
    One(Id<Party>),
    /// None that can be told; why.
    None(Problem),
}

impl Customer {
    /// The party, if it can be told.
    pub fn party(&self) -> Option<Id<Party>> {
        match self {
            Customer::One(party) => Some(*party),
            Customer::None(_) => None,
        }
    }
}

/// Customers by what the file calls them.
#[derive(Default)]
pub(super) struct Cache(HashMap<String, Customer>);

impl Cache {
    pub fn learn(&mut self, customers: Vec<(String, Customer)>) {
        if self.0.len() + customers.len() > HELD {
            self.0.clear();
        }
        self.0.extend(customers);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Where to look for what a file calls a customer, the surest place first. IDs of other systems are one place, for the
/// file does not say which system it means.
fn lookups(cell: &str, run: &Run) -> Vec<Vec<Lookup>> {
    let plan = &run.plan;
    let key = |kind: IdentityKind, value: String| Lookup::Key { kind: kind.name().into(), value };
    let mut lookups = Vec::new();
    if let Ok(checked) = identity::check(IdentityKind::External, cell, &plan.country) {
        let external = |kind: &String| Lookup::Key { kind: kind.clone().into(), value: checked.normalised.clone() };
        lookups.push(run.systems.iter().map(external).collect());
        lookups.push(vec![key(IdentityKind::Code, checked.normalised.clone())]);
    }
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    for (kind, checked) in identity::recognise(cell, &plan.country) {
        match kind {
            IdentityKind::Phone if digits >= PHONE_DIGITS => lookups.push(vec![Lookup::Contact { value: checked.normalised }]),
            IdentityKind::Email => lookups.push(vec![Lookup::Contact { value: checked.normalised }]),
            IdentityKind::Phone | IdentityKind::IrSheba | IdentityKind::IrCard => {}
            kind if kind.is_secret() => lookups.push(vec![key(kind, plan.keys.lookup(kind.name(), &checked.normalised))]),
            kind => lookups.push(vec![key(kind, checked.normalised)]),
        }
    }
    lookups
}

/// Who is found at a place, each once.
fn at<'a>(known: &'a HashMap<Lookup, Vec<Known>>, place: &[Lookup]) -> Vec<&'a Known> {
    let mut here: Vec<&Known> = place.iter().filter_map(|lookup| known.get(lookup)).flatten().collect();
    here.sort_unstable_by_key(|one| one.id);
    here.dedup_by_key(|one| one.id);
    here
}

fn is_name(cell: &str) -> bool {
    cell.chars().any(char::is_alphabetic) && !cell.contains('@') && !cell.bytes().any(|byte| byte.is_ascii_digit())
}

/// The customer behind each of these names, in the order given.
pub(super) async fn resolve<'a>(
    tx: &mut Tx,
    ctx: &Ctx,
    run: &Run,
    cells: impl Iterator<Item = &'a str>,
    gained: &mut Gained,
) -> Result<HashMap<&'a str, Customer>> {
    let mut found: HashMap<&str, Customer> = HashMap::new();
    let mut open: Vec<&str> = Vec::new();
    {
        let cache = run.customers.lock().unwrap_or_else(PoisonError::into_inner);
        for cell in cells {
            if found.contains_key(cell) {
                continue;
            }
            match cache.0.get(cell) {
                Some(customer) => {
                    found.insert(cell, customer.clone());
                }
                None => open.push(cell),
            }
        }
    }
    open.sort_unstable();
    open.dedup();
    if open.is_empty() {
        return Ok(found);
    }
    let places: Vec<Vec<Vec<Lookup>>> = open.iter().map(|cell| lookups(cell, run)).collect();
    let known = find_by_keys(tx, places.iter().flatten().flatten().cloned()).await?;
    let by_name = by_name(tx, open.iter().copied().filter(|cell| is_name(cell))).await?;
    let mut missing = Vec::new();
    for (cell, places) in open.iter().zip(&places) {
        let here = places.iter().map(|place| at(&known, place)).find(|here| !here.is_empty());
        let customer = match here.as_deref() {
            Some([one]) if one.is_seen(&run.sight) => Customer::One(one.id),
            Some([_]) => Customer::None(Problem::new("customer", "import-customer-out-of-sight")),
            Some(_) => Customer::None(Problem::new("customer", "import-customer-several").with("customer", cell)),
            None => match by_name.get(&name_key(cell)).map(Vec::as_slice) {
                Some([one]) => Customer::One(*one),
                Some(_) => Customer::None(Problem::new("customer", "import-customer-several").with("customer", cell)),
                None if run.mode == Mode::Update => {
                    Customer::None(Problem::new("customer", "import-customer-unknown").with("customer", cell))
                }
                None => {
                    missing.push(*cell);
                    continue;
                }
            },
        };
        found.insert(*cell, customer);
    }
    add(tx, ctx, run, &missing, &mut found, gained).await?;
    gained.customers.extend(open.iter().filter_map(|cell| Some(((*cell).to_owned(), found.get(cell)?.clone()))));
    Ok(found)
}

async fn by_name(tx: &mut Tx, names: impl Iterator<Item = &str>) -> Result<HashMap<String, Vec<Id<Party>>>> {
    let keys: Vec<String> = names.map(name_key).filter(|key| !key.is_empty()).collect();
    let mut found: HashMap<String, Vec<Id<Party>>> = HashMap::new();
    if keys.is_empty() {
        return Ok(found);
    }
    let mut query = sql("SELECT name_key, id FROM parties WHERE archived_at IS NULL AND name_key IN ");
    query.list_padded(&keys).push(" ORDER BY name_key, id LIMIT 20000");
    for (key, id) in tx.all::<(String, Id<Party>)>(query).await? {
        found.entry(key).or_default().push(id);
    }
    Ok(found)
}

/// Adds a customer for each name that nobody has: named by it, and found by it from now on.
async fn add<'a>(
    tx: &mut Tx,
    ctx: &Ctx,
    run: &Run,
    cells: &[&'a str],
    found: &mut HashMap<&'a str, Customer>,
    gained: &mut Gained,
) -> Result<()> {
    let plan = &run.plan;
    let checks = Checks { country: &plan.country, calendar: plan.calendar, today: plan.today, keys: &plan.keys };
    let mut fresh = Vec::new();
    let mut names: Vec<&'a str> = Vec::new();
    for cell in cells {
        let mut new = NewParty {
            name: Some((*cell).to_owned()),
            kind: Some(Kind::Person),
            role: Some(Role::Customer),
            source: Some("import".to_owned()),
            unit_id: run.unit,
            ..NewParty::default()
        };
        let text = Some((*cell).to_owned());
        let is = |kind| identity::check(kind, cell, &plan.country).is_ok();
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        if is(IdentityKind::Email) {
            new.email = text;
        } else if digits == 10 && is(IdentityKind::IrNationalId) && !cell.starts_with('9') {
            new.national_id = text;
        } else if digits >= PHONE_DIGITS && is(IdentityKind::Phone) {
            new.phone = text;
        } else {
            new.external_id = text;
        }
        match new.checked(&checks).and_then(|party| party.named()) {
            Ok(party) => {
                fresh.push(party);
                names.push(cell);
            }
            Err(problems) => {
                let problem = problems.0.into_iter().next().unwrap_or_else(|| Problem::new("customer", "input-form"));
                found.insert(cell, Customer::None(Problem { field: "customer".into(), ..problem }));
            }
        }
    }
    // Two spellings of one key in one batch are one customer.
    let mut first: HashMap<(String, String), usize> = HashMap::new();
    let mut alike: Vec<Option<usize>> = Vec::new();
    let mut kept = Vec::new();
    for party in fresh {
        let key = party.keys.first().map(|key| (key.kind.to_string(), key.value.clone()));
        let key = key.or_else(|| party.contacts.first().map(|contact| ("contact".to_owned(), contact.value.clone())));
        let place = kept.len();
        match key.map(|key| *first.entry(key).or_insert(place)) {
            Some(earlier) if earlier < place => alike.push(Some(earlier)),
            _ => {
                alike.push(None);
                kept.push(party);
            }
        }
    }
    let written = insert_parties(tx, ctx, &kept, Some(run.id.0)).await?;
    let mut next = 0;
    for (name, earlier) in names.into_iter().zip(alike) {
        let place = earlier.unwrap_or_else(|| {
            next += 1;
            next - 1
        });
        if let Some(party) = written.get(place) {
            found.insert(name, Customer::One(party.id));
        }
    }
    gained.details.customers_created += kept.len() as i64;
    Ok(())
}
