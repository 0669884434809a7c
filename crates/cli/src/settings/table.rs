//! The one table of settings: what each is called on the command line, in the environment and in the file.
//!
//! Whatever is looked up is looked up by its line here, and the reference and `photomove doctor` are written from it, so that
//! no setting can be missing there.

use std::num::NonZeroU32;
use std::path::PathBuf;

use photomove_core::{Error, ErrorKind, Result};
use url::Url;

use super::Environment;

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Name, for people and programs; where the file has it, its key there.
    pub(crate) name: &'static str,
    /// Whether the settings file may hold it.
    pub(crate) in_file: bool,
    /// Option of every command, or of the one that is named.
    pub(crate) option: Option<&'static str>,
    /// Environment variable.
    pub(crate) variable: &'static str,
    /// What it is, as a table says it.
    pub(crate) form: Form,
    /// What is used if nobody says anything.
    pub(crate) default: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A file or folder.
    Path,
    /// A number of bytes with a unit.
    Size,
    /// An address.
    Address,
    /// A number from 1 on.
    Number,
    /// Words.
    Text,
}

#[cfg(test)]
impl Form {
    /// Returns its name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Size => "size",
            Self::Address => "address",
            Self::Number => "number",
            Self::Text => "text",
        }
    }
}

/// All settings, in the order of the reference.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "config",
        in_file: false,
        option: Some("--config"),
        variable: "PHOTOMOVE_CONFIG",
        form: Form::Path,
        default: "`config.toml` in the user's folder for settings",
        about: "Settings file; one that is named must exist.",
    },
    Setting {
        name: "log_file",
        in_file: false,
        option: Some("--log-file"),
        variable: "PHOTOMOVE_LOG_FILE",
        form: Form::Path,
        default: "none",
        about: "File to which everything is written that may help to find a fault, every request included, without secrets.",
    },
    Setting {
        name: "state_dir",
        in_file: true,
        option: Some("--state-dir"),
        variable: "PHOTOMOVE_STATE_DIR",
        form: Form::Path,
        default: "the user's folder for state",
        about: "Folder of the journal, the kept sign-ins and the files on their way.",
    },
    Setting {
        name: "spool_max",
        in_file: true,
        option: Some("--spool-max"),
        variable: "PHOTOMOVE_SPOOL_MAX",
        form: Form::Size,
        default: "10 GiB",
        about: "Most bytes kept on disk on their way; a larger file goes straight through.",
    },
    Setting {
        name: "max_bandwidth",
        in_file: true,
        option: Some("--max-bandwidth"),
        variable: "PHOTOMOVE_MAX_BANDWIDTH",
        form: Form::Text,
        default: "off",
        about: "Most that uploads and downloads take of the line together, such as `10MB/s` or `20Mbit/s`.",
    },
    Setting {
        name: "ca_cert",
        in_file: true,
        option: Some("--ca-cert"),
        variable: "PHOTOMOVE_CA_CERT",
        form: Form::Path,
        default: "none",
        about: "PEM file with certificates that are trusted beside the system's.",
    },
    Setting {
        name: "amazon.cookies",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_AMAZON_COOKIES",
        form: Form::Path,
        default: "the sign-in kept by `photomove auth login amazon`",
        about: "Cookie file that is used instead of the kept sign-in; it is only read.",
    },
    Setting {
        name: "amazon.marketplace",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_AMAZON_MARKETPLACE",
        form: Form::Text,
        default: "told by the cookies' names",
        about: "Shop of the account, such as `amazon.de`.",
    },
    Setting {
        name: "amazon.metadata_url",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_AMAZON_METADATA_URL",
        form: Form::Address,
        default: "`https://www.amazon.<domain>`",
        about: "Host for listings; for stand-ins.",
    },
    Setting {
        name: "amazon.content_url",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_AMAZON_CONTENT_URL",
        form: Form::Address,
        default: "`https://content-<region>.drive.amazonaws.com`",
        about: "Host for originals, the older way; for stand-ins.",
    },
    Setting {
        name: "amazon.download_url",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_AMAZON_DOWNLOAD_URL",
        form: Form::Address,
        default: "`https://download-photos.amazon.<domain>`",
        about: "Host for originals by signed addresses; for stand-ins.",
    },
    Setting {
        name: "amazon.thumbnail_url",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_AMAZON_THUMBNAIL_URL",
        form: Form::Address,
        default: "`https://thumbnails-photos.amazon.<domain>`",
        about: "Host for thumbnails; for stand-ins.",
    },
    Setting {
        name: "google.client_secret",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_GOOGLE_CLIENT_SECRET",
        form: Form::Path,
        default: "the client kept by `photomove auth login google`",
        about: "OAuth client file, as downloaded from the Google Cloud console.",
    },
    Setting {
        name: "google.token",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_GOOGLE_TOKEN",
        form: Form::Path,
        default: "the sign-in kept by `photomove auth login google`",
        about: "Token file that is used instead of the kept sign-in; renewed tokens are written into it.",
    },
    Setting {
        name: "google.library_url",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_GOOGLE_LIBRARY_URL",
        form: Form::Address,
        default: "`https://photoslibrary.googleapis.com`",
        about: "Library API; for stand-ins.",
    },
    Setting {
        name: "google.userinfo_url",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_GOOGLE_USERINFO_URL",
        form: Form::Address,
        default: "`https://openidconnect.googleapis.com/v1/userinfo`",
        about: "Tells who is signed in; for stand-ins.",
    },
    Setting {
        name: "google.revoke_url",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_GOOGLE_REVOKE_URL",
        form: Form::Address,
        default: "`https://oauth2.googleapis.com/revoke`",
        about: "Takes a sign-in back; for stand-ins.",
    },
    Setting {
        name: "google.console_url",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_GOOGLE_CONSOLE_URL",
        form: Form::Address,
        default: "`https://console.cloud.google.com`",
        about: "Console whose pages `photomove auth setup google` opens; for stand-ins.",
    },
    Setting {
        name: "google.writes_per_minute",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_GOOGLE_WRITES_PER_MINUTE",
        form: Form::Number,
        default: "30",
        about: "Changes to the library in a minute.",
    },
    Setting {
        name: "google.requests_per_day",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY",
        form: Form::Number,
        default: "10000",
        about: "Requests to the Library API in a day, for projects that were granted more.",
    },
    Setting {
        name: "photoprism.sign_in",
        in_file: true,
        option: None,
        variable: "PHOTOMOVE_PHOTOPRISM_SIGN_IN",
        form: Form::Path,
        default: "the sign-in kept by `photomove auth login photoprism`",
        about: "File with server and sign-in that is used instead of the kept one; the session is written into it.",
    },
];

