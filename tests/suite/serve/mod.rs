//! The live page's server, from outside: who is answered, what numbers come, what stops, how many.

mod client;

use crate::tools;
use client::{Server, scenario_in};
use serde_json::{Value, json};
use std::{
    process::Command,
    time::{Duration, Instant},
};

const DESIGN: &str = "/design";

fn ask(set: &[(&str, &str)], replicates: u64) -> Value {
    json!({ "set": set, "replicates": replicates, "seed": null, "against": [] })
}

/// The last of the numbers that were told, by key.
fn number<'a>(events: &'a [(String, Value)], key: &str) -> &'a Value {
    let lists = events.iter().rev().filter(|(name, _)| name == "numbers").map(|(_, data)| &data["numbers"]);
    let found = lists.flat_map(|list| list.as_array().unwrap()).find(|number| number["key"] == key);
    found.unwrap_or_else(|| panic!("no {key} was told"))
}

/// A measure of a summary that `run --json` printed.
fn measure<'a>(summary: &'a Value, run: u64, name: &str) -> &'a Value {
    let of = |m: &&Value| {
        m["run"] == run && m["measure"] == name && m["population"] == "all" && m["look"].is_null()
    };
    summary["operating_characteristics"].as_array().unwrap().iter().find(of).unwrap()
}

