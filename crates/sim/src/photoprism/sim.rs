//! The running stand-in, as tests hold it.

mod hold;
mod stored;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard};

use serde_json::json;

use crate::blob::Blob;
use crate::clock::SimClock;
use crate::control::{Service, SessionCommand};
use crate::error::SimError;
use crate::files::write_private;
use crate::log::Counts;
use crate::origin::{Listener, Origin, OriginSpec, Shared, urls};
use crate::run::{Ports, ServiceContext};

use super::model::{Marker, Passcode, Provider, Role, Subject};
use super::service::{self, PhotoPrism};
use super::sign_in::{NewSession, NewUser, add_client, add_user, code_at};
use super::switches::PhotoPrismSwitches;
use super::world::World;
use super::{access, ingest, library, mint};

pub use hold::Hold;
pub use stored::{StoredAlbum, StoredFile, StoredPhoto};

/// Name and password of the super admin.
const ADMIN: (&str, &str) = ("admin", "photomove-test");
/// Secret of the admin's passcode, if the switch asks for one.
const PASSCODE_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const RECOVERY_CODE: &str = "78569fjr9vah";

/// What a user of the stand-in may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhotoPrismRole {
    /// Everything.
    Admin,
    /// Look at what is shared.
    Guest,
}

/// The running stand-in of PhotoPrism.
#[derive(Debug)]
pub struct PhotoPrismSim {
    server: Arc<PhotoPrism>,
    origin: Origin,
    sign_in: PathBuf,
    number: usize,
}

impl PhotoPrismSim {
    /// Opens the listener, fills the library, and writes a file of somebody who has signed in to the state folder. `number`
    /// tells several servers apart, from 1.
    ///
    /// # Errors
    /// [`SimError`] if the port is taken, or a file cannot be read or written.
    pub async fn start(
        context: ServiceContext,
        switches: PhotoPrismSwitches,
        ports: &mut Ports,
        number: usize,
    ) -> Result<Self, SimError> {
        let ServiceContext {
            shared,
            library,
            discard,
            state_dir,
            ..
        } = context;
        let listener = Listener::open("photoprism", ports.next()?).await?;
        let file = match number {
            1 => "photoprism-sign-in.json".to_owned(),
            number => format!("photoprism-{number}-sign-in.json"),
        };
        let sign_in = state_dir.join(file);
        let passcode = switches.passcode;
        let server = Arc::new(PhotoPrism::new(
            Arc::clone(&shared),
            state_dir,
            discard,
            &listener.url(),
            switches,
        ));
        {
            let (now, mut world) = (server.now(), server.world());
            let (name, password) = ADMIN;
            add_user(
                &mut world,
                &NewUser {
                    name,
                    password,
                    role: Role::Admin,
                },
                now,
            );
            if passcode && let Some(admin) = world.users.first_mut() {
                admin.passcode = Some(Passcode {
                    secret: PASSCODE_SECRET.to_owned(),
                    recovery_code: RECOVERY_CODE.to_owned(),
                    created_at: now,
                    updated_at: now,
                    verified_at: Some(now),
                    activated_at: Some(now),
                });
            }
        }
        ingest::fill(&server, library).await?;
        let spec = OriginSpec {
            name: "photoprism",
            port: None,
            router: service::router(Arc::clone(&server)),
            operation_of: service::operation_of,
            error_body: service::fault_body,
        };
        let origin = listener.serve(spec, shared);
        let sim = Self {
            server,
            origin,
            sign_in,
            number,
        };
        sim.write_sign_in()?;
        Ok(sim)
    }

    /// The sign-in as `photomove auth login photoprism` keeps it.
    fn write_sign_in(&self) -> Result<(), SimError> {
        let (name, password) = ADMIN;
        let document = json!({
            "url": format!("{}/", self.url()),
            "plain_http": true,
            "sign_in": { "kind": "user", "name": name, "password": password },
        });
        write_private(&self.sign_in, &format!("{document:#}\n"))
            .map_err(|source| SimError::io("write", &self.sign_in, source))
    }

