//! Limits of a minute, in both readings of what the service counts.

use photomove_core::{FactStore, PhotoProvider, PhotoSink};
use photomove_google::GooglePhotos;
use photomove_sim::GoogleSwitches;
use photomove_sim::google::ErrorStyle;

use crate::support::{Bench, bundle, noon, stage, switched};

/// Sends so many files, six at once as the engine does, and makes items of them; returns the seconds that took.
async fn send(bench: &Bench, google: &GooglePhotos, numbers: std::ops::Range<u32>) -> i64 {
    let began = bench.env.clock.now();
    let numbers: Vec<u32> = numbers.collect();
    let mut batch = Vec::new();
    for some in numbers.chunks(6) {
        let staged = some
            .iter()
            .map(|number| async { (*number, stage(google, *number).await.unwrap()) });
        let staged = futures_util::future::join_all(staged).await;
        batch.extend(staged.into_iter().map(|(number, staged)| bundle(number, staged)));
        if batch.len() >= 40 {
            let answers = google.commit(&std::mem::take(&mut batch), None).await.unwrap();
            assert!(answers.iter().all(Result::is_ok));
        }
    }
    if !batch.is_empty() {
        google.commit(&batch, None).await.unwrap();
    }
    bench.env.clock.now().duration_since(began).as_secs()
}

fn refused(bench: &Bench) -> usize {
    let lines = bench.sim().service().shared().log.lines();
    lines.iter().filter(|line| line.status == 429).count()
}

fn counted(style: ErrorStyle) -> GoogleSwitches {
    switched(|s| {
        s.uploads_count_as_writes = true;
        s.error_style = style;
        s.write_takes = std::time::Duration::ZERO;
    })
}

#[tokio::test]
async fn where_uploads_do_not_count_nothing_waits() {
    let bench = Bench::with(switched(|s| s.write_takes = std::time::Duration::ZERO), Vec::new()).await;
    let google = bench.google().await;
    google.connect().await.unwrap();
    let seconds = send(&bench, &google, 0..120).await;
    assert_eq!((seconds, refused(&bench)), (0, 0));
    assert_eq!(bench.sim().library().len(), 120);
}

#[tokio::test]
async fn where_they_count_a_few_refusals_teach_it() {
    for style in [ErrorStyle::Full, ErrorStyle::Bare] {
        let bench = Bench::with(counted(style), Vec::new()).await;
        let google = bench.google().await;
        google.connect().await.unwrap();
        let seconds = send(&bench, &google, 0..120).await;
        assert_eq!(bench.sim().library().len(), 120);
        assert!(
            (1..=6).contains(&refused(&bench)),
            "{style:?}: {} refusals",
            refused(&bench)
        );
        // 120 uploads, the day's trial and three changes at 30 a minute, after a first minute that was misjudged.
        assert!((180..=400).contains(&seconds), "{style:?}: {seconds} s");
    }
}

#[tokio::test]
async fn what_was_learnt_is_remembered_for_a_week() {
    let bench = Bench::with(counted(ErrorStyle::Full), Vec::new()).await;
    let google = bench.google().await;
    let owner = google.connect().await.unwrap().owner;
    send(&bench, &google, 0..60).await;
    let learnt = refused(&bench);
    assert!(learnt > 0);
    // The service's own minute outlives the process.
    bench.env.clock.sleep(std::time::Duration::from_secs(61)).await;
    let again = bench.google().await;
    again.connect().await.unwrap();
    send(&bench, &again, 100..160).await;
    assert_eq!(refused(&bench), learnt, "known from the first run");
    // A week later the limit may be another one: it is found out anew, and kept with its new date.
    bench
        .env
        .clock
        .sleep(std::time::Duration::from_secs(7 * 24 * 3600))
        .await;
    let later = bench.google().await;
    later.connect().await.unwrap();
    send(&bench, &later, 200..260).await;
    assert!(refused(&bench) > learnt);
    let account = format!("google:{}", owner.as_str());
    let kept = bench.facts.get(&account, "uploads_count_as_changes").await.unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept.unwrap()).unwrap();
    assert_eq!(kept["per_minute"], 30);
    assert!(kept["at"].as_str().unwrap() > noon().to_string().as_str());
}

#[tokio::test]
async fn a_fact_that_cannot_be_read_is_learnt_anew() {
    let bench = Bench::with(counted(ErrorStyle::Full), Vec::new()).await;
    let google = bench.google().await;
    let owner = google.connect().await.unwrap().owner;
    let account = format!("google:{}", owner.as_str());
    bench
        .facts
        .put(&account, "uploads_count_as_changes", "yes")
        .await
        .unwrap();
    let google = bench.google().await;
    google.connect().await.unwrap();
    send(&bench, &google, 0..60).await;
    assert!(refused(&bench) > 0);
    let kept = bench
        .facts
        .get(&account, "uploads_count_as_changes")
        .await
        .unwrap()
        .unwrap();
    assert!(kept.starts_with('{'), "{kept}");
}
