//! The README's commands are those that are tested.

use std::path::Path;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

#[test]
fn the_build_server_runs_the_test_command_of_the_readme() {
    let readme = read("README.md");
    let block = readme.split("```sh\n").nth(1).expect("the first screen has commands");
    let commands: Vec<&str> = block.split("```").next().expect("block ends").lines().collect();
    let test = commands
        .iter()
        .find(|line| line.starts_with("cargo test"))
        .expect("a test command");
    let test = test.split('#').next().expect("text before the comment").trim();
    assert!(read(".ci/run").contains(test), "`.ci/run` does not run `{test}`");
    assert!(
        commands
            .iter()
            .any(|line| line.starts_with("cargo run --release -- demo")),
        "{commands:?}"
    );
}

#[test]
fn every_relative_link_of_the_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/architecture.md",
        "docs/first-migration-session.md",
        "docs/recordings.md",
        "docs/guides/amazon-cookies.md",
        "docs/guides/first-migration.md",
        "docs/guides/google-setup.md",
        "docs/guides/photoprism.md",
        "docs/guides/when-something-goes-wrong.md",
        "docs/reference/environment.md",
        "docs/reference/photoprism.md",
    ] {
        let text = read(document);
        let folder = root.join(document).parent().expect("folder").to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let file = target.split('#').next().expect("text before the anchor");
            assert!(
                folder.join(file).exists(),
                "{document} links to {target}, which does not exist"
            );
        }
    }
}
