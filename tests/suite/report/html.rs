//! The HTML report: one file, complete, numbered, and clear about what is wrong with its input.

use serde_json::{Value, json};
use shocktrial::report::figures::{Figure, Variants};
use shocktrial::report::html::{self, Report};

fn figure(name: &str) -> Figure {
    let title = format!("Title of {name}");
    Variants { name: name.into(), title, caption: format!("Caption of {name}."), ..Default::default() }.draw()
}

fn example() -> Value {
    json!({
        "title": "Flow pump <in> shock & after",
        "question": "Is 360 enough?",
        "answer": ["No.", "About 800 are."],
        "would_change": ["A higher control risk."],
        "summary": [{ "label": "Power", "value": "52.1%", "note": "Monte Carlo SE 0.5" }],
        "sections": [
            {
                "title": "Model",
                "paragraphs": ["One.", "Two."],
                "tables": [{
                    "caption": "Parameters.",
                    "columns": [{ "title": "Parameter" }, { "title": "Value", "unit": "%", "align": "right" },
                                { "title": "Mark", "align": "mark" }],
                    "rows": [["Mortality"], ["Control", "49.0", "cited"], ["Pump", "40.0", "not met"]],
                    "notes": ["Cited or assumed."]
                }],
                "figures": ["second"],
                "parts": [{ "title": "Calibration", "tables": [
                    { "number": "S1", "caption": "Kept.", "columns": [{ "title": "A" }], "rows": [["a"]] },
                    { "caption": "Counted.", "columns": [{ "title": "A" }], "rows": [] }
                ] }]
            },
            { "title": "Reproduction", "facts": [{ "label": "Seed", "value": "20260101", "code": true }] }
        ],
        "footer": "shocktrial 0.1.0"
    })
}

fn page(context: &Value, figures: &[Figure]) -> String {
    html::render(context, figures).unwrap()
}

#[test]
fn the_page_stands_alone() {
    let page = page(&example(), &[figure("second")]);
    assert!(!page.contains("<script") && !page.contains("<link") && !page.contains("<img"));
    for (at, _) in page.match_indices("://") {
        // The name of the SVG vocabulary is not a link.
        assert!(page[at..].starts_with("://www.w3.org/2000/svg\""), "{}", &page[at - 40..at + 40]);
    }
    for (at, _) in page.match_indices("url(") {
        assert!(page[at..].starts_with("url(data:font/ttf;base64,AAEAAA"));
    }
    for (at, _) in page.match_indices("href=\"") {
        let address = &page[at + 6..at + 40];
        let own = address.starts_with("#section-") || address.starts_with("data:");
        assert!(own, "{address}");
    }
}

