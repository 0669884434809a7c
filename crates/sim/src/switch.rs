//! Switches by name: `google.upload_granularity=1048576`, as people give them on a command line.

use std::time::Duration;

use jiff::SignedDuration;

use crate::amazon::{
    AmazonSwitches, LossScope, Marketplace, RedirectTarget, Region, Renewal, SessionLoss, SetCookies, TempLinkForm,
    TokenRule,
};
use crate::error::SimError;
use crate::google::{
    ConsentMode, EmptyUpload, ErrorStyle, GoogleSwitches, GrantLifeTold, MissingAs, OversizedPage, ResumableHash,
    TokenDeath, TrashedItem,
};
use crate::photoprism::{Generation, PhotoPrismSwitches};
use crate::run::SimOptions;

impl SimOptions {
    /// Sets one switch, given as `SERVICE.NAME=VALUE`.
    ///
    /// Names are those of the fields of [`AmazonSwitches`], [`GoogleSwitches`] and [`PhotoPrismSwitches`]. Values are numbers, `true` and `false`,
    /// times such as `90s`, `10m`, `24h` and `7d`, words such as `sign_in_html`, and `none` where nothing is a value.
    ///
    /// # Errors
    /// [`SimError::Options`] if there is no such switch, or the value is none of its own; the message lists those there are.
    pub fn set_switch(&mut self, text: &str) -> Result<(), SimError> {
        let parts = || {
            let (path, value) = text.split_once('=')?;
            let (service, name) = path.trim().split_once('.')?;
            Some((service, name, value.trim()))
        };
        let refuse = |message: String| SimError::Options(message);
        let Some((service, name, value)) = parts() else {
            return Err(refuse(format!(
                "a switch is written SERVICE.NAME=VALUE, such as `google.strict_media=true`, not `{text}`"
            )));
        };
        let (set, names) = match service {
            "amazon" => (set_amazon(&mut self.amazon, name, value), AMAZON_NAMES),
            "google" => (set_google(&mut self.google, name, value), GOOGLE_NAMES),
            "photoprism" => (set_photoprism(&mut self.photoprism, name, value), PHOTOPRISM_NAMES),
            _ => {
                return Err(refuse(format!(
                    "no service `{service}` has switches, known: amazon, google, photoprism"
                )));
            }
        };
        match set {
            None => Err(refuse(format!(
                "no switch `{name}` of {service}, known: {}",
                names.join(", ")
            ))),
            Some(Err(wanted)) => Err(refuse(format!("switch `{service}.{name}` is {wanted}, not `{value}`"))),
            Some(Ok(())) => Ok(()),
        }
    }
}

/// What a value of a switch may look like; the error says so.
trait Value: Sized {
    fn read(text: &str) -> Result<Self, String>;
}

macro_rules! numbers {
    ($($kind:ty),*) => {
        $(impl Value for $kind {
            fn read(text: &str) -> Result<Self, String> {
                text.replace('_', "").parse().map_err(|_| "a number".to_owned())
            }
        })*
    };
}

numbers!(u16, u32, u64, usize, f64);

impl Value for bool {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "`true` or `false`".to_owned())
    }
}

impl Value for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl<T: Value> Value for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(None),
            text => T::read(text).map(Some).map_err(|wanted| format!("{wanted} or `none`")),
        }
    }
}

impl Value for Duration {
    fn read(text: &str) -> Result<Self, String> {
        let wanted = || "a time such as `90s`, `10m`, `24h` or `7d`".to_owned();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number: u64 = digits.trim().parse().map_err(|_| wanted())?;
        let unit_ms = match &text[digits.len()..] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wanted()),
        };
        number.checked_mul(unit_ms).map(Self::from_millis).ok_or_else(wanted)
    }
}

impl Value for SignedDuration {
    fn read(text: &str) -> Result<Self, String> {
        let time = Duration::read(text)?;
        Self::try_from(time).map_err(|_| "a shorter time".to_owned())
    }
}

/// Words for the values of an enumeration.
macro_rules! words {
    ($($kind:ty { $($word:literal => $value:expr),* $(,)? })*) => {
        $(impl Value for $kind {
            fn read(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok($value),)*
                    _ => Err(["one of ", $("`", $word, "` "),*].concat().trim_end().to_owned()),
                }
            }
        })*
    };
}

