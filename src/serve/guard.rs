//! Who is answered: pages of this server and nobody else.
//!
//! The address is the loopback one, so only programs of this machine reach it; a page of another site in the
//! user's own browser is such a program. It is kept out by the names it comes with: a `Host` that is not
//! ours means a name made to point here, an `Origin` that is not ours a page from elsewhere.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// What a browser may do with anything this server sends: show it, run our script, ask us; nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The report is a page of its own, with its style, fonts and figures inside and no script.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Refuses requests that come by another name or from another site, and says how answers may be used.
pub async fn guard(State(port): State<u16>, request: Request, next: Next) -> Response {
    if let Err(why) = ours(request.headers(), port) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let report = headers.contains_key(header::CONTENT_DISPOSITION);
    let policy = if report { REPORT_POLICY } else { POLICY };
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn ours(headers: &HeaderMap, port: u16) -> Result<(), &'static str> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let names = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}"));
    if headers.get_all(header::HOST).iter().count() != 1
        || !names.iter().any(|n| text(header::HOST) == Some(n))
    {
        return Err("this server answers to 127.0.0.1 and localhost only\n");
    }
    let known =
        |origin: &str| origin.strip_prefix("http://").is_some_and(|host| names.iter().any(|n| n == host));
    if headers.contains_key(header::ORIGIN) && !text(header::ORIGIN).is_some_and(known) {
        return Err("this server answers its own pages only\n");
    }
    let site = headers.get("sec-fetch-site").map(|site| site.to_str().unwrap_or(""));
    if site.is_some_and(|site| !["same-origin", "none"].contains(&site)) {
        return Err("this server answers its own pages only\n");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(list: &[(&str, &str)]) -> Result<(), &'static str> {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            let name = name.parse::<header::HeaderName>().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        ours(&headers, 8080)
    }

    #[test]
    fn only_our_own_name_and_pages_are_answered() {
        assert!(asked(&[("host", "127.0.0.1:8080")]).is_ok());
        assert!(asked(&[("host", "localhost:8080"), ("origin", "http://localhost:8080")]).is_ok());
        assert!(asked(&[("host", "127.0.0.1:8080"), ("sec-fetch-site", "same-origin")]).is_ok());
        for wrong in [
            &[][..],
            &[("host", "127.0.0.1:9090")],
            &[("host", "127.0.0.1")],
            &[("host", "evil.example:8080")],
            &[("host", "127.0.0.1:8080"), ("host", "evil.example")],
            &[("host", "127.0.0.1:8080"), ("origin", "https://evil.example")],
            &[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:9090")],
            &[("host", "127.0.0.1:8080"), ("origin", "null")],
            &[("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")],
            &[("host", "127.0.0.1:8080"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(asked(wrong).is_err(), "{wrong:?}");
        }
    }
}
