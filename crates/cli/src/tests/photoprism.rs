//! Signing in to PhotoPrism, and its own commands: what is asked, what is kept, what the server has afterwards.

use photomove_sim::PhotoPrismSim;

use super::*;

async fn server(change: impl FnOnce(&mut SimOptions)) -> Sims {
    let mut options = SimOptions {
        services: vec![ServiceSpec::new(ServiceKind::PhotoPrism)],
        fill: None,
        ..SimOptions::default()
    };
    change(&mut options);
    photomove_sim::start(options).await.unwrap()
}

fn prism(sims: &Sims) -> &PhotoPrismSim {
    sims.photoprism().unwrap()
}

/// A home of somebody who is signed in by a file of the settings.
fn home_of(sims: &Sims) -> Home {
    Home::new().with_sims(sims)
}

fn kept(home: &Home, account: &str) -> Option<String> {
    let file = format!("state/credentials/photoprism@{account}.json");
    std::fs::read_to_string(home.folder.path().join(file)).ok()
}

async fn login(home: &Home, sims: &Sims, more: &[&str]) -> Ran {
    let url = prism(sims).url().to_owned();
    let mut words = vec!["auth", "login", "photoprism", "--url", &url];
    words.extend(more);
    home.run(&words).await
}

fn sign_ins(sims: &Sims) -> u64 {
    let counts = prism(sims).counters();
    counts.by_operation.get("session_create").copied().unwrap_or(0)
}

#[tokio::test]
async fn name_and_password_sign_in_once_and_the_session_is_kept_until_the_logout() {
    let sims = server(|_| {}).await;
    let home = Home::new().answering(&["admin", "photomove-test"]);
    let ran = login(&home, &sims, &[]).await;
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    assert!(
        ran.talk.contains("? User name:") && ran.talk.contains("? Password"),
        "{}",
        ran.talk
    );
    assert!(
        ran.data.contains("signed in to PhotoPrism (admin at 127.0.0.1:"),
        "{}",
        ran.data
    );
    for secret in ["photomove-test", &prism(&sims).access_token()] {
        assert!(!ran.data.contains(secret) && !ran.talk.contains(secret));
    }
    let before = sign_ins(&sims);
    let nobody = Home { answers: None, ..home };
    let status = nobody.run(&["auth", "status"]).await;
    assert_eq!(status.exit, Exit::Done, "{}{}", status.data, status.talk);
    for part in [
        "photoprism (kept): valid",
        "by: user",
        "user: admin (admin)",
        "session: until ",
    ] {
        assert!(status.data.contains(part), "{part} in {}", status.data);
    }
    assert_eq!(sign_ins(&sims), before, "the session is used again");
    let token = kept(&nobody, "default").unwrap();
    let out = nobody.run(&["auth", "logout", "photoprism"]).await;
    assert_eq!(out.exit, Exit::Done, "{}", out.talk);
    assert!(
        out.data.contains("forgotten and taken back at the service"),
        "{}",
        out.data
    );
    assert_eq!(kept(&nobody, "default"), None);
    // Whoever kept a copy of the file gets in by the password only.
    nobody.file("copy.json", &token);
    let again = Home::new().with(
        "PHOTOMOVE_PHOTOPRISM_SIGN_IN",
        nobody.folder.path().join("copy.json").display(),
    );
    let ran = again.run(&["photoprism", "albums"]).await;
    assert_eq!((ran.exit, sign_ins(&sims)), (Exit::Done, before + 1), "{}", ran.talk);
    sims.shutdown().await;
}

