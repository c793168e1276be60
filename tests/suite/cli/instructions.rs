//! Rows and figures are the same to the last bit whatever instructions the inner loops use.

use super::{Folder, shocktrial};
use crate::simulation::{EVERYTHING, at};

#[test]
fn instructions_change_no_bit() {
    let folder = Folder::new("instructions");
    let shock = EVERYTHING.replace("../populations/cardiogenic_shock.toml", "cardiogenic_shock");
    assert!(shock != EVERYTHING);
    std::fs::write(folder.path("everything.toml"), shock).unwrap();
    for name in ["w2_log_rank", "w5_subgroups"] {
        let file = format!("{name}.toml");
        std::fs::copy(at("scenarios/peers").join(&file), folder.path(&file)).unwrap();
    }
    for name in ["everything", "w2_log_rank", "w5_subgroups"] {
        let run = |instructions: &str| {
            let out = folder.0.join(format!("{name}-{instructions}"));
            let file = folder.path(&format!("{name}.toml"));
            let mut run = shocktrial(&["run", &file, "--replicates", "300", "--quiet", "--out"]);
            let done = run.arg(&out).env("SHOCKTRIAL_INSTRUCTIONS", instructions).output().unwrap();
            // 1: so few trials do not meet every expectation.
            assert!(matches!(done.status.code(), Some(0 | 1)), "{done:?}");
            ["replicates.parquet", "counts.parquet", "operating_characteristics.csv"]
                .map(|file| std::fs::read(out.join(file)).unwrap())
        };
        let portable = run("portable");
        assert!(portable == run("best"), "{name}: the best instructions of this machine give other bits");
        // Registry patients take seconds to prepare.
        assert!(name == "everything" || portable == run("avx2"), "{name}: AVX2 gives other bits");
    }
}
