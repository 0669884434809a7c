//! The steps, in the words of Google's console.

use photomove_google::auth::{SCOPE_APPEND, SCOPE_EDIT, SCOPE_READ};
use photomove_google::console::Console;

/// Widest line of a text.
const WIDTH: usize = 78;

/// One page of the console, and what to do there.
#[derive(Debug)]
pub(super) struct Step {
    /// What it is about.
    pub(super) title: &'static str,
    /// The page.
    pub(super) address: String,
    lines: Vec<String>,
}

impl Step {
    fn new(title: &'static str, address: String, lines: &[&str]) -> Self {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Self { title, address, lines }
    }

    /// Returns what to do, without the page.
    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Returns the step as it is shown.
    pub(super) fn whole(&self, number: usize, of: usize) -> String {
        let mut out = format!("Step {number} of {of}: {}\n\n  {}\n\n", self.title, self.address);
        for line in &self.lines {
            out.push_str(&wrapped(line));
        }
        out
    }
}

/// All steps up to the download.
pub(super) fn all(console: &Console) -> Vec<Step> {
    let scopes = [SCOPE_APPEND, SCOPE_READ, SCOPE_EDIT].map(|scope| format!("    {scope}"));
    let mut permissions = vec![
        "- Press `Add or remove scopes`.",
        "- Put these three lines into the field `Manually add scopes`:",
    ];
    permissions.extend(scopes.iter().map(String::as_str));
    permissions.push("- Press `Add to table`, `Update`, then `Save` at the bottom of the page.");
    vec![
        Step::new(
            "make a project",
            console.new_project(),
            &[
                "- Any Google account of yours will do. The project does not hold your photos; it is what Google knows photomove by.",
                "- Give it a name, such as `photomove`, and press `Create`.",
                "- When it is there, select it at the top of the page. Its name must stand there in all the steps that follow.",
                "- Keep this project. Google shows a project only what it uploaded itself: another one would not see the albums \
                 that photomove makes.",
            ],
        ),
        Step::new(
            "switch on the Photos Library API",
            console.library_api(),
            &[
                "- Press `Enable`. It takes a few minutes until that is known everywhere.",
                "- The similar `Photos Picker API` is not needed.",
            ],
        ),
        Step::new(
            "name the app for the consent page",
            console.branding(),
            &[
                "- Press `Get started`.",
                "- App name: `photomove`. Support address: yours.",
                "- Audience: `External` (the other choice is for companies).",
                "- Contact: your address. Accept the rules and press `Create`.",
            ],
        ),
        Step::new(
            "say who may sign in",
            console.audience(),
            &[
                "Either press `Publish app`, which is right for most:",
                "- Sign-ins last. Nothing becomes public, and nothing has to be reviewed.",
                "- When you sign in, Google says that it has not verified the app. It is your own: press `Advanced`, then `Go to \
                 photomove (unsafe)`.",
                "",
                "Or leave the status at `Testing`:",
                "- Under `Test users`, add the address of the account that the photos go to.",
                "- Each sign-in ends after seven days. That is enough for about 60,000 photos.",
            ],
        ),
        Step::new("choose the permissions", console.scopes(), &permissions),
        Step::new(
            "make the client and download its file",
            console.clients(),
            &[
                "- Press `Create client`.",
                "- Application type: `Desktop app`. No other type will do. The name does not matter. Press `Create`.",
                "- Press `Download JSON` in the window that appears. The secret in it is not shown again later.",
            ],
        ),
    ]
}

/// Breaks a line between words; what follows a `- ` is indented.
fn wrapped(line: &str) -> String {
    // A name to be copied stays whole, and at the edge.
    if line.starts_with("    ") {
        return format!("  {}\n", line.trim_start());
    }
    let indent = if line.starts_with("- ") { "  " } else { "" };
    let mut out = String::new();
    let mut width = 0;
    for word in line.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(indent);
            width = indent.len();
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_fits_and_names_its_page() {
        let steps = all(&Console::default());
        let whole: Vec<String> = steps
            .iter()
            .enumerate()
            .map(|(at, step)| step.whole(at + 1, steps.len()))
            .collect();
        for text in &whole {
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH + 2), "{text}");
            assert!(text.contains("https://console.cloud.google.com/"), "{text}");
        }
        insta::assert_snapshot!("setup_steps", whole.join("\n---\n"));
    }
}
