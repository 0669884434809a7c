//! What photoprysm has not: large searches, downloads over a restart, lost replies, people, labels, folders.

use futures_util::TryStreamExt;
use photomove_core::{Body, ErrorKind};
use photomove_photoprism::client::{Arrival, DownloadName, ThumbSize, UploadFile};
use photomove_photoprism::search::{
    FaceSearch, FolderSearch, GeoSearch, LabelSearch, PhotoOrder, PhotoSearch, SubjectSearch,
};
use photomove_photoprism::wire::{LabelProperties, NewLabel, PhotoProperties, PhotoRow, Root, SubjectProperties};
use photomove_sim::{Fault, FaultRule, Generation, PhotoPrismSwitches};
use serde_json::json;

use crate::support::{Bench, pictures, visible};

#[tokio::test]
async fn labels_are_put_on_changed_and_taken_off() {
    let bench = Bench::start().await;
    let photo = bench.photo().await;
    let labelled = bench
        .client
        .add_label(&photo.uid, &NewLabel::new("beach"))
        .await
        .unwrap();
    let number = labelled.labels[0].label_id;
    let state = bench.photo_state(&photo.uid).await;
    assert_eq!(state["Labels"][0]["Label"]["Name"], "Beach");
    let unsure = NewLabel {
        uncertainty: 50,
        ..NewLabel::new("beach")
    };
    bench.client.change_label(&photo.uid, number, &unsure).await.unwrap();
    assert_eq!(bench.photo_state(&photo.uid).await["Labels"][0]["Uncertainty"], 50);
    let labels: Vec<_> = bench
        .client
        .all_labels(LabelSearch::new().all(true))
        .try_collect()
        .await
        .unwrap();
    let label = labels.iter().find(|label| label.name == "Beach").unwrap();
    let change = LabelProperties {
        name: Some("Sea".into()),
        ..LabelProperties::default()
    };
    assert_eq!(
        bench.client.update_label(&label.uid, &change).await.unwrap().name,
        "Sea"
    );
    bench.client.like_label(&label.uid).await.unwrap();
    let listed = bench.state("labels?count=100&all=true").await;
    let listed = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["UID"] == json!(label.uid))
        .unwrap();
    assert_eq!((&listed["Name"], &listed["Favorite"]), (&json!("Sea"), &json!(true)));
    bench.client.unlike_label(&label.uid).await.unwrap();
    bench.client.remove_label(&photo.uid, number).await.unwrap();
    assert_eq!(bench.photo_state(&photo.uid).await["Labels"], json!([]));
    let error = bench.client.remove_label(&photo.uid, 9999).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    bench.client.delete_labels([&label.uid]).await.unwrap();
}

#[tokio::test]
async fn every_row_is_found_over_many_small_pages_though_photos_come_meanwhile() {
    let bench = Bench::start().await;
    let pictures = pictures(9).await;
    let mut uids = Vec::new();
    for picture in &pictures[..8] {
        uids.push(bench.upload(picture).await.uid);
    }
    let search = PhotoSearch::new().primary(true).order(PhotoOrder::Oldest);
    let mut rows = bench.client.all_photos(search, 3);
    let mut found = vec![rows.try_next().await.unwrap().unwrap().uid];
    bench.upload(&pictures[8]).await;
    found.extend(
        rows.map_ok(|row: PhotoRow| row.uid)
            .try_collect::<Vec<_>>()
            .await
            .unwrap(),
    );
    for uid in &uids {
        assert!(found.contains(uid), "{uid} is missing");
    }
}

#[tokio::test]
async fn downloads_go_on_over_a_restart_of_the_server() {
    let bench = Bench::start().await;
    let picture = pictures(1).await.remove(0);
    bench.upload(&picture).await;
    let fetch = || bench.client.download(&picture.sha1, &DownloadName::File);
    assert_eq!(fetch().await.unwrap().bytes(1 << 20).await.unwrap(), picture.bytes);
    bench.sim().restart(false);
    assert_eq!(fetch().await.unwrap().bytes(1 << 20).await.unwrap(), picture.bytes);
    bench.sim().restart(true);
    assert_eq!(fetch().await.unwrap().bytes(1 << 20).await.unwrap(), picture.bytes);
    bench.client.thumbnail(&picture.sha1, &ThumbSize::Fit720).await.unwrap();
}

