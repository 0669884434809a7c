//! The config that the server gives to clients.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::access::{Action, Resource};
use super::super::model::{Photo, Role, Session};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::wire;
use super::super::world::World;

/// With a session that is alive its config; without one the public part, whatever the token was.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let config = match world.session_of(call) {
        Some(session) => of_session(world, call, &session),
        None => public(world, call),
    };
    Ok(Reply::ok(&config))
}

/// The config of a session, as signing in and `config.updated` tell it, too.
pub(crate) fn of_session(world: &World, call: &Call, session: &Session) -> Value {
    let mut config = common(world, call);
    let download_token = if call.switches.public_downloads {
        "public"
    } else {
        &session.download_token
    };
    let shared = session.role == Role::Visitor;
    for (key, value) in [
        ("mode", json!(if shared { "share" } else { "user" })),
        ("uploadNSFW", json!(call.switches.nsfw_marker.is_empty())),
        ("passwordLength", json!(8)),
        ("downloadToken", json!(download_token)),
        ("previewToken", json!(session.preview_token)),
        ("disable", disabled(call, false)),
        ("count", counts(world)),
        ("years", years(world)),
        (
            "cameras",
            world
                .cameras
                .iter()
                .filter(|own| own.id > 1)
                .map(wire::camera)
                .collect(),
        ),
        ("lenses", world.lenses.iter().map(wire::lens).collect()),
        ("countries", json!([{ "ID": "zz", "Slug": "zz", "Name": "Unknown" }])),
        ("categories", json!([])),
        ("settings", world.settings.value().clone()),
        ("acl", acl(true)),
        (
            "server",
            json!({
                "cores": 2, "routines": 23,
                "memory": {
                    "total": 8_589_934_592_u64, "free": 4_294_967_296_u64, "used": 59_864_592, "reserved": 111_524_136,
                    "info": "Used 60 MB / Reserved 112 MB",
                },
            }),
        ),
    ] {
        config[key] = value;
    }
    config
}

fn public(world: &World, call: &Call) -> Value {
    let mut config = common(world, call);
    let mut settings = world.settings.value().clone();
    settings["import"]["path"] = "".into();
    settings["index"] = json!({ "path": "", "convert": false, "rescan": false, "skipArchived": false });
    settings["stack"] = json!({ "uuid": false, "meta": false, "name": false });
    settings["download"] =
        json!({ "name": "", "disabled": false, "originals": false, "mediaRaw": false, "mediaSidecar": false });
    settings["templates"]["default"] = "".into();
    for (key, value) in [
        ("mode", json!("public")),
        ("uploadNSFW", json!(false)),
        ("passwordLength", json!(0)),
        ("downloadToken", json!("public")),
        ("previewToken", json!("public")),
        ("disable", disabled(call, true)),
        ("count", no_counts()),
        ("years", Value::Null),
        ("cameras", json!([])),
        ("lenses", json!([])),
        ("countries", json!([])),
        ("categories", Value::Null),
        ("settings", settings),
        ("acl", acl(false)),
        (
            "server",
            json!({
                "cores": 0, "routines": 0,
                "memory": { "total": 0, "free": 0, "used": 0, "reserved": 0, "info": "" },
            }),
        ),
    ] {
        config[key] = value;
    }
    config
}

/// What everybody sees alike.
fn common(world: &World, call: &Call) -> Value {
    let url = url::Url::parse(&call.site).ok();
    let base = url.as_ref().map_or("", |url| url.path().trim_end_matches('/'));
    let domain = url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    let api = format!("{base}/api/v1");
    let mut out = json!({
        "name": "PhotoPrism", "about": "PhotoPrism®", "edition": "ce", "version": call.switches.version(),
        "copyright": "(c) 2018-2025 PhotoPrism UG. All rights reserved.", "flags": "settings",
        "baseUri": base, "staticUri": format!("{base}/static"), "cssUri": "", "jsUri": "",
        "manifestUri": format!("{base}/manifest.json?c0d6212a"), "apiUri": api, "contentUri": api, "videoUri": api,
        "wallpaperUri": "", "siteUrl": format!("{}/", call.site), "siteDomain": domain, "siteAuthor": "",
        "siteTitle": "PhotoPrism", "siteCaption": "AI-Powered Photos App", "siteDescription": "", "sitePreview": "",
        "legalInfo": "", "legalUrl": "", "appName": "PhotoPrism", "appMode": "standalone", "appIcon": "logo",
        "appColor": "#000000",
    });
    let flags = json!({
        "restart": false, "debug": false, "trace": false, "test": false, "demo": false, "sponsor": false,
        "readonly": call.switches.read_only, "public": call.switches.public,
        "authMode": if call.switches.public { "public" } else { "password" }, "usersPath": "users",
        "loginUri": format!("{base}/library/login"), "registerUri": "", "passwordResetUri": "", "experimental": false,
        "tier": 0, "membership": "ce", "customer": "", "mapKey": "", "clip": 160,
    });
    let lists = json!({
        "albumCategories": categories(world), "albums": [], "people": [], "thumbs": thumbs(), "colors": colors(),
        "pos": { "uid": "", "cid": "", "utc": "0001-01-01T00:00:00Z", "lat": 0, "lng": 0 },
        "ext": {
            "oidc": {
                "enabled": false, "icon": format!("{base}/static/img/oidc.svg"), "loginUri": format!("{api}/oidc/login"),
                "provider": "OpenID", "redirect": false, "register": false,
            },
        },
    });
    for part in [flags, lists] {
        if let (Some(out), Value::Object(part)) = (out.as_object_mut(), part) {
            out.extend(part);
        }
    }
    out
}

