//! One figure of the ledger.

/// How a figure came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Stated in the review the ledger starts from.
    Review,
    /// Read in the primary publication, or its abstract, or a registration record.
    Cited,
    /// Read in a summary of the primary.
    Secondary,
    /// Recalled; no source was opened. Never decides a pass.
    Memory,
    /// Arithmetic on other figures.
    Derived,
}

impl Origin {
    /// The word tables print.
    pub fn word(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Cited => "cited",
            Self::Secondary => "secondary",
            Self::Memory => "memory",
            Self::Derived => "derived",
        }
    }
}

/// A figure as its source printed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub id: String,
    /// Whom it is about.
    pub population: String,
    pub quantity: String,
    /// Empty for both arms, or outside a trial.
    pub arm: String,
    /// In `unit`; none where the source gives words only.
    pub value: Option<f64>,
    /// The value as printed: its digits say how far it was rounded.
    pub printed: String,
    pub unit: String,
    /// 95 % interval, unless the note says otherwise.
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub n: Option<f64>,
    pub events: Option<f64>,
    /// None in hospital, or where it is not stated.
    pub horizon_days: Option<f64>,
    /// level, contrast, prevalence, eligibility, dose or sample-size.
    pub kind: String,
    pub source: String,
    pub origin: Origin,
    pub access: String,
    pub review_ref: String,
    pub note: String,
}

impl Figure {
    /// Reads a row of the ledger by the names of its columns.
    pub(super) fn read(header: &[String], row: Vec<String>) -> Self {
        let text = |name: &str| {
            let column = header.iter().position(|h| h == name);
            column.and_then(|c| row.get(c)).cloned().unwrap_or_default()
        };
        let number = |name: &str| text(name).parse().ok();
        let origin = match (text("access").as_str(), text("origin").as_str()) {
            ("derived", _) => Origin::Derived,
            (_, "review") => Origin::Review,
            (_, "cited") => Origin::Cited,
            (_, "secondary") => Origin::Secondary,
            _ => Origin::Memory,
        };
        Self {
            id: text("id"),
            population: text("population"),
            quantity: text("quantity"),
            arm: text("arm"),
            value: number("value"),
            printed: text("value"),
            unit: text("unit"),
            ci_low: number("ci_low"),
            ci_high: number("ci_high"),
            n: number("n"),
            events: number("events"),
            horizon_days: number("horizon_days"),
            kind: text("kind"),
            source: text("source"),
            origin,
            access: text("access"),
            review_ref: text("review_ref"),
            note: text("note"),
        }
    }

    /// Half a unit of the last digit printed: how far rounding can have moved the value.
    pub fn rounding(&self) -> f64 {
        let decimals = self.printed.split_once('.').map_or(0, |(_, d)| d.len());
        0.5 * libm::pow(10.0, -(decimals as f64))
    }
}
