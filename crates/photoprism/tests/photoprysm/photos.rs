//! Calls about photos.

use futures_util::TryStreamExt;
use photomove_core::{BytesBody, ErrorKind, HashKinds};
use photomove_photoprism::client::{Arrival, DownloadName, ThumbSize, UploadFile};
use photomove_photoprism::search::{PhotoOrder, PhotoSearch};
use photomove_photoprism::wire::{Details, File, Photo, PhotoProperties, PhotoRow, Selection};
use serde_json::{Value, json};

use crate::recorded::same;
use crate::rows;
use crate::support::{Bench, pictures, visible};

/// Two pictures of one name: the stack that the stand-in makes of them.
pub(crate) async fn stack(bench: &Bench) -> Photo {
    let pictures = pictures(2).await;
    let (one, two) = (&pictures[0], &pictures[1]);
    let extension = |name: &str| name.rsplit('.').next().unwrap().to_owned();
    assert_eq!(extension(&one.name), "jpg");
    let files = [
        UploadFile::new("IMG_7.jpg", &one.body),
        UploadFile::new("IMG_7.jpeg", &two.body),
    ];
    let uploaded = bench.client.upload::<&str>(&files, &[]).await.unwrap();
    let photo = visible(&uploaded[0]);
    assert_eq!(photo.uid, visible(&uploaded[1]).uid, "files of one name are one photo");
    photo
}

/// The file of a stack that is not primary.
pub(crate) fn second(photo: &Photo) -> File {
    photo.originals().find(|file| !file.primary).unwrap().clone()
}

fn flag(state: &Value, key: &str) -> bool {
    state[key].as_bool().unwrap()
}

