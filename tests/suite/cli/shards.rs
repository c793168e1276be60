//! Shards and `merge`, `--resume` on finished folders, `verify`.

use super::{BINARY, Folder, Said, identical, names, say};

fn run(folder: &Folder, name: &str, more: &[&str]) -> Said {
    let out = folder.path(name);
    let mut arguments = vec!["run", BINARY, "--quiet", "--out", &out];
    arguments.extend(more);
    say(&arguments)
}

fn well(said: Said) -> Said {
    assert_eq!(said.code, 0, "{}", said.error);
    said
}

fn fails(said: &Said, says: &[&str]) {
    assert_eq!(said.code, 3, "{}", said.error);
    assert!(said.out.is_empty(), "{}", said.out);
    for words in says {
        assert!(said.error.contains(words), "{}", said.error);
    }
}

/// Shards on and off the edges of parts, one of them inside a part: the same bytes as the single run.
#[test]
fn merged_shards_are_the_single_run() {
    const REPLICATES: [&str; 2] = ["--replicates", "2300"];
    let folder = Folder::new("merge");
    well(run(&folder, "whole", &REPLICATES));
    for range in ["0..333", "333..410", "410..2000", "2000..2300"] {
        well(run(&folder, range, &[&REPLICATES[..], &["--range", range]].concat()));
        assert!(!names(&folder.0.join(range)).contains(&"report.html".to_owned()));
    }
    let path = |name: &str| folder.path(name);
    let all = [path("2000..2300"), path("0..333"), path("410..2000"), path("333..410")];
    let merge = |folders: &[&str]| {
        let out = path("merged");
        say(&[&["merge"], folders, &["--quiet", "--out", &out]].concat())
    };
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let said = well(merge(&all));
    assert!(said.out.is_empty() && said.error.is_empty());
    identical(&folder.0.join("whole"), &folder.0.join("merged"));
    well(say(&["verify", "--quiet", &path("merged"), &path("whole"), &path("0..333")]));

    std::fs::remove_dir_all(folder.0.join("merged")).unwrap();
    fails(&merge(&all[1..3]), &["replicates 333 to 409 are missing", "replicates 2000 to 2299 are missing"]);
    fails(
        &merge(&[all[0], all[1], all[2], all[3], all[1]]),
        &["replicates 0 to 332 are double", "0..333 and "],
    );
    well(run(&folder, "seed", &["--replicates", "2300", "--range", "2000..2300", "--seed", "5"]));
    fails(
        &merge(&[all[1], all[2], all[3], &path("seed")]),
        &["is not of the same run", "the seed is 5, not 1"],
    );
    well(run(&folder, "set", &["--replicates", "2300", "--range", "0..333", "--set", "title=\"x\""]));
    fails(&merge(&[all[0], &path("set"), all[2], all[3]]), &["the scenario is "]);
    well(run(&folder, "more", &["--replicates", "2400", "--range", "2000..2300"]));
    fails(&merge(&[all[1], all[2], all[3], &path("more")]), &["asks for another number of replicates"]);
    assert!(!folder.0.join("merged").exists(), "a failed merge leaves no folder");
    let into_itself = say(&["merge", all[0], all[1], "--out", all[0]]);
    assert_eq!(into_itself.code, 2, "{}", into_itself.error);
}

/// Variants with fewer replicates than others are merged and extended too.
#[test]
fn more_replicates_extend_a_finished_run() {
    let folder = Folder::new("extend");
    let text = std::fs::read_to_string(crate::simulation::at(BINARY)).unwrap();
    let scenario = folder.write("s.toml", &text);
    let run = |name: &str, more: &[&str]| {
        let out = folder.path(name);
        well(say(&[&["run", &scenario, "--quiet", "--out", &out], more].concat()));
    };
    run("out", &["--replicates", "1300"]);
    run("out", &["--replicates", "2600", "--resume"]);
    run("alone", &["--replicates", "2600"]);
    identical(&folder.0.join("out"), &folder.0.join("alone"));
    // Fewer again, and the same again.
    run("out", &["--replicates", "1100", "--resume"]);
    run("fewer", &["--replicates", "1100"]);
    identical(&folder.0.join("out"), &folder.0.join("fewer"));
    run("out", &["--replicates", "1100", "--resume"]);
    identical(&folder.0.join("out"), &folder.0.join("fewer"));
    let other = say(&["run", &scenario, "--seed", "9", "--resume", "--out", &folder.path("out")]);
    fails(&other, &["is the result of another run: the seed is 1, not 9"]);
    identical(&folder.0.join("out"), &folder.0.join("fewer"));
}

