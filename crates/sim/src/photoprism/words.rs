//! What the server says to people, in English and German: so that no test depends on a text.

/// A text with a translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    BadRequest,
    DeleteFailed,
    EntityNotFound,
    AlbumNotFound,
    LabelNotFound,
    SubjectNotFound,
    NotFound,
    Unauthorized,
    Forbidden,
    InvalidCredentials,
    InvalidPassword,
    InvalidPasscode,
    PasscodeRequired,
    FeatureDisabled,
    ReadOnly,
    Public,
    OffensiveUpload,
    UploadFailed,
    NoItemsSelected,
    NoAlbumsSelected,
    NoLabelsSelected,
    NoFilesForDownload,
    Busy,
    QuotaExceeded,
    FileTooLarge,
    ChangesSaved,
    SettingsSaved,
    PasswordChanged,
    AlbumsDeleted,
    AlbumCloned,
    LabelsDeleted,
    SelectionApproved,
    SelectionArchived,
    SelectionRestored,
    SelectionPrivate,
    PermanentlyDeleted,
    UploadProcessed,
    ImportCancelled,
    IndexCancelled,
}

impl Message {
    /// The text in a language; English for all that is not German.
    pub(crate) fn text(self, language: &str) -> &'static str {
        let [english, german] = self.texts();
        if language == "de" { german } else { english }
    }

    fn texts(self) -> [&'static str; 2] {
        match self {
            Self::BadRequest => ["Unable to do that", "Das ist nicht möglich"],
            Self::DeleteFailed => ["Could not be deleted", "Konnte nicht gelöscht werden"],
            Self::EntityNotFound => ["Entity not found", "Eintrag nicht gefunden"],
            Self::AlbumNotFound => ["Album not found", "Album nicht gefunden"],
            Self::LabelNotFound => ["Label not found", "Kategorie nicht gefunden"],
            Self::SubjectNotFound => ["Subject not found", "Person nicht gefunden"],
            Self::NotFound => ["Not found", "Nicht gefunden"],
            Self::Unauthorized => ["Please log in to your account", "Bitte melde dich an"],
            Self::Forbidden => ["Permission denied", "Zugriff verweigert"],
            Self::InvalidCredentials => ["Invalid credentials", "Ungültige Zugangsdaten"],
            Self::InvalidPassword => [
                "Invalid password, please try again",
                "Ungültiges Passwort, bitte erneut versuchen",
            ],
            Self::InvalidPasscode => [
                "Invalid verification code, please try again",
                "Ungültiger Bestätigungscode, bitte erneut versuchen",
            ],
            Self::PasscodeRequired => ["Enter verification code", "Bestätigungscode eingeben"],
            Self::FeatureDisabled => ["Feature disabled", "Funktion deaktiviert"],
            Self::ReadOnly => ["Not available in read-only mode", "Im Nur-Lesen-Modus nicht verfügbar"],
            Self::Public => ["Not available in public mode", "Im öffentlichen Modus nicht verfügbar"],
            Self::OffensiveUpload => ["Upload might be offensive", "Inhalt könnte anstößig sein"],
            Self::UploadFailed => ["Upload failed", "Hochladen fehlgeschlagen"],
            Self::NoItemsSelected => ["No items selected", "Nichts ausgewählt"],
            Self::NoAlbumsSelected => ["No albums selected", "Keine Alben ausgewählt"],
            Self::NoLabelsSelected => ["No labels selected", "Keine Kategorien ausgewählt"],
            Self::NoFilesForDownload => [
                "No files available for download",
                "Keine Dateien zum Download verfügbar",
            ],
            Self::Busy => [
                "Busy, please try again later",
                "Ausgelastet, bitte später erneut versuchen",
            ],
            Self::QuotaExceeded => ["Insufficient storage", "Nicht genügend Speicherplatz"],
            Self::FileTooLarge => ["File too large", "Datei zu groß"],
            Self::ChangesSaved => ["Changes successfully saved", "Änderungen erfolgreich gespeichert"],
            Self::SettingsSaved => ["Settings saved", "Einstellungen gespeichert"],
            Self::PasswordChanged => ["Password changed", "Passwort geändert"],
            Self::AlbumsDeleted => ["Albums deleted", "Alben gelöscht"],
            Self::AlbumCloned => ["Album contents cloned", "Albuminhalt kopiert"],
            Self::LabelsDeleted => ["Labels deleted", "Kategorien gelöscht"],
            Self::SelectionApproved => ["Selection approved", "Auswahl bestätigt"],
            Self::SelectionArchived => ["Selection archived", "Auswahl archiviert"],
            Self::SelectionRestored => ["Selection restored", "Auswahl wiederhergestellt"],
            Self::SelectionPrivate => ["Selection marked as private", "Auswahl als privat markiert"],
            Self::PermanentlyDeleted => ["Permanently deleted", "Dauerhaft gelöscht"],
            Self::UploadProcessed => ["Upload has been processed", "Upload wurde verarbeitet"],
            Self::ImportCancelled => ["Import canceled", "Import abgebrochen"],
            Self::IndexCancelled => ["Indexing canceled", "Indizierung abgebrochen"],
        }
    }
}

/// `2 files uploaded in 1 s`.
pub(crate) fn files_uploaded(language: &str, files: usize, seconds: u64) -> String {
    match language {
        "de" => format!("{files} Dateien hochgeladen in {seconds} s"),
        _ => format!("{files} files uploaded in {seconds} s"),
    }
}

/// `Import completed in 214 s`.
pub(crate) fn import_completed(language: &str, seconds: u64) -> String {
    match language {
        "de" => format!("Import abgeschlossen in {seconds} s"),
        _ => format!("Import completed in {seconds} s"),
    }
}

/// `Indexing completed in 12 s`.
pub(crate) fn index_completed(language: &str, seconds: u64) -> String {
    match language {
        "de" => format!("Indizierung abgeschlossen in {seconds} s"),
        _ => format!("Indexing completed in {seconds} s"),
    }
}

/// `Zip created in 3 s`.
pub(crate) fn zip_created(language: &str, seconds: u64) -> String {
    match language {
        "de" => format!("Zip-Datei erstellt in {seconds} s"),
        _ => format!("Zip created in {seconds} s"),
    }
}
