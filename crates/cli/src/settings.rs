//! Settings: an option beats the environment, the environment beats the file, the file beats the default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use etcetera::{AppStrategy, AppStrategyArgs};
use photomove_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::args::Global;
use crate::{limits, text};

use self::table::{InForce, Picker};

pub(crate) mod table;

/// Bytes of spool if nobody says otherwise.
pub(crate) const DEFAULT_SPOOL_MAX: u64 = 10 << 30;

/// What is to be used.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Folder of the journal and the sign-ins.
    pub(crate) state_dir: PathBuf,
    /// Most bytes kept on disk on their way.
    pub(crate) spool_max_bytes: u64,
    /// Most bytes a second, uploads and downloads together.
    pub(crate) max_bytes_per_second: Option<u64>,
    /// PEM file with further trusted certificates.
    pub(crate) ca_cert: Option<PathBuf>,
    /// Amazon Photos.
    pub(crate) amazon: AmazonSettings,
    /// Google Photos.
    pub(crate) google: GoogleSettings,
    /// PhotoPrism.
    pub(crate) photoprism: PhotoPrismSettings,
    /// Each setting with the place that it comes from, for people.
    pub(crate) in_force: Vec<InForce>,
}

impl Settings {
    /// Returns where the journal lies.
    pub(crate) fn journal(&self) -> PathBuf {
        self.state_dir.join("journal.db")
    }

    /// Returns where sign-ins are kept.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.state_dir.join("credentials")
    }
}

/// Settings of Amazon Photos.
#[derive(Debug, Clone, Default)]
pub(crate) struct AmazonSettings {
    /// File with cookies, used instead of the kept sign-in.
    pub(crate) cookies: Option<PathBuf>,
    /// Web domain such as `amazon.de`; decided by the cookies' names if `None`.
    pub(crate) marketplace: Option<String>,
    /// Base address of the metadata host.
    pub(crate) metadata_url: Option<Url>,
    /// Base address of the content host.
    pub(crate) content_url: Option<Url>,
    /// Base address of the download host.
    pub(crate) download_url: Option<Url>,
    /// Base address of the thumbnail host.
    pub(crate) thumbnail_url: Option<Url>,
}

/// Settings of Google Photos.
#[derive(Debug, Clone, Default)]
pub(crate) struct GoogleSettings {
    /// OAuth client file.
    pub(crate) client_secret: Option<PathBuf>,
    /// Token file, used instead of the kept sign-in.
    pub(crate) token: Option<PathBuf>,
    /// Base address of the Library API.
    pub(crate) library_url: Option<Url>,
    /// Address that tells who is signed in.
    pub(crate) userinfo_url: Option<Url>,
    /// Address at which a token is taken back.
    pub(crate) revoke_url: Option<Url>,
    /// Base address of the console.
    pub(crate) console_url: Option<Url>,
    /// Changes to the library in a minute; the service's usual limit if `None`.
    pub(crate) writes_per_minute: Option<NonZeroU32>,
    /// Requests in a day; the service's usual limit if `None`.
    pub(crate) requests_per_day: Option<NonZeroU32>,
}

/// Settings of PhotoPrism.
#[derive(Debug, Clone, Default)]
pub(crate) struct PhotoPrismSettings {
    /// File with server and sign-in, used instead of the kept sign-in.
    pub(crate) sign_in: Option<PathBuf>,
}

/// The settings file. Paths in it may begin with `~/`; others are relative to the file's folder.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    state_dir: Option<PathBuf>,
    spool_max: Option<String>,
    max_bandwidth: Option<String>,
    ca_cert: Option<PathBuf>,
    amazon: AmazonFile,
    google: GoogleFile,
    photoprism: PhotoPrismFile,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AmazonFile {
    cookies: Option<PathBuf>,
    marketplace: Option<String>,
    metadata_url: Option<Url>,
    content_url: Option<Url>,
    download_url: Option<Url>,
    thumbnail_url: Option<Url>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GoogleFile {
    client_secret: Option<PathBuf>,
    token: Option<PathBuf>,
    library_url: Option<Url>,
    userinfo_url: Option<Url>,
    revoke_url: Option<Url>,
    console_url: Option<Url>,
    writes_per_minute: Option<NonZeroU32>,
    requests_per_day: Option<NonZeroU32>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PhotoPrismFile {
    sign_in: Option<PathBuf>,
}

/// Environment variables as they were when the program started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Takes those of the process.
    pub(crate) fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Takes the given ones.
    pub(crate) fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }

    /// Returns a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&OsString> {
        self.0.get(&OsString::from(name)).filter(|value| !value.is_empty())
    }

    /// Returns all variables that are text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }

    /// Returns a variable that is set and not empty, as a path.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// Returns a variable that is set and not empty, as text.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is not text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.to_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(wrong(format!("`{name}` is not text"))),
        }
    }

    fn number(&self, name: &str) -> Result<Option<NonZeroU32>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(wrong(format!("`{name}` is not a number from 1 on: `{text}`"))),
        }
    }

    fn url(&self, name: &str) -> Result<Option<Url>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        // The value is left out: an address can hold a password.
        let url = Url::parse(&text).map_err(|error| wrong(format!("`{name}` is not an address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(format!(
                "`{name}` is not an address: it must begin with `https://` or `http://`"
            )));
        }
        Ok(Some(url))
    }
}

