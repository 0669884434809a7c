//! `photomove photoprism labels`, `label …` and `people`.

use clap::{Args, Subcommand};
use futures_util::TryStreamExt;
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::search::{LabelSearch, SubjectSearch};
use photomove_photoprism::wire::{Label, LabelProperties, NewLabel, SubjectProperties};
use serde_json::json;

use super::{Prism, shown};
use crate::exit::Exit;
use crate::text;

/// Arguments of `photomove photoprism labels`.
#[derive(Debug, Args)]
pub(crate) struct LabelsArgs {
    /// Part of a name; all if not given
    #[arg(value_name = "QUERY")]
    query: Option<String>,
    /// Also those that the server thinks little of
    #[arg(long)]
    all: bool,
    /// Only favourites
    #[arg(long)]
    favorite: bool,
}

/// What can be done with labels.
#[derive(Debug, Subcommand)]
pub(crate) enum LabelVerb {
    /// Give a photo a label; it is made if there is none of that name
    Add(AddArgs),
    /// Take a label off a photo; one that the server saw in the picture is only hidden
    Remove(RemoveArgs),
    /// Change a label itself
    Edit(EditArgs),
    /// Make a label a favourite
    Like(OneLabel),
    /// Make a label a favourite no longer
    Unlike(OneLabel),
    /// Delete labels; the photos stay
    Delete(SeveralLabels),
}

/// Arguments of `photomove photoprism label add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Photo: id, SHA-1 of one of its files, or a file on this machine
    #[arg(value_name = "PHOTO")]
    photo: String,
    /// Name; the server writes words with a capital letter
    #[arg(value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: String,
}

/// Arguments of `photomove photoprism label remove`.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// Photo: id, SHA-1 of one of its files, or a file on this machine
    #[arg(value_name = "PHOTO")]
    photo: String,
    /// Name or number of the label; `show` tells them
    #[arg(value_name = "LABEL")]
    label: String,
}

/// A label.
#[derive(Debug, Args)]
pub(crate) struct OneLabel {
    /// Id of the label (`l…`)
    #[arg(value_name = "LABEL")]
    label: String,
}

/// Some labels.
#[derive(Debug, Args)]
pub(crate) struct SeveralLabels {
    /// Ids of the labels (`l…`)
    #[arg(value_name = "LABEL", required = true)]
    labels: Vec<String>,
}

/// Arguments of `photomove photoprism label edit`.
#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    label: OneLabel,
    /// Another name
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["priority", "notes", "description"])]
    name: Option<String>,
    /// How much it counts; below 0 it is shown with `--all` only
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    priority: Option<i64>,
    /// What it is about
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Notes
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
}

/// Arguments of `photomove photoprism people`.
#[derive(Debug, Args)]
pub(crate) struct PeopleArgs {
    /// Part of a name; all if not given
    #[arg(value_name = "QUERY", conflicts_with_all = ["rename", "like", "unlike"])]
    query: Option<String>,
    /// Give the person with this id (`j…`) another name
    #[arg(long, num_args = 2, value_names = ["PERSON", "NAME"])]
    rename: Option<Vec<String>>,
    /// Make the person with this id a favourite
    #[arg(long, value_name = "PERSON", conflicts_with = "rename")]
    like: Option<String>,
    /// Make the person with this id a favourite no longer
    #[arg(long, value_name = "PERSON", conflicts_with_all = ["rename", "like"])]
    unlike: Option<String>,
}

/// Prints the labels that fit.
pub(super) async fn list(prism: &Prism<'_>, args: LabelsArgs) -> Result<Exit> {
    let mut search = LabelSearch::new();
    if let Some(query) = args.query {
        search = search.q(query);
    }
    if args.all {
        search = search.all(true);
    }
    if args.favorite {
        search = search.favorite(true);
    }
    let mut labels = prism.client.all_labels(search);
    let mut found = 0;
    while let Some(label) = labels.try_next().await? {
        tell(prism, &label);
        found += 1;
    }
    prism.app.printer.talk(&text::counted(found, "label"));
    Ok(Exit::Done)
}

fn tell(prism: &Prism<'_>, label: &Label) {
    prism.app.printer.object(&shown::object("label", "label", label));
    let photos = text::counted(u64::try_from(label.photo_count).unwrap_or(0), "photo");
    let favorite = if label.favorite { " · favourite" } else { "" };
    prism.app.printer.text(&format!(
        "{}  {}  {} · {photos}{favorite}",
        text::clean(&label.uid),
        label.id,
        text::clean(&label.name)
    ));
}

