//! Behaviour of Amazon Photos that nobody outside knows for certain, one named switch each.

use std::time::Duration;

/// Undecided behaviour; the default is the most likely answer, so that a later observation is a one-line change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmazonSwitches {
    /// Marketplace of the signed-in session, and thus the names of its cookies.
    pub marketplace: Marketplace,
    /// Region of the content host; cookies of another region are unknown to it.
    pub content_region: Region,
    /// Reject what working clients always send: a missing `x-amzn-sessionid` or `resourceVersion=V2`, and `startToken`
    /// together with `offset`.
    pub strict: bool,
    /// What a request with stale cookies gets at the metadata host.
    pub session_loss: SessionLoss,
    /// The same at the hosts of bytes, which do not tell stale cookies from missing ones by default.
    pub content_session_loss: SessionLoss,
    /// Where the end of a session shows.
    pub loss_scope: LossScope,
    /// Requests after which a session ends; never if `None`.
    pub session_requests: Option<u64>,
    /// How long a session lasts by the service's clock; for ever if `None`.
    pub session_life: Option<Duration>,
    /// What the route for renewing cookies does.
    pub renewal: Renewal,
    /// Whether the person holds the cookie `sst-*`, without which nothing can be renewed.
    pub renewable_cookies: bool,
    /// Whether ordinary answers of the metadata host set cookies.
    pub set_cookies: SetCookies,
    /// When `/nodes` and `children` hand out a `nextToken`.
    pub tokens: TokenRule,
    /// How long a `nextToken` lives.
    pub token_life: Duration,
    /// Whether `/search` hands out a `nextToken`.
    pub search_tokens: bool,
    /// Whether `/search` has the window of 9999 too.
    pub search_window: bool,
    /// Whether `/search` finds hidden items.
    pub hidden_in_search: bool,
    /// Whether a `limit` over 200 is refused with 400; else 200 items come.
    pub refuse_large_limit: bool,
    /// Where `contentRedirection` leads.
    pub redirect_target: RedirectTarget,
    /// Status of that redirect.
    pub redirect_status: u16,
    /// Form of the `tempLink` of a node.
    pub temp_link: TempLinkForm,
    /// How long `/cdproxy/templink/…` works; for ever if `None`.
    pub temp_link_life: Option<Duration>,
    /// Whether `/v2/download/signed/{id}` exists; else it answers 404.
    pub signed_download: bool,
    /// Whether `Range` is honoured with 206; else it is ignored.
    pub ranges: bool,
    /// Whether video nodes have an `md5`; without it nobody has to read the whole of a large video.
    pub video_md5: bool,
    /// Whether nodes name their albums in `parentMap`.
    pub albums_in_parent_map: bool,
    /// Whether EXIF values are spelt as stored (`54823/32325`) instead of interpreted (`8.0`).
    pub raw_exif: bool,
    /// Text between latitude and longitude in `image.location`.
    pub location_separator: &'static str,
    /// Whether nodes tell the MD5 of their content.
    pub node_md5: bool,
    /// Whether the filter `contentProperties.md5` works on `/nodes`.
    pub md5_filter: bool,
    /// Whether `/account/usage` writes numbers as strings.
    pub usage_as_strings: bool,
    /// Whether `/account/endpoint` answers for cookies; else 403 `Not Registered`.
    pub account_endpoint: bool,
    /// Adds nodes of odd shapes to the library: missing and null fields, unknown kinds, hard names, old dates.
    pub odd_nodes: bool,
}

