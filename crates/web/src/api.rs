//! The JSON API: every operation under `/api/v1`, and its description.

use crate::State;
use crate::error::{PageError, PageResult};
use crate::request::Req;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as FromState};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post, put};
use peyvand_core::operation::Entry;
use peyvand_core::{Error, Operations, Problem};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The routes of all operations, and `openapi.json`.
pub fn router(ops: &Operations) -> Router<State> {
    let mut routes: BTreeMap<&'static str, MethodRouter<State>> = BTreeMap::new();
    for entry in ops.iter() {
        let name = entry.name;
        let handler =
            move |state: FromState<State>, req: Req, path: Path<BTreeMap<String, String>>, body: Bytes| call(name, state, req, path, body);
        let route = routes.remove(entry.path).unwrap_or_default();
        let route = match entry.method {
            "POST" => route.merge(post(handler)),
            "PUT" => route.merge(put(handler)),
            "DELETE" => route.merge(delete(handler)),
            _ => route.merge(get(handler)),
        };
        routes.insert(entry.path, route);
    }
    let router = Router::new().route("/openapi.json", get(description));
    routes.into_iter().fold(router, |router, (path, route)| router.route(path, route))
}

async fn call(
    name: &'static str,
    FromState(state): FromState<State>,
    req: Req,
    Path(path): Path<BTreeMap<String, String>>,
    body: Bytes,
) -> PageResult {
    let entry = state.ops.get(name).ok_or(PageError(Error::NotFound("operation")))?;
    let input = arguments(entry, &req, path, &body)?;
    let bytes = entry.run(&req.ctx, input).await?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// Address and body as one map; a name given twice in the query is a list. The body's values have their types.
fn arguments(entry: &Entry, req: &Req, path: BTreeMap<String, String>, body: &Bytes) -> Result<Map<String, Value>, PageError> {
    let mut input = Map::new();
    let query = req.path.split_once('?').map_or("", |(_, query)| query);
    let pairs: Vec<(String, String)> = serde_html_form::from_str(query).map_err(|error| not_read(&error.to_string()))?;
    for (name, value) in pairs {
        match input.get_mut(&name) {
            None => {
                input.insert(name, Value::String(value));
            }
            Some(Value::Array(list)) => list.push(Value::String(value)),
            Some(first) => *first = Value::Array(vec![first.take(), Value::String(value)]),
        }
    }
    for (name, value) in &path {
        input.insert(name.clone(), Value::String(value.clone()));
    }
    (entry.read_texts)(&mut input);
    if entry.writes() && !body.is_empty() {
        match serde_json::from_slice::<Value>(body) {
            // What stands in the address says what is meant.
            Ok(Value::Object(object)) => input.extend(object.into_iter().filter(|(name, _)| !path.contains_key(name))),
            Ok(_) => return Err(not_read("not a JSON object")),
            Err(error) => return Err(not_read(&error.to_string())),
        }
    }
    Ok(input)
}

fn not_read(detail: &str) -> PageError {
    PageError(Problem::new("", "input-form").with("detail", detail).into())
}

async fn description(FromState(state): FromState<State>) -> Response {
    axum::Json(openapi(&state.ops)).into_response()
}

/// The OpenAPI 3.1 description of all operations.
#[must_use]
pub fn openapi(ops: &Operations) -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let mut paths = Map::new();
    for entry in ops.iter() {
        let described = describe(entry, &mut generator);
        let path = paths.entry(entry.path).or_insert_with(|| json!({}));
        path[entry.method.to_ascii_lowercase()] = described;
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".into(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Peyvand",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every operation of Peyvand. Amounts of money are decimal texts in major units when sent; instants are RFC 3339, days ISO 8601. Errors are RFC 9457 problems with a stable code. Send Accept-Language fa, ar or en for the language of messages.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {"Problem": {
                "description": "Why it was not done.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }},
        },
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": ["not_found", "signed_out", "forbidden", "invalid", "conflict", "limited", "unavailable", "fault"]},
            "detail": {"type": "string"},
            "needs": {"type": "string", "description": "The right that is missing."},
            "request_id": {"type": "string"},
            "problems": {"type": "array", "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {"field": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
            }},
        },
    })
}

fn describe(entry: &Entry, generator: &mut SchemaGenerator) -> Value {
    let input = inlined((entry.input)(generator), generator);
    let output = (entry.output)(generator);
    let in_path: Vec<&str> = entry.path.split(['{', '}']).skip(1).step_by(2).collect();
    let properties = input.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let required: Vec<&str> =
        input.get("required").and_then(Value::as_array).map(|names| names.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let example = entry.example.map(|example| example());
    let mut parameters = Vec::new();
    for (name, schema) in &properties {
        let place = if in_path.contains(&name.as_str()) { "path" } else { "query" };
        if place == "query" && entry.writes() {
            continue;
        }
        let mut parameter =
            json!({"name": name, "in": place, "required": place == "path" || required.contains(&name.as_str()), "schema": schema});
        if let Some(about) = schema.get("description") {
            parameter["description"] = about.clone();
        }
        if let Some(value) = example.as_ref().and_then(|example| example.get(name)) {
            parameter["example"] = value.clone();
        }
        parameters.push(parameter);
    }
    let mut described = json!({
        "operationId": entry.name,
        "tags": [entry.name.split('.').next().unwrap_or_default()],
        "summary": entry.about,
        "parameters": parameters,
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": output}}},
        },
    });
    for status in ["401", "403", "404", "409", "413", "422", "429", "503"] {
        described["responses"][status] = json!({"$ref": "#/components/responses/Problem"});
    }
    if let Some(perm) = entry.perm {
        described["description"] = format!("Needs the right `{perm}`.").into();
    }
    if entry.writes() {
        let body: Map<String, Value> = properties.into_iter().filter(|(name, _)| !in_path.contains(&name.as_str())).collect();
        if !body.is_empty() {
            let needed: Vec<&str> = required.into_iter().filter(|name| !in_path.contains(name)).collect();
            let mut content = json!({"schema": {"type": "object", "properties": body, "required": needed, "additionalProperties": false}});
            if let Some(Value::Object(example)) = example {
                content["example"] = Value::Object(example.into_iter().filter(|(name, _)| !in_path.contains(&name.as_str())).collect());
            }
            described["requestBody"] = json!({"required": !needed.is_empty(), "content": {"application/json": content}});
        }
    }
    described
}

fn inlined(schema: Schema, generator: &SchemaGenerator) -> Value {
    let value = schema.to_value();
    match value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next()) {
        Some(name) => generator.definitions().get(name).cloned().unwrap_or(value),
        None => value,
    }
}