    /// Everything that it holds.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.server.world()
    }

    /// The stand-in as control routes see it.
    pub fn service(&self) -> Arc<dyn Service> {
        Arc::clone(&self.server) as Arc<dyn Service>
    }

    /// What the names of its variables begin with: `PHOTOMOVE_SIM_PHOTOPRISM`, and `PHOTOMOVE_SIM_PHOTOPRISM_2` for the second.
    pub(crate) fn env_prefix(&self) -> String {
        match self.number {
            1 => "PHOTOMOVE_SIM_PHOTOPRISM".to_owned(),
            number => format!("PHOTOMOVE_SIM_PHOTOPRISM_{number}"),
        }
    }

    /// The environment variables with which photomove and people reach this stand-in.
    pub fn env(&self) -> BTreeMap<String, String> {
        let prefix = self.env_prefix();
        let (name, password) = ADMIN;
        let mut env: BTreeMap<String, String> = [
            ("URL", self.url().to_owned()),
            ("USER", name.to_owned()),
            ("PASSWORD", password.to_owned()),
            ("ENDPOINT", self.endpoint()),
            ("SIGN_IN", self.sign_in.display().to_string()),
        ]
        .map(|(name, value)| (format!("{prefix}_{name}"), value))
        .into();
        if self.number == 1 {
            env.insert(
                "PHOTOMOVE_PHOTOPRISM_SIGN_IN".to_owned(),
                self.sign_in.display().to_string(),
            );
        }
        if self.server.switches().passcode {
            env.insert(format!("{prefix}_PASSCODE_SECRET"), PASSCODE_SECRET.to_owned());
        }
        env
    }

    /// Names and base URLs of the listeners.
    pub fn origins(&self) -> BTreeMap<String, String> {
        urls(std::slice::from_ref(&self.origin))
    }

    /// Root of the site with the base path, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.server.site
    }

    /// What to type as an endpoint: `photoprism:http://127.0.0.1:2342`.
    pub fn endpoint(&self) -> String {
        format!("photoprism:{}", self.url())
    }

    /// File of somebody who has signed in, as the setting `photoprism.sign_in` names it.
    pub fn sign_in_file(&self) -> &PathBuf {
        &self.sign_in
    }

    /// Name of the super admin.
    pub fn user(&self) -> &'static str {
        ADMIN.0
    }

    /// Password of the super admin at the start.
    pub fn password(&self) -> &'static str {
        ADMIN.1
    }

    /// UID of the super admin.
    pub fn user_uid(&self) -> String {
        self.server
            .world()
            .users
            .first()
            .map(|user| user.uid.clone())
            .unwrap_or_default()
    }

    /// Clock, faults, log and counters.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.server.shared
    }

    /// The clock of this stand-in.
    pub fn clock(&self) -> &SimClock {
        &self.server.shared.clock
    }

    /// Numbers over all requests so far.
    pub fn counters(&self) -> Counts {
        self.server.shared.counters.counts()
    }

    /// The switches, to be changed while the stand-in runs. Let go of the guard before the next request. Settings that clients
    /// can change themselves (`stack_…`, `language`) only count at the start: see [`set_setting`](Self::set_setting).
    pub fn switches(&self) -> MutexGuard<'_, PhotoPrismSwitches> {
        self.server.switches_mut()
    }

    /// Changes a setting as the web page does, such as `features`, `upload`, `false`.
    pub fn set_setting(&self, section: &str, name: &str, value: impl Into<serde_json::Value>) {
        self.server.world().settings.set(section, name, value.into());
    }

    /// A setting that is `true` or `false`, such as `stack`, `meta`.
    pub fn setting(&self, section: &str, name: &str) -> bool {
        self.server.world().settings.flag(section, name)
    }

    /// The passcode of the admin at this moment; `None` if none is needed.
    pub fn passcode(&self) -> Option<String> {
        let world = self.server.world();
        let passcode = world.users.first()?.passcode.as_ref()?;
        Some(code_at(&passcode.secret, self.server.now()))
    }

    /// Adds a user and gives the UID.
    pub fn add_user(&self, name: &str, password: &str, role: PhotoPrismRole) -> String {
        let role = match role {
            PhotoPrismRole::Admin => Role::Admin,
            PhotoPrismRole::Guest => Role::Guest,
        };
        let now = self.server.now();
        add_user(&mut self.server.world(), &NewUser { name, password, role }, now)
    }

    /// Adds an OAuth client that acts for the admin, or for nobody, and gives its id and secret.
    pub fn add_client(&self, name: &str, scope: &str, for_admin: bool, token_limit: usize) -> (String, String) {
        let user = if for_admin { self.user_uid() } else { String::new() };
        let now = self.server.now();
        add_client(&mut self.server.world(), name, scope, &user, token_limit, now)
    }

    /// Makes an app password of the admin.
    pub fn add_app_password(&self, name: &str, scope: &str) -> String {
        self.add_app_password_of(&self.user_uid(), name, scope)
    }

    /// Makes an app password of the admin with this UID.
    pub fn add_app_password_of(&self, user_uid: &str, name: &str, scope: &str) -> String {
        let now = self.server.now();
        let mut world = self.server.world();
        let new = NewSession {
            token: world.mint.app_password(),
            user_uid: user_uid.to_owned(),
            client_uid: String::new(),
            client_name: name.to_owned(),
            parent_id: String::new(),
            provider: Provider::Application,
            role: Role::Admin,
            is_client: true,
            scope: access::sorted_scope(scope),
            life_s: 0,
            timeout_s: 0,
        };
        world.add_session(new, now).token
    }

    /// Signs the admin in and gives the access token.
    pub fn access_token(&self) -> String {
        let (user_uid, now, switches) = (self.user_uid(), self.server.now(), self.server.switches());
        let mut world = self.server.world();
        let new = NewSession {
            token: world.mint.access_token(),
            user_uid,
            client_uid: String::new(),
            client_name: String::new(),
            parent_id: String::new(),
            provider: Provider::Local,
            role: Role::Admin,
            is_client: false,
            scope: String::new(),
            life_s: i64::try_from(switches.session_max_age.as_secs()).unwrap_or(0),
            timeout_s: i64::try_from(switches.session_timeout.as_secs()).unwrap_or(0),
        };
        world.add_session(new, now).token
    }

    /// Changes the sessions as the control route `session` does.
    ///
    /// # Errors
    /// [`SimError`] if the service has nothing of the kind.
    pub fn change_sessions(&self, command: &SessionCommand) -> Result<serde_json::Value, SimError> {
        self.server.change_sessions(command)
    }

    /// Ends every session at once; app passwords go on.
    pub fn expire_sessions(&self) {
        self.server.world().end_sessions(false);
    }

    /// Restarts the server: download and preview tokens are forgotten until their session is used, and so are the limiters;
    /// sessions and staged files stay, unless `lose_sessions`.
    pub fn restart(&self, lose_sessions: bool) {
        let mut world = self.server.world();
        world.restart();
        if lose_sessions {
            world.end_sessions(false);
        }
    }

    /// The bytes of a file of the index, by its SHA-1; they fail to be read where bodies are discarded.
    pub fn body(&self, sha1: &str) -> Option<Blob> {
        let world = self.server.world();
        let file = world.file_by_hash(sha1)?;
        Some(world.disk.get(file.root, &file.name)?.blob.clone())
    }

    /// Paths of all files below originals on the disk, indexed or not.
    pub fn originals(&self) -> Vec<String> {
        let world = self.server.world();
        let files = world.disk.files_below(super::model::Root::Originals, "");
        files.map(|(path, _)| path.to_owned()).collect()
    }

    /// Takes a file from the disk and leaves it in the index; whether there was one.
    pub fn lose_file(&self, sha1: &str) -> bool {
        let mut world = self.server.world();
        let Some(file) = world.file_by_hash(sha1).map(|file| (file.root, file.name.clone())) else {
            return false;
        };
        world.disk.remove(file.0, &file.1).is_some()
    }

    /// Lets a person be seen on the photo of a file; whether there is such a file.
    pub fn add_person(&self, sha1: &str, name: &str) -> bool {
        let now = self.server.now();
        let mut world = self.server.world();
        let Some(photo) = world.file_by_hash(sha1).map(|file| file.photo_id) else {
            return false;
        };
        let subject = world
            .subjects
            .iter()
            .find(|own| own.name == name)
            .map(|own| own.uid.clone());
        let marker_uid = world.mint.uid(mint::prefix::MARKER, now);
        let subject = subject.unwrap_or_else(|| {
            let uid = world.mint.uid(mint::prefix::SUBJECT, now);
            world.subjects.push(Subject {
                uid: uid.clone(),
                marker_uid: marker_uid.clone(),
                slug: library::slug::slug(name),
                name: name.to_owned(),
                alias: String::new(),
                about: String::new(),
                bio: String::new(),
                notes: String::new(),
                favorite: false,
                hidden: false,
                private: false,
                excluded: false,
                thumb: String::new(),
                created_at: now,
                updated_at: now,
                deleted_at: None,
            });
            uid
        });
        let Some(photo) = world.photos.get_mut(&photo) else {
            return false;
        };
        photo.faces += 1;
        let files = photo.files.clone();
        let Some(id) = files
            .into_iter()
            .find(|id| world.files.get(id).is_some_and(|file| file.primary))
        else {
            return false;
        };
        let Some(file) = world.files.get_mut(&id) else {
            return false;
        };
        let thumb = format!("{}-046045043065", file.hash);
        file.markers.push(Marker {
            uid: marker_uid,
            src: "manual".to_owned(),
            name: name.to_owned(),
            review: false,
            invalid: false,
            face_id: String::new(),
            subj_uid: subject,
            subj_src: "manual".to_owned(),
            x: 0.25,
            y: 0.25,
            w: 0.5,
            h: 0.5,
            size: 200,
            score: 50,
            thumb,
            created_at: now,
        });
        true
    }

    /// Writes a line to the log that `GET /errors` shows.
    pub fn log_warning(&self, message: &str) {
        let now = self.server.now();
        self.server.world().log(now, "warning", message);
    }

    /// Closes the listener; connections under way get two seconds to end.
    pub async fn shutdown(self) {
        self.origin.shutdown().await;
    }
}