rows! {
    photo: "Photo" => async |bench: &Bench| {
        let uploaded = bench.photo().await;
        let photo = bench.client.photo(&uploaded.uid).await.unwrap();
        let state = bench.photo_state(&uploaded.uid).await;
        for (key, ours) in [
            ("ID", json!(photo.id)), ("UID", json!(photo.uid)), ("Type", json!(photo.kind)),
            ("TakenSrc", json!(photo.taken_src)), ("TimeZone", json!(photo.time_zone)), ("Year", json!(photo.year)),
            ("Quality", json!(photo.quality)), ("CameraID", json!(photo.camera_id)), ("Country", json!(photo.country)),
        ] {
            assert!(same(&state[key], &ours), "{key}: {ours} of {}", state[key]);
        }
        assert!(photo.primary_file().is_some() && !photo.is_archived() && !photo.is_ghost());
        assert!(photo.details.is_some() && photo.place.is_some() && photo.albums.is_some());
    };
    file: "PhotoFile" => async |bench: &Bench| {
        let picture = pictures(1).await.remove(0);
        let photo = bench.upload(&picture).await;
        let file = bench.client.file(&picture.sha1).await.unwrap().unwrap();
        let state = bench.state(&format!("files/{}", picture.sha1)).await;
        assert_eq!((json!(file.uid), json!(file.size)), (state["UID"].clone(), json!(picture.bytes.len())));
        assert_eq!((file.photo_uid.as_str(), file.is_original()), (photo.uid.as_str(), true));
        // The case of the digits is ours to mend.
        assert!(bench.client.file(&picture.sha1.to_uppercase()).await.unwrap().is_some());
        assert_eq!(bench.client.file(&"0".repeat(40)).await.unwrap(), None);
    };
    details: "PhotoDetails" => async |bench: &Bench| {
        let photo = bench.photo().await;
        let change = photo.details.as_ref().unwrap().change().with_notes("kept").with_subject("Anna");
        bench.client.update_photo(&photo.uid, &PhotoProperties::default().with_details(change)).await.unwrap();
        let state = bench.photo_state(&photo.uid).await;
        let details: Details = serde_json::from_value(state["Details"].clone()).unwrap();
        assert_eq!((details.notes.as_str(), details.subject.as_str()), ("kept", "Anna"));
        assert_eq!((details.photo_id, details.notes_src.as_str()), (photo.id, "manual"));
        assert_eq!(details.keywords, photo.details.unwrap().keywords, "a change of what is there keeps the rest");
    };
    properties: "PhotoProperties" => async |bench: &Bench| {
        assert_eq!(serde_json::to_value(PhotoProperties::default()).unwrap(), json!({}), "what is not set is not sent");
        let photo = bench.photo().await;
        let change = PhotoProperties::default()
            .with_title("First day")
            .with_local_time("2011-10-02T09:15:00Z".parse().unwrap(), "America/Los_Angeles")
            .with_position(37.7793, -122.4193, Some(16))
            .with_favorite(true);
        let changed = bench.client.update_photo(&photo.uid, &change).await.unwrap();
        assert_eq!((changed.title.as_str(), changed.favorite), ("First day", true));
        let state = bench.photo_state(&photo.uid).await;
        assert_eq!(state["TakenAt"], "2011-10-02T16:15:00Z");
        assert_eq!((&state["Year"], &state["Month"], &state["Day"]), (&json!(2011), &json!(10), &json!(2)));
        assert!(same(&state["Lat"], &json!(37.7793)) && same(&state["Altitude"], &json!(16)));
        let cleared = PhotoProperties::default().without_position();
        assert_eq!(bench.client.update_photo(&photo.uid, &cleared).await.unwrap().position(), None);
        assert_eq!(bench.photo_state(&photo.uid).await["Country"], "zz");
    };
    get_photos: "get_photos" => async |bench: &Bench| {
        let photos = bench.photos(5).await;
        let search = PhotoSearch::new().primary(true).order(PhotoOrder::Oldest).quality(0);
        let page = bench.client.photos(&search, 2, 0).await.unwrap();
        assert_eq!((page.rows.len(), page.count, page.next_offset()), (2, 2, Some(2)));
        let rows: Vec<PhotoRow> = bench.client.all_photos(search, 2).try_collect().await.unwrap();
        let state = bench.state("photos?count=100&primary=true&order=oldest").await;
        let sent: Vec<_> = state.as_array().unwrap().iter().map(|row| row["UID"].clone()).collect();
        assert_eq!(rows.iter().map(|row| json!(row.uid)).collect::<Vec<_>>(), sent);
        assert_eq!(sent.len(), 5);
        assert_eq!(rows[0].photo_id(), state[0]["ID"].as_str().unwrap().parse().ok());
        // Filters.
        bench.client.like_photo(&photos[1].uid).await.unwrap();
        let favorites = PhotoSearch::new().primary(true).favorite(true);
        let found = bench.client.photos(&favorites, 10, 0).await.unwrap();
        assert_eq!((found.rows.len(), found.rows[0].uid.as_str()), (1, photos[1].uid.as_str()));
        let hashes: Vec<_> = photos[..3].iter().map(|photo| photo.primary_file().unwrap().hash.clone()).collect();
        let found = bench.client.photos(&PhotoSearch::new().hashes(&hashes).merged(true), 10, 0).await.unwrap();
        assert_eq!(found.rows.len(), 3);
        assert!(found.rows.iter().all(|row| !row.all_files().is_empty()));
        let album = bench.album("Some").await;
        bench.client.add_to_album(&album.uid, [&photos[4].uid]).await.unwrap();
        let members: Vec<_> = bench.client.album_photos(&album.uid).try_collect().await.unwrap();
        assert_eq!((members.len(), members[0].uid.as_str()), (1, photos[4].uid.as_str()));
        let video = bench.client.photos(&PhotoSearch::new().video(true), 10, 0).await.unwrap();
        assert!(video.rows.is_empty());
        let unknown = PhotoSearch::of_album("aqxetse3cy5eo9z2");
        let error = bench.client.photos(&unknown, 10, 0).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Rejected(_)), "{error}");
    };
    get_photo_by_uid: "get_photo_by_uid" => async |bench: &Bench| {
        let photo = bench.photo().await;
        let read = bench.client.photo(&photo.uid).await.unwrap();
        assert_eq!(json!(read.name), bench.photo_state(&photo.uid).await["Name"]);
        let error = bench.client.photo("pqxetse3cy5eo9z2").await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
        assert_eq!(*bench.client.photo("../config").await.unwrap_err().kind(), ErrorKind::Config);
    };
    get_photo_by_file: "get_photo_by_file" => async |bench: &Bench| {
        let picture = pictures(1).await.remove(0);
        assert_eq!(bench.client.photo_by_content(&picture.body).await.unwrap(), None);
        let photo = bench.upload(&picture).await;
        // Also by bytes whose hash nobody took yet.
        let unhashed = BytesBody::with_checksums(picture.bytes.clone(), Default::default());
        assert!(photomove_core::Body::checksums(&unhashed).kinds() == HashKinds::NONE);
        for body in [&picture.body, &unhashed] {
            let found = bench.client.photo_by_content(body).await.unwrap().unwrap();
            assert_eq!(found.uid, photo.uid);
        }
        let state = bench.state(&format!("files/{}", picture.sha1)).await;
        assert_eq!(state["PhotoUID"], json!(photo.uid));
    };
    upload: "upload" => async |bench: &Bench| {
        let pictures = pictures(2).await;
        let album = bench.album("New ones").await;
        let files: Vec<_> = pictures.iter().map(|one| UploadFile::new(&one.name, &one.body)).collect();
        let uploaded = bench.client.upload(&files, &[&album.uid]).await.unwrap();
        let mut uids: Vec<_> = uploaded.iter().map(|one| visible(one).uid).collect();
        uids.sort();
        assert_eq!(bench.members(&album.uid).await, uids);
        for (picture, one) in pictures.iter().zip(&uploaded) {
            assert_eq!((&one.name, &one.sha1), (&picture.name, &picture.sha1));
            let state = bench.state(&format!("files/{}", picture.sha1)).await;
            assert_eq!(state["OriginalName"], json!(picture.name), "the name arrives with its extension");
        }
        // What no server imports is told, not taken for a success.
        let text = BytesBody::new("no picture");
        let refused = bench.client.upload::<&str>(&[UploadFile::new("note.xyz", &text)], &[]).await.unwrap();
        assert_eq!(refused[0].arrival, Arrival::Unknown);
        assert_eq!(bench.status_of(&format!("files/{}", refused[0].sha1)).await, 404);
    };
    archive_photo: "archive_photo" => async |bench: &Bench| {
        let photos = bench.photos(2).await;
        bench.client.archive_photos(photos.iter().map(|photo| &photo.uid)).await.unwrap();
        for photo in &photos {
            assert!(!bench.photo_state(&photo.uid).await["DeletedAt"].is_null());
            assert!(bench.client.photo(&photo.uid).await.unwrap().is_archived());
        }
        let hash = &photos[0].primary_file().unwrap().hash;
        assert!(matches!(bench.client.arrival(hash).await.unwrap(), Arrival::Archived(_)));
        let error = bench.client.archive_photos::<_, &str>([]).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Rejected(_)), "{error}");
    };
    restore_photo: "restore_photo" => async |bench: &Bench| {
        let photo = bench.photo().await;
        bench.client.archive_photos([&photo.uid]).await.unwrap();
        bench.client.restore_photos([&photo.uid]).await.unwrap();
        assert!(bench.photo_state(&photo.uid).await["DeletedAt"].is_null());
    };
    clear_photo: "clear_photo_from_archive" => async |bench: &Bench| {
        let photos = bench.photos(3).await;
        bench.client.archive_photos([&photos[0].uid, &photos[1].uid]).await.unwrap();
        bench.client.delete_photos([&photos[0].uid]).await.unwrap();
        let gone = |photo: &Photo| format!("files/{}", photo.originals().next().unwrap().hash);
        assert_eq!(bench.status_of(&gone(&photos[0])).await, 404);
        assert_eq!(bench.status_of(&gone(&photos[1])).await, 200);
        bench.client.empty_archive().await.unwrap();
        assert_eq!(bench.status_of(&gone(&photos[1])).await, 404);
        assert_eq!(bench.status_of(&gone(&photos[2])).await, 200, "what is not archived stays");
        let error = bench.client.delete_photos(["pqxetse3cy5eo9z2"]).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Rejected(_)), "{error}");
    };
    delete_photo: "delete_photo" => async |bench: &Bench| {
        let picture = pictures(1).await.remove(0);
        let photo = bench.upload(&picture).await;
        bench.client.archive_and_delete_photos([&photo.uid]).await.unwrap();
        assert_eq!(bench.status_of(&format!("files/{}", picture.sha1)).await, 404);
        assert_eq!(bench.client.arrival(&picture.sha1).await.unwrap(), Arrival::Unknown);
        // The same bytes can come back, as another photo.
        assert_ne!(bench.upload(&picture).await.uid, photo.uid);
    };
    update_photo: "update_photo" => async |bench: &Bench| {
        let photo = bench.photo().await;
        let change = PhotoProperties::default().with_title("Harbour").with_caption("At dusk");
        let changed = bench.client.update_photo(&photo.uid, &change).await.unwrap();
        assert_eq!((changed.title.as_str(), changed.caption_text()), ("Harbour", "At dusk"));
        let state = bench.photo_state(&photo.uid).await;
        assert_eq!((&state["Title"], &state["Caption"]), (&json!("Harbour"), &json!("At dusk")));
        assert!(!state["EditedAt"].is_null());
        let error = bench.client.update_photo("pqxetse3cy5eo9z2", &change).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
    };
    approve_photo: "approve_photo" => async |bench: &Bench| {
        let photo = bench.photo().await;
        let before = bench.photo_state(&photo.uid).await["Quality"].as_i64().unwrap();
        let approved = bench.client.approve_photo(&photo.uid).await.unwrap();
        assert_eq!(approved.uid, photo.uid);
        let after = bench.photo_state(&photo.uid).await["Quality"].as_i64().unwrap();
        assert!(after >= 3 && after >= before, "{before} became {after}");
        bench.client.approve_photos([&photo.uid]).await.unwrap();
        assert_eq!(bench.photo_state(&photo.uid).await["Quality"], json!(after));
    };
    set_private: "set_photo_as_private" => async |bench: &Bench| {
        let photo = bench.photo().await;
        for private in [true, true, false, false] {
            assert_eq!(bench.client.set_private(&photo.uid, private).await.unwrap().private, private);
            assert_eq!(flag(&bench.photo_state(&photo.uid).await, "Private"), private);
        }
        for private in [true, false] {
            bench.client.toggle_private([&photo.uid]).await.unwrap();
            assert_eq!(flag(&bench.photo_state(&photo.uid).await, "Private"), private);
        }
    };
    like_photo: "like_photo" => async |bench: &Bench| {
        let photo = bench.photo().await;
        let liked = bench.client.like_photo(&photo.uid).await.unwrap();
        assert!(liked.favorite);
        assert!(flag(&bench.photo_state(&photo.uid).await, "Favorite"));
        let error = bench.client.like_photo("pqxetse3cy5eo9z2").await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
    };
    unlike_photo: "unlike_photo" => async |bench: &Bench| {
        let photo = bench.photo().await;
        bench.client.like_photo(&photo.uid).await.unwrap();
        assert!(!bench.client.unlike_photo(&photo.uid).await.unwrap().favorite);
        assert!(!flag(&bench.photo_state(&photo.uid).await, "Favorite"));
    };
    download: "download" => async |bench: &Bench| {
        let picture = pictures(1).await.remove(0);
        let photo = bench.upload(&picture).await;
        let download = bench.client.download(&picture.sha1, &DownloadName::Original).await.unwrap();
        assert_eq!(download.file_name().as_deref(), Some(picture.name.as_str()));
        assert_eq!(download.size_bytes(), Some(picture.bytes.len() as u64));
        assert_eq!(download.bytes(1 << 20).await.unwrap(), picture.bytes);
        let rest = bench.client.download_from(&picture.sha1, 100).await.unwrap();
        assert_eq!(rest.offset(), 100);
        assert_eq!(rest.bytes(1 << 20).await.unwrap(), picture.bytes.slice(100..));
        let error = bench.client.download(&"0".repeat(40), &DownloadName::File).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
        // Previews and archives.
        let thumb = bench.client.thumbnail(&picture.sha1, &ThumbSize::Tile224).await.unwrap();
        assert!(thumb.media_type().unwrap().starts_with("image/jpeg"));
        let none = bench.client.thumbnail(&"0".repeat(40), &ThumbSize::Tile224).await.unwrap_err();
        assert_eq!(*none.kind(), ErrorKind::NotFound, "a drawing is no preview");
        let primary = bench.client.download_photo(&photo.uid).await.unwrap();
        assert_eq!(primary.bytes(1 << 20).await.unwrap(), picture.bytes);
        let made = bench.client.create_zip(&Selection::photos([&photo.uid])).await.unwrap();
        let zip = bench.client.download_zip(&made.filename).await.unwrap();
        assert!(zip.bytes(1 << 20).await.unwrap().starts_with(b"PK"));
        let album = bench.album("Packed").await;
        bench.client.add_to_album(&album.uid, [&photo.uid]).await.unwrap();
        let zip = bench.client.download_album(&album.uid).await.unwrap();
        assert!(zip.bytes(1 << 20).await.unwrap().starts_with(b"PK"));
        let state = bench.state(&format!("files/{}", picture.sha1)).await;
        assert_eq!(state["Hash"], json!(picture.sha1), "the original is untouched");
    };
    download_to: "download_to" => async |bench: &Bench| {
        let picture = pictures(1).await.remove(0);
        bench.upload(&picture).await;
        let download = bench.client.download(&picture.sha1, &DownloadName::File).await.unwrap();
        let chunks: Vec<bytes::Bytes> = download.stream().try_collect().await.unwrap();
        let body = BytesBody::new(chunks.concat());
        let state = bench.state(&format!("files/{}", picture.sha1)).await;
        assert_eq!(json!(photomove_core::Body::checksums(&body).sha1_hex()), state["Hash"]);
    };
    set_primary: "set_photo_primary_file" => async |bench: &Bench| {
        let photo = stack(bench).await;
        let file = second(&photo);
        let changed = bench.client.set_primary_file(&photo.uid, &file.uid).await.unwrap();
        assert_eq!(changed.primary_file().unwrap().uid, file.uid);
        let state = bench.photo_state(&photo.uid).await;
        let primary: Vec<_> = state["Files"].as_array().unwrap().iter().filter(|file| flag(file, "Primary")).collect();
        assert_eq!((primary.len(), &primary[0]["UID"]), (1, &json!(file.uid)));
        // The server would take the mark away from all files; so it is not even asked.
        let error = bench.client.set_primary_file(&photo.uid, "fqxetse3cy5eo9z2").await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
        assert_eq!(bench.client.photo(&photo.uid).await.unwrap().primary_file().unwrap().uid, file.uid);
    };
    pop_file: "pop_photo_file" => async |bench: &Bench| {
        let photo = stack(bench).await;
        let file = second(&photo);
        let rest = bench.client.unstack_file(&photo.uid, &file.uid).await.unwrap();
        assert!(rest.file(&file.hash).is_none());
        let state = bench.state(&format!("files/{}", file.hash)).await;
        assert_ne!(state["PhotoUID"], json!(photo.uid));
        let alone = bench.client.photo_by_hash(&file.hash).await.unwrap().unwrap();
        assert_eq!((alone.stack, alone.all_files().iter().filter(|file| file.is_original()).count()), (-1, 1));
        let primary = rest.primary_file().unwrap().uid.clone();
        let error = bench.client.unstack_file(&photo.uid, &primary).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Rejected(_)), "{error}");
    };
}