fn run(arguments: &[&str]) -> Value {
    let folder = client::scratch("out");
    let out = folder.join("result");
    let done = Command::new(env!("CARGO_BIN_EXE_shocktrial"))
        .arg("run")
        .args(arguments)
        .args(["--json", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::remove_dir_all(folder).unwrap();
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn strangers_are_not_answered() {
    let server = Server::start("scenarios/designs/group_sequential.toml");
    let own = format!("127.0.0.1:{}", server.port);
    let get = |headers: &str| {
        server.raw(&format!("GET /scenario HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")).0
    };
    assert_eq!(get(&format!("Host: {own}\r\n")), 200);
    assert_eq!(get("Host: evil.example\r\n"), 403);
    assert_eq!(get(&format!("Host: evil.example:{}\r\n", server.port)), 403);
    assert_eq!(get(&format!("Host: {own}\r\nOrigin: https://evil.example\r\n")), 403);
    assert_eq!(get(&format!("Host: {own}\r\nOrigin: http://{own}\r\n")), 200);
    // What a form of another page could send.
    let plain = format!(
        "Host: {own}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    assert_eq!(server.raw(&format!("POST /design HTTP/1.1\r\n{plain}")).0, 415);
    let long = json!({ "set": [["trial.patients", "1".repeat(70_000)]] });
    assert_eq!(server.post(DESIGN, &long).0, 413);
    for path in
        ["/../Cargo.toml", "/designs/1/figures/..%2f..%2fCargo.toml", "/designs/99/report.html", "/nothing"]
    {
        let (status, _) =
            server.raw(&format!("GET {path} HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n"));
        assert_eq!(status, 404, "{path}");
    }
    // Only the loopback address listens.
    let other =
        std::net::UdpSocket::bind("0.0.0.0:0").and_then(|s| s.connect("192.0.2.1:9").and(s.local_addr()));
    if let Ok(address) = other
        .map(|a| a.ip())
        .and_then(|ip| if ip.is_loopback() { Err(std::io::ErrorKind::Other.into()) } else { Ok(ip) })
    {
        assert!(std::net::TcpStream::connect((address, server.port)).is_err());
    }
}

#[test]
fn the_page_has_the_numbers_of_a_run_to_the_bit() {
    let file = "scenarios/designs/group_sequential.toml";
    let server = Server::start(file);
    let changes = [
        ("trial.patients", "350"),
        ("arm.treatment.share_of_benefit", "0.9"),
        ("prior", "{ share_of_benefit = { mean = 0.8, sd = 0.3 } }"),
    ];
    let events = server.design(&ask(&changes, 700));
    let sets: Vec<String> = changes.iter().map(|(path, value)| format!("--set={path}={value}")).collect();
    let summary = run(&[file, "--replicates", "700", &sets[0], &sets[1], &sets[2]]);
    let last = summary["runs"].as_array().unwrap().len() as u64;
    for (key, run, name) in [
        ("power", 1, "power"),
        ("assurance", last, "assurance"),
        ("patients", 1, "patients"),
        ("estimate", 1, "estimate_mean"),
        ("truth", 1, "truth"),
    ] {
        let (shown, of_run) = (number(&events, key), measure(&summary, run, name));
        for part in ["value", "mcse", "lower", "upper"] {
            assert_eq!(shown[part], of_run[part], "{part} of {key}");
        }
    }
    assert_eq!(events.last().unwrap().0, "done");
}

#[test]
fn the_downloaded_scenario_gives_the_same_numbers() {
    let (folder, file) = scenario_in("group_sequential.toml");
    let server = Server::start(file.to_str().unwrap());
    let mut asked =
        ask(&[("trial.patients", "370"), ("prior", "{ share_of_benefit = { mean = 0.8, sd = 0.2 } }")], 600);
    asked["seed"] = json!(3);
    let events = server.design(&asked);
    let (status, text) = server.post("/scenario.toml", &asked);
    assert_eq!(status, 200);
    let copy = folder.join("explored.toml");
    std::fs::write(&copy, text).unwrap();
    // A variant states its own replicates; the base has those of the page.
    let summary = run(&[copy.to_str().unwrap()]);
    let last = summary["runs"].as_array().unwrap().len() as u64;
    for (key, run, name) in
        [("power", 1, "power"), ("assurance", last, "assurance"), ("patients", 1, "patients")]
    {
        assert_eq!(number(&events, key)["value"], measure(&summary, run, name)["value"], "{key}");
    }
    assert_eq!(summary["seed"], 3);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn designs_are_compared_replicate_by_replicate() {
    let server = Server::start("scenarios/designs/group_sequential.toml");
    let file = server.design(&ask(&[], 600));
    let mut moved = ask(&[("trial.patients", "300")], 600);
    moved["against"] = json!([file[0].1["design"]]);
    let events = server.design(&moved);
    let power = number(&events, "power");
    let difference = &power["differences"][0];
    let value = power["value"].as_f64().unwrap() - number(&file, "power")["value"].as_f64().unwrap();
    assert!((difference["value"].as_f64().unwrap() - value).abs() < 1e-12);
    // Pairs are worth more than two runs of their own.
    let apart = 2f64.sqrt() * power["mcse"].as_f64().unwrap();
    let mcse = difference["mcse"].as_f64().unwrap();
    assert!(mcse > 0.0 && mcse < 0.8 * apart, "{mcse} {apart}");
    // Of another seed nothing is a pair.
    moved["seed"] = json!(99);
    assert_eq!(number(&server.design(&moved), "power")["differences"], json!([]));
}

#[test]
fn a_bad_value_has_the_message_it_has_in_the_file() {
    let (folder, file) = scenario_in("group_sequential.toml");
    let server = Server::start(file.to_str().unwrap());
    let text = std::fs::read_to_string(&file).unwrap();
    for (path, value, old) in [
        ("trial.patients", "-5", "patients   = "),
        ("trial.patients", "\"many\"", "patients   = "),
        ("trial.design.group_sequential.alpha.two_sided", "5.0", "alpha    = { two_sided = "),
        ("trial.design.group_sequential.boundary", "\"pocok\"", "boundary = "),
        ("trial.design.group_sequential.looks", "[0.5, 0.4, 1.0]", "looks    = "),
    ] {
        let events = server.design(&ask(&[(path, value)], 300));
        let (name, data) = events.last().unwrap();
        let about = data["findings"][0]["path"].as_str();
        assert!(name == "wrong" && about.is_some_and(|about| about.starts_with(path)), "{data}");
        let at = text.find(old).unwrap_or_else(|| panic!("{old} is in the file")) + old.len();
        let end = at + text[at..].find([' ', '\n', '}']).unwrap();
        let end = if text[at..].starts_with('[') { at + text[at..].find(']').unwrap() + 1 } else { end };
        let wrong = folder.join("wrong.toml");
        std::fs::write(&wrong, format!("{}{value}{}", &text[..at], &text[end..])).unwrap();
        let done = Command::new(env!("CARGO_BIN_EXE_shocktrial")).arg("check").arg(&wrong).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        let message = said.lines().next().unwrap().strip_prefix("error: ").unwrap();
        assert_eq!(data["findings"][0]["message"], message);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_a_page_may_not_move_is_refused() {
    let server = Server::start("scenarios/published/iabp_shock_ii.toml");
    for (path, value) in [
        ("population.registry", "\"../../../etc/passwd\""),
        ("population", "{ registry = \"/etc/passwd\" }"),
        ("arm.control.interventions", "[\"/etc/passwd\"]"),
        ("title", "\"x\""),
    ] {
        let events = server.design(&ask(&[(path, value)], 300));
        assert_eq!(events.last().unwrap().0, "wrong");
        let message = events.last().unwrap().1["findings"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("cannot be moved here"), "{message}");
    }
    for (replicates, patients) in [(100_001, "100"), (0, "100"), (100, "60000")] {
        let events = server.design(&ask(&[("trial.patients", patients)], replicates));
        assert_eq!(events.last().unwrap().0, "wrong");
    }
}

/// Opens a design, leaves while it is computed, and holds the server to ending within 100 ms.
fn leave(scenario: &str, asked: &Value) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let server = Server::start(scenario);
    let before = server.processor_seconds();
    let reader = server.open(asked);
    let started = Instant::now();
    while server.processor_seconds() < before + 0.15 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(reader);
    let left = server.processor_seconds();
    assert!(left > before + 0.1, "it was computing");
    std::thread::sleep(Duration::from_millis(1500));
    let spent = server.processor_seconds() - left;
    // 100 ms on each of the processors, and the steps in which the clock of processes is kept.
    let processors = std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64);
    assert!(spent <= 0.1 * processors + 0.03, "{spent} s after it left");
}

#[test]
fn a_page_that_leaves_stops_its_replicates() {
    leave("scenarios/designs/platform.toml", &ask(&[], 100_000));
}

#[test]
fn a_page_that_leaves_stops_what_is_solved_for() {
    leave(
        "scenarios/published/iabp_shock_ii.toml",
        &ask(&[("population.eligible", "[\"age_years < 95\"]")], 100_000),
    );
}

#[test]
fn many_pages_get_numbers_or_are_told_that_the_server_is_busy() {
    let server = Server::start("scenarios/designs/group_sequential.toml");
    let told = client::crowd(&server, 12, Duration::from_millis(1500), 400);
    assert!(told.done > 0 && told.other == 0, "{told:?}");
    assert_eq!(server.design(&ask(&[], 300)).last().unwrap().0, "done");
}

#[test]
fn the_page_in_a_browser() {
    let (folder, file) = scenario_in("group_sequential.toml");
    let server = Server::start(file.to_str().unwrap());
    tools::in_browser(
        "serve.mjs",
        &[&server.url(), env!("CARGO_BIN_EXE_shocktrial"), file.to_str().unwrap(), folder.to_str().unwrap()],
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// `cargo test --release --test suite fifty_clients -- --ignored --nocapture`
#[test]
#[ignore = "a minute: 50 clients at once, with the memory of the server"]
fn fifty_clients_for_a_minute() {
    let server = Server::start("scenarios/published/ecls_shock.toml");
    server.design(&ask(&[], 2_500));
    let memory = server.memory();
    let told = client::crowd(&server, 50, Duration::from_secs(60), 2_500);
    let after = server.memory();
    tools::say(&format!(
        "{told:?}; resident {} MB before, {} MB at the most",
        memory[0] >> 20,
        after[1] >> 20
    ));
    assert!(told.done > 0 && told.busy > 0 && told.other == 0, "{told:?}");
    assert!(after[1] < 1 << 30, "{after:?}");
    let asked = Instant::now();
    assert_eq!(server.design(&ask(&[], 2_500)).last().unwrap().0, "done");
    tools::say(&format!("the server answers afterwards, in {:.2} s", asked.elapsed().as_secs_f64()));
}

/// `cargo test --release --test suite latencies -- --ignored --nocapture`
#[test]
#[ignore = "two minutes: 200 moves in a browser, on an idle machine of two cores"]
fn latencies_of_moves_in_a_browser() {
    let server = Server::start("scenarios/published/ecls_shock.toml");
    tools::in_browser("latency.mjs", &[&server.url()]);
}
