//! Reading bytes from outside: every length is checked against what is really there.

use crate::text::TextRefusal;

/// What is left of some bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::text) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn take(&mut self, count: u64) -> Result<&'a [u8], TextRefusal> {
        let count = usize::try_from(count).ok().filter(|count| *count <= self.0.len());
        let (taken, rest) = self.0.split_at(count.ok_or_else(|| TextRefusal::unreadable("it is cut off"))?);
        self.0 = rest;
        Ok(taken)
    }

    pub fn take_array<const N: usize>(&mut self) -> Result<[u8; N], TextRefusal> {
        Ok(self.take(N as u64)?.try_into().expect("as many as were taken"))
    }

    /// An unsigned LEB128 number in its shortest form, so that equal headers have equal bytes.
    pub fn unsigned(&mut self) -> Result<u64, TextRefusal> {
        let mut number = 0;
        for shift in (0..).step_by(7) {
            let [byte] = self.take_array()?;
            if shift == 63 && byte > 1 {
                return Err(TextRefusal::unreadable("a number is too large"));
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(TextRefusal::unreadable("a number is longer than needed"));
                }
                break;
            }
        }
        Ok(number)
    }

    /// A signed LEB128 number.
    pub fn signed(&mut self) -> Result<i64, TextRefusal> {
        let mut number = 0;
        for shift in (0..).step_by(7) {
            let [byte] = self.take_array()?;
            if shift == 63 && byte != 0 && byte != 0x7f {
                return Err(TextRefusal::unreadable("a number is too large"));
            }
            number |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if shift < 57 && byte & 0x40 != 0 {
                    number |= -1 << (shift + 7);
                }
                break;
            }
        }
        Ok(number)
    }
}

/// Writes an unsigned LEB128 number.
pub(in crate::text) fn write_unsigned(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_numbers_come_back_and_other_forms_are_refused() {
        for number in [0, 1, 127, 128, 300, 1 << 32, u64::MAX] {
            let mut bytes = Vec::new();
            write_unsigned(&mut bytes, number);
            assert_eq!(Bytes(&bytes).unsigned(), Ok(number));
        }
        for (bytes, what) in [
            (&[0x80, 0x00][..], "longer than needed"),
            (&[0xff; 9][..], "cut off"),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02][..], "too large"),
            (&[0xff; 30][..], "endless"),
        ] {
            assert!(Bytes(bytes).unsigned().is_err(), "{what} was taken");
        }
    }

    #[test]
    fn signed_numbers_are_read_as_automerge_writes_them() {
        for (bytes, number) in [
            (&[0x00][..], 0),
            (&[0x7f][..], -1),
            (&[0x40][..], -64),
            (&[0xc0, 0x00][..], 64),
            (&[0xbf, 0x7f][..], -65),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f][..], i64::MIN),
        ] {
            assert_eq!(Bytes(bytes).signed(), Ok(number));
        }
        assert!(Bytes(&[0xff; 30]).signed().is_err());
    }
}
