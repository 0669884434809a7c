//! Everything about the Google stand-in that a test may want otherwise, and every open question of the protocol.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

/// What the consent screen does when a browser arrives at it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsentMode {
    /// Shows a page with tick boxes and two buttons to whoever comes.
    Ask,
    /// Shows the page, and a script on it presses `Continue` once it is there: for browsers without a person.
    ClickAllow,
    /// The same with `Cancel`.
    ClickDeny,
    /// Redirects at once with every scope granted.
    Grant,
    /// Redirects at once with `error=access_denied`.
    Deny,
    /// Redirects at once; only the listed scopes are granted, as when a person unticks the others.
    ///
    /// Names are full scope URLs, or `openid` and `email`.
    GrantOnly(Vec<String>),
    /// Redirects at once with a `state` that the client never sent.
    WrongState,
    /// Redirects at once; the code later yields no refresh token.
    NoRefreshToken,
}

/// Which replies of the token endpoint say how long a time-limited grant lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantLifeTold {
    /// The one that brings the refresh token.
    AtConsent,
    /// Renewals too, with what is left.
    Always,
    /// None.
    Never,
}

/// How the stand-in answers a call that names something it must not find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingAs {
    /// `404 NOT_FOUND`.
    NotFound,
    /// `400 INVALID_ARGUMENT`.
    InvalidArgument,
}

/// What becomes of a page size above the documented maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OversizedPage {
    /// The maximum is used instead.
    Clamp,
    /// `400 INVALID_ARGUMENT`.
    Refuse,
}

/// What an upload of zero bytes gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmptyUpload {
    /// `400` with code 3, "Payload must not be empty".
    Refuse,
    /// `200` with an empty token, which then poisons a batch, as older versions of the service did.
    EmptyToken,
}

/// What becomes of `X-Goog-Hash` on an upload in several requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResumableHash {
    /// Compared with the whole, as with an upload in one request.
    Checked,
    /// Nobody looks at it.
    Ignored,
}

/// What happens to the request in whose middle its access token dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenDeath {
    /// It is carried out; the next one is refused.
    AfterRequest,
    /// It is answered with 401; what had arrived is kept as after a broken connection.
    InRequest,
}

/// What happens to an item that is created again while it lies in the trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrashedItem {
    /// It comes back under the same id.
    Restored,
    /// A second item with a new id is made.
    Recreated,
}

/// How an error object looks beside its code, message and status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorStyle {
    /// With `errors` and `details`, as in the newest captures.
    Full,
    /// With `errors` only, as in 2019.
    ErrorsOnly,
    /// Neither.
    Bare,
}

