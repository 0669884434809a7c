//! Behaviour that differs between servers, and what tests want to happen.

use std::time::Duration;

/// Which releases are imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Generation {
    /// 240915 up to December 2024: `Description`, no checks at upload.
    G1,
    /// The releases of 2025: `Caption`, limit of an upload.
    G2,
    /// Late 2025 and 2026: uploads are checked, 413, 404, 503, 507.
    G3,
}

impl Generation {
    /// Name of a release of it, as `config.version` tells it.
    pub fn version(self) -> &'static str {
        match self {
            Self::G1 => "240915-e1280b2fb-Linux-AMD64",
            Self::G2 => "250707-d28b3101e-Linux-AMD64",
            Self::G3 => "260305-fad9d5395-Linux-AMD64",
        }
    }
}

/// Settings of the stand-in of PhotoPrism.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PhotoPrismSwitches {
    /// Which releases are imitated.
    pub generation: Generation,
    /// `config.version`, if it is not to be a release of the generation: own builds say `development`.
    pub version: Option<String>,
    /// Path of the site below the host, without slashes at its ends; empty for none.
    pub base_path: String,
    /// Nobody needs to sign in.
    pub public: bool,
    /// Nothing may be uploaded, imported or deleted.
    pub read_only: bool,
    /// The admin must give a passcode.
    pub passcode: bool,
    /// Bytes that make a file offensive to the detector; none is if empty.
    pub nsfw_marker: String,
    /// Largest original in MB; larger ones are moved, but not indexed.
    pub originals_limit_mb: u64,
    /// Largest resolution in megapixels; larger ones are moved, but not indexed.
    pub resolution_limit_mp: u64,
    /// Largest request of an upload in MB (from generation 2 on).
    pub upload_limit_mb: Option<u64>,
    /// Extensions that may be uploaded, with commas between them (from generation 2 on); all if empty.
    pub upload_allow: String,
    /// Zip archives may be uploaded and are unpacked (from generation 2 on).
    pub upload_archives: bool,
    /// Bytes that originals may take up (from generation 2 on).
    pub files_quota_mb: Option<u64>,
    /// The disk is full.
    pub disk_full: bool,
    /// Files join a photo by document ids.
    pub stack_uuid: bool,
    /// Files join a photo by time and place.
    pub stack_meta: bool,
    /// Files join a photo by sequence names.
    pub stack_name: bool,
    /// Places are known: a small table; otherwise everything is `zz`.
    pub places: bool,
    /// There is a converter for RAW pictures.
    pub raw_converter: bool,
    /// There is a general converter of pictures: PNG named `.jpg` is then indexed, though hidden.
    pub image_converter: bool,
    /// `.yml` side-cars are written on every change.
    pub sidecar_yaml: bool,
    /// Server language of texts: `en` or `de`.
    pub language: String,
    /// Longest life of a session.
    pub session_max_age: Duration,
    /// Life of a session without a call.
    pub session_timeout: Duration,
    /// Failed sign-ins in a row before the limiter steps in; one more is free each minute.
    pub login_burst: u32,
    /// Unknown tokens in a row before the limiter steps in; one more is free every ten seconds.
    pub auth_burst: u32,
    /// How often the background worker looks for photos to merge.
    pub wakeup_interval: Duration,
    /// Quiet time after which files that came by WebDAV are indexed; not at all if `None`.
    pub auto_index: Option<Duration>,
    /// Quiet time after which files that came by WebDAV are imported; not at all if `None`.
    pub auto_import: Option<Duration>,
    /// WebDAV answers.
    pub webdav: bool,
    /// Files whose name holds this get no preview: hidden photo, `Error` set; none if empty.
    pub preview_fails_named: String,
    /// Albums that were deleted come back with their photos when one of the same title is made.
    pub resurrect_albums: bool,
    /// `config.downloadToken` is `public` and downloads are not checked.
    pub public_downloads: bool,
    /// Time that each file takes in an import or an index run.
    pub import_takes: Duration,
}

impl Default for PhotoPrismSwitches {
    fn default() -> Self {
        Self {
            generation: Generation::G2,
            version: None,
            base_path: String::new(),
            public: false,
            read_only: false,
            passcode: false,
            nsfw_marker: String::new(),
            originals_limit_mb: 1000,
            resolution_limit_mp: 150,
            upload_limit_mb: Some(1000),
            upload_allow: String::new(),
            upload_archives: false,
            files_quota_mb: None,
            disk_full: false,
            stack_uuid: true,
            stack_meta: true,
            stack_name: false,
            places: false,
            raw_converter: true,
            image_converter: true,
            sidecar_yaml: true,
            language: "en".to_owned(),
            session_max_age: Duration::from_secs(1_209_600),
            session_timeout: Duration::from_secs(604_800),
            login_burst: 10,
            auth_burst: 60,
            wakeup_interval: Duration::from_secs(900),
            auto_index: Some(Duration::from_secs(300)),
            auto_import: None,
            webdav: true,
            preview_fails_named: String::new(),
            resurrect_albums: true,
            public_downloads: false,
            import_takes: Duration::ZERO,
        }
    }
}

impl PhotoPrismSwitches {
    /// The generation's defaults: no limit of an upload in G1.
    pub fn of(generation: Generation) -> Self {
        Self {
            generation,
            upload_limit_mb: (generation > Generation::G1).then_some(1000),
            ..Self::default()
        }
    }

    /// What `config.version` tells.
    pub(crate) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(self.generation.version())
    }
}
