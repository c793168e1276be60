//! What is answered: the page, what can be moved, a design as a stream of events, and what can be downloaded.

use super::{
    assets,
    desk::{Ask, Desk},
    download, guard,
    session::{Listener, follow},
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State, rejection::JsonRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{
    Semaphore,
    mpsc::{Sender, channel, error::TrySendError},
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

/// Designs simulated at a time; more are told that the server is busy.
const MOST_DESIGNS: usize = 6;
/// Bytes of a request.
const MOST_BYTES: usize = 64 << 10;
/// Events that wait for a page to read them, and how long they wait at most.
const EVENTS: usize = 32;
const PATIENCE: Duration = Duration::from_secs(10);
/// Pixels of a picture per point of the figure.
const PNG_SCALE: f32 = 2.0;

#[derive(Clone)]
struct Server {
    desk: Arc<Desk>,
    seats: Arc<Semaphore>,
}

/// Everything the server answers on `port`.
pub fn router(desk: Arc<Desk>, port: u16) -> Router {
    let server = Server { desk, seats: Arc::new(Semaphore::new(MOST_DESIGNS)) };
    Router::new()
        .route("/", get(assets::page))
        .route("/page.css", get(assets::style))
        .route("/page.js", get(assets::script))
        .route("/scenario", get(scenario))
        .route("/design", post(design))
        .route("/scenario.toml", post(file))
        .route("/designs/{number}/report.html", get(report))
        .route("/designs/{number}/figures/{name}", get(figure))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(port, guard::guard))
        .with_state(server)
}

/// What the page shows before anything is moved.
async fn scenario(State(server): State<Server>) -> Json<Value> {
    Json(server.desk.offered.json.clone())
}

/// Asks a running design to stop, once whoever reads of it is gone.
struct StopWhenDropped(Arc<AtomicBool>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One design as a stream of events, until it is done or the reader leaves.
async fn design(State(server): State<Server>, ask: Result<Json<Ask>, JsonRejection>) -> Response {
    let ask = match ask {
        Ok(Json(ask)) => ask,
        Err(why) => return why.into_response(),
    };
    let Ok(seat) = server.seats.clone().try_acquire_owned() else {
        let busy =
            json!({ "busy": format!("{MOST_DESIGNS} designs are being simulated; try again in a moment") });
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], Json(busy)).into_response();
    };
    let (sender, receiver) = channel(EVENTS);
    let stop = Arc::new(AtomicBool::new(false));
    let reader = StopWhenDropped(stop.clone());
    tokio::task::spawn_blocking(move || {
        let page = Page { sender, stop: &stop };
        follow(&server.desk, &ask, &stop, &page);
        drop(seat);
    });
    let events = ReceiverStream::new(receiver).map(move |event| {
        let _still_read = &reader;
        Ok::<Event, Infallible>(event)
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(5))).into_response()
}

/// The page at the other end of a stream.
struct Page<'a> {
    sender: Sender<Event>,
    stop: &'a AtomicBool,
}

fn event(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}

impl Listener for Page<'_> {
    fn refine(&self, name: &'static str, data: Value) {
        if let Err(TrySendError::Closed(_)) = self.sender.try_send(event(name, &data)) {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn tell(&self, name: &'static str, data: Value) {
        let (since, mut waiting) = (Instant::now(), event(name, &data));
        loop {
            match self.sender.try_send(waiting) {
                Ok(()) => return,
                Err(TrySendError::Full(back))
                    if since.elapsed() < PATIENCE && !self.stop.load(Ordering::Relaxed) =>
                {
                    waiting = back;
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(_) => return self.stop.store(true, Ordering::Relaxed),
            }
        }
    }
}

/// The scenario with the changes of a design.
async fn file(State(server): State<Server>, Json(ask): Json<Ask>) -> Response {
    let name = format!("{}_explored.toml", name(&server.desk));
    match server.desk.changes(&ask).and_then(|_| download::scenario(&server.desk, &ask)) {
        Ok(text) => attached(&name, "application/toml", text.into_bytes()),
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, why.to_string()).into_response(),
    }
}

fn name(desk: &Desk) -> String {
    let name = desk.path.file_stem().map_or("scenario".into(), |s| s.to_string_lossy().into_owned());
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect()
}

/// Bytes that the browser saves under a name.
fn attached(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    let mut put = |key: HeaderName, value: &str| {
        headers.insert(key, HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("")));
    };
    put(header::CONTENT_TYPE, kind);
    put(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    (headers, bytes).into_response()
}

fn gone() -> Response {
    (StatusCode::NOT_FOUND, "this design is no longer kept; simulate it again\n").into_response()
}

async fn report(State(server): State<Server>, Path(number): Path<u64>) -> Response {
    let finished = server.desk.shelf.lock().unwrap_or_else(PoisonError::into_inner).finished(number);
    let Some(finished) = finished else { return gone() };
    attached(
        &format!("{}_report.html", name(&server.desk)),
        "text/html; charset=utf-8",
        finished.html.clone().into_bytes(),
    )
}

async fn figure(State(server): State<Server>, Path((number, file)): Path<(u64, String)>) -> Response {
    let finished = server.desk.shelf.lock().unwrap_or_else(PoisonError::into_inner).finished(number);
    let Some((finished, (stem, kind))) = finished.zip(file.rsplit_once('.')) else { return gone() };
    let Some(figure) = finished.figures.iter().find(|f| f.name == stem).cloned() else { return gone() };
    let name = format!("{}_{file}", name(&server.desk));
    match kind {
        "svg" => attached(&name, "image/svg+xml", figure.svg.into_bytes()),
        "png" => match tokio::task::spawn_blocking(move || figure.png(PNG_SCALE)).await {
            Ok(Ok(bytes)) => attached(&name, "image/png", bytes),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "the figure cannot be drawn\n").into_response(),
        },
        _ => gone(),
    }
}
