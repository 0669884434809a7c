//! Fields that are written: of albums, photos and their details.

use photomove_photoprism::wire::{
    Album, AlbumProperties, AlbumType, DetailsChange, MediaType, Photo, PhotoProperties, Source,
};
use serde_json::{Value, json};

use crate::recorded::same;
use crate::rows;
use crate::support::Bench;

/// Sets one property of a photo: the stand-in keeps it, and what comes back says so.
async fn photo(
    bench: &Bench,
    key: &str,
    value: Value,
    set: impl Fn(&mut PhotoProperties),
    ours: impl Fn(&Photo) -> Value,
) {
    let before = bench.photo().await;
    let old = bench.photo_state(&before.uid).await;
    assert!(
        !same(&old[key], &value),
        "{key} is {value} already: nothing would be shown"
    );
    let mut change = PhotoProperties::default();
    set(&mut change);
    let changed = bench.client.update_photo(&before.uid, &change).await.unwrap();
    let state = bench.photo_state(&before.uid).await;
    assert!(same(&state[key], &value), "{key}: {} instead of {value}", state[key]);
    let read = ours(&changed);
    assert!(same(&read, &value), "{key}: read {read} instead of {value}");
}

/// Sets one property of an album: the stand-in keeps it, and what comes back says so.
async fn album(
    bench: &Bench,
    key: &str,
    value: Value,
    set: impl Fn(&mut AlbumProperties),
    ours: impl Fn(&Album) -> Value,
) {
    let before = bench.album("Before").await;
    let old = bench.album_state(&before.uid).await;
    assert!(
        !same(&old[key], &value),
        "{key} is {value} already: nothing would be shown"
    );
    let mut change = AlbumProperties::default();
    set(&mut change);
    let changed = bench.client.update_album(&before.uid, &change).await.unwrap();
    let state = bench.album_state(&before.uid).await;
    assert!(same(&state[key], &value), "{key}: {} instead of {value}", state[key]);
    let read = ours(&changed);
    assert!(same(&read, &value), "{key}: read {read} instead of {value}");
    if key != "Title" {
        assert_eq!(changed.title, "Before", "what is not named stays");
    }
}

/// Sets one of the details: the stand-in keeps it, and what comes back says so.
async fn details(bench: &Bench, key: &str, value: Value, set: impl Fn(&mut DetailsChange)) {
    let before = bench.photo().await;
    let mut wanted = before.details.clone().unwrap().change();
    set(&mut wanted);
    let change = PhotoProperties::default().with_details(wanted);
    let changed = bench.client.update_photo(&before.uid, &change).await.unwrap();
    let state = bench.photo_state(&before.uid).await;
    assert_eq!(state["Details"][key], value);
    let read = serde_json::to_value(changed.details.unwrap()).unwrap();
    assert_eq!(read[key], value);
}

const MANUAL: Source = Source::Manual;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