impl Default for AmazonSwitches {
    fn default() -> Self {
        Self {
            marketplace: Marketplace::UNITED_STATES,
            content_region: Region::NorthAmerica,
            strict: false,
            session_loss: SessionLoss::BadAuthentication,
            content_session_loss: SessionLoss::MetadataMessage,
            loss_scope: LossScope::Everywhere,
            session_requests: None,
            session_life: None,
            renewal: Renewal::Works,
            renewable_cookies: false,
            set_cookies: SetCookies::Never,
            tokens: TokenRule::Always,
            token_life: Duration::from_secs(600),
            search_tokens: false,
            search_window: false,
            hidden_in_search: false,
            refuse_large_limit: false,
            redirect_target: RedirectTarget::Cookies,
            redirect_status: 302,
            temp_link: TempLinkForm::Node,
            temp_link_life: None,
            signed_download: true,
            ranges: true,
            video_md5: true,
            albums_in_parent_map: true,
            raw_exif: false,
            location_separator: ",",
            node_md5: true,
            md5_filter: true,
            usage_as_strings: false,
            account_endpoint: true,
            odd_nodes: false,
        }
    }
}

/// A country's Amazon, as far as cookies go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marketplace {
    /// Ending of the names of its cookies: `main`, `acbde`.
    pub suffix: &'static str,
    /// Web domain: `amazon.com`, `amazon.de`.
    pub domain: &'static str,
    /// Region of its content host.
    pub region: Region,
}

impl Marketplace {
    /// `amazon.com`.
    pub const UNITED_STATES: Self = Self {
        suffix: "main",
        domain: "amazon.com",
        region: Region::NorthAmerica,
    };
    /// `amazon.de`.
    pub const GERMANY: Self = Self {
        suffix: "acbde",
        domain: "amazon.de",
        region: Region::Europe,
    };
    /// `amazon.co.uk`.
    pub const UNITED_KINGDOM: Self = Self {
        suffix: "acbuk",
        domain: "amazon.co.uk",
        region: Region::Europe,
    };
    /// `amazon.co.jp`.
    pub const JAPAN: Self = Self {
        suffix: "acbjp",
        domain: "amazon.co.jp",
        region: Region::Japan,
    };
}

/// A group of marketplaces with one content host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// `content-na`.
    NorthAmerica,
    /// `content-eu`.
    Europe,
    /// `content-jp`.
    Japan,
}

/// What a request with right cookie names but stale values gets at the metadata host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionLoss {
    /// 401 `{"Message":"No Auth Method Provided"}`.
    MetadataMessage,
    /// 401 with a message that names bad authentication data.
    BadAuthentication,
    /// 302 to `/ap/signin`, which answers 200 with a page.
    SignInRedirect,
    /// 200 with the sign-in page at once.
    SignInHtml,
}

/// At which hosts the end of a session shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossScope {
    /// At all.
    Everywhere,
    /// At the metadata host; bytes can be had further on.
    MetadataOnly,
    /// At the hosts of bytes; listings go on.
    ContentOnly,
}

/// What the route for renewing cookies does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It is not there: 404.
    Absent,
    /// It refuses everybody: 401.
    Refuses,
    /// It gives new cookies of the kinds `at`, `sess-at`, `sst` and `x`; the old ones are refused afterwards.
    Works,
    /// It gives a new `session-id` too.
    RotatesSessionId,
}

/// Which cookies ordinary answers set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetCookies {
    /// None.
    Never,
    /// A `session-token` with every answer, of no importance.
    SessionToken,
    /// With every tenth answer a new `at-*`; the one before is good until the new one was used.
    RotateAccess,
}

/// When a listing hands out a `nextToken`. Never with an `offset`, and only if there is a further page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRule {
    /// Always.
    Always,
    /// Never.
    Never,
    /// Only for requests with `asset=ALL&tempLink=true`.
    AssetAllAndTempLink,
}

/// Where `contentRedirection` leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectTarget {
    /// `/cdproxy/templink/…` of the content host, which wants cookies.
    Cookies,
    /// The same, working for anybody who has the link.
    Open,
    /// A signed link of a foreign storage host, which refuses requests that carry any credential.
    PreSigned,
}

/// Form of the `tempLink` of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TempLinkForm {
    /// `/cdproxy/nodes/{id}`.
    Node,
    /// `/cdproxy/templink/{token}`.
    Token,
}