/// Returns the line of a setting.
pub(crate) fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// An environment variable that is no setting.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
}

/// What else is read from the environment. Lower-case forms of the proxies are read too.
#[cfg(test)]
pub(crate) const VARIABLES: &[Variable] = &[
    Variable {
        name: "HTTPS_PROXY",
        about: "Proxy for `https://` addresses, such as `http://proxy.example:3128`; a user name and password in it are never shown.",
    },
    Variable {
        name: "ALL_PROXY",
        about: "Proxy for all addresses for which none is named.",
    },
    Variable {
        name: "HTTP_PROXY",
        about: "Proxy for `http://` addresses. Sign-ins are only ever sent by `https://`, so it matters to nobody but proxies' tests.",
    },
    Variable {
        name: "NO_PROXY",
        about: "Hosts that are reached without a proxy, with commas between them; a name stands for all hosts below it. This very machine is never reached through a proxy.",
    },
    Variable {
        name: "NO_COLOR",
        about: "Anything: print without colours, as `--no-color` does.",
    },
    Variable {
        name: "PHOTOMOVE_BROWSER",
        about: "Program that is started with an address as its only argument where a page is to be opened, instead of the system's browser; also where nobody is at a terminal.",
    },
    Variable {
        name: "RUST_LOG",
        about: "What is said on standard error instead of what `-v` asks for, such as `photomove_http=debug`. The log file is not affected.",
    },
    Variable {
        name: "TZ",
        about: "Time zone of the times that are shown, such as `Europe/Berlin`.",
    },
];

/// What a command finds that photomove starts.
#[cfg(test)]
pub(crate) const GIVEN: &[Variable] = &[
    Variable {
        name: "PHOTOMOVE_EVENT",
        about: "`paused`, `finished` (exit codes 0, 3 and 7), `stopped` (4, 5, 6 and 130: the same command goes on) or `failed` (1, 2 and 10).",
    },
    Variable {
        name: "PHOTOMOVE_MESSAGE",
        about: "One line for people, without secrets.",
    },
    Variable {
        name: "PHOTOMOVE_EXIT_CODE",
        about: "The exit code, at the end only.",
    },
];

