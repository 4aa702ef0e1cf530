//! A field of a change that may be left alone, taken away or set.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// What a change says of something that may be missing. In JSON: the field is absent, `null`, or the new value; give
/// the field `#[serde(default)]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Nothing: what is there stays.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// This is the new value.
    Set(T),
}

impl<T> Patch<T> {
    /// The value that is to be set, if one is.
    pub fn new_value(&self) -> Option<&T> {
        match self {
            Patch::Set(value) => Some(value),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// What follows from the change for a value that was `old`; `new` is what the checks made of the new value.
    pub fn over<U>(&self, new: Option<U>, old: Option<U>) -> Option<U> {
        match self {
            Patch::Keep => old,
            Patch::Clear => None,
            Patch::Set(_) => new,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Patch<T>, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Patch::Clear, Patch::Set))
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        Option::<T>::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Option::<T>::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Change {
        #[serde(default)]
        count: Patch<i64>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let read = |json: &str| serde_json::from_str::<Change>(json).unwrap().count;
        assert_eq!(read("{}"), Patch::Keep);
        assert_eq!(read(r#"{"count": null}"#), Patch::Clear);
        assert_eq!(read(r#"{"count": 3}"#), Patch::Set(3));
        assert!(serde_json::from_str::<Change>(r#"{"count": "x"}"#).is_err());
    }
}
