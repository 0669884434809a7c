//! Pages of what was found.

/// A page of a search.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Page<T> {
    /// What was found. Merged rows are fewer than what the server counts.
    pub rows: Vec<T>,
    /// How many the server counts on this page: files in a photo search, merged or not.
    pub count: u64,
    /// How many were asked for.
    pub limit: u32,
    /// How many lie before this page.
    pub offset: u64,
}

impl<T> Page<T> {
    /// Takes over a page; without a count of the server's the rows are counted.
    pub(crate) fn new(rows: Vec<T>, count: Option<u64>, limit: u32, offset: u64) -> Self {
        let count = count.unwrap_or(rows.len() as u64);
        Self {
            rows,
            count,
            limit,
            offset,
        }
    }

    /// Returns where the next page begins; `None` if this is the last one.
    ///
    /// The server says no total: the last page is the one that is not full.
    pub fn next_offset(&self) -> Option<u64> {
        (self.count > 0 && self.count >= u64::from(self.limit)).then(|| self.offset + self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_that_is_not_full_is_the_last() {
        let page = |count, limit, offset| Page::<()>::new(Vec::new(), Some(count), limit, offset).next_offset();
        assert_eq!(page(4, 4, 0), Some(4));
        assert_eq!(page(4, 4, 4), Some(8));
        assert_eq!(page(3, 4, 8), None);
        assert_eq!(page(0, 4, 8), None);
    }

    #[test]
    fn rows_count_where_the_server_does_not() {
        let page = Page::new(vec![1, 2], None, 2, 6);
        assert_eq!(page.next_offset(), Some(8));
    }
}