/// Settings of the Google stand-in; they may change while it runs.
///
/// The defaults are the assumptions that the protocol notes make for each open question.
/// Durations count by the stand-in's clock unless the field says otherwise.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GoogleSwitches {
    /// What the consent screen does.
    pub consent: ConsentMode,
    /// Which account signs in (its e-mail address); `None` means the one of `login_hint`, else the first.
    pub consent_account: Option<String>,
    /// The OAuth project is in "Testing": refresh tokens die after seven days.
    pub project_in_testing: bool,
    /// Which replies say so.
    pub grant_life_told: GrantLifeTold,
    /// The project's Photos Library API switch is on; off answers 403 "has not been used in project".
    pub api_enabled: bool,
    /// The account may use Google Photos at all; off answers 403 "Google Photos is disabled for the user".
    pub photos_enabled: bool,
    /// How long an access token works.
    pub access_token_life: SignedDuration,

    /// Refuses, with item code 3, types that are not on Google's list and truncated files.
    pub strict_media: bool,
    /// Refuses, with item code 3, every file whose name contains this, strict or not; empty means none.
    pub refuse_names_containing: String,
    /// Videos whose name contains this end as `FAILED` instead of `READY`; empty means none.
    pub fail_videos_named: String,
    /// Largest accepted photo in bytes; more is answered 413.
    pub photo_limit_bytes: u64,
    /// Largest accepted video in bytes; more is answered 413.
    pub video_limit_bytes: u64,
    /// What zero bytes get.
    pub empty_upload: EmptyUpload,
    /// How long an upload token works.
    pub upload_token_life: SignedDuration,
    /// What the chunks of an upload in several requests are multiples of, in bytes; 0 counts as 1.
    pub upload_granularity: u64,
    /// How long the address of an upload in several requests works.
    pub upload_session_life: SignedDuration,
    /// Keeps every byte of a broken request; else what is kept is rounded down to the granularity.
    pub keep_partial_granule: bool,
    /// Whether the reply to a `query` after the end has the upload token as its body.
    pub final_query_token: bool,
    /// Whether an upload in several requests has its hash checked.
    pub resumable_hash: ResumableHash,
    /// All access tokens die, once, when this many more bytes of uploads have arrived; `None` means never.
    pub tokens_die_after_bytes: Option<u64>,
    /// What happens to the upload in whose middle that is.
    pub token_death: TokenDeath,

    /// Requests per project and day; `None` means no limit.
    pub requests_per_day: Option<u32>,
    /// Where the day of that quota ends.
    pub quota_day_zone: TimeZone,
    /// Writes per user within any 60 seconds; `None` means no limit.
    pub writes_per_minute: Option<u32>,
    /// Whether an upload is one of those writes.
    pub uploads_count_as_writes: bool,
    /// Uploads per project within any 60 seconds, refused with **400** code 3; `None` means no limit.
    pub uploads_per_minute: Option<u32>,
    /// Whether a write that overlaps another of the same account is refused.
    pub one_write_at_a_time: bool,
    /// How long the write lane stays taken after the reply.
    pub hold_write_lane: SignedDuration,
    /// How long each write takes, in real time, with its lane held; not 0 by default, so that overlapping writes of a
    /// client meet here as they would at the service.
    pub write_takes: std::time::Duration,
    /// `Retry-After` in seconds on every 429; `None` sends none.
    pub retry_after_s: Option<u32>,
    /// What stands in error objects.
    pub error_style: ErrorStyle,

    /// HTTP status of a batch in which some items failed and some did not.
    pub mixed_batch_status: u16,
    /// Whether a token that already made an item is accepted again.
    pub used_token_accepted: bool,
    /// The text beside a successful status: "Success" today, "OK" before.
    pub success_message: String,
    /// The text before "There was an error…" of a failed item: "Failed: " today, "BAD_IMAGE: " before.
    pub failure_prefix: String,
    /// Sends the results of a batch in reverse order.
    pub reverse_results: bool,
    /// Leaves the last result of a batch with several items out, though the item exists.
    pub drop_last_result: bool,
    /// Share of fresh items, 0 to 1, that fail once with code 13 and succeed when repeated.
    pub internal_error_rate: f64,
    /// Creating an item again changes its description and file name.
    pub duplicate_updates_item: bool,
    /// What happens to an item that is created again while in the trash.
    pub trashed_item: TrashedItem,
    /// How a batch or an add into a deleted album is answered.
    pub deleted_album: MissingAs,
    /// Most items of an album.
    pub album_limit: usize,
    /// How a request that would overfill an album is answered.
    pub full_album: MissingAs,
    /// Captions inside the file become the description when none is sent.
    pub embedded_captions: bool,
    /// Zone of capture times that have no offset.
    pub naive_zone: TimeZone,

    /// What a page size above the maximum gets.
    pub oversized_page: OversizedPage,
    /// How long new items stay out of `list` and `search`.
    pub visible_after: SignedDuration,
    /// Every page but the first starts with the last element of the page before.
    pub repeat_first_element: bool,
    /// The first page is empty and has a token.
    pub empty_first_page: bool,
    /// How `get` answers an id that is unknown or was not created by the app.
    pub unknown_item: MissingAs,
    /// `batchGet` answers 500 as a whole when this id is among those asked for.
    pub poisonous_id: Option<String>,
    /// How long a new video is `PROCESSING`.
    pub video_processing: SignedDuration,
}

impl Default for GoogleSwitches {
    fn default() -> Self {
        Self {
            consent: ConsentMode::Ask,
            consent_account: None,
            project_in_testing: false,
            grant_life_told: GrantLifeTold::AtConsent,
            api_enabled: true,
            photos_enabled: true,
            access_token_life: SignedDuration::from_hours(1),
            strict_media: false,
            refuse_names_containing: "refused-by-google".into(),
            fail_videos_named: "fails-at-google".into(),
            photo_limit_bytes: 200 * 1024 * 1024,
            video_limit_bytes: 20 * 1024 * 1024 * 1024,
            empty_upload: EmptyUpload::Refuse,
            upload_token_life: SignedDuration::from_hours(24),
            upload_granularity: 256 * 1024,
            upload_session_life: SignedDuration::from_hours(7 * 24),
            keep_partial_granule: false,
            final_query_token: true,
            resumable_hash: ResumableHash::Checked,
            tokens_die_after_bytes: None,
            token_death: TokenDeath::AfterRequest,
            requests_per_day: Some(10_000),
            quota_day_zone: los_angeles(),
            writes_per_minute: Some(30),
            uploads_count_as_writes: false,
            uploads_per_minute: None,
            one_write_at_a_time: true,
            hold_write_lane: SignedDuration::ZERO,
            write_takes: std::time::Duration::from_millis(10),
            retry_after_s: None,
            error_style: ErrorStyle::Full,
            mixed_batch_status: 200,
            used_token_accepted: true,
            success_message: "Success".into(),
            failure_prefix: "Failed: ".into(),
            reverse_results: false,
            drop_last_result: false,
            internal_error_rate: 0.0,
            duplicate_updates_item: false,
            trashed_item: TrashedItem::Restored,
            deleted_album: MissingAs::NotFound,
            album_limit: 20_000,
            full_album: MissingAs::InvalidArgument,
            embedded_captions: false,
            naive_zone: TimeZone::UTC,
            oversized_page: OversizedPage::Clamp,
            visible_after: SignedDuration::ZERO,
            repeat_first_element: false,
            empty_first_page: false,
            unknown_item: MissingAs::NotFound,
            poisonous_id: None,
            video_processing: SignedDuration::ZERO,
        }
    }
}

/// Pacific time by its rule, so that it needs no time-zone database on the machine.
fn los_angeles() -> TimeZone {
    TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(-8)))
}
