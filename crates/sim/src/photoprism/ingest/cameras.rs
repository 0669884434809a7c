//! Names of cameras and lenses out of what files tell.

/// Makers by the start of their name in files, in small letters, and how the server writes them.
const MAKERS: &[(&str, &str)] = &[
    ("nikon", "NIKON"),
    ("konica minolta", "Konica Minolta"),
    ("pentax", "PENTAX"),
    ("ricoh imaging", "RICOH"),
    ("olympus", "Olympus"),
    ("om digital", "OM System"),
    ("samsung", "Samsung"),
    ("motorola", "Motorola"),
    ("huawei", "HUAWEI"),
    ("xiaomi", "Xiaomi"),
    ("apple", "Apple"),
    ("google", "Google"),
];

/// Maker, model and name of a camera as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CameraName {
    pub(crate) make: String,
    pub(crate) model: String,
    pub(crate) name: String,
    /// `phone`, `body`, `compact`, or empty.
    pub(crate) kind: &'static str,
}

/// The name of a camera; `None` if the file tells no model.
pub(crate) fn camera(make: &str, model: &str) -> Option<CameraName> {
    let model = model.trim();
    if model.is_empty() {
        return None;
    }
    let lower = make.trim().to_lowercase();
    let known = MAKERS.iter().find(|(start, _)| lower.starts_with(start));
    let mut make = known.map_or_else(|| make.trim().to_owned(), |(_, name)| (*name).to_owned());
    // `KODAK CX7530` of `EASTMAN KODAK COMPANY`: a model that begins with a word of the maker tells it better.
    if let Some(first) = model.split(' ').next()
        && known.is_none()
        && model.contains(' ')
        && make.split(' ').any(|word| word == first)
    {
        first.clone_into(&mut make);
    }
    let short = strip_start(model, &make);
    let name = match short.is_empty() || make.is_empty() {
        true => model.to_owned(),
        false => format!("{make} {short}"),
    };
    let kind = kind(&make, short);
    Some(CameraName {
        model: short.to_owned(),
        make,
        name,
        kind,
    })
}

/// A model without the maker before it.
fn strip_start<'a>(model: &'a str, make: &str) -> &'a str {
    match model.get(..make.len()) {
        Some(start) if !make.is_empty() && start.eq_ignore_ascii_case(make) => model[make.len()..].trim_start(),
        _ => model,
    }
}

fn kind(make: &str, model: &str) -> &'static str {
    match make {
        _ if ["iPhone", "Pixel"].iter().any(|start| model.starts_with(start)) => "phone",
        "Canon" if model.starts_with("EOS") => "body",
        "PENTAX" | "Konica Minolta" => "body",
        "SONY" if model.starts_with("ILCE-") => "body",
        "SONY" => "compact",
        _ => "",
    }
}

/// Maker and model of a lens; `None` if the file tells none. Apple writes the camera's name into it.
pub(crate) fn lens(make: &str, model: &str, camera: Option<&CameraName>) -> Option<CameraName> {
    let model = model.trim();
    if model.is_empty() {
        return None;
    }
    let model = model
        .replace(" back triple camera", "")
        .replace(" back dual camera", "")
        .replace(" back camera", "");
    let make = match make.trim() {
        "" => camera
            .filter(|camera| model.starts_with(&camera.model))
            .map_or("", |camera| camera.make.as_str()),
        make => make,
    };
    let short = strip_start(&model, make).to_owned();
    let name = if make.is_empty() {
        short.clone()
    } else {
        format!("{make} {short}")
    };
    Some(CameraName {
        make: make.to_owned(),
        model: short,
        name,
        kind: "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_are_named_as_recorded() {
        for (make, model, name) in [
            ("Canon", "Canon EOS 40D", "Canon EOS 40D"),
            (
                "EASTMAN KODAK COMPANY",
                "KODAK CX7530 ZOOM DIGITAL CAMERA",
                "KODAK CX7530 ZOOM DIGITAL CAMERA",
            ),
            (
                "Eastman Kodak Company",
                "DC210 Zoom (V05.00)",
                "Eastman Kodak Company DC210 Zoom (V05.00)",
            ),
            ("KONICA MINOLTA", "DiMAGE Z3", "Konica Minolta DiMAGE Z3"),
            ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
            ("PENTAX Corporation", "PENTAX K10D", "PENTAX K10D"),
            ("NIKON", "COOLPIX P6000", "NIKON COOLPIX P6000"),
            ("samsung", "SM-G930F", "Samsung SM-G930F"),
            ("motorola", "moto g(9) plus", "Motorola moto g(9) plus"),
            ("FUJIFILM", "FinePix S3Pro", "FUJIFILM FinePix S3Pro"),
            ("Jolla", "Jolla", "Jolla"),
            ("Apple", "iPhone 7", "Apple iPhone 7"),
        ] {
            assert_eq!(camera(make, model).unwrap().name, name);
        }
        assert_eq!(camera("Canon", " "), None);
        let phone = camera("Apple", "iPhone 7");
        let lens = lens("Apple", "iPhone 7 back camera 3.99mm f/1.8", phone.as_ref()).unwrap();
        assert_eq!(lens.name, "Apple iPhone 7 3.99mm f/1.8");
    }
}