rows! {
    album_caption: "AlbumProperties.caption" => async |bench: &Bench| {
        album(bench, "Caption", json!("Sea"), |to| to.caption = some("Sea"), |album| json!(album.caption)).await;
    };
    album_category: "AlbumProperties.category" => async |bench: &Bench| {
        album(bench, "Category", json!("Travel"), |to| to.category = some("Travel"), |album| json!(album.category)).await;
    };
    album_country: "AlbumProperties.country" => async |bench: &Bench| {
        album(bench, "Country", json!("de"), |to| to.country = some("de"), |album| json!(album.country)).await;
    };
    album_description: "AlbumProperties.description" => async |bench: &Bench| {
        album(bench, "Description", json!("Words"), |to| to.description = some("Words"), |album| {
            json!(album.description)
        }).await;
    };
    album_favorite: "AlbumProperties.favorite" => async |bench: &Bench| {
        album(bench, "Favorite", json!(true), |to| to.favorite = Some(true), |album| json!(album.favorite)).await;
    };
    album_filter: "AlbumProperties.filter" => async |bench: &Bench| {
        let filter = "favorite:true";
        album(bench, "Filter", json!(filter), |to| to.filter = some(filter), |album| {
            assert!(album.is_smart());
            json!(album.filter)
        }).await;
    };
    album_location: "AlbumProperties.location" => async |bench: &Bench| {
        album(bench, "Location", json!("Kiel"), |to| to.location = some("Kiel"), |album| json!(album.location)).await;
    };
    album_notes: "AlbumProperties.notes" => async |bench: &Bench| {
        album(bench, "Notes", json!("n"), |to| to.notes = some("n"), |album| json!(album.notes)).await;
    };
    album_order: "AlbumProperties.order" => async |bench: &Bench| {
        album(bench, "Order", json!("newest"), |to| to.order = some("newest"), |album| json!(album.order)).await;
    };
    album_private: "AlbumProperties.private" => async |bench: &Bench| {
        album(bench, "Private", json!(true), |to| to.private = Some(true), |album| json!(album.private)).await;
    };
    album_template: "AlbumProperties.template" => async |bench: &Bench| {
        album(bench, "Template", json!("t"), |to| to.template = some("t"), |album| json!(album.template)).await;
    };
    album_thumb: "AlbumProperties.thumb" => async |bench: &Bench| {
        let hash = "82c61c54275982e72e1cfb13e4e3bba3e26b3da0";
        album(bench, "Thumb", json!(hash), |to| to.thumb = some(hash), |album| json!(album.thumb)).await;
    };
    album_thumb_src: "AlbumProperties.thumb_src" => async |bench: &Bench| {
        album(bench, "ThumbSrc", json!("manual"), |to| to.thumb_src = Some(MANUAL), |album| {
            json!(album.thumb_src.as_str())
        }).await;
    };
    album_title: "AlbumProperties.title" => async |bench: &Bench| {
        album(bench, "Title", json!("After"), |to| to.title = some("After"), |album| json!(album.title)).await;
    };
    album_type: "AlbumProperties.type" => async |bench: &Bench| {
        album(bench, "Type", json!("moment"), |to| to.kind = Some(AlbumType::Moment), |album| {
            json!(album.kind.as_str())
        }).await;
    };

    altitude: "PhotoProperties.altitude" => async |bench: &Bench| {
        photo(bench, "Altitude", json!(421), |to| to.altitude = Some(421), |photo| json!(photo.altitude)).await;
    };
    camera_id: "PhotoProperties.camera_id" => async |bench: &Bench| {
        photo(bench, "CameraID", json!(77), |to| to.camera_id = Some(77), |photo| json!(photo.camera_id)).await;
    };
    camera_src: "PhotoProperties.camera_src" => async |bench: &Bench| {
        photo(bench, "CameraSrc", json!("manual"), |to| to.camera_src = Some(MANUAL), |photo| {
            json!(photo.camera_src.as_str())
        }).await;
    };
    cell_accuracy: "PhotoProperties.cell_accuracy" => async |bench: &Bench| {
        photo(bench, "CellAccuracy", json!(25), |to| to.cell_accuracy = Some(25), |photo| {
            json!(photo.cell_accuracy)
        }).await;
    };
    cell_id: "PhotoProperties.cell_id" => async |bench: &Bench| {
        let cell = "s2:47b2560f4a6c";
        photo(bench, "CellID", json!(cell), |to| to.cell_id = some(cell), |photo| json!(photo.cell_id)).await;
    };
    country: "PhotoProperties.country" => async |bench: &Bench| {
        photo(bench, "Country", json!("is"), |to| to.country = some("is"), |photo| json!(photo.country)).await;
    };
    day: "PhotoProperties.day" => async |bench: &Bench| {
        let set = |to: &mut PhotoProperties| (to.day, to.taken_src) = (Some(9), Some(MANUAL));
        photo(bench, "Day", json!(9), set, |photo| json!(photo.day)).await;
    };
    description: "PhotoProperties.description" => async |bench: &Bench| {
        let set = |to: &mut PhotoProperties| *to = PhotoProperties::default().with_caption("Words");
        photo(bench, "Caption", json!("Words"), set, |photo| json!(photo.caption_text())).await;
    };
    description_src: "PhotoProperties.description_src" => async |bench: &Bench| {
        let set = |to: &mut PhotoProperties| *to = PhotoProperties::default().with_caption("Words");
        photo(bench, "CaptionSrc", json!("manual"), set, |photo| json!(photo.caption_source().as_str())).await;
        // Servers before 2025 know the old name alone.
        let sent = serde_json::to_value(PhotoProperties::default().with_caption("Words")).unwrap();
        assert_eq!(sent, json!({
            "Caption": "Words", "CaptionSrc": "manual", "Description": "Words", "DescriptionSrc": "manual"
        }));
    };
    photo_details: "PhotoProperties.details" => async |bench: &Bench| {
        let before = bench.photo().await;
        let wanted = DetailsChange::new(before.id).with_artist("Nora Lind").with_keywords("harbour");
        let change = PhotoProperties::default().with_details(wanted);
        bench.client.update_photo(&before.uid, &change).await.unwrap();
        let state = bench.photo_state(&before.uid).await;
        assert_eq!(state["Details"]["Artist"], "Nora Lind");
        assert_eq!(state["Details"]["ArtistSrc"], "manual");
        // All of them are replaced.
        let wanted = DetailsChange::new(before.id).with_notes("n");
        let change = PhotoProperties::default().with_details(wanted);
        bench.client.update_photo(&before.uid, &change).await.unwrap();
        let state = bench.photo_state(&before.uid).await;
        assert_eq!((&state["Details"]["Artist"], &state["Details"]["Notes"]), (&json!(""), &json!("n")));
    };
    exposure: "PhotoProperties.exposure" => async |bench: &Bench| {
        photo(bench, "Exposure", json!("1/60"), |to| to.exposure = some("1/60"), |photo| json!(photo.exposure)).await;
    };
    f_number: "PhotoProperties.f_number" => async |bench: &Bench| {
        photo(bench, "FNumber", json!(7.1), |to| to.f_number = Some(7.1), |photo| json!(photo.f_number)).await;
    };
    favorite: "PhotoProperties.favorite" => async |bench: &Bench| {
        photo(bench, "Favorite", json!(true), |to| to.favorite = Some(true), |photo| json!(photo.favorite)).await;
    };
    focal_length: "PhotoProperties.focal_length" => async |bench: &Bench| {
        photo(bench, "FocalLength", json!(85), |to| to.focal_length = Some(85), |photo| json!(photo.focal_length)).await;
    };
    iso: "PhotoProperties.iso" => async |bench: &Bench| {
        photo(bench, "Iso", json!(6400), |to| to.iso = Some(6400), |photo| json!(photo.iso)).await;
    };
    lat: "PhotoProperties.lat" => async |bench: &Bench| {
        photo(bench, "Lat", json!(64.125), |to| to.lat = Some(64.125), |photo| json!(photo.lat)).await;
    };
    lens_id: "PhotoProperties.lens_id" => async |bench: &Bench| {
        photo(bench, "LensID", json!(78), |to| to.lens_id = Some(78), |photo| json!(photo.lens_id)).await;
    };
    lng: "PhotoProperties.lng" => async |bench: &Bench| {
        photo(bench, "Lng", json!(-21.75), |to| to.lng = Some(-21.75), |photo| json!(photo.lng)).await;
    };
    month: "PhotoProperties.month" => async |bench: &Bench| {
        let set = |to: &mut PhotoProperties| (to.month, to.taken_src) = (Some(9), Some(MANUAL));
        photo(bench, "Month", json!(9), set, |photo| json!(photo.month)).await;
    };
    original_name: "PhotoProperties.original_name" => async |bench: &Bench| {
        photo(bench, "OriginalName", json!("Trip/IMG_1"), |to| to.original_name = some("Trip/IMG_1"), |photo| {
            json!(photo.original_name)
        }).await;
    };
    panorama: "PhotoProperties.panorama" => async |bench: &Bench| {
        photo(bench, "Panorama", json!(true), |to| to.panorama = Some(true), |photo| json!(photo.panorama)).await;
    };
    place_id: "PhotoProperties.place_id" => async |bench: &Bench| {
        photo(bench, "PlaceID", json!("de:Q4yR"), |to| to.place_id = some("de:Q4yR"), |photo| json!(photo.place_id)).await;
    };
    place_src: "PhotoProperties.place_src" => async |bench: &Bench| {
        photo(bench, "PlaceSrc", json!("manual"), |to| to.place_src = Some(MANUAL), |photo| {
            json!(photo.place_src.as_str())
        }).await;
    };
    private: "PhotoProperties.private" => async |bench: &Bench| {
        photo(bench, "Private", json!(true), |to| to.private = Some(true), |photo| json!(photo.private)).await;
    };
    scan: "PhotoProperties.scan" => async |bench: &Bench| {
        photo(bench, "Scan", json!(true), |to| to.scan = Some(true), |photo| json!(photo.scan)).await;
    };
    stack: "PhotoProperties.stack" => async |bench: &Bench| {
        photo(bench, "Stack", json!(-1), |to| to.stack = Some(-1), |photo| json!(photo.stack)).await;
    };
    taken_at: "PhotoProperties.taken_at" => async |bench: &Bench| {
        let time = "2001-02-03T04:05:06Z";
        // It decides with this zone only.
        let set = |to: &mut PhotoProperties| {
            *to = PhotoProperties::default().with_time_utc(time.parse().unwrap());
            to.taken_at_local = None;
        };
        photo(bench, "TakenAt", json!(time), set, |photo| json!(photo.taken_at.unwrap().to_string())).await;
    };
    taken_at_local: "PhotoProperties.taken_at_local" => async |bench: &Bench| {
        let time = "2001-02-03T04:05:06Z";
        let set = |to: &mut PhotoProperties| {
            *to = PhotoProperties::default().with_local_time(time.parse().unwrap(), "America/Los_Angeles");
        };
        photo(bench, "TakenAtLocal", json!(time), set, |photo| {
            assert_eq!(photo.taken_at.unwrap().to_string(), "2001-02-03T12:05:06Z", "the instant follows");
            json!(photo.taken_at_local.unwrap().to_string())
        }).await;
    };
    taken_src: "PhotoProperties.taken_src" => async |bench: &Bench| {
        photo(bench, "TakenSrc", json!("manual"), |to| to.taken_src = Some(MANUAL), |photo| {
            json!(photo.taken_src.as_str())
        }).await;
    };
    time_zone: "PhotoProperties.time_zone" => async |bench: &Bench| {
        let zone = "Asia/Tokyo";
        photo(bench, "TimeZone", json!(zone), |to| to.time_zone = some(zone), |photo| json!(photo.time_zone)).await;
    };
    title: "PhotoProperties.title" => async |bench: &Bench| {
        let set = |to: &mut PhotoProperties| *to = PhotoProperties::default().with_title("First day");
        photo(bench, "Title", json!("First day"), set, |photo| json!(photo.title)).await;
    };
    title_src: "PhotoProperties.title_src" => async |bench: &Bench| {
        let set = |to: &mut PhotoProperties| *to = PhotoProperties::default().with_title("First day");
        photo(bench, "TitleSrc", json!("manual"), set, |photo| json!(photo.title_src.as_str())).await;
    };
    photo_type: "PhotoProperties.type" => async |bench: &Bench| {
        photo(bench, "Type", json!("vector"), |to| to.kind = Some(MediaType::Vector), |photo| {
            json!(photo.kind.as_str())
        }).await;
    };
    type_src: "PhotoProperties.type_src" => async |bench: &Bench| {
        photo(bench, "TypeSrc", json!("manual"), |to| to.type_src = Some(MANUAL), |photo| {
            json!(photo.type_src.as_str())
        }).await;
    };
    year: "PhotoProperties.year" => async |bench: &Bench| {
        let set = |to: &mut PhotoProperties| (to.year, to.taken_src) = (Some(1955), Some(MANUAL));
        photo(bench, "Year", json!(1955), set, |photo| json!(photo.year)).await;
    };

    details_artist: "PhotoDetails.artist" => async |bench: &Bench| {
        details(bench, "Artist", json!("Nora"), |to| to.artist = "Nora".into()).await;
    };
    details_artist_src: "PhotoDetails.artist_src" => async |bench: &Bench| {
        details(bench, "ArtistSrc", json!("manual"), |to| to.artist_src = MANUAL).await;
    };
    details_copyright: "PhotoDetails.copyright" => async |bench: &Bench| {
        details(bench, "Copyright", json!("me"), |to| to.copyright = "me".into()).await;
    };
    details_copyright_src: "PhotoDetails.copyright_src" => async |bench: &Bench| {
        details(bench, "CopyrightSrc", json!("manual"), |to| to.copyright_src = MANUAL).await;
    };
    details_keywords: "PhotoDetails.keywords" => async |bench: &Bench| {
        details(bench, "Keywords", json!("ferry, harbour"), |to| {
            (to.keywords, to.keywords_src) = ("Harbour, ferry".into(), MANUAL);
        }).await;
    };
    details_keywords_src: "PhotoDetails.keywords_src" => async |bench: &Bench| {
        details(bench, "KeywordsSrc", json!("manual"), |to| to.keywords_src = MANUAL).await;
    };
    details_license: "PhotoDetails.license" => async |bench: &Bench| {
        details(bench, "License", json!("CC0"), |to| to.license = "CC0".into()).await;
    };
    details_license_src: "PhotoDetails.license_src" => async |bench: &Bench| {
        details(bench, "LicenseSrc", json!("manual"), |to| to.license_src = MANUAL).await;
    };
    details_notes: "PhotoDetails.notes" => async |bench: &Bench| {
        details(bench, "Notes", json!("by hand"), |to| to.notes = "by hand".into()).await;
    };
    details_notes_src: "PhotoDetails.notes_src" => async |bench: &Bench| {
        details(bench, "NotesSrc", json!("manual"), |to| to.notes_src = MANUAL).await;
    };
    details_photo_id: "PhotoDetails.photo_id" => async |bench: &Bench| {
        let before = bench.photo().await;
        let wanted = DetailsChange::new(before.id + 1).with_notes("for another");
        let change = PhotoProperties::default().with_details(wanted);
        bench.client.update_photo(&before.uid, &change).await.unwrap();
        let state = bench.photo_state(&before.uid).await;
        assert_ne!(state["Details"]["Notes"], "for another", "a wrong number is ignored without a word");
        details(bench, "PhotoID", json!(before.id), |to| to.notes = "for this one".into()).await;
    };
    details_subject: "PhotoDetails.subject" => async |bench: &Bench| {
        details(bench, "Subject", json!("Anna"), |to| to.subject = "Anna".into()).await;
    };
    details_subject_src: "PhotoDetails.subject_src" => async |bench: &Bench| {
        details(bench, "SubjectSrc", json!("manual"), |to| to.subject_src = MANUAL).await;
    };
}
