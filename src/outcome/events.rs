//! The events of a course: what they are, when they can happen, what they change.

/// What kind of thing an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Ends the course.
    Death,
    /// Starts at most once and changes other hazards from then on.
    Complication,
    /// Leaves hospital alive: events in hospital stop, events after discharge begin.
    Discharge,
}

/// Where a patient has to be for an event to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// In hospital, alive.
    InHospital,
    /// Discharged, alive.
    AfterDischarge,
}

/// One event of the course, with what it does to other events.
///
/// The hazard of event `e` in a patient is
/// `rate_e · shape_e(t) · [1 + Σ_j (m_je − 1)]`, the sum over the complications `j` that have
/// started: concurrent complications add on the excess scale, so that expectations stay closed forms.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The name scenarios use.
    pub name: String,
    /// The name people read.
    pub label: String,
    pub kind: EventKind,
    pub setting: Setting,
    /// For each event this one changes once it has started: its index and `m − 1`.
    pub excess: Vec<(usize, f64)>,
    /// Whether a trial's mortality anchor shifts its log hazard.
    pub anchored: bool,
}

/// The events of a population, in a fixed order that indexes rates and regimes everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    pub list: Vec<Event>,
}

impl Events {
    /// Index of the event called `name`.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|e| e.name == name)
    }

    /// Indices of all events of one kind.
    pub fn of_kind(&self, kind: EventKind) -> impl Iterator<Item = usize> + '_ {
        self.list.iter().enumerate().filter(move |(_, e)| e.kind == kind).map(|(i, _)| i)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