words! {
    ConsentMode {
        "ask" => Self::Ask, "grant" => Self::Grant, "deny" => Self::Deny, "wrong_state" => Self::WrongState,
        "no_refresh_token" => Self::NoRefreshToken, "click_allow" => Self::ClickAllow, "click_deny" => Self::ClickDeny,
    }
    GrantLifeTold { "at_consent" => Self::AtConsent, "always" => Self::Always, "never" => Self::Never }
    EmptyUpload { "refuse" => Self::Refuse, "empty_token" => Self::EmptyToken }
    ErrorStyle { "full" => Self::Full, "errors_only" => Self::ErrorsOnly, "bare" => Self::Bare }
    MissingAs { "not_found" => Self::NotFound, "invalid_argument" => Self::InvalidArgument }
    OversizedPage { "clamp" => Self::Clamp, "refuse" => Self::Refuse }
    ResumableHash { "checked" => Self::Checked, "ignored" => Self::Ignored }
    TokenDeath { "after_request" => Self::AfterRequest, "in_request" => Self::InRequest }
    TrashedItem { "restored" => Self::Restored, "recreated" => Self::Recreated }
    LossScope {
        "everywhere" => Self::Everywhere, "metadata_only" => Self::MetadataOnly, "content_only" => Self::ContentOnly,
    }
    Marketplace {
        "us" => Self::UNITED_STATES, "de" => Self::GERMANY, "uk" => Self::UNITED_KINGDOM, "jp" => Self::JAPAN,
    }
    RedirectTarget { "cookies" => Self::Cookies, "open" => Self::Open, "pre_signed" => Self::PreSigned }
    Region { "north_america" => Self::NorthAmerica, "europe" => Self::Europe, "japan" => Self::Japan }
    Renewal {
        "absent" => Self::Absent, "refuses" => Self::Refuses, "works" => Self::Works,
        "rotates_session_id" => Self::RotatesSessionId,
    }
    SessionLoss {
        "metadata_message" => Self::MetadataMessage, "bad_authentication" => Self::BadAuthentication,
        "sign_in_redirect" => Self::SignInRedirect, "sign_in_html" => Self::SignInHtml,
    }
    SetCookies {
        "never" => Self::Never, "session_token" => Self::SessionToken, "rotate_access" => Self::RotateAccess,
    }
    Generation { "g1" => Self::G1, "g2" => Self::G2, "g3" => Self::G3 }
    TempLinkForm { "node" => Self::Node, "token" => Self::Token }
    TokenRule {
        "always" => Self::Always, "never" => Self::Never, "asset_all_and_temp_link" => Self::AssetAllAndTempLink,
    }
}

/// The names of a service's switches, and the function that sets one of them; `None` for a name that is none.
macro_rules! by_name {
    ($names:ident, $set:ident, $kind:ty, [$($field:ident),* $(,)?]) => {
        const $names: &[&str] = &[$(stringify!($field)),*];

        fn $set(switches: &mut $kind, name: &str, value: &str) -> Option<Result<(), String>> {
            Some(match name {
                $(stringify!($field) => Value::read(value).map(|value| switches.$field = value),)*
                _ => return None,
            })
        }
    };
}

by_name!(
    AMAZON_NAMES,
    set_amazon,
    AmazonSwitches,
    [
        marketplace,
        content_region,
        strict,
        session_loss,
        content_session_loss,
        loss_scope,
        session_requests,
        session_life,
        renewal,
        renewable_cookies,
        set_cookies,
        tokens,
        token_life,
        search_tokens,
        search_window,
        hidden_in_search,
        refuse_large_limit,
        redirect_target,
        redirect_status,
        temp_link,
        temp_link_life,
        signed_download,
        ranges,
        video_md5,
        albums_in_parent_map,
        raw_exif,
        md5_filter,
        usage_as_strings,
        account_endpoint,
        odd_nodes,
    ]
);

