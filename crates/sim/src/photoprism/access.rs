//! Who may do what: resources, rights, scopes; and how a call shows its token.

use axum::http::HeaderMap;

use super::model::{Role, Session};

/// What a right is about; the words of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Albums,
    Calendar,
    Config,
    Favorites,
    Feedback,
    Files,
    Folders,
    Labels,
    Logs,
    Metrics,
    Moments,
    Passcode,
    Password,
    People,
    Photos,
    Places,
    Services,
    Sessions,
    Settings,
    Shares,
    Users,
    Videos,
    WebDav,
}

impl Resource {
    /// All of them, in the order in which the config lists their rights, with `default` left out.
    pub(crate) const ALL: [Self; 23] = [
        Self::Albums,
        Self::Calendar,
        Self::Config,
        Self::Favorites,
        Self::Feedback,
        Self::Files,
        Self::Folders,
        Self::Labels,
        Self::Logs,
        Self::Metrics,
        Self::Moments,
        Self::Passcode,
        Self::Password,
        Self::People,
        Self::Photos,
        Self::Places,
        Self::Services,
        Self::Sessions,
        Self::Settings,
        Self::Shares,
        Self::Users,
        Self::Videos,
        Self::WebDav,
    ];

    /// Its word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Albums => "albums",
            Self::Calendar => "calendar",
            Self::Config => "config",
            Self::Favorites => "favorites",
            Self::Feedback => "feedback",
            Self::Files => "files",
            Self::Folders => "folders",
            Self::Labels => "labels",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Moments => "moments",
            Self::Passcode => "passcode",
            Self::Password => "password",
            Self::People => "people",
            Self::Photos => "photos",
            Self::Places => "places",
            Self::Services => "services",
            Self::Sessions => "sessions",
            Self::Settings => "settings",
            Self::Shares => "shares",
            Self::Users => "users",
            Self::Videos => "videos",
            Self::WebDav => "webdav",
        }
    }
}

/// What is to be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    View,
    Search,
    Create,
    Update,
    Delete,
    Upload,
    Download,
    Manage,
    Share,
    Subscribe,
}

impl Action {
    /// Whether a scope with `read` allows it.
    fn reads(self) -> bool {
        matches!(self, Self::View | Self::Search | Self::Download | Self::Subscribe)
    }
}

/// Who makes a call, once [`World::authorize`](super::world::World::authorize) has let it in.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) session_id: String,
    /// Part of the names of staging folders.
    pub(crate) ref_id: String,
    /// Empty for clients without a user: they cannot search, upload or import.
    pub(crate) user_uid: String,
    pub(crate) role: Role,
    /// Whether an OAuth client or an app password makes the call.
    pub(crate) is_client: bool,
    pub(crate) download_token: String,
    pub(crate) preview_token: String,
}

impl Grant {
    pub(crate) fn of(session: &Session) -> Self {
        Self {
            session_id: session.id.clone(),
            ref_id: session.ref_id.clone(),
            user_uid: session.user_uid.clone(),
            role: session.role,
            is_client: session.is_client,
            download_token: session.download_token.clone(),
            preview_token: session.preview_token.clone(),
        }
    }

    /// Whether it acts for a user.
    pub(crate) fn has_user(&self) -> bool {
        !self.user_uid.is_empty()
    }
}

/// Whether somebody of this kind may ever do one of these things, whatever the scope.
pub(crate) fn role_allows(session: &Session, resource: Resource, actions: &[Action]) -> bool {
    if session.is_client
        && matches!(
            resource,
            Resource::Feedback | Resource::Passcode | Resource::Password | Resource::Services | Resource::Shares
        )
    {
        return false;
    }
    match session.role {
        Role::Admin | Role::Client => true,
        Role::Guest | Role::Visitor => {
            let shown = matches!(
                resource,
                Resource::Albums
                    | Resource::Config
                    | Resource::Folders
                    | Resource::Photos
                    | Resource::Places
                    | Resource::Sessions
                    | Resource::Videos
            );
            let own = matches!(resource, Resource::Password | Resource::Passcode) && session.role == Role::Guest;
            own || shown
                && actions
                    .iter()
                    .any(|action| matches!(action, Action::View | Action::Search) || resource == Resource::Sessions)
        }
    }
}

/// Whether a scope allows one of these things; an empty one allows everything.
pub(crate) fn scope_allows(scope: &str, resource: Resource, actions: &[Action]) -> bool {
    let words: Vec<&str> = scope.split_whitespace().collect();
    if words.is_empty() || words.contains(&"*") {
        return true;
    }
    let (read, write) = (words.contains(&"read"), words.contains(&"write"));
    let named = words.iter().any(|word| !matches!(*word, "read" | "write"));
    if named && !words.contains(&resource.as_str()) {
        return false;
    }
    // Alone, `read` reads everything except sessions and `write` allows nothing that is asked here.
    match (named, read, write) {
        (false, true, _) => resource != Resource::Sessions && actions.iter().all(|action| action.reads()),
        (false, false, _) => false,
        (true, true, false) => actions.iter().all(|action| action.reads()),
        (true, false, true) => actions.iter().all(|action| !action.reads()),
        (true, ..) => true,
    }
}

/// The words of a scope in the order in which the server tells them.
pub(crate) fn sorted_scope(scope: &str) -> String {
    let mut words: Vec<&str> = scope.split_whitespace().collect();
    words.sort_unstable();
    words.dedup();
    if words.contains(&"*") {
        "*".to_owned()
    } else {
        words.join(" ")
    }
}

/// The token of a call: the first header that is not empty.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .filter(|value| !value.is_empty())
    };
    text("x-auth-token").or_else(|| text("x-session-id")).or_else(|| {
        text("authorization")?
            .strip_prefix("Bearer ")
            .filter(|token| !token.starts_with(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_cut_rights_down() {
        use Action::{Search, Update, Upload, View};
        use Resource::{Albums, Files, Photos, Sessions};
        for (scope, resource, action, allowed) in [
            ("", Photos, Update, true),
            ("*", Sessions, View, true),
            ("photos albums", Albums, Update, true),
            ("photos albums", Files, View, false),
            ("read", Photos, View, true),
            ("read", Photos, Update, false),
            ("read", Sessions, View, false),
            ("write", Photos, Update, false),
            ("photos read", Photos, Search, true),
            ("photos read", Photos, Update, false),
            ("photos write", Photos, Search, false),
            ("files write", Files, Upload, true),
            ("files write", Files, View, false),
        ] {
            assert_eq!(
                scope_allows(scope, resource, &[action]),
                allowed,
                "{scope} {resource:?} {action:?}"
            );
        }
        assert_eq!(sorted_scope("photos  albums photos"), "albums photos");
        assert_eq!(sorted_scope("photos *"), "*");
    }

    #[test]
    fn the_first_header_with_a_token_counts() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer three".parse().unwrap());
        assert_eq!(token_of(&headers), Some("three"));
        headers.insert("x-session-id", "two".parse().unwrap());
        headers.insert("x-auth-token", "".parse().unwrap());
        assert_eq!(token_of(&headers), Some("two"));
        for odd in ["bearer x", "Bearer  x", "Basic x"] {
            let headers = HeaderMap::from_iter([(axum::http::header::AUTHORIZATION, odd.parse().unwrap())]);
            assert_eq!(token_of(&headers), None, "{odd}");
        }
    }
}
