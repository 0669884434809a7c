//! Size and orientation of pictures.

/// How a stored picture has to be turned and mirrored to be upright, by the numbers of EXIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Orientation(u8);

impl Orientation {
    /// Upright as it is stored.
    pub const UPRIGHT: Self = Self(1);

    /// Takes EXIF's number, 1 to 8.
    pub fn from_exif(number: u64) -> Option<Self> {
        u8::try_from(number).ok().filter(|n| (1..=8).contains(n)).map(Self)
    }

    /// Returns EXIF's number, 1 to 8.
    pub fn exif(self) -> u8 {
        self.0
    }

    /// Says whether width and height change places.
    pub fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// Combines the properties of a HEIF picture: quarter turns against the clock, then a mirror, whose axis is 0 for
    /// top to bottom and 1 for left to right.
    pub(crate) fn from_heif(quarter_turns: u8, mirror_axis: Option<u8>) -> Self {
        let turned = usize::from(quarter_turns & 3);
        Self(match mirror_axis {
            None => [1, 8, 3, 6][turned],
            Some(0) => [4, 5, 2, 7][turned],
            Some(_) => [2, 7, 4, 5][turned],
        })
    }

    /// Reads the turning part of a QuickTime matrix, of which only the signs count: scaling is no turning.
    pub(crate) fn from_matrix(a: i32, b: i32, c: i32, d: i32) -> Option<Self> {
        let number = match (a.signum(), b.signum(), c.signum(), d.signum()) {
            (1, 0, 0, 1) => 1,
            (-1, 0, 0, 1) => 2,
            (-1, 0, 0, -1) => 3,
            (1, 0, 0, -1) => 4,
            (0, 1, 1, 0) => 5,
            (0, 1, -1, 0) => 6,
            (0, -1, -1, 0) => 7,
            (0, -1, 1, 0) => 8,
            _ => return None,
        };
        Some(Self(number))
    }
}

/// Width and height of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PixelSize {
    /// Pixels from left to right.
    pub width_px: u32,
    /// Pixels from top to bottom.
    pub height_px: u32,
}

impl PixelSize {
    /// Takes width and height; a picture without one of them is none.
    pub(crate) fn of(width_px: u32, height_px: u32) -> Option<Self> {
        (width_px > 0 && height_px > 0).then_some(Self { width_px, height_px })
    }

    /// Returns the size as it is seen after turning.
    #[must_use]
    pub fn upright(self, orientation: Option<Orientation>) -> Self {
        if orientation.is_some_and(Orientation::swaps_sides) {
            Self {
                width_px: self.height_px,
                height_px: self.width_px,
            }
        } else {
            self
        }
    }

    pub(crate) fn pixels(self) -> u64 {
        u64::from(self.width_px) * u64::from(self.height_px)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of two by three pixels as coordinates, so that both ways of turning can be followed.
    type Grid = Vec<Vec<(usize, usize)>>;

    fn grid() -> Grid {
        (0..3).map(|y| (0..2).map(|x| (x, y)).collect()).collect()
    }

    fn turn_left(grid: &Grid) -> Grid {
        let width = grid[0].len();
        (0..width)
            .map(|x| grid.iter().map(|row| row[width - 1 - x]).collect())
            .collect()
    }

    fn top_to_bottom(grid: &Grid) -> Grid {
        grid.iter().rev().cloned().collect()
    }

    fn left_to_right(grid: &Grid) -> Grid {
        grid.iter().map(|row| row.iter().rev().copied().collect()).collect()
    }

    /// EXIF's own words: where the stored first row and first column are seen.
    fn by_exif(number: u8) -> Grid {
        let stored = grid();
        match number {
            1 => stored,
            2 => left_to_right(&stored),
            3 => left_to_right(&top_to_bottom(&stored)),
            4 => top_to_bottom(&stored),
            5 => top_to_bottom(&turn_left(&stored)),
            6 => turn_left(&turn_left(&turn_left(&stored))),
            7 => left_to_right(&turn_left(&stored)),
            _ => turn_left(&stored),
        }
    }

    #[test]
    fn turns_and_mirrors_of_heif_are_those_of_exif() {
        for turns in 0..4 {
            let mut turned = grid();
            for _ in 0..turns {
                turned = turn_left(&turned);
            }
            for (axis, seen) in [
                (None, turned.clone()),
                (Some(0), top_to_bottom(&turned)),
                (Some(1), left_to_right(&turned)),
            ] {
                let number = Orientation::from_heif(turns, axis).exif();
                assert_eq!(by_exif(number), seen, "{turns} turns, axis {axis:?}: {number}");
            }
        }
    }

    #[test]
    fn matrices_are_turns() {
        let one = 1 << 16;
        assert_eq!(Orientation::from_matrix(one, 0, 0, one).unwrap().exif(), 1);
        assert_eq!(Orientation::from_matrix(0, one, -one, 0).unwrap().exif(), 6);
        assert_eq!(Orientation::from_matrix(-one, 0, 0, -one).unwrap().exif(), 3);
        assert_eq!(Orientation::from_matrix(0, -one, one, 0).unwrap().exif(), 8);
        assert_eq!(Orientation::from_matrix(one, one, 0, one), None);
    }

    #[test]
    fn quarter_turns_swap_the_sides() {
        let size = PixelSize::of(4, 3).unwrap();
        assert_eq!(size.upright(Orientation::from_exif(6)), PixelSize::of(3, 4).unwrap());
        assert_eq!(size.upright(Orientation::from_exif(3)), size);
        assert_eq!(PixelSize::of(0, 3), None);
        assert_eq!(Orientation::from_exif(9), None);
        assert_eq!(Orientation::from_exif(0), None);
    }
}