#[tokio::test]
async fn a_file_that_vanished_from_the_servers_disk_is_told() {
    let bench = Bench::start().await;
    let picture = pictures(1).await.remove(0);
    bench.upload(&picture).await;
    assert!(bench.sim().lose_file(&picture.sha1));
    let error = bench
        .client
        .download(&picture.sha1, &DownloadName::File)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    assert!(matches!(
        bench.client.arrival(&picture.sha1).await.unwrap(),
        Arrival::Hidden(_)
    ));
}

#[tokio::test]
async fn a_lost_reply_of_the_processing_is_not_asked_for_twice() {
    let fault = FaultRule::new("upload_process", Fault::ResetAfter { at: None }).nth(1);
    let bench = Bench::with_faults(PhotoPrismSwitches::default(), vec![fault]).await;
    let picture = pictures(1).await.remove(0);
    let file = UploadFile::new(&picture.name, &picture.body);
    let uploaded = bench.client.upload::<&str>(&[file], &[]).await.unwrap();
    visible(&uploaded[0]);
    assert_eq!(bench.count("upload_process"), 1);
    assert_eq!(bench.sim().photos().len(), 1);
}

#[tokio::test]
async fn captions_have_another_name_on_older_servers() {
    for generation in [Generation::G1, Generation::G2] {
        let bench = Bench::with(PhotoPrismSwitches::of(generation)).await;
        let photo = bench.photo().await;
        let change = PhotoProperties::default().with_title("Harbour").with_caption("At dusk");
        let changed = bench.client.update_photo(&photo.uid, &change).await.unwrap();
        assert_eq!(changed.caption_text(), "At dusk", "{generation:?}");
        assert_eq!(bench.sim().photos()[0].caption, "At dusk", "{generation:?}");
        let rows = bench.client.photos(&PhotoSearch::new(), 10, 0).await.unwrap().rows;
        assert_eq!(rows[0].caption_text(), "At dusk", "{generation:?}");
    }
}

#[tokio::test]
async fn people_are_read_and_renamed() {
    let bench = Bench::start().await;
    let picture = pictures(1).await.remove(0);
    bench.upload(&picture).await;
    assert!(bench.sim().add_person(&picture.sha1, "Anna Lind"));
    let people: Vec<_> = bench
        .client
        .all_subjects(SubjectSearch::new().kind("person").all(true))
        .try_collect()
        .await
        .unwrap();
    assert_eq!((people.len(), people[0].name.as_str()), (1, "Anna Lind"));
    let change = SubjectProperties {
        name: Some("Anna Berg".into()),
        ..SubjectProperties::default()
    };
    bench.client.update_subject(&people[0].uid, &change).await.unwrap();
    assert_eq!(bench.client.subject(&people[0].uid).await.unwrap().name, "Anna Berg");
    let state = bench.state(&format!("subjects/{}", people[0].uid)).await;
    assert_eq!(state["Name"], "Anna Berg");
    bench.client.like_subject(&people[0].uid).await.unwrap();
    assert!(bench.client.subject(&people[0].uid).await.unwrap().favorite);
    bench.client.unlike_subject(&people[0].uid).await.unwrap();
    bench.client.faces(&FaceSearch::new(), 10, 0).await.unwrap();
}

#[tokio::test]
async fn folders_months_and_the_map_show_what_was_uploaded() {
    let bench = Bench::start().await;
    let photo = bench.photo().await;
    let change = PhotoProperties::default()
        .with_position(54.5, 10.25, None)
        .with_time_utc("2011-10-02T09:15:00Z".parse().unwrap());
    bench.client.update_photo(&photo.uid, &change).await.unwrap();
    let map = bench.client.geo(&GeoSearch::new().count(10)).await.unwrap();
    assert_eq!(
        (map.features.len(), map.features[0].position()),
        (1, Some((54.5, 10.25)))
    );
    assert_eq!(map.features[0].properties.uid, photo.uid);
    let search = FolderSearch::new().recursive(true).files(true).count(100);
    let list = bench.client.folders(&Root::Originals, "", &search).await.unwrap();
    assert!(list.folders.unwrap().iter().any(|folder| folder.path == photo.path));
    let missing = bench
        .client
        .folders(&Root::Originals, "nowhere", &FolderSearch::new())
        .await
        .unwrap();
    assert_eq!(missing.folders, None);
    let months = bench.client.months().await.unwrap();
    assert_eq!(months.iter().map(|month| month.photo_count).sum::<u64>(), 1);
    assert!(
        bench
            .client
            .photo_yaml(&photo.uid)
            .await
            .unwrap()
            .unwrap()
            .contains("TakenAt")
    );
    assert_eq!(bench.client.photo_yaml("pqxetse3cy5eo9z2").await.unwrap(), None);
}