/// Puts options, environment, file and defaults together. `spool_max` is the option of that name.
///
/// # Errors
/// [`ErrorKind::Config`] if the file cannot be read or something in it or in the environment makes no sense.
pub(crate) fn load(global: &Global, environment: &Environment, spool_max: Option<&str>) -> Result<Settings> {
    combine(global, environment, spool_max, read_file(global, environment)?)
}

/// As [`load`], without the person's own settings file.
///
/// # Errors
/// [`ErrorKind::Config`] if something in the environment makes no sense.
pub(crate) fn without_file(global: &Global, environment: &Environment) -> Result<Settings> {
    combine(global, environment, None, File::default())
}

fn combine(global: &Global, environment: &Environment, spool_max: Option<&str>, file: File) -> Result<Settings> {
    let mut pick = Picker::new(environment);
    pick.path("config", global.config.as_ref(), None)?;
    pick.path("log_file", global.log_file.as_ref(), None)?;
    let state_dir = pick.path("state_dir", global.state_dir.as_ref(), file.state_dir)?;
    let spool_max = pick.text("spool_max", spool_max, file.spool_max)?;
    Ok(Settings {
        state_dir: match state_dir {
            Some(path) => path,
            None => default_dirs()?.0,
        },
        spool_max_bytes: match spool_max {
            Some((name, text)) => text::parse_bytes(&text).ok_or_else(|| {
                wrong(format!("`{name}` is not a size: `{text}`"))
                    .hint("write a number and a unit, such as `10GiB` or `500 MB`")
            })?,
            None => DEFAULT_SPOOL_MAX,
        },
        max_bytes_per_second: match pick.text("max_bandwidth", None, file.max_bandwidth)? {
            Some((name, text)) => limits::rate(name, &text)?,
            None => None,
        },
        ca_cert: pick.path("ca_cert", global.ca_cert.as_ref(), file.ca_cert)?,
        amazon: AmazonSettings {
            cookies: pick.path("amazon.cookies", None, file.amazon.cookies)?,
            marketplace: pick
                .text("amazon.marketplace", None, file.amazon.marketplace)?
                .map(|(_, text)| text),
            metadata_url: pick.url("amazon.metadata_url", file.amazon.metadata_url)?,
            content_url: pick.url("amazon.content_url", file.amazon.content_url)?,
            download_url: pick.url("amazon.download_url", file.amazon.download_url)?,
            thumbnail_url: pick.url("amazon.thumbnail_url", file.amazon.thumbnail_url)?,
        },
        google: GoogleSettings {
            client_secret: pick.path("google.client_secret", None, file.google.client_secret)?,
            token: pick.path("google.token", None, file.google.token)?,
            library_url: pick.url("google.library_url", file.google.library_url)?,
            userinfo_url: pick.url("google.userinfo_url", file.google.userinfo_url)?,
            revoke_url: pick.url("google.revoke_url", file.google.revoke_url)?,
            console_url: pick.url("google.console_url", file.google.console_url)?,
            writes_per_minute: pick.number("google.writes_per_minute", file.google.writes_per_minute)?,
            requests_per_day: pick.number("google.requests_per_day", file.google.requests_per_day)?,
        },
        photoprism: PhotoPrismSettings {
            sign_in: pick.path("photoprism.sign_in", None, file.photoprism.sign_in)?,
        },
        in_force: pick.in_force(),
    })
}

fn read_file(global: &Global, environment: &Environment) -> Result<File> {
    let named = global.config.clone().or_else(|| environment.path("PHOTOMOVE_CONFIG"));
    let (path, must_exist) = match named {
        Some(path) => (path, true),
        None => match default_dirs() {
            Ok((_, config)) => (config, false),
            // Without a home there is no file; the state folder will be asked for where it is needed.
            Err(_) => return Ok(File::default()),
        },
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if !must_exist && error.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(error) => {
            return Err(wrong(format!("cannot read settings file {}: {error}", path.display()))
                .hint("check `--config` and `PHOTOMOVE_CONFIG`"));
        }
    };
    let mut file: File = toml::from_str(&text).map_err(|error| malformed(&path, &text, &error))?;
    file.resolve_paths(path.parent().unwrap_or(Path::new("")));
    Ok(file)
}

