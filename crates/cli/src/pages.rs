//! What is written from the definitions of the command line: completions, manual pages, the reference.

use clap::Command;

use crate::args::USAGE;

/// A manual page.
#[derive(Debug)]
pub(crate) struct Page {
    /// Name without the section, such as `photomove-auth-login`.
    pub(crate) name: String,
    /// Source in roff.
    pub(crate) text: Vec<u8>,
}

/// Returns the definition without what is not for people: hidden commands, hidden options, the forms that are spelled out.
///
/// What is hidden from the help would be in the completions otherwise.
pub(crate) fn public(command: Command) -> Command {
    below(command).override_usage(USAGE)
}

fn below(command: Command) -> Command {
    let mut open = Command::new(command.get_name().to_owned())
        .subcommand_required(command.is_subcommand_required_set())
        .disable_help_subcommand(command.is_disable_help_subcommand_set());
    if let Some(version) = command.get_version() {
        open = open.version(version.to_owned());
    }
    let texts = [
        (command.get_about(), Command::about as fn(Command, String) -> Command),
        (command.get_long_about(), Command::long_about),
        (command.get_after_help(), Command::after_help),
        (command.get_after_long_help(), Command::after_long_help),
    ];
    for (text, set) in texts {
        if let Some(text) = text {
            open = set(open, text.to_string());
        }
    }
    let arguments = command.get_arguments().filter(|arg| !arg.is_hide_set()).cloned();
    open = open.args(arguments.collect::<Vec<_>>());
    let subcommands = command.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned();
    open.subcommands(subcommands.map(below).collect::<Vec<_>>())
}

/// Returns a page for the program and one for each command, the program's first.
pub(crate) fn manual(command: Command) -> Vec<Page> {
    let mut command = public(command).disable_help_subcommand(true);
    // Options of every command are described on the page of each.
    command.build();
    let mut pages = Vec::new();
    add(&command, command.get_name(), &mut pages);
    pages
}

fn add(command: &Command, name: &str, pages: &mut Vec<Page>) {
    let mut text = Vec::new();
    let titled = command.clone().name(name.to_owned()).display_name(name.to_owned());
    // Writing to memory does not fail.
    if clap_mangen::Man::new(titled).render(&mut text).is_ok() {
        pages.push(Page {
            name: name.to_owned(),
            text,
        });
    }
    for below in command.get_subcommands() {
        add(below, &format!("{name}-{}", below.get_name()), pages);
    }
}

#[cfg(test)]
#[cfg(all(feature = "amazon", feature = "google"))]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    fn names(command: &Command, before: &str, all: &mut Vec<String>) {
        let name = match before {
            "" => command.get_name().to_owned(),
            before => format!("{before}-{}", command.get_name()),
        };
        for below in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            names(below, &name, all);
        }
        all.push(name);
    }

    #[test]
    fn every_command_has_a_page_with_its_options_and_no_internals() {
        let mut wanted = Vec::new();
        names(&Cli::command(), "", &mut wanted);
        let pages = manual(Cli::command());
        let mut written: Vec<_> = pages.iter().map(|page| page.name.clone()).collect();
        wanted.sort();
        written.sort();
        assert_eq!(written, wanted);
        assert!(written.contains(&"photomove-auth-login".to_owned()), "{written:?}");
        for page in &pages {
            let text = String::from_utf8_lossy(&page.text).replace('\\', "");
            assert!(text.contains("--state-dir") && text.contains("--json"), "{}", page.name);
            for internal in ["--endpoint", "photomove-man", "photomove-help", "External"] {
                assert!(!text.contains(internal), "{}: {internal}", page.name);
            }
        }
        let first = String::from_utf8_lossy(&pages[0].text);
        assert!(first.contains("Exit codes"), "{first}");
    }
}
