//! Operations as data: what the JSON API, OpenAPI and the command line walk over.

use crate::{Ctx, Error, Fields, Perm, Problem, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

/// An `async fn(&Ctx, In) -> Result<Out>`; lets one bound cover functions whose future borrows the context.
pub trait Operation<'a, In, Out>: Send + Sync {
    /// Its future.
    type Future: Future<Output = Result<Out>> + Send + 'a;
    /// Calls it.
    fn call(&self, ctx: &'a Ctx, input: In) -> Self::Future;
}

impl<'a, F, Fut, In, Out> Operation<'a, In, Out> for F
where
    F: Fn(&'a Ctx, In) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Out>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, ctx: &'a Ctx, input: In) -> Fut {
        self(ctx, input)
    }
}

type Run = dyn for<'a> Fn(&'a Ctx, Map<String, Value>) -> Pin<Box<dyn Future<Output = Result<Vec<u8>>> + Send + 'a>> + Send + Sync;

type ReadTexts = dyn Fn(&mut Map<String, Value>) + Send + Sync;

/// An operation as machines see it.
#[derive(Clone)]
pub struct Entry {
    /// `parties.create`.
    pub name: &'static str,
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: &'static str,
    /// Below `/api/v1`, with `{id}` for parts that are input fields.
    pub path: &'static str,
    /// The right it asks for; `None` for what anybody signed in may do.
    pub perm: Option<Perm>,
    /// One sentence in English, for OpenAPI and the command line.
    pub about: &'static str,
    /// An input that works, for OpenAPI.
    pub example: Option<fn() -> Value>,
    /// Schema of the input.
    pub input: fn(&mut SchemaGenerator) -> Schema,
    /// Schema of the output.
    pub output: fn(&mut SchemaGenerator) -> Schema,
    /// Turns values that are text only because they come from an address or a command line into what the input asks
    /// for, where that is clear. What is not clear is left for the reader of the input to refuse.
    pub read_texts: Arc<ReadTexts>,
    run: Arc<Run>,
}

impl Entry {
    /// Whether it changes anything.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// Runs it on a map of arguments and gives the JSON of its result.
    ///
    /// # Errors
    /// [`Error::Invalid`] for arguments that do not fit, and those of the operation.
    pub async fn run(&self, ctx: &Ctx, input: Map<String, Value>) -> Result<Vec<u8>> {
        (self.run)(ctx, input).await
    }
}

/// The list of operations.
#[derive(Clone, Default)]
pub struct Operations {
    entries: Vec<Entry>,
}

