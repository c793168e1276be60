//! Figures of journal quality; the only door to plotters and resvg.
//!
//! One figure, one file: a plain struct of what it shows, and `draw`, which lays it out as a `Figure`.
//! Text is measured before it is placed, so labels wrap, move apart or make the page taller rather
//! than overlap; numbers that do not exist are left out of the picture rather than guessed.

mod axis;
mod boundaries;
mod calibration;
mod complications;
mod distribution;
mod enrolment;
mod estimates;
mod forest;
mod heat_map;
mod incidence;
mod kaplan_meier;
mod page;
mod power;
mod power_curve;
mod replays;
mod rows;
mod shares;
mod style;
mod trade_off;
mod variants;
mod waterfall;

pub use boundaries::Boundaries;
pub use calibration::{Calibration, CalibrationDot};
pub use complications::{Complication, Complications, Risk};
pub use distribution::Distribution;
pub use enrolment::Enrolment;
pub use estimates::{EffectScale, Estimates, mean_note};
pub use forest::{Forest, ForestLevel, ForestRow};
pub use heat_map::HeatMap;
pub use incidence::{Incidence, IncidencePanel};
pub use kaplan_meier::{CurveKind, KaplanMeier, KaplanMeierArm, Shows};
pub use power::{Power, PowerAxis, PowerPoint, PowerSeries};
pub use power_curve::{PowerCurve, PowerCurveLine};
pub use replays::{ReplayRow, Replays};
pub use shares::{Shares, SharesPart, SharesRow};
pub use trade_off::{TradeOff, TradeOffPoint};
pub use variants::{Variant, Variants};
pub use waterfall::{Waterfall, WaterfallStep};

use std::sync::{Arc, OnceLock};

use resvg::{tiny_skia, usvg};

/// A finished figure: its SVG with text kept as text, and what a report needs to place it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File stem and anchor, such as `power-by-effect`.
    pub name: String,
    /// What the figure shows, for the line under it.
    pub caption: String,
    /// Self-contained SVG; identical bytes for identical data.
    pub svg: String,
    /// Nominal size in CSS pixels.
    pub width: f64,
    pub height: f64,
}

/// Why a figure could not be made into pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct CannotRasterise {
    pub figure: String,
    pub scale: f32,
    pub reason: String,
}

impl std::fmt::Display for CannotRasterise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let CannotRasterise { figure, scale, reason } = self;
        write!(f, "figure {figure} cannot be drawn as pixels at {scale} times its size: {reason}")
    }
}

impl std::error::Error for CannotRasterise {}

/// Pixels along one side beyond which a picture is refused.
const LARGEST_SIDE: f64 = 20_000.0;

impl Figure {
    /// A page printed `height` tall.
    fn print(page: &page::Page, height: f64, name: &str, title: &str, caption: &str) -> Figure {
        Figure {
            name: name.to_string(),
            caption: caption.to_string(),
            // Who does not see the figure hears what it shows.
            svg: page.print(height, if title.is_empty() { caption } else { title }),
            width: page.width.ceil(),
            height: height.ceil(),
        }
    }

    /// The figure as PNG, `scale` pixels to one nominal pixel: 2 for a screen, 4 for a printer.
    ///
    /// Made from the SVG with the embedded fonts only, so it is the same on every machine.
    pub fn png(&self, scale: f32) -> Result<Vec<u8>, CannotRasterise> {
        let fail = |reason: String| CannotRasterise { figure: self.name.clone(), scale, reason };
        let tree = self.tree().map_err(fail)?;
        let (width, height) = (self.width * f64::from(scale), self.height * f64::from(scale));
        if !(width >= 1.0 && height >= 1.0 && width <= LARGEST_SIDE && height <= LARGEST_SIDE) {
            return Err(fail(format!("a side would not be between 1 and {LARGEST_SIDE} pixels")));
        }
        let mut pixels = tiny_skia::Pixmap::new(width.round() as u32, height.round() as u32)
            .ok_or_else(|| fail("it is too large".to_string()))?;
        resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| fail(error.to_string()))
    }

    /// The figure as SVG with text drawn as outlines: needs no font anywhere, for journals that ask.
    pub fn outlined(&self) -> Result<String, CannotRasterise> {
        let tree = self.tree();
        let tree =
            tree.map_err(|reason| CannotRasterise { figure: self.name.clone(), scale: 1.0, reason })?;
        Ok(tree.to_string(&usvg::WriteOptions::default()))
    }

    fn tree(&self) -> Result<usvg::Tree, String> {
        let options = usvg::Options { fontdb: fonts(), ..usvg::Options::default() };
        usvg::Tree::from_str(&self.svg, &options).map_err(|error| error.to_string())
    }
}

/// The embedded faces, parsed once.
fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(notosans::REGULAR_TTF.to_vec());
        fonts.load_font_data(notosans::BOLD_TTF.to_vec());
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}
