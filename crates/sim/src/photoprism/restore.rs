//! Putting a library in as some server told it: photos and albums out of the JSON of its answers.

use jiff::Timestamp;
use serde_json::Value;

use crate::blob::Blob;
use crate::error::SimError;

use super::library::slug::slug;
use super::model::{Album, Camera, Details, Entry, File, Lens, Photo, Root, Stored};
use super::sim::PhotoPrismSim;
use super::switches::Generation;
use super::time::WallTime;
use super::wire::caption_keys;
use super::world::World;

impl PhotoPrismSim {
    /// Puts photos and albums into the library that another server told of, with their UIDs and times.
    ///
    /// `told` has the lists `photos` (rows of a merged search, or whole photos) and `albums` (rows of a search, with the
    /// UIDs of their photos in `Photos`). `body` gives the bytes of a file by its SHA-1 and size; a file without any is
    /// not on the disk.
    ///
    /// # Errors
    /// [`SimError::Options`] if a photo, a file or an album has no UID, or a time cannot be read.
    pub fn restore(&self, told: &Value, body: &dyn Fn(&str, u64) -> Option<Blob>) -> Result<(), SimError> {
        let (generation, mut world) = (self.switches().generation, self.world());
        let mut photos: Vec<&Value> = told["photos"].as_array().into_iter().flatten().collect();
        photos.sort_by_key(|photo| numeric_id(photo));
        for photo in photos {
            add_photo(&mut world, photo, generation, body)?;
        }
        for album in told["albums"].as_array().into_iter().flatten() {
            add_album(&mut world, album)?;
        }
        Ok(())
    }
}

/// The number in front of `ID`, which rows write as a text.
fn numeric_id(photo: &Value) -> u64 {
    let text = photo["ID"].as_str().and_then(|id| id.split('-').next()?.parse().ok());
    text.or_else(|| photo["ID"].as_u64()).unwrap_or(0)
}

/// Members of a told entity, with what stands for missing ones.
struct Told<'a>(&'a Value);