impl Operations {
    /// Adds one. `route` is method and path: `"GET /parties/{id}"`.
    pub fn add<In, Out, F>(
        &mut self,
        name: &'static str,
        route: &'static str,
        perm: Option<Perm>,
        about: &'static str,
        operation: F,
    ) -> &mut Entry
    where
        In: DeserializeOwned + JsonSchema + Clone + Send + 'static,
        Out: Serialize + JsonSchema + Send + 'static,
        F: for<'a> Operation<'a, In, Out> + Clone + 'static,
    {
        let (method, path) = route.split_once(' ').unwrap_or(("GET", route));
        let run: Arc<Run> = Arc::new(move |ctx, input| {
            let operation = operation.clone();
            Box::pin(async move {
                let input: In = serde_json::from_value(Value::Object(input)).map_err(not_of_the_form)?;
                let output = ctx.run(operation, input).await?;
                serde_json::to_vec(&output).map_err(Error::fault)
            })
        });
        // Made once, for the first input: it takes longer than most reads.
        let schema: OnceLock<Schema> = OnceLock::new();
        self.entries.push(Entry {
            name,
            method,
            path,
            perm,
            about,
            example: None,
            input: |generator| generator.subschema_for::<In>(),
            output: |generator| generator.subschema_for::<Out>(),
            read_texts: Arc::new(move |input| {
                let schema = schema.get_or_init(|| SchemaGenerator::default().into_root_schema_for::<In>());
                coerce(input, schema.as_value(), method != "GET");
            }),
            run,
        });
        let last = self.entries.len() - 1;
        &mut self.entries[last]
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The one of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl Entry {
    /// Gives an input that works.
    pub fn example(&mut self, example: fn() -> Value) -> &mut Entry {
        self.example = Some(example);
        self
    }
}

fn not_of_the_form(error: serde_json::Error) -> Error {
    Problem::new("", "input-form").with("detail", error).into()
}

/// An empty text takes a value away where something is `written`; in a question it is a mistake, left to be refused.
fn coerce(input: &mut Map<String, Value>, schema: &Value, written: bool) {
    for (name, value) in input.iter_mut() {
        let Value::String(text) = value else { continue };
        let Some(property) = schema.pointer("/properties").and_then(|properties| properties.get(name)) else { continue };
        let types = types_of(property, schema, 0);
        let is = |kind: &str| types.iter().any(|found| found == kind);
        if is("string") {
            continue;
        }
        let text = crate::platform::text::fold_digits(text.trim());
        if written && text.is_empty() && is("null") {
            *value = Value::Null;
        } else if is("boolean") && matches!(&*text, "true" | "false" | "1" | "0" | "on" | "yes" | "no") {
            *value = Value::Bool(matches!(&*text, "true" | "1" | "on" | "yes"));
        } else if is("integer")
            && let Ok(number) = text.parse::<i64>()
        {
            *value = number.into();
        } else if is("number")
            && let Ok(number) = text.parse::<f64>()
        {
            *value = number.into();
        } else if is("array") && !text.trim_start().starts_with('[') {
            *value = text.split(',').map(|item| Value::String(item.trim().to_owned())).collect();
        } else if (is("array") || is("object"))
            && let Ok(parsed) = serde_json::from_str(&text)
        {
            *value = parsed;
        }
    }
}

/// The types that a value may have. `word` is one of a few ready-made ones, to which an empty text never belongs.
fn types_of(schema: &Value, root: &Value, depth: u8) -> Vec<String> {
    // A schema that refers to itself ends here.
    if depth > 4 {
        return Vec::new();
    }
    if schema.get("enum").is_some() || schema.get("const").is_some_and(Value::is_string) {
        return vec!["word".to_owned()];
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#'));
        return target.map_or_else(Vec::new, |target| types_of(target, root, depth + 1));
    }
    let mut types: Vec<String> = match schema.get("type") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    for choice in ["anyOf", "oneOf"] {
        if let Some(Value::Array(choices)) = schema.get(choice) {
            types.extend(choices.iter().flat_map(|one| types_of(one, root, depth + 1)));
        }
    }
    types
}

/// Reads a part of an input that is an object. By itself serde would also take the values of its fields in an array,
/// which nobody means who sends one.
///
/// # Errors
/// For anything but an object of that form.
pub fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(input: D) -> std::result::Result<T, D::Error> {
    let fields = Map::deserialize(input)?;
    T::deserialize(Value::Object(fields)).map_err(serde::de::Error::custom)
}

/// The same for a part that may be absent.
///
/// # Errors
/// For anything but an object of that form, or nothing.
pub fn maybe_object<'de, T: DeserializeOwned, D: Deserializer<'de>>(input: D) -> std::result::Result<Option<T>, D::Error> {
    let fields = Option::<Map<String, Value>>::deserialize(input)?;
    fields.map(|fields| T::deserialize(Value::Object(fields)).map_err(serde::de::Error::custom)).transpose()
}

/// An input without fields.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// An answer without content beyond that it was done.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Done {
    /// Always true.
    pub done: bool,
}

/// The answer [`Done`].
pub const DONE: Done = Done { done: true };

/// A page of a list, with the place where the next one starts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass as `after` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The page of rows that were read with a limit one above `limit`: a row too many tells that there are more. `place`
    /// says where a row stands in the order of the list.
    #[must_use]
    pub fn cut(mut items: Vec<T>, limit: i64, place: impl FnOnce(&T) -> String) -> Page<T> {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(place);
        Page { items, next }
    }
}

/// Rows of a page unless the caller asks otherwise.
pub const PAGE: i64 = 50;
/// Most rows of a page.
pub const PAGE_MAX: i64 = 200;

/// A page size within bounds.
///
/// # Errors
/// A problem at field `limit` when it is outside of 1 to [`PAGE_MAX`].
pub fn page_size(limit: Option<i64>) -> Result<i64> {
    match limit.unwrap_or(PAGE) {
        limit @ 1..=PAGE_MAX => Ok(limit),
        _ => Err(Problem::new("limit", "input-range").with("min", 1).with("max", PAGE_MAX).into()),
    }
}

