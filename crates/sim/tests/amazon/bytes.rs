//! Originals by every route, ranges, thumbnails, and faults in the middle of them.

use std::time::Duration;

use photomove_sim::amazon::{RedirectTarget, TempLinkForm};
use photomove_sim::{AmazonSwitches, Fault, FaultRule, LibraryItem};

use crate::support::{Stage, small, synthetic, with, with_faults};

async fn id_and_body(stage: &Stage) -> (String, Vec<u8>) {
    let file = stage.first_file().await;
    let id = file["id"].as_str().unwrap().to_owned();
    let body = stage
        .get("content", &format!("/cdproxy/nodes/{id}/content"))
        .await
        .bytes()
        .await
        .unwrap();
    assert_eq!(body.len() as u64, file["contentProperties"]["size"].as_u64().unwrap());
    let md5 = photomove_sim::Hashes::of(&body).md5_hex();
    assert_eq!(file["contentProperties"]["md5"].as_str().unwrap(), md5);
    (id, body.to_vec())
}

fn location(response: &reqwest::Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_signed_download_is_direct_and_exact() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let (id, body) = id_and_body(&stage).await;
    let answer = stage
        .get(
            "download",
            &format!("/v2/download/signed/{id}?ownerId={}", stage.amazon().owner_id()),
        )
        .await;
    assert_eq!(
        (answer.status().as_u16(), answer.content_length()),
        (200, Some(body.len() as u64))
    );
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.bytes().await.unwrap(), body);
    let foreign = stage
        .get("download", &format!("/v2/download/signed/{id}?ownerId=ASOMEBODYELSE"))
        .await;
    assert_eq!(foreign.status(), 404);
}

#[tokio::test]
async fn the_signed_download_can_be_switched_off() {
    let stage = with(
        small(),
        AmazonSwitches {
            signed_download: false,
            ..AmazonSwitches::default()
        },
    )
    .await;
    let (id, _) = id_and_body(&stage).await;
    assert_eq!(
        stage
            .get("download", &format!("/v2/download/signed/{id}"))
            .await
            .status(),
        404
    );
    assert!(
        stage.sims.unknown_requests().is_empty(),
        "a switched-off route is no unknown route"
    );
}

#[tokio::test]
async fn content_redirection_crosses_to_the_content_host_with_the_suffix() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let (id, body) = id_and_body(&stage).await;
    let redirect = stage
        .get(
            "metadata",
            &format!("/drive/v1/nodes/{id}/contentRedirection?querySuffix=%3Fdownload%3Dtrue"),
        )
        .await;
    assert_eq!(redirect.status(), 302);
    let target = location(&redirect);
    assert!(
        target.starts_with(&stage.url("content", "/cdproxy/templink/")) && target.ends_with("?download=true"),
        "{target}"
    );
    assert_eq!(
        stage.http.get(&target).send().await.unwrap().status(),
        401,
        "this target wants cookies"
    );
    let answer = stage.signed(&target).send().await.unwrap();
    let name = stage.first_file().await["name"].as_str().unwrap().to_owned();
    let disposition = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment; filename=\"") && name.starts_with("Alfama"),
        "{disposition}"
    );
    assert_eq!(answer.bytes().await.unwrap(), body);
}

