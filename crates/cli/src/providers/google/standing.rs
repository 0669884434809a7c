//! What is known of a sign-in at Google: what it may do, whose it is, and how long it lasts, in words.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_google::TokenFile;
use photomove_google::auth::{Lasts, Permission, Whose};
use photomove_google::console::Console;
use serde_json::{Map, Value, json};

use crate::providers::{Details, Ending};
use crate::text;

/// A sign-in, seen at a certain time.
#[derive(Debug)]
pub(crate) struct Standing {
    file: TokenFile,
    console: Console,
    /// What to type to sign in to it again.
    login: String,
    now: Timestamp,
}

impl Standing {
    /// Looks at a sign-in; `login` is the command that replaces it.
    pub(crate) fn new(file: TokenFile, console: Console, login: String, now: Timestamp) -> Self {
        let console = console.with_project(file.project().map(str::to_owned));
        Self {
            file,
            console,
            login,
            now,
        }
    }

    /// Returns what `auth status` adds about it.
    pub(crate) fn details(&self) -> Details {
        let file = &self.file;
        let mut lines = vec![format!("may: {}", self.may())];
        if let Some(missing) = file.missing().filter(|missing| !missing.is_empty()) {
            lines.extend(
                missing
                    .iter()
                    .map(|permission| format!("may not: {} ({})", permission.words(), permission.without())),
            );
        }
        if let Some(at) = file.expires_at {
            let renewed = match (&file.refresh_token, at > self.now) {
                (None, _) => "cannot be renewed",
                (Some(_), true) => "renewed by itself",
                (Some(_), false) => "renewed when it is needed",
            };
            let when = match at > self.now {
                true => format!("until {}", moment(at)),
                false => format!("ran out on {}", moment(at)),
            };
            lines.push(format!("access: {when}, {renewed}"));
        }
        lines.push(format!("sign-in: {}", self.lasting()));
        if let Some(project) = file.project() {
            lines.push(format!("google project: {project}"));
        }
        if file.whose() == Some(Whose::Project) {
            lines.push("whose: the project's; it does not tell which account".to_owned());
        }
        Details {
            lines,
            fields: self.fields(),
        }
    }

