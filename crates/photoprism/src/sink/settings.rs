//! Stacking by metadata: while photos are moved in, the server must not take two pictures for one.

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result, SettingChange};

use super::PhotoPrismSink;
use crate::KIND;
use crate::provider::refused;
use crate::wire::{ServerConfig, Settings, StackSettings};

const META: &str = "stack.meta";
const UUID: &str = "stack.uuid";

pub(super) const CHANGES: &str = "stacking by metadata is switched off on the server: it would make one photo of different \
     pictures that were taken in the same second, such as those of a burst";
pub(super) const RESTORE_WARNING: &str = "switch stacking by metadata on again? PhotoPrism may then merge pictures that it \
     takes for one, those that were moved now too, even minutes later and by itself";

impl PhotoPrismSink {
    /// Refuses a server that would merge pictures, if the sign-in may not stop it.
    pub(super) async fn must_not_stack(&self, config: &ServerConfig) -> Result<()> {
        if self.provider.stacks() == Some(false) {
            return Ok(());
        }
        let by_hand = "switch off `Unique ID` and `Place & Time` under Settings, Library, Stacks on the server, or use a \
                       sign-in whose scope has `settings`";
        let cannot = "the server makes one photo of different pictures taken in the same second, and the sign-in may not \
                      switch that off";
        if config.disable.settings {
            return Err(refused(ErrorKind::Unsupported, cannot).hint(by_hand));
        }
        match self.client().settings().await {
            Ok(settings) => {
                self.provider.note_stacks(settings.stack.as_ref());
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::Auth(AuthProblem::MissingScope)) => {
                Err(refused(ErrorKind::Auth(AuthProblem::MissingScope), cannot)
                    .hint(by_hand)
                    .source(error))
            }
            Err(error) => Err(error),
        }
    }

    /// What has to be changed so that nothing is stacked by metadata.
    pub(super) async fn stacking_changes(&self) -> Result<Vec<SettingChange>> {
        let before = match self.client().settings().await {
            Ok(settings) => settings.stack.unwrap_or_default(),
            // It was off when the run began, or that would have been refused.
            Err(error) if matches!(error.kind(), ErrorKind::Auth(AuthProblem::MissingScope)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        // Servers that do not say it have it on (reference 2.12.1).
        let is_on = [(UUID, before.uuid.unwrap_or(true)), (META, before.meta.unwrap_or(true))];
        let changes = is_on
            .into_iter()
            .filter(|(_, is_on)| *is_on)
            .map(|(setting, _)| SettingChange {
                setting: setting.to_owned(),
                before: "true".to_owned(),
                after: "false".to_owned(),
            })
            .collect();
        Ok(changes)
    }

    pub(super) async fn stop_stacking(&self) -> Result<Vec<SettingChange>> {
        let changes = self.stacking_changes().await?;
        if !changes.is_empty() {
            let after = self.set_stacking(&changes, |change| &change.after).await?;
            if after.meta != Some(false) || after.uuid != Some(false) {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "the server does not let stacking be switched off",
                )
                .provider(KIND)
                .operation(Operation::Prepare)
                .hint("switch it off under Settings, Library, Stacks on the server, then run again"));
            }
        }
        Ok(changes)
    }

    pub(super) async fn put_back(&self, changes: &[SettingChange]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        self.set_stacking(changes, |change| &change.before).await.map(drop)
    }

    async fn set_stacking(
        &self,
        changes: &[SettingChange],
        value: impl Fn(&SettingChange) -> &String,
    ) -> Result<StackSettings> {
        let mut stack = StackSettings::default();
        for change in changes {
            let value = Some(value(change) == "true");
            match change.setting.as_str() {
                META => stack.meta = value,
                UUID => stack.uuid = value,
                other => tracing::warn!(setting = other, "this setting is not known and stays as it is"),
            }
        }
        let settings = Settings {
            stack: Some(stack),
            ..Settings::default()
        };
        let after = self.client().change_settings(&settings).await?;
        self.provider.note_stacks(after.stack.as_ref());
        Ok(after.stack.unwrap_or_default())
    }
}