#[tokio::test]
async fn an_open_target_works_without_cookies_until_its_life_ends() {
    let switches = AmazonSwitches {
        redirect_target: RedirectTarget::Open,
        redirect_status: 307,
        temp_link_life: Some(Duration::from_secs(60)),
        ..AmazonSwitches::default()
    };
    let stage = with(small(), switches).await;
    let (id, body) = id_and_body(&stage).await;
    let redirect = stage
        .get("metadata", &format!("/drive/v1/nodes/{id}/contentRedirection"))
        .await;
    assert_eq!(redirect.status(), 307);
    let target = location(&redirect);
    assert_eq!(
        stage.http.get(&target).send().await.unwrap().bytes().await.unwrap(),
        body
    );
    stage.advance(60).await;
    assert_eq!(stage.http.get(&target).send().await.unwrap().status(), 404);
    assert_eq!(
        stage
            .http
            .get(stage.url("content", "/cdproxy/templink/forged"))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn a_pre_signed_target_refuses_every_second_credential() {
    let switches = AmazonSwitches {
        redirect_target: RedirectTarget::PreSigned,
        ..AmazonSwitches::default()
    };
    let stage = with(small(), switches).await;
    let (id, body) = id_and_body(&stage).await;
    let redirect = stage
        .get(
            "metadata",
            &format!("/drive/v1/nodes/{id}/contentRedirection?querySuffix=%3Fdownload%3Dtrue"),
        )
        .await;
    let target = location(&redirect);
    assert!(
        target.starts_with(&stage.url("storage", "/")) && target.contains("X-Amz-Signature="),
        "{target}"
    );
    for header in ["cookie", "x-amzn-sessionid", "authorization"] {
        let refused = stage.http.get(&target).header(header, "a=b").send().await.unwrap();
        assert_eq!(refused.status(), 400);
        assert!(
            refused
                .text()
                .await
                .unwrap()
                .contains("Only one auth mechanism allowed")
        );
    }
    assert_eq!(
        stage.http.get(&target).send().await.unwrap().bytes().await.unwrap(),
        body
    );
    let log = stage.amazon().shared().log.lines();
    let storage: Vec<_> = log.iter().filter(|line| line.origin == "storage").collect();
    assert_eq!(storage[0].credentials, ["a"], "the log names the cookie, not its value");
    assert!(storage[3].credentials.is_empty());
    stage.advance(300).await;
    assert_eq!(stage.http.get(&target).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn temp_links_of_both_forms_lead_to_the_bytes() {
    for temp_link in [TempLinkForm::Node, TempLinkForm::Token] {
        let stage = with(
            small(),
            AmazonSwitches {
                temp_link,
                ..AmazonSwitches::default()
            },
        )
        .await;
        let (id, body) = id_and_body(&stage).await;
        let (_, node) = stage
            .json(&format!("/drive/v1/nodes/{id}?tempLink=true&resourceVersion=V2"))
            .await;
        let link = node["tempLink"].as_str().unwrap();
        assert_eq!(
            stage.http.get(link).send().await.unwrap().status(),
            401,
            "{temp_link:?}"
        );
        assert_eq!(
            stage.signed(link).send().await.unwrap().bytes().await.unwrap(),
            body,
            "{temp_link:?}"
        );
    }
}

#[tokio::test]
async fn ranges_are_honoured_or_ignored_by_switch() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let (id, body) = id_and_body(&stage).await;
    let url = stage.url("download", &format!("/v2/download/signed/{id}"));
    let part = stage.signed(&url).header("range", "bytes=1000-").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 1000-1499/1500");
    assert_eq!(part.bytes().await.unwrap(), body[1000..]);
    let past = stage.signed(&url).header("range", "bytes=1500-").send().await.unwrap();
    assert_eq!(
        (
            past.status().as_u16(),
            past.headers()["content-range"].to_str().unwrap()
        ),
        (416, "bytes */1500")
    );

    let ignoring = with(
        synthetic(1),
        AmazonSwitches {
            ranges: false,
            ..AmazonSwitches::default()
        },
    )
    .await;
    let url = ignoring.url("download", &format!("/v2/download/signed/{id}"));
    let whole = ignoring
        .signed(&url)
        .header("range", "bytes=1000-")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (whole.status().as_u16(), whole.bytes().await.unwrap().len()),
        (200, 1500)
    );
}

#[tokio::test]
async fn a_head_request_tells_the_length_only() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let (id, _) = id_and_body(&stage).await;
    let url = stage.url("download", &format!("/v2/download/signed/{id}"));
    let head = stage
        .http
        .head(url)
        .header("cookie", stage.cookie_header())
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            head.status().as_u16(),
            head.headers()["content-length"].to_str().unwrap()
        ),
        (200, "1500")
    );
    assert_eq!(head.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn thumbnails_are_small_jpegs_and_never_the_original() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let (id, body) = id_and_body(&stage).await;
    let answer = stage
        .get("thumbnail", &format!("/v1/thumbnail/{id}?viewBox=64,48"))
        .await;
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    let jpeg = answer.bytes().await.unwrap();
    assert!(jpeg.starts_with(b"\xff\xd8\xff") && jpeg != body);
    assert_eq!(
        stage
            .get("thumbnail", &format!("/v1/thumbnail/{id}?viewBox=big"))
            .await
            .status(),
        400
    );
    let text = stage.nodes("filters=contentProperties.extension:txt").await["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        stage
            .get("thumbnail", &format!("/v1/thumbnail/{text}?viewBox=64"))
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn a_file_of_a_folder_is_served_from_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let content = vec![42_u8; 300_000];
    std::fs::create_dir(dir.path().join("Trip")).unwrap();
    std::fs::write(dir.path().join("Trip/big.bin"), &content).unwrap();
    let library = photomove_sim::Library::from_dir(dir.path()).unwrap();
    let stage = with(library, AmazonSwitches::default()).await;
    let (_, body) = id_and_body(&stage).await;
    assert_eq!(body, content);
    assert_eq!(
        stage.nodes("filters=kind:VISUAL_COLLECTION").await["data"][0]["name"],
        "Trip"
    );
}

#[tokio::test]
async fn a_truncated_download_promises_more_than_it_sends() {
    let rule = FaultRule::new("download", Fault::Truncate { at: Some(1000) }).nth(2);
    let stage = with_faults(synthetic(1), AmazonSwitches::default(), vec![rule]).await;
    let (id, body) = id_and_body(&stage).await;
    let path = format!("/v2/download/signed/{id}");
    let mut cut = stage.get("download", &path).await;
    assert_eq!((cut.status().as_u16(), cut.content_length()), (200, Some(1500)));
    let mut got = Vec::new();
    let error = loop {
        match cut.chunk().await {
            Ok(Some(piece)) => got.extend_from_slice(&piece),
            Ok(None) => panic!("a body of {} bytes was taken for whole", got.len()),
            Err(error) => break error,
        }
    };
    assert_eq!(got, body[..1000], "{error}");
    assert_eq!(
        stage.get("download", &path).await.bytes().await.unwrap(),
        body,
        "only the second request is cut"
    );
}

#[tokio::test]
async fn a_flipped_bit_keeps_the_length_and_spoils_the_hash() {
    let rule = FaultRule::new("download", Fault::FlipBit).nth(2);
    let stage = with_faults(synthetic(1), AmazonSwitches::default(), vec![rule]).await;
    let (id, body) = id_and_body(&stage).await;
    let wrong = stage
        .get("download", &format!("/v2/download/signed/{id}"))
        .await
        .bytes()
        .await
        .unwrap();
    assert_eq!(wrong.len(), body.len());
    let different: u32 = wrong.iter().zip(&body).map(|(a, b)| (a ^ b).count_ones()).sum();
    assert_eq!(different, 1);
}

#[tokio::test]
async fn a_status_fault_has_the_body_of_its_host_and_the_wait() {
    let fault = Fault::Status {
        status: 429,
        retry_after: Some(7.into()),
        body: None,
    };
    let stage = with_faults(
        synthetic(1),
        AmazonSwitches::default(),
        vec![FaultRule::new("*", fault)],
    )
    .await;
    let metadata = stage.get("metadata", "/drive/v1/account/usage").await;
    assert_eq!(
        (
            metadata.status().as_u16(),
            metadata.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "7")
    );
    assert_eq!(metadata.text().await.unwrap(), r#"{"message":"Rate exceeded"}"#);
    let content: serde_json::Value = stage.get("content", "/cdproxy/nodes/x").await.json().await.unwrap();
    assert_eq!(
        (content["message"].as_str(), content["code"].as_str()),
        (Some("Rate exceeded"), Some(""))
    );
}

#[tokio::test]
async fn names_that_clash_in_the_folder_are_renamed() {
    let mut library = photomove_sim::Library::default();
    for body in ["one", "two"] {
        library.items.push(LibraryItem::from_bytes("IMG.txt", body));
    }
    let stage = with(library, AmazonSwitches::default()).await;
    let names = crate::support::texts(&stage.nodes("filters=kind:FILE&sort=['createdDate ASC']").await, "name");
    assert_eq!(names, ["IMG.txt", "IMG (1).txt"]);
}
