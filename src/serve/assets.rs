//! The page, as it is embedded in the program: plain HTML, style and script, nothing from elsewhere.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

fn text(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

pub async fn page() -> Response {
    text("text/html; charset=utf-8", PAGE)
}

pub async fn style() -> Response {
    text("text/css; charset=utf-8", STYLE)
}

pub async fn script() -> Response {
    text("text/javascript; charset=utf-8", SCRIPT)
}