by_name!(
    GOOGLE_NAMES,
    set_google,
    GoogleSwitches,
    [
        consent,
        consent_account,
        project_in_testing,
        grant_life_told,
        api_enabled,
        photos_enabled,
        access_token_life,
        strict_media,
        refuse_names_containing,
        fail_videos_named,
        photo_limit_bytes,
        video_limit_bytes,
        empty_upload,
        upload_token_life,
        upload_granularity,
        upload_session_life,
        keep_partial_granule,
        final_query_token,
        resumable_hash,
        tokens_die_after_bytes,
        token_death,
        requests_per_day,
        writes_per_minute,
        uploads_count_as_writes,
        uploads_per_minute,
        one_write_at_a_time,
        hold_write_lane,
        write_takes,
        retry_after_s,
        error_style,
        mixed_batch_status,
        used_token_accepted,
        success_message,
        failure_prefix,
        reverse_results,
        drop_last_result,
        internal_error_rate,
        duplicate_updates_item,
        trashed_item,
        deleted_album,
        album_limit,
        full_album,
        embedded_captions,
        oversized_page,
        visible_after,
        repeat_first_element,
        empty_first_page,
        unknown_item,
        poisonous_id,
        video_processing,
    ]
);

by_name!(
    PHOTOPRISM_NAMES,
    set_photoprism,
    PhotoPrismSwitches,
    [
        generation,
        version,
        base_path,
        public,
        read_only,
        passcode,
        nsfw_marker,
        originals_limit_mb,
        resolution_limit_mp,
        upload_limit_mb,
        upload_allow,
        upload_archives,
        files_quota_mb,
        disk_full,
        stack_uuid,
        stack_meta,
        stack_name,
        places,
        raw_converter,
        image_converter,
        sidecar_yaml,
        language,
        session_max_age,
        session_timeout,
        login_burst,
        auth_burst,
        wakeup_interval,
        auto_index,
        auto_import,
        webdav,
        preview_fails_named,
        resurrect_albums,
        public_downloads,
        import_takes,
    ]
);

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        SimOptions::default().set_switch(text).unwrap_err().to_string()
    }

    #[test]
    fn switches_of_every_kind_are_set_by_name() {
        let mut options = SimOptions::default();
        for text in [
            "google.upload_granularity=1_048_576",
            "google.upload_session_life=2d",
            "google.requests_per_day=none",
            "google.consent=grant",
            "google.internal_error_rate=0.25",
            "google.write_takes=0ms",
            "amazon.session_requests=40",
            "amazon.session_life=90s",
            "amazon.renewal=rotates_session_id",
            "amazon.video_md5=false",
            "amazon.marketplace=de",
        ] {
            options.set_switch(text).unwrap();
        }
        let (google, amazon) = (&options.google, &options.amazon);
        assert_eq!(google.upload_granularity, 1 << 20);
        assert_eq!(google.upload_session_life, SignedDuration::from_hours(48));
        assert_eq!(google.requests_per_day, None);
        assert_eq!(google.consent, ConsentMode::Grant);
        assert_eq!(google.write_takes, Duration::ZERO);
        assert!((google.internal_error_rate - 0.25).abs() < f64::EPSILON);
        assert_eq!(
            (amazon.session_requests, amazon.session_life),
            (Some(40), Some(Duration::from_secs(90)))
        );
        assert_eq!((amazon.renewal, amazon.video_md5), (Renewal::RotatesSessionId, false));
        assert_eq!(amazon.marketplace, Marketplace::GERMANY);
    }

    #[test]
    fn wrong_switches_are_named_with_what_there_is() {
        assert!(refused("strict").contains("SERVICE.NAME=VALUE"));
        assert!(refused("flickr.strict=true").contains("known: amazon, google, photoprism"));
        let unknown = refused("amazon.stict=true");
        assert!(
            unknown.contains("no switch `stict` of amazon, known: marketplace"),
            "{unknown}"
        );
        assert_eq!(
            refused("google.token_death=soon"),
            "switch `google.token_death` is one of `after_request` `in_request`, not `soon`"
        );
        assert_eq!(
            refused("amazon.session_life=soon"),
            "switch `amazon.session_life` is a time such as `90s`, `10m`, `24h` or `7d` or `none`, not `soon`"
        );
    }
}
