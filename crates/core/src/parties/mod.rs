//! Customers in the widest sense: persons, organisations, suppliers.

pub mod addresses;
pub mod bulk;
pub mod check;
pub mod contacts;
pub mod duplicates;
pub mod export;
pub mod facts;
#[cfg(test)]
mod facts_tests;
pub mod identities;
pub mod identity;
pub mod list;
pub mod merge;
pub mod named;
pub mod pairs;
pub mod party;
pub mod preferences;
pub mod relations;
pub mod rhythm;
pub mod search;
pub mod timeline;
pub mod views;
pub mod whom;
pub mod write;

pub use party::Party;

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    party::operations(ops);
    bulk::operations(ops);
    preferences::operations(ops);
    relations::operations(ops);
    timeline::operations(ops);
    list::operations(ops);
    views::operations(ops);
    named::operations(ops);
    search::operations(ops);
    duplicates::operations(ops);
    contacts::operations(ops);
    addresses::operations(ops);
    identities::operations(ops);
    facts::operations(ops);
    merge::operations(ops);
    pairs::operations(ops);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::{Error, testing};
    use serde_json::{Map, Value, json};

    /// An input that fits the operation, about this party.
    fn input(entry: &crate::operation::Entry, party: peyvand_db::Id<Party>) -> Map<String, Value> {
        let example = entry.example.map_or_else(|| json!({}), |example| example());
        let mut input = example.as_object().cloned().unwrap_or_default();
        for part in entry.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let value = match part {
                "kind" => json!("ir_national_id"),
                _ => json!(party),
            };
            input.insert(part.to_owned(), value);
        }
        input
    }

    #[tokio::test]
    async fn a_party_out_of_sight_is_not_there_for_any_operation() {
        let ctx = testing::ctx().await;
        let new = NewParty { name: Some("پنهان".into()), national_id: Some("0084575948".into()), ..NewParty::default() };
        let party = ctx.run(party::create, new).await.unwrap().id;
        // Every right, but only over their own.
        let mut rights = crate::Rights::full();
        for right in rights.0.values_mut() {
            right.see = crate::platform::access::Reach::Own;
        }
        let reza = testing::as_post(&ctx.app, "agent", "reza").await;
        let reza = testing::with_rights(&ctx.app, reza.actor.user().unwrap(), "reza", rights, vec![]);
        let mut ops = Operations::default();
        operations(&mut ops);
        let mut tried = 0;
        for entry in ops.iter().filter(|entry| entry.path.starts_with("/parties/{id}")) {
            tried += 1;
            let outcome = entry.run(&reza, input(entry, party)).await;
            assert!(matches!(outcome, Err(Error::NotFound(_))), "{}: {outcome:?}", entry.name);
        }
        assert!(tried >= 10);
    }

    #[tokio::test]
    async fn signs_that_no_text_holds_find_nothing_and_break_nothing() {
        let ctx = testing::ctx().await;
        let mut ops = Operations::default();
        operations(&mut ops);
        for text in ["\0", "a\0b", "%", "_", "'", "\u{202e}x", "\u{fffd}", &"9".repeat(5_000)] {
            for (name, field) in [
                ("parties.search", "q"),
                ("parties.list", "q"),
                ("parties.list", "city"),
                ("parties.list", "province"),
                ("parties.count", "tag"),
                ("parties.duplicates", "name"),
            ] {
                let outcome = ops.get(name).unwrap().run(&ctx, Map::from_iter([(field.to_owned(), json!(text))])).await;
                assert!(matches!(outcome, Ok(_) | Err(Error::Invalid(_))), "{name} {field}: {outcome:?}");
            }
        }
    }
}
