//! Originals: every route, every way in which a route can be closed, and what reaches which origin.

use photomove_amazon::Endpoints;
use photomove_core::{Agreement, AuthProblem, Checksums, Disposition, ErrorKind, PhotoProvider};
use photomove_sim::AmazonSwitches;
use photomove_sim::amazon::{Marketplace, RedirectTarget, Region, TempLinkForm};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{StandIn, list_all, open, read};

fn switches() -> AmazonSwitches {
    AmazonSwitches::default()
}

#[rstest]
#[case::signed(switches(), "download")]
#[case::redirect_with_cookies(AmazonSwitches { signed_download: false, ..switches() }, "content")]
#[case::open_redirect(AmazonSwitches { signed_download: false, redirect_target: RedirectTarget::Open, ..switches() }, "content")]
#[case::storage(AmazonSwitches { signed_download: false, redirect_target: RedirectTarget::PreSigned, ..switches() }, "storage")]
#[case::status_307(AmazonSwitches { signed_download: false, redirect_status: 307, ..switches() }, "content")]
#[tokio::test]
async fn originals_come_intact_by_whichever_route_is_open(#[case] switches: AmazonSwitches, #[case] origin: &str) {
    let stand_in = StandIn::small(switches).await;
    let source = stand_in.provider();
    for asset in list_all(&source).await.unwrap() {
        let bytes = read(open(&source, &asset, 0).await.unwrap()).await.unwrap();
        let part = &asset.parts[0];
        assert_eq!(part.size_bytes, Some(bytes.len() as u64));
        assert!(matches!(
            part.checksums.agrees(&Checksums::of(&bytes)),
            Agreement::Same(_)
        ));
    }
    let log = stand_in.log();
    let from: Vec<_> = log
        .iter()
        .filter(|line| line.operation == "download" && line.status == 200)
        .collect();
    assert_eq!(from.len(), 30);
    assert!(from.iter().all(|line| line.origin == origin));
    stand_in.end().await;
}

#[rstest]
#[case(TempLinkForm::Node)]
#[case(TempLinkForm::Token)]
#[tokio::test]
async fn the_temporary_link_is_the_last_resort(#[case] temp_link: TempLinkForm) {
    let stand_in = StandIn::small(AmazonSwitches {
        signed_download: false,
        temp_link,
        ..switches()
    })
    .await;
    let source = stand_in.provider();
    let asset = list_all(&source).await.unwrap().swap_remove(0);
    stand_in.faults(r#"[{"operation": "redirect", "fault": "status", "status": 404}]"#);
    let bytes = read(open(&source, &asset, 0).await.unwrap()).await.unwrap();
    assert_eq!(asset.parts[0].checksums.md5, Checksums::of(&bytes).md5);
    stand_in.end().await;
}

#[tokio::test]
async fn a_foreign_storage_host_gets_no_credential_after_a_redirect() {
    let closed = AmazonSwitches {
        signed_download: false,
        redirect_target: RedirectTarget::PreSigned,
        ..switches()
    };
    let stand_in = StandIn::small(closed).await;
    let source = stand_in.provider();
    for asset in list_all(&source).await.unwrap() {
        read(open(&source, &asset, 0).await.unwrap()).await.unwrap();
    }
    let log = stand_in.log();
    let at = |origin: &'static str| log.iter().filter(move |line| line.origin == origin);
    assert_eq!(at("storage").count(), 30);
    for line in at("storage") {
        assert!(line.credentials.is_empty(), "{line:?}");
    }
    for line in at("metadata") {
        for name in ["at-main", "session-id", "ubid-main", "x-amzn-sessionid"] {
            assert!(
                line.credentials.iter().any(|sent| sent == name),
                "{name} is missing in {line:?}"
            );
        }
    }
    stand_in.end().await;
}

#[tokio::test]
async fn a_closed_route_is_not_tried_again_for_every_file() {
    let stand_in = StandIn::small(AmazonSwitches {
        signed_download: false,
        ..switches()
    })
    .await;
    let source = stand_in.provider();
    let assets = list_all(&source).await.unwrap();
    for asset in &assets {
        read(open(&source, asset, 0).await.unwrap()).await.unwrap();
    }
    let refused = stand_in.log().iter().filter(|line| line.origin == "download").count();
    assert_eq!(refused, 1);
    stand_in.end().await;
}

#[tokio::test]
async fn an_ill_route_gives_way_to_the_next() {
    let stand_in = StandIn::small(switches()).await;
    let source = stand_in.provider();
    let assets = list_all(&source).await.unwrap();
    stand_in.faults(r#"[{"operation": "download", "fault": "status", "status": 503}]"#);
    let error = open(&source, &assets[0], 0).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unavailable { .. }) && error.is_exhausted(),
        "{error:?}"
    );
    stand_in.faults("[]");
    read(open(&source, &assets[1], 0).await.unwrap()).await.unwrap();
    stand_in.end().await;
}