impl File {
    fn resolve_paths(&mut self, folder: &Path) {
        let paths = [
            &mut self.state_dir,
            &mut self.ca_cert,
            &mut self.amazon.cookies,
            &mut self.google.client_secret,
            &mut self.google.token,
            &mut self.photoprism.sign_in,
        ];
        for path in paths.into_iter().flatten() {
            *path = match path.strip_prefix("~") {
                Ok(rest) => etcetera::home_dir().map_or_else(|_| path.clone(), |home| home.join(rest)),
                Err(_) => folder.join(&path),
            };
        }
    }
}

/// Returns the settings file that is read if none is named, for people.
pub(crate) fn usual_file() -> Option<PathBuf> {
    default_dirs().ok().map(|(_, file)| file)
}

/// State folder and settings file of this user. Linux and macOS: the XDG folders; Windows: `%APPDATA%`.
fn default_dirs() -> Result<(PathBuf, PathBuf)> {
    let strategy = etcetera::choose_app_strategy(AppStrategyArgs {
        top_level_domain: "org".to_owned(),
        author: "photomove".to_owned(),
        app_name: "photomove".to_owned(),
    })
    .map_err(|_| wrong("no home folder found").hint("say where to keep the journal: `--state-dir DIR`"))?;
    // Windows has no state folder of its own.
    let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Ok((state, strategy.in_config_dir("config.toml")))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Line and column of a mistake in the settings file, for the message's picture of it.
#[derive(Debug)]
pub(crate) struct FileMistake {
    /// Path for people.
    pub(crate) path: String,
    /// The whole file.
    pub(crate) text: String,
    /// Where the mistake is, in bytes.
    pub(crate) span: std::ops::Range<usize>,
}

impl std::fmt::Display for FileMistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = self.text[..self.span.start].matches('\n').count() + 1;
        write!(f, "{}:{line}", self.path)
    }
}

impl std::error::Error for FileMistake {}

