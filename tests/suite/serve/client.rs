//! A plain client of the server, without a browser.

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A folder of its own, made anew.
pub fn scratch(name: &str) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder =
        std::env::temp_dir().join(format!("shocktrial-serve-{}-{number}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A copy of one of the design scenarios in a folder of its own, with fewer replicates.
pub fn scenario_in(name: &str) -> (PathBuf, PathBuf) {
    let folder = scratch("scenario");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/designs").join(name);
    let file = folder.join(name);
    let text = std::fs::read_to_string(from).unwrap();
    std::fs::write(&file, text.replace("20_000", "2_000").replace("100_000", "2_000")).unwrap();
    (folder, file)
}

/// A running server; it ends with the value.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub fn start(scenario: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shocktrial"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["serve", scenario, "--quiet"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().trim_end_matches('/').rsplit(':').next().unwrap().parse();
        Server { child, port: port.unwrap_or_else(|_| panic!("an address is printed, not “{line}”")) }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream
    }

    /// Sends a request as written; the status and everything after the headers.
    pub fn raw(&self, request: &str) -> (u16, String) {
        let mut stream = self.connect();
        // A request that is refused for its size may be refused before it is read.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
    }

    fn request(&self, path: &str, body: &Value) -> String {
        let body = body.to_string();
        format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, String) {
        self.raw(&self.request(path, body))
    }

    /// Opens a design and hands back the connection, to be read or dropped.
    pub fn open(&self, ask: &Value) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(self.request("/design", ask).as_bytes()).unwrap();
        stream
    }

    /// Everything that is told of a design, in order.
    pub fn design(&self, ask: &Value) -> Vec<(String, Value)> {
        let (status, events) = self.events(ask);
        assert_eq!(status, 200);
        events
    }

    fn events(&self, ask: &Value) -> (u16, Vec<(String, Value)>) {
        let mut answer = String::new();
        self.open(ask).read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let body = unchunked(body);
        let event = |text: &str| {
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
            Some((field("event: ")?.to_owned(), serde_json::from_str(field("data: ")?).unwrap()))
        };
        (status, body.split("\n\n").filter_map(event).collect())
    }

    /// Processor time the server has used.
    pub fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // In hundredths of a second, whatever the clock of the kernel.
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Bytes of memory: now, and at the most.
    pub fn memory(&self) -> [u64; 2] {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        ["VmRSS:", "VmHWM:"].map(|key| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap() << 10
        })
    }
}

/// The body of an answer that came in chunks.
fn unchunked(body: &str) -> String {
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { return body.to_owned() };
        if size == 0 || after.len() < size {
            break;
        }
        whole += &after[..size];
        rest = after[size..].trim_start_matches("\r\n");
    }
    whole
}

/// What a crowd of clients was told.
#[derive(Debug, Default)]
pub struct Told {
    pub done: u64,
    pub busy: u64,
    pub left: u64,
    pub other: u64,
}

/// Clients that move a slider for some time: most read on to the end, every third leaves early.
pub fn crowd(server: &Server, clients: usize, lasting: Duration, replicates: u64) -> Told {
    let until = Instant::now() + lasting;
    let one = |client: usize| {
        let mut told = Told::default();
        for round in 0.. {
            if Instant::now() > until {
                break;
            }
            let patients = 200 + 2 * ((37 * client + 11 * round) % 150);
            let ask = json!({ "set": [["trial.patients", patients.to_string()]], "replicates": replicates });
            if (client + round).is_multiple_of(3) {
                let mut stream = server.open(&ask);
                let _ = stream.read(&mut [0; 64]);
                thread::sleep(Duration::from_millis(30));
                told.left += 1;
                continue;
            }
            match server.events(&ask) {
                (200, events) if events.last().is_some_and(|e| e.0 == "done") => told.done += 1,
                (503, _) => {
                    told.busy += 1;
                    thread::sleep(Duration::from_millis(200));
                }
                _ => told.other += 1,
            }
        }
        told
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..clients).map(|client| scope.spawn(move || one(client))).collect();
        running.into_iter().map(|r| r.join().unwrap()).fold(Told::default(), |a, b| Told {
            done: a.done + b.done,
            busy: a.busy + b.busy,
            left: a.left + b.left,
            other: a.other + b.other,
        })
    })
}
