//! Place and time of the GPS fix.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::{Reading, tags, whole};
use crate::draft::{Giver, Position};
use crate::{DateField, PlaceField, Precision, WarningKind, dates};

impl Reading<'_, '_> {
    pub(super) fn placed(&mut self) {
        let date = self.text(tags::GPS_DATE);
        let time = self.numbers(tags::GPS_TIME);
        if let (Some(date), Some(time)) = (date, time) {
            self.draft.at(DateField::Gps, instant(&date, &time));
        }
        let (Some(latitude), Some(longitude)) = (self.numbers(tags::GPS_LATITUDE), self.numbers(tags::GPS_LONGITUDE))
        else {
            return;
        };
        let north = self.text(tags::GPS_LATITUDE_REF).and_then(|side| sign(&side, 'N', 'S'));
        let east = self
            .text(tags::GPS_LONGITUDE_REF)
            .and_then(|side| sign(&side, 'E', 'W'));
        let (Some(latitude), Some(longitude)) = (degrees(&latitude), degrees(&longitude)) else {
            let why = "GPS position of broken numbers left out";
            self.draft.warn(WarningKind::Implausible, why);
            return;
        };
        let (Some(north), Some(east)) = (north, east) else {
            if latitude != 0.0 || longitude != 0.0 {
                let why = "GPS position without a hemisphere left out";
                self.draft.warn(WarningKind::Implausible, why);
            }
            return;
        };
        let position = Position {
            latitude: north * latitude,
            longitude: east * longitude,
            altitude_m: self.altitude(),
        };
        self.draft.place(Giver::Exif, PlaceField::Exif, position);
    }

    fn altitude(&mut self) -> Option<f64> {
        let reference = self.whole(tags::GPS_ALTITUDE_REF);
        let metres = self.number(tags::GPS_ALTITUDE)?;
        match reference {
            Some(1 | 3) => Some(-metres),
            Some(_) => Some(metres),
            // Zero without a reference is what devices write that know none.
            None => (metres != 0.0).then_some(metres),
        }
    }
}

fn sign(side: &str, positive: char, negative: char) -> Option<f64> {
    match side.trim().chars().next()?.to_ascii_uppercase() {
        side if side == positive => Some(1.0),
        side if side == negative => Some(-1.0),
        _ => None,
    }
}

/// Adds degrees, minutes and seconds; devices that know no seconds write `0/0` there.
fn degrees(parts: &[f64]) -> Option<f64> {
    let whole = *parts.first()?;
    let part = |index: usize| parts.get(index).copied().filter(|n| n.is_finite()).unwrap_or(0.0);
    whole.is_finite().then(|| whole + part(1) / 60.0 + part(2) / 3600.0)
}

fn instant(date: &str, time: &[f64]) -> Option<Timestamp> {
    let &[hour, minute, second] = time.first_chunk::<3>()?;
    let (hour, minute) = (whole(hour)?, whole(minute)?);
    let stamp = dates::parse(&format!("{} {hour:02}:{minute:02}:{second:06.3}", date.get(..10)?))?;
    let exact = stamp.precision >= Precision::Second;
    Offset::UTC.to_timestamp(stamp.local).ok().filter(|_| exact)
}