fn malformed(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let message = error.message().replace('\n', ", ");
    let out = wrong(format!("settings file {}: {message}", path.display()));
    match error.span() {
        Some(span) if text.is_char_boundary(span.start) => out.source(FileMistake {
            path: path.display().to_string(),
            text: text.to_owned(),
            span,
        }),
        _ => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::of(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    fn config(text: &str) -> (tempfile::TempDir, Global) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        (
            folder,
            Global {
                config: Some(path),
                ..Global::default()
            },
        )
    }

    /// Whoever adds a setting to the file adds its line to the table, and the other way round.
    #[test]
    fn the_file_holds_what_the_table_says() {
        let Ok(serde_json::Value::Object(file)) = serde_json::to_value(File::default()) else {
            panic!("a settings file is a table");
        };
        let mut keys = Vec::new();
        for (name, value) in file {
            match value {
                serde_json::Value::Object(inner) => keys.extend(inner.keys().map(|key| format!("{name}.{key}"))),
                _ => keys.push(name),
            }
        }
        keys.sort();
        let mut known: Vec<_> = table::SETTINGS.iter().filter(|setting| setting.in_file).collect();
        known.sort_by_key(|setting| setting.name);
        assert_eq!(keys, known.iter().map(|setting| setting.name).collect::<Vec<_>>());
        let settings = load(&Global::default(), &environment(&[("PHOTOMOVE_STATE_DIR", "x")]), None).unwrap();
        let looked_up: Vec<_> = settings.in_force.iter().map(|one| one.setting.name).collect();
        let table: Vec<_> = table::SETTINGS.iter().map(|setting| setting.name).collect();
        assert_eq!(looked_up, table);
    }

    #[test]
    fn every_value_names_the_place_it_comes_from() {
        let (_folder, mut global) = config("spool_max = '1 GB'\n[google]\ntoken = 't.json'");
        global.ca_cert = Some("roots.pem".into());
        let set = environment(&[
            ("PHOTOMOVE_STATE_DIR", "s"),
            (
                "PHOTOMOVE_GOOGLE_LIBRARY_URL",
                "https://me:hush@photos.example/?key=hush",
            ),
        ]);
        let settings = load(&global, &set, None).unwrap();
        let of = |name: &str| {
            let found = settings.in_force.iter().find(|one| one.setting.name == name).unwrap();
            (found.origin, found.value.clone().unwrap_or_default())
        };
        assert_eq!(of("ca_cert"), (table::Origin::Option, "roots.pem".to_owned()));
        assert_eq!(of("state_dir"), (table::Origin::Environment, "s".to_owned()));
        assert_eq!(of("spool_max"), (table::Origin::File, "1 GB".to_owned()));
        assert_eq!(of("amazon.cookies"), (table::Origin::Default, String::new()));
        let shown = of("google.library_url");
        assert_eq!(
            shown,
            (table::Origin::Environment, "https://photos.example/".to_owned())
        );
    }

    #[test]
    fn option_beats_environment_beats_file_beats_default() {
        let (folder, mut global) = config("state_dir = 'from-file'\nspool_max = '1 GB'");
        let settings = load(&global, &environment(&[]), None).unwrap();
        assert_eq!(settings.state_dir, folder.path().join("from-file"));
        assert_eq!(settings.spool_max_bytes, 1_000_000_000);

        let set = environment(&[("PHOTOMOVE_STATE_DIR", "from-env"), ("PHOTOMOVE_SPOOL_MAX", "2GB")]);
        let settings = load(&global, &set, None).unwrap();
        assert_eq!(settings.state_dir, Path::new("from-env"));
        assert_eq!(settings.spool_max_bytes, 2_000_000_000);

        global.state_dir = Some("from-option".into());
        let settings = load(&global, &set, Some("3GB")).unwrap();
        assert_eq!(settings.state_dir, Path::new("from-option"));
        assert_eq!(settings.spool_max_bytes, 3_000_000_000);

        let (_folder, global) = config("");
        let settings = load(&global, &environment(&[]), None).unwrap();
        assert_eq!(settings.spool_max_bytes, DEFAULT_SPOOL_MAX);
    }

    #[test]
    fn an_empty_variable_is_no_variable() {
        let (folder, global) = config("[amazon]\ncookies = 'c.txt'");
        let settings = load(&global, &environment(&[("PHOTOMOVE_AMAZON_COOKIES", "")]), None).unwrap();
        assert_eq!(settings.amazon.cookies, Some(folder.path().join("c.txt")));
    }

    #[test]
    fn the_variables_of_a_stand_in_reach_their_settings() {
        let (_folder, global) = config("");
        let set = environment(&[
            ("PHOTOMOVE_AMAZON_COOKIES", "/s/cookies.txt"),
            ("PHOTOMOVE_AMAZON_METADATA_URL", "http://127.0.0.1:1/"),
            ("PHOTOMOVE_AMAZON_MARKETPLACE", "amazon.de"),
            ("PHOTOMOVE_GOOGLE_TOKEN", "/s/token.json"),
            ("PHOTOMOVE_GOOGLE_REVOKE_URL", "http://127.0.0.1:2/revoke"),
            ("PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY", "75000"),
        ]);
        let settings = load(&global, &set, None).unwrap();
        assert_eq!(settings.google.requests_per_day, NonZeroU32::new(75_000));
        assert_eq!(settings.google.writes_per_minute, None);
        assert_eq!(settings.amazon.cookies, Some("/s/cookies.txt".into()));
        assert_eq!(settings.amazon.metadata_url.unwrap().as_str(), "http://127.0.0.1:1/");
        assert_eq!(settings.amazon.marketplace.as_deref(), Some("amazon.de"));
        assert_eq!(settings.google.token, Some("/s/token.json".into()));
        assert_eq!(
            settings.google.revoke_url.unwrap().as_str(),
            "http://127.0.0.1:2/revoke"
        );
    }

    #[test]
    fn mistakes_are_named() {
        let message = |text: &str, set: &[(&str, &str)]| {
            let (folder, global) = config(text);
            let error = load(&global, &environment(set), None).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Config);
            error
                .to_string()
                .replace(&folder.path().display().to_string(), "[folder]")
                .replace('\\', "/")
        };
        insta::assert_snapshot!(
            [
                message("spool-max = '1 GB'", &[]),
                message("[amazon]\ncookie = 'x'", &[]),
                message("spool_max = 'much'", &[]),
                message("max_bandwidth = 'little'", &[]),
                message("", &[("PHOTOMOVE_GOOGLE_LIBRARY_URL", "me:pw@nowhere")]),
                message("[google]\nwrites_per_minute = 0", &[]),
                message("", &[("PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY", "many")]),
            ].join("\n"),
            @r"
        settings file [folder]/config.toml: unknown field `spool-max`, expected one of `state_dir`, `spool_max`, `max_bandwidth`, `ca_cert`, `amazon`, `google`, `photoprism`
        settings file [folder]/config.toml: unknown field `cookie`, expected one of `cookies`, `marketplace`, `metadata_url`, `content_url`, `download_url`, `thumbnail_url`
        `spool_max` is not a size: `much`
        `max_bandwidth` is not a rate: `little`
        `PHOTOMOVE_GOOGLE_LIBRARY_URL` is not an address: it must begin with `https://` or `http://`
        settings file [folder]/config.toml: invalid value: integer `0`, expected a nonzero u32
        `PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY` is not a number from 1 on: `many`
        "
        );
    }

    #[test]
    fn a_file_that_was_named_must_exist() {
        let global = Global {
            config: Some("does/not/exist.toml".into()),
            ..Global::default()
        };
        let error = load(&global, &environment(&[]), None).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read settings file does/not/exist.toml"),
            "{error}"
        );
    }
}
