//! Reading a project: from the first line to the last, before anything of it is kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use data_encoding::BASE64;
use recordplayer::commit::{Header, ToldRecord};
use recordplayer::hash::Hash;
use recordplayer::id::ActorId;
use recordplayer::retelling::Told;
use serde::de::DeserializeOwned;

use super::line::{End, EndLine, ExportLine, FileLine, RecordLine};
use super::{FORMAT, LINE_BYTES_MAX};

/// Who is told what an export says.
pub(crate) trait Listener {
    fn commit(&mut self, told: Told) -> Result<(), String>;
    /// A piece of a file, behind the last one of it.
    fn piece(&mut self, file: Hash, piece: &[u8]) -> Result<(), String>;
    /// All pieces of the last file have come.
    fn end_of_file(&mut self) -> Result<(), String>;
}

/// What an export has said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub records: u64,
    pub files: u64,
    /// Files that its records speak of and that are not in it.
    pub missing: u64,
    pub people: BTreeMap<ActorId, String>,
}

/// Why a file is no export, or not all of one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReadable {
    #[error("the file cannot be read: {0}")]
    Disk(#[from] io::Error),
    #[error("line {line}: {why}")]
    Line { line: u64, why: String },
}

/// Whether a file begins as an export does.
pub(crate) fn is_export(path: &Path) -> bool {
    const BEGINNING: &[u8] = b"{\"export\":";
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING.len() as u64).read_to_end(&mut beginning));
    read.is_ok() && beginning == BEGINNING
}

/// Reads an export. `progress` is told how many of its bytes are read, and of how many.
pub(crate) fn read(
    path: &Path,
    listener: &mut dyn Listener,
    progress: &dyn Fn(u64, u64),
) -> Result<Heard, NotReadable> {
    let file = File::open(path)?;
    let of = file.metadata()?.len();
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let mut reading =
        Reading { listener, heard: Heard::default(), begun: None, file: None, stage: Stage::Nothing, line: 0 };
    let (mut line, mut bytes) = (Vec::new(), 0);
    loop {
        line.clear();
        let length = Read::by_ref(&mut lines).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        reading.line += 1;
        bytes += length;
        progress(bytes, of);
        if length == LINE_BYTES_MAX {
            let why = format!("it has more than {LINE_BYTES_MAX} bytes; is it the right file?");
            return Err(NotReadable::Line { line: reading.line, why });
        }
        if !line.trim_ascii().is_empty() {
            reading.take(&line).map_err(|why| NotReadable::Line { line: reading.line, why })?;
        }
    }
    if reading.stage != Stage::Ended {
        let why = if reading.stage == Stage::Nothing {
            "this is no export of a project"
        } else {
            "the file ends here, and is not whole; export it again"
        };
        return Err(NotReadable::Line { line: reading.line.max(1), why: why.to_owned() });
    }
    Ok(reading.heard)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Nothing,
    Records,
    Files,
    Ended,
}

struct Reading<'a> {
    listener: &'a mut dyn Listener,
    heard: Heard,
    /// The commit of which records come just now, and the line of its first one.
    begun: Option<(Header, Vec<ToldRecord>, u64)>,
    /// The file of which pieces come just now, and how many of its bytes have come.
    file: Option<(Hash, u64)>,
    stage: Stage,
    /// The line that is looked at; of what is wrong, the line of that.
    line: u64,
}

impl Reading<'_> {
    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        match self.stage {
            Stage::Nothing => self.begin(parsed(line)?),
            Stage::Ended => Err("something follows the end".to_owned()),
            // Nearly all lines are records.
            Stage::Records | Stage::Files => match serde_json::from_slice::<RecordLine>(line) {
                Ok(record) => self.record(record),
                Err(error) => match serde_json::from_slice::<Other>(line) {
                    Ok(Other::File(piece)) => self.piece(&piece),
                    Ok(Other::End(EndLine { end })) => self.end(end),
                    Err(_) => Err(misread(&error)),
                },
            },
        }
    }

    fn begin(&mut self, ExportLine { export }: ExportLine) -> Result<(), String> {
        if export.format > FORMAT {
            let found = export.format;
            return Err(format!("it has the format {found}, and this program reads {FORMAT}; upgrade it"));
        }
        self.stage = Stage::Records;
        Ok(())
    }

    fn record(&mut self, record: RecordLine) -> Result<(), String> {
        if self.stage != Stage::Records {
            return Err("a record follows the files".to_owned());
        }
        let expected = self.heard.records + 1;
        if record.record.0 != expected && !(expected == 1 && record.commit.is_none()) {
            return Err(format!("record {expected} is missing: {} comes in its place", record.record));
        }
        if let Some(commit) = &record.commit {
            let header = commit.header(&record);
            self.end_commit()?;
            self.begun = Some((header, Vec::new(), self.line));
        }
        let Some((_, records, _)) = &mut self.begun else {
            return Err("its commit is not told; is the beginning missing?".to_owned());
        };
        records.push(record.told().map_err(|error| error.to_string())?);
        self.heard.records += 1;
        Ok(())
    }

    fn end_commit(&mut self) -> Result<(), String> {
        let Some((header, records, first)) = self.begun.take() else { return Ok(()) };
        let here = std::mem::replace(&mut self.line, first);
        self.listener.commit(Told { header, records })?;
        self.line = here;
        Ok(())
    }

    fn piece(&mut self, FileLine { file, at, bytes }: &FileLine) -> Result<(), String> {
        self.end_commit()?;
        self.stage = Stage::Files;
        let hash: Hash = file.parse().map_err(|_| format!("{file:?} is no hash"))?;
        let come = match self.file {
            Some((of, come)) if of == hash => come,
            Some(_) | None => {
                self.end_file()?;
                0
            }
        };
        if *at != come {
            return Err(format!("a piece of a file is missing: {come} of its bytes have come, and byte {at} is next"));
        }
        let piece = BASE64.decode(bytes.as_bytes()).map_err(|error| error.to_string())?;
        self.listener.piece(hash, &piece)?;
        self.file = Some((hash, come + piece.len() as u64));
        Ok(())
    }

    fn end_file(&mut self) -> Result<(), String> {
        if self.file.take().is_some() {
            self.heard.files += 1;
            self.listener.end_of_file()?;
        }
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), String> {
        self.end_commit()?;
        self.end_file()?;
        let Heard { records, files, .. } = self.heard;
        if (end.records, end.files) != (records, files) {
            let (of, of_files) = (end.records, end.files);
            return Err(format!(
                "only {records} of {of} records and {files} of {of_files} files are there; export it again"
            ));
        }
        self.heard.missing = end.missing.len() as u64;
        self.heard.people = end.people;
        self.stage = Stage::Ended;
        Ok(())
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Other {
    File(FileLine),
    End(EndLine),
}

fn parsed<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| format!("this is no export of a project: {}", misread(&error)))
}

/// What is wrong with a line of JSON: it is one line, so only the place in it is told.
fn misread(error: &serde_json::Error) -> String {
    let (text, place) = (error.to_string(), format!(" at line {} column {}", error.line(), error.column()));
    text.strip_suffix(&place).map_or_else(|| text.clone(), |what| format!("{what}, at its byte {}", error.column()))
}
