//! The server's messages.

use photomove_core::BytesBody;
use photomove_photoprism::SignIn;
use photomove_photoprism::client::{DavRoot, DavWrite, ImportRun};
use photomove_photoprism::wire::Event;
use rstest::rstest;
use tokio::sync::Notify;

use crate::support::{Bench, picture, upload};

#[rstest]
#[case(false)]
#[case(true)]
#[tokio::test]
async fn an_upload_is_told_as_it_goes(#[case] public: bool) {
    let bench = Bench::with(|switches| switches.public = public).await;
    let client = bench.client(if public { SignIn::Public } else { bench.user() });
    let mut events = client.events().await.unwrap();
    let bytes = picture(1).await;
    upload(&client, "a.jpg", bytes).await;
    let mut saved = false;
    loop {
        match events.next().await.unwrap().unwrap() {
            Event::UploadSaved(work) => saved = work.file == "a.jpg",
            Event::UploadCompleted(work) => {
                assert_eq!(work.uid, bench.sim().user_uid());
                break;
            }
            _ => {}
        }
    }
    assert!(saved);
    events.close().await;
}

#[tokio::test]
async fn an_import_is_told_file_by_file() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    let dav = client.webdav(DavRoot::Import);
    for name in ["a.jpg", "b.jpg"] {
        let body = BytesBody::new(picture(name.len() as u64 + u64::from(name.as_bytes()[0])).await);
        dav.write(name, &body, DavWrite::default()).await.unwrap();
    }
    let mut told = Vec::new();
    let all = Notify::new();
    let work = async {
        client.import(&ImportRun::default()).await?;
        // Messages come by another connection than the answer, which may overtake them.
        all.notified().await;
        Ok(())
    };
    client
        .with_events(work, |event| {
            if let Event::ImportFile(work) = event {
                told.push(work.base_name.clone());
            }
            if told.len() == 2 {
                all.notify_one();
            }
        })
        .await
        .unwrap();
    told.sort();
    assert_eq!(told, ["a.jpg", "b.jpg"]);
}

#[tokio::test]
async fn without_messages_the_work_is_done_all_the_same() {
    let bench = Bench::start().await;
    let stranger = bench.client(SignIn::User {
        name: "admin".to_owned(),
        password: "wrong".into(),
    });
    let done = stranger
        .with_events(async { Ok(7) }, |_| panic!("nothing is told"))
        .await;
    assert_eq!(done.unwrap(), 7);
}
