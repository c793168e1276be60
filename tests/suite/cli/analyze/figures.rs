//! Figures of a data set.

use super::{super::Folder, data, say};

fn drawn(name: &str, flags: &str, file: &str) -> (Folder, Vec<u8>) {
    let folder = Folder::new(&format!("figure-{file}"));
    let (table, path) = (data(name), folder.path(file));
    let mut arguments = vec!["analyze", table.as_str(), "--arm", "arm", "--figure", &path];
    arguments.extend(flags.split(' '));
    let said = say(&arguments);
    assert_eq!(said.code, 0, "{}", said.error);
    let bytes = std::fs::read(&path).unwrap();
    (folder, bytes)
}

#[test]
fn curves_carry_the_numbers_at_risk() {
    let (_folder, svg) = drawn("ecls_like", "--time time --event status --label Death", "curves.svg");
    let svg = String::from_utf8(svg).unwrap();
    for word in ["No. at risk", "Death", "Days since randomisation", "208", "209", "P = 0.852, log-rank test"]
    {
        assert!(svg.contains(word), "no “{word}”");
    }
    assert!(svg.contains("0.97 (95% CI, 0.72–1.29)"), "the hazard ratio is that of the analysis");
    assert!(!svg.contains("NaN"));
}

#[test]
fn cumulative_incidence_and_forest() {
    let (_folder, svg) = drawn("competing", "--time time --cause etype", "incidence.svg");
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("Subdistribution hazard ratio") && svg.contains("test"));
    let (_folder, svg) = drawn("ecls_like", "--event dead30 --by ca --by scai", "forest.svg");
    let svg = String::from_utf8(svg).unwrap();
    for word in ["All patients", "scai", "Risk ratio", "P for", "1 better", "0 better", "92/209"] {
        assert!(svg.contains(word), "no “{word}”");
    }
    let (_folder, png) = drawn("ecls_like", "--time time --event status", "curves.png");
    assert_eq!(&png[..4], b"\x89PNG");
}