/// A problem list from one check.
#[must_use]
pub fn invalid(problems: Vec<Problem>) -> Error {
    Error::Invalid(Fields(problems))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::{Reach, Right, UserActor};
    use crate::{Act, Actor, Door, Patch, Rights, testing};
    use serde_json::json;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Input {
        count: Option<i64>,
        on: bool,
        tags: Vec<String>,
        name: String,
        note: Option<String>,
        channel: Patch<crate::interactions::Channel>,
    }

    #[test]
    fn text_becomes_what_the_schema_asks_for() {
        let schema = schemars::SchemaGenerator::default().into_root_schema_for::<Input>();
        let mut input = json!({"count": "۱۲", "on": "true", "tags": "a, b", "name": "12", "note": "", "channel": "phone"});
        coerce(input.as_object_mut().unwrap(), schema.as_value(), false);
        assert_eq!(input, json!({"count": 12, "on": true, "tags": ["a", "b"], "name": "12", "note": "", "channel": "phone"}));
        let mut empty = json!({"count": "", "channel": ""});
        let mut asked = empty.clone();
        coerce(asked.as_object_mut().unwrap(), schema.as_value(), false);
        assert_eq!(asked, empty, "an empty text in a question is refused where it is read");
        coerce(empty.as_object_mut().unwrap(), schema.as_value(), true);
        assert_eq!(empty, json!({"count": null, "channel": null}), "where no text fits, an empty one stands for nothing");
    }

    /// An input that is of the form the operation asks for: its example, and for what is needed beyond it a value of
    /// the right kind.
    fn sample(entry: &Entry) -> Map<String, Value> {
        let mut generator = schemars::SchemaGenerator::default();
        let schema = serde_json::to_value((entry.input)(&mut generator)).unwrap();
        let definitions = json!({"$defs": generator.take_definitions(true)});
        let mut input = entry.example.map_or_else(Map::new, |example| example().as_object().unwrap().clone());
        if let Value::Object(needed) = value_of(&schema, &definitions) {
            for (name, value) in needed {
                input.entry(name).or_insert(value);
            }
        }
        input
    }

    fn value_of(schema: &Value, root: &Value) -> Value {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return value_of(root.pointer(reference.trim_start_matches('#')).unwrap(), root);
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return values[0].clone();
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            if let Some(choices) = schema.get(choice).and_then(Value::as_array) {
                return value_of(&choices[0], root);
            }
        }
        let kind = schema.get("type").map(|kind| kind.as_array().map_or(kind, |kinds| &kinds[0])).and_then(Value::as_str);
        match (kind, schema.get("format").and_then(Value::as_str)) {
            (Some("string"), Some("uuid")) => json!("01943b5c-0000-7000-8000-000000000001"),
            (Some("string"), Some("date-time")) => json!("2026-11-21T05:00:00Z"),
            (Some("string"), Some("date")) => json!("2026-11-21"),
            (Some("string"), _) => json!("x"),
            (Some("integer" | "number"), _) => json!(1),
            (Some("boolean"), _) => json!(true),
            (Some("array"), _) => json!([]),
            _ => {
                let names = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
                let properties = schema.get("properties");
                let needed = names.iter().filter_map(Value::as_str).filter_map(|name| Some((name, properties?.get(name)?)));
                Value::Object(needed.map(|(name, property)| (name.to_owned(), value_of(property, root))).collect())
            }
        }
    }

    /// Every right but one.
    fn all_but(perm: Perm) -> Rights {
        let mut rights = Rights::full();
        let right = rights.0.entry(perm.0).or_insert(Right::FULL);
        match perm.1 {
            Act::See => right.see = Reach::Nothing,
            Act::Create => right.create = false,
            Act::Change => right.change = false,
            Act::Delete => right.delete = false,
            Act::Export => right.export = false,
        }
        rights
    }

    #[tokio::test]
    async fn every_operation_refuses_every_caller_without_its_right() {
        let owner = testing::ctx().await;
        let (app, id, units) = (&owner.app, owner.actor.user().unwrap(), vec![owner.actor.unit().unwrap()]);
        let nobody = app.context(Actor::Nobody, Door::Api, owner.prefs.clone());
        let mut wrong = Vec::new();
        for entry in crate::operations().iter() {
            let input = sample(entry);
            match entry.run(&nobody, input.clone()).await {
                Err(Error::SignedOut) => {}
                other => wrong.push(format!("{} to nobody: {other:?}", entry.name)),
            }
            let Some(perm) = entry.perm else { continue };
            let without = testing::with_rights(app, id, "without", all_but(perm), units.clone());
            let scopes = crate::platform::tokens::every_scope().into_iter().filter(|scope| *scope != perm.to_string()).collect();
            let actor = UserActor { id, name: "token".into(), units: units.clone(), rights: Rights::full(), scopes: Some(scopes) };
            let token = app.context(Actor::User(actor.into()), Door::Api, owner.prefs.clone());
            for (caller, ctx) in [("a user without the right", without), ("a token without the scope", token)] {
                match entry.run(&ctx, input.clone()).await {
                    Err(Error::Forbidden(missing)) if missing == perm => {}
                    other => wrong.push(format!("{} to {caller}: {other:?}", entry.name)),
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[tokio::test]
    async fn every_operation_knows_whoever_holds_its_right() {
        let owner = testing::ctx().await;
        let mut wrong = Vec::new();
        for entry in crate::operations().iter() {
            // Reaching the rule behind the right is enough here; what it then says is tested with each room.
            if let Err(error @ (Error::Forbidden(_) | Error::SignedOut | Error::Fault(_))) = entry.run(&owner, sample(entry)).await {
                wrong.push(format!("{}: {error}", entry.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn names_and_routes_of_operations_are_unique_and_examples_are_of_the_form() {
        let ops = crate::operations();
        let mut names: Vec<_> = ops.iter().map(|entry| entry.name).collect();
        let mut routes: Vec<_> = ops.iter().map(|entry| (entry.method, entry.path)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        routes.sort_unstable();
        routes.dedup();
        assert_eq!((names.len(), routes.len()), (count, count));
    }
}