#[rstest]
#[case(true, 1000)]
#[case(false, 0)]
#[tokio::test]
async fn a_download_goes_on_in_the_middle_where_the_service_lets_it(#[case] ranges: bool, #[case] starts_at: u64) {
    let stand_in = StandIn::small(AmazonSwitches { ranges, ..switches() }).await;
    let source = stand_in.provider();
    let asset = list_all(&source).await.unwrap().swap_remove(3);
    let whole = read(open(&source, &asset, 0).await.unwrap()).await.unwrap();
    let media = open(&source, &asset, 1000).await.unwrap();
    assert_eq!((media.starts_at, media.size_bytes), (starts_at, Some(4096)));
    assert_eq!(read(media).await.unwrap(), whole[usize::try_from(starts_at).unwrap()..]);
    // Past the end there is nothing to go on with.
    let media = open(&source, &asset, 5000).await.unwrap();
    assert_eq!((media.starts_at, read(media).await.unwrap().len()), (0, 4096));
    stand_in.end().await;
}

#[tokio::test]
async fn a_cut_body_is_an_error_and_a_flipped_bit_shows_in_the_md5() {
    let stand_in = StandIn::small(switches()).await;
    let source = stand_in.provider();
    let asset = list_all(&source).await.unwrap().swap_remove(0);
    stand_in.faults(r#"[{"operation": "download", "fault": "truncate"}]"#);
    // The connection may break before the head is looked at, which the client sees as a failed call.
    let error = match open(&source, &asset, 0).await {
        Ok(media) => read(media).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.is_transient(), "{error:?}");
    stand_in.faults(r#"[{"operation": "download", "nth": 1, "fault": "flip_bit"}]"#);
    let bytes = read(open(&source, &asset, 0).await.unwrap()).await.unwrap();
    assert!(matches!(
        asset.parts[0].checksums.agrees(&Checksums::of(&bytes)),
        Agreement::Different(_)
    ));
    stand_in.end().await;
}

#[tokio::test]
async fn a_wrong_region_is_told_from_a_dead_session() {
    let foreign = AmazonSwitches {
        marketplace: Marketplace::GERMANY,
        content_region: Region::NorthAmerica,
        signed_download: false,
        ..switches()
    };
    let stand_in = StandIn::small(foreign).await;
    let source = stand_in.provider();
    assert_eq!(source.connect().await.unwrap().label.as_deref(), Some("amazon.de"));
    let asset = list_all(&source).await.unwrap().swap_remove(0);
    let error = open(&source, &asset, 0).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::WrongRegion));
    assert!(
        error.to_string().contains("127.0.0.1") && error.hint_text().unwrap().contains("region"),
        "{error}"
    );
    stand_in.sim().expire();
    let error = open(&source, &asset, 0).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Expired));
    stand_in.end().await;
}

#[tokio::test]
async fn a_file_that_is_gone_is_not_found() {
    let stand_in = StandIn::small(switches()).await;
    let source = stand_in.provider();
    let mut asset = list_all(&source).await.unwrap().swap_remove(0);
    asset.parts[0].id = "nosuchnode00000000000a".into();
    assert_eq!(*open(&source, &asset, 0).await.unwrap_err().kind(), ErrorKind::NotFound);
    stand_in.end().await;
}

/// Answers every request alike; with a web page, as a host does for a session that is over.
async fn answers(status: &'static str, media_type: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut guest, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 8192];
                let _ = guest.read(&mut head).await;
                let page = "<html><body>Hello</body></html>";
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                    page.len()
                );
                let _ = guest.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://{address}")
}

#[rstest]
#[case::web_page("200 OK", "text/html")]
#[case::no_file_yet("202 Accepted", "image/jpeg")]
#[case::part_of_what("206 Partial Content", "image/jpeg")]
#[tokio::test]
async fn what_is_no_file_gives_way_to_the_next_route(#[case] status: &'static str, #[case] media_type: &'static str) {
    let stand_in = StandIn::small(switches()).await;
    let page = answers(status, media_type).await.parse().unwrap();
    let endpoints = Endpoints {
        download: Some(page),
        ..stand_in.endpoints()
    };
    let source = stand_in.provider_at(endpoints);
    let asset = list_all(&source).await.unwrap().swap_remove(0);
    let bytes = read(open(&source, &asset, 0).await.unwrap()).await.unwrap();
    assert_eq!(asset.parts[0].checksums.md5, Checksums::of(&bytes).md5);
    stand_in.end().await;
}

#[tokio::test]
async fn a_web_page_for_one_file_stops_nothing_while_the_session_lives() {
    let stand_in = StandIn::small(switches()).await;
    let page = answers("200 OK", "text/html").await.parse().unwrap();
    let endpoints = Endpoints {
        download: Some(page),
        ..stand_in.endpoints()
    };
    let source = stand_in.provider_at(endpoints);
    let asset = list_all(&source).await.unwrap().swap_remove(0);
    stand_in.faults(
        r#"[{"operation": "redirect", "fault": "status", "status": 404},
            {"operation": "download", "fault": "status", "status": 404}]"#,
    );
    let error = open(&source, &asset, 0).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.disposition()),
        (&ErrorKind::Protocol, Disposition::FailItem)
    );
    assert!(error.to_string().contains("web page instead of the file"), "{error}");
    stand_in.sim().expire();
    let error = open(&source, &asset, 0).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::AskPerson);
    stand_in.end().await;
}