    /// Returns what somebody who has just signed in should know.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.file.whose() == Some(Whose::Project) {
            let project = self.file.project().unwrap_or("unknown");
            notes.push(format!(
                "this sign-in came without `openid` and does not tell whose account it is: the Google project {project} stands for \
                 the owner. If another account signs in through the same project, photomove cannot notice it\n  \
                 `{}` asks Google for it",
                self.login
            ));
        }
        let missing = self.file.missing().unwrap_or_default();
        notes.extend(missing.into_iter().map(|permission| {
            format!(
                "not granted: `{}`; without it {}\n  `{}` asks Google for it",
                permission.scope().rsplit('/').next().unwrap_or_default(),
                permission.without(),
                self.login
            )
        }));
        match self.file.lasts(self.now) {
            Lasts::Until(until) => notes.push(format!(
                "this sign-in ends on {} (in {}){}\n  {}",
                moment(until),
                self.left(until),
                if self.is_testing() {
                    ": the project's status is `Testing`"
                } else {
                    ""
                },
                self.way_out()
            )),
            Lasts::Perhaps(Some(until)) => notes.push(format!(
                "if the project's status is `Testing`, this sign-in ends on {}; look at {}",
                moment(until),
                self.console.audience()
            )),
            Lasts::Perhaps(None) | Lasts::Long => {}
        }
        notes
    }

    /// Returns when it ends, if it may end before long.
    pub(crate) fn ending(&self) -> Option<Ending> {
        let (at, certain) = match self.file.lasts(self.now) {
            Lasts::Until(at) => (at, true),
            Lasts::Perhaps(Some(at)) => (at, false),
            Lasts::Perhaps(None) | Lasts::Long => return None,
        };
        Some(Ending {
            at,
            certain,
            why: match (certain, self.is_testing()) {
                (true, true) => "the Google project's status is `Testing`".to_owned(),
                (true, false) => "google says so".to_owned(),
                (false, _) => format!(
                    "it does if the Google project's status is `Testing`: look at {}",
                    self.console.audience()
                ),
            },
            way_out: self.way_out(),
        })
    }

    fn is_testing(&self) -> bool {
        self.file.published == Some(false)
    }

    fn way_out(&self) -> String {
        let condition = match self.is_testing() {
            true => "",
            false => "if the project's status is `Testing`, ",
        };
        format!(
            "{condition}publish the app (`In production`) at {} and sign in again with `{}`: it counts for new sign-ins only",
            self.console.audience(),
            self.login
        )
    }

    fn may(&self) -> String {
        let Some(missing) = self.file.missing() else {
            return "not known until the next renewal".to_owned();
        };
        let given: Vec<&str> = Permission::ALL
            .into_iter()
            .filter(|permission| !missing.contains(permission))
            .map(Permission::words)
            .collect();
        match given.is_empty() {
            true => "nothing".to_owned(),
            false => given.join(", "),
        }
    }

    fn lasting(&self) -> String {
        let testing = "the project's status is `Testing`";
        match self.file.lasts(self.now) {
            Lasts::Until(at) if at <= self.now => format!("ended on {}", moment(at)),
            Lasts::Until(at) => {
                let why = if self.is_testing() {
                    format!(": {testing}")
                } else {
                    String::new()
                };
                format!("ends on {} (in {}){why}", moment(at), self.left(at))
            }
            Lasts::Perhaps(Some(at)) => format!("ends on {} if {testing}, which nobody said", moment(at)),
            Lasts::Perhaps(None) => format!("ends seven days after it was made if {testing}, which nobody said"),
            Lasts::Long if self.file.published == Some(true) => "lasts: the project is in production".to_owned(),
            Lasts::Long => "lasts: it is older than seven days".to_owned(),
        }
    }

    fn left(&self, until: Timestamp) -> String {
        let left = until.duration_since(self.now).max(jiff::SignedDuration::ZERO);
        text::duration(Duration::from_secs(left.unsigned_abs().as_secs()))
    }

    fn fields(&self) -> Map<String, Value> {
        let file = &self.file;
        let missing = file.missing();
        let may = |permission| missing.as_ref().map(|missing| !missing.contains(&permission));
        let ends = match file.lasts(self.now) {
            Lasts::Until(at) => Some(at),
            Lasts::Perhaps(_) | Lasts::Long => None,
        };
        let object = json!({
            "may": {
                "upload": may(Permission::Upload),
                "read_back": may(Permission::ReadBack),
                "edit": may(Permission::Edit),
            },
            "scopes": file.scopes,
            "access_expires_at": file.expires_at,
            "sign_in_expires_at": ends,
            "published": file.published,
            "project": file.project(),
        });
        match object {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

/// `Fri 27 Nov at 14:00`.
fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%a %d %b at %H:%M")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(extra: &str) -> TokenFile {
        let text = format!(
            r#"{{"client_id": "412345678901-a.apps.googleusercontent.com", "access_token": "a", "refresh_token": "r",
                "scopes": ["https://www.googleapis.com/auth/photoslibrary.appendonly",
                           "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata"{extra}}}"#
        );
        TokenFile::parse(&text).unwrap()
    }

    fn standing(extra: &str) -> Standing {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        Standing::new(
            file(extra),
            Console::default(),
            "photomove auth login google".to_owned(),
            now,
        )
    }

    #[test]
    fn the_end_of_a_sign_in_is_said_with_the_way_out() {
        let testing = standing(r#", "openid"], "refresh_expires_at": "2026-11-23T14:00:00Z", "published": false"#);
        let ending = testing.ending().unwrap();
        assert!(ending.certain && ending.why.contains("`Testing`"));
        assert!(
            ending
                .way_out
                .contains("https://console.cloud.google.com/auth/audience?project=412345678901"),
            "{}",
            ending.way_out
        );
        let limited = standing(r#", "openid"], "refresh_expires_at": "2026-11-20T14:00:00Z""#);
        assert!(
            limited
                .ending()
                .unwrap()
                .way_out
                .starts_with("if the project's status is `Testing`")
        );
        let unknown = standing(r#", "openid"], "signed_in_at": "2026-11-20T11:00:00Z""#);
        assert!(!unknown.ending().unwrap().certain);
        assert!(standing(r#", "openid"], "published": true"#).ending().is_none());
        assert!(standing(r#", "openid"]"#).ending().is_none());
    }

    #[test]
    fn what_is_missing_is_said_in_words() {
        let standing = standing("]");
        let details = standing.details();
        assert_eq!(details.lines[0], "may: upload, read back what it sent");
        assert!(
            details.lines[1].starts_with("may not: edit what it sent ("),
            "{details:?}"
        );
        assert_eq!(
            details.fields["may"],
            json!({"upload": true, "read_back": true, "edit": false})
        );
        let notes = standing.notes();
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].contains("412345678901") && notes[1].contains("`photoslibrary.edit.appcreateddata`"));
    }
}
