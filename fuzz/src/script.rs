//! Bytes that are read as a script: what happens next, and with what.

/// What is left of a script. One that has ended says 0 for ever, so that every input is a script.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    pub fn number16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub fn number64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// Small numbers, and the greatest that there are: those in between are all alike.
    pub fn number(&mut self) -> u64 {
        match self.byte() {
            small @ ..250 => u64::from(small),
            250 => u64::from(u32::MAX),
            251 => u64::MAX / 2,
            252 => u64::MAX / 2 + 1,
            253 => u64::MAX - 1,
            254 => u64::MAX,
            255 => self.number64(),
        }
    }

    /// One of `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    pub fn one_of<'b, T>(&mut self, all: &'b [T]) -> Option<&'b T> {
        all.get(self.below(all.len()))
    }

    /// So many bytes, or as many as are left.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes that say themselves how many they are.
    pub fn bytes(&mut self) -> &'a [u8] {
        let count = self.number16();
        self.take(usize::from(count))
    }

    /// The same as a text.
    pub fn text(&mut self) -> String {
        let count = self.byte();
        String::from_utf8_lossy(self.take(usize::from(count))).into_owned()
    }

    pub fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.take(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }
}

/// Writes what [`Script::bytes`] reads.
pub fn put_bytes(script: &mut Vec<u8>, bytes: &[u8]) {
    let count = u16::try_from(bytes.len()).expect("what a seed holds is small");
    script.extend(count.to_le_bytes());
    script.extend(bytes);
}

/// Writes what [`Script::text`] reads.
pub fn put_text(script: &mut Vec<u8>, text: &str) {
    script.push(u8::try_from(text.len()).expect("what a seed says is short"));
    script.extend(text.as_bytes());
}

/// Changes some bytes as the script says.
pub fn change_bytes(script: &mut Script<'_>, bytes: &mut [u8]) {
    for _ in 0..=script.below(4) {
        let (place, flip) = (script.number16(), script.byte());
        let length = bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(usize::from(place) % length) {
            *byte ^= flip;
        }
    }
}
