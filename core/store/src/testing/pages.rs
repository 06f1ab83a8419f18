//! Bytes in pages that copies share until one of them is written.

use std::sync::Arc;

const PAGE: usize = 8 * 1024;

/// A file's bytes. What was never written is zero.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    pages: Vec<Arc<[u8; PAGE]>>,
    length: usize,
}

impl Pages {
    pub fn of(bytes: &[u8]) -> Self {
        let mut pages = Self::default();
        pages.write(0, bytes);
        pages
    }

    pub fn len(&self) -> usize {
        self.length
    }

    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.length];
        assert!(self.read(0, &mut bytes), "all of it is there");
        bytes
    }

    pub fn set_len(&mut self, length: usize) {
        let cut = length % PAGE;
        self.pages.resize_with(length.div_ceil(PAGE), || Arc::new([0; PAGE]));
        // What is cut off is zero once the file grows again.
        if length < self.length
            && cut > 0
            && let Some(last) = self.pages.last_mut()
        {
            Arc::make_mut(last)[cut..].fill(0);
        }
        self.length = length;
    }

    /// False where the file ends before.
    #[must_use]
    pub fn read(&self, offset: usize, out: &mut [u8]) -> bool {
        if offset.checked_add(out.len()).is_none_or(|end| end > self.length) {
            return false;
        }
        let mut at = offset;
        let mut rest = out;
        while !rest.is_empty() {
            let (page, skip) = (at / PAGE, at % PAGE);
            let count = (PAGE - skip).min(rest.len());
            let (part, behind) = rest.split_at_mut(count);
            part.copy_from_slice(&self.pages[page][skip..skip + count]);
            rest = behind;
            at += count;
        }
        true
    }

    /// The file grows where it ends before.
    pub fn write(&mut self, offset: usize, data: &[u8]) {
        if offset + data.len() > self.length {
            self.set_len(offset + data.len());
        }
        let mut at = offset;
        let mut rest = data;
        while !rest.is_empty() {
            let (page, skip) = (at / PAGE, at % PAGE);
            let count = (PAGE - skip).min(rest.len());
            let (part, behind) = rest.split_at(count);
            Arc::make_mut(&mut self.pages[page])[skip..skip + count].copy_from_slice(part);
            rest = behind;
            at += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_bytes_and_a_copy_goes_its_own_way() {
        let mut pages = Pages::default();
        pages.write(PAGE - 2, &[1, 2, 3, 4]);
        let copy = pages.clone();
        pages.set_len(PAGE - 1);
        pages.set_len(PAGE + 1);
        assert_eq!(pages.to_vec()[PAGE - 3..], [0, 1, 0, 0], "what was cut off is gone");
        assert_eq!(copy.to_vec()[PAGE - 3..], [0, 1, 2, 3, 4]);
        assert!(!copy.read(PAGE, &mut [0; 3]), "the file ends before");
    }
}
