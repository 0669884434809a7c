//! What was found: one line each, with a remedy where something is to be done.

use std::path::Path;

use crate::clean::Cleaner;

/// What a finding is about; also the heading above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    Program,
    Settings,
    State,
    SignIns,
    Journal,
    Network,
    Terminal,
}

impl Area {
    /// All, in the order in which they are shown.
    pub(super) const ALL: [Self; 7] = [
        Self::Program,
        Self::Settings,
        Self::State,
        Self::SignIns,
        Self::Journal,
        Self::Network,
        Self::Terminal,
    ];

    /// Returns its name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Settings => "settings",
            Self::State => "state folder",
            Self::SignIns => "sign-ins",
            Self::Journal => "journal",
            Self::Network => "network",
            Self::Terminal => "terminal",
        }
    }
}

/// How a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// Broken.
    Bad,
}

impl State {
    /// Returns its name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }
}

/// One line.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) area: Area,
    pub(super) state: State,
    pub(super) what: String,
    pub(super) remedy: Option<String>,
}

/// All findings; whatever is noted is cleaned of what is private.
#[derive(Debug)]
pub(super) struct Findings {
    list: Vec<Finding>,
    cleaner: Cleaner,
}

impl Findings {
    pub(super) fn new(cleaner: Cleaner) -> Self {
        Self {
            list: Vec::new(),
            cleaner,
        }
    }

    pub(super) fn ok(&mut self, area: Area, what: &str) {
        self.push(area, State::Ok, what, None);
    }

    pub(super) fn note(&mut self, area: Area, what: &str, remedy: Option<&str>) {
        self.push(area, State::Note, what, remedy);
    }

    pub(super) fn bad(&mut self, area: Area, what: &str, remedy: &str) {
        self.push(area, State::Bad, what, Some(remedy));
    }

    fn push(&mut self, area: Area, state: State, what: &str, remedy: Option<&str>) {
        self.list.push(Finding {
            area,
            state,
            what: self.clean(what),
            remedy: remedy.map(|remedy| self.clean(remedy)),
        });
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Finding> {
        self.list.iter()
    }

    pub(super) fn of(&self, area: Area) -> impl Iterator<Item = &Finding> {
        self.list.iter().filter(move |finding| finding.area == area)
    }

    /// Returns a text without what is private.
    pub(super) fn clean(&self, text: &str) -> String {
        crate::text::printable_lines(&self.cleaner.text(text))
    }

    /// Returns a path without the name of the home folder.
    pub(super) fn path(&self, path: &Path) -> String {
        self.cleaner.path(path)
    }
}