/// Categories of albums, or `null` where there are none.
fn categories(world: &World) -> Value {
    let used: BTreeSet<&str> = world
        .albums
        .values()
        .filter(|album| album.deleted_at.is_none() && !album.category.is_empty())
        .map(|album| album.category.as_str())
        .collect();
    if used.is_empty() { Value::Null } else { json!(used) }
}

fn years(world: &World) -> Value {
    let years: BTreeSet<i64> = visible(world)
        .map(|photo| photo.year)
        .filter(|year| *year > 0)
        .collect();
    if years.is_empty() {
        Value::Null
    } else {
        years.into_iter().rev().map(Value::from).collect()
    }
}

fn visible(world: &World) -> impl Iterator<Item = &Photo> {
    world
        .photos
        .values()
        .filter(|photo| photo.deleted_at.is_none() && photo.quality > -1)
}

const COUNTS: [&str; 26] = [
    "all",
    "photos",
    "live",
    "videos",
    "cameras",
    "lenses",
    "countries",
    "hidden",
    "archived",
    "favorites",
    "review",
    "stories",
    "private",
    "albums",
    "private_albums",
    "moments",
    "private_moments",
    "months",
    "private_months",
    "states",
    "private_states",
    "folders",
    "private_folders",
    "files",
    "people",
    "places",
];

fn no_counts() -> Value {
    let mut counts: Map<String, Value> = COUNTS.into_iter().map(|name| (name.to_owned(), 0.into())).collect();
    counts.extend(["labels", "labelMaxPhotos"].map(|name| (name.to_owned(), 0.into())));
    Value::Object(counts)
}

/// The only totals that the server gives.
pub(crate) fn counts(world: &World) -> Value {
    let mut out = no_counts();
    let mut add = |name: &str, count: usize| out[name] = (out[name].as_u64().unwrap_or(0) + count as u64).into();
    let review = world.settings.feature("review");
    for photo in world.photos.values() {
        let [hidden, archived] = [photo.quality < 0, photo.deleted_at.is_some()];
        // Ghosts of merges have no files and count as nothing.
        if photo.files.is_empty() {
            continue;
        }
        match (hidden, archived) {
            (true, false) => add("hidden", 1),
            (false, true) => add("archived", 1),
            (true, true) => {}
            (false, false) if review && photo.quality < 3 => add("review", 1),
            (false, false) if photo.private => add("private", 1),
            (false, false) => {
                add("all", 1);
                add(
                    match photo.kind.as_str() {
                        "video" => "videos",
                        "live" => "live",
                        _ => "photos",
                    },
                    1,
                );
                if photo.favorite {
                    add("favorites", 1);
                }
            }
        }
    }
    for album in world.albums.values().filter(|album| album.deleted_at.is_none()) {
        let name = match album.kind.as_str() {
            "album" => "albums",
            "folder" => "folders",
            "moment" => "moments",
            "month" => "months",
            "state" => "states",
            _ => continue,
        };
        add(name, 1);
        if album.private {
            add(&format!("private_{name}"), 1);
        }
    }
    add(
        "files",
        world
            .files
            .values()
            .filter(|file| !file.missing && file.root.as_str() == "/")
            .count(),
    );
    add("cameras", world.cameras.len() - 1);
    add("lenses", world.lenses.len() - 1);
    add("places", world.places.len() - 1);
    add(
        "people",
        world
            .subjects
            .iter()
            .filter(|subject| subject.deleted_at.is_none())
            .count(),
    );
    let labels: Vec<usize> = world
        .labels
        .values()
        .filter(|label| label.deleted_at.is_none() && label.priority >= 0)
        .map(|label| wire::label_count(world, label))
        .filter(|count| *count > 0)
        .collect();
    add("labels", labels.len());
    add("labelMaxPhotos", labels.into_iter().max().unwrap_or(0));
    out
}

fn disabled(call: &Call, public: bool) -> Value {
    let switches = &call.switches;
    json!({
        "restart": public, "webdav": public || switches.public || !switches.webdav, "settings": false,
        "places": !switches.places, "backups": public, "tensorflow": true, "faces": true, "classification": true,
        "ffmpeg": public, "exiftool": public, "vips": false, "sips": true, "darktable": true, "rawtherapee": true,
        "imagemagick": public || !switches.image_converter, "heifconvert": public, "vectors": true, "jpegxl": true,
        "raw": public || !switches.raw_converter,
    })
}