/// What only debug builds and the tests know.
#[cfg(test)]
pub(crate) const DRILLS: &[Variable] = &[
    Variable {
        name: "PHOTOMOVE_CLOCK_URL",
        about: "Address of a stand-in's clock, which the program then follows. Debug builds only.",
    },
    Variable {
        name: "PHOTOMOVE_DRILL",
        about: "Planted defects and deaths. Debug builds only.",
    },
];

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An option on the command line.
    Option,
    /// The environment.
    Environment,
    /// The settings file.
    File,
    /// Nobody said anything.
    Default,
}

/// A setting as it is in force.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    /// Which.
    pub(crate) setting: &'static Setting,
    /// Its value as it was given; `None` = the default.
    pub(crate) value: Option<String>,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// Looks settings up, each in the order option, environment, file, and notes where it was found.
#[derive(Debug)]
pub(super) struct Picker<'e> {
    environment: &'e Environment,
    found: Vec<InForce>,
}

impl<'e> Picker<'e> {
    pub(super) fn new(environment: &'e Environment) -> Self {
        Self {
            environment,
            found: Vec::new(),
        }
    }

    /// Returns what was found, in the order of the table.
    pub(super) fn in_force(mut self) -> Vec<InForce> {
        let place = |one: &InForce| SETTINGS.iter().position(|setting| setting == one.setting);
        self.found.sort_by_key(place);
        self.found
    }

    pub(super) fn path(
        &mut self,
        name: &'static str,
        option: Option<&PathBuf>,
        file: Option<PathBuf>,
    ) -> Result<Option<PathBuf>> {
        let variable = |environment: &Environment, name: &str| Ok(environment.path(name));
        let show = |path: &PathBuf| path.display().to_string();
        self.pick(name, option.cloned(), variable, file, show)
    }

    pub(super) fn text(
        &mut self,
        name: &'static str,
        option: Option<&str>,
        file: Option<String>,
    ) -> Result<Option<(&'static str, String)>> {
        let setting = line(name)?;
        let found = self.pick(name, option.map(str::to_owned), Environment::text, file, String::clone)?;
        // Whoever finds the text wrong says where it stands.
        let called = match self.found.last().map(|found| found.origin) {
            Some(Origin::Option) => setting.option.unwrap_or(name),
            Some(Origin::Environment) => setting.variable,
            _ => name,
        };
        Ok(found.map(|text| (called, text)))
    }

    pub(super) fn url(&mut self, name: &'static str, file: Option<Url>) -> Result<Option<Url>> {
        self.pick(name, None, Environment::url, file, photomove_http::redact::url)
    }

    pub(super) fn number(&mut self, name: &'static str, file: Option<NonZeroU32>) -> Result<Option<NonZeroU32>> {
        self.pick(name, None, Environment::number, file, NonZeroU32::to_string)
    }

    fn pick<T>(
        &mut self,
        name: &'static str,
        option: Option<T>,
        variable: impl Fn(&Environment, &str) -> Result<Option<T>>,
        file: Option<T>,
        show: impl Fn(&T) -> String,
    ) -> Result<Option<T>> {
        let setting = line(name)?;
        let (origin, value) = match (option, file) {
            (Some(value), _) => (Origin::Option, Some(value)),
            (None, file) => match (variable(self.environment, setting.variable)?, file) {
                (Some(value), _) => (Origin::Environment, Some(value)),
                (None, Some(value)) => (Origin::File, Some(value)),
                (None, None) => (Origin::Default, None),
            },
        };
        self.found.push(InForce {
            setting,
            value: value.as_ref().map(show),
            origin,
        });
        Ok(value)
    }
}

/// Settings are looked up by their line in the table, so one that is not there is found by the first test.
fn line(name: &'static str) -> Result<&'static Setting> {
    setting(name).ok_or_else(|| {
        Error::new(ErrorKind::Internal, format!("the table of settings has no `{name}`"))
            .hint("this is a defect of photomove; please report it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_variables_are_there_once() {
        let mut seen = std::collections::HashSet::new();
        for setting in SETTINGS {
            assert!(
                seen.insert(setting.name) && seen.insert(setting.variable),
                "{}",
                setting.name
            );
            let spelled = setting.name.replace('.', "_").to_uppercase();
            assert_eq!(setting.variable, format!("PHOTOMOVE_{spelled}"));
        }
        for variable in VARIABLES {
            assert!(seen.insert(variable.name), "{}", variable.name);
        }
    }
}
