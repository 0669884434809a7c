//! Where things are in Google's console: the only place that knows its addresses.
//!
//! # Source
//! The console's own menus, "Google Auth Platform" (read 2026-08).

use url::Url;

const CONSOLE: &str = "https://console.cloud.google.com";
/// Where a person sees which programs have access to their account.
pub const PERMISSIONS: &str = "https://myaccount.google.com/permissions";

/// Addresses of the console's pages, of one project if one is named.
#[derive(Debug, Clone, Default)]
pub struct Console {
    base: Option<Url>,
    project: Option<String>,
}

impl Console {
    /// Uses another console than the real one, such as a stand-in's.
    #[must_use]
    pub fn with_base(mut self, base: Option<Url>) -> Self {
        self.base = base;
        self
    }

    /// Names the project, by id or number, that the pages are to show.
    #[must_use]
    pub fn with_project(mut self, project: Option<String>) -> Self {
        self.project = project;
        self
    }

    /// Where a project is made.
    pub fn new_project(&self) -> String {
        self.page("projectcreate")
    }

    /// Where the Photos Library API is switched on.
    pub fn library_api(&self) -> String {
        self.page("apis/library/photoslibrary.googleapis.com")
    }

    /// Where the consent screen gets its name.
    pub fn branding(&self) -> String {
        self.page("auth/branding")
    }

    /// Where test users are named and the app is published.
    pub fn audience(&self) -> String {
        self.page("auth/audience")
    }

    /// Where the permissions are listed that the app asks for.
    pub fn scopes(&self) -> String {
        self.page("auth/scopes")
    }

    /// Where OAuth clients are made.
    pub fn clients(&self) -> String {
        self.page("auth/clients")
    }

    fn page(&self, path: &str) -> String {
        let base = self.base.as_ref().map_or(CONSOLE, Url::as_str).trim_end_matches('/');
        match &self.project {
            Some(project) => format!("{base}/{path}?project={project}"),
            None => format!("{base}/{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_at_the_console_or_at_its_stand_in() {
        let console = Console::default();
        assert_eq!(console.clients(), "https://console.cloud.google.com/auth/clients");
        let console = console
            .with_base(Url::parse("http://127.0.0.1:9/console/").ok())
            .with_project(Some("412345678901".to_owned()));
        assert_eq!(
            console.audience(),
            "http://127.0.0.1:9/console/auth/audience?project=412345678901"
        );
    }
}
