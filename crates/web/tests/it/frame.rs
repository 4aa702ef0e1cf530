//! The frame around every page and every answer.

use crate::{Browser, program};
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_page_that_is_not_there_says_so_in_the_readers_language() {
    let (_, router) = program().await;
    for (lang, dir, words) in
        [("fa", "rtl", "این صفحه پیدا نشد"), ("ar", "rtl", "لم نجد هذه الصفحة"), ("en", "ltr", "This page was not found")]
    {
        for path in ["/nowhere", "/parties/no-id"] {
            let answer = Browser::new(&router).with("accept-language", lang).get(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
            assert_eq!(answer.one("h1"), words);
            assert!(answer.text.contains(&format!(r#"<html lang="{lang}" dir="{dir}""#)));
        }
    }
}

/// A block that stands under a condition is empty when it is rendered alone, whatever the condition says.
#[test]
fn no_part_of_a_page_stands_under_a_condition() {
    fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let mut templates = Vec::new();
    files(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut templates);
    assert!(templates.len() > 30);
    for path in templates {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut open: Vec<&str> = Vec::new();
        for tag in text.split("{%").skip(1) {
            let tag = tag.split("%}").next().unwrap_or_default().trim().trim_matches('-').trim();
            match tag.split_whitespace().next().unwrap_or_default() {
                word @ ("if" | "for" | "match") => open.push(word),
                "endif" | "endfor" | "endmatch" => _ = open.pop(),
                "block" => assert!(open.is_empty(), "{}: {tag} stands under {open:?}", path.display()),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let (_, router) = program().await;
    for path in ["/healthz", "/nowhere", "/api/v1/openapi.json", "/static/none.css"] {
        let answer = Browser::new(&router).get(path).await;
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    }
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let (_, router) = program().await;
    let answer = Browser::new(&router).with("sec-fetch-site", "cross-site").post("/sign-in", &[("email", "a@b.c")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_operation_without_a_token_answers_with_a_problem() {
    let (_, router) = program().await;
    let answer = Browser::new(&router).with("accept-language", "en").get("/api/v1/audit").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["code"], json!("signed_out"));
}

#[tokio::test]
async fn the_description_of_the_api_names_every_operation_once() {
    let (_, router) = program().await;
    let description = Browser::new(&router).get("/api/v1/openapi.json").await.json();
    let mut names = Vec::new();
    for (_, path) in description["paths"].as_object().unwrap() {
        for (_, operation) in path.as_object().unwrap() {
            names.push(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    names.sort();
    let mut known: Vec<String> = peyvand_core::operations().iter().map(|entry| entry.name.to_owned()).collect();
    known.sort();
    assert_eq!(names, known);
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused_with_words() {
    let (_, router) = program().await;
    let answer = Browser::new(&router).json(Method::POST, "/api/v1/terms", &json!([1])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["problems"][0]["code"], json!("input-form"));
}