#[tokio::test]
async fn a_server_below_a_path_is_as_good_as_any() {
    let mut switches = PhotoPrismSwitches::default();
    switches.base_path = "my/prism".to_owned();
    let bench = Bench::with(switches).await;
    let picture = pictures(1).await.remove(0);
    let photo = bench.upload(&picture).await;
    let album = bench.album("Below").await;
    bench.client.add_to_album(&album.uid, [&photo.uid]).await.unwrap();
    assert_eq!(bench.members(&album.uid).await, [photo.uid]);
    let download = bench.client.download(&picture.sha1, &DownloadName::File).await.unwrap();
    assert_eq!(download.bytes(1 << 20).await.unwrap(), picture.bytes);
    bench
        .client
        .thumbnail(&picture.sha1, &ThumbSize::Tile100)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_sick_moment_of_the_server_is_waited_out_where_that_does_no_harm() {
    let sick = |operation: &str| FaultRule::new(operation, Fault::status(500)).nth(1);
    let faults = vec![sick("photo_update"), sick("album_create"), sick("batch_private")];
    let bench = Bench::with_faults(PhotoPrismSwitches::default(), faults).await;
    let photo = bench.photo().await;
    let change = PhotoProperties::default().with_title("Harbour");
    assert_eq!(
        bench.client.update_photo(&photo.uid, &change).await.unwrap().title,
        "Harbour"
    );
    let album = bench.album("Once").await;
    assert_eq!(bench.sim().albums().iter().filter(|one| one.title == "Once").count(), 1);
    assert_eq!(bench.album_state(&album.uid).await["Title"], "Once");
    // Turning it over twice would be as good as never.
    let error = bench.client.toggle_private([&photo.uid]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error}");
    assert_eq!(bench.count("batch_private"), 1);
}

#[tokio::test]
async fn a_form_of_many_pieces_arrives_byte_for_byte() {
    let bench = Bench::start().await;
    let pictures = pictures(3).await;
    let names = ["Größe \"1\".jpg", "東京.jpg", "a & b; c=d.jpg"];
    let files: Vec<_> = names
        .iter()
        .zip(&pictures)
        .map(|(name, one)| UploadFile::new(name, &one.body))
        .collect();
    let uploaded = bench.client.upload::<&str>(&files, &[]).await.unwrap();
    for (one, name) in uploaded.iter().zip(names) {
        let photo = visible(one);
        let file = photo.file(&one.sha1).unwrap();
        assert_eq!(file.original_name, name);
        let kept = bench.sim().body(&one.sha1).unwrap().bytes().await.unwrap();
        assert_eq!(
            photomove_core::BytesBody::new(kept).checksums().sha1_hex().unwrap(),
            one.sha1
        );
    }
}

#[tokio::test]
async fn new_servers_say_that_they_dropped_a_file() {
    let bench = Bench::with(PhotoPrismSwitches::of(Generation::G3)).await;
    let picture = pictures(1).await.remove(0);
    let text = photomove_core::BytesBody::new("no picture");
    let files = [
        UploadFile::new(&picture.name, &picture.body),
        UploadFile::new("note.xyz", &text),
    ];
    let token = bench.client.upload_token();
    let received = bench.client.stage_files(&token, &files).await.unwrap();
    assert_eq!((received.sent, received.taken), (2, Some(1)));
    assert!(received.dropped_some());
    let uploaded = bench.client.upload::<&str>(&files[1..], &[]).await.unwrap();
    assert_eq!(
        uploaded[0].arrival,
        Arrival::Unknown,
        "that nothing was kept is no fault of the call"
    );
    // Older ones take everything and say so.
    let bench = Bench::start().await;
    let received = bench.client.stage_files(&token, &files).await.unwrap();
    assert!(!received.dropped_some());
}