/// The file behind a link of the page that saves one.
fn saved(page: &str, name: &str) -> Vec<u8> {
    let at = page.find(&format!("download=\"{name}\"")).unwrap_or_else(|| panic!("no {name}"));
    let text = page[at..].split_once("base64,").unwrap().1.split_once('"').unwrap().0;
    let letter = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits =
            four.iter().fold(0_u32, |bits, &c| bits << 6 | u32::from(letter(c))) << (6 * (4 - four.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    bytes
}

#[test]
fn tables_and_figures_can_be_saved_from_the_page() {
    let mut context = example();
    context["sections"][0]["tables"][0]["rows"][2] = json!(["Pump, \"new\"", "=1+1", ""]);
    let drawn = figure("second");
    let page = page(&context, std::slice::from_ref(&drawn));
    assert_eq!(
        String::from_utf8(saved(&page, "table-1.csv")).unwrap(),
        "\u{feff}Parameter,Value (%),Mark\r\nMortality\r\nControl,49.0,cited\r\n\"Pump, \"\"new\"\"\",'=1+1,\r\n"
    );
    assert_eq!(saved(&page, "second.svg"), drawn.svg.as_bytes());
    assert_eq!(saved(&page, "second.png"), drawn.png(html::PNG_SCALE).unwrap());
}

#[test]
fn words_between_backticks_are_code() {
    let mut context = example();
    context["sections"][0]["paragraphs"] = json!(["See `a < b` & one ` alone."]);
    let text = page(&context, &[figure("second")]);
    assert!(text.contains("<p>See `a &lt; b` &amp; one ` alone.</p>"));
    context["sections"][0]["paragraphs"] = json!(["See `a < b`."]);
    assert!(page(&context, &[figure("second")]).contains("<p>See <code>a &lt; b</code>.</p>"));
}

#[test]
fn text_is_escaped_and_svg_is_not() {
    let page = page(&example(), &[figure("second")]);
    assert!(page.contains("<h1>Flow pump &lt;in&gt; shock &amp; after</h1>"));
    assert!(page.contains("<title>Title of second</title>"));
}

#[test]
fn sections_tables_and_figures_are_numbered_as_they_stand() {
    let page = page(&example(), &[figure("first"), figure("second")]);
    let order = [
        "<span class=\"number\">1</span>Model",
        "Table 1.</span> Parameters.",
        "Figure 1.</span> Caption of second.",
        "<span class=\"number\">1.1</span>Calibration",
        "Table S1.</span> Kept.",
        "Table 2.</span> Counted.",
        "<span class=\"number\">2</span>Reproduction",
        // Drawn, named by no section, and still shown.
        "<span class=\"number\">3</span>Further figures",
        "Figure 2.</span> Caption of first.",
        "shocktrial 0.1.0</footer>",
    ];
    let mut at = page.find("<main>").unwrap();
    for text in order {
        at += page[at..].find(text).unwrap_or_else(|| panic!("{text} is missing or out of order"));
    }
}

#[test]
fn tables_have_headings_units_and_marks() {
    let page = page(&example(), &[figure("second")]);
    for text in [
        "<tr class=\"group\"><th colspan=\"3\" scope=\"rowgroup\">Mortality</th></tr>",
        "<th scope=\"col\" class=\"right\">Value<span class=\"unit\">%</span></th>",
        "<th scope=\"row\" class=\"left\">Control</th>",
        "<td class=\"right\">49.0</td>",
        "<span class=\"cited\">cited</span>",
        "<span class=\"not-met\">not met</span>",
        "<dt>Seed</dt><dd><code>20260101</code></dd>",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_title_alone_is_a_page() {
    let page = page(&json!({ "title": "Empty" }), &[]);
    assert!(
        page.contains("<h1>Empty</h1>") && !page.contains("<nav") && !page.contains("class=\"decision\"")
    );
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert_eq!(page(&example(), &[figure("second")]), page(&example(), &[figure("second")]));
}

#[test]
fn what_is_wrong_is_said() {
    let message =
        |context: &Value, figures: &[Figure]| html::render(context, figures).unwrap_err().to_string();
    assert_eq!(
        message(&example(), &[figure("other")]),
        "section “Model” shows figure “second”, which was not drawn; drawn are other"
    );
    let mut uneven = example();
    uneven["sections"][0]["tables"][0]["rows"][1] = json!(["a", "b"]);
    assert_eq!(message(&uneven, &[]), "row 2 of table “Parameters.” has 2 cells for 3 columns");
    let misspelt = json!({ "title": "T", "sectoins": [] });
    assert!(message(&misspelt, &[]).starts_with("the report cannot be read: unknown field `sectoins`"));
}

#[test]
fn an_institution_may_bring_its_own_template() {
    let report = Report { title: "A & B".into(), ..Default::default() };
    let template = "<h1>{{ report.title }}</h1>{% for s in sections %}{{ s.figures[0].caption }}{% endfor %}";
    let page = report.render_with(template, &[figure("one")]).unwrap();
    assert_eq!(page, "<h1>A &amp; B</h1>Caption of one.");
    let error = report.render_with("{{ report.nothing.at_all }}", &[]).unwrap_err().to_string();
    assert!(error.starts_with("the report template fails: undefined value"), "{error}");
}

#[test]
fn fonts_are_whole() {
    let page = Report::default().render_with("{{ fonts.regular|safe }}", &[]).unwrap();
    assert_eq!(page.len(), notosans::REGULAR_TTF.len().div_ceil(3) * 4);
    // The first bytes of a TrueType font, 00 01 00 00, and as many = as bytes lack to a multiple of three.
    assert!(page.starts_with("AAEAA"));
    assert_eq!(page.matches('=').count(), (3 - notosans::REGULAR_TTF.len() % 3) % 3);
}
