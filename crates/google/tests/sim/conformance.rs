use std::sync::Arc;

use async_trait::async_trait;
use photomove_core::conformance::sink::{self, Arrived, ArrivedAlbum, SinkFixture, TestFile};
use photomove_core::{Checksums, LimitedSink, PhotoSink, Result};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use crate::support::{Bench, bytes};

struct Fixture {
    bench: Mutex<Option<Bench>>,
    secrets: std::sync::Mutex<Vec<String>>,
    limited: bool,
    resumable: bool,
}

#[async_trait]
impl SinkFixture for Fixture {
    async fn sink(&self) -> Result<Arc<dyn PhotoSink>> {
        let bench = Bench::start().await;
        let file = bench.file().await;
        let secrets = [file.access_token, file.refresh_token, file.id_token];
        *self.secrets.lock().unwrap() = secrets
            .into_iter()
            .flatten()
            .map(|s| s.expose_secret().to_owned())
            .collect();
        let from = self.resumable.then_some(0);
        let google = Arc::new(bench.configured(bench.config().with_resumable_from_bytes(from)).await);
        *self.bench.lock().await = Some(bench);
        Ok(if self.limited {
            Arc::new(LimitedSink::new(google))
        } else {
            google
        })
    }

    async fn arrived(&self) -> Result<Vec<Arrived>> {
        let bench = self.bench.lock().await;
        let items = bench.as_ref().unwrap().sim().library();
        Ok(items
            .into_iter()
            .map(|item| Arrived {
                id: item.id.into(),
                checksums: Checksums {
                    sha1: Checksums::sha1_from_hex(&item.sha1),
                    ..Checksums::default()
                },
                description: Some(item.description).filter(|text| !text.is_empty()),
            })
            .collect())
    }

    async fn albums(&self) -> Result<Vec<ArrivedAlbum>> {
        let bench = self.bench.lock().await;
        let albums = bench.as_ref().unwrap().sim().albums();
        Ok(albums
            .into_iter()
            .map(|album| ArrivedAlbum {
                id: album.id.into(),
                title: album.title,
                members: album.items.into_iter().map(Into::into).collect(),
            })
            .collect())
    }

    fn file(&self, number: u32) -> TestFile {
        TestFile {
            file_name: format!("{number}.jpg"),
            media_type: "image/jpeg".into(),
            bytes: bytes(number).into(),
        }
    }

    fn knows_equal_bytes(&self) -> bool {
        true
    }

    fn tells_hashes(&self) -> bool {
        false
    }

    fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn the_sink_does_what_every_sink_should() {
    for (limited, resumable) in [(false, false), (true, true)] {
        let fixture = Fixture {
            bench: Mutex::default(),
            secrets: std::sync::Mutex::default(),
            limited,
            resumable,
        };
        let report = sink::all(&fixture).await.unwrap_or_else(|failure| panic!("{failure}"));
        let skipped: Vec<_> = report.to_string().lines().skip(1).map(str::to_owned).collect();
        assert_eq!(skipped.len(), 3, "{report}");
    }
}
