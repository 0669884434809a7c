//! `photomove completions`: what makes a shell complete commands and options.

use clap::builder::PossibleValue;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::app::App;
use crate::args::Cli;
use crate::exit::Exit;

/// Arguments of `photomove completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Where the shells look for it:
  bash        photomove completions bash > ~/.local/share/bash-completion/completions/photomove
  zsh         photomove completions zsh > ~/.zfunc/_photomove     # a folder of $fpath
  fish        photomove completions fish > ~/.config/fish/completions/photomove.fish
  powershell  photomove completions powershell >> $PROFILE
  elvish      photomove completions elvish >> ~/.config/elvish/rc.elv")]
pub(crate) struct CompletionsArgs {
    /// For which shell
    #[arg(value_name = "SHELL")]
    shell: For,
}

/// A shell that completions can be written for.
#[derive(Debug, Clone, Copy)]
struct For(Shell);

impl ValueEnum for For {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(Shell::Bash),
            Self(Shell::Zsh),
            Self(Shell::Fish),
            Self(Shell::PowerShell),
            Self(Shell::Elvish),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        self.0.to_possible_value()
    }
}

/// Prints the script.
pub(crate) fn run(app: &App, args: &CompletionsArgs) -> Exit {
    app.printer.line(&script(args.shell.0));
    Exit::Done
}

fn script(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut crate::pages::public(Cli::command()), "photomove", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
#[cfg(all(feature = "amazon", feature = "google"))]
mod tests {
    use super::*;

    #[test]
    fn every_shell_knows_every_command_and_no_internal() {
        for shell in For::value_variants() {
            let text = script(shell.0);
            for command in crate::pages::public(Cli::command()).get_subcommands() {
                assert!(text.contains(command.get_name()), "{}: {}", shell.0, command.get_name());
            }
            for internal in ["--endpoint", "external"] {
                assert!(!text.contains(internal), "{}: {internal}", shell.0);
            }
            assert!(text.contains("log-file"), "{}", shell.0);
        }
    }

    /// Where a bash is at hand, it reads the script and completes with it.
    #[test]
    #[cfg(unix)]
    fn bash_completes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("photomove");
        std::fs::write(&file, script(Shell::Bash)).unwrap();
        let asked = ". \"$0\"; COMP_WORDS=(photomove stat); COMP_CWORD=1; _photomove photomove stat photomove; echo \"${COMPREPLY[@]}\"";
        let Ok(output) = std::process::Command::new("bash")
            .args(["--norc", "-c", asked])
            .arg(&file)
            .output()
        else {
            eprintln!("skipped: no bash on this machine");
            return;
        };
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "status", "{output:?}");
    }
}