#[tokio::test]
async fn a_wrong_password_is_asked_for_again_and_nothing_is_kept() {
    let sims = server(|_| {}).await;
    let home = Home::new().answering(&["admin", "wrong", "admin", "photomove-test"]);
    let ran = login(&home, &sims, &[]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(
        ran.talk.contains("the name, password or secret is not right"),
        "{}",
        ran.talk
    );
    let file = home.file("secret", "wrong\n");
    let script = Home::new();
    let ran = login(&script, &sims, &["--user", "admin", "--secret-file", &file]).await;
    assert_eq!(ran.exit, Exit::SignIn, "{}", ran.talk);
    assert!(!ran.talk.contains("wrong\n") && kept(&script, "default").is_none());
    sims.shutdown().await;
}

#[tokio::test]
async fn a_passcode_is_asked_for_and_may_stand_in_the_file() {
    let sims = server(|options| options.photoprism.passcode = true).await;
    let code = prism(&sims).passcode().unwrap();
    let home = Home::new().answering(&["admin", "photomove-test", &code]);
    let ran = login(&home, &sims, &[]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(ran.talk.contains("? Passcode of `admin` at PhotoPrism"), "{}", ran.talk);
    let script = Home::new();
    let file = script.file("secret", &format!("photomove-test\n{code}\n"));
    let ran = login(&script, &sims, &["--user", "admin", "--secret-file", &file]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    let bare = Home::new();
    let file = bare.file("secret", "photomove-test\n");
    let ran = login(&bare, &sims, &["--user", "admin", "--secret-file", &file]).await;
    assert_eq!(ran.exit, Exit::SignIn);
    assert!(
        ran.talk.contains("wants a passcode") && ran.talk.contains("app password"),
        "{}",
        ran.talk
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn app_passwords_and_clients_sign_in_and_one_without_a_user_is_refused() {
    let sims = server(|_| {}).await;
    let password = prism(&sims).add_app_password("phone", "*");
    let home = Home::new();
    let file = home.file("secret", &password);
    let ran = login(&home, &sims, &["--app-password", "--secret-file", &file]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(home.run(&["auth", "status"]).await.data.contains("by: app password"));
    let (id, secret) = prism(&sims).add_client("mover", "*", true, 5);
    let home = Home::new();
    let file = home.file("secret", &secret);
    let ran = login(&home, &sims, &["--client-id", &id, "--secret-file", &file]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    let (id, secret) = prism(&sims).add_client("nobody", "*", false, 5);
    let home = Home::new();
    let file = home.file("secret", &secret);
    let ran = login(&home, &sims, &["--client-id", &id, "--secret-file", &file]).await;
    assert_eq!(ran.exit, Exit::SignIn, "{}", ran.talk);
    assert!(ran.talk.contains("photoprism clients add"), "{}", ran.talk);
    sims.shutdown().await;
}

#[tokio::test]
async fn a_server_in_public_mode_asks_nobody() {
    let sims = server(|options| options.photoprism.public = true).await;
    let home = Home::new();
    let ran = login(&home, &sims, &[]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(ran.talk.contains("note: the server is in public mode"), "{}", ran.talk);
    sims.shutdown().await;
}

#[tokio::test]
async fn servers_go_by_name_or_address_and_are_never_mixed_up() {
    let sims = server(|options| {
        options.services = vec![
            ServiceSpec::new(ServiceKind::PhotoPrism),
            ServiceSpec::new(ServiceKind::PhotoPrism),
        ];
    })
    .await;
    let [one, two] = sims.photoprisms() else {
        panic!("two servers")
    };
    let home = Home::new();
    let file = home.file("secret", "photomove-test");
    let user = ["--user", "admin", "--secret-file", &file];
    for (endpoint, url) in [("photoprism@old", one.url()), ("photoprism@new", two.url())] {
        let mut words = vec!["auth", "login", endpoint, "--url", url];
        words.extend(user);
        let ran = home.run(&words).await;
        assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    }
    let asked = |sim: &PhotoPrismSim| sim.counters().by_operation.get("album_search").copied().unwrap_or(0);
    let before = (asked(one), asked(two));
    for word in [
        two.endpoint(),
        "photoprism@new".to_owned(),
        format!("photoprism@new:{}", two.url()),
    ] {
        let ran = home.run(&[&word, "albums"]).await;
        assert_eq!(ran.exit, Exit::Done, "{word}: {}", ran.talk);
    }
    assert_eq!((asked(one), asked(two)), (before.0, before.1 + 3));
    let ran = home.run(&["photoprism", "albums"]).await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.talk.contains("`photoprism@new`, `photoprism@old`"), "{}", ran.talk);
    let ran = home.run(&[&format!("photoprism@old:{}", two.url()), "albums"]).await;
    assert!(
        ran.exit == Exit::Usage && ran.talk.contains("signed in at another server"),
        "{}",
        ran.talk
    );
    let ran = home.run(&["photoprism:https://elsewhere.example", "albums"]).await;
    assert_eq!(ran.exit, Exit::SignIn);
    assert!(
        ran.talk.contains("auth login photoprism:https://elsewhere.example`"),
        "{}",
        ran.talk
    );
    // Another account of the name is noticed.
    let mut words = vec!["auth", "login", "photoprism@old", "--url", two.url()];
    words.extend(user);
    let ran = home.run(&words).await;
    assert_eq!(ran.exit, Exit::SignIn, "{}", ran.talk);
    assert!(
        ran.talk.contains("`photoprism@old` has been another account so far"),
        "{}",
        ran.talk
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn what_is_no_address_of_a_server_is_refused_before_a_password_is_asked_for() {
    let home = Home::new().answering(&[]);
    for (url, part) in [
        ("photos.example", "must begin with `https://`"),
        (
            "https://me:hush@photos.example",
            "must not hold a user name or password",
        ),
        ("http://nas.example:2342", "`--plain-http`"),
    ] {
        let ran = home.run(&["auth", "login", "photoprism", "--url", url]).await;
        assert!(
            ran.exit == Exit::Usage && ran.talk.contains(part),
            "{url}: {}",
            ran.talk
        );
        assert!(!ran.talk.contains("hush"));
    }
    let sims = sims(|_| {}).await;
    let elsewhere = sims.google().unwrap().origins()["library"].clone();
    let ran = home.run(&["auth", "login", "photoprism", "--url", &elsewhere]).await;
    assert!(ran.talk.contains("there is no photoprism at"), "{}", ran.talk);
    let ran = home.run(&["auth", "login", "google", "--app-password"]).await;
    assert!(
        ran.talk.contains("`--app-password` belongs to `photoprism`"),
        "{}",
        ran.talk
    );
    sims.shutdown().await;
}

/// The bytes of a small picture that is like no other.
fn picture(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let shade = name
        .bytes()
        .fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    let pixels = vec![shade; 16 * 16 * 3];
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.encode(&pixels, 16, 16, jpeg_encoder::ColorType::Rgb).unwrap();
    bytes
}

/// Puts a picture into the home's folder and returns its path.
fn put(home: &Home, name: &str) -> String {
    let path = home.folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, picture(name)).unwrap();
    path.display().to_string()
}

async fn done(home: &Home, words: &[&str]) -> Ran {
    let ran = home.run(words).await;
    assert_eq!(ran.exit, Exit::Done, "{words:?}\n{}\n{}", ran.data, ran.talk);
    ran
}

/// The objects of a command with `--json`.
async fn objects(home: &Home, words: &[&str]) -> Vec<serde_json::Value> {
    let mut words = words.to_vec();
    words.push("--json");
    let ran = done(home, &words).await;
    ran.data
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn photos_are_sent_found_changed_and_deleted() {
    let sims = server(|_| {}).await;
    let sim = prism(&sims);
    let home = home_of(&sims);
    let (sea, town) = (put(&home, "2019/sea.jpg"), put(&home, "2020/town.jpg"));
    let ran = done(&home, &["photoprism", "upload", &sea, &town]).await;
    assert!(ran.data.contains("sent 2 · already there 0 · failed 0"), "{}", ran.data);
    let again = done(&home, &["photoprism", "upload", &sea]).await;
    assert!(again.data.contains("already there 1"), "{}", again.data);
    assert_eq!(sim.photos().len(), 2);
    let rows = objects(&home, &["photoprism", "search"]).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    // By its bytes, whatever the server calls it.
    let shown = objects(&home, &["photoprism", "show", &sea]).await;
    let uid = shown[0]["photo"]["UID"].as_str().unwrap().to_owned();
    let edit = [
        "photoprism",
        "edit",
        &sea,
        "--title",
        "Harbour",
        "--keywords",
        "sea, ferry",
        "--position",
        "54.3,10.1",
    ];
    done(&home, &edit).await;
    done(
        &home,
        &[
            "photoprism",
            "edit",
            &uid,
            "--taken",
            "2019-07-21T18:42:07",
            "--zone",
            "Europe/Berlin",
        ],
    )
    .await;
    done(&home, &["photoprism", "like", &uid]).await;
    done(&home, &["photoprism", "private", &uid]).await;
    done(&home, &["photoprism", "private", &uid]).await;
    let photo = sim.photos().into_iter().find(|photo| photo.uid == uid).unwrap();
    assert_eq!((photo.title.as_str(), photo.position), ("Harbour", (54.3, 10.1)));
    assert_eq!(photo.keywords, "ferry, sea");
    assert_eq!(photo.taken_at_local, "2019-07-21T18:42:07Z");
    assert_eq!(
        (photo.taken_at.as_str(), photo.time_zone.as_str()),
        ("2019-07-21T16:42:07Z", "Europe/Berlin")
    );
    assert!(photo.favorite && photo.private, "twice private is private still");
    done(&home, &["photoprism", "unlike", &uid]).await;
    done(&home, &["photoprism", "private", "--off", &uid]).await;
    done(&home, &["photoprism", "label", "add", &uid, "beach"]).await;
    let shown = done(&home, &["photoprism", "show", &uid]).await;
    assert!(shown.data.contains("Beach"), "{}", shown.data);
    done(&home, &["photoprism", "label", "remove", &uid, "beach"]).await;
    let refused = home.run(&["photoprism", "archive", &uid]).await;
    assert_eq!(refused.exit, Exit::Usage, "{}", refused.talk);
    done(&home, &["photoprism", "archive", &uid, "--yes"]).await;
    assert_eq!(objects(&home, &["photoprism", "search"]).await.len(), 1);
    assert_eq!(objects(&home, &["photoprism", "search", "--archived"]).await.len(), 1);
    done(&home, &["photoprism", "restore", &uid]).await;
    done(&home, &["photoprism", "delete", &uid, "--yes"]).await;
    let left: Vec<_> = sim
        .photos()
        .into_iter()
        .filter(|photo| !photo.files.is_empty())
        .collect();
    assert_eq!(left.len(), 1);
    let gone = home.run(&["photoprism", "show", &uid]).await;
    assert!(
        gone.exit == Exit::Error && gone.talk.contains("the server has no such photo"),
        "{}",
        gone.talk
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn albums_are_made_filled_and_fetched() {
    let sims = server(|_| {}).await;
    let sim = prism(&sims);
    let home = home_of(&sims);
    let (one, two) = (put(&home, "one.jpg"), put(&home, "two.jpg"));
    let made = objects(
        &home,
        &["photoprism", "album", "create", "100%", "--description", "all of it"],
    )
    .await;
    let album = made[0]["album"]["UID"].as_str().unwrap().to_owned();
    // The server itself would take the first for the second.
    let second = objects(&home, &["photoprism", "album", "create", "100 days"]).await;
    let second = second[0]["album"]["UID"].as_str().unwrap().to_owned();
    assert_ne!(album, second);
    done(&home, &["photoprism", "upload", &one, "--album", &album]).await;
    done(&home, &["photoprism", "upload", &two]).await;
    done(&home, &["photoprism", "album", "add", &album, &two]).await;
    done(&home, &["photoprism", "album", "fill", &second, &album]).await;
    let stored = |uid: &str| sim.albums().into_iter().find(|album| album.uid == uid).unwrap();
    assert_eq!((stored(&album).photos.len(), stored(&second).photos.len()), (2, 2));
    done(&home, &["photoprism", "album", "remove", &second, &one]).await;
    assert_eq!(stored(&second).photos.len(), 1);
    done(
        &home,
        &[
            "photoprism",
            "album",
            "edit",
            &second,
            "--title",
            "Days",
            "--favorite",
            "true",
        ],
    )
    .await;
    assert_eq!(stored(&second).title, "Days");
    let folder = home.folder.path().join("out");
    let to = folder.display().to_string();
    let ran = done(&home, &["photoprism", "download", "--album", &album, "--to", &to]).await;
    assert!(ran.data.contains("fetched 2"), "{}", ran.data);
    let again = done(&home, &["photoprism", "download", "--album", &album, "--to", &to]).await;
    assert!(again.data.contains("fetched 0 · already here 2"), "{}", again.data);
    let mut found: Vec<Vec<u8>> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let mut wanted = vec![picture("one.jpg"), picture("two.jpg")];
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted, "every byte, and nothing else is left there");
    let link = objects(&home, &["photoprism", "album", "link", &album, "--days", "7"]).await;
    assert!(
        link[0]["address"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{}/s/", sim.url())),
        "{link:?}"
    );
    assert_eq!(objects(&home, &["photoprism", "album", "links", &album]).await.len(), 1);
    let id = link[0]["id"].as_str().unwrap();
    done(&home, &["photoprism", "album", "unlink", &album, id]).await;
    done(&home, &["photoprism", "album", "delete", &second, "--yes"]).await;
    assert!(stored(&second).deleted);
    let ran = home.run(&["photoprism", "upload", &one, "--album", &second]).await;
    assert!(
        ran.exit == Exit::Error && ran.talk.contains("photoprism albums"),
        "{}",
        ran.talk
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn a_file_gets_the_ending_of_its_content_and_a_refused_one_is_told() {
    let sims = server(|_| {}).await;
    let sim = prism(&sims);
    let home = home_of(&sims);
    let odd = home.folder.path().join("odd.png");
    std::fs::write(&odd, picture("odd")).unwrap();
    let ran = done(&home, &["photoprism", "upload", &odd.display().to_string()]).await;
    assert!(ran.data.contains(": sent, as odd.jpg"), "{}", ran.data);
    assert!(sim.photos()[0].quality >= 0, "{:?}", sim.photos());
    let junk = home.file("junk.jpg", "no picture at all");
    let ran = home.run(&["photoprism", "upload", &junk]).await;
    assert_eq!(ran.exit, Exit::ItemsFailed, "{}{}", ran.data, ran.talk);
    assert!(
        ran.data.contains("junk.jpg: not taken") && ran.data.contains("failed 1"),
        "{}",
        ran.data
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn the_server_is_looked_after() {
    let sims = server(|_| {}).await;
    let sim = prism(&sims);
    let home = home_of(&sims);
    let picture = put(&home, "a.jpg");
    done(&home, &["photoprism", "webdav", "send", &picture, "2021/a.jpg"]).await;
    let listed = done(&home, &["photoprism", "webdav", "list", "2021"]).await;
    assert!(listed.data.contains("2021/a.jpg"), "{}", listed.data);
    let ran = done(&home, &["photoprism", "index"]).await;
    assert!(ran.data.contains("1 file more than before"), "{}", ran.data);
    let folders = done(&home, &["photoprism", "folders"]).await;
    assert!(folders.data.contains("2021/"), "{}", folders.data);
    done(&home, &["photoprism", "settings", "stack.meta=false"]).await;
    assert!(!sim.setting("stack", "meta"));
    let status = done(&home, &["photoprism", "status"]).await;
    assert!(
        status.data.contains("user: admin (admin)") && status.data.contains("may: everything"),
        "{}",
        status.data
    );
    let made = done(&home, &["photoprism", "app-password", "desk"]).await;
    assert_eq!(made.data.trim().len(), 27, "{}", made.data);
    let sessions = done(&home, &["photoprism", "sessions"]).await;
    assert!(sessions.data.contains("desk"), "{}", sessions.data);
    done(&home, &["photoprism", "log"]).await;
    done(&home, &["photoprism", "metrics"]).await;
    let usage = done(&home, &["photoprism", "usage"]).await;
    assert!(usage.data.contains("photo"), "{}", usage.data);
    let doctor = home.run(&["doctor"]).await;
    assert!(
        doctor.data.contains("PhotoPrism sign-in named by the settings"),
        "{}",
        doctor.data
    );
    assert!(doctor.data.contains("PhotoPrism: http://127.0.0.1"), "{}", doctor.data);
    sims.shutdown().await;
}
