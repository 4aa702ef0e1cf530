//! Which of two customers' facts the one who is kept has afterwards.

use crate::parties::check::{Channel, Role, Stance, name_key};
use crate::parties::party::PartyRow;
use crate::platform::text::search_key;
use crate::{Problem, Result};
use peyvand_db::{ToValue, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

peyvand_db::words! {
    /// One of two customers who are merged.
    pub enum Side {
        /// The one who is kept.
        This = "this",
        /// The one who turned out to be the same.
        Other = "other",
    }
}

/// A fact that is taken as a whole: what belongs together is not mixed.
struct Field {
    name: &'static str,
    columns: &'static [&'static str],
}

/// The facts, in the order in which a page asks for them.
const FIELDS: &[Field] = &[
    Field { name: "name", columns: &["name", "name_key", "first_name", "last_name"] },
    Field { name: "honorific", columns: &["honorific"] },
    Field { name: "father_name", columns: &["father_name"] },
    Field { name: "birth_on", columns: &["birth_on"] },
    Field { name: "gender", columns: &["gender"] },
    Field { name: "education", columns: &["education"] },
    Field { name: "job", columns: &["job"] },
    Field { name: "income_band", columns: &["income_band"] },
    Field { name: "city", columns: &["city", "city_key", "province", "country"] },
    Field { name: "role", columns: &["role"] },
    Field { name: "owner", columns: &["owner_id", "unit_id"] },
    Field { name: "source", columns: &["source", "source_words"] },
    Field { name: "stance", columns: &["stance", "stance_reason"] },
    Field { name: "preferred_channel", columns: &["preferred_channel"] },
    Field { name: "preferred_hours", columns: &["preferred_hours"] },
    Field { name: "note", columns: &["note"] },
];

/// A fact in which the two differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldSeen {
    /// Its name, for `keep`.
    pub field: &'static str,
    /// What the one who is kept has.
    pub this: Option<String>,
    /// What the other has.
    pub other: Option<String>,
    /// Whose is taken.
    pub takes: Side,
}

/// A column of the one who is kept that a merge changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) column: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Change {
    /// The column as a literal, and one of the two values for it.
    pub(super) fn set(&self, value: Option<&str>) -> Option<(&'static str, Value)> {
        let known = FIELDS.iter().flat_map(|field| field.columns).find(|column| **column == self.column)?;
        let value = match *known {
            "owner_id" | "unit_id" => value.and_then(|text| text.parse::<Uuid>().ok()).to_value(),
            _ => value.to_value(),
        };
        Some((known, value))
    }
}

/// A column of a party as text.
pub(super) fn text(row: &PartyRow, column: &str) -> Option<String> {
    match column {
        "name" => Some(row.name.clone()),
        "name_key" => Some(name_key(&row.name)),
        "first_name" => row.first_name.clone(),
        "last_name" => row.last_name.clone(),
        "honorific" => row.honorific.clone(),
        "father_name" => row.father_name.clone(),
        "birth_on" => row.birth_on.map(|day| day.to_string()),
        "gender" => row.gender.clone(),
        "education" => row.education.clone(),
        "job" => row.job.clone(),
        "income_band" => row.income_band.clone(),
        "province" => row.province.clone(),
        "city" => row.city.clone(),
        "city_key" => row.city.as_deref().map(search_key),
        "country" => row.country.clone(),
        "role" => Some(row.role.to_string()),
        "owner_id" => row.owner_id.map(|id| id.to_string()),
        "unit_id" => row.unit_id.map(|id| id.to_string()),
        "source" => row.source.clone(),
        "source_words" => row.source_words.clone(),
        "stance" => row.stance.map(Stance::as_str).map(str::to_owned),
        "stance_reason" => row.stance_reason.clone(),
        "preferred_channel" => row.preferred_channel.map(Channel::as_str).map(str::to_owned),
        "preferred_hours" => row.preferred_hours.clone(),
        "note" => row.note.clone(),
        _ => None,
    }
}

/// What people read of a fact.
fn shown(row: &PartyRow, field: &str) -> Option<String> {
    match field {
        "owner" => row.owner.clone().or_else(|| row.unit.clone()),
        "city" => row.city.clone().or_else(|| row.province.clone()).or_else(|| row.country.clone()),
        field => text(row, field),
    }
}

/// Whose fact is taken where nobody says: that of the one who is kept, unless there is none. Whoever has bought is a customer.
fn usual(this: &PartyRow, other: &PartyRow, field: &Field) -> Side {
    let is_empty = field.columns.iter().all(|column| text(this, column).is_none());
    let is_more = field.name == "role" && this.role == Role::Prospect && other.role != Role::Prospect;
    if is_empty || is_more { Side::Other } else { Side::This }
}

/// The facts in which two customers differ with whose is taken, and what that changes of the one who is kept.
///
/// # Errors
/// For a choice about a fact that there is none of.
pub(super) fn choose(this: &PartyRow, other: &PartyRow, keep: &BTreeMap<String, Side>) -> Result<(Vec<FieldSeen>, Vec<Change>), Problem> {
    if let Some(unknown) = keep.keys().find(|name| FIELDS.iter().all(|field| field.name != **name)) {
        let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
        return Err(Problem::new("keep", "merge-field-unknown").with("field", unknown).with("fields", names.join(", ")));
    }
    let (mut seen, mut changes) = (Vec::new(), Vec::new());
    for field in FIELDS {
        let differs = |column: &&str| text(this, column) != text(other, column);
        if !field.columns.iter().any(differs) {
            continue;
        }
        let takes = keep.get(field.name).copied().unwrap_or_else(|| usual(this, other, field));
        let read = (shown(this, field.name), shown(other, field.name));
        // Where people would read the same twice, what differs behind it.
        let (own, others) = match field.columns.iter().find(|column| differs(column)) {
            Some(column) if read.0 == read.1 => (text(this, column), text(other, column)),
            _ => read,
        };
        seen.push(FieldSeen { field: field.name, this: own, other: others, takes });
        if takes == Side::This {
            continue;
        }
        changes.extend(field.columns.iter().filter(|column| differs(column)).map(|column| Change {
            column: (*column).to_owned(),
            before: text(this, column),
            after: text(other, column),
        }));
    }
    Ok((seen, changes))
}