/// The rights of an admin, or `null` everywhere.
fn acl(full: bool) -> Value {
    const RIGHTS: [&str; 15] = [
        "access_all",
        "access_library",
        "access_own",
        "access_shared",
        "create",
        "delete",
        "download",
        "full_access",
        "manage",
        "rate",
        "react",
        "share",
        "subscribe",
        "update",
        "view",
    ];
    const USERS: [&str; 7] = [
        "access_all",
        "access_own",
        "create",
        "delete",
        "subscribe",
        "update",
        "view",
    ];
    let rights = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| ((*name).to_owned(), Value::Bool(true)))
            .collect::<Map<_, _>>()
            .into()
    };
    let names = Resource::ALL.map(Resource::as_str).into_iter().chain(["default"]);
    let out: Map<String, Value> = names
        .map(|name| {
            let value = match (full, name) {
                (false, _) => Value::Null,
                (true, "users") => rights(&USERS),
                (true, _) => rights(&RIGHTS),
            };
            (name.to_owned(), value)
        })
        .collect();
    Value::Object(out)
}

fn thumbs() -> Value {
    [
        ("fit_720", "SD TV, Mobile", 720, 720),
        ("fit_1280", "HD TV, SXGA", 1280, 1024),
        ("fit_1920", "Full HD", 1920, 1200),
        ("fit_2560", "Quad HD, Notebooks", 2560, 1600),
        ("fit_4096", "DCI 4K, Retina 4K", 4096, 4096),
        ("fit_7680", "8K Ultra HD 2", 7680, 4320),
    ]
    .map(|(size, usage, w, h)| json!({ "size": size, "usage": usage, "w": w, "h": h }))
    .to_vec()
    .into()
}

fn colors() -> Value {
    [
        ("#AB47BC", "Purple"),
        ("#FF00FF", "Magenta"),
        ("#EC407A", "Pink"),
        ("#EF5350", "Red"),
        ("#FFA726", "Orange"),
        ("#D4AF37", "Gold"),
        ("#FDD835", "Yellow"),
        ("#CDDC39", "Lime"),
        ("#66BB6A", "Green"),
        ("#009688", "Teal"),
        ("#00BCD4", "Cyan"),
        ("#2196F3", "Blue"),
        ("#A1887F", "Brown"),
        ("#F5F5F5", "White"),
        ("#9E9E9E", "Grey"),
        ("#212121", "Black"),
    ]
    .map(|(example, name)| json!({ "Example": example, "Name": name, "Slug": name.to_lowercase() }))
    .to_vec()
    .into()
}

/// Start options; only admins see them, and not by an app.
pub(super) fn options(world: &mut World, call: &Call) -> Answer {
    let grant = world.authorize(call, Resource::Config, &[Action::Manage])?;
    if grant.role != Role::Admin {
        return Err(Refusal::forbidden());
    }
    let switches = &call.switches;
    let seconds =
        |time: Option<std::time::Duration>| time.map_or(-1, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let mut out = json!({
        "OIDCProvider": "", "OIDCIcon": "", "OIDCRedirect": false, "OIDCRegister": false, "DisableOIDC": false,
        "Prod": false, "Debug": false, "Trace": false, "OriginalsLimit": switches.originals_limit_mb,
        "ResolutionLimit": switches.resolution_limit_mp, "SidecarYaml": switches.sidecar_yaml, "BackupSchedule": "daily",
        "BackupRetain": 3, "BackupDatabase": true, "BackupAlbums": true, "IndexWorkers": 1, "IndexSchedule": "",
        "WakeupInterval": u64::try_from(switches.wakeup_interval.as_nanos()).unwrap_or(u64::MAX),
        "AutoIndex": seconds(switches.auto_index), "AutoImport": seconds(switches.auto_import),
        "ReadOnly": switches.read_only, "Experimental": false, "DisableBackups": false,
        "DisableWebDAV": !switches.webdav, "DisablePlaces": !switches.places,
    });
    let disabled = json!({
        "DisableTensorFlow": true, "DisableFaces": true, "DisableClassification": true, "DisableFFmpeg": false,
        "DisableExifTool": false, "DisableVips": false, "DisableSips": true, "DisableDarktable": false,
        "DisableRawTherapee": true, "DisableImageMagick": !switches.image_converter, "DisableHeifConvert": false,
        "DisableVectors": false, "DisableJpegXL": true, "DisableRaw": !switches.raw_converter, "RawPresets": false,
    });
    if let (Some(out), Value::Object(disabled)) = (out.as_object_mut(), disabled) {
        out.extend(disabled);
    }
    Ok(Reply::ok(&out))
}
