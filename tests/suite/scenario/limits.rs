//! Careless or hostile files end in a message, not in a crash or a full machine.

use crate::simulation::at;
use shocktrial::{
    error::{Error, Source},
    scenario::{self, Changes},
};
use std::sync::Arc;

fn outcome(text: String) -> Result<(), Error> {
    let source = Arc::new(Source { name: "trial.toml".into(), text });
    let changes = Changes { without_truths: true, ..Changes::default() };
    scenario::prepare(&source, &at("scenarios/peers"), &changes).map(|_| ())
}

fn base() -> String {
    std::fs::read_to_string(at("scenarios/peers/w1_binary.toml")).unwrap()
}

/// What each file says, and that it says it at once.
#[test]
fn too_large_is_a_message() {
    let base = base();
    let eligible = |rule: String| {
        base.replace(
            "homogeneous.event.death = { risk = 0.49, by = \"30 days\" }",
            &format!("registry = \"cardiogenic_shock\"\neligible = [\"{rule}\"]"),
        )
    };
    let many_arms: String = (0..60).map(|i| format!("[arm.a{i}]\n")).collect();
    let cases = [
        (
            base.replace("patients   = 420", "patients = 1_000_000_000_000"),
            "is larger than anything can be here",
        ),
        (base.replace("patients   = 420", "patients = 4_000_000_000"), "4000000000 patients are too many"),
        (base.replace("20_000", "1_000_000_000_000"), "1000000000000 replicates are too many"),
        (base.replace("blocks = [2]", "blocks = [4_000_000_000]"), "patients of a block are too many"),
        (base.replace("treatment = 1 }", "treatment = 4_000_000_000 }"), "shares of an arm are too many"),
        (base.replace("[endpoint.", &format!("{many_arms}[endpoint.")), "62 arms are too many"),
        (base.replace("follow_up  = \"30 days\"", "follow_up = \"9e99 days\""), "longer than a century"),
        (eligible("not ".repeat(2000) + "comatose"), "nested deeper than 100"),
        (eligible("(".repeat(3000) + "comatose" + &")".repeat(3000)), "nested deeper than 100"),
        (eligible(vec!["comatose"; 200_000].join(" or ")), "characters of a rule are too many"),
        (format!("{base}\n[x]\ny = {}{}\n", "[".repeat(10_000), "]".repeat(10_000)), "recursion"),
        (format!("{base}\nx = {}1{}\n", "{a=".repeat(10_000), "}".repeat(10_000)), "recursion"),
        (format!("{} = 1\n{base}", vec!["a"; 10_000].join(".")), "recursion"),
        (format!("{base}\n[{}]\nb = 1\n", vec!["a"; 10_000].join(".")), "recursion"),
    ];
    for (text, says) in cases {
        let start = text.len().min(80);
        let error = outcome(text.clone()).expect_err(says).to_string();
        assert!(error.contains(says), "{says}: {} for {}", &error[..error.len().min(500)], &text[..start]);
    }
    outcome(base).unwrap();
}

/// A file that is too long is not read to its end, even if it has none.
#[test]
fn a_file_without_end_is_a_message() {
    let folder = std::env::temp_dir().join(format!("shocktrial-{}-long", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let long = folder.join("long.toml");
    std::fs::write(&long, format!("title = \"{}\"", "x".repeat(5 << 20))).unwrap();
    let mut paths = vec![long];
    if cfg!(unix) {
        paths.push("/dev/zero".into());
    }
    for path in paths {
        let error = scenario::load(&path, &Changes::default()).unwrap_err();
        assert!(error.to_string().contains("is larger than 4 MB; a scenario is a short text"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// What a scenario names lies in its folder or in one called by what it holds; links do not lead out.
#[cfg(unix)]
#[test]
fn paths_stay_within_bounds() {
    let folder = std::env::temp_dir().join(format!("shocktrial-{}-bounds", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    for part in ["study/below", "populations", "elsewhere"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    let registry = at("scenarios/populations/cardiogenic_shock");
    for to in ["study/own", "study/below/deep", "populations/shared", "elsewhere/secret"] {
        for ending in ["toml", "fitted.json"] {
            std::fs::copy(registry.with_extension(ending), folder.join(to).with_extension(ending)).unwrap();
        }
    }
    std::os::unix::fs::symlink(folder.join("elsewhere/secret.toml"), folder.join("study/link.toml")).unwrap();
    std::os::unix::fs::symlink(folder.join("elsewhere"), folder.join("study/populations")).unwrap();
    let secret = folder.join("elsewhere/secret.toml");
    let rule = |name: &str| {
        use shocktrial::scenario::place::{Named, Place};
        Place::Folder(&folder.join("study")).path(Named::Population, name)
    };
    for good in ["own.toml", "./own.toml", "below/deep.toml", "../populations/shared.toml"] {
        assert!(rule(good).is_ok(), "{good}: {:?}", rule(good));
    }
    for bad in [
        "../elsewhere/secret.toml",
        secret.to_str().unwrap(),
        "link.toml",
        "populations/secret.toml",
        "below/../../elsewhere/secret.toml",
        "/etc/passwd",
    ] {
        assert!(rule(bad).is_err_and(|why| why.contains("out of bounds")), "{bad}: {:?}", rule(bad));
    }
    std::fs::remove_dir_all(folder).unwrap();
}