#[test]
fn verify_finds_what_was_altered() {
    let folder = Folder::new("verify");
    well(run(&folder, "out", &["--replicates", "300"]));
    let out = folder.path("out");
    let said = well(say(&["verify", &out]));
    assert!(said.out.contains("files as written; every figure comes again from the rows"), "{}", said.out);
    let json: serde_json::Value = serde_json::from_str(&well(say(&["verify", "--json", &out])).out).unwrap();
    assert_eq!((&json[0]["sound"], &json[0]["computed_again"]), (&true.into(), &true.into()));

    let alter = |name: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let path = folder.0.join("out").join(name);
        let before = std::fs::read(&path).unwrap();
        std::fs::write(&path, change(before.clone())).unwrap();
        let said = say(&["verify", &out]);
        std::fs::write(&path, before).unwrap();
        said
    };
    let flip = |mut bytes: Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    for name in
        ["replicates.parquet", "counts.parquet", "summary.json", "report.html", "inputs/scenario.toml"]
    {
        fails(&alter(name, &flip), &["does not verify", &format!("{name} was altered")]);
        fails(&alter(name, &|b| b[..b.len() / 2].to_vec()), &["bytes, not "]);
    }
    let replace = |from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        move |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&from, &to).into_bytes()
    };
    fails(&alter("manifest.json", &replace("\"format\": 1", "\"format\": 2")), &["has format 2"]);
    fails(
        &alter("manifest.json", &replace("\"program\": \"shock", "\"program\": \"sock")),
        &["not one of shock"],
    );
    fails(&alter("manifest.json", &|b| b[..b.len() / 2].to_vec()), &["the manifest is damaged"]);
    fails(
        &alter("manifest.json", &replace("\"seed\": 1", "\"seed\": 2")),
        &["not the one its manifest names"],
    );
    fails(&alter("manifest.json", &replace("counts.parquet", "../x")), &["does not lie in the folder"]);
    let version = env!("CARGO_PKG_VERSION");
    let other =
        alter("manifest.json", &replace(&format!("\"version\": \"{version}\""), "\"version\": \"0.0.0\""));
    assert!(
        well(other)
            .out
            .contains("the figures were not computed again: the folder was made by shocktrial 0.0.0")
    );
    std::fs::remove_file(folder.0.join("out/counts.parquet")).unwrap();
    fails(&say(&["verify", &out]), &["counts.parquet is missing"]);
    std::fs::remove_file(folder.0.join("out/manifest.json")).unwrap();
    fails(&say(&["verify", &out]), &["there is no manifest.json"]);
    assert_eq!(say(&["verify", &folder.path("nowhere")]).code, 2);
}

/// A manifest made to fit altered rows is found out by the figures.
#[test]
fn verify_computes_the_figures_again() {
    let folder = Folder::new("forged");
    well(run(&folder, "a", &["--replicates", "300"]));
    well(run(&folder, "b", &["--replicates", "300", "--seed", "2"]));
    let path = |name: &str| folder.0.join(name);
    std::fs::copy(path("b/replicates.parquet"), path("a/replicates.parquet")).unwrap();
    let entry = |name: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(path(name).join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        let files = manifest["files"].as_array().unwrap();
        files.iter().find(|f| f["name"] == "replicates.parquet").unwrap().clone()
    };
    let (a, b) = (entry("a"), entry("b"));
    let text = std::fs::read_to_string(path("a/manifest.json")).unwrap();
    let text = text
        .replace(a["sha256"].as_str().unwrap(), b["sha256"].as_str().unwrap())
        .replace(&format!("\"bytes\": {}", a["bytes"]), &format!("\"bytes\": {}", b["bytes"]));
    std::fs::write(path("a/manifest.json"), text).unwrap();
    fails(&say(&["verify", &folder.path("a")]), &["does not hold what comes from the rows"]);
}