impl Told<'_> {
    fn text(&self, key: &str) -> String {
        self.0[key].as_str().unwrap_or_default().to_owned()
    }

    fn text_or(&self, key: &str, or: &str) -> String {
        self.0[key].as_str().unwrap_or(or).to_owned()
    }

    fn int(&self, key: &str) -> i64 {
        self.0[key].as_i64().unwrap_or(0)
    }

    fn float(&self, key: &str) -> f64 {
        self.0[key].as_f64().unwrap_or(0.0)
    }

    fn is(&self, key: &str) -> bool {
        self.0[key].as_bool().unwrap_or(false)
    }

    fn uid(&self) -> Result<String, SimError> {
        let uid = self.text("UID");
        match uid.is_empty() {
            true => Err(SimError::Options(format!(
                "what is to be restored has no `UID`: {}",
                self.0
            ))),
            false => Ok(uid),
        }
    }

    fn wall(&self, key: &str) -> Result<Option<WallTime>, SimError> {
        match self.0[key].as_str() {
            None | Some("") => Ok(None),
            Some(text) => match WallTime::parse(text) {
                Some(time) => Ok(Some(time)),
                None => Err(SimError::Options(format!("`{key}` is no time: {text}"))),
            },
        }
    }

    /// A time that may be missing, `null` or the zero time.
    fn time(&self, key: &str) -> Result<Option<Timestamp>, SimError> {
        let time = self.wall(key)?.map(WallTime::moment);
        Ok(time.filter(|time| *time > super::time::zero()))
    }

    fn time_or_epoch(&self, key: &str) -> Result<Timestamp, SimError> {
        Ok(self.time(key)?.unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

fn add_photo(
    world: &mut World,
    value: &Value,
    generation: Generation,
    body: &dyn Fn(&str, u64) -> Option<Blob>,
) -> Result<(), SimError> {
    let told = Told(value);
    let [caption, caption_src] = caption_keys(generation);
    let created_at = told.time_or_epoch("CreatedAt")?;
    let taken_at = told.time_or_epoch("TakenAt")?;
    let photo = Photo {
        uid: told.uid()?,
        document_id: told.text("DocumentID"),
        taken_at,
        taken_at_local: told.wall("TakenAtLocal")?.unwrap_or_else(|| WallTime::utc(taken_at)),
        taken_src: told.text("TakenSrc"),
        kind: told.text_or("Type", "image"),
        type_src: told.text("TypeSrc"),
        title: told.text("Title"),
        title_src: told.text("TitleSrc"),
        caption: told.text(caption),
        caption_src: told.text(caption_src),
        path: told.text("Path"),
        name: told.text("Name"),
        original_name: told.text("OriginalName"),
        stack: told.int("Stack"),
        favorite: told.is("Favorite"),
        private: told.is("Private"),
        scan: told.is("Scan"),
        panorama: told.is("Panorama"),
        time_zone: told.text("TimeZone"),
        place_id: told.text_or("PlaceID", "zz"),
        place_src: told.text("PlaceSrc"),
        cell_id: told.text_or("CellID", "zz"),
        cell_accuracy: told.int("CellAccuracy"),
        altitude: told.int("Altitude"),
        lat: told.float("Lat"),
        lng: told.float("Lng"),
        country: told.text_or("Country", "zz"),
        year: told.int("Year"),
        month: told.int("Month"),
        day: told.int("Day"),
        iso: told.int("Iso"),
        exposure: told.text("Exposure"),
        f_number: told.float("FNumber"),
        focal_length: told.int("FocalLength"),
        quality: told.int("Quality"),
        faces: told.int("Faces"),
        resolution: told.int("Resolution"),
        duration_ns: told.int("Duration"),
        color: told.int("Color"),
        camera_id: camera(world, value),
        camera_serial: told.text("CameraSerial"),
        camera_src: told.text("CameraSrc"),
        lens_id: lens(world, value),
        details: details(&value["Details"], created_at),
        created_by: told.text("CreatedBy"),
        updated_at: told.time_or_epoch("UpdatedAt")?,
        edited_at: told.time("EditedAt")?,
        checked_at: told.time("CheckedAt")?,
        deleted_at: told.time("DeletedAt")?,
        ..Photo::new(created_at)
    };
    let colors = (photo.color, photo.taken_at);
    let mut photo = photo;
    if photo.duration_ns == 0 {
        // Rows do not tell it.
        let films = value["Files"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|file| file["Video"] == true);
        photo.duration_ns = films.filter_map(|file| file["Duration"].as_i64()).max().unwrap_or(0);
    }
    let id = world.add_photo(photo);
    for file in value["Files"].as_array().into_iter().flatten() {
        let file = file_of(&Told(file), colors.0, colors.1)?;
        if let Some(blob) = body(&file.hash, file.size) {
            let stored = Stored {
                blob,
                sha1: file.hash.clone(),
                modified: created_at,
            };
            world.disk.put(file.root, file.name.clone(), stored);
        }
        world.add_file(id, file);
    }
    Ok(())
}

/// Names of the colours by their numbers.
const COLORS: [&str; 16] = [
    "black", "grey", "brown", "gold", "white", "purple", "blue", "cyan", "teal", "green", "lime", "yellow", "magenta",
    "orange", "red", "pink",
];

fn file_of(told: &Told<'_>, color: i64, taken_at: Timestamp) -> Result<File, SimError> {
    let created_at = told.time_or_epoch("CreatedAt")?;
    let mut file = File::new(
        told.text("Name"),
        told.text("Hash"),
        told.int("Size").unsigned_abs(),
        created_at,
    );
    file.uid = told.uid()?;
    file.root = if told.text("Root") == "sidecar" {
        Root::Sidecar
    } else {
        Root::Originals
    };
    file.primary = told.is("Primary");
    file.original_name = told.text("OriginalName");
    // Rows tell the photo's name, which has no extension.
    if let Some((_, extension)) = file.name.rsplit_once('.')
        && file.root == Root::Originals
        && !file.original_name.is_empty()
        && !file.original_name.contains('.')
    {
        file.original_name = format!("{}.{extension}", file.original_name);
    } else if file.root == Root::Sidecar {
        file.original_name.clear();
    }
    for (key, slot) in [
        ("Codec", &mut file.codec),
        ("FileType", &mut file.file_type),
        ("MediaType", &mut file.media_type),
        ("Mime", &mut file.mime),
        ("InstanceID", &mut file.instance_id),
        ("Projection", &mut file.projection),
        ("ColorProfile", &mut file.color_profile),
        ("MainColor", &mut file.main_color),
        ("Colors", &mut file.colors),
        ("Luminance", &mut file.luminance),
        ("Software", &mut file.software),
        ("Error", &mut file.error),
    ] {
        *slot = told.text(key);
    }
    for (key, slot) in [
        ("Frames", &mut file.frames),
        ("Width", &mut file.width),
        ("Height", &mut file.height),
        ("Orientation", &mut file.orientation),
        ("Duration", &mut file.duration_ns),
        ("Diff", &mut file.diff),
        ("Chroma", &mut file.chroma),
        ("CreatedIn", &mut file.created_in),
        ("UpdatedIn", &mut file.updated_in),
        ("ModTime", &mut file.mod_time),
        ("MediaUTC", &mut file.media_utc),
    ] {
        *slot = told.int(key);
    }
    for (key, slot) in [
        ("Sidecar", &mut file.sidecar),
        ("Missing", &mut file.missing),
        ("Portrait", &mut file.portrait),
        ("Video", &mut file.video),
        ("HDR", &mut file.hdr),
        ("Watermark", &mut file.watermark),
    ] {
        *slot = told.is(key);
    }
    (file.fps, file.aspect_ratio) = (told.float("FPS"), told.float("AspectRatio"));
    file.orientation_src = told.text_or("OrientationSrc", "meta");
    file.updated_at = told.time_or_epoch("UpdatedAt")?;
    // What rows leave out, though the server has it.
    if file.main_color.is_empty() && !file.colors.is_empty() {
        let name = usize::try_from(color).ok().and_then(|color| COLORS.get(color));
        file.main_color = name.map(|name| (*name).to_owned()).unwrap_or_default();
    }
    if file.mod_time == 0 {
        file.mod_time = created_at.as_second();
    }
    if file.created_in == 0 {
        file.created_in = 1_000_000;
    }
    if file.media_utc == 0 && told.0["TimeIndex"].is_null() {
        file.media_utc = taken_at.as_millisecond();
    }
    Ok(file)
}

fn details(value: &Value, created_at: Timestamp) -> Details {
    let told = Told(value);
    let mut details = Details::new(created_at);
    for (key, slot) in details.texts_mut() {
        *slot = told.text(key);
    }
    details
}

/// The camera of a photo, which becomes known if it is not; rows tell it in members of their own.
fn camera(world: &mut World, photo: &Value) -> u64 {
    let id = photo["CameraID"].as_u64().unwrap_or(1);
    if world.cameras.iter().any(|camera| camera.id == id) {
        return id;
    }
    let (row, own) = (Told(photo), Told(&photo["Camera"]));
    let part = |row_key: &str, key: &str| {
        if row.text(row_key).is_empty() {
            own.text(key)
        } else {
            row.text(row_key)
        }
    };
    let (make, model) = (part("CameraMake", "Make"), part("CameraModel", "Model"));
    let name = format!("{make} {model}").trim().to_owned();
    world.cameras.push(Camera {
        id,
        slug: slug(&name),
        name,
        make,
        model,
        kind: part("CameraType", "Type"),
    });
    id
}

fn lens(world: &mut World, photo: &Value) -> u64 {
    let id = photo["LensID"].as_u64().unwrap_or(1);
    if world.lenses.iter().any(|lens| lens.id == id) {
        return id;
    }
    let (row, own) = (Told(photo), Told(&photo["Lens"]));
    let part = |row_key: &str, key: &str| {
        if row.text(row_key).is_empty() {
            own.text(key)
        } else {
            row.text(row_key)
        }
    };
    let (make, model) = (part("LensMake", "Make"), part("LensModel", "Model"));
    let name = format!("{make} {model}").trim().to_owned();
    world.lenses.push(Lens {
        id,
        slug: slug(&name),
        name,
        make,
        model,
    });
    id
}

fn add_album(world: &mut World, value: &Value) -> Result<(), SimError> {
    let told = Told(value);
    let created_at = told.time_or_epoch("CreatedAt")?;
    let album = Album {
        uid: told.uid()?,
        kind: told.text_or("Type", "album"),
        location: told.text("Location"),
        category: told.text("Category"),
        caption: told.text("Caption"),
        description: told.text("Description"),
        notes: told.text("Notes"),
        filter: told.text("Filter"),
        order: told.text_or("Order", "oldest"),
        template: told.text("Template"),
        path: told.text("Path"),
        state: told.text("State"),
        country: told.text_or("Country", "zz"),
        year: told.int("Year"),
        month: told.int("Month"),
        day: told.int("Day"),
        favorite: told.is("Favorite"),
        private: told.is("Private"),
        thumb: told.text("Thumb"),
        created_by: told.text("CreatedBy"),
        updated_at: told.time("UpdatedAt")?.unwrap_or(created_at),
        deleted_at: told.time("DeletedAt")?,
        ..Album::new(told.text("Title"), told.text("Slug"), created_at)
    };
    let uid = album.uid.clone();
    world.add_album(album);
    for photo in value["Photos"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        world.entries.put(Entry {
            photo_uid: photo.to_owned(),
            album_uid: uid.clone(),
            hidden: false,
            missing: false,
            created_at,
            updated_at: created_at,
        });
    }
    Ok(())
}
