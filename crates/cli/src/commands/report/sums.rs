//! Lists of hashes that `sha1sum -c` and `md5sum -c` check in a folder with a downloaded copy.

use std::path::Path;

use photomove_core::Result;
use photomove_migrate::{DistinctNames, ItemRecord};

use super::out::Out;
use super::{Subject, records};
use crate::text;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// For `sha1sum -c`.
    Sha1,
    /// For `md5sum -c`.
    Md5,
}

/// Writes a line for each item at the destination whose hash is known; says how many files are not in the list.
pub(super) async fn write(subject: &Subject<'_>, path: &Path, hash: Hash) -> Result<()> {
    // First all names, then the lines: nobody is to lose their name to the number of somebody else's.
    let names = DistinctNames::try_new()?;
    subject
        .items(|item| match listed(item, hash) {
            Ok(_) => names.tell(&file_name(&item.name)),
            Err(_) => Ok(()),
        })
        .await?;
    let mut out = Out::open(subject.app, Some(path))?;
    let (mut count, mut renamed, mut left_out) = (0, 0, LeftOut::default());
    subject
        .items(|item| {
            let digest = match listed(item, hash) {
                Ok(digest) => digest,
                Err(why) => {
                    left_out.add(why);
                    return Ok(());
                }
            };
            let wanted = file_name(&item.name);
            let name = names.take(&wanted)?;
            count += 1;
            renamed += u64::from(name != wanted);
            out.line(&line(&digest, &name))
        })
        .await?;
    let file = out
        .finish()?
        .map_or_else(|| "-".to_owned(), |path| path.display().to_string());
    let tool = match hash {
        Hash::Sha1 => "sha1sum",
        Hash::Md5 => "md5sum",
    };
    let printer = &subject.app.printer;
    printer.talk(&format!("{tool} -c: {file} ({})", text::counted(count, "file")));
    if renamed > 0 {
        printer.talk(&format!(
            "  {} of them share a name with another one and are called `NAME(1)`, `NAME(2)` in the list",
            text::count(renamed)
        ));
    }
    for (count, why) in [
        (left_out.absent, "not at the destination"),
        (left_out.copies, "the same bytes as another one of the list"),
        (left_out.unknown, "the hash is not known"),
    ] {
        if count > 0 {
            printer.talk(&format!("  not in it: {}, {why}", text::counted(count, "file")));
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Absent,
    Copy,
    Unknown,
}

#[derive(Default)]
struct LeftOut {
    absent: u64,
    copies: u64,
    unknown: u64,
}

impl LeftOut {
    fn add(&mut self, why: Why) {
        *match why {
            Why::Absent => &mut self.absent,
            Why::Copy => &mut self.copies,
            Why::Unknown => &mut self.unknown,
        } += 1;
    }
}

/// The hash of a file that a downloaded copy has, or why it is not in the list.
fn listed(item: &ItemRecord, hash: Hash) -> Result<String, Why> {
    if !records::arrived(item.outcome) {
        return Err(Why::Absent);
    }
    // One item at the destination, so one file in the copy.
    if item.is_copy {
        return Err(Why::Copy);
    }
    let known = match hash {
        Hash::Sha1 => item.checksums.sha1_hex(),
        Hash::Md5 => item.checksums.md5_hex(),
    };
    known.ok_or(Why::Unknown)
}

/// The name as a file in one folder can have it: no file has a slash in its name, and none has no name.
fn file_name(name: &str) -> String {
    match name.is_empty() {
        true => "file".to_owned(),
        false => name.replace(['/', '\0'], "_"),
    }
}

/// A line as coreutils write it: a name with a backslash or a line break is escaped, and the line begins with a backslash.
fn line(digest: &str, name: &str) -> String {
    if !name.contains(['\\', '\n', '\r']) {
        return format!("{digest}  {name}");
    }
    let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    format!("\\{digest}  {escaped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_coreutils_do() {
        assert_eq!(line("ab", "a b.jpg"), "ab  a b.jpg");
        assert_eq!(line("ab", "a\\b\nc.jpg"), "\\ab  a\\\\b\\nc.jpg");
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(file_name("../../etc/passwd"), ".._.._etc_passwd");
        assert_eq!(file_name(""), "file");
    }
}
