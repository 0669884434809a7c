//! Calls about albums.

use futures_util::TryStreamExt;
use photomove_core::ErrorKind;
use photomove_photoprism::client::ThumbSize;
use photomove_photoprism::search::{AlbumOrder, AlbumSearch};
use photomove_photoprism::wire::{Album, AlbumProperties, AlbumType, ShareLink, ShareLinkProperties};
use serde_json::json;

use crate::rows;
use crate::support::{Bench, text};

async fn links(bench: &Bench, album: &str) -> serde_json::Value {
    bench.state(&format!("albums/{album}/links")).await
}

rows! {
    album: "Album" => async |bench: &Bench| {
        let made = bench.album("Summer 2019").await;
        let album = bench.client.album(&made.uid).await.unwrap();
        let state = bench.album_state(&made.uid).await;
        assert_eq!((json!(album.uid), json!(album.title)), (state["UID"].clone(), state["Title"].clone()));
        assert_eq!((json!(album.id), json!(album.slug)), (state["ID"].clone(), state["Slug"].clone()));
        assert_eq!((album.kind, album.deleted_at), (AlbumType::Album, None));
    };
    properties: "AlbumProperties" => async |bench: &Bench| {
        assert_eq!(serde_json::to_value(AlbumProperties::default()).unwrap(), json!({}), "what is not set is not sent");
        let album = bench.album("Before").await;
        let change = AlbumProperties::default().with_title("After").with_description("Words");
        bench.client.update_album(&album.uid, &change).await.unwrap();
        let state = bench.album_state(&album.uid).await;
        assert_eq!((&state["Title"], &state["Description"]), (&json!("After"), &json!("Words")));
    };
    get_albums: "get_albums" => async |bench: &Bench| {
        for title in ["Alpha", "Beta", "Gamma"] {
            bench.album(title).await;
        }
        let search = AlbumSearch::of_people().order(AlbumOrder::Name);
        let page = bench.client.albums(&search, 2, 0).await.unwrap();
        let titles = |albums: &[Album]| albums.iter().map(|album| album.title.clone()).collect::<Vec<_>>();
        assert_eq!((titles(&page.rows), page.count), (vec!["Alpha".into(), "Beta".into()], 2));
        let rest = bench.client.albums(&search, 2, page.next_offset().unwrap()).await.unwrap();
        assert_eq!((titles(&rest.rows), rest.next_offset()), (vec!["Gamma".into()], None));
        let all: Vec<Album> = bench.client.all_albums(search).try_collect().await.unwrap();
        let state = bench.state("albums?count=100&type=album&order=name").await;
        let sent: Vec<_> = state.as_array().unwrap().iter().map(|row| text(&row["Title"])).collect();
        assert_eq!(titles(&all), sent);
        assert_eq!(all[0].photo_count, Some(0));
        let found = bench.client.albums(&AlbumSearch::of_people().q("amm"), 10, 0).await.unwrap();
        assert_eq!(titles(&found.rows), ["Gamma"]);
    };
    get_album_by_uid: "get_album_by_uid" => async |bench: &Bench| {
        let album = bench.album("One").await;
        assert_eq!(bench.client.album(&album.uid).await.unwrap().title, "One");
        let error = bench.client.album("aqxetse3cy5eo9z2").await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
        assert_eq!(bench.client.find_album("aqxetse3cy5eo9z2").await.unwrap(), None);
        assert_eq!(bench.status_of("albums/aqxetse3cy5eo9z2").await, 404);
    };
    create_album: "create_album" => async |bench: &Bench| {
        let album = bench.client.create_album("Summer", true).await.unwrap();
        assert!(album.favorite);
        let state = bench.album_state(&album.uid).await;
        assert_eq!((&state["Title"], &state["Favorite"]), (&json!("Summer"), &json!(true)));
        // The server finds instead of making; a distinct one is new all the same.
        assert_eq!(bench.client.create_album("summer", false).await.unwrap().uid, album.uid);
        let properties = AlbumProperties::default().with_title("Summer");
        let twin = bench.client.create_distinct_album("photomove-k3x9", &properties).await.unwrap();
        assert_ne!(twin.uid, album.uid);
        assert_eq!(bench.album_state(&twin.uid).await["Title"], "Summer");
    };
    delete_album: "delete_album" => async |bench: &Bench| {
        let (one, two, three) = (bench.album("One").await, bench.album("Two").await, bench.album("Three").await);
        bench.client.delete_albums([&one.uid, &two.uid]).await.unwrap();
        for gone in [&one, &two] {
            assert_eq!(bench.status_of(&format!("albums/{}", gone.uid)).await, 404);
        }
        let deleted = bench.client.delete_album(&three.uid).await.unwrap();
        assert!(deleted.deleted_at.is_some());
        assert_eq!(bench.status_of(&format!("albums/{}", three.uid)).await, 404);
        let error = bench.client.delete_albums(["aqxetse3cy5eo9z2"]).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
    };
    like_album: "like_album" => async |bench: &Bench| {
        let album = bench.album("One").await;
        bench.client.like_album(&album.uid).await.unwrap();
        assert_eq!(bench.album_state(&album.uid).await["Favorite"], true);
        assert!(bench.client.album(&album.uid).await.unwrap().favorite);
    };
    unlike_album: "unlike_album" => async |bench: &Bench| {
        let album = bench.client.create_album("One", true).await.unwrap();
        bench.client.unlike_album(&album.uid).await.unwrap();
        assert_eq!(bench.album_state(&album.uid).await["Favorite"], false);
    };
    update_album: "update_album" => async |bench: &Bench| {
        let album = bench.client.create_album("One", true).await.unwrap();
        let change = AlbumProperties { location: Some("Kiel".into()), ..AlbumProperties::default() };
        let changed = bench.client.update_album(&album.uid, &change).await.unwrap();
        assert_eq!((changed.location.as_str(), changed.title.as_str(), changed.favorite), ("Kiel", "One", true));
        let state = bench.album_state(&album.uid).await;
        assert_eq!((&state["Location"], &state["Title"]), (&json!("Kiel"), &json!("One")));
        let error = bench.client.update_album("aqxetse3cy5eo9z2", &change).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
    };
    clone_album: "clone_album" => async |bench: &Bench| {
        let photos = bench.photos(2).await;
        let (from, into) = (bench.album("From").await, bench.album("Into").await);
        let uids: Vec<_> = photos.iter().map(|photo| photo.uid.clone()).collect();
        let added = bench.client.add_to_album(&from.uid, &uids).await.unwrap();
        assert_eq!((added.photos.len(), added.added.len()), (2, 2));
        let change = bench.client.clone_albums(&into.uid, [&from.uid]).await.unwrap();
        assert_eq!(change.album.uid, into.uid);
        assert_eq!(change.added.len(), 2);
        let mut sorted = uids.clone();
        sorted.sort();
        assert_eq!(bench.members(&into.uid).await, sorted);
        // And back out, one of them.
        let removed = bench.client.remove_from_album(&into.uid, [&uids[0]]).await.unwrap();
        assert_eq!(removed.removed.len(), 1);
        assert_eq!(bench.members(&into.uid).await, [uids[1].clone()]);
        assert_eq!(bench.members(&from.uid).await, sorted, "the other album keeps both");
        let error = bench.client.add_to_album::<_, &str>(&into.uid, []).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Rejected(_)), "{error}");
    };
    get_album_by_name: "get_album_by_name" => async |bench: &Bench| {
        let one = bench.album("Same").await;
        let properties = AlbumProperties::default().with_title("Same");
        let two = bench.client.create_distinct_album("photomove-k3x9", &properties).await.unwrap();
        bench.album("Same but longer").await;
        let mut found: Vec<_> = bench.client.albums_titled("Same").await.unwrap().into_iter().map(|one| one.uid).collect();
        let mut made = vec![one.uid, two.uid];
        found.sort();
        made.sort();
        assert_eq!(found, made);
        for uid in &made {
            assert_eq!(bench.album_state(uid).await["Title"], "Same");
        }
    };
    get_links: "get_album_share_links" => async |bench: &Bench| {
        let album = bench.album("Shared").await;
        assert_eq!(bench.client.links(&album.uid).await.unwrap(), []);
        let made = bench.client.create_link(&album.uid, &ShareLinkProperties::default()).await.unwrap();
        let listed = bench.client.links(&album.uid).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((&listed[0].uid, &listed[0].token), (&made.uid, &made.token));
        assert_eq!(links(bench, &album.uid).await[0]["UID"], json!(made.uid));
    };
    add_link: "add_album_share_link" => async |bench: &Bench| {
        let album = bench.album("Shared").await;
        let properties = ShareLinkProperties { expires: 3600, max_views: 5, ..Default::default() };
        let link = bench.client.create_link(&album.uid, &properties).await.unwrap();
        assert_eq!((link.expires, link.max_views, link.share_uid.as_str()), (3600, 5, album.uid.as_str()));
        let state = links(bench, &album.uid).await;
        assert_eq!((&state[0]["Expires"], &state[0]["MaxViews"]), (&json!(3600), &json!(5)));
        let error = bench.client.create_link("aqxetse3cy5eo9z2", &properties).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
    };
    parse_link: "parse_album_share_link" => async |bench: &Bench| {
        let album = bench.album("Shared").await;
        let link = bench.client.create_link(&album.uid, &ShareLinkProperties::default()).await.unwrap();
        let address = bench.client.site().join(&link.path()).unwrap();
        let found = ShareLink::token_in(&address).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&found), link.token);
        let state = links(bench, &album.uid).await;
        assert_eq!(state[0]["Token"], json!(link.token));
        assert!(ShareLink::token_in(&bench.client.site().join("albums/x").unwrap()).is_none());
    };
    update_link: "update_album_share_link" => async |bench: &Bench| {
        let album = bench.album("Shared").await;
        let link = bench.client.create_link(&album.uid, &ShareLinkProperties::default()).await.unwrap();
        let change = ShareLinkProperties { max_views: 7, ..Default::default() };
        let changed = bench.client.update_link(&album.uid, &link.uid, &change).await.unwrap();
        assert_eq!(changed.max_views, 7);
        assert_eq!(links(bench, &album.uid).await[0]["MaxViews"], 7);
        // The server falls over an unknown one, which is not told as a fault of its own.
        let error = bench.client.update_link(&album.uid, "sqxetse3cy5eo9z2", &change).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
    };
    delete_link: "delete_share_link" => async |bench: &Bench| {
        let album = bench.album("Shared").await;
        let link = bench.client.create_link(&album.uid, &ShareLinkProperties::default()).await.unwrap();
        let deleted = bench.client.delete_link(&album.uid, &link.uid).await.unwrap();
        assert_eq!(deleted.uid, link.uid);
        assert_eq!(links(bench, &album.uid).await, json!([]));
        let error = bench.client.delete_link(&album.uid, &link.uid).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
    };
    cover: "get_cover_image" => async |bench: &Bench| {
        let (album, photo) = (bench.album("With a cover").await, bench.photo().await);
        bench.client.add_to_album(&album.uid, [&photo.uid]).await.unwrap();
        assert_eq!(bench.members(&album.uid).await, [photo.uid]);
        let cover = bench.client.album_cover(&album.uid, &ThumbSize::Tile224).await.unwrap();
        assert!(cover.media_type().unwrap().starts_with("image/jpeg"));
        assert!(cover.bytes(1 << 20).await.unwrap().starts_with(&[0xff, 0xd8]));
    };
    link: "ShareLink" => async |bench: &Bench| {
        let album = bench.album("Shared").await;
        let made = bench.client.create_link(&album.uid, &ShareLinkProperties::default()).await.unwrap();
        let state = links(bench, &album.uid).await;
        let typed: ShareLink = serde_json::from_value(state[0].clone()).unwrap();
        assert_eq!(typed.uid, made.uid);
        for (key, ours) in [
            ("UID", json!(typed.uid)), ("ShareUID", json!(typed.share_uid)), ("Token", json!(typed.token)),
            ("Slug", json!(typed.slug)), ("Views", json!(typed.views)), ("CreatedBy", json!(typed.created_by)),
            ("VerifyPassword", json!(typed.verify_password)),
        ] {
            assert_eq!(state[0][key], ours, "{key}");
        }
        assert!(!format!("{typed:?}").contains(&typed.token), "the key to the album is not told");
    };
    link_properties: "ShareLinkProperties" => async |bench: &Bench| {
        let album = bench.album("Shared").await;
        let properties = ShareLinkProperties {
            expires: 60, max_views: 2, slug: Some("for-anna".into()), password: Some("open sesame".into()), token: None,
        };
        let made = bench.client.create_link(&album.uid, &properties).await.unwrap();
        let state = links(bench, &album.uid).await;
        assert_eq!((&state[0]["Expires"], &state[0]["MaxViews"]), (&json!(60), &json!(2)));
        // What is left out becomes nothing.
        let changed = bench.client.update_link(&album.uid, &made.uid, &ShareLinkProperties::default()).await.unwrap();
        assert_eq!((changed.expires, changed.max_views), (0, 0));
        assert_eq!(links(bench, &album.uid).await[0]["Expires"], 0);
    };
}