/// Does what is typed.
pub(super) async fn run(prism: &Prism<'_>, verb: LabelVerb) -> Result<Exit> {
    let (client, printer) = (&prism.client, &prism.app.printer);
    match verb {
        LabelVerb::Add(args) => {
            let uid = prism.uid(&args.photo).await?;
            let labelled = client.add_label(&uid, &NewLabel::new(args.name)).await;
            shown::photo(printer, &labelled.map_err(super::photos::told_of(&args.photo))?);
        }
        LabelVerb::Remove(args) => remove(prism, &args).await?,
        LabelVerb::Edit(args) => {
            let change = LabelProperties {
                name: args.name,
                priority: args.priority,
                description: args.description,
                notes: args.notes,
                ..LabelProperties::default()
            };
            tell(prism, &client.update_label(&args.label.label, &change).await?);
        }
        LabelVerb::Like(one) => {
            client.like_label(&one.label).await?;
            printer.text("the label is a favourite");
        }
        LabelVerb::Unlike(one) => {
            client.unlike_label(&one.label).await?;
            printer.text("the label is a favourite no longer");
        }
        LabelVerb::Delete(several) => {
            let count = several.labels.len();
            prism
                .agreed(&format!("delete {}", text::counted(count as u64, "label")))
                .await?;
            client.delete_labels(&several.labels).await?;
            printer.object(&json!({ "type": "photoprism_done", "what": "labels deleted", "count": count }));
            printer.text(&format!("deleted: {}", text::counted(count as u64, "label")));
        }
    }
    Ok(Exit::Done)
}

async fn remove(prism: &Prism<'_>, args: &RemoveArgs) -> Result<()> {
    let photo = prism.photo(&args.photo).await?;
    let number = args.label.parse::<u64>().ok();
    let meant = photo.labels.iter().find(|label| {
        let named = label
            .label
            .as_ref()
            .is_some_and(|own| own.name.eq_ignore_ascii_case(&args.label));
        named || Some(label.label_id) == number
    });
    let Some(label) = meant else {
        let names = photo
            .labels
            .iter()
            .filter_map(|label| Some(label.label.as_ref()?.name.as_str()));
        let names = text::clean(&names.collect::<Vec<_>>().join(", "));
        return Err(Error::new(ErrorKind::NotFound, "the photo has no such label")
            .context("label", &args.label)
            .hint(if names.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has: {names}")
            }));
    };
    let left = prism.client.remove_label(&photo.uid, label.label_id).await?;
    shown::photo(&prism.app.printer, &left);
    Ok(())
}

/// Prints the people that fit, or changes one.
pub(super) async fn people(prism: &Prism<'_>, args: PeopleArgs) -> Result<Exit> {
    let client = &prism.client;
    let changed = match (&args.rename, &args.like, &args.unlike) {
        (Some(words), ..) => {
            let [person, name] = words.as_slice() else {
                return Err(Error::new(ErrorKind::Internal, "`--rename` has two values"));
            };
            let change = SubjectProperties {
                name: Some(name.clone()),
                ..SubjectProperties::default()
            };
            Some(client.update_subject(person, &change).await?)
        }
        (None, Some(person), _) => {
            client.like_subject(person).await?;
            Some(client.subject(person).await?)
        }
        (None, None, Some(person)) => {
            client.unlike_subject(person).await?;
            Some(client.subject(person).await?)
        }
        (None, None, None) => None,
    };
    if let Some(person) = changed {
        tell_person(prism, &person);
        return Ok(Exit::Done);
    }
    let mut search = SubjectSearch::new().kind("person");
    if let Some(query) = args.query {
        search = search.q(query);
    }
    let mut people = client.all_subjects(search);
    let mut found = 0;
    while let Some(person) = people.try_next().await? {
        tell_person(prism, &person);
        found += 1;
    }
    prism.app.printer.talk(&text::counted(found, "name"));
    Ok(Exit::Done)
}

fn tell_person(prism: &Prism<'_>, person: &photomove_photoprism::wire::Subject) {
    prism.app.printer.object(&shown::object("person", "person", person));
    let photos = text::counted(u64::try_from(person.photo_count).unwrap_or(0), "photo");
    let favorite = if person.favorite { " · favourite" } else { "" };
    prism.app.printer.text(&format!(
        "{}  {} · {photos}{favorite}",
        text::clean(&person.uid),
        text::clean(&person.name)
    ));
}
