//! Computed videos: listed with hashes that are right, served whole and in part, however large.

use md5::{Digest, Md5};
use photomove_sim::{AmazonSwitches, Library};

use crate::support::{synthetic, with};

#[tokio::test]
async fn videos_are_listed_with_md5_size_and_date_and_served_whole_and_in_part() {
    let mut library = synthetic(2);
    library.add_synthetic_videos(2, 3_000_000, 7).unwrap();
    let stage = with(library, AmazonSwitches::default()).await;
    let page = stage.nodes("filters=contentProperties.contentType:video*").await;
    assert_eq!(page["count"], 2);
    let (first, second) = (&page["data"][0], &page["data"][1]);
    let properties = &first["contentProperties"];
    assert_eq!(
        (properties["size"].as_u64(), properties["contentType"].as_str()),
        (Some(3_000_000), Some("video/mp4"))
    );
    assert_eq!(properties["contentDate"], "2015-07-04T12:30:00.000Z");
    assert_ne!(properties["md5"], second["contentProperties"]["md5"]);
    let path = format!("/cdproxy/nodes/{}/content", first["id"].as_str().unwrap());
    let whole = stage.get("content", &path).await.bytes().await.unwrap();
    assert_eq!(
        photomove_sim::blob::hex(&Md5::digest(&whole)),
        properties["md5"].as_str().unwrap()
    );
    let ask = stage
        .signed(&stage.url("content", &path))
        .header("range", "bytes=2000000-");
    let part = ask.send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), whole[2_000_000..]);
}

#[tokio::test]
async fn a_video_of_12_gb_is_listed_at_once_without_md5_and_read_near_its_end() {
    let switches = AmazonSwitches {
        video_md5: false,
        ..AmazonSwitches::default()
    };
    let size = 12_000_000_000_u64;
    let stage = with(Library::synthetic_videos(1, size, 7).unwrap(), switches).await;
    let video = stage.first_file().await;
    assert_eq!(video["contentProperties"]["size"], size);
    assert!(video["contentProperties"].get("md5").is_none());
    let path = format!("/cdproxy/nodes/{}/content", video["id"].as_str().unwrap());
    let ask = |range: String| stage.signed(&stage.url("content", &path)).header("range", range).send();
    let end = ask(format!("bytes={}-", size - 16)).await.unwrap();
    assert_eq!(
        end.headers()["content-range"],
        format!("bytes {}-{}/{size}", size - 16, size - 1)
    );
    assert_eq!(end.text().await.unwrap(), "0000000000000000");
    let head = ask("bytes=4-7".to_owned()).await.unwrap();
    assert_eq!(head.text().await.unwrap(), "ftyp");
}
