//! Stylesheet, scripts, icons and font, built from `assets/` and embedded with their compressed forms.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "static/dist"]
#[allow_missing = true]
struct Dist;

static NAMES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    Dist::get("manifest.json").and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_else(|| {
        tracing::error!("the program was built without its assets; run make assets and build it again");
        HashMap::new()
    })
});

/// The address of an asset: `app.css` → `/static/app.1a2b3c4d5e.css`.
#[must_use]
pub fn url(name: &str) -> String {
    format!("/static/{}", NAMES.get(name).map_or(name, String::as_str))
}

/// Serves an asset in the smallest form that the browser takes.
pub async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |encoding: &str| accepts.split(',').any(|item| item.trim().split(';').next() == Some(encoding));
    for (suffix, encoding) in [(".br", "br"), (".gz", "gzip")] {
        if takes(encoding)
            && let Some(found) = Dist::get(&format!("{file}{suffix}"))
        {
            let mut response = answer(&file, found.data.into_owned());
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            return response;
        }
    }
    match Dist::get(&file) {
        Some(found) => answer(&file, found.data.into_owned()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(file: &str, bytes: Vec<u8>) -> Response {
    let kind = match file.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable"), (header::VARY, "Accept-Encoding")];
    (headers, bytes).into_response()
}
