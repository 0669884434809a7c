//! Bytes: whole, in part, and as promised.

use std::collections::HashMap;

use crate::conformance::drain;
use crate::{Agreement, Checksums, Fidelity, Locator};

use super::{Checked, Failure, Outcome, SourceFixture, caps_of, ensure, list_all};

/// A locator as the journal gives it back.
fn journalled(locator: &Locator) -> Result<Locator, Failure> {
    let broken = |error| Failure::new(format!("the locator does not survive being written down: {error}"));
    serde_json::to_string(locator)
        .and_then(|text| serde_json::from_str(&text))
        .map_err(broken)
}

/// Opening any part gives as many bytes as were listed, with the promised hashes, and a source of originals gives them
/// byte for byte; another process can do so from the journalled locator.
///
/// # Errors
/// When the check fails.
pub async fn open_gives_the_promised_bytes(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    let is_original = caps_of(&*source)?.fidelity == Fidelity::Original;
    let known: HashMap<_, _> = fixture
        .files()
        .into_iter()
        .map(|file| (file.file_name, file.bytes))
        .collect();
    let assets = list_all(&*source).await?;
    let source = fixture.source().await?;
    for asset in assets {
        let locator = journalled(&asset.locator)?;
        for part in asset.parts {
            let name = &part.file_name;
            let media = source.open(&part.id, &locator, 0).await?;
            ensure!(
                media.starts_at == 0,
                "`open` of {name} from its start begins at byte {}",
                media.starts_at
            );
            let said = media.size_bytes;
            let bytes = drain(media).await?;
            let size = bytes.len() as u64;
            ensure!(
                said.is_none_or(|said| said == size),
                "`open` of {name} says {said:?} bytes and gives {size}"
            );
            if !is_original {
                continue;
            }
            let listed = part.size_bytes;
            ensure!(
                listed.is_none_or(|listed| listed == size),
                "{name} is listed with {listed:?} bytes and has {size}"
            );
            let agreement = part.checksums.agrees(&sums(&bytes));
            ensure!(
                !matches!(agreement, Agreement::Different(_)),
                "{name} does not have the promised hashes: {agreement:?}"
            );
            let expected = known
                .get(name)
                .ok_or_else(|| Failure::new(format!("{name} is not in the library")))?;
            ensure!(*expected == bytes, "the bytes of {name} are not those of the library");
        }
    }
    Ok(Outcome::Passed)
}

/// Opening a part from its middle gives its second half; a source without ranges starts at 0 and says so.
///
/// # Errors
/// When the check fails.
pub async fn open_goes_on_in_the_middle(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    let is_ranged = caps_of(&*source)?.ranged;
    for asset in list_all(&*source).await? {
        for part in asset.parts {
            let name = &part.file_name;
            let whole = drain(source.open(&part.id, &asset.locator, 0).await?).await?;
            let middle = whole.len() / 2;
            let media = source.open(&part.id, &asset.locator, middle as u64).await?;
            let starts_at = usize::try_from(media.starts_at).unwrap_or(usize::MAX);
            let is_true = starts_at == middle || (starts_at == 0 && !is_ranged);
            ensure!(
                is_true,
                "`open` of {name} from byte {middle} begins at byte {starts_at}"
            );
            let rest = drain(media).await?;
            ensure!(
                whole[starts_at..] == rest,
                "`open` of {name} from byte {middle} gives other bytes than the whole"
            );
        }
    }
    Ok(Outcome::Passed)
}

fn sums(bytes: &[u8]) -> Checksums {
    let mut digester = crate::Digester::new(crate::HashKinds::SHA256);
    digester.update(bytes);
    digester.finish()
}
